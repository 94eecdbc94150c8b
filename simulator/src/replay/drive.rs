//! The loop: the clock goes to whatever comes first.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::clock;
use crate::trace::{TraceError, TraceSource};
use crate::world::World;

/// How often progress is reported, in seconds of the trace.
const PROGRESS_SECS: u64 = 3600;

/// Answers to what has happened in the world.
pub(crate) trait Driver {
    /// Called at every instant at which something happened, after pods have been bound. Returns
    /// when it wants to be called at the latest, or breaks the replay off.
    fn answer(&mut self, world: &mut World) -> ControlFlow<(), Option<Timestamp>>;
}

/// Replays a trace in a world until its horizon. `hour` hears the second after every hour.
pub(crate) fn drive(
    world: &mut World,
    trace: &TraceSource,
    driver: &mut dyn Driver,
    hour: &dyn Fn(u64),
) -> Result<(), TraceError> {
    let mut rows = trace.open()?;
    let mut next_row = rows.next().transpose()?;
    let mut wake_at = None;
    let mut reported = 0;
    loop {
        let arrival = next_row.as_ref().map(|row| clock::at_second(row.start));
        let first = [arrival, world.next_event(), wake_at].into_iter().flatten().min();
        let Some(instant) = first.filter(|instant| *instant < world.horizon()) else {
            return Ok(());
        };
        world.advance_to(instant);
        world.run_due_events();
        while let Some(row) = next_row.take_if(|row| clock::at_second(row.start) <= instant) {
            world.arrive(&row);
            next_row = rows.next().transpose()?;
        }
        world.bind_waiting();
        match driver.answer(world) {
            ControlFlow::Continue(at) => wake_at = at,
            ControlFlow::Break(()) => return Ok(()),
        }
        let second = clock::millis_since_zero(instant) as u64 / 1000;
        if second >= reported + PROGRESS_SECS {
            reported = second;
            hour(second);
        }
    }
}
