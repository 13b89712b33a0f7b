//! A question in; the answer of the daemon that has the store, or of the store itself, out.

use std::path::Path;
use std::sync::{Arc, RwLock};

use super::Stop;
use crate::clock::Clock;
use crate::config::Plan;
use crate::control::{self, Command};
use crate::inquiry::{Question, Records};
use crate::store::{self, SledStore, Store, StoreError};

/// Answers a question, a value at a time.
pub(super) fn ask(
    plan: Plan,
    question: Question,
    item: impl FnMut(serde_json::Value),
) -> Result<(), Stop> {
    ask_of(plan, question, item, store::open)
}

/// The same, and makes no store where there is none.
pub(super) fn ask_existing(
    plan: Plan,
    question: Question,
    item: impl FnMut(serde_json::Value),
) -> Result<(), Stop> {
    ask_of(plan, question, item, store::open_existing)
}

fn ask_of(
    plan: Plan,
    question: Question,
    mut item: impl FnMut(serde_json::Value),
    open_store: fn(&Path, u64) -> Result<SledStore, StoreError>,
) -> Result<(), Stop> {
    let asked = super::runtime()?.block_on(async {
        let stream = control::connect(&plan).await?;
        let command = Command::Ask { question: question.clone() };
        Some(control::command(stream, &command, &mut item).await)
    });
    if let Some(answered) = asked {
        return answered.map_err(Stop::because);
    }
    let store: Arc<dyn Store> = Arc::new(open_store(&plan.store.path, plan.store.cache)?);
    let records = over(plan, store)?;
    records.answer(&question, Clock::wall().now(), |value| {
        item(value);
        true
    })?;
    Ok(records.store().close()?)
}

/// The records of a store that this process has opened, with nobody polling.
fn over(plan: Plan, store: Arc<dyn Store>) -> Result<Records, Stop> {
    let memories = Arc::new(RwLock::new(store.memories()?));
    Ok(Records::new(Arc::new(plan), store, memories))
}
