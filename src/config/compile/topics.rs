//! Compiles the `[[topic]]` tables and the vocabularies.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use toml::Spanned;

use super::Diagnostics;
use crate::config::Sample;
use crate::config::file::Config;
use crate::config::problem::{Problem, Severity};
use crate::config::read::Read;
use crate::config::text::{FileSpan, Position};
use crate::model::{Sources, Topic, TopicBounds, TopicId};
use crate::options::value::{Access, Size};
use crate::topics::{Language, Place as QueryText, QueryProblem, TopicSet, Vocabulary};

/// The compiled topics.
pub(super) struct Topics {
    pub(super) list: Vec<Topic>,
    pub(super) queries: TopicSet,
    pub(super) language: Language,
    pub(super) samples: Vec<Sample>,
}

/// The positions of queries and terms, for the problems inside them.
#[derive(Default)]
struct QuerySpans {
    queries: BTreeMap<TopicId, FileSpan>,
    terms: BTreeMap<String, Vec<FileSpan>>,
    /// The names of vocabularies.
    vocabularies: BTreeMap<String, FileSpan>,
}

/// The bytes of an entry in a feed, without its text.
const ENTRY_OVERHEAD: usize = 2_000;

impl Diagnostics<'_> {
    /// The compiled topics; `None` if a query is invalid.
    pub(super) fn topics(
        &mut self,
        parts: &[Read],
        settings: &Config,
        sources: &Sources,
    ) -> Option<Topics> {
        let mut spans = QuerySpans::default();
        let vocabulary = self.vocabulary(parts, &mut spans);
        let (list, samples) = self.list(parts, &mut spans);
        let language = Language {
            stemmer: settings.language.0.clone(),
            also: settings.other_languages.iter().map(|language| language.0.clone()).collect(),
            spellings: settings.join_spellings,
        };
        if parts.iter().any(|part| part.broken.iter().any(|path| path.starts_with("vocabulary"))) {
            // Queries would be reported to use an unknown vocabulary.
            return None;
        }
        let queries: Vec<_> =
            list.iter().map(|topic| (topic.id.clone(), topic.query.clone())).collect();
        let (queries, problems) = match TopicSet::compile(&queries, &vocabulary, &language) {
            Ok((queries, mut warnings)) => {
                // A source that cannot be used is missing among the sources.
                if self.problems.iter().all(|problem| problem.severity == Severity::Warning) {
                    warnings.extend(queries.check_sources(sources));
                }
                (Some(queries), warnings)
            }
            Err(problems) => (None, problems),
        };
        for problem in problems {
            let problem = self.locate(problem, &spans);
            self.problems.push(problem);
        }
        Some(Topics { list, queries: queries?, language, samples })
    }

    /// A query's problem, with its position in the file.
    fn locate(&self, problem: QueryProblem, spans: &QuerySpans) -> Problem {
        let text = match &problem.place {
            QueryText::Query(topic) => spans.queries.get(topic),
            QueryText::Vocabulary(name, _) if problem.span.is_empty() => {
                spans.vocabularies.get(name)
            }
            QueryText::Vocabulary(name, item) => {
                spans.terms.get(name).and_then(|terms| terms.get(*item))
            }
        };
        let position = match text {
            // It is about the whole, or about what is not there.
            Some(whole) if problem.span.is_empty() => self.position(whole.clone()),
            Some((file, span)) => {
                let span = self.files[*file].within(span, &problem.span);
                self.position((*file, span))
            }
            None => Position::of_file(self.files[0].path.clone()),
        };
        let severity = if problem.warning { Severity::Warning } else { Severity::Error };
        Problem { severity, ..Problem::error(problem.message, problem.help, position) }
    }

    fn vocabulary(&mut self, parts: &[Read], spans: &mut QuerySpans) -> Vocabulary {
        let mut vocabulary = Vocabulary::new();
        let mut names = BTreeMap::<String, FileSpan>::new();
        for (file, part) in parts.iter().enumerate() {
            for (name, terms) in &part.config.vocabulary {
                let (place, name) = ((file, name.span()), name.get_ref());
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                if name.is_empty() || !name.chars().all(plain) {
                    let help = "use lower-case letters, digits and _: queries call it `@name`";
                    self.error(place.clone(), format!("`{name}` cannot name a vocabulary"), help);
                }
                if let Some(first) = names.get(name) {
                    self.report_duplicate("vocabulary", name, place, &first.clone());
                    continue;
                }
                names.insert(name.clone(), place.clone());
                spans.vocabularies.insert(name.clone(), place);
                let at = |term: &Spanned<String>| (file, term.span());
                spans.terms.insert(name.clone(), terms.iter().map(at).collect());
                let terms = terms.iter().map(|term| term.get_ref().clone()).collect();
                vocabulary.insert(name.clone(), terms);
            }
        }
        vocabulary
    }

    fn list(&mut self, parts: &[Read], spans: &mut QuerySpans) -> (Vec<Topic>, Vec<Sample>) {
        let (mut list, mut samples) = (Vec::new(), Vec::new());
        let mut ids = BTreeMap::<String, FileSpan>::new();
        let max_feed = parts.first().map_or(Size(u64::MAX), |main| main.config.publish.max_feed);
        for (file, part) in parts.iter().enumerate() {
            for (index, table) in part.config.topic.iter().enumerate() {
                let broken = |key: &str| part.broken.contains(&format!("topic[{index}].{key}"));
                let (whole, table) = ((file, table.span()), table.get_ref());
                for (key, missing, example) in [
                    ("id", table.id.is_none(), "id = \"sanctions\""),
                    ("title", table.title.is_none(), "title = \"Sanctions\""),
                    ("query", table.query.is_none(), "query = '''sanctions OR \"asset freeze\"'''"),
                ] {
                    if missing && !broken(key) {
                        let help = format!("add `{key}`, as in `{example}`");
                        self.error(whole.clone(), format!("a topic without `{key}`"), help);
                    }
                }
                let least = Size::of_memory(table.entries.get().saturating_mul(ENTRY_OVERHEAD));
                if least > max_feed {
                    self.error(
                        whole.clone(),
                        format!("{} entries do not fit in a feed of {max_feed}", table.entries),
                        format!("lower `entries`, or raise `[publish] max_feed` to {least}"),
                    );
                }
                let Some(query) = &table.query else { continue };
                // A topic without a name is reported, and its query is checked all the same.
                let unnamed = format!("topic {} of file {}", index + 1, file + 1);
                let name = table.id.as_ref().map_or(&unnamed, |id| &id.get_ref().0);
                let place = (file, table.id.as_ref().map(Spanned::span).unwrap_or_default());
                if let Some(first) = ids.get(name) {
                    self.report_duplicate("topic", name, place, &first.clone());
                    continue;
                }
                ids.insert(name.clone(), place);
                let id = TopicId::new(name.as_str());
                spans.queries.insert(id.clone(), (file, query.span()));
                for (texts, must_match) in
                    [(&table.must_match, true), (&table.must_not_match, false)]
                {
                    samples.extend(texts.iter().map(|text| Sample {
                        topic: list.len(),
                        text: text.get_ref().clone(),
                        must_match,
                        at: self.position((file, text.span())).to_string(),
                    }));
                }
                self.written_options.add_topic(&id, table);
                list.push(Topic {
                    id,
                    title: table.title.as_ref().map_or(name, |title| &title.0).clone(),
                    description: table.description.clone(),
                    query: query.get_ref().clone(),
                    revisions: table.revisions,
                    entries: table.entries.get(),
                    bounds: TopicBounds {
                        age: table.keep,
                        stories: table.stories.map(NonZeroUsize::get),
                    },
                    formerly: table
                        .formerly
                        .iter()
                        .map(|id| TopicId::new(id.get_ref().0.as_str()))
                        .collect(),
                    mute_silence: table.mute_silence,
                    private: *table.access.get_ref() != Access::Public,
                    explain: table.explain,
                });
            }
        }
        self.former_names(parts, &mut ids);
        (list, samples)
    }

    /// Reports former names that another topic has: such a name must redirect to one topic.
    fn former_names(&mut self, parts: &[Read], ids: &mut BTreeMap<String, FileSpan>) {
        for (file, part) in parts.iter().enumerate() {
            for former in part.config.topic.iter().flat_map(|table| &table.get_ref().formerly) {
                let (name, place) = (&former.get_ref().0, (file, former.span()));
                match ids.get(name) {
                    Some(first) => self.report_duplicate("topic", name, place, &first.clone()),
                    None => drop(ids.insert(name.clone(), place)),
                }
            }
        }
    }
}
