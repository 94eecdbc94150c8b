//! What `NodeOverlay`s make of the catalogues of pools.
//!
//! Overlays are taken by weight, then name, both descending. One that sets what another of the
//! same weight sets is refused as a whole, wherever else it would apply; of different weights the
//! higher decides, price by price and resource by resource.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{InstanceType, NodeOverlay, NodePool, NodePoolName, ObjectRef};
use crate::snapshot::{Refusal, Supply};

/// Catalogues by pool, of the pools for which some overlay changes something.
pub(super) type Overlaid = BTreeMap<NodePoolName, Arc<Vec<InstanceType>>>;

/// What an overlay sets: of a pool and an instance type the price of an offering, or a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target<'a> {
    Price { pool: usize, instance_type: usize, offering: usize },
    Capacity { pool: usize, instance_type: usize, resource: &'a str },
}

/// The catalogues that overlays change, and the overlays that are refused.
pub(super) fn apply(supply: &Supply, overlays: &[NodeOverlay]) -> (Overlaid, Vec<Refusal>) {
    let mut in_order: Vec<&NodeOverlay> = overlays.iter().collect();
    in_order.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| b.name.cmp(&a.name)));
    // Which overlays set a target, the heaviest first.
    let mut setters: BTreeMap<Target<'_>, Vec<&NodeOverlay>> = BTreeMap::new();
    let mut refusals = Vec::new();
    for overlay in in_order {
        let targets = targets(supply, overlay);
        let clash = targets.iter().find_map(|target| {
            let others = setters.get(target)?;
            let other = others.iter().find(|other| other.weight == overlay.weight)?;
            Some((target, *other))
        });
        if let Some((target, other)) = clash {
            refusals.push(conflict(supply, overlay, other, target));
            continue;
        }
        for target in targets {
            setters.entry(target).or_default().push(overlay);
        }
    }
    (overlaid(supply, &setters), refusals)
}

/// Everything that an overlay would set, in order.
fn targets<'a>(supply: &Supply, overlay: &'a NodeOverlay) -> BTreeSet<Target<'a>> {
    let mut targets = BTreeSet::new();
    for (pool, one) in supply.node_pools.iter().enumerate() {
        for (instance_type, kind) in supply.catalog(one).iter().enumerate() {
            if !overlay.selects(one, kind) {
                continue;
            }
            let offerings = kind.offerings.iter().enumerate();
            let selected: Vec<usize> = offerings
                .filter(|(_, offering)| overlay.selects_offering(offering))
                .map(|(index, _)| index)
                .collect();
            if selected.is_empty() {
                continue;
            }
            if overlay.price.is_some() {
                let price = |offering| Target::Price { pool, instance_type, offering };
                targets.extend(selected.into_iter().map(price));
            }
            let resources = overlay.capacity.keys();
            targets.extend(resources.map(|resource| Target::Capacity {
                pool,
                instance_type,
                resource,
            }));
        }
    }
    targets
}

fn overlaid(supply: &Supply, setters: &BTreeMap<Target<'_>, Vec<&NodeOverlay>>) -> Overlaid {
    let mut overlaid = Overlaid::new();
    let mut catalog = |pool: &usize, instance_type: &usize, change: &dyn Fn(&mut InstanceType)| {
        let pool: &NodePool = &supply.node_pools[*pool];
        let types = overlaid
            .entry(pool.name.clone())
            .or_insert_with(|| Arc::new(supply.catalog(pool).to_vec()));
        change(&mut Arc::make_mut(types)[*instance_type]);
    };
    for (target, overlays) in setters {
        let Some(decides) = overlays.first() else { continue };
        match target {
            Target::Price { pool, instance_type, offering } => {
                catalog(pool, instance_type, &|kind| {
                    let offering = &mut kind.offerings[*offering];
                    if let Some(price) = decides.price {
                        offering.price = price.apply(offering.price);
                    }
                });
            }
            Target::Capacity { pool, instance_type, resource } => {
                catalog(pool, instance_type, &|kind| {
                    if let Some(amount) = decides.capacity.get(*resource) {
                        kind.capacity.set(resource, *amount);
                    }
                });
            }
        }
    }
    overlaid
}

fn conflict(
    supply: &Supply,
    overlay: &NodeOverlay,
    other: &NodeOverlay,
    target: &Target<'_>,
) -> Refusal {
    let (field, what) = match target {
        Target::Price { pool, instance_type, offering } => {
            let pool = &supply.node_pools[*pool];
            let kind = &supply.catalog(pool)[*instance_type];
            let offering = &kind.offerings[*offering];
            let field = match overlay.price {
                Some(crate::model::PriceOverlay::Absolute(_)) => "spec.price",
                _ => "spec.priceAdjustment",
            };
            let (name, zone, sold) = (&kind.name, &offering.zone, offering.capacity_type);
            (field.to_owned(), format!("the price of {name} ({sold}) in {zone} of {}", pool.name))
        }
        Target::Capacity { pool, instance_type, resource } => {
            let pool = &supply.node_pools[*pool];
            let kind = &supply.catalog(pool)[*instance_type];
            (
                format!("spec.capacity[{resource}]"),
                format!("{resource} of {} of {}", kind.name, pool.name),
            )
        }
    };
    Refusal {
        object: ObjectRef::new("NodeOverlay", &overlay.name),
        field,
        problem: format!(
            "NodeOverlay {} of the same weight {} sets {what} too, so this one is left out",
            other.name, other.weight
        ),
        fix: "give one of them another spec.weight, or requirements that exclude the other's"
            .to_owned(),
    }
}
