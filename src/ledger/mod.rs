//! What is true, durably: one SQLite file, one writer, one transaction a batch. No SQL stands outside this module.
//!
//! Every event's hash covers the event and the hash before it, and the first event of a flow or a pièce covers the row
//! it speaks of: whoever changes the past changes every hash after it, and `verify` says so.

mod chain;
mod read;
mod verify;
mod write;

pub use chain::Hash;
pub use read::{Criteria, LedgerReader, PieceRow, Stocktake, Supplier, TrailRow};
pub use verify::{Problem, verify};
pub use write::{Entry, Ledger, NewEvent, NewFlow, NewPiece, Outbound, Pending};

use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `guic`: says whose file this is to whoever looks at its header.
const APPLICATION_ID: i64 = 0x6775_6963;
/// The schema's version.
const USER_VERSION: i64 = 1;

/// What went wrong with the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// SQLite said no.
    #[error("the ledger failed to {tried}: {source}")]
    Sqlite {
        /// The verb.
        tried: &'static str,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
    /// There is no file.
    #[error("there is no ledger at {0}\n  hint: `guichet batch` or `guichet run` makes it with the first flow")]
    Absent(PathBuf),
    /// The file is another program's.
    #[error("{0} is no ledger of guichet's")]
    NotOurs(PathBuf),
    /// The file was made by another version.
    #[error("{path} has the schema version {found}, this guichet knows {USER_VERSION}")]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its `user_version`.
        found: i64,
    },
}

impl LedgerError {
    fn on(tried: &'static str) -> impl Fn(rusqlite::Error) -> LedgerError {
        move |source| LedgerError::Sqlite { tried, source }
    }
}

/// Makes the schema in an empty file; refuses a file that is not ours.
fn prepare(conn: &Connection, path: &Path) -> Result<(), LedgerError> {
    let on = LedgerError::on("open");
    conn.busy_timeout(Duration::from_secs(5)).map_err(&on)?;
    let pragma = |name: &str| conn.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0));
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).map_err(&on)?;
    if tables == 0 {
        conn.execute_batch("PRAGMA journal_mode = WAL").map_err(&on)?;
        let all = format!(
            "BEGIN IMMEDIATE; {} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {USER_VERSION}; COMMIT;",
            include_str!("schema.sql")
        );
        conn.execute_batch(&all).map_err(&on)?;
    }
    if pragma("application_id").map_err(&on)? != APPLICATION_ID {
        return Err(LedgerError::NotOurs(path.to_path_buf()));
    }
    match pragma("user_version").map_err(&on)? {
        USER_VERSION => {}
        found => return Err(LedgerError::OtherVersion { path: path.to_path_buf(), found }),
    }
    conn.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -65536;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA temp_store = MEMORY;",
    )
    .map_err(&on)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}
