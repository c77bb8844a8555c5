//! Reading, beside the writer and without a lock: whoever reads sees the last committed batch.

use super::chain::{FlowFacts, Hash, PieceFacts};
use super::search::PLENTIFUL;
use super::{APPLICATION_ID, LedgerError, USER_VERSION};
use crate::clock::Instant;
use crate::decision::Changes;
use crate::judge::Facts;
use crate::piece::amount::decimal;
use crate::text::t;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The ledger, open for reading.
#[derive(Debug)]
pub struct LedgerReader {
    pub(super) conn: Connection,
    /// Of how many pièces a criterion of a search is plentiful.
    pub(super) plentiful: u64,
}

/// A pièce as every listing shows it (contract §3: these keys, in this order).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the contract says what each key is
pub struct PieceRow {
    pub piece: String,
    pub cadre: Option<String>,
    #[serde(rename = "type")]
    pub type_code: Option<String>,
    pub number: Option<String>,
    pub issued: Option<String>,
    pub supplier: Supplier,
    pub destinataire: Option<String>,
    pub moe: Option<String>,
    pub moa: Option<String>,
    pub valideur1: Option<String>,
    pub valideur2: Option<String>,
    pub service: Option<String>,
    pub moe_service: Option<String>,
    pub moa_service: Option<String>,
    pub seller_service: Option<String>,
    pub engagement: Option<String>,
    pub marche: Option<String>,
    pub dossier: Option<String>,
    pub ht: Option<String>,
    pub vat: Option<String>,
    pub ttc: Option<String>,
    pub due: Option<String>,
    pub currency: Option<String>,
    pub mode: String,
    pub partner: String,
    pub flow: String,
    #[serde(rename = "deposited")]
    pub deposited_at: String,
    pub status: String,
    pub status_at: String,
    /// When it was emptied of what it said, if it was; `piece` and `dossier` show it.
    #[serde(skip)]
    pub pruned: Option<Instant>,
}

/// Who sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Supplier {
    /// 1 to 7, as text.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The identifier.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
}

/// One event of a pièce's trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailRow {
    /// The status that it gave.
    pub status: String,
    /// When.
    pub at: Instant,
    /// Who caused it; none: guichet.
    pub by: Option<String>,
    /// Why, as a code.
    pub motif: Option<String>,
    /// Why, in words.
    pub comment: Option<String>,
    /// What was corrected.
    pub changes: Changes,
    /// The names of the files that were added.
    pub added: Vec<String>,
}

/// A pièce that another is linked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkRow {
    /// `associates`, `replaces`; of the earlier pièce of either: `associated_by`.
    pub kind: String,
    /// The other.
    pub piece: String,
    /// Its amount with VAT: what it says now may be another than what this one says.
    pub ttc: Option<String>,
    /// What it says is to be paid.
    pub due: Option<String>,
}

/// Totals for `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stocktake {
    /// Flows decided.
    pub flows: u64,
    /// Pièces, refused ones included.
    pub pieces: u64,
    /// Outbound files not published yet.
    pub unpublished: u64,
    /// When the last flow was decided.
    pub last: Option<Instant>,
}

pub(super) const COLUMNS: &str =
    "id, cadre, type, number, issued, supplier_type, supplier_id, supplier_name, destinataire, moe, moa,
    valideur1, valideur2, service, moe_service, moa_service, seller_service, engagement, marche,
    (SELECT CASE WHEN (
            SELECT count(*) FROM (SELECT 1 FROM dossier o WHERE o.number = d.number AND o.merged IS NULL LIMIT 2)) > 1
        THEN d.supplier || '/' || d.number ELSE d.number END FROM dossier d WHERE d.id = piece.dossier),
    ht, vat, ttc, due, currency, mode, partner, flow, deposited_at, status, status_at,
    (SELECT e.at FROM event e WHERE e.subject = piece.flow AND e.status = 'pruned')";

/// How many columns that is.
pub(super) const PIECE_COLUMNS: usize = 32;

/// A number is a supplier's few pièces, or those of the suppliers who number alike.
const BY_NUMBER: &str = "INDEXED BY piece_number WHERE supplier_id = ? AND number = ? AND live = ?";

/// What [`facts_of`] reads, in its order.
pub(super) const FACTS: &str =
    "cadre, number, type, issued, supplier_type, supplier_id, supplier_name, destinataire, destinataire_name, moe, moa,
    valideur1, valideur2, service, moe_service, moa_service, seller_service, engagement, marche, marche_moa, ht, vat,
    ttc, due, currency";
/// How many columns that is.
pub(super) const FACTS_COLUMNS: usize = 25;

/// What a pièce says, from the columns [`FACTS`] at the beginning of a row.
pub(super) fn facts_of(r: &Row<'_>) -> rusqlite::Result<Facts> {
    let amount = |i: usize| -> rusqlite::Result<_> { Ok(r.get::<_, Option<String>>(i)?.as_deref().and_then(decimal)) };
    Ok(Facts {
        cadre: r.get(0)?,
        number: r.get(1)?,
        type_code: r.get(2)?,
        issued: r.get::<_, Option<String>>(3)?.and_then(|day| day.parse().ok()),
        supplier_type: r.get(4)?,
        supplier_id: r.get(5)?,
        supplier_name: r.get(6)?,
        destinataire: r.get(7)?,
        destinataire_name: r.get(8)?,
        moe: r.get(9)?,
        moa: r.get(10)?,
        valideur1: r.get(11)?,
        valideur2: r.get(12)?,
        service: r.get(13)?,
        moe_service: r.get(14)?,
        moa_service: r.get(15)?,
        seller_service: r.get(16)?,
        engagement: r.get(17)?,
        marche: r.get(18)?,
        marche_moa: r.get(19)?,
        ht: amount(20)?,
        vat: amount(21)?,
        ttc: amount(22)?,
        due: amount(23)?,
        currency: r.get(24)?,
    })
}

impl LedgerReader {
    /// Opens the ledger for reading.
    ///
    /// # Errors
    /// [`LedgerError::Absent`] where there is none; a file that is not ours; what SQLite said.
    pub fn open(path: &Path) -> Result<LedgerReader, LedgerError> {
        let on = LedgerError::on(t("s'ouvrir en lecture", "open for reading"));
        if !path.exists() {
            return Err(LedgerError::Absent(path.to_path_buf()));
        }
        // Not SQLITE_OPEN_READ_ONLY: a reader of a WAL file must be able to make its shared memory.
        let conn =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
                .or_else(|_| Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY))
                .map_err(&on)?;
        conn.busy_timeout(Duration::from_secs(5)).map_err(&on)?;
        let pragma = |name: &str| conn.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0));
        if pragma("application_id").map_err(&on)? != APPLICATION_ID {
            return Err(LedgerError::NotOurs(path.to_path_buf()));
        }
        let found = pragma("user_version").map_err(&on)?;
        if found != USER_VERSION {
            return Err(LedgerError::OtherVersion { path: path.to_path_buf(), found });
        }
        conn.execute_batch("PRAGMA query_only = ON").map_err(&on)?;
        Ok(LedgerReader { conn, plentiful: PLENTIFUL })
    }

    /// The same, with criteria that are plentiful sooner: a test need not deposit twenty thousand pièces.
    #[must_use]
    pub fn plentiful_from(self, pieces: u64) -> LedgerReader {
        LedgerReader { plentiful: pieces, ..self }
    }

    /// The pièce of this id.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn piece(&self, id: &str) -> Result<Option<PieceRow>, LedgerError> {
        self.conn
            .query_row(&format!("SELECT {COLUMNS} FROM piece WHERE id = ?"), [id], piece_row)
            .optional()
            .map_err(LedgerError::on(t("chercher une pièce", "look up a pièce")))
    }

    /// What a pièce says.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn facts(&self, id: &str) -> Result<Option<Facts>, LedgerError> {
        self.conn
            .query_row(&format!("SELECT {FACTS} FROM piece WHERE id = ?"), [id], facts_of)
            .optional()
            .map_err(LedgerError::on(t("chercher une pièce", "look up a pièce")))
    }

    /// The pièces of a supplier with this number, those not refused if there is any, else the refused ones.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn pieces_numbered(&self, supplier: &str, number: &str) -> Result<Vec<PieceRow>, LedgerError> {
        let all = |live: i64| -> rusqlite::Result<Vec<PieceRow>> {
            let sql = format!("SELECT {COLUMNS} FROM piece {BY_NUMBER} ORDER BY seq");
            self.conn.prepare(&sql)?.query_map(params![supplier, number, live], piece_row)?.collect()
        };
        let found = all(1).map_err(LedgerError::on(t("chercher une pièce", "look up a pièce")))?;
        if found.is_empty() {
            all(0).map_err(LedgerError::on(t("chercher une pièce", "look up a pièce")))
        } else {
            Ok(found)
        }
    }

    /// What an act added to a pièce: names and hashes of the bytes that are there, in order.
    pub(super) fn supplements(&self, piece: &str, event: i64) -> rusqlite::Result<Vec<(String, Hash)>> {
        self.conn
            .prepare_cached("SELECT name, bytes FROM supplement WHERE piece = ? AND event = ? ORDER BY n")?
            .query_map(params![piece, event], |r| Ok((r.get(0)?, Sha256::digest(r.get::<_, Vec<u8>>(1)?).into())))?
            .collect()
    }

    /// The files that acts added to a pièce, in order: name and bytes.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn added(&self, piece: &str) -> Result<Vec<(String, Vec<u8>)>, LedgerError> {
        self.conn
            .prepare_cached("SELECT name, bytes FROM supplement WHERE piece = ? ORDER BY event, n")
            .and_then(|mut s| s.query_map([piece], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
            .map_err(LedgerError::on(t("lire un complément", "read a supplement")))
    }

    /// What happened to a pièce (or a flow), in order.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn trail(&self, subject: &str) -> Result<Vec<TrailRow>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<TrailRow>> {
            self.conn
                .prepare(
                    "SELECT status, at, by, motif, comment, CASE WHEN n > 1 THEN changes END, (SELECT json_group_array(name) FROM (SELECT name
                        FROM supplement s WHERE s.piece = e.subject AND s.event = e.n ORDER BY s.n))
                     FROM event e WHERE subject = ? ORDER BY n",
                )?
                .query_map([subject], |r| {
                    let at = Instant(r.get(1)?);
                    let (motif, comment, changes) = (r.get(3)?, r.get(4)?, r.get::<_, Option<String>>(5)?);
                    let changes = changes.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
                    let added = serde_json::from_str(&r.get::<_, String>(6)?).unwrap_or_default();
                    Ok(TrailRow { status: r.get(0)?, at, by: r.get(2)?, motif, comment, changes, added })
                })?
                .collect()
        };
        run().map_err(LedgerError::on(t("lire un historique", "read a trail")))
    }

    /// What a pièce is linked with: those that it takes, in the order in which it cites them, then those that took it.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn links(&self, piece: &str) -> Result<Vec<LinkRow>, LedgerError> {
        let sql = "SELECT kind, other, o.ttc, o.due FROM (
                SELECT 1 AS part, n, kind, earlier AS other FROM link WHERE piece = ?1
                UNION ALL SELECT 2, p.seq, 'associated_by', l.piece FROM link l JOIN piece p ON p.id = l.piece
                    WHERE l.earlier = ?1) CROSS JOIN piece o ON o.id = other
             ORDER BY part, n";
        let run = || -> rusqlite::Result<Vec<LinkRow>> {
            let link = |r: &Row<'_>| Ok(LinkRow { kind: r.get(0)?, piece: r.get(1)?, ttc: r.get(2)?, due: r.get(3)? });
            self.conn.prepare_cached(sql)?.query_map([piece], link)?.collect()
        };
        run().map_err(LedgerError::on(t("lire les liens d'une pièce", "read the links of a pièce")))
    }

    /// Every flow and pièce, and whether its row still is what its first event covers.
    pub(super) fn covered(&self) -> rusqlite::Result<Vec<(String, bool)>> {
        let mut all: Vec<(String, bool)> = self
            .conn
            .prepare(
                "SELECT f.id, e.facts, f.mode, f.partner, f.name, f.size, f.sha256, f.syntax, f.outcome, f.first,
                        f.decided_at, f.filed, f.findings, f.rules
                 FROM flow f LEFT JOIN event e ON e.subject = f.id AND e.n = 1",
            )?
            .query_map([], |r| {
                let (mode, partner, name): (String, String, Vec<u8>) = (r.get(2)?, r.get(3)?, r.get(4)?);
                let (sha256, syntax, outcome): (Option<Vec<u8>>, String, String) = (r.get(6)?, r.get(7)?, r.get(8)?);
                let (first, filed, findings): (Option<String>, String, String) = (r.get(9)?, r.get(11)?, r.get(12)?);
                let rules: String = r.get(13)?;
                let facts = FlowFacts {
                    mode: &mode,
                    partner: &partner,
                    name: &name,
                    size: r.get(5)?,
                    sha256: sha256.as_deref(),
                    syntax: &syntax,
                    outcome: &outcome,
                    first: first.as_deref(),
                    decided_at: r.get(10)?,
                    filed: &filed,
                    findings: &findings,
                    rules: &rules,
                };
                Ok((r.get(0)?, r.get::<_, Option<Vec<u8>>>(1)?.as_deref() == Some(&facts.hash())))
            })?
            .collect::<Result<_, _>>()?;
        let mut pieces = self.conn.prepare(
            "SELECT p.id, e.facts, p.flow, p.mode, p.partner, p.deposited_at, p.cadre, p.type, p.number, p.issued,
                    p.supplier_id, p.supplier_name, p.marche, p.marche_moa, p.ht, p.vat, p.ttc, p.due, p.currency,
                    p.entry, p.member
             FROM piece p LEFT JOIN event e ON e.subject = p.id AND e.n = 1",
        )?;
        let rows = pieces.query_map([], |r| {
            let (flow, mode, partner): (String, String, String) = (r.get(2)?, r.get(3)?, r.get(4)?);
            let mut texts: [Option<String>; 13] = Default::default();
            for (i, text) in texts.iter_mut().enumerate() {
                *text = r.get(6 + i)?;
            }
            let (id, name): (String, Option<String>) = (r.get(0)?, r.get(20)?);
            let earlier = self
                .conn
                .prepare_cached("SELECT earlier FROM link WHERE piece = ? ORDER BY n")?
                .query_map([&id], |r| r.get(0))?
                .collect::<Result<Vec<String>, _>>()?;
            let facts = PieceFacts {
                flow: &flow,
                texts: texts.each_ref().map(Option::as_deref),
                mode: &mode,
                partner: &partner,
                at: r.get(5)?,
                member: r.get::<_, Option<i64>>(19)?.zip(name.as_deref()),
                earlier: &earlier,
            };
            let hash = facts.hash();
            Ok((id, r.get::<_, Option<Vec<u8>>>(1)?.as_deref() == Some(&hash)))
        })?;
        for row in rows {
            all.push(row?);
        }
        Ok(all)
    }

    /// How many pièces have each status.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn statuses(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        let rows = self.conn.prepare("SELECT status, count(*) FROM piece GROUP BY status").and_then(|mut statement| {
            let rows = statement.query_map([], |r| Ok((r.get(0)?, count(r, 1)?)))?;
            rows.collect()
        });
        rows.map_err(LedgerError::on(t("compter les pièces", "count pièces")))
    }

    /// Totals.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn stocktake(&self) -> Result<Stocktake, LedgerError> {
        let sql =
            "SELECT (SELECT count(*) FROM flow), (SELECT count(*) FROM piece), (SELECT count(*) FROM unpublished),
                          (SELECT max(at) FROM event WHERE seq = (SELECT max(seq) FROM event))";
        self.conn
            .query_row(sql, [], |r| {
                let last = r.get::<_, Option<i64>>(3)?.map(Instant);
                Ok(Stocktake { flows: count(r, 0)?, pieces: count(r, 1)?, unpublished: count(r, 2)?, last })
            })
            .map_err(LedgerError::on(t("compter", "count")))
    }
}

pub(super) fn piece_row(r: &Row<'_>) -> rusqlite::Result<PieceRow> {
    let time = |i: usize| -> rusqlite::Result<String> { Ok(Instant(r.get(i)?).rfc3339()) };
    Ok(PieceRow {
        piece: r.get(0)?,
        cadre: r.get(1)?,
        type_code: r.get(2)?,
        number: r.get(3)?,
        issued: r.get(4)?,
        supplier: Supplier { kind: r.get::<_, Option<i64>>(5)?.map(|k| k.to_string()), id: r.get(6)?, name: r.get(7)? },
        destinataire: r.get(8)?,
        moe: r.get(9)?,
        moa: r.get(10)?,
        valideur1: r.get(11)?,
        valideur2: r.get(12)?,
        service: r.get(13)?,
        moe_service: r.get(14)?,
        moa_service: r.get(15)?,
        seller_service: r.get(16)?,
        engagement: r.get(17)?,
        marche: r.get(18)?,
        dossier: r.get(19)?,
        ht: r.get(20)?,
        vat: r.get(21)?,
        ttc: r.get(22)?,
        due: r.get(23)?,
        currency: r.get(24)?,
        mode: r.get(25)?,
        partner: r.get(26)?,
        flow: r.get(27)?,
        deposited_at: time(28)?,
        status: r.get(29)?,
        status_at: time(30)?,
        pruned: r.get::<_, Option<i64>>(31)?.map(Instant),
    })
}

/// A count.
pub(super) fn count(r: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(r.get::<_, i64>(column)?).unwrap_or(0))
}
