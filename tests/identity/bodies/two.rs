//! Announcements that look like one and are two.

use super::super::corpus::{Case, Listed, listed};
use super::case;

/// Twelve pairs of announcements that look like one.
pub fn of_two() -> Vec<Case> {
    const ROL: &str = "De zittingsrol van de rechtbank vermeldt alle openbare zittingen van de dag. Zittingen kunnen zonder aankondiging worden verplaatst. Bezoekers melden zich een kwartier voor aanvang bij de bode en leggen hun telefoon in een kluis. Beeldopnamen zijn alleen met toestemming van de president toegestaan.";
    let rol = |names: &str, day: &str| format!("{day}: {names}.\n{ROL}");
    let fine = |who: &str, sum: &str, place: &str, what: &str| {
        format!(
            "Úřad uložil společnosti {who} pokutu {sum} korun za porušení zákona o ochraně spotřebitele. Společnost se sídlem v {place} {what}. Kontrola proběhla na základě podnětů zákazníků, kterých úřad letos přijal přes čtyři tisíce. Rozhodnutí je pravomocné, protože společnost nepodala rozklad. Při stanovení výše pokuty přihlédl úřad k tomu, že společnost spolupracovala a závadný stav odstranila. Spotřebitelé se mohou obrátit na bezplatnou linku, která je v provozu každý pracovní den."
        )
    };
    let rate = |month: &str, when: &str| {
        format!(
            "The Monetary Board decided today to leave the base rate unchanged at 4.25 per cent. Inflation is close to the target and the labour market remains balanced. The Board stands ready to act should the outlook change. The minutes of the meeting will be published in two weeks. The next decision is announced on {when}. A press conference with the Governor begins at 14:30 in the {month} room and is shown on the Bank's site."
        )
    };
    const BERATUNG: &str = "The Authority proposes to require operators of parcel lockers to offer at least two ways of opening a locker, one of which works without a telephone. Operators would have nine months to change lockers that stand already, and lockers with fewer than ten doors would be exempt. The Authority expects costs of some 30 per locker. Groups for people with disabilities had asked for the rule after a survey in which a third of people over seventy could not open a locker by themselves.";
    vec![
        case(
            "two: committee debates of one title",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-kamer.example/debat/2026A01",
                        "Commissiedebat Landbouw en Visserij",
                        "",
                        0,
                    ),
                ),
                (
                    "dept",
                    listed(
                        "b",
                        "https://dept-kamer.example/debat/2026A02",
                        "Commissiedebat Landbouw en Visserij",
                        "",
                        48,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://agrarisch.example/agenda/771",
                        "Commissiedebat Landbouw en Visserij",
                        "",
                        50,
                    ),
                ),
            ],
        ),
        case(
            "two: lists of hearings",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-rechtbank.example/rol/maandag",
                        "Zittingsrol rechtbank Oosterholm",
                        &rol(
                            "zaak tegen J. de Wael, zaak tegen B. Kroonstra",
                            "Maandag 9 november",
                        ),
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://rechtspraakblog.example/rol-2",
                        "Zittingsrol rechtbank Oosterholm",
                        &rol(
                            "zaak tegen M. Achterveld, zaak tegen T. Lanting",
                            "Dinsdag 10 november",
                        ),
                        24,
                    ),
                ),
            ],
        ),
        case(
            "two: fines of one regulator",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-urad.example/pokuty/rychlonet",
                        "Pokuta za klamavou reklamu",
                        &fine(
                            "Rychlonet",
                            "800 tisíc",
                            "Kamenné Hůrce",
                            "nabízela rychlost připojení, které dosahovala jen v noci",
                        ),
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://spotrebitel.example/c/88",
                        "Úřad potrestal prodejce kotlů",
                        &fine(
                            "Teplovod",
                            "1,2 milionu",
                            "Javorníku",
                            "slibovala záruku deset let a uznávala ji jen na dva",
                        ),
                        50,
                    ),
                ),
            ],
        ),
        case(
            "two: water to be boiled, and no longer",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://granfors.example/nyheter/kokning",
                        "Kokningsrekommendation i Granfors",
                        "Koka dricksvattnet om du bor norr om ån. Bakterier har hittats i två prover.",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://radio-ljus.example/artikel/7790",
                        "Kokningsrekommendation i Granfors upphävd",
                        "Dricksvattnet norr om ån är godkänt och behöver inte kokas längre.",
                        70,
                    ),
                ),
            ],
        ),
        case(
            "two: opening hours of two towns",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://www.stadt-lindach.example/aktuelles/buergerbuero",
                        "Neue Öffnungszeiten im Bürgerbüro",
                        "Das Bürgerbüro Lindach öffnet ab Montag bereits um 7 Uhr und schließt dafür mittwochs am Mittag.",
                        0,
                    ),
                ),
                (
                    "office",
                    listed(
                        "b",
                        "https://www.werderau.example/aktuelles/buergerbuero-zeiten",
                        "Neue Öffnungszeiten im Bürgerbüro",
                        "In Werderau ist das Bürgerbüro künftig auch samstags von 9 bis 12 Uhr besetzt.",
                        3,
                    ),
                ),
            ],
        ),
        case(
            "two: warnings of a town hall on two days",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://cm-valdouro.example/avisos/1",
                        "Aviso à população: corte de água",
                        "Por motivo de obras, será interrompido o abastecimento de água na Rua das Oliveiras, no dia 10, entre as 9h00 e as 13h00. Pedimos desculpa pelo incómodo.",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://jornaldaserra.example/n/560",
                        "Aviso à população: corte de água",
                        "Por motivo de obras, será interrompido o abastecimento de água no Largo da Fonte, no dia 11, entre as 14h00 e as 18h00. Pedimos desculpa pelo incómodo.",
                        22,
                    ),
                ),
            ],
        ),
        case(
            "two: written questions with neighbouring numbers",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-riksdag.example/fraga/2026-27-145",
                        "Skriftlig fråga 2026/27:145 Järnvägen genom Granfors",
                        "",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://spar.example/riksdag/146",
                        "Skriftlig fråga 2026/27:146 Järnvägen genom Granfors",
                        "",
                        5,
                    ),
                ),
            ],
        ),
        case(
            "two: provinces in an inflected language, no text",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-ses.example/news/1",
                        "На Калинівщині відновили електропостачання після негоди",
                        "",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://krai.example/n/2",
                        "На Тернівщині відновили електропостачання після негоди",
                        "",
                        4,
                    ),
                ),
            ],
        ),
        case(
            "two: first and second report of an earthquake",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-kisho.example/jishin/20261109-1.html",
                        "地震情報（第1報）北浜沖",
                        "九日午前九時ごろ北浜沖で地震があった。最大震度は四。津波の心配はない。",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://minato-shimbun.example/articles/ASR6A",
                        "地震情報（第2報）北浜沖",
                        "九日午前十一時ごろ北浜沖で地震があった。最大震度は三。津波の心配はない。",
                        2,
                    ),
                ),
            ],
        ),
        case(
            "two: proposal and decision of a regulator",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-post.example/consultations/lockers",
                        "Consultation: access to parcel lockers",
                        &format!("{BERATUNG} Views are invited until 18 December."),
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://logistics.example/decision-lockers",
                        "Decision: access to parcel lockers",
                        &format!(
                            "{} The rule applies from 1 October 2027.",
                            BERATUNG
                                .replace("proposes to require", "has decided to require")
                                .replace("would have", "have")
                                .replace("would be exempt", "are exempt")
                        ),
                        300,
                    ),
                ),
            ],
        ),
        case(
            "two: decisions on a rate that does not change",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-bank.example/mpc/2026-10",
                        "Base rate unchanged at 4.25 per cent",
                        &rate("October", "9 November"),
                        -720,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://markets.example/fx/31",
                        "Base rate unchanged at 4.25 per cent",
                        &rate("November", "14 December"),
                        0,
                    ),
                ),
            ],
        ),
        case(
            "two: releases whose original is a list by year",
            vec![
                (
                    "wire",
                    Listed {
                        original: Some("https://dept-fisk.example/no/pressemeldinger/2026".into()),
                        ..listed(
                            "a",
                            "https://nordbrev.example/i/6/1",
                            "Ny havneavgift fra nyttår",
                            "",
                            3,
                        )
                    },
                ),
                (
                    "agency",
                    Listed {
                        original: Some("https://dept-fisk.example/no/pressemeldinger/2026/".into()),
                        ..listed(
                            "b",
                            "https://havposten.example/k-9920",
                            "Redningsskøyta får base på Skarvøy",
                            "",
                            8,
                        )
                    },
                ),
            ],
        ),
    ]
}
