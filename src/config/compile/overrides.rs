//! Compiles the `[[story]]` tables: addresses that are one story, or never are.

use url::Url;

use super::Diagnostics;
use crate::config::read::Read;
use crate::dedup::Overrides;
use crate::options::value::EntryAddress;

impl Diagnostics<'_> {
    pub(super) fn overrides(&mut self, parts: &[Read]) -> Overrides {
        let urls = |list: &[EntryAddress]| -> Vec<Url> {
            list.iter().map(|address| address.0.clone()).collect()
        };
        let (mut force, mut never) = (Vec::new(), Vec::new());
        for (file, part) in parts.iter().enumerate() {
            for table in &part.config.story {
                let place = (file, table.span());
                let table = table.get_ref();
                for (key, list) in [("force", &table.force), ("never", &table.never)] {
                    if list.len() == 1 {
                        let help = "name at least two addresses, or take the table out";
                        self.error(place.clone(), format!("`{key}` with a single address"), help);
                    }
                }
                force.push(urls(&table.force));
                never.push(urls(&table.never));
                let so_far = Overrides::new(
                    force.iter().map(Vec::as_slice),
                    never.iter().map(Vec::as_slice),
                );
                if let Some((one, other)) = so_far.contradictions().first() {
                    let message =
                        format!("`force` joins {one} and {other}, `never` keeps them apart");
                    self.error(place, message, "take one of the two out");
                    // Each such contradiction is reported once.
                    never.pop();
                }
            }
        }
        Overrides::new(force.iter().map(Vec::as_slice), never.iter().map(Vec::as_slice))
    }
}
