//! How long pods waited from creation to binding.

use std::collections::BTreeMap;

/// Upper edges of the histogram, in seconds; above the last one there is no edge.
const EDGES_SECS: [i64; 13] = [1, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800];

/// Waiting times in milliseconds, with the number of pods. Distinct values are few against pods.
#[derive(Debug, Default)]
pub(super) struct Waits {
    pods: BTreeMap<i64, u64>,
}

impl Waits {
    pub(super) fn add(&mut self, millis: i64) {
        *self.pods.entry(millis).or_default() += 1;
    }

    /// The wait that so many thousandths of the pods did not exceed; 0 without pods.
    pub(super) fn percentile_seconds(&self, permille: u64) -> f64 {
        let total: u64 = self.pods.values().sum();
        let rank = (total * permille).div_ceil(1000);
        let mut seen = 0;
        for (millis, pods) in &self.pods {
            seen += pods;
            if seen >= rank {
                return *millis as f64 / 1000.0;
            }
        }
        0.0
    }

    /// Pods by upper edge.
    pub(super) fn histogram(&self) -> Vec<(Option<f64>, u64)> {
        let mut from = i64::MIN;
        let mut bars = Vec::with_capacity(EDGES_SECS.len() + 1);
        for edge in EDGES_SECS {
            let to = edge * 1000;
            bars.push((Some(edge as f64), self.pods.range(from..=to).map(|(_, pods)| pods).sum()));
            from = to + 1;
        }
        bars.push((None, self.pods.range(from..).map(|(_, pods)| pods).sum()));
        bars
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let mut waits = Waits::default();
        for second in 1..=200 {
            waits.add(second * 1000);
        }
        let percentiles = [500, 950, 990, 1000].map(|permille| waits.percentile_seconds(permille));
        assert_eq!(percentiles.map(|seconds| seconds as i64), [100, 190, 198, 200]);
    }

    #[test]
    fn the_histogram_counts_every_pod_once() {
        let mut waits = Waits::default();
        for second in [0, 1, 2, 1800, 1801] {
            waits.add(second * 1000);
        }
        let bars = waits.histogram();
        assert_eq!((bars[0], bars[1]), ((Some(1.0), 2), (Some(5.0), 1)));
        assert_eq!((bars[12], bars[13]), ((Some(1800.0), 1), (None, 1)));
    }
}
