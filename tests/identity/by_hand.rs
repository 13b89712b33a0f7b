//! Explains, splits and joins entries that have no page of their own, by the binary.

use crate::support::binary::Gazetted;

const ORIGINAL: &str = "https://ports.example/news/pier-at-orm";
const COPY: &str = "https://wire.example/17/pier";
const LIST: &str = "https://board.example/page";
const TITLE: &str = "New pier at Orm to shelter the herring fleet";

/// A document with one entry; `links` stand in it as they are.
fn document(source: &str, links: &str) -> String {
    let date = "2025-04-02T11:05:00Z";
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:{source}</id><title>{source}</title><updated>{date}</updated>\
         <entry><id>urn:{source}:0017</id><title>{TITLE}</title><updated>{date}</updated>{links}</entry></feed>"
    )
}

/// A department, a copy that names its original, one that links to a list, and one without a link.
fn gazetted() -> Gazetted {
    let mut config = "include = [\"overrides*.toml\"]\n[server]\nlisten = \"127.0.0.1:0\"\nbase_url = \"https://feeds.example.org/\"\n\
                      [store]\npath = \"store\"\n"
        .to_owned();
    let sources = [
        ("ports", format!("<link href=\"{ORIGINAL}\"/>")),
        ("wire", format!("<link href=\"{COPY}\"/><link rel=\"via\" href=\"{ORIGINAL}\"/>")),
        ("board", format!("<link href=\"{LIST}\"/>")),
        ("mail", String::new()),
    ];
    for (source, _) in &sources {
        let role = if *source == "ports" { "department" } else { "syndicator" };
        config +=
            &format!("[[source]]\nid = \"{source}\"\nfile = \"{source}.xml\"\nrole = \"{role}\"\n");
    }
    config += "[[topic]]\nid = \"piers\"\ntitle = \"Piers\"\nquery = \"pier\"\n";
    let gazetted = Gazetted::with(&config);
    for (source, links) in &sources {
        std::fs::write(gazetted.path().join(format!("{source}.xml")), document(source, links))
            .unwrap();
    }
    for (source, _) in &sources {
        gazetted.succeed(&["poll", source]);
    }
    gazetted
}

#[test]
fn every_entry_can_be_explained_split_and_joined() {
    let gazetted = gazetted();
    let count = |name: &str| {
        let explained: serde_json::Value =
            serde_json::from_str(&gazetted.succeed(&["explain", name, "--json"])).unwrap();
        explained["entries"].as_array().unwrap().len()
    };
    for name in [ORIGINAL, COPY, LIST] {
        assert_eq!(count(name), 4, "{name}");
    }
    let explained = gazetted.succeed(&["explain", ORIGINAL]);
    let names: Vec<&str> = explained
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("urn:gazetted:entry:"))
        .collect();
    assert_eq!(names.len(), 2, "{explained}");
    for name in &names {
        gazetted.succeed(&["split", ORIGINAL, name]);
    }
    gazetted.succeed(&["poll"]);
    // Both have the title still, and nothing has been said of the two.
    assert_eq!((count(ORIGINAL), count(names[0]), count(names[1])), (2, 2, 2));
    gazetted.succeed(&["split", names[0], names[1]]);
    gazetted.succeed(&["poll"]);
    assert_eq!((count(ORIGINAL), count(names[0]), count(names[1])), (2, 1, 1));
    let overrides = gazetted.path().join("overrides.toml");
    std::fs::remove_file(&overrides).unwrap();
    gazetted.succeed(&["join", names[0], names[1]]);
    gazetted.succeed(&["poll"]);
    assert_eq!((count(ORIGINAL), count(names[0]), count(names[1])), (2, 2, 2));
    assert!(std::fs::read_to_string(&overrides).unwrap().contains(names[1]));
}
