//! How much a node's filling can be worth, from above and in integers.

use super::kinds::Items;
use super::simplex::{MULTIPLIER_BITS, Node};

/// No filling of the node is worth more than this: the room at what it is worth by these
/// multipliers, and for each pod what it is worth beyond the room that it takes. That holds
/// whatever the multipliers are (Lagrange), as long as none is negative. Beyond what 128 bits hold
/// the bound is no bound at all: the largest number.
pub(super) fn upper_bound(items: &Items, multipliers: &[i64], node: Node<'_>) -> i128 {
    checked_bound(items, multipliers, node).unwrap_or(i128::MAX)
}

fn checked_bound(items: &Items, multipliers: &[i64], node: Node<'_>) -> Option<i128> {
    let mut total = product(multipliers, node.room)?;
    for item in 0..items.len() {
        let (lower, upper) = (node.lower[item], node.upper[item]);
        if upper == 0 {
            continue;
        }
        let asked = product(multipliers, items.request(item))?;
        let beyond = (i128::from(items.values[item]) << MULTIPLIER_BITS).checked_sub(asked)?;
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

/// Takes so many of an item out of the room, if they fit.
pub(super) fn take(items: &Items, item: usize, pods: i64, room: &mut [i64]) -> bool {
    let fits = items
        .request(item)
        .iter()
        .zip(room.iter())
        .all(|(asked, there)| i128::from(*asked) * i128::from(pods) <= i128::from(*there));
    if fits {
        let asked = room.iter_mut().zip(items.request(item));
        asked.for_each(|(there, asked)| *there -= asked * pods);
    }
    fits
}
