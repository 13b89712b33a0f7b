//! Formats dates for people and for headers. All in UTC.

use crate::model::Timestamp;

/// `2 April 2025`.
pub(super) fn day(moment: Timestamp) -> String {
    moment.to_chrono().format("%-d %B %Y").to_string()
}

/// `2 April 2025, 11:05`.
pub(super) fn minute(moment: Timestamp) -> String {
    moment.to_chrono().format("%-d %B %Y, %H:%M").to_string()
}

/// How far away a moment is, as people say it: `3 hours ago`, `in 12 minutes`.
pub(super) fn away(moment: Timestamp, now: Timestamp) -> String {
    let seconds = moment.until(now).max(now.until(moment)).as_secs();
    let (count, unit) = match seconds {
        0..60 if moment > now => return "in a moment".to_owned(),
        0..60 => return "just now".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let many = if count == 1 { "" } else { "s" };
    if moment > now {
        format!("in {count} {unit}{many}")
    } else {
        format!("{count} {unit}{many} ago")
    }
}

/// With a four-digit year, in GMT: `Wed, 02 Apr 2025 11:05:00 GMT`.
pub(super) fn http_date(moment: Timestamp) -> String {
    moment.to_chrono().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_how_far_away_it_is() {
        let now = Timestamp::from_secs(1_000_000_000);
        for (seconds, told) in [
            (0, "just now"),
            (59, "in a moment"),
            (-59, "just now"),
            (60, "in 1 minute"),
            (-3_599, "59 minutes ago"),
            (-3_600, "1 hour ago"),
            (172_799, "in 47 hours"),
            (-259_200, "3 days ago"),
        ] {
            assert_eq!(away(Timestamp::from_secs(1_000_000_000 + seconds), now), told);
        }
    }
}
