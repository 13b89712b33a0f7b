//! Decides whether an ID names one entry, and whether it is the entry's link.

use url::Url;

use super::address::canonical;
use super::list_page::is_specific;

/// Whether an id is specific enough to be some entry's own: neither "N/A", nor the place in a list,
/// nor the address of the site or of a section.
pub(super) fn names_itself(guid: &str) -> bool {
    match Url::parse(guid) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => is_specific(&url),
        Ok(_) => true,
        Err(_) => guid.len() >= 8 && guid.contains(|c: char| c.is_ascii_digit()) && !is_day(guid),
    }
}

/// Whether an id is a day: `2026-11-28`, `20261128`, `28.11.2026`. It says no more than the date.
fn is_day(guid: &str) -> bool {
    let numbers: Vec<&str> = guid.split(['-', '/', '.', '_']).collect();
    let is_digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let within = |part: &str, range: std::ops::RangeInclusive<u32>| {
        part.parse().is_ok_and(|number: u32| range.contains(&number))
    };
    let is_date = |year: &str, month: &str, day: &str| {
        within(year, 1950..=2100) && within(month, 1..=12) && within(day, 1..=31)
    };
    numbers.iter().all(is_digits)
        && match numbers[..] {
            [one, two, three] => is_date(one, two, three) || is_date(three, two, one),
            [date] if date.len() == 8 => is_date(&date[..4], &date[4..6], &date[6..]),
            _ => false,
        }
}

/// Whether a guid is the link, perhaps with something behind `#`.
pub(super) fn guid_is_link(guid: &str, link: Option<&str>) -> bool {
    let Ok(mut url) = Url::parse(guid) else { return false };
    if !matches!(url.scheme(), "http" | "https") {
        return false;
    }
    if Some(canonical(&url).as_str()) == link {
        return true;
    }
    url.set_fragment(None);
    Some(canonical(&url).as_str()) == link
}

/// Whether a guid is the link and nothing else.
pub(super) fn guid_repeats_link(guid: &str, link: &str) -> bool {
    let page = Url::parse(guid).ok().filter(|url| url.fragment().is_none());
    page.is_some_and(|url| canonical(&url) == link)
}

/// Whether an id is an address or a URN, which are made to be unique.
pub(super) fn is_iri(guid: &str) -> bool {
    Url::parse(guid).is_ok()
}
