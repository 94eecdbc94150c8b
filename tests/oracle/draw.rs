//! Random instances: sizes and prices of every manner, and one or two complications.

use scheduler_core::model::CapacityType;
use scheduler_core::testkit::Random;

use crate::instance::{
    Access, Daemon, Instance, Kind, Offering, Pool, Rule, Size, Standing, Workload,
};

const ZONES: [&str; 3] = ["a", "b", "c"];
/// Most waiting pods: the fillings of a node stay few enough to list.
const PODS_MAX: i64 = 14;
const CORES: [i64; 6] = [1, 2, 4, 8, 16, 32];
const MEMORY_MI_PER_CORE: [i64; 4] = [1_024, 2_048, 4_096, 8_192];
const SLOTS: [i64; 5] = [3, 4, 8, 29, 110];

/// How the price of an instance type follows from its size.
#[derive(Clone, Copy)]
enum Pricing {
    /// So much for each core and gibibyte.
    Even,
    /// The same, less for large types.
    Bulk,
    /// Not at all.
    Wild,
}

/// The instance of this seed. The same seed gives the same instance.
pub(crate) fn draw(seed: u64) -> Instance {
    let mut random = Random::new(seed);
    let random = &mut random;
    let mut instance = Instance { kinds: kinds(random), ..Instance::default() };
    instance.pools = pools(random);
    instance.daemon = chance(random, 30).then(|| Daemon {
        size: Size { cpu_milli: between(random, 20, 300), memory_mi: between(random, 16, 400) },
        tolerates: access(random),
    });
    instance.workloads = workloads(random, &instance.kinds);
    if chance(random, 40) {
        for _ in 0..between(random, 1, 2) {
            let standing = standing(random, &instance);
            instance.nodes.extend(standing.filter(|one| instance.rest(one).is_sound()));
        }
    }
    instance
}

fn kinds(random: &mut Random) -> Vec<Kind> {
    let pricing = one_of(random, &[Pricing::Even, Pricing::Bulk, Pricing::Wild]);
    let kind = |random: &mut Random| {
        let cores = one_of(random, &CORES);
        let memory_mi = cores * one_of(random, &MEMORY_MI_PER_CORE);
        let reserved = between(random, 0, 100);
        let size = Size {
            cpu_milli: cores * (1_000 - reserved),
            memory_mi: memory_mi * (1_000 - reserved) / 1_000,
        };
        let even = cores * 30_000 + memory_mi * 4;
        let micro_usd = match pricing {
            Pricing::Even => even * between(random, 90, 110) / 100,
            Pricing::Bulk => even * (100 - 10 * i64::from(cores.ilog2())) / 100,
            Pricing::Wild => between(random, 10_000, 400_000),
        };
        let mut offerings: Vec<Offering> = Vec::new();
        for _ in 0..between(random, 1, 3) {
            let zone = one_of(random, &ZONES);
            let capacity_type = one_of(random, &[CapacityType::OnDemand, CapacityType::Spot]);
            let percent = match capacity_type {
                CapacityType::Spot => between(random, 25, 80),
                CapacityType::OnDemand | CapacityType::Reserved => 100 + between(random, 0, 3),
            };
            let is_new = |one: &Offering| one.zone != zone || one.capacity_type != capacity_type;
            if offerings.iter().all(is_new) {
                let micro_usd = micro_usd * percent / 100;
                offerings.push(Offering { zone, capacity_type, micro_usd });
            }
        }
        Kind { size, slots: one_of(random, &SLOTS), offerings }
    };
    (0..between(random, 2, 6)).map(|_| kind(random)).collect()
}

fn pools(random: &mut Random) -> Vec<Pool> {
    let mut pools = vec![Pool::default()];
    if chance(random, 30) {
        pools[0].capacity_type = chance(random, 50).then_some(CapacityType::OnDemand);
        pools.push(Pool {
            zone: chance(random, 50).then(|| one_of(random, &ZONES)),
            capacity_type: chance(random, 50).then_some(CapacityType::Spot),
            access: access(random),
        });
    }
    pools
}

fn workloads(random: &mut Random, kinds: &[Kind]) -> Vec<Workload> {
    let mut left = PODS_MAX;
    let mut workloads = Vec::new();
    for _ in 0..between(random, 2, 6) {
        let pods = between(random, 1, 6).min(left);
        if pods == 0 {
            break;
        }
        left -= pods;
        let rule = match random.below(10) {
            0 => Rule::InZone(one_of(random, &ZONES)),
            1 => Rule::OnDemand,
            2 | 3 => Rule::OneANode,
            _ => Rule::Anywhere,
        };
        let size = size(random, kinds);
        workloads.push(Workload { size, pods, rule, tolerates: access(random) });
    }
    workloads
}

/// Any size, or in half of the cases one that leaves much of a node of some type unused: just over
/// a half or a third of it.
fn size(random: &mut Random, kinds: &[Kind]) -> Size {
    let whole = one_of(random, kinds).size;
    if chance(random, 50) {
        let cpu_milli = random.log_uniform(100, whole.cpu_milli);
        return Size { cpu_milli, memory_mi: random.log_uniform(64, whole.memory_mi) };
    }
    let parts = between(random, 2, 3);
    let just_over = |amount: i64, permille: i64| amount * (1_000 + permille) / (1_000 * parts);
    let (over, other) = (between(random, 5, 80), -between(random, 200, 800));
    let (cpu, memory) = if chance(random, 50) { (over, other) } else { (other, over) };
    Size {
        cpu_milli: just_over(whole.cpu_milli, cpu),
        memory_mi: just_over(whole.memory_mi, memory),
    }
}

fn standing(random: &mut Random, instance: &Instance) -> Option<Standing> {
    let pool = random.below(instance.pools.len());
    let kind = random.below(instance.kinds.len());
    let Kind { size, offerings, .. } = &instance.kinds[kind];
    let offering = one_of(random, offerings);
    let used = between(random, 0, 60);
    let stranger =
        Size { cpu_milli: size.cpu_milli * used / 100, memory_mi: size.memory_mi * used / 100 };
    let resident = chance(random, 40).then(|| random.below(instance.workloads.len()));
    let may_exist = instance.pools[pool].buys(&offering);
    may_exist.then_some(Standing { pool, kind, offering, stranger, resident })
}

fn access(random: &mut Random) -> Access {
    one_of(random, &[Access::Everybody, Access::Team])
}

fn chance(random: &mut Random, percent: usize) -> bool {
    random.below(100) < percent
}

fn one_of<T: Clone>(random: &mut Random, choices: &[T]) -> T {
    choices[random.below(choices.len())].clone()
}

/// An integer between the two, both included.
fn between(random: &mut Random, low: i64, high: i64) -> i64 {
    low + random.below((high - low + 1) as usize) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_complication_is_drawn_often_and_no_instance_is_large() {
        let drawn: Vec<Instance> = (0..1_000).map(draw).collect();
        let pods = |one: &Instance| one.workloads.iter().map(|workload| workload.pods).sum::<i64>();
        let has_rule = |one: &Instance, rule: fn(&Rule) -> bool| {
            one.workloads.iter().any(|workload| rule(&workload.rule))
        };
        let often = |what: &dyn Fn(&Instance) -> bool| drawn.iter().filter(|one| what(one)).count();
        let counts = [
            often(&|one| has_rule(one, |rule| matches!(rule, Rule::InZone(_)))),
            often(&|one| has_rule(one, |rule| *rule == Rule::OnDemand)),
            often(&|one| has_rule(one, |rule| *rule == Rule::OneANode)),
            often(&|one| !one.nodes.is_empty()),
            often(&|one| one.daemon.is_some()),
            often(&|one| one.pools.len() > 1),
            often(&|one| one.pools.iter().any(|pool| pool.access == Access::Team)),
        ];
        assert!(counts.iter().all(|count| *count >= 100), "{counts:?}");
        assert!(drawn.iter().all(|one| pods(one) <= PODS_MAX));
    }
}
