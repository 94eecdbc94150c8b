//! Nodes that always stood: no launch, no start-up, no interruption.

use scheduler_core::model::{InstanceType, Node, NodePool, NodeStage, Offering, well_known};
use scheduler_core::plan::ReasonCode;

use super::World;
use super::node::SimNode;
use super::pod::PodKey;
use crate::binder::NodeId;
use crate::figures::NodeFacts;

impl World {
    /// Adds a node that is up at once and never interrupted: one of a fleet that always stood.
    pub(crate) fn add_standing_node(
        &mut self,
        pool: &NodePool,
        instance_type: &InstanceType,
        offering: &Offering,
    ) -> NodeId {
        let name = self.next_node_name();
        let now = self.now();
        let mut labels = pool.labels.clone();
        for (key, requirement) in instance_type.requirements.iter() {
            if let Some(value) = requirement.finite_values().and_then(|values| values.first()) {
                labels.insert(key.to_owned(), value.clone());
            }
        }
        let own = [
            (well_known::HOSTNAME, name.clone()),
            (well_known::INSTANCE_TYPE, instance_type.name.clone()),
            (well_known::ZONE, offering.zone.clone()),
            (well_known::CAPACITY_TYPE, offering.capacity_type.to_string()),
        ];
        labels.extend(own.map(|(key, value)| (key.to_owned(), value)));
        let node = Node {
            name,
            node_pool: Some(pool.name.clone()),
            labels,
            taints: pool.taints.clone(),
            capacity: instance_type.capacity.clone(),
            allocatable: instance_type.allocatable(),
            stage: NodeStage::Launched,
            deleting: false,
            do_not_disrupt: false,
            created: now,
            initialized: None,
            last_pod_event: None,
        };
        let facts = NodeFacts {
            instance_type: instance_type.name.clone(),
            capacity_type: offering.capacity_type,
            price: offering.price,
            allocatable: node.allocatable.clone(),
            launched: now,
        };
        let id = self.insert_node(SimNode::new(node, facts));
        self.node_joins(id);
        id
    }
    /// Adds standing nodes to a fleet until every waiting pod is bound that a new node can hold, or
    /// until there are more than `most` nodes.
    pub(crate) fn grow(&mut self, fleet: &mut StandingFleet<'_>, most: usize) {
        let mut hopeless: Vec<PodKey> = Vec::new();
        while fleet.taken.len() <= most {
            let mut keys = self.waiting.iter().map(|place| place.key);
            let Some(key) = keys.find(|key| !hopeless.contains(key)) else {
                return;
            };
            if !self.grow_for(key, fleet) {
                hopeless.push(key);
            }
        }
    }

    /// Says of every waiting pod that no node of the fleet can hold it now.
    pub(crate) fn blame_size(&mut self) {
        for place in &self.waiting {
            if let Some(pod) = self.pods.get_mut(&place.key) {
                pod.reason = Some(ReasonCode::TooLarge);
            }
        }
    }

    fn grow_for(&mut self, key: PodKey, fleet: &mut StandingFleet<'_>) -> bool {
        let Some(spec) = self.pods.get(&key).and_then(|pod| pod.spec_id) else {
            return false;
        };
        for position in fleet.by_need() {
            let node =
                self.add_standing_node(fleet.pool, fleet.instance_type, &fleet.offerings[position]);
            if self.binder.accepts(spec, node) {
                fleet.taken.push(position);
                self.bind_waiting();
                return true;
            }
            self.remove_node(node);
        }
        false
    }
}

/// A fleet of nodes of one type.
#[derive(Clone, Debug)]
pub(crate) struct StandingFleet<'a> {
    pub(crate) pool: &'a NodePool,
    pub(crate) instance_type: &'a InstanceType,
    /// Offerings of the type that the pool admits, by zone.
    pub(crate) offerings: Vec<Offering>,
    /// The offering of each node, as a position.
    pub(crate) taken: Vec<usize>,
}

impl StandingFleet<'_> {
    /// Offerings, those with the fewest nodes first.
    fn by_need(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.offerings.len()).collect();
        let nodes = |position: &usize| self.taken.iter().filter(|one| *one == position).count();
        order.sort_by_key(|position| (nodes(position), *position));
        order
    }
}
