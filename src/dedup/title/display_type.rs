//! Recognises display types and the numbers of files, which head a title and say nothing of what it
//! announces: "Press release", "Comunicato stampa n. 112", "IP/26/2811".

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Title;
use super::normalise::{is_code, is_digits};
use crate::dedup::rarity::is_stop;

/// Whether all words of a part are those of a display type, its number included: "Press release
/// 14/26", "Comunicato stampa n. 112".
pub(super) fn is_display_type(words: &[String]) -> bool {
    let is_small = |word: &str| word.chars().count() <= 3 || is_stop(word);
    const BESIDE: &[&str] = &["notice", "statement", "bulletin", "information", "note"];
    let belongs = |word: &String| {
        is_of_display_type(word)
            || BESIDE.contains(&&**word)
            || MARKERS.contains(&&**word)
            || is_digits(word)
            || is_small(word)
    };
    DISPLAY_TYPES_IN_WHOLE.contains(words.join(" ").as_str())
        || words.iter().any(|word| is_of_display_type(word)) && words.iter().all(belongs)
}

/// Display types of which no word is one alone, as they are written.
const WRITTEN_DISPLAY_TYPES: &[&str] = &[
    "보도자료",
    "보도 자료",
    "종합",
    "プレスリリース",
    "報道発表",
    "報道発表資料",
    "新闻稿",
    "新聞稿",
    "新闻发布",
    "ข่าวประชาสัมพันธ์",
    "ข่าวแจก",
    "Thông cáo báo chí",
    "Thông tin báo chí",
    "Siaran Pers",
    "Kenyataan Media",
    "Siaran Media",
    "प्रेस विज्ञप्ति",
    "प्रेस नोट",
    "प्रसिद्धी पत्रक",
    "Taarifa kwa vyombo vya habari",
    "Taarifa kwa umma",
    "اطلاعیه مطبوعاتی",
    "اطلاعیه",
    "پریس ریلیز",
    "پرېس نوټ",
    "პრესრელიზი",
    "პრეს-რელიზი",
    "Մամուլի հաղորդագրություն",
    "Fréttatilkynning",
    "Frétt",
    "Njoftim për shtyp",
    "Njoftim për media",
    "Соопштение",
    "Соопштение за јавност",
    "Stqarrija għall-istampa",
    "Press-reliz",
    "Mətbuat xəbəri",
    "প্রেস বিজ্ঞপ্তি",
    "সংবাদ বিজ্ঞপ্তি",
    "செய்திக் குறிப்பு",
    "செய்தி வெளியீடு",
    "పత్రికా ప్రకటన",
    "ಪತ್ರಿಕಾ ಪ್ರಕಟಣೆ",
    "പത്രക്കുറിപ്പ്",
    "ප්‍රවෘත්ති නිවේදනය",
    "မီဒီယာသတင်း",
    "សេចក្តីប្រកាសព័ត៌មាន",
    "Хэвлэлийн мэдээ",
    "Баспасөз хабарламасы",
    "Баспасөз релизі",
    "Matbuot xabari",
    "ጋዜጣዊ መግለጫ",
    "Pahayag sa media",
    "New",
    "Breaking",
    "Updated",
    "Actualizado",
    "Actualizada",
    "Atualizado",
    "Aggiornato",
    "Mis à jour",
    "Aktualisiert",
    "Bijgewerkt",
    "Uppdaterad",
    "Oppdatert",
    "Opdateret",
    "Päivitetty",
    "Frissítve",
    "Zaktualizowano",
    "Aktualizováno",
    "Ažurirano",
    "Actualizat",
    "Güncellendi",
    "Uuendatud",
    "Atjaunots",
    "Atnaujinta",
    "Ενημερώθηκε",
    "Обновлено",
    "Оновлено",
    "Обновена",
    "Đã cập nhật",
    "Noticia",
    "Notícia",
    "Notizia",
    "Actualité",
    "Actualités",
    "Nyhet",
    "Nyhed",
    "Nieuws",
    "Uutinen",
    "Hír",
    "Hírek",
    "Știre",
    "Știri",
    "Zpráva",
    "Vijest",
    "Novica",
    "Haber",
    "Naujiena",
    "Naujienos",
    "Ziņa",
    "Ziņas",
    "Uudis",
    "Uudised",
    "Новость",
    "Новости",
    "Новина",
    "Новини",
    "Вест",
    "Νέα",
    "Lajm",
    "Habari",
    "Tin tức",
];

/// These, folded and one space between their words.
static DISPLAY_TYPES_IN_WHOLE: LazyLock<HashSet<String>> = LazyLock::new(|| {
    WRITTEN_DISPLAY_TYPES.iter().map(|written| Title::words_of(written).join(" ")).collect()
});

/// Whether a folded word is one of those by which offices call what they publish.
#[rustfmt::skip]
pub(super) fn is_of_display_type(word: &str) -> bool {
    matches!(
        word,
        "press" | "release" | "media" | "news" | "communique" | "presse" | "advisory"
            | "pressinformation" | "sdeleni" | "pressemitteilung" | "pressemitteilungen" | "presseinformation" | "presseinfo"
            | "medienmitteilung" | "medieninformation" | "presseaussendung" | "pressemeldung"
            | "pressemelding" | "pressemeddelelse" | "pressmeddelande" | "persbericht"
            | "nieuwsbericht" | "pm" | "comunicato" | "stampa" | "comunicado" | "prensa" | "nota"
            | "imprensa" | "comunicat" | "presa" | "premsa" | "komunikat" | "prasowy" | "prasowa"
            | "informacja" | "tiskova" | "zprava" | "tlacova" | "sprava" | "sporocilo" | "javnost"
            | "priopcenje" | "saopstenje" | "medije" | "sajtokozlemeny" | "kozlemeny" | "tiedote"
            | "lehdistotiedote" | "mediatiedote" | "pressiteade" | "preses" | "relize"
            | "pranesimas" | "spaudai" | "basin" | "aciklamasi" | "bulteni" | "duyurusu"
            | "datganiad" | "wasg" | "newyddion" | "preasraiteas" | "prentsa" | "oharra"
            | "прес" | "реліз" | "пресс" | "релиз" | "пресреліз" | "прессрелиз" | "прессъобщение"
            | "съобщение" | "саопштење" | "δελτιο" | "τυπου" | "ανακοινωση" | "بيان" | "صحفي"
            | "הודעה" | "לעיתונות" | "embargo" | "embargoed" | "sperrfrist" | "embargado" | "pdf" | "pr"
    )
}

/// Words before the number of a file.
#[rustfmt::skip]
pub(super) const MARKERS: &[&str] = &[
    "no", "nr", "num", "numero", "nummer", "number", "numer", "cislo", "broj", "sayi", "ref",
    "reference", "expediente", "exp", "aktenzeichen", "az", "sygn", "case", "file", "docket",
    "zaak", "sak",
];

/// Whether words are the number of a file: with its year, as in `No. 41/2026`, or behind the letters
/// of its series, as in `IP/26/2811`.
pub(super) fn is_file_number(label: &[String]) -> bool {
    let is_year = |word: &str| word.len() == 4 && matches!(word.parse(), Ok(1950..=2100));
    let is_number = |two: &[String]| {
        is_digits(&two[0]) && is_digits(&two[1]) && two.iter().any(|word| is_year(word))
    };
    let is_marked = label.len() <= 5
        && label.iter().any(|word| MARKERS.contains(&word.as_str()))
        && label.windows(2).any(is_number);
    is_marked || is_code(label)
}
