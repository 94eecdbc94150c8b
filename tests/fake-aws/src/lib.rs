//! An AWS account for tests and demonstrations, on the loopback interface.
//!
//! ```text
//!  client under test ──HTTP──► server ──► http ──► Account::serve ──► state
//!     any SDK, AWS_ENDPOINT_URL           forms, JSON      │            ▲
//!                                         XML, errors      │            │ Account::advance,
//!  test ──FakeAws::account────────────────────────────────────► faults, prices, interruptions
//! ```
//!
//! [`Account`] is a state machine without IO and without a clock of its own: requests such as
//! [`CreateFleet`] go in, answers or [`AwsError`]s come out, and time passes by
//! [`Account::advance`]. [`FakeAws`] puts it behind a port and reads and writes the services' wire
//! protocols. Which service a request is for follows from the scope of its signature; signatures
//! must be there and are not verified.
//!
//! ```
//! use plimsoll_fake_aws::{
//!     Account, AccountBuilder, AwsError, CallFault, CreateFleet, DescribeInstanceTypes, Failure,
//!     Call, Times,
//! };
//!
//! let mut account = AccountBuilder::new("demo")?.seed(7).build();
//! account.fail(CreateFleet::ACTION, CallFault::Throttled, Times::Next(1));
//!
//! let asked = DescribeInstanceTypes {
//!     instance_type: vec!["m5.large".to_owned()],
//!     ..DescribeInstanceTypes::default()
//! };
//! let page = account.call(asked)?;
//! assert_eq!(page.items[0].vcpu, 2);
//!
//! let refused = account.call(CreateFleet::default()).unwrap_err();
//! assert!(matches!(refused, Failure::Refused(AwsError { status: 503, .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod clock;
mod error;
mod http;
mod server;

pub use account::action::{Action, Call, Service};
pub use account::builder::AccountBuilder;
pub use account::capacity::Quotas;
pub use account::cluster::{
    AssumeRoleWithWebIdentity, Cluster, ClusterDescription, DescribeCluster, GetCallerIdentity,
    Identity, Session,
};
pub use account::counters::{Count, Counters};
pub use account::fault::{CallFault, FaultRates, Pool, PoolFault, PoolMatcher, Times};
pub use account::filter::{Filter, Tag, TagSpecification, Tags};
pub use account::fleet::request::{
    CreateFleet, FleetConfig, FleetOnDemandOptions, FleetOverride, FleetSpotOptions,
    ReservedCapacityOptions, TargetCapacity,
};
pub use account::fleet::{FleetAnswer, FleetError, FleetInstances, FleetSource};
pub use account::iam::role::{AddRoleToInstanceProfile, GetRole, RemoveRoleFromInstanceProfile};
pub use account::iam::{
    CreateInstanceProfile, DeleteInstanceProfile, GetInstanceProfile, InstanceProfile,
    ListInstanceProfiles, Role, TagInstanceProfile,
};
pub use account::image::{DescribeImages, GetParameter, Image, ImageOwner, Parameter};
pub use account::instance::describe::DescribeInstances;
pub use account::instance::tag::CreateTags;
pub use account::instance::terminate::{StateChange, TerminateInstances};
pub use account::instance::{Instance, InstanceState};
pub use account::launch_data::{
    BlockDeviceMapping, CapacityReservationSpecification, CapacityReservationTarget,
    ConnectionTracking, CpuOptions, CreditSpecification, Ebs, EnclaveOptions,
    InstanceMarketOptions, InstanceProfileRef, LaunchData, MetadataOptions, Monitoring,
    NetworkInterface, Placement, SpotMarketOptions,
};
pub use account::machines::{
    DescribeInstanceTypeOfferings, DescribeInstanceTypes, InstanceTypeOffering,
};
pub use account::network::describe::{
    DescribeAvailabilityZones, DescribeSecurityGroups, DescribeSubnets,
};
pub use account::network::{SecurityGroup, Subnet, VPC, Zone};
pub use account::page::{Page, Paging};
pub use account::price_list::{GetProducts, Product, ProductFilter};
pub use account::queue::{DeleteMessage, GetQueueUrl, Message, ReceiveMessage, SendMessage, Sent};
pub use account::reservation::{
    CapacityReservation, DescribeCapacityReservations, DescribePlacementGroups, PlacementGroup,
};
pub use account::run::RunInstances;
pub use account::scripting::InstanceEvent;
pub use account::settings::{FleetAnswers, StateChanges, Timing};
pub use account::spot_prices::{DescribeSpotPriceHistory, SpotPrice};
pub use account::status::{DescribeInstanceStatus, Impairment, InstanceStatus};
pub use account::template::{
    CreateLaunchTemplate, DeleteLaunchTemplate, DescribeLaunchTemplates, LaunchTemplate,
    LaunchTemplateRef,
};
pub use account::throttle::Throttling;
pub use account::{Account, Served};
pub use clock::Clock;
pub use error::{AwsError, Failure};
pub use server::{FakeAws, ServeOptions};
