//! Carries out what an operator commands a cluster: `pause`, `resume`, `upgrade` and `skip`.

use serde::{Deserialize, Serialize};

use crate::engine::Turn;
use crate::model::NodeName;
use crate::pipeline::Pipeline;
use crate::store::StoreError;
use crate::stream::{Message, uptime};

/// Why a command cannot be carried out now.
const CUT_OFF: &str = "it is not in force yet: the other nodes cannot be reached";

/// How far an upgrade of a cluster has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum UpgradeStep {
    /// Nobody polls, and the programs are to be replaced.
    Paused {
        /// The rules version in force.
        rules: u32,
    },
    /// The rules version of this program is in force, and all nodes poll.
    Done {
        /// That version.
        rules: u32,
        /// Nodes that were not heard lately.
        silent: Vec<NodeName>,
    },
}

impl Pipeline {
    /// Has no node poll, or all again.
    pub(in crate::pipeline) async fn pause(
        &mut self,
        pauses: bool,
    ) -> Result<Result<(), String>, StoreError> {
        let at = self.clock.now();
        let turn = if pauses { Turn::Pause { at } } else { Turn::Resume { at } };
        let applied = self.apply(turn).await?;
        Ok(applied.map(drop).ok_or_else(|| CUT_OFF.to_owned()))
    }

    /// Takes the next step of an upgrade: pauses the cluster, or puts the rules version of this
    /// program in force once all nodes have it.
    pub(in crate::pipeline) async fn upgrade(
        &mut self,
    ) -> Result<Result<UpgradeStep, String>, StoreError> {
        let (Some(cluster), Some(state)) = (&self.cluster, self.driver.engine().stream()) else {
            return Ok(Err("this machine is alone: stop it and start the new version".to_owned()));
        };
        let (own, in_force, is_paused) =
            (cluster.plan.rules, state.applied.rules, state.applied.paused);
        if own < in_force {
            return Ok(Err(format!(
                "rules version {in_force} is in force, and this program applies version {own}: install the version of gazetted that the other nodes run"
            )));
        }
        if own == in_force {
            let paused = if is_paused { Ok(()) } else { self.pause(true).await? };
            return Ok(paused.map(|()| UpgradeStep::Paused { rules: in_force }));
        }
        if !is_paused {
            return Ok(Err(format!(
                "this program applies rules version {own}, and version {in_force} is in force: run `gazetted cluster upgrade` of the version before, which has nobody poll, before the programs are replaced"
            )));
        }
        let (timeout, members) = (cluster.plan.node_timeout, cluster.membership.members());
        let mut silent = Vec::new();
        for (node, member) in members {
            let rules = member.heartbeat.rules;
            if uptime::since(member.last_heartbeat) >= timeout {
                silent.push(node);
            } else if rules != own {
                return Ok(Err(format!(
                    "node {node} runs gazetted {} with rules version {rules}: replace it first",
                    member.heartbeat.version
                )));
            }
        }
        if self.apply(Turn::RulesVersion { number: own }).await?.is_none() {
            return Ok(Err(CUT_OFF.to_owned()));
        }
        let resumed = self.pause(false).await?;
        Ok(resumed.map(|()| UpgradeStep::Done { rules: own, silent }))
    }

    /// Has all nodes skip the turn at which they stopped.
    pub(in crate::pipeline) async fn skip(&mut self, sequence: u64) -> Result<(), String> {
        let Some(cluster) = &self.cluster else {
            return Err("this machine is alone: it applies no stream".to_owned());
        };
        match cluster.stopped.as_ref().and_then(|stopped| stopped.at) {
            Some(at) if at == sequence => {}
            Some(at) => return Err(format!("this node stopped at sequence {at}")),
            None => return Err(format!("this node did not stop at sequence {sequence}")),
        }
        // Those that have applied it would have to be restored.
        let members = cluster.membership.members();
        let applied =
            members.iter().find(|(_, member)| member.heartbeat.state.sequence >= sequence);
        if let Some((node, _)) = applied {
            return Err(format!(
                "node {node} has applied the turn at sequence {sequence}, so the fault is in this node alone: restore a backup of node {node} here with `gazetted restore --replace`"
            ));
        }
        let skip = Message::Turn(Turn::Skip { sequence });
        let appended = self.stream.append(skip).await;
        appended.map(drop).map_err(|error| error.to_string())
    }
}
