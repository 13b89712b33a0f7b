//! Checks the rules of the repository that no compiler checks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use circles::circles;
use imports::{imports, module_of};

mod circles;

mod imports;

mod language;

mod phrases;

pub(super) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The stages, which know `model`, the leaves and themselves alone.
const STAGES: [&str; 7] = ["fetch", "parse", "enrich", "dedup", "topics", "store", "publish"];

/// Libraries without I/O that every stage may use. Of the crate they know only the model and
/// one another.
const LEAVES: [&str; 10] = [
    "announcement",
    "cancel",
    "charset",
    "control_characters",
    "dom_cost",
    "marked_line",
    "markup",
    "options",
    "tokenize",
    "websub",
];

/// Longer files are several files.
const LONGEST: usize = 500;

/// Every file under `directory` with this extension, by its path from the root.
pub(super) fn files(directory: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![Path::new(ROOT).join(directory)];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path.strip_prefix(ROOT).unwrap().into());
            }
        }
    }
    found.sort();
    found
}

pub(super) fn sources() -> Vec<PathBuf> {
    let found = files("src", "rs");
    assert!(found.len() > 30, "the sources are not where they were: {found:?}");
    found
}

pub(super) fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// The lines of a source file without comments, each with its number.
fn code(path: &Path) -> Vec<(usize, String)> {
    let without_comment = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text(path).lines().map(without_comment).enumerate().map(|(at, line)| (at + 1, line)).collect()
}

/// Fails with all that was found, a line each.
pub(super) fn none_of(broken: Vec<String>, rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

/// The module at the root of the crate that a file belongs to: `src/fetch/http.rs` to `fetch`.
fn root_module(path: &Path) -> String {
    let inside = path.strip_prefix("src").unwrap_or(path);
    let first = inside.components().next().unwrap();
    Path::new(&first).file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn stages_know_the_model_and_themselves_alone() {
    let modules: BTreeSet<String> = sources().iter().map(|path| root_module(path)).collect();
    let mut broken = Vec::new();
    // A test of one stage may call another as the pipeline does.
    for path in sources().into_iter().filter(|path| !holds_tests(path)) {
        let own = root_module(&path);
        let is_leaf = LEAVES.contains(&own.as_str());
        if own != "model" && !is_leaf && !STAGES.contains(&own.as_str()) {
            continue;
        }
        for import in imports(&text(&path), &module_of(&path)) {
            let module = import.path.first().map_or("the crate's root", String::as_str);
            let is_other = modules.contains(module) || import.path.is_empty();
            let is_shared = module == "model" || LEAVES.contains(&module);
            if is_other && !is_shared && module != own {
                broken.push(format!("{}:{}: {module}", path.display(), import.line));
            }
        }
        for (number, line) in code(&path) {
            for io in ["std::fs", "std::io", "TcpStream", "UdpSocket", "std::process", "tokio::"] {
                if is_leaf && line.contains(io) {
                    broken.push(format!("{}:{number}: {io}", path.display()));
                }
            }
        }
    }
    none_of(broken, "stages share only `model` and the leaves");
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let sources = sources().into_iter().filter(|path| !holds_tests(path));
    let modules: BTreeMap<_, _> = sources
        .map(|path| {
            let module = module_of(&path);
            let found = imports(&text(&path), &module);
            (module, found)
        })
        .collect();
    let name = |module: &Vec<String>| module.join("/");
    let found = circles(&modules).into_iter();
    let named = found.map(|circle| circle.iter().map(name).collect::<Vec<_>>().join(", "));
    none_of(named.collect(), "these modules import each other in a circle");
}

#[test]
fn only_the_clock_reads_the_wall_clock() {
    let mut broken = Vec::new();
    for path in sources().iter().filter(|path| *path != Path::new("src/clock.rs")) {
        for (number, line) in code(path) {
            // What nobody may guess is drawn once a start, and handed on as a value.
            let draws = path == Path::new("src/model/seed.rs");
            for call in ["SystemTime::now", "Utc::now", "Local::now", "thread_rng", "rand::"] {
                if draws && call == "rand::" {
                    continue;
                }
                // `Errand::` is not `rand::`.
                let whole = |(at, _): (usize, &str)| {
                    !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
                };
                if line.match_indices(call).any(whole) {
                    broken.push(format!("{}:{number}: {call}", path.display()));
                }
            }
        }
    }
    none_of(
        broken,
        "the one clock is src/clock.rs, and nothing but src/model/seed.rs is left to chance",
    );
}

#[test]
fn no_file_is_longer_than_one_can_hold_in_the_head() {
    let all = ["src", "tests", "benches"].map(|directory| files(directory, "rs")).concat();
    let lines = |path: &PathBuf| text(path).lines().count();
    let long = all.iter().map(|path| (path, lines(path))).filter(|(_, lines)| *lines > LONGEST);
    let told = long.map(|(path, lines)| format!("{}: {lines} lines", path.display())).collect();
    none_of(told, &format!("a file has at most {LONGEST} lines"));
}

/// Whether a file only holds the tests of the module above it.
pub(super) fn holds_tests(path: &Path) -> bool {
    path.starts_with("src")
        && path
            .components()
            .any(|part| Path::new(&part).file_stem().is_some_and(|stem| stem == "tests"))
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    let mut broken = Vec::new();
    for path in ["src", "tests", "benches"].map(|directory| files(directory, "rs")).concat() {
        let text = text(&path);
        let first = text.lines().next().unwrap_or_default();
        let says = first.strip_prefix("//! ").unwrap_or_default();
        if !holds_tests(&path) && says.len() < 20 {
            broken.push(format!("{}: {first}", path.display()));
        }
    }
    none_of(broken, "a file's first line says in one sentence what the file is");
}

#[test]
fn no_file_is_named_after_what_it_is_made_of() {
    let vague = [
        "common",
        "constants",
        "errors",
        "handlers",
        "helpers",
        "manager",
        "misc",
        "prelude",
        "services",
        "traits",
        "types",
        "util",
        "utils",
    ];
    let named = |path: &&PathBuf| {
        path.components().any(|part| {
            let part =
                Path::new(&part).file_stem().unwrap_or_default().to_string_lossy().into_owned();
            vague.contains(&part.as_str())
        })
    };
    let all = sources();
    let told = all.iter().filter(named).map(|path| path.display().to_string()).collect();
    none_of(told, "a module is named after what it hides");
}

#[test]
fn every_dependency_has_its_reason_beside_it() {
    let manifest = text("Cargo.toml");
    let mut table = "";
    let mut broken = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            table = line;
        } else if table.ends_with("dependencies]")
            && line.contains(" = ")
            && !line.starts_with('#')
            && !line.contains(" # ")
        {
            broken.push(line.to_owned());
        }
    }
    none_of(broken, "say in Cargo.toml what a dependency is for");
}

#[test]
fn exceptions_for_dependencies_name_crates_that_are_there() {
    let deny: toml::Table = text("deny.toml").parse().unwrap();
    let lock: toml::Table = text("Cargo.lock").parse().unwrap();
    let named = |package: &toml::Value| package["name"].as_str().unwrap().to_owned();
    let locked: BTreeSet<String> = lock["package"].as_array().unwrap().iter().map(named).collect();
    let mut broken = Vec::new();
    for (table, list) in [("licenses", "exceptions"), ("bans", "skip-tree")] {
        for exception in deny[table][list].as_array().unwrap() {
            let name = exception["crate"].as_str().unwrap().split('@').next().unwrap();
            if !locked.contains(name) {
                broken.push(format!("{table}.{list}: {name}"));
            }
        }
    }
    let reasons = deny["advisories"]["ignore"].as_array().unwrap();
    for advisory in reasons {
        let reason = advisory["reason"].as_str().unwrap();
        if !locked.iter().any(|name| reason.contains(name.as_str())) {
            broken.push(format!("advisories.ignore: {reason}"));
        }
    }
    for banned in deny["bans"]["deny"].as_array().unwrap() {
        if locked.contains(banned["crate"].as_str().unwrap()) {
            broken.push(format!("bans.deny: {banned}"));
        }
    }
    none_of(broken, "deny.toml has no exception that nothing needs, and no ban that is broken");
}

#[test]
fn tests_that_are_left_out_say_what_they_need() {
    let mut broken = Vec::new();
    for path in ["src", "tests"].map(|directory| files(directory, "rs")).concat() {
        for (number, line) in text(&path).lines().enumerate() {
            let line = line.trim();
            if line.starts_with("#[ignore") && !line.starts_with("#[ignore = \"needs ") {
                broken.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    none_of(broken, "#[ignore = \"needs PROGRAM (Debian package NAME)\"]");
}

#[test]
fn the_map_of_the_crate_names_every_module() {
    let map = text("src/lib.rs");
    let modules: BTreeSet<String> = sources().iter().map(|path| root_module(path)).collect();
    let missing = modules
        .into_iter()
        .filter(|module| module != "lib" && module != "main")
        .filter(|module| !map.contains(&format!("[`{module}`]")))
        .collect();
    none_of(missing, "src/lib.rs is the map: a row for each module");
}
