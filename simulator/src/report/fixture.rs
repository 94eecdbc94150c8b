//! A comparison as a replay could yield it, for the tests of the renderers.

use std::collections::BTreeMap;

use crate::outcome::{
    CatalogInfo, Comparison, Figures, NodePicture, Outcome, Picture, PodPicture, Series, TraceInfo,
};

const STEP_SECONDS: u64 = 1200;
const SECONDS: u64 = 491_360;
const STEPS: usize = (SECONDS / STEP_SECONDS) as usize;

/// Five strategies on a load that swings by the day.
pub(super) fn comparison() -> Comparison {
    Comparison {
        version: "0.1.0".to_owned(),
        command: "plimsoll simulate azure2017-1in40 --seed 1".to_owned(),
        trace: TraceInfo {
            name: "azure2017-1in40".to_owned(),
            hash: "3f2a91c0d4e85b7763".repeat(3),
            synthetic: false,
            attribution: Some("Azure Public Dataset V1, Microsoft, CC-BY-4.0".to_owned()),
            pods: 12_514,
        },
        catalog: CatalogInfo {
            hash: "77ab12cd90ef34a1".repeat(4),
            region: "us-east-1".to_owned(),
            as_of: "2026-07-20".to_owned(),
        },
        seed: 1,
        spot_price_factor_ppm: 1_000_000,
        seconds: SECONDS,
        clairvoyant_dollars: 2175.0,
        step_seconds: STEP_SECONDS,
        bound_series: load(15.9),
        outcomes: vec![
            strategy("static-peak", 8467.0, &["m7g.4xlarge"], Buy::OnDemand),
            strategy("on-demand", 5120.0, &["c7g.2xlarge", "m7g.xlarge"], Buy::OnDemand),
            strategy("idp", 3988.0, &["t4g.2xlarge", "t4g.xlarge", "t4g.large"], Buy::Spot),
            strategy("ffd", 2720.0, &["c7g.8xlarge", "c6g.4xlarge", "r7g.2xlarge"], Buy::Spot),
            strategy("plimsoll", 2329.6, &["c7g.8xlarge", "m6g.4xlarge"], Buy::Spot),
        ],
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Buy {
    OnDemand,
    Spot,
}

fn strategy(name: &str, dollars: f64, types: &[&str], buy: Buy) -> Outcome {
    let hours = SECONDS as f64 / 3600.0;
    let flat = name == "static-peak";
    let spot_share = if buy == Buy::Spot { 0.92 } else { 0.0 };
    let mean = dollars / hours;
    let nodes = |share: f64| -> Vec<f64> {
        let nodes = if flat { vec![60.0; STEPS] } else { load(40.0 * share) };
        nodes.iter().map(|nodes| nodes.round()).collect()
    };
    Outcome {
        strategy: name.to_owned(),
        description: format!("What {name} does, in one sentence."),
        figures: Figures {
            dollars,
            dollars_per_month: dollars / hours * 730.0,
            saving: 1.0 - dollars / 8467.0,
            over_bound: dollars / 2175.0 - 1.0,
            node_hours: 40.0 * hours,
            spot_share,
            cpu_fill: 2000.0 / dollars,
            memory_fill: 1700.0 / dollars,
            wait_p50_seconds: if flat { 0.0 } else { 31.0 },
            wait_p95_seconds: if flat { 0.0 } else { 58.0 },
            wait_p99_seconds: if flat { 0.0 } else { 83.0 },
            wait_max_seconds: if flat { 2.0 } else { 1421.0 },
            never_placed: 0,
            evictions_per_pod_day: if name == "plimsoll" { 0.021 } else { 0.0 },
            interruptions: (spot_share * 40.0) as u64,
            launches: if flat { 60 } else { 1337 },
            peak_nodes: 80,
            decisions: 9120,
            decision_p50_ms: 0.42,
            decision_p99_ms: 12.6,
            peak_memory_mib: Some(142.0),
        },
        series: Series {
            dollars_per_hour: if flat { vec![mean; STEPS] } else { load(mean) },
            nodes_by_type: types
                .iter()
                .enumerate()
                .map(|(index, name)| ((*name).to_owned(), nodes(0.6 / (index + 1) as f64)))
                .collect(),
            nodes_by_capacity_type: BTreeMap::from([
                ("on-demand".to_owned(), nodes(1.0 - spot_share)),
                ("spot".to_owned(), nodes(spot_share)),
            ]),
            cpu_fill: load(0.6).iter().map(|fill| fill.min(0.97)).collect(),
            memory_fill: load(0.5).iter().map(|fill| fill.min(0.97)).collect(),
            pending: vec![0; STEPS],
            wait_histogram: histogram(if flat { 0 } else { 4 }),
        },
        busiest: picture(types, buy),
        never_placed: BTreeMap::new(),
        violations: Vec::new(),
    }
}

/// A load with this mean that is twice as high by day as by night.
fn load(mean: f64) -> Vec<f64> {
    let day = |step: usize| (step as u64 * STEP_SECONDS) as f64 / 86_400.0;
    let swing = |day: f64| 1.0 + 0.35 * (std::f64::consts::TAU * (day - 0.3)).sin();
    let ripple = |step: usize| 1.0 + 0.04 * ((step * 7919 % 17) as f64 / 8.0 - 1.0);
    (0..STEPS).map(|step| mean * swing(day(step)) * ripple(step)).collect()
}

fn histogram(mode: usize) -> Vec<(Option<f64>, u64)> {
    let edges = [1.0, 5.0, 15.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0, 900.0, 3600.0];
    let edges = edges.into_iter().map(Some).chain([None]);
    let pods = |index: usize| 9000 >> (2 * index.abs_diff(mode));
    edges.enumerate().map(|(index, edge)| (edge, pods(index))).collect()
}

fn picture(types: &[&str], buy: Buy) -> Picture {
    let node = |index: usize| {
        let instance_type = types[index * types.len() / 24];
        let cores = match instance_type.split_once('.').map_or("", |(_, size)| size) {
            "8xlarge" => 32,
            "4xlarge" => 16,
            "2xlarge" => 8,
            "xlarge" => 4,
            _ => 2,
        };
        let capacity = if buy == Buy::Spot && index % 12 != 11 { "spot" } else { "on-demand" };
        NodePicture {
            name: format!("node-{index}"),
            instance_type: instance_type.to_owned(),
            zone: format!("us-east-1{}", ['a', 'b', 'c'][index % 3]),
            capacity_type: capacity.to_owned(),
            cpu_milli: cores * 1000 - 80,
            memory_mib: cores * 3600,
            pods: pods(index, cores * 1000 - 80),
        }
    };
    Picture { at_seconds: 300_000, nodes: (0..24).map(node).collect() }
}

/// A daemon and pods of four sizes until nine tenths of the node are taken.
fn pods(node: usize, cpu_milli: i64) -> Vec<PodPicture> {
    let mut left = cpu_milli * 9 / 10 - 100;
    let mut pods = Vec::new();
    for index in 0.. {
        let size = [2000, 1000, 500, 250][(node + index) % 4];
        if size > left {
            break;
        }
        left -= size;
        pods.push(PodPicture {
            name: format!("app/pod-{node}-{index}"),
            group: format!("app-{}", (node * 5 + index) % 19),
            cpu_milli: size,
            memory_mib: size * 2,
        });
    }
    pods.sort_by_key(|pod| -pod.cpu_milli);
    let group = "daemon".to_owned();
    let name = format!("kube-system/proxy-{node}");
    pods.push(PodPicture { name, group, cpu_milli: 100, memory_mib: 128 });
    pods
}
