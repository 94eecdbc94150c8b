//! Instances: what they are, and how they are looked at, tagged and ended.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use scheduler_core::model::CapacityType;
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::events::Event;
use super::fault::Pool;
use super::filter::{Filter, Filterable, Tag, Tags, passes};
use super::launch_data::LaunchData;
use super::page::{Page, Wanted, page};
use super::{Account, AwsError};

/// Most instances on a page.
const PAGE: usize = 1000;
/// Most resources that `CreateTags` takes.
const TAGGED_MAX: usize = 1000;

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstanceState {
    /// Was asked for.
    Pending,
    /// Runs.
    Running,
    /// Is being ended.
    ShuttingDown,
    /// Is over; remembered for an hour.
    Terminated,
    /// Is being stopped.
    Stopping,
    /// Can be started again.
    Stopped,
}

impl InstanceState {
    /// Its name in answers and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    /// Its number in answers.
    pub const fn code(self) -> u32 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    /// Whether nothing can bring the instance back.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::ShuttingDown | Self::Terminated)
    }
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// `i-…`.
    pub id: String,
    /// Type, zone, and how it was bought.
    pub pool: Pool,
    /// Id of its zone.
    pub zone_id: String,
    /// Its subnet.
    pub subnet_id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Its image.
    pub image_id: String,
    /// Of its image.
    pub architecture: String,
    /// Device of its first volume.
    pub root_device: &'static str,
    /// Hypervisor; empty on bare metal.
    pub hypervisor: String,
    /// Where it is in its life.
    pub state: InstanceState,
    /// Why it is not running.
    pub state_reason: Option<&'static str>,
    /// When it was asked for.
    pub launched_at: Timestamp,
    /// From when on it is described.
    pub visible_at: Timestamp,
    /// Tags.
    pub tags: Tags,
    /// What its template, or the call, said.
    pub data: Arc<LaunchData>,
    /// ARN and id of its profile.
    pub profile: Option<(String, String)>,
    /// `sir-…` of a Spot instance.
    pub spot_request_id: Option<String>,
    /// Reservation that it runs in.
    pub capacity_reservation_id: Option<String>,
    /// The launch that it came from (`r-…`).
    pub reservation_id: String,
    /// Token of the call that launched it.
    pub client_token: Option<String>,
    /// Its first private address.
    pub private_ip: Ipv4Addr,
    /// Whether it has a public address.
    pub public_ip: bool,
    /// What is wrong with it, for `DescribeInstanceStatus`.
    pub(crate) impairments: Vec<super::status::Impairment>,
}

impl Instance {
    /// An id that belongs to the instance, such as that of its second volume (`vol`, 1).
    pub fn part_id(&self, prefix: &str, index: usize) -> String {
        let digits = self.id.trim_start_matches("i-0");
        format!("{prefix}-{index:x}{digits}")
    }

    /// Its private host name.
    pub fn private_dns_name(&self) -> String {
        format!("ip-{}.ec2.internal", self.private_ip.to_string().replace('.', "-"))
    }
}

/// Instances by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instances(pub(crate) BTreeMap<String, Instance>);

impl Instances {
    /// The instance, if it can be seen by now.
    pub(crate) fn seen(&self, id: &str, now: Timestamp) -> Option<&Instance> {
        self.0.get(id).filter(|one| one.visible_at <= now)
    }
}

/// What is said of instances that are not there, or not there yet.
pub(crate) fn no_instances(ids: &[&String]) -> AwsError {
    let list = ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
    let message = match ids.len() {
        1 => format!("The instance ID '{list}' does not exist"),
        _ => format!("The instance IDs '{list}' do not exist"),
    };
    AwsError::client("InvalidInstanceID.NotFound", message)
}

/// `DescribeInstances`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeInstances {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these; all must exist.
    pub instance_id: Vec<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Most on a page, up to 1000.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeInstances {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeInstances");
    type Answer = Page<Instance>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        if !self.instance_id.is_empty() && self.max_results.is_some() {
            let message = "The parameter instancesSet cannot be used with the parameter maxResults";
            return Err(AwsError::client("InvalidParameterCombination", message));
        }
        let (instances, now) = (&account.instances, account.now);
        let unknown: Vec<&String> =
            self.instance_id.iter().filter(|id| instances.seen(id, now).is_none()).collect();
        if !unknown.is_empty() {
            return Err(no_instances(&unknown));
        }
        let mut found = Vec::new();
        for instance in instances.0.values().filter(|one| one.visible_at <= now) {
            let named = self.instance_id.is_empty() || self.instance_id.contains(&instance.id);
            if named && passes(&self.filter, instance)? {
                found.push(instance);
            }
        }
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: PAGE };
        let Page { items, next_token } =
            page(found, |one| one.id.clone(), wanted, account.settings.paging)?;
        Ok(Page { items: items.into_iter().cloned().collect(), next_token })
    }
}

impl Filterable for Instance {
    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "instance-id" => vec![self.id.clone()],
            "instance-state-name" => vec![self.state.as_str().to_owned()],
            "instance-type" => vec![self.pool.instance_type.clone()],
            "availability-zone" => vec![self.pool.zone.clone()],
            "subnet-id" => vec![self.subnet_id.clone()],
            "vpc-id" => vec![self.vpc_id.clone()],
            "image-id" => vec![self.image_id.clone()],
            "client-token" => self.client_token.clone().into_iter().collect(),
            "instance-lifecycle" => match self.pool.capacity_type {
                CapacityType::Spot => vec!["spot".to_owned()],
                CapacityType::OnDemand | CapacityType::Reserved => Vec::new(),
            },
            _ => return None,
        })
    }
}

/// `TerminateInstances`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TerminateInstances {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// These. If one of them does not exist, none is ended.
    pub instance_id: Vec<String>,
}

/// An instance before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// `i-…`.
    pub instance_id: String,
    /// Before the call.
    pub previous: InstanceState,
    /// After it.
    pub current: InstanceState,
}

impl Call for TerminateInstances {
    const ACTION: Action = Action::new(Service::Ec2, "TerminateInstances");
    type Answer = Vec<StateChange>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let known = |id: &&String| !account.instances.0.contains_key(*id);
        let unknown: Vec<&String> = self.instance_id.iter().filter(known).collect();
        if !unknown.is_empty() {
            return Err(no_instances(&unknown));
        }
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let mut changes = Vec::new();
        for instance_id in self.instance_id {
            let state = |account: &Account| account.instances.0.get(&instance_id).map(|i| i.state);
            let Some(previous) = state(account) else { continue };
            account.shut_down(&instance_id, "Client.UserInitiatedShutdown");
            let current = state(account).unwrap_or(InstanceState::Terminated);
            changes.push(StateChange { instance_id, previous, current });
        }
        Ok(changes)
    }
}

impl Account {
    /// Begins to end an instance, for a reason of EC2's; one that is over already stays as it is.
    pub(super) fn shut_down(&mut self, id: &str, reason: &'static str) {
        let Some(instance) = self.instances.0.get_mut(id) else { return };
        if instance.state.is_over() {
            return;
        }
        instance.state_reason = Some(reason);
        let (pool, addresses) = (instance.pool.clone(), instance.data.addresses());
        let (subnet, reservation) =
            (instance.subnet_id.clone(), instance.capacity_reservation_id.clone());
        if let Some(machine) = self.machines.get(&pool.instance_type) {
            self.pools.give_back(&pool, machine);
        }
        if let Some(subnet) = self.network.subnets.get_mut(&subnet) {
            subnet.free += addresses;
        }
        if let Some(reservation) = reservation {
            self.reservations.give_back(&reservation);
        }
        self.change_state(id, InstanceState::ShuttingDown);
        let at = self.after(self.settings.timing.terminated_after);
        self.due.add(at, Event::Change(id.to_owned(), InstanceState::Terminated));
    }

    /// Puts an instance into a state, and lets the queues hear of it.
    pub(super) fn change_state(&mut self, id: &str, state: InstanceState) {
        let Some(instance) = self.instances.0.get_mut(id) else { return };
        instance.state = state;
        self.announce_state(id, state);
    }
}

/// `CreateTags`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateTags {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// What to tag.
    pub resource_id: Vec<String>,
    /// With what.
    pub tag: Vec<Tag>,
}

impl Call for CreateTags {
    const ACTION: Action = Action::new(Service::Ec2, "CreateTags");
    type Answer = ();

    fn carry_out(self, account: &mut Account) -> Result<(), AwsError> {
        if self.resource_id.len() > TAGGED_MAX {
            return Err(AwsError::invalid(format!("More than {TAGGED_MAX} resources")));
        }
        let reserved = |tag: &&Tag| tag.key.starts_with("aws:");
        if let Some(tag) = self.tag.iter().find(reserved) {
            let message = format!("Tag keys starting with 'aws:' are reserved: {}", tag.key);
            return Err(AwsError::invalid(message));
        }
        for id in &self.resource_id {
            account.tags_of(id)?;
        }
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        for id in &self.resource_id {
            let tags = account.tags_of(id)?;
            tags.extend(self.tag.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
        }
        Ok(())
    }
}

impl Account {
    /// Tags of what can be tagged.
    fn tags_of(&mut self, id: &str) -> Result<&mut Tags, AwsError> {
        let missing = |kind: &str| {
            AwsError::client(format!("Invalid{kind}.NotFound"), format!("'{id}' does not exist"))
        };
        let prefix = id.split('-').next().unwrap_or_default();
        match prefix {
            "i" => {
                let seen = self.instances.0.get_mut(id).filter(|one| one.visible_at <= self.now);
                seen.map(|one| &mut one.tags).ok_or_else(|| no_instances(&[&id.to_owned()]))
            }
            "subnet" => {
                let found = self.network.subnets.get_mut(id);
                found.map(|one| &mut one.tags).ok_or_else(|| missing("SubnetID"))
            }
            "sg" => {
                let found = self.network.groups.get_mut(id);
                found.map(|one| &mut one.tags).ok_or_else(|| missing("Group"))
            }
            "lt" => {
                let mut all = self.templates.by_name.values_mut();
                let found = all.find(|one| one.id == id);
                found.map(|one| &mut one.tags).ok_or_else(|| missing("LaunchTemplateId"))
            }
            "ami" => {
                let found = self.images.by_id.get_mut(id);
                found.map(|one| &mut one.tags).ok_or_else(|| missing("AMIID"))
            }
            _ => {
                let message = format!("The ID '{id}' is not valid");
                Err(AwsError::client("InvalidID", message))
            }
        }
    }
}
