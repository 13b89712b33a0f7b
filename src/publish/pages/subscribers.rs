//! Shows the subscribers of our hub on the sources page.

use super::inside;
use crate::model::{Subscriber, Timestamp};
use crate::publish::dates::minute;
use crate::publish::site::Site;
use crate::publish::text_escape::line;

/// Rows that are shown.
const MOST: usize = 500;

/// A subscription, without what only its subscriber may know.
pub(super) struct Row {
    pub(super) host: String,
    pub(super) feed: String,
    pub(super) path: String,
    pub(super) state: &'static str,
    pub(super) class: &'static str,
    pub(super) detail: Option<String>,
    pub(super) told: String,
    pub(super) until: String,
}

/// How many there are, in words; nothing where there are none.
pub(super) fn summary(subscribers: &[Subscriber]) -> Option<String> {
    let failing = subscribers.iter().filter(|one| one.failures > 0).count();
    let shown = match subscribers.len() {
        all if all > MOST => format!(" The first {MOST} are shown."),
        _ => String::new(),
    };
    let all = subscribers.len();
    let many = if all == 1 { "" } else { "s" };
    let told = format!("{all} subscription{many} at our hub, {failing} failing.{shown}");
    (all > 0).then_some(told)
}

/// Those that fail come first.
pub(super) fn rows(subscribers: &[Subscriber], site: &Site) -> Vec<Row> {
    let mut subscribers: Vec<_> = subscribers.iter().collect();
    subscribers.sort_by_key(|one| (one.failures == 0, one.host(), one.topic.as_str()));
    subscribers.into_iter().take(MOST).map(|subscriber| row(subscriber, site)).collect()
}

fn row(subscriber: &Subscriber, site: &Site) -> Row {
    let topic = line(&subscriber.topic);
    let path = topic.strip_prefix(site.base_url.as_str()).map(|path| format!("/{path}"));
    let path = path.unwrap_or(topic);
    let moment = |moment: Option<Timestamp>| moment.map_or_else(|| "never".to_owned(), minute);
    let well = subscriber.failures == 0;
    Row {
        host: line(subscriber.host()),
        feed: inside(&path, site),
        path,
        state: if well { "healthy" } else { "failing" },
        class: if well { "good" } else { "warn" },
        detail: subscriber.trouble.as_ref().map(|trouble| {
            let since = moment(subscriber.failing_since);
            format!("{} ({} times in a row since {since})", line(trouble), subscriber.failures)
        }),
        told: format!("{}, {} in all", moment(subscriber.last_delivery), subscriber.delivered),
        until: minute(subscriber.expires),
    }
}
