//! Tests the validator: each document has one fault and breaks one rule.

use std::collections::BTreeSet;

use crate::support::http::Answer;
use crate::support::validator::{Finding, RULES, check};

const NOW: &str = "2025-04-03T09:00:00Z";

const ATOM: &str = r#"<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:fh="http://purl.org/syndication/history/1.0"><title>News</title><id>tag:a.example,2026:x</id><updated>2025-04-02T11:05:00+00:00</updated><author><name>A &amp; B</name></author><link href="https://a.example/x.atom" rel="self" type="application/atom+xml"/><link href="https://a.example/x" rel="alternate" type="text/html"/><link href="https://a.example/y" rel="current"/><link href="https://a.example/z" rel="prev-archive"/><fh:archive/><entry><title type="html">&lt;b&gt;One&lt;/b&gt;</title><id>https://a.example/1</id><updated>2025-04-02T11:05:00+00:00</updated><category term="x"/><link href="https://a.example/1" rel="alternate"/><source><title>S</title><id>urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6</id><updated>2025-04-02T11:05:00Z</updated></source><summary xml:lang="en" type="html">&lt;p&gt;Text &lt;a href="https://a.example/"&gt;a&lt;/a&gt;&lt;/p&gt;</summary></entry><entry><title>Two</title><id>urn:xy:2</id><updated>2025-04-01T11:05:00Z</updated><link href="https://a.example/2"/><content type="html">Text</content></entry></feed>"#;

const RSS: &str = r#"<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>News</title><link>https://a.example/</link><description>All of it</description><lastBuildDate>Wed, 02 Apr 2025 11:05:00 GMT</lastBuildDate><atom:link href="https://a.example/x.rss" rel="self" type="application/rss+xml"/><item><title>R&#x26;D of &#x3C;b&#x3E;</title><link>https://a.example/1</link><description><![CDATA[<p>Text</p>]]></description><category>x</category><enclosure url="https://a.example/1.pdf" length="0" type="application/pdf"/><guid isPermaLink="false">tag:a.example,2025:1</guid><pubDate>Wed, 02 Apr 2025 11:05:00 GMT</pubDate><source url="https://b.example/feed">B</source><content:encoded><![CDATA[<p>All</p>]]></content:encoded><dc:creator>C</dc:creator></item><item><title>Two</title><guid>https://a.example/2</guid></item></channel></rss>"#;

const OPML: &str = r#"<?xml version="1.0"?><opml version="2.0"><head><title>News</title><dateCreated>Wed, 02 Apr 2025 11:05:00 GMT</dateCreated></head><body><outline text="A &amp; B"><outline text="One" title="One" type="rss" xmlUrl="https://a.example/1"/></outline></body></opml>"#;

const JSON: &str = r#"{"version":"https://jsonfeed.org/version/1.1","title":"News","feed_url":"https://a.example/x.json","next_url":"https://a.example/y.json","items":[{"id":"1","content_html":"<p>Text</p>","date_published":"2025-04-02T11:05:00Z","_ours":{"x":1},"attachments":[{"url":"https://a.example/1.pdf","mime_type":"application/pdf"}]},{"id":"2","content_text":"Text","language":"en"}]}"#;

fn found(document: &str) -> BTreeSet<Finding> {
    let (ending, content_type) = match document {
        text if text.contains("<feed") => ("atom", "application/atom+xml; charset=utf-8"),
        text if text.contains("<rss") => ("rss", "application/rss+xml; charset=utf-8"),
        text if text.contains("<opml") => ("opml", "text/x-opml; charset=utf-8"),
        _ => ("json", "application/feed+json"),
    };
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    let answer = Answer { status: 200, headers, body: document.as_bytes().to_vec() };
    check(&format!("https://a.example/x.{ending}"), &answer, NOW)
}

/// Which rule is broken by putting one text in another's place, the first time it stands there.
const BROKEN: &[(&str, &str, &str, &str)] = &[
    // XML and namespaces.
    ("SAXError", ATOM, "</summary>", "</sumary>"),
    ("SAXError", ATOM, "Two", "\u{1}"),
    ("SAXError", ATOM, "Two", "&#1;"),
    ("SAXError", RSS, "Two", "&nbsp;"),
    ("SAXError", RSS, "rel=\"self\"", "rel=\"self\" rel=\"self\""),
    ("BadXmlVersion", ATOM, "version=\"1.0\"", "version=\"1.1\""),
    ("EncodingMismatch", ATOM, "version=\"1.0\"", "version=\"1.0\" encoding=\"latin1\""),
    ("ContainsSystemEntity", RSS, "<rss", "<!DOCTYPE rss><rss"),
    ("MissingNamespace", RSS, "dc:creator>C</dc:creator", "dd:creator>C</dd:creator"),
    (
        "UnknownNamespace",
        ATOM,
        "xmlns:fh",
        "xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" xmlns:fh",
    ),
    (
        "ReservedPrefix",
        RSS,
        "xmlns:dc=\"http://purl",
        "xmlns:thr=\"urn:xy:y\" xmlns:dc=\"http://purl",
    ),
    ("NonstdPrefix", RSS, "xmlns:dc=", "xmlns:core=\"http://purl.org/dc/elements/1.1/\" xmlns:dc="),
    (
        "AvoidNamespacePrefix",
        ATOM,
        "xmlns:fh",
        "xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:fh",
    ),
    ("InvalidNamespace", ATOM, "2005/Atom", "2005/atom"),
    // Structure.
    ("UndefinedElement", ATOM, "<category term=\"x\"/>", "<keyword/>"),
    ("UndefinedElement", RSS, "<category>x</category>", "<keyword>x</keyword>"),
    ("UnexpectedAttribute", ATOM, "term=\"x\"", "term=\"x\" x=\"y\""),
    ("UseOfExtensionAttr", RSS, "<category>", "<category dc:x=\"y\">"),
    ("UnexpectedText", ATOM, "</entry>", "text</entry>"),
    ("UnexpectedWhitespace", ATOM, "<id>urn:xy:2", "<id> urn:xy:2"),
    ("MissingElement", ATOM, "<id>urn:xy:2</id>", ""),
    ("MissingElement", ATOM, "<author><name>A &amp; B</name></author>", ""),
    ("MissingElement", RSS, "<description>All of it</description>", ""),
    ("DuplicateElement", ATOM, "<id>urn:xy:2</id>", "<id>urn:xy:2</id><id>urn:xy:3</id>"),
    ("DuplicateElement", RSS, "<title>Two</title>", "<title>Two</title><title>2</title>"),
    ("MissingAttribute", ATOM, "term=\"x\"", "label=\"x\""),
    ("MissingAttribute", RSS, " length=\"0\"", ""),
    ("NotBlank", ATOM, "Two", ""),
    ("AttrNotBlank", ATOM, "term=\"x\"", "term=\"\""),
    ("MisplacedMetadata", ATOM, "</feed>", "<subtitle>x</subtitle></feed>"),
    ("MisplacedItem", RSS, "</channel>", "<generator>x</generator></channel>"),
    // Links.
    ("MissingSelf", ATOM, "rel=\"self\"", "rel=\"related\""),
    ("MissingAtomSelfLink", RSS, "rel=\"self\"", "rel=\"related\""),
    ("RelativeSelf", ATOM, "https://a.example/x.atom", "/x.atom"),
    ("SelfDoesntMatchLocation", ATOM, "https://a.example/x.atom", "https://a.example/y.atom"),
    ("SelfDoesntMatchLocation", RSS, "https://a.example/x.rss", "http://a.example/x.rss"),
    ("SelfDoesntMatchLocation", JSON, "https://a.example/x.json", "https://a.example/z.json"),
    (
        "SelfNotAtom",
        ATOM,
        "rel=\"self\" type=\"application/atom+xml\"",
        "rel=\"self\" type=\"text/xml\"",
    ),
    ("UnregisteredAtomLinkRel", ATOM, "rel=\"current\"", "rel=\"present\""),
    ("AtomLinkNotEmpty", ATOM, "rel=\"current\"/>", "rel=\"current\">x</link>"),
    ("DuplicateAtomLink", ATOM, "<category", "<link href=\"https://a.example/3\"/><category"),
    ("FeedHistoryRelInEntry", ATOM, "/1\" rel=\"alternate\"", "/1\" rel=\"next\""),
    ("MissingCurrentInArchive", ATOM, "rel=\"current\"", "rel=\"related\""),
    ("ArchiveIncomplete", ATOM, "rel=\"prev-archive\"", "rel=\"related\""),
    // Entries.
    ("DuplicateEntries", ATOM, "urn:xy:2", "https://a.example/1"),
    ("DuplicateUpdated", ATOM, "2025-04-01T11:05:00Z", "2025-04-02T11:05:00+00:00"),
    ("MissingSourceElement", ATOM, "<title>S</title>", ""),
    ("MissingTextualContent", ATOM, "<content type=\"html\">Text</content>", ""),
    (
        "MissingSummary",
        ATOM,
        "<content type=\"html\">Text",
        "<content type=\"a/b\" src=\"https://a.example/c\">",
    ),
    ("ItemMustContainTitleOrDescription", RSS, "<title>Two</title>", ""),
    ("MissingGuid", RSS, "<guid>https://a.example/2</guid>", ""),
    ("DuplicateValue", RSS, "tag:a.example,2025:1", "https://a.example/2"),
    ("DuplicateItemSemantics", RSS, "<dc:creator>", "<dc:date>2025-04-02</dc:date><dc:creator>"),
    (
        "DuplicateEnclosure",
        RSS,
        "<category>",
        "<enclosure url=\"https://a.example/2.pdf\" length=\"0\" type=\"application/pdf\"/><category>",
    ),
    ("NeedDescriptionBeforeContent", RSS, "<description><![CDATA[<p>Text</p>]]></description>", ""),
    ("InvalidPermalink", RSS, "isPermaLink=\"false\"", "isPermaLink=\"true\""),
    ("InvalidHttpGUID", RSS, "<guid>https://a.example/2", "<guid>a.example/2"),
    ("InvalidBooleanAttribute", RSS, "isPermaLink=\"false\"", "isPermaLink=\"no\""),
    ("NotSufficientlyUnique", RSS, "tag:a.example,2025:1", "4711"),
    // Values.
    ("InvalidIRI", ATOM, "urn:xy:2", "news/2"),
    ("InvalidUriChar", ATOM, "https://a.example/2\"", "https://a.example/2?b[]=c\""),
    ("InvalidURLAttribute", RSS, "https://a.example/1.pdf", "ftp://a.example/1.pdf"),
    ("InvalidTAG", ATOM, "tag:a.example,2026:x", "tag:A.example,2026:x"),
    ("InvalidURN", ATOM, "urn:xy:2", "urn:xy:2/3"),
    ("InvalidUUID", ATOM, "urn:uuid:60a76c80", "urn:uuid:60a76c8"),
    ("SchemeNotIANARegistered", ATOM, "urn:xy:2", "madeup:2"),
    ("NonCanonicalURI", ATOM, "<id>https://a.example/1", "<id>https://a.example/%7e1"),
    ("NonCanonicalURI", ATOM, "<id>https://a.example/1", "<id>HTTPS://a.example:443/b/../1"),
    ("InvalidRFC3339Date", ATOM, "2025-04-01T11:05:00Z", "2025-04-01 11:05"),
    ("InvalidRFC2822Date", RSS, "Wed, 02 Apr 2025 11:05:00 GMT", "2025-04-02T11:05:00Z"),
    (
        "ProblematicalRFC822Date",
        RSS,
        "Wed, 02 Apr 2025 11:05:00 GMT",
        "Wed, 02 Apr 25 11:05:00 GMT",
    ),
    ("IncorrectDOW", RSS, "Wed, 02 Apr", "Thu, 02 Apr"),
    ("ImplausibleDate", ATOM, "2025-04-01T11:05:00Z", "2025-04-03T10:05:00Z"),
    ("ImplausibleDate", ATOM, "2025-04-01T11:05:00Z", "1970-01-01T00:00:00Z"),
    ("InvalidMIMEType", RSS, "application/pdf", "pdf"),
    ("InvalidIntegerAttribute", RSS, "length=\"0\"", "length=\"-1\""),
    ("InvalidLanguage", ATOM, "xml:lang=\"en\"", "xml:lang=\"english\""),
    ("InvalidTextType", ATOM, "type=\"html\"", "type=\"text/html\""),
    ("InvalidRSSVersion", RSS, "rss version=\"2.0\"", "rss version=\"0.94\""),
    // Texts.
    ("BadCharacters", ATOM, "Two", "Tw\u{fffd}"),
    ("BadCharacters", RSS, "Two", "Tw\u{92}"),
    ("BadCharacters", JSON, "\"News\"", "\"Ne\\u0000ws\""),
    ("ContainsUndeclaredHTML", ATOM, "Two", "&lt;b&gt;Two&lt;/b&gt;"),
    ("ContainsUndeclaredHTML", ATOM, "Two", "A &amp;amp; B"),
    ("ContainsUndeclaredHTML", ATOM, "Two", "Q3&amp;4"),
    ("ContainsHTML", RSS, "Two", "A &amp;amp; B"),
    ("ContainsHTML", RSS, "Two", "Use of &lt;b&gt;"),
    ("ContainsEmail", ATOM, "A &amp; B", "A &lt;a@b.example&gt;"),
    ("NotHtml", ATOM, "&lt;/p&gt;", "&lt;/div&gt;"),
    ("NotHtml", ATOM, "&lt;p&gt;", "&lt;p&gt;&lt;blinking&gt;&lt;/blinking&gt;"),
    ("SecurityRisk", RSS, "<p>Text</p>", "<iframe></iframe>"),
    ("SecurityRiskAttr", RSS, "<p>Text</p>", "<p onclick=\"x()\">Text</p>"),
    ("DangerousStyleAttr", RSS, "<p>Text</p>", "<p style=\"position: fixed\">Text</p>"),
    ("ContainsRelRef", ATOM, "href=\"https://a.example/\"&gt;", "href=\"#part\"&gt;"),
    // OPML.
    ("InvalidOPMLVersion", OPML, "opml version=\"2.0\"", "opml version=\"3.0\""),
    ("MissingXmlURL", OPML, " xmlUrl=\"https://a.example/1\"", ""),
    ("MissingTitleAttr", OPML, " title=\"One\"", ""),
    ("MissingOutlineType", OPML, " type=\"rss\"", ""),
    (
        "MissingElement",
        OPML,
        "<head><title>News</title><dateCreated>Wed, 02 Apr 2025 11:05:00 GMT</dateCreated></head>",
        "",
    ),
    ("UndefinedElement", OPML, "<head>", "<head><x/>"),
    ("UnexpectedAttribute", OPML, "type=\"rss\"", "type=\"rss\" feed=\"x\""),
    // JSON Feed.
    ("InvalidJson", JSON, "}]}", "}]"),
    ("JsonMember", JSON, "\"title\":\"News\",", ""),
    ("JsonMember", JSON, "\"id\":\"1\"", "\"id\":1"),
    ("JsonMember", JSON, "version/1.1", "version/1"),
    ("JsonMember", JSON, "\"content_text\":\"Text\",", ""),
    ("JsonUnknown", JSON, "\"_ours\"", "\"_ou.rs\""),
    ("JsonUnknown", JSON, "\"language\"", "\"lang\""),
    ("JsonDuplicateId", JSON, "\"id\":\"2\"", "\"id\":\"1\""),
    ("JsonNextUrl", JSON, "https://a.example/y.json", "https://a.example/x.json"),
    ("NotHtml", JSON, "<p>Text</p>", "<p>Text</p></p>"),
    ("InvalidIRI", JSON, "\"https://a.example/1.pdf\"", "\"1.pdf\""),
];

#[test]
fn in_a_good_document_nothing_is_found() {
    for document in [ATOM, RSS, OPML, JSON] {
        assert_eq!(found(document), BTreeSet::new(), "{document}");
    }
}

#[test]
fn what_breaks_a_rule_is_found_by_its_name() {
    let mut missed = Vec::new();
    for (rule, document, from, to) in BROKEN {
        assert!(document.contains(from), "{rule}: {from}");
        let found = found(&document.replacen(from, to, 1));
        if !found.iter().any(|finding| finding.rule == *rule) {
            missed.push((rule, to, found));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_rule_is_broken_once() {
    // Those of the answer, which the next test breaks, and one that only the lack of both breaks.
    let elsewhere =
        ["HttpError", "UnexpectedContentType", "ValidatorLimit", "MissingContentOrAlternate"];
    let mut broken: BTreeSet<&str> = BROKEN.iter().map(|(rule, ..)| *rule).collect();
    broken.extend(elsewhere);
    let rules: BTreeSet<&str> = RULES.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules.len(), RULES.len(), "each rule stands once in the table");
    assert_eq!(broken, rules);
}

#[test]
fn what_is_wrong_with_an_answer_is_found_whatever_is_in_it() {
    let rules = |status, content_type: &str, document: String| {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let answer = Answer { status, headers, body: document.into_bytes() };
        let found = check("https://a.example/x.atom", &answer, NOW);
        found.into_iter().map(|finding| finding.rule).collect::<Vec<_>>()
    };
    let (atom, right) = (ATOM.to_owned(), "application/atom+xml; charset=utf-8");
    assert_eq!(rules(200, right, atom.clone()), [""; 0]);
    assert_eq!(rules(404, right, atom.clone()), ["HttpError"]);
    assert_eq!(rules(200, "text/xml; charset=utf-8", atom.clone()), ["UnexpectedContentType"]);
    assert_eq!(
        rules(200, "application/atom+xml; charset=latin1", atom.clone()),
        ["EncodingMismatch"]
    );
    let long = atom.replace("Two", &"Two ".repeat(1_250_000));
    assert_eq!(rules(200, right, long), ["ValidatorLimit"]);
    let bare = atom
        .replace("<content type=\"html\">Text</content>", "")
        .replace("<link href=\"https://a.example/2\"/>", "");
    assert_eq!(rules(200, right, bare), ["MissingContentOrAlternate", "MissingTextualContent"]);
}
