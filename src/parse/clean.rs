//! HTML as a source sent it in; HTML that cannot do anything, and its plain text, out.
//!
//! Every tag that leaves is written by [`policy`], from a list of what may.
//! Where the source's nesting is sound the result is taken as it is written
//! ([`rewrite`]); where it is not, ammonia parses it as a browser would and
//! closes what has to be closed. Neither relies on the other for safety.

mod picture;

mod policy;

mod rewrite;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

pub(super) use self::policy::resolve;
pub(super) use self::rewrite::{fold, plain, title};

/// What became of a piece of HTML.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cleaned {
    /// Sanitised, well-formed; empty where nothing was left.
    pub(super) html: String,
    /// The same as plain text, a paragraph a line.
    pub(super) text: String,
    /// Whether part of it was left out because it was too long or too deep.
    pub(super) cut: bool,
}

/// Sanitises HTML. Relative addresses are taken against `base`; where there is
/// none they are dropped. Of more than `limit` bytes the first are kept.
pub(super) fn clean(html: &str, base: Option<&Url>, limit: usize) -> Cleaned {
    let short = cut_to(html, limit);
    let mut cut = short.len() < html.len();
    let html = sound(short, base).unwrap_or_else(|| {
        cut = true;
        htmlize::escape_text(plain(short)).into_owned()
    });
    let text = plain(&html);
    let keep = !text.is_empty() || html.contains("<img ");
    Cleaned { html: if keep { html } else { String::new() }, text, cut }
}

/// The HTML that may leave, nested soundly; none where that cannot be had.
fn sound(html: &str, base: Option<&Url>) -> Option<String> {
    let mut html = Cow::Borrowed(html);
    // A browser's way with tables is not at its end after one pass.
    for _ in 0..4 {
        match rewrite::rewrite(&html, base) {
            rewrite::Rewritten::Sound(html) => return Some(html),
            rewrite::Rewritten::Unsound(rewritten) => {
                html = Cow::Owned(AMMONIA.clean(&rewritten).to_string());
            }
            rewrite::Rewritten::TooDeep => return None,
        }
    }
    None
}

/// Plain text as HTML: escaped, an empty line between paragraphs.
pub(super) fn from_plain(text: &str, limit: usize) -> Cleaned {
    let short = cut_to(text, limit);
    let paragraphs: Vec<String> =
        short.split("\n\n").map(fold).filter(|paragraph| !paragraph.is_empty()).collect();
    let html = match &paragraphs[..] {
        [] => String::new(),
        [one] => htmlize::escape_text(one).into_owned(),
        many => many.iter().map(|p| format!("<p>{}</p>", htmlize::escape_text(p))).collect(),
    };
    Cleaned { html, text: paragraphs.join("\n"), cut: short.len() < text.len() }
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
