//! Repairs what JSON does not know: numbers out of range, NaN, line ends and tabs within strings,
//! and a comma behind the last value.

use serde_json::Value;

/// The text with a string for each number that JSON does not know, because it may be an ID, null for each
/// other such value, raw control characters in strings escaped, and no comma behind the last value of a
/// list or an object. None where all is well.
pub(super) fn repaired(text: &str) -> Option<String> {
    let mut repaired = String::new();
    let (mut from, mut at) = (0, 0);
    while let Some(byte) = text.as_bytes().get(at) {
        let (length, instead) = match *byte {
            b'"' => {
                let string = &text[at..end_of_string(text, at)];
                (string.len(), holds_control(string).then(|| without_control(string)))
            }
            b',' if is_last(&text[at + 1..]) => (1, Some(String::new())),
            _ => {
                let length = text[at..].find(ends_value).unwrap_or(text.len() - at);
                (length, replacement(&text[at..at + length]))
            }
        };
        if let Some(instead) = instead {
            repaired.push_str(&text[from..at]);
            repaired.push_str(&instead);
            from = at + length;
        }
        at += length.max(1);
    }
    (from > 0).then(|| repaired + &text[from..])
}

/// Whether a list or an object ends here.
fn is_last(rest: &str) -> bool {
    rest.trim_ascii_start().starts_with([']', '}'])
}

/// The replacement of a value that is neither an object, a list nor a string.
fn replacement(value: &str) -> Option<String> {
    if value.is_empty() || serde_json::from_str::<Value>(value).is_ok() {
        return None;
    }
    let is_number = value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    Some(if is_number { Value::from(value).to_string() } else { "null".to_owned() })
}

/// Whether a character stands beside values, and in none but strings.
fn ends_value(c: char) -> bool {
    c.is_ascii_whitespace() || matches!(c, '{' | '}' | '[' | ']' | ',' | ':' | '"')
}

/// Where the string ends that starts here: behind its quote, or with the text.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(start + 1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn holds_control(string: &str) -> bool {
    string.bytes().any(|byte| byte < b' ')
}

fn without_control(string: &str) -> String {
    let mut escaped = String::with_capacity(string.len() + 8);
    for c in string.chars() {
        match c {
            '\0'..='\x1F' => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_that_json_does_not_know_are_replaced() {
        let digits = "9".repeat(400);
        for (value, by) in [
            ("1e999999", "\"1e999999\""),
            ("-1E+999", "\"-1E+999\""),
            (digits.as_str(), &*format!("\"{digits}\"")),
            ("007", "\"007\""),
            ("+5", "\"+5\""),
            (".5", "\".5\""),
            ("-Infinity", "\"-Infinity\""),
            ("NaN", "null"),
            ("undefined", "null"),
            ("None", "null"),
            ("é", "null"),
            ("\"two\nlines\tand \u{1b} \\\" é\"", "\"two\\u000alines\\u0009and \\u001b \\\" é\""),
        ] {
            for (before, after) in [("{\"a\":", "}"), ("[1, ", ",2]"), ("[\"\\\"NaN\",", "\n]")] {
                let given = format!("{before}{value}{after}");
                let repaired = repaired(&given).unwrap();
                assert_eq!(repaired, format!("{before}{by}{after}"));
                assert!(serde_json::from_str::<Value>(&repaired).is_ok(), "{repaired}");
            }
        }
    }

    #[test]
    fn a_comma_behind_the_last_value_goes() {
        for (given, by) in [
            ("{\"a\":[1,2,],}", "{\"a\":[1,2]}"),
            ("[{\"a\":\",]\", \n}\n, ]", "[{\"a\":\",]\" \n}\n ]"),
        ] {
            assert_eq!(repaired(given).as_deref(), Some(by));
        }
    }

    #[test]
    fn what_json_knows_stays() {
        for text in [
            "",
            "{\"a\":\t[1,-2.5e3,true,false,\n null,\"NaN 1e999 \\\" NaN\"]}",
            "[\"é\\\\\",0]",
            "[\"a string without end NaN",
            "[\"\\",
        ] {
            assert_eq!(repaired(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}:, \"\\\\0-9eE.+NanÀ\n-]{0,60}") {
            let _ = repaired(&text);
        }
    }
}
