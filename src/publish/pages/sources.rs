//! Shows the sources page: which are healthy, and what to do about the others.

use askama::Template;

use super::chart::{Profile, plural};
use super::{inside, subscribers};
use crate::model::{
    Failure, FailureKind, PushState, SourceHold, Subscriber, Subscription, Timestamp, TopicSilence,
};
use crate::publish::dates::{away, minute};
use crate::publish::site::{Site, source_path};
use crate::publish::source_status::{Condition, SourceStatus};
use crate::publish::text_escape::line;
use crate::publish::uri::uri;

#[derive(Template)]
#[template(path = "sources.html")]
pub(super) struct SourcesPage<'a> {
    site: &'a Site,
    summary: String,
    /// Topics that are silent, a sentence each.
    silent: Vec<String>,
    rows: Vec<Row>,
    /// How many subscribers our hub has.
    told: Option<String>,
    subscribers: Vec<subscribers::Row>,
    /// Whether any rhythm is drawn.
    draws: bool,
}

struct Row {
    id: String,
    title: String,
    page: Option<String>,
    feed: String,
    role: &'static str,
    state: &'static str,
    class: &'static str,
    detail: Option<String>,
    /// The wait that its server asked for, and when.
    held: Option<String>,
    remedy: Option<&'static str>,
    last_news: Option<Moment>,
    last_success: Option<Moment>,
    next_poll: Moment,
    because: String,
    rhythm: Option<Profile>,
    push: Option<String>,
    polls: u64,
    not_modified: u64,
    bytes: String,
}

/// A moment as a page shows it.
struct Moment {
    exactly: String,
    shown: String,
    told: String,
}

impl Moment {
    fn of(moment: Timestamp, now: Timestamp) -> Self {
        Self { exactly: moment.to_string(), shown: minute(moment), told: away(moment, now) }
    }
}

pub(super) fn page<'a>(
    states: &[SourceStatus],
    silences: &[TopicSilence],
    told: &[Subscriber],
    now: Timestamp,
    site: &'a Site,
) -> SourcesPage<'a> {
    let mut rows: Vec<_> = states.iter().map(|state| (state.condition(now), state)).collect();
    // Sources that need attention come first; within that, the order of the configuration.
    rows.sort_by_key(|(condition, state)| (*condition, state.source.position));
    let well = rows.iter().filter(|(condition, _)| *condition == Condition::Well).count();
    let silent = silences.iter().filter(|silence| silence.ended.is_none());
    let silent = silent.map(|TopicSilence { topic, since, .. }| {
        format!("No story came into the topic {topic} since {}.", minute(*since))
    });
    let summary = match rows.len() {
        all if all == well => format!("{}, all healthy.", plural(all, "source")),
        all if well == 0 => format!("{}, none healthy.", plural(all, "source")),
        all => format!("{}, {well} of them healthy.", plural(all, "source")),
    };
    let rows: Vec<_> =
        rows.into_iter().map(|(condition, state)| row(condition, state, now, site)).collect();
    let draws = rows.iter().any(|row| row.rhythm.is_some());
    SourcesPage {
        silent: silent.collect(),
        site,
        told: subscribers::summary(told),
        subscribers: subscribers::rows(told, site),
        summary,
        draws,
        rows,
    }
}

fn row(condition: Condition, state: &SourceStatus, now: Timestamp, site: &Site) -> Row {
    let (source, source_state) = (&state.source, &state.state);
    let moment = |moment: Timestamp| Moment::of(moment, now);
    let class = match condition {
        Condition::Failing | Condition::Gone => "bad",
        Condition::Held | Condition::Ended | Condition::Silent | Condition::Unread => "warn",
        Condition::Well => "good",
    };
    let failure = source_state.failure.as_ref();
    Row {
        id: source.id.to_string(),
        title: line(&source.title),
        page: source_state.feed.page().as_ref().map(uri),
        feed: inside(&format!("{}.atom", source_path(&source.id)), site),
        role: source.role.as_str(),
        state: condition.as_str(),
        class,
        held: state.held(now).map(|SourceHold { until, by, reason, .. }| {
            let until = minute(*until);
            match *by == source.id {
                true => format!("Its server asked to be left alone until {until}."),
                false => format!(
                    "When {by} was polled, its server asked to be left alone until {until}: {}",
                    line(reason)
                ),
            }
        }),
        detail: failure.map(|failure| match source_state.failing_since {
            Some(since) if source_state.failures > 1 => format!(
                "{} ({} times in a row since {})",
                line(&failure.message),
                source_state.failures,
                minute(since)
            ),
            Some(since) => format!("{} (once, {})", line(&failure.message), minute(since)),
            None => line(&failure.message),
        }),
        remedy: failure.map(|failure| remedy(failure)),
        last_news: source_state.last_news.map(moment),
        last_success: source_state.last_success.map(moment),
        next_poll: match state.next_poll(now) {
            next if next > now => moment(next),
            next => Moment { told: "due".to_owned(), ..moment(next) },
        },
        because: line(&source_state.because),
        rhythm: Profile::of(&source_state.rhythm),
        push: source_state.push.as_ref().map(|push| pushes(push, now)),
        polls: source_state.polls,
        not_modified: source_state.not_modified,
        bytes: size(source_state.bytes),
    }
}

/// The state of the subscription at its hub, in words.
fn pushes(push: &Subscription, now: Timestamp) -> String {
    let hub = push.offer.hub.host_str().unwrap_or("a hub").to_owned();
    let until = push.expires.map(minute).unwrap_or_default();
    let mut said = match push.state(now) {
        PushState::Asked => format!("{hub} was asked to push"),
        PushState::Active => format!("{hub} pushes until {until}"),
        PushState::Registered => format!("{hub} says when there is news, until {until}"),
        PushState::Denied => format!("{hub} will not push"),
        PushState::Distrusted => format!("{hub} let news pass and is not relied upon"),
    };
    said.push_str(&match push.last_delivery {
        Some(last) => format!("; {} came so far, the last {}", push.delivered, minute(last)),
        None => String::new(),
    });
    if push.forged > 0 {
        said.push_str(&format!("; {} not signed by it", push.forged));
    }
    if let Some((why, _)) = &push.trouble {
        said.push_str(&format!("; asking it failed: {}", line(why)));
    }
    said
}

/// The remedy for a failure.
fn remedy(failure: &Failure) -> &'static str {
    match failure.kind {
        FailureKind::Dns => "Check the host name in the source’s url, and this machine’s resolver.",
        FailureKind::Refused | FailureKind::Timeout | FailureKind::Protocol => {
            "The site may be down. Open the url in a browser; it is asked again by itself."
        }
        FailureKind::Tls => "Check the site’s certificate, and this machine’s clock.",
        FailureKind::Forbidden => {
            "The address is private. If that is meant, set allow_private for the source."
        }
        FailureKind::Redirect => "Open the url in a browser and configure where it ends.",
        FailureKind::Denied => "The site refuses us. Check headers, or ask its owner.",
        FailureKind::NotFound | FailureKind::Gone => {
            "The feed has moved or ended. Look for its new address on the site."
        }
        FailureKind::TooMany | FailureKind::Unavailable => {
            "The site asked us to wait, and we do. A longer interval helps if it recurs."
        }
        FailureKind::Status if failure.status == Some(203) => {
            "A browser may see no fault. Ask whoever runs the proxy, or configure another one."
        }
        FailureKind::Status => "Open the url in a browser to see what the site answers.",
        FailureKind::TooLarge => {
            "Raise the limit in [polling] if the document is really that large."
        }
        FailureKind::Coding | FailureKind::NotAFeed => {
            "Run gazetted parse on the url to see what came."
        }
        FailureKind::File => "Check that the file exists and can be read by the daemon.",
        FailureKind::Internal => "This is a fault of gazetted: please report it with the log.",
        FailureKind::Crash => {
            "This is a fault of gazetted, or its memory limit is low: please report it with the document."
        }
    }
}

/// `1.5 MB`: bytes for people, in one line.
fn size(bytes: u64) -> String {
    let mut unit = 1_000_u64;
    for name in ["kB", "MB", "GB"] {
        if bytes < unit * 1_000 {
            return format!("{}.{}\u{a0}{name}", bytes / unit, bytes % unit * 10 / unit);
        }
        unit *= 1_000;
    }
    format!("{}\u{a0}TB", bytes / unit)
}
