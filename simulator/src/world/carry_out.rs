//! Plans are carried out to the letter.

use std::sync::Arc;

use jiff::SignedDuration;
use scheduler_core::model::{Node, NodeStage, Offering, OfferingKey, PodId, well_known};
use scheduler_core::{Action, Plan, PlannedNode};

use super::event::Event;
use super::node::SimNode;
use super::{NOMINATION_KEPT, World};
use crate::binder::NodeId;
use crate::clock;
use crate::figures::NodeFacts;

/// An offering that was sold out is not tried for so long, as in the peer.
const UNAVAILABLE: SignedDuration = SignedDuration::from_mins(3);

/// How a launch went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LaunchResult {
    /// The node is on its way.
    InFlight,
    /// The offering is sold out.
    SoldOut,
    /// The supply has no such offering: the plan is wrong.
    Unknown(OfferingKey),
}

impl World {
    /// Carries out a plan and tells how its launches went.
    pub(crate) fn carry_out(&mut self, plan: &Plan) -> Vec<LaunchResult> {
        let mut results = Vec::new();
        for action in &plan.actions {
            match action {
                Action::Launch(planned) | Action::LaunchStatic(planned) => {
                    results.push(self.launch(planned));
                }
                Action::Nominate { pod, node } => self.nominate(pod, node),
                Action::Hold { .. } => {}
                Action::Terminate { node, .. } => {
                    if let Some(id) = self.node_ids.get(node).copied() {
                        let evicted = self.remove_node(id);
                        self.recorder.counts.evictions += evicted;
                    }
                }
            }
        }
        for unschedulable in &plan.report.unschedulable {
            let key = self.waiting_ids.get(&unschedulable.pod);
            if let Some(pod) = key.and_then(|key| self.pods.get_mut(key)) {
                pod.reason = Some(unschedulable.code);
                pod.nominate(None);
            }
        }
        results
    }

    fn launch(&mut self, planned: &PlannedNode) -> LaunchResult {
        let key = OfferingKey {
            instance_type: planned.instance_type.clone(),
            zone: planned.zone.clone(),
            capacity_type: planned.capacity_type,
            reservation: planned.reservation.clone(),
        };
        let Some(offering) = self.offering(planned, &key) else {
            return LaunchResult::Unknown(key);
        };
        let now = self.now();
        if !self.cloud.has_capacity(&key, now) {
            let mut supply = self.supply.as_ref().clone();
            supply.unavailable.insert(key.clone());
            self.supply = Arc::new(supply);
            let back = clock::later(now, UNAVAILABLE);
            self.queue.push(back, Event::OfferingReturns(key));
            self.changed = true;
            return LaunchResult::SoldOut;
        }
        if let Some(reservation) = &planned.reservation {
            Arc::make_mut(&mut self.supply).take_reserved(reservation);
            self.changed = true;
        }
        let name = self.next_node_name();
        let mut labels = planned.labels.as_ref().clone();
        labels.insert(well_known::HOSTNAME.to_owned(), name.clone());
        let node = Node {
            name: name.clone(),
            node_pool: Some(planned.node_pool.clone()),
            labels,
            taints: planned.taints.clone(),
            capacity: planned.capacity.clone(),
            allocatable: planned.allocatable.clone(),
            stage: NodeStage::Launched,
            deleting: false,
            do_not_disrupt: false,
            created: now,
            initialized: None,
            last_pod_event: None,
        };
        let facts = NodeFacts {
            instance_type: planned.instance_type.clone(),
            capacity_type: planned.capacity_type,
            price: offering.price,
            allocatable: planned.allocatable.clone(),
            launched: now,
        };
        let id = self.insert_node(SimNode::new(node, facts));
        self.recorder.counts.launches += 1;
        self.queue.push(clock::later(now, self.cloud.startup(id.0)), Event::NodeJoins(id));
        if let Some(after) = self.cloud.interruption(id.0, &offering) {
            self.queue.push(clock::later(now, after), Event::NodeWarned(id));
        }
        for pod in &planned.pods {
            self.nominate(pod, &name);
        }
        LaunchResult::InFlight
    }

    fn offering(&self, planned: &PlannedNode, key: &OfferingKey) -> Option<Offering> {
        let pool = self.supply.node_pool(&planned.node_pool)?;
        let catalog = self.supply.catalog(pool);
        let instance_type = catalog.iter().find(|one| one.name == key.instance_type)?;
        instance_type.offerings.iter().find(|one| one.key(&key.instance_type) == *key).cloned()
    }

    fn nominate(&mut self, pod: &PodId, node: &str) {
        let key = self.waiting_ids.get(pod);
        let Some(pod) = key.and_then(|key| self.pods.get_mut(key)) else {
            return;
        };
        pod.reason = None;
        if pod.shown.nominated.as_deref() == Some(node) {
            return;
        }
        pod.nominate(Some(node.to_owned()));
        let id = self.node_ids.get(node);
        let joined = |id: &&NodeId| {
            self.nodes.get(id).is_some_and(|node| node.node.stage == NodeStage::Initialized)
        };
        if let Some(id) = id.filter(joined) {
            let lapse = clock::later(self.clock.now(), NOMINATION_KEPT);
            self.queue.push(lapse, Event::NominationsLapse(*id));
        }
    }
}
