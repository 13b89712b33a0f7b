//! Writes documents as files that any web server can serve.
//!
//! A file is written beside its place and moved there whole, so a server never
//! sees half of one, whenever we are stopped. What did not change is not
//! touched: times and tags of it stay. The manifest names every file that is
//! ours, before it is there: those alone are ever overwritten or removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::coding::Coding;
use super::{Rendered, pages};
use crate::model::Timestamp;

/// The files of ours: what each one's document hashed to, and its path.
const MANIFEST: &str = ".gazetted-files";

/// A document as it leaves this process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its path on the server.
    pub path: String,
    /// Its media type.
    pub content_type: String,
    /// Its bytes, which are text.
    pub text: String,
    /// When it last changed, where that is known.
    pub modified: Option<Timestamp>,
    /// Whether it is not for everybody.
    pub private: bool,
}

impl From<Rendered> for Document {
    fn from(rendered: Rendered) -> Self {
        Self {
            path: rendered.path,
            content_type: rendered.content_type.to_owned(),
            text: String::from_utf8_lossy(&rendered.body).into_owned(),
            modified: None,
            private: false,
        }
    }
}

/// A directory of documents, while they are being put there.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    /// Every file of ours by its path: the hash of its document, none while it is written.
    files: BTreeMap<String, Option<u64>>,
    /// Those which belong here still.
    kept: BTreeSet<String>,
    written: usize,
}

/// The changes made in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// Files of ours that are there now.
    pub files: usize,
    /// Of these, files that are new or changed.
    pub written: usize,
    /// Files that were removed.
    pub removed: usize,
}

impl Directory {
    /// Takes a directory up where it was left, or a new or empty one.
    ///
    /// # Errors
    /// It cannot be read, or what is in it was not put there by us.
    pub fn open(root: &Path) -> io::Result<Self> {
        create_directories(root)?;
        let files = match read_manifest(root) {
            Ok(manifest) => manifest.lines().filter_map(listed).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if fs::read_dir(root)?.next().is_some() {
                    return Err(io::Error::new(
                        ErrorKind::AlreadyExists,
                        "the directory holds files that are not ours; name an empty one",
                    ));
                }
                share(root)?;
                BTreeMap::new()
            }
            Err(error) => return Err(error),
        };
        Ok(Self { root: root.to_owned(), files, kept: BTreeSet::new(), written: 0 })
    }

    /// Puts a document there, and beside it the same in every coding that makes it shorter.
    pub fn put(&mut self, document: &Document) -> io::Result<()> {
        let Some(name) = file_of(&document.path, &document.content_type) else { return Ok(()) };
        let text = pages::as_file(&document.path, &document.text);
        let body = Bytes::from(text.into_owned());
        let hash = xxh3_64(&body);
        let found = fs::symlink_metadata(self.root.join(&name));
        let length = found.ok().filter(fs::Metadata::is_file).map(|found| found.len());
        if self.files.get(&name) == Some(&Some(hash)) && length == Some(body.len() as u64) {
            self.keep_file(&name);
            return Ok(());
        }
        // The plain file goes last: while it is the old one, all of this is done again.
        for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstd, Coding::Identity] {
            let file = format!("{name}{}", ending(coding));
            let coded = coding.encode(&body);
            if coding == Coding::Identity || coded.len() < body.len() {
                self.write(&file, &coded, document.modified, hash)?;
            }
        }
        Ok(())
    }

    /// Leaves a document as it is. Says whether it is there.
    pub fn keep(&mut self, path: &str, content_type: &str) -> bool {
        let Some(name) = file_of(path, content_type) else { return true };
        let found = fs::symlink_metadata(self.root.join(&name));
        let is_there = found.is_ok_and(|found| found.is_file()) && self.files.contains_key(&name);
        if is_there {
            self.keep_file(&name);
        }
        is_there
    }

    /// Leaves everything as it is that was not put there anew.
    pub fn keep_others(&mut self) {
        self.kept = self.files.keys().cloned().collect();
    }

    /// Removes what was neither put nor kept, and writes down what is there.
    pub fn finish(mut self) -> io::Result<Put> {
        let gone: Vec<String> =
            self.files.keys().filter(|file| !self.kept.contains(*file)).cloned().collect();
        for file in &gone {
            self.files.remove(file);
            if self.leads_outside(file) {
                continue;
            }
            removed(fs::remove_file(self.root.join(file)))?;
            removed(fs::remove_file(self.partial(file)))?;
            // A directory goes with the last file in it; any other is not empty.
            for directory in Path::new(file).ancestors().skip(1).filter(|of| *of != Path::new("")) {
                if fs::remove_dir(self.root.join(directory)).is_err() {
                    break;
                }
            }
        }
        if !gone.is_empty() || self.written > 0 {
            let lines = self.files.iter().map(|(file, hash)| line(file, *hash));
            self.place(MANIFEST, lines.collect::<String>().as_bytes(), None)?;
        }
        Ok(Put { files: self.files.len(), written: self.written, removed: gone.len() })
    }

    /// Whether a directory on the way to a file has been replaced by a link.
    fn leads_outside(&self, file: &str) -> bool {
        let is_link =
            |of: &Path| fs::symlink_metadata(self.root.join(of)).is_ok_and(|of| of.is_symlink());
        Path::new(file).ancestors().skip(1).filter(|of| *of != Path::new("")).any(is_link)
    }

    fn keep_file(&mut self, name: &str) {
        for coding in Coding::ALL {
            let file = format!("{name}{}", ending(coding));
            if self.files.contains_key(&file) {
                self.kept.insert(file);
            }
        }
    }

    fn write(
        &mut self,
        file: &str,
        bytes: &[u8],
        modified: Option<Timestamp>,
        hash: u64,
    ) -> io::Result<()> {
        if !self.files.contains_key(file) {
            if fs::symlink_metadata(self.root.join(file)).is_ok() {
                let message = format!("{file} is there and is not ours; move it elsewhere");
                return Err(io::Error::new(ErrorKind::AlreadyExists, message));
            }
            self.claim(file)?;
        }
        self.files.insert(file.to_owned(), None);
        self.place(file, bytes, modified)?;
        self.files.insert(file.to_owned(), Some(hash));
        self.kept.insert(file.to_owned());
        self.written += 1;
        Ok(())
    }

    /// Writes down that a file will be ours, before it is there.
    fn claim(&self, file: &str) -> io::Result<()> {
        let mut options = fs::File::options();
        options.create(true).append(true).custom_flags(NO_LINKS);
        let mut manifest = options.open(self.root.join(MANIFEST))?;
        manifest.write_all(line(file, None).as_bytes())
    }

    /// Moves a file to its place whole.
    fn place(&self, file: &str, bytes: &[u8], modified: Option<Timestamp>) -> io::Result<()> {
        let path = self.root.join(file);
        let directories = Path::new(file).parent().into_iter().flat_map(Path::ancestors);
        let directories: Vec<_> = directories.filter(|of| *of != Path::new("")).collect();
        for directory in directories.into_iter().rev().map(|of| self.root.join(of)) {
            create_directory(&directory)?;
        }
        let partial = self.partial(file);
        removed(fs::remove_file(&partial))?;
        // Follows no link, not even one that was put there a moment ago.
        let mut written = fs::File::options().write(true).create_new(true).open(&partial)?;
        // A web server may read what our own umask would keep from it.
        written.set_permissions(fs::Permissions::from_mode(0o644))?;
        written.write_all(bytes)?;
        if let Some(modified) = modified.and_then(|modified| u64::try_from(modified.as_secs()).ok())
        {
            written.set_modified(UNIX_EPOCH + Duration::from_secs(modified))?;
        }
        drop(written);
        fs::rename(partial, path)
    }

    /// Where a file is written before it is moved: no server shows it.
    fn partial(&self, file: &str) -> PathBuf {
        let path = self.root.join(file);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!(".{name}.partial"))
    }
}

/// Symbolic links are not followed, and a pipe or device does not make us wait.
const NO_LINKS: i32 = (OFlags::NOFOLLOW.bits() | OFlags::NONBLOCK.bits()).cast_signed();

/// The manifest. Through a link in its place others could name files to be removed.
fn read_manifest(root: &Path) -> io::Result<String> {
    let mut options = fs::File::options();
    let manifest = options.read(true).custom_flags(NO_LINKS).open(root.join(MANIFEST))?;
    io::read_to_string(manifest)
}

/// Creates a directory that a web server can enter, with all that lead to it.
fn create_directories(path: &Path) -> io::Result<()> {
    let missing: Vec<_> = path.ancestors().take_while(|of| !of.exists()).collect();
    missing.into_iter().rev().filter(|of| *of != Path::new("")).try_for_each(create_directory)
}

/// Creates a directory, unless it is there. A link to one is refused: it leads out of the site.
fn create_directory(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Ok(()) => share(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if fs::symlink_metadata(path)?.is_dir() {
                return Ok(());
            }
            let message =
                format!("{} is not a directory of ours; move it elsewhere", path.display());
            Err(io::Error::new(ErrorKind::AlreadyExists, message))
        }
        Err(error) => Err(error),
    }
}

/// Lets a web server enter a directory which our own umask would keep from it.
fn share(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))
}

/// A file that is gone already needs no removal.
fn removed(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn line(file: &str, hash: Option<u64>) -> String {
    match hash {
        Some(hash) => format!("{hash:016x} {file}\n"),
        None => format!("- {file}\n"),
    }
}

/// A line of the manifest. A half line is of a file that was not begun.
fn listed(line: &str) -> Option<(String, Option<u64>)> {
    let (hash, file) = line.split_once(' ')?;
    // Nothing outside the directory is ours, whatever the manifest says.
    let is_inside = Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
    is_inside.then_some(())?;
    Some((file.to_owned(), u64::from_str_radix(hash, 16).ok()))
}

fn ending(coding: Coding) -> &'static str {
    match coding {
        Coding::Identity => "",
        Coding::Gzip => ".gz",
        Coding::Brotli => ".br",
        Coding::Zstd => ".zst",
    }
}

/// The file of a path: pages end in `.html`, for a topic's page and the
/// directory of its archive have one name.
fn file_of(path: &str, content_type: &str) -> Option<String> {
    let name = path.strip_prefix('/')?;
    let name = match (name, content_type.starts_with("text/html")) {
        ("", _) => "index.html".to_owned(),
        (name, true) => format!("{name}.html"),
        (name, false) => name.to_owned(),
    };
    let plain = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', '\0', '\n'])
    };
    name.split('/').all(plain).then_some(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn document(path: &str, text: &str) -> Document {
        let content_type = if path.contains('.') { "application/atom+xml" } else { "text/html" };
        Document {
            path: path.to_owned(),
            content_type: content_type.to_owned(),
            text: text.to_owned(),
            modified: Some(Timestamp::from_secs(1_743_591_900)),
            private: false,
        }
    }

    fn put(root: &Path, documents: &[Document]) -> Put {
        let mut directory = Directory::open(root).unwrap();
        documents.iter().for_each(|document| directory.put(document).unwrap());
        directory.finish().unwrap()
    }

    #[test]
    fn what_did_not_change_is_not_touched_and_what_is_gone_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let long = "news ".repeat(400);
        let (a, b) = (document("/topics/a.atom", &long), document("/topics/a", "page"));
        let first = put(root.path(), &[a.clone(), b.clone()]);
        assert_eq!(first, Put { files: 5, written: 5, removed: 0 });
        let file = root.path().join("topics/a.atom");
        let touched = || fs::metadata(&file).unwrap().modified().unwrap();
        assert_eq!(touched(), UNIX_EPOCH + Duration::from_secs(1_743_591_900));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
        let zipped = fs::read(root.path().join("topics/a.atom.zst")).unwrap();
        assert_eq!(zstd::decode_all(&zipped[..]).unwrap(), long.as_bytes());
        let times = fs::File::options().write(true).open(&file).unwrap();
        times.set_modified(UNIX_EPOCH).unwrap();
        assert_eq!(put(root.path(), &[a.clone(), b]).written, 0);
        assert_eq!(touched(), UNIX_EPOCH, "left alone");
        assert_eq!(put(root.path(), &[a]), Put { files: 4, written: 0, removed: 1 });
        assert!(!root.path().join("topics/a.html").exists());
        put(root.path(), &[]);
        assert!(!root.path().join("topics").exists(), "the last file takes its directory along");
    }

    #[test]
    fn files_that_are_not_ours_are_neither_overwritten_nor_removed() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("index.html"), "theirs").unwrap();
        let refused = Directory::open(root.path()).unwrap_err().to_string();
        assert!(refused.contains("not ours"), "{refused}");
        fs::remove_file(root.path().join("index.html")).unwrap();
        put(root.path(), &[document("/a.atom", "ours")]);
        fs::write(root.path().join("index.html"), "theirs").unwrap();
        let mut directory = Directory::open(root.path()).unwrap();
        assert!(directory.put(&document("/", "ours")).is_err());
        directory.finish().unwrap();
        assert_eq!(fs::read_to_string(root.path().join("index.html")).unwrap(), "theirs");
    }

    #[test]
    fn whatever_was_under_way_is_made_good_the_next_time() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), &[document("/a.atom", "one"), document("/b.atom", "two")]);
        // Killed after it had claimed a file and begun to write it, and within a line.
        let manifest = root.path().join(MANIFEST);
        let mut journal = fs::OpenOptions::new().append(true).open(manifest).unwrap();
        journal.write_all(b"- c.atom\n- d.at").unwrap();
        fs::write(root.path().join(".c.atom.partial"), "thr").unwrap();
        fs::write(root.path().join("b.atom"), "").unwrap();
        put(root.path(), &[document("/a.atom", "one"), document("/b.atom", "two")]);
        assert_eq!(fs::read_to_string(root.path().join("b.atom")).unwrap(), "two");
        let mut names: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [MANIFEST, "a.atom", "b.atom"]);
    }

    #[test]
    fn no_link_leads_out_of_the_directory() {
        use std::os::unix::fs::symlink;

        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let theirs = outside.path().join("a.atom");
        fs::write(&theirs, "theirs").unwrap();
        let at = |name: &str| root.path().join(name);
        // At the name of a file, at the name it has while it is written, and at a directory.
        put(root.path(), &[document("/topics/a.atom", "one"), document("/b.atom", "one")]);
        fs::remove_file(at("b.atom")).unwrap();
        symlink(&theirs, at("b.atom")).unwrap();
        symlink(&theirs, at(".b.atom.partial")).unwrap();
        put(root.path(), &[document("/topics/a.atom", "one"), document("/b.atom", "theirs")]);
        assert!(fs::symlink_metadata(at("b.atom")).unwrap().is_file());
        fs::remove_dir_all(at("topics")).unwrap();
        symlink(outside.path(), at("topics")).unwrap();
        let mut directory = Directory::open(root.path()).unwrap();
        let refused = directory.put(&document("/topics/a.atom", "two")).unwrap_err().to_string();
        assert!(refused.contains("not a directory of ours"), "{refused}");
        // Nor is anything removed there, whatever the manifest says.
        let mut manifest = fs::read_to_string(at(MANIFEST)).unwrap();
        manifest += &format!("- ../{}/a.atom\n", outside.path().file_name().unwrap().display());
        fs::write(at(MANIFEST), manifest).unwrap();
        put(root.path(), &[]);
        fs::remove_file(at("topics")).unwrap();
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
        // A manifest elsewhere is not ours.
        fs::write(outside.path().join("manifest"), "- a.atom\n").unwrap();
        let _ = fs::remove_file(at(MANIFEST));
        symlink(outside.path().join("manifest"), at(MANIFEST)).unwrap();
        assert!(Directory::open(root.path()).is_err());
    }

    #[test]
    fn no_path_leads_out_of_the_directory() {
        for (path, file) in [
            ("/", Some("index.html")),
            ("/topics/a.atom", Some("topics/a.atom")),
            ("/../a.atom", None),
            ("/topics//a.atom", None),
            ("/.a.atom", None),
            ("a.atom", None),
        ] {
            assert_eq!(file_of(path, "application/atom+xml").as_deref(), file, "{path}");
        }
        assert_eq!(file_of("/topics/a", "text/html; charset=utf-8").unwrap(), "topics/a.html");
    }
}
