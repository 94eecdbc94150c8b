//! Domains that a pod could get by launching: they count for a spread even while they are empty
//! (`karpenter-core.md` §4.7).

use std::collections::{BTreeMap, BTreeSet};

use super::face::first_untolerated;
use crate::model::well_known::{CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, ZONE};
use crate::model::{InstanceType, NodePool, Offering, Requirement, Requirements, Toleration};
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

/// The values that a label could have on a node.
#[derive(Debug)]
enum Possible<'a> {
    Absent,
    One(&'a str),
    Any(&'a Requirement),
    /// What the type allows, narrowed by the pool.
    Both(&'a Requirement, &'a Requirement),
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

type Launchable<'a> = (&'a NodePool, &'a InstanceType, &'a Offering);

/// Whether the pool's template and the type agree.
fn admits(pool: &NodePool, instance_type: &InstanceType) -> bool {
    let label_admitted = |(key, value): (&String, &String)| {
        instance_type.requirements.get(key).is_none_or(|wanted| wanted.has(value))
    };
    let named = pool.requirements.get(INSTANCE_TYPE);
    named.is_none_or(|wanted| wanted.has(&instance_type.name))
        && pool.requirements.first_conflict(&instance_type.requirements).is_none()
        && pool.labels.iter().all(label_admitted)
}

/// Whether the pool's template admits zone and capacity type of the offering.
fn sells(pool: &NodePool, offering: &Offering) -> bool {
    [(ZONE, offering.zone.as_str()), (CAPACITY_TYPE, offering.capacity_type.as_str())]
        .into_iter()
        .all(|(key, value)| {
            pool.labels.get(key).is_none_or(|label| label == value)
                && pool.requirements.get(key).is_none_or(|wanted| wanted.has(value))
        })
}

fn possible<'a>((pool, instance_type, offering): Launchable<'a>, key: &str) -> Possible<'a> {
    match key {
        ZONE => return Possible::One(&offering.zone),
        CAPACITY_TYPE => return Possible::One(offering.capacity_type.as_str()),
        INSTANCE_TYPE => return Possible::One(&instance_type.name),
        HOSTNAME => return Possible::Absent,
        _ => {}
    }
    if let Some(label) = pool.labels.get(key) {
        return Possible::One(label);
    }
    match (pool.requirements.get(key), instance_type.requirements.get(key)) {
        (None, None) => Possible::Absent,
        (Some(one), None) | (None, Some(one)) => Possible::Any(one),
        (Some(pool), Some(own)) => Possible::Both(own, pool),
    }
}

impl Possible<'_> {
    fn satisfies(&self, wanted: &Requirement) -> bool {
        let overlaps = |one: &Requirement| {
            wanted.overlaps(one) || (wanted.admits_absence() && one.admits_absence())
        };
        match self {
            Self::Absent => wanted.admits(None),
            Self::One(value) => wanted.has(value),
            Self::Any(one) => overlaps(one),
            Self::Both(own, pool) => overlaps(&own.intersection(pool)),
        }
    }
}

fn satisfies(node: Launchable<'_>, alternatives: Option<&[Requirements]>) -> bool {
    let satisfied =
        |one: &Requirements| one.iter().all(|(key, wanted)| possible(node, key).satisfies(wanted));
    alternatives.is_none_or(|all| all.iter().any(satisfied))
}

fn add_values<'a>(possible: &Possible<'a>, values: &mut BTreeSet<&'a str>) {
    match possible {
        Possible::Absent => {}
        Possible::One(value) => {
            values.insert(value);
        }
        Possible::Any(one) => {
            values.extend(one.finite_values().into_iter().flatten().map(String::as_str));
        }
        Possible::Both(own, pool) => {
            let finite = own.finite_values().or(pool.finite_values()).into_iter().flatten();
            let both = finite.map(String::as_str).filter(|value| own.has(value) && pool.has(value));
            values.extend(both);
        }
    }
}
