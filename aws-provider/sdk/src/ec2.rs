//! EC2.

mod catalog;
mod fleet;
mod instance;
mod network;
mod template;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_provider::api::ec2::{
    CapacityReservation, CreateFleet, DescribeImages, DescribeInstances, DescribeReservations, Ec2,
    Fleet, Image, Instance, InstanceStatus, InstanceTypeInfo, LaunchTemplate, LaunchTemplateData,
    PlacementGroup, PlacementQuery, RunInstances, SecurityGroup, SpotPrice, StateChange, Subnet,
    TypeOffering,
};
use aws_provider::api::{ApiError, Filter, Service, Tags};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::Config;
use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types;
use jiff::Timestamp;

use crate::failure::{failed, of_dry_run};

/// EC2 by the SDK.
#[derive(Clone, Debug)]
pub struct Ec2Client(Client);

impl Ec2Client {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }
}

/// Pages of this size where the service lets us choose; it gives fewer where it wants to.
const PAGE: i32 = 1000;
/// Types, subnets and templates come in smaller pages.
const TYPES_PAGE: i32 = 100;
const SUBNETS_PAGE: i32 = 500;
const TEMPLATES_PAGE: i32 = 200;
/// Names of what Spot prices are for.
const LINUX: [&str; 2] = ["Linux/UNIX", "Linux/UNIX (Amazon VPC)"];

/// The error of a call of EC2.
macro_rules! ec2_failed {
    ($operation:literal) => {
        failed(Service::Ec2, $operation)
    };
}

impl Ec2 for Ec2Client {
    async fn create_fleet(&self, request: &CreateFleet) -> Result<Fleet, ApiError> {
        let call = fleet::fill(self.0.create_fleet(), request);
        let answer = call.send().await.map_err(ec2_failed!("CreateFleet"))?;
        Ok(fleet::answer(answer))
    }

    async fn check_fleet(&self, request: &CreateFleet) -> Result<(), ApiError> {
        let call = fleet::fill(self.0.create_fleet(), request).dry_run(true);
        let call = call.customize().config_override(once());
        of_dry_run(call.send().await.map_err(ec2_failed!("CreateFleet")))
    }

    async fn check_run(&self, request: &RunInstances) -> Result<(), ApiError> {
        let call = fleet::fill_run(self.0.run_instances(), request).dry_run(true);
        let call = call.customize().config_override(once());
        of_dry_run(call.send().await.map_err(ec2_failed!("RunInstances")))
    }

    async fn create_launch_template(
        &self,
        name: &str,
        tags: &Tags,
        data: &LaunchTemplateData,
    ) -> Result<LaunchTemplate, ApiError> {
        let call = self
            .0
            .create_launch_template()
            .launch_template_name(name)
            .launch_template_data(template::data(data))
            .tag_specifications(tag_specification(types::ResourceType::LaunchTemplate, tags));
        let answer = call.send().await.map_err(ec2_failed!("CreateLaunchTemplate"))?;
        let created = answer.launch_template.map(template::template);
        let (id, tags) = (String::new(), tags.clone());
        Ok(created.unwrap_or_else(|| LaunchTemplate { id, name: name.to_owned(), tags }))
    }

    async fn launch_templates_named(
        &self,
        names: &[String],
    ) -> Result<Vec<LaunchTemplate>, ApiError> {
        let call =
            self.0.describe_launch_templates().set_launch_template_names(Some(names.to_vec()));
        let answer = call.send().await.map_err(ec2_failed!("DescribeLaunchTemplates"))?;
        let found = answer.launch_templates.unwrap_or_default();
        Ok(found.into_iter().map(template::template).collect())
    }

    async fn launch_templates(&self, filters: &[Filter]) -> Result<Vec<LaunchTemplate>, ApiError> {
        let call = self
            .0
            .describe_launch_templates()
            .set_filters(some_filters(filters))
            .max_results(TEMPLATES_PAGE);
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(ec2_failed!("DescribeLaunchTemplates"))?;
        Ok(found.into_iter().map(template::template).collect())
    }

    async fn delete_launch_template(&self, name: &str) -> Result<(), ApiError> {
        let call = self.0.delete_launch_template().launch_template_name(name);
        call.send().await.map_err(ec2_failed!("DeleteLaunchTemplate"))?;
        Ok(())
    }

    async fn instances(&self, request: &DescribeInstances) -> Result<Vec<Instance>, ApiError> {
        let call = self.0.describe_instances().set_filters(some_filters(&request.filters));
        // Ids and pages exclude each other.
        let call = if request.ids.is_empty() {
            call.max_results(PAGE)
        } else {
            call.set_instance_ids(Some(request.ids.clone()))
        };
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(ec2_failed!("DescribeInstances"))?;
        let instances = found.into_iter().flat_map(|one| one.instances.unwrap_or_default());
        Ok(instances.filter_map(instance::instance).collect())
    }

    async fn instance_status(&self, filters: &[Filter]) -> Result<Vec<InstanceStatus>, ApiError> {
        let call =
            self.0.describe_instance_status().set_filters(some_filters(filters)).max_results(PAGE);
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(ec2_failed!("DescribeInstanceStatus"))?;
        Ok(found.into_iter().map(instance::status).collect())
    }

    async fn terminate_instances(&self, ids: &[String]) -> Result<Vec<StateChange>, ApiError> {
        let call = self.0.terminate_instances().set_instance_ids(Some(ids.to_vec()));
        let answer = call.send().await.map_err(ec2_failed!("TerminateInstances"))?;
        let changes = answer.terminating_instances.unwrap_or_default();
        Ok(changes.into_iter().filter_map(instance::change).collect())
    }

    async fn create_tags(&self, resource: &str, tags: &Tags) -> Result<(), ApiError> {
        let call = self.0.create_tags().resources(resource).set_tags(Some(some_tags(tags)));
        call.send().await.map_err(ec2_failed!("CreateTags"))?;
        Ok(())
    }

    async fn subnets(&self, filters: &[Filter]) -> Result<Vec<Subnet>, ApiError> {
        let call =
            self.0.describe_subnets().set_filters(some_filters(filters)).max_results(SUBNETS_PAGE);
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(ec2_failed!("DescribeSubnets"))?;
        Ok(found.into_iter().map(network::subnet).collect())
    }

    async fn security_groups(&self, filters: &[Filter]) -> Result<Vec<SecurityGroup>, ApiError> {
        let call =
            self.0.describe_security_groups().set_filters(some_filters(filters)).max_results(PAGE);
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(ec2_failed!("DescribeSecurityGroups"))?;
        Ok(found.into_iter().map(network::security_group).collect())
    }

    async fn images(&self, request: &DescribeImages) -> Result<Vec<Image>, ApiError> {
        let owners = Some(request.owners.clone()).filter(|owners| !owners.is_empty());
        let call = self
            .0
            .describe_images()
            .set_owners(owners)
            .set_filters(some_filters(&request.filters))
            .include_deprecated(true)
            .max_results(PAGE);
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(ec2_failed!("DescribeImages"))?;
        Ok(found.into_iter().map(network::image).collect())
    }

    async fn capacity_reservations(
        &self,
        request: &DescribeReservations,
    ) -> Result<Vec<CapacityReservation>, ApiError> {
        let call =
            self.0.describe_capacity_reservations().set_filters(some_filters(&request.filters));
        let call = if request.ids.is_empty() {
            call.max_results(PAGE)
        } else {
            call.set_capacity_reservation_ids(Some(request.ids.clone()))
        };
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(ec2_failed!("DescribeCapacityReservations"))?;
        Ok(found.into_iter().map(network::reservation).collect())
    }

    async fn placement_groups(
        &self,
        query: &PlacementQuery,
    ) -> Result<Vec<PlacementGroup>, ApiError> {
        let available = Filter::new("state", ["available"]);
        let call = self.0.describe_placement_groups().set_filters(some_filters(&[available]));
        let call = match query {
            PlacementQuery::Name(name) => call.group_names(name),
            PlacementQuery::Id(id) => call.group_ids(id),
        };
        let answer = call.send().await.map_err(ec2_failed!("DescribePlacementGroups"))?;
        let found = answer.placement_groups.unwrap_or_default();
        Ok(found.into_iter().map(network::placement_group).collect())
    }

    async fn instance_types(&self) -> Result<Vec<InstanceTypeInfo>, ApiError> {
        let filters = [
            Filter::new("supported-virtualization-type", ["hvm"]),
            Filter::new("processor-info.supported-architecture", ["x86_64", "arm64"]),
        ];
        let call = self
            .0
            .describe_instance_types()
            .set_filters(some_filters(&filters))
            .max_results(TYPES_PAGE);
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(ec2_failed!("DescribeInstanceTypes"))?;
        Ok(found.into_iter().map(catalog::instance_type).collect())
    }

    async fn instance_type_offerings(&self) -> Result<Vec<TypeOffering>, ApiError> {
        let call = self
            .0
            .describe_instance_type_offerings()
            .location_type(types::LocationType::AvailabilityZone)
            .max_results(PAGE);
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(ec2_failed!("DescribeInstanceTypeOfferings"))?;
        Ok(found.into_iter().filter_map(catalog::offering).collect())
    }

    async fn spot_prices(&self, now: Timestamp) -> Result<Vec<SpotPrice>, ApiError> {
        let call = self
            .0
            .describe_spot_price_history()
            .set_product_descriptions(Some(LINUX.map(str::to_owned).to_vec()))
            .start_time(DateTime::from_secs(now.as_second()))
            .max_results(PAGE);
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(ec2_failed!("DescribeSpotPriceHistory"))?;
        Ok(found.into_iter().filter_map(catalog::spot_price).collect())
    }

    async fn check_access(&self) -> Result<(), ApiError> {
        let call = self.0.describe_instance_types().dry_run(true);
        of_dry_run(call.send().await.map_err(ec2_failed!("DescribeInstanceTypes")))
    }
}

/// Sent once: a dry run that fails tells what it is for.
fn once() -> aws_sdk_ec2::config::Builder {
    Config::builder().retry_config(RetryConfig::disabled())
}

fn some_filters(filters: &[Filter]) -> Option<Vec<types::Filter>> {
    let filter = |one: &Filter| {
        types::Filter::builder().name(&one.name).set_values(Some(one.values.clone())).build()
    };
    (!filters.is_empty()).then(|| filters.iter().map(filter).collect())
}

fn some_tags(tags: &Tags) -> Vec<types::Tag> {
    tags.iter().map(|(key, value)| types::Tag::builder().key(key).value(value).build()).collect()
}

fn tag_specification(resource: types::ResourceType, tags: &Tags) -> types::TagSpecification {
    let builder = types::TagSpecification::builder().resource_type(resource);
    builder.set_tags(Some(some_tags(tags))).build()
}

/// Tags of a resource.
fn tags(tags: Option<Vec<types::Tag>>) -> Tags {
    let tags = tags.unwrap_or_default().into_iter();
    tags.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())).collect()
}

/// A number that is never negative.
fn number(number: Option<i32>) -> Option<u32> {
    number.and_then(|one| one.try_into().ok())
}

/// A number for the SDK.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
