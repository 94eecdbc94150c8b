//! What an `EC2NodeClass` asks for, as pure functions: answers of AWS in, decisions out.
//!
//! ```text
//! spec ──► queries (select, ami)  ──► AWS ──► answers ──► status (select, ami) ──► conditions
//! spec ──► hash ──► annotations of classes and claims
//! ```

mod ami;
mod condition;
mod device;
mod hash;
mod kubernetes_version;
mod profile;
mod resolve;
mod select;
pub mod step;
pub mod validation;

pub use ami::{
    AmiError, ImageLookups, Mutability, Parameter, ParameterAnswers, ami_for, choose_images,
    stale_parameters,
};
pub use condition::{ConditionStatus, ConditionType, Conditions, Verdict};
pub use device::{VolumeSizeError, block_devices, metadata_options};
pub use hash::{
    ClaimHash, HASH_ANNOTATION, HASH_VERSION, HASH_VERSION_ANNOTATION, HashAnnotations, hash,
    migrate,
};
pub use kubernetes_version::{KubernetesVersion, KubernetesVersionError};
pub use profile::{ProfileOwner, ProfileStep, profile_step, role_name};
pub use resolve::{
    ClaimToLaunch, ClassInCluster, ResolveError, ResolvedLaunch, Unready, ip_family, readiness,
    resolve,
};
pub use select::{
    UnreadableReservation, expiring_reservations, placement_group, placement_query,
    reservation_queries, reservations, security_group_queries, security_groups, subnet_queries,
    subnet_status, subnets,
};
