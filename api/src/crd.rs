//! Custom resources: Rust types, and the definitions generated from them.
//!
//! The types are lenient mirrors of what users write: texts stay as written, defaults live in the
//! definitions only, and unknown fields are kept, so that reading and writing an object changes
//! nothing. What the texts mean is decided in [`convert`](mod@crate::convert).

#![expect(unreachable_pub, reason = "the schema derive repeats every type inside a function")]
#![expect(clippy::duplicated_attributes, reason = "columns of the same type are not duplicates")]

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde::Serialize;
use serde_json::{Map, Value};

pub mod capacity_buffer;
pub mod ec2_node_class;
pub mod node_claim;
pub mod node_overlay;
pub mod node_pool;
pub mod shared;

pub use capacity_buffer::CapacityBuffer;
pub use ec2_node_class::Ec2NodeClass;
pub use node_claim::NodeClaim;
pub use node_overlay::NodeOverlay;
pub use node_pool::NodePool;

/// Label names of domain `karpenter.k8s.aws` that nodes can have.
pub const AWS_LABELS: [&str; 29] = [
    "capacity-reservation-id",
    "capacity-reservation-interruptible",
    "capacity-reservation-type",
    "ec2nodeclass",
    "instance-accelerator-count",
    "instance-accelerator-manufacturer",
    "instance-accelerator-name",
    "instance-capability-flex",
    "instance-category",
    "instance-cpu",
    "instance-cpu-manufacturer",
    "instance-cpu-sustained-clock-speed-mhz",
    "instance-ebs-bandwidth",
    "instance-encryption-in-transit-supported",
    "instance-family",
    "instance-generation",
    "instance-gpu-count",
    "instance-gpu-manufacturer",
    "instance-gpu-memory",
    "instance-gpu-name",
    "instance-hypervisor",
    "instance-local-nvme",
    "instance-memory",
    "instance-network-bandwidth",
    "instance-size",
    "instance-tenancy",
    "nitro-sandbox",
    "placement-group-id",
    "placement-group-partition",
];

/// Every definition as the name of its file and its YAML, in the order of the names.
///
/// # Errors
/// If a definition cannot be written as YAML, which would be a fault of the types.
pub fn all() -> Result<Vec<(String, String)>, serde_saphyr::SerializeError> {
    let all = [
        CapacityBuffer::crd(),
        Ec2NodeClass::crd(),
        NodeClaim::crd(),
        NodeOverlay::crd(),
        NodePool::crd(),
    ];
    all.iter()
        .map(|crd| {
            let file = format!("{}_{}.yaml", crd.spec.group, crd.spec.names.plural);
            Ok((file, serde_saphyr::to_string(&definition(crd))?))
        })
        .collect()
}

/// Paths of the fields of an object that its definition does not know, such as
/// `spec.architecture`. The API server would drop them or refuse the object.
pub fn unknown_fields<K: CustomResourceExt + Serialize>(object: &K) -> Vec<String> {
    let definition = definition(&K::crd());
    let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let object = serde_json::to_value(object).unwrap_or_default();
    let mut unknown = Vec::new();
    for part in ["spec", "status"] {
        collect_unknown(&object[part], &schema["properties"][part], part, &mut unknown);
    }
    unknown
}

fn collect_unknown(value: &Value, schema: &Value, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            // An open object: everything is allowed.
            let Some(known) = schema.get("properties").and_then(Value::as_object) else { return };
            for (name, value) in fields {
                let path = format!("{path}.{name}");
                match known.get(name) {
                    Some(schema) => collect_unknown(value, schema, &path, unknown),
                    None => unknown.push(path),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_unknown(item, &schema["items"], &format!("{path}[{index}]"), unknown);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A definition as Karpenter would write it: the schema generator's habits that the API server
/// takes for something else are undone.
fn definition(crd: &CustomResourceDefinition) -> Value {
    let mut definition = serde_json::to_value(crd).unwrap_or_default();
    tidy(&mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]);
    definition
}

/// Removes `nullable`: with it an explicit `null` would be kept instead of replaced by the default.
/// Writes limits as the integers that they are.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            if !is_property_map(keywords) {
                keywords.remove("nullable");
                keywords.remove("title");
            }
            keywords.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Number(number) => {
            if let Some(whole) = number.as_f64().filter(|limit| limit.fract() == 0.0) {
                *number = (whole as i64).into();
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Whether an object maps names of properties to schemas: all its values are objects then, while a
/// schema that has one of the removed keywords has a value that is none.
fn is_property_map(keywords: &Map<String, Value>) -> bool {
    keywords.values().all(Value::is_object)
}
