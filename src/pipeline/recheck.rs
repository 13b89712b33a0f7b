//! Decides when the pages of a source's entries are due to be visited again. Pure.

use std::time::Duration;

use crate::dedup;
use crate::model::{Enrich, RecheckRound, Source, SourceState, Timestamp};

/// The time between the starts of two rounds.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The same after a round in which a server refused a page.
const AFTER_REFUSAL: Duration = Duration::from_secs(3 * 3600);

/// The round that a poll has to continue, if one is due: the round under way, or a new one every
/// day as long as some entries are recent. After a refusal the next round starts sooner. Where pages
/// are read by other rules than before, a round over all of them begins at once.
pub(super) fn due(source: &Source, state: &SourceState, now: Timestamp) -> Option<RecheckRound> {
    if source.enrich == Enrich::None {
        return None;
    }
    let rules = source.page_rules();
    let before = state.round.as_deref();
    let next = RecheckRound { rules, ..RecheckRound::following(before, now) };
    let Some(round) = before else { return Some(next) };
    if round.rules != rules && round.rules != 0 {
        return Some(RecheckRound { is_anew: true, ..next });
    }
    if round.open {
        return Some(RecheckRound { rules, ..round.clone() });
    }
    let young = state.last_news.is_some_and(|at| now < at.after(dedup::CHECKED_FOR));
    let wait = if round.refused { AFTER_REFUSAL } else { DAY };
    (young && now >= round.began.after(wait)).then_some(next)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::{Location, PageCount, SourceId};

    fn source(enrich: Enrich) -> Source {
        let location = Location::File("dep.atom".into());
        Source { enrich, ..Source::at(SourceId::new("dep"), location) }
    }

    fn hours(hours: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(hours * 3600))
    }

    fn after(round: RecheckRound) -> SourceState {
        SourceState {
            round: Some(Box::new(round)),
            last_news: Some(hours(0)),
            ..SourceState::default()
        }
    }

    #[test]
    fn a_round_begins_every_day_until_the_newest_entry_is_old() {
        let mut round = due(&source(Enrich::Page), &SourceState::default(), hours(0)).unwrap();
        let mut began = Vec::new();
        for hour in 1..90 * 24 {
            round.open = false;
            let Some(next) = due(&source(Enrich::Page), &after(round.clone()), hours(hour)) else {
                continue;
            };
            assert_eq!(next.since, round.began);
            began.push(hour / 24);
            round = next;
        }
        assert_eq!(began, (1..36).collect::<Vec<u64>>());
    }

    #[test]
    fn a_round_goes_on_until_it_has_seen_every_page() {
        let open = RecheckRound {
            since: hours(0),
            began: hours(24),
            after: None,
            open: true,
            refused: false,
            ..RecheckRound::following(None, hours(0))
        };
        let rules = source(Enrich::Page).page_rules();
        let continued = RecheckRound { rules, ..open.clone() };
        assert_eq!(due(&source(Enrich::Page), &after(open.clone()), hours(25)), Some(continued));
        let closed = RecheckRound { open: false, ..open };
        assert_eq!(due(&source(Enrich::Page), &after(closed), hours(47)), None);
    }

    #[test]
    fn after_a_refusal_the_same_pages_are_due_sooner() {
        let refused = RecheckRound {
            since: hours(0),
            began: hours(24),
            after: None,
            open: false,
            refused: true,
            ..RecheckRound::following(None, hours(0))
        };
        assert_eq!(due(&source(Enrich::Page), &after(refused.clone()), hours(26)), None);
        let next = due(&source(Enrich::Page), &after(refused), hours(27)).unwrap();
        assert_eq!((next.since, next.began, next.refused), (hours(0), hours(27), false));
    }

    #[test]
    fn nothing_is_looked_at_where_no_page_is_wanted() {
        assert_eq!(due(&source(Enrich::None), &SourceState::default(), hours(0)), None);
    }

    #[test]
    fn other_rules_begin_a_round_over_all_pages_at_once() {
        let (page, govuk) = (source(Enrich::Page), source(Enrich::Govuk));
        let first = due(&page, &SourceState::default(), hours(0)).unwrap();
        let ended = after(RecheckRound { open: false, ..first });
        assert_eq!(due(&page, &ended, hours(1)), None);
        let anew = due(&govuk, &ended, hours(1)).unwrap();
        assert!(anew.is_anew && anew.open && anew.began == hours(1));
        let under_way = after(RecheckRound { pages: PageCount::default(), ..anew.clone() });
        assert_eq!(due(&govuk, &under_way, hours(2)), Some(anew.clone()), "it begins once");
        let ended = after(RecheckRound { open: false, ..anew });
        let daily = due(&govuk, &ended, hours(30)).unwrap();
        assert!(!daily.is_anew, "the next one is as any other");
    }
}
