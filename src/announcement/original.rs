//! Finds the link to where an announcement was first published, and the list that follows it.
//!
//! Syndicators end a copy with "Original article link: …", and often with a list of other
//! releases behind that. The link is the surest sign of what the copy is a copy of; a wrong one
//! would merge two announcements. So in the middle of a text only a line that is nothing else
//! counts, or the phrase with a colon and the address in full.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::behind_original;
use super::line_kind::{begins_facts, is_prose};
use super::signs::Signs;
use super::text_lines::{Layout, Line};
use crate::model::Reason;

/// The words that announce the link, with what may stand between them and it. "Read it in full" and
/// "the original document" lead to what an announcement is about, as a judgment, just as often.
static PHRASE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) \b (?:
            (?: click\ here\ (?:for|to\ (?:read|view|see))\ (?:the\ )? | (?:view|read|see)\ (?:the\ )? | link\ to\ (?:the\ )? | the\ )?
            original
            (?:\ (?:article|story|source|press\ release|news\ release|release|post|announcement|item|version|link))?
            (?:\ (?:link|url|here|at|source|on))? (?:\ is\ here|\ can\ be\ found\ here)?
          | (?:full|source)\ (?:article|press\ release|story)\ (?:link|url)
          | (?:this\ (?:article|story|press\ release)\ was\ )? (?:originally|first)\ published\ (?:at|on|by|here)
          | (?:article|press\ release)\ link
          | (?:view|read|see)\ (?:(?:the|this)\ )? (?:article|release|press\ release|story)\ in\ full | view\ in\ full
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
        original (?:\ (?:article|story|source|press\ release|news\ release|release|post|announcement|item|version))?
        (?:\ (?:link|here))? \s* [.:]? $
        | ^(?:zum\ )?original(?:meldung|artikel|text|beitrag|quelle|pressemitteilung) [.:]? $
        | ^(?:lire\ l['’])? (?:article|communiqu[eé])\ original [.:]? $
        | ^(?:view|(?:view|read)\ (?:(?:the|this)\ )? (?:article|release|press\ release|story))\ in\ full (?:\ here)? [.:]? $",
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

/// The original of a text, as far as the text names one.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Original {
    /// It names none.
    #[default]
    Unnamed,
    /// It names this page alone.
    Page(Url),
    /// It names several pages, or that of one of its parts, as a digest does: none of them is the
    /// original of all of it.
    Several,
}

impl Original {
    /// The page, if it is one.
    pub(super) fn page(self) -> Option<Url> {
        match self {
            Self::Page(url) => Some(url),
            Self::Unnamed | Self::Several => None,
        }
    }
}

/// Whether two addresses lead to one page, whatever the scheme, the place within the page and the
/// marks of a campaign are.
pub fn is_same_page(one: &Url, other: &Url) -> bool {
    fn host(url: &Url) -> &str {
        let host = url.host_str().unwrap_or_default();
        host.strip_prefix("www.").unwrap_or(host)
    }
    fn query(url: &Url) -> impl Iterator<Item = &str> {
        let pairs = url.query().unwrap_or_default().split('&');
        pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("utm_"))
    }
    let path = |url: &Url| url.path().trim_end_matches('/').len();
    host(one) == host(other)
        && one.path()[..path(one)] == other.path()[..path(other)]
        && query(one).eq(query(other))
}

/// A link to an original, and where it stands.
struct OriginalLink {
    url: Url,
    /// The first and the last of its lines.
    lines: (usize, usize),
    /// Where it begins in the first line.
    start: usize,
    /// Where it ends in the last line.
    end: usize,
    /// Whether the words can mean nothing else, wherever they stand.
    is_certain: bool,
    /// Whether the words mean it at the end of a text.
    is_likely: bool,
}

/// Sets aside the link to the original and the list behind it, if the words are certain.
pub(super) fn set_aside(layout: &mut Layout<'_>, own: Option<&Url>) -> Original {
    let kept: Vec<usize> = layout.kept().collect();
    let found = kept.iter().rev().flat_map(|line| original_links(layout, *line, own));
    let found = only_page(found.filter(|named| named.is_certain));
    match found {
        Ok(named) => {
            let url = named.url.clone();
            let behind = set_aside_link(layout, named);
            behind_original::set_aside(layout, behind);
            if is_of_one_part(layout, behind) {
                let lines = layout.lines[..behind].iter_mut().rev();
                lines
                    .take_while(|line| line.set_aside == Some(Reason::OriginalLink))
                    .for_each(|line| line.set_aside = None);
                return Original::Several;
            }
            Original::Page(url)
        }
        Err(original) => original,
    }
}

/// Paragraphs behind a link to an original that show that it is not the original of all of the text.
const LEAST_PARAGRAPHS: usize = 2;

/// Whether the text goes on behind the link to an original, as a round-up does: paragraphs stand
/// before it, and others follow at once.
fn is_of_one_part(layout: &Layout<'_>, behind: usize) -> bool {
    let (before, next) = layout.lines.split_at(behind);
    let is_text = |line: &&Line| is_prose(line) && !begins_facts(line);
    let next = next.iter().filter(|line| line.set_aside.is_none());
    before.iter().any(|line| line.set_aside.is_none() && is_prose(line))
        && next.take_while(is_text).count() >= LEAST_PARAGRAPHS
}

/// The original that a page names in certain words, in or beside its article: no prose of another
/// text stands between them.
pub(super) fn beside(layout: &Layout<'_>, article: &Layout<'_>, own: Option<&Url>) -> Original {
    let of_article: HashSet<&str> = article.lines.iter().map(|line| &*line.text).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in &layout.lines {
        *counts.entry(&line.text).or_default() += 1;
    }
    // Every post has a date line or a button; such a line does not show where the article ends.
    let is_unique = |text: &str| of_article.contains(text) && counts.get(text) == Some(&1);
    let has_unique = layout.lines.iter().any(|line| is_unique(&line.text));
    let is_inside = |line: &Line| match has_unique {
        true => is_unique(&line.text),
        false => of_article.contains(&*line.text),
    };
    let (mut first, mut last) = (None, None);
    let mut prose = 0;
    // How many lines of other prose stand before each line.
    let mut prose_before = Vec::with_capacity(layout.lines.len() + 1);
    for (at, line) in layout.lines.iter().enumerate() {
        prose_before.push(prose);
        if is_inside(line) {
            first = first.or(Some(at));
            last = Some(at);
        } else if line.set_aside.is_none() && is_prose(line) {
            prose += 1;
        }
    }
    let is_beside = |named: &OriginalLink| {
        let at = named.lines.0;
        let Some((first, last)) = first.zip(last) else { return true };
        prose_before[at] <= prose_before[last] && prose_before[at] >= prose_before[first]
    };
    let kept = layout.kept().rev();
    let found = kept.flat_map(|line| original_links(layout, line, own));
    match only_page(found.filter(|named| named.is_certain && is_beside(named))) {
        Ok(named) => Original::Page(named.url),
        Err(original) => original,
    }
}

/// Sets aside the link to the original where it is the last of what is left.
pub(super) fn set_aside_at_the_end(layout: &mut Layout<'_>, own: Option<&Url>) -> Original {
    let kept: Vec<usize> = layout.kept().collect();
    let is_at_the_end_of_its_line = |named: &OriginalLink| {
        named.is_likely && is_end(&layout.lines[named.lines.1].text[named.end..])
    };
    let found = kept.iter().rev().flat_map(|line| original_links(layout, *line, own));
    let found = only_page(found.filter(is_at_the_end_of_its_line));
    match found {
        Ok(named) if kept.last() == Some(&named.lines.1) => {
            let url = named.url.clone();
            set_aside_link(layout, named);
            Original::Page(url)
        }
        Ok(_) => Original::Unnamed,
        Err(original) => original,
    }
}

/// The first of these links, if all lead to one page; otherwise the reason why there is no original.
fn only_page(mut found: impl Iterator<Item = OriginalLink>) -> Result<OriginalLink, Original> {
    let first = found.next().ok_or(Original::Unnamed)?;
    match found.all(|other| is_same_page(&other.url, &first.url)) {
        true => Ok(first),
        false => Err(Original::Several),
    }
}

/// Whether nothing but marks follow.
fn is_end(rest: &str) -> bool {
    rest.chars().all(|c| c.is_whitespace() || matches!(c, '.' | ',' | ')' | ']' | ';' | '*'))
}

/// Sets aside the lines of a link, after splitting off the text before and behind it. Returns the
/// first line behind it.
fn set_aside_link(layout: &mut Layout<'_>, named: OriginalLink) -> usize {
    let OriginalLink { lines: (mut first, mut last), start, end, .. } = named;
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

/// The links to an original that a line names, or that begin there, the last first.
fn original_links(layout: &Layout<'_>, index: usize, own: Option<&Url>) -> Vec<OriginalLink> {
    let line = &layout.lines[index];
    if !layout.signs.original || line.text.len() > 100_000 || !Signs::of(&line.text).original {
        return Vec::new();
    }
    let elsewhere = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && own.is_none_or(|own| own.host_str() != url.host_str())
    };
    let labelled: Vec<OriginalLink> = line
        .links
        .iter()
        .rev()
        .filter(|link| elsewhere(&link.url) && LABEL.is_match(line.text[link.label.clone()].trim()))
        .map(|link| {
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
            OriginalLink { url, lines, start, end, is_certain, is_likely: is_apart }
        })
        .collect();
    if !labelled.is_empty() {
        return labelled;
    }
    let found: Vec<_> = PHRASE.captures_iter(&line.text).collect();
    let named = found.iter().rev().filter_map(|phrase| {
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
            return elsewhere(&url).then_some(OriginalLink {
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
        elsewhere(&url).then_some(OriginalLink { url, lines, start, end, is_certain, is_likely })
    });
    named.collect()
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
