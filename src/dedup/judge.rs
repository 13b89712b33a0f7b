//! Judges the entries of a document: which stories they found, join, revise or merge.

use super::address::canonical;
use super::entry_keys::Candidate;
use super::merge::{judge_first_text, merge_parts};
use super::near_duplicate::likeness;
use super::place::{Place, find, place_entry};
use super::recognise::read_texts;
use super::revise::{keep_rolling_dates, revise};
use super::rules::Rules;
use super::separate::{judge_again, judge_moved, judge_texts_again, judge_titles_again};
use super::story_index::{file, stories_with, unfile};
use crate::model::{Admitted, Entry, Habits, Lookalikes, StoryId, Timestamp, Verdict};

/// The result of judging a document.
#[derive(Debug, Default)]
pub struct Judged {
    /// Stories that were founded or changed, in document order.
    pub admitted: Vec<Admitted>,
    /// Dates of the entries that are new from this source.
    pub new: Vec<Timestamp>,
    /// The number of entries that it listed before.
    pub known: usize,
    /// The number of new entries that exceed the limit and wait.
    pub waiting: usize,
    /// The number of entries that are left out: their story holds as many as a story may.
    pub left_out: usize,
    /// The stories that the document lists now, removed ones among them.
    pub listed: Vec<StoryId>,
    /// The source's habits after this document.
    pub habits: Habits,
}

/// Judges the entries of one document against all that is known. What is
/// admitted is known from then on; judging a document twice changes nothing.
pub fn judge(
    candidates: Vec<Candidate>,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Judged {
    judge_within(candidates, known, rules, now, usize::MAX)
}

/// The same, with so many that may be new: the others are passed over, and
/// new when the source lists them again.
pub fn judge_within(
    mut candidates: Vec<Candidate>,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    allowance: usize,
) -> Judged {
    read_texts(&mut candidates, known);
    let mut judged = Judged { habits: rules.habits, ..Judged::default() };
    note_shared(&candidates, &mut judged.habits);
    keep_rolling_dates(&mut candidates, known, &mut judged.habits, now);
    for candidate in candidates {
        let boilerplate = candidate.boilerplate.clone();
        let place = find(&candidate, known, rules, &mut judged.habits);
        let is_new = matches!(place, Place::About(_));
        match &place {
            Place::Known(id, _) | Place::Forgotten(id) => {
                judged.known += 1;
                judged.listed.push(*id);
            }
            Place::Crowded(id) => {
                judged.known += 1;
                judged.left_out += 1;
                judged.listed.push(*id);
            }
            Place::About(_) if judged.new.len() >= allowance => {
                judged.waiting += 1;
                continue;
            }
            Place::About(_) => judged.new.push(candidate.date),
        }
        // An entry whose title others have may show that the title is that of a series.
        let again = (is_new && has_title_of_others(&candidate, known)).then(|| candidate.clone());
        let (admitted, parts) = match place {
            Place::Known(id, member) => {
                (revise(candidate, known, id, member, rules, now), Vec::new())
            }
            Place::About(mut likeness) => {
                let parts = std::mem::take(&mut likeness.parts);
                (Some(place_entry(candidate, known, likeness, rules, now)), parts)
            }
            Place::Crowded(_) | Place::Forgotten(_) => (None, Vec::new()),
        };
        let Some(mut admitted) = admitted else { continue };
        file(&admitted, known);
        let (mut before, mut further) = (Vec::new(), Vec::new());
        if let Some(member) = moved(&admitted) {
            judge_moved(admitted.story.id, member, known, rules, now, &mut further);
        }
        if text_changed(&admitted) {
            judge_again(admitted.story.id, known, rules, now, &mut further);
            judge_texts_again(&admitted, known, rules, now, &mut further);
        } else if let Some(candidate) = again {
            judge_titles_again(
                &admitted.story,
                candidate.title_keys(),
                known,
                rules,
                now,
                &mut further,
            );
            if !further.is_empty() && stands_alone(&admitted, known) {
                // It has taken others out of the story that it belongs to.
                unfile(&admitted, known);
                before = std::mem::take(&mut further);
                let likeness = likeness(&candidate, known, rules, None);
                admitted = place_entry(candidate, known, likeness, rules, now);
                file(&admitted, known);
            }
        }
        judge_first_text(&admitted, &boilerplate, known, rules, now, &mut further);
        merge_parts(admitted.story.id, parts, known, rules, now, &mut further);
        judged.listed.push(admitted.story.id);
        judged.listed.extend(before.iter().chain(&further).map(|one| one.story.id));
        judged.admitted.extend(before);
        judged.admitted.push(admitted);
        judged.admitted.extend(further);
    }
    judged.listed.sort_unstable();
    judged.listed.dedup();
    judged
}

/// Whether another story has the title of an entry.
fn has_title_of_others(candidate: &Candidate, known: &Lookalikes) -> bool {
    candidate.title_keys().iter().any(|key| !stories_with(known, key).is_empty())
}

/// Whether an entry has founded a story that nobody has joined since.
fn stands_alone(admitted: &Admitted, known: &Lookalikes) -> bool {
    admitted.verdict == Verdict::New
        && known.stories.get(&admitted.story.id) == Some(&admitted.story)
}

/// Whether a member of a story that stood already says something else than it did.
fn text_changed(admitted: &Admitted) -> bool {
    let Some(before) = &admitted.before else { return false };
    let texts = before.members.iter().zip(&admitted.story.members);
    before.members.len() == admitted.story.members.len()
        && texts.into_iter().any(|(was, is)| was.entry.text != is.entry.text)
}

/// The member of a story that stood already whose page has changed.
fn moved(admitted: &Admitted) -> Option<usize> {
    let before = admitted.before.as_ref().filter(|before| before.members.len() > 1)?;
    let mut pairs = before.members.iter().zip(&admitted.story.members);
    let is_same_length = before.members.len() == admitted.story.members.len();
    let page = |entry: &Entry| entry.url.as_ref().map(canonical);
    pairs
        .position(|(was, is)| was.entry.url != is.entry.url && page(&was.entry) != page(&is.entry))
        .filter(|_| is_same_length)
}

/// Notes ids and links that several entries of the document have.
fn note_shared(candidates: &[Candidate], habits: &mut Habits) {
    if candidates.iter().any(|one| one.entry.guid.is_some() && one.guid.is_none()) {
        habits.guid.saw_shared();
    }
    let lost = |one: &&Candidate| one.link.is_none() && one.entry.url.is_some();
    let count = candidates.iter().filter(lost).count();
    if count > 1 && count * 2 > candidates.len() {
        habits.link.saw_shared();
    }
}
