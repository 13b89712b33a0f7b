//! The routes of everything that is not in the response cache: pages, feeds on request, health.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use axum::routing::get;
use url::form_urlencoded;

use super::page_response::{message, moved, passing, typed};
use super::route_context::{RouteContext, not_found};
use super::{search_routes, well_known};
use crate::model::{SourceId, Story, StoryId, TopicId};
use crate::publish::closed_volume::archived;
use crate::publish::metrics::ScrapeValues;
use crate::publish::site::story_path;
use crate::publish::{
    Audience, Backend, Before, Format, ResponseCache, Settings, StoryDetail, Unavailable, Volume,
    VolumeDetail, events, pages, render_earlier, render_earlier_page, render_source,
};

/// Everything that cannot be ready beforehand.
pub(super) fn routes(
    backend: Arc<dyn Backend>,
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
        .route("/search", get(search_routes::search))
        .route("/search/help", get(search_routes::help))
        .route("/search.atom", get(search_routes::feed))
        .route("/search.rss", get(search_routes::feed))
        .route("/search.json", get(search_routes::feed))
        .route("/topics/{topic}/archive/{file}", get(volume))
        .route("/.well-known/security.txt", get(well_known::security))
        .fallback(elsewhere)
        .with_state(RouteContext {
            backend,
            cache,
            patience: settings.backend_timeout,
            shows_private: settings.audience == Audience::Operators,
            contact: settings.security_contact.as_ref().map(ToString::to_string),
        })
}

/// For who would restart us.
async fn healthz(State(context): State<RouteContext>) -> Response<Body> {
    state(context.backend.healthy())
}

/// For who would send readers to us.
async fn readyz(State(context): State<RouteContext>) -> Response<Body> {
    state(context.backend.ready())
}

async fn sources(State(context): State<RouteContext>, headers: HeaderMap) -> Response<Body> {
    let site = context.backend.site();
    let now = context.backend.now();
    let told = context.reply(context.backend.subscribers()).await;
    match context.watched().await.and_then(|watched| Ok((watched, told?))) {
        Ok(((states, silences), told)) => {
            let page = pages::sources(&states, &silences, &told, now, &site);
            passing(&headers, page, "no-cache")
        }
        Err(unavailable) => context.later(&unavailable),
    }
}

/// The page for the operator who looks after the sources.
async fn sources_events(State(context): State<RouteContext>, headers: HeaderMap) -> Response<Body> {
    let site = context.backend.site();
    match context.watched().await {
        Ok((states, silences)) => {
            passing(&headers, events::render(&states, &silences, &site), "no-cache")
        }
        Err(unavailable) => context.later(&unavailable),
    }
}

async fn sources_list(State(context): State<RouteContext>, headers: HeaderMap) -> Response<Body> {
    match context.reply(context.backend.sources()).await {
        Ok(states) => {
            let list = crate::publish::sources_list(&states, &context.backend.site());
            passing(&headers, list, "no-cache")
        }
        Err(unavailable) => context.later(&unavailable),
    }
}

async fn metrics(State(context): State<RouteContext>) -> Response<Body> {
    let states = match context.reply(context.backend.sources()).await {
        Ok(states) => states,
        Err(unavailable) => return context.later(&unavailable),
    };
    let (metrics, ready) = (context.backend.metrics(), context.backend.ready().is_ok());
    let (tallies, changed) = (context.tallies(), context.cache.changed(context.shows_private));
    let hides = !context.shows_private && context.cache.rules().is_some();
    let now = context.backend.now();
    let values = ScrapeValues { sources: &states, tallies, changed, hides, ready, now };
    match metrics.text(values) {
        Ok(text) => {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            typed(StatusCode::OK, text, content_type, "no-store")
        }
        Err(error) => context.later(&Unavailable(error.to_string())),
    }
}

async fn story(
    State(context): State<RouteContext>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let Ok(id) = id.parse::<StoryId>() else { return not_found(State(context)).await };
    let site = context.backend.site();
    let opened = context.opened(query.as_deref(), &headers);
    let found = match context.reply(context.backend.story(id, opened)).await {
        Ok(Some(mut detail)) => match context.show(&mut detail, query.as_deref(), &headers) {
            Some(kept) => Ok(Some((detail, kept))),
            None => Ok(None),
        },
        Ok(None) => Ok(None),
        Err(unavailable) => Err(unavailable),
    };
    match found {
        // The operator joined it with another story, whose page shows it now.
        Ok(Some((StoryDetail { story: Story { merged_into: Some(other), .. }, .. }, _))) => {
            moved(&site.address(&story_path(&other)), &site)
        }
        Ok(Some((detail, kept))) => {
            let compare = |earlier: &str, later: &str| context.backend.differences(earlier, later);
            passing(&headers, pages::story(&detail, &compare, &site), kept)
        }
        Ok(None) => not_found(State(context)).await,
        Err(unavailable) => context.later(&unavailable),
    }
}

/// `?before=` at a JSON Feed or a page: earlier stories.
async fn earlier(
    State(context): State<RouteContext>,
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
    let Some(before) = value("before") else { return not_found(State(context)).await };
    let Some(before) = Before::parse(&before) else {
        let text = "Write a date behind before=, as in ?before=2026-04-01T00:00:00Z.";
        let site = context.backend.site();
        return message(StatusCode::BAD_REQUEST, "Not a date", text, "no-store", &site);
    };
    match context.reply(context.backend.earlier(topic, before)).await {
        Ok(Some(detail)) => {
            let site = context.backend.site();
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
        Ok(None) => not_found(State(context)).await,
        Err(unavailable) => context.later(&unavailable),
    }
}

/// The feed of one source, cleaned: `/sources/ID.atom`.
async fn source(
    State(context): State<RouteContext>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let named = file.rsplit_once('.');
    let named = named.and_then(|(id, ending)| Some((id, Format::of_ending(ending)?)));
    let Some((id, format)) = named else { return not_found(State(context)).await };
    match context.reply(context.backend.source(SourceId::new(id), context.shows_private)).await {
        Ok(Some(detail)) => {
            let rendered = render_source(&detail, format, &context.backend.site());
            passing(&headers, rendered, "public, max-age=300, stale-while-revalidate=60")
        }
        Ok(None) => not_found(State(context)).await,
        Err(unavailable) => context.later(&unavailable),
    }
}

/// An archived feed. It does not change, so caches need not ask again.
async fn volume(
    State(context): State<RouteContext>,
    Path((topic, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let named = file.rsplit_once('.').and_then(|(volume, ending)| {
        Some((volume.parse::<Volume>().ok()?, Format::of_ending(ending)?))
    });
    let Some((volume, format)) = named else { return not_found(State(context)).await };
    let topic = TopicId::new(topic);
    let site = context.backend.site();
    let found = context.reply(context.backend.volume(topic.clone(), volume)).await;
    let document =
        |VolumeDetail { text, next }| archived(&topic, volume, next, format, &text, &site);
    match found.map(|detail| detail.and_then(document)) {
        Ok(Some(rendered)) => passing(&headers, rendered, "public, max-age=86400, immutable"),
        Ok(None) => not_found(State(context)).await,
        Err(unavailable) => context.later(&unavailable),
    }
}

/// A path with a slash at its end is at the same path without it; anything else is not found.
async fn elsewhere(State(context): State<RouteContext>, uri: Uri) -> Response<Body> {
    let path = uri.path().trim_end_matches('/');
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let is_place = matches!(
        parts.as_slice(),
        ["stories" | "search" | "sources" | "opml"]
            | ["search", "help"]
            | ["topics" | "stories", _]
    );
    if path.len() == uri.path().len() || !is_place {
        return not_found(State(context)).await;
    }
    let site = context.backend.site();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    moved(&format!("{}{query}", site.address(path)), &site)
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
