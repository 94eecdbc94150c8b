//! Pods that wait for new nodes, by class and by the shapes that they may go to.

use std::sync::Arc;

use crate::pack::state::State;
use crate::problem::BitSet;

/// Pods of one class that may go to the same shapes.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) class: usize,
    pub(crate) shapes: Arc<BitSet>,
    /// Pods without a node yet.
    pub(crate) left: i64,
    /// A shape of the domain into which the pods have been put, if they have.
    pub(crate) domain_of: Option<usize>,
}

/// The parts of classes that no rule ties to domains.
pub(crate) fn parts(state: &State<'_>, classes: &[usize]) -> Vec<Part> {
    let problem = state.problem;
    let mut parts = Vec::new();
    for class in classes {
        let one = &problem.classes[*class];
        if state.remaining[*class] == 0 || one.spec.unsupported.is_some() {
            continue;
        }
        let mut shapes = problem.admissions[one.wanted()].usable.clone();
        if !one.spec.host_ports.is_empty() || problem.shared.has(*class) {
            let mut suiting = BitSet::new(problem.table.shapes.len());
            let all = shapes.iter().filter(|shape| problem.suits(*class, *shape));
            all.for_each(|shape| suiting.insert(shape));
            shapes = Arc::new(suiting);
        }
        parts.push(Part { class: *class, shapes, left: state.remaining[*class], domain_of: None });
    }
    parts
}
