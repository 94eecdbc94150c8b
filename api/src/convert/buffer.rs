//! `CapacityBuffer`s: chunks of room, as pods that do not exist.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{PodSpec as WrittenSpec, PodTemplateSpec};
use scheduler_core::model::{ObjectRef, Pod, PodId, Resources};

use super::amount::{Amounts, in_core_unit};
use super::context::Context;
use super::node::created;
use super::pod::PodView;
use crate::crd::CapacityBuffer;
use crate::crd::capacity_buffer::ScalableRef;
use crate::crd::unknown_fields;
use crate::finding::{Finding, Problem, Report};
use crate::objects::{Objects, Sourced, name, namespace};

/// The only way of keeping room that there is.
const STRATEGY: &str = "buffer.x-k8s.io/active-capacity";

/// Most chunks of one buffer; keeps a mistyped number from filling the memory.
const CHUNKS_MAX: i64 = 10_000;

/// The chunks of all buffers. One that cannot be understood has none, and a finding.
pub(super) fn convert(
    objects: &Objects,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<Arc<Pod>> {
    let mut chunks = Vec::new();
    for Sourced { source, object } in &objects.capacity_buffers {
        let id = format!("{}/{}", namespace(&object.metadata), name(&object.metadata));
        let mut report = Report::new(findings, source, ObjectRef::new("CapacityBuffer", id));
        chunks.extend(chunks_of(objects, object, context, &mut report));
    }
    chunks
}

fn chunks_of(
    objects: &Objects,
    buffer: &CapacityBuffer,
    context: &Context<'_>,
    report: &mut Report<'_>,
) -> Vec<Arc<Pod>> {
    for field in unknown_fields(buffer) {
        report.warn(super::unknown_field(field, "CapacityBuffer"));
    }
    let strategy = buffer.spec.provisioning_strategy.as_deref().unwrap_or(STRATEGY);
    if strategy != STRATEGY {
        report.warn(Problem::new(
            "spec.provisioningStrategy",
            format!("{strategy:?} is another controller's, and the buffer is left to it"),
            format!("write {STRATEGY}, or leave it out"),
        ));
        return Vec::new();
    }
    let Some(shape) = report.accept(shape(objects, buffer)) else { return Vec::new() };
    let (space, buffer_name) = (namespace(&buffer.metadata), name(&buffer.metadata));
    let metadata = shape.template.metadata.clone().unwrap_or_default();
    let written = without_claims(shape.template.spec.as_ref());
    let view = PodView {
        namespace: space,
        metadata: &metadata,
        spec: &written,
        status: None,
        owner: Some(format!("CapacityBuffer/{buffer_name}")),
        daemon_set: None,
    };
    let spec = view.convert(context, report);
    let Some(count) = report.accept(count(buffer, shape.replicas, &spec.requests)) else {
        return Vec::new();
    };
    let spec = Arc::new(spec.into_chunk(&format!("{space}/{buffer_name}")));
    let created = created(&buffer.metadata, context.now);
    let chunk = |number: i64| {
        let id = PodId::new(space, format!("capacity-buffer-{buffer_name}-{number}"));
        Arc::new(Pod { id, spec: Arc::clone(&spec), nominated: None, created })
    };
    (1..=count).map(chunk).collect()
}

/// The pods that a buffer keeps room for.
struct Shape<'a> {
    template: &'a PodTemplateSpec,
    /// How many the workload has; none if no workload is named.
    replicas: Option<i64>,
}

fn shape<'a>(objects: &'a Objects, buffer: &CapacityBuffer) -> Result<Shape<'a>, Problem> {
    let space = namespace(&buffer.metadata);
    match (&buffer.spec.pod_template_ref, &buffer.spec.scalable_ref) {
        (Some(_), Some(_)) => Err(Problem::new(
            "spec.scalableRef",
            "podTemplateRef and scalableRef exclude each other",
            "remove one of them",
        )),
        (None, None) => Err(Problem::new(
            "spec",
            "it names no pods to keep room for",
            "add podTemplateRef with replicas or limits, or scalableRef",
        )),
        (Some(wanted), None) => {
            let same = |metadata| namespace(metadata) == space && name(metadata) == wanted.name;
            let found = objects.pod_templates.iter().find(|one| same(&one.object.metadata));
            let template = found.and_then(|one| one.object.template.as_ref());
            template.map(|template| Shape { template, replicas: None }).ok_or_else(|| {
                Problem::new(
                    "spec.podTemplateRef.name",
                    format!("there is no PodTemplate {space}/{}", wanted.name),
                    "create it, or correct the name",
                )
            })
        }
        (None, Some(wanted)) => scaled(objects, space, wanted),
    }
}

fn scaled<'a>(
    objects: &'a Objects,
    space: &str,
    wanted: &ScalableRef,
) -> Result<Shape<'a>, Problem> {
    let same = |metadata| namespace(metadata) == space && name(metadata) == wanted.name;
    let group = wanted.api_group.as_deref().filter(|group| !group.is_empty()).unwrap_or("apps");
    let found = match (group, wanted.kind.as_str()) {
        ("apps", "Deployment") => {
            let found = objects.deployments.iter().find(|one| same(&one.object.metadata));
            found
                .and_then(|one| one.object.spec.as_ref())
                .map(|spec| (&spec.template, spec.replicas))
        }
        ("apps", "StatefulSet") => {
            let found = objects.stateful_sets.iter().find(|one| same(&one.object.metadata));
            found
                .and_then(|one| one.object.spec.as_ref())
                .map(|spec| (&spec.template, spec.replicas))
        }
        ("apps", "ReplicaSet") => {
            let found = objects.replica_sets.iter().find(|one| same(&one.object.metadata));
            let spec = found.and_then(|one| one.object.spec.as_ref());
            spec.and_then(|spec| Some((spec.template.as_ref()?, spec.replicas)))
        }
        (group, kind) => {
            return Err(Problem::new(
                "spec.scalableRef.kind",
                format!("a {kind} of group {group} cannot be scaled"),
                "name a Deployment, StatefulSet or ReplicaSet of group apps",
            ));
        }
    };
    let (template, replicas) = found.ok_or_else(|| {
        Problem::new(
            "spec.scalableRef.name",
            format!("there is no {} {space}/{}", wanted.kind, wanted.name),
            "create it, or correct the name",
        )
    })?;
    Ok(Shape { template, replicas: Some(i64::from(replicas.unwrap_or(1))) })
}

/// The spec without what would tie it to a node or a disk.
fn without_claims(written: Option<&WrittenSpec>) -> WrittenSpec {
    let mut spec = written.cloned().unwrap_or_default();
    spec.node_name = None;
    if let Some(volumes) = &mut spec.volumes {
        volumes.retain(|one| one.persistent_volume_claim.is_none() && one.ephemeral.is_none());
    }
    spec
}

/// How many chunks: the larger of `replicas` and the share of the workload's pods, no more than
/// fit into `limits`; as many as fit if there is neither.
fn count(
    buffer: &CapacityBuffer,
    scaled: Option<i64>,
    requests: &Resources,
) -> Result<i64, Problem> {
    let spec = &buffer.spec;
    for (field, value) in [("replicas", spec.replicas), ("percentage", spec.percentage)] {
        if let Some(value) = value.filter(|value| *value < 0) {
            return Err(Problem::new(
                format!("spec.{field}"),
                format!("{value} is out of range, expected 0 or more"),
                "correct the number",
            ));
        }
    }
    let fixed = spec.replicas.map(i64::from);
    let share = scaled.zip(spec.percentage).map(|(replicas, percent)| {
        // Of something there is always at least one.
        (replicas * i64::from(percent) + 99) / 100
    });
    let wanted = fixed.into_iter().chain(share).max();
    let limited = spec.limits.is_some().then(|| within_limits(buffer, requests)).transpose()?;
    let count = match (wanted, limited) {
        (Some(wanted), Some(limited)) => wanted.min(limited),
        (Some(count), None) | (None, Some(count)) => count,
        (None, None) => {
            return Err(Problem::new(
                "spec",
                "neither replicas, nor percentage, nor limits say how much room to keep",
                "add one of them",
            ));
        }
    };
    if count > CHUNKS_MAX {
        return Err(Problem::new(
            "spec.replicas",
            format!("room for {count} pods is out of range"),
            format!("keep room for at most {CHUNKS_MAX}"),
        ));
    }
    Ok(count)
}

/// How many pods the limits hold, over the resources that both speak of.
fn within_limits(buffer: &CapacityBuffer, requests: &Resources) -> Result<i64, Problem> {
    let limits = Amounts::parse(buffer.spec.limits.as_ref(), "spec.limits")?;
    let fitting = limits.0.iter().filter_map(|(name, limit)| {
        let asked = requests.get(name);
        (asked > 0).then(|| in_core_unit(name, *limit).max(0) / asked)
    });
    fitting.min().ok_or_else(|| {
        Problem::new(
            "spec.limits",
            "the pods ask for none of these resources",
            "limit a resource that they ask for, or add requests to them",
        )
    })
}
