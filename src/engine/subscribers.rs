//! Applies what happens between our hub and its subscribers.

use super::Engine;
use super::turn::Turn;
use super::work::Work;
use crate::model::{EngineRecord, SubscriberId};

impl Engine {
    pub(super) fn subscriber_turn(&mut self, turn: Turn, work: &mut Work<'_>) {
        match turn {
            Turn::SubscriptionRequested { requests, .. } => {
                for (asked, has) in requests {
                    let id = SubscriberId::of(&asked.topic, &asked.callback);
                    let noted = asked.noted(self.subscribers.get(&id), has, work.now);
                    self.subscribers.insert(id, noted.clone());
                    work.commit.subscribers.push(noted);
                }
            }
            Turn::SubscribersUpdated { updated, removed, .. } => {
                for id in &removed {
                    self.subscribers.remove(id);
                }
                self.subscribers.extend(updated.iter().map(|one| (one.id(), one.clone())));
                work.commit.subscribers = updated;
                work.commit.unsubscribed = removed;
            }
            Turn::HubNotified { feeds, .. } => {
                let at = work.now;
                for (path, hash) in feeds {
                    work.commit.engine.push(EngineRecord::Ping { path: path.clone(), hash, at });
                    self.pinged.insert(path, hash);
                }
            }
            _ => {}
        }
    }
}
