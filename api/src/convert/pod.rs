//! Pods: what matters for placing them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{self as k8s, ContainerPort, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use scheduler_core::model::{
    HostPort, Labels, PodSpec, Protocol, Requirement, Requirements, Resources, TaintEffect,
    Toleration, TolerationOperator, TopologySpread, Unsupported, well_known,
};

use super::amount::Amounts;
use super::context::{Context, Key, is_admitted};
use super::pod_affinity;
use super::requests::{self, Defaults};
use super::requirement::{self, Gathered, REQUIRED_TERMS};
use super::selected::POD_LABELS;
use super::selector::{TermOwner, topology_spread};
use super::volume::attachment::{Mounted, Sharing};
use super::volume::cross;
use crate::duration::parse_go;
use crate::finding::{Problem, Report};
use crate::objects::name;

/// Annotation that keeps pods and nodes from being disrupted voluntarily.
pub(super) const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";

/// A pod, or the template of pods.
pub(super) struct PodView<'a> {
    pub(super) namespace: &'a str,
    pub(super) metadata: &'a ObjectMeta,
    pub(super) spec: &'a k8s::PodSpec,
    pub(super) status: Option<&'a PodStatus>,
    /// Owner as `Kind/name`.
    pub(super) owner: Option<String>,
    /// Owning `DaemonSet`.
    pub(super) daemon_set: Option<String>,
}

impl PodView<'_> {
    /// Everything that matters for placing the pod. What cannot be understood becomes a finding,
    /// and the pod one that cannot be placed.
    pub(super) fn convert(&self, context: &Context<'_>, report: &mut Report<'_>) -> PodSpec {
        self.try_convert(context, report).unwrap_or_else(|problem| {
            let text = format!("{}: {}", problem.field, problem.what);
            report.error(problem);
            self.unplaceable(context, Unsupported::Invalid(text))
        })
    }

    fn try_convert(
        &self,
        context: &Context<'_>,
        report: &mut Report<'_>,
    ) -> Result<PodSpec, Problem> {
        let (spec, labels) = (self.spec, self.labels(context));
        let owner = TermOwner {
            namespace: self.namespace,
            labels: &labels,
            namespaces: &context.namespaces,
        };
        let terms = pod_affinity::terms(spec, &owner)?;
        let mut unsupported = uses_resource_claims(spec).then_some(Unsupported::ResourceClaims);
        let places = match self.places(context) {
            Ok(places) => places,
            Err(Refused::Problem(problem)) => return Err(problem),
            Err(Refused::Unsupported(feature)) => {
                unsupported.get_or_insert(feature);
                Places { all: vec![Requirements::new()], without_volumes: None }
            }
        };
        let mounted = self.mounted(context);
        Ok(PodSpec {
            namespace: self.namespace.to_owned(),
            requests: self.requests(context, mounted.own)?,
            shared_volumes: mounted.shared,
            exclusive_claims: context.volumes.exclusive_claims(self.key(), self.spec),
            node_alternatives: places.all,
            affinity_alternatives: places.without_volumes,
            node_preferences: requirement::preferences(spec.affinity.as_ref())?,
            tolerations: self.tolerations(context)?,
            host_ports: host_ports(spec)?,
            topology_spread: self.topology_spread(context, &labels)?,
            pod_affinity: terms.near,
            pod_anti_affinity: terms.apart,
            pod_preferences: terms.preferred,
            priority: context.priority(spec),
            owner: self.owner.clone(),
            daemon_set: self.daemon_set.clone(),
            do_not_disrupt: self.do_not_disrupt(context, report),
            terminating: self.metadata.deletion_timestamp.is_some(),
            unsupported,
            labels,
            buffer: None,
        })
    }

    /// A pod that cannot be placed. If it runs already it still takes up room where it is.
    fn unplaceable(&self, context: &Context<'_>, unsupported: Unsupported) -> PodSpec {
        let mounted = self.mounted(context);
        let requests = self.requests(context, mounted.own);
        PodSpec {
            namespace: self.namespace.to_owned(),
            labels: self.labels(context),
            requests: requests.unwrap_or(Resources::default().with_pods(1)),
            shared_volumes: mounted.shared,
            exclusive_claims: context.volumes.exclusive_claims(self.key(), self.spec),
            node_alternatives: vec![Requirements::new()],
            host_ports: host_ports(self.spec).unwrap_or_default(),
            priority: context.priority(self.spec),
            owner: self.owner.clone(),
            daemon_set: self.daemon_set.clone(),
            unsupported: Some(unsupported),
            ..PodSpec::default()
        }
    }

    fn labels(&self, context: &Context<'_>) -> Labels {
        let mut labels: Labels = self.metadata.labels.clone().unwrap_or_default();
        labels.retain(|key, _| {
            !POD_LABELS.contains(&key.as_str())
                || context.selected_pod_labels.contains(key.as_str())
        });
        labels
    }

    /// Requests of the pod, with the volumes that it mounts alone.
    fn requests(
        &self,
        context: &Context<'_>,
        volumes: BTreeMap<String, i64>,
    ) -> Result<Resources, Problem> {
        let defaults = if is_admitted(self.metadata) {
            Defaults::default()
        } else {
            context.defaults(self.namespace)
        };
        let none = Amounts::default();
        let overhead = context.runtime_class(self.spec).map_or(&none, |(_, overhead)| overhead);
        let mut requests = requests::effective(self.spec, self.status, &defaults, overhead)?;
        for (resource, count) in volumes {
            requests.set(&resource, count);
        }
        Ok(requests)
    }

    /// Volumes that count against a limit of the pod's node.
    fn mounted(&self, context: &Context<'_>) -> Mounted {
        let sharing = if self.daemon_set.is_some() { Sharing::Ignored } else { Sharing::Told };
        context.volumes.mounted(self.key(), self.spec, sharing)
    }

    fn key(&self) -> Key<'_> {
        (self.namespace, name(self.metadata))
    }

    /// Node selector ∧ one term of required node affinity, with and without one alternative of the
    /// volumes.
    fn places(&self, context: &Context<'_>) -> Result<Places, Refused> {
        let mut selector = Gathered::default();
        for (key, value) in self.node_selector(context) {
            selector.add(key, Requirement::any_of([value]));
        }
        // kube-scheduler does not look at it, but kubelet refuses pods for another system.
        if let Some(system) = &self.spec.os {
            selector.add(well_known::OS, Requirement::any_of([&system.name]));
        }
        let alternatives = cross(&[selector], &self.affinity_alternatives()?);
        if alternatives.is_empty() {
            return Err(Refused::Problem(Problem::new(
                "spec.affinity.nodeAffinity",
                "no node can satisfy it, alone or together with spec.nodeSelector",
                "remove empty terms and values that no node can have together",
            )));
        }
        let volumes = context
            .volumes
            .alternatives(self.key(), self.spec)
            .map_err(|why| Refused::Unsupported(Unsupported::Volume(why)))?;
        let reachable = cross(&alternatives, &volumes);
        if reachable.is_empty() {
            let why = "its volumes cannot be reached from any node that it asks for".to_owned();
            return Err(Refused::Unsupported(Unsupported::Volume(why)));
        }
        let requirements = |gathered: Vec<Gathered>| -> Vec<Requirements> {
            gathered.into_iter().map(|one| one.requirements).collect()
        };
        let (all, without) = (requirements(reachable), requirements(alternatives));
        let without_volumes = (all != without).then_some(without);
        Ok(Places { all, without_volumes })
    }

    fn affinity_alternatives(&self) -> Result<Vec<Gathered>, Refused> {
        let Some(terms) = requirement::required_terms(self.spec.affinity.as_ref()) else {
            return Ok(vec![Gathered::default()]);
        };
        let mut alternatives = Vec::new();
        for (index, term) in terms.iter().enumerate() {
            // Daemon pods name their node by a field; a plan never moves them.
            if requirement::has_fields(term) && self.daemon_set.is_none() {
                return Err(Refused::Unsupported(Unsupported::MatchFields));
            }
            if requirement::is_empty(term) {
                continue;
            }
            let gathered = requirement::term(term)
                .map_err(|problem| problem.within(&format!("{REQUIRED_TERMS}[{index}]")))?;
            alternatives.push(gathered);
        }
        Ok(alternatives)
    }

    fn node_selector<'b>(
        &'b self,
        context: &'b Context<'_>,
    ) -> impl Iterator<Item = (&'b String, &'b String)> {
        let scheduling = self.class_scheduling(context);
        let of_class = scheduling.and_then(|scheduling| scheduling.node_selector.as_ref());
        self.spec.node_selector.iter().flatten().chain(of_class.into_iter().flatten())
    }

    fn tolerations(&self, context: &Context<'_>) -> Result<Vec<Toleration>, Problem> {
        let scheduling = self.class_scheduling(context);
        let of_class = scheduling.and_then(|scheduling| scheduling.tolerations.as_ref());
        let own = self.spec.tolerations.iter().flatten();
        own.chain(of_class.into_iter().flatten())
            .enumerate()
            .map(|(index, toleration)| {
                convert_toleration(toleration)
                    .map_err(|problem| problem.within(&format!("spec.tolerations[{index}]")))
            })
            .collect()
    }

    /// The pod's own spread constraints, or the cluster's defaults.
    fn topology_spread(
        &self,
        context: &Context<'_>,
        labels: &Labels,
    ) -> Result<Vec<TopologySpread>, Problem> {
        match self.spec.topology_spread_constraints.as_deref() {
            None | Some([]) => {
                let defaults = context.spread_defaults.of_pod(self.namespace, self.metadata);
                topology_spread(&defaults, labels)
            }
            Some(own) => topology_spread(own, labels),
        }
    }

    /// What admission would copy from the runtime class.
    fn class_scheduling<'b>(
        &self,
        context: &'b Context<'_>,
    ) -> Option<&'b k8s_openapi::api::node::v1::Scheduling> {
        let (class, _) = context.runtime_class(self.spec)?;
        class.scheduling.as_ref().filter(|_| !is_admitted(self.metadata))
    }

    /// `true`, or a duration counted from the pod's start.
    fn do_not_disrupt(&self, context: &Context<'_>, report: &mut Report<'_>) -> bool {
        let annotation = self.metadata.annotations.as_ref().and_then(|all| all.get(DO_NOT_DISRUPT));
        let text = match annotation.map(String::as_str) {
            None | Some("false") => return false,
            Some("true") => return true,
            Some(text) => text,
        };
        let Some(protected) = parse_go(text).ok().filter(|time| *time > SignedDuration::ZERO)
        else {
            report.warn(Problem::new(
                format!("metadata.annotations[{DO_NOT_DISRUPT}]"),
                format!("{text:?} is neither \"true\" nor a positive duration, and is ignored"),
                "write \"true\" or a duration such as 1h30m",
            ));
            return false;
        };
        let start = self.status.and_then(|status| status.start_time.as_ref());
        start.is_none_or(|start| context.now.duration_since(start.0) < protected)
    }
}

/// Alternatives for the nodes of a pod, any of which will do.
struct Places {
    all: Vec<Requirements>,
    /// Where the volumes are put aside, if that makes a difference.
    without_volumes: Option<Vec<Requirements>>,
}

/// Why a pod cannot be placed.
enum Refused {
    Problem(Problem),
    Unsupported(Unsupported),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

fn uses_resource_claims(spec: &k8s::PodSpec) -> bool {
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    let mut resources = containers.filter_map(|container| container.resources.as_ref());
    spec.resource_claims.as_ref().is_some_and(|claims| !claims.is_empty())
        || resources.any(|r| r.claims.as_ref().is_some_and(|claims| !claims.is_empty()))
}

fn convert_toleration(toleration: &k8s::Toleration) -> Result<Toleration, Problem> {
    let operator = match toleration.operator.as_deref() {
        None | Some("" | "Equal") => TolerationOperator::Equal,
        Some("Exists") => TolerationOperator::Exists,
        Some("Gt") => TolerationOperator::Gt,
        Some("Lt") => TolerationOperator::Lt,
        Some(other) => {
            return Err(Problem::new(
                "operator",
                format!("unknown operator {other:?}, expected one of Equal, Exists, Gt, Lt"),
                "correct the operator",
            ));
        }
    };
    let effect = match toleration.effect.as_deref() {
        None | Some("") => None,
        Some(effect) => Some(taint_effect(effect)?),
    };
    Ok(Toleration {
        key: toleration.key.clone().unwrap_or_default(),
        operator,
        value: toleration.value.clone().unwrap_or_default(),
        effect,
    })
}

/// An effect by its name.
pub(super) fn taint_effect(effect: &str) -> Result<TaintEffect, Problem> {
    match effect {
        "NoSchedule" => Ok(TaintEffect::NoSchedule),
        "PreferNoSchedule" => Ok(TaintEffect::PreferNoSchedule),
        "NoExecute" => Ok(TaintEffect::NoExecute),
        other => Err(Problem::new(
            "effect",
            format!(
                "unknown effect {other:?}, expected one of NoSchedule, PreferNoSchedule, NoExecute"
            ),
            "correct the effect",
        )),
    }
}

/// Ports of containers and sidecars on the node, as kube-scheduler counts them.
fn host_ports(spec: &k8s::PodSpec) -> Result<Vec<HostPort>, Problem> {
    let on_host = spec.host_network == Some(true);
    let sidecars = spec.init_containers.iter().flatten().filter(|c| requests::is_sidecar(c));
    let ports = spec.containers.iter().chain(sidecars).flat_map(|c| c.ports.iter().flatten());
    let mut host_ports = BTreeSet::new();
    for port in ports {
        if let Some(port) = host_port(port, on_host.then_some(port.container_port))? {
            host_ports.insert(port);
        }
    }
    Ok(host_ports.into_iter().collect())
}

fn host_port(port: &ContainerPort, default: Option<i32>) -> Result<Option<HostPort>, Problem> {
    const FIELD: &str = "spec.containers[*].ports[*]";
    let number = port.host_port.filter(|number| *number != 0).or(default);
    let Some(number) = number else { return Ok(None) };
    let number = u16::try_from(number).map_err(|_| {
        let problem = format!("{number} is not a port, expected 1 to 65535");
        Problem::new(format!("{FIELD}.hostPort"), problem, "correct the port")
    })?;
    let protocol = match port.protocol.as_deref() {
        None | Some("" | "TCP") => Protocol::Tcp,
        Some("UDP") => Protocol::Udp,
        Some("SCTP") => Protocol::Sctp,
        Some(other) => {
            let problem = format!("unknown protocol {other:?}, expected TCP, UDP or SCTP");
            return Err(Problem::new(format!("{FIELD}.protocol"), problem, "correct the protocol"));
        }
    };
    let ip = port.host_ip.clone().filter(|ip| !matches!(ip.as_str(), "" | "0.0.0.0" | "::"));
    Ok(Some(HostPort { ip, port: number, protocol }))
}

/// Keeps one copy of equal specs, so that the pods of a workload share it.
#[derive(Default)]
pub(super) struct Interner(BTreeSet<Arc<PodSpec>>);

impl Interner {
    pub(super) fn intern(&mut self, spec: PodSpec) -> Arc<PodSpec> {
        if let Some(known) = self.0.get(&spec) {
            return Arc::clone(known);
        }
        let spec = Arc::new(spec);
        self.0.insert(Arc::clone(&spec));
        spec
    }
}
