//! Compiles who may read which topic, from the file of keys and the topics.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use toml::Spanned;

use super::Diagnostics;
use crate::config::file;
use crate::config::read::Read;
use crate::model::TopicId;
use crate::options::value::{Access, Id};
use crate::publish::AccessRule;

/// A key that is shorter than this can be guessed by who has time.
const SHORT: usize = 16;

/// The keys of the file, each with its name. A name may have several, so that
/// a new key can be handed out before the old one is taken out.
type Keys = Vec<(String, String)>;

impl Diagnostics<'_> {
    /// A rule for each topic that is not for everybody. The keys themselves end here.
    pub(super) fn access_rules(
        &mut self,
        parts: &[Read],
        table: &file::Keys,
    ) -> BTreeMap<TopicId, AccessRule> {
        let keys = table.keys_file.as_ref().map(|file| self.keys(file));
        let mut access_rules = BTreeMap::new();
        for (file, part) in parts.iter().enumerate() {
            for topic in part.config.topic.iter().map(Spanned::get_ref) {
                let (access, place) = (topic.access.get_ref(), (file, topic.access.span()));
                if *access == Access::Public {
                    continue;
                }
                let Some(keys) = &keys else {
                    let help =
                        "name the file that holds them: `[access] keys_file = \"secrets/keys\"`";
                    self.error(
                        place,
                        "a topic that is read with a key, and there are no keys",
                        help,
                    );
                    continue;
                };
                // A file that cannot be read is reported already.
                let Some(keys) = keys else { continue };
                let fitting = self.fitting(file, access, keys);
                if fitting.is_empty() {
                    let help = "add a line `name:key` to the file of keys, or another name here";
                    self.warn(place, "a topic that nobody has a key to", help);
                }
                if let Some(id) = &topic.id {
                    let id = TopicId::new(id.get_ref().0.as_str());
                    access_rules.insert(id, AccessRule::new(fitting));
                }
            }
        }
        access_rules
    }

    /// Of the keys, those which open a topic. A name that no key has is only
    /// warned of: whoever takes a line out of the file of keys revokes that key, at once.
    fn fitting(&mut self, file: usize, access: &Access, keys: &Keys) -> Keys {
        let Access::Keys(names) = access else { return keys.clone() };
        let known: BTreeSet<&str> = keys.iter().map(|(name, _)| name.as_str()).collect();
        for name in names.iter().filter(|name| !known.contains(name.get_ref().0.as_str())) {
            let message = format!("there is no key named `{}`", name.get_ref().0);
            let help = match known.is_empty() {
                true => "the file of keys holds none".to_owned(),
                false => format!("known: {}", Vec::from_iter(known.iter().copied()).join(", ")),
            };
            self.warn((file, name.span()), message, help);
        }
        let named = |key: &&(String, String)| names.iter().any(|name| name.get_ref().0 == key.0);
        keys.iter().filter(named).cloned().collect()
    }

    /// Reads the file of keys. Problems name its lines and never quote them.
    fn keys(&mut self, written: &Spanned<PathBuf>) -> Option<Keys> {
        let place = (0, written.span());
        let holds = "the file holds one `name:key` a line";
        let (path, text) = self.secret_text(0, written, holds)?;
        let mut keys = Keys::new();
        let mut whole = true;
        for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = format!("{}, line {number}", path.display());
            let named = line
                .split_once(':')
                .and_then(|(name, key)| Some((name.parse::<Id>().ok()?.0, key.to_owned())));
            match named {
                Some((name, key)) if !key.is_empty() && !key.chars().any(char::is_control) => {
                    if key.chars().count() < SHORT {
                        let message =
                            format!("{at}: the key of `{name}` is short enough to be guessed");
                        let help = "write a longer one, as `openssl rand -hex 16` makes them";
                        self.warn(place.clone(), message, help);
                    }
                    keys.push((name, key));
                }
                _ => {
                    let help = "write `name:key`; a name is of small letters, digits and hyphens";
                    self.error(place.clone(), format!("{at}: no key"), help);
                    whole = false;
                }
            }
        }
        whole.then_some(keys)
    }
}
