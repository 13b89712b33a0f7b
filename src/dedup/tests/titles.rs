//! Titles without texts: which of two join, in many languages.

use super::*;

/// Whether an entry of a department and one of a syndicator, six hours later, with these titles end in
/// one story. The order in which they are read changes nothing.
fn join(language: &str, first: &str, second: &str) -> bool {
    let read = |is_copy_first: bool| {
        let mut desk = Desk::new();
        let stated = |source: &str, title: &str, date: &str| Entry {
            language: (!language.is_empty()).then(|| language.to_owned()),
            published: Some(at(date)),
            ..updated(entry(source, title, &format!("https://{source}.example/n/1"), title), date)
        };
        let original = stated("fcdo", first, "2025-04-02T06:00:00Z");
        let copy = stated("mirror", second, "2025-04-02T12:00:00Z");
        let entries = if is_copy_first { [copy, original] } else { [original, copy] };
        for entry in &entries {
            desk.read(std::slice::from_ref(entry));
        }
        desk.known.stories.len() == 1
    };
    let joins = read(false);
    assert_eq!(read(true), joins, "{first} / {second}");
    joins
}

#[test]
fn everyday_words_alone_join_no_two_announcements_in_any_language() {
    for (language, title) in [
        ("da", "Ny direktør udnævnt"),
        ("hu", "Új vezérigazgatót neveztek ki"),
        ("ko", "기간제 근로자 채용 공고"),
        ("sw", "Uteuzi wa mkurugenzi mpya"),
        ("vi", "Thông báo tuyển dụng viên chức"),
        ("he", "הודעה על הפסקת מים"),
        ("ar", "تعيين مدير عام جديد"),
        ("el", "Πρόσκληση σε συνέντευξη Τύπου"),
        ("hi", "नए निदेशक की नियुक्ति"),
        ("pt", "Aviso de interrupção do fornecimento de água"),
        ("fr", "Fermeture exceptionnelle des bureaux"),
        ("ru", "Повестка дня на 2 апреля 2025 года"),
        ("de", "Pressemitteilung Nr. 41/2025"),
        ("zh", "公告〔2025〕41号"),
        ("zh", "关于公开招聘工作人员的公告"),
        ("ja", "大臣会見概要（令和7年4月2日）"),
        ("ko", "정례브리핑 (4월 2일)"),
        ("en", "Planned maintenance of online services"),
        ("en", "Order of business for Wednesday 2 April 2025"),
        // A document that states English by default.
        ("en-US", "Imenovan novi generalni direktor"),
        ("", "Pelantikan ketua pengarah baharu"),
        ("", "Повикана е управна седница"),
        ("eu", "Zuzendari berria izendatu dute"),
        ("ur", "نئے ڈائریکٹر کی تقرری"),
    ] {
        assert!(!join(language, title, title), "{title}");
    }
}

#[test]
fn names_and_many_words_join_copies_in_any_language() {
    for (language, title) in [
        ("da", "Vandafbrydelse i Skagen efter brud på hovedledning"),
        ("hu", "Újra megnyílt a tiszafüredi komphíd a teherautók előtt"),
        ("ko", "가덕도 습지 복원 사업 착공"),
        ("vi", "Khánh thành cầu Vân Hồ trên sông Mã"),
        ("ar", "وزارة النقل تغلق جسر الجادرية أمام الشاحنات"),
        ("de", "Stadt sperrt Brücke in Ketzin nach Schäden an Pfeilern"),
        ("zh", "鼓楼南侧历史建筑修缮工程竣工"),
        ("ja", "青谷漁港の護岸工事が完了"),
        ("en", "Harbourmaster dismissed over dredging contract"),
        ("ru", "Вновь открыт Рокский тоннель"),
    ] {
        assert!(join(language, title, title), "{title}");
    }
}

#[test]
fn a_word_more_is_a_difference() {
    for (one, other) in [
        (
            "Ambassador to Sudan appointed special envoy",
            "Ambassador to South Sudan appointed special envoy",
        ),
        (
            "Congo ceasefire monitoring mission extended",
            "DR Congo ceasefire monitoring mission extended",
        ),
        ("Missing person: Angus Moar, Crail", "Missing person found: Angus Moar, Crail"),
        ("Vermist: Anneke Bos uit Ketelhaven", "Vermist: Anneke Bos uit Ketelhaven (terecht)"),
        (
            "Hepatitis A outbreak at Crail primary schools",
            "Hepatitis B outbreak at Crail primary schools",
        ),
        (
            "Tram line A suspended between Crail and Largo",
            "Tram line D suspended between Crail and Largo",
        ),
        (
            "Article 12 bis du code forestier : projet soumis à consultation",
            "Article 12 ter du code forestier : projet soumis à consultation",
        ),
        (
            "Wasser in Frankfurt abkochen: Keime im Netz",
            "Wasser in Frankfurt (Oder) abkochen: Keime im Netz",
        ),
        (
            "La embajada en Sudán evacúa a su personal",
            "La embajada en Sudán del Sur evacúa a su personal",
        ),
        ("鈴木外務大臣とオラニア大統領との会談", "鈴木外務副大臣とオラニア大統領との会談"),
        (
            "Министр иностранных дел встретился с президентом Орании",
            "Заместитель министра иностранных дел встретился с президентом Орании",
        ),
        (
            "Crail councillor charged over harbour fund",
            "Former Crail councillor charged over harbour fund",
        ),
        (
            "Tender for supply of laptops to Crail schools",
            "Re-tender for supply of laptops to Crail schools",
        ),
        // Negations that nobody listed.
        (
            "Pemerintah menaikkan tarif penyeberangan Merak Bakauheni",
            "Pemerintah tidak menaikkan tarif penyeberangan Merak Bakauheni",
        ),
        (
            "Bộ Y tế thu hồi thuốc ho Bảo Thanh trên toàn quốc",
            "Bộ Y tế không thu hồi thuốc ho Bảo Thanh trên toàn quốc",
        ),
        (
            "Isasara ng gobyerno ang pantalan ng Batangas sa Lunes",
            "Hindi isasara ng gobyerno ang pantalan ng Batangas sa Lunes",
        ),
        // Remarks in brackets.
        ("가덕도 습지 복원 사업 착공", "가덕도 습지 복원 사업 착공 [취소]"),
        ("鼓楼南侧历史建筑修缮工程竣工", "鼓楼南侧历史建筑修缮工程竣工（取消）"),
        (
            "Jembatan Merak Bakauheni diresmikan presiden",
            "Jembatan Merak Bakauheni diresmikan presiden (dibatalkan)",
        ),
        (
            "Concert at Crail harbour on Friday evening",
            "Concert at Crail harbour on Friday evening (sold out)",
        ),
    ] {
        assert!(!join("", one, other), "{one} / {other}");
    }
}

#[test]
fn letters_signs_and_fractions_tell_titles_apart() {
    for (language, one, other) in [
        (
            "sv",
            "Habo kommun inför eldningsförbud från måndag kväll",
            "Håbo kommun inför eldningsförbud från måndag kväll",
        ),
        (
            "vi",
            "Công an tỉnh truy nã Nguyễn Văn Toàn về tội cướp",
            "Công an tỉnh truy nã Nguyễn Văn Toán về tội cướp",
        ),
        (
            "en",
            "€5 million guarantee for Orania shipyards",
            "$5 million guarantee for Orania shipyards",
        ),
        (
            "en",
            "GDP: +0.3% in third quarter, statistics office says",
            "GDP: -0.3% in third quarter, statistics office says",
        ),
        (
            "en",
            "Temperature in Orm valley to reach -4 degrees",
            "Temperature in Orm valley to reach 4 degrees",
        ),
        (
            "fr",
            "Le taux du livret passe à 2,5 % à Orania dès jeudi",
            "Le taux du livret passe à 25 % à Orania dès jeudi",
        ),
        (
            "la",
            "Acta Apostolicae: annus CXVIII, fasciculus IV",
            "Acta Apostolicae: annus CXVIII, fasciculus VI",
        ),
        (
            "en",
            "Evacuation flight leaves Niger with 41 citizens",
            "Evacuation flight leaves Nigeria with 41 citizens",
        ),
    ] {
        assert!(!join(language, one, other), "{one} / {other}");
    }
}

#[test]
fn marks_and_digits_that_systems_change_do_not() {
    for (language, one, other) in [
        // A title without any mark was written without, and capitals often are.
        ("hr", "Otvoren most Pelješac za sve kamione", "Otvoren most Peljesac za sve kamione"),
        ("fr", "ÉCLAIRCIE À ÉTAPLES : LE PORT ROUVRE", "Eclaircie à Etaples : le port rouvre"),
        (
            "vi",
            "Bệnh viện Hòa Bình khánh thành khoa mới",
            "Bệnh viện Hoà Bình khánh thành khoa mới",
        ),
        (
            "ar",
            "قرار وزاري رقم ٤١ لسنة ٢٠٢٥ بشأن صيد الصافي في الخليج",
            "قرار وزاري رقم 41 لسنة 2025 بشأن صيد الصافي في الخليج",
        ),
        (
            "ne",
            "कोशी नदीमा १२ स्थानमा बाढीको चेतावनी जारी",
            "कोशी नदीमा 12 स्थानमा बाढीको चेतावनी जारी",
        ),
        (
            "uz",
            "Oʻzbekiston va Qozogʻiston Beyneu yoʻlini ochdi",
            "O'zbekiston va Qozog'iston Beyneu yo'lini ochdi",
        ),
    ] {
        assert!(join(language, one, other), "{one} / {other}");
    }
}

#[test]
fn words_that_copies_add_are_no_difference() {
    const TITLE: &str = "Harbourmaster dismissed over dredging contract at Crail";
    for (before, behind) in [
        ("[Home Office] ", ""),
        ("", " (Home Office)"),
        ("NEW ", ""),
        ("", ", trust says"),
        ("", " #crail #harbour"),
        ("", " • News • Crail"),
        ("2 April 2025 | ", ""),
        ("", " — 2 Apr"),
        ("", " (02/04/2025)"),
        ("EMBARGOED UNTIL 10:00: ", ""),
        ("", " [PDF, 2 MB]"),
        ("Media Release ", ""),
    ] {
        assert!(join("en", TITLE, &format!("{before}{TITLE}{behind}")), "{before}{behind}");
    }
    for (language, label, title) in [
        ("ja", "【プレスリリース】", "青谷漁港の護岸工事が完了"),
        ("hi", "प्रेस विज्ञप्ति: ", "कालका शिमला रेल मार्ग फिर शुरू"),
        ("is", "Fréttatilkynning: ", "Vegurinn um Súgandafjörð opnaður"),
        ("ko", "2025년 4월 2일 ", "가덕도 습지 복원 사업 착공"),
        ("ja", "2025年4月2日 ", "青谷漁港の護岸工事が完了"),
        ("ru", "2 апреля 2025 года ", "Вновь открыт Рокский тоннель"),
    ] {
        assert!(join(language, title, &format!("{label}{title}")), "{label}");
    }
    // The date of another day may be that of another instalment.
    assert!(!join("en", TITLE, &format!("{TITLE} — 12 Mar")));
}

#[test]
fn display_types_dates_and_words_for_news_on_both_sides_say_nothing() {
    for (language, one, other) in [
        (
            "lt",
            "Pranešimas spaudai: Platelių ežere įveista dvidešimt tūkstančių seliavų jauniklių",
            "Platelių ežere įveista dvidešimt tūkstančių seliavų jauniklių | Naujienos",
        ),
        (
            "fi",
            "Tiedote: Pyhäjoen padot puretaan ensi kesänä",
            "Uutinen: Pyhäjoen padot puretaan ensi kesänä",
        ),
        (
            "es",
            "Nota de prensa: Reabre el puerto de Tarna a camiones",
            "ACTUALIZADO: Reabre el puerto de Tarna a camiones",
        ),
        (
            "en",
            "2 April 2025 | Harbourmaster dismissed over dredging contract at Crail",
            "Press release: Harbourmaster dismissed over dredging contract at Crail",
        ),
    ] {
        assert!(join(language, one, other), "{one} / {other}");
    }
    for (one, other) in [
        (
            "Press release 14: Harbourmaster dismissed over dredging contract at Crail",
            "Press release 15: Harbourmaster dismissed over dredging contract at Crail",
        ),
        (
            "Press release: Harbourmaster dismissed over dredging contract at Crail",
            "Correction: Harbourmaster dismissed over dredging contract at Crail",
        ),
        // A place heads what is announced, as a publisher does.
        (
            "Papua New Guinea: landslide victims receive emergency shelter",
            "Landslide victims receive emergency shelter",
        ),
        (
            "Costa Rica: vaccination against yellow fever begins in schools",
            "Vaccination against yellow fever begins in schools",
        ),
    ] {
        assert!(!join("en", one, other), "{one} / {other}");
    }
}

#[test]
fn numbers_are_one_in_every_form_and_two_where_they_differ() {
    for (language, one, other) in [
        ("ro", "2 mln lei pentru cetatea Poenari", "Două milioane lei pentru cetatea Poenari"),
        ("pl", "Kopalnia w Bochni dostanie 1,5 mln zł", "Kopalnia w Bochni dostanie 1 500 000 zł"),
        (
            "fr",
            "12 000 chênes plantés en forêt de Bercé",
            "12.000 chênes plantés en forêt de Bercé",
        ),
        ("sr", "Мост код Љига коштао 2,4 млрд динара", "Мост код Љига коштао 2.400.000.000 динара"),
        (
            "sv",
            "Fem färjor till Öckerö beställda av Trafikverket",
            "5 färjor till Öckerö beställda av Trafikverket",
        ),
        (
            "it",
            "XII censimento degli stambecchi del Gran Paradiso",
            "12 censimento degli stambecchi del Gran Paradiso",
        ),
    ] {
        assert!(join(language, one, other), "{one} / {other}");
    }
    for (language, one, other) in [
        ("ro", "2 mln lei pentru cetatea Poenari", "Trei milioane lei pentru cetatea Poenari"),
        ("pl", "Kopalnia w Bochni dostanie 1,5 mln zł", "Kopalnia w Bochni dostanie 15 mln zł"),
        (
            "fr",
            "12 000 chênes plantés en forêt de Bercé",
            "120.000 chênes plantés en forêt de Bercé",
        ),
        (
            "it",
            "XII censimento degli stambecchi del Gran Paradiso",
            "XIII censimento degli stambecchi del Gran Paradiso",
        ),
        (
            "en",
            "Carrow gauge at 2.5 metres after the Orm flood",
            "Carrow gauge at 25 metres after the Orm flood",
        ),
        (
            "en",
            "Charles II memorial unveiled at Crail harbour",
            "Charles I memorial unveiled at Crail harbour",
        ),
    ] {
        assert!(!join(language, one, other), "{one} / {other}");
    }
}

#[test]
fn letters_that_others_write_otherwise_are_the_same() {
    for (language, one, other) in [
        (
            "de",
            "Seehundbänke vor Süderoog für Besucher gesperrt",
            "Seehundbaenke vor Suederoog fuer Besucher gesperrt",
        ),
        (
            "da",
            "Diget ved Gråsten Nor på Ærø skyllet væk",
            "Diget ved Graasten Nor paa Aeroe skyllet vaek",
        ),
        ("sr", "Отворен мост преко Дрине код Љубовије", "Otvoren most preko Drine kod Ljubovije"),
    ] {
        assert!(join(language, one, other), "{one} / {other}");
        assert!(join(language, other, one), "{other} / {one}");
    }
    for (language, one, other) in [
        (
            "de",
            "Brücke in Münster für Lastwagen gesperrt",
            "Brücke in Munster für Lastwagen gesperrt",
        ),
        (
            "sv",
            "Ny färja till Härnö invigd av hamnchefen",
            "Ny faerja till Haernoe inte invigd av hamnchefen",
        ),
    ] {
        assert!(!join(language, one, other), "{one} / {other}");
    }
}

#[test]
fn a_title_in_two_languages_is_that_in_one_of_them() {
    const TITLE: &str = "Narwhal survey in Eclipse Sound begins";
    for behind in [
        " / Début du relevé des narvals dans la baie Eclipse",
        " | Έναρξη της απογραφής των ναρβάλ στον κόλπο",
    ] {
        assert!(join("en", TITLE, &format!("{TITLE}{behind}")), "{behind}");
    }
    for behind in [
        " / Harbour dues in Pond Inlet raised",
        " / Photos et vidéos",
        " - Début du relevé des narvals dans la baie Eclipse",
        " / Début du relevé du 4 mai dans la baie Eclipse pour 12 narvals",
    ] {
        let with = |day: &str| format!("{TITLE}{day}");
        let expected = behind.contains(" 12 ").then_some(" on 3 March with 9 boats");
        assert!(
            !join(
                "en",
                &with(expected.unwrap_or_default()),
                &format!("{}{behind}", with(expected.unwrap_or_default()))
            ),
            "{behind}"
        );
    }
}
