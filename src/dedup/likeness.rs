//! An entry whose names are unknown in; the story it tells again by title or text, or nearly so, out.

use std::collections::HashMap;
use std::time::Duration;

use url::Url;

use super::address::canonical;
use super::alignment::{ACCOUNT, Differences, differences};
use super::candidate::{Candidate, MOST_COMMON, candidate_of};
use super::figures::Figures;
use super::judge::{Rules, bearers};
use super::passages::{Overlap, Passages};
use super::title::{may_recur, share_a_frame, share_a_word};
use crate::model::{
    Entry, Evidence, Forbidden, Lookalikes, Member, Related, Story, StoryId, Timestamp,
};

/// How far apart two tellings under one title may be dated (T1).
const TITLE_WINDOW: Duration = Duration::from_secs(7 * 24 * 3600);

/// The same where the title is that of a series: its next instalment may be a week away.
const SERIES_WINDOW: Duration = Duration::from_secs(2 * 24 * 3600);

/// The same for two pages of one site that have one text, unless one day bears both: what offices
/// announce together they put up within hours, and the next of a daily release comes on another day.
const SITE_WINDOW: Duration = Duration::from_secs(6 * 3600);

/// How far apart two tellings of one text may be dated (T2).
const TEXT_WINDOW: Duration = Duration::from_secs(14 * 24 * 3600);

/// Hundredths of the shorter text that must stand in the other for a join.
pub(super) const JOINED: u32 = 50;

/// Hundredths from which on two stories are worth showing side by side.
const RELATED: u32 = 30;

/// Fewer shared passages than this are a quotation.
const FEWEST_SHARED: u32 = 8;

/// The same where they are all that a text has of its own: any word of its own is in so many.
const FEWEST_OF_A_SENTENCE: u32 = 5;

/// Stories compared word by word, those with the most keys in common.
const MOST_COMPARED: usize = 12;

/// A text of so many words is an account rather than a summary. Two such that
/// differ speak against a title they share.
pub(super) const FULL_TEXT: usize = Member::ACCOUNT;

/// With fewer different names and numbers in a text, these say nothing.
const FEWEST_NAMES: u32 = 4;

/// Hundredths of the shorter text from which on names matter less.
const NEARLY_WHOLE: u32 = 75;

/// Hundredths of either text from which on the two are one.
const WORD_FOR_WORD: u32 = 90;

/// Hundredths of the shorter text, or of its names, below which it has much of its own.
const TWO_THIRDS: u32 = 67;

/// What an entry's text says about where it belongs.
#[derive(Debug, Default)]
pub(super) struct Likeness {
    /// The story that it tells again.
    pub(super) best: Option<(StoryId, Evidence)>,
    /// Stories that it resembles.
    pub(super) related: Vec<Related>,
}

/// T1: the one story that bears the title, unless something speaks against it.
pub(super) fn by_title(
    candidate: &Candidate,
    known: &Lookalikes,
    rules: &Rules<'_>,
) -> Option<(StoryId, Evidence)> {
    let title = candidate.title.as_deref()?;
    let [id] = bearers(known, &candidate.title_key()?) else { return None };
    let story = known.stories.get(id).filter(|story| story.stands())?;
    let apart = story.dated.apart(candidate.date);
    let window = if may_recur(title) { SERIES_WINDOW } else { TITLE_WINDOW };
    let forbidden = apart > window
        || site_of(&candidate.entry, story).is_some()
        || rules.overrides.bar(&candidate.entry, story)
        || texts_differ(candidate, story, rules);
    let hours_apart = apart.as_secs() / 3600;
    (!forbidden).then(|| (*id, Evidence::SameTitle { title: title.to_owned(), hours_apart }))
}

/// T2: the story whose leading text holds at least half of the entry's, or
/// the reverse. Only ever that one text is compared, never a chain of pairs.
/// The story that has the text already, if one has, is `besides` the point.
pub(super) fn by_text(
    candidate: &Candidate,
    known: &Lookalikes,
    rules: &Rules<'_>,
    besides: Option<StoryId>,
) -> Likeness {
    let Some(passages) = &candidate.passages else { return Likeness::default() };
    let borne = borne(candidate, known);
    if borne.is_empty() {
        return Likeness::default();
    }
    let common = common(candidate, passages, known, besides);
    let mut comparisons: Vec<Comparison<'_>> = most_alike(&borne, &common, known)
        .into_iter()
        .filter(|story| Some(story.id) != besides)
        .filter_map(|story| compare(candidate, passages, &common, story, rules))
        .collect();
    comparisons.sort_by(|one, other| {
        let cross = |a: &Overlap, b: &Overlap| u64::from(a.shared) * u64::from(b.of);
        // Of instalments that have one text, the one of its day.
        let next = |of: &Comparison<'_>| {
            (date_of(of.leader).apart(candidate.date), of.story.first_seen, of.story.id)
        };
        cross(&other.overlap, &one.overlap)
            .cmp(&cross(&one.overlap, &other.overlap))
            .then_with(|| next(one).cmp(&next(other)))
    });
    if is_listing(&comparisons) {
        for comparison in &mut comparisons {
            comparison.forbidden.get_or_insert(Forbidden::Listing);
        }
    }
    let mut likeness = Likeness::default();
    for comparison in comparisons {
        let tells_another = || tells_another(&comparison, passages);
        let forbidden =
            comparison.forbidden.clone().or_else(|| tells_another().then_some(Forbidden::Listing));
        let Comparison { story, leader, overlap, .. } = comparison;
        let Overlap { shared, of, .. } = overlap;
        if forbidden.is_none() && overlap.reaches(JOINED) && likeness.best.is_none() {
            let leader = leader.entry.source.clone();
            likeness.best = Some((story.id, Evidence::SameText { shared, of, leader }));
            continue;
        }
        let forbidden = forbidden
            .filter(|_| overlap.reaches(JOINED))
            .or_else(|| overlap.reaches(JOINED).then_some(Forbidden::Better));
        likeness.related.push(Related { story: story.id, shared, of, forbidden });
    }
    likeness
}

/// The stories that this one's leading text resembles, both ways, with what
/// forbids a join: for showing. `known` must hold what is found under
/// [`keys_of_entries`](super::keys_of_entries) of the story.
pub fn near(story: &Story, known: &Lookalikes, rules: &Rules<'_>, now: Timestamp) -> Vec<Related> {
    let Some((leader, _)) = leading(story, rules) else { return Vec::new() };
    let candidate = candidate_of(leader.entry.clone(), rules, now.min(leader.joined));
    let Likeness { best, related } = by_text(&candidate, known, rules, Some(story.id));
    let best = best.and_then(|(story, evidence)| match evidence {
        Evidence::SameText { shared, of, .. } => {
            Some(Related { story, shared, of, forbidden: Some(Forbidden::Better) })
        }
        _ => None,
    });
    best.into_iter().chain(related).collect()
}

/// The member whose text leads the story: the first in rank that has a full
/// one, else the first whose summary is long enough.
pub(super) fn leading<'a>(story: &'a Story, rules: &Rules<'_>) -> Option<(&'a Member, Passages)> {
    let mut summary = None;
    for member in story.ranked(rules.sources) {
        match Passages::of(&member.entry) {
            Some(full) if full.len() >= FULL_TEXT => return Some((member, full)),
            Some(short) if summary.is_none() => summary = Some((member, short)),
            _ => {}
        }
    }
    summary
}

/// Whether a story's text is that of this member.
pub(super) fn leads_with_text(story: &Story, member: usize, rules: &Rules<'_>) -> bool {
    leading(story, rules).is_some_and(|(leader, _)| std::ptr::eq(leader, &story.members[member]))
}

/// When a text was told, as far as is known; never later than it was read.
fn date_of(member: &Member) -> Timestamp {
    member.entry.dated().unwrap_or(member.joined).min(member.joined)
}

/// A story's leading text beside the entry's.
struct Comparison<'a> {
    story: &'a Story,
    leader: &'a Member,
    leading: Passages,
    overlap: Overlap,
    forbidden: Option<Forbidden>,
}

fn compare<'a>(
    candidate: &Candidate,
    passages: &Passages,
    common: &[u64],
    story: &'a Story,
    rules: &Rules<'_>,
) -> Option<Comparison<'a>> {
    let (leader, leading) = leading(story, rules)?;
    let overlap = passages.overlap(&leading, common);
    // Of an instalment all but a sentence may be boilerplate: that sentence tells it from the others.
    let whole = || passages.overlap(&leading, &[]).reaches(WORD_FOR_WORD);
    let one_sentence = || overlap.shared >= FEWEST_OF_A_SENTENCE && overlap.reaches(100) && whole();
    if (overlap.shared < FEWEST_SHARED && !one_sentence()) || !overlap.reaches(RELATED) {
        return None;
    }
    let pair = (passages, &leading, common);
    let forbidden = forbidden(candidate, pair, &overlap, story, leader, rules);
    Some(Comparison { story, leader, leading, overlap, forbidden })
}

/// What forbids a join that the texts alone would make.
fn forbidden(
    candidate: &Candidate,
    (passages, leading, common): (&Passages, &Passages, &[u64]),
    overlap: &Overlap,
    story: &Story,
    leader: &Member,
    rules: &Rules<'_>,
) -> Option<Forbidden> {
    let entry = &candidate.entry;
    if rules.overrides.bar(entry, story) {
        return Some(Forbidden::Never);
    }
    if story.members.iter().any(|member| member.entry.source == entry.source) {
        return Some(Forbidden::OneSource);
    }
    let found = differences(passages, leading, common);
    // Two offices on one site may each have a page for what they announce together.
    let word_for_word = found.renamed == 0
        && overlap.reaches(WORD_FOR_WORD)
        && overlap.of_longer * WORD_FOR_WORD <= overlap.of * 100;
    let led = date_of(leader);
    let apart = led.apart(candidate.date);
    // The figures of a release may stand in a table or a file that no text holds: then only
    // the date that its source gives it tells it from the one before.
    let day = |date: Timestamp| date.as_secs().div_euclid(24 * 3600);
    let near = apart <= SITE_WINDOW || day(led) == day(candidate.date);
    let are_dated = entry.dated().is_some() && leader.entry.dated().is_some();
    let together = word_for_word && are_dated && near;
    if let Some(host) = site_of(entry, story).filter(|_| !together) {
        return Some(Forbidden::OneSite { host });
    }
    if apart > TEXT_WINDOW {
        return Some(Forbidden::Dates { hours_apart: apart.as_secs() / 3600 });
    }
    let titles = [entry.title.as_str(), leader.entry.title.as_str()];
    if is_part_of_a_list(passages, leading, overlap, titles) {
        return Some(Forbidden::Listing);
    }
    let own = Figures::of(&entry.title);
    let theirs = [&leader.entry.title, &story.lead(rules.sources).entry.title];
    if let Some((one, other)) =
        theirs.into_iter().find_map(|title| own.contradict(&Figures::of(title)))
    {
        return Some(Forbidden::Figures { one, other });
    }
    names_differ(passages, leading, overlap)
        .or_else(|| is_another(found, passages.len().min(leading.len()), overlap, titles))
}

/// Whether two texts are one but for what they name, as are two instalments
/// of a series: between the phrases they share, each has names, numbers or dates of its own.
/// Whoever copies a text changes words for many reasons, and seldom these. And whether
/// two texts share a piece, and go on to tell different things at length.
fn is_another(
    found: Differences,
    words: usize,
    overlap: &Overlap,
    titles: [&str; 2],
) -> Option<Forbidden> {
    if !overlap.reaches(JOINED) {
        return None;
    }
    if found.go_apart && !overlap.reaches(TWO_THIRDS) {
        return Some(Forbidden::Listing);
    }
    let Differences { replaced, renamed, retold, .. } = found;
    let often = renamed * 100 >= words || renamed * 2 >= replaced;
    let series = (renamed >= 2 && often)
        || (renamed >= 1 && retold >= 2 && !overlap.reaches(NEARLY_WHOLE))
        || (renamed >= 1 && share_a_frame(titles[0], titles[1]));
    series.then(|| Forbidden::Renamed { places: u32::try_from(renamed).unwrap_or(u32::MAX) })
}

/// Whether the shorter of two texts is one of several that the longer puts in
/// a row. A copy that was cut short is cut at its end and keeps something of the title; what
/// stands in the middle of a text twice as long was put there. Where much of the
/// shorter is not in the longer, only what they share can be what was put there.
fn is_part_of_a_list(
    one: &Passages,
    other: &Passages,
    overlap: &Overlap,
    titles: [&str; 2],
) -> bool {
    let (longer, part) = if overlap.first_is_longer { (one, other) } else { (other, one) };
    let held = if overlap.reaches(TWO_THIRDS) { overlap.of } else { overlap.shared };
    part.len() >= FULL_TEXT
        && overlap.of_longer >= (held * 2).max(held + ACCOUNT)
        && (longer.begins_at(part) > 25 || !share_a_word(titles[0], titles[1]))
}

/// Two tellings of one text share most of its numbers, and of its numbers and
/// names; two instalments of a series share the words around them. The less of
/// the texts is shared, the more of the names must be.
fn names_differ(one: &Passages, other: &Passages, overlap: &Overlap) -> Option<Forbidden> {
    let wanted = if overlap.reaches(NEARLY_WHOLE) { 50 } else { TWO_THIRDS };
    [one.figures_shared(other), one.names_shared(other)]
        .into_iter()
        .find(|(shared, of)| *of >= FEWEST_NAMES && shared * 100 < of * wanted)
        .map(|(shared, of)| Forbidden::Names { shared, of })
}

/// Whether entry and story have texts, and these say that they are two.
fn texts_differ(candidate: &Candidate, story: &Story, rules: &Rules<'_>) -> bool {
    let Some(passages) = &candidate.passages else { return false };
    let Some((leader, leading)) = leading(story, rules) else { return false };
    let words = passages.len().min(leading.len());
    let overlap = passages.overlap(&leading, &candidate.boilerplate);
    let apart = !overlap.reaches(RELATED);
    let named_apart = names_differ(passages, &leading, &overlap).is_some();
    if words < FULL_TEXT {
        return apart && named_apart;
    }
    let found = differences(passages, &leading, &candidate.boilerplate);
    let titles = [candidate.entry.title.as_str(), leader.entry.title.as_str()];
    apart || named_apart || is_another(found, words, &overlap, titles).is_some()
}

/// The host on which both have their pages: a site that lists two pages has
/// made two announcements. One page under one address is not two, unless
/// one source tells both.
pub(super) fn site_of(entry: &Entry, story: &Story) -> Option<String> {
    let host = host_of(entry);
    let two_pages = |member: &Member| {
        host_of(&member.entry) == host
            && (member.entry.source == entry.source
                || page_of(&member.entry).map(canonical) != page_of(entry).map(canonical))
    };
    story.members.iter().any(two_pages).then(|| host.to_owned())
}

/// The page that an entry is about.
fn page_of(entry: &Entry) -> Option<&Url> {
    entry.original.as_ref().or(entry.url.as_ref())
}

/// Who speaks: the host of the entry's identity address, else the source. An
/// address in numbers names a machine, on which anybody may publish.
fn host_of(entry: &Entry) -> &str {
    page_of(entry)
        .filter(|url| url.domain().is_some_and(|name| name != "localhost"))
        .and_then(|url| url.host_str())
        .map_or(entry.source.as_str(), |host| host.strip_prefix("www.").unwrap_or(host))
}

/// Passages of the entry that are no evidence: its document's boilerplate,
/// what many stories bear, and what lies between.
fn common(
    candidate: &Candidate,
    passages: &Passages,
    known: &Lookalikes,
    besides: Option<StoryId>,
) -> Vec<u64> {
    let boilerplate = &candidate.boilerplate;
    let mut common = passages.around(boilerplate, |passage| {
        // Whoever led a story over the turn of a span left its keys in both.
        let [early, late] = candidate.passage_keys(passage).map(|key| bearers(known, &key));
        let late = late.iter().filter(|id| !early.contains(id));
        early.iter().chain(late).filter(|id| Some(**id) != besides).count() > MOST_COMMON
    });
    if !boilerplate.is_empty() {
        common.extend_from_slice(boilerplate);
        common.sort_unstable();
        common.dedup();
    }
    common
}

/// Those of the entry's keys that stories bear, and which.
fn borne<'a>(candidate: &Candidate, known: &'a Lookalikes) -> Vec<(u64, [&'a [StoryId]; 2])> {
    let hashes = candidate.passage_hashes().iter();
    let bearers_of = |passage| candidate.passage_keys(passage).map(|key| bearers(known, &key));
    let borne = hashes.map(|passage| (*passage, bearers_of(*passage)));
    borne.filter(|(_, bearers)| bearers.iter().any(|bearers| !bearers.is_empty())).collect()
}

/// The stories that share the most keys with the entry.
fn most_alike<'a>(
    borne: &[(u64, [&[StoryId]; 2])],
    common: &[u64],
    known: &'a Lookalikes,
) -> Vec<&'a Story> {
    let mut shared: HashMap<StoryId, usize> = HashMap::new();
    for (passage, bearers) in borne {
        if common.binary_search(passage).is_ok() {
            continue;
        }
        for id in bearers.iter().copied().flatten() {
            *shared.entry(*id).or_default() += 1;
        }
    }
    let mut alike: Vec<(usize, &Story)> = shared
        .into_iter()
        .filter_map(|(id, count)| Some((count, &**known.stories.get(&id)?)))
        .filter(|(_, story)| story.stands())
        .collect();
    alike.sort_by_key(|(count, story)| (std::cmp::Reverse(*count), story.first_seen, story.id));
    alike.truncate(MOST_COMPARED);
    alike.into_iter().map(|(_, story)| story).collect()
}

/// Whether a story's leading text, much longer than the entry's, holds the text of a copy, too, that has
/// nothing in common with the entry's: then it lists announcements, though nobody could tell before.
fn tells_another(comparison: &Comparison<'_>, passages: &Passages) -> bool {
    let Comparison { story, leader, overlap, .. } = comparison;
    if !overlap.reaches(JOINED)
        || overlap.first_is_longer
        || overlap.of_longer * 2 < overlap.of * 3
        || overlap.of_longer < overlap.of + ACCOUNT
    {
        return false;
    }
    let copies = story.members.iter().filter(|member| !std::ptr::eq(*member, *leader));
    copies
        .filter_map(|member| Passages::of(&member.entry))
        .any(|copy| copy.len() >= FULL_TEXT && copy.overlap(passages, &[]).shared < FEWEST_SHARED)
}

/// Whether the entry's text holds texts of two stories that have nothing to do
/// with each other: a page that lists announcements is none of them.
fn is_listing(comparisons: &[Comparison<'_>]) -> bool {
    let held: Vec<&Comparison<'_>> = comparisons
        .iter()
        .filter(|comparison| {
            comparison.overlap.reaches(JOINED) && comparison.overlap.first_is_longer
        })
        .collect();
    let strangers = |one: &Comparison<'_>, other: &Comparison<'_>| {
        one.leading.overlap(&other.leading, &[]).shared < FEWEST_SHARED
    };
    held.iter()
        .enumerate()
        .any(|(place, one)| held[place + 1..].iter().any(|other| strangers(one, other)))
}
