//! Takes back the text and the addresses that the pages of several entries have in common. Pure.
//!
//! A site may answer for each page with one text: a note about maintenance, the frame that a script
//! fills, its description of itself. A template may name one canonical address for all its pages.
//! Neither is any single announcement's.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::announcement::TitleWords;
use crate::model::{Enriched, Entry};

/// An entry whose page was read: before, and with its page's text.
pub(super) struct ReadPage<'a> {
    pub(super) before: Arc<Entry>,
    pub(super) entry: &'a mut Arc<Entry>,
}

/// Takes back what entries with other titles and addresses have in common, among themselves and with
/// the stored ones of their source. Returns how many entries lost a text for that.
pub(super) fn take_back(pages: &mut [ReadPage<'_>], stored: &[Arc<Entry>]) -> usize {
    let of_page = |entry: &Entry| entry.enriched?.of_page.then(|| entry.content.clone())?;
    let texts = shared(pages, stored, of_page);
    let mut lost = 0;
    for (page, is_shared) in pages.iter_mut().zip(texts) {
        let is_new = page.before.content != page.entry.content;
        if is_shared && is_new {
            // The page was read, so it is not fetched again for the same words.
            let stated = page.before.stated();
            let enriched = Some(Enriched { stated, stale: false, of_page: false });
            *page.entry = Arc::new(Entry { enriched, ..Entry::clone(&page.before) });
            lost += 1;
        }
    }
    let addresses = shared(pages, stored, |entry| entry.page.clone());
    let originals = shared(pages, &[], |entry| entry.original.clone());
    for (at, page) in pages.iter_mut().enumerate() {
        if addresses[at] && page.entry.page != page.before.page {
            Arc::make_mut(page.entry).page.clone_from(&page.before.page);
        }
        if originals[at] && page.before.original.is_none() {
            Arc::make_mut(page.entry).original = None;
        }
    }
    lost
}

/// For each entry whether another one with another title has the same.
fn shared<K: Eq + Hash>(
    pages: &[ReadPage<'_>],
    stored: &[Arc<Entry>],
    key: impl Fn(&Entry) -> Option<K>,
) -> Vec<bool> {
    let mut titles: HashMap<K, (&str, bool)> = HashMap::new();
    for page in pages {
        let Some(key) = key(page.entry) else { continue };
        let title = page.entry.title.as_str();
        let (first, differs) = titles.entry(key).or_insert((title, false));
        *differs |= *first != title;
    }
    // One announcement may come again at another address, with a title that was edited.
    let resemble = |one: &str, other: &str| {
        TitleWords::of(one).are_mostly_in(other) || TitleWords::of(other).are_mostly_in(one)
    };
    for entry in stored {
        if let Some((first, differs)) = key(entry).and_then(|key| titles.get_mut(&key)) {
            let is_own = pages.iter().any(|page| page.entry.url == entry.url);
            *differs |= !is_own && !resemble(first, &entry.title);
        }
    }
    let is_shared = |page: &ReadPage<'_>| {
        key(page.entry).and_then(|key| titles.get(&key)).is_some_and(|(_, differs)| *differs)
    };
    pages.iter().map(is_shared).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use url::Url;

    use super::*;
    use crate::model::SourceId;

    #[test]
    fn a_text_or_an_address_of_several_pages_is_none_of_theirs() {
        let before = |title: &str| {
            Arc::new(Entry { title: title.to_owned(), ..Entry::of(SourceId::new("min")) })
        };
        let read = |title: &str, text: &str, page: &str| {
            let before = before(title);
            let stated = before.statement();
            Arc::new(Entry {
                content: Some(text.to_owned()),
                page: Url::parse(page).ok(),
                original: Url::parse(page).ok(),
                enriched: Some(Enriched { stated, stale: false, of_page: true }),
                ..Entry::clone(&before)
            })
        };
        let one = "https://min.example/news/detail";
        for (entries, lost, texts, pages) in [
            ([("Ferry", "Site", one), ("Wolves", "Site", one)], 2, 0, 0),
            ([("Ferry", "Ferry", one), ("Wolves", "Wolves", one)], 0, 2, 0),
            ([("Ferry", "Ferry", "https://min.example/f"), ("Wolves", "Wolves", one)], 0, 2, 2),
            // The same announcement twice.
            ([("Ferry", "Ferry", one), ("Ferry", "Ferry", one)], 0, 2, 2),
        ] {
            let mut read = entries.map(|(title, text, page)| read(title, text, page));
            let mut all: Vec<ReadPage<'_>> = read
                .iter_mut()
                .map(|entry| ReadPage { before: before(&entry.title), entry })
                .collect();
            assert_eq!(take_back(&mut all, &[]), lost, "{entries:?}");
            let count =
                |has: fn(&Arc<Entry>) -> bool| read.iter().filter(|entry| has(entry)).count();
            assert_eq!(count(|entry| entry.content.is_some()), texts, "{entries:?}");
            assert_eq!(count(|entry| entry.page.is_some()), pages, "{entries:?}");
            assert_eq!(count(|entry| entry.original.is_some()), pages, "{entries:?}");
        }
        // The page of an entry that was stored in an earlier poll.
        for (stored, lost) in
            [(("Ferry", "Site"), 1), (("Ferry", "Ferry"), 0), (("Three wolves", "Site"), 0)]
        {
            let mut stored = read(stored.0, stored.1, one);
            Arc::make_mut(&mut stored).url = Url::parse("https://min.example/stored").ok();
            let mut entry = read("Wolves", "Site", "https://min.example/w");
            let mut all = [ReadPage { before: before("Wolves"), entry: &mut entry }];
            assert_eq!(take_back(&mut all, &[stored]), lost);
        }
    }
}
