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
        Err(_) => guid.len() >= 8 && guid.contains(|c: char| c.is_ascii_digit()),
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
