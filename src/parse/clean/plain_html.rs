//! Tells whether HTML is written so plainly that the scanner reads it as a browser does.
//!
//! Most text of sources is: paragraphs, lists, links and emphasis, each closed where it should be.
//! Such text is rewritten in one pass. Everything else goes through html5ever. The test
//! `clean::differential` compares the two ways over generated documents.

use super::policy::{self, lower};
use crate::markup::{Kind, Piece};

/// Whether every parser of HTML reads this piece of `html` alike.
pub(super) fn is_plain(piece: Piece<'_>, html: &str) -> bool {
    let written = &html[piece.start..piece.end];
    match piece.kind {
        Kind::Text(text) => !text.contains('\0'),
        Kind::Open { name, attributes, empty } => {
            // `a=b/>` is a value that ends in a slash.
            let is_apart = !empty || !attributes.ends_with(|c: char| !"\"' \t\n".contains(c));
            is_apart
                && is_plain_name(name)
                && policy::shaping(&lower(name)).is_some()
                && has_plain_attributes(attributes)
                // A line end at its beginning is not part of `<pre>`.
                && !(name.eq_ignore_ascii_case("pre") && html[piece.end..].starts_with('\n'))
        }
        Kind::Close { name } => {
            is_plain_name(name) && written[2 + name.len()..].trim_ascii() == ">"
        }
        Kind::Aside(inner) => written.starts_with("<!--") && is_plain_comment(inner),
        Kind::CData(_) | Kind::Stray | Kind::Unclosed(_) => false,
    }
}

fn is_plain_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b':')
        && !NOT_PLAIN.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// Elements whose content follows rules of its own.
const NOT_PLAIN: &[&str] = &[
    "caption", "col", "colgroup", "rp", "rt", "ruby", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr",
];

/// Elements that go with all they contain, and that end at their first end tag, whatever stands
/// before it.
const HIDDEN: &[&str] =
    &["iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title"];

/// Where the end tag of an element ends that goes with all it contains; none where that element
/// is not written plainly.
pub(super) fn end_of_hidden(piece: Piece<'_>, html: &str) -> Option<usize> {
    let Kind::Open { name, attributes, .. } = piece.kind else { return None };
    let is_hidden = HIDDEN.iter().any(|hidden| hidden.eq_ignore_ascii_case(name));
    if !is_hidden || !has_plain_attributes(attributes) {
        return None;
    }
    let inside = &html[piece.end..];
    let is_end_tag = |at: &usize| {
        let tag = &inside.as_bytes()[*at..];
        let is_named = tag.get(2..2 + name.len());
        is_named.is_some_and(|given| given.eq_ignore_ascii_case(name.as_bytes()))
            && !tag.get(2 + name.len()).is_some_and(u8::is_ascii_alphanumeric)
    };
    let at = memchr::memmem::find_iter(inside.as_bytes(), "</").find(is_end_tag)?;
    // Within a comment a script ends elsewhere.
    if inside[..at].contains("<!--") {
        return None;
    }
    let rest = inside[at + 2 + name.len()..].trim_ascii_start();
    rest.starts_with('>').then(|| html.len() - rest.len() + 1)
}

/// Whether a comment ends only where it seems to.
fn is_plain_comment(inner: &str) -> bool {
    !inner.starts_with('>')
        && !inner.starts_with("->")
        && !inner.contains("--!>")
        && !inner.ends_with("<!-")
        && !inner.ends_with('-')
}

/// Whether the attributes are `name`, `name=word`, `name="value"` or `name='value'`, apart from
/// one another.
fn has_plain_attributes(attributes: &str) -> bool {
    let mut rest = attributes.as_bytes();
    loop {
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        rest = &rest[blank..];
        let Some(first) = rest.first() else { return true };
        if blank == 0 || !first.is_ascii_alphabetic() {
            return false;
        }
        let is_name =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':');
        let name = rest.iter().take_while(is_name).count();
        rest = &rest[name..];
        let Some(value) = rest.strip_prefix(b"=") else {
            if rest.first().is_none_or(u8::is_ascii_whitespace) {
                continue;
            }
            return false;
        };
        rest = match value.first() {
            Some(quote @ (b'"' | b'\'')) => {
                let inside = &value[1..];
                let Some(end) = memchr::memchr(*quote, inside) else { return false };
                &inside[end + 1..]
            }
            _ => {
                let is_word = |byte: &&u8| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'%' | b'#')
                };
                let word = value.iter().take_while(is_word).count();
                if word == 0 {
                    return false;
                }
                &value[word..]
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::Pieces;

    #[test]
    fn only_plainly_written_html_is_plain() {
        for (html, plain) in [
            ("<p class=\"a b\" id='c' hidden dir=ltr>One &amp; two<br/></p >", true),
            ("<a href=\"https://a.example/?b=1&amp;c\">x</a><!-- y -->", true),
            ("<o:p>x</o:p><font color=#f00>y</font>", true),
            ("<p a=\"b\"c>", false),
            ("<a href=/x>", false),
            ("<p =a>", false),
            ("<!-->x<p>y-->", false),
            ("<!-- a --!> b -->", false),
            ("<?xml:namespace prefix = o />", false),
            ("<![if x]>", false),
            ("<![CDATA[x]]>", false),
            ("<table>", false),
            ("<svg>", false),
            ("<script>", false),
            ("<pre>x</pre>", true),
            ("<pre>\nx</pre>", false),
            ("a < b", false),
            ("</p/>", false),
        ] {
            assert_eq!(Pieces::of(html).all(|piece| is_plain(piece, html)), plain, "{html}");
        }
    }

    #[test]
    fn hidden_elements_end_at_their_first_end_tag() {
        for (html, rest) in [
            ("<iframe src=\"x\" allowfullscreen></iframe>one", Some("one")),
            ("<SCRIPT>if (a </b) x('<p>')</script >one", Some("one")),
            ("<textarea>&lt;<b></textareas></textarea>one", Some("one")),
            ("<style/>x</style>one", Some("one")),
            ("<script><!-- x --></script>one", None),
            ("<script>x", None),
            ("<style>x</style y>one", None),
            ("<iframe src=/a></iframe>one", None),
            ("<svg></svg>", None),
        ] {
            let end = Pieces::of(html).next().and_then(|piece| end_of_hidden(piece, html));
            assert_eq!(end.map(|end| &html[end..]), rest, "{html}");
        }
    }
}
