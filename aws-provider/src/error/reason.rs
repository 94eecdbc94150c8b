//! Reasons by name.

use std::fmt;

use crate::api::Fault;

/// Why a launch failed, as conditions and counters name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The account has no service-linked role for Spot, and we may not create it.
    SpotSlrCreationFailed,
    /// Not permitted.
    Unauthorized,
    /// The image may not be used.
    AmiAuthorizationFailure,
    /// Subnet and security group belong to different networks.
    SecurityGroupSubnetVpcMismatch,
    /// There is no such instance profile, or not yet.
    InstanceProfileNameInvalid,
    /// The launch template is gone.
    LaunchTemplateNotFound,
    /// User data is too long.
    UserDataSizeLimitExceeded,
    /// What is given as an image's id is none.
    InvalidAmiId,
    /// There is no such image.
    AmiNotFound,
    /// Too many calls.
    RequestLimitExceeded,
    /// The service's own fault.
    InternalError,
    /// The type is not part of the Free Tier, to which the account is limited.
    FreeTierIneligible,
    /// Too many fleets.
    FleetQuotaExceeded,
    /// The account is being verified.
    AccountPendingVerification,
    /// The account's limit of Spot capacity is reached.
    SpotQuotaExceeded,
    /// The account's limit of vCPUs is reached.
    VcpuLimitExceeded,
    /// The subnet has no free address.
    InsufficientFreeAddressesInSubnet,
    /// Anything else.
    LaunchFailed,
}

/// What follows a denial that is about an image.
const IMAGE_DENIED: &str = "Not authorized for images";

/// Texts in code or message and the reason they stand for; the first that is found counts. Codes
/// of denials come before these.
const TABLE: [(&str, Reason); 14] = [
    ("iamInstanceProfile.name is invalid", Reason::InstanceProfileNameInvalid),
    ("InvalidLaunchTemplateId.NotFound", Reason::LaunchTemplateNotFound),
    ("InvalidLaunchTemplateName.NotFoundException", Reason::LaunchTemplateNotFound),
    ("User data is limited to", Reason::UserDataSizeLimitExceeded),
    ("InvalidAMIID.Malformed", Reason::InvalidAmiId),
    ("InvalidAMIID.NotFound", Reason::AmiNotFound),
    ("RequestLimitExceeded", Reason::RequestLimitExceeded),
    ("InternalError", Reason::InternalError),
    ("not eligible for Free Tier", Reason::FreeTierIneligible),
    ("MaxFleetCountExceeded", Reason::FleetQuotaExceeded),
    ("PendingVerification", Reason::AccountPendingVerification),
    ("MaxSpotInstanceCountExceeded", Reason::SpotQuotaExceeded),
    ("VcpuLimitExceeded", Reason::VcpuLimitExceeded),
    ("InsufficientFreeAddressesInSubnet", Reason::InsufficientFreeAddressesInSubnet),
];

/// Codes of denials.
pub(super) const DENIALS: [&str; 3] = ["UnauthorizedOperation", "AccessDenied", "AuthFailure"];

impl Reason {
    /// The reason for a code with its message.
    pub fn of(code: &str, message: &str) -> Self {
        let text = format!("{code}: {message}");
        if text.contains(super::NO_SPOT_ROLE) {
            return Self::SpotSlrCreationFailed;
        }
        if DENIALS.iter().any(|denial| text.contains(denial)) {
            let is_of_image = text.contains(IMAGE_DENIED);
            return if is_of_image { Self::AmiAuthorizationFailure } else { Self::Unauthorized };
        }
        if text.contains("InvalidParameter") && text.contains("belong to different networks") {
            return Self::SecurityGroupSubnetVpcMismatch;
        }
        let found = TABLE.iter().find(|(part, _)| text.contains(part));
        found.map_or(Self::LaunchFailed, |(_, reason)| *reason)
    }

    /// The reason for a call that failed.
    pub fn of_fault(fault: &Fault) -> Self {
        match fault {
            Fault::Service { code, message, .. } => Self::of(code, message),
            Fault::NoCredentials { .. } => Self::Unauthorized,
            Fault::Unreadable { .. } => Self::InternalError,
            Fault::NoAnswer { .. } => Self::LaunchFailed,
        }
    }

    /// Its name, for ever the same.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SpotSlrCreationFailed => "SpotSLRCreationFailed",
            Self::Unauthorized => "Unauthorized",
            Self::AmiAuthorizationFailure => "AMIAuthorizationFailure",
            Self::SecurityGroupSubnetVpcMismatch => "SecurityGroupSubnetVPCMismatch",
            Self::InstanceProfileNameInvalid => "InstanceProfileNameInvalid",
            Self::LaunchTemplateNotFound => "LaunchTemplateNotFound",
            Self::UserDataSizeLimitExceeded => "UserDataSizeLimitExceeded",
            Self::InvalidAmiId => "InvalidAMIID",
            Self::AmiNotFound => "AMINotFound",
            Self::RequestLimitExceeded => "RequestLimitExceeded",
            Self::InternalError => "InternalError",
            Self::FreeTierIneligible => "FreeTierIneligible",
            Self::FleetQuotaExceeded => "FleetQuotaExceeded",
            Self::AccountPendingVerification => "AccountPendingVerification",
            Self::SpotQuotaExceeded => "SpotQuotaExceeded",
            Self::VcpuLimitExceeded => "VCPULimitExceeded",
            Self::InsufficientFreeAddressesInSubnet => "InsufficientFreeAddressesInSubnet",
            Self::LaunchFailed => "LaunchFailed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
