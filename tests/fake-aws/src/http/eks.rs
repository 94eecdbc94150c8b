//! The REST protocol of EKS.

use serde_json::json;

use super::reply::{Body, JSON, Reply};
use super::route::no_action;
use crate::account::Account;
use crate::account::action::Service;
use crate::account::cluster::{ClusterDescription, DescribeCluster};
use crate::error::AwsError;

/// Serves `GET /clusters/NAME`.
pub(super) fn serve(path: &str, account: &mut Account) -> Result<Reply, AwsError> {
    let name = path.strip_prefix("/clusters/").filter(|name| !name.contains('/'));
    let name = name.ok_or_else(|| no_action(path))?.to_owned();
    let served = account.serve(DescribeCluster { name });
    Ok(Reply::of(Service::Eks, served, account, |found, _| {
        Body::ok(JSON, describe(&found).to_string())
    }))
}

fn describe(found: &ClusterDescription) -> serde_json::Value {
    let ClusterDescription { cluster, arn } = found;
    json!({
        "cluster": {
            "name": cluster.name,
            "arn": arn,
            "version": cluster.version,
            "endpoint": cluster.endpoint,
            "status": "ACTIVE",
            "certificateAuthority": { "data": cluster.certificate_authority },
            "kubernetesNetworkConfig": {
                "serviceIpv4Cidr": cluster.service_cidr,
                "ipFamily": "ipv4",
            },
            "platformVersion": "eks.1",
            "tags": {},
        },
    })
}
