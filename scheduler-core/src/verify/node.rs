//! Each pod against the node that it is placed on: taints, requirements, host ports, room.

use std::collections::BTreeSet;

use super::face::{Faces, Verdict, first_untolerated};
use super::violation::Violation;
use super::world::{Group, Site, SiteKind, World, admitted};
use crate::model::attachment::places;
use crate::model::{HostPort, PodSpec, Resources};
use crate::snapshot::NodeWithPods;

/// Checks every node that gets a pod.
pub(super) fn check<'a>(world: &World<'a>, faces: &mut Faces<'a>, found: &mut Vec<Violation>) {
    for (index, site) in world.sites.iter().enumerate() {
        let groups = world.groups_at(index);
        if groups.iter().all(|group| group.placed == 0) {
            continue;
        }
        check_admission(world, index, faces, found);
        let daemons = match site.kind {
            SiteKind::Existing(node) => {
                let missing = missing_daemons(world, node);
                check_room(world, site, node, groups, &missing, found);
                missing.iter().flat_map(|spec| spec.host_ports.iter().cloned()).collect()
            }
            SiteKind::Planned(_, node) => {
                let face = faces.of_node(node);
                faces.get(face).daemon_ports.clone()
            }
        };
        check_ports(world, site, groups, daemons, found);
    }
}

fn check_admission<'a>(
    world: &World<'a>,
    index: usize,
    faces: &mut Faces<'a>,
    found: &mut Vec<Violation>,
) {
    let site = &world.sites[index];
    let planned = match site.kind {
        SiteKind::Planned(_, node) => Some((node, faces.of_node(node))),
        SiteKind::Existing(_) => None,
    };
    for group in world.groups_at(index) {
        let Some(pod) = group.first else { continue };
        let spec = world.specs[group.spec];
        if spec.unsupported.is_some() {
            found.push(Violation::UnsupportedPod { place: site.place(), pod: pod.clone() });
        }
        let verdict = match planned {
            Some((node, face)) => {
                faces.verdict(face, (group.spec, spec), &node.labels, &node.taints)
            }
            None => verdict(spec, site),
        };
        match verdict {
            Verdict::Admitted => {}
            Verdict::Unmet => {
                let (place, pod) = (site.place(), pod.clone());
                found.push(Violation::RequirementsUnmet { place, pod });
            }
            Verdict::Tainted => {
                let taint = first_untolerated(&spec.tolerations, site.taints());
                found.push(Violation::TaintNotTolerated {
                    place: site.place(),
                    pod: pod.clone(),
                    taint: taint.map(ToString::to_string).unwrap_or_default(),
                });
            }
        }
    }
}

fn verdict(spec: &PodSpec, site: &Site<'_>) -> Verdict {
    if first_untolerated(&spec.tolerations, site.taints()).is_some() {
        Verdict::Tainted
    } else if admitted(&spec.node_alternatives, |key| site.label(key)) {
        Verdict::Admitted
    } else {
        Verdict::Unmet
    }
}

/// Specs of the daemons that belong on an existing node and are not there yet.
pub(super) fn missing_daemons<'a>(world: &World<'a>, node: &NodeWithPods) -> Vec<&'a PodSpec> {
    let site = Site { kind: SiteKind::Existing(node), groups: 0..0 };
    let present = |namespace: &str, name: &str| {
        node.pods.iter().any(|pod| {
            pod.spec.namespace == namespace && pod.spec.daemon_set.as_deref() == Some(name)
        })
    };
    let daemon_sets = world.snapshot.supply.daemon_sets.iter();
    let belong = daemon_sets.filter(|daemon_set| {
        verdict(&daemon_set.spec, &site) == Verdict::Admitted
            && !present(&daemon_set.id.namespace, &daemon_set.id.name)
    });
    belong.map(|daemon_set| &daemon_set.spec).collect()
}

/// Whether bound pods, missing daemons and new pods fit together, in the resources that the new
/// pods ask for: kube-scheduler does not look at others.
fn check_room(
    world: &World<'_>,
    site: &Site<'_>,
    node: &NodeWithPods,
    groups: &[Group<'_>],
    missing: &[&PodSpec],
    found: &mut Vec<Violation>,
) {
    let mut asked = Resources::default();
    for group in groups {
        asked.add_times(&world.specs[group.spec].requests, group.placed);
    }
    let mut wanted = asked.clone();
    for pod in &node.pods {
        wanted.add(&pod.spec.requests);
    }
    for daemon in missing {
        wanted.add(&daemon.requests);
    }
    // A volume takes one place for all its pods, and none anew if it is attached already.
    let attached = node.shared_volumes();
    let new = groups.iter().filter(|group| group.placed > 0);
    let mounted: BTreeSet<_> =
        new.flat_map(|group| &world.specs[group.spec].shared_volumes).collect();
    asked.add(&places(mounted.difference(&attached).copied()));
    wanted.add(&places(attached.union(&mounted).copied()));
    let allocatable = &node.node.allocatable;
    for (resource, _) in asked.iter() {
        let (wanted, available) = (wanted.get(resource), allocatable.get(resource));
        if wanted > available {
            let (place, resource) = (site.place(), resource.to_owned());
            found.push(Violation::Overfull { place, resource, wanted, available });
        }
    }
}

fn check_ports(
    world: &World<'_>,
    site: &Site<'_>,
    groups: &[Group<'_>],
    daemons: Vec<HostPort>,
    found: &mut Vec<Violation>,
) {
    let ports_of = |group: &Group<'_>| world.specs[group.spec].host_ports.as_slice();
    let mut taken = daemons;
    for group in groups.iter().filter(|group| group.bound > 0) {
        taken.extend(ports_of(group).iter().cloned());
    }
    for group in groups {
        let (Some(pod), ports) = (group.first, ports_of(group)) else {
            continue;
        };
        let clash = ports
            .iter()
            .find(|port| group.placed > 1 || taken.iter().any(|other| other.conflicts(port)));
        if let Some(port) = clash {
            let (place, pod, port) = (site.place(), pod.clone(), port.port);
            found.push(Violation::HostPortClash { place, pod, port });
        }
        taken.extend(ports.iter().cloned());
    }
}
