//! Reads texts whose announcement and surroundings are labelled.

use super::tests::{FORMS, Form, read};

/// A text of two paragraphs that stands before texts of which a part is in question.
pub(super) const BODY: &str = "<p>The minister opened the new bridge at Orm on Monday with the mayor.</p>\
    <p>It carries two lanes and a path for bicycles across the Tarn.</p>";

/// Sections of texts. The file's head describes its form.
const TEXTS: &str = include_str!("labelled.txt");

/// A text of an entry, with words of its announcement and words that stand only around it.
pub(super) struct Labelled {
    pub(super) name: &'static str,
    pub(super) html: &'static str,
    stays: Vec<&'static str>,
    goes: Vec<&'static str>,
}

impl Labelled {
    fn new(lines: &'static str) -> Self {
        let mut text = Self { name: "", html: "", stays: Vec::new(), goes: Vec::new() };
        for line in lines.lines() {
            match line.split_at_checked(2) {
                Some(("# ", name)) => text.name = name,
                Some(("+ ", words)) => text.stays = words.split(" | ").collect(),
                Some(("- ", words)) => text.goes = words.split(" | ").collect(),
                _ => text.html = line,
            }
        }
        assert!(!text.html.is_empty(), "a text without HTML: {lines}");
        text
    }

    /// The faults in the first form in which the text, within `around`, is read wrongly.
    fn fault(&self, around: &str) -> Option<String> {
        let html = around.replace("{text}", self.html);
        FORMS.iter().find_map(|form| {
            let mut faults = self.faults(&html, *form);
            (!faults.is_empty()).then(|| {
                faults.insert(0, format!("{} {:.100} ({form:?})", self.name, self.html));
                faults.join(", ")
            })
        })
    }

    fn faults(&self, html: &str, form: Form) -> Vec<String> {
        let is_behind_body = html.starts_with(BODY);
        let entry = read(html, form);
        let html = entry.content.or(entry.summary).unwrap_or_default();
        let shown = without_tags(&html);
        let mut faults = Vec::new();
        let body = ["at Orm on Monday", "bicycles across the Tarn"];
        let of_body = body.iter().filter(|_| is_behind_body);
        for word in self.stays.iter().chain(of_body) {
            if !entry.text.contains(word) || !shown.contains(word) {
                faults.push(format!("lost `{word}`"));
            }
        }
        for word in &self.goes {
            if entry.text.contains(word) || html.contains(word) {
                faults.push(format!("kept `{word}`"));
            }
        }
        if self.goes.is_empty() && !entry.set_aside.is_empty() {
            faults.push(format!("set aside {:?}", entry.set_aside));
        }
        faults
    }
}

fn without_tags(html: &str) -> String {
    html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect()
}

/// The texts of a section of the file.
pub(super) fn labelled(section: &str) -> Vec<Labelled> {
    let (_, rest) = TEXTS.split_once(&format!("\n== {section}\n\n")).expect("a section");
    let texts = rest.split_once("\n== ").map_or(rest, |(texts, _)| texts);
    texts.trim_end().split("\n\n").map(Labelled::new).collect()
}

/// Reads a section's texts within `around`, and names those that are read wrongly.
fn assert_read(section: &str, around: &str, most_wrong: usize) {
    let texts = labelled(section);
    let wrong: Vec<String> = texts.iter().filter_map(|text| text.fault(around)).collect();
    println!("{section}: {} of {}", texts.len() - wrong.len(), texts.len());
    assert!(wrong.len() <= most_wrong, "{section}:\n{}", wrong.join("\n"));
}

#[test]
fn surroundings_go_and_announcements_stay() {
    assert_read("layouts, tuned on", "{text}", 0);
    assert_read("layouts, held out", "{text}", 1);
    assert_read("surroundings unlike each other", "{text}", 0);
    assert_read("announcements like surroundings", "{text}", 0);
}

/// Announcements and their surroundings use such words.
#[test]
fn shared_words_are_read_by_what_is_around_them() {
    for section in [
        "behind the link to the original",
        "below a heading of contacts",
        "words of newsletters",
        "links to networks",
        "words of ways and cookies",
        "programmes and timelines",
        "elements with the names of surroundings",
        "lists below words for more",
        "last lines that begin like headings",
        "advice with a number, and programmes",
        "rows of documents",
        "elements named for the subject",
        "advice to sign up",
        "linked titles with sentences",
    ] {
        assert_read(section, &format!("{BODY}{{text}}"), 0);
        for text in labelled(section).iter().filter(|text| text.goes.is_empty()) {
            assert_eq!(text.fault(&format!("{BODY}{{text}}<p>Tolls are free.</p>")), None);
        }
    }
}
