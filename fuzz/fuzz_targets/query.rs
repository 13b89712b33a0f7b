//! Checks that any text is a query that reads what it prints, or an error within the text.
#![no_main]

use gazetted::topics::query;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(parsed) = query::parse(text) {
        let printed = parsed.to_string();
        assert_eq!(query::parse(&printed).as_ref().ok(), Some(&parsed), "{text:?} printed as {printed:?}");
    }
});
