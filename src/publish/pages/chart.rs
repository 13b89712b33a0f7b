//! Draws small charts: a topic's stories a week, a source's rhythm.

use std::time::Duration;

use crate::model::{Rhythm, Timestamp, Topic};
use crate::publish::feed_item::FeedItem;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const WEEKS: usize = 12;

/// Stories a week, the newest week last.
pub(super) struct Chart {
    pub(super) label: String,
    pub(super) width: usize,
    pub(super) bars: Vec<Bar>,
}

/// One week.
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) height: usize,
    pub(super) title: String,
}

impl Chart {
    /// Counts backwards from the newest story of the site, not from the time
    /// of rendering: the same state gives the same page (Q20). None where the feed is full and does
    /// not reach back so far.
    pub(super) fn of(topic: &Topic, items: &[FeedItem<'_>], newest: Timestamp) -> Option<Self> {
        let dates: Vec<_> = items.iter().map(|item| item.published).collect();
        let oldest = if items.len() >= topic.entries { dates.iter().min().copied() } else { None };
        let mut counts = Vec::with_capacity(WEEKS);
        let mut until = newest;
        for _ in 0..WEEKS {
            let since = until.before(WEEK);
            if oldest.is_some_and(|oldest| since < oldest) {
                return None;
            }
            counts.push(dates.iter().filter(|date| since < **date && **date <= until).count());
            until = since;
        }
        counts.reverse();
        let most = counts.iter().copied().max().unwrap_or_default().max(1);
        let bars = counts.iter().enumerate().map(|(week, count)| bar(week, *count, most)).collect();
        let sum: usize = counts.iter().sum();
        Some(Self {
            label: format!("{} in {}", plural(sum, "story"), plural(counts.len(), "week")),
            width: counts.len() * 7,
            bars,
        })
    }
}

fn bar(week: usize, count: usize, most: usize) -> Bar {
    const HEIGHT: usize = 18;
    let height = (count * HEIGHT).div_ceil(most).max(1);
    Bar { x: week * 7, y: 20 - height, height, title: plural(count, "story") }
}

/// When a source tends to list something new.
pub(super) struct Profile {
    /// The same in words, for who does not see it.
    pub(super) label: String,
    /// About how much it lists.
    pub(super) pace: Option<String>,
    pub(super) hours: Vec<Bar>,
    pub(super) days: Vec<Bar>,
}

const DAYS: [&str; 7] =
    ["Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"];

impl Profile {
    /// Nothing, as long as nothing was seen.
    pub(super) fn of(rhythm: &Rhythm) -> Option<Self> {
        const HEIGHT: u64 = 24;
        let bars = |counts: &[u16], width: usize, name: &dyn Fn(usize) -> String| {
            let most = u64::from(counts.iter().copied().max().unwrap_or_default()).max(1);
            let bar = |(place, count): (usize, &u16)| {
                let height = (u64::from(*count) * HEIGHT).div_ceil(most).max(1);
                let title = format!("{}: {count}", name(place));
                let height = usize::try_from(height).unwrap_or_default();
                Bar { x: place * width, y: 24 - height, height, title }
            };
            counts.iter().enumerate().map(bar).collect()
        };
        let busiest = |counts: &[u16]| {
            let places = (0..counts.len()).filter(|place| counts[*place] > 0);
            places.max_by_key(|place| (counts[*place], std::cmp::Reverse(*place)))
        };
        let (hour, day) = (busiest(&rhythm.hours)?, busiest(&rhythm.days)?);
        let hour_named = |hour: usize| format!("{hour:02}:00 to {:02}:00", (hour + 1) % 24);
        Some(Self {
            label: format!("Most at {} UTC and on {}", hour_named(hour), DAYS[day]),
            pace: pace(rhythm),
            hours: bars(&rhythm.hours, 4, &hour_named),
            days: bars(&rhythm.days, 8, &|day| DAYS[day].to_owned()),
        })
    }
}

/// "about 12 a week", of the last weeks.
fn pace(rhythm: &Rhythm) -> Option<String> {
    let watched = rhythm.slow;
    if watched.hours < 24.0 {
        return None;
    }
    let a_week = watched.entries / watched.hours * 168.0;
    Some(match a_week {
        2.0.. => format!("about {a_week:.0} a week"),
        0.5.. => format!("about {:.0} a month", a_week * 4.35),
        _ => "less than one in two weeks".to_owned(),
    })
}

/// `1 story`, `2 stories`, `3 weeks`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::DecayedCounts;

    #[test]
    fn a_rhythm_is_drawn_and_told_in_words() {
        assert!(Profile::of(&Rhythm::default()).is_none(), "nothing is known yet");
        let mut rhythm = Rhythm::default();
        (rhythm.hours[9], rhythm.hours[23], rhythm.days[1]) = (2, u16::MAX, 40);
        let profile = Profile::of(&rhythm).unwrap();
        assert_eq!(profile.label, "Most at 23:00 to 00:00 UTC and on Tuesdays");
        let heights = [0, 9, 23].map(|hour| profile.hours[hour].height);
        assert_eq!(heights, [1, 1, 24]);
        assert_eq!((profile.days.len(), profile.days[1].height), (7, 24));
    }

    #[test]
    fn a_pace_is_told_in_the_unit_that_fits() {
        for (entries, hours, told) in [
            (5.0, 12.0, None),
            (20.0, 168.0, Some("about 20 a week")),
            (1.0, 168.0, Some("about 4 a month")),
            (0.1, 168.0, Some("less than one in two weeks")),
        ] {
            let slow = DecayedCounts { entries, hours };
            let told_pace = pace(&Rhythm { slow, ..Rhythm::default() });
            assert_eq!(told_pace.as_deref(), told);
        }
    }
}
