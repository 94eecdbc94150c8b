//! What tests do to an account behind its callers' backs, and how they look at it.

use jiff::{SignedDuration, Timestamp};
use scheduler_core::model::Price;
use serde_json::{Value, json};

use super::Account;
use super::action::Action;
use super::capacity::Quotas;
use super::events::Event;
use super::fault::{CallFault, FaultRates, Pool, PoolFault, PoolMatcher, Times};
use super::iam::InstanceProfile;
use super::instance::{Instance, InstanceState};
use super::network::Subnet;
use super::queue::Message;
use super::status::Impairment;
use super::template::LaunchTemplate;

impl Account {
    /// Lets calls of this kind go wrong. Of several faults that fit the first counts.
    pub fn fail(&mut self, action: Action, fault: CallFault, times: Times) {
        self.gate.script.add(action, fault, times);
    }

    /// Lets launches from pools go wrong. Of several faults that fit the first counts.
    pub fn fail_pool(&mut self, pools: PoolMatcher, fault: PoolFault, times: Times) {
        self.pools.script.add(pools, fault, times);
    }

    /// Ends all scripted faults.
    pub fn clear_faults(&mut self) {
        self.gate.script.clear();
        self.pools.script.clear();
    }

    /// Changes the shares of calls and pools that go wrong.
    pub fn set_fault_rates(&mut self, rates: FaultRates) {
        self.gate.rates = rates;
    }

    /// Takes a permission away (`ec2:CreateFleet`, `iam:PassRole`).
    pub fn deny(&mut self, permission: &str) {
        self.gate.deny(permission);
    }

    /// Gives a permission back.
    pub fn allow(&mut self, permission: &str) {
        self.gate.allow(permission);
    }

    /// Changes the vCPU quotas.
    pub fn set_quotas(&mut self, quotas: Quotas) {
        self.pools.quotas = quotas;
    }

    /// So many instances can still be had from the pool.
    pub fn set_capacity(&mut self, pool: Pool, instances: u32) {
        self.pools.left.insert(pool, instances);
    }

    /// Changes the price of a pool.
    pub fn set_price(&mut self, pool: Pool, price: Price) {
        self.pools.prices.insert(pool, price);
    }

    /// Changes the free addresses of a subnet, if there is one.
    pub fn set_free_addresses(&mut self, subnet_id: &str, free: u32) {
        if let Some(subnet) = self.network.subnets.get_mut(subnet_id) {
            subnet.free = free;
        }
    }

    /// Sets a parameter of Systems Manager.
    pub fn set_parameter(&mut self, name: &str, value: &str) {
        self.images.set(name, value);
    }

    /// Deprecates an image from this instant on, if there is one.
    pub fn deprecate_image(&mut self, image_id: &str, at: Timestamp) {
        if let Some(image) = self.images.by_id.get_mut(image_id) {
            image.deprecated_at = Some(at);
        }
    }

    /// Deletes a launch template, as somebody else would.
    pub fn lose_template(&mut self, name: &str) {
        self.templates.by_name.remove(name);
    }

    /// Makes an instance vanish without a trace.
    pub fn lose_instance(&mut self, id: &str) {
        self.vanish(id);
    }

    /// Stops an instance, unless it is over.
    pub fn stop(&mut self, id: &str) {
        if self.instance(id).is_none_or(|instance| instance.state.is_over()) {
            return;
        }
        self.change_state(id, InstanceState::Stopping);
        let at = self.after(self.settings.timing.terminated_after);
        self.due.add(at, Event::Change(id.to_owned(), InstanceState::Stopped));
    }

    /// Says that Spot takes the instance back, and does so two minutes later.
    pub fn interrupt(&mut self, id: &str) {
        let detail = json!({ "instance-id": id, "instance-action": "terminate" });
        self.announce("aws.ec2", "EC2 Spot Instance Interruption Warning", id, &detail);
        let at = self.after(self.settings.timing.spot_notice);
        self.due.add(at, Event::Reclaim(id.to_owned()));
    }

    /// Says that the instance is likely to be taken back.
    pub fn recommend_rebalance(&mut self, id: &str) {
        let detail = json!({ "instance-id": id });
        self.announce("aws.ec2", "EC2 Instance Rebalance Recommendation", id, &detail);
    }

    /// Says that the owner of the capacity reservation takes the instance back.
    pub fn interrupt_reserved(&mut self, id: &str) {
        let detail = json!({ "instance-id": id, "instance-action": "terminate" });
        let kind = "EC2 Capacity Reservation Instance Interruption Warning";
        self.announce("aws.ec2", kind, id, &detail);
        let at = self.after(self.settings.timing.spot_notice);
        self.due.add(at, Event::Reclaim(id.to_owned()));
    }

    /// Says that the instance's machine is to be retired.
    pub fn schedule_change(&mut self, id: &str) {
        let code = "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED";
        let http_date = |time: Timestamp| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let start = self.now.checked_add(SignedDuration::from_hours(24)).unwrap_or(self.now);
        let detail = json!({
            "eventArn": format!("arn:aws:health:{}::event/EC2/{code}/{id}", self.region()),
            "service": "EC2",
            "eventTypeCode": code,
            "eventTypeCategory": "scheduledChange",
            "startTime": http_date(start),
            "endTime": http_date(start),
            "eventDescription": [{ "language": "en_US", "latestDescription": "retirement" }],
            "affectedEntities": [{ "entityValue": id }],
        });
        self.announce("aws.health", "AWS Health Event", id, &detail);
    }

    /// Lets a check of the instance fail, or plans an event for it.
    pub fn impair(&mut self, id: &str, impairment: Impairment) {
        if let Some(instance) = self.instances.0.get_mut(id) {
            instance.impairments.push(impairment);
        }
    }

    /// Everything is well with the instance again.
    pub fn mend(&mut self, id: &str) {
        if let Some(instance) = self.instances.0.get_mut(id) {
            instance.impairments.clear();
        }
    }

    /// Puts any text into all queues.
    pub fn put_message(&mut self, body: &str) {
        self.queues.arrive(body, self.now, &mut self.draw);
    }

    /// Puts an event about an instance into all queues after so long, whether the account has the
    /// instance or not: late messages, and those of others.
    pub fn put_event_later(&mut self, event: &InstanceEvent<'_>, wait: std::time::Duration) {
        let InstanceEvent { source, kind, instance, detail } = event;
        let body = self.event(source, kind, instance, detail).to_string();
        self.due.add(self.after(wait), Event::Arrive(body));
    }

    /// The next so many messages arrive twice.
    pub fn double_messages(&mut self, count: u32) {
        self.queues.doubled = count;
    }

    /// All instances that are not forgotten, by id, also those that nobody can see yet.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.0.values()
    }

    /// Instances that cost money: all but those that are over.
    pub fn living(&self) -> impl Iterator<Item = &Instance> {
        self.instances().filter(|one| !one.state.is_over())
    }

    /// An instance.
    pub fn instance(&self, id: &str) -> Option<&Instance> {
        self.instances.0.get(id)
    }

    /// Launch templates by name.
    pub fn launch_templates(&self) -> impl Iterator<Item = &LaunchTemplate> {
        self.templates.by_name.values()
    }

    /// Instance profiles by name.
    pub fn instance_profiles(&self) -> impl Iterator<Item = &InstanceProfile> {
        self.iam.profiles.values()
    }

    /// Subnets by id.
    pub fn subnets(&self) -> impl Iterator<Item = &Subnet> {
        self.network.subnets.values()
    }

    /// Messages of a queue, also those that somebody has received and not deleted.
    pub fn messages(&self, queue: &str) -> impl Iterator<Item = &Message> {
        self.queues.messages(queue)
    }

    /// vCPUs of standard instances that are in use.
    pub fn vcpus_in_use(&self, capacity_type: scheduler_core::model::CapacityType) -> u64 {
        self.pools.vcpus_in_use(capacity_type)
    }

    /// Where queues are reached, as `GetQueueUrl` answers.
    pub fn set_endpoint(&mut self, endpoint: &str) {
        endpoint.clone_into(&mut self.queues.endpoint);
    }
}

/// An event about an instance, as `EventBridge` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceEvent<'a> {
    /// `aws.ec2` or `aws.health`.
    pub source: &'a str,
    /// Its `detail-type`.
    pub kind: &'a str,
    /// `i-…`.
    pub instance: &'a str,
    /// Its `detail`.
    pub detail: Value,
}
