//! Renders the page on the language of queries from `config/TOPICS.md`.

use std::sync::OnceLock;

use askama::Template;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, html};

use crate::publish::site::Site;
use crate::publish::text_escape::escape;

/// Every example of it is run by a test of the queries' language.
const PAGE: &str = include_str!("../../../config/TOPICS.md");

#[derive(Template)]
#[template(path = "help.html")]
pub(super) struct HelpPage<'a> {
    site: &'a Site,
    body: &'static str,
}

pub(super) fn page(site: &Site) -> HelpPage<'_> {
    static BODY: OnceLock<String> = OnceLock::new();
    HelpPage { site, body: BODY.get_or_init(|| rendered(PAGE)) }
}

/// The text as HTML. Blocks of example queries show which texts they match.
fn rendered(text: &str) -> String {
    let mut events = Vec::new();
    let mut example: Option<(String, String)> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match (event, &mut example) {
            (Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))), _)
                if matches!(&*kind, "query" | "refused") =>
            {
                example = Some((kind.to_string(), String::new()));
            }
            (Event::Text(line), Some((_, lines))) => lines.push_str(&line),
            (Event::End(TagEnd::CodeBlock), of @ Some(_)) => {
                let (_, lines) = of.take().unwrap_or_default();
                events.push(Event::Html(shown(&lines).into()));
            }
            (event, _) => events.push(event),
        }
    }
    let mut body = String::new();
    html::push_html(&mut body, events.into_iter());
    body
}

/// An example: the query, and below it what it matches, does not match or is answered.
fn shown(block: &str) -> String {
    let (mut query, mut texts) = (String::new(), String::new());
    for line in block.lines() {
        let (class, name, text) = match line.split_at_checked(2) {
            Some(("+ ", text)) => ("good", "matches", text),
            Some(("- ", text)) => ("bad", "does not match", text),
            Some(("! ", text)) => ("warn", "is refused", text),
            _ => {
                query.push_str(&escape(line));
                query.push('\n');
                continue;
            }
        };
        let text = escape(text);
        texts.push_str(&format!("<li><span class=\"tag {class}\">{name}</span> {text}</li>\n"));
    }
    let query = query.trim_end();
    format!(
        "<div class=\"example\">\n<pre><code>{query}</code></pre>\n<ul>\n{texts}</ul>\n</div>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_say_what_they_match_and_everything_else_is_rendered_as_it_is() {
        let body = rendered(PAGE);
        assert!(body.contains("<h1>Topics: what a query can say</h1>"));
        assert!(body.contains("<table>") && body.contains("<h2>"));
        assert!(body.contains("<pre><code>kosovo</code></pre>"), "{body}");
        assert!(body.contains("<span class=\"tag bad\">does not match</span> A Kosovan minister"));
        assert!(!body.contains("```"));
        let shown = shown("a < b\n+ x & y\n");
        assert!(shown.contains("a &lt; b") && shown.contains("x &amp; y"), "{shown}");
    }
}
