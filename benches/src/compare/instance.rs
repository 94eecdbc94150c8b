//! One random instance.

use std::fmt;

use anyhow::Result;
use plimsoll_benches::{Architecture, Buys, Market, Mix, REPLICAS};
use scheduler_core::ClusterSnapshot;
use scheduler_core::testkit::{Random, Variety};

/// Least and most pods: small, since a plan of few nodes has the least room to be better.
const PODS: (i64, i64) = (5, 300);
/// Most vCPUs of a node.
const CAPS: [Option<u32>; 5] = [Some(4), Some(8), Some(16), Some(32), None];
const ZONES: [&str; 6] =
    ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1e", "us-east-1f"];

/// What may be bought and what for.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    seed: u64,
    market: Market,
    mix: Mix,
    pods: usize,
}

impl Instance {
    /// The instance of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let architectures = [Architecture::Arm64, Architecture::Amd64, Architecture::Any];
        let architecture = architectures[random.below(architectures.len())];
        let buys = [Buys::OnDemand, Buys::Spot, Buys::Both];
        let buys = buys[random.below(buys.len())];
        let vcpus_max = CAPS[random.below(CAPS.len())];
        let zones = match random.below(ZONES.len() + 1) {
            0 => None,
            count => {
                let mut zones = ZONES;
                random.shuffle(&mut zones);
                Some(zones[..count].to_vec())
            }
        };
        let market = Market { architecture, buys, vcpus_max, zones };
        let pods = random.log_uniform(PODS.0, PODS.1) as usize;
        let mixes = [
            Mix::Mixed(Variety::AllDifferent),
            Mix::Mixed(Variety::Deployments(pods.div_ceil(REPLICAS))),
        ];
        let mix = match random.below(mixes.len() + Mix::REAL.len()) {
            real if real < Mix::REAL.len() => Mix::REAL[real],
            mixed => mixes[mixed - Mix::REAL.len()],
        };
        Self { seed, market, mix, pods }
    }

    /// The cluster in which the pods wait.
    pub(crate) fn snapshot(&self) -> Result<ClusterSnapshot> {
        // A stream of its own, so that the sizes do not depend on how the market was drawn.
        let seed = Random::new(!self.seed).bits();
        self.mix.batch(&self.market.supply()?, seed, self.pods)
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, market, mix, pods } = self;
        write!(f, "seed {seed}: {pods} pods, {mix}; {market}")
    }
}
