//! Advises on a query from an archive: terms that bring noise, and words that would add stories.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::eval::EvalContext;
use super::program::{Clause, Form, Kind, Places, Program, Scope, Test};
use super::query::Field;
use super::symbol::Symbol;
use super::text::Words;

/// Fewer stories than this say nothing about a term.
const ENOUGH: usize = 5;

/// How many pieces of advice of one kind are given.
const MOST: usize = 5;

/// Bytes that a name and its relative have in common: Russia and Russian, Iran and Iranian.
const COMMON: usize = 4;

/// Whether a query matches a story, and whether it should.
#[derive(Debug, Clone, Copy)]
pub struct StoryMatch {
    /// Whether the query matches the story.
    pub matches: bool,
    /// Whether the story should match, where somebody knows: it is in the topic to compare with.
    pub wanted: Option<bool>,
}

/// Counts over an archive for one query.
#[derive(Debug, Clone, Default)]
pub struct Suggestions {
    /// In the order in which the terms stand.
    terms: Vec<TermCount>,
    names: Option<Names>,
    /// By name and by the relative's folded form.
    relatives: BTreeMap<(String, String), Relative>,
    /// Words of wanted stories that the query does not find, by stem.
    missed_words: BTreeMap<Symbol, MissedWord>,
    lost: usize,
    others: usize,
    /// The stories that have each term, counted until the query finds one.
    present: Vec<usize>,
    has_found: bool,
}

/// The stories that a term brings.
#[derive(Debug, Clone, Copy, Default)]
struct TermCount {
    matching: usize,
    unwanted: usize,
    /// Those in which no other term of the query is.
    alone: usize,
    /// Of these, those that mention it once, after the first paragraph.
    passing: usize,
}

/// A word that begins like a name, and the stories that have it.
#[derive(Debug, Clone, Default)]
struct Relative {
    shown: String,
    stories: usize,
    /// Whether some text has it without a capital: then it is not a name.
    is_plain: bool,
}

/// A word, and how many stories have it.
#[derive(Debug, Clone, Default)]
struct MissedWord {
    shown: String,
    lost: usize,
    others: usize,
}

/// The names that a query asks for, by their first bytes.
#[derive(Debug, Clone, Default)]
struct Names {
    by_head: HashMap<[u8; COMMON], Vec<Name>>,
    /// Everything that the query asks for anyway.
    known: HashSet<Symbol>,
    prefixes: Vec<String>,
}

#[derive(Debug, Clone)]
struct Name {
    letters: String,
    /// The beginning of its relatives: the name without a vowel at its end.
    stem: String,
}

impl Suggestions {
    pub(super) fn look_at(
        &mut self,
        program: &Program,
        context: EvalContext<'_>,
        found: StoryMatch,
    ) {
        if found.matches {
            self.has_found = true;
            self.count_terms(program, context, found.wanted == Some(false));
        } else {
            self.find_relatives(program, context);
            if !self.has_found {
                self.count_present(program, context);
            }
        }
        if let Some(wanted) = found.wanted {
            self.count_words(context, wanted && !found.matches, found.matches);
        }
    }

    fn count_terms(&mut self, program: &Program, context: EvalContext<'_>, unwanted: bool) {
        let (mut holding, mut passing, mut at) = (Vec::new(), false, 0);
        each_term(&program.root, &mut |clause| {
            if context.holds(clause) {
                holding.push(at);
                passing = is_passing(context, clause);
            }
            at += 1;
        });
        self.terms.resize(at, TermCount::default());
        for term in &holding {
            self.terms[*term].matching += 1;
            self.terms[*term].unwanted += usize::from(unwanted);
        }
        if let [one] = holding[..] {
            self.terms[one].alone += 1;
            self.terms[one].passing += usize::from(passing);
        }
    }

    fn count_present(&mut self, program: &Program, context: EvalContext<'_>) {
        let mut at = 0;
        each_term(&program.root, &mut |clause| {
            self.present.resize(self.present.len().max(at + 1), 0);
            self.present[at] += usize::from(context.holds(clause));
            at += 1;
        });
    }

    fn find_relatives(&mut self, program: &Program, context: EvalContext<'_>) {
        let names = self.names.get_or_insert_with(|| Names::of(program));
        if names.by_head.is_empty() {
            return;
        }
        let mut met = BTreeSet::new();
        for section in running_text(context) {
            context.work.spend(section.words.len() as u64);
            for word in &section.words {
                let form = section.form(word);
                for name in names.beginning(form) {
                    if names.known.contains(&word.stem)
                        || names.known.contains(&word.form)
                        || names.prefixes.iter().any(|prefix| form.starts_with(prefix))
                    {
                        continue;
                    }
                    let key = (name.letters.clone(), form.to_owned());
                    let relative = self.relatives.entry(key.clone()).or_default();
                    relative.is_plain |= word.cased.is_none();
                    if relative.shown.is_empty() {
                        section.text[word.range()].clone_into(&mut relative.shown);
                    }
                    relative.stories += usize::from(met.insert(key));
                }
            }
        }
    }

    fn count_words(&mut self, context: EvalContext<'_>, is_lost: bool, matches: bool) {
        self.lost += usize::from(is_lost);
        self.others += usize::from(!is_lost);
        if matches {
            return;
        }
        let mut met = HashSet::new();
        for section in running_text(context) {
            for word in &section.words {
                let form = section.form(word);
                if form.len() < COMMON || !met.insert(word.stem) {
                    continue;
                }
                if is_lost {
                    let missed_words = self.missed_words.entry(word.stem).or_default();
                    missed_words.lost += 1;
                    if missed_words.shown.is_empty() {
                        form.clone_into(&mut missed_words.shown);
                    }
                } else {
                    self.missed_words.entry(word.stem).or_default().others += 1;
                }
            }
        }
    }

    /// The advice, each piece a sentence with its counts.
    pub(super) fn lines(&self, program: &Program) -> Vec<String> {
        let mut advice = Vec::new();
        let mut terms = self.terms.iter();
        each_term(&program.root, &mut |clause| {
            let Some(TermCount { matching, unwanted, alone, passing }) = terms.next().copied()
            else {
                return;
            };
            let said = &clause.said;
            if unwanted >= ENOUGH && unwanted * 4 >= matching * 3 {
                advice.push(format!(
                    "`{said}` brings {matching} stories, and {unwanted} of them are not in the topic"
                ));
            } else if alone >= ENOUGH && passing * 2 > alone {
                advice.push(format!(
                    "`{said}` alone brings {alone} stories, and {passing} of them mention it once, \
                     after the first paragraph: ask for title:{said} or atleast(2, {said})"
                ));
            }
        });
        advice.truncate(MOST);
        advice.extend(self.present_shown(program));
        advice.extend(self.relatives_shown());
        advice.extend(self.missed_words_shown());
        advice
    }

    /// Where a query finds nothing: which of its terms are nowhere, and how many stories have the
    /// others.
    fn present_shown(&self, program: &Program) -> Vec<String> {
        if self.has_found {
            return Vec::new();
        }
        let (mut absent, mut present) = (Vec::new(), Vec::new());
        let mut counts = self.present.iter();
        each_term(&program.root, &mut |clause| match counts.next() {
            Some(0) => absent.push(clause.said.to_string()),
            Some(count) => present.push((*count, clause.said.to_string())),
            None => {}
        });
        absent.dedup();
        let mut lines = Vec::new();
        if let Some((last, others)) = absent.split_last() {
            let shown = others.iter().take(MOST).map(|term| format!("`{term}`"));
            let shown = shown.collect::<Vec<_>>().join(", ");
            lines.push(match others.len() {
                0 => format!("No story has `{last}`"),
                1..=MOST => format!("No story has {shown} or `{last}`"),
                many => format!("No story has {shown} or {} more terms", many + 1 - MOST),
            });
        }
        present.sort_by(|(a, more), (b, less)| b.cmp(a).then(more.cmp(less)));
        lines.extend(present.into_iter().take(MOST).map(|(count, term)| match count {
            1 => format!("`{term}` is in 1 story"),
            many => format!("`{term}` is in {many} stories"),
        }));
        lines
    }

    fn relatives_shown(&self) -> Vec<String> {
        let names = self.relatives.iter().filter(|(_, relative)| !relative.is_plain);
        let mut names: Vec<_> = names.collect();
        names.sort_by(|(a, more), (b, less)| less.stories.cmp(&more.stories).then(a.cmp(b)));
        let tell =
            |((name, _), Relative { shown, stories, .. }): (&(String, String), &Relative)| {
                let stories = match stories {
                    1 => "1 story that does".to_owned(),
                    many => format!("{many} stories that do"),
                };
                format!(
                    "`{name}` does not find “{shown}”, which is in {stories} not match: add {shown}"
                )
            };
        names.into_iter().take(MOST).map(tell).collect()
    }

    fn missed_words_shown(&self) -> Vec<String> {
        let telling = |word: &&MissedWord| {
            let (lost, others) = (self.lost.max(1), self.others.max(1));
            word.lost >= 2
                && word.lost * 10 >= lost * 3
                // At least four times as frequent as elsewhere.
                && word.lost * others >= 4 * word.others * lost
        };
        let mut missed_words: Vec<_> = self.missed_words.values().filter(telling).collect();
        missed_words.sort_by(|a, b| {
            b.lost.cmp(&a.lost).then(a.others.cmp(&b.others)).then(a.shown.cmp(&b.shown))
        });
        let tell = |word: &MissedWord| {
            format!(
                "“{}” is in {} of the {} stories that the query loses, and in {} of the other {}",
                word.shown, word.lost, self.lost, word.others, self.others
            )
        };
        missed_words.into_iter().take(MOST).map(tell).collect()
    }
}

impl Names {
    fn of(program: &Program) -> Self {
        let mut names = Self::default();
        each_word(&program.root, &mut |form| {
            names.known.extend(&form.symbols);
            match form.kind {
                Kind::Prefix => names.prefixes.push(form.letters.clone()),
                Kind::Stem => names.add(&form.letters),
                Kind::Exact | Kind::Cased => {}
            }
        });
        names
    }

    fn add(&mut self, letters: &str) {
        let stem = letters.strip_suffix(['a', 'e', 'i', 'o', 'u', 'y']).unwrap_or(letters);
        if let Some(head) = head(stem) {
            let name = Name { letters: letters.to_owned(), stem: stem.to_owned() };
            let list = self.by_head.entry(head).or_default();
            if list.iter().all(|known| known.letters != name.letters) {
                list.push(name);
            }
        }
    }

    fn beginning(&self, form: &str) -> impl Iterator<Item = &Name> {
        const LONGEST_ENDING: usize = 4;
        let list = head(form).and_then(|head| self.by_head.get(&head)).into_iter().flatten();
        list.filter(move |name| {
            form.strip_prefix(&name.stem).is_some_and(|ending| ending.len() <= LONGEST_ENDING)
        })
    }
}

fn head(letters: &str) -> Option<[u8; COMMON]> {
    letters.as_bytes().first_chunk().copied()
}

fn running_text<'a>(context: EvalContext<'a>) -> impl Iterator<Item = &'a Words> {
    let sections = context.subject.sections.iter();
    sections
        .filter(|section| matches!(section.field, Field::Title | Field::Text))
        .map(|section| &section.words)
}

/// Whether a term without a field is there once, after title and first paragraph.
fn is_passing(context: EvalContext<'_>, clause: &Clause) -> bool {
    let Test::Found(places @ Places::Phrase { scope: Scope::Anywhere, .. }) = &clause.test else {
        return false;
    };
    let [span] = context.spans(places)[..] else { return false };
    let section = context.section(span);
    section.field == Field::Text && span.end > section.lead
}

/// Calls `look` for every term that speaks for a story, those of vocabularies too.
fn each_term(clause: &Clause, look: &mut impl FnMut(&Clause)) {
    match &clause.test {
        Test::Not(_) => {}
        Test::Score { parts, .. } => {
            let weighty = parts.iter().filter(|(_, weight)| *weight > 0);
            weighty.for_each(|(part, _)| each_term(part, look));
        }
        Test::All(_) | Test::Any(_) | Test::Vocabulary(_) => {
            clause.parts().into_iter().for_each(|part| each_term(part, look));
        }
        _ => look(clause),
    }
}

/// Calls `look` for every single word that speaks for a story.
fn each_word(clause: &Clause, look: &mut impl FnMut(&Form)) {
    each_term(clause, &mut |term| {
        if let Some(places) = term.places() {
            each_word_of(places, look);
        }
    });
}

fn each_word_of(places: &Places, look: &mut impl FnMut(&Form)) {
    if let Places::Phrase { words, .. } = places
        && let [word] = words.as_slice()
    {
        look(word);
    }
    places.wanted_parts().into_iter().for_each(|part| each_word_of(part, look));
}
