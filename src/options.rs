//! Declares options of the configuration file, and derives from each declaration all that follows.
//!
//! [`options!`] declares a table of the file: the documentation, name, type, default and check of
//! each option, and whether a reload is enough to change it. Everything else is derived: the struct
//! with its defaults, reading with the places of mistakes ([`read`]), `config/reference.toml` and
//! `docs/options.md` ([`Described`]), and what a reload logs ([`WrittenOption`]).
//!
//! A stage declares its own settings, so that adding one touches the declaration and the code that
//! uses it. [`crate::config`] puts the tables together.

pub(crate) mod read;
pub mod value;

use std::fmt;
use std::ops::RangeInclusive;

use read::Value;

/// The fault of a value, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The fault.
    pub what: String,
    /// The remedy.
    pub help: String,
}

impl Complaint {
    pub(crate) fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.help)
    }
}

/// The effect of a changed option at a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtReload {
    /// It is in force.
    InForce,
    /// It is in force, and the topic is filled anew from the stored stories.
    FillsTopic,
    /// It waits for a restart.
    NeedsRestart,
}

/// Returns the remedy for a value that cannot be used.
type Check<T> = Box<dyn Fn(&T) -> Option<String>>;

/// One option without its name and documentation.
pub(crate) struct Declared<T> {
    /// The value where the file has none.
    pub(crate) default: T,
    /// A value to show where there is no default.
    pub(crate) example: &'static str,
    check: Option<Check<T>>,
    /// The effect of a changed value at a reload.
    pub(crate) at_reload: AtReload,
}

/// An option with a default.
pub(crate) fn option<T>(default: T) -> Declared<T> {
    Declared { default, example: "", check: None, at_reload: AtReload::InForce }
}

/// An option without a default; `example` is a value as it is written in the file.
pub(crate) fn unset<T: Default>(example: &'static str) -> Declared<T> {
    Declared { example, ..option(T::default()) }
}

/// A table of options, or a list of such tables.
pub(crate) fn table<T: Default>() -> Declared<T> {
    option(T::default())
}

impl<T> Declared<T> {
    /// A changed value waits for a restart.
    pub(crate) fn at_restart(self) -> Self {
        Self { at_reload: AtReload::NeedsRestart, ..self }
    }

    /// A changed value fills the topic anew.
    pub(crate) fn fills_topic(self) -> Self {
        Self { at_reload: AtReload::FillsTopic, ..self }
    }

    /// Only values for which `remedy` has none can be used.
    pub(crate) fn checked(self, remedy: impl Fn(&T) -> Option<String> + 'static) -> Self {
        Self { check: Some(Box::new(remedy)), ..self }
    }

    /// The remedy for a value that cannot be used.
    pub(crate) fn remedy(&self, value: &T) -> Option<String> {
        self.check.as_ref().and_then(|check| check(value))
    }
}

impl<T: Value> Declared<T> {
    /// With zero, nothing would work.
    pub(crate) fn above_zero(self) -> Self {
        // Without a unit, in seconds, and in bytes.
        let is_zero = |amount: &T| ["0", "0s", "0B"].contains(&amount.shown().as_str());
        self.checked(move |amount| is_zero(amount).then(|| "write more than zero".to_owned()))
    }

    /// A number within bounds, if it is set.
    pub(crate) fn within(self, bounds: RangeInclusive<f64>) -> Self {
        let remedy = format!("write a number from {:?} to {:?}", bounds.start(), bounds.end());
        self.checked(move |number| {
            let number: Option<f64> = number.shown().parse().ok();
            number.filter(|number| !bounds.contains(number)).map(|_| remedy.clone())
        })
    }
}

/// A declared option as people read it.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "a test writes the reference and the docs"))]
pub(crate) struct Described {
    pub(crate) name: &'static str,
    /// The lines of its documentation.
    pub(crate) about: &'static [&'static str],
    /// The default as it is written in the file.
    pub(crate) default: String,
    /// A value to show in place of the default.
    pub(crate) example: &'static str,
    pub(crate) at_reload: AtReload,
    /// The options inside, where it is a table.
    pub(crate) contents: Option<Contents>,
}

/// The options inside a table.
#[derive(Debug)]
pub(crate) struct Contents {
    /// Whether there can be many such tables: `[[source]]`.
    pub(crate) is_list: bool,
    pub(crate) options: Vec<Described>,
}

impl Described {
    /// Describes a declaration.
    pub(crate) fn new<T: Value>(
        name: &'static str,
        about: &'static [&'static str],
        declared: &Declared<T>,
    ) -> Self {
        Self {
            name,
            about,
            default: declared.default.write(),
            example: declared.example,
            at_reload: declared.at_reload,
            contents: T::contents(),
        }
    }

    /// The line that begins this table: `[polling]`, `[[source]]`.
    pub(crate) fn header(&self) -> String {
        match &self.contents {
            Some(Contents { is_list: true, .. }) => format!("[[{}]]", self.name),
            _ => format!("[{}]", self.name),
        }
    }
}

/// The value of one option, for comparison with its value after a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrittenOption {
    /// The name of its table; empty at the top of the file.
    pub(crate) table: &'static str,
    pub(crate) name: &'static str,
    /// A hash of the value, which may be a secret.
    pub(crate) hash: u64,
    /// The value as a log line shows it.
    pub(crate) shown: String,
    pub(crate) at_reload: AtReload,
}

/// A table of options that [`options!`] declared.
pub(crate) trait Table: Default {
    /// The table as it is written, every mistake reported.
    fn read_options(from: &mut read::TableReader<'_, '_>) -> Self;

    /// Its options in the order of their declaration.
    fn describe() -> Vec<Described>;

    /// The values of its options, each with its name.
    fn write_options(&self) -> Vec<(&'static str, String)>;

    /// The values of its options, for comparison with those after a reload.
    fn state(&self, table: &'static str) -> Vec<WrittenOption>;

    /// The values of the options that differ from those of `other`.
    fn differing(&self, other: &Self) -> Vec<WrittenOption>;
}

/// Declares a table of options: a struct whose fields are the keys of the table.
///
/// The documentation of a field is also what operators read. Fields after `with` are not options:
/// the value is the one that they have until the configuration is compiled.
macro_rules! options {
    (
        $(#[$about:meta])*
        $vis:vis struct $Name:ident {
            $( $(#[doc = $doc:literal])+ $field:ident: $type:ty = $declared:expr, )*
        }
        $( with { $( $(#[doc = $note:literal])+ $other:ident: $other_type:ty = $initial:expr, )* } )?
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        $vis struct $Name {
            $( $(#[doc = $doc])+ $vis $field: $type, )*
            $( $( $(#[doc = $note])+ $vis $other: $other_type, )* )?
        }

        impl Default for $Name {
            fn default() -> Self {
                Self {
                    $( $field: { let declared: $crate::options::Declared<$type> = $declared; declared.default }, )*
                    $( $( $other: $initial, )* )?
                }
            }
        }

        impl $crate::options::Table for $Name {
            fn read_options(from: &mut $crate::options::read::TableReader<'_, '_>) -> Self {
                Self {
                    $( $field: from.option(stringify!($field), $declared), )*
                    $( $( $other: $initial, )* )?
                }
            }

            fn describe() -> Vec<$crate::options::Described> {
                vec![$({
                    let declared: $crate::options::Declared<$type> = $declared;
                    $crate::options::Described::new(stringify!($field), &[$($doc),+], &declared)
                }),*]
            }

            fn write_options(&self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($field), $crate::options::read::Value::write(&self.$field))),*]
            }

            fn state(&self, table: &'static str) -> Vec<$crate::options::WrittenOption> {
                let mut stated = Vec::new();
                $({
                    let declared: $crate::options::Declared<$type> = $declared;
                    let name = stringify!($field);
                    stated.extend($crate::options::read::Value::state(
                        &self.$field, table, name, declared.at_reload,
                    ));
                })*
                stated
            }

            fn differing(&self, other: &Self) -> Vec<$crate::options::WrittenOption> {
                let mut stated = Vec::new();
                $(if self.$field != other.$field {
                    let declared: $crate::options::Declared<$type> = $declared;
                    let name = stringify!($field);
                    stated.extend($crate::options::read::Value::state(
                        &self.$field, "", name, declared.at_reload,
                    ));
                })*
                stated
            }
        }
    };
}

pub(crate) use options;
