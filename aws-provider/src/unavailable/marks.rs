//! Marks that end by themselves and last longer when they come back.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// How long a first mark lasts.
const FIRST: SignedDuration = SignedDuration::from_mins(3);
/// No mark lasts longer: capacity that comes back is to be found within half an hour.
const LONGEST: SignedDuration = SignedDuration::from_mins(30);
/// A failure so soon after the end of a mark is taken as the same shortage going on.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(10);

/// Things that are marked until some time.
#[derive(Clone, Debug)]
pub(super) struct Marks<K>(BTreeMap<K, Mark>);

#[derive(Clone, Copy, Debug)]
struct Mark {
    until: Timestamp,
    lasts: SignedDuration,
    /// Its end has been told.
    is_over: bool,
}

impl<K> Default for Marks<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Marks<K> {
    /// Marks from now on. While the mark stands it is only extended: many launches at once that
    /// fail are one failure.
    pub(super) fn mark(&mut self, key: K, now: Timestamp) {
        let lasts = match self.0.get(&key) {
            Some(mark) if now < mark.until => mark.lasts,
            Some(mark) if now < after(mark.until, REMEMBERED) => (mark.lasts * 2).min(LONGEST),
            _ => FIRST,
        };
        self.0.insert(key, Mark { until: after(now, lasts), lasts, is_over: false });
    }

    /// Removes a mark with its history; whether there was one.
    pub(super) fn clear(&mut self, key: &K) -> bool {
        self.0.remove(key).is_some()
    }

    /// The marks that have ended since the last sweep. History is dropped once it is old.
    pub(super) fn sweep(&mut self, now: Timestamp) -> Vec<K> {
        let mut ended = Vec::new();
        for (key, mark) in &mut self.0 {
            if now >= mark.until && !mark.is_over {
                mark.is_over = true;
                ended.push(key.clone());
            }
        }
        self.0.retain(|_, mark| now < after(mark.until, REMEMBERED));
        ended
    }

    pub(super) fn is_marked(&self, key: &K, now: Timestamp) -> bool {
        self.0.get(key).is_some_and(|mark| now < mark.until)
    }

    pub(super) fn next_end(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.values().map(|mark| mark.until).filter(|until| *until > now).min()
    }
}

/// The instant so much later, or the end of time.
fn after(instant: Timestamp, duration: SignedDuration) -> Timestamp {
    instant.checked_add(duration).unwrap_or(Timestamp::MAX)
}
