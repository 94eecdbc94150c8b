//! Describing instances.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _};
use scheduler_core::model::{CapacityType, ReservationKind};

use super::Instances;
use crate::api::Filter;
use crate::api::ec2::{DescribeInstances, Ec2, Instance, InstanceState};
use crate::error::CloudError;
use crate::launch::LaunchToken;
use crate::tags;

/// States of instances that are still there.
const THERE: [InstanceState; 5] = [
    InstanceState::Pending,
    InstanceState::Running,
    InstanceState::Stopping,
    InstanceState::Stopped,
    InstanceState::ShuttingDown,
];

/// So many ids at most are named in one call.
pub(super) const IDS_MAX: usize = 500;
/// So many calls at most are made side by side.
pub(super) const CALLS_MAX: usize = 100;

/// What an instance says of the way it was bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// How it was bought. An instance that merely fell into an open reservation is on-demand.
    pub capacity_type: CapacityType,
    /// The reservation that it was launched into: id, kind, and whether it may be taken back.
    pub reservation: Option<(String, ReservationKind, bool)>,
}

impl Held {
    /// Reads it off an instance.
    pub fn of(instance: &Instance) -> Self {
        let capacity_type = capacity_type(instance);
        let id = instance.capacity_reservation.clone();
        let lifecycle = instance.lifecycle.as_deref();
        let kind = match lifecycle {
            Some("capacity-block") => ReservationKind::CapacityBlock,
            _ => ReservationKind::Default,
        };
        let interruptible = lifecycle == Some("interruptible-capacity-reservation");
        let is_reserved = capacity_type == CapacityType::Reserved;
        let reservation = id.filter(|_| is_reserved).map(|id| (id, kind, interruptible));
        Self { capacity_type, reservation }
    }
}

/// How an instance was bought.
pub(super) fn capacity_type(instance: &Instance) -> CapacityType {
    let only_reserved =
        instance.reservation_preference.as_deref() == Some("capacity-reservations-only");
    if instance.spot_request.is_some() {
        CapacityType::Spot
    } else if instance.capacity_reservation.is_some() && only_reserved {
        CapacityType::Reserved
    } else {
        CapacityType::OnDemand
    }
}

impl<E: Ec2> Instances<E> {
    /// All instances of the cluster that are still there. Those remembered that are gone are
    /// forgotten, except in zones that traffic has been moved out of, where EC2 may not know.
    ///
    /// # Errors
    /// If EC2 does not list them.
    pub async fn list(&self) -> Result<Vec<Instance>, CloudError> {
        let mut filters = tags::of_cluster(&self.cluster);
        filters.push(are_there());
        let found = self.ec2.instances(&DescribeInstances { ids: Vec::new(), filters }).await?;
        let mut state = self.state();
        let ids: BTreeSet<&str> = found.iter().map(|one| one.id.as_str()).collect();
        let gone: Vec<String> = state
            .instances
            .values()
            .filter(|one| !ids.contains(one.id.as_str()) && !state.is_shifted(&one.zone))
            .map(|one| one.id.clone())
            .collect();
        for id in gone {
            state.instances.remove(&id);
        }
        state.fresh.retain(|id, _| !ids.contains(id.as_str()));
        state.instances.extend(found.iter().map(|one| (one.id.clone(), one.clone())));
        Ok(found)
    }

    /// An instance as it was seen last, without asking EC2.
    pub fn remembered(&self, id: &str) -> Option<Instance> {
        self.state().instances.get(id).cloned()
    }

    /// Instances as they are now, each by itself: one that is gone fails no other.
    pub async fn describe(
        &self,
        ids: &BTreeSet<String>,
    ) -> BTreeMap<String, Result<Instance, CloudError>> {
        let (shifted, asked): (Vec<&String>, Vec<&String>) =
            ids.iter().partition(|id| self.is_in_shifted_zone(id));
        let mut answers: BTreeMap<_, _> =
            shifted.into_iter().map(|id| (id.clone(), self.recall(id))).collect();
        let mut unanswered = Vec::new();
        for chunk in asked.chunks(IDS_MAX) {
            let named: Vec<String> = chunk.iter().map(|id| (*id).clone()).collect();
            // One unknown id fails the whole call, so all of them are asked again by themselves.
            let found = self.ask(&named).await.unwrap_or_default();
            let found: BTreeMap<String, Instance> =
                found.into_iter().map(|one| (one.id.clone(), one)).collect();
            unanswered.extend(named.into_iter().filter(|id| !found.contains_key(id)));
            answers.extend(found.into_iter().map(|(id, one)| (id, Ok(one))));
        }
        let alone = stream::iter(unanswered)
            .map(|id| async move { (id.clone(), self.describe_alone(&id).await) })
            .buffer_unordered(CALLS_MAX);
        answers.extend(alone.collect::<Vec<_>>().await);
        self.remember(&answers);
        answers
    }

    /// An instance as it is now.
    ///
    /// # Errors
    /// [`CloudError::NotFound`] if it is gone, or what EC2 says.
    pub async fn get(&self, id: &str) -> Result<Instance, CloudError> {
        let mut answers = self.describe(&BTreeSet::from([id.to_owned()])).await;
        answers.remove(id).unwrap_or_else(|| Err(is_gone(id)))
    }

    /// What a launch has brought, if anything.
    ///
    /// # Errors
    /// If EC2 does not list it.
    pub(super) async fn of_launch(&self, token: &LaunchToken) -> Result<Vec<Instance>, CloudError> {
        let mut filters = tags::of_cluster(&self.cluster);
        filters.push(Filter::tag(tags::LAUNCH, token.as_str()));
        filters.push(Filter::new(
            "instance-state-name",
            [InstanceState::Pending.as_str(), InstanceState::Running.as_str()],
        ));
        Ok(self.ec2.instances(&DescribeInstances { ids: Vec::new(), filters }).await?)
    }

    /// Whether the instance was seen in a zone that traffic has been moved out of.
    pub(super) fn is_in_shifted_zone(&self, id: &str) -> bool {
        let state = self.state();
        state.instances.get(id).is_some_and(|one| state.is_shifted(&one.zone))
    }

    fn recall(&self, id: &str) -> Result<Instance, CloudError> {
        self.remembered(id).ok_or_else(|| is_gone(id))
    }

    async fn describe_alone(&self, id: &str) -> Result<Instance, CloudError> {
        match self.ask(&[id.to_owned()]).await {
            Ok(found) => found.into_iter().find(|one| one.id == id).ok_or_else(|| is_gone(id)),
            Err(CloudError::NotFound { .. }) => Err(is_gone(id)),
            Err(error) => Err(error),
        }
    }

    async fn ask(&self, ids: &[String]) -> Result<Vec<Instance>, CloudError> {
        let request = DescribeInstances { ids: ids.to_vec(), filters: vec![are_there()] };
        Ok(self.ec2.instances(&request).await?)
    }

    fn remember(&self, answers: &BTreeMap<String, Result<Instance, CloudError>>) {
        let mut state = self.state();
        for (id, answer) in answers {
            if answer.is_ok() {
                state.fresh.remove(id);
            }
            match answer {
                Ok(instance) => drop(state.instances.insert(id.clone(), instance.clone())),
                Err(CloudError::NotFound { .. }) => drop(state.instances.remove(id)),
                Err(_) => {}
            }
        }
    }
}

fn are_there() -> Filter {
    Filter::new("instance-state-name", THERE.map(InstanceState::as_str))
}

pub(super) fn is_gone(id: &str) -> CloudError {
    CloudError::NotFound { what: format!("instance {id}") }
}
