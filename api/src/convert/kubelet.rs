//! Kubelet settings that change what pods can use.

use std::collections::BTreeMap;

use scheduler_core::model::{EvictionThreshold, KubeletSettings};
use serde_json::{Map, Value};

use super::amount::in_core_unit;
use crate::finding::Problem;
use crate::quantity::Quantity;

/// The settings, and those that are ignored with the reason.
pub(super) fn settings(
    kubelet: Option<&Map<String, Value>>,
) -> Result<(KubeletSettings, Vec<Problem>), Problem> {
    let mut ignored = Vec::new();
    let Some(kubelet) = kubelet else { return Ok((KubeletSettings::default(), ignored)) };
    let settings = read(kubelet, &mut ignored).map_err(|problem| problem.within("spec.kubelet"))?;
    Ok((settings, ignored))
}

fn read(
    kubelet: &Map<String, Value>,
    ignored: &mut Vec<Problem>,
) -> Result<KubeletSettings, Problem> {
    let max_pods = match kubelet.get("maxPods") {
        Some(Value::String(text)) => {
            ignored.push(expression("maxPods", text, "the image family's default is taken"));
            None
        }
        other => count("maxPods", other)?,
    };
    Ok(KubeletSettings {
        max_pods,
        pods_per_core: count("podsPerCore", kubelet.get("podsPerCore"))?,
        kube_reserved: reserved("kubeReserved", kubelet, ignored)?,
        system_reserved: reserved("systemReserved", kubelet, ignored)?,
        eviction_hard: entries("evictionHard", kubelet)?
            .into_iter()
            .map(|(signal, text)| Ok((signal.clone(), threshold(&signal, &text)?)))
            .collect::<Result<_, Problem>>()?,
    })
}

fn count(field: &str, value: Option<&Value>) -> Result<Option<u32>, Problem> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.map(Some).ok_or_else(|| {
        let problem = format!("{value} is not a number of pods, expected 0 or more");
        Problem::new(field, problem, "write a whole number")
    })
}

fn reserved(
    field: &str,
    kubelet: &Map<String, Value>,
    ignored: &mut Vec<Problem>,
) -> Result<BTreeMap<String, i64>, Problem> {
    let mut amounts = BTreeMap::new();
    for (name, text) in entries(field, kubelet)? {
        match text.parse::<Quantity>() {
            Ok(amount) if amount.is_negative() => {
                let field = format!("{field}.{name}");
                return Err(Problem::new(field, format!("{text:?} is below zero"), "correct it"));
            }
            Ok(amount) => {
                let amount = in_core_unit(&name, amount);
                amounts.insert(name, amount);
            }
            Err(_) => {
                let field = format!("{field}.{name}");
                ignored.push(expression(&field, &text, "the entry is ignored"));
            }
        }
    }
    Ok(amounts)
}

/// Bytes, or a percentage of the capacity.
fn threshold(signal: &str, text: &str) -> Result<EvictionThreshold, Problem> {
    let refuse = |problem: String| {
        Problem::new(
            format!("evictionHard[{signal}]"),
            problem,
            "write a quantity such as 100Mi or a percentage such as 5%",
        )
    };
    if let Some(percent) = text.strip_suffix('%') {
        // A percentage has the form of a quantity without suffix; one percent is 10,000 millionths.
        let percent =
            percent.parse::<Quantity>().ok().filter(|_| !percent.ends_with(char::is_alphabetic));
        let ppm = percent.map(|percent| percent.milli_value() * 10);
        return ppm
            .filter(|ppm| (0..=1_000_000).contains(ppm))
            .map(|ppm| EvictionThreshold::Ppm(ppm as u32))
            .ok_or_else(|| refuse(format!("{text:?} is not a percentage from 0% to 100%")));
    }
    let quantity: Quantity = text.parse().map_err(|error| refuse(format!("{error}")))?;
    if quantity.is_negative() {
        return Err(refuse(format!("{text:?} is below zero")));
    }
    Ok(EvictionThreshold::Bytes(quantity.value()))
}

/// A map of texts; numbers are taken as their text.
fn entries(field: &str, kubelet: &Map<String, Value>) -> Result<BTreeMap<String, String>, Problem> {
    let refuse = |field: String, value: &Value| {
        Problem::new(
            field,
            format!("{value} is not what is expected here"),
            "write a map of amounts",
        )
    };
    let entries = match kubelet.get(field) {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(entries)) => entries,
        Some(other) => return Err(refuse(field.to_owned(), other)),
    };
    entries
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name.clone(), text.clone())),
            Value::Number(number) => Ok((name.clone(), number.to_string())),
            other => Err(refuse(format!("{field}.{name}"), other)),
        })
        .collect()
}

fn expression(field: &str, text: &str, consequence: &str) -> Problem {
    Problem::new(
        field,
        format!("{text:?} is an expression, which is not evaluated; {consequence}"),
        "write an amount",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_json(kubelet: &Value) -> Result<(KubeletSettings, Vec<Problem>), Problem> {
        settings(kubelet.as_object())
    }

    #[test]
    fn every_setting_that_changes_the_size_is_read() {
        let (settings, ignored) = read_json(&json!({
            "maxPods": 110,
            "podsPerCore": 10,
            "kubeReserved": {"cpu": "100m", "memory": "1Gi"},
            "systemReserved": {"ephemeral-storage": "1Gi", "pid": 100},
            "evictionHard": {"memory.available": "5%", "nodefs.available": "1Gi"},
            "clusterDNS": ["10.0.0.10"],
        }))
        .unwrap();
        assert_eq!((settings.max_pods, settings.pods_per_core), (Some(110), Some(10)));
        assert_eq!(settings.kube_reserved["cpu"], 100);
        assert_eq!(settings.system_reserved["pid"], 100);
        assert_eq!(settings.eviction_hard["memory.available"], EvictionThreshold::Ppm(50_000));
        assert_eq!(settings.eviction_hard["nodefs.available"], EvictionThreshold::Bytes(1 << 30));
        assert_eq!(ignored, []);
    }

    #[test]
    fn expressions_are_ignored_and_named() {
        let (settings, ignored) = read_json(&json!({
            "maxPods": "default_enis * 4",
            "kubeReserved": {"cpu": "vcpus * 10", "memory": "1Gi"},
        }))
        .unwrap();
        assert_eq!((settings.max_pods, settings.kube_reserved.len()), (None, 1));
        let fields: Vec<&str> = ignored.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["maxPods", "kubeReserved.cpu"]);
    }

    #[test]
    fn values_of_another_form_are_refused() {
        for kubelet in [
            json!({"maxPods": -1}),
            json!({"podsPerCore": "ten"}),
            json!({"kubeReserved": ["cpu"]}),
            json!({"systemReserved": {"cpu": "-1"}}),
            json!({"evictionHard": {"memory.available": "101%"}}),
            json!({"evictionHard": {"memory.available": "5m%"}}),
            json!({"evictionHard": {"memory.available": "much"}}),
        ] {
            assert!(read_json(&kubelet).is_err(), "{kubelet}");
        }
    }
}
