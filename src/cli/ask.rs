//! A question in; the answer of the daemon that has the store, or of the store itself, out.

use std::sync::{Arc, RwLock};

use super::Stop;
use crate::clock::Clock;
use crate::config::Plan;
use crate::control::{self, Command};
use crate::inquiry::{Question, Records};
use crate::store::{self, Store};

/// Answers a question, a value at a time.
pub(super) fn ask(
    plan: Plan,
    question: Question,
    mut item: impl FnMut(serde_json::Value),
) -> Result<(), Stop> {
    let asked = super::runtime()?.block_on(async {
        let stream = control::connect(&plan).await?;
        let command = Command::Ask { question: question.clone() };
        Some(control::command(stream, &command, &mut item).await)
    });
    if let Some(answered) = asked {
        return answered.map_err(Stop::because);
    }
    let records = open(plan)?;
    records.answer(&question, Clock::wall().now(), |value| {
        item(value);
        true
    })?;
    Ok(records.store().close()?)
}

/// The store of a plan, opened by this process, with nobody polling.
fn open(plan: Plan) -> Result<Records, Stop> {
    let store: Arc<dyn Store> = Arc::new(store::open_existing(&plan.store.path, plan.store.cache)?);
    let memories = Arc::new(RwLock::new(store.memories()?));
    Ok(Records::new(Arc::new(plan), store, memories))
}
