//! Holds the evidence of an entry and a story being one announcement, as it is weighed.

use std::time::Duration;

use url::Url;

use super::shingles::{Overlap, Passages};
use super::weights::{JOINED, MOST_BETWEEN_GOVERNMENTS, weight};
use crate::model::{Entry, Evidence, Factor, FactorKind, Forbidden, Member, Story, Timestamp};

pub(super) const HOUR: u64 = 3600;

/// An entry beside a story, and the weighed evidence.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    pub(super) story: &'a Story,
    /// The member whose text leads the story, and that text.
    pub(super) leading: Option<(&'a Member, Passages)>,
    pub(super) overlap: Option<Overlap>,
    pub(super) factors: Vec<Factor>,
    /// Why the two are one, if they are.
    pub(super) evidence: Evidence,
    /// The strongest evidence against it.
    pub(super) against: Option<Forbidden>,
    /// How far apart the two are dated, as far as both are.
    pub(super) apart: Option<Duration>,
    pub(super) against_weight: i32,
}

impl Comparison<'_> {
    /// The sum of the evidence, in tenths of a bit.
    pub(super) fn total(&self) -> i32 {
        Factor::sum(&self.factors)
    }

    /// Whether they are one announcement.
    pub(super) fn joins(&self) -> bool {
        self.total() >= JOINED && self.against != Some(Forbidden::Never)
    }

    /// Adds evidence by its weight in the table.
    pub(super) fn add(&mut self, kind: FactorKind) {
        self.add_as(kind, weight(kind));
    }

    /// Adds evidence of another weight than that in the table.
    pub(super) fn add_as(&mut self, kind: FactorKind, weight: i32) {
        self.factors.push(Factor { kind, weight });
    }

    /// Two governments that mark one day may give their statements one long title: no title alone
    /// makes those one announcement.
    pub(super) fn cap_title_between_governments(&mut self) {
        use FactorKind::{OtherGovernment, TitleEqual, TitleNear, TitleWithPublisher};
        if self.factors.iter().any(|factor| factor.kind == OtherGovernment) {
            let is_title = |kind| matches!(kind, TitleEqual | TitleNear | TitleWithPublisher);
            for factor in self.factors.iter_mut().filter(|factor| is_title(factor.kind)) {
                factor.weight = factor.weight.min(MOST_BETWEEN_GOVERNMENTS);
            }
        }
    }

    /// The same, where it speaks against one announcement.
    pub(super) fn oppose(&mut self, kind: FactorKind, forbidden: Forbidden) {
        self.add(kind);
        if weight(kind) < self.against_weight {
            self.against_weight = weight(kind);
            self.against = Some(forbidden);
        }
    }
}

/// When a text was published, as far as is known; never later than it was read.
pub(super) fn date_of(member: &Member) -> Timestamp {
    member.entry.dated().unwrap_or(member.joined).min(member.joined)
}

/// The page that an entry is about.
pub(super) fn page_of(entry: &Entry) -> Option<&Url> {
    entry.original.as_ref().or(entry.url.as_ref())
}
