//! Quotas of vCPUs, learnt from refusals.
//!
//! EC2 counts vCPUs by bucket of families, Spot and on-demand apart, and tells its limit only when
//! it is reached. From then on types that do not fit below what was refused are known to fail, and
//! planning leaves them out until vCPUs come free or the finding is old.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use scheduler_core::model::{CapacityType, InstanceType};

use crate::time::is_over;

/// After so long it is worth finding out whether the quota was raised.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(30);

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// A, C, D, H, I, M, R, T and Z.
    Standard,
    /// DL.
    Dl,
    /// F.
    F,
    /// G and VT.
    G,
    /// High memory: U.
    HighMemory,
    /// HPC.
    Hpc,
    /// Inf.
    Inf,
    /// P.
    P,
    /// Trn.
    Trn,
    /// X.
    X,
}

impl Bucket {
    /// The bucket of an instance type; `None` if it is not counted in vCPUs, as Macs are not.
    pub fn of(instance_type: &str) -> Option<Self> {
        let letters = instance_type.find(|one: char| !one.is_ascii_lowercase())?;
        Some(match &instance_type[..letters] {
            "a" | "c" | "d" | "h" | "i" | "im" | "is" | "m" | "r" | "t" | "z" => Self::Standard,
            "dl" => Self::Dl,
            "f" => Self::F,
            "g" | "gr" | "vt" => Self::G,
            "u" => Self::HighMemory,
            "hpc" => Self::Hpc,
            "inf" => Self::Inf,
            "p" => Self::P,
            "trn" => Self::Trn,
            "x" => Self::X,
            _ => return None,
        })
    }
}

/// What is known of the account's quotas.
#[derive(Clone, Debug, Default)]
pub struct Quotas(BTreeMap<(Bucket, CapacityType), Finding>);

/// What a refusal told.
#[derive(Clone, Copy, Debug)]
struct Finding {
    /// The limit, if EC2 named it.
    limit_vcpus: Option<u32>,
    /// Our own use is not to go above this: so much was refused.
    ceiling_vcpus: u32,
    at: Timestamp,
}

/// vCPUs in use by our own instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VcpusInUse(BTreeMap<(Bucket, CapacityType), u32>);

impl VcpusInUse {
    /// Counts an instance.
    pub fn add(&mut self, instance_type: &str, capacity_type: CapacityType, vcpus: u32) {
        if let Some(key) = key(instance_type, capacity_type) {
            *self.0.entry(key).or_default() += vcpus;
        }
    }

    fn of(&self, key: (Bucket, CapacityType)) -> u32 {
        self.0.get(&key).copied().unwrap_or(0)
    }
}

impl Quotas {
    /// An instance of `vcpus` was refused for the quota, in these words.
    pub fn refused(
        &mut self,
        (instance_type, capacity_type, vcpus): (&str, CapacityType, u32),
        message: &str,
        in_use: &VcpusInUse,
        now: Timestamp,
    ) {
        let Some(key) = key(instance_type, capacity_type) else { return };
        let ceiling_vcpus = (in_use.of(key) + vcpus).saturating_sub(1);
        let finding = Finding { limit_vcpus: limit_in(message), ceiling_vcpus, at: now };
        let known = self.0.entry(key).or_insert(finding);
        if is_old(known, now) || finding.ceiling_vcpus <= known.ceiling_vcpus {
            *known = finding;
        }
    }

    /// The limit, if EC2 named it.
    pub fn limit_vcpus(&self, instance_type: &str, capacity_type: CapacityType) -> Option<u32> {
        self.0.get(&key(instance_type, capacity_type)?)?.limit_vcpus
    }

    /// vCPUs that can still be had, as far as is known; `None` if no limit was met lately.
    pub fn left_vcpus(
        &self,
        instance_type: &str,
        capacity_type: CapacityType,
        in_use: &VcpusInUse,
        now: Timestamp,
    ) -> Option<u32> {
        let key = key(instance_type, capacity_type)?;
        let finding = self.0.get(&key).filter(|one| !is_old(one, now))?;
        Some(finding.ceiling_vcpus.saturating_sub(in_use.of(key)))
    }

    /// Takes what does not fit into the quotas off the market, for planning.
    pub fn apply(&self, types: &mut [InstanceType], in_use: &VcpusInUse, now: Timestamp) {
        for one in types {
            let vcpus = vcpus(one);
            for offering in &mut one.offerings {
                let left = self.left_vcpus(&one.name, offering.capacity_type, in_use, now);
                offering.available &= left.is_none_or(|left| vcpus <= left);
            }
        }
    }

    /// When the oldest finding is to be tried again.
    pub fn next_end(&self, now: Timestamp) -> Option<Timestamp> {
        let ends = self.0.values().filter_map(|one| one.at.checked_add(REMEMBERED).ok());
        ends.filter(|end| *end > now).min()
    }
}

/// vCPUs of a type.
pub(crate) fn vcpus(instance_type: &InstanceType) -> u32 {
    u32::try_from(instance_type.capacity.cpu_milli / 1000).unwrap_or(u32::MAX)
}

/// Reservations are counted as on-demand.
fn key(instance_type: &str, capacity_type: CapacityType) -> Option<(Bucket, CapacityType)> {
    let counted_as = match capacity_type {
        CapacityType::Spot => CapacityType::Spot,
        CapacityType::OnDemand | CapacityType::Reserved => CapacityType::OnDemand,
    };
    Some((Bucket::of(instance_type)?, counted_as))
}

fn is_old(finding: &Finding, now: Timestamp) -> bool {
    is_over(finding.at, REMEMBERED, now)
}

/// The number in "your current vCPU limit of 32 allows".
pub(crate) fn limit_in(message: &str) -> Option<u32> {
    let (_, rest) = message.split_once("limit of ")?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use scheduler_core::testkit::{instance_type, on_demand};

    use super::*;

    const MESSAGE: &str = "You have requested more vCPU capacity than your current vCPU limit of \
                           32 allows for the instance bucket that the specified instance type \
                           belongs to.";

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn using(vcpus: u32) -> VcpusInUse {
        let mut in_use = VcpusInUse::default();
        in_use.add("m5.large", CapacityType::OnDemand, vcpus);
        in_use
    }

    fn refused_at(in_use: &VcpusInUse) -> Quotas {
        let mut quotas = Quotas::default();
        quotas.refused(("m5.2xlarge", CapacityType::OnDemand, 8), MESSAGE, in_use, at(0));
        quotas
    }

    #[test]
    fn a_refusal_tells_the_limit_and_what_still_fits() {
        let quotas = refused_at(&using(28));
        let on_demand = CapacityType::OnDemand;
        assert_eq!(quotas.limit_vcpus("c5.large", on_demand), Some(32));
        assert_eq!(quotas.left_vcpus("c5.large", on_demand, &using(28), at(1)), Some(7));
        assert_eq!(quotas.left_vcpus("c5.large", on_demand, &using(35), at(1)), Some(0));
    }

    #[test]
    fn buckets_and_spot_are_counted_apart() {
        let quotas = refused_at(&using(28));
        let left = |name, capacity_type| quotas.left_vcpus(name, capacity_type, &using(28), at(1));
        assert_eq!(left("p5.48xlarge", CapacityType::OnDemand), None);
        assert_eq!(left("m5.large", CapacityType::Spot), None);
    }

    #[test]
    fn a_finding_is_tried_again_after_half_an_hour() {
        let quotas = refused_at(&using(28));
        let left = |now| quotas.left_vcpus("m5.large", CapacityType::OnDemand, &using(28), now);
        assert_eq!((left(at(29)), left(at(30))), (Some(7), None));
        assert_eq!(quotas.next_end(at(1)), Some(at(30)));
    }

    #[test]
    fn planning_does_not_see_what_does_not_fit() {
        let quotas = refused_at(&using(28));
        let mut types = vec![
            instance_type("m5.xlarge").offering("a", on_demand("$0.192")).build(),
            instance_type("m5.2xlarge").offering("a", on_demand("$0.384")).build(),
        ];
        quotas.apply(&mut types, &using(28), at(1));
        let available: Vec<bool> = types.iter().map(|one| one.offerings[0].available).collect();
        assert_eq!(available, [true, false]);
    }

    #[test]
    fn every_family_is_in_its_bucket() {
        for (name, bucket) in [
            ("c7i-flex.large", Some(Bucket::Standard)),
            ("im4gn.large", Some(Bucket::Standard)),
            ("u-6tb1.metal", Some(Bucket::HighMemory)),
            ("u7i-12tb.224xlarge", Some(Bucket::HighMemory)),
            ("gr6.4xlarge", Some(Bucket::G)),
            ("trn1.32xlarge", Some(Bucket::Trn)),
            ("x2iedn.xlarge", Some(Bucket::X)),
            ("mac2.metal", None),
        ] {
            assert_eq!(Bucket::of(name), bucket, "{name}");
        }
    }
}
