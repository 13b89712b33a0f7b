//! Answers `/.well-known/security.txt` (RFC 9116).

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::page_response::typed;
use super::route_context::{RouteContext, not_found};

/// For how long what it says holds. The RFC recommends less than a year.
const HOLDS: Duration = Duration::from_secs(180 * 86_400);

/// Where to report security problems, where the operator says so.
pub(super) async fn security(State(context): State<RouteContext>) -> Response<Body> {
    let Some(contact) = context.contact.clone() else { return not_found(State(context)).await };
    let site = context.backend.site();
    // The same for a day, so that caches and readers see no change in every answer.
    let day = context.backend.now().day() * 86_400;
    let expires = crate::model::Timestamp::from_secs(day).after(HOLDS);
    let canonical = site.address("/.well-known/security.txt");
    let text = format!(
        "Contact: {contact}\nExpires: {expires}\nCanonical: {canonical}\nPreferred-Languages: en\n"
    );
    typed(StatusCode::OK, text, "text/plain; charset=utf-8", "public, max-age=86400")
}
