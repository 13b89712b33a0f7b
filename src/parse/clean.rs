//! Cleans the HTML of sources: what leaves cannot do anything, and comes with its plain text.
//!
//! Every tag that leaves is written by [`policy`], from a list of what may.
//! Where the source's nesting is sound the result is taken as it is written
//! ([`rewrite`]); where it is not, ammonia parses it as a browser would and
//! closes what has to be closed. Neither relies on the other for safety.
//!
//! A browser's rules can make much of little HTML. [`dom_cost`] tells beforehand what
//! ammonia would build, an [`Allowance`] says how much that may be, and HTML that would
//! exceed it is kept as plain text.

mod allowance;

mod picture;

mod policy;

mod rewrite;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

pub(super) use self::allowance::Allowance;
pub(super) use self::policy::resolve;
use self::rewrite::Nesting;
pub(super) use self::rewrite::{fold, plain, title};
use crate::dom_cost::{self, Bounds};

/// What became of a piece of HTML.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cleaned {
    /// Sanitised, well-formed; empty where nothing was left.
    pub(super) html: String,
    /// The same as plain text, a paragraph a line.
    pub(super) text: String,
    /// Whether part of it was left out because it was too long or too deep.
    pub(super) cut: bool,
    /// Whether only its plain text was kept because mending its tags was too much work.
    pub(super) flattened: bool,
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
    cleaned.html = match sound(short, base, limit, allowance) {
        Ok((html, cut)) => {
            cleaned.cut |= cut;
            html
        }
        Err(loss) => {
            cleaned.cut |= loss == Loss::TooDeep;
            cleaned.flattened = loss == Loss::TooMuchWork;
            let mut html = htmlize::escape_text(plain(short)).into_owned();
            if html.len() > limit {
                cleaned.cut = true;
                rewrite::cut_escaped(&mut html, 0, limit);
            }
            html
        }
    };
    allowance.output -= cleaned.html.len();
    cleaned.text = plain(&cleaned.html);
    if cleaned.text.is_empty() && !cleaned.html.contains("<img ") {
        cleaned.html.clear();
    }
    cleaned
}

/// Why the tags of HTML were not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    TooDeep,
    TooMuchWork,
}

/// The HTML that may leave, nested soundly, and whether its end was left out.
fn sound(
    html: &str,
    base: Option<&Url>,
    limit: usize,
    allowance: &mut Allowance,
) -> Result<(String, bool), Loss> {
    let mut written = rewrite::rewrite(html, base, limit);
    let mut cut = written.cut;
    // A browser's way with tables is not at its end after one pass.
    for _ in 0..4 {
        match written.nesting {
            Nesting::Sound => return Ok((written.html, cut)),
            Nesting::TooDeep => return Err(Loss::TooDeep),
            Nesting::Unsound => {
                let mended = mend(&written.html, limit, allowance).ok_or(Loss::TooMuchWork)?;
                written = rewrite::rewrite(&mended, base, limit);
                cut |= written.cut;
            }
        }
    }
    Err(Loss::TooDeep)
}

/// HTML as ammonia has it mended; none where that costs more than is allowed.
fn mend(html: &str, limit: usize, allowance: &mut Allowance) -> Option<String> {
    let bounds = Bounds {
        elements: MOST_ELEMENTS,
        depth: MOST_DEPTH,
        // The limit holds for the result; on the way to it there may be more.
        bytes: limit.saturating_mul(2),
        nested_text: usize::MAX,
        steps: MOST_STEPS,
    };
    if !allowance.may_mend() {
        return None;
    }
    let parsed = dom_cost::Parsed::Fragment;
    // Counting costs time whatever comes of it.
    let (cost, kept) = match dom_cost::cost(html, parsed, &bounds, &allowance.cancelled) {
        Ok(cost) => (cost, true),
        Err(excess) => (excess.cost, false),
    };
    let spent = allowance.spend(html.len() + cost.bytes, cost.steps);
    (kept && spent).then(|| AMMONIA.clean(html).to_string())
}

/// Bounds on what ammonia builds of one text. [`Bounds::bytes`] is reached sooner, unless the
/// limit of a field is set very high.
const MOST_ELEMENTS: usize = 100_000;
const MOST_DEPTH: usize = 200;
const MOST_STEPS: usize = 20_000_000;

/// Cleaned HTML of which the end was taken away, its elements closed again.
pub(super) fn closed(html: &str, limit: usize) -> String {
    let html = rewrite::rewrite(html, None, limit).html;
    if html.contains("<img ") || !plain(&html).is_empty() { html } else { String::new() }
}

/// Plain text as HTML: escaped, an empty line between paragraphs.
pub(super) fn from_plain(text: &str, limit: usize, allowance: &mut Allowance) -> Cleaned {
    let limit = limit.min(allowance.output);
    let short = cut_to(text, limit);
    let paragraphs: Vec<String> =
        short.split("\n\n").map(fold).filter(|paragraph| !paragraph.is_empty()).collect();
    let mut html = match &paragraphs[..] {
        [] => String::new(),
        [one] => htmlize::escape_text(one).into_owned(),
        many => many.iter().map(|p| format!("<p>{}</p>", htmlize::escape_text(p))).collect(),
    };
    let mut cut = short.len() < text.len();
    if html.len() > limit {
        let written = rewrite::rewrite(&html, None, limit);
        (html, cut) = (written.html, true);
    }
    allowance.output -= html.len();
    Cleaned { html, text: paragraphs.join("\n"), cut, flattened: false }
}

/// Whether a text that is called plain is HTML all the same.
pub(super) fn looks_like_html(text: &str) -> bool {
    policy::holds_markup(text)
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

/// What ammonia lets through: what [`policy`] writes, and nothing else.
static AMMONIA: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut attributes: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (tag, attribute) in policy::ATTRIBUTES {
        attributes.entry(tag).or_default().insert(attribute);
    }
    let mut builder = Builder::empty();
    builder
        .tags(policy::TAGS.iter().copied().collect())
        .tag_attributes(attributes)
        .generic_attributes(policy::ATTRIBUTES_OF_ALL.iter().copied().collect())
        .url_schemes(["http", "https", "mailto", "data"].into_iter().collect())
        .url_relative(UrlRelative::Deny)
        .link_rel(Some(policy::REL))
        .attribute_filter(|tag, name, value| {
            let data = value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
            let picture = tag == "img" && name == "src" && picture::is_data_picture(value);
            (!data || picture || !matches!(name, "href" | "src")).then_some(value.into())
        });
    builder
});

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
