//! A store of an earlier format in; the same in the present one, out.
//!
//! A step takes a store from one format to the next in slices: one batch each,
//! durable before the next begins. Where the next one begins stands in the
//! header, which goes in with the slice, so that whatever ends the process, the
//! next start goes on from there. From the first slice on the header states the
//! present format: an older program refuses the store instead of misreading it.

use std::fs::File;
use std::path::Path;

use serde::Deserialize;

use super::StoreError;
use super::apply::put_packed;
use super::chunks::{Fault, Stage, Values};
use super::home::unwritable;
use super::layout::{self, Kind};
use super::open::{damaged, fenced};
use super::records::{Behind, Header, Retired, StoryHead, read_former_head, write_passages};
use super::{codec, passages, room};
use crate::model::{Key, KeyKind};

/// The steps in order: the first is from format 1 to format 2.
const STEPS: [Step; 1] = [part_passages];

/// The layout of the records as this program writes it. Fields of a record
/// come and go without a new one; whoever changes anything else adds a step.
pub(super) const FORMAT: u32 = 1 + STEPS.len() as u32;

/// Records in a slice.
const SLICE: usize = 500;

/// Stages what becomes of so many records that come after a key. Returns the
/// last of them, or nothing when there are no more.
type Step = fn(&sled::Tree, &mut Stage<'_>, &[u8], usize) -> Result<Option<Vec<u8>>, Fault>;

/// Takes the store in `engine` to the present format. `path` names it to people.
pub(super) fn migrate(
    path: &Path,
    engine: &Path,
    db: &sled::Db,
    mut header: Header,
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
    while let Some(slice) = next_slice(path, engine, db, &mut header, SLICE)? {
        tracing::debug!(records = slice, "taken to the present format");
    }
    tracing::info!(event = "store_migrated", path = %path.display(), format = FORMAT, "the store is in the present format");
    Ok(header)
}

/// Takes one slice further, durably; the most records that it may have held, or
/// nothing where there is none left to take.
fn next_slice(
    path: &Path,
    engine: &Path,
    db: &sled::Db,
    header: &mut Header,
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
        header.behind = match step(db, &mut stage, &after, size)? {
            Some(after) => Some(Behind { format, after }),
            None if format + 1 < FORMAT => Some(Behind { format: format + 1, after: Vec::new() }),
            None => None,
        };
        header.format = FORMAT;
        put_packed(&mut stage, layout::header(), header)?;
        db.apply_batch(stage.into_batch())?;
        db.flush()?;
        let file = File::options().write(true).open(engine.join("db"));
        // What sled's own flush leaves out: see `writer`.
        file.and_then(|file| file.sync_data()).map_err(sled::Error::Io)?;
        Ok(Some(size))
    })
}

/// From format 1, in which passages were keys like others, to format 2, in
/// which a story's passages are a record a span of time and found by memory.
fn part_passages(
    tree: &sled::Tree,
    stage: &mut Stage<'_>,
    after: &[u8],
    size: usize,
) -> Result<Option<Vec<u8>>, Fault> {
    // The number was left as it was at first: such a header says from when on
    // passages are kept, and its store is in the new format but for the number.
    #[derive(Deserialize)]
    struct Stated {
        first_span: Option<u32>,
    }
    if let Some(payload) = tree.record(&layout::header())?
        && after.is_empty()
        && codec::unpack::<Stated>(&payload).is_ok_and(|stated| stated.first_span.is_some())
    {
        return Ok(None);
    }
    let found_by = layout::bearers(&Key { kind: KeyKind::Passage, hash: [0; 16] })[..2].to_vec();
    let ranges = [found_by, Kind::Retired.prefix().to_vec(), Kind::Story.prefix().to_vec()];
    let mut taken = 0;
    for prefix in ranges {
        let end = layout::end_of(&prefix);
        let mut from = after.to_vec();
        from.push(0);
        if from >= end {
            continue;
        }
        for key in tree.range(from.max(prefix)..end).keys() {
            let key = key?;
            match part(tree, stage, &key) {
                // It is as damaged in the one format as in the other, and is told by `check`.
                Err(unreadable @ Fault::Record { .. }) => {
                    tracing::warn!(error = %unreadable, "left as it is");
                }
                parted => parted?,
            }
            taken += 1;
            if taken == size {
                return Ok(Some(key.to_vec()));
            }
        }
    }
    Ok(None)
}

/// One record of format 1 as format 2 has it.
fn part(tree: &sled::Tree, stage: &mut Stage<'_>, key: &[u8]) -> Result<(), Fault> {
    let bad = |why| Fault::record(key, why);
    let Some(id) = layout::story_of(key) else { return stage.remove(key.into()) };
    let Some(payload) = tree.record(key)? else { return Ok(()) };
    if key.starts_with(&Kind::Retired.prefix()) {
        let mut retired = Retired::read(&payload).map_err(bad)?;
        // Evidence against a story that is gone proves nothing.
        retired.keys.retain(|key| key.kind != KeyKind::Passage);
        return stage.put(key.into(), &retired.write());
    }
    let (first_seen, keys, packed) = read_former_head(&payload).map_err(bad)?;
    let (mut borne, names): (Vec<Key>, Vec<Key>) =
        keys.into_iter().partition(|key| key.kind == KeyKind::Passage);
    borne.sort();
    let mut spans = Vec::new();
    for of_span in borne.chunk_by(|a, b| passages::span_of(a) == passages::span_of(b)) {
        let span = passages::span_of(&of_span[0]);
        spans.push(span);
        let mut passages = Vec::new();
        write_passages(first_seen, of_span, &mut passages);
        stage.put(layout::passages(span, id), &passages)?;
    }
    let mut story = Vec::new();
    StoryHead { first_seen, keys: names, spans }.write(&mut story);
    story.extend_from_slice(packed);
    stage.put(key.into(), &story)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::super::samples::{admitted, at, done, story};
    use super::super::{Commit, Store, check, open, read, repair};
    use super::*;
    use crate::model::Story;

    const CACHE: u64 = 4 << 20;

    /// The demonstration as a program of format 1 left it: its stories, some with
    /// passages, three of them retired. A record a line, key and value.
    const RECORDED: &str = include_str!("../../tests/stores/format-1.txt");

    fn recorded() -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        RECORDED.lines().map(|line| {
            let (key, value) = line.split_once(' ').unwrap();
            (STANDARD_NO_PAD.decode(key).unwrap(), STANDARD_NO_PAD.decode(value).unwrap())
        })
    }

    fn engine(home: &Path) -> sled::Db {
        super::super::open::open_unlocked(&sled::Config::new().path(home.join("sled"))).unwrap()
    }

    /// The recorded store in a directory.
    fn store() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let db = engine(dir.path());
        recorded().for_each(|(key, value)| drop(db.insert(key, value).unwrap()));
        db.flush().unwrap();
        std::fs::write(dir.path().join("lock"), "").unwrap();
        dir
    }

    fn state(db: &sled::Db, header: &Header) {
        let mut stage = Stage::new(db);
        put_packed(&mut stage, layout::header(), header).unwrap();
        db.apply_batch(stage.into_batch()).unwrap();
    }

    fn header(db: &sled::Db) -> Header {
        read::header(db).unwrap().unwrap()
    }

    fn contents(db: &sled::Db) -> Vec<(sled::IVec, sled::IVec)> {
        db.iter().map(Result::unwrap).collect()
    }

    #[test]
    fn a_store_of_format_1_opens_with_every_story_key_and_passage() {
        let dir = store();
        let db = engine(dir.path());
        let mut former = Vec::new();
        for key in db.scan_prefix(Kind::Story.prefix()).keys() {
            let payload = db.record(&key.unwrap()).unwrap().unwrap();
            let (_, keys, packed) = read_former_head(&payload).unwrap();
            former.push((codec::unpack::<Story>(packed).unwrap(), keys));
        }
        drop(db);
        assert_eq!(
            (former.len(), former.iter().filter(|(_, keys)| keys.len() > 30).count()),
            (46, 7)
        );

        let store = open(dir.path(), CACHE).unwrap();
        assert_eq!((store.count(), store.retired(None, 9).unwrap().len()), (Ok(46), 3));
        for (story, keys) in &former {
            assert_eq!(store.story(story.id).unwrap().as_ref(), Some(story));
            let found = store.lookalikes(keys).unwrap();
            assert!(keys.iter().all(|key| found.by_key[key].contains(&story.id)), "{}", story.id);
        }
        let news = vec![admitted(story(200, at(0), 9), &[])];
        done(store.commit(Commit { admitted: news, ..Commit::default() })).unwrap();
        drop(store);
        let survey = check(dir.path(), CACHE).unwrap();
        assert_eq!((survey.problems, survey.stories), (vec![], 47));
        let epoch = std::fs::read_to_string(dir.path().join("epoch")).unwrap();
        assert!(epoch.contains("format 2\n"), "{epoch}");
    }

    #[test]
    fn a_migration_that_ends_after_any_slice_goes_on_from_there_and_comes_to_the_same() {
        let at_once = store();
        drop(open(at_once.path(), CACHE).unwrap());
        let at_once = engine(at_once.path());
        for size in [1, 7, 100] {
            let dir = store();
            let (path, mut slices) = (dir.path(), 0);
            loop {
                let db = engine(path);
                let mut header = header(&db);
                assert!(slices == 0 || header.format == FORMAT, "older programs are kept away");
                let taken = next_slice(path, &path.join("sled"), &db, &mut header, size).unwrap();
                if taken.is_none() {
                    break;
                }
                slices += 1;
            }
            let records = recorded().filter(|(key, _)| key.starts_with(b"ix")).count() + 49;
            assert_eq!(slices, records / size + 1, "a batch holds no more than a slice");
            let db = engine(path);
            assert_eq!(contents(&db), contents(&at_once), "in slices of {size}");
        }
    }

    #[test]
    fn a_store_of_the_new_layout_under_the_old_number_gets_its_number_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path(), CACHE).unwrap());
        let db = engine(dir.path());
        let stated = Header { format: 1, ..header(&db) };
        state(&db, &stated);
        let before = contents(&db);
        drop(db);
        drop(open(dir.path(), CACHE).unwrap());
        let db = engine(dir.path());
        assert_eq!(header(&db).format, FORMAT);
        state(&db, &Header { format: 1, ..header(&db) });
        assert_eq!(contents(&db), before);
    }

    #[test]
    fn a_format_that_never_was_or_is_yet_to_come_is_refused_and_left_as_it_is() {
        for (format, behind, said, code) in [
            (0, None, "states format 0, which never was", 74),
            (FORMAT + 1, None, "was written by a later version", 78),
            (FORMAT, Some(FORMAT), "states format 2, which never was", 74),
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
        for repaired_at_once in [true, false] {
            let dir = store();
            let db = engine(dir.path());
            let [order, story] = [Kind::Order, Kind::Story]
                .map(|kind| db.scan_prefix(kind.prefix()).keys().next_back().unwrap().unwrap());
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
            assert_eq!(kept.format == 1, repaired_at_once, "what is kept is as it was");
        }
    }
}
