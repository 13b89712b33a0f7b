//! Writes to the terminal: everything that a command prints passes through here.
//!
//! Titles, addresses and errors of strangers are in most of it. None of them commands the
//! terminal, reorders what stands beside it or hides in it.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;

use serde::Serialize;

use crate::control_characters::{printable, printable_json};

/// Prints a line; a reader that went away ends the command quietly.
pub(super) fn print_line(line: impl Display) -> bool {
    print_styled(printable(&line.to_string()))
}

/// Prints a line that holds commands of our own to the terminal. All else in it must be
/// [`printable`] already.
pub(super) fn print_styled(line: impl Display) -> bool {
    writeln!(io::stdout().lock(), "{line}").is_ok()
}

/// Prints a value as JSON: on one line for a program, over several for a person at a terminal.
pub(super) fn print_json(value: &impl Serialize) -> bool {
    if !io::stdout().is_terminal() {
        return print_json_line(value);
    }
    print_line(printable_json(&serde_json::to_string_pretty(value).unwrap_or_default()))
}

/// Prints a value as JSON on one line.
pub(super) fn print_json_line(value: &impl Serialize) -> bool {
    print_line(printable_json(&serde_json::to_string(value).unwrap_or_default()))
}

/// Prints a line on the standard error.
pub(super) fn print_error(line: impl Display) {
    // Nobody may be reading it.
    let _ = writeln!(io::stderr().lock(), "{}", printable(&line.to_string()));
}

/// Reports a panic as the standard library does. Its message may quote the text it was about.
pub(super) fn report_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => {
            print_error(format_args!("thread '{name}' {panic}\nstack backtrace:\n{backtrace}"));
        }
        _ => print_error(format_args!("thread '{name}' {panic}")),
    }
}

/// How the lines of a log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogLines {
    /// Text without colours.
    Text,
    /// Text with colours. Escapes that others wrote were replaced before the colours were added.
    Coloured,
    /// A JSON object each.
    Json,
}

/// The standard error of a log. Every event reaches it in one write.
#[derive(Debug)]
pub(super) struct LogWriter(pub(super) LogLines);

impl Write for LogWriter {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let mut text = String::from_utf8_lossy(event).into_owned();
        if self.0 != LogLines::Json {
            // No line of an event is taken for an event of its own.
            let whole = text.trim_end_matches('\n');
            text = format!("{}\n", whole.replace('\n', "\n    "));
        }
        let mut out = io::stderr().lock();
        match self.0 {
            LogLines::Text => out.write_all(printable(&text).as_bytes())?,
            LogLines::Json => out.write_all(printable_json(&text).as_bytes())?,
            LogLines::Coloured => {
                for (at, part) in text.split('\u{1b}').enumerate() {
                    let escape = if at > 0 { "\u{1b}" } else { "" };
                    out.write_all(escape.as_bytes())?;
                    out.write_all(printable(part).as_bytes())?;
                }
            }
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}
