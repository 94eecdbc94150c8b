//! Whether a kubelet configuration can be right. All faults are found, not only the first.

use std::collections::BTreeSet;
use std::fmt;

use plimsoll_api::duration::parse_go;
use plimsoll_api::quantity::Quantity;
use scheduler_core::model::ImageFamily;
use serde_json::{Map, Value};

use super::{is_quantity, schema, unmanaged};

/// Signals that kubelet can evict by.
const SIGNALS: [&str; 6] = [
    "memory.available",
    "nodefs.available",
    "nodefs.inodesFree",
    "imagefs.available",
    "imagefs.inodesFree",
    "pid.available",
];
/// Resources that can be reserved.
const RESERVABLE: [&str; 4] = ["cpu", "memory", "ephemeral-storage", "pid"];

/// What is wrong with a field. Displays as `field: problem`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubeletFault {
    /// Path within `spec.kubelet`.
    pub field: String,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for KubeletFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl KubeletFault {
    pub(super) fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }

    pub(super) fn expected(field: &str, expected: &str, found: &Value) -> Self {
        Self::new(field, format!("expected {expected}, found {found}"))
    }
}

/// Expressions of a configuration: fields whose values are to be computed for each instance type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expressions {
    /// That of `maxPods`.
    pub max_pods: Option<String>,
    /// Those of reserved amounts, by field (`kubeReserved.cpu`).
    pub reserved: Vec<(String, String)>,
}

impl Expressions {
    /// Those of a configuration: texts where a number or a quantity is expected.
    pub fn of(kubelet: Option<&Map<String, Value>>) -> Self {
        let Some(kubelet) = kubelet else { return Self::default() };
        let max_pods = kubelet.get("maxPods").and_then(Value::as_str).map(str::to_owned);
        let mut reserved = Vec::new();
        for field in ["kubeReserved", "systemReserved"] {
            let amounts = texts(kubelet, field).filter(|(_, text)| !is_quantity(text));
            reserved
                .extend(amounts.map(|(name, text)| (format!("{field}.{name}"), text.to_owned())));
        }
        Self { max_pods, reserved }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.max_pods.is_none() && self.reserved.is_empty()
    }
}

/// Everything that is wrong with a configuration, whatever the image family.
pub fn check(kubelet: &Map<String, Value>) -> Vec<KubeletFault> {
    let mut faults = schema::check(kubelet);
    if kubelet.contains_key("registerWithTaints") {
        let problem = "it is set for each node; use the taints of the NodePool";
        faults.push(KubeletFault::new("registerWithTaints", problem));
    }
    for field in ["podsPerCore", "evictionMaxPodGracePeriod", "maxPods"] {
        check_not_negative(kubelet, field, &mut faults);
    }
    for field in ["kubeReserved", "systemReserved"] {
        check_reserved(kubelet, field, &mut faults);
    }
    for field in ["evictionHard", "evictionSoft", "evictionMinimumReclaim"] {
        check_signals(kubelet, field, &mut faults);
        check_thresholds(kubelet, field, &mut faults);
    }
    check_grace_periods(kubelet, &mut faults);
    check_image_gc(kubelet, &mut faults);
    faults
}

/// What the user data of a family has no place for.
pub fn check_support(kubelet: &Map<String, Value>, family: ImageFamily) -> Vec<KubeletFault> {
    // One takes the whole configuration, with the other the user takes care of it.
    if matches!(family, ImageFamily::Al2023 | ImageFamily::Custom) {
        return Vec::new();
    }
    let family_name = family.as_str();
    let unsupported = |field: &str| {
        let problem =
            format!("family {family_name} does not support it; use AL2023 or leave it out");
        KubeletFault::new(field, problem)
    };
    let mut faults: Vec<KubeletFault> = unmanaged(kubelet).into_iter().map(unsupported).collect();
    let per_core = kubelet.get("podsPerCore").is_some_and(|value| !value.is_null());
    if family == ImageFamily::Bottlerocket && per_core {
        faults.push(unsupported("podsPerCore"));
    }
    let dns = kubelet.get("clusterDNS").and_then(Value::as_array).map_or(0, Vec::len);
    if dns > 1 {
        let problem =
            format!("family {family_name} supports one address only; leave out the others");
        faults.push(KubeletFault::new("clusterDNS", problem));
    }
    faults
}

/// Entries of a map that are texts; those that are not are found by the schema.
fn texts<'a>(
    kubelet: &'a Map<String, Value>,
    field: &str,
) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    let entries = kubelet.get(field).and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}

fn check_not_negative(kubelet: &Map<String, Value>, field: &str, faults: &mut Vec<KubeletFault>) {
    let number = kubelet.get(field).and_then(Value::as_i64);
    if let Some(number) = number.filter(|number| *number < 0) {
        faults.push(KubeletFault::new(field, format!("{number} is below zero")));
    }
}

fn check_reserved(kubelet: &Map<String, Value>, field: &str, faults: &mut Vec<KubeletFault>) {
    for (name, text) in texts(kubelet, field) {
        let path = format!("{field}[{name}]");
        if !RESERVABLE.contains(&name) {
            let known = RESERVABLE.join(", ");
            faults.push(KubeletFault::new(
                &path,
                format!("unknown resource, expected one of {known}"),
            ));
        }
        if text.parse::<Quantity>().is_ok_and(Quantity::is_negative) {
            faults.push(KubeletFault::new(path, format!("{text:?} is below zero")));
        }
    }
}

fn check_signals(kubelet: &Map<String, Value>, field: &str, faults: &mut Vec<KubeletFault>) {
    for (signal, _) in texts(kubelet, field).filter(|(signal, _)| !SIGNALS.contains(signal)) {
        let problem = format!("unknown signal, expected one of {}", SIGNALS.join(", "));
        faults.push(KubeletFault::new(format!("{field}[{signal}]"), problem));
    }
}

fn check_thresholds(kubelet: &Map<String, Value>, field: &str, faults: &mut Vec<KubeletFault>) {
    for (signal, text) in texts(kubelet, field).filter(|(_, text)| !is_threshold(text)) {
        let problem = format!("{text:?} is neither from 0% to 100% nor a quantity such as 100Mi");
        faults.push(KubeletFault::new(format!("{field}[{signal}]"), problem));
    }
}

fn is_threshold(text: &str) -> bool {
    match text.strip_suffix('%') {
        Some(percent) => {
            let number = percent
                .parse::<Quantity>()
                .ok()
                .filter(|_| !percent.ends_with(char::is_alphabetic));
            number.is_some_and(|number| (0..=100_000).contains(&number.milli_value()))
        }
        None => text.parse::<Quantity>().is_ok_and(|quantity| !quantity.is_negative()),
    }
}

fn check_grace_periods(kubelet: &Map<String, Value>, faults: &mut Vec<KubeletFault>) {
    const SOFT: &str = "evictionSoft";
    const GRACE: &str = "evictionSoftGracePeriod";
    check_signals(kubelet, GRACE, faults);
    for (signal, text) in texts(kubelet, GRACE) {
        let path = format!("{GRACE}[{signal}]");
        match parse_go(text) {
            Ok(period) if period.is_negative() => {
                faults.push(KubeletFault::new(path, format!("{text:?} is below zero")));
            }
            Ok(_) => {}
            Err(error) => faults.push(KubeletFault::new(path, error.to_string())),
        }
    }
    let signals = |field| texts(kubelet, field).map(|(signal, _)| signal).collect::<BTreeSet<_>>();
    let (soft, grace) = (signals(SOFT), signals(GRACE));
    for signal in soft.difference(&grace) {
        let problem = format!("{GRACE} has no entry for it; add one");
        faults.push(KubeletFault::new(format!("{SOFT}[{signal}]"), problem));
    }
    for signal in grace.difference(&soft) {
        let problem = format!("{SOFT} has no entry for it; add one");
        faults.push(KubeletFault::new(format!("{GRACE}[{signal}]"), problem));
    }
}

fn check_image_gc(kubelet: &Map<String, Value>, faults: &mut Vec<KubeletFault>) {
    const HIGH: &str = "imageGCHighThresholdPercent";
    const LOW: &str = "imageGCLowThresholdPercent";
    for field in [HIGH, LOW] {
        let percent = kubelet.get(field).and_then(Value::as_i64);
        if let Some(percent) = percent.filter(|percent| !(0..=100).contains(percent)) {
            faults.push(KubeletFault::new(field, format!("{percent} is not from 0 to 100")));
        }
    }
    let percent = |field| kubelet.get(field).and_then(Value::as_i64);
    if let (Some(high), Some(low)) = (percent(HIGH), percent(LOW))
        && high <= low
    {
        faults.push(KubeletFault::new(HIGH, format!("{high} is not above {LOW}, which is {low}")));
    }
}
