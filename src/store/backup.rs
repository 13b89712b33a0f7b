//! Backups: a store as one compressed and checked file, and back.
//!
//! A backup is a zstd stream of a line that says what it is, then records,
//! each with its length before it, then a zero, their number, and a BLAKE3
//! hash of all before. It holds what cannot be derived, so that any version
//! and any engine can restore it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::{EngineRecord, StoryId};

use super::files::{PRIVATE, Replacement};
use super::{BACKEND, Record, Store, StoreError};

/// The first line. A later format has another number.
const TITLE: &[u8] = b"gazetted backup 1\n";

/// No record is longer; a length beyond is nonsense.
const LONGEST: u64 = 256 << 20;

const LEVEL: i32 = 6;

/// Places in one record.
const PLACES: usize = 100;

/// The number of records in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contents {
    /// Records of all kinds.
    pub records: u64,
    /// Stories among them.
    pub stories: u64,
    /// Sources whose state is among them.
    pub sources: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Where the store is kept that was there before a restore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_store: Option<PathBuf>,
}

impl Contents {
    fn count(&mut self, record: &Record) {
        self.records += 1;
        match record {
            Record::Story { .. } => self.stories += 1,
            Record::SourceState { .. } => self.sources += 1,
            _ => {}
        }
    }
}

/// Writes a backup while the store is in use, reads it again to be sure, and
/// only then gives it its name.
///
/// Commits go on meanwhile. What one of them brings is in the backup or not,
/// but never without what it rests on: restored, a source is at worst read
/// once more.
///
/// # Errors
/// The store cannot be read, or the file not be written. A file that had the
/// name stays as it was.
pub fn backup(store: &dyn Store, file: &Path) -> Result<Contents, StoreError> {
    backup_while(store, file, &|| true)
}

/// The same as [`backup`], but given up once `go_on` says no.
pub(super) fn backup_while(
    store: &dyn Store,
    file: &Path,
    go_on: &dyn Fn() -> bool,
) -> Result<Contents, StoreError> {
    let failed = |error: io::Error| unusable(file, &error);
    let wanted = || if go_on() { Ok(()) } else { Err(unusable(file, "it was given up")) };
    let replacement = Replacement::begin(file, PRIVATE).map_err(failed)?;
    let written = write(store, file, replacement.file(), &wanted)?;
    let read = read(replacement.partial(), |_| wanted())?;
    if read.records != written.records {
        return Err(unusable(file, "it does not hold what was written"));
    }
    replacement.finish().map_err(failed)?;
    Ok(read)
}

/// Reads a backup to its end.
///
/// # Errors
/// It is not one, of a later format, cut short, or altered.
pub fn verify_backup(file: &Path) -> Result<Contents, StoreError> {
    read(file, |_| Ok(()))
}

/// Makes a store of a backup in a directory, in the place of one that is
/// damaged or missing, which is kept beside it. The place of a store that opens and holds stories
/// is only taken if `replace` says so.
///
/// # Errors
/// The backup is not whole, the store is in use, or it is in good order and
/// not to be replaced. Then all stays as it was.
pub fn restore(
    file: &Path,
    path: &Path,
    cache: u64,
    replace: bool,
) -> Result<Contents, StoreError> {
    if !replace {
        refuse_in_use(file, path, cache)?;
    }
    let mut contents = Contents::default();
    let mut stories: HashSet<StoryId> = HashSet::new();
    let kept = BACKEND.replace(path, cache, &mut |add| {
        contents = read(file, |record| match &record {
            Record::Story { story, .. } if !stories.insert(story.id) => {
                Err(unusable(file, "it holds a story twice"))
            }
            _ => add(record),
        })?;
        Ok(())
    })?;
    Ok(Contents { former_store: kept, ..contents })
}

/// Refuses to take the place of a store that opens and holds stories.
fn refuse_in_use(file: &Path, path: &Path, cache: u64) -> Result<(), StoreError> {
    let stories = match BACKEND.open_existing(path, cache) {
        Ok(store) => {
            let stories = store.count()?;
            store.close()?;
            stories
        }
        Err(error @ StoreError::InUse(_)) => return Err(error),
        Err(_) => 0,
    };
    if stories == 0 {
        return Ok(());
    }
    let (path, file) = (path.display().to_string(), file.display().to_string());
    Err(StoreError::InTheWay { path, stories, file })
}

/// Writes the records; `file` is the name for errors.
fn write(
    store: &dyn Store,
    file: &Path,
    out: &File,
    wanted: &dyn Fn() -> Result<(), StoreError>,
) -> Result<Contents, StoreError> {
    let failed = |error: io::Error| unusable(file, &error);
    let out = BufWriter::new(out);
    let zstd = zstd::stream::Encoder::new(out, LEVEL).map_err(failed)?;
    let mut out = Hashing { inner: zstd, hash: blake3::Hasher::new() };
    out.write_all(TITLE).map_err(failed)?;
    let (mut contents, mut is_of_cluster) = (Contents::default(), false);
    let mut put = |record: Record| {
        wanted()?;
        contents.count(&record);
        let bytes = rmp_serde::to_vec_named(&record).map_err(|error| unusable(file, error))?;
        out.write_all(&(bytes.len() as u64).to_le_bytes()).map_err(failed)?;
        out.write_all(&bytes).map_err(failed)
    };
    for record in store.records() {
        let record = record?;
        is_of_cluster |= matches!(&record, Record::Engine { record: EngineRecord::Applied(_) });
        put(record)?;
    }
    if is_of_cluster {
        write_places(store, &mut put)?;
    }
    out.write_all(&0u64.to_le_bytes()).map_err(failed)?;
    out.write_all(&contents.records.to_le_bytes()).map_err(failed)?;
    let Hashing { inner: mut zstd, hash } = out;
    zstd.write_all(hash.finalize().as_bytes()).map_err(failed)?;
    let out = zstd.finish().map_err(failed)?;
    out.into_inner().map_err(|error| failed(error.into_error()))?;
    Ok(contents)
}

/// Writes the places of all topics that are complete.
fn write_places(
    store: &dyn Store,
    put: &mut dyn FnMut(Record) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let topics = store.filled()?;
    for topic in topics.iter().copied() {
        for places in store.places(topic, None, usize::MAX)?.chunks(PLACES) {
            put(Record::Places { topic, places: places.to_vec() })?;
        }
    }
    put(Record::Filled { topics })
}

/// Hands every record of a backup to `take`. Only when this returns well are
/// they known to be all, and as they were.
fn read(
    file: &Path,
    mut take: impl FnMut(Record) -> Result<(), StoreError>,
) -> Result<Contents, StoreError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            unusable(file, "there is no such file; `gazetted check --store` names the last backup")
        }
        _ => unusable(file, &error),
    };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => unusable(file, CUT),
        _ => unusable(file, format!("it is damaged: {error}")),
    };
    let opened = File::open(file).map_err(unreadable)?;
    let bytes = opened.metadata().map_err(unreadable)?.len();
    let mut opened = BufReader::new(opened);
    let start = opened.fill_buf().map_err(unreadable)?;
    if !is_backup(start) {
        return Err(unusable(file, "it is not a backup of gazetted"));
    }
    // Of one frame: what follows it is looked at apart.
    let zstd = zstd::stream::Decoder::with_buffer(opened).map_err(unreadable)?.single_frame();
    let mut input = Hashing { inner: zstd, hash: blake3::Hasher::new() };
    read_title(&mut input).map_err(|why| unusable(file, why))?;
    let mut contents = Contents { bytes, ..Contents::default() };
    loop {
        let length = read_number(&mut input).map_err(failed)?;
        if length == 0 {
            break;
        }
        let record = read_record(&mut input, length).map_err(failed)?;
        contents.count(&record);
        take(record)?;
    }
    let stated = read_number(&mut input).map_err(failed)?;
    let Hashing { inner: mut zstd, hash } = input;
    let mut hashed = [0; blake3::OUT_LEN];
    zstd.read_exact(&mut hashed).map_err(failed)?;
    if stated != contents.records || hash.finalize() != hashed {
        return Err(unusable(file, "its checksum is wrong"));
    }
    // Reading on finds that the frame itself is complete.
    let inside = zstd.read(&mut [0]).map_err(failed)?;
    let behind = zstd.finish().fill_buf().map_err(unreadable)?.len();
    if inside + behind > 0 {
        return Err(unusable(file, "bytes follow its end that do not belong to a backup"));
    }
    Ok(contents)
}

const CUT: &str = "it is cut short";

/// Whether a file that begins with these bytes looks like a backup, as far as they go.
pub fn is_backup(start: &[u8]) -> bool {
    start.iter().zip(MAGIC).all(|(byte, magic)| byte == magic)
}

/// The first bytes of every zstd stream.
const MAGIC: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

/// Reads the first line, or says why there is none that this version can read.
fn read_title(input: &mut impl Read) -> Result<(), &'static str> {
    let mut title = Vec::new();
    let read = input.take(TITLE.len() as u64).read_to_end(&mut title);
    match read {
        Ok(_) if title == TITLE => Ok(()),
        Ok(_) if title.len() == TITLE.len() && title.starts_with(b"gazetted backup ") => {
            Err("a later version of gazetted wrote it; restore it with that one")
        }
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && TITLE.starts_with(&title) => {
            Err(CUT)
        }
        _ => Err("it is not a backup of gazetted"),
    }
}

fn read_number(input: &mut impl Read) -> io::Result<u64> {
    let mut number = [0; 8];
    input.read_exact(&mut number)?;
    Ok(u64::from_le_bytes(number))
}

fn read_record(input: &mut impl Read, length: u64) -> io::Result<Record> {
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    if length > LONGEST {
        return Err(invalid("it holds nonsense".to_owned()));
    }
    let mut bytes = Vec::new();
    // Grows with what is there, not with what is promised.
    if input.take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    rmp_serde::from_slice(&bytes).map_err(|error| invalid(format!("it holds nonsense: {error}")))
}

/// Hashes all that passes.
struct Hashing<Inner> {
    inner: Inner,
    hash: blake3::Hasher,
}

impl<Inner: Write> Write for Hashing<Inner> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<Inner: Read> Read for Hashing<Inner> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}

fn unusable(file: &Path, what: impl ToString) -> StoreError {
    StoreError::Backup { file: file.display().to_string(), what: what.to_string() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::samples::{
        admitted, any_commit, at, done, everything, id, key, kinds, story,
    };
    use super::super::{Commit, InMemory};
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    const CACHE: u64 = 4 << 20;

    fn records(store: &dyn Store) -> Vec<Record> {
        store.records().collect::<Result<_, _>>().unwrap()
    }

    fn some_store() -> InMemory {
        let store = InMemory::new();
        let keys = kinds().map(|kind| key(kind, 1));
        let stories = (0..30).map(|n| admitted(story(n, at(n.into()), 1000), &keys)).collect();
        done(store.commit(Commit { admitted: stories, ..Commit::default() })).unwrap();
        done(store.commit(Commit { retired: vec![(id(3), at(90))], ..Commit::default() })).unwrap();
        store
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        #[test]
        fn a_restored_store_holds_what_was_backed_up(
            commits in prop::collection::vec(any_commit(), 0..8)
        ) {
            let dir = tempfile::tempdir().unwrap();
            let [file, store_dir] = [dir.path().join("backup"), dir.path().join("store")];
            let store = InMemory::new();
            for commit in commits {
                done(store.commit(commit)).unwrap();
            }
            let written = backup(&store, &file).unwrap();
            prop_assert_eq!(restore(&file, &store_dir, CACHE, false).unwrap(), written);
            let restored = super::super::open(&store_dir, CACHE).unwrap();
            prop_assert_eq!(records(&*restored), records(&store));
            let commit = || Commit { dropped: (0..4).map(super::super::samples::topic).collect(), ..Commit::default() };
            done(restored.commit(commit())).unwrap();
            done(store.commit(commit())).unwrap();
            prop_assert_eq!(everything(&*restored), everything(&store));
        }
    }

    #[test]
    fn a_backup_that_is_cut_short_or_altered_restores_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let [file, store_dir] = [dir.path().join("backup"), dir.path().join("store")];
        backup(&some_store(), &file).unwrap();
        let whole = fs::read(&file).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 40) {
            let mut altered = whole.clone();
            altered[at] ^= 0x10;
            for bad in [&whole[..at], &altered] {
                fs::write(&file, bad).unwrap();
                let refused = restore(&file, &store_dir, CACHE, false);
                assert!(matches!(refused, Err(StoreError::Backup { .. })), "at {at}: {refused:?}");
                assert!(!store_dir.join("sled").exists());
            }
        }
    }

    #[test]
    fn a_backup_that_was_cut_anywhere_is_called_cut_and_nothing_may_follow_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backup");
        backup(&some_store(), &file).unwrap();
        let whole = fs::read(&file).unwrap();
        let refused = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            verify_backup(&file).unwrap_err().to_string()
        };
        let edges = (0..64).chain(whole.len() - 64..whole.len());
        for at in edges.chain((64..whole.len() - 64).step_by(97)) {
            let said = refused(&whole[..at]);
            assert!(said.contains("it is cut short"), "{at} of {}: {said}", whole.len());
        }
        let skippable = [0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 7];
        for behind in
            [&b"\n"[..], b"\0", &[0; 4096], &whole, &whole[..9], &skippable, b"PK\x03\x04"]
        {
            let said = refused(&[&whole[..], behind].concat());
            assert!(said.contains("bytes follow its end"), "{behind:?}: {said}");
        }
        // More within the stream, as somebody would write who packs it again.
        let text = zstd::decode_all(&whole[..]).unwrap();
        let said = refused(&zstd::encode_all(&[&text[..], b"more"].concat()[..], 3).unwrap());
        assert!(said.contains("bytes follow its end"), "{said}");
        let said = refused(&zstd::encode_all(&text[..text.len() - 9], 3).unwrap());
        assert!(said.contains("it is cut short"), "{said}");
        fs::write(&file, zstd::encode_all(&text[..], 3).unwrap()).unwrap();
        verify_backup(&file).unwrap();
    }

    #[test]
    fn a_backup_of_a_later_version_is_not_taken_for_another_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backup");
        for (text, said) in [
            ("gazetted backup 2\nand whatever follows", "a later version"),
            ("gazetted backup", "it is not a backup"),
            ("a letter to the editor, compressed", "it is not a backup"),
            ("gazetted", "it is not a backup"),
        ] {
            fs::write(&file, zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
            let refused = verify_backup(&file).unwrap_err().to_string();
            assert!(refused.contains(said), "{text}: {refused}");
        }
    }

    #[test]
    fn a_good_store_is_replaced_only_on_demand_and_kept_even_then() {
        let dir = tempfile::tempdir().unwrap();
        let [file, store_dir] = [dir.path().join("backup"), dir.path().join("store")];
        backup(&some_store(), &file).unwrap();
        restore(&file, &store_dir, CACHE, false).unwrap();
        let refused = restore(&file, &store_dir, CACHE, false);
        assert!(matches!(refused, Err(StoreError::InTheWay { .. })), "{refused:?}");
        restore(&file, &store_dir, CACHE, true).unwrap();
        assert!(store_dir.join("sled.replaced-1").exists());
        assert_eq!(super::super::open(&store_dir, CACHE).unwrap().count(), Ok(29));
    }

    #[test]
    fn a_failed_backup_leaves_the_last_one_in_place() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backup");
        backup(&some_store(), &file).unwrap();
        let before = fs::read(&file).unwrap();
        let closed = some_store();
        closed.close().unwrap();
        assert!(backup(&closed, &file).is_err());
        assert_eq!(fs::read(&file).unwrap(), before);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
