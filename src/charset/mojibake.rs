//! Repairs UTF-8 that was decoded as Windows-1252 ("RÃ©union"), where that is certain.

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs::WINDOWS_1252;

/// The characters that Windows-1252 has for the bytes 0x80 to 0x9F.
static UPPER_CONTROLS: LazyLock<[char; 32]> = LazyLock::new(|| {
    std::array::from_fn(|at| {
        let byte = [0x80 + at as u8];
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(&byte);
        text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
    })
});

/// The byte that Windows-1252 writes a character as, if it is not ASCII.
fn byte_of(c: char) -> Option<u8> {
    match c {
        '\u{A0}'..='\u{FF}' => u8::try_from(u32::from(c)).ok(),
        '\0'..='\u{7F}' => None,
        _ => {
            let at = UPPER_CONTROLS.iter().position(|known| *known == c)?;
            u8::try_from(0x80 + at).ok()
        }
    }
}

/// A run of characters that are the bytes of one character in UTF-8.
struct Sequence {
    start: usize,
    end: usize,
    means: char,
    /// Whether nothing else can be meant, whatever surrounds the text.
    is_certain: bool,
}

/// A line of text as it was meant. The whole line must have been decoded wrongly: a character
/// outside of ASCII that belongs to no sequence is a sign that the line is right as it is.
pub(crate) fn repair_line(line: &str) -> Cow<'_, str> {
    if !may_hold_sequence(line) {
        return Cow::Borrowed(line);
    }
    let (sequences, strays) = sequences(line);
    let is_certain = sequences.len() > 1 || sequences.iter().any(|sequence| sequence.is_certain);
    if strays == 0 && is_certain { replaced(line, &sequences) } else { Cow::Borrowed(line) }
}

/// A document that was decoded as Windows-1252, and in which some texts are UTF-8. Each stretch
/// between two tags is judged by itself. Says whether anything was repaired.
pub(super) fn repair_document(text: &str) -> (Cow<'_, str>, bool) {
    if !may_hold_sequence(text) {
        return (Cow::Borrowed(text), false);
    }
    let mut repaired = String::with_capacity(text.len());
    for stretch in text.split_inclusive('<') {
        let (mut sequences, strays) = sequences(stretch);
        if strays > 0 || sequences.len() < 2 {
            sequences.retain(|sequence| sequence.is_certain);
        }
        repaired.push_str(&replaced(stretch, &sequences));
    }
    let changed = repaired != text;
    (Cow::Owned(repaired), changed)
}

/// A quick look: the first character of a sequence is one of U+00C2 to U+00F4, whose UTF-8
/// begins with 0xC3.
fn may_hold_sequence(text: &str) -> bool {
    memchr::memchr(0xC3, text.as_bytes()).is_some()
}

/// The sequences of a text, and how many characters outside of ASCII belong to none.
fn sequences(text: &str) -> (Vec<Sequence>, usize) {
    let mut found: Vec<Sequence> = Vec::new();
    let mut strays = 0;
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| !c.is_ascii()) {
        let start = text.len() - rest.len() + at;
        match sequence(&text[start..]) {
            Some((means, length)) => {
                let end = start + length;
                let (before, behind) =
                    (text[..start].chars().next_back(), text[end..].chars().next());
                let is_lower = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase());
                let ends_word = |c: Option<char>| c.is_none_or(char::is_whitespace);
                let is_joined = found.last().is_some_and(|last| last.end == start);
                let is_certain = means.len_utf8() > 2
                    || is_joined
                    || is_lower(before)
                    || is_lower(behind)
                    // A word by itself: French "à".
                    || means.is_lowercase() && ends_word(before) && ends_word(behind);
                if let Some(last) = found.last_mut().filter(|_| is_joined) {
                    last.is_certain = true;
                }
                found.push(Sequence { start, end, means, is_certain });
                rest = &text[end..];
            }
            None => {
                strays += 1;
                let length = text[start..].chars().next().map_or(1, char::len_utf8);
                rest = &text[start + length..];
            }
        }
    }
    (found, strays)
}

/// The character that the beginning of a text is the UTF-8 of, and the length of that
/// beginning.
fn sequence(text: &str) -> Option<(char, usize)> {
    let mut bytes = [0; 4];
    let mut chars = text.char_indices();
    let first = byte_of(chars.next()?.1)?;
    let length = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    bytes[0] = first;
    for byte in &mut bytes[1..length] {
        *byte = byte_of(chars.next()?.1)?;
    }
    let means = std::str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    let end = chars.next().map_or(text.len(), |(at, _)| at);
    is_plausible(means).then_some((means, end))
}

/// Whether a character is one that people write. Others arise by chance, as from a capital
/// letter with an accent before an ellipsis.
fn is_plausible(c: char) -> bool {
    matches!(c,
        '\u{A0}'..='\u{17F}'
        | '\u{218}'..='\u{21B}'
        | '\u{370}'..='\u{52F}'
        | '\u{590}'..='\u{6FF}'
        | '\u{1E00}'..='\u{1FFF}'
        | '\u{2010}'..='\u{2044}'
        | '\u{20A0}'..='\u{20BF}'
        | '\u{2122}'
        | '\u{3000}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{FF00}'..='\u{FFEF}'
        | '\u{1F300}'..='\u{1FAFF}')
}

fn replaced<'t>(text: &'t str, sequences: &[Sequence]) -> Cow<'t, str> {
    if sequences.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    let mut from = 0;
    for sequence in sequences {
        result.push_str(&text[from..sequence.start]);
        result.push(sequence.means);
        from = sequence.end;
    }
    result.push_str(&text[from..]);
    Cow::Owned(result)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mangled(text: &str) -> String {
        WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned()
    }

    #[test]
    fn lines_that_were_encoded_twice_are_repaired() {
        for line in [
            "Réunion du conseil",
            "Ministère de l’Économie – communiqué",
            "Erklärung für Österreich",
            "ÉTÉ À LYON",
            "Заявление министра иностранных дел",
            "Ανακοίνωση του υπουργείου",
            "Ogłoszenie o przetargu na świadczenie usług",
            "外務大臣会談",
            "Preis: 40 € je Stück",
            "à la une",
        ] {
            assert_eq!(repair_line(&mangled(line)), line);
        }
    }

    #[test]
    fn lines_that_are_right_stay() {
        for line in [
            "Plain words",
            "Réunion du conseil",
            "CAFÉ… RÉSUMÉ…",
            "„CAFÉ“",
            "«AMANHû",
            "IRMÃ… e mais",
            "São Paulo: comissão e ação",
            "Â vous de voir",
            "Größe: 5 m², Preis 3 €",
            "Заявление",
        ] {
            assert_eq!(repair_line(line), line);
        }
    }

    #[test]
    fn stretches_of_a_document_are_judged_apart() {
        let mixed = format!(
            "<title>Été à Coutances</title><p>{}</p><p>CAFÉ… fermé</p>",
            mangled("Réunion à la préfecture")
        );
        let (repaired, changed) = repair_document(&mixed);
        assert!(changed);
        assert_eq!(
            repaired,
            "<title>Été à Coutances</title><p>Réunion à la préfecture</p><p>CAFÉ… fermé</p>"
        );
        assert!(!repair_document("<title>Été à Coutances</title>").1);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_repair_panic(text in "\\PC{0,40}|[Ãé©â€™a-z ]{0,20}") {
            let _ = (repair_line(&text), repair_document(&text));
        }
    }
}
