//! Which conditions of a node mean that it is to be replaced.

use jiff::SignedDuration;

/// A node whose condition has had this status for so long is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepairPolicy {
    /// Type of the condition.
    pub condition: &'static str,
    /// Status.
    pub status: &'static str,
    /// For so long.
    pub toleration: SignedDuration,
}

/// The policies for nodes on EC2. Those other than `Ready` are set by EKS's node monitoring agent.
pub const REPAIR_POLICIES: [RepairPolicy; 7] = [
    policy("Ready", "False", 30),
    policy("Ready", "Unknown", 30),
    // A broken accelerator does not heal, and pods on it make no progress.
    policy("AcceleratedHardwareReady", "False", 10),
    policy("StorageReady", "False", 30),
    policy("NetworkingReady", "False", 30),
    policy("KernelReady", "False", 30),
    policy("ContainerRuntimeReady", "False", 30),
];

const fn policy(condition: &'static str, status: &'static str, mins: i64) -> RepairPolicy {
    RepairPolicy { condition, status, toleration: SignedDuration::from_mins(mins) }
}

/// How long a node with this condition is left alone; `None` if it is for ever.
pub fn toleration(condition: &str, status: &str) -> Option<SignedDuration> {
    let found =
        REPAIR_POLICIES.iter().find(|one| (one.condition, one.status) == (condition, status));
    found.map(|policy| policy.toleration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_accelerator_is_replaced_after_ten_minutes_and_other_faults_after_thirty() {
        let mins = |condition, status| toleration(condition, status).map(|time| time.as_mins());
        assert_eq!(mins("AcceleratedHardwareReady", "False"), Some(10));
        for condition in
            ["Ready", "StorageReady", "NetworkingReady", "KernelReady", "ContainerRuntimeReady"]
        {
            assert_eq!(mins(condition, "False"), Some(30), "{condition}");
        }
    }

    #[test]
    fn only_readiness_may_be_unknown_for_thirty_minutes_at_most() {
        assert_eq!(toleration("Ready", "Unknown"), Some(SignedDuration::from_mins(30)));
        assert_eq!(toleration("KernelReady", "Unknown"), None);
        assert_eq!(toleration("MemoryPressure", "True"), None);
    }
}
