//! The price list: what instance types cost on demand.

use std::sync::Arc;

use aws_provider::Ec2Type;
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::page::{Page, Wanted, page};
use super::{Account, AwsError};

/// Most products on a page.
const PRODUCTS_PAGE: usize = 100;

/// Pricing `GetProducts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetProducts {
    /// `AmazonEC2`.
    pub service_code: String,
    /// Only what passes all of these.
    pub filters: Vec<ProductFilter>,
    /// Most on a page, up to 100.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

/// A filter of the price list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ProductFilter {
    /// `TERM_MATCH`.
    pub r#type: String,
    /// Name of an attribute.
    pub field: String,
    /// What it must be.
    pub value: String,
}

/// An instance type as it is sold by the hour.
#[derive(Clone, Debug)]
pub struct Product {
    /// The type.
    pub machine: Arc<Ec2Type>,
    /// Where.
    pub region: String,
}

impl Product {
    /// Attributes by name, as far as anybody filters by them.
    pub fn attributes(&self) -> [(&'static str, &str); 10] {
        let is_metal = self.machine.hypervisor.is_empty();
        [
            ("capacitystatus", "Used"),
            ("instanceType", &self.machine.name),
            ("marketoption", "OnDemand"),
            ("operatingSystem", "Linux"),
            ("preInstalledSw", "NA"),
            ("productFamily", self.family()),
            ("regionCode", &self.region),
            ("serviceCode", "AmazonEC2"),
            ("servicecode", "AmazonEC2"),
            // The list has bare metal under dedicated tenancy.
            ("tenancy", if is_metal { "Dedicated" } else { "Shared" }),
        ]
    }

    /// Its product family.
    pub fn family(&self) -> &'static str {
        let is_metal = self.machine.hypervisor.is_empty();
        if is_metal { "Compute Instance (bare metal)" } else { "Compute Instance" }
    }
}

impl Call for GetProducts {
    const ACTION: Action = Action::new(Service::Pricing, "GetProducts");
    type Answer = Page<Product>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let refuse = |message: String| AwsError::client("InvalidParameterException", message);
        if self.service_code != "AmazonEC2" {
            return Err(refuse(format!("Service '{}' is not in the list", self.service_code)));
        }
        if let Some(filter) = self.filters.iter().find(|filter| filter.r#type != "TERM_MATCH") {
            return Err(refuse(format!("Filters of type '{}' are not supported", filter.r#type)));
        }
        let products = account.machines.all().map(|machine| Product {
            machine: Arc::clone(machine),
            region: account.settings.region.clone(),
        });
        let found = products
            .filter(|product| {
                let attributes = product.attributes();
                self.filters.iter().all(|filter| {
                    attributes.contains(&(filter.field.as_str(), filter.value.as_str()))
                })
            })
            .collect();
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: PRODUCTS_PAGE };
        page(found, |product| product.machine.name.clone(), wanted, account.settings.paging)
    }
}
