//! Decides which frames make up the tree, newest first, and what of it is lost.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::coverage::{Coverage, KeyRange};
use super::frame::Kind;
use super::node::{Data, Node};
use super::segment::{Condition, Frame};
use super::snapshot::Snapshot;

/// So many changes of a page are looked through for what is superseded.
const MANY: usize = 16;

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

    /// Whether something is known to be lost that its newest state had.
    fn is_incomplete(&self) -> bool {
        self.lost.is_some_and(|lost| lost > self.starts())
    }

    /// The updates to read, without the ranges that count. Changes after a lost state of the page
    /// are applied to its bounds, if these are known.
    fn steps(&self, bounds: Option<KeyRange>) -> Vec<Step> {
        let (newest, whole) = (self.newest(), self.newest_intact());
        let since = newest.map_or(self.freed.unwrap_or(0), |base| base.position);
        let mut links: Vec<Frame> =
            self.links.iter().filter(|link| link.position > since).copied().collect();
        links.sort_by_key(|link| link.position);
        let mut steps = Vec::new();
        if let (Some(range), Some(last)) = (bounds, links.last()) {
            let position = last.position;
            let (base, links) = (Base::Bounds(range), std::mem::take(&mut links));
            let (ranges, state) = (Vec::new(), State::Doubtful);
            steps.push(Step { position, base, links, ranges, state });
        }
        if let Some(newest) = newest.filter(|newest| Some(*newest) != whole) {
            steps.push(Step::of(*newest, std::mem::take(&mut links), State::Doubtful));
        }
        if let Some(whole) = whole {
            let is_newest = newest == Some(whole) && !self.is_incomplete();
            let state = if is_newest { State::Current } else { State::Stale };
            steps.push(Step::of(*whole, links, state));
        }
        steps
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
    /// When it was written, in the order of the log.
    position: u64,
    pub(super) base: Base,
    /// In the order in which they were made.
    pub(super) links: Vec<Frame>,
    /// Keys for which nothing newer is left.
    pub(super) ranges: Vec<KeyRange>,
    pub(super) state: State,
}

impl Step {
    fn of(base: Frame, links: Vec<Frame>, state: State) -> Self {
        let position = base.position;
        Self { position, base: Base::Frame(base), links, ranges: Vec::new(), state }
    }
}

/// The base that changes are applied to.
#[derive(Debug)]
pub(super) enum Base {
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
            Kind::Link(_) => {
                page.links.push(frame);
                // Most changes of a page are superseded by a later state of it.
                if page.links.len() >= MANY && page.links.len().is_power_of_two() {
                    let starts = page.starts();
                    page.links.retain(|link| link.position > starts);
                }
            }
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
            let there: BTreeSet<u64> = page
                .bases
                .iter()
                .chain(&page.links)
                .filter(|frame| frame.condition != Condition::Damaged)
                .map(|frame| frame.position)
                .collect();
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
        let mut bounds = self.bounds(read);
        let pages = self.0.iter();
        let mut steps: Vec<Step> =
            pages.flat_map(|(number, page)| page.steps(bounds.remove(number))).collect();
        steps.sort_by_key(|step| std::cmp::Reverse(step.position));
        let mut losses = Vec::new();
        let mut coverage = Coverage::default();
        for step in &mut steps {
            let node = match &step.base {
                Base::Frame(frame) => read(frame),
                Base::Bounds(KeyRange { from, to }) => {
                    Some(Node::between(from.clone(), to.clone()))
                }
            };
            let Some(Node { low, high, data: Data::Leaf(_), .. }) = node else { continue };
            let range = KeyRange { from: low, to: high };
            step.ranges = match step.state {
                State::Doubtful => coverage.gaps(&range),
                State::Current | State::Stale => coverage.cover(&range),
            };
            if step.state == State::Stale {
                losses.extend(step.ranges.iter().map(|range| format!("{range}: the last changes")));
            }
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
            steps.push(Step { ranges, ..Step::of(*base, Vec::new(), State::Stale) });
        }
        let nothing = coverage.gaps(&KeyRange::everything());
        losses
            .extend(nothing.iter().map(|range| format!("{range}: all but single values, if any")));
    }

    /// Where the pages begin and end whose own newest state is lost, as their parents have it.
    fn bounds(&self, read: &dyn Fn(&Frame) -> Option<Node>) -> HashMap<u64, KeyRange> {
        let is_wanted = |page: &Page| {
            page.is_incomplete()
                || page.newest().is_none() && page.links.iter().any(|l| l.position > page.starts())
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
