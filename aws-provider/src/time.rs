//! Whether a while has passed since an instant. A while without an end is neither over nor going on.

use jiff::{SignedDuration, Timestamp};

/// Whether it is not so long ago.
pub(crate) fn is_within(since: Timestamp, duration: SignedDuration, now: Timestamp) -> bool {
    since.checked_add(duration).is_ok_and(|end| now < end)
}

/// Whether it is at least so long ago.
pub(crate) fn is_over(since: Timestamp, duration: SignedDuration, now: Timestamp) -> bool {
    since.checked_add(duration).is_ok_and(|end| now >= end)
}
