//! Renders the operator's Atom feed of changes in sources and topics.
//!
//! It says what the log said, with what helps, from what is stored: the same state
//! gives the same bytes, and an event keeps its id permanently.

use atom_syndication::{Content, Entry, Feed, Generator};

use super::atom::{category, date, link, person, text};
use super::feed_meta::NOTHING_YET;
use super::site::{Site, topic_path};
use super::source_status::SourceStatus;
use super::text_escape::{escape, line};
use super::{Format, Rendered};
use crate::model::{EventKind, SourceEvent, Timestamp, TopicSilence};

/// Where it is.
pub(super) const PATH: &str = "/sources.atom";

/// The most events in the feed, the latest.
const MOST: usize = 200;

/// `/sources.atom`: what became of sources, and of topics that fell silent, newest first.
pub(super) fn render(states: &[SourceStatus], silences: &[TopicSilence], site: &Site) -> Rendered {
    let of_sources = states.iter().flat_map(|state| {
        state.state.events.iter().map(move |event| (event.at, of_source(state, event, site)))
    });
    let of_topics = silences.iter().flat_map(|silence| of_topic(silence, site));
    let mut entries: Vec<(Timestamp, Entry)> = of_sources.chain(of_topics).collect();
    entries.sort_by(|(at, one), (other_at, other)| (other_at, &other.id).cmp(&(at, &one.id)));
    entries.truncate(MOST);
    let updated = entries.first().map_or(NOTHING_YET, |(at, _)| *at);
    let title = format!("Source status of {}", site.name());
    let feed = Feed {
        id: site.events_id(),
        title: text(&title),
        subtitle: Some(text(
            "For their operator: failures, moves, gaps and silences, each reported once.",
        )),
        updated: date(updated),
        authors: vec![person(&site.name())],
        generator: Some(Generator { value: "gazetted".to_owned(), ..Generator::default() }),
        icon: Some(site.address(super::pages::ICON_PATH)),
        links: vec![
            link("self", site.address(PATH), Some(Format::Atom.media_type())),
            link("alternate", site.address("/sources"), Some("text/html")),
        ],
        entries: entries.into_iter().map(|(_, entry)| entry).collect(),
        ..Feed::default()
    };
    let body = feed.write_to(Vec::new()).expect("writing to memory cannot fail");
    Rendered {
        path: PATH.to_owned(),
        content_type: Format::Atom.content_type(),
        body: body.into(),
        link: None,
    }
}

fn of_source(state: &SourceStatus, event: &SourceEvent, site: &Site) -> Entry {
    let source = &state.source;
    let name = line(&source.title);
    let title = match event.kind {
        EventKind::Gap => format!("Entries of {name} may have been missed"),
        kind => format!("{name} {}", kind.says()),
    };
    let id = site.event_id("source", source.id.as_str(), event.at, event.kind.as_str());
    let html = match event.note.is_empty() {
        true => format!("<p>{}</p>", escape(remedy(event.kind))),
        false => {
            format!("<p>{}</p><p>{}</p>", escape(&line(&event.note)), escape(remedy(event.kind)))
        }
    };
    entry(id, &title, event.at, event.kind, html, site.address("/sources"))
}

/// That a topic fell silent, and that it spoke again.
fn of_topic(silence: &TopicSilence, site: &Site) -> Vec<(Timestamp, Entry)> {
    let TopicSilence { topic, since, reported, ended } = silence;
    let event = |at: Timestamp, kind: EventKind, said: &str| {
        let id = site.event_id("topic", topic.as_str(), at, kind.as_str());
        let title = format!("Topic {topic} {}", kind.says());
        let html = format!("<p>{}</p>", escape(said));
        (at, entry(id, &title, at, kind, html, site.address(&topic_path(topic))))
    };
    let said = format!("No story came into it since {since}, for far longer than ever before.");
    let mut entries = vec![event(*reported, EventKind::Silent, &said)];
    if let Some(ended) = ended {
        let said = format!("It had been silent since {since}.");
        entries.push(event(*ended, EventKind::Speaks, &said));
    }
    entries
}

fn entry(
    id: String,
    title: &str,
    at: Timestamp,
    kind: EventKind,
    html: String,
    page: String,
) -> Entry {
    Entry {
        id,
        title: text(title),
        updated: date(at),
        published: Some(date(at)),
        categories: vec![category(kind.as_str())],
        links: vec![link("alternate", page, Some("text/html"))],
        content: Some(Content {
            value: Some(html),
            content_type: Some("html".to_owned()),
            ..Content::default()
        }),
        ..Entry::default()
    }
}

/// The remedy.
fn remedy(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Failing => {
            "It is asked again by itself, less and less often. Where it refuses the request (401, 403), correct its credentials; the reload asks it at once."
        }
        EventKind::Recovered => "Nothing needs to be done.",
        EventKind::Moved => {
            "The new address is asked already. Put it into the configuration, before the old one stops redirecting."
        }
        EventKind::Gone | EventKind::Ended => {
            "It is not asked any more. Look for its successor, or take it out of the configuration; gazetted poll asks it once more."
        }
        EventKind::Silent => {
            "It answers all the same. See whether its site has another feed now; mute_silence = true ends such messages."
        }
        EventKind::Speaks => "Nothing needs to be done.",
        EventKind::Floods => {
            "Entries whose ids last are read as before. Check whether it gives its entries new ids at every request; if it really brings so much, raise its new_a_day."
        }
        EventKind::Steady => "Nothing needs to be done.",
        EventKind::Gap => {
            "It is asked sooner for now. Where that recurs, give the source a shorter interval, or raise the budget."
        }
    }
}
