//! The instance types that every cluster of the judge can launch.

use std::sync::{Arc, LazyLock};

use scheduler_core::model::attachment::{EBS_DRIVER, attachable_volumes};
use scheduler_core::model::{CapacityType, InstanceType, Price};
use scheduler_core::testkit::{Sale, instance_type};

/// Zones, in which most types are sold.
pub(crate) const ZONES: [&str; 3] = ["zone-a", "zone-b", "zone-c"];
/// Label with the number of vCPUs of a node.
pub(crate) const CPU_LABEL: &str = "karpenter.k8s.aws/instance-cpu";
/// Label with the family of a node's type.
pub(crate) const FAMILY_LABEL: &str = "karpenter.k8s.aws/instance-family";

/// Name, and price on demand in micro-dollars an hour.
const TYPES: [(&str, i64); 12] = [
    ("c7g.medium", 36_000),
    ("c7g.large", 72_000),
    ("c7g.2xlarge", 290_000),
    ("m7g.medium", 41_000),
    ("m7g.large", 82_000),
    ("m7g.xlarge", 163_000),
    ("m7g.4xlarge", 653_000),
    ("r7g.large", 107_000),
    ("r7g.2xlarge", 428_000),
    ("m5.large", 96_000),
    ("m5.2xlarge", 384_000),
    ("g5.xlarge", 1_006_000),
];

/// How many volumes these types can take; nobody limits the others.
const VOLUMES: [(&str, i64); 3] = [("c7g.medium", 1), ("m7g.medium", 2), ("m5.large", 3)];

/// The catalogue: both capacity types in each zone, but graphics cards in one zone only, and the
/// largest type not on the Spot market.
pub(crate) static INSTANCE_TYPES: LazyLock<Arc<Vec<InstanceType>>> = LazyLock::new(|| {
    let types = TYPES.iter().map(|(name, price)| {
        let mut built = instance_type(name).reserved("80m", "400Mi");
        let zones = if name.starts_with("g5") { &ZONES[1..2] } else { &ZONES[..] };
        for (index, zone) in zones.iter().enumerate() {
            // Prices differ a little between zones, so that the cheapest is not always the first.
            let price = Price::from_micro_usd(price + 500 * ((index as i64 + 2) % 3));
            let spot = price.scaled(40, 100);
            built = built.offering(zone, Sale::new(CapacityType::OnDemand, price));
            if *name != "m7g.4xlarge" {
                built = built.offering(zone, Sale::new(CapacityType::Spot, spot).interrupted(50));
            }
        }
        let mut built = built.build();
        let vcpus = (built.capacity.cpu_milli / 1000).to_string();
        built.requirements.add(CPU_LABEL, scheduler_core::model::Requirement::any_of([vcpus]));
        built.capacity.ephemeral_bytes = 20 << 30;
        if let Some((_, most)) = VOLUMES.iter().find(|(limited, _)| limited == name) {
            built.capacity.set(&attachable_volumes(EBS_DRIVER), *most);
        }
        built
    });
    Arc::new(types.collect())
});
