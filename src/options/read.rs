//! Reads options from a table of TOML, and reports every value that cannot be used.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;

use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use xxhash_rust::xxh3::xxh3_64;

use super::{AtReload, Complaint, Contents, Declared, Table, WrittenOption};
use crate::model::{Enrich, Revisions, Role};

/// A value of the configuration file.
pub(crate) trait Value: Sized {
    /// The value. None where it cannot be used, which is reported.
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self>;

    /// The value as it is written in the file.
    fn write(&self) -> String;

    /// The value as a log line shows it.
    fn shown(&self) -> String {
        self.write().trim_matches('"').to_owned()
    }

    /// The value of an option, or of all options inside a table.
    fn state(
        &self,
        table: &'static str,
        name: &'static str,
        at_reload: AtReload,
    ) -> Vec<WrittenOption> {
        let hash = xxh3_64(self.write().as_bytes());
        vec![WrittenOption { table, name, hash, shown: self.shown(), at_reload }]
    }

    /// The options inside, where it is a table.
    fn contents() -> Option<Contents> {
        None
    }
}

/// The mistakes of one file, and where its options are written.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The option that is being read, as `source[3].id`.
    path: String,
    /// Mistakes and their places.
    pub(crate) mistakes: Vec<(Range<usize>, Complaint)>,
    /// Keys that no option has: path, key and place.
    pub(crate) unknown: Vec<(String, String, Range<usize>)>,
    /// Options that cannot be used, as `source[3].id`: they are reported already and must not be
    /// missed as well.
    pub(crate) broken: BTreeSet<String>,
    /// The places of the values in tables that there is one of, as `polling.floor`.
    pub(crate) places: BTreeMap<String, Range<usize>>,
}

impl Reader {
    /// Reads a whole file.
    pub(crate) fn file<T: Table>(&mut self, table: &DeTable<'_>) -> T {
        self.table(table)
    }

    fn table<T: Table>(&mut self, table: &DeTable<'_>) -> T {
        let mut from = TableReader { table, known: Vec::new(), reader: self };
        let read = T::read_options(&mut from);
        let TableReader { known, reader, .. } = from;
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref().to_string();
            reader.inside(&name, |reader| reader.broken.insert(reader.path.clone()));
            reader.unknown.push((reader.path.clone(), name, key.span()));
        }
        read
    }

    /// Reports that the value at `span` cannot be used.
    pub(crate) fn report(&mut self, span: Range<usize>, complaint: Complaint) {
        self.mistakes.push((span, complaint));
        self.broken.insert(self.path.clone());
    }

    /// Reports a value of another kind than is `expected`.
    pub(crate) fn mismatch<T>(&mut self, from: &Spanned<DeValue<'_>>, expected: &str) -> Option<T> {
        self.report_mismatch(from, expected);
        None
    }

    // Compiled once, not for every type of options.
    fn report_mismatch(&mut self, from: &Spanned<DeValue<'_>>, expected: &str) {
        let found = match from.get_ref() {
            DeValue::String(text) => format!("string {text:?}"),
            DeValue::Integer(number) => format!("integer `{number}`"),
            DeValue::Float(number) => format!("floating point `{number}`"),
            DeValue::Boolean(value) => format!("boolean `{value}`"),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        let what = format!("`{}` cannot be {found}", self.key());
        self.report(from.span(), Complaint::new(what, format!("write {expected}")));
    }

    /// The key of the option that is being read.
    fn key(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }

    pub(super) fn inside<R>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> R) -> R {
        let length = self.path.len();
        if length > 0 && !name.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(name);
        let read = read(self);
        self.path.truncate(length);
        read
    }
}

/// Reads the options of one table.
pub(crate) struct TableReader<'a, 'i> {
    table: &'a DeTable<'i>,
    known: Vec<&'static str>,
    reader: &'a mut Reader,
}

impl TableReader<'_, '_> {
    /// The value of an option, or its default.
    pub(crate) fn option<T: Value>(&mut self, name: &'static str, declared: Declared<T>) -> T {
        self.known.push(name);
        let Some(value) = self.table.get(name) else { return declared.default };
        let read = self.reader.inside(name, |reader| {
            if !reader.path.contains('[') {
                reader.places.insert(reader.path.clone(), value.span());
            }
            let read = T::read(value, reader)?;
            let Some(help) = declared.remedy(&read) else { return Some(read) };
            let found = match value.get_ref() {
                DeValue::Integer(number) => format!("integer `{number}`"),
                _ => read.shown(),
            };
            reader
                .report(value.span(), Complaint::new(format!("`{name}` cannot be {found}"), help));
            None
        });
        read.unwrap_or(declared.default)
    }
}

impl<T: Table> Value for T {
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        match from.get_ref() {
            DeValue::Table(table) => Some(reader.table(table)),
            _ => reader.mismatch(from, "a table"),
        }
    }

    fn write(&self) -> String {
        let options = self.write_options().into_iter().filter(|(_, value)| !value.is_empty());
        let written = options.map(|(name, value)| format!("{name} = {value}"));
        format!("{{ {} }}", Vec::from_iter(written).join(", "))
    }

    fn state(&self, _: &'static str, name: &'static str, _: AtReload) -> Vec<WrittenOption> {
        Table::state(self, name)
    }

    fn contents() -> Option<Contents> {
        Some(Contents { is_list: false, options: T::describe() })
    }
}

impl<T: Value> Value for Spanned<T> {
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        Some(Spanned::new(from.span(), T::read(from, reader)?))
    }

    fn write(&self) -> String {
        self.get_ref().write()
    }

    fn shown(&self) -> String {
        self.get_ref().shown()
    }

    fn contents() -> Option<Contents> {
        T::contents()
    }
}

impl<T: Value> Value for Option<T> {
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        T::read(from, reader).map(Some)
    }

    fn write(&self) -> String {
        self.as_ref().map(T::write).unwrap_or_default()
    }

    fn shown(&self) -> String {
        self.as_ref().map_or("none".to_owned(), T::shown)
    }
}

impl<T: Value> Value for Vec<T> {
    /// Items that cannot be used are reported, each of them.
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        let is_table = T::contents().is_some();
        let items = match from.get_ref() {
            DeValue::Array(items) => items,
            DeValue::Table(_) if is_table => {
                let path = &reader.path;
                let what = format!("[{path}] is one table, but there can be many");
                let complaint = Complaint::new(what, format!("write `[[{path}]]`"));
                reader.report(from.span(), complaint);
                return None;
            }
            _ => return reader.mismatch(from, "a list such as [\"a\", \"b\"]"),
        };
        // There can be very many sources, and a list that grows takes twice as much.
        let mut list = Vec::with_capacity(items.len());
        list.extend(items.iter().enumerate().filter_map(|(index, item)| match is_table {
            true => reader.inside(&format!("[{index}]"), |reader| T::read(item, reader)),
            false => T::read(item, reader),
        }));
        Some(list)
    }

    fn write(&self) -> String {
        format!("[{}]", Vec::from_iter(self.iter().map(T::write)).join(", "))
    }

    fn shown(&self) -> String {
        match self.is_empty() {
            true => "none".to_owned(),
            false => Vec::from_iter(self.iter().map(T::shown)).join(", "),
        }
    }

    fn state(
        &self,
        table: &'static str,
        name: &'static str,
        at_reload: AtReload,
    ) -> Vec<WrittenOption> {
        if T::contents().is_some() {
            // Sources, topics and stories are compared one by one.
            return Vec::new();
        }
        let hash = xxh3_64(self.write().as_bytes());
        vec![WrittenOption { table, name, hash, shown: self.shown(), at_reload }]
    }

    fn contents() -> Option<Contents> {
        T::contents().map(|contents| Contents { is_list: true, ..contents })
    }
}

/// Named lists of texts, with the places of the names.
pub(crate) type Lists = BTreeMap<Spanned<String>, Vec<Spanned<String>>>;

impl Value for Lists {
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        let DeValue::Table(entries) = from.get_ref() else {
            return reader.mismatch(from, "a table such as { name = [\"a\", \"b\"] }");
        };
        let lists = entries.iter().filter_map(|(key, value)| {
            let list = reader.inside(key.get_ref(), |reader| Vec::read(value, reader))?;
            Some((Spanned::new(key.span(), key.get_ref().to_string()), list))
        });
        Some(lists.collect())
    }

    fn write(&self) -> String {
        let lists =
            self.iter().map(|(name, list)| format!("{} = {}", name.get_ref(), list.write()));
        format!("{{ {} }}", Vec::from_iter(lists).join(", "))
    }

    fn state(&self, _: &'static str, _: &'static str, _: AtReload) -> Vec<WrittenOption> {
        // A topic whose vocabulary changed is reported.
        Vec::new()
    }

    fn contents() -> Option<Contents> {
        Some(Contents { is_list: false, options: Vec::new() })
    }
}

/// The nearest word, or all of them.
pub(crate) fn nearest(word: &str, known: &[&str]) -> String {
    near(word, known).map_or_else(
        || format!("known here: {}", known.join(", ")),
        |near| format!("did you mean `{near}`?"),
    )
}

/// The known word that differs in one letter of four, or holds or is held by this one.
pub(crate) fn near<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    let distance = |known: &str| strsim::damerau_levenshtein(&word, known);
    let best = known.iter().copied().min_by_key(|known| distance(known))?;
    let contained = best.len() > 2 && (word.contains(best) || best.contains(word.as_str()));
    (distance(best) <= 1 + best.len() / 4 || contained).then_some(best)
}

/// Makes enums readable whose variants serde names.
macro_rules! choices {
    ($($choice:ty),+ $(,)?) => {$(
        impl $crate::options::read::Value for $choice {
            fn read(
                from: &toml::Spanned<toml::de::DeValue<'_>>,
                reader: &mut $crate::options::read::Reader,
            ) -> Option<Self> {
                $crate::options::read::read_choice(from, reader)
            }

            fn write(&self) -> String {
                serde_json::to_string(self).unwrap_or_default()
            }
        }
    )+};
}

pub(crate) use choices;

/// One of the words that serde names the variants of a type by.
pub(crate) fn read_choice<T: DeserializeOwned>(
    from: &Spanned<DeValue<'_>>,
    reader: &mut Reader,
) -> Option<T> {
    let DeValue::String(word) = from.get_ref() else {
        return reader.mismatch(from, "a word in quotes");
    };
    let word: &str = word;
    let read: Result<T, serde::de::value::Error> = T::deserialize(word.into_deserializer());
    let error = match read {
        Ok(choice) => return Some(choice),
        Err(error) => error.to_string(),
    };
    // Serde names the variants when it meets a word that is none of them.
    let known: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
    let what = format!("`{word}` is not a known `{}`", reader.key());
    reader.report(from.span(), Complaint::new(what, nearest(word, &known)));
    None
}

choices! { Enrich, Revisions, Role }

/// A text in quotes as TOML writes it.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl Value for String {
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        match from.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => reader.mismatch(from, "a text in quotes"),
        }
    }

    fn write(&self) -> String {
        quoted(self)
    }

    fn shown(&self) -> String {
        self.clone()
    }
}

impl Value for PathBuf {
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        String::read(from, reader).map(Self::from)
    }

    fn write(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Value for bool {
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        match from.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => reader.mismatch(from, "`true` or `false`"),
        }
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Value for f64 {
    /// A whole number is taken as well.
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        let number = match from.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
            _ => None,
        };
        number.or_else(|| reader.mismatch(from, "a number such as 0.5"))
    }

    fn write(&self) -> String {
        format!("{self:?}")
    }
}

/// Makes types of whole numbers readable.
macro_rules! whole_numbers {
    ($($number:ty: $expected:literal),+) => {$(
        impl Value for $number {
            fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
                let number = match from.get_ref() {
                    DeValue::Integer(number) => {
                        i128::from_str_radix(number.as_str(), number.radix()).ok()
                    }
                    _ => None,
                };
                let number = number.and_then(|number| Self::try_from(number).ok());
                number.or_else(|| reader.mismatch(from, $expected))
            }

            fn write(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

whole_numbers! { usize: "a whole number", u64: "a whole number", i32: "a whole number" }

impl Value for NonZeroUsize {
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        match from.get_ref() {
            DeValue::Integer(number) => usize::from_str_radix(number.as_str(), number.radix())
                .ok()
                .and_then(Self::new)
                .or_else(|| reader.mismatch(from, "a whole number above zero")),
            _ => reader.mismatch(from, "a whole number above zero"),
        }
    }

    fn write(&self) -> String {
        self.to_string()
    }
}
