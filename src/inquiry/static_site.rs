//! Visits every document of the static site: published ones, archives, older pages and story pages.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::Records;
use crate::config::Plan;
use crate::dedup;
use crate::engine;
use crate::model::{StoryId, Timestamp, TopicId};
use crate::publish::{self, Document, PAGE, Rendered, ResponseCache};
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
    pub fn cached(
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

    /// Every document of the site: the response cache, the archives of its topics, the pages of
    /// older stories, and the page of each story that any of them lists.
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
        self.cached(cache, private, |document| {
            going_on = visit(Part::Document(document));
            going_on
        });
        let shows = |topic: &TopicId| private.contains(topic);
        let mut changed = Changed::new();
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
            let places = engine::newest(&*self.store, Some(listed(place)), usize::MAX)?;
            let stories = places.into_iter().map(|place| place.story).collect();
            going_on = self.older_pages(Some(place), stories, &mut changed, last, visit)?;
        }
        let stories = self.public_ids(&mut changed)?;
        if !going_on || !self.older_pages(None, stories, &mut changed, last, visit)? {
            return Ok(());
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

/// When each story was last changed.
type Changed = BTreeMap<StoryId, Timestamp>;

impl Records {
    /// The stories that everybody may see, newest first.
    fn public_ids(&self, changed: &mut Changed) -> Result<Vec<StoryId>, StoreError> {
        let public = self.public_stories()?;
        let mut stories = Vec::new();
        for place in engine::newest(&*self.store, public, usize::MAX)? {
            let is_known = changed.contains_key(&place.story) && public.is_some();
            if !is_known {
                let Some(story) = self.store.story(place.story)? else { continue };
                if public.is_none() && self.hides(&story) {
                    continue;
                }
                changed.insert(story.id, story.changed);
            }
            stories.push(place.story);
        }
        Ok(stories)
    }

    /// The pages behind the first page of a topic, or of all stories, which are given newest first.
    fn older_pages(
        &self,
        topic: Option<usize>,
        stories: Vec<StoryId>,
        changed: &mut Changed,
        last: &mut LastVisit,
        visit: &mut dyn FnMut(Part<'_>) -> bool,
    ) -> Result<bool, StoreError> {
        let plan = self.plan();
        let older = stories.get(PAGE..).unwrap_or_default();
        let pages: Vec<_> = older.rchunks(PAGE).collect();
        for (place, page) in pages.iter().enumerate() {
            let number = (place + 1 < pages.len()).then_some(place + 1);
            let next = (place > 0).then_some(place);
            let mut hash = Xxh3::new();
            hash.update(&next.unwrap_or(0).to_le_bytes());
            for id in *page {
                let at = match changed.get(id) {
                    Some(at) => *at,
                    None => self.store.story(*id)?.map_or(Timestamp::default(), |it| it.changed),
                };
                hash.update(id.as_bytes());
                hash.update(&at.as_millis().to_le_bytes());
            }
            let of = topic.map_or("", |topic| plan.topics[topic].id.as_str());
            let name = format!("older {of} {number:?}");
            let going_on = last.visit(name, hash.digest(), visit, || {
                let mut stories = Vec::with_capacity(page.len());
                for id in *page {
                    stories.extend(self.store.story(*id)?.map(Arc::new));
                }
                let (detail, site) = (self.listed(topic, stories), &plan.server.site);
                Ok(vec![publish::render_older_file((number, next), &detail, site)])
            })?;
            if !going_on {
                return Ok(false);
            }
        }
        Ok(true)
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
