//! What an account is made of.

use std::time::Duration;

use aws_provider::{Catalog, CatalogError};
use jiff::Timestamp;

use super::Account;
use super::capacity::{Pools, Quotas};
use super::cluster::Cluster;
use super::counters::Counters;
use super::draw::Draw;
use super::events::Due;
use super::fault::FaultRates;
use super::fleet::Fleets;
use super::gate::Gate;
use super::iam::{Iam, Role};
use super::image::{Image, Images};
use super::instance::Instances;
use super::machines::Machines;
use super::network::{Network, SecurityGroup, Subnet, VPC};
use super::page::Paging;
use super::queue::Queues;
use super::reservation::{CapacityReservation, PlacementGroup, Reservations};
use super::template::Templates;
use super::throttle::Throttling;

/// When an account that is not told otherwise begins.
const START: &str = "2026-07-20T12:00:00Z";

/// How long things take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From a launch until `DescribeInstances` and `CreateTags` know the instance.
    pub visible_after: Duration,
    /// From a launch until it runs.
    pub running_after: Duration,
    /// From `shutting-down` to `terminated`.
    pub terminated_after: Duration,
    /// From `terminated` until it is not described any more.
    pub forgotten_after: Duration,
    /// From a Spot interruption's warning to the end of the instance.
    pub spot_notice: Duration,
    /// From `CreateInstanceProfile` until EC2 accepts the profile.
    pub profile_known_after: Duration,
}

impl Default for Timing {
    /// As EC2 on a good day.
    fn default() -> Self {
        Self {
            visible_after: Duration::from_secs(1),
            running_after: Duration::from_secs(5),
            terminated_after: Duration::from_secs(30),
            forgotten_after: Duration::from_hours(1),
            spot_notice: Duration::from_mins(2),
            profile_known_after: Duration::ZERO,
        }
    }
}

impl Timing {
    /// Nothing takes time but the Spot notice and the forgetting.
    pub fn at_once() -> Self {
        Self {
            visible_after: Duration::ZERO,
            running_after: Duration::ZERO,
            terminated_after: Duration::ZERO,
            ..Self::default()
        }
    }
}

/// How `CreateFleet` lists instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FleetAnswers {
    /// An entry for each pool, with all its ids.
    #[default]
    ByPool,
    /// An entry for each instance.
    ByInstance,
}

/// Which state changes of instances the queue hears of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateChanges {
    /// All, as an `EventBridge` rule without a filter sends them.
    #[default]
    All,
    /// None; only interruptions and what a test sends.
    None,
}

/// What stays as it is.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) region: String,
    pub(crate) account_id: String,
    pub(crate) timing: Timing,
    pub(crate) paging: Paging,
    pub(crate) fleet_answers: FleetAnswers,
    pub(crate) state_changes: StateChanges,
    pub(crate) empty_pools_ppm: u32,
}

/// Builds an [`Account`].
///
/// [`AccountBuilder::new`] is an account that a cluster can run in: subnets in three zones, a
/// security group, a node role, a queue, EKS images, all as the cluster's name has it.
#[derive(Clone, Debug)]
pub struct AccountBuilder {
    catalog: Catalog,
    seed: u64,
    now: Timestamp,
    account_id: String,
    cluster: Option<Cluster>,
    subnets: Vec<Subnet>,
    groups: Vec<SecurityGroup>,
    roles: Vec<Role>,
    images: Vec<Image>,
    queues: Vec<String>,
    reservations: Vec<CapacityReservation>,
    placement_groups: Vec<PlacementGroup>,
    quotas: Quotas,
    timing: Timing,
    rates: FaultRates,
    throttling: Throttling,
    latency: Duration,
    paging: Paging,
    fleet_answers: FleetAnswers,
    state_changes: StateChanges,
}

impl AccountBuilder {
    /// An account with what the cluster needs, selling what the built-in catalogue lists.
    ///
    /// # Errors
    /// Never, unless the built-in catalogue is broken.
    pub fn new(cluster: &str) -> Result<Self, CatalogError> {
        Ok(Self::with_catalog(cluster, Catalog::embedded()?))
    }

    /// The same, selling what another catalogue lists.
    pub fn with_catalog(cluster: &str, catalog: Catalog) -> Self {
        let zones = Network::zones_of(&catalog);
        let subnets = zones.iter().take(3).enumerate();
        let subnets = subnets
            .map(|(index, zone)| {
                let id = format!("subnet-0{:016x}", index + 1);
                let base = [10, 0, 32 * index as u8, 0];
                Subnet::new(&id, &zone.name, base, 19).tag("karpenter.sh/discovery", cluster)
            })
            .collect();
        let group = SecurityGroup::new("sg-00000000000000001", &format!("{cluster}-node"), VPC);
        Self {
            catalog,
            seed: 0,
            now: START.parse().unwrap_or(Timestamp::UNIX_EPOCH),
            account_id: "123456789012".to_owned(),
            cluster: Some(Cluster::new(cluster)),
            subnets,
            groups: vec![group.tag("karpenter.sh/discovery", cluster)],
            roles: vec![Role::new(&format!("KarpenterNodeRole-{cluster}"))],
            images: Vec::new(),
            queues: vec![cluster.to_owned()],
            reservations: Vec::new(),
            placement_groups: Vec::new(),
            quotas: Quotas::default(),
            timing: Timing::default(),
            rates: FaultRates::default(),
            throttling: Throttling::default(),
            latency: Duration::ZERO,
            paging: Paging::default(),
            fleet_answers: FleetAnswers::default(),
            state_changes: StateChanges::default(),
        }
    }

    /// Everything that looks random follows from this.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The account's time when it begins.
    #[must_use]
    pub fn starts_at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// The EKS cluster; its queue, subnets and group stay.
    #[must_use]
    pub fn cluster(self, cluster: Cluster) -> Self {
        Self { cluster: Some(cluster), ..self }
    }

    /// These subnets in place of those that are there.
    #[must_use]
    pub fn subnets(self, subnets: impl IntoIterator<Item = Subnet>) -> Self {
        Self { subnets: subnets.into_iter().collect(), ..self }
    }

    /// One more security group.
    #[must_use]
    pub fn security_group(mut self, group: SecurityGroup) -> Self {
        self.groups.push(group);
        self
    }

    /// One more role.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// One more image, beside EKS's own.
    #[must_use]
    pub fn image(mut self, image: Image) -> Self {
        self.images.push(image);
        self
    }

    /// One more queue.
    #[must_use]
    pub fn queue(mut self, name: &str) -> Self {
        self.queues.push(name.to_owned());
        self
    }

    /// A capacity reservation.
    #[must_use]
    pub fn capacity_reservation(mut self, reservation: CapacityReservation) -> Self {
        self.reservations.push(reservation);
        self
    }

    /// A placement group.
    #[must_use]
    pub fn placement_group(mut self, group: PlacementGroup) -> Self {
        self.placement_groups.push(group);
        self
    }

    /// How many vCPUs may run.
    #[must_use]
    pub fn quotas(self, quotas: Quotas) -> Self {
        Self { quotas, ..self }
    }

    /// How long things take.
    #[must_use]
    pub fn timing(self, timing: Timing) -> Self {
        Self { timing, ..self }
    }

    /// Shares of calls and pools that go wrong.
    #[must_use]
    pub fn fault_rates(self, rates: FaultRates) -> Self {
        Self { rates, ..self }
    }

    /// Whether EC2 limits calls.
    #[must_use]
    pub fn throttling(self, throttling: Throttling) -> Self {
        Self { throttling, ..self }
    }

    /// How long every answer takes.
    #[must_use]
    pub fn latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// How answers are cut into pages.
    #[must_use]
    pub fn paging(self, paging: Paging) -> Self {
        Self { paging, ..self }
    }

    /// How `CreateFleet` lists instances.
    #[must_use]
    pub fn fleet_answers(self, fleet_answers: FleetAnswers) -> Self {
        Self { fleet_answers, ..self }
    }

    /// Which state changes of instances the queue hears of.
    #[must_use]
    pub fn state_changes(self, state_changes: StateChanges) -> Self {
        Self { state_changes, ..self }
    }

    /// The account.
    pub fn build(self) -> Account {
        let settings = Settings {
            region: self.catalog.region().to_owned(),
            account_id: self.account_id,
            timing: self.timing,
            paging: self.paging,
            fleet_answers: self.fleet_answers,
            state_changes: self.state_changes,
            empty_pools_ppm: self.rates.empty_pools_ppm,
        };
        let machines = Machines::new(&self.catalog);
        let gate = Gate::new(self.rates, self.throttling, self.latency);
        let groups = self.placement_groups.into_iter();
        Account {
            now: self.now,
            draw: Draw::new(self.seed),
            gate,
            counters: Counters::default(),
            due: Due::default(),
            machines: machines.into(),
            pools: Pools::new(self.quotas),
            network: Network::new(Network::zones_of(&self.catalog), self.subnets, self.groups),
            images: Images::new(self.images),
            templates: Templates::default(),
            fleets: Fleets::default(),
            instances: Instances::default(),
            reservations: Reservations::new(self.reservations),
            placement_groups: groups.map(|group| (group.id.clone(), group)).collect(),
            queues: Queues::new(self.queues),
            iam: Iam::new(&settings.account_id, self.roles),
            cluster: self.cluster,
            settings,
        }
    }
}
