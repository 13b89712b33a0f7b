//! Names the volumes of a topic's archive, and decides which close.
//!
//! An archived feed (RFC 5005 §4) never changes: a reader that has fetched it never
//! asks for it again. So a volume tells its stories as they stood when it
//! closed, and its bytes are kept. A story that is revised after that is news
//! once more: it is in the feed again and, in time, in a later volume, under
//! the same id; a reader who walks back meets its last state first.
//!
//! A volume is a month's news, or a hundred stories where a month has more;
//! it is closed once it is full or its month is over. What no closed volume
//! tells as it is now must be in the feed that readers subscribe to: then that
//! feed and the volumes together tell every story. So a volume also closes when more
//! stories are open than that feed may hold. The engine says which of them stay.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::Datelike;

use crate::model::{StoryId, Timestamp};

/// How many stories fill a volume.
const FULL: usize = 100;

/// Names an archived feed of a topic: `2026-04`, or `2026-04-2` for the second of its month.
/// In the order in which they close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Volume {
    year: i32,
    month: u32,
    part: u32,
}

impl Volume {
    /// The volumes that close at `now`, the oldest first, of what is in none
    /// yet, given the last that closed. Of `open`, the oldest comes first. Where
    /// more than `most` would stay open, all but about half as many close at once; `keep` chooses as many
    /// as stay.
    pub fn closing<Error>(
        open: impl IntoIterator<Item = (Timestamp, StoryId)>,
        last: Option<Self>,
        most: usize,
        now: Timestamp,
        keep: impl Fn(&[(Timestamp, StoryId)], usize) -> Result<BTreeSet<StoryId>, Error>,
    ) -> Result<Vec<(Self, Vec<StoryId>)>, Error> {
        let current = month(now);
        let last_month = last.map(|last| (last.year, last.month));
        // A query that was widened finds stories of months that are closed: they come after what is
        // closed, for nothing is put in between. A month to come, which a clock that was ahead has
        // left, counts as this one: else no month of several would have too many open.
        let counted = |(date, _): &(Timestamp, StoryId)| {
            let month = month(*date).min(current);
            last_month.map_or(month, |last| last.max(month))
        };
        let open: Vec<(Timestamp, StoryId)> = open.into_iter().collect();
        let mut closing = Vec::new();
        for of_month in open.chunk_by(|one, other| counted(one) == counted(other)) {
            let (year, month) = counted(&of_month[0]);
            let same_month = last.filter(|_| last_month == Some((year, month)));
            let first = same_month.map_or(1, |last| last.part + 1);
            let (is_over, are_too_many) = ((year, month) < current, of_month.len() > most);
            let stays = match are_too_many && !is_over {
                true => keep(of_month, staying(of_month.len(), most))?,
                false => BTreeSet::new(),
            };
            let closes = of_month.iter().map(|(_, story)| *story);
            let closes: Vec<StoryId> = closes.filter(|story| !stays.contains(story)).collect();
            for (part, stories) in (first..).zip(closes.chunks(FULL)) {
                if is_over || are_too_many || stories.len() == FULL {
                    closing.push((Self { year, month, part }, stories.to_vec()));
                }
            }
        }
        Ok(closing)
    }
}

/// How many of too many stories stay open: half as many as may, or what full volumes leave over.
fn staying(open: usize, most: usize) -> usize {
    let half = most.div_ceil(2);
    Some(open % FULL).filter(|left_over| *left_over <= most).map_or(half, |few| few.max(half))
}

fn month(moment: Timestamp) -> (i32, u32) {
    let date = moment.to_chrono();
    (date.year(), date.month())
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)?;
        if self.part > 1 {
            write!(f, "-{}", self.part)?;
        }
        Ok(())
    }
}

/// The text is not the name of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a volume is named YYYY-MM or YYYY-MM-PART")]
pub struct NotAVolume;

impl FromStr for Volume {
    type Err = NotAVolume;

    /// Reads what [`Volume`] prints and nothing else: a document has one address.
    fn from_str(text: &str) -> Result<Self, NotAVolume> {
        let mut numbers = text.splitn(3, '-').map(|part| part.parse::<u32>().ok());
        let mut next = || numbers.next().flatten();
        let (year, month) = (next().ok_or(NotAVolume)?, next().ok_or(NotAVolume)?);
        let part = next().unwrap_or(1);
        let year = i32::try_from(year).map_err(|_| NotAVolume)?;
        let volume = Self { year, month, part };
        if (1..=12).contains(&month) && volume.to_string() == text {
            Ok(volume)
        } else {
            Err(NotAVolume)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn id(number: usize) -> StoryId {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&(number as u64).to_be_bytes());
        StoryId::from_bytes(bytes)
    }

    /// The volumes that close where the newest stay.
    fn closing_newest(
        open: impl IntoIterator<Item = (Timestamp, StoryId)>,
        last: Option<Volume>,
        most: usize,
        now: Timestamp,
    ) -> Vec<(Volume, Vec<StoryId>)> {
        let newest = |open: &[(Timestamp, StoryId)], most: usize| {
            let newest = open.iter().rev().take(most);
            Ok::<_, Infallible>(newest.map(|(_, story)| *story).collect())
        };
        let Ok(closing) = Volume::closing(open, last, most, now, newest);
        closing
    }

    fn names(closing: &[(Volume, Vec<StoryId>)]) -> Vec<String> {
        closing.iter().map(|(volume, _)| volume.to_string()).collect()
    }

    #[test]
    fn a_month_closes_when_it_is_over_and_a_volume_when_it_is_full() {
        let march = (0..250)
            .map(|n| (at("2026-03-10T00:00:00Z").after(Duration::from_secs(n as u64)), id(n)));
        let april = (250..253).map(|n| (at("2026-04-01T00:00:00Z"), id(n)));
        let stories: Vec<_> = march.chain(april).collect();

        let during = closing_newest(stories.clone(), None, FULL, at("2026-03-31T23:59:59Z"));
        assert_eq!(names(&during), ["2026-03", "2026-03-2"]);
        assert_eq!(during.iter().map(|(_, told)| told.len()).sum::<usize>(), 200);

        let (rest, last) = (stories[200..].to_vec(), during.last().map(|(volume, _)| *volume));
        let after = closing_newest(rest.clone(), last, FULL, at("2026-04-01T00:00:00Z"));
        assert_eq!(names(&after), ["2026-03-3"]);
        assert_eq!(after[0].1.len(), 50, "April's are still open");
        assert_eq!(after[0].1, stories[200..250].iter().map(|(_, id)| *id).collect::<Vec<_>>());
    }

    #[test]
    fn what_belongs_to_a_month_that_is_closed_comes_after_it() {
        let last = Some("2026-05-2".parse().unwrap());
        let late = vec![(at("2026-03-10T00:00:00Z"), id(1)), (at("2026-05-31T00:00:00Z"), id(2))];
        let closing = closing_newest(late.clone(), last, FULL, at("2026-06-01T00:00:00Z"));
        assert_eq!(closing, [("2026-05-3".parse().unwrap(), vec![id(1), id(2)])]);
        assert_eq!(closing_newest(late, last, FULL, at("2026-05-31T09:00:00Z")), [], "May goes on");
    }

    #[test]
    fn stories_of_a_clock_that_was_ahead_close_with_those_of_this_month() {
        let now = at("2026-04-20T00:00:00Z");
        let april = (0..11).map(|n| (at("2026-04-10T00:00:00Z"), id(n)));
        let may = (11..51).map(|n| (at("2026-05-01T01:00:00Z"), id(n)));
        let open: Vec<_> = april.chain(may).collect();
        for last in [None, Some("2026-06".parse().unwrap())] {
            let closing = closing_newest(open.clone(), last, 50, now);
            let closed: usize = closing.iter().map(|(_, stories)| stories.len()).sum();
            assert_eq!(closed, 26, "with 51 open of 50, all but half as many close: {closing:?}");
        }
        assert_eq!(closing_newest(open[..50].to_vec(), None, 50, now), []);
    }

    #[test]
    fn a_volume_has_one_name() {
        for (text, reads) in [
            ("2026-04", true),
            ("2026-12-3", true),
            ("2026-4", false),
            ("2026-13", false),
            ("2026-00", false),
            ("2026-04-1", false),
            ("2026-04-02", false),
            ("2026-04-x", false),
            ("26-04", false),
            ("+2026-04", false),
            ("", false),
        ] {
            let volume = text.parse::<Volume>();
            assert_eq!(volume.is_ok(), reads, "{text}");
            assert!(volume.is_err() || volume.unwrap().to_string() == text);
        }
    }

    proptest! {
        #[test]
        fn every_story_closes_once_and_volumes_close_in_the_order_of_their_names(
            hours in proptest::collection::vec(0_u64..5_000, 0..400),
            mut moments in proptest::collection::vec(0_u64..6_000, 1..8),
        ) {
            let start = at("2026-01-01T00:00:00Z");
            let hour = |hours: u64| start.after(Duration::from_secs(hours * 3600));
            let news: BTreeSet<_> = hours.iter().enumerate().map(|(n, h)| (hour(*h), id(n))).collect();
            moments.sort_unstable();
            let (mut closed, mut told) = (Vec::new(), BTreeSet::new());
            for moment in moments {
                let open = news.iter().filter(|(seen, id)| *seen <= hour(moment) && !told.contains(id));
                let last = closed.last().copied();
                for (volume, stories) in closing_newest(open.copied(), last, FULL, hour(moment)) {
                    prop_assert!(closed.last().is_none_or(|last| *last < volume));
                    prop_assert!(!stories.is_empty() && stories.len() <= FULL);
                    closed.push(volume);
                    for story in stories {
                        prop_assert!(told.insert(story), "none is told twice");
                    }
                }
                let open = news.iter().filter(|(seen, id)| *seen <= hour(moment) && !told.contains(id));
                prop_assert!(open.count() < FULL);
            }
        }
    }
}
