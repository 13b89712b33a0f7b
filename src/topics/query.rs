//! The syntax tree of a query.
//!
//! [`parse`] reads; `Display` writes the same query in its plainest form:
//! `parse(&query.to_string()) == Ok(query)`.

use std::fmt;
use std::ops::Range;

mod lexer;

mod parser;

#[cfg(test)]
pub(super) mod tests;

pub(super) use lexer::nearest;
pub use parser::parse;
pub(super) use parser::parse_item;

/// A query, or a part of one.
#[derive(Debug, Clone, Eq)]
pub struct Query {
    /// Bytes of the text it was read from. Does not count in comparisons.
    pub span: Range<usize>,
    /// The request.
    pub ask: Ask,
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.ask == other.ask
    }
}

/// The kinds of queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// `a AND b`
    All(Vec<Query>),
    /// `a OR b`
    Any(Vec<Query>),
    /// `NOT a`
    Not(Box<Query>),
    /// `a NEAR/5 b`, `a ONEAR/5 b`
    Near {
        /// The greatest distance; neighbours are 1 apart.
        distance: u32,
        /// Whether the left side must come first.
        ordered: bool,
        /// One side.
        left: Box<Query>,
        /// The other.
        right: Box<Query>,
    },
    /// `a SAME/sentence b`
    Same {
        /// Of what both sides must be in one.
        unit: Unit,
        /// One side.
        left: Box<Query>,
        /// The other.
        right: Box<Query>,
    },
    /// `a NOT NEAR/5 b`: the places of `a` that have no `b` near them.
    Apart {
        /// The distance or unit that counts as near.
        from: Nearness,
        /// The term that counts.
        of: Box<Query>,
        /// The term that must not be near it.
        without: Box<Query>,
    },
    /// `atleast(3, a)`
    AtLeast {
        /// How often.
        times: u32,
        /// The term.
        of: Box<Query>,
    },
    /// `first(50, a)`
    First {
        /// Within how many words.
        words: u32,
        /// The term.
        of: Box<Query>,
    },
    /// `score(a^3, b, c^-2) >= 4`
    Score {
        /// Parts and their weights.
        parts: Vec<(Query, i32)>,
        /// The sum that the weights of the parts that hold must reach.
        threshold: i32,
    },
    /// `title:a`
    In {
        /// The field.
        field: Field,
        /// The term.
        of: Box<Query>,
    },
    /// `@places`
    Vocabulary(String),
    /// `kosovo`, `"western balkans"`, `sanction*`
    Words(String),
    /// `=sanctions`
    Exact(String),
    /// `caps(WHO)`
    Caps(String),
    /// `/migra(nt|tion)s?/`
    Pattern(String),
}

/// When something counts as near, in a `NOT NEAR` and its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nearness {
    /// `NOT NEAR/5`: at most so many words away.
    Within(u32),
    /// `NOT ONEAR/5`: the same, and not before it.
    Following(u32),
    /// `NOT SAME/sentence`: in the same sentence or paragraph.
    In(Unit),
}

impl fmt::Display for Nearness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(distance) => write!(f, "NEAR/{distance}"),
            Self::Following(distance) => write!(f, "ONEAR/{distance}"),
            Self::In(unit) => write!(f, "SAME/{}", unit.as_str()),
        }
    }
}

/// The unit of a `SAME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `SAME/sentence`
    Sentence,
    /// `SAME/paragraph`
    Paragraph,
}

impl Unit {
    /// Its name in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sentence => "sentence",
            Self::Paragraph => "paragraph",
        }
    }
}

/// A part of a story.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// The copies' titles.
    Title,
    /// The first paragraph of the copies' texts.
    Lead,
    /// The copies' texts: summary and content.
    Text,
    /// Ids and titles of the sources that carry it.
    Source,
    /// Departments, as enrichment found them.
    Org,
    /// Places, as enrichment found them.
    Location,
    /// The copies' categories.
    Category,
    /// The operator's labels of the sources, and further labels of the copies.
    Tag,
    /// The copies' authors.
    Author,
    /// The copies' addresses.
    Link,
    /// The copies' languages, as stated, else as their texts betray.
    Lang,
    /// The roles of the sources: department, listing, syndicator.
    Role,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Title,
        Self::Lead,
        Self::Text,
        Self::Source,
        Self::Org,
        Self::Location,
        Self::Category,
        Self::Tag,
        Self::Author,
        Self::Link,
        Self::Lang,
        Self::Role,
    ];

    /// Its name in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Lead => "lead",
            Self::Text => "text",
            Self::Source => "source",
            Self::Org => "org",
            Self::Location => "location",
            Self::Category => "category",
            Self::Tag => "tag",
            Self::Author => "author",
            Self::Link => "link",
            Self::Lang => "lang",
            Self::Role => "role",
        }
    }

    /// Whether it holds running words, so that words in it have neighbours.
    pub(super) fn has_words(self) -> bool {
        matches!(self, Self::Title | Self::Lead | Self::Text | Self::Category | Self::Author)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a query, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct SyntaxError {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// The problem in words.
    pub message: String,
    /// The remedy.
    pub help: String,
}

impl SyntaxError {
    fn new(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: help.into() }
    }
}

impl Query {
    /// How tightly it holds together: AND and OR 0, NOT 1, NEAR, SAME and NOT NEAR 2, all else 3.
    fn tightness(&self) -> u8 {
        match self.ask {
            Ask::All(_) | Ask::Any(_) => 0,
            Ask::Not(_) => 1,
            Ask::Near { .. } | Ask::Same { .. } | Ask::Apart { .. } => 2,
            _ => 3,
        }
    }

    /// Calls `look` for this query and every part of it, outermost first.
    pub fn visit<'a>(&'a self, look: &mut impl FnMut(&'a Self)) {
        look(self);
        match &self.ask {
            Ask::All(parts) | Ask::Any(parts) => parts.iter().for_each(|part| part.visit(look)),
            Ask::Near { left, right, .. } | Ask::Same { left, right, .. } => {
                left.visit(look);
                right.visit(look);
            }
            Ask::Apart { of, without, .. } => {
                of.visit(look);
                without.visit(look);
            }
            Ask::Not(of) | Ask::AtLeast { of, .. } | Ask::First { of, .. } | Ask::In { of, .. } => {
                of.visit(look);
            }
            Ask::Score { parts, .. } => parts.iter().for_each(|(part, _)| part.visit(look)),
            Ask::Vocabulary(_) | Ask::Words(_) | Ask::Exact(_) | Ask::Caps(_) | Ask::Pattern(_) => {
            }
        }
    }
}

/// A part, in parentheses where it holds together less than it must.
struct Part<'a>(&'a Query, u8);

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.tightness() < self.1 {
            write!(f, "({})", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

/// A side of a NEAR as it is written there, in parentheses where it needs them.
pub(super) fn grouped(side: &Query) -> String {
    Part(side, 3).to_string()
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ask {
            Ask::All(parts) => joined(f, parts, " AND "),
            Ask::Any(parts) => joined(f, parts, " OR "),
            Ask::Not(of) => write!(f, "NOT {}", Part(of, 2)),
            Ask::Near { distance, ordered, left, right } => {
                let near = if *ordered { "ONEAR" } else { "NEAR" };
                write!(f, "{} {near}/{distance} {}", Part(left, 3), Part(right, 3))
            }
            Ask::Same { unit, left, right } => {
                write!(f, "{} SAME/{} {}", Part(left, 3), unit.as_str(), Part(right, 3))
            }
            Ask::Apart { from, of, without } => {
                write!(f, "{} NOT {from} {}", Part(of, 3), Part(without, 3))
            }
            Ask::AtLeast { times, of } => write!(f, "atleast({times}, {of})"),
            Ask::First { words, of } => write!(f, "first({words}, {of})"),
            Ask::Score { parts, threshold } => {
                f.write_str("score(")?;
                for (i, (part, weight)) in parts.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{part}")?;
                    if *weight != 1 {
                        write!(f, "^{weight}")?;
                    }
                }
                write!(f, ") >= {threshold}")
            }
            Ask::In { field, of } => {
                // After `link:` everything up to the next space is an address.
                let plain = matches!(
                    of.ask,
                    Ask::Words(_) | Ask::Exact(_) | Ask::Pattern(_) | Ask::Vocabulary(_)
                );
                let tightness = if *field == Field::Link && !plain { 4 } else { 3 };
                write!(f, "{field}:{}", Part(of, tightness))
            }
            Ask::Vocabulary(name) => write!(f, "@{name}"),
            Ask::Words(text) => f.write_str(&quoted(text)),
            Ask::Exact(text) => write!(f, "={}", quoted(text)),
            Ask::Caps(text) => write!(f, "caps({})", quoted(text)),
            Ask::Pattern(pattern) => write!(f, "/{}/", pattern.replace('/', "\\/")),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Query], operator: &str) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(operator)?;
        }
        write!(f, "{}", Part(part, 1))?;
    }
    Ok(())
}

/// A term as it must be written: bare where that is read as the same.
fn quoted(text: &str) -> String {
    if lexer::is_bare(text) { text.to_owned() } else { format!("\"{text}\"") }
}
