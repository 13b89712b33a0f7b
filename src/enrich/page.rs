//! Reads the article of a page, and the original that the page names, into an entry.
//!
//! What the page itself names as its content ([`content`]) is read by the project's own rules.
//! Where it names nothing, Readability finds the article. The text is taken only if it is the
//! entry's ([`own_text`]).

mod content;

mod shadow;

mod tree;

use dom_query::Document as Page;
use dom_smoothie::{Config, Readability};
use memchr::memchr2_iter;
use url::Url;

use self::content::{Content, Part};
use super::{Enrichment, Fetched, FullText, Reading, announcement, own_text};
use super::{separated, take_original, take_page, take_text};
use crate::announcement::TitleWords;
use crate::dom_cost::{self, Bounds, Parsed};
use crate::model::{Entry, Failure, FailureKind};
use crate::tokenize::spaced;

/// Bounds on the tree of a page; a page with more is not an article.
const BOUNDS: Bounds = Bounds {
    elements: 100_000,
    depth: 400,
    bytes: 16 << 20,
    nested_text: 128 << 20,
    steps: 40_000_000,
};

/// The same for Readability: dom_smoothie goes over the tree many times, copies it, and asks
/// elements for their text.
const BOUNDS_OF_READABILITY: Bounds = Bounds {
    elements: 30_000,
    depth: 200,
    bytes: 16 << 20,
    nested_text: 64 << 20,
    steps: 20_000_000,
};

/// Tags and references to characters in a page. A parser takes each as a token of its own, and
/// keeps a note of each that is wrong; no article needs nearly as many.
const MOST_TOKENS: usize = 250_000;

/// Adds the article of a page to the entry.
pub(super) fn add(
    entry: &mut Entry,
    Fetched { document, text: html }: &Fetched<'_>,
    reading: &Reading<'_>,
) -> Result<Enrichment, Failure> {
    let Some(base) = document.url.clone().or_else(|| entry.url.clone()) else {
        return Err(unreadable("the entry names no page"));
    };
    if memchr2_iter(b'<', b'&', html.as_bytes()).count() > MOST_TOKENS {
        return Err(too_large(&format!("it has more than {MOST_TOKENS} tags and references")));
    }
    let cost = dom_cost::cost(html, Parsed::Page, &BOUNDS, reading.cancelled)
        .map_err(|excess| too_large(&excess.why))?;
    reading.cancelled.check()?;
    let page = Page::from(html.as_str());
    shadow::open(&page);
    let cut = announcement::cut_from(&page, &reading.surroundings.rules.cut);
    let head = Head::of(&page, &base);
    // The link to the original may stand outside of what is taken for the article.
    let body = (reading.clean)(&page.select("body").html(), &base);
    reading.cancelled.check()?;
    let fragment = entry.url.as_ref().and_then(Url::fragment);
    let title = TitleWords::of(&entry.title);
    let part = content::part(&page, fragment);
    if part == Part::Unknown && !head.names(&title) {
        let fragment = fragment.unwrap_or_default();
        return Err(unreadable(&format!("it has no part `#{fragment}`")));
    }
    let is_part = matches!(part, Part::Html(_));
    let found = match part {
        Part::Html(html) => Content { html, is_titled: true, ..Content::default() },
        Part::Whole | Part::Unknown => {
            let stated = content::stated(&page, &title);
            let is_small = cost.within(&BOUNDS_OF_READABILITY);
            content_of(page, &title, stated, &base, is_small.map_err(|excess| excess.why))?
        }
    };
    reading.cancelled.check()?;
    let own = || (reading.clean)(&found.html, &base);
    let named = announcement::original_of(&body, own, Some(&base), reading.surroundings);
    let mut done = Enrichment::default();
    let full = separated(entry, &found.html, &base, reading);
    if !found.is_titled && own_text::is_another(entry, &head.names[1], &full.text) {
        return Err(unreadable("no word of the entry's title is in its text"));
    }
    let of_feed = entry.content.as_deref().map(|html| (reading.clean)(html, &base).text);
    if of_feed.is_none_or(|content| own_text::holds(&full.text, &content)) {
        let cut = cut.into_iter().chain(found.set_aside).collect();
        take_text(entry, FullText { full, cut, stated: entry.text.len() }, reading, &mut done);
    }
    if !is_part {
        take_page(entry, head.canonical.as_ref(), document.url.as_ref());
    }
    done.original |= take_original(entry, named.or(head.canonical));
    if entry.language.is_none() {
        entry.language = head.language.filter(|tag| is_tag(tag));
    }
    Ok(done)
}

/// The statements of a page about itself.
struct Head {
    canonical: Option<Url>,
    language: Option<String>,
    /// Its title and its first headline.
    names: [String; 2],
}

impl Head {
    fn of(page: &Page, base: &Url) -> Self {
        let canonical = page.select(r#"link[rel~="canonical"]"#).attr("href");
        let language = page.select("html").attr("lang");
        Self {
            canonical: canonical.and_then(|href| base.join(href.trim()).ok()),
            language: language.map(|tag| tag.trim().to_owned()),
            names: ["title", "h1"].map(|name| page.select_single(name).text().to_string()),
        }
    }

    /// Whether the page has the title of an entry.
    fn names(&self, title: &TitleWords) -> bool {
        !title.is_empty() && self.names.iter().any(|name| title.are_mostly_in(name))
    }
}

/// The content of a page: what it names as such, what it shows without scripts, its statement for
/// search engines, or the article that Readability finds.
fn content_of(
    page: Page,
    title: &TitleWords,
    stated: Option<String>,
    base: &Url,
    is_small: Result<(), String>,
) -> Result<Content, Failure> {
    tree::tidy(&page);
    content::unwrap_noscript(&page);
    if let Some(node) = content::named(&page, title) {
        let content = content::read(&node, title);
        if has_words(&content.html) {
            return Ok(content);
        }
    }
    if let Some(html) = stated {
        return Ok(Content { html, is_titled: true, ..Content::default() });
    }
    is_small.map_err(|why| too_large(&why))?;
    tree::without_site_parts(&page);
    let around = content::around_headline(&page, title);
    let config = Config {
        max_elements_to_parse: BOUNDS_OF_READABILITY.elements,
        disable_json_ld: true,
        ..Config::default()
    };
    let article = Readability::with_document(page, Some(base.as_str()), Some(config))
        .and_then(|mut page| page.parse())
        .map_err(|error| unreadable(&error.to_string()))?;
    let text = spaced(&article.text_content);
    let start: Vec<&str> = text.split(' ').take(WORDS_OF_A_START).collect();
    let is_titled = around.is_some_and(|around| around.contains(&start.join(" ")));
    Ok(Content { html: article.content.to_string(), is_titled, ..Content::default() })
}

/// Words by which the beginning of an article is found on its page.
const WORDS_OF_A_START: usize = 6;

/// Whether HTML has text in it.
fn has_words(html: &str) -> bool {
    let texts = html.split('<').filter_map(|piece| piece.split_once('>').map(|(_, text)| text));
    texts.chain(html.split('<').next()).any(|text| text.contains(char::is_alphanumeric))
}

/// Whether this looks like a BCP 47 language tag.
fn is_tag(tag: &str) -> bool {
    (2..=35).contains(&tag.len())
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
}

pub(super) fn unreadable(why: &str) -> Failure {
    Failure::new(FailureKind::NotAFeed, format!("no article can be read from the page: {why}"))
}

fn too_large(why: &str) -> Failure {
    Failure::new(FailureKind::TooLarge, format!("no article can be read from the page: {why}"))
}
