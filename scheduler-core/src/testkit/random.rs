//! Random numbers from a seed.

/// `SplitMix64` (Steele, Lea, Flood 2014). Written out so that a generated cluster stays the same
/// for ever: stored benchmark baselines depend on it, and a library may change its stream.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// An index below `end`, which must not be 0.
    pub const fn below(&mut self, end: usize) -> usize {
        ((self.bits() as u128 * end as u128) >> 64) as usize
    }

    /// An integer between the two (both included), with equal chances for each doubling.
    pub fn log_uniform(&mut self, low: i64, high: i64) -> i64 {
        let share = (self.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        let (low, high) = (low as f64, high as f64);
        (low * (high / low).powf(share)).round().clamp(low, high) as i64
    }

    /// Puts the items in random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_the_reference_implementation() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn half_of_the_log_uniform_draws_are_below_the_geometric_mean() {
        let mut random = Random::new(7);
        let draws = (0..10_000).map(|_| random.log_uniform(64, 65_536));
        let below = draws.filter(|draw| *draw < 2048).count();
        assert!((4_800..=5_200).contains(&below), "{below}");
    }
}
