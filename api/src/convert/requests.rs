//! What a pod asks for, by the formula of kube-scheduler.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, ContainerStatus, PodSpec, PodStatus};
use scheduler_core::model::Resources;

use super::amount::Amounts;
use crate::finding::Problem;

/// Requests that containers get if they name none: from `LimitRange`s, for pods that admission has
/// not seen yet.
pub(super) type Defaults = Amounts;

/// The effective requests of a pod, with one pod slot: the larger of what runs at once and what
/// starting up needs, or what the pod as a whole asks for, plus overhead.
pub(super) fn effective(
    spec: &PodSpec,
    status: Option<&PodStatus>,
    defaults: &Defaults,
    class_overhead: &Amounts,
) -> Result<Resources, Problem> {
    let resize = Resize::of(status);
    let mut running = Amounts::default();
    for (index, container) in spec.containers.iter().enumerate() {
        let field = format!("spec.containers[{index}].resources");
        running.add(&resize.requests(container, &field, defaults)?);
    }
    let (mut sidecars, mut starting) = (Amounts::default(), Amounts::default());
    for (index, container) in spec.init_containers.iter().flatten().enumerate() {
        let field = format!("spec.initContainers[{index}].resources");
        let mut requests = resize.requests(container, &field, defaults)?;
        if is_sidecar(container) {
            running.add(&requests);
            sidecars.add(&requests);
            starting.max(&sidecars);
        } else {
            requests.add(&sidecars);
            starting.max(&requests);
        }
    }
    running.max(&starting);
    override_by_pod(&mut running, spec)?;
    running.add(&match &spec.overhead {
        Some(overhead) => Amounts::parse(Some(overhead), "spec.overhead")?,
        None => class_overhead.clone(),
    });
    if let Some((name, _)) = running.0.iter().find(|(_, amount)| amount.is_negative()) {
        let field = format!("spec.containers[*].resources.requests.{name}");
        return Err(Problem::new(field, "the request is below zero", "ask for zero or more"));
    }
    Ok(running.to_resources().with_pods(1))
}

/// Whether an init container keeps running beside the containers.
pub(super) fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

/// Pod-level requests stand for all containers together.
fn override_by_pod(aggregate: &mut Amounts, spec: &PodSpec) -> Result<(), Problem> {
    let Some(resources) = &spec.resources else { return Ok(()) };
    let requests = Amounts::parse(resources.requests.as_ref(), "spec.resources.requests")?;
    let limits = Amounts::parse(resources.limits.as_ref(), "spec.resources.limits")?;
    let at_pod_level =
        |name: &str| matches!(name, "cpu" | "memory") || name.starts_with("hugepages-");
    for (name, amount) in requests.0 {
        if at_pod_level(&name) {
            aggregate.0.insert(name, amount);
        }
    }
    for (name, amount) in limits.0 {
        if at_pod_level(&name) {
            aggregate.0.entry(name).or_insert(amount);
        }
    }
    Ok(())
}

/// Containers whose resources are being changed while they run.
struct Resize<'a> {
    statuses: BTreeMap<&'a str, &'a ContainerStatus>,
    infeasible: bool,
}

impl<'a> Resize<'a> {
    fn of(status: Option<&'a PodStatus>) -> Self {
        let Some(status) = status else {
            return Self { statuses: BTreeMap::new(), infeasible: false };
        };
        let containers = status.container_statuses.iter().flatten();
        let init_containers = status.init_container_statuses.iter().flatten();
        let statuses = containers.chain(init_containers).map(|s| (s.name.as_str(), s)).collect();
        let infeasible = status.resize.as_deref() == Some("Infeasible")
            || status.conditions.iter().flatten().any(|condition| {
                condition.type_ == "PodResizePending"
                    && condition.reason.as_deref() == Some("Infeasible")
            });
        Self { statuses, infeasible }
    }

    /// The largest of what is written, granted and in force; what is written does not count if the
    /// kubelet has refused it.
    fn requests(
        &self,
        container: &Container,
        field: &str,
        defaults: &Defaults,
    ) -> Result<Amounts, Problem> {
        let mut written = Amounts::parse_requests(container.resources.as_ref(), field)?;
        written.fill(defaults);
        let status = self.statuses.get(container.name.as_str());
        let Some((status, resources)) = status.and_then(|s| Some((s, s.resources.as_ref()?)))
        else {
            return Ok(written);
        };
        let field = "status.containerStatuses[*]";
        let mut requests =
            Amounts::parse(resources.requests.as_ref(), &format!("{field}.resources.requests"))?;
        requests.max(&Amounts::parse(
            status.allocated_resources.as_ref(),
            &format!("{field}.allocatedResources"),
        )?);
        if !self.infeasible {
            requests.max(&written);
        }
        Ok(requests)
    }
}
