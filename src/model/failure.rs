//! Why a poll could not read its source.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Freshness;

/// Why nothing could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Which kind, for back-off and for counting.
    pub kind: FailureKind,
    /// The failure in words that an operator understands, without secrets.
    pub message: String,
    /// The HTTP status, if one came.
    #[serde(default)]
    pub status: Option<u16>,
    /// The wait of `Retry-After` (P26).
    #[serde(default)]
    pub retry_after: Option<Duration>,
    /// How long the answer says it holds, also of a failure (P24).
    #[serde(default)]
    pub freshness: Freshness,
    /// Whether nothing at all was sent to the source's server.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsent: bool,
}

impl Failure {
    /// A failure without an HTTP answer.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            status: None,
            retry_after: None,
            freshness: Freshness::default(),
            unsent: false,
        }
    }

    /// How long the answer says that it holds, and the server that it is left alone.
    pub fn freshness(&self) -> Freshness {
        let retry_after = self.retry_after.or(self.freshness.retry_after);
        Freshness { retry_after, ..self.freshness }
    }
}

/// Kinds of failure, each with its own back-off and remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The name has no address.
    Dns,
    /// Nobody listens there.
    Refused,
    /// No certificate that can be trusted, or no common protocol.
    Tls,
    /// No answer within the limits.
    Timeout,
    /// The connection broke, or what came is not HTTP.
    Protocol,
    /// The address is private and not allowed.
    Forbidden,
    /// A redirect that is not followed: too many, a loop, a bad target (P48).
    Redirect,
    /// 401 or 403 (P38).
    Denied,
    /// 404 (P38).
    NotFound,
    /// 410 (P39).
    Gone,
    /// 429 (P26-P28).
    TooMany,
    /// 503 (P28).
    Unavailable,
    /// Any other status that is not a document (P53).
    Status,
    /// More bytes than allowed, before or after decompression.
    TooLarge,
    /// The content coding is unknown or broken (P62).
    Coding,
    /// The document is not a feed (P50).
    NotAFeed,
    /// The file cannot be read.
    File,
    /// A fault of ours: the poll panicked.
    Internal,
    /// The process died while it read this source, and again while it read nothing else.
    Crash,
}

impl FailureKind {
    /// The word used in logs, metrics and `status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Forbidden => "forbidden",
            Self::Redirect => "redirect",
            Self::Denied => "denied",
            Self::NotFound => "not-found",
            Self::Gone => "gone",
            Self::TooMany => "too-many",
            Self::Unavailable => "unavailable",
            Self::Status => "status",
            Self::TooLarge => "too-large",
            Self::Coding => "coding",
            Self::NotAFeed => "not-a-feed",
            Self::File => "file",
            Self::Internal => "internal",
            Self::Crash => "crash",
        }
    }

    /// Whether such failures often end without anybody acting, so that one alone is not reported (P37).
    pub fn is_transient(self) -> bool {
        match self {
            Self::Dns
            | Self::Refused
            | Self::Tls
            | Self::Timeout
            | Self::Protocol
            | Self::NotFound
            | Self::Unavailable
            | Self::Status => true,
            Self::Forbidden
            | Self::Redirect
            | Self::Denied
            | Self::Gone
            | Self::TooMany
            | Self::TooLarge
            | Self::Coding
            | Self::NotAFeed
            | Self::File
            | Self::Internal
            | Self::Crash => false,
        }
    }
}
