//! Splits the text of a query into tokens.

mod foreign;

use std::ops::Range;

use super::{Field, SyntaxError, Unit};
pub(super) use foreign::operator_elsewhere;
use foreign::{foreign, lookalike, meant, mistaken};

/// A word or sign of the language.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sign {
    Open,
    Close,
    Comma,
    And,
    Or,
    Not,
    Near {
        distance: u32,
        ordered: bool,
    },
    Same(Unit),
    Field(Field),
    /// `caps(` and the like, with the parenthesis.
    Call(Function),
    /// `=`
    Exactly,
    /// `^3`
    Weight(i32),
    /// `>= 4`
    Reaches(i32),
    Vocabulary(String),
    Word(String),
    Phrase(String),
    Pattern(String),
}

impl Sign {
    /// Whether a term can end here, so that only an operator or a parenthesis can follow.
    fn ends_a_term(&self) -> bool {
        matches!(
            self,
            Self::Close | Self::Word(_) | Self::Phrase(_) | Self::Pattern(_) | Self::Vocabulary(_)
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Function {
    Caps,
    AtLeast,
    First,
    Score,
}

/// A sign and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) sign: Sign,
    pub(super) span: Range<usize>,
}

/// Whether a term can stand without quotes and is read as the same term.
pub(super) fn is_bare(text: &str) -> bool {
    let Ok(tokens) = lex(text) else { return false };
    matches!(tokens.as_slice(), [Token { sign: Sign::Word(word), .. }] if word == text)
}

pub(super) fn lex(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens: Vec<Token> = Vec::new();
    while let Some(c) = lexer.skip_space() {
        let start = lexer.at;
        let last = tokens.last().map(|token| &token.sign);
        let of_link = last == Some(&Sign::Field(Field::Link));
        if last.is_some_and(Sign::ends_a_term)
            && let Some(error) = foreign::proximity(lexer.rest(), start)
        {
            return Err(error);
        }
        let sign = lexer.sign(c, of_link)?;
        tokens.push(Token { sign, span: start..lexer.at });
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) -> Option<char> {
        let rest = self.rest();
        let skipped = rest.len() - rest.trim_start().len();
        self.at += skipped;
        self.rest().chars().next()
    }

    fn sign(&mut self, c: char, of_link: bool) -> Result<Sign, SyntaxError> {
        let start = self.at;
        self.at += c.len_utf8();
        let one = start..self.at;
        Ok(match c {
            '(' => Sign::Open,
            ')' => Sign::Close,
            ',' => Sign::Comma,
            '=' => Sign::Exactly,
            '"' | '“' | '”' | '„' | '«' => self.phrase(start)?,
            '/' => self.pattern(start)?,
            '@' => self.vocabulary(start)?,
            '^' => Sign::Weight(self.number(start, "^3")?),
            '>' if self.rest().starts_with('=') => {
                self.at += 1;
                self.skip_space();
                Sign::Reaches(self.number(start, ">= 3")?)
            }
            '>' | '<' => {
                return Err(SyntaxError::new(
                    one,
                    format!("`{c}` compares nothing here"),
                    "a threshold is written `score(…) >= 3`",
                ));
            }
            '*' => {
                return Err(SyntaxError::new(
                    one,
                    "`*` stands for the rest of a word, so it comes last",
                    "write `sanction*`, or a pattern: /\\w*sanction/",
                ));
            }
            '-' | '+' | '!' | '~' | '|' | '&' | '?' | '[' | ']' | '{' | '}' | '\\' | ':' | ';'
            | '\''
                if !of_link =>
            {
                return Err(foreign(c, one));
            }
            '‘' | '’' | '‚' | '‹' | '`' | '–' | '—' if !of_link => {
                return Err(foreign(c, one));
            }
            c if meant(c).is_some() && !of_link => return Err(lookalike(c, one)),
            _ => {
                self.at = start;
                return self.word(of_link);
            }
        })
    }

    fn phrase(&mut self, start: usize) -> Result<Sign, SyntaxError> {
        let Some(length) = self.rest().find(['"', '“', '”', '»']) else {
            return Err(SyntaxError::new(
                start..self.text.len(),
                "this phrase does not end",
                "close it with a double quote",
            ));
        };
        let inside = &self.text[self.at..self.at + length];
        let words: Vec<_> = inside.split_whitespace().collect();
        let phrase = words.join(" ");
        self.at += length;
        self.at += self.rest().chars().next().map_or(0, char::len_utf8);
        if phrase.is_empty() {
            return Err(SyntaxError::new(
                start..self.at,
                "there is nothing between these quotes",
                "write the words of the phrase between them",
            ));
        }
        Ok(Sign::Phrase(phrase))
    }

    fn pattern(&mut self, start: usize) -> Result<Sign, SyntaxError> {
        let mut pattern = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                '/' => {
                    self.at += offset + 1;
                    if pattern.is_empty() {
                        break;
                    }
                    return Ok(Sign::Pattern(pattern));
                }
                '\\' => match chars.next() {
                    Some((_, '/')) => pattern.push('/'),
                    Some((_, escaped)) => pattern.extend(['\\', escaped]),
                    None => break,
                },
                c => pattern.push(c),
            }
        }
        Err(SyntaxError::new(
            start..self.text.len(),
            "this pattern does not end",
            "close it with a slash: /migra(nt|tion)/; for a slash in a term, quote the term",
        ))
    }

    fn vocabulary(&mut self, start: usize) -> Result<Sign, SyntaxError> {
        let name = self.rest();
        let end = name
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
            .unwrap_or(name.len());
        let name = name[..end].to_owned();
        self.at += end;
        if name.is_empty() {
            return Err(SyntaxError::new(
                start..self.at,
                "`@` comes before the name of a vocabulary",
                "write its name right after it: @western_balkans_places",
            ));
        }
        Ok(Sign::Vocabulary(name))
    }

    fn number(&mut self, start: usize, like: &str) -> Result<i32, SyntaxError> {
        let rest = self.rest();
        let end = rest
            .char_indices()
            .find(|(i, c)| !(c.is_ascii_digit() || (*i == 0 && *c == '-')))
            .map_or(rest.len(), |(i, _)| i);
        let number = rest[..end].parse().ok().filter(|number: &i32| number.abs() <= 1_000_000);
        self.at += end;
        number.ok_or_else(|| {
            SyntaxError::new(
                start..self.at.max(start + 1),
                "a whole number of at most a million belongs here",
                format!("for example `{like}`"),
            )
        })
    }

    fn word(&mut self, of_link: bool) -> Result<Sign, SyntaxError> {
        let start = self.at;
        let mut end = self.text.len();
        let rest = self.rest();
        for (i, c) in rest.char_indices() {
            let ends = match c {
                '(' | ')' | '"' | '“' | '”' | '„' | '«' | '»' | '^' | '<' | '>' => true,
                // Addresses hold colons and commas.
                ',' if of_link => rest[i + 1..].chars().next().is_none_or(char::is_whitespace),
                ':' => !of_link && !self.colon_inside(start, start + i),
                // Inside a word they would silently part it, and none of them is meant so.
                '|' | ';' | '?' | '!' | '~' | '[' | ']' | '{' | '}' | '\\' => !of_link,
                c => c == ',' || c.is_whitespace() || (!of_link && meant(c).is_some()),
            };
            if ends {
                end = start + i;
                break;
            }
        }
        let word = self.text[start..end].to_owned();
        self.at = end;
        if word.is_empty() {
            return Err(SyntaxError::new(
                start..start + 1,
                "this means nothing here",
                "if it is part of a term, put the whole in double quotes",
            ));
        }
        if of_link {
            return Ok(Sign::Word(word));
        }
        if self.rest().starts_with(':') {
            self.at += 1;
            return field(&word).ok_or_else(|| foreign::unknown_field(&word, start..end));
        }
        if self.rest().starts_with('(')
            && let Some(function) = function(&word)
        {
            self.at += 1;
            return Ok(Sign::Call(function));
        }
        if self.rest().starts_with('(')
            && let Some(error) = foreign::call(&word, start..end + 1)
        {
            return Err(error);
        }
        if self.rest().starts_with(['<', '>'])
            && let Some(error) = foreign::comparison(&word, start..end)
        {
            return Err(error);
        }
        if let Some(mistaken) = mistaken(&word, start..end) {
            return Err(mistaken);
        }
        operator(&word, start..end).unwrap_or(Ok(Sign::Word(word)))
    }

    /// Whether a colon belongs to the word: `https://…`, `10:30`.
    fn colon_inside(&self, start: usize, colon: usize) -> bool {
        let before = &self.text[start..colon];
        let after = &self.text[colon + 1..];
        after.starts_with("//")
            || (before.ends_with(|c: char| c.is_ascii_digit())
                && after.starts_with(|c: char| c.is_ascii_digit()))
    }
}

/// The names of the functions, to suggest one for a misspelt name.
pub(super) const FUNCTIONS: [&str; 4] = ["caps", "atleast", "first", "score"];

fn function(word: &str) -> Option<Function> {
    Some(match word {
        "caps" => Function::Caps,
        "atleast" => Function::AtLeast,
        "first" => Function::First,
        "score" => Function::Score,
        _ => return None,
    })
}

fn field(word: &str) -> Option<Sign> {
    Field::ALL.into_iter().find(|field| field.as_str() == word).map(Sign::Field)
}

/// The known name that `word` was probably meant to be.
pub(in crate::topics) fn nearest<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&word, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// An operator, or the mistake that a word which looks like one is.
fn operator(word: &str, span: Range<usize>) -> Option<Result<Sign, SyntaxError>> {
    let (name, argument) = match word.split_once('/') {
        Some((name, argument)) => (name, Some(argument)),
        None => (word, None),
    };
    let wrong =
        |message: String, help: &str| Some(Err(SyntaxError::new(span.clone(), message, help)));
    match (name, argument) {
        ("AND", None) => Some(Ok(Sign::And)),
        ("OR", None) => Some(Ok(Sign::Or)),
        ("NOT", None) => Some(Ok(Sign::Not)),
        ("SAME", Some("sentence" | "s")) => Some(Ok(Sign::Same(Unit::Sentence))),
        ("SAME", None | Some("paragraph" | "p")) => Some(Ok(Sign::Same(Unit::Paragraph))),
        ("SAME", Some(unit)) => {
            wrong(format!("there is no `SAME/{unit}`"), "write SAME/sentence or SAME/paragraph")
        }
        ("NEAR" | "ONEAR", Some(distance)) => match distance.parse() {
            Ok(distance @ 1..=10_000) => {
                Some(Ok(Sign::Near { distance, ordered: name == "ONEAR" }))
            }
            _ => wrong(
                format!("`{word}` does not say how near"),
                "write the greatest distance in words, from 1 to 10000: NEAR/10",
            ),
        },
        ("NEAR" | "ONEAR", None) => wrong(
            format!("`{word}` does not say how near"),
            "write the greatest distance in words: NEAR/10, or ONEAR/10 where the order matters",
        ),
        ("AND", Some("OR" | "or")) => {
            wrong("`AND/OR` is not an operator".to_owned(), "write OR: it holds for both, too")
        }
        _ => {
            if argument.is_none() && is_counted(name, "atleast") {
                let digits = &name["atleast".len()..];
                return wrong(
                    format!("`{word}` is not an operator"),
                    &format!("write atleast({digits}, …) around what is to be counted"),
                );
            }
            let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let distance = argument.unwrap_or(&name[digits.len()..]);
            let counted = !distance.is_empty() && distance.bytes().all(|b| b.is_ascii_digit());
            let is = |names: &[&str]| names.iter().any(|name| digits.eq_ignore_ascii_case(name));
            if counted
                && (is(&["near", "adj"])
                    || (argument.is_some() && is(&["w", "n", "pre", "p", "onear", "next"])))
            {
                let ordered = ["pre", "p", "adj", "onear", "next"];
                let meant = if is(&ordered) { "ONEAR" } else { "NEAR" };
                wrong(format!("`{word}` is not an operator"), &format!("write {meant}/{distance}"))
            } else if argument.is_some_and(|unit| {
                matches!(
                    unit.to_lowercase().as_str(),
                    "s" | "p" | "sent" | "para" | "seg" | "sentence" | "paragraph"
                )
            }) && is(&["w"])
            {
                wrong(
                    format!("`{word}` is not an operator"),
                    "write SAME/sentence or SAME/paragraph",
                )
            } else {
                None
            }
        }
    }
}

/// Whether `word` is `name` with a number behind it: `ATLEAST3`.
fn is_counted(word: &str, name: &str) -> bool {
    let Some((head, number)) = word.split_at_checked(name.len()) else { return false };
    head.eq_ignore_ascii_case(name)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}
