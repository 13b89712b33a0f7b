//! Keeps the documents of a feed within `[publish] max_feed`: shortens its longest texts first.
//!
//! A feed that fits is rendered as it is, and costs nothing more. The texts are the same in every
//! format, so the limit on them follows from the format in which they take most bytes.

use super::feed_item::FeedItem;
use super::feed_meta::FeedMeta;
use super::site::Site;
use super::truncate::written_len;
use super::{Format, Rendered};

/// Renders a feed in these formats. Shortens the longest texts if a document would be too long.
pub(super) fn render(
    formats: &[Format],
    meta: &FeedMeta,
    items: &mut [FeedItem<'_>],
    site: &Site,
) -> Vec<Rendered> {
    if let Some(whole) = render_whole(formats, meta, items, site) {
        return whole;
    }
    shorten(meta, items, site);
    render_all(formats, meta, items, site)
}

/// The same in one format.
pub(super) fn render_one(
    format: Format,
    meta: &FeedMeta,
    items: &mut [FeedItem<'_>],
    site: &Site,
) -> Rendered {
    render(&[format], meta, items, site).remove(0)
}

/// Renders a feed in these formats, unless a document would be too long.
pub(super) fn render_whole(
    formats: &[Format],
    meta: &FeedMeta,
    items: &[FeedItem<'_>],
    site: &Site,
) -> Option<Vec<Rendered>> {
    // No document is shorter than its texts: what is far too long is not even written.
    let text = |item: &FeedItem<'_>| item.texts().next_back().map_or(0, str::len);
    let least: usize = items.iter().map(text).sum();
    if least > site.max_feed {
        return None;
    }
    let rendered = render_all(formats, meta, items, site);
    rendered.iter().all(|document| document.body.len() <= site.max_feed).then_some(rendered)
}

/// How many of these, in their order, fit into one feed without being shortened.
pub(super) fn fitting(meta: &FeedMeta, items: &mut [FeedItem<'_>], site: &Site) -> usize {
    let frame = longest(meta, &[], site);
    let mut left = site.max_feed.saturating_sub(frame);
    let fits = |item: &mut FeedItem<'_>| {
        let texts: usize = item.texts().map(written_len).sum();
        left = left.checked_sub(texts + frame_of(item, frame, meta, site))?;
        Some(())
    };
    items.iter_mut().map_while(fits).count()
}

fn render_all(
    formats: &[Format],
    meta: &FeedMeta,
    items: &[FeedItem<'_>],
    site: &Site,
) -> Vec<Rendered> {
    formats.iter().map(|format| format.render(meta, items, site)).collect()
}

/// Shortens the longest texts until the feed fits in every format.
fn shorten(meta: &FeedMeta, items: &mut [FeedItem<'_>], site: &Site) {
    let frame = longest(meta, &[], site);
    let share = site.max_feed / items.len().max(1);
    let mut fixed = frame;
    for item in items.iter_mut() {
        let mut needed = frame_of(item, frame, meta, site);
        // Hundreds of labels and files must not take the room of the announcement's text.
        if needed > share / 2 {
            item.strip();
            needed = frame_of(item, frame, meta, site);
        }
        fixed += needed;
    }
    let lengths = items.iter().flat_map(|item| item.texts().map(written_len)).collect();
    let limit = text_limit(lengths, site.max_feed.saturating_sub(fixed));
    items.iter_mut().for_each(|item| item.shorten(limit));
}

/// The greatest length for which texts of these lengths, cut to it, fit into `room`.
fn text_limit(mut lengths: Vec<usize>, mut room: usize) -> usize {
    lengths.sort_unstable();
    for (place, length) in lengths.iter().enumerate() {
        let limit = room / (lengths.len() - place);
        if *length > limit {
            return limit;
        }
        room -= length;
    }
    usize::MAX
}

/// The bytes that one entry takes without its texts, in a feed whose frame takes `frame` bytes.
fn frame_of(item: &mut FeedItem<'_>, frame: usize, meta: &FeedMeta, site: &Site) -> usize {
    let with = item.without_texts(|item| longest(meta, std::slice::from_ref(item), site));
    // A comma stands between the items of a JSON Feed.
    with.saturating_sub(frame) + 1
}

/// The length of the longest document.
fn longest(meta: &FeedMeta, items: &[FeedItem<'_>], site: &Site) -> usize {
    let lengths = Format::ALL.map(|format| format.render(meta, items, site).body.len());
    lengths.into_iter().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_texts_are_cut_to_one_length() {
        for (lengths, room, limit) in [
            (vec![], 10, usize::MAX),
            (vec![3, 4], 7, usize::MAX),
            (vec![3, 4], 6, 3),
            (vec![10, 1, 10], 11, 5),
            (vec![100, 2, 30, 40], 92, 30),
            (vec![5, 5], 0, 0),
        ] {
            assert_eq!(text_limit(lengths.clone(), room), limit, "{lengths:?} in {room}");
        }
    }
}
