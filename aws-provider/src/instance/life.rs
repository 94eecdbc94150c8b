//! Terminating and tagging instances.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _};

use super::Instances;
use super::read::{CALLS_MAX, IDS_MAX, is_gone};
use crate::api::Tags;
use crate::api::ec2::{Ec2, InstanceState};
use crate::error::CloudError;
use crate::tags;

/// What an instance is to be tagged with once its node has joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagsToSet<'a> {
    /// Name of the node.
    pub node: &'a str,
    /// Name of the claim.
    pub claim: &'a str,
}

impl<E: Ec2> Instances<E> {
    /// Terminates instances, each by itself: one that fails keeps no other. `Ok` means that the
    /// instance is on its way out; [`CloudError::NotFound`] that it is gone.
    pub async fn terminate(
        &self,
        ids: &BTreeSet<String>,
    ) -> BTreeMap<String, Result<(), CloudError>> {
        let mut outcomes = BTreeMap::new();
        let mut to_end = Vec::new();
        for (id, answer) in self.describe(ids).await {
            match answer {
                _ if self.is_in_shifted_zone(&id) => {
                    drop(outcomes.insert(id.clone(), Err(in_shifted_zone(&id))));
                }
                Ok(instance) if instance.state.is_ending() => {
                    drop(outcomes.insert(id, Ok(())));
                }
                Ok(_) => to_end.push(id),
                Err(error) => drop(outcomes.insert(id, Err(error))),
            }
        }
        let mut left = Vec::new();
        for chunk in to_end.chunks(IDS_MAX) {
            let ended = self.end(chunk).await.unwrap_or_default();
            left.extend(chunk.iter().filter(|id| !ended.contains(*id)).cloned());
            outcomes.extend(ended.into_iter().map(|id| (id, Ok(()))));
        }
        let alone = stream::iter(left)
            .map(|id| async move { (id.clone(), self.end_alone(id).await) })
            .buffer_unordered(CALLS_MAX);
        outcomes.extend(alone.collect::<Vec<_>>().await);
        outcomes
    }

    /// Sets the tags that an instance gets once its node has joined, those that it lacks. A `Name`
    /// that it has is somebody's own. Returns what was set.
    ///
    /// # Errors
    /// [`CloudError::NotFound`] if it is gone, or what EC2 says.
    pub async fn tag(&self, id: &str, wanted: TagsToSet<'_>) -> Result<Tags, CloudError> {
        if self.is_in_shifted_zone(id) {
            return Err(in_shifted_zone(id));
        }
        let instance = self.get(id).await?;
        let mut missing = Tags::from([
            (tags::NAME.to_owned(), wanted.node.to_owned()),
            (tags::NODE_CLAIM.to_owned(), wanted.claim.to_owned()),
            (tags::CLUSTER.to_owned(), self.cluster.clone()),
        ]);
        missing.retain(|key, _| !instance.tags.contains_key(key));
        if !missing.is_empty() {
            self.ec2.create_tags(id, &missing).await?;
        }
        Ok(missing)
    }

    async fn end_alone(&self, id: String) -> Result<(), CloudError> {
        let ended = self.end(std::slice::from_ref(&id)).await.map_err(|error| match error {
            CloudError::NotFound { .. } => is_gone(&id),
            other => other,
        })?;
        if ended.contains(&id) {
            return Ok(());
        }
        let why = "EC2 has not begun to terminate it".to_owned();
        Err(CloudError::NotReady { what: format!("instance {id}"), why })
    }

    /// Terminates instances in one call; those that are on their way out.
    async fn end(&self, ids: &[String]) -> Result<BTreeSet<String>, CloudError> {
        let changes = self.ec2.terminate_instances(ids).await?;
        let ended: BTreeSet<String> =
            changes.into_iter().filter(|one| one.current.is_ending()).map(|one| one.id).collect();
        let mut state = self.state();
        for id in &ended {
            state.fresh.remove(id);
            if let Some(instance) = state.instances.get_mut(id) {
                instance.state = InstanceState::ShuttingDown;
            }
        }
        Ok(ended)
    }
}

fn in_shifted_zone(id: &str) -> CloudError {
    CloudError::NotReady {
        what: format!("instance {id}"),
        why: "traffic has been moved out of its zone, so it is left alone until the zonal shift \
              ends"
            .to_owned(),
    }
}
