//! Tests the pages in a browser.

use std::path::{Path, PathBuf};

use crate::support::binary::{Gazetted, RunningDaemon};
use crate::support::browser::Browser;
use crate::support::http::get;

/// A page as Chromium holds it once it has loaded and run whatever would run.
fn dom(browser: &mut Browser, daemon: &RunningDaemon, path: &str) -> String {
    browser.open(&format!("http://{}{path}", daemon.address));
    browser.dom()
}

/// The values of an attribute in the elements that begin so.
fn attributes<'a>(dom: &'a str, element: &str, name: &str) -> Vec<&'a str> {
    let value = |tag: &'a str| {
        let value = tag.split_once(&format!(" {name}=\""))?.1;
        Some(value.split_once('"')?.0)
    };
    let begin = format!("<{element}");
    let tags = dom.match_indices(&begin).map(|(at, _)| dom[at..].split_once('>').unwrap().0);
    tags.filter_map(value).collect()
}

/// The text of the page's title, which a script would have changed.
fn title(dom: &str) -> &str {
    dom.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0
}

#[test]
#[ignore = "needs chromium (Debian package chromium)"]
fn a_browser_shows_topics_stories_and_sources_and_finds_the_feeds() {
    let demo = Gazetted::demo();
    let daemon = demo.start();
    demo.succeed(&["poll"]);
    let browser = &mut Browser::start();

    let front = dom(browser, &daemon, "/");
    assert_eq!(title(&front), "gazetted demonstration");
    let topics = ["western-balkans", "sanctions", "migration-and-organised-crime", "ukraine"];
    for topic in topics {
        assert!(front.contains(&format!("href=\"/topics/{topic}\"")), "{front}");
    }

    let topic = dom(browser, &daemon, "/topics/western-balkans");
    assert_eq!(title(&topic), "Western Balkans – gazetted demonstration");
    assert!(topic.contains("closer ties in the region</a></h3>"), "{topic}");
    assert!(topic.contains("Also published by Home Office"), "{topic}");
    for page in [&front, &topic] {
        let feeds = attributes(page, "link rel=\"alternate\"", "href");
        assert!(feeds.len() >= 3, "{feeds:?}");
        let types = attributes(page, "link rel=\"alternate\"", "type");
        for (feed, media_type) in feeds.into_iter().zip(types) {
            let answer = get(daemon.address, feed);
            assert_eq!(answer.status, 200, "{feed}");
            let served = answer.header("content-type").unwrap();
            assert!(served.starts_with(media_type), "{feed}: {served}, not {media_type}");
        }
    }

    let stories = attributes(&topic, "a href=\"/stories/", "href");
    let story = dom(browser, &daemon, stories[0]);
    assert!(story.contains("The 4 places where it was published"), "{story}");
    for publisher in ["Home Office", "Wired-Gov"] {
        assert!(story.contains(&format!("<bdi>{publisher}</bdi>")), "{story}");
    }
    assert!(story.contains("href=\"/topics/western-balkans\""), "{story}");

    let sources = dom(browser, &daemon, "/sources");
    assert!(sources.contains("10 sources, all healthy."), "{sources}");
    assert_eq!(sources.matches("<tr role=\"row\">").count(), 11, "a head and ten sources");
}

/// Every way to a script that a feed can try; each would change the title or
/// leave a mark in the page.
const HOSTILE: &str = r#"<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x:feed</id><title>A <![CDATA[<script>document.title='owned'</script>]]> department</title><updated>2025-04-02T11:05:00Z</updated>
<author><name>&lt;img src=x onerror="document.title='owned'"&gt;</name></author>
<entry><id>urn:x:1</id><updated>2025-04-02T11:05:00Z</updated>
<link href="https://www.gov.uk/government/news/one"/>
<title type="html">Crime &lt;script&gt;document.title='owned'&lt;/script&gt;&lt;/title&gt;&lt;svg onload="document.title='owned'"&gt; one</title>
<summary type="html">&lt;img src=x onerror="document.title='owned'"&gt;&lt;p onclick="x()" onmouseover="x()" style="x"&gt;A summary&lt;/p&gt;&lt;script&gt;document.body.innerHTML='owned'&lt;/script&gt;</summary>
<content type="html">&lt;svg&gt;&lt;script&gt;document.title='owned'&lt;/script&gt;&lt;/svg&gt;&lt;iframe srcdoc="&lt;script&gt;parent.document.title='owned'&lt;/script&gt;"&gt;&lt;/iframe&gt;&lt;math&gt;&lt;mtext&gt;&lt;table&gt;&lt;mglyph&gt;&lt;style&gt;&lt;img src=x onerror="document.title='owned'"&gt;&lt;/style&gt;&lt;/mglyph&gt;&lt;/table&gt;&lt;/mtext&gt;&lt;/math&gt;&lt;a href="javascript:document.title='owned'"&gt;text&lt;/a&gt;</content>
<category term="&quot;&gt;&lt;script&gt;document.title='owned'&lt;/script&gt;"/></entry>
<entry><id>urn:x:2</id><updated>2025-04-02T11:06:00Z</updated>
<link href="javascript:document.title='owned'"/>
<title type="text">Crime &lt;script&gt;document.title='owned'&lt;/script&gt; two</title>
<summary>Plain &lt;img src=x onerror="document.title='owned'"&gt; text</summary></entry>
</feed>"#;

#[test]
#[ignore = "needs chromium (Debian package chromium)"]
fn nothing_that_a_source_sends_runs_in_a_browser() {
    let hostile = Gazetted::with(
        "[store]\npath = \"store\"\n[server]\nlisten = \"127.0.0.1:0\"\ntitle = \"Ours\"\n\
         [[source]]\nid = \"hostile\"\nfile = \"hostile.atom\"\n\
         title = \"<script>document.title='owned'</script> Ministry\"\n\
         [[topic]]\nid = \"crime\"\ntitle = \"Crime <img src=x onerror=document.title='owned'>\"\n\
         description = \"<script>document.title='owned'</script>\"\nquery = \"crime\"\n",
    );
    std::fs::write(hostile.path().join("hostile.atom"), HOSTILE).unwrap();
    let daemon = hostile.start();
    hostile.succeed(&["poll"]);
    let exported = hostile.succeed(&["export", "stories"]);
    assert_eq!(exported.lines().count(), 2, "{exported}");
    let mut paths = vec!["/".to_owned(), "/topics/crime".to_owned(), "/sources".to_owned()];
    for line in exported.lines() {
        let story: serde_json::Value = serde_json::from_str(line).unwrap();
        paths.push(format!("/stories/{}", story["id"].as_str().unwrap()));
    }
    let browser = &mut Browser::start();
    for path in paths {
        let page = dom(browser, &daemon, &path);
        assert!(title(&page).ends_with("Ours") && !title(&page).contains("owned<"), "{page}");
        assert!(page.contains("Merged from departments"), "its own footer stands: {page}");
        for element in ["<script", "<iframe", "<object", "<embed", "<math", "<style", "<img"] {
            assert!(!page.contains(element), "{path}: {element} in\n{page}");
        }
        // Chromium quotes every value and escapes < and > in it: what is left
        // of a tag without its values is the names.
        for tag in page.split('<').skip(1).map(|rest| rest.split_once('>').unwrap().0) {
            let names: String = tag.split('"').step_by(2).collect();
            let handler = names.split_whitespace().find(|name| name.starts_with("on"));
            assert_eq!(handler, None, "{path}: <{tag}>");
            assert!(!tag.contains("href=\"javascript:"), "{path}: <{tag}>");
        }
        // The policy stands behind all that, should a sanitiser ever fail.
        let answer = get(daemon.address, &path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("script-src"),
            "{policy}"
        );
    }
}

/// An item without a date, which is of the day on which it is read: a search finds it, whenever
/// this runs.
const UNDATED: &str = "<item><title>Customs officers report more seizures of drugs</title>\
     <link>https://wire.example/seizures</link>\
     <description>Smuggling by sea goes on, and seizures have doubled.</description></item>";

/// The demonstration a day later: a story was revised, a copy joined, and one source has vanished.
fn a_day_later() -> (Gazetted, RunningDaemon) {
    let demo = Gazetted::demo();
    let daemon = demo.start();
    demo.succeed(&["poll"]);
    let sources = demo.path().join("demo");
    for file in std::fs::read_dir(sources.join("later")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), sources.join(file.file_name())).unwrap();
    }
    std::fs::remove_file(sources.join("hm-treasury.atom")).unwrap();
    let wired = sources.join("wired-gov.rss");
    let listed = std::fs::read_to_string(&wired).unwrap();
    std::fs::write(wired, listed.replacen("<item>", &format!("{UNDATED}<item>"), 1)).unwrap();
    demo.run(&["poll"]);
    (demo, daemon)
}

/// The page of the story that was revised.
fn revised(demo: &Gazetted, stories: &[serde_json::Value]) -> String {
    let ids = stories.iter().map(|story| story["id"].as_str().unwrap());
    let is_revised = |id: &&str| {
        let told: serde_json::Value =
            serde_json::from_str(&demo.succeed(&["explain", "--json", id])).unwrap();
        !told["revisions"].as_array().unwrap().is_empty()
    };
    format!("/stories/{}", ids.into_iter().find(is_revised).expect("one was revised"))
}

/// Every page, with its name for a picture.
fn every_page(demo: &Gazetted) -> Vec<(&'static str, String)> {
    let lines = demo.succeed(&["export", "stories"]);
    let stories: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let most = |what: &str| {
        let story = stories.iter().max_by_key(|story| story[what].as_array().map_or(0, Vec::len));
        format!("/stories/{}", story.unwrap()["id"].as_str().unwrap())
    };
    vec![
        ("front", "/".to_owned()),
        ("topic", "/topics/western-balkans".to_owned()),
        ("copies", most("entries")),
        ("revised", revised(demo, &stories)),
        ("sources", "/sources".to_owned()),
        ("stories", "/stories".to_owned()),
        ("help", "/search/help".to_owned()),
        ("feed", "/topics/western-balkans.atom".to_owned()),
        ("search", "/search".to_owned()),
        ("found", "/search?q=seizures+OR+smuggling&since=366d".to_owned()),
        ("two-words", "/search?q=drug+seizures".to_owned()),
        ("found-nothing", "/search?q=tariff*+AND+steel&since=all".to_owned()),
        ("near", "/search?q=sanctions+AND+Russia&since=all".to_owned()),
        ("not-a-query", "/search?q=sanctions+AND".to_owned()),
        ("not-found", "/nothing/here".to_owned()),
    ]
}

#[test]
#[ignore = "needs chromium (Debian package chromium) and axe-core (PyPI package axe-playwright-python)"]
fn every_page_is_accessible_fits_a_phone_and_complains_of_nothing() {
    let (demo, daemon) = a_day_later();
    look_at(&every_page(&demo), &daemon);
}

/// A gazette that has read nothing yet, one topic of which is private and one of which is paged.
#[test]
#[ignore = "needs chromium (Debian package chromium) and axe-core (PyPI package axe-playwright-python)"]
fn an_empty_gazette_and_one_with_many_stories_are_as_good_to_read() {
    let configured = "[store]\npath = \"store\"\n[server]\nlisten = \"127.0.0.1:0\"\n\
         [access]\nkeys_file = \"keys\"\n\
         [[source]]\nid = \"dep\"\nfile = \"dep.atom\"\ntitle = \"Department for Fish\"\n\
         [[source]]\nid = \"gone\"\nurl = \"http://127.0.0.1:9/feed.atom\"\nallow_private = true\n\
         title = \"Department for Ships\"\n\
         [[topic]]\nid = \"fish\"\ntitle = \"Fish\"\ndescription = \"Fish and where it is landed.\"\nquery = \"fish\"\n\
         [[topic]]\nid = \"ships\"\ntitle = \"Ships\"\nquery = \"ship\"\naccess = \"key\"\n";
    let gazette = Gazetted::with(configured);
    std::fs::write(gazette.path().join("keys"), "staff:0123456789abcdef0123456789abcdef\n")
        .unwrap();
    let daemon = gazette.start();
    let paths = |names: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        names.iter().map(|(name, path)| (*name, (*path).to_owned())).collect()
    };
    look_at(
        &paths(&[
            ("empty-front", "/"),
            ("empty-topic", "/topics/fish"),
            ("empty-stories", "/stories"),
            ("empty-sources", "/sources"),
            ("empty-found", "/search?q=fish"),
        ]),
        &daemon,
    );
    let entries: Vec<_> = (0..120)
        .map(|n| {
            let (day, hour) = (1 + n / 24, n % 24);
            format!(
                "<entry><id>urn:fish:{n}</id><title>Fish landed at quay number {n}</title>\
                 <updated>2025-03-{day:02}T{hour:02}:00:00Z</updated>\
                 <link href=\"https://dep.example/fish/{n}\"/><summary>Cod, hake and {n} boxes of prawns.</summary></entry>"
            )
        })
        .collect();
    let document = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:fish</id><title>Fish</title>\
         <updated>2025-03-06T00:00:00Z</updated>{}</feed>",
        entries.concat()
    );
    std::fs::write(gazette.path().join("dep.atom"), document).unwrap();
    gazette.run(&["poll"]);
    let first = get(daemon.address, "/stories").text().to_owned();
    let older = first.split_once("rel=\"next\" href=\"").unwrap().1.split('"').next().unwrap();
    look_at(
        &paths(&[
            ("many-topic", "/topics/fish"),
            ("many-stories", "/stories"),
            ("many-older", &older.replace("&#38;", "&").replace("&amp;", "&")),
            ("many-found", "/search?q=fish&since=all&page=2"),
            ("failing-sources", "/sources"),
            ("private-topic", "/topics/ships?key=0123456789abcdef0123456789abcdef"),
        ]),
        &daemon,
    );
}

/// A year without a break, a word without an end, scripts that run the other way, and nothing.
const UNWIELDY: &str = r#"<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ar"><id>urn:hard:feed</id><title>وزارة الخارجية والتعاون الدولي</title><updated>2025-04-02T11:05:00Z</updated>
<entry xml:lang="ar"><id>urn:hard:1</id><updated>2025-04-02T11:05:00Z</updated><published>2025-04-01T11:05:00Z</published><link href="https://mofa.example/1"/>
<title>بيان صحفي: مكافحة الجريمة المنظمة crime عبر الحدود (2025) وتعزيز التعاون بين الدول</title>
<summary>أعلنت الوزارة اليوم عن إجراءات جديدة لمكافحة الجريمة المنظمة، بما في ذلك 12 اتفاقية مع "Home Office".</summary></entry>
<entry xml:lang="en"><id>urn:hard:2</id><updated>2025-04-02T11:06:00Z</updated>
<link href="https://mofa.example/a-path-without-any-break/Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft/?with=a&amp;very=long&amp;query=string"/>
<title>Crime: Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft and an announcement whose title goes on and on, past every place where its author could have stopped, with a reference number (UKHSA/2025/0417-B-rev.3), two departments, four agencies and a date in it, so that nobody can say afterwards that anything had been left out of it</title>
<summary>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</summary></entry>
<entry xml:lang="zh"><id>urn:hard:4</id><updated>2025-04-02T11:08:00Z</updated><link href="https://mofa.example/4"/><title>外交部发言人就打击跨国有组织犯罪（crime）的国际合作举行例行记者会并宣布自二〇二五年四月二日起实施一系列新措施</title><summary>发言人表示，各方应加强合作，共同打击跨国有组织犯罪。新措施包括十二项双边协定。</summary></entry>
<entry xml:lang="he"><id>urn:hard:3</id><updated>2025-04-02T11:07:00Z</updated><link href="https://mofa.example/3"/><title>crime</title><summary>ההודעה לעיתונות של המשרד</summary></entry>
</feed>"#;

#[test]
#[ignore = "needs chromium (Debian package chromium) and axe-core (PyPI package axe-playwright-python)"]
fn long_words_other_scripts_and_empty_pages_are_as_good_to_read() {
    let unwieldy = Gazetted::with(
        "[store]\npath = \"store\"\n[server]\nlisten = \"127.0.0.1:0\"\n\
         title = \"Announcements of the Ministry for Infrastructure, Transport, Energy and the Digital Economy\"\n\
         [[source]]\nid = \"mofa\"\nfile = \"mofa.atom\"\n\
         [[source]]\nid = \"a-department-with-a-very-long-identifier-that-nobody-shortened\"\nfile = \"none.atom\"\n\
         [[topic]]\nid = \"crime\"\ntitle = \"Crime, organised crime, cross-border crime and everything else that the Ministry counts among them\"\n\
         description = \"مكافحة الجريمة المنظمة — what is done about it, by whom, and since when.\"\nquery = \"crime\"\nexplain = true\n\
         [[topic]]\nid = \"nothing\"\ntitle = \"Nothing yet\"\nquery = \"unheard\"\n",
    );
    std::fs::write(unwieldy.path().join("mofa.atom"), UNWIELDY).unwrap();
    let daemon = unwieldy.start();
    // The other source cannot be read.
    unwieldy.run(&["poll"]);
    std::fs::write(unwieldy.path().join("mofa.atom"), UNWIELDY.replace("12 ", "13 ")).unwrap();
    unwieldy.run(&["poll"]);
    let lines = unwieldy.succeed(&["export", "stories"]);
    let stories = lines.lines().enumerate().map(|(number, line)| {
        let story: serde_json::Value = serde_json::from_str(line).unwrap();
        (
            ["unwieldy-1", "unwieldy-2", "unwieldy-3", "unwieldy-4"][number],
            format!("/stories/{}", story["id"].as_str().unwrap()),
        )
    });
    let mut pages: Vec<_> = stories.collect();
    assert_eq!(pages.len(), 4);
    for (name, path) in [
        ("unwieldy-front", "/"),
        ("unwieldy-topic", "/topics/crime"),
        ("unwieldy-nothing", "/topics/nothing"),
        ("unwieldy-sources", "/sources"),
        (
            "unwieldy-found",
            "/search?q=crime+OR+%22Donaudampfschifffahrtselektrizit%C3%A4tenhauptbetriebswerkbauunterbeamtengesellschaft%22&since=3660d",
        ),
        ("unwieldy-not-found", "/search?q=unheard"),
        (
            "unwieldy-not-a-query",
            "/search?q=tilte%3A%28Donaudampfschifffahrtselektrizit%C3%A4tenhauptbetriebswerkbauunterbeamtengesellschaft+AND",
        ),
    ] {
        pages.push((name, path.to_owned()));
    }
    look_at(&pages, &daemon);
}

/// A story that fourteen publishers carry, one that a private topic alone holds, and pages behind
/// the last.
#[test]
#[ignore = "needs chromium (Debian package chromium) and axe-core (PyPI package axe-playwright-python)"]
fn many_carriers_hidden_stories_and_pages_behind_the_last_are_as_good_to_read() {
    let mut configured = "[store]\npath = \"store\"\n[server]\nlisten = \"127.0.0.1:0\"\n\
         [access]\nkeys_file = \"keys\"\n\
         [[topic]]\nid = \"floods\"\ntitle = \"Floods\"\nquery = \"flood\"\n\
         [[topic]]\nid = \"ships\"\ntitle = \"Ships\"\nquery = \"ship\"\naccess = \"key\"\n"
        .to_owned();
    let sources = 14;
    for n in 1..=sources {
        configured += &format!(
            "[[source]]\nid = \"dep-{n}\"\nfile = \"dep-{n}.atom\"\ntitle = \"Department {n} for Rivers, Coasts and Drainage\"\n"
        );
    }
    let gazette = Gazetted::with(&configured);
    std::fs::write(gazette.path().join("keys"), "staff:0123456789abcdef0123456789abcdef\n")
        .unwrap();
    for n in 1..=sources {
        let hidden = match n {
            1 => {
                "<entry><id>urn:ship</id><title>A ship is named</title><updated>2025-03-04T12:00:00Z</updated>\
                  <link href=\"https://dep.example/ship\"/><summary>The ship is named after a river.</summary></entry>"
            }
            _ => "",
        };
        let document = format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:dep:{n}</id><title>Department {n}</title>\
             <updated>2025-03-06T00:00:00Z</updated>{hidden}<entry><id>urn:dep:{n}:flood</id>\
             <title>{}Flood barrier on the river opens two years early</title>\
             <updated>2025-03-{n:02}T09:30:00Z</updated><link href=\"https://dep.example/flood-barrier\"/>\
             <summary>The barrier protects 3,000 homes and a school.</summary></entry></feed>",
            if n % 3 == 0 { "News story: " } else { "" }
        );
        std::fs::write(gazette.path().join(format!("dep-{n}.atom")), document).unwrap();
    }
    let daemon = gazette.start();
    gazette.succeed(&["poll"]);
    let stories = gazette.succeed(&["export", "stories"]);
    let story = |word: &str| {
        let line = stories.lines().find(|line| line.contains(word)).unwrap();
        let story: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("/stories/{}", story["id"].as_str().unwrap())
    };
    assert_eq!(stories.lines().count(), 2, "{stories}");
    let hidden = story("ship is named");
    let key = "0123456789abcdef0123456789abcdef";
    look_at(
        &[
            ("carriers", story("barrier")),
            ("hidden", format!("{hidden}?key={key}")),
            ("behind-search", "/search?q=flood&since=all&page=9".to_owned()),
            ("behind-stories", "/stories?before=0001-01-01T00:00:00Z".to_owned()),
            ("not-a-date", "/stories?before=banana".to_owned()),
            ("not-a-span", "/search?q=flood&since=banana".to_owned()),
        ],
        &daemon,
    );
    assert_eq!(get(daemon.address, &hidden).status, 401);
}

/// Opens each page in every width, light and dark, on the screen and on paper.
fn look_at(pages: &[(&str, String)], daemon: &RunningDaemon) {
    // Pictures for people to look at, under target/ unless GAZETTED_PICTURES names another directory.
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    let directory = std::env::var_os("GAZETTED_PICTURES").map_or(kept, PathBuf::from);
    std::fs::create_dir_all(&directory).unwrap();
    let browser = &mut Browser::start();
    for (width, scheme, medium) in [
        (1280, "light", "screen"),
        (1280, "dark", "screen"),
        (390, "light", "screen"),
        (390, "dark", "screen"),
        // The width of a sheet of A4, on which a dark page would be a waste of ink.
        (794, "light", "print"),
        (794, "dark", "print"),
    ] {
        browser.show_as(width, scheme, medium);
        for (name, path) in pages {
            browser.open(&format!("http://{}{path}", daemon.address));
            browser.picture(&directory.join(format!("{name}-{scheme}-{medium}-{width}.png")));
            let broad = browser.evaluate("document.documentElement.scrollWidth");
            assert!(broad.as_u64().unwrap() <= u64::from(width), "{path} is {broad} pixels wide");
            let mut complaints = browser.complaints();
            // Of a status, which is what it is to be, the browser complains too.
            complaints.retain(|said| !said.contains("the server responded with a status of 40"));
            assert_eq!(complaints, [""; 0], "{path}");
            assert_eq!(
                browser.violations(),
                [""; 0],
                "{path}, {scheme}, {medium}, {width} pixels wide"
            );
        }
    }
}

#[test]
#[ignore = "needs chromium (Debian package chromium) and axe-core (PyPI package axe-playwright-python)"]
fn what_breaks_a_rule_or_a_script_is_noticed() {
    let demo = Gazetted::demo();
    let daemon = demo.start();
    let browser = &mut Browser::start();
    browser.open(&format!("http://{}/", daemon.address));
    assert_eq!(browser.violations(), [""; 0]);
    browser.evaluate("document.documentElement.removeAttribute('lang'); console.error('x')");
    assert!(browser.violations()[0].starts_with("html-has-lang: "));
    assert_eq!(browser.complaints().len(), 1);
}

#[test]
#[ignore = "needs chromium (Debian package chromium)"]
fn by_keyboard_alone_a_query_is_written_and_what_it_finds_subscribed_to() {
    let (_demo, daemon) = a_day_later();
    let browser = &mut Browser::start();
    browser.open(&format!("http://{}/search", daemon.address));
    browser.press("Tab");
    assert_eq!(browser.evaluate("document.activeElement.hash"), "#main", "the way past the menu");
    browser.press("Enter");
    browser.press("Tab");
    assert_eq!(browser.evaluate("document.activeElement.id"), "q");
    browser.write("seizures AND drug*");
    for focused in ["since", ""] {
        browser.press("Tab");
        assert_eq!(browser.evaluate("document.activeElement.id"), focused);
    }
    assert_eq!(browser.evaluate("document.activeElement.textContent"), "Search");
    browser.press("Enter");
    browser.loaded();
    let found = browser.dom();
    assert!(found.contains("more <mark>seizures</mark> of <mark>drugs</mark>"), "{found}");
    let feeds = attributes(&found, "link rel=\"alternate\"", "href");
    let feed = get(daemon.address, &feeds[0].replace("&amp;", "&"));
    assert_eq!(feed.status, 200, "{feeds:?}");
    assert_eq!(feed.text().matches("<entry>").count(), 1, "{}", feed.text());
}
