//! `DaemonSet`s.

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::core::v1 as k8s;
use scheduler_core::model::{
    DaemonSet, ObjectRef, PodId, TaintEffect, Toleration, TolerationOperator,
};

use super::context::{Context, controller};
use super::pod::PodView;
use crate::finding::{Finding, Problem, Report};
use crate::objects::{Objects, Sourced, name, namespace};

/// `DaemonSet`s whose pods can be planned for.
pub(super) fn convert(
    objects: &Objects,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<DaemonSet> {
    let sets = objects.daemon_sets.iter();
    sets.filter_map(|set| convert_one(objects, set, context, findings)).collect()
}

fn convert_one(
    objects: &Objects,
    Sourced { source, object: set }: &Sourced<apps::DaemonSet>,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) -> Option<DaemonSet> {
    let (namespace, name) = (namespace(&set.metadata), name(&set.metadata));
    let object = ObjectRef::new("DaemonSet", format!("{namespace}/{name}"));
    let mut report = Report::new(findings, source, object);
    let template = &set.spec.as_ref()?.template;
    let (metadata, template) = (template.metadata.clone().unwrap_or_default(), &template.spec);
    let template = template.as_ref()?;
    let live = newest_pod(objects, namespace, name);
    let mut spec = live.and_then(|pod| pod.spec.as_ref()).unwrap_or(template).clone();
    // A daemon pod's affinity names its own node; that of the template tells which nodes get one.
    spec.affinity.clone_from(&template.affinity);
    let view = PodView {
        namespace,
        metadata: live.map_or(&metadata, |pod| &pod.metadata),
        spec: &spec,
        status: live.and_then(|pod| pod.status.as_ref()),
        owner: Some(format!("DaemonSet/{name}")),
        daemon_set: Some(name.to_owned()),
    };
    let mut spec = view.convert(context, &mut report);
    if let Some(unsupported) = &spec.unsupported {
        report.warn(Problem::new(
            "spec.template",
            format!("{unsupported}; nodes are planned without this daemon"),
            "remove the feature from the template",
        ));
        return None;
    }
    for toleration in controller_tolerations(&spec.tolerations) {
        spec.tolerations.push(toleration);
    }
    Some(DaemonSet { id: PodId::new(namespace, name), spec })
}

/// The newest pod of a `DaemonSet`: what admission and autoscalers made of the template.
fn newest_pod<'a>(objects: &'a Objects, namespace: &str, set: &str) -> Option<&'a k8s::Pod> {
    let pods = objects.pods.iter().map(|pod| &pod.object);
    pods.filter(|pod| {
        super::is_active(pod) && crate::objects::namespace(&pod.metadata) == namespace
    })
    .filter(|pod| {
        controller(&pod.metadata)
            .is_some_and(|owner| owner.kind == "DaemonSet" && owner.name == set)
    })
    .max_by_key(|pod| {
        let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        (created, std::cmp::Reverse(name(&pod.metadata)))
    })
}

/// Tolerations that the `DaemonSet` controller gives to every daemon pod.
fn controller_tolerations(present: &[Toleration]) -> Vec<Toleration> {
    let given = [
        ("node.kubernetes.io/not-ready", TaintEffect::NoExecute),
        ("node.kubernetes.io/unreachable", TaintEffect::NoExecute),
        ("node.kubernetes.io/disk-pressure", TaintEffect::NoSchedule),
        ("node.kubernetes.io/memory-pressure", TaintEffect::NoSchedule),
        ("node.kubernetes.io/pid-pressure", TaintEffect::NoSchedule),
        ("node.kubernetes.io/unschedulable", TaintEffect::NoSchedule),
    ];
    let tolerations = given.map(|(key, effect)| Toleration {
        key: key.to_owned(),
        operator: TolerationOperator::Exists,
        value: String::new(),
        effect: Some(effect),
    });
    tolerations.into_iter().filter(|one| !present.contains(one)).collect()
}
