//! The query protocol of EC2.

mod fleet;
mod instances;
mod machines;
mod network;
mod resources;

use serde::de::DeserializeOwned;

use super::form::Tree;
use super::reply::{Body, REQUEST_ID, Reply, XML};
use super::route::no_action;
use super::xml::Xml;
use crate::account::Account;
use crate::account::action::{Call, Service};
use crate::account::fleet::request::CreateFleet;
use crate::account::image::DescribeImages;
use crate::account::instance::describe::DescribeInstances;
use crate::account::instance::tag::CreateTags;
use crate::account::instance::terminate::TerminateInstances;
use crate::account::machines::{DescribeInstanceTypeOfferings, DescribeInstanceTypes};
use crate::account::network::describe::{
    DescribeAvailabilityZones, DescribeSecurityGroups, DescribeSubnets,
};
use crate::account::page::Page;
use crate::account::reservation::{DescribeCapacityReservations, DescribePlacementGroups};
use crate::account::run::RunInstances;
use crate::account::spot_prices::DescribeSpotPriceHistory;
use crate::account::status::DescribeInstanceStatus;
use crate::account::template::{
    CreateLaunchTemplate, DeleteLaunchTemplate, DescribeLaunchTemplates,
};
use crate::error::AwsError;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// Serves a call of EC2.
pub(super) fn serve(name: &str, tree: Tree, account: &mut Account) -> Result<Reply, AwsError> {
    match name {
        "CreateFleet" => answer::<CreateFleet>(tree, account, fleet::created),
        "CreateLaunchTemplate" => {
            answer::<CreateLaunchTemplate>(tree, account, |xml, made, account| {
                resources::made(xml, &made, account);
            })
        }
        "CreateTags" => answer::<CreateTags>(tree, account, |xml, (), _| xml.text("return", true)),
        "DeleteLaunchTemplate" => {
            answer::<DeleteLaunchTemplate>(tree, account, |xml, made, account| {
                resources::made(xml, &made, account);
            })
        }
        "DescribeAvailabilityZones" => {
            answer::<DescribeAvailabilityZones>(tree, account, network::zones)
        }
        "DescribeCapacityReservations" => {
            answer::<DescribeCapacityReservations>(tree, account, resources::reservations)
        }
        "DescribeImages" => answer::<DescribeImages>(tree, account, resources::images),
        "DescribeInstances" => answer::<DescribeInstances>(tree, account, instances::described),
        "DescribeInstanceStatus" => {
            answer::<DescribeInstanceStatus>(tree, account, instances::statuses)
        }
        "DescribeInstanceTypeOfferings" => {
            answer::<DescribeInstanceTypeOfferings>(tree, account, machines::offerings)
        }
        "DescribeInstanceTypes" => {
            answer::<DescribeInstanceTypes>(tree, account, machines::described)
        }
        "DescribeLaunchTemplates" => {
            answer::<DescribeLaunchTemplates>(tree, account, resources::templates)
        }
        "DescribePlacementGroups" => {
            answer::<DescribePlacementGroups>(tree, account, resources::placement_groups)
        }
        "DescribeSecurityGroups" => {
            answer::<DescribeSecurityGroups>(tree, account, network::groups)
        }
        "DescribeSpotPriceHistory" => {
            answer::<DescribeSpotPriceHistory>(tree, account, machines::spot_prices)
        }
        "DescribeSubnets" => answer::<DescribeSubnets>(tree, account, network::subnets),
        "RunInstances" => {
            // EC2 has at the top what a launch template has in a structure of its own.
            const TOP: [&str; 6] =
                ["ClientToken", "DryRun", "LaunchTemplate", "MaxCount", "MinCount", "SubnetId"];
            let tree = tree.gather_but(&TOP, "Data");
            answer::<RunInstances>(tree, account, |xml, found, account| {
                instances::launched(xml, &found, account);
            })
        }
        "TerminateInstances" => answer::<TerminateInstances>(tree, account, instances::terminated),
        other => Err(no_action(other)),
    }
}

fn answer<C: Call + DeserializeOwned>(
    tree: Tree,
    account: &mut Account,
    write: impl FnOnce(&mut Xml, C::Answer, &Account),
) -> Result<Reply, AwsError> {
    let served = account.serve(tree.into_request::<C>()?);
    Ok(Reply::of(Service::Ec2, served, account, |found, account| {
        let root = format!("{}Response", C::ACTION.name);
        let text = Xml::document(&root, Some(NAMESPACE), |xml| {
            xml.text("requestId", REQUEST_ID);
            write(xml, found, account);
        });
        Body::ok(XML, text)
    }))
}

/// A page of a list, and the token of the next one.
fn paged<T>(xml: &mut Xml, name: &str, page: Page<T>, fill: impl FnMut(&mut Xml, T)) {
    xml.list(name, page.items, fill);
    xml.maybe("nextToken", page.next_token);
}
