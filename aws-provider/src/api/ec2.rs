//! The EC2 that is asked.

mod catalog;
mod fleet;
mod instance;
mod network;
mod reservation;
mod template;

use std::future::Future;

use jiff::Timestamp;

pub use catalog::{Accelerator, Gpu, InstanceTypeInfo, NetworkCard, SpotPrice, TypeOffering};
pub use fleet::{
    AllocationStrategy, CreateFleet, Fleet, FleetError, FleetInstances, FleetOverride, FleetTarget,
    FleetTemplate, RunInstances,
};
pub use instance::{
    DescribeInstances, Instance, InstanceState, InstanceStatus, ScheduledEvent, StateChange,
    StatusCheck,
};
pub use network::{DescribeImages, Image, SecurityGroup, Subnet};
pub use reservation::{CapacityReservation, DescribeReservations, PlacementGroup, PlacementQuery};
pub use template::{
    BlockDevice, BlockDeviceMapping, ConnectionTracking, LaunchTemplate, LaunchTemplateData,
    MarketType, MetadataOptions, NetworkInterface, Placement, ReservationTarget, Switch,
    VolumeType,
};

use super::{ApiError, Filter, Tags};

/// What an asynchronous call gives.
type Answer<T> = Result<T, ApiError>;

/// EC2, as far as it is used.
///
/// Methods that list follow all pages. A dry run answers `Ok` where EC2 answers `DryRunOperation`.
pub trait Ec2: Send + Sync {
    /// Launches instances at once (`CreateFleet` of type `instant`). Repeating a request with its
    /// client token gives the first answer again.
    fn create_fleet(&self, request: &CreateFleet) -> impl Future<Output = Answer<Fleet>> + Send;
    /// Whether `create_fleet` would be permitted (dry run, sent once).
    fn check_fleet(&self, request: &CreateFleet) -> impl Future<Output = Answer<()>> + Send;
    /// Whether `RunInstances` would be permitted (dry run, sent once).
    fn check_run(&self, request: &RunInstances) -> impl Future<Output = Answer<()>> + Send;

    /// Creates a launch template.
    fn create_launch_template(
        &self,
        name: &str,
        tags: &Tags,
        data: &LaunchTemplateData,
    ) -> impl Future<Output = Answer<LaunchTemplate>> + Send;
    /// The launch templates of these names; an error if one does not exist.
    fn launch_templates_named(
        &self,
        names: &[String],
    ) -> impl Future<Output = Answer<Vec<LaunchTemplate>>> + Send;
    /// The launch templates that pass the filters.
    fn launch_templates(
        &self,
        filters: &[Filter],
    ) -> impl Future<Output = Answer<Vec<LaunchTemplate>>> + Send;
    /// Deletes a launch template.
    fn delete_launch_template(&self, name: &str) -> impl Future<Output = Answer<()>> + Send;

    /// Instances by id or filter. One unknown id fails the whole call.
    fn instances(
        &self,
        request: &DescribeInstances,
    ) -> impl Future<Output = Answer<Vec<Instance>>> + Send;
    /// Status checks and scheduled events of instances that pass the filters.
    fn instance_status(
        &self,
        filters: &[Filter],
    ) -> impl Future<Output = Answer<Vec<InstanceStatus>>> + Send;
    /// Terminates instances. One unknown id fails the whole call.
    fn terminate_instances(
        &self,
        ids: &[String],
    ) -> impl Future<Output = Answer<Vec<StateChange>>> + Send;
    /// Sets tags on a resource.
    fn create_tags(&self, resource: &str, tags: &Tags) -> impl Future<Output = Answer<()>> + Send;

    /// Subnets that pass the filters.
    fn subnets(&self, filters: &[Filter]) -> impl Future<Output = Answer<Vec<Subnet>>> + Send;
    /// Security groups that pass the filters.
    fn security_groups(
        &self,
        filters: &[Filter],
    ) -> impl Future<Output = Answer<Vec<SecurityGroup>>> + Send;
    /// Images, deprecated ones included.
    fn images(&self, request: &DescribeImages) -> impl Future<Output = Answer<Vec<Image>>> + Send;
    /// Capacity reservations by id or filter.
    fn capacity_reservations(
        &self,
        request: &DescribeReservations,
    ) -> impl Future<Output = Answer<Vec<CapacityReservation>>> + Send;
    /// Placement groups that are available.
    fn placement_groups(
        &self,
        query: &PlacementQuery,
    ) -> impl Future<Output = Answer<Vec<PlacementGroup>>> + Send;

    /// All instance types for virtual machines of the two architectures.
    fn instance_types(&self) -> impl Future<Output = Answer<Vec<InstanceTypeInfo>>> + Send;
    /// Which type is offered in which zone.
    fn instance_type_offerings(&self) -> impl Future<Output = Answer<Vec<TypeOffering>>> + Send;
    /// Spot prices as they stand: one row for each type and zone, later ones overwrite earlier.
    fn spot_prices(&self, now: Timestamp) -> impl Future<Output = Answer<Vec<SpotPrice>>> + Send;
    /// Whether EC2 can be reached with permission to read (a dry run).
    fn check_access(&self) -> impl Future<Output = Answer<()>> + Send;
}
