//! Answers `/search`: as a page, or as a feed of what a query finds.

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use url::form_urlencoded;

use super::client::Client;
use super::page_response::{self, message, passing};
use super::response::Detail;
use super::route_context::{RouteContext, not_found};
use crate::model::{LookBack, NotASpan};
use crate::publish::backend::{Finding, NotSearched, Search};
use crate::publish::pages::SEARCH_PAGE as PAGE_SIZE;
use crate::publish::site::topic_path;
use crate::publish::{Format, Site, pages, render_search};

/// The last page of results. A narrower query finds what is further back.
const LAST_PAGE: usize = 200;

/// The parameters of a search.
struct SearchParameters {
    query: String,
    span: Result<LookBack, NotASpan>,
    /// The number of the page, from 1.
    page: usize,
}

impl SearchParameters {
    /// Reads a query string. The server bounds its length: it refuses longer addresses.
    fn of(raw: Option<&str>) -> Self {
        let mut parameters = Self { query: String::new(), span: Ok(LookBack::Usual), page: 1 };
        for (name, value) in form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            match &*name {
                // Browsers send the ends of a text's lines as CR LF.
                "q" => parameters.query = value.replace('\r', "").trim().to_owned(),
                "since" => parameters.span = LookBack::try_from(value.into_owned()),
                "page" => {
                    parameters.page = value.parse().unwrap_or(1).clamp(1, LAST_PAGE);
                }
                _ => {}
            }
        }
        parameters
    }
}

/// `/search?q=&since=&page=`.
pub(super) async fn search(
    State(context): State<RouteContext>,
    Extension(client): Extension<Client>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let SearchParameters { query, span, page } = SearchParameters::of(raw.as_deref());
    let site = context.backend.site();
    let refused_page = |span: &LookBack, why: &NotSearched| {
        let rendered = pages::search_form(&query, span, Some(why), &site);
        let text = String::from_utf8_lossy(&rendered.body).into_owned();
        let mut response = refused(why, |status| page_response::page(status, text, "no-store"));
        response.extensions_mut().insert(Detail(in_words(why).1));
        response
    };
    let span = match span {
        Ok(span) => span,
        Err(why) => return refused_page(&LookBack::Usual, &NotSearched::NotASpan(why)),
    };
    if query.is_empty() {
        let rendered = pages::search_form(&query, &span, None, &site);
        return passing(&headers, rendered, "public, max-age=60");
    }
    match find(&context, client, &query, &span, page).await {
        Ok(Ok(finding)) => {
            let skipped = (page - 1) * PAGE_SIZE;
            let rendered = pages::search(&query, &span, skipped, &finding, &site);
            passing(&headers, rendered, "no-cache")
        }
        Ok(Err(why)) => refused_page(&span, &why),
        Err(refusal) => refusal,
    }
}

/// `/search/help`: the page on the language of queries.
pub(super) async fn help(
    State(context): State<RouteContext>,
    headers: HeaderMap,
) -> Response<Body> {
    passing(&headers, pages::search_help(&context.backend.site()), "public, max-age=3600")
}

/// `/search.atom?q=` and its like: a feed of what a query finds.
pub(super) async fn feed(
    State(context): State<RouteContext>,
    Extension(client): Extension<Client>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let SearchParameters { query, span, .. } = SearchParameters::of(uri.query());
    let site = context.backend.site();
    let ending = uri.path().rsplit_once('.').map_or("", |(_, ending)| ending);
    let Some(format) = Format::of_ending(ending) else {
        return not_found(State(context)).await;
    };
    let (finding, span) = match span {
        Err(why) => (Ok(Err(NotSearched::NotASpan(why))), LookBack::Usual),
        Ok(span) if query.is_empty() => {
            let text = "write what to search for: /search.atom?q=sanctions";
            (Ok(Err(NotSearched::NotAQuery(vec![text.to_owned()]))), span)
        }
        Ok(span) => (find(&context, client, &query, &span, 1).await, span),
    };
    match finding {
        // Subscribers ask often, and every answer is a search.
        Ok(Ok(finding)) => {
            let rendered = render_search((&query, &span), &finding, format, &site);
            passing(&headers, rendered, "public, max-age=600")
        }
        Ok(Err(why)) => refused(&why, |status| refusal_of_feed(&why, status, &site)),
        Err(refusal) => refusal,
    }
}

/// Why there is no answer: a title, and what to do.
fn in_words(why: &NotSearched) -> (&'static str, String) {
    match why {
        NotSearched::NotAQuery(problems) => ("Not a query", problems.join("; ")),
        NotSearched::NotASpan(why) => ("Not a span of time", why.to_string()),
        NotSearched::TooMuchWork | NotSearched::Busy => ("Try again", why.to_string()),
    }
}

fn refusal_of_feed(why: &NotSearched, status: StatusCode, site: &Site) -> Response<Body> {
    let (title, text) = in_words(why);
    message(status, title, &text, "no-store", site)
}

/// An answer with the status of a refused search, and Retry-After where a later search may succeed.
fn refused(why: &NotSearched, answer: impl FnOnce(StatusCode) -> Response<Body>) -> Response<Body> {
    let (status, later) = match why {
        NotSearched::NotAQuery(_) | NotSearched::NotASpan(_) => (StatusCode::BAD_REQUEST, None),
        NotSearched::TooMuchWork => (StatusCode::SERVICE_UNAVAILABLE, Some("60")),
        NotSearched::Busy => (StatusCode::SERVICE_UNAVAILABLE, Some("5")),
    };
    let mut response = answer(status);
    if let Some(later) = later {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(later));
    }
    response
}

/// Searches, and leaves private topics out of the result.
async fn find(
    context: &RouteContext,
    Client(client): Client,
    query: &str,
    span: &LookBack,
    page: usize,
) -> Result<Result<Finding, NotSearched>, Response<Body>> {
    let (query, span, skip) = (query.to_owned(), span.clone(), (page - 1) * PAGE_SIZE);
    let search = Search { query, span, skip, show: PAGE_SIZE, client };
    let found = context.reply(context.backend.search(search)).await;
    let mut found = found.map_err(|unavailable| context.later(&unavailable))?;
    if let Ok(finding) = &mut found {
        finding
            .alike
            .retain(|topic| context.cache.access_rule_of(&topic_path(&topic.id)).is_none());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_asks_for_a_query_a_span_and_a_page() {
        for (raw, query, span, page) in [
            (Some("q=a+AND+b&since=30d"), "a AND b", "30d", 1),
            (Some("q=%22x%22%0D%0Ay&since=2y&page=3"), "\"x\"\ny", "2y", 3),
            (Some("since=all&q=a&page=0"), "a", "all", 1),
            (Some("since=&q=a&page=999999"), "a", "", 200),
            (Some("page=x&q=+"), "", "", 1),
            (None, "", "", 1),
        ] {
            let parameters = SearchParameters::of(raw);
            let read = parameters.span.map(|span| span.to_string());
            assert_eq!((parameters.query.as_str(), parameters.page), (query, page), "{raw:?}");
            assert_eq!(read.as_deref(), Ok(span), "{raw:?}");
        }
        for raw in ["since=banana&q=a", "since=-3d&q=a", "since=0d", "since=90"] {
            assert!(SearchParameters::of(Some(raw)).span.is_err(), "{raw}");
        }
    }
}
