//! Cleans the HTML of sources: what leaves cannot do anything, and comes with its plain text.
//!
//! Ammonia, on html5ever, reads the HTML as a browser would and keeps what [`policy`] lists;
//! [`rewrite`] then writes links and pictures in one form and every tag anew. HTML that is written
//! so plainly that all parsers agree about it ([`plain_html`]) is rewritten at once, because that
//! is many times as fast.
//!
//! A browser's rules can make much of little HTML. [`dom_cost`] counts beforehand what
//! ammonia would build, an [`Allowance`] bounds how much that may be, and HTML that would
//! exceed it is kept as plain text.

mod allowance;

mod attribute;

mod flatten;

mod math;

mod picture;

mod plain_html;

mod plain_text;

mod policy;

mod rewrite;

mod start_tag;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

pub(super) use self::allowance::Allowance;
pub(super) use self::attribute::resolve;
pub(super) use self::picture::shown_by as shown_by_pictures;
pub(super) use self::plain_text::{fold, plain, title};
use self::rewrite::{Input, Nesting, Rewritten};
use crate::announcement::{self, Container};
use crate::dom_cost::{self, Bounds};

/// A piece of HTML after cleaning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cleaned {
    /// Sanitised, well-formed; empty where nothing was left.
    pub(super) html: String,
    /// The same as plain text, a paragraph a line.
    pub(super) text: String,
    /// Elements of the HTML that its source names as surroundings.
    pub(super) containers: Vec<Container>,
    /// Whether part of it was left out because it was too long or too deep.
    pub(super) cut: bool,
    /// Whether only its plain text was kept because mending its tags was too much work.
    pub(super) flattened: bool,
    /// Whether a tag, comment or script that is never closed hides the rest of it.
    pub(super) hides_end: bool,
}

impl From<Cleaned> for announcement::Cleaned {
    fn from(Cleaned { html, text, containers, .. }: Cleaned) -> Self {
        Self { html, text, containers }
    }
}

/// Sanitises HTML. Relative addresses are taken against `base`; where there is
/// none they are dropped. Of more than `limit` bytes the first are kept, before and after.
pub(super) fn clean(
    html: &str,
    base: Option<&Url>,
    limit: usize,
    allowance: &mut Allowance,
) -> Cleaned {
    let limit = limit.min(allowance.output);
    let short = cut_to(html, limit);
    let mut cleaned = Cleaned { cut: short.len() < html.len(), ..Cleaned::default() };
    let read = readable(short);
    match sound(&read, base, limit, allowance) {
        Ok((rewritten, hides_end)) => {
            cleaned.cut |= rewritten.cut;
            cleaned.html = rewritten.html;
            cleaned.containers = rewritten.containers;
            // Where it was cut, a tag may be open for that.
            cleaned.hides_end = hides_end && !cleaned.cut;
        }
        Err(loss) => {
            cleaned.cut |= loss == Loss::TooDeep;
            cleaned.flattened = loss == Loss::TooMuchWork;
            let text = match dom_cost::has_too_many_attributes(&read) {
                true => plain(&read),
                false => flatten::text_of(&read),
            };
            let lines: Vec<_> = text.lines().map(htmlize::escape_text).collect();
            cleaned.html = lines.join("<br>");
            if cleaned.html.len() > limit {
                cleaned.cut = true;
                rewrite::cut_escaped(&mut cleaned.html, 0, limit);
                cut_half_tag(&mut cleaned.html);
            }
        }
    }
    allowance.output -= cleaned.html.len();
    cleaned.text = plain(&cleaned.html);
    if cleaned.text.is_empty() && !cleaned.html.contains("<img ") {
        cleaned.html.clear();
        cleaned.containers.clear();
    }
    cleaned
}

/// Takes the last tag away if it was cut in its middle.
fn cut_half_tag(html: &mut String) {
    if let Some(at) = html.rfind('<').filter(|at| !html[*at..].contains('>')) {
        html.truncate(at);
    }
}

/// HTML with line ends in one form, and without the marks of CDATA sections around its parts: a
/// browser takes those for comments, and they were meant for a parser of XML.
fn readable(html: &str) -> Cow<'_, str> {
    let mut html = Cow::Borrowed(html);
    if memchr::memchr(b'\r', html.as_bytes()).is_some() {
        html = Cow::Owned(html.replace("\r\n", "\n").replace('\r', "\n"));
    }
    if html.contains("<![CDATA[") {
        html = Cow::Owned(without_cdata_marks(&html));
    }
    if let Some(written) = math::as_text(&html) {
        html = Cow::Owned(written);
    }
    html
}

/// The same without the marks of every CDATA section that is closed.
fn without_cdata_marks(html: &str) -> String {
    let mut bare = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once("<![CDATA[") {
        bare.push_str(before);
        let Some((inside, behind)) = after.split_once("]]>") else {
            bare.push_str("<![CDATA[");
            rest = after;
            break;
        };
        bare.push_str(inside);
        rest = behind;
    }
    bare + rest
}

/// Why the tags of HTML were not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    TooDeep,
    TooMuchWork,
}

/// The HTML that may leave, nested soundly, and whether the rest of it is hidden.
fn sound(
    html: &str,
    base: Option<&Url>,
    limit: usize,
    allowance: &mut Allowance,
) -> Result<(Rewritten, bool), Loss> {
    let mut written = rewrite::rewrite(html, base, limit, Input::Raw);
    let mut html = Cow::Borrowed(html);
    let (mut cut, mut hides_end) = (false, false);
    // A browser's way with tables is not at its end after one pass, nor is a tree without the
    // elements that may not leave.
    for _ in 0..5 {
        match written.nesting {
            Nesting::Sound => {
                written.cut |= cut;
                return Ok((written, hides_end));
            }
            Nesting::TooDeep => return Err(Loss::TooDeep),
            Nesting::Unsound => {
                let mended = mend(&html, limit, allowance)?;
                written = rewrite::rewrite(&mended.html, base, limit, Input::Mended);
                cut |= written.cut;
                hides_end |= mended.hides_end;
                if written.nesting == Nesting::Unsound {
                    // The roles of elements are lost once their attributes are.
                    let room = limit.saturating_mul(2);
                    let again = rewrite::rewrite(&mended.html, base, room, Input::MendedOnce);
                    cut |= again.cut;
                    html = Cow::Owned(again.html);
                }
            }
        }
    }
    Err(Loss::TooDeep)
}

/// HTML as ammonia mended it.
struct Mended {
    html: String,
    /// Whether the rest of it is hidden by what is never closed.
    hides_end: bool,
}

/// Has ammonia mend HTML, unless that costs more than is allowed.
fn mend(html: &str, limit: usize, allowance: &mut Allowance) -> Result<Mended, Loss> {
    let bounds = Bounds {
        elements: MOST_ELEMENTS,
        depth: MOST_DEPTH,
        // The limit holds for the result; on the way to it there may be more.
        bytes: limit.saturating_mul(2),
        nested_text: usize::MAX,
        steps: MOST_STEPS,
    };
    if !allowance.may_mend() {
        return Err(Loss::TooMuchWork);
    }
    let parsed = dom_cost::Parsed::Fragment;
    // Counting costs time whatever comes of it.
    let (cost, excess) = match dom_cost::cost(html, parsed, &bounds, &allowance.cancelled) {
        Ok(cost) => (cost, false),
        Err(excess) => (excess.cost, true),
    };
    let spent = allowance.spend(html.len() + cost.bytes, cost.steps);
    if cost.depth > MOST_DEPTH {
        return Err(Loss::TooDeep);
    }
    if excess || !spent {
        return Err(Loss::TooMuchWork);
    }
    let ammonia = if cost.ends_in_control { &WITH_CONTROLS } else { &AMMONIA };
    Ok(Mended { html: ammonia.clean(html).to_string(), hides_end: cost.hides_end })
}

/// Bounds on what ammonia builds of one text. [`Bounds::bytes`] is reached sooner, unless the
/// limit of a field is set very high.
const MOST_ELEMENTS: usize = 100_000;
const MOST_DEPTH: usize = 200;
const MOST_STEPS: usize = 20_000_000;

/// Plain text as HTML: escaped, an empty line between paragraphs. A paragraph that is a list
/// keeps its lines.
pub(super) fn from_plain(text: &str, limit: usize, allowance: &mut Allowance) -> Cleaned {
    let limit = limit.min(allowance.output);
    let short = cut_to(text, limit);
    let paragraphs: Vec<Vec<String>> = paragraphs_of(short);
    let escaped = |lines: &[String]| {
        let lines: Vec<_> = lines.iter().map(htmlize::escape_text).collect();
        lines.join("<br>")
    };
    let mut html = match &paragraphs[..] {
        [] => String::new(),
        [one] => escaped(one),
        many => many.iter().map(|lines| format!("<p>{}</p>", escaped(lines))).collect(),
    };
    let mut cut = short.len() < text.len();
    if html.len() > limit {
        let written = rewrite::rewrite(&html, None, limit, Input::Mended);
        (html, cut) = (written.html, true);
    }
    allowance.output -= html.len();
    Cleaned { html, text: paragraphs.concat().join("\n"), cut, ..Cleaned::default() }
}

/// The paragraphs of a plain text, each as lines.
fn paragraphs_of(text: &str) -> Vec<Vec<String>> {
    let (mut paragraphs, mut lines) = (Vec::new(), Vec::new());
    for line in text.lines().map(fold).chain([String::new()]) {
        if !line.is_empty() {
            lines.push(line);
        } else if !lines.is_empty() {
            let is_list = lines.len() >= FEWEST_LISTED && lines.iter().all(|line| is_item(line));
            paragraphs.push(if is_list { lines } else { vec![lines.join(" ")] });
            lines = Vec::new();
        }
    }
    paragraphs
}

/// Whether a line of plain text may be an item of a list: where text is wrapped, one of the lines
/// is longer, or goes on with a small letter.
fn is_item(line: &str) -> bool {
    line.chars().count() < SHORTEST_WRAPPED && !line.starts_with(char::is_lowercase)
}

const SHORTEST_WRAPPED: usize = 60;
const FEWEST_LISTED: usize = 3;

/// Whether a text without a tag is in paragraphs with empty lines between them: then it is plain
/// text, and not HTML in which line ends say nothing.
pub(super) fn is_in_paragraphs(text: &str) -> bool {
    !text.contains('<') && text.trim().lines().any(|line| line.trim().is_empty())
}

/// Whether a text holds tags of HTML.
pub(super) fn looks_like_html(text: &str) -> bool {
    policy::holds_markup(text)
}

/// Whether a text that is stated to be plain is HTML all the same. `<b>` alone is a word about it.
pub(super) fn is_meant_as_html(text: &str) -> bool {
    policy::holds_structure(text)
}

/// Whether HTML has an element of this name.
pub(super) fn is_of_html(name: &str) -> bool {
    policy::is_known(name)
}

/// The first bytes of a text, at most `limit`.
pub(super) fn cut_to(text: &str, limit: usize) -> &str {
    &text[..boundary_before(text, limit)]
}

/// The last start of a character at or before `at`.
pub(super) fn boundary_before(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Lets through what [`policy`] writes, and the attributes that [`rewrite`] reads.
static AMMONIA: LazyLock<Builder<'static>> =
    LazyLock::new(|| ammonia(policy::GONE_WITH_CONTENT.iter().copied().collect()));

/// The same, but the text of controls stays: one that is never closed takes in all that follows.
static WITH_CONTROLS: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let gone = policy::GONE_WITH_CONTENT.iter().copied();
    ammonia(gone.filter(|name| !policy::CONTROLS.contains(name)).collect())
});

fn ammonia(gone_with_content: HashSet<&'static str>) -> Builder<'static> {
    let mut attributes: HashMap<&str, HashSet<&str>> = HashMap::new();
    let of_pictures = picture::ATTRIBUTES.iter().map(|name| ("img", *name));
    for (tag, attribute) in policy::ATTRIBUTES.iter().copied().chain(of_pictures) {
        attributes.entry(tag).or_default().insert(attribute);
    }
    let of_all = policy::ATTRIBUTES_OF_ALL.iter().chain(policy::ATTRIBUTES_OF_CONTAINERS);
    let mut builder = Builder::empty();
    builder
        .tags(policy::TAGS.iter().copied().collect())
        .clean_content_tags(gone_with_content)
        .tag_attributes(attributes)
        .generic_attributes(of_all.copied().collect())
        .url_schemes(["http", "https", "mailto", "data"].into_iter().collect())
        // Whether they lead anywhere is decided where they are resolved.
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .attribute_filter(|tag, name, value| {
            let data = value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
            let picture = tag == "img" && name == "src" && picture::is_data_picture(value);
            (!data || picture || !matches!(name, "href" | "src")).then_some(value.into())
        });
    builder
}

#[cfg(test)]
mod differential;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
