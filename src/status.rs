//! Is it alive, how far behind, what is wrong? Answers from the directories first: a full disk keeps the ledger shut,
//! and that is when somebody asks.

use crate::annuaire::Annuaire;
use crate::clock::{Clock, Instant};
use crate::config::Config;
use crate::ledger::{End, LedgerError, LedgerReader};
use crate::msg;
use crate::spool::{self, Mark};
use crate::text::Msg;
use crate::trade::Mode;
use serde::Serialize;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::SystemTime;

/// The state of a counter, from outside.
#[derive(Debug, Serialize)]
pub struct Health {
    /// Whether a guichet is at work on this spool.
    pub alive: bool,
    /// Files in `in/`, whatever they are.
    pub inbound: u64,
    /// Seconds since the oldest of them last changed.
    pub oldest_s: Option<u64>,
    /// Files in `work/`: claimed, not finished.
    pub in_work: u64,
    /// Files in `hold/`: an operator must look.
    pub held: u64,
    /// Bytes free on the spool's file system.
    pub free: Option<u64>,
    /// Flows decided; none: the ledger cannot be read.
    pub flows: Option<u64>,
    /// Pièces; none: the ledger cannot be read.
    pub pieces: Option<u64>,
    /// Outbound files committed and not marked as published.
    pub unpublished: Option<u64>,
    /// When the last flow was decided.
    pub last_flow: Option<String>,
    /// What is wrong.
    #[serde(skip)]
    pub problems: Vec<Msg>,
}

/// Looks at a spool and its ledger; takes no lock and changes nothing.
pub fn look(config: &Config, clock: &dyn Clock) -> Health {
    let root = &config.spool.root;
    let alive = spool::is_held(root);
    let inbound = Mode::ALL.map(|m| count(&root.join("in").join(m.name()), clock.now()));
    let oldest_s = inbound.iter().filter_map(|c| c.oldest_s).max();
    let mut health = Health {
        alive,
        inbound: inbound.iter().map(|c| c.files).sum(),
        oldest_s,
        in_work: count(&root.join("work"), clock.now()).files,
        held: count(&root.join("hold"), clock.now()).files,
        free: rustix::fs::statvfs(root).ok().map(|s| s.f_bavail.saturating_mul(s.f_frsize)),
        flows: None,
        pieces: None,
        unpublished: None,
        last_flow: None,
        problems: Vec::new(),
    };
    if !root.is_dir() {
        let root = root.display();
        health
            .problems
            .push(msg!("{root} n'existe pas ; lancez `guichet init`", "{root} does not exist; run `guichet init`"));
        return health;
    }
    if let Some(free) = health.free
        && free < config.limits.reserve
    {
        let reserve = config.limits.reserve;
        health.problems.push(msg!(
            "disque presque plein : {free} octets libres, réserve {reserve} ; plus rien n'est pris",
            "disk nearly full: {free} bytes free, reserve {reserve}; nothing more is taken"
        ));
    }
    ledger(config, &mut health);
    behind(config, &mut health);
    annuaire(config, &mut health);
    health
}

/// A faulty annuaire leaves the old one in force, as long as the daemon lives.
fn annuaire(config: &Config, health: &mut Health) {
    if let Err(problems) = Annuaire::load(&config.annuaire) {
        let n = problems.len();
        health.problems.push(msg!(
            "l'annuaire a {n} fautes et n'est pas en vigueur ; voyez `guichet annuaire check`",
            "the annuaire has {n} faults and is not in force; see `guichet annuaire check`"
        ));
    }
}

fn ledger(config: &Config, health: &mut Health) {
    // Before the ledger: a guichet at work goes on.
    let mark = spool::remembered(&config.spool.root);
    let end = mark.map(|Mark { seq, hash, count }| End { seq, hash, count });
    let asked = LedgerReader::open(&config.ledger.path).and_then(|ledger| {
        let is_it = end.map_or(Ok(true), |end| ledger.has(&end))?;
        Ok((ledger.stocktake()?, is_it))
    });
    match asked {
        Ok((stock, is_it)) => {
            if !is_it {
                health.problems.push(msg!(
                    "le registre n'est pas celui que ce spool a servi : une sauvegarde remise en place ? `guichet batch` dit que faire",
                    "the ledger is not the one that this spool was served with: a backup that was put back? `guichet batch` says what to do"
                ));
            }
            health.flows = Some(stock.flows);
            health.pieces = Some(stock.pieces);
            health.unpublished = Some(stock.unpublished);
            health.last_flow = stock.last.map(Instant::rfc3339);
        }
        Err(LedgerError::Absent(_)) => {
            (health.flows, health.pieces, health.unpublished) = (Some(0), Some(0), Some(0));
            let filed = count(&config.spool.root.join("archive"), Instant(0)).files + health.held;
            if filed > 0 {
                health.problems.push(msg!(
                    "des dépôts ont été traités ici et leur registre n'est pas là ; remettez-le en place",
                    "deposits were answered here and their ledger is not there; put it back"
                ));
            }
        }
        Err(e) => health.problems.push(Msg::same(e.to_string())),
    }
}

fn behind(config: &Config, health: &mut Health) {
    if let (Some(n @ 1..), false) = (health.unpublished, health.alive) {
        health.problems.push(msg!(
            "{n} fichiers attendent d'être publiés dans out/ : lancez `guichet batch` ; s'ils restent, leur place est prise",
            "{n} files wait to be published in out/: run `guichet batch`; if they stay, something is in their place"
        ));
    }
    let (in_work, inbound) = (health.in_work, health.inbound);
    if !health.alive && in_work > 0 {
        health.problems.push(msg!(
            "{in_work} fichiers pris ne sont pas finis et aucun guichet ne tourne ; lancez `guichet batch` ou `guichet run`",
            "{in_work} claimed files are unfinished and no guichet is at work; run `guichet batch` or `guichet run`"
        ));
    }
    let late = config.spool.incomplete_after.as_secs().max(60);
    if health.alive && health.oldest_s.is_some_and(|s| s > late) {
        health.problems.push(msg!(
            "{inbound} fichiers dans in/, le plus ancien depuis plus de {late} s ; voyez le journal",
            "{inbound} files in in/, the oldest for more than {late} s; see the log"
        ));
    }
}

#[derive(Default)]
struct Count {
    files: u64,
    oldest_s: Option<u64>,
}

fn count(dir: &Path, now: Instant) -> Count {
    let mut count = Count::default();
    for entry in walkdir::WalkDir::new(dir).follow_links(false).into_iter().filter_map(Result::ok) {
        // What its producer says is not finished is nobody's backlog.
        if !entry.file_type().is_file() || spool::is_in_progress(entry.file_name().as_bytes()) {
            continue;
        }
        count.files += 1;
        let changed = entry.metadata().ok().and_then(|m| m.modified().ok());
        let ms = changed.and_then(|t| t.duration_since(SystemTime::UNIX_EPOCH).ok()).map(|d| d.as_millis());
        let age = ms.and_then(|ms| i64::try_from(ms).ok()).map(|ms| (now.0 - ms) / 1000);
        let age = age.and_then(|s| u64::try_from(s).ok());
        count.oldest_s = count.oldest_s.max(age);
    }
    count
}
