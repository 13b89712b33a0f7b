//! A point in time, stored in milliseconds and printed as RFC 3339.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in milliseconds since 1970-01-01T00:00:00Z, always within the
/// years 1 to 9999 so that it has an RFC 3339 form.
///
/// Only the daemon's `Clock` makes one from the wall clock; everything that
/// decides takes `now` as an argument.
///
/// It is kept as the distance from just before the year 1, which is never zero: most dates
/// of most things are not known, and an `Option` of one takes no more room than it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z.
const FIRST: i64 = -62_135_596_800_000;
const LAST: i64 = 253_402_300_799_999;

/// The origin of stored distances.
const BEFORE: i64 = FIRST - 1;

/// Seconds of a day.
const DAY: i64 = 24 * 3600;

impl Timestamp {
    /// 1970-01-01T00:00:00Z, the epoch.
    pub const EPOCH: Self = Self::from_millis(0);

    /// The moment this many milliseconds after 1970, held within the years 1 to 9999.
    pub const fn from_millis(millis: i64) -> Self {
        let millis = if millis < FIRST {
            FIRST
        } else if millis > LAST {
            LAST
        } else {
            millis
        };
        Self(NonZeroU64::MIN.saturating_add(millis.abs_diff(FIRST)))
    }

    /// The moment this many seconds after 1970.
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        BEFORE + self.0.get() as i64
    }

    /// Whole seconds since 1970, rounded towards the past.
    pub const fn as_secs(self) -> i64 {
        self.as_millis().div_euclid(1000)
    }

    /// Whole days since 1970, in UTC, rounded towards the past.
    pub const fn day(self) -> i64 {
        self.as_secs().div_euclid(DAY)
    }

    /// Whether this is the first second of a day in UTC, as of a date that was stated without a time.
    pub const fn is_midnight(self) -> bool {
        self.as_secs().rem_euclid(DAY) == 0
    }

    /// This moment and `wait` more.
    pub fn after(self, wait: Duration) -> Self {
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.as_millis().saturating_add(wait))
    }

    /// This moment less `span`.
    pub fn before(self, span: Duration) -> Self {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.as_millis().saturating_sub(span))
    }

    /// How long from here until `later`; zero when that is past.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.get().saturating_sub(self.0.get()))
    }

    /// How far apart two moments are, whichever comes first.
    pub fn apart(self, other: Self) -> Duration {
        Duration::from_millis(self.0.get().abs_diff(other.0.get()))
    }

    /// The same moment for chrono, which the feed crates speak.
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.as_millis()).unwrap_or_default()
    }

    /// Reads an RFC 3339 date.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(Self::from)
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::EPOCH
    }
}

/// As milliseconds since 1970.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(self.as_millis())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        i64::deserialize(from).map(Self::from_millis)
    }
}

impl<Zone: chrono::TimeZone> From<DateTime<Zone>> for Timestamp {
    fn from(moment: DateTime<Zone>) -> Self {
        Self::from_millis(moment.timestamp_millis())
    }
}

/// RFC 3339 in UTC, to the second: `2025-04-02T11:05:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = Self::from_secs(self.as_secs());
        f.write_str(&second.to_chrono().to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_chrono().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_rfc3339_whatever_the_number() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_743_591_900_000, "2025-04-02T11:05:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
            (i64::MIN, "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_string(), text);
        }
    }

    #[test]
    fn reads_rfc3339_in_any_zone() {
        let london = Timestamp::parse_rfc3339("2025-04-02T12:05:00+01:00");
        assert_eq!(london, Timestamp::parse_rfc3339("2025-04-02T11:05:00Z"));
        assert_eq!(Timestamp::parse_rfc3339("2 April 2025"), None);
    }

    #[test]
    fn is_stored_as_milliseconds_and_takes_no_room_where_there_is_none() {
        for millis in [FIRST, -1, 0, 1_743_591_900_000, LAST] {
            let moment = Timestamp::from_millis(millis);
            let stored = rmp_serde::to_vec(&moment).unwrap();
            assert_eq!(stored, rmp_serde::to_vec(&millis).unwrap());
            assert_eq!(rmp_serde::from_slice::<Timestamp>(&stored).unwrap(), moment);
            assert_eq!(moment.as_millis(), millis);
        }
        assert_eq!(size_of::<Option<Timestamp>>(), size_of::<i64>());
    }
}
