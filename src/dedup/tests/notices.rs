//! Notices of one form: those that differ in a name, a number or a day are two, and a copy that was edited is
//! the notice that it was made of, in every language.

use std::time::Duration;

use super::*;

/// A title, the texts of a department and of a syndicator, and how many hours apart they are dated.
type Pair<'a> = (&'a str, String, String, u64);

/// Whether a syndicator's entry joins the department's.
fn is_one(titles: [&str; 2], texts: [&str; 2], hours: u64) -> bool {
    let mut desk = Desk::new();
    desk.now = at("2025-04-20T09:00:00Z");
    let date = at("2025-03-20T09:00:00Z");
    let sources = [("treasury", date), ("wired", date.after(Duration::from_secs(hours * 3600)))];
    for (((source, date), title), text) in sources.into_iter().zip(titles).zip(texts) {
        let link = format!("https://{source}.example/news/a-notice-of-it");
        let stated = Entry {
            published: Some(date),
            updated: Some(date),
            text: text.to_owned(),
            ..entry(source, &link, &link, title)
        };
        desk.read(&[stated]);
    }
    desk.known.stories.len() == 1
}

/// The notices of one form with each of two fillings in the place of `{}`.
fn filled<'a>(title: &'a str, form: &str, [one, other]: [&str; 2], hours: u64) -> Pair<'a> {
    (title, form.replace("{}", one), form.replace("{}", other), hours)
}

/// Which pairs are not what they should be.
fn wrong(pairs: &[Pair<'_>], one_story: bool) -> Vec<String> {
    let is_wrong = |pair: &&Pair<'_>| {
        let (title, one, other, hours) = pair;
        is_one([title, title], [one, other], *hours) != one_story
    };
    pairs.iter().filter(is_wrong).map(|(title, one, ..)| format!("{title}: {one}")).collect()
}

const PILOTS: &str = "The harbourmaster of {} will train the pilots of the outer islands from next spring. Every pilot spends a week on the water and another in a classroom, and has to pass a test at the end. The board pays for travel and lodging. Whoever wants to take part sends a letter to the office of the board before the end of the month.";
const FRENCH: &str = "La circulation sera interdite sur le pont {} en raison de travaux de réparation. Une déviation est mise en place par la rive droite. Les piétons peuvent passer à toute heure. Le maire remercie les habitants de leur patience et rappelle que les commerces du quai restent ouverts pendant toute la durée du chantier.";
const POLISH: &str = "Na stanowisku {} w powiecie wykryto ognisko choroby. Wyznaczono obszar zapowietrzony i zagrożony, a transport zwierząt został wstrzymany do odwołania. Hodowcy mają obowiązek zgłaszać padnięcia inspekcji weterynaryjnej i wykładać maty dezynfekcyjne. Odszkodowania wypłaci powiatowy lekarz weterynarii na podstawie protokołu szacowania.";
const FINNISH: &str = "Vedenjakelu keskeytyy {} kello kahdeksan runkojohdon korjauksen vuoksi. Asukkaita pyydetään varaamaan vettä etukäteen ja sulkemaan hanat. Kun vesi palaa, se voi olla hetken sameaa. Kunta tuo säiliöauton torille koko työn ajaksi, ja jos sää on kova, työ siirtyy ja siitä kerrotaan erikseen.";
const PORTUGUESE: &str = "O abastecimento de água será interrompido na {}, entre as oito e as doze horas, para obras na conduta principal. Recomenda-se que os moradores guardem água para uso doméstico e fechem as torneiras. Quando a água voltar poderá vir turva durante alguns minutos. Um camião-cisterna ficará em frente à câmara durante toda a obra.";
const HUNGARIAN: &str = "A lakások átlagára {} tovább emelkedett a hivatal adatai szerint. A növekedés főként a megyeszékhelyeken volt mérhető, a kisebb településeken az árak alig változtak. A közjegyzők által bejegyzett ügyletek száma nem változott, és az eladott lakások átlagos alapterülete is nagyjából ugyanakkora maradt, mint az előző hónapban volt.";
const UKRAINIAN: &str = "Уночі ворог атакував громаду {} дронами. Пошкоджено школу та лінію електропередач, рятувальники ліквідували пожежу. Комунальні служби закривають вікна плівкою, мешканцям надають тимчасовий прихисток. Слідчі документують наслідки злочину, провадження відкрито за статтею про порушення законів та звичаїв війни.";
const CHINESE: &str = "水利部今日派出工作组赶赴{}指导防汛抢险工作。工作组将会同当地政府检查堤防和水库，督促落实值班值守制度，转移受威胁群众。水利部要求各地密切监视雨情水情变化，加强预报预警，确保人民群众生命安全。";
const JAPANESE: &str = "県は{}の斜面で崩落のおそれが高まったため、周辺の道路を通行止めにしました。迂回路を御利用ください。復旧の見通しは立っていません。住民の皆さまには今後の情報に注意し、早めの避難をお願いします。";
const ARABIC: &str = "تعلن مديرية المياه قطع التيار عن محطة {} من أجل أعمال الصيانة الدورية للمضخات والخزانات. وتدعو المديرية المواطنين إلى ترشيد الاستهلاك وتخزين ما يلزم من المياه قبل بدء الأعمال. وستعود الخدمة تدريجيا بعد انتهاء فرق الصيانة من عملها في المنطقة.";
const KOREAN: &str = "시는 {} 주민 센터에서 무료 법률 상담을 실시한다고 밝혔다. 상담을 원하는 주민은 전화로 미리 신청하면 되고 신분증을 지참해야 한다. 상담은 변호사가 직접 맡으며 비용은 모두 시에서 부담한다. 시는 앞으로도 주민을 위한 상담을 늘려 나갈 계획이라고 설명했다.";

/// Forms of notices, each with what two of them name in one place.
fn notices() -> Vec<Pair<'static>> {
    vec![
        filled("Training of pilots", PILOTS, ["Sellick", "Varrel"], 20),
        filled("Training of pilots for the outer islands", PILOTS, ["Sellick", "Varrel"], 60),
        filled("Fermeture du pont", FRENCH, ["jeudi", "lundi"], 60),
        filled("Fermeture du pont", FRENCH, ["en février", "en avril"], 90),
        filled("Fermeture du pont", FRENCH, ["Lafayette", "Mirabeau"], 5),
        filled("Ognisko choroby u bydła", POLISH, ["w Rudnikach", "w Kłobucku"], 60),
        filled("Katkos vedenjakelussa", FINNISH, ["tiistaina", "perjantaina"], 60),
        filled(
            "Interrupção do abastecimento de água",
            PORTUGUESE,
            ["terça-feira", "sexta-feira"],
            60,
        ),
        filled("A lakások ára", HUNGARIAN, ["januárban", "februárban"], 90),
        filled("Наслідки обстрілу", UKRAINIAN, ["Вільхівки", "Дубового"], 30),
        filled("水利部派出工作组", CHINESE, ["湖南", "广西"], 60),
        filled("道路の通行止めについて", JAPANESE, ["大子町", "北茨城市"], 30),
        filled(
            "道路の通行止めについて",
            JAPANESE,
            ["国道三百四十九号沿い", "国道四百六十一号沿い"],
            30,
        ),
        filled("قطع المياه للصيانة", ARABIC, ["الزرقاء", "المفرق"], 60),
        filled("무료 법률 상담 안내", KOREAN, ["중앙동", "역삼동"], 60),
        filled(
            "Prix des logements",
            "Le prix moyen des logements a augmenté en {} selon les données publiées.",
            ["mai", "juin"],
            90,
        ),
        filled("任命公告", "国务院任命{}为交通运输部副部长。", ["陆文杰", "施雅琴"], 24),
        filled(
            "הודעה על הפסקת חשמל",
            "אספקת החשמל בשכונת {} תופסק ביום ראשון לצורך עבודות תחזוקה ברשת.",
            ["רמות", "גילה"],
            60,
        ),
    ]
}

#[test]
fn notices_of_one_form_that_name_another_thing_in_one_place_are_two() {
    assert_eq!(wrong(&notices(), false), Vec::<String>::new());
}

const FIRE: &str = "Un incendie s’est déclaré dans la nuit dans un immeuble de la rue des Tanneurs. Le bilan s’établit à {} personnes blessées. La préfète s’est rendue sur place aux côtés du maire. Une cellule d’aide psychologique est ouverte au gymnase et une enquête a été confiée à la sûreté départementale.";

/// Notices that differ in a number that is written out.
fn counts() -> Vec<Pair<'static>> {
    let drones = UKRAINIAN.replace("громаду {}", "область {}");
    let cattle = POLISH.replace("Na stanowisku {}", "W stadzie liczącym {} sztuk");
    let water = FINNISH.replace("kello kahdeksan", "{} tunniksi").replacen("{} ", "", 1);
    vec![
        filled("Incendie : point de situation", FIRE, ["onze", "quatorze"], 8),
        filled("Incendie : point de situation", FIRE, ["vingt-deux", "trente-quatre"], 8),
        filled("Наслідки обстрілу", &drones, ["сорока", "тридцятьма"], 60),
        filled("Ognisko choroby", &cattle, ["sześćdziesiąt", "osiemnaście"], 60),
        filled("Katkos vedenjakelussa", &water, ["kuuden", "yhdeksän"], 60),
        (
            "Unfall auf der Fähre",
            FIRE.replace("{} personnes", "dreizehn Personen"),
            FIRE.replace("{} personnes", "einundzwanzig Personen"),
            8,
        ),
        filled(
            "Brand på kaj",
            "Branden på kajen skadade {} personer och två fartyg under natten.",
            ["tretton", "tjugotvå"],
            20,
        ),
        filled(
            "Incendio nel porto",
            "Nell’incendio del porto sono rimaste ferite {} persone e due navi.",
            ["tredici", "ventotto"],
            20,
        ),
        filled(
            "Πυρκαγιά στο λιμάνι",
            "Από την πυρκαγιά στο λιμάνι τραυματίστηκαν {} άτομα και κάηκαν δύο σκάφη.",
            ["δεκατρείς", "είκοσι"],
            20,
        ),
        filled(
            "Incendiu în port",
            "În incendiul din port au fost rănite {} persoane și au ars două nave.",
            ["treisprezece", "patruzeci"],
            20,
        ),
    ]
}

#[test]
fn notices_that_differ_in_a_number_that_is_written_out_are_two() {
    assert_eq!(wrong(&counts(), false), Vec::<String>::new());
}

/// Notices and copies that write the day, a number or a name in another form, or were edited.
fn copies() -> Vec<Pair<'static>> {
    let edit = |text: &str, changes: &[(&str, &str)]| {
        let mut edited = text.to_owned();
        for (from, to) in changes {
            assert!(edited.contains(from), "{from}");
            edited = edited.replacen(from, to, 1);
        }
        edited
    };
    let copy = |title, text: &str, changes: &[(&str, &str)], hours| -> Pair<'static> {
        (title, text.to_owned(), edit(text, changes), hours)
    };
    let (pilots, french) = (PILOTS.replace("{}", "Sellick"), FRENCH.replace("{}", "jeudi"));
    let chinese = CHINESE.replace("{}", "湖南");
    let (arabic, polish) = (ARABIC.replace("{}", "الزرقاء"), POLISH.replace("{}", "w Rudnikach"));
    vec![
        copy("Training of pilots", &pilots, &[("next spring", "March")], 20),
        copy("Training of pilots", &pilots, &[("a week on", "7 days on")], 20),
        copy("Fermeture du pont", &french, &[("jeudi", "le 26 novembre")], 60),
        copy("Fermeture du pont", &french, &[("jeudi", "demain")], 20),
        copy("水利部派出工作组", &chinese, &[("今日", "二十日")], 20),
        copy("水利部派出工作组", &chinese, &[("今日", "星期四")], 40),
        copy("قطع المياه للصيانة في الزرقاء", &arabic, &[("تعلن مديرية", "أعلنت أمس مديرية")], 20),
        copy("Ognisko choroby", &polish, &[("Wyznaczono", "Na miejscu wyznaczono")], 60),
        copy("Szkolenie pilotów w Krakowie", &pilots, &[("Sellick", "Sellicku")], 60),
    ]
}

#[test]
fn copies_that_write_a_day_a_number_or_a_name_in_another_form_are_one() {
    assert_eq!(wrong(&copies(), true), Vec::<String>::new());
}

const SHIP: &str = "Die Wasserstraßenverwaltung hat am Donnerstag ein neues Messschiff in Dienst gestellt. Das Schiff fährt auf der Havel und der Spree und misst mit Sonden, wie viele Schwebstoffe und Arzneimittelreste im Wasser sind. Die Daten gehen an die Labore der Länder und werden einmal im Monat veröffentlicht. Das Schiff kostete vier Millionen Euro und wurde auf einer Werft in Havelbrück gebaut. Die Mannschaft besteht aus einem Schiffsführer, einer Maschinistin und drei Laboranten, die sich in Schichten ablösen.";

/// German copies in which some nouns are others.
fn german_copies() -> Vec<[&'static str; 2]> {
    vec![
        ["Schwebstoffe und Arzneimittelreste", "feine Partikel und Medikamentenrückstände"],
        ["an die Labore der Länder", "an die Prüfstellen der Behörden"],
        ["auf einer Werft", "von einem Betrieb"],
        ["einem Schiffsführer, einer Maschinistin", "einem Kapitän, einer Technikerin"],
        ["mit Sonden", "mit Fühlern"],
        ["in Schichten ablösen", "bei der Arbeit abwechseln"],
    ]
}

#[test]
fn german_copies_with_other_nouns_are_one_and_those_with_other_names_are_two() {
    let titles = ["Messschiff „Otter“ in Dienst gestellt", "Neues Labor auf der Havel"];
    for [from, to] in german_copies() {
        let edited = SHIP.replacen(from, to, 1);
        assert_ne!(edited, SHIP);
        assert!(is_one(titles, [SHIP, &edited], 48), "{to}");
        assert!(is_one([titles[0]; 2], [SHIP, &edited], 48), "{to}, one title");
    }
    let title = "Neues Messschiff";
    for (from, to) in [
        ("in Havelbrück", "in Ketzin"),
        ("vier Millionen", "neun Millionen"),
        ("am Donnerstag", "am Montag"),
        ("Donnerstag ein neues", "Donnerstag mit Bürgermeisterin Petra Lindner ein neues"),
    ] {
        let other = SHIP.replacen(from, to, 1);
        let is_two = !to.contains("Petra");
        assert_eq!(!is_one([title, title], [SHIP, &other], 60), is_two, "{to}");
    }
}

#[test]
fn summaries_under_one_title_that_name_others_are_two() {
    let count = |title: &str, texts: [&str; 2]| {
        let mut desk = Desk::new();
        for (source, text) in ["fcdo", "mirror"].into_iter().zip(texts) {
            let link = format!("https://{source}.example/news/901");
            let told = entry(source, &link, &link, title);
            desk.read(&[Entry { text: text.to_owned(), ..told }]);
        }
        desk.known.stories.len()
    };
    for (title, texts) in [
        (
            "Prezidentas priėmė naujo ambasadoriaus skiriamuosius raštus",
            [
                "Prezidentas priėmė Estijos ambasadorės Kaja Tamm skiriamuosius raštus.",
                "Prezidentas priėmė Čilės ambasadoriaus Pablo Rojas skiriamuosius raštus.",
            ],
        ),
        (
            "Medalha de mérito municipal entregue em sessão solene",
            [
                "A medalha foi entregue à escritora Lídia Furtado pelo presidente da câmara.",
                "A medalha foi entregue pelo presidente da câmara ao maestro Rui Castanheira.",
            ],
        ),
    ] {
        assert_eq!(count(title, texts), 2, "{title}");
        assert_eq!(count(title, [texts[0], texts[0]]), 1, "{title}");
    }
}

#[test]
fn texts_of_a_few_words_that_differ_in_a_number_are_of_two_days() {
    for (title, form, [one, other]) in [
        (
            "สถานการณ์ฝุ่นละออง PM2.5 เชียงใหม่",
            "ค่าฝุ่นละอองวันนี้ {} ไมโครกรัมต่อลูกบาศก์เมตร เกินมาตรฐาน",
            ["87", "54"],
        ),
        ("ລະດັບນ້ຳຂອງ ທີ່ວຽງຈັນ ສະຖານີ KM4", "ລະດັບນ້ຳຂອງມື້ນີ້ {} ແມັດ", ["7.2", "6.9"]),
        ("Sulman reservoir level at Crail Dale", "Today {} percent full", ["41", "43"]),
        ("Rheinpegel am Kauber Mittelgrund bei Oberwesel", "Heute {} Zentimeter", ["78", "81"]),
        ("កម្ពស់ទឹកទន្លេមេគង្គ ស្ថានីយ ក្រចេះ KM4", "កម្ពស់ទឹកថ្ងៃនេះ {} ម៉ែត្រ", ["១២", "១៣"]),
    ] {
        let pair = filled(title, form, [one, other], 24);
        assert_eq!(wrong(&[pair], false), Vec::<String>::new());
        let copy = filled(title, form, [one, one], 6);
        assert_eq!(wrong(&[copy], true), Vec::<String>::new());
    }
}

#[test]
fn a_title_of_a_sitting_joins_no_copy_of_two_days_later() {
    for title in [
        "Commissione Ambiente: seguito dell'esame del decreto Ischia Casamicciola",
        "Ausschuss für Fischerei: Beratung zum Kutterprogramm Greetsiel und Norddeich",
        "Comisión de Pesca: comparecencia sobre la lonja de Burela y Celeiro",
        "Komisja Rybołówstwa: czytanie ustawy o portach Ustka i Darłowo",
        "Fisheries Committee debate: Lunna and Crail Vessels Bill",
        "Commission de la pêche : audition sur la criée de Loctudy et Lesconil",
        "Tarvasjoen ja Paimion valtuuston istunto Marttilan sillasta",
    ] {
        assert!(!is_one([title; 2], ["", ""], 50), "{title}");
        assert!(is_one([title; 2], ["", ""], 6), "{title}");
    }
}

#[test]
fn a_summary_with_its_phrases_in_another_order_is_the_same() {
    for (titles, one, other) in [
        (
            ["Vaccination obligatoire des ovins", "FCO 8 en Corse"],
            "La ministre annonce la vaccination obligatoire de l'ensemble des ovins de Corse contre la fièvre catarrhale de sérotype 8. Elle débutera le 12 janvier et sera prise en charge par l'État. Quelque 110 000 bêtes sont concernées.",
            "La vaccination obligatoire de l'ensemble des ovins de Corse contre la fièvre catarrhale de sérotype 8 débutera le 12 janvier. Elle sera prise en charge par l'État. Quelque 110 000 bêtes sont concernées.",
        ),
        (
            ["New ferry for Lunna", "Council orders ship"],
            "The council announces that it has ordered a new ferry with room for 40 cars on the crossing to Lunna. It will sail from 12 January and is paid for by the islands fund. Some 9,000 people use the crossing.",
            "The new ferry with room for 40 cars on the crossing to Lunna will sail from 12 January. It is paid for by the islands fund. Some 9,000 people use the crossing.",
        ),
    ] {
        assert!(is_one(titles, [one, other], 6), "{one}");
        assert!(!is_one(titles, [one, &other.replace("12", "13")], 6), "{one}");
    }
}

#[test]
fn a_title_alone_joins_no_copy_of_five_days_later() {
    let count = |date: &str| {
        let title = "Draft Merchant Shipping Regulations for the Orm: debate of the committee";
        let mut desk = Desk::new();
        for (source, date) in [("fcdo", "2025-03-20T09:00:00Z"), ("mirror", date)] {
            let link = format!("https://{source}.example/news/901");
            desk.read(&[updated(entry(source, &link, &link, title), date)]);
        }
        desk.known.stories.len()
    };
    assert_eq!([count("2025-03-21T09:00:00Z"), count("2025-03-25T09:00:00Z")], [1, 2]);
}
