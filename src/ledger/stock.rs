//! The stock: how many pièces are in each state of each cadre, since when the first of them, how many are late.
//!
//! Of the whole ledger it is read from one index, `piece_stock`, that holds all that counting asks for. What is late
//! for certain, because even the last event was too long ago, is counted there too; only the others are looked up one
//! by one.

use super::read::{LedgerReader, count};
use super::{Criteria, LedgerError};
use crate::alerts::{self, ANSWERS, DRAFTS, Dates, Start, Watch};
use crate::clock::Instant;
use crate::config::Delays;
use crate::lifecycle::Statut;
use crate::text::t;
use crate::trade::Cadre;
use chrono::NaiveDate;
use rusqlite::{OptionalExtension, Row, params};
use std::collections::HashMap;

/// What is late, and from what one knows it.
pub struct Today<'a> {
    /// The day.
    pub day: NaiveDate,
    /// The delays in force.
    pub delays: &'a Delays,
    /// What the sheet of a marché (number, MOA) says of its days to pay.
    pub payment: &'a dyn Fn(&str, &str) -> Option<u32>,
    /// The most that any sheet says.
    pub longest_payment: Option<u32>,
}

/// The pièces of one cadre in one status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockRow {
    /// The cadre as written; none: a refused pièce without one.
    pub cadre: Option<String>,
    /// The status.
    pub status: String,
    /// How many.
    pub pieces: u64,
    /// Since when the one that has been there longest is.
    pub oldest: Instant,
    /// Its id.
    pub piece: String,
    /// How many are late.
    pub overdue: u64,
}

/// What a delay looks at of one pièce.
struct Waiting {
    seq: i64,
    id: String,
    cadre: Option<String>,
    status: String,
    since: Instant,
    deposited: Instant,
    dossier: Option<String>,
    marche: Option<String>,
    moa: Option<String>,
}

const WAITING: &str = "seq, id, cadre, status, status_at, deposited_at, dossier, marche, marche_moa";

fn waiting(r: &Row<'_>) -> rusqlite::Result<Waiting> {
    Ok(Waiting {
        seq: r.get(0)?,
        id: r.get(1)?,
        cadre: r.get(2)?,
        status: r.get(3)?,
        since: Instant(r.get(4)?),
        deposited: Instant(r.get(5)?),
        dossier: r.get(6)?,
        marche: r.get(7)?,
        moa: r.get(8)?,
    })
}

impl Waiting {
    fn watched(&self) -> Option<(Cadre, Statut, &'static Watch)> {
        state(self.cadre.as_deref(), &self.status)
    }
}

fn state(cadre: Option<&str>, status: &str) -> Option<(Cadre, Statut, &'static Watch)> {
    let (cadre, status) = (cadre?.parse().ok()?, status.parse().ok()?);
    alerts::watched(cadre, status).map(|watch| (cadre, status, watch))
}

impl LedgerReader {
    /// The stock, of the whole ledger or of a structure and a role (as a search has them), in order of cadres and
    /// statuses.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn stock(&self, whose: &Criteria, today: &Today<'_>) -> Result<Vec<StockRow>, LedgerError> {
        let all = whose.structure.is_none() && whose.role.is_none();
        let rows = if all { self.whole_stock(today) } else { self.stock_of(whose, today) };
        let mut rows = rows.map_err(LedgerError::on(t("faire l'état du stock", "take stock")))?;
        let place = |row: &StockRow| {
            let cadre = row.cadre.as_deref().map(|c| Cadre::ALL.iter().position(|x| x.code() == c));
            let status = Statut::ALL.iter().position(|s| s.code() == row.status);
            // Cadres that are none of works come last, and after them what has none at all.
            (cadre.map_or((2, 0), |place| place.map_or((1, 0), |n| (0, n))), row.cadre.clone(), status)
        };
        rows.sort_by_cached_key(place);
        Ok(rows)
    }

    /// When the things happened from which the delay of a pièce counts; nothing where nothing is waited for.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn dates(&self, piece: &str) -> Result<Option<Dates>, LedgerError> {
        let run = || -> rusqlite::Result<Option<Dates>> {
            let mut one = self.conn.prepare_cached(&format!("SELECT {WAITING} FROM piece WHERE id = ?"))?;
            let Some(row) = one.query_row([piece], waiting).optional()? else { return Ok(None) };
            row.watched().map(|(.., watch)| self.dates_of(&row, watch)).transpose()
        };
        run().map_err(LedgerError::on(t("chercher les dates d'une pièce", "look up the dates of a pièce")))
    }

    fn dates_of(&self, of: &Waiting, watch: &Watch) -> rusqlite::Result<Dates> {
        let (answered, payable) = match watch.from {
            Start::Status | Start::Over => (false, None),
            Start::Deposit => (self.answered(of.dossier.as_deref())?, None),
            Start::Agreement => (false, self.agreed(&of.id)?),
            Start::Receipt => (false, self.received(&of.id)?),
            Start::Draft => match self.drafted(of.dossier.as_deref())? {
                Some(at) => (false, Some(at)),
                None => (false, self.received(&of.id)?),
            },
        };
        Ok(Dates { since: of.since, deposited: of.deposited, answered, payable })
    }

    /// Whether a dossier has an answer to its final draft.
    fn answered(&self, dossier: Option<&str>) -> rusqlite::Result<bool> {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM piece INDEXED BY piece_dossier
             WHERE dossier = ? AND live = 1 AND cadre IN ({}))",
            listed(&ANSWERS)
        );
        self.conn.prepare_cached(&sql)?.query_row([dossier], |r| r.get(0))
    }

    /// When the MOE received the first monthly draft of a dossier.
    fn drafted(&self, dossier: Option<&str>) -> rusqlite::Result<Option<Instant>> {
        let sql = format!(
            "SELECT min(e.at) FROM piece d INDEXED BY piece_dossier CROSS JOIN event e
                ON e.subject = d.id AND e.status = '{}'
             WHERE d.dossier = ? AND d.cadre IN ({}) AND d.live = 1",
            Statut::MiseADispositionMoe,
            listed(&DRAFTS)
        );
        self.moment(&sql, dossier)
    }

    /// When the titulaire agreed, or its silence counted for agreement.
    fn agreed(&self, piece: &str) -> rusqlite::Result<Option<Instant>> {
        let sql = format!(
            "SELECT min(at) FROM event WHERE subject = ? AND status IN ('{}', '{}')",
            Statut::Validee1,
            Statut::AbsenceValidation1HorsDelai
        );
        self.moment(&sql, Some(piece))
    }

    /// When the destinataire received a pièce: the right one, where it had to be recycled.
    fn received(&self, piece: &str) -> rusqlite::Result<Option<Instant>> {
        let sql = format!(
            "SELECT min(at) FROM event WHERE subject = ?1 AND status = '{}' AND n > coalesce(
                (SELECT max(n) FROM event WHERE subject = ?1 AND status = '{}'), 0)",
            Statut::MiseADisposition,
            Statut::ARecycler
        );
        self.moment(&sql, Some(piece))
    }

    fn moment(&self, sql: &str, of: Option<&str>) -> rusqlite::Result<Option<Instant>> {
        self.conn.prepare_cached(sql)?.query_row([of], |r| Ok(r.get::<_, Option<i64>>(0)?.map(Instant)))
    }

    /// Whether a pièce is late. That it is late whatever happened before its status needs no look at what did.
    fn is_late(&self, of: &Waiting, today: &Today<'_>) -> rusqlite::Result<bool> {
        let Some((cadre, status, watch)) = of.watched() else { return Ok(false) };
        let payment = of.marche.as_ref().zip(of.moa.as_ref()).and_then(|(number, moa)| (today.payment)(number, moa));
        let days = watch.alert.days(today.delays, payment);
        if watch.from != Start::Deposit && of.since < alerts::over_before(today.day, days) {
            return Ok(true);
        }
        let dates = self.dates_of(of, watch)?;
        Ok(alerts::alert(cadre, status, &dates, today.delays, payment).is_some_and(|due| due.is_over(today.day)))
    }

    /// Of the whole ledger.
    fn whole_stock(&self, today: &Today<'_>) -> rusqlite::Result<Vec<StockRow>> {
        let mut counted = self.conn.prepare(COUNTS)?;
        let groups = counted.query_map([], |r| {
            Ok((r.get::<_, Option<String>>(0)?, r.get::<_, String>(1)?, count(r, 2)?, Instant(r.get(3)?)))
        })?;
        let mut rows = Vec::new();
        for group in groups {
            let (cadre, status, pieces, oldest) = group?;
            let piece = self.conn.prepare_cached(FIRST)?.query_row(params![cadre, status], |r| r.get(0))?;
            let overdue = match state(cadre.as_deref(), &status) {
                Some((.., watch)) => self.late(cadre.as_deref(), &status, watch, today)?,
                None => 0,
            };
            rows.push(StockRow { cadre, status, pieces, oldest, piece, overdue });
        }
        Ok(rows)
    }

    /// How many of a state are late: those that the index says are, and those of the others that turn out to be.
    fn late(&self, cadre: Option<&str>, status: &str, watch: &Watch, today: &Today<'_>) -> rusqlite::Result<u64> {
        let longest = watch.alert.days(today.delays, None).max(watch.alert.days(today.delays, today.longest_payment));
        let bound = match watch.from {
            Start::Over => alerts::over_before(today.day, 0).0,
            Start::Deposit => i64::MIN,
            _ => alerts::over_before(today.day, longest).0,
        };
        let certain = self.conn.prepare_cached(CERTAIN)?.query_row(params![cadre, status, bound], |r| count(r, 0))?;
        if matches!(watch.from, Start::Status | Start::Over) {
            return Ok(certain);
        }
        let sql = format!("SELECT {WAITING} FROM piece {OF_STATE} AND status_at >= ?");
        let mut others = self.conn.prepare_cached(&sql)?;
        let mut late = certain;
        for row in others.query_map(params![cadre, status, bound], waiting)? {
            late += u64::from(self.is_late(&row?, today)?);
        }
        Ok(late)
    }

    /// Of what a structure or a role has to do with.
    fn stock_of(&self, whose: &Criteria, today: &Today<'_>) -> rusqlite::Result<Vec<StockRow>> {
        let mut rows: Vec<StockRow> = Vec::new();
        let mut places: HashMap<(Option<String>, String), (usize, i64)> = HashMap::new();
        let mut one = self.conn.prepare(&format!("SELECT {WAITING} FROM piece WHERE seq = ?"))?;
        self.each_found(whose, &mut |seq| {
            let found = one.query_row([seq], waiting)?;
            let late = u64::from(self.is_late(&found, today)?);
            let key = (found.cadre, found.status);
            if let Some((place, oldest)) = places.get_mut(&key) {
                let row = &mut rows[*place];
                (row.pieces, row.overdue) = (row.pieces + 1, row.overdue + late);
                if (found.since, found.seq) < (row.oldest, *oldest) {
                    (row.oldest, row.piece, *oldest) = (found.since, found.id, found.seq);
                }
            } else {
                places.insert(key.clone(), (rows.len(), found.seq));
                let (cadre, status) = key;
                rows.push(StockRow { cadre, status, pieces: 1, oldest: found.since, piece: found.id, overdue: late });
            }
            Ok(true)
        })?;
        Ok(rows)
    }

    /// How SQLite takes stock of the whole ledger, a line a step, for those who tune and for tests.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn stock_plan(&self) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            let mut steps = Vec::new();
            for sql in [COUNTS, FIRST, CERTAIN] {
                let mut plan = self.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let mut rows = plan.raw_query();
                while let Some(row) = rows.next()? {
                    steps.push(row.get(3)?);
                }
            }
            Ok(steps)
        };
        run().map_err(LedgerError::on(t("préparer l'état du stock", "plan a stock")))
    }
}

const COUNTS: &str =
    "SELECT cadre, status, count(*), min(status_at) FROM piece INDEXED BY piece_stock GROUP BY cadre, status";
/// One state; `IS`, since a cadre may be missing.
const OF_STATE: &str = "INDEXED BY piece_stock WHERE cadre IS ? AND status = ?";
const FIRST: &str = "SELECT id FROM piece INDEXED BY piece_stock WHERE cadre IS ? AND status = ?
    ORDER BY status_at, seq LIMIT 1";
const CERTAIN: &str =
    "SELECT count(*) FROM piece INDEXED BY piece_stock WHERE cadre IS ? AND status = ? AND status_at < ?";

fn listed(cadres: &[Cadre]) -> String {
    cadres.iter().map(|c| format!("'{c}'")).collect::<Vec<_>>().join(", ")
}
