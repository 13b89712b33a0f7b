//! A topic's stories in; a small chart of the last weeks out.

use std::time::Duration;

use crate::model::{Timestamp, Topic};
use crate::publish::account::Account;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const WEEKS: usize = 12;

/// Stories a week, the newest week last.
pub(super) struct Chart {
    pub(super) label: String,
    pub(super) width: usize,
    pub(super) bars: Vec<Bar>,
}

/// One week.
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) height: usize,
    pub(super) title: String,
}

impl Chart {
    /// Counts backwards from the newest story of the site, not from the time
    /// of rendering: the same state gives the same page (Q20). A feed that is
    /// full says nothing of the weeks before its oldest story.
    pub(super) fn of(topic: &Topic, accounts: &[Account<'_>], newest: Timestamp) -> Option<Self> {
        let dates: Vec<_> = accounts.iter().map(|account| account.published).collect();
        let oldest =
            if accounts.len() >= topic.entries { dates.iter().min().copied() } else { None };
        let mut counts = Vec::with_capacity(WEEKS);
        let mut until = newest;
        for _ in 0..WEEKS {
            let since = until.before(WEEK);
            if oldest.is_some_and(|oldest| since < oldest) {
                break;
            }
            counts.push(dates.iter().filter(|date| since < **date && **date <= until).count());
            until = since;
        }
        counts.reverse();
        let most = counts.iter().copied().max().filter(|most| *most > 0)?;
        let bars = counts.iter().enumerate().map(|(week, count)| bar(week, *count, most)).collect();
        let sum: usize = counts.iter().sum();
        Some(Self {
            label: format!("{sum} stories in {} weeks", counts.len()),
            width: counts.len() * 7,
            bars,
        })
    }
}

fn bar(week: usize, count: usize, most: usize) -> Bar {
    const HEIGHT: usize = 18;
    let height = (count * HEIGHT).div_ceil(most).max(1);
    Bar { x: week * 7, y: 20 - height, height, title: format!("{count} stories") }
}
