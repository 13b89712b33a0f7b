//! A title in; the words by which two tellings of one announcement agree, out.

use unicode_normalization::UnicodeNormalization;

use super::figures::MONTHS;

/// Display types that GOV.UK's organisation feeds, but not its finder nor its
/// syndicators, put before a title.
const DISPLAY_TYPES: &[&str] = &[
    "announcement",
    "authored article",
    "case study",
    "closed consultation",
    "collection",
    "consultation outcome",
    "corporate report",
    "correspondence",
    "decision",
    "detailed guide",
    "document collection",
    "fatality notice",
    "foi release",
    "form",
    "fraud notice",
    "government response",
    "guidance",
    "impact assessment",
    "independent report",
    "international treaty",
    "map",
    "national statistics",
    "news article",
    "news release",
    "news story",
    "notice",
    "official statistics",
    "open call for evidence",
    "open consultation",
    "oral statement to parliament",
    "organisation",
    "policy paper",
    "press release",
    "promotional material",
    "publication",
    "regulation",
    "research and analysis",
    "service",
    "speech",
    "standard",
    "statistical data set",
    "statistics",
    "statutory guidance",
    "transcript",
    "transparency data",
    "world news story",
    "written statement to parliament",
];

/// A title with fewer words than this is too common to be evidence.
const FEWEST_WORDS: usize = 4;

/// The title as T1 compares it: lower case, compatibility forms folded, no
/// punctuation, without a display type before or the site's name behind.
/// Figures stay, so titles of a series differ by their numbers and dates.
///
/// `None` when what remains is too short to tell two announcements apart.
pub fn normal_title(title: &str, site: &str) -> Option<String> {
    let (folded, site) = (folded(title), folded(site));
    let title = without_site(without_display_type(folded.trim()), site.trim());
    let title = without_month(title);
    let (mut normal, mut count) = (String::with_capacity(title.len()), 0);
    each_word(title, |word| {
        normal.push_str(if count > 0 { " " } else { "" });
        normal.push_str(word);
        count += 1;
    });
    (count >= FEWEST_WORDS).then_some(normal)
}

/// The words of a title as they stand: folded, with prefix and site.
pub(super) fn title_words(title: &str) -> Vec<String> {
    words(&folded(title))
}

/// Lower case, compatibility forms folded, one form for each mark.
pub(super) fn folded(text: &str) -> String {
    match text.is_ascii() {
        true => text.chars().map(|c| plain(c.to_ascii_lowercase())).collect(),
        false => text.nfkc().flat_map(char::to_lowercase).map(plain).collect(),
    }
}

/// Words of half the titles of governments, by which none is known.
const COMMON: &[&str] = &[
    "announced",
    "announcement",
    "department",
    "foreign",
    "government",
    "minister",
    "ministers",
    "ministry",
    "office",
    "parliament",
    "president",
    "press",
    "prime",
    "release",
    "secretary",
    "speech",
    "statement",
    "today",
];

/// Whether two titles have a word in common, other than short and common ones and numbers.
pub(super) fn share_a_word(one: &str, other: &str) -> bool {
    let telling = |word: &String| {
        word.chars().count() > 4
            && word.chars().all(char::is_alphabetic)
            && !COMMON.contains(&word.as_str())
    };
    let others = title_words(other);
    title_words(one).iter().filter(|word| telling(word)).any(|word| others.contains(word))
}

/// Words of titles under which one announcement after the other appears.
const RECURRING: &[&str] = &[
    "advice",
    "annual",
    "briefing",
    "bulletin",
    "call",
    "daily",
    "figures",
    "monthly",
    "notice",
    "notices",
    "prices",
    "quarterly",
    "readout",
    "remarks",
    "report",
    "results",
    "statement",
    "statements",
    "statistics",
    "update",
    "weekly",
];

/// Whether a normalised title may well be borne by another announcement soon.
pub(super) fn may_recur(title: &str) -> bool {
    title.split(' ').any(|word| RECURRING.contains(&word))
}

/// Whether two titles are one but for some words in one place, as those of a
/// series are: `Minister visits Dravenia`, `Minister visits Colombrey`.
pub(super) fn share_a_frame(one: &str, other: &str) -> bool {
    let normal = |title: &str| -> Vec<String> {
        words(without_month(without_display_type(folded(title).trim())))
    };
    let (one, other) = (normal(one), normal(other));
    let shorter = one.len().min(other.len());
    let before = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let behind = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let frame = (before + behind).min(shorter);
    frame < shorter && frame >= 2 && frame * 2 >= shorter
}

/// One form for the quotes and dashes that editors and syndicators exchange.
pub(super) fn plain(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2032}' | '`' | '\u{B4}' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        c => c,
    }
}

fn without_display_type(title: &str) -> &str {
    match title.split_once(':') {
        Some((before, after)) if DISPLAY_TYPES.contains(&before.trim()) => after.trim(),
        _ => title,
    }
}

/// Drops `… - GOV.UK` or `… | the site's own title`, that title's beginning included.
fn without_site<'a>(title: &'a str, site: &str) -> &'a str {
    for separator in [" | ", " - "] {
        if let Some((before, after)) = title.rsplit_once(separator)
            && (after.trim() == "gov.uk" || names_site(after.trim(), site))
        {
            return before.trim();
        }
    }
    title
}

/// Whether what stands behind a title is the site's name: all of its title
/// or where that begins, `Courier` of `Courier - latest news`.
fn names_site(behind: &str, site: &str) -> bool {
    let rest = site.strip_prefix(behind);
    !behind.is_empty() && rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// Drops `… [july 2025]`, which archives put behind every title.
fn without_month(title: &str) -> &str {
    let Some((before, behind)) = title.rsplit_once('[') else { return title };
    let Some((month, year)) = behind.strip_suffix(']').and_then(|month| month.split_once(' '))
    else {
        return title;
    };
    let is_year = year.len() == 4 && year.chars().all(|c| c.is_ascii_digit());
    if is_year && MONTHS.contains(&month) { before.trim_end() } else { title }
}

/// Runs of letters and digits. An apostrophe within a word vanishes; marks
/// between digits stay, so `1.5` is not `15`, nor `2025-04-02` three numbers.
fn each_word(title: &str, mut take: impl FnMut(&str)) {
    let mut word = String::new();
    let mut chars = title.chars().peekable();
    while let Some(c) = chars.next() {
        let joins_digits = matches!(c, '.' | ',' | '-' | '/' | ':')
            && word.ends_with(|last: char| last.is_ascii_digit())
            && chars.peek().is_some_and(char::is_ascii_digit);
        if c.is_alphanumeric() || joins_digits {
            word.push(c);
        } else if c != '\'' && !word.is_empty() {
            take(&word);
            word.clear();
        }
    }
    if !word.is_empty() {
        take(&word);
    }
}

fn words(title: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(title, |word| words.push(word.to_owned()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tellings_of_one_title_agree() {
        let expected = Some(
            "nato must be stronger fairer and more lethal foreign secretary to say".to_owned(),
        );
        for title in [
            "Press release: NATO must be ‘stronger, fairer, and more lethal’ Foreign Secretary to say",
            "NATO must be 'stronger, fairer, and more lethal' Foreign Secretary to say ",
            "NATO must be “stronger, fairer and more lethal”: Foreign Secretary to say - GOV.UK",
            "NATO must be stronger, fairer, and more lethal – Foreign Secretary to say | Wired-Gov",
            "PRESS RELEASE : NATO must be stronger, fairer and more lethal Foreign Secretary to say [June 2025]",
        ] {
            assert_eq!(normal_title(title, "Wired-Gov"), expected, "{title}");
        }
    }

    #[test]
    fn what_differs_stays_different() {
        for (one, other) in [
            (
                "PM call with Prime Minister Modi: 25 April 2025",
                "PM call with Prime Minister Modi: 26 April 2025",
            ),
            ("Weekly road fuel prices [week 25]", "Weekly road fuel prices [week 26]"),
            ("Growth was 1.5 per cent last year", "Growth was 15 per cent last year"),
            (
                "Consultation: new rules for all ports",
                "Consultation outcome: new rules for all harbours",
            ),
        ] {
            assert_ne!(normal_title(one, ""), normal_title(other, ""), "{one}");
        }
    }

    #[test]
    fn titles_of_a_series_share_a_frame() {
        for (one, other, expected) in [
            ("Minister for Europe visits Dravenia", "Minister for Europe visits Colombrey", true),
            ("News story: Dravenia travel advice", "Upper Ostravia travel advice", true),
            ("Minister for Europe visits Dravenia", "Minister for Europe visits Dravenia", false),
            (
                "Minister for Europe visits Dravenia",
                "Minister for Europe visits Dravenia today",
                false,
            ),
            (
                "Ministers back grain store plan",
                "Eleven cooperatives to share barley stores",
                false,
            ),
        ] {
            assert_eq!(share_a_frame(one, other), expected, "{one} / {other}");
        }
    }

    #[test]
    fn words_of_half_of_all_titles_are_not_shared() {
        assert!(share_a_word("A speech on rivers and grain", "Minister speaks on rivers"));
        assert!(!share_a_word(
            "Statement by the Foreign Secretary",
            "Foreign Secretary: statement"
        ));
    }

    #[test]
    fn a_short_title_is_no_evidence() {
        for title in [
            "",
            "Statement",
            "Press release: Weekly update",
            "Foreign Secretary's statement",
            "???",
        ] {
            assert_eq!(normal_title(title, ""), None, "{title}");
        }
    }
}
