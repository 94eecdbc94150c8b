//! Capacity reservations and placement groups.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::capacity::Share;
use super::fault::Pool;
use super::filter::{Filter, Filterable, Tags, select};
use super::page::{Page, Wanted, page};
use super::{Account, AwsError};

/// Most reservations on a page.
const PAGE: usize = 1000;

/// A capacity reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityReservation {
    /// `cr-…`.
    pub id: String,
    /// Type of its instances.
    pub instance_type: String,
    /// Name of its zone.
    pub zone: String,
    /// Instances that it has.
    pub total: u32,
    /// Those that are free.
    pub available: u32,
    /// `open` or `targeted`.
    pub match_criteria: String,
    /// `default` or `capacity-block`.
    pub kind: String,
    /// Whether its owner may take instances back.
    pub interruptible: bool,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// Tags.
    pub tags: Tags,
}

impl CapacityReservation {
    /// A targeted on-demand reservation that does not end.
    pub fn new(id: &str, instance_type: &str, zone: &str, total: u32) -> Self {
        Self {
            id: id.to_owned(),
            instance_type: instance_type.to_owned(),
            zone: zone.to_owned(),
            total,
            available: total,
            match_criteria: "targeted".to_owned(),
            kind: "default".to_owned(),
            interruptible: false,
            ends_at: None,
            tags: Tags::new(),
        }
    }
}

/// Reservations by id.
#[derive(Clone, Debug)]
pub(crate) struct Reservations(BTreeMap<String, CapacityReservation>);

impl Reservations {
    pub(crate) fn new(reservations: Vec<CapacityReservation>) -> Self {
        Self(reservations.into_iter().map(|one| (one.id.clone(), one)).collect())
    }

    /// How many instances the reservation has for the pool.
    pub(super) fn share(&self, id: &str, pool: &Pool, wanted: u32) -> Share {
        let refuse = |code: &str, message: String| Share {
            count: 0,
            shortfall: Some(AwsError::client(code, message)),
        };
        let Some(reservation) = self.0.get(id) else {
            let message = format!("The capacity reservation '{id}' does not exist");
            return refuse("InvalidCapacityReservationId.NotFound", message);
        };
        if reservation.instance_type != pool.instance_type || reservation.zone != pool.zone {
            let message = format!(
                "The capacity reservation '{id}' is not for {} in {}",
                pool.instance_type, pool.zone
            );
            return refuse("ReservationCapacityIncompatible", message);
        }
        let count = reservation.available.min(wanted);
        let exceeded = || {
            let message = format!("The capacity reservation '{id}' has no more instances");
            AwsError::client("ReservationCapacityExceeded", message)
        };
        Share { count, shortfall: (count < wanted).then(exceeded) }
    }

    pub(super) fn take(&mut self, id: &str, count: u32) {
        if let Some(reservation) = self.0.get_mut(id) {
            reservation.available = reservation.available.saturating_sub(count);
        }
    }

    pub(super) fn give_back(&mut self, id: &str) {
        if let Some(reservation) = self.0.get_mut(id) {
            reservation.available = (reservation.available + 1).min(reservation.total);
        }
    }
}

/// `DescribeCapacityReservations`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeCapacityReservations {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these; all must exist.
    pub capacity_reservation_id: Vec<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Most on a page.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeCapacityReservations {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeCapacityReservations");
    /// Reservations with the ids of their zones, and the account number of their owner.
    type Answer = (String, Page<(CapacityReservation, String)>);

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let ids = &self.capacity_reservation_id;
        let reservations = &account.reservations.0;
        if let Some(unknown) = ids.iter().find(|id| !reservations.contains_key(*id)) {
            let message = format!("The capacity reservation '{unknown}' does not exist");
            return Err(AwsError::client("InvalidCapacityReservationId.NotFound", message));
        }
        // All belong to the account.
        let account_id = account.settings.account_id.clone();
        let (of_owner, rest): (Vec<_>, Vec<_>) =
            self.filter.into_iter().partition(|filter| filter.name == "owner-id");
        let own = of_owner.iter().all(|filter| filter.value.contains(&account_id));
        let found = select(&rest, reservations.values())?.into_iter();
        let found = found
            .filter(|one| own && (ids.is_empty() || ids.contains(&one.id)))
            .map(|one| (one.clone(), account.network.zone_id(&one.zone).to_owned()))
            .collect();
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: PAGE };
        Ok((account_id, page(found, |(one, _)| one.id.clone(), wanted, account.settings.paging)?))
    }
}

impl Filterable for CapacityReservation {
    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "state" => vec!["active".to_owned()],
            "instance-match-criteria" => vec![self.match_criteria.clone()],
            "instance-type" => vec![self.instance_type.clone()],
            "availability-zone" => vec![self.zone.clone()],
            _ => return None,
        })
    }
}

/// A placement group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementGroup {
    /// `pg-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `cluster`, `partition` or `spread`.
    pub strategy: String,
    /// How many partitions it has.
    pub partitions: Option<u32>,
    /// Tags.
    pub tags: Tags,
}

/// `DescribePlacementGroups`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribePlacementGroups {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these; all must exist.
    pub group_id: Vec<String>,
    /// Only these names; all must exist.
    pub group_name: Vec<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
}

impl Call for DescribePlacementGroups {
    const ACTION: Action = Action::new(Service::Ec2, "DescribePlacementGroups");
    type Answer = Vec<PlacementGroup>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let groups = &account.placement_groups;
        let no_id = self.group_id.iter().find(|id| !groups.contains_key(*id));
        let is_named = |name: &String| groups.values().any(|group| group.name == *name);
        let no_name = self.group_name.iter().find(|name| !is_named(name));
        if let Some(unknown) = no_id.or(no_name) {
            let message = format!("The Placement Group '{unknown}' is unknown.");
            return Err(AwsError::client("InvalidPlacementGroup.Unknown", message));
        }
        let found = select(&self.filter, groups.values())?.into_iter();
        let found = found
            .filter(|one| self.group_id.is_empty() || self.group_id.contains(&one.id))
            .filter(|one| self.group_name.is_empty() || self.group_name.contains(&one.name));
        Ok(found.cloned().collect())
    }
}

impl Filterable for PlacementGroup {
    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "state" => vec!["available".to_owned()],
            "strategy" => vec![self.strategy.clone()],
            "group-name" => vec![self.name.clone()],
            _ => return None,
        })
    }
}
