//! How an account behaves.

use std::time::Duration;

use super::page::Paging;

/// Number of the account.
pub(crate) const ACCOUNT_ID: &str = "123456789012";

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
}
