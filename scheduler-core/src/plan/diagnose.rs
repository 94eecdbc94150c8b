//! Why a pod has no place: the candidate that comes nearest, and what stands between.

use std::cmp::Ordering;

use crate::model::well_known::HOSTNAME;
use crate::model::{HostPort, Requirements};
use crate::pack::limits::Limits;
use crate::plan::reason::{Blocker, Nearest, ReasonCode, Unschedulable};
use crate::problem::Problem;
use crate::problem::dims::take;
use crate::problem::rules::{Kind, Place};
use crate::problem::shapes::Shape;
use crate::problem::stand_in::first_lacking;
use crate::solution::{Setback, Solution};

/// The pods that a solution leaves without a place, by id, each with its reason.
pub(crate) fn unschedulable(
    problem: &Problem<'_>,
    solution: &Solution,
    rest: &[Vec<usize>],
) -> Vec<Unschedulable> {
    let mut all = Vec::new();
    if rest.iter().all(Vec::is_empty) {
        return all;
    }
    let mut left = Limits::new(problem);
    solution.nodes.iter().for_each(|node| left.take(problem, &[node.shape]));
    for (class, pods) in rest.iter().enumerate().filter(|(_, pods)| !pods.is_empty()) {
        let reason = reason(problem, class, solution.setbacks[class], &left);
        all.extend(pods.iter().map(|pod| Unschedulable {
            pod: problem.snapshot.pending[*pod].id.clone(),
            ..reason.clone()
        }));
    }
    all.sort_by(|a, b| a.pod.cmp(&b.pod));
    all
}

/// A candidate with everything that keeps a class off it.
struct Attempt {
    shape: usize,
    blockers: Vec<Blocker>,
    /// Sum over the lacking resources of (lacking / available), in thousandths.
    shortfall: i64,
}

fn reason(
    problem: &Problem<'_>,
    class: usize,
    setback: Option<Setback>,
    left: &Limits,
) -> Unschedulable {
    let spec = &problem.classes[class].spec;
    let mut reason = Unschedulable {
        pod: crate::model::PodId::new("", ""),
        code: ReasonCode::Requirements,
        blockers: Vec::new(),
        nearest: None,
    };
    if let Some(feature) = &spec.unsupported {
        reason.code = ReasonCode::Unsupported;
        reason.blockers = vec![Blocker::Unsupported { feature: feature.to_string() }];
        return reason;
    }
    let pools = &problem.snapshot.supply.node_pools;
    if pools.iter().all(|pool| pool.replicas.is_some()) {
        reason.code = ReasonCode::NoNodePool;
        return reason;
    }
    let mut asked = problem.classes[class].request.clone();
    take(&mut asked, &problem.shared.places([class].into_iter()), -1);
    let shapes = || 0..problem.table.shapes.len();
    let attempts = || shapes().map(|shape| attempt(problem, class, &asked, shape));
    let nearest = attempts().min_by(|a, b| nearer(problem, a, b));
    let Some(mut nearest) = nearest else {
        let first = pools.iter().find(|pool| pool.replicas.is_none());
        let node_pool = first.map(|pool| pool.name.clone());
        reason.blockers.extend(node_pool.map(|node_pool| Blocker::NoInstanceType { node_pool }));
        return reason;
    };
    if nearest.blockers.is_empty() {
        nearest = limited(problem, attempts(), setback, left).unwrap_or(nearest);
    }
    reason.nearest = Some(named(problem, nearest.shape));
    reason.blockers = nearest.blockers;
    if reason.blockers.is_empty() {
        reason.blockers = vec![held_back(problem, class, setback, nearest.shape, left)];
    }
    reason.blockers.sort();
    reason.code = code(&reason.blockers);
    reason
}

/// The candidate that says which limit stopped the search: best of the pool that the search has
/// named, and of any if limits leave none of those that would do.
fn limited(
    problem: &Problem<'_>,
    attempts: impl Iterator<Item = Attempt>,
    setback: Option<Setback>,
    left: &Limits,
) -> Option<Attempt> {
    let (stopped, free): (Vec<Attempt>, Vec<Attempt>) = attempts
        .filter(|one| one.blockers.is_empty())
        .partition(|one| !left.allow(problem, one.shape));
    let named = match setback {
        Some(Setback::Limit(pool)) => Some(pool),
        Some(Setback::Rule(_)) => return None,
        None if !free.is_empty() => return None,
        None => None,
    };
    let elsewhere = |one: &Attempt| named.is_some_and(|pool| problem.table.pool(one.shape) != pool);
    stopped
        .into_iter()
        .min_by(|a, b| elsewhere(a).cmp(&elsewhere(b)).then_with(|| nearer(problem, a, b)))
}

/// What the search ran into on a candidate that would do by itself.
fn held_back(
    problem: &Problem<'_>,
    class: usize,
    setback: Option<Setback>,
    shape: usize,
    left: &Limits,
) -> Blocker {
    let broken = |number: usize| {
        let rule = &problem.rules.all[number];
        if let Some(claim) = &rule.claim {
            return Blocker::ClaimInUse { claim: claim.clone() };
        }
        let topology_key = match rule.places[0] {
            Place::Host => HOSTNAME.to_owned(),
            Place::Key(key) => problem.rules.keys[key].clone(),
        };
        match &rule.kind {
            Kind::Spread(spread) => {
                Blocker::Spread { topology_key, max_skew: spread.max_skew as u32 }
            }
            Kind::Anti => Blocker::AntiAffinity { topology_key },
            Kind::Affinity => Blocker::Affinity { topology_key },
        }
    };
    let pool = match setback {
        Some(Setback::Rule(rule)) => return broken(rule),
        Some(Setback::Limit(_)) if !left.allow(problem, shape) => problem.table.pool(shape),
        Some(Setback::Limit(pool)) => pool,
        None => {
            if let Some(lacking) = first_lacking(problem, shape, &[(class, 1)]) {
                let pool = &problem.snapshot.supply.node_pools[problem.table.pool(shape)];
                return Blocker::MinValues {
                    node_pool: pool.name.clone(),
                    key: lacking.key.to_owned(),
                    wanted: lacking.wanted,
                    available: lacking.available,
                };
            }
            // A rule of others that merely counts the class holds nothing back.
            let binds = |rule: &&usize| {
                let rule = &problem.rules.all[**rule];
                rule.owner[class] || matches!(rule.kind, Kind::Anti)
            };
            let is_limited = !left.allow(problem, shape);
            match problem.rules.of_class[class].iter().find(binds).filter(|_| !is_limited) {
                Some(rule) => return broken(*rule),
                None => problem.table.pool(shape),
            }
        }
    };
    let node_pool = &problem.snapshot.supply.node_pools[pool];
    let exceeded = left.first_exceeded(problem, shape);
    if let (None, Some(reservation)) = (exceeded, problem.reservation(shape)) {
        let id = problem.table.reservations[reservation].id.clone();
        return Blocker::Reservation { id };
    }
    let tightest = || node_pool.limits.0.keys().next().map_or("", String::as_str);
    let resource = exceeded.unwrap_or_else(tightest).to_owned();
    Blocker::Limit { node_pool: node_pool.name.clone(), resource }
}

/// What keeps a pod of the class, which asks for so much, off a new node of a shape.
fn attempt(problem: &Problem<'_>, class: usize, asked: &[i64], index: usize) -> Attempt {
    let table = &problem.table;
    let shape = &table.shapes[index];
    let row = &table.rows[shape.row];
    let pool = &problem.snapshot.supply.node_pools[row.pool];
    let one = &problem.classes[class];
    let untolerated = pool.taints.iter().filter(|taint| {
        taint.is_hard() && !one.spec.tolerations.iter().any(|own| own.tolerates(taint))
    });
    let mut blockers: Vec<Blocker> =
        untolerated.map(|taint| Blocker::Taint { taint: taint.to_string() }).collect();
    blockers.extend(unmet(problem, &one.spec.node_alternatives, shape));
    let mut shortfall: i64 = 0;
    for (dim, (asked, room)) in asked.iter().zip(&*problem.whole_room(index)).enumerate() {
        // A node that its daemons alone overfill is of no use to a pod that asks for nothing either.
        if asked > room {
            let name = &problem.dims.names()[dim];
            let daemons = row.daemons.get(name);
            blockers.push(Blocker::Resource {
                name: name.clone(),
                wanted: asked + daemons,
                available: room + daemons,
            });
            let lacking = i128::from(asked - room) * 1000 / i128::from((*room).max(1));
            shortfall = shortfall.saturating_add(i64::try_from(lacking).unwrap_or(i64::MAX));
        }
    }
    if !shape.available {
        blockers.push(Blocker::Offering);
    }
    let is_taken = |own: &&HostPort| row.ports.iter().any(|taken| taken.conflicts(own));
    let mut ports: Vec<u16> =
        one.spec.host_ports.iter().filter(is_taken).map(|own| own.port).collect();
    // A port that is taken for two protocols is named once.
    ports.sort_unstable();
    ports.dedup();
    blockers.extend(ports.into_iter().map(|port| Blocker::HostPort { port }));
    Attempt { shape: index, blockers, shortfall }
}

/// The requirements that a shape does not meet, of the alternative with the fewest.
fn unmet(problem: &Problem<'_>, alternatives: &[Requirements], shape: &Shape) -> Vec<Blocker> {
    let of = |alternative: &Requirements| -> Vec<Blocker> {
        let label = |key: &str| problem.table.label(shape, key);
        let failed = alternative.iter().filter(|(key, wanted)| !wanted.admits(label(key)));
        failed
            .map(|(key, wanted)| Blocker::Requirement {
                key: key.to_owned(),
                wanted: wanted.to_string(),
                found: label(key).map(str::to_owned),
            })
            .collect()
    };
    alternatives.iter().map(of).min_by_key(Vec::len).unwrap_or_default()
}

/// Fewer obstacles first, then the smaller lack of room, then the lower price.
fn nearer(problem: &Problem<'_>, a: &Attempt, b: &Attempt) -> Ordering {
    let price = |attempt: &Attempt| problem.table.shapes[attempt.shape].price;
    let key = |attempt: &Attempt| (attempt.blockers.len(), attempt.shortfall);
    key(a).cmp(&key(b)).then_with(|| price(a).cmp(&price(b))).then(a.shape.cmp(&b.shape))
}

fn named(problem: &Problem<'_>, index: usize) -> Nearest {
    let table = &problem.table;
    let shape = &table.shapes[index];
    let row = &table.rows[shape.row];
    let supply = &problem.snapshot.supply;
    let pool = &supply.node_pools[row.pool];
    Nearest {
        node_pool: pool.name.clone(),
        instance_type: supply.catalog(pool)[row.instance_type].name.clone(),
        zone: table.zones[shape.zone].clone(),
        capacity_type: shape.capacity_type,
    }
}

/// The code of the obstacle that decides: what the owner of the pod can change comes first.
fn code(blockers: &[Blocker]) -> ReasonCode {
    let of = |blocker: &Blocker| match blocker {
        Blocker::Unsupported { .. } => (0, ReasonCode::Unsupported),
        Blocker::Refused { .. } => (0, ReasonCode::Internal),
        Blocker::Requirement { .. } | Blocker::NoInstanceType { .. } => {
            (1, ReasonCode::Requirements)
        }
        Blocker::Taint { .. } => (2, ReasonCode::Taints),
        Blocker::Resource { .. } => (3, ReasonCode::TooLarge),
        Blocker::HostPort { .. } => (4, ReasonCode::HostPort),
        Blocker::Offering | Blocker::Reservation { .. } => (5, ReasonCode::NoOffering),
        Blocker::Spread { .. } => (6, ReasonCode::TopologySpread),
        Blocker::Affinity { .. } => (7, ReasonCode::PodAffinity),
        Blocker::AntiAffinity { .. } => (8, ReasonCode::PodAntiAffinity),
        Blocker::ClaimInUse { .. } => (9, ReasonCode::ClaimInUse),
        Blocker::MinValues { .. } => (10, ReasonCode::MinValues),
        Blocker::Limit { .. } => (11, ReasonCode::Limits),
    };
    blockers.iter().map(of).min().map_or(ReasonCode::Requirements, |(_, code)| code)
}
