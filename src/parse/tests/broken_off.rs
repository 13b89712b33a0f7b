//! Reads documents that break off, wherever they do.

use super::*;

/// Documents of each format, whose entries hold what a document can break off in: tags, attributes
/// in either quotes, references, CDATA sections, comments, XHTML and vocabularies of others. The
/// last entry of each has a title and a link.
const DOCUMENTS: [&str; 9] = [
    "<feed xmlns='http://www.w3.org/2005/Atom'><id>f</id><title>T</title>\
     <entry><id>https://example.org/one</id><title>One &amp; all</title>\
     <link rel='self' href='https://example.org/one.atom'/><link href='https://example.org/one'/>\
     <content type='html'>&lt;p&gt;First</content></entry>\
     <entry><id>https://example.org/two</id><title><![CDATA[Two]]></title>\
     <link href='https://example.org/two'/><updated>2025-04-02T11:05:00Z</updated></entry></feed>",
    "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:id>f</a:id>\
     <a:entry><a:link href=\"https://example.org/one?a=1&amp;b=2\"/><a:id>urn:one</a:id>\
     <a:title type=\"html\">One &lt;b&gt;bold&lt;/b&gt;</a:title></a:entry>\
     <a:entry><a:title>Two</a:title><a:link rel=\"alternate\" href=\"https://example.org/two\"/>\
     <a:content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Words <b>of</b> two\
     <!-- aside --></p></div></a:content></a:entry></a:feed>",
    "<?xml version='1.0'?><rss version='2.0'><channel><title>T</title><link>https://example.org/</link>\
     <item><guid isPermaLink='false'>1</guid><title>One &#8211; first</title>\
     <link>https://example.org/?n=1&amp;m=2</link><description>a &amp; b</description></item>\
     <item><link>https://example.org/two</link><description><![CDATA[<p>Words of <a \
     href=\"/x\">two</a></p>]]></description><title><![CDATA[Two & more]]></title></item>\
     </channel></rss>",
    "<rss version=\"2.0\" xmlns:media=\"http://search.yahoo.com/mrss/\" \
     xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>\
     <item><title>One</title><dc:creator>A. Author</dc:creator><guid>https://example.org/one</guid>\
     <media:content url='https://example.org/1.jpg' medium='image'><media:title>a > b</media:title>\
     </media:content></item><item><media:group><media:content url='https://example.org/2.mp4'/>\
     </media:group><pubDate>Wed, 02 Apr 2025 11:05:00 GMT</pubDate><title>Two</title>\
     <link>https://example.org/two</link></item></channel></rss>",
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' \
     xmlns:dc='http://purl.org/dc/elements/1.1/'><channel rdf:about='https://example.org/'><title>T\
     </title><items><rdf:Seq><rdf:li resource='https://example.org/one'/></rdf:Seq></items></channel>\
     <item rdf:about='https://example.org/one'><title>One</title><link>https://example.org/one</link>\
     <dc:date>2025-04-02</dc:date></item><item rdf:about='https://example.org/two'>\
     <description>Words &lt;i&gt;of&lt;/i&gt; two</description><link>https://example.org/two</link>\
     <title>Two &quot;quoted&quot;</title></item></rdf:RDF>",
    r#"{"version":"https://jsonfeed.org/version/1.1","title":"T","authors":[{"name":"A"}],"items":[
     {"id":"1","url":"https://example.org/one","title":"One \"quoted\"","content_html":"<p>First</p>"},
     {"title":"Two \u2013 more","tags":["a","b"],"attachments":[{"url":"https://example.org/2.pdf",
     "mime_type":"application/pdf"}],"url":"https://example.org/two","content_text":"Words","id":2}]}"#,
    r#"{"title":"T","home_page_url":"https://example.org/","items":[{"id":"1","title":"One","date_published":
     "2025-04-02T11:05:00Z","url":"https:\/\/example.org\/one","author":{"name":"A"}},{"id":"2",
     "content_html":"<a href=\"x\">Words<\/a>","url":"https://example.org/two","title":"Two [}"}],"expired":false}"#,
    r#"[{"id":"1","url":"https://example.org/one","title":"One","tags":["a","b"]},{"id":"2",
     "url":"https://example.org/two","author":{"name":"A"},"title":"Two","content_text":"Words"}]"#,
    "<feed><title>T</title><entry><title>One</title><link href='/one'/></entry>\
     <entry><link href='/two'/><summary type='xhtml'><div>Words<br/>of two</div></summary>\
     <title>Two</title></entry></feed>",
];

/// Where the first title and the first address of each entry have come whole.
fn whole_parts(text: &str) -> Vec<usize> {
    let starts: Vec<usize> =
        ["<entry>", "<a:entry>", "<item>", "<item ", "{\"id\"", "{\"title\":\"Two"]
            .iter()
            .flat_map(|start| text.match_indices(start).map(|(at, _)| at))
            .collect();
    let whole = |start: &usize| {
        let ends = ["</title>", "</a:title>", "</link>", "https://example.org/two\",", "One\","];
        let ends =
            ends.iter().filter_map(|end| Some(start + text[*start..].find(end)? + end.len()));
        ends.min().unwrap()
    };
    let mut parts: Vec<usize> = starts.iter().map(whole).collect();
    parts.sort_unstable();
    parts
}

#[test]
fn wherever_a_document_breaks_off_nothing_is_lost_and_nothing_read_that_it_did_not_say() {
    for text in DOCUMENTS {
        let entries = read_well(text).entries;
        assert_eq!(entries.len(), 2, "{text}");
        let parts = whole_parts(text);
        assert_eq!(parts.len(), 2, "{text}");
        for cut in text.char_indices().map(|(at, _)| at) {
            let cut_off = &text[..cut];
            let least = parts.iter().filter(|end| **end <= cut).count();
            let Ok(mut part) = parse(&document(cut_off), &Limits::default()) else {
                assert_eq!(least, 0, "{cut_off}");
                continue;
            };
            let found = part.entries.len();
            assert!(found >= least, "{found} of {least} entries of {cut_off}");
            assert!(part.broken_off.is_some() || part.entries == entries, "{cut_off}");
            assert_eq!(part.broken_off.is_some(), !part.warnings.is_empty(), "{cut_off}");
            if part.broken_off == Some(Break::WithinLast) {
                let half = part.entries.pop().unwrap();
                let whole = &entries[found - 1];
                assert!(!half.title.is_empty() || half.url.is_some(), "{cut_off}");
                assert!(half.title.is_empty() || half.title == whole.title, "{cut_off}");
                assert!(half.text.is_empty() || half.text == whole.text, "{cut_off}");
                // Until its own link has come, the address is another that it states.
                let addresses = |url: &Url| text.contains(url.path());
                assert!(half.url.as_ref().is_none_or(addresses), "{:?} {cut_off}", half.url);
            }
            assert!(entries.starts_with(&part.entries), "{:#?} of {cut_off}", part.entries);
        }
    }
}
