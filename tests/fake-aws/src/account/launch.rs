//! From a wish to an instance: what a launch needs is looked at once, here.

use std::sync::Arc;

use aws_provider::Ec2Type;
use scheduler_core::model::CapacityType;

use super::action::Service;
use super::capacity::{Share, no_address};
use super::events::Event;
use super::fault::Pool;
use super::filter::{TagSpecification, Tags};
use super::image::{Image, no_image};
use super::instance::{Instance, InstanceState};
use super::launch_data::{LaunchData, is_id};
use super::machines::architecture;
use super::network::{Subnet, no_group, no_subnet};
use super::{Account, AwsError};

/// Instances that are wanted, not looked at yet.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) data: Arc<LaunchData>,
    pub(super) instance_type: Option<String>,
    pub(super) image_id: Option<String>,
    pub(super) subnet_id: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) capacity_type: CapacityType,
}

/// A wish that can be fulfilled, if there is capacity.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) pool: Pool,
    data: Arc<LaunchData>,
    machine: Arc<Ec2Type>,
    image: Image,
    subnet_id: String,
    vpc_id: String,
    public_ip: bool,
    profile: Option<(String, String)>,
}

/// What instances of one launch have in common.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) tags: Tags,
    pub(super) client_token: Option<String>,
}

impl Account {
    /// Looks at everything that a launch needs.
    pub(super) fn site(&self, wish: &Wish) -> Result<Site, AwsError> {
        self.require(Service::Ec2, "ec2:RunInstances")?;
        let data = &wish.data;
        data.check_form()?;
        let name = wish.instance_type.as_ref().or(data.instance_type.as_ref());
        let name = name.ok_or_else(|| missing("InstanceType"))?;
        let machine = self.machines.get(name).ok_or_else(|| {
            AwsError::invalid(format!("Invalid value '{name}' for InstanceType."))
        })?;
        let image = self.image(wish)?;
        if image.architecture != architecture(machine) {
            let message = format!(
                "The architecture '{}' of the specified instance type does not match the \
                 architecture '{}' of the specified AMI.",
                architecture(machine),
                image.architecture
            );
            return Err(AwsError::invalid(message));
        }
        let subnet = self.subnet(wish)?;
        self.check_groups(data, subnet)?;
        if !machine.zones.contains(&subnet.zone) {
            let message = format!(
                "Your requested instance type ({name}) is not supported in your requested \
                 Availability Zone ({}).",
                subnet.zone
            );
            return Err(AwsError::client("Unsupported", message));
        }
        let of_interface = data.network_interface.first();
        let public_ip = of_interface.and_then(|one| one.associate_public_ip_address);
        Ok(Site {
            pool: Pool {
                instance_type: name.clone(),
                zone: subnet.zone.clone(),
                capacity_type: wish.capacity_type,
            },
            data: Arc::clone(data),
            machine: Arc::clone(machine),
            image: image.clone(),
            subnet_id: subnet.id.clone(),
            vpc_id: subnet.vpc.clone(),
            public_ip: public_ip.unwrap_or(subnet.public_ip),
            profile: self.profile(data)?,
        })
    }

    fn image(&self, wish: &Wish) -> Result<&Image, AwsError> {
        let id = wish.image_id.as_ref().or(wish.data.image_id.as_ref());
        let id = id.ok_or_else(|| missing("ImageId"))?;
        if !is_id(id, "ami-") {
            let message = format!("Invalid id: \"{id}\" (expecting \"ami-...\")");
            return Err(AwsError::client("InvalidAMIID.Malformed", message));
        }
        self.images.by_id.get(id).ok_or_else(|| no_image(id))
    }

    /// The subnet that is named; without one, the first of the zone.
    fn subnet(&self, wish: &Wish) -> Result<&Subnet, AwsError> {
        let placement = wish.data.placement.as_ref();
        let zone = wish.zone.as_ref().or(placement.and_then(|one| one.availability_zone.as_ref()));
        let of_interface = wish.data.network_interface.first();
        let of_interface = of_interface.and_then(|one| one.subnet_id.as_ref());
        let Some(id) = wish.subnet_id.as_ref().or(of_interface) else {
            let mut subnets = self.network.subnets.values();
            let first = subnets.find(|one| zone.is_none_or(|zone| one.zone == *zone));
            return first.ok_or_else(|| {
                AwsError::client("MissingInput", "No subnets found for the default VPC")
            });
        };
        let subnet = self.network.subnets.get(id).ok_or_else(|| no_subnet(id))?;
        match zone.filter(|zone| subnet.zone != **zone) {
            None => Ok(subnet),
            Some(zone) => {
                let message = format!("The subnet '{id}' is not in availability zone {zone}");
                Err(AwsError::client("InvalidParameterCombination", message))
            }
        }
    }

    fn check_groups(&self, data: &LaunchData, subnet: &Subnet) -> Result<(), AwsError> {
        let on_interfaces = data.network_interface.iter().flat_map(|one| &one.security_group_id);
        for id in on_interfaces.chain(&data.security_group_id) {
            let group = self.network.groups.get(id).ok_or_else(|| no_group(id))?;
            if group.vpc != subnet.vpc {
                let message = format!(
                    "Security group {id} and subnet {} belong to different networks.",
                    subnet.id
                );
                return Err(AwsError::client("InvalidParameter", message));
            }
        }
        let group = data.placement.as_ref().and_then(|placement| placement.group_id.as_ref());
        match group.filter(|id| !self.placement_groups.contains_key(*id)) {
            None => Ok(()),
            Some(id) => {
                let message = format!("The Placement Group '{id}' is unknown.");
                Err(AwsError::client("InvalidPlacementGroup.Unknown", message))
            }
        }
    }

    /// ARN and id of the profile, which must have a role that the caller may pass on.
    fn profile(&self, data: &LaunchData) -> Result<Option<(String, String)>, AwsError> {
        let named = data.iam_instance_profile.as_ref();
        let Some(name) = named.and_then(|one| one.profile_name()) else { return Ok(None) };
        let known = self.iam.profiles.get(name).filter(|one| one.known_at <= self.now);
        let profile = known.ok_or_else(|| {
            let message =
                format!("Value ({name}) for parameter iamInstanceProfile.name is invalid.");
            AwsError::invalid(message)
        })?;
        if profile.role.is_none() {
            let message = format!("IAM Instance Profile \"{name}\" has no associated IAM Roles");
            return Err(AwsError::invalid(message));
        }
        self.require(Service::Ec2, "iam:PassRole")?;
        Ok(Some((profile.arn.clone(), profile.id.clone())))
    }

    /// How many of the instances that are wanted can be had there.
    pub(super) fn available(&mut self, site: &Site, wanted: u32) -> Share {
        if let Some(error) = self.pool_fault(&site.pool, &site.subnet_id) {
            return Share::none(error);
        }
        let share = match site.data.target_reservation() {
            Some(id) => self.reservations.share(id, &site.pool, wanted),
            None => self.pools.share(&site.pool, &site.machine, wanted),
        };
        let free = self.network.subnets.get(&site.subnet_id).map_or(0, |one| one.free);
        let fit = free / site.data.addresses().max(1);
        share.limit(fit.into(), || no_address(&site.subnet_id))
    }

    /// Launches so many instances, which must be available, and returns their ids.
    pub(super) fn launch(&mut self, site: &Site, count: u32, origin: &Origin) -> Vec<String> {
        let capacity_reservation_id = site.data.target_reservation().map(str::to_owned);
        match &capacity_reservation_id {
            Some(id) => self.reservations.take(id, count),
            None => self.pools.take(&site.pool, &site.machine, count),
        }
        self.counters.launch(count);
        let reservation_id = self.draw.id("r");
        let mut tags = TagSpecification::tags_of(&site.data.tag_specification, "instance");
        tags.extend(origin.tags.iter().map(|(key, value)| (key.clone(), value.clone())));
        let mut ids = Vec::new();
        for _ in 0..count {
            let instance = Instance {
                id: self.draw.id("i"),
                pool: site.pool.clone(),
                zone_id: self.network.zone_id(&site.pool.zone).to_owned(),
                subnet_id: site.subnet_id.clone(),
                vpc_id: site.vpc_id.clone(),
                image_id: site.image.id.clone(),
                architecture: site.image.architecture.clone(),
                root_device: site.image.root_device(),
                hypervisor: site.machine.hypervisor.clone(),
                state: InstanceState::Pending,
                state_reason: None,
                launched_at: self.now,
                visible_at: self.after(self.settings.timing.visible_after),
                tags: tags.clone(),
                data: Arc::clone(&site.data),
                profile: site.profile.clone(),
                spot_request_id: (site.pool.capacity_type == CapacityType::Spot)
                    .then(|| self.draw.id("sir").replacen("sir-0", "sir-", 1)),
                partition_number: self.partition(&site.data),
                capacity_reservation_id: capacity_reservation_id.clone(),
                reservation_id: reservation_id.clone(),
                client_token: origin.client_token.clone(),
                private_ip: self.address(&site.subnet_id, site.data.addresses()),
                public_ip: site.public_ip,
                impairments: Vec::new(),
            };
            ids.push(self.begin(instance));
        }
        ids
    }

    /// The partition that is asked for, else any of the group's.
    fn partition(&mut self, data: &LaunchData) -> Option<u32> {
        let placement = data.placement.as_ref()?;
        let group = self.placement_groups.get(placement.group_id.as_ref()?)?;
        let partitions = group.partitions?.max(1);
        let any = self.draw.next("partition") % u64::from(partitions) + 1;
        placement.partition_number.or(u32::try_from(any).ok())
    }

    fn address(&mut self, subnet_id: &str, count: u32) -> std::net::Ipv4Addr {
        let subnet = self.network.subnets.get_mut(subnet_id);
        subnet.map_or(std::net::Ipv4Addr::UNSPECIFIED, |subnet| subnet.give(count))
    }

    fn begin(&mut self, instance: Instance) -> String {
        let id = instance.id.clone();
        self.instances.0.insert(id.clone(), instance);
        self.announce_state(&id, InstanceState::Pending);
        let at = self.after(self.settings.timing.running_after);
        self.due.add(at, Event::Change(id.clone(), InstanceState::Running));
        id
    }
}

fn missing(parameter: &str) -> AwsError {
    let message = format!("The request must contain the parameter {parameter}");
    AwsError::client("MissingParameter", message)
}
