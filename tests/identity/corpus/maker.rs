//! Makes the entries of one variation of a kind.

use super::texts::{FACTS, Facts, TEMPLATES, Template};
use super::{Document, Listed};

/// Makes the entries of one variation.
pub struct Maker {
    pub number: usize,
    template: &'static Template,
    facts: &'static Facts,
    shift: usize,
}

impl Maker {
    pub fn new(number: usize) -> Self {
        let half = number % 2;
        Self {
            number,
            template: &TEMPLATES[(number * 5 + half * 3) % TEMPLATES.len()],
            facts: &FACTS[half],
            shift: number / 2,
        }
    }

    /// The same template with other facts.
    pub fn other(&self) -> Self {
        Self { shift: self.shift + 3, ..*self }
    }

    /// Another announcement in the same language, if there is one.
    pub fn other_template(&self) -> Self {
        let place =
            TEMPLATES.iter().position(|known| std::ptr::eq(known, self.template)).unwrap_or(0);
        let next = match place {
            0..=5 => (place + 1) % 6,
            6 => 7,
            7 => 6,
            _ => (place - 7) % 4 + 8,
        };
        Self { template: &TEMPLATES[next], shift: self.shift + 4, ..*self }
    }

    pub fn fill(&self, text: &str) -> String {
        let Facts { places, people, organisations, .. } = self.facts;
        let shift = self.shift;
        text.replace("{P}", places[shift % 10])
            .replace("{Q}", places[(shift + 5) % 10])
            .replace("{N}", people[(shift * 3 + 1) % 10])
            .replace("{O}", organisations[(shift * 5 + 2) % 8])
            .replace("{A}", &(140 + 37 * shift).to_string())
            .replace("{B}", &(12 + 5 * shift).to_string())
            .replace("{D}", &(2 + shift * 3 % 26).to_string())
    }

    pub fn place(&self) -> &'static str {
        self.facts.places[self.shift % 10]
    }

    pub fn publisher(&self) -> String {
        format!("The {} Ministry", capital(self.facts.things[self.shift % 6]))
    }

    pub fn title(&self) -> String {
        self.fill(self.template.title)
    }

    pub fn other_title(&self) -> String {
        self.fill(self.template.other_title)
    }

    pub fn generic(&self) -> String {
        self.template.generic.to_owned()
    }

    pub fn summary(&self) -> String {
        self.fill(self.template.summary)
    }

    pub fn other_summary(&self) -> String {
        self.fill(self.template.other_summary)
    }

    pub fn text(&self) -> String {
        self.fill(self.template.text)
    }

    pub fn first_line(&self) -> String {
        self.text().lines().next().unwrap_or_default().to_owned()
    }

    /// One word more at the end, or an article less.
    pub fn near_title(&self) -> String {
        let title = self.title();
        match self.number % 3 {
            0 => title.replacen("the ", "", 1).replacen("new ", "", 1),
            1 => format!("{title}, officials say"),
            _ => title.replace("trains", "train").replace(" a ", " ") + "!",
        }
    }

    pub fn framed(&self) -> String {
        format!(
            "Distributed for the ministry by our desk.\n{}\nOriginal article link: see the publisher.\nLatest news\nOther headlines of the day\nHow to reach us",
            self.text().replace(" today", " yesterday")
        )
    }

    /// So many hundredths of the text.
    pub fn cut(&self, hundredths: usize) -> String {
        let text = self.text();
        let words: Vec<&str> = text.split(' ').collect();
        words[..words.len() * hundredths / 100].join(" ") + " …"
    }

    pub fn reworded(&self) -> String {
        let text = self.text();
        let words: Vec<&str> = text.split(' ').collect();
        let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        // A plain word here and there is another.
        for at in (17..words.len()).step_by(29) {
            if words[at].len() > 3 && words[at].chars().all(char::is_lowercase) {
                words[at] = "rather".to_owned();
            }
        }
        words.join(" ")
    }

    pub fn shuffled(&self) -> String {
        let text = self.text();
        let mut sentences: Vec<&str> =
            text.lines().flat_map(|line| line.split_inclusive(". ")).collect();
        sentences.sort_by_key(|sentence| xxhash_rust::xxh3::xxh3_64(sentence.as_bytes()));
        sentences.join(" ")
    }

    pub fn nameless(&self) -> String {
        let person = self.fill("{N}");
        self.text().replace(&format!(", {person},"), "").replace(&person, "the minister")
    }

    pub fn slug(&self) -> String {
        format!("{}-{}", self.facts.things[self.shift % 6], 400 + self.number)
    }

    pub fn at(&self, host: &str, name: &str) -> String {
        format!("https://{host}/{}-{name}", self.slug())
    }

    pub fn guid(&self, name: &str) -> String {
        format!("tag:dept.example,2026:{}:{name}", self.slug())
    }

    /// The department's own entry.
    pub fn original(&self) -> Listed {
        Listed {
            label: "a",
            guid: Some(self.guid("a")),
            link: Some(self.at("dept.example", "a")),
            original: None,
            title: self.title(),
            text: self.text(),
            hour: Some(0),
        }
    }

    /// What a syndicator makes of it, so many hours later.
    pub fn copy(&self, title: String, text: String, hour: i64) -> Listed {
        let link = Some(self.at("wire.example", "c"));
        Listed { guid: link.clone(), link, title, text, hour: Some(hour), ..self.original() }
    }

    /// Another announcement, of somebody else.
    pub fn strange(&self, hour: i64) -> Listed {
        let other = self.other();
        let link = Some(self.at("gov-b.example", "s"));
        Listed { label: "b", guid: link.clone(), link, hour: Some(hour), ..other.original() }
    }

    pub fn lists(&self, source: &'static str, entries: Vec<Listed>) -> Document {
        Document { source, entries }
    }

    pub fn pair(&self, copy: Listed) -> Vec<Document> {
        vec![self.lists("dept", vec![self.original()]), self.lists("wire", vec![copy])]
    }

    /// The same where the department gives a sentence.
    pub fn brief_pair(&self, copy: Listed) -> Vec<Document> {
        let original = Listed { text: self.summary(), ..self.original() };
        vec![self.lists("dept", vec![original]), self.lists("wire", vec![copy])]
    }

    /// The same where it gives no text.
    pub fn bare_pair(&self, copy: Listed) -> Vec<Document> {
        let original = Listed { text: String::new(), ..self.original() };
        vec![self.lists("dept", vec![original]), self.lists("wire", vec![copy])]
    }

    pub fn apart(&self, copy: Listed) -> Vec<Document> {
        self.pair(Listed { label: "b", ..copy })
    }

    /// Two instalments that differ in one sentence: the original of one, a copy of the other.
    pub fn series(&self, title: String) -> Vec<Document> {
        let (own, other) = (self.first_line(), self.other().first_line());
        let text = self.text();
        let rest = &text[own.len()..];
        let rest = rest.lines().skip(1).collect::<Vec<_>>().join("\n");
        let rest = rest
            .replace(&self.fill("{Q}"), "the coast")
            .replace(&self.fill("{N}"), "the minister")
            .replace(&self.fill("{D}"), "1");
        let instalment = |lead: &str| format!("{lead}\n{rest}");
        vec![
            self.lists(
                "dept",
                vec![Listed { title: self.generic(), text: instalment(&own), ..self.original() }],
            ),
            self.lists(
                "wire",
                vec![Listed {
                    title,
                    text: instalment(&other),
                    link: Some(self.at("wire.example", "s")),
                    ..self.strange(70)
                }],
            ),
        ]
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}
