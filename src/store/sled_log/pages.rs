//! Decides which frames make up the tree, newest first, and what of it is lost.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::coverage::{Coverage, KeyRange};
use super::frame::Kind;
use super::node::{Data, Node};
use super::segment::{Condition, Frame};
use super::snapshot::Snapshot;

/// All that the log has of one page.
#[derive(Debug, Default)]
struct Page {
    /// The page as a whole, at different times.
    bases: Vec<Frame>,
    /// Its changes.
    links: Vec<Frame>,
    /// When it ended, or began anew.
    freed: Option<u64>,
    /// The last position at which something of it is known to be lost.
    lost: Option<u64>,
}

impl Page {
    /// The newest state of it as a whole, unless it ended since.
    fn newest(&self) -> Option<&Frame> {
        let newest = self.bases.iter().max_by_key(|base| base.position)?;
        self.freed.is_none_or(|freed| freed < newest.position).then_some(newest)
    }

    /// The newest state of it whose checksum is right, unless it ended since.
    fn newest_intact(&self) -> Option<&Frame> {
        let intact = self.bases.iter().filter(|base| base.condition != Condition::Damaged);
        let newest = intact.max_by_key(|base| base.position)?;
        self.freed.is_none_or(|freed| freed < newest.position).then_some(newest)
    }

    /// Before this, nothing of it counts any more.
    fn starts(&self) -> u64 {
        let intact = self.bases.iter().filter(|base| base.condition != Condition::Damaged);
        intact.map(|base| base.position).chain(self.freed).max().unwrap_or(0)
    }
}

/// Whether pairs are what the tree held last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum State {
    Current,
    /// Its page is damaged: some pairs may be altered.
    Doubtful,
    /// Later changes are lost: some pairs may have been replaced or removed.
    Stale,
}

/// A page to be read, and what of it counts.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) from: From,
    /// In the order in which they were made.
    pub(super) links: Vec<Frame>,
    /// Keys for which nothing newer is left.
    pub(super) ranges: Vec<KeyRange>,
    pub(super) state: State,
}

/// What changes are applied to.
#[derive(Debug)]
pub(super) enum From {
    Frame(Frame),
    /// The page is lost; its parent says where it began and ended.
    Bounds(KeyRange),
}

/// The pages of a log.
#[derive(Debug, Default)]
pub(super) struct Pages(BTreeMap<u64, Page>);

impl Pages {
    pub(super) fn add(&mut self, frame: Frame) {
        let page = self.0.entry(frame.header.page).or_default();
        match frame.header.kind {
            Kind::Node(_) => page.bases.push(frame),
            Kind::Link(_) => page.links.push(frame),
            Kind::Free | Kind::State => page.freed = page.freed.max(Some(frame.position)),
            Kind::Padding | Kind::Batch => {}
        }
    }

    /// Notes that a frame was there and cannot be read.
    pub(super) fn lose(&mut self, frame: &Frame) {
        if matches!(frame.header.kind, Kind::Node(_) | Kind::Link(_)) {
            let page = self.0.entry(frame.header.page).or_default();
            page.lost = page.lost.max(Some(frame.position));
        }
    }

    /// Notes what the snapshot knew and the log has no longer. Returns where that was in the file.
    pub(super) fn compare(&mut self, snapshot: &Snapshot) -> BTreeSet<u64> {
        let mut missing = BTreeSet::new();
        for (&number, pointers) in &snapshot.pages {
            let page = self.0.entry(number).or_default();
            let starts = page.starts();
            let there: BTreeSet<u64> =
                page.bases.iter().chain(&page.links).map(|frame| frame.position).collect();
            for pointer in pointers {
                let is_missing = pointer.position > starts && !there.contains(&pointer.position);
                if is_missing {
                    page.lost = page.lost.max(Some(pointer.position));
                    missing.insert(pointer.at);
                }
            }
        }
        missing
    }

    /// Whether a frame is part of the newest state of its page.
    pub(super) fn counts(&self, frame: &Frame) -> bool {
        self.0.get(&frame.header.page).is_none_or(|page| frame.position >= page.starts())
    }

    /// The tree: what is newest comes first, and is followed by older states of
    /// what is lost. Also, in words, what is not as it was.
    pub(super) fn steps(&self, read: &dyn Fn(&Frame) -> Option<Node>) -> (Vec<Step>, Vec<String>) {
        let mut current: Vec<(u64, From, Vec<Frame>, State)> = Vec::new();
        let mut bounds = self.bounds(read);
        for (number, page) in &self.0 {
            let newest = page.newest();
            let whole = page.newest_intact();
            let since = newest.map_or(page.freed.unwrap_or(0), |base| base.position);
            let mut links: Vec<Frame> =
                page.links.iter().filter(|link| link.position > since).copied().collect();
            links.sort_by_key(|link| link.position);
            let is_stale = page.lost.is_some_and(|lost| lost > page.starts());
            let state = if is_stale { State::Stale } else { State::Current };
            let last = links.last().map(|link| link.position);
            if let (true, Some(last), Some(range)) = (is_stale, last, bounds.remove(number)) {
                current.push((
                    last,
                    From::Bounds(range),
                    std::mem::take(&mut links),
                    State::Doubtful,
                ));
            }
            match (newest, whole) {
                (Some(newest), Some(whole)) if newest == whole => {
                    current.push((whole.position, From::Frame(*whole), links, state));
                }
                (newest, whole) => {
                    if let Some(newest) = newest {
                        let from = From::Frame(*newest);
                        current.push((newest.position, from, links, State::Doubtful));
                    }
                    if let Some(whole) = whole {
                        let from = From::Frame(*whole);
                        current.push((whole.position, from, Vec::new(), State::Stale));
                    }
                }
            }
        }
        current.sort_by_key(|(position, ..)| std::cmp::Reverse(*position));
        let (mut steps, mut losses) = (Vec::new(), Vec::new());
        let mut coverage = Coverage::default();
        for (_, from, links, state) in current {
            let node = match &from {
                From::Frame(frame) => read(frame),
                From::Bounds(KeyRange { from, to }) => {
                    Some(Node::between(from.clone(), to.clone()))
                }
            };
            let Some(Node { low, high, data: Data::Leaf(_), .. }) = node else { continue };
            let range = KeyRange { from: low, to: high };
            let ranges = match state {
                State::Doubtful => coverage.gaps(&range),
                State::Current | State::Stale => coverage.cover(&range),
            };
            if state == State::Stale {
                losses.extend(ranges.iter().map(|range| format!("{range}: the last changes")));
            }
            steps.push(Step { from, links, ranges, state });
        }
        let holes = coverage.gaps(&KeyRange::everything());
        if !holes.is_empty() {
            self.fill(read, &mut coverage, &mut steps, &mut losses);
        }
        steps.retain(|step| !step.ranges.is_empty());
        (steps, losses)
    }

    /// Puts older states of pages where nothing newer is left.
    fn fill(
        &self,
        read: &dyn Fn(&Frame) -> Option<Node>,
        coverage: &mut Coverage,
        steps: &mut Vec<Step>,
        losses: &mut Vec<String>,
    ) {
        let bases = self.0.values().flat_map(|page| {
            let newest = page.newest_intact();
            page.bases.iter().filter(move |base| Some(*base) != newest)
        });
        let mut older: Vec<&Frame> =
            bases.filter(|base| base.condition != Condition::Damaged).collect();
        older.sort_by_key(|base| std::cmp::Reverse(base.position));
        for base in older {
            if coverage.gaps(&KeyRange::everything()).is_empty() {
                break;
            }
            let Some(Node { low, high, data: Data::Leaf(_), .. }) = read(base) else { continue };
            let ranges = coverage.cover(&KeyRange { from: low, to: high });
            losses.extend(ranges.iter().map(|range| format!("{range}: all but an older state")));
            let from = From::Frame(*base);
            steps.push(Step { from, links: Vec::new(), ranges, state: State::Stale });
        }
        let nothing = coverage.gaps(&KeyRange::everything());
        losses
            .extend(nothing.iter().map(|range| format!("{range}: all but single values, if any")));
    }

    /// Where the pages begin and end whose own newest state is lost, as their parents have it.
    fn bounds(&self, read: &dyn Fn(&Frame) -> Option<Node>) -> HashMap<u64, KeyRange> {
        let is_wanted = |page: &Page| {
            let lost = page.lost.is_some_and(|lost| lost > page.starts());
            lost || page.newest().is_none() && page.links.iter().any(|l| l.position > page.starts())
        };
        let wanted: BTreeSet<u64> =
            self.0.iter().filter(|(_, page)| is_wanted(page)).map(|(number, _)| *number).collect();
        let mut found: HashMap<u64, (u64, KeyRange)> = HashMap::new();
        if wanted.is_empty() {
            return HashMap::new();
        }
        for base in self.0.values().filter_map(Page::newest_intact) {
            let Some(Node { high, data: Data::Index(children), .. }) = read(base) else { continue };
            for (at, (from, child)) in children.iter().enumerate() {
                let known = found.get(child).is_some_and(|(position, _)| *position > base.position);
                if wanted.contains(child) && !known {
                    let to = children.get(at + 1).map_or(&high, |(to, _)| to).clone();
                    found.insert(*child, (base.position, KeyRange { from: from.clone(), to }));
                }
            }
        }
        found.into_iter().map(|(child, (_, range))| (child, range)).collect()
    }
}
