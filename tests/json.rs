//! Tests that commands print with `--json` as docs/json.schema.json describes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::faults::support::{configured, source};
use crate::support::binary::Gazetted;
use crate::support::site::Site;
use crate::support::world::atom;

const SCHEMA: &str = include_str!("../docs/json.schema.json");
const PAGE: &str = include_str!("../docs/json.md");
const BALKANS: &str = "https://www.gov.uk/government/news/uk-to-tackle-western-balkan-migrant-transit-routes-and-serious-organised-crime-with-closer-ties-in-the-region";

/// The part of JSON Schema that the document uses.
struct Schema(Value);

impl Schema {
    /// Says where a value is not as a definition has it.
    fn differs(&self, name: &str, value: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        self.hold(&self.0["$defs"][name], value, name, &mut problems);
        problems
    }

    fn hold(&self, schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.strip_prefix("#/$defs/").unwrap();
            let definition = &self.0["$defs"][name];
            assert!(definition.is_object(), "there is no {name}");
            return self.hold(definition, value, at, problems);
        }
        if let Some(alternatives) = schema["anyOf"].as_array() {
            let fits = |one: &Value| {
                let mut problems = Vec::new();
                self.hold(one, value, at, &mut problems);
                problems.is_empty()
            };
            if !alternatives.iter().any(fits) {
                problems.push(format!("{at}: {value} is none of {alternatives:?}"));
            }
            return;
        }
        let is = |kind: &str| match kind {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "object" => value.is_object(),
            "array" => value.is_array(),
            "null" => value.is_null(),
            other => panic!("the test does not know the type {other}"),
        };
        let fits = match &schema["type"] {
            Value::String(kind) => is(kind),
            Value::Array(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap())),
            other => panic!("{at}: no type, but {other}"),
        };
        if !fits {
            return problems.push(format!("{at}: {value} is not {}", schema["type"]));
        }
        for (place, item) in value.as_array().into_iter().flatten().enumerate() {
            if schema["items"].is_object() {
                self.hold(&schema["items"], item, &format!("{at}[{place}]"), problems);
            }
        }
        let Some(fields) = value.as_object().filter(|_| schema["properties"].is_object()) else {
            return;
        };
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                problems.push(format!("{at}: no {name}"));
            }
        }
        for (name, field) in fields {
            match &schema["properties"][name] {
                Value::Null if schema["additionalProperties"] == true => {}
                Value::Null => problems.push(format!("{at}: {name} is not in the schema")),
                known => self.hold(known, field, &format!("{at}.{name}"), problems),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_with_habits_and_validators_is_shown_as_the_schema_says() {
    let site = Site::start().await;
    let gazetted = Gazetted::with(&(configured("", "") + &source(&site, "s", "1h")));
    let page = "https://dep.example/news";
    for n in 0..3 {
        let [one, other] = ["One", "Other"].map(|word| format!("{word} announcement {n}"));
        let date = "2025-04-02T11:05:00Z";
        site.document("/s", atom(&[(&one, page, &one, date), (&other, page, &other, date)]));
        gazetted.succeed(&["poll", "--now", "s"]);
    }
    let status = gazetted.succeed(&["status", "--json"]);
    let shown: Value = serde_json::from_str(status.lines().next().unwrap()).unwrap();
    let schema = Schema(serde_json::from_str(SCHEMA).unwrap());
    assert_eq!(schema.differs("source", &shown), Vec::<String>::new());
    assert_eq!(shown["habits"][0], "its links are shared by several entries", "{shown}");
    let etag = shown["etag"].as_str().unwrap();
    assert!(etag.len() == 18 && etag.starts_with('"') && etag.ends_with('"'), "{etag}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_prints_what_the_schema_says() {
    let site = Site::start().await;
    let feed = include_bytes!("../config/demo/home-office.atom");
    site.document("/feed", feed.to_vec());
    let schema = Schema(serde_json::from_str(SCHEMA).unwrap());
    let demo = Gazetted::demo();
    let mut seen = BTreeSet::new();
    let mut lines = |name: &str, arguments: &[&str]| {
        let output = demo.run(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            let own = ["kept", "pending"].into_iter().find(|own| value.get(own).is_some());
            let name = own.unwrap_or(name);
            let problems = schema.differs(name, &value);
            assert!(problems.is_empty(), "{arguments:?}: {problems:#?}");
            seen.insert(name.to_owned());
        }
    };
    let path = |name: &str| demo.path().join(name).to_str().unwrap().to_owned();
    lines("poll", &["poll", "--json"]);
    lines("check_store", &["check", "--store", "--json"]);
    lines("compact", &["compact", "--json"]);
    let mut daemon = demo.start();
    lines("source", &["status", "--json"]);
    lines("check", &["check", "--archive", "--json"]);
    lines("explain", &["explain", BALKANS, "--json"]);
    lines("try", &["try", "sanctions", "--topic", "sanctions", "--since", "9000d", "--json"]);
    lines("parse", &["parse", "--json", &path("demo/home-office.atom")]);
    let config = std::fs::read_to_string(demo.config()).unwrap();
    std::fs::write(demo.config(), config + "\n[logging]\nformat = \"json\"\n").unwrap();
    lines("reload", &["reload", "--json"]);
    lines("source", &["status", "--json"]);
    lines("decided", &["join", BALKANS, BALKANS, "--json"]);
    lines("story", &["export", "stories"]);
    lines("site", &["export", "site", &path("site"), "--json"]);
    lines("backup", &["backup", &path("b"), "--json"]);
    lines("init", &["init", &path("new"), "--json"]);
    let added = site.url("/feed");
    lines("source_add", &["source", "add", added.as_str(), "--json"]);
    let list = "<opml><body><outline text='A' xmlUrl='https://a.example/'/></body></opml>";
    std::fs::write(path("list.opml"), list).unwrap();
    lines("import", &["import", &path("list.opml"), "--json"]);
    daemon.logged("reloaded");
    daemon.end("TERM");
    demo.succeed(&["export", "stories", "--lossless", "-o", &path("all.jsonl")]);
    lines("import_stories", &["import", "stories", &path("all.jsonl"), "--json"]);

    // What no demonstration shows, and parts of others.
    let rare = ["silent_topic", "filling_topic", "kept_store", "stored_backup", "problem"];
    let rare = rare.into_iter().chain(["failed_sample", "explained_topic", "listed"]);
    seen.extend(rare.map(String::from));
    let defined = schema.0["$defs"].as_object().unwrap();
    let missing: Vec<_> = defined.keys().filter(|name| !seen.contains(*name)).collect();
    assert!(missing.is_empty(), "no command was tried that prints {missing:?}");
    for alternative in schema.0["anyOf"].as_array().unwrap() {
        let name = alternative["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        assert!(PAGE.contains(&format!("`{name}`")), "docs/json.md does not name {name}");
    }
}
