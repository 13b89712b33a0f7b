//! Finds and reads the files that hold keys, passwords and tokens.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::{Diagnostics, FileSpan};
use crate::config::gather::beside;
use crate::fetch;

/// More than any file of keys has: whatever is longer was named by mistake.
const LONGEST: u64 = 1 << 20;

impl Diagnostics<'_> {
    /// The text of a file of secrets that `written` names, and its path. Problems never quote it;
    /// `holds` says what belongs into the file.
    pub(super) fn secret_text(
        &mut self,
        file: usize,
        written: &Spanned<PathBuf>,
        holds: &str,
    ) -> Option<(PathBuf, String)> {
        let place = (file, written.span());
        let path = self.secret_path(file, written)?;
        match read(&path) {
            Ok((text, mode)) => {
                self.warn_of_others(&place, &path, mode);
                Some((path, text))
            }
            Err(error) => {
                let message = format!("{} cannot be read: {error}", path.display());
                self.error(place, message, holds);
                None
            }
        }
    }

    /// A group may well be the service's own; all users of the machine are not.
    fn warn_of_others(&mut self, place: &FileSpan, path: &Path, mode: u32) {
        let may = match mode & 0o007 {
            0 => return,
            bits if bits & 0o002 != 0 => "change",
            _ => "read",
        };
        let path = path.display();
        let message = format!("every user of this machine may {may} {path}, which holds secrets");
        let help = format!("run `chmod o= {path}`; the user that runs gazetted must still read it");
        self.warn(place.clone(), message, help);
    }

    /// Where a file of secrets is: beside the file that names it, or where systemd hands it over.
    fn secret_path(&mut self, file: usize, written: &Spanned<PathBuf>) -> Option<PathBuf> {
        const CREDENTIALS: &str = "$CREDENTIALS_DIRECTORY";
        let inside = written.get_ref().strip_prefix(CREDENTIALS);
        match (inside, &self.environment.credentials_directory) {
            (Ok(name), Some(directory)) => Some(directory.join(name)),
            (Ok(_), None) => {
                let help = "add LoadCredential= to the unit, or name a file";
                let place = (file, written.span());
                self.error(place, format!("{CREDENTIALS} is not set"), help);
                None
            }
            (Err(_), _) => Some(beside(&self.files[file].path, written.get_ref())),
        }
    }
}

/// The text of a file, and its mode.
fn read(path: &Path) -> std::io::Result<(String, u32)> {
    let (file, found) = fetch::open_regular(path)?;
    if found.len() > LONGEST {
        return Err(std::io::Error::other("it is too long to be a file of secrets"));
    }
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok((text, found.permissions().mode()))
}
