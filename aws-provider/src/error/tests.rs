use super::*;
use crate::api::Service;
use crate::api::sts::Caller;

fn answered(code: &str, message: &str) -> ApiError {
    let fault = Fault::Service { code: code.to_owned(), message: message.to_owned(), status: 400 };
    ApiError { service: Service::Ec2, operation: "CreateFleet", fault, request_id: None }
}

fn failed(fault: Fault) -> ApiError {
    ApiError { service: Service::Ec2, operation: "CreateFleet", fault, request_id: None }
}

fn denial(message: &str) -> Denial {
    match CloudError::from(answered("UnauthorizedOperation", message)) {
        CloudError::Denied { denial, .. } => *denial,
        other => panic!("expected a denial, found {other:?}"),
    }
}

#[test]
fn every_code_of_the_table_has_its_reason() {
    let reason = |code, message| Reason::of(code, message).as_str();
    let denied = "UnauthorizedOperation";
    for (code, message, expected) in [
        ("AuthFailure.ServiceLinkedRoleCreationNotPermitted", "", "SpotSLRCreationFailed"),
        (denied, "with an explicit deny in a permissions boundary", "Unauthorized"),
        (denied, "with an explicit deny in a service control policy", "Unauthorized"),
        ("AuthFailure", "Not authorized for images: [ami-1]", "AMIAuthorizationFailure"),
        ("AccessDenied", "no identity-based policy allows it", "Unauthorized"),
        (
            "InvalidParameterCombination",
            "sg-1 and subnet-1 belong to different networks.",
            "SecurityGroupSubnetVPCMismatch",
        ),
        (
            "InvalidParameterValue",
            "Value (x) for parameter iamInstanceProfile.name is invalid",
            "InstanceProfileNameInvalid",
        ),
        ("InvalidLaunchTemplateId.NotFound", "", "LaunchTemplateNotFound"),
        (
            "InvalidUserData.Malformed",
            "User data is limited to 16384 bytes",
            "UserDataSizeLimitExceeded",
        ),
        ("InvalidAMIID.Malformed", "", "InvalidAMIID"),
        ("InvalidAMIID.NotFound", "", "AMINotFound"),
        ("RequestLimitExceeded", "", "RequestLimitExceeded"),
        ("InternalError", "", "InternalError"),
        (
            "InvalidParameterCombination",
            "The specified instance type is not eligible for Free Tier.",
            "FreeTierIneligible",
        ),
        ("MaxFleetCountExceeded", "", "FleetQuotaExceeded"),
        ("PendingVerification", "", "AccountPendingVerification"),
        ("MaxSpotInstanceCountExceeded", "", "SpotQuotaExceeded"),
        ("VcpuLimitExceeded", "", "VCPULimitExceeded"),
        ("InsufficientFreeAddressesInSubnet", "", "InsufficientFreeAddressesInSubnet"),
        ("InsufficientInstanceCapacity", "", "LaunchFailed"),
        ("InvalidBlockDeviceMapping", "", "LaunchFailed"),
    ] {
        assert_eq!(reason(code, message), expected, "{code}: {message}");
    }
}

#[test]
fn a_page_of_a_proxy_and_a_lost_answer_are_worth_another_try() {
    for fault in [
        Fault::Unreadable { status: 503 },
        Fault::NoAnswer { message: "timed out".to_owned() },
        Fault::Service { code: "Unavailable".to_owned(), message: String::new(), status: 503 },
    ] {
        assert!(CloudError::from(failed(fault.clone())).is_retryable(), "{fault}");
    }
    assert!(CloudError::from(answered("RequestLimitExceeded", "")).is_retryable());
    assert!(!CloudError::from(answered("InvalidAMIID.NotFound", "")).is_retryable());
}

#[test]
fn what_is_gone_is_told_from_what_is_refused() {
    for code in ["InvalidInstanceID.NotFound", "NoSuchEntity", "QueueDoesNotExist"] {
        assert!(matches!(CloudError::from(answered(code, "")), CloudError::NotFound { .. }));
    }
    let refused = CloudError::from(answered("InvalidParameterValue", "no"));
    assert!(matches!(refused, CloudError::Invalid { reason: Reason::LaunchFailed, .. }));
}

#[test]
fn a_denial_names_the_missing_action_and_where_to_allow_it() {
    let denial = denial(
        "You are not authorized to perform this operation. User: \
         arn:aws:sts::123456789012:assumed-role/karpenter/1 is not authorized to perform: \
         ec2:RunInstances on resource: arn:aws:ec2:us-east-1:123456789012:instance/* because no \
         identity-based policy allows the ec2:RunInstances action",
    );
    assert_eq!(denial.action, "ec2:RunInstances");
    assert_eq!(
        denial.to_string(),
        "arn:aws:sts::123456789012:assumed-role/karpenter/1 may not ec2:RunInstances: add \
         ec2:RunInstances to the policy of the role that the controller's service account assumes"
    );
}

#[test]
fn a_denial_that_names_no_action_is_read_from_its_decoded_message() {
    let denial = denial(
        "You are not authorized to perform this operation. Encoded authorization failure message: \
         4GIOHlTkIaWHQD0Q",
    );
    assert_eq!((denial.action.as_str(), denial.is_action_certain), ("ec2:CreateFleet", false));
    assert_eq!(denial.encoded.as_deref(), Some("4GIOHlTkIaWHQD0Q"));
    let decoded = denial.decoded(
        r#"{"allowed":false,"explicitDeny":false,"context":{"principal":{"arn":"arn:aws:iam::1:role/k"},
            "action":"iam:PassRole","resource":"arn:aws:iam::1:role/node"}}"#,
    );
    assert_eq!((decoded.action.as_str(), decoded.is_action_certain), ("iam:PassRole", true));
}

/// STS that reads every message, or may not.
struct Reader(Option<&'static str>);

impl Sts for Reader {
    async fn caller(&self) -> Result<Caller, ApiError> {
        Ok(Caller { account: "1".to_owned(), arn: "arn:aws:iam::1:role/k".to_owned() })
    }

    async fn decode(&self, _: &str) -> Result<String, ApiError> {
        self.0.map(str::to_owned).ok_or_else(|| answered("AccessDenied", ""))
    }
}

#[test]
fn sts_tells_the_action_where_it_may() {
    let encoded = "Encoded authorization failure message: 4GIO";
    let told = |reader| {
        let error = CloudError::from(answered("UnauthorizedOperation", encoded));
        crate::memory::now(error.explained(&reader)).to_string()
    };
    let message = r#"{"context":{"action":"iam:PassRole","resource":"*"}}"#;
    assert!(told(Reader(Some(message))).contains("add iam:PassRole to the policy"));
    let unread = told(Reader(None));
    assert!(unread.contains("add ec2:CreateFleet") && unread.contains("DecodeAuthorization"));
}

#[test]
fn boundaries_and_organizations_are_told_apart_from_policies() {
    let by = |message| denial(message).by;
    assert_eq!(
        by("… with an explicit deny in a permissions boundary"),
        DeniedBy::PermissionsBoundary
    );
    assert_eq!(
        by("… with an explicit deny in a service control policy"),
        DeniedBy::ServiceControlPolicy
    );
    assert_eq!(by("… with an explicit deny in an identity-based policy"), DeniedBy::ExplicitDeny);
    assert_eq!(by("Not authorized for images: [ami-1]"), DeniedBy::Image);
    assert_eq!(by("…"), DeniedBy::NoPolicy);
}

#[test]
fn a_service_account_that_may_not_assume_its_role_is_a_denial() {
    let message =
        "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity".to_owned();
    let error = CloudError::from(failed(Fault::NoCredentials { message }));
    assert!(
        error.to_string().contains("trust policy of the role"),
        "the sentence must name the fix: {error}"
    );
}

#[test]
fn each_shortage_is_a_sentence_that_names_its_fix() {
    let offering = scheduler_core::model::OfferingKey {
        instance_type: "m5.large".to_owned(),
        zone: "us-east-1a".to_owned(),
        capacity_type: scheduler_core::model::CapacityType::Spot,
        reservation: None,
    };
    let refused = vec![Refused { offering, code: "InsufficientInstanceCapacity".to_owned() }; 6];
    let of = |shortage: &Shortage| shortage.to_string();
    assert_eq!(
        of(&Shortage::Capacity { refused }),
        "EC2 has no capacity for m5.large in us-east-1a as spot, m5.large in us-east-1a as spot, \
         m5.large in us-east-1a as spot, m5.large in us-east-1a as spot, m5.large in us-east-1a \
         as spot and 1 more; allow more instance types, zones or capacity types in the NodePool"
    );
    assert_eq!(
        of(&Shortage::Quota {
            capacity_type: scheduler_core::model::CapacityType::OnDemand,
            limit_vcpus: Some(32),
            refused: Vec::new(),
        }),
        "the account's quota of 32 vCPUs for on-demand instances is used up; ask for a higher one \
         in Service Quotas under Amazon EC2, or set limits.cpu of the NodePool below it"
    );
    assert_eq!(
        of(&Shortage::Addresses { subnets: vec!["subnet-1".to_owned()], refused: Vec::new() }),
        "no free address is left in subnet-1; add larger subnets to subnetSelectorTerms of the \
         EC2NodeClass, or release addresses there"
    );
}
