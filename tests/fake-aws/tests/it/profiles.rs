use std::time::Duration;

use plimsoll_fake_aws::{
    Account, AddRoleToInstanceProfile, CreateInstanceProfile, DeleteInstanceProfile,
    GetInstanceProfile, GetRole, InstanceProfileRef, ListInstanceProfiles,
    RemoveRoleFromInstanceProfile, Role, Tag, TagInstanceProfile, Timing,
};
use scheduler_core::model::CapacityType::OnDemand;

use crate::stage::{builder, code, data, fleet, refusal, template};

const ROLE: &str = "KarpenterNodeRole-demo";

fn create(name: &str, path: &str) -> CreateInstanceProfile {
    CreateInstanceProfile {
        instance_profile_name: name.to_owned(),
        path: Some(path.to_owned()),
        ..CreateInstanceProfile::default()
    }
}

fn add(profile: &str, role: &str) -> AddRoleToInstanceProfile {
    let (instance_profile_name, role_name) = (profile.to_owned(), role.to_owned());
    AddRoleToInstanceProfile { instance_profile_name, role_name }
}

fn delete(name: &str) -> DeleteInstanceProfile {
    DeleteInstanceProfile { instance_profile_name: name.to_owned() }
}

fn listed(account: &mut Account, prefix: &str) -> Vec<String> {
    let path_prefix = Some(prefix.to_owned());
    let request = ListInstanceProfiles { path_prefix, ..ListInstanceProfiles::default() };
    account.call(request).unwrap().items.into_iter().map(|one| one.name).collect()
}

#[test]
fn profiles_are_listed_by_the_beginning_of_their_path() {
    let mut account = builder().build();
    account.call(create("ours", "/karpenter/us-east-1/demo/1/")).unwrap();
    account.call(create("theirs", "/karpenter/us-east-1/other/1/")).unwrap();
    assert_eq!(listed(&mut account, "/karpenter/us-east-1/demo/"), ["ours"]);
    assert_eq!(listed(&mut account, "/"), ["ours", "theirs"]);
}

#[test]
fn a_profile_has_one_role_and_goes_without_it() {
    let mut account = builder().role(Role::new("other").path("/nodes/")).build();
    account.call(create("one", "/")).unwrap();
    account.call(add("one", ROLE)).unwrap();
    assert_eq!(code(&mut account, add("one", "other")), "LimitExceeded");
    assert_eq!(code(&mut account, delete("one")), "DeleteConflict");
    let remove = |role: &str| RemoveRoleFromInstanceProfile {
        instance_profile_name: "one".to_owned(),
        role_name: role.to_owned(),
    };
    assert_eq!(code(&mut account, remove("other")), "NoSuchEntity");
    account.call(remove(ROLE)).unwrap();
    account.call(add("one", "other")).unwrap();
    let get = GetInstanceProfile { instance_profile_name: "one".to_owned() };
    let role = account.call(get).unwrap().role.unwrap();
    assert_eq!(role.arn, "arn:aws:iam::123456789012:role/nodes/other");
    account.call(remove("other")).unwrap();
    account.call(delete("one")).unwrap();
    assert_eq!(account.instance_profiles().count(), 0);
}

#[test]
fn what_is_not_there_is_named() {
    let mut account = builder().build();
    account.call(create("one", "/")).unwrap();
    let error = refusal(&mut account, add("one", "nobody"));
    assert_eq!((error.code.as_str(), error.status), ("NoSuchEntity", 404));
    assert_eq!(error.message, "The role with name nobody cannot be found.");
    let error = refusal(&mut account, add("two", ROLE));
    assert_eq!(error.message, "Instance Profile two cannot be found.");
    assert_eq!(code(&mut account, GetRole { role_name: "nobody".to_owned() }), "NoSuchEntity");
}

#[test]
fn a_name_is_taken_once_and_must_be_well_formed() {
    let mut account = builder().build();
    account.call(create("one", "/")).unwrap();
    assert_eq!(code(&mut account, create("one", "/")), "EntityAlreadyExists");
    assert_eq!(code(&mut account, create("a b", "/")), "ValidationError");
    assert_eq!(code(&mut account, create("two", "karpenter")), "ValidationError");
}

#[test]
fn a_profile_can_be_tagged_later() {
    let mut account = builder().build();
    account.call(create("one", "/")).unwrap();
    let request = TagInstanceProfile {
        instance_profile_name: "one".to_owned(),
        tags: vec![Tag { key: "a".to_owned(), value: "b".to_owned() }],
    };
    account.call(request).unwrap();
    assert_eq!(account.instance_profiles().next().unwrap().tags["a"], "b");
}

#[test]
fn without_the_permission_iam_says_access_denied() {
    let mut account = builder().build();
    account.deny("iam:CreateInstanceProfile");
    let error = refusal(&mut account, create("one", "/"));
    assert_eq!((error.code.as_str(), error.status), ("AccessDenied", 403));
    account.allow("iam:CreateInstanceProfile");
    account.call(create("one", "/")).unwrap();
}

#[test]
fn ec2_takes_a_profile_once_it_knows_it_and_it_has_a_role() {
    let timing = Timing { profile_known_after: Duration::from_secs(10), ..Timing::at_once() };
    let mut account = builder().timing(timing).build();
    account.call(create("one", "/")).unwrap();
    let mut data = data(&mut account);
    let name = Some("one".to_owned());
    data.iam_instance_profile = Some(InstanceProfileRef { name, arn: None });
    template(&mut account, "node", data);
    let launch = |account: &mut Account| {
        account.call(fleet(1, OnDemand, &[("m5.large", 'a')])).unwrap().errors
    };
    let message = &launch(&mut account)[0].error.message;
    assert_eq!(message, "Value (one) for parameter iamInstanceProfile.name is invalid.");
    account.advance(Duration::from_secs(10));
    let message = &launch(&mut account)[0].error.message;
    assert!(message.ends_with("has no associated IAM Roles"), "{message}");
    account.call(add("one", ROLE)).unwrap();
    assert_eq!(launch(&mut account), []);
    account.deny("iam:PassRole");
    assert_eq!(launch(&mut account)[0].error.code, "UnauthorizedOperation");
}
