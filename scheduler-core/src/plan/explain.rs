//! The one place where reasons become prose.

use super::reason::{Blocker, Nearest, ReasonCode, Unschedulable};
use crate::model::{Resources, well_known};
use crate::plan::GapReason;

/// What stands in the way of a pod, in one sentence without a period.
pub fn message(unschedulable: &Unschedulable) -> String {
    let obstacles: Vec<String> = unschedulable.blockers.iter().map(obstacle).collect();
    let near = unschedulable.nearest.as_ref().map(place);
    match (unschedulable.code, obstacles.is_empty(), near) {
        (ReasonCode::NoNodePool, ..) => "there is no NodePool that may launch nodes".to_owned(),
        (_, true, _) => "no NodePool has an instance type that could be launched".to_owned(),
        (_, false, Some(near)) => format!("{}; the nearest is {near}", obstacles.join(", and ")),
        (_, false, None) => obstacles.join(", and "),
    }
}

/// The nearest change that would give the pod a place, in one sentence without a period.
pub fn fix(unschedulable: &Unschedulable) -> String {
    let changes: Vec<String> = unschedulable.blockers.iter().map(change).collect();
    match (unschedulable.code, changes.is_empty()) {
        (ReasonCode::NoNodePool, _) => "create a NodePool without spec.replicas".to_owned(),
        (_, true) => {
            "widen spec.template.spec.requirements of a NodePool until some instance type is left"
                .to_owned()
        }
        (_, false) => changes.join(", and "),
    }
}

/// What a reason code means and what to do about it: a page for people.
pub fn page(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::NoNodePool => {
            "No NodePool may launch nodes.\n\n\
             There is none, all of them were refused, or all are static (spec.replicas).\n\
             Fix: create a NodePool, or mend the one that was refused; its message names the field."
        }
        ReasonCode::Requirements => {
            "No node that could be launched has the labels that the pod asks for.\n\n\
             The pod's nodeSelector and required node affinity, and the requirements and labels of \
             every NodePool, have no instance type, zone and capacity type in common.\n\
             Fix: widen the requirement that the message names, on the pod or on the NodePool."
        }
        ReasonCode::Taints => {
            "Every NodePool that would do has a taint that the pod does not tolerate.\n\n\
             Fix: add the toleration to the pod, or offer a NodePool without the taint."
        }
        ReasonCode::TooLarge => {
            "The pod asks for more than any node it may use has.\n\n\
             What counts is the allocatable amount: less than the machine's, because kubelet and \
             system keep a share, and less again by what DaemonSets ask for.\n\
             Fix: lower the request, or allow larger instance types in the NodePool."
        }
        ReasonCode::NoOffering => {
            "The instance types that would do cannot be bought now.\n\n\
             Capacity recently failed there, the price is not known, no usable subnet offers them, \
             or a capacity reservation has nothing left.\n\
             Fix: allow more instance types, zones or capacity types; or wait, it is tried again."
        }
        ReasonCode::Limits => {
            "One more node would exceed spec.limits of the NodePool.\n\n\
             Limits count the capacity of the pool's nodes, not the requests of their pods.\n\
             Fix: raise the limit, or free capacity."
        }
        ReasonCode::TopologySpread => {
            "A topology spread constraint with whenUnsatisfiable: DoNotSchedule cannot be kept.\n\n\
             The domains that the pod can reach already have maxSkew more pods than the emptiest \
             one, and the emptiest one cannot take more.\n\
             Fix: make the emptiest domain reachable, raise maxSkew, or use ScheduleAnyway."
        }
        ReasonCode::PodAffinity => {
            "No domain has the pods that this pod must be near to.\n\n\
             Fix: correct the selector or the namespaces of the term, or run the other pods first."
        }
        ReasonCode::PodAntiAffinity => {
            "Every domain that the pod could reach has pods that it must be away from, or that \
             must be away from it.\n\n\
             Fix: offer more domains (zones), or prefer instead of require the distance."
        }
        ReasonCode::HostPort => {
            "A host port of the pod is taken on every node that it could use.\n\n\
             Fix: use another port, or none."
        }
        ReasonCode::Unsupported => {
            "The pod uses a feature that cannot be planned for; it is refused rather than \
             misplaced.\n\n\
             Fix: the message names the feature and what is wrong with it."
        }
        ReasonCode::MinValues => {
            "A NodePool that would do cannot be as flexible as it asks to be.\n\n\
             Of some label, fewer values than minValues are left among the offerings that hold \
             the pod.\n\
             Fix: lower minValues, allow more values, or let minValues give way with the policy \
             BestEffort."
        }
        ReasonCode::ClaimInUse => {
            "Another pod uses a PersistentVolumeClaim that only one pod may use.\n\n\
             Its access mode is ReadWriteOncePod: kube-scheduler starts no second pod with it on \
             any node until the first is gone, and of several that wait only one gets a place.\n\
             Fix: wait until the other pod has ended, give the pod a claim of its own, or use the \
             access mode ReadWriteOnce."
        }
        ReasonCode::Internal => {
            "Plimsoll planned a place for the pod that its own check refused.\n\n\
             This is a fault of Plimsoll, not of the cluster. The pod and all that are like it were \
             left out, so that the others got their places; nothing was done for it.\n\
             Fix: report it with the message and the snapshot that was recorded for this plan."
        }
    }
}

/// Why part of a plan's price lies over its bound, to follow an amount of money.
pub fn gap_reason(reason: GapReason) -> &'static str {
    match reason {
        GapReason::WholeNodes => "because nodes come whole",
        GapReason::Rules => "because rules keep pods together or apart",
        GapReason::Limits => "because limits of NodePools leave less choice",
        GapReason::Weights => "because NodePools of higher weight come first",
        GapReason::ExistingNodes => {
            "because pods do not fill the room of existing and reserved nodes exactly"
        }
        GapReason::Interruptions => "for safer offerings",
    }
}

fn place(nearest: &Nearest) -> String {
    let Nearest { node_pool, instance_type, zone, capacity_type } = nearest;
    format!("{instance_type} in {zone} ({capacity_type}) of NodePool {node_pool}")
}

fn obstacle(blocker: &Blocker) -> String {
    match blocker {
        Blocker::Requirement { key, wanted, found: Some(found) } => {
            format!("the pod wants label {key} {wanted}, found {found}")
        }
        Blocker::Requirement { key, wanted, found: None } => {
            let hint = well_known::suggest(key)
                .map_or_else(String::new, |meant| format!(" (did you mean {meant}?)"));
            format!("the pod wants label {key} {wanted}, which nodes do not have{hint}")
        }
        Blocker::Taint { taint } => format!("the pod does not tolerate taint {taint}"),
        Blocker::Resource { name, wanted, available } => {
            let amount = |amount: i64| Resources::display_amount(name, amount);
            format!(
                "pod and DaemonSets ask for {} {name}, {} more than the {} that a node has",
                amount(*wanted),
                amount(wanted - available),
                amount(*available)
            )
        }
        Blocker::Offering => "the offering cannot be bought now".to_owned(),
        Blocker::Limit { node_pool, resource } => {
            format!("one more node would exceed the {resource} limit of NodePool {node_pool}")
        }
        Blocker::Reservation { id } => format!("capacity reservation {id} has nothing left"),
        Blocker::Spread { topology_key, max_skew } => {
            format!("the spread over {topology_key} with maxSkew {max_skew} cannot be kept")
        }
        Blocker::Affinity { topology_key } => {
            format!("no {topology_key} has the pods that this pod must be near to")
        }
        Blocker::AntiAffinity { topology_key } => {
            format!("every {topology_key} has pods that must be kept apart from this one")
        }
        Blocker::MinValues { node_pool, key, wanted, available } => format!(
            "NodePool {node_pool} asks for {wanted} values of {key} to choose among, and the pod \
             leaves {available}"
        ),
        Blocker::NoInstanceType { node_pool } => {
            format!("the requirements of NodePool {node_pool} leave none of its instance types")
        }
        Blocker::HostPort { port } => format!("host port {port} is taken"),
        Blocker::ClaimInUse { claim } => {
            format!("another pod uses claim {claim}, whose access mode is ReadWriteOncePod")
        }
        Blocker::Refused { violation } => {
            format!("the check of the plan found a fault of Plimsoll: {violation}")
        }
        Blocker::Unsupported { feature } => feature.clone(),
    }
}

fn change(blocker: &Blocker) -> String {
    match blocker {
        Blocker::Requirement { key, found: Some(found), .. } => {
            format!("let the pod accept {key}={found}, or let the NodePool offer what it asks for")
        }
        Blocker::Requirement { key, found: None, .. } => match well_known::suggest(key) {
            Some(meant) => format!("write {meant} for {key} in the pod"),
            None => format!("set {key} in spec.template.metadata.labels of the NodePool"),
        },
        Blocker::Taint { taint } => format!("add a toleration for {taint} to the pod"),
        Blocker::Resource { name, wanted, available } => {
            let amount = Resources::display_amount(name, wanted - available);
            format!("lower the {name} request by {amount}, or allow larger instance types")
        }
        Blocker::Offering => "allow more instance types, zones or capacity types".to_owned(),
        Blocker::Limit { node_pool, resource } => {
            format!("raise spec.limits.{resource} of NodePool {node_pool}")
        }
        Blocker::Reservation { id } => {
            format!("add instances to capacity reservation {id}, or allow other capacity types")
        }
        Blocker::Spread { topology_key, .. } => {
            format!("make every {topology_key} reachable for the pod, or use ScheduleAnyway")
        }
        Blocker::Affinity { .. } => {
            "run the pods that the affinity selects, or correct its selector".to_owned()
        }
        Blocker::AntiAffinity { topology_key } => {
            format!("offer more values of {topology_key}, or prefer the distance instead")
        }
        Blocker::MinValues { node_pool, key, available, .. } => format!(
            "lower minValues of {key} in NodePool {node_pool} to {available}, or set the \
             minValues policy to BestEffort"
        ),
        Blocker::NoInstanceType { node_pool } => format!(
            "widen spec.template.spec.requirements of NodePool {node_pool} until some instance \
             type is left"
        ),
        Blocker::HostPort { port } => format!("use another host port than {port}"),
        Blocker::ClaimInUse { claim } => {
            format!("wait until claim {claim} is released, or give the pod a claim of its own")
        }
        Blocker::Refused { .. } => "report a bug, with the snapshot of this plan".to_owned(),
        Blocker::Unsupported { .. } => "remove or correct what is not supported".to_owned(),
    }
}
