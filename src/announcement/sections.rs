//! Sets aside sections that their heading, their links or their element mark as surroundings.

use url::Url;

use super::line_kind::{
    DATE, SENTENCE_MARKS, begins_facts, date_in, is_file, is_label, is_listed, is_prose,
};
use super::share_links::{is_profile, shares};
use super::signs::Signs;
use super::text_lines::{Layout, Line};
use super::vocabulary::{Heading, INLINE_OTHERS, NEWSLETTER, SEE_ALSO, SIGN_UP, is_closed_heading};
use super::{Cleaned, Container, ContainerRole, Context, contacts, lists, notices};
use crate::model::Reason;

/// Sets aside what stands in marked elements, below known headings, and in lines of buttons.
pub(super) fn set_aside(layout: &mut Layout<'_>, cleaned: &Cleaned, context: &Context<'_>) {
    in_containers(layout, cleaned);
    notices::set_aside(layout, context);
    below_headings(layout, context);
    in_the_middle_of_a_line(layout);
}

/// Sets aside elements that are named as surroundings and look like it.
fn in_containers(layout: &mut Layout<'_>, cleaned: &Cleaned) {
    for (number, container) in cleaned.containers.iter().enumerate() {
        // A button may be marked once more, within the row that is for sharing.
        let is_part = |inner: usize| {
            let Container { range, role } = &cleaned.containers[inner];
            let is_for_sharing = [*role, container.role] == [ContainerRole::Sharing; 2];
            inner == number || is_for_sharing && container.range.contains(&range.start)
        };
        let inside: Vec<usize> = layout
            .kept()
            .filter(|index| layout.lines[*index].role.is_some_and(|(role, _)| is_part(role)))
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
        if lines().any(begins_facts) || is_files(lines()) {
            continue;
        }
        let (looks_like_it, reason) = match container.role {
            ContainerRole::Navigation => {
                let has_links = lines().any(|line| !line.links.is_empty());
                let is_short = words <= 15 && has_links && !lines().any(has_sentence);
                (2 * linked >= words || is_short, Reason::Navigation)
            }
            ContainerRole::Sharing => {
                let is_offer = lines().any(|line| {
                    notices::is_share_bar(line) || line.links.iter().any(|link| hands_on(&link.url))
                });
                let is_offer = is_offer || is_headed(Heading::Sharing);
                (words <= 40 && !is_most && is_offer && !lines().any(is_prose), Reason::Sharing)
            }
            ContainerRole::Related => (
                2 * linked >= words
                    || is_headed(Heading::Others)
                    || linked > 0 && 2 * listed >= inside.len(),
                Reason::OtherAnnouncements,
            ),
            ContainerRole::Newsletter => {
                let is_offer = lines().any(|line| {
                    line.known_heading() == Some(Heading::Newsletter)
                        || is_part_of_an_offer(line)
                        || NEWSLETTER.is_match(&line.text)
                });
                (words <= 80 && !is_most && is_offer, Reason::Newsletter)
            }
            ContainerRole::Cookies => {
                let is_button = |line: &Line| {
                    line.links
                        .iter()
                        .any(|link| line.text[link.label.clone()].len() <= MOST_OF_A_BUTTON)
                };
                let speaks_of_them = lines().any(|line| Signs::of(&line.text).cookies);
                let is_notice = lines().any(notices::is_cookie_notice)
                    || speaks_of_them && lines().any(is_button);
                (words <= 120 && !is_most && is_notice, Reason::Cookies)
            }
            ContainerRole::Metadata => {
                let is_beside = words <= MOST_WORDS_OF_METADATA && !is_most;
                (is_beside && !lines().any(is_prose), Reason::Metadata)
            }
            ContainerRole::Footer => {
                let last = inside.last().copied().unwrap_or_default();
                let mut behind = layout.kept().filter(|index| *index > last);
                let goes_on = behind.any(|index| has_sentence(&layout.lines[index]));
                (2 * linked >= words && !goes_on, Reason::Navigation)
            }
        };
        if looks_like_it {
            for index in inside {
                layout.lines[index].set_aside = Some(reason);
            }
        }
    }
}

/// Sets aside the sections below known headings.
fn below_headings(layout: &mut Layout<'_>, context: &Context<'_>) {
    let mut index = 0;
    while index < layout.lines.len() {
        let line = &layout.lines[index];
        if line.set_aside.is_some() {
            index += 1;
            continue;
        }
        let stands_alone = line.known_heading();
        let Some(kind) = stands_alone.or_else(|| line.heading_before_colon()) else {
            index += 1;
            continue;
        };
        let is_inline = stands_alone.is_none();
        let Some((end, reason)) = Section { layout, context, start: index, is_inline }.end(kind)
        else {
            index += 1;
            continue;
        };
        for line in &mut layout.lines[index..end] {
            line.set_aside.get_or_insert(reason);
        }
        index = end;
    }
}

/// A section below a known heading, which may have text behind it and a colon.
struct Section<'l, 'h> {
    layout: &'l Layout<'h>,
    context: &'l Context<'l>,
    start: usize,
    is_inline: bool,
}

impl Section<'_, '_> {
    /// Where the section ends, and why it is not part of the announcement. None where nothing
    /// below the heading is of its kind: then the heading may be anything, such as a fact.
    fn end(&self, kind: Heading) -> Option<(usize, Reason)> {
        // Lists of others and buttons surround announcements on any subject.
        let is_on_any_subject = match kind {
            Heading::Others | Heading::Sharing => true,
            Heading::Contact => contacts::is_of_the_press(self.heading()),
            _ => false,
        };
        let may_be_its_subject = !is_on_any_subject;
        if may_be_its_subject && self.is_announced() {
            return None;
        }
        let (end, reason) = match kind {
            Heading::Facts => return None,
            Heading::Others => (self.others(false), Reason::OtherAnnouncements),
            Heading::Events => (self.others(true), Reason::OtherAnnouncements),
            Heading::PerhapsOthers if self.continues_a_list() => return None,
            Heading::PerhapsOthers => (self.others(true), Reason::OtherAnnouncements),
            Heading::Sharing => (self.sharing(), Reason::Sharing),
            Heading::Newsletter => (self.newsletter(), Reason::Newsletter),
            Heading::Cookies => (self.cookies(), Reason::Cookies),
            Heading::Contact => (self.contact(), Reason::Contact),
        };
        let may_stand_alone = !matches!(kind, Heading::Contact | Heading::Cookies);
        let is_last = may_stand_alone
            && !self.is_inline
            && self.layout.kept().next_back() == Some(self.start)
            && is_label(self.opener())
            && is_closed_heading(&self.opener().text)
            && !self.continues_a_list();
        let end = end.or_else(|| is_last.then_some(self.start + 1))?;
        let is_doubtful = may_be_its_subject && self.outweighs_the_rest(end)
            || kind == Heading::Others
                && SEE_ALSO.is_match(self.heading())
                && !self.leads_to_announcements(end);
        (!is_doubtful).then_some((end, reason))
    }

    /// Whether links of the section lead to other announcements: to entries that are known, or to pages
    /// beside the text's own; or dates stand beside them.
    fn leads_to_announcements(&self, end: usize) -> bool {
        let is_one = |url: &Url| self.context.is_other(url) || self.context.is_beside(url);
        let mut lines = self.layout.lines[self.start + 1..end].iter();
        lines.any(|line| {
            date_in(&line.text).is_some() || line.links.iter().any(|link| is_one(&link.url))
        })
    }

    /// Whether the title, or a colon before the heading, shows that the section is the announcement's.
    fn is_announced(&self) -> bool {
        let before = self.layout.kept().take_while(|at| *at < self.start).last();
        let before = before.map(|at| &self.layout.lines[at]);
        self.context.names_its_subject(self.heading())
            || before.is_some_and(|line| {
                line.text.ends_with([':', '：']) && line.known_heading().is_none()
            })
    }

    /// Whether the section up to `end` is longer than all the rest: then it is what the text says.
    fn outweighs_the_rest(&self, end: usize) -> bool {
        let words = |of_section: bool| -> usize {
            let kept = self.layout.kept();
            let of_kind = kept.filter(|at| (self.start..end).contains(at) == of_section);
            of_kind.map(|at| self.layout.lines[at].word_count()).sum()
        };
        words(true) > words(false)
    }

    /// The words of the heading.
    fn heading(&self) -> &str {
        let text = &self.opener().text;
        text.split_once([':', '：']).map_or(text, |(heading, _)| heading)
    }

    fn opener(&self) -> &Line {
        &self.layout.lines[self.start]
    }

    /// Whether the heading is an item of a list whose item before it stays: nobody begins a section
    /// there.
    fn continues_a_list(&self) -> bool {
        let before = self.start.checked_sub(1).map(|before| &self.layout.lines[before]);
        let is_kept_item = |line: &Line| line.is_item && line.set_aside.is_none();
        self.opener().is_item && before.is_some_and(is_kept_item)
    }

    /// Whether a sentence of the text follows behind so many lines below the heading.
    fn goes_on(&self, count: usize) -> bool {
        let behind = self.layout.lines[self.start + 1 + count..].iter();
        let mut behind = behind.filter(|line| line.set_aside.is_none());
        behind.next().is_some_and(|line| line.text.ends_with(SENTENCE_MARKS) && !line.is_linked())
    }

    /// The text behind the heading and the colon.
    fn behind(&self) -> &str {
        self.opener().text.split_once([':', '：']).map_or("", |(_, behind)| behind)
    }

    /// The row of lines below the heading that are of its kind.
    fn row(&self, most: usize, is_of_kind: impl Fn(&Line) -> bool) -> &[Line] {
        let below = self.layout.lines.iter().skip(self.start + 1).take(most);
        let is_in_row = |line: &&Line| {
            line.set_aside.is_some()
                || line.heading.is_none() && line.known_heading().is_none() && is_of_kind(line)
        };
        let count = below.take_while(is_in_row).count();
        &self.layout.lines[self.start + 1..self.start + 1 + count]
    }

    /// The end of so many lines below the heading; none where there are none.
    fn end_of(&self, count: usize) -> Option<usize> {
        (count > 0).then_some(self.start + 1 + count)
    }

    fn others(&self, needs_links: bool) -> Option<usize> {
        if self.is_inline && !self.opener().is_mostly_linked() {
            return None;
        }
        let end = lists::end(self.layout, self.start, self.is_inline, needs_links);
        (end > self.start + 1 || self.is_inline).then_some(end)
    }

    fn sharing(&self) -> Option<usize> {
        if self.is_inline && !notices::is_share_bar(self.opener()) {
            return None;
        }
        let short =
            |line: &Line| notices::is_share_bar(line) || line.is_linked() && line.word_count() <= 6;
        let count = self.row(12, short).len();
        (count > 0 || self.is_inline).then_some(self.start + 1 + count)
    }

    fn newsletter(&self) -> Option<usize> {
        if self.is_inline {
            let is_offered = SIGN_UP.is_match(self.behind().trim())
                || notices::is_newsletter_offer(self.opener());
            return is_offered.then_some(self.start + 1);
        }
        self.end_of(self.row(4, is_part_of_an_offer).len())
    }

    fn cookies(&self) -> Option<usize> {
        if self.is_inline {
            return notices::is_cookie_notice(self.opener()).then_some(self.start + 1);
        }
        let notice = |line: &Line| {
            notices::is_cookie_notice(line) || line.is_linked() && line.word_count() <= 6
        };
        let row = self.row(6, notice);
        self.end_of(if row.iter().any(notices::is_cookie_notice) { row.len() } else { 0 })
    }

    fn contact(&self) -> Option<usize> {
        let below = self.row(contacts::MOST_LINES, contacts::is_in_row);
        if !self.is_inline {
            let length = contacts::row_length(below.iter());
            let is_the_press_offices = contacts::is_of_the_press(self.heading())
                || !contacts::are_for_the_public(below[..length].iter()) && !self.goes_on(length);
            return self.end_of(if is_the_press_offices { length } else { 0 });
        }
        let lines = std::iter::once(self.opener()).chain(below);
        let is_one = contacts::is_inline(self.opener(), self.behind());
        let length = contacts::row_length(lines);
        (is_one && length > 0).then_some(self.start + length)
    }
}

/// Whether all links of some lines lead to files: documents are part of the announcement.
fn is_files<'l>(lines: impl Iterator<Item = &'l Line>) -> bool {
    let mut links = lines.flat_map(|line| &line.links).peekable();
    links.peek().is_some() && links.all(|link| is_file(&link.url))
}

/// Whether a line has a sentence that ends before a link, or at its end.
fn has_sentence(line: &Line) -> bool {
    line.text.contains(". ") || line.text.ends_with(SENTENCE_MARKS)
}

/// Whether a line is part of the offer of a newsletter: its sentence, its button or its field.
fn is_part_of_an_offer(line: &Line) -> bool {
    notices::is_newsletter_offer(line)
        || (line.is_linked() || line.word_count() <= 3) && SIGN_UP.is_match(&line.text)
        || asks_for_mail_address(line)
}

/// Whether a link hands the page on to a network, by its address or by the site's own counter.
fn hands_on(url: &Url) -> bool {
    let counts = url.query().is_some_and(|query| query.contains("share"));
    shares(url) || is_profile(url) || counts
}

/// Words of a title, an author and a date together.
const MOST_WORDS_OF_METADATA: usize = 40;

/// Bytes of the label of a button.
const MOST_OF_A_BUTTON: usize = 24;

/// Whether a line is the label of a field for the reader's address.
fn asks_for_mail_address(line: &Line) -> bool {
    line.word_count() <= 25
        && !line.text.contains('@')
        && !line.text.contains(char::is_numeric)
        && line.text.to_lowercase().contains("mail")
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
