//! Finds the link to where an announcement was first published, and the list that follows it.
//!
//! Syndicators end a copy with "Original article link: …", and often with a list of other
//! releases behind that. The link is the surest sign of what the copy is a copy of; a wrong one
//! would merge two announcements. So in the middle of a text only a line that is nothing else
//! counts, or the phrase with a colon and the address in full.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::sections::{DATE, date_in, is_fact_heading, is_listed, is_prose};
use super::signs::Signs;
use super::text_lines::Layout;
use super::vocabulary::{Heading, INLINE_OTHERS, heading};
use crate::model::Reason;

/// The words that announce the link, with what may stand between them and it.
static PHRASE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) \b (?:
            (?: click\ here\ (?:for|to\ (?:read|view|see))\ (?:the\ )? | (?:view|read|see)\ (?:the\ )? | link\ to\ (?:the\ )? | the\ )?
            original
            (?:\ (?:article|story|source|press\ release|news\ release|release|publication|post|document|statement|announcement|item|text|version|link))?
            (?:\ (?:link|url|here|at|source|on))? (?:\ is\ here|\ can\ be\ found\ here)?
          | (?:full|source)\ (?:article|press\ release|story)\ (?:link|url)
          | (?:this\ (?:article|story|press\ release)\ was\ )? (?:originally|first)\ published\ (?:at|on|by|here)
          | (?:article|press\ release)\ link
          | (?:view|read|see)\ (?:(?:the|it|this)\ )? (?:(?:article|release|press\ release|story)\ )? in\ full
          | view\ full\ (?:article|press\ release|release|story)
          | (?:zum\ )?original(?:meldung|artikel|text|beitrag|quelle|pressemitteilung)
          | (?:lien\ vers\ l['’])? (?:article|communiqu[eé])\ original | source\ originale
          | (?:art[ií]culo|comunicado|fuente|nota)\ original | (?:artigo|comunicado|fonte)\ original
          | (?:articolo|comunicato|fonte)\ originale | (?:origineel|oorspronkelijk)\ (?:artikel|bericht)
          | (?:oryginalny\ artykuł|původní\ článek|eredeti\ cikk|originalartikel|оригинал)
        ) \b
        (?P<gap> [\s:\-–—]* )",
    )
    .expect("a fixed pattern")
});

/// The same where the words are the label of the link.
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^ (?: (?:click\ here\ (?:for|to\ (?:read|view|see))|view|read|see|link\ to)\ (?:the\ )? | the\ )?
        original (?:\ (?:article|story|source|press\ release|news\ release|release|publication|post|document|statement|announcement|item|text|version))?
        (?:\ (?:link|here))? \s* [.:]? $
        | ^(?:zum\ )?original(?:meldung|artikel|text|beitrag|quelle|pressemitteilung) [.:]? $
        | ^(?:lire\ l['’])? (?:article|communiqu[eé])\ original [.:]? $
        | ^(?:view|read)\ (?:(?:article|release|press\ release|story)\ )? in\ full (?:\ here)? [.:]? $",
    )
    .expect("a fixed pattern")
});

/// Nouns that only announce a copy.
static IS_PLAIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) original\ (?:article|story|source|press\ release|news\ release)
        | (?:article|story|press\ release)\ (?:link|url) | original(?:meldung|artikel|quelle|pressemitteilung)
        | (?:article|communiqu[eé]|art[ií]culo|comunicado|artigo|fuente|fonte)\ original | (?:articolo|comunicato|fonte)\ originale | source\ originale
        | (?:origineel|oorspronkelijk)\ (?:artikel|bericht) | oryginalny\ artykuł | původní\ článek | eredeti\ cikk",
    )
    .expect("a fixed pattern")
});

static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^https?://[^\s<>"]+"#).expect("a fixed pattern"));

const SENTENCE_ENDS: [char; 10] = ['.', '!', '?', '…', ':', '"', '”', ')', ']', '|'];

/// Words that must stand before the link for the list behind it to be set aside.
const LEAST_WORDS_BEFORE: usize = 8;

/// A link to an original, and where it stands.
struct Named {
    url: Url,
    /// The first and the last of its lines.
    lines: (usize, usize),
    /// Where it begins in the first line.
    start: usize,
    /// Where it ends in the last line.
    end: usize,
    /// Whether the words can mean nothing else, wherever they stand.
    is_certain: bool,
    /// Whether they mean it at the end of a text.
    is_likely: bool,
}

/// Sets aside the link to the original and the list behind it, if the words are certain.
pub(super) fn set_aside(layout: &mut Layout<'_>, own: Option<&Url>) -> Option<Url> {
    let kept: Vec<usize> = layout.kept().collect();
    let certain = kept.iter().rev().filter_map(|line| named(layout, *line, own));
    let named = certain.into_iter().find(|named| named.is_certain)?;
    let url = named.url.clone();
    let behind = take(layout, named);
    set_aside_behind(layout, behind);
    Some(url)
}

/// Sets aside the link to the original where it is the last of what is left.
pub(super) fn set_aside_at_the_end(layout: &mut Layout<'_>, own: Option<&Url>) -> Option<Url> {
    let last: Vec<usize> = layout.kept().rev().take(2).collect();
    let found = last.iter().rev().find_map(|line| named(layout, *line, own));
    let found = found.filter(|named| {
        let (_, line) = named.lines;
        named.is_likely
            && last.first() == Some(&line)
            && is_end(&layout.lines[line].text[named.end..])
    })?;
    let url = found.url.clone();
    take(layout, found);
    Some(url)
}

/// Whether nothing but marks follow.
fn is_end(rest: &str) -> bool {
    rest.chars().all(|c| c.is_whitespace() || matches!(c, '.' | ',' | ')' | ']' | ';' | '*'))
}

/// Sets the lines of the link aside, parted from what stands beside it; the first line behind it.
fn take(layout: &mut Layout<'_>, named: Named) -> usize {
    let Named { lines: (mut first, mut last), start, end, .. } = named;
    let text = &layout.lines[last].text;
    let rest = text[end..].trim_start_matches(|c: char| c.is_whitespace() || ".,;)]*".contains(c));
    let behind = text.len() - rest.len();
    if !rest.is_empty() && !layout.split(last, behind) {
        return last + 1;
    }
    let before = &layout.lines[first].text[..start];
    let kept = before.trim_end_matches(['(', '[', '|', ' ']);
    let gap = &before[kept.len()..];
    let start = kept.len() + (gap.len() - gap.trim_start().len());
    if !kept.is_empty() {
        if !layout.split(first, start) {
            return last + 1;
        }
        first += 1;
        last += 1;
    }
    for line in &mut layout.lines[first..=last] {
        line.set_aside = Some(Reason::OriginalLink);
    }
    last + 1
}

/// The link to an original that a line names, or that begins there.
fn named(layout: &Layout<'_>, index: usize, own: Option<&Url>) -> Option<Named> {
    let line = &layout.lines[index];
    if !layout.signs.original || line.text.len() > 100_000 || !Signs::of(&line.text).original {
        return None;
    }
    let elsewhere = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && own.is_none_or(|own| own.host_str() != url.host_str())
    };
    let labelled =
        line.links.iter().rev().find(|link| {
            elsewhere(&link.url) && LABEL.is_match(line.text[link.label.clone()].trim())
        });
    if let Some(link) = labelled {
        let Range { start, end } = link.label.clone();
        let is_last = is_end(&line.text[end..]);
        let before = line.text[..start].trim_end();
        let is_whole = is_last && before.is_empty();
        let is_apart = is_last && (is_whole || before.ends_with(SENTENCE_ENDS));
        let label = &line.text[start..end];
        let is_certain = is_whole
            && (IS_PLAIN.is_match(label)
                || label.len() == line.text.len()
                    && label.to_lowercase().contains("read the original"));
        let (url, lines) = (link.url.clone(), (index, index));
        return Some(Named { url, lines, start, end, is_certain, is_likely: is_apart });
    }
    let found: Vec<_> = PHRASE.captures_iter(&line.text).collect();
    found.iter().rev().find_map(|phrase| {
        let (whole, gap) = (phrase.get(0)?, phrase.name("gap")?);
        let before = line.text[..whole.start()].trim_end();
        let starts_line = before.is_empty();
        let starts_sentence = starts_line || before.ends_with(SENTENCE_ENDS);
        let has_mark = gap.as_str().contains([':', '-', '–', '—']);
        let is_plain = IS_PLAIN.is_match(whole.as_str());
        if whole.end() >= line.text.trim_end().len() {
            // The link is the line below.
            let next = layout.kept().find(|next| *next > index)?;
            let below = &layout.lines[next];
            let (url, end, shown) = link_at(layout, next, 0)?;
            let alone = is_end(&below.text[end..]);
            let lines = (index, next);
            let is_likely = alone && starts_line && (has_mark || shown);
            let is_certain = is_likely && is_plain;
            return elsewhere(&url).then_some(Named {
                url,
                lines,
                start: 0,
                end,
                is_certain,
                is_likely,
            });
        }
        let (url, end, shown) = link_at(layout, index, whole.end())?;
        let is_end = is_end(&line.text[end..]);
        let is_likely = shown || has_mark || starts_line;
        let is_certain = is_plain
            && (starts_line && is_end && is_likely || starts_sentence && has_mark && shown);
        let lines = (index, index);
        let start = whole.start();
        elsewhere(&url).then_some(Named { url, lines, start, end, is_certain, is_likely })
    })
}

/// The link or address that begins at a place of a line: where it leads, where it ends, and
/// whether its label is the address, or "here".
fn link_at(layout: &Layout<'_>, index: usize, at: usize) -> Option<(Url, usize, bool)> {
    let line = &layout.lines[index];
    if let Some(link) = line.links.iter().find(|link| link.label.start == at) {
        let label = line.text[link.label.clone()].trim().to_lowercase();
        let shown = matches!(
            &*label,
            "here" | "link" | "source" | "hier" | "ici" | "aquí" | "qui" | "aqui"
        ) || label.starts_with("http")
            || label.starts_with("www.");
        return Some((link.url.clone(), link.label.end, shown));
    }
    let found = ADDRESS.find(line.text.get(at..)?)?;
    let bare = found.as_str().trim_end_matches(['.', ',', ')', ';', ']', '\'', '’', '”']);
    Some((Url::parse(bare).ok()?, at + bare.len(), true))
}

/// Whether a line that lost its line ends is a list of other announcements: it begins with the
/// heading of one, or has their dates.
fn is_run_on_list(text: &str) -> bool {
    let words: Vec<Range<usize>> = words(text).take(MOST_WORDS_OF_A_HEADING + 1).collect();
    heading_of_run_on(text, &words) == Some(Heading::Others) || DATE.find_iter(text).count() >= 2
}

/// Sets aside such a line, up to notes to editors.
fn set_aside_run_on_list(layout: &mut Layout<'_>, index: usize) {
    let text = &layout.lines[index].text;
    let words: Vec<Range<usize>> = words(text).collect();
    let is_facts = |at: &usize| heading_of_run_on(text, &words[*at..]) == Some(Heading::Facts);
    if let Some(facts) = (1..words.len()).find(is_facts) {
        let start = words[facts].start;
        if !layout.split(index, start) {
            return;
        }
    }
    layout.lines[index].set_aside = Some(Reason::BehindOriginal);
}

/// The longest heading that is looked for where nothing ends it, in words.
const MOST_WORDS_OF_A_HEADING: usize = 5;

/// The kind of heading that the words of a text begin with, if something else begins behind it: a
/// colon ends it, or a capital or a number follows at least two words.
fn heading_of_run_on(text: &str, words: &[Range<usize>]) -> Option<Heading> {
    let first = words.first()?;
    if text[first.start..].starts_with(char::is_lowercase) {
        return None;
    }
    (1..words.len().min(MOST_WORDS_OF_A_HEADING + 1)).find_map(|count| {
        let written = &text[first.start..words[count - 1].end];
        let next = &text[words[count].start..];
        let is_ended = written.ends_with([':', '：']);
        let is_followed =
            count > 1 && !written.ends_with('.') && next.starts_with(|c: char| !c.is_lowercase());
        if is_ended || is_followed { heading(written) } else { None }
    })
}

/// Where the words of a text stand, in bytes.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    text.split_inclusive(char::is_whitespace).filter_map(move |part| {
        let start = end;
        end += part.len();
        let word = part.trim_end();
        (!word.is_empty()).then(|| start..start + word.len())
    })
}

/// Sets aside the list of other announcements behind the link: titles, dates and sentences, up to
/// notes to editors. Prose before that stays: a link can stand over its text as well.
fn set_aside_behind(layout: &mut Layout<'_>, behind: usize) {
    let words_before: usize = (0..behind)
        .map(|index| &layout.lines[index])
        .filter(|line| line.set_aside.is_none())
        .map(|line| line.word_count())
        .sum();
    if words_before < LEAST_WORDS_BEFORE {
        return;
    }
    let rest: Vec<usize> = layout
        .kept()
        .filter(|index| *index >= behind)
        .take_while(|index| !is_fact_heading(&layout.lines[*index]))
        .collect();
    let starts_list = |index: &usize| {
        let line = &layout.lines[*index];
        is_listed(line) || INLINE_OTHERS.find(&line.text).is_some_and(|found| found.start() == 0)
    };
    if let [only] = rest[..]
        && !is_listed(&layout.lines[only])
        && is_run_on_list(&layout.lines[only].text)
    {
        set_aside_run_on_list(layout, only);
        return;
    }
    let Some(first) = rest.iter().position(starts_list) else { return };
    let list = &rest[first..];
    let lines = || list.iter().map(|index| &layout.lines[*index]);
    let listed = lines().filter(|line| is_listed(line)).count();
    let is_marked = lines().any(|line| line.is_mostly_linked() || date_in(&line.text).is_some())
        || lines().next().is_some_and(|line| INLINE_OTHERS.is_match(&line.text));
    let in_a_row = lines().collect::<Vec<_>>();
    let has_prose = in_a_row.windows(2).any(|pair| is_prose(pair[0]) && is_prose(pair[1]));
    let is_titles = listed >= 3 && lines().all(is_listed);
    if !has_prose && (is_marked && 5 * listed >= 2 * list.len() || is_titles) {
        for index in list.iter().copied() {
            layout.lines[index].set_aside = Some(Reason::BehindOriginal);
        }
    }
}
