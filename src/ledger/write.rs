//! The only writer.

use super::chain::{FlowFacts, GENESIS, Hash, Link, PieceFacts};
use super::outbox::LANE;
use super::{LedgerError, prepare, view};
use crate::association::Earlier;
use crate::clock::Instant;
use crate::decision::{Dossier, Uniqueness};
use crate::judge::{Facts, Member};
use crate::spool::{Mark, crash};
use crate::text::{Text, t};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The ledger, open for writing: there is one at a time (the spool's lock sees to it).
#[derive(Debug)]
pub struct Ledger {
    pub(super) conn: Connection,
    chain: Chain,
}

/// The end of the chain of events.
#[derive(Clone, Copy, Debug)]
struct Chain {
    seq: i64,
    hash: Hash,
    /// The highest count in a number of what was sent.
    count: i64,
}

/// One batch: a transaction that is committed or never was.
#[derive(Debug)]
pub struct Entry<'l> {
    pub(super) tx: Transaction<'l>,
    end: &'l mut Chain,
    chain: Chain,
    /// The next numbers of partners who were given one in this batch: written once, before the commit.
    pub(super) next: HashMap<String, i64>,
    /// The first outbound file of this batch: it and all after it are said to be unpublished once, before the commit.
    pub(super) first: Option<i64>,
}

/// A flow, decided.
#[derive(Debug)]
pub struct NewFlow<'a> {
    /// Its id.
    pub id: &'a str,
    /// `edi`, `portail`, `service`.
    pub mode: &'a str,
    /// Who dropped it.
    pub partner: &'a str,
    /// Its name as dropped.
    pub name: &'a [u8],
    /// Its size in bytes.
    pub size: u64,
    /// The hash of its bytes, unless it was not read.
    pub sha256: Option<Hash>,
    /// What it is.
    pub syntax: &'a str,
    /// `accepted`, `refused`, `held`, `duplicate`.
    pub outcome: &'a str,
    /// Of a duplicate: the deposit that it repeats.
    pub first: Option<&'a str>,
    /// When.
    pub decided_at: Instant,
    /// Its file's last place.
    pub filed: &'a str,
    /// What was found, JSON.
    pub findings: &'a str,
    /// Which rules judged it.
    pub rules: &'a str,
}

/// A pièce, decided.
#[derive(Debug)]
pub struct NewPiece<'a> {
    /// Its id.
    pub id: &'a str,
    /// The flow that brought it.
    pub flow: &'a str,
    /// Of an archive: which member it is.
    pub member: Option<&'a Member>,
    /// What it says.
    pub facts: &'a Facts,
    /// The mode of its deposit.
    pub mode: &'a str,
    /// Who deposited it.
    pub partner: &'a str,
    /// When.
    pub deposited_at: Instant,
    /// Who must act: role and structure.
    pub holder: Option<(&'a str, &'a str)>,
    /// Whether its number is taken.
    pub live: bool,
    /// Its status: that of its last event.
    pub status: &'a str,
    /// Its dossier.
    pub dossier: &'a Dossier,
    /// The pièces that it associates, each with whether it replaces it, in the order in which it cites them.
    pub links: &'a [(String, bool)],
}

/// Something that happened to a flow or a pièce.
#[derive(Debug)]
pub struct NewEvent<'a> {
    /// The flow or pièce.
    pub subject: &'a str,
    /// Gapless from 1.
    pub n: i64,
    /// The status it has from now on.
    pub status: &'a str,
    /// When.
    pub at: Instant,
    /// Who caused it.
    pub by: Option<&'a str>,
    /// Why, as a code.
    pub motif: Option<&'a str>,
    /// Why, in words.
    pub comment: Option<&'a str>,
    /// First event: the hash of the row.
    pub facts: Option<Hash>,
    /// Of an act: the flow that brought it.
    pub via: Option<&'a str>,
    /// Of a correction: what was and what is, JSON.
    pub changes: Option<&'a str>,
    /// What the act adds to the pièce.
    pub supplements: &'a [Supplement],
}

impl<'a> NewEvent<'a> {
    /// An event that nobody caused and that needs no words.
    pub fn of(subject: &'a str, n: i64, status: &'a str, at: Instant) -> NewEvent<'a> {
        let (by, motif, comment, facts, via, changes) = (None, None, None, None, None, None);
        NewEvent { subject, n, status, at, by, motif, comment, facts, via, changes, supplements: &[] }
    }
}

/// A file that a depositor adds to a pièce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplement {
    /// Its name.
    pub name: String,
    /// The hash of its bytes.
    pub sha256: Hash,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A flow in hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The mode of its directory.
    pub mode: String,
    /// Who dropped it.
    pub partner: String,
    /// Its name as dropped.
    pub name: Vec<u8>,
    /// Where its file is.
    pub filed: String,
}

impl Ledger {
    /// Opens the ledger, making it where there is none.
    ///
    /// # Errors
    /// A file that is not ours or of another version, or what SQLite said.
    pub fn open(path: &Path) -> Result<Ledger, LedgerError> {
        // Every pièce is in it: nobody else reads it, unless an administrator lets them. SQLite makes the files beside
        // it with the same rights, and says what is wrong where it cannot be made.
        let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut conn = Connection::open(path).map_err(LedgerError::on(t("s'ouvrir", "open")))?;
        prepare(&mut conn, path)?;
        make_durable(&conn, path).map_err(LedgerError::on(t(
            "rendre durable ce qu'un passage antérieur a écrit",
            "make durable what an earlier run wrote",
        )))?;
        let last = conn
            .query_row("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1", [], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()
            .map_err(LedgerError::on(t("lire son dernier événement", "read its last event")))?;
        let (seq, hash) = last.unwrap_or((0, GENESIS));
        let count = conn
            .query_row("SELECT coalesce(max(next % ?), 1) - 1 FROM sequence", [LANE], |r| r.get(0))
            .map_err(LedgerError::on(t("lire ses numéros", "read its numbers")))?;
        Ok(Ledger { conn, chain: Chain { seq, hash, count } })
    }

    /// Where it ends.
    pub fn end(&self) -> Mark {
        let Chain { seq, hash, count, .. } = self.chain;
        Mark { seq, hash, count }
    }

    /// When the last event happened: time in the ledger never runs backwards, whatever the clock does.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn latest(&self) -> Result<Instant, LedgerError> {
        self.conn
            .query_row("SELECT coalesce(max(at), 0) FROM event WHERE seq > ?", [self.chain.seq - 1], |r| r.get(0))
            .map(Instant)
            .map_err(LedgerError::on(t("lire son dernier événement", "read its last event")))
    }

    /// Opens the transaction of a batch.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn begin(&mut self) -> Result<Entry<'_>, LedgerError> {
        let tx = self
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(LedgerError::on(t("commencer un lot", "begin a batch")))?;
        Ok(Entry { tx, chain: self.chain, end: &mut self.chain, next: HashMap::new(), first: None })
    }

    /// Whether a deposit was decided, and if so where its file goes and whether guichet made a copy of it.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn filed(&self, flow: &str) -> Result<Option<(String, bool)>, LedgerError> {
        self.conn
            .prepare_cached("SELECT filed, sha256 IS NOT NULL FROM flow WHERE id = ?")
            .and_then(|mut s| s.query_row([flow], |r| Ok((r.get(0)?, r.get(1)?))).optional())
            .map_err(LedgerError::on(t("chercher un flux", "look up a flow")))
    }

    /// A flow, if it is held and was not requeued.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn held(&self, flow: &str) -> Result<Option<Held>, LedgerError> {
        self.conn
            .prepare_cached(
                "SELECT mode, partner, name, filed FROM flow f WHERE id = ? AND outcome = 'held'
                 AND NOT EXISTS (SELECT 1 FROM event WHERE subject = f.id AND status IN ('requeued', 'pruned'))",
            )
            .and_then(|mut s| s.query_row([flow], held).optional())
            .map_err(LedgerError::on(t("chercher un flux retenu", "look up a held flow")))
    }

    /// Requeued flows that are not decided yet, each with the id of the flow that it is to be.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn requeues_under_way(&self) -> Result<Vec<(Held, String)>, LedgerError> {
        self.conn
            .prepare_cached(
                "SELECT f.mode, f.partner, f.name, f.filed, e.comment FROM event e JOIN flow f ON f.id = e.subject
                 WHERE e.status = 'requeued' AND NOT EXISTS (SELECT 1 FROM flow n WHERE n.id = e.comment)",
            )
            .and_then(|mut s| s.query_map([], |r| Ok((held(r)?, r.get(4)?)))?.collect())
            .map_err(LedgerError::on(t("chercher les flux remis en traitement", "look for requeued flows")))
    }

    /// What became of a flow.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn outcome(&self, flow: &str) -> Result<Option<String>, LedgerError> {
        self.conn
            .prepare_cached("SELECT outcome FROM flow WHERE id = ?")
            .and_then(|mut s| s.query_row([flow], |r| r.get(0)).optional())
            .map_err(LedgerError::on(t("chercher un flux", "look up a flow")))
    }

    /// The pièces that have this number, as [`crate::decision::View::numbered`] gives them.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn numbered(
        &self,
        number: &str,
        supplier: Option<&str>,
        marche: Option<&str>,
    ) -> Result<Vec<Earlier>, LedgerError> {
        view::numbered(&self.conn, number, supplier, marche)
    }

    /// The pièces of this number whose supplier has one of these keys, in order of deposit.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn of_number(&self, number: &str, suppliers: &[String]) -> Result<Vec<Earlier>, LedgerError> {
        view::of_number(&self.conn, number, suppliers)
    }

    /// The pièces that a valideur or a MOE has had since before these moments, at most so many, those that wait longest
    /// first.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn overdue(&self, valideur: Instant, moe: Instant, most: usize) -> Result<Vec<String>, LedgerError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let sql = |which: &str| {
            format!(
                "SELECT id, status_at FROM piece INDEXED BY {which} AND status_at < ?1 ORDER BY status_at, id LIMIT ?2"
            )
        };
        let run = || -> rusqlite::Result<Vec<(String, i64)>> {
            let mut over: Vec<(String, i64)> = Vec::new();
            for (which, before) in [
                ("piece_valideur_waits WHERE status IN ('A_VALIDER_1', 'A_VALIDER_2')", valideur),
                ("piece_moe_waits WHERE status = 'MISE_A_DISPOSITION_MOE' AND cadre IN ('A4', 'A13')", moe),
            ] {
                let mut statement = self.conn.prepare_cached(&sql(which))?;
                for row in statement.query_map(params![before.0, most], |r| Ok((r.get(0)?, r.get(1)?)))? {
                    over.push(row?);
                }
            }
            over.sort_by(|(one, a), (other, b)| a.cmp(b).then_with(|| one.cmp(other)));
            Ok(over)
        };
        let over = run().map_err(LedgerError::on(t("chercher les délais échus", "look for delays that are over")))?;
        Ok(over.into_iter().map(|(id, _)| id).collect())
    }
}

/// An earlier run may have ended between writing a commit and knowing it on the disk. It can be read, so recovery acts
/// on it, tells it and files it away: it must not be lost with the power after that. Writing it into the database as
/// well covers a disk that failed to sync and says nothing the next time.
fn make_durable(conn: &Connection, path: &Path) -> rusqlite::Result<()> {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let above = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for path in [Path::new(&wal), above] {
        match File::open(path).and_then(|file| file.sync_all()) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
                return Err(rusqlite::Error::SqliteFailure(code, Some(format!("{}: {e}", path.display()))));
            }
            _ => {}
        }
    }
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

fn held(r: &rusqlite::Row<'_>) -> rusqlite::Result<Held> {
    Ok(Held { mode: r.get(0)?, partner: r.get(1)?, name: r.get(2)?, filed: r.get(3)? })
}

impl Entry<'_> {
    /// Records that a held flow goes back to work as another.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn requeued(&mut self, flow: &str, new: &str, at: Instant) -> Result<(), LedgerError> {
        let (status, comment) = ("requeued", Some(new));
        self.event(&NewEvent { comment, ..NewEvent::of(flow, 2, status, at) })
    }

    /// Says that an outbound file is to be published once more.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn unpublished(&mut self, id: i64) -> Result<(), LedgerError> {
        self.run(
            t("publier à nouveau un compte rendu", "publish a report again"),
            "INSERT OR IGNORE INTO unpublished (id) VALUES (?)",
            [id],
        )
    }

    /// Records a flow, with its event.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn flow(&mut self, f: &NewFlow<'_>) -> Result<(), LedgerError> {
        let size = i64::try_from(f.size).unwrap_or(i64::MAX);
        self.run(
            t("inscrire un flux", "record a flow"),
            "INSERT INTO flow (id, mode, partner, name, size, sha256, syntax, outcome, first, decided_at, filed, findings, rules)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                f.id, f.mode, f.partner, f.name, size, f.sha256, f.syntax, f.outcome, f.first, f.decided_at.0, f.filed,
                f.findings, f.rules
            ],
        )?;
        let facts = FlowFacts {
            mode: f.mode,
            partner: f.partner,
            name: f.name,
            size,
            sha256: f.sha256.as_ref().map(<[u8; 32]>::as_slice),
            syntax: f.syntax,
            outcome: f.outcome,
            first: f.first,
            decided_at: f.decided_at.0,
            filed: f.filed,
            findings: f.findings,
            rules: f.rules,
        }
        .hash();
        let (by, facts) = (Some(f.partner), Some(facts));
        self.event(&NewEvent { by, facts, ..NewEvent::of(f.id, 1, f.outcome, f.decided_at) })
    }

    /// Records a pièce; its events follow with [`Entry::event`], the first with the hash that this returns.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn piece(&mut self, p: &NewPiece<'_>) -> Result<Hash, LedgerError> {
        let f = p.facts;
        let issued = f.issued.map(|d| d.to_string());
        let key = Uniqueness::of(f).map(|u| u.supplier);
        let amount = |a: &Option<rust_decimal::Decimal>| a.map(|d| d.to_string());
        let (ht, vat, ttc, due) = (amount(&f.ht), amount(&f.vat), amount(&f.ttc), amount(&f.due));
        let (role, holder) = p.holder.unzip();
        let entry = p.member.map(|m| i64::try_from(m.entry).unwrap_or(i64::MAX));
        let dossier = self.dossier(p)?;
        self.run(
            t("inscrire une pièce", "record a pièce"),
            "INSERT INTO piece (id, flow, entry, member, cadre, type, number, issued, supplier_type, supplier_id, supplier_name,
                supplier_key, destinataire, destinataire_name, moe, moa, valideur1, valideur2, service, moe_service,
                moa_service, seller_service, engagement, marche, marche_moa, dossier, ht, vat, ttc, due, currency, mode,
                partner, deposited_at, holder_role, holder, live, status, status_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
                ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                p.id,
                p.flow,
                entry,
                p.member.map(|m| m.name.as_str()),
                f.cadre,
                f.type_code,
                f.number,
                issued,
                f.supplier_type,
                f.supplier_id,
                f.supplier_name,
                key,
                f.destinataire,
                f.destinataire_name,
                f.moe,
                f.moa,
                f.valideur1,
                f.valideur2,
                f.service,
                f.moe_service,
                f.moa_service,
                f.seller_service,
                f.engagement,
                f.marche,
                f.marche_moa,
                dossier,
                ht,
                vat,
                ttc,
                due,
                f.currency,
                p.mode,
                p.partner,
                p.deposited_at.0,
                role,
                holder,
                p.live,
                p.status,
                p.deposited_at.0
            ],
        )?;
        let texts = [
            f.cadre.as_deref(),
            f.type_code.as_deref(),
            f.number.as_deref(),
            issued.as_deref(),
            f.supplier_id.as_deref(),
            f.supplier_name.as_deref(),
            f.marche.as_deref(),
            f.marche_moa.as_deref(),
            ht.as_deref(),
            vat.as_deref(),
            ttc.as_deref(),
            due.as_deref(),
            f.currency.as_deref(),
        ];
        let earlier: Vec<String> = p.links.iter().map(|(id, _)| id.clone()).collect();
        for (n, (id, replaces)) in (1_i64..).zip(p.links) {
            let kind = if *replaces { "replaces" } else { "associates" };
            self.run(
                t("lier deux pièces", "link two pièces"),
                "INSERT INTO link (piece, n, earlier, kind) VALUES (?, ?, ?, ?)",
                params![p.id, n, id, kind],
            )?;
        }
        let member = entry.zip(p.member.map(|m| m.name.as_str()));
        let (mode, partner, at) = (p.mode, p.partner, p.deposited_at.0);
        Ok(PieceFacts { flow: p.flow, texts, mode, partner, at, member, earlier: &earlier }.hash())
    }

    /// The dossier of a new pièce: opened, or joined by it, the others merged into it.
    fn dossier(&mut self, p: &NewPiece<'_>) -> Result<Option<String>, LedgerError> {
        match p.dossier {
            Dossier::None => Ok(None),
            Dossier::Opens => {
                let id = p.id.replacen("p-", "d-", 1);
                let (number, supplier) = (&p.facts.number, &p.facts.supplier_id);
                self.run(
                    t("ouvrir un dossier", "open a dossier"),
                    "INSERT INTO dossier (id, number, supplier) VALUES (?, ?, ?)",
                    params![id, number, supplier],
                )?;
                Ok(Some(id))
            }
            Dossier::Joins { dossier, merged } => {
                for other in merged {
                    self.run(
                        t("réunir des dossiers", "merge dossiers"),
                        "UPDATE dossier SET merged = ?1 WHERE id = ?2 OR merged = ?2",
                        [dossier, other],
                    )?;
                    self.run(
                        t("réunir des dossiers", "merge dossiers"),
                        "UPDATE piece SET dossier = ?1 WHERE dossier = ?2",
                        [dossier, other],
                    )?;
                }
                Ok(Some(dossier.clone()))
            }
        }
    }

    /// Appends an event to the chain.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn event(&mut self, e: &NewEvent<'_>) -> Result<(), LedgerError> {
        let seq = self.chain.seq + 1;
        let facts = e.facts.as_ref().map(<[u8; 32]>::as_slice);
        let link = Link {
            seq,
            subject: e.subject,
            n: e.n,
            status: e.status,
            at: e.at.0,
            by: e.by,
            motif: e.motif,
            comment: e.comment,
            facts,
            via: e.via,
            changes: e.changes,
            supplements: &e.supplements.iter().map(|s| (s.name.clone(), s.sha256)).collect::<Vec<_>>(),
        };
        let hash = link.hash(&self.chain.hash);
        self.run(
            t("ajouter un événement", "append an event"),
            "INSERT INTO event (seq, subject, n, status, at, by, motif, comment, facts, hash, via, changes)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![seq, e.subject, e.n, e.status, e.at.0, e.by, e.motif, e.comment, facts, hash, e.via, e.changes],
        )?;
        for (n, s) in (1_i64..).zip(e.supplements) {
            self.run(
                t("inscrire un complément", "record a supplement"),
                "INSERT INTO supplement (piece, event, n, name, sha256, bytes) VALUES (?, ?, ?, ?, ?, ?)",
                params![e.subject, e.n, n, s.name, s.sha256, s.bytes],
            )?;
        }
        self.chain = Chain { seq, hash, ..self.chain };
        Ok(())
    }

    /// Remembers the highest count.
    pub(super) fn sent_up_to(&mut self, count: i64) {
        self.chain.count = self.chain.count.max(count);
    }

    /// Makes it so.
    ///
    /// # Errors
    /// What SQLite said: it is then unknown what is durable, and the process must end.
    pub fn commit(mut self) -> Result<(), LedgerError> {
        self.keep_numbers()?;
        self.keep_unpublished()?;
        crash::point("before the commit");
        self.tx.commit().map_err(LedgerError::on(t("valider un lot", "commit a batch")))?;
        *self.end = self.chain;
        crash::point("after the commit");
        Ok(())
    }

    pub(super) fn prepare(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.tx.prepare_cached(sql)
    }

    pub(super) fn run(&self, tried: Text, sql: &str, params: impl rusqlite::Params) -> Result<(), LedgerError> {
        self.prepare(sql).and_then(|mut s| s.execute(params)).map_err(LedgerError::on(tried))?;
        Ok(())
    }
}
