//! Tests that nothing sources write reorders, hides or commands anything in a terminal, a log or a feed.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::support::binary::{Gazetted, Launched};
use crate::support::http::get;

/// In every form that a character can have in a feed: raw, as XML writes it, escaped twice.
fn forms(c: char) -> [String; 3] {
    [c.to_string(), format!("&#x{:x};", u32::from(c)), format!("&amp;#{};", u32::from(c))]
}

const OVERRIDES: [char; 5] = ['\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}'];

/// What neither a terminal nor a log may see of a stranger's.
fn hazards(text: &str) -> Vec<char> {
    let is_hazard = |c: &char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(
                c,
                '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            )
            || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
    };
    text.chars().filter(is_hazard).collect()
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

fn feed(title: &str, rest: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">\
         <id>urn:f</id><title>{title}</title><updated>2025-04-02T11:05:00Z</updated>\
         <entry><id>urn:e</id><title>{title}</title><updated>2025-04-02T11:05:00Z</updated>\
         <link href=\"https://www.example.org/e\"/>{rest}</entry></feed>"
    )
}

fn gazetted(document: &str, logging: &str) -> Gazetted {
    let gazetted = Gazetted::with(&format!(
        "[store]\npath = \"store\"\n[server]\nlisten = \"127.0.0.1:0\"\nbase_url = \"https://feeds.example.org/\"\n\
         {logging}\n[[source]]\nid = \"s\"\nfile = \"s.atom\"\n\
         [[topic]]\nid = \"talks\"\ntitle = \"Talks\"\nquery = \"talks\"\n"
    ));
    fs::write(gazetted.path().join("s.atom"), document).unwrap();
    gazetted
}

#[test]
fn overrides_of_direction_are_in_nothing_that_is_read_in_whatever_form() {
    for (form, place) in [0, 1, 2].iter().flat_map(|form| [(*form, "title"), (*form, "body")]) {
        let all: String = OVERRIDES.map(|c| format!("a{}", forms(c)[form])).concat();
        let written = format!("Talks {all} end");
        let content = format!(
            "<summary>{written}</summary><author><name>{written}</name></author>\
             <category term=\"{written}\"/><rights>{written}</rights>\
             <content type=\"html\"><![CDATA[<p title=\"{written}\">“{written}”</p><pre>{written}</pre>]]></content>"
        );
        let document = match place {
            "title" => feed(&written, ""),
            _ => feed("Talks", &content),
        };
        let gazetted = gazetted(&document, "");
        let parsed = gazetted.succeed(&[
            "parse",
            "--json",
            gazetted.path().join("s.atom").to_str().unwrap(),
        ]);
        let parsed: Value = serde_json::from_str(&parsed).unwrap();
        // As strings, for the output itself escapes what it must not show.
        let mut values = vec![&parsed];
        while let Some(value) = values.pop() {
            match value {
                Value::String(text) => {
                    assert!(!text.contains(OVERRIDES), "{form} {place}: {text:?}")
                }
                Value::Array(list) => values.extend(list),
                Value::Object(fields) => values.extend(fields.values()),
                _ => {}
            }
        }
        let shown = parsed.to_string();
        assert!(shown.contains("Talks aaaaa end"), "{form} {place}: {shown}");
    }
}

#[test]
fn text_that_nobody_sees_and_odd_separators_are_in_nothing_that_is_read_or_published() {
    let hidden: Vec<char> = "\u{E0001}\u{E0020}\u{E0041}\u{E0069}\u{E007F}".chars().collect();
    for form in 0..3 {
        let all: String = hidden.iter().map(|c| forms(*c)[form].clone()).collect();
        let [line, paragraph] = ['\u{2028}', '\u{2029}'].map(|c| forms(c)[form].clone());
        let written = format!("Talks{all} a{line}b{paragraph}c");
        let escaped = all.replace('&', "&amp;");
        let content = format!(
            "<summary>{written}</summary><author><name>{written}</name></author>\
             <category term=\"{written}\"/>\
             <content type=\"html\"><![CDATA[<p title=\"{written}\">“{written}”</p><pre>{written}{escaped}</pre>]]></content>"
        );
        let gazetted = gazetted(&feed(&written, &content), "");
        let daemon = gazetted.start();
        gazetted.succeed(&["poll"]);
        let is_odd = |c: char| matches!(c, '\u{2028}' | '\u{2029}' | '\u{E0000}'..='\u{E007F}');
        for path in
            ["/topics/talks.atom", "/topics/talks.rss", "/topics/talks", "/topics/talks.json"]
        {
            let answer = get(daemon.address, path);
            assert!(answer.text().contains("Talks a b c"), "{form} {path}: {}", answer.text());
            assert!(!answer.text().contains(is_odd), "{form} {path}: {}", answer.text());
        }
        let story = serde_json::to_string(&gazetted.stories()[0]).unwrap();
        assert!(!story.contains(is_odd) && !story.contains("\\udb40"), "{form}: {story}");
        daemon.end("TERM");
    }
}

#[test]
fn an_isolate_stays_in_a_title_and_reaches_nothing_behind_it() {
    // Never closed, and closed too often, by any form.
    let title =
        format!("Talks with {}שלום and {}others", forms('\u{2067}')[1], forms('\u{2066}')[2]);
    let orphan = format!("Talks{} more", forms('\u{2069}')[1]);
    for (title, read) in [
        (title, "Talks with \u{2067}שלום and \u{2066}others\u{2069}\u{2069}"),
        (orphan, "Talks more"),
    ] {
        let gazetted = gazetted(&feed(&title, ""), "");
        let daemon = gazetted.start();
        gazetted.succeed(&["poll"]);
        let story = &gazetted.stories()[0];
        assert!(story.to_string().contains(read), "{story}");
        for path in ["/topics/talks.atom", "/topics/talks.rss", "/topics/talks"] {
            let answer = get(daemon.address, path);
            assert!(answer.text().contains(read), "{path}: {}", answer.text());
        }
        let json: Value =
            serde_json::from_slice(&get(daemon.address, "/topics/talks.json").body).unwrap();
        assert_eq!(json["items"][0]["title"], read);
        daemon.end("TERM");
    }
}

#[test]
fn nothing_that_a_source_writes_commands_a_terminal_or_a_log() {
    let odd: String = [
        '\u{202E}',
        '\u{2067}',
        '\u{200F}',
        '\u{61C}',
        '\u{85}',
        '\u{9B}',
        '\u{2028}',
        '\u{2029}',
        '\u{200B}',
        '\u{206E}',
        '\u{E0041}',
        '\u{E007F}',
        '\u{7F}',
    ]
    .map(|c| format!("x{}{}", c, forms(c)[2]))
    .concat();
    let written = format!("Talks {odd} end");
    let document = feed(
        &written,
        &format!("<author><name>{written}</name></author><summary>{written}</summary>"),
    );
    for logging in
        ["[logging]\nfilter = \"trace\"", "[logging]\nfilter = \"trace\"\nformat = \"json\""]
    {
        let gazetted = gazetted(&document, logging);
        let file = gazetted.path().join("s.atom");
        let file = file.to_str().unwrap();
        let daemon = gazetted.start();
        for arguments in [
            &["poll"][..],
            &["poll", "--json"],
            &["status"],
            &["status", "s"],
            &["status", "--json"],
            &["explain", "https://www.example.org/e"],
            &["explain", "https://www.example.org/e", "--json"],
            &["parse", file],
            &["parse", file, "--json"],
            &["try", "talks"],
            &["try", "talks", "--json"],
            &["export", "stories"],
            &["export", "stories", "--lossless"],
            &["check"],
            // What is asked for is repeated in the error.
            &["explain", "\u{1b}]0;x\u{7}\u{202e}"],
            &["poll", "\u{9b}2J\u{2067}"],
            &["parse", "\u{202e}nowhere"],
        ] {
            let said = said(&gazetted.run(arguments));
            assert!(!said.is_empty(), "{arguments:?}");
            assert!(hazards(&said).is_empty(), "{arguments:?}: {said}");
        }
        // A program still reads what the title is.
        let explained = gazetted.succeed(&["explain", "https://www.example.org/e", "--json"]);
        let explained: Value = serde_json::from_str(&explained).unwrap();
        let title = explained["title"].as_str().unwrap();
        assert!(title.contains('\u{2067}') && title.contains('\u{200F}'), "{title:?}");
        fs::write(file, "<rss>\u{9b}31m\u{202e} no feed &#x2067;").unwrap();
        let failed = said(&gazetted.run(&["poll"]));
        assert!(hazards(&failed).is_empty(), "{failed}");
        let (code, log) = daemon.end("TERM");
        assert_eq!(code, Some(0));
        assert!(hazards(&log).is_empty(), "{log}");
        assert!(log.len() > 1000, "{log}");
    }
}

#[test]
fn libraries_are_logged_only_when_they_fail_unless_the_filter_asks_for_more() {
    // Text where a table holds none: what the HTML parser moves, it warns of.
    let content = "<content type=\"html\">&lt;table&gt;moved&lt;tr&gt;&lt;b&gt;Talks&lt;td&gt;x&lt;/b&gt;&lt;/table&gt;</content>";
    let log = |logging: &str, asked: Option<&str>| {
        let gazetted = gazetted(&feed("Talks", content), logging);
        let mut daemon: Launched = Launched::by(gazetted.command(&["run"]));
        daemon.logged("ready");
        if let Some(filter) = asked {
            // The poll of the start has ended, so that the next one reads the changed file.
            gazetted.succeed(&["poll"]);
            gazetted.succeed(&["log", filter]);
            let file = gazetted.path().join("s.atom");
            let changed = fs::read_to_string(&file).unwrap().replace("moved", "moved again");
            fs::write(file, changed).unwrap();
        }
        gazetted.succeed(&["poll"]);
        daemon.end("TERM").1
    };
    let about = "foster parenting";
    let default = log("", None);
    assert!(default.contains("ready") && !default.contains(about), "{default}");
    assert!(log("[logging]\nfilter = \"warn,gazetted=info\"", None).contains(about));
    assert!(log("", Some("warn,gazetted=debug")).contains(about));
}
