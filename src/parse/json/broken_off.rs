//! Closes a JSON Feed, or a list of items alone, that breaks off: behind the last of its parts that
//! came whole.

use super::super::Break;

/// A document that was closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) text: String,
    pub(super) broken_off: Break,
}

/// A member of an item is kept or left out as a whole, as an element of an entry is in XML: deeper
/// than the feed, its list of items and an item, nothing counts by itself. A list alone has no feed
/// around it.
const MOST_DEPTH: usize = 3;

/// The document closed behind its last whole part. None where it does not break off, or where
/// nothing of it is whole.
pub(super) fn closed(text: &str) -> Option<Closed> {
    let mut scan = Scan::default();
    for (at, byte) in text.bytes().enumerate() {
        scan.byte(at, byte, text)?;
    }
    let (end, depth) = scan.whole?;
    let ends: String = scan.ends[..depth].iter().rev().copied().map(char::from).collect();
    let broken_off = match depth == scan.depth_of_item() && scan.is_in_items() {
        true => Break::WithinLast,
        false => Break::Between,
    };
    Some(Closed { text: format!("{}{ends}", &text[..end]), broken_off })
}

#[derive(Default)]
struct Scan {
    /// The ends that the open objects and lists need, the outermost first.
    ends: Vec<u8>,
    /// Where the last whole part ends, and how many objects and lists are open there.
    whole: Option<(usize, usize)>,
    /// Where the open string starts.
    string: Option<usize>,
    is_escaped: bool,
    /// Whether a name or the colon behind it came last: what follows is the value of a member.
    is_value: bool,
    /// Whether the open member of the feed is its list of items.
    is_in_member_of_items: bool,
}

impl Scan {
    /// Reads one byte; none where the document is at its end or is not JSON.
    fn byte(&mut self, at: usize, byte: u8, text: &str) -> Option<()> {
        if let Some(start) = self.string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.end_string(start, at, text),
                _ => {}
            }
            return Some(());
        }
        match byte {
            b'"' => self.string = Some(at),
            b':' => self.is_value = true,
            b'{' => self.open(b'}'),
            b'[' => self.open(b']'),
            b'}' | b']' => {
                if self.ends.pop()? != byte || self.ends.is_empty() {
                    return None;
                }
                self.ends_whole(at + 1);
            }
            b',' => {
                self.ends_whole(at);
                self.is_value = false;
            }
            _ => {}
        }
        Some(())
    }

    /// How many objects and lists are open in an item.
    fn depth_of_item(&self) -> usize {
        if self.is_list() { MOST_DEPTH - 1 } else { MOST_DEPTH }
    }

    fn is_list(&self) -> bool {
        self.ends.first() == Some(&b']')
    }

    fn is_in_items(&self) -> bool {
        self.is_list() || self.is_in_member_of_items
    }

    fn open(&mut self, end: u8) {
        self.ends.push(end);
        self.is_value = false;
    }

    fn end_string(&mut self, start: usize, end: usize, text: &str) {
        self.string = None;
        if self.is_value || self.ends.last() == Some(&b']') {
            self.ends_whole(end + 1);
        } else if self.ends.len() == 1 {
            self.is_in_member_of_items = &text[start + 1..end] == "items";
        }
    }

    /// Takes notice that a part ends here.
    fn ends_whole(&mut self, at: usize) {
        if self.ends.len() <= self.depth_of_item() {
            self.whole = Some((at, self.ends.len()));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_closed_behind_its_last_whole_part() {
        use Break::{Between, WithinLast};
        for (given, text, broken_off) in [
            (r#"{"a":"b","c":"d"#, r#"{"a":"b"}"#, Between),
            (r#"{"a":"b","c":12"#, r#"{"a":"b"}"#, Between),
            (r#"{"a":"b","c"#, r#"{"a":"b"}"#, Between),
            (r#"{"a":"b","c":"d""#, r#"{"a":"b","c":"d"}"#, Between),
            (r#"{"items":[{"id":"1"},{"i"#, r#"{"items":[{"id":"1"}]}"#, Between),
            (
                r#"{"items":[{"id":"1"},{"id":"2","#,
                r#"{"items":[{"id":"1"},{"id":"2"}]}"#,
                WithinLast,
            ),
            (r#"{"items":[{"id":"1","u":"\"#, r#"{"items":[{"id":"1"}]}"#, WithinLast),
            (r#"{"items":[{"id":"1","t":["x","y"#, r#"{"items":[{"id":"1"}]}"#, WithinLast),
            (r#"{"items":[{"id":"1","t":["x"]"#, r#"{"items":[{"id":"1","t":["x"]}]}"#, WithinLast),
            (r#"{"authors":[{"name":"x","#, r#"{"authors":[{"name":"x"}]}"#, Between),
            (r#"{"a":"{[","b":tr"#, r#"{"a":"{["}"#, Between),
            (r#"[{"id":"1"},{"i"#, r#"[{"id":"1"}]"#, Between),
            (r#"[{"id":"1"},{"id":"2","#, r#"[{"id":"1"},{"id":"2"}]"#, WithinLast),
            (r#"[{"id":"1","u":"ht"#, r#"[{"id":"1"}]"#, WithinLast),
            (r#"[{"id":"1","t":["x","y"#, r#"[{"id":"1"}]"#, WithinLast),
            (r#"[{"id":"1","a":{"n":"x","#, r#"[{"id":"1"}]"#, WithinLast),
            (r#"[{"id":"1","a":{"n":"x"}"#, r#"[{"id":"1","a":{"n":"x"}}]"#, WithinLast),
        ] {
            let closed = closed(given).unwrap();
            assert_eq!((&*closed.text, closed.broken_off), (text, broken_off), "{given}");
            serde_json::from_str::<serde_json::Value>(&closed.text).unwrap();
        }
        for whole in
            [r#"{"a":"b"}"#, r#"{"a":"b"} trailing"#, r#"{"a":]"#, "{", "[{", r#"{"a":"#, ""]
        {
            assert_eq!(closed(whole), None, "{whole}");
        }
    }
}
