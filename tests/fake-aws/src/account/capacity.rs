//! What there is to be had: capacity of pools, and what the account may have of it.

use std::collections::BTreeMap;

use aws_provider::Ec2Type;
use scheduler_core::model::{CapacityType, Price};

use super::fault::{Pool, PoolFault, PoolScript};
use super::{Account, AwsError};

/// Most vCPUs that may run, by EC2's quotas for standard instances (families A, C, D, H, I, M, R,
/// T and Z). Others are not limited; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// On-demand.
    pub on_demand_vcpus: Option<u64>,
    /// Spot.
    pub spot_vcpus: Option<u64>,
}

impl Quotas {
    const fn of(self, capacity_type: CapacityType) -> Option<u64> {
        match capacity_type {
            CapacityType::Spot => self.spot_vcpus,
            CapacityType::OnDemand => self.on_demand_vcpus,
            // Was counted when it was reserved.
            CapacityType::Reserved => None,
        }
    }
}

/// The pools of a region, as far as something is known of them.
#[derive(Clone, Debug)]
pub(crate) struct Pools {
    pub(crate) script: PoolScript,
    pub(crate) quotas: Quotas,
    /// Instances that can still be had; a pool that is not here has enough.
    pub(crate) left: BTreeMap<Pool, u32>,
    /// Prices that are not those of the catalogue.
    pub(crate) prices: BTreeMap<Pool, Price>,
    /// vCPUs of standard instances that are in use.
    vcpus: BTreeMap<CapacityType, u64>,
}

/// How many instances a pool gives, and why not more.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) count: u32,
    pub(crate) shortfall: Option<AwsError>,
}

impl Share {
    const fn all(count: u32) -> Self {
        Self { count, shortfall: None }
    }

    pub(super) const fn none(shortfall: AwsError) -> Self {
        Self { count: 0, shortfall: Some(shortfall) }
    }

    /// At most so many; if that is less, then for this reason.
    pub(super) fn limit(self, most: u64, reason: impl FnOnce() -> AwsError) -> Self {
        match u32::try_from(most) {
            Ok(most) if most < self.count => Self { count: most, shortfall: Some(reason()) },
            _ => self,
        }
    }
}

impl Pools {
    pub(crate) fn new(quotas: Quotas) -> Self {
        let (script, left, prices) = (PoolScript::default(), BTreeMap::new(), BTreeMap::new());
        Self { script, quotas, left, prices, vcpus: BTreeMap::new() }
    }

    /// How many of the instances that are wanted the pool gives.
    pub(super) fn share(&self, pool: &Pool, machine: &Ec2Type, wanted: u32) -> Share {
        let mut share = Share::all(wanted);
        let quota = self.quotas.of(pool.capacity_type).filter(|_| is_standard(machine));
        if let Some(quota) = quota {
            let free = quota.saturating_sub(self.vcpus_in_use(pool.capacity_type));
            share = share.limit(free / u64::from(machine.vcpu), || over_quota(pool));
        }
        match self.left.get(pool) {
            Some(left) => share.limit((*left).into(), || no_capacity(pool)),
            None => share,
        }
    }

    /// Takes instances out of the pool.
    pub(crate) fn take(&mut self, pool: &Pool, machine: &Ec2Type, count: u32) {
        if let Some(left) = self.left.get_mut(pool) {
            *left = left.saturating_sub(count);
        }
        if is_standard(machine) {
            let vcpus = u64::from(machine.vcpu) * u64::from(count);
            *self.vcpus.entry(pool.capacity_type).or_default() += vcpus;
        }
    }

    /// Gives an instance back.
    pub(crate) fn give_back(&mut self, pool: &Pool, machine: &Ec2Type) {
        if let Some(left) = self.left.get_mut(pool) {
            *left = left.saturating_add(1);
        }
        if is_standard(machine) {
            let used = self.vcpus.entry(pool.capacity_type).or_default();
            *used = used.saturating_sub(u64::from(machine.vcpu));
        }
    }

    /// vCPUs of standard instances that are in use.
    pub(crate) fn vcpus_in_use(&self, capacity_type: CapacityType) -> u64 {
        self.vcpus.get(&capacity_type).copied().unwrap_or_default()
    }
}

impl Account {
    /// The fault that the script, or the shares of empty pools, have for the pool.
    pub(super) fn pool_fault(&mut self, pool: &Pool, subnet: &str) -> Option<AwsError> {
        match self.pools.script.take(|matcher| matcher.matches(pool)) {
            Some(PoolFault::NoCapacity) => return Some(no_capacity(pool)),
            Some(PoolFault::Quota) => return Some(over_quota(pool)),
            Some(PoolFault::SubnetFull) => return Some(no_address(subnet)),
            Some(PoolFault::Refused(error)) => return Some(error),
            None => {}
        }
        let name = format!("{}/{}/{}", pool.instance_type, pool.zone, pool.capacity_type);
        let is_empty = self.draw.hits("empty pool", &name, self.gate.rates.empty_pools_ppm);
        is_empty.then(|| no_capacity(pool))
    }

    /// What an instance of the pool costs an hour, if it is sold at all.
    pub fn price(&self, pool: &Pool) -> Option<Price> {
        if let Some(price) = self.pools.prices.get(pool) {
            return Some(*price);
        }
        let machine = self.machines.get(&pool.instance_type)?;
        let on_demand = machine.zones.contains(&pool.zone).then_some(machine.on_demand_price);
        match pool.capacity_type {
            CapacityType::Spot => machine.spot.get(&pool.zone).copied(),
            CapacityType::OnDemand | CapacityType::Reserved => on_demand,
        }
    }
}

fn is_standard(machine: &Ec2Type) -> bool {
    const STANDARD: [&str; 11] = ["a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"];
    STANDARD.contains(&machine.category.as_str())
}

fn no_capacity(pool: &Pool) -> AwsError {
    let Pool { instance_type, zone, capacity_type } = pool;
    let message = match capacity_type {
        CapacityType::Spot => {
            "There is no Spot capacity available that matches your request.".into()
        }
        CapacityType::OnDemand | CapacityType::Reserved => format!(
            "We currently do not have sufficient {instance_type} capacity in the Availability Zone \
             you requested ({zone})."
        ),
    };
    AwsError::client("InsufficientInstanceCapacity", message)
}

fn over_quota(pool: &Pool) -> AwsError {
    match pool.capacity_type {
        CapacityType::Spot => {
            AwsError::client("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
        }
        CapacityType::OnDemand | CapacityType::Reserved => AwsError::client(
            "VcpuLimitExceeded",
            format!("More vCPUs were requested than the limit allows for {}", pool.instance_type),
        ),
    }
}

/// What is said of a subnet that is full.
pub(super) fn no_address(subnet: &str) -> AwsError {
    let message = format!("There are not enough free addresses in subnet '{subnet}'");
    AwsError::client("InsufficientFreeAddressesInSubnet", message)
}
