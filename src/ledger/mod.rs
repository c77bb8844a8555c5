//! What is true, durably: one SQLite file, one writer, one transaction a batch. No SQL stands outside this module.
//!
//! Every event's hash covers the event and the hash before it, and the first event of a flow or a pièce covers the row
//! it speaks of: whoever changes the past changes every hash after it, and `verify` says so.

mod backup;
mod certificat;
mod chain;
mod dossier;
mod flows;
mod log;
mod moves;
mod outbox;
mod prune;
mod read;
mod restore;
mod search;
mod stock;
mod synthese;
mod verify;
mod view;
mod write;

pub use backup::Copied;
pub use certificat::{Sealed, Vouched};
pub use chain::Hash;
pub use dossier::{DossierRow, Original};
pub use flows::{Brought, FlowCriteria, FlowRow, Kept, Sent, StateCount, States};
pub use log::{Bringer, WAL_MOST, wal_bytes};
pub use moves::{Move, Source};
pub use outbox::{Outbound, Pending, Report};
pub use prune::{Prunable, Statuses};
pub use read::{LedgerReader, LinkRow, PieceRow, Stocktake, Supplier, TrailRow};
pub use restore::InHold;
pub use search::Criteria;
pub use stock::{StockRow, Today};
pub use synthese::{Awaited, Delivery, SyntheseRow};
pub use verify::{Problem, verify, verify_ledger};
pub use write::{Entry, Held, Ledger, NewEvent, NewFlow, NewPiece, Supplement};

use crate::spool::crash::{self, Mutant};
use crate::text::{Msg, Shown, Text, t};
use log::LONGEST;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `guic`: says whose file this is to whoever looks at its header.
const APPLICATION_ID: i64 = 0x6775_6963;
/// The schema's version.
const USER_VERSION: i64 = 4;

/// How long whoever finds the ledger busy waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// What went wrong with the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// SQLite said no.
    #[error("the ledger failed to {}: {source}", .tried.en)]
    Sqlite {
        /// An infinitive: « compter », "count".
        tried: Text,
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
    #[error(
        "{path} has the schema version {found}, this guichet knows {USER_VERSION}\n  hint: an older one is brought up to \
         date by `guichet batch` or `guichet run`; a newer one needs a newer guichet"
    )]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its `user_version`.
        found: i64,
    },
}

impl LedgerError {
    /// What went wrong, in the user's language where it is no matter of files.
    pub fn says(&self) -> Msg {
        let LedgerError::Sqlite { tried, source } = self else { return Msg::same(self.to_string()) };
        let source = source.to_string();
        let source = Shown(&source);
        Msg::new(
            format!("le registre n'a pas pu {} : {source}", tried.fr),
            format!("the ledger failed to {}: {source}", tried.en),
        )
    }

    fn on(tried: Text) -> impl Fn(rusqlite::Error) -> LedgerError {
        move |source| LedgerError::Sqlite { tried, source }
    }
}

/// Makes the schema in an empty file, brings an older one up to date; refuses a file that is not ours.
fn prepare(conn: &mut Connection, path: &Path) -> Result<(), LedgerError> {
    let on = LedgerError::on(t("s'ouvrir", "open"));
    conn.busy_timeout(PATIENCE).map_err(&on)?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).map_err(&on)?;
    if tables == 0 {
        conn.execute_batch("PRAGMA journal_mode = WAL").map_err(&on)?;
        let all = format!(
            "BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {USER_VERSION}; COMMIT;"
        );
        conn.execute_batch(&all).map_err(&on)?;
    }
    if pragma(conn, "application_id").map_err(&on)? != APPLICATION_ID {
        return Err(LedgerError::NotOurs(path.to_path_buf()));
    }
    match pragma(conn, "user_version").map_err(&on)? {
        USER_VERSION => {}
        found @ (1..USER_VERSION) => {
            up_to_date(conn, found).map_err(LedgerError::on(t("être mis à jour", "bring it up to date")))?
        }
        found => return Err(LedgerError::OtherVersion { path: path.to_path_buf(), found }),
    }
    conn.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -65536;
         PRAGMA wal_autocheckpoint = {LONGEST};
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;"
    ))
    .map_err(&on)?;
    // A statement is planned once. Otherwise SQLite looks whether the values that are bound allow an index of some rows
    // only, and plans the search for the same bytes anew for each deposit.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(&on)?;
    if crash::follows(Mutant::Normal) {
        conn.execute_batch("PRAGMA synchronous = NORMAL").map_err(&on)?;
    }
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

const SCHEMA: &str = include_str!("schema.sql");

fn pragma(conn: &Connection, name: &str) -> rusqlite::Result<i64> {
    conn.query_row(&format!("PRAGMA {name}"), [], |r| r.get(0))
}

/// From an earlier version to this one, in one transaction: all of it, or nothing.
fn up_to_date(conn: &mut Connection, from: i64) -> rusqlite::Result<()> {
    // A table that is renamed must leave alone those that refer to it by its name: it comes back.
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON",
    )?;
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Each step from the version of the ledger on.
    let steps = [include_str!("from_1.sql"), include_str!("from_2.sql"), include_str!("from_3.sql")];
    for (step, sql) in (1..).zip(steps) {
        if step >= from {
            tx.execute_batch(sql)?;
        }
    }
    tx.execute_batch(SCHEMA)?;
    tx.execute_batch(if from == 1 { include_str!("from_1_fill.sql") } else { "" })?;
    tx.execute_batch(&format!("PRAGMA user_version = {USER_VERSION}"))?;
    tx.commit()?;
    conn.execute_batch("PRAGMA legacy_alter_table = OFF")
}
