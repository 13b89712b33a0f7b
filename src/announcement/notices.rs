//! Recognises single lines that belong to the site: share bars, cookies, newsletters, ways.

use super::Context;
use super::line_kind::is_file;
use super::share_links::{is_profile, shares};
use super::signs::Signs;
use super::text_lines::{Layout, Line};
use super::vocabulary::{
    APPEARED_ON, BUTTON, COOKIE_BUTTON, FIRST_ON, FOLLOW_US, HOME, Heading, NETWORK, NEWSLETTER,
    OWN_NEWSLETTER, READ_ON, REPORTS, THIS_SITE_COOKIES, WAYS, WE_USE_COOKIES, heading,
};
use crate::model::Reason;

/// Sets aside single lines that belong to the site rather than to an announcement.
pub(super) fn set_aside(layout: &mut Layout<'_>, context: &Context<'_>) {
    let Signs { mut cookies, mut newsletter, .. } = layout.signs;
    // Announcements have cookies and newsletters for their subject, too.
    cookies &= !Signs::of(context.title).cookies;
    newsletter &= !OWN_NEWSLETTER.is_match(context.title);
    for index in layout.kept().collect::<Vec<_>>() {
        let line = &layout.lines[index];
        let count = line.word_count();
        let reason = if is_share_bar(line) {
            Reason::Sharing
        } else if cookies && count <= 60 && is_cookie_notice(line) {
            Reason::Cookies
        } else if newsletter && is_newsletter_offer(line) {
            Reason::Newsletter
        } else if is_way(line, index, layout, context) {
            Reason::Navigation
        } else {
            continue;
        };
        layout.lines[index].set_aside = Some(reason);
    }
}

/// Whether a line speaks to the visitor of the site, rather than of cookies: the site itself
/// speaks, or it is a button.
pub(super) fn is_cookie_notice(line: &Line) -> bool {
    let has_quote = line.text.contains(['"', '“', '”', '„', '«', '»']);
    line.is_linked() && COOKIE_BUTTON.is_match(&line.text)
        || !has_quote && speaks_of_its_cookies(&line.text)
}

/// Whether a text is a site's notice about its own cookies, or a button of one.
pub(super) fn is_of_a_cookie_notice(text: &str) -> bool {
    COOKIE_BUTTON.is_match(text) || speaks_of_its_cookies(text)
}

/// Whether a site speaks of its own cookies in a text: "We use cookies of batch 12" is about others.
fn speaks_of_its_cookies(text: &str) -> bool {
    const OF_OTHERS: [&str; 9] = ["of", "in", "as", "was", "is", "were", "had", "has", "from"];
    THIS_SITE_COOKIES.is_match(text)
        || WE_USE_COOKIES.find(text).is_some_and(|found| {
            let behind = text[found.end()..].strip_prefix(' ');
            let next = behind.and_then(|behind| behind.split(' ').next());
            next.is_none_or(|next| !OF_OTHERS.contains(&next))
        })
}

/// Whether a line offers a newsletter to the reader, rather than reports of one, or says where and
/// until when to register.
pub(super) fn is_newsletter_offer(line: &Line) -> bool {
    let count = line.word_count();
    // "Sign up for flood alerts now, the agency tells residents" is what an announcement says.
    let is_own = || count <= 14 && (count <= 5 || OWN_NEWSLETTER.is_match(&line.text));
    let invites = !line.links.is_empty() || line.heading.is_some() || line.is_strong || is_own();
    count <= 40
        && invites
        && !line.text.contains('@')
        && !line.text.contains(char::is_numeric)
        && NEWSLETTER.is_match(&line.text)
        && (!line.links.is_empty() || !REPORTS.is_match(&line.text))
}

/// Whether a line is buttons for sharing, or links to the publisher's profiles.
pub(super) fn is_share_bar(line: &Line) -> bool {
    let Some((first, last)) = line.links.first().zip(line.links.last()) else {
        return are_buttons(line);
    };
    let behind = &line.text[last.label.end..];
    // Behind "Share your photos on …" the sentence goes on.
    let has_end = behind.chars().all(|c| !c.is_alphanumeric());
    if line.links.iter().all(|link| shares(&link.url)) {
        let is_remark = !behind.contains(char::is_numeric)
            && behind.split_whitespace().count() <= MOST_WORDS_OF_A_LABEL;
        return line.word_count() <= 20 && (has_end || is_remark);
    }
    let is_profiles = line.word_count() <= 20
        && line.links.iter().all(|link| is_profile(&link.url) || shares(&link.url));
    if !is_profiles {
        return are_buttons(line);
    }
    let label = line.text[..first.label.start].trim_end_matches([' ', ':', '：']);
    if FOLLOW_US.is_match(label) {
        let goes_on = behind.starts_with(' ')
            && !AND.contains(&behind.split_whitespace().next().unwrap_or_default());
        return !behind.contains(char::is_numeric) && (has_end || !goes_on);
    }
    let is_short = label.split_whitespace().count() <= MOST_WORDS_OF_A_LABEL;
    has_end && is_short && heading(label) == Some(Heading::Sharing)
}

/// Behind the links to profiles: "Facebook and Dravenia TV".
const AND: [&str; 12] = ["and", "und", "et", "y", "e", "en", "och", "og", "i", "ja", "a", "&"];

/// Words of "Share this page on", and of "(opens in a new window)".
const MOST_WORDS_OF_A_LABEL: usize = 5;

/// Whether all words of a line are names of networks and verbs on buttons.
fn are_buttons(line: &Line) -> bool {
    let words = line.text.split_whitespace();
    let is_button = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && !"|/·•,+&-".contains(c));
        BUTTON.is_match(word) || NETWORK.is_match(word)
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
        let before = layout.kept().take_while(|above| *above < index).last();
        return !before.is_some_and(|before| layout.lines[before].text.ends_with([':', '：']));
    }
    let leads_to_itself = line.links.iter().any(|link| context.is_own(&link.url));
    if leads_to_itself && line.is_linked() && READ_ON.is_match(&line.text) {
        return true;
    }
    if line.links.len() >= 2 && is_first_on(line, leads_to_itself) {
        return true;
    }
    line.links.len() >= 2 && count <= 24 && are_breadcrumbs(line, index, layout)
}

/// Whether a line is breadcrumbs: short links with marks between them, above the text. Links to files
/// are documents.
fn are_breadcrumbs(line: &Line, index: usize, layout: &Layout<'_>) -> bool {
    let is_mark = |between: &str| {
        between.contains(['>', '›', '»', '/', '|']) && !between.contains(char::is_alphanumeric)
    };
    let above: Vec<usize> = layout.kept().take_while(|above| *above < index).take(3).collect();
    line.is_mostly_linked()
        && line.links.windows(2).all(|two| {
            let between = line.text.get(two[0].label.end..two[1].label.start);
            between.is_some_and(is_mark)
        })
        && above.len() <= 2
        && begins_at_home(line)
        && above.iter().all(|at| !layout.lines[*at].text.ends_with(['.', '!', '?', ':', '…']))
        && !line.links.iter().any(|link| is_file(&link.url))
}

/// Whether the first link of a line leads to the front page of a site or of a section, as breadcrumbs
/// do: a ferry's route leads from port to port.
fn begins_at_home(line: &Line) -> bool {
    let mut paths = line.links.iter().map(|link| link.url.path().trim_end_matches('/'));
    let first = paths.next().unwrap_or_default();
    let label = &line.text[line.links[0].label.clone()];
    let is_home = first.is_empty() || WAYS.is_match(label) || HOME.is_match(label.trim());
    is_home || paths.all(|path| path.starts_with(first) && path.len() > first.len())
}

/// Whether a line says where the announcement was first published, with a link back to it.
fn is_first_on(line: &Line, leads_to_itself: bool) -> bool {
    let mut hosts = line.links.iter().map(|link| link.url.host_str());
    let first = hosts.next();
    let is_one_site = hosts.all(|host| Some(host) == first);
    leads_to_itself && APPEARED_ON.is_match(&line.text)
        || (leads_to_itself || is_one_site && line.word_count() <= 40)
            && FIRST_ON.is_match(&line.text)
}
