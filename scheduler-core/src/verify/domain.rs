//! Domains of a topology key: which nodes are together.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::world::World;
use crate::model::well_known::HOSTNAME;

/// The domains of one topology key.
#[derive(Debug)]
pub(super) struct DomainMap {
    /// Domain of each node, every node its own for the hostname; `None` if it has no such label.
    pub(super) of_site: Vec<Option<usize>>,
    /// Number of domains.
    pub(super) len: usize,
}

/// Domains by topology key, found when first asked for.
#[derive(Debug, Default)]
pub(super) struct Domains<'a> {
    by_key: BTreeMap<&'a str, Arc<DomainMap>>,
}

impl<'a> Domains<'a> {
    /// The domains of a key.
    pub(super) fn of(&mut self, world: &World<'a>, key: &'a str) -> Arc<DomainMap> {
        self.by_key.entry(key).or_insert_with(|| Arc::new(map(world, key))).clone()
    }
}

fn map(world: &World<'_>, key: &str) -> DomainMap {
    if key == HOSTNAME {
        let len = world.sites.len();
        return DomainMap { of_site: (0..len).map(Some).collect(), len };
    }
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let of_site = world.sites.iter().map(|site| {
        let next = numbers.len();
        Some(*numbers.entry(site.label(key)?).or_insert(next))
    });
    let of_site = of_site.collect();
    DomainMap { of_site, len: numbers.len() }
}
