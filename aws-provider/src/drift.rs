//! Whether an instance is no longer what its class asks for.

use std::collections::BTreeSet;

use plimsoll_api::crd::ec2_node_class::Ec2NodeClassStatus;
use scheduler_core::model::InstanceType;

use crate::node_class::{HashAnnotations, ami_for};

/// Why a claim has drifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftReason {
    /// A field of the class that is fixed at launch has changed.
    NodeClass,
    /// The instance's type is started from another image now.
    Ami,
    /// The class selects other security groups.
    SecurityGroup,
    /// The class no longer selects the instance's subnet.
    Subnet,
    /// The class no longer selects the instance's capacity reservation.
    CapacityReservation,
    /// The class has another placement group, or none.
    PlacementGroup,
}

impl DriftReason {
    /// As the claim's condition names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NodeClass => "NodeClassDrift",
            Self::Ami => "AMIDrift",
            Self::SecurityGroup => "SecurityGroupDrift",
            Self::Subnet => "SubnetDrift",
            Self::CapacityReservation => "CapacityReservationDrift",
            Self::PlacementGroup => "PlacementGroupDrift",
        }
    }
}

/// Why nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriftError {
    /// The class has found nothing of a kind yet.
    #[error("the EC2NodeClass has no {what} in its status yet")]
    NothingInStatus {
        /// What.
        what: &'static str,
    },
    /// The claim lacks a field.
    #[error("the NodeClaim has no {field}")]
    Incomplete {
        /// The field.
        field: &'static str,
    },
    /// There is no such instance type any more.
    #[error("instance type {name} is unknown")]
    UnknownType {
        /// Its name.
        name: String,
    },
}

/// A claim with its instance.
#[derive(Clone, Copy, Debug)]
pub struct Launched<'a> {
    /// The claim's annotations.
    pub annotations: HashAnnotations<'a>,
    /// Label `node.kubernetes.io/instance-type`.
    pub instance_type: Option<&'a str>,
    /// `status.imageID`.
    pub image: Option<&'a str>,
    /// Label `karpenter.k8s.aws/placement-group-id`.
    pub placement_group: Option<&'a str>,
    /// The instance's subnet.
    pub subnet: Option<&'a str>,
    /// The instance's security groups.
    pub security_groups: &'a [String],
    /// The capacity reservation that the instance was launched into, as EC2 tells now: when it has
    /// ended the instance goes on as an on-demand one, which is no drift.
    pub capacity_reservation: Option<&'a str>,
}

/// What the class asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The class's annotations.
    pub annotations: HashAnnotations<'a>,
    /// What its selectors found.
    pub status: &'a Ec2NodeClassStatus,
    /// Id of its placement group.
    pub placement_group: Option<&'a str>,
    /// The instance types as its nodes have them.
    pub types: &'a [InstanceType],
}

/// The first reason for which a claim has drifted.
///
/// # Errors
/// If claim or class say too little to tell. That is not drift.
pub fn drift(
    launched: &Launched<'_>,
    wanted: &Wanted<'_>,
) -> Result<Option<DriftReason>, DriftError> {
    if class_changed(launched.annotations, wanted.annotations) {
        return Ok(Some(DriftReason::NodeClass));
    }
    // All are looked at, so that an error does not depend on what else has drifted.
    let checks = [
        (ami_changed(launched, wanted)?, DriftReason::Ami),
        (security_groups_changed(launched, wanted)?, DriftReason::SecurityGroup),
        (subnet_changed(launched, wanted)?, DriftReason::Subnet),
        (reservation_changed(launched, wanted), DriftReason::CapacityReservation),
        (launched.placement_group != wanted.placement_group, DriftReason::PlacementGroup),
    ];
    Ok(checks.into_iter().find(|(changed, _)| *changed).map(|(_, reason)| reason))
}

/// Hashes of other versions cannot be compared.
fn class_changed(claim: HashAnnotations<'_>, class: HashAnnotations<'_>) -> bool {
    let comparable = claim.version.is_some() && claim.version == class.version;
    let both = claim.hash.zip(class.hash);
    comparable && both.is_some_and(|(claim, class)| claim != class)
}

fn ami_changed(launched: &Launched<'_>, wanted: &Wanted<'_>) -> Result<bool, DriftError> {
    let amis = wanted.status.amis.as_deref().unwrap_or_default();
    if amis.is_empty() {
        return Err(DriftError::NothingInStatus { what: "images" });
    }
    let field = "label node.kubernetes.io/instance-type";
    let name = launched.instance_type.ok_or(DriftError::Incomplete { field })?;
    let image = launched.image.filter(|image| !image.is_empty());
    let image = image.ok_or(DriftError::Incomplete { field: "status.imageID" })?;
    let found = wanted.types.iter().find(|one| one.name == name);
    let found = found.ok_or_else(|| DriftError::UnknownType { name: name.to_owned() })?;
    Ok(ami_for(amis, found).is_none_or(|ami| ami.id != image))
}

fn security_groups_changed(
    launched: &Launched<'_>,
    wanted: &Wanted<'_>,
) -> Result<bool, DriftError> {
    let selected = wanted.status.security_groups.as_deref().unwrap_or_default();
    if selected.is_empty() {
        return Err(DriftError::NothingInStatus { what: "security groups" });
    }
    let selected: BTreeSet<&str> = selected.iter().map(|group| group.id.as_str()).collect();
    let actual: BTreeSet<&str> = launched.security_groups.iter().map(String::as_str).collect();
    Ok(selected != actual)
}

fn subnet_changed(launched: &Launched<'_>, wanted: &Wanted<'_>) -> Result<bool, DriftError> {
    let selected = wanted.status.subnets.as_deref().unwrap_or_default();
    if selected.is_empty() {
        return Err(DriftError::NothingInStatus { what: "subnets" });
    }
    Ok(!selected.iter().any(|subnet| Some(subnet.id.as_str()) == launched.subnet))
}

fn reservation_changed(launched: &Launched<'_>, wanted: &Wanted<'_>) -> bool {
    let selected = wanted.status.capacity_reservations.as_deref().unwrap_or_default();
    launched.capacity_reservation.is_some_and(|id| selected.iter().all(|one| one.id != id))
}

#[cfg(test)]
mod tests;
