//! Amounts of resources: exact while they are added up, whole afterwards.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ResourceRequirements;
use scheduler_core::model::Resources;

use crate::crd::shared::ResourceList;
use crate::finding::Problem;
use crate::quantity::Quantity;

/// Exact amounts by resource name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Amounts(pub(super) BTreeMap<String, Quantity>);

impl Amounts {
    /// Reads a resource list; `field` is its path.
    pub(super) fn parse(list: Option<&ResourceList>, field: &str) -> Result<Self, Problem> {
        let mut amounts = BTreeMap::new();
        for (name, quantity) in list.into_iter().flatten() {
            let quantity = quantity.0.parse().map_err(|error| {
                let fix = "write the amount as Kubernetes does";
                Problem::new(format!("{field}.{name}"), format!("{error}"), fix)
            })?;
            amounts.insert(name.clone(), quantity);
        }
        Ok(Self(amounts))
    }

    /// Requests, with a limit in place of a request that is missing.
    pub(super) fn parse_requests(
        resources: Option<&ResourceRequirements>,
        field: &str,
    ) -> Result<Self, Problem> {
        let Some(resources) = resources else { return Ok(Self::default()) };
        let mut requests = Self::parse(resources.requests.as_ref(), &format!("{field}.requests"))?;
        requests.fill(&Self::parse(resources.limits.as_ref(), &format!("{field}.limits"))?);
        Ok(requests)
    }

    /// Takes over what is missing here.
    pub(super) fn fill(&mut self, defaults: &Self) {
        for (name, amount) in &defaults.0 {
            self.0.entry(name.clone()).or_insert(*amount);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            *self.0.entry(name.clone()).or_default() += *amount;
        }
    }

    /// The larger of both for each resource.
    pub(super) fn max(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            let mine = self.0.entry(name.clone()).or_default();
            *mine = (*mine).max(*amount);
        }
    }

    /// Amounts in the core's units, each rounded up.
    pub(super) fn to_resources(&self) -> Resources {
        let mut resources = Resources::default();
        for (name, quantity) in &self.0 {
            resources.set(name, in_core_unit(name, *quantity));
        }
        resources
    }
}

/// CPU in milli-cores, everything else in whole units.
pub(super) fn in_core_unit(name: &str, quantity: Quantity) -> i64 {
    if name == "cpu" { quantity.milli_value() } else { quantity.value() }
}
