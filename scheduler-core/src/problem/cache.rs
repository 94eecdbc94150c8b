//! What lowering remembers between steps: everything that depends on the supply alone.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Problem;
use super::admission::{Admission, Admissions, narrowed};
use super::class::{Class, group};
use super::dims::Dims;
use super::rules::Builder;
use super::rules::wish::{Wish, wishes};
use super::shapes::{ShapeTable, open_keys_of};
use super::shared::{SharedVolumes, counted};
use super::sites::{Site, SiteSummary, Summaries};
use crate::engine::{PreferencePolicy, Settings};
use crate::model::well_known::NODE_POOL;
use crate::model::{PodSpec, PreferredTerm, Price, Requirement, Requirements, Taint, TaintEffect};
use crate::snapshot::{ClusterSnapshot, Supply};

/// The lowered supply, with caches that never change a result.
#[derive(Debug)]
pub(crate) struct Lowering {
    supply: Arc<Supply>,
    settings: Settings,
    open_keys: BTreeSet<String>,
    named: BTreeMap<String, BTreeSet<String>>,
    table: Arc<ShapeTable>,
    admissions: Admissions,
    summaries: Summaries,
}

impl Lowering {
    /// Lowers a supply.
    pub(crate) fn new(supply: Arc<Supply>, settings: Settings) -> Self {
        let named = BTreeMap::new();
        let table = Arc::new(ShapeTable::new(&supply, &named, settings.interruption_cost));
        Self {
            open_keys: open_keys_of(&supply),
            supply,
            settings,
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
        let volumes = counted(groups.iter().map(|(spec, _)| spec.as_ref()));
        let requests = groups.iter().map(|(spec, _)| &spec.requests);
        let dims = Dims::new(requests.chain([&volumes]));
        let mut rooms: Vec<Vec<i64>> =
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
        if let Some(percent) = self.settings.blast_radius_percent {
            limit_blast_radius(&mut classes, &summaries, percent);
        }
        let shared = SharedVolumes::new(
            &classes,
            &dims,
            summaries.iter().map(AsRef::as_ref),
            (&self.table.rows, &mut rooms),
        );
        let Self { table, admissions: cache, .. } = self;
        let rules = Builder::new(snapshot, &summaries, &classes, table, cache).rules(&[]);
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
            shared,
            min_values_policy: self.settings.min_values_policy,
        }
    }

    /// The problem with these wishes as if they were required. Its rules begin with those of the
    /// problem itself.
    pub(crate) fn granting<'a>(&mut self, problem: &Problem<'a>, granted: &[Wish]) -> Problem<'a> {
        let mut granting = problem.clone();
        let summaries: Vec<Arc<SiteSummary>> =
            problem.sites.iter().map(|site| site.summary.clone()).collect();
        let Self { table, admissions, .. } = self;
        let builder =
            Builder::new(problem.snapshot, &summaries, &problem.classes, table, admissions);
        granting.rules = builder.rules(granted);
        granting
    }

    /// Every soft constraint between pods of classes that no earlier plan has found a node for, and
    /// what granting it may cost: its weight in thousandths of the price of the shares of nodes that
    /// the pods of the class take up.
    pub(crate) fn wishes(&self, problem: &Problem<'_>) -> Vec<(Wish, Price)> {
        if self.settings.preferences == PreferencePolicy::Ignore {
            return Vec::new();
        }
        let mut found = Vec::new();
        let nominated = |pod: &usize| problem.snapshot.pending[*pod].nominated.is_some();
        for (number, class) in problem.classes.iter().enumerate() {
            if class.pods.iter().any(nominated) {
                continue;
            }
            let mut of_class = wishes(number, &class.spec).peekable();
            if of_class.peek().is_none() {
                continue;
            }
            let admission = &problem.admissions[class.admission];
            let share = self.cheapest_share(admission, &class.request, &problem.rooms);
            let Some(share) = share else { continue };
            let shares = share * class.pods.len() as i128;
            found.extend(of_class.map(|wish| {
                let worth = (shares * i128::from(wish.weight) / 1000) >> SHARE_BITS;
                (wish, Price::from_micro_usd(worth as i64))
            }));
        }
        found
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
            let cost = self.settings.interruption_cost;
            self.table = Arc::new(ShapeTable::new(&self.supply, &named, cost));
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
        let wanted = self.node_preferences(spec);
        if wanted.is_empty() {
            return None;
        }
        let free_choice = self.cheapest_share(base, request, rooms)?;
        let mut alternatives = spec.node_alternatives.clone();
        let mut worth = 1000;
        let mut best = None;
        for term in wanted.iter() {
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

    /// The preferred terms about nodes, heaviest first: to keep off pools that would rather not have
    /// the pod, then the pod's own.
    fn node_preferences<'s>(&self, spec: &'s PodSpec) -> Cow<'s, [PreferredTerm]> {
        let own: &[PreferredTerm] = match self.settings.preferences {
            PreferencePolicy::Respect => &spec.node_preferences,
            PreferencePolicy::Ignore => &[],
        };
        let avoids = |taint: &&Taint| taint.effect == TaintEffect::PreferNoSchedule;
        let tolerated = |taint: &Taint| spec.tolerations.iter().any(|one| one.tolerates(taint));
        let pools = self.supply.node_pools.iter();
        let avoided: Vec<String> = pools
            .filter(|pool| pool.taints.iter().filter(avoids).any(|taint| !tolerated(taint)))
            .map(|pool| pool.name.clone())
            .collect();
        if avoided.is_empty() {
            return Cow::Borrowed(own);
        }
        let mut requirements = Requirements::new();
        requirements.add(NODE_POOL, Requirement::none_of(&avoided));
        let mut all = vec![PreferredTerm { weight: SOFT_TAINT_WEIGHT, requirements }];
        all.extend_from_slice(own);
        Cow::Owned(all)
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

/// Weight of keeping off a pool with an untolerated `PreferNoSchedule` taint: Karpenter gives it up
/// last (`karpenter-core.md` §4.6), we when the pods' nodes cost twice as much.
const SOFT_TAINT_WEIGHT: u32 = 1000;

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

/// Bits after the point of the price of a share.
const SHARE_BITS: u32 = 20;

/// Price of the share of a node that a pod takes up in the resource it needs most of, in 2⁻²⁰
/// micro-dollars an hour; `None` if it does not fit.
pub(crate) fn share(price: Price, request: &[i64], room: &[i64]) -> Option<i128> {
    if !super::dims::fits(request, room) {
        return None;
    }
    let shares = request.iter().zip(room).filter(|(asked, _)| **asked > 0).map(|(asked, room)| {
        (i128::from(price.micro_usd()) << SHARE_BITS) * i128::from(*asked) / i128::from(*room)
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
