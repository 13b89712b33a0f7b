//! `gazetted run`: the daemon, until a signal ends it.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::logging::{self, Log};
use super::{CliError, CommandResult, ConfigFile, print_line};
use crate::clock::Clock;
use crate::config::{self, Loaded, Plan, Problems, counted};
use crate::control::{self, Door, Errand, Reloaded};
use crate::daemon::{self, Daemon, Handle, Listeners, PlanInForce, StartupLog};
use crate::engine::StartupProgress;
use crate::inquiry::losses::{Losses, Wanted};
use crate::inquiry::samples::FailedSample;
use crate::publish::{Address, Listener};
use crate::store::{self, StoreError};

/// The most time that opening a large store takes. systemd waits as long.
const OPEN_DEADLINE: Duration = Duration::from_secs(120);

/// Poll, merge and serve until stopped.
#[derive(Debug, Args)]
pub(super) struct Run {}

impl Run {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        // Before the first socket is bound. The readers' gets its own mode.
        store::restrict_umask();
        let plan = config.plan()?;
        let log = logging::start(&plan.logging)?;
        let runtime = super::runtime()?;
        let listeners = {
            let _inside = runtime.enter();
            // A second daemon cannot listen at the same address either, but its store is the reason.
            open_listeners(&plan).map_err(|error| match store::is_in_use(&plan.store.path) {
                true => StoreError::InUse(plan.store.path.display().to_string()).into(),
                false => error,
            })?
        };
        notify(&[NotifyState::ExtendTimeoutUsec(
            u32::try_from(OPEN_DEADLINE.as_micros()).unwrap_or(u32::MAX),
        )]);
        let starting = {
            let _inside = runtime.enter();
            let opening = Arc::new(StartupProgress::default());
            opening.begin("opening the store", 0);
            StartupLog::begin(opening)
        };
        let store = daemon::at_low_priority(|| store::open(&plan.store.path, plan.store.cache))?;
        let snapshot = runtime.block_on(daemon::first_snapshot(&plan, &*store))?;
        let store = match snapshot {
            Some(snapshot) => {
                store.close()?;
                let (path, cache) = (&plan.store.path, plan.store.cache);
                daemon::at_low_priority(|| {
                    store::restore(snapshot.file(), path, cache, false)?;
                    store::open(path, cache)
                })?
            }
            None => store,
        };
        drop(starting);
        runtime.block_on(serve(&config.config, log, plan, store, listeners))
    }
}

async fn serve(
    config: &Path,
    log: Log,
    plan: Plan,
    store: Arc<dyn store::Store>,
    listeners: Listeners,
) -> CommandResult {
    let clock = Clock::wall();
    let (sources, topics) = (plan.sources.len(), plan.topics.len());
    let base = plan.server.site.base_url.clone();
    let socket = control::socket_path(&plan);
    let path = plan.store.path.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;

    let address = listeners.readers.address().unwrap_or_else(|| plan.server.listen.clone());
    let mut daemon = Daemon::start(plan, store, listeners, clock.clone()).await?;
    let handle = daemon.handle();
    let (errands, mut requested) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    match Door::open(socket.clone()) {
        Ok(door) => {
            tasks.spawn(door.serve(handle.clone(), clock.clone(), errands));
        }
        // It still polls and serves.
        Err(error) => {
            let socket = socket.display();
            warn!(
                event = "no_control_socket",
                "commands cannot reach this daemon by {socket}: {error}"
            );
        }
    }
    tasks.spawn(feed_watchdog(handle.clone()));
    tasks.spawn(daemon::keep_backups(path.clone(), handle.clone(), clock.clone()));
    tasks.spawn(daemon::keep_snapshots(path, handle.clone(), clock));

    print_line(format_args!(
        "gazetted reads {} into {}: look at {base} (listening on {address})",
        counted(sources, "source"),
        counted(topics, "topic")
    ));
    info!(
        event = "ready", sources, topics, %address,
        "ready: {}, {}, listening on {address}", counted(sources, "source"), counted(topics, "topic")
    );
    notify(&[NotifyState::Ready]);
    tasks.spawn(try_samples_at_start(handle.clone()));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            // Another reload, and a stop, do not wait until changed topics are filled.
            _ = hang_up.recv() => tokio::select! {
                reload = reload(config, false, &handle, &log) => {
                    tasks.spawn(async { drop(reload.end().await) });
                }
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            },
            Some(errand) = requested.recv() => match errand {
                Errand::Reload { force, done } => tokio::select! {
                    reload = reload(config, force, &handle, &log) => {
                        // The client may have gone.
                        tasks.spawn(async { drop(done.send(reload.end().await)) });
                    }
                    _ = terminate.recv() => break,
                    _ = interrupt.recv() => break,
                },
                Errand::Log { filter, done } => {
                    let _ = done.send(log.by(&filter));
                }
            },
            Some(_) = tasks.join_next() => {}
            failed = daemon.failed() => {
                error!(event = "failed", "{failed}");
                return Err(failed.into());
            }
        }
    }
    info!(event = "stopping", "stopping: finishing what is under way");
    notify(&[NotifyState::Stopping]);
    tasks.shutdown().await;
    daemon.stop().await?;
    info!(event = "stopped", "stopped");
    Ok(ExitCode::SUCCESS)
}

/// A reload that was refused, or whose plan is in force.
struct Reload {
    in_force: Option<PlanInForce>,
    problems: Vec<String>,
}

impl Reload {
    /// The result, once changed topics are filled.
    async fn end(mut self) -> Reloaded {
        let changes = match self.in_force {
            Some(plan) => plan.changes().await.map_err(|why| self.problems.push(why.to_string())),
            None => Err(()),
        };
        Reloaded {
            in_force: changes.is_ok(),
            changes: changes.unwrap_or_default(),
            problems: self.problems,
        }
    }
}

/// Compiles the configuration first and swaps afterwards: a bad file leaves
/// the plan in force as it is.
async fn reload(config: &Path, force: bool, handle: &Handle, log: &Log) -> Reload {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
    let reloaded = match Plan::load(config) {
        Ok(loaded) => {
            let Loaded { plan, warnings } = loaded;
            let warnings = warnings.at_start();
            for warning in &warnings.0 {
                warn!(event = "configuration_warning", "{warning}");
            }
            apply_plan(plan, force, warnings, handle, log).await
        }
        Err(problems) => {
            for problem in &problems.0 {
                error!(event = "configuration_problem", "{problem}");
            }
            error!(
                event = "reload_refused",
                "the configuration cannot be used; the plan in force stays"
            );
            Reload { in_force: None, problems: problem_lines(&problems) }
        }
    };
    notify(&[NotifyState::Ready]);
    reloaded
}

async fn apply_plan(
    plan: Plan,
    force: bool,
    warnings: Problems,
    handle: &Handle,
    log: &Log,
) -> Reload {
    let filter = plan.logging.filter.clone();
    let mut problems = problem_lines(&warnings);
    if let Some(loss) = plan.loss_since(&handle.records().plan()).filter(|_| !force) {
        error!(event = "reload_refused", "{loss}; the plan in force stays");
        problems.push(loss);
        return Reload { in_force: None, problems };
    }
    let (plan, failed) = try_samples(plan, handle).await;
    problems.extend(failed.iter().map(ToString::to_string));
    let (losses, unknown) = compare(&plan, handle).await;
    for warning in losses.warnings().into_iter().chain(unknown) {
        warn!(event = "configuration_warning", "{warning}");
        problems.push(format!("warning: {warning}"));
    }
    let refusal = match () {
        () if plan.reload != config::Reload::Strict => None,
        () if !failed.is_empty() => Some(format!("{} samples fail", failed.len())),
        () if losses.stories.is_some() && !force => Some("stories would be removed".to_owned()),
        () => None,
    };
    if let Some(why) = refusal {
        error!(
            event = "reload_refused",
            "{why} and `reload` is \"strict\"; the plan in force stays"
        );
        return Reload { in_force: None, problems };
    }
    match handle.put_in_force(plan, force).await {
        Ok(plan) => {
            problems.extend(log.by(&filter).err());
            Reload { in_force: Some(plan), problems }
        }
        Err(why) => {
            problems.push(why.to_string());
            Reload { in_force: None, problems }
        }
    }
}

/// Returns the losses by a plan, and warnings about addresses that no story has. If the store cannot
/// be read, the daemon ends soon.
async fn compare(plan: &Plan, handle: &Handle) -> (Losses, Vec<String>) {
    let (records, plan) = (handle.records().clone(), plan.clone());
    let compared = tokio::task::spawn_blocking(move || {
        let losses = records.losses(&Wanted::of(&plan), Clock::wall().now());
        (losses.unwrap_or_default(), records.unknown_addresses(&plan).unwrap_or_default())
    });
    compared.await.unwrap_or_default()
}

/// Tries the plan in force on its topics' samples.
async fn try_samples_at_start(handle: Handle) {
    let plan = Plan::clone(&handle.records().plan());
    try_samples(plan, &handle).await;
}

/// Tries a plan's samples and warns of each that fails. Searching the stories takes time; only a
/// reload waits for it.
async fn try_samples(plan: Plan, handle: &Handle) -> (Plan, Vec<FailedSample>) {
    if plan.samples.is_empty() {
        return (plan, Vec::new());
    }
    let (records, tried) = (handle.records().clone(), plan.clone());
    let tried = tokio::task::spawn_blocking(move || records.try_samples(&tried)).await;
    let failed = match tried.map_err(|broken| broken.to_string()) {
        Ok(Ok(tried)) => tried.failed,
        Ok(Err(error)) => {
            warn!(event = "samples_untried", "the topics' samples cannot be tried: {error}");
            Vec::new()
        }
        Err(broken) => {
            warn!(event = "samples_untried", "the topics' samples cannot be tried: {broken}");
            Vec::new()
        }
    };
    for sample in &failed {
        warn!(event = "sample_failed", topic = sample.topic, "{sample}");
    }
    (plan, failed)
}

fn problem_lines(problems: &Problems) -> Vec<String> {
    problems.0.iter().map(ToString::to_string).collect()
}

/// Notifies systemd's watchdog as long as the loop runs and polls go on. The loop is not asked: a
/// step of it may take longer than the watchdog waits.
async fn feed_watchdog(handle: Handle) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    loop {
        tokio::time::sleep(patience / 2).await;
        if handle.healthy().is_ok() {
            notify(&[NotifyState::Watchdog]);
        }
    }
}

/// Mode of the readers' socket: anybody may connect, as over the network.
const READERS_MODE: u32 = 0o666;

/// Mode of the operators' socket: our own group may connect.
const OPERATORS_MODE: u32 = 0o660;

/// The sockets that systemd passes on, else our own. `FileDescriptorName=operators` marks the
/// operators' socket.
fn open_listeners(plan: &Plan) -> Result<Listeners, CliError> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut inherited = listenfd::ListenFd::from_env();
    let mut take = |place: usize| -> std::io::Result<Option<Listener>> {
        if let Ok(listener) = inherited.take_tcp_listener(place) {
            return listener.map(Listener::try_from).transpose();
        }
        inherited.take_unix_listener(place)?.map(Listener::try_from).transpose()
    };
    let named = names.split(':').position(|name| name == "operators");
    let operators = named.map(&mut take).transpose()?.flatten();
    let readers = take(if named == Some(0) { 1 } else { 0 })?;
    let bind = |address: &Address, key: &str, mode| {
        Listener::bind(address, mode).map_err(|error| {
            CliError::because(format!(
                "cannot listen on {address}: {error}; choose another address in [server] {key}"
            ))
        })
    };
    let server = &plan.server;
    Ok(Listeners {
        readers: readers.map_or_else(|| bind(&server.listen, "listen", READERS_MODE), Ok)?,
        operators: match (operators, &server.operators) {
            // A socket of systemd's alone does not take their pages away from the other.
            (inherited, Some(own)) => Some(match inherited {
                Some(inherited) => inherited,
                None => bind(own, "operators", OPERATORS_MODE)?,
            }),
            (_, None) => None,
        },
    })
}

/// Notifies systemd. Does nothing outside of it.
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        warn!(event = "notify_failed", "systemd cannot be notified: {error}");
    }
}
