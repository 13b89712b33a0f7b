//! When a topic's stories were first seen in; the archived feeds they fill, out.
//!
//! An archived feed (RFC 5005 §4) may never gain or lose entries, so stories
//! are filed by `first_seen`, the one date of theirs that never changes. A
//! volume is a month's stories, or a hundred of them where a month has more;
//! it is closed once it is full or its month is over. What is in no closed
//! volume must be in the feed that readers subscribe to: then that feed and
//! the volumes together hold every story, and each volume holds it once.

use std::fmt;
use std::str::FromStr;

use chrono::Datelike;

use crate::model::{StoryId, Timestamp};

/// How many stories fill a volume.
const FULL: usize = 100;

/// Names an archived feed of a topic: `2026-04`, or `2026-04-2` for the second of its month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Volume {
    year: i32,
    month: u32,
    part: u32,
}

/// A topic's stories as volumes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volumes {
    /// Those that will not change, the oldest first.
    pub closed: Vec<(Volume, Vec<StoryId>)>,
    /// Stories that are in none of them: fewer than a hundred, the oldest first.
    pub open: Vec<StoryId>,
}

impl Volumes {
    /// Files the stories of a topic. `now` only closes months that are over.
    pub fn of(mut first_seen: Vec<(Timestamp, StoryId)>, now: Timestamp) -> Self {
        first_seen.sort_unstable();
        let current = month(now);
        let mut volumes = Self::default();
        for of_month in first_seen.chunk_by(|(a, _), (b, _)| month(*a) == month(*b)) {
            let (year, number) = month(of_month[0].0);
            for (part, stories) in (1..).zip(of_month.chunks(FULL)) {
                let ids = stories.iter().map(|(_, id)| *id).collect();
                if stories.len() == FULL || (year, number) < current {
                    volumes.closed.push((Volume { year, month: number, part }, ids));
                } else {
                    volumes.open.extend(ids);
                }
            }
        }
        volumes
    }

    /// The last closed volume, which the feed names as the one before itself.
    pub fn last(&self) -> Option<Volume> {
        self.closed.last().map(|(volume, _)| *volume)
    }

    /// A closed volume's stories, with the volumes before and after it.
    pub fn find(&self, volume: Volume) -> Option<(Option<Volume>, &[StoryId], Option<Volume>)> {
        let place = self.closed.binary_search_by_key(&volume, |(volume, _)| *volume).ok()?;
        let neighbour = |place: Option<usize>| Some(self.closed.get(place?)?.0);
        Some((
            neighbour(place.checked_sub(1)),
            &self.closed[place].1,
            neighbour(place.checked_add(1)),
        ))
    }
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
    use std::collections::BTreeSet;
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

    fn names(volumes: &Volumes) -> Vec<String> {
        volumes.closed.iter().map(|(volume, _)| volume.to_string()).collect()
    }

    #[test]
    fn a_month_closes_when_it_is_over_and_a_volume_when_it_is_full() {
        let march = (0..250)
            .map(|n| (at("2026-03-10T00:00:00Z").after(Duration::from_secs(n as u64)), id(n)));
        let april = (250..253).map(|n| (at("2026-04-01T00:00:00Z"), id(n)));
        let stories: Vec<_> = march.chain(april).collect();

        let during = Volumes::of(stories.clone(), at("2026-03-31T23:59:59Z"));
        assert_eq!(names(&during), ["2026-03", "2026-03-2"]);
        assert_eq!(during.open.len(), 53, "fifty of March, and April's");

        let after = Volumes::of(stories, at("2026-04-01T00:00:00Z"));
        assert_eq!(names(&after), ["2026-03", "2026-03-2", "2026-03-3"]);
        assert_eq!(after.open, [id(250), id(251), id(252)]);
        assert_eq!(after.closed[..2], during.closed[..], "closed volumes stay as they are");

        let (previous, stories, next) = after.find("2026-03-2".parse().unwrap()).unwrap();
        assert_eq!(previous, Some("2026-03".parse().unwrap()));
        assert_eq!(stories.len(), 100);
        assert_eq!(next, after.last());
        assert_eq!(after.find("2026-04".parse().unwrap()), None, "it is still being filled");
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
        fn every_story_is_filed_once_and_closed_volumes_never_change(
            hours in proptest::collection::vec(0_u64..5_000, 0..400),
            first in 0_u64..6_000,
            wait in 0_u64..2_000,
        ) {
            let start = at("2026-01-01T00:00:00Z");
            let hour = |hours: u64| start.after(Duration::from_secs(hours * 3600));
            let stories: Vec<_> = hours.iter().enumerate().map(|(n, h)| (hour(*h), id(n))).collect();
            let known = |now: Timestamp| {
                let known = stories.iter().filter(|(seen, _)| *seen <= now).copied();
                Volumes::of(known.collect(), now)
            };
            let (before, after) = (known(hour(first)), known(hour(first + wait)));
            let filed: Vec<_> = after.closed.iter().flat_map(|(_, ids)| ids).chain(&after.open).collect();
            prop_assert_eq!(filed.iter().collect::<BTreeSet<_>>().len(), filed.len());
            let seen = stories.iter().filter(|(seen, _)| *seen <= hour(first + wait)).count();
            prop_assert_eq!(filed.len(), seen);
            prop_assert!(after.open.len() < FULL);
            prop_assert_eq!(&after.closed[..before.closed.len()], &before.closed[..]);
        }
    }
}
