//! Sets aside what a site writes in plain lines above and below a text: its path, share buttons, the
//! press office's contacts, its rights.
//!
//! Such lines are recognised by their form and by where they stand, in any language. A text goes on
//! behind a colon, and an announcement may be about any of this: such lines stay.

use std::ops::Range;

use super::line_kind::{SENTENCE_MARKS, begins_facts, date_in, is_field, is_file, is_prose};
use super::text_lines::{Layout, Line};
use super::vocabulary::{BUTTON, HOME, Heading, NETWORK, RIGHTS, WAYS, heading};
use super::{Context, TitleWords, contacts};
use crate::model::Reason;

/// Sets aside the plain lines of the site at both edges of a text.
pub(super) fn set_aside(layout: &mut Layout<'_>, context: &Context<'_>) {
    let kept: Vec<usize> = layout.kept().collect();
    let line = |at: usize| &layout.lines[kept[at]];
    let Some(first) = (0..kept.len()).find(|at| says_something(line(*at))) else { return };
    let last = (0..kept.len()).rev().find(|at| says_something(line(*at))).unwrap_or(first);
    let above = || kept[..first].iter().copied();
    let paths = above().filter(|index| is_path(&layout.lines[*index], context.title));
    let buttons = above().filter(|index| is_share_line(&layout.lines[*index], context.title));
    let paths = paths.map(|index| (index, Reason::Navigation));
    let mut found: Vec<(usize, Reason)> =
        paths.chain(buttons.map(|index| (index, Reason::Sharing))).collect();
    let behind = &kept[last + 1..];
    let goes_on = line(last).text.ends_with([':', '：']);
    if !behind.is_empty() && !goes_on {
        below(layout, behind, context, &mut found);
    }
    for (index, reason) in found {
        layout.lines[index].set_aside.get_or_insert(reason);
    }
}

/// Finds the lines of the site among those below the last sentence.
fn below(
    layout: &Layout<'_>,
    behind: &[usize],
    context: &Context<'_>,
    found: &mut Vec<(usize, Reason)>,
) {
    let mut rest: Vec<usize> = Vec::new();
    for index in behind {
        let line = &layout.lines[*index];
        if is_share_line(line, context.title) || is_in_row_of_networks(layout, *index, context) {
            found.push((*index, Reason::Sharing));
        } else {
            rest.push(*index);
        }
    }
    if let Some(rights) = rest.iter().position(|index| begins_foot(&layout.lines[*index], context))
    {
        let is_of_the_text = |index: &usize| {
            let line = &layout.lines[*index];
            line.heading.is_some()
                || line.is_item
                || begins_facts(line)
                || line.links.iter().any(|link| is_file(&link.url))
        };
        if !rest[rights..].iter().any(is_of_the_text) {
            found.extend(rest.drain(rights..).map(|index| (index, Reason::Navigation)));
        }
    }
    while let Some(index) = rest.pop_if(|index| is_of_the_foot(&layout.lines[*index], context)) {
        found.push((index, Reason::Navigation));
    }
    let lines: Vec<&Line> = rest.iter().map(|index| &layout.lines[*index]).collect();
    let count = contact_lines(&lines, context);
    let card = if count == 0 { card(&lines, context) } else { None };
    let contact = card.unwrap_or(rest.len() - count..rest.len());
    found.extend(rest[contact].iter().map(|index| (*index, Reason::Contact)));
}

/// The heading and the lines of a press office's card, above other lines of the site: an office, its
/// place and its mail address.
fn card(lines: &[&Line], context: &Context<'_>) -> Option<Range<usize>> {
    let is_heading = |line: &Line| line.heading.is_some() || line.is_strong;
    (0..lines.len()).filter(|at| is_heading(lines[*at])).find_map(|start| {
        let behind = &lines[start + 1..];
        let length = behind.iter().take_while(|line| !is_heading(line)).count();
        let mail = behind[..length].iter().position(|line| line.text.contains('@'))?;
        let card = &lines[start..start + mail + 2];
        let parts = card[1..].iter().flat_map(|line| line.text.split([',', '،', '、', '，']));
        let goes_on = start > 0 && lines[start - 1].text.ends_with([':', '：']);
        let is_one =
            !goes_on && parts.count() >= LEAST_PARTS && contact_lines(card, context) == card.len();
        is_one.then_some(start..start + card.len())
    })
}

/// Parts of a card. A form or an appeal names a mail address alone.
const LEAST_PARTS: usize = 3;

/// Whether a line is more than a label: a sentence, or enough words for one where a script writes
/// no marks.
fn says_something(line: &Line) -> bool {
    let is_statement =
        line.text.trim_end_matches(['"', '”', '»', '’', ')']).ends_with(SENTENCE_MARKS);
    line.word_count() >= LEAST_WORDS && is_statement && !RIGHTS.is_match(&line.text)
        || is_prose(line) && !contacts::names_contact(line)
        || line.word_count() >= MANY_WORDS
}

/// Words of the shortest statement.
const LEAST_WORDS: usize = 3;

/// Words of a line that is a statement without a mark at its end.
const MANY_WORDS: usize = 25;

/// Whether a line is the way from the front page to the text, without links: parts with marks
/// between them, of which the first is the front page, or the last the title.
fn is_path(line: &Line, title: &str) -> bool {
    let labelled = line.text.rsplit_once(": ").or_else(|| line.text.rsplit_once('：'));
    let text = labelled.map_or(&*line.text, |(_, path)| path);
    let Some(mark) = PATH_MARKS.iter().find(|mark| text.contains(**mark)) else { return false };
    let parts: Vec<&str> =
        text.split(mark).map(str::trim).filter(|part| !part.is_empty()).collect();
    let [first, .., last] = parts[..] else { return false };
    let ends_in_title = || {
        let title = TitleWords::of(title);
        parts.len() >= 3
            && !title.is_empty()
            && title.are_mostly_in(last)
            && !parts[..parts.len() - 1].iter().any(|part| title.any_in(part))
    };
    line.links.is_empty() && (HOME.is_match(first) || ends_in_title())
}

/// Marks between the parts of a path.
const PATH_MARKS: [&str; 8] = [">", "›", "»", "→", "::", " / ", " | ", " · "];

/// Whether a line is the names of networks behind a label or the verbs of buttons.
fn is_share_line(line: &Line, title: &str) -> bool {
    let (label, names) = line.text.split_once([':', '：']).unwrap_or(("", &line.text));
    let names = if label.is_empty() { behind_verb(names) } else { names };
    let mut words = words_of_buttons(names);
    let networks = words.clone().filter(|word| NETWORK.is_match(word)).count();
    line.word_count() <= MOST_WORDS
        && label.split_whitespace().count() <= MOST_WORDS_OF_A_LABEL
        && networks >= 2
        && words.all(|word| BUTTON.is_match(word) || NETWORK.is_match(word))
        && (!names.contains([',', '،'])
            || is_for_sharing(&line.text[..line.text.len() - names.len()]))
        && !names_network(title)
}

/// Whether the words before the names of networks are known to be a button's. Between commas, as in
/// "Blocked: Telegram, WhatsApp", the names may as well be what a text says.
fn is_for_sharing(label: &str) -> bool {
    let is_verb = |word: &str| BUTTON.is_match(word.trim_end_matches([':', '：']));
    heading(label) == Some(Heading::Sharing) || label.split_whitespace().all(is_verb)
}

/// A line without the one word before the names: "Share", in any language.
fn behind_verb(text: &str) -> &str {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let is_verb = first.chars().all(char::is_alphabetic) && words_of_buttons(rest).count() >= 3;
    if is_verb { rest } else { text }
}

/// Words of a row of buttons.
const MOST_WORDS: usize = 24;

/// Words of "Share this page on".
const MOST_WORDS_OF_A_LABEL: usize = 4;

fn words_of_buttons(text: &str) -> impl Iterator<Item = &str> + Clone {
    let is_mark = |c: char| !c.is_alphanumeric() && !"|/·•,+&-".contains(c);
    text.split([' ', ',', '、', '，', '/', '|'])
        .map(move |word| word.trim_matches(is_mark))
        .filter(|word| !word.is_empty())
}

fn names_network(text: &str) -> bool {
    words_of_buttons(text).any(|word| word.chars().count() > 1 && NETWORK.is_match(word))
}

/// Whether a line is the name of one network, and so is the one beside it.
fn is_in_row_of_networks(layout: &Layout<'_>, index: usize, context: &Context<'_>) -> bool {
    let name = |index: usize| {
        let line = layout.lines.get(index).filter(|line| line.set_aside.is_none())?;
        NETWORK.is_match(line.text.trim()).then_some(line.text.trim())
    };
    let beside = [index.checked_sub(1), Some(index + 1)];
    let differs = |own: &str| beside.into_iter().flatten().filter_map(name).any(|one| one != own);
    // An item of a list may be what the text is about.
    !layout.lines[index].is_item
        && name(index).is_some_and(differs)
        && !names_network(context.title)
}

/// Whether a line states the site's rights before anything else: the foot of the page begins. Agency and
/// photographer with a stroke between them have the rights of a picture in the text.
fn begins_foot(line: &Line, context: &Context<'_>) -> bool {
    let rights = RIGHTS.find(&line.text).filter(|found| found.start() == 0);
    rights.is_some_and(|found| {
        let behind = line.text[found.end()..].trim_start();
        let is_year = |text: &str| text.starts_with("20") || text.starts_with("19");
        (is_year(behind) || found.as_str().ends_with(char::is_numeric))
            && !line.text.contains('/')
            && !RIGHTS.is_match(context.title)
    })
}

/// Whether a line at the end is the site's: its rights, or the way back to the top.
fn is_of_the_foot(line: &Line, context: &Context<'_>) -> bool {
    let is_short = line.word_count() <= MOST_WORDS && line.heading.is_none();
    is_short && RIGHTS.is_match(&line.text) && !RIGHTS.is_match(context.title)
        || line.links.is_empty() && line.word_count() >= 2 && WAYS.is_match(&line.text)
}

/// How many of the last lines are a press office's contacts: names, offices and addresses, of which
/// the last is an address or a number. One number alone is as often for everybody.
fn contact_lines(lines: &[&Line], context: &Context<'_>) -> usize {
    let may_stand_in_it = |at: usize| {
        let line = lines[at];
        let is_name = line.word_count() <= MOST_WORDS_OF_A_NAME
            && !line.text.contains(char::is_numeric)
            && !is_field(line)
            && !line.text.ends_with([';', ',']);
        // An address: a table has figures in several lines.
        let is_address = line.word_count() <= MOST_WORDS_OF_A_NAME
            && date_in(&line.text).is_none()
            && at > 0
            && !lines[at - 1].text.contains(char::is_numeric)
            && lines.get(at + 1).is_some_and(|next| contacts::names_contact(next));
        let is_of_the_text = line.is_item
            || begins_facts(line)
            || line.links.iter().any(|link| is_file(&link.url))
            || context.names_its_subject(&line.text);
        !is_of_the_text && (contacts::names_contact(line) || is_name || is_address)
    };
    let start = (0..lines.len()).rev().take_while(|at| may_stand_in_it(*at)).last();
    let start = start.unwrap_or(lines.len());
    let is_announced = start.checked_sub(1).is_some_and(|before| {
        let text = &lines[before].text;
        text.ends_with([':', '：']) || context.names_its_subject(text)
    });
    let block = &lines[start..];
    let named = || block.iter().filter(|line| contacts::names_contact(line));
    let before = block.iter().take_while(|line| !contacts::names_contact(line)).count();
    let has_mail = block.len() >= 2 && named().any(|line| line.text.contains('@'));
    // Offices for everybody, each with its number.
    let is_place = |line: &&&Line| {
        line.text.contains(char::is_alphabetic) && !line.text.contains(['@', ':', '：', '.'])
    };
    let is_one = !is_announced
        && (has_mail || named().count() >= 2)
        && named().filter(is_place).count() <= MOST_PLACES
        && before <= contacts::MOST_BEFORE
        && block.last().is_some_and(|last| contacts::names_contact(last))
        && !contacts::are_for_the_public(block.iter().copied());
    if is_one { block.len() } else { 0 }
}

/// Lines of a contact that have a name and a number each.
const MOST_PLACES: usize = 1;

/// Words of the name of a person or an office.
const MOST_WORDS_OF_A_NAME: usize = 7;

#[cfg(test)]
mod tests {
    use crate::announcement::{Cleaned, Own, Surroundings, separate};

    /// The text of an announcement of one line a paragraph, apart from its surroundings.
    fn left(title: &str, lines: &[&str]) -> String {
        let html: String = lines.iter().map(|line| format!("<p>{line}</p>")).collect();
        let cleaned = Cleaned { text: lines.join("\n"), html, ..Cleaned::default() };
        separate(&cleaned, Own { page: None, title }, &Surroundings::default()).text
    }

    #[test]
    fn lines_of_the_site_at_the_edges_are_set_aside() {
        const TEXT: &str = "The weir at Orre opens on Friday after three years of work.";
        for (above, below) in [
            (&["Home > News > 2026"][..], &[][..]),
            (&["Αρχική » Νέα » Ανακοινώσεις"], &[]),
            (&["Naslovnica / Novosti / 2026"], &[]),
            (&["Lajme » Njoftime » Weir at Orre opens"], &[]),
            (&["当前位置：首页 > 公告 > 正文"], &[]),
            (&[], &["Share: Facebook Twitter WhatsApp"]),
            (&[], &["Zdijeli: Facebook Viber X"]),
            (&[], &["Teilen: Facebook, Viber, X"]),
            (&[], &["Bagikan Facebook · X · Telegram"]),
            (&["共享：微信 微博"], &[]),
            (&[], &["Facebook", "X", "LinkedIn"]),
            (&[], &["Jane Berg", "Press secretary", "08-555 01 01", "jane@min.example"]),
            (&[], &["Zëdhënësi", "Arben Hoxha", "+355 4 555 0101", "shtypi@min.example"]),
            (&[], &["Spaudos tarnyba", "Gedimino pr. 1", "spauda@min.example"]),
            (&[], &["담당자: 사무관 이영희 (044-555-0102)", "책임자: 과장 김철수 (044-555-0101)"]),
            (&[], &["Jane Berg", "jane@min.example", "© 2026 Ministry", "Back to top"]),
            (&["首页 | 新闻 | 公告", "当前位置：首页 > 公告 > 正文"], &[]),
            (&[], &["جميع الحقوق محفوظة للوزارة"]),
            (&[], &["© 2026 Министарство", "Последња измена: 25.11.2026. - Број прегледа: 1204"]),
            (
                &[],
                &[
                    "Copyright 2026 Ministry",
                    "Press office, 4 Mill Lane, press@min.example",
                    "1204 visits",
                ],
            ),
        ] {
            let lines = [above, &[TEXT], below].concat();
            assert_eq!(left("Weir at Orre opens", &lines), TEXT, "{lines:?}");
        }
    }

    #[test]
    fn a_card_of_the_press_office_is_set_aside_above_other_lines() {
        for (heading, lines, is_card) in [
            ("<b>Medialle</b>", &["Viestintä, Rantakatu 22, viestinta@min.example"][..], true),
            (
                "<h2>Kontak media</h2>",
                &["Biro Humas", "Jalan Tepian 34", "humas@min.example"],
                true,
            ),
            ("<b>Hakemukset</b>", &["hakemus@min.example"], false),
            ("Biro Humas", &["Jalan Tepian 34", "humas@min.example"], false),
        ] {
            const TEXT: &str = "The weir at Orre opens on Friday after three years of work.";
            let all = [&[TEXT, heading], lines, &["Ajankohtaista"]].concat();
            let text = left("Weir at Orre opens", &all);
            assert_eq!(!text.contains(lines[0]), is_card, "{all:?}");
            assert!(text.starts_with(TEXT) && text.ends_with("Ajankohtaista"), "{text}");
        }
    }

    #[test]
    fn lines_of_the_announcement_at_the_edges_stay() {
        for (title, lines) in [
            (
                "New timetable",
                &["Tarn > Orre > Carrow", "The ferry calls at three ports from May."][..],
            ),
            ("Home care", &["Home care", "The county pays for care at home."]),
            (
                "Facebook and Instagram fined",
                &["The fine was set by the court.", "Facebook", "Instagram"],
            ),
            ("Fines", &["These networks were fined by the court:", "Facebook", "Instagram"]),
            (
                "Helpline",
                &["Those in need can call us from Monday:", "Orre office", "08-555 01 01"],
            ),
            (
                "Offices open",
                &["Three offices open on Monday in the county.", "Adult 12,40", "Child 6,20"],
            ),
            (
                "Helpline for farmers",
                &["The farmers get help from Monday on.", "Farmers", "08-555 01 01"],
            ),
            (
                "Help for victims of fraud",
                &[
                    "Those who lost money get advice from Monday.",
                    "Victims can call us so:",
                    "Fraud office",
                    "08-555 01 01",
                    "help@min.example",
                ],
            ),
            ("Theft", &["Witnesses are asked to come forward.", "Orre police", "08-555 01 01"]),
            (
                "Clinics open",
                &[
                    "Clinics are open on Sunday.",
                    "Orre Main Street 08-555 01 01",
                    "Tarn 08-555 01 02",
                ],
            ),
            ("Grant", &["The fund opens in May.", "Notes to editors", "Jane Berg", "Orre"]),
            ("Ban in Orre", &["The court has ruled on the ban.", "Blocked: Telegram, WhatsApp"]),
            ("Sperre", &["Das Gericht hat entschieden.", "Gesperrt: Telegram, X und Facebook"]),
            ("Amende", &["La cour a tranché hier soir.", "Concernés : Facebook, X, Threads"]),
            ("Zakaz", &["Sąd orzekł w tej sprawie.", "Zablokowane Telegram, X, Viber"]),
            ("Storm", &["The storm comes at night, the agency says.", "Severity: amber"]),
            (
                "Visit",
                &["The minister visits Tarn on Monday.", "Programme", "3 December 2026, 10:00"],
            ),
            (
                "Album",
                &["The album opens today.", "© 2026 Orre/Berg", "Notes to editors", "Jane Berg"],
            ),
            (
                "Moorings",
                &[
                    "The moorings open today.",
                    "© 2026 Orre/Berg",
                    "Mooring fee 40 a day",
                    "Weir fee 12 a day",
                ],
            ),
            ("Quota", &["The quota was set on Monday.", "Fishing rights reserved for islanders"]),
            ("Νόμος", &["Ο νόμος ψηφίστηκε χθες βράδυ.", "Άσκηση του δικαιώματος ψήφου"]),
            (
                "Ban in Orre",
                &["The court has ruled on the ban.", "<li>Facebook</li>", "<li>X</li>"],
            ),
            ("Post", &["The king has named a new governor.", "Jane Berg", "Governor of Orre"]),
        ] {
            assert_eq!(left(title, lines), lines.join("\n"), "{title}");
        }
    }
}
