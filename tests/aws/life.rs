//! An instance from launch to end.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_provider::instance::{TagsToSet, leaked};
use aws_provider::launch::{Attempt, LaunchOrder, LaunchWish, PriceSource, ReservedCapacity};
use aws_provider::{Catalog, CatalogOptions, CloudError, tags};
use plimsoll_fake_aws::{AccountBuilder, Call as _, CallFault, CreateFleet, Times};
use scheduler_core::MinValuesPolicy;
use scheduler_core::model::{
    CapacityType, ImageFamily, NodeClass, Requirement, Requirements, Resources, well_known,
};

use super::{Bed, CLUSTER, named};

async fn bed() -> Bed {
    Bed::new(AccountBuilder::new(CLUSTER).expect("the catalogue is built in")).await
}

fn wish(bed: &Bed, capacity_type: CapacityType) -> Arc<LaunchWish> {
    let class = NodeClass::new("default", ImageFamily::Al2023);
    let catalog = Catalog::embedded().expect("the catalogue is built in");
    let all = catalog.instance_types(&class, &CatalogOptions::default());
    let types = named(&all, &["m5.large", "m6i.large"]);
    let mut requirements = Requirements::new();
    requirements.add(well_known::CAPACITY_TYPE, Requirement::any_of([capacity_type.as_str()]));
    Arc::new(LaunchWish {
        node_pool: "general".to_owned(),
        spec: bed.spec(&types),
        requirements,
        requests: Resources::new(500, 1 << 30),
        types,
        min_values: MinValuesPolicy::Strict,
        prices: PriceSource::Market,
        reserved_capacity: ReservedCapacity::Enabled,
    })
}

fn order(wish: &Arc<LaunchWish>, claims: &[&str]) -> LaunchOrder {
    LaunchOrder::new(claims.iter().map(|one| (*one).to_owned()).collect(), wish.clone())
}

#[tokio::test]
async fn an_instance_is_what_the_launch_says_of_it() {
    for capacity_type in [CapacityType::Spot, CapacityType::OnDemand] {
        let mut bed = bed().await;
        let wish = wish(&bed, capacity_type);
        let report = bed.instances.launch(&order(&wish, &["one"]), bed.now).await;
        let (_, launched) = &report.launched[0];
        bed.wait(30).await;
        let seen = bed.instances.get(&launched.id).await.expect("it can be seen by now");
        assert_eq!(seen.instance_type, launched.instance_type);
        assert_eq!(seen.zone, launched.zone);
        assert_eq!(seen.image, launched.image);
        assert_eq!(launched.capacity_type, capacity_type);
        assert_eq!(seen.spot_request.is_some(), capacity_type == CapacityType::Spot);
        assert_eq!(seen.security_groups, bed.spec.security_groups);
        assert_eq!(seen.tags[tags::CLUSTER], CLUSTER);
    }
}

#[tokio::test]
async fn a_launch_whose_answer_was_lost_launches_nothing_twice() {
    let mut bed = bed().await;
    let order = order(&wish(&bed, CapacityType::OnDemand), &["one", "two"]);
    // All attempts of the first call.
    bed.aws.account().fail(CreateFleet::ACTION, CallFault::AnswerLost, Times::Next(4));
    let report = bed.instances.launch(&order, bed.now).await;
    assert!(report.error.is_some_and(|error| error.is_retryable()));
    bed.wait(30).await;
    let again = LaunchOrder { attempt: Attempt::Again, ..order };
    let report = bed.instances.launch(&again, bed.now).await;
    assert_eq!(report.launched.len(), 2);
    assert_eq!(bed.instances.list().await.map(|all| all.len()), Ok(2));
}

#[tokio::test]
async fn an_instance_is_tagged_listed_terminated_and_gone() {
    let mut bed = bed().await;
    let wish = wish(&bed, CapacityType::Spot);
    let report = bed.instances.launch(&order(&wish, &["one"]), bed.now).await;
    let id = report.launched[0].1.id.clone();
    bed.wait(60).await;
    let set = bed.instances.tag(&id, TagsToSet { node: "node-1", claim: "one" }).await;
    assert!(set.is_ok_and(|tags| tags.contains_key(tags::NODE_CLAIM)));
    let listed = bed.instances.list().await.expect("instances are listed");
    assert_eq!(
        leaked(&listed, &BTreeSet::new(), &BTreeSet::new(), bed.now),
        std::slice::from_ref(&id)
    );
    let ids = BTreeSet::from([id.clone()]);
    assert_eq!(bed.instances.terminate(&ids).await[&id], Ok(()));
    bed.wait(3600).await;
    assert!(matches!(bed.instances.get(&id).await, Err(CloudError::NotFound { .. })));
}

#[tokio::test]
async fn templates_that_nobody_uses_are_deleted() {
    let mut bed = bed().await;
    let wish = wish(&bed, CapacityType::Spot);
    bed.instances.launch(&order(&wish, &["one"]), bed.now).await;
    bed.wait(120).await;
    let templates = bed.instances.templates();
    assert_eq!(templates.collect(bed.instances.ec2(), bed.now).await, []);
    assert_eq!(templates.hydrate(bed.instances.ec2(), bed.now).await, Ok(0));
}
