//! Stories in; feeds and pages on the shelf, and answers to readers, out.
//!
//! Rendering is pure; [`Shelf`] holds everything being served, ready in every
//! coding; the server looks up and writes.

use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use crate::model::{Sources, Story, Topic};

/// What the published feeds have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where readers reach this server; ends in `/`. Every absolute address starts with it (never the Host header).
    pub base_url: Url,
    /// The name of the whole.
    pub title: String,
    /// A WebSub hub to name in every feed (Q13).
    pub hub: Option<Url>,
}

/// Something that can be served: a feed, a page, a list.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Its path: `/topics/sanctions.atom`.
    pub path: String,
    /// Its media type (Q29).
    pub content_type: &'static str,
    /// Its bytes, which depend on the state alone (Q20).
    pub body: Bytes,
}

/// A topic's feeds and page. `stories` are newest first.
pub fn render_topic(
    _topic: &Topic,
    _stories: &[Arc<Story>],
    _sources: &Sources,
    _site: &Site,
) -> Vec<Rendered> {
    todo!()
}

/// What belongs to no single topic: `/`, `/opml`.
pub fn render_site(
    _topics: &[(Topic, Vec<Arc<Story>>)],
    _sources: &Sources,
    _site: &Site,
) -> Vec<Rendered> {
    todo!()
}
