//! How much a node's filling can be worth, from above and in integers.

use super::kinds::Kinds;
use super::simplex::{MULTIPLIER_BITS, Node};

/// No filling of the node is worth more than this: the room at what it is worth by these
/// multipliers, and for each pod what it is worth beyond the room that it takes. That holds
/// whatever the multipliers are (Lagrange), as long as none is negative. Beyond what 128 bits hold
/// the bound is no bound at all: the largest number.
pub(super) fn upper_bound(kinds: &Kinds<'_>, multipliers: &[i64], node: Node<'_>) -> i128 {
    checked_bound(kinds, multipliers, node).unwrap_or(i128::MAX)
}

fn checked_bound(kinds: &Kinds<'_>, multipliers: &[i64], node: Node<'_>) -> Option<i128> {
    let mut total = product(multipliers, node.room)?;
    for kind in 0..kinds.len() {
        let (lower, upper) = (node.lower[kind], node.upper[kind]);
        if upper == 0 {
            continue;
        }
        let asked = product(multipliers, kinds.request(kind))?;
        let beyond = (i128::from(kinds.values[kind]) << MULTIPLIER_BITS).checked_sub(asked)?;
        let pods = i128::from(if beyond > 0 { upper } else { lower });
        total = total.checked_add(beyond.checked_mul(pods)?)?;
    }
    Some(total >> MULTIPLIER_BITS)
}

fn product(multipliers: &[i64], amounts: &[i64]) -> Option<i128> {
    let mut pairs = multipliers.iter().zip(amounts);
    pairs.try_fold(0_i128, |sum, (one, amount)| {
        sum.checked_add(i128::from(*one).checked_mul(i128::from(*amount))?)
    })
}

/// Takes so many pods of a kind out of the room, if they fit.
pub(super) fn take(kinds: &Kinds<'_>, kind: usize, pods: i64, room: &mut [i64]) -> bool {
    let fits = kinds
        .request(kind)
        .iter()
        .zip(room.iter())
        .all(|(asked, there)| i128::from(*asked) * i128::from(pods) <= i128::from(*there));
    if fits {
        let asked = room.iter_mut().zip(kinds.request(kind));
        asked.for_each(|(there, asked)| *there -= asked * pods);
    }
    fits
}
