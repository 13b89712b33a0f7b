//! The kinds of the corpus: what is listed, and which of it is one announcement.

use super::maker::Maker;
use super::{Case, Document, Listed};

/// Variations of each kind.
const VARIATIONS: usize = 14;

/// Makes the documents of one variation.
type Make = fn(&Maker) -> Vec<Document>;

/// Name, whether one source's own documents are the matter, and what is listed.
pub const KINDS: [(&str, bool, Make); 50] = [
    ("copy, same title", false, |m| m.pair(m.copy(m.title(), m.text(), 20))),
    ("copy, other title", false, |m| m.pair(m.copy(m.other_title(), m.text(), 20))),
    ("copy in a frame", false, |m| m.pair(m.copy(m.other_title(), m.framed(), 26))),
    ("copy cut short", false, |m| m.pair(m.copy(m.other_title(), m.cut(60), 8))),
    ("copy reworded here and there", false, |m| m.pair(m.copy(m.other_title(), m.reworded(), 12))),
    ("copy with sentences in another order", false, |m| {
        m.pair(m.copy(m.title(), m.shuffled(), 30))
    }),
    ("copy without names", false, |m| m.pair(m.copy(m.other_title(), m.nameless(), 5))),
    ("summary contained", false, |m| m.pair(m.copy(m.title(), m.first_line(), 6))),
    ("summary for summary, other words", false, |m| {
        m.brief_pair(m.copy(m.title(), m.other_summary(), 12))
    }),
    ("summary against text, same title", false, |m| m.pair(m.copy(m.title(), m.summary(), 12))),
    ("title alone", false, |m| m.bare_pair(m.copy(m.title(), String::new(), 30))),
    ("title alone, three days late", false, |m| m.bare_pair(m.copy(m.title(), String::new(), 76))),
    ("near title, no text", false, |m| m.bare_pair(m.copy(m.near_title(), String::new(), 4))),
    ("publisher behind the title", false, |m| {
        m.bare_pair(m.copy(format!("{} | {}", m.title(), m.publisher()), String::new(), 5))
    }),
    ("publisher before the title", false, |m| {
        m.bare_pair(m.copy(format!("{}: {}", m.publisher(), m.title()), m.summary(), 5))
    }),
    ("title in capitals", false, |m| m.bare_pair(m.copy(m.title().to_uppercase(), m.summary(), 3))),
    ("named original", false, |m| {
        let copy = m.copy(m.other_title(), m.other_summary(), 40);
        m.brief_pair(Listed { original: m.original().link, ..copy })
    }),
    ("two copies that name one original", false, |m| {
        let link = m.original().link;
        let one =
            Listed { original: link.clone(), ..m.copy(m.other_title(), m.other_summary(), 4) };
        let other = Listed {
            original: link,
            link: Some(m.at("agency.example", "b")),
            ..m.copy(m.title(), String::new(), 9)
        };
        vec![m.lists("wire", vec![one]), m.lists("agency", vec![other])]
    }),
    ("address in a wrapper", false, |m| {
        let link = m.original().link.unwrap_or_default();
        let encoded: String = url::form_urlencoded::byte_serialize(link.as_bytes()).collect();
        let wrapped = match m.number % 4 {
            0 => format!("https://www.google.com/url?rct=j&sa=t&url={encoded}&ct=ga"),
            1 => format!("https://eur01.safelinks.protection.outlook.com/?url={encoded}&data=05"),
            2 => format!("https://web.archive.org/web/20261110120000/{link}"),
            _ => format!("https://l.facebook.com/l.php?u={encoded}&h=AT3"),
        };
        m.brief_pair(Listed {
            link: Some(wrapped),
            ..m.copy(m.other_title(), m.other_summary(), 8)
        })
    }),
    ("variant of the page", false, |m| {
        let link = m.original().link.unwrap_or_default();
        let variant = match m.number % 4 {
            0 => format!("{link}?print=1"),
            1 => format!("{link}/amp/"),
            2 => link.replace("https://", "https://m."),
            _ => format!("{link}?utm_source=mail&PHPSESSID=0a1b"),
        };
        m.pair(Listed { link: Some(variant), ..m.copy(m.title(), m.first_line(), 50) })
    }),
    ("page in another language, one text", false, |m| {
        let original = m.original();
        let slug = m.slug();
        let page = |language: &str| Some(format!("https://dept.example/{language}/news/{slug}"));
        let one = Listed { link: page("en"), text: m.summary(), ..original.clone() };
        let other =
            Listed { link: page("fr"), guid: Some(m.guid("o")), text: m.summary(), ..original };
        vec![m.lists("dept", vec![one]), m.lists("office", vec![other])]
    }),
    ("copy a week and a half later", false, |m| m.pair(m.copy(m.title(), m.text(), 250))),
    ("parts before their original", false, |m| {
        let lines: Vec<String> = m.text().lines().map(str::to_owned).collect();
        let first = m.copy(m.other_title(), lines[..2].join("\n"), 5);
        let second = Listed {
            link: Some(m.at("courier.example", "p")),
            ..m.copy(m.summary(), lines[2].clone(), 6)
        };
        let mut documents = vec![m.lists("wire", vec![first]), m.lists("courier", vec![second])];
        documents.push(m.lists("dept", vec![m.original()]));
        documents
    }),
    ("joint release on one site", false, |m| {
        let other = Listed {
            link: Some(m.at("dept.example/offices", "j")),
            guid: Some(m.guid("j")),
            ..m.original()
        };
        vec![m.lists("dept", vec![m.original()]), m.lists("office", vec![other])]
    }),
    ("joint statement of two governments", false, |m| {
        let other = Listed {
            link: Some(m.at("gov-b.example", "j")),
            guid: Some(m.guid("j")),
            hour: Some(2),
            ..m.original()
        };
        vec![m.lists("dept", vec![m.original()]), m.lists("office", vec![other])]
    }),
    ("copy undated", false, |m| m.pair(Listed { hour: None, ..m.copy(m.title(), m.text(), 0) })),
    ("moved page", true, |m| {
        let moved = Listed {
            link: Some(m.at("dept.example/newsroom/2026", "m")),
            guid: Some(m.at("dept.example/newsroom/2026", "m")),
            ..m.original()
        };
        let before = Listed { guid: m.original().link, ..m.original() };
        vec![m.lists("dept", vec![before]), m.lists("dept", vec![moved])]
    }),
    ("session ids", true, |m| {
        let session = |id: usize| {
            let link = match m.number % 3 {
                0 => format!("https://dept.example/n/{};jsessionid=S{id}", m.number),
                1 => format!("https://dept.example/n?id={}&PHPSESSID=a{id}", m.number),
                _ => format!("https://dept.example/n/{}?t=168331244{id}", m.number),
            };
            let listed = Listed {
                link: Some(link.clone()),
                guid: Some(link),
                text: m.summary(),
                ..m.original()
            };
            m.lists("dept", vec![listed])
        };
        vec![session(0), session(1), session(2)]
    }),
    ("rotating ids", true, |m| {
        let with = |id: usize| {
            m.lists(
                "dept",
                vec![Listed { guid: Some(format!("urn:{id}:{}", m.number)), ..m.original() }],
            )
        };
        vec![with(0), with(1), with(2)]
    }),
    ("revised", true, |m| {
        let guid = Some(m.guid("r"));
        let before = Listed { guid: guid.clone(), ..m.original() };
        let after = Listed {
            guid,
            title: format!("Correction: {}", m.title()),
            text: m.reworded(),
            ..m.original()
        };
        vec![m.lists("dept", vec![before]), m.lists("dept", vec![after])]
    }),
    ("revised with a new link", true, |m| {
        let guid = Some(m.guid("r"));
        let before = Listed { guid: guid.clone(), ..m.original() };
        let after = Listed {
            guid,
            link: Some(m.at("dept.example", "z")),
            text: m.reworded(),
            ..m.original()
        };
        vec![m.lists("dept", vec![before]), m.lists("dept", vec![after])]
    }),
    // Different announcements.
    ("generic title of two governments", false, |m| {
        vec![
            m.lists(
                "dept",
                vec![Listed { title: m.generic(), text: String::new(), ..m.original() }],
            ),
            m.lists(
                "office",
                vec![Listed { title: m.generic(), text: String::new(), ..m.strange(30) }],
            ),
        ]
    }),
    ("generic title, summaries of two governments", false, |m| {
        vec![
            m.lists("dept", vec![Listed { title: m.generic(), text: m.summary(), ..m.original() }]),
            m.lists(
                "office",
                vec![Listed { title: m.generic(), text: m.other().summary(), ..m.strange(20) }],
            ),
        ]
    }),
    ("generic title, summaries of one announcement each", false, |m| {
        vec![
            m.lists("dept", vec![Listed { title: m.generic(), text: m.summary(), ..m.original() }]),
            m.lists(
                "wire",
                vec![Listed {
                    title: m.generic(),
                    text: m.other().summary(),
                    link: Some(m.at("wire.example", "g")),
                    ..m.strange(60)
                }],
            ),
        ]
    }),
    ("series, same title", false, |m| m.series(m.generic())),
    ("series, other title", false, |m| m.series(m.other_title())),
    ("series with numbers in the title", false, |m| {
        let title = |n: usize| format!("{} {n}", m.generic());
        vec![
            m.lists(
                "dept",
                vec![Listed { title: title(10 + m.number), text: String::new(), ..m.original() }],
            ),
            m.lists(
                "wire",
                vec![Listed {
                    title: title(11 + m.number),
                    text: String::new(),
                    link: Some(m.at("wire.example", "n")),
                    ..m.strange(40)
                }],
            ),
        ]
    }),
    ("weather warnings", false, |m| {
        let title = format!("Yellow warning of rain for {}", m.place());
        let text = |day: &str, date: usize, from: usize| {
            format!(
                "Heavy rain on {day} {date} November between {from:02}:00 and {:02}:00. Some flooding of homes is possible.",
                from + 9
            )
        };
        vec![
            m.lists(
                "dept",
                vec![Listed { title: title.clone(), text: text("Tuesday", 10, 6), ..m.original() }],
            ),
            m.lists(
                "wire",
                vec![Listed {
                    title,
                    text: text("Friday", 13, 3),
                    link: Some(m.at("wire.example", "w")),
                    ..m.strange(70)
                }],
            ),
        ]
    }),
    ("titles that differ in one name", false, |m| {
        let title = |place: &str| format!("Rural buses to return around {place} next spring");
        vec![
            m.lists(
                "dept",
                vec![Listed { title: title(m.place()), text: String::new(), ..m.original() }],
            ),
            m.lists(
                "wire",
                vec![Listed {
                    title: title(m.other().place()),
                    text: String::new(),
                    link: Some(m.at("wire.example", "n")),
                    ..m.strange(3)
                }],
            ),
        ]
    }),
    ("one answer under two titles", false, |m| {
        let title = |place: &str| format!("Rural buses around {place}");
        vec![
            m.lists("dept", vec![Listed { title: title(m.place()), ..m.original() }]),
            m.lists(
                "wire",
                vec![Listed {
                    title: title(m.other().place()),
                    text: m.text(),
                    link: Some(m.at("wire.example", "n")),
                    ..m.strange(3)
                }],
            ),
        ]
    }),
    ("report that quotes", false, |m| {
        let lines: Vec<String> = m.other_template().text().lines().map(str::to_owned).collect();
        let quoted = m.first_line();
        let own = format!(
            "{}\n{}\n{}\n{}",
            lines[0],
            quoted.split(". ").next().unwrap_or_default(),
            lines[1],
            lines[2]
        );
        vec![
            m.lists("dept", vec![Listed { text: m.first_line(), ..m.original() }]),
            m.lists(
                "wire",
                vec![Listed {
                    title: m.other_template().other_title(),
                    text: own,
                    link: Some(m.at("wire.example", "q")),
                    ..m.strange(4)
                }],
            ),
        ]
    }),
    ("digest of two", false, |m| {
        let other = m.other_template();
        let digest = format!("{}\n{}", m.text(), other.text());
        vec![
            m.lists(
                "dept",
                vec![
                    m.original(),
                    Listed {
                        label: "b",
                        guid: Some(m.guid("b")),
                        link: Some(m.at("dept.example", "b")),
                        ..other.original()
                    },
                ],
            ),
            m.lists(
                "wire",
                vec![Listed {
                    label: "digest",
                    title: "This week from the coast".into(),
                    ..m.copy(String::new(), digest, 60)
                }],
            ),
        ]
    }),
    ("one template, other facts", false, |m| {
        vec![
            m.lists("dept", vec![m.original()]),
            m.lists(
                "wire",
                vec![Listed {
                    title: m.other().other_title(),
                    text: m.other().text(),
                    link: Some(m.at("wire.example", "t")),
                    ..m.strange(30)
                }],
            ),
        ]
    }),
    ("one text two years apart", false, |m| m.apart(m.copy(m.title(), m.text(), -17_000))),
    ("original that is a section", false, |m| {
        let section = Some(
            [
                "https://dept.example/news",
                "https://dept.example/en/",
                "https://dept.example/news/2026/11/",
                "https://dept.example/press-releases/index.php",
            ][m.number % 4]
                .to_owned(),
        );
        let one = Listed {
            original: section.clone(),
            link: Some(m.at("wire.example", "s")),
            text: m.summary(),
            ..m.original()
        };
        let other = Listed {
            original: section,
            title: m.other_template().title(),
            text: m.other_template().summary(),
            link: Some(m.at("agency.example", "s")),
            ..m.strange(20)
        };
        vec![m.lists("wire", vec![one]), m.lists("agency", vec![other])]
    }),
    ("one link for all", true, |m| {
        let link = Some("https://dept.example/gazette/2026-44.pdf".to_owned());
        let one = Listed { link: link.clone(), text: m.summary(), ..m.original() };
        let other = Listed {
            link,
            title: m.other_template().title(),
            text: m.other_template().summary(),
            guid: Some(m.guid("b")),
            ..m.strange(0)
        };
        vec![m.lists("dept", vec![one, other])]
    }),
    ("one id for all", true, |m| {
        let guid = Some(["N/A", "0", "https://dept.example/", "news"][m.number % 4].to_owned());
        let one = Listed { guid: guid.clone(), text: m.summary(), ..m.original() };
        let other = Listed {
            guid,
            title: m.other_template().title(),
            text: m.other_template().summary(),
            link: Some(m.at("dept.example", "b")),
            ..m.strange(5)
        };
        vec![m.lists("dept", vec![one.clone()]), m.lists("dept", vec![other, one])]
    }),
    ("page that is used again", true, |m| {
        let link = Some(format!("https://dept.example/warning-for-{}", m.slug()));
        let one = Listed { link: link.clone(), text: m.summary(), ..m.original() };
        let other = Listed {
            link,
            title: m.other_template().title(),
            text: m.other_template().summary(),
            guid: Some(m.guid("b")),
            ..m.strange(26)
        };
        vec![m.lists("dept", vec![one]), m.lists("dept", vec![other])]
    }),
    ("places of a list as ids", true, |m| {
        let with = |id: usize, listed: Listed| Listed { guid: Some(id.to_string()), ..listed };
        let one = Listed { text: m.summary(), ..m.original() };
        let other = Listed {
            title: m.other_template().title(),
            text: m.other_template().summary(),
            link: Some(m.at("dept.example", "b")),
            ..m.strange(24)
        };
        vec![
            m.lists("dept", vec![with(1, one.clone())]),
            m.lists("dept", vec![with(1, other), with(2, one)]),
        ]
    }),
    ("two vacancies", true, |m| {
        let one =
            Listed { title: "Harbour pilot wanted".into(), text: String::new(), ..m.original() };
        let other = Listed {
            link: Some(m.at("dept.example", "v2")),
            guid: Some(m.guid("v2")),
            label: "b",
            ..one.clone()
        };
        vec![m.lists("dept", vec![one.clone()]), m.lists("dept", vec![one, other])]
    }),
];

/// Every case of every kind.
pub fn everything() -> Vec<Case> {
    let of_kind = |(kind, within_source, make): &(&'static str, bool, Make)| -> Vec<Case> {
        let made = (0..VARIATIONS).map(|number| Case {
            kind,
            number,
            within_source: *within_source,
            documents: make(&Maker::new(number)),
        });
        made.collect()
    };
    KINDS.iter().flat_map(of_kind).collect()
}
