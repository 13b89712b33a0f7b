//! Compiles the `[[source]]` tables.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use toml::Spanned;
use url::Url;

use super::{Diagnostics, FileSpan};
use crate::announcement;
use crate::config::file;
use crate::config::gather::beside;
use crate::config::read::Read;
use crate::fetch;
use crate::model::{Enrich, Location, Pace, Secret, Source, SourceId, Sources, TextRules};
use crate::options::value::{HeaderName, Period, WebAddress};
use crate::tokenize::spaced;

impl Diagnostics<'_> {
    pub(super) fn sources(&mut self, parts: &[Read], settings: &file::Config) -> Sources {
        let file::Config { polling, defaults, .. } = settings;
        if let Some(interval) = &defaults.interval {
            self.check_interval((0, interval.span()), *interval.get_ref(), true, polling);
        }
        let mut sources = Sources::new();
        // Hash maps, as there may be very many sources.
        let mut ids = HashMap::<&str, FileSpan>::new();
        let mut addresses = HashMap::<String, FileSpan>::new();
        let (mut position, default) = (0, file::Source::default());
        let has_defaults = *defaults != file::Defaults::default();
        for (file, part) in parts.iter().enumerate() {
            for (index, table) in part.config.source.iter().enumerate() {
                let broken = |key: &str| part.broken.contains(&format!("source[{index}].{key}"));
                let whole = (file, table.span());
                let table = table.get_ref();
                let location = self.location(file, table, &whole, &broken);
                let pace = self.pace(file, table, settings);
                let headers = self.headers(file, table, defaults, location.as_ref());
                let text = self.text_rules(file, table);
                let Some(id) = &table.id else {
                    if !broken("id") {
                        self.error(whole, "a source without `id`", "add `id = \"a-short-name\"`");
                    }
                    continue;
                };
                let (name, place) = (id.get_ref().0.as_str(), (file, id.span()));
                if let Some(first) = ids.get(name) {
                    self.report_duplicate("source", name, place, &first.clone());
                    continue;
                }
                ids.insert(name, place);
                let Some(location) = location else { continue };
                self.warn_if_address_repeats(file, table, &location, &mut addresses);
                let id = SourceId::new(name);
                let resolved = match has_defaults || table.file.is_some() {
                    true => Cow::Owned(with_defaults(table, defaults, &location, pace.as_deref())),
                    false => Cow::Borrowed(table),
                };
                let source = Source {
                    id: id.clone(),
                    title: table
                        .title
                        .as_ref()
                        .map_or_else(|| id.shared(), |title| title.0.as_str().into()),
                    location,
                    tags: merged(&table.tags, &defaults.tags),
                    role: table.role,
                    rank: table.rank,
                    publisher: table.publisher.as_ref().map(|name| name.0.as_str().into()),
                    position,
                    enrich: table.enrich.unwrap_or(defaults.enrich),
                    pace,
                    headers: headers.into(),
                    allow_private: table.allow_private,
                    push: table.push,
                    text,
                };
                self.written_options.add_source(&source, &resolved, &default);
                sources.insert(id, Arc::new(source));
                position += 1;
            }
        }
        sources
    }

    fn location(
        &mut self,
        file: usize,
        table: &file::Source,
        whole: &FileSpan,
        broken: &impl Fn(&str) -> bool,
    ) -> Option<Location> {
        match (&table.url, &table.file) {
            (Some(url), None) => self.address(file, url),
            (None, Some(path)) => Some(self.path(file, (file, path.span()), path.get_ref())),
            (Some(_), Some(path)) => {
                let help = "a source has one place: keep `url` or `file`";
                self.error((file, path.span()), "a source with both `url` and `file`", help);
                None
            }
            (None, None) => {
                if !broken("url") && !broken("file") {
                    let help = "add `url = \"https://…\"`, or `file = \"…\"`";
                    self.error(whole.clone(), "a source without `url`", help);
                }
                None
            }
        }
    }

    fn address(&mut self, file: usize, written: &Spanned<String>) -> Option<Location> {
        let (text, place) = (written.get_ref().trim(), (file, written.span()));
        if let Some(path) = text.strip_prefix("file:") {
            let absolute = path.starts_with("//").then(|| Url::parse(text).ok());
            let path = match absolute {
                Some(url) => url.and_then(|url| url.to_file_path().ok()),
                None => Some(PathBuf::from(path)),
            };
            if let Some(path) = path {
                return Some(self.path(file, place, &path));
            }
            let help = "write `file:feeds/a.atom`, relative to this file, or `file:///srv/a.atom`";
            self.error(place, format!("`{text}` names no file"), help);
            return None;
        }
        match text.parse::<WebAddress>() {
            Ok(WebAddress { written, url }) => Some(Location::web(&written, url)),
            Err(complaint) => {
                let help = match Url::parse(text).is_err() && self.is_like_a_file(file, text) {
                    true => format!("a source in a file is named by `file = \"{text}\"`"),
                    false => complaint.help,
                };
                self.error(place, complaint.what, help);
                None
            }
        }
    }

    /// Whether a text that is not a URL may be the path of a document.
    fn is_like_a_file(&self, file: usize, text: &str) -> bool {
        let path = Path::new(text);
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let is_name = !text.contains('/') && ["atom", "rss", "xml", "json"].contains(&ending);
        let is_path = ["/", "./", "../"].iter().any(|start| text.starts_with(start));
        is_name || is_path || beside(&self.files[file].path, path).is_file()
    }

    fn path(&mut self, file: usize, place: FileSpan, path: &Path) -> Location {
        let path = beside(&self.files[file].path, path);
        match fetch::regular(&path) {
            Ok(_) => {}
            // The command may run as another user than the daemon.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let message = format!("this user cannot see the file {}", path.display());
                self.warn(place, message, "the user that runs gazetted must be able to read it");
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let help = "paths are relative to this file; it is read once it is there";
                self.unusable_now(place, format!("there is no file {}", path.display()), help);
            }
            Err(error) => {
                let message = format!("{} cannot be read: {error}", path.display());
                self.unusable_now(place, message, "name a file that another program writes");
            }
        }
        Location::File(path)
    }

    /// Warns of a second source at one address, which would count as a second witness.
    fn warn_if_address_repeats(
        &mut self,
        file: usize,
        table: &file::Source,
        location: &Location,
        addresses: &mut HashMap<String, FileSpan>,
    ) {
        let span = table.url.as_ref().map(Spanned::span);
        let span = span.or_else(|| table.file.as_ref().map(Spanned::span)).unwrap_or_default();
        let name = match location {
            Location::Web { url, .. } => url.to_string(),
            Location::File(path) => path.display().to_string(),
        };
        match addresses.get(&name).cloned() {
            Some((first_file, first)) => {
                let first = self.position((first_file, first));
                let help = "take one of the two out: each entry would be carried twice";
                self.warn((file, span), "a second source at this address", help);
                if let Some(warning) = self.problems.pop() {
                    self.problems.push(warning.see("the first is here", first));
                }
            }
            None => {
                addresses.insert(name, (file, span));
            }
        }
    }

    /// Warns if the bounds of `[polling]` will change an interval.
    fn check_interval(
        &mut self,
        place: FileSpan,
        interval: Period,
        is_web: bool,
        polling: &fetch::Settings,
    ) {
        let ceiling = Period(polling.ceiling);
        if is_web {
            self.warn_below_floor(place.clone(), "interval", interval, polling);
        }
        if interval > ceiling {
            self.warn(
                place,
                format!("`interval`, {interval}, is longer than `[polling] ceiling`, {ceiling}"),
                format!(
                    "it will be {ceiling}; raise `ceiling` if the source is to be asked more rarely"
                ),
            );
        }
    }

    /// Warns if a source will be polled more rarely than `period` says.
    fn warn_below_floor(
        &mut self,
        place: FileSpan,
        name: &str,
        period: Period,
        polling: &fetch::Settings,
    ) {
        let (floor, hard_floor) = (Period(polling.floor), Period(polling.hard_floor));
        if period < hard_floor {
            self.warn(
                place,
                format!("`{name}` is below `[polling] hard_floor`, {hard_floor}"),
                format!("it will be {hard_floor}; lower `hard_floor` if the source is your own"),
            );
        } else if period < floor {
            self.warn(
                place,
                format!("`{name}` is below `[polling] floor`, {floor}"),
                format!(
                    "it will be {floor}, unless the source's `max-age` or `ttl` allows less; \
                     lower `floor` if the source permits it"
                ),
            );
        }
    }

    fn pace(
        &mut self,
        file: usize,
        table: &file::Source,
        settings: &file::Config,
    ) -> Option<Box<Pace>> {
        let file::Config { polling, defaults, .. } = settings;
        // Files cost nobody anything, and have no floor.
        let is_web = table.url.is_some();
        for (name, period) in [("min", &table.min), ("max", &table.max)] {
            if let Some(period) = period.as_ref().filter(|_| is_web) {
                self.warn_below_floor((file, period.span()), name, *period.get_ref(), polling);
            }
        }
        if let Some(interval) = &table.interval {
            self.check_interval((file, interval.span()), *interval.get_ref(), is_web, polling);
        }
        if let (Some(min), Some(max)) = (&table.min, &table.max)
            && min > max
        {
            let (low, high) = (min.get_ref(), max.get_ref());
            let message = format!("`min`, {low}, is longer than `max`, {high}");
            self.error((file, min.span()), message, "exchange the two, or leave one out");
        }
        if let (Some(interval), Some(bound)) =
            (&table.interval, table.min.as_ref().or(table.max.as_ref()))
        {
            self.warn(
                (file, bound.span()),
                "`min` and `max` have no effect beside `interval`",
                format!("`interval = \"{}\"` is fixed: leave them out", interval.get_ref()),
            );
        }
        let time =
            |period: &Option<Spanned<Period>>| period.as_ref().map(|period| period.get_ref().0);
        let is_paced = table.min.is_some() || table.max.is_some();
        let default = defaults.interval.as_ref().filter(|_| is_web && !is_paced);
        let default = default.map(|interval| interval.get_ref().0);
        let pace = Pace {
            interval: time(&table.interval).or(default),
            min: time(&table.min),
            max: time(&table.max),
            mute_silence: table.mute_silence,
            new_a_day: table.new_a_day.map(NonZeroUsize::get),
        };
        (pace != Pace::default()).then(|| Box::new(pace))
    }

    /// The rules that cut an announcement out of its surroundings.
    fn text_rules(&mut self, file: usize, table: &file::Source) -> Option<Box<TextRules>> {
        for selector in &table.cut {
            if !announcement::is_selector(selector.get_ref()) {
                let message = format!("`{}` is not a CSS selector", selector.get_ref());
                let help = "write it as in a style sheet: \"div.related\", \"#footer > p\"";
                self.error((file, selector.span()), message, help);
            }
        }
        let marker = |written: &Option<Spanned<String>>| {
            let text = spaced(written.as_ref()?.get_ref());
            Some(text)
        };
        let (start_after, end_before) = (marker(&table.start_after), marker(&table.end_before));
        for (name, text, written) in [
            ("start_after", &start_after, &table.start_after),
            ("end_before", &end_before, &table.end_before),
        ] {
            if let (Some(""), Some(written)) = (text.as_deref(), written) {
                let help = format!("write words that the text holds, or leave `{name}` out");
                self.error((file, written.span()), format!("`{name}` is empty"), help);
            }
        }
        let cut = table.cut.iter().map(|selector| selector.get_ref().clone()).collect();
        let rules = TextRules { cut, start_after, end_before };
        (rules != TextRules::default()).then(|| Box::new(rules))
    }

    /// The headers of the file, and the one that the credentials make.
    fn headers(
        &mut self,
        file: usize,
        table: &file::Source,
        defaults: &file::Defaults,
        location: Option<&Location>,
    ) -> Vec<(String, Secret)> {
        let has_credentials = table.password_file.is_some() || table.token_file.is_some();
        let is_own = |name: &HeaderName| {
            let is_it = |own: &HeaderName| own.0.eq_ignore_ascii_case(&name.0);
            table.headers.keys().any(is_it)
                || has_credentials && name.0.eq_ignore_ascii_case("authorization")
        };
        let default = defaults.headers.iter().filter(|(name, _)| !is_own(name));
        let written = table.headers.iter().chain(default);
        let mut headers: Vec<_> =
            written.map(|(name, text)| (name.0.clone(), text.0.clone().into())).collect();
        let (authorization, place) =
            match (&table.username, &table.password_file, &table.token_file) {
                (None, None, None) => return headers,
                (Some(name), Some(path), None) => {
                    let place = (file, path.span());
                    let password = self.secret(file, path);
                    let basic = password.map(|password| {
                        let both = format!("{}:{password}", name.get_ref());
                        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(both))
                    });
                    (basic, place)
                }
                (None, None, Some(path)) => (
                    self.secret(file, path).map(|token| format!("Bearer {token}")),
                    (file, path.span()),
                ),
                (name, password, token) => {
                    let spans = [
                        name.as_ref().map(Spanned::span),
                        password.as_ref().map(Spanned::span),
                        token.as_ref().map(Spanned::span),
                    ];
                    let span = spans.into_iter().flatten().next().unwrap_or_default();
                    let help = "write `username` and `password_file`, or `token_file` alone";
                    self.error((file, span), "credentials that do not go together", help);
                    return headers;
                }
            };
        if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
            let help = "leave `Authorization` out of `headers`";
            self.error(place.clone(), "two kinds of credentials", help);
        }
        if location.and_then(Location::url).is_some_and(|url| url.scheme() == "http") {
            let help = "use https if the source offers it";
            self.warn(place, "credentials that travel unencrypted", help);
        }
        headers.extend(authorization.map(|value| ("Authorization".into(), value.into())));
        headers
    }

    /// The one line of a file that holds a secret. Problems never quote it.
    fn secret(&mut self, file: usize, written: &Spanned<PathBuf>) -> Option<String> {
        let holds = "the file holds the secret on its one line";
        let (path, text) = self.secret_text(file, written, holds)?;
        let secret = text.trim_end_matches(['\r', '\n']).to_owned();
        if secret.is_empty() || secret.chars().any(char::is_control) {
            let message = format!("{} does not hold one line", path.display());
            let help = "write the secret into it, on one line";
            self.error((file, written.span()), message, help);
            return None;
        }
        Some(secret)
    }
}

/// A source with the defaults of the file applied, as a reload compares it.
fn with_defaults(
    table: &file::Source,
    defaults: &file::Defaults,
    location: &Location,
    pace: Option<&Pace>,
) -> file::Source {
    let unwritten = |path: &PathBuf| Spanned::new(0..0, path.clone());
    let interval = pace.and_then(|pace| pace.interval);
    let mut headers = table.headers.clone();
    for (name, text) in &defaults.headers {
        if !headers.keys().any(|own| own.0.eq_ignore_ascii_case(&name.0)) {
            headers.insert(name.clone(), text.clone());
        }
    }
    file::Source {
        tags: merged(&table.tags, &defaults.tags),
        enrich: table.enrich.or(Some(defaults.enrich)).filter(|enrich| *enrich != Enrich::None),
        interval: interval.map(|interval| Spanned::new(0..0, Period(interval))),
        headers,
        file: match location {
            Location::File(path) if table.file.is_some() => Some(unwritten(path)),
            _ => None,
        },
        ..table.clone()
    }
}

/// A source's own tags, then those of `[defaults]`.
fn merged(own: &[String], default: &[String]) -> Vec<String> {
    let added = default.iter().filter(|tag| !own.contains(tag));
    own.iter().chain(added).cloned().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use crate::config::Plan;
    use crate::model::{Enrich, SourceId};

    #[test]
    fn a_source_has_the_defaults_where_it_does_not_say_otherwise() {
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join("gazetted.toml");
        let included = "[[source]]\nid = \"far\"\nurl = \"https://c.example/\"\nmax = \"2d\"\n";
        std::fs::write(directory.path().join("more.toml"), included).unwrap();
        std::fs::write(directory.path().join("b.atom"), "").unwrap();
        let text = r#"
include = ["more.toml"]

[defaults]
enrich = "govuk"
interval = "2h"
tags = ["uk", "all"]
headers = { X-A = "1", X-B = "2" }

[[source]]
id = "default"
url = "https://a.example/"

[[source]]
id = "own"
url = "https://b.example/"
enrich = "none"
interval = "3h"
tags = ["mine", "uk"]
headers = { x-a = "3" }

[[source]]
id = "file"
file = "b.atom"

[[topic]]
id = "t"
title = "T"
query = "t"
"#;
        std::fs::write(&file, text).unwrap();
        let plan = Plan::load(&file).unwrap_or_else(|problems| panic!("{problems}")).plan;
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        for (id, enrich, interval, tags, headers) in [
            ("default", Enrich::Govuk, hours(2), vec!["uk", "all"], "X-A=1 X-B=2"),
            ("own", Enrich::None, hours(3), vec!["mine", "uk", "all"], "x-a=3 X-B=2"),
            ("file", Enrich::Govuk, None, vec!["uk", "all"], "X-A=1 X-B=2"),
            ("far", Enrich::Govuk, None, vec!["uk", "all"], "X-A=1 X-B=2"),
        ] {
            let source = &plan.sources[&SourceId::new(id)];
            assert_eq!((source.enrich, source.pace().interval), (enrich, interval), "{id}");
            assert_eq!(source.tags, tags, "{id}");
            let sent =
                source.headers.iter().map(|(name, value)| format!("{name}={}", value.reveal()));
            assert_eq!(sent.collect::<Vec<_>>().join(" "), headers, "{id}");
        }
    }
}
