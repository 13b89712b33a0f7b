//! Bounds a plan by the number of files that the process may open at once.
//!
//! A store that cannot open a file is a failed store. So clients and polls
//! share what is left of the file descriptors beside it, and refuse or wait
//! beyond that: a client too many is told to come back.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Plan;

/// Held back for the store, the log, the listeners and the commands of an operator.
const HELD_BACK: usize = 32;

/// More than this nobody needs here.
const ENOUGH: u64 = 65_536;

/// Half of what is left is for clients, a quarter for polls; the rest is for
/// connections that sources keep open for the next poll.
pub(super) fn within(mut plan: Plan) -> Plan {
    let left = limit().saturating_sub(HELD_BACK);
    let clients = &mut plan.server.limits.connections;
    *clients = (left / 2).clamp(1, (*clients).max(1));
    let polls = &mut plan.polling.concurrency;
    *polls = (left / 4).clamp(1, (*polls).max(1));
    plan
}

/// How many may be open, after asking for as many as are granted: the usual
/// limit is there for programs that use `select`.
fn limit() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(ENOUGH).min(ENOUGH);
    let granted = current.is_some_and(|current| current < wanted)
        && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok();
    let current = if granted { Some(wanted) } else { current };
    usize::try_from(current.unwrap_or(ENOUGH)).unwrap_or(usize::MAX)
}
