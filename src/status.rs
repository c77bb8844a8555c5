//! Is it alive, how far behind, what is wrong? Answers from the directories first: a full disk keeps the ledger shut,
//! and that is when somebody asks.

use crate::annuaire::{Annuaire, Fingerprint};
use crate::clock::{Clock, Instant};
use crate::config::Config;
use crate::event::Event;
use crate::ledger::{self, LedgerError, LedgerReader};
use crate::msg;
use crate::spool::{self, INODE_RESERVE, rights};
use crate::text::{Msg, Shown, counted};
use crate::trade::Mode;
use serde::Serialize;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::SystemTime;

/// The state of a counter, from outside.
#[derive(Debug, Default, Serialize)]
pub struct Health {
    /// Whether a guichet is at work on this spool.
    pub alive: bool,
    /// When work last went on, by the lock's time.
    pub last_loop: Option<String>,
    /// Files in `in/`, whatever they are.
    pub inbound: u64,
    /// Seconds since the oldest of them last changed.
    pub oldest_s: Option<u64>,
    /// The same by mode.
    pub queues: Vec<Queue>,
    /// The partner directories that wait longest, [`MOST_BEHIND`] at most.
    pub behind: Vec<Behind>,
    /// Files in `work/`: claimed, not finished.
    pub in_work: u64,
    /// Files in `hold/`: an operator must look.
    pub held: u64,
    /// Bytes free on the spool's file system.
    pub free: Option<u64>,
    /// Inodes free on it; none: it has no table of them, or it cannot be seen.
    pub inodes: Option<u64>,
    /// Bytes that stay free.
    pub reserve: u64,
    /// Bytes of the ledger.
    pub ledger: u64,
    /// Bytes of its write-ahead log.
    pub wal: u64,
    /// Flows decided; none: the ledger cannot be read.
    pub flows: Option<u64>,
    /// Pièces; none: the ledger cannot be read.
    pub pieces: Option<u64>,
    /// Outbound files committed and not marked as published.
    pub unpublished: Option<u64>,
    /// When the last flow was decided.
    pub last_flow: Option<String>,
    /// What is wrong, or wants a look.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// The files of a mode that wait.
#[derive(Debug, Serialize)]
pub struct Queue {
    /// The mode.
    pub mode: &'static str,
    /// How many files.
    pub files: u64,
    /// In how many partners' directories.
    pub directories: u64,
}

/// A partner's directory in which files wait.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Behind {
    /// Seconds since the oldest of its files last changed.
    pub oldest_s: u64,
    /// `edi/alpha`, made visible.
    pub directory: String,
    /// How many files.
    pub files: u64,
}

/// Directories that are named at most.
pub const MOST_BEHIND: usize = 5;

/// Something that is wrong, or wants a look.
#[derive(Debug)]
pub struct Problem {
    /// Which one.
    pub trouble: Trouble,
    /// What is wrong, and what to do.
    pub says: Msg,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no spool.
    NoSpool,
    /// The disk is nearly full.
    Disk,
    /// Deposits were answered, and there is no ledger.
    LedgerLost,
    /// The ledger cannot be read.
    LedgerUnreadable,
    /// The ledger is another than the one that this spool was served with.
    LedgerPutBack,
    /// The write-ahead log grows.
    LedgerWal,
    /// Files are not published, and nobody is at work.
    Unpublished,
    /// Files are claimed, and nobody is at work.
    Unfinished,
    /// Whoever holds the lock makes no step.
    Stuck,
    /// Files wait for too long.
    Late,
    /// The annuaire has faults.
    Annuaire,
    /// A partner's directory is not there.
    DirectoryMissing,
    /// Owners or rights do harm.
    Rights,
    /// Files in hold: not wrong, and an operator's.
    Held,
}

impl Trouble {
    /// Every one.
    #[rustfmt::skip]
    pub const ALL: [Trouble; 14] = [
        Trouble::NoSpool, Trouble::Disk, Trouble::LedgerLost, Trouble::LedgerUnreadable, Trouble::LedgerPutBack,
        Trouble::LedgerWal,
        Trouble::Unpublished, Trouble::Unfinished, Trouble::Stuck, Trouble::Late, Trouble::Annuaire,
        Trouble::DirectoryMissing, Trouble::Rights, Trouble::Held,
    ];

    /// Its name in JSON, in metrics and in docs/operations.md.
    pub const fn name(self) -> &'static str {
        match self {
            Trouble::NoSpool => "no_spool",
            Trouble::Disk => "disk",
            Trouble::LedgerLost => "ledger_lost",
            Trouble::LedgerUnreadable => "ledger_unreadable",
            Trouble::LedgerPutBack => "ledger_put_back",
            Trouble::LedgerWal => "ledger_wal",
            Trouble::Unpublished => "unpublished",
            Trouble::Unfinished => "unfinished",
            Trouble::Stuck => "stuck",
            Trouble::Late => "late",
            Trouble::Annuaire => "annuaire",
            Trouble::DirectoryMissing => "directory_missing",
            Trouble::Rights => "rights",
            Trouble::Held => "held",
        }
    }

    /// Whether something does not work: the exit code is then 1. A held flow stays until somebody has looked, and must
    /// not hide what comes after it.
    pub const fn is_wrong(self) -> bool {
        !matches!(self, Trouble::Held)
    }
}

/// Looks again and again, and reads the annuaire only when its files changed.
#[derive(Debug, Default)]
pub struct Observer {
    annuaire: Option<(Fingerprint, Read)>,
}

/// What the annuaire came to: the partners' directories, or how many faults it has.
type Read = Result<Vec<(String, Vec<Mode>)>, usize>;

/// Seconds without a step after which whoever holds the lock is stuck.
const STUCK: u64 = 120;
/// Seconds that files may wait where no guichet is at work: cron is not late before.
const NOBODY: u64 = 3600;

/// Looks at a spool and its ledger once.
pub fn look(config: &Config, clock: &dyn Clock) -> Health {
    Observer::default().look(config, clock)
}

impl Observer {
    /// Looks at a spool and its ledger; takes no lock and changes nothing.
    pub fn look(&mut self, config: &Config, clock: &dyn Clock) -> Health {
        let (root, now) = (&config.spool.root, clock.now());
        let mut health = Health { alive: spool::is_held(root), reserve: config.limits.reserve, ..Health::default() };
        if !root.is_dir() {
            let root = root.display();
            health.add(
                Trouble::NoSpool,
                msg!("{root} n'existe pas ; lancez `guichet init`", "{root} does not exist; run `guichet init`"),
            );
            return health;
        }
        inbound(root, now, &mut health);
        health.in_work = count(&root.join("work"), now).files;
        health.held = count(&root.join("hold"), now).files;
        disk(root, &mut health);
        ledger(config, &mut health);
        behind(config, now, &mut health);
        self.annuaire(config, &mut health);
        let held = health.held;
        if held > 0 {
            health.add(
                Trouble::Held,
                counted(held, ["fichier mis de côté dans hold/", "fichiers mis de côté dans hold/"], FILES)
                    + msg!(" ; voyez `guichet flows --state held`", " in hold/; see `guichet flows --state held`"),
            );
        }
        health
    }

    /// A faulty annuaire leaves the old one in force, as long as the daemon lives. Of a good one, the directories.
    fn annuaire(&mut self, config: &Config, health: &mut Health) {
        let state = Annuaire::fingerprint(&config.annuaire);
        if self.annuaire.as_ref().is_none_or(|(seen, _)| *seen != state) {
            let of = |p: &crate::annuaire::Partner| (p.name.clone(), p.modes.clone());
            let read = Annuaire::load(&config.annuaire).map(|l| l.annuaire.partners().iter().map(of).collect());
            self.annuaire = Some((state, read.map_err(|problems| problems.len())));
        }
        match self.annuaire.as_ref().map(|(_, read)| read) {
            Some(Err(n)) => health.add(
                Trouble::Annuaire,
                msg!("l'annuaire a ", "the annuaire has ")
                    + counted(*n, ["faute", "fautes"], ["fault", "faults"])
                    + msg!(
                        " et n'est pas en vigueur ; voyez `guichet annuaire check`",
                        " and is not in force; see `guichet annuaire check`"
                    ),
            ),
            Some(Ok(partners)) => directories(config, partners, health),
            None => {}
        }
    }
}

impl Health {
    fn add(&mut self, trouble: Trouble, says: Msg) {
        self.problems.push(Problem { trouble, says });
    }
}

/// What is wrong with owners and rights; a directory that is not there is, once a guichet is at work: it makes them.
fn directories(config: &Config, partners: &[(String, Vec<Mode>)], health: &mut Health) {
    let partners: Vec<(&str, &[Mode])> = partners.iter().map(|(name, modes)| (&**name, &**modes)).collect();
    let alive = health.alive;
    for wrong in rights::look(&config.spool.root, &config.ledger.path, &partners) {
        let rights::Wrong { path, why, fix, missing, .. } = wrong;
        if missing && !alive {
            continue;
        }
        let trouble = if missing { Trouble::DirectoryMissing } else { Trouble::Rights };
        health.add(trouble, Event::WrongRights { path, why, fix }.says());
    }
}

/// What waits in `in/`.
fn inbound(root: &Path, now: Instant, health: &mut Health) {
    for mode in Mode::ALL {
        let above = root.join("in").join(mode.name());
        let mut queue = Queue { mode: mode.name(), files: 0, directories: 0 };
        for partner in std::fs::read_dir(&above).into_iter().flatten().flatten() {
            let Count { files, oldest_s } = count(&partner.path(), now);
            if files == 0 {
                continue;
            }
            queue.files += files;
            queue.directories += 1;
            let directory = format!("{}/{}", mode.name(), Shown(&partner.file_name().to_string_lossy()));
            health.behind.push(Behind { oldest_s: oldest_s.unwrap_or_default(), directory, files });
            health.oldest_s = health.oldest_s.max(oldest_s);
        }
        health.inbound += queue.files;
        health.queues.push(queue);
    }
    health.behind.sort_by(|a, b| (b.oldest_s, &a.directory).cmp(&(a.oldest_s, &b.directory)));
    health.behind.truncate(MOST_BEHIND);
}

fn disk(root: &Path, health: &mut Health) {
    let Some((free, inodes)) = spool::free(root) else { return };
    health.free = Some(free);
    health.inodes = (inodes != u64::MAX).then_some(inodes);
    let reserve = health.reserve;
    if free < reserve {
        health.add(
            Trouble::Disk,
            msg!(
                "disque presque plein : {free} octets libres, réserve {reserve} ; plus rien n'est pris, libérez de la place",
                "disk nearly full: {free} bytes free, reserve {reserve}; nothing more is taken, free some room"
            ),
        );
    }
    if inodes < INODE_RESERVE {
        health.add(
            Trouble::Disk,
            msg!(
                "disque presque plein : {inodes} inodes libres, réserve {INODE_RESERVE} ; plus rien n'est pris, supprimez des fichiers",
                "disk nearly full: {inodes} inodes free, reserve {INODE_RESERVE}; nothing more is taken, remove files"
            ),
        );
    }
}

fn ledger(config: &Config, health: &mut Health) {
    let path = &config.ledger.path;
    health.ledger = path.metadata().map_or(0, |m| m.len());
    health.wal = ledger::wal_bytes(path);
    let wal = health.wal;
    if wal > ledger::WAL_MOST {
        health.add(
            Trouble::LedgerWal,
            msg!(
                "guichet.db-wal a {wal} octets : un programme lit le registre sans fin ; trouvez-le (`fuser guichet.db`)",
                "guichet.db-wal has {wal} bytes: some program reads the ledger without end; find it (`fuser guichet.db`)"
            ),
        );
    }
    // Before the ledger: a guichet at work goes on.
    let mark = spool::remembered(&config.spool.root);
    let asked = LedgerReader::open(path).and_then(|ledger| {
        let is_it = mark.map_or(Ok(true), |mark| ledger.has(&mark))?;
        Ok((ledger.stocktake()?, is_it))
    });
    match asked {
        Ok((stock, is_it)) => {
            if !is_it {
                health.add(Trouble::LedgerPutBack, msg!(
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
                health.add(
                    Trouble::LedgerLost,
                    msg!(
                        "des dépôts ont été traités ici et leur registre n'est pas là ; remettez-le en place",
                        "deposits were answered here and their ledger is not there; put it back"
                    ),
                );
            }
        }
        Err(e) => health.add(Trouble::LedgerUnreadable, e.says()),
    }
}

/// Files in English.
const FILES: [&str; 2] = ["file", "files"];

fn behind(config: &Config, now: Instant, health: &mut Health) {
    if let (Some(n @ 1..), false) = (health.unpublished, health.alive) {
        health.add(
            Trouble::Unpublished,
            counted(
                n,
                ["fichier attend d'être publié", "fichiers attendent d'être publiés"],
                ["file waits to be published", "files wait to be published"],
            ) + msg!(
                " dans out/ : lancez `guichet batch` ; ce qui reste a sa place prise",
                " in out/: run `guichet batch`; where one stays, something is in its place"
            ),
        );
    }
    let (in_work, inbound) = (health.in_work, health.inbound);
    if !health.alive && in_work > 0 {
        health.add(
            Trouble::Unfinished,
            counted(
                in_work,
                ["fichier pris n'est pas fini", "fichiers pris ne sont pas finis"],
                ["claimed file is unfinished", "claimed files are unfinished"],
            ) + msg!(
                " et aucun guichet ne tourne ; lancez `guichet batch` ou `guichet run`",
                " and no guichet is at work; run `guichet batch` or `guichet run`"
            ),
        );
    }
    let last = spool::last_beat(&config.spool.root);
    health.last_loop = last.map(Instant::rfc3339);
    let idle = last.and_then(|last| u64::try_from((now.0 - last.0) / 1000).ok()).unwrap_or_default();
    if health.alive && idle > STUCK.max(config.spool.settle.as_secs() * 2) {
        health.add(
            Trouble::Stuck,
            msg!(
                "le guichet au travail n'avance plus depuis {idle} s ; voyez son journal, relancez-le",
                "the guichet at work has made no step for {idle} s; see its log, start it again"
            ),
        );
    }
    let late = config.spool.incomplete_after.as_secs().max(60);
    let late = if health.alive { late } else { late.max(NOBODY) };
    if health.oldest_s.is_some_and(|s| s > late) {
        health.add(
            Trouble::Late,
            counted(inbound, ["fichier", "fichiers"], FILES)
                + msg!(
                    " dans in/, le plus ancien depuis plus de {late} s ; voyez le journal, et qu'un guichet tourne",
                    " in in/, the oldest for more than {late} s; see the log, and that a guichet is at work"
                ),
        );
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
