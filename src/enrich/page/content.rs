//! Finds what a page itself names as its content: `main`, the one `article`, the part to which the
//! link of an entry leads.
//!
//! Such content is read by the project's own rules, which give a reason for all that they leave
//! out. Readability, which drops lists, tables and short texts without one, reads the pages that
//! name nothing.

use std::borrow::Cow;
use std::collections::HashSet;

use dom_query::{Document, NodeId, NodeRef};
use url::Url;

use super::tree::{has_name, is_within};
use crate::announcement::TitleWords;
use crate::model::{Reason, SetAside};
use crate::tokenize::spaced;

/// Elements that are the content of a page where one of them is alone, the most certain first.
const NAMES: [&str; 3] = [
    r#"main, [role="main"]"#,
    r#"[itemprop~="articleBody"], [property~="rnews:articleBody"], [property~="schema:articleBody"]"#,
    "article",
];

/// The content of a page.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) html: String,
    /// The pieces that were taken out of it.
    pub(super) set_aside: Vec<SetAside>,
    /// Whether its heading is the entry's title.
    pub(super) is_titled: bool,
}

/// The element that the page names as its content.
pub(super) fn named<'p>(page: &'p Document, title: &TitleWords) -> Option<NodeRef<'p>> {
    NAMES.iter().find_map(|name| {
        let found = page.select(name);
        let found: Vec<NodeRef<'p>> = found.nodes().to_vec();
        let ids: HashSet<NodeId> = found.iter().map(|node| node.id).collect();
        let outermost =
            |node: &&NodeRef<'p>| !node.ancestors_it(None).any(|outer| ids.contains(&outer.id));
        let outermost: Vec<&NodeRef<'p>> =
            found.iter().filter(outermost).filter(|node| !node.text().trim().is_empty()).collect();
        let one = match outermost[..] {
            [one] => Some(one),
            _ => only(&outermost, |node| headings(node, "h1").next().is_some())
                .or_else(|| only(&outermost, |node| is_titled(node, title))),
        };
        one.map(|node| article_around(node, title).unwrap_or(*node))
    })
}

/// The only one of some elements of which something holds.
fn only<'n, 'p>(
    nodes: &[&'n NodeRef<'p>],
    holds: impl Fn(&NodeRef<'p>) -> bool,
) -> Option<&'n NodeRef<'p>> {
    let mut found = nodes.iter().filter(|node| holds(node));
    found.next().filter(|_| found.next().is_none()).copied()
}

/// The element around the body of an article that has its headline and lead as well.
fn article_around<'p>(node: &NodeRef<'p>, title: &TitleWords) -> Option<NodeRef<'p>> {
    node.attr("itemprop").or_else(|| node.attr("property"))?;
    let mut around = node.ancestors_it(None).take_while(|outer| !outer.has_name("body"));
    around.find(|outer| {
        outer.has_name("article")
            || headings(outer, "h1").next().is_some()
            || is_titled(outer, title)
    })
}

/// The headings in an element, of these levels.
fn headings<'p>(node: &NodeRef<'p>, levels: &'static str) -> impl Iterator<Item = NodeRef<'p>> {
    let inside = node.descendants();
    inside.into_iter().filter(move |inner| {
        inner.node_name().is_some_and(|name| levels.split(' ').any(|level| level == &*name))
    })
}

fn is_titled(node: &NodeRef<'_>, title: &TitleWords) -> bool {
    !title.is_empty()
        && headings(node, "h1 h2 h3").any(|heading| title.are_mostly_in(&heading.text()))
}

/// Words of an element that holds more than a headline.
const LEAST_WORDS: usize = 30;

/// The text around the headline that is an entry's title: that of the smallest element with more
/// than the headline, or of the whole of a short page.
pub(super) fn around_headline(page: &Document, title: &TitleWords) -> Option<String> {
    let headlines = page.select("h1, h2");
    let is_own = |node: &&NodeRef<'_>| !title.is_empty() && title.are_mostly_in(&node.text());
    let headline = headlines.nodes().iter().find(is_own)?;
    let mut around = None;
    for outer in headline.ancestors_it(None) {
        let text = spaced(&outer.text());
        let is_more = text.split(' ').count() >= LEAST_WORDS;
        around = Some(text);
        if is_more {
            break;
        }
    }
    around
}

/// Menus that are noted of one page.
const MOST_NOTED: usize = 8;

/// The content that stands in an element: without menus, and without the headline, which is the
/// entry's title.
pub(super) fn read(node: &NodeRef<'_>, title: &TitleWords) -> Content {
    let mut content = Content { is_titled: is_titled(node, title), ..Content::default() };
    let inside = node.descendants();
    let with_headline = inside
        .iter()
        .find(|inner| inner.has_name("article") && headings(inner, "h1").next().is_some());
    for inner in &inside {
        let role = inner.attr("role").unwrap_or_default();
        let is_menu = inner.has_name("nav")
            || matches!(&*role, "navigation" | "search" | "banner" | "contentinfo");
        let is_headline = inner.has_name("h1") && title.are_mostly_in(&inner.text());
        if is_menu && inner.parent().is_some() {
            let text = spaced(&inner.text());
            if !text.is_empty() && content.set_aside.len() < MOST_NOTED {
                content.set_aside.push(SetAside::of(Reason::Navigation, &text));
            }
            inner.remove_from_parent();
        } else if is_headline {
            inner.remove_from_parent();
        } else if inner.has_name("aside") && role.is_empty()
            || inner.has_name("article") && is_beside(inner, with_headline)
        {
            // A hint: only where it looks like a list of others, it goes.
            inner.set_attr("role", "complementary");
        }
    }
    content.html = node.inner_html().to_string();
    content
}

/// Whether an article is another than the one with the headline.
fn is_beside(article: &NodeRef<'_>, with_headline: Option<&NodeRef<'_>>) -> bool {
    with_headline.is_some_and(|own| {
        own.id != article.id && !article.ancestors_it(None).any(|outer| outer.id == own.id)
    })
}

/// The part of a page to which a fragment leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The fragment only counts visits, or there is none: it leads to the page.
    Whole,
    /// This is the part.
    Html(String),
    /// A script shows the part, or there is none of this name.
    Unknown,
}

/// The part to which the fragment of an entry's address leads: an element, or the text below a
/// heading up to the next one of its level.
pub(super) fn part(page: &Document, fragment: Option<&str>) -> Part {
    let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) else {
        return Part::Whole;
    };
    if fragment.contains('=') || fragment.starts_with(":~:") {
        return Part::Whole;
    }
    let is_meant = |node: &&NodeRef<'_>| {
        let is = |value: &str| value == fragment || is_written_as(value, fragment);
        node.attr("id").is_some_and(|id| is(&id))
            || node.has_name("a") && node.attr("name").is_some_and(|name| is(&name))
    };
    let marked = page.select("body [id], body a[name]");
    let Some(mark) = marked.nodes().iter().find(is_meant) else { return Part::Unknown };
    // An anchor stands in the heading or paragraph that it marks.
    let mut start = *mark;
    while is_inline(&start)
        && let Some(outer) =
            start.parent().filter(|outer| !has_name(outer, &["body", "main", "div"]))
    {
        start = outer;
    }
    let level = level(&start);
    let is_anchor = level.is_none() && (is_inline(&start) || is_inline(mark));
    if level.is_none() && !is_anchor && !start.has_name("dt") {
        return Part::Html(start.inner_html().to_string());
    }
    let mut html = match level {
        Some(_) => String::new(),
        None => start.html().to_string(),
    };
    let mut next = start.next_sibling();
    while let Some(node) = next {
        let ends = match level {
            Some(level) => begins_section(&node, level),
            None if start.has_name("dt") => node.has_name("dt"),
            None => node.is_element() && is_mark(&node),
        };
        if ends {
            break;
        }
        html.push_str(&node.html());
        next = node.next_sibling();
    }
    Part::Html(html)
}

/// Whether a fragment is this name in the characters of addresses.
fn is_written_as(name: &str, fragment: &str) -> bool {
    fragment.contains('%')
        && Url::parse("https://min.example/").is_ok_and(|mut url| {
            url.set_fragment(Some(name));
            url.fragment() == Some(fragment)
        })
}

fn is_inline(node: &NodeRef<'_>) -> bool {
    has_name(node, &["a", "span", "b", "strong", "em", "i"])
}

/// Whether an element is an anchor, or begins with one.
fn is_mark(node: &NodeRef<'_>) -> bool {
    let is_one = |node: &NodeRef<'_>| {
        is_inline(node) && (node.attr("name").is_some() || node.attr("id").is_some())
    };
    is_one(node) || node.descendants_it().any(|inner| is_one(&inner))
}

/// Whether an element is a heading of this level or a higher one, or has one.
fn begins_section(node: &NodeRef<'_>, most: u8) -> bool {
    let is_one = |node: &NodeRef<'_>| level(node).is_some_and(|level| level <= most);
    is_one(node) || node.is_element() && node.descendants_it().any(|inner| is_one(&inner))
}

/// The level of a heading.
fn level(node: &NodeRef<'_>) -> Option<u8> {
    let name = node.node_name()?;
    let level = name.strip_prefix('h')?.parse().ok()?;
    (1..=6).contains(&level).then_some(level)
}

/// The text of an article as the page's own data for search engines state it.
pub(super) fn stated(page: &Document, title: &TitleWords) -> Option<String> {
    let scripts = page.select(r#"script[type="application/ld+json"]"#);
    scripts.nodes().iter().find_map(|script| {
        let data: serde_json::Value = serde_json::from_str(&script.text()).ok()?;
        stated_in(&data, title, 0)
    })
}

/// Objects within one another that are looked through.
const MOST_DEPTH: usize = 4;

fn stated_in(data: &serde_json::Value, title: &TitleWords, depth: usize) -> Option<String> {
    if depth > MOST_DEPTH {
        return None;
    }
    let inner = |value: &serde_json::Value| stated_in(value, title, depth + 1);
    match data {
        serde_json::Value::Array(items) => items.iter().find_map(inner),
        serde_json::Value::Object(object) => {
            let string = |name: &str| object.get(name).and_then(serde_json::Value::as_str);
            let body = string("articleBody").filter(|body| !body.trim().is_empty());
            // Some escape the tags of the text as well.
            let body = body.map(|body| match body.contains("&lt;/") {
                true => htmlize::unescape(body),
                false => Cow::Borrowed(body),
            });
            let headline = string("headline").or_else(|| string("name")).unwrap_or_default();
            match body.filter(|_| title.are_mostly_in(headline)) {
                Some(body) if body.contains("</") => Some(body.into_owned()),
                Some(body) => {
                    let lines = body.lines().filter(|line| !line.trim().is_empty());
                    Some(
                        lines
                            .map(|line| format!("<p>{}</p>", htmlize::escape_text(line)))
                            .collect(),
                    )
                }
                None => object.values().find_map(inner),
            }
        }
        _ => None,
    }
}

/// Whether the page shows its text only where no scripts run.
pub(super) fn unwrap_noscript(page: &Document) {
    let all = page.select("body noscript");
    for node in all.nodes() {
        let words = node.text().split_whitespace().count();
        if words >= LEAST_WORDS_WITHOUT_SCRIPTS && !is_within(node, &["noscript"]) {
            node.rename("div");
        } else {
            node.remove_from_parent();
        }
    }
}

/// Words of a text for readers without scripts. A note that the page needs them has fewer.
const LEAST_WORDS_WITHOUT_SCRIPTS: usize = 20;
