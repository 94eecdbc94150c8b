//! What a reader is told besides the figures: the headline, the inputs, the caveats.

use super::figures::LESS_WORK;
use super::format::{count, date, dollars, duration, factor, percent, plural, seconds, short_hash};
use crate::outcome::{Comparison, Outcome};

/// The mark of every figure from a trace that was made up.
pub(super) const SYNTHETIC: &str = "SYNTHETIC";

/// The cheapest strategy among those that leave no more pods without a place than the first one,
/// and whose plans all passed the verifier: serving fewer pods is no saving.
pub(super) fn best(comparison: &Comparison) -> Option<&Outcome> {
    let first = comparison.outcomes.first()?;
    let fair = comparison.outcomes.iter().filter(|outcome| {
        outcome.violations.is_empty() && outcome.figures.never_placed <= first.figures.never_placed
    });
    fair.min_by(|a, b| a.figures.dollars.total_cmp(&b.figures.dollars))
}

/// The result in one sentence.
pub(super) fn headline(comparison: &Comparison) -> String {
    let (Some(first), Some(best)) = (comparison.outcomes.first(), best(comparison)) else {
        return "No strategy came through with every plan verified.".to_owned();
    };
    let mark =
        if comparison.trace.synthetic { format!(" ({SYNTHETIC} trace)") } else { String::new() };
    let over_bound = format!(
        "{} above a bound that no autoscaler can undercut{mark}",
        percent(best.figures.over_bound)
    );
    let month = dollars(best.figures.dollars_per_month);
    if best.strategy == first.strategy {
        return format!(
            "No strategy here is cheaper than {} at {month} a month, {over_bound}.",
            first.strategy
        );
    }
    format!(
        "{} runs this load for {month} a month: {} less than {} ({}), and {over_bound}.",
        best.strategy,
        percent(best.figures.saving),
        first.strategy,
        dollars(first.figures.dollars_per_month),
    )
}

/// How pods fare under the strategy of the headline, in one sentence.
pub(super) fn service(comparison: &Comparison) -> Option<String> {
    let best = best(comparison)?;
    let figures = &best.figures;
    let placed = match figures.never_placed {
        0 => "every pod got a place".to_owned(),
        some => format!("{} never got a place", plural(some, "pod")),
    };
    let half = if figures.wait_p50_seconds < 0.5 {
        "find room at once".to_owned()
    } else {
        format!("wait {} or less", seconds(figures.wait_p50_seconds))
    };
    Some(format!(
        "With {}, half of the pods {half}, 95 % wait {} or less; {placed}.",
        best.strategy,
        seconds(figures.wait_p95_seconds),
    ))
}

/// What went in, as label and text.
pub(super) fn inputs(comparison: &Comparison) -> Vec<(&'static str, String)> {
    let Comparison { trace, catalog, .. } = comparison;
    let mark = if trace.synthetic { format!(" ({SYNTHETIC})") } else { String::new() };
    let mut inputs = vec![
        (
            "trace",
            format!(
                "{}{mark}: {} over {}, sha256 {}",
                trace.name,
                plural(trace.pods, "pod"),
                duration(comparison.seconds),
                short_hash(&trace.hash)
            ),
        ),
        (
            "prices",
            format!(
                "{} of {}, Spot × {}, sha256 {}",
                catalog.region,
                date(&catalog.as_of),
                factor(comparison.spot_price_factor_ppm),
                short_hash(&catalog.hash)
            ),
        ),
        ("run", format!("plimsoll {}, seed {}", comparison.version, comparison.seed)),
        ("bound", format!("{} over the trace at least", dollars(comparison.clairvoyant_dollars))),
    ];
    inputs.extend(trace.attribution.clone().map(|text| ("source", text)));
    inputs
}

/// What a reader must know before relying on the figures; the gravest first.
pub(super) fn notices(comparison: &Comparison) -> Vec<String> {
    let mut notices = Vec::new();
    for outcome in &comparison.outcomes {
        if let Some(first) = outcome.violations.first() {
            notices.push(format!(
                "{}: the verifier found {} in its plans, first: {first}. Its figures do not count.",
                outcome.strategy,
                plural(outcome.violations.len() as u64, "fault"),
            ));
        }
    }
    if comparison.trace.synthetic {
        notices.push(format!(
            "{SYNTHETIC} trace: nothing in {} was measured; a saving shown on it proves nothing \
             about a real cluster.",
            comparison.trace.name
        ));
    }
    notices.extend(comparison.outcomes.iter().filter_map(never_placed));
    notices.push(
        "Spot prices are derived from the Spot Advisor's monthly savings, not quoted: differences \
         between two types below some 30 % are no fact. Compare with --spot-price-factor 1.3."
            .to_owned(),
    );
    notices.push(
        "The bound knows the future, launches in no time and wastes nothing; no autoscaler can \
         reach it."
            .to_owned(),
    );
    notices
}

fn never_placed(outcome: &Outcome) -> Option<String> {
    if outcome.never_placed.is_empty() {
        return None;
    }
    let by_code =
        outcome.never_placed.iter().map(|(code, pods)| format!("{} by {code}", count(*pods)));
    let by_code: Vec<_> = by_code.collect();
    Some(format!(
        "{}{LESS_WORK}: pods never placed, {}: its cost is for less work than the bound and the \
         others do.",
        outcome.strategy,
        by_code.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::comparison;
    use super::*;

    #[test]
    fn the_headline_names_the_cheapest_strategy_against_the_first_and_the_bound() {
        let expected = "plimsoll runs this load for $12,460 a month: 72.5 % less than static-peak \
                        ($45,285), and 7.1 % above a bound that no autoscaler can undercut.";
        assert_eq!(headline(&comparison()), expected);
    }

    #[test]
    fn a_strategy_that_leaves_pods_behind_is_not_the_best() {
        let mut comparison = comparison();
        comparison.outcomes[4].figures.never_placed = 9;
        assert_ne!(best(&comparison).unwrap().strategy, "plimsoll");
    }

    #[test]
    fn a_cheap_strategy_for_less_work_is_marked() {
        let mut comparison = comparison();
        let idp = &mut comparison.outcomes[2];
        idp.figures.never_placed = 3;
        idp.never_placed.insert("PLM-1004".to_owned(), 3);
        assert!(notices(&comparison)[0].starts_with("idp*: pods never placed, 3 by PLM-1004"));
        assert!(super::super::table(&comparison).contains("52.9 %*"));
    }

    #[test]
    fn a_strategy_with_faulty_plans_is_not_the_best_and_is_named_first() {
        let mut comparison = comparison();
        comparison.outcomes[4].violations.push("node a is overfull".to_owned());
        assert_ne!(best(&comparison).unwrap().strategy, "plimsoll");
        assert!(notices(&comparison)[0].starts_with("plimsoll: the verifier found 1 fault"));
    }

    #[test]
    fn a_synthetic_trace_is_marked_wherever_it_is_named() {
        let mut comparison = comparison();
        comparison.trace.synthetic = true;
        assert!(inputs(&comparison)[0].1.contains("(SYNTHETIC)"));
        assert!(headline(&comparison).ends_with("undercut (SYNTHETIC trace)."));
        assert!(notices(&comparison)[0].starts_with("SYNTHETIC"));
    }
}
