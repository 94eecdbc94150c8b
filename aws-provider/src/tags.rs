//! Tags by which the product knows what is its own.

use scheduler_core::model::well_known;

use crate::api::{Filter, Tags};

/// The name that people see.
pub const NAME: &str = "Name";
/// The `NodePool` of an instance.
pub const NODE_POOL: &str = well_known::NODE_POOL;
/// The `NodeClaim` of an instance; set once its node has joined.
pub const NODE_CLAIM: &str = "karpenter.sh/nodeclaim";
/// The `EC2NodeClass` of whatever is created for it.
pub const NODE_CLASS: &str = well_known::EC2_NODE_CLASS;
/// The cluster by its name.
pub const CLUSTER: &str = "eks:eks-cluster-name";
/// The region, on instance profiles, which have none of their own.
pub const REGION: &str = well_known::REGION;
/// The launch that brought an instance: the client token of its fleet. By it a launch whose answer
/// was lost finds what it has launched.
pub const LAUNCH: &str = "plimsoll.dev/launch";

/// The cluster's tag that AWS itself looks for; its value is [`OWNED`].
pub fn cluster_owned(cluster: &str) -> String {
    format!("kubernetes.io/cluster/{cluster}")
}

/// Created by the cluster, and to go with it.
pub const OWNED: &str = "owned";

/// Tags of all that is created by a launch: those of the class under those of the product, without
/// which the controller's own policy denies the launch.
pub fn for_launch(cluster: &str, node_pool: &str, node_class: &str, of_class: &Tags) -> Tags {
    let mut tags = for_class(cluster, node_class, of_class);
    tags.insert(NODE_POOL.to_owned(), node_pool.to_owned());
    tags
}

/// Tags of all that is created for a class: its own under those of the product.
pub fn for_class(cluster: &str, node_class: &str, of_class: &Tags) -> Tags {
    let mut tags = of_class.clone();
    tags.extend([
        (cluster_owned(cluster), OWNED.to_owned()),
        (CLUSTER.to_owned(), cluster.to_owned()),
        (NODE_CLASS.to_owned(), node_class.to_owned()),
    ]);
    tags
}

/// What tells the cluster's own instances.
pub fn of_cluster(cluster: &str) -> Vec<Filter> {
    vec![Filter::tag_key(NODE_POOL), Filter::tag_key(NODE_CLASS), Filter::tag(CLUSTER, cluster)]
}
