//! A pièce moves on: an event, and its row as it is from then on.

use super::write::Supplement;
use super::{Entry, LedgerError, NewEvent};
use crate::clock::Instant;
use crate::lifecycle::Statut;
use crate::lifecycle::acts::Datum;
use rusqlite::params;

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

impl Entry<'_> {
    /// Records a move: the event, and the pièce's row. Gives the event's number within the pièce's trail.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn moves(&mut self, m: &Move<'_>) -> Result<i64, LedgerError> {
        let last: i64 = self
            .prepare("SELECT max(n) FROM event WHERE subject = ?")
            .and_then(|mut s| s.query_row([m.piece], |r| r.get(0)))
            .map_err(LedgerError::on("look up an event"))?;
        let (n, status) = (last + 1, m.status.code());
        let Move { by, motif, comment, via, changes, supplements, .. } = *m;
        let event = NewEvent::of(m.piece, n, status, m.at);
        self.event(&NewEvent { by, motif, comment, via, changes, supplements, ..event })?;
        let (role, holder) = m.holder.unzip();
        self.run(
            "change a status",
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
            Datum::Moe => "UPDATE piece SET moe = ? WHERE id = ?",
            Datum::Moa => "UPDATE piece SET moa = ? WHERE id = ?",
        };
        self.run("correct a pièce", sql, params![value, piece])
    }
}
