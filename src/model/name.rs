//! Identifiers: what the operator names, and what a story is called for ever.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! named {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the name as it stands; the configuration has checked its characters.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The name, to be held by another owner.
            pub fn shared(&self) -> Arc<str> {
                self.0.clone()
            }

            /// The name as the operator wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

named! {
    /// Names a source in configuration, logs and addresses: `home-office`.
    SourceId
}

named! {
    /// Names a topic in configuration, logs and addresses: `western-balkans`.
    TopicId
}

named! {
    /// Names a machine in a cluster: `a`.
    NodeName
}

/// Names a story in the store and in `/stories/ID`.
///
/// It derives from the key of the story's first entry by a hash of fixed
/// definition, so that any two processes that admit the same story agree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StoryId([u8; 16]);

impl StoryId {
    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id's bytes, as the store's keys hold them.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not the 32 hexadecimal digits of a story's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a story's id is 32 hexadecimal digits")]
pub struct NotAStoryId;

impl FromStr for StoryId {
    type Err = NotAStoryId;

    fn from_str(text: &str) -> Result<Self, NotAStoryId> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotAStoryId);
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotAStoryId)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotAStoryId)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_id_reads_what_it_prints() {
        let id = StoryId::from_bytes(*b"0123456789abcdef");
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in
            ["", "30", "zz313233343536373839616263646566", "+0313233343536373839616263646566"]
        {
            assert_eq!(bad.parse::<StoryId>(), Err(NotAStoryId), "{bad}");
        }
    }
}
