//! Random small clusters, drawn as short values that read well when a case fails.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use scheduler_core::Packer;
use scheduler_core::model::attachment::{EBS_DRIVER, attachable_volumes};
use scheduler_core::model::well_known::{ARCH, HOSTNAME, ZONE};
use scheduler_core::model::{Attraction, CapacityType, NodeStage, Price};
use scheduler_core::testkit::{
    ClusterBuilder, InstanceTypeBuilder, NodeBuilder, PodBuilder, PoolBuilder, Sale, cluster,
    instance_type, node, pod, pool,
};

const TYPES: [&str; 6] =
    ["m7g.medium", "c7g.large", "m7g.large", "r7g.large", "m7g.xlarge", "m5.large"];
const ZONES: [&str; 3] = ["a", "b", "c"];
const CPU_MILLI: [i64; 6] = [50, 250, 500, 900, 1_500, 3_000];
const MEMORY_MI: [i64; 5] = [64, 512, 1_024, 3_000, 7_000];

/// A cluster.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    types: Vec<TypeDraft>,
    pools: Vec<PoolDraft>,
    daemons: Vec<DaemonDraft>,
    nodes: Vec<NodeDraft>,
    workloads: Vec<Workload>,
}

#[derive(Clone, Debug)]
struct TypeDraft {
    /// Zones in which it is sold, as bits.
    zones: u8,
    /// Price in percent of a price by vCPU.
    price_percent: i64,
    sold_out_in: Option<usize>,
    spot: bool,
}

#[derive(Clone, Debug)]
struct PoolDraft {
    weight: u32,
    cpu_limit: Option<usize>,
    node_limit: Option<usize>,
    tainted: bool,
    zone: Option<usize>,
    capacity_type: Option<CapacityType>,
    gold: bool,
    gives_up_empty_nodes: bool,
}

#[derive(Clone, Debug)]
struct DaemonDraft {
    size: (usize, usize),
    tolerates: bool,
    amd64_only: bool,
}

#[derive(Clone, Debug)]
struct NodeDraft {
    instance_type: usize,
    zone: usize,
    pool: usize,
    stage: NodeStage,
    deleting: bool,
    running: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Workload {
    replicas: usize,
    size: (usize, usize),
    tolerates: bool,
    important: bool,
    rules: Vec<Rule>,
}

/// A constraint; numbers name another workload.
#[derive(Clone, Debug)]
enum Rule {
    InTwoZones,
    InZone(usize),
    OnArch(bool),
    EitherZoneOrArch(usize),
    OnGold,
    PrefersZone(usize),
    RatherSpread(bool),
    RatherNear(usize, bool),
    RatherAway(usize, bool),
    SpreadZone(u32),
    SpreadHost(u32),
    AntiAffinityHost,
    AntiAffinityZone,
    NearOwn(bool),
    Near(usize, bool),
    AwayFrom(usize, bool),
    HostPort,
    OwnVolumes(i64),
    SharesVolume(usize),
    ExclusiveClaim(usize),
}

/// Either packer.
pub(crate) fn packers() -> impl Strategy<Value = Packer> {
    prop_oneof![Just(Packer::DualGreedy), Just(Packer::FirstFitDecreasing)]
}

/// Clusters with everything in them.
pub(crate) fn scenes() -> impl Strategy<Value = Scene> {
    let parts = (
        vec(types(), 1..=4),
        vec(pools(), 1..=3),
        vec(daemons(), 0..=2),
        vec(nodes(), 0..=4),
        vec(workloads(), 1..=5),
    );
    parts.prop_map(|(types, pools, daemons, nodes, workloads)| Scene {
        types,
        pools,
        daemons,
        nodes,
        workloads,
    })
}

impl Scene {
    /// The builder of the cluster.
    pub(crate) fn cluster(&self) -> ClusterBuilder {
        let mut built = cluster();
        for (index, draft) in self.types.iter().enumerate() {
            built = built.instance_type(draft.build(index));
        }
        for (index, draft) in self.pools.iter().enumerate() {
            built = built.node_pool(draft.build(index));
        }
        for (index, draft) in self.daemons.iter().enumerate() {
            built = built.daemon_set(draft.build(index));
        }
        for (index, draft) in self.nodes.iter().enumerate() {
            built = built.node(self.node(index, draft));
        }
        for (index, workload) in self.workloads.iter().enumerate() {
            built = built.pod(workload.build(index).replicas(workload.replicas));
        }
        built
    }

    /// The same without nodes.
    pub(crate) fn without_nodes(&self) -> Self {
        Self { nodes: Vec::new(), ..self.clone() }
    }

    fn node(&self, index: usize, draft: &NodeDraft) -> NodeBuilder {
        let name = format!("n{index}");
        let mut built = node(&name)
            .of(TYPES[draft.instance_type], ZONES[draft.zone])
            .pool(&format!("pool{}", draft.pool % self.pools.len()))
            .stage(draft.stage);
        if draft.deleting {
            built = built.deleting();
        }
        if draft.stage == NodeStage::Launched {
            return built;
        }
        for (number, workload) in draft.running.iter().enumerate() {
            let workload = workload % self.workloads.len();
            let running = self.workloads[workload].build(workload);
            built = built.pod(running.renamed(&format!("app{workload}-on-{name}-{number}")));
        }
        built
    }
}

impl TypeDraft {
    fn build(&self, index: usize) -> InstanceTypeBuilder {
        let places = 2 + index as i64;
        let mut built =
            instance_type(TYPES[index]).resource(&attachable_volumes(EBS_DRIVER), places);
        let vcpus = built.clone().build().capacity.cpu_milli / 1000;
        let price = vcpus * 40_000 * self.price_percent / 100;
        for (number, zone) in ZONES.iter().enumerate().filter(|(bit, _)| self.zones >> bit & 1 == 1)
        {
            let price = Price::from_micro_usd(price + 100 * number as i64);
            let mut sale = Sale::new(CapacityType::OnDemand, price);
            if self.sold_out_in == Some(number) {
                sale = sale.sold_out();
            }
            built = built.offering(zone, sale);
            if self.spot {
                let spot = Sale::new(CapacityType::Spot, price.scaled(2, 5)).interrupted(100);
                built = built.offering(zone, spot);
            }
        }
        built
    }
}

impl PoolDraft {
    fn build(&self, index: usize) -> PoolBuilder {
        let mut built = pool(&format!("pool{index}")).weight(self.weight);
        if let Some(cpu) = self.cpu_limit {
            built = built.limit("cpu", &cpu.to_string());
        }
        if let Some(nodes) = self.node_limit {
            built = built.limit("nodes", &nodes.to_string());
        }
        if self.tainted {
            built = built.taint("team", "a");
        }
        if let Some(zone) = self.zone {
            built = built.zones([ZONES[zone]]);
        }
        if let Some(capacity_type) = self.capacity_type {
            built = built.capacity_type(capacity_type);
        }
        if self.gold {
            built = built.label("tier", "gold");
        }
        if self.gives_up_empty_nodes {
            built = built.consolidate_after(0);
        }
        built
    }
}

impl DaemonDraft {
    fn build(&self, index: usize) -> PodBuilder {
        let mut built = sized(&format!("daemon{index}"), self.size);
        if self.tolerates {
            built = built.tolerates("team");
        }
        if self.amd64_only {
            built = built.requires(ARCH, ["amd64"]);
        }
        built
    }
}

impl Workload {
    fn build(&self, index: usize) -> PodBuilder {
        let mut built = sized(&format!("app{index}"), self.size);
        if self.tolerates {
            built = built.tolerates("team");
        }
        if self.important {
            built = built.priority(10);
        }
        self.rules.iter().fold(built, |built, rule| rule.apply(built, index))
    }
}

impl Rule {
    fn apply(&self, pod: PodBuilder, index: usize) -> PodBuilder {
        let key = |host: bool| if host { HOSTNAME } else { ZONE };
        let arch = |arm: bool| if arm { "arm64" } else { "amd64" };
        match self {
            Self::InTwoZones => pod.zones(["a", "b"]),
            Self::InZone(zone) => pod.zones([ZONES[*zone]]),
            Self::OnArch(arm) => pod.requires(ARCH, [arch(*arm)]),
            Self::EitherZoneOrArch(zone) => pod.either([(ZONE, ZONES[*zone]), (ARCH, "amd64")]),
            Self::OnGold => pod.requires("tier", ["gold"]),
            Self::PrefersZone(zone) => pod.prefers_zones(50, [ZONES[*zone]]),
            Self::RatherSpread(host) => pod.rather_spread(key(*host), 1),
            Self::RatherNear(other, host) => {
                pod.rather(Attraction::Near, &format!("app{other}"), key(*host), 50)
            }
            Self::RatherAway(other, host) => {
                pod.rather(Attraction::Apart, &format!("app{other}"), key(*host), 100)
            }
            Self::SpreadZone(skew) => pod.spread_zone(*skew),
            Self::SpreadHost(skew) => pod.spread_host(*skew),
            Self::AntiAffinityHost => pod.anti_affinity_host(),
            Self::AntiAffinityZone => pod.anti_affinity_zone(),
            Self::NearOwn(host) => pod.near(&format!("app{index}"), key(*host)),
            Self::Near(other, host) => pod.near(&format!("app{other}"), key(*host)),
            Self::AwayFrom(other, host) => pod.away_from(&format!("app{other}"), key(*host)),
            Self::HostPort => pod.host_port(8080),
            Self::OwnVolumes(volumes) => pod.resource(&attachable_volumes(EBS_DRIVER), *volumes),
            Self::SharesVolume(volume) => pod.shares(EBS_DRIVER, &volume.to_string()),
            Self::ExclusiveClaim(claim) => pod.claims(&claim.to_string()),
        }
    }
}

fn sized(name: &str, (cpu, memory): (usize, usize)) -> PodBuilder {
    let (cpu, memory) = (CPU_MILLI[cpu], MEMORY_MI[memory]);
    pod(name).cpu(&format!("{cpu}m")).memory(&format!("{memory}Mi"))
}

fn types() -> impl Strategy<Value = TypeDraft> {
    (1..8_u8, 60..140_i64, weighted(0.2, 0..3_usize), any::<bool>()).prop_map(
        |(zones, price_percent, sold_out_in, spot)| TypeDraft {
            zones,
            price_percent,
            sold_out_in,
            spot,
        },
    )
}

fn pools() -> impl Strategy<Value = PoolDraft> {
    let limits = (weighted(0.2, 1..9_usize), weighted(0.2, 0..4_usize));
    let capacity_type = prop_oneof![Just(CapacityType::OnDemand), Just(CapacityType::Spot)];
    let supply = (weighted(0.2, 0..3_usize), weighted(0.3, capacity_type));
    let flags = [0.3, 0.3, 0.3].map(prop::bool::weighted);
    (0..3_u32, limits, supply, flags).prop_map(
        |(weight, (cpu_limit, node_limit), (zone, capacity_type), flags)| {
            let [tainted, gold, gives_up_empty_nodes] = flags;
            PoolDraft {
                weight,
                cpu_limit,
                node_limit,
                tainted,
                zone,
                capacity_type,
                gold,
                gives_up_empty_nodes,
            }
        },
    )
}

fn daemons() -> impl Strategy<Value = DaemonDraft> {
    ((0..3_usize, 0..2_usize), any::<bool>(), prop::bool::weighted(0.3))
        .prop_map(|(size, tolerates, amd64_only)| DaemonDraft { size, tolerates, amd64_only })
}

fn nodes() -> impl Strategy<Value = NodeDraft> {
    let stage = prop_oneof![
        3 => Just(NodeStage::Initialized),
        1 => Just(NodeStage::Registered),
        1 => Just(NodeStage::Launched),
    ];
    let place = (0..TYPES.len(), 0..ZONES.len(), 0..3_usize);
    (place, stage, prop::bool::weighted(0.15), vec(0..5_usize, 0..4)).prop_map(
        |((instance_type, zone, pool), stage, deleting, running)| NodeDraft {
            instance_type,
            zone,
            pool,
            stage,
            deleting,
            running,
        },
    )
}

fn workloads() -> impl Strategy<Value = Workload> {
    let size = (0..CPU_MILLI.len(), 0..MEMORY_MI.len());
    (1..5_usize, size, any::<bool>(), prop::bool::weighted(0.2), vec(rules(), 0..3)).prop_map(
        |(replicas, size, tolerates, important, rules)| Workload {
            replicas,
            size,
            tolerates,
            important,
            rules,
        },
    )
}

fn rules() -> impl Strategy<Value = Rule> {
    let other = || (0..5_usize, any::<bool>());
    prop_oneof![
        Just(Rule::InTwoZones),
        (0..3_usize).prop_map(Rule::InZone),
        any::<bool>().prop_map(Rule::OnArch),
        (0..3_usize).prop_map(Rule::EitherZoneOrArch),
        Just(Rule::OnGold),
        (0..3_usize).prop_map(Rule::PrefersZone),
        any::<bool>().prop_map(Rule::RatherSpread),
        other().prop_map(|(other, host)| Rule::RatherNear(other, host)),
        other().prop_map(|(other, host)| Rule::RatherAway(other, host)),
        (1..3_u32).prop_map(Rule::SpreadZone),
        (1..3_u32).prop_map(Rule::SpreadHost),
        Just(Rule::AntiAffinityHost),
        Just(Rule::AntiAffinityZone),
        any::<bool>().prop_map(Rule::NearOwn),
        other().prop_map(|(other, host)| Rule::Near(other, host)),
        other().prop_map(|(other, host)| Rule::AwayFrom(other, host)),
        Just(Rule::HostPort),
        (1..4_i64).prop_map(Rule::OwnVolumes),
        (0..6_usize).prop_map(Rule::SharesVolume),
        (0..6_usize).prop_map(Rule::SharesVolume),
        (0..2_usize).prop_map(Rule::ExclusiveClaim),
    ]
}
