//! Which of several nodes a pod prefers.

use scheduler_core::model::Resources;

/// How kube-scheduler scores the room on a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scoring {
    /// Prefers the emptiest node: kube-scheduler's default.
    #[default]
    LeastAllocated,
    /// Prefers the fullest node.
    MostAllocated,
}

impl Scoring {
    /// 0 to 100: the mean over CPU and memory of the share that is free (or used) once the pod is
    /// there, in whole percent as kube-scheduler computes it.
    pub(super) fn score(self, used: &Resources, asked: &Resources, room: &Resources) -> i64 {
        let share = |used: i64, asked: i64, room: i64| {
            let taken = used + asked;
            let counted = match self {
                Self::LeastAllocated => room - taken,
                Self::MostAllocated => taken,
            };
            if room == 0 { 0 } else { counted * 100 / room }
        };
        let cpu = share(used.cpu_milli, asked.cpu_milli, room.cpu_milli);
        let memory = share(used.memory_bytes, asked.memory_bytes, room.memory_bytes);
        i64::midpoint(cpu, memory)
    }
}
