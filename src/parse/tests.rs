//! Reads whole documents of each format, and of each kind of damage.

mod bounds;

mod broken_off;

mod elements;

mod json;

use super::*;
use crate::model::{SourceId, Timestamp};

fn document(text: &str) -> Document {
    Document {
        source: SourceId::new("s"),
        url: Some(Url::parse("https://example.org/feeds/news.xml").unwrap()),
        content_type: None,
        body: text.as_bytes().to_vec().into(),
        at: Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").unwrap(),
    }
}

fn read_well(text: &str) -> Parsed {
    parse(&document(text), &Limits::default()).unwrap_or_else(|failure| panic!("{failure}: {text}"))
}

#[test]
fn an_rss_feed_is_read() {
    let parsed = read_well(
        "<rss version='2.0'><channel><title>T</title><link>https://example.org/</link><ttl>90</ttl>\
         <item><title>A &amp;amp; B</title><link>/a</link><guid isPermaLink='false'>x1</guid>\
         <pubDate>Wed, 02 Apr 2025 12:05:00 +0100</pubDate><description>&lt;p&gt;Hi</description></item>\
         </channel></rss>",
    );
    let [entry] = &parsed.entries[..] else { panic!("{parsed:?}") };
    assert_eq!(parsed.format, "RSS 2.0");
    assert_eq!(entry.title, "A & B");
    assert_eq!(entry.guid.as_deref(), Some("x1"));
    assert_eq!(entry.url.as_ref().unwrap().as_str(), "https://example.org/a");
    assert_eq!(entry.published.unwrap().to_string(), "2025-04-02T11:05:00Z");
    assert_eq!(entry.summary.as_deref(), Some("<p>Hi</p>"));
    assert_eq!(entry.text, "Hi");
    assert_eq!(parsed.hints.ttl.unwrap().as_secs(), 5400);
    assert_eq!(parsed.warnings, Vec::<String>::new());
}

#[test]
fn where_a_cloud_is_asked_over_http_is_read() {
    for (cloud, address) in [
        (
            "domain='rpc.example' port='5337' path='/please' registerProcedure='' protocol='http-post'",
            Some("http://rpc.example:5337/please"),
        ),
        (
            "domain='c.example' port='443' path='rss' protocol='http-post'",
            Some("https://c.example/rss"),
        ),
        (
            "domain='c.example' port='80' path='/RPC2' registerProcedure='r' protocol='xml-rpc'",
            None,
        ),
        ("domain='a@b.example' port='80' path='/x' protocol='http-post'", None),
        ("domain='b.example/' port='80' path='/x' protocol='http-post'", None),
        ("domain='b.example' port='0' path='/x' protocol='http-post'", None),
        ("port='80' path='/x' protocol='http-post'", None),
    ] {
        let feed = with_item("").replace("<item>", &format!("<cloud {cloud}/><item>"));
        let found = read_well(&feed).hints.cloud;
        assert_eq!(found.as_ref().map(Url::as_str), address, "{cloud}");
    }
}

/// A feed with this inside its one item.
fn with_item(inside: &str) -> String {
    format!(
        "<rss version='2.0'><channel><title>T</title><item><title>I</title>\
         <link>https://example.org/i</link>{inside}</item></channel></rss>"
    )
}

#[test]
fn what_is_cut_to_one_line_ends_with_a_word() {
    for shift in 0..4 {
        let long = format!("{}{}", "a".repeat(shift + 1), " \u{e9}b".repeat(700));
        let feed = format!(
            "<rss version='2.0'><channel><title>{long}</title><item><title>{long}</title>\
             <author>{long}</author><category>{long}</category></item></channel></rss>"
        );
        let parsed = parse(&document(&feed), &Limits::default()).unwrap();
        let entry = &parsed.entries[0];
        let lines = [&parsed.feed.title, &entry.title, &entry.authors[0], &entry.categories[0]];
        for line in lines {
            assert!(line.len() < long.len() && line.trim() == line, "{shift}: {line:?}");
        }
    }
}

#[test]
fn limits_cut_with_a_warning_or_refuse_in_words() {
    let items = |count| "<item><title>x</title></item>".repeat(count);
    let feed = |inside: &str| format!("<rss version='2.0'><channel>{inside}</channel></rss>");
    let limits = Limits { entries: 3, field: Size(100), depth: 20, elements: 50, attributes: 10 };
    let read = |text: &str| parse(&document(text), &limits);

    let parsed = read(&feed(&items(5))).unwrap();
    assert_eq!(parsed.entries.len(), 3);
    let left_out = "5 entries, more than the 3 that are kept: the oldest 2 were left out";
    assert_eq!(parsed.warnings, [left_out]);

    let rdf = format!("<RDF><channel><title>T</title></channel>{}</RDF>", items(5));
    assert_eq!(read(&rdf).unwrap().entries.len(), 3);
    let atom = format!("<feed>{}</feed>", "<entry><id>x</id></entry>".repeat(5));
    assert_eq!(read(&atom).unwrap().entries.len(), 3);

    let many = feed(&format!("{}<item><title>y</title>{}</item>", items(1), "<x/>".repeat(60)));
    let parsed = read(&many).unwrap();
    assert_eq!(parsed.entries.len(), 1);
    assert_eq!(parsed.warnings, ["more than 50 elements: the rest is left out"]);

    let long = with_item(&format!("<description>{}</description>", "word ".repeat(100)));
    let parsed = read(&long).unwrap();
    assert!(parsed.entries[0].text.len() <= 100);
    assert_eq!(parsed.warnings, ["texts too long or too deep, which were cut: 1"]);

    let deep = with_item(&format!("{}{}", "<a>".repeat(30), "</a>".repeat(30)));
    let parsed = read(&deep).unwrap();
    assert_eq!(parsed.warnings, ["elements nested more than 20 deep lost their tags"]);

    let attributes: String = (0..11).map(|n| format!(" a{n}=''")).collect();
    let failure = read(&with_item(&format!("<x{attributes}/>"))).unwrap_err();
    assert_eq!(failure.message, "an element has more than 10 attributes");
}

#[test]
fn entities_are_not_expanded() {
    let bomb = "<!DOCTYPE rss [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'><!ENTITY c SYSTEM 'file:///etc/passwd'>]>";
    let parsed = read_well(&format!("{bomb}{}", with_item("<description>&b;&c;</description>")));
    assert_eq!(parsed.entries[0].text, "&b;&c;");
}

#[test]
fn bases_within_bases_stay_small() {
    let deep = format!("{}{}", "<a xml:base='aaaaaaaaaa/'>".repeat(90), "</a>".repeat(90));
    assert_eq!(read_well(&with_item(&deep)).entries.len(), 1);
    let bad = with_item("<description xml:base='http://['>x</description>");
    assert_eq!(read_well(&bad).entries[0].text, "x");
}

/// Texts that make a careless reader look at the same bytes again and again;
/// a reader that takes quadratic time takes minutes over these.
#[test]
fn hostile_repetition_takes_time_in_proportion() {
    for unit in [
        "<!--",
        "<![CDATA[",
        "<?",
        "<!A[",
        "<!A",
        "<a b='",
        "<a b=\"> c=\"",
        "<a b='> c='",
        "</",
        "</a",
        "<a ",
        "&#",
        "&",
        "<",
        "<embed>",
        "<svg>",
        "<p><b>",
        "<a>",
        "<b><p>",
        "<p1:x>",
        "&lt;!--",
        "&lt;a b='&gt; c='",
        "&lt;embed&gt;",
        "&lt;b&gt;&lt;p&gt;",
        "&lt;table&gt;",
        "&lt;a href=x&gt;",
        "&lt;svg&gt;",
        "]]>",
        "<item>",
        "<item/>",
        "<x xmlns:a='b'>",
        "-->",
    ] {
        for text in [
            unit.repeat(100_000 / unit.len()),
            with_item(&format!("<description>{}", unit.repeat(100_000 / unit.len()))),
        ] {
            // Whatever comes of it: it comes.
            let _ = parse(&document(&text), &Limits::default());
        }
    }
}

#[test]
fn a_guid_is_an_address_unless_it_says_not() {
    for (inside, url) in [
        ("<guid>https://example.org/g</guid>", Some("https://example.org/g")),
        ("<guid isPermaLink='true'>https://example.org/g</guid>", Some("https://example.org/g")),
        ("<guid isPermaLink='false'>https://example.org/g</guid>", None),
        ("<guid>urn:x</guid>", None),
        ("<link/><guid>https://example.org/g</guid>", Some("https://example.org/g")),
        ("<link>//other.example/x</link>", Some("https://other.example/x")),
        ("<link>../x</link>", Some("https://example.org/x")),
        ("<link>https://u:p@example.org/x</link>", Some("https://example.org/x")),
        (
            "<link><![CDATA[https://example.org/?a=1&amp;b=2]]></link>",
            Some("https://example.org/?a=1&b=2"),
        ),
        ("<link>ftp://example.org/x</link>", None),
        ("<link href='https://example.org/h'/>", Some("https://example.org/h")),
        ("<link href='https://example.org/?a=1&copy=2'/>", Some("https://example.org/?a=1&copy=2")),
    ] {
        let text = format!(
            "<rss version='2.0'><channel><item><title>x</title>{inside}</item></channel></rss>"
        );
        let parsed = read_well(&text);
        assert_eq!(parsed.entries[0].url.as_ref().map(Url::as_str), url, "{inside}");
    }
}

#[test]
fn dates_of_every_vocabulary_are_read() {
    let (first, second) = (Some("2025-04-01T00:00:00Z"), Some("2025-04-02T00:00:00Z"));
    for (inside, published, updated) in [
        ("<pubDate>2025-04-01</pubDate>", first, None),
        ("<dc:date>2025-04-01</dc:date>", first, first),
        ("<pubDate>2025-04-01</pubDate><dc:date>2025-04-02</dc:date>", first, second),
        (
            "<dcterms:issued>2025-04-01</dcterms:issued><dcterms:modified>2025-04-02</dcterms:modified>",
            first,
            second,
        ),
        ("<pubDate>2025-04-01</pubDate><atom:updated>2025-04-02</atom:updated>", first, second),
        ("<dcterms:created>2025-04-01</dcterms:created>", first, None),
        ("<pubDate>soon</pubDate>", None, None),
        ("<pubDate><![CDATA[ 2025-04-01 ]]></pubDate>", first, None),
    ] {
        let parsed = read_well(&with_item(inside));
        let entry = &parsed.entries[0];
        let text = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        assert_eq!(text(entry.published).as_deref(), published, "{inside}");
        assert_eq!(text(entry.updated).as_deref(), updated, "{inside}");
    }
}

#[test]
fn an_entry_taken_from_elsewhere_goes_on_saying_so() {
    let parsed = read_well(
        "<feed xmlns='http://www.w3.org/2005/Atom'><id>planet</id><title>Planet</title>\
         <entry><id>a</id><title>A</title><source><id>urn:blog</id><title type='html'>Blog &amp;amp; co</title>\
         <link href='https://blog.example/'/><updated>2025-04-02T00:00:00Z</updated></source></entry>\
         <entry><id>b</id><title>B</title></entry></feed>",
    );
    let [one, two] = &parsed.entries[..] else { panic!("{parsed:?}") };
    assert_eq!((one.feed.id.as_str(), one.feed.title.as_str()), ("urn:blog", "Blog & co"));
    assert_eq!(one.feed.url.as_ref().map(Url::as_str), Some("https://blog.example/"));
    assert_eq!((two.feed.id.as_str(), two.feed.title.as_str()), ("planet", "Planet"));
    assert_eq!((one.title.as_str(), one.url.is_none()), ("A", true));
}

#[test]
fn html_that_was_escaped_twice_is_html() {
    for (description, summary) in [
        ("&amp;lt;p&amp;gt;Hi&amp;lt;/p&amp;gt;", "<p>Hi</p>"),
        ("Use &amp;lt;p&amp;gt;", "Use &lt;p&gt;"),
        ("&amp;lt;T&amp;gt;", "&lt;T&gt;"),
    ] {
        let parsed = read_well(&with_item(&format!("<description>{description}</description>")));
        assert_eq!(parsed.entries[0].summary.as_deref(), Some(summary));
    }
}

#[test]
fn a_retired_feed_has_ended() {
    let entry = |title: &str| {
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><id>f</id><entry><id>e</id><title>{title}</title></entry></feed>"
        )
    };
    assert!(read_well(&entry("This feed has ended")).hints.ended);
    assert!(!read_well(&entry("This strike has ended")).hints.ended);
}

#[test]
fn a_clean_document_needs_no_repair() {
    for text in [
        with_item("<description>a &amp; b &lt;p&gt;c</description>"),
        with_item(
            "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'><![CDATA[<p>]]></content:encoded>",
        ),
        with_item("<dc:creator>undeclared</dc:creator><media:title type='odd'>x</media:title>"),
    ] {
        assert_eq!(read_well(&text).warnings, Vec::<String>::new(), "{text}");
    }
}

/// Remains of word processors, editors and templates, with the text that a browser shows.
#[test]
fn html_is_read_as_a_browser_reads_it() {
    for (html, text) in [
        (
            "<p>Start.<?xml:namespace prefix = o ns = \"urn:schemas-microsoft-com:office:office\" /><o:p></o:p></p><p>End.</p>",
            "Start.\nEnd.",
        ),
        ("<?xml version=\"1.0\"?><p>Start.</p>", "Start."),
        ("<p>Start.</p><!-- a --!><p>End.</p>", "Start.\nEnd."),
        ("<p>Start.</p><!--><p>End.</p>", "Start.\nEnd."),
        ("<p>Start.</p><!---><p>End.</p>", "Start.\nEnd."),
        ("<p>Start.</p><![CDATA[ <p>End here.</p>", "Start.\nEnd here."),
        ("<![CDATA[<p>Start.</p>]]><p>End.</p>", "Start.\nEnd."),
        ("<p>Start.</p><svg viewBox=\"0 0 1 1\"><path d=\"M0 0\"><p>End.</p>", "Start.\nEnd."),
        ("<p>Start.</p><svg><title>x</title></svg><p>End.</p>", "Start.\nEnd."),
        ("<p>Start.</p><select><option>A<p>End.</p>", "Start.\nA\nEnd."),
        ("<p>Start.</p><select><option>A</option></select><p>End.</p>", "Start.\nEnd."),
        ("<p><![if !supportLists]>1.<![endif]> First.</p>", "1. First."),
        ("<p><!--[if !supportLists]-->1.<!--[endif]--> First.</p>", "1. First."),
        (
            "<p>Start.</p><!--[if gte mso 9]><xml><w:x>no</w:x></xml><![endif]--><p>End.</p>",
            "Start.\nEnd.",
        ),
        (
            "<p>Umwelt\u{ad}ministe<wbr>rium, zero\u{200b}width, w\u{2060}j, b\u{feff}om, z\u{200c}wnj</p>",
            "Umweltministerium, zerowidth, wj, bom, zwnj",
        ),
        ("<p>می\u{200c}خواهم</p>", "می\u{200c}خواهم"),
        ("<p>Line&#11;break&#12;here</p>", "Line break here"),
        (
            "<html><head><title>T</title><style>p{}</style></head><body><p>Body.</p></body></html>",
            "Body.",
        ),
        ("<noscript>Enable scripts.</noscript><p>Body.</p>", "Body."),
        ("<p>a<table><tr><td>b</td></tr></table>c", "a\nb\nc"),
        ("<p>Start<p title='x>y'>End", "Start\nEnd"),
        ("<textarea><p>x</textarea>y", "y"),
        ("<p>&lt;b&gt; is bold</p>", "<b> is bold"),
    ] {
        let escaped = htmlize::escape_text(html);
        for inside in [
            format!("<description>{escaped}</description>"),
            format!("<description>{}</description>", cdata(html)),
        ] {
            let parsed = read_well(&with_item(&inside));
            assert_eq!(parsed.entries[0].text, text, "{inside}");
        }
    }
}

/// HTML as CDATA, also where it holds the end of one.
fn cdata(html: &str) -> String {
    format!("<![CDATA[{}]]>", html.replace("]]>", "]]]]><![CDATA[>"))
}

#[test]
fn titles_are_matched_without_what_nobody_sees() {
    for (title, expected) in [
        ("Umwelt\u{ad}ministerium", "Umweltministerium"),
        ("Umwelt&amp;shy;ministerium", "Umweltministerium"),
        ("zero\u{200b}width", "zerowidth"),
        ("Line\u{b}one\u{c}break", "Line one break"),
        ("Line&#11;one", "Line one"),
    ] {
        let item = format!("<item><title>{title}</title><link>/x</link></item>");
        let feed = format!("<rss version='2.0'><channel><title>T</title>{item}</channel></rss>");
        let parsed = read_well(&feed);
        assert_eq!(parsed.entries[0].title, expected, "{title}");
    }
}

#[test]
fn xhtml_nested_deeply_costs_neither_its_text_nor_the_feed() {
    for depth in [99, 110, 400, 5000] {
        let text = format!(
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">{}Deep words &amp; more{}</div>",
            "<div>".repeat(depth),
            "</div>".repeat(depth)
        );
        let entry = |id: &str, text: &str| {
            format!(
                "<entry><id>urn:{id}</id><title>T</title><updated>2025-11-28T10:00:00Z</updated><content type=\"xhtml\">{text}</content></entry>"
            )
        };
        let feed = format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:f</id><title>F</title><updated>2025-11-28T10:00:00Z</updated>{}{}</feed>",
            entry("1", &text),
            entry("2", "<div xmlns=\"http://www.w3.org/1999/xhtml\">Plain</div>")
        );
        let parsed = parse(&document(&feed), &Limits::default()).unwrap();
        let texts: Vec<&str> = parsed.entries.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(texts, ["Deep words & more", "Plain"], "{depth}");
    }
}

#[test]
fn a_reference_without_a_number_is_text() {
    for (written, title) in [
        ("R&#; D", "R&#; D"),
        ("Annex &#№5; of the act", "Annex &#№5; of the act"),
        ("<![CDATA[R&#; D &#é;]]>", "R&#; D &#é;"),
    ] {
        let feed = with_item("").replace("<title>I</title>", &format!("<title>{written}</title>"));
        assert_eq!(read_well(&feed).entries[0].title, title);
    }
}
