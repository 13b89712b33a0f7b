//! Reads elements that stand in another place, under another name or in another form than their
//! format has them.

use super::*;

fn titles(parsed: &Parsed) -> Vec<&str> {
    parsed.entries.iter().map(|entry| entry.title.as_str()).collect()
}

#[test]
fn items_of_a_second_channel_are_read() {
    let item = |title: &str| format!("<item><title>{title}</title><link>/{title}</link></item>");
    let head = |title: &str| format!("<title>{title}</title><link>/of-{title}</link>");
    for (feed, title) in [
        (
            format!(
                "<rss version='2.0'><channel>{}{}</channel><channel>{}{}</channel><channel>{}\
                 </channel></rss>",
                head("A"),
                item("one"),
                head("B"),
                item("two"),
                item("three")
            ),
            "A",
        ),
        (
            format!(
                "<RSS><CHANNEL>{}{}</CHANNEL><CHANNEL>{}<ITEM><TITLE>two</TITLE></ITEM><items>{}\
                 </items></CHANNEL></RSS>",
                head("A"),
                item("one"),
                head("B"),
                item("three")
            ),
            "A",
        ),
        (
            format!(
                "<rss><channel>{}</channel>{}<channel>{}{}{}</channel></rss>",
                head("A"),
                item("one"),
                head("B"),
                item("two"),
                item("three")
            ),
            "A",
        ),
    ] {
        let parsed = read_well(&feed);
        assert_eq!(titles(&parsed), ["one", "two", "three"], "{feed}");
        assert_eq!(parsed.feed.title, title);
        assert_eq!(parsed.feed.url.as_ref().unwrap().path(), "/of-A");
        assert_eq!(parsed.warnings, Vec::<String>::new(), "{feed}");
    }
}

#[test]
fn items_behind_an_empty_channel_are_read() {
    let items = "<item><title>one</title></item><item><title>two</title></item>";
    for feed in [
        format!("<rss version='2.0'><channel/>{items}</rss>"),
        format!("<rss version='2.0'><channel></channel>{items}</rss>"),
        format!("<rss version='2.0'><channel/><items>{items}</items></rss>"),
        format!(
            "<rdf:RDF xmlns='http://purl.org/rss/1.0/' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><channel rdf:about='/'/>{items}</rdf:RDF>"
        ),
    ] {
        assert_eq!(titles(&read_well(&feed)), ["one", "two"], "{feed}");
    }
    assert_eq!(read_well("<rss version='2.0'><channel/></rss>").entries, []);
}

#[test]
fn an_entry_of_pictures_says_what_stands_for_them() {
    for (description, text) in [
        ("<img src='/a.png' alt='Storm warning for the coast'>", "Storm warning for the coast"),
        ("<a href='/x'><img src='/a.png' alt='Corte de agua'></a>", "Corte de agua"),
        ("<img src='/a.png' alt='沿海地区发布大风警报'>", "沿海地区发布大风警报"),
        ("<img src='/a.png' alt='One two three'><p>Text</p>", "Text"),
        ("<img src='/a.png' alt='Logo'>", ""),
        ("<img src='/a.png' alt='IMG_2201.JPG'>", ""),
    ] {
        let escaped = description.replace('<', "&lt;");
        let parsed = read_well(&with_item(&format!("<description>{escaped}</description>")));
        assert_eq!(parsed.entries[0].text, text, "{description}");
    }
}

#[test]
fn entries_are_read_within_other_elements() {
    let fields = "<title>Inner</title><link>https://min.example/n/1</link>\
        <description>Words.</description>";
    for (feed, text) in [
        (format!("<rss><channel><item><article>{fields}</article></item></channel></rss>"), "Words."),
        (format!("<rss><channel><item>\n<news>\n{fields}</news></item></channel></rss>"), "Words."),
        (format!("<rss><channel></channel><items><item>{fields}</item></items></rss>"), "Words."),
        (
            format!("<rdf:RDF><channel><title>T</title></channel><items><item>{fields}</item></items></rdf:RDF>"),
            "Words.",
        ),
        (
            format!(
                "<rss><channel><item>{fields}<book><title>Other</title><link>/other</link></book>\
                 </item></channel></rss>"
            ),
            "Words.",
        ),
        (
            "<rdf:RDF><item rdf:about='https://min.example/n/1'><title>Inner</title><content:items>\
             <rdf:Bag><rdf:li><content:item><rdf:value rdf:parseType='Literal'><p>Old words.</p>\
             </rdf:value></content:item></rdf:li></rdf:Bag></content:items></item></rdf:RDF>"
                .to_owned(),
            "Old words.",
        ),
        (
            "<rss><channel><item><dc:title>Inner</dc:title>\
             <dc:identifier>https://min.example/n/1</dc:identifier>\
             <dc:description>Words.</dc:description></item></channel></rss>"
                .to_owned(),
            "Words.",
        ),
    ] {
        let parsed = read_well(&feed);
        assert_eq!(titles(&parsed), ["Inner"], "{feed}");
        let entry = &parsed.entries[0];
        assert_eq!(entry.url.as_ref().map(Url::as_str), Some("https://min.example/n/1"), "{feed}");
        assert_eq!(entry.text, text, "{feed}");
    }
}

#[test]
fn the_whole_text_is_read_whatever_its_publisher_calls_it() {
    let whole = "The port of Orm closes on 3 January. It opens again after eighteen months, as the \
        ministry said today. Ferries go from Tarn until then, and the fares stay as they are. \
        Ships of more than forty metres wait in the outer basin.";
    let other = whole.replace("Orm", "Brenn").replace("Tarn", "Carrow");
    let numbers = "45.1 13.2 ".repeat(40);
    for (inside, text) in [
        (format!("<yandex:full-text>{whole}</yandex:full-text>"), whole),
        ("<fulltext>&lt;p&gt;Short text.&lt;/p&gt;</fulltext>".to_owned(), "Short text."),
        ("<full_text>Short text.</full_text>".to_owned(), "Short text."),
        ("<turbo:content><![CDATA[<p>Short text.</p>]]></turbo:content>".to_owned(), "Short text."),
        ("<content>Short text.</content>".to_owned(), "Short text."),
        ("<content:Encoded>&lt;p&gt;Short text.</content:Encoded>".to_owned(), "Short text."),
        ("<CONTENT:ENCODED>&lt;p&gt;Short text.</CONTENT:ENCODED>".to_owned(), "Sum."),
        (format!("<agency:story>{whole}</agency:story>"), whole),
        (
            format!(
                "<agency:files><agency:file><title>{whole}</title></agency:file></agency:files>"
            ),
            "Sum.",
        ),
        (format!("<agency:files><file>{whole}</file></agency:files>"), "Sum."),
        (format!("<agency:story><p>{whole}</p></agency:story>"), whole),
        (format!("<texto>{whole}</texto>"), whole),
        (format!("<agency:story>{numbers}</agency:story>"), "Sum."),
        (
            format!("<agency:story>{whole}</agency:story><content:encoded>X.</content:encoded>"),
            "X.",
        ),
    ] {
        let item = |inside: &str| {
            format!(
                "<item><title>I</title><link>/i</link><description>Sum.</description>{inside}</item>"
            )
        };
        let feed = format!(
            "<rss version='2.0'><channel><title>T</title>{}{}</channel></rss>",
            item(&inside),
            item(&format!("<agency:story>{other}</agency:story>")),
        );
        let parsed = read_well(&feed);
        assert!(parsed.entries[0].text.ends_with(text), "{inside}: {}", parsed.entries[0].text);
    }
    let note = "This agency was founded in 1931. It has offices in nine countries, and all that it \
        writes may be used by members only. Whoever wants to be a member writes to the office of \
        the director, who answers within a week as a rule.";
    let feed = with_item(&format!("<agency:about>{note}</agency:about>")).replace(
        "</item>",
        &format!("</item><item><title>J</title><agency:about>{note}</agency:about></item>"),
    );
    assert_eq!(read_well(&feed).entries[0].text, "", "a text of every entry is not theirs");
}

#[test]
fn of_two_descriptions_the_one_with_words_is_read() {
    let picture = "&lt;img src='https://min.example/a-very-long-name-of-a-picture.png'&gt;";
    let words = "Words of it.";
    for (first, second) in [
        (picture, words),
        (words, picture),
        ("<![CDATA[<p><img src='x.png'></p>]]>", words),
        ("<img src='x.png'/>", words),
        (words, " "),
        ("&lt;p&gt;&amp;nbsp;&lt;/p&gt;", words),
    ] {
        let parsed = read_well(&with_item(&format!(
            "<description>{first}</description><description>{second}</description>"
        )));
        assert_eq!(parsed.entries[0].text, words, "{first} {second}");
        assert_eq!(parsed.warnings, Vec::<String>::new());
    }
    let only = read_well(&with_item(&format!("<description>{picture}</description>")));
    assert!(only.entries[0].summary.as_deref().unwrap().contains("<img "));
}

#[test]
fn dates_are_read_whatever_their_element_is_called() {
    for inside in [
        "<pubdate>2025-04-01</pubdate>",
        "<PUBDATE>2025-04-01</PUBDATE>",
        "<date>1.4.2025</date>",
        "<pubDateTime>2025-04-01</pubDateTime>",
        "<publish_date>2025-04-01</publish_date>",
        "<datePublished>2025-04-01</datePublished>",
        "<created-at>2025-04-01</created-at>",
        "<pub-date>2025-04-01</pub-date>",
        "<dc:Date>2025-04-01</dc:Date>",
        "<DC:date>2025-04-01</DC:date>",
        "<lastmod>2025-04-01</lastmod>",
        "<pubDate>2025-04-01</pubDate><date>2025-05-01</date>",
    ] {
        let feed =
            with_item(inside).replace("<rss ", "<rss xmlns:DC='http://purl.org/dc/elements/1.1/' ");
        let published = read_well(&feed).entries[0].published.map(|moment| moment.to_string());
        assert_eq!(published.as_deref(), Some("2025-04-01T00:00:00Z"), "{inside}");
    }
    for inside in ["<eventDate>2025-04-01</eventDate>", "<deadline>2025-04-01</deadline>"] {
        assert_eq!(read_well(&with_item(inside)).entries[0].published, None, "{inside}");
    }
}

#[test]
fn a_date_that_is_not_read_is_reported_with_its_words() {
    for (dates, warning) in [
        (&["soon"][..], Some("dates that could not be read: 1, such as `soon`")),
        (
            &["28 ⵏⵓⵡⴰⵏⴱⵉⵔ 2026", "2025-04-01", "29 ⵏⵓⵡⴰⵏⴱⵉⵔ 2026"],
            Some("dates that could not be read: 2, such as `28 ⵏⵓⵡⴰⵏⴱⵉⵔ 2026`"),
        ),
        (&["", " ", "0000-00-00 00:00:00", "1970-01-01", "0001-01-01T00:00:00Z"], None),
        (&["1448/06/18"], Some("dates that could not be read: 1, such as `1448/06/18`")),
    ] {
        let items: String = dates
            .iter()
            .map(|date| format!("<item><title>I</title><pubDate>{date}</pubDate></item>"))
            .collect();
        let parsed = read_well(&format!("<rss><channel><title>T</title>{items}</channel></rss>"));
        let found: Vec<&str> = parsed.warnings.iter().map(String::as_str).collect();
        assert_eq!(found, warning.into_iter().collect::<Vec<_>>(), "{dates:?}");
    }
}

#[test]
fn end_tags_match_in_any_case() {
    for item in [
        "<title>Mismatch</Title><link>/x</LINK>",
        "<Title>Mismatch</title><Link>/x</Link>",
        "<TITLE>Mismatch</title><LINK>/x</link>",
        "<dc:Title>Mismatch</dc:title><link>/x</link>",
    ] {
        let parsed = read_well(&format!(
            "<rss version='2.0'><channel><title>T</title><item>{item}</Item><item><title>Next</title>\
             </item></channel></rss>"
        ));
        assert_eq!(titles(&parsed), ["Mismatch", "Next"], "{item}");
        assert_eq!(parsed.entries[0].url.as_ref().map(Url::path), Some("/x"), "{item}");
    }
}

#[test]
fn addresses_are_read_from_other_elements() {
    for (inside, url) in [
        ("<url>https://example.org/u</url>", Some("https://example.org/u")),
        ("<link>https://example.org/l</link><url>/u</url>", Some("https://example.org/l")),
        ("<link>&lt;https://example.org/l&gt;</link>", Some("https://example.org/l")),
        ("<link>https://example.org/l&quot;</link>", Some("https://example.org/l")),
        ("<link>http://https://example.org/l</link>", Some("https://example.org/l")),
        ("<link>https://example.org/l https://example.org/m</link>", Some("https://example.org/l")),
        ("<link>feed://example.org/l</link>", Some("https://example.org/l")),
        ("<link>https://example.org/l?a=1&amp;b=2</link>", Some("https://example.org/l?a=1&b=2")),
        (
            "<link>https://counter.example/~r/1</link>\
             <feedburner:origLink>https://example.org/o</feedburner:origLink>",
            Some("https://example.org/o"),
        ),
    ] {
        let text = format!(
            "<rss version='2.0'><channel><item><title>x</title>{inside}</item></channel></rss>"
        );
        let parsed = read_well(&text);
        assert_eq!(parsed.entries[0].url.as_ref().map(Url::as_str), url, "{inside}");
    }
}

#[test]
fn plain_text_that_speaks_of_tags_keeps_them() {
    for (content, text) in [
        (
            "<content type='text/plain'>5 &lt; 6 and &lt;b&gt; is a tag</content>",
            "5 < 6 and <b> is a tag",
        ),
        ("<summary type='text'>x &lt;i&gt; y</summary>", "x <i> y"),
        ("<summary>Use &lt;em&gt; or &lt;strong&gt; here</summary>", "Use <em> or <strong> here"),
        ("<summary>&lt;p&gt;Ships &lt;b&gt;wait&lt;/b&gt;.&lt;/p&gt;</summary>", "Ships wait."),
        ("<summary type='text'>One&lt;br&gt;two</summary>", "One\ntwo"),
        ("<summary type='text'>NO&lt;inf&gt;X&lt;/inf&gt; falls</summary>", "NOX falls"),
        ("<summary type='text'>Read &lt;a href='/x'&gt;it&lt;/a&gt;</summary>", "Read it"),
        ("<summary type='text'>&lt;img src='/x.png'&gt; Ships wait</summary>", "Ships wait"),
    ] {
        let parsed = read_well(&format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><title>A</title>\
             <id>1</id>{content}</entry></feed>"
        ));
        assert_eq!(parsed.entries[0].text, text, "{content}");
    }
}

#[test]
fn formulas_and_readings_of_words_are_text_as_people_quote_it() {
    for (html, text) in [
        ("<p>Limit: <math><mi>x</mi><mo>=</mo><mn>5</mn></math> mg.</p>", "Limit: x=5 mg."),
        (
            "<p>Share: <math xmlns='m'><mfrac><mn>1</mn><mn>3</mn></mfrac></math> of all</p>",
            "Share: 1/3 of all",
        ),
        (
            "<ruby>北港<rp>(</rp><rt>きたみなと</rt><rp>)</rp></ruby>を閉鎖する。",
            "北港を閉鎖する。",
        ),
        ("<ruby>北<rt>きた</rt>港<rt>みなと</rt></ruby>を閉鎖", "北港を閉鎖"),
        ("<ruby>北港<rt>きたみなと</ruby>を閉鎖", "北港を閉鎖"),
    ] {
        let inside = format!("<description>{}</description>", cdata(html));
        let entry = &read_well(&with_item(&inside)).entries[0];
        assert_eq!(entry.text, text, "{html}");
        let has_reading = entry.summary.as_deref().unwrap().contains("<rt>");
        assert_eq!(has_reading, html.contains("<rt>"), "{:?}", entry.summary);
    }
    let feed = with_item("").replace(
        "<title>I</title>",
        "<title>&lt;ruby&gt;北港&lt;rt&gt;きたみなと&lt;/rt&gt;&lt;/ruby&gt;を閉鎖</title>",
    );
    assert_eq!(read_well(&feed).entries[0].title, "北港を閉鎖");
}
