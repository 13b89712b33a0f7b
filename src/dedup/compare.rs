//! Weighs the evidence for and against an entry and a story being one announcement.
//!
//! This is the one place where evidence is weighed. An entry is compared by its page, its title,
//! its text, its date, and who says it where. Absence of any of these says nothing.

use std::time::Duration;

use super::address::canonical;
use super::comparison::{Comparison, HOUR, date_of, page_of};
use super::digest::is_digest;
use super::entry_keys::Candidate;
use super::list_page::{is_doubtful, without_language};
use super::rules::Rules;
use super::shingles::{Overlap, Passages};
use super::text_match::{FULL_TEXT, TextMatch, WORD_FOR_WORD, differ_in_numbers, text_match};
use super::title::{
    CLOCKS_DIFFER, MOST_TITLES, Recurrence, Title, TitleMatch, recurrence, titles_match,
};
use super::weights::{JOINED, MOST_OF_A_TITLE, weight};
use crate::model::{
    Entry, Evidence, FactorKind, Forbidden, Lookalikes, Member, Story, StoryId, are_one,
    is_own_page, publisher_of,
};

/// How far apart two pages of one site with one text may be dated, unless both are of one day.
/// Offices publish a joint announcement within hours; the next of a daily release comes on another
/// day.
const SITE_WINDOW: Duration = Duration::from_secs(6 * HOUR);

/// Shingles of a paragraph that is an excerpt rather than a phrase.
const FEWEST_OF_AN_EXCERPT: u32 = 24;

/// Shingles that two governments have in common by agreement alone.
const JOINT_STATEMENT: u32 = 60;

/// A text so many times as long as a paragraph may hold it for other reasons.
const MOST_TIMES: u32 = 5;

/// Compares an entry with a story, `besides` the one that holds it already. Shingles that are
/// `common` are no evidence.
pub(super) fn compare<'a>(
    candidate: &Candidate,
    common: &[u64],
    (story, besides): (&'a Story, Option<StoryId>),
    known: &Lookalikes,
    rules: &Rules<'_>,
) -> Comparison<'a> {
    let leading = candidate.passages.as_ref().and_then(|_| leading(story, rules));
    let text = match (&candidate.passages, &leading) {
        (Some(own), Some((leader, theirs))) => {
            let (own, theirs) = ((&*candidate.entry, own), (&*leader.entry, theirs));
            let found = text_match(own, theirs, common);
            Some(as_excerpt(found, &candidate.entry, &leader.entry, rules))
        }
        _ => None,
    };
    let dated = story
        .members
        .iter()
        .filter(|member| member.entry.dated().is_some() && candidate.entry.dated().is_some());
    let apart = dated.map(|member| date_of(member).apart(candidate.date)).min();
    let mut comparison = Comparison {
        story,
        leading,
        overlap: text.as_ref().map(|text| text.overlap),
        factors: Vec::new(),
        evidence: Evidence::Founded,
        against: None,
        apart,
        against_weight: 0,
    };
    if rules.overrides.bar(&candidate.entry, story) {
        comparison.against = Some(Forbidden::Never);
        comparison.against_weight = i32::MIN;
    }
    let by_page = weigh_page(candidate, rules, &mut comparison);
    let by_title = weigh_title(candidate, known, besides, rules, &mut comparison);
    let by_text = text.as_ref().map_or(0, |text| weigh_text(text, by_page > 0, &mut comparison));
    if by_page <= 0
        && text.is_none()
        && differ_in_numbers(&candidate.entry, &story.lead(rules.sources).entry)
    {
        comparison.oppose(FactorKind::FactsDiffer, Forbidden::Facts);
    }
    weigh_date(by_page > 0, by_text > 0, text.is_none(), &mut comparison);
    if by_page <= 0 && by_text < JOINED {
        weigh_order(candidate, rules, &mut comparison);
    }
    weigh_speakers(candidate, text.as_ref(), rules, &mut comparison);
    // Two governments that mark one day with one title share its words in what they say, too.
    if by_page <= 0 && by_text < weight(FactorKind::SummaryContained) {
        comparison.cap_title_between_governments();
    }
    weigh_digest(candidate, text.as_ref(), common, rules, &mut comparison);
    let by_text = match (&comparison.leading, &text) {
        (Some((leader, _)), Some(text)) if by_text > by_page.max(by_title) => {
            let (shared, of) = (text.overlap.shared, text.overlap.of);
            Some(Evidence::SameText { shared, of, leader: leader.entry.source.clone() })
        }
        _ => None,
    };
    if let Some(evidence) = by_text {
        comparison.evidence = evidence;
    }
    comparison
}

/// Takes a quotation for an excerpt where the longer text is the publisher's own: nobody quotes whoever
/// carries what he says himself.
fn as_excerpt(text: TextMatch, own: &Entry, other: &Entry, rules: &Rules<'_>) -> TextMatch {
    let Overlap { shared, of, of_longer, first_is_longer } = text.overlap;
    let (longer, part) = if first_is_longer { (own, other) } else { (other, own) };
    let is_excerpt = text.level == Some(FactorKind::TextQuoted)
        && rules.speaks_for_itself(longer)
        && !rules.speaks_for_itself(part)
        && shared >= FEWEST_OF_AN_EXCERPT
        && text.overlap.reaches(WORD_FOR_WORD)
        && of_longer <= MOST_TIMES * of;
    match is_excerpt {
        true => TextMatch { level: Some(FactorKind::TextContained), ..text },
        false => text,
    }
}

/// By the page: an address of both, or the publisher's own name of the page.
fn weigh_page(candidate: &Candidate, rules: &Rules<'_>, comparison: &mut Comparison<'_>) -> i32 {
    let entry = &candidate.entry;
    let members = &comparison.story.members;
    let at = |address: &&String| {
        members.iter().any(|member| pages_of(&member.entry).any(|page| page == **address))
    };
    let by_content = || {
        let content = entry.content_id.as_ref()?;
        let has_it = |member: &Member| member.entry.content_id.as_ref() == Some(content);
        members.iter().any(has_it).then_some(content)
    };
    let (address, kind, as_original) =
        if let Some(address) = candidate.address.iter().chain(&candidate.page).find(at) {
            let own = [candidate.link.as_ref(), candidate.page.as_ref()];
            let as_original = entry.original.is_some() && !own.contains(&Some(address));
            let is_named = |member: &Member| {
                member.entry.original.as_ref().map(canonical).as_ref() == Some(address)
            };
            let named = as_original || members.iter().any(is_named);
            let kind = if named { FactorKind::NamedOriginal } else { FactorKind::SamePage };
            if is_doubtful(address) && !agrees_by_title(candidate, comparison.story, rules) {
                return 0;
            }
            (address.clone(), kind, as_original)
        } else if let Some(content) = by_content() {
            (content.clone(), FactorKind::NamedOriginal, false)
        } else {
            return 0;
        };
    comparison.add(kind);
    comparison.evidence = Evidence::SameAddress { address, as_original };
    weight(kind)
}

/// Whether the title agrees with that of a member.
fn agrees_by_title(candidate: &Candidate, story: &Story, rules: &Rules<'_>) -> bool {
    let mut members = story.members.iter().take(MOST_TITLES);
    let own = (&candidate.title, &*candidate.entry);
    members.any(|member| {
        let theirs = Title::of_entry(&member.entry);
        titles_match(own, (&theirs, &member.entry), rules).agreement() > 0
    })
}

/// By the title that agrees best of those of the story's members.
fn weigh_title(
    candidate: &Candidate,
    known: &Lookalikes,
    besides: Option<StoryId>,
    rules: &Rules<'_>,
    comparison: &mut Comparison<'_>,
) -> i32 {
    let story = comparison.story;
    let found = story
        .members
        .iter()
        .take(MOST_TITLES)
        .filter(|member| !only_cites(member, story, rules))
        .map(|member| {
            let theirs = Title::of_entry(&member.entry);
            let own = (&candidate.title, &*candidate.entry);
            (titles_match(own, (&theirs, &member.entry), rules), member, theirs)
        })
        .max_by_key(|(found, ..)| found.agreement());
    let Some((found, member, theirs)) = found else { return 0 };
    let (kind, information) = match found {
        TitleMatch::Equal { information } => (FactorKind::TitleEqual, information),
        TitleMatch::WithPublisher { information } => (FactorKind::TitleWithPublisher, information),
        TitleMatch::Near { information } => (FactorKind::TitleNear, information),
        TitleMatch::Absent | TitleMatch::Shares => return 0,
        TitleMatch::Differs => {
            comparison.add(FactorKind::TitleDiffers);
            return 0;
        }
        TitleMatch::Replaces | TitleMatch::Extends => {
            comparison.oppose(FactorKind::TitleReplaces, Forbidden::Titles);
            return 0;
        }
        TitleMatch::Renames => {
            comparison.oppose(FactorKind::TitleRenames, Forbidden::Titles);
            return 0;
        }
        TitleMatch::Figures => {
            let figures = |title: &Title| super::number::Figures::of_words(&title.words);
            let differing = figures(&candidate.title).contradict(&figures(&theirs));
            let (one, other) = differing.unwrap_or_default();
            comparison.oppose(FactorKind::TitleFigures, Forbidden::Figures { one, other });
            return 0;
        }
    };
    // The weight in the table is that of four bits of information.
    let of_title = |kind| weight(kind) * information / 40;
    let weighed = of_title(kind).min(MOST_OF_A_TITLE);
    comparison.add_as(kind, weighed);
    match recurrence(candidate, &theirs, (comparison.story, besides), known, rules) {
        Recurrence::None | Recurrence::ThisInstalment => {}
        Recurrence::Elsewhere => comparison.add(FactorKind::TitleRecurs),
        Recurrence::Series => {
            let kind = FactorKind::TitleOfSeries;
            comparison.add_as(kind, of_title(kind).max(-MOST_OF_A_TITLE));
        }
    }
    if weighed > 0 && comparison.evidence == Evidence::Founded {
        let hours_apart = date_of(member).apart(candidate.date).as_secs() / HOUR;
        comparison.evidence = Evidence::SameTitle { title: theirs.normal(), hours_apart };
    }
    weighed
}

/// By the leading text.
fn weigh_text(text: &TextMatch, same_page: bool, comparison: &mut Comparison<'_>) -> i32 {
    let level = match text.level {
        // Two sources may sum up one page in different words.
        Some(FactorKind::TextDiffers) if same_page && (text.overlap.of as usize) < FULL_TEXT => {
            Some(FactorKind::SummaryDiffers)
        }
        level => level,
    };
    if let Some(kind) = level {
        comparison.add(kind);
    }
    let level = level.map_or(0, weight);
    if let Some((kind, forbidden)) = &text.conflict {
        comparison.oppose(*kind, forbidden.clone());
    }
    level
}

/// By the date. Of one page it says nothing: pages are listed again years later. A title alone
/// comes back within four days, a text hardly ever.
fn weigh_date(same_page: bool, same_text: bool, by_title: bool, comparison: &mut Comparison<'_>) {
    let Some(apart) = comparison.apart else { return };
    let hours_apart = apart.as_secs() / HOUR;
    let kind = match hours_apart {
        // A daily title is that of the next instalment, too.
        19..=36 if by_title && !same_page => FactorKind::DaysApart,
        0..=36 => FactorKind::SameDay,
        _ if same_page => return,
        37..=96 if by_title => FactorKind::DaysApartByTitle,
        37..=96 => FactorKind::DaysApart,
        97..=168 if !by_title => FactorKind::WeekApart,
        169..=336 if same_text => FactorKind::FortnightApart,
        _ => FactorKind::LongApart,
    };
    if weight(kind) < 0 {
        comparison.oppose(kind, Forbidden::Dates { hours_apart });
    } else {
        comparison.add(kind);
    }
}

/// By which comes first: nobody copies what is not published yet. The date of a change says nothing.
fn weigh_order(candidate: &Candidate, rules: &Rules<'_>, comparison: &mut Comparison<'_>) {
    let members = comparison.story.members.iter();
    let originals = members.clone().filter(|member| rules.speaks_for_itself(&member.entry));
    let (original, copied) = if rules.speaks_for_itself(&candidate.entry) {
        if originals.clone().next().is_some() {
            return;
        }
        let dated = members.filter(|member| member.entry.dated().is_some());
        (candidate.entry.published, dated.map(date_of).max())
    } else {
        let published = originals.filter_map(|member| member.entry.published);
        (published.min(), candidate.entry.dated().map(|_| candidate.date))
    };
    let (Some(original), Some(copied)) = (original, copied) else { return };
    if copied.after(CLOCKS_DIFFER) < original {
        let hours_apart = original.apart(copied).as_secs() / HOUR;
        comparison.oppose(FactorKind::BeforeOriginal, Forbidden::Dates { hours_apart });
    }
}

/// By who says it, and where.
fn weigh_speakers(
    candidate: &Candidate,
    text: Option<&TextMatch>,
    rules: &Rules<'_>,
    comparison: &mut Comparison<'_>,
) {
    let (entry, story) = (&candidate.entry, comparison.story);
    let mut own =
        story.members.iter().filter(|member| member.entry.source == entry.source).peekable();
    if own.peek().is_some() {
        let page = page_of(entry).map(canonical);
        let names_it = |member: &Member| {
            (member.entry.original.is_some() || entry.original.is_some())
                && page_of(&member.entry).map(canonical) == page
        };
        let kind = match own.all(names_it) {
            true => FactorKind::OneSourceTwice,
            false => FactorKind::OneSource,
        };
        comparison.oppose(kind, Forbidden::OneSource);
    } else if let Some(host) = site_of(entry, story) {
        // Two offices on one site may each have a page for what they announce together.
        let is_equal = text.is_some_and(|text| text.is_equal);
        let dated = comparison
            .leading
            .as_ref()
            .map(|(leader, _)| *leader)
            .filter(|leader| entry.dated().is_some() && leader.entry.dated().is_some());
        let near = dated.is_some_and(|leader| {
            let led = date_of(leader);
            led.apart(candidate.date) <= SITE_WINDOW || led.day() == candidate.date.day()
        });
        if !(is_equal && near) {
            comparison.oppose(FactorKind::OneSite, Forbidden::OneSite { host });
        }
    }
    // Word for word the same at length, it is a joint statement.
    let is_joint = |text: &TextMatch| text.is_equal && text.overlap.of >= JOINT_STATEMENT;
    if !rules.speaks_for_itself(entry) || text.is_some_and(is_joint) {
        return;
    }
    let government = government_of(entry, rules);
    let mut others = story.members.iter().filter(|member| rules.speaks_for_itself(&member.entry));
    let mut speakers = others.by_ref().peekable();
    if speakers.peek().is_some()
        && !speakers.any(|member| {
            let theirs = government_of(&member.entry, rules);
            government.as_ref().zip(theirs).is_some_and(|(own, theirs)| are_one(own, &theirs))
        })
    {
        comparison.oppose(FactorKind::OtherGovernment, Forbidden::Governments);
    }
}

/// By what the longer of the two texts says besides: whoever copies adds a frame, not other
/// announcements.
fn weigh_digest(
    candidate: &Candidate,
    text: Option<&TextMatch>,
    common: &[u64],
    rules: &Rules<'_>,
    comparison: &mut Comparison<'_>,
) {
    let Some(text) = text.filter(|text| text.conflict.is_none()) else { return };
    let own = candidate.passages.as_ref().map(|passages| (&*candidate.entry, passages));
    let theirs = comparison.leading.as_ref().map(|(leader, passages)| (&*leader.entry, passages));
    let Some((own, theirs)) = own.zip(theirs) else { return };
    let (longer, part) = if text.overlap.first_is_longer { (own, theirs) } else { (theirs, own) };
    if is_digest(longer.0, part, &text.overlap, common, rules) {
        comparison.oppose(FactorKind::Lists, Forbidden::Listing);
    }
}

/// Whether a member is in its story by the page alone, which is another's, and says something else
/// than the member that leads: its words are no evidence of what the story is about.
fn only_cites(member: &Member, story: &Story, rules: &Rules<'_>) -> bool {
    let is_by_page = matches!(member.evidence, Evidence::SameAddress { .. } | Evidence::Founded);
    let entry = &member.entry;
    let is_at_home = is_own_page(&entry.source, page_of(entry), rules.sources);
    let lead = story.lead(rules.sources);
    is_by_page && !is_at_home && !std::ptr::eq(lead, member) && {
        let [own, of_lead] = [member, lead].map(|member| Title::of_entry(&member.entry));
        titles_match((&own, &member.entry), (&of_lead, &lead.entry), rules).agreement() <= 0
    }
}

/// Whom an entry speaks for: what the operator says of its source, else what its address shows.
fn government_of(entry: &Entry, rules: &Rules<'_>) -> Option<String> {
    let source = rules.sources.get(&entry.source);
    let stated = source.and_then(|source| source.publisher.as_deref().map(str::to_owned));
    stated.or_else(|| entry.url.as_ref().and_then(publisher_of))
}

/// The member whose text leads the story: the first in rank that has a full
/// one, else the first whose summary is long enough.
pub(super) fn leading<'a>(story: &'a Story, rules: &Rules<'_>) -> Option<(&'a Member, Passages)> {
    let mut summary: Option<(&Member, Passages)> = None;
    let speaking = |member: &&Member| !only_cites(member, story, rules);
    for member in story.ranked(rules.sources).into_iter().filter(speaking) {
        match Passages::of(&member.entry) {
            Some(full) if full.len() >= FULL_TEXT => return Some((member, full)),
            // A paragraph says more than a sentence.
            Some(short) if summary.as_ref().is_none_or(|(_, had)| had.len() * 2 < short.len()) => {
                summary = Some((member, short));
            }
            _ => {}
        }
    }
    summary
}

/// Whether a story's text is that of this member.
pub(super) fn leads_with_text(story: &Story, member: usize, rules: &Rules<'_>) -> bool {
    leading(story, rules).is_some_and(|(leader, _)| std::ptr::eq(leader, &story.members[member]))
}

/// The host on which both have their pages: a site that lists two pages has
/// made two announcements. Versions of one page in several languages are one page, unless
/// one source lists both.
pub(super) fn site_of(entry: &Entry, story: &Story) -> Option<String> {
    let host = host_of(entry);
    let plain = |page: String| without_language(&page);
    let own: Vec<String> = pages_of(entry).map(plain).collect();
    let two_pages = |member: &Member| {
        host_of(&member.entry) == host
            && (member.entry.source == entry.source
                || !pages_of(&member.entry).map(plain).any(|page| own.contains(&page)))
    };
    story.members.iter().any(two_pages).then(|| host.to_owned())
}

/// The canonical addresses of the page that an entry is about.
fn pages_of(entry: &Entry) -> impl Iterator<Item = String> {
    page_of(entry).into_iter().chain(&entry.page).map(canonical)
}

/// Who speaks: the host of the entry's identity address, else the source. An
/// address in numbers names a machine, on which anybody may publish.
fn host_of(entry: &Entry) -> &str {
    page_of(entry)
        .filter(|url| url.domain().is_some_and(|name| name != "localhost"))
        .and_then(|url| url.host_str())
        .map_or(entry.source.as_str(), |host| host.strip_prefix("www.").unwrap_or(host))
}
