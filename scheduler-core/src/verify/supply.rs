//! What can be bought, looked up by name.

use std::collections::BTreeMap;

use crate::model::well_known::{HOSTNAME, INSTANCE_TYPE, OF_OFFERING, is_of_offering};
use crate::model::{
    CapacityType, InstanceType, Labels, NodePool, Offering, Requirement, Resources,
};
use crate::snapshot::Supply;

/// An index of the supply by name.
#[derive(Debug)]
pub(super) struct Names<'a> {
    supply: &'a Supply,
    pools: BTreeMap<&'a str, &'a NodePool>,
    /// By class, and by pool where an overlay makes a difference.
    catalogs: BTreeMap<(&'a str, Option<&'a str>), BTreeMap<&'a str, Listed<'a>>>,
}

/// An instance type and its allocatable amounts.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    pub(super) instance_type: &'a InstanceType,
    pub(super) allocatable: Resources,
}

impl<'a> Names<'a> {
    pub(super) fn new(supply: &'a Supply) -> Self {
        let pools = supply.node_pools.iter().map(|pool| (pool.name.as_str(), pool)).collect();
        Self { supply, pools, catalogs: BTreeMap::new() }
    }

    pub(super) fn pool(&self, name: &str) -> Option<&'a NodePool> {
        self.pools.get(name).copied()
    }

    /// An instance type of the pool's catalogue.
    pub(super) fn instance_type(&mut self, pool: &'a NodePool, name: &str) -> Option<&Listed<'a>> {
        let supply = self.supply;
        let list = || {
            let catalog = supply.catalog(pool).iter();
            let listed = catalog.map(|instance_type| {
                let allocatable = instance_type.allocatable();
                (instance_type.name.as_str(), Listed { instance_type, allocatable })
            });
            listed.collect()
        };
        // Pools of one class share a catalogue, unless an overlay gives them another.
        let overlaid = supply.overlaid.contains_key(&pool.name);
        let of_pool = overlaid.then_some(pool.name.as_str());
        self.catalogs.entry((&pool.node_class, of_pool)).or_insert_with(list).get(name)
    }

    /// Whether the offering can be bought now.
    pub(super) fn on_sale(&self, instance_type: &InstanceType, offering: &Offering) -> bool {
        on_sale(self.supply, instance_type, offering)
    }
}

/// Whether the offering can be bought now.
pub(super) fn on_sale(supply: &Supply, instance_type: &InstanceType, offering: &Offering) -> bool {
    offering.is_on_sale()
        && (supply.unavailable.is_empty()
            || !supply.unavailable.contains(&offering.key(&instance_type.name)))
}

/// The offering of a type in this zone with this capacity type, of this reservation.
pub(super) fn offering<'a>(
    instance_type: &'a InstanceType,
    zone: &str,
    capacity_type: CapacityType,
    reservation: Option<&str>,
) -> Option<&'a Offering> {
    let same = |one: &&Offering| {
        one.zone == zone
            && one.capacity_type == capacity_type
            && one.reservation_id() == reservation
    };
    instance_type.offerings.iter().find(same)
}

/// The first key on which a node's labels are not what pool, type and offering make of them.
///
/// A node has the pool's labels, the type's labels, zone and capacity type, and may have a label
/// for a key that only the pool's requirements speak of. The hostname is not known yet.
pub(super) fn first_wrong_label<'a>(
    pool: &'a NodePool,
    instance_type: &'a InstanceType,
    offering: &'a Offering,
    labels: &'a Labels,
) -> Option<&'a str> {
    let value = |key: &str| labels.get(key).map(String::as_str);
    if let Some(key) = OF_OFFERING.into_iter().find(|key| value(key) != offering.label(key)) {
        return Some(key);
    }
    if value(INSTANCE_TYPE) != Some(&instance_type.name) {
        return Some(INSTANCE_TYPE);
    }
    if let Some((key, _)) = pool.labels.iter().find(|(key, label)| value(key) != Some(label)) {
        return Some(key);
    }
    if let Some((key, _)) = pool.requirements.first_unmet(labels) {
        return Some(key);
    }
    let type_broken = |(key, wanted): &(&str, &Requirement)| {
        let open = wanted.finite_values().is_none_or(|values| values.len() > 1);
        let left_open = open && value(key).is_none();
        !(is_of_offering(key) || *key == HOSTNAME || wanted.admits(value(key)) || left_open)
    };
    if let Some((key, _)) = instance_type.requirements.iter().find(type_broken) {
        return Some(key);
    }
    let explained = |key: &str| {
        key != HOSTNAME
            && (is_of_offering(key)
                || key == INSTANCE_TYPE
                || pool.labels.contains_key(key)
                || pool.requirements.get(key).is_some()
                || instance_type.requirements.get(key).is_some())
    };
    labels.keys().map(String::as_str).find(|key| !explained(key))
}

/// Labels that a node of the pool would have with another offering. Labels that only the pool's
/// requirements speak of stay as on the planned node.
pub(super) fn labels_of(
    pool: &NodePool,
    instance_type: &InstanceType,
    offering: &Offering,
    open: &Labels,
) -> Labels {
    let mut labels = open.clone();
    for (key, requirement) in instance_type.requirements.iter() {
        let wanted = pool.requirements.get(key);
        let values = requirement.finite_values().into_iter().flatten();
        let mut admitted = values.filter(|value| wanted.is_none_or(|wanted| wanted.has(value)));
        if let Some(value) = admitted.next() {
            labels.insert(key.to_owned(), value.clone());
        }
    }
    labels.extend(pool.labels.iter().map(|(key, value)| (key.clone(), value.clone())));
    labels.insert(INSTANCE_TYPE.to_owned(), instance_type.name.clone());
    labels.extend(offering.labels().map(|(key, value)| (key.to_owned(), value.to_owned())));
    labels
}

/// Labels of a planned node that neither the pool's labels, nor its type, nor its offering decide.
pub(super) fn open_labels(
    pool: &NodePool,
    instance_type: &InstanceType,
    labels: &Labels,
) -> Labels {
    let decided = |key: &str| {
        is_of_offering(key)
            || [INSTANCE_TYPE, HOSTNAME].contains(&key)
            || pool.labels.contains_key(key)
            || instance_type.requirements.get(key).is_some()
    };
    let open = labels.iter().filter(|(key, _)| !decided(key));
    open.map(|(key, value)| (key.clone(), value.clone())).collect()
}
