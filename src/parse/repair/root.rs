//! Finds the root's tag of a feed, whatever stands before it.

use memchr::memmem;

use super::count_entries;
use crate::markup::{Kind, Pieces, split_name};

/// Where the root's tag starts: after white space, junk, declarations and
/// comments, or, failing that, wherever in the text a feed begins.
pub(in crate::parse) fn find_root(text: &str) -> Option<usize> {
    let first = Pieces::of(text).find(|piece| matches!(piece.kind, Kind::Open { .. }));
    if let Some(piece) = first
        && let Kind::Open { name, .. } = piece.kind
        && is_root(name)
    {
        return Some(piece.start);
    }
    find_root_within(text)
}

/// Where a feed begins in something else, such as the warnings of a program or a page of HTML.
/// A script of a page holds no feed, and a feed within a page has entries.
fn find_root_within(text: &str) -> Option<usize> {
    let mut pieces = Pieces::of(text);
    let mut is_page = false;
    while let Some(piece) = pieces.next() {
        match piece.kind {
            Kind::Open {
                name: "rss" | "feed" | "rdf:RDF" | "RDF" | "RSS" | "atom:feed", ..
            } => {
                let is_feed = !is_page || count_entries(&text[piece.start..]) > 0;
                return is_feed.then_some(piece.start);
            }
            Kind::Open { name, .. } => {
                let name = name.to_ascii_lowercase();
                is_page |= matches!(name.as_str(), "html" | "head" | "body" | "script");
                if matches!(name.as_str(), "script" | "style" | "textarea" | "template") {
                    pieces.skip_to(piece.end + end_of(&name, &text[piece.end..])?);
                }
            }
            Kind::Aside(inside) => {
                let doctype = inside.get(..14).unwrap_or_default();
                is_page |= doctype.eq_ignore_ascii_case("<!doctype html");
            }
            // Something else than a tag began: the feed may stand behind it.
            Kind::Unclosed(_) => pieces.skip_to(piece.start + 1),
            _ => {}
        }
    }
    None
}

/// Where the end tag of an element stands that holds no markup.
fn end_of(name: &str, text: &str) -> Option<usize> {
    memmem::find_iter(text.as_bytes(), b"</").find(|at| {
        let end = text.get(at + 2..at + 2 + name.len());
        end.is_some_and(|end| end.eq_ignore_ascii_case(name))
    })
}

fn is_root(name: &str) -> bool {
    let local = split_name(name).1;
    ["rss", "rdf", "feed", "entry", "channel"].iter().any(|root| root.eq_ignore_ascii_case(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_found_behind_anything() {
        for (text, at) in [
            ("<rss>", Some(0)),
            (" \n<?xml version='1.0'?><!-- <rss> --><feed>", Some(37)),
            ("PHP warning <b>x</b> <rss version='2.0'>", Some(21)),
            ("<a href=\"x <rss version='2.0'>", Some(11)),
            ("<html><pre>error</pre><rss><item/></rss>", Some(22)),
            ("<html><script>x='<rss><item/></rss>'</script></html>", None),
            ("<!DOCTYPE html><p><rss></rss>", None),
            ("<html><body></body></html>", None),
            ("", None),
        ] {
            assert_eq!(find_root(text), at, "{text}");
        }
    }
}
