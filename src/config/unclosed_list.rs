//! Finds a list that is never closed: everything behind it is read as part of the list, and would
//! be reported as mistakes of its own.

/// The offset of the `[` of the first list that is not closed before the next `key = value`.
pub(super) fn find(text: &str) -> Option<usize> {
    // The `[` of each list that is open, and how many braces are open inside it.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let (mut is_value, mut at) = (false, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = token(rest);
        match &rest[..length] {
            "=" => match open.last() {
                None => is_value = true,
                Some((start, 0)) => return Some(*start),
                Some(_) => {}
            },
            "[" if is_value || !open.is_empty() => open.push((at, 0)),
            "]" => drop(open.pop()),
            "{" => open.iter_mut().last().into_iter().for_each(|(_, braces)| *braces += 1),
            "}" => {
                let braces = open.iter_mut().last();
                braces.into_iter().for_each(|(_, braces)| *braces = braces.saturating_sub(1));
            }
            "\n" if open.is_empty() => is_value = false,
            _ => {}
        }
        at += length;
    }
    open.first().map(|(start, _)| *start)
}

/// The length of the comment, string or character that a text begins with.
fn token(text: &str) -> usize {
    let line = text.find('\n').unwrap_or(text.len());
    let closed = |quotes: &str, end: usize, is_escaped: bool| {
        let mut at = quotes.len();
        while at < end && !text[at..].starts_with(quotes) {
            let character = text[at..].chars().next().map_or(1, char::len_utf8);
            let skips = is_escaped && text[at..].starts_with('\\');
            let next = text[at + character..].chars().next().filter(|_| skips);
            at += character + next.map_or(0, char::len_utf8);
        }
        (at + quotes.len()).min(text.len()).min(end.max(1))
    };
    match text.as_bytes()[0] {
        b'#' => line.max(1),
        b'"' if text.starts_with("\"\"\"") => closed("\"\"\"", text.len(), true),
        b'\'' if text.starts_with("'''") => closed("'''", text.len(), false),
        b'"' => closed("\"", line, true),
        b'\'' => closed("'", line, false),
        _ => text.chars().next().map_or(1, char::len_utf8),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_list_that_swallows_the_next_option_is_found() {
        for (text, found) in [
            ("include = [\"d/*.toml\"\n\n[server]\nlisten = 1", Some("[\"d/*")),
            ("a = 1\ntags = [\"x\", \"y\"\nb = 2", Some("[\"x\"")),
            ("a = [[1, 2], [3, 4]\nb = 2", Some("[[1")),
            ("a = [\"b = 1\"", Some("[\"b")),
            ("a = [\"b = 1\", 'c = [', \"\\\" = [\"]\nb = 2", None),
            ("a = [\n  { b = 1 }, # = [\n  { b = 2 },\n]\nc = '''\n = [\n'''", None),
            ("[[source]]\nid = \"a\"\n[server]\nlisten = \"b\"", None),
            ("a = [1 2]\nb = 2", None),
            ("a = \"\\", None),
            ("", None),
        ] {
            let expected = found.map(|found| text.find(found).unwrap_or_default());
            assert_eq!(find(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[\\[\\]{}=\"'#\\\\\n aé]{0,60}") {
            if let Some(at) = find(&text) {
                prop_assert!(text[at..].starts_with('['));
            }
        }
    }
}
