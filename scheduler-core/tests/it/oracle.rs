//! Tiny cases against brute force, resources only.

use proptest::collection::vec;
use proptest::prelude::*;
use scheduler_core::model::{CapacityType, Price, Resources};
use scheduler_core::testkit::{ClusterBuilder, Sale, cluster, instance_type, pod};

use super::plan_with;
use super::scene::packers;

/// Up to four pods and three types, as amounts of CPU and memory.
#[derive(Clone, Debug)]
struct Tiny {
    pods: Vec<(i64, i64)>,
    /// CPU, memory, pod slots, price.
    types: Vec<(i64, i64, i64, i64)>,
}

fn tiny_cases() -> impl Strategy<Value = Tiny> {
    let pods = vec((1..=8_i64, 1..=8_i64), 1..=4);
    let types = vec((2..=10_i64, 2..=10_i64, 1..=4_i64, 10..=100_i64), 1..=3);
    (pods, types).prop_map(|(pods, types)| Tiny { pods, types })
}

impl Tiny {
    fn cluster(&self) -> ClusterBuilder {
        let mut built = cluster();
        for (index, (cpu, memory, slots, price)) in self.types.iter().enumerate() {
            let price = Price::from_micro_usd(price * 1_000);
            let kind = instance_type(&format!("t{index}"))
                .cpu(&cpu.to_string())
                .memory(&format!("{memory}Gi"))
                .pods(*slots)
                .offering("a", Sale::new(CapacityType::OnDemand, price));
            built = built.instance_type(kind);
        }
        for (index, (cpu, memory)) in self.pods.iter().enumerate() {
            let pod = pod(&format!("p{index}")).cpu(&cpu.to_string());
            built = built.pod(pod.memory(&format!("{memory}Gi")));
        }
        built
    }

    /// Price of the cheapest type that holds these pods.
    fn cheapest(&self, pods: &[(i64, i64)]) -> Option<i64> {
        let mut load = Resources::default();
        for (cpu, memory) in pods {
            load.add(&Resources::new(*cpu, *memory).with_pods(1));
        }
        let holds = |(cpu, memory, slots, _): &&(i64, i64, i64, i64)| {
            load.fits(&Resources::new(*cpu, *memory).with_pods(*slots))
        };
        self.types.iter().filter(holds).map(|(.., price)| price * 1_000).min()
    }

    /// Pods that some type holds alone.
    fn placeable(&self) -> Vec<(i64, i64)> {
        let alone = |pod: &&(i64, i64)| self.cheapest(std::slice::from_ref(*pod)).is_some();
        self.pods.iter().filter(alone).copied().collect()
    }

    /// Price of the cheapest way to place all pods that can be placed: every way to divide them
    /// among nodes is tried.
    fn optimum(&self) -> i64 {
        fn divide(
            tiny: &Tiny,
            rest: &[(i64, i64)],
            nodes: &mut Vec<Vec<(i64, i64)>>,
        ) -> Option<i64> {
            let Some((pod, rest)) = rest.split_first() else {
                return nodes.iter().map(|pods| tiny.cheapest(pods)).sum();
            };
            let mut best: Option<i64> = None;
            for index in 0..=nodes.len() {
                if index == nodes.len() {
                    nodes.push(Vec::new());
                }
                nodes[index].push(*pod);
                let found = divide(tiny, rest, nodes);
                best = [best, found].into_iter().flatten().min();
                nodes[index].pop();
                nodes.retain(|pods| !pods.is_empty());
            }
            best
        }
        divide(self, &self.placeable(), &mut Vec::new()).expect("each pod fits alone")
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_best_price_lies_between_bound_and_plan(tiny in tiny_cases(), packer in packers()) {
        let report = plan_with(packer, &tiny.cluster().build()).report;
        let optimum = tiny.optimum();
        prop_assert_eq!(report.placed, tiny.placeable().len());
        prop_assert!(report.lower_bound.micro_usd() <= optimum, "bound above {optimum}");
        prop_assert!(optimum <= report.price.micro_usd(), "price below {optimum}");
    }

    #[test]
    fn a_pod_is_too_large_exactly_when_no_type_holds_it_alone(
        tiny in tiny_cases(), packer in packers()
    ) {
        let report = plan_with(packer, &tiny.cluster().build()).report;
        let codes: Vec<&str> = report.unschedulable.iter().map(|one| one.code.as_str()).collect();
        prop_assert_eq!(codes, vec!["PLM-1004"; tiny.pods.len() - tiny.placeable().len()]);
    }
}

#[test]
fn the_oracle_divides_pods_where_that_is_cheaper() {
    let types = vec![(4, 4, 4, 10), (8, 8, 4, 25)];
    let tiny = Tiny { pods: vec![(4, 1), (4, 1), (9, 9)], types };
    assert_eq!((tiny.optimum(), tiny.placeable().len()), (20_000, 2));
}
