//! A snapshot as dense indices: what is to be packed into what.
//!
//! Names and labels are looked at here and nowhere in `pack`: a pod class knows the shapes that
//! admit it as a bitset, its requests as a vector, and the rules between pods as numbers.

pub(crate) mod admission;
pub(crate) mod bitset;
pub(crate) mod cache;
pub(crate) mod class;
pub(crate) mod dims;
pub(crate) mod rules;
pub(crate) mod shapes;
pub(crate) mod shared;
pub(crate) mod sites;
pub(crate) mod stand_in;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use admission::Admission;
pub(crate) use bitset::BitSet;
pub(crate) use cache::Lowering;
pub(crate) use class::Class;
use dims::{Dims, take};
use rules::Rules;
use shapes::ShapeTable;
use shared::SharedVolumes;
use sites::Site;
use stand_in::Lacking;

use crate::engine::MinValuesPolicy;
use crate::model::Resources;
use crate::snapshot::ClusterSnapshot;
use crate::solution::Content;

/// What is to be packed into what.
#[derive(Clone, Debug)]
pub(crate) struct Problem<'a> {
    pub(crate) snapshot: &'a ClusterSnapshot,
    pub(crate) dims: Dims,
    /// What can be bought.
    pub(crate) table: Arc<ShapeTable>,
    /// By row of the table: room for pods, less what is kept for volumes that they share.
    pub(crate) rooms: Vec<Vec<i64>>,
    /// The most room for pods that any row has, by resource.
    pub(crate) largest: Vec<i64>,
    /// Identical pods.
    pub(crate) classes: Vec<Class>,
    pub(crate) admissions: Vec<Arc<Admission>>,
    /// Existing nodes, in the snapshot's order.
    pub(crate) sites: Vec<Site>,
    pub(crate) rules: Rules,
    pub(crate) shared: SharedVolumes,
    /// Whether fewer values than `minValues` will do.
    pub(crate) min_values_policy: MinValuesPolicy,
}

impl Problem<'_> {
    /// Room for pods on a shape.
    pub(crate) fn room(&self, shape: usize) -> &[i64] {
        &self.rooms[self.table.shapes[shape].row]
    }

    /// Room for pods on a shape, with what is kept for volumes that they share.
    pub(crate) fn whole_room(&self, shape: usize) -> Cow<'_, [i64]> {
        self.shared.whole(self.table.shapes[shape].row, self.room(shape))
    }

    /// What a new node of the shape leaves for pods of a class beside these contents; `None` if the
    /// volumes that the class shares have no place there.
    pub(crate) fn room_beside(
        &self,
        class: usize,
        shape: usize,
        contents: &[Content],
    ) -> Option<Vec<i64>> {
        let mut room = self.whole_room(shape).into_owned();
        for (other, pods) in contents {
            take(&mut room, &self.classes[*other].request, *pods);
        }
        let others = contents.iter().map(|(other, _)| *other);
        let before = self.shared.places(others.clone());
        let after = self.shared.places(others.chain([class]));
        take(&mut room, &after, 1);
        let mut places = before.iter().zip(&after).zip(&room);
        places.all(|((before, after), room)| before == after || *room >= 0).then_some(room)
    }

    /// The pool of a shape and the capacity of its nodes.
    pub(crate) fn pool_and_capacity(&self, shape: usize) -> (usize, &Resources) {
        let row = &self.table.rows[self.table.shapes[shape].row];
        let supply = &self.snapshot.supply;
        let catalog = supply.catalog(&supply.node_pools[row.pool]);
        (row.pool, &catalog[row.instance_type].capacity)
    }

    /// The existing node on which an earlier plan expects a waiting pod, if it is still there.
    pub(crate) fn nominated_site(&self, pod: usize) -> Option<usize> {
        let name = self.snapshot.pending[pod].nominated.as_ref()?;
        self.snapshot.nodes.binary_search_by(|node| node.node.name.cmp(name)).ok()
    }

    /// The reservation that a shape is part of.
    pub(crate) fn reservation(&self, shape: usize) -> Option<usize> {
        self.table.shapes[shape].reservation
    }

    /// Whether shapes of one pool offer as many values as its `minValues` ask for.
    pub(crate) fn min_values_hold(
        &self,
        pool: usize,
        shapes: &(impl Iterator<Item = usize> + Clone),
    ) -> bool {
        self.first_lacking(pool, shapes).is_none()
    }

    /// The first label of which shapes of one pool offer fewer values than its `minValues` ask for.
    fn first_lacking(
        &self,
        pool: usize,
        shapes: &(impl Iterator<Item = usize> + Clone),
    ) -> Option<Lacking<'_>> {
        let requirements = &self.snapshot.supply.node_pools[pool].requirements;
        requirements.iter().find_map(|(key, requirement)| {
            let wanted = requirement.min_values.filter(|wanted| *wanted > 0)?;
            let values =
                shapes.clone().filter_map(|shape| self.table.label(&self.table.shapes[shape], key));
            let available = values.collect::<BTreeSet<&str>>().len() as u32;
            (available < wanted).then_some(Lacking { key, wanted, available })
        })
    }

    /// Whether the shape's daemons leave the host ports of the class alone.
    pub(crate) fn ports_clear(&self, class: usize, shape: usize) -> bool {
        let row = &self.table.rows[self.table.shapes[shape].row];
        !self.classes[class].clashes(&row.ports)
    }

    /// Whether a node of the shape without pods would do for the class, but for the room: its daemons
    /// leave the host ports alone, and it has places for volumes that pods share.
    pub(crate) fn suits(&self, class: usize, shape: usize) -> bool {
        self.ports_clear(class, shape) && self.shared.row_suits(class, self.table.shapes[shape].row)
    }

    /// Whether rules, host ports, shared volumes or a share limit how many pods of the class go on
    /// one node.
    pub(crate) fn is_limited(&self, class: usize) -> bool {
        self.is_limited_by_itself(class) || self.host_rules(class).next().is_some()
    }

    /// Whether host ports, shared volumes or a share limit how many pods of the class go on one node.
    pub(crate) fn is_limited_by_itself(&self, class: usize) -> bool {
        let one = &self.classes[class];
        !one.spec.host_ports.is_empty() || self.shared.limit(class) || one.per_node < i64::MAX
    }

    /// The rules that limit how many pods of the class go on one node.
    pub(crate) fn host_rules(&self, class: usize) -> impl Iterator<Item = usize> {
        self.rules.of_class[class].iter().copied().filter(|rule| {
            let rule = &self.rules.all[*rule];
            rule.places[0] == rules::Place::Host && !matches!(rule.kind, rules::Kind::Affinity)
        })
    }

    /// Whether the limits of the class on one node depend on pods of other classes.
    pub(crate) fn minds_others(&self, class: usize) -> bool {
        let others = |of: &[bool]| (0..of.len()).any(|other| other != class && of[other]);
        let ports = |other: &Class| !other.spec.host_ports.is_empty();
        self.shared.limit(class)
            || !self.classes[class].spec.host_ports.is_empty()
                && self.classes.iter().enumerate().any(|(at, one)| at != class && ports(one))
            || self.rules.of_class[class].iter().any(|rule| {
                let rule = &self.rules.all[*rule];
                rule.places[0] == rules::Place::Host
                    && !matches!(rule.kind, rules::Kind::Affinity)
                    && (others(&rule.owner) || others(&rule.selected))
            })
    }

    /// Whether no node, old or new, ever holds two pods of the class: they clash over a host port
    /// or keep away from each other.
    pub(crate) fn is_alone_of_its_kind(&self, class: usize) -> bool {
        !self.classes[class].spec.host_ports.is_empty()
            || self.rules.of_class[class].iter().any(|rule| {
                let rule = &self.rules.all[*rule];
                matches!(rule.kind, rules::Kind::Anti)
                    && rule.places[0] == rules::Place::Host
                    && rule.owner[class]
                    && rule.selected[class]
            })
    }

    /// Shapes that a class may be put on.
    pub(crate) fn usable(&self, class: usize) -> &Arc<BitSet> {
        &self.admissions[self.classes[class].admission].usable
    }
}
