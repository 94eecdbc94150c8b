//! Plans for generated pods on the real instance types of `us-east-1`.

mod cost;
mod right;
mod same;

use std::sync::{Arc, LazyLock};

use aws_provider::{Catalog, CatalogOptions};
use scheduler_core::model::{ImageFamily, InstanceType, NodeClass};
use scheduler_core::testkit::NODE_CLASS;
use scheduler_core::{ClusterSnapshot, Engine, Packer, Plan, Settings};

/// Every type as a node with the defaults of AL2023.
static INSTANCE_TYPES: LazyLock<Arc<Vec<InstanceType>>> = LazyLock::new(|| {
    let class = NodeClass::new(NODE_CLASS, ImageFamily::Al2023);
    let catalog = Catalog::embedded().expect("the catalogue is built in");
    catalog.instance_types(&class, &CatalogOptions::default())
});

fn plan(packer: Packer, snapshot: &ClusterSnapshot) -> Plan {
    Engine::new(Settings { packer, ..Settings::default() }).plan_now(snapshot)
}
