//! Entries get the full text of pages and content items.

#![allow(clippy::unwrap_used)]

mod pages;

use bytes::Bytes;

use super::*;
use crate::model::{SourceId, TextRules};

const PAGE: &str = "https://www.gov.uk/government/news/slipway";

fn entry(link: &str) -> Entry {
    Entry {
        url: Some(Url::parse(link).unwrap()),
        title: "New slipway opens".to_owned(),
        summary: Some("Boats can launch in any tide.".to_owned()),
        text: "Boats can launch in any tide.".to_owned(),
        ..Entry::of(SourceId::new("harbours"))
    }
}

fn document(url: &str, content_type: &str, body: &str) -> Document {
    Document {
        source: SourceId::new("harbours"),
        url: Some(Url::parse(url).unwrap()),
        content_type: Some(content_type.to_owned()),
        body: Bytes::copy_from_slice(body.as_bytes()),
        at: Timestamp::parse_rfc3339("2025-04-03T09:00:00Z").unwrap(),
    }
}

/// As the loop has it done.
fn clean(html: &str, base: &Url) -> Cleaned {
    crate::parse::clean(html, Some(base), MOST_BYTES, &Cancelled::never())
}

fn enrich(entry: &mut Entry, document: &Document, setting: Enrich) -> Result<Enrichment, Failure> {
    enrich_by(entry, document, setting, &TextRules::default())
}

/// The same by an operator's rules for the text.
fn enrich_by(
    entry: &mut Entry,
    document: &Document,
    setting: Enrich,
    rules: &TextRules,
) -> Result<Enrichment, Failure> {
    let surroundings = &Surroundings { rules, ..Surroundings::default() };
    let reading = Reading { setting, clean: &clean, surroundings, cancelled: &Cancelled::never() };
    super::enrich(entry, &Fetched::of(document, setting)?, &reading)
}

fn item(json: &str) -> Document {
    document("https://www.gov.uk/api/content/government/news/slipway", "application/json", json)
}

#[test]
fn what_is_fetched_depends_on_the_setting() {
    for (setting, link, expected) in [
        (Enrich::None, PAGE, None),
        (Enrich::Page, "https://example.org/a?b=1#c", Some("https://example.org/a?b=1")),
        (Enrich::Page, "ftp://example.org/a", None),
        (
            Enrich::Govuk,
            "https://www.gov.uk/government/news/slipway#2025-04-02T11:05:00Z",
            Some("https://www.gov.uk/api/content/government/news/slipway"),
        ),
        (Enrich::Govuk, "https://example.blog.gov.uk/2025/a", None),
        (Enrich::Govuk, "https://www.gov.uk/search/all?q=a", None),
        (Enrich::Govuk, "https://www.gov.uk/", None),
    ] {
        let wanted = wanted(&entry(link), setting).map(String::from);
        assert_eq!(wanted.as_deref(), expected, "{link}");
    }
}

#[test]
fn a_content_item_gives_text_tags_note_and_id() {
    let mut entry = entry(PAGE);
    let stated = entry.statement();
    let body = r#"{
        "content_id": "5f9a", "document_type": "press_release", "locale": "en",
        "description": "Boats can launch in any tide.",
        "details": {
            "body": "<div class=\"govspeak\"><p>The slipway at <a href=\"/carrow\">Carrow</a> reopens.</p><script>x</script></div>",
            "change_history": [
                {"note": "Added the opening hours.", "public_timestamp": "2025-04-03T08:00:00.000+00:00"},
                {"note": "First published.", "public_timestamp": "2025-04-02T11:05:00.000+00:00"}
            ]
        },
        "links": {
            "organisations": [{"base_path": "/government/organisations/harbour-office", "title": "Harbour Office"}],
            "world_locations": [{"base_path": null, "title": "C\u00f4te d'Ivoire"}, {"base_path": "/world/kosovo"}]
        }
    }"#;
    let done = enrich(&mut entry, &item(body), Enrich::Govuk).unwrap();
    assert_eq!(entry.text, "Boats can launch in any tide.\nThe slipway at Carrow reopens.");
    assert_eq!(
        entry.content.as_deref(),
        Some(
            "<div><p>The slipway at <a href=\"https://www.gov.uk/carrow\" rel=\"noopener noreferrer\">Carrow</a> reopens.</p></div>"
        )
    );
    assert_eq!(entry.tags, ["org:harbour-office", "location:cote-d-ivoire", "location:kosovo"]);
    assert_eq!(entry.change_note.as_deref(), Some("Added the opening hours."));
    assert_eq!(entry.content_id.as_deref(), Some("5f9a:en"));
    assert_eq!(entry.language.as_deref(), Some("en"));
    assert_eq!(entry.enriched, Some(Enriched { stated, stale: false, of_page: true }));
    assert_eq!((done.text, done.tags, done.withdrawn), (Some(30), 3, false));
}

#[test]
fn parts_documents_and_renderings_are_texts_too() {
    for (details, expected) in [
        (
            r#"{"parts": [{"title": "Entry", "body": [{"content_type": "text/govspeak", "content": "no"}, {"content_type": "text/html", "content": "<p>A visa.</p>"}]}]}"#,
            "Entry\nA visa.",
        ),
        (r#"{"documents": ["<section><h3>Annual report</h3></section>"]}"#, "Annual report"),
        (r#"{"body": [{"content_type": "text/html", "content": "<p>Text.</p>"}]}"#, "Text."),
    ] {
        let mut entry = Entry { summary: None, ..entry(PAGE) };
        enrich(&mut entry, &item(&format!(r#"{{"details": {details}}}"#)), Enrich::Govuk).unwrap();
        assert_eq!(entry.text, expected, "{details}");
    }
}

#[test]
fn a_withdrawn_page_says_since_when() {
    let mut entry = entry(PAGE);
    let body = r#"{"withdrawn_notice": {"explanation": "<p>Out of date.</p>", "withdrawn_at": "2025-04-01T10:00:00Z"}}"#;
    assert!(enrich(&mut entry, &item(body), Enrich::Govuk).unwrap().withdrawn);
    assert_eq!(entry.withdrawn, Timestamp::parse_rfc3339("2025-04-01T10:00:00Z"));
    assert_eq!(entry.withdrawn_because.as_deref(), Some("Out of date."));
    assert_eq!(entry.text, "Boats can launch in any tide.", "no text took its place");
}

#[test]
fn what_is_no_content_item_leaves_the_entry_as_it_was() {
    for (body, kind) in [
        ("<html>", FailureKind::NotAFeed),
        (r#"{"document_type": "gone"}"#, FailureKind::Gone),
        (r#"{"document_type": "redirect"}"#, FailureKind::Redirect),
    ] {
        let mut entry = entry(PAGE);
        let failure = enrich(&mut entry, &item(body), Enrich::Govuk).unwrap_err();
        assert_eq!(failure.kind, kind, "{body}");
        let before = self::entry(PAGE);
        assert_eq!(entry, before);
        missing(&mut entry, &failure, item("").at);
        assert_eq!(entry.missing.is_some(), kind == FailureKind::Gone);
    }
}

/// A page as syndicators make them: the text among much else.
fn page(article: &str) -> Document {
    let body = format!(
        "<!DOCTYPE html><html lang=en-GB><head><title>Slipway | Wire</title>\
        <link rel=canonical href=/articles/1></head><body><nav><ul><li><a href=/>Home</a></li><li><a href=/news>News</a></li></ul></nav>\
        <div id=main><article><h1>Slipway</h1>{article}</article></div>\
        <aside><h3>Latest News</h3><ul><li><a href=/2>Ferries</a></li><li><a href=/3>Trains</a></li></ul></aside>\
        <footer>Copyright, terms, cookies</footer></body></html>"
    );
    document("https://wire.example/articles/1", "text/html; charset=utf-8", &body)
}

fn paragraphs(count: usize) -> String {
    let paragraph = "The slipway at Carrow harbour, closed for two winters after the storms, opens again to the boats that fish for mackerel, crab and ling along the coast.";
    (0..count).map(|n| format!("<p>{n}. {paragraph}</p>")).collect()
}

#[test]
fn the_article_of_a_page_is_found_and_the_rest_left() {
    let mut entry = entry("https://wire.example/articles/1");
    let done = enrich(&mut entry, &page(&paragraphs(6)), Enrich::Page).unwrap();
    assert!(done.text.unwrap() > 800);
    assert!(entry.text.contains("5. The slipway at Carrow"), "{}", entry.text);
    for other in ["Ferries", "cookies", "Home"] {
        assert!(!entry.text.contains(other), "{other}: {}", entry.text);
    }
    assert_eq!(entry.language.as_deref(), Some("en-GB"));
    assert_eq!(entry.original, None, "a page that names itself names no original");
}

#[test]
fn the_original_that_a_page_names_is_found() {
    for named in [
        format!("<p><strong>Original article link:</strong> <a href=\"{PAGE}\">{PAGE}</a></p>"),
        format!("<p>Original article link: <br><a class=x href='{PAGE}'>here</a></p>"),
        format!("<p>View in full <a href={PAGE}>here</a>.</p>"),
        format!("<p><a href=\"{PAGE}\">Read the original article</a></p>"),
    ] {
        let mut entry = entry("https://wire.example/articles/1");
        let article = format!("{}{named}", paragraphs(5));
        assert!(enrich(&mut entry, &page(&article), Enrich::Page).unwrap().original, "{named}");
        assert_eq!(entry.original.as_ref().map(Url::as_str), Some(PAGE));
    }
}

#[test]
fn the_original_of_another_text_on_the_page_is_not_the_articles() {
    let named = |n: usize| {
        format!(
            "<p>Original article: <a href=\"https://dep.example/n/{n}\">https://dep.example/n/{n}</a></p>"
        )
    };
    let post = |n: usize| {
        let text = "A train of the northern line stood for an hour in the snow, and all travellers were brought to the next town by bus.";
        format!("<div class=\"comment post\"><h2>Post {n}</h2><p>{n}. {text}</p>{}</div>", named(n))
    };
    for (article, beside, original) in [
        (paragraphs(6), format!("{}{}", post(1), post(2)), None),
        (paragraphs(6), post(1), None),
        (format!("{}{}", paragraphs(6), named(7)), format!("{}{}", post(1), post(2)), Some(7)),
        (paragraphs(6), named(7), Some(7)),
        (format!("{}{}{}", paragraphs(3), named(7), named(8)), String::new(), None),
    ] {
        let page = document(
            "https://wire.example/articles/1",
            "text/html",
            &format!(
                "<!DOCTYPE html><html lang=en><body><div id=main><article><h1>Slipway</h1>{article}</article></div>{beside}</body></html>"
            ),
        );
        let mut entry = entry("https://wire.example/articles/1");
        enrich(&mut entry, &page, Enrich::Page).unwrap();
        let found = entry.original.as_ref().map(|url| url.path().to_owned());
        assert_eq!(found, original.map(|n| format!("/n/{n}")), "{article:.60} {beside:.60}");
    }
}

#[test]
fn a_canonical_address_on_another_host_is_the_original() {
    let mut entry = entry("https://wire.example/articles/1");
    let mut document = page(&paragraphs(5));
    let body = String::from_utf8(document.body.to_vec()).unwrap();
    document.body = body.replace("href=/articles/1", &format!("href={PAGE}")).into();
    enrich(&mut entry, &document, Enrich::Page).unwrap();
    assert_eq!(entry.original.as_ref().map(Url::as_str), Some(PAGE));
}

#[test]
fn another_address_of_the_page_on_its_host_is_kept() {
    let page_of = |link: &str, led_to: &str, canonical: &str| {
        let mut entry = entry(link);
        let mut document = page(&paragraphs(5));
        let body = String::from_utf8(document.body.to_vec()).unwrap();
        document.body = body.replace("href=/articles/1", &format!("href={canonical}")).into();
        document.url = Url::parse(led_to).ok();
        enrich(&mut entry, &document, Enrich::Page).unwrap();
        entry.page.map(|page| page.to_string())
    };
    let (link, other) = ("https://wire.example/r/1", "https://wire.example/articles/1");
    assert_eq!(page_of(link, link, other).as_deref(), Some(other), "the page says so");
    assert_eq!(page_of(link, other, "").as_deref(), Some(other), "the link leads there");
    assert_eq!(page_of(link, other, PAGE).as_deref(), Some(other), "the original is elsewhere");
    assert_eq!(page_of(link, link, link), None);
    assert_eq!(page_of(link, PAGE, PAGE), None, "another host is no other address of it");
}

#[test]
fn hostile_pages_are_refused_or_harmless() {
    let deep = "<div>".repeat(200_000);
    for body in [
        "",
        deep.as_str(),
        "<<<<>>>\u{0}",
        "no markup at all, which is a page of the slipway as well",
    ] {
        let mut entry = entry("https://wire.example/articles/1");
        let stated = entry.text.clone();
        let document = document("https://wire.example/articles/1", "text/html", body);
        let taken =
            enrich(&mut entry, &document, Enrich::Page).is_ok_and(|done| done.text.is_some());
        assert_eq!(taken, body.starts_with("no markup"), "{body:.20}");
        assert!(taken || entry.text == stated, "{body:.20}");
    }
    let mut entry = entry("https://wire.example/articles/1");
    let large = document(PAGE, "text/html", &"x".repeat(MOST_BYTES + 1));
    assert_eq!(enrich(&mut entry, &large, Enrich::Page).unwrap_err().kind, FailureKind::TooLarge);
}

#[test]
fn pieces_that_were_cut_are_listed_only_where_the_text_of_the_page_is_taken() {
    let rules = TextRules { cut: vec![".advert".to_owned()], ..TextRules::default() };
    let advert = "<div class=advert><p>Buy a boat.</p></div>";
    let item = |body: &str| {
        item(&serde_json::json!({ "details": { "body": format!("{advert}{body}") } }).to_string())
    };
    let document = |setting: Enrich, text: &str| match setting {
        Enrich::Page => page(&format!("{advert}{text}")),
        _ => item(text),
    };
    for (setting, link) in
        [(Enrich::Page, "https://wire.example/articles/1"), (Enrich::Govuk, PAGE)]
    {
        for (stated, is_taken) in [(paragraphs(30), false), (String::new(), true)] {
            let mut entry = entry(link);
            entry.text = clean(&stated, &Url::parse(PAGE).unwrap()).text;
            entry.content = Some(stated).filter(|html| !html.is_empty());
            let document = document(setting, &paragraphs(4));
            let done = enrich_by(&mut entry, &document, setting, &rules).unwrap();
            assert_eq!(done.text.is_some(), is_taken, "{setting:?}");
            let is_listed = entry.set_aside.iter().any(|piece| piece.text == "Buy a boat.");
            assert_eq!(is_listed, is_taken, "{setting:?}: {:?}", entry.set_aside);
        }
    }
}

#[test]
fn a_feed_that_gave_more_than_the_page_keeps_its_text() {
    let mut entry = entry("https://wire.example/articles/1");
    entry.content = Some(paragraphs(30));
    entry.text = clean(&paragraphs(30), &Url::parse(PAGE).unwrap()).text;
    let stated = entry.clone();
    assert_eq!(enrich(&mut entry, &page(&paragraphs(4)), Enrich::Page).unwrap().text, None);
    assert_eq!((entry.text, entry.content), (stated.text, stated.content));
}
