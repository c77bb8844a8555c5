//! The counter once, for cron: everything present and finished, delays due, then a summary.

use crate::counter::{Counter, CounterError, Tally};
use std::time::Duration;

/// Looks that one run takes at most: the first, one after a `settle`, and some for full directories.
const LOOKS: usize = 10_000;

/// Processes what is there, waiting one `settle` for files that may just have been written; returns what was done.
///
/// # Errors
/// What the disk or the ledger said.
pub fn run(counter: &mut Counter) -> Result<Tally, CounterError> {
    let settle = counter.config().spool.settle;
    let until = std::time::Instant::now() + settle + Duration::from_millis(100);
    for _ in 0..LOOKS {
        let mut look = counter.look()?;
        // When the next file may be finished: counted from the look, for processing takes its time.
        let ripe = look.soonest.map(|soon| std::time::Instant::now() + soon).filter(|ripe| *ripe <= until);
        look.ready.sort_by(|a, b| a.order().cmp(&b.order()));
        let worked = counter.process(look.ready)?.worked;
        match ripe {
            _ if look.more && worked => {}
            Some(ripe) => {
                let left = ripe.saturating_duration_since(std::time::Instant::now());
                std::thread::sleep(left.max(Duration::from_millis(1)));
            }
            None => break,
        }
    }
    counter.decide_deferred()?;
    counter.delays(true)?;
    counter.settle()?;
    counter.count_waiting()?;
    Ok(counter.tally())
}
