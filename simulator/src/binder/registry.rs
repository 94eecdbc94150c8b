//! Specs and the counters that they share.

use std::sync::Arc;

use scheduler_core::model::{
    NamespaceScope, PodAffinityTerm, PodSpec, SpreadPolicy, TopologySpread,
};

use super::counter::{Counted, Counter, Eligible};
use super::{Binder, SpecEntry, SpecId, Spread};

impl Binder {
    /// The id of a spec; equal specs have the same one.
    pub(crate) fn spec_id(&mut self, spec: &Arc<PodSpec>) -> SpecId {
        if let Some(id) = self.ids.get(spec) {
            return *id;
        }
        let required = spec.topology_spread.iter().filter(|spread| spread.required);
        let spreads = required.map(|spread| self.spread(spec, spread)).collect();
        let affinity = spec.pod_affinity.iter().map(|term| {
            let counts_itself = term.selects(&spec.namespace, &spec.labels);
            (
                self.counter(&term.topology_key, selected_by(term), Eligible::default()),
                counts_itself,
            )
        });
        let affinity = affinity.collect();
        let anti_affinity = spec.pod_anti_affinity.iter().map(|term| {
            self.counter(&term.topology_key, Counted::Carriers(term.clone()), Eligible::default());
            self.counter(&term.topology_key, selected_by(term), Eligible::default())
        });
        let anti_affinity = anti_affinity.collect();
        let indices = 0..self.counters.len();
        let counted_by =
            indices.clone().filter(|index| self.counters[*index].counted.includes(spec)).collect();
        let repelled_by = indices.filter(|index| self.repels(*index, spec)).collect();
        let id = SpecId(self.specs.len());
        self.specs.push(SpecEntry {
            spec: Arc::clone(spec),
            counted_by,
            spreads,
            affinity,
            anti_affinity,
            repelled_by,
        });
        self.ids.insert(Arc::clone(spec), id);
        id
    }

    fn spread(&mut self, spec: &PodSpec, spread: &TopologySpread) -> Spread {
        let honoured = |policy: SpreadPolicy| policy == SpreadPolicy::Honor;
        let eligible = Eligible {
            alternatives: honoured(spread.node_affinity_policy)
                .then(|| spec.spread_alternatives().to_vec()),
            tolerations: honoured(spread.node_taints_policy).then(|| spec.tolerations.clone()),
        };
        let namespaces = NamespaceScope::one(&spec.namespace);
        let counted = Counted::Selected(namespaces, spread.selector.clone());
        Spread {
            counter: self.counter(&spread.topology_key, counted, eligible),
            max_skew: i64::from(spread.max_skew),
            min_domains: spread.min_domains.unwrap_or(1) as usize,
            counts_itself: spread.selector.selects(&spec.labels),
        }
    }

    /// The counter for this question, made and filled if it is new.
    fn counter(&mut self, topology_key: &str, counted: Counted, eligible: Eligible) -> usize {
        let same = |one: &Counter| {
            one.topology_key == topology_key && one.counted == counted && one.eligible == eligible
        };
        if let Some(index) = self.counters.iter().position(same) {
            return index;
        }
        let index = self.counters.len();
        let mut counter = Counter::new(topology_key.to_owned(), counted, eligible);
        for host in self.nodes.values() {
            counter.node_joins(&host.labels, &host.taints);
            for (spec, count) in &host.pods {
                if counter.counted.includes(&self.specs[spec.0].spec) {
                    counter.pods_come(&host.labels, &host.taints, *count);
                }
            }
        }
        for entry in &mut self.specs {
            if counter.counted.includes(&entry.spec) {
                entry.counted_by.push(index);
            }
            if repels(&counter.counted, &entry.spec) {
                entry.repelled_by.push(index);
            }
        }
        self.counters.push(counter);
        index
    }

    fn repels(&self, counter: usize, spec: &PodSpec) -> bool {
        repels(&self.counters[counter].counted, spec)
    }
}

/// Whether the counted pods want a pod of this spec away.
fn repels(counted: &Counted, spec: &PodSpec) -> bool {
    match counted {
        Counted::Carriers(term) => term.selects(&spec.namespace, &spec.labels),
        Counted::Selected(..) => false,
    }
}

fn selected_by(term: &PodAffinityTerm) -> Counted {
    Counted::Selected(term.namespaces.clone(), term.selector.clone())
}
