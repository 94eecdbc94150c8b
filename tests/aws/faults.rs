//! A thousand pods' worth of nodes in an account in which much goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_provider::error::Reason;
use aws_provider::launch::{
    Attempt, LaunchOrder, LaunchReport, LaunchWish, PriceSource, ReservedCapacity, orders,
};
use aws_provider::{Catalog, CatalogOptions, CloudError};
use plimsoll_fake_aws::{
    Account, AccountBuilder, Call as _, CreateFleet, FaultRates, Instance, InstanceState, Quotas,
    Subnet,
};
use scheduler_core::model::{ImageFamily, InstanceType, NodeClass, Offering, Pod, Requirements};
use scheduler_core::testkit::{NODE_CLASS, pod, pool, supply, waiting};
use scheduler_core::{Engine, MinValuesPolicy, PlannedNode, Settings};

use super::{Bed, CLUSTER};

const PODS: usize = 1000;
/// More rounds than this mean that planning does not learn from failures.
const ROUNDS_MAX: usize = 60;
/// Seconds between two rounds.
const ROUND_SECS: u32 = 20;
/// What the pool may launch: enough types for a choice, few enough to plan quickly.
const FAMILIES: [&str; 6] = ["c5", "c6i", "m5", "m6i", "r5", "r6i"];
/// Larger machines would make the pods a handful of launches.
const CPU_MILLI_MAX: i64 = 16_000;
/// Seeds that are run; `SEEDS=200` runs more.
const SEEDS: u64 = 3;

/// 30 % of the pools are empty, Spot is limited to 400 vCPUs, the subnet of the cheapest zone holds twelve nodes, and a
/// fifth of the calls are throttled, fail, or are carried out without an answer.
fn account(seed: u64) -> AccountBuilder {
    let zones = ["us-east-1a", "us-east-1b", "us-east-1c"].into_iter().zip(1..);
    let subnets = zones.map(|(zone, number)| {
        let id = format!("subnet-0{number:016x}");
        let subnet = Subnet::new(&id, zone, [10, 0, 32 * number, 0], 19);
        if number == 1 { subnet.free(12) } else { subnet }
    });
    AccountBuilder::new(CLUSTER)
        .expect("the catalogue is built in")
        .seed(seed)
        .subnets(subnets)
        .quotas(Quotas { on_demand_vcpus: None, spot_vcpus: Some(400) })
        .fault_rates(FaultRates {
            throttled_ppm: 100_000,
            failed_ppm: 70_000,
            lost_ppm: 30_000,
            empty_pools_ppm: 300_000,
            ..FaultRates::default()
        })
}

/// The types of the pool, as the class would have them.
fn types() -> Vec<InstanceType> {
    let class = NodeClass::new(NODE_CLASS, ImageFamily::Al2023);
    let catalog = Catalog::embedded().expect("the catalogue is built in");
    let all = catalog.instance_types(&class, &CatalogOptions::default());
    let family = |one: &InstanceType| one.name.split('.').next().unwrap_or_default().to_owned();
    let is_plain = |one: &&InstanceType| {
        FAMILIES.contains(&family(one).as_str()) && one.capacity.cpu_milli <= CPU_MILLI_MAX
    };
    all.iter().filter(is_plain).cloned().collect()
}

/// The offerings that a planned node may have, as a launch takes them.
fn wish(bed: &Bed, node: &PlannedNode, types: &[InstanceType]) -> LaunchWish {
    let chosen = (&node.instance_type, &node.zone, node.capacity_type);
    let others = node.alternatives.iter();
    let named: BTreeSet<_> = others
        .map(|one| (&one.instance_type, &one.zone, one.capacity_type))
        .chain([chosen])
        .collect();
    let of_type = |one: &InstanceType| {
        let mut kind = one.clone();
        let is_named = |it: &Offering| named.contains(&(&one.name, &it.zone, it.capacity_type));
        kind.offerings.retain(is_named);
        (!kind.offerings.is_empty()).then_some(kind)
    };
    let types: Vec<InstanceType> = types.iter().filter_map(of_type).collect();
    LaunchWish {
        node_pool: node.node_pool.clone(),
        spec: bed.spec(&types),
        requirements: Requirements::new(),
        requests: node.requests.clone(),
        types: Arc::new(types),
        min_values: MinValuesPolicy::Strict,
        prices: PriceSource::Market,
        reserved_capacity: ReservedCapacity::Enabled,
    }
}

/// What is known of a launch's claims.
#[derive(Default)]
struct Fleet {
    waiting: BTreeMap<String, Arc<Pod>>,
    /// Pods by claim, of claims whose launch is not settled.
    claims: BTreeMap<String, Vec<Arc<Pod>>>,
    /// Launches whose outcome is not known.
    unsettled: Vec<LaunchOrder>,
    owned: BTreeSet<String>,
    /// How often pools were refused, by reason.
    refused: BTreeMap<&'static str, usize>,
    next: usize,
}

impl Fleet {
    fn claim(&mut self, node: &PlannedNode) -> String {
        let name = format!("claim-{}", self.next);
        self.next += 1;
        let pods = node.pods.iter().filter_map(|id| self.waiting.remove(&id.to_string()));
        let pods: Vec<Arc<Pod>> = pods.collect();
        self.claims.insert(name.clone(), pods);
        name
    }

    /// Takes a report over: nodes keep their pods, pods without a node wait again, unless their
    /// launch may still turn out to have worked.
    fn settle(&mut self, mut order: LaunchOrder, report: LaunchReport) {
        for refusal in &report.refusals {
            *self.refused.entry(refusal.reason.as_str()).or_default() += 1;
        }
        for (claim, launched) in report.launched {
            assert!(self.owned.insert(launched.id.clone()), "an instance was given away twice");
            self.claims.remove(&claim);
            order.taken.insert(launched.id);
        }
        if report.error.as_ref().is_some_and(CloudError::is_retryable) {
            order.claims = report.without;
            order.attempt = Attempt::Again;
            self.unsettled.push(order);
            return;
        }
        for claim in report.without {
            let pods = self.claims.remove(&claim).unwrap_or_default();
            self.waiting.extend(pods.into_iter().map(|pod| (pod.id.to_string(), pod)));
        }
    }
}

/// Launches until every pod has a node; how many rounds that took.
async fn launch_all(bed: &mut Bed, fleet: &mut Fleet) -> usize {
    let all = types();
    let mut engine = Engine::new(Settings::default());
    for round in 1..=ROUNDS_MAX {
        for order in std::mem::take(&mut fleet.unsettled) {
            let report = bed.instances.launch(&order, bed.now).await;
            fleet.settle(order, report);
        }
        let mut types = all.clone();
        bed.instances.apply(&mut types, &bed.subnets(), None, bed.now);
        let types = Arc::new(types);
        let pools = [pool("general").zones(bed.subnets().keys().map(String::as_str))];
        let snapshot = waiting(&supply(pools, &types), fleet.waiting.values().cloned().collect());
        let plan = engine.plan_now(&snapshot);
        let claims: Vec<_> = plan
            .launches()
            .map(|node| (fleet.claim(node), Arc::new(wish(bed, node, &types))))
            .collect();
        for order in orders(claims) {
            let report = bed.instances.launch(&order, bed.now).await;
            fleet.settle(order, report);
        }
        if fleet.waiting.is_empty() && fleet.unsettled.is_empty() {
            return round;
        }
        bed.wait(ROUND_SECS).await;
        drop(bed.instances.list().await);
    }
    ROUNDS_MAX + 1
}

/// Ids of the account's instances that are not on their way out.
fn running(account: &Account) -> BTreeSet<String> {
    let runs =
        |one: &&Instance| matches!(one.state, InstanceState::Pending | InstanceState::Running);
    account.instances().filter(runs).map(|one| one.id.clone()).collect()
}

#[tokio::test]
async fn whatever_fails_all_pods_get_nodes_and_nothing_leaks() {
    let seeds = std::env::var("SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    let mut subnets_full = 0;
    for seed in 0..seeds {
        let mut bed = Bed::new(account(seed)).await;
        let pods = pod("web").cpu("1").memory("2Gi").replicas(PODS).build();
        let waiting = pods.into_iter().map(|pod| (pod.id.to_string(), pod));
        let mut fleet = Fleet { waiting: waiting.collect(), ..Fleet::default() };
        let rounds = launch_all(&mut bed, &mut fleet).await;
        assert!(rounds <= ROUNDS_MAX, "seed {seed}: {} pods wait", fleet.waiting.len());
        let account = bed.aws.account();
        let calls = account.counters().of(CreateFleet::ACTION).calls;
        let (nodes, refused) = (fleet.owned.len(), &fleet.refused);
        println!(
            "seed {seed}: {rounds} rounds, {nodes} nodes, {calls} fleets, refused {refused:?}"
        );
        for reason in [Reason::LaunchFailed, Reason::SpotQuotaExceeded] {
            assert!(refused.contains_key(reason.as_str()), "seed {seed}: no {reason}");
        }
        subnets_full += refused.get("InsufficientFreeAddressesInSubnet").copied().unwrap_or(0);
        assert_eq!(running(&account), fleet.owned, "seed {seed}");
    }
    assert!(subnets_full > 0, "no subnet was ever full");
}
