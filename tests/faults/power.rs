//! Derives the disks that a power cut may leave from a record of all writes and syncs.
//!
//! What was synced is on the disk. Of what was not, each page of 4 KiB is or is not,
//! in any mixture; names (files made, renamed, removed) are there up to the last
//! sync of a directory, and perhaps some more of them in their order, as a
//! journal keeps them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::dice::Dice;

const PAGE: usize = 4096;

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    op: u8,
    inode: u64,
    offset: usize,
    length: usize,
    path: String,
    data: Vec<u8>,
}

/// What a disk takes for durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// What `fsync` and `fdatasync` answered for, and nothing else.
    Synced,
    /// The same disk under a program that never calls `fdatasync`. To its favour
    /// `sync_file_range` counts, within the size the file was synced with.
    WithoutDataSync,
}

/// Everything that was done to a directory, in order.
pub struct Recording(Vec<Record>);

impl Recording {
    /// Reads a record as `disk.c` writes it.
    pub fn read(file: &Path) -> Self {
        let bytes = fs::read(file).unwrap();
        let (mut records, mut rest) = (Vec::new(), &bytes[..]);
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let line = std::str::from_utf8(&rest[..end]).unwrap();
            let mut words = line.splitn(5, ' ');
            let mut word = || words.next().unwrap();
            let op = word().as_bytes()[0];
            let inode = word().parse().unwrap();
            let (offset, length) = (word().parse().unwrap(), word().parse().unwrap());
            let path = word().to_owned();
            let size = if op == b'W' { length } else { 0 };
            // The last record may have been cut short with its program.
            let Some(data) = rest.get(end + 1..end + 1 + size) else { break };
            records.push(Record { op, inode, offset, length, path, data: data.to_vec() });
            rest = &rest[end + 1 + size..];
        }
        Self(records)
    }

    /// How much there is to cut between.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Where something was written to the file of this name, and what.
    pub fn writes_to<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        let records = self.0.iter().enumerate();
        records
            .filter(move |(_, record)| record.op == b'W' && record.path == path)
            .map(|(at, record)| (at, std::str::from_utf8(&record.data).unwrap()))
    }

    /// Gives `each` the disk as it was after each of these records (in ascending order).
    pub fn cut(&self, cuts: &[usize], promise: Promise, mut each: impl FnMut(usize, &Disk)) {
        let mut disk = Disk::default();
        let mut cuts = cuts.iter().copied().peekable();
        for (at, record) in self.0.iter().enumerate() {
            disk.take(record, promise);
            while cuts.next_if_eq(&at).is_some() {
                each(at, &disk);
            }
        }
    }
}

/// A file: as its program sees it, and as the disk has it for certain.
#[derive(Debug, Default)]
struct Contents {
    current: Vec<u8>,
    durable: Vec<u8>,
    /// Pages that differ.
    dirty: BTreeSet<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Directory,
    File(usize),
}

#[derive(Debug)]
enum Naming {
    Made(String, Node),
    Renamed(String, String),
    Removed(String),
}

/// A disk under a program.
#[derive(Debug, Default)]
pub struct Disk {
    files: Vec<Contents>,
    /// Which file an inode is: numbers of removed ones come again.
    inodes: HashMap<u64, usize>,
    names: BTreeMap<String, Node>,
    journal: Vec<Naming>,
    /// So many of the journal are on the disk for certain.
    kept: usize,
}

impl Disk {
    fn take(&mut self, record: &Record, promise: Promise) {
        let Record { op, inode, offset, length, path, data } = record;
        match op {
            b'N' => {
                let known = self.inodes.get(inode).map(|&file| Node::File(file));
                if known.is_none() || self.names.get(path).copied() != known {
                    self.inodes.insert(*inode, self.files.len());
                    self.note(Naming::Made(path.clone(), Node::File(self.files.len())));
                    self.files.push(Contents::default());
                }
            }
            b'D' => self.note(Naming::Made(path.clone(), Node::Directory)),
            b'U' => self.note(Naming::Removed(path.clone())),
            b'M' => {
                let (from, to) = path.split_once('\t').unwrap();
                self.note(Naming::Renamed(from.to_owned(), to.to_owned()));
            }
            b'S' if !self.inodes.contains_key(inode) || self.is_directory(path) => {
                self.kept = self.journal.len();
            }
            b'F' if promise == Promise::WithoutDataSync => {}
            b'R' if promise == Promise::Synced => {}
            _ => {
                let file = self.inodes[inode];
                let file = &mut self.files[file];
                match op {
                    b'W' => file.write(*offset, data),
                    b'T' => file.resize(*offset),
                    b'S' | b'F' => file.sync(0..usize::MAX, true),
                    b'R' => file.sync(*offset..offset + length, false),
                    other => panic!("{:?} is no operation", char::from(*other)),
                }
            }
        }
    }

    fn is_directory(&self, path: &str) -> bool {
        path == "." || self.names.get(path) == Some(&Node::Directory)
    }

    fn note(&mut self, naming: Naming) {
        name(&mut self.names, &naming);
        self.journal.push(naming);
    }

    /// Writes down what a power cut leaves of it: with dice, something of what
    /// was not synced; without, nothing of it.
    pub fn after_a_power_cut(&self, to: &Path, mut dice: Option<&mut Dice>) {
        let more = dice.as_mut().map_or(0, |dice| dice.below(self.journal.len() - self.kept + 1));
        let mut names = BTreeMap::new();
        for naming in &self.journal[..self.kept + more] {
            name(&mut names, naming);
        }
        for (path, node) in names {
            let path = to.join(path);
            match node {
                Node::Directory => fs::create_dir_all(path).unwrap(),
                Node::File(file) => {
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    write_sparse(&path, &self.files[file].after_a_power_cut(dice.as_deref_mut()));
                }
            }
        }
    }
}

fn name(names: &mut BTreeMap<String, Node>, naming: &Naming) {
    match naming {
        Naming::Made(path, node) => drop(names.insert(path.clone(), *node)),
        Naming::Removed(path) => drop(names.remove(path)),
        Naming::Renamed(from, to) => {
            let inside = format!("{from}/");
            let moved: Vec<_> = names
                .iter()
                .filter(|(path, _)| *path == from || path.starts_with(&inside))
                .map(|(path, node)| (path.clone(), *node))
                .collect();
            for (path, node) in moved {
                names.remove(&path);
                names.insert(format!("{to}{}", &path[from.len()..]), node);
            }
        }
    }
}

impl Contents {
    fn write(&mut self, at: usize, data: &[u8]) {
        let end = at + data.len();
        if self.current.len() < end {
            self.resize(end);
        }
        self.current[at..end].copy_from_slice(data);
        self.dirty.extend(at / PAGE..end.div_ceil(PAGE));
    }

    fn resize(&mut self, size: usize) {
        let [less, more] = [self.current.len().min(size), self.current.len().max(size)];
        self.current.resize(size, 0);
        self.dirty.extend(less / PAGE..more.div_ceil(PAGE));
    }

    fn sync(&mut self, range: std::ops::Range<usize>, with_size: bool) {
        if with_size {
            self.durable.resize(self.current.len(), 0);
        }
        let touched = range.start / PAGE..range.end.div_ceil(PAGE);
        let pages: Vec<_> = self.dirty.range(touched).copied().collect();
        for page in pages {
            let end = ((page + 1) * PAGE).min(self.durable.len()).min(self.current.len());
            let start = (page * PAGE).min(end);
            self.durable[start..end].copy_from_slice(&self.current[start..end]);
            if self.durable.len() == self.current.len() || end == (page + 1) * PAGE {
                self.dirty.remove(&page);
            }
        }
    }

    fn after_a_power_cut(&self, dice: Option<&mut Dice>) -> Vec<u8> {
        let mut left = self.durable.clone();
        let Some(dice) = dice else { return left };
        for page in &self.dirty {
            let end = ((page + 1) * PAGE).min(self.current.len());
            let start = (page * PAGE).min(end);
            if dice.one_in(2) {
                left.resize(left.len().max(end), 0);
                left[start..end].copy_from_slice(&self.current[start..end]);
            }
        }
        if self.current.len() < left.len() && dice.one_in(2) {
            left.truncate(self.current.len());
        }
        left
    }
}

/// The engine's file is mostly holes.
fn write_sparse(path: &Path, contents: &[u8]) {
    let file = File::create(path).unwrap();
    file.set_len(contents.len() as u64).unwrap();
    for (number, page) in contents.chunks(PAGE).enumerate() {
        if page.iter().any(|&byte| byte != 0) {
            file.write_all_at(page, (number * PAGE) as u64).unwrap();
        }
    }
}
