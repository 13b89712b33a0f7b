//! The order of turns on one machine: a queue that moves them, without bytes or copies.

use std::collections::VecDeque;
use std::future::pending;

use super::{Content, Message, Received, StreamError};
use crate::engine::ANY_RULES;
use crate::model::{NodeName, Timestamp};

/// The turns that are not applied yet.
#[derive(Debug)]
pub struct Local {
    node: NodeName,
    queue: VecDeque<Received>,
    sequence: u64,
}

impl Default for Local {
    fn default() -> Self {
        Self { node: NodeName::new("local"), queue: VecDeque::new(), sequence: 0 }
    }
}

impl Local {
    pub(super) fn append(&mut self, message: Message) -> u64 {
        self.sequence += 1;
        let (sequence, node) = (self.sequence, self.node.clone());
        self.queue.push_back(Received {
            sequence,
            at: Timestamp::EPOCH,
            node,
            number: sequence,
            is_own: true,
            rules: ANY_RULES,
            content: Content::Message(message),
        });
        sequence
    }

    pub(super) fn has_next(&self) -> bool {
        !self.queue.is_empty()
    }

    pub(super) async fn next(&mut self) -> Result<Received, StreamError> {
        match self.queue.pop_front() {
            Some(received) => Ok(received),
            None => pending().await,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::engine::Turn;

    #[tokio::test]
    async fn what_is_appended_is_next_once() {
        let mut local = Local::default();
        let at = Timestamp::EPOCH;
        for _ in 0..2 {
            assert!(!local.has_next());
            let number = local.append(Message::Turn(Turn::ArchiveContinued { at }));
            assert!(local.has_next());
            assert_eq!(local.next().await.unwrap().number, number);
        }
    }
}
