//! A copy of the ledger, while others read and write it.

use super::chain::Hash;
use super::read::count;
use super::{LedgerError, LedgerReader};
use crate::text::t;
use rusqlite::OptionalExtension;
use serde::Serialize;
use std::path::Path;

/// What a ledger holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// Flows decided.
    pub flows: u64,
    /// Pièces, refused ones included.
    pub pieces: u64,
    /// Events: the last one's place in the chain.
    pub events: u64,
    /// The last event's hash, in hexadecimal; none: nothing has happened yet.
    pub hash: Option<String>,
}

impl LedgerReader {
    /// Writes a copy of what is committed now into an empty file: one file, that needs none beside it, and nothing of
    /// what was removed from the ledger. Whoever writes meanwhile is not held up, and is not seen.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn copy_to(&self, path: &Path) -> Result<(), LedgerError> {
        let on = LedgerError::on(t("écrire une copie", "write a copy"));
        // The copy is another file; this one is only read.
        self.conn.execute_batch("PRAGMA query_only = OFF").map_err(&on)?;
        let done = self.conn.execute("VACUUM INTO ?", [path.to_string_lossy()]);
        self.conn.execute_batch("PRAGMA query_only = ON").map_err(&on)?;
        done.map(drop).map_err(on)
    }

    /// What it holds.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn holds(&self) -> Result<Copied, LedgerError> {
        let on = LedgerError::on(t("compter", "count"));
        let stock = self.stocktake()?;
        let last: Option<(u64, Hash)> = self
            .conn
            .query_row("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1", [], |r| Ok((count(r, 0)?, r.get(1)?)))
            .optional()
            .map_err(on)?;
        let (events, hash) = last.unzip();
        let hash = hash.map(|hash| crate::text::hex(&hash));
        Ok(Copied { flows: stock.flows, pieces: stock.pieces, events: events.unwrap_or(0), hash })
    }
}
