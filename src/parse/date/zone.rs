//! Finds the time zone that a date names: by an abbreviation, an offset, or a place.

use std::borrow::Cow;
use std::ops::Range;

use chrono::{Duration, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{America, Asia, Europe, Tz};

use super::names::folded;

/// The time zone of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// Seconds east of Greenwich.
    Offset(i64),
    /// The time of a place, which may be summer time.
    Place(Tz),
}

impl Zone {
    /// The moment at which clocks in this zone show `local`.
    pub(super) fn to_utc(self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Offset(seconds) => local.checked_sub_signed(Duration::seconds(seconds)),
            Self::Place(place) => {
                // In spring clocks skip an hour: a time in it is as long after the hour before.
                let before = local.checked_sub_signed(Duration::hours(1))?;
                let skipped = || {
                    let before = place.from_local_datetime(&before).earliest()?;
                    before.checked_add_signed(Duration::hours(1))
                };
                let moment = place.from_local_datetime(&local).earliest().or_else(skipped)?;
                Some(moment.naive_utc())
            }
        }
    }

    /// The zone all year as it is in January, or in July.
    fn fixed(self, in_summer: bool) -> Self {
        let Self::Place(place) = self else { return self };
        let day = NaiveDate::from_ymd_opt(2025, if in_summer { 7 } else { 1 }, 1);
        let noon = day.and_then(|day| day.and_hms_opt(12, 0, 0)).unwrap_or_default();
        Self::Offset(place.offset_from_utc_datetime(&noon).fix().local_minus_utc().into())
    }
}

/// A date apart from its comments, in round or square brackets, which may name the zone or the
/// weekday once more. A date that stands in brackets as a whole is no comment.
pub(super) fn without_comments(text: &str) -> (Cow<'_, str>, Vec<&str>) {
    if memchr::memchr2(b'(', b'[', text.as_bytes()).is_none() {
        return (Cow::Borrowed(text), Vec::new());
    }
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let (mut outside, mut comments) = (String::with_capacity(text.len()), Vec::new());
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => {
                if depth == 0 {
                    start = at + 1;
                    outside.push(' ');
                }
                depth += 1;
            }
            ')' | ']' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    comments.push(&text[start..at]);
                }
            }
            _ if depth == 0 => outside.push(c),
            _ => {}
        }
    }
    if !has_digit(&outside) && has_digit(text) {
        // All of it stands in brackets.
        return (Cow::Owned(text.replace(['(', ')', '[', ']'], " ")), Vec::new());
    }
    (Cow::Owned(outside), comments)
}

/// The zone that a comment names.
pub(super) fn of_comment(comment: &str) -> Option<Zone> {
    let words: Vec<&str> = comment.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
    match words[..] {
        // In lower case "pet" is the Croatian Friday.
        [word] if word.chars().any(char::is_lowercase) && word.is_ascii() => of_place(word),
        [word] => of_word(word),
        _ => of_words(&words).map(|(zone, _)| zone),
    }
}

/// The zone that one word names: `CEST`, `UTC+2`, `Europe/Berlin`.
pub(super) fn of_word(word: &str) -> Option<Zone> {
    abbreviation(word)
        .or_else(|| {
            let (zone, rest) = and_offset(word)?;
            Some(Zone::Offset(zone + offset(rest)?))
        })
        .or_else(|| of_place(word))
}

/// `GMT+02:00` in its zone and its offset.
pub(super) fn and_offset(word: &str) -> Option<(i64, &str)> {
    let at = word.find(['+', '-', '−'])?;
    match abbreviation(&word[..at])? {
        Zone::Offset(zone) => Some((zone, &word[at..])),
        Zone::Place(_) => None,
    }
}

/// Seconds east of Greenwich of `+0100`, `+01:00`, `-5`, `+1`.
pub(super) fn offset(text: &str) -> Option<i64> {
    let mut chars = text.chars();
    let sign = if chars.next()? == '+' { 1 } else { -1 };
    let rest = chars.as_str();
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(rest.len());
    let rest = &rest[..end];
    let (hours, minutes) = match rest.split_once(':') {
        Some((hours, minutes)) => (hours, minutes.get(..2).unwrap_or(minutes)),
        None if rest.len() > 2 => rest.split_at(rest.len().min(4) - 2),
        None => (rest, ""),
    };
    let hours: i64 = hours.parse().ok()?;
    let minutes: i64 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// The place that a name of the time zone database stands for: `Europe/Berlin`, `EST5EDT`.
pub(super) fn of_place(name: &str) -> Option<Zone> {
    let is_old = || {
        let bytes = name.as_bytes();
        bytes.len() == 7
            && bytes.iter().enumerate().all(|(at, byte)| byte.is_ascii_digit() == (at == 3))
    };
    let may_be = name.contains('/') && !name.starts_with('/') || is_old();
    name.parse().ok().filter(|_: &Tz| may_be).map(Zone::Place)
}

/// Words that tell of a zone by the words before them, or by those behind them.
const AFTER_A_PLACE: [&str; 2] = ["time", "zeit"];
const BEFORE_A_PLACE: [&str; 3] = ["heure", "hora", "ora"];
/// Parts of North America whose zones are called by their names alone.
const PARTS: [&str; 4] = ["eastern", "central", "mountain", "pacific"];

/// The most words of a place's name, and of all about it.
const MOST_WORDS: usize = 3;

/// The zone that several words of a date name together, and which they are: `Eastern Daylight
/// Time`, `heure de Paris`, `Berliner Zeit`.
pub(super) fn of_words(words: &[&str]) -> Option<(Zone, Range<usize>)> {
    let is_one_of =
        |list: &[&str], word: &str| list.iter().any(|one| one.eq_ignore_ascii_case(word));
    words.iter().enumerate().find_map(|(at, word)| {
        if is_one_of(&AFTER_A_PLACE, word) {
            let first = at.saturating_sub(MOST_WORDS);
            let starts = first..at;
            return starts
                .into_iter()
                .find_map(|start| Some((named(&words[start..at].join(" "))?, start..at + 1)));
        }
        if is_one_of(&BEFORE_A_PLACE, word) {
            let is_link =
                |word: &&&str| is_one_of(&["de", "di", "local", "locale", "legale"], word);
            let first = at + 1 + words[at + 1..].iter().take_while(is_link).count();
            let ends = first + 1..=words.len().min(first + MOST_WORDS);
            return ends
                .rev()
                .find_map(|end| Some((named(&words[first..end].join(" "))?, at..end)));
        }
        let is_last = at > 0 && at + 1 == words.len();
        (is_last && is_one_of(&PARTS, word)).then(|| Some((named(word)?, at..at + 1)))?
    })
}

/// The zone of a place or a region by its name, with or without "summer" or "standard".
fn named(name: &str) -> Option<Zone> {
    let name = folded(name);
    let (place, season) = match name.rsplit_once(' ') {
        Some((place, "daylight" | "summer")) => (place, Some(true)),
        Some((place, "standard" | "winter")) => (place, Some(false)),
        _ => (&*name, None),
    };
    let place = place.strip_prefix("d'").or(place.strip_prefix("us ")).unwrap_or(place);
    if matches!(place, "greenwich mean" | "coordinated universal" | "universal") {
        return Some(Zone::Offset(0));
    }
    let (_, place) = PLACES.iter().find(|(names, _)| names.split(',').any(|one| one == place))?;
    let zone = Zone::Place(*place);
    Some(season.map_or(zone, |in_summer| zone.fixed(in_summer)))
}

/// Names of places as dates have them, without accents, in the languages of the sources.
const PLACES: &[(&str, Tz)] = &[
    ("eastern,new york,washington,washington dc", America::New_York),
    ("central,chicago", America::Chicago),
    ("mountain,denver", America::Denver),
    ("pacific,los angeles", America::Los_Angeles),
    ("alaska", America::Anchorage),
    ("atlantic,halifax", America::Halifax),
    ("ottawa,toronto", America::Toronto),
    ("london,londres,londra,londoner,uk,british,britain", Europe::London),
    ("dublin,irish", Europe::Dublin),
    ("lisbon,lisboa,lisbonne,lisbona", Europe::Lisbon),
    ("western european", Europe::Lisbon),
    ("paris,pariser,parigi,francaise,french", Europe::Paris),
    ("brussels,bruxelles,brussel,brusseler,bruselas,belge", Europe::Brussels),
    ("central european,european,mitteleuropaischer", Europe::Brussels),
    ("luxembourg,luxemburg,luxemburger", Europe::Luxembourg),
    ("strasbourg,strassburg", Europe::Paris),
    ("the hague,amsterdam,dutch", Europe::Amsterdam),
    ("berlin,berliner,berlino,german,deutscher", Europe::Berlin),
    ("madrid,madrider,peninsular,peninsular espanola,espanola,spanish", Europe::Madrid),
    ("rome,roma,rom,romer,italiana,italian", Europe::Rome),
    ("vienna,wien,wiener,vienne,vienna,viena", Europe::Vienna),
    ("geneva,geneve,genf,genfer,ginevra,ginebra,suisse,swiss,zurich,bern,berne", Europe::Zurich),
    ("copenhagen,copenhague,danish", Europe::Copenhagen),
    ("stockholm,swedish", Europe::Stockholm),
    ("oslo,norwegian", Europe::Oslo),
    ("eastern european", Europe::Helsinki),
    ("helsinki,finnish", Europe::Helsinki),
    ("warsaw,varsovie,warschau,warschauer,polish", Europe::Warsaw),
    ("prague,prag,prager,praga,czech", Europe::Prague),
    ("budapest,hungarian", Europe::Budapest),
    ("bucharest,bucarest,romanian", Europe::Bucharest),
    ("sofia,bulgarian", Europe::Sofia),
    ("athens,athenes,athen,atenas,greek", Europe::Athens),
    ("belgrade,serbian,sarajevo,skopje,podgorica,pristina,zagreb,ljubljana", Europe::Belgrade),
    ("tirana,albanian", Europe::Tirane),
    ("kyiv,kiev,kiew,ukrainian", Europe::Kyiv),
    ("moscow,moscou,moskau,moskauer,mosca,moscu", Europe::Moscow),
    ("istanbul,ankara,turkish,turkey", Europe::Istanbul),
    ("jerusalem,israel", Asia::Jerusalem),
    ("new delhi,delhi,india,indian", Asia::Kolkata),
    ("beijing,pekin,peking,china", Asia::Shanghai),
    ("hong kong", Asia::Hong_Kong),
    ("tokyo,tokio,japan", Asia::Tokyo),
    ("seoul,korea", Asia::Seoul),
];

/// The zone of an abbreviation.
///
/// Where two zones share one, the one that more feeds mean: BST is British summer time, IST
/// India's, CST and EST North America's. Two letters are a zone in capitals alone: "et" is French.
pub(super) fn abbreviation(word: &str) -> Option<Zone> {
    match word {
        "ET" => return Some(Zone::Place(America::New_York)),
        "CT" => return Some(Zone::Place(America::Chicago)),
        "MT" => return Some(Zone::Place(America::Denver)),
        "PT" => return Some(Zone::Place(America::Los_Angeles)),
        _ => {}
    }
    let quarters = match &*word.to_lowercase() {
        "gmt" | "ut" | "utc" | "z" | "wet" | "zulu" => 0,
        "bst" | "cet" | "mez" | "west" | "wat" | "met" => 4,
        "cest" | "mesz" | "mest" | "eet" | "sast" | "cat" => 8,
        "eest" | "msk" | "мск" | "trt" | "eat" => 12,
        "msd" => 16,
        "pkt" => 20,
        "ist" => 22,
        "wib" => 28,
        "hkt" | "sgt" | "awst" | "pht" => 32,
        "jst" | "kst" => 36,
        "acst" => 38,
        "aest" => 40,
        "acdt" => 42,
        "aedt" => 44,
        "nzst" => 48,
        "nzdt" => 52,
        "nst" => -14,
        "ndt" => -10,
        "art" | "brt" | "adt" => -12,
        "ast" | "edt" | "clt" => -16,
        "est" | "cdt" | "pet" => -20,
        "cst" | "mdt" => -24,
        "mst" | "pdt" => -28,
        "pst" | "akdt" => -32,
        "akst" => -36,
        "hst" => -40,
        _ => return None,
    };
    Some(Zone::Offset(quarters * 15 * 60))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::parse;

    /// Own forms: the first were met or written before any of them was tried, the others after.
    #[test]
    fn the_zone_of_a_date_is_found_wherever_it_stands() {
        let mut wrong = Vec::new();
        for (given, expected) in [
            ("Jul 4, 2025 10:30 AM ET", "2025-07-04T14:30:00Z"),
            ("January 15, 2025 2:00 p.m. ET", "2025-01-15T19:00:00Z"),
            ("Wed, 15 Jan 2025 09:00 CT", "2025-01-15T15:00:00Z"),
            ("2025-07-15 09:00 CT", "2025-07-15T14:00:00Z"),
            ("Tue, 01 Jul 2025 08:15:00 MT", "2025-07-01T14:15:00Z"),
            ("Dec 1, 2025 5:05pm PT", "2025-12-02T01:05:00Z"),
            ("August 5, 2025 at 4:30 PM PT", "2025-08-05T23:30:00Z"),
            ("2 April 2025 11:05 UTC+2", "2025-04-02T09:05:00Z"),
            ("2 April 2025 11:05 (UTC+02:00)", "2025-04-02T09:05:00Z"),
            ("Wed, 02 Apr 2025 11:05:00 GMT+0100", "2025-04-02T10:05:00Z"),
            ("Wed Apr 02 2025 11:05:00 GMT+0100 (British Summer Time)", "2025-04-02T10:05:00Z"),
            ("2025-04-02T11:05:00 Z", "2025-04-02T11:05:00Z"),
            ("2025-04-02 11:05:00z", "2025-04-02T11:05:00Z"),
            ("2025-04-02T11:05Z[UTC]", "2025-04-02T11:05:00Z"),
            ("2025-04-02T11:05:00+02:00[Europe/Paris]", "2025-04-02T09:05:00Z"),
            ("2. April 2025, 11:05 Uhr MESZ", "2025-04-02T09:05:00Z"),
            ("2. Dezember 2025, 11.05 Uhr MEZ", "2025-12-02T10:05:00Z"),
            ("2 avril 2025 à 11h05 (heure de Paris)", "2025-04-02T09:05:00Z"),
            ("2 décembre 2025 à 11h05, heure de Paris", "2025-12-02T10:05:00Z"),
            ("2 de julio de 2025, 11:05 (hora peninsular)", "2025-07-02T09:05:00Z"),
            ("2 luglio 2025 ore 11:05 CEST", "2025-07-02T09:05:00Z"),
            ("13.04.2025 11:05 CET", "2025-04-13T10:05:00Z"),
            ("2025-07-02 11:05 EST5EDT", "2025-07-02T15:05:00Z"),
            ("2025-04-02 11:05 America/New_York", "2025-04-02T15:05:00Z"),
            ("2025-12-02 11:05 Europe/Berlin", "2025-12-02T10:05:00Z"),
            ("2 April 2025 11:05 (London time)", "2025-04-02T10:05:00Z"),
            ("2 April 2025 11.05am UK time", "2025-04-02T10:05:00Z"),
            ("2025-04-02 11:05 Brussels time", "2025-04-02T09:05:00Z"),
            ("2025-04-02 11:05 UTC−3", "2025-04-02T14:05:00Z"),
            ("2 апреля 2025 г., 11:05 (МСК)", "2025-04-02T08:05:00Z"),
            ("2025年4月2日 11:05 (JST)", "2025-04-02T02:05:00Z"),
            ("2 April 2025 11:05 AEST", "2025-04-02T01:05:00Z"),
            ("2. huhtikuuta 2025 klo 11.05 EEST", "2025-04-02T08:05:00Z"),
            ("11:05 AM EDT on April 2, 2025", "2025-04-02T15:05:00Z"),
            ("April 2, 2025 11:05 AM Eastern Daylight Time", "2025-04-02T15:05:00Z"),
            ("Apr 2, 2025, 11:05 a.m. Pacific Time", "2025-04-02T18:05:00Z"),
            ("Nov 2, 2025 1:30 PM ET", "2025-11-02T18:30:00Z"),
            ("Mar 9, 2025 1:30 AM ET", "2025-03-09T06:30:00Z"),
            ("Sunday, March 9, 2025 - 15:30 Eastern", "2025-03-09T19:30:00Z"),
            ("26 October 2025 00:30 Europe/London", "2025-10-25T23:30:00Z"),
            ("Thursday, 3 July 2025 at 9:15 AM Central Daylight Time", "2025-07-03T14:15:00Z"),
            ("Dec 12, 2025 – 4:00 PM (ET)", "2025-12-12T21:00:00Z"),
            ("2025-11-14 16:20 (CET)", "2025-11-14T15:20:00Z"),
            ("14/11/2025 - 16:20 (heure de Bruxelles)", "2025-11-14T15:20:00Z"),
            ("14 novembre 2025, 16h20 heure locale de Genève", "2025-11-14T15:20:00Z"),
            ("14. November 2025, 16:20 Uhr (Berliner Zeit)", "2025-11-14T15:20:00Z"),
            ("14 novembre 2025 ore 16:20, ora di Roma", "2025-11-14T15:20:00Z"),
            ("14 de noviembre de 2025 16:20 hora de Madrid", "2025-11-14T15:20:00Z"),
            ("Nov 14, 2025 16:20 UTC-05:00", "2025-11-14T21:20:00Z"),
            ("14 Nov 2025 16:20:00 (GMT+2)", "2025-11-14T14:20:00Z"),
            ("2025-11-14T16:20:00 Europe/Kiev", "2025-11-14T14:20:00Z"),
            ("2025-11-14T16:20:00 +0100 (CET)", "2025-11-14T15:20:00Z"),
            ("Fri Nov 14 16:20:00 CST 2025", "2025-11-14T22:20:00Z"),
            ("Fri Nov 14 16:20:00 Europe/Rome 2025", "2025-11-14T15:20:00Z"),
            ("16:20 CET, 14 November 2025", "2025-11-14T15:20:00Z"),
            ("14 listopada 2025, 16:20 (CET)", "2025-11-14T15:20:00Z"),
            ("2025-07-14 16:20 Asia/Tokyo", "2025-07-14T07:20:00Z"),
            ("July 14, 2025, 4:20 p.m. Mountain Standard Time", "2025-07-14T23:20:00Z"),
            ("14 July 2025 16:20 Irish time", "2025-07-14T15:20:00Z"),
            ("14 July 2025 16:20 local time", "2025-07-14T16:20:00Z"),
            ("14 July 2025 16:20 (3 min read)", "2025-07-14T16:20:00Z"),
            ("lundi 14 juillet 2025 à 16:20 [mise à jour]", "2025-07-14T16:20:00Z"),
        ] {
            let read = parse(given).map(|moment| moment.to_string());
            if read.as_deref() != Some(expected) {
                wrong.push(format!("{given}: {read:?} in place of {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn an_hour_that_summer_time_skips_or_repeats_is_read() {
        for (given, expected) in [
            ("30 March 2025 01:30 Europe/London", "2025-03-30T01:30:00Z"),
            ("26 October 2025 01:30 Europe/London", "2025-10-26T00:30:00Z"),
            ("9 March 2025 2:30 AM ET", "2025-03-09T07:30:00Z"),
        ] {
            assert_eq!(parse(given).unwrap().to_string(), expected, "{given}");
        }
    }
}
