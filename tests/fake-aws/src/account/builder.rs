//! What an account is made of.

use std::sync::{Arc, OnceLock};
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
use super::network::{Network, SecurityGroup, Subnet, VPC, Zone};
use super::page::Paging;
use super::queue::Queues;
use super::reservation::{CapacityReservation, PlacementGroup, Reservations};
use super::settings::{ACCOUNT_ID, FleetAnswers, Settings, StateChanges, Timing};
use super::template::Templates;
use super::throttle::Throttling;

/// When an account that is not told otherwise begins.
const START: &str = "2026-07-20T12:00:00Z";

/// What a region sells, and where.
#[derive(Debug)]
struct Market {
    region: String,
    machines: Arc<Machines>,
    zones: Vec<Zone>,
}

impl Market {
    fn new(catalog: &Catalog) -> Self {
        Self {
            region: catalog.region().to_owned(),
            machines: Arc::new(Machines::new(catalog)),
            zones: Network::zones_of(catalog),
        }
    }

    /// Of the built-in catalogue, which is read once: tests build hundreds of accounts.
    fn embedded() -> Result<Arc<Self>, CatalogError> {
        static EMBEDDED: OnceLock<Arc<Market>> = OnceLock::new();
        if let Some(market) = EMBEDDED.get() {
            return Ok(Arc::clone(market));
        }
        let market = Arc::new(Self::new(&Catalog::embedded()?));
        Ok(Arc::clone(EMBEDDED.get_or_init(|| market)))
    }
}

/// Builds an [`Account`].
///
/// [`AccountBuilder::new`] is an account that a cluster can run in: subnets in three zones, a
/// security group, a node role, a queue, EKS images, all as the cluster's name has it.
#[derive(Clone, Debug)]
pub struct AccountBuilder {
    market: Arc<Market>,
    seed: u64,
    now: Timestamp,
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
        Ok(Self::with_market(cluster, Market::embedded()?))
    }

    /// The same, selling what another catalogue lists.
    pub fn with_catalog(cluster: &str, catalog: &Catalog) -> Self {
        Self::with_market(cluster, Arc::new(Market::new(catalog)))
    }

    fn with_market(cluster: &str, market: Arc<Market>) -> Self {
        let zones = &market.zones;
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
            market,
            seed: 0,
            now: START.parse().unwrap_or(Timestamp::UNIX_EPOCH),
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
            region: self.market.region.clone(),
            account_id: ACCOUNT_ID.to_owned(),
            timing: self.timing,
            paging: self.paging,
            fleet_answers: self.fleet_answers,
            state_changes: self.state_changes,
        };
        let gate = Gate::new(self.rates, self.throttling, self.latency);
        let groups = self.placement_groups.into_iter();
        Account {
            now: self.now,
            draw: Draw::new(self.seed),
            gate,
            counters: Counters::default(),
            due: Due::default(),
            machines: Arc::clone(&self.market.machines),
            pools: Pools::new(self.quotas),
            network: Network::new(self.market.zones.clone(), self.subnets, self.groups),
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
