//! A small cluster as short values: what the engine is told and what the oracle reads.

use scheduler_core::model::well_known::CAPACITY_TYPE;
use scheduler_core::model::{CapacityType, Price};
use scheduler_core::testkit::{
    ClusterBuilder, InstanceTypeBuilder, NodeBuilder, PodBuilder, PoolBuilder, Sale, cluster,
    instance_type, node, pod, pool,
};

/// Key of the taint of a pool that keeps strangers out.
const TAINT: &str = "team";

/// The cluster. Instance types are named by their number, as are all other parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instance {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) daemon: Option<Daemon>,
    pub(crate) nodes: Vec<Standing>,
    pub(crate) workloads: Vec<Workload>,
}

/// CPU and memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) cpu_milli: i64,
    pub(crate) memory_mi: i64,
}

/// An instance type.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub(crate) size: Size,
    pub(crate) slots: i64,
    pub(crate) offerings: Vec<Offering>,
}

/// A way to buy it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offering {
    pub(crate) zone: &'static str,
    pub(crate) capacity_type: CapacityType,
    pub(crate) micro_usd: i64,
}

/// A `NodePool`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pool {
    /// The only zone of its nodes.
    pub(crate) zone: Option<&'static str>,
    /// The only capacity type of its nodes.
    pub(crate) capacity_type: Option<CapacityType>,
    pub(crate) access: Access,
}

/// Which pods a pool is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Access {
    #[default]
    Everybody,
    /// Those that tolerate its taint.
    Team,
}

/// A `DaemonSet`, and the pools on whose nodes it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Daemon {
    pub(crate) size: Size,
    pub(crate) tolerates: Access,
}

/// A node that exists, of an offering that its pool may buy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) pool: usize,
    pub(crate) kind: usize,
    pub(crate) offering: Offering,
    /// A pod of no workload that runs on it.
    pub(crate) stranger: Size,
    /// A workload of which one pod runs on it.
    pub(crate) resident: Option<usize>,
}

/// Pods that are alike and wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    pub(crate) size: Size,
    pub(crate) pods: i64,
    pub(crate) rule: Rule,
    pub(crate) tolerates: Access,
}

/// Where the pods of a workload may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Anywhere,
    InZone(&'static str),
    OnDemand,
    /// No two of them on one node.
    OneANode,
}

impl Instance {
    /// The cluster as the engine is told of it.
    pub(crate) fn cluster(&self) -> ClusterBuilder {
        let mut built = cluster();
        for (number, kind) in self.kinds.iter().enumerate() {
            built = built.instance_type(kind.build(number));
        }
        for (number, pool) in self.pools.iter().enumerate() {
            built = built.node_pool(pool.build(number));
        }
        if let Some(daemon) = &self.daemon {
            let built_pod = sized("daemon", daemon.size);
            built = built.daemon_set(tolerating(built_pod, daemon.tolerates));
        }
        for (number, standing) in self.nodes.iter().enumerate() {
            built = built.node(self.node(number, standing));
        }
        for (number, workload) in self.workloads.iter().enumerate() {
            built = built.pod(workload.build(number).replicas(workload.pods as usize));
        }
        built
    }

    fn node(&self, number: usize, standing: &Standing) -> NodeBuilder {
        let name = format!("node{number}");
        let mut built = node(&name)
            .of(&kind_name(standing.kind), standing.offering.zone)
            .pool(&pool_name(standing.pool))
            .pod(sized(&format!("stranger-on-{name}"), standing.stranger));
        if standing.offering.capacity_type == CapacityType::Spot {
            built = built.spot();
        }
        if let Some(workload) = standing.resident {
            let resident = self.workloads[workload].build(workload);
            built = built.pod(resident.renamed(&format!("resident-on-{name}")));
        }
        built
    }
}

impl Kind {
    fn build(&self, number: usize) -> InstanceTypeBuilder {
        let built = instance_type(&kind_name(number))
            .cpu(&format!("{}m", self.size.cpu_milli))
            .memory(&format!("{}Mi", self.size.memory_mi))
            .pods(self.slots);
        self.offerings.iter().fold(built, |built, one| {
            let sale = Sale::new(one.capacity_type, Price::from_micro_usd(one.micro_usd));
            built.offering(one.zone, sale)
        })
    }
}

impl Pool {
    fn build(&self, number: usize) -> PoolBuilder {
        let mut built = pool(&pool_name(number));
        if let Some(zone) = self.zone {
            built = built.zones([zone]);
        }
        if let Some(capacity_type) = self.capacity_type {
            built = built.capacity_type(capacity_type);
        }
        match self.access {
            Access::Everybody => built,
            Access::Team => built.taint(TAINT, "a"),
        }
    }
}

impl Workload {
    fn build(&self, number: usize) -> PodBuilder {
        let built = tolerating(sized(&format!("app{number}"), self.size), self.tolerates);
        match self.rule {
            Rule::Anywhere => built,
            Rule::InZone(zone) => built.zones([zone]),
            Rule::OnDemand => built.requires(CAPACITY_TYPE, [CapacityType::OnDemand.as_str()]),
            Rule::OneANode => built.anti_affinity_host(),
        }
    }
}

fn kind_name(number: usize) -> String {
    format!("type{number}")
}

fn pool_name(number: usize) -> String {
    format!("pool{number}")
}

fn sized(name: &str, size: Size) -> PodBuilder {
    pod(name).cpu(&format!("{}m", size.cpu_milli)).memory(&format!("{}Mi", size.memory_mi))
}

fn tolerating(pod: PodBuilder, access: Access) -> PodBuilder {
    match access {
        Access::Everybody => pod,
        Access::Team => pod.tolerates(TAINT),
    }
}
