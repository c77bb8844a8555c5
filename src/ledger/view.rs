//! What a decision sees of the ledger: inside the batch's own transaction, so that each deposit and act sees what the
//! earlier ones of the batch made true.

use super::chain::Hash;
use super::read::{FACTS, FACTS_COLUMNS, facts_of};
use super::{Entry, LedgerError};
use crate::association::Earlier;
use crate::clock::Instant;
use crate::decision::{FirstDeposit, LivePiece, OtherTakers, Passed, Uniqueness, View};
use crate::rules::works::names::NamedFlow;
use crate::text::{Text, t};
use rusqlite::{Connection, OptionalExtension, params};

/// Pièces as a decision sees them, by a condition on `piece`, in order of deposit. A pruned one has nothing to say any
/// more: it can neither be taken nor acted upon.
fn earlier(
    conn: &Connection,
    tried: Text,
    which: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<Earlier>, LedgerError> {
    let sql = format!(
        "SELECT {FACTS}, id, status, holder, deposited_at, partner, dossier,
                (SELECT l.piece FROM link l JOIN piece t ON t.id = l.piece WHERE l.earlier = piece.id AND t.live = 1
                 ORDER BY t.seq DESC LIMIT 1)
         FROM piece WHERE {which}
            AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = piece.flow AND e.status = 'pruned')
         ORDER BY seq"
    );
    conn.prepare_cached(&sql)
        .and_then(|mut s| {
            s.query_map(values, |r| {
                let at = |i: usize| FACTS_COLUMNS + i;
                let status: String = r.get(at(1))?;
                Ok(Earlier {
                    facts: facts_of(r)?,
                    id: r.get(at(0))?,
                    status: status.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
                    holder: r.get(at(2))?,
                    deposited_at: Instant(r.get(at(3))?),
                    partner: r.get(at(4))?,
                    dossier: r.get(at(5))?,
                    taken_by: r.get(at(6))?,
                })
            })?
            .collect()
        })
        .map_err(LedgerError::on(tried))
}

pub(super) fn numbered(
    conn: &Connection,
    number: &str,
    supplier: Option<&str>,
    marche: Option<&str>,
) -> Result<Vec<Earlier>, LedgerError> {
    let which = "seq IN (SELECT seq FROM piece WHERE number = ?1 AND supplier_key = ?2
                         UNION SELECT seq FROM piece WHERE marche = ?3 AND number = ?1)";
    earlier(
        conn,
        t("chercher une pièce antérieure", "look for an earlier pièce"),
        which,
        params![number, supplier, marche],
    )
}

pub(super) fn of_number(conn: &Connection, number: &str, suppliers: &[String]) -> Result<Vec<Earlier>, LedgerError> {
    let keys = serde_json::to_string(suppliers).expect("texts are plain data");
    let which = "number = ?1 AND supplier_key IN (SELECT value FROM json_each(?2))";
    earlier(conn, t("chercher un numéro", "look a number up"), which, [number, &keys])
}

impl View for Entry<'_> {
    type Error = LedgerError;

    fn first_deposit(&self, partner: &str, sha256: &Hash) -> Result<Option<FirstDeposit>, LedgerError> {
        self.prepare(
            "SELECT f.id, f.decided_at, p.id FROM flow f LEFT JOIN piece p ON p.flow = f.id
             WHERE f.partner = ? AND f.sha256 = ? AND f.outcome IN ('accepted', 'partial') LIMIT 1",
        )
        .and_then(|mut s| {
            s.query_row(params![partner, sha256], |r| {
                Ok(FirstDeposit { flow: r.get(0)?, at: Instant(r.get(1)?), piece: r.get(2)? })
            })
            .optional()
        })
        .map_err(LedgerError::on(t("chercher les mêmes octets", "look for the same bytes")))
    }

    fn live_piece(&self, key: &Uniqueness) -> Result<Option<LivePiece>, LedgerError> {
        self.prepare(
            "SELECT id, partner FROM piece
             WHERE supplier_key = ? AND number = ? AND substr(issued, 1, 4) = ? AND live = 1",
        )
        .and_then(|mut s| {
            s.query_row(params![key.supplier, key.number, key.year], |r| {
                Ok(LivePiece { id: r.get(0)?, partner: r.get(1)? })
            })
            .optional()
        })
        .map_err(LedgerError::on(t("chercher le même numéro", "look for the same number")))
    }

    fn numbered(
        &self,
        number: &str,
        supplier: Option<&str>,
        marche: Option<&str>,
    ) -> Result<Vec<Earlier>, LedgerError> {
        numbered(&self.tx, number, supplier, marche)
    }

    fn named(&self, partner: &str, name: &[u8]) -> Result<Option<NamedFlow>, LedgerError> {
        // A requeued flow is the same deposit as the one that it became.
        self.prepare(
            "SELECT id, decided_at, outcome IN ('accepted', 'partial') AS integrated FROM flow f
             WHERE partner = ? AND name = ? AND length(name) = 41
               AND NOT EXISTS (SELECT 1 FROM event WHERE subject = f.id AND status = 'requeued')
             ORDER BY integrated DESC, f.rowid DESC LIMIT 1",
        )
        .and_then(|mut s| {
            s.query_row(params![partner, name], |r| {
                Ok(NamedFlow { flow: r.get(0)?, at: Instant(r.get(1)?), integrated: r.get(2)? })
            })
            .optional()
        })
        .map_err(LedgerError::on(t("chercher le même nom", "look for the same name")))
    }

    fn trail(&self, piece: &str) -> Result<Vec<Passed>, LedgerError> {
        self.prepare("SELECT status, by, changes FROM event WHERE subject = ? ORDER BY n")
            .and_then(|mut s| {
                s.query_map([piece], |r| {
                    let status: String = r.get(0)?;
                    let status = status.parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
                    let changes: Option<String> = r.get(2)?;
                    Ok(Passed::new(status, r.get(1)?, changes.as_deref()))
                })?
                .collect()
            })
            .map_err(LedgerError::on(t("lire un historique", "read a trail")))
    }

    fn by_id(&self, id: &str) -> Result<Option<Earlier>, LedgerError> {
        Ok(earlier(&self.tx, t("chercher une pièce", "look a pièce up"), "id = ?", [id])?.pop())
    }

    fn of_number(&self, number: &str, suppliers: &[String]) -> Result<Vec<Earlier>, LedgerError> {
        of_number(&self.tx, number, suppliers)
    }

    fn taken_by(&self, piece: &str) -> Result<Vec<(Earlier, OtherTakers)>, LedgerError> {
        let which = "id IN (SELECT earlier FROM link WHERE piece = ?)";
        let taken =
            earlier(&self.tx, t("chercher ce qu'une pièce avait pris", "look for what a pièce took"), which, [piece])?;
        let mut all = Vec::with_capacity(taken.len());
        for one in taken {
            let others = self.other_takers(&one.id, piece)?;
            all.push((one, others));
        }
        Ok(all)
    }
}

impl Entry<'_> {
    /// Who takes a pièce beside one of its takers, and is not refused.
    fn other_takers(&self, earlier: &str, but: &str) -> Result<OtherTakers, LedgerError> {
        self.prepare(
            "SELECT coalesce(max(l.kind = 'associates'), 0), coalesce(max(l.kind = 'replaces'), 0)
             FROM link l JOIN piece t ON t.id = l.piece WHERE l.earlier = ? AND l.piece <> ? AND t.live = 1",
        )
        .and_then(|mut s| {
            s.query_row([earlier, but], |r| Ok(OtherTakers { associated: r.get(0)?, replaced: r.get(1)? }))
        })
        .map_err(LedgerError::on(t("chercher ce qui prend une pièce", "look for what takes a pièce")))
    }
}
