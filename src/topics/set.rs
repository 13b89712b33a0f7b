//! All topics' queries in; a matcher that says which topics a story is in, out.

use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::compile::Compiler;
use super::eval::Sight;
use super::explain::{self, Explanation, Highlight};
use super::index::Index;
use super::program::Program;
use super::query::Query;
use super::{Language, QueryProblem, Subject, Vocabulary, advice};
use crate::model::{Fingerprint, Sources, Story, TopicId};

/// All topics' queries as one matcher. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TopicSet {
    programs: Vec<Arc<Program>>,
    index: Arc<Index>,
    /// Whether anything depends on the language of a text that does not state it.
    guesses: bool,
    written: Arc<Written>,
}

/// What the set was compiled from.
#[derive(Debug)]
struct Written {
    queries: Vec<(TopicId, String)>,
    vocabulary: Vocabulary,
    language: Language,
    warnings: Vec<QueryProblem>,
}

impl TopicSet {
    /// Compiles all queries, or lists everything wrong with them. The list
    /// beside a set holds warnings only.
    pub fn compile(
        queries: &[(TopicId, String)],
        vocabulary: &Vocabulary,
        language: &Language,
    ) -> Result<(Self, Vec<QueryProblem>), Vec<QueryProblem>> {
        Self::build(queries, vocabulary, language, true)
    }

    /// A set of one query, for trying it. Vocabularies that it does not use
    /// are no matter.
    pub fn of_one(
        topic: &TopicId,
        query: &str,
        vocabulary: &Vocabulary,
        language: &Language,
    ) -> Result<(Self, Vec<QueryProblem>), Vec<QueryProblem>> {
        let queries = [(topic.clone(), query.to_owned())];
        Self::build(&queries, vocabulary, language, false)
    }

    /// A set of one query under this set's vocabularies and language, for trying it.
    pub fn alone(
        &self,
        topic: &TopicId,
        query: &str,
    ) -> Result<(Self, Vec<QueryProblem>), Vec<QueryProblem>> {
        Self::of_one(topic, query, &self.written.vocabulary, &self.written.language)
    }

    fn build(
        queries: &[(TopicId, String)],
        vocabulary: &Vocabulary,
        language: &Language,
        warn_of_unused: bool,
    ) -> Result<(Self, Vec<QueryProblem>), Vec<QueryProblem>> {
        let mut compiler = Compiler::new(vocabulary, language);
        let programs: Vec<_> =
            queries.iter().map(|(topic, query)| compiler.query(topic, query)).collect();
        let problems = compiler.problems(warn_of_unused);
        if problems.iter().any(|problem| !problem.warning) {
            return Err(problems);
        }
        let programs: Vec<_> = programs.into_iter().flatten().collect();
        let index = Arc::new(Index::of(&programs));
        let asked = programs.iter().any(|program| program.asks.language);
        let guesses = asked || !language.also.is_empty();
        let written = Arc::new(Written {
            queries: queries.to_vec(),
            vocabulary: vocabulary.clone(),
            language: language.clone(),
            warnings: problems.clone(),
        });
        Ok((Self { programs, index, guesses, written }, problems))
    }

    /// How many topics there are.
    pub fn len(&self) -> usize {
        self.programs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }

    /// The warnings it was compiled with.
    pub fn warnings(&self) -> &[QueryProblem] {
        &self.written.warnings
    }

    /// A topic's query, as it was read.
    pub fn query(&self, topic: usize) -> &Query {
        &self.programs[topic].query
    }

    /// A story as these queries see it, where they are only asked whether they match.
    /// What language a text is in that does not say so is not guessed for nobody: it takes
    /// longer than all else that is done here with a story.
    pub fn subject(&self, story: &Story, sources: &Sources) -> Subject {
        let language = &self.written.language;
        match self.guesses {
            true => Subject::of(story, sources, language),
            false => Subject::of_stated(story, sources, language),
        }
    }

    /// The places in the compiled list of the topics that `subject` is in, ascending.
    pub fn matches(&self, subject: &Subject) -> Vec<usize> {
        let occurrences = self.index.occurrences(subject);
        let sight = Sight { subject, occurrences: &occurrences };
        let candidates = self.index.candidates(&occurrences);
        let topics = candidates.into_iter().map(|topic| topic as usize);
        topics.filter(|topic| sight.holds(&self.programs[*topic].root)).collect()
    }

    /// Whether `subject` is in one topic.
    pub fn is_in(&self, subject: &Subject, topic: usize) -> bool {
        let occurrences = self.index.occurrences(subject);
        Sight { subject, occurrences: &occurrences }.holds(&self.programs[topic].root)
    }

    /// Why `subject` is, or is not, in a topic.
    pub fn explain(&self, subject: &Subject, topic: usize) -> Explanation {
        let occurrences = self.index.occurrences(subject);
        let sight = Sight { subject, occurrences: &occurrences };
        explain::explain(sight, &self.programs[topic].root, &self.written.language)
    }

    /// Why a text is, or is not, in a topic; its first line is the title.
    /// What `must_match` and `must_not_match` are judged by.
    pub fn explain_text(&self, text: &str, topic: usize) -> Explanation {
        self.explain(&Subject::of_text(text, &self.written.language), topic)
    }

    /// What in the titles and texts of `subject` speaks for a topic, in order
    /// and without overlaps.
    pub fn highlights(&self, subject: &Subject, topic: usize) -> Vec<Highlight> {
        let occurrences = self.index.occurrences(subject);
        let sight = Sight { subject, occurrences: &occurrences };
        explain::highlights(sight, &self.programs[topic].root)
    }

    /// Changes with everything that decides which stories are in a topic.
    pub fn fingerprint(&self, topic: usize, sources: &Sources) -> Fingerprint {
        let program = &self.programs[topic];
        let mut hash = Xxh3::new();
        hash.update(&program.digest.to_le_bytes());
        if program.asks.sources {
            for source in sources.values() {
                let title = &*source.title;
                let said = [source.id.as_str(), title, source.role.as_str()];
                for text in said.into_iter().chain(source.tags.iter().map(String::as_str)) {
                    // The length first, so that no two lists of texts run together the same.
                    hash.update(&(text.len() as u64).to_le_bytes());
                    hash.update(text.as_bytes());
                }
                hash.update(&u64::MAX.to_le_bytes());
            }
        }
        Fingerprint(hash.digest())
    }

    /// Warnings about sources and tags that the queries name and `sources` lacks.
    pub fn check_sources(&self, sources: &Sources) -> Vec<QueryProblem> {
        let topics = self.written.queries.iter().map(|(topic, _)| topic).zip(&self.programs);
        topics
            .flat_map(|(topic, program)| advice::unknown_sources(topic, program, sources))
            .collect()
    }

    /// Warnings about terms of a topic that more than half of `subjects` have.
    pub fn check_terms(&self, topic: usize, subjects: &[Subject]) -> Vec<QueryProblem> {
        let sights: Vec<_> =
            subjects.iter().map(|subject| (subject, self.index.occurrences(subject))).collect();
        let sights: Vec<_> =
            sights.iter().map(|(subject, occurrences)| Sight { subject, occurrences }).collect();
        let (topic, program) = (&self.written.queries[topic].0, &self.programs[topic]);
        advice::too_frequent(topic, program, &sights)
    }
}
