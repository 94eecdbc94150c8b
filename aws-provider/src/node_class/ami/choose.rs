//! Which images to take.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_api::crd::ec2_node_class::{Ami, NodeSelectorRequirement};
use scheduler_core::model::well_known;

use super::AmiError;
use super::alias::Variant;
use super::lookup::{ImageLookups, Mutability, Parameter, ParameterAnswers};
use crate::api::ec2::Image;
use crate::catalog::Architecture;

const GPU_COUNT: &str = "karpenter.k8s.aws/instance-gpu-count";
const ACCELERATOR_COUNT: &str = "karpenter.k8s.aws/instance-accelerator-count";

/// The images for the class's status, newest first: of those that are made for the same types, one.
///
/// # Errors
/// As for [`ImageLookups::queries`].
pub fn choose_images(
    lookups: &ImageLookups,
    answers: &ParameterAnswers,
    images: &[Image],
    now: Timestamp,
) -> Result<Vec<Ami>, AmiError> {
    let found = lookups.found(answers)?;
    let own = lookups.own_ids(&found);
    let mut best: BTreeMap<Vec<Need>, &Image> = BTreeMap::new();
    for image in images {
        let Some(arch) = Architecture::of_ec2(&image.architecture) else { continue };
        let arch = arch.as_label();
        if image.state != "available" {
            continue;
        }
        let of_image = found.iter().filter(|(_, id)| *id == image.id);
        let variants: Vec<Variant> =
            of_image.flat_map(|(parameter, _)| parameter.variants.iter().copied()).collect();
        let is_own = variants.is_empty() || own.contains(image.id.as_str());
        let needs = variants.into_iter().map(|variant| needs(arch, variant));
        for needs in needs.chain(is_own.then(|| vec![Need::in_one(well_known::ARCH, arch)])) {
            let chosen = best.entry(needs).or_insert(image);
            if rank(image, now) > rank(chosen, now) {
                *chosen = image;
            }
        }
    }
    let mut chosen: Vec<_> = best.into_iter().collect();
    // Stable, so images that were made at the same time stay in the order of their needs.
    chosen.sort_by_key(|(_, image)| (Reverse(image.created), image.id.clone()));
    Ok(chosen.into_iter().map(|(needs, image)| status(image, needs, now)).collect())
}

/// Names of cached parameters to forget, because the image that they name is deprecated and a newer
/// one can have taken its place. `cached` are parameters with the images that they name.
pub fn stale_parameters<'a>(
    cached: impl IntoIterator<Item = (&'a Parameter, &'a str)>,
    images: &[Image],
    now: Timestamp,
) -> Vec<&'a str> {
    let deprecated = |id: &str| images.iter().any(|one| one.id == id && is_deprecated(one, now));
    let stale = cached
        .into_iter()
        .filter(|(parameter, id)| parameter.mutability == Mutability::Mutable && deprecated(id));
    stale.map(|(parameter, _)| parameter.name.as_str()).collect()
}

/// What a type must have for an image to run on it. Orders as statuses list requirements: by the
/// length of the key first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    key_length: usize,
    key: &'static str,
    operator: &'static str,
    value: Option<&'static str>,
}

impl Need {
    fn new(key: &'static str, operator: &'static str, value: Option<&'static str>) -> Self {
        Self { key_length: key.len(), key, operator, value }
    }

    fn in_one(key: &'static str, value: &'static str) -> Self {
        Self::new(key, "In", Some(value))
    }
}

fn needs(arch: &'static str, variant: Variant) -> Vec<Need> {
    let mut needs = vec![Need::in_one(well_known::ARCH, arch)];
    match variant {
        Variant::Standard => needs.extend([
            Need::new(GPU_COUNT, "DoesNotExist", None),
            Need::new(ACCELERATOR_COUNT, "DoesNotExist", None),
        ]),
        Variant::Nvidia => needs.push(Need::new(GPU_COUNT, "Exists", None)),
        Variant::Neuron => needs.push(Need::new(ACCELERATOR_COUNT, "Exists", None)),
        Variant::Windows(build) => needs.extend([
            Need::in_one(well_known::OS, "windows"),
            Need::in_one(well_known::WINDOWS_BUILD, build),
        ]),
    }
    needs.sort();
    needs
}

/// The larger the better.
fn rank(image: &Image, now: Timestamp) -> (bool, Option<Timestamp>, &str, &str) {
    (!is_deprecated(image, now), image.created, &image.name, &image.id)
}

fn is_deprecated(image: &Image, now: Timestamp) -> bool {
    image.deprecated.is_some_and(|deprecated| deprecated <= now)
}

fn status(image: &Image, needs: Vec<Need>, now: Timestamp) -> Ami {
    let requirement = |need: Need| NodeSelectorRequirement {
        key: need.key.to_owned(),
        operator: need.operator.to_owned(),
        values: need.value.map(|value| vec![value.to_owned()]),
    };
    Ami {
        id: image.id.clone(),
        name: Some(image.name.clone()).filter(|name| !name.is_empty()),
        deprecated: is_deprecated(image, now).then_some(true),
        requirements: needs.into_iter().map(requirement).collect(),
    }
}
