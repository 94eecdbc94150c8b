//! Subnets, security groups, capacity reservations and placement groups: what to ask EC2 for, and
//! what its answers mean.

use std::collections::BTreeMap;

use plimsoll_api::crd::ec2_node_class::{
    self as crd, PlacementGroupSelector, SecurityGroupSelectorTerm, SubnetSelectorTerm,
};

use crate::api::Filter;
use crate::api::ec2::{PlacementGroup, PlacementQuery, SecurityGroup, Subnet};

mod reservation;

pub use reservation::{
    UnreadableReservation, expiring_reservations, reservation_queries, reservations,
};

/// Filters of the `DescribeSubnets` calls for these terms, one list a call. What any of the calls
/// returns is selected.
pub fn subnet_queries(terms: &[SubnetSelectorTerm]) -> Vec<Vec<Filter>> {
    let ids = terms.iter().filter_map(|term| term.id.as_deref());
    let tags = terms.iter().filter(|term| term.id.is_none()).map(|term| &term.tags);
    let mut queries: Vec<_> = tags.flatten().map(tag_filters).collect();
    queries.extend(one_filter("subnet-id", ids));
    queries
}

/// Filters of the `DescribeSecurityGroups` calls for these terms, one list a call.
pub fn security_group_queries(terms: &[SecurityGroupSelectorTerm]) -> Vec<Vec<Filter>> {
    let ids = terms.iter().filter_map(|term| term.id.as_deref());
    let named = terms.iter().filter(|term| term.id.is_none());
    let names = named.clone().filter_map(|term| term.name.as_deref());
    let tagged = named.filter(|term| term.name.is_none());
    let mut queries: Vec<_> =
        tagged.filter_map(|term| term.tags.as_ref()).map(tag_filters).collect();
    queries.extend(one_filter("group-id", ids));
    queries.extend(one_filter("group-name", names));
    queries
}

/// The subnets of the answers for the class's status: each once, most free addresses first.
pub fn subnets(answers: impl IntoIterator<Item = Subnet>) -> Vec<Subnet> {
    let by_id: BTreeMap<String, Subnet> =
        answers.into_iter().map(|subnet| (subnet.id.clone(), subnet)).collect();
    let mut subnets: Vec<Subnet> = by_id.into_values().collect();
    // Stable, so equal ones stay in the order of their ids.
    subnets.sort_by_key(|subnet| std::cmp::Reverse(subnet.free_addresses));
    subnets
}

/// The security groups of the answers for the class's status: each once, by id.
pub fn security_groups(
    answers: impl IntoIterator<Item = SecurityGroup>,
) -> Vec<crd::SecurityGroup> {
    let by_id: BTreeMap<String, String> =
        answers.into_iter().map(|group| (group.id, group.name)).collect();
    let named = |name: String| Some(name).filter(|name| !name.is_empty());
    by_id.into_iter().map(|(id, name)| crd::SecurityGroup { id, name: named(name) }).collect()
}

/// A subnet as the class's status names it.
pub fn subnet_status(subnet: &Subnet) -> crd::Subnet {
    crd::Subnet {
        id: subnet.id.clone(),
        zone: subnet.zone.clone(),
        zone_id: Some(subnet.zone_id.clone()).filter(|id| !id.is_empty()),
    }
}

/// How to ask for the class's placement group; `None` if it selects none.
pub fn placement_query(selector: Option<&PlacementGroupSelector>) -> Option<PlacementQuery> {
    let selector = selector?;
    let name = selector.name.clone().map(PlacementQuery::Name);
    name.or_else(|| selector.id.clone().map(PlacementQuery::Id))
}

/// The placement group of an answer: the first one.
pub fn placement_group(answer: Vec<PlacementGroup>) -> Option<PlacementGroup> {
    answer.into_iter().next()
}

/// Filters for all tags of a term; value `*` asks for the key alone.
pub(super) fn tag_filters(tags: &BTreeMap<String, String>) -> Vec<Filter> {
    tags.iter().map(|(key, value)| Filter::tag(key, value)).collect()
}

/// One call for all values of a filter, if there are any.
fn one_filter<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> Option<Vec<Filter>> {
    let filter = Filter::new(name, values);
    (!filter.values.is_empty()).then(|| vec![filter])
}

#[cfg(test)]
mod tests;
