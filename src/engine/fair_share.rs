//! Shares the room of a feed between the sources that bring news to it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::model::{SourceId, StoryId, Timestamp};
use crate::store::StoreError;

/// News keeps its place for so long against a source that brings very much.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Since when stories are news that keeps its place.
pub(super) fn since(now: Timestamp) -> Timestamp {
    now.before(DAY)
}

/// The stories that keep their place where `most` have room: the newest. But of the last day's news each
/// source keeps its newest before another keeps more. `lead` says which source leads a story.
pub(super) fn keep(
    stories: impl IntoIterator<Item = (Timestamp, StoryId)>,
    most: usize,
    now: Timestamp,
    lead: impl Fn(StoryId) -> Result<Option<SourceId>, StoreError>,
) -> Result<BTreeSet<StoryId>, StoreError> {
    let mut stories: Vec<_> = stories.into_iter().collect();
    stories.sort_unstable_by(|one, other| other.cmp(one));
    let news = stories.partition_point(|(date, _)| *date >= since(now));
    // Without a shortage nobody need know who leads.
    if news > most {
        stories.truncate(news);
        let mut counts: HashMap<Option<SourceId>, usize> = HashMap::new();
        let mut ranked = Vec::with_capacity(news);
        for story in stories {
            let count = counts.entry(lead(story.1)?).or_default();
            ranked.push((*count, story));
            *count += 1;
        }
        // Stable: of those that are the same to their sources, the newest come first.
        ranked.sort_by_key(|(rank, _)| *rank);
        stories = ranked.into_iter().map(|(_, story)| story).collect();
    }
    Ok(stories.into_iter().take(most).map(|(_, story)| story).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_source_stays_and_no_source_takes_all_the_room() {
        let now = Timestamp::from_secs(1_743_600_000);
        let hours = |hours: u32| now.before(Duration::from_secs(3600) * hours);
        let story = |number: u8| StoryId::from_bytes([number; 16]);
        // Story 0 is of `b`, 1 of `c`, the others of `a`.
        let lead = |id: StoryId| {
            let source = ["b", "c"].get(usize::from(id.as_bytes()[0])).unwrap_or(&"a");
            Ok(Some(SourceId::new(*source)))
        };
        for (ages, most, kept) in [
            ([5, 6, 1, 2, 3, 4], 4, [0, 1, 2, 3]),
            ([1, 2, 3, 4, 5, 6], 4, [0, 1, 2, 3]),
            // What is older than a day gives way.
            ([5, 30, 1, 2, 3, 4], 4, [0, 2, 3, 4]),
            ([30, 40, 1, 2, 3, 4], 4, [2, 3, 4, 5]),
            ([30, 40, 1, 50, 60, 70], 4, [0, 1, 2, 3]),
        ] {
            let stories = ages.iter().zip(0..).map(|(age, number)| (hours(*age), story(number)));
            let all = keep(stories, most, now, lead);
            assert_eq!(all, Ok(kept.map(story).into()), "{ages:?}");
        }
    }
}
