//! Retention: what is at its end and old enough is emptied of what it says. The rows stay, with what names them and
//! what the chain needs; the event that says so covers what is left, so that nobody can change it unnoticed.

use super::chain::{Fields, Hash};
use super::read::count;
use super::{Entry, Ledger, LedgerError, LedgerReader, NewEvent};
use crate::clock::Instant;
use crate::lifecycle::Statut;
use crate::text::t;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

/// A flow that may be pruned, with the pièces that it brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prunable {
    /// The flow.
    pub flow: String,
    /// When it was decided.
    pub at: Instant,
    /// How many pièces it brought.
    pub pieces: u64,
    /// The dossiers of these pièces.
    pub dossiers: Vec<String>,
    /// Bytes of its file, and of what was rendered for it.
    pub bytes: u64,
}

/// Life-cycle flows of a moment that may be pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    /// When the first of them was sent.
    pub at: Instant,
    /// Their bytes.
    pub bytes: u64,
}

/// The subject of the events that speak of the ledger itself.
pub(super) const LEDGER: &str = "ledger";
/// What such an event, and the last one of a flow, says of retention.
pub(super) const PRUNED: &str = "pruned";
/// Life-cycle flows in `pruning`: they are no flow's.
const STATUSES: &str = "statuts";

/// Whether the pièce `p`, or another of its dossier, is under way, or came to its end lately.
macro_rules! under_way {
    () => {
        "(p.status_at >= ?1 OR p.status NOT IN (SELECT value FROM json_each(?2))
            OR EXISTS (SELECT 1 FROM piece d INDEXED BY piece_dossier WHERE d.dossier = p.dossier
                AND (d.status_at >= ?1 OR d.status NOT IN (SELECT value FROM json_each(?2))))"
    };
}

/// Whether a flow may be pruned: it is old, and so is the end of every pièce that it brought or acted upon, and of
/// every pièce of their dossiers; nothing of it waits. `?1`: what is older; `?2`: the statuses that are an end.
const DONE: &str = concat!(
    "f.decided_at < ?1
    AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = f.id AND (e.at >= ?1 OR e.status = 'pruned'))
    AND NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = f.id AND e.status = 'requeued'
        AND NOT EXISTS (SELECT 1 FROM flow n WHERE n.id = e.comment))
    AND NOT EXISTS (SELECT 1 FROM outbox o INDEXED BY outbox_flow JOIN unpublished u ON u.id = o.id WHERE o.flow = f.id)
    AND NOT EXISTS (SELECT 1 FROM piece p INDEXED BY piece_flow WHERE p.flow = f.id
        AND ",
    under_way!(),
    "))
    AND NOT EXISTS (SELECT 1 FROM event a INDEXED BY event_via JOIN piece p ON p.id = a.subject WHERE a.via = f.id
        AND ",
    under_way!(),
    "))"
);

/// Life-cycle flows that are old and were published: each tells of many pièces, and what it told stands in their
/// trails.
const OLD_STATUSES: &str = "flow IS NULL AND piece IS NULL AND at < ?1 AND length(bytes) > 0
    AND id NOT IN (SELECT id FROM unpublished)";

/// The statuses that are an end, JSON.
fn ends() -> String {
    let ends: Vec<&str> = Statut::ALL.iter().filter(|s| s.is_end()).map(|s| s.code()).collect();
    serde_json::to_string(&ends).expect("codes are plain")
}

impl LedgerReader {
    /// Everything that may be pruned, the oldest first: flows with their pièces, and life-cycle flows.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn prunable(&self, before: Instant) -> Result<(Vec<Prunable>, Vec<Statuses>), LedgerError> {
        let run = || -> rusqlite::Result<_> {
            let mut dossiers = self.conn.prepare(
                "SELECT DISTINCT dossier FROM piece INDEXED BY piece_flow WHERE flow = ? AND dossier IS NOT NULL",
            )?;
            let sql = format!(
                "SELECT f.id, f.decided_at, f.size + (SELECT coalesce(sum(length(o.bytes)), 0)
                        FROM outbox o INDEXED BY outbox_flow WHERE o.flow = f.id),
                    (SELECT count(*) FROM piece p INDEXED BY piece_flow WHERE p.flow = f.id)
                 FROM flow f WHERE {DONE} ORDER BY f.decided_at, f.rowid"
            );
            let mut flows = Vec::new();
            let mut statement = self.conn.prepare(&sql)?;
            let mut rows = statement.query(params![before.0, ends()])?;
            while let Some(r) = rows.next()? {
                let flow: String = r.get(0)?;
                let dossiers = dossiers.query_map([&flow], |r| r.get(0))?.collect::<Result<_, _>>()?;
                let (bytes, pieces) = (count(r, 2)?, count(r, 3)?);
                flows.push(Prunable { flow, at: Instant(r.get(1)?), pieces, dossiers, bytes });
            }
            let sql = format!("SELECT at, length(bytes) FROM outbox WHERE {OLD_STATUSES} ORDER BY id");
            let one = |r: &rusqlite::Row<'_>| Ok(Statuses { at: Instant(r.get(0)?), bytes: count(r, 1)? });
            let statuses = self.conn.prepare(&sql)?.query_map([before.0], one)?.collect::<Result<_, _>>()?;
            Ok((flows, statuses))
        };
        run().map_err(LedgerError::on(t("chercher ce qui est ancien", "look for what is old")))
    }

    /// When a flow was pruned, if it was.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn pruned(&self, flow: &str) -> Result<Option<Instant>, LedgerError> {
        pruned(&self.conn, flow)
    }

    /// How many flows were pruned.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn pruned_flows(&self) -> Result<u64, LedgerError> {
        self.conn
            .query_row("SELECT count(*) FROM event WHERE status = 'pruned' AND subject <> 'ledger'", [], |r| {
                count(r, 0)
            })
            .map_err(LedgerError::on(t("compter ce qui est épuré", "count what is pruned")))
    }
}

fn pruned(conn: &Connection, flow: &str) -> Result<Option<Instant>, LedgerError> {
    conn.prepare_cached("SELECT at FROM event WHERE subject = ? AND status = 'pruned'")
        .and_then(|mut s| s.query_row([flow], |r| r.get(0).map(Instant)).optional())
        .map_err(LedgerError::on(t("chercher ce qui est épuré", "look up what is pruned")))
}

impl Ledger {
    /// When a flow was pruned, if it was.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn pruned(&self, flow: &str) -> Result<Option<Instant>, LedgerError> {
        pruned(&self.conn, flow)
    }

    /// Whether something is being pruned, and the files of it that may still be there.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn pruning(&self) -> Result<Option<Vec<String>>, LedgerError> {
        let all: Vec<Option<String>> = self
            .conn
            .prepare_cached("SELECT filed FROM pruning ORDER BY subject")
            .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
            .map_err(LedgerError::on(t("chercher ce qui est en cours d'épuration", "look for what is being pruned")))?;
        Ok((!all.is_empty()).then(|| all.into_iter().flatten().collect()))
    }
}

impl Entry<'_> {
    /// Empties a flow and the pièces that it brought, if that may still be done. Its file is to go once this is
    /// committed, and [`Entry::nothing_is_pruned`] said after that.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn prune(&mut self, flow: &str, before: Instant, at: Instant) -> Result<bool, LedgerError> {
        let sql = format!("SELECT 1 FROM flow f WHERE f.id = ?3 AND {DONE}");
        let may = self
            .prepare(&sql)
            .and_then(|mut s| s.exists(params![before.0, ends(), flow]))
            .map_err(LedgerError::on(t("chercher un flux", "look up a flow")))?;
        if !may {
            return Ok(false);
        }
        for sql in EMPTY {
            self.run(t("épurer un flux", "prune a flow"), sql, [flow])?;
        }
        let on = LedgerError::on(t("épurer un flux", "prune a flow"));
        let facts = Some(tombstone(&self.tx, flow).map_err(&on)?);
        let n = self.next_event(flow)?;
        self.event(&NewEvent { facts, ..NewEvent::of(flow, n, PRUNED, at) })?;
        Ok(true)
    }

    /// Empties life-cycle flows that are older, `most` of them at most; how many.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn prune_statuses(&mut self, before: Instant, at: Instant, most: usize) -> Result<usize, LedgerError> {
        let on = LedgerError::on(t("épurer des flux cycle de vie", "prune life-cycle flows"));
        self.run(
            t("épurer des flux cycle de vie", "prune life-cycle flows"),
            "INSERT OR IGNORE INTO pruning (subject) VALUES (?)",
            [STATUSES],
        )?;
        let sql = format!(
            "UPDATE outbox SET bytes = x'' WHERE id IN (SELECT id FROM outbox WHERE {OLD_STATUSES} ORDER BY id LIMIT ?2)"
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let emptied = self.prepare(&sql).and_then(|mut s| s.execute(params![before.0, most])).map_err(&on)?;
        let before = before.0.to_string();
        let told = self
            .prepare("SELECT 1 FROM event WHERE subject = ? AND status = ? AND comment = ?")
            .and_then(|mut s| s.exists(params![LEDGER, PRUNED, before]))
            .map_err(&on)?;
        if emptied > 0 && !told {
            let n = self.next_event(LEDGER)?;
            self.event(&NewEvent { comment: Some(&before), ..NewEvent::of(LEDGER, n, PRUNED, at) })?;
        }
        Ok(emptied)
    }

    /// Says that the files of what was pruned are gone: its rows are fixed again.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn nothing_is_pruned(&mut self) -> Result<(), LedgerError> {
        self.run(t("terminer une épuration", "end pruning"), "DELETE FROM pruning", [])
    }

    /// The number of a subject's next event.
    pub(super) fn next_event(&self, subject: &str) -> Result<i64, LedgerError> {
        self.prepare("SELECT coalesce(max(n), 0) + 1 FROM event WHERE subject = ?")
            .and_then(|mut s| s.query_row([subject], |r| r.get(0)))
            .map_err(LedgerError::on(t("chercher un événement", "look up an event")))
    }
}

/// What empties a flow. What stays of a pièce: what G1.42 compares, what it is called by, its cadre, its statuses and
/// their dates, its place in its dossier. What stays of a flow: what T-10 compares, and a name that serves once (T-39).
const EMPTY: [&str; 7] = [
    "INSERT INTO pruning (subject, filed) SELECT id, filed FROM flow WHERE id = ?",
    "INSERT INTO pruning (subject) SELECT id FROM piece WHERE flow = ?",
    "UPDATE piece SET member = NULL, supplier_name = NULL, destinataire = NULL, destinataire_name = NULL, moe = NULL,
        moa = NULL, valideur1 = NULL, valideur2 = NULL, service = NULL, moe_service = NULL, moa_service = NULL,
        seller_service = NULL, engagement = NULL, marche = NULL, marche_moa = NULL, ht = NULL, vat = NULL, ttc = NULL,
        due = NULL, currency = NULL WHERE flow = ?",
    "UPDATE event SET by = NULL, motif = NULL, comment = NULL, changes = NULL
        WHERE subject IN (SELECT id FROM piece WHERE flow = ?)",
    "UPDATE supplement SET name = '', bytes = x'' WHERE piece IN (SELECT id FROM piece WHERE flow = ?)",
    // The name of an attachment was its sender's from the id of the pièce on.
    "UPDATE outbox SET bytes = CASE WHEN bytes IS NOT NULL THEN x'' END,
        name = CASE WHEN part IS NULL THEN name ELSE substr(name, 1, 17 + length(piece)) END WHERE flow = ?",
    "UPDATE flow SET name = CASE WHEN length(name) = 41 THEN name ELSE x'' END, findings = '[]', filed = '' WHERE id = ?",
];

/// What is left of a pruned flow and its pièces, in an order of its own; `dossier` may still change, and is held by its
/// links.
const LEFT: [&str; 6] = [
    "SELECT id, mode, partner, name, size, sha256, syntax, outcome, first, decided_at, filed, findings, rules
     FROM flow WHERE id = ?",
    "SELECT id, entry, member, cadre, type, number, issued, supplier_type, supplier_id, supplier_name, supplier_key,
        destinataire, destinataire_name, moe, moa, valideur1, valideur2, service, moe_service, moa_service,
        seller_service, engagement, marche, marche_moa, ht, vat, ttc, due, currency, mode, partner, deposited_at,
        holder_role, holder, live, status, status_at
     FROM piece INDEXED BY piece_flow WHERE flow = ? ORDER BY seq",
    "SELECT seq, subject, n, status, at, by, motif, comment, facts, hash, via, changes FROM event
     WHERE (subject = ?1 OR subject IN (SELECT id FROM piece WHERE flow = ?1)) AND status <> 'pruned' ORDER BY seq",
    "SELECT piece, n, earlier, kind FROM link WHERE piece IN (SELECT id FROM piece WHERE flow = ?) ORDER BY piece, n",
    "SELECT piece, event, n, name, sha256, bytes FROM supplement
     WHERE piece IN (SELECT id FROM piece WHERE flow = ?) ORDER BY piece, event, n",
    "SELECT id, piece, partner, tray, sequence, name, sha256, bytes, renderer, at, part
     FROM outbox INDEXED BY outbox_flow WHERE flow = ? ORDER BY id",
];

/// The hash of what is left of a pruned flow.
pub(super) fn tombstone(conn: &Connection, flow: &str) -> rusqlite::Result<Hash> {
    let mut fields = Fields::of("pruned");
    for (kind, sql) in (0..).zip(LEFT) {
        let mut statement = conn.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query([flow])?;
        while let Some(r) = rows.next()? {
            fields = fields.int(Some(kind));
            for column in 0..columns {
                fields = match r.get_ref(column)? {
                    ValueRef::Null => fields.bytes(None),
                    ValueRef::Integer(n) => fields.int(Some(n)),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => fields.bytes(Some(bytes)),
                    // No column of a STRICT table of ours takes one.
                    ValueRef::Real(_) => return Err(rusqlite::Error::InvalidQuery),
                };
            }
        }
    }
    Ok(fields.hash())
}
