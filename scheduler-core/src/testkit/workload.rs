//! Generated batches of pods whose sizes resemble what real clusters ask for.

use std::sync::Arc;

use super::pod::{PodBuilder, pod};
use super::random::Random;
use crate::model::Pod;
use crate::model::well_known::ZONE;

/// What one pod asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// CPU in thousandths of a core.
    pub cpu_milli: i64,
    /// Memory in MiB.
    pub memory_mi: i64,
}

impl Size {
    /// Pods of this size in the deployment of this number.
    pub(super) fn pods(self, deployment: usize, replicas: usize) -> Vec<Arc<Pod>> {
        pod(&format!("p{deployment:06}"))
            .cpu(&format!("{}m", self.cpu_milli))
            .memory(&format!("{}Mi", self.memory_mi))
            .replicas(replicas)
            .build()
    }
}

/// Requests of CPU as people write them, in milli-cores.
const ROUND_CPU_MILLI: [i64; 20] = [
    50, 100, 150, 200, 250, 300, 400, 500, 600, 750, 800, 1_000, 1_250, 1_500, 2_000, 2_500, 3_000,
    4_000, 6_000, 8_000,
];
/// Memory for each core in MiB is held within these.
const ROUND_MEMORY_MI_PER_CORE: (i64, i64) = (512, 16 << 10);
/// Least and most memory of such a pod in MiB.
const ROUND_MEMORY_MI: (i64, i64) = (64, 64 << 10);
/// Steps of memory between a power of two and the next: 64, 72, 80, …, 128, 144, … MiB.
const MEMORY_STEPS: i64 = 8;
/// Most deployments of a batch.
const DEPLOYMENTS_MAX: usize = 600;

/// Deployments of different round sizes, a few large and many small: the n-th largest has 1/n times
/// the replicas of the largest (Zipf). There are three times as many as the square root of the number
/// of pods, but no more than 600: 94, 300 and 600 for 1,000, 10,000 and 100,000 pods.
pub fn deployments(seed: u64, pods: usize) -> Vec<Arc<Pod>> {
    let mut sizes = round_sizes();
    Random::new(seed).shuffle(&mut sizes);
    sizes.truncate((9 * pods).isqrt().min(DEPLOYMENTS_MAX).min(pods));
    let replicas = zipf(pods, sizes.len());
    let sized = sizes.iter().zip(replicas).enumerate();
    sized.flat_map(|(index, (size, replicas))| size.pods(index, replicas)).collect()
}

fn round_sizes() -> Vec<Size> {
    let memories = |power: u32| (0..MEMORY_STEPS).map(move |step| (MEMORY_STEPS + step) << power);
    let memories: Vec<i64> = (0..=16).flat_map(memories).collect();
    let of_cpu = |cpu_milli: i64| {
        let (low, high) = ROUND_MEMORY_MI_PER_CORE;
        let low = ROUND_MEMORY_MI.0.max(low * cpu_milli / 1_000);
        let high = ROUND_MEMORY_MI.1.min(high * cpu_milli / 1_000);
        let within = memories.iter().filter(move |memory| (low..=high).contains(*memory));
        within.map(move |memory| Size { cpu_milli, memory_mi: *memory })
    };
    ROUND_CPU_MILLI.into_iter().flat_map(of_cpu).collect()
}

/// Parts of a total of at least one each, the n-th close to 1/n times the first.
fn zipf(total: usize, parts: usize) -> Vec<usize> {
    const UNIT: usize = 1 << 20;
    let weights = |upto: usize| (1..=upto).map(|rank| UNIT / rank).sum::<usize>();
    // Rounding the ends instead of the parts makes them add up.
    let end = |upto: usize| (total - parts) * weights(upto) / weights(parts);
    (0..parts).map(|index| 1 + end(index + 1) - end(index)).collect()
}

/// Common sizes of a node in vCPUs, with 4 GiB for each.
const COMMON_VCPUS: [i64; 3] = [4, 8, 16];
/// A pod needs just over one part in so many of a common node, so that one part is left over.
const JUST_OVER_ONE_IN: [i64; 3] = [2, 3, 5];
/// How much "just over" is, in permille of the part.
const OVER_PERMILLE: (i64, i64) = (20, 80);
/// The resource that does not decide, in permille of the same part.
const OTHER_PERMILLE: (i64, i64) = (300, 800);

/// Six deployments of large odd pods: each needs a little more than a half, a third or a fifth of a
/// common node, of its CPU in three of them and of its memory in the others.
pub fn awkward(seed: u64, pods: usize) -> Vec<Arc<Pod>> {
    let mut random = Random::new(seed);
    let kinds = JUST_OVER_ONE_IN.len() * 2;
    let deployment = |index: usize| {
        let parts = JUST_OVER_ONE_IN[index / 2];
        let vcpus = COMMON_VCPUS[random.below(COMMON_VCPUS.len())];
        let over = 1_000 + random.log_uniform(OVER_PERMILLE.0, OVER_PERMILLE.1);
        let other = random.log_uniform(OTHER_PERMILLE.0, OTHER_PERMILLE.1);
        let (cpu, memory) = if index.is_multiple_of(2) { (over, other) } else { (other, over) };
        let cpu_milli = vcpus * cpu / parts;
        let memory_mi = vcpus * 4 * 1_024 * memory / (1_000 * parts);
        Size { cpu_milli, memory_mi }.pods(index, (pods + kinds - 1 - index) / kinds)
    };
    (0..kinds).flat_map(deployment).collect()
}

/// Pods drawn from a table of sizes, each as often as its weight says; pods of one size are alike.
/// Panics if all weights are zero.
pub fn drawn(seed: u64, pods: usize, sizes: &[(Size, usize)]) -> Vec<Arc<Pod>> {
    let mut random = Random::new(seed);
    let ends: Vec<usize> = sizes
        .iter()
        .scan(0, |end, (_, weight)| {
            *end += weight;
            Some(*end)
        })
        .collect();
    let total = ends.last().copied().unwrap_or_default();
    assert!(total > 0, "there is no size to draw");
    let mut replicas = vec![0; sizes.len()];
    for _ in 0..pods {
        let ticket = random.below(total);
        replicas[ends.partition_point(|end| *end <= ticket)] += 1;
    }
    let sized = sizes.iter().zip(replicas).enumerate();
    sized.flat_map(|(index, ((size, _), replicas))| size.pods(index, replicas)).collect()
}

/// Requests of [`constrained`] pods.
const CONSTRAINED_CPU_MILLI: [i64; 5] = [100, 250, 500, 1_000, 1_500];
const CONSTRAINED_MEMORY_MI: [i64; 6] = [100, 256, 512, 1_024, 2_048, 4_096];
/// Workloads of each kind of constraint.
const CONSTRAINED_APPS: usize = 7;

/// Gives pods a constraint.
type Constrain = fn(PodBuilder) -> PodBuilder;

/// The mixture of Karpenter's own scheduling benchmark: a fifth each of pods without constraints,
/// spread over zones, spread over nodes, in one zone with their like, and on no node with their
/// like; seven workloads of each kind, sizes drawn from 30.
pub fn constrained(seed: u64, pods: usize) -> Vec<Arc<Pod>> {
    let mut random = Random::new(seed);
    let kinds: [(&str, Constrain); 5] = [
        ("free", |pod| pod),
        ("zone-spread", |pod| pod.spread_zone(1)),
        ("host-spread", |pod| pod.spread_host(1)),
        ("zone-near", |pod| {
            let own = pod.name().to_owned();
            pod.near(&own, ZONE)
        }),
        ("host-apart", PodBuilder::anti_affinity_host),
    ];
    let mut all = Vec::with_capacity(pods);
    for number in 0..pods {
        let (kind, constrain) = &kinds[number % kinds.len()];
        let app = format!("{kind}-{}", random.below(CONSTRAINED_APPS));
        let cpu = CONSTRAINED_CPU_MILLI[random.below(CONSTRAINED_CPU_MILLI.len())];
        let memory = CONSTRAINED_MEMORY_MI[random.below(CONSTRAINED_MEMORY_MI.len())];
        let sized = constrain(pod(&app)).cpu(&format!("{cpu}m")).memory(&format!("{memory}Mi"));
        all.extend(sized.renamed(&format!("{app}-{number:06}")).build());
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn replicas(pods: &[Arc<Pod>]) -> BTreeMap<(i64, i64), usize> {
        let mut replicas = BTreeMap::new();
        for pod in pods {
            let requests = &pod.spec.requests;
            *replicas.entry((requests.cpu_milli, requests.memory_bytes)).or_default() += 1;
        }
        replicas
    }

    #[test]
    fn deployments_differ_in_size_and_there_are_as_many_as_said() {
        for (pods, expected) in [(5, 5), (1_000, 94), (10_000, 300), (100_000, 600)] {
            let batch = deployments(1, pods);
            assert_eq!((batch.len(), replicas(&batch).len()), (pods, expected));
        }
    }

    #[test]
    fn the_largest_deployment_is_twice_the_second() {
        let mut replicas: Vec<usize> = replicas(&deployments(1, 10_000)).into_values().collect();
        replicas.sort_unstable_by(|a, b| b.cmp(a));
        assert!((1_900..2_100).contains(&(1_000 * replicas[0] / replicas[1])), "{replicas:?}");
    }

    #[test]
    fn an_awkward_pod_needs_a_little_more_than_a_part_of_a_common_node() {
        let batch = awkward(1, 100);
        let is_just_over = |permille: i64| {
            JUST_OVER_ONE_IN.iter().any(|parts| (1_010..=1_080).contains(&(permille * parts)))
        };
        let of_a_node = |pod: &Arc<Pod>, vcpus: i64| {
            let requests = &pod.spec.requests;
            (requests.cpu_milli / vcpus).max(1_000 * requests.memory_bytes / (vcpus << 32))
        };
        assert_eq!((batch.len(), replicas(&batch).len()), (100, 6));
        assert!(batch.iter().all(|pod| {
            COMMON_VCPUS.into_iter().any(|vcpus| is_just_over(of_a_node(pod, vcpus)))
        }));
    }

    #[test]
    fn a_size_is_drawn_as_often_as_its_weight_says() {
        let size = |cpu_milli| Size { cpu_milli, memory_mi: 64 };
        let batch = drawn(1, 10_000, &[(size(1), 1), (size(2), 0), (size(3), 3)]);
        let counts = replicas(&batch);
        assert_eq!(counts.len(), 2);
        assert!((2_300..2_700).contains(&counts[&(1, 64 << 20)]), "{counts:?}");
    }
}
