//! Bounds the attributes of every tag that a parser might see in a text, wherever it sees one.
//!
//! A parser of HTML compares each attribute of a tag with all before it. A tag of a hundred
//! thousand takes seconds, and the parser gives no chance to stop it. Which `<` begins a tag
//! depends on all that stands before, so this follows every `<` at once: for each state of the
//! standard's tokenizer it keeps the highest count with which any of them can be in that state.

use memchr::memchr;

/// Attributes of one tag. Nobody writes nearly as many.
const MOST: u32 = 1500;

/// States of the standard's tokenizer within a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Name,
    BeforeAttribute,
    Attribute,
    AfterAttribute,
    BeforeValue,
    DoubleQuoted,
    SingleQuoted,
    Unquoted,
    AfterQuoted,
    SelfClosing,
}

const STATES: [State; 10] = [
    State::Name,
    State::BeforeAttribute,
    State::Attribute,
    State::AfterAttribute,
    State::BeforeValue,
    State::DoubleQuoted,
    State::SingleQuoted,
    State::Unquoted,
    State::AfterQuoted,
    State::SelfClosing,
];

impl State {
    /// The state after a byte, and whether an attribute begins with it; none where the tag ends.
    fn after(self, byte: u8) -> Option<(Self, bool)> {
        use State::*;
        let blank = matches!(byte, b'\t' | b'\n' | b'\x0C' | b'\r' | b' ');
        let next = match (self, byte) {
            (DoubleQuoted, b'"') | (SingleQuoted, b'\'') => AfterQuoted,
            (DoubleQuoted | SingleQuoted, _) => self,
            (_, b'>') => return None,
            (Unquoted, _) => {
                if blank {
                    BeforeAttribute
                } else {
                    Unquoted
                }
            }
            (BeforeValue, b'"') => DoubleQuoted,
            (BeforeValue, b'\'') => SingleQuoted,
            (BeforeValue, _) => {
                if blank {
                    BeforeValue
                } else {
                    Unquoted
                }
            }
            (_, b'/') => SelfClosing,
            (Name, _) => {
                if blank {
                    BeforeAttribute
                } else {
                    Name
                }
            }
            (Attribute | AfterAttribute, b'=') => BeforeValue,
            (Attribute | AfterAttribute, _) if blank => AfterAttribute,
            (Attribute, _) => Attribute,
            (BeforeAttribute | AfterQuoted | SelfClosing, _) if blank => BeforeAttribute,
            (BeforeAttribute | AfterAttribute | AfterQuoted | SelfClosing, _) => {
                return Some((Attribute, true));
            }
        };
        Some((next, false))
    }
}

/// Whether any tag that a parser might see in `html` has more attributes than it may.
pub(crate) fn has_too_many_attributes(html: &str) -> bool {
    let bytes = html.as_bytes();
    // One more than the highest count; zero where nothing is in that state.
    let mut counts = [0_u32; STATES.len()];
    let mut at = 0;
    while at < bytes.len() {
        if counts == [0; STATES.len()] {
            let Some(found) = memchr(b'<', &bytes[at..]) else { return false };
            at += found;
        }
        let byte = bytes[at];
        let mut next = [0_u32; STATES.len()];
        for state in STATES {
            let count = counts[state as usize];
            if count > 0
                && let Some((after, begins)) = state.after(byte)
            {
                let count = count + u32::from(begins);
                if count > MOST {
                    return true;
                }
                let known = &mut next[after as usize];
                *known = count.max(*known);
            }
        }
        let named = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
        if byte == b'<' && (named(at + 1) || bytes.get(at + 1) == Some(&b'/') && named(at + 2)) {
            let name = &mut next[State::Name as usize];
            *name = (*name).max(1);
        }
        counts = next;
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_too_many_attributes_is_seen_wherever_it_stands() {
        let many = |attribute: &str| attribute.repeat(1600);
        for (html, expected) in [
            (format!("<p {}>", many("a ")), true),
            (format!("<p{}>", many(" a='>'")), true),
            (format!("<p {}>", many("a=\">\"")), true),
            (format!("<p {}>", many("a/")), true),
            (format!("</p {}", many("a ")), true),
            // A browser may or may not see a comment here.
            (format!("<!-- <p {}> -->", many("a ")), true),
            (format!("<p title=\"<b {}>\">", many("a ")), true),
            (format!("<p {}", many("a=1>")), false),
            (format!("<p title='{}'>", many("a b ")), false),
            (many("1 < 2 and "), false),
            (many("<p class=a id=b>don't</p> "), false),
            (format!("<script>if (a<b) {}</script>", many("x(1); ")), true),
        ] {
            assert_eq!(has_too_many_attributes(&html), expected, "{html:.60}");
        }
    }
}
