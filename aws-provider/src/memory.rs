//! An EC2 in memory, for tests of logic. It answers at once, so futures are ready when first polled.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Mutex, MutexGuard};

use futures_util::FutureExt as _;
use jiff::Timestamp;

use crate::api::ec2::{
    CapacityReservation, CreateFleet, DescribeImages, DescribeInstances, DescribeReservations, Ec2,
    Fleet, FleetError, FleetInstances, FleetTarget, Image, Instance, InstanceState, InstanceStatus,
    InstanceTypeInfo, LaunchTemplate, LaunchTemplateData, PlacementGroup, PlacementQuery,
    RunInstances, SecurityGroup, SpotPrice, StateChange, Subnet, TypeOffering,
};
use crate::api::{ApiError, Fault, Filter, Service, Tags};

/// What a future of this account gives.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the account answers at once")
}

/// An account.
#[derive(Debug, Default)]
pub(crate) struct MemoryEc2(Mutex<Account>);

#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Codes that pools refuse with, by type and zone.
    pub(crate) refusals: BTreeMap<(String, String), (String, String)>,
    /// So many instances are left in all.
    pub(crate) left: Option<usize>,
    /// Calls fail with these, first in first out.
    pub(crate) failures: BTreeMap<&'static str, Vec<ApiError>>,
    /// The next fleet is launched and its answer lost.
    pub(crate) lose_answer: bool,
    pub(crate) instances: BTreeMap<String, Instance>,
    pub(crate) templates: BTreeMap<String, (Tags, LaunchTemplateData)>,
    pub(crate) calls: Vec<String>,
    pub(crate) fleets: Vec<CreateFleet>,
    pub(crate) prices: Vec<SpotPrice>,
    pub(crate) types: Vec<InstanceTypeInfo>,
    pub(crate) offerings: Vec<TypeOffering>,
    answers: BTreeMap<String, (CreateFleet, Fleet)>,
    launched: usize,
}

impl MemoryEc2 {
    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        self.0.lock().expect("no test panics with the lock")
    }

    /// Notes a call; the failure that is due for it.
    fn call(
        &self,
        operation: &'static str,
        about: &str,
    ) -> Result<MutexGuard<'_, Account>, ApiError> {
        let mut account = self.account();
        account.calls.push(format!("{operation} {about}").trim_end().to_owned());
        match account.failures.get_mut(operation) {
            Some(failures) if !failures.is_empty() => Err(failures.remove(0)),
            _ => Ok(account),
        }
    }
}

/// An error that EC2 answers with.
pub(crate) fn refusal(operation: &'static str, code: &str) -> ApiError {
    let fault =
        Fault::Service { code: code.to_owned(), message: "refused".to_owned(), status: 400 };
    ApiError { service: Service::Ec2, operation, fault, request_id: None }
}

/// An instance of cluster `demo`, launched at the beginning of time.
pub(crate) fn instance(id: &str) -> Instance {
    Instance {
        id: id.to_owned(),
        state: InstanceState::Running,
        launched: Timestamp::UNIX_EPOCH,
        instance_type: "m5.large".to_owned(),
        zone: "a".to_owned(),
        image: "ami-1".to_owned(),
        subnet: Some("subnet-a".to_owned()),
        security_groups: Vec::new(),
        private_dns: None,
        spot_request: None,
        lifecycle: None,
        capacity_reservation: None,
        reservation_preference: None,
        efa_interfaces: 0,
        tenancy: "default".to_owned(),
        placement_group: None,
        partition: None,
        tags: crate::tags::for_launch("demo", "general", "default", &Tags::new()),
    }
}

impl Account {
    fn launch(&mut self, request: &CreateFleet) -> Fleet {
        let mut fleet = Fleet { id: format!("fleet-{}", self.fleets.len()), ..Fleet::default() };
        let mut pools: Vec<_> = request
            .templates
            .iter()
            .flat_map(|one| one.overrides.iter().map(move |it| (one, it)))
            .collect();
        pools.sort_by_key(|(_, pool)| {
            (pool.priority, pool.instance_type.clone(), pool.zone.clone())
        });
        let is_spot = request.target == FleetTarget::Spot;
        let mut wanted = request.count;
        for (template, pool) in pools {
            let key = (pool.instance_type.clone(), pool.zone.clone());
            if let Some((code, message)) = self.refusals.get(&key) {
                fleet.errors.push(FleetError {
                    code: code.clone(),
                    message: message.clone(),
                    instance_type: Some(key.0),
                    zone: Some(key.1),
                    subnet: Some(pool.subnet.clone()),
                });
                continue;
            }
            let count = (wanted as usize).min(self.left.unwrap_or(usize::MAX));
            self.left = self.left.map(|left| left - count);
            wanted -= count as u32;
            let ids: Vec<String> = (0..count)
                .map(|_| {
                    self.launched += 1;
                    let id = format!("i-{:04}", self.launched);
                    let one = Instance {
                        instance_type: pool.instance_type.clone(),
                        zone: pool.zone.clone(),
                        image: pool.image.clone(),
                        subnet: Some(pool.subnet.clone()),
                        spot_request: is_spot.then(|| format!("sir-{id}")),
                        tags: request.tags.clone(),
                        ..instance(&id)
                    };
                    self.instances.insert(id.clone(), one);
                    id
                })
                .collect();
            if !ids.is_empty() {
                fleet.instances.push(FleetInstances {
                    ids,
                    instance_type: pool.instance_type.clone(),
                    is_spot,
                    template: Some(template.name.clone()),
                    subnet: Some(pool.subnet.clone()),
                    zone: Some(pool.zone.clone()),
                    image: Some(pool.image.clone()),
                });
            }
        }
        fleet
    }

    fn passes(instance: &Instance, filter: &Filter) -> bool {
        let has = |value: &str| filter.values.iter().any(|one| one == value);
        match filter.name.as_str() {
            "instance-state-name" => has(instance.state.as_str()),
            "tag-key" => instance.tags.keys().any(|key| has(key)),
            name => {
                let key = name.strip_prefix("tag:").expect("a filter that the account knows");
                instance.tags.get(key).is_some_and(|value| has(value))
            }
        }
    }
}

impl Ec2 for MemoryEc2 {
    async fn create_fleet(&self, request: &CreateFleet) -> Result<Fleet, ApiError> {
        let mut account = self.call("CreateFleet", &request.count.to_string())?;
        if let Some((first, answer)) = account.answers.get(&request.client_token) {
            return if first == request {
                Ok(answer.clone())
            } else {
                Err(refusal("CreateFleet", crate::error::TOKEN_REUSED))
            };
        }
        let gone = request.templates.iter().any(|one| !account.templates.contains_key(&one.name));
        if gone {
            return Err(refusal("CreateFleet", crate::error::TEMPLATE_GONE));
        }
        account.fleets.push(request.clone());
        let fleet = account.launch(request);
        account.answers.insert(request.client_token.clone(), (request.clone(), fleet.clone()));
        if std::mem::take(&mut account.lose_answer) {
            let fault = Fault::NoAnswer { message: "timed out".to_owned() };
            let service = Service::Ec2;
            return Err(ApiError { service, operation: "CreateFleet", fault, request_id: None });
        }
        Ok(fleet)
    }

    async fn check_fleet(&self, _: &CreateFleet) -> Result<(), ApiError> {
        self.call("CreateFleet", "dry").map(drop)
    }

    async fn check_run(&self, _: &RunInstances) -> Result<(), ApiError> {
        self.call("RunInstances", "dry").map(drop)
    }

    async fn create_launch_template(
        &self,
        name: &str,
        tags: &Tags,
        data: &LaunchTemplateData,
    ) -> Result<LaunchTemplate, ApiError> {
        let mut account = self.call("CreateLaunchTemplate", "")?;
        account.templates.insert(name.to_owned(), (tags.clone(), data.clone()));
        Ok(LaunchTemplate { id: "lt-1".to_owned(), name: name.to_owned(), tags: tags.clone() })
    }

    async fn launch_templates_named(
        &self,
        names: &[String],
    ) -> Result<Vec<LaunchTemplate>, ApiError> {
        let account = self.call("DescribeLaunchTemplates", "")?;
        let found = |name: &String| {
            let (tags, _) = account.templates.get(name)?;
            Some(LaunchTemplate { id: "lt-1".to_owned(), name: name.clone(), tags: tags.clone() })
        };
        let found: Vec<_> = names.iter().filter_map(found).collect();
        if found.len() < names.len() {
            return Err(refusal("DescribeLaunchTemplates", crate::error::TEMPLATE_GONE));
        }
        Ok(found)
    }

    async fn launch_templates(&self, filters: &[Filter]) -> Result<Vec<LaunchTemplate>, ApiError> {
        let account = self.call("DescribeLaunchTemplates", "by tag")?;
        let passes = |tags: &Tags| {
            filters.iter().all(|filter| {
                let key = filter.name.strip_prefix("tag:").unwrap_or_default();
                tags.get(key).is_some_and(|value| filter.values.contains(value))
            })
        };
        let passing = account.templates.iter().filter(|(_, (tags, _))| passes(tags));
        let found = passing.map(|(name, (tags, _))| LaunchTemplate {
            id: "lt-1".to_owned(),
            name: name.clone(),
            tags: tags.clone(),
        });
        Ok(found.collect())
    }

    async fn delete_launch_template(&self, name: &str) -> Result<(), ApiError> {
        let mut account = self.call("DeleteLaunchTemplate", "")?;
        let code = "InvalidLaunchTemplateName.NotFoundException";
        let removed = account.templates.remove(name);
        removed.map(drop).ok_or_else(|| refusal("DeleteLaunchTemplate", code))
    }

    async fn instances(&self, request: &DescribeInstances) -> Result<Vec<Instance>, ApiError> {
        let account = self.call("DescribeInstances", &request.ids.join(" "))?;
        if request.ids.iter().any(|id| !account.instances.contains_key(id)) {
            return Err(refusal("DescribeInstances", "InvalidInstanceID.NotFound"));
        }
        let ids: BTreeSet<&String> = request.ids.iter().collect();
        let found = account.instances.values().filter(|one| {
            (ids.is_empty() || ids.contains(&one.id))
                && request.filters.iter().all(|filter| Account::passes(one, filter))
        });
        Ok(found.cloned().collect())
    }

    async fn instance_status(&self, _: &[Filter]) -> Result<Vec<InstanceStatus>, ApiError> {
        self.call("DescribeInstanceStatus", "").map(|_| Vec::new())
    }

    async fn terminate_instances(&self, ids: &[String]) -> Result<Vec<StateChange>, ApiError> {
        let mut account = self.call("TerminateInstances", &ids.join(" "))?;
        if ids.iter().any(|id| !account.instances.contains_key(id)) {
            return Err(refusal("TerminateInstances", "InvalidInstanceID.NotFound"));
        }
        let mut changes = Vec::new();
        for id in ids {
            if let Some(instance) = account.instances.get_mut(id) {
                instance.state = InstanceState::ShuttingDown;
                changes.push(StateChange { id: id.clone(), current: instance.state });
            }
        }
        Ok(changes)
    }

    async fn create_tags(&self, resource: &str, tags: &Tags) -> Result<(), ApiError> {
        let mut account = self.call("CreateTags", resource)?;
        if let Some(instance) = account.instances.get_mut(resource) {
            instance.tags.extend(tags.clone());
        }
        Ok(())
    }

    async fn subnets(&self, _: &[Filter]) -> Result<Vec<Subnet>, ApiError> {
        self.call("DescribeSubnets", "").map(|_| Vec::new())
    }

    async fn security_groups(&self, _: &[Filter]) -> Result<Vec<SecurityGroup>, ApiError> {
        self.call("DescribeSecurityGroups", "").map(|_| Vec::new())
    }

    async fn images(&self, _: &DescribeImages) -> Result<Vec<Image>, ApiError> {
        self.call("DescribeImages", "").map(|_| Vec::new())
    }

    async fn capacity_reservations(
        &self,
        _: &DescribeReservations,
    ) -> Result<Vec<CapacityReservation>, ApiError> {
        self.call("DescribeCapacityReservations", "").map(|_| Vec::new())
    }

    async fn placement_groups(&self, _: &PlacementQuery) -> Result<Vec<PlacementGroup>, ApiError> {
        self.call("DescribePlacementGroups", "").map(|_| Vec::new())
    }

    async fn instance_types(&self) -> Result<Vec<InstanceTypeInfo>, ApiError> {
        self.call("DescribeInstanceTypes", "").map(|account| account.types.clone())
    }

    async fn instance_type_offerings(&self) -> Result<Vec<TypeOffering>, ApiError> {
        self.call("DescribeInstanceTypeOfferings", "").map(|account| account.offerings.clone())
    }

    async fn spot_prices(&self, _: Timestamp) -> Result<Vec<SpotPrice>, ApiError> {
        self.call("DescribeSpotPriceHistory", "").map(|account| account.prices.clone())
    }

    async fn check_access(&self) -> Result<(), ApiError> {
        self.call("DescribeInstanceTypes", "dry").map(drop)
    }
}
