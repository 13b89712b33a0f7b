//! Sets aside sections that their heading, their links or their element mark as surroundings.

use std::sync::LazyLock;

use regex::Regex;

use super::share_links::{is_profile, shares};
use super::signs::Signs;
use super::text_lines::{Layout, Line};
use super::vocabulary::{
    BUTTON, COOKIE_BUTTON, COOKIES, FIRST_ON, Heading, INLINE_OTHERS, NEWSLETTER, READ_ON, WAYS,
    heading,
};
use super::{Cleaned, ContainerRole, Context};
use crate::model::Reason;

/// A date as people write it, in any language.
pub(super) static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b | \b(?:19|20)\d{2}-\d{2}-\d{2}\b
        | \b\d{1,2}(?:st|nd|rd|th|er|\.|º|ª)?\s+(?:de\ |di\ |of\ )?\p{L}{3,14}\.?,?\s+(?:de\ |del\ )?(?:19|20)\d{2}\b
        | \b\p{L}{3,14}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d{2}\b
        | \b(?:19|20)\d{2}\.\s?\p{L}{3,14}\s\d{1,2}\.
        | (?:19|20)\d{2}\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일]",
    )
    .expect("a fixed pattern")
});

static ADDRESS_OR_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[\w.+-]+@[\w-]+\.[\w.-]+|\b\d[\d ()/.+-]{6,}\d\b|\bhttps?://|\bwww\.|\b(?:tel|fax|phone|telephone|telefon|tél|téléphone|teléfono|telefono|e-?mail|mobile|handy)\b")
        .expect("a fixed pattern")
});

/// Words of sentences that name a contact.
static CONTACT_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:journalists?|enquir\w+|inquir(?:y|ies)|contact\w*|news ?desk|press office|presse\w*|kontakt\w*|journalistes?|prensa|stampa)\b")
        .expect("a fixed pattern")
});

/// Words that must be left when a list without a heading is set aside.
const LEAST_WORDS: usize = 20;

/// Whether a line ends a sentence and is long enough for one.
pub(super) fn is_prose(line: &Line) -> bool {
    let ends = line.text.ends_with(['.', '!', '?', '…', '"', '”', '’', ')', '»', '“', '。']);
    !line.is_linked() && ends && (line.word_count() >= 8 || line.text.chars().count() >= 60)
}

/// Whether a line is as those of lists are: a link, a date, a title.
pub(super) fn is_listed(line: &Line) -> bool {
    line.is_linked() || is_date(line) || is_title(line) || line.known_heading().is_some()
}

fn is_title(line: &Line) -> bool {
    line.word_count() <= 24 && !line.text.ends_with(['.', '!', '?', '…', ';', ',', ':', '。'])
}

/// Digits of the shortest date, `1.1.25`.
const LEAST_DIGITS: usize = 4;

/// The first date in a text. Hardly any line has so many digits, and the pattern is slow where
/// letters are not ASCII.
pub(super) fn date_in(text: &str) -> Option<regex::Match<'_>> {
    let mut digits = text.chars().filter(|c| c.is_numeric());
    digits.nth(LEAST_DIGITS - 1).and_then(|_| DATE.find(text))
}

/// Words of a line that is a date and little else: four, and six of a date between its parts.
const MOST_WORDS_OF_A_DATE: usize = 11;

/// Whether a line is a date and little else.
fn is_date(line: &Line) -> bool {
    if line.text.split_whitespace().nth(MOST_WORDS_OF_A_DATE).is_some() {
        return false;
    }
    date_in(&line.text).is_some_and(|date| {
        let rest = [&line.text[..date.start()], &line.text[date.end()..]].concat();
        rest.split_whitespace().count() <= 4
    })
}

/// Whether a line is a heading of a part of the announcement.
pub(super) fn is_fact_heading(line: &Line) -> bool {
    line.known_heading() == Some(Heading::Facts)
}

/// The kind of heading that a line begins with, if a colon and more text follow.
fn inline_heading(line: &Line) -> Option<Heading> {
    let (before, after) = line.text.split_once([':', '：'])?;
    let found = heading(before).filter(|_| !after.trim().is_empty())?;
    // "Contact: the minister said …" is prose.
    let is_short = line.word_count() <= 12 || line.is_mostly_linked();
    match found {
        Heading::Facts => None,
        Heading::Contact => {
            let is_contact =
                ADDRESS_OR_NUMBER.is_match(after) && !speaks_to_the_public(line, after);
            (is_short || is_contact).then_some(found)
        }
        Heading::Others => line.is_mostly_linked().then_some(found),
        Heading::Sharing => (line.is_mostly_linked() || leads_to_profiles(line)).then_some(found),
        Heading::Newsletter | Heading::Cookies => is_short.then_some(found),
    }
}

/// Whether a line has links, and all of them lead to networks.
fn leads_to_profiles(line: &Line) -> bool {
    let mut links = line.links.iter();
    line.word_count() <= 20 && !line.links.is_empty() && links.all(|link| is_profile(&link.url))
}

/// Whether a line is a sentence with a number for everybody, as the recall of a product has.
fn speaks_to_the_public(line: &Line, after: &str) -> bool {
    is_prose(line) && !CONTACT_WORDS.is_match(after)
}

/// Sets aside what stands in marked elements, below known headings, and in lines of buttons.
pub(super) fn set_aside(layout: &mut Layout<'_>, cleaned: &Cleaned, context: &Context<'_>) {
    in_containers(layout, cleaned);
    single_lines(layout, context);
    below_headings(layout);
    in_the_middle_of_a_line(layout);
}

/// Sets aside elements that are named as surroundings and look like it.
fn in_containers(layout: &mut Layout<'_>, cleaned: &Cleaned) {
    for (number, container) in cleaned.containers.iter().enumerate() {
        let inside: Vec<usize> = layout
            .kept()
            .filter(|index| layout.lines[*index].role.is_some_and(|(role, _)| role == number))
            .collect();
        if inside.is_empty() || inside.len() == layout.kept().count() {
            continue;
        }
        let lines = || inside.iter().map(|index| &layout.lines[*index]);
        let words: usize = lines().map(Line::word_count).sum();
        let linked =
            lines().filter(|line| line.is_mostly_linked()).map(Line::word_count).sum::<usize>();
        let listed = lines().filter(|line| is_listed(line)).count();
        let is_headed = |kind| lines().take(2).any(|line| line.known_heading() == Some(kind));
        let is_most = 2 * words > layout.kept().map(|index| layout.lines[index].word_count()).sum();
        if lines().any(is_fact_heading) {
            continue;
        }
        let (looks_like_it, reason) = match container.role {
            ContainerRole::Navigation => {
                let has_links = lines().any(|line| !line.links.is_empty());
                (2 * linked >= words || words <= 15 && has_links, Reason::Navigation)
            }
            ContainerRole::Sharing => {
                let is_offer =
                    linked > 0 || lines().any(is_share_bar) || is_headed(Heading::Sharing);
                (words <= 40 && !is_most && is_offer, Reason::Sharing)
            }
            ContainerRole::Related => (
                2 * linked >= words
                    || is_headed(Heading::Others)
                    || linked > 0 && 2 * listed >= inside.len(),
                Reason::OtherAnnouncements,
            ),
            ContainerRole::Newsletter => {
                let is_offer = lines().any(|line| Signs::of(&line.text).newsletter);
                (words <= 80 && !is_most && is_offer, Reason::Newsletter)
            }
            ContainerRole::Cookies => {
                let is_notice = lines().any(|line| Signs::of(&line.text).cookies);
                (words <= 120 && !is_most && is_notice, Reason::Cookies)
            }
            ContainerRole::Footer => (2 * linked >= words, Reason::Navigation),
        };
        if looks_like_it {
            for index in inside {
                layout.lines[index].set_aside = Some(reason);
            }
        }
    }
}

/// Sets aside single lines that belong to the site rather than to an announcement.
fn single_lines(layout: &mut Layout<'_>, context: &Context<'_>) {
    let Signs { cookies, newsletter, .. } = layout.signs;
    for index in layout.kept().collect::<Vec<_>>() {
        let line = &layout.lines[index];
        let count = line.word_count();
        let reason = if is_share_bar(line) {
            Reason::Sharing
        } else if cookies && count <= 60 && is_cookie_notice(line) {
            Reason::Cookies
        } else if newsletter && count <= 40 && is_offer(line) && NEWSLETTER.is_match(&line.text) {
            Reason::Newsletter
        } else if is_way(line, index, layout, context) {
            Reason::Navigation
        } else {
            continue;
        };
        layout.lines[index].set_aside = Some(reason);
    }
}

/// Whether a line speaks to the visitor of the site, rather than of cookies.
fn is_cookie_notice(line: &Line) -> bool {
    let is_button = line.word_count() <= 8 || line.is_mostly_linked();
    COOKIES.is_match(&line.text) || is_button && COOKIE_BUTTON.is_match(&line.text)
}

/// Whether a line invites the reader, rather than reports of a newsletter.
fn is_offer(line: &Line) -> bool {
    !line.links.is_empty() || line.heading.is_some() || line.is_strong || line.word_count() <= 14
}

fn is_share_bar(line: &Line) -> bool {
    if !line.links.is_empty() && line.links.iter().all(|link| shares(&link.url)) {
        return line.word_count() <= 20;
    }
    if leads_to_profiles(line) {
        // "Follow us on" and the like
        let label = line.links.first().map_or(0, |link| link.label.start);
        return heading(&line.text[..label]) == Some(Heading::Sharing);
    }
    let words = line.text.split_whitespace();
    let is_button = |word: &str| {
        BUTTON
            .is_match(word.trim_matches(|c: char| !c.is_alphanumeric() && !"|/·•,+&-".contains(c)))
    };
    let count = line.word_count();
    (count >= 3 || count >= 1 && line.is_linked())
        && count <= 24
        && words.clone().all(is_button)
        && words.clone().any(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 4)
}

/// Whether a line leads back, on, or to the announcement's own page.
fn is_way(line: &Line, index: usize, layout: &Layout<'_>, context: &Context<'_>) -> bool {
    let count = line.word_count();
    if count <= 8 && line.is_linked() && WAYS.is_match(&line.text) {
        return true;
    }
    let leads_to_itself = line.links.iter().any(|link| context.is_own(&link.url));
    if leads_to_itself && line.is_linked() && READ_ON.is_match(&line.text) {
        return true;
    }
    if line.links.len() >= 2 && FIRST_ON.is_match(&line.text) && (leads_to_itself || count <= 40) {
        return true;
    }
    // Breadcrumbs: short links with marks between them, above the text.
    line.links.len() >= 2
        && count <= 24
        && line.is_mostly_linked()
        && layout.kept().take(3).any(|first| first == index)
        && line.text.matches(['>', '›', '»', '/', '|']).count() >= line.links.len() - 1
}

/// Sets aside the sections below known headings.
fn below_headings(layout: &mut Layout<'_>) {
    let mut index = 0;
    while index < layout.lines.len() {
        let line = &layout.lines[index];
        if line.set_aside.is_some() {
            index += 1;
            continue;
        }
        let stands_alone = line.known_heading();
        let Some(kind) = stands_alone.or_else(|| inline_heading(line)) else {
            index += 1;
            continue;
        };
        let is_inline = stands_alone.is_none();
        let (end, reason) = match kind {
            Heading::Facts => {
                index += 1;
                continue;
            }
            Heading::Others => (others_end(layout, index, is_inline), Reason::OtherAnnouncements),
            Heading::Sharing => {
                let short =
                    |line: &Line| is_share_bar(line) || line.is_linked() && line.word_count() <= 6;
                (row_end(layout, index, 12, short), Reason::Sharing)
            }
            Heading::Newsletter => {
                let offer = |line: &Line| {
                    NEWSLETTER.is_match(&line.text)
                        || line.is_linked() && line.word_count() <= 8
                        || line.word_count() <= 25 && line.text.to_lowercase().contains("mail")
                };
                (row_end(layout, index, 4, offer), Reason::Newsletter)
            }
            Heading::Cookies => {
                let notice = |line: &Line| {
                    line.text.to_lowercase().contains("cookie")
                        || line.is_linked() && line.word_count() <= 6
                };
                (row_end(layout, index, 6, notice), Reason::Cookies)
            }
            Heading::Contact => {
                let contact = |line: &Line| {
                    let count = line.word_count();
                    count <= 7 && !line.text.ends_with(['.', '!', '?'])
                        || count <= 30
                            && ADDRESS_OR_NUMBER.is_match(&line.text)
                            && !speaks_to_the_public(line, &line.text)
                        || count <= 40 && CONTACT_WORDS.is_match(&line.text)
                };
                (row_end(layout, index, 12, contact), Reason::Contact)
            }
        };
        // A heading with nothing of its kind below it may be anything, such as a fact.
        let is_last = layout.kept().next_back() == Some(index) && is_label(&layout.lines[index]);
        if end > index + 1 || is_inline || is_last && kind != Heading::Contact {
            for line in &mut layout.lines[index..end] {
                line.set_aside.get_or_insert(reason);
            }
        }
        index = end.max(index + 1);
    }
}

/// Whether a line is a label, rather than a sentence or a fact with a number.
fn is_label(line: &Line) -> bool {
    let is_sentence = line.word_count() >= 4 && line.text.ends_with(['.', '!', '?']);
    !is_sentence && !line.text.contains(char::is_numeric)
}

/// The end of the row of lines below a heading that are of its kind.
fn row_end(
    layout: &Layout<'_>,
    start: usize,
    most: usize,
    is_of_kind: impl Fn(&Line) -> bool,
) -> usize {
    let below = layout.lines.iter().skip(start + 1).take(most);
    let is_in_row = |line: &&Line| {
        line.set_aside.is_some()
            || line.heading.is_none() && line.known_heading().is_none() && is_of_kind(line)
    };
    start + 1 + below.take_while(is_in_row).count()
}

/// Lines of a list of other announcements below one heading.
const MOST_LISTED: usize = 300;

/// The end of the list of other announcements that begins at a heading; the next line where
/// no such list follows.
fn others_end(layout: &Layout<'_>, start: usize, is_inline: bool) -> usize {
    let lines = &layout.lines;
    let opener = &lines[start];
    let own_element = element_end(layout, start);
    let bound = own_element.unwrap_or(lines.len()).min(start + MOST_LISTED);
    let mut end = start + 1;
    let mut teasers = 0;
    let mut items = 0;
    while end < bound {
        let line = &lines[end];
        if line.set_aside.is_some() {
            end += 1;
            continue;
        }
        if is_fact_heading(line) || ends_section(layout, opener, end) {
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
            if is_inline || !(item_before && is_between || line.is_mostly_linked()) {
                break;
            }
            teasers += 1;
        }
        end += 1;
    }
    let inside = || lines[start + 1..end].iter();
    let listed = inside().filter(|line| is_listed(line)).count();
    let is_marked = inside().any(|line| line.is_mostly_linked() || date_in(&line.text).is_some());
    let is_list = items >= 1
        && 3 * listed >= inside().count()
        && (is_marked || items >= 3 && end == lines.len());
    if is_list { end } else { start + 1 }
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

/// Sets aside a list that begins in the middle of a line, where a text lost its line ends.
fn in_the_middle_of_a_line(layout: &mut Layout<'_>) {
    for index in layout.kept().collect::<Vec<_>>().into_iter().rev() {
        let text = &layout.lines[index].text;
        let Some(found) = INLINE_OTHERS.find_iter(text).last() else { continue };
        let before = text[..found.start()].trim_end();
        let is_new_sentence = before.ends_with(['.', '!', '?', '…', '"', '”', ')', '/'])
            || before.rsplit(' ').next().is_some_and(|word| word.starts_with("http"));
        let dates = DATE.find_iter(&text[found.end()..]).count();
        if is_new_sentence && dates >= 2 && layout.split(index, found.start()) {
            layout.lines[index + 1].set_aside = Some(Reason::OtherAnnouncements);
        }
    }
}

/// Sets aside lists without a known heading: runs of linked titles with dates, and links to
/// other known entries.
pub(super) fn set_aside_lists(layout: &mut Layout<'_>, context: &Context<'_>) {
    let kept: Vec<usize> = layout.kept().collect();
    let facts = kept.iter().position(|index| is_fact_heading(&layout.lines[*index]));
    let mut end = facts.unwrap_or(kept.len());
    while end > 0 {
        let start = (0..end).rev().take_while(|at| is_in_list(&layout.lines[kept[*at]])).last();
        let Some(start) = start else {
            end -= 1;
            continue;
        };
        let is_at_the_end = end == facts.unwrap_or(kept.len());
        if let Some((start, reason)) = list(layout, &kept, start..end, is_at_the_end, context) {
            for index in &kept[start..end] {
                layout.lines[*index].set_aside = Some(reason);
            }
        }
        end = start;
    }
}

/// Whether a line may stand in a list of other announcements: a linked title, or its date.
fn is_in_list(line: &Line) -> bool {
    line.is_linked() || is_date(line) || line.is_mostly_linked() && date_in(&line.text).is_some()
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
    let is_known = others >= 1 && 2 * others >= links().count() && titles >= 1;
    let is_dated = is_at_the_end && titles >= 3 && dates >= 3;
    if !(is_known || is_dated) {
        return None;
    }
    // A list that a colon introduces belongs to the text.
    let mut start = range.start;
    if start > 0 {
        let before = line(start - 1);
        if before.text.ends_with([':', '：']) && before.known_heading().is_none() {
            return None;
        }
        let is_heading = before.heading.is_some() || before.is_strong;
        if is_heading && before.word_count() <= 8 && !is_prose(before) {
            start -= 1;
        }
    }
    let rest = (0..start).chain(range.end..kept.len());
    let words: usize = rest.map(|at| line(at).word_count()).sum();
    let enough = if is_known { LEAST_WORDS / 2 } else { LEAST_WORDS };
    (words >= enough)
        .then_some((start, if is_known { Reason::KnownLinks } else { Reason::DatedLinks }))
}
