//! Reads times of day as people write them: `19:48:21.5`, `10h30`, `10.30 Uhr`, `kl. 10.30`.

use chrono::Duration;

/// A time of day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    millisecond: u32,
    /// Whether the minute was stated.
    is_exact: bool,
}

/// Words that stand before a time of day.
const BEFORE: [&str; 22] = [
    "um", "kl", "klo", "kello", "kell", "klukkan", "alle", "ore", "ora", "orë", "at", "às", "à",
    "om", "ob", "godz", "o", "saat", "plkst", "val", "в", "ω",
];

/// Words that stand behind one, or between its hours and minutes.
const BEHIND: [&str; 24] = [
    "noon", "midday", "midnight", "uhr", "uur", "u", "h", "hs", "hrs", "hod", "hodin", "ur", "óra",
    "óra.", "óráig", "horas", "heures", "heure", "ώρα", "ч", "час", "tim", "tuntia", "val",
];

/// Words that name noon, and words that name midnight.
const NOON: [&str; 12] = [
    "noon",
    "midday",
    "midi",
    "mittag",
    "mittags",
    "mediodía",
    "mediodia",
    "migdia",
    "meio-dia",
    "mezzogiorno",
    "полдень",
    "południe",
];
const MIDNIGHT: [&str; 10] = [
    "midnight",
    "minuit",
    "mitternacht",
    "medianoche",
    "mitjanit",
    "meia-noite",
    "mezzanotte",
    "полночь",
    "północ",
    "middernacht",
];

impl Time {
    /// The time that a word names: noon or midnight.
    pub(super) fn called(word: &str) -> Option<Self> {
        let hour = match word {
            _ if NOON.contains(&word) => 12,
            _ if MIDNIGHT.contains(&word) => 0,
            _ => return None,
        };
        Some(Self { hour, is_exact: true, ..Self::default() })
    }

    /// The half of the day that this named time puts the hour twelve in: `12 midnight`.
    pub(super) fn half_of(self, stated: Option<Self>) -> Option<bool> {
        stated.filter(|stated| stated.hour == 12).map(|_| self.hour == 12)
    }

    /// Reads the time at the start of a word, and returns it with what follows it in the word.
    pub(super) fn read(word: &str) -> Option<(Self, &str)> {
        let (clock, rest) = match marked(word) {
            Some((hour, minute, rest)) => (format!("{hour}:{minute}"), rest),
            None => {
                let is_clock = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.');
                let ends = word.find(|c: char| !is_clock(c)).unwrap_or(word.len());
                (with_colons(&word[..ends]), &word[ends..])
            }
        };
        // Decimal comma, as ISO 8601 prefers: the fraction is a word of its own and is lost.
        let (clock, fraction) = clock.split_once('.').unwrap_or((&clock, ""));
        let fields: Vec<u32> = if clock.contains(':') {
            let fields = clock.split(':').filter(|part| !part.is_empty());
            fields.map(|part| part.parse().ok()).collect::<Option<_>>()?
        } else if matches!(clock.len(), 4 | 6) {
            let pairs = clock.as_bytes().chunks(2);
            pairs.map(|pair| std::str::from_utf8(pair).ok()?.parse().ok()).collect::<Option<_>>()?
        } else {
            vec![clock.parse().ok()?]
        };
        let field = |at: usize| fields.get(at).copied().unwrap_or(0);
        let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
        let time = Self {
            hour: field(0),
            minute: field(1),
            second: field(2).min(59),
            millisecond: fraction.parse().unwrap_or(0),
            is_exact: fields.len() > 1,
        };
        let is_possible = time.hour <= 24 && time.minute <= 59 && field(2) <= 60;
        is_possible.then_some((time, rest))
    }

    /// Takes the minute of `10 h 30`, which stands behind the word for the hour.
    pub(super) fn takes_minute(&mut self, word: &str, before: &str) -> bool {
        let minute = word.parse().ok().filter(|minute| *minute <= 59 && word.len() <= 2);
        let Some(minute) = minute.filter(|_| !self.is_exact && is_one_of(&BEHIND, before)) else {
            return false;
        };
        (self.minute, self.is_exact) = (minute, true);
        true
    }

    /// The time since midnight, `afternoon` being what AM or PM says.
    pub(super) fn since_midnight(self, afternoon: Option<bool>) -> Duration {
        let hour = match afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        Duration::hours(hour.into())
            + Duration::minutes(self.minute.into())
            + Duration::seconds(self.second.into())
            + Duration::milliseconds(self.millisecond.into())
    }
}

/// `10.30` as `10:30`. A dot before two digits is not a fraction of an hour.
fn with_colons(clock: &str) -> String {
    let clock = clock.trim_end_matches('.');
    let mut fields = clock.split('.');
    let hour = fields.next().is_some_and(|hour| matches!(hour.len(), 1 | 2));
    let is_dotted = hour && !clock.contains(':') && fields.all(|field| field.len() == 2);
    if is_dotted { clock.replace('.', ":") } else { clock.to_owned() }
}

/// The hour and minute of `10h30`, `10h` and `10u30`, and what follows them.
fn marked(word: &str) -> Option<(&str, &str, &str)> {
    let at = word.find(['h', 'H', 'u'])?;
    let (hour, rest) = (&word[..at], &word[at + 1..]);
    if !matches!(hour.len(), 1 | 2) || !hour.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (minute, rest) = rest.split_at(digits);
    let unit = rest.trim_end_matches('.');
    match (digits, unit) {
        (0, "" | "rs" | "s") => Some((hour, "0", "")),
        (2, "" | "m" | "min" | "mn") => Some((hour, minute, "")),
        // Seconds, as in `10h30m00s`, change no order of entries.
        (2, _) if unit.starts_with(['m', ':']) => Some((hour, minute, "")),
        _ => None,
    }
}

/// Whether a word is a time by what it holds.
pub(super) fn is_marked(word: &str) -> bool {
    marked(word).is_some()
}

/// Whether a number is a time by the word before it or behind it.
pub(super) fn is_announced(word: &str, before: &str, behind: &str) -> bool {
    let word = word.trim_end_matches('.');
    let has_minutes = word.contains('.');
    // `2025. u 14:30` is a year, and the Croatian "at".
    let may_be_hour = has_minutes || word.len() <= 2;
    let beside_word = || is_one_of(&BEHIND, behind) || is_one_of(&BEHIND, before);
    may_be_hour && beside_word() || has_minutes && is_one_of(&BEFORE, before)
}

fn is_one_of(words: &[&str], token: &str) -> bool {
    !token.is_empty() && words.contains(&token.to_lowercase().trim_end_matches(['.', ':']))
}

/// Whether a word begins with a sign of the half of the day that stands before the time, and
/// what follows the sign.
pub(super) fn half_before(token: &str) -> Option<(bool, &str)> {
    const SIGNS: [(&str, bool); 6] = [
        ("오전", false),
        ("오후", true),
        ("上午", false),
        ("下午", true),
        ("午前", false),
        ("午後", true),
    ];
    SIGNS.iter().find_map(|(sign, afternoon)| Some((*afternoon, token.strip_prefix(sign)?)))
}

/// Words behind a time that put it into the afternoon or the evening: `4:30 de la tarde`.
const AFTERNOON: [&str; 29] = [
    "tarde",
    "noche",
    "tarda",
    "vespre",
    "noite",
    "soir",
    "après-midi",
    "l'après-midi",
    "l’après-midi",
    "pomeriggio",
    "sera",
    "seara",
    "după-amiază",
    "după-amiaza",
    "nachmittags",
    "abends",
    "middags",
    "'s-middags",
    "avonds",
    "вечера",
    "дня",
    "вечора",
    "popołudniu",
    "wieczorem",
    "délután",
    "odpoledne",
    "popoldne",
    "अपराह्न",
    "ب.ظ",
];

/// Words behind a time that put it into the morning or the night, where the hour twelve counts as
/// none.
const MORNING: [&str; 16] = [
    "mañana",
    "madrugada",
    "matin",
    "matí",
    "manhã",
    "mattina",
    "mattino",
    "dimineața",
    "morgens",
    "ochtends",
    "утра",
    "ночи",
    "ранку",
    "rano",
    "délelőtt",
    "पूर्वाह्न",
];

/// Whether a word behind a time, in lower case, says that it is in the afternoon.
pub(super) fn half_behind(word: &str, behind: &str, language: Option<&str>) -> Option<bool> {
    let is_vietnamese = language.is_some_and(|tag| tag == "vi" || tag.starts_with("vi-"));
    match word {
        "sa" | "sáng" if is_vietnamese => Some(false),
        "ch" | "chiều" | "tối" if is_vietnamese => Some(true),
        _ if AFTERNOON.contains(&word) => Some(true),
        _ if MORNING.contains(&word) => Some(false),
        "am" | "a.m" | "π.μ" | "πμ" | "ص" | "صباحا" | "paradite" => Some(false),
        "pm" | "p.m" | "μ.μ" | "μμ" | "م" | "مساء" | "pasdite" => Some(true),
        // `10:30 p. m.`
        "a" | "p" if behind.trim_end_matches('.').eq_ignore_ascii_case("m") => Some(word == "p"),
        _ => None,
    }
}
