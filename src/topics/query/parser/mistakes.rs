//! Explains what is wrong with a query that cannot be parsed, and what to write instead.

use std::ops::Range;

use super::super::lexer::{FUNCTIONS, Sign, Token, nearest, operator_elsewhere};
use super::super::{Ask, Query, SyntaxError};
use super::{Link, Parser};

impl Parser<'_> {
    /// A token that cannot stand where it does.
    pub(super) fn stray(&self, token: &Token) -> SyntaxError {
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
        let last = self.tokens.iter().rfind(|other| other.span.end <= token.span.start);
        let proximity = matches!(token.sign, Sign::Near { .. } | Sign::Same(_));
        if proximity && last.is_some_and(|last| last.sign == Sign::Not) {
            return SyntaxError::new(
                token.span.clone(),
                format!("`NOT {is}` stands between two terms"),
                format!("write a NOT {is} b, without AND before it"),
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
    pub(super) fn side_by_side(&self, parts: &[Query]) -> Result<Query, SyntaxError> {
        let before = &parts[parts.len() - 1];
        let after = &self.tokens[self.next];
        if let Some(operator) = self.lowercase_operator(before, after) {
            return Err(operator);
        }
        let (left, right) = (&self.text[before.span.clone()], &self.text[after.span.clone()]);
        if let Some(nearness) = self.nearness_in_words(left, after) {
            return Err(nearness);
        }
        for (span, word) in [(&before.span, left), (&after.span, right)] {
            if let Some(help) = operator_elsewhere(word) {
                return self.fail(span.clone(), format!("`{word}` is not an operator"), help);
            }
            if let Some(distance) = word.strip_prefix(['n', 'N', 'w', 'W'])
                && distance.parse::<u32>().is_ok_and(|distance| distance > 0)
            {
                let near = if word.starts_with(['n', 'N']) { "NEAR" } else { "ONEAR" };
                let message = format!("`{word}` is not an operator");
                return self.fail(span.clone(), message, format!("write {near}/{distance}"));
            }
        }
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
            ["and", "or", "not", "near", "same"]
                .contains(&word.to_lowercase().as_str())
                .then_some((span, word))
        })?;
        let capitals = word.to_uppercase();
        let operator = if capitals == "NEAR" { "NEAR/10" } else { &capitals };
        Some(SyntaxError::new(
            span,
            format!("`{word}` is an ordinary word here"),
            format!(
                "operators are written in capitals: {operator}; in a phrase, quote the whole phrase"
            ),
        ))
    }

    /// `tariff within 5 words of steel`: nearness in words.
    fn nearness_in_words(&self, left: &str, after: &Token) -> Option<SyntaxError> {
        let word = |token: &Token| &self.text[token.span.clone()];
        if !word(after).eq_ignore_ascii_case("within") {
            return None;
        }
        let mut following = self.tokens[self.next + 1..].iter().map(word);
        let distance: u32 = following.next()?.parse().ok()?;
        let is_term = |word: &&str| !["", "word", "words", "of"].contains(word);
        let right = following.find(is_term).unwrap_or("b");
        Some(SyntaxError::new(
            after.span.clone(),
            format!("`{}` is an ordinary word here", word(after)),
            format!("write {left} NEAR/{distance} {right}"),
        ))
    }

    /// `a AND b OR c`: says both things it could mean.
    pub(super) fn mixed(&self, parts: &[Query], links: &[Link]) -> Result<Query, SyntaxError> {
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
    pub(super) fn chained(
        &mut self,
        left: &Query,
        operator: &Range<usize>,
        right: &Query,
    ) -> Result<Query, SyntaxError> {
        let second = self.takes_proximity().map_or_else(|| self.here(), |second| second.span);
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
