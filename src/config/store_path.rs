//! Finds the path of the store in a configuration file that has mistakes, so that commands still
//! reach the daemon that runs with it.

use std::path::{Path, PathBuf};

use toml::Table;

use super::compile::{Environment, store_directory};
use super::file::STORE;

/// The directory of the store that a file names, whatever else is wrong in it. None where the
/// file cannot be read at all.
pub(super) fn of_broken_file(file: &Path, environment: &Environment) -> Option<PathBuf> {
    let text = String::from_utf8_lossy(&std::fs::read(file).ok()?).into_owned();
    let written = stated_path(&text).unwrap_or_else(|| STORE.to_owned());
    Some(store_directory(file, Path::new(&written), environment))
}

/// The value of `path` in `[store]`, found line by line: each line is read by itself, so that
/// a mistake elsewhere hides nothing. Several are possible only in a broken file; the last counts.
fn stated_path(text: &str) -> Option<String> {
    let (mut table, mut found) = (String::new(), None);
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            table = header.split(']').next().unwrap_or_default().trim().to_owned();
            continue;
        }
        let Ok(entry) = line.parse::<Table>() else { continue };
        let path = match table.as_str() {
            "store" => entry.get("path"),
            "" => entry.get("store").and_then(|store| store.get("path")),
            _ => None,
        };
        found = path.and_then(|path| path.as_str()).map(str::to_owned).or(found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_found_whatever_else_is_broken() {
        for (text, path) in [
            ("[store]\npath = \"data\"", Some("data")),
            (
                "[server\nlisten = = 3\n[store] # here\n  path='a b' # there\n[[source]\n",
                Some("a b"),
            ),
            ("store.path = \"x\"\n\u{0}\u{0}[", Some("x")),
            ("store = { path = \"y\", cache = \"1MiB\" }\nnonsense", Some("y")),
            ("path = \"top\"\n[publish]\npath = \"z\"", None),
            ("[store]\npath = \n#path = \"commented\"", None),
            ("[store]\npath = 3", None),
            ("", None),
        ] {
            assert_eq!(stated_path(text).as_deref(), path, "{text:?}");
        }
    }
}
