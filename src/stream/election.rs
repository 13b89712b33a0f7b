//! Decides who leads, from what was observed and a monotonic clock. Pure.
//!
//! | so long after a renewal of the leadership | what happens |
//! |---|---|
//! | a quarter of `node_timeout` | the leader answers no heartbeat, so it allows no further polls |
//! | half | it acts no more |
//! | `node_timeout` | another node takes the leadership over |
//!
//! The leader counts from before it sent the renewal, others from when they noticed it. So the node
//! that stops is always earlier than those that take over.

use std::time::Duration;

use tokio::time::Instant;

/// Leadership is renewed, and a heartbeat sent, so often in `node_timeout`.
const RENEWALS: u32 = 8;

/// The interval of heartbeats, and of renewals of the leadership.
pub fn heartbeat_interval(node_timeout: Duration) -> Duration {
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
    /// Give the leadership up by writing its message, if the last one has this sequence: the loop
    /// cannot act for all nodes, and another node need not wait for the lack of a renewal.
    Resign {
        /// The sequence.
        expected: u64,
    },
}

/// The writer of the leadership's last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// This process.
    Own,
    /// Another one.
    Other,
    /// A node that has resigned.
    Resigned,
}

/// The leadership as one node observes it.
#[derive(Debug)]
pub struct Election {
    node_timeout: Duration,
    /// The last message of the leadership, and when this node first saw it.
    seen: Option<(u64, Instant)>,
    mine: Option<Leadership>,
    /// How long the last leader was seen to renew nothing, if that is why nobody leads.
    timed_out: Option<Duration>,
    /// When another node's leadership ends, if it is not renewed.
    ends_at: Option<Instant>,
    /// When the loop last reported that this node can act for all nodes.
    able: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Leadership {
    term: u64,
    last: u64,
    /// From before the last renewal was sent.
    renewed: Instant,
    /// Until when nodes may still poll by answers of the leader before.
    others_may_poll_until: Instant,
}

impl Election {
    /// Nothing is observed yet.
    pub fn new(node_timeout: Duration) -> Self {
        Self { node_timeout, seen: None, mine: None, timed_out: None, ends_at: None, able: None }
    }

    /// The loop reports whether this node can act for all nodes.
    pub fn report(&mut self, is_able: bool, now: Instant) {
        self.able = is_able.then_some(now);
    }

    /// Whether this node may take or renew the leadership. A loop that hangs acts for nobody.
    fn may_lead(&self, now: Instant) -> bool {
        self.able.is_some_and(|at| now.saturating_duration_since(at) < self.node_timeout / 2)
    }

    /// The leadership's last message has this sequence; 0 if there is none. `timeout`: after so
    /// long without a renewal nobody leads.
    pub fn observe(
        &mut self,
        sequence: u64,
        writer: Writer,
        timeout: Duration,
        now: Instant,
    ) -> Claim {
        let may_lead = self.may_lead(now);
        if let Some(mine) = &mut self.mine {
            if writer == Writer::Own {
                // It may be a renewal whose answer was lost: it counts from the one before.
                mine.last = mine.last.max(sequence);
            }
            if sequence <= mine.last {
                let expected = mine.last;
                return match may_lead {
                    true => Claim::Write { expected },
                    false => Claim::Resign { expected },
                };
            }
            self.mine = None;
        }
        let since = match self.seen {
            Some((seen, since)) if seen == sequence => since,
            _ => self.seen.insert((sequence, now)).1,
        };
        let is_free = sequence == 0 || writer != Writer::Other;
        let is_vacant = is_free || now - since >= timeout;
        self.ends_at = (!is_vacant).then_some(since + timeout);
        self.timed_out = (is_vacant && !is_free).then_some(timeout);
        if is_vacant && may_lead { Claim::Write { expected: sequence } } else { Claim::Wait }
    }

    /// How soon another node's leadership ends, if it is not renewed: to look then is soon enough.
    pub fn ends_in(&self, now: Instant) -> Option<Duration> {
        let at = self.ends_at.filter(|at| self.mine.is_none() && *at > now)?;
        Some(at - now)
    }

    /// The message was written at this sequence.
    pub fn written(&mut self, sequence: u64, sent: Instant) {
        let (term, others_may_poll_until) = match self.mine {
            Some(mine) => (mine.term, mine.others_may_poll_until),
            None => (sequence, sent + self.grace()),
        };
        self.mine = Some(Leadership { term, last: sequence, renewed: sent, others_may_poll_until });
    }

    /// How long nodes may poll by answers of the leader before, counted from when this node takes
    /// over. That leader answered for a quarter of `node_timeout` after its last renewal, and such an
    /// answer allows polls for three quarters. All of that has passed where it timed out; a tenth is
    /// for clocks of different rates.
    fn grace(&self) -> Duration {
        match self.timed_out {
            Some(timeout) => timeout / 10,
            None => self.node_timeout,
        }
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

    /// Whether this node may answer heartbeats as the leader.
    pub fn may_answer(&self, now: Instant) -> bool {
        self.mine.is_some_and(|mine| now < mine.renewed + self.node_timeout / 4)
    }

    /// The sequence of this node's last message, if it may act by its leadership.
    pub fn last_written(&self, now: Instant) -> Option<u64> {
        self.term(now).and(self.mine.map(|mine| mine.last))
    }

    /// Whether this node led when it last looked.
    pub fn holds(&self) -> bool {
        self.mine.is_some()
    }

    /// Until when nodes may poll by answers of the leader before, if this node leads.
    pub fn others_may_poll_until(&self) -> Option<Instant> {
        self.mine.map(|mine| mine.others_may_poll_until)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::polling_right::PollingRight;
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(20);

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    /// The claim of a node whose loop works, when it sees a message.
    fn observe(election: &mut Election, sequence: u64, writer: Writer, now: Instant) -> Claim {
        election.report(true, now);
        election.observe(sequence, writer, TIMEOUT, now)
    }

    #[test]
    fn a_node_takes_over_when_it_has_seen_no_renewal_for_the_whole_time() {
        let (mut election, start) = (Election::new(TIMEOUT), Instant::now());
        let mut seen =
            |sequence, at| observe(&mut election, sequence, Writer::Other, after(start, at));
        assert_eq!([seen(7, 0), seen(8, 19), seen(8, 38)], [Claim::Wait; 3]);
        assert_eq!(election.ends_in(after(start, 38)), Some(Duration::from_secs(1)));
        let mut seen =
            |sequence, at| observe(&mut election, sequence, Writer::Other, after(start, at));
        let taken = seen(8, 39);
        assert_eq!(taken, Claim::Write { expected: 8 });
        election.written(9, after(start, 39));
        assert_eq!(election.ends_in(after(start, 39)), None);
        assert_eq!(election.term(after(start, 40)), Some(9));
        election.written(12, after(start, 42));
        assert_eq!(election.term(after(start, 51)), Some(9), "a renewal keeps the term");
        assert_eq!(election.term(after(start, 52)), None, "without a renewal it acts no more");
        assert_eq!(
            observe(&mut election, 13, Writer::Other, after(start, 53)),
            Claim::Wait,
            "another leads"
        );
    }

    #[test]
    fn what_nobody_holds_is_taken_at_once() {
        let (mut election, start) = (Election::new(TIMEOUT), Instant::now());
        let nothing = observe(&mut election, 0, Writer::Other, start);
        assert_eq!(nothing, Claim::Write { expected: 0 });
        election.refused();
        let resigned = observe(&mut election, 3, Writer::Resigned, start);
        assert_eq!(resigned, Claim::Write { expected: 3 });
    }

    #[test]
    fn a_message_whose_answer_was_lost_is_known_as_ones_own() {
        let (mut election, start) = (Election::new(TIMEOUT), Instant::now());
        // The claim was stored, and its answer lost.
        let claim = observe(&mut election, 4, Writer::Own, start);
        assert_eq!(claim, Claim::Write { expected: 4 });
        election.written(5, start);
        // So was the renewal after 3 s.
        let renewal = observe(&mut election, 6, Writer::Own, after(start, 5));
        assert_eq!(renewal, Claim::Write { expected: 6 });
        assert_eq!(election.term(after(start, 9)), Some(5), "it leads as before");
        assert_eq!(election.term(after(start, 10)), None, "by the renewal that was confirmed");
        election.written(7, after(start, 10));
        assert_eq!(election.term(after(start, 19)), Some(5));
        let other = observe(&mut election, 8, Writer::Other, after(start, 19));
        assert_eq!((other, election.term(after(start, 19))), (Claim::Wait, None));
    }

    #[test]
    fn a_node_whose_loop_hangs_or_cannot_act_does_not_lead() {
        let (mut election, start) = (Election::new(TIMEOUT), Instant::now());
        let see = |election: &mut Election, at| {
            election.observe(3, Writer::Resigned, TIMEOUT, after(start, at))
        };
        assert_eq!(see(&mut election, 0), Claim::Wait, "the loop has reported nothing yet");
        election.report(false, start);
        assert_eq!(see(&mut election, 0), Claim::Wait);
        election.report(true, start);
        assert_eq!(see(&mut election, 9), Claim::Write { expected: 3 });
        assert_eq!(see(&mut election, 10), Claim::Wait, "that report is too old");
        election.report(true, after(start, 10));
        election.written(4, after(start, 10));
        let own = |election: &mut Election, at| {
            election.observe(4, Writer::Own, TIMEOUT, after(start, at))
        };
        assert_eq!(own(&mut election, 19), Claim::Write { expected: 4 });
        assert_eq!(own(&mut election, 20), Claim::Resign { expected: 4 }, "the loop hangs");
        election.report(false, after(start, 20));
        assert_eq!(own(&mut election, 21), Claim::Resign { expected: 4 });
    }

    /// Whenever the leader before gave its last answer, the polls that it allowed are over when the
    /// next leader gives their sources to others.
    #[test]
    fn a_new_leader_waits_until_polls_by_the_answers_of_the_one_before_are_over() {
        let start = Instant::now();
        let (mut old, mut new) = (Election::new(TIMEOUT), Election::new(TIMEOUT));
        observe(&mut old, 0, Writer::Other, start);
        old.written(1, start);
        observe(&mut new, 1, Writer::Other, start);
        let mut last_polls = start;
        for tenth in 0..400 {
            let now = start + Duration::from_millis(100 * tenth);
            if old.may_answer(now) {
                let mut right = PollingRight::new(TIMEOUT);
                right.answered(now, 1);
                last_polls = right.ends_at(1).unwrap();
            }
            if new.mine.is_none() && observe(&mut new, 1, Writer::Other, now) != Claim::Wait {
                new.written(2, now);
            }
        }
        let until = new.others_may_poll_until().unwrap();
        assert!(until >= last_polls, "{:?} too early", last_polls - until);
        assert!(until <= after(start, 23), "and no longer than it must");
        // One that has resigned may have answered a moment ago.
        let mut third = Election::new(TIMEOUT);
        observe(&mut third, 3, Writer::Resigned, start);
        third.written(4, start);
        assert!(third.others_may_poll_until().unwrap() >= start + TIMEOUT * 3 / 4);
    }

    /// Whatever the moments of renewals and of looking, no two nodes lead at once.
    #[test]
    fn no_two_nodes_lead_at_once() {
        for look in 1..40 {
            let start = Instant::now();
            let (mut old, mut new) = (Election::new(TIMEOUT), Election::new(TIMEOUT));
            observe(&mut old, 0, Writer::Other, start);
            old.written(1, start);
            for second in 0..60 {
                let now = after(start, second);
                if second % look == 0 && observe(&mut new, 1, Writer::Other, now) != Claim::Wait {
                    new.written(2, now);
                }
                assert!(old.term(now).is_none() || new.term(now).is_none(), "{look} {second}");
            }
        }
    }
}
