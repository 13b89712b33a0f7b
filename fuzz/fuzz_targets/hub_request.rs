//! Reads any request to our hub: a callback that may be asked, or a refusal in words.
#![no_main]

use std::time::Duration;

use gazetted::model::Timestamp;
use gazetted::publish::hub::Asked;
use libfuzzer_sys::fuzz_target;

const DAY: u64 = 86_400;

fuzz_target!(|form: &[u8]| {
    let asked = match Asked::parse(form) {
        Ok(asked) => asked,
        Err(why) => return assert!(!why.to_string().is_empty()),
    };
    let callback = &asked.callback;
    assert!(matches!(callback.scheme(), "http" | "https") && callback.has_host());
    assert!(callback.username().is_empty() && callback.password().is_none());
    assert!(asked.wish.lease >= Duration::from_secs(DAY));
    assert!(asked.wish.lease <= Duration::from_secs(15 * DAY));
    assert!(asked.wish.secret.as_ref().is_none_or(|secret| secret.len() < 200));

    let question = asked.question("challenge");
    assert_eq!(question.origin(), callback.origin());
    assert_eq!(question.path(), callback.path());
    assert!(question.query().is_some_and(|query| query.starts_with(callback.query().unwrap_or(""))));
    assert!(question.query_pairs().any(|pair| pair == ("hub.challenge".into(), "challenge".into())));

    let now = Timestamp::from_secs(1_767_225_600);
    let noted = asked.noted(None, 7, now);
    assert!(!noted.is_confirmed());
    assert_eq!(Asked::of(&noted).as_ref(), Some(&asked), "a restart forgets nothing");
    assert!(asked.granted(&noted, now).is_confirmed());
});
