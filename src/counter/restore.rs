//! A ledger that was put back from a backup: it is noticed, and nothing is done with it until someone says that it is
//! meant. Then what it does not know is judged again, and no number of what was sent is given twice.

use super::{Counter, CounterError};
use crate::clock::Instant;
use crate::event::Event;
use crate::ledger::Ledger;
use crate::spool::{Filed, Spool};

/// Counts of outbound numbers that are left out after a restore, at least: more than were sent since the mark was
/// last durable.
const STEP: i64 = 1_000_000;
/// The same where nobody remembers how many were sent.
const LEAP: i64 = 100 * STEP;

/// Where the spool remembers the ledger to be; none: the ledger is the one that it remembers, or knows all that was
/// filed.
pub(super) fn put_back(spool: &Spool, ledger: &Ledger, latest: Instant) -> Result<Option<i64>, CounterError> {
    match spool.remembered()? {
        Some(mark) => Ok((!ledger.has(&mark)?).then_some(mark.seq)),
        None => Ok((!unknown(spool, ledger, latest)?.is_empty()).then_some(0)),
    }
}

/// What was filed and is not in the ledger: nothing was before its last event.
fn unknown(spool: &Spool, ledger: &Ledger, latest: Instant) -> Result<Vec<Filed>, CounterError> {
    let mut unknown = Vec::new();
    for filed in spool.filed_since(&latest.day_path())? {
        if !ledger.knows(filed.id.as_str())? {
            unknown.push(filed);
        }
    }
    Ok(unknown)
}

impl Counter {
    /// Takes a ledger over that was put back: what it does not know goes back to work, where recovery finds it. The
    /// ledger says so last: until then another start asks again.
    pub(super) fn take_over(&mut self) -> Result<(), CounterError> {
        let mark = self.intake.spool.remembered()?;
        let (mut again, mut kept) = (0, Vec::new());
        let unknown = unknown(&self.intake.spool, &self.ledger, self.latest)?;
        let requeued = self.requeued_since(&unknown)?;
        for filed in unknown {
            if self.intake.spool.take_back(&filed)? {
                again += 1;
            } else {
                kept.push(filed.path);
            }
        }
        self.intake.spool.barrier()?;
        let (sent, more) = mark.map_or((0, LEAP), |mark| (mark.count, STEP));
        let count = (sent.max(self.ledger.end().count) + more) / STEP * STEP + STEP;
        let now = self.intake.clock.now().max(self.latest);
        let mut entry = self.ledger.begin()?;
        entry.restored(count, now)?;
        for (flow, new) in requeued {
            entry.requeued(&flow, &new, now)?;
        }
        entry.commit()?;
        self.latest = now;
        self.remember()?;
        self.tell(&Event::Restored { again, count, kept });
        Ok(())
    }

    /// Held flows that went back to work since the backup, each with what it became: its file is not in hold any more,
    /// and one with the same bytes is where the ledger knows none. Files that went back to work already, by a start
    /// that was cut short, are among them.
    fn requeued_since(&self, unknown: &[Filed]) -> Result<Vec<(String, String)>, CounterError> {
        let spool = &self.intake.spool;
        let mut gone = self.ledger.all_held()?;
        gone.retain(|held| !spool.is_held_file(&held.filed));
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        let mut files: Vec<(String, String)> = Vec::new();
        for left in spool.left()?.0 {
            if !self.ledger.knows(left.claim.id.as_str())? {
                files.push((left.claim.id.to_string(), left.place()));
            }
        }
        files.extend(unknown.iter().map(|filed| (filed.id.to_string(), filed.path.clone())));
        let mut found = Vec::new();
        for (id, path) in files {
            let (sha256, size) = spool.hash(&path)?;
            found.push((id, path, sha256, size));
        }
        let last = |path: &str| path.rsplit('~').next().unwrap_or_default().to_owned();
        let mut became = Vec::new();
        for held in gone {
            // One that was not read is known by its name and size.
            let is = |(_, path, sha256, size): &(String, String, [u8; 32], u64)| match held.sha256 {
                Some(hash) => hash == *sha256,
                None => held.size == *size && last(&held.filed) == last(path),
            };
            // A flow became one other, and no two the same.
            if let Some(n) = found.iter().position(is) {
                became.push((held.flow, found.remove(n).0));
            }
        }
        Ok(became)
    }

    /// Remembers where the ledger is.
    pub(super) fn remember(&self) -> Result<(), CounterError> {
        Ok(self.intake.spool.remember(&self.ledger.end())?)
    }
}
