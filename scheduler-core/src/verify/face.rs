//! The face that a new node shows to pods: labels and taints. Nodes with the same face take the
//! same pods and carry the same daemons, so each question is answered once per face.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::world::admitted;
use crate::model::well_known::is_of_offering;
use crate::model::{HostPort, Labels, PodSpec, Requirements, Resources, Taint, Toleration};
use crate::plan::PlannedNode;
use crate::snapshot::Supply;

/// Faces seen so far.
#[derive(Debug)]
pub(super) struct Faces<'a> {
    supply: &'a Supply,
    specs: usize,
    all: Vec<Face>,
    numbers: BTreeMap<(Cow<'a, Labels>, &'a [Taint]), usize>,
    /// By address of shared labels: taints and number of the face last found with them.
    by_address: BTreeMap<usize, (&'a [Taint], usize)>,
}

/// What follows from labels and taints.
#[derive(Debug)]
pub(super) struct Face {
    /// Requests of the daemons that run on such a node.
    pub(super) daemons: Resources,
    /// The same with the daemons that would run in another zone or with another capacity type:
    /// EC2 picks among the offerings of a launch, so room may be kept for them.
    pub(super) daemons_anywhere: Resources,
    /// Host ports of the daemons.
    pub(super) daemon_ports: Vec<HostPort>,
    verdicts: Vec<Option<Verdict>>,
}

/// Whether a pod may run on a node with these labels and taints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may.
    Admitted,
    /// A taint keeps it off.
    Tainted,
    /// The labels satisfy none of its alternatives.
    Unmet,
}

impl<'a> Faces<'a> {
    /// No faces yet, for so many distinct specs.
    pub(super) fn new(supply: &'a Supply, specs: usize) -> Self {
        Self {
            supply,
            specs,
            all: Vec::new(),
            numbers: BTreeMap::new(),
            by_address: BTreeMap::new(),
        }
    }

    /// The number of a face.
    pub(super) fn number(&mut self, labels: Cow<'a, Labels>, taints: &'a [Taint]) -> usize {
        let Self { supply, specs, all, numbers, .. } = self;
        let key = (labels, taints);
        if let Some(number) = numbers.get(&key) {
            return *number;
        }
        all.push(face(supply, *specs, &key.0, taints));
        numbers.insert(key, all.len() - 1);
        all.len() - 1
    }

    /// The number of the face of a planned node.
    pub(super) fn of_node(&mut self, node: &'a PlannedNode) -> usize {
        let address = Arc::as_ptr(&node.labels).addr();
        if let Some((taints, number)) = self.by_address.get(&address)
            && *taints == node.taints.as_slice()
        {
            return *number;
        }
        let number = self.number(Cow::Borrowed(&node.labels), &node.taints);
        self.by_address.insert(address, (&node.taints, number));
        number
    }

    /// The face of a number.
    pub(super) fn get(&self, number: usize) -> &Face {
        &self.all[number]
    }

    /// Whether the pods of a spec may run on a node with this face, given the labels and taints
    /// that the face was made from.
    pub(super) fn verdict(
        &mut self,
        number: usize,
        (index, spec): (usize, &PodSpec),
        labels: &Labels,
        taints: &[Taint],
    ) -> Verdict {
        *self.all[number].verdicts[index].get_or_insert_with(|| judge(spec, labels, taints))
    }
}

/// Whether the pods of a spec may run on a node with these labels and taints.
fn judge(spec: &PodSpec, labels: &Labels, taints: &[Taint]) -> Verdict {
    if first_untolerated(&spec.tolerations, taints).is_some() {
        Verdict::Tainted
    } else if admitted(&spec.node_alternatives, |key| labels.get(key).map(String::as_str)) {
        Verdict::Admitted
    } else {
        Verdict::Unmet
    }
}

/// The first hard taint that no toleration covers.
pub(super) fn first_untolerated<'t>(
    tolerations: &[Toleration],
    taints: &'t [Taint],
) -> Option<&'t Taint> {
    let covered = |taint: &Taint| tolerations.iter().any(|one| one.tolerates(taint));
    taints.iter().find(|taint| taint.is_hard() && !covered(taint))
}

fn face(supply: &Supply, specs: usize, labels: &Labels, taints: &[Taint]) -> Face {
    let mut face = Face {
        daemons: Resources::default(),
        daemons_anywhere: Resources::default(),
        daemon_ports: Vec::new(),
        verdicts: vec![None; specs],
    };
    for daemon_set in &supply.daemon_sets {
        let spec = &daemon_set.spec;
        match judge(spec, labels, taints) {
            Verdict::Admitted => {
                face.daemons.add(&spec.requests);
                face.daemons_anywhere.add(&spec.requests);
                face.daemon_ports.extend(spec.host_ports.iter().cloned());
            }
            Verdict::Unmet if spec.node_alternatives.iter().any(|one| elsewhere(one, labels)) => {
                face.daemons_anywhere.add(&spec.requests);
            }
            Verdict::Unmet | Verdict::Tainted => {}
        }
    }
    face
}

/// Whether everything is satisfied but what offerings decide.
fn elsewhere(alternative: &Requirements, labels: &Labels) -> bool {
    alternative.iter().all(|(key, wanted)| {
        is_of_offering(key) || wanted.admits(labels.get(key).map(String::as_str))
    })
}
