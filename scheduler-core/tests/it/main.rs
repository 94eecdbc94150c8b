//! Properties and facts of the core, through its public face only.

mod batch;
mod buffers;
mod certificate;
mod claims;
mod compat;
mod disruption;
mod existing;
mod fixed;
mod improving;
mod oracle;
mod overlays;
mod placing;
mod pools;
mod preferences;
mod properties;
mod reasons;
mod reserved;
mod scene;
mod settling;
mod topology;
mod verifier;
mod verifier_topology;
mod volumes;
mod withheld;

use scheduler_core::testkit::ClusterBuilder;
use scheduler_core::{ClusterSnapshot, Engine, Packer, Plan, Settings};

/// Plans all waiting pods with the default settings.
fn plan(cluster: ClusterBuilder) -> Plan {
    plan_with(Packer::DualGreedy, &cluster.build())
}

/// Plans all waiting pods with a fresh engine. The plan must be about all of them: an empty plan
/// would satisfy most properties.
fn plan_with(packer: Packer, snapshot: &ClusterSnapshot) -> Plan {
    let plan = Engine::new(Settings { packer, ..Settings::default() }).plan_now(snapshot);
    assert_eq!(plan.report.pods, snapshot.pending.len());
    plan
}
