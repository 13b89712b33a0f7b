//! Shortens HTML at the end of a block element, else between words; its markup stays balanced.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::markup::is_block;

/// Elements without an end tag, of those that cleaning lets through.
const VOID: [&str; 5] = ["br", "col", "hr", "img", "wbr"];

/// The mark where a text was cut between words.
const ELLIPSIS: &str = "…";

/// The bytes that HTML takes at most in a document: as escaped XML, as character data or in JSON.
pub(super) fn written_len(html: &str) -> usize {
    html.bytes().map(byte_len).sum()
}

fn byte_len(byte: u8) -> usize {
    match byte {
        b'"' | b'\'' => "&quot;".len(),
        b'&' => "&amp;".len(),
        b'<' | b'>' => "&lt;".len(),
        b'\t' | b'\n' | b'\\' => r"\n".len(),
        // `]]>` would end character data, so it becomes `]]]]><![CDATA[>`.
        b']' => 6,
        _ => 1,
    }
}

/// A place where the HTML can end, and the end tags that are then missing.
#[derive(Debug, Default)]
struct Cut {
    at: usize,
    end_tags: String,
}

/// The beginning of `html` that takes at most `limit` bytes in a document, by [`written_len`].
pub(super) fn truncate(html: &str, limit: usize) -> String {
    if written_len(html) <= limit {
        return html.to_owned();
    }
    let limit = limit.saturating_sub(ELLIPSIS.len());
    let mut reader = Reader::from_str(html);
    let config = reader.config_mut();
    (config.allow_dangling_amp, config.allow_unmatched_ends) = (true, true);
    config.check_end_names = false;
    let (mut open, mut written, mut at) = (Vec::<&str>::new(), 0, 0);
    let (mut block, mut word) = (Cut::default(), Cut::default());
    // Broken markup ends the text, too: nothing behind it can be distinguished from a tag.
    while let Ok(event) = reader.read_event() {
        let end = usize::try_from(reader.buffer_position()).unwrap_or(html.len());
        let Some(piece) = html.get(at..end) else { break };
        let name = name_of(piece);
        match event {
            Event::Eof => break,
            Event::Start(_) if !VOID.contains(&name) => open.push(name),
            Event::End(_) => {
                if let Some(place) = open.iter().rposition(|opened| *opened == name) {
                    open.truncate(place);
                }
            }
            _ => {}
        }
        let end_tags: String = open.iter().rev().map(|name| format!("</{name}>")).collect();
        let needed = written + written_len(&end_tags);
        let room = limit.checked_sub(needed);
        if room.is_none_or(|room| written_len(piece) > room) {
            if let (Event::Text(_), Some(room)) = (&event, room)
                && let Some(length) = words_within(piece, room)
            {
                word = Cut { at: at + length, end_tags };
            }
            break;
        }
        written += written_len(piece);
        at = end;
        match event {
            Event::End(_) if ends_a_text(name) => block = Cut { at, end_tags },
            Event::Text(_) | Event::End(_) => word = Cut { at, end_tags },
            _ => {}
        }
    }
    // A paragraph may be longer than all before it.
    match word.at / 2 > block.at {
        true => format!("{}{ELLIPSIS}{}", html[..word.at].trim_end(), word.end_tags),
        false => format!("{}{}", &html[..block.at], block.end_tags),
    }
}

/// Whether a text can end behind an element without a loose end.
fn ends_a_text(name: &str) -> bool {
    // What follows a term, a caption or a summary belongs to it.
    name == "tr" || is_block(name) && !matches!(name, "dt" | "figcaption" | "summary")
}

/// The name in a tag.
fn name_of(tag: &str) -> &str {
    let tag = tag.trim_start_matches(['<', '/']);
    let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
    &tag[..end]
}

/// How much of a text fits into `room`, up to the end of a word where there is one.
fn words_within(text: &str, mut room: usize) -> Option<usize> {
    let mut fits = |c: char| {
        let length = if c.len_utf8() == 1 { byte_len(c as u8) } else { c.len_utf8() };
        let left = room.checked_sub(length);
        room = left.unwrap_or_default();
        left.is_some()
    };
    let end = text.char_indices().find(|(_, c)| !fits(*c)).map_or(text.len(), |(at, _)| at);
    let end = text[..end].rfind(char::is_whitespace).unwrap_or(end);
    (end > 0).then_some(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn html_ends_behind_a_block_or_between_words() {
        let long = "word ".repeat(20);
        for (html, limit, cut) in [
            ("<p>One.</p><p>Two.</p>", 1000, "<p>One.</p><p>Two.</p>".to_owned()),
            ("<p>One.</p><p>Two.</p>", 30, "<p>One.</p>".to_owned()),
            ("<ul><li>One</li><li>Two</li></ul>", 56, "<ul><li>One</li></ul>".to_owned()),
            (
                "<div><p>A &amp; B</p><br><p>C</p></div>",
                58,
                "<div><p>A &amp; B</p></div>".to_owned(),
            ),
            (
                &format!("<p>{long}</p>"),
                60,
                "<p>word word word word word word word…</p>".to_owned(),
            ),
            (
                &format!("<p>a</p><b>{long}</b>"),
                80,
                "<p>a</p><b>word word word word word word word…</b>".to_owned(),
            ),
            (&"x".repeat(100), 20, "x".repeat(17) + "…"),
            ("<p title=\"a > b\">One</p><p>Two</p>", 63, "<p title=\"a > b\">One</p>".to_owned()),
            ("R & D <p>x</p> 1 < 2", 8, "R…".to_owned()),
            ("<p>One.</p>", 5, String::new()),
        ] {
            assert_eq!(truncate(html, limit), cut, "{html} within {limit}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_html_it_is_as_short_as_asked(
            parts in proptest::collection::vec(prop_oneof![
                Just("<p>"), Just("</p>"), Just("<ul><li>"), Just("</li>"), Just("</ul>"), Just("<br>"),
                Just("<a href=\"x>y\">"), Just("</a>"), Just("&amp;"), Just("&"), Just("<"), Just("\""),
                Just("]]>"), Just("words in between"), Just("ü\n\\"),
            ], 0..60),
            limit in 0_usize..400,
        ) {
            let html = parts.concat();
            let cut = truncate(&html, limit);
            prop_assert!(cut == html || written_len(&cut) <= limit, "{} > {}: {}", written_len(&cut), limit, cut);
        }

        #[test]
        fn balanced_html_stays_balanced(
            texts in proptest::collection::vec("[a-z &;\"<]{0,40}", 1..12),
            limit in 0_usize..600,
        ) {
            let item = |text: &String| format!("<li><p>{}</p><br></li>", crate::publish::text_escape::escape(text));
            let html = format!("<div><ul>{}</ul></div>", texts.iter().map(item).collect::<String>());
            let cut = truncate(&html, limit);
            for name in ["div", "ul", "li", "p"] {
                let count = |tag: &str| cut.matches(tag).count();
                prop_assert_eq!(count(&format!("<{name}>")), count(&format!("</{name}>")), "{}", cut);
            }
            prop_assert!(written_len(&cut) <= limit);
        }
    }
}
