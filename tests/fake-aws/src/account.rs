//! The state of an AWS account in one region, and what happens in it.

pub(crate) mod action;
pub(crate) mod builder;
pub(crate) mod counters;
mod draw;
pub(crate) mod fault;
pub(crate) mod filter;
mod gate;
pub(crate) mod page;
pub(crate) mod throttle;

pub(crate) mod capacity;
pub(crate) mod cluster;
pub(crate) mod events;
pub(crate) mod fleet;
pub(crate) mod iam;
pub(crate) mod image;
pub(crate) mod instance;
pub(crate) mod launch;
pub(crate) mod launch_data;
pub(crate) mod machines;
pub(crate) mod network;
pub(crate) mod price_list;
pub(crate) mod queue;
pub(crate) mod reservation;
pub(crate) mod run;
pub(crate) mod scripting;
pub(crate) mod settings;
pub(crate) mod spot_prices;
pub(crate) mod status;
pub(crate) mod template;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use self::action::{Action, Call, Service};
use self::capacity::Pools;
use self::cluster::Cluster;
use self::counters::Counters;
use self::draw::Draw;
use self::events::Due;
use self::fleet::Fleets;
use self::gate::{Admission, Gate, Verdict};
use self::iam::Iam;
use self::image::Images;
use self::instance::Instances;
use self::machines::Machines;
use self::network::Network;
use self::queue::Queues;
use self::reservation::{PlacementGroup, Reservations};
use self::settings::Settings;
use self::template::Templates;
use crate::error::{AwsError, Failure};

/// An AWS account in one region.
///
/// It is a state machine: requests go in, answers or errors come out, and nothing else moves it but
/// [`Account::advance`]. The same seed and the same requests give the same answers.
#[derive(Debug)]
pub struct Account {
    settings: Settings,
    now: Timestamp,
    draw: Draw,
    gate: Gate,
    counters: Counters,
    due: Due,
    machines: Arc<Machines>,
    pools: Pools,
    network: Network,
    images: Images,
    templates: Templates,
    fleets: Fleets,
    instances: Instances,
    reservations: Reservations,
    placement_groups: BTreeMap<String, PlacementGroup>,
    queues: Queues,
    iam: Iam,
    cluster: Option<Cluster>,
}

/// What became of a call, and after which time the caller shall know.
#[derive(Debug)]
pub struct Served<T> {
    /// How long the answer takes.
    pub delay: Duration,
    /// The answer.
    pub result: Result<T, Failure>,
}

impl Account {
    /// Serves a call.
    pub fn serve<C: Call>(&mut self, call: C) -> Served<C::Answer> {
        let Admission { delay, verdict } = self.gate.admit(C::ACTION, self.now, &mut self.draw);
        let result = match verdict {
            Verdict::Serve => call.carry_out(self).map_err(Failure::from),
            Verdict::ServeAndLose => {
                drop(call.carry_out(self));
                Err(Failure::AnswerLost)
            }
            Verdict::Fail(failure) => Err(failure),
        };
        self.counters.record(C::ACTION, &result);
        // What takes no time has happened when the caller knows.
        self.advance_to(self.now);
        Served { delay, result }
    }

    /// Serves a call for somebody who does not wait.
    ///
    /// # Errors
    /// As the service does, or as a fault has it.
    pub fn call<C: Call>(&mut self, call: C) -> Result<C::Answer, Failure> {
        self.serve(call).result
    }

    /// The account's time.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets time pass, with everything that becomes due on the way.
    pub fn advance(&mut self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.advance_to(self.now.checked_add(by).unwrap_or(Timestamp::MAX));
    }

    /// Lets time pass until this instant; an earlier one changes nothing.
    pub fn advance_to(&mut self, until: Timestamp) {
        while let Some((at, event)) = self.due.pop(until) {
            self.now = self.now.max(at);
            self.happen(event);
        }
        self.now = self.now.max(until);
    }

    /// Fails unless the caller has the permission, for calls that need more than their own.
    fn require(&self, service: Service, permission: &str) -> Result<(), AwsError> {
        self.gate.require(service, permission)
    }

    /// The instant after so long.
    fn after(&self, wait: Duration) -> Timestamp {
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        self.now.checked_add(wait).unwrap_or(Timestamp::MAX)
    }

    /// What calls of this kind counted.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How often this was called.
    pub fn calls(&self, action: Action) -> u64 {
        self.counters.of(action).calls
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.settings.region
    }

    /// The account's number.
    pub fn account_id(&self) -> &str {
        &self.settings.account_id
    }

    /// An ARN of this account.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Settings { region, account_id, .. } = &self.settings;
        // IAM is the same in all regions, and says so.
        let region = if service == "iam" { "" } else { region };
        format!("arn:aws:{service}:{region}:{account_id}:{resource}")
    }
}
