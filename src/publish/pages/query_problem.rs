//! Parts a problem of a query into the line with its carets and the words on it.

use crate::publish::backend::Marked;

/// A problem of a query, or a remark on one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The line with carets under the place, or nothing.
    pub(super) place: String,
    /// The words on it. Code in them is marked.
    pub(super) words: Vec<Marked>,
}

impl Problem {
    /// Splits the line with its carets from the words behind them: a narrow page wraps words, and
    /// must not wrap the line.
    pub(super) fn new(text: &str) -> Self {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let carets = line.trim_start().trim_start_matches('^');
            if start > 0 && line.trim_start().starts_with('^') {
                let words = start + line.len() - carets.len();
                let (place, words) = text.split_at(words);
                return Self { place: place.to_owned(), words: with_code(words.trim()) };
            }
            start += line.len();
        }
        Self { place: String::new(), words: with_code(text) }
    }
}

/// A text whose code stands in backticks, with the code marked.
pub(super) fn with_code(text: &str) -> Vec<Marked> {
    let part =
        |(number, part): (usize, &str)| Marked { text: part.into(), marked: number % 2 == 1 };
    if text.matches('`').count() % 2 == 1 {
        return vec![Marked { text: text.into(), marked: false }];
    }
    text.split('`').enumerate().map(part).filter(|part| !part.text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_parts_its_line_from_its_words_and_marks_code() {
        let plain = |text: &str| Marked { text: text.into(), marked: false };
        let code = |text: &str| Marked { text: text.into(), marked: true };
        for (text, place, words) in [
            (
                "1 | tilte:x\n    ^^^^^ there is no field `tilte:`; did you mean `title:`?",
                "1 | tilte:x\n    ^^^^^",
                vec![
                    plain("there is no field "),
                    code("tilte:"),
                    plain("; did you mean "),
                    code("title:"),
                    plain("?"),
                ],
            ),
            ("`Russia` is in 2 stories", "", vec![code("Russia"), plain(" is in 2 stories")]),
            ("a lonely ` stays", "", vec![plain("a lonely ` stays")]),
            ("^^ no line above", "", vec![plain("^^ no line above")]),
        ] {
            assert_eq!(Problem::new(text), Problem { place: place.to_owned(), words }, "{text}");
        }
    }
}
