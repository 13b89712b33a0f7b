//! A page of sled's tree, and the changes written after it.

use std::collections::BTreeMap;

use super::cursor::Cursor;

/// A page of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Node {
    /// Its keys are not below this.
    pub(super) low: Vec<u8>,
    /// Its keys are below this; empty where there is no bound.
    pub(super) high: Vec<u8>,
    /// So many bytes of `low` begin every key, and are left out of each.
    shared: usize,
    pub(super) data: Data,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Data {
    /// Keys and values.
    Leaf(BTreeMap<Vec<u8>, Vec<u8>>),
    /// Where each child begins, and its page.
    Index(Vec<(Vec<u8>, u64)>),
}

impl Default for Data {
    fn default() -> Self {
        Self::Leaf(BTreeMap::new())
    }
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
}

impl Node {
    /// An empty leaf between two keys.
    pub(super) fn between(low: Vec<u8>, high: Vec<u8>) -> Self {
        let shared = low.iter().zip(&high).take_while(|(a, b)| a == b).take(255).count();
        Self { low, high, shared, data: Data::default() }
    }

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
        let mut is_whole = true;
        let mut values = std::iter::from_fn(|| {
            let value = if is_leaf {
                cursor.bytes().map(Value::Bytes)
            } else {
                cursor.number().map(Value::Page)
            };
            is_whole &= value.is_some();
            value
        });
        let mut pairs = BTreeMap::new();
        let mut children = Vec::new();
        for (key, value) in keys.into_iter().zip(&mut values) {
            match value {
                Value::Bytes(value) => drop(pairs.insert(key, value.to_vec())),
                Value::Page(page) => children.push((key, page)),
            }
        }
        let data = if is_leaf { Data::Leaf(pairs) } else { Data::Index(children) };
        let node = Self { low, high, shared, data };
        let is_whole = is_whole && cursor.0.is_empty();
        Some((node, is_whole))
    }

    /// Whether a key can be on this page.
    pub(super) fn spans(&self, key: &[u8]) -> bool {
        self.low.as_slice() <= key && (self.high.is_empty() || key < self.high.as_slice())
    }

    /// Makes a change. A key beyond the page's bounds was written to another state of it.
    pub(super) fn apply(&mut self, link: &Link<'_>) {
        let whole = |key: &[u8]| [&self.low[..self.shared.min(self.low.len())], key].concat();
        let (key, value) = match link {
            Link::Set(key, value) => (whole(key), Some(value.to_vec())),
            Link::Delete(key) => (whole(key), None),
            Link::Merge => return,
        };
        if !self.spans(&key) {
            return;
        }
        if let Data::Leaf(pairs) = &mut self.data {
            match value {
                Some(value) => pairs.insert(key, value),
                None => pairs.remove(&key),
            };
        }
    }
}

enum Value<'a> {
    Bytes(&'a [u8]),
    Page(u64),
}
