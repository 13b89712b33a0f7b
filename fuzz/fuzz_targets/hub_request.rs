//! Reads any request to our hub: it has a valid callback or a refusal with the reason.
#![no_main]

use std::time::Duration;

use gazetted::model::Timestamp;
use gazetted::websub::outbound::SubscriptionRequest;
use libfuzzer_sys::fuzz_target;

const DAY: u64 = 86_400;

fuzz_target!(|form: &[u8]| {
    let request = match SubscriptionRequest::parse(form) {
        Ok(request) => request,
        Err(why) => return assert!(!why.to_string().is_empty()),
    };
    let callback = &request.callback;
    assert!(matches!(callback.scheme(), "http" | "https") && callback.has_host());
    assert!(callback.username().is_empty() && callback.password().is_none());
    assert!(request.terms.lease >= Duration::from_secs(DAY));
    assert!(request.terms.lease <= Duration::from_secs(15 * DAY));
    assert!(request.terms.secret.as_ref().is_none_or(|secret| secret.len() < 200));

    let url = request.verification_url("challenge");
    assert_eq!(url.origin(), callback.origin());
    assert_eq!(url.path(), callback.path());
    assert!(url.query().is_some_and(|query| query.starts_with(callback.query().unwrap_or(""))));
    assert!(url.query_pairs().any(|pair| pair == ("hub.challenge".into(), "challenge".into())));

    let now = Timestamp::from_secs(1_767_225_600);
    let recorded = request.recorded(None, 7, now);
    assert!(!recorded.is_confirmed());
    assert_eq!(SubscriptionRequest::pending_of(&recorded).as_ref(), Some(&request), "a restart forgets nothing");
    assert!(request.confirmed(&recorded, now).is_confirmed());
});
