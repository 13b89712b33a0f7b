//! Says what a document is that is not a feed.

use url::Url;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::clean::{fold, resolve};
use super::normalise::decoded;
use crate::announcement::{ContainerRole, is_of_a_cookie_notice};
use crate::markup::{self, Kind, Pieces};
use crate::model::{Document, Failure, FailureKind};

/// Describes a document that is not a feed (P50). Nothing is fetched in its place, but the feeds
/// that a page advertises are named.
pub(super) fn explain(text: &str, base: Option<&Url>) -> Failure {
    Failure::new(FailureKind::NotAFeed, describe(text, base))
}

fn describe(text: &str, base: Option<&Url>) -> String {
    let text = text.trim();
    if text.is_empty() {
        return "the document is empty".to_owned();
    }
    if text.starts_with(['{', '[']) {
        return format!("JSON, but not a JSON Feed: {}", snippet(text));
    }
    let page = Page::read(text, base);
    if page.is_html {
        return page.describe();
    }
    let root = Pieces::of(text).find_map(|piece| match piece.kind {
        Kind::Open { name, .. } => Some(name),
        _ => None,
    });
    match root {
        Some(name @ ("opml" | "urlset" | "sitemapindex" | "svg" | "html"))
            if text.starts_with('<') =>
        {
            format!("not a feed, but a document of <{name}>")
        }
        Some("script" | "SCRIPT") if text.starts_with('<') => {
            "not a feed, but a script that only a browser runs, such as a check for robots"
                .to_owned()
        }
        Some(name) if text.starts_with('<') => {
            format!("not a feed: its root is <{}>", snippet(name))
        }
        _ => format!("not a feed, but text: {}", snippet(text)),
    }
}

/// The feeds that a page of HTML advertises, in its order.
pub fn advertised(document: &Document) -> Vec<Url> {
    let page = Page::read(&String::from_utf8_lossy(&document.body), document.url.as_ref());
    page.feeds.iter().filter_map(|address| Url::parse(address).ok()).collect()
}

/// The names of a page of HTML, and whether it stands before the page that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageHead {
    /// Its title, and the one for links to it (`og:title`), as far as it has them.
    pub titles: Vec<String>,
    /// Its first headings of level 1.
    pub headings: Vec<String>,
    /// Set if it is a login, a request for consent or a check for robots.
    pub gate: Option<Gate>,
    /// The page that it sends a browser on to at once, where it says little itself.
    pub leads_to: Option<Url>,
}

/// A page that stands before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// Its kind in words.
    pub kind: &'static str,
    /// A hash of its text, where that is the same before every page. The text of a check for robots
    /// may differ by a number.
    pub text: u64,
}

/// Reads the head of a page of HTML at `base`.
pub fn page_head(html: &str, base: &Url) -> PageHead {
    let page = Page::read(html, Some(base));
    let gate = page
        .gate()
        .map(|kind| Gate { kind, text: if kind == CONSENT_GATE { page.text_hash } else { 0 } });
    let leads_to = page.leads_to.filter(|_| page.text < LITTLE_TEXT);
    let short = |name: String| name.chars().take(MOST_NAME).collect::<String>();
    let titles = [page.title, page.link_title].into_iter().filter(|title| !title.is_empty());
    let headings = page.headings.into_iter().map(short).collect();
    PageHead { titles: titles.map(short).collect(), headings, gate, leads_to }
}

/// The beginning of a text on one line.
fn snippet(text: &str) -> String {
    let line: String = fold(&text.chars().take(400).collect::<String>());
    let short: String = line.chars().take(120).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

/// The parts of a page of HTML that show its kind.
#[derive(Debug, Default)]
struct Page {
    is_html: bool,
    title: String,
    /// The title for links to it.
    link_title: String,
    headings: Vec<String>,
    /// The page's own address, in lower case.
    address: String,
    asks_for_password: bool,
    /// Whether a form sends a consent.
    has_consent_form: bool,
    /// Whether a script of it is known to check for robots.
    has_challenge: bool,
    /// Whether the site tells of its own cookies on it.
    has_cookie_notice: bool,
    /// Whether a sentence of it is not about cookies.
    has_own_sentence: bool,
    /// Bytes of text that people see.
    text: usize,
    /// Those of them that are no part of menus, buttons, the footer and the notice of cookies.
    own_text: usize,
    text_hash: u64,
    feeds: Vec<String>,
    /// Where it sends a browser on to.
    leads_to: Option<Url>,
}

/// Words in the title or the address of a page that asks for a consent.
const CONSENT: [&str; 22] = [
    "consent",
    "cookie",
    "before you continue",
    "privacy choices",
    "privacy settings",
    "privacy preferences",
    "gdpr",
    "einwilligung",
    "zustimmung",
    "datenschutzeinstellungen",
    "bevor sie fortfahren",
    "consentement",
    "avant de continuer",
    "vie privée",
    "consentimiento",
    "consentimento",
    "consenso",
    "toestemming",
    "samtykke",
    "samtycke",
    "suostumus",
    "zgoda na",
];

/// Words in the title of a page that checks whether a person asks for it.
const CHALLENGE: [&str; 14] = [
    "just a moment",
    "attention required",
    "checking your browser",
    "verify you are human",
    "are you a robot",
    "not a robot",
    "security check",
    "access denied",
    "request rejected",
    "pardon our interruption",
    "ddos-guard",
    "bot verification",
    "einen moment",
    "un instant",
];

/// Scripts of such pages.
const CHALLENGE_SCRIPTS: [&str; 6] = [
    "challenges.cloudflare.com",
    "/cdn-cgi/challenge-platform",
    "_incapsula_resource",
    "captcha-delivery.com",
    "awswaf.com",
    "px-captcha",
];

/// A page with less text than this that asks for a password, or has a check for robots, has little
/// else.
const LITTLE_TEXT: usize = 1500;

/// A page with a notice of cookies and less text of its own than this has nothing else.
const NO_TEXT: usize = 300;

const CONSENT_GATE: &str = "a page that asks for consent to cookies";

/// Headings that are read.
const MOST_HEADINGS: usize = 4;

/// Characters of a title or a heading by which a page is recognised.
const MOST_NAME: usize = 500;

/// Feeds named in the message.
const MOST_FEEDS: usize = 8;

impl Page {
    fn read(text: &str, base: Option<&Url>) -> Self {
        let mut page = Self::default();
        let mut in_title = false;
        let mut is_hidden = false;
        let mut without_scripts = false;
        let mut heading = None::<String>;
        let mut aside = Aside::default();
        let start = text.get(..15).unwrap_or_default();
        page.is_html = start.to_ascii_lowercase().starts_with("<!doctype html");
        page.address = base.map(|base| base.as_str().to_ascii_lowercase()).unwrap_or_default();
        for piece in Pieces::of(text).take(20_000) {
            aside.pass(&piece.kind);
            match piece.kind {
                Kind::Open { name, .. } if name.eq_ignore_ascii_case("h1") => {
                    heading = (page.headings.len() < MOST_HEADINGS).then(String::new);
                }
                Kind::Text(text) => heading.iter_mut().for_each(|heading| *heading += text),
                Kind::Close { name } if name.eq_ignore_ascii_case("h1") => {
                    page.headings.extend(heading.take().map(|text| super::clean::title(&text)));
                }
                _ => {}
            }
            match piece.kind {
                Kind::Open { name, attributes, .. } => {
                    let name = name.to_ascii_lowercase();
                    page.is_html |= matches!(name.as_str(), "html" | "head" | "body");
                    in_title = name == "title" && page.title.is_empty();
                    without_scripts |= name == "noscript";
                    is_hidden = matches!(name.as_str(), "script" | "style" | "noscript");
                    if name == "meta" && !without_scripts {
                        page.leads_to = page.leads_to.or_else(|| leads_to(attributes, base));
                    }
                    page.element(&name, attributes, base);
                }
                Kind::Text(text) if in_title => {
                    page.title = super::clean::title(text);
                    in_title = false;
                }
                Kind::Text(text) if !is_hidden => {
                    let text = text.trim();
                    page.text += text.len();
                    page.text_hash = xxh3_64_with_seed(text.as_bytes(), page.text_hash);
                    let is_notice = is_of_a_cookie_notice(text);
                    page.has_cookie_notice |= is_notice;
                    if !is_notice && !aside.is_within() {
                        page.has_own_sentence |= is_sentence(text);
                        page.own_text += text.len();
                    }
                }
                Kind::Close { name } => {
                    (in_title, is_hidden) = (false, false);
                    without_scripts &= !name.eq_ignore_ascii_case("noscript");
                }
                _ => {}
            }
        }
        page
    }

    fn element(&mut self, name: &str, attributes: &str, base: Option<&Url>) {
        let value = |name| markup::attribute(attributes, name).map(decoded).unwrap_or_default();
        match name {
            "input" => self.asks_for_password |= value("type").eq_ignore_ascii_case("password"),
            "form" => {
                let action = value("action").to_ascii_lowercase();
                self.has_consent_form |= action.contains("consent") || action.contains("cookie");
            }
            "meta" if value("property").eq_ignore_ascii_case("og:title") => {
                self.link_title = super::clean::title(&value("content"));
            }
            "script" => {
                let source = value("src").to_ascii_lowercase();
                self.has_challenge |= CHALLENGE_SCRIPTS.iter().any(|known| source.contains(known));
            }
            "link" => {
                let kind = value("type").to_ascii_lowercase();
                let is_feed = ["rss+xml", "atom+xml", "feed+json", "rdf+xml"]
                    .iter()
                    .any(|known| kind.contains(known));
                let advertised = value("rel").to_ascii_lowercase().contains("alternate");
                if is_feed && advertised && self.feeds.len() < MOST_FEEDS {
                    let href = value("href");
                    let address = resolve(&href, base).map_or(href, String::from);
                    if !self.feeds.contains(&address) {
                        self.feeds.push(address);
                    }
                }
            }
            _ => {}
        }
    }

    /// The kind of a page that stands before another.
    fn gate(&self) -> Option<&'static str> {
        let title = self.title.to_lowercase();
        let is_titled = |words: &[&str]| words.iter().any(|known| is_named(&title, known));
        let is_little = self.text < LITTLE_TEXT;
        let is_at = |words: &[&str]| words.iter().any(|word| is_part_of(&self.address, word));
        if is_titled(&CHALLENGE) || self.has_challenge && is_little {
            Some("a page that checks for robots")
        } else if is_titled(&CONSENT)
            || is_at(&["consent", "cookiewall", "cookie-wall", "cookie_wall", "privacy-gate"])
            || self.own_text < NO_TEXT
                && (self.has_consent_form || self.has_cookie_notice)
                && !self.has_own_notice()
        {
            Some(CONSENT_GATE)
        } else if self.asks_for_password && is_little {
            Some("a login page")
        } else {
            None
        }
    }

    /// Whether the page has a headline and a sentence that are not about cookies.
    fn has_own_notice(&self) -> bool {
        let is_consent = |heading: &String| {
            let heading = heading.to_lowercase();
            CONSENT.iter().any(|known| heading.contains(known))
        };
        self.has_own_sentence && self.headings.iter().any(|heading| !is_consent(heading))
    }

    fn describe(&self) -> String {
        let kind = self.gate().unwrap_or("a page of HTML");
        let title = match self.title.as_str() {
            "" => String::new(),
            title => format!(" ({})", snippet(title)),
        };
        let feeds = match &self.feeds[..] {
            [] => "advertises no feed".to_owned(),
            [one] => format!("advertises the feed {one}"),
            many => format!("advertises the feeds {}", many.join(" and ")),
        };
        let on =
            self.leads_to.as_ref().map_or(String::new(), |to| format!(" and leads on to {to}"));
        format!("not a feed, but {kind}{title}, which {feeds}{on}")
    }
}

/// The other page to which a `meta` element sends a browser at once.
fn leads_to(attributes: &str, base: Option<&Url>) -> Option<Url> {
    let value = |name| markup::attribute(attributes, name).map(decoded).unwrap_or_default();
    if !value("http-equiv").eq_ignore_ascii_case("refresh") {
        return None;
    }
    let content = value("content");
    let (seconds, target) = content.split_once([';', ','])?;
    let is_at_once = seconds.trim().parse::<f64>().is_ok_and(|seconds| seconds <= MOST_SECONDS);
    let target = target.trim();
    let named = target.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("url"));
    let target = named.map_or(target, |(_, target)| target);
    let mut target = resolve(target.trim().trim_matches(['"', '\'']), base)?;
    let fragment = base.and_then(Url::fragment);
    target.set_fragment(fragment);
    (is_at_once && Some(&target) != base).then_some(target)
}

/// Seconds until a browser goes on by itself; pages that renew themselves wait longer.
const MOST_SECONDS: f64 = 15.0;

/// Words beside those of a gate in its title.
const MOST_OTHER_WORDS: usize = 1;

/// Words that only a gate has in its title.
const LEAST_WORDS_OF_A_GATE: usize = 3;

/// Whether a title, apart from its site's name, is this phrase: "Access denied" is a gate, and "Access
/// denied to Dravenian ships" a headline.
fn is_named(title: &str, known: &str) -> bool {
    let mut parts = title.split(['|', '–', '—', ':']).flat_map(|part| part.split(" - "));
    let count = known.split(' ').count();
    parts.any(|part| {
        let words = part.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
        part.contains(known)
            && (words.count() <= count + MOST_OTHER_WORDS || count >= LEAST_WORDS_OF_A_GATE)
    })
}

/// Whether a label of the host or a part of the path is this word, or has one more beside it: a slug
/// with more words is a headline's.
fn is_part_of(address: &str, known: &str) -> bool {
    address.split(['/', '.', '?', '&', '=', '#']).any(|part| {
        let words: Vec<&str> = part.split(['-', '_']).collect();
        part == known || words.len() <= 2 && words.contains(&known)
    })
}

/// Whether a text is a sentence that does not speak of cookies.
fn is_sentence(text: &str) -> bool {
    text.ends_with(['.', '!', '?', '。'])
        && (text.split_whitespace().count() >= 5 || !text.is_ascii() && text.chars().count() >= 12)
        && !text.to_lowercase().contains("cookie")
}

/// The element being read that is no part of what a page says, by its name and how many of that name
/// are open within it.
#[derive(Debug, Default)]
struct Aside {
    within: Option<(String, usize)>,
}

impl Aside {
    fn is_within(&self) -> bool {
        self.within.is_some()
    }

    fn pass(&mut self, piece: &Kind<'_>) {
        match (piece, &mut self.within) {
            (Kind::Open { name, empty: false, .. }, Some((outer, open))) => {
                *open += usize::from(name.eq_ignore_ascii_case(outer));
            }
            (Kind::Open { name, attributes, empty: false }, None) if is_aside(name, attributes) => {
                self.within = Some(((*name).to_owned(), 1));
            }
            (Kind::Close { name }, Some((outer, open))) if name.eq_ignore_ascii_case(outer) => {
                *open -= 1;
                if *open == 0 {
                    self.within = None;
                }
            }
            _ => {}
        }
    }
}

/// Whether an element holds menus, buttons, a footer or a notice of cookies.
fn is_aside(name: &str, attributes: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_own = matches!(
        name.as_str(),
        "html" | "body" | "main" | "article" | "input" | "img" | "br" | "hr" | "meta" | "link"
    );
    let role = |attribute| {
        let value = markup::attribute(attributes, attribute).map(decoded).unwrap_or_default();
        ContainerRole::named(&value)
    };
    let is_outside = |role| {
        use ContainerRole::{Cookies, Footer, Navigation};
        matches!(role, Cookies | Footer | Navigation)
    };
    let roles = || ["class", "id", "role"].into_iter().filter_map(role);
    !is_own
        && (matches!(name.as_str(), "button" | "nav" | "footer" | "select" | "dialog")
            || roles().any(is_outside))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
