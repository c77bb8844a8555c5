//! The synthèse: what a structure holds, role by role, and its own pièces that were refused, in order of deposit.
//!
//! The index `piece_holder` has the pièces of one role in that order, so that nothing held is sorted and the first
//! page comes at once however much a structure holds. `piece_refused` has the refused ones by their depositor and by
//! day: of a structure there are few, and those of the last days are together.

use super::LedgerError;
use super::read::{COLUMNS, LedgerReader, PIECE_COLUMNS, PieceRow, piece_row};
use crate::clock::Instant;
use crate::rules::works;
use crate::text::t;
use crate::trade::{Cadre, Role};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params_from_iter};

/// Whose synthèse, and what of it.
pub struct Awaited<'a> {
    /// The structure.
    pub structure: &'a str,
    /// In which role; none: in any.
    pub role: Option<Role>,
    /// Only pièces deposited after this one.
    pub after: Option<&'a str>,
    /// Only refused ones that were refused at this moment or later.
    pub refused_since: Option<Instant>,
    /// Whether a pièce that was delivered so is wanted.
    pub wanted: &'a dyn Fn(&[Delivery]) -> bool,
}

/// The pièce's own bytes, as they went out to a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// To whom.
    pub partner: String,
    /// Under which name in its tray.
    pub name: String,
}

/// A pièce of a synthèse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntheseRow {
    /// What a search gives.
    pub piece: PieceRow,
    /// The role in which the structure holds it; of a refused one, in which it deposited it.
    pub role: Role,
    /// The MOA of the marché's registered sheet.
    pub marche_moa: Option<String>,
    /// To whom its bytes went.
    pub delivered: Vec<Delivery>,
}

/// Who deposited a pièce, as the index `piece_refused` has it: the seller where the cadre does not say.
const DEPOSITOR: &str =
    "(CASE WHEN cadre IN ('A15', 'A16', 'A17', 'A18', 'A24') THEN moe WHEN cadre IN ('A19', 'A20', 'A25') THEN moa
     ELSE supplier_id END)";

const DELIVERED: &str = "SELECT partner, name FROM outbox INDEXED BY outbox_piece
    WHERE piece = ? AND tray = 'pieces' AND part IS NULL ORDER BY id";

impl LedgerReader {
    /// Gives every pièce that awaits a structure and is wanted, and its refused ones, in order of deposit, until
    /// `each` says stop.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn synthese(&self, of: &Awaited<'_>, each: &mut dyn FnMut(SyntheseRow) -> bool) -> Result<(), LedgerError> {
        let mut run = || -> rusqlite::Result<()> {
            let Some((sql, values)) = self.found(of)? else { return Ok(()) };
            let mut found = self.conn.prepare(&sql)?;
            let mut id_of = self.conn.prepare("SELECT id FROM piece WHERE seq = ?")?;
            let mut deliveries = self.conn.prepare(DELIVERED)?;
            let mut row_of =
                self.conn.prepare(&format!("SELECT {COLUMNS}, holder_role, marche_moa FROM piece WHERE seq = ?"))?;
            let used = found.parameter_count();
            let mut rows = found.query(params_from_iter(values.iter().take(used)))?;
            while let Some(row) = rows.next()? {
                let seq: i64 = row.get(0)?;
                let id: String = id_of.query_row([seq], |r| r.get(0))?;
                let delivered = deliveries
                    .query_map([&id], |r| Ok(Delivery { partner: r.get(0)?, name: r.get(1)? }))?
                    .collect::<Result<Vec<_>, _>>()?;
                if !(of.wanted)(&delivered) {
                    continue;
                }
                let found = row_of.query_row([seq], |r| {
                    let (piece, held) = (piece_row(r)?, r.get::<_, Option<String>>(PIECE_COLUMNS)?);
                    let role = held.and_then(|role| role.parse().ok()).unwrap_or_else(|| deposited_as(&piece));
                    Ok(SyntheseRow { role, piece, marche_moa: r.get(PIECE_COLUMNS + 1)?, delivered })
                })?;
                if !each(found) {
                    break;
                }
            }
            Ok(())
        };
        run().map_err(LedgerError::on(t("réunir ce qui attend une structure", "gather what awaits a structure")))
    }

    /// How SQLite finds them, a line a step, for those who tune and for tests.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn synthese_plan(&self, of: &Awaited<'_>) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            let Some((sql, values)) = self.found(of)? else { return Ok(Vec::new()) };
            let mut plan = self.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let used = plan.parameter_count();
            plan.query_map(params_from_iter(values.iter().take(used)), |r| r.get(3))?.collect()
        };
        run().map_err(LedgerError::on(t("préparer une synthèse", "plan a synthèse")))
    }

    /// The statement that gives the numbers of the pièces, with its values; nothing where `after` names nothing.
    fn found(&self, of: &Awaited<'_>) -> rusqlite::Result<Option<(String, [Value; 3])>> {
        let after: Option<i64> = match of.after {
            None => Some(0),
            Some(id) => self.conn.query_row("SELECT seq FROM piece WHERE id = ?", [id], |r| r.get(0)).optional()?,
        };
        let Some(after) = after else { return Ok(None) };
        let roles = Role::ALL.into_iter().filter(|role| of.role.is_none_or(|asked| asked == *role));
        let held = roles.map(|role| {
            format!(
                "SELECT seq FROM piece INDEXED BY piece_holder
                 WHERE holder = ?1 AND holder_role = '{role}' AND seq > ?2"
            )
        });
        let refused = of.role.map_or_else(|| Some(String::new()), deposited_by).map(|cadres| {
            format!(
                "SELECT seq FROM piece INDEXED BY piece_refused
                 WHERE {DEPOSITOR} = ?1 AND status_at >= ?3 AND live = 0 AND seq > ?2 {cadres}"
            )
        });
        let sql = held.chain(refused).collect::<Vec<_>>().join(" UNION ALL ");
        let since = of.refused_since.map_or(i64::MIN, |at| at.0);
        let values = [Value::Text(of.structure.to_owned()), Value::Integer(after), Value::Integer(since)];
        Ok(Some((format!("{sql} ORDER BY seq"), values)))
    }
}

/// The role in which a pièce was deposited.
fn deposited_as(piece: &PieceRow) -> Role {
    piece.cadre.as_deref().and_then(|cadre| cadre.parse().ok()).map_or(Role::Fournisseur, works::depositor)
}

/// The condition that a pièce was deposited in a role; none: nobody deposits in it. Where the cadre does not say, it
/// was the seller.
fn deposited_by(role: Role) -> Option<String> {
    let listed = |own: bool| {
        let cadres = Cadre::ALL.into_iter().filter(|cadre| (works::depositor(*cadre) == role) == own);
        cadres.map(|cadre| format!("'{cadre}'")).collect::<Vec<_>>().join(", ")
    };
    match (role, listed(true)) {
        (Role::Fournisseur, _) => Some(format!("AND coalesce(cadre, '') NOT IN ({})", listed(false))),
        (_, none) if none.is_empty() => None,
        (_, own) => Some(format!("AND cadre IN ({own})")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn the_depositor_in_sql_is_that_of_the_matrix() {
        let conn = Connection::open_in_memory().unwrap();
        let sql =
            format!("SELECT {DEPOSITOR} FROM (SELECT ? AS cadre, 'moe' AS moe, 'moa' AS moa, 'seller' AS supplier_id)");
        let of = |cadre: Option<&str>| conn.query_row(&sql, [cadre], |r| r.get::<_, String>(0)).unwrap();
        for cadre in Cadre::ALL {
            let expected = match works::depositor(cadre) {
                Role::Moe => "moe",
                Role::Moa => "moa",
                _ => "seller",
            };
            assert_eq!(of(Some(cadre.code())), expected, "{cadre}");
        }
        assert_eq!((of(None), of(Some("A1"))), ("seller".to_owned(), "seller".to_owned()));
    }
}
