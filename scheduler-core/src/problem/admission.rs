//! Which shapes admit a pod: node selection and tolerations, answered once for all pods that say
//! the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bitset::BitSet;
use super::shapes::{Row, ShapeTable, tolerates_taints};
use crate::model::well_known::{HOSTNAME, is_of_offering};
use crate::model::{Requirement, Requirements, Toleration};
use crate::snapshot::Supply;

/// What decides about admission.
type Face = (Vec<Requirements>, Vec<Toleration>);

/// Shapes that admit pods with the same face.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    /// Whether they are on sale or not.
    pub(crate) admitted: BitSet,
    /// Those on sale on which daemons fit.
    pub(crate) usable: Arc<BitSet>,
}

/// Admissions known so far for one table of shapes.
#[derive(Debug, Default)]
pub(crate) struct Admissions {
    by_face: BTreeMap<Face, Arc<Admission>>,
}

/// Faces that are kept at most; clusters have dozens. A fuller cache is emptied.
const FACES_MAX: usize = 4096;

impl Admissions {
    /// The admission of pods with these alternatives and tolerations.
    pub(crate) fn get(
        &mut self,
        supply: &Supply,
        table: &ShapeTable,
        alternatives: &[Requirements],
        tolerations: &[Toleration],
    ) -> Arc<Admission> {
        if self.by_face.len() >= FACES_MAX {
            self.by_face.clear();
        }
        let face = (alternatives.to_vec(), tolerations.to_vec());
        self.by_face
            .entry(face)
            .or_insert_with(|| Arc::new(admission(supply, table, alternatives, tolerations)))
            .clone()
    }
}

/// Every alternative with a preferred term added.
pub(crate) fn narrowed(alternatives: &[Requirements], term: &Requirements) -> Vec<Requirements> {
    alternatives.iter().map(|alternative| alternative.and(term)).collect()
}

fn admission(
    supply: &Supply,
    table: &ShapeTable,
    alternatives: &[Requirements],
    tolerations: &[Toleration],
) -> Admission {
    let mut admitted = BitSet::new(table.shapes.len());
    let mut usable = BitSet::new(table.shapes.len());
    let tolerated: Vec<bool> =
        supply.node_pools.iter().map(|pool| tolerates_taints(tolerations, &pool.taints)).collect();
    let split: Vec<Split<'_>> = alternatives.iter().map(Split::new).collect();
    for row in table.rows.iter().filter(|row| tolerated[row.pool]) {
        let matching: Vec<&Split<'_>> = split.iter().filter(|one| one.admits_row(row)).collect();
        if matching.is_empty() {
            continue;
        }
        for index in row.shapes.clone() {
            let shape = &table.shapes[index];
            if matching.iter().any(|one| one.admits_offering(|key| table.label(shape, key))) {
                admitted.insert(index);
                if shape.available && row.usable {
                    usable.insert(index);
                }
            }
        }
    }
    Admission { admitted, usable: Arc::new(usable) }
}

/// An alternative, split by what an instance type decides and what an offering decides.
struct Split<'a> {
    of_row: Vec<(&'a str, &'a Requirement)>,
    of_offering: Vec<(&'a str, &'a Requirement)>,
}

impl<'a> Split<'a> {
    fn new(alternative: &'a Requirements) -> Self {
        let offered = |(key, _): &(&str, _)| is_of_offering(key);
        let (of_offering, of_row) = alternative.iter().partition(offered);
        Self { of_row, of_offering }
    }

    fn admits_row(&self, row: &Row) -> bool {
        // The name of a new node is not known, so nothing can ask for it.
        let label = |key: &str| if key == HOSTNAME { None } else { row.label(key) };
        self.of_row.iter().all(|(key, wanted)| wanted.admits(label(key)))
    }

    fn admits_offering<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.of_offering.iter().all(|(key, wanted)| wanted.admits(label(key)))
    }
}
