//! What vouches for a pièce: the ends of its trail with their hashes in the chain, and where its bytes came from.

use super::chain::Hash;
use super::read::LedgerReader;
use super::{LedgerError, Original};
use crate::clock::Instant;
use crate::text::t;
use rusqlite::{OptionalExtension, Row};

/// An event with its place and its hash in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its place among all events.
    pub seq: i64,
    /// The status that it gave.
    pub status: String,
    /// When.
    pub at: Instant,
    /// Of the event and of all before it.
    pub hash: Hash,
}

/// What vouches for a pièce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// Its first event, which covers what was deposited.
    pub first: Sealed,
    /// Its last event.
    pub last: Sealed,
    /// Where its bytes are.
    pub original: Original,
    /// Of an archive: its name there.
    pub member: Option<String>,
    /// Who deposited it; of a refused one nobody is said to have.
    pub depositor: Option<String>,
}

impl LedgerReader {
    /// What vouches for a pièce.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn vouched(&self, piece: &str) -> Result<Option<Vouched>, LedgerError> {
        let Some(original) = self.original(piece)? else { return Ok(None) };
        let run = || -> rusqlite::Result<Option<Vouched>> {
            let end = |order: &str| {
                let sql =
                    format!("SELECT seq, status, at, hash FROM event WHERE subject = ? ORDER BY n {order} LIMIT 1");
                self.conn.query_row(&sql, [piece], sealed).optional()
            };
            let (Some(first), Some(last)) = (end("ASC")?, end("DESC")?) else { return Ok(None) };
            let member = self.conn.query_row("SELECT member FROM piece WHERE id = ?", [piece], |r| r.get(0))?;
            let depositor = "SELECT by FROM event WHERE subject = ? AND status = 'DEPOSEE' ORDER BY n LIMIT 1";
            let depositor = self.conn.query_row(depositor, [piece], |r| r.get(0)).optional()?.flatten();
            Ok(Some(Vouched { first, last, original, member, depositor }))
        };
        run().map_err(LedgerError::on(t("chercher ce qui atteste une pièce", "look up what vouches for a pièce")))
    }
}

fn sealed(r: &Row<'_>) -> rusqlite::Result<Sealed> {
    Ok(Sealed { seq: r.get(0)?, status: r.get(1)?, at: Instant(r.get(2)?), hash: r.get(3)? })
}
