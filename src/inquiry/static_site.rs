//! Visits every document of the static site: the published ones, the archives and the story pages.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::Records;
use crate::config::Plan;
use crate::dedup;
use crate::engine;
use crate::model::{StoryId, Timestamp, TopicId};
use crate::publish::{self, Document, Rendered, ResponseCache};
use crate::store::StoreError;

/// The documents of the last visit, so that unchanged ones are not rendered again.
#[derive(Default)]
pub struct LastVisit {
    plan: Option<Arc<Plan>>,
    /// By what it is of: a hash of what it depends on, and its documents.
    parts: HashMap<String, (u64, Vec<PathAndType>)>,
}

/// A document's path, and its media type.
type PathAndType = (String, &'static str);

/// A part of the site.
pub enum Part<'a> {
    /// A document as it is now.
    Document(Document),
    /// The path and the type of one that is as it was.
    Same(&'a str, &'a str),
}

impl LastVisit {
    /// Whether another plan is in force since everything was last.
    pub fn is_of_another(&self, plan: &Arc<Plan>) -> bool {
        !self.plan.as_ref().is_some_and(|last| Arc::ptr_eq(last, plan))
    }
}

impl Records {
    /// Visits the documents in the response cache: the public ones, and those of the private
    /// topics that are named. `visit` returns `false` to stop.
    pub fn shelved(
        &self,
        cache: &ResponseCache,
        private: &[TopicId],
        mut visit: impl FnMut(Document) -> bool,
    ) {
        let named = |document: &Document| {
            let rest = document.path.strip_prefix("/topics/").unwrap_or_default();
            let id = rest.split(['.', '/']).next().unwrap_or_default();
            private.iter().any(|topic| topic.as_str() == id)
        };
        let documents = cache.documents().into_iter();
        let _ = documents.filter(|document| !document.private || named(document)).all(&mut visit);
    }

    /// Every document of the site: the shelf, the archives of its topics, and the
    /// pages of all stories in them.
    pub fn site(
        &self,
        cache: &ResponseCache,
        private: &[TopicId],
        last: &mut LastVisit,
        now: Timestamp,
        visit: &mut dyn FnMut(Part<'_>) -> bool,
    ) -> Result<(), StoreError> {
        let plan = self.plan();
        if last.is_of_another(&plan) {
            *last = LastVisit { plan: Some(plan.clone()), parts: HashMap::new() };
        }
        let mut going_on = true;
        self.shelved(cache, private, |document| {
            going_on = visit(Part::Document(document));
            going_on
        });
        let shows = |topic: &TopicId| private.contains(topic);
        let mut changed: BTreeMap<StoryId, Timestamp> = BTreeMap::new();
        let listed = engine::listed_versions(&*self.store, &plan)?;
        for (place, topic) in plan.topics.iter().enumerate() {
            if !going_on || (topic.private && !shows(&topic.id)) {
                continue;
            }
            let archive = engine::archive_of(&*self.store, listed(place))?;
            for (_, id) in &archive {
                if !changed.contains_key(id)
                    && let Some(story) = self.store.story(*id)?
                {
                    changed.insert(*id, story.changed);
                }
            }
            let volumes = engine::closed_volumes(&topic.id, &*self.store)?;
            for (place, volume) in volumes.iter().enumerate() {
                let next = volumes.get(place + 1).copied();
                // It does not change; only which one comes after it becomes known.
                let of = xxh3_64(format!("{next:?}").as_bytes());
                going_on = last.visit(format!("{} {volume}", topic.id), of, visit, || {
                    let text = self.store.archived(&publish::volume_record(&topic.id, *volume))?;
                    let Some(text) = text else { return Ok(Vec::new()) };
                    let site = &plan.server.site;
                    Ok(publish::render_archived(&topic.id, *volume, next, &text, site))
                })?;
                if !going_on {
                    return Ok(());
                }
            }
        }
        for (id, at) in changed {
            going_on = last.visit(id.to_string(), at.as_millis().cast_unsigned(), visit, || {
                let Some(mut detail) = self.story_detail(id, now)? else { return Ok(Vec::new()) };
                detail.topics.retain(|topic| !topic.private || shows(&topic.id));
                Ok(vec![publish::render_story(&detail, &dedup::differences, &plan.server.site)])
            })?;
            if !going_on {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl LastVisit {
    /// Visits the documents of `make`, which is not called if they are unchanged.
    fn visit(
        &mut self,
        name: String,
        hash: u64,
        visit: &mut dyn FnMut(Part<'_>) -> bool,
        make: impl FnOnce() -> Result<Vec<Rendered>, StoreError>,
    ) -> Result<bool, StoreError> {
        if let Some((known, paths)) = self.parts.get(&name)
            && *known == hash
        {
            return Ok(paths.iter().all(|(path, of_type)| visit(Part::Same(path, of_type))));
        }
        let made = make()?;
        let paths = made.iter().map(|one| (one.path.clone(), one.content_type)).collect();
        self.parts.insert(name, (hash, paths));
        Ok(made.into_iter().all(|rendered| visit(Part::Document(rendered.into()))))
    }
}
