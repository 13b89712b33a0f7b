//! Announcements apart from their surroundings, in documents and on pages, in layouts that nobody
//! tuned on.

use std::fmt::Write as _;

use gazetted::model::Entry;

use super::controls::CONTROLS;
use super::layouts::LAYOUTS;
use super::stored;
use crate::support::site::Answer;
use crate::support::world::World;

/// A text to be read: its name, language, title and text.
struct Text {
    name: String,
    language: &'static str,
    title: &'static str,
    text: String,
}

impl Text {
    fn is_plain(&self) -> bool {
        !self.text.contains('<')
    }

    fn escaped(&self) -> String {
        self.text.replace('&', "&amp;").replace('<', "&lt;")
    }

    fn rss(&self, link: &str) -> String {
        let Self { language, title, .. } = self;
        format!(
            "<rss version=\"2.0\"><channel><title>D</title><link>https://dep.example/</link>\
             <language>{language}</language><item><title>{title}</title><link>{link}</link>\
             <description>{}</description></item></channel></rss>",
            self.escaped()
        )
    }

    fn atom(&self, link: &str) -> String {
        let Self { language, title, .. } = self;
        let kind = if self.is_plain() { "text" } else { "html" };
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{language}\"><id>urn:d</id>\
             <title>D</title><link href=\"https://dep.example/\"/><updated>2025-04-02T11:05:00Z</updated>\
             <entry><id>{link}</id><title>{title}</title><link href=\"{link}\"/>\
             <updated>2025-04-02T11:05:00Z</updated><content type=\"{kind}\">{}</content></entry></feed>",
            self.escaped()
        )
    }

    fn page(&self) -> String {
        let Self { language, title, .. } = self;
        let mut text = self.text.clone();
        if self.is_plain() {
            text = text.lines().fold(String::new(), |mut html, line| {
                write!(html, "<p>{line}</p>").unwrap();
                html
            });
        }
        format!(
            "<!DOCTYPE html><html lang={language}><head><title>{title}</title></head><body>\
             <div id=content><h1>{title}</h1>{text}</div></body></html>"
        )
    }
}

/// What became of each text in each form: its entries by name and form.
async fn read(texts: &[Text]) -> Vec<(String, Entry)> {
    let mut world = World::new().await;
    for (number, text) in texts.iter().enumerate() {
        let link = format!("https://dep.example/news/{}", text.name);
        let page = world.site.url(&format!("/page/{}", text.name));
        let html = Answer::ok(text.page()).header("Content-Type", "text/html; charset=utf-8");
        world.site.script(page.path(), [html]);
        let teaser = Text {
            text: String::new(),
            name: String::new(),
            language: text.language,
            title: text.title,
        };
        world = world
            .source(&format!("rss-{number}"), text.rss(&link))
            .source(&format!("atom-{number}"), text.atom(&link))
            .source(&format!("page-{number}"), teaser.rss(page.as_str()))
            .lines("enrich = \"page\"");
    }
    let mut world = world.topic("all", "ministry").start().await;
    let stories = stored(&mut world).await;
    let members = stories.iter().flat_map(|story| &story.members);
    let named = members.map(|member| {
        let source = member.entry.source.as_str();
        let (form, number) = source.split_once('-').unwrap();
        let text = &texts[number.parse::<usize>().unwrap()];
        (format!("{} {form}", text.name), Entry::clone(&member.entry))
    });
    named.collect()
}

fn html_of(entry: &Entry) -> &str {
    entry.content.as_deref().or(entry.summary.as_deref()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn layouts_that_nobody_tuned_on_leave_the_announcement_alone() {
    let texts: Vec<Text> = LAYOUTS
        .iter()
        .map(|layout| {
            let sentences = layout.announcement.sentences;
            let body = match layout.text.contains('<') {
                true => sentences.map(|sentence| format!("<p>{sentence}</p>")).concat(),
                false => sentences.join("\n\n"),
            };
            Text {
                name: layout.name.to_owned(),
                language: layout.announcement.language,
                title: layout.announcement.title,
                text: layout.text.replace("{body}", &body),
            }
        })
        .collect();
    let read = read(&texts).await;
    assert_eq!(read.len(), 3 * LAYOUTS.len());
    let mut wrong = Vec::new();
    for (name, entry) in &read {
        let layout = LAYOUTS.iter().find(|layout| name.starts_with(&format!("{} ", layout.name)));
        let layout = layout.unwrap();
        let kept: Vec<_> = layout
            .goes
            .iter()
            .filter(|word| entry.text.contains(**word) || html_of(entry).contains(**word))
            .collect();
        let lost: Vec<_> = layout
            .announcement
            .sentences
            .iter()
            .filter(|sentence| !entry.text.contains(**sentence))
            .collect();
        if !kept.is_empty() || !lost.is_empty() {
            wrong.push(format!("{name}: kept {kept:?}, lost {lost:?} in {:?}", entry.text));
        }
    }
    println!("{} of {} texts are read rightly", read.len() - wrong.len(), read.len());
    assert!(100 * wrong.len() <= 7 * read.len(), "{}", wrong.join("\n"));
    assert!(!wrong.iter().any(|wrong| !wrong.contains("lost []")), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn controls_that_nobody_tuned_on_lose_no_sentence() {
    let texts: Vec<Text> = CONTROLS
        .iter()
        .map(|control| Text {
            name: control.name.to_owned(),
            language: control.language,
            title: control.title,
            text: control.html.to_owned(),
        })
        .collect();
    let read = read(&texts).await;
    assert_eq!(read.len(), 3 * CONTROLS.len());
    let mut wrong = Vec::new();
    for (name, entry) in &read {
        let control = CONTROLS.iter().find(|one| name.starts_with(&format!("{} ", one.name)));
        let lost: Vec<_> =
            control.unwrap().sentences.iter().filter(|one| !entry.text.contains(**one)).collect();
        if !lost.is_empty() {
            wrong.push(format!("{name}: lost {lost:?} in {:?}", entry.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
