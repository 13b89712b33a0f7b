//! Finds characters and markup in texts that must not be in them.

use super::Report;

/// Names of elements of HTML, without which `</x>` is only a text.
const ELEMENTS: &str = " a abbr acronym address applet area article aside audio b base basefont bdi \
    bdo big blockquote body br button canvas caption center cite code col colgroup dd del details \
    dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 \
    h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main map \
    mark menu meta meter nav noframes noscript object ol optgroup option output p param picture \
    pre progress q rp rt ruby s samp script section select slot small source span strike strong \
    style sub summary sup table tbody td template textarea tfoot th thead time title tr track tt u \
    ul var video wbr ";

pub(super) fn is_element(name: &str) -> bool {
    !name.is_empty() && ELEMENTS.contains(&format!(" {} ", name.to_ascii_lowercase()))
}

/// What no text may hold: characters that were lost, controls, UTF-8 that was encoded twice.
pub(super) fn characters(text: &str, place: &str, report: &mut Report) {
    let bad = text.chars().find(|c| matches!(c, '\u{80}'..='\u{9f}' | '\u{fffd}'));
    if let Some(bad) = bad {
        report.say("BadCharacters", format!("{place}: {bad:?} in {text:?}"));
    }
}

/// Whether an element ends in a text.
fn ends_element(text: &str) -> bool {
    let mut ends = text.split("</").skip(1).filter_map(|rest| rest.split_once('>'));
    ends.any(|(name, _)| is_element(name))
}

/// Markup in a text that is called plain: an end of an element, or what reads as an entity.
pub(super) fn markup(text: &str) -> bool {
    ends_element(text)
        || text.split('&').skip(1).any(|rest| {
            let (hash, rest) = match rest.strip_prefix('#') {
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let name = &rest[..end];
            let entity = format!("&{name};");
            let is_entity = htmlize::unescape(entity.as_str()) != entity;
            !name.is_empty() && (hash || is_entity || !name.chars().all(char::is_alphabetic))
        })
}

/// A text of RSS, which is plain: a mark in it that could be misread stands as a number. The
/// end of an element is taken for one, however it is written.
pub(super) fn plain(text: &str, place: &str, numbers: bool, report: &mut Report) {
    let tags = text
        .match_indices('<')
        .any(|(at, _)| text[at + 1..].starts_with(|c: char| c == '/' || c.is_ascii_alphabetic()));
    let is_markup = ends_element(text) || (!numbers && (markup(text) || tags));
    report.unless(!is_markup, "ContainsHTML", format!("{place}: {text:?}"));
}

/// A name: plain, and without an e-mail address in it.
pub(super) fn name(text: &str, place: &str, report: &mut Report) {
    report.unless(!text.trim().is_empty(), "NotBlank", place);
    report.unless(!markup(text), "ContainsHTML", format!("{place}: {text:?}"));
    let inside = text.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    let holds_address = inside.map(|(inside, _)| inside).any(|inside| {
        let (local, host) = inside.split_once('@').unwrap_or_default();
        !local.is_empty() && host.contains('.') && !inside.contains(' ')
    });
    report.unless(!holds_address, "ContainsEmail", format!("{place}: {text:?}"));
}
