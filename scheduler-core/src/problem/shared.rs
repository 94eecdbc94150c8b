//! Volumes that several pods mount, as numbers.
//!
//! What pods ask for adds up, but a shared volume takes one place of its node however many of its
//! pods are there. On existing nodes, and for pods that join a new node in the end, the places are
//! counted exactly. While new nodes are filled, each keeps a fixed number of places for shared
//! volumes, the same for every shape, and [`SharedVolumes::allow`] sees to it that no more come
//! together; so everything else still adds up.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::class::Class;
use super::dims::Dims;
use super::shapes::Row;
use super::sites::SiteSummary;
use crate::model::attachment::SharedVolume;
use crate::model::{PodSpec, Resources};
use crate::solution::Content;

/// The shared volumes of a problem.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedVolumes {
    /// By class: numbers of its volumes, ascending.
    of_class: Vec<Vec<usize>>,
    /// By volume: the resource that counts it.
    dim_of: Vec<usize>,
    /// By resource: places that every new node keeps.
    kept: Vec<i64>,
    /// Whether some node may not hold all of them together.
    is_tight: bool,
    /// By row: whether its nodes have the places that are kept.
    holding: Vec<bool>,
    /// By existing node: volumes that are attached already, ascending.
    attached: Vec<Vec<usize>>,
}

/// One unit of each resource that counts a shared volume of these pods.
pub(crate) fn counted<'a>(specs: impl Iterator<Item = &'a PodSpec>) -> Resources {
    let mut counted = Resources::default();
    for volume in specs.flat_map(|spec| &spec.shared_volumes) {
        counted.set(&volume.resource(), 1);
    }
    counted
}

impl SharedVolumes {
    /// The volumes of these classes. Takes what new nodes keep for them off their rooms.
    pub(crate) fn new<'a>(
        classes: &[Class],
        dims: &Dims,
        summaries: impl Iterator<Item = &'a SiteSummary>,
        (rows, rooms): (&[Row], &mut [Vec<i64>]),
    ) -> Self {
        let all: BTreeSet<&SharedVolume> =
            classes.iter().flat_map(|class| &class.spec.shared_volumes).collect();
        if all.is_empty() {
            return Self::default();
        }
        let numbers: BTreeMap<&SharedVolume, usize> =
            all.iter().enumerate().map(|(number, volume)| (*volume, number)).collect();
        let known = |volumes: &BTreeSet<SharedVolume>| -> Vec<usize> {
            volumes.iter().filter_map(|volume| numbers.get(volume).copied()).collect()
        };
        let dim = |volume: &SharedVolume| {
            let resource = volume.resource();
            dims.names().iter().position(|name| *name == resource)
        };
        let mut shared = Self {
            of_class: classes.iter().map(|class| known(&class.spec.shared_volumes)).collect(),
            // Every such resource is one of the problem's (`counted`).
            dim_of: all.iter().filter_map(|volume| dim(volume)).collect(),
            kept: vec![0; dims.len()],
            is_tight: false,
            holding: Vec::new(),
            attached: summaries.map(|summary| known(&summary.attached)).collect(),
        };
        for dim in 0..dims.len() {
            shared.keep(dim, classes, rows, rooms);
        }
        let holds = |room: &Vec<i64>| {
            shared.kept.iter().zip(room).all(|(kept, room)| *kept == 0 || kept <= room)
        };
        shared.holding = rooms.iter().map(holds).collect();
        for (room, _) in rooms.iter_mut().zip(&shared.holding).filter(|(_, holds)| **holds) {
            room.iter_mut().zip(&shared.kept).for_each(|(room, kept)| *room -= kept);
        }
        shared
    }

    /// Decides how many places of a resource new nodes keep: all that are wanted, but of the
    /// smallest node no greater share than shared volumes have among all, unless one pod needs more.
    fn keep(&mut self, dim: usize, classes: &[Class], rows: &[Row], rooms: &[Vec<i64>]) {
        let wanted = self.dim_of.iter().filter(|one| **one == dim).count() as i64;
        let of_one = |volumes: &Vec<usize>| {
            volumes.iter().filter(|volume| self.dim_of[**volume] == dim).count() as i64
        };
        let most = self.of_class.iter().map(of_one).max().unwrap_or(0);
        let own: i64 =
            classes.iter().map(|class| class.pods.len() as i64 * class.request[dim]).sum();
        let usable = rows.iter().zip(rooms).filter(|(row, room)| row.usable && room[dim] >= most);
        let least = usable.map(|(_, room)| room[dim]).min().unwrap_or(wanted);
        let share = i128::from(least) * i128::from(wanted) / i128::from((wanted + own).max(1));
        self.kept[dim] = wanted.min(most.max(share as i64));
        self.is_tight |= self.kept[dim] < wanted;
    }

    /// Whether pods of the class share volumes.
    pub(crate) fn has(&self, class: usize) -> bool {
        !self.of(class).is_empty()
    }

    /// Whether nodes of the row have the places that are kept for shared volumes, if the class needs
    /// them.
    pub(crate) fn row_suits(&self, class: usize, row: usize) -> bool {
        !self.has(class) || self.holding[row]
    }

    /// Whether it depends on the other pods of a new node whether one of the class can join them.
    pub(crate) fn limit(&self, class: usize) -> bool {
        self.is_tight && self.has(class)
    }

    /// Whether the volumes of the class and of these contents of a new node have the places that are
    /// kept.
    pub(crate) fn allow(&self, class: usize, contents: impl Iterator<Item = Content>) -> bool {
        if !self.limit(class) {
            return true;
        }
        let classes = contents.map(|(other, _)| other).chain([class]);
        self.places(classes).iter().zip(&self.kept).all(|(places, kept)| places <= kept)
    }

    /// By resource: places that the volumes of these classes take together.
    pub(crate) fn places(&self, classes: impl Iterator<Item = usize>) -> Vec<i64> {
        self.count_all(classes, |_| true)
    }

    /// The same on an existing node, beside the volumes that are attached there already.
    pub(crate) fn places_on_site(
        &self,
        site: usize,
        classes: impl Iterator<Item = usize>,
    ) -> Vec<i64> {
        self.count_all(classes, |volume| self.attached[site].binary_search(&volume).is_err())
    }

    /// Room of a row's nodes with what is kept for shared volumes.
    pub(crate) fn whole<'r>(&self, row: usize, room: &'r [i64]) -> Cow<'r, [i64]> {
        if self.holding.get(row) == Some(&true) {
            Cow::Owned(room.iter().zip(&self.kept).map(|(room, kept)| room + kept).collect())
        } else {
            Cow::Borrowed(room)
        }
    }

    fn of(&self, class: usize) -> &[usize] {
        self.of_class.get(class).map_or(&[], Vec::as_slice)
    }

    fn count_all(
        &self,
        classes: impl Iterator<Item = usize>,
        counts: impl Fn(usize) -> bool,
    ) -> Vec<i64> {
        let mut places = vec![0; self.kept.len()];
        let volumes: BTreeSet<usize> = classes.flat_map(|class| self.of(class)).copied().collect();
        for volume in volumes.into_iter().filter(|volume| counts(*volume)) {
            places[self.dim_of[volume]] += 1;
        }
        places
    }
}
