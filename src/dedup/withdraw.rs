//! Withdraws stories that no longer apply: tombstones, notices on pages, pages that are gone.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::address::canonical;
use super::key_hash::{guid_key, keys_of_page};
use super::rules::Rules;
use super::story_index::{file, stories_with, unkeyed};
use crate::model::{
    Admitted, Key, Lookalikes, Member, SourceId, Story, Timestamp, Withdrawal, WithdrawnBy,
};

/// A page that is gone counts once it has been gone twice, so far apart.
const SURE_AFTER: Duration = Duration::from_secs(12 * 3600);

/// For so many days a page is looked at once a day…
const DAYS: u64 = 7;

/// …and then once a week, until so many days after its entry came.
const LAST_DAY: u64 = 35;

/// For how long after its entry came a page is looked at again.
pub const CHECKED_FOR: Duration = Duration::from_secs((LAST_DAY + 1) * 24 * 3600);

/// Whether a page that was read is to be looked at again: a day began since its
/// source was last read, counted from when the entry came, so that not all
/// pages of a source are due at once. One that was gone is, as soon as that may be sure.
pub(super) fn is_to_be_checked(member: &Member, since: Timestamp, now: Timestamp) -> bool {
    if let (Some(missing), None) = (member.entry.missing, &member.withdrawn) {
        return now >= missing.after(SURE_AFTER);
    }
    let day = |at: Timestamp| match member.joined.apart(at).as_secs() / (24 * 3600) {
        _ if at < member.joined => 0,
        day if day <= DAYS => day,
        day => day.min(LAST_DAY) / 7 * 7,
    };
    day(now) > day(since)
}

/// The keys of the entries that a document says are deleted: what to load before [`withdraw()`].
pub fn tombstone_keys(source: &SourceId, deleted: &[(String, Option<Timestamp>)]) -> Vec<Key> {
    let keys = |(guid, _): &(String, Option<Timestamp>)| {
        let page = Url::parse(guid).ok().map(|url| keys_of_page(&url));
        std::iter::once(guid_key(source, guid)).chain(page.into_iter().flatten())
    };
    deleted.iter().flat_map(keys).collect()
}

/// Marks what a source's document says is deleted (RFC 6721). A source
/// withdraws only its own entries; a story is withdrawn when its lead is.
/// To be called after the document's entries were judged; the same tombstones
/// again change nothing.
pub fn withdraw(
    source: &SourceId,
    deleted: &[(String, Option<Timestamp>)],
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Vec<Admitted> {
    let mut withdrawn = Vec::new();
    for (guid, when) in deleted {
        let at = when.unwrap_or(now).min(now);
        let Some((before, member)) = stated_as(source, guid, known) else { continue };
        let told = &before.members[member];
        let published_since =
            matches!((told.entry.updated, when), (Some(updated), Some(when)) if updated > *when);
        if told.withdrawn.is_some() || published_since {
            continue;
        }
        let mut story = Story::clone(before);
        story.members[member].withdrawn = Some(Withdrawal {
            at,
            source: source.clone(),
            by: WithdrawnBy::Tombstone,
            reason: None,
        });
        follow_the_lead(&mut story, rules, now);
        story.changed = now;
        let admitted = unkeyed(story, before);
        file(&admitted, known);
        withdrawn.push(admitted);
    }
    withdrawn
}

/// The entry that the source stated under this ID.
fn stated_as<'a>(
    source: &SourceId,
    guid: &str,
    known: &'a Lookalikes,
) -> Option<(&'a Arc<Story>, usize)> {
    let page = Url::parse(guid).ok().map(|url| canonical(&url));
    tombstone_keys(source, &[(guid.to_owned(), None)])
        .iter()
        .flat_map(|key| stories_with(known, key))
        .filter_map(|id| known.stories.get(id))
        .filter(|story| story.stands())
        .find_map(|story| {
            let member = story.member_of(source, |entry| {
                // GOV.UK's ids change with every revision; what precedes `#` does not.
                entry.guid.as_deref() == Some(guid)
                    || (page.is_some() && entry.url.as_ref().map(canonical) == page)
            })?;
            Some((story, member))
        })
}

/// Takes over what a member's page says of itself, and whether it is there.
pub(super) fn heed_notice(story: &mut Story, member: usize, rules: &Rules<'_>, now: Timestamp) {
    let told = &mut story.members[member];
    let by = |by: WithdrawnBy, at: Timestamp| Withdrawal {
        at: at.min(now),
        source: told.entry.source.clone(),
        reason: match by {
            WithdrawnBy::Notice => told.entry.withdrawn_because.clone(),
            WithdrawnBy::Tombstone | WithdrawnBy::Missing => None,
        },
        by,
    };
    let withdrawn = match (&told.withdrawn, told.entry.withdrawn) {
        (_, Some(at)) => Some(by(WithdrawnBy::Notice, at)),
        (Some(known), None) => match known.by {
            WithdrawnBy::Notice => None,
            WithdrawnBy::Missing => told.entry.missing.map(|_| known.clone()),
            // Published again, later than it was deleted.
            WithdrawnBy::Tombstone => {
                let again = told.entry.updated.is_some_and(|updated| updated > known.at);
                (!again).then(|| known.clone())
            }
        },
        (None, None) => None,
    };
    told.withdrawn = withdrawn;
    follow_the_lead(story, rules, now);
}

/// Notes that a member's page was gone at `missing`; the second time proves it.
/// A page that was read since is not missing.
pub(super) fn note_missing(story: &mut Story, member: usize, missing: Option<Timestamp>) {
    let told = &mut story.members[member];
    let first = told.entry.missing;
    match (missing, first) {
        (Some(again), Some(first)) if again >= first.after(SURE_AFTER) => {
            let source = told.entry.source.clone();
            told.withdrawn.get_or_insert(Withdrawal {
                at: again,
                source,
                by: WithdrawnBy::Missing,
                reason: None,
            });
        }
        (Some(at), None) => Arc::make_mut(&mut told.entry).missing = Some(at),
        _ => {}
    }
}

/// A story is withdrawn when the member that leads it is; readers learn of it
/// as of a change.
pub(super) fn follow_the_lead(story: &mut Story, rules: &Rules<'_>, now: Timestamp) {
    let withdrawn = story.lead(rules.sources).withdrawn.clone();
    if withdrawn == story.withdrawn {
        return;
    }
    story.withdrawn = withdrawn;
    story.revised = now;
    story.updated = story.updated.max(now);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::{Entry, Evidence};

    #[test]
    fn a_page_is_looked_at_daily_for_a_week_and_weekly_for_a_month() {
        let hours = |hours: u64| Timestamp::EPOCH.after(Duration::from_secs(hours * 3600));
        let entry = Entry::of(SourceId::new("a"));
        let member = Member::new(entry, Evidence::Founded, hours(0));
        // A source that is read every two hours for a quarter of a year.
        let checked: Vec<u64> = (0..90 * 12)
            .filter(|poll| is_to_be_checked(&member, hours(poll * 2), hours(poll * 2 + 2)))
            .map(|poll| (poll * 2 + 2) / 24)
            .collect();
        assert_eq!(checked, [1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 35]);
    }

    #[test]
    fn a_page_that_was_gone_is_looked_at_as_soon_as_that_may_be_sure() {
        let hours = |hours: u64| Timestamp::EPOCH.after(Duration::from_secs(hours * 3600));
        let entry = Entry { missing: Some(hours(200)), ..Entry::of(SourceId::new("a")) };
        let member = Member::new(entry, Evidence::Founded, hours(0));
        assert!(!is_to_be_checked(&member, hours(209), hours(211)));
        assert!(is_to_be_checked(&member, hours(211), hours(212)));
    }
}
