//! How far a comparison has come.

/// Hears how far each strategy has come; called from several threads.
pub trait Progress: Sync {
    /// So many seconds of the trace have been replayed under a strategy.
    fn replayed(&self, strategy: &str, seconds: u64, of: u64);
}

/// Does not want to hear.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn replayed(&self, _strategy: &str, _seconds: u64, _of: u64) {}
}
