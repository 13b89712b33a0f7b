//! Fetches the pages of entries: for their full text, and to see whether they still exist.
//!
//! The pages of new and changed entries are fetched with the document. Pages that were left over,
//! could not be fetched, or were read long ago are visited in rounds: a [`RecheckRound`] takes as
//! many polls as it needs. Where the document has not changed, a round visits the pages of the
//! stored entries, so that no document is fetched again because of a page.
//!
//! A poll fetches a bounded number of pages, spaced like the origin's polls, within a deadline. If
//! a page cannot be fetched, the entry stays as its source stated it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, warn};
use url::Url;

use crate::cancel::Cancelled;
use crate::dedup::{self, Candidate, Extent, Wanted};
use crate::enrich::{self, Fetched};
use crate::model::{
    Document, Enrich, Entry, Failure, FailureKind, Lookalikes, PageCount, PageHold, Recheck,
    RecheckRound, SourceId, SourceState,
};
use crate::parse::{self, Gate};
use crate::store::{Store, StoreError};

use super::page_check::{self, Answer};
use super::read_context::ReadContext;
use super::recheck;
use super::shared_pages::{self, ReadPage};
use crate::engine::rules;

/// The most pages fetched in one poll; the others wait for a later one.
const MOST_PAGES: usize = 20;

/// The most pages visited again in one poll.
const MOST_CHECKS: usize = 5;

/// The most holds kept with one source.
const MOST_HELD: usize = 20;

/// The time for all pages of one poll together.
const DEADLINE: Duration = Duration::from_secs(60);

impl ReadContext<'_> {
    /// Adds full texts to the entries of a document.
    pub(super) async fn enrich(
        &self,
        entries: &mut Vec<Arc<Entry>>,
        extent: Extent,
        state: &SourceState,
        warnings: &mut Vec<String>,
    ) -> Option<Recheck> {
        if self.source.enrich == Enrich::None {
            return None;
        }
        let round = recheck::due(self.source, state, self.clock.now());
        let visits = self.visit(entries, extent, state, round).await;
        match &visits.denied {
            Some(why) => warnings.push(format!("pages of entries are not read: {why}")),
            None => warnings.extend(visits.gates.values().map(|(page, gate)| {
                format!("{page} is not read: the site answers with {}", gate.kind)
            })),
        }
        if let Some((count, page)) = &visits.too_large {
            warnings.push(format!("pages that are too large to be read: {count}, as {page}"));
        }
        if visits.shared > 0 {
            warnings.push(format!(
                "pages with one text for several entries, which is the site's and was not taken: {}",
                visits.shared
            ));
        }
        *entries = visits.candidates.into_iter().map(|candidate| candidate.entry).collect();
        let refusal = visits.refusal;
        visits.round.map(|round| Recheck { entries: Vec::new(), round, refusal })
    }

    /// Continues the round over the pages of the source's stored entries, if one is due. For polls
    /// that brought no new document.
    pub(super) async fn recheck(&self, state: &SourceState) -> Option<Recheck> {
        let round = recheck::due(self.source, state, self.clock.now())?;
        let visits = self.visit(&self.stored().await?, Extent::Part, state, Some(round)).await;
        let entries = match visits.made {
            0 => Vec::new(),
            _ => visits.candidates.into_iter().map(|candidate| candidate.entry).collect(),
        };
        let refusal = visits.refusal;
        visits.round.map(|round| Recheck { entries, round, refusal })
    }

    /// The stored entries of the source. If the store cannot be read, the daemon ends soon.
    async fn stored(&self) -> Option<Vec<Arc<Entry>>> {
        let (store, source) = (self.store.clone(), self.source.id.clone());
        tokio::task::spawn_blocking(move || entries_of(&source, &*store)).await.ok()?.ok()
    }

    /// Visits the pages of new entries, then those of the round.
    async fn visit(
        &self,
        entries: &[Arc<Entry>],
        extent: Extent,
        state: &SourceState,
        round: Option<RecheckRound>,
    ) -> Visits {
        let now = self.clock.now();
        let candidates = dedup::candidates(entries, extent, &rules(self.plan), now);
        let mut visits = Visits { candidates, round, ..Visits::default() };
        let Some(known) = self.known(&visits.candidates).await else { return visits };
        let since = visits.round.as_ref().map_or(now, |round| round.since);
        let is_anew = visits.round.as_ref().is_some_and(|round| round.is_anew);
        let wanted: Vec<Wanted> = visits
            .candidates
            .iter()
            .map(|candidate| match dedup::wants_enrichment(candidate, &known, since, now) {
                Wanted::Check | Wanted::Read if is_anew => Wanted::Again,
                wanted => wanted,
            })
            .collect();
        let mut left = wanted.iter().filter(|wanted| **wanted == Wanted::New).count();
        let visiting = async {
            for (place, _) in wanted.iter().enumerate().filter(|(_, what)| **what == Wanted::New) {
                if visits.made >= MOST_PAGES {
                    return;
                }
                self.complete(place, &mut visits).await;
                left -= 1;
            }
            self.go_on(&wanted, &known, &mut visits).await;
        };
        // Pages that were fetched until then count.
        let _ = tokio::time::timeout(DEADLINE, visiting).await;
        if !visits.read.is_empty() {
            visits.take_back_shared(&self.stored().await.unwrap_or_default());
        }
        let refused = !visits.refused.is_empty() || !visits.gates.is_empty();
        if left > 0 {
            // They will be known entries by the next poll, so a round has to visit them.
            visits.round = Some(RecheckRound::following(state.round.as_deref(), now));
        } else if refused && visits.round.is_none() {
            let next = RecheckRound::following(state.round.as_deref(), now);
            visits.round = Some(RecheckRound { open: false, ..next });
        }
        if visits.round.is_none() && visits.made > 0 {
            visits.round = state.round.as_deref().cloned();
        }
        if let Some(round) = &mut visits.round {
            round.pages.add(std::mem::take(&mut visits.pages));
            round.refused |= refused;
            let met = if refused { self.fetcher.held_since(now) } else { Vec::new() };
            let known = std::mem::replace(&mut round.held, met);
            let is_new = |hold: &PageHold| round.held.iter().all(|met| met.of != hold.of);
            let others: Vec<PageHold> = known.into_iter().filter(is_new).collect();
            round.held.extend(others);
            round.held.truncate(MOST_HELD);
        }
        // A refusal of another origin holds its pages, and nothing that the schedule knows of.
        let until = self.fetcher.limited(self.source, state, now);
        visits.refusal = visits
            .refusal
            .zip(until)
            .map(|(refusal, until)| Failure { retry_after: Some(now.until(until)), ..refusal });
        visits
    }

    /// Continues the round after the page where it stopped, the newest entry first.
    async fn go_on(&self, wanted: &[Wanted], known: &Lookalikes, visits: &mut Visits) {
        let Some(mut round) = visits.round.clone() else { return };
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_by_key(|place| {
            let entry = &visits.candidates[*place].entry;
            (Reverse(entry.dated()), entry.url.clone(), entry.guid.clone())
        });
        let page = |visits: &Visits, place: usize| visits.candidates[place].entry.url.clone();
        let behind = round.after.as_ref().and_then(|after| {
            order.iter().rposition(|place| page(visits, *place).as_ref() == Some(after))
        });
        let mut checks = 0;
        for place in order.into_iter().skip(behind.map_or(0, |place| place + 1)) {
            let checking = wanted[place] == Wanted::Check;
            if !checking && wanted[place] != Wanted::Again {
                continue;
            }
            if visits.made >= MOST_PAGES || (checking && checks == MOST_CHECKS) {
                return;
            }
            // Recorded before the visit: a page that never answers does not hold up the round.
            round.after = page(visits, place);
            visits.round = Some(round.clone());
            if checking {
                checks += 1;
                self.check(place, known, visits).await;
            } else {
                self.complete(place, visits).await;
            }
        }
        visits.round = Some(RecheckRound { open: false, ..round });
    }

    /// The stories that bear the entries' own names. If the store cannot be read, the daemon ends
    /// soon; nothing is fetched until then.
    async fn known(&self, candidates: &[Candidate]) -> Option<Lookalikes> {
        let names: Vec<_> = candidates.iter().flat_map(Candidate::lookup_names).copied().collect();
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || store.lookalikes(&names).ok()).await.ok().flatten()
    }

    /// Visits a page that was read before. GOV.UK states changes and withdrawals; of any other page
    /// only its existence counts, because the surroundings of its text change every day.
    async fn check(&self, place: usize, known: &Lookalikes, visits: &mut Visits) {
        let told = dedup::as_told(&visits.candidates[place], known);
        let entry = &mut visits.candidates[place].entry;
        *entry = told.unwrap_or_else(|| entry.clone());
        let before = entry.clone();
        self.complete(place, visits).await;
        let entry = &mut visits.candidates[place].entry;
        if self.source.enrich != Enrich::Govuk && entry.missing.is_none() {
            // A page that could not be seen changes nothing either.
            *entry = Arc::new(Entry { missing: entry.missing, ..Entry::clone(&before) });
        }
    }

    /// Asks an address for the page of an entry: the page's own, or the one that it leads on to.
    /// `None` if the address's host has refused a page already.
    async fn read_page(
        &self,
        entry: &Arc<Entry>,
        page: &Url,
        from: &Url,
        visits: &mut Visits,
    ) -> Option<Result<Read, Failure>> {
        if from.host_str().is_some_and(|host| visits.refused.contains(host)) {
            return None;
        }
        if visits.made > 0 {
            tokio::time::sleep(self.plan.polling.spacing).await;
        }
        visits.made += 1;
        visits.pages.asked += 1;
        Some(match self.fetcher.page(self.source, from, self.clock.now()).await {
            Ok(document) => self.richer(entry.clone(), page, document).await,
            Err(failure) => Err(failure),
        })
    }

    /// Fetches the page of one entry, unless its host has just refused a page.
    async fn complete(&self, place: usize, visits: &mut Visits) {
        let entry = visits.candidates[place].entry.clone();
        let Some(page) = enrich::wanted(&entry, self.source.enrich) else { return };
        let mut from = page.clone();
        let Some(mut done) = self.read_page(&entry, &page, &from, visits).await else { return };
        if let Ok(Read::LeadsTo(next)) = done {
            visits.pages.failed += 1;
            visits.pages.why = format!("{page} leads on to {next}");
            from = next;
            done = match self.read_page(&entry, &page, &from, visits).await {
                Some(done) => done,
                None => return,
            };
        }
        let host = from.host_str().map(str::to_owned);
        let entry = &mut visits.candidates[place].entry;
        let failure = match done {
            Ok(Read::Entry(richer)) => {
                let before = std::mem::replace(entry, Arc::new(*richer));
                visits.read.insert(place, before);
                return;
            }
            Ok(Read::Gate(gate)) => {
                let (source, kind) = (&self.source.id, gate.kind);
                debug!(event = "enrich_failed", %source, "{page} adds nothing: it is {kind}");
                visits.pages.failed += 1;
                visits.pages.why = format!("{page} is {kind}");
                return visits.meet(gate, page, host);
            }
            Ok(Read::LeadsTo(next)) => {
                let message = format!("the page leads on twice, to {next} at last");
                Failure::new(FailureKind::Redirect, message)
            }
            Err(failure) => failure,
        };
        debug!(event = "enrich_failed", source = %self.source.id, "{page} adds nothing: {failure}");
        visits.pages.failed += 1;
        visits.pages.why = format!("{page}: {failure}");
        enrich::missing(Arc::make_mut(entry), &failure, self.clock.now());
        if failure.kind == FailureKind::TooLarge {
            visits.too_large.get_or_insert_with(|| (0, page.clone())).0 += 1;
        }
        if failure.kind == FailureKind::Denied {
            visits.denied = Some(failure.message.clone());
        }
        if failure.kind == FailureKind::TooMany && !failure.unsent {
            visits.refusal = Some(failure.clone());
        }
        let nothing = [
            FailureKind::NotFound,
            FailureKind::Gone,
            FailureKind::NotAFeed,
            FailureKind::TooLarge,
            FailureKind::Redirect,
        ];
        if !nothing.contains(&failure.kind) {
            visits.refused.extend(host);
        }
    }

    /// The entry with its page's text, read on a computing thread.
    async fn richer(
        &self,
        entry: Arc<Entry>,
        page: &Url,
        document: Document,
    ) -> Result<Read, Failure> {
        let page = page.clone();
        let (setting, limit) = (self.source.enrich, self.plan.parsing.field.in_memory());
        let (source, text) = (self.source.id.clone(), self.text.clone());
        let enrich = move |cancelled: &Cancelled| {
            let fetched = Fetched::of(&document, setting)?;
            if setting == Enrich::Page {
                match page_check::check(&entry, &page, &fetched)? {
                    Answer::Own => {}
                    Answer::Gate(gate) => return Ok(Read::Gate(gate)),
                    Answer::LeadsTo(page) => return Ok(Read::LeadsTo(page)),
                }
            }
            let clean = |html: &str, base: &Url| parse::clean(html, Some(base), limit, cancelled);
            let mut richer = Entry::clone(&entry);
            let done = text.with(|surroundings| {
                let reading = enrich::Reading { setting, clean: &clean, surroundings, cancelled };
                enrich::enrich(&mut richer, &fetched, &reading)
            })?;
            for marker in done.missing_markers {
                let page = document.url.as_ref().map_or("", Url::as_str);
                warn!(event = "marker_missing", %source, "{page} does not hold `{marker}` of its source: its text is kept whole");
            }
            Ok(Read::Entry(Box::new(richer)))
        };
        self.threads.compute("the page", enrich).await
    }
}

/// The pages visited in one poll.
#[derive(Default)]
struct Visits {
    candidates: Vec<Candidate>,
    round: Option<RecheckRound>,
    made: usize,
    pages: PageCount,
    /// Hosts that cannot be reached or refused a page: they are not asked again.
    refused: HashSet<String>,
    /// The pages that came as a gate, and the gate, by their hosts.
    gates: BTreeMap<String, (Url, Gate)>,
    /// A 429 that was answered for a page.
    refusal: Option<Failure>,
    /// Why pages may not be asked for: by their server, its robots.txt, or the gate before them.
    denied: Option<String>,
    /// The entries whose pages were read, as they were before, by their place.
    read: BTreeMap<usize, Arc<Entry>>,
    /// How many of them lost a text that their pages have in common.
    shared: usize,
    /// How many pages were too large, and the first of them.
    too_large: Option<(usize, Url)>,
}

impl Visits {
    /// Takes back what the pages that were read have in common, or with those of stored entries.
    fn take_back_shared(&mut self, stored: &[Arc<Entry>]) {
        let Self { read, candidates, .. } = self;
        let with_page = candidates.iter_mut().enumerate();
        let mut pages: Vec<ReadPage<'_>> = with_page
            .filter_map(|(place, candidate)| {
                let before = read.remove(&place)?;
                Some(ReadPage { before, entry: &mut candidate.entry })
            })
            .collect();
        self.shared = shared_pages::take_back(&mut pages, stored);
    }

    /// Records the gate that a host put before a page. The first one says nothing of other pages: it may
    /// be a page that looks like a gate. Behind the second of one text the host is not asked again.
    fn meet(&mut self, gate: Gate, page: Url, host: Option<String>) {
        let Some(host) = host else { return };
        match self.gates.get(&host) {
            Some((first, known)) if *known == gate && *first != page => {
                let kind = gate.kind;
                self.denied =
                    Some(format!("the site answers with {kind}, for {first} as for {page}"));
                self.refused.insert(host);
            }
            _ => {
                self.gates.insert(host, (page, gate));
            }
        }
    }
}

/// A page as it was read.
enum Read {
    /// The entry with the page's text.
    Entry(Box<Entry>),
    /// Another page stands before it.
    Gate(Gate),
    /// It leads on to this page by itself.
    LeadsTo(Url),
}

/// The stored entries of a source in the stories that its document listed last.
fn entries_of(source: &SourceId, store: &dyn Store) -> Result<Vec<Arc<Entry>>, StoreError> {
    let mut entries = Vec::new();
    let mut seen = HashSet::new();
    for id in store.listed_by(source)? {
        let mut story = store.story(id)?;
        if let Some(into) = story.as_ref().and_then(|story| story.merged_into) {
            story = store.story(into)?;
        }
        for story in story.into_iter().filter(|story| story.stands() && seen.insert(story.id)) {
            let own = story.members.into_iter().map(|member| member.entry);
            entries.extend(own.filter(|entry| entry.source == *source));
        }
    }
    Ok(entries)
}
