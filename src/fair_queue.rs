//! Shares a few turns at expensive work fairly between clients, with a bounded queue.
//!
//! A client has only so many turns at a time, so a free turn is left for others. Clients that
//! wait take turns in rounds (start-time fair queueing): what a client asks for second comes
//! after what any other asked for first.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// How much there may be at a time.
#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// Turns in all.
    pub turns: usize,
    /// Turns of one client.
    pub turns_of_one: usize,
    /// Requests that wait for a turn, in all.
    pub waiting: usize,
    /// Those of one client.
    pub waiting_of_one: usize,
}

/// The queue is full, or has enough of this client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests wait already")]
pub struct Full;

/// Gives turns to clients, by their addresses. All clients that are not known count as one, whose
/// requests only the bound in all limits. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FairQueue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bounds: QueueLimits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    turns: usize,
    clients: HashMap<Option<IpAddr>, Client>,
    /// By round and arrival.
    waiting: BTreeMap<Place, Waiting>,
    /// The round of the turn that was given last.
    round: u64,
    arrivals: u64,
}

/// A round, and a number that tells apart who waits in it.
type Place = (u64, u64);

/// A client that has turns or waits.
#[derive(Debug, Default)]
struct Client {
    turns: usize,
    waiting: usize,
    /// The round of its last request.
    round: Option<u64>,
}

#[derive(Debug)]
struct Waiting {
    client: Option<IpAddr>,
    give: oneshot::Sender<Permit>,
}

/// A turn, which ends when this is dropped.
#[derive(Debug)]
pub struct Permit {
    queue: FairQueue,
    client: Option<IpAddr>,
}

/// A place in the queue, given up when this is dropped.
struct Waits<'a> {
    queue: &'a FairQueue,
    place: Place,
}

impl FairQueue {
    /// A queue with these bounds.
    pub fn new(bounds: QueueLimits) -> Self {
        let state = State {
            turns: 0,
            clients: HashMap::new(),
            waiting: BTreeMap::new(),
            round: 0,
            arrivals: 0,
        };
        Self(Arc::new(Shared { bounds, state: Mutex::new(state) }))
    }

    /// Waits for a turn. Whoever drops the future waits no longer.
    pub async fn turn(&self, client: Option<IpAddr>) -> Result<Permit, Full> {
        let (place, given) = self.enter(client)?;
        let _waits = Waits { queue: self, place };
        self.give();
        // The sender is dropped without a turn only together with the queue.
        given.await.map_err(|_| Full)
    }

    fn enter(&self, of: Option<IpAddr>) -> Result<(Place, oneshot::Receiver<Permit>), Full> {
        let bounds = self.0.bounds;
        let mut state = self.state();
        let (round, arrivals) = (state.round, state.arrivals + 1);
        let in_all = state.waiting.len();
        let client = state.clients.entry(of).or_default();
        // Whoever finds a free turn does not wait.
        let most = bounds.waiting_of_one + bounds.turns_of_one - client.turns;
        if in_all >= bounds.waiting + bounds.turns || (of.is_some() && client.waiting >= most) {
            state.forget(&of);
            return Err(Full);
        }
        client.waiting += 1;
        let round = client.round.map_or(round, |last| round.max(last + 1));
        client.round = Some(round);
        state.arrivals = arrivals;
        let (give, given) = oneshot::channel();
        state.waiting.insert((round, arrivals), Waiting { client: of, give });
        Ok(((round, arrivals), given))
    }

    /// Gives all turns that can be given.
    fn give(&self) {
        loop {
            let next = self.state().next(&self.0.bounds);
            let Some(Waiting { client, give }) = next else { return };
            // Whoever has gone meanwhile drops the turn, which is then another's.
            let _ = give.send(Permit { queue: self.clone(), client });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes whoever has the next turn out of the queue.
    fn next(&mut self, bounds: &QueueLimits) -> Option<Waiting> {
        if self.turns >= bounds.turns {
            return None;
        }
        let turns =
            |client: &Option<IpAddr>| self.clients.get(client).map_or(0, |known| known.turns);
        let may = |(_, waiting): &(&Place, &Waiting)| turns(&waiting.client) < bounds.turns_of_one;
        let place = *self.waiting.iter().find(may)?.0;
        let next = self.waiting.remove(&place)?;
        self.round = self.round.max(place.0);
        self.turns += 1;
        let client = self.clients.entry(next.client).or_default();
        client.turns += 1;
        client.waiting -= 1;
        Some(next)
    }

    /// Forgets a client that has nothing here.
    fn forget(&mut self, client: &Option<IpAddr>) {
        if self.clients.get(client).is_some_and(|known| known.turns == 0 && known.waiting == 0) {
            self.clients.remove(client);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.turns -= 1;
        if let Some(client) = state.clients.get_mut(&self.client) {
            client.turns -= 1;
        }
        state.forget(&self.client);
        drop(state);
        self.queue.give();
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        let Some(gone) = state.waiting.remove(&self.place) else { return };
        if let Some(client) = state.clients.get_mut(&gone.client) {
            client.waiting -= 1;
        }
        state.forget(&gone.client);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    const BOUNDS: QueueLimits =
        QueueLimits { turns: 2, turns_of_one: 1, waiting: 6, waiting_of_one: 3 };

    type PendingTurn = Pin<Box<dyn Future<Output = Result<Permit, Full>>>>;

    fn client(last: u8) -> Option<IpAddr> {
        Some([192, 0, 2, last].into())
    }

    fn ask(queue: &FairQueue, client: Option<IpAddr>) -> PendingTurn {
        let queue = queue.clone();
        let mut asked: PendingTurn = Box::pin(async move { queue.turn(client).await });
        // A request counts from when it is first looked at.
        match poll(&mut asked) {
            Poll::Pending => asked,
            Poll::Ready(ready) => Box::pin(std::future::ready(ready)),
        }
    }

    fn poll(asked: &mut PendingTurn) -> Poll<Result<Permit, Full>> {
        asked.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    fn given(asked: &mut PendingTurn) -> Permit {
        match poll(asked) {
            Poll::Ready(turn) => turn.unwrap(),
            Poll::Pending => panic!("it has no turn"),
        }
    }

    fn is_full(mut asked: PendingTurn) -> bool {
        matches!(poll(&mut asked), Poll::Ready(Err(Full)))
    }

    #[test]
    fn one_client_never_has_all_turns() {
        let queue = FairQueue::new(BOUNDS);
        let mut flood: Vec<_> = (0..3).map(|_| ask(&queue, client(1))).collect();
        let first = given(&mut flood[0]);
        assert!(poll(&mut flood[1]).is_pending());
        let other = given(&mut ask(&queue, client(2)));
        drop(first);
        let second = given(&mut flood[1]);
        assert!(poll(&mut flood[2]).is_pending());
        drop((second, other));
        given(&mut flood[2]);
    }

    #[test]
    fn a_second_request_comes_after_the_first_of_everybody_else() {
        let queue = FairQueue::new(QueueLimits { turns: 1, ..BOUNDS });
        let held = given(&mut ask(&queue, client(9)));
        let clients = [1, 1, 1, 2, 3, 2];
        let mut asked: Vec<_> = clients.map(|of| ask(&queue, client(of))).into();
        drop(held);
        let mut order = Vec::new();
        while order.len() < clients.len() {
            let next =
                (0..clients.len()).find_map(|place| Some((place, poll_once(&mut asked, place)?)));
            let (place, turn) = next.expect("somebody has the turn");
            order.push(place);
            drop(turn);
        }
        assert_eq!(order, [0, 3, 4, 1, 5, 2]);
    }

    /// The turn of one of them, if it has it by now; it asks no more then.
    fn poll_once(asked: &mut [PendingTurn], place: usize) -> Option<Permit> {
        match poll(&mut asked[place]) {
            Poll::Ready(turn) => {
                asked[place] = Box::pin(std::future::pending());
                Some(turn.unwrap())
            }
            Poll::Pending => None,
        }
    }

    #[test]
    fn whoever_gives_up_leaves_no_trace() {
        let queue = FairQueue::new(BOUNDS);
        let first = given(&mut ask(&queue, client(1)));
        let waiting = ask(&queue, client(1));
        drop(waiting);
        drop(first);
        // Whoever has a turn and does not look at it any more, too.
        drop(ask(&queue, client(2)));
        let state = queue.state();
        assert_eq!((state.turns, state.waiting.len(), state.clients.len()), (0, 0, 0));
    }

    #[test]
    fn the_queue_is_bounded_in_all_and_of_one_client() {
        let queue = FairQueue::new(BOUNDS);
        let own: Vec<_> = (0..4).map(|_| ask(&queue, client(1))).collect();
        assert!(is_full(ask(&queue, client(1))), "one has a turn, three wait");
        let unknown: Vec<_> = (0..6).map(|_| ask(&queue, None)).collect();
        assert!(is_full(ask(&queue, None)), "the queue is full");
        assert!(is_full(ask(&queue, client(2))));
        drop(unknown);
        given(&mut ask(&queue, client(2)));
        drop(own);
        assert!(queue.state().clients.is_empty());
    }
}
