//! A store of an earlier format in; the same in the present one, out.
//!
//! A step takes a store from one format to the next in slices: one batch each,
//! durable before the next begins. Where the next one begins stands in the
//! header, which goes in with the slice, so that whatever ends the process, the
//! next start goes on from there. From the first slice on the header states the
//! present format: an older program refuses the store instead of misreading it.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use super::StoreError;
use super::apply::put_packed;
use super::chunks::{Fault, Stage};
use super::home::unwritable;
use super::layout;
use super::open::{damaged, fenced};
use super::records::{Behind, Header};
use super::room;
use super::sequences::Sequences;

mod former;

mod gather;

mod part;

/// The steps in order: the first is from format 1 to format 2.
const STEPS: [Step; 2] = [part::passages, gather::keys];

/// The layout of the records as this program writes it. Fields of a record
/// come and go without a new one; whoever changes anything else adds a step.
pub(super) const FORMAT: u32 = 1 + STEPS.len() as u32;

/// Records in a slice.
const SLICE: usize = 500;

/// Stages what becomes of so many records that come after a key. Returns the
/// last of them, or nothing when there are no more.
type Step = fn(&mut Stage<'_>, &mut Header, After<'_>, usize) -> Result<Option<Vec<u8>>, Fault>;

/// The key that was taken last.
type After<'k> = &'k [u8];

/// What becomes of journals of a migration begun before that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damaged {
    /// They are told of, and end it.
    Told,
    /// They are left out: all that derives from others is to be made anew.
    LeftOut,
}

/// Takes the store in `engine` to the present format. `path` names it to people.
pub(super) fn migrate(
    path: &Path,
    engine: &Path,
    db: &sled::Db,
    mut header: Header,
    journals: Damaged,
) -> Result<Header, StoreError> {
    let first = header.behind.as_ref().map_or(header.format, |behind| behind.format);
    if first == 0 || first > FORMAT || (first == FORMAT && header.behind.is_some()) {
        return Err(damaged(path, &format!("it states format {first}, which never was")));
    }
    if first == FORMAT {
        return Ok(header);
    }
    tracing::warn!(
        event = "store_migrating",
        path = %path.display(),
        from = first,
        to = FORMAT,
        "taking the store of {} stories to the present format; an older version cannot open it then",
        header.stories
    );
    let mut sequences = match fenced(path, || Sequences::open(db, &header.journals)) {
        Err(_) if journals == Damaged::LeftOut => Sequences::after(&header.journals),
        opened => opened?,
    };
    let (mut taken, mut told) = (0, Instant::now());
    while let Some(slice) = next_slice(path, engine, db, (&mut header, &mut sequences), SLICE)? {
        taken += slice;
        if told.elapsed() >= TOLD_EVERY {
            told = Instant::now();
            tracing::info!(
                event = "store_migrating",
                records = taken,
                "taking the store to the present format: some {taken} records so far"
            );
        }
    }
    tracing::info!(event = "store_migrated", path = %path.display(), format = FORMAT, "the store is in the present format");
    Ok(header)
}

/// A long migration says this often how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// Takes one slice further, durably; the most records that it may have held, or
/// nothing where there is none left to take.
fn next_slice(
    path: &Path,
    engine: &Path,
    db: &sled::Db,
    (header, sequences): (&mut Header, &mut Sequences),
    size: usize,
) -> Result<Option<usize>, StoreError> {
    let begun = Behind { format: header.format, after: Vec::new() };
    let Behind { format, after } = match header.behind.take() {
        Some(behind) => behind,
        None if header.format < FORMAT => begun,
        None => return Ok(None),
    };
    let (free, _) = room::of_disk(path).map_err(|error| unwritable(path, &error))?;
    if free < room::TO_OPEN {
        let path = path.display().to_string();
        return Err(StoreError::Full { path, free, needed: room::TO_OPEN });
    }
    let step = STEPS[format as usize - 1];
    fenced(path, || {
        let mut stage = Stage::new(db);
        header.behind = match step(&mut stage, header, &after, size)? {
            Some(after) => Some(Behind { format, after }),
            None if format + 1 < FORMAT => Some(Behind { format: format + 1, after: Vec::new() }),
            None => None,
        };
        header.format = FORMAT;
        let rows = std::mem::take(&mut stage.rows);
        let settled = sequences.stage(&mut stage, rows, false, |_| Ok(true))?;
        header.journals = sequences.journals_after(&settled);
        put_packed(&mut stage, layout::header(), header)?;
        db.apply_batch(stage.into_batch()?)?;
        db.flush()?;
        let file = File::options().write(true).open(engine.join("db"));
        // What sled's own flush leaves out: see `writer`.
        file.and_then(|file| file.sync_data()).map_err(sled::Error::Io)?;
        sequences.take(settled);
        Ok(Some(size))
    })
}

/// Takes up to `size` keys that come after one, in ranges that are in order, and makes of each
/// what `step` does. Returns the last of them, or nothing when there are no more.
fn slice(
    stage: &mut Stage<'_>,
    ranges: &[Vec<u8>],
    after: After<'_>,
    size: usize,
    mut step: impl FnMut(&mut Stage<'_>, &[u8]) -> Result<(), Fault>,
) -> Result<Option<Vec<u8>>, Fault> {
    let mut taken = 0;
    for prefix in ranges {
        let end = layout::end_of(prefix);
        let mut from = after.to_vec();
        from.push(0);
        if from >= end {
            continue;
        }
        for key in stage.tree().range(from.max(prefix.clone())..end).keys() {
            let key = key?;
            match step(stage, &key) {
                // It is as damaged in the one format as in the other, and is told by `check`.
                Err(unreadable @ Fault::Record { .. }) => {
                    tracing::warn!(error = %unreadable, "left as it is");
                }
                taken => taken?,
            }
            taken += 1;
            if taken == size {
                return Ok(Some(key.to_vec()));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::super::chunks::Values;
    use super::super::layout::Kind;
    use super::super::records::TopicPlaces;
    use super::super::samples::{admitted, at, done, story};
    use super::super::{Commit, Place, Store, check, codec, open, read, repair};
    use super::*;
    use crate::model::{Fingerprint, Key, Story};

    const CACHE: u64 = 4 << 20;

    /// The demonstration as programs of former formats left it: its stories, some with
    /// passages, three of them retired. A record a line, key and value.
    const RECORDED: [&str; 2] = [
        include_str!("../../tests/stores/format-1.txt"),
        include_str!("../../tests/stores/format-2.txt"),
    ];

    fn recorded(format: usize) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        RECORDED[format - 1].lines().map(|line| {
            let (key, value) = line.split_once(' ').unwrap();
            (STANDARD_NO_PAD.decode(key).unwrap(), STANDARD_NO_PAD.decode(value).unwrap())
        })
    }

    fn engine(home: &Path) -> sled::Db {
        super::super::open::open_unlocked(&sled::Config::new().path(home.join("sled"))).unwrap()
    }

    /// The recorded store of a format in a directory.
    fn store(format: usize) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let db = engine(dir.path());
        recorded(format).for_each(|(key, value)| drop(db.insert(key, value).unwrap()));
        db.flush().unwrap();
        std::fs::write(dir.path().join("lock"), "").unwrap();
        dir
    }

    fn state(db: &sled::Db, header: &Header) {
        let mut stage = Stage::new(db);
        put_packed(&mut stage, layout::header(), header).unwrap();
        db.apply_batch(stage.into_batch().unwrap()).unwrap();
    }

    fn header(db: &sled::Db) -> Header {
        read::header(db).unwrap().unwrap()
    }

    fn contents(db: &sled::Db) -> Vec<(sled::IVec, sled::IVec)> {
        db.iter().map(Result::unwrap).collect()
    }

    /// Every record and every place that a store tells of.
    fn told(store: &dyn Store) -> String {
        let records: Vec<_> = store.records().map(Result::unwrap).collect();
        let topics = store.filled().unwrap();
        let places = topics.iter().map(|topic| store.places(*topic, None, 1000).unwrap());
        format!("{records:?} {topics:?} {:?}", places.collect::<Vec<_>>())
    }

    /// The places that stood one by one in a former format, by topic, as they are read.
    fn former_places(db: &sled::Db) -> BTreeMap<Fingerprint, Vec<Place>> {
        let topics = read::topics(db).unwrap().into_iter();
        let places = topics.map(|(topic, TopicPlaces { generation, .. })| {
            let prefix = [former::PLACE, &generation.to_be_bytes()].concat();
            let places = db.scan_prefix(prefix).keys().map(|key| {
                let key = key.unwrap();
                layout::place_of(key[5..].try_into().unwrap())
            });
            (topic, places.collect())
        });
        places.collect()
    }

    #[test]
    fn a_store_of_a_former_format_opens_with_every_story_key_passage_and_place() {
        for format in [1, 2] {
            let dir = store(format);
            let db = engine(dir.path());
            let mut former: Vec<(Story, Vec<Key>)> = Vec::new();
            for key in db.scan_prefix(Kind::Story.prefix()).keys() {
                let key = key.unwrap();
                let payload = db.record(&key).unwrap().unwrap();
                let (keys, packed) = if format == 1 {
                    let (_, keys, packed) = former::story_of_format_1(&payload).unwrap();
                    (keys, packed)
                } else {
                    let (head, packed) = former::Head::read(&payload).unwrap();
                    let mut keys = head.keys;
                    for span in head.spans {
                        let id = layout::story_of(&key).unwrap();
                        let at = former::passages_key(span, id);
                        let passages = db.record(&at).unwrap().unwrap();
                        keys.extend(former::passages(span, &passages).unwrap());
                    }
                    (keys, packed)
                };
                former.push((codec::unpack(packed).unwrap(), keys));
            }
            let places = former_places(&db);
            drop(db);
            let long = former.iter().filter(|(_, keys)| keys.len() > 30).count();
            assert_eq!((former.len(), long), (46, 7));
            assert_eq!(places.values().map(Vec::len).sum::<usize>(), 110);

            let store = open(dir.path(), CACHE).unwrap();
            assert_eq!((store.count(), store.retired(None, 9).unwrap().len()), (Ok(46), 3));
            for (story, keys) in &former {
                assert_eq!(store.story(story.id).unwrap().as_ref(), Some(story));
                let found = store.lookalikes(keys).unwrap();
                assert!(keys.iter().all(|key| found.by_key[key].contains(&story.id)));
            }
            for (topic, places) in places {
                assert_eq!(store.places(topic, None, 1000).unwrap(), places);
            }
            former.sort_by_key(|(story, _)| (story.first_seen, story.id));
            let in_order: Vec<Story> = former.into_iter().map(|(story, _)| story).collect();
            assert_eq!(store.stories(None, 1000).unwrap(), in_order);
            let news = vec![admitted(story(200, at(0), 9), &[])];
            done(store.commit(Commit { admitted: news, ..Commit::default() })).unwrap();
            drop(store);
            let survey = check(dir.path(), CACHE).unwrap();
            assert_eq!((survey.problems, survey.stories, survey.places), (vec![], 47, 110));
            let epoch = std::fs::read_to_string(dir.path().join("epoch")).unwrap();
            assert!(epoch.contains("format 3\n"), "{epoch}");
        }
    }

    #[test]
    fn a_migration_that_ends_after_any_slice_goes_on_from_there_and_comes_to_the_same() {
        let at_once = store(1);
        let at_once = told(&open(at_once.path(), CACHE).unwrap());
        for size in [1, 7, 100] {
            let dir = store(1);
            let (path, mut slices) = (dir.path(), 0);
            loop {
                let db = engine(path);
                let mut header = header(&db);
                let mut sequences = Sequences::open(&db, &header.journals).unwrap();
                assert!(slices == 0 || header.format == FORMAT, "older programs are kept away");
                let standing = (&mut header, &mut sequences);
                if next_slice(path, &path.join("sled"), &db, standing, size).unwrap().is_none() {
                    break;
                }
                slices += 1;
            }
            let parted = recorded(1).filter(|(key, _)| key.starts_with(b"ix")).count() + 49;
            let gathered = |(key, _): &(Vec<u8>, Vec<u8>)| b"ioprsx".contains(&key[0]);
            let gathered = recorded(2).filter(gathered).count();
            let wanted = parted / size + 1 + gathered / size + 1;
            assert_eq!(slices, wanted, "a batch holds no more than a slice");
            assert_eq!(told(&open(path, CACHE).unwrap()), at_once, "in slices of {size}");
            assert_eq!(check(path, CACHE).unwrap().problems, [""; 0], "in slices of {size}");
        }
    }

    #[test]
    fn a_story_whose_passages_cannot_be_read_goes_without_them_and_a_lost_header_loses_no_story() {
        for (broken, losses) in [(former::PASSAGES, 0), (&Kind::Header.prefix(), 1)] {
            let dir = store(2);
            std::fs::write(dir.path().join("epoch"), "store\nformat 2\ncommits 1\n").unwrap();
            let db = engine(dir.path());
            let some = db.scan_prefix(broken).keys().next().unwrap().unwrap();
            db.insert(some, b"nonsense that is no record").unwrap();
            drop(db);
            let repaired = repair(dir.path(), CACHE).unwrap();
            assert_eq!((repaired.stories, repaired.losses.len()), (46, losses), "{repaired:?}");
            assert_eq!(check(dir.path(), CACHE).unwrap().problems, [""; 0]);
        }
    }

    #[test]
    fn a_store_of_the_second_layout_under_the_first_number_is_taken_for_what_it_is() {
        let [misnamed, named] = [store(2), store(2)];
        let db = engine(misnamed.path());
        state(&db, &Header { format: 1, ..header(&db) });
        drop(db);
        let [misnamed, named] =
            [misnamed, named].map(|dir| told(&open(dir.path(), CACHE).unwrap()));
        assert_eq!(misnamed, named);
    }

    #[test]
    fn a_format_that_never_was_or_is_yet_to_come_is_refused_and_left_as_it_is() {
        for (format, behind, said, code) in [
            (0, None, "states format 0, which never was", 74),
            (FORMAT + 1, None, "was written by a later version", 78),
            (FORMAT, Some(FORMAT), "states format 3, which never was", 74),
            (FORMAT, Some(0), "states format 0, which never was", 74),
        ] {
            let dir = tempfile::tempdir().unwrap();
            drop(open(dir.path(), CACHE).unwrap());
            let db = engine(dir.path());
            let behind = behind.map(|format| Behind { format, after: Vec::new() });
            state(&db, &Header { format, behind, ..header(&db) });
            let before = contents(&db);
            drop(db);
            let refused = open(dir.path(), CACHE).unwrap_err();
            assert!(refused.to_string().contains(said), "{refused}");
            assert_eq!(refused.exit_code(), code);
            assert_eq!(contents(&engine(dir.path())), before);
        }
    }

    #[test]
    fn what_is_damaged_in_an_older_format_is_told_and_repaired_as_in_the_present_one() {
        for (format, repaired_at_once) in [(1, true), (1, false), (2, true), (2, false)] {
            let dir = store(format);
            let db = engine(dir.path());
            let [order, story] = [former::ORDER, &Kind::Story.prefix()]
                .map(|kind| db.scan_prefix(kind).keys().next_back().unwrap().unwrap());
            db.remove(order).unwrap();
            db.insert(story, b"nonsense that is no record").unwrap();
            drop(db);
            if !repaired_at_once {
                let survey = check(dir.path(), CACHE).unwrap();
                assert!(survey.problem_count > 1, "{:?}", survey.problems);
            }
            let repaired = repair(dir.path(), CACHE).unwrap();
            assert_eq!((repaired.stories, repaired.losses.len()), (45, 1), "{:?}", repaired.losses);
            assert_eq!(check(dir.path(), CACHE).unwrap().problems, [""; 0]);
            let kept = sled::Config::new().path(&repaired.kept);
            let kept = header(&super::super::open::open_unlocked(&kept).unwrap());
            let is_as_it_was = kept.format as usize == format;
            assert_eq!(is_as_it_was, repaired_at_once, "what is kept is as it was");
        }
    }
}
