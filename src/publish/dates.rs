//! A moment in; its date as people and as headers write it, out. All in UTC.

use crate::model::Timestamp;

/// `2 April 2025`.
pub(super) fn day(moment: Timestamp) -> String {
    moment.to_chrono().format("%-d %B %Y").to_string()
}

/// `2 April 2025, 11:05`.
pub(super) fn minute(moment: Timestamp) -> String {
    moment.to_chrono().format("%-d %B %Y, %H:%M").to_string()
}

/// With a four-digit year, in GMT: `Wed, 02 Apr 2025 11:05:00 GMT`.
pub(super) fn http_date(moment: Timestamp) -> String {
    moment.to_chrono().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
