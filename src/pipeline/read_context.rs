//! The context of reading one source: the plan, and access to the network and the store.

use std::sync::Arc;

use crate::cancel::Cancelled;
use crate::clock::Clock;
use crate::config::Plan;
use crate::dedup::{self, Extent};
use crate::engine::rules;
use crate::fetch::Fetcher;
use crate::model::{Document, Entry, Failure, Lookalikes, Source};
use crate::parse::{self, Limits, Parsed};
use crate::store::Store;

use super::compute::ComputeThreads;
use super::crash_marks::CrashMarks;
use super::known_text::KnownText;

/// The context of reading one source.
pub(super) struct ReadContext<'a> {
    pub(super) source: &'a Source,
    pub(super) fetcher: &'a Fetcher,
    pub(super) store: &'a Arc<dyn Store>,
    pub(super) plan: &'a Plan,
    pub(super) clock: &'a Clock,
    pub(super) text: &'a KnownText,
    pub(super) threads: &'a ComputeThreads,
}

/// The parts of the pipeline that all readings share.
#[derive(Clone)]
pub(super) struct ReadTools {
    pub(super) clock: Clock,
    pub(super) marks: CrashMarks,
    pub(super) threads: ComputeThreads,
}

impl ReadContext<'_> {
    /// Whether the source listed any of these before. If the store cannot be read, the daemon
    /// ends soon; nothing more is fetched until then.
    pub(super) async fn is_known(&self, entries: &[Arc<Entry>]) -> bool {
        let candidates =
            dedup::candidates(entries, Extent::Part, &rules(self.plan), self.clock.now());
        let names: Vec<_> =
            candidates.iter().flat_map(dedup::Candidate::lookup_names).copied().collect();
        let store = self.store.clone();
        let known = tokio::task::spawn_blocking(move || store.lookalikes(&names)).await;
        let Ok(Ok(known)) = known else { return true };
        let is_known = |known: &Lookalikes| candidates.iter().any(|one| dedup::is_told(one, known));
        is_known(&known)
    }
}

/// Parses a document on a computing thread.
pub(super) async fn parse_document(
    threads: &ComputeThreads,
    document: Document,
    limits: Limits,
    text: KnownText,
) -> Result<Parsed, Failure> {
    let parse = move |cancelled: &Cancelled| {
        text.with(|known| parse::parse_until(&document, &limits, known, cancelled))
    };
    threads.compute("the document", parse).await
}
