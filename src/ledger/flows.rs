//! Flows (*suivi des flux*): what came in, what became of it, what was sent back.

use super::read::{LedgerReader, count};
use super::{Hash, LedgerError};
use crate::clock::Instant;
use crate::rules::{Place, Severity};
use crate::text::{Msg, Shown, t};
use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};

/// The state of a flow: what was decided, or what became of it later.
pub struct States;

impl States {
    /// Every state, in the order in which they are counted.
    pub const ALL: [&str; 6] = ["accepted", "partial", "refused", "held", "duplicate", REQUEUED];
}

/// A held flow that went back to work, as a new one: a later event says so.
const REQUEUED: &str = "requeued";

/// What `flows` looks for; every criterion that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct FlowCriteria {
    /// Who dropped it.
    pub partner: Option<String>,
    /// One of [`States::ALL`].
    pub state: Option<String>,
    /// Decided at this moment or later.
    pub from: Option<Instant>,
    /// Decided before this moment.
    pub before: Option<Instant>,
    /// At most so many.
    pub limit: Option<u64>,
    /// Only flows decided after this one.
    pub after: Option<String>,
}

/// A flow as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowRow {
    /// Its id.
    pub flow: String,
    /// Who dropped it.
    pub partner: String,
    /// How.
    pub mode: String,
    /// Its name as dropped, made visible.
    pub name: String,
    /// One of [`States::ALL`].
    pub state: String,
    /// What it is.
    pub syntax: String,
    /// Its size in bytes.
    pub size: i64,
    /// The hash of its bytes, in hexadecimal; none: it was not read.
    pub sha256: Option<String>,
    /// When it was claimed.
    pub received: String,
    /// When it was decided.
    pub decided: String,
    /// The pièces that could be read in it.
    pub pieces: u64,
    /// Those of them that are not refused.
    pub accepted: u64,
    /// Errors found.
    pub errors: u64,
    /// Warnings found.
    pub warnings: u64,
    /// Of a duplicate: the flow that it repeats.
    pub first: Option<String>,
    /// The name of its integration report.
    pub report: Option<String>,
    /// Its file's last place, below the spool; none: it was pruned.
    pub filed: Option<String>,
    /// The version of the rules that judged it.
    pub rules: String,
    /// When it was emptied of what it said, if it was.
    pub pruned: Option<String>,
}

/// How many flows are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateCount {
    /// One of [`States::ALL`].
    pub state: &'static str,
    /// How many.
    pub flows: u64,
}

/// A finding as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)] // as `rules::Finding`
pub struct Kept {
    /// Of an archive: the member that it is about.
    pub member: Option<String>,
    pub rule: String,
    pub layer: String,
    pub severity: Severity,
    pub terms: Vec<String>,
    pub place: Option<Place>,
    pub message: Msg,
    pub found: Option<String>,
    pub expected: Option<Msg>,
    pub help: Msg,
}

/// A pièce that a flow brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Brought {
    /// Its id.
    pub piece: String,
    /// Of an archive: its name there.
    pub member: Option<String>,
    /// Its cadre.
    pub cadre: Option<String>,
    /// Its number.
    pub number: Option<String>,
    /// Its status now.
    pub status: String,
}

/// A file that went out because of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// To whom.
    pub partner: String,
    /// Into which tray.
    pub tray: String,
    /// Under which name.
    pub name: String,
    /// The hash of its bytes, in hexadecimal.
    pub sha256: String,
    /// Of a pièce's file: the pièce.
    pub piece: Option<String>,
    /// When.
    pub at: String,
}

impl LedgerReader {
    /// Gives every flow that meets the criteria, in order of decision, until `each` says stop.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn flows(&self, criteria: &FlowCriteria, each: &mut dyn FnMut(FlowRow) -> bool) -> Result<(), LedgerError> {
        let mut run = || -> rusqlite::Result<()> {
            let Some(sql) = self.flows_sql(criteria)? else { return Ok(()) };
            let mut found = self.conn.prepare(&sql)?;
            let mut row_of = self.conn.prepare(&format!("{FLOW} WHERE f.rowid = ?"))?;
            let mut rows = found.query(rusqlite::params_from_iter(&criteria.partner))?;
            while let Some(row) = rows.next()? {
                if !each(row_of.query_row([row.get::<_, i64>(1)?], flow_row)?) {
                    break;
                }
            }
            Ok(())
        };
        run().map_err(LedgerError::on(t("lister les flux", "list flows")))
    }

    /// How SQLite will find these flows, a line a step.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn flows_plan(&self, criteria: &FlowCriteria) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            let Some(sql) = self.flows_sql(criteria)? else { return Ok(Vec::new()) };
            self.conn
                .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?
                .query_map(rusqlite::params_from_iter(&criteria.partner), |r| r.get(3))?
                .collect()
        };
        run().map_err(LedgerError::on(t("préparer une liste de flux", "plan a list of flows")))
    }

    /// How many flows that meet the criteria are in each state, whatever the page.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn states(&self, criteria: &FlowCriteria) -> Result<Vec<StateCount>, LedgerError> {
        let counted = |state: &'static str| -> rusqlite::Result<StateCount> {
            let sql = format!("SELECT count(*) FROM flow {}", criteria.of_state(state));
            let flows = self.conn.query_row(&sql, rusqlite::params_from_iter(&criteria.partner), |r| count(r, 0))?;
            Ok(StateCount { state, flows })
        };
        criteria
            .states()
            .map(counted)
            .collect::<Result<_, _>>()
            .map_err(LedgerError::on(t("compter les flux", "count flows")))
    }

    /// The flow of this id.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn flow(&self, id: &str) -> Result<Option<FlowRow>, LedgerError> {
        let found = self.conn.query_row(&format!("{FLOW} WHERE f.id = ?"), [id], flow_row);
        found.optional().map_err(LedgerError::on(t("chercher un flux", "look up a flow")))
    }

    /// What was found in a flow, in order.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn findings(&self, flow: &str) -> Result<Vec<Kept>, LedgerError> {
        let found = self.conn.query_row("SELECT findings FROM flow WHERE id = ?", [flow], |r| kept(r, 0));
        found.map_err(LedgerError::on(t("lire les constats d'un flux", "read the findings of a flow")))
    }

    /// The pièces that a flow brought, in order of deposit.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn brought(&self, flow: &str) -> Result<Vec<Brought>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<Brought>> {
            self.conn
                .prepare(
                    "SELECT id, member, cadre, number, status FROM piece INDEXED BY piece_flow WHERE flow = ? ORDER BY seq",
                )?
                .query_map([flow], |r| {
                    let (piece, member, status) = (r.get(0)?, r.get(1)?, r.get(4)?);
                    Ok(Brought { piece, member, cadre: r.get(2)?, number: r.get(3)?, status })
                })?
                .collect()
        };
        run().map_err(LedgerError::on(t("lire les pièces d'un flux", "read the pièces of a flow")))
    }

    /// What went out because of a flow: its report, and its pièces to whoever receives them.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn sent(&self, flow: &str) -> Result<Vec<Sent>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<Sent>> {
            self.conn
                .prepare(
                    "SELECT partner, tray, name, lower(hex(sha256)), piece, at FROM outbox INDEXED BY outbox_flow
                     WHERE flow = ? ORDER BY id",
                )?
                .query_map([flow], |r| {
                    let (piece, at) = (r.get(4)?, Instant(r.get(5)?).rfc3339());
                    Ok(Sent { partner: r.get(0)?, tray: r.get(1)?, name: r.get(2)?, sha256: r.get(3)?, piece, at })
                })?
                .collect()
        };
        run().map_err(LedgerError::on(t("lire les réponses à un flux", "read what a flow was answered")))
    }

    /// The statement that gives the time and the row of each flow; nothing where there is no flow to begin after.
    fn flows_sql(&self, criteria: &FlowCriteria) -> rusqlite::Result<Option<String>> {
        let mut page = String::new();
        if let Some(after) = &criteria.after {
            let place = |r: &Row<'_>| Ok((r.get(0)?, r.get(1)?));
            let found = self.conn.query_row("SELECT decided_at, rowid FROM flow WHERE id = ?", [after], place);
            let Some((at, row)): Option<(i64, i64)> = found.optional()? else { return Ok(None) };
            page = format!(" AND (decided_at, rowid) > ({at}, {row})");
        }
        let of = |state| format!("SELECT decided_at, rowid FROM flow {}{page}", criteria.of_state(state));
        let all: Vec<String> = criteria.states().map(of).collect();
        let limit = criteria.limit.map(|n| format!(" LIMIT {}", n.min(i64::MAX.unsigned_abs()))).unwrap_or_default();
        Ok(Some(format!("{} ORDER BY 1, 2{limit}", all.join(" UNION ALL "))))
    }
}

impl FlowCriteria {
    fn states(&self) -> impl Iterator<Item = &'static str> {
        States::ALL.into_iter().filter(|state| self.state.as_deref().is_none_or(|wanted| wanted == *state))
    }

    /// The flows of one state, by the index in which they stand in order of decision.
    fn of_state(&self, state: &str) -> String {
        let index = if self.partner.is_some() { "flow_partner" } else { "flow_outcome" };
        let partner = self.partner.as_ref().map(|_| " AND partner = ?1").unwrap_or_default();
        let requeued = format!("EXISTS (SELECT 1 FROM event e WHERE e.subject = flow.id AND e.status = '{REQUEUED}')");
        let outcome = match state {
            REQUEUED => format!("outcome = 'held' AND {requeued}"),
            "held" => format!("outcome = 'held' AND NOT {requeued}"),
            other => format!("outcome = '{other}'"),
        };
        let from = self.from.map(|at| format!(" AND decided_at >= {}", at.0)).unwrap_or_default();
        let before = self.before.map(|at| format!(" AND decided_at < {}", at.0)).unwrap_or_default();
        format!("INDEXED BY {index} WHERE {outcome}{partner}{from}{before}")
    }
}

/// What [`flow_row`] reads, in its order.
const FLOW: &str = "SELECT f.id, f.partner, f.mode, f.name,
    (SELECT status FROM event e WHERE e.subject = f.id AND e.status <> 'pruned' ORDER BY n DESC LIMIT 1),
    f.syntax, f.size, f.sha256, f.decided_at,
    (SELECT count(*) FROM piece p WHERE p.flow = f.id),
    (SELECT count(*) FROM piece p WHERE p.flow = f.id AND p.status <> 'REFUSEE_CONTROLE'),
    f.findings, f.first,
    (SELECT o.name FROM outbox o INDEXED BY outbox_flow WHERE o.flow = f.id AND o.tray = 'comptes-rendus'
        ORDER BY o.id LIMIT 1),
    nullif(f.filed, ''), f.rules, (SELECT at FROM event e WHERE e.subject = f.id AND e.status = 'pruned') FROM flow f";

fn flow_row(r: &Row<'_>) -> rusqlite::Result<FlowRow> {
    let (flow, name): (String, Vec<u8>) = (r.get(0)?, r.get(3)?);
    let findings = kept(r, 11)?;
    let told = |severity| findings.iter().filter(|f| f.severity == severity).count() as u64;
    let hex = |hash: Hash| hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(FlowRow {
        received: claimed_at(&flow).rfc3339(),
        flow,
        partner: r.get(1)?,
        mode: r.get(2)?,
        name: Shown(&String::from_utf8_lossy(&name)).to_string(),
        state: r.get(4)?,
        syntax: r.get(5)?,
        size: r.get(6)?,
        sha256: r.get::<_, Option<Hash>>(7)?.map(hex),
        decided: Instant(r.get(8)?).rfc3339(),
        pieces: count(r, 9)?,
        accepted: count(r, 10)?,
        errors: told(Severity::Error),
        warnings: told(Severity::Warning),
        first: r.get(12)?,
        report: r.get(13)?,
        filed: r.get(14)?,
        rules: r.get(15)?,
        pruned: r.get::<_, Option<i64>>(16)?.map(|at| Instant(at).rfc3339()),
    })
}

fn kept(r: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Kept>> {
    serde_json::from_str(&r.get::<_, String>(column)?)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(e)))
}

/// When a flow was claimed: its id begins with 50 bits of milliseconds, five a character.
fn claimed_at(flow: &str) -> Instant {
    const ALPHABET: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let digits = flow.bytes().skip(2).take(10);
    let digit = |b: u8| ALPHABET.iter().position(|c| *c == b).unwrap_or(0) as i64;
    Instant(digits.fold(0, |ms, b| (ms << 5) | digit(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::FlowIds;

    #[test]
    fn an_id_says_when_its_file_was_claimed() {
        for at in [0, 1_793_608_200_123] {
            let id = FlowIds::seeded(77).next(Instant(at));
            assert_eq!(claimed_at(id.as_str()), Instant(at));
        }
    }
}
