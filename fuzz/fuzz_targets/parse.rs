//! Checks that any bytes give a reading that keeps its promises, or a failure in words.
#![no_main]

use gazetted::model::{Document, SourceId, Timestamp};
use gazetted::parse::{self, Limits};
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/feeds/promises.rs"]
mod promises;

fuzz_target!(|bytes: &[u8]| {
    let document = Document {
        source: SourceId::new("fuzz"),
        url: url::Url::parse("https://example.org/feed").ok(),
        content_type: None,
        body: bytes.to_vec().into(),
        at: Timestamp::from_secs(1_767_225_600),
    };
    match parse::parse(&document, &Limits::default()) {
        Ok(parsed) => {
            let broken = promises::broken(&parsed, document.at);
            assert!(broken.is_empty(), "{}", broken.join("\n"));
        }
        Err(failure) => assert!(!failure.message.is_empty()),
    }
});
