use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll_fake_aws::{
    CreateLaunchTemplate, DeleteLaunchTemplate, DescribeLaunchTemplates, Filter,
    InstanceProfileRef, LaunchData, NetworkInterface, SecurityGroup, Tag, TagSpecification,
};
use scheduler_core::model::CapacityType::OnDemand;

use crate::stage::{GROUP, builder, code, data, fleet, refusal, stage, template};

fn create(name: &str) -> CreateLaunchTemplate {
    CreateLaunchTemplate {
        launch_template_name: name.to_owned(),
        ..CreateLaunchTemplate::default()
    }
}

fn described(filter: Vec<Filter>, name: Option<&str>) -> DescribeLaunchTemplates {
    DescribeLaunchTemplates {
        filter,
        launch_template_name: name.map(str::to_owned).into_iter().collect(),
        ..DescribeLaunchTemplates::default()
    }
}

#[test]
fn a_template_is_found_by_name_and_by_tag() {
    let mut account = builder().build();
    let mut request = create("karpenter.k8s.aws/1");
    request.tag_specification = vec![TagSpecification {
        resource_type: "launch-template".to_owned(),
        tag: vec![Tag { key: "eks:eks-cluster-name".to_owned(), value: "demo".to_owned() }],
    }];
    let made = account.call(request).unwrap();
    assert!(made.id.starts_with("lt-0"));
    account.call(create("karpenter.k8s.aws/2")).unwrap();
    let by_name = account.call(described(vec![], Some("karpenter.k8s.aws/1"))).unwrap();
    assert_eq!(by_name.items, std::slice::from_ref(&made));
    let filter = vec![Filter::new("tag:eks:eks-cluster-name", ["demo"])];
    assert_eq!(account.call(described(filter, None)).unwrap().items, [made]);
}

#[test]
fn a_name_is_taken_once_unless_the_call_is_the_same() {
    let mut account = builder().build();
    let request =
        CreateLaunchTemplate { client_token: Some("once".to_owned()), ..create("karpenter") };
    let first = account.call(request.clone()).unwrap();
    assert_eq!(account.call(request).unwrap(), first);
    let expected = "InvalidLaunchTemplateName.AlreadyExistsException";
    assert_eq!(code(&mut account, create("karpenter")), expected);
}

#[test]
fn an_unknown_name_is_refused_by_everybody() {
    let mut account = builder().build();
    let expected = "InvalidLaunchTemplateName.NotFoundException";
    assert_eq!(code(&mut account, described(vec![], Some("nope"))), expected);
    let delete = DeleteLaunchTemplate {
        launch_template_name: Some("nope".to_owned()),
        ..DeleteLaunchTemplate::default()
    };
    assert_eq!(code(&mut account, delete), expected);
    let delete = DeleteLaunchTemplate {
        launch_template_id: Some("lt-0".to_owned()),
        ..DeleteLaunchTemplate::default()
    };
    assert_eq!(code(&mut account, delete), "InvalidLaunchTemplateId.NotFound");
}

#[test]
fn a_deleted_template_is_gone() {
    let mut account = stage(builder());
    let delete = DeleteLaunchTemplate {
        launch_template_name: Some("node".to_owned()),
        ..DeleteLaunchTemplate::default()
    };
    account.call(delete).unwrap();
    assert_eq!(account.launch_templates().count(), 0);
}

#[test]
fn a_dry_run_makes_nothing() {
    let mut account = builder().build();
    let request = CreateLaunchTemplate { dry_run: true, ..create("karpenter") };
    assert_eq!(code(&mut account, request), "DryRunOperation");
    assert_eq!(account.launch_templates().count(), 0);
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let mut account = builder().build();
    let mut refused = |change: &dyn Fn(&mut LaunchData)| {
        let mut request = create("karpenter");
        change(&mut request.launch_template_data);
        refusal(&mut account, request)
    };
    let too_long = STANDARD.encode(vec![b'x'; 16_385]);
    let error = refused(&|data| data.user_data = Some(too_long.clone()));
    assert_eq!(error.message, "User data is limited to 16384 bytes");
    assert_eq!(
        refused(&|data| data.user_data = Some("%".into())).code,
        "InvalidUserData.Malformed"
    );
    assert_eq!(refused(&|data| data.image_id = Some("x".into())).code, "InvalidAMIID.Malformed");
    assert_eq!(
        refused(&|data| data.security_group_id = vec!["x".into()]).code,
        "InvalidGroupId.Malformed"
    );
    assert_eq!(code(&mut account, create("a b")), "InvalidLaunchTemplateName.MalformedException");
}

/// The error of a launch from a template that differs so from one that works.
fn launch_error(change: impl FnOnce(&mut LaunchData)) -> (String, String) {
    let other = SecurityGroup::new("sg-0aaa", "other", "vpc-0aaa");
    let mut account = builder().security_group(other).build();
    let mut data = data(&mut account);
    change(&mut data);
    template(&mut account, "node", data);
    let answer = account.call(fleet(1, OnDemand, &[("m5.large", 'a')])).unwrap();
    let error = answer.errors.into_iter().next().unwrap().error;
    (error.code, error.message)
}

#[test]
fn what_a_template_names_must_be_there_at_launch() {
    let with_group = |group: &str| {
        let group = group.to_owned();
        launch_error(move |data| {
            data.network_interface = vec![NetworkInterface {
                security_group_id: vec![GROUP.to_owned(), group],
                ..NetworkInterface::default()
            }];
        })
    };
    assert_eq!(with_group("sg-0bbb").0, "InvalidGroup.NotFound");
    let (code, message) = with_group("sg-0aaa");
    assert_eq!(code, "InvalidParameter");
    assert!(message.ends_with("belong to different networks."), "{message}");
    let (code, message) = launch_error(|data| {
        let name = Some("nobody".to_owned());
        data.iam_instance_profile = Some(InstanceProfileRef { name, arn: None });
    });
    assert_eq!(code, "InvalidParameterValue");
    assert_eq!(message, "Value (nobody) for parameter iamInstanceProfile.name is invalid.");
}
