//! Labels of a launched claim.

use scheduler_core::model::{Labels, well_known};

use super::{LaunchWish, Launched};

const ZONE_ID: &str = "topology.k8s.aws/zone-id";
const PLACEMENT_GROUP: &str = "karpenter.k8s.aws/placement-group-id";

/// Labels that follow from what was launched: those of the type that have one value, and those of
/// its offering.
pub(super) fn of(launched: &Launched, wish: &LaunchWish) -> Labels {
    let mut labels = Labels::new();
    let kind = wish.types.iter().find(|one| one.name == launched.instance_type);
    for (key, requirement) in kind.into_iter().flat_map(|one| one.requirements.iter()) {
        let values = requirement.finite_values().into_iter().flatten();
        if let [value] = values.collect::<Vec<_>>()[..] {
            labels.insert(key.to_owned(), value.clone());
        }
    }
    let mut set = |key: &str, value: &str| labels.insert(key.to_owned(), value.to_owned());
    set(well_known::ZONE, &launched.zone);
    set(well_known::CAPACITY_TYPE, launched.capacity_type.as_str());
    set(well_known::NODE_POOL, &wish.node_pool);
    set(well_known::INSTANCE_TENANCY, wish.spec.tenancy());
    if let Some(zone_id) = &launched.zone_id {
        set(ZONE_ID, zone_id);
    }
    if let Some(reservation) = &launched.reservation {
        set(well_known::CAPACITY_RESERVATION_ID, &reservation.id);
        set(well_known::CAPACITY_RESERVATION_TYPE, reservation.kind.as_str());
        let interruptible = if reservation.interruptible { "true" } else { "false" };
        set(well_known::CAPACITY_RESERVATION_INTERRUPTIBLE, interruptible);
    }
    if let Some(placement) = &wish.spec.placement_group {
        set(PLACEMENT_GROUP, &placement.group);
        // Empty where EC2 chooses; it is filled in once the instance tells.
        let partition = placement.partition.map(|one| one.to_string()).unwrap_or_default();
        set(well_known::PLACEMENT_GROUP_PARTITION, &partition);
    }
    labels
}
