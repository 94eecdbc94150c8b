//! Images: which SSM parameters to read, which images to describe, and which of them to take.
//!
//! ```text
//! spec ──► ImageLookups ──► parameters of SSM ──► queries ──► images of EC2 ──► choose_images
//! ```

mod alias;
mod choose;
mod lookup;

use plimsoll_api::crd::ec2_node_class::Ami;
use scheduler_core::model::{InstanceType, Operator, Requirement, Requirements};

pub use choose::{choose_images, stale_parameters};
pub use lookup::{ImageLookups, Mutability, Parameter, ParameterAnswers};

use super::kubernetes_version::KubernetesVersion;
use crate::api::ApiError;

/// Why a class has no images.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmiError {
    /// AWS publishes no such image for the cluster's version.
    #[error("alias {alias} has no images for Kubernetes {version}; choose another family")]
    UnsupportedAlias {
        /// The alias.
        alias: String,
        /// The cluster's version.
        version: KubernetesVersion,
    },
    /// No parameter of the alias could be read.
    #[error("alias {alias} has no image: none of its SSM parameters could be read")]
    NoParameter {
        /// The alias.
        alias: String,
        /// Why the last one could not.
        #[source]
        source: Option<Box<ApiError>>,
    },
    /// A parameter that a term names could not be read.
    #[error("ssm parameter {name} cannot be read")]
    Parameter {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<ApiError>,
    },
}

/// The image that a type is started from: the first whose requirements it meets.
pub fn ami_for<'a>(amis: &'a [Ami], instance_type: &InstanceType) -> Option<&'a Ami> {
    amis.iter().find(|ami| runs_on(ami, instance_type))
}

/// Whether an image runs on a type.
pub fn runs_on(ami: &Ami, instance_type: &InstanceType) -> bool {
    // Whoever reads a status that says otherwise than these four reads one that we did not write.
    let read = |operator: &str, values: Option<&Vec<String>>| {
        let values = values.map(Vec::as_slice).unwrap_or_default();
        Operator::parse(operator).and_then(|operator| Requirement::new(operator, values).ok())
    };
    let requirements: Option<Requirements> = ami
        .requirements
        .iter()
        .map(|one| Some((one.key.clone(), read(&one.operator, one.values.as_ref())?)))
        .collect();
    requirements.is_some_and(|ours| ours.first_conflict(&instance_type.requirements).is_none())
}

#[cfg(test)]
mod tests;
