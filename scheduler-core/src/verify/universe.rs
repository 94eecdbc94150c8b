//! Domains that a pod could get by launching: they count for a spread even while they are empty
//! (`karpenter-core.md` §4.7).

use std::collections::{BTreeMap, BTreeSet};

use super::face::first_untolerated;
use super::launchable::{Launchable, Possible, admits, possible, sells};
use crate::model::{InstanceType, Requirements, Toleration};
use crate::snapshot::Supply;

/// Everything that pools could launch, whether it is on sale now or not.
#[derive(Debug)]
pub(super) struct Universe<'a> {
    supply: &'a Supply,
    /// By pool: its types that its template admits.
    types: Vec<Vec<&'a InstanceType>>,
    /// All values of a key.
    values: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Universe<'a> {
    pub(super) fn new(supply: &'a Supply) -> Self {
        let types = supply.node_pools.iter().map(|pool| {
            let all = supply.catalog(pool).iter();
            all.filter(|one| pool.replicas.is_none() && admits(pool, one)).collect()
        });
        Self { supply, types: types.collect(), values: BTreeMap::new() }
    }

    /// Values of a key among the nodes that could be launched and that satisfy one of the
    /// alternatives and tolerate the pool's taints, where given.
    pub(super) fn values(
        &mut self,
        key: &'a str,
        alternatives: Option<&[Requirements]>,
        tolerations: Option<&[Toleration]>,
    ) -> BTreeSet<&'a str> {
        if alternatives.is_none() && tolerations.is_none() {
            if let Some(values) = self.values.get(key) {
                return values.clone();
            }
            let values = self.collect(key, None, None, usize::MAX);
            self.values.insert(key, values.clone());
            return values;
        }
        // Most pods can have every domain; the search ends when all have been seen.
        let most = self.values(key, None, None).len();
        self.collect(key, alternatives, tolerations, most)
    }

    fn collect(
        &self,
        key: &str,
        alternatives: Option<&[Requirements]>,
        tolerations: Option<&[Toleration]>,
        most: usize,
    ) -> BTreeSet<&'a str> {
        let mut values = BTreeSet::new();
        for (pool, types) in self.supply.node_pools.iter().zip(&self.types) {
            let tainted =
                tolerations.is_some_and(|own| first_untolerated(own, &pool.taints).is_some());
            if tainted {
                continue;
            }
            for instance_type in types {
                for offering in &instance_type.offerings {
                    if values.len() >= most {
                        return values;
                    }
                    let node = (pool, *instance_type, offering);
                    if sells(pool, offering) && satisfies(node, alternatives) {
                        add_values(&possible(node, key), &mut values);
                    }
                }
            }
        }
        values
    }
}

fn satisfies(node: Launchable<'_>, alternatives: Option<&[Requirements]>) -> bool {
    let satisfied = |one: &Requirements| {
        one.iter().all(|(key, wanted)| possible(node, key).may_satisfy(wanted))
    };
    alternatives.is_none_or(|all| all.iter().any(satisfied))
}

fn add_values<'a>(possible: &Possible<'a>, values: &mut BTreeSet<&'a str>) {
    match possible {
        Possible::Absent => {}
        Possible::One(value) => {
            values.insert(value);
        }
        Possible::Pool(one) | Possible::Type(one) => {
            values.extend(one.finite_values().into_iter().flatten().map(String::as_str));
        }
        Possible::Both(own, pool) => {
            let finite = own.finite_values().or(pool.finite_values()).into_iter().flatten();
            let both = finite.map(String::as_str).filter(|value| own.has(value) && pool.has(value));
            values.extend(both);
        }
    }
}
