//! Compiles a C file of this directory to a library that stands between a program and its kernel.
//!
//! Faults of a disk, of a clock and of name servers cannot be had from outside, and
//! switches for them have no place in the product. So the real binary runs on
//! libc functions of the test's own, which pass on all that is not to be disturbed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

static COMPILED: Mutex<Option<HashMap<&str, PathBuf>>> = Mutex::new(None);

/// Has a command run on the library that a C file of this directory makes, and on those before.
pub fn on(name: &'static str, command: &mut Command) {
    let mut libraries = library(name).into_os_string();
    let before = command.get_envs().find(|(variable, _)| *variable == "LD_PRELOAD");
    if let Some((_, Some(before))) = before {
        libraries.push(":");
        libraries.push(before);
    }
    command.env("LD_PRELOAD", libraries);
}

/// The C compiler is one that building the product needs anyway.
fn library(name: &'static str) -> PathBuf {
    let mut compiled = COMPILED.lock().unwrap();
    let compile = || {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/faults/{name}.c"));
        let library = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{name}-{}.so", std::process::id()));
        let output = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
            .args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .args(["-ldl", "-lpthread"])
            .output()
            .unwrap_or_else(|error| panic!("cc, the C compiler: {error}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        library
    };
    compiled.get_or_insert_default().entry(name).or_insert_with(compile).clone()
}
