//! Retention: the ledger first, in one commit, then the files, then the ledger again. Killed anywhere, the next start
//! goes on.

use super::{Counter, CounterError};
use crate::clock::Instant;
use crate::request::Answer;

/// Life-cycle flows that one request empties at most: others may be waiting.
const STATUSES: usize = 1_000;

impl Counter {
    /// Prunes those of these flows that still may be; without any, life-cycle flows that are older.
    pub(super) fn prune(&mut self, before: Instant, flows: &[String]) -> Result<Answer, CounterError> {
        let now = self.intake.clock.now().max(self.latest);
        self.latest = now;
        let mut pruned = Vec::new();
        let mut entry = self.ledger.begin()?;
        for flow in flows {
            if entry.prune(flow, before, now)? {
                pruned.push(flow.clone());
            }
        }
        let statuses = if flows.is_empty() { entry.prune_statuses(before, now, STATUSES)? } else { 0 };
        entry.commit()?;
        self.remember()?;
        self.finish_pruning()?;
        Ok(Answer::Pruned { flows: pruned, statuses })
    }

    /// Removes the files of what the ledger says is pruned. Done twice, it changes nothing.
    pub(super) fn finish_pruning(&mut self) -> Result<(), CounterError> {
        let Some(files) = self.ledger.pruning()? else { return Ok(()) };
        for file in &files {
            self.intake.spool.remove_filed(file)?;
        }
        self.intake.spool.barrier()?;
        let mut entry = self.ledger.begin()?;
        entry.nothing_is_pruned()?;
        entry.commit()?;
        Ok(self.ledger.empty_log()?)
    }
}
