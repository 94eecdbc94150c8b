//! Which wishes are worth their price: soft constraints are tried as rules, and kept where the plan
//! gets dearer by no more than they weigh.
//!
//! Price decides over the whole plan, since what a wish costs depends on the other pods: a pod that
//! keeps away from its kind is free where others fill the gap. All wishes are tried together first;
//! if they ask too much, those of one kind about one topology key are tried in turn. Their number
//! is bounded, since each packs all pods.

use std::collections::BTreeMap;

use crate::model::Price;
use crate::problem::Problem;
use crate::problem::rules::wish::Wish;
use crate::solution::Solution;

/// Kinds of wishes that are tried on their own, at most.
const KINDS_MAX: usize = 8;

/// Pods up to which a trial takes [`STEPS`] steps: on few nodes a first answer says little about
/// the price in the end.
pub(crate) const FEW_PODS: usize = 200;

/// Steps of a trial with few pods, however many the plan itself takes.
pub(crate) const STEPS: u32 = 500;

/// A wish and what granting it may cost.
type Weighed = (Wish, Price);

/// Tries wishes on one problem.
pub(crate) struct Trial<'t, 'p> {
    pub(crate) problem: &'t Problem<'p>,
    /// The problem with wishes as rules.
    pub(crate) granting: &'t mut dyn FnMut(&[Wish]) -> Problem<'p>,
    pub(crate) pack: &'t dyn Fn(&Problem<'p>) -> Solution,
}

/// What has been granted so far and what came of it.
struct Granted {
    wishes: Vec<Wish>,
    pods_left: Vec<i64>,
    price: Price,
}

impl Trial<'_, '_> {
    /// The wishes to grant, in the order in which they were given.
    pub(crate) fn grant(mut self, wishes: &[Weighed]) -> Vec<Wish> {
        if wishes.is_empty() {
            return Vec::new();
        }
        let plain = (self.pack)(self.problem);
        let price = plain.rank(self.problem).1;
        let nothing = Granted { wishes: Vec::new(), pods_left: plain.unplaced, price };
        if let Ok(all) = self.add(&nothing, wishes) {
            return all.wishes;
        }
        let mut kinds: BTreeMap<(u8, &str), Vec<Weighed>> = BTreeMap::new();
        for weighed in wishes {
            let spec = &self.problem.classes[weighed.0.class].spec;
            kinds.entry(weighed.0.kind(spec)).or_default().push(*weighed);
        }
        let mut granted = nothing;
        for (_, mut of_kind) in kinds.into_iter().take(KINDS_MAX) {
            let better = self.add(&granted, &of_kind).or_else(|robbed| {
                // Classes whose own wish leaves them without a place give it up for the others.
                let before = of_kind.len();
                of_kind.retain(|(wish, _)| !robbed.contains(&wish.class));
                if of_kind.is_empty() || of_kind.len() == before {
                    return Err(robbed);
                }
                self.add(&granted, &of_kind)
            });
            granted = better.unwrap_or(granted);
        }
        granted.wishes
    }

    /// Grants more wishes, if as many pods find a place and the price rises by no more than what the
    /// wishes may cost; otherwise the classes of which fewer pods find a place.
    fn add(&mut self, granted: &Granted, more: &[Weighed]) -> Result<Granted, Vec<usize>> {
        let mut wishes = granted.wishes.clone();
        wishes.extend(more.iter().map(|(wish, _)| *wish));
        let problem = (self.granting)(&wishes);
        let solution = (self.pack)(&problem);
        let (_, price) = solution.rank(&problem);
        let worth: Price = more.iter().map(|(_, worth)| *worth).sum();
        let pods_left = solution.unplaced;
        let robbed: Vec<usize> = (0..pods_left.len())
            .filter(|class| pods_left[*class] > granted.pods_left[*class])
            .collect();
        if robbed.is_empty() && price <= granted.price + worth {
            Ok(Granted { wishes, pods_left, price })
        } else {
            Err(robbed)
        }
    }
}
