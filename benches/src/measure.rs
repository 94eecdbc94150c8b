//! Time and memory of this process.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Time spent on one piece of work.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// As a clock on the wall tells it.
    pub wall: Duration,
    /// Of all threads.
    pub cpu: Duration,
}

/// The result of the last of so many runs, one at least, and the median of their times.
///
/// # Errors
/// If the system does not tell the time spent.
pub fn median<T>(runs: usize, mut work: impl FnMut() -> T) -> Result<(T, Spent)> {
    let (mut result, spent) = measure(&mut work)?;
    let mut all = vec![spent];
    while all.len() < runs {
        let (next, spent) = measure(&mut work)?;
        result = next;
        all.push(spent);
    }
    let middle = |of: fn(&Spent) -> Duration| {
        let mut times: Vec<Duration> = all.iter().map(of).collect();
        times.sort();
        times[times.len() / 2]
    };
    let spent = Spent { wall: middle(|run| run.wall), cpu: middle(|run| run.cpu) };
    Ok((result, spent))
}

/// The result of some work and the time spent on it.
///
/// # Errors
/// If the system does not tell the time spent.
pub fn measure<T>(work: impl FnOnce() -> T) -> Result<(T, Spent)> {
    let (start, cpu_start) = (Instant::now(), cpu_time()?);
    let result = work();
    let wall = start.elapsed();
    Ok((result, Spent { wall, cpu: cpu_time()?.saturating_sub(cpu_start) }))
}

/// Most memory that this process has had so far, in MiB.
///
/// # Errors
/// If the system does not tell.
pub fn peak_mib() -> Result<i64> {
    Ok(usage()?.max_rss() >> 10)
}

fn cpu_time() -> Result<Duration> {
    let usage = usage()?;
    let micros = (usage.user_time() + usage.system_time()).num_microseconds();
    Ok(Duration::from_micros(micros.try_into()?))
}

fn usage() -> Result<Usage> {
    getrusage(UsageWho::RUSAGE_SELF).context("reading the resource usage of this process")
}
