//! Soft constraints between pods: spread with `ScheduleAnyway`, preferred affinity and
//! anti-affinity.
//!
//! A wish is granted by making a rule of it; whether that is worth its price is found out by
//! packing (`pack/grant.rs`).

use crate::model::{Attraction, PodSpec};

/// Weight of a spread with `ScheduleAnyway`, which has none of its own: that of the strongest
/// preference.
const SPREAD_WEIGHT: u32 = 100;

/// Which soft constraint of a spec, by its position there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    /// In `topology_spread`.
    Spread(usize),
    /// In `pod_preferences`: to be near.
    Near(usize),
    /// In `pod_preferences`: to keep away.
    Apart(usize),
}

/// What the pods of a class would rather have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) class: usize,
    pub(crate) term: Term,
    /// 1 to 100.
    pub(crate) weight: u32,
}

/// The wishes of a class.
pub(crate) fn wishes(class: usize, spec: &PodSpec) -> impl Iterator<Item = Wish> {
    let spreads = spec.topology_spread.iter().enumerate().filter(|(_, spread)| !spread.required);
    let spreads = spreads.map(move |(number, _)| Wish {
        class,
        term: Term::Spread(number),
        weight: SPREAD_WEIGHT,
    });
    let terms = spec.pod_preferences.iter().enumerate().map(move |(number, one)| Wish {
        class,
        term: match one.attraction {
            Attraction::Near => Term::Near(number),
            Attraction::Apart => Term::Apart(number),
        },
        weight: one.weight,
    });
    spreads.chain(terms)
}

impl Wish {
    /// Wishes of one kind about one topology key are granted together.
    pub(crate) fn kind<'s>(&self, spec: &'s PodSpec) -> (u8, &'s str) {
        match self.term {
            Term::Apart(number) => (0, &spec.pod_preferences[number].term.topology_key),
            Term::Spread(number) => (1, &spec.topology_spread[number].topology_key),
            Term::Near(number) => (2, &spec.pod_preferences[number].term.topology_key),
        }
    }
}
