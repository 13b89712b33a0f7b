//! Converts dates of calendars that count other years.
//!
//! The year tells the calendar: no feed has dates of the 15th or the 26th century.

use chrono::{Days, NaiveDate};

/// Years of the Buddhist calendar, which is the Gregorian one otherwise.
const BUDDHIST: std::ops::RangeInclusive<i32> = 2400..=2700;
const BUDDHIST_AHEAD: i32 = 543;

/// Years of the solar Hijri calendar, by which Iran and Afghanistan date. The lunar one, in use in
/// Arabia, was in these years until 2000.
const SOLAR_HIJRI: std::ops::RangeInclusive<i32> = 1380..=1420;

/// Years of the Republic of China, where they stand before month and day.
const MINGUO: std::ops::RangeInclusive<u32> = 100..=150;
const MINGUO_BEHIND: u32 = 1911;

/// The day that a year, month and day name.
pub(super) fn day_of(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    if BUDDHIST.contains(&year) {
        return NaiveDate::from_ymd_opt(year - BUDDHIST_AHEAD, month, day);
    }
    match SOLAR_HIJRI.contains(&year) {
        true => of_solar_hijri(year, month, day),
        false => NaiveDate::from_ymd_opt(year, month, day),
    }
}

/// The year of our count, of one that stands before its month.
pub(super) fn leading_year(year: u32) -> u32 {
    if MINGUO.contains(&year) { year + MINGUO_BEHIND } else { year }
}

/// A date of the solar Hijri calendar: six months of 31 days, five of 30, and one of 29 or 30.
fn of_solar_hijri(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    let days = match month {
        1..=6 => 31,
        7..=11 => 30,
        12 if is_leap(year) => 30,
        12 => 29,
        _ => return None,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    // The first day of 1380.
    let start = NaiveDate::from_ymd_opt(2001, 3, 21)?;
    let years: u64 = (*SOLAR_HIJRI.start()..year).map(|year| 365 + u64::from(is_leap(year))).sum();
    let months = 30 * (month - 1) + (month - 1).min(6);
    start.checked_add_days(Days::new(years + u64::from(months + day - 1)))
}

/// Whether a solar Hijri year of this century has a day more.
fn is_leap(year: i32) -> bool {
    matches!(year.rem_euclid(33), 1 | 5 | 9 | 13 | 17 | 22 | 26 | 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_other_calendars_are_converted() {
        for (year, month, day, expected) in [
            (2569, 11, 28, Some("2026-11-28")),
            (2568, 2, 29, None),
            (1380, 1, 1, Some("2001-03-21")),
            (1403, 1, 1, Some("2024-03-20")),
            (1403, 12, 30, Some("2025-03-20")),
            (1404, 1, 1, Some("2025-03-21")),
            (1404, 12, 30, None),
            (1405, 9, 7, Some("2026-11-28")),
            (1405, 6, 31, Some("2026-09-22")),
            (1405, 7, 31, None),
            (2026, 11, 28, Some("2026-11-28")),
        ] {
            let found = day_of(year, month, day).map(|day| day.to_string());
            assert_eq!(found.as_deref(), expected, "{year}-{month}-{day}");
        }
    }
}
