//! Short texts that many records share, stored once.

use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize};

/// Texts that are shared: beyond so many a further one is kept for itself, so that whoever
/// says something else each time does not fill the memory for ever.
const MOST: usize = 1_000;

static SHARED: LazyLock<Mutex<HashSet<Arc<str>>>> = LazyLock::new(Mutex::default);

/// One of few texts, which very many things say: why a source is due when it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Interned(Arc<str>);

impl From<&str> for Interned {
    fn from(text: &str) -> Self {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shared.get(text) {
            return Self(known.clone());
        }
        let new: Arc<str> = text.into();
        if shared.len() < MOST {
            shared.insert(new.clone());
        }
        Self(new)
    }
}

impl Default for Interned {
    fn default() -> Self {
        Self::from("")
    }
}

impl Deref for Interned {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Interned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'de> Deserialize<'de> for Interned {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;

        impl serde::de::Visitor<'_> for Text {
            type Value = Interned;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<Interned, E> {
                Ok(text.into())
            }
        }

        from.deserialize_str(Text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_again_takes_no_memory_again() {
        let first = Interned::from("because of a test of its own");
        let stored = rmp_serde::to_vec(&first).unwrap();
        let read: Interned = rmp_serde::from_slice(&stored).unwrap();
        assert!(Arc::ptr_eq(&first.0, &read.0));
        assert_eq!(&*read, "because of a test of its own");
    }
}
