//! Reads the numbers of a running text as one word each, however they are spelt: `12,400`, `12 400`,
//! `12.400`, `12 thousand`; `nine` and `9`.

/// Reads numbers word by word.
#[derive(Debug, Default)]
pub(super) struct NumberReader {
    /// The digits of the number that was read last; empty behind any other word.
    digits: String,
    /// Whether groups of three digits may follow.
    takes_groups: bool,
}

impl NumberReader {
    /// The digits of the number so far.
    pub(super) fn digits(&self) -> &str {
        &self.digits
    }

    /// Whether a folded word goes on with the number that was read last, with this between them.
    pub(super) fn takes(&mut self, word: &str, between: &str) -> bool {
        if self.digits.is_empty() {
            return false;
        }
        if self.takes_groups && is_group(word) && joins_groups(between) {
            self.digits.push_str(word);
            return true;
        }
        if is_thousand(word) && between.chars().all(char::is_whitespace) {
            self.digits.push_str("000");
            self.takes_groups = false;
            return true;
        }
        false
    }

    /// Reads a folded word, and writes it in digits if it is a number. Returns whether it is one.
    pub(super) fn read(&mut self, word: &mut String) -> bool {
        self.digits.clear();
        if let Some(digits) = spelled_number(word) {
            word.clear();
            word.push_str(digits);
            self.takes_groups = false;
        } else if word.starts_with(|first: char| first.is_ascii_digit()) {
            drop_thousands_dots(word);
            self.takes_groups = word.len() <= 3;
        } else {
            return word.starts_with(char::is_numeric);
        }
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            self.digits.push_str(word);
        }
        true
    }
}

fn is_group(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether two groups of digits with this between them are one number.
fn joins_groups(between: &str) -> bool {
    matches!(between, " " | "\u{A0}" | "\u{202F}" | "\u{2009}" | "'" | "\u{2019}")
}

fn is_thousand(word: &str) -> bool {
    matches!(
        word,
        "thousand"
            | "tausend"
            | "tsd"
            | "mille"
            | "mil"
            | "mila"
            | "duizend"
            | "tusen"
            | "tusind"
            | "tisic"
            | "tys"
            | "tisuca"
            | "hiljada"
            | "mije"
    )
}

/// Takes the dots of thousands out of a number: `12.400` is 12400.
fn drop_thousands_dots(number: &mut String) {
    let mut groups = number.split('.');
    let first = groups.next().is_some_and(|first| {
        (1..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_digit())
    });
    if first && groups.all(is_group) {
        number.retain(|c| c != '.');
    }
}

/// The digits of a number that a folded word writes out. `one` is left out: it is seldom a number. So
/// are numbers that are common words elsewhere: Italian `due` and `sei`, French `sept`, and `tres`,
/// as French `très` folds to it.
fn spelled_number(word: &str) -> Option<&'static str> {
    // Asked of every word of every text.
    if !(3..=9).contains(&word.len()) {
        return None;
    }
    let digits = match word {
        "two" | "zwei" | "deux" | "dos" | "twee" | "tva" | "dois" | "duas" => "2",
        "three" | "drei" | "trois" | "tre" | "drie" => "3",
        "four" | "vier" | "quatre" | "cuatro" | "quattro" | "fyra" | "quatro" => "4",
        "five" | "funf" | "cinq" | "cinco" | "cinque" | "vijf" => "5",
        "six" | "sechs" | "seis" | "zes" => "6",
        "seven" | "sieben" | "siete" | "sette" | "zeven" | "sju" | "sete" => "7",
        "eight" | "acht" | "huit" | "ocho" | "otto" | "atta" | "oito" => "8",
        "nine" | "neun" | "neuf" | "nueve" | "nove" | "negen" | "nio" => "9",
        "ten" | "zehn" | "dix" | "diez" | "dieci" | "tien" | "tio" | "dez" => "10",
        "eleven" => "11",
        "twelve" => "12",
        "thirteen" => "13",
        "fourteen" => "14",
        "fifteen" => "15",
        "sixteen" => "16",
        "seventeen" => "17",
        "eighteen" => "18",
        "nineteen" => "19",
        "twenty" => "20",
        "thirty" => "30",
        "forty" => "40",
        "fifty" => "50",
        "sixty" => "60",
        "seventy" => "70",
        "eighty" => "80",
        "ninety" => "90",
        _ => return None,
    };
    Some(digits)
}
