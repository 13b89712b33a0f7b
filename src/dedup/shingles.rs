//! Texts as shingles of five words: those that serve as keys, and how much two texts share.

use std::ops::Range;
use std::sync::OnceLock;

use xxhash_rust::xxh3::xxh3_64;

use super::number::title_words;
use super::rarity::is_stop_hash;
use super::text::words;
use super::word_kind::{Kind, Word};
use crate::model::Entry;

/// Words of a passage.
pub(super) const LENGTH: usize = 5;

/// A text of fewer words says nothing.
pub(super) const FEWEST_WORDS: usize = 6;

/// A text of fewer words is a summary: a few keys find it.
const SUMMARY: usize = 40;

/// Among so many shingles in a row of a summary at least one is a key.
const WINDOW_OF_SUMMARY: usize = 8;

/// With fewer passages than this a text is short: more of them are keys.
const SHORT: usize = 120;

/// Among so many passages in a row at least one is a key…
const WINDOW: usize = 18;

/// …and among so many in a short text.
const WINDOW_OF_SHORT: usize = 4;

/// Keys of one text, from its beginning: what is cut off a copy is its end.
const MOST_KEYS: usize = 96;

/// A text as five-word passages, hashed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Passages {
    /// In the order of the text.
    pub(super) in_order: Vec<u64>,
    /// Its words in order.
    pub(super) words: Vec<(u64, Kind)>,
    /// The places of the passages that serve as keys, where none is passed over; ascending.
    winnowed: Vec<usize>,
    /// Made when the text is first compared with another, as few ever are.
    sets: OnceLock<Sets>,
}

/// The hashes by which two texts are compared: ascending, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sets {
    passages: Vec<u64>,
    figures: Vec<u64>,
    names: Vec<u64>,
    /// All its words.
    vocabulary: Vec<u64>,
    /// Those that say something by themselves.
    telling: Vec<u64>,
}

/// How much two texts share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overlap {
    /// Passages that both have.
    pub(super) shared: u32,
    /// Passages of the shorter.
    pub(super) of: u32,
    /// Passages of the longer.
    pub(super) of_longer: u32,
    /// Whether the first of the two is the longer.
    pub(super) first_is_longer: bool,
}

impl Overlap {
    /// Whether at least this many hundredths of the shorter text are shared.
    pub(super) fn reaches(&self, hundredths: u32) -> bool {
        u64::from(self.shared) * 100 >= u64::from(self.of) * u64::from(hundredths)
    }
}

impl Passages {
    /// The passages of an entry's own account; `None` where it is too short to be evidence.
    pub(super) fn of(entry: &Entry) -> Option<Self> {
        let words = words(&entry.text, &entry.title);
        // Some summaries only repeat the title.
        if words.len() < FEWEST_WORDS || (words.len() < SUMMARY && repeats(&words, &entry.title)) {
            return None;
        }
        Some(Self::of_words(&words))
    }

    fn of_words(words: &[Word]) -> Self {
        let mut text = Self {
            in_order: words.windows(LENGTH).map(passage).collect(),
            words: words.iter().map(|word| (word.hash, word.kind)).collect(),
            ..Self::default()
        };
        let ranks = text.ranks();
        text.winnowed = winnow(&ranks, window(ranks.len()));
        text
    }

    fn sets(&self) -> &Sets {
        self.sets.get_or_init(|| {
            let of_kind = |is_of_kind: fn(Kind) -> bool| {
                as_set(self.words.iter().filter(|word| is_of_kind(word.1)).map(|word| word.0))
            };
            Sets {
                passages: as_set(self.in_order.iter().copied()),
                figures: of_kind(Kind::is_figure),
                names: of_kind(Kind::is_name),
                vocabulary: as_set(self.words.iter().map(|word| word.0)),
                telling: as_set(
                    self.words.iter().map(|word| word.0).filter(|hash| !is_stop_hash(*hash)),
                ),
            }
        })
    }

    /// How many different words it has that say something, and how many of these are in another text.
    pub(super) fn telling_shared(&self, other: &Self) -> (u32, u32) {
        let own = &self.sets().telling;
        (small(own.len()), small(intersection(own, &other.sets().vocabulary, &[])))
    }

    /// Whether it names anything.
    pub(super) fn has_names(&self) -> bool {
        !self.sets().names.is_empty() || !self.sets().figures.is_empty()
    }

    /// How many words it has.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether a word of this hash is anywhere in it.
    pub(super) fn has_word(&self, hash: u64) -> bool {
        contains(&self.sets().vocabulary, hash)
    }

    /// The passages that serve as keys: of every stretch of text the least by
    /// rank, so that two texts which share a stretch share its key (winnowing).
    ///
    /// Passages for which `skip` holds are passed over. What is left is chosen from with and
    /// without them between: whoever else has the text may know of no boilerplate, or of other.
    pub(super) fn keys(&self, skip: &[u64]) -> Vec<u64> {
        if skip.is_empty() {
            return self.keys_at(&self.winnowed);
        }
        let is_own = |place: &usize| !contains(skip, self.in_order[*place]);
        let ranks = self.ranks();
        let own: Vec<usize> = (0..ranks.len()).filter(is_own).collect();
        let ranks: Vec<u64> = own.iter().map(|place| ranks[*place]).collect();
        let mut places: Vec<usize> = self.winnowed.iter().copied().filter(is_own).collect();
        places.extend(winnow(&ranks, window(own.len())).into_iter().map(|place| own[place]));
        places.sort_unstable();
        places.dedup();
        self.keys_at(&places)
    }

    fn keys_at(&self, places: &[usize]) -> Vec<u64> {
        as_set(places.iter().take(MOST_KEYS).map(|place| self.in_order[*place]))
    }

    /// In what order passages are preferred as keys: by hash, those with a number in them first
    /// and those with a name next. Instalments of a series differ in these.
    fn ranks(&self) -> Vec<u64> {
        let class = |word: &(u64, Kind)| match word.1 {
            kind if kind.is_figure() => 0,
            kind if kind.is_name() => 1,
            _ => 2,
        };
        let class_of = |five: &[(u64, Kind)]| five.iter().map(class).fold(2, u64::min);
        let ranked = self.in_order.iter().zip(self.words.windows(LENGTH));
        ranked.map(|(hash, five)| hash >> 2 | class_of(five) << 62).collect()
    }

    /// The passages that are common, by `skip` or by `is_common`, which is asked of keys alone:
    /// so what stands between two such keys is taken for common too. Between
    /// two of `skip` it is not, since that names every passage.
    pub(super) fn around(&self, skip: &[u64], is_common: impl Fn(u64) -> bool) -> Vec<u64> {
        let places = &self.winnowed;
        let common = |place: usize| {
            let hash = self.in_order[place];
            contains(skip, hash) || is_common(hash)
        };
        let mut around = Vec::new();
        for place in places {
            if common(*place) {
                around.push(self.in_order[*place]);
            }
        }
        for pair in places.windows(2) {
            let told = |place: usize| contains(skip, self.in_order[place]);
            if common(pair[0]) && common(pair[1]) && !(told(pair[0]) && told(pair[1])) {
                around.extend_from_slice(&self.in_order[pair[0]..=pair[1]]);
            }
        }
        as_set(around)
    }

    /// The overlap of this text and `other`; shingles that are `common` are left out of both.
    pub(super) fn overlap(&self, other: &Self, common: &[u64]) -> Overlap {
        let (one, other) = (&self.sets().passages, &other.sets().passages);
        let shared = intersection(one, other, common);
        let counts = |set: &[u64]| {
            if common.is_empty() { set.len() } else { set.len() - intersection(set, common, &[]) }
        };
        let (own, others) = (counts(one), counts(other));
        Overlap {
            shared: small(shared),
            of: small(own.min(others)),
            of_longer: small(own.max(others)),
            first_is_longer: own > others,
        }
    }

    /// How far into this text, in hundredths of it, what it shares with `part` begins.
    pub(super) fn begins_at(&self, part: &Self) -> usize {
        let part = &part.sets().passages;
        let places: Vec<usize> = (0..self.in_order.len())
            .filter(|place| contains(part, self.in_order[*place]))
            .collect();
        // Not the very first: any two texts may share a phrase.
        places.get(places.len() / 10).map_or(0, |place| place * 100 / self.in_order.len())
    }

    /// Of the different numbers of the text that has fewer, how many the other has.
    pub(super) fn figures_shared(&self, other: &Self) -> (u32, u32) {
        let (one, other) = (self.sets(), other.sets());
        let (one, other) =
            if one.figures.len() <= other.figures.len() { (one, other) } else { (other, one) };
        (small(intersection(&one.figures, &other.vocabulary, &[])), small(one.figures.len()))
    }

    /// Of the different names and numbers of the text that has fewer, how many the other has.
    pub(super) fn names_shared(&self, other: &Self) -> (u32, u32) {
        let count = |text: &Sets| text.names.len() + text.figures.len();
        let (one, other) = (self.sets(), other.sets());
        let (one, other) = if count(one) <= count(other) { (one, other) } else { (other, one) };
        let shared = |set: &[u64]| intersection(set, &other.vocabulary, &[]);
        (small(shared(&one.names) + shared(&one.figures)), small(count(one)))
    }
}

/// Whether a text has no word but those of the title.
fn repeats(text: &[Word], title: &str) -> bool {
    let title: Vec<u64> = title_words(title).iter().map(|word| xxh3_64(word.as_bytes())).collect();
    text.iter().all(|word| title.contains(&word.hash) || is_stop_hash(word.hash))
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Passages of more than `times` of these texts, ascending: one host's boilerplate.
pub(super) fn common_to<'a>(
    texts: impl Iterator<Item = &'a Passages> + Clone,
    times: usize,
) -> Vec<u64> {
    // Most documents have none. What is counted often enough, alone or with others that are
    // counted in the same place, is looked at again; sorting all would take far longer.
    let passages: usize = texts.clone().map(|text| text.in_order.len()).sum();
    let places = (passages * 4).next_power_of_two();
    let place = |passage: &u64| *passage as usize & (places - 1);
    let mut counted = vec![0_u8; places];
    for passage in texts.clone().flat_map(|text| &text.in_order) {
        let counted = &mut counted[place(passage)];
        *counted = counted.saturating_add(1);
    }
    let often = |passage: &&u64| usize::from(counted[place(passage)]) > times;
    let mut all: Vec<u64> = Vec::new();
    for text in texts {
        all.extend(as_set(text.in_order.iter().filter(often).copied()));
    }
    all.sort_unstable();
    let mut common: Vec<u64> =
        all.windows(times + 1).filter(|run| run[0] == run[times]).map(|run| run[0]).collect();
    common.dedup();
    common
}

/// The bytes of `copy`'s text that stand in `leader`'s too, in order, for
/// showing: whole passages, overlapping ones as one stretch.
pub fn shared_passages(copy: &Entry, leader: &Entry) -> Vec<Range<usize>> {
    let leader = Passages::of_words(&words(&leader.text, &leader.title));
    let leader = &leader.sets().passages;
    let words = words(&copy.text, &copy.title);
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for five in words.windows(LENGTH) {
        if !contains(leader, passage(five)) {
            continue;
        }
        let stretch = five[0].place.start..five[LENGTH - 1].place.end;
        match stretches.last_mut() {
            Some(last) if stretch.start <= last.end => last.end = stretch.end,
            _ => stretches.push(stretch),
        }
    }
    stretches
}

fn passage(five: &[Word]) -> u64 {
    let mut bytes = [0; 8 * LENGTH];
    let (places, _) = bytes.as_chunks_mut();
    for place in 0..LENGTH {
        places[place] = five[place].hash.to_le_bytes();
    }
    xxh3_64(&bytes)
}

fn as_set(hashes: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut set: Vec<u64> = hashes.into_iter().collect();
    set.sort_unstable();
    set.dedup();
    set
}

fn contains(set: &[u64], hash: u64) -> bool {
    set.binary_search(&hash).is_ok()
}

/// How many hashes two sets share that are not in the third.
fn intersection(one: &[u64], other: &[u64], without: &[u64]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while i < one.len() && j < other.len() {
        match one[i].cmp(&other[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                if without.is_empty() || !contains(without, one[i]) {
                    count += 1;
                }
                i += 1;
                j += 1;
            }
        }
    }
    count
}

/// Among how many of so many passages in a row at least one is a key.
fn window(passages: usize) -> usize {
    match passages {
        0..SUMMARY => WINDOW_OF_SUMMARY,
        SUMMARY..SHORT => WINDOW_OF_SHORT,
        _ => WINDOW,
    }
}

/// The places of the least hash of every `window` in a row, the last of equals; ascending.
fn winnow(hashes: &[u64], window: usize) -> Vec<usize> {
    if hashes.is_empty() {
        return Vec::new();
    }
    let last_least = |from: usize, to: usize| {
        (from..to).rev().min_by_key(|place| hashes[*place]).unwrap_or(from)
    };
    let mut least = last_least(0, window.min(hashes.len()));
    // A window moves on by half of itself, on average, until the next is chosen.
    let mut places = Vec::with_capacity(hashes.len() * 2 / window + 2);
    places.push(least);
    for end in window..hashes.len() {
        let start = end + 1 - window;
        let next = if least < start {
            last_least(start, end + 1)
        } else if hashes[end] <= hashes[least] {
            end
        } else {
            least
        };
        if next != least {
            least = next;
            places.push(least);
        }
    }
    places
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::SourceId;

    fn entry(text: &str) -> Entry {
        Entry { text: text.to_owned(), ..Entry::of(SourceId::new("a")) }
    }

    fn set(text: &Passages) -> Vec<u64> {
        text.sets().passages.clone()
    }

    fn numbered(range: Range<usize>) -> Passages {
        let text: Vec<String> = range.map(|n| format!("word{n}")).collect();
        Passages::of(&entry(&text.join(" "))).unwrap()
    }

    #[test]
    fn a_text_that_only_repeats_the_title_says_nothing() {
        let read = |title: &str, text: &str| {
            Passages::of(&Entry { title: title.to_owned(), ..entry(text) }).is_some()
        };
        let title = "A new grant will help households with leaky roofs | Homes Ministry";
        assert!(!read(title, "A new grant will help households with leaky roofs. Homes Ministry"));
        assert!(read(title, "Up to four hundred pounds are paid for every metre of gutter."));
        assert!(!read(title, "Read more here."));
    }

    #[test]
    fn what_is_shared_is_counted_of_the_shorter() {
        let (whole, part) = (numbered(0..200), numbered(150..260));
        let overlap = part.overlap(&whole, &[]);
        assert_eq!((overlap.shared, overlap.of), (46, 106));
        assert!(!overlap.first_is_longer);
        assert!(overlap.reaches(43) && !overlap.reaches(44));
        let common = numbered(150..190);
        let without = part.overlap(&whole, &common.sets().passages);
        assert_eq!((without.shared, without.of), (46 - 36, 106 - 36));
    }

    #[test]
    fn what_more_than_four_texts_have_is_common() {
        let footer: Vec<String> = (0..50).map(|n| format!("footer{n}")).collect();
        let texts: Vec<Passages> = (0..5)
            .map(|n| {
                let own: Vec<String> = (0..50).map(|word| format!("own{n}x{word}")).collect();
                Passages::of(&entry(&format!("{} {}", own.join(" "), footer.join(" ")))).unwrap()
            })
            .collect();
        assert_eq!(common_to(texts.iter(), 4).len(), 46);
        assert_eq!(common_to(texts[..4].iter(), 4), Vec::<u64>::new());
    }

    #[test]
    fn what_stands_between_known_boilerplate_is_a_text_s_own() {
        let footer: Vec<String> = (0..80).map(|n| format!("footer{n}")).collect();
        let (before, behind) = (footer[..40].join(" "), footer[40..].join(" "));
        let told = format!("{before} It rained in Varrel on 3 May. {behind}");
        let told = Passages::of(&entry(&told)).unwrap();
        let known = set(&Passages::of(&entry(&before)).unwrap()).into_iter();
        let known = as_set(known.chain(set(&Passages::of(&entry(&behind)).unwrap())));
        let common = told.around(&known, |_| false);
        assert!(common.iter().all(|hash| contains(&known, *hash)));
    }

    #[test]
    fn shared_stretches_are_shown_where_they_stand() {
        let copy =
            entry("Header here. The quick brown fox jumps over it, he said. Other words end.");
        let leader = entry("\u{201C}The quick brown fox jumps over it\u{201D}, he said today");
        let shown: Vec<&str> =
            shared_passages(&copy, &leader).into_iter().map(|place| &copy.text[place]).collect();
        assert_eq!(shown, ["The quick brown fox jumps over it, he said"]);
    }

    proptest! {
        #[test]
        fn texts_that_share_a_stretch_share_a_key(
            before in 0..200_usize, after in 0..200_usize, stretch in 24..60_usize,
        ) {
            let words = |name: &str, count: usize| {
                (0..count).map(|n| format!("{name}{n}")).collect::<Vec<_>>().join(" ")
            };
            let shared = words("shared", stretch);
            let one = entry(&format!("{} {shared} {}", words("a", before + 60), words("b", after)));
            let other = entry(&format!("{} {shared} {}", words("c", after), words("d", before + 60)));
            let (one, other) = (Passages::of(&one).unwrap(), Passages::of(&other).unwrap());
            let keys = one.keys(&[]);
            prop_assert!(other.keys(&[]).iter().any(|key| contains(&keys, *key)));
        }

        #[test]
        fn copies_of_an_instalment_share_a_key_though_one_alone_knows_the_boilerplate(
            before in 60..200_usize, after in 60..200_usize, own in 1..4_usize,
        ) {
            let words = |name: &str, count: usize| {
                (0..count).map(|n| format!("{name}{n}")).collect::<Vec<_>>().join(" ")
            };
            let (head, foot) = (words("head", before), words("foot", after));
            let own = format!("{} 17 {}", words("own", own), words("more", own));
            let told = Passages::of(&entry(&format!("{head} {own} {foot}"))).unwrap();
            let parts = [head, foot].map(|part| set(&Passages::of(&entry(&part)).unwrap()));
            let keys = told.keys(&as_set(parts.concat()));
            prop_assert!(told.keys(&[]).iter().any(|key| contains(&keys, *key)));
        }

        #[test]
        fn every_window_has_a_key(hashes in prop::collection::vec(0..50_u64, 1..80), window in 1..10_usize) {
            let places = winnow(&hashes, window);
            for start in 0..hashes.len().saturating_sub(window) {
                prop_assert!(places.iter().any(|place| (start..start + window).contains(place)));
            }
        }
    }
}
