//! The words for months, weekdays and days beside today, in the languages of the governments that are read.
//!
//! A capital shows these words in English and German alone.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use xxhash_rust::xxh3::xxh3_64;

use crate::tokenize::fold;

/// A word of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CalendarWord {
    /// A month, from January on; above twelve by a number that tells it from the others of its language.
    Month(u8),
    /// The same of a word that has another meaning, too: a month only behind a number.
    PerhapsMonth(u8),
    /// A weekday from Monday on.
    Weekday(u8),
    /// Today, yesterday, tomorrow.
    RelativeDay,
}

/// Names of the months from January on. Those with a star are stems.
const MONTHS: [&str; 12] = [
    "january januar janvier enero gennaio janeiro januari ianuarie gener ledna leden tammikuu* \
     styczeń stycznia styczniu január januára siječanj siječnja siječnju januarja январь января январе \
     януари јануар јануара јануари січень січня січні ιανουάριος ιανουαρίου ιανουάριο januára janúar \
     jaanuar* janvāris janvārī janvāra sausio sausis janar január*",
    "february februar février febrero febbraio fevereiro februari februarie febrer xaneiro február \
     februára únor února únoru helmikuu* luty lutego lutym veljača veljače veljači februarja февраль февраля \
     феврале февруари фебруар фебруара лютого φεβρουάριος φεβρουαρίου φεβρουάριο febrúar február* veebruar* \
     februāris februārī februāra vasario vasaris şubat shkurt februari",
    "marzo märz martie març maart maaliskuu* marzec marca marcu březen března březnu marec ožujak \
     ožujka ožujku марта марте березень березня березні μάρτιος μαρτίου μάρτιο märts* martā március* kovas",
    "april avril abril aprile aprilie huhtikuu* kwiecień kwietnia kwietniu duben dubna dubnu apríl apríla \
     travanj travnja travnju апрель апреля апреле април априла квітень квітня квітні απρίλιος απριλίου \
     απρίλιο aprill* aprīlis aprīlī aprīļa balandžio balandis április* nisan prill",
    "mayo maggio maio maig toukokuu* květen května květnu máj mája svibanj svibnja svibnju травень травня \
     травні μάιος μαΐου maijs maijā maija gegužės gegužė május* mayıs maja maju",
    "june junio giugno junho iunie juny juin kesäkuu* czerwiec czerwca czerwcu června červnu jún júna lipanj \
     lipnja lipnju июнь июня июне юни јун јуна јуни червень червня червні ιούνιος ιουνίου ιούνιο juuni \
     juunis jūnijs jūnijā jūnija birželio birželis június* haziran qershor juni",
    "july julio luglio julho iulie juliol juillet heinäkuu* lipiec lipca lipcu červenec července červenci júl \
     júla srpanj srpnja srpnju июль июля июле юли јули јула липень липня липні ιούλιος ιουλίου ιούλιο \
     juuli juulis jūlijs jūlijā jūlija liepos július* temmuz korrik juli",
    "august août agosto augusti augustus agost elokuu* sierpień sierpnia sierpniu srpen srpna srpnu augusta \
     kolovoz kolovoza kolovozu avgust avgusta август августа августе серпень серпня серпні αύγουστος \
     αυγούστου αύγουστο augustis augusts augustā rugpjūčio rugpjūtis augusztus* ağustos gusht ágúst",
    "september septembre septiembre settembre setembro septembrie setembre syyskuu* wrzesień września wrześniu \
     září septembra rujan rujna rujnu septembar септембар септембра сентябрь сентября сентябре септември \
     вересень вересня вересні σεπτέμβριος σεπτεμβρίου σεπτέμβριο septembri* septembris septembrī rugsėjo \
     szeptember* eylül shtator",
    "october oktober octobre octubre ottobre outubro octombrie lokakuu* październik października październiku \
     říjen října říjnu október októbra oktobra oktobar октобар октобра октябрь октября октябре октомври \
     жовтень жовтня жовтні οκτώβριος οκτωβρίου οκτώβριο október* oktoober oktoobri* oktobris oktobrī spalio tetor",
    "november novembre noviembre novembro noiembrie marraskuu* novembra novembar новембар новембра ноябрь ноября ноябре ноември листопад листопада листопаді \
     νοέμβριος νοεμβρίου νοέμβριο november* novembri* novembris novembrī lapkričio nëntor nóvember",
    "december dezember décembre diciembre dicembre dezembro decembrie desembre desember joulukuu* grudzień \
     grudnia grudniu prosinec prosince prosinci prosinac prosinca prosincu decembra decembar децембар \
     децембра декабрь декабря декабре декември грудень грудня грудні δεκέμβριος δεκεμβρίου δεκέμβριο \
     december* detsember detsembri* decembris decembrī gruodžio dhjetor",
];

/// The Polish and Czech November, which is the Croatian October, and the Croatian November: of the two no
/// number is known, but that they differ.
const OF_NO_NUMBER: [(u8, &str); 2] = [
    (13, "listopad listopada listopadzie listopadu listopadem"),
    (14, "studeni studenog studenoga studenom"),
];

/// Names and short forms of months that mean something else as well.
const PERHAPS_MONTHS: [&str; 12] = [
    "jan ocak",
    "feb fev",
    "mar march março mars marts mart március mart kovo март",
    "apr avr abr",
    "may mai mei maj május май мај мая",
    "jun červen",
    "jul liepa",
    "aug août ago",
    "sep sept set",
    "oct okt ott out ekim",
    "nov kasım",
    "dec dez dic aralık",
];

/// Names of the weekdays from Monday on. Those with a star are stems.
const WEEKDAYS: [&str; 7] = [
    "monday montag lundi lunes lunedì luni dilluns luns maandag måndag måndagen mandag mandagen maanantai* \
     poniedziałek poniedziałku pondělí pondelok pondelka ponedjeljak ponedjeljka ponedeljak ponedeljka \
     ponedeljek понедельник понедельника понеділок понеділка понеделник понедељак понедељка δευτέρα hétfő* \
     esmaspäev* pirmdien* pirmadien* pazartesi hënë hënën astelehen* mánudag*",
    "tuesday dienstag mardi martes martedì marți dimarts dinsdag tisdag tisdagen tirsdag tirsdagen tiistai* \
     wtorek wtorku úterý utorok utorka utorak torek вторник вторника вівторок вівторка уторак kedd* \
     teisipäev* τρίτη otrdien* antradien* marte martën astearte* þriðjudag*",
    "wednesday mittwoch mercredi miércoles mercoledì miercuri dimecres mércores woensdag onsdag onsdagen \
     keskiviikko* środa środę środy středa středu středy streda stredu srijeda srijedu sreda sredu среда \
     среду середа середу середи сряда szerda* τετάρτη kolmapäev* trešdien* trečiadien* çarşamba mërkurë mërkurën \
     asteazken* miðvikudag*",
    "thursday donnerstag jeudi jueves giovedì joi dijous xoves donderdag torsdag torsdagen torstai* czwartek \
     czwartku čtvrtek čtvrtka štvrtok štvrtka četvrtak četvrtka četrtek четверг четверга четвер четвъртък \
     четврток четвртак csütörtök* πέμπτη neljapäev* ceturtdien* ketvirtadien* perşembe enjte enjten ostegun* \
     fimmtudag*",
    "friday freitag vendredi viernes venerdì vineri divendres venres vrijdag fredag fredagen perjantai* piątek \
     piątku pátek pátku piatok piatka petak petka petek пятница пятницу пятницы пятницю пятниці петък петок \
     петак péntek* παρασκευή reede* piektdien* penktadien* premte premten ostiral* föstudag*",
    "saturday samstag sonnabend samedi sábado sabato sâmbătă dissabte zaterdag lördag lördagen lørdag lørdagen \
     lauantai* sobota sobotę soboty sobotu subota subotu суббота субботу субботы субота суботу събота сабота \
     szombat* σάββατο laupäev* sestdien* šeštadien* cumartesi shtunë shtunën larunbat* laugardag*",
    "sunday sonntag dimanche domingo domenica duminică diumenge zondag söndag söndagen søndag søndagen \
     sunnuntai* niedziela niedzielę niedzieli neděle neděli nedeľa nedeľu nedjelja nedjelju nedelja nedelju \
     воскресенье воскресенья неділя неділю неділі неделя недела недеља недељу vasárnap* κυριακή pühapäev* svētdien* \
     sekmadien* diel dielën igande* sunnudag*",
];

/// Words for today and the days around it, in scripts without capitals: elsewhere they are small.
const RELATIVE_DAYS: &str = "اليوم أمس غدا الليلة היום אתמול מחר הלילה 오늘 어제 내일 आज कल";

/// Endings of the stems.
const ENDINGS: &str = "a ā an ban ben e ek em en i ia iga in ī ja je k kor lla lle na n ne ni nin nie on op \
                       s sel ssa ssä sta stä ta tą te tol tól tol től től u un ur us ü ül y";

static WORDS: LazyLock<HashMap<u64, CalendarWord, RandomState>> = LazyLock::new(|| {
    let mut words = HashMap::default();
    let mut add = |stated: &str, word: CalendarWord| {
        let endings = if stated.ends_with('*') { ENDINGS } else { "" };
        for ending in endings.split_whitespace().chain([""]) {
            let mut form = String::new();
            fold(&format!("{}{ending}", stated.trim_end_matches('*')), &mut form);
            words.entry(xxh3_64(form.as_bytes())).or_insert(word);
        }
    };
    for (month, (names, perhaps)) in (1..).zip(MONTHS.iter().zip(PERHAPS_MONTHS)) {
        names.split_whitespace().for_each(|stated| add(stated, CalendarWord::Month(month)));
        perhaps
            .split_whitespace()
            .for_each(|stated| add(stated, CalendarWord::PerhapsMonth(month)));
    }
    for (day, names) in (1..).zip(WEEKDAYS) {
        names.split_whitespace().for_each(|stated| add(stated, CalendarWord::Weekday(day)));
    }
    for (number, names) in OF_NO_NUMBER {
        names.split_whitespace().for_each(|stated| add(stated, CalendarWord::Month(number)));
    }
    RELATIVE_DAYS.split_whitespace().for_each(|stated| add(stated, CalendarWord::RelativeDay));
    words
});

/// The meaning of a folded word in the calendar, by its hash.
pub(super) fn calendar_word(hash: u64) -> Option<CalendarWord> {
    WORDS.get(&hash).copied()
}

/// The month that a folded word names, from January on, and whether it says nothing else. Short names
/// that are common English words count for none.
pub(super) fn month(word: &str) -> Option<(u8, bool)> {
    match calendar_word(xxh3_64(word.as_bytes()))? {
        CalendarWord::Month(month) => Some((month, true)),
        CalendarWord::PerhapsMonth(month) => Some((month, false)),
        CalendarWord::Weekday(_) | CalendarWord::RelativeDay => None,
    }
    .filter(|(month, _)| *month <= 12 && !matches!(word, "out" | "set" | "ago"))
}

/// The English name of a month, by which it is written in whatever language.
pub(super) fn english_month(month: u8) -> Option<&'static str> {
    match month {
        3 => Some("march"),
        5 => Some("may"),
        _ => MONTHS.get(usize::from(month).checked_sub(1)?)?.split_whitespace().next(),
    }
}

/// The weekday that a Chinese or Japanese character names: behind 周, 星期 and 礼拜, or before 曜.
pub(super) fn weekday_of_character(character: char) -> Option<u8> {
    let rows = ["一月", "二火", "三水", "四木", "五金", "六土", "日天"];
    let at = rows.iter().position(|row| row.contains(character))?;
    u8::try_from(at + 1).ok()
}

/// Whether two characters together are a day beside today.
pub(super) fn is_relative_day(first: char, second: char) -> bool {
    matches!(first, '本' | '今' | '昨' | '明' | '同' | '当' | '當' | '翌')
        && matches!(second, '日' | '天' | '晚' | '月' | '年')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(word: &str) -> Option<CalendarWord> {
        let mut form = String::new();
        fold(word, &mut form);
        calendar_word(xxh3_64(form.as_bytes()))
    }

    #[test]
    fn months_and_weekdays_are_read_in_every_language_and_other_words_are_not() {
        for (one, other) in [
            ("settembre", "ottobre"),
            ("stycznia", "lutego"),
            ("березня", "квітня"),
            ("listopada", "studenoga"),
            ("ledna", "února"),
            ("heinäkuussa", "elokuussa"),
            ("szeptemberben", "júniusban"),
            ("jeudi", "mardi"),
            ("wtorek", "środę"),
            ("perjantaina", "lauantaina"),
            ("csütörtökön", "pénteken"),
            ("trešdien", "ceturtdien"),
            ("Παρασκευή", "Κυριακή"),
            ("пятницу", "субботу"),
        ] {
            let (first, second) = (read(one), read(other));
            assert!(first.is_some() && second.is_some(), "{one} {first:?}, {other} {second:?}");
            assert_ne!(first, second, "{one}, {other}");
            let kind = |word: Option<CalendarWord>| word.map(|word| std::mem::discriminant(&word));
            assert_eq!(kind(first), kind(second), "{one}, {other}");
        }
        assert_eq!(read("stycznia"), read("styczeń"));
        for word in ["the", "marine", "main", "maintain", "august*", "Marco", "Julian", "sat"] {
            let read = read(word);
            assert!(
                !matches!(read, Some(CalendarWord::Month(_) | CalendarWord::Weekday(_))),
                "{word}"
            );
        }
    }
}
