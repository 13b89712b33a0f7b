//! Marks over the deaths and orderly ends of processes, with a real file.

use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt;
use tempfile::TempDir;

use super::*;

/// A store's directory and a plan with these sources.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("lock"), "").unwrap();
        Self(directory)
    }

    fn plan(&self, sources: &[(&str, &str)]) -> Plan {
        let mut config = format!("[store]\npath = {:?}\n", self.0.path());
        for (id, url) in sources {
            config += &format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\n");
        }
        let file = self.0.path().join("gazetted.toml");
        std::fs::write(&file, config).unwrap();
        Plan::load(&file).unwrap_or_else(|problems| panic!("{problems}")).plan
    }
}

const SOURCES: [(&str, &str); 3] =
    [("a", "https://a.example/"), ("b", "https://b.example/"), ("c", "https://c.example/")];

fn source(plan: &Plan, id: &str) -> Arc<Source> {
    plan.sources[id].clone()
}

/// What is there without waiting for anybody.
fn now<T>(work: impl Future<Output = T>) -> Option<T> {
    work.now_or_never()
}

/// Begins work on these sources, and dies.
fn die_while_reading(plan: &Plan, ids: &[&str]) {
    let (work, _) = CrashMarks::open(plan);
    for id in ids {
        std::mem::forget(now(work.begin(&source(plan, id), false)).unwrap());
    }
    std::mem::forget(work);
}

fn suspects(work: &CrashMarks) -> Vec<String> {
    let mut suspects: Vec<_> = work.0.state().suspects.keys().map(ToString::to_string).collect();
    suspects.sort();
    suspects
}

#[test]
fn what_was_committed_or_ended_in_order_leaves_no_mark() {
    let home = Home::new();
    let plan = home.plan(&SOURCES);
    let (work, _) = CrashMarks::open(&plan);
    let turn = |id| now(work.begin(&source(&plan, id), false)).unwrap();
    let (committed, dropped) = (turn("a"), turn("b"));
    work.ended(committed);
    work.ended(turn("c"));
    work.committed(&SourceId::new("a"));
    drop(dropped);
    drop(LoopMarks(work));
    let (work, crashed) = CrashMarks::open(&plan);
    assert!(suspects(&work).is_empty() && crashed.is_empty());
}

#[test]
fn after_a_death_each_source_in_work_is_read_alone_once() {
    let home = Home::new();
    let plan = home.plan(&SOURCES);
    die_while_reading(&plan, &["a", "b"]);
    let (work, crashed) = CrashMarks::open(&plan);
    assert_eq!((suspects(&work), crashed.len()), (vec!["a".to_owned(), "b".to_owned()], 0));

    let [a, b, c] = ["a", "b", "c"].map(|id| source(&plan, id));
    let other = now(work.begin(&c, false)).expect("no suspect is in work");
    let mut alone = Box::pin(work.begin(&a, false));
    assert!(now(alone.as_mut()).is_none(), "somebody else is in work");
    drop(other);
    let alone = now(alone).unwrap();
    let mut next = Box::pin(work.begin(&b, false));
    let mut others = Box::pin(work.begin(&c, false));
    assert!(now(next.as_mut()).is_none() && now(others.as_mut()).is_none());
    work.ended(alone);
    assert!(now(others.as_mut()).is_none(), "it is not committed yet");
    work.committed(&a.id);
    let others = now(others).expect("others come between two turns alone");
    assert!(now(next.as_mut()).is_none());
    drop(others);
    // An orderly end before it is committed: it is still to be read alone.
    drop(now(next).unwrap());
    assert_eq!(suspects(&work), ["b"]);
    drop(work);
    assert_eq!(suspects(&CrashMarks::open(&plan).0), ["b"]);
}

#[test]
fn a_death_in_a_turn_alone_names_its_source_until_that_is_put_down() {
    let home = Home::new();
    let plan = home.plan(&SOURCES);
    die_while_reading(&plan, &["a", "b"]);
    die_while_reading(&plan, &["a"]);
    for _ in 0..2 {
        let (work, crashed) = CrashMarks::open(&plan);
        assert_eq!((suspects(&work), crashed), (vec!["b".to_owned()], vec![SourceId::new("a")]));
    }
    let (work, crashed) = CrashMarks::open(&plan);
    work.committed(&crashed[0]);
    let (work, crashed) = CrashMarks::open(&plan);
    assert!(crashed.is_empty());
    // What died once is read alone as long as it is said so, whatever the marks say.
    let alone = now(work.begin(&source(&plan, "a"), true)).unwrap();
    assert!(now(work.begin(&source(&plan, "c"), false)).is_none());
    std::mem::forget(alone);
    assert_eq!(CrashMarks::open(&plan).1, [SourceId::new("a")]);
}

#[test]
fn sources_that_left_the_plan_or_moved_are_forgotten() {
    let home = Home::new();
    die_while_reading(&home.plan(&SOURCES), &["a", "b", "c"]);
    let plan = home.plan(&[("a", "https://elsewhere.example/"), SOURCES[2]]);
    assert_eq!(suspects(&CrashMarks::open(&plan).0), ["c"]);
    assert_eq!(suspects(&CrashMarks::open(&home.plan(&SOURCES)).0), ["c"]);
}

#[test]
fn a_loop_that_panics_leaves_the_marks_of_what_it_applied() {
    let home = Home::new();
    let plan = home.plan(&SOURCES);
    let (work, _) = CrashMarks::open(&plan);
    work.ended(now(work.begin(&source(&plan, "a"), false)).unwrap());
    let work = LoopMarks(work);
    let panicked = std::thread::spawn(move || {
        let _work = work;
        panic!("while it is applied");
    });
    assert!(panicked.join().is_err());
    assert_eq!(suspects(&CrashMarks::open(&plan).0), ["a"]);
}

#[test]
fn without_a_store_on_a_disk_or_a_file_that_can_be_used_all_are_read_all_the_same() {
    let home = Home::new();
    let plan = home.plan(&SOURCES);
    std::fs::create_dir(home.0.path().join("in-work")).unwrap();
    let (work, crashed) = CrashMarks::open(&plan);
    assert!(crashed.is_empty() && now(work.begin(&source(&plan, "a"), false)).is_some());
    std::fs::remove_file(home.0.path().join("lock")).unwrap();
    let (work, _) = CrashMarks::open(&plan);
    assert!(now(work.begin(&source(&plan, "a"), false)).is_some());
}
