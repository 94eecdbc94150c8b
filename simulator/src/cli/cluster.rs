//! From cluster files to a snapshot.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, bail};
use aws_provider::Catalog;
use clap::Args;
use jiff::Timestamp;
use plimsoll_api::{Cluster, DefaultSpread, Objects, Severity, convert, read_paths};
use scheduler_core::{ClusterSnapshot, Settings};
use sha2::{Digest, Sha256};

use super::prices::Prices;
use super::{say, strategy};
use crate::plan::{Inputs, Times};
use crate::strategy::Strategy;

/// Strategies that are a manner of packing: they use the cluster's own pools if it has any. All
/// others are their pools.
const PACKERS: [&str; 2] = ["ffd", "plimsoll"];

const STRATEGY_HELP: &str = "\
Plan in the manner of this strategy

plimsoll and ffd use the NodePools of the cluster files, or their own if there are none. \
static-peak, on-demand and idp stand for their own NodePools, a file for those in it.";

const SCHEDULER_CONFIG_HELP: &str = "\
Topology spread of pods that name none, as Karpenter's scheduler-config has it

A YAML or JSON file with podTopologySpread.defaultConstraints, as the cluster's kube-scheduler has \
them. Which pods count follows from the Services and controllers in the cluster files.";

/// Cluster files and what to read into them.
#[derive(Args, Debug)]
pub(super) struct ClusterArgs {
    /// Kubernetes objects as JSON or YAML, also gzipped; directories are read whole
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Make the replicas that a workload still lacks pending pods
    #[arg(long)]
    expand: bool,
    /// Plan in the manner of this strategy
    #[arg(long, value_name = "NAME|FILE", long_help = STRATEGY_HELP)]
    strategy: Option<String>,
    /// Topology spread of pods that name none, as Karpenter's scheduler-config has it
    #[arg(long, value_name = "FILE", long_help = SCHEDULER_CONFIG_HELP)]
    scheduler_config: Option<PathBuf>,
    #[command(flatten)]
    prices: Prices,
    /// The instant to plan for [default: the newest creation time in the files]
    #[arg(long, value_name = "TIMESTAMP")]
    now: Option<Timestamp>,
}

/// What the files say.
pub(super) struct ReadCluster {
    pub(super) snapshot: ClusterSnapshot,
    /// How the engine is to decide.
    pub(super) settings: Settings,
    pub(super) inputs: Inputs,
    pub(super) times: Times,
    /// Something was read that is left out.
    pub(super) refused: bool,
}

impl ClusterArgs {
    /// Reads the files and says what is wrong with them.
    pub(super) fn read(&self) -> anyhow::Result<ReadCluster> {
        let mut times = Times::default();
        let watch = Instant::now();
        let strategy = self.strategy.as_deref().map(strategy::named_or_file).transpose()?;
        let mut objects = read_paths(&self.files)?;
        if let Some(path) = &self.scheduler_config {
            objects.default_spread = DefaultSpread::read(path)
                .with_context(|| format!("scheduler configuration {}", path.display()))?;
        }
        if self.expand {
            objects.expand_workloads();
        }
        times.read = watch.elapsed();

        let watch = Instant::now();
        let catalog = self.prices.catalog()?;
        times.catalog = watch.elapsed();

        let watch = Instant::now();
        let now = self.now.unwrap_or_else(|| newest(&objects));
        let mut cluster = convert(&objects, now);
        let settings = apply(strategy, &mut cluster);
        let options = self.prices.options();
        let (snapshot, refusals) =
            cluster.snapshot(now, |class| catalog.instance_types(class, &options));
        times.convert = watch.elapsed();

        for (kind, number) in &objects.unknown_kinds {
            say(&format!("warning: {number} of kind {kind} left out: the kind is not read"));
        }
        for finding in &cluster.findings {
            say(&finding.to_string());
        }
        for refusal in &refusals {
            say(&format!("error: {refusal}"));
        }
        let no_pool = cluster.node_pools.is_empty() && !snapshot.pending.is_empty();
        if no_pool && !declares_pool(&objects) {
            bail!(
                "there is no NodePool in the cluster files; add one, or let --strategy plimsoll \
                 supply its own"
            );
        }

        let errors = cluster.findings.iter().any(|finding| finding.severity == Severity::Error);
        let inputs = Inputs {
            hash: self.hash(&snapshot, &catalog)?,
            region: catalog.region().to_owned(),
            price_date: catalog.as_of().on_demand_price.clone(),
            spot_price_factor_ppm: self.prices.spot_price_factor,
        };
        let refused = errors || !refusals.is_empty();
        Ok(ReadCluster { snapshot, settings, inputs, times, refused })
    }

    /// SHA-256 of everything that the plan depends on.
    fn hash(&self, snapshot: &ClusterSnapshot, catalog: &Catalog) -> anyhow::Result<String> {
        let supply = &snapshot.supply;
        let mut facts = serde_json::to_vec(&(
            (&snapshot.nodes, &snapshot.pending, &supply.node_pools, &supply.daemon_sets),
            (catalog.sha256(), self.prices.spot_price_factor, snapshot.now),
        ))?;
        if !supply.overlaid.is_empty() {
            facts.extend(serde_json::to_vec(&supply.overlaid)?);
        }
        let mut hash = String::new();
        for byte in Sha256::digest(&facts) {
            // Writing to a string cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        Ok(hash)
    }
}

/// Gives the cluster the pools of the strategy where it stands for pools, and returns how the
/// engine is to decide.
fn apply(strategy: Option<Strategy>, cluster: &mut Cluster) -> Settings {
    let Some(strategy) = strategy else { return Settings::default() };
    if !PACKERS.contains(&strategy.name.as_str()) || cluster.node_pools.is_empty() {
        cluster.node_pools = strategy.node_pools;
        cluster.node_classes = strategy.node_classes;
    }
    strategy.settings
}

/// A pool that was read, even if it was refused: then the finding says more than "no pool".
fn declares_pool(objects: &Objects) -> bool {
    !objects.node_pools.is_empty()
        || objects.findings.iter().any(|finding| finding.object.kind == "NodePool")
}

/// The newest creation time of a pod, node or claim: about when the files were written. So the
/// same files give the same plan on any day.
fn newest(objects: &Objects) -> Timestamp {
    let pods = objects.pods.iter().map(|pod| &pod.object.metadata);
    let nodes = objects.nodes.iter().map(|node| &node.object.metadata);
    let claims = objects.node_claims.iter().map(|claim| &claim.object.metadata);
    let created = pods.chain(nodes).chain(claims).filter_map(|one| one.creation_timestamp.as_ref());
    created.map(|time| time.0).max().unwrap_or(Timestamp::UNIX_EPOCH)
}
