//! Tests that the systemd units fit the program, and asks systemd for its own verdict.

use std::path::{Path, PathBuf};
use std::process::Command;

const SERVICE: &str = include_str!("../systemd/gazetted.service");
const SOCKET: &str = include_str!("../systemd/gazetted.socket");
const DROP_IN: &str = include_str!("../systemd/notify-reload.conf");
const REFERENCE: &str = include_str!("../config/reference.toml");

/// Every value that a unit gives to a key, in order.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

#[test]
fn the_service_starts_the_daemon_with_the_default_configuration() {
    let arguments = values(SERVICE, "ExecStart");
    assert_eq!(arguments, ["/usr/bin/gazetted run --config /etc/gazetted/gazetted.toml"]);
    let words = arguments[0].split(' ').skip(1);
    let command = gazetted::cli::command();
    let matches = command.try_get_matches_from(std::iter::once("gazetted").chain(words));
    let matches = matches.expect("the command line of the unit is understood");
    let (_, run) = matches.subcommand().expect("it names a command");
    let config = run.get_one::<PathBuf>("config").expect("it names a file");
    assert_eq!(config, Path::new("/etc/gazetted/gazetted.toml"));
}

#[test]
fn the_socket_listens_where_the_daemon_would() {
    let listen = format!("#listen = \"{}\"", values(SOCKET, "ListenStream")[0]);
    assert!(REFERENCE.lines().any(|line| line == listen), "{listen}");
}

#[test]
fn state_is_where_the_store_is_by_default() {
    assert_eq!(values(SERVICE, "StateDirectory"), ["gazetted"]);
    assert!(REFERENCE.contains("#path = \"/var/lib/gazetted/store\""));
}

#[test]
fn exit_codes_that_a_restart_cannot_mend_do_not_restart() {
    assert_eq!(values(SERVICE, "RestartPreventExitStatus"), ["78 74"]);
    assert_eq!(values(SERVICE, "Restart"), ["on-failure"]);
}

#[test]
fn reloading_is_a_hang_up_in_both_forms() {
    assert_eq!(values(SERVICE, "Type"), ["notify"]);
    assert_eq!(values(SERVICE, "ExecReload"), ["/bin/kill -HUP $MAINPID"]);
    assert_eq!(values(DROP_IN, "Type"), ["notify-reload"]);
    assert_eq!(values(DROP_IN, "ReloadSignal"), ["SIGHUP"]);
    assert_eq!(values(DROP_IN, "ExecReload"), [""]);
}

#[test]
#[ignore = "needs systemd-analyze (Debian package systemd)"]
fn systemd_finds_no_fault_with_the_units() {
    let directory = tempfile::tempdir().unwrap();
    // The program need not be installed to be verified.
    let service = SERVICE.replace("/usr/bin/gazetted", env!("CARGO_BIN_EXE_gazetted"));
    let units = [("gazetted.service", service.as_str()), ("gazetted.socket", SOCKET)];
    let paths = units.map(|(name, text)| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    });
    let output =
        Command::new("systemd-analyze").args(["verify", "--man=no"]).args(paths).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}

#[test]
#[ignore = "needs systemd-analyze (Debian package systemd)"]
fn systemd_rates_the_exposure_of_the_service_at_one_point_one_or_better() {
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/gazetted.service");
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=yes", "--threshold=11", "--no-pager", unit])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
