use plimsoll_fake_aws::{
    Cluster, DescribeAvailabilityZones, DescribeCluster, DescribeImages, DescribeSecurityGroups,
    DescribeSubnets, Filter, GetCallerIdentity, GetParameter, Image, Page, Paging,
};

use crate::stage::{builder, code, image, refusal, subnet};

#[test]
fn ids_of_zones_are_numbered_in_another_order_than_names() {
    let mut account = builder().build();
    let (region, zones) = account.call(DescribeAvailabilityZones::default()).unwrap();
    assert_eq!(region, "us-east-1");
    assert_eq!((zones[0].name.as_str(), zones[0].id.as_str()), ("us-east-1a", "use1-az4"));
    assert_eq!(zones.len(), 6);
}

#[test]
fn subnets_are_found_by_tag_by_id_and_not_by_an_id_that_nobody_has() {
    let mut account = builder().build();
    let by_tag = |value: &str| DescribeSubnets {
        filter: vec![Filter::new("tag:karpenter.sh/discovery", [value])],
        ..DescribeSubnets::default()
    };
    assert_eq!(account.call(by_tag("demo")).unwrap().items.len(), 3);
    assert_eq!(account.call(by_tag("other")).unwrap().items, []);
    let filter = vec![Filter::new("subnet-id", [subnet('b').as_str()])];
    let found = account.call(DescribeSubnets { filter, ..DescribeSubnets::default() }).unwrap();
    assert_eq!(found.items[0].1, "use1-az5");
    let request =
        DescribeSubnets { subnet_id: vec!["subnet-0f".to_owned()], ..DescribeSubnets::default() };
    assert_eq!(code(&mut account, request), "InvalidSubnetID.NotFound");
}

#[test]
fn a_first_page_may_be_empty() {
    let mut account = builder().paging(Paging::EmptyFirst).build();
    let Page { items, next_token } = account.call(DescribeSubnets::default()).unwrap();
    assert_eq!(items, []);
    let request = DescribeSubnets { next_token, ..DescribeSubnets::default() };
    assert_eq!(account.call(request).unwrap().items.len(), 3);
}

#[test]
fn security_groups_are_found_by_name() {
    let mut account = builder().build();
    let by_name = |name: &str| DescribeSecurityGroups {
        filter: vec![Filter::new("group-name", [name])],
        ..DescribeSecurityGroups::default()
    };
    assert_eq!(account.call(by_name("demo-node")).unwrap().items.len(), 1);
    assert_eq!(account.call(by_name("nobody")).unwrap().items.len(), 0);
}

#[test]
fn images_are_found_by_owner_name_and_tag() {
    let now = builder().build().now();
    let own = Image::new("ami-0aaa", "mine", "arm64", now).tag("team", "blue");
    let mut account = builder().image(own).build();
    let mut found = |owner: &[&str], filter: Filter| {
        let request = DescribeImages {
            owner: owner.iter().map(|&one| one.to_owned()).collect(),
            filter: vec![filter],
            ..DescribeImages::default()
        };
        account.call(request).unwrap().items.len()
    };
    assert_eq!(found(&["self"], Filter::new("name", ["*"])), 1);
    assert_eq!(found(&[], Filter::new("tag:team", ["blue"])), 1);
    assert_eq!(found(&["amazon"], Filter::new("name", ["mine"])), 0);
    let name = Filter::new("name", ["amazon-eks-node-al2023-x86_64-standard-1.33-*"]);
    assert_eq!(found(&["self", "amazon"], name), 2);
}

#[test]
fn deprecated_images_are_hidden_unless_they_are_asked_for() {
    let mut account = builder().build();
    let ask = |include_deprecated: bool| DescribeImages {
        include_deprecated,
        filter: vec![Filter::new("name", ["amazon-eks-arm64-node-1.30-*"])],
        ..DescribeImages::default()
    };
    assert_eq!(account.call(ask(false)).unwrap().items.len(), 2);
    assert_eq!(account.call(ask(true)).unwrap().items.len(), 3);
    let newest = account.call(ask(false)).unwrap().items.remove(0).0;
    account.deprecate_image(&newest.id, account.now());
    assert_eq!(account.call(ask(false)).unwrap().items.len(), 1);
}

#[test]
fn parameters_name_images_and_can_be_set() {
    let mut account = builder().build();
    let id = image(&mut account, "arm64");
    let request = DescribeImages { image_id: vec![id], ..DescribeImages::default() };
    assert_eq!(account.call(request).unwrap().items[0].0.architecture, "arm64");
    account.set_parameter("/team/image", "ami-0aaa");
    let get = |name: &str| GetParameter { name: name.to_owned() };
    assert_eq!(account.call(get("/team/image")).unwrap().value, "ami-0aaa");
    let arn = "arn:aws:ssm:us-east-1:123456789012:parameter/team/image";
    assert_eq!(account.call(get(arn)).unwrap().value, "ami-0aaa");
    assert_eq!(code(&mut account, get("/nope")), "ParameterNotFound");
}

#[test]
fn a_cluster_is_described_by_its_name() {
    let cluster = Cluster { version: "1.31".to_owned(), ..Cluster::new("demo") };
    let mut account = builder().cluster(cluster).build();
    let found = account.call(DescribeCluster { name: "demo".to_owned() }).unwrap();
    assert_eq!(found.cluster.version, "1.31");
    assert_eq!(found.arn, "arn:aws:eks:us-east-1:123456789012:cluster/demo");
    let error = refusal(&mut account, DescribeCluster { name: "nope".to_owned() });
    assert_eq!((error.code.as_str(), error.status), ("ResourceNotFoundException", 404));
}

#[test]
fn the_caller_can_ask_who_it_is() {
    let mut account = builder().build();
    let identity = account.call(GetCallerIdentity::default()).unwrap();
    assert_eq!(identity.account_id, "123456789012");
}
