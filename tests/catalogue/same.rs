//! Plans on real types come out the same, byte for byte, on any number of threads and however the
//! cluster is told.

use std::sync::{Arc, LazyLock};

use scheduler_core::model::well_known::ARCH;
use scheduler_core::model::{CapacityType, InstanceType, Pod};
use scheduler_core::testkit::{
    PodBuilder, Random, Variety, carry_out, mixed, pod, pool, supply, waiting,
};
use scheduler_core::{
    ClusterSnapshot, Engine, NodeWithPods, Packer, Settings, SnapshotBuilder, Supply, SupplyBuilder,
};

use super::{INSTANCE_TYPES, plan};

/// Steps of improvement: enough for many better plans, and a quarter of the default's time.
const STEPS: u32 = 500;

/// A batch of waiting pods and its plan as it is written down.
struct Batch {
    name: String,
    snapshot: ClusterSnapshot,
    plan: String,
}

static BATCHES: LazyLock<Vec<Batch>> = LazyLock::new(|| {
    let supply = two_pools();
    let batches =
        [(1, Variety::Deployments(50)), (2, Variety::AllDifferent), (3, Variety::AllDifferent)];
    let batch = |(seed, variety)| {
        let mut pods = mixed(seed, 400, variety);
        pods.extend((0..20).flat_map(service));
        let snapshot = beside_half_empty_nodes(&waiting(&supply, pods));
        let name = format!("seed {seed}, {variety:?}");
        Batch { name, plan: written_plan(&snapshot), snapshot }
    };
    batches.map(batch).into()
});

fn two_pools() -> Arc<Supply> {
    let arm = pool("arm").requires(ARCH, ["arm64"]);
    let any = pool("any").capacity_type(CapacityType::OnDemand).limit("cpu", "500");
    supply([arm, any], &INSTANCE_TYPES)
}

/// Five pods with rules about each other, or about where they are.
fn service(index: usize) -> Vec<Arc<Pod>> {
    let service = pod(&format!("service{index}")).cpu("250m").memory("700Mi").replicas(5);
    match index % 4 {
        0 => service.spread_zone(1),
        1 => service.anti_affinity_host(),
        2 => service.spread_host(2),
        _ => service.requires(ARCH, ["arm64"]),
    }
    .build()
}

/// The same pods wait, and there are nodes of which half of the pods have ended.
fn beside_half_empty_nodes(snapshot: &ClusterSnapshot) -> ClusterSnapshot {
    let running = |index: usize| pod(&format!("running{index}")).cpu("700m").memory("2Gi");
    let pods = (0..60).map(running).flat_map(PodBuilder::build).collect();
    let before = waiting(&snapshot.supply, pods);
    let after = carry_out(&before, &plan(Packer::DualGreedy, &before));
    let half_empty = after.nodes.iter().map(|node| {
        let pods = node.pods.iter().step_by(2).cloned().collect();
        Arc::new(NodeWithPods { node: node.node.clone(), pods })
    });
    told(snapshot, half_empty.collect(), snapshot.pending.clone())
}

fn told(
    snapshot: &ClusterSnapshot,
    nodes: Vec<Arc<NodeWithPods>>,
    pending: Vec<Arc<Pod>>,
) -> ClusterSnapshot {
    let supply = snapshot.supply.clone();
    let builder = SnapshotBuilder::new(snapshot.now, supply).nodes(nodes).pending_pods(pending);
    let (snapshot, refusals) = builder.build();
    assert_eq!(refusals, []);
    snapshot
}

/// The same cluster with everything told in another order, and nothing shared between like pods.
fn retold(snapshot: &ClusterSnapshot, seed: u64) -> ClusterSnapshot {
    let mut random = Random::new(seed);
    let mut nodes: Vec<Arc<NodeWithPods>> = snapshot.nodes.clone();
    for node in &mut nodes {
        random.shuffle(&mut Arc::make_mut(node).pods);
    }
    random.shuffle(&mut nodes);
    let alone = |pod: &Arc<Pod>| {
        let spec = Arc::new(pod.spec.as_ref().clone());
        Arc::new(Pod { spec, ..pod.as_ref().clone() })
    };
    let mut pending: Vec<Arc<Pod>> = snapshot.pending.iter().map(alone).collect();
    random.shuffle(&mut pending);
    let supply = retold_supply(&snapshot.supply, &mut random);
    told(&ClusterSnapshot { supply, ..snapshot.clone() }, nodes, pending)
}

fn retold_supply(supply: &Supply, random: &mut Random) -> Arc<Supply> {
    let mut builder = SupplyBuilder::new();
    for (node_class, catalog) in &supply.catalogs {
        let mut types: Vec<InstanceType> = catalog.to_vec();
        for one in &mut types {
            random.shuffle(&mut one.offerings);
        }
        random.shuffle(&mut types);
        builder = builder.catalog(node_class, Arc::new(types));
    }
    let mut pools = supply.node_pools.clone();
    random.shuffle(&mut pools);
    let (supply, refusals) = pools.into_iter().fold(builder, SupplyBuilder::node_pool).build();
    assert_eq!(refusals, []);
    supply
}

fn written_plan(snapshot: &ClusterSnapshot) -> String {
    let settings = Settings { improvement_steps: STEPS, ..Settings::default() };
    let plan = Engine::new(settings).plan_now(snapshot);
    assert_eq!(plan.report.placed, snapshot.pending.len());
    serde_json::to_string(&plan).expect("plans can be written down")
}

#[test]
fn the_number_of_threads_does_not_change_a_byte_of_a_plan() {
    for threads in [1, 2, 16] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.expect("threads can be started");
        for Batch { name, snapshot, plan } in BATCHES.iter() {
            let written = pool.install(|| written_plan(snapshot));
            assert!(written == *plan, "{name}: another plan on {threads} threads");
        }
    }
}

#[test]
fn the_order_in_which_a_cluster_is_told_does_not_change_a_byte_of_its_plan() {
    for Batch { name, snapshot, plan } in BATCHES.iter() {
        let written = written_plan(&retold(snapshot, 1));
        assert!(written == *plan, "{name}: another plan when told in another order");
    }
}

#[test]
fn half_empty_nodes_take_some_of_the_waiting_pods() {
    assert!(BATCHES.iter().all(|batch| batch.plan.contains("Nominate")));
}
