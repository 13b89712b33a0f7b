//! Checks that the canonical form of any address is its own canonical form.
#![no_main]

use gazetted::dedup::canonical;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    let Ok(address) = Url::parse(text) else { return };
    if !matches!(address.scheme(), "http" | "https") {
        return;
    }
    let once = canonical(&address);
    if let Ok(again) = Url::parse(&once) {
        assert_eq!(canonical(&again), once, "not a fixed point: {text}");
    }
});
