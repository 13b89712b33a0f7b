//! Says in an operator's words why a request failed.
//!
//! The library's own texts name the URL, which may hold a secret, and its
//! layers, which mean nothing to an operator; neither is repeated here.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter::successors;

use reqwest::StatusCode;

use super::address::Unreachable;
use crate::control_characters::printable;
use crate::model::{Failure, FailureKind, Freshness};

/// Characters of a remote text that are shown.
const SHOWN: usize = 200;

impl From<Unreachable> for Failure {
    fn from(why: Unreachable) -> Self {
        let kind = match why {
            Unreachable::Private(_) => FailureKind::Forbidden,
            Unreachable::Unknown { .. } => FailureKind::Dns,
        };
        // Names are looked up, and addresses judged, before anything is sent.
        Self { unsent: true, ..Self::new(kind, why.to_string()) }
    }
}

/// The failure of a request that `host` answers well, with a body that refuses it.
pub(super) fn of_refusal(host: &str, body: &[u8]) -> Failure {
    let said = detail(None, body).unwrap_or_default();
    Failure::new(FailureKind::Denied, format!("{host} says no: {said}"))
}

/// The failure that an error of the HTTP library means.
pub(super) fn of_error(error: &reqwest::Error, host: &str) -> Failure {
    let causes = || causes(error);
    if let Some(why) = causes().find_map(|cause| cause.downcast_ref::<Unreachable>()) {
        return why.clone().into();
    }
    let tls = causes().find_map(|cause| cause.downcast_ref::<rustls::Error>());
    if let Some(tls) = tls {
        return Failure::new(FailureKind::Tls, format!("no trusted connection to {host}: {tls}"));
    }
    if error.is_timeout() {
        let message = if error.is_connect() {
            format!("no connection to {host} within the connect time-out")
        } else {
            format!("no answer from {host} within the time-out")
        };
        return Failure::new(FailureKind::Timeout, message);
    }
    let io = causes().find_map(|cause| cause.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        Some(ErrorKind::ConnectionRefused) => {
            Failure::new(FailureKind::Refused, format!("{host} refused the connection"))
        }
        Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => {
            Failure::new(FailureKind::Refused, format!("there is no route to {host}"))
        }
        Some(ErrorKind::TimedOut) => {
            Failure::new(FailureKind::Timeout, format!("no answer from {host}"))
        }
        Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe) => {
            Failure::new(FailureKind::Protocol, format!("{host} broke off the connection"))
        }
        _ => protocol(error, host),
    }
}

/// Whether the connection ended before any byte of an answer.
pub(super) fn is_unanswered(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)
            || cause.downcast_ref::<io::Error>().is_some_and(|error| {
                matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
            })
    })
}

/// The error, what caused it, what caused that, and so on. An io error names what
/// it wraps (TLS errors come so) not as its source, but apart.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    successors(Some(error as &(dyn Error + 'static)), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

fn protocol(error: &reqwest::Error, host: &str) -> Failure {
    let innermost = causes(error).last().map(|cause| shown(&cause.to_string())).unwrap_or_default();
    let message = if error.is_connect() {
        format!("no connection to {host}: {innermost}")
    } else if error.is_body() || error.is_decode() {
        format!("the answer of {host} broke off: {innermost}")
    } else {
        format!("the answer of {host} is not HTTP: {innermost}")
    };
    Failure::new(FailureKind::Protocol, message)
}

/// The failure that a status means; `detail` is taken from the body (P51).
pub(super) fn of_status(
    status: StatusCode,
    freshness: Freshness,
    detail: Option<String>,
) -> Failure {
    let kind = match status.as_u16() {
        401 | 403 => FailureKind::Denied,
        404 => FailureKind::NotFound,
        410 => FailureKind::Gone,
        429 => FailureKind::TooMany,
        503 => FailureKind::Unavailable,
        _ => FailureKind::Status,
    };
    let mut message = match status.as_u16() {
        203 => "a proxy on the way changes what the source answers (203): have it pass this host's answers unchanged, or set another `proxy` in [polling]".to_owned(),
        204 => "the answer is empty (204 No Content)".to_owned(),
        206 => "the answer is a part only (206), which was not asked for".to_owned(),
        304 => "the answer is \"not modified\" (304) to a request without conditions".to_owned(),
        _ => format!("the answer is {status}"),
    };
    if let Some(detail) = detail {
        message.push_str(": ");
        message.push_str(&detail);
    }
    let status = Some(status.as_u16());
    let retry_after = freshness.retry_after;
    Failure { status, retry_after, freshness, ..Failure::new(kind, message) }
}

/// The message in the body of an error, as a line: the title and detail of a problem
/// document (RFC 9457), an HTML page's title, else the text itself (P51).
pub(super) fn detail(content_type: Option<&str>, body: &[u8]) -> Option<String> {
    let kind = content_type.unwrap_or("").split(';').next().unwrap_or("").trim();
    let text = String::from_utf8_lossy(body);
    let said = match kind.to_ascii_lowercase().as_str() {
        "application/problem+json" => problem(body)?,
        "text/html" | "application/xhtml+xml" => between(&text, "<title", "</title")?,
        "text/plain" | "application/json" | "text/xml" | "application/xml" | "" => {
            text.into_owned()
        }
        _ => return None,
    };
    let said = shown(&said);
    (!said.is_empty()).then_some(said)
}

fn problem(body: &[u8]) -> Option<String> {
    let problem: serde_json::Value = serde_json::from_slice(body).ok()?;
    let field = |name| problem.get(name).and_then(serde_json::Value::as_str);
    match (field("title"), field("detail")) {
        (Some(title), Some(detail)) => Some(format!("{title}: {detail}")),
        (title, detail) => title.or(detail).map(str::to_owned),
    }
}

/// The text after the tag that begins with `open`, up to `close`.
fn between(text: &str, open: &str, close: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let tag = lower.find(open)?;
    let start = tag + lower[tag..].find('>')? + 1;
    let end = start + lower[start..].find(close)?;
    Some(text[start..end].to_owned())
}

/// A remote text for one line of a log: no control characters, not long.
pub(super) fn shown(text: &str) -> String {
    let mut line = String::new();
    for word in printable(text).split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if let Some((end, _)) = line.char_indices().nth(SHOWN) {
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p51_what_an_error_says_of_itself_is_shown_in_a_line() {
        for (kind, body, said) in [
            (
                Some("application/problem+json"),
                r#"{"title":"Quota used up","detail":"Come back tomorrow.","status":429}"#,
                Some("Quota used up: Come back tomorrow."),
            ),
            (Some("application/problem+json"), r#"{"title":"Gone"}"#, Some("Gone")),
            (Some("application/problem+json"), "not json", None),
            (
                Some("text/html; charset=utf-8"),
                "<html><HEAD><Title lang=en>Down for\n maintenance</TITLE>",
                Some("Down for maintenance"),
            ),
            (Some("text/html"), "<p>no title", None),
            (
                Some("text/plain"),
                "slow\u{1b}[31m down\r\nlevel=ERROR",
                Some("slow [31m down level=ERROR"),
            ),
            (Some("text/plain"), "lost \u{202e}nwod\u{2069} \u{9b}2J", Some("lost nwod 2J")),
            (Some("image/png"), "PNG", None),
            (None, "  ", None),
        ] {
            assert_eq!(detail(kind, body.as_bytes()).as_deref(), said, "{body}");
        }
    }

    #[test]
    fn a_long_remote_text_is_cut() {
        assert_eq!(shown(&"é".repeat(500)), format!("{}…", "é".repeat(SHOWN)));
    }

    #[test]
    fn each_status_has_its_kind() {
        for (status, kind) in [
            (203, FailureKind::Status),
            (204, FailureKind::Status),
            (206, FailureKind::Status),
            (304, FailureKind::Status),
            (401, FailureKind::Denied),
            (403, FailureKind::Denied),
            (404, FailureKind::NotFound),
            (410, FailureKind::Gone),
            (429, FailureKind::TooMany),
            (500, FailureKind::Status),
            (503, FailureKind::Unavailable),
        ] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            let failure = of_status(status, Freshness::default(), None);
            assert_eq!((failure.kind, failure.status), (kind, Some(status.as_u16())));
        }
    }
}
