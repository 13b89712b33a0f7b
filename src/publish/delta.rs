//! Reduces an Atom document to the entries that are new since an earlier one (RFC 3229).
//!
//! A reader that asks for it by `A-IM: feed` and names by its tag what it has is
//! sent the head of the feed and those entries that it has not (Q35).

use std::ops::Range;
use std::sync::Arc;

use axum::http::HeaderMap;
use bytes::Bytes;
use memchr::memmem;
use xxhash_rust::xxh3::xxh3_64;

/// So many earlier documents are remembered of a path, in this run.
const REMEMBERED: usize = 16;

/// An earlier edition of a document: its hash, and its entries.
#[derive(Debug, Clone)]
pub(super) struct Edition {
    pub hash: u64,
    entries: Arc<[u64]>,
}

impl Edition {
    pub(super) fn of(hash: u64, body: &[u8]) -> Self {
        Self { hash, entries: entries(body).map(|entry| xxh3_64(&body[entry])).collect() }
    }
}

/// The editions to remember once `last` is no longer the current one.
pub(super) fn remembered(earlier: &[Edition], last: Edition) -> Vec<Edition> {
    let others = earlier.iter().filter(|edition| edition.hash != last.hash);
    std::iter::once(last.clone()).chain(others.cloned()).take(REMEMBERED).collect()
}

/// Whether a request asks for new entries alone.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all("a-im").iter().filter_map(|value| value.to_str().ok());
    values.any(|value| {
        let mut manipulations = value.split(',').map(|one| one.split(';').next().unwrap_or(one));
        manipulations.any(|one| one.trim().eq_ignore_ascii_case("feed"))
    })
}

/// The document without the entries that an edition had, word for word.
pub(super) fn since(edition: &Edition, body: &[u8]) -> Bytes {
    let mut kept = Vec::with_capacity(body.len() / 4);
    let mut told = 0;
    for entry in entries(body) {
        kept.extend_from_slice(&body[told..entry.start]);
        told = entry.end;
        if !edition.entries.contains(&xxh3_64(&body[entry.clone()])) {
            kept.extend_from_slice(&body[entry]);
        }
    }
    kept.extend_from_slice(&body[told..]);
    kept.into()
}

/// Where the entries stand. What entries say is escaped, so no tag stands in it.
fn entries(body: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        const END: &[u8] = b"</entry>";
        let start = from + memmem::find(body.get(from..)?, b"<entry>")?;
        from = start + memmem::find(&body[start..], END)? + END.len();
        Some(start..from)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_has_is_left_out_and_all_else_stands() {
        let before = b"<feed><entry>1</entry><entry>2</entry></feed>";
        let edition = Edition::of(7, before);
        for (now, new) in [
            (&before[..], "<feed></feed>"),
            (
                b"<feed>!<entry>3</entry><entry>1</entry><entry>2b</entry></feed>",
                "<feed>!<entry>3</entry><entry>2b</entry></feed>",
            ),
            (b"<feed></feed>", "<feed></feed>"),
        ] {
            assert_eq!(since(&edition, now), new);
        }
    }

    #[test]
    fn only_who_names_it_asks_for_it() {
        for (value, asked) in
            [("feed", true), ("vcdiff, Feed;q=0.5", true), ("feeds", false), ("vcdiff", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert("a-im", value.parse().unwrap());
            assert_eq!(is_asked_for(&headers), asked, "{value}");
        }
        assert!(!is_asked_for(&HeaderMap::new()));
    }
}
