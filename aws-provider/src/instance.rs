//! The cluster's instances: launched, described, tagged, terminated.
//!
//! [`Instances`] remembers between calls what EC2 cannot be asked all the time: capacity that failed,
//! free addresses, quotas, launch templates, the instances themselves. Time is handed in.

mod launch;
mod leaked;
mod life;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use scheduler_core::model::{CapacityType, InstanceType};

pub use leaked::{LEAKED_FROM, leaked};
pub use life::TagsToSet;
pub use read::Held;

use crate::api::ec2::{Ec2, Instance, Subnet};
use crate::launch_template::LaunchTemplates;
use crate::quota::{Quotas, VcpusInUse, vcpus};
use crate::reservation::ReservationCounts;
use crate::subnet::FreeAddresses;
use crate::unavailable::{GroupKey, Unavailable};

/// What all provider ids begin with.
const PROVIDER: &str = "aws:///";

/// The id by which a node knows its instance.
pub fn provider_id(zone: &str, id: &str) -> String {
    format!("{PROVIDER}{zone}/{id}")
}

/// The id of the instance in a provider id; `None` if it is of another form.
pub fn instance_id(provider_id: &str) -> Option<&str> {
    let (_, id) = provider_id.strip_prefix(PROVIDER)?.rsplit_once('/')?;
    (!id.is_empty()).then_some(id)
}

/// The instances of a cluster.
#[derive(Debug)]
pub struct Instances<E> {
    ec2: E,
    cluster: String,
    templates: LaunchTemplates,
    state: Mutex<State>,
}

/// What is remembered between calls.
#[derive(Clone, Debug)]
struct State {
    unavailable: Unavailable,
    quotas: Quotas,
    subnets: FreeAddresses,
    reservations: ReservationCounts,
    /// As they were described last, by id.
    instances: BTreeMap<String, Instance>,
    /// Launched and not described yet: type and capacity type, by id. They count for quotas.
    fresh: BTreeMap<String, (String, CapacityType)>,
    vcpus: BTreeMap<String, u32>,
    /// Ids of zones that traffic has been moved out of.
    shifted_zones: BTreeSet<String>,
    zone_ids: BTreeMap<String, String>,
}

impl<E: Ec2> Instances<E> {
    /// The instances of a cluster whose subnets are described every `subnet_refresh`.
    pub fn new(ec2: E, cluster: impl Into<String>, subnet_refresh: SignedDuration) -> Self {
        let cluster = cluster.into();
        Self {
            ec2,
            templates: LaunchTemplates::new(cluster.clone()),
            cluster,
            state: Mutex::new(State {
                unavailable: Unavailable::default(),
                quotas: Quotas::default(),
                subnets: FreeAddresses::new(subnet_refresh),
                reservations: ReservationCounts::default(),
                instances: BTreeMap::new(),
                fresh: BTreeMap::new(),
                vcpus: BTreeMap::new(),
                shifted_zones: BTreeSet::new(),
                zone_ids: BTreeMap::new(),
            }),
        }
    }

    /// EC2 itself.
    pub const fn ec2(&self) -> &E {
        &self.ec2
    }

    /// The launch templates.
    pub const fn templates(&self) -> &LaunchTemplates {
        &self.templates
    }

    /// Takes over a description of subnets.
    pub fn describe_subnets(&self, subnets: &[Subnet], now: Timestamp) {
        let mut state = self.state();
        state.subnets.describe(subnets, now);
        let zones = subnets.iter().map(|one| (one.zone.clone(), one.zone_id.clone()));
        state.zone_ids.extend(zones);
    }

    /// Takes over how much a reservation has left.
    pub fn sync_reservation(&self, id: &str, left: u32, now: Timestamp) {
        self.state().reservations.sync(id, left, now);
    }

    /// Zones, by id, that traffic has been moved out of: nothing is asked of EC2 there.
    pub fn shift_zones(&self, zone_ids: BTreeSet<String>) {
        self.state().shifted_zones = zone_ids;
    }

    /// Marks a pool as without capacity: an interruption has told so.
    pub fn mark_unavailable(&self, pool: crate::unavailable::PoolKey, now: Timestamp) {
        self.state().unavailable.mark_pool(pool, now);
    }

    /// Marks a reservation as used up: an interruption has told so.
    pub fn mark_reservation(&self, id: &str, now: Timestamp) {
        self.state().reservations.exhausted(id, now);
    }

    /// Forgets marks that are over. To be called every ten seconds or so.
    pub fn sweep(&self, now: Timestamp) {
        self.state().unavailable.sweep(now);
    }

    /// Grows whenever [`Self::apply`] may give another answer for the type.
    pub fn sequence(&self, instance_type: &str) -> u64 {
        self.state().unavailable.sequence(instance_type)
    }

    /// When something that cannot be had now may be had again: a reason to plan anew.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let state = self.state();
        let ends = [state.unavailable.next_end(now), state.quotas.next_end(now)];
        ends.into_iter().flatten().min()
    }

    /// What can be had of these types, as planning is to see it: what failed lately, what exceeds
    /// a quota, zones with full subnets or moved traffic, and what reservations have left.
    pub fn apply(
        &self,
        types: &mut [InstanceType],
        subnets: &BTreeMap<String, Vec<String>>,
        group: Option<&GroupKey>,
        now: Timestamp,
    ) {
        let mut state = self.state();
        state.vcpus.extend(types.iter().map(|one| (one.name.clone(), vcpus(one))));
        state.unavailable.apply(types, subnets, group, now);
        state.quotas.apply(types, &state.in_use(), now);
        state.reservations.apply(types, now);
        for offering in types.iter_mut().flat_map(|one| &mut one.offerings) {
            offering.available &= !state.is_shifted(&offering.zone);
        }
    }

    /// Free addresses of each zone, as planning is to see them.
    pub fn free_addresses(
        &self,
        subnets: &[crate::launch_spec::LaunchSubnet],
        now: Timestamp,
    ) -> BTreeMap<String, i64> {
        self.state().subnets.by_zone(subnets, now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is made whole under the lock, so what a panic left behind can be used.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// vCPUs of the instances that are known.
    fn in_use(&self) -> VcpusInUse {
        let mut in_use = VcpusInUse::default();
        let mut add = |instance_type: &str, capacity_type| {
            let vcpus = self.vcpus.get(instance_type).copied().unwrap_or(0);
            in_use.add(instance_type, capacity_type, vcpus);
        };
        for instance in self.instances.values().filter(|one| !one.state.is_ending()) {
            add(&instance.instance_type, read::capacity_type(instance));
        }
        for (instance_type, capacity_type) in self.fresh.values() {
            add(instance_type, *capacity_type);
        }
        in_use
    }

    /// Whether traffic has been moved out of a zone.
    fn is_shifted(&self, zone: &str) -> bool {
        self.zone_ids.get(zone).is_some_and(|id| self.shifted_zones.contains(id))
    }
}

#[cfg(test)]
mod tests;
