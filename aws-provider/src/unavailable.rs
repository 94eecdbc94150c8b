//! Capacity that failed a moment ago, so that nobody asks for it again at once.
//!
//! Three kinds of marks: a pool (type × zone × capacity type, within a placement group if there is
//! one), a capacity type as a whole, a subnet. A mark lasts three minutes; each time that the same
//! thing fails again soon after, twice as long, up to half an hour. Time is handed in.

mod marks;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use scheduler_core::model::{CapacityType, InstanceType, Offering};

use marks::Marks;

/// A pool of capacity.
///
/// Displays as `spot:m5.large:us-east-1a`, followed by group and partition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolKey {
    /// How it is bought.
    pub capacity_type: CapacityType,
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// Placement group, which has capacity of its own.
    pub group: Option<GroupKey>,
}

/// A placement group, or a partition of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// Id of the group.
    pub id: String,
    /// Partition.
    pub partition: Option<u32>,
}

impl PoolKey {
    /// The pool of an offering outside of placement groups.
    pub fn new(capacity_type: CapacityType, instance_type: &str, zone: &str) -> Self {
        let (instance_type, zone) = (instance_type.to_owned(), zone.to_owned());
        Self { capacity_type, instance_type, zone, group: None }
    }

    /// The same pool within a placement group.
    #[must_use]
    pub fn within(mut self, group: Option<GroupKey>) -> Self {
        self.group = group;
        self
    }
}

impl fmt::Display for PoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.capacity_type, self.instance_type, self.zone)?;
        let Some(group) = &self.group else { return Ok(()) };
        write!(f, ":{}", group.id)?;
        group.partition.map_or(Ok(()), |partition| write!(f, ":{partition}"))
    }
}

/// What failed lately.
#[derive(Clone, Debug, Default)]
pub struct Unavailable {
    pools: Marks<PoolKey>,
    capacity_types: Marks<CapacityType>,
    subnets: Marks<String>,
    /// Changes of marks, by instance type.
    changes: BTreeMap<String, u64>,
    /// Changes of marks that concern all types.
    changes_of_all: u64,
}

impl Unavailable {
    /// The pool gave nothing.
    pub fn mark_pool(&mut self, pool: PoolKey, now: Timestamp) {
        *self.changes.entry(pool.instance_type.clone()).or_default() += 1;
        self.pools.mark(pool, now);
    }

    /// Nothing of the capacity type can be had.
    pub fn mark_capacity_type(&mut self, capacity_type: CapacityType, now: Timestamp) {
        self.changes_of_all += 1;
        self.capacity_types.mark(capacity_type, now);
    }

    /// The subnet has no free address.
    pub fn mark_subnet(&mut self, subnet: &str, now: Timestamp) {
        self.changes_of_all += 1;
        self.subnets.mark(subnet.to_owned(), now);
    }

    /// The pool gave something: what it did before is forgotten.
    pub fn clear_pool(&mut self, pool: &PoolKey) {
        if self.pools.clear(pool) {
            *self.changes.entry(pool.instance_type.clone()).or_default() += 1;
        }
    }

    /// Forgets what is over. A mark that ends is a change, as one that begins.
    pub fn sweep(&mut self, now: Timestamp) {
        for pool in self.pools.sweep(now) {
            *self.changes.entry(pool.instance_type).or_default() += 1;
        }
        let ended = self.capacity_types.sweep(now).len() + self.subnets.sweep(now).len();
        self.changes_of_all += ended as u64;
    }

    /// Grows whenever the answers for an instance type may differ from what they were. Marks that
    /// end count from the next [`Self::sweep`] on.
    pub fn sequence(&self, instance_type: &str) -> u64 {
        self.changes_of_all + self.changes.get(instance_type).copied().unwrap_or(0)
    }

    /// When the next mark ends, if there is any: something can be had again then, perhaps.
    pub fn next_end(&self, now: Timestamp) -> Option<Timestamp> {
        let ends = [
            self.pools.next_end(now),
            self.capacity_types.next_end(now),
            self.subnets.next_end(now),
        ];
        ends.into_iter().flatten().min()
    }

    /// Whether a pool may be asked: neither it, nor its capacity type, nor all the subnets of its
    /// zone are marked. With no subnet named, subnets say nothing.
    pub fn is_available(&self, pool: &PoolKey, subnets: &[String], now: Timestamp) -> bool {
        let is_full = !subnets.is_empty() && subnets.iter().all(|one| self.is_full(one, now));
        !(self.pools.is_marked(pool, now)
            || self.capacity_types.is_marked(&pool.capacity_type, now)
            || is_full)
    }

    /// Whether the subnet is marked.
    pub fn is_full(&self, subnet: &str, now: Timestamp) -> bool {
        self.subnets.is_marked(&subnet.to_owned(), now)
    }

    /// Takes what is marked off the market, for planning: the offerings stay, not available.
    /// `subnets` are those of the class by zone; a zone without one is left as it is.
    pub fn apply(
        &self,
        types: &mut [InstanceType],
        subnets: &BTreeMap<String, Vec<String>>,
        group: Option<&GroupKey>,
        now: Timestamp,
    ) {
        let of_zone = |offering: &Offering| subnets.get(&offering.zone).map_or(&[][..], |all| all);
        for one in types {
            for offering in &mut one.offerings {
                // Reservations have counts of their own.
                if offering.capacity_type != CapacityType::Reserved {
                    let pool = PoolKey::new(offering.capacity_type, &one.name, &offering.zone)
                        .within(group.cloned());
                    offering.available &= self.is_available(&pool, of_zone(offering), now);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
