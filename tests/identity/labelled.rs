//! Generates the labelled set: announcements and series, and what each source says of them.

use std::fmt::Write;

use gazetted::model::Timestamp;

use super::releases::{CONTACTS, NAMES, ON_SANCTIONS, RELEASES, REWRITES, Release};
use super::series::{LENGTH, instalments};

/// One entry of one source.
#[derive(Debug, Clone)]
pub struct Telling {
    /// The announcement that it tells.
    pub label: String,
    pub source: &'static str,
    pub link: String,
    pub title: String,
    pub summary: String,
    /// HTML; empty where the source gives no text.
    pub text: String,
    /// Hours after the first of March.
    pub hour: u32,
}

/// Everything that is told, department first and copies after it, announcement by announcement.
pub fn everything() -> Vec<Telling> {
    let mut all = Vec::new();
    for (number, release) in RELEASES.iter().enumerate() {
        let day = 1 + 3 * u32::try_from(number).unwrap_or(0);
        tell(release, day, &mut all);
        if let Some((_, title, text)) = REWRITES.iter().find(|(of, ..)| *of == number) {
            let own = format!("agency on {}", release.path);
            all.push(telling(&own, "agency", title, text, 24 * day + 12, &paragraphs(text)));
        }
    }
    for number in 0..LENGTH {
        for instalment in instalments(number) {
            let label = format!("{} {number}", instalment.series);
            let (title, text, hour) =
                (&instalment.title, &instalment.text, 24 * instalment.day + 9);
            all.push(telling(&label, instalment.by, title, text, hour, &paragraphs(text)));
            let (bare, framed) = (instalment.bare, from_mirage(text));
            all.push(telling(&label, "mirage", bare, text, hour + 5, &framed));
            if number % 2 == 0 {
                let title = format!("PRESS RELEASE : {title} [March 2025]");
                all.push(telling(
                    &label,
                    "parl",
                    &title,
                    text,
                    hour + 20,
                    &from_parl(text, "2 March"),
                ));
            }
        }
    }
    let three: Vec<String> =
        RELEASES[2..5].iter().map(|release| paragraphs(release.text)).collect();
    let digest = "This week in foreign affairs";
    all.push(telling("digest", "ads", digest, "Three announcements.", 24 * 14, &three.concat()));
    let speech = [
        (
            "Speech on the harbour by the ambassador",
            "Friends, when this harbour was dug by hand the men who dug it sang, and we still have three of their songs. I learned one of them from my landlady, who would not say what its second verse means. A harbour is a promise to those who are out at sea. It says that somebody will be awake, that there is a light, that the rope which they throw will be caught. We have paid our part of the new light because a promise like that is worth more than the concrete.",
        ),
        (
            "Fjalimi i ambasadorit mbi portin",
            "Miq, kur ky port u hap me dor\u{eb}, burrat q\u{eb} e hap\u{eb}n k\u{eb}ndonin, dhe tri nga k\u{eb}ng\u{eb}t e tyre i kemi ende. Nj\u{eb}r\u{eb}n e m\u{eb}sova nga zonja e sht\u{eb}pis\u{eb}, e cila nuk donte t\u{eb} thoshte \u{e7}far\u{eb} do t\u{eb} thot\u{eb} strofa e dyt\u{eb}. Nj\u{eb} port \u{eb}sht\u{eb} nj\u{eb} premtim p\u{eb}r ata q\u{eb} jan\u{eb} n\u{eb} det. Ai thot\u{eb} se dikush do t\u{eb} jet\u{eb} zgjuar, se ka nj\u{eb} drit\u{eb}, se litari q\u{eb} hedhin do t\u{eb} kapet. Ne kemi paguar pjes\u{eb}n ton\u{eb} t\u{eb} drit\u{eb}s s\u{eb} re.",
        ),
    ];
    for (place, (title, text)) in speech.iter().enumerate() {
        let label = format!("harbour speech {place}");
        all.push(telling(&label, "embassy", title, text, 24 * 16, &paragraphs(text)));
    }
    all
}

/// Whether a source is the publisher itself.
pub fn is_department(source: &str) -> bool {
    matches!(source, "fcdo" | "treasury" | "home-office" | "embassy" | "osce" | "eeas")
}

/// A department's announcement, and everybody who carries it.
fn tell(release: &Release, day: u32, all: &mut Vec<Telling>) {
    let hour = 24 * day + 8;
    let sanctions = release.text.contains("sanction") || release.text.contains("listed");
    let mut text = release.text.to_owned();
    if sanctions {
        let _ = write!(text, "\n{ON_SANCTIONS}");
    }
    let _ = write!(text, "\n{CONTACTS}");
    let (title, other) = (release.title, release.other_title);
    let mut push = |source, title: &str, hours: u32, html: String| {
        all.push(telling(release.path, source, title, &text, hour + hours, &html));
    };
    push(release.by, &format!("Press release: {title}"), 0, paragraphs(&text));
    push("wire", title, 26, from_wire(&text, other));
    push("mirage", other, 3, from_mirage(&text));
    push("parl", &format!("PRESS RELEASE : {title} [March 2025]"), 50, from_parl(&text, "4 March"));
    push("ads", other.split(' ').next_back().unwrap_or(other), 20, from_ads(&text));
    push("politics", "", 6, from_politics(&text));
    push("watch", &format!("Watching the office: {other}"), 40, from_watch(&text));
    if release.by == "fcdo" {
        push("embassy", &format!("At the embassy: {title}"), 4, paragraphs(&text));
    }
    push("list", &format!("{title} | The List"), 30, String::new());
}

fn telling(
    label: &str,
    source: &'static str,
    title: &str,
    told: &str,
    hour: u32,
    html: &str,
) -> Telling {
    let number = xxhash_rust::xxh3::xxh3_64(format!("{source} {label}").as_bytes()) % 1_000_000;
    let slug: String = title
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(8)
        .collect::<Vec<_>>()
        .join("-");
    let link = match source {
        "fcdo" | "treasury" | "home-office" => {
            format!("https://www.gov.uk/government/news/{slug}-{number}")
        }
        "embassy" => format!("https://www.gov.uk/world-location-news/{slug}-{number}"),
        "politics" => format!("https://www.politics.example/story?id={number}"),
        _ => format!("https://www.{source}.example/{number}/{slug}"),
    };
    let summary = told.lines().next().unwrap_or_default();
    let summary: Vec<&str> = summary.split_whitespace().take(26).collect();
    Telling {
        label: label.to_owned(),
        source,
        link,
        title: title.to_owned(),
        summary: summary.join(" "),
        text: html.to_owned(),
        hour,
    }
}

fn paragraphs(text: &str) -> String {
    text.lines().map(|line| format!("<p>{}</p>\n", escaped(line))).collect()
}

/// A distributor: told a day later, a header on top, buttons and other headlines below.
fn from_wire(text: &str, other: &str) -> String {
    let text = text
        .replace(" today", " yesterday")
        .replace("this morning", "yesterday morning")
        .replace(['\u{2018}', '\u{2019}'], "'");
    format!(
        "<p><b>Foreign Office</b></p><p>News release distributed for the department on 4 March</p>{}<p>Original article link: see the department</p><p>Share this article</p><h3>Latest News from the Foreign Office</h3><ul><li>{}</li><li>Rebuilt slipway for Carrow</li><li>Barley to be kept dry</li></ul>",
        paragraphs(&text),
        escaped(other),
    )
}

/// Another title, names left out, a disclaimer at the end.
fn from_mirage(text: &str) -> String {
    let mut text = text.to_owned();
    for name in NAMES {
        text = text
            .replace(&format!(", {name},"), "")
            .replace(&format!("{name}, "), "")
            .replace(name, "");
    }
    format!(
        "{}<p>/Public Release. What the organisation wrote may be of its moment, and was edited for length and style. Views are those of its authors, not of this desk. View in full here.</p>",
        paragraphs(&text),
    )
}

/// An archive: a heading of its own, line breaks for paragraphs.
fn from_parl(text: &str, date: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| escaped(line).to_string()).collect();
    format!(
        "<p>The press release issued by the Foreign Office on {date} 2025.</p><p>{}</p>",
        lines.join("<br /><br />\n")
    )
}

/// A trade paper: its own words first, then half of the text.
fn from_ads(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let part = words[..words.len() * 55 / 100].join(" ");
    format!(
        "<p>Our members will want to know what this means for them.</p><p>{}&hellip; <a href=\"#\">Read more</a></p>",
        escaped(&part)
    )
}

/// A collector that shuffles sentences and loses some.
fn from_watch(text: &str) -> String {
    let mut sentences: Vec<&str> =
        text.lines().flat_map(|line| line.split_inclusive(". ")).collect();
    sentences.truncate(sentences.len() * 9 / 10);
    sentences.sort_by_key(|sentence| xxhash_rust::xxh3::xxh3_64(sentence.as_bytes()));
    paragraphs(&sentences.join(" "))
}

/// Plain text in lines of 64 characters, entities written twice over, no title.
fn from_politics(text: &str) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut width = 0;
        for word in line.split(' ') {
            if width + word.len() > 64 {
                wrapped.push('\n');
                width = 0;
            }
            width += word.len() + 1;
            wrapped.push_str(word);
            wrapped.push(' ');
        }
        wrapped.push_str("\n\n");
    }
    escaped(&wrapped).replace('\u{2019}', "&amp;rsquo;").replace('\u{a3}', "&amp;pound;")
}

/// The document in which a source tells these, as RSS or Atom; without the
/// full texts where `brief`.
pub fn document(source: &str, told: &[&Telling], brief: bool) -> String {
    let rss = matches!(source, "mirage" | "parl" | "politics" | "ads");
    let mut body = String::new();
    for telling in told {
        let date = date(telling.hour);
        let text = if brief { "" } else { telling.text.as_str() };
        let (link, title) = (escaped(&telling.link), escaped(&telling.title));
        let summary = escaped(&telling.summary);
        let html = escaped(text);
        if rss {
            let date = Timestamp::parse_rfc3339(&date).map(|at| at.to_string()).unwrap_or_default();
            let told = if text.is_empty() { summary } else { html };
            let _ = writeln!(
                body,
                "<item><title>{title}</title><link>{link}</link><guid isPermaLink=\"true\">{link}</guid><pubDate>{date}</pubDate><description>{told}</description></item>"
            );
        } else {
            let content = if text.is_empty() {
                String::new()
            } else {
                format!("<content type=\"html\">{html}</content>")
            };
            let _ = writeln!(
                body,
                "<entry><id>{link}#{date}</id><title>{title}</title><link href=\"{link}\"/><updated>{date}</updated><published>{date}</published><summary>{summary}</summary>{content}</entry>"
            );
        }
    }
    if rss {
        format!(
            "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>{source}</title><link>https://www.{source}.example/</link><description>News</description>{body}</channel></rss>"
        )
    } else {
        format!(
            "<?xml version=\"1.0\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:{source}</id><title>{}</title><updated>2025-04-02T09:00:00Z</updated>{body}</feed>",
            name(source)
        )
    }
}

fn name(source: &str) -> &str {
    if source == "list" { "The List" } else { source }
}

fn date(hour: u32) -> String {
    format!("2025-03-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
