//! Tombstones, notices and missing pages in; stories that no longer apply out.

use std::time::Duration;

use url::Url;

use super::address::canonical;
use super::candidate::{address_keys, guid_key};
use super::judge::{Rules, bearers, file};
use super::revise::unkeyed;
use crate::model::{
    Admitted, Key, Lookalikes, SourceId, Story, Timestamp, Withdrawal, WithdrawnBy,
};

/// A page that is gone counts once it has been gone twice, so far apart.
const SURE_AFTER: Duration = Duration::from_secs(12 * 3600);

/// The keys of the entries that a document says are deleted: what to load before [`withdraw()`].
pub fn tombstone_keys(source: &SourceId, deleted: &[(String, Option<Timestamp>)]) -> Vec<Key> {
    let keys = |(guid, _): &(String, Option<Timestamp>)| {
        let page = Url::parse(guid).ok().map(|url| address_keys(&canonical(&url)));
        std::iter::once(guid_key(source, guid)).chain(page.into_iter().flatten())
    };
    deleted.iter().flat_map(keys).collect()
}

/// Marks what a source's document says is deleted (RFC 6721). A source
/// withdraws only what it told itself; a story is withdrawn when its lead is.
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
        let Some((before, member)) = told_as(source, guid, known) else { continue };
        let told = &before.members[member];
        let published_since =
            matches!((told.entry.updated, when), (Some(updated), Some(when)) if updated > *when);
        if told.withdrawn.is_some() || published_since {
            continue;
        }
        let mut story = before.clone();
        story.members[member].withdrawn =
            Some(Withdrawal { at, source: source.clone(), by: WithdrawnBy::Tombstone });
        follow_the_lead(&mut story, rules, now);
        story.changed = now;
        let admitted = unkeyed(story, before);
        file(&admitted, known);
        withdrawn.push(admitted);
    }
    withdrawn
}

/// The entry that the source told under this id.
fn told_as<'a>(source: &SourceId, guid: &str, known: &'a Lookalikes) -> Option<(&'a Story, usize)> {
    let page = Url::parse(guid).ok().map(|url| canonical(&url));
    tombstone_keys(source, &[(guid.to_owned(), None)])
        .iter()
        .flat_map(|key| bearers(known, key))
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

/// Notes that a member's page was gone at `missing`; the second time tells.
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
            });
        }
        (Some(at), None) => told.entry.missing = Some(at),
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
