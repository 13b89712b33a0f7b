//! Renders a volume of an archive as it closes, and reads its documents back.
//!
//! The documents of all formats are kept as one text, one behind the other. They hold the same
//! stories, so together they compress to half of what they take apart.

use std::cmp::Reverse;
use std::sync::Arc;

use super::archive::Volume;
use super::feed_meta::{FeedMeta, at, volume_path};
use super::site::Site;
use super::{Format, Rendered, explained, size_limit};
use crate::model::{Sources, Story, Topic, TopicId};

/// Stands between the documents. XML cannot hold it, and JSON escapes it.
const SEPARATOR: &str = "\0";

/// A volume as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedVolume {
    /// How many of the stories it holds: as many, in their order, as fit within
    /// [`Site::max_feed`], and one at least.
    pub stories: usize,
    /// The documents in every format.
    pub text: String,
}

/// Renders a volume as it closes, after the `previous` one.
///
/// `stories` come in the order in which they became news in the topic. `words` gives the query
/// terms that matched a story, for a topic that explains itself.
pub fn render_volume(
    topic: &Topic,
    (volume, previous): (Volume, Option<Volume>),
    stories: &[Arc<Story>],
    words: &dyn Fn(&Story) -> Vec<String>,
    sources: &Sources,
    site: &Site,
) -> ClosedVolume {
    let mut newest_first = stories.to_vec();
    newest_first.sort_by_key(|story| Reverse((topic.date_of(story), story.id)));
    let mut items = explained(topic, &newest_first, words, sources, site);
    let meta = FeedMeta::of_volume(topic, volume, previous, &items, site);
    let whole = size_limit::render_whole(&Format::ALL, &meta, &items, site);
    let rendered = match whole {
        Some(whole) => whole,
        None if stories.len() > 1 => {
            let mut in_order = explained(topic, stories, words, sources, site);
            let count = size_limit::fitting(&meta, &mut in_order, site);
            let fitting = &stories[..count.clamp(1, stories.len() - 1)];
            return render_volume(topic, (volume, previous), fitting, words, sources, site);
        }
        None => size_limit::render(&Format::ALL, &meta, &mut items, site),
    };
    // To check a text that is right takes a tenth of what replacing what is wrong with it does.
    let text = |document: &Rendered| match std::str::from_utf8(&document.body) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(&document.body).into_owned(),
    };
    let texts: Vec<_> = rendered.iter().map(text).collect();
    ClosedVolume { stories: stories.len(), text: texts.join(SEPARATOR) }
}

/// The path under which the text of a closed volume is kept.
pub fn volume_record(topic: &TopicId, volume: Volume) -> String {
    format!("{}.feeds", volume_path(topic, volume))
}

/// Every document of a closed volume, of which `text` is kept.
pub fn render_archived(
    topic: &TopicId,
    volume: Volume,
    next: Option<Volume>,
    text: &str,
    site: &Site,
) -> Vec<Rendered> {
    let document = |format| archived(topic, volume, next, format, text, site);
    Format::ALL.into_iter().filter_map(document).collect()
}

/// One document of a closed volume, with a Link header that also names the `next` volume: which
/// that is, was not known when the document was written.
pub(super) fn archived(
    topic: &TopicId,
    volume: Volume,
    next: Option<Volume>,
    format: Format,
    text: &str,
    site: &Site,
) -> Option<Rendered> {
    let place = Format::ALL.iter().position(|known| *known == format)?;
    let document = text.split(SEPARATOR).nth(place)?;
    Some(Rendered {
        path: at(&volume_path(topic, volume), format),
        content_type: format.content_type(),
        body: document.to_owned().into(),
        link: Some(FeedMeta::link_of_volume(topic, volume, next, format, site)),
    })
}
