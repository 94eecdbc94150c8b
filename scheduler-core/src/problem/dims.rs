//! Resources as dense vectors.

use std::collections::BTreeSet;

use crate::model::Resources;

/// The resources that pods of one problem ask for. Vectors of amounts follow their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dims {
    names: Vec<String>,
}

impl Dims {
    /// CPU, memory and pod slots, and whatever else one of these requests names.
    pub(crate) fn new<'a>(requests: impl Iterator<Item = &'a Resources>) -> Self {
        let mut others: BTreeSet<&str> = BTreeSet::new();
        for request in requests {
            if request.ephemeral_bytes > 0 {
                others.insert("ephemeral-storage");
            }
            let asked = request.extended.iter().filter(|(_, amount)| **amount > 0);
            others.extend(asked.map(|(name, _)| name.as_str()));
        }
        let names = ["cpu", "memory", "pods"].into_iter().chain(others);
        Self { names: names.map(str::to_owned).collect() }
    }

    /// Number of resources.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Kubernetes names, in order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Amounts as a vector.
    pub(crate) fn lower(&self, amounts: &Resources) -> Vec<i64> {
        self.names.iter().map(|name| amounts.get(name)).collect()
    }
}

/// How often a request fits into some room: resources that are not asked for do not matter.
pub(crate) fn times_fitting(request: &[i64], room: &[i64]) -> i64 {
    let mut times = i64::MAX;
    for (asked, room) in request.iter().zip(room) {
        if *asked > 0 {
            times = times.min((*room).max(0) / asked);
        }
    }
    times
}

/// Whether a request fits into some room.
pub(crate) fn fits(request: &[i64], room: &[i64]) -> bool {
    request.iter().zip(room).all(|(asked, room)| *asked == 0 || asked <= room)
}

/// Takes `times` requests out of some room; a negative number puts them back.
pub(crate) fn take(room: &mut [i64], request: &[i64], times: i64) {
    for (room, asked) in room.iter_mut().zip(request) {
        *room -= asked * times;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_that_is_not_asked_for_does_not_matter() {
        assert!(fits(&[100, 0], &[100, -5]));
        assert_eq!(times_fitting(&[100, 0], &[350, -5]), 3);
    }

    #[test]
    fn dimensions_follow_what_pods_ask_for() {
        let mut gpu = Resources::new(1000, 1 << 30);
        gpu.set("nvidia.com/gpu", 1);
        let dims = Dims::new([&gpu].into_iter());
        assert_eq!(dims.names(), ["cpu", "memory", "pods", "nvidia.com/gpu"]);
        assert_eq!(dims.lower(&gpu), [1000, 1 << 30, 0, 1]);
    }
}
