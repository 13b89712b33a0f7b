//! A page of sled's tree, and the changes written after it.

use super::cursor::Cursor;
use super::{Change, State};

/// Where a page begins and ends in the order of keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::store) struct Bounds {
    /// Its keys are not below this.
    pub(in crate::store) low: Vec<u8>,
    /// Its keys are below this; empty where there is no bound.
    pub(in crate::store) high: Vec<u8>,
    /// So many bytes of `low` begin every key, and are left out of each.
    shared: usize,
}

impl Bounds {
    fn between(low: Vec<u8>, high: Vec<u8>) -> Self {
        let shared = low.iter().zip(&high).take_while(|(a, b)| a == b).take(255).count();
        Self { low, high, shared }
    }

    /// The whole key, unless it lies outside: then the change was made to another state of the page.
    fn key(&self, rest: &[u8]) -> Option<Vec<u8>> {
        let key = [self.low.get(..self.shared)?, rest].concat();
        (self.low <= key && (self.high.is_empty() || key < self.high)).then_some(key)
    }
}

/// A page of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) bounds: Bounds,
    pub(super) data: Data,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Data {
    /// Keys and values.
    Leaf(Vec<(Vec<u8>, Vec<u8>)>),
    /// The pages below, and where each begins and ends.
    Index(Vec<(u64, Bounds)>),
}

/// One change of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link<'a> {
    Set(&'a [u8], &'a [u8]),
    Delete(&'a [u8]),
    /// A step of merging two pages; it changes no key.
    Merge,
}

impl<'a> Link<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(body);
        let link = match cursor.byte()? {
            0 => Self::Set(cursor.bytes()?, cursor.bytes()?),
            1 => Self::Delete(cursor.bytes()?),
            2 => {
                cursor.number()?;
                Self::Merge
            }
            3 | 4 => Self::Merge,
            _ => return None,
        };
        cursor.0.is_empty().then_some(link)
    }

    /// The change of a page of these bounds.
    pub(super) fn within(self, bounds: &Bounds, state: State) -> Option<Change> {
        match self {
            Self::Set(key, value) => Some(Change::Set(bounds.key(key)?, value.to_vec(), state)),
            Self::Delete(key) => Some(Change::Remove(bounds.key(key)?)),
            Self::Merge => None,
        }
    }
}

impl Node {
    /// A whole page.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let (node, is_whole) = Self::read_what_is_left(body)?;
        is_whole.then_some(node)
    }

    /// A page with as many of its pairs as can be read, and whether those are all.
    pub(super) fn read_what_is_left(body: &[u8]) -> Option<(Self, bool)> {
        let mut cursor = Cursor(body);
        let _next = cursor.number()?;
        let _merging_child = cursor.number()?;
        let _merging = cursor.byte()?;
        let shared = usize::from(cursor.byte()?);
        let low = cursor.bytes()?.to_vec();
        let high = cursor.bytes()?.to_vec();
        let prefix = low.get(..shared)?;
        let is_leaf = cursor.byte()? == 0;
        let count = usize::try_from(cursor.number()?).ok()?;
        let mut keys: Vec<Vec<u8>> = Vec::new();
        // Grows with what is there, not with what is promised.
        while keys.len() < count {
            keys.push([prefix, cursor.bytes()?].concat());
        }
        let data = if is_leaf {
            let value = |key| Some((key, cursor.bytes()?.to_vec()));
            Data::Leaf(keys.into_iter().map_while(value).collect())
        } else {
            let ends: Vec<_> = keys.iter().skip(1).chain([&high]).cloned().collect();
            let child = |(from, to)| Some((cursor.number()?, Bounds::between(from, to)));
            Data::Index(keys.into_iter().zip(ends).map_while(child).collect())
        };
        let read = match &data {
            Data::Leaf(pairs) => pairs.len(),
            Data::Index(children) => children.len(),
        };
        let is_whole = read == count && cursor.0.is_empty();
        Some((Self { bounds: Bounds { low, high, shared }, data }, is_whole))
    }
}
