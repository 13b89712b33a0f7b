//! The option that states who may read a topic.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Spanned;

use super::{Complaint, Id};

/// Who may read a topic: `"public"`, `"key"`, or a list of keys by their names.
///
/// A list without names lets nobody in: taking the last name out must not
/// open to everybody what was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody may read it.
    Public,
    /// Whoever bears a key.
    AnyKey,
    /// Whoever bears one of these.
    Keys(Vec<Spanned<Id>>),
}

impl<'de> Deserialize<'de> for Access {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Access;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"public\", \"key\" or a list of keys' names such as [\"press\"]")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Access, E> {
                match text {
                    "public" => Ok(Access::Public),
                    "key" => Ok(Access::AnyKey),
                    name => Err(E::custom(Complaint::new(
                        format!("`{name}` says not who may read a topic"),
                        format!(
                            "write `\"public\"`, `\"key\"` for every key, or the names of some: `[\"{name}\"]`"
                        ),
                    ))),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Access, A::Error> {
                let mut keys = Vec::new();
                while let Some(name) = names.next_element()? {
                    keys.push(name);
                }
                Ok(Access::Keys(keys))
            }
        }

        from.deserialize_any(Written)
    }
}

impl Serialize for Access {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Public => to.serialize_str("public"),
            Self::AnyKey => to.serialize_str("key"),
            Self::Keys(names) => to.collect_seq(names.iter().map(|name| &name.get_ref().0)),
        }
    }
}
