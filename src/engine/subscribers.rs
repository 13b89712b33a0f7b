//! Applies what happens between our hub and its subscribers.

use super::Engine;
use super::turn::{Event, Turn};
use super::work::Work;
use crate::model::{EngineRecord, SubscriberId};

impl Engine {
    pub(super) fn subscriber_turn(&mut self, turn: Turn, work: &mut Work<'_>) {
        match turn {
            Turn::SubscriptionRequested { asked, has, .. } => {
                let id = SubscriberId::of(&asked.topic, &asked.callback);
                let noted = asked.noted(self.subscribers.get(&id), has, work.now);
                self.subscribers.insert(id, noted.clone());
                work.commit.subscribers.push(noted);
                work.events.push(Event::SubscriptionNoted(asked));
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
