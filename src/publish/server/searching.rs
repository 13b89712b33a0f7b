//! A query in an address in; the search page, or a feed of what it finds, out.

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use url::form_urlencoded;

use super::client::Client;
use super::routes::{Counter, message, page, passing};
use crate::publish::backend::{Finding, NotSearched, Search};
use crate::publish::feed_meta::DAYS;
use crate::publish::site::topic_path;
use crate::publish::{Format, Site, pages, render_search};

/// Stories on the page and in the feed.
const SHOWN: usize = 50;

/// Days looked back at most.
const MOST_DAYS: u32 = 366;

/// What an address asks for.
struct Asked {
    query: String,
    days: u32,
}

impl Asked {
    /// Its length is bounded: the server refuses a longer address.
    fn of(raw: Option<&str>) -> Self {
        let mut asked = Self { query: String::new(), days: DAYS };
        for (name, value) in form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            match &*name {
                // Browsers send the ends of a text's lines as CR LF.
                "q" => asked.query = value.replace('\r', "").trim().to_owned(),
                "since" => {
                    let days = value.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
                    asked.days = days.map_or(DAYS, |days| days.clamp(1, MOST_DAYS));
                }
                _ => {}
            }
        }
        asked
    }
}

/// `/search?q=&since=`.
pub(super) async fn search(
    State(counter): State<Counter>,
    Extension(client): Extension<Client>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let Asked { query, days } = Asked::of(raw.as_deref());
    let site = counter.desk.site();
    if query.is_empty() {
        let rendered = pages::search_form(&query, days, &[], &site);
        return passing(&headers, rendered, "public, max-age=60");
    }
    match find(&counter, client, &query, days).await {
        Ok(Ok(finding)) => {
            passing(&headers, pages::search(&query, days, &finding, &site), "no-cache")
        }
        Ok(Err(why)) => {
            let problems = match &why {
                NotSearched::NotAQuery(problems) => problems.clone(),
                NotSearched::TooMuchWork | NotSearched::Busy => vec![why.to_string()],
            };
            let rendered = pages::search_form(&query, days, &problems, &site);
            let text = String::from_utf8_lossy(&rendered.body).into_owned();
            refused(&why, |status| page(status, text, "no-store"))
        }
        Err(refusal) => refusal,
    }
}

/// `/search.atom?q=` and its like: a feed of what a query finds.
pub(super) async fn feed(
    State(counter): State<Counter>,
    Extension(client): Extension<Client>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let Asked { query, days } = Asked::of(uri.query());
    let site = counter.desk.site();
    let ending = uri.path().rsplit_once('.').map_or("", |(_, ending)| ending);
    let Some(format) = Format::of_ending(ending) else {
        return super::routes::not_found(State(counter)).await;
    };
    let finding = match query.is_empty() {
        true => {
            let text = "write what to search for: /search.atom?q=sanctions";
            Ok(Err(NotSearched::NotAQuery(vec![text.to_owned()])))
        }
        false => find(&counter, client, &query, days).await,
    };
    match finding {
        // Subscribers ask often, and every answer is a search.
        Ok(Ok(finding)) => {
            let rendered = render_search((&query, days), &finding, format, &site);
            passing(&headers, rendered, "public, max-age=600")
        }
        Ok(Err(why)) => refused(&why, |status| refusal_of_feed(&why, status, &site)),
        Err(refusal) => refusal,
    }
}

fn refusal_of_feed(why: &NotSearched, status: StatusCode, site: &Site) -> Response<Body> {
    let (title, text) = match why {
        NotSearched::NotAQuery(problems) => ("Not a query", problems.join("; ")),
        NotSearched::TooMuchWork | NotSearched::Busy => ("Try again", why.to_string()),
    };
    message(status, title, &text, "no-store", site)
}

/// The answer that there is none, with when to ask again where that may help.
fn refused(why: &NotSearched, answer: impl FnOnce(StatusCode) -> Response<Body>) -> Response<Body> {
    let (status, later) = match why {
        NotSearched::NotAQuery(_) => (StatusCode::BAD_REQUEST, None),
        NotSearched::TooMuchWork => (StatusCode::SERVICE_UNAVAILABLE, Some("60")),
        NotSearched::Busy => (StatusCode::SERVICE_UNAVAILABLE, Some("5")),
    };
    let mut response = answer(status);
    if let Some(later) = later {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(later));
    }
    response
}

/// What a query finds, without a word of the topics that are not for everybody.
async fn find(
    counter: &Counter,
    Client(client): Client,
    query: &str,
    days: u32,
) -> Result<Result<Finding, NotSearched>, Response<Body>> {
    let span = Duration::from_secs(u64::from(days) * 24 * 3600);
    let since = counter.desk.now().before(span);
    let search = Search { query: query.to_owned(), since, show: SHOWN, client };
    let found = counter.reply(counter.desk.search(search)).await;
    let mut found = found.map_err(|unavailable| counter.later(&unavailable))?;
    if let Ok(finding) = &mut found {
        finding.alike.retain(|topic| counter.cache.guard_of(&topic_path(&topic.id)).is_none());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_asks_for_is_bounded_and_never_refused() {
        for (raw, query, days) in [
            (Some("q=a+AND+b&since=30d"), "a AND b", 30),
            (Some("q=%22x%22%0D%0Ay&since=0d"), "\"x\"\ny", 1),
            (Some("since=99999d&q=a"), "a", 366),
            (Some("since=-1d&q=a"), "a", 90),
            (Some("since=week&q=+"), "", 90),
            (None, "", 90),
        ] {
            let asked = Asked::of(raw);
            assert_eq!((asked.query.as_str(), asked.days), (query, days), "{raw:?}");
        }
    }
}
