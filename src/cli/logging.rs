//! Starts the log on the standard error, and changes its filter while it runs.

use std::io::IsTerminal;

use tracing_subscriber::reload::Handle;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use super::CliError;
use super::output::{LogLines, LogWriter};
use crate::config::{LogFormat, LoggingPlan};

/// The log that was started.
pub(super) struct Log {
    /// Puts another filter in force; a closure, because each format's log is of its own type.
    filter: Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>,
}

impl Log {
    /// Logs by this filter from now on.
    pub(super) fn by(&self, filter: &str) -> Result<(), String> {
        let filter = LoggingPlan::filter_of(filter)?;
        (self.filter)(EnvFilter::new(filter))
    }

    fn with<S: 'static>(handle: Handle<EnvFilter, S>) -> Self {
        let filter = move |filter| {
            handle.reload(filter).map_err(|error| format!("no log to filter: {error}"))
        };
        Self { filter: Box::new(filter) }
    }
}

/// Starts the log of this process.
pub(super) fn start(logging: &LoggingPlan) -> Result<Log, CliError> {
    // journald stamps lines itself and knows no colours.
    let to_journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let filter = EnvFilter::try_new(&logging.filter).map_err(CliError::because)?;
    let to_terminal = std::io::stderr().is_terminal();
    let form = match (logging.format, to_journal || !to_terminal) {
        (LogFormat::Json, _) => LogLines::Json,
        (LogFormat::Text, true) => LogLines::Text,
        (LogFormat::Text, false) => LogLines::Coloured,
    };
    let lines = fmt().with_writer(move || LogWriter(form));
    let (log, started) = match (logging.format, to_journal) {
        (LogFormat::Json, _) => {
            let lines = lines.json().flatten_event(true);
            let lines = lines.with_env_filter(filter).with_filter_reloading();
            (Log::with(lines.reload_handle()), lines.finish().try_init())
        }
        (LogFormat::Text, true) => {
            let lines = lines.without_time().with_ansi(false).with_target(false);
            let lines = lines.with_env_filter(filter).with_filter_reloading();
            (Log::with(lines.reload_handle()), lines.finish().try_init())
        }
        (LogFormat::Text, false) => {
            let lines = lines.with_ansi(to_terminal).with_target(false);
            let lines = lines.with_env_filter(filter).with_filter_reloading();
            (Log::with(lines.reload_handle()), lines.finish().try_init())
        }
    };
    started.map_err(CliError::because)?;
    Ok(log)
}
