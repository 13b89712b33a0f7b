//! Mends a document that is not well-formed, and says what was mended.
//!
//! Only used when the strict pass fails. One pass: bare `&` and `<` are
//! escaped, references that name no character dropped, tags closed where they
//! must be and end tags without a start left out. The element that the document
//! breaks off in is dropped, so that no half of a text is published. The elements
//! of its entry that came whole stay.

mod root;

pub(super) use self::root::find_root;
use super::Break;
use crate::cancel::Cancelled;
use crate::control_characters::is_odd_space;
use crate::markup::{self, Kind, Pieces, attributes, is_name, split_name};
use crate::model::{Failure, FailureKind};

/// A mended document.
#[derive(Debug, PartialEq)]
pub(super) struct Mended {
    pub(super) text: String,
    /// The repairs, for people to read; each once.
    pub(super) repairs: Vec<&'static str>,
    /// Where the document ends, if that is before its root does.
    pub(super) broken_off: Option<Break>,
}

/// Mends the document that starts with its root's tag.
pub(super) fn mend(text: &str, cancelled: &Cancelled) -> Result<Mended, Failure> {
    let mut mender = Mender {
        result: String::with_capacity(text.len() + 64),
        most: text.len().saturating_mul(2).saturating_add(MOST_ADDED),
        ..Mender::default()
    };
    mender.run(text, cancelled)?;
    let Mender { result, repairs, broken_off, .. } = mender;
    Ok(Mended { text: result, repairs, broken_off })
}

#[derive(Default)]
struct Mender<'t> {
    result: String,
    /// Bytes of the result at most.
    most: usize,
    repairs: Vec<&'static str>,
    stack: Vec<Open<'t>>,
    broken_off: Option<Break>,
}

struct Open<'t> {
    name: &'t str,
    is_entry: bool,
    /// Where in the result its tag starts.
    start: usize,
}

/// Bytes that mending may add, beside the length of the document once more.
const MOST_ADDED: usize = 64 * 1024;

/// Values of attributes are not longer, even where they hold a picture.
const MOST_VALUE: usize = 64 * 1024;

/// Nothing sensible nests deeper; `normalise` refuses what is left.
const MAX_DEPTH: usize = 256;

impl<'t> Mender<'t> {
    fn run(&mut self, text: &'t str, cancelled: &Cancelled) -> Result<(), Failure> {
        let mut pieces = Pieces::of(text);
        while let Some(piece) = pieces.next() {
            cancelled.check()?;
            if self.result.len() > self.most {
                let message = "more of it would have to be mended than of any feed";
                return Err(Failure::new(FailureKind::TooLarge, message));
            }
            match piece.kind {
                Kind::Text(inner) => self.text(inner),
                Kind::CData(_) => self.result.push_str(&text[piece.start..piece.end]),
                Kind::Aside(_) => {}
                Kind::Stray => {
                    self.note("a bare < was escaped");
                    self.result.push_str("&lt;");
                }
                Kind::Open { name, attributes: inside, empty } => {
                    // A quote that is not closed swallows the tags after it.
                    let swallows = memchr::memchr(b'<', inside.as_bytes()).is_some();
                    match inside.find('>').filter(|_| swallows) {
                        Some(end) => {
                            self.note("an unclosed quote was closed");
                            let end = piece.start + 1 + name.len() + end;
                            self.open(name, &text[piece.start + 1 + name.len()..end], false);
                            pieces.skip_to(end + 1);
                        }
                        None => self.open(name, inside, empty),
                    }
                }
                Kind::Close { name } => self.close(name),
                Kind::Unclosed(rest) => match self.unclosed(rest) {
                    Some(length) => pieces.skip_to(piece.start + length),
                    None => break,
                },
            }
            if self.stack.is_empty() && !self.result.is_empty() {
                break;
            }
        }
        self.finish();
        Ok(())
    }

    fn note(&mut self, repair: &'static str) {
        if !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }

    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
            if self.result.len() > self.most {
                return;
            }
            self.result.push_str(&rest[..at]);
            rest = &rest[at..];
            match reference(rest) {
                Reference::Good(length) => {
                    self.result.push_str(&rest[..length]);
                    rest = &rest[length..];
                }
                Reference::Means(c, length) => {
                    self.note("a reference to a control character was read as Windows-1252");
                    self.result.push(c);
                    rest = &rest[length..];
                }
                Reference::Nothing(length) => {
                    self.note("a reference that names no character was dropped");
                    rest = &rest[length..];
                }
                Reference::None => {
                    self.note("a bare & was escaped");
                    self.result.push_str("&amp;");
                    rest = &rest[1..];
                }
            }
        }
        self.result.push_str(rest);
    }

    fn open(&mut self, name: &'t str, inside: &'t str, empty: bool) {
        let local = split_name(name).1;
        let is_entry = local.eq_ignore_ascii_case("item") || local.eq_ignore_ascii_case("entry");
        if is_entry && !empty {
            // Entries do not nest: the one before was not closed.
            if let Some(at) = self.stack.iter().position(|open| open.is_entry) {
                self.note("an entry that was not closed was closed");
                self.close_to(at);
            }
        }
        if name.eq_ignore_ascii_case("p") && self.stack.last().is_some_and(|open| open.name == name)
        {
            self.close_to(self.stack.len() - 1);
        }
        let empty = empty || is_void(name);
        let start = self.result.len();
        self.result.push('<');
        self.result.push_str(name);
        for (attribute, value) in attributes(inside) {
            let is_name = !attribute.bytes().any(|byte| matches!(byte, b'<' | b'"' | b'\'' | b'&'));
            if !is_name || value.len() > MOST_VALUE {
                continue;
            }
            self.result.push(' ');
            self.result.push_str(attribute);
            self.result.push_str("=\"");
            self.text(&value.replace('"', "&quot;").replace('<', "&lt;"));
            self.result.push('"');
        }
        if empty || self.stack.len() >= MAX_DEPTH {
            self.result.push_str("/>");
            return;
        }
        self.result.push('>');
        self.stack.push(Open { name, is_entry, start });
    }

    fn close(&mut self, name: &str) {
        if is_void(name) {
            return;
        }
        let found = self.stack.iter().rposition(|open| open.name.eq_ignore_ascii_case(name));
        let misspelt = || {
            let last = self.stack.len().checked_sub(1)?;
            is_misspelt(self.stack[last].name, name).then_some(last)
        };
        let Some(at) = found.or_else(misspelt) else {
            self.note("an end tag without a start was left out");
            return;
        };
        if at + 1 != self.stack.len() {
            self.note("tags that cross or were not closed were closed");
        }
        self.close_to(at);
    }

    /// Closes the elements from the innermost up to the one at `at`.
    fn close_to(&mut self, at: usize) {
        while self.stack.len() > at {
            let Some(open) = self.stack.pop() else { break };
            self.result.push_str("</");
            self.result.push_str(open.name);
            self.result.push('>');
        }
    }

    /// Deals with a piece that never ends; how much of it is done with, or
    /// none when the document breaks off in it.
    fn unclosed(&mut self, rest: &'t str) -> Option<usize> {
        if rest.starts_with("<![CDATA[") {
            let name = self.stack.last()?.name;
            // An inner CDATA's end would be taken for the outer one's.
            let end = memchr::memmem::find(rest.as_bytes(), format!("</{name}").as_bytes())?;
            self.note("an unclosed CDATA section was closed");
            self.result.push_str(&rest[..end]);
            self.result.push_str("]]>");
            return Some(end);
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            self.note("an unclosed comment was read as text");
            self.result.push_str("&lt;");
            return Some(1);
        }
        let end = memchr::memchr(b'>', rest.as_bytes())?;
        let mut pieces = Pieces::of(&rest[..=end]);
        if let Some(Kind::Unclosed(_)) = pieces.next().map(|piece| piece.kind) {
            self.note("an unclosed quote was closed");
            let name_end = 1 + rest[1..end].bytes().take_while(|byte| is_name(*byte)).count();
            self.open(&rest[1..name_end], &rest[name_end..end], false);
        }
        Some(end + 1)
    }

    /// Closes what is open at the document's end.
    fn finish(&mut self) {
        if self.stack.is_empty() {
            return;
        }
        self.broken_off = Some(Break::Between);
        self.note("the document breaks off: what was whole was kept");
        if let Some(at) = self.stack.iter().position(|open| open.is_entry) {
            if let Some(field) = self.stack.get(at + 1) {
                // The element that the document breaks off in is half a text.
                self.result.truncate(field.start);
                self.stack.truncate(at + 1);
            }
            self.broken_off = Some(Break::WithinLast);
        }
        self.close_to(0);
    }
}

/// Elements of HTML that are empty, and that no feed format has.
fn is_void(name: &str) -> bool {
    const VOID: [&str; 10] =
        ["area", "br", "col", "embed", "hr", "img", "input", "meta", "param", "wbr"];
    VOID.iter().any(|void| void.eq_ignore_ascii_case(name))
}

pub(super) enum Reference {
    /// As long as this, and XML will take it.
    Good(usize),
    /// A character that the number stands for in Windows-1252.
    Means(char, usize),
    /// A number without a character.
    Nothing(usize),
    /// Not a reference.
    None,
}

/// The reference that the `&` at the start of a text begins, if it does.
pub(super) fn reference(text: &str) -> Reference {
    let Some(end) = text.bytes().take(34).position(|byte| byte == b';') else {
        return Reference::None;
    };
    let name = &text[1..end];
    let Some(number) = name.strip_prefix('#') else {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return if is_name { Reference::Good(end + 1) } else { Reference::None };
    };
    // `parse` takes a sign.
    if number.contains('+') {
        return Reference::None;
    }
    let value = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    let Ok(value) = value else {
        let digits = number.trim_start_matches(['x', 'X']);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return if is_number { Reference::Nothing(end + 1) } else { Reference::None };
    };
    if let Some((character, behind)) = surrogate_pair(value, &text[end + 1..]) {
        return Reference::Means(character, end + 1 + behind);
    }
    match char::from_u32(value) {
        Some('\u{80}'..='\u{9F}') => {
            let byte = [u8::try_from(value).unwrap_or(b'?')];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
            match text.chars().next().filter(|c| crate::charset::is_allowed(*c)) {
                Some(c) => Reference::Means(c, end + 1),
                None => Reference::Nothing(end + 1),
            }
        }
        Some(c) if crate::charset::is_allowed(c) => Reference::Good(end + 1),
        Some(c) if is_odd_space(c) => Reference::Means(' ', end + 1),
        _ => Reference::Nothing(end + 1),
    }
}

/// The character that two references to the halves of a UTF-16 pair mean, and the length of the
/// second. Java and .NET write characters beyond the first plane so.
fn surrogate_pair(first: u32, rest: &str) -> Option<(char, usize)> {
    let first = u16::try_from(first).ok().filter(|half| (0xD800..0xDC00).contains(half))?;
    let inside = rest.strip_prefix("&#")?;
    let end = inside.bytes().take(8).position(|byte| byte == b';')?;
    let second = match inside[..end].strip_prefix(['x', 'X']) {
        Some(hex) => u16::from_str_radix(hex, 16),
        None => inside[..end].parse(),
    };
    let character = char::decode_utf16([first, second.ok()?]).next()?.ok()?;
    Some((character, "&#;".len() + end))
}

/// How many entries a text seems to hold: start tags of `item` or `entry`.
pub(super) fn count_entries(text: &str) -> usize {
    Pieces::of(text)
        .filter(|piece| match piece.kind {
            Kind::Open { name, .. } => {
                let local = markup::split_name(name).1;
                local.eq_ignore_ascii_case("item") || local.eq_ignore_ascii_case("entry")
            }
            _ => false,
        })
        .count()
}

/// Whether an end tag's name is that of the innermost element with a slip in it: `</titel>`. Two
/// letters differ at most, in one place, and most of the name does not.
fn is_misspelt(name: &str, written: &str) -> bool {
    let is_same = |(one, other): &(u8, u8)| one.eq_ignore_ascii_case(other);
    let start = name.bytes().zip(written.bytes()).take_while(is_same).count();
    let ends = name.bytes().skip(start).rev().zip(written.bytes().skip(start).rev());
    let common = start + ends.take_while(is_same).count();
    let longest = name.len().max(written.len());
    longest - common <= 2 && 2 * common > longest
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mend(text: &str) -> Mended {
        super::mend(text, &Cancelled::never()).unwrap()
    }

    #[test]
    fn each_kind_of_damage_is_mended() {
        for (given, mended) in [
            ("<rss>Q & A &amp; &lt;</rss>", "<rss>Q &amp; A &amp; &lt;</rss>"),
            ("<rss><title>M</titel><b>x</b></rss>", "<rss><title>M</title><b>x</b></rss>"),
            ("<rss><link>M</lnik><b>x</b></rss>", "<rss><link>M<b>x</b></link></rss>"),
            ("<rss><summary>M</sumary>x</rss>", "<rss><summary>M</summary>x</rss>"),
            ("<rss><pubDate>M</pudDate>x</rss>", "<rss><pubDate>M</pubDate>x</rss>"),
            ("<rss><guid>M</guide>x</rss>", "<rss><guid>M</guid>x</rss>"),
            ("<rss><subtitle>M</subject>x</rss>", "<rss><subtitle>Mx</subtitle></rss>"),
            ("<rss><content>M</contrib>x</rss>", "<rss><content>Mx</content></rss>"),
            ("<rss><description>M</descent>x</rss>", "<rss><description>Mx</description></rss>"),
            ("<rss><source>M</south>x</rss>", "<rss><source>Mx</source></rss>"),
            ("<rss><description>M</p>x</rss>", "<rss><description>Mx</description></rss>"),
            ("<rss>1 < 2</rss>", "<rss>1 &lt; 2</rss>"),
            ("<rss>&#0;a&#146;b&#xFFFF;&#99999999;</rss>", "<rss>a’b</rss>"),
            ("<rss>&#xD83D;&#xDEA2;&#55357;&#56994;&#xD83D;x&#xDEA2;</rss>", "<rss>🚢🚢x</rss>"),
            ("<rss><p>a<br>b</rss>", "<rss><p>a<br/>b</p></rss>"),
            ("<rss><b><i>x</b></i></rss>", "<rss><b><i>x</i></b></rss>"),
            (
                "<rss><a href=x&y b='\"'>z</a></rss>",
                "<rss><a href=\"x&amp;y\" b=\"&quot;\">z</a></rss>",
            ),
            ("<rss><a href=\"x>z</a></rss>", "<rss><a href=\"x\">z</a></rss>"),
            ("<rss><t><![CDATA[x</t></rss>", "<rss><t><![CDATA[x]]></t></rss>"),
            ("<rss><t>a<!-- b</t></rss>", "<rss><t>a&lt;!-- b</t></rss>"),
            ("<rss><Item>x</item></rss>", "<rss><Item>x</Item></rss>"),
            ("<rss><item>x<item>y</item></rss>", "<rss><item>x</item><item>y</item></rss>"),
        ] {
            assert_eq!(mend(given).text, mended, "{given}");
        }
    }

    #[test]
    fn a_document_that_breaks_off_keeps_its_whole_entries() {
        let whole = "<rss><item><title>a</title></item>";
        let between = mend(&format!("{whole}<ite"));
        assert_eq!(between.text, format!("{whole}</rss>"));
        assert_eq!(between.broken_off, Some(Break::Between));
        for elements in ["", "<title>b</title>", "<title>b</title><link>c</link>"] {
            for half in ["<description>d", "<description><![CDATA[d", "<desc", "<x y='", "<a>b &am"]
            {
                let mended = mend(&format!("{whole}<item>{elements}{half}"));
                assert_eq!(mended.text, format!("{whole}<item>{elements}</item></rss>"), "{half}");
                assert_eq!(mended.broken_off, Some(Break::WithinLast));
            }
        }
    }

    #[test]
    fn a_tag_whose_quote_is_not_closed_is_named_as_any_other() {
        assert_eq!(mend("<rss><x<a a='>").text, "<rss><x a=\"\"></x></rss>");
        assert_eq!(mend("<rss><x a='b>c</x>").text, "<rss><x a=\"b\">c</x></rss>");
    }

    proptest! {
        #[test]
        fn what_is_mended_needs_no_more_mending(text in "(<[a-c]( [a-b]=['\"]?[<&x]*['\"]?)?>|</[a-c]>|[&<>;#x0-9a]|<!\\[CDATA\\[|\\]\\]>|<!--|-->){0,20}") {
            let once = mend(&format!("<rss>{text}"));
            let twice = mend(&once.text);
            prop_assert_eq!(&twice.text, &once.text);
        }
    }
}
