//! Free addresses of subnets, counting what is being launched.
//!
//! EC2's count lags behind, so what is launched is taken off at once and given back if nothing came
//! of it. A new description overwrites all of this.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::api::ec2::Subnet;
use crate::launch_spec::LaunchSubnet;
use crate::time::is_over;

/// A description is trusted no longer than this, unless it is refreshed more rarely.
const TRUSTED: SignedDuration = SignedDuration::from_mins(5);
/// So much longer than the interval of refreshes, lest a late one leaves us without a count.
const GRACE: SignedDuration = SignedDuration::from_mins(4);

/// Free addresses by subnet.
#[derive(Clone, Debug)]
pub struct FreeAddresses {
    counts: BTreeMap<String, Count>,
    trusted: SignedDuration,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    described: u32,
    described_at: Timestamp,
    /// What is left of them, once something is being launched.
    left: Option<i64>,
}

/// Addresses that a launch takes, to be given back where it used none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken(BTreeMap<String, Share>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    addresses: i64,
    /// The description that it was taken from.
    described_at: Timestamp,
}

impl FreeAddresses {
    /// Nothing described yet; descriptions come every `refresh`.
    pub fn new(refresh: SignedDuration) -> Self {
        let trusted = refresh.checked_add(GRACE).unwrap_or(SignedDuration::MAX).max(TRUSTED);
        Self { counts: BTreeMap::new(), trusted }
    }

    /// Takes over what EC2 says.
    pub fn describe(&mut self, subnets: &[Subnet], now: Timestamp) {
        for subnet in subnets {
            let count = Count { described: subnet.free_addresses, described_at: now, left: None };
            self.counts.insert(subnet.id.clone(), count);
        }
    }

    /// The subnet of each zone with most free addresses; the first of those with as many.
    pub fn choose<'a>(
        &self,
        subnets: &'a [LaunchSubnet],
        now: Timestamp,
    ) -> BTreeMap<&'a str, &'a LaunchSubnet> {
        let mut chosen: BTreeMap<&str, &LaunchSubnet> = BTreeMap::new();
        for subnet in subnets {
            let best = chosen.entry(&subnet.zone).or_insert(subnet);
            if self.free(&subnet.id, now) > self.free(&best.id, now) {
                *best = subnet;
            }
        }
        chosen
    }

    /// Free addresses of a subnet; 0 if nobody knows.
    pub fn free(&self, subnet: &str, now: Timestamp) -> i64 {
        let Some(count) = self.counts.get(subnet) else { return 0 };
        let is_old = is_over(count.described_at, self.trusted, now);
        match count.left {
            Some(left) => left,
            None if is_old => 0,
            None => i64::from(count.described),
        }
    }

    /// Free addresses of each zone, for planning; a zone is missing where nothing is known.
    pub fn by_zone(&self, subnets: &[LaunchSubnet], now: Timestamp) -> BTreeMap<String, i64> {
        let mut zones = BTreeMap::new();
        for subnet in subnets.iter().filter(|one| self.counts.contains_key(&one.id)) {
            *zones.entry(subnet.zone.clone()).or_default() += self.free(&subnet.id, now).max(0);
        }
        zones
    }

    /// Takes addresses off subnets, before they are launched into.
    pub fn take(&mut self, addresses: impl IntoIterator<Item = (String, i64)>) -> Taken {
        let mut taken = Taken::default();
        for (subnet, addresses) in addresses {
            if let Some(count) = self.counts.get_mut(&subnet) {
                *count.left.get_or_insert(i64::from(count.described)) -= addresses;
                let share = Share { addresses, described_at: count.described_at };
                taken.0.insert(subnet, share);
            }
        }
        taken
    }

    /// Gives back what was taken off subnets that no instance came into. Where a description has
    /// come in between, it knows already.
    pub fn give_back(&mut self, taken: &Taken, used: &BTreeSet<String>) {
        for (subnet, share) in &taken.0 {
            let Some(count) = self.counts.get_mut(subnet) else { continue };
            if !used.contains(subnet) && count.described_at == share.described_at {
                count.left = count.left.map(|left| left + share.addresses);
            }
        }
    }

    /// EC2 says that the subnet is full: it comes last until it is described again.
    pub fn exhausted(&mut self, subnet: &str, now: Timestamp) {
        let count = Count { described: 0, described_at: now, left: None };
        self.counts.insert(subnet.to_owned(), count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn described(id: &str, zone: &str, free_addresses: u32) -> Subnet {
        Subnet {
            id: id.to_owned(),
            zone: zone.to_owned(),
            zone_id: format!("use1-az-{zone}"),
            free_addresses,
            vpc: "vpc-1".to_owned(),
            tags: BTreeMap::new(),
        }
    }

    fn subnet(id: &str, zone: &str) -> LaunchSubnet {
        let (id, zone_id) = (id.to_owned(), format!("use1-az-{zone}"));
        LaunchSubnet { id, zone: zone.to_owned(), zone_id }
    }

    fn book(counts: &[(&str, &str, u32)]) -> FreeAddresses {
        let mut book = FreeAddresses::new(SignedDuration::from_mins(1));
        let subnets: Vec<Subnet> =
            counts.iter().map(|(id, zone, free)| described(id, zone, *free)).collect();
        book.describe(&subnets, at(0));
        book
    }

    fn in_zone_a(book: &FreeAddresses) -> String {
        let subnets = [subnet("s-1", "a"), subnet("s-2", "a")];
        book.choose(&subnets, at(1))["a"].id.clone()
    }

    #[test]
    fn the_subnet_with_most_free_addresses_is_chosen_and_the_first_of_equals() {
        assert_eq!(in_zone_a(&book(&[("s-1", "a", 10), ("s-2", "a", 11)])), "s-2");
        assert_eq!(in_zone_a(&book(&[("s-1", "a", 10), ("s-2", "a", 10)])), "s-1");
    }

    #[test]
    fn what_is_being_launched_is_taken_off() {
        let mut book = book(&[("s-1", "a", 100), ("s-2", "a", 90)]);
        book.take([("s-1".to_owned(), 29)]);
        assert_eq!(in_zone_a(&book), "s-2");
    }

    #[test]
    fn addresses_come_back_where_nothing_was_launched() {
        let mut book = book(&[("s-1", "a", 100), ("s-2", "b", 100)]);
        let taken = book.take([("s-1".to_owned(), 29), ("s-2".to_owned(), 29)]);
        book.give_back(&taken, &BTreeSet::from(["s-1".to_owned()]));
        assert_eq!((book.free("s-1", at(1)), book.free("s-2", at(1))), (71, 100));
    }

    #[test]
    fn nothing_is_given_back_to_a_subnet_that_was_described_since() {
        let mut book = book(&[("s-1", "a", 100)]);
        let taken = book.take([("s-1".to_owned(), 29)]);
        book.describe(&[described("s-1", "a", 80)], at(1));
        book.give_back(&taken, &BTreeSet::new());
        assert_eq!(book.free("s-1", at(1)), 80);
    }

    #[test]
    fn a_full_subnet_comes_last_until_it_is_described_again() {
        let mut book = book(&[("s-1", "a", 100), ("s-2", "a", 5)]);
        book.exhausted("s-1", at(1));
        assert_eq!(in_zone_a(&book), "s-2");
        book.describe(&[described("s-1", "a", 50)], at(2));
        assert_eq!(in_zone_a(&book), "s-1");
    }

    #[test]
    fn an_old_description_counts_as_none() {
        let book = book(&[("s-1", "a", 100)]);
        assert_eq!((book.free("s-1", at(4)), book.free("s-1", at(5))), (100, 0));
    }

    #[test]
    fn planning_sees_the_free_addresses_of_a_zone() {
        let mut book = book(&[("s-1", "a", 100), ("s-2", "a", 5), ("s-3", "b", 7)]);
        book.take([("s-1".to_owned(), 29)]);
        let subnets = [subnet("s-1", "a"), subnet("s-2", "a"), subnet("s-3", "b")];
        let expected = BTreeMap::from([("a".to_owned(), 76), ("b".to_owned(), 7)]);
        assert_eq!(book.by_zone(&subnets, at(1)), expected);
    }
}
