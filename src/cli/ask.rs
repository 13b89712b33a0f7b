//! Asks the daemon that has the store, or else the store itself.

use std::sync::{Arc, RwLock};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{CliError, Target};
use crate::clock::Clock;
use crate::config::Plan;
use crate::control::{self, Command};
use crate::inquiry::{Question, Records};
use crate::store::{self, Store};

/// Answers a question and passes each value to `item`.
pub(super) fn ask(
    target: &Target,
    question: Question,
    mut item: impl FnMut(Value),
) -> Result<(), CliError> {
    let command = Command::Ask { question: question.clone() };
    if let Some(answered) = send_command(target, &command, &mut item)? {
        return answered.map_err(CliError::because);
    }
    let records = open(target.plan()?.clone())?;
    records.answer(&question, Clock::wall().now(), |value| {
        item(value);
        true
    })?;
    Ok(records.store().close()?)
}

/// Answers a question that has at most one answer.
pub(super) fn ask_one<T: DeserializeOwned>(
    target: &Target,
    question: Question,
) -> Result<Option<T>, CliError> {
    let mut answer = None;
    ask(target, question, |value| answer = Some(value))?;
    answer.map(read).transpose()
}

/// The running daemon's answer to a question that has at most one; `None` if no daemon runs.
pub(super) fn ask_daemon<T: DeserializeOwned>(
    target: &Target,
    question: Question,
) -> Result<Option<T>, CliError> {
    let answered = run_command(target, &Command::Ask { question })?;
    answered.transpose().map_err(CliError::because).map(Option::flatten)
}

/// Has the running daemon run a command that has at most one answer. The inner error is the
/// daemon's message. `None` if no daemon runs.
pub(super) fn run_command<T: DeserializeOwned>(
    target: &Target,
    command: &Command,
) -> Result<Option<Result<Option<T>, String>>, CliError> {
    let mut answer = None;
    match send_command(target, command, |value| answer = Some(value))? {
        None => Ok(None),
        Some(Err(error)) => Ok(Some(Err(error))),
        Some(Ok(())) => Ok(Some(Ok(answer.map(read).transpose()?))),
    }
}

/// The error of a command that needs a running daemon.
pub(super) fn no_daemon_error(target: &Target) -> CliError {
    let places = control::candidates(&target.store);
    let places = places.map(|place| place.display().to_string()).join(" and ");
    CliError::because(format!(
        "no gazetted runs with this store, as far as this user can see (looked for {places}); `gazetted run` starts one. \
         Where `[store] path` was changed, a running daemon still has the former store: restart it, or change the path back"
    ))
}

/// Sends a command to the running daemon and passes each answer to `item`. `None` if no daemon runs.
pub(super) fn send_command(
    target: &Target,
    command: &Command,
    item: impl FnMut(Value),
) -> Result<Option<Result<(), String>>, CliError> {
    Ok(super::runtime()?.block_on(async {
        let stream = control::connect(&target.store).await?;
        target.warn_of_file();
        Some(control::command(stream, command, item).await)
    }))
}

/// Reads an answer. The running daemon may be of another version than this program.
fn read<T: DeserializeOwned>(answer: Value) -> Result<T, CliError> {
    serde_json::from_value(answer).map_err(|error| {
        CliError::because(format!(
            "the daemon answers as another version would ({error}); restart it"
        ))
    })
}

/// Opens the store of a plan in this process, without polling.
fn open(plan: Plan) -> Result<Records, CliError> {
    let store: Arc<dyn Store> = store::open_existing(&plan.store.path, plan.store.cache)?;
    let source_states = Arc::new(RwLock::new(store.source_states()?));
    Ok(Records::new(Arc::new(plan), store, source_states))
}
