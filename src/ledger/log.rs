//! The write-ahead log: how long it is, and how it comes into the file.
//!
//! A batch appends to it; what is in it comes into the file now and then, and once all of it is there, the next batch
//! begins it anew. That takes as long as several batches. Where one batch follows another it is done beside the writer
//! ([`Bringer`]); the writer then brings in the little that came since, between two of its batches, for in the midst
//! of one the log does not begin anew. SQLite does all of it by itself where nobody else did for long
//! (`wal_autocheckpoint`).

use super::{Ledger, LedgerError, PATIENCE};
use crate::text::t;
use rusqlite::{Connection, Row};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes of the log above which something is wrong: it begins anew at some 32 MiB, unless a reader that never ends
/// keeps it from that.
pub const WAL_MOST: u64 = 256 << 20;
/// Pages of the log from which on it is brought in beside the writer: 12 MiB.
const LONG: i64 = 3_000;
/// Pages of the log from which on SQLite brings it in at a commit.
pub(super) const LONGEST: i64 = 8_000;
/// Bytes of the log that are left there when there is nothing else to do.
const RESTING: u64 = 4 << 20;

/// Bytes of the write-ahead log beside a ledger; none is none.
pub fn wal_bytes(path: &Path) -> u64 {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    Path::new(&name).metadata().map_or(0, |m| m.len())
}

impl Ledger {
    /// Brings the log into the file and makes it empty, once it is long; called when there is nothing else to do. Where
    /// somebody still reads what is in it, it stays: the next time comes.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn rest(&mut self) -> Result<(), LedgerError> {
        if self.conn.path().is_none_or(|path| wal_bytes(Path::new(path)) < RESTING) {
            return Ok(());
        }
        self.empty_log()
    }

    /// Brings the log into the file now: what was removed from the ledger is then in neither.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn empty_log(&mut self) -> Result<(), LedgerError> {
        checkpoint(&self.conn, "TRUNCATE", |_| Ok(()))
    }

    /// Whether the log has become long since it began anew.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn is_log_long(&self) -> Result<bool, LedgerError> {
        Ok(self.log_pages()? > LONG)
    }

    /// Pages in the log since it began anew.
    fn log_pages(&self) -> Result<i64, LedgerError> {
        checkpoint(&self.conn, "NOOP", |r| r.get("log"))
    }

    /// Brings in what a [`Bringer`] left; the next batch then begins the log anew.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn bring_in(&self) -> Result<(), LedgerError> {
        checkpoint(&self.conn, "PASSIVE", |_| Ok(()))
    }

    /// Who brings the log in beside the writer.
    pub fn bringer(&self) -> Bringer {
        Bringer(self.conn.path().unwrap_or_default().into())
    }
}

/// Brings the log into the file while the writer goes on.
#[derive(Debug)]
pub struct Bringer(PathBuf);

impl Bringer {
    /// Brings in what is in it now.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn bring_in(&self) -> Result<(), LedgerError> {
        let conn = Connection::open(&self.0).map_err(LedgerError::on(t("s'ouvrir", "open")))?;
        checkpoint(&conn, "PASSIVE", |_| Ok(()))
    }
}

/// A checkpoint, as SQLite calls it; nobody who deposits is to wait for somebody who reads.
fn checkpoint<T>(
    conn: &Connection,
    mode: &str,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<T, LedgerError> {
    let on = LedgerError::on(t("reprendre son journal", "bring its log in"));
    conn.busy_timeout(Duration::ZERO).map_err(&on)?;
    let done = conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], read);
    conn.busy_timeout(PATIENCE).map_err(&on)?;
    done.map_err(on)
}

#[cfg(test)]
mod tests {
    use super::super::NewEvent;
    use super::*;
    use crate::clock::Instant;

    /// A batch of some hundred pages.
    fn batch(ledger: &mut Ledger, n: i64) {
        let text = "é".repeat(200_000);
        let mut entry = ledger.begin().expect("a batch");
        let event = NewEvent { comment: Some(&text), ..NewEvent::of("f-1", n, "accepted", Instant(n)) };
        entry.event(&event).expect("an event");
        entry.commit().expect("a commit");
    }

    #[test]
    fn the_log_begins_anew_where_it_is_brought_in_beside_the_writer() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("guichet.db");
        let mut ledger = Ledger::open(&path).expect("a ledger");
        let bringer = ledger.bringer();
        let (mut n, mut most) = (0, 0);
        let mut next = |ledger: &mut Ledger| {
            n += 1;
            batch(ledger, n);
            most = most.max(ledger.log_pages().expect("pages"));
        };
        for _ in 0..3 {
            while !ledger.is_log_long().expect("an answer") {
                next(&mut ledger);
            }
            // A batch is written while it is brought in: what that appends is not in the file yet.
            std::thread::scope(|scope| {
                let brought = scope.spawn(|| bringer.bring_in());
                next(&mut ledger);
                brought.join().expect("no panic").expect("brought in");
            });
            ledger.bring_in().expect("the rest");
            next(&mut ledger);
            assert!(ledger.log_pages().expect("pages") < 200, "it began anew");
        }
        assert!(most < LONG + 400, "{most} pages");
        assert!(wal_bytes(&path) < 16 << 20, "{} bytes", wal_bytes(&path));
        assert!(n * 98 > 3 * LONG, "{n} batches");
    }
}
