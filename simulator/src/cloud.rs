//! The machines' owner: how long a node takes to come up, when Spot takes it back, what is sold out.
//!
//! Every answer is drawn from a stream of its own, named by purpose and subject, so that one more
//! draw somewhere changes nothing elsewhere and strategies meet the same shortages.

use jiff::{SignedDuration, Timestamp};
use rand_distr::{Distribution as _, Exp, LogNormal, StandardUniform};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng as _;
use scheduler_core::model::{CapacityType, Offering, OfferingKey};

use crate::clock;

/// Hours of a month, as figures per month count them.
const HOURS_PER_MONTH: f64 = 730.0;

/// 99th percentile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// A shortage lasts so long; then the dice are thrown anew.
const SHORTAGE_SECS: i64 = 1800;

/// How the simulated cloud behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CloudSettings {
    /// Half of all nodes are up after so many seconds.
    pub startup_p50_secs: f64,
    /// 99 in 100 are up after so many seconds; at least the median.
    pub startup_p99_secs: f64,
    /// Chance that an offering is sold out in any half hour, in millionths.
    pub shortage_ppm: u32,
    /// Whether Spot instances are taken back.
    pub interruptions: Interruptions,
}

/// Whether Spot instances are taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruptions {
    /// At the rate of the offering's interruption band.
    FromAdvisor,
    /// Never.
    Never,
}

impl Default for CloudSettings {
    /// Start-up as measured by users of the peer; no shortages.
    fn default() -> Self {
        Self {
            startup_p50_secs: 40.0,
            startup_p99_secs: 90.0,
            shortage_ppm: 0,
            interruptions: Interruptions::FromAdvisor,
        }
    }
}

/// What a random stream is for.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    Startup,
    Interruption,
    Shortage,
}

/// The simulated cloud.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cloud {
    settings: CloudSettings,
    seed: u64,
}

impl Cloud {
    pub(crate) const fn new(settings: CloudSettings, seed: u64) -> Self {
        Self { settings, seed }
    }

    /// How long the node of this launch takes until pods can be bound to it.
    pub(crate) fn startup(&self, launch: u32) -> SignedDuration {
        let median = self.settings.startup_p50_secs.max(0.001);
        let spread = (self.settings.startup_p99_secs.max(median) / median).ln() / NORMAL_P99;
        let mut stream = self.stream(Purpose::Startup, u64::from(launch));
        let seconds = match LogNormal::new(median.ln(), spread) {
            Ok(distribution) => distribution.sample(&mut stream),
            Err(_) => median,
        };
        millis(seconds * 1000.0)
    }

    /// How long after its launch the instance gets notice that it is taken back; `None` is never.
    pub(crate) fn interruption(&self, launch: u32, offering: &Offering) -> Option<SignedDuration> {
        let spot = offering.capacity_type == CapacityType::Spot;
        if !spot || self.settings.interruptions == Interruptions::Never {
            return None;
        }
        // The band says which share is gone after a month; the rate follows from it.
        let gone = (f64::from(offering.interruptions_permille_month) / 1000.0).min(0.999);
        let per_hour = -(1.0 - gone).ln() / HOURS_PER_MONTH;
        let distribution = Exp::new(per_hour).ok().filter(|_| per_hour > 0.0)?;
        let mut stream = self.stream(Purpose::Interruption, u64::from(launch));
        Some(millis(distribution.sample(&mut stream) * 3_600_000.0))
    }

    /// Whether the offering can be had at this instant. The same for every strategy.
    pub(crate) fn has_capacity(&self, offering: &OfferingKey, now: Timestamp) -> bool {
        if self.settings.shortage_ppm == 0 {
            return true;
        }
        let period = clock::millis_since_zero(now) / (SHORTAGE_SECS * 1000);
        let capacity_type = offering.capacity_type.as_str();
        let names = [offering.instance_type.as_str(), offering.zone.as_str(), capacity_type];
        let subject = names.iter().fold(period as u64, |hash, name| mix(hash, name.as_bytes()));
        let chance = f64::from(self.settings.shortage_ppm) / 1e6;
        let drawn: f64 = StandardUniform.sample(&mut self.stream(Purpose::Shortage, subject));
        drawn >= chance
    }

    fn stream(&self, purpose: Purpose, subject: u64) -> Pcg64Mcg {
        let name: &[u8] = match purpose {
            Purpose::Startup => b"startup",
            Purpose::Interruption => b"interruption",
            Purpose::Shortage => b"shortage",
        };
        Pcg64Mcg::seed_from_u64(mix(mix(self.seed, name), &subject.to_le_bytes()))
    }
}

/// FNV-1a over the bytes, started from a hash: enough to keep streams apart, since the generator
/// scrambles its seed.
fn mix(hash: u64, bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(hash ^ OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

fn millis(millis: f64) -> SignedDuration {
    // A hundred years: later than any trace ends.
    const MOST: f64 = 3.2e12;
    SignedDuration::from_millis(millis.min(MOST) as i64)
}

#[cfg(test)]
mod tests {
    use scheduler_core::model::Price;

    use super::*;

    fn cloud(shortage_ppm: u32) -> Cloud {
        Cloud::new(CloudSettings { shortage_ppm, ..CloudSettings::default() }, 7)
    }

    fn spot(permille: u32) -> Offering {
        Offering {
            zone: "a".into(),
            capacity_type: CapacityType::Spot,
            price: Price::from_micro_usd(1),
            available: true,
            interruptions_permille_month: permille,
            reservation: None,
        }
    }

    #[test]
    fn nodes_come_up_with_the_stated_median_and_tail() {
        let mut seconds: Vec<f64> =
            (0..10_000).map(|launch| cloud(0).startup(launch).as_secs_f64()).collect();
        seconds.sort_by(f64::total_cmp);
        assert!((39.0..41.0).contains(&seconds[5_000]), "{}", seconds[5_000]);
        assert!((85.0..95.0).contains(&seconds[9_900]), "{}", seconds[9_900]);
    }

    #[test]
    fn the_band_s_share_of_spot_instances_is_gone_after_a_month() {
        let month = SignedDuration::from_hours(730);
        let gone = (0..10_000)
            .filter(|launch| cloud(0).interruption(*launch, &spot(120)).unwrap() < month)
            .count();
        assert!((1_100..1_300).contains(&gone), "{gone}");
    }

    #[test]
    fn an_offering_is_sold_out_as_often_as_asked() {
        let key = OfferingKey {
            instance_type: "m7g.large".into(),
            zone: "a".into(),
            capacity_type: CapacityType::OnDemand,
            reservation: None,
        };
        let short = (0..10_000)
            .filter(|half_hour| {
                !cloud(100_000).has_capacity(&key, clock::at_second(1800 * half_hour))
            })
            .count();
        assert!((900..1_100).contains(&short), "{short}");
    }

    #[test]
    fn on_demand_is_never_taken_back() {
        let offering = Offering { capacity_type: CapacityType::OnDemand, ..spot(200) };
        assert_eq!(cloud(0).interruption(1, &offering), None);
    }
}
