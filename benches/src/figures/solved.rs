//! One problem, answered in every way.

use std::time::Duration;

use anyhow::{Context, Result};
use plimsoll_benches::{Answer, check_whole, measure, warm};
use scheduler_core::model::Price;
use scheduler_core::{ClusterSnapshot, Plan};

use crate::table::{Range, millis, range, show};

/// Most pods for which the peer's manner is tried: its time grows with their square.
const PEER_PODS_MAX: usize = 10_000;

/// What the answers to one problem cost, and how long they took an engine that knows the supply.
#[derive(Clone, Debug)]
pub(crate) struct Solved {
    /// What it is called where it misses a promise.
    name: String,
    /// Kinds of pods.
    pub(crate) classes: usize,
    peer: Option<Price>,
    first: (Price, Duration),
    last: (Price, Duration),
    /// Proven together with the first answer.
    first_bound: Price,
    /// The best proven bound.
    bound: Price,
}

/// What is promised for some problems.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Promise {
    /// The final answer costs no more than that of the peer's manner.
    NeverDearer,
    /// And it is not further than this above the bound.
    WithinPermille(i64),
}

impl Solved {
    /// Answers a problem.
    ///
    /// # Errors
    /// If a plan is wrong or leaves a pod without a place.
    pub(crate) fn new(
        name: String,
        snapshot: &ClusterSnapshot,
        interruption_cost: Price,
    ) -> Result<Self> {
        let answer = |answer: Answer| -> Result<(Plan, Duration)> {
            let mut engine = warm(&answer.settings(interruption_cost), snapshot)?;
            let (plan, spent) = measure(|| engine.plan_now(snapshot))?;
            check_whole(snapshot, &plan).with_context(|| format!("{name}, {answer:?}"))?;
            Ok((plan, spent.wall))
        };
        let peer = if snapshot.pending.len() <= PEER_PODS_MAX {
            Some(answer(Answer::Peer)?.0.report.price)
        } else {
            None
        };
        let ((first, first_wall), (last, last_wall)) =
            (answer(Answer::First)?, answer(Answer::Final)?);
        let (first, last) = (first.report, last.report);
        Ok(Self {
            name,
            classes: last.stats.classes,
            peer,
            first: (first.price, first_wall),
            last: (last.price, last_wall),
            first_bound: first.lower_bound,
            bound: first.lower_bound.max(last.lower_bound),
        })
    }

    /// The promise in words if it is missed.
    pub(crate) fn missed(&self, promise: Promise) -> Vec<String> {
        let (last, bound) = (self.last.0, self.bound);
        let mut missed = Vec::new();
        if let Some(peer) = self.peer.filter(|peer| last > *peer) {
            missed
                .push(format!("{}: {last} is dearer than {peer} in the peer's manner", self.name));
        }
        if let Promise::WithinPermille(permille) = promise
            && last > bound.scaled(1_000 + permille, 1_000)
        {
            let over = self.over(last) * 100.0 - 100.0;
            let most = permille as f64 / 10.0;
            missed.push(format!("{}: {over:.2} % over the bound, not {most:.0} %", self.name));
        }
        missed
    }

    /// What the final answer costs over the bound.
    pub(crate) fn final_over(&self) -> f64 {
        self.over(self.last.0)
    }

    fn over(&self, price: Price) -> f64 {
        price.usd() / self.bound.usd()
    }
}

/// Names of the columns of [`columns`].
pub(crate) const COLUMNS: [&str; 6] =
    ["first bound", "ffd", "first", "final", "first ms", "final ms"];

/// Ranges over some problems: the first bound and the costs over the best bound, and times.
pub(crate) fn columns(solved: &[Solved]) -> [String; COLUMNS.len()] {
    let over = |price: fn(&Solved) -> Price| range(solved.iter().map(|one| one.over(price(one))));
    let time = |answer: fn(&Solved) -> Duration| -> Range {
        range(solved.iter().map(|one| millis(answer(one))))
    };
    let tried = solved.iter().filter_map(|one| Some(one.over(one.peer?)));
    let peer = range(tried);
    [
        show(over(|one| one.first_bound), 3),
        if peer.0 > 0.0 { show(peer, 2) } else { "–".to_owned() },
        show(over(|one| one.first.0), 3),
        show(over(|one| one.last.0), 4),
        show(time(|one| one.first.1), 0),
        show(time(|one| one.last.1), 0),
    ]
}
