//! A query's words and signs in; its tree, or what is wrong with it, out.

use std::ops::Range;

use super::lexer::{FUNCTIONS, Function, Sign, Token, lex, nearest};
use super::{Ask, Query, SyntaxError};

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
    // An ampersand in a name is no mistake: `Foreign, Commonwealth & Development Office`.
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
                // `a NOT b` is `a AND NOT b`.
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

    /// `a NEAR/5 b`, `a SAME/sentence b`, or one part alone.
    fn proximity(&mut self) -> Result<Query, SyntaxError> {
        let left = self.part()?;
        let Some(sign @ (Sign::Near { .. } | Sign::Same(_))) = self.peek().cloned() else {
            return Ok(left);
        };
        let operator = self.here();
        self.next += 1;
        let right = self.part()?;
        if let Some(Sign::Near { .. } | Sign::Same(_)) = self.peek() {
            return self.chained(&left, &operator, &right);
        }
        let span = left.span.start..right.span.end;
        let (left, right) = (Box::new(left), Box::new(right));
        let ask = match sign {
            Sign::Near { distance, ordered } => Ask::Near { distance, ordered, left, right },
            Sign::Same(unit) => Ask::Same { unit, left, right },
            _ => unreachable!("matched above"),
        };
        Ok(Query { span, ask })
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

    /// What stands between the parentheses of a function, and they themselves.
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

    /// A token that cannot stand where it does.
    fn stray(&self, token: &Token) -> SyntaxError {
        let is = &self.text[token.span.clone()];
        let before = self.tokens.iter().take_while(|other| other.span.end <= token.span.start);
        let open = before.fold(0, |open, other| match other.sign {
            Sign::Open | Sign::Call(_) => open + 1,
            Sign::Close => open - 1,
            _ => open,
        });
        if token.sign == Sign::Close && open > 0 {
            return SyntaxError::new(
                token.span.clone(),
                "something is missing before this `)`",
                "write a term before it, or take away what waits for one",
            );
        }
        let help = match token.sign {
            Sign::Close => "take it away, or open it before",
            Sign::Comma => "join terms by AND or OR; a term with a comma is quoted",
            Sign::Weight(_) => "weights belong in a score: score(kosovo^2, serbia) >= 3",
            Sign::Reaches(_) => "a threshold belongs after a score: score(kosovo^2, serbia) >= 3",
            Sign::Near { .. } | Sign::Same(_) | Sign::And | Sign::Or => {
                "write a term on both sides of it; as a word, quote it"
            }
            _ => "take it away",
        };
        SyntaxError::new(token.span.clone(), format!("`{is}` cannot stand here"), help)
    }

    /// Two parts with nothing between them: a phrase to some, AND to others,
    /// OR to yet others, so it is nothing here.
    fn side_by_side(&self, parts: &[Query]) -> Result<Query, SyntaxError> {
        let before = &parts[parts.len() - 1];
        let after = &self.tokens[self.next];
        if let Some(operator) = self.lowercase_operator(before, after) {
            return Err(operator);
        }
        let (left, right) = (&self.text[before.span.clone()], &self.text[after.span.clone()]);
        if after.sign == Sign::Open && after.span.start == before.span.end && is_word(before) {
            let help = match nearest(left, FUNCTIONS) {
                Some(function) => format!("did you mean `{function}(`?"),
                None => {
                    format!("functions are {}", FUNCTIONS.map(|name| format!("{name}(")).join(" "))
                }
            };
            return self.fail(before.span.clone(), format!("there is no function `{left}(`"), help);
        }
        let span = before.span.start..after.span.end;
        let message =
            format!("`{left}` and `{right}` stand side by side with nothing between them");
        let words: Vec<_> = std::iter::once(left)
            .chain(self.tokens[self.next..].iter().map_while(|token| match token.sign {
                Sign::Word(_) => Some(&self.text[token.span.clone()]),
                _ => None,
            }))
            .collect();
        let help = if is_word(before) && !left.starts_with('"') && words.len() > 1 {
            format!("write \"{}\" for the phrase, or {}", words.join(" "), words.join(" AND "))
        } else {
            "write AND, OR or NEAR/10 between them".to_owned()
        };
        self.fail(span, message, help)
    }

    /// `kosovo and serbia`: the words were meant as operators.
    fn lowercase_operator(&self, before: &Query, after: &Token) -> Option<SyntaxError> {
        let spans = [before.span.clone(), after.span.clone()];
        let (span, word) = spans.into_iter().find_map(|span| {
            let word = &self.text[span.clone()];
            ["and", "or", "not", "near"]
                .contains(&word.to_lowercase().as_str())
                .then_some((span, word))
        })?;
        let capitals = word.to_uppercase();
        let operator = if capitals == "NEAR" { "NEAR/10" } else { &capitals };
        Some(SyntaxError::new(
            span,
            format!("`{word}` is a mere word here"),
            format!(
                "operators are written in capitals: {operator}; in a phrase, quote the whole phrase"
            ),
        ))
    }

    /// `a AND b OR c`: says both things it could mean.
    fn mixed(&self, parts: &[Query], links: &[Link]) -> Result<Query, SyntaxError> {
        let span = parts[0].span.start..parts[parts.len() - 1].span.end;
        self.fail(
            span,
            "AND and OR stand side by side, which can be read in two ways",
            format!(
                "write either `{}` or `{}`",
                self.grouped(parts, links, Link::And),
                self.grouped(parts, links, Link::Or)
            ),
        )
    }

    /// The parts with parentheses around each run that `tight` holds together.
    fn grouped(&self, parts: &[Query], links: &[Link], tight: Link) -> String {
        let (within, between) =
            if tight == Link::And { (" AND ", " OR ") } else { (" OR ", " AND ") };
        let mut runs = vec![vec![&self.text[parts[0].span.clone()]]];
        for (part, link) in parts[1..].iter().zip(links) {
            let text = &self.text[part.span.clone()];
            match runs.last_mut() {
                Some(run) if *link == tight => run.push(text),
                _ => runs.push(vec![text]),
            }
        }
        let runs: Vec<_> = runs
            .iter()
            .map(|run| match run.as_slice() {
                [one] => (*one).to_owned(),
                several => format!("({})", several.join(within)),
            })
            .collect();
        runs.join(between)
    }

    /// `a NEAR/5 b NEAR/5 c`: says both things it could mean.
    fn chained(
        &mut self,
        left: &Query,
        operator: &Range<usize>,
        right: &Query,
    ) -> Result<Query, SyntaxError> {
        let second = self.here();
        self.next += 1;
        let third = self.part()?;
        let text = |span: &Range<usize>| &self.text[span.clone()];
        let (a, b, c) = (text(&left.span), text(&right.span), text(&third.span));
        let (one, two) = (text(operator), text(&second));
        self.fail(
            left.span.start..third.span.end,
            "what is near what here can be read in two ways",
            format!("write either `({a} {one} {b}) {two} {c}` or `{a} {one} ({b} {two} {c})`"),
        )
    }
}

fn is_word(query: &Query) -> bool {
    matches!(query.ask, Ask::Words(_))
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
