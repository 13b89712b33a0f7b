//! Cleans any text as HTML: the result is within its limit, harmless, and cleaned again the same.
#![no_main]

use gazetted::cancel::Cancelled;
use gazetted::parse;
use libfuzzer_sys::fuzz_target;
use url::Url;

const LIMIT: usize = 4096;

fuzz_target!(|text: &str| {
    let base = Url::parse("https://example.org/news/").expect("a fixed address");
    let (html, plain) = parse::clean(text, Some(&base), LIMIT, &Cancelled::never());
    assert!(html.len() <= LIMIT, "{} bytes", html.len());
    assert!(plain.len() <= LIMIT, "{} bytes of text", plain.len());
    let tags: String = html.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
    for word in ["script", "<svg", "<iframe", "<style"] {
        assert!(!tags.split('"').step_by(2).any(|part| part.contains(word)), "{word} in {html}");
    }
    let (again, _) = parse::clean(&html, Some(&base), LIMIT, &Cancelled::never());
    assert_eq!(again, html, "cleaned again it is another");
});
