//! From a class with what its selectors found, and a claim, to what a launch needs.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::crd::Ec2NodeClass;
use plimsoll_api::crd::ec2_node_class::{self as crd, Ami, Ec2NodeClassSpec, Ec2NodeClassStatus};
use scheduler_core::model::{
    CapacityType, ImageFamily, InstanceType, Labels, Requirements, Resources, Taint, well_known,
};

use super::ami::Images;
use super::condition::READY;
use super::device::{VolumeSizeError, block_devices, metadata_options};
use crate::api::ec2::{ConnectionTracking, PlacementGroup, Switch};
use crate::bootstrap::{self, Bootstrap, ClusterAccess, InstanceStore, UserDataError};
use crate::{
    Boot, InterfaceKind, IpFamily, LaunchInterface, LaunchNetwork, LaunchPlacement, LaunchSpec,
    LaunchSubnet, tags,
};

const EFA: &str = "vpc.amazonaws.com/efa";
const NITRO_SANDBOX: &str = "eks.amazonaws.com/nitro-sandbox";

/// A class as it stands, in its cluster.
#[derive(Clone, Copy, Debug)]
pub struct ClassInCluster<'a> {
    /// The class, its status filled in.
    pub class: &'a Ec2NodeClass,
    /// Its placement group.
    pub placement_group: Option<&'a PlacementGroup>,
    /// The cluster.
    pub cluster: &'a ClusterAccess,
    /// Region.
    pub region: &'a str,
    /// The instance types as nodes of the class have them.
    pub types: &'a [InstanceType],
}

/// A claim, or many that are alike but for their names.
#[derive(Clone, Copy, Debug)]
pub struct ClaimToLaunch<'a> {
    /// Their pool.
    pub node_pool: &'a str,
    /// Their labels.
    pub labels: &'a Labels,
    /// Their taints, startup taints after the others.
    pub taints: &'a [Taint],
    /// What they require of their node.
    pub requirements: &'a Requirements,
    /// What the node has to hold.
    pub requests: &'a Resources,
    /// How the node is bought. It is a label of the node, so it is part of the user data: the
    /// launch must be given offerings of this kind alone.
    pub capacity_type: CapacityType,
}

/// What a launch needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedLaunch {
    /// It.
    pub spec: LaunchSpec,
    /// Settings of the class's user data that Bottlerocket does not have.
    pub dropped: BTreeSet<String>,
}

/// Why nothing can be launched for a class.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Something is not in the class's status yet.
    #[error("the EC2NodeClass has no {what} in its status yet")]
    NotReady {
        /// What.
        what: &'static str,
    },
    /// None of the types runs any of the images.
    #[error("no image of the EC2NodeClass runs on any of the instance types")]
    NoTypeForImages,
    /// A volume has no proper size.
    #[error("the volumes cannot be created")]
    Volume(#[from] VolumeSizeError),
    /// There is no user data.
    #[error("the nodes cannot be told how to join the cluster")]
    UserData(#[from] UserDataError),
}

/// Why nothing may be launched for a class now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// Its condition says so, or says it of an older generation.
    #[error("the EC2NodeClass is not ready: {why}")]
    NotReady {
        /// Why.
        why: String,
    },
    /// Nobody knows yet.
    #[error("it is not known yet whether the EC2NodeClass is ready")]
    Unknown,
}

/// Whether instances may be launched for a class: its condition `Ready` is true, and of this
/// generation.
///
/// # Errors
/// If it is not.
pub fn readiness(class: &Ec2NodeClass) -> Result<(), Unready> {
    let conditions = class.status.as_ref().and_then(|status| status.conditions.as_deref());
    let ready = conditions.unwrap_or_default().iter().find(|one| one.type_ == READY);
    let ready = ready.ok_or(Unready::Unknown)?;
    match ready.status.as_str() {
        "True" if ready.observed_generation == class.metadata.generation => Ok(()),
        "True" => {
            Err(Unready::NotReady { why: "its last change has not been looked at yet".to_owned() })
        }
        "False" => Err(Unready::NotReady { why: ready.message.clone() }),
        _ => Err(Unready::Unknown),
    }
}

/// What a launch of a claim needs of its class.
///
/// # Errors
/// If the class's status lacks something, or no user data can be made.
pub fn resolve(
    given: &ClassInCluster<'_>,
    claim: &ClaimToLaunch<'_>,
) -> Result<ResolvedLaunch, ResolveError> {
    let spec = &given.class.spec;
    let name = given.class.metadata.name.as_deref().unwrap_or_default();
    let found = Found::of(given.class.status.as_ref())?;
    let mut dropped = BTreeSet::new();
    let boots = boots(given, claim, found.amis, &mut dropped)?;
    let ip_family = ip_family(given.cluster);
    let of_class = spec.tags.clone().unwrap_or_default();
    let resolved = LaunchSpec {
        node_class: name.to_owned(),
        subnets: found.subnets.iter().map(subnet).collect(),
        security_groups: found.security_groups.iter().map(|group| group.id.clone()).collect(),
        instance_profile: found.instance_profile.to_owned(),
        boots,
        block_devices: block_devices(spec)?,
        metadata: metadata_options(spec.metadata_options.as_ref(), given.region, ip_family),
        network: network(spec, ip_family),
        detailed_monitoring: spec.detailed_monitoring.unwrap_or_default(),
        nested_virtualization: nested_virtualization(spec),
        enclaves: claim.requests.get(NITRO_SANDBOX) > 0,
        dedicated: is_dedicated(claim.requirements),
        placement_group: given.placement_group.map(|group| LaunchPlacement {
            group: group.id.clone(),
            partition: partition(claim.requirements),
        }),
        tags: tags::for_launch(&given.cluster.name, claim.node_pool, name, &of_class),
        context: spec.context.clone(),
    };
    Ok(ResolvedLaunch { spec: resolved, dropped })
}

/// What the class's selectors found, all of it there.
struct Found<'a> {
    amis: &'a [Ami],
    subnets: &'a [crd::Subnet],
    security_groups: &'a [crd::SecurityGroup],
    instance_profile: &'a str,
}

impl<'a> Found<'a> {
    fn of(status: Option<&'a Ec2NodeClassStatus>) -> Result<Self, ResolveError> {
        let missing = |what| ResolveError::NotReady { what };
        let status = status.ok_or(missing("images"))?;
        Ok(Self {
            amis: filled(status.amis.as_deref()).ok_or(missing("images"))?,
            subnets: filled(status.subnets.as_deref()).ok_or(missing("subnets"))?,
            security_groups: filled(status.security_groups.as_deref())
                .ok_or(missing("security groups"))?,
            instance_profile: status
                .instance_profile
                .as_deref()
                .filter(|name| !name.is_empty())
                .ok_or(missing("instance profile"))?,
        })
    }
}

fn filled<T>(list: Option<&[T]>) -> Option<&[T]> {
    list.filter(|list| !list.is_empty())
}

/// Whether nodes have addresses of IPv6, which the cluster's DNS tells.
pub fn ip_family(cluster: &ClusterAccess) -> IpFamily {
    if cluster.dns.is_some_and(|dns| dns.is_ipv6()) { IpFamily::V6 } else { IpFamily::V4 }
}

/// Types by what they are started with: the image, and what user data says of their size.
fn boots(
    given: &ClassInCluster<'_>,
    claim: &ClaimToLaunch<'_>,
    amis: &[Ami],
    dropped: &mut BTreeSet<String>,
) -> Result<Vec<Boot>, ResolveError> {
    let mut groups: BTreeMap<(&str, i64, u32), BTreeSet<String>> = BTreeMap::new();
    let images = Images::of(amis);
    for one in given.types {
        if let Some(ami) = images.for_type(one) {
            let key = (ami.id.as_str(), one.capacity.pods, efa_interfaces(given, claim, one));
            groups.entry(key).or_default().insert(one.name.clone());
        }
    }
    if groups.is_empty() {
        return Err(ResolveError::NoTypeForImages);
    }
    let boot = |((image, pods, efa_interfaces), instance_types)| {
        let made = user_data(given, claim, amis, pods)?;
        dropped.extend(made.dropped);
        let (image, user_data) = (String::from(image), made.text);
        Ok(Boot { image, user_data, efa_interfaces, instance_types })
    };
    groups.into_iter().map(boot).collect()
}

fn efa_interfaces(
    given: &ClassInCluster<'_>,
    claim: &ClaimToLaunch<'_>,
    instance_type: &InstanceType,
) -> u32 {
    let named = given.class.spec.network_interfaces.as_deref().unwrap_or_default();
    if claim.requests.get(EFA) == 0 || !named.is_empty() {
        return 0;
    }
    u32::try_from(instance_type.capacity.get(EFA)).unwrap_or_default()
}

fn user_data(
    given: &ClassInCluster<'_>,
    claim: &ClaimToLaunch<'_>,
    amis: &[Ami],
    pods: i64,
) -> Result<bootstrap::UserData, UserDataError> {
    let spec = &given.class.spec;
    let release = bootstrap::release(spec, amis);
    let is_raid0 = spec.instance_store_policy.as_deref() == Some("RAID0");
    let bootstrap = Bootstrap {
        cluster: given.cluster,
        family: spec.image_family().unwrap_or(ImageFamily::Custom),
        own: spec.user_data.as_deref(),
        kubelet: spec.kubelet.as_ref(),
        pods,
        labels: claim.labels,
        capacity_type: claim.capacity_type,
        taints: claim.taints,
        instance_store: if is_raid0 { InstanceStore::Raid0 } else { InstanceStore::Unused },
        release: release.as_deref(),
    };
    bootstrap.user_data()
}

fn subnet(subnet: &crd::Subnet) -> LaunchSubnet {
    LaunchSubnet {
        id: subnet.id.clone(),
        zone: subnet.zone.clone(),
        zone_id: subnet.zone_id.clone().unwrap_or_default(),
    }
}

fn network(spec: &Ec2NodeClassSpec, ip_family: IpFamily) -> LaunchNetwork {
    let number = |number: i32| u32::try_from(number).unwrap_or_default();
    let interface = |one: &crd::NetworkInterface| LaunchInterface {
        card: number(one.network_card_index),
        device: number(one.device_index),
        kind: match one.interface_type.as_str() {
            "efa-only" => InterfaceKind::EfaOnly,
            _ => InterfaceKind::Interface,
        },
    };
    let named = spec.network_interfaces.as_deref().unwrap_or_default();
    LaunchNetwork {
        interfaces: named.iter().map(interface).collect(),
        public_ip: spec.associate_public_ip_address,
        prefixes: spec.ip_prefix_count.map(number),
        ip_family,
        connection_tracking: spec.connection_tracking.as_ref().map(|tracking| ConnectionTracking {
            tcp_established_secs: tracking.tcp_established_timeout.map(number),
            udp_stream_secs: tracking.udp_stream_timeout.map(number),
            udp_secs: tracking.udp_timeout.map(number),
        }),
    }
}

fn nested_virtualization(spec: &Ec2NodeClassSpec) -> Option<Switch> {
    match spec.cpu_options.as_ref()?.nested_virtualization.as_deref()? {
        "enabled" => Some(Switch::Enabled),
        _ => Some(Switch::Disabled),
    }
}

/// Whether only dedicated hardware will do.
fn is_dedicated(requirements: &Requirements) -> bool {
    let tenancy = requirements.get(well_known::INSTANCE_TENANCY);
    tenancy.is_some_and(|one| one.has("dedicated") && !one.has("default"))
}

/// The first partition that is asked for, in the order of texts.
fn partition(requirements: &Requirements) -> Option<u32> {
    requirements.get(well_known::PLACEMENT_GROUP_PARTITION)?.finite_values()?.first()?.parse().ok()
}

#[cfg(test)]
mod tests;
