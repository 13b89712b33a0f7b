//! The control socket: commands from the operator's shell, answered as JSON Lines.
//!
//! Only the daemon's user and root can connect to the socket, and whoever can
//! may command. Nothing of it is reachable from the public listener.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::config::Plan;
use crate::daemon::Handle;
use crate::inquiry::Question;
use crate::inquiry::polled::{PollLine, PollReport};
use crate::inquiry::static_site::{LastVisit, Part};
use crate::model::{SourceId, TopicId};
use crate::store;

/// The longest command, in bytes.
const LONGEST_COMMAND: u64 = 64 * 1024;

/// Before commands are let in again after that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// A command of an operator to a running daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Command {
    /// Name the store: one path.
    Whose,
    /// Say whether readers should be sent here: `true`, or why not.
    Ready,
    /// Answer a question.
    Ask {
        /// The question.
        question: Question,
    },
    /// Poll these sources now, or all: one [`PollLine::Ended`] each, as they end.
    Poll {
        /// The sources; all, where none is named.
        sources: Vec<String>,
        /// Whether holds and floors are to be ignored.
        #[serde(default)]
        now: bool,
    },
    /// Read the configuration again: one [`Reloaded`].
    Reload {
        /// Whether it may replace a plan of other nodes that its files do not belong to.
        #[serde(default)]
        force: bool,
    },
    /// Report the state of the cluster: one [`ClusterStatus`](crate::pipeline::ClusterStatus).
    Cluster,
    /// Have no node of the cluster poll, or all again: `true` once that is in force.
    Pause {
        /// Whether to pause.
        pauses: bool,
    },
    /// Take the next step of an upgrade of the cluster: one
    /// [`UpgradeStep`](crate::pipeline::UpgradeStep).
    Upgrade,
    /// Have all nodes of the cluster skip a turn that none of them can apply.
    Skip {
        /// Where it is in the stream.
        sequence: u64,
    },
    /// Log by this filter until the next reload.
    Log {
        /// As `[logging] filter`.
        filter: String,
    },
    /// Tell the whole site: one [`Document`](crate::publish::Document) each.
    Site {
        /// Private topics to tell all the same.
        private: Vec<TopicId>,
    },
    /// Write a backup: one [`store::Contents`].
    Backup {
        /// Where, as the daemon sees it.
        file: PathBuf,
    },
}

/// A command that is carried out by the process around the loop.
#[derive(Debug)]
pub enum Errand {
    /// Read the configuration again.
    Reload {
        /// Whether it may replace a plan of other nodes that its files do not belong to.
        force: bool,
        /// Receives the outcome.
        done: oneshot::Sender<Reloaded>,
    },
    /// Replace the filter of the log.
    Log {
        /// As `[logging] filter`.
        filter: String,
        /// Receives the problem of a filter that is not valid.
        done: oneshot::Sender<Result<(), String>>,
    },
}

/// The outcome of reading the configuration again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Whether the new plan is in force; if not, the old one is.
    pub in_force: bool,
    /// The changes, a line each.
    pub changes: Vec<String>,
    /// Problems of the configuration: errors and warnings.
    pub problems: Vec<String>,
}

/// One line of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// A part of what was asked for.
    Item(serde_json::Value),
    /// The reason why the answer ends here.
    Error(String),
    /// That was all.
    Done,
}

/// Where a daemon with this plan has its socket: systemd's runtime directory, else beside the store.
pub fn socket_path(plan: &Plan) -> PathBuf {
    let directories = std::env::var_os("RUNTIME_DIRECTORY");
    // systemd separates several by colons.
    match directories.and_then(|directories| std::env::split_paths(&directories).next()) {
        Some(directory) => directory.join("control.sock"),
        None => beside_store(&plan.store.path),
    }
}

/// The socket of the store, and of no other store beside it.
fn beside_store(store: &Path) -> PathBuf {
    store::with_suffix(store, ".sock")
}

/// The places where a daemon that has this store may listen.
pub fn candidates(store: &Path) -> [PathBuf; 2] {
    [beside_store(store), PathBuf::from("/run/gazetted/control.sock")]
}

/// The store's directory, whatever links lead to it.
fn real(store: &Path) -> PathBuf {
    store.canonicalize().unwrap_or_else(|_| store.to_owned())
}

/// The daemon's end of the socket. Its file goes with it: what is left of a
/// socket that nobody serves would make every later command try it in vain.
pub struct Door {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for Door {
    fn drop(&mut self) {
        // Where it cannot be removed, the next daemon does.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Door {
    /// Opens it: from now on commands wait until they are served.
    ///
    /// # Errors
    /// Nothing can listen at `path`.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        // A socket that was left behind; the store's lock has shown that no daemon lives.
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.file_type().is_socket() => std::fs::remove_file(&path)?,
            Ok(_) => {
                let message = "there is a file that is not a socket; move it elsewhere";
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // From its first moment on: nobody connects between this and the next line.
        store::restrict_umask();
        let listener = UnixListener::bind(&path)?;
        let mode = std::fs::Permissions::from_mode(store::PRIVATE);
        std::fs::set_permissions(&path, mode)?;
        Ok(Self { listener, path })
    }

    /// Answers commands until it is dropped; `errands` takes what is not the loop's.
    pub async fn serve(self, handle: Handle, clock: Clock, errands: mpsc::Sender<Errand>) {
        let mut conversations = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let Ok((stream, _)) = accepted else {
                        // Out of file descriptors, as a rule: they come back.
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    };
                    let (handle, clock, errands) = (handle.clone(), clock.clone(), errands.clone());
                    conversations.spawn(converse(stream, handle, clock, errands));
                }
                Some(_) = conversations.join_next() => {}
            }
        }
    }
}

async fn converse(
    stream: UnixStream,
    handle: Handle,
    clock: Clock,
    errands: mpsc::Sender<Errand>,
) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(LONGEST_COMMAND)).read_line(&mut line).await?;
    let (answers, mut answered) = mpsc::channel(64);
    let answering = async move {
        match serde_json::from_str(&line) {
            Ok(command) => obey(command, &handle, clock, &errands, &answers).await,
            Err(error) => {
                let _ = answers.send(Answer::Error(format!("not a command: {error}"))).await;
            }
        }
    };
    // It ends when the client is gone, and drops the receiver: a further answer is then an error.
    let writing = async move {
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
    errands: &mpsc::Sender<Errand>,
    answers: &mpsc::Sender<Answer>,
) {
    let obeyed = match command {
        Command::Whose => tell(answers, &real(handle.records().in_use().store())).await,
        Command::Ready => match handle.ready() {
            Ok(()) => tell(answers, &true).await,
            Err(why) => Err(why),
        },
        Command::Ask { question } => ask(question, handle, clock, answers).await,
        Command::Poll { sources, now } => {
            poll(sources, now, handle, &clock, answers).await;
            Ok(())
        }
        Command::Cluster => match handle.cluster().await {
            Some(status) => tell(answers, &status).await,
            None => Ok(()),
        },
        Command::Pause { pauses } => match handle.pause(pauses).await {
            Ok(()) => tell(answers, &true).await,
            Err(why) => Err(why),
        },
        Command::Upgrade => match handle.upgrade().await {
            Ok(step) => tell(answers, &step).await,
            Err(why) => Err(why),
        },
        Command::Skip { sequence } => match handle.skip(sequence).await {
            Ok(()) => tell(answers, &true).await,
            Err(why) => Err(why),
        },
        Command::Reload { force } => {
            match run(errands, |done| Errand::Reload { force, done }).await {
                Ok(reloaded) => tell(answers, &reloaded).await,
                Err(stopping) => Err(stopping),
            }
        }
        Command::Log { filter } => {
            run(errands, |done| Errand::Log { filter, done }).await.and_then(|set| set)
        }
        Command::Site { private } => site(private, handle, clock, answers).await,
        Command::Backup { file } => match back_up(file, handle).await {
            Ok(contents) => tell(answers, &contents).await,
            Err(error) => Err(error),
        },
    };
    let last = obeyed.map_or_else(Answer::Error, |()| Answer::Done);
    // Whoever asked may have gone.
    let _ = answers.send(last).await;
}

/// Says a part of the answer.
async fn tell(answers: &mpsc::Sender<Answer>, part: &impl Serialize) -> Result<(), String> {
    let part = serde_json::to_value(part).map_err(|error| error.to_string())?;
    answers.send(Answer::Item(part)).await.map_err(|_| "nobody listens".to_owned())
}

/// Has the process around the loop do something.
async fn run<T>(
    errands: &mpsc::Sender<Errand>,
    errand: impl FnOnce(oneshot::Sender<T>) -> Errand,
) -> Result<T, String> {
    let stopping = || "gazetted is stopping".to_owned();
    let (done, came_of_it) = oneshot::channel();
    errands.send(errand(done)).await.map_err(|_| stopping())?;
    came_of_it.await.map_err(|_| stopping())
}

async fn ask(
    question: Question,
    handle: &Handle,
    clock: Clock,
    answers: &mpsc::Sender<Answer>,
) -> Result<(), String> {
    let (records, sink) = (handle.records().clone(), answers.clone());
    let asked = tokio::task::spawn_blocking(move || {
        records
            .answer(&question, clock.now(), |item| sink.blocking_send(Answer::Item(item)).is_ok())
    });
    match asked.await {
        Ok(answered) => answered.map_err(|error| error.to_string()),
        Err(broken) => Err(broken.to_string()),
    }
}

async fn site(
    private: Vec<TopicId>,
    handle: &Handle,
    clock: Clock,
    answers: &mpsc::Sender<Answer>,
) -> Result<(), String> {
    let (handle, sink) = (handle.clone(), answers.clone());
    let told = tokio::task::spawn_blocking(move || {
        let mut tell = |part: Part<'_>| match part {
            Part::Document(document) => serde_json::to_value(document)
                .is_ok_and(|document| sink.blocking_send(Answer::Item(document)).is_ok()),
            Part::Same(..) => true,
        };
        let (records, cache) = (handle.records(), handle.cache());
        records.site(cache, &private, &mut LastVisit::default(), clock.now(), &mut tell)
    });
    match told.await {
        Ok(told) => told.map_err(|error| error.to_string()),
        Err(broken) => Err(broken.to_string()),
    }
}

async fn poll(
    sources: Vec<String>,
    insists: bool,
    handle: &Handle,
    clock: &Clock,
    answers: &mpsc::Sender<Answer>,
) {
    let plan = handle.records().plan();
    let chosen: Vec<SourceId> = match sources.as_slice() {
        [] => plan.sources.keys().cloned().collect(),
        named => named.iter().map(|name| SourceId::new(name.as_str())).collect(),
    };
    let records = handle.records();
    let mut overridden = BTreeMap::new();
    for id in chosen.iter().filter(|_| insists) {
        let overrides = records.overridden(id, clock.now());
        let source = id.to_string();
        let _ = tell(answers, &PollLine::Overrides { source, overrides: overrides.clone() }).await;
        overridden.insert(id.clone(), overrides);
    }
    // Tasks of their own: requests to the loop must go on while a slow client takes an answer.
    let mut polls = JoinSet::new();
    for source in chosen {
        let handle = handle.clone();
        polls.spawn(async move { (source.clone(), handle.poll_now(source, insists).await) });
    }
    while let Some(ended) = polls.join_next().await {
        let Ok((source, ended)) = ended else { continue };
        let overrides = overridden.remove(&source).unwrap_or_default();
        let report = PollReport::of(&source, ended, records, overrides);
        if tell(answers, &PollLine::Ended(report)).await.is_err() {
            break;
        }
    }
    // The polls are made whether or not anybody still listens.
    polls.detach_all();
}

async fn back_up(file: PathBuf, handle: &Handle) -> Result<store::Contents, String> {
    match handle.back_up(move |store| store::backup(store, &file)).await {
        Ok(written) => written.map_err(|error| error.to_string()),
        Err(why) => Err(why.to_string()),
    }
}

/// Connects to the daemon that has this store, if one runs.
pub async fn connect(store: &Path) -> Option<UnixStream> {
    for path in candidates(store) {
        if let Some(stream) = connect_at(&path, store).await {
            return Some(stream);
        }
    }
    None
}

/// Connects to the daemon at a socket, unless that has another store: the
/// service of this machine is not asked about somebody's trial beside it.
pub async fn connect_at(path: &Path, store: &Path) -> Option<UnixStream> {
    let mut whose = None;
    let asked = UnixStream::connect(path).await.ok()?;
    command(asked, &Command::Whose, |value| whose = serde_json::from_value(value).ok())
        .await
        .ok()?;
    if whose != Some(real(store)) {
        return None;
    }
    UnixStream::connect(path).await.ok()
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
