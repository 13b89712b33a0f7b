//! Documents in; what is served of them, and when it was stamped, out.

use std::sync::atomic::Ordering;

use super::*;

fn document(path: &str, body: &'static str) -> Rendered {
    Rendered {
        path: path.to_owned(),
        content_type: "text/plain; charset=utf-8",
        body: body.into(),
        link: None,
    }
}

fn modified(stamps: &[(String, Stamp)]) -> i64 {
    stamps[0].1.modified.as_secs()
}

#[test]
fn last_modified_moves_when_the_bytes_do_and_never_back() {
    let shelf = Shelf::new();
    let at = |millis| Timestamp::from_millis(millis);
    assert_eq!(modified(&shelf.place(vec![document("/a", "one")], at(10_900))), 10);
    assert!(shelf.place(vec![document("/a", "one")], at(20_000)).is_empty(), "the same bytes");
    assert_eq!(modified(&shelf.place(vec![document("/a", "two")], at(20_100))), 20);
    assert_eq!(modified(&shelf.place(vec![document("/a", "three")], at(20_200))), 21);
    assert_eq!(modified(&shelf.place(vec![document("/a", "four")], at(5_000))), 22);
}

#[test]
fn a_restart_keeps_what_was_stamped() {
    let before = Shelf::new();
    let stamps = before.place(vec![document("/a", "one")], Timestamp::from_secs(10));
    let after = Shelf::new();
    after.remember(stamps);
    let later = Timestamp::from_secs(99);
    assert!(after.place(vec![document("/a", "one")], later).is_empty());
    let (Some(Held::Here(was)), Some(Held::Here(is))) = (before.find("/a"), after.find("/a"))
    else {
        panic!("both serve it");
    };
    let full = |held: &Shelved| held.codings[0].as_ref().unwrap().full.clone();
    assert_eq!(full(&was), full(&is), "ETag and Last-Modified among them");
}

fn held(shelf: &Shelf, path: &str) -> Arc<Shelved> {
    match shelf.find(path) {
        Some(Held::Here(held)) => held,
        other => panic!("{path} is not served: {other:?}"),
    }
}

const LONG: &str = "one and one and one and one and one and one and one and one and one";

#[test]
fn what_is_shown_is_served_plain_at_once_and_in_every_coding_once_it_is_compressed() {
    let shelf = Shelf::new();
    let stamps = shelf.show(vec![document("/a", LONG)], Timestamp::from_secs(1));
    assert_eq!(stamps.len(), 1);
    let plain = held(&shelf, "/a");
    assert!(plain.codings[0].is_some() && plain.is_plain());
    assert!(shelf.is_plain(Which::All) && shelf.compress(Which::All));
    assert!(!shelf.compress(Which::All) && !shelf.is_plain(Which::All));
    let compressed = held(&shelf, "/a");
    assert!(compressed.codings.iter().all(Option::is_some));
    let tag = |held: &Shelved| held.codings[0].as_ref().unwrap().tag.clone();
    assert_eq!(tag(&plain), tag(&compressed));
    // As if it had been compressed at once.
    let whole = Shelf::new();
    whole.place(vec![document("/a", LONG)], Timestamp::from_secs(1));
    for (one, other) in compressed.codings.iter().zip(&held(&whole, "/a").codings) {
        let facts = |coded: &Option<Coded>| {
            coded.as_ref().map(|coded| (coded.full.clone(), coded.body.clone()))
        };
        assert_eq!(facts(one), facts(other));
    }
}

#[test]
fn what_somebody_has_asked_for_is_compressed_before_all_else() {
    let shelf = Shelf::new();
    let both = ["/a", "/b"].map(|path| document(path, LONG));
    shelf.show(both.to_vec(), Timestamp::from_secs(1));
    assert!(!shelf.is_plain(Which::Asked) && !shelf.compress(Which::Asked));
    held(&shelf, "/b").tally.full.fetch_add(1, Ordering::Relaxed);
    assert!(shelf.is_plain(Which::Asked) && shelf.compress(Which::Asked));
    assert!(!shelf.is_plain(Which::Asked) && !shelf.compress(Which::Asked));
    assert!(held(&shelf, "/a").is_plain() && !held(&shelf, "/b").is_plain());
    // It counts as asked for however often it changes.
    shelf.show(vec![document("/b", &LONG[4..])], Timestamp::from_secs(2));
    assert!(shelf.compress(Which::Asked) && shelf.compress(Which::All));
    assert!(["/a", "/b"].iter().all(|path| !held(&shelf, path).is_plain()));
}

#[test]
fn what_follows_before_its_forerunner_is_compressed_is_never_served_in_its_codings() {
    let shelf = Shelf::new();
    shelf.place(vec![document("/a", LONG)], Timestamp::from_secs(1));
    shelf.show(vec![document("/a", "two")], Timestamp::from_secs(2));
    shelf.show(vec![document("/b", LONG)], Timestamp::from_secs(2));
    shelf.withdraw("/b", Absence::Gone);
    assert!(held(&shelf, "/a").is_plain());
    while shelf.compress(Which::All) {}
    assert_eq!(shelf.body("/a"), Some("two".into()));
    assert!(held(&shelf, "/a").is_plain(), "two is too short");
    assert_eq!(shelf.body("/b"), None, "what was withdrawn stays so");
}

#[test]
fn a_withdrawn_path_can_come_back_with_a_later_date() {
    let shelf = Shelf::new();
    shelf.place(vec![document("/a", "one")], Timestamp::from_secs(1));
    shelf.withdraw("/a", Absence::Gone);
    assert_eq!(shelf.body("/a"), None);
    let stamps = shelf.place(vec![document("/a", "two")], Timestamp::from_secs(1));
    assert_eq!(modified(&stamps), 2);
    assert_eq!(shelf.body("/a"), Some("two".into()));
}

#[test]
fn a_coding_that_makes_it_longer_is_not_held() {
    let shelf = Shelf::new();
    shelf.place(vec![document("/a", "x")], Timestamp::from_secs(1));
    let held = held(&shelf, "/a");
    assert!(held.codings[0].is_some() && held.is_plain());
}
