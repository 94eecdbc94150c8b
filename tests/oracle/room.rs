//! What fits where, from the constraints by name.

use scheduler_core::model::CapacityType;

use crate::instance::{Access, Instance, Kind, Offering, Pool, Rule, Size, Standing, Workload};

/// CPU, memory and pod slots.
type Amounts = [i64; 3];

/// A node, bought or standing, as the waiting pods see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) micro_usd: i64,
    free: Amounts,
    /// By workload: pods of it that may be on the node, whatever their size.
    admits: Vec<i64>,
}

impl Pool {
    /// Whether it may buy this.
    pub(crate) fn buys(&self, offering: &Offering) -> bool {
        self.zone.is_none_or(|zone| zone == offering.zone)
            && self.capacity_type.is_none_or(|one| one == offering.capacity_type)
    }

    fn lets_in(&self, tolerates: Access) -> bool {
        self.access == Access::Everybody || tolerates == Access::Team
    }
}

impl Instance {
    /// A room for each way to buy a node.
    pub(crate) fn rooms_on_sale(&self) -> Vec<Room> {
        let mut rooms = Vec::new();
        for pool in &self.pools {
            for kind in &self.kinds {
                let bought = kind.offerings.iter().filter(|offering| pool.buys(offering));
                rooms.extend(bought.map(|offering| self.room(pool, kind, offering)));
            }
        }
        rooms
    }

    /// What is left of the nodes that exist.
    pub(crate) fn rooms_standing(&self) -> Vec<Room> {
        self.nodes.iter().map(|standing| self.rest(standing)).collect()
    }

    /// What is left of a node that exists.
    pub(crate) fn rest(&self, standing: &Standing) -> Room {
        let Standing { pool, kind, offering, stranger, resident } = standing;
        let mut room = self.room(&self.pools[*pool], &self.kinds[*kind], offering);
        room.micro_usd = 0;
        room.take(one_pod(*stranger));
        if let Some(resident) = *resident {
            let workload = &self.workloads[resident];
            room.take(one_pod(workload.size));
            if workload.rule == Rule::OneANode {
                room.admits[resident] = 0;
            }
        }
        room
    }

    fn room(&self, pool: &Pool, kind: &Kind, offering: &Offering) -> Room {
        let admit = |workload: &Workload| match workload.rule {
            _ if !pool.lets_in(workload.tolerates) => 0,
            Rule::InZone(zone) if zone != offering.zone => 0,
            Rule::OnDemand if offering.capacity_type != CapacityType::OnDemand => 0,
            Rule::OneANode => 1,
            Rule::Anywhere | Rule::InZone(_) | Rule::OnDemand => i64::MAX,
        };
        let mut room = Room {
            micro_usd: offering.micro_usd,
            free: [kind.size.cpu_milli, kind.size.memory_mi, kind.slots],
            admits: self.workloads.iter().map(admit).collect(),
        };
        if let Some(daemon) = self.daemon.filter(|daemon| pool.lets_in(daemon.tolerates)) {
            room.take(one_pod(daemon.size));
        }
        room
    }
}

impl Room {
    /// Whether nothing on it is overfull.
    pub(crate) fn is_sound(&self) -> bool {
        self.free.iter().all(|amount| *amount >= 0)
    }

    /// Every filling with no more than so many pods of each workload to which none of them can be
    /// added.
    pub(crate) fn full(&self, workloads: &[Workload], pods_max: &[i64]) -> Vec<Vec<i64>> {
        let mut found = Vec::new();
        self.fill(workloads, pods_max, &mut Vec::new(), &mut found);
        found
    }

    fn fill(
        &self,
        workloads: &[Workload],
        pods_max: &[i64],
        pods: &mut Vec<i64>,
        found: &mut Vec<Vec<i64>>,
    ) {
        if !self.holds(workloads, pods) {
            return;
        }
        if pods.len() == workloads.len() {
            if self.is_full(workloads, pods_max, pods) {
                found.push(pods.clone());
            }
            return;
        }
        for count in 0..=pods_max[pods.len()] {
            pods.push(count);
            self.fill(workloads, pods_max, pods, found);
            pods.pop();
        }
    }

    fn is_full(&self, workloads: &[Workload], pods_max: &[i64], pods: &[i64]) -> bool {
        (0..pods.len()).filter(|at| pods[*at] < pods_max[*at]).all(|at| {
            let mut more = pods.to_vec();
            more[at] += 1;
            !self.holds(workloads, &more)
        })
    }

    /// Whether so many pods of the first workloads may be on the node together.
    pub(crate) fn holds(&self, workloads: &[Workload], pods: &[i64]) -> bool {
        let mut rest = self.clone();
        for (workload, count) in workloads.iter().zip(pods) {
            rest.take(one_pod(workload.size).map(|amount| amount * count));
        }
        // An overfull node still holds nothing.
        let fits = rest.is_sound() || pods.iter().all(|count| *count == 0);
        fits && pods.iter().zip(&self.admits).all(|(count, most)| count <= most)
    }

    fn take(&mut self, amounts: Amounts) {
        self.free.iter_mut().zip(amounts).for_each(|(free, amount)| *free -= amount);
    }
}

fn one_pod(size: Size) -> Amounts {
    [size.cpu_milli, size.memory_mi, 1]
}
