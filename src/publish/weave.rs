//! The feeds of a volume in; one text that is kept of them all, out, and each of them back.
//!
//! The formats tell the same stories in the same order and in nearly as many words. So each
//! feed is cut into as many pieces, and what stands at the same place in them stands together
//! here: a compressor meets everything again a few stories later, while it still knows it,
//! and has one text to keep instead of three, for a quarter of the work.

use std::fmt::Write;

/// What ends the path under which this is kept, in place of a format's ending.
pub const WOVEN: &str = "feeds";

/// A feed of a hundred stories is cut every six of them.
const PIECES: usize = 16;

/// One text of these feeds, each with its ending. First comes a line for each, with the
/// lengths of its pieces in bytes; after an empty line, the first piece of each, the second...
pub fn weave(feeds: &[(&str, &str)]) -> String {
    let length: usize = feeds.iter().map(|(_, text)| text.len()).sum();
    let mut woven = String::with_capacity(length + feeds.len() * PIECES * 8);
    let mut pieces = Vec::with_capacity(feeds.len());
    for (ending, text) in feeds {
        woven.push_str(ending);
        let of_feed = cut(text);
        for piece in &of_feed {
            write!(woven, " {}", piece.len()).expect("a string takes what is written");
        }
        woven.push('\n');
        pieces.push(of_feed);
    }
    woven.push('\n');
    for place in 0..PIECES {
        pieces.iter().for_each(|of_feed| woven.push_str(of_feed[place]));
    }
    woven
}

/// The feed with this ending, if there is one in what is kept.
pub fn unweave(woven: &str, ending: &str) -> Option<String> {
    let (lines, mut rest) = woven.split_once("\n\n")?;
    let mut feeds = Vec::new();
    for line in lines.lines() {
        let (name, lengths) = line.split_once(' ')?;
        let lengths = lengths.split(' ').map(|length| length.parse().ok());
        feeds.push((name == ending, lengths.collect::<Option<Vec<usize>>>()?));
    }
    let (_, wanted) = feeds.iter().find(|(wanted, _)| *wanted)?;
    let mut text = String::with_capacity(wanted.iter().try_fold(0, add)?.min(woven.len()));
    for place in 0..wanted.len() {
        for (wanted, lengths) in &feeds {
            let (piece, after) = rest.split_at_checked(*lengths.get(place)?)?;
            if *wanted {
                text.push_str(piece);
            }
            rest = after;
        }
    }
    Some(text)
}

fn add(sum: usize, length: &usize) -> Option<usize> {
    sum.checked_add(*length)
}

/// A text in [`PIECES`] of about one length.
fn cut(text: &str) -> Vec<&str> {
    let ends = (1..=PIECES).map(|place| {
        let mut end = text.len() * place / PIECES;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        end
    });
    let mut from = 0;
    ends.map(|end| &text[std::mem::replace(&mut from, end)..end]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_places_of_all_feeds_stand_together() {
        let [atom, json] = ["a", "j"].map(|letter| letter.repeat(PIECES * 3));
        let woven = weave(&[("atom", &atom), ("json", &json)]);
        let expected = "aaajjj".repeat(PIECES);
        assert_eq!(woven.split_once("\n\n").map(|(_, pieces)| pieces), Some(&*expected));
    }

    proptest! {
        #[test]
        fn every_feed_comes_back_as_it_was(texts in prop::array::uniform3(any::<String>())) {
            let endings = ["atom", "rss", "json"];
            let feeds: Vec<_> = endings.into_iter().zip(texts.iter().map(String::as_str)).collect();
            let woven = weave(&feeds);
            for (ending, text) in feeds {
                let back = unweave(&woven, ending);
                prop_assert_eq!(back.as_deref(), Some(text));
            }
            prop_assert_eq!(unweave(&woven, "opml"), None);
        }

        #[test]
        fn no_text_makes_unweaving_panic(lines in "(atom( [0-9é]{1,21}){0,3}\n){0,3}", rest: String) {
            let _ = unweave(&format!("{lines}\n{rest}"), "atom");
        }
    }
}
