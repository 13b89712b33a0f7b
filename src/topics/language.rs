//! Stems words, each in the language that its text is in.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};

/// The stemmers and the spelling rules of texts and queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language {
    /// The Snowball stemmer of texts and queries, one of [`Language::STEMMERS`], or
    /// `none` for words as they stand. [`Language::new`] checks it; an
    /// unknown name reads words as they stand.
    pub stemmer: String,
    /// Further stemmers, for texts whose own language tag asks for them. A
    /// query's word is then read in each of these languages.
    pub also: Vec<String>,
    /// Whether British and American spellings are one word: `defence`, `defense`.
    pub spellings: bool,
}

/// The name is none of [`Language::STEMMERS`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no stemmer for `{name}`; known are {}", Language::STEMMERS.join(", "))]
pub struct UnknownLanguage {
    /// The name that was asked for.
    pub name: String,
}

/// Name, language tag and algorithm; sorted as the names are.
const KNOWN: [(&str, &str, Option<Algorithm>); 19] = [
    ("arabic", "ar", Some(Algorithm::Arabic)),
    ("danish", "da", Some(Algorithm::Danish)),
    ("dutch", "nl", Some(Algorithm::Dutch)),
    ("english", "en", Some(Algorithm::English)),
    ("finnish", "fi", Some(Algorithm::Finnish)),
    ("french", "fr", Some(Algorithm::French)),
    ("german", "de", Some(Algorithm::German)),
    ("greek", "el", Some(Algorithm::Greek)),
    ("hungarian", "hu", Some(Algorithm::Hungarian)),
    ("italian", "it", Some(Algorithm::Italian)),
    ("none", "", None),
    ("norwegian", "no", Some(Algorithm::Norwegian)),
    ("portuguese", "pt", Some(Algorithm::Portuguese)),
    ("romanian", "ro", Some(Algorithm::Romanian)),
    ("russian", "ru", Some(Algorithm::Russian)),
    ("spanish", "es", Some(Algorithm::Spanish)),
    ("swedish", "sv", Some(Algorithm::Swedish)),
    ("tamil", "ta", Some(Algorithm::Tamil)),
    ("turkish", "tr", Some(Algorithm::Turkish)),
];

impl Language {
    /// The names that `stemmer` and `also` may hold.
    pub const STEMMERS: [&'static str; KNOWN.len()] = {
        let mut names = [""; KNOWN.len()];
        let mut i = 0;
        while i < KNOWN.len() {
            names[i] = KNOWN[i].0;
            i += 1;
        }
        names
    };

    /// One language, spellings kept apart.
    pub fn new(stemmer: &str) -> Result<Self, UnknownLanguage> {
        Self { stemmer: stemmer.to_owned(), also: Vec::new(), spellings: false }.checked()
    }

    /// This language, if all its stemmers exist.
    pub fn checked(self) -> Result<Self, UnknownLanguage> {
        for name in std::iter::once(&self.stemmer).chain(&self.also) {
            if !Self::STEMMERS.contains(&name.as_str()) {
                return Err(UnknownLanguage { name: name.clone() });
            }
        }
        Ok(self)
    }

    /// How a text is read whose own language tag is `tag`.
    pub(super) fn dialect(&self, tag: Option<&str>) -> Dialect {
        let primary = tag.map(|tag| tag.split(['-', '_']).next().unwrap_or(tag));
        // Norwegian is tagged by its two written forms.
        let primary = primary.map(|primary| match primary.to_ascii_lowercase().as_str() {
            "nb" | "nn" => "no",
            _ => primary,
        });
        let own = primary.and_then(|primary| {
            self.also.iter().find(|name| {
                known(name).is_some_and(|(_, tag, _)| tag.eq_ignore_ascii_case(primary))
            })
        });
        self.read_as(own.unwrap_or(&self.stemmer))
    }

    /// The language tags of the further stemmers.
    pub(super) fn other_tags(&self) -> impl Iterator<Item = &'static str> {
        self.also.iter().filter_map(|name| Some(known(name)?.1))
    }

    /// Every way in which a query's word is read.
    pub(super) fn dialects(&self) -> impl Iterator<Item = Dialect> + '_ {
        std::iter::once(&self.stemmer).chain(&self.also).map(|name| self.read_as(name))
    }

    fn read_as(&self, name: &str) -> Dialect {
        let algorithm = known(name).and_then(|(_, _, algorithm)| *algorithm);
        let english = matches!(algorithm, Some(Algorithm::English));
        Dialect { algorithm, spellings: self.spellings && english }
    }
}

impl Default for Language {
    fn default() -> Self {
        Self { stemmer: "english".to_owned(), also: Vec::new(), spellings: false }
    }
}

fn known(name: &str) -> Option<&'static (&'static str, &'static str, Option<Algorithm>)> {
    KNOWN.iter().find(|(known, ..)| *known == name)
}

/// How much of a text the guess at its language looks at: bytes.
const GUESSED_FROM: usize = 600;

/// The language tag of a text that does not state one, where its letters
/// leave little doubt. Titles alone are as a rule too short for that.
pub(super) fn guessed(title: &str, text: &str) -> Option<String> {
    let mut sample = format!("{title}\n{text}");
    if sample.len() > GUESSED_FROM {
        let end = (0..=GUESSED_FROM).rev().find(|at| sample.is_char_boundary(*at)).unwrap_or(0);
        sample.truncate(end);
    }
    let guess = whatlang::detect(&sample).filter(whatlang::Info::is_reliable)?;
    let code = guess.lang().code();
    let short = TAGS.iter().find(|(long, _)| *long == code).map(|(_, short)| *short);
    Some(short.unwrap_or(code).to_owned())
}

/// Language tags are the two letters of ISO 639-1 where there are such; the
/// guess comes with the three of 639-3.
const TAGS: [(&str, &str); 41] = [
    ("ara", "ar"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("cmn", "zh"),
    ("cym", "cy"),
    ("dan", "da"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("est", "et"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("ind", "id"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kor", "ko"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mkd", "mk"),
    ("nld", "nl"),
    ("nob", "no"),
    ("pes", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tha", "th"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
];

/// One way of reading words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    algorithm: Option<Algorithm>,
    spellings: bool,
}

impl Dialect {
    /// The other spellings of a folded beginning of words, where they are one word.
    pub(super) fn other_spellings(self, prefix: &str) -> Vec<String> {
        let mut others = Vec::new();
        if !self.spellings {
            return others;
        }
        for (british, american) in SPELLINGS {
            for (one, other) in [(british, american), (american, british)] {
                others.extend(prefix.strip_prefix(one).map(|rest| format!("{other}{rest}")));
                // Already in the letters in which the two differ: `defenc*`.
                if one.starts_with(prefix) && one != prefix && !other.starts_with(prefix) {
                    others.push(other.to_owned());
                }
            }
        }
        for (one, other) in [("is", "iz"), ("iz", "is")] {
            for rest in ["", "e", "es", "ed", "er", "ing", "ation", "ations"] {
                let root = prefix.strip_suffix(rest).and_then(|begun| begun.strip_suffix(one));
                let root = root.filter(|root| root.len() >= SHORTEST_ROOT);
                others.extend(root.map(|root| format!("{root}{other}{rest}")));
            }
        }
        others
    }

    /// A folded word's stem.
    pub(super) fn stem(self, form: &str) -> Cow<'_, str> {
        let spelt = if self.spellings { american(form) } else { Cow::Borrowed(form) };
        match (self.algorithm, spelt) {
            (Some(algorithm), Cow::Borrowed(spelt)) => stem(spelt, algorithm),
            (Some(algorithm), Cow::Owned(spelt)) => Cow::Owned(stem(&spelt, algorithm).into()),
            (None, spelt) => spelt,
        }
    }

    /// Stems of different languages are different symbols, whatever their letters.
    pub(super) fn number(self) -> u64 {
        self.algorithm.map_or(0, |algorithm| algorithm as u64 + 1)
    }

    /// A number that differs between dialects.
    pub(super) fn code(self) -> u8 {
        self.number() as u8 * 2 + u8::from(self.spellings)
    }
}

/// A word's stem.
fn stem(word: &str, algorithm: Algorithm) -> Cow<'_, str> {
    match algorithm {
        Algorithm::English if !may_end_in_a_suffix(word) => Cow::Borrowed(word),
        _ => Stemmer::create(algorithm).stem(word),
    }
}

/// Whether an English suffix ends in a word's last letter. Numbers and many a name end in another.
fn may_end_in_a_suffix(word: &str) -> bool {
    matches!(
        word.as_bytes().last(),
        Some(b'c'..=b'e' | b'g' | b'i' | b'l'..=b'n' | b'r'..=b't' | b'y')
    )
}

/// Beginnings of words that are spelt otherwise in American English.
const SPELLINGS: [(&str, &str); 47] = [
    ("aeroplane", "airplane"),
    ("ageing", "aging"),
    ("aluminium", "aluminum"),
    ("anaem", "anem"),
    ("analys", "analyz"),
    ("archaeolog", "archeolog"),
    ("armour", "armor"),
    ("artefact", "artifact"),
    ("behaviour", "behavior"),
    ("calibre", "caliber"),
    ("cancell", "cancel"),
    ("candour", "candor"),
    ("catalogue", "catalog"),
    ("centre", "center"),
    ("colour", "color"),
    ("counsell", "counsel"),
    ("defence", "defense"),
    ("dialogue", "dialog"),
    ("endeavour", "endeavor"),
    ("favour", "favor"),
    ("fibre", "fiber"),
    ("fuell", "fuel"),
    ("grey", "gray"),
    ("haemo", "hemo"),
    ("harbour", "harbor"),
    ("honour", "honor"),
    ("humour", "humor"),
    ("jewellery", "jewelry"),
    ("judgement", "judgment"),
    ("labell", "label"),
    ("labour", "labor"),
    ("licence", "license"),
    ("litre", "liter"),
    ("manoeuvre", "maneuver"),
    ("modell", "model"),
    ("mould", "mold"),
    ("neighbour", "neighbor"),
    ("offence", "offense"),
    ("paediatr", "pediatr"),
    ("plough", "plow"),
    ("practis", "practic"),
    ("programme", "program"),
    ("rumour", "rumor"),
    ("sceptic", "skeptic"),
    ("sulph", "sulf"),
    ("theatre", "theater"),
    ("travell", "travel"),
];

/// Letters before the `-ise` of a word that may as well be spelt `-ize`.
const SHORTEST_ROOT: usize = 4;

/// A British spelling's American one. What it makes of other words does not
/// matter, as long as it makes the same of them in texts and queries and of
/// no two words the same.
fn american(form: &str) -> Cow<'_, str> {
    for (british, american) in SPELLINGS {
        if let Some(rest) = form.strip_prefix(british) {
            return Cow::Owned(format!("{american}{rest}"));
        }
    }
    const ENDINGS: [&str; 8] =
        ["ise", "ises", "ised", "ising", "iser", "isers", "isation", "isations"];
    for ending in ENDINGS {
        if let Some(root) = form.strip_suffix(ending)
            && root.len() >= SHORTEST_ROOT
        {
            return Cow::Owned(format!("{root}iz{}", &ending[2..]));
        }
    }
    Cow::Borrowed(form)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn stems_join_inflections_and_keep_derivations_apart() {
        let english = Language::default().dialect(None);
        for (word, stem) in
            [("sanctions", "sanction"), ("sanctioned", "sanction"), ("sanctioning", "sanction")]
        {
            assert_eq!(english.stem(word), stem, "{word}");
        }
        for (one, other) in [("kosovo", "kosovan"), ("serbia", "serb"), ("serb", "serbian")] {
            assert_ne!(english.stem(one), english.stem(other));
        }
    }

    proptest::proptest! {
        #[test]
        fn every_word_has_the_stem_that_the_stemmer_gives_it(word in "[a-z0-9é]{1,6}[a-z0-9é]") {
            let stemmer = Stemmer::create(Algorithm::English);
            proptest::prop_assert_eq!(stem(&word, Algorithm::English), stemmer.stem(&word));
        }
    }

    #[test]
    fn spellings_are_one_word_only_when_asked() {
        let apart = Language::default().dialect(None);
        let one = Language { spellings: true, ..Language::default() }.dialect(None);
        for (british, american) in [
            ("defence", "defense"),
            ("organisation", "organization"),
            ("criminalised", "criminalized"),
            ("labour", "labor"),
            ("programmes", "programs"),
            ("licences", "licenses"),
        ] {
            assert_eq!(one.stem(british), one.stem(american));
            assert_ne!(apart.stem(british), apart.stem(american));
        }
        assert_ne!(one.stem("prise"), one.stem("prize"));
    }

    #[test]
    fn a_text_is_read_in_its_own_language_where_that_is_configured() {
        let language = Language { also: vec!["french".to_owned()], ..Language::default() };
        assert_eq!(language.dialect(Some("fr-CA")), language.read_as("french"));
        for other in [None, Some("en-GB"), Some("de"), Some("")] {
            assert_eq!(language.dialect(other), language.read_as("english"), "{other:?}");
        }
        assert_eq!(language.dialects().count(), 2);
    }

    #[test]
    fn a_language_is_guessed_where_there_is_little_doubt() {
        for (title, text, language) in [
            (
                "UK to tackle migrant transit routes",
                "The Foreign Secretary travels to the region, where he will meet ministers and \
                 agree with them what is to be done against the gangs that bring people to Britain. \
                 They have worked together for years, and there are more talks in the autumn.",
                Some("en"),
            ),
            (
                "Nouvelles sanctions",
                "Le ministre des affaires étrangères a annoncé aujourd’hui de nouvelles mesures contre le réseau.",
                Some("fr"),
            ),
            ("المملكة المتحدة والولايات المتحدة تفرضان عقوبات على شخصيات بارزة", "", Some("ar")),
            ("Spain", "", None),
            ("2025", "", None),
            ("", "", None),
        ] {
            assert_eq!(guessed(title, text).as_deref(), language, "{title}");
        }
        assert!(guessed("", &"é".repeat(GUESSED_FROM)).is_none_or(|tag| !tag.is_empty()));
    }

    #[test]
    fn an_unknown_stemmer_is_refused_with_the_known_ones() {
        let refused = Language::new("klingon").unwrap_err().to_string();
        assert!(refused.contains("klingon") && refused.contains("english"), "{refused}");
        assert!(Language::new("none").is_ok());
    }
}
