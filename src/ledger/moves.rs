//! A pièce moves on: an event, and its row as it is from then on.

use super::write::Supplement;
use super::{Entry, Hash, LedgerError, NewEvent};
use crate::clock::Instant;
use crate::lifecycle::Statut;
use crate::lifecycle::acts::Datum;
use crate::text::t;
use rusqlite::{Row, params};

/// What becomes of a pièce that is here already.
#[derive(Debug)]
pub struct Move<'a> {
    /// The pièce.
    pub piece: &'a str,
    /// Its status from now on.
    pub status: Statut,
    /// When.
    pub at: Instant,
    /// Who caused it; none: guichet.
    pub by: Option<&'a str>,
    /// Why, as a code.
    pub motif: Option<&'a str>,
    /// Why, in words.
    pub comment: Option<&'a str>,
    /// The flow that brought the act.
    pub via: Option<&'a str>,
    /// What was corrected, JSON.
    pub changes: Option<&'a str>,
    /// What was added.
    pub supplements: &'a [Supplement],
    /// Who has it from now on: role and structure.
    pub holder: Option<(&'a str, &'a str)>,
}

impl<'a> Move<'a> {
    /// A move that nobody caused, that needs no words, and after which nobody has the pièce.
    pub fn of(piece: &'a str, status: Statut, at: Instant) -> Move<'a> {
        let (by, motif, comment, via, changes) = (None, None, None, None, None);
        Move { piece, status, at, by, motif, comment, via, changes, supplements: &[], holder: None }
    }
}

/// Where the bytes of a pièce are, and which they must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The flow that brought it.
    pub flow: String,
    /// The mode of its deposit.
    pub mode: String,
    /// Who deposited it.
    pub partner: String,
    /// Of an archive: its place among the entries.
    pub entry: Option<usize>,
    /// The last place of the flow's file; none: the flow is being decided.
    pub filed: Option<String>,
    /// The hash of the flow's bytes.
    pub sha256: Option<Hash>,
    /// The hash of what was delivered as this pièce, if it was to anyone.
    pub delivered: Option<Hash>,
}

impl Entry<'_> {
    /// Where the bytes of a pièce are.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn source(&self, piece: &str) -> Result<Source, LedgerError> {
        self.prepare(
            "SELECT p.flow, p.mode, p.partner, p.entry, f.filed, f.sha256,
                (SELECT o.sha256 FROM outbox o INDEXED BY outbox_piece
                 WHERE o.piece = p.id AND o.tray = 'pieces' AND o.part IS NULL LIMIT 1)
             FROM piece p LEFT JOIN flow f ON f.id = p.flow WHERE p.id = ?",
        )
        .and_then(|mut s| {
            s.query_row([piece], |r| {
                let entry = r.get::<_, Option<i64>>(3)?.and_then(|n| usize::try_from(n).ok());
                let (filed, sha256, delivered) = (r.get(4)?, r.get(5)?, r.get(6)?);
                Ok(Source { flow: r.get(0)?, mode: r.get(1)?, partner: r.get(2)?, entry, filed, sha256, delivered })
            })
        })
        .map_err(LedgerError::on(t("retrouver les octets d'une pièce", "look up a pièce's bytes")))
    }

    /// What of a pièce was delivered to whom: partner and part.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn delivered(&self, piece: &str) -> Result<Vec<(String, Option<String>)>, LedgerError> {
        self.prepare("SELECT partner, part FROM outbox INDEXED BY outbox_piece WHERE piece = ? AND tray = 'pieces'")
            .and_then(|mut s| s.query_map([piece], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
            .map_err(LedgerError::on(t("retrouver ce qui a été remis", "look up what was delivered")))
    }

    /// What acts added to a pièce: the number of the event, and within it, and the file.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn supplements(&self, piece: &str) -> Result<Vec<(i64, i64, Supplement)>, LedgerError> {
        self.prepare("SELECT event, n, name, sha256, bytes FROM supplement WHERE piece = ? ORDER BY event, n")
            .and_then(|mut s| {
                let one = |r: &Row<'_>| {
                    let file = Supplement { name: r.get(2)?, sha256: r.get(3)?, bytes: r.get(4)? };
                    Ok((r.get(0)?, r.get(1)?, file))
                };
                s.query_map([piece], one)?.collect()
            })
            .map_err(LedgerError::on(t("lire un complément", "read a supplement")))
    }

    /// Records a move: the event, and the pièce's row. Gives the event's number within the pièce's trail.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn moves(&mut self, m: &Move<'_>) -> Result<i64, LedgerError> {
        let last: i64 = self
            .prepare("SELECT max(n) FROM event WHERE subject = ?")
            .and_then(|mut s| s.query_row([m.piece], |r| r.get(0)))
            .map_err(LedgerError::on(t("chercher un événement", "look up an event")))?;
        let (n, status) = (last + 1, m.status.code());
        let Move { by, motif, comment, via, changes, supplements, .. } = *m;
        let event = NewEvent::of(m.piece, n, status, m.at);
        self.event(&NewEvent { by, motif, comment, via, changes, supplements, ..event })?;
        let (role, holder) = m.holder.unzip();
        self.run(
            t("changer un état", "change a status"),
            "UPDATE piece SET status = ?, status_at = ?, holder_role = ?, holder = ?, live = ? WHERE id = ?",
            params![status, m.at.0, role, holder, !m.status.is_refusal(), m.piece],
        )?;
        Ok(n)
    }

    /// Corrects a routing datum of a pièce; the event of the correction says what it was.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn correct(&mut self, piece: &str, datum: Datum, value: Option<&str>) -> Result<(), LedgerError> {
        let sql = match datum {
            Datum::Siret => "UPDATE piece SET destinataire = ? WHERE id = ?",
            Datum::Service => "UPDATE piece SET service = ? WHERE id = ?",
            Datum::Engagement => "UPDATE piece SET engagement = ? WHERE id = ?",
            Datum::Valideur1 => "UPDATE piece SET valideur1 = ? WHERE id = ?",
            Datum::Valideur2 => "UPDATE piece SET valideur2 = ? WHERE id = ?",
            Datum::Moe => "UPDATE piece SET moe = ?, moe_service = NULL WHERE id = ?",
            Datum::Moa => "UPDATE piece SET moa = ?, moa_service = NULL WHERE id = ?",
        };
        self.run(t("corriger une pièce", "correct a pièce"), sql, params![value, piece])
    }

    /// Gives a pièce the name of another destinataire.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn rename(&mut self, piece: &str, name: Option<&str>) -> Result<(), LedgerError> {
        self.run(
            t("corriger une pièce", "correct a pièce"),
            "UPDATE piece SET destinataire_name = ? WHERE id = ?",
            params![name, piece],
        )
    }
}
