//! Tries a query on the stored stories.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Datelike;

use super::Records;
use crate::config::Plan;
use crate::engine;
use crate::model::{LookBack, Member, Story, Timestamp, Topic, TopicId};
use crate::publish::{Finding, FoundStory, Week};
use crate::store::StoreError;
use crate::topics::{
    Bounded, Place, QueryProblem, Spent, StoryMatch, Suggestions, TermCounts, TopicSet, Work,
};
use near::Nearest;

mod excerpt;

mod near;

mod report;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use report::{CaughtReport, NearReport, StoryLine, TrialAnswer, TrialReport, VersusReport};

/// So many of the newest stories tell whether a term is too frequent.
pub(super) const FREQUENCY_SAMPLE: usize = 500;

/// Which stories a query is tried on, and how much of the result is reported.
#[derive(Debug, Clone)]
pub struct Scope {
    /// How far to look back, by the dates of stories.
    pub span: LookBack,
    /// So many stories are looked at, the latest changed first.
    pub most: usize,
    /// So many bytes of titles and texts are looked at.
    pub most_text: usize,
    /// So many of those that were caught are passed over, the newest first.
    pub skip: usize,
    /// So many of those that follow are reported.
    pub sample: usize,
    /// So many of those that nearly match are reported.
    pub near: usize,
    /// A topic to compare with.
    pub versus: Option<TopicId>,
    /// Whether anybody may ask: stories that private topics alone hold, and vocabularies that
    /// they alone use, are then as if they were not there; and patterns are bounded.
    pub public: bool,
}

/// Why a query could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum NotTried {
    /// It is not a query: why, in words.
    #[error("not a query: {}", .0.join("; "))]
    Refused(Vec<String>),
    /// No topic is called as the one that it is compared with.
    #[error("no topic is called {0}")]
    UnknownTopic(TopicId),
    /// The work that it may cost is spent.
    #[error(transparent)]
    Spent(#[from] Spent),
    /// The stories cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The matches of a query, and where they differ from a topic.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The stories that it matches.
    pub finding: Finding,
    /// Where it differs from the topic that it was to be compared with.
    pub versus: Option<Versus>,
}

/// Where a query differs from a topic.
#[derive(Debug, Clone, Default)]
pub struct Versus {
    /// How many stories the query has and the topic has not.
    pub added: usize,
    /// The newest of them.
    pub adds: Vec<Arc<Story>>,
    /// How many stories the topic has and the query has not.
    pub lost: usize,
    /// The newest of them.
    pub loses: Vec<Arc<Story>>,
}

impl Records {
    /// Tries a query by the plan in force. What `work` bounds is either done whole or not at all.
    pub fn tried(
        &self,
        query: &str,
        scope: &Scope,
        now: Timestamp,
        work: &Work<'_>,
    ) -> Result<Trial, NotTried> {
        let plan = self.plan();
        let refused = |problems: &[QueryProblem]| NotTried::Refused(told(problems, query));
        let versus = match &scope.versus {
            None => None,
            Some(id) => {
                let place = plan.topics.iter().position(|topic| topic.id == *id);
                let unknown = || NotTried::UnknownTopic(id.clone());
                Some(place.ok_or_else(unknown)?)
            }
        };
        let (set, mut problems) =
            compiled(&plan, query, scope).map_err(|problems| refused(&problems))?;
        let listed = if scope.public { self.public_stories()? } else { None };
        let look_back = |span: LookBack| {
            let since = span.since(now);
            let mut trying = Trying::new(&plan, set.within(work), scope, since, versus);
            let mut looked = Ok(true);
            engine::newest_first(&**self.store(), listed, |story| {
                let within = story.updated >= since;
                looked = work.check().and_then(|()| Ok(within && trying.look_at(story, work)?));
                matches!(looked, Ok(true))
            })?;
            looked?;
            Ok::<_, NotTried>((span, trying))
        };
        let (mut span, mut trying) = look_back(scope.span.clone())?;
        if span == LookBack::Usual && trying.looked_at == 0 {
            (span, trying) = look_back(LookBack::All)?;
        }
        problems.extend(set.check_sources(&plan.sources));
        problems.extend(too_frequent(&set, 0, &trying.terms));
        let advice = set.advice(0, &trying.advice);
        Ok(trying.finish(span, told(&problems, query), advice, now))
    }
}

/// The query as a set of its own, and what it may not mean.
fn compiled(
    plan: &Plan,
    query: &str,
    scope: &Scope,
) -> Result<(TopicSet, Vec<QueryProblem>), Vec<QueryProblem>> {
    let topic = TopicId::new("query");
    if !scope.public {
        return plan.queries.alone(&topic, query);
    }
    // Where every topic is public, so is every vocabulary.
    let is_known = |place: &usize| !plan.topics[*place].private;
    let has_private = plan.has_private_topics();
    let known = has_private.then(|| (0..plan.topics.len()).filter(is_known).collect());
    plan.queries.alone_for_anybody(&topic, query, known)
}

/// A trial under way.
struct Trying<'a> {
    plan: &'a Plan,
    set: Bounded<'a>,
    scope: &'a Scope,
    /// Stories dated earlier are left out.
    since: Timestamp,
    /// The topic to compare with, by its place in the plan.
    place: Option<usize>,
    looked_at: usize,
    /// Bytes of the titles and texts that were looked at.
    text: usize,
    /// When the story that was looked at last changed.
    last: Option<Timestamp>,
    /// Whether there were more stories than may be looked at.
    is_cut: bool,
    count: usize,
    sample: Vec<FoundStory>,
    weeks: BTreeMap<i64, usize>,
    versus: Versus,
    /// How many stories each topic of the plan has, and shares with the query.
    shares: Vec<(usize, usize)>,
    terms: TermCounts,
    near: Nearest,
    advice: Suggestions,
}

impl<'a> Trying<'a> {
    fn new(
        plan: &'a Plan,
        set: Bounded<'a>,
        scope: &'a Scope,
        since: Timestamp,
        place: Option<usize>,
    ) -> Self {
        Self {
            plan,
            set,
            scope,
            since,
            place,
            looked_at: 0,
            text: 0,
            last: None,
            is_cut: false,
            count: 0,
            sample: Vec::new(),
            weeks: BTreeMap::new(),
            versus: Versus::default(),
            shares: vec![(0, 0); plan.topics.len()],
            terms: TermCounts::default(),
            near: Nearest::of(scope.near),
            advice: Suggestions::default(),
        }
    }

    /// Whether to look at more.
    fn look_at(&mut self, story: Story, work: &Work<'_>) -> Result<bool, Spent> {
        // It comes in the order of its changes and counts by its date.
        if story.dated < self.since {
            return Ok(true);
        }
        let subject = self.set.subject(&self.plan.queries, &story, &self.plan.sources);
        let looked = self.set.look_at(&subject)?;
        let topics = self.plan.queries.matches(&subject);
        // Hidden stories change neither the numbers nor where the search is cut.
        if self.scope.public && self.plan.hides(&topics) {
            return Ok(true);
        }
        if self.looked_at >= self.scope.most || self.text >= self.scope.most_text {
            self.is_cut = true;
            return Ok(false);
        }
        self.looked_at += 1;
        self.text += story.members.iter().map(Member::text_bytes).sum::<usize>();
        self.last = Some(story.updated);
        let caught = looked.is_in(0)?;
        for topic in &topics {
            self.shares[*topic].0 += 1;
            self.shares[*topic].1 += usize::from(caught);
        }
        if self.terms.subjects() < FREQUENCY_SAMPLE {
            looked.count_terms(0, &mut self.terms)?;
        }
        let story = Arc::new(story);
        // Suggestions never use up the work that the search itself needs.
        if !work.is_half_spent() {
            let wanted = self.place.map(|place| topics.contains(&place));
            looked.advise(0, &mut self.advice, StoryMatch { matches: caught, wanted })?;
            if !caught && self.near.is_wanted() {
                self.near.add(&story, looked.near_miss(0)?);
            }
        }
        if let Some(place) = self.place {
            self.compare(&story, caught, topics.contains(&place));
        }
        if caught {
            self.count += 1;
            *self.weeks.entry(week_of(story.dated)).or_default() += 1;
            if self.count > self.scope.skip && self.sample.len() < self.scope.sample {
                let highlights = looked.highlights(0)?;
                self.sample.push(excerpt::found(story, &highlights, self.plan));
            }
        }
        Ok(true)
    }

    fn compare(&mut self, story: &Arc<Story>, caught: bool, held: bool) {
        let versus = &mut self.versus;
        let (count, stories) = match (caught, held) {
            (true, false) => (&mut versus.added, &mut versus.adds),
            (false, true) => (&mut versus.lost, &mut versus.loses),
            _ => return,
        };
        *count += 1;
        if stories.len() < self.scope.sample {
            stories.push(story.clone());
        }
    }

    fn finish(
        self,
        span: LookBack,
        warnings: Vec<String>,
        advice: Vec<String>,
        now: Timestamp,
    ) -> Trial {
        let back_to = self.last.filter(|_| self.is_cut);
        let since = back_to.map_or(self.since, |back_to| back_to.max(self.since));
        let finding = Finding {
            alike: self.alike(),
            span,
            count: self.count,
            looked_at: self.looked_at,
            back_to,
            stories: self.sample,
            weeks: weeks(&self.weeks, since, now),
            warnings,
            advice,
            near: self.near.stories(),
            sources: self.plan.sources.clone(),
        };
        Trial { finding, versus: self.place.map(|_| self.versus) }
    }

    /// The topics that share at least half of what they and the query have together, of those
    /// that the asker may know of.
    fn alike(&self) -> Vec<Topic> {
        const TOLD: usize = 3;
        let together = |has: usize, shared: usize| self.count + has - shared;
        let shares = self.shares.iter().zip(&self.plan.topics);
        let mut alike: Vec<_> = shares
            .filter(|(_, topic)| !(self.scope.public && topic.private))
            .filter(|((has, shared), _)| *shared > 0 && 2 * shared >= together(*has, *shared))
            .map(|((has, shared), topic)| (together(*has, *shared) - shared, topic))
            .collect();
        alike.sort_by_key(|(apart, _)| *apart);
        alike.into_iter().take(TOLD).map(|(_, topic)| topic.clone()).collect()
    }
}

/// Terms that more than half of these stories have; of a few, half says nothing.
pub(super) fn too_frequent(set: &TopicSet, topic: usize, counts: &TermCounts) -> Vec<QueryProblem> {
    const FEW: usize = 20;
    if counts.subjects() < FEW { Vec::new() } else { set.frequent_terms(topic, counts) }
}

/// The problems of a query, each with its line.
pub(crate) fn told(problems: &[QueryProblem], query: &str) -> Vec<String> {
    let tell = |problem: &QueryProblem| match &problem.place {
        Place::Query(_) => problem.in_context(query),
        Place::Vocabulary(name, term) => {
            format!("in the vocabulary {name}, term {}: {problem}", term + 1)
        }
    };
    problems.iter().map(tell).collect()
}

/// Weeks since the one in which 1970 began, from Monday to Sunday.
fn week_of(moment: Timestamp) -> i64 {
    // 1970-01-01 was a Thursday.
    (moment.as_secs().div_euclid(24 * 3600) + 3).div_euclid(7)
}

/// Every week from the first to the last, those without a story as well.
fn weeks(counts: &BTreeMap<i64, usize>, since: Timestamp, now: Timestamp) -> Vec<Week> {
    // Not further back than the first that has a story: a long time before
    // the archive began says nothing.
    let Some(first) = counts.keys().next() else { return Vec::new() };
    let first = (*first).max(week_of(since));
    let last = week_of(now).max(counts.keys().next_back().copied().unwrap_or(first));
    let week = |week: i64| {
        let monday = Timestamp::from_secs((week * 7 - 3) * 24 * 3600).to_chrono();
        Week {
            week: format!("{}-W{:02}", monday.iso_week().year(), monday.iso_week().week()),
            monday: monday.format("%Y-%m-%d").to_string(),
            count: counts.get(&week).copied().unwrap_or_default(),
        }
    };
    (first..=last).map(week).collect()
}
