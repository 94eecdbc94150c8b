//! Domains of a topology key: which nodes are together.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::world::World;
use crate::model::well_known::HOSTNAME;

/// The domains of one topology key.
#[derive(Debug)]
pub(super) struct DomainMap<'a> {
    /// Domain of each node; `None` if it has no such label.
    pub(super) of_site: Vec<Option<usize>>,
    /// Label values of the domains; empty for the hostname, where every node is its own domain.
    pub(super) names: Vec<&'a str>,
    /// Number of domains.
    pub(super) len: usize,
}

/// Domains by topology key, found when first asked for.
#[derive(Debug, Default)]
pub(super) struct Domains<'a> {
    by_key: BTreeMap<&'a str, Arc<DomainMap<'a>>>,
}

impl<'a> Domains<'a> {
    /// The domains of a key.
    pub(super) fn of(&mut self, world: &World<'a>, key: &'a str) -> Arc<DomainMap<'a>> {
        self.by_key.entry(key).or_insert_with(|| Arc::new(map(world, key))).clone()
    }
}

fn map<'a>(world: &World<'a>, key: &str) -> DomainMap<'a> {
    if key == HOSTNAME {
        let len = world.sites.len();
        return DomainMap { of_site: (0..len).map(Some).collect(), names: Vec::new(), len };
    }
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut names = Vec::new();
    let of_site = world.sites.iter().map(|site| {
        let value = site.label(key)?;
        Some(*numbers.entry(value).or_insert_with(|| {
            names.push(value);
            names.len() - 1
        }))
    });
    let of_site = of_site.collect();
    DomainMap { of_site, len: names.len(), names }
}
