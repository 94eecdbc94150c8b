//! Faults: by script, and as a share of calls.

use std::time::Duration;

use scheduler_core::model::CapacityType;

use super::action::Action;
use super::filter::glob;
use crate::error::AwsError;

/// How often a scripted fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Until faults are cleared.
    Always,
    /// For so many calls, or attempts on a pool, that match.
    Next(u32),
}

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallFault {
    /// Refused with `RequestLimitExceeded`.
    Throttled,
    /// Refused with this error.
    Refused(AwsError),
    /// Refused with `InternalError` and status 500.
    Failed,
    /// A page for people with status 500, not in the service's format.
    Garbled,
    /// Served, but the answer comes late.
    Slow(Duration),
    /// Served, but the connection closes before the answer.
    AnswerLost,
}

/// Which pools of capacity a fault hits; what is not stated matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolMatcher {
    instance_type: Option<String>,
    zone: Option<String>,
    capacity_type: Option<CapacityType>,
}

impl PoolMatcher {
    /// Every pool.
    pub fn any() -> Self {
        Self::default()
    }

    /// Only of this instance type; `*` and `?` are wildcards (`m5.*`).
    #[must_use]
    pub fn instance_type(self, pattern: &str) -> Self {
        Self { instance_type: Some(pattern.to_owned()), ..self }
    }

    /// Only in this zone.
    #[must_use]
    pub fn zone(self, zone: &str) -> Self {
        Self { zone: Some(zone.to_owned()), ..self }
    }

    /// Only of this capacity type.
    #[must_use]
    pub fn capacity_type(self, capacity_type: CapacityType) -> Self {
        Self { capacity_type: Some(capacity_type), ..self }
    }

    /// Whether the pool is meant.
    pub(crate) fn matches(&self, pool: &Pool) -> bool {
        self.instance_type.as_ref().is_none_or(|pattern| glob(pattern, &pool.instance_type))
            && self.zone.as_ref().is_none_or(|zone| *zone == pool.zone)
            && self.capacity_type.is_none_or(|one| one == pool.capacity_type)
    }
}

/// Capacity of one instance type in one zone, bought in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pool {
    /// EC2 name.
    pub instance_type: String,
    /// Zone name.
    pub zone: String,
    /// Spot or on-demand.
    pub capacity_type: CapacityType,
}

/// What goes wrong when an instance is to come from a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolFault {
    /// There is no machine.
    NoCapacity,
    /// The account may not have more: `VcpuLimitExceeded`, or `MaxSpotInstanceCountExceeded`.
    Quota,
    /// The subnet has no address left.
    SubnetFull,
    /// Any other error.
    Refused(AwsError),
}

/// Shares of calls and pools, in millionths, that go wrong without a script. Which ones follows
/// from the account's seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultRates {
    /// Calls that are throttled.
    pub throttled_ppm: u32,
    /// Calls that fail with status 500, half of them with a page that is not of the service.
    pub failed_ppm: u32,
    /// Calls whose answer is lost after the work was done.
    pub lost_ppm: u32,
    /// Calls that are slow.
    pub slow_ppm: u32,
    /// By how much.
    pub slow_by: Duration,
    /// Pools without any capacity, for as long as the account lives.
    pub empty_pools_ppm: u32,
}

/// Scripted faults in the order in which they were added.
#[derive(Clone, Debug)]
pub(crate) struct Script<M, F> {
    lines: Vec<Line<M, F>>,
}

#[derive(Clone, Debug)]
struct Line<M, F> {
    matcher: M,
    fault: F,
    times: Times,
}

impl<M, F> Default for Script<M, F> {
    fn default() -> Self {
        Self { lines: Vec::new() }
    }
}

impl<M, F: Clone> Script<M, F> {
    pub(crate) fn add(&mut self, matcher: M, fault: F, times: Times) {
        self.lines.push(Line { matcher, fault, times });
    }

    pub(crate) fn clear(&mut self) {
        self.lines.clear();
    }

    /// The fault of the first line that matches and is not used up; it counts as used.
    pub(crate) fn take(&mut self, matches: impl Fn(&M) -> bool) -> Option<F> {
        let line = self
            .lines
            .iter_mut()
            .find(|line| line.times != Times::Next(0) && matches(&line.matcher))?;
        if let Times::Next(left) = &mut line.times {
            *left -= 1;
        }
        Some(line.fault.clone())
    }
}

/// Faults of calls.
pub(crate) type CallScript = Script<Action, CallFault>;
/// Faults of pools.
pub(crate) type PoolScript = Script<PoolMatcher, PoolFault>;

#[cfg(test)]
mod tests {
    use super::{PoolFault, PoolMatcher, PoolScript, Times};

    #[test]
    fn a_line_is_used_as_often_as_stated() {
        let mut script = PoolScript::default();
        script.add(PoolMatcher::any(), PoolFault::Quota, Times::Next(2));
        script.add(PoolMatcher::any(), PoolFault::NoCapacity, Times::Always);
        let taken: Vec<_> = (0..4).filter_map(|_| script.take(|_| true)).collect();
        let expected =
            [PoolFault::Quota, PoolFault::Quota, PoolFault::NoCapacity, PoolFault::NoCapacity];
        assert_eq!(taken, expected);
    }

    #[test]
    fn lines_for_others_are_left_alone() {
        let mut script = PoolScript::default();
        script.add(PoolMatcher::any().zone("a"), PoolFault::Quota, Times::Next(1));
        assert_eq!(script.take(|_| false), None);
        assert_eq!(script.take(|_| true), Some(PoolFault::Quota));
    }
}
