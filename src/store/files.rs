//! Creates files and directories that only their owner can read, and replaces files whole.
//!
//! A file is created under a partial name of its own, never through what stands there: a symbolic
//! link that somebody put at that name is removed, not followed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

/// Mode of a file that only its owner can read and write.
pub const PRIVATE: u32 = 0o600;

/// Mode of a file that everybody can read whom the umask lets.
pub const SHARED: u32 = 0o666;

/// Permissions of the group and of others.
const FOREIGN: u32 = 0o077;

/// Makes every file that this process creates from now on private.
///
/// sled creates files whenever it likes and takes no mode for them, so nothing but the umask makes
/// them private from their first moment. What others are to read (the site's directory, the
/// readers' socket) is given its mode explicitly.
pub fn restrict_umask() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// The path with a suffix appended to its last name: `data.one` and `.sock` make `data.one.sock`.
///
/// `Path::with_extension` would replace `.one`, so that `data.one` and `data.two` shared a file.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    match path.file_name() {
        Some(name) => {
            let mut name = name.to_owned();
            name.push(suffix);
            path.with_file_name(name)
        }
        // `..` and `/` have no name to append to.
        None => path.join(suffix),
    }
}

/// Creates a file in the place of any other, which is removed and not followed or written to.
pub(super) fn create(path: &Path, mode: u32) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // `create_new` follows no link, not even one that was put there a moment ago.
    File::options().read(true).write(true).create_new(true).mode(mode).open(path)
}

/// Creates a directory that only its owner can enter, with all that lead to it.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A file that takes its name only when it is complete. Dropped before, it is removed.
#[derive(Debug)]
pub struct Replacement {
    file: File,
    partial: PathBuf,
    target: PathBuf,
    complete: bool,
}

impl Replacement {
    /// Creates the partial file beside its target.
    ///
    /// # Errors
    /// It cannot be created, or what has the name is a device, a pipe or a directory.
    pub fn begin(target: &Path, mode: u32) -> io::Result<Self> {
        // A link to a device, as /dev/stdout, would be replaced by a file, too.
        if fs::metadata(target).is_ok_and(|found| !found.is_file()) {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "what is there is not a regular file; name another file",
            ));
        }
        let partial = with_suffix(target, ".partial");
        let file = create(&partial, mode)?;
        Ok(Self { file, partial, target: target.to_owned(), complete: false })
    }

    /// The file, to be written.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The name that it has until it is complete.
    pub(super) fn partial(&self) -> &Path {
        &self.partial
    }

    /// Makes the file durable and gives it its name.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.partial, &self.target)?;
        self.complete = true;
        sync_directory(directory_of(&self.target))
    }
}

impl io::Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.complete {
            // The error that ended the writing is the one to be reported.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Takes the permissions of others away from a file, or from a directory and all in it. Returns
/// how many were open to others.
pub(super) fn make_private(path: &Path) -> io::Result<usize> {
    let found = fs::symlink_metadata(path)?;
    // A link has no permissions of its own, and where it leads is not ours.
    if found.is_symlink() {
        return Ok(0);
    }
    let mut changed = usize::from(restrict(path, found.permissions().mode())?);
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            changed += make_private(&entry?.path())?;
        }
    }
    Ok(changed)
}

/// Takes the permissions of others away from this one file or directory.
pub(super) fn restrict(path: &Path, mode: u32) -> io::Result<bool> {
    let is_open = mode & FOREIGN != 0;
    if is_open {
        fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o7777 & !FOREIGN))?;
    }
    Ok(is_open)
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if parent.as_os_str() != OsStr::new("") => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_suffix_is_appended_and_replaces_no_other() {
        for (path, suffixed) in [
            ("data", "data.sock"),
            ("data.one", "data.one.sock"),
            ("data.two", "data.two.sock"),
            ("/var/lib/data.one/", "/var/lib/data.one.sock"),
            (".data", ".data.sock"),
            ("..", "../.sock"),
        ] {
            assert_eq!(with_suffix(Path::new(path), ".sock"), Path::new(suffixed), "{path}");
        }
    }

    #[test]
    fn no_link_at_the_partial_name_or_at_the_name_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let [victim, file, partial] =
            ["victim", "file", "file.partial"].map(|name| dir.path().join(name));
        for leads_to in [&victim, &dir.path().join("nowhere")] {
            fs::write(&victim, "theirs").unwrap();
            for name in [&file, &partial] {
                let _ = fs::remove_file(name);
                std::os::unix::fs::symlink(leads_to, name).unwrap();
            }
            let replacement = Replacement::begin(&file, PRIVATE).unwrap();
            io::Write::write_all(&mut replacement.file(), b"ours").unwrap();
            replacement.finish().unwrap();
            assert_eq!(fs::read_to_string(&victim).unwrap(), "theirs");
            assert!(!dir.path().join("nowhere").exists() && !partial.exists());
            assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), ("ours", 0o600));
        }
    }

    #[test]
    fn what_is_not_a_regular_file_is_not_replaced_and_a_part_of_one_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let [pipe, link, file] = ["pipe", "link", "file"].map(|name| dir.path().join(name));
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for target in [&pipe, &link, &dir.path().to_owned(), &PathBuf::from("/dev/null")] {
            let refused = Replacement::begin(target, PRIVATE).unwrap_err().to_string();
            assert!(refused.contains("not a regular file"), "{}: {refused}", target.display());
        }
        drop(Replacement::begin(&file, PRIVATE).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_was_open_to_others_becomes_private_and_a_link_leads_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let [store, outside] = ["store", "outside"].map(|name| dir.path().join(name));
        fs::create_dir_all(store.join("blobs")).unwrap();
        for (file, bits) in
            [(store.join("db"), 0o644), (store.join("blobs/1"), 0o406), (outside.clone(), 0o644)]
        {
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(bits)).unwrap();
        }
        for directory in [&store, &store.join("blobs")] {
            fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
        }
        std::os::unix::fs::symlink(&outside, store.join("link")).unwrap();
        assert_eq!(make_private(&store).unwrap(), 4);
        assert_eq!([&store, &store.join("blobs")].map(|path| mode(path)), [0o700; 2]);
        assert_eq!([&store.join("db"), &outside].map(|path| mode(path)), [0o600, 0o644]);
        assert_eq!(mode(&store.join("blobs/1")), 0o400);
        assert_eq!(make_private(&store).unwrap(), 0);
    }
}
