//! `TerminateInstances`.

use serde::Deserialize;

use super::{InstanceState, no_instances};
use crate::account::action::{Action, Call, Service};
use crate::account::{Account, AwsError};

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
