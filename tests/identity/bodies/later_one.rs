//! Announcements that several sources have, written after the rules were mended for the first ones.

use super::super::corpus::{Case, Listed, listed};
use super::case;

/// Ten announcements that several sources have.
pub fn of_one() -> Vec<Case> {
    const G7: &str = "We, the foreign ministers, met on Monday in Granite Bay and agreed on the following. We call for the immediate reopening of the strait to all merchant ships. We welcome the offer of the Republic of Colombrey to host talks, and we will send envoys within ten days.\nWe will not recognise tolls that are demanded from ships in passage. Insurers have assured us that cover remains available. We have asked our naval staffs to share what they know of mines, and to publish safe lanes daily.\nWe thank the fishermen who rescued the crew of the tanker Elsebeth on 2 November.";
    const POLITI: &str = "Politiet ber om tips etter at tre båtmotorer ble stjålet fra gjestehavna på Skarvøy natt til søndag. En hvit varebil ble sett ved kaia klokken tre. Motorene er av merket Nordkraft og har serienumre som begynner med NK77.\nTo lignende tyverier i oktober etterforskes i samme sak. Politiet råder båteiere til å låse motorene og til å skrive ned serienumrene. Den som så noe, kan ringe operasjonssentralen.";
    const PESCA: &str = "A Agência do Mar abriu as candidaturas ao apoio à pequena pesca, com uma dotação de 3.500 mil euros. Cada embarcação pode receber até 12.000 euros para redes mais seletivas, motores menos poluentes ou equipamento de segurança.\nAs candidaturas decorrem até 18 de dezembro e são apresentadas no portal da agência. Segundo a presidente, Marta Quintela, o processo foi simplificado: bastam a licença e dois orçamentos. «No último aviso perdemos candidatos por causa de papéis que já tínhamos», disse.\nOs resultados são conhecidos em fevereiro.";
    const HARBOR: &str = "국토항만부는 북항의 새 방파제 공사를 내년 이월에 시작한다고 발표했다. 방파제의 길이는 320미터이며 비용은 450억 원이다. 지난 세 번의 겨울에 높은 파도로 어선이 부서져 어민들이 건설을 요구해 왔다. 공사는 이 년 동안 이어지고 그동안에도 항구는 계속 쓸 수 있다. 장관은 어민들이 한밤중에 배를 옮기지 않아도 될 것이라고 말했다.";
    const SADAM: &str = "Riigi Sadamaamet alustab kevadel Väinasaare sadama süvendamist. Töö maksab 6,2 miljonit eurot ja kestab kaheksa kuud. Parvlaevad sõidavad kogu selle aja tavalise graafiku järgi.\nPeadirektor Liis Haavel ütles, et madala vee tõttu jäi eelmisel talvel ära üle saja reisi. Pinnas viiakse vanasse karjääri, kuhu hiljem rajatakse park.\nKalurite ühing palus, et töö kudemise ajaks peatataks, ja amet nõustus sellega.";
    let sadam: Vec<&str> = SADAM.lines().collect();
    vec![
        case(
            "one: statement of several governments, one text",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://foreign.gov-a.example/statements/strait",
                        "Joint statement on the closure of the strait",
                        G7,
                        0,
                    ),
                ),
                (
                    "office",
                    listed(
                        "a",
                        "https://www.gov-b.example/en/news/2026/11/09/ministers-strait",
                        "Foreign ministers' statement on the closure of the strait",
                        G7,
                        3,
                    ),
                ),
            ],
        ),
        case(
            "one: appeal of the police, shortened",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-politi.example/aktuelt/2026/batmotorer",
                        "Tre båtmotorer stjålet på Skarvøy",
                        POLITI,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://havposten.example/k-9931",
                        "Vet du hvem som tok motorene?",
                        POLITI.lines().next().unwrap_or_default(),
                        5,
                    ),
                ),
            ],
        ),
        case(
            "one: number of a file in front of the title, no text",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://puertos.example/licitaciones/2026-114",
                        "Expediente 2026/114: dragado del canal de acceso al puerto de Almarena",
                        "",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://contratos.example/a/88",
                        "Dragado del canal de acceso al puerto de Almarena",
                        "",
                        7,
                    ),
                ),
            ],
        ),
        case(
            "one: Turkish title in capitals",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-tarim.example/haber/1187",
                        "Kıyı balıkçılığına yeni destek İğneada'dan başlıyor",
                        "",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://sahil.example/h/5",
                        "KIYI BALIKÇILIĞINA YENİ DESTEK İĞNEADA’DAN BAŞLIYOR",
                        "",
                        9,
                    ),
                ),
            ],
        ),
        case(
            "one: support for fishers, own first line and other numerals",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-mar.example/avisos/pequena-pesca",
                        "Abertas candidaturas ao apoio à pequena pesca",
                        PESCA,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://jornaldacosta.example/n/771",
                        "Pescadores já podem pedir dinheiro para redes novas",
                        &format!(
                            "Há boas notícias para quem vive do mar.\n{}",
                            PESCA.replace("3.500", "3 500").replace("12.000", "12 mil")
                        ),
                        19,
                    ),
                ),
            ],
        ),
        case(
            "one: release with its number in the title",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-gericht.example/presse/pm-41",
                        "Pressemitteilung Nr. 41/2026: Stadt Lindach muss Uferweg wieder öffnen",
                        "Die Stadt Lindach muss den Uferweg am Mühlsee wieder für alle öffnen, entschied das Verwaltungsgericht.",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://rechtsblick.example/4711",
                        "Stadt Lindach muss Uferweg wieder öffnen",
                        "Die Stadt Lindach muss den Uferweg am Mühlsee wieder für alle öffnen, entschied das Verwaltungsgericht.",
                        6,
                    ),
                ),
            ],
        ),
        case(
            "one: alert of a prefecture with other apostrophes",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-prefecture.example/actualites/circulation-pont",
                        "L'accès au pont de l'Île-aux-Moines interdit aux poids lourds",
                        "L'accès au pont est interdit aux véhicules de plus de 12 tonnes jusqu'à la réparation d'une pile.",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://armorique-info.example/2026/11/10/pont",
                        "L’accès au pont de l’Île aux Moines interdit aux poids-lourds",
                        "L’accès au pont est interdit aux véhicules de plus de 12 tonnes jusqu’à la réparation d’une pile.",
                        20,
                    ),
                ),
            ],
        ),
        case(
            "one: page behind a route that two newsletters name",
            vec![
                (
                    "wire",
                    Listed {
                        original: Some("https://dept-trade.example/portal/#/news/55".into()),
                        ..listed(
                            "a",
                            "https://exporter.example/w46/2",
                            "Certificates of origin go paperless",
                            "",
                            2,
                        )
                    },
                ),
                (
                    "agency",
                    Listed {
                        original: Some("https://dept-trade.example/portal/#/news/55".into()),
                        ..listed(
                            "a",
                            "https://freight.example/brief/901",
                            "No more stamps for exporters",
                            "",
                            11,
                        )
                    },
                ),
            ],
        ),
        case(
            "one: Korean release and its copy",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-molp.example/news/view.do?seq=812",
                        "북항 새 방파제 내년 이월 착공",
                        HARBOR,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://haeyang.example/a/2201",
                        "어민 숙원 방파제 짓는다",
                        &format!("[북항=해양일보] {HARBOR} 기자 김하늘"),
                        3,
                    ),
                ),
            ],
        ),
        case(
            "one: Estonian release, paragraphs moved",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-sadam.example/uudised/vainasaar",
                        "Väinasaare sadam süvendatakse kevadel",
                        SADAM,
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "a",
                        "https://rannaleht.example/9/12",
                        "Parvlaevad saavad sügavama sadama",
                        &[sadam[0], sadam[2], sadam[1]].join("\n"),
                        25,
                    ),
                ),
            ],
        ),
    ]
}
