//! Accounts for tests, and requests with the rest filled in.

use plimsoll_fake_aws::{
    Account, AccountBuilder, AwsError, Call, CreateFleet, CreateLaunchTemplate, Failure,
    FleetConfig, FleetOnDemandOptions, FleetOverride, FleetSpotOptions, GetParameter, LaunchData,
    LaunchTemplateRef, NetworkInterface, Pool, TargetCapacity, Timing,
};
use scheduler_core::model::CapacityType;

/// Security group of every account.
pub(crate) const GROUP: &str = "sg-00000000000000001";

/// An account in which nothing takes time.
pub(crate) fn builder() -> AccountBuilder {
    AccountBuilder::new("demo").unwrap().timing(Timing::at_once())
}

/// The account with a launch template `node`, for x86.
pub(crate) fn stage(builder: AccountBuilder) -> Account {
    let mut account = builder.build();
    let data = data(&mut account);
    template(&mut account, "node", data);
    account
}

/// What nodes are like.
pub(crate) fn data(account: &mut Account) -> LaunchData {
    LaunchData {
        image_id: Some(image(account, "x86_64")),
        network_interface: vec![NetworkInterface {
            security_group_id: vec![GROUP.to_owned()],
            ..NetworkInterface::default()
        }],
        ..LaunchData::default()
    }
}

/// The recommended image.
pub(crate) fn image(account: &mut Account, architecture: &str) -> String {
    let base = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023";
    let name = format!("{base}/{architecture}/standard/recommended/image_id");
    account.call(GetParameter { name }).unwrap().value
}

pub(crate) fn template(account: &mut Account, name: &str, data: LaunchData) {
    let request = CreateLaunchTemplate {
        launch_template_name: name.to_owned(),
        launch_template_data: data,
        ..CreateLaunchTemplate::default()
    };
    account.call(request).unwrap();
}

/// The id of the subnet in the zone with this letter.
pub(crate) fn subnet(letter: char) -> String {
    let number = match letter {
        'a' => 1,
        'b' => 2,
        _ => 3,
    };
    format!("subnet-0{number:016x}")
}

pub(crate) fn pool(instance_type: &str, letter: char, capacity_type: CapacityType) -> Pool {
    let (instance_type, zone) = (instance_type.to_owned(), format!("us-east-1{letter}"));
    Pool { instance_type, zone, capacity_type }
}

/// A fleet of instances from template `node`.
pub(crate) fn fleet(
    count: u32,
    capacity_type: CapacityType,
    overrides: &[(&str, char)],
) -> CreateFleet {
    let overrides = overrides.iter().map(|(instance_type, letter)| FleetOverride {
        instance_type: Some((*instance_type).to_owned()),
        subnet_id: Some(subnet(*letter)),
        availability_zone: Some(format!("us-east-1{letter}")),
        ..FleetOverride::default()
    });
    let template = LaunchTemplateRef {
        launch_template_name: Some("node".to_owned()),
        version: Some("$Latest".to_owned()),
        ..LaunchTemplateRef::default()
    };
    let config =
        FleetConfig { launch_template_specification: template, overrides: overrides.collect() };
    CreateFleet {
        r#type: "instant".to_owned(),
        launch_template_configs: vec![config],
        target_capacity_specification: TargetCapacity {
            total_target_capacity: count,
            default_target_capacity_type: Some(capacity_type.as_str().to_owned()),
            ..TargetCapacity::default()
        },
        spot_options: Some(FleetSpotOptions {
            allocation_strategy: Some("price-capacity-optimized".to_owned()),
        }),
        on_demand_options: Some(FleetOnDemandOptions {
            allocation_strategy: Some("lowest-price".to_owned()),
        }),
        ..CreateFleet::default()
    }
}

/// Launches instances of `m5.large` in zone a, which must work.
pub(crate) fn launch(
    account: &mut Account,
    count: u32,
    capacity_type: CapacityType,
) -> Vec<String> {
    let answer = account.call(fleet(count, capacity_type, &[("m5.large", 'a')])).unwrap();
    assert_eq!(answer.errors, []);
    answer.ids().map(str::to_owned).collect()
}

/// The error with which the call is refused.
pub(crate) fn refusal<C: Call>(account: &mut Account, call: C) -> AwsError {
    match account.call(call) {
        Err(Failure::Refused(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{} was served", C::ACTION),
    }
}

/// The code of the error with which the call is refused.
pub(crate) fn code<C: Call>(account: &mut Account, call: C) -> String {
    refusal(account, call).code
}
