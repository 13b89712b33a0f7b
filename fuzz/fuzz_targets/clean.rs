//! Cleans any text as HTML: the result is within its limit and harmless, also when it is cleaned again.
#![no_main]

use gazetted::announcement::Cleaned;
use gazetted::cancel::Cancelled;
use gazetted::parse;
use libfuzzer_sys::fuzz_target;
use url::Url;

const LIMIT: usize = 4096;

fuzz_target!(|text: &str| {
    let base = Url::parse("https://example.org/news/").expect("a fixed address");
    // Decoding has dropped what XML cannot hold.
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let html = harmless(&text, &base);
    harmless(&html, &base);
});

/// The text cleaned, once it is seen to be within its limit and to hold nothing that runs.
fn harmless(text: &str, base: &Url) -> String {
    let Cleaned { html, text: plain, .. } =
        parse::clean(text, Some(base), LIMIT, &Cancelled::never());
    assert!(html.len() <= LIMIT, "{} bytes", html.len());
    assert!(plain.len() <= LIMIT, "{} bytes of text", plain.len());
    let tags: String = html.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
    for word in ["script", "<svg", "<iframe", "<style"] {
        assert!(!tags.split('"').step_by(2).any(|part| part.contains(word)), "{word} in {html}");
    }
    html
}
