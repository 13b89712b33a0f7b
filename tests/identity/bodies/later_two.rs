//! Announcements that look like one and are two, written after the rules were mended for the first ones.

use super::super::corpus::{Case, listed};
use super::case;

/// Ten pairs of announcements that look like one.
pub fn of_two() -> Vec<Case> {
    let seizure = |what: &str, port: &str, ship: &str, value: &str| {
        format!(
            "Customs officers at {port} have seized {what} with an estimated value of {value} that was hidden in a container aboard the {ship}. The container had been declared as household goods. A scan showed an uneven load, and a search dog confirmed the suspicion. Nobody has been arrested so far. The investigation is led by the regional crime unit, which asks anybody with information to call. Officers have made more seizures this year than in the whole of last year."
        )
    };
    const WOKANDA: &str = "Wejście na salę jest możliwe kwadrans przed rozpoczęciem. Publiczność okazuje dokument tożsamości. Nagrywanie wymaga zgody przewodniczącego. Zmiany terminów są ogłaszane na tablicy przy wejściu.";
    const DOTACJA: &str = "Pieniądze pochodzą z funduszu dróg lokalnych i pokryją połowę kosztów. Umowa przewiduje budowę chodnika, oświetlenia i dwóch zatok autobusowych. Wykonawca zostanie wybrany w przetargu, a roboty potrwają do jesieni przyszłego roku. Wnioski o kolejne dotacje można składać do końca stycznia.";
    const ADVICE: &str = "We advise against all but essential travel. If you are there, keep your departure options under review. Your insurance may not be valid if you travel against our advice. Check with your airline before going to the airport, and register with the embassy so that we can reach you.";
    const KVOTE: &str = "Kvoten er satt etter råd fra havforskerne og gjelder fra nyttår. Fartøy under elleve meter får beholde sin andel. Fiskere kan overføre inntil ti prosent til neste år. Departementet vurderer nye regler for bifangst og sender dem på høring i vår.";
    vec![
        case(
            "two: seizures of customs",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-customs.example/news/seizure-311",
                        "Customs officers seize hidden load",
                        &seizure(
                            "400 kilos of cocaine",
                            "Granite Bay",
                            "Anna Rickmers",
                            "30 million",
                        ),
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://ports-daily.example/c/91",
                        "Customs officers seize hidden load",
                        &seizure(
                            "two million cigarettes",
                            "Quill Harbour",
                            "Star of Lydgate",
                            "900,000",
                        ),
                        40,
                    ),
                ),
            ],
        ),
        case(
            "two: readings of a bill, no text",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-parliament.example/bills/harbours/1",
                        "Harbours and Moorings (Amendment) Bill: first reading",
                        "",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://hansard-watch.example/b/2",
                        "Harbours and Moorings (Amendment) Bill: second reading",
                        "",
                        30,
                    ),
                ),
            ],
        ),
        case(
            "two: court lists of two days in Polish",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-sad.example/wokanda/1",
                        "Wokanda Sądu Rejonowego w Jaworzynie",
                        &format!(
                            "9 listopada: sprawa Anny Kotarby, sprawa Piotra Zielonki.\n{WOKANDA}"
                        ),
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://gazeta-jaworzyna.example/w/2",
                        "Wokanda Sądu Rejonowego w Jaworzynie",
                        &format!(
                            "10 listopada: sprawa Marka Lisonia, sprawa Ewy Drozdek.\n{WOKANDA}"
                        ),
                        25,
                    ),
                ),
            ],
        ),
        case(
            "two: diary of a minister",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-presidencia.example/agenda/lunes",
                        "Agenda de la ministra de Puertos",
                        "10:00 Visita a la lonja de Almarena. 12:30 Reunión con la cofradía. 17:00 Comparecencia ante la comisión.",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://contratos.example/agenda/2",
                        "Agenda de la ministra de Puertos",
                        "9:30 Entrevista en Radio Costa. 11:00 Inauguración del faro de Peñalba. 18:00 Cena con embajadores.",
                        24,
                    ),
                ),
            ],
        ),
        case(
            "two: grants to two communities",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-drogi.example/dotacje/kamionka",
                        "Dotacja na drogę w gminie Kamionka",
                        &format!(
                            "Gmina Kamionka otrzyma 3,1 mln zł na przebudowę ulicy Szkolnej.\n{DOTACJA}"
                        ),
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://samorzad.example/d/18",
                        "Dotacja na drogę w gminie Wierzbno",
                        &format!(
                            "Gmina Wierzbno otrzyma 1,8 mln zł na przebudowę ulicy Leśnej.\n{DOTACJA}"
                        ),
                        4,
                    ),
                ),
            ],
        ),
        case(
            "two: advice on two countries",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-foreign.example/travel/dravenia",
                        "Travel advice: Dravenia",
                        &format!("Dravenia: {ADVICE}"),
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://tripwire.example/t/44",
                        "Travel advice: Colombrey",
                        &format!("Colombrey: {ADVICE}"),
                        2,
                    ),
                ),
            ],
        ),
        case(
            "two: timetables of two lines",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-faehre.example/fahrplan/linie-4",
                        "Fahrplanänderung auf der Fährlinie 4 ab Montag",
                        "Die Fähren der Linie 4 fahren ab Montag um 10 Minuten früher ab.",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://inselbote.example/l/5",
                        "Fahrplanänderung auf der Fährlinie 5 ab Montag",
                        "Die Fähren der Linie 5 fahren ab Montag um 10 Minuten später ab.",
                        1,
                    ),
                ),
            ],
        ),
        case(
            "two: updates on a fire",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-fire.example/incidents/tarn/3",
                        "Wildfire near Tarn: update from the fire service",
                        "At 9:00 the fire covered 340 hectares and was 20 per cent contained. Families from Upper Stroud have been moved to the sports hall.",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://valley-news.example/fire/4",
                        "Wildfire near Tarn: update from the fire service",
                        "At 18:00 the fire covered 410 hectares and was 65 per cent contained. Families may return to Upper Stroud tonight.",
                        9,
                    ),
                ),
            ],
        ),
        case(
            "two: quotas of two kinds of fish",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-fisk.example/news/kvote-sild",
                        "Kvoten for sild neste år er fastsatt",
                        &format!("Kvoten for sild blir 480 000 tonn.\n{KVOTE}"),
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://havposten.example/k-9940",
                        "Kvoten for makrell neste år er fastsatt",
                        &format!("Kvoten for makrell blir 215 000 tonn.\n{KVOTE}"),
                        5,
                    ),
                ),
            ],
        ),
        case(
            "two: judgments with transposed numbers, no text",
            vec![
                (
                    "dept",
                    listed(
                        "a",
                        "https://dept-curia.example/j/c-114-26",
                        "Case C-114/26 Nordwall v Commission: judgment on fish subsidies",
                        "",
                        0,
                    ),
                ),
                (
                    "wire",
                    listed(
                        "b",
                        "https://eulaw.example/n/2",
                        "Case C-141/26 Nordwall v Commission: judgment on fish subsidies",
                        "",
                        3,
                    ),
                ),
            ],
        ),
    ]
}
