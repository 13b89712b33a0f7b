//! Parses the tokens of a query into a tree, or says where they stop making sense.

mod mistakes;

use std::ops::Range;

use super::lexer::{Function, Sign, Token, lex};
use super::{Ask, Nearness, Query, SyntaxError};

/// How deeply parentheses may nest: far beyond what a person reads, and
/// far below what the stack holds.
const MAX_DEPTH: usize = 50;

/// Bytes of a query: a bound for texts that come from the network.
const MAX_LENGTH: usize = 64 * 1024;

/// Reads a query. The error says where it stops making sense.
pub fn parse(text: &str) -> Result<Query, SyntaxError> {
    let mut parser = Parser::of(text)?;
    if parser.tokens.is_empty() {
        return Err(SyntaxError::new(
            0..text.len(),
            "the query is empty",
            "write what the stories must be about, for example: kosovo OR serbia",
        ));
    }
    let query = parser.expression()?;
    match parser.tokens.get(parser.next) {
        None => Ok(query),
        Some(stray) => Err(parser.stray(stray)),
    }
}

/// Reads an item of a vocabulary: a plain term, whose words make a phrase
/// without quotes, or a query.
pub(in crate::topics) fn parse_item(text: &str) -> Result<Query, SyntaxError> {
    // An ampersand in a name is not a mistake: `Foreign, Commonwealth & Development Office`.
    let plain = lex(&text.replace(" & ", " ")).is_ok_and(|tokens| {
        !tokens.is_empty()
            && tokens.iter().all(|token| matches!(token.sign, Sign::Word(_) | Sign::Comma))
    });
    if !plain {
        return parse(text);
    }
    let words: Vec<_> = text.split_whitespace().collect();
    Ok(Query { span: 0..text.len(), ask: Ask::Words(words.join(" ")) })
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

/// `NEAR/5`, `NOT SAME/sentence`: an operator between two terms that have places.
struct Proximity {
    near: Nearness,
    negated: bool,
    span: Range<usize>,
}

/// AND and OR, which do not mix.
#[derive(Clone, Copy, PartialEq)]
enum Link {
    And,
    Or,
}

impl<'a> Parser<'a> {
    fn of(text: &'a str) -> Result<Self, SyntaxError> {
        if text.len() > MAX_LENGTH {
            return Err(SyntaxError::new(
                MAX_LENGTH..text.len(),
                format!("a query has at most {MAX_LENGTH} bytes"),
                "move long lists of terms to a vocabulary",
            ));
        }
        Ok(Self { text, tokens: lex(text)?, next: 0, depth: 0 })
    }

    fn peek(&self) -> Option<&Sign> {
        self.tokens.get(self.next).map(|token| &token.sign)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += usize::from(token.is_some());
        token
    }

    /// Takes the next sign if it is this one.
    fn takes(&mut self, sign: &Sign) -> bool {
        let is = self.peek() == Some(sign);
        self.next += usize::from(is);
        is
    }

    /// Where the next token stands, or the end of the text.
    fn here(&self) -> Range<usize> {
        match self.tokens.get(self.next) {
            Some(token) => token.span.clone(),
            None => self.text.trim_end().len()..self.text.len(),
        }
    }

    fn fail<T>(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(span, message, help))
    }

    /// `a AND b AND NOT c`, `a OR b`, or one part alone.
    fn expression(&mut self) -> Result<Query, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(
                self.here(),
                format!("parentheses nest more than {MAX_DEPTH} deep"),
                "move parts of the query to vocabularies",
            );
        }
        let mut parts = vec![self.negation()?];
        let mut links = Vec::new();
        loop {
            match self.peek() {
                Some(Sign::And) => {
                    self.next += 1;
                    links.push(Link::And);
                }
                Some(Sign::Or) => {
                    self.next += 1;
                    links.push(Link::Or);
                }
                // `a NOT b` is `a AND NOT b`. `a NOT NEAR/5 b` was read as one part.
                Some(Sign::Not) => links.push(Link::And),
                Some(sign) if begins_a_part(sign) => return self.side_by_side(&parts),
                _ => break,
            }
            parts.push(self.negation()?);
        }
        self.depth -= 1;
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        if links.contains(&Link::And) && links.contains(&Link::Or) {
            return self.mixed(&parts, &links);
        }
        let span = parts[0].span.start..parts[parts.len() - 1].span.end;
        let ask = if links[0] == Link::And { Ask::All(parts) } else { Ask::Any(parts) };
        Ok(Query { span, ask })
    }

    fn negation(&mut self) -> Result<Query, SyntaxError> {
        let start = self.here().start;
        let mut times = 0;
        while self.takes(&Sign::Not) {
            times += 1;
        }
        if times > 1 {
            return self.fail(
                start..self.here().start,
                "NOT stands here more than once",
                "write one",
            );
        }
        let query = self.proximity()?;
        if times == 0 {
            return Ok(query);
        }
        Ok(Query { span: start..query.span.end, ask: Ask::Not(Box::new(query)) })
    }

    /// `a NEAR/5 b`, `a SAME/sentence b`, `a NOT NEAR/5 b`, or one part alone.
    fn proximity(&mut self) -> Result<Query, SyntaxError> {
        let left = self.part()?;
        let Some(first) = self.takes_proximity() else { return Ok(left) };
        let right = self.part()?;
        let second = self.next;
        if self.takes_proximity().is_some() {
            self.next = second;
            return self.chained(&left, &first.span, &right);
        }
        let span = left.span.start..right.span.end;
        let (left, right) = (Box::new(left), Box::new(right));
        let ask = match first.near {
            from if first.negated => Ask::Apart { from, of: left, without: right },
            Nearness::Within(distance) => Ask::Near { distance, ordered: false, left, right },
            Nearness::Following(distance) => Ask::Near { distance, ordered: true, left, right },
            Nearness::In(unit) => Ask::Same { unit, left, right },
        };
        Ok(Query { span, ask })
    }

    /// Takes a proximity operator if one comes next: one or two tokens.
    fn takes_proximity(&mut self) -> Option<Proximity> {
        let start = self.here().start;
        let negated = self.peek() == Some(&Sign::Not);
        let operator = self.tokens.get(self.next + usize::from(negated))?;
        let near = match operator.sign {
            Sign::Near { distance, ordered: false } => Nearness::Within(distance),
            Sign::Near { distance, ordered: true } => Nearness::Following(distance),
            Sign::Same(unit) => Nearness::In(unit),
            _ => return None,
        };
        let span = start..operator.span.end;
        self.next += 1 + usize::from(negated);
        Some(Proximity { near, negated, span })
    }

    fn part(&mut self) -> Result<Query, SyntaxError> {
        let here = self.here();
        let Some(token) = self.take() else {
            return self.fail(
                here,
                "something is missing at the end",
                "write a term here, or take the operator away",
            );
        };
        let start = token.span.start;
        let ask = match token.sign {
            Sign::Word(text) | Sign::Phrase(text) => Ask::Words(text),
            Sign::Pattern(pattern) => Ask::Pattern(pattern),
            Sign::Vocabulary(name) => Ask::Vocabulary(name),
            Sign::Exactly => Ask::Exact(self.term("=", "=sanctions")?),
            Sign::Field(field) => {
                self.deeper()?;
                let of = Box::new(self.part()?);
                self.depth -= 1;
                Ask::In { field, of }
            }
            Sign::Call(function) => self.call(function, &token.span)?,
            Sign::Open => {
                if self.takes(&Sign::Close) {
                    return self.fail(
                        start..self.tokens[self.next - 1].span.end,
                        "there is nothing between these parentheses",
                        "write a term between them, or take them away",
                    );
                }
                let mut query = self.expression()?;
                self.close(start)?;
                query.span = start..self.tokens[self.next - 1].span.end;
                return Ok(query);
            }
            _ => return Err(self.stray(&token)),
        };
        Ok(Query { span: start..self.tokens[self.next - 1].span.end, ask })
    }

    fn deeper(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(self.here(), "this nests too deeply", "take some of it away");
        }
        Ok(())
    }

    fn close(&mut self, opened: usize) -> Result<(), SyntaxError> {
        if self.takes(&Sign::Close) {
            return Ok(());
        }
        match self.tokens.get(self.next) {
            Some(stray) => Err(self.stray(stray)),
            None => self.fail(
                opened..opened + 1,
                "this parenthesis is never closed",
                "close it with `)`",
            ),
        }
    }

    /// The term that must come next.
    fn term(&mut self, after: &str, like: &str) -> Result<String, SyntaxError> {
        let here = self.here();
        match self.take().map(|token| token.sign) {
            Some(Sign::Word(text) | Sign::Phrase(text)) => Ok(text),
            _ => self.fail(
                here,
                format!("`{after}` wants a word or a phrase"),
                format!("for example `{like}`; quote what is an operator"),
            ),
        }
    }

    /// The arguments of a function, up to the closing parenthesis.
    fn call(&mut self, function: Function, head: &Range<usize>) -> Result<Ask, SyntaxError> {
        let opened = head.end - 1;
        let ask = match function {
            Function::Caps => {
                let term = self.term("caps(", "caps(WHO)")?;
                if let Some(Sign::And | Sign::Or) = self.peek() {
                    let help = "write it for each: caps(WHO) OR caps(UN)";
                    return self.fail(self.here(), "`caps(` takes one word or phrase", help);
                }
                Ask::Caps(term)
            }
            Function::AtLeast => {
                let times = self.count("atleast", "how often", "atleast(3, sanctions)")?;
                Ask::AtLeast { times, of: Box::new(self.expression()?) }
            }
            Function::First => {
                let words = self.count("first", "within how many words", "first(50, sanctions)")?;
                Ask::First { words, of: Box::new(self.expression()?) }
            }
            Function::Score => {
                let mut parts = Vec::new();
                loop {
                    let part = self.expression()?;
                    let weight = match self.peek() {
                        Some(&Sign::Weight(weight)) => {
                            self.next += 1;
                            weight
                        }
                        _ => 1,
                    };
                    parts.push((part, weight));
                    if !self.takes(&Sign::Comma) {
                        break;
                    }
                }
                self.close(opened)?;
                let Some(&Sign::Reaches(threshold)) = self.peek() else {
                    return self.fail(
                        head.start..self.here().start.max(head.end),
                        "this score has no threshold",
                        "write it after the parenthesis: score(kosovo^2, serbia) >= 3",
                    );
                };
                self.next += 1;
                return Ok(Ask::Score { parts, threshold });
            }
        };
        self.close(opened)?;
        Ok(ask)
    }

    /// The number and the comma with which `atleast(` and `first(` begin.
    fn count(&mut self, name: &str, what: &str, like: &str) -> Result<u32, SyntaxError> {
        let here = self.here();
        let number = match self.take().map(|token| token.sign) {
            Some(Sign::Word(number)) => number.parse().ok().filter(|n| (1..=1_000_000).contains(n)),
            _ => None,
        };
        match number {
            Some(number) if self.takes(&Sign::Comma) => Ok(number),
            _ => self.fail(
                here,
                format!("`{name}(` says first {what}, as a number from 1, then a comma"),
                format!("for example `{like}`"),
            ),
        }
    }
}

fn begins_a_part(sign: &Sign) -> bool {
    matches!(
        sign,
        Sign::Open
            | Sign::Field(_)
            | Sign::Call(_)
            | Sign::Exactly
            | Sign::Vocabulary(_)
            | Sign::Word(_)
            | Sign::Phrase(_)
            | Sign::Pattern(_)
    )
}
