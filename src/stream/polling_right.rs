//! Decides whether a node may poll, and how long others wait for it. Pure.
//!
//! A node may poll its sources for as long as it knows that nobody has taken them over. Two things
//! show it that: the leader's answer to a heartbeat, and a turn of its own that it reads back from the
//! stream. So nodes go on polling while there is no leader.
//!
//! | so long after it | what happens |
//! |---|---|
//! | half of `node_timeout` | the node starts no poll |
//! | three quarters | it gives up the polls under way |
//! | `node_timeout` | others may poll its sources |
//!
//! The node counts from before it sent the heartbeat or the turn; others count from when they
//! received it. Each counts on its own monotonic clock, which goes on while the machine is suspended
//! ([`super::uptime`]). So the node that stops is always earlier than those that take over, whatever
//! the delays; a quarter of the time is left for clocks of different rates.
//!
//! # Why two nodes never ask one host at a time
//!
//! Sources change their owner by a turn alone, the assignment at sequence `g`. Let `A` be the owner
//! before and `B` the owner after it.
//!
//! - *By turns.* A turn of `A` at sequence `s` renews the right only once `A` has applied everything
//!   up to `s`, and only for what `A` owns then. If `s > g`, `A` has applied the assignment and owns
//!   these sources no more. If `s < g`, `B` has received the turn before it applies the assignment,
//!   and after `A` sent it. `B` waits for `node_timeout` from then on ([`LifeSigns`]), and `A` gives
//!   up its last poll by three quarters, counted from earlier.
//! - *By answers.* An answer names the sequence up to which the leader may have assigned sources, and
//!   counts once `A` has applied that. The leader gives the sources of a silent node away only
//!   when it has received no heartbeat of it, and no turn either, for `node_timeout`. A new leader
//!   waits until the answers of the one before are void ([`super::election`]).
//! - *By a living owner.* Where `A` is not silent, `B` waits for `node_timeout` from when it applies the
//!   assignment, or until the heartbeats of all others show that they have applied it, too.
//! - *Requests in the kernel.* A poll that is given up may leave bytes that no host has acknowledged. The
//!   connections of a node are closed after a quarter of the shortest `node_timeout` of that
//!   (`TCP_USER_TIMEOUT`), so nothing arrives after the whole time.
//! - *After a restart*, `B` does not know when it received the last turns before. It counts from
//!   its start.
//! - *Over several owners.* `A` may lose its sources to `C`, and `C` to `B` soon after. So `B` waits for
//!   the turns of every node that the assignment does not count among the living.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::NodeName;

/// Renewals of one kind that are remembered: a node may be behind the newest ones.
const REMEMBERED: usize = 16;

/// Renewals of one kind, the newest first: when each was sent, and the sequence up to which a node
/// must have applied the stream for it to count.
#[derive(Debug, Default)]
struct Renewals(VecDeque<(Instant, u64)>);

impl Renewals {
    fn add(&mut self, sent: Instant, sequence: u64) {
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front((sent, sequence));
    }

    /// When the last one that counts was sent.
    fn since(&self, applied: u64) -> Option<Instant> {
        let counts = self.0.iter().filter(|(_, sequence)| *sequence <= applied);
        counts.map(|(sent, _)| *sent).max()
    }
}

/// The right of a node to poll its sources.
#[derive(Debug)]
pub struct PollingRight {
    node_timeout: Duration,
    answers: Renewals,
    turns: Renewals,
}

impl PollingRight {
    /// Nothing has given it yet.
    pub fn new(node_timeout: Duration) -> Self {
        Self { node_timeout, answers: Renewals::default(), turns: Renewals::default() }
    }

    /// A heartbeat that was `sent` then is answered by the leader, who has assigned sources up to
    /// `sequence`.
    pub fn answered(&mut self, sent: Instant, sequence: u64) {
        self.answers.add(sent, sequence);
    }

    /// A turn of this process that was `sent` then is in the stream at `sequence`.
    pub fn appended(&mut self, sent: Instant, sequence: u64) {
        self.turns.add(sent, sequence);
    }

    /// When that was sent by which the right was renewed last.
    pub fn since(&self, applied: u64) -> Option<Instant> {
        self.answers.since(applied).max(self.turns.since(applied))
    }

    /// Until when polls may be started.
    pub fn starts_until(&self, applied: u64) -> Option<Instant> {
        self.since(applied).map(|since| since + self.node_timeout / 2)
    }

    /// Until when polls that are under way may go on.
    pub fn ends_at(&self, applied: u64) -> Option<Instant> {
        self.since(applied).map(|since| since + self.node_timeout * 3 / 4)
    }

    /// Whether a leader has answered lately, and this node has applied what it had assigned.
    pub fn is_led(&self, applied: u64, now: Instant) -> bool {
        self.answers.since(applied).is_some_and(|sent| now < sent + self.node_timeout / 2)
    }

    /// Whether a turn is due that only renews the right: no leader answers, and nothing else was
    /// appended. That is earlier than the right ends.
    pub fn needs_turn(&self, now: Instant) -> bool {
        // A node that is behind would not get the right by another turn either.
        let newest = |renewals: &Renewals| renewals.0.iter().map(|(sent, _)| *sent).max();
        let last = newest(&self.answers).max(newest(&self.turns));
        last.is_none_or(|last| now >= last + self.node_timeout / 4)
    }
}

/// When this process last received a turn of each node: until then the node had not lost its
/// sources, and it may poll for some time after.
#[derive(Debug)]
pub struct LifeSigns {
    node_timeout: Duration,
    began: Instant,
    turns: BTreeMap<NodeName, Instant>,
}

impl LifeSigns {
    /// Nothing is received yet.
    pub fn new(node_timeout: Duration, began: Instant) -> Self {
        Self { node_timeout, began, turns: BTreeMap::new() }
    }

    /// A turn of a node was received.
    pub fn received(&mut self, node: &NodeName, now: Instant) {
        if let Some(last) = self.turns.get_mut(node) {
            *last = now;
            return;
        }
        // Names can be invented. Of those that are silent, nothing need be known.
        self.turns.retain(|_, last| now < *last + self.node_timeout);
        self.turns.insert(node.clone(), now);
    }

    /// The nodes that have appended a turn lately.
    pub fn recent(&self, now: Instant) -> impl Iterator<Item = &NodeName> {
        let is_recent = move |last: Instant| now < last + self.node_timeout;
        self.turns.iter().filter(move |(_, last)| is_recent(**last)).map(|(node, _)| node)
    }

    /// How much longer this node waits, although `silent` has lost its sources: it may have sent a
    /// turn that only this process has received, or that the run before received.
    pub fn wait_for(&self, silent: &NodeName, now: Instant) -> Duration {
        let last = self.turns.get(silent).copied().unwrap_or(self.began);
        (last + self.node_timeout).saturating_duration_since(now)
    }

    /// The same for all nodes but those that are `alive`, by the turns that this process has received.
    pub fn wait_for_all_but(&self, alive: &[NodeName], now: Instant) -> Duration {
        let silent = self.turns.keys().filter(|node| !alive.contains(node));
        silent.map(|node| self.wait_for(node, now)).max().unwrap_or_default()
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

    fn node(name: &str) -> NodeName {
        NodeName::new(name)
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

    #[test]
    fn a_turn_renews_the_right_like_an_answer_once_it_is_applied() {
        let (mut right, start) = (PollingRight::new(TIMEOUT), Instant::now());
        right.answered(start, 5);
        right.appended(after(start, 8), 7);
        assert_eq!(right.starts_until(6), Some(after(start, 10)), "others' turns come first");
        assert_eq!(right.starts_until(7), Some(after(start, 18)));
        assert_eq!(right.ends_at(7), Some(after(start, 23)));
        // However many turns come, an answer that counts is not forgotten.
        for number in 0..100 {
            right.appended(after(start, 9), 100 + number);
        }
        assert_eq!(right.since(6), Some(start));
        assert!(right.is_led(7, after(start, 9)) && !right.is_led(7, after(start, 10)));
    }

    #[test]
    fn a_turn_that_only_renews_the_right_is_due_where_nothing_else_does() {
        let (mut right, start) = (PollingRight::new(TIMEOUT), Instant::now());
        assert!(right.needs_turn(start));
        right.answered(start, 5);
        assert!(!right.needs_turn(after(start, 4)) && right.needs_turn(after(start, 5)));
        right.appended(after(start, 5), 6);
        assert!(!right.needs_turn(after(start, 9)) && right.needs_turn(after(start, 10)));
        assert!(after(start, 10) < right.starts_until(6).unwrap());
    }

    #[test]
    fn others_wait_for_the_last_turn_of_a_silent_node() {
        let start = Instant::now();
        let mut signs = LifeSigns::new(TIMEOUT, start);
        signs.received(&node("a"), after(start, 30));
        signs.received(&node("b"), after(start, 35));
        let wait = |signs: &LifeSigns, name, at| signs.wait_for(&node(name), after(start, at));
        assert_eq!(wait(&signs, "a", 36), Duration::from_secs(14));
        assert_eq!(wait(&signs, "a", 50), Duration::ZERO);
        assert_eq!(wait(&signs, "c", 36), Duration::ZERO, "silent since this process began");
        assert_eq!(wait(&signs, "c", 3), Duration::from_secs(17), "which may be too soon to tell");
        let all_but = |alive: &[&str]| {
            let alive: Vec<NodeName> = alive.iter().map(|name| node(name)).collect();
            signs.wait_for_all_but(&alive, after(start, 36))
        };
        assert_eq!(all_but(&["a", "b"]), Duration::ZERO);
        assert_eq!(all_but(&["b"]), Duration::from_secs(14));
        assert_eq!(all_but(&[]), Duration::from_secs(19));
        let recent = |at| signs.recent(after(start, at)).cloned().collect::<Vec<_>>();
        assert_eq!(recent(49), [node("a"), node("b")]);
        assert_eq!(recent(52), [node("b")]);
    }

    #[test]
    fn names_that_were_silent_for_long_are_forgotten() {
        let start = Instant::now();
        let mut signs = LifeSigns::new(TIMEOUT, start);
        for second in 0..100 {
            signs.received(&node(&format!("n{second}")), after(start, second));
        }
        assert_eq!(signs.turns.len(), 20);
    }

    /// Whenever the owner sends its last turn, however long turns take to each node, and whether or
    /// not it learns of the assignment: the next owner begins when the polls of the one before are over.
    #[test]
    fn the_next_owner_begins_when_the_one_before_has_given_up() {
        let start = Instant::now();
        for sent in 0..60 {
            for delay in 0..8 {
                for assigned_after in 0..30 {
                    let mut right = PollingRight::new(TIMEOUT);
                    right.appended(after(start, sent), 7);
                    let gives_up = right.ends_at(7).unwrap();
                    let mut signs = LifeSigns::new(TIMEOUT, start);
                    let received = after(start, sent + delay);
                    signs.received(&node("a"), received);
                    let assigned = received + Duration::from_secs(assigned_after);
                    let begins = assigned + signs.wait_for(&node("a"), assigned);
                    assert!(begins >= gives_up + TIMEOUT / 4, "{sent} {delay} {assigned_after}");
                }
            }
        }
    }
}
