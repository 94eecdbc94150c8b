//! The lower bound that a plan's certificate proves, from the snapshot and the plan alone.
//!
//! The certificate says what a pod of each kind is worth. No node can be filled with pods worth
//! more than its price times θ, where θ is the highest ratio of value to price over everything that
//! can be bought (Farley 1990). So whoever places the same pods pays at least what they are worth
//! together, less what free room of existing and reserved nodes can take of it, divided by θ. Prices
//! are list prices; limits and weights of pools and most rules between pods are left out, which only lowers
//! the bound. Values come from wherever they may: bad ones prove little, and never too much.
//!
//! Everything that the bound rests on is computed in integers. Floating point only looks for
//! multipliers, of which any will do.

mod fillings;
mod kinds;
mod knapsack;
mod offered;
mod search;
mod simplex;
mod standing;

use self::kinds::Kinds;
use self::offered::offered;
use self::search::{Effort, Search};
use self::standing::value_on_paid;
use super::violation::{KindFault, Violation};
use super::world::{SiteKind, World};
use crate::model::{PodId, Price};
use crate::plan::{Certificate, Plan, PlanReport};

/// Effort for a tighter bound. Where the search ends close enough, at most 0.025 % of the bound is
/// given away; where it stalls or uses up its work, which 300 kinds can, nothing is known about how
/// much. The work is what the search takes for 300 kinds to come within about one per cent.
const EFFORT: Effort =
    Effort { work: 1_000_000, close_enough: 4_096, stalled: 16_384, parts_min: 128 };

/// Effort for values of the fluid relaxation, which are in proportion to what pods ask for: any
/// mixture fills a node to the brim, and looking closer hardly lowers the bound.
const FLUID_EFFORT: Effort = Effort { parts_min: 16, ..EFFORT };

/// Checks the certificate and returns the bound that it proves; a wrong one proves nothing.
pub(super) fn check(world: &World<'_>, plan: &Plan, found: &mut Vec<Violation>) -> Option<Price> {
    let certificate = &plan.report.certificate;
    let before = found.len();
    // With an open batch window the plan does not speak about pods.
    let mut placed = if plan.report.pods > 0 { placed_kinds(world) } else { Vec::new() };
    placed.sort_unstable();
    check_kinds(certificate, &placed, found);
    let worth: i128 = (certificate.kinds.iter())
        .map(|kind| i128::from(kind.placed) * i128::from(kind.value))
        .sum();
    if i128::from(certificate.worth) != worth {
        found.push(Violation::WrongReport {
            field: "certificate.worth".to_owned(),
            reported: certificate.worth,
            actual: worth.clamp(i64::MIN.into(), i64::MAX.into()) as i64,
        });
    }
    if found.len() > before {
        return None;
    }
    check_worth(world, &placed, certificate, found);
    if certificate.worth <= 0 {
        return Some(Price::ZERO);
    }
    let kinds = placed.iter().zip(&certificate.kinds);
    let kinds = Kinds::new(
        kinds.map(|((_, spec, placed), kind)| (world.specs[*spec], *placed, kind.value)),
    );
    let effort = if plan.report.bound_method == PlanReport::FLUID { FLUID_EFFORT } else { EFFORT };
    Some(prove(world, &kinds, (certificate.worth, effort)))
}

/// Kinds of which the plan places a pod: the first pending pod, the spec, the placed pods.
fn placed_kinds<'a>(world: &World<'a>) -> Vec<(&'a PodId, usize, i64)> {
    let kinds = world.kinds.iter().enumerate().filter(|(_, (_, placed))| *placed > 0);
    kinds.filter_map(|(spec, (first, placed))| Some(((*first)?, spec, *placed))).collect()
}

/// The listed kinds against those that are placed, both by their first pod.
fn check_kinds(
    certificate: &Certificate,
    placed: &[(&PodId, usize, i64)],
    found: &mut Vec<Violation>,
) {
    let mut wrong = |first: &PodId, fault: KindFault| {
        found.push(Violation::CertificateKind { first: first.clone(), fault });
    };
    let listed = &certificate.kinds;
    for (index, kind) in listed.iter().enumerate() {
        if index > 0 && listed[index - 1].first >= kind.first {
            wrong(&kind.first, KindFault::OutOfOrder);
        }
        match placed.binary_search_by(|(first, ..)| (*first).cmp(&kind.first)) {
            Err(_) => wrong(&kind.first, KindFault::Unknown),
            Ok(position) if placed[position].2 != kind.placed => {
                let (listed, actual) = (kind.placed, placed[position].2);
                wrong(&kind.first, KindFault::Placed { listed, actual });
            }
            Ok(_) => {}
        }
        if kind.value < 0 {
            wrong(&kind.first, KindFault::NegativeValue(kind.value));
        }
    }
    if listed.len() < placed.len() {
        for (first, ..) in placed {
            if !listed.iter().any(|kind| kind.first == **first) {
                wrong(first, KindFault::Missing);
            }
        }
    }
}

/// Fraction bits of the value of a pod, of a micro-dollar an hour.
const FRACTION_BITS: u32 = 16;

/// What launches say their pods are worth, against the values of their kinds. Each resource is
/// rounded by itself.
fn check_worth(
    world: &World<'_>,
    placed: &[(&PodId, usize, i64)],
    certificate: &Certificate,
    found: &mut Vec<Violation>,
) {
    let mut values = vec![0; world.specs.len()];
    for ((_, spec, _), kind) in placed.iter().zip(&certificate.kinds) {
        values[*spec] = kind.value;
    }
    for (site, one) in world.sites.iter().enumerate() {
        let SiteKind::Planned(_, node) = one.kind else { continue };
        let groups = world.groups_at(site).iter();
        let worth: i64 = groups.map(|group| group.placed * values[group.spec]).sum();
        let actual = Price::from_micro_usd(worth >> FRACTION_BITS);
        let planned: Price = node.worth.values().copied().sum();
        let lost = actual.micro_usd() - planned.micro_usd();
        let pods: i64 = world.groups_at(site).iter().map(|group| group.placed).sum();
        if !(0..=ROUNDED_MAX + pods).contains(&lost) {
            found.push(Violation::WrongWorth { place: one.place(), planned, actual });
        }
    }
}

/// Micro-dollars that rounding may lose for a node, besides one for every pod.
const ROUNDED_MAX: i64 = 16;

fn prove(world: &World<'_>, kinds: &Kinds<'_>, (worth, effort): (i64, Effort)) -> Price {
    let (offered, on_paid) =
        rayon::join(|| offered(&world.snapshot.supply, kinds), || value_on_paid(world, kinds));
    let on_new = i128::from(worth) - on_paid;
    let useful = |one: &offered::Offered| {
        (0..kinds.items.len()).any(|kind| kinds.most(kind, &one.room, &one.admitted) > 0)
    };
    let offered: Vec<_> = offered.into_iter().filter(useful).collect();
    // Something useful that costs nothing leaves nothing to prove.
    if on_new <= 0 || offered.iter().any(|one| one.price <= 0) {
        return Price::ZERO;
    }
    let highest = Search::new(kinds, &offered, worth, effort).highest();
    if highest.value <= 0 {
        return Price::ZERO;
    }
    let bound = on_new * i128::from(highest.price) / i128::from(highest.value);
    Price::from_micro_usd(bound.min(i64::MAX.into()) as i64)
}
