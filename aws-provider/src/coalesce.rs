//! Joins like calls: what arrives within a short window is sent as one.
//!
//! The windows are data. Whoever drives them hands in the time, takes the batches that are due, and
//! comes back at [`Coalescer::next_due`] or with the next item, whichever is first.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// How long to wait for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// So long after the last item.
    pub idle: SignedDuration,
    /// No longer than this after the first.
    pub longest: SignedDuration,
    /// A batch of so many is full.
    pub items_max: usize,
}

impl Window {
    /// For launches.
    pub const CREATE_FLEET: Self = Self {
        idle: SignedDuration::from_millis(35),
        longest: SignedDuration::from_secs(1),
        items_max: 1000,
    };
    /// For descriptions of instances.
    pub const DESCRIBE_INSTANCES: Self = Self {
        idle: SignedDuration::from_millis(100),
        longest: SignedDuration::from_secs(1),
        items_max: 500,
    };
    /// For terminations.
    pub const TERMINATE_INSTANCES: Self = Self::DESCRIBE_INSTANCES;
}

/// Items that are sent together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<K, T> {
    /// What they have in common.
    pub key: K,
    /// The items, in the order in which they came.
    pub items: Vec<T>,
    /// When the first of them came: how long it waited is worth a metric.
    pub since: Timestamp,
}

/// Open batches by what their items have in common.
#[derive(Clone, Debug)]
pub struct Coalescer<K, T> {
    window: Window,
    open: BTreeMap<K, Open<T>>,
}

#[derive(Clone, Debug)]
struct Open<T> {
    items: Vec<T>,
    first: Timestamp,
    last: Timestamp,
}

impl<K: Ord + Clone, T> Coalescer<K, T> {
    /// No batch is open.
    pub const fn new(window: Window) -> Self {
        Self { window, open: BTreeMap::new() }
    }

    /// Adds an item; the batch if that is full now.
    pub fn add(&mut self, key: &K, item: T, now: Timestamp) -> Option<Batch<K, T>> {
        let open = Open { items: Vec::new(), first: now, last: now };
        let open = self.open.entry(key.clone()).or_insert(open);
        open.items.push(item);
        open.last = now;
        let is_full = open.items.len() >= self.window.items_max;
        if is_full { self.close(key) } else { None }
    }

    /// The batches that have waited long enough.
    pub fn due(&mut self, now: Timestamp) -> Vec<Batch<K, T>> {
        let is_due = |open: &Open<T>| self.window.end(open) <= now;
        let due: Vec<K> =
            self.open.iter().filter(|(_, open)| is_due(open)).map(|(key, _)| key.clone()).collect();
        due.iter().filter_map(|key| self.close(key)).collect()
    }

    /// When the next batch is due, if nothing comes in between.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.open.values().map(|open| self.window.end(open)).min()
    }

    fn close(&mut self, key: &K) -> Option<Batch<K, T>> {
        let (key, open) = self.open.remove_entry(key)?;
        Some(Batch { key, items: open.items, since: open.first })
    }
}

impl Window {
    fn end<T>(&self, open: &Open<T>) -> Timestamp {
        let after = |instant: Timestamp, wait| instant.checked_add(wait).unwrap_or(Timestamp::MAX);
        after(open.last, self.idle).min(after(open.first, self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millis)
    }

    fn coalescer() -> Coalescer<&'static str, u32> {
        Coalescer::new(Window { items_max: 3, ..Window::DESCRIBE_INSTANCES })
    }

    fn items(batches: Vec<Batch<&'static str, u32>>) -> Vec<(&'static str, Vec<u32>)> {
        batches.into_iter().map(|one| (one.key, one.items)).collect()
    }

    #[test]
    fn like_items_make_one_batch_and_others_their_own() {
        let mut calls = coalescer();
        assert_eq!(calls.add(&"a", 1, at(0)), None);
        assert_eq!(calls.add(&"b", 2, at(1)), None);
        assert_eq!(calls.add(&"a", 3, at(2)), None);
        assert_eq!(items(calls.due(at(102))), [("a", vec![1, 3]), ("b", vec![2])]);
        assert_eq!(calls.next_due(), None);
    }

    #[test]
    fn a_window_stays_open_while_items_come_but_no_longer_than_a_second() {
        let mut calls = coalescer();
        calls.window.items_max = 100;
        for step in 0..20 {
            calls.add(&"a", step, at(i64::from(step) * 50));
        }
        assert_eq!(calls.next_due(), Some(at(1000)));
        assert!(calls.due(at(999)).is_empty());
        assert_eq!(calls.due(at(1000)).len(), 1);
    }

    #[test]
    fn a_full_batch_goes_at_once() {
        let mut calls = coalescer();
        calls.add(&"a", 1, at(0));
        calls.add(&"a", 2, at(0));
        let full = calls.add(&"a", 3, at(0)).expect("three are enough");
        assert_eq!((full.items, full.since), (vec![1, 2, 3], at(0)));
    }
}
