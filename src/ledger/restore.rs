//! A ledger that was put back from a backup: what was sent since is not in it, and no number may be given twice.

use super::outbox::LANE;
use super::prune::LEDGER;
use super::read::count;
use super::{Entry, Hash, Ledger, LedgerError, LedgerReader, NewEvent};
use crate::clock::Instant;
use crate::spool::Mark;
use crate::text::t;
use rusqlite::{Connection, OptionalExtension, params};

/// What the event of a restore is called.
pub(super) const RESTORED: &str = "restored";

/// A flow whose file should be in hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InHold {
    /// Its id.
    pub flow: String,
    /// Where its file is.
    pub filed: String,
    /// The hash of its bytes, unless it was not read.
    pub sha256: Option<Hash>,
    /// Its size in bytes.
    pub size: u64,
}

impl Ledger {
    /// Whether this event is in the chain, with this hash; what stands before the first event is in every chain.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn has(&self, mark: &Mark) -> Result<bool, LedgerError> {
        has(&self.conn, mark)
    }

    /// Held flows that were not requeued.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn all_held(&self) -> Result<Vec<InHold>, LedgerError> {
        let sql = "SELECT id, filed, sha256, size FROM flow f WHERE outcome = 'held' AND NOT EXISTS (
            SELECT 1 FROM event WHERE subject = f.id AND status IN ('requeued', 'pruned')) ORDER BY id";
        self.conn
            .prepare(sql)
            .and_then(|mut s| {
                s.query_map([], |r| {
                    Ok(InHold { flow: r.get(0)?, filed: r.get(1)?, sha256: r.get(2)?, size: count(r, 3)? })
                })?
                .collect()
            })
            .map_err(LedgerError::on(t("chercher les flux retenus", "look for held flows")))
    }

    /// Whether it knows a flow.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn knows(&self, flow: &str) -> Result<bool, LedgerError> {
        Ok(self.outcome(flow)?.is_some())
    }
}

impl LedgerReader {
    /// As [`Ledger::has`].
    ///
    /// # Errors
    /// What SQLite said.
    pub fn has(&self, mark: &Mark) -> Result<bool, LedgerError> {
        has(&self.conn, mark)
    }
}

fn has(conn: &Connection, mark: &Mark) -> Result<bool, LedgerError> {
    let hash: Option<Hash> = conn
        .query_row("SELECT hash FROM event WHERE seq = ?", [mark.seq], |r| r.get(0))
        .optional()
        .map_err(LedgerError::on(t("chercher un événement", "look up an event")))?;
    Ok(mark.seq == 0 || hash == Some(mark.hash))
}

impl Entry<'_> {
    /// Says that the ledger was put back: from now on every partner's count goes on after `count`, and so does that of
    /// a partner yet to come.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn restored(&mut self, count: i64, at: Instant) -> Result<(), LedgerError> {
        let n = self.next_event(LEDGER)?;
        let comment = count.to_string();
        self.event(&NewEvent { comment: Some(&comment), ..NewEvent::of(LEDGER, n, RESTORED, at) })?;
        self.keep_numbers()?;
        self.run(
            t("passer à d'autres numéros", "go on with other numbers"),
            "UPDATE sequence SET next = next / ?1 * ?1 + ?2 + 1",
            params![LANE, count],
        )?;
        self.sent_up_to(count);
        Ok(())
    }
}
