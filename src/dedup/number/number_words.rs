//! The numbers that words write out, in the languages of the governments that are read.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use xxhash_rust::xxh3::xxh3_64;

use crate::tokenize::fold;

/// Numbers with the words for them, in all genders and in the cases that texts use.
///
/// `one` is left out: it is seldom a number. So are numbers that are common words elsewhere: Italian
/// `due` and `sei`, French `sept`, Spanish `once`, Danish `to` and `fire`, Swedish `sex`, Hungarian
/// `hat`, Czech `pet`, Turkish `on`, and `tres`, as French `très` folds to it.
const NUMBERS: &[(u32, &str)] = &[
    (
        2,
        "two zwei deux dos twee två dois duas dwa dwie dwóch dwoje dvě dve dvaja dvije dva два две двох две \
         двое doi două δύο iki kaksi kahden kettő två divi du اثنان اثنين اثنتان اثنتين שניים שתיים שתי",
    ),
    (
        3,
        "three drei trois tre drie trzy trzech troje tři tri traja три трьох трое trei τρεις τρία τριών kolme kolmen \
         három kolm trīs trys ثلاثة ثلاث שלושה שלוש",
    ),
    (
        4,
        "four vier quatre cuatro quattro fyra quatro cztery czterech čtyři čtyř štyri četiri štiri чотири чотирьох \
         четверо четыре четири patru τέσσερις τέσσερα τεσσάρων dört neljä négy neli četri keturi أربعة أربع \
         ארבעה ארבע",
    ),
    (
        5,
        "five fünf cinq cinco cinque vijf fem pięć pięciu пять пяти пʼять пятеро пет cinci πέντε beş viisi viiden öt viis pieci \
         penki خمسة خمس חמישה חמש",
    ),
    (
        6,
        "six sechs seis zes seks sześć sześciu šest šesť шість шести шесть шест șase έξι altı kuusi kuuden seši šeši ستة ست שישה שש",
    ),
    (
        7,
        "seven sieben siete sette zeven sju syv sete siedem siedmiu sedm sedem sedam сім семи семеро семь седам \
         седем șapte επτά εφτά yedi seitsemän hét seitse septiņi septyni سبعة سبع שבעה שבע",
    ),
    (
        8,
        "eight acht huit ocho otto åtta åtte otte oito osiem ośmiu osm osem osam вісім восьми восемь осам осем \
         opt οκτώ οχτώ sekiz kahdeksan nyolc kaheksa astoņi aštuoni ثمانية ثماني שמונה",
    ),
    (
        9,
        "nine neun neuf nueve nove negen nio dziewięć dziewięciu devět deväť devet девять девʼять девяти девет \
         nouă εννέα εννιά dokuz yhdeksän kilenc üheksa deviņi devyni تسعة تسع תשעה תשע",
    ),
    (
        10,
        "ten zehn dix diez dieci tien tio dez dziesięć dziesięciu deset desať desiatich десять десяти десет zece \
         δέκα kymmenen tíz kümme desmit dešimt عشرة עשרה עשר",
    ),
    (
        11,
        "eleven elf onze undici elva elleve jedenaście jedenastu jedenáct jedenásť jedanaest enajst одинадцять \
         одиннадцать единадесет једанаест unsprezece έντεκα yksitoista tizenegy üksteist vienpadsmit vienuolika",
    ),
    (
        12,
        "twelve zwölf douze doce dodici twaalf tolv doze dwanaście dwunastu dvanáct dvanásť dvanaest dvanajst \
         дванадцять двенадцать дванадесет дванаест douăsprezece doisprezece δώδεκα tizenkét tizenkettő kaksteist \
         divpadsmit dvylika",
    ),
    (
        13,
        "thirteen dreizehn treize trece tredici dertien tretton tretten treze trzynaście trzynastu třináct trinásť \
         trinaest trinajst тринадцять тринадцать тринадесет тринаест treisprezece δεκατρείς δεκατρία tizenhárom \
         kolmteist trīspadsmit trylika",
    ),
    (
        14,
        "fourteen vierzehn quatorze catorce quattordici veertien fjorton fjorten catorze czternaście czternastu \
         čtrnáct štrnásť četrnaest štirinajst чотирнадцять четырнадцать четиринадесет четрнаест paisprezece \
         δεκατέσσερις δεκατέσσερα tizennégy neliteist četrpadsmit keturiolika",
    ),
    (
        15,
        "fifteen fünfzehn quinze quindici vijftien femton femten piętnaście piętnastu patnáct pätnásť petnaest \
         petnajst пʼятнадцять пятнадцать петнадесет петнаест cincisprezece δεκαπέντε tizenöt viisteist \
         piecpadsmit penkiolika",
    ),
    (
        16,
        "sixteen sechzehn seize dieciséis sedici zestien sexton seksten dezasseis dezesseis szesnaście szesnastu \
         šestnáct šestnásť šesnaest šestnajst шістнадцять шестнадцать шестнадесет шеснаест șaisprezece δεκαέξι \
         tizenhat kuusteist sešpadsmit šešiolika",
    ),
    (
        17,
        "seventeen siebzehn diecisiete diciassette zeventien sjutton sytten dezassete dezessete siedemnaście \
         siedemnastu sedmnáct sedemnásť sedamnaest sedemnajst сімнадцять семнадцать седемнадесет седамнаест \
         șaptesprezece δεκαεπτά tizenhét seitseteist septiņpadsmit septyniolika",
    ),
    (
        18,
        "eighteen achtzehn dieciocho diciotto achttien arton atten dezoito osiemnaście osiemnastu osmnáct \
         osemnásť osamnaest osemnajst вісімнадцять восемнадцать осемнадесет осамнаест optsprezece δεκαοκτώ \
         tizennyolc kaheksateist astoņpadsmit aštuoniolika",
    ),
    (
        19,
        "nineteen neunzehn diecinueve diciannove negentien nitton nitten dezanove dezenove dziewiętnaście \
         dziewiętnastu devatenáct devätnásť devetnaest devetnajst девʼятнадцять девятнадцать деветнадесет \
         деветнаест nouăsprezece δεκαεννέα tizenkilenc üheksateist deviņpadsmit devyniolika",
    ),
    (
        20,
        "twenty zwanzig vingt veinte venti twintig tjugo tyve tjue vinte dwadzieścia dwudziestu dvacet dvadsať \
         dvadeset двадцять двадцати двадцятьма двадцать двадесет douăzeci είκοσι yirmi húsz kakskümmend divdesmit dvidešimt \
         عشرون عشرين עשרים",
    ),
    (
        30,
        "thirty dreißig trente treinta trenta dertig trettio tredive tretti trinta trzydzieści trzydziestu třicet \
         tridsať trideset тридцять тридцати тридцятьма тридцать тридесет treizeci τριάντα otuz harminc kolmkümmend \
         trīsdesmit trisdešimt ثلاثون ثلاثين שלושים",
    ),
    (
        40,
        "forty vierzig quarante cuarenta quaranta veertig fyrtio fyrre førti quarenta czterdzieści czterdziestu \
         čtyřicet štyridsať četrdeset štirideset сорок сорока четиридесет четрдесет patruzeci σαράντα kırk negyven \
         nelikümmend četrdesmit keturiasdešimt أربعون أربعين ארבעים",
    ),
    (
        50,
        "fifty fünfzig cinquante cincuenta cinquanta vijftig femtio halvtreds femti cinquenta pięćdziesiąt \
         pięćdziesięciu padesát päťdesiat pedeset petdeset пʼятдесят пятьдесят петдесет cincizeci πενήντα elli \
         ötven viiskümmend piecdesmit penkiasdešimt خمسون خمسين חמישים",
    ),
    (
        60,
        "sixty sechzig soixante sesenta sessanta zestig sextio seksti sessenta sześćdziesiąt sześćdziesięciu \
         šedesát šesťdesiat šezdeset šestdeset шістдесят шестьдесят шестдесет șaizeci εξήντα altmış hatvan \
         kuuskümmend sešdesmit šešiasdešimt ستون ستين שישים",
    ),
    (
        70,
        "seventy siebzig setenta settanta zeventig sjuttio halvfjerds sytti siedemdziesiąt siedemdziesięciu \
         sedmdesát sedemdesiat sedamdeset sedemdeset сімдесят семьдесят седемдесет șaptezeci εβδομήντα yetmiş \
         hetven seitsekümmend septiņdesmit septyniasdešimt سبعون سبعين שבעים",
    ),
    (
        80,
        "eighty achtzig ochenta ottanta tachtig åttio firs åtti oitenta osiemdziesiąt osiemdziesięciu osmdesát \
         osemdesiat osamdeset osemdeset вісімдесят восемьдесят осемдесет optzeci ογδόντα seksen nyolcvan \
         kaheksakümmend astoņdesmit aštuoniasdešimt ثمانون ثمانين שמונים",
    ),
    (
        90,
        "ninety neunzig noventa novanta negentig nittio halvfems nitti dziewięćdziesiąt dziewięćdziesięciu \
         devadesát deväťdesiat devedeset devetdeset девʼяносто девяносто деветдесет nouăzeci ενενήντα doksan \
         kilencven üheksakümmend deviņdesmit devyniasdešimt تسعون تسعين תשעים",
    ),
    (
        100,
        "hundred hundert honderd hundra hundrede hundre cien cem сто εκατό yüz sata száz simts šimtas مئة مائة מאה",
    ),
    (
        200,
        "zweihundert dwieście doscientos doscientas duecento duzentos двісті двести مئتان مئتين מאתיים",
    ),
    (300, "dreihundert trzysta trescientos trescientas trecento trezentos триста"),
];

/// Numbers below ten from one on, and the tens from twenty on, of languages that write both as one
/// word; the word between them, and whether the tens come first.
const COMPOUNDS: &[([&str; 9], &str, [&str; 8], bool)] = &[
    (
        ["ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"],
        "und",
        ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"],
        false,
    ),
    (
        ["een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen"],
        "en",
        ["twintig", "dertig", "veertig", "vijftig", "zestig", "zeventig", "tachtig", "negentig"],
        false,
    ),
    (
        ["en", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni"],
        "og",
        ["tyve", "tredive", "fyrre", "halvtreds", "tres", "halvfjerds", "firs", "halvfems"],
        false,
    ),
    (
        ["ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio"],
        "",
        ["tjugo", "trettio", "fyrtio", "femtio", "sextio", "sjuttio", "åttio", "nittio"],
        true,
    ),
    (
        ["en", "to", "tre", "fire", "fem", "seks", "sju", "åtte", "ni"],
        "",
        ["tjue", "tretti", "førti", "femti", "seksti", "sytti", "åtti", "nitti"],
        true,
    ),
    (
        ["uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"],
        "",
        ["venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta"],
        true,
    ),
    (
        ["uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
        "",
        ["veinti", "treintai", "", "", "", "", "", ""],
        true,
    ),
    (
        ["egy", "kettő", "három", "négy", "öt", "hat", "hét", "nyolc", "kilenc"],
        "",
        ["huszon", "harminc", "negyven", "ötven", "hatvan", "hetven", "nyolcvan", "kilencven"],
        true,
    ),
];

/// Finnish numbers below ten, from two on.
const FINNISH: [&str; 8] =
    ["kaksi", "kolme", "neljä", "viisi", "kuusi", "seitsemän", "kahdeksan", "yhdeksän"];

static WORDS: LazyLock<HashMap<u64, u32, RandomState>> = LazyLock::new(|| {
    let mut words = HashMap::default();
    let mut add = |stated: &str, number: u32| {
        let stated = stated.replace('ʼ', "");
        let mut form = String::new();
        fold(&stated, &mut form);
        words.entry(xxh3_64(form.as_bytes())).or_insert(number);
    };
    for (number, row) in NUMBERS {
        row.split_whitespace().for_each(|stated| add(stated, *number));
    }
    for (units, between, tens, tens_first) in COMPOUNDS {
        for (ten, tens) in (2..).zip(tens).filter(|(_, tens)| !tens.is_empty()) {
            for (unit, units) in (1..).zip(units) {
                let number = ten * 10 + unit;
                if !tens_first {
                    add(&format!("{units}{between}{tens}"), number);
                    continue;
                }
                add(&format!("{tens}{units}"), number);
                // Italian: `ventuno`, `trentotto`.
                if units.starts_with(['u', 'o']) && tens.ends_with(['i', 'a']) {
                    add(&format!("{}{units}", &tens[..tens.len() - 1]), number);
                }
            }
        }
    }
    for (unit, units) in (2..).zip(FINNISH) {
        add(&format!("{units}toista"), 10 + unit);
        add(&format!("{units}kymmentä"), unit * 10);
        for (more, units_behind) in (2..).zip(FINNISH) {
            add(&format!("{units}kymmentä{units_behind}"), unit * 10 + more);
        }
    }
    words
});

/// The number that a folded word writes out.
pub(in crate::dedup) fn spelt_number(word: &str) -> Option<u32> {
    WORDS.get(&xxh3_64(word.as_bytes())).copied()
}

/// The number of a word in Roman numerals up to 39, more than one of them: single letters and `C`, `D`, `L` and `M`
/// stand for other things as often.
pub(in crate::dedup) fn roman_number(stated: &str) -> Option<usize> {
    const UNITS: [&str; 10] = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
    let tens = stated.bytes().take_while(|byte| *byte == b'X').count();
    let units = UNITS.iter().position(|units| *units == &stated[tens..])?;
    (stated.len() > 1 && tens <= 3).then_some(10 * tens + units)
}

/// Whether a folded word behind the tens is one.
pub(super) fn is_one(word: &str) -> bool {
    matches!(
        word,
        "one" | "un" | "une" | "jeden" | "jedna" | "один" | "одна" | "ενα" | "bir" | "unu"
    )
}

/// Whether a folded word behind a number stands for thousands.
pub(super) fn is_thousand(word: &str) -> bool {
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
            | "tisice"
            | "tys"
            | "tysiecy"
            | "tysiace"
            | "tisuca"
            | "tisuce"
            | "hiljada"
            | "hiljade"
            | "tisoc"
            | "tisuc"
            | "mije"
            | "mii"
            | "тисяч"
            | "тисячі"
            | "тысяч"
            | "тысячи"
            | "тис"
            | "тыс"
            | "хиляди"
            | "хиљада"
            | "хиљаде"
            | "илјади"
            | "χιλιαδες"
            | "bin"
            | "tuhatta"
            | "ezer"
            | "tuhat"
            | "tukstosiu"
            | "tukstosi"
    )
}

/// Whether a folded word behind a number below ten stands for hundreds.
pub(super) fn is_hundred(word: &str) -> bool {
    matches!(
        word,
        "cent" | "cents" | "hundred" | "hundra" | "hundre" | "hundrede" | "honderd" | "yuz"
    )
}

/// The number that Chinese and Japanese numerals write: `四十一` is 41, `二〇二六` is 2026.
pub(super) fn han_number(numerals: &str) -> Option<u64> {
    let digit = |numeral: char| "〇一二三四五六七八九".chars().position(|known| known == numeral);
    let power = |numeral: char| match numeral {
        '十' => Some(10),
        '百' => Some(100),
        '千' => Some(1000),
        _ => None,
    };
    let is_by_place = numerals.chars().all(|numeral| power(numeral).is_none());
    let (mut sum, mut last) = (0_u64, None);
    for numeral in numerals.chars() {
        let numeral = if numeral == '零' { '〇' } else { numeral };
        match (digit(numeral), power(numeral)) {
            (Some(digit), _) if is_by_place => {
                sum = sum.checked_mul(10)?.checked_add(digit as u64)?
            }
            (Some(digit), _) => last = Some(digit as u64),
            (None, Some(power)) => sum = sum.checked_add(last.take().unwrap_or(1) * power)?,
            (None, None) => return None,
        }
    }
    Some(sum + last.unwrap_or(0))
}

/// Whether a character is a numeral that texts write numbers with. Of those for one, for a hundred and for
/// a thousand, a single one is mostly part of another word.
pub(super) fn is_han_numeral(character: char) -> bool {
    "〇零一二三四五六七八九十百千".contains(character)
}

/// Whether a single numeral is a number by itself.
pub(super) fn is_number_alone(numeral: char) -> bool {
    !"〇零一百千".contains(numeral)
}
