//! Looks up a story, a volume or a source with everything that its page or feed shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Records;
use crate::dedup;
use crate::engine;
use crate::model::{Member, SourceId, Story, StoryId, Timestamp, TopicId, TopicVersion};
use crate::publish::{
    self, Before, EarlierDetail, PAGE, SourceDetail, StoryDetail, Total, Volume, VolumeDetail,
};
use crate::store::{StoreError, TopicPlace};

/// The ID of no story: a hash is not expected to be zero.
const NOBODY: StoryId = StoryId::from_bytes([0; 16]);

impl Records {
    /// A story with everything that its page shows, private or not.
    pub fn story_detail(
        &self,
        id: StoryId,
        now: Timestamp,
    ) -> Result<Option<StoryDetail>, StoreError> {
        let Some(mut story) = self.store.story(id)? else { return Ok(None) };
        story.related = self.related(&story, now)?.0;
        let plan = self.plan();
        if plan.has_private_topics() {
            let mut shown = Vec::new();
            for related in std::mem::take(&mut story.related) {
                if self.store.story(related.story)?.is_some_and(|other| !self.hides(&other)) {
                    shown.push(related);
                }
            }
            story.related = shown;
        }
        let topics = self.topics_of(&story);
        let subject = plan.queries.whole_subject(&story, &plan.sources);
        let why = |place: &usize| {
            (plan.topics[*place].id.clone(), plan.queries.explain(&subject, *place).summary)
        };
        let why = topics.iter().map(why).collect();
        let topics = topics.into_iter().map(|topic| plan.topics[topic].clone()).collect();
        let mut titles = BTreeMap::new();
        for related in &story.related {
            if let Some(other) = self.store.story(related.story)? {
                titles.insert(other.id, other.lead(&plan.sources).entry.title.clone());
            }
        }
        let shared = |member: &Member| match story.leader_of(member) {
            Some(leader) => dedup::shared_passages(&member.entry, &leader.entry),
            None => Vec::new(),
        };
        let shared = story.members.iter().map(shared).collect();
        let remark = |member: &Member| dedup::listing_remark(&member.entry);
        let remarks = story.members.iter().map(remark).collect();
        let sources = plan.sources.clone();
        Ok(Some(StoryDetail { story, sources, topics, why, titles, shared, remarks }))
    }

    /// The same for a reader who may see what is public and the private topics `opened`.
    pub fn story_detail_for(
        &self,
        id: StoryId,
        opened: &[TopicId],
        now: Timestamp,
    ) -> Result<Option<StoryDetail>, StoreError> {
        match self.may_show(id, opened)? {
            true => self.story_detail(id, now),
            false => Ok(None),
        }
    }

    /// Whether a reader may perhaps see a story. Where not, the reads are the same as where there is no
    /// such story, and it is not loaded: time tells the reader nothing.
    fn may_show(&self, id: StoryId, opened: &[TopicId]) -> Result<bool, StoreError> {
        let plan = self.plan();
        if !plan.has_private_topics() {
            return Ok(true);
        }
        // Until public stories are filed apart, only the story itself says whether it is public.
        let Some(public) = self.public_stories()? else { return Ok(true) };
        let mut versions = vec![public];
        for (place, topic) in plan.topics.iter().enumerate() {
            if !topic.private || !opened.contains(&topic.id) {
                continue;
            }
            // The pages of stories that such a topic has dropped stay.
            if topic.bounds.is_bounded() {
                return Ok(true);
            }
            versions.push(engine::listed_version(&*self.store, &plan, place)?);
        }
        let mut seen = vec![id];
        while let Some(id) = seen.last().copied() {
            for version in &versions {
                if engine::has_place(&*self.store, Some(*version), id)? {
                    return Ok(true);
                }
            }
            // A story that was merged into another has no place, and forwards to that one.
            let is_hidden = engine::has_place(&*self.store, None, id)?;
            let forwarder = self.store.story(if is_hidden { NOBODY } else { id })?;
            match forwarder.and_then(|story| story.merged_into) {
                Some(into) if !seen.contains(&into) => seen.push(into),
                _ => break,
            }
        }
        Ok(false)
    }

    /// An archived feed of a topic, as it was when it closed.
    pub fn volume_detail(
        &self,
        topic: &TopicId,
        volume: Volume,
    ) -> Result<Option<VolumeDetail>, StoreError> {
        let text = self.store.archived(&publish::volume_record(topic, volume))?;
        let Some(text) = text else { return Ok(None) };
        let volumes = engine::closed_volumes(topic, &*self.store)?;
        let next = volumes.into_iter().find(|other| *other > volume);
        Ok(Some(VolumeDetail { text, next }))
    }

    /// The stories of a topic, or of all, that stand after a place in its order.
    /// Those that private topics alone hold are in no page of all.
    pub fn earlier(
        &self,
        topic: Option<&TopicId>,
        before: Before,
    ) -> Result<Option<EarlierDetail>, StoreError> {
        let plan = self.plan();
        let place = topic.map(|topic| plan.topics.iter().position(|known| known.id == *topic));
        let place = match place {
            Some(None) => return Ok(None),
            Some(Some(place)) => Some(place),
            None => None,
        };
        let public = if place.is_none() { self.public_stories()? } else { None };
        let topic_version = match place {
            Some(place) => Some(engine::listed_version(&*self.store, &plan, place)?),
            None => public,
        };
        let story = before.story.unwrap_or(StoryId::from_bytes([0; 16]));
        let after = TopicPlace { date: before.date, story };
        // A page is full of what is shown, and ends where something shown does: neither its length
        // nor its end tells of what is hidden.
        let (mut stories, mut last, mut next) = (Vec::with_capacity(PAGE), None, None);
        let mut after = Some(after);
        while let Some(place) = after.take() {
            let places = engine::after(&*self.store, topic_version, place, PAGE)?;
            for place in &places {
                let story = self.store.story(place.story)?;
                let shown = story.filter(|story| topic.is_some() || !self.hides(story));
                let Some(story) = shown else { continue };
                if stories.len() == PAGE {
                    next = last;
                    break;
                }
                last = Some(Before { date: place.date, story: Some(place.story) });
                stories.push(Arc::new(story));
            }
            after = places.last().filter(|_| places.len() == PAGE && next.is_none()).copied();
        }
        let hides = place.is_none() && plan.has_private_topics();
        let total = match hides && public.is_none() {
            true => None,
            false => {
                let places = engine::newest(&*self.store, topic_version, Total::MOST + 1)?;
                Some(Total::of(places.len()))
            }
        };
        if public.is_some() && self.public_stories()? != public {
            // A reload has dropped these places meanwhile.
            return self.earlier(None, before);
        }
        Ok(Some(EarlierDetail { next, total, ..self.listed(place, stories) }))
    }

    /// Stories as a page of a topic, or of all stories, lists them.
    pub(super) fn listed(&self, topic: Option<usize>, stories: Vec<Arc<Story>>) -> EarlierDetail {
        let plan = self.plan();
        let explains = topic.filter(|topic| plan.topics[*topic].explain);
        let told = |story: &Arc<Story>| Some((story.id, engine::words(&plan, explains?, story)));
        let words = stories.iter().filter_map(told).collect();
        let topic = topic.map(|topic| plan.topics[topic].clone());
        let sources = plan.sources.clone();
        EarlierDetail { topic, stories, words, sources, next: None, total: None }
    }

    /// The stories of a source's last document, newest first. Without `may_see_private`, stories that only
    /// private topics hold are left out, and a source read with credentials is hidden.
    pub fn source_detail(
        &self,
        source: &SourceId,
        may_see_private: bool,
    ) -> Result<Option<SourceDetail>, StoreError> {
        let plan = self.plan();
        let Some(source) = plan.sources.get(source) else { return Ok(None) };
        if !may_see_private && !source.headers.is_empty() {
            return Ok(None);
        }
        let mut stories = Vec::new();
        for id in self.store.listed_by(&source.id)? {
            let story = self.store.story(id)?;
            stories
                .extend(story.filter(|story| may_see_private || !self.hides(story)).map(Arc::new));
        }
        stories.sort_by_key(|story| std::cmp::Reverse((story.updated, story.id)));
        let (source, sources) = (source.clone(), plan.sources.clone());
        Ok(Some(SourceDetail { source, stories, sources }))
    }

    /// The version of the places of the stories that everybody may see, where topics are private:
    /// what lists them reads nothing that is hidden. `None` until it is filled; what is hidden is
    /// passed over one by one then.
    pub(super) fn public_stories(&self) -> Result<Option<TopicVersion>, StoreError> {
        let Some(public) = self.plan().public_version() else { return Ok(None) };
        Ok(self.store.filled()?.contains(&public).then_some(public))
    }

    /// Whether private topics alone hold a story.
    pub(super) fn hides(&self, story: &Story) -> bool {
        let plan = self.plan();
        plan.has_private_topics() && plan.hides(&self.topics_of(story))
    }

    fn topics_of(&self, story: &Story) -> Vec<usize> {
        let plan = self.plan();
        plan.queries.matches(&plan.queries.whole_subject(story, &plan.sources))
    }
}
