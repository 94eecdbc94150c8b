//! What lowering remembers between steps: everything that depends on the supply alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Problem;
use super::admission::{Admission, Admissions, narrowed};
use super::class::{Class, group};
use super::dims::Dims;
use super::rules::Rules;
use super::shapes::{ShapeTable, open_keys_of};
use super::sites::{Site, SiteSummary, Summaries};
use crate::model::{PodSpec, Price, Requirements};
use crate::plan::MinValuesPolicy;
use crate::snapshot::{ClusterSnapshot, Supply};

/// The lowered supply, with caches that never change a result.
#[derive(Debug)]
pub(crate) struct Lowering {
    supply: Arc<Supply>,
    interruption_cost: Price,
    blast_radius_percent: Option<u32>,
    open_keys: BTreeSet<String>,
    named: BTreeMap<String, BTreeSet<String>>,
    table: Arc<ShapeTable>,
    admissions: Admissions,
    summaries: Summaries,
}

impl Lowering {
    /// Lowers a supply.
    pub(crate) fn new(
        supply: Arc<Supply>,
        interruption_cost: Price,
        blast_radius_percent: Option<u32>,
    ) -> Self {
        let named = BTreeMap::new();
        let table = Arc::new(ShapeTable::new(&supply, &named, interruption_cost));
        Self {
            open_keys: open_keys_of(&supply),
            supply,
            interruption_cost,
            blast_radius_percent,
            named,
            table,
            admissions: Admissions::default(),
            summaries: Summaries::default(),
        }
    }

    /// Whether this is the lowered form of the supply.
    pub(crate) fn is_of(&self, supply: &Arc<Supply>) -> bool {
        Arc::ptr_eq(&self.supply, supply)
    }

    /// The admission of a pod, its preferences left out.
    pub(crate) fn admission(&mut self, spec: &PodSpec) -> Arc<Admission> {
        let Self { supply, table, admissions, .. } = self;
        admissions.get(supply, table, &spec.node_alternatives, &spec.tolerations)
    }

    /// The problem of a snapshot with the same supply.
    pub(crate) fn problem<'a>(&mut self, snapshot: &'a ClusterSnapshot) -> Problem<'a> {
        let groups = group(&snapshot.pending);
        self.name_values(groups.iter().map(|(spec, _)| spec.as_ref()));
        let dims = Dims::new(groups.iter().map(|(spec, _)| &spec.requests));
        let rooms: Vec<Vec<i64>> =
            self.table.rows.iter().map(|row| dims.lower(&row.room)).collect();
        let largest = |dim: usize| rooms.iter().map(|room| room[dim]).max().unwrap_or(0);
        let largest = (0..dims.len()).map(largest).collect();
        let mut admissions = AdmissionList::default();
        let mut classes: Vec<Class> = groups
            .into_iter()
            .map(|(spec, pods)| {
                let base = self.admission(&spec);
                let request = dims.lower(&spec.requests);
                let preferred = self.preferred(&spec, &base, &request, &rooms);
                Class {
                    pods,
                    request,
                    admission: admissions.number(base),
                    preferred: preferred.map(|one| admissions.number(one)),
                    per_node: i64::MAX,
                    spec,
                }
            })
            .collect();
        let summaries = self.summaries.of(&self.supply, &snapshot.nodes);
        if let Some(percent) = self.blast_radius_percent {
            limit_blast_radius(&mut classes, &summaries, percent);
        }
        let Self { table, admissions: cache, .. } = self;
        let rules = Rules::new(snapshot, &summaries, &classes, table, cache);
        let sites = snapshot.nodes.iter().zip(summaries).map(|(node, summary)| Site {
            free: dims.lower(&summary.free),
            summary,
            open: !node.node.deleting,
        });
        Problem {
            snapshot,
            sites: sites.collect(),
            table: self.table.clone(),
            dims,
            rooms,
            largest,
            classes,
            admissions: admissions.all,
            rules,
            min_values_policy: MinValuesPolicy::Strict,
        }
    }

    /// Tells apart the values that pods name for labels which pools leave open.
    fn name_values<'p>(&mut self, specs: impl Iterator<Item = &'p PodSpec>) {
        if self.open_keys.is_empty() {
            return;
        }
        let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for spec in specs {
            let preferred = spec.node_preferences.iter().map(|term| &term.requirements);
            for (key, requirement) in
                spec.node_alternatives.iter().chain(preferred).flat_map(Requirements::iter)
            {
                if self.open_keys.contains(key) {
                    let values = requirement.named_values().map(str::to_owned);
                    named.entry(key.to_owned()).or_default().extend(values);
                }
            }
        }
        if named != self.named {
            self.table = Arc::new(ShapeTable::new(&self.supply, &named, self.interruption_cost));
            self.named = named;
            self.admissions = Admissions::default();
        }
    }

    /// The shapes that suit as many preferences as are worth their price, heaviest first.
    fn preferred(
        &mut self,
        spec: &PodSpec,
        base: &Arc<Admission>,
        request: &[i64],
        rooms: &[Vec<i64>],
    ) -> Option<Arc<Admission>> {
        if spec.node_preferences.is_empty() {
            return None;
        }
        let free_choice = self.cheapest_share(base, request, rooms)?;
        let mut alternatives = spec.node_alternatives.clone();
        let mut worth = 1000;
        let mut best = None;
        for term in &spec.node_preferences {
            let tried = narrowed(&alternatives, &term.requirements);
            let Self { supply, table, admissions, .. } = self;
            let admission = admissions.get(supply, table, &tried, &spec.tolerations);
            let share = self.cheapest_share(&admission, request, rooms);
            let most = free_choice * (worth + i128::from(term.weight)) / 1000;
            if share.is_some_and(|share| share <= most) {
                worth += i128::from(term.weight);
                alternatives = tried;
                best = Some(admission);
            }
        }
        best
    }

    /// Least price of the share of a node that a pod takes up, in fractions of a micro-dollar.
    fn cheapest_share(
        &self,
        admission: &Admission,
        request: &[i64],
        rooms: &[Vec<i64>],
    ) -> Option<i128> {
        let shares = admission.usable.iter().filter_map(|index| {
            let shape = &self.table.shapes[index];
            share(shape.risk_price, request, &rooms[shape.row])
        });
        shares.min()
    }
}

/// Limits how many pods of a class go on one node to a share of all its pods, waiting and bound.
fn limit_blast_radius(classes: &mut [Class], summaries: &[Arc<SiteSummary>], percent: u32) {
    let mut bound: BTreeMap<&PodSpec, i64> = BTreeMap::new();
    for (spec, pods) in summaries.iter().flat_map(|summary| &summary.bound) {
        *bound.entry(spec).or_default() += pods;
    }
    for class in classes {
        let bound = bound.get(class.spec.as_ref()).copied().unwrap_or(0);
        let replicas = class.pods.len() as i64 + bound;
        class.per_node = (replicas * i64::from(percent) / 100).max(1);
    }
}

/// Price of the share of a node that a pod takes up in the resource it needs most of, in 2⁻²⁰
/// micro-dollars an hour; `None` if it does not fit.
pub(crate) fn share(price: Price, request: &[i64], room: &[i64]) -> Option<i128> {
    if !super::dims::fits(request, room) {
        return None;
    }
    let shares = request.iter().zip(room).filter(|(asked, _)| **asked > 0).map(|(asked, room)| {
        (i128::from(price.micro_usd()) << 20) * i128::from(*asked) / i128::from(*room)
    });
    Some(shares.max().unwrap_or(0))
}

/// Admissions of one problem, numbered.
#[derive(Debug, Default)]
struct AdmissionList {
    all: Vec<Arc<Admission>>,
    numbers: BTreeMap<usize, usize>,
}

impl AdmissionList {
    fn number(&mut self, admission: Arc<Admission>) -> usize {
        *self.numbers.entry(Arc::as_ptr(&admission).addr()).or_insert_with(|| {
            self.all.push(admission);
            self.all.len() - 1
        })
    }
}
