//! Tests that every document is valid whatever text a source sends.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::{
    Enclosure, Entry, Evidence, Feed, Location, Member, Revisions, Source, SourceId, StoryId,
    TopicId, Withdrawal, WithdrawnBy,
};

/// Text with everything that breaks documents, often.
fn text() -> impl Strategy<Value = String> {
    let nasty = prop_oneof![
        Just("]]>"),
        Just("</content>"),
        Just("&"),
        Just("&#0;"),
        Just("<script>"),
        Just("\u{0}"),
        Just("\u{b}"),
        Just("\u{fffe}"),
        Just("\u{fffd}"),
        Just("\u{85}"),
        Just("\r\n"),
        Just("\""),
        Just("\u{202e}"),
    ];
    let part = prop_oneof![nasty.prop_map(str::to_owned), ".{0,12}"];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn entry() -> impl Strategy<Value = Entry> {
    let texts = proptest::collection::vec(text(), 16);
    (texts, any::<bool>(), -90_000_000_000_000_i64..300_000_000_000_000).prop_map(
        |(mut texts, linked, moment)| {
            let mut next = || texts.pop().unwrap_or_default();
            let mut entry = Entry::of(SourceId::new("a"));
            entry.title = next();
            entry.summary = Some(next());
            entry.content = Some(next()).filter(|_| linked);
            entry.text = next();
            entry.authors = vec![next(), next()];
            entry.categories = vec![next()];
            entry.language = Some(next());
            entry.rights = Some(next());
            entry.published = Some(Timestamp::from_millis(moment));
            entry.feed = Feed { id: next(), title: next(), ..Feed::default() };
            if linked {
                let url = url::Url::parse("https://a.example/x?y=\"<&>'").ok();
                let media_type = Some(next());
                let original = url::Url::parse("https://b.example/<o>'&");
                (entry.original, entry.feed.url) = (original.ok(), url.clone());
                (entry.feed.rights, entry.feed.authors) = (Some(next()), vec![next()]);
                entry.enclosures = url
                    .iter()
                    .map(|url| Enclosure {
                        url: url.clone(),
                        media_type: media_type.clone(),
                        length: moment.is_positive().then_some(7),
                    })
                    .collect();
                entry.url = url;
            }
            entry
        },
    )
}

fn story(number: u8, entries: Vec<Entry>) -> Arc<Story> {
    let dated = entries[0].published.unwrap_or_default();
    let id = StoryId::from_bytes([number; 16]);
    let mut story = Story::new(id, format!("tag:a.example,2026:{number}"), dated);
    let founded = |entry| Member::new(entry, Evidence::Founded, dated);
    story.members = entries.into_iter().map(founded).collect();
    Arc::new(story)
}

fn topic(title: String, description: String) -> Topic {
    Topic {
        id: TopicId::new("t"),
        query: description.clone(),
        title,
        description,
        revisions: Revisions::Major,
        entries: 50,
        bounds: Default::default(),
        formerly: Vec::new(),
        mute_silence: false,
        private: false,
        explain: false,
    }
}

fn sources() -> Sources {
    let url = "https://user@a.example/feed?[]&'".parse().unwrap();
    let id = SourceId::new("a");
    let source = Source::at(id.clone(), Location::Web { url, written: None });
    Sources::from([(id, Arc::new(source))])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn whatever_sources_send_every_document_can_be_read(
        entries in proptest::collection::vec(proptest::collection::vec(entry(), 1..4), 0..4),
        title in text(),
        description in text(),
        (configured, withdrawn) in any::<(bool, bool)>(),
    ) {
        let site = Site::new("https://news.example/".parse().unwrap(), title.clone());
        let mut stories: Vec<_> =
            (0..).zip(entries).map(|(number, entries)| story(number, entries)).collect();
        let mut told = stories.len();
        if let Some(first) = stories.first_mut().filter(|_| withdrawn) {
            let (at, source) = (first.dated, SourceId::new("a"));
            Arc::make_mut(first).withdrawn = Some(Withdrawal { at, source, by: WithdrawnBy::Tombstone, reason: None });
            told -= 1;
        }
        let topic = topic(title, description);
        let sources = if configured { sources() } else { Sources::new() };
        let mut rendered = render_topic(&topic, &stories, &sources, &site);
        rendered.extend(render_stories(&stories, &FirstPage::default(), &sources, &site));
        let again = render_topic(&topic, &stories, &sources, &site);
        prop_assert_eq!(&again[..], &rendered[..again.len()], "the same state, the same bytes");
        rendered.extend(render_site(&[(topic, stories)], &sources, &site));
        for document in rendered {
            if let Some(entries) = read(&document)? {
                prop_assert_eq!(entries, told, "{}", document.path);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_document_is_longer_than_the_limit_whatever_its_entries_hold(
        entries in proptest::collection::vec((entry(), 0_usize..600, 0_usize..600), 1..8),
        labels in 0_usize..400,
    ) {
        const MAX_FEED: usize = 60_000;
        let mut site = Site::new("https://news.example/".parse().unwrap(), "News");
        let stories: Vec<_> = (0..).zip(entries).map(|(number, (mut entry, short, long))| {
            entry.summary = entry.summary.map(|text| text.repeat(short));
            entry.content = entry.content.map(|text| format!("<p>{text}</p>").repeat(long));
            entry.categories = (0..labels * usize::from(number % 3)).map(|n| format!("\"{n}\" {}", "<".repeat(90))).collect();
            story(number, vec![entry])
        }).collect();
        let topic = topic("News".to_owned(), "news".to_owned());
        let volumes = ("2026-04".parse().unwrap(), None);
        let volume = |stories: &[_], site: &Site| {
            render_volume(&topic, volumes, stories, &|_| Vec::new(), &Sources::new(), site)
        };
        let whole = render_topic(&topic, &stories, &Sources::new(), &site);
        let whole_volume = volume(&stories, &site);
        prop_assert_eq!(whole_volume.stories, stories.len());
        site.max_feed = MAX_FEED;
        let rendered = render_topic(&topic, &stories, &Sources::new(), &site);
        let feeds = || rendered.iter().zip(&whole).filter(|(one, _)| one.path.contains('.'));
        let fits = feeds().all(|(_, whole)| whole.body.len() <= MAX_FEED);
        for (feed, whole) in feeds() {
            prop_assert!(feed.body.len() <= MAX_FEED, "{}: {}", feed.path, feed.body.len());
            // More fit on the first page of a JSON Feed when they are shorter.
            prop_assert!(read(feed)? >= read(whole)?, "no entry is left out of {}", feed.path);
            prop_assert!(!fits || feed == whole, "what fits stays as it is");
        }
        let closed = volume(&stories, &site);
        prop_assert!((1..=stories.len()).contains(&closed.stories));
        for document in closed.text.split('\0') {
            prop_assert!(document.len() <= MAX_FEED, "{}", document.len());
        }
        if closed.stories > 1 {
            site.max_feed = Site::MAX_FEED;
            prop_assert_eq!(&closed, &volume(&stories[..closed.stories], &site), "its texts are whole");
        }
    }
}

/// Reads a document as its readers do. How many stories it tells, for feeds.
fn read(document: &Rendered) -> Result<Option<usize>, TestCaseError> {
    let text = std::str::from_utf8(&document.body)?;
    let legible = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    prop_assert!(text.chars().all(|c| legible(c) && c != '\u{fffe}'), "{}", document.path);
    let broken = |error: &dyn std::fmt::Display| {
        TestCaseError::fail(format!("{}: {error}\n{text}", document.path))
    };
    Ok(match document.path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("atom") => {
            let feed = atom_syndication::Feed::read_from(text.as_bytes());
            Some(feed.map_err(|error| broken(&error))?.entries.len())
        }
        Some("rss") => {
            let channel = ::rss::Channel::read_from(text.as_bytes());
            Some(channel.map_err(|error| broken(&error))?.items.len())
        }
        Some("json") => {
            let feed: serde_json::Value =
                serde_json::from_str(text).map_err(|error| broken(&error))?;
            feed["items"].as_array().map(Vec::len)
        }
        _ => {
            prop_assert!(!text.contains("<script"), "{}", document.path);
            None
        }
    })
}
