//! Tells titles and texts apart that differ in a small word which turns the sense: "not", "without",
//! "after".

use std::collections::HashSet;
use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64;

use super::word_kind::Kind;

/// Whether one of two titles denies what the other says, or says the opposite: "before" and "after".
pub(super) fn turns(one: &[String], other: &[String]) -> bool {
    denies(one) != denies(other)
        || OPPOSITES.iter().any(|(first, second)| {
            let alone = |word: &str, here: &[String], there: &[String]| {
                here.iter().any(|own| own == word) && !there.iter().any(|own| own == word)
            };
            alone(first, one, other) && alone(second, other, one)
                || alone(second, one, other) && alone(first, other, one)
        })
}

/// Whether folded words deny something.
pub(super) fn denies(words: &[String]) -> bool {
    // Portuguese writes "in the" as other languages write "no".
    let is_portuguese = || words.iter().any(|word| PORTUGUESE.contains(&word.as_str()));
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1).map_or("", String::as_str);
        is_negation(word)
            && !ONLY.contains(&next)
            && !(word == "no"
                && (next.starts_with(|first: char| first.is_ascii_digit()) || is_portuguese()))
    })
}

/// Behind a negation: "not only" denies nothing.
const ONLY: &[&str] = &[
    "only",
    "just",
    "least",
    "nur",
    "seulement",
    "solo",
    "solamente",
    "soltanto",
    "so",
    "apenas",
    "alleen",
    "bara",
    "kun",
    "bare",
    "tylko",
    "jen",
    "samo",
    "только",
    "лише",
    "само",
    "csak",
    "vain",
];

const PORTUGUESE: &[&str] =
    &["do", "dos", "da", "das", "ao", "aos", "em", "pelo", "pela", "na", "nas", "uma", "nao"];

fn is_negation(word: &str) -> bool {
    NEGATIONS.contains(&word)
}

#[rustfmt::skip]
const NEGATIONS: &[&str] = &[
    "not", "no", "never", "without", "cannot", "wont", "cant", "dont", "doesnt", "isnt", "arent",
    "wasnt", "didnt", "wouldnt", "shouldnt", "couldnt", "hasnt", "havent", "nicht", "nie", "kein",
    "keine", "keinen", "keiner", "keinem", "ohne", "ne", "pas", "jamais", "sans", "nunca", "sin",
    "ningun", "ninguna", "non", "senza", "nao", "sem", "niet", "geen", "nooit", "zonder", "inte",
    "ej", "ikke", "ikkje", "aldrig", "utan", "uden", "uten", "bez", "nije", "nece", "nem", "nincs",
    "nelkul", "ei", "eivat", "ilman", "degil", "nuk", "fara", "не", "нет", "без", "није", "неће",
    "ни", "δεν", "μην", "χωρις", "لا", "لن", "لم", "ليس", "לא", "nav", "tidak", "bukan", "khong",
    "chua", "hindi", "emas", "емес", "жоқ", "нема", "няма", "ոչ", "არ", "ვერ", "नहीं", "ना", "না", "இல்லை",
    "نہیں", "نیست", "ไม่",
];

/// Whether a word of a text denies something. The words are given by their hashes.
/// French "dont" is no "don't", so that word is left out; "no" before a number or in a Portuguese text
/// denies nothing, nor does "not" in "not only" and in "or not".
pub(super) fn is_denial(words: &[(u64, Kind)], at: usize, has_word: &dyn Fn(u64) -> bool) -> bool {
    static HASHES: LazyLock<HashSet<u64>> =
        LazyLock::new(|| hashes(NEGATIONS.iter().filter(|word| **word != "dont")));
    static ONLY_HASHES: LazyLock<HashSet<u64>> = LazyLock::new(|| hashes(ONLY.iter()));
    static OR_HASHES: LazyLock<HashSet<u64>> = LazyLock::new(|| hashes(OR.iter()));
    static OF_PORTUGUESE: LazyLock<HashSet<u64>> =
        LazyLock::new(|| hashes(["nao", "uma", "pelo", "pela", "aos"].iter()));
    static NO: LazyLock<u64> = LazyLock::new(|| xxh3_64(b"no"));
    let Some((word, _)) = words.get(at).filter(|(word, _)| HASHES.contains(word)) else {
        return false;
    };
    let next = words.get(at + 1);
    let before = at.checked_sub(1).map(|before| words[before].0);
    let is_no_other = *word == *NO
        && (next.is_some_and(|(_, kind)| kind.is_figure())
            || OF_PORTUGUESE.iter().any(|word| has_word(*word)));
    !is_no_other
        && !next.is_some_and(|(next, _)| ONLY_HASHES.contains(next))
        && !before.is_some_and(|before| OR_HASHES.contains(&before))
}

fn hashes<'a>(words: impl Iterator<Item = &'a &'a str>) -> HashSet<u64> {
    words.map(|word| xxh3_64(word.as_bytes())).collect()
}

/// Before a negation: "whether or not" denies nothing.
const OR: &[&str] = &["or", "oder", "ou", "o", "of", "eller", "czy", "lub", "или", "чи", "vagy"];

/// Words of which one turns the sense of the other. All are so common that they say nothing else.
const OPPOSITES: &[(&str, &str)] = &[
    ("with", "without"),
    ("before", "after"),
    ("from", "until"),
    ("from", "to"),
    ("over", "under"),
    ("more", "less"),
    ("up", "down"),
    ("on", "off"),
    ("vor", "nach"),
    ("ab", "bis"),
    ("mit", "ohne"),
    ("uber", "unter"),
    ("avant", "apres"),
    ("avec", "sans"),
    ("plus", "moins"),
    ("antes", "despues"),
    ("antes", "depois"),
    ("con", "sin"),
    ("mas", "menos"),
    ("mais", "menos"),
    ("com", "sem"),
    ("prima", "dopo"),
    ("con", "senza"),
    ("voor", "na"),
    ("met", "zonder"),
    ("vanaf", "tot"),
    ("fore", "efter"),
    ("med", "utan"),
    ("przed", "po"),
    ("pred", "po"),
    ("до", "после"),
    ("до", "після"),
    ("преди", "след"),
    ("с", "без"),
    ("πριν", "μετα"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negation_denies_unless_it_goes_on() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (text, expected) in [
            ("ferry will not run", true),
            ("ferry will run", false),
            ("not only ferries", false),
            ("no 41 of the gazette", false),
            ("no ferry", true),
            ("obras no porto do tarn", false),
            ("brucke wird nicht gesperrt", true),
            ("nicht nur brucken", false),
            ("most nie zostanie otwarty", true),
            ("мост не откроют", true),
        ] {
            assert_eq!(denies(&words(text)), expected, "{text}");
        }
        assert!(turns(&words("open before may"), &words("open after may")));
        assert!(!turns(&words("from orm to tarn"), &words("to tarn from orm")));
    }
}
