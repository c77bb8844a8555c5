//! The audit: does the ledger hold together, and does the spool hold what the ledger says?

use super::chain::{GENESIS, Hash, Link};
use super::outbox::LANE;
use super::prune::{LEDGER, PRUNED, tombstone};
use super::read::{FACTS, FACTS_COLUMNS, facts_of};
use super::restore::RESTORED;
use super::{LedgerError, LedgerReader};
use crate::association;
use crate::decision::act::datum;
use crate::decision::{self, Changes};
use crate::flux::{
    self,
    archive::{self, Content},
};
use crate::lifecycle::acts::Datum;
use crate::lifecycle::{Statut, may_follow};
use crate::msg;
use crate::piece::attached;
use crate::text::{Msg, counted, t};
use rusqlite::{OptionalExtension, Row};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What was audited: `chain`, `life cycle`, `dossier`, `conservation`, `outbox`, `file`.
    pub about: &'static str,
    /// What is wrong.
    pub says: Msg,
}

/// Audits a ledger and its spool; an empty list says that all is well. Changes nothing; a daemon may be at work.
///
/// # Errors
/// What SQLite said. A file that cannot be read is a [`Problem`].
pub fn verify(ledger: &LedgerReader, spool: &Path, at_work: bool) -> Result<Vec<Problem>, LedgerError> {
    audit(ledger, Some(spool), at_work)
}

/// Audits a ledger alone, without its spool: a copy of it, for instance.
///
/// # Errors
/// What SQLite said.
pub fn verify_ledger(ledger: &LedgerReader) -> Result<Vec<Problem>, LedgerError> {
    audit(ledger, None, true)
}

fn audit(ledger: &LedgerReader, spool: Option<&Path>, at_work: bool) -> Result<Vec<Problem>, LedgerError> {
    let mut audit = Audit { ledger, at_work, pruned: HashSet::new(), problems: Vec::new() };
    let on = LedgerError::on(t("être vérifié", "audit"));
    // One snapshot for everything: what a daemon commits meanwhile is not seen half.
    ledger.conn.execute_batch("BEGIN").map_err(&on)?;
    let done = audit.ledger().and_then(|()| spool.map_or(Ok(()), |spool| audit.spool(spool)));
    ledger.conn.execute_batch("ROLLBACK").map_err(&on)?;
    done.map_err(on)?;
    Ok(audit.problems)
}

/// A flow has its outcome; one that is held may go back to work, once; any may be pruned, and that is the last of it.
fn is_flow_step(n: i64, was: Option<&str>, status: &str) -> bool {
    match n {
        1 => ["accepted", "partial", "refused", "held", "duplicate"].contains(&status),
        2 => status == PRUNED || status == "requeued" && was == Some("held"),
        3 => status == PRUNED && was == Some("requeued"),
        _ => false,
    }
}

/// Which pièces links join: each leads towards one that stands for all of them.
#[derive(Default)]
struct Joined(HashMap<String, String>);

impl Joined {
    fn root(&mut self, piece: String) -> String {
        let mut here = piece.clone();
        while let Some(next) = self.0.get(&here) {
            here = next.clone();
        }
        if here != piece {
            self.0.insert(piece, here.clone()); // the next search is short
        }
        here
    }

    fn join(&mut self, one: String, other: String) {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            self.0.insert(one, other);
        }
    }
}

struct Audit<'a> {
    ledger: &'a LedgerReader,
    at_work: bool,
    /// Flows that were pruned, and their pièces.
    pruned: HashSet<String>,
    problems: Vec<Problem>,
}

impl Audit<'_> {
    fn found(&mut self, about: &'static str, says: Msg) {
        self.problems.push(Problem { about, says });
    }

    /// What the ledger says, by itself.
    fn ledger(&mut self) -> rusqlite::Result<()> {
        self.pruned = self
            .ledger
            .conn
            .prepare(
                "SELECT subject FROM event WHERE status = 'pruned' AND subject <> 'ledger' UNION ALL
                 SELECT p.id FROM event e JOIN piece p ON p.flow = e.subject WHERE e.status = 'pruned'",
            )?
            .query_map([], |r| r.get(0))?
            .collect::<Result<_, _>>()?;
        self.database().and_then(|()| self.chain()).and_then(|()| self.pieces()).and_then(|()| self.tombstones())?;
        self.corrections().and_then(|()| self.rows()).and_then(|()| self.links()).and_then(|()| self.dossiers())?;
        self.sent()
    }

    /// What lies in the spool, against what the ledger says.
    fn spool(&mut self, spool: &Path) -> rusqlite::Result<()> {
        self.conservation(spool)?;
        let problems = self.delivered(spool)?.into_iter().chain(self.staged(spool)?);
        problems.for_each(|says| self.problems.push(Problem { about: "outbox", says }));
        Ok(())
    }

    /// SQLite's own checks.
    fn database(&mut self) -> rusqlite::Result<()> {
        let conn = &self.ledger.conn;
        let answer: Vec<String> =
            conn.prepare("PRAGMA integrity_check")?.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
        let orphans: usize = conn.prepare("PRAGMA foreign_key_check")?.query_map([], |_| Ok(()))?.count();
        if answer != ["ok"] {
            let answer = answer.join("; ");
            self.found("file", msg!("la base est abîmée : {answer}", "the database is damaged: {answer}"));
        }
        if orphans > 0 {
            let fr = ["ligne ne renvoie à rien", "lignes ne renvoient à rien"];
            self.found("file", counted(orphans, fr, ["row refers to nothing", "rows refer to nothing"]));
        }
        Ok(())
    }

    /// Every event's hash, the numbering of all events and of each subject's, and each change of status.
    fn chain(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.ledger.conn.prepare(
            "SELECT seq, subject, n, status, at, by, motif, comment, facts, hash, via, changes FROM event ORDER BY seq",
        )?;
        let mut rows = statement.query([])?;
        let (mut before, mut expected): (Hash, i64) = (GENESIS, 1);
        let supplemented: HashSet<String> = self
            .ledger
            .conn
            .prepare("SELECT DISTINCT piece FROM supplement")?
            .query_map([], |r| r.get(0))?
            .collect::<Result<_, _>>()?;
        let mut last: HashMap<String, (i64, Option<Statut>, String)> = HashMap::new();
        let mut problems = Vec::new();
        while let Some(r) = rows.next()? {
            let (seq, n): (i64, i64) = (r.get(0)?, r.get(2)?);
            let (subject, status): (String, String) = (r.get(1)?, r.get(3)?);
            let (by, motif, comment): (Option<String>, Option<String>, Option<String>) =
                (r.get(5)?, r.get(6)?, r.get(7)?);
            let facts: Option<Vec<u8>> = r.get(8)?;
            let stored: Hash = r.get(9)?;
            let (via, changes): (Option<String>, Option<String>) = (r.get(10)?, r.get(11)?);
            let supplements =
                if supplemented.contains(&subject) { self.ledger.supplements(&subject, n)? } else { Vec::new() };
            let link = Link {
                seq,
                subject: &subject,
                n,
                status: &status,
                at: r.get(4)?,
                by: by.as_deref(),
                motif: motif.as_deref(),
                comment: comment.as_deref(),
                facts: facts.as_deref(),
                via: via.as_deref(),
                changes: changes.as_deref(),
                supplements: &supplements,
            };
            if seq != expected {
                problems.push(("chain", msg!("l'événement {expected} manque", "event {expected} is missing")));
            }
            // What an event of a pruned pièce said is gone: what is left of it is covered by the event that says so.
            let is_emptied = subject.starts_with("p-") && self.pruned.contains(&subject);
            if !is_emptied && link.hash(&before) != stored {
                problems.push((
                    "chain",
                    msg!("l'événement {seq} ({subject}) a été modifié", "event {seq} ({subject}) was changed"),
                ));
            }
            (before, expected) = (stored, seq + 1);
            let was = last.get(&subject);
            if n != was.map_or(1, |(n, ..)| n + 1) {
                problems.push((
                    "life cycle",
                    msg!(
                        "{subject} : l'événement n° {n} est hors de sa suite",
                        "{subject}: event no. {n} is out of order"
                    ),
                ));
            }
            let now = status.parse::<Statut>().ok();
            let is_legal = match subject.get(..2) {
                Some("p-") => now.is_some_and(|now| may_follow(was.and_then(|(_, s, _)| *s), now)),
                Some("f-") => is_flow_step(n, was.map(|(.., word)| word.as_str()), &status),
                _ => subject == LEDGER && [PRUNED, RESTORED].contains(&status.as_str()),
            };
            if !is_legal && !subject.starts_with("p-") {
                problems.push((
                    "life cycle",
                    msg!("{subject} : {status} n'est pas permis", "{subject}: {status} is not legal"),
                ));
            }
            if !is_legal && subject.starts_with("p-") {
                let from = was.and_then(|(_, s, _)| *s).map_or("–", Statut::code);
                problems.push((
                    "life cycle",
                    msg!("{subject} : {from} → {status} n'est pas permis", "{subject}: {from} → {status} is not legal"),
                ));
            }
            last.insert(subject, (n, now, status));
        }
        for (about, says) in problems {
            self.found(about, says);
        }
        Ok(())
    }

    /// Each pièce has the status of its last event, and each row is the one that its first event covers.
    fn pieces(&mut self) -> rusqlite::Result<()> {
        let wrong: Vec<String> = self
            .ledger
            .conn
            .prepare(
                "SELECT p.id FROM piece p LEFT JOIN event e ON e.subject = p.id
                   AND e.n = (SELECT max(n) FROM event WHERE subject = p.id)
                 WHERE e.status IS NOT p.status OR e.at IS NOT p.status_at",
            )?
            .query_map([], |r| r.get(0))?
            .collect::<Result<_, _>>()?;
        for id in wrong {
            self.found(
                "life cycle",
                msg!("{id} n'a pas l'état de son dernier événement", "{id} has not the status of its last event"),
            );
        }
        for (id, same) in self.ledger.covered()? {
            // Of a pruned one the row is not what it was: see `tombstones`.
            if !same && !self.pruned.contains(&id) {
                self.found(
                    "chain",
                    msg!(
                        "{id} : sa ligne a été modifiée depuis son dépôt",
                        "{id}: its row was changed since its deposit"
                    ),
                );
            }
        }
        Ok(())
    }

    /// What is left of a pruned flow is what the event that says so covers.
    fn tombstones(&mut self) -> rusqlite::Result<()> {
        let conn = &self.ledger.conn;
        let sql = "SELECT subject, facts FROM event WHERE status = 'pruned' AND subject <> 'ledger'";
        let mut statement = conn.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut wrong = Vec::new();
        while let Some(r) = rows.next()? {
            let (flow, facts): (String, Option<Vec<u8>>) = (r.get(0)?, r.get(1)?);
            if facts.as_deref() != Some(&tombstone(conn, &flow)?) {
                wrong.push(msg!(
                    "{flow} : ce qui en restait après épuration a été modifié",
                    "{flow}: what was left of it when it was pruned was changed"
                ));
            }
        }
        wrong.into_iter().for_each(|says| self.found("chain", says));
        Ok(())
    }

    /// The routing data of a pièce are those of its deposit, or what its last correction made of them.
    fn corrections(&mut self) -> rusqlite::Result<()> {
        let conn = &self.ledger.conn;
        let mut last: HashMap<(String, Datum), Option<String>> = HashMap::new();
        let mut statement =
            conn.prepare("SELECT subject, changes FROM event WHERE changes IS NOT NULL ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            let (piece, json): (String, String) = (r.get(0)?, r.get(1)?);
            let changes: Changes = serde_json::from_str(&json).unwrap_or_default();
            let each = changes.into_iter().filter_map(|(word, [_, is])| word.parse().ok().map(|datum| (datum, is)));
            last.extend(each.map(|(datum, is)| ((piece.clone(), datum), is)));
        }
        let mut statement = conn.prepare(&format!("SELECT {FACTS} FROM piece WHERE id = ?"))?;
        let mut wrong = Vec::new();
        for ((piece, what), is) in last {
            let facts = statement.query_row([&piece], facts_of).optional()?;
            if facts.is_none_or(|facts| datum(&facts, what) != is.as_deref()) {
                wrong.push(msg!(
                    "{piece} : « {what} » n'a pas la valeur de sa correction",
                    "{piece}: \"{what}\" has not the value that it was corrected to"
                ));
            }
        }
        wrong.into_iter().for_each(|says| self.found("chain", says));
        Ok(())
    }

    /// What of a row follows from the rest: the key of G1.42 from the supplier, the holder from the status and the
    /// actors, a dossier's number and supplier from the pièce that opened it.
    fn rows(&mut self) -> rusqlite::Result<()> {
        let sql = format!(
            "SELECT {FACTS}, id, supplier_key, status, live, holder_role, holder, (SELECT d.number = p.number AND
                d.supplier = p.supplier_id FROM dossier d WHERE d.id = 'd-' || substr(p.id, 3)) FROM piece p"
        );
        let mut wrong = Vec::new();
        let mut statement = self.ledger.conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            let at = |i: usize| FACTS_COLUMNS + i;
            let (facts, id): (_, String) = (facts_of(r)?, r.get(at(0))?);
            let (key, status, live): (Option<String>, String, bool) = (r.get(at(1))?, r.get(at(2))?, r.get(at(3))?);
            let is_live = status.parse::<Statut>().is_ok_and(|s| s != Statut::RefuseeControle && !s.is_refusal());
            if live != is_live {
                wrong.push(msg!(
                    "{id} : son numéro est libre ou pris à tort",
                    "{id}: its number is free or taken, and should not be"
                ));
            }
            if live && key != facts.supplier_key() {
                wrong.push(msg!("{id} : sa clé d'unicité n'est pas la sienne", "{id}: its key is not its own"));
            }
            let holder: (Option<String>, Option<String>) = (r.get(at(4))?, r.get(at(5))?);
            let meant = status.parse().ok().and_then(|status| decision::holder(status, &facts));
            if holder != meant.map(|(role, who)| (role.name().to_owned(), who.to_owned())).unzip() {
                wrong.push(msg!("{id} n'est pas chez qui son état dit", "{id} is not with whom its status says"));
            }
            if r.get::<_, Option<bool>>(at(6))? == Some(false) {
                wrong.push(msg!("{id} : son dossier a été modifié", "{id}: its dossier was changed"));
            }
        }
        drop(rows);
        drop(statement);
        let mut statement = self.ledger.conn.prepare(
            "SELECT id FROM flow f WHERE 1 <>
                (SELECT count(*) FROM outbox o WHERE o.flow = f.id AND o.tray = 'comptes-rendus')",
        )?;
        for id in statement.query_map([], |r| r.get::<_, String>(0))? {
            let id = id?;
            wrong.push(msg!("{id} n'a pas un compte rendu et un seul", "{id} has not one report and only one"));
        }
        drop(statement);
        wrong.into_iter().for_each(|says| self.found("life cycle", says));
        Ok(())
    }

    /// A pièce is associated exactly where a later one says so, and by one that may.
    fn links(&mut self) -> rusqlite::Result<()> {
        let mut wrong = Vec::new();
        let mut statement = self.ledger.conn.prepare(
            "SELECT l.piece, l.earlier, l.kind, p.cadre, e.cadre, p.dossier IS e.dossier, p.status <> 'REFUSEE_CONTROLE'
             FROM link l JOIN piece p ON p.id = l.piece JOIN piece e ON e.id = l.earlier",
        )?;
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            let (piece, earlier, kind): (String, String, String) = (r.get(0)?, r.get(1)?, r.get(2)?);
            let cadre = |i| -> rusqlite::Result<_> { Ok(r.get::<_, Option<String>>(i)?.and_then(|c| c.parse().ok())) };
            let row = cadre(3)?.zip(cadre(4)?).and_then(|(later, before)| association::of(later, before));
            let replaces = row.is_some_and(|row| row.becomes == Statut::RemplaceeParA22);
            let (together, accepted): (bool, bool) = (r.get(5)?, r.get(6)?);
            if row.is_none() || replaces != (kind == "replaces") || !together || !accepted {
                wrong.push(msg!(
                    "{piece} ne peut pas avoir pris {earlier} ainsi",
                    "{piece} cannot have taken {earlier} in this way"
                ));
            }
        }
        let mut statement = self.ledger.conn.prepare(
            "SELECT p.id FROM piece p WHERE (p.status IN ('ASSOCIEE', 'REMPLACEE_PAR_A22'))
                IS NOT EXISTS (SELECT 1 FROM link l JOIN piece t ON t.id = l.piece WHERE l.earlier = p.id AND t.live = 1)",
        )?;
        for id in statement.query_map([], |r| r.get::<_, String>(0))? {
            let id = id?;
            wrong.push(msg!("{id} : son état et ses liens se contredisent", "{id}: its status and its links disagree"));
        }
        drop(statement);
        wrong.into_iter().for_each(|says| self.found("life cycle", says));
        Ok(())
    }

    /// Each dossier holds the pièces that links join, and nothing else; each pièce that should has one.
    fn dossiers(&mut self) -> rusqlite::Result<()> {
        let conn = &self.ledger.conn;
        let strays: Vec<String> = conn
            .prepare(
                "SELECT p.id FROM piece p LEFT JOIN dossier d ON d.id = p.dossier
                 WHERE (p.status <> 'REFUSEE_CONTROLE' AND p.cadre <> 'A10') IS NOT (d.id IS NOT NULL)
                    OR d.merged IS NOT NULL",
            )?
            .query_map([], |r| r.get(0))?
            .collect::<Result<_, _>>()?;
        let mut joined = Joined::default();
        let mut statement = conn.prepare("SELECT piece, earlier FROM link")?;
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            joined.join(r.get(0)?, r.get(1)?);
        }
        let mut one: HashMap<String, String> = HashMap::new();
        let mut torn: Vec<String> = Vec::new();
        let mut statement = conn.prepare("SELECT id, dossier FROM piece WHERE dossier IS NOT NULL")?;
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            let (piece, dossier): (String, String) = (r.get(0)?, r.get(1)?);
            let root = joined.root(piece);
            if *one.entry(dossier.clone()).or_insert_with(|| root.clone()) != root {
                torn.push(dossier);
            }
        }
        torn.dedup();
        for id in strays {
            self.found("dossier", msg!("{id} n'est pas dans le bon dossier", "{id} is not in the right dossier"));
        }
        for id in torn {
            self.found("dossier", msg!("{id} réunit des pièces sans lien", "{id} holds pièces without a link"));
        }
        Ok(())
    }

    /// Each deposit's bytes are in exactly one place, unaltered, and nothing else is in guichet's directories.
    fn conservation(&mut self, spool: &Path) -> rusqlite::Result<()> {
        // A requeued flow's file went on as another flow's; until that is decided it is in hold or in work.
        let flows: Vec<(String, String, Option<Vec<u8>>)> = self
            .ledger
            .conn
            .prepare(
                "SELECT id, filed, sha256 FROM flow f WHERE NOT EXISTS (
                    SELECT 1 FROM event e WHERE e.subject = f.id AND e.status = 'requeued')",
            )?
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let in_work: HashSet<String> = files_below(&spool.join("work"))
            .into_iter()
            .filter_map(|p| p.file_name().and_then(|n| n.to_str()).and_then(|n| n.get(..18)).map(str::to_owned))
            .collect();
        let mut known: HashSet<std::path::PathBuf> = HashSet::new();
        // The file of what is being pruned may be there or not.
        let going = self.ledger.conn.prepare("SELECT filed FROM pruning WHERE filed IS NOT NULL")?;
        known.extend(texts(going)?.iter().map(|filed| spool.join(filed)));
        for (id, filed, sha256) in flows {
            if self.pruned.contains(&id) {
                continue;
            }
            let path = spool.join(&filed);
            known.insert(path.clone());
            match (hash_of(&path), in_work.contains(&id)) {
                (Ok(hash), false) if sha256.is_some_and(|s| s != hash) => {
                    self.found(
                        "conservation",
                        msg!("{filed} : les octets ont changé", "{filed}: its bytes have changed"),
                    );
                }
                (Ok(_), true) if !self.at_work => {
                    self.found(
                        "conservation",
                        msg!("{id} est à la fois classé et dans work/", "{id} is filed and in work/ as well"),
                    );
                }
                (Err(why), false) => {
                    self.found("conservation", msg!("{filed} manque ({why})", "{filed} is missing ({why})"));
                }
                _ => {}
            }
        }
        if !self.at_work && !in_work.is_empty() {
            let says = counted(
                in_work.len(),
                ["dépôt est dans work/ sans être fini", "dépôts sont dans work/ sans être finis"],
                ["deposit in work/ is unfinished", "deposits in work/ are unfinished"],
            );
            self.found("conservation", says + msg!(" ; lancez `guichet batch`", "; run `guichet batch`"));
        }
        if !self.at_work {
            for place in ["archive", "hold"] {
                for path in files_below(&spool.join(place)) {
                    if !known.contains(&path) {
                        let path = crate::text::Shown(&path.to_string_lossy()).to_string();
                        self.found(
                            "conservation",
                            msg!("{path} n'est pas dans le registre", "{path} is not in the ledger"),
                        );
                    }
                }
            }
        }
        Ok(())
    }

    /// Each pièce that was delivered is, byte for byte, its deposit or its member of it, and each file beside it one
    /// that it embeds.
    fn delivered(&self, spool: &Path) -> rusqlite::Result<Vec<Msg>> {
        let mut problems = Vec::new();
        let mut statement = self.ledger.conn.prepare(
            "SELECT o.partner, o.name, o.sha256, f.sha256, f.filed, p.entry, o.part, p.id
             FROM outbox o JOIN piece p ON p.id = o.piece JOIN flow f ON f.id = p.flow ORDER BY f.id, p.id",
        )?;
        let mut rows = statement.query([])?;
        let (with_files, added) = (self.with_files()?, self.added()?);
        let (mut opened, mut embedded): ((String, HashMap<usize, Hash>), (String, Files)) = Default::default();
        while let Some(r) = rows.next()? {
            let (partner, name, sent): (String, String, Hash) = (r.get(0)?, r.get(1)?, r.get(2)?);
            let (flow, filed): (Hash, String) = (r.get(3)?, r.get(4)?);
            let entry = r.get::<_, Option<i64>>(5)?.and_then(|entry| usize::try_from(entry).ok());
            let (part, piece): (Option<String>, String) = (r.get(6)?, r.get(7)?);
            if self.pruned.contains(&piece) {
                continue;
            }
            if let Some(place) = part.as_deref().and_then(|part| part.strip_prefix("supplement ")) {
                if added.get(&(piece, place.to_owned())) != Some(&sent) {
                    problems.push(msg!(
                        "{partner}/{name} n'est pas ce qui a été ajouté à la pièce",
                        "{partner}/{name} is not what was added to the pièce"
                    ));
                }
                continue;
            }
            // A file that came with a deposit form is another member of its archive.
            let beside = part.as_deref().and_then(|part| part.strip_prefix("entry ")?.parse().ok());
            let embeds = part.as_deref().filter(|_| beside.is_none()).map(|part| part.strip_prefix("embedded "));
            let is = match (embeds, beside.or(entry)) {
                (None, None) => Some(flow),
                (None, Some(entry)) => {
                    if opened.0 != filed {
                        opened = (filed.clone(), members(&spool.join(&filed)));
                    }
                    opened.1.get(&entry).copied()
                }
                (Some(Some(n)), entry) => {
                    if embedded.0 != filed {
                        let files = with_files.get(&filed).map(|entries| files(&spool.join(&filed), entries));
                        embedded = (filed, files.unwrap_or_default());
                    }
                    let nth = |hashes: &Vec<Hash>| {
                        n.parse::<usize>().ok().and_then(|n| hashes.get(n.checked_sub(1)?).copied())
                    };
                    // A file that is not there at all is no file's hash.
                    embedded.1.get(&entry).map(|hashes| nth(hashes).unwrap_or_default())
                }
                (Some(None), _) => None,
            };
            // A file that is missing is told where conservation is audited.
            if is.is_some_and(|is| is != sent) {
                problems.push(match part {
                    None => msg!(
                        "{partner}/{name} n'est pas la pièce déposée",
                        "{partner}/{name} is not the pièce that was deposited"
                    ),
                    Some(_) => msg!(
                        "{partner}/{name} n'est pas le fichier qui accompagne la pièce",
                        "{partner}/{name} is not the file that came with the pièce"
                    ),
                });
            }
        }
        Ok(problems)
    }

    /// The hashes of what acts added, by the pièce and the number of the event and of the file.
    fn added(&self) -> rusqlite::Result<HashMap<(String, String), Hash>> {
        let sql = "SELECT piece, event || ' ' || n, bytes FROM supplement";
        let hashed = |r: &Row<'_>| Ok(((r.get(0)?, r.get(1)?), Sha256::digest(r.get::<_, Vec<u8>>(2)?).into()));
        self.ledger.conn.prepare(sql)?.query_map([], hashed)?.collect()
    }

    /// The deposits of which embedded files were delivered, with the entries of the pièces that embed them.
    fn with_files(&self) -> rusqlite::Result<HashMap<String, HashSet<Option<usize>>>> {
        let mut found: HashMap<String, HashSet<Option<usize>>> = HashMap::new();
        let mut statement = self.ledger.conn.prepare(
            "SELECT DISTINCT f.filed, p.entry FROM outbox o JOIN piece p ON p.id = o.piece JOIN flow f ON f.id = p.flow
             WHERE o.part LIKE 'embedded %'",
        )?;
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            let entry = r.get::<_, Option<i64>>(1)?.and_then(|entry| usize::try_from(entry).ok());
            found.entry(r.get(0)?).or_default().insert(entry);
        }
        Ok(found)
    }

    /// What was sent is what was rendered, unless that was pruned, and is numbered without gaps.
    fn sent(&mut self) -> rusqlite::Result<()> {
        let conn = &self.ledger.conn;
        let mut problems = Vec::new();
        // Life-cycle flows are no flow's: an event of the ledger itself says which were pruned.
        let before: i64 = conn.query_row(
            "SELECT coalesce(max(CAST(comment AS INTEGER)), 0) FROM event WHERE subject = 'ledger' AND status = 'pruned'",
            [],
            |r| r.get(0),
        )?;
        let mut statement =
            conn.prepare("SELECT partner, name, sha256, bytes, flow, at FROM outbox WHERE bytes IS NOT NULL")?;
        let mut rows = statement.query([])?;
        while let Some(r) = rows.next()? {
            let (partner, name, sha256, bytes): (String, String, Hash, Vec<u8>) =
                (r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?);
            let (flow, at): (Option<String>, i64) = (r.get(4)?, r.get(5)?);
            let is_pruned = bytes.is_empty() && flow.map_or(at < before, |flow| self.pruned.contains(&flow));
            if !is_pruned && Hash::from(Sha256::digest(&bytes)) != sha256 {
                problems.push(msg!("{partner}/{name} a été modifié", "{partner}/{name} was changed"));
            }
        }
        problems.extend(numbers(conn)?);
        problems.into_iter().for_each(|says| self.found("outbox", says));
        Ok(())
    }

    /// Nothing unknown is staged.
    fn staged(&self, spool: &Path) -> rusqlite::Result<Vec<Msg>> {
        let mut problems = Vec::new();
        if self.at_work {
            return Ok(problems);
        }
        let pending: HashSet<(String, String)> = self
            .ledger
            .conn
            .prepare("SELECT o.partner, o.name FROM unpublished u JOIN outbox o USING (id)")?
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for path in files_below(&spool.join("out/.stage")) {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
            let partner =
                path.parent().and_then(|p| p.file_name()).and_then(|n| n.to_str()).unwrap_or_default().to_owned();
            if !pending.contains(&(partner.clone(), name.clone())) {
                problems.push(msg!(
                    "{partner}/{name} est préparé sans être dans le registre",
                    "{partner}/{name} is staged and not in the ledger"
                ));
            }
        }
        Ok(problems)
    }
}

/// What a statement gives, its first column.
fn texts(mut statement: rusqlite::Statement<'_>) -> rusqlite::Result<Vec<String>> {
    statement.query_map([], |r| r.get(0))?.collect()
}

/// What was sent is numbered without gaps, and no number is two partners'.
fn numbers(conn: &rusqlite::Connection) -> rusqlite::Result<Vec<Msg>> {
    let of =
        |sql: &str| -> rusqlite::Result<Vec<String>> { conn.prepare(sql)?.query_map([LANE], |r| r.get(0))?.collect() };
    // A number follows the one before it, or is the first, or the first after a restore.
    let gaps = of("SELECT DISTINCT partner FROM outbox o WHERE sequence % ?1 <> 1
         AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.partner = o.partner AND b.sequence = o.sequence - 1)
         AND sequence % ?1 - 1 NOT IN (
            SELECT CAST(comment AS INTEGER) FROM event WHERE subject = 'ledger' AND status = 'restored')")?;
    let again = of("SELECT s.partner FROM sequence s WHERE s.next <=
         (SELECT max(o.sequence) FROM outbox o WHERE o.partner = s.partner AND o.sequence / ?1 = s.next / ?1)
         UNION SELECT partner FROM outbox WHERE sequence > ?1 AND partner NOT IN (SELECT partner FROM sequence)")?;
    let shared = of("SELECT min(name) FROM outbox WHERE sequence > ?1 GROUP BY sequence HAVING count(*) > 1")?;
    let gaps = gaps.iter().map(|partner| {
        msg!("{partner} : la suite des numéros d'envoi a un trou", "{partner}: a gap in the numbers of what was sent")
    });
    let shared = shared.iter().map(|name| {
        msg!(
            "{name} : deux partenaires ont ce numéro d'envoi",
            "{name}: two partners have this number of what was sent"
        )
    });
    let again = again.iter().map(|partner| {
        msg!(
            "{partner} : le prochain numéro d'envoi a déjà servi",
            "{partner}: the next number of what is sent has served already"
        )
    });
    Ok(gaps.chain(shared).chain(again).collect())
}

/// Every plain file below a directory, except `.name` files; links are not followed.
fn files_below(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = walkdir::WalkDir::new(dir).follow_links(false).into_iter().filter_map(Result::ok);
    entries.filter(|e| e.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

fn hash_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let (mut file, mut hash, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().to_vec()),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// The hashes of the files that documents embed, in order, by the entry of the document.
type Files = HashMap<Option<usize>, Vec<Hash>>;

/// Those of these entries of a deposit; none of what cannot be read.
fn files(path: &Path, entries: &HashSet<Option<usize>>) -> Files {
    let mut found = Files::new();
    if entries.contains(&None) {
        found.extend(std::fs::read(path).ok().map(|bytes| (None, files_in(bytes))));
        return found;
    }
    each_member(path, |entry, bytes| {
        if entries.contains(&Some(entry)) {
            found.insert(Some(entry), files_in(bytes));
        }
    });
    found
}

fn files_in(document: Vec<u8>) -> Vec<Hash> {
    let mut hashes = Vec::new();
    let Ok(()) = attached::each(document, |_, _, bytes| {
        hashes.push(Sha256::digest(&bytes).into());
        Ok::<(), Infallible>(())
    });
    hashes
}

/// The hashes of an archive's members, by their entry; none where it cannot be opened.
fn members(path: &Path) -> HashMap<usize, Hash> {
    let mut found = HashMap::new();
    each_member(path, |entry, bytes| {
        found.insert(entry, Sha256::digest(&bytes).into());
    });
    found
}

/// Gives the members of an archive that can be taken.
fn each_member(path: &Path, mut take: impl FnMut(usize, Vec<u8>)) {
    let Ok(mut file) = File::open(path) else { return };
    let mut head = Vec::new();
    let read = Read::by_ref(&mut file).take(512).read_to_end(&mut head).and_then(|_| file.rewind());
    let size = file.metadata().map_or(0, |m| m.len());
    if read.is_ok() {
        let kind = flux::sniff(&head);
        let _ = archive::each(kind, BufReader::new(file), size, &archive::UNLIMITED, |member| {
            if let Content::Bytes(bytes) = member.content {
                take(member.entry, bytes);
            }
            Ok::<(), ()>(())
        });
    }
}
