//! Hashes of single values: 64-bit FNV-1, numbers in little-endian order.

use std::collections::BTreeMap;

const OFFSET: u64 = 14_695_981_039_346_656_037;
const PRIME: u64 = 1_099_511_628_211;

fn of_bytes(bytes: &[u8]) -> u64 {
    // FNV-1 multiplies first; FNV-1a, which crates offer, does it the other way round.
    bytes.iter().fold(OFFSET, |hash, byte| hash.wrapping_mul(PRIME) ^ u64::from(*byte))
}

pub(in crate::node_class) fn of_text(text: &str) -> u64 {
    of_bytes(text.as_bytes())
}

pub(super) fn of_bool(value: bool) -> u64 {
    of_bytes(&[u8::from(value)])
}

pub(super) fn of_i32(value: i32) -> u64 {
    of_bytes(&value.to_le_bytes())
}

pub(super) fn of_i64(value: i64) -> u64 {
    of_bytes(&value.to_le_bytes())
}

/// Two hashes, in this order.
pub(super) fn of_pair(first: u64, second: u64) -> u64 {
    of_bytes(&[first.to_le_bytes(), second.to_le_bytes()].concat())
}

/// A hash that more may not be mixed into.
pub(super) fn finished(hash: u64) -> u64 {
    of_bytes(&hash.to_le_bytes())
}

/// Hashes in any order.
pub(super) fn of_set(hashes: impl IntoIterator<Item = u64>) -> u64 {
    hashes.into_iter().fold(0, |all, hash| all ^ hash)
}

pub(super) fn of_map(map: &BTreeMap<String, String>) -> u64 {
    finished(of_set(map.iter().map(|(key, value)| of_pair(of_text(key), of_text(value)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_hashed_by_fnv_1() {
        assert_eq!(of_text("karpenter"), 3_606_272_474_520_537_527);
    }
}
