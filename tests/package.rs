//! Tests what the Debian package puts on a clean machine, and that it works.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

mod boot;

use crate::support::binary::Launched;
use crate::support::http::get;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// `[package.metadata.deb]`.
fn metadata() -> toml::Table {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    manifest["package"]["metadata"]["deb"].as_table().unwrap().clone()
}

/// What a program that succeeds says.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}{errors}");
    said
}

/// The configuration as it is installed, in a directory of its own.
fn installed_configuration() -> tempfile::TempDir {
    let etc = tempfile::tempdir().unwrap();
    fs::create_dir(etc.path().join("topics.d")).unwrap();
    let from = Path::new(ROOT);
    fs::copy(from.join("packaging/gazetted.toml"), etc.path().join("gazetted.toml")).unwrap();
    for topic in fs::read_dir(from.join("config/topics")).unwrap() {
        let topic = topic.unwrap();
        fs::copy(topic.path(), etc.path().join("topics.d").join(topic.file_name())).unwrap();
    }
    etc
}

#[test]
fn the_package_is_of_the_version_that_the_program_has() {
    let changelog = fs::read_to_string(Path::new(ROOT).join("packaging/changelog")).unwrap();
    let newest = format!("gazetted ({}-", env!("CARGO_PKG_VERSION"));
    assert!(changelog.starts_with(&newest), "{changelog}");
}

#[test]
fn the_package_is_made_of_files_that_are_there() {
    for asset in metadata()["assets"].as_array().unwrap() {
        let from = asset[0].as_str().unwrap();
        // What packaging/deb makes.
        if !from.starts_with("target/") {
            let pattern = Path::new(ROOT).join(from);
            let found = glob::glob(pattern.to_str().unwrap()).unwrap().count();
            assert!(found > 0, "{from}");
        }
    }
}

#[test]
fn the_configuration_that_the_package_installs_has_no_problem() {
    let etc = installed_configuration();
    let checked = Command::new(env!("CARGO_BIN_EXE_gazetted"))
        .args(["check", "--config"])
        .arg(etc.path().join("gazetted.toml"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && said.trim().is_empty(), "{said}");
}

/// A machine with nothing on it, as far as dpkg can tell.
struct Machine {
    root: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("var/lib/dpkg/info")).unwrap();
        fs::write(root.path().join("var/lib/dpkg/status"), "").unwrap();
        Self { root }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// dpkg in this root. Nothing that the package depends on is there, nor a
    /// shell for its scripts: they run outside, and are told where the root is.
    fn dpkg(&self, arguments: &[&str]) -> String {
        let mut dpkg = Command::new("dpkg");
        dpkg.arg(format!("--root={}", self.root.path().display()))
            .args(["--force-depends", "--force-not-root", "--force-script-chrootless"])
            .args(["--force-confold", "--log=/dev/null"])
            .args(arguments);
        said(&mut dpkg)
    }

    /// The files of the package, each with its mode.
    fn files(&self) -> BTreeMap<String, u32> {
        let listed = self.dpkg(&["-L", "gazetted"]);
        let files = listed.lines().filter(|path| self.path(path).is_file());
        let mode = |path: &str| fs::metadata(self.path(path)).unwrap().permissions().mode();
        files.map(|path| (path.to_owned(), mode(path) & 0o7777)).collect()
    }

    fn conffiles(&self) -> Vec<String> {
        let listed = said(
            Command::new("dpkg-query")
                .arg(format!("--admindir={}", self.path("var/lib/dpkg").display()))
                .args(["-W", "-f=${Conffiles}", "gazetted"]),
        );
        listed.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
    }
}

#[test]
#[ignore = "needs cargo-deb, dpkg-shlibdeps and systemd (Debian packages dpkg-dev, systemd)"]
fn the_package_installs_a_daemon_that_runs_on_a_clean_machine() {
    let mut packing = Command::new(Path::new(ROOT).join("packaging/deb"));
    let package = said(packing.args([env!("CARGO_BIN_EXE_gazetted"), "--fast"]));
    let package = package.lines().last().unwrap();
    let machine = Machine::new();
    machine.dpkg(&["--install", package]);

    let files = machine.files();
    for (path, mode) in [
        ("/usr/bin/gazetted", 0o755),
        ("/usr/lib/systemd/system/gazetted.service", 0o644),
        ("/usr/lib/systemd/system/gazetted.socket", 0o644),
        ("/usr/share/bash-completion/completions/gazetted", 0o644),
        ("/usr/share/doc/gazetted/TOPICS.md", 0o644),
        ("/usr/share/doc/gazetted/changelog.Debian.gz", 0o644),
        ("/usr/share/doc/gazetted/copyright", 0o644),
        ("/usr/share/doc/gazetted/examples/notify-reload.conf", 0o644),
        ("/usr/share/doc/gazetted/examples/readers-first.conf", 0o644),
        ("/usr/share/doc/gazetted/reference.toml", 0o644),
        ("/usr/share/fish/vendor_completions.d/gazetted.fish", 0o644),
        ("/usr/share/man/man1/gazetted-export-stories.1.gz", 0o644),
        ("/usr/share/man/man1/gazetted.1.gz", 0o644),
        ("/usr/share/zsh/vendor-completions/_gazetted", 0o644),
    ] {
        assert_eq!(files.get(path), Some(&mode), "{path} of {files:#?}");
    }
    // The scripts wait for the operator to enable it, and tell systemd of the units.
    let script = fs::read_to_string(machine.path("var/lib/dpkg/info/gazetted.postinst")).unwrap();
    assert!(script.contains("gazetted.service") && script.contains("gazetted.socket"), "{script}");
    assert!(!script.contains("deb-systemd-invoke start"), "{script}");
    let wanted = machine.path("/etc/systemd/system/sockets.target.wants/gazetted.socket");
    assert!(!wanted.exists());

    let configured: Vec<&String> = files.keys().filter(|path| path.starts_with("/etc/")).collect();
    let mut conffiles = machine.conffiles();
    conffiles.sort();
    assert_eq!(conffiles.iter().collect::<Vec<_>>(), configured);
    assert!(conffiles.contains(&"/etc/gazetted/gazetted.toml".to_owned()), "{conffiles:?}");
    assert!(conffiles.contains(&"/etc/gazetted/topics.d/sanctions.toml".to_owned()));

    verify(&machine);
    start(&machine);

    // What the operator wrote outlives an upgrade, and goes when the package is purged.
    let config = machine.path("/etc/gazetted/gazetted.toml");
    let edited = format!("{}\n# mine\n", fs::read_to_string(&config).unwrap());
    fs::write(&config, &edited).unwrap();
    machine.dpkg(&["--install", package]);
    assert_eq!(fs::read_to_string(&config).unwrap(), edited);
    machine.dpkg(&["--purge", "gazetted"]);
    assert!(!config.exists() && !machine.path("/usr/bin/gazetted").exists());

    boot::install_and_operate(Path::new(package));
}

/// systemd finds no fault with the units where they were installed.
fn verify(machine: &Machine) {
    let units = machine.path("/usr/lib/systemd/system");
    let copies = tempfile::tempdir().unwrap();
    let [service, socket] = ["gazetted.service", "gazetted.socket"].map(|name| {
        let unit = fs::read_to_string(units.join(name)).unwrap();
        // systemd looks for programs on this machine.
        let there = machine.path("/usr/bin/gazetted");
        let copy = copies.path().join(name);
        fs::write(&copy, unit.replace("/usr/bin/gazetted", there.to_str().unwrap())).unwrap();
        copy
    });
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args([service, socket])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && said.trim().is_empty(), "{said}");
}

/// The installed program runs with the installed configuration, on a socket
/// that is held for it, and no source is asked: a test leaves them alone.
fn start(machine: &Machine) {
    let config = machine.path("/etc/gazetted/gazetted.toml");
    let program = machine.path("/usr/bin/gazetted");
    said(Command::new(&program).arg("check").arg("--config").arg(&config));
    let installed = fs::read_to_string(&config).unwrap();
    let nowhere = "[polling]\nproxy = \"http://127.0.0.1:9\"";
    fs::write(&config, installed.replace("[polling]", nowhere)).unwrap();

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let state = machine.path("/var/lib/gazetted");
    fs::create_dir_all(&state).unwrap();
    let mut command = Command::new("systemd-socket-activate");
    command
        .args(["--listen", &port.to_string()])
        .arg(format!("--setenv=STATE_DIRECTORY={}", state.display()))
        .arg(&program)
        .args(["run", "--config"])
        .arg(&config);
    let mut launched = Launched::by(command);
    launched.logged("Listening on");
    assert_eq!(get(port, "/readyz").status, 200);
    assert!(get(port, "/").text().contains("Sanctions"));
    let daemon = launched.listening();
    assert_eq!(daemon.end("TERM").0, Some(0));
    fs::write(&config, installed).unwrap();
}
