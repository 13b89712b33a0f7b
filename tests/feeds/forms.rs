//! Documents as departments' software writes them, and how they are to be read.

use gazetted::model::{Document, Entry, SourceId, Timestamp};
use gazetted::parse::{self, Limits, Parsed};
use proptest::prelude::*;
use proptest::sample::select;
use url::Url;

fn document(body: &[u8], content_type: Option<&str>) -> Document {
    Document {
        source: SourceId::new("form"),
        url: Url::parse("https://min.example/feed").ok(),
        content_type: content_type.map(str::to_owned),
        body: body.to_vec().into(),
        at: Timestamp::parse_rfc3339("2026-11-29T00:00:00Z").unwrap(),
    }
}

fn read_bytes(body: &[u8], content_type: Option<&str>) -> Parsed {
    let text = String::from_utf8_lossy(body);
    parse::parse(&document(body, content_type), &Limits::default())
        .unwrap_or_else(|failure| panic!("{failure}: {text}"))
}

fn read(body: &str) -> Parsed {
    read_bytes(body.as_bytes(), None)
}

/// An RSS document with this inside its channel.
fn rss(inside: &str) -> String {
    format!(
        "<?xml version='1.0'?><rss version='2.0'><channel><title>Ministry</title>\
         <link>https://min.example/</link><description>d</description>{inside}</channel></rss>"
    )
}

/// The only entry of an RSS document with this inside its item, beside a link.
fn item(inside: &str) -> Entry {
    only(read(&rss(&format!("<item><link>https://min.example/1</link>{inside}</item>"))))
}

/// The only entry of a German Atom document with this inside its entry.
fn entry(inside: &str) -> Entry {
    only(read(&format!(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='de'><id>tag:f</id><title>Ministerium</title>\
         <entry><id>tag:1</id>{inside}</entry></feed>"
    )))
}

fn only(parsed: Parsed) -> Entry {
    let [entry] = &parsed.entries[..] else { panic!("{parsed:?}") };
    Entry::clone(entry)
}

#[test]
fn titles_with_ampersands_are_kept() {
    for (written, title) in [
        (
            "Foreign, Commonwealth & Development Office: visit",
            "Foreign, Commonwealth & Development Office: visit",
        ),
        ("Using \"x\" & y", "Using \"x\" & y"),
        ("Trade & industry", "Trade & industry"),
        ("M&F", "M&F"),
        ("M&F; next", "M&F; next"),
        ("A &#X26; B", "A & B"),
        ("A &#x26; B", "A & B"),
        ("A &#+38; B", "A &#+38; B"),
        ("A &amp; B & C", "A & B & C"),
        ("AT&T and R&D; more", "AT&T and R&D; more"),
        ("A && B", "A && B"),
        ("R&", "R&"),
        ("&", "&"),
        ("100 &% sure", "100 &% sure"),
        ("caf&eacute; & bar", "café & bar"),
        ("<![CDATA[A & B]]>", "A & B"),
        ("Q&A: what &c. means", "Q&A: what &c. means"),
    ] {
        assert_eq!(item(&format!("<title>{written}</title>")).title, title, "RSS {written}");
        assert_eq!(entry(&format!("<title>{written}</title>")).title, title, "Atom {written}");
    }
    assert_eq!(read(&rss("<item><title>A & B</title></item>")).warnings, ["a bare & was escaped"]);
}

/// Damage that one of the repairs mends, put in front of an entry, behind it, or inside of it
/// beside the title.
const DAMAGE: &[&str] = &[
    "",
    "<x>Q & A</x>",
    "<x>1 < 2</x>",
    "<x>&#0;&#146;&#xFFFF;&#X41;</x>",
    "<x>&nosuch; &nbsp; &copy</x>",
    "<x><b><i>x</b></i></x>",
    "<x><p>a<br>b</x>",
    "</y>",
    "<x a=b&c d='\"'>z</x>",
    "<x><![CDATA[a]]></x>",
    "<z:x>undeclared</z:x>",
    "<x xmlns:q='urn:q'/>",
    "<title/>",
    "<description/>",
    "<x>\u{1}\u{b}</x>",
    "<media:title type='odd'>x</media:title>",
    "<x>]]></x>",
    "<!-- a -- b -->",
];

/// Parts of titles that readers have stumbled over.
const WORDS: &[&str] = &[
    "Council",
    "met",
    "&",
    "A&B",
    "&amp;",
    "&lt;",
    "&#38;",
    "&#X26;",
    "&#x1;",
    "&eacute;",
    "5 < 6",
    "\"x\"",
    "'y'",
    "R&D;",
    "<![CDATA[p & q]]>",
    "é",
    "& co.",
    "]]>",
];

#[test]
fn no_title_that_a_document_holds_is_lost_with_any_repair() {
    let titles = proptest::collection::vec(select(WORDS), 0..5);
    let one = (titles, select(DAMAGE), select(DAMAGE), any::<bool>());
    let entries = proptest::collection::vec(one, 1..4);
    let documents = (entries, 0..3_usize);
    let mut runner = super::deterministic(1024);
    let outcome = runner.run(&documents, |(entries, format)| {
        let mut inside = String::new();
        for (number, (words, before, within, first)) in entries.iter().enumerate() {
            // The first word of each title is its own, so that none can be blank.
            let title = format!("<title>Notice{number} {}</title>", words.join(" "));
            let (title, within) = if *first { (&*title, *within) } else { (*within, &*title) };
            let name = if format == 1 { "entry" } else { "item" };
            inside.push_str(&format!("{before}<{name}>{title}{within}</{name}>"));
        }
        let text = match format {
            0 => rss(&inside),
            1 => format!("<feed xmlns='http://www.w3.org/2005/Atom'><id>f</id>{inside}</feed>"),
            _ => format!("<rdf:RDF><channel><title>T</title></channel>{inside}</rdf:RDF>"),
        };
        let parsed = parse::parse(&document(text.as_bytes(), None), &Limits::default());
        let Ok(parsed) = parsed else {
            return Err(TestCaseError::fail(format!("refused: {text}")));
        };
        prop_assert_eq!(parsed.entries.len(), entries.len(), "{}", text);
        for (number, entry) in parsed.entries.iter().enumerate() {
            let own = format!("Notice{number}");
            prop_assert!(entry.title.starts_with(&own), "{:?} in {}", entry.title, text);
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn namespaces_that_every_item_declares_are_counted_once() {
    let item = |n| {
        format!(
            "<item xmlns:media='http://search.yahoo.com/mrss/' xmlns:dc='http://purl.org/dc/elements/1.1/'>\
             <title>Notice {n}</title><dc:creator>Office</dc:creator></item>"
        )
    };
    let parsed = read(&rss(&(0..480).map(item).collect::<String>()));
    assert_eq!(parsed.entries.len(), 480);
    assert_eq!(parsed.entries[479].authors, ["Office"]);
    let many: String = (0..600).map(|n| format!("<item xmlns:p{n}='urn:{n}'/>")).collect();
    assert!(parse::parse(&document(rss(&many).as_bytes(), None), &Limits::default()).is_err());
}

#[test]
fn of_a_long_list_the_newest_entries_are_kept_in_whatever_order_it_is() {
    let date = |n: u32| Timestamp::from_secs(1_700_000_000 + i64::from(n) * 3600);
    let rss_item =
        |n| format!("<item><title>Notice {n}</title><pubDate>{}</pubDate></item>", date(n));
    let json_item = |n| {
        format!("{{\"id\":\"{n}\",\"title\":\"Notice {n}\",\"date_published\":\"{}\"}}", date(n))
    };
    let oldest_first: Vec<u32> = (0..1300).collect();
    let newest_first: Vec<u32> = (0..1300).rev().collect();
    let mixed: Vec<u32> = (0..1300).map(|n| n * 7 % 1300).collect();
    for order in [oldest_first, newest_first, mixed] {
        let items: String = order.iter().copied().map(rss_item).collect();
        let json: Vec<String> = order.iter().copied().map(json_item).collect();
        let json = format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[{}]}}",
            json.join(",")
        );
        for parsed in [read(&rss(&items)), read(&json)] {
            let titles: Vec<String> =
                parsed.entries.iter().map(|entry| entry.title.clone()).collect();
            let kept: Vec<String> =
                order.iter().filter(|n| **n >= 800).map(|n| format!("Notice {n}")).collect();
            assert_eq!(titles, kept);
            let warning =
                "1300 entries, more than the 500 that are kept: the oldest 800 were left out";
            assert_eq!(parsed.warnings, [warning]);
        }
    }
}

#[test]
fn an_element_that_is_given_twice_is_not_erased_by_an_empty_one() {
    for inside in [
        "<title>Real title here</title><title/>",
        "<title/><title>Real title here</title>",
        "<title>Real title here</title><title> </title>",
        "<title>Real title here</title><title><![CDATA[]]></title>",
        "<title>Real title here</title><title>Another</title>",
    ] {
        assert_eq!(item(inside).title, "Real title here", "{inside}");
        assert_eq!(entry(inside).title, "Real title here", "{inside}");
    }
    for inside in [
        "<description>Real words</description><description/>",
        "<description></description><description>Real words</description>",
        "<description>Real words</description><description>&#32;</description><description/>",
    ] {
        assert_eq!(item(inside).text, "Real words", "{inside}");
    }
    let two = entry("<content type='html'>Real words</content><content type='html'/>");
    assert_eq!(two.text, "Real words");
    let feed =
        read("<rss version='2.0'><channel><title>Ministry</title><title/><item/></channel></rss>");
    assert_eq!(feed.feed.title, "Ministry");
}

#[test]
fn of_several_languages_the_feeds_is_taken() {
    for (inside, title) in [
        ("<title xml:lang='de'>Deutsch</title><title xml:lang='fr'>Français</title>", "Deutsch"),
        ("<title xml:lang='fr'>Français</title><title xml:lang='de-AT'>Deutsch</title>", "Deutsch"),
        ("<title xml:lang='fr'>Français</title><title>Deutsch</title>", "Deutsch"),
        ("<title xml:lang='fr'>Français</title><title xml:lang='en'>English</title>", "Français"),
    ] {
        assert_eq!(entry(inside).title, title, "{inside}");
    }
    let links = "<link rel='alternate' hreflang='fr' href='https://min.example/fr'/>\
        <link rel='alternate' hreflang='de' href='https://min.example/de'/>";
    assert_eq!(entry(links).url.unwrap().as_str(), "https://min.example/de");
    let parsed = read(
        "<feed xmlns='http://www.w3.org/2005/Atom'><id>f</id><entry><id>1</id>\
         <link hreflang='is' href='https://min.example/1'/></entry></feed>",
    );
    assert_eq!(parsed.entries[0].language.as_deref(), Some("is"));
    for (written, tag) in [
        ("English", Some("en")),
        ("Deutsch", Some("de")),
        ("français", Some("fr")),
        ("en_GB", Some("en-GB")),
        ("hsb", Some("hsb")),
        ("Klingon", None),
        ("unknown", None),
    ] {
        let parsed = read(&rss(&format!("<language>{written}</language><item/>")));
        assert_eq!(parsed.feed.language.as_deref(), tag, "{written}");
    }
}

#[test]
fn pictures_are_no_attached_files() {
    let media = |attributes: &str| {
        item(&format!("<media:content url='https://min.example/f' {attributes}/>"))
    };
    for attributes in ["medium='image'", "medium=\"Image\"", "type='image/png'"] {
        let read = media(attributes);
        assert!(read.enclosures.is_empty(), "{attributes}");
        assert_eq!(read.image.unwrap().as_str(), "https://min.example/f", "{attributes}");
    }
    let by_name = item("<media:content url='https://min.example/i.JPG'/>");
    assert!(by_name.enclosures.is_empty() && by_name.image.is_some());
    let grouped = item(
        "<media:group><media:content url='https://min.example/i' medium='image'/></media:group>",
    );
    assert!(grouped.enclosures.is_empty() && grouped.image.is_some());
    for attributes in ["medium='video'", "type='application/pdf'", ""] {
        assert_eq!(media(attributes).enclosures.len(), 1, "{attributes}");
    }
}

#[test]
fn elements_of_atom_and_xhtml_within_rss_are_read() {
    let space = "xmlns:a10='http://www.w3.org/2005/Atom'";
    let author = item(&format!(
        "<a10:author {space}><a10:name>Press Office</a10:name><a10:uri>https://x.example</a10:uri></a10:author>"
    ));
    assert_eq!(author.authors, ["Press Office"]);
    let channel = read(&rss(&format!(
        "<a10:author {space}><a10:name>Ministry</a10:name></a10:author><item><title>x</title></item>"
    )));
    assert_eq!(channel.feed.authors, ["Ministry"]);
    let content = item(&format!(
        "<description>Short</description><a10:content {space} type='html'>&lt;p&gt;Full &amp;amp; long</a10:content>"
    ));
    assert_eq!(content.content.as_deref(), Some("<p>Full &amp; long</p>"));
    for body in [
        "<xhtml:body xmlns:xhtml='http://www.w3.org/1999/xhtml'><xhtml:p>Full body text</xhtml:p></xhtml:body>",
        "<body xmlns='http://www.w3.org/1999/xhtml'><p>Full body text</p></body>",
        "<h:div xmlns:h='http://www.w3.org/1999/xhtml'><h:p>Full body text</h:p></h:div>",
    ] {
        let read = item(body);
        assert_eq!(read.text, "Full body text", "{body}");
        assert!(read.content.is_some_and(|html| html.contains("<p>Full body text</p>")), "{body}");
    }
}

#[test]
fn who_published_an_entry_first_is_kept() {
    let named = |entry: &Entry| {
        let publisher = entry.publisher.clone().unwrap_or_default();
        (publisher.name, publisher.url.map(String::from).unwrap_or_default())
    };
    for (inside, name, url) in [
        (
            "<source url='https://a.example/rss'>Ministry of A</source>",
            "Ministry of A",
            "https://a.example/rss",
        ),
        ("<source url='https://a.example'/>", "", "https://a.example/"),
        ("<source>Ministry &amp; A</source>", "Ministry & A", ""),
        ("<dc:publisher>Office A</dc:publisher>", "Office A", ""),
    ] {
        assert_eq!(named(&item(inside)), (name.to_owned(), url.to_owned()), "{inside}");
    }
    let atom = entry("<source><title>A</title><link href='https://a.example/'/></source>");
    assert_eq!(named(&atom), ("A".to_owned(), "https://a.example/".to_owned()));
}

#[test]
fn an_address_is_found_where_there_is_one() {
    let address = |inside: &str| {
        let parsed = read(&rss(&format!("<item><title>x</title>{inside}</item>")));
        parsed.entries[0].url.clone().map(String::from)
    };
    for (inside, url) in [
        (
            "<enclosure url='https://min.example/a.pdf' type='application/pdf'/>",
            Some("https://min.example/a.pdf"),
        ),
        (
            "<atom:link rel='self' href='https://min.example/1.atom'/>",
            Some("https://min.example/1.atom"),
        ),
        (
            "<media:content url='https://min.example/v.mp4' type='video/mp4'/>",
            Some("https://min.example/v.mp4"),
        ),
        (
            "<enclosure url='https://min.example/a.pdf'/><link>https://min.example/1</link>",
            Some("https://min.example/1"),
        ),
        (
            "<link>&lt;a href=\"https://min.example/news/a\"&gt;https://min.example/news/a&lt;/a&gt;</link>",
            Some("https://min.example/news/a"),
        ),
        ("<link><a href='/news/b'>b</a></link>", Some("https://min.example/news/b")),
        (
            "<link>https://min.example/a?x=1&copy=3&region=4&notice=5</link>",
            Some("https://min.example/a?x=1&copy=3&region=4&notice=5"),
        ),
        ("", None),
    ] {
        assert_eq!(address(inside).as_deref(), url, "{inside}");
    }
    let drupal = item(
        "<title>&lt;a href=\"/a\" hreflang=\"en\"&gt;Council met&lt;/a&gt;</title>\
        <pubDate>&lt;time datetime=\"2025-11-28T10:00:00Z\"&gt;x&lt;/time&gt;</pubDate>",
    );
    assert_eq!(drupal.title, "Council met");
    assert_eq!(drupal.published.unwrap().to_string(), "2025-11-28T10:00:00Z");
}

#[test]
fn a_json_feed_is_read_as_its_format_says() {
    let feed = |item: &str| {
        let text = format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"M\",\"items\":[{item}]}}"
        );
        only(read(&text))
    };
    let cited = feed(
        "{\"id\":\"1\",\"url\":\"https://min.example/1\",\"external_url\":\"https://other.example/o\",\"title\":\"T\"}",
    );
    assert_eq!(cited.url.unwrap().as_str(), "https://min.example/1");
    assert_eq!(cited.original, None);
    let only_cited =
        feed("{\"id\":\"1\",\"external_url\":\"https://other.example/o\",\"title\":\"T\"}");
    assert_eq!(only_cited.url.unwrap().as_str(), "https://other.example/o");
    assert_eq!(
        feed("{\"id\":\"1\",\"url\":\"/n/1\"}").url.unwrap().as_str(),
        "https://min.example/n/1"
    );
    let plain = feed("{\"id\":\"1\",\"content_text\":\"Use the <b> element & <i>\"}");
    assert_eq!(plain.text, "Use the <b> element & <i>");
    for (text, is_feed) in [
        ("{\"title\":\"T\",\"items\":[]}", false),
        ("{\"title\":\"T\",\"items\":[{\"sku\":1}]}", false),
        ("{\"items\":[{\"id\":\"1\",\"title\":\"x\"}]}", false),
        ("{\"title\":\"T\",\"items\":[{\"id\":\"1\",\"title\":\"x\"}]}", true),
        ("{\"version\":\"https://jsonfeed.org/version/1\",\"title\":\"T\",\"items\":[]}", true),
    ] {
        let read = parse::parse(&document(text.as_bytes(), None), &Limits::default());
        assert_eq!(read.is_ok(), is_feed, "{text}");
    }
}

#[test]
fn a_page_with_a_feed_in_a_script_is_a_page() {
    for page in [
        "<!DOCTYPE html><html><head><title>Portal</title><script>var t='<rss version=\"2.0\"><channel><title>x</title></channel></rss>';</script></head><body>Login</body></html>",
        "<html><body><textarea><feed><entry/></feed></textarea></body></html>",
        "<html><!-- <rss><channel><item/></channel></rss> --></html>",
        "<html><body><rss></rss></body></html>",
    ] {
        let failure =
            parse::parse(&document(page.as_bytes(), None), &Limits::default()).unwrap_err();
        assert!(failure.message.contains("page of HTML"), "{failure}: {page}");
    }
}

#[test]
fn elements_nested_very_deep_lose_their_tags_and_no_words() {
    let deep = format!("{}Deep words{}", "<div>".repeat(110), "</div>".repeat(110));
    let read_deep = |inside: &str| {
        entry(&format!(
            "<title>T</title><content type='xhtml'>{inside}</content><author><name>A</name></author>"
        ))
    };
    let read = read_deep(&deep);
    assert_eq!((read.text.as_str(), &read.authors[..]), ("Deep words", &["A".to_owned()][..]));
    let pair = format!("{}<p>one</p><p>two</p>{}", "<div>".repeat(120), "</div>".repeat(120));
    assert_eq!(read_deep(&pair).text.split_whitespace().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn marks_of_a_cdata_section_that_were_escaped_are_not_shown() {
    for (description, text) in [
        ("&lt;![CDATA[&lt;p&gt;Real words&lt;/p&gt;]]&gt;", "Real words"),
        (" &lt;![CDATA[ Real words ]]&gt; ", "Real words"),
        ("<![CDATA[<p>a ]]]]><![CDATA[> b</p>]]>", "a ]]> b"),
    ] {
        assert_eq!(item(&format!("<description>{description}</description>")).text, text);
    }
    assert_eq!(item("<title>&lt;![CDATA[Real title]]&gt;</title>").title, "Real title");
}

#[test]
fn charsets_are_read_as_they_are_meant() {
    let in_1251 = encoding_rs::WINDOWS_1251
        .encode(
            &rss("<item><title>Заявление министра</title></item>")
                .replace("<?xml version='1.0'?>", "<?xml version='1.0' encoding='windows-1251'?>"),
        )
        .0
        .into_owned();
    let read = read_bytes(&in_1251, Some("text/xml; charset=ISO-8859-1"));
    assert_eq!(read.entries[0].title, "Заявление министра");

    let mut mixed = b"<?xml version='1.0' encoding='iso-8859-1'?><rss version='2.0'><channel><item><title>\xC9t\xE9 \xE0 Coutances</title><description>".to_vec();
    mixed.extend("Réunion du conseil".bytes());
    mixed.extend(b"</description></item></channel></rss>");
    let read = read_bytes(&mixed, None);
    let entry = &read.entries[0];
    assert_eq!((&*entry.title, &*entry.text), ("Été à Coutances", "Réunion du conseil"));

    let twice = |text: &str| encoding_rs::WINDOWS_1252.decode(text.as_bytes()).0.into_owned();
    for title in ["Réunion du conseil", "Größe – “neu”", "Заявление"] {
        assert_eq!(item(&format!("<title>{}</title>", twice(title))).title, title);
    }
    assert_eq!(item("<title>Line\u{b}one\u{c}break here</title>").title, "Line one break here");
}

#[test]
fn one_order_of_day_and_month_holds_for_a_document() {
    let dates = |language: &str, dates: &[&str]| -> Vec<String> {
        let items: String =
            dates.iter().map(|date| format!("<item><pubDate>{date}</pubDate></item>")).collect();
        let parsed = read(&rss(&format!("<language>{language}</language>{items}")));
        parsed.entries.iter().map(|entry| entry.published.unwrap().to_string()).collect()
    };
    assert_eq!(dates("en-GB", &["02/04/2025 10:00:00"]), ["2025-04-02T10:00:00Z"]);
    assert_eq!(dates("en-us", &["4/2/2025 10:00:00 AM"]), ["2025-04-02T10:00:00Z"]);
    assert_eq!(
        dates("en", &["02/04/2025", "03/04/2025", "25/03/2025"]),
        ["2025-04-02T00:00:00Z", "2025-04-03T00:00:00Z", "2025-03-25T00:00:00Z"]
    );
    assert_eq!(dates("fr", &["02/04/2025"]), ["2025-04-02T00:00:00Z"]);
}
