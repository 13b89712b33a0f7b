//! Renders topics or sources as an OPML 2.0 subscription list.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::text_escape::{escape, line, looks_like_markup};

/// One feed that a list offers.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    pub text: String,
    pub description: String,
    pub feed: String,
    pub page: Option<String>,
}

/// Outlines under a common heading.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub text: String,
    pub outlines: Vec<Outline>,
}

/// The list as bytes, in the order given (Q42). `changed` is a date in words.
/// A group of nothing is left out, but for the last: a body has an outline at least.
pub(super) fn render(title: &str, changed: &str, groups: &[Group]) -> Vec<u8> {
    write(title, changed, groups).expect("writing to memory cannot fail")
}

fn write(title: &str, changed: &str, groups: &[Group]) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    writer
        .write_event(Event::Start(BytesStart::new("opml").with_attributes([("version", "2.0")])))?;
    writer.create_element("head").write_inner_content(|head| {
        for (name, value) in [("title", title), ("dateCreated", changed), ("dateModified", changed)]
        {
            head.create_element(name).write_text_content(BytesText::new(&displayed(value)))?;
        }
        Ok(())
    })?;
    writer.write_event(Event::Start(BytesStart::new("body")))?;
    let are_all_empty = groups.iter().all(|group| group.outlines.is_empty());
    let last = groups.len().saturating_sub(1);
    for (place, group) in groups.iter().enumerate() {
        if group.outlines.is_empty() && !(are_all_empty && place == last) {
            continue;
        }
        let text = displayed(&group.text);
        let heading = writer.create_element("outline").with_attribute(("text", text.as_str()));
        heading.write_inner_content(|inside| {
            group.outlines.iter().try_for_each(|outline| write_outline(inside, outline))
        })?;
    }
    writer.write_event(Event::End(BytesEnd::new("body")))?;
    writer.write_event(Event::End(BytesEnd::new("opml")))?;
    Ok(writer.into_inner())
}

/// A text as OPML 2.0 has it displayed: it may be HTML, so whatever looks like that is escaped.
fn displayed(text: &str) -> String {
    let text = line(text);
    if looks_like_markup(&text) { escape(&text) } else { text }
}

fn write_outline(writer: &mut Writer<Vec<u8>>, outline: &Outline) -> io::Result<()> {
    let text = displayed(&outline.text);
    let description = displayed(&outline.description);
    let mut element = writer.create_element("outline").with_attributes([
        ("text", text.as_str()),
        ("title", text.as_str()),
        ("type", "rss"),
        ("xmlUrl", outline.feed.as_str()),
    ]);
    if let Some(page) = &outline.page {
        element = element.with_attribute(("htmlUrl", page.as_str()));
    }
    if !description.is_empty() {
        element = element.with_attribute(("description", description.as_str()));
    }
    element.write_empty()?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_nothing_is_left_out_unless_there_is_no_other() {
        let outline = Outline {
            text: "Home Office".to_owned(),
            description: String::new(),
            feed: "https://news.example/sources/home-office.atom".to_owned(),
            page: None,
        };
        let group = |text: &str, outlines| Group { text: text.to_owned(), outlines };
        let headings = |groups: &[Group]| {
            let list = String::from_utf8(render("News", "now", groups)).unwrap();
            let headings = list.lines().filter(|line| line.starts_with("    <outline "));
            headings.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
        };
        let marked = headings(&[group("A & B, <b>, R&D", vec![]), group("Q3&4 <b>", vec![])]);
        assert_eq!(marked, ["<outline text=\"Q3&amp;amp;4 &amp;lt;b&amp;gt;\">"]);
        let some = [group("A", vec![]), group("B", vec![outline]), group("C", vec![])];
        assert_eq!(headings(&some), ["<outline text=\"B\">"]);
        let none = [group("A", vec![]), group("B", vec![])];
        assert_eq!(headings(&none).len(), 1);
    }

    #[test]
    fn a_list_names_each_feed_with_its_page() {
        let outline = Outline {
            text: "Trade & \"sanctions\"".to_owned(),
            description: String::new(),
            feed: "https://news.example/topics/sanctions.atom".to_owned(),
            page: Some("https://news.example/topics/sanctions".to_owned()),
        };
        let group = Group { text: "Topics".to_owned(), outlines: vec![outline] };
        let list = render("News", "Wed, 02 Apr 2025 11:05:00 GMT", &[group]);
        let list = String::from_utf8(list).unwrap();
        for part in [
            "<title>News</title>",
            "<dateCreated>Wed, 02 Apr 2025 11:05:00 GMT</dateCreated>",
            "<outline text=\"Topics\">",
            "text=\"Trade &amp; &quot;sanctions&quot;\"",
            "type=\"rss\" xmlUrl=\"https://news.example/topics/sanctions.atom\"",
            "htmlUrl=\"https://news.example/topics/sanctions\"",
        ] {
            assert!(list.contains(part), "{part} in {list}");
        }
    }
}
