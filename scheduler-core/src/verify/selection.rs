//! Which distinct pod specs a selector is about, each question asked once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::world::World;
use crate::model::{LabelSelector, PodAffinityTerm, PodSpec};

/// Answers by selector; specs are named by their position in `World::specs`.
#[derive(Debug, Default)]
pub(super) struct Selections<'a> {
    by_namespace: BTreeMap<&'a str, Vec<usize>>,
    spreads: BTreeMap<(&'a str, &'a LabelSelector), Arc<Vec<usize>>>,
    terms: BTreeMap<&'a PodAffinityTerm, Arc<Vec<usize>>>,
}

impl<'a> Selections<'a> {
    /// Nothing asked yet.
    pub(super) fn new(specs: &[&'a PodSpec]) -> Self {
        let mut by_namespace: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, spec) in specs.iter().enumerate() {
            by_namespace.entry(&spec.namespace).or_default().push(index);
        }
        Self { by_namespace, ..Self::default() }
    }

    /// Specs that count for a spread constraint of a pod of this namespace.
    pub(super) fn of_spread(
        &mut self,
        world: &World<'a>,
        namespace: &'a str,
        selector: &'a LabelSelector,
    ) -> Arc<Vec<usize>> {
        let Self { by_namespace, spreads, .. } = self;
        let select = || {
            let all = by_namespace.get(namespace).into_iter().flatten().copied();
            Arc::new(all.filter(|spec| selector.selects(&world.specs[*spec].labels)).collect())
        };
        spreads.entry((namespace, selector)).or_insert_with(select).clone()
    }

    /// Specs that a term of affinity or anti-affinity is about.
    pub(super) fn of_term(
        &mut self,
        world: &World<'a>,
        term: &'a PodAffinityTerm,
    ) -> Arc<Vec<usize>> {
        let Self { by_namespace, terms, .. } = self;
        let select = || {
            let spaces = by_namespace.iter().filter(|(name, _)| term.namespaces.contains(name));
            let all = spaces.flat_map(|(_, specs)| specs.iter().copied());
            let mut selected: Vec<usize> =
                all.filter(|spec| term.selector.selects(&world.specs[*spec].labels)).collect();
            selected.sort_unstable();
            Arc::new(selected)
        };
        terms.entry(term).or_insert_with(select).clone()
    }
}
