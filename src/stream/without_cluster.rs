//! Stands for the cluster in a build without the feature `cluster`: there is never a node.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::node_state::{Member, NodeState};
use crate::model::NodeName;

/// This node among the others.
#[derive(Debug)]
pub enum Membership {}

/// Shows whether a node may still poll.
#[derive(Debug, Clone)]
pub enum PollGuard {}

#[allow(missing_docs)]
impl PollGuard {
    pub async fn lapsed(&self) {
        match *self {}
    }
}

#[allow(missing_docs, clippy::unused_async)]
impl Membership {
    pub async fn changed(&mut self) {
        match *self {}
    }

    pub fn report(&self, _: NodeState, _: bool) {
        match *self {}
    }

    pub fn may_start(&self) -> bool {
        match *self {}
    }

    pub fn is_led(&self) -> bool {
        match *self {}
    }

    pub fn appended(&self, _: Instant, _: u64) {
        match *self {}
    }

    pub fn needs_turn(&self) -> bool {
        match *self {}
    }

    pub fn received(&self, _: &NodeName) {
        match *self {}
    }

    pub fn wait_for(&self, _: &NodeName) -> std::time::Duration {
        match *self {}
    }

    pub fn wait_for_all_but(&self, _: &[NodeName]) -> std::time::Duration {
        match *self {}
    }

    pub fn current(&self) -> Option<Instant> {
        match *self {}
    }

    pub fn leader_timeout(&self) -> Option<std::time::Duration> {
        match *self {}
    }

    pub fn is_led_by_another(&self) -> bool {
        match *self {}
    }

    pub fn guard(&self) -> PollGuard {
        match *self {}
    }

    pub fn term(&self) -> Option<u64> {
        match *self {}
    }

    pub fn members(&self) -> BTreeMap<NodeName, Member> {
        match *self {}
    }

    pub fn furthest(&self) -> u64 {
        match *self {}
    }

    pub fn diverged(&self) -> Option<u64> {
        match *self {}
    }

    pub fn alive(&self, _: &[NodeName]) -> BTreeMap<NodeName, bool> {
        match *self {}
    }

    pub fn assigning(&self) {
        match *self {}
    }

    pub fn assigned(&self, _: u64) {
        match *self {}
    }

    pub async fn resign(&self) {
        match *self {}
    }
}
