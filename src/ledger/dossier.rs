//! Dossiers: the pièces of one payment cycle, by the number of the pièce that opened it.

use super::read::{COLUMNS, LedgerReader, PieceRow, piece_row};
use super::{Hash, LedgerError};
use crate::text::t;
use rusqlite::OptionalExtension;

/// A dossier that stands for itself: nothing was merged into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DossierRow {
    /// Its id, inside.
    pub id: String,
    /// The number of the pièce that opened it.
    pub number: String,
    /// The seller of that pièce.
    pub supplier: String,
    /// How it is called: its number, with its supplier where another dossier has the same.
    pub name: String,
}

/// Where the bytes of a pièce are, and which they must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// The flow that brought it.
    pub flow: String,
    /// The last place of the flow's file, below the spool.
    pub filed: String,
    /// The hash of the flow's bytes; none: it was not read.
    pub sha256: Option<Hash>,
    /// Of a member of an archive: which entry, from 0.
    pub entry: Option<usize>,
    /// The hash of what was delivered as this pièce, if it was to anyone.
    pub delivered: Option<Hash>,
}

impl LedgerReader {
    /// The dossiers that a name means: `NUMBER`, or `SUPPLIER/NUMBER`; one that was merged is the one that it went
    /// into.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn dossiers(&self, name: &str) -> Result<Vec<DossierRow>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<DossierRow>> {
            let ids = self.dossier_ids(name)?;
            let mut one = self.conn.prepare(
                "SELECT id, number, supplier, EXISTS (SELECT 1 FROM dossier o
                    WHERE o.number = d.number AND o.id <> d.id AND o.merged IS NULL) FROM dossier d WHERE id = ?",
            )?;
            let row = |id: String| {
                one.query_row([id], |r| {
                    let (number, supplier): (String, String) = (r.get(1)?, r.get(2)?);
                    let name = if r.get(3)? { format!("{supplier}/{number}") } else { number.clone() };
                    Ok(DossierRow { id: r.get(0)?, number, supplier, name })
                })
            };
            ids.into_iter().map(row).collect()
        };
        run().map_err(LedgerError::on(t("chercher un dossier", "look up a dossier")))
    }

    /// The ids of the dossiers that a name means: an id too, since a supplier may have the same number in two years. A
    /// number may have a slash of its own.
    pub(super) fn dossier_ids(&self, name: &str) -> rusqlite::Result<Vec<String>> {
        let (supplier, number) = name.split_once('/').unwrap_or_default();
        self.conn
            .prepare(
                "SELECT DISTINCT coalesce(merged, id) FROM dossier
                 WHERE number = ?1 OR id = ?1 OR (number = ?2 AND supplier = ?3) ORDER BY 1",
            )?
            .query_map([name, number, supplier], |r| r.get(0))?
            .collect()
    }

    /// The pièces of a dossier, in order of deposit.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn pieces_of(&self, dossier: &DossierRow) -> Result<Vec<PieceRow>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<PieceRow>> {
            let sql = format!("SELECT {COLUMNS} FROM piece INDEXED BY piece_dossier WHERE dossier = ? ORDER BY seq");
            self.conn.prepare(&sql)?.query_map([&dossier.id], piece_row)?.collect()
        };
        run().map_err(LedgerError::on(t("lire un dossier", "read a dossier")))
    }

    /// Where the bytes of a pièce are.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn original(&self, piece: &str) -> Result<Option<Original>, LedgerError> {
        let sql = "SELECT f.id, f.filed, f.sha256, p.entry, (SELECT o.sha256 FROM outbox o INDEXED BY outbox_flow
                    WHERE o.flow = p.flow AND o.piece = p.id AND o.tray = 'pieces' AND o.part IS NULL LIMIT 1)
                   FROM piece p JOIN flow f ON f.id = p.flow WHERE p.id = ?";
        let row = self.conn.query_row(sql, [piece], |r| {
            let entry = r.get::<_, Option<i64>>(3)?.and_then(|n| usize::try_from(n).ok());
            let (sha256, delivered) = (r.get(2)?, r.get(4)?);
            Ok(Original { flow: r.get(0)?, filed: r.get(1)?, sha256, entry, delivered })
        });
        row.optional().map_err(LedgerError::on(t("retrouver les octets d'une pièce", "look up a pièce's bytes")))
    }
}
