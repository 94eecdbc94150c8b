//! Instances that nobody owns.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::api::ec2::Instance;

/// A younger instance may belong to a claim that has not been written yet.
pub const LEAKED_FROM: SignedDuration = SignedDuration::from_secs(30);

/// Ids of instances to be terminated because no claim has them.
///
/// `instances` must have been listed before `claimed`: a claim that was written in between is then
/// among those known. `claimed` are the ids in the provider ids of all claims, and `launching` those
/// tokens whose launch is not settled yet; what they bring is left alone, whatever its age.
pub fn leaked(
    instances: &[Instance],
    claimed: &BTreeSet<String>,
    launching: &BTreeSet<String>,
    now: Timestamp,
) -> Vec<String> {
    let is_leaked = |one: &&Instance| {
        let is_old = one.launched.checked_add(LEAKED_FROM).is_ok_and(|end| now > end);
        let token = one.tags.get(crate::tags::LAUNCH);
        is_old
            && !one.state.is_ending()
            && !claimed.contains(&one.id)
            && token.is_none_or(|token| !launching.contains(token))
    };
    instances.iter().filter(is_leaked).map(|one| one.id.clone()).collect()
}
