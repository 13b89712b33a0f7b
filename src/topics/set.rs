//! Matches stories against the queries of all topics.

use std::cell::OnceCell;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::compile::Compiler;
use super::eval::EvalContext;
use super::explain::{self, Explanation, Highlight, NearMiss};
use super::index::{Index, Occurrences};
use super::lints::{self, TermCounts};
use super::program::Program;
use super::query::Query;
use super::stem_cache::StemCaches;
use super::subject::Reader;
use super::suggestions::{StoryMatch, Suggestions};
use super::work::{Spent, Work};
use super::{Language, QueryProblem, Subject, Vocabulary};
use crate::model::{Role, Sources, Story, TopicId, TopicVersion};

/// All topics' queries as one matcher. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TopicSet {
    programs: Vec<Arc<Program>>,
    index: Arc<Index>,
    /// Whether anything depends on the language of a text that does not state it.
    guesses: bool,
    written: Arc<Written>,
    stems: StemCaches,
}

/// The source of a compiled set.
#[derive(Debug)]
struct Written {
    queries: Vec<(TopicId, String)>,
    vocabulary: Vocabulary,
    language: Language,
    warnings: Vec<QueryProblem>,
}

/// Where queries come from.
enum Origin<'a> {
    /// All topics of a configuration.
    Configuration,
    /// An operator or analyst, who tries one.
    Trial,
    /// Anybody. Where there are such programs, only their vocabularies exist.
    Anybody { known: Option<Vec<&'a Program>> },
}

impl TopicSet {
    /// Compiles all queries, or lists everything wrong with them. The list
    /// beside a set holds warnings only.
    pub fn compile(
        queries: &[(TopicId, String)],
        vocabulary: &Vocabulary,
        language: &Language,
    ) -> Result<(Self, Vec<QueryProblem>), Vec<QueryProblem>> {
        Self::build(queries, vocabulary, language, Origin::Configuration, StemCaches::default())
    }

    /// A set of one query, for trying it. Vocabularies that it does not use
    /// are ignored.
    pub fn of_one(
        topic: &TopicId,
        query: &str,
        vocabulary: &Vocabulary,
        language: &Language,
    ) -> Result<(Self, Vec<QueryProblem>), Vec<QueryProblem>> {
        let queries = [(topic.clone(), query.to_owned())];
        Self::build(&queries, vocabulary, language, Origin::Trial, StemCaches::default())
    }

    /// A set of one query under this set's vocabularies and language, for trying it.
    pub fn alone(
        &self,
        topic: &TopicId,
        query: &str,
    ) -> Result<(Self, Vec<QueryProblem>), Vec<QueryProblem>> {
        let queries = [(topic.clone(), query.to_owned())];
        let Written { vocabulary, language, .. } = &*self.written;
        Self::build(&queries, vocabulary, language, Origin::Trial, self.stems.clone())
    }

    /// The same for a query of somebody who is not trusted: its patterns are small, and of the
    /// vocabularies only those exist that one of the `known` topics uses, if there are such.
    pub fn alone_for_anybody(
        &self,
        topic: &TopicId,
        query: &str,
        known: Option<Vec<usize>>,
    ) -> Result<(Self, Vec<QueryProblem>), Vec<QueryProblem>> {
        let queries = [(topic.clone(), query.to_owned())];
        let program = |topic: usize| &*self.programs[topic];
        let known = known.map(|known| known.into_iter().map(program).collect());
        let Written { vocabulary, language, .. } = &*self.written;
        Self::build(&queries, vocabulary, language, Origin::Anybody { known }, self.stems.clone())
    }

    fn build(
        queries: &[(TopicId, String)],
        vocabulary: &Vocabulary,
        language: &Language,
        origin: Origin<'_>,
        stems: StemCaches,
    ) -> Result<(Self, Vec<QueryProblem>), Vec<QueryProblem>> {
        let mut compiler = Compiler::new(vocabulary, language);
        let warn_of_unused = matches!(origin, Origin::Configuration);
        if let Origin::Anybody { known } = origin {
            compiler.bound_patterns();
            known.into_iter().for_each(|known| compiler.keep_vocabularies_of(known));
        }
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
        Ok((Self { programs, index, guesses, written, stems }, problems))
    }

    /// How many topics there are.
    pub fn len(&self) -> usize {
        self.programs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }

    /// The vocabularies that it was compiled with.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.written.vocabulary
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
    /// The language of a text is guessed only where a query depends on it: guessing takes longer
    /// than everything else here.
    pub fn subject(&self, story: &Story, sources: &Sources) -> Subject {
        match self.guesses {
            true => self.whole_subject(story, sources),
            false => Subject::of_stated(story, sources, self.reader()),
        }
    }

    /// The same, with the language of each text that does not state it guessed.
    pub fn whole_subject(&self, story: &Story, sources: &Sources) -> Subject {
        Subject::of(story, sources, self.reader())
    }

    /// A text alone as these queries see it, in the language of a tag or the main one; its first
    /// line is the title.
    pub fn subject_of_text(&self, text: &str, tag: Option<&str>) -> Subject {
        Subject::of_text(text, tag, self.reader())
    }

    fn reader(&self) -> Reader<'_> {
        Reader { language: &self.written.language, stems: &self.stems }
    }

    /// The places in the compiled list of the topics that `subject` is in, ascending.
    pub fn matches(&self, subject: &Subject) -> Vec<usize> {
        let (occurrences, work) = (self.index.occurrences(subject), Work::unlimited());
        let context = EvalContext { subject, occurrences: &occurrences, work: &work };
        let candidates = self.index.candidates(&occurrences);
        let topics = candidates.into_iter().map(|topic| topic as usize);
        let lead = OnceCell::new();
        topics.filter(|topic| self.decide(*topic, context, &lead).1).collect()
    }

    /// Whether `subject` is in one topic.
    pub fn is_in(&self, subject: &Subject, topic: usize) -> bool {
        let (occurrences, work) = (self.index.occurrences(subject), Work::unlimited());
        let context = EvalContext { subject, occurrences: &occurrences, work: &work };
        self.decide(topic, context, &OnceCell::new()).1
    }

    /// Whether a story is in a topic, and what of it decides that: all of it, or its lead alone where the
    /// words of its copies would keep it out. `lead` keeps what the lead says for other topics.
    fn decide<'s>(
        &self,
        topic: usize,
        whole: EvalContext<'s>,
        lead: &'s OnceCell<(Subject, Occurrences)>,
    ) -> (EvalContext<'s>, bool) {
        let Program { root, asks, .. } = &*self.programs[topic];
        if whole.holds(root) {
            return (whole, true);
        }
        if !asks.lead || whole.subject.members < 2 {
            return (whole, false);
        }
        let (subject, occurrences) = lead.get_or_init(|| {
            let subject = whole.subject.of_lead();
            let occurrences = self.index.occurrences(&subject);
            whole.work.spend(occurrences.cost());
            (subject, occurrences)
        });
        let lead = EvalContext { subject, occurrences, work: whole.work };
        match lead.holds(root) {
            true => (lead, true),
            false => (whole, false),
        }
    }

    /// The same set, asked with a bound.
    pub fn within<'a>(&'a self, work: &'a Work<'a>) -> Bounded<'a> {
        Bounded { set: self, work }
    }

    /// Why `subject` is, or is not, in a topic.
    pub fn explain(&self, subject: &Subject, topic: usize) -> Explanation {
        let (occurrences, work) = (self.index.occurrences(subject), Work::unlimited());
        let context = EvalContext { subject, occurrences: &occurrences, work: &work };
        let (root, language) = (&self.programs[topic].root, &self.written.language);
        match self.decide(topic, context, &OnceCell::new()) {
            (lead, true) if !std::ptr::eq(lead.subject, subject) => {
                explain::explain_lead(lead, context, root, language)
            }
            _ => explain::explain(context, root, language),
        }
    }

    /// Why a text is, or is not, in a topic; its first line is the title.
    /// `must_not_match` is judged by this: read in the main language, as nothing states its own.
    pub fn explain_text(&self, text: &str, topic: usize) -> Explanation {
        self.explain(&self.subject_of_text(text, None), topic)
    }

    /// Why a text is, or is not, in a topic, read in whichever language puts it there, if any does:
    /// `must_match` is judged by this. A title is too short to guess its language.
    pub fn explain_in_any_language(&self, text: &str, topic: usize) -> Explanation {
        let read = |tag| self.explain(&self.subject_of_text(text, tag), topic);
        let main = read(None);
        if main.matched {
            return main;
        }
        let others = self.written.language.other_tags().map(|tag| read(Some(tag)));
        others.into_iter().find(|explanation| explanation.matched).unwrap_or(main)
    }

    /// The matching terms in titles and texts of `subject`, in order and without overlaps.
    pub fn highlights(&self, subject: &Subject, topic: usize) -> Vec<Highlight> {
        let (occurrences, work) = (self.index.occurrences(subject), Work::unlimited());
        let context = EvalContext { subject, occurrences: &occurrences, work: &work };
        let lead = OnceCell::new();
        let (context, _) = self.decide(topic, context, &lead);
        explain::highlights(context, &self.programs[topic].root)
    }

    /// Changes with everything that decides which stories are in a topic.
    pub fn topic_version(&self, topic: usize, sources: &Sources) -> TopicVersion {
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
        if program.asks.lead {
            hash.update(b"lead");
            // They decide which entry leads a story.
            for source in
                sources.values().filter(|one| one.role != Role::default() || one.rank != 0)
            {
                hash.update(source.id.as_str().as_bytes());
                hash.update(source.role.as_str().as_bytes());
                hash.update(&source.rank.to_le_bytes());
            }
        }
        TopicVersion(hash.digest())
    }

    /// Warnings about sources, tags and roles that the queries name and `sources` lacks.
    pub fn check_sources(&self, sources: &Sources) -> Vec<QueryProblem> {
        let topics = self.written.queries.iter().map(|(topic, _)| topic).zip(&self.programs);
        let known = lints::KnownLabels::of(sources);
        topics.flat_map(|(topic, program)| lints::unknown_labels(topic, program, &known)).collect()
    }

    /// Warnings about terms of a topic that more than half of `subjects` have.
    pub fn check_terms(&self, topic: usize, subjects: &[Subject]) -> Vec<QueryProblem> {
        self.frequent_terms(topic, &self.count_terms(topic, subjects))
    }

    /// Counts the terms of a topic that each of `subjects` has.
    pub fn count_terms(&self, topic: usize, subjects: &[Subject]) -> TermCounts {
        let (mut counts, work) = (TermCounts::default(), Work::unlimited());
        for subject in subjects {
            let occurrences = self.index.occurrences(subject);
            let context = EvalContext { subject, occurrences: &occurrences, work: &work };
            counts.count(&self.programs[topic], context);
        }
        counts
    }

    /// Suggestions for a topic's query from the archive.
    pub fn advice(&self, topic: usize, advice: &Suggestions) -> Vec<String> {
        advice.lines(&self.programs[topic])
    }

    /// The same, of subjects that were counted one by one.
    pub fn frequent_terms(&self, topic: usize, counts: &TermCounts) -> Vec<QueryProblem> {
        counts.too_frequent(&self.written.queries[topic].0, &self.programs[topic])
    }
}

/// A set that is asked with bounded work. An answer that was cut short is never passed off as one.
#[derive(Debug, Clone, Copy)]
pub struct Bounded<'a> {
    set: &'a TopicSet,
    work: &'a Work<'a>,
}

impl<'a> Bounded<'a> {
    /// A story as these queries and those of `others` see it, under the same language.
    pub fn subject(&self, others: &TopicSet, story: &Story, sources: &Sources) -> Subject {
        if self.set.guesses { self.set } else { others }.subject(story, sources)
    }

    /// Looks for everything that the queries ask for in `subject`.
    pub fn look_at(&self, subject: &'a Subject) -> Result<Looked<'a>, Spent> {
        let occurrences = self.set.index.occurrences(subject);
        self.work.spend(occurrences.cost());
        self.work.result(())?;
        Ok(Looked { of: *self, subject, occurrences })
    }
}

/// A subject with the terms of the queries that it has.
#[derive(Debug)]
pub struct Looked<'a> {
    of: Bounded<'a>,
    subject: &'a Subject,
    occurrences: Occurrences,
}

impl Looked<'_> {
    fn context(&self) -> EvalContext<'_> {
        let Self { of, subject, occurrences } = self;
        EvalContext { subject, occurrences, work: of.work }
    }

    fn program(&self, topic: usize) -> &Program {
        &self.of.set.programs[topic]
    }

    /// Whether the subject is in one topic.
    pub fn is_in(&self, topic: usize) -> Result<bool, Spent> {
        self.of.work.result(self.of.set.decide(topic, self.context(), &OnceCell::new()).1)
    }

    /// The matching terms in titles and texts of the subject. A pattern that would take long in a
    /// long text marks nothing there.
    pub fn highlights(&self, topic: usize) -> Result<Vec<Highlight>, Spent> {
        let lead = OnceCell::new();
        let (context, _) = self.of.set.decide(topic, self.context(), &lead);
        self.of.work.result(explain::highlights(context, &self.program(topic).root))
    }

    /// Why the subject is nearly in a topic that it is not in.
    pub fn near_miss(&self, topic: usize) -> Result<Option<NearMiss>, Spent> {
        let (set, lead) = (self.of.set, OnceCell::new());
        let near_miss = match set.decide(topic, self.context(), &lead) {
            (_, true) => None,
            (whole, false) => {
                explain::near_miss(whole, &self.program(topic).root, &set.written.language)
            }
        };
        self.of.work.result(near_miss)
    }

    /// Takes the subject into account for advice about a topic's query.
    pub fn advise(
        &self,
        topic: usize,
        advice: &mut Suggestions,
        seen: StoryMatch,
    ) -> Result<(), Spent> {
        advice.look_at(self.program(topic), self.context(), seen);
        self.of.work.result(())
    }

    /// Counts the terms of a topic that the subject has.
    pub fn count_terms(&self, topic: usize, counts: &mut TermCounts) -> Result<(), Spent> {
        counts.count(self.program(topic), self.context());
        self.of.work.result(())
    }
}
