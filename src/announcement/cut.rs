//! Takes the elements out of HTML that the operator's CSS selectors name.

use dom_query::{Document, Matcher};

use crate::cancel::Cancelled;
use crate::dom_cost::{self, Bounds, Parsed};
use crate::model::{Reason, SetAside};
use crate::tokenize::spaced;

use super::MOST_SET_ASIDE;

/// Bounds on the tree of a text: larger ones are left as they are.
const BOUNDS: Bounds = Bounds {
    elements: 30_000,
    depth: 400,
    bytes: 4 << 20,
    nested_text: 64 << 20,
    steps: 20_000_000,
};

/// Whether a selector can be read.
///
/// # Errors
///
/// The message says why it cannot be read.
pub fn is_selector(selector: &str) -> bool {
    Matcher::new(selector).is_ok()
}

/// The HTML without the elements that the selectors name, and the text of those; none where they
/// name nothing in it.
pub fn cut(
    html: &str,
    selectors: &[String],
    cancelled: &Cancelled,
) -> Option<(String, Vec<SetAside>)> {
    if selectors.is_empty() || !html.contains('<') {
        return None;
    }
    dom_cost::cost(html, Parsed::Page, &BOUNDS, cancelled).ok()?;
    let document = Document::fragment(html);
    let set_aside = cut_from(&document, selectors);
    let root = document.html_root();
    (!set_aside.is_empty()).then(|| (root.inner_html().to_string(), set_aside))
}

/// Takes the elements that the selectors name out of a document, and returns their text.
pub fn cut_from(document: &Document, selectors: &[String]) -> Vec<SetAside> {
    let mut set_aside = Vec::new();
    for matcher in selectors.iter().filter_map(|selector| Matcher::new(selector).ok()) {
        let found = document.select_matcher(&matcher);
        if !found.exists() {
            continue;
        }
        let text = spaced(&found.text());
        found.remove();
        if set_aside.len() < MOST_SET_ASIDE {
            set_aside.push(SetAside::of(Reason::Rule, &text));
        }
    }
    set_aside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_taken_out_and_listed() {
        let selectors = ["div.more".to_owned(), "#foot > p".to_owned()];
        let html =
            "<p>One</p><div class='x more'><p>Two</p></div>three<div id=foot><p>Four</p></div>";
        let (html, set_aside) = cut(html, &selectors, &Cancelled::never()).unwrap_or_default();
        assert_eq!(html, "<p>One</p>three<div id=\"foot\"></div>");
        let texts: Vec<&str> = set_aside.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(texts, ["Two", "Four"]);
        assert_eq!(cut("<p>One</p>", &selectors, &Cancelled::never()), None);
    }

    #[test]
    fn a_selector_that_cannot_be_read_is_refused() {
        for (selector, good) in
            [("div.more > p", true), ("a[href*='x']", true), ("div..", false), ("", false)]
        {
            assert_eq!(is_selector(selector), good, "{selector}");
        }
    }
}
