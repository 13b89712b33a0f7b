//! Separates any text from its surroundings: what is left is clean, and no word of it is new.
#![no_main]

use gazetted::announcement::{self, Own, Surroundings};
use gazetted::cancel::Cancelled;
use gazetted::model::TextRules;
use gazetted::parse;
use libfuzzer_sys::fuzz_target;
use url::Url;

const LIMIT: usize = 65_536;

fuzz_target!(|text: &str| {
    let own = Url::parse("https://example.org/news/1").expect("a fixed address");
    let text: String =
        text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let cleaned = parse::clean(&text, Some(&own), LIMIT, &Cancelled::never());
    let rules = TextRules {
        cut: Vec::new(),
        start_after: Some("Start".to_owned()),
        end_before: Some("End".to_owned()),
    };
    let is_listed = |url: &Url| url.path().ends_with('2');
    for rules in [&TextRules::default(), &rules] {
        let surroundings = Surroundings { rules, edges: None, is_known: &is_listed };
        let of = Own { page: Some(&own), title: "" };
        let separated = announcement::separate(&cleaned, of, &surroundings);
        assert!(separated.html.len() <= cleaned.html.len());
        assert!(separated.text.len() <= cleaned.text.len());
        let words: Vec<&str> = cleaned.text.split_whitespace().collect();
        let mut rest = words.iter();
        for word in separated.text.split_whitespace() {
            // A marker of the operator's may stand within a word, and a part of that is left.
            let is_known = |known: &&str| match rules.end_before {
                None => *known == word,
                Some(_) => known.contains(word),
            };
            assert!(rest.any(is_known), "{word} is new in {:?}", separated.text);
        }
        let again = parse::clean(&separated.html, Some(&own), LIMIT, &Cancelled::never());
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(letters(&again.text), letters(&separated.text));
    }
});
