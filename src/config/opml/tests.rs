//! Reads lists as readers export them, and writes the sources as one.

use super::*;
use crate::model::{Location, SourceId};
use proptest::prelude::*;
use std::sync::Arc;

const LIST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
  <outline text="Home Affairs" title="Home Affairs">
    <outline type="rss" text="Home Office" xmlUrl="https://www.gov.uk/home-office.atom" htmlUrl="https://www.gov.uk/"/>
    <outline text="Police &amp; Crime">
      <outline type="rss" text="NCA" title="National Crime Agency" xmlUrl="https://nca.example/feed?a=1&amp;b=2" category="/uk/crime,news"></outline>
    </outline>
  </outline>
  <outline text="Everything"><outline text="again" xmlUrl="https://www.gov.uk/home-office.atom"/></outline>
  <outline text="Home Office" xmlurl="https://example.org/other"/>
  <outline text="gopher" xmlUrl="gopher://example.org/"/>
  <outline text="a note"/>
</body></opml>"#;

#[test]
fn folders_and_categories_become_tags() {
    let list = read(LIST.as_bytes(), &Sources::new(), &[]).unwrap();
    let listed: Vec<_> = list
        .sources
        .iter()
        .map(|listed| (listed.id.as_str(), listed.url.as_str(), listed.tags.join(" ")))
        .collect();
    let expected = [
        ("home-office", "https://www.gov.uk/home-office.atom", "home-affairs everything"),
        (
            "national-crime-agency",
            "https://nca.example/feed?a=1&b=2",
            "home-affairs police-crime uk crime news",
        ),
        ("home-office-2", "https://example.org/other", ""),
    ]
    .map(|(id, url, tags)| (id, url, tags.to_owned()));
    assert_eq!(listed, expected);
    assert_eq!(list.left_out, ["`gopher` addresses cannot be read"]);
}

#[test]
fn what_is_known_already_is_left_out_and_told() {
    let known = sources(&[("home-office", "https://www.gov.uk/home-office.atom", &[])]);
    let list = read(LIST.as_bytes(), &known, &[]).unwrap();
    assert_eq!(list.sources[1].id, "home-office-2");
    assert!(list.left_out[0].contains("is a source already"), "{:?}", list.left_out);
}

#[test]
fn what_is_no_opml_says_so() {
    for text in ["", "{}", "<rss><channel/></rss>"] {
        assert_eq!(
            read(text.as_bytes(), &Sources::new(), &[]),
            Err(NotOpml::SomethingElse),
            "{text}"
        );
    }
    let broken = read(b"<opml>\n<body>\n<outline text=\"a\n", &Sources::new(), &[]);
    assert!(matches!(broken, Err(NotOpml::Broken { .. })), "{broken:?}");
}

#[test]
fn a_list_in_another_encoding_is_read_by_what_it_states() {
    let text = b"<?xml version='1.0' encoding='ISO-8859-1'?><opml><outline text='Minist\xe8re' xmlUrl='https://a.example/'/></opml>";
    assert_eq!(read(text, &Sources::new(), &[]).unwrap().sources[0].title, "Ministère");
}

#[test]
fn a_private_address_of_a_list_waits_for_the_operator() {
    let permitted = ["10.0.0.0/8".parse().unwrap(), "127.0.0.0/8".parse().unwrap()];
    for (address, needs, needs_where_permitted) in [
        ("https://a.example/feed", false, false),
        ("http://93.184.215.14/feed", false, false),
        ("http://169.254.169.254/latest/meta-data", true, true),
        ("http://10.0.0.1/admin", true, false),
        ("http://0x7f.1/x", true, false),
        ("http://2130706433/x", true, false),
        ("http://[::ffff:127.0.0.1]/f", true, false),
        ("http://[::ffff:192.168.0.1]/f", true, true),
        ("http://[::1]/f", true, true),
        ("http://[fd00:ec2::254]/f", true, true),
        ("http://localhost:8080/feed", true, false),
        ("http://LOCALHOST./feed", true, false),
        ("http://feeds.localhost/feed", true, false),
        ("http://localhost.example/feed", false, false),
    ] {
        let opml = format!("<opml><outline text='A' xmlUrl='{address}'/></opml>");
        let list = read(opml.as_bytes(), &Sources::new(), &[]).unwrap();
        let [listed] = &list.sources[..] else { panic!("{list:?}") };
        assert_eq!((listed.needs_allow_private, listed.allow_private), (needs, false), "{address}");
        let toml = list.to_toml();
        assert_eq!(toml.contains("\n# allow_private = true\nurl = "), needs, "{toml}");
        let config = crate::config::reference::read(&toml);
        assert!(!config.source[0].get_ref().allow_private, "{toml}");
        assert_eq!(listed.open_decision().is_some(), needs, "{address}");
        let within = read(opml.as_bytes(), &Sources::new(), &permitted).unwrap();
        assert_eq!(within.sources[0].needs_allow_private, needs_where_permitted, "{address}");
    }
}

fn sources(list: &[(&str, &str, &[&str])]) -> Sources {
    let source = |(position, (id, written, tags)): (usize, &(&str, &str, &[&str]))| {
        let id = SourceId::new(*id);
        let location = Location::web(written, written.parse().unwrap());
        let source = Source {
            title: format!("<{id}>").into(),
            tags: tags.iter().map(|tag| (*tag).into()).collect(),
            position,
            ..Source::at(id.clone(), location)
        };
        (id, Arc::new(source))
    };
    list.iter().enumerate().map(source).collect()
}

#[test]
fn what_is_written_reads_back_with_its_tags() {
    let known = sources(&[
        ("b", "https://b.example/?a=1&b=2", &["uk", "trade"]),
        ("a", "https://a.example/", &[]),
        ("c", "https://c.example/", &["uk"]),
    ]);
    let opml = write(&known, "Mine & yours");
    assert!(opml.contains("<title>Mine &amp; yours</title>"), "{opml}");
    let list = read(opml.as_bytes(), &Sources::new(), &[]).unwrap();
    let read: Vec<_> = list.sources.iter().map(|s| (s.title.as_str(), s.tags.join(" "))).collect();
    let expected = [("<b>", "uk trade"), ("<c>", "uk"), ("<a>", "")];
    assert_eq!(read, expected.map(|(title, tags)| (title, tags.to_owned())));
}

proptest! {
    #[test]
    fn whatever_is_listed_makes_a_file_that_compiles(
        titles in prop::collection::vec(r#"[ -~é🦀\\"'&<>]{0,20}"#, 1..8),
    ) {
        let outlines: String = titles.iter().enumerate().map(|(number, title)| {
            format!("<outline text=\"{}\" xmlUrl=\"https://example.org/{number}\"/>", escaped(title))
        }).collect();
        let list = read(format!("<opml>{outlines}</opml>").as_bytes(), &Sources::new(), &[]).unwrap();
        prop_assert_eq!(list.sources.len(), titles.len());
        let config = crate::config::reference::read(&list.to_toml());
        let ids: BTreeSet<_> = config.source.iter().map(|source| {
            source.get_ref().id.as_ref().unwrap().get_ref().0.clone()
        }).collect();
        prop_assert_eq!(ids.len(), titles.len());
    }
}
