//! Reserved capacity that is no longer reserved.

use scheduler_core::model::{CapacityType, Labels, well_known};

/// Labels of the reservation that a node was launched into.
const RESERVATION_LABELS: [&str; 3] = [
    well_known::CAPACITY_RESERVATION_ID,
    well_known::CAPACITY_RESERVATION_TYPE,
    well_known::CAPACITY_RESERVATION_INTERRUPTIBLE,
];

/// The labels that a claim or node is to have when its instance runs as `actual`: one that was
/// launched into a reservation goes on as an on-demand instance when that ends. `None` if its labels
/// are right. Nothing is ever made a reserved one.
pub fn demoted(labels: &Labels, actual: CapacityType) -> Option<Labels> {
    let reserved = CapacityType::Reserved.as_str();
    let says_reserved = labels.get(well_known::CAPACITY_TYPE).is_some_and(|one| one == reserved);
    if !says_reserved || actual != CapacityType::OnDemand {
        return None;
    }
    let mut labels = labels.clone();
    let on_demand = CapacityType::OnDemand.as_str().to_owned();
    labels.insert(well_known::CAPACITY_TYPE.to_owned(), on_demand);
    labels.retain(|key, _| !RESERVATION_LABELS.contains(&key.as_str()));
    Some(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(capacity_type: CapacityType) -> Labels {
        let mut labels = Labels::from([
            (well_known::CAPACITY_TYPE.to_owned(), capacity_type.as_str().to_owned()),
            ("team".to_owned(), "web".to_owned()),
        ]);
        labels.extend(RESERVATION_LABELS.map(|key| (key.to_owned(), "value".to_owned())));
        labels
    }

    #[test]
    fn a_reserved_claim_or_node_becomes_on_demand_with_its_instance() {
        let found = demoted(&labels(CapacityType::Reserved), CapacityType::OnDemand).unwrap();
        let expected = [
            (well_known::CAPACITY_TYPE.to_owned(), "on-demand".to_owned()),
            ("team".to_owned(), "web".to_owned()),
        ];
        assert_eq!(found, Labels::from(expected));
    }

    #[test]
    fn labels_that_are_right_stay() {
        assert_eq!(demoted(&labels(CapacityType::Reserved), CapacityType::Reserved), None);
        assert_eq!(demoted(&labels(CapacityType::OnDemand), CapacityType::OnDemand), None);
        assert_eq!(demoted(&labels(CapacityType::OnDemand), CapacityType::Reserved), None);
    }
}
