//! Instances: what they are, and how they end.

pub(crate) mod describe;
pub(crate) mod tag;
pub(crate) mod terminate;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;

use super::events::Event;
use super::fault::Pool;
use super::filter::Tags;
use super::launch_data::LaunchData;
use super::{Account, AwsError};

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
    /// Partition of its placement group.
    pub partition_number: Option<u32>,
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

    /// Its public address, of a range that leads nowhere.
    pub fn public_address(&self) -> Option<Ipv4Addr> {
        let [_, _, third, fourth] = self.private_ip.octets();
        self.public_ip.then(|| Ipv4Addr::new(198, 18, third, fourth))
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
    /// The instances with these ids, all of which must be seen by now; without ids, all that are.
    pub(crate) fn named(&self, ids: &[String], now: Timestamp) -> Result<Vec<&Instance>, AwsError> {
        let seen = |one: &&Instance| one.visible_at <= now;
        if ids.is_empty() {
            return Ok(self.0.values().filter(seen).collect());
        }
        let ids: BTreeSet<&String> = ids.iter().collect();
        let get = |id: &String| self.0.get(id).filter(seen);
        let unknown: Vec<&String> = ids.iter().copied().filter(|id| get(id).is_none()).collect();
        if unknown.is_empty() {
            Ok(ids.into_iter().filter_map(get).collect())
        } else {
            Err(no_instances(&unknown))
        }
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

impl Account {
    /// Begins to end an instance, for a reason of EC2's; one that is over already stays as it is.
    pub(super) fn shut_down(&mut self, id: &str, reason: &'static str) {
        let Some(instance) = self.instances.0.get_mut(id) else { return };
        if instance.state.is_over() {
            return;
        }
        instance.state_reason = Some(reason);
        let instance = instance.clone();
        self.give_back(&instance);
        self.change_state(id, InstanceState::ShuttingDown);
        let at = self.after(self.settings.timing.terminated_after);
        self.due.add(at, Event::Change(id.to_owned(), InstanceState::Terminated));
    }

    /// Removes an instance without a trace.
    pub(super) fn vanish(&mut self, id: &str) {
        if let Some(instance) = self.instances.0.remove(id)
            && !instance.state.is_over()
        {
            self.give_back(&instance);
        }
    }

    /// What the instance took can be had again.
    fn give_back(&mut self, instance: &Instance) {
        if let Some(reservation) = &instance.capacity_reservation_id {
            self.reservations.give_back(reservation);
        } else if let Some(machine) = self.machines.get(&instance.pool.instance_type) {
            self.pools.give_back(&instance.pool, machine);
        }
        if let Some(subnet) = self.network.subnets.get_mut(&instance.subnet_id) {
            subnet.free += instance.data.addresses();
        }
    }

    /// Puts an instance into a state, and lets the queues hear of it.
    pub(super) fn change_state(&mut self, id: &str, state: InstanceState) {
        let Some(instance) = self.instances.0.get_mut(id) else { return };
        instance.state = state;
        self.announce_state(id, state);
    }
}
