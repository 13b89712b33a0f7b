//! Lines that entries share and that matter all the same, pictures for sharing, and markers.

use super::tests::{FORMS, document, read};
use crate::announcement::Surroundings;
use crate::cancel::Cancelled;
use crate::model::{Reason, TextRules};
use crate::parse::{self, Limits};

/// The texts of entries with these descriptions, and whether anything was set aside of each.
fn texts(descriptions: &[String]) -> Vec<(String, bool)> {
    let items: String = descriptions
        .iter()
        .enumerate()
        .map(|(n, html)| {
            format!(
                "<item><title>Entry {n}</title><link>https://min.example/n/{n}</link><description>{}</description></item>",
                htmlize::escape_text(html)
            )
        })
        .collect();
    let whole = format!("<rss version=\"2.0\"><channel><title>M</title>{items}</channel></rss>");
    let parsed = parse::parse(&document(whole), &Limits::default()).unwrap();
    parsed.entries.iter().map(|entry| (entry.text.clone(), !entry.set_aside.is_empty())).collect()
}

#[test]
fn values_stay_however_many_entries_have_them() {
    let rivers = ["Severn", "Teme", "Wye", "Avon", "Dee", "Usk"];
    for form in [
        "Flood alert<br>River {river} at Bewdley<br>Severity: {level}",
        "<p>Flood alert</p><p>River {river} at Bewdley</p><p>{level}</p>",
        "<p>The water of the {river} rises at Bewdley until noon.</p><p>Severity: {level}</p>",
        "<p>Severity: {level}</p><p>The water of the {river} rises at Bewdley until noon.</p>",
        "Librarian in {river}<br>Contract: {level}<br>Region: Wales",
        "<p>Crue de la {river} à Bewdley</p><p>Vigilance : {level}</p><p>Zone : Est</p>",
        "<p>Hochwasser an der {river}</p><p>Stufe: {level}</p><p>Land: Sachsen</p>",
        "<ul><li>{river}地区</li><li>警戒レベル：{level}</li></ul>",
        "<p>{river} nehri taştı</p><p>Seviye: {level}</p><p>Bölge: Doğu</p>",
        "<p>The water of the {river} rises at Bewdley until noon.</p><p>The alert is {level}.</p>",
        "<p>Bathing water of the {river} at Carrow was tested today. The result is {level}.</p>",
        "<p>{level} warning</p><p>Snow will fall above the {river} until Monday evening.</p>",
        "<p>Das Wasser der {river} steigt bis zum Mittag.</p><p>Die Lage ist {level}.</p>",
        "<p>La {river} monte jusqu'à midi.</p><p>La vigilance est {level}.</p>",
        "<p>{river} was added to the list today.</p><ul><li>Asset freeze {level}</li><li>Travel ban</li></ul>",
        "<p>{river} ist seit heute auf der Liste.</p><ul><li>Reiseverbot</li><li>Stufe {level}</li></ul>",
    ] {
        let entries: Vec<String> = rivers
            .iter()
            .enumerate()
            .map(|(n, river)| {
                let level = if n == 5 { "red" } else { "amber" };
                form.replace("{river}", river).replace("{level}", level)
            })
            .collect();
        for (text, is_shortened) in texts(&entries) {
            assert!(
                !is_shortened && (text.contains("amber") || text.contains("red")),
                "{form}: {text}"
            );
        }
    }
    // The publisher's own lines go, beside values that stay.
    for (form, goes, stays) in [
        (
            "<p>The water of the {river} rises at Bewdley until noon.</p><p>Severity: amber</p><p>Source: Agency for Armenia</p>",
            "Armenia",
            "amber",
        ),
        (
            "<p>The water of the {river} rises at Bewdley until noon.</p><p>Severity: amber</p><p>Western Balkans press service</p>",
            "Balkans",
            "amber",
        ),
        (
            "<p>Das Wasser der {river} steigt bis zum Mittag.</p><p>Stufe: gelb</p><p>Pressestelle: 030 555 0101</p>",
            "0101",
            "gelb",
        ),
        (
            "<p>Vodostaj reke {river} raste do podneva.</p><p>Nivo: amber</p><p>021 555 0101</p><p>Vlada Jermenije</p>",
            "Jermenije",
            "amber",
        ),
        (
            "<p>{river} ibaiaren maila igotzen ari da.</p><p>Travel amber</p><p>https://min.example/</p><p>Armeniako Gobernua</p><p>Portuen Saila</p>",
            "Armeniako",
            "Travel amber",
        ),
        (
            "<p>{river} at Bewdley</p><p>Severity: amber</p><p>See the website of the agency for Armenia.</p>",
            "Armenia",
            "amber",
        ),
    ] {
        let entries: Vec<String> =
            rivers.iter().map(|river| form.replace("{river}", river)).collect();
        for (text, _) in texts(&entries) {
            assert!(text.contains(stays) && !text.contains(goes), "{form}: {text}");
        }
    }
}

/// Repetition shows a formula. It does not show that the line is not part of the announcement.
#[test]
fn formulas_of_announcements_stay_however_many_entries_have_them() {
    let names = ["Orm", "Tarn", "Ketzin", "Wexmoor", "Brae", "Quell"];
    for (form, stays) in [
        (
            "<p>The court has heard the case of {name}. The appeal was dismissed with costs to the state of Dravenia.</p>",
            "appeal was dismissed",
        ),
        (
            "<h3>Sanctions against Dravenia</h3><p>The council has added {name} to the list of ships that may not enter.</p>",
            "Sanctions against Dravenia",
        ),
        (
            "<p>On the situation in Dravenia</p><p>The {name} group met in May and spoke of the ceasefire in the north.</p><p>Dravenia</p>",
            "the situation in Dravenia",
        ),
        (
            "<p>Committee on Sanctions against Dravenia</p><p>Members will meet in {name}.</p><p>Live broadcast from 10:00.</p>",
            "Live broadcast",
        ),
        (
            "<p>The ship {name} carries arms.</p><p>All EU ports are closed to it from today.</p>",
            "ports are closed",
        ),
        (
            "<p>Glass was found in jam from {name}.</p><p>Do not eat the product, and return it to the shop for a refund.</p>",
            "Do not eat",
        ),
        (
            "<p>The number of ships in {name} rose.</p><p>Embargo: not for publication before 3 December 2026, 10:00.</p>",
            "Embargo",
        ),
        (
            "<p>Суд рассмотрел дело {name}.</p><p>Санкции против Дравении продлены на шесть месяцев.</p>",
            "Санкции",
        ),
        (
            "<p>Das Gericht hat über {name} entschieden. Die Klage wurde abgewiesen, die Revision nicht zugelassen.</p>",
            "Klage wurde abgewiesen",
        ),
        (
            "<p>La cour a jugé l'affaire {name}.</p><p>Le pourvoi de la Dravénie est rejeté, et la requérante condamnée aux dépens.</p>",
            "pourvoi de la Dravénie",
        ),
        (
            "<p>El buque {name} lleva armas.</p><p>No podrá entrar en ningún puerto de la Unión Europea.</p>",
            "ningún puerto",
        ),
        (
            "<p>{name}沖で地震が発生しました。</p><p>この地震による津波の心配はありません。</p>",
            "津波の心配",
        ),
        (
            "<p>Trzęsienie ziemi w {name}.</p><p>Rada Dravenii ogłosiła stan wyjątkowy w całym kraju.</p>",
            "stan wyjątkowy",
        ),
        (
            "<p>{name} yakınlarında deprem oldu.</p><p>Dravenya hükümeti tüm okulları kapattı.</p>",
            "okulları kapattı",
        ),
        (
            "<p>وقع زلزال قرب {name}.</p><p>أعلنت حكومة درافينيا حالة الطوارئ في البلاد.</p>",
            "حالة الطوارئ",
        ),
    ] {
        let entries: Vec<String> = names.iter().map(|name| form.replace("{name}", name)).collect();
        for (text, is_shortened) in texts(&entries) {
            assert!(!is_shortened && text.contains(stays), "{form}: {text}");
        }
    }
}

#[test]
fn links_to_other_entries_are_the_objects_of_a_text_that_goes_on_in_them() {
    let orders = ["Order 12 on the north basin", "Order 13 on ice classes", "Order 14 on pilots"];
    const BODY: &str = "<p>The ministry has reviewed its orders of this year and found that some of them went too far for the ports.</p>";
    let link = |n: usize, label: &str| format!("<a href=\"https://min.example/n/{n}\">{label}</a>");
    let [one, two, three] = [1, 2, 3].map(|n| link(n, orders[n - 1]));
    for (title, behind, stays) in [
        ("Review", format!("<ul><li>{one}</li><li>{two}</li></ul><p>They end on 3 May.</p>"), true),
        ("Review", format!("<p>Repealed are</p><ul><li>{one}</li><li>{two}</li></ul>"), true),
        (
            "Orders repealed",
            format!("<h3>Repealed</h3><ul><li>{one}</li><li>{two}</li></ul>"),
            true,
        ),
        (
            "Orders",
            format!(
                "<dl><dt>{one}</dt><dd>Repealed from 3 May.</dd><dt>{two}</dt><dd>Stays in force.</dd></dl>"
            ),
            true,
        ),
        ("Correction", format!("<p>{}</p>", link(1, "Order 12: for nine read ninety")), true),
        (
            "Week in review",
            format!(
                "<p>This week the ministry published three orders.</p><p>{one}</p><p>{two}</p><p>{three}</p>"
            ),
            true,
        ),
        (
            "Wochenrückblick",
            format!(
                "<p>In dieser Woche hat das Ministerium drei Verordnungen für Häfen erlassen.</p><p>{one}</p><p>{two}</p><p>{three}</p>"
            ),
            true,
        ),
        ("Review", format!("<p>{one}</p><p>{two}</p><p>{three}</p>"), false),
        ("Review", format!("<h3>Newest orders</h3><ul><li>{one}</li><li>{two}</li></ul>"), false),
    ] {
        let others = orders.iter().enumerate().map(|(n, order)| {
            format!(
                "<item><title>{order}</title><link>https://min.example/n/{}</link></item>",
                n + 1
            )
        });
        let html = htmlize::escape_text(format!("{BODY}{behind}"));
        let whole = format!(
            "<rss version=\"2.0\"><channel><title>M</title><item><title>{title}</title><link>https://min.example/n/0</link><description>{html}</description></item>{}</channel></rss>",
            others.collect::<String>()
        );
        let parsed = parse::parse(&document(whole), &Limits::default()).unwrap();
        let text = &parsed.entries[0].text;
        assert_eq!(text.contains("Order 12"), stays, "{title} {behind}: {text}");
    }
}

#[test]
fn pictures_of_share_links_go_and_those_of_the_announcement_stay() {
    const BODY: &str = "<p>The harbour fund paid for the works at Carrow.</p><p><img src=\"https://min.example/bridge.jpg\" alt=\"\"></p>";
    for bar in [
        "<div class=\"share\"><a href=\"https://www.facebook.com/sharer.php?u=x\"><img src=\"https://min.example/f.png\" alt=\"Share\"></a><a href=\"https://twitter.com/intent/tweet?u=x\"><img src=\"https://min.example/f.png\"></a></div>",
        "<p><a href=\"https://www.facebook.com/sharer.php?u=x\"><img src=\"https://min.example/f.png\"></a> <a href=\"mailto:?subject=x&amp;body=y\"><img src=\"https://min.example/f.png\"></a></p>",
        "<p><img src=\"https://min.example/f.png\"> <a href=\"https://www.facebook.com/sharer.php?u=x\">Share on Facebook</a></p>",
        "<ul><li><a href=\"https://wa.me/?text=x\"><span><img src=\"https://min.example/f.png\"></span></a></li></ul>",
    ] {
        for form in FORMS {
            for html in [
                format!("{BODY}{bar}"),
                format!("{bar}{BODY}"),
                format!("{BODY}{bar}<p>Tolls are free.</p>"),
            ] {
                let entry = read(&html, form);
                let shown = entry.content.or(entry.summary).unwrap();
                assert!(!shown.contains("f.png") && !shown.contains("sharer"), "{shown}");
                assert!(
                    shown.contains("bridge.jpg") && entry.text.contains("harbour fund"),
                    "{shown}"
                );
                assert_eq!(
                    html.contains("Tolls"),
                    entry.text.contains("Tolls are free."),
                    "{shown}"
                );
            }
        }
    }
    // A link to share beside words, and a picture that leads elsewhere, are the announcement's.
    for kept in [
        "<p><a href=\"https://min.example/map\"><img src=\"https://min.example/f.png\"></a></p>",
        "<p>Send this card: <a href=\"https://wa.me/?text=x\"><img src=\"https://min.example/c.png\"> the card</a>, the minister asks everybody who lives by the river to do so today before noon.</p>",
    ] {
        let entry = read(&format!("{BODY}{kept}"), FORMS[2]);
        assert_eq!(entry.content.unwrap().matches("<img").count(), 2, "{kept}");
    }
}

#[test]
fn a_marker_within_a_word_cuts_nothing_before_it() {
    let rules = |end: &str| TextRules { end_before: Some(end.to_owned()), ..TextRules::default() };
    for (html, marker, text) in [
        (
            "<p>The bridge opens <b>today</b>.End of release</p><p>About us</p>",
            "End of release",
            "The bridge opens today.End of release",
        ),
        (
            "<p>The fee is 5&nbsp;&lt;b&gt;End of release</p><p>About us</p>",
            "End of release",
            "The fee is 5 <b>End of release",
        ),
        (
            "<p>The bridge opens.</p><p>End of release</p><p>About us</p>",
            "End of release",
            "The bridge opens.",
        ),
        (
            "<p>The bridge opens. End of release</p><p>About us</p>",
            "End of release",
            "The bridge opens.",
        ),
    ] {
        let rules = rules(marker);
        let surroundings = Surroundings { rules: &rules, ..Surroundings::default() };
        let item = format!(
            "<rss version=\"2.0\"><channel><title>M</title><item><title>T</title><description><![CDATA[{html}]]></description></item></channel></rss>"
        );
        let parsed = parse::parse_until(
            &document(item),
            &Limits::default(),
            &surroundings,
            &Cancelled::never(),
        );
        let entry = parsed.unwrap().entries[0].clone();
        assert_eq!(entry.text, text, "{html}");
        assert_eq!(entry.set_aside.last().map(|piece| piece.reason), Some(Reason::Rule));
    }
}
