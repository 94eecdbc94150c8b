//! The judge: plans for random clusters, held against the real kube-scheduler.
//!
//! ```text
//!  seed ──► Kubernetes objects ──► plimsoll-api ──► Engine ──► plan
//!                 │                                              │ planned nodes, daemons
//!                 ▼                                              ▼
//!           kube-apiserver, etcd, kube-scheduler  ◄──────────────┘
//!                 │
//!                 ▼  1. each pod may go to its planned node
//!                    2. each pod that has none is refused by a node of everything there is
//!                    3. if the scheduler chooses: all placed pods come to run
//! ```
//!
//! `JUDGE_SEEDS=0..2000` chooses the clusters; `cargo xtask judge --seeds 0..2000` does the same. A
//! cluster on which they disagree is made as small as possible and printed; put into `scenarios/`,
//! it is judged first from then on.

mod catalog;
mod cluster;
mod coverage;
mod daemon;
mod draw;
mod judge;
mod planned;
mod shrink;
mod stage;

use std::io::Write as _;
use std::num::NonZero;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Instant;
use std::{env, fs, io};

use anyhow::Context as _;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use cluster::Cluster;
use coverage::Coverage;
use judge::{Outcome, Questions, judge};
use shrink::shrink;
use stage::Stage;

/// Clusters of an ordinary run.
const SEEDS: Range<u64> = 0..200;
/// The scheduler chooses itself for one in so many clusters.
const FREE_EVERY: u64 = 4;
/// Disagreements that are made small, at most; the others are only told.
const SHRUNK_MAX: usize = 3;
/// Control planes that are used at the same time, at most: each needs a gibibyte. One for each core
/// keeps them busy, though a single one waits half of its time.
const PLANES_MAX: usize = 4;
/// How the names of random clusters begin; kept ones are small already.
const DRAWN: &str = "seed ";

#[test]
fn kube_scheduler_agrees_with_plans() {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let outcome = runtime.block_on(run()).unwrap_or_else(|error| panic!("{error:#}"));
    assert!(outcome.disagreements.is_empty(), "kube-scheduler disagrees, see above");
}

async fn run() -> anyhow::Result<Outcome> {
    let start = Instant::now();
    let kept = scenarios()?.into_iter();
    let kept = kept.map(|(name, cluster)| (name, cluster, Questions::PlannedAndFree));
    let drawn = seeds()?.map(|seed| {
        let questions =
            if seed % FREE_EVERY == 0 { Questions::PlannedAndFree } else { Questions::Planned };
        (format!("{DRAWN}{seed}"), draw::draw(seed), questions)
    });
    let cases: Cases = Arc::new(Mutex::new(Box::new(kept.chain(drawn))));
    let findings = Arc::new(Mutex::new(Findings::default()));
    let planes = available_parallelism().map_or(1, NonZero::get).min(PLANES_MAX);
    let mut judges = JoinSet::new();
    for _ in 0..planes {
        judges.spawn(judge_all(Arc::clone(&cases), Arc::clone(&findings)));
    }
    while let Some(done) = judges.join_next().await {
        done??;
    }
    let findings = Arc::into_inner(findings).context("a judge is still at work")?.into_inner();
    findings.tell(start);
    Ok(findings.total)
}

/// Clusters that nobody has judged yet, by name, with what to ask about them.
type Cases = Arc<Mutex<Box<dyn Iterator<Item = (String, Cluster, Questions)> + Send>>>;

/// Judges clusters on a control plane of its own, until there are no more. Nothing of one cluster
/// can be seen from another: they come one after the other, or on different planes.
async fn judge_all(cases: Cases, findings: Arc<Mutex<Findings>>) -> anyhow::Result<()> {
    let start = Instant::now();
    let stage = Stage::open().await?;
    say(&format!("a control plane is up after {:.1} s", start.elapsed().as_secs_f64()));
    loop {
        let next = cases.lock().await.next();
        let Some((name, cluster, questions)) = next else { return Ok(()) };
        let outcome = judge(&stage, &cluster, questions).await;
        let outcome = outcome
            .with_context(|| format!("{name}; kube-scheduler:\n{}", stage.scheduler_log()))?;
        for disagreement in &outcome.disagreements {
            say(&format!("{name}: {disagreement}"));
        }
        let first = outcome.disagreements.first().cloned();
        let shrunk = findings.lock().await.add(&name, &cluster, outcome);
        if let Some(first) = first.filter(|_| shrunk < SHRUNK_MAX && name.starts_with(DRAWN)) {
            let smallest = shrink(&stage, &cluster, &first).await;
            keep(&name, &smallest)?;
            for disagreement in &judge(&stage, &smallest, questions).await?.disagreements {
                say(&format!("{name}, made small: {disagreement}"));
            }
        }
    }
}

/// What all judges have found.
#[derive(Default)]
struct Findings {
    total: Outcome,
    coverage: Coverage,
}

impl Findings {
    /// Adds a cluster; tells in how many before it there was a disagreement.
    fn add(&mut self, name: &str, cluster: &Cluster, outcome: Outcome) -> usize {
        let before = self.total.disagreeing_clusters;
        self.coverage.add(cluster);
        self.total.add(outcome);
        if self.total.clusters.is_multiple_of(50) {
            say(&format!("{} clusters, {name}", self.total.clusters));
        }
        before
    }

    fn tell(&self, start: Instant) {
        let seconds = start.elapsed().as_secs_f64();
        let Outcome {
            clusters,
            pods,
            placements,
            unschedulable,
            not_judged,
            free_clusters,
            extra_rounds,
            overtaken,
            disagreements,
            ..
        } = &self.total;
        say(&format!("clusters with each kind of rule: {}", self.coverage.text()));
        say(&format!(
            "chosen by the scheduler itself: {free_clusters} clusters, {extra_rounds} plans after \
             the first, {overtaken} pods overtaken by others"
        ));
        say(&format!(
            "{clusters} clusters, {pods} pods, {placements} placements judged, {unschedulable} \
             unschedulable judged ({not_judged} for reasons that the scheduler does not know), {} \
             disagreements, {seconds:.0} s",
            disagreements.len(),
        ));
    }
}

/// Prints a small cluster, and writes it where it can be taken from.
fn keep(name: &str, cluster: &Cluster) -> anyhow::Result<()> {
    let text = cluster.text()?;
    let file = format!("{}.yaml", name.replace(' ', "-"));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    say(&format!("--- {name} made small ({}):\n{text}---", path.display()));
    Ok(())
}

/// Kept clusters, by name.
fn scenarios() -> anyhow::Result<Vec<(String, Cluster)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("judge/scenarios");
    let mut scenarios = Vec::new();
    for entry in fs::read_dir(&folder).context("there is no folder of scenarios")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let cluster = Cluster::parse(&name, &fs::read_to_string(&path)?)?;
            scenarios.push((name, cluster));
        }
    }
    scenarios.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(scenarios)
}

/// `JUDGE_SEEDS` as `first..end`, or the seeds of an ordinary run.
fn seeds() -> anyhow::Result<Range<u64>> {
    let Ok(text) = env::var("JUDGE_SEEDS") else { return Ok(SEEDS) };
    let parts = text.split_once("..").context("JUDGE_SEEDS is not of the form 0..200")?;
    Ok(parts.0.parse()?..parts.1.parse()?)
}

/// Writes a line to standard error past the test harness, which would keep it to itself.
fn say(line: &str) {
    // Nothing is left to do if the terminal is gone.
    let _ = writeln!(io::stderr(), "{line}");
}
