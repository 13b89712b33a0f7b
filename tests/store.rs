//! Tests that a store is whole after its process was killed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use gazetted::model::{
    Admitted, Entry, Evidence, Key, KeyKind, Member, SourceId, SourceState, Story, StoryId,
    Timestamp, TopicVersion, Verdict,
};
use gazetted::store::{self, Commit, PlaceChange, Store, StoreError, TopicPlace};

/// Set in the process that is to be killed: the store's directory.
const VICTIM: &str = "GAZETTED_TEST_STORE";

pub const CACHE: u64 = 8 << 20;

/// Stories of one commit.
pub const STORIES: u64 = 4;

/// A commit retires the stories of the one so long before it.
const KEPT: u64 = 30;

const TOPIC: TopicVersion = TopicVersion(7);

fn at(number: u64) -> Timestamp {
    Timestamp::from_secs(1_743_591_900 + i64::try_from(number).unwrap())
}

pub fn id(commit: u64, story: u64) -> StoryId {
    let mut bytes = [0; 16];
    // As scattered as the hashes that ids are.
    let scattered = (commit * STORIES + story + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bytes[..8].copy_from_slice(&scattered.to_be_bytes());
    StoryId::from_bytes(bytes)
}

fn key(kind: KeyKind, id: StoryId) -> Key {
    Key { kind, hash: *id.as_bytes() }
}

pub fn story(commit: u64, number: u64) -> Story {
    let mut entry = Entry::of(SourceId::new("home-office"));
    // Long ones are stored in parts.
    let length = 200 + 5_000 * usize::try_from(number).unwrap();
    let noise = (0..length).map(|n| char::from(b'a' + (n * n / 7 + n / 3) as u8 % 26));
    entry.title = format!("Announcement {commit}.{number}");
    entry.text = noise.collect();
    let first_seen = at(commit);
    let published_id = format!("https://example.org/{commit}/{number}");
    let mut story = Story::new(id(commit, number), published_id, first_seen);
    story.members.push(Member::new(entry, Evidence::Founded, first_seen));
    story
}

/// The `number`th commit: what it brings, retires and remembers belongs together.
pub fn commit(number: u64) -> Commit {
    let ids = (0..STORIES).map(|story| id(number, story));
    let state = SourceState { polls: number, ..SourceState::default() };
    let admitted = (0..STORIES).map(|n| Admitted {
        story: story(number, n).into(),
        before: None,
        dropped: Vec::new(),
        keys: [KeyKind::Own, KeyKind::Address, KeyKind::Passage]
            .map(|kind| key(kind, id(number, n)))
            .to_vec(),
        verdict: Verdict::New,
    });
    let enter = |story| PlaceChange { topic: TOPIC, story, from: None, to: Some(at(number)) };
    let mut places: Vec<_> = ids.map(enter).collect();
    let mut retired = Vec::new();
    if let Some(old) = number.checked_sub(KEPT) {
        for story in (0..STORIES).map(|n| id(old, n)) {
            retired.push((story, at(number)));
            places.push(PlaceChange { topic: TOPIC, story, from: Some(at(old)), to: None });
        }
    }
    Commit {
        source_states: vec![(SourceId::new("home-office"), Arc::new(state))],
        admitted: admitted.collect(),
        retired,
        places,
        filled: vec![TOPIC],
        ..Commit::default()
    }
}

/// How many commits the store holds; panics unless each is there whole.
pub fn whole_commits(store: &dyn Store) -> u64 {
    let source_states = store.source_states().unwrap();
    let commits = source_states.values().map(|state| state.polls + 1).max().unwrap_or(0);
    let oldest = commits.saturating_sub(KEPT);
    assert_eq!(store.count().unwrap(), STORIES * (commits - oldest));
    let (mut expected, mut places) = (Vec::new(), Vec::new());
    for commit in (0..commits).rev() {
        for number in 0..STORIES {
            let id = id(commit, number);
            let keys = [key(KeyKind::Own, id), key(KeyKind::Address, id)];
            let found = store.lookalikes(&keys).unwrap();
            assert!(keys.iter().all(|key| found.by_key[key][..] == [id]), "{commit}.{number}");
            let lives = commit >= oldest;
            // A passage is evidence only of a story that is there.
            let passage = key(KeyKind::Passage, id);
            let bearers = store.lookalikes(&[passage]).unwrap().by_key.remove(&passage);
            assert_eq!(bearers.as_deref(), lives.then_some(&[id][..]), "{commit}.{number}");
            assert_eq!(found.stories.len(), usize::from(lives), "{commit}.{number}");
            if lives {
                assert_eq!(*found.stories[&id], story(commit, number));
                expected.push(id);
                places.push(TopicPlace { date: at(commit), story: id });
            }
        }
    }
    places.sort_by(|a, b| b.cmp(a));
    assert_eq!(store.places(TOPIC, None, usize::MAX).unwrap(), places);
    let mut stories: Vec<_> = store.stories(None, usize::MAX).unwrap();
    assert_eq!(stories.len(), expected.len());
    stories.retain(|story| !expected.contains(&story.id));
    assert_eq!(stories, []);
    commits
}

/// Not a test of its own: the process that `what_was_answered_survives_kill_9`
/// starts and kills. It says before it opens, and after each answered commit.
#[test]
fn commits_until_it_is_killed() {
    let Ok(path) = std::env::var(VICTIM) else { return };
    let mut out = std::io::stdout();
    writeln!(out, "\nopening").unwrap();
    let store = store::open(Path::new(&path), CACHE).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let source_states = store.source_states().unwrap();
    let first = source_states.values().map(|state| state.polls + 1).max().unwrap_or(0);
    for number in first.. {
        runtime.block_on(store.commit(commit(number))).unwrap();
        writeln!(out, "\nanswered {number}").unwrap();
    }
}

fn start_victim(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["commits_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(VICTIM, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn what_was_answered_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut answered = None;
    for attempt in 0..30 {
        let mut victim = start_victim(&path);
        // Every third is killed while it opens, the others after some commits
        // and in the middle of one.
        let heard = if attempt % 3 == 0 { 1 } else { 2 + attempt % 13 };
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = lines.filter(|line| line == "opening" || line.starts_with("answered "));
        for line in said.by_ref().take(heard) {
            answered = line.strip_prefix("answered ").map(|n| n.parse().unwrap()).or(answered);
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        for line in said {
            answered = line.strip_prefix("answered ").map(|n| n.parse().unwrap()).or(answered);
        }
        // Once in a while without us between: a kill on top of a kill.
        if attempt % 4 == 3 {
            continue;
        }
        let store = store::open(&path, CACHE).unwrap();
        let commits = whole_commits(&*store);
        assert!(answered.is_none_or(|last: u64| commits > last), "{answered:?} of {commits}");
        drop(store);
        let survey = store::check(&path, CACHE).unwrap();
        assert_eq!(survey.problems, [""; 0], "after {commits} commits");
    }
    assert!(answered.is_some_and(|last| last > KEPT), "{answered:?}");
}

/// A backup taken while commits go on holds whole commits up to some moment,
/// and perhaps stories of later ones; never a memory without its stories.
#[test]
fn a_backup_under_way_holds_what_it_claims_to_remember() {
    let dir = tempfile::tempdir().unwrap();
    let [path, file, restored] = ["store", "backup", "restored"].map(|name| dir.path().join(name));
    let store = store::open(&path, CACHE).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // Few enough that none is retired.
    (0..KEPT / 2).for_each(|n| runtime.block_on(store.commit(commit(n))).unwrap());
    std::thread::scope(|scope| {
        let backup = scope.spawn(|| store::backup(&*store, &file).unwrap());
        (KEPT / 2..KEPT).for_each(|n| runtime.block_on(store.commit(commit(n))).unwrap());
        backup.join().unwrap();
    });
    store::restore(&file, &restored, CACHE, false).unwrap();
    let restored = store::open(&restored, CACHE).unwrap();
    let remembered = restored.source_states().unwrap().values().map(|state| state.polls).max();
    for commit in 0..=remembered.unwrap() {
        for number in 0..STORIES {
            assert_eq!(restored.story(id(commit, number)).unwrap(), Some(story(commit, number)));
        }
    }
}

/// Set in the process that has a small disk of its own: where that is.
const SMALL_DISK: &str = "GAZETTED_TEST_SMALL_DISK";

/// Not a test of its own: what `a_full_disk_costs_nothing_that_was_answered`
/// runs where there are 64 MiB in all.
#[test]
fn fills_its_small_disk() {
    let Ok(disk) = std::env::var(SMALL_DISK) else { return };
    let [path, filler] = ["store", "filler"].map(|name| Path::new(&disk).join(name));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let big = |number: u64| {
        let mut commit = commit(number);
        let texts = (0u32..200_000).map(|n| n.wrapping_mul(0x9e37_79b9).rotate_left(n % 31) ^ n);
        let story = Arc::make_mut(&mut commit.admitted[0].story);
        let entry = Arc::make_mut(&mut story.members[0].entry);
        entry.text = texts.map(|n| char::from(b' ' + (n % 90) as u8)).collect();
        commit
    };
    // Commits until it is refused; the first that was.
    let fill = |store: &dyn Store, mut number: u64| loop {
        match runtime.block_on(store.commit(big(number))) {
            Ok(()) => number += 1,
            Err(StoreError::Full { .. }) => return number,
            Err(error) => panic!("{error}"),
        }
    };
    std::fs::write(&filler, vec![1; 4 << 20]).unwrap();
    let store = store::open(&path, CACHE).unwrap();
    let stories = |commits: u64| STORIES * commits.min(KEPT);
    let first = fill(&*store, 0);
    assert!(store.disk_space().unwrap().unwrap().is_low(None, false));
    assert_eq!(store.count(), Ok(stories(first)), "reading goes on");
    // Room again: so does writing, by itself.
    std::fs::remove_file(&filler).unwrap();
    let second = fill(&*store, first);
    assert!(second > first);
    drop(store);
    // Somebody takes even the last room; the ballast is there to start with.
    while let Ok(more) = std::fs::OpenOptions::new().create(true).append(true).open(&filler)
        && (&more).write_all(&[1; 4096]).is_ok()
    {}
    let store = store::open(&path, CACHE).unwrap();
    assert!(!path.join("ballast").exists());
    assert_eq!(store.count(), Ok(stories(second)), "nothing that was answered is lost");
    drop(store);
    while let Ok(more) = std::fs::OpenOptions::new().append(true).open(&filler)
        && (&more).write_all(&[1; 4096]).is_ok()
    {}
    // Without ballast it says what is wrong, and that nothing else is.
    assert!(matches!(store::open(&path, CACHE), Err(StoreError::Full { .. })));
    std::fs::remove_file(&filler).unwrap();
    let store = store::open(&path, CACHE).unwrap();
    assert_eq!(store.count(), Ok(stories(second)));
    runtime.block_on(store.commit(big(second))).unwrap();
}

#[test]
fn a_full_disk_costs_nothing_that_was_answered() {
    let disk = tempfile::tempdir().unwrap();
    let tried = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
        .arg("mount -t tmpfs -o size=64m none \"$0\" || exit 99; exec \"$@\"")
        .arg(disk.path())
        .arg(std::env::current_exe().unwrap())
        .args(["fills_its_small_disk", "--nocapture"])
        .env(SMALL_DISK, disk.path())
        .output();
    match tried {
        Ok(output) if output.status.success() => {}
        Ok(output) if output.status.code() == Some(101) => {
            panic!("{}", String::from_utf8_lossy(&output.stderr));
        }
        _ => println!("skipped: no file system of its own can be mounted here (unshare, tmpfs)"),
    }
}
