//! Commands from the operator's shell in, over a Unix socket; answers as JSON Lines, out.
//!
//! The socket lies in a directory that only the daemon's user and root can
//! enter: whoever can connect may command. Nothing of it is reachable from the
//! public listener.

use std::io;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::config::Plan;
use crate::daemon::Handle;
use crate::inquiry::Question;
use crate::inquiry::polled::PollReport;
use crate::model::SourceId;

/// The longest command, in bytes.
const LONGEST_COMMAND: u64 = 64 * 1024;

/// What an operator can tell a running daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Command {
    /// Answer a question.
    Ask {
        /// Which.
        question: Question,
    },
    /// Poll these sources now, or all: one [`PollReport`] each, as they end.
    Poll {
        /// Which; none named is all.
        sources: Vec<String>,
    },
    /// Read the configuration again.
    Reload,
}

/// One line of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// A part of what was asked for.
    Item(serde_json::Value),
    /// Why there is no more.
    Error(String),
    /// That was all.
    Done,
}

/// Where a daemon with this plan has its socket: systemd's runtime directory, else beside the store.
pub fn socket_path(plan: &Plan) -> PathBuf {
    match std::env::var_os("RUNTIME_DIRECTORY") {
        Some(directory) => Path::new(&directory).join("control.sock"),
        None => plan.store.path.with_extension("sock"),
    }
}

/// The places where a daemon that has this plan's store may listen.
pub fn candidates(plan: &Plan) -> [PathBuf; 2] {
    [plan.store.path.with_extension("sock"), PathBuf::from("/run/gazetted/control.sock")]
}

/// Answers commands until it is dropped. `reload` is told when one asks for it.
pub async fn serve(
    path: PathBuf,
    handle: Handle,
    clock: Clock,
    reload: mpsc::Sender<()>,
) -> io::Result<()> {
    // A socket that was left behind; the store's lock has shown that no daemon lives.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                conversations.spawn(converse(stream, handle.clone(), clock.clone(), reload.clone()));
            }
            Some(_) = conversations.join_next() => {}
        }
    }
}

async fn converse(
    stream: UnixStream,
    handle: Handle,
    clock: Clock,
    reload: mpsc::Sender<()>,
) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(LONGEST_COMMAND)).read_line(&mut line).await?;
    let (answers, mut answered) = mpsc::channel(64);
    let answering = async move {
        match serde_json::from_str(&line) {
            Ok(command) => obey(command, &handle, clock, &reload, &answers).await,
            Err(error) => {
                let _ = answers.send(Answer::Error(format!("not a command: {error}"))).await;
            }
        }
    };
    let writing = async {
        while let Some(answer) = answered.recv().await {
            let mut line = serde_json::to_vec(&answer)?;
            line.push(b'\n');
            writer.write_all(&line).await?;
        }
        io::Result::Ok(())
    };
    tokio::join!(answering, writing).1
}

async fn obey(
    command: Command,
    handle: &Handle,
    clock: Clock,
    reload: &mpsc::Sender<()>,
    answers: &mpsc::Sender<Answer>,
) {
    match command {
        Command::Ask { question } => {
            let (records, sink) = (handle.records().clone(), answers.clone());
            let asked = tokio::task::spawn_blocking(move || {
                records.answer(&question, clock.now(), |item| {
                    sink.blocking_send(Answer::Item(item)).is_ok()
                })
            });
            if let Ok(Err(error)) = asked.await {
                let _ = answers.send(Answer::Error(error.to_string())).await;
                return;
            }
        }
        Command::Poll { sources } => {
            let plan = handle.records().plan();
            let chosen: Vec<SourceId> = match sources.as_slice() {
                [] => plan.sources.keys().cloned().collect(),
                named => named.iter().map(|name| SourceId::new(name.as_str())).collect(),
            };
            let mut polls: FuturesUnordered<_> = chosen
                .into_iter()
                .map(|source| async move { (source.clone(), handle.poll_now(source).await) })
                .collect();
            while let Some((source, ended)) = polls.next().await {
                let report = PollReport::of(&source, ended, &handle.records().memory(&source));
                let _ = answers
                    .send(Answer::Item(serde_json::to_value(report).unwrap_or_default()))
                    .await;
            }
        }
        Command::Reload => {
            let _ = reload.send(()).await;
        }
    }
    let _ = answers.send(Answer::Done).await;
}

/// Connects to the daemon that has this plan's store, if one runs.
pub async fn connect(plan: &Plan) -> Option<UnixStream> {
    for path in candidates(plan) {
        if let Ok(stream) = UnixStream::connect(path).await {
            return Some(stream);
        }
    }
    None
}

/// Gives a command; `item` sees each part of the answer. The error is the
/// daemon's own words, or says that it went away.
pub async fn command(
    mut stream: UnixStream,
    command: &Command,
    mut item: impl FnMut(serde_json::Value),
) -> Result<(), String> {
    let gone = |error: io::Error| format!("the daemon went away: {error}");
    let mut line = serde_json::to_string(command).map_err(|error| error.to_string())?;
    line.push('\n');
    stream.write_all(line.as_bytes()).await.map_err(gone)?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await.map_err(gone)? {
        match serde_json::from_str(&line).map_err(|error| format!("not an answer: {error}"))? {
            Answer::Item(value) => item(value),
            Answer::Error(error) => return Err(error),
            Answer::Done => return Ok(()),
        }
    }
    Err("the daemon went away before its answer was complete".to_owned())
}
