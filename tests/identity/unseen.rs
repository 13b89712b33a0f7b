//! Forms of series, dates and late texts that no rule and no weight was made for.
//!
//! They were written after the rules and are only measured.

use super::corpus::{Case, Document, Listed, Measure, Texts, listed, measured};

/// Words of a notice of some length, with its own place, number and day.
fn notice(place: &str, number: u32, day: u32) -> String {
    format!(
        "Order number {number} was made on {day} November and closes the waters off {place} to nets and dredges. Boats that are registered in {place} may fish with pots and lines as before. Whoever was at sea when the order was made has until the evening of the next day to land the catch. \
         The order rests on the survey that divers made in the autumn, by which the beds of young cod have lost half of their cover since the last rules were written. It is shown in the office of the harbourmaster, where charts can be had free of charge. \
         Appeals are heard by the magistrates within twenty-one days. Fines of up to five thousand pounds can be imposed, and gear that is used against the order is taken away. Enquiries go to the fisheries desk, which is staffed on weekdays from eight until four."
    )
}

fn case(kind: &'static str, documents: Vec<(&'static str, Vec<Listed>)>) -> Case {
    let documents = documents.into_iter().map(|(source, entries)| Document { source, entries });
    Case { kind, number: 1, within_source: false, documents: documents.collect() }
}

const LABELS: [&str; 4] = ["a", "b", "c", "d"];

/// A series by a department and by those who copy it, each entry a document of its own.
fn series(
    kind: &'static str,
    title: &str,
    step: i64,
    copies: &[(&'static str, i64)],
    text: impl Fn(usize) -> String,
) -> Case {
    let mut documents = Vec::new();
    for (number, label) in LABELS.into_iter().enumerate() {
        let hour = step * number as i64;
        let link = format!("https://dept.example/orders/order-{number}");
        documents.push(("dept", vec![listed(label, &link, title, &text(number), hour)]));
        for (source, late) in copies {
            let link = format!("https://{source}.example/order-{number}");
            documents.push((source, vec![listed(label, &link, title, &text(number), hour + late)]));
        }
    }
    case(kind, documents)
}

fn of_place(number: usize) -> String {
    let place = ["Varrel", "Nessock", "Tarn", "Hexley"][number];
    notice(place, 40 + number as u32, 3 + 2 * number as u32)
}

fn nothing(_: usize) -> String {
    String::new()
}

fn forms() -> Vec<Case> {
    const ORDER: &str = "Fisheries order for the northern grounds";
    let report = |number: usize| {
        format!(
            "Situation report {} covers the days since {} November and was signed by the duty officer.",
            14 + number,
            3 + number
        )
    };
    let closed = |council: &'static str, label: &'static str, street: &str, day: i64, hour: i64| {
        let link = format!("https://{council}.example/roads/closure-{hour}");
        let text = format!(
            "{street} is closed from {day} to {} November for work on the gas main.",
            day + 2
        );
        listed(label, &link, "Temporary closure of a road in the old town", &text, hour)
    };
    let single = |label: &'static str, link: &str, hour: i64| {
        listed(label, link, "Salt marsh at Ollerby to be opened to the tide", "", hour)
    };
    let (marsh, copy) = ("https://dept.example/marsh", "https://wire.example/marsh");
    let vacancy = |label: &'static str, source: &str, number: u32, hour: i64| {
        let text = format!(
            "The harbour office looks for a pilot for the {number}nd tug. Applications are taken until {number} December and go to the harbourmaster."
        );
        listed(
            label,
            &format!("https://{source}.example/jobs/{number}"),
            "Harbour pilot wanted for Northshire",
            &text,
            hour,
        )
    };
    let undated = |one: Listed| Listed { hour: None, ..one };
    vec![
        series("weekly, copied by two", ORDER, 168, &[("wire", 26), ("agency", 70)], of_place),
        series("daily, copied within hours", ORDER, 24, &[("wire", 5)], of_place),
        series("every two days, titles alone", ORDER, 48, &[("wire", 9), ("agency", 20)], nothing),
        series("three days, copies four days late", ORDER, 72, &[("wire", 95)], of_place),
        series(
            "reports that differ in a number",
            "Situation report on the northern floods",
            24,
            &[("wire", 4)],
            report,
        ),
        case(
            "two councils and a carrier of both",
            vec![
                ("dept-north", vec![closed("northshire", "a", "High Street", 10, 0)]),
                ("dept-south", vec![closed("southmoor", "b", "Mill Lane", 14, 5)]),
                ("wire", vec![closed("wire", "b", "Mill Lane", 14, 6)]),
                ("agency", vec![closed("agency", "a", "High Street", 10, 1)]),
            ],
        ),
        case(
            "two vacancies of one title and their copies",
            vec![
                ("dept", vec![vacancy("a", "dept", 2, 0), vacancy("b", "dept", 22, 30)]),
                ("wire", vec![vacancy("b", "wire", 22, 40)]),
                ("agency", vec![vacancy("a", "agency", 2, 4)]),
            ],
        ),
        case(
            "undated notices of one title",
            vec![
                (
                    "dept",
                    vec![
                        undated(listed("a", "https://dept.example/o/1", ORDER, &of_place(0), 0)),
                        undated(listed("b", "https://dept.example/o/2", ORDER, &of_place(1), 0)),
                    ],
                ),
                (
                    "wire",
                    vec![undated(listed("b", "https://wire.example/o/2", ORDER, &of_place(1), 0))],
                ),
                (
                    "agency",
                    vec![undated(listed(
                        "a",
                        "https://agency.example/o/1",
                        ORDER,
                        &of_place(0),
                        0,
                    ))],
                ),
            ],
        ),
        case(
            "a copy dated by its day alone",
            vec![("dept", vec![single("a", marsh, 15)]), ("wire", vec![single("a", copy, 0)])],
        ),
        case(
            "a title that came back before its next original",
            vec![("dept", vec![single("a", marsh, 120)]), ("wire", vec![single("b", copy, 70)])],
        ),
        case(
            "an embargoed text, copied too early",
            vec![
                ("dept", vec![listed("a", marsh, ORDER, &of_place(2), 30)]),
                ("wire", vec![listed("a", copy, "Nets banned off Tarn", &of_place(2), 4)]),
            ],
        ),
        case(
            "a weekly notice that two carriers have",
            vec![
                (
                    "wire",
                    vec![listed(
                        "w1",
                        "https://wire.example/w1",
                        "Coastal news in brief for Friday",
                        "",
                        0,
                    )],
                ),
                (
                    "wire",
                    vec![listed(
                        "w2",
                        "https://wire.example/w2",
                        "Coastal news in brief for Friday",
                        "",
                        168,
                    )],
                ),
                (
                    "agency",
                    vec![listed(
                        "w2",
                        "https://agency.example/g2",
                        "Coastal news in brief for Friday",
                        "",
                        165,
                    )],
                ),
            ],
        ),
    ]
}

#[test]
fn forms_that_nothing_was_tuned_on_hide_no_announcement() {
    let cases = forms();
    let mut broken = String::new();
    for texts in [Texts::AtOnce, Texts::Late] {
        let mut all = Measure::default();
        for (kind, measure) in measured(&cases, 0..10, texts) {
            let (precision, recall) = (measure.precision(), measure.recall());
            println!("{texts:?}, {kind}: P {precision:.3} R {recall:.3} lost {}", measure.lost);
            if precision < 1.0 || measure.lost > 0 {
                broken += &format!("{texts:?}, {kind}: P {precision:.3}, {} lost\n", measure.lost);
            }
            all.extend(&measure);
        }
        println!("{texts:?}: R {:.3}, BCubed F1 {:.3}", all.recall(), all.b_cubed());
    }
    assert!(broken.is_empty(), "{broken}");
}
