//! A story as queries see it: its fields as normalised words.

use std::ops::Range;

use url::Url;

use super::Language;
use super::language::{self, Dialect};
use super::query::Field;
use super::stem_cache::StemCaches;
use super::symbol::Symbol;
use super::text::{self, Word, Words};
use crate::model::{Member, Sources, Story};

/// The lead is the first paragraph, and never more of it than this: some
/// sources send a whole text as one paragraph.
const LEAD_WORDS: u32 = 100;

/// A story as queries see it: its fields as normalised words.
///
/// The story counts as a whole: what any of its copies says, it says. Only
/// where words are counted or their places matter does each copy stand alone,
/// so that a fifth copy of one title is not a fifth mention. Where a copy's words would keep a story
/// out of a topic, its [lead alone](Self::of_lead) decides.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    pub(super) sections: Vec<Section>,
    pub(super) labels: Vec<Label>,
    pub(super) links: Vec<Link>,
    /// How many copies there are.
    pub(super) members: usize,
    /// The place of the copy that leads.
    pub(super) lead: usize,
}

/// One field of one copy that holds running words.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Title, text, category or author.
    pub(super) field: Field,
    /// Whose: the copy's place in the story.
    pub(super) member: usize,
    pub(super) words: Words,
    /// How many words of its copy come before it: a text follows its title.
    pub(super) offset: u32,
    /// How many of its words are the lead.
    pub(super) lead: u32,
}

/// One value of a field that holds labels.
#[derive(Debug, Clone)]
pub(super) struct Label {
    pub(super) field: Field,
    /// Whose: the copy's place in the story.
    pub(super) member: usize,
    /// As the source states it.
    pub(super) stated: String,
    /// As it is compared.
    pub(super) value: String,
    pub(super) symbol: Symbol,
}

/// One address.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// Whose: the copy's place in the story.
    pub(super) member: usize,
    /// As the source states it.
    pub(super) stated: String,
    /// As it is compared: [`plain_link`].
    pub(super) value: String,
}

/// The means to read texts: the configured languages, and the stems of words read before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) language: &'a Language,
    pub(super) stems: &'a StemCaches,
}

/// The means to read a text of one language.
#[derive(Clone, Copy)]
struct InLanguage<'a> {
    dialect: Dialect,
    stems: &'a StemCaches,
}

impl<'a> Reader<'a> {
    fn as_language(self, spoken: Option<&str>) -> InLanguage<'a> {
        InLanguage { dialect: self.language.dialect(spoken), stems: self.stems }
    }
}

impl Subject {
    /// The union of what the story's members say, each with its field.
    pub(super) fn of(story: &Story, sources: &Sources, reader: Reader<'_>) -> Self {
        let spoken = |told: &Member| language::guessed(&told.entry.title, told.text());
        Self::spoken(story, sources, reader, spoken)
    }

    /// The same, where no text is in a language that its source does not state.
    pub(super) fn of_stated(story: &Story, sources: &Sources, reader: Reader<'_>) -> Self {
        Self::spoken(story, sources, reader, |_| None)
    }

    fn spoken(
        story: &Story,
        sources: &Sources,
        reader: Reader<'_>,
        guessed: impl Fn(&Member) -> Option<String>,
    ) -> Self {
        let lead = story.lead(sources);
        let lead = story.members.iter().position(|member| std::ptr::eq(member, lead));
        let mut subject = Self { lead: lead.unwrap_or_default(), ..Self::default() };
        for member in &story.members {
            let Member { entry, .. } = member;
            let stated = entry.language.clone().or_else(|| entry.feed.language.clone());
            let spoken = stated.or_else(|| guessed(member));
            subject.add(member, spoken, sources, reader);
        }
        subject
    }

    /// A text alone in the language of a tag, or the main one; its first line is the title. Samples are read so.
    pub(super) fn of_text(text: &str, tag: Option<&str>, reader: Reader<'_>) -> Self {
        let text = text.trim();
        let (title, body) = text.split_once('\n').unwrap_or((text, ""));
        let mut subject = Self { members: 1, ..Self::default() };
        subject.add_text(0, title.trim_end(), body.trim(), reader.as_language(tag));
        subject
    }

    /// The story as its lead alone tells it.
    pub(super) fn of_lead(&self) -> Self {
        let lead = self.lead;
        let sections = self.sections.iter().filter(|section| section.member == lead);
        let labels = self.labels.iter().filter(|label| label.member == lead);
        let links = self.links.iter().filter(|link| link.member == lead);
        Self {
            sections: sections.cloned().collect(),
            labels: labels.cloned().collect(),
            links: links.cloned().collect(),
            members: 1,
            lead,
        }
    }

    /// The source of a copy.
    pub(super) fn source(&self, member: usize) -> Option<&str> {
        let is_source = |label: &&Label| label.field == Field::Source && label.member == member;
        self.labels.iter().find(is_source).map(|label| label.stated.as_str())
    }

    fn add(
        &mut self,
        told: &Member,
        spoken: Option<String>,
        sources: &Sources,
        reader: Reader<'_>,
    ) {
        let (entry, text) = (&told.entry, told.text());
        let member = self.members;
        self.members += 1;
        let reader = reader.as_language(spoken.as_deref());
        self.add_text(member, &entry.title, text, reader);
        for category in &entry.categories {
            self.add_words(Field::Category, member, category, reader);
        }
        for author in &entry.authors {
            self.add_words(Field::Author, member, author, reader);
        }
        for tag in &entry.tags {
            match tag.split_once(':') {
                Some(("org", name)) => self.add_label(Field::Org, member, name),
                Some(("location", name)) => self.add_label(Field::Location, member, name),
                _ => self.add_label(Field::Tag, member, tag),
            }
        }
        self.add_label(Field::Source, member, entry.source.as_str());
        if let Some(source) = sources.get(&entry.source) {
            self.add_label(Field::Source, member, &source.title);
            for tag in &source.tags {
                self.add_label(Field::Tag, member, tag);
            }
            self.add_label(Field::Role, member, source.role.as_str());
        }
        if let Some(spoken) = spoken {
            self.add_label(Field::Lang, member, &spoken);
        }
        for url in entry.url.iter().chain(&entry.original) {
            self.add_link(member, url);
        }
    }

    fn add_text(&mut self, member: usize, title: &str, text: &str, reader: InLanguage<'_>) {
        let titled = self.add_words(Field::Title, member, title, reader);
        if !text.is_empty() {
            self.add_words(Field::Text, member, text, reader);
            if let Some(section) = self.sections.last_mut() {
                section.offset = titled;
            }
        }
    }

    /// Returns how many words there were.
    fn add_words(
        &mut self,
        field: Field,
        member: usize,
        text: &str,
        reader: InLanguage<'_>,
    ) -> u32 {
        let words = Words::of(text.to_owned(), reader.dialect, reader.stems);
        let count = words.words.len() as u32;
        let lead = words.words.iter().take_while(|word| word.paragraph == 0).count() as u32;
        let lead = lead.min(LEAD_WORDS);
        self.sections.push(Section { field, member, words, offset: 0, lead });
        count
    }

    fn add_label(&mut self, field: Field, member: usize, stated: &str) {
        let value = text::label(stated);
        let known =
            |label: &Label| label.field == field && label.member == member && label.value == value;
        if value.is_empty() || self.labels.iter().any(known) {
            return;
        }
        let symbol = Symbol::label(field, &value);
        self.labels.push(Label { field, member, stated: stated.to_owned(), value, symbol });
    }

    fn add_link(&mut self, member: usize, url: &Url) {
        let stated = url.as_str().to_owned();
        let value = plain_link(&stated);
        self.links.push(Link { member, stated, value });
    }

    /// A word of a section.
    pub(super) fn word(&self, section: u32, at: u32) -> &Word {
        &self.sections[section as usize].words.words[at as usize]
    }
}

impl Section {
    /// Bytes of its text from one word to before another.
    pub(super) fn range(&self, start: u32, end: u32) -> Range<usize> {
        let words = &self.words.words;
        words[start as usize].range().start..words[end as usize - 1].range().end
    }
}

/// An address without scheme, `www.` and the slash at its end, the host in lower case.
pub(super) fn plain_link(link: &str) -> String {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    format!("{host}{}", path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject_of(text: &str) -> Subject {
        let (language, stems) = (&Language::default(), &StemCaches::default());
        Subject::of_text(text, None, Reader { language, stems })
    }

    #[test]
    fn links_are_compared_without_what_does_not_tell_them_apart() {
        for (stated, value) in [
            ("https://www.GOV.uk/Government/news/", "gov.uk/Government/news"),
            ("http://gov.uk", "gov.uk"),
            ("gov.uk/", "gov.uk"),
            ("https://example.org?q=a/", "example.org?q=a"),
        ] {
            assert_eq!(plain_link(stated), value, "{stated}");
            assert_eq!(plain_link(value), value, "not a fixed point: {value}");
        }
    }

    #[test]
    fn the_lead_is_the_first_paragraph_and_no_endless_one() {
        let lead = |body: &str| {
            let subject = subject_of(&format!("Title\n{body}"));
            (subject.sections[1].lead, subject.sections[1].offset)
        };
        assert_eq!(lead("one two\nthree"), (2, 1));
        assert_eq!(lead(&"word ".repeat(300)), (LEAD_WORDS, 1));
        assert_eq!(subject_of("Title").sections.len(), 1);
    }
}
