//! Facts shared by the tests of the replay: one shape of node, prices that divide well.

use std::sync::Arc;

use scheduler_core::model::{InstanceType, Price};
use scheduler_core::testkit::{Sale, instance_type, on_demand, spot};

use crate::embedded::EmbeddedTrace;
use crate::trace::TraceSource;

/// A tenth of a cent a second.
pub(crate) const CENT_TENTH_PER_SECOND: &str = "$3.6";

/// Two cores, 8 GiB; on demand in zones a and b for a tenth of a cent a second, a third of that on
/// Spot in zone a.
pub(crate) fn types() -> Arc<Vec<InstanceType>> {
    let large = instance_type("m7g.large")
        .offering("a", on_demand(CENT_TENTH_PER_SECOND))
        .offering("b", on_demand(CENT_TENTH_PER_SECOND))
        .offering("a", spot("$1.2"));
    Arc::new(vec![large.build()])
}

/// A Spot sale at the price of [`types`] that is certain to be taken back within a month.
pub(crate) fn doomed_spot() -> Sale {
    let price = Price::from_micro_usd(1_200_000);
    Sale::new(scheduler_core::model::CapacityType::Spot, price).interrupted(999)
}

/// A trace of these rows, without the header.
pub(crate) fn trace(rows: &str) -> TraceSource {
    trace_with_groups(rows, None)
}

/// A trace with a groups file.
pub(crate) fn trace_with_groups(rows: &str, groups: Option<&'static str>) -> TraceSource {
    let text = format!("{}\n{rows}", crate::trace::COLUMNS.join(","));
    let trace = EmbeddedTrace {
        name: "test",
        attribution: None,
        rows: String::leak(text).as_bytes(),
        groups: groups.map(str::as_bytes),
    };
    TraceSource::Embedded(Box::leak(Box::new(trace)))
}
