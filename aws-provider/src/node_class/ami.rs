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
    Images::of(amis).for_type(instance_type)
}

/// The images of a class with the types that they run on, read once for all types.
pub(crate) struct Images<'a>(Vec<(&'a Ami, Requirements)>);

impl<'a> Images<'a> {
    /// Those whose requirements can be read.
    pub(crate) fn of(amis: &'a [Ami]) -> Self {
        Self(amis.iter().filter_map(|ami| Some((ami, requirements(ami)?))).collect())
    }

    /// The image that a type is started from: the first whose requirements it meets.
    pub(crate) fn for_type(&self, instance_type: &InstanceType) -> Option<&'a Ami> {
        let suits =
            |ours: &Requirements| ours.first_conflict(&instance_type.requirements).is_none();
        self.0.iter().find(|(_, ours)| suits(ours)).map(|(ami, _)| *ami)
    }
}

fn requirements(ami: &Ami) -> Option<Requirements> {
    // Whoever reads a status that says otherwise than these four reads one that we did not write.
    let read = |operator: &str, values: Option<&Vec<String>>| {
        let values = values.map(Vec::as_slice).unwrap_or_default();
        Operator::parse(operator).and_then(|operator| Requirement::new(operator, values).ok())
    };
    let all = ami.requirements.iter();
    all.map(|one| Some((one.key.clone(), read(&one.operator, one.values.as_ref())?))).collect()
}

#[cfg(test)]
mod tests;
