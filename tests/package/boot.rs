//! Boots a systemd with the Debian package installed, and tests what an operator meets.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What the machine has of its own.
const OWN: [&str; 6] = ["--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup"];

/// Far longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A machine that has booted; switched off with it.
struct Booted {
    unshare: Child,
    /// The process that is the machine's first.
    systemd: u32,
}

impl Drop for Booted {
    fn drop(&mut self) {
        // With the first process of a namespace all others of it go.
        let _ = Command::new("kill").args(["-s", "KILL", &self.systemd.to_string()]).status();
        let _ = self.unshare.wait();
    }
}

impl Booted {
    fn with(package: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/package/boot.sh");
        let mut command = Command::new("unshare");
        command.args(OWN).arg("--fork").arg(script).arg(package);
        let unshare = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        let id = unshare.id();
        let children = format!("/proc/{id}/task/{id}/children");
        let systemd = until("the namespaces are made", || {
            fs::read_to_string(&children).ok()?.trim().parse().ok()
        });
        let machine = Self { unshare, systemd };
        machine.until_it_has_booted();
        machine
    }

    fn until_it_has_booted(&self) {
        let end = Instant::now() + PATIENCE;
        while self.try_to("systemctl is-system-running | grep -E 'running|degraded'").is_err() {
            if Instant::now() > end {
                let state = self.try_to(
                    "systemctl is-system-running; systemctl list-jobs --no-pager; \
                     journalctl --boot --no-pager --lines 40; ps -e; true",
                );
                panic!("the machine has not booted: {}", state.unwrap_or_else(|said| said));
            }
            std::thread::yield_now();
        }
    }

    /// Runs a command of the shell in the machine; what it says, if it succeeds.
    fn try_to(&self, script: &str) -> Result<String, String> {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.systemd.to_string()]).args(OWN);
        command.args(["env", "-i", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]);
        let output = command.args(["bash", "-c", script]).output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
        if output.status.success() { Ok(said.concat()) } else { Err(said.concat()) }
    }

    fn does(&self, script: &str) -> String {
        self.try_to(script).unwrap_or_else(|said| panic!("{script}: {said}\n{}", self.journal()))
    }

    fn until(&self, what: &str, script: &str) -> String {
        until(what, || self.try_to(script).ok())
    }

    fn journal(&self) -> String {
        self.try_to("journalctl --unit gazetted --no-pager --output cat").unwrap_or_default()
    }

    /// One thing that systemd knows of the service.
    fn property(&self, name: &str) -> String {
        let shown = self.does(&format!("systemctl show --property {name} --value gazetted"));
        shown.trim().to_owned()
    }

    /// The status of an answer of the daemon.
    fn answers(&self, path: &str) -> String {
        let request =
            format!("GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n");
        self.does(&format!(
            "exec 3<>/dev/tcp/127.0.0.1/8484; printf '{request}' >&3; head -n 1 <&3 | cut -d' ' -f2"
        ))
    }
}

fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        std::thread::yield_now();
    }
}

/// Where an operator adds to the unit.
const DROP_INS: &str = "/etc/systemd/system/gazetted.service.d";

/// The steps of the README on a machine whose first process is systemd.
pub(super) fn install_and_operate(package: &Path) {
    let can = Command::new("unshare").args(OWN).args(["--fork", "true"]).output();
    if !can.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: no machine boots here (unshare is not allowed)");
        return;
    }
    let machine = Booted::with(package);
    machine.does("dpkg --install /root/gazetted.deb");
    assert!(machine.try_to("systemctl is-active gazetted.service gazetted.socket").is_err());
    // No test asks a real source. The unit may send to this address alone of the
    // loopback ones, so a poll is refused at once and holds up no stop.
    machine.does("sed -i 's#^.polling.#[polling]\\nproxy = \"http://127.0.0.53:9\"#' /etc/gazetted/gazetted.toml");
    machine.does("gazetted check");
    machine.does("systemctl enable --now gazetted.socket gazetted.service");
    assert_eq!(machine.answers("/readyz").trim(), "200");
    let status = machine.does("cat /proc/$(systemctl show -P MainPID gazetted)/status");
    for line in ["CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.contains(line), "{line} in {status}");
    }
    assert!(!status.contains("Uid:\t0"), "{status}");
    let priorities = |tasks: &str| -> Vec<i32> {
        let shown = machine.does(&format!(
            "cd /proc/$(systemctl show -P MainPID gazetted)/task; \
             for task in {tasks}; do cut -d ' ' -f 19 ${{task%comm}}stat; done"
        ));
        shown.lines().map(|nice| nice.parse().unwrap()).collect()
    };
    // Those that poll give way to those that answer where the filter of system calls lets them.
    let drop_in = include_str!("../../systemd/readers-first.conf").replace('\n', "\\n");
    for (before, steps) in [
        ("true".to_owned(), 0),
        (
            format!(
                "mkdir -p {DROP_INS}; printf '{drop_in}' > {DROP_INS}/readers-first.conf; systemctl daemon-reload; systemctl restart gazetted"
            ),
            10,
        ),
    ] {
        machine.does(&before);
        assert_eq!(machine.answers("/readyz").trim(), "200");
        let own = priorities("$(grep -lx gazetted */comm)")[0];
        let behind = priorities("$(grep -lx background */comm)");
        assert!(!behind.is_empty(), "the loop has a thread");
        assert!(
            behind.iter().all(|nice| *nice == (own + steps).min(19)),
            "{behind:?} behind {own}"
        );
    }
    assert!(machine.does("gazetted status").contains("kept: 0 stories"));

    machine.does("sed -i 's/^title = \"Home Office\"/title = \"HO\"/' /etc/gazetted/gazetted.toml");
    machine.does("systemctl reload gazetted");
    machine.until(
        "the journal tells it",
        "journalctl -u gazetted | grep 'home-office: title changed'",
    );

    // Whatever ends it, it comes back; readers see that only as a wait.
    machine.does("systemctl kill --signal KILL gazetted");
    machine.until(
        "it is back",
        "test $(systemctl show -P NRestarts gazetted) = 1 && systemctl is-active gazetted",
    );
    machine.does("mkdir /run/systemd/system/gazetted.service.d; printf '[Service]\\nWatchdogSec=4\\n' > /run/systemd/system/gazetted.service.d/soon.conf; systemctl daemon-reload; systemctl restart gazetted");
    machine.does("systemctl kill --signal STOP gazetted");
    machine.until("the watchdog has seen it", "test $(systemctl show -P NRestarts gazetted) = 1");
    machine.until("it is back", "systemctl is-active gazetted");
    for _ in 0..2 {
        machine.does("systemctl restart --no-block gazetted");
        assert_eq!(machine.answers("/").trim(), "200");
    }

    // What no restart can mend is not restarted.
    machine.until("it is up", "systemctl is-active gazetted");
    machine.does(
        "cp /etc/gazetted/gazetted.toml /root/good; echo oops >> /etc/gazetted/gazetted.toml",
    );
    machine.does("systemctl reload gazetted");
    machine.until("it stays as it is", "journalctl -u gazetted | grep reload_refused");
    assert!(machine.try_to("systemctl restart gazetted").is_err());
    assert_eq!([machine.property("ExecMainStatus"), machine.property("NRestarts")], ["78", "0"]);
    machine.does("cp /root/good /etc/gazetted/gazetted.toml; systemctl reset-failed; systemctl start gazetted");
    machine.does("gazetted backup /var/lib/gazetted/all.backup");

    machine.does("systemctl disable --now gazetted.socket gazetted.service; dpkg --purge gazetted");
    machine.does("test ! -e /etc/gazetted && test ! -e /usr/bin/gazetted");
    machine.does("test -s /var/lib/private/gazetted/all.backup");
}
