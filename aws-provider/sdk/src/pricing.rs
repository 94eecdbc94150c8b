//! The price list.

use aws_config::SdkConfig;
use aws_provider::api::pricing::Pricing;
use aws_provider::api::{ApiError, Service};
use aws_sdk_pricing::Client;
use aws_sdk_pricing::types::{Filter, FilterType};

use crate::failure::failed;

/// The service whose prices are asked for.
const EC2: &str = "AmazonEC2";
/// As many products as a call gives at most.
const PRODUCTS_MAX: i32 = 100;

/// The price list by the SDK.
#[derive(Clone, Debug)]
pub struct PricingClient(Client);

impl PricingClient {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }
}

impl Pricing for PricingClient {
    async fn ec2_products(&self, attributes: &[(&str, &str)]) -> Result<Vec<String>, ApiError> {
        let filter = |(field, value): &(&str, &str)| {
            Filter::builder().r#type(FilterType::TermMatch).field(*field).value(*value).build().ok()
        };
        let call = self
            .0
            .get_products()
            .service_code(EC2)
            .max_results(PRODUCTS_MAX)
            .set_filters(attributes.iter().map(filter).collect());
        let products = call.into_paginator().items().send().try_collect().await;
        products.map_err(failed(Service::Pricing, "GetProducts"))
    }
}
