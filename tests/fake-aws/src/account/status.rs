//! `DescribeInstanceStatus`: what is wrong with instances, and what is planned for them.

use jiff::Timestamp;
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::filter::{Filter, Filterable, Tags, passes};
use super::instance::InstanceState;
use super::page::{Page, Wanted, page};
use super::{Account, AwsError};

/// Most instances on a page.
const PAGE: usize = 1000;

/// What can be wrong with an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Impairment {
    /// Its own check fails, since then.
    Instance(Timestamp),
    /// The check of what is under it fails, since then.
    System(Timestamp),
    /// Something is planned: a code (`instance-retirement`), not before then.
    Event(String, Timestamp),
}

/// The status of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceStatus {
    /// `i-…`.
    pub instance_id: String,
    /// Name of its zone.
    pub zone: String,
    /// Id of its zone.
    pub zone_id: String,
    /// Where it is in its life.
    pub state: InstanceState,
    /// What is wrong with it.
    pub impairments: Vec<Impairment>,
}

impl InstanceStatus {
    /// Since when its own check fails.
    pub fn instance_impaired_since(&self) -> Option<Timestamp> {
        self.impairments.iter().find_map(|one| match one {
            Impairment::Instance(since) => Some(*since),
            Impairment::System(_) | Impairment::Event(..) => None,
        })
    }

    /// Since when the check of what is under it fails.
    pub fn system_impaired_since(&self) -> Option<Timestamp> {
        self.impairments.iter().find_map(|one| match one {
            Impairment::System(since) => Some(*since),
            Impairment::Instance(_) | Impairment::Event(..) => None,
        })
    }

    /// What is planned.
    pub fn events(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.impairments.iter().filter_map(|one| match one {
            Impairment::Event(code, not_before) => Some((code.as_str(), *not_before)),
            Impairment::Instance(_) | Impairment::System(_) => None,
        })
    }
}

/// `DescribeInstanceStatus`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeInstanceStatus {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these; all must exist.
    pub instance_id: Vec<String>,
    /// Also those that do not run.
    pub include_all_instances: bool,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Most on a page.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeInstanceStatus {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeInstanceStatus");
    type Answer = Page<InstanceStatus>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let mut found = Vec::new();
        for instance in account.instances.named(&self.instance_id, account.now)? {
            let runs = self.include_all_instances || instance.state == InstanceState::Running;
            let status = InstanceStatus {
                instance_id: instance.id.clone(),
                zone: instance.pool.zone.clone(),
                zone_id: instance.zone_id.clone(),
                state: instance.state,
                impairments: instance.impairments.clone(),
            };
            if runs && passes(&self.filter, &status)? {
                found.push(status);
            }
        }
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: PAGE };
        page(found, |one| one.instance_id.clone(), wanted, account.settings.paging)
    }
}

impl Filterable for InstanceStatus {
    fn tags(&self) -> &Tags {
        const NONE: &Tags = &Tags::new();
        NONE
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "instance-status.status" => vec![summary(self.instance_impaired_since()).to_owned()],
            "system-status.status" => vec![summary(self.system_impaired_since()).to_owned()],
            "event.code" => self.events().map(|(code, _)| code.to_owned()).collect(),
            "instance-state-name" => vec![self.state.as_str().to_owned()],
            "availability-zone" => vec![self.zone.clone()],
            _ => return None,
        })
    }
}

/// The word for a check.
pub(crate) const fn summary(impaired_since: Option<Timestamp>) -> &'static str {
    if impaired_since.is_some() { "impaired" } else { "ok" }
}
