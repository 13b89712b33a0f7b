//! Tests of what is served of documents that are shown, compressed and withdrawn.

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

#[test]
fn what_is_the_same_is_not_served_anew_and_a_restart_changes_no_head() {
    let before = ResponseCache::new();
    let at = Timestamp::from_secs(10);
    before.place(vec![document("/a", "one")], at);
    let first = held(&before, "/a");
    before.place(vec![document("/a", "one")], at);
    assert!(Arc::ptr_eq(&first, &held(&before, "/a")), "the same bytes");
    let after = ResponseCache::new();
    after.place(vec![document("/a", "one")], at);
    let full = |held: &CachedResponse| held.headers(Coding::Identity).unwrap().full.clone();
    assert_eq!(full(&first), full(&held(&after, "/a")), "ETag and Last-Modified among them");
}

fn held(cache: &ResponseCache, path: &str) -> Arc<CachedResponse> {
    match cache.find(path) {
        Some(Held::Here(held)) => held,
        other => panic!("{path} is not served: {other:?}"),
    }
}

const LONG: &str = "one and one and one and one and one and one and one and one and one";

#[test]
fn what_is_shown_is_served_plain_at_once_and_in_every_coding_once_it_is_compressed() {
    let cache = ResponseCache::new();
    cache.show(vec![document("/a", LONG)], Timestamp::from_secs(1));
    let plain = held(&cache, "/a");
    assert!(plain.codings[0].is_some() && plain.is_plain());
    assert!(cache.is_compressed() && !cache.compress(), "nobody has asked for it");
    let tags =
        |held: &CachedResponse| Coding::ALL.map(|coding| held.tag(coding).unwrap().into_owned());
    let unchanged = Coding::ALL.map(|coding| plain.unchanged(coding));
    cache.ask_for_codings("/a");
    assert!(!cache.is_compressed() && cache.compress());
    assert!(!cache.compress() && cache.is_compressed());
    let compressed = held(&cache, "/a");
    assert!(compressed.codings.iter().all(Option::is_some));
    assert_eq!(tags(&plain), tags(&compressed));
    assert_eq!(unchanged, Coding::ALL.map(|coding| compressed.unchanged(coding)));
    // As if it had been compressed at once.
    let whole = ResponseCache::new();
    whole.place(vec![document("/a", LONG)], Timestamp::from_secs(1));
    let whole = held(&whole, "/a");
    for coding in Coding::ALL {
        let facts = |held: &CachedResponse| {
            let body = held.codings[coding as usize].as_ref().map(|coded| coded.body.clone());
            (held.headers(coding).map(|headers| headers.full.clone()), body)
        };
        assert_eq!(facts(&compressed), facts(&whole));
    }
}

#[test]
fn only_documents_that_somebody_has_asked_for_are_compressed() {
    let cache = ResponseCache::new();
    let both = ["/a", "/b"].map(|path| document(path, LONG));
    cache.show(both.to_vec(), Timestamp::from_secs(1));
    held(&cache, "/b").tally.full.fetch_add(1, Ordering::Relaxed);
    cache.ask_for_codings("/b");
    while cache.compress() {}
    assert!(held(&cache, "/a").is_plain() && !held(&cache, "/b").is_plain());
    // From then on it is compressed after each change.
    cache.show(vec![document("/a", &LONG[4..])], Timestamp::from_secs(2));
    cache.show(vec![document("/b", &LONG[4..])], Timestamp::from_secs(2));
    assert!(held(&cache, "/b").is_plain() && !cache.is_compressed());
    while cache.compress() {}
    assert!(held(&cache, "/a").is_plain() && !held(&cache, "/b").is_plain());
}

#[tokio::test]
async fn the_first_to_ask_wakes_the_task_that_compresses() {
    let cache = ResponseCache::new();
    cache.show(vec![document("/a", LONG)], Timestamp::from_secs(1));
    cache.ask_for_codings("/a");
    cache.compression_due().await;
    assert!(cache.compress());
}

#[test]
fn what_follows_before_its_forerunner_is_compressed_is_never_served_in_its_codings() {
    let cache = ResponseCache::new();
    cache.place(vec![document("/a", LONG)], Timestamp::from_secs(1));
    cache.show(vec![document("/a", "two")], Timestamp::from_secs(2));
    cache.show(vec![document("/b", LONG)], Timestamp::from_secs(2));
    ["/a", "/b"].iter().for_each(|path| cache.ask_for_codings(path));
    cache.withdraw("/b", Absence::Gone);
    assert!(held(&cache, "/a").is_plain());
    while cache.compress() {}
    assert_eq!(cache.body("/a"), Some("two".into()));
    assert!(held(&cache, "/a").is_plain(), "two is too short");
    assert_eq!(cache.body("/b"), None, "what was withdrawn stays so");
}

#[test]
fn a_withdrawn_path_can_come_back() {
    let cache = ResponseCache::new();
    cache.place(vec![document("/a", "one")], Timestamp::from_secs(1));
    cache.withdraw("/a", Absence::Gone);
    assert_eq!(cache.body("/a"), None);
    cache.place(vec![document("/a", "two")], Timestamp::from_secs(2));
    assert_eq!(cache.body("/a"), Some("two".into()));
}

#[test]
fn a_coding_that_makes_it_longer_is_not_held() {
    let cache = ResponseCache::new();
    cache.place(vec![document("/a", "x")], Timestamp::from_secs(1));
    let held = held(&cache, "/a");
    assert!(held.codings[0].is_some() && held.is_plain());
}
