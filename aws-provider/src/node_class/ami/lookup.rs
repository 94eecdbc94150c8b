//! What to ask for.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::crd::ec2_node_class::{AmiSelectorTerm, Ec2NodeClassSpec};

use super::alias::{self, Variant};
use super::{AmiError, KubernetesVersion};
use crate::api::ec2::DescribeImages;
use crate::api::{ApiError, Filter};
use crate::node_class::select::tag_filters;

/// Everything that is to be looked up for the images of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageLookups {
    /// Parameters of SSM to read first.
    pub parameters: Vec<Parameter>,
    /// The alias that the parameters belong to.
    alias: Option<String>,
    /// Images named by their ids.
    ids: BTreeSet<String>,
    /// Images described by names and tags.
    described: Vec<DescribeImages>,
}

/// A parameter of SSM that holds the id of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name or ARN.
    pub name: String,
    /// Whether its value changes with new images.
    pub mutability: Mutability,
    /// Seconds for which an answer may be used again.
    pub cache_secs: u32,
    /// What the image is made for, if AWS publishes it.
    pub(super) variants: Vec<Variant>,
}

/// Whether the value of a parameter changes with new images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// It does, so a deprecated image means that there is a newer one.
    Mutable,
    /// It names one release for ever.
    Pinned,
}

/// What SSM answered, by name of the parameter.
pub type ParameterAnswers = BTreeMap<String, Result<String, ApiError>>;

/// AWS publishes images every few days.
const ALIAS_CACHE_SECS: u32 = 24 * 60 * 60;
/// Users change parameters of their own and look for the effect.
const OWN_CACHE_SECS: u32 = 5 * 60;

impl Parameter {
    pub(super) fn of_alias(name: String, mutability: Mutability, variants: Vec<Variant>) -> Self {
        Self { name, mutability, cache_secs: ALIAS_CACHE_SECS, variants }
    }

    fn own(name: String) -> Self {
        let mutability = Mutability::Mutable;
        Self { name, mutability, cache_secs: OWN_CACHE_SECS, variants: Vec::new() }
    }
}

impl ImageLookups {
    /// What to look up for a class in a cluster of this version.
    ///
    /// # Errors
    /// If AWS publishes no images for the alias in this version.
    pub fn of(spec: &Ec2NodeClassSpec, kubernetes: KubernetesVersion) -> Result<Self, AmiError> {
        let terms = spec.ami_selector_terms.as_deref().unwrap_or_default();
        // Classes of older versions name a family alone.
        let implied = terms.is_empty().then(|| spec.image_family()).flatten();
        let implied = implied.map(|family| format!("{}@latest", family.as_str().to_lowercase()));
        let alias = spec.alias().map(str::to_owned).or(implied);
        let mut parameters = match &alias {
            Some(alias) => alias::parameters(alias, kubernetes)?,
            None => Vec::new(),
        };
        parameters
            .extend(terms.iter().filter_map(|term| term.ssm_parameter.clone()).map(Parameter::own));
        let ids = terms.iter().filter_map(|term| term.id.clone()).collect();
        let described = terms.iter().filter_map(described).collect();
        Ok(Self { parameters, alias, ids, described })
    }

    /// The `DescribeImages` calls, once the parameters have been read.
    ///
    /// # Errors
    /// If no parameter of the alias has an image, or a parameter that a term names cannot be read
    /// for another reason than that it does not exist.
    pub fn queries(&self, answers: &ParameterAnswers) -> Result<Vec<DescribeImages>, AmiError> {
        let mut ids = self.ids.clone();
        for (_, id) in self.found(answers)? {
            ids.insert(id.to_owned());
        }
        let by_id = (!ids.is_empty()).then(|| DescribeImages {
            owners: Vec::new(),
            filters: vec![Filter::new("image-id", ids)],
        });
        let mut queries: Vec<_> = by_id.into_iter().chain(self.described.iter().cloned()).collect();
        for query in &mut queries {
            query.filters.push(Filter::new("state", ["available"]));
        }
        Ok(queries)
    }

    /// Parameters with the ids of their images.
    pub(super) fn found<'a>(
        &'a self,
        answers: &'a ParameterAnswers,
    ) -> Result<Vec<(&'a Parameter, &'a str)>, AmiError> {
        let mut found = Vec::new();
        let mut last = None;
        for parameter in &self.parameters {
            match answers.get(&parameter.name) {
                Some(Ok(id)) if id.starts_with("ami-") => found.push((parameter, id.as_str())),
                Some(Err(error)) if parameter.variants.is_empty() && !error.is_gone() => {
                    let name = parameter.name.clone();
                    return Err(AmiError::Parameter { name, source: Box::new(error.clone()) });
                }
                // AWS does not publish every image in every region.
                Some(Err(error)) => last = Some(Box::new(error.clone())),
                Some(Ok(_)) | None => {}
            }
        }
        match &self.alias {
            Some(alias) if found.is_empty() => {
                Err(AmiError::NoParameter { alias: alias.clone(), source: last })
            }
            _ => Ok(found),
        }
    }

    /// Ids of images that a term names, directly or by a parameter of its own.
    pub(super) fn own_ids<'a>(&'a self, found: &[(&'a Parameter, &'a str)]) -> BTreeSet<&'a str> {
        let own = found.iter().filter(|(parameter, _)| parameter.variants.is_empty());
        self.ids.iter().map(String::as_str).chain(own.map(|(_, id)| *id)).collect()
    }
}

/// The query of a term that describes its images.
fn described(term: &AmiSelectorTerm) -> Option<DescribeImages> {
    if term.alias.is_some() || term.id.is_some() || term.ssm_parameter.is_some() {
        return None;
    }
    let name = term.name.as_deref().map(|name| Filter::new("name", [name]));
    let tags = term.tags.as_ref().map(tag_filters).unwrap_or_default();
    // Anybody can publish an image of any name, but not put our tags on it.
    let default: &[&str] = if term.name.is_some() { &["self", "amazon"] } else { &[] };
    let owners = term.owner.as_deref().map_or(default.to_vec(), |owner| vec![owner]);
    Some(DescribeImages {
        owners: owners.into_iter().map(str::to_owned).collect(),
        filters: name.into_iter().chain(tags).collect(),
    })
}
