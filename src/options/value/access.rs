//! The option that states who may read a topic.

use toml::Spanned;
use toml::de::DeValue;

use super::Id;
use crate::options::Complaint;
use crate::options::read::{Reader, Value, quoted};

/// Who may read a topic: `"public"`, `"key"`, or a list of keys by their names.
///
/// A list without names lets nobody in: taking out the last name must not open the topic to
/// everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everybody may read it.
    Public,
    /// Anybody with a key.
    AnyKey,
    /// Anybody with one of these keys.
    Keys(Vec<Spanned<Id>>),
}

impl Value for Access {
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        match from.get_ref() {
            DeValue::String(word) if word == "public" => Some(Self::Public),
            DeValue::String(word) if word == "key" => Some(Self::AnyKey),
            DeValue::String(name) => {
                let what = format!("`{name}` is neither \"public\" nor \"key\"");
                let help = format!(
                    "write `\"public\"`, `\"key\"` for every key, or the names of some: `[\"{name}\"]`"
                );
                reader.report(from.span(), Complaint::new(what, help));
                None
            }
            DeValue::Array(_) => Vec::read(from, reader).map(Self::Keys),
            _ => reader
                .mismatch(from, "\"public\", \"key\" or a list of keys' names such as [\"press\"]"),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Public => quoted("public"),
            Self::AnyKey => quoted("key"),
            Self::Keys(names) => names.write(),
        }
    }
}
