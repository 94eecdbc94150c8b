//! The shape of kubelet's configuration (`kubelet.config.k8s.io/v1beta1`): which fields there are,
//! and of what type. There is no published schema, so `configuration.json` lists them.

use std::sync::LazyLock;

use plimsoll_api::duration::parse_go;
use serde_json::{Map, Value};

use super::{KubeletFault, is_quantity};

/// Fields with their shapes. A shape is the name of a type, `[type]` for a list of it, `{type}` for
/// a map of texts to it, an object of shapes, or a list with one shape.
static CONFIGURATION: LazyLock<Value> = LazyLock::new(|| {
    // A test reads it, so nobody sees the empty one.
    serde_json::from_str(include_str!("configuration.json")).unwrap_or_default()
});

/// Fields that do not exist or are of another type, by their paths.
pub(super) fn check(kubelet: &Map<String, Value>) -> Vec<KubeletFault> {
    let mut faults = Vec::new();
    for (name, value) in kubelet {
        // An expression, which is evaluated for each instance type.
        let is_expression = name == "maxPods" && value.is_string();
        if !is_expression {
            check_field(&CONFIGURATION, name, value, "", &mut faults);
        }
    }
    faults
}

fn check_field(
    shapes: &Value,
    name: &str,
    value: &Value,
    path: &str,
    faults: &mut Vec<KubeletFault>,
) {
    let path = format!("{path}{name}");
    match &shapes[name] {
        Value::Null => faults.push(KubeletFault::new(path, "there is no such field")),
        shape => check_value(shape, value, &path, faults),
    }
}

fn check_value(shape: &Value, value: &Value, path: &str, faults: &mut Vec<KubeletFault>) {
    match (shape, value) {
        // As in Go, null is the same as not set.
        (_, Value::Null) => {}
        (Value::Object(_), Value::Object(fields)) => {
            for (name, value) in fields {
                check_field(shape, name, value, &format!("{path}."), faults);
            }
        }
        (Value::Array(shapes), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                check_value(&shapes[0], item, &format!("{path}[{index}]"), faults);
            }
        }
        (Value::String(name), value) => check_named(name, value, path, faults),
        (Value::Object(_), _) => faults.push(KubeletFault::expected(path, "an object", value)),
        _ => faults.push(KubeletFault::expected(path, "a list", value)),
    }
}

fn check_named(name: &str, value: &Value, path: &str, faults: &mut Vec<KubeletFault>) {
    let inner = |open, close| name.strip_prefix(open)?.strip_suffix(close).map(Value::from);
    if let Some(shape) = inner('[', ']') {
        match value {
            Value::Array(_) => check_value(&Value::Array(vec![shape]), value, path, faults),
            other => faults.push(KubeletFault::expected(path, "a list", other)),
        }
        return;
    }
    if let Some(shape) = inner('{', '}') {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    check_value(&shape, value, &format!("{path}[{key}]"), faults);
                }
            }
            other => faults.push(KubeletFault::expected(path, "a map", other)),
        }
        return;
    }
    let (expected, holds) = match name {
        "bool" => ("true or false", value.is_boolean()),
        "int32" => ("a whole number of 32 bits", is_int32(value)),
        "int64" => ("a whole number", value.is_i64()),
        "float" => ("a number", value.is_number()),
        "string" => ("a text", value.is_string()),
        "duration" => ("a duration such as 10s", value.as_str().is_some_and(is_duration)),
        "quantity" => ("a quantity such as 1Gi", value.as_str().is_some_and(is_quantity)),
        _ => ("anything", true),
    };
    if !holds {
        faults.push(KubeletFault::expected(path, expected, value));
    }
}

fn is_int32(value: &Value) -> bool {
    value.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}

fn is_duration(text: &str) -> bool {
    parse_go(text).is_ok()
}
