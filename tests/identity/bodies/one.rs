//! Announcements that several sources have.

use super::super::corpus::{Case, Listed, listed};
use super::case;

/// Twelve announcements that several sources have.
pub fn of_one() -> Vec<Case> {
    const MOTIE: &str = "De Kamer heeft dinsdag een motie van het lid Verhoeckx aangenomen waarin de regering wordt verzocht de veerdienst naar Oosterholm ook in de winter te laten varen. De motie kreeg steun van 83 leden.\nVolgens de indienster zijn de bewoners van het eiland sinds de bezuiniging van vorig jaar drie maanden per jaar op een watertaxi aangewezen. Staatssecretaris Brandsma zei in het debat dat een winterdienst 4 miljoen euro kost en dat zij voor de voorjaarsnota met een voorstel komt.\nEen tweede motie, over de prijs van een kaartje voor scholieren, werd aangehouden. De Kamer spreekt er in december verder over.";
    const CENY: &str = "Regulační úřad vydal cenové rozhodnutí, kterým se od ledna snižuje regulovaná část ceny tepla v severním kraji v průměru o 3,4 procenta. Rozhodnutí se týká 212 tisíc domácností.\nPředsedkyně úřadu Jitka Havelová uvedla, že pokles umožnily nižší náklady na uhlí a dokončená modernizace výtopny v Kamenné Hůrce. „Dodavatelé musí novou cenu promítnout do záloh nejpozději v únoru,“ řekla.\nÚřad zároveň zahájil kontrolu u tří dodavatelů, kteří podle stížností účtovali poplatek za odečet dvakrát. Výsledky zveřejní na jaře. Domácnosti, které mají smlouvu na dobu určitou, se mohou obrátit na poradnu úřadu.";
    const VATTEN: &str = "Kommunen uppmanar alla som bor norr om ån i Granfors att koka dricksvattnet före användning. Bakterier har hittats i två prover från vattentornet. Vattnet ska koka med stora bubblor. Det går bra att duscha och tvätta som vanligt. Tankar med vatten finns vid simhallen och vid skolan på Åsvägen. Nya prover tas varje dag och kommunen lämnar besked så snart vattnet kan drickas igen. Frågor besvaras av kundtjänst, som har öppet till klockan 21 i kväll.";
    const VODA: &str = "Державне агентство водних ресурсів завершило відновлення шлюзу на річці Тернівка, пошкодженого навесні. Роботи тривали пів року й коштували 48 мільйонів гривень.\n«Тепер ми знову можемо тримати рівень води для зрошення двох громад», — сказав голова агентства Остап Левчук. За його словами, нові затвори виготовили на заводі в Калинівці, а бетон заливали вночі, щоб не перекривати дорогу.\nУ наступному році агентство планує відремонтувати ще три шлюзи нижче за течією. Об'єкт охоронятиме місцева громада.";
    const GANGI: &str = "国土整備省は、北浜港の新しい防波堤の工事を来年二月に始めると発表した。防波堤の長さは三百二十メートルで、費用は四十五億円を見込む。過去三回の冬に高波で漁船が損傷したため、地元の漁業協同組合が建設を求めていた。工事は二年で終わる予定で、期間中も港は使える。大臣は会見で「漁師が夜中に船を動かさなくて済むようになる」と述べた。";
    const VIZSGALAT: &str = "A Halmosi Törvényszék első fokon hat év szabadságvesztésre ítélte azt a férfit, aki tavaly két takarékszövetkezetet rabolt ki.";
    const RECALL: &str = "About 12,400 Larkway folding cots are being recalled because the locking bar can release while a child is in the cot. The company has received nine reports of the bar letting go and two of bruised fingers.\nConsumers should stop using the cots at once and ask Larkway for a free replacement bar, which takes five minutes to fit. The cots were sold in blue and grey at hardware shops and on the internet from March 2025 to August 2026 for about $90.\nThe model number, LK-40 or LK-44, is printed on a white label under the mattress. Cots of other models are not affected.";
    const RACUN: &str = "Државна ревизорска институција објавила је извештај о набавкама за зимско одржавање путева. Ревизори су прегледали 61 уговор и утврдили да у 17 случајева цена није била упоређена са тржишном.\nПредседница институције Мирјана Вукадин рекла је да су предузећа прихватила све препоруке и да ће половина бити спроведена до марта. „Со је куплена на време, али је плаћена скупље него у околини“, навела је.\nИзвештај садржи и преглед опреме по окрузима. Следећа ревизија бавиће се мостовима.";
    let (kamer, cerf) = ("https://www.dept-kamer.example", "https://www.dept-urad.example");
    let vatten_other = {
        let mut sentences: Vec<&str> = VATTEN.split_inclusive(". ").collect();
        sentences.swap(1, 4);
        sentences.swap(2, 5);
        sentences.join(" ")
    };
    vec![
        case(
            "one: motion of a parliament, framed",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        &format!("{kamer}/stemmingen/motie-winterdienst"),
                        "Kamer wil veerdienst naar Oosterholm ook in de winter",
                        MOTIE,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://binnenhof.example/2026/11/09/88123",
                        "Motie-Verhoeckx over winterveer aangenomen",
                        &format!(
                            "Door onze parlementaire redactie\n{MOTIE}\nLees ook\nMeer nieuws van vandaag"
                        ),
                        5,
                    ),
                ),
            ],
        ),
        case(
            "one: decision of a regulator, cut short",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        &format!("{cerf}/cenove-rozhodnuti-9-2026"),
                        "Úřad snižuje cenu tepla v severním kraji",
                        CENY,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://energie.example/clanek/4412",
                        "Teplo na severu od ledna zlevní",
                        CENY.split("Úřad zároveň").next().unwrap_or_default(),
                        27,
                    ),
                ),
            ],
        ),
        case(
            "one: notice of a municipality, sentences moved",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://granfors.example/nyheter/koka-vattnet",
                        "Koka dricksvattnet norr om ån",
                        VATTEN,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://radio-ljus.example/artikel/7781",
                        "Granfors: koka vattnet!",
                        &vatten_other,
                        2,
                    ),
                ),
            ],
        ),
        case(
            "one: municipality behind the title, no text",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://cm-valdouro.example/noticias/biblioteca-itinerante",
                        "Biblioteca itinerante volta às aldeias da serra de Valdouro",
                        "",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://jornaldaserra.example/n/551",
                        "Biblioteca itinerante volta às aldeias da serra de Valdouro | Município de Valdouro",
                        "",
                        26,
                    ),
                ),
            ],
        ),
        case(
            "one: Greek title in capitals without accents",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-nautilias.example/el/deltia/4471",
                        "Νέο αλιευτικό καταφύγιο στη Μικρή Βάθεια από τον Μάρτιο",
                        "",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://aktogrammi.example/?p=9021",
                        "ΝΕΟ ΑΛΙΕΥΤΙΚΟ ΚΑΤΑΦΥΓΙΟ ΣΤΗ ΜΙΚΡΗ ΒΑΘΕΙΑ ΑΠΟ ΤΟΝ ΜΑΡΤΙΟ",
                        "",
                        6,
                    ),
                ),
            ],
        ),
        case(
            "one: Ukrainian agency, other title and quotes",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-vod.example/news/shliuz-na-ternivtsi",
                        "Відновлено шлюз на Тернівці",
                        VODA,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://krai.example/2026/11/10/318",
                        "Дві громади знову матимуть воду для зрошення",
                        &format!(
                            "Про це повідомляє прес-служба агентства.\n{}",
                            VODA.replace(['«', '»'], "\"").replace('\'', "’")
                        ),
                        20,
                    ),
                ),
            ],
        ),
        case(
            "one: Japanese release and its copy",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-kokudo.example/report/press/port06_hh_000182.html",
                        "北浜港で新防波堤の工事を来年二月に開始",
                        GANGI,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://minato-shimbun.example/articles/ASR5C",
                        "防波堤、二月着工へ 高波被害受け",
                        &format!("【北浜】{GANGI}（港新聞）"),
                        4,
                    ),
                ),
            ],
        ),
        case(
            "one: ruling of a court behind a mail filter",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-torvenyszek.example/hirek/20261109/itelet-takarekszovetkezet",
                        "Hat évet kapott a takarékszövetkezetek rablója",
                        VIZSGALAT,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fdept-torvenyszek.example%2Fhirek%2F20261109%2Fitelet-takarekszovetkezet&data=05%7C02",
                        "Ítélet született Halmoson",
                        "Elítélték a rablót, az ügyész súlyosítást kért.",
                        9,
                    ),
                ),
            ],
        ),
        case(
            "one: notice on two lists of one council",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://northmarsh.example/alerts/household-waste-site-ardglen",
                        "Ardglen waste site closed until Thursday",
                        "The household waste site at Ardglen is closed until Thursday 12 November because the weighbridge has failed. Nearest open sites: Tullow Road and Brackagh.",
                        0,
                    ),
                ),
                (
                    "office",
                    listed(
                        "a",
                        "https://northmarsh.example/news/2026/ardglen-household-waste-site",
                        "Ardglen waste site closed until Thursday",
                        "The household waste site at Ardglen is closed until Thursday 12 November because the weighbridge has failed. Nearest open sites: Tullow Road and Brackagh.",
                        1,
                    ),
                ),
            ],
        ),
        case(
            "one: recall with numbers spelt otherwise",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-safety.example/recalls/2026/larkway-cots",
                        "Larkway recalls folding cots: locking bar can release",
                        RECALL,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://parents.example/recall-watch/larkway",
                        "12,000 folding cots recalled after bruised fingers",
                        &RECALL
                            .replace("12,400", "12 400")
                            .replace("nine reports", "9 reports")
                            .replace("five minutes", "5 minutes")
                            .replace("$90", "90 dollars"),
                        30,
                    ),
                ),
            ],
        ),
        case(
            "one: audit office in two alphabets' punctuation",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-dri.example/sr/izvestaji/zimsko-odrzavanje",
                        "Извештај о набавкама за зимско одржавање путева",
                        RACUN,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://glas.example/vest/99871",
                        "Ревизори: со плаћена скупље него у околини",
                        &format!("Београд — {}", RACUN.replace(['„', '“'], "\"")),
                        7,
                    ),
                ),
            ],
        ),
        case(
            "one: page that two newsletters name",
            vec![
                (
                    "wire",
                    Listed {
                        original: Some("https://dept-fisk.example/news/37".into()),
                        ..listed(
                            "a",
                            "https://nordbrev.example/i/5/3",
                            "Torskekvoten kuttes med en fjerdedel",
                            "",
                            10,
                        )
                    },
                ),
                (
                    "agency",
                    Listed {
                        original: Some("https://www.dept-fisk.example/news/37/".into()),
                        ..listed(
                            "a",
                            "https://havposten.example/k-9912",
                            "Mindre torsk til kystflåten neste år",
                            "Kystflåten får mindre torsk neste år.",
                            15,
                        )
                    },
                ),
            ],
        ),
    ]
}
