//! Strategies: which nodes may be launched, and how the engine decides.

mod builtin;

use std::collections::BTreeMap;
use std::sync::Arc;

use scheduler_core::model::{DaemonSet, InstanceType, NodeClass, NodePool};
use scheduler_core::{Refusal, Settings, Supply, SupplyBuilder};

/// A way to run the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// Name, unique within a comparison.
    pub name: String,
    /// One sentence about it.
    pub description: String,
    /// What may be launched.
    pub node_pools: Vec<NodePool>,
    /// The classes that the pools refer to.
    pub node_classes: Vec<NodeClass>,
    /// How the engine decides.
    pub settings: Settings,
    /// Who decides about nodes.
    pub mode: Mode,
    /// What to do with pool limits below the trace's peak.
    pub limits: PoolLimits,
}

/// Who decides about nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The engine.
    Autoscaled,
    /// Nobody: the cheapest fleet of on-demand nodes of a single type that holds every pod at every
    /// instant stands around the clock.
    StaticPeak,
}

/// What to do with pool limits below the trace's peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolLimits {
    /// Keep them; pods wait.
    Kept,
    /// Take them off, so that strategies are compared on the same work; the description says so.
    LiftedBelowPeak,
}

impl Strategy {
    /// Names of the built-in strategies, in the order in which they are compared by default.
    pub const BUILTIN: [&'static str; 5] = ["static-peak", "on-demand", "idp", "ffd", "plimsoll"];

    /// The built-in strategy of this name.
    pub fn builtin(name: &str) -> Option<Self> {
        builtin::strategy(name)
    }

    /// A strategy from a user's own pools and the classes that they refer to.
    pub fn from_pools(
        name: impl Into<String>,
        node_pools: Vec<NodePool>,
        node_classes: Vec<NodeClass>,
        settings: Settings,
    ) -> Self {
        Self {
            name: name.into(),
            description: "NodePools of the user's own file".to_owned(),
            node_pools,
            node_classes,
            settings,
            mode: Mode::Autoscaled,
            limits: PoolLimits::Kept,
        }
    }

    /// The supply of this strategy, and the pools that were refused.
    pub fn supply(
        &self,
        daemon_sets: &[DaemonSet],
        mut types: impl FnMut(&NodeClass) -> Arc<Vec<InstanceType>>,
    ) -> (Arc<Supply>, Vec<Refusal>) {
        let mut supply = SupplyBuilder::new();
        for class in &self.node_classes {
            supply = supply.catalog(&class.name, types(class));
        }
        for pool in &self.node_pools {
            supply = supply.node_pool(pool.clone());
        }
        for daemon_set in daemon_sets {
            supply = supply.daemon_set(daemon_set.clone());
        }
        supply.build()
    }

    /// Takes off limits that the trace's peak exceeds, if the strategy wants that.
    pub(crate) fn lift_limits(&mut self, peak: &BTreeMap<&str, i64>) {
        if self.limits == PoolLimits::Kept {
            return;
        }
        let mut lifted = Vec::new();
        for pool in &mut self.node_pools {
            pool.limits.0.retain(|name, limit| {
                let enough = peak.get(name.as_str()).is_none_or(|peak| peak <= limit);
                if !enough {
                    lifted.push(name.clone());
                }
                enough
            });
        }
        if !lifted.is_empty() {
            lifted.sort();
            lifted.dedup();
            let names = lifted.join(" and ");
            self.description = format!(
                "{}; its limits on {names} are lifted, the trace's peak exceeds them",
                self.description
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_name_has_a_strategy_of_that_name() {
        let names = Strategy::BUILTIN.map(|name| Strategy::builtin(name).unwrap().name);
        assert_eq!(names, Strategy::BUILTIN);
    }

    #[test]
    fn limits_below_the_peak_are_lifted_and_said_so() {
        let mut idp = Strategy::builtin("idp").unwrap();
        idp.lift_limits(&BTreeMap::from([("cpu", 100_001), ("memory", 1)]));
        let left: Vec<&String> = idp.node_pools[0].limits.0.keys().collect();
        assert_eq!(left, ["memory"]);
        assert!(idp.description.contains("limits on cpu are lifted"), "{}", idp.description);
    }

    #[test]
    fn limits_that_suffice_stay() {
        let mut idp = Strategy::builtin("idp").unwrap();
        idp.lift_limits(&BTreeMap::from([("cpu", 100_000), ("memory", 200 << 30)]));
        assert_eq!(idp, Strategy::builtin("idp").unwrap());
    }
}
