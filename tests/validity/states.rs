//! Tests that whatever the daemon serves is valid, whatever its sources write.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::http::Answer;
use crate::support::site;
use crate::support::validator::check;
use crate::support::world::{World, atom};

const BASE: &str = "https://feeds.example.org/";
const HOUR: Duration = Duration::from_secs(3600);
const FORMATS: [&str; 3] = ["atom", "rss", "json"];

/// Queries as readers write them, encoded as forms encode them.
const QUERIES: [&str; 5] = [
    "news",
    "%22the+news%22+OR+%22%3Cb%3E+%26amp%3B+news%22",
    "caf%C3%A9+OR+%D7%97%D7%93%D7%A9%D7%95%D7%AA",
    "%22news%7E%22+OR+%22R%26D%22+OR+%22100%25+Q3%264%22",
    "title%3Anews+NOT+%28weather+OR+sport%29",
];

/// A daemon with one source, two topics that tell of it, a hub and every word of explanation.
async fn telling(document: impl Into<Vec<u8>>) -> World {
    let world = World::new().await.source("dep", document);
    let world = world.topic("news", "news").lines("explain = true\nentries = 500");
    let world = world.topic("none", "nothing").lines("description = \"R&D, Q3&4 &amp; <b>\"");
    world.lines("[hub]\nserve = true").start().await
}

/// Every feed and list that is there, by what leads to it, and what the server answers.
async fn served(world: &World, base: &str) -> BTreeMap<String, Answer> {
    let mut paths: Vec<String> =
        ["/opml", "/sources.opml", "/sources.atom"].map(str::to_owned).into();
    for stem in ["/stories", "/topics/news", "/topics/none", "/sources/dep"] {
        paths.extend(FORMATS.map(|format| format!("{stem}.{format}")));
    }
    for query in QUERIES {
        paths.extend(FORMATS.map(|format| format!("/search.{format}?q={query}")));
    }
    let mut served = BTreeMap::new();
    while let Some(path) = paths.pop() {
        let answer = world.get(&path).await;
        paths.extend(leads_to(&answer, base).into_iter().filter(|path| !served.contains_key(path)));
        served.insert(path, answer);
    }
    served
}

/// The paths of earlier stories: an archived feed, a further page.
fn leads_to(answer: &Answer, base: &str) -> Vec<String> {
    let text = answer.text();
    let next = match serde_json::from_str::<Value>(text) {
        Ok(feed) => feed["next_url"].as_str().map(str::to_owned),
        Err(_) => text.split("<link ").chain(text.split("<atom:link ")).find_map(|link| {
            let tag = link.split_once('>')?.0;
            let href = tag.split_once("href=\"")?.1.split_once('"')?.0;
            tag.contains("\"prev-archive\"").then(|| href.replace("&amp;", "&"))
        }),
    };
    next.into_iter().map(|url| url.replacen(base, "/", 1)).collect()
}

/// The rules that are broken, each with what breaks it.
async fn broken(world: &World, base: &str) -> BTreeMap<&'static str, BTreeSet<String>> {
    let now = world.clock.now().to_string();
    let mut broken: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for (path, answer) in served(world, base).await {
        let address = format!("{base}{}", &path[1..]);
        for finding in check(&address, &answer, &now) {
            let what = format!("{path}: {}", finding.what);
            broken.entry(finding.rule).or_default().insert(what);
        }
    }
    broken
}

/// That these rules and no others are broken.
async fn breaks(world: &World, meant: &[&str]) {
    let broken = broken(world, BASE).await;
    let rules: Vec<&str> = broken.keys().copied().collect();
    assert_eq!(rules, meant, "{broken:#?}");
}

fn feed(entries: &str) -> String {
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"https://dep.example/\">\
         <id>tag:dep.example,2025:feed</id><title>Dep</title>\
         <updated>2025-04-02T12:00:00Z</updated>{entries}</feed>"
    )
}

/// An entry of Atom by its number, with this beside id, date and link.
fn entry(number: u32, said: &str) -> String {
    format!(
        "<entry><id>tag:dep.example,2025:{number}</id><link href=\"https://dep.example/{number}\"/>\
         <updated>2025-04-02T11:00:{number:02}Z</updated>{said}</entry>"
    )
}

/// One entry for each of these, each of another second.
fn entries(said: &[&str]) -> String {
    let each = (1..).zip(said).map(|(number, said)| entry(number, said));
    feed(&each.collect::<String>())
}

fn escaped(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn rss(items: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>Dep</title><link>https://dep.example/</link>\
         <description>News</description>{items}</channel></rss>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn before_anything_was_read_every_feed_is_valid() {
    let world = telling(feed("")).await;
    breaks(&world, &[]).await;
    let world = telling("<html>We have moved</html>").await;
    breaks(&world, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_plain_story_every_feed_is_valid() {
    let world = telling(entries(&["<title>News of a day</title><summary>Told.</summary>"])).await;
    breaks(&world, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_every_feed_names_the_address_that_readers_ask() {
    for base in ["https://example.org/news/", "http://203.0.113.7:8484/"] {
        let mut world = World::new().await.source("dep", of_html());
        world.rebase(base);
        let world = world.topic("news", "news").topic("none", "nothing");
        let world = world.lines("[hub]\nserve = true").start().await;
        let broken = broken(&world, base).await;
        assert!(broken.is_empty(), "{base}: {broken:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_leaves_out_is_not_missing() {
    let bare = ["<title>News</title>", "<title></title><summary>News</summary>", "<summary/>"];
    breaks(&telling(entries(&bare)).await, &[]).await;
    let without_links = "<entry><id>tag:dep.example,2025:1</id><title>News</title></entry>\
        <entry><title>More news</title><author><name> </name></author></entry>\
        <entry><id></id><title>Old news</title><author/><category term=\"\"/></entry>";
    breaks(&telling(feed(without_links)).await, &["DuplicateUpdated"]).await;
    let items = "<item><title>News of a day</title></item><item><description>News</description>\
        <author/></item><item><link>https://dep.example/3</link><guid/><title>News 3</title></item>";
    breaks(&telling(rss(items)).await, &["DuplicateUpdated"]).await;
}

/// HTML as departments' systems and worse ones write it.
const HTML: &[&str] = &[
    "<p>Plain</p><ul><li>One<li>Two</ul><table><tr><td>1<td colspan=2>2</table>",
    "<p>A<p>B<div>C</p></div></i></p><b><i>crossed</b></i><br/><hr><p/>",
    "<a href='#part'>a</a><a href=''>b</a><a href='/c'>c</a><a href='d.html'>d</a><a>e</a>",
    "<img src='a.png'><img src='data:image/png;base64,iVBORw0KGgo=' alt='x'><img alt=''>",
    "<a href='mailto:a@b.example'>m</a><a href='tel:+4420'>t</a><a href='javascript:x()'>j</a>",
    "<p style='color: red' class=x onclick=y() data-z=1 id=w>s</p><font color=red>f</font>",
    "<iframe src=x></iframe><script>x</script><style>p{}</style><object><embed></object>",
    "<form><input name=a><select><option>o</select><button>b</button></form><video src=v></video>",
    "<svg><circle r=1 /></svg><math><mi>x</mi></math><blink>b</blink><o:p>o</o:p><custom-x>c",
    "<h2>A<h3>B</h3></h2><a href='/x'><a href='/y'>nested</a></a><nobr>n<nobr>m</nobr>",
    "R&D & A&E &amp;&nbsp;&copy &#8217; &#x92; &bogus; 1 < 2 > 0 <3 </p>",
    "<!-- c --><![CDATA[d]]><?php e ?><!DOCTYPE html><html><body>f</body></html>",
    "<bdo dir=rtl>abc</bdo><bdi>\u{5d7}</bdi><p dir=rtl lang=he>\u{5d7}\u{5d3}</p><ruby>a<rt>b</ruby>",
    "<table>text<tr><td>1</td></tr><caption>c</caption></table><td>lost</td><li>lost</li>",
    "<details><summary>s</summary>d</details><dl><dt>t<dd>d</dl><p><table><tr><td>x</table></p>",
    "<a href=\"http://[broken\">a</a><a href=\"https://a.example/?b[]=c d\">b</a><a href='//c'>c</a>",
    "<p title='\"quoted\" &lt;b&gt;' lang=x-y-z>t</p><time datetime=now>t</time><ol start=x><li>o</ol>",
    "<p>unclosed <b>bold <i>both",
    "<plaintext>all <b>of</b> it",
];

/// An entry of each piece of HTML, as title, summary and content.
fn of_html() -> String {
    let said = HTML.iter().map(|html| {
        let html = escaped(html);
        format!(
            "<title type=\"html\">News {html}</title><summary type=\"html\">{html}</summary>\
             <content type=\"html\">{html}<p>In full.</p></content>"
        )
    });
    let said: Vec<String> = said.collect();
    entries(&said.iter().map(String::as_str).collect::<Vec<_>>())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_html_a_source_writes_ours_is_sound_and_harmless() {
    breaks(&telling(of_html()).await, &[]).await;

    let items = (1..).zip(HTML).map(|(number, html): (u32, _)| {
        format!(
            "<item><title>News {}</title><guid>https://dep.example/{number}</guid><pubDate>Wed, 02 \
             Apr 2025 11:{number:02}:00 GMT</pubDate><description>{0}</description></item>",
            escaped(html)
        )
    });
    breaks(&telling(rss(&items.collect::<String>())).await, &[]).await;
}

/// What html5lib finds wrong with the HTML in documents, as strictly as the validator has it read.
const HTML5LIB: &str = r#"
import html5lib, json, sys
import xml.etree.ElementTree as tree
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"

def pieces(text):
    if text.startswith("{"):
        yield from (item["content_html"] for item in json.loads(text)["items"])
        return
    document = tree.fromstring(text.encode())
    # What a channel says of itself is plain.
    yield from (told.text or "" for told in document.iterfind(".//item/description"))
    for element in document.iter():
        if element.tag == f"{CONTENT}encoded" or element.get("type") == "html":
            yield element.text or ""
        if element.tag == "outline":
            yield from (element.get(name, "") for name in ("text", "title", "description"))

count, wrong = 0, []
for path, text in json.load(sys.stdin).items():
    for html in pieces(text):
        count += 1
        try:
            html5lib.HTMLParser(strict=True).parseFragment(html)
        except html5lib.html5parser.ParseError as error:
            wrong.append(f"{path}: {error!r} in {html!r}")
print(json.dumps({"count": count, "wrong": wrong}))
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs html5lib (PyPI package html5lib)"]
async fn the_parser_that_the_validator_uses_finds_nothing_wrong_with_our_html() {
    let world = telling(of_html()).await;
    let documents: BTreeMap<String, String> = served(&world, BASE)
        .await
        .into_iter()
        .map(|(path, answer)| (path, answer.text().to_owned()))
        .collect();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("documents.json");
    std::fs::write(&file, serde_json::to_vec(&documents).unwrap()).unwrap();
    let output = Command::new("python3")
        .args(["-c", HTML5LIB])
        .stdin(std::fs::File::open(file).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(found["count"].as_u64().unwrap() > 300, "{}", found["count"]);
    assert_eq!(found["wrong"], Value::Array(Vec::new()), "{found:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_texts_are_valid_to_their_end() {
    let paragraph = escaped("<p>News of <a href='/x'>a place</a> &amp; <em>another</em>.</p>");
    let long = format!(
        "<title>{}</title><content type=\"html\">{}</content>",
        "News and ".repeat(300),
        paragraph.repeat(4_000)
    );
    let deep = format!(
        "<title>News</title><content type=\"html\">{}</content>",
        escaped(&format!("{}news{}", "<div><b>".repeat(2_000), "</b></div>".repeat(1_000)))
    );
    breaks(&telling(entries(&[&long, &deep])).await, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn characters_of_every_kind_are_carried_or_left_out() {
    let said = [
        "<title>News \u{1F1FA}\u{1F1E6} \u{1F469}\u{200D}\u{1F680} \u{5d7}\u{5d3}\u{5e9}\u{5d5}\u{5ea} \u{202e}x</title>\
         <summary>\u{645}\u{631}\u{62d}\u{628}\u{627} \u{200f}abc</summary>",
        "<title>News &#x92;quoted&#x93; \u{fffd}\u{85}\u{9d}</title><summary>&#150;</summary>",
        "<title>News \u{1}\u{8}\u{b}\u{fffe}\u{ffff}</title><summary>\u{0}&#0;&#1;</summary>",
        "<title>News \u{fdd0}x\u{fdd1}y\u{1fffe}</title><summary>a\u{2028}b\u{feff}c</summary>",
        "<title>News ]]&gt; ]]]]&gt;&gt;</title><summary>]]&gt;&lt;![CDATA[</summary>",
    ];
    breaks(&telling(entries(&said)).await, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_titles_that_look_like_markup_are_told_to_be_text() {
    let said = [
        "<title>News &lt;b&gt;bold&lt;/b&gt; of R&amp;D, Q3&amp;4 &amp;copy</title>",
        "<title type=\"html\">News &amp;amp;lt;b&amp;amp;gt; &amp;amp;amp;</title>",
        "<title>News &amp;lt;i&amp;gt; &amp;#8217; &amp;#x92; &amp;pi</title>",
        "<title>News 1 &lt; 2 &lt;3 &lt;/ b</title>",
        "<title>News</title><author><name>A &amp;amp; B &lt;a@b.example&gt;</name></author>",
        "<title>News</title><author><name>a@b.example (C &lt;b&gt;D&lt;/b&gt;)</name></author>",
        "<title>News</title><author><name>&lt;a@b.example&gt;</name></author>",
        "<title>News</title><category term=\"A &amp;amp; B\"/><category term=\"&lt;b&gt;\"/>\
         <category term=\" , \u{2014} \"/><category term=\"x&amp;lt;y\" label=\"Q1&amp;2\"/>",
        "<title>News</title><rights>&amp;copy; 2025 A&amp;B &lt;b&gt;all&lt;/b&gt;</rights>",
    ];
    let document = entries(&said).replace("<title>Dep", "<title>Dep &amp;amp; &lt;/b&gt; Q3&amp;4");
    breaks(&telling(document).await, &[]).await;
    let items = "<item><title>News &amp;amp; &lt;b&gt;x&lt;/b&gt; &lt;&lt;</title>\
        <author>a@b.example (A &amp;amp; B)</author><category>C&amp;amp;D &lt;/i&gt;</category>\
        <pubDate>Wed, 02 Apr 2025 11:05:00 GMT</pubDate></item>";
    breaks(&telling(rss(items)).await, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_that_cannot_be_are_not_repeated() {
    let dated = |number: u32, date: &str| {
        entry(number, "<title>News</title>").replacen("2025-04-02T11:00", date, 1)
    };
    let said = [
        dated(1, "2031-04-02T11:00"),
        dated(2, "1970-01-01T00:00"),
        dated(3, "0001-01-01T00:00"),
        dated(4, "2025-02-31T25:61"),
        dated(5, "2025-04-02 11:00"),
        dated(6, "yesterday"),
    ];
    // Of those that have no date of their own, some were first seen in the same second.
    breaks(&telling(feed(&said.concat())).await, &["DuplicateUpdated"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attached_files_are_told_of_as_far_as_they_are_known() {
    let link = |href: &str, more: &str| format!("<link rel=\"enclosure\" href=\"{href}\" {more}/>");
    let files = [
        link("a.pdf", ""),
        link("/b.csv", "length=\"-1\" type=\"text/csv; charset=utf-8\""),
        link("https://dep.example/c[1].mp3", "length=\"\" type=\"mp3\""),
        link("ftp://dep.example/d.zip", "length=\"99999999999999999999\" type=\"\""),
        link("data:text/plain,x", "length=\"1.5\" type=\"text/plain\""),
    ];
    let said: Vec<String> = files.iter().map(|file| format!("<title>News</title>{file}")).collect();
    let all = format!("<title>News</title>{}", files.concat());
    let said: Vec<&str> = said.iter().map(String::as_str).chain([all.as_str()]).collect();
    breaks(&telling(entries(&said)).await, &[]).await;
    let items = "<item><title>News</title><guid>https://dep.example/1</guid>\
        <enclosure url=\"http://dep.example/a b.mp3\" length=\"unknown\" type=\"audio\"/>\
        <enclosure url=\"/b.mp3\" length=\"1\"/></item>";
    breaks(&telling(rss(items)).await, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_published_as_they_are_and_only_where_they_are_ids() {
    let named = |ids: &[&str]| {
        let each = (1..).zip(ids).map(|(number, id)| {
            entry(number, "<title>News</title>").replacen(
                &format!("tag:dep.example,2025:{number}"),
                &escaped(id),
                1,
            )
        });
        feed(&each.collect::<String>())
    };
    let good = [
        "https://dep.example/1#2025-04-02T12:05:00+01:00",
        "urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6",
        "tag:dep.example,2025-04-02:news;1",
        "https://dep.example/?a=b&c=d%20e",
        "https://dep.example/?b[]=c",
        "relative/1",
        "//dep.example/2",
        "not an id",
        "?",
        "tag:Dep Example:1",
        "4711",
        "https://dep.example/a|b{c}",
        "https://dep.example/%zz",
    ];
    breaks(&telling(named(&good)).await, &[]).await;
    // RFC 4287 §4.2.6: whoever republishes an id must not change it, usual or not; and it may
    // be an IRI, of which the validator knows URIs alone.
    for (id, meant) in [
        ("HTTP://Dep.Example:80/%7Ea", "NonCanonicalURI"),
        ("https://dep.example", "NonCanonicalURI"),
        ("https://dep.example/a/../b", "NonCanonicalURI"),
        ("urn:uuid:1", "InvalidUUID"),
        ("urn:x", "InvalidURN"),
        ("tag:Dep.example,2025:1", "InvalidTAG"),
        ("madeup:1", "SchemeNotIANARegistered"),
    ] {
        breaks(&telling(named(&[id])).await, &[meant]).await;
    }
    let iri = telling(named(&["https://dep.example/\u{e9}"])).await;
    breaks(&iri, &["InvalidUriChar", "NonCanonicalURI"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revised_taken_back_archived_and_restarted_stays_valid() {
    let listed = |numbers: &[u32], title: &str| {
        let rows = numbers.iter().map(|number| {
            let page = format!("https://www.gov.uk/government/news/{number}");
            let updated = format!("2025-04-02T{number:02}:00:00Z");
            [format!("{page}#{updated}"), page, format!("{title} {number}"), updated]
        });
        let rows: Vec<[String; 4]> = rows.collect();
        let rows = rows.iter().map(|[id, page, title, at]| (&**id, &**page, &**title, &**at));
        atom(&rows.collect::<Vec<_>>())
    };
    let mut world = telling(listed(&[1, 2, 3], "News of a treaty")).await;
    breaks(&world, &[]).await;

    world.site.document("/dep", listed(&[1, 2, 3, 4], "Better news of a treaty"));
    world.pass(2 * HOUR).await;
    breaks(&world, &[]).await;

    let tombstone = "<at:deleted-entry xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" \
        ref=\"https://www.gov.uk/government/news/2#2025-04-02T02:00:00Z\" \
        when=\"2025-04-03T10:00:00Z\"/></feed>";
    let listing = listed(&[1, 3, 4], "Better news of a treaty").replace("</feed>", tombstone);
    world.site.document("/dep", listing);
    world.pass(2 * HOUR).await;
    // The validator does not know tombstones (RFC 6721), and only says so.
    breaks(&world, &["UnknownNamespace"]).await;

    // Two months later there are two volumes. Nothing is before the first, and what comes
    // after it was not known when it closed: its Link header says it.
    for month in [5, 6] {
        let listing = listed(&[5 * month], "Later news")
            .replace("2025-04-02", &format!("2025-{month:02}-02"));
        world.site.document("/dep", listing);
        world.pass(31 * 24 * HOUR).await;
    }
    let archived: Vec<String> = served(&world, BASE).await.into_keys().collect();
    let volumes = archived.iter().filter(|path| path.contains("/archive/")).count();
    assert!(volumes >= 6, "{archived:?}");
    breaks(&world, &["ArchiveIncomplete", "UnknownNamespace"]).await;
    world.restart().await;
    breaks(&world, &["ArchiveIncomplete", "UnknownNamespace"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_sources_is_told_in_a_valid_feed() {
    let world = telling(entries(&["<title>News</title>"])).await;
    for answer in [site::Answer::status(500), site::Answer::status(410)] {
        world.site.script("/dep", [answer]);
        for _ in 0..8 {
            world.pass(12 * HOUR).await;
        }
    }
    let told = world.get("/sources.atom").await;
    assert!(told.text().matches("<entry>").count() >= 2, "{}", told.text());
    breaks(&world, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_tell_is_one_valid_story() {
    let page = "https://www.gov.uk/government/news/a-treaty";
    let lead = atom(&[(
        page,
        page,
        "News of the treaty that Carrow and Marigold sign at Tarn",
        "2025-04-02T11:00:00Z",
    )]);
    let copy = atom(&[(
        "tag:wire.example,2025:1",
        "https://wire.example/1?a=b&amp;c[]=d",
        "News of the treaty that Carrow and Marigold sign at Tarn",
        "2025-04-02T12:00:00Z",
    )]);
    let world = World::new().await.source("dep", lead);
    let world = world
        .source("wire", copy)
        .lines("role = \"syndicator\"\ntitle = \"The <b> Wire &amp; Q3&4\"");
    let world = world.topic("news", "news").topic("none", "nothing").start().await;
    let feed = world.get("/topics/news.atom").await;
    assert_eq!(feed.text().matches("<entry>").count(), 1, "{}", feed.text());
    assert!(feed.text().contains("rel=\"via\""), "{}", feed.text());
    breaks(&world, &[]).await;
}
