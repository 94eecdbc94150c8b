//! Arithmetic on series: fewer points, round axes, the largest few and the rest.

use std::collections::BTreeMap;

use super::format::count;

/// Points that a chart can show: about one every two pixels of a wide page.
const POINTS: usize = 480;

/// The mean of neighbouring values, so that no more than [`POINTS`] are left.
pub(super) fn thin(values: &[f64]) -> Vec<f64> {
    let bucket = values.len().div_ceil(POINTS).max(1);
    values.chunks(bucket).map(|some| some.iter().sum::<f64>() / some.len() as f64).collect()
}

/// The `limit` series with the largest sums, largest first, and the sum of all others as
/// `other (n)`.
pub(super) fn largest(
    series: &BTreeMap<String, Vec<f64>>,
    limit: usize,
) -> Vec<(String, Vec<f64>)> {
    let total = |values: &Vec<f64>| values.iter().sum::<f64>();
    let mut ranked: Vec<_> = series.iter().filter(|(_, values)| total(values) > 0.0).collect();
    ranked.sort_by(|a, b| total(b.1).total_cmp(&total(a.1)).then_with(|| a.0.cmp(b.0)));
    // A single series is no longer than the word "other".
    let limit = if ranked.len() == limit + 1 { ranked.len() } else { limit };
    let rest = ranked.split_off(limit.min(ranked.len()));
    let mut kept: Vec<_> =
        ranked.into_iter().map(|(name, values)| (name.clone(), values.clone())).collect();
    if !rest.is_empty() {
        let length = rest.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
        let mut sum = vec![0.0; length];
        for (_, values) in &rest {
            for (into, value) in sum.iter_mut().zip(values.iter()) {
                *into += value;
            }
        }
        kept.push((format!("other ({})", rest.len()), sum));
    }
    kept
}

/// Round values from zero to at least `max`: three to six of them.
pub(super) fn ticks(max: f64) -> Vec<f64> {
    const STEPS: [f64; 4] = [1.0, 2.0, 2.5, 5.0];
    let max = if max > 0.0 && max.is_finite() { max } else { 1.0 };
    let magnitude = 10f64.powf((max / 5.0).log10().floor());
    let step = STEPS
        .iter()
        .map(|step| step * magnitude)
        .find(|step| max / step <= 5.0)
        .unwrap_or(10.0 * magnitude);
    let intervals = (max / step - 1e-9).ceil().max(1.0) as u32;
    (0..=intervals).map(|index| f64::from(index) * step).collect()
}

/// Instants along the time axis with their labels: at most seven, at round times.
pub(super) fn instants(seconds: u64) -> Vec<(u64, String)> {
    const STEPS: [(u64, u64, &str); 17] = [
        (10, 1, "s"),
        (30, 1, "s"),
        (60, 60, "min"),
        (300, 60, "min"),
        (600, 60, "min"),
        (1800, 60, "min"),
        (3600, 3600, "h"),
        (2 * 3600, 3600, "h"),
        (3 * 3600, 3600, "h"),
        (6 * 3600, 3600, "h"),
        (12 * 3600, 3600, "h"),
        (86_400, 86_400, "d"),
        (2 * 86_400, 86_400, "d"),
        (7 * 86_400, 86_400, "d"),
        (14 * 86_400, 86_400, "d"),
        (30 * 86_400, 86_400, "d"),
        (90 * 86_400, 86_400, "d"),
    ];
    let (step, unit, name) =
        STEPS.into_iter().find(|(step, ..)| seconds / step <= 6).unwrap_or(STEPS[16]);
    let step = step.max(seconds / 6 / step * step);
    (0..=seconds / step)
        .map(|index| (index * step, format!("{} {name}", count(index * step / unit))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_a_round_value_not_below_the_largest() {
        assert_eq!(ticks(47.0), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(ticks(2.0), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(ticks(0.0).last(), Some(&1.0));
    }

    #[test]
    fn thinning_keeps_the_mean() {
        let values: Vec<_> = (0..4800).map(f64::from).collect();
        let thinned = thin(&values);
        assert_eq!(thinned.len(), 480);
        assert!((thinned.iter().sum::<f64>() / 480.0 - 2399.5).abs() < 1e-9);
    }

    #[test]
    fn all_but_the_largest_are_added_up() {
        let series = BTreeMap::from(
            [("a", 1.0), ("b", 5.0), ("c", 3.0), ("d", 0.5)]
                .map(|(name, value)| (name.to_owned(), vec![value, value])),
        );
        let expected =
            [("b", vec![5.0, 5.0]), ("c", vec![3.0, 3.0]), ("other (2)", vec![1.5, 1.5])]
                .map(|(name, values)| (name.to_owned(), values));
        assert_eq!(largest(&series, 2), expected);
    }

    #[test]
    fn time_axes_have_round_instants() {
        let labels = |seconds| instants(seconds).into_iter().map(|(_, label)| label).collect();
        let days: Vec<String> = labels(491_360);
        assert_eq!(days, ["0 d", "1 d", "2 d", "3 d", "4 d", "5 d"]);
        let minutes: Vec<String> = labels(1500);
        assert_eq!(minutes, ["0 min", "5 min", "10 min", "15 min", "20 min", "25 min"]);
    }
}
