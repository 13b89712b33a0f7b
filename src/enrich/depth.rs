//! HTML as a page has it in; how deep it is nested, out.

/// Elements nested deeper than this are no page that somebody wrote, and cost
/// a parser quadratic time or its stack.
pub(super) const MOST_DEPTH: usize = 400;

/// How deep elements are nested, as far as tags tell. Elements that browsers
/// close by themselves do not count.
pub(super) fn depth(html: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (tag, after) = split_tag(&rest[at..]);
        rest = after;
        let name = name_of(tag);
        if name.is_empty() || closes_itself(name) || tag.ends_with("/>") {
            continue;
        }
        if tag.starts_with("</") {
            depth = depth.saturating_sub(1);
        } else {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

/// A tag at the beginning of `html`, and what follows it. A `>` in a quoted
/// attribute ends nothing.
fn split_tag(html: &str) -> (&str, &str) {
    if let Some(comment) = html.strip_prefix("<!--") {
        let end = comment.find("-->").map_or(html.len(), |end| end + 7);
        return html.split_at(end);
    }
    let mut quote = None;
    for (at, c) in html.char_indices() {
        match (quote, c) {
            (None, '>') => return html.split_at(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    // No tag at all: a lone `<` in a text.
    html.split_at(1)
}

fn name_of(tag: &str) -> &str {
    let name = tag.trim_start_matches('<').trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    if tag.ends_with('>') { &name[..end] } else { "" }
}

fn closes_itself(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link",
        "meta", "option", "p", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track",
        "wbr",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_browser_closes_counts() {
        let deep = format!("{}deep{}", "<div>".repeat(1000), "</div>".repeat(1000));
        assert_eq!(depth(&deep), 1000);
        assert_eq!(depth(&"<p>one<li>two<br>".repeat(1000)), 0);
        assert_eq!(depth("<a title=\"a > b\">1 < 2</a><!-- <div><div> -->"), 1);
    }
}
