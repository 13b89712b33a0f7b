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
    assert!(join(
        "en",
        &format!("{TITLE} harbour after an inquiry of two years"),
        &format!("{TITLE} harb…")
    ));
    // The date of another day may be that of another instalment.
    assert!(!join("en", TITLE, &format!("{TITLE} — 12 Mar")));
}
