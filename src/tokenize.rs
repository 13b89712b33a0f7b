//! Splits text into words, the same way for matching topics and for recognising copies.
//!
//! - A word is a run of letters, marks and digits; hyphens and slashes part words.
//! - An apostrophe inside a word is dropped (`O’Neill`), a possessive with its s
//!   (`Ukraine’s`). The dots of initials are dropped (`U.S.`), and the commas of
//!   numbers (`24,000`).
//! - A Chinese or Japanese character is a word of its own.
//! - Addresses are not words.
//! - Case and the diacritics of letters are folded: `Đinđić` is `dindic`.
//! - Digits are those of ASCII, whatever script writes them: `٤١` and `४१` are `41`.
//! - Arabic and Hebrew are read without vowel signs, and the Arabic letters that writers exchange
//!   (أ and ا, ى and ي, ة and ه) are one.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text with one space between its words and none around them.
pub(crate) fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The places of the words of a text, each with whether it is plain: ASCII letters and digits
/// alone, which [`clean`] leaves as they are.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (Range<usize>, bool)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut start = next_word(text, at)?;
        while let Some(length) = address_length(&text[start..]) {
            start = next_word(text, start + length)?;
        }
        let plain = plain_end(text.as_bytes(), start);
        let end = plain.unwrap_or_else(|| connected_end(text, start));
        at = end;
        Some((start..end, plain.is_some()))
    })
}

fn next_word(text: &str, at: usize) -> Option<usize> {
    // Nearly every word stands after one space.
    match text.as_bytes().get(at..at + 2) {
        Some([b' ', byte]) if byte.is_ascii_alphanumeric() => Some(at + 1),
        _ => Some(at + text[at..].find(is_word)?),
    }
}

/// How long the address is that a text begins with. Its parts are not words:
/// syndicators end with links to much that the text is not about.
fn address_length(text: &str) -> Option<usize> {
    // Asked of every word.
    let [b'h', b't', b't', b'p', rest @ ..] = text.as_bytes() else { return None };
    if !rest.starts_with(b"s://") && !rest.starts_with(b"://") {
        return None;
    }
    Some(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// The end of a word of ASCII letters with nothing at its end that could go
/// on: nearly every word, and reading words is most of the work.
fn plain_end(text: &[u8], start: usize) -> Option<usize> {
    let length = text[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let end = start + length;
    let ends = match text.get(end..) {
        None | Some([]) => true,
        Some([b'.' | b',' | b'\'', rest @ ..]) => rest.first().is_none_or(u8::is_ascii_whitespace),
        Some([byte, ..]) => byte.is_ascii(),
    };
    (ends && length > 0).then_some(end)
}

fn connected_end(text: &str, start: usize) -> usize {
    let mut end = start;
    // How long the run of letters or digits since the last connector is.
    let mut run = 0;
    let mut initials = true;
    let mut last = '\0';
    let mut rest = text[start..].chars();
    while let Some(c) = rest.next() {
        if is_word(c) {
            if is_ideograph(c) {
                return if run == 0 && end == start { end + c.len_utf8() } else { end };
            }
            run += 1;
            initials &= run == 1 && c.is_alphabetic();
            last = c;
            end += c.len_utf8();
            continue;
        }
        let mut ahead = rest.clone();
        let (next, after) = (ahead.next().unwrap_or(' '), ahead.next().unwrap_or(' '));
        let connects = match c {
            '.' if initials && is_apostrophe(next) => matches!(after, 's' | 'S'),
            '.' if initials => next.is_alphabetic() && !is_word(after),
            '.' | ',' | '\u{66B}' | '\u{66C}' if is_digit(last) => is_digit(next),
            _ if is_apostrophe(c) => last.is_alphabetic() && next.is_alphabetic(),
            _ if is_invisible(c) => is_word(next) && !is_ideograph(next),
            _ => false,
        };
        if !connects {
            break;
        }
        run = 0;
        initials &= c == '.';
        end += c.len_utf8();
    }
    end
}

/// Whether a character is part of a word.
pub(crate) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        c.is_alphanumeric() || is_combining_mark(c)
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ' | 'ʻ' | '‘' | '`')
}

/// The zeros of the scripts that have digits of their own: nine more follow each.
#[rustfmt::skip]
const ZEROS: [char; 25] = [
    '\u{660}', '\u{6F0}', '\u{7C0}', '\u{966}', '\u{9E6}', '\u{A66}', '\u{AE6}', '\u{B66}', '\u{BE6}',
    '\u{C66}', '\u{CE6}', '\u{D66}', '\u{DE6}', '\u{E50}', '\u{ED0}', '\u{F20}', '\u{1040}', '\u{1090}',
    '\u{17E0}', '\u{1810}', '\u{1946}', '\u{19D0}', '\u{1A80}', '\u{1B50}', '\u{FF10}',
];

fn is_digit(c: char) -> bool {
    ascii_digit(c).is_some()
}

/// The ASCII digit of a decimal digit in any script.
fn ascii_digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c).filter(char::is_ascii_digit);
    }
    let before = ZEROS.partition_point(|zero| *zero <= c).checked_sub(1)?;
    char::from_digit(u32::from(c) - u32::from(ZEROS[before]), 10)
}

/// Marks inside words that are not shown: soft hyphens, joiners.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200C}' | '\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// Scripts without spaces between words, whose characters carry meaning.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// A word without apostrophes, possessive s, dots of initials, commas of numbers.
pub(crate) fn clean<'a>(word: &str, cased: &'a mut String) -> &'a str {
    cased.clear();
    let mut letters = word;
    if let Some((at, _)) = word.char_indices().rfind(|(_, c)| is_apostrophe(*c))
        && matches!(word[at..].trim_start_matches(is_apostrophe), "s" | "S")
    {
        letters = &word[..at];
    }
    let number = letters.starts_with(is_digit);
    cased.extend(letters.chars().filter_map(|c| match c {
        '.' | '\u{66B}' => number.then_some('.'),
        c => is_word(c).then_some(c),
    }));
    cased
}

/// Appends a word without case and diacritics. Returns whether it had a capital.
pub(crate) fn fold(cased: &str, form: &mut String) -> bool {
    if cased.is_ascii() {
        let start = form.len();
        form.push_str(cased);
        form[start..].make_ascii_lowercase();
        return cased.bytes().any(|b| b.is_ascii_uppercase());
    }
    let mut capital = false;
    for c in cased.nfkd().filter(|c| (is_word(*c) || *c == '.') && !is_sign(*c)) {
        capital |= c.is_uppercase();
        if let Some(digit) = ascii_digit(c) {
            form.push(digit);
            continue;
        }
        for lower in c.to_lowercase() {
            match lower {
                'ß' => form.push_str("ss"),
                'æ' => form.push_str("ae"),
                'œ' => form.push_str("oe"),
                'þ' => form.push_str("th"),
                'ø' => form.push('o'),
                'đ' | 'ð' => form.push('d'),
                'ł' => form.push('l'),
                'ħ' => form.push('h'),
                'ı' => form.push('i'),
                'ς' => form.push('σ'),
                'ٱ' => form.push('ا'),
                'ى' | 'ی' => form.push('ي'),
                'ة' => form.push('ه'),
                'ک' => form.push('ك'),
                // Apostrophes that are letters to Unicode.
                'ʻ' | 'ʼ' => {}
                // İ becomes i and a dot above.
                '\u{300}'..='\u{36F}' => {}
                lower => form.push(lower),
            }
        }
    }
    capital
}

/// Whether a character is a diacritic, a vowel sign of Arabic or Hebrew, or the stroke that stretches
/// an Arabic word.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5C7}' | '\u{610}'..='\u{61A}'
        | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6ED}')
}

/// Whether a sentence ends between two words.
pub(crate) fn ends_sentence(before: &str, between: &str, after: &str) -> bool {
    let Some(stop) = between.find(['.', '!', '?', '。']) else { return false };
    if between[stop..].starts_with('。') {
        return true;
    }
    const SHORTENED: [&str; 12] =
        ["mr", "mrs", "ms", "dr", "st", "rt", "hon", "gen", "col", "lt", "sgt", "vs"];
    let numbered = after.starts_with(|c: char| c.is_ascii_digit())
        && ["no", "nos", "art"].iter().any(|short| before.eq_ignore_ascii_case(short));
    let shortened = between[stop..].starts_with('.')
        && (numbered
            || before.chars().count() == 1
            || before.contains('.')
            || SHORTENED.iter().any(|short| before.eq_ignore_ascii_case(short)));
    !shortened
        && between[stop..].contains(char::is_whitespace)
        && !after.starts_with(char::is_lowercase)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn forms(text: &str) -> Vec<String> {
        let forms = words(text).map(|(range, _)| {
            let (mut cased, mut form) = (String::new(), String::new());
            fold(clean(&text[range], &mut cased), &mut form);
            form
        });
        forms.filter(|form| !form.is_empty()).collect()
    }

    #[test]
    fn words_of_a_text() {
        for (text, words) in [
            ("UK-Germany Trinity House", "uk germany trinity house"),
            ("Ukraine’s recovery", "ukraine recovery"),
            ("the children's, the ministers' and O'Neill", "the children the ministers and oneill"),
            ("the U.S. and the U.K.'s allies", "the us and the uk allies"),
            ("24,000 returns, £465,000; 3.5%", "24000 returns 465000 3.5"),
            ("رقم ٤١ لسنة ٢٠٢٦، ١٢٬٠٠٠ ٣٫٥", "رقم 41 لسنه 2026 12000 3.5"),
            ("ฉบับที่ ๔๑/๒๕๖๙ ๑๒,๐๐๐", "ฉบับที่ 41 2569 12000"),
            ("४१ गाव, ৪১টি, ۴۱, ၄၁", "41 गाव 41টি 41 41"),
            ("Oʻzbekiston va O'zbekiston, O‘zbekiston", "ozbekiston va ozbekiston ozbekiston"),
            ("General Licence INT/2024/5334756", "general licence int 2024 5334756"),
            ("on GOV.UK, R&D", "on gov uk r d"),
            ("Đinđić, Łódź, Priština, straße, ﬁnance", "dindic lodz pristina strasse finance"),
            ("İstanbul ISTANBUL", "istanbul istanbul"),
            ("制裁 ロシア", "制 裁 ロ シ ア"),
            ("हिन्दी", "हिन्दी"),
            ("وِزارة الزِّراعة مخـتـبر", "وزاره الزراعه مختبر"),
            ("أمانة إربد آل ٱلى مؤتمر", "امانه اربد ال الي موتمر"),
            ("שַלוֹם שָׁלוֹם", "שלום שלום"),
            ("ایران کشور", "ايران كشور"),
            ("6 April 2025.", "6 april 2025"),
            ("Read on: https://www.gov.uk/a-b/c, http", "read on http"),
            ("http://a", ""),
            ("—‘’“”", ""),
            ("peo\u{AD}ple and\u{AD} more", "people and more"),
        ] {
            assert_eq!(forms(text).join(" "), words, "{text}");
        }
    }

    proptest! {
        #[test]
        fn words_lie_in_order_within_their_text(text in "\\PC{0,80}") {
            let mut last = 0;
            for (range, plain) in words(&text) {
                prop_assert!(last <= range.start && range.start < range.end);
                let word = text.get(range.clone()).unwrap();
                prop_assert!(!plain || clean(word, &mut String::new()) == word);
                last = range.end;
            }
        }
    }
}
