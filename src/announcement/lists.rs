//! Finds lists of other announcements: below a known heading, or by their links and dates.

use super::Context;
use super::line_kind::{
    SENTENCE_MARKS, begins_facts, date_in, is_date, is_dated_statement, is_file, is_listed,
    is_prose,
};
use super::text_lines::{Layout, Line};
use crate::model::Reason;

/// Words that must be left when a list without a heading is set aside.
const LEAST_WORDS: usize = 20;

/// Lines of a list of other announcements below one heading.
const MOST_LISTED: usize = 300;

/// The end of the list of other announcements that begins at a heading; the next line where
/// no such list follows. Below the heading of a programme, all items must be links.
pub(super) fn end(layout: &Layout<'_>, start: usize, is_inline: bool, needs_links: bool) -> usize {
    let lines = &layout.lines;
    let opener = &lines[start];
    let own_element = element_end(layout, start);
    let bound = own_element.unwrap_or(lines.len()).min(start + MOST_LISTED);
    let mut end = start + 1;
    let mut teasers = 0;
    let mut most_sentences = 0;
    let mut items = 0;
    while end < bound {
        let line = &lines[end];
        if line.set_aside.is_some() {
            end += 1;
            continue;
        }
        if begins_facts(line) || ends_section(layout, opener, end) {
            break;
        }
        if is_listed(line) {
            items += usize::from(line.word_count() >= 2);
        } else if own_element.is_none() {
            // A sentence belongs to the item above it, if one more item follows or others had one.
            let before = &lines[end - 1];
            let item_before = end - 1 > start && is_listed(before);
            let next = lines[end + 1..bound].iter().find(|line| line.set_aside.is_none());
            let is_between = next.is_some_and(is_listed) || next.is_none() && teasers > 0;
            let sentences = match item_before && is_between || line.is_mostly_linked() {
                true => 1,
                false if item_before => {
                    sentences_of_a_linked_title(&lines[end - 1..bound], most_sentences)
                }
                false => 0,
            };
            if is_inline || sentences == 0 {
                break;
            }
            teasers += 1;
            most_sentences = most_sentences.max(sentences);
            end += sentences - 1;
        }
        end += 1;
    }
    let inside = || lines[start + 1..end].iter();
    let listed = inside().filter(|line| is_listed(line)).count();
    let is_dated = |line: &Line| !is_dated_statement(line) && date_in(&line.text).is_some();
    let is_marked = inside().any(|line| line.is_mostly_linked() || is_dated(line));
    let linked = inside().filter(|line| line.is_mostly_linked()).count();
    let is_list = items >= 1
        && (!needs_links
            || linked > 0 && inside().all(is_linked_or_date) && !inside().all(leads_to_file))
        && (1 + most_sentences.max(2)) * listed >= inside().count()
        && (is_marked || items >= 3 && end == lines.len());
    if is_list { end } else { start + 1 }
}

/// The most sentences that stand below one linked title of a list.
const MOST_SENTENCES: usize = 3;

/// How many sentences stand between the first of these lines and the next linked title; 0 if they
/// are more than belong to an item, or if either is no linked title. Below the last title stand as
/// many as an item before it had.
fn sentences_of_a_linked_title(lines: &[Line], had: usize) -> usize {
    let mut rest = lines.iter().enumerate().filter(|(_, line)| line.set_aside.is_none()).skip(1);
    let (end, most) = match rest.find(|(_, line)| is_listed(line)) {
        Some((at, next)) if next.is_linked() => (at, MOST_SENTENCES),
        Some(_) => return 0,
        None => (lines.len(), had),
    };
    if lines[0].is_linked() && end - 1 <= most { end - 1 } else { 0 }
}

fn leads_to_file(line: &Line) -> bool {
    line.set_aside.is_some() || line.links.iter().any(|link| is_file(&link.url))
}

fn is_linked_or_date(line: &Line) -> bool {
    line.set_aside.is_some() || line.is_mostly_linked() || is_date(line)
}

/// Whether a heading ends the section of another: it is of the same or a higher level, is no
/// link, and text follows.
fn ends_section(layout: &Layout<'_>, opener: &Line, at: usize) -> bool {
    let line = &layout.lines[at];
    if line.is_mostly_linked() {
        return false;
    }
    let is_higher = match (opener.heading, line.heading) {
        (Some(opener), Some(level)) => level <= opener,
        (None, Some(_)) => !line.is_item,
        _ => false,
    };
    let next = layout.lines[at + 1..].iter().find(|line| line.set_aside.is_none());
    let begins_with_date = |line: &Line| date_in(&line.text).is_some_and(|date| date.start() < 4);
    is_higher
        && next.is_some_and(|next| {
            is_prose(next) && !next.is_mostly_linked() && !begins_with_date(next)
        })
}

/// The end of the element that begins with this line and holds more lines.
fn element_end(layout: &Layout<'_>, start: usize) -> Option<usize> {
    let before = start.checked_sub(1).map(|before| &layout.lines[before].around);
    let begins_here = |element: &&u32| before.is_none_or(|around| !around.contains(element));
    let around = &layout.lines[start].around;
    let end_of = |element: &u32| {
        let inside = layout.lines[start..].iter().take_while(|line| line.around.contains(element));
        start + inside.count()
    };
    let ends = around.iter().filter(begins_here).map(end_of);
    // The outermost that is not all of the text.
    let all = start == 0;
    ends.filter(|end| *end > start + 1 && !(all && *end == layout.lines.len())).max()
}

/// Sets aside lists without a known heading: runs of linked titles with dates, links to other known
/// entries, and behind the text links to the pages beside its own.
pub(super) fn set_aside(layout: &mut Layout<'_>, context: &Context<'_>) {
    let kept: Vec<usize> = layout.kept().collect();
    let facts = kept.iter().position(|index| begins_facts(&layout.lines[*index]));
    let mut end = facts.unwrap_or(kept.len());
    // Behind this line nothing is left of the text.
    let mut last = end;
    while end > 0 {
        let start = (0..end).rev().take_while(|at| is_in_list(&layout.lines[kept[*at]])).last();
        let Some(start) = start else {
            end -= 1;
            continue;
        };
        if let Some((start, reason)) = list(layout, &kept, start..end, end == last, context) {
            for index in &kept[start..end] {
                layout.lines[*index].set_aside = Some(reason);
            }
            if end == last {
                last = start;
            }
        }
        end = start;
    }
}

/// Whether a line may stand in a list of other announcements: a linked title, or its date.
fn is_in_list(line: &Line) -> bool {
    line.is_linked() || is_date(line) || line.is_mostly_linked() && date_in(&line.text).is_some()
}

/// Links to known entries that make a list of others: one alone may be what a text is about.
const LEAST_KNOWN: usize = 2;

/// Whether a list belongs to the text because of the line before it: a colon, a sentence that goes on
/// in the list or that counts its items, a heading with a word of the title.
fn introduces(before: &Line, is_heading: bool, items: usize, context: &Context<'_>) -> bool {
    let goes_on = !is_heading
        && before.links.is_empty()
        && before.text.ends_with(char::is_lowercase)
        && !is_date(before);
    before.text.ends_with([':', '：'])
        || goes_on
        || before.text.ends_with(SENTENCE_MARKS) && counts(&before.text, items)
        || is_heading && context.names_its_subject(&before.text)
}

/// Whether a sentence names this number, in figures or in words.
fn counts(sentence: &str, number: usize) -> bool {
    const WORDS: [&str; 9] = [
        "two zwei deux dos dois due twee dwa två два две iki δύο doi",
        "three drei trois tres três tre drie trzy tři tre три üç τρεις trei",
        "four vier quatre cuatro quatro quattro vier cztery čtyři fyra fire четыре dört patru",
        "five fünf cinq cinco cinque vijf pięć pět fem пять beş πέντε cinci",
        "six sechs seis sei zes sześć šest sex seks шесть altı έξι șase",
        "seven sieben sept siete sete sette zeven siedem sedm sju syv семь yedi επτά șapte",
        "eight acht huit ocho oito otto osiem osm åtta otte восемь sekiz οκτώ opt",
        "nine neun neuf nueve nove negen dziewięć devět nio девять dokuz εννέα nouă",
        "ten zehn dix diez dez dieci tien dziesięć deset tio десять δέκα zece",
    ];
    let spelt = number.checked_sub(2).and_then(|at| WORDS.get(at)).copied().unwrap_or_default();
    let lower = sentence.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.any(|word| word.parse() == Ok(number) || spelt.split(' ').any(|known| known == word))
}

/// Where a list of other announcements begins among these lines, and why it is one.
fn list(
    layout: &Layout<'_>,
    kept: &[usize],
    range: std::ops::Range<usize>,
    is_at_the_end: bool,
    context: &Context<'_>,
) -> Option<(usize, Reason)> {
    let line = |at: usize| &layout.lines[kept[at]];
    let links = || range.clone().flat_map(|at| &line(at).links);
    let others = links().filter(|link| context.is_other(&link.url)).count();
    let titles =
        range.clone().filter(|at| !line(*at).links.is_empty() && line(*at).word_count() >= 3);
    let titles = titles.count();
    let dates = range.clone().filter(|at| date_in(&line(*at).text).is_some()).count();
    // Orders that a text repeals stand in it; a list of others stands before or behind it.
    let is_outside = is_at_the_end || range.start == 0;
    let is_known =
        is_outside && others >= LEAST_KNOWN && 2 * others >= links().count() && titles >= 1;
    let is_dated = is_at_the_end && titles >= 3 && dates >= 3;
    let goes_on = || kept[range.end..].iter().any(|behind| is_prose(&layout.lines[*behind]));
    let are_beside = !is_known
        && !is_dated
        && links().count() >= 3
        && range.clone().all(|at| line(at).word_count() >= 2)
        && links().all(|link| context.is_beside(&link.url) && !is_file(&link.url))
        // Links below a sentence may be what it announces.
        && range.start.checked_sub(1).is_none_or(|before| {
            line(before).heading.is_some() || line(before).is_strong
        })
        && !goes_on();
    if !(is_known || is_dated || are_beside) {
        return None;
    }
    let mut start = range.start;
    if start > 0 {
        let before = line(start - 1);
        let is_heading = before.heading.is_some() || before.is_strong;
        if before.known_heading().is_none() && introduces(before, is_heading, titles, context) {
            return None;
        }
        if is_heading && before.word_count() <= 8 && !is_prose(before) {
            start -= 1;
        }
    }
    let rest = (0..start).chain(range.end..kept.len());
    let words: usize = rest.map(|at| line(at).word_count()).sum();
    let enough = if is_known { LEAST_WORDS / 2 } else { LEAST_WORDS };
    let reason = if is_known {
        Reason::KnownLinks
    } else if is_dated {
        Reason::DatedLinks
    } else {
        Reason::OtherAnnouncements
    };
    (words >= enough).then_some((start, reason))
}
