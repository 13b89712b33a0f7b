//! Sources that list pages of other sites: they may join a story, and take nothing from its publisher.

use super::*;

const PAGE: &str = "https://www.gov.uk/government/news/export-licences";
const TITLE: &str = "Export licences for machine tools end on Friday";
const TEXT: &str = "From Friday the export control office grants no more open licences for machine \
    tools with five axes. Firms apply for a licence for each order, and answers come within twenty \
    working days. The office keeps a desk for questions of small firms in Carrow.";

/// The page of another department, on a site of another government.
const OTHER_PAGE: &str = "https://www.auswaertiges-amt.de/de/newsroom/sahel";
const OTHER_TITLE: &str = "Statement on the situation in the Sahel";
const OTHER_TEXT: &str = "The foreign minister has spoken with her colleagues of three Sahel states \
    about the supply of towns in the north. A mission of the union is to travel there in May. \
    Further talks are planned in Accra.";

/// A publisher with a feed on its own site, another of another government, and one whose feed is on a
/// site of its own and who lists pages of both.
fn desk() -> Desk {
    let feeds = [
        ("publisher", "https://www.gov.uk/government/organisations/trade.atom"),
        ("ministry", "https://www.auswaertiges-amt.de/feed.rss"),
        ("attacker", "https://attacker.example/feed.xml"),
        ("hosted", "https://feeds.hosting.example/trade.xml"),
    ];
    let sources = feeds.iter().enumerate().map(|(position, (id, feed))| {
        let location = Location::web(feed, Url::parse(feed).unwrap());
        let id = SourceId::new(*id);
        (id.clone(), Arc::new(Source { position, ..Source::at(id, location) }))
    });
    Desk { sources: sources.collect(), ..Desk::new() }
}

fn told(source: &str, guid: &str, link: &str, title: &str, text: &str) -> Entry {
    let entry = entry(source, guid, link, title);
    Entry { text: text.to_owned(), published: entry.updated, ..entry }
}

fn publishers() -> Entry {
    told("publisher", &format!("{PAGE}#2025-04-02T11:05:00Z"), PAGE, TITLE, TEXT)
}

fn ministrys() -> Entry {
    told("ministry", "urn:sahel", OTHER_PAGE, OTHER_TITLE, OTHER_TEXT)
}

fn attackers(link: &str, title: &str, text: &str) -> Entry {
    told("attacker", "urn:a", link, title, text)
}

impl Desk {
    fn polled(&mut self, entries: &[Entry]) {
        self.read(entries);
        self.now = self.now.after(std::time::Duration::from_secs(3600));
    }

    /// The title and the source that lead the story that a source's only entry is in, and whether it
    /// stands.
    fn leading(&self, source: &str) -> (&str, &str, bool) {
        let is_of = |entry: &Entry| entry.source.as_str() == source;
        let has_it = |story: &&Arc<Story>| story.members.iter().any(|it| is_of(&it.entry));
        let mut stories = self.known.stories.values().filter(has_it);
        let story = stories.next().unwrap_or_else(|| panic!("{:#?}", self.clusters()));
        assert!(stories.next().is_none(), "{:#?}", self.clusters());
        let lead = &story.lead(&self.sources).entry;
        (&lead.title, lead.source.as_str(), story.withdrawn.is_none())
    }
}

#[test]
fn whoever_cites_a_page_does_not_lead_its_story() {
    let long = TEXT.repeat(4);
    for (title, text) in [
        ("Website maintenance", "Short downtime tonight."),
        ("Website maintenance", ""),
        ("Casino bonus for machine tools", &long),
        (TITLE, &*long),
        (TITLE, ""),
    ] {
        for link in [PAGE.to_owned(), format!("{PAGE}?utm_source=a"), PAGE.replace("https", "http")]
        {
            let bait = attackers(&link, title, text);
            for publishers in [publishers(), Entry { text: String::new(), ..publishers() }] {
                for order in [[&bait, &publishers], [&publishers, &bait]] {
                    let mut desk = self::desk();
                    order.iter().for_each(|entry| desk.polled(&[(*entry).clone()]));
                    assert_eq!(
                        desk.leading("publisher"),
                        (TITLE, "publisher", true),
                        "{title} {link}"
                    );
                    desk.withdraw("attacker", "urn:a", None);
                    assert_eq!(
                        desk.leading("publisher"),
                        (TITLE, "publisher", true),
                        "{title} {link}"
                    );
                }
            }
        }
    }
}

/// A feed that is hosted elsewhere leads its own pages, as long as nobody at home there has them.
#[test]
fn a_publisher_whose_feed_is_hosted_elsewhere_leads() {
    let mut desk = self::desk();
    desk.polled(&[told("hosted", "urn:h", PAGE, TITLE, TEXT)]);
    let link = "https://attacker.example/copy";
    desk.polled(&[attackers(link, TITLE, TEXT)]);
    assert_eq!(desk.leading("hosted"), (TITLE, "hosted", true));
    // A tombstone of whoever lists the page too does not take it back.
    desk.polled(&[told("attacker", "urn:b", PAGE, "Tidied", "")]);
    desk.withdraw("attacker", "urn:b", None);
    assert_eq!(desk.leading("hosted"), (TITLE, "hosted", true));
    desk.withdraw("hosted", "urn:h", None);
    desk.withdraw("attacker", "urn:a", None);
    assert!(!desk.leading("hosted").2, "nobody stands by it any more");
}

#[test]
fn a_citation_that_moves_on_drags_no_story_along() {
    for (title, text) in [("Short note", ""), ("Short note", "Of interest."), (TITLE, TEXT)] {
        let mut desk = self::desk();
        desk.polled(&[publishers()]);
        desk.polled(&[attackers(PAGE, title, text)]);
        desk.polled(&[attackers(OTHER_PAGE, title, text)]);
        desk.polled(&[ministrys()]);
        assert_eq!(desk.leading("publisher"), (TITLE, "publisher", true), "{title}");
        assert_eq!(desk.leading("ministry"), (OTHER_TITLE, "ministry", true), "{title}");
    }
    // The same where the citation came first.
    let mut desk = self::desk();
    desk.polled(&[attackers(PAGE, "Short note", "")]);
    desk.polled(&[publishers()]);
    desk.polled(&[attackers(OTHER_PAGE, "Short note", "")]);
    desk.polled(&[ministrys()]);
    assert_eq!(desk.leading("publisher"), (TITLE, "publisher", true));
    assert_eq!(desk.leading("ministry"), (OTHER_TITLE, "ministry", true));
}

#[test]
fn the_words_of_a_citation_bring_no_stranger_into_the_story() {
    for (title, text) in [(OTHER_TITLE, ""), (OTHER_TITLE, OTHER_TEXT), ("Sahel", OTHER_TEXT)] {
        for publishers in [publishers(), Entry { text: String::new(), ..publishers() }] {
            let mut desk = self::desk();
            desk.polled(std::slice::from_ref(&publishers));
            desk.polled(&[attackers(PAGE, title, text)]);
            desk.polled(&[ministrys()]);
            let has = |story: &Story, source: &str| {
                story.members.iter().any(|member| member.entry.source.as_str() == source)
            };
            let is_false = |story: &&Arc<Story>| has(story, "publisher") && has(story, "ministry");
            let merged = desk.known.stories.values().find(is_false);
            assert_eq!(merged, None, "{title} {text:.10}");
        }
    }
}

#[test]
fn a_date_of_a_citation_does_not_date_the_announcement() {
    for text in ["", "With a word more."] {
        let mut desk = self::desk();
        let old = Some(at("1995-01-01T00:00:00Z"));
        let bait = attackers(PAGE, "Note", text);
        desk.polled(&[Entry { published: old, updated: old, ..bait }]);
        desk.polled(&[publishers()]);
        let date = |desk: &Desk| desk.only_story().updated;
        assert_eq!(date(&desk), at("2025-04-02T11:05:00Z"), "{text}");
        // Nor does a later word bring the story up again.
        let later = attackers(PAGE, "Note, revised", "With other words.");
        desk.polled(&[updated(later, "2025-04-03T10:30:00Z")]);
        assert_eq!(date(&desk), at("2025-04-02T11:05:00Z"), "{text}");
    }
}

#[test]
fn a_page_that_another_listed_is_news_when_its_publisher_lists_it() {
    let mut desk = self::desk();
    let bait = attackers(PAGE, "Note", "");
    desk.polled(std::slice::from_ref(&bait));
    // The store keeps a story no longer, and its keys.
    desk.known.stories.clear();
    for guid in [&*format!("{PAGE}#2025-04-02T11:05:00Z"), PAGE, "-", "urn:own"] {
        let mut desk =
            Desk { known: desk.known.clone(), sources: desk.sources.clone(), ..Desk::new() };
        let news = told("publisher", guid, PAGE, TITLE, TEXT);
        assert_eq!(desk.read(std::slice::from_ref(&news)).new.len(), 1, "{guid}");
        // Its own returns as nothing new, and so does the other's.
        desk.known.stories.clear();
        let revised = updated(Entry { title: format!("{TITLE}."), ..news }, "2025-04-02T18:00:00Z");
        let again = if guid.contains('#') {
            Entry { guid: Some(format!("{PAGE}#2025-04-02T18:00:00Z")), ..revised }
        } else {
            revised
        };
        assert!(desk.read(&[again]).new.is_empty(), "{guid}");
        assert!(desk.read(std::slice::from_ref(&bait)).new.is_empty(), "{guid}");
    }
}

#[test]
fn a_copy_that_turns_to_something_else_keeps_nobody() {
    let copy = "https://attacker.example/copy";
    for (title, text) in [
        ("Buy gold now and today cheap", "Buy gold.".to_owned()),
        ("Buy gold now and today cheap", OTHER_TEXT.repeat(2)),
        (OTHER_TITLE, OTHER_TEXT.to_owned()),
    ] {
        let mut desk = self::desk();
        desk.polled(&[attackers(copy, TITLE, TEXT)]);
        desk.polled(&[publishers()]);
        desk.only_story();
        desk.polled(&[attackers(copy, title, &text)]);
        assert_eq!(desk.leading("publisher"), (TITLE, "publisher", true), "{title}");
    }
    // An entry that takes the words of another announcement under its old id leaves as well.
    let mut desk = self::desk();
    desk.polled(&[publishers()]);
    desk.polled(&[attackers(copy, "Top story", TEXT)]);
    desk.only_story();
    desk.polled(&[attackers(copy, "Top story", &OTHER_TEXT.repeat(2))]);
    assert_eq!(desk.leading("attacker"), ("Top story", "attacker", true));
    assert_eq!(desk.leading("publisher"), (TITLE, "publisher", true));
    // A copy that does not follow a correction stays.
    for (title, text) in [
        (TITLE, TEXT.replace("twenty", "thirty")),
        (
            &*format!("{TITLE}: how to apply"),
            TEXT.replace("The office keeps a desk", "There is a desk"),
        ),
    ] {
        let mut desk = self::desk();
        desk.polled(&[publishers()]);
        desk.polled(&[attackers(copy, TITLE, TEXT)]);
        let corrected =
            updated(told("publisher", PAGE, PAGE, title, &text), "2025-04-03T09:30:00Z");
        desk.polled(&[corrected]);
        desk.only_story();
    }
}
