//! Reads every record of a store, and compares those that must agree.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::super::{IntegrityCheck, Record, StoreError, disk_space};
use super::card::Card;
use super::chunks::{Fault, Values, parts_after};
use super::key_codec::{self, Kind};
use super::open::{self, catch_sled_panics};
use super::read;
use super::rebuild::read_log;
use super::records::{Header, Retired, TopicRecord, read_story_head};
use super::sled_log::Damage;
use super::staged_cards::read_card;
use super::store_dir::StoreDir;

/// Checks a store that nobody has open. What it finds wrong, a repair rights.
pub(super) fn check(path: &Path, cache: u64) -> Result<IntegrityCheck, StoreError> {
    let store_dir = open::claim_existing(path)?;
    refuse_damage(&store_dir)?;
    let (db, header) = open::open_verified(&store_dir, cache)?;
    let mut check = IntegrityCheck {
        file_bytes: disk_space::used_by(&store_dir.engine()),
        ..IntegrityCheck::default()
    };
    // Topics that cannot be read are reported with their own records.
    let topics = catch_sled_panics(path, || read::topics(&db)).unwrap_or_default();
    let known: HashSet<u32> = topics.iter().map(|(_, topic)| topic.number).collect();
    let mut counts: BTreeMap<Kind, u64> = BTreeMap::new();
    for kind in Kind::ALL {
        let pairs = read::pairs(&db, &kind.prefix(), None);
        for pair in pairs {
            let (key, value) = catch_sled_panics(path, || pair)?;
            *counts.entry(kind).or_default() += 1;
            check.records += 1;
            check.live_bytes += (key.len() + value.len()) as u64;
            match catch_sled_panics(path, || judge(&db, kind, &key, &header)) {
                Ok(Sound { places }) => {
                    check.places +=
                        places.iter().filter(|topic| known.contains(topic)).count() as u64;
                }
                Err(error) => check.problem(&key, &error.to_string()),
            }
        }
    }
    let count = |kind| counts.get(&kind).copied().unwrap_or(0);
    check.stories = count(Kind::Story);
    check.retired = count(Kind::Retired);
    check.sources = count(Kind::SourceState);
    if header.stories != check.stories {
        check.problem(&key_codec::header(), "it states a wrong number of stories");
    }
    if header.retired != check.retired {
        check.problem(&key_codec::header(), "it states a wrong number of retired stories");
    }
    for (from, to) in key_codec::foreign_ranges() {
        let foreign =
            catch_sled_panics(path, || Ok(db.range(from..to).keys().next().transpose()?));
        if let Ok(Some(key)) = foreign {
            check.problem(&key, "records of this kind are unknown");
        }
    }
    Ok(check)
}

/// Refuses an engine whose files are damaged. sled would open some of them, and wipe
/// what follows the damage.
fn refuse_damage(store_dir: &StoreDir) -> Result<(), StoreError> {
    const MOST: usize = 5;
    let log = read_log(store_dir)?;
    let Damage { restored, losses } = log.damage();
    if log.damage().is_none() {
        return Ok(());
    }
    let mut what = format!(
        "its files are damaged: {restored} wrong bytes can be restored, and {} things are lost",
        losses.len()
    );
    for loss in losses.iter().take(MOST) {
        what += &format!("; lost: {loss}");
    }
    if let Some(more @ 1..) = losses.len().checked_sub(MOST) {
        what += &format!("; and {more} more");
    }
    Err(open::damaged(store_dir.path(), &format!("{what}; {}", open::REMEDY)))
}

/// A record with which nothing is wrong, and the topics it has places in.
#[derive(Default)]
struct Sound {
    places: Vec<u32>,
}

/// Reads one record, and compares it with those that must agree with it.
fn judge(tree: &sled::Tree, kind: Kind, key: &[u8], header: &Header) -> Result<Sound, Fault> {
    let payload = || -> Result<Vec<u8>, Fault> {
        tree.record(key)?.ok_or_else(|| Fault::malformed(key, "it is gone"))
    };
    let bad = |why| Fault::record(key, why);
    let wrong = |what| Err(Fault::malformed(key, what));
    match kind {
        Kind::Chunk => {
            let Some((of, number)) = key_codec::chunk_of(key) else {
                return wrong("it belongs to nothing");
            };
            if tree.value(of)?.is_none_or(|head| number >= parts_after(&head)) {
                return wrong("it belongs to nothing");
            }
        }
        Kind::Header => {
            Header::read(&payload()?).map_err(bad)?;
        }
        Kind::SourceState | Kind::Listed | Kind::Engine | Kind::Archived | Kind::Subscriber => {
            Record::read(kind, key, &payload()?).map_err(bad)?;
        }
        Kind::Topic => {
            let TopicRecord { number, .. } = TopicRecord::read(&payload()?).map_err(bad)?;
            if number >= header.next_topic {
                return wrong("the header does not know its number");
            }
        }
        Kind::Card => {
            let Card { places, .. } = Card::read(&payload()?).map_err(bad)?;
            let Some((first_seen, id)) = key_codec::card_of(key) else {
                return wrong("it names no story");
            };
            let story = tree.record(&key_codec::story(id))?;
            let head = story.as_deref().map(read_story_head).transpose().map_err(bad)?;
            if head.is_none_or(|(seen, _)| seen != first_seen) {
                return wrong("there is no such story, first seen then");
            }
            return Ok(Sound { places: places.into_iter().map(|(topic, _)| topic).collect() });
        }
        Kind::Story => {
            let record = Record::read(kind, key, &payload()?).map_err(bad)?;
            let Record::Story { story, .. } = record else { return wrong("it is not a story") };
            if read_card(tree, story.first_seen, story.id)?.is_none() {
                return wrong("its card is gone: it is found by no key and in no topic");
            }
        }
        Kind::Retired => {
            let Some(id) = key_codec::story_of(key) else { return wrong("it names no story") };
            Retired::read(&payload()?).map_err(bad)?;
            if tree.value(&key_codec::story(id))?.is_some() {
                return wrong("it is retired and not");
            }
        }
    }
    Ok(Sound::default())
}
