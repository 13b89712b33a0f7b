//! Separates the text of an announcement from what surrounds it in its source.
//!
//! Sites put lists of other releases, share bars, newsletters, cookie notices and the same footer
//! around every announcement. A topic must match what an announcement says, and identity must
//! compare that alone. This is the one place that decides it, for the text of feeds, of pages and
//! of GOV.UK's content API; [`crate::model::Entry::set_aside`] keeps what was decided and why.
//!
//! Signals: the link to the original and the list behind it ([`original`],
//! [`behind_original`]); headings in the
//! languages of the sources, runs of linked titles with dates, links to other known entries, and
//! the class of elements ([`sections`], [`contacts`], [`lists`], [`notices`]); the form of lines at
//! the edges ([`edge_blocks`]); lines that a source repeats from entry to entry ([`repeated`]); the operator's rules for the source. When in doubt,
//! text stays: words alone are no sign where announcements use them as well. Notes to editors,
//! background and documents are part of the announcement.
//!
//! A leaf library: `parse` and `enrich` use it, and it does no input or output.

mod behind_original;

mod contacts;

mod cut;

mod edge_blocks;

mod kept_html;

mod line_kind;

mod lists;

mod notices;

mod original;

mod own_words;

mod repeated;

mod sections;

mod share_links;

mod signs;

mod text_lines;

mod title_words;

mod vocabulary;

use std::borrow::Cow;
use std::ops::Range;

use url::Url;

pub use self::cut::{cut, cut_from, is_selector};
use self::original::Original;
pub use self::original::is_same_page;
pub use self::repeated::{RepeatedLines, edge_lines};
use self::signs::Signs;
use self::text_lines::Layout;
pub use self::title_words::TitleWords;
use crate::model::{EdgeLines, Reason, SetAside, TextRules};

/// A piece of HTML made harmless.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cleaned {
    /// Well-formed; nothing in it runs.
    pub html: String,
    /// The same as plain text, a paragraph a line.
    pub text: String,
    /// Elements of the HTML that its source names as surroundings, by where they start.
    pub containers: Vec<Container>,
}

/// An element of cleaned HTML that its source names as surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Where it stands in the HTML.
    pub range: Range<usize>,
    /// The role that its source gives to it.
    pub role: ContainerRole,
}

/// The role of an element, by its name, class, id or role attribute. It is a hint: its content
/// must look like it, too. Where several are named, the first in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerRole {
    /// A notice about cookies.
    Cookies,
    /// An offer of a newsletter.
    Newsletter,
    /// Other announcements.
    Related,
    /// Buttons for sharing.
    Sharing,
    /// Menus, breadcrumbs, pages of a list.
    Navigation,
    /// The foot of a page.
    Footer,
    /// The title, author and date that a content management system writes over the text.
    Metadata,
}

impl ContainerRole {
    /// The role of an element of this name.
    pub fn of_element(name: &str) -> Option<Self> {
        match name {
            "nav" => Some(Self::Navigation),
            "footer" => Some(Self::Footer),
            _ => None,
        }
    }

    /// The role that a class, id or role attribute names.
    pub fn named(value: &str) -> Option<Self> {
        if value.len() > MAX_NAMES {
            return None;
        }
        let lower = match value.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(value.to_ascii_lowercase()),
            false => Cow::Borrowed(value),
        };
        let mut found: Option<Self> = None;
        let (mut is_new, mut is_news, mut is_own) = (false, false, false);
        if lower.split(' ').any(|name| METADATA.contains(&name)) {
            return Some(Self::Metadata);
        }
        for word in lower.split(|c: char| !c.is_ascii_alphanumeric()) {
            is_own |= Self::is_of_the_announcement(word);
            is_new |= matches!(word, "latest" | "more" | "other" | "recent");
            is_news |= matches!(word, "news" | "posts" | "articles" | "releases" | "stories");
            let of_word = Self::of_word(word);
            found = found.into_iter().chain(of_word).min();
        }
        let found = found.into_iter().chain((is_new && is_news).then_some(Self::Related)).min();
        found.filter(|role| !is_own || matches!(role, Self::Cookies | Self::Newsletter))
    }

    /// Whether an element of this name holds documents of the announcement, or the announcement
    /// itself: a "navigation warning" is one of the coast guard.
    fn is_of_the_announcement(word: &str) -> bool {
        matches!(
            word,
            "document"
                | "documents"
                | "download"
                | "downloads"
                | "attachment"
                | "attachments"
                | "file"
                | "files"
                | "annex"
                | "annexes"
                | "warning"
                | "warnings"
        )
    }

    fn of_word(word: &str) -> Option<Self> {
        match word {
            "cookie" | "cookies" | "gdpr" | "cookiebar" | "cookieconsent" => Some(Self::Cookies),
            "newsletter" | "newsletters" | "mailchimp" | "mailinglist" | "subscribe" => {
                Some(Self::Newsletter)
            }
            "related" | "relatedposts" | "yarpp" | "crp" | "recommended" | "recommendations"
            | "outbrain" | "taboola" | "latestnews" | "morenews" | "relatednews" | "readmore"
            | "teasers" | "complementary" | "sidebar" => Some(Self::Related),
            "share" | "sharing" | "sharedaddy" | "addtoany" | "addthis" | "sharebar"
            | "sharebuttons" | "shariff" | "social" | "socialmedia" | "socialshare"
            | "feedflare" | "sharethis" => Some(Self::Sharing),
            "breadcrumb" | "breadcrumbs" | "navigation" | "nav" | "navbar" | "menu" | "pager"
            | "pagination" | "skiplink" | "skiplinks" => Some(Self::Navigation),
            "footer" | "contentinfo" => Some(Self::Footer),
            _ => None,
        }
    }
}

/// The classes that widespread software gives to the title, author and date of an entry: Drupal,
/// Joomla, WordPress and Plone.
const METADATA: [&str; 9] = [
    "field--name-title",
    "field--name-uid",
    "field--name-created",
    "article-info",
    "entry-meta",
    "entry-footer",
    "post-meta",
    "documentbyline",
    "createdby",
];

/// Bytes of an attribute in which roles are looked for.
const MAX_NAMES: usize = 400;

/// Knowledge of a source's texts before one of them is read.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The operator's rules for them.
    pub rules: &'a TextRules,
    /// Lines at their edges that were counted before.
    pub edges: Option<&'a EdgeLines>,
    /// Whether a link leads to an entry that is known.
    pub is_known: &'a dyn Fn(&Url) -> bool,
}

impl Default for Surroundings<'_> {
    fn default() -> Self {
        static NONE: TextRules = TextRules { cut: Vec::new(), start_after: None, end_before: None };
        Self { rules: &NONE, edges: None, is_known: &|_| false }
    }
}

/// The entry whose text is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Own<'a> {
    /// Its page.
    pub page: Option<&'a Url>,
    /// Its title.
    pub title: &'a str,
}

/// One text's own page and title, and what is known of its source.
struct Context<'a> {
    own: Option<&'a Url>,
    title: &'a str,
    surroundings: &'a Surroundings<'a>,
}

impl Context<'_> {
    /// Whether a link leads to the text's own page. A site may tell its pages apart by their query.
    fn is_own(&self, url: &Url) -> bool {
        self.own.is_some_and(|own| {
            let is_one_query =
                own.query().is_none() || url.query().is_none() || own.query() == url.query();
            own.host() == url.host() && own.path() == url.path() && is_one_query
        })
    }

    /// Whether a link leads to another page in the directory of the text's own, as those of a site's
    /// other announcements do. At the root of a site stand pages of any kind.
    fn is_beside(&self, url: &Url) -> bool {
        let directory = |url: &'_ Url| url.path().rfind('/').filter(|end| *end > 0);
        self.own.is_some_and(|own| {
            let (one, other) = (directory(own), directory(url));
            one.is_some()
                && own.host() == url.host()
                && one.map(|end| &own.path()[..end]) == other.map(|end| &url.path()[..end])
                && !self.is_own(url)
        })
    }

    /// Whether a heading has a word of the entry's title.
    fn names_its_subject(&self, heading: &str) -> bool {
        !self.title.is_empty() && TitleWords::of(self.title).any_in(heading)
    }

    /// Whether a link leads to another entry that is known.
    fn is_other(&self, url: &Url) -> bool {
        let has_place = url.path().len() > 1 || url.query().is_some();
        has_place && !self.is_own(url) && (self.surroundings.is_known)(url)
    }
}

/// A text apart from its surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Separated {
    /// The announcement as HTML.
    pub html: String,
    /// The announcement as plain text.
    pub text: String,
    /// Where it says that it was first published.
    pub original: Option<Url>,
    /// Whether it names several such pages, so that none of them counts.
    pub names_several: bool,
    /// The text that is not part of it.
    pub set_aside: Vec<SetAside>,
    /// Whether a marker of the operator's was not found.
    pub is_start_missing: bool,
    /// Whether the other one was not.
    pub is_end_missing: bool,
}

/// Pieces that are noted of one text.
const MOST_SET_ASIDE: usize = 24;

/// Separates an announcement from what surrounds it.
pub fn separate(
    cleaned: &Cleaned,
    Own { page: own, title }: Own<'_>,
    surroundings: &Surroundings<'_>,
) -> Separated {
    let context = Context { own, title, surroundings };
    let mut layout = Layout::of(cleaned);
    let mut separated = Separated::default();
    apply_rules(&mut layout, surroundings.rules, &mut separated);
    sections::set_aside(&mut layout, cleaned, &context);
    let mut original = original::set_aside(&mut layout, own);
    lists::set_aside(&mut layout, &context);
    if original == Original::Unnamed {
        original = original::set_aside_at_the_end(&mut layout, own);
    }
    separated.names_several = original == Original::Several;
    separated.original = original.page();
    edge_blocks::set_aside(&mut layout, &context);
    if let Some(edges) = surroundings.edges {
        repeated::set_aside(&mut layout, &|line| edges.is_repeated(line));
    }
    finish(layout, cleaned, separated)
}

/// Where a page says that its article was first published: in the article or beside it, as far as
/// other texts and lists on the page do not say it.
pub fn original_of(
    page: &Cleaned,
    article: impl FnOnce() -> Cleaned,
    own: Option<&Url>,
    surroundings: &Surroundings<'_>,
) -> Option<Url> {
    let mut layout = Layout::of(page);
    if !layout.signs.original {
        return None;
    }
    let context = Context { own, title: "", surroundings };
    sections::set_aside(&mut layout, page, &context);
    original::beside(&layout, &Layout::of(&article()), own).page()
}

/// Sets aside the lines that the source repeats, and nothing else.
pub fn separate_repeated(cleaned: &Cleaned, is_repeated: &dyn Fn(u64) -> bool) -> Separated {
    let mut layout = Layout::of(cleaned);
    repeated::set_aside(&mut layout, is_repeated);
    finish(layout, cleaned, Separated::default())
}

/// Whether a piece of a page's text is the site's notice about its own cookies, or a button of one.
pub fn is_of_a_cookie_notice(text: &str) -> bool {
    Signs::of(text).cookies && notices::is_of_a_cookie_notice(text)
}

fn finish(mut layout: Layout<'_>, cleaned: &Cleaned, mut separated: Separated) -> Separated {
    let whole: usize = layout.lines.iter().map(text_lines::Line::word_count).sum();
    let left: usize = layout.kept().map(|index| layout.lines[index].word_count()).sum();
    if left < LEAST_WORDS.min(whole) {
        // An announcement that would be nothing but surroundings is doubtful: all of it stays.
        for line in &mut layout.lines {
            line.set_aside.take_if(|reason| !matches!(reason, Reason::OriginalLink | Reason::Rule));
        }
    }
    separated.set_aside = notes(&layout);
    separated.html = match layout.is_shortened() {
        true => layout.html(),
        false => cleaned.html.clone(),
    };
    separated.text = match separated.set_aside.is_empty() {
        true => cleaned.text.clone(),
        false => layout.text(),
    };
    separated
}

/// An announcement has at least this many words.
const LEAST_WORDS: usize = 3;

/// The pieces that were set aside: neighbours for one reason are one piece, but for repeated lines, which are
/// counted one by one.
fn notes(layout: &Layout<'_>) -> Vec<SetAside> {
    let mut notes: Vec<SetAside> = Vec::new();
    let mut before = None;
    for line in &layout.lines {
        let same = before == line.set_aside && before != Some(Reason::Repeated);
        before = line.set_aside;
        let Some(reason) = line.set_aside else { continue };
        let characters = line.text.chars().count().try_into().unwrap_or(u32::MAX);
        if let Some(note) = notes.last_mut().filter(|_| same) {
            if note.text.len() < SetAside::MOST_TEXT {
                note.text = beginning(&format!("{} {}", note.text, line.text)).to_owned();
            }
            note.characters = note.characters.saturating_add(characters).saturating_add(1);
        } else if notes.len() < MOST_SET_ASIDE {
            notes.push(SetAside::of(reason, &line.text));
        }
    }
    notes
}

/// The first bytes of a line, as many as are kept of it.
fn beginning(text: &str) -> &str {
    let most = text.len().min(SetAside::MOST_TEXT);
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..end].trim_end()
}

/// Keeps what stands between the operator's markers. One that is not found cuts nothing.
fn apply_rules(layout: &mut Layout<'_>, rules: &TextRules, separated: &mut Separated) {
    if let Some(marker) = rules.start_after.as_deref() {
        match find(layout, marker) {
            Some((line, at)) => {
                let end = at + marker.len();
                let rest = layout.lines[line].text[end..].trim_start().len();
                let behind = layout.lines[line].text.len() - rest;
                let is_parted = rest == 0 || layout.split(line, behind);
                let last = if is_parted { line + 1 } else { line };
                for line in &mut layout.lines[..last] {
                    line.set_aside = Some(Reason::Rule);
                }
            }
            None => separated.is_start_missing = true,
        }
    }
    if let Some(marker) = rules.end_before.as_deref() {
        match find(layout, marker) {
            Some((line, at)) => {
                // Within a word that the HTML writes in another way no line can be parted: it stays.
                layout.split(line, at);
                let first = if at == 0 { line } else { line + 1 };
                for line in &mut layout.lines[first..] {
                    line.set_aside = Some(Reason::Rule);
                }
            }
            None => separated.is_end_missing = true,
        }
    }
}

/// The first kept line that holds a marker, and where.
fn find(layout: &Layout<'_>, marker: &str) -> Option<(usize, usize)> {
    let mut kept = layout.kept();
    kept.find_map(|index| Some((index, layout.lines[index].text.find(marker)?)))
}
