//! Progress bars on a terminal.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::replay::Progress;

/// One bar a strategy; they vanish with this value.
#[derive(Debug)]
pub(super) struct Bars {
    all: MultiProgress,
    bars: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Bars {
    pub(super) fn new() -> Self {
        Self { all: MultiProgress::new(), bars: Mutex::default() }
    }

    fn add(&self, strategy: &str, of: u64) -> ProgressBar {
        let bar = self.all.add(ProgressBar::new(of));
        // A template that does not parse costs the looks of a bar, nothing else.
        if let Ok(style) = ProgressStyle::with_template("{msg:14} {bar:40} {percent:>3} %  {eta}") {
            bar.set_style(style);
        }
        bar.set_message(strategy.to_owned());
        bar
    }
}

impl Progress for Bars {
    fn replayed(&self, strategy: &str, seconds: u64, of: u64) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bars.entry(strategy.to_owned()).or_insert_with(|| self.add(strategy, of));
        bar.set_position(seconds);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // Nothing is left to do if the terminal is gone.
        let _ = self.all.clear();
    }
}
