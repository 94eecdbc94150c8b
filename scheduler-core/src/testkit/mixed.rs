//! Generated batches of pods.

use std::sync::Arc;

use super::random::Random;
use super::workload::Size;
use crate::model::Pod;

/// How many of the pods of a batch are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variety {
    /// So many deployments, whose numbers of replicas differ by at most one.
    Deployments(usize),
    /// Every pod has its own size.
    AllDifferent,
}

/// CPU requests of the mixture in milli-cores.
const CPU_MILLI: (i64, i64) = (50, 8_000);
/// Memory requests of the mixture in MiB.
const MEMORY_MI: (i64, i64) = (64, 64 << 10);
/// Memory for each core in MiB, before it is held within [`MEMORY_MI`]. With this range the peer's
/// manner lands where the peer itself was measured, 9 % to 20 % over the bound on demand up to
/// 32 vCPUs; with memory independent of CPU it would be 29 %.
const MEMORY_MI_PER_CORE: (i64, i64) = (512, 16 << 10);

/// The mixture by which packers are compared: CPU from 50m to 8 and memory from 64 MiB to 64 GiB,
/// CPU and memory for each core log-uniform. The same seed gives the same pods.
pub fn mixed(seed: u64, pods: usize, variety: Variety) -> Vec<Arc<Pod>> {
    let mut random = Random::new(seed);
    let classes = match variety {
        Variety::Deployments(count) => count.min(pods),
        Variety::AllDifferent => pods,
    };
    let deployment = |index: usize| {
        let cpu_milli = random.log_uniform(CPU_MILLI.0, CPU_MILLI.1);
        let per_core = random.log_uniform(MEMORY_MI_PER_CORE.0, MEMORY_MI_PER_CORE.1);
        let memory_mi = (cpu_milli * per_core / 1_000).clamp(MEMORY_MI.0, MEMORY_MI.1);
        Size { cpu_milli, memory_mi }.pods(index, (pods - index).div_ceil(classes))
    };
    (0..classes).flat_map(deployment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_exactly_the_pods_and_deployments_asked_for() {
        let pods = mixed(1, 1_003, Variety::Deployments(50));
        let mut specs: Vec<_> = pods.iter().map(|pod| Arc::as_ptr(&pod.spec)).collect();
        specs.dedup();
        assert_eq!((pods.len(), specs.len()), (1_003, 50));
    }

    #[test]
    fn sizes_stay_within_the_mixture() {
        let pods = mixed(2, 2_000, Variety::AllDifferent);
        assert!(pods.iter().all(|pod| {
            (50..=8_000).contains(&pod.spec.requests.cpu_milli)
                && (64 << 20..=64 << 30).contains(&pod.spec.requests.memory_bytes)
        }));
    }
}
