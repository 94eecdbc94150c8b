//! Numbers that look random and follow from the seed.

use std::collections::BTreeMap;

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// A million: shares are counted in millionths.
const MILLION: u64 = 1_000_000;

/// Streams of numbers, one for each purpose and subject, so that one more draw somewhere changes
/// nothing elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    seed: u64,
    drawn: BTreeMap<&'static str, u64>,
}

impl Draw {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed, drawn: BTreeMap::new() }
    }

    /// The number for this purpose and subject; always the same.
    pub(crate) fn of(&self, purpose: &str, subject: &str) -> u64 {
        let seed = mix(mix(self.seed, purpose.as_bytes()), subject.as_bytes());
        Pcg64Mcg::seed_from_u64(seed).next_u64()
    }

    /// Whether the subject is among so many millionths; always the same.
    pub(crate) fn hits(&self, purpose: &str, subject: &str, share_ppm: u32) -> bool {
        self.of(purpose, subject) % MILLION < u64::from(share_ppm)
    }

    /// The next number for this purpose.
    pub(crate) fn next(&mut self, purpose: &'static str) -> u64 {
        let drawn = self.drawn.entry(purpose).or_default();
        *drawn += 1;
        let subject = drawn.to_string();
        self.of(purpose, &subject)
    }

    /// Whether the next draw for this purpose is among so many millionths.
    pub(crate) fn next_hits(&mut self, purpose: &'static str, share_ppm: u32) -> bool {
        self.next(purpose) % MILLION < u64::from(share_ppm)
    }

    /// A new id as EC2 makes them: the prefix, a dash and 17 hexadecimal digits.
    pub(crate) fn id(&mut self, prefix: &'static str) -> String {
        format!("{prefix}-0{:016x}", self.next(prefix))
    }

    /// A new id of 36 characters with dashes.
    pub(crate) fn uuid(&mut self, purpose: &'static str) -> String {
        let (high, low) = (self.next(purpose), self.next(purpose));
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

/// FNV-1a over the bytes, started from a hash: enough to keep streams apart, since the generator
/// scrambles its seed.
fn mix(hash: u64, bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(hash ^ OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::Draw;

    #[test]
    fn ids_are_new_each_time_and_the_same_for_the_same_seed() {
        let mut one = Draw::new(7);
        let mut other = Draw::new(7);
        let first = one.id("i");
        assert_eq!(first.len(), "i-0123456789abcdef0".len());
        assert_ne!(first, one.id("i"));
        assert_eq!(other.id("i"), first);
    }

    #[test]
    fn a_draw_for_one_purpose_leaves_others_alone() {
        let mut one = Draw::new(7);
        let mut other = Draw::new(7);
        one.next("fault");
        assert_eq!(one.id("i"), other.id("i"));
    }

    #[test]
    fn a_share_of_subjects_is_hit() {
        let draw = Draw::new(1);
        let hit =
            (0..1000).filter(|number| draw.hits("pool", &number.to_string(), 300_000)).count();
        assert!((250..350).contains(&hit), "{hit}");
    }
}
