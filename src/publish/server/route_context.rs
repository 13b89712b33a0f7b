//! The state that routes share, and what they ask of the backend.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::page_response::{message, nothing_here};
use crate::model::{TopicId, TopicSilence};
use crate::publish::backend::Reply;
use crate::publish::metrics::Tally;
use crate::publish::site::topic_path;
use crate::publish::{Backend, ResponseCache, SourceStatus, StoryDetail, Unavailable};

/// The state that routes share: the backend, and how long it may take.
#[derive(Clone)]
pub(super) struct RouteContext {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) cache: Arc<ResponseCache>,
    pub(super) patience: Duration,
    /// Whether every client here may see private topics.
    pub(super) shows_private: bool,
    /// Where to report security problems.
    pub(super) contact: Option<String>,
}

impl RouteContext {
    /// The sources with their conditions, and the silent topics.
    pub(super) async fn watched(
        &self,
    ) -> Result<(Vec<SourceStatus>, Vec<TopicSilence>), Unavailable> {
        let states = self.reply(self.backend.sources()).await?;
        Ok((states, self.reply(self.backend.silences()).await?))
    }

    pub(super) async fn reply<T>(&self, reply: Reply<T>) -> Result<T, Unavailable> {
        match tokio::time::timeout(self.patience, reply).await {
            Ok(reply) => reply,
            Err(_) => Err(Unavailable("the backend did not answer in time".to_owned())),
        }
    }

    /// How often each document was asked for, without a word of what is private
    /// where anybody may ask.
    pub(super) fn tallies(&self) -> Vec<(String, Arc<Tally>)> {
        let mut tallies = self.cache.tallies();
        if !self.shows_private {
            tallies.retain(|(path, _)| self.cache.access_rule_of(path).is_none());
        }
        tallies
    }

    /// The private topics that a request has a key for.
    pub(super) fn opened(&self, query: Option<&str>, headers: &HeaderMap) -> Vec<TopicId> {
        self.cache.rules().map_or_else(Vec::new, |rules| rules.opened(query, headers))
    }

    /// Leaves of a story what its reader may know: the topics that are for
    /// everybody, or that their key opens. Returns who may keep the page;
    /// nothing, where there is no such topic but there are others.
    pub(super) fn show(
        &self,
        detail: &mut StoryDetail,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Option<&'static str> {
        let (all, mut opened) = (detail.topics.len(), false);
        detail.topics.retain(|topic| match self.cache.access_rule_of(&topic_path(&topic.id)) {
            Some(rule) => {
                let admitted = rule.admits(query, headers).is_some();
                opened |= admitted;
                admitted
            }
            // Its rule comes in a moment, or has just gone.
            None => !topic.private,
        });
        if detail.topics.is_empty() && all > 0 {
            return None;
        }
        Some(if opened { "private, no-cache" } else { "no-cache" })
    }

    /// The reader is asked to come back, and the log says why (Q34).
    pub(super) fn later(&self, unavailable: &Unavailable) -> Response<Body> {
        tracing::warn!(reason = %unavailable, "a page could not be made: {unavailable}");
        let text = "This page cannot be made just now. Please try again in a moment.";
        let (status, site) = (StatusCode::SERVICE_UNAVAILABLE, self.backend.site());
        let mut response = message(status, "Try again", text, "no-store", &site);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }
}

/// Soon forgotten by caches: a topic of this name may be configured any time (Q33).
pub(super) async fn not_found(State(context): State<RouteContext>) -> Response<Body> {
    nothing_here("public, max-age=60", &context.backend.site())
}
