//! What is asked of the desk in; pages and health out.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use axum::routing::get;
use url::form_urlencoded;
use xxhash_rust::xxh3::xxh3_64;

use super::problem::Detail;
use super::{searching, well_known};
use crate::model::{SourceId, Story, StoryId, Timestamp, TopicId, TopicSilence};
use crate::publish::backend::Reply;
use crate::publish::closed_volume::archived;
use crate::publish::coding::{Accepted, Coding};
use crate::publish::conditional::{Precondition, evaluate};
use crate::publish::metrics::{Sight, Tally};
use crate::publish::response_headers::{self, Facts};
use crate::publish::site::{story_path, topic_path};
use crate::publish::{
    Audience, Backend, Before, Format, Rendered, ResponseCache, Settings, Site, SourceStatus,
    StoryDetail, Unavailable, Volume, VolumeDetail, events, pages, render_earlier,
    render_earlier_page, render_source, response_cache,
};

/// Where a route asks, and for how long it waits.
#[derive(Clone)]
pub(super) struct Counter {
    pub(super) desk: Arc<dyn Backend>,
    pub(super) cache: Arc<ResponseCache>,
    patience: Duration,
    /// Whether whoever asks here may know of what is private.
    confides: bool,
    /// Where to report security problems.
    pub(super) contact: Option<String>,
}

/// Everything that cannot be ready beforehand.
pub(super) fn routes(
    desk: Arc<dyn Backend>,
    cache: Arc<ResponseCache>,
    settings: &Settings,
) -> Router {
    let mut router = Router::new();
    if settings.audience != Audience::Readers {
        router = router
            .route("/sources", get(sources))
            .route("/sources.opml", get(sources_list))
            .route("/sources.atom", get(sources_events))
            .route("/metrics", get(metrics));
    }
    router
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/stories.json", get(earlier))
        .route("/stories", get(earlier))
        .route("/topics/{topic}", get(earlier))
        .route("/sources/{file}", get(source))
        .route("/stories/{id}", get(story))
        .route("/search", get(searching::search))
        .route("/search/help", get(searching::help))
        .route("/search.atom", get(searching::feed))
        .route("/search.rss", get(searching::feed))
        .route("/search.json", get(searching::feed))
        .route("/topics/{topic}/archive/{file}", get(volume))
        .route("/.well-known/security.txt", get(well_known::security))
        .fallback(elsewhere)
        .with_state(Counter {
            desk,
            cache,
            patience: settings.desk,
            confides: settings.audience == Audience::Operators,
            contact: settings.contact.clone(),
        })
}

/// For who would restart us.
async fn healthz(State(counter): State<Counter>) -> Response<Body> {
    state(counter.desk.healthy())
}

/// For who would send readers to us.
async fn readyz(State(counter): State<Counter>) -> Response<Body> {
    state(counter.desk.ready())
}

async fn sources(State(counter): State<Counter>, headers: HeaderMap) -> Response<Body> {
    let site = counter.desk.site();
    let now = counter.desk.now();
    let told = counter.reply(counter.desk.subscribers()).await;
    match counter.watched().await.and_then(|watched| Ok((watched, told?))) {
        Ok(((states, silences), told)) => {
            let page = pages::sources(&states, &silences, &told, now, &site);
            passing(&headers, page, "no-cache")
        }
        Err(unavailable) => counter.later(&unavailable),
    }
}

/// For whoever looks after the sources.
async fn sources_events(State(counter): State<Counter>, headers: HeaderMap) -> Response<Body> {
    let site = counter.desk.site();
    match counter.watched().await {
        Ok((states, silences)) => {
            passing(&headers, events::render(&states, &silences, &site), "no-cache")
        }
        Err(unavailable) => counter.later(&unavailable),
    }
}

async fn sources_list(State(counter): State<Counter>, headers: HeaderMap) -> Response<Body> {
    match counter.reply(counter.desk.sources()).await {
        Ok(states) => {
            let list = crate::publish::sources_list(&states, &counter.desk.site());
            passing(&headers, list, "no-cache")
        }
        Err(unavailable) => counter.later(&unavailable),
    }
}

async fn metrics(State(counter): State<Counter>) -> Response<Body> {
    let states = match counter.reply(counter.desk.sources()).await {
        Ok(states) => states,
        Err(unavailable) => return counter.later(&unavailable),
    };
    let (metrics, ready) = (counter.desk.metrics(), counter.desk.ready().is_ok());
    let (tallies, changed) = (counter.tallies(), counter.cache.changed(counter.confides));
    let hides = !counter.confides && counter.cache.guards().is_some();
    let now = counter.desk.now();
    let sight = Sight { sources: &states, tallies, changed, hides, ready, now };
    match metrics.text(sight) {
        Ok(text) => {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            typed(StatusCode::OK, text, content_type, "no-store")
        }
        Err(error) => counter.later(&Unavailable(error.to_string())),
    }
}

async fn story(
    State(counter): State<Counter>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let Ok(id) = id.parse::<StoryId>() else { return not_found(State(counter)).await };
    let site = counter.desk.site();
    let found = match counter.reply(counter.desk.story(id)).await {
        Ok(Some(mut detail)) => match counter.show(&mut detail, query.as_deref(), &headers) {
            Some(kept) => Ok(Some((detail, kept))),
            None => Ok(None),
        },
        Ok(None) => Ok(None),
        Err(unavailable) => Err(unavailable),
    };
    match found {
        // The operator joined it with another, where it is told now.
        Ok(Some((StoryDetail { story: Story { merged_into: Some(other), .. }, .. }, _))) => {
            moved(&site.address(&story_path(&other)), &site)
        }
        Ok(Some((detail, kept))) => {
            let compare = |earlier: &str, later: &str| counter.desk.differences(earlier, later);
            passing(&headers, pages::story(&detail, &compare, &site), kept)
        }
        Ok(None) => not_found(State(counter)).await,
        Err(unavailable) => counter.later(&unavailable),
    }
}

/// `?before=` at a JSON Feed or a page: earlier stories.
async fn earlier(
    State(counter): State<Counter>,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let stem = uri.path().strip_suffix(".json");
    let is_page = stem.is_none();
    let stem = stem.unwrap_or(uri.path());
    let topic = stem.strip_prefix("/topics/").map(TopicId::new);
    let value = |wanted: &str| {
        let mut asked = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
        asked.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let Some(before) = value("before") else { return not_found(State(counter)).await };
    let Some(before) = Before::parse(&before) else {
        let text = "Write a date behind before=, as in ?before=2026-04-01T00:00:00Z.";
        let site = counter.desk.site();
        return message(StatusCode::BAD_REQUEST, "Not a date", text, "no-store", &site);
    };
    match counter.reply(counter.desk.earlier(topic, before)).await {
        Ok(Some(detail)) => {
            let site = counter.desk.site();
            let rendered = match is_page {
                true => {
                    let from = value("from").and_then(|from| from.parse().ok());
                    let from = from.filter(|from| (2..1_000_000).contains(from));
                    render_earlier_page(from, &detail, &site)
                }
                false => render_earlier(before, &detail, &site),
            };
            passing(&headers, rendered, "public, max-age=300")
        }
        Ok(None) => not_found(State(counter)).await,
        Err(unavailable) => counter.later(&unavailable),
    }
}

/// What a source tells, cleaned: `/sources/ID.atom`.
async fn source(
    State(counter): State<Counter>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let named = file.rsplit_once('.');
    let named = named.and_then(|(id, ending)| Some((id, Format::of_ending(ending)?)));
    let Some((id, format)) = named else { return not_found(State(counter)).await };
    match counter.reply(counter.desk.source(SourceId::new(id), counter.confides)).await {
        Ok(Some(detail)) => {
            let rendered = render_source(&detail, format, &counter.desk.site());
            passing(&headers, rendered, "public, max-age=300, stale-while-revalidate=60")
        }
        Ok(None) => not_found(State(counter)).await,
        Err(unavailable) => counter.later(&unavailable),
    }
}

/// An archived feed. It does not change, so caches need not ask again.
async fn volume(
    State(counter): State<Counter>,
    Path((topic, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let named = file.rsplit_once('.').and_then(|(volume, ending)| {
        Some((volume.parse::<Volume>().ok()?, Format::of_ending(ending)?))
    });
    let Some((volume, format)) = named else { return not_found(State(counter)).await };
    let topic = TopicId::new(topic);
    let site = counter.desk.site();
    let found = counter.reply(counter.desk.volume(topic.clone(), volume)).await;
    let document =
        |VolumeDetail { text, next }| archived(&topic, volume, next, format, &text, &site);
    match found.map(|detail| detail.and_then(document)) {
        Ok(Some(rendered)) => passing(&headers, rendered, "public, max-age=86400, immutable"),
        Ok(None) => not_found(State(counter)).await,
        Err(unavailable) => counter.later(&unavailable),
    }
}

/// A path with a slash at its end is at the same path without it; anything else is not found.
async fn elsewhere(State(counter): State<Counter>, uri: Uri) -> Response<Body> {
    let path = uri.path().trim_end_matches('/');
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let is_place = matches!(
        parts.as_slice(),
        ["stories" | "search" | "sources" | "opml"]
            | ["search", "help"]
            | ["topics" | "stories", _]
    );
    if path.len() == uri.path().len() || !is_place {
        return not_found(State(counter)).await;
    }
    let site = counter.desk.site();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    moved(&format!("{}{query}", site.address(path)), &site)
}

/// Soon forgotten by caches: a topic of this name may be configured any time (Q33).
pub(super) async fn not_found(State(counter): State<Counter>) -> Response<Body> {
    nothing_here("public, max-age=60", &counter.desk.site())
}

pub(super) fn nothing_here(cache_control: &'static str, site: &Site) -> Response<Body> {
    let text = "There is nothing at this address.";
    message(StatusCode::NOT_FOUND, "Not found", text, cache_control, site)
}

impl Counter {
    /// How sources are, and which topics fell silent.
    async fn watched(&self) -> Result<(Vec<SourceStatus>, Vec<TopicSilence>), Unavailable> {
        let states = self.reply(self.desk.sources()).await?;
        Ok((states, self.reply(self.desk.silences()).await?))
    }

    pub(super) async fn reply<T>(&self, reply: Reply<T>) -> Result<T, Unavailable> {
        match tokio::time::timeout(self.patience, reply).await {
            Ok(reply) => reply,
            Err(_) => Err(Unavailable("the desk did not answer in time".to_owned())),
        }
    }

    /// How often each document was asked for, without a word of what is private
    /// where anybody may ask.
    fn tallies(&self) -> Vec<(String, Arc<Tally>)> {
        let mut tallies = self.cache.tallies();
        if !self.confides {
            tallies.retain(|(path, _)| self.cache.guard_of(path).is_none());
        }
        tallies
    }

    /// Leaves of a story what its reader may know: the topics that are for
    /// everybody, or that their key opens. Returns who may keep the page;
    /// nothing, where there is no such topic but there are others.
    fn show(
        &self,
        detail: &mut StoryDetail,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Option<&'static str> {
        let (all, mut opened) = (detail.topics.len(), false);
        detail.topics.retain(|topic| match self.cache.guard_of(&topic_path(&topic.id)) {
            Some(guard) => {
                let admitted = guard.admits(query, headers).is_some();
                opened |= admitted;
                admitted
            }
            // Who would guard it comes in a moment, or has just gone.
            None => !topic.private,
        });
        if detail.topics.is_empty() && all > 0 {
            return None;
        }
        Some(if opened { "private, no-cache" } else { "no-cache" })
    }

    /// The reader is told to come back, the log is told why (Q34).
    pub(super) fn later(&self, unavailable: &Unavailable) -> Response<Body> {
        tracing::warn!(reason = %unavailable, "a page could not be made: {unavailable}");
        let text = "This page cannot be made just now. Please try again in a moment.";
        let (status, site) = (StatusCode::SERVICE_UNAVAILABLE, self.desk.site());
        let mut response = message(status, "Try again", text, "no-store", &site);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }
}

/// A document that is not on the shelf, in the coding wanted most, or word
/// that the client has it already. Only the coding that is sent is made.
pub(super) fn passing(
    headers: &HeaderMap,
    document: Rendered,
    cache_control: &'static str,
) -> Response<Body> {
    let hash = xxh3_64(&document.body);
    let tags = Coding::ALL.map(|coding| response_cache::tag(hash, coding));
    // It has no Last-Modified, so only a tag can match.
    let never = Timestamp::from_millis(i64::MAX);
    let known = evaluate(headers, tags.iter().map(|tag| tag.to_str().ok()), never);
    // How much a coding saves is not known before; what it tends to save is.
    let guess = |coding| match coding {
        Coding::Brotli => Some(1),
        Coding::Zstd => Some(2),
        Coding::Gzip => Some(3),
        Coding::Identity => Some(4),
    };
    let coding = Accepted::of(headers).choose(guess).unwrap_or(Coding::Identity);
    let content_type = HeaderValue::from_static(document.content_type);
    let link = document.link.and_then(|link| HeaderValue::try_from(link).ok());
    let facts = Facts { content_type: &content_type, link: link.as_ref(), last_modified: None };
    let held = match known {
        Precondition::Full => None,
        Precondition::Holds(place) => Some(&tags[place]),
        Precondition::HoldsSome => Some(&tags[coding as usize]),
    };
    let mut response = match held {
        Some(tag) => {
            let heads = response_headers::unchanged(&facts, tag);
            with_headers(StatusCode::NOT_MODIFIED, heads, Body::empty())
        }
        None => {
            let body = coding.encode(&document.body);
            let heads = response_headers::full(&facts, coding, &tags[coding as usize], body.len());
            with_headers(StatusCode::OK, heads, body.into())
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    if cache_control.starts_with("private") {
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding, Authorization"));
    }
    response
}

fn with_headers(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// For ever (Q33).
pub(super) fn moved(address: &str, site: &Site) -> Response<Body> {
    let (status, text) = (StatusCode::MOVED_PERMANENTLY, format!("This is now at {address}."));
    let mut response = message(status, "Moved", &text, "public, max-age=86400", site);
    if let Ok(address) = HeaderValue::try_from(address) {
        response.headers_mut().insert(LOCATION, address);
    }
    response
}

/// A page that says why there is nothing else to show, and the same for programs.
pub(super) fn message(
    status: StatusCode,
    title: &str,
    text: &str,
    cache_control: &'static str,
    site: &Site,
) -> Response<Body> {
    let mut response = page(status, pages::message(title, text, site), cache_control);
    response.extensions_mut().insert(Detail(text.to_owned()));
    response
}

/// A page that is not on the shelf.
pub(super) fn page(
    status: StatusCode,
    text: String,
    cache_control: &'static str,
) -> Response<Body> {
    typed(status, text, "text/html; charset=utf-8", cache_control)
}

fn state(state: Result<(), String>) -> Response<Body> {
    let plain = "text/plain; charset=utf-8";
    match state {
        Ok(()) => typed(StatusCode::OK, "ok\n".to_owned(), plain, "no-store"),
        Err(why) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let mut response = typed(status, format!("{why}\n"), plain, "no-store");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            response
        }
    }
}

pub(super) fn typed(
    status: StatusCode,
    text: String,
    content_type: &'static str,
    cache_control: &'static str,
) -> Response<Body> {
    let mut response = answer(status, text.into(), cache_control);
    let content_type = HeaderValue::from_static(content_type);
    let headers = response.headers_mut();
    headers.extend(response_headers::safety(&content_type));
    headers.insert(CONTENT_TYPE, content_type);
    response
}

fn answer(status: StatusCode, body: Body, cache_control: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}
