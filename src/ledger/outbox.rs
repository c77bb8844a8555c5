//! What goes out: the numbers in its names, its rows, and what of it is not published yet.

use super::LedgerError;
use super::chain::Hash;
use super::write::{Entry, Ledger};
use crate::clock::Instant;
use crate::text::t;
use rusqlite::{OptionalExtension, Row, params};

/// A file to publish.
#[derive(Debug)]
pub struct Outbound<'a> {
    /// The flow that it answers, or that brought the pièce; none for a status flow, which speaks of several.
    pub flow: Option<&'a str>,
    /// The pièce whose bytes it is.
    pub piece: Option<&'a str>,
    /// Whose directory.
    pub partner: &'a str,
    /// Which one.
    pub tray: &'a str,
    /// The number in its name.
    pub sequence: i64,
    /// Its name.
    pub name: &'a str,
    /// The hash of its bytes.
    pub sha256: Hash,
    /// Its bytes, unless they are the deposit's.
    pub bytes: Option<&'a [u8]>,
    /// What rendered it.
    pub renderer: &'a str,
    /// When.
    pub at: Instant,
    /// Which attachment of the pièce it is: `embedded 1`, `entry 3`, `supplement 5 1`; none: the pièce's own bytes.
    pub part: Option<&'a str>,
}

/// A report that was sent, with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its row and its name.
    pub pending: Pending,
    /// What was rendered.
    pub bytes: Vec<u8>,
}

/// An outbound file that may still be staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its row.
    pub id: i64,
    /// Whose directory.
    pub partner: String,
    /// Which one.
    pub tray: String,
    /// Its name.
    pub name: String,
}

impl Pending {
    /// From its row: id, partner, tray, name.
    fn of(row: &Row<'_>) -> rusqlite::Result<Pending> {
        Ok(Pending { id: row.get(0)?, partner: row.get(1)?, tray: row.get(2)?, name: row.get(3)? })
    }
}

/// Numbers of outbound names that a partner has for itself: the first five of fifteen digits are the partner's, given
/// when it is first answered, so that no two partners ever get the same name; the last ten count its files.
pub(super) const LANE: i64 = 10_000_000_000;

impl Ledger {
    /// The outbound file of this name, if it was ever committed.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn sent(&self, partner: &str, name: &str) -> Result<Option<Pending>, LedgerError> {
        self.conn
            .prepare_cached(
                "SELECT id, partner, tray, name FROM outbox WHERE partner = ? AND sequence = ? AND name = ?",
            )
            .and_then(|mut s| s.query_row(params![partner, sequence_in(name), name], Pending::of).optional())
            .map_err(LedgerError::on(t("chercher un fichier sortant", "look up an outbound file")))
    }

    /// The reports of a flow.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn reports(&self, flow: &str) -> Result<Vec<Report>, LedgerError> {
        self.conn
            .prepare_cached(
                "SELECT id, partner, tray, name, bytes FROM outbox WHERE flow = ? AND tray = 'comptes-rendus' ORDER BY id",
            )
            .and_then(|mut s| {
                s.query_map([flow], |r| {
                    Ok(Report { pending: Pending::of(r)?, bytes: r.get(4)? })
                })?
                .collect()
            })
            .map_err(LedgerError::on(t("lire un compte rendu", "read a report")))
    }

    /// The bytes of an outbound file that was rendered; none: they are the deposit's.
    #[cfg(feature = "faults")]
    pub fn rendered(&self, id: i64) -> Result<Option<Vec<u8>>, LedgerError> {
        self.conn
            .query_row("SELECT bytes FROM outbox WHERE id = ?", [id], |r| r.get(0))
            .map_err(LedgerError::on(t("lire ce qui a été rendu", "read what was rendered")))
    }

    /// Outbound files that may still be staged, in order of their rows.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn unpublished(&self) -> Result<Vec<Pending>, LedgerError> {
        self.conn
            .prepare_cached(
                "SELECT o.id, o.partner, o.tray, o.name FROM unpublished u JOIN outbox o USING (id) ORDER BY u.id",
            )
            .and_then(|mut s| s.query_map([], Pending::of)?.collect())
            .map_err(LedgerError::on(t("lire ce qui n'est pas publié", "read what is unpublished")))
    }
}

impl Entry<'_> {
    /// The next number for a partner's outbound names: sorts in order of events, and is no other partner's.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn sequence(&mut self, partner: &str) -> Result<i64, LedgerError> {
        let number = match self.next.get_mut(partner) {
            Some(next) => {
                *next += 1;
                *next - 1
            }
            None => {
                let number = self.first_number(partner)?;
                self.next.insert(partner.to_owned(), number + 1);
                number
            }
        };
        self.sent_up_to(number % LANE);
        Ok(number)
    }

    /// A partner's first number in this batch.
    fn first_number(&self, partner: &str) -> Result<i64, LedgerError> {
        // After a restore a new partner counts on from there too: the lane may have been another's.
        self.prepare(
            "INSERT INTO sequence (partner, next) VALUES (?1, (SELECT count(*) + 1 FROM sequence) * ?2 + 2
                    + (SELECT coalesce(max(CAST(comment AS INTEGER)), 0) FROM event
                       WHERE subject = 'ledger' AND status = 'restored'))
                 ON CONFLICT (partner) DO UPDATE SET next = next + 1 RETURNING next - 1",
        )
        .and_then(|mut s| s.query_row(params![partner, LANE], |r| r.get(0)))
        .map_err(LedgerError::on(t("numéroter un fichier sortant", "number an outbound file")))
    }

    /// Writes the next numbers of those who were given some in this batch.
    pub(super) fn keep_numbers(&mut self) -> Result<(), LedgerError> {
        for (partner, next) in std::mem::take(&mut self.next) {
            let sql = "UPDATE sequence SET next = ? WHERE partner = ?";
            self.run(t("numéroter les fichiers sortants", "number outbound files"), sql, params![next, partner])?;
        }
        Ok(())
    }

    /// Records an outbound file, to be published once this batch is committed.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn outbound(&mut self, o: &Outbound<'_>) -> Result<Pending, LedgerError> {
        self.run(
            t("inscrire un fichier sortant", "record an outbound file"),
            "INSERT INTO outbox (flow, piece, partner, tray, sequence, name, sha256, bytes, renderer, at, part)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                o.flow, o.piece, o.partner, o.tray, o.sequence, o.name, o.sha256, o.bytes, o.renderer, o.at.0, o.part
            ],
        )?;
        let id = self.tx.last_insert_rowid();
        self.first.get_or_insert(id);
        Ok(Pending { id, partner: o.partner.to_owned(), tray: o.tray.to_owned(), name: o.name.to_owned() })
    }

    /// Writes which files of this batch are not published: all.
    pub(super) fn keep_unpublished(&mut self) -> Result<(), LedgerError> {
        let Some(first) = self.first.take() else { return Ok(()) };
        self.run(
            t("inscrire les fichiers sortants", "record outbound files"),
            "INSERT INTO unpublished (id) SELECT id FROM outbox WHERE id >= ?",
            [first],
        )
    }

    /// Marks outbound files as published.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn published(&mut self, ids: &[i64]) -> Result<(), LedgerError> {
        // Those of a batch follow one another: a statement a row would be the larger part of the work.
        for run in ids.chunk_by(|one, next| one + 1 == *next) {
            self.run(
                t("noter ce qui est publié", "mark what is published"),
                "DELETE FROM unpublished WHERE id BETWEEN ? AND ?",
                [run[0], run[run.len() - 1]],
            )?;
        }
        Ok(())
    }
}

/// The number in an outbound name: the first fifteen characters of a pièce's, the last of a flow's.
fn sequence_in(name: &str) -> Option<i64> {
    let digits = if name.contains("_p-") { name.get(..15) } else { name.get(name.len().saturating_sub(15)..) };
    digits?.parse().ok()
}
