//! Reads any bytes as the page of an entry: the entry stays within its limits, or as it was.
#![no_main]

use gazetted::announcement::Surroundings;
use gazetted::cancel::Cancelled;
use gazetted::enrich::{self, Fetched, Reading};
use gazetted::model::{Document, Enrich, Entry, SourceId, Timestamp};
use gazetted::parse;
use libfuzzer_sys::fuzz_target;
use url::Url;

const LIMIT: usize = 65_536;

fuzz_target!(|bytes: &[u8]| {
    let url = Url::parse("https://example.org/news/1").expect("a fixed address");
    let document = Document {
        source: SourceId::new("fuzz"),
        url: Some(url.clone()),
        content_type: Some("text/html".to_owned()),
        body: bytes.to_vec().into(),
        at: Timestamp::from_secs(1_767_225_600),
    };
    let stated = Entry { url: Some(url), ..Entry::of(SourceId::new("fuzz")) };
    let cancelled = Cancelled::never();
    let clean = |html: &str, base: &Url| parse::clean(html, Some(base), LIMIT, &cancelled);
    let reading = Reading {
        setting: Enrich::Page,
        clean: &clean,
        surroundings: &Surroundings::default(),
        cancelled: &cancelled,
    };
    let mut entry = stated.clone();
    let read = Fetched::of(&document, Enrich::Page)
        .and_then(|fetched| enrich::enrich(&mut entry, &fetched, &reading));
    match read {
        Ok(_) => {
            assert!(entry.content.as_ref().is_none_or(|html| html.len() <= LIMIT));
            assert!(entry.text.len() <= 2 * LIMIT + 1);
        }
        Err(failure) => {
            assert!(!failure.message.is_empty() && !failure.message.contains("a fault of ours"));
            assert_eq!(entry, stated);
        }
    }
});
