//! Puts the tree of a page in order before its content is looked for: what readers see stays, and
//! what belongs to the site goes.

use std::collections::HashMap;

use dom_query::{Document, NodeId, NodeRef};

use crate::tokenize::spaced;

/// Elements that show nothing, or only serve to type something in.
const SHOW_NOTHING: &str = "script, style, link, meta, iframe, svg, template, input, select, datalist, \
    dialog:not([open]), textarea:not([readonly]), form[role=search], [role=dialog], [role=alertdialog]";

/// Elements around a button that make it a heading, as in accordions, and how far around.
const HEADINGS: [&str; 8] = ["h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary"];
const MOST_AROUND: usize = 3;

/// Parts of a page that name themselves as the site's.
const OF_THE_SITE: &str =
    "nav, [role=navigation], [role=search], [role=banner], [role=contentinfo]";

/// Comments of readers, by the names that widespread software gives them.
const COMMENTS: &str = "#comments, #respond, .comment-list, .commentlist, .comments-area, \
    #disqus_thread, [id^=disqus_]";

/// Links that only print the page, close its window or lead back.
const CONTROLS: &str = "a[href='#top'], a[href^='javascript:'][href*='print'], a[href^='javascript:'][href*='close'], \
    a[href^='javascript:'][href*='history'], a[onclick*='print('], a[onclick*='close('], a[onclick*='history.']";

/// Words of an element that readers open to see what it says.
const LEAST_WORDS: usize = 8;

/// Hidden elements that are compared with the rest of the page, of which some are copies.
const MOST_COMPARED: usize = 100;

/// Words in the names of hidden elements that are not part of the text.
const NEVER_TEXT: [&str; 14] = [
    "cookie",
    "consent",
    "gdpr",
    "modal",
    "dialog",
    "popup",
    "overlay",
    "menu",
    "nav",
    "search",
    "share",
    "login",
    "lightbox",
    "newsletter",
];

/// Puts the whole tree in order.
pub(super) fn tidy(page: &Document) {
    remove_buttons(page);
    page.select("dialog[open], textarea[readonly]").rename("div");
    page.select(SHOW_NOTHING).remove();
    page.select(COMMENTS).remove();
    page.select(CONTROLS).remove();
    remove_toolbars(page);
    for node in page.select("*").nodes() {
        if node.node_name().is_some_and(|name| name.contains('-')) {
            node.rename("div");
        }
    }
    close_headings(page);
    show_hidden(page);
    let forms = page.select("form");
    forms.nodes().iter().filter(|form| !has_prose(form)).for_each(NodeRef::remove_from_parent);
}

/// Takes out buttons, and the question beside several: "Is this page useful?" Those that open a part
/// of the text are its headings.
fn remove_buttons(page: &Document) {
    let mut around: Vec<NodeRef<'_>> = Vec::new();
    let mut counts: HashMap<NodeId, usize> = HashMap::new();
    for button in page.select("button").nodes() {
        if opens_a_part(button) {
            button.rename("span");
            continue;
        }
        if let Some(outer) = button.parent() {
            let count = counts.entry(outer.id).or_default();
            *count += 1;
            if *count == LEAST_ANSWERS {
                around.push(outer);
            }
        }
        button.remove_from_parent();
    }
    for outer in around {
        let text = spaced(&outer.text());
        let is_question = text.ends_with(['?', '？', '؟', ';'])
            && text.split(' ').count() <= MOST_WORDS_OF_A_QUESTION;
        let has_more =
            || outer.descendants_it().any(|inner| has_name(&inner, &MORE_THAN_A_QUESTION));
        if is_question && !has_name(&outer, &["main", "article", "body"]) && !has_more() {
            outer.remove_from_parent();
        }
    }
}

/// Buttons that answer one question, and the words of the question.
const LEAST_ANSWERS: usize = 2;
const MOST_WORDS_OF_A_QUESTION: usize = 12;
const MORE_THAN_A_QUESTION: [&str; 7] = ["h1", "a", "li", "img", "table", "video", "audio"];

/// Whether a button or a link without a place opens a part of the text, whose heading it is.
fn opens_a_part(control: &NodeRef<'_>) -> bool {
    ["aria-expanded", "aria-controls", "data-toggle", "data-bs-toggle"]
        .iter()
        .any(|name| control.attr(name).is_some())
        || control.ancestors_it(Some(MOST_AROUND)).any(|outer| has_name(&outer, &HEADINGS))
}

/// Takes the links that lead nowhere, but run a script, out of rows of links behind which no text
/// follows: "Share", "Print".
fn remove_toolbars(page: &Document) {
    let mut known: HashMap<NodeId, bool> = HashMap::new();
    let mut is_row =
        |node: &NodeRef<'_>| *known.entry(node.id).or_insert_with(|| is_links_alone(node));
    let mut judged: HashMap<NodeId, bool> = HashMap::new();
    for link in page.select(NOWHERE).nodes() {
        let outer = link.ancestors_it(None).take_while(|outer| is_row(outer)).last();
        let Some(row) = outer.filter(|row| !opens_a_part(link) && row.is_element()) else {
            continue;
        };
        let is_toolbar = judged.entry(row.id).or_insert_with(|| {
            let count = row.descendants_it().filter(|inner| inner.has_name("a")).count();
            let behind = row.next_element_sibling();
            count >= LEAST_IN_A_ROW && behind.is_none_or(|behind| !has_prose(&behind))
        });
        if *is_toolbar && is_label(&link.text()) {
            link.remove_from_parent();
        }
    }
}

/// Whether a link can be a control's: an attachment that a script opens has a longer name, a number or a
/// suffix.
fn is_label(text: &str) -> bool {
    text.split_whitespace().count() <= MOST_OF_A_LABEL
        && !text.contains(|c: char| c == '.' || c.is_numeric())
}

/// Words of a control.
const MOST_OF_A_LABEL: usize = 3;

/// Whether an element has no words outside of links.
fn is_links_alone(node: &NodeRef<'_>) -> bool {
    let mut rest = vec![*node];
    while let Some(node) = rest.pop() {
        if node.is_text() && node.text().contains(char::is_alphanumeric) {
            return false;
        }
        rest.extend(node.children().into_iter().filter(|child| !child.has_name("a")));
    }
    true
}

/// Links that only run a script.
const NOWHERE: &str = "a[href='#'], a[href^='javascript:']";

/// Links of a row: one alone may be a heading that a script opens.
const LEAST_IN_A_ROW: usize = 2;

/// Takes out the headers, footers and menus of the site. Within `main` and `article` only menus are
/// the site's.
pub(super) fn without_site_parts(page: &Document) {
    page.select(OF_THE_SITE).remove();
    for part in page.select("header, footer").nodes() {
        if !is_within(part, &["main", "article"]) {
            part.remove_from_parent();
        }
    }
}

/// Moves blocks behind the heading that was never closed before them.
fn close_headings(page: &Document) {
    for heading in page.select("h1, h2, h3, h4, h5, h6").nodes() {
        let children = heading.children();
        let is_block = |node: &NodeRef<'_>| {
            has_name(node, &["p", "ul", "ol", "dl", "table", "blockquote", "section"])
        };
        let Some(first) = children.iter().position(is_block).filter(|first| *first > 0) else {
            continue;
        };
        for child in children[first..].iter().rev() {
            heading.insert_after(child);
        }
    }
}

/// Shows what readers can open: panels of accordions and tabs. Copies of other parts and dialogs
/// of the site go.
fn show_hidden(page: &Document) {
    let whole = spaced(&page.select("body").text());
    let hidden = page.select("[hidden], [aria-hidden=true], [style]");
    let mut compared = 0;
    for node in hidden.nodes() {
        let style = node.attr("style").unwrap_or_default().to_ascii_lowercase();
        let style: String = style.split_whitespace().collect();
        let is_hidden = node.attr("hidden").is_some()
            || node.attr("aria-hidden").is_some_and(|value| &*value == "true")
            || style.contains("display:none")
            || style.contains("visibility:hidden");
        // Some sites show their pages once scripts have run.
        let is_all = has_name(node, &["html", "body", "main"]);
        if !is_hidden {
            continue;
        }
        if is_all {
            show(node);
            continue;
        }
        let text = spaced(&node.text());
        let is_long = text.split(' ').count() >= LEAST_WORDS
            || text.chars().count() >= 40 && !text.is_ascii()
            || has_cells(node);
        compared += usize::from(is_long);
        let is_copy = compared <= MOST_COMPARED && whole.matches(text.as_str()).nth(1).is_some();
        if is_long && !is_copy && !is_named(node, &NEVER_TEXT) {
            show(node);
        } else {
            node.remove_from_parent();
        }
    }
}

fn show(node: &NodeRef<'_>) {
    ["hidden", "aria-hidden", "style"].iter().for_each(|name| node.remove_attr(name));
}

/// Whether an element has cells of a table, or values of a list of labels.
fn has_cells(node: &NodeRef<'_>) -> bool {
    let mut inside = node.descendants_it();
    inside.any(|inner| has_name(&inner, &["td", "dd"]))
}

/// Whether the class, id or role of an element has one of these words.
fn is_named(node: &NodeRef<'_>, words: &[&str]) -> bool {
    let names = ["class", "id", "role"].iter().filter_map(|name| node.attr(name));
    let mut names = names.map(|names| names.to_ascii_lowercase());
    names.any(|names| words.iter().any(|word| names.contains(word)))
}

/// Whether an element is a block with a sentence, or has one.
fn has_prose(node: &NodeRef<'_>) -> bool {
    let mut blocks = std::iter::once(*node).chain(node.descendants_it());
    blocks.any(|block| {
        let is_block =
            has_name(&block, &["p", "li", "legend", "label", "td", "dd", "div", "h2", "h3"]);
        is_block && is_sentence(&block.text())
    })
}

/// Whether a text is long enough for a sentence, in a script that writes spaces or in one that does
/// not.
fn is_sentence(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let letters = text.chars().filter(|c| !c.is_whitespace()).count();
    words >= LEAST_WORDS || letters >= LEAST_LETTERS && letters >= LEAST_LETTERS / 2 * words
}

/// Letters of a sentence without spaces.
const LEAST_LETTERS: usize = 20;

/// Whether an element has one of these names.
pub(super) fn has_name(node: &NodeRef<'_>, names: &[&str]) -> bool {
    node.node_name().is_some_and(|name| names.contains(&&*name))
}

/// Whether an element stands within another of one of these names.
pub(super) fn is_within(node: &NodeRef<'_>, names: &[&str]) -> bool {
    let mut around = node.ancestors_it(None);
    around.any(|outer| has_name(&outer, names))
}
