//! A packing in the making.

use std::sync::Arc;

use crate::column::rows::Hints;
use crate::pack::existing::Order;
use crate::pack::limits::Limits;
use crate::pack::topology::{Bin, Counts, Scope, allowance, allowance_of_rules};
use crate::problem::Problem;
use crate::problem::dims::{fits, take, times_fitting};
use crate::problem::sites::site_admits;
use crate::solution::{Content, NewNode, Rank, Setback, Solution, add_content, rank};

/// Free room, contents and counts, and what is still to be placed.
#[derive(Clone, Debug)]
pub(crate) struct State<'p> {
    pub(crate) problem: &'p Problem<'p>,
    /// By existing node: free amounts.
    pub(crate) free: Vec<Vec<i64>>,
    pub(crate) on_sites: Vec<Vec<Content>>,
    /// By existing node: pods that an earlier plan expected there and that stay.
    pub(crate) kept: Vec<Vec<Content>>,
    pub(crate) nodes: Vec<NewNode>,
    /// By class: pods without a place yet.
    pub(crate) remaining: Vec<i64>,
    pub(crate) counts: Counts,
    pub(crate) setbacks: Vec<Option<Setback>>,
    pub(crate) limits: Limits,
    /// Which pods get the free room of existing nodes first.
    pub(crate) order: Order,
    /// Steps for a better packing of new nodes.
    pub(crate) steps: u32,
    pub(crate) candidates: usize,
    pub(crate) patterns: usize,
    /// What column generation found for most of the new nodes.
    pub(crate) hints: Option<Hints>,
    /// By admission: existing nodes that admit it, once asked for.
    admitting: Vec<Option<Arc<Vec<usize>>>>,
}

impl<'p> State<'p> {
    pub(crate) fn new(problem: &'p Problem<'p>, order: Order, steps: u32) -> Self {
        Self {
            order,
            free: problem.sites.iter().map(|site| site.free.clone()).collect(),
            on_sites: vec![Vec::new(); problem.sites.len()],
            kept: vec![Vec::new(); problem.sites.len()],
            nodes: Vec::new(),
            remaining: problem.classes.iter().map(|class| class.pods.len() as i64).collect(),
            counts: Counts::new(problem),
            setbacks: vec![None; problem.classes.len()],
            limits: Limits::new(problem),
            steps,
            candidates: 0,
            patterns: 0,
            hints: None,
            admitting: vec![None; problem.admissions.len()],
            problem,
        }
    }

    /// Goes on from a packing, which may be that of the same problem with more rules.
    pub(crate) fn resume(problem: &'p Problem<'p>, solution: Solution) -> Self {
        let mut state = Self::new(problem, Order::Size, 0);
        for (site, contents) in solution.on_sites.iter().enumerate() {
            for (class, pods) in contents {
                state.put_on_site(*class, site, *pods);
            }
        }
        for (number, class) in problem.classes.iter().enumerate() {
            for site in class.pods.iter().filter_map(|pod| problem.nominated_site(*pod)) {
                let pods_of = |contents: &[Content]| {
                    let found = contents.iter().find(|(class, _)| *class == number);
                    found.map_or(0, |(_, pods)| *pods)
                };
                if pods_of(&state.kept[site]) < pods_of(&state.on_sites[site]) {
                    add_content(&mut state.kept[site], number, 1);
                }
            }
        }
        for node in solution.nodes {
            state.open(node.shape, node.contents, Some(Scope::All));
        }
        let rules = problem.rules.all.len();
        let is_known = |setback: &Setback| !matches!(setback, Setback::Rule(one) if *one >= rules);
        state.setbacks =
            solution.setbacks.into_iter().map(|setback| setback.filter(is_known)).collect();
        state.candidates = solution.candidates;
        state.patterns = solution.patterns;
        state.hints = solution.hints;
        state
    }

    /// Existing nodes on which pods of the class may be placed, room and rules left aside.
    pub(crate) fn sites_admitting(&mut self, class: usize) -> Arc<Vec<usize>> {
        let problem = self.problem;
        let class = &problem.classes[class];
        if class.spec.unsupported.is_some() {
            return Arc::default();
        }
        let admits = |site: &usize| {
            problem.sites[*site].open && site_admits(&problem.snapshot.nodes[*site], &class.spec)
        };
        self.admitting[class.admission]
            .get_or_insert_with(|| Arc::new((0..problem.sites.len()).filter(admits).collect()))
            .clone()
    }

    /// Whether one more pod of an admitted class may be placed on an existing node.
    pub(crate) fn site_allows(&self, class: usize, site: usize) -> bool {
        fits(&self.problem.classes[class].request, &self.free[site])
            && self.site_volumes_allow(class, site)
            && self.site_ports_allow(class, site)
            && self.site_share_allows(class, site)
            && self.counts.first_broken(self.problem, class, Bin::Site(site)).is_none()
    }

    fn site_ports_allow(&self, class: usize, site: usize) -> bool {
        let class = &self.problem.classes[class];
        let ports_of = |other: usize| &self.problem.classes[other].spec.host_ports;
        let mut placed = self.on_sites[site].iter();
        !class.clashes(&self.problem.sites[site].summary.ports)
            && !placed.any(|(other, _)| class.clashes(ports_of(*other)))
    }

    /// Whether the node has places for the volumes that pods of the class share with others.
    fn site_volumes_allow(&self, class: usize, site: usize) -> bool {
        if !self.problem.shared.has(class) {
            return true;
        }
        let mut asked = self.places_of(site, Some(class));
        take(&mut asked, &self.places_of(site, None), 1);
        take(&mut asked, &self.problem.classes[class].request, -1);
        fits(&asked, &self.free[site])
    }

    /// Places of an existing node for the shared volumes of pods that are put there, one of this
    /// class added.
    fn places_of(&self, site: usize, more: Option<usize>) -> Vec<i64> {
        let placed = self.on_sites[site].iter().map(|(class, _)| *class);
        self.problem.shared.places_on_site(site, placed.chain(more))
    }

    /// Whether the node does not hold its share of a workload yet.
    fn site_share_allows(&self, class: usize, site: usize) -> bool {
        let one = &self.problem.classes[class];
        if one.per_node == i64::MAX {
            return true;
        }
        let bound = self.problem.sites[site].summary.bound.iter();
        let placed = self.on_sites[site].iter().find(|(other, _)| *other == class);
        let bound: i64 = bound.filter(|(spec, _)| *spec == one.spec).map(|(_, pods)| pods).sum();
        bound + placed.map_or(0, |(_, pods)| *pods) < one.per_node
    }

    /// Places pods of a class on an existing node.
    pub(crate) fn put_on_site(&mut self, class: usize, site: usize, pods: i64) {
        take(&mut self.free[site], &self.problem.classes[class].request, pods);
        if self.problem.shared.has(class) {
            let before = self.places_of(site, None);
            add_content(&mut self.on_sites[site], class, pods);
            take(&mut self.free[site], &before, -1);
            let after = self.places_of(site, None);
            take(&mut self.free[site], &after, 1);
        } else {
            add_content(&mut self.on_sites[site], class, pods);
        }
        self.counts.record(self.problem, (class, pods), Bin::Site(site), Scope::All);
        self.remaining[class] -= pods;
    }

    /// Whether the limits of the shape's pool leave room for one more node of it.
    pub(crate) fn limits_allow(&self, shape: usize) -> bool {
        self.limits.allow(self.problem, shape)
    }

    /// Buys a node for these pods. The counts of single nodes are kept by the caller's scope.
    pub(crate) fn open(&mut self, shape: usize, contents: Vec<Content>, scope: Option<Scope>) {
        self.limits.take(self.problem, &[shape]);
        let bin = Bin::Node(self.nodes.len(), shape);
        for content in &contents {
            self.remaining[content.0] -= content.1;
            if let Some(scope) = scope {
                self.counts.record(self.problem, *content, bin, scope);
            }
        }
        self.nodes.push(NewNode { shape, contents });
    }

    /// How many more pods of a class fit next to these contents of a new node, shared volumes counted
    /// exactly.
    pub(crate) fn times_beside(&self, class: usize, shape: usize, contents: &[Content]) -> i64 {
        let Some(room) = self.problem.room_beside(class, shape, contents) else { return 0 };
        let allowed = allowance_of_rules(self.problem, class, contents.iter().copied());
        times_fitting(&self.problem.classes[class].request, &room).min(allowed)
    }

    /// How many more pods of a class fit next to these contents of a new node with this room, which
    /// keeps places for shared volumes.
    pub(crate) fn times_fitting(&self, class: usize, room: &[i64], contents: &[Content]) -> i64 {
        times_fitting(&self.problem.classes[class].request, room).min(allowance(
            self.problem,
            class,
            contents.iter().copied(),
        ))
    }

    /// Of two packings the one with the lower rank is better.
    pub(crate) fn rank(&self) -> Rank {
        rank(self.problem, &self.nodes, &self.remaining)
    }

    pub(crate) fn into_solution(self) -> Solution {
        let mut nodes = self.nodes;
        nodes.retain(|node| !node.contents.is_empty());
        Solution {
            on_sites: self.on_sites,
            nodes,
            unplaced: self.remaining,
            setbacks: self.setbacks,
            candidates: self.candidates,
            patterns: self.patterns,
            hints: self.hints,
        }
    }
}
