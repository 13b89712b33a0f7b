//! Decides who leads and who may poll, from what was observed and a monotonic clock. Pure.
//!
//! | after | what happens |
//! |---|---|
//! | half of `node_timeout` | a node without an answered heartbeat starts no poll; a leader without a renewal acts no more |
//! | three quarters | such a node gives up the polls under way |
//! | `node_timeout` | the leader gives its sources to others; another node takes the leadership over |
//!
//! Each counts on its own clock: a node from before it sent the request that was answered, others
//! from when they noticed. So the node that stops is always earlier than those that take over.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Leadership is renewed, and a heartbeat sent, so often in `node_timeout`.
const RENEWALS: u32 = 8;

/// Answers that are remembered: a node may be behind the newest ones.
const ANSWERS: usize = 16;

/// The pause between heartbeats, and between renewals.
pub fn pulse(node_timeout: Duration) -> Duration {
    node_timeout / RENEWALS
}

/// The next step of a node towards the leadership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Somebody else leads.
    Wait,
    /// Write the leadership's message, if the last one has this sequence.
    Write {
        /// The sequence; 0 if there is no message.
        expected: u64,
    },
}

/// The leadership as one node observes it.
#[derive(Debug)]
pub struct Election {
    node_timeout: Duration,
    /// The last message of the leadership, and when this node first saw it.
    seen: Option<(u64, Instant)>,
    mine: Option<Leadership>,
}

#[derive(Debug, Clone, Copy)]
struct Leadership {
    term: u64,
    last: u64,
    /// From before the last renewal was sent.
    renewed: Instant,
    /// Since when.
    began: Instant,
}

impl Election {
    /// Nothing is observed yet.
    pub fn new(node_timeout: Duration) -> Self {
        Self { node_timeout, seen: None, mine: None }
    }

    /// The leadership's last message has this sequence; 0 if there is none. `is_free`: its writer
    /// has resigned. `timeout`: after so long without a renewal nobody leads.
    pub fn observe(
        &mut self,
        sequence: u64,
        is_free: bool,
        timeout: Duration,
        now: Instant,
    ) -> Claim {
        if let Some(mine) = self.mine {
            if sequence <= mine.last {
                return Claim::Write { expected: mine.last };
            }
            self.mine = None;
        }
        let since = match self.seen {
            Some((seen, since)) if seen == sequence => since,
            _ => self.seen.insert((sequence, now)).1,
        };
        let is_vacant = sequence == 0 || is_free || now - since >= timeout;
        if is_vacant { Claim::Write { expected: sequence } } else { Claim::Wait }
    }

    /// The message was written at this sequence.
    pub fn written(&mut self, sequence: u64, sent: Instant) {
        let before = self.mine;
        let (term, began) = before.map_or((sequence, sent), |mine| (mine.term, mine.began));
        self.mine = Some(Leadership { term, last: sequence, renewed: sent, began });
    }

    /// Another node has written first.
    pub fn refused(&mut self) {
        self.mine = None;
        self.seen = None;
    }

    /// The leadership of this node, if it may act by it.
    pub fn term(&self, now: Instant) -> Option<u64> {
        let mine = self.mine.filter(|mine| now < mine.renewed + self.node_timeout / 2)?;
        Some(mine.term)
    }

    /// Whether this node led when it last looked.
    pub fn holds(&self) -> bool {
        self.mine.is_some()
    }

    /// Since when this node leads.
    pub fn began(&self) -> Option<Instant> {
        self.mine.map(|mine| mine.began)
    }
}

/// The right of a node to poll its sources.
#[derive(Debug)]
pub struct PollingRight {
    node_timeout: Duration,
    /// When each heartbeat was sent that the leader answered, and the sequence up to which a node
    /// must have applied the stream for the answer to count.
    answers: VecDeque<(Instant, u64)>,
}

impl PollingRight {
    /// No heartbeat is answered yet.
    pub fn new(node_timeout: Duration) -> Self {
        Self { node_timeout, answers: VecDeque::new() }
    }

    /// A heartbeat that was `sent` then is answered by the leader, who has assigned sources up to
    /// `sequence`.
    pub fn answered(&mut self, sent: Instant, sequence: u64) {
        self.answers.truncate(ANSWERS - 1);
        self.answers.push_front((sent, sequence));
    }

    /// When the last answer that counts was asked for.
    pub fn since(&self, applied: u64) -> Option<Instant> {
        let counts = self.answers.iter().filter(|(_, sequence)| *sequence <= applied);
        counts.map(|(sent, _)| *sent).max()
    }

    /// Until when polls may be started.
    pub fn starts_until(&self, applied: u64) -> Option<Instant> {
        self.since(applied).map(|since| since + self.node_timeout / 2)
    }

    /// Until when polls that are under way may go on.
    pub fn ends_at(&self, applied: u64) -> Option<Instant> {
        self.since(applied).map(|since| since + self.node_timeout * 3 / 4)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(20);

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_node_takes_over_when_it_has_seen_no_renewal_for_the_whole_time() {
        let (mut election, start) = (Election::new(TIMEOUT), Instant::now());
        assert_eq!(election.observe(7, false, TIMEOUT, start), Claim::Wait);
        assert_eq!(election.observe(8, false, TIMEOUT, after(start, 19)), Claim::Wait);
        assert_eq!(election.observe(8, false, TIMEOUT, after(start, 38)), Claim::Wait);
        let taken = election.observe(8, false, TIMEOUT, after(start, 39));
        assert_eq!(taken, Claim::Write { expected: 8 });
        election.written(9, after(start, 39));
        assert_eq!(election.term(after(start, 40)), Some(9));
        election.written(12, after(start, 42));
        assert_eq!(election.term(after(start, 51)), Some(9), "a renewal keeps the term");
        assert_eq!(election.term(after(start, 52)), None, "without a renewal it acts no more");
        assert_eq!(
            election.observe(13, false, TIMEOUT, after(start, 53)),
            Claim::Wait,
            "another leads"
        );
    }

    #[test]
    fn what_nobody_holds_is_taken_at_once() {
        let (mut election, start) = (Election::new(TIMEOUT), Instant::now());
        assert_eq!(election.observe(0, false, TIMEOUT, start), Claim::Write { expected: 0 });
        election.refused();
        assert_eq!(election.observe(3, true, TIMEOUT, start), Claim::Write { expected: 3 });
    }

    #[test]
    fn an_answer_counts_once_its_sequence_is_applied() {
        let (mut right, start) = (PollingRight::new(TIMEOUT), Instant::now());
        assert_eq!(right.starts_until(9), None);
        right.answered(start, 5);
        right.answered(after(start, 5), 9);
        assert_eq!(right.starts_until(4), None);
        assert_eq!(right.starts_until(8), Some(after(start, 10)));
        assert_eq!(right.starts_until(9), Some(after(start, 15)));
        assert_eq!(right.ends_at(9), Some(after(start, 20)));
    }

    /// Whatever the moments of renewals and of looking, no two nodes lead at once.
    #[test]
    fn no_two_nodes_lead_at_once() {
        for look in 1..40 {
            let start = Instant::now();
            let (mut old, mut new) = (Election::new(TIMEOUT), Election::new(TIMEOUT));
            old.observe(0, false, TIMEOUT, start);
            old.written(1, start);
            for second in 0..60 {
                let now = after(start, second);
                if second % look == 0 && new.observe(1, false, TIMEOUT, now) != Claim::Wait {
                    new.written(2, now);
                }
                assert!(old.term(now).is_none() || new.term(now).is_none(), "{look} {second}");
            }
        }
    }
}
