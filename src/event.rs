//! Everything that happens and that someone may want to know: one typed event, from which a log line, the counters of
//! `metrics` and what systemd is told are made.

use crate::clock::Instant;
pub use crate::config::{Level, Shape};
use crate::msg;
use crate::text::{Lang, Msg, Shown, counted, json};
use serde::Serialize;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::os::fd::AsFd;
use std::sync::Arc;

impl Level {
    /// Its name in a log line, and its number for the journal (that of syslog).
    const fn word(self) -> (&'static str, u8) {
        match self {
            Level::Debug => ("debug", 7),
            Level::Info => ("info", 6),
            Level::Warning => ("warn", 4),
            Level::Alert => ("ALERT", 3),
        }
    }
}

/// What a run did (contract §3), or one batch of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Deposits answered, held, refused and duplicates included.
    pub flows: u64,
    /// Pièces read.
    pub pieces: u64,
    /// Pièces accepted.
    pub accepted: u64,
    /// Pièces refused, or flows refused without a readable pièce.
    pub refused: u64,
    /// Deposits that repeat one that made a pièce.
    pub duplicates: u64,
    /// Acts done.
    pub acts: u64,
    /// Acts refused.
    pub acts_refused: u64,
    /// Delays that fell due.
    pub delays: u64,
    /// Flows held for an operator.
    pub held: u64,
    /// Files that are not finished and stay where they are.
    pub waiting: u64,
    /// Milliseconds from start to end.
    pub elapsed_ms: u64,
}

/// A kind of event, as JSON, metrics and docs/operations.md call it.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// How much it asks for attention, at most.
    pub level: Level,
}

/// Makes a constant of each kind, and the list of all.
macro_rules! kinds {
    ($($of:ident $name:literal $level:ident;)*) => {
        $(static $of: Kind = Kind { name: $name, level: Level::$level };)*
        /// Every kind of event.
        pub static KINDS: &[&Kind] = &[$(&$of),*];
    };
}

#[rustfmt::skip]
kinds! {
    // of              name                level
    OPENED            "opened"            Info;
    READY             "ready"             Info;
    RECOVERED         "recovered"         Warning;
    RESTORED          "restored"          Warning;
    RELOADING         "reloading"         Info;
    STOPPING          "stopping"          Info;
    CLOSED            "closed"            Info;
    FAILED            "failed"            Alert;
    FLOW              "flow"              Warning; // where it is held; else Info
    BATCH             "batch"             Debug;
    ACTED             "acted"             Info;
    DELAY             "delay"             Info;
    REQUEUED          "requeued"          Info;
    REPLAYED          "replayed"          Info;
    STRAY             "stray"             Warning;
    SET_ASIDE         "set_aside"         Alert;
    BYTES_MISSING     "bytes_missing"     Alert;
    NO_DIRECTORY      "no_directory"      Alert;
    WRONG_RIGHTS      "wrong_rights"      Alert;
    NAME_TAKEN        "name_taken"        Alert;
    NAME_FREE         "name_free"         Info;
    DISK_RESERVE      "disk_reserve"      Alert;
    DISK_ROOM         "disk_room"         Info;
    LEDGER_WAL        "ledger_wal"        Warning;
    CLOCK_BEHIND      "clock_behind"      Alert;
    ANNUAIRE_LOADED   "annuaire_loaded"   Info;
    ANNUAIRE_REFUSED  "annuaire_refused"  Alert;
    NO_HINTS          "no_hints"          Warning;
    NO_REQUESTS       "no_requests"       Warning;
    METRICS_SERVED    "metrics_served"    Info;
    NO_METRICS        "no_metrics"        Warning;
}

/// The outcome of a flow that an operator must look at.
pub const HELD: &str = "held";

/// A sentence as programs read it.
fn english<S: serde::Serializer>(msg: &Msg, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&msg.en)
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Work begins on this spool.
    Opened {
        /// Its root.
        spool: String,
    },
    /// What was left is finished: from now on the counter watches.
    Ready,
    /// An earlier run was cut short and is now finished.
    Recovered {
        /// Outbound files published now.
        published: usize,
        /// Claimed files judged again.
        judged: usize,
        /// Decided files put in their last place.
        filed: usize,
    },
    /// A ledger that was put back from a backup was taken over.
    Restored {
        /// Deposits that it did not know, to be judged again.
        again: usize,
        /// After which count the numbers of what is sent go on.
        count: i64,
        /// Files that it did not know and that do not say whose they are.
        kept: Vec<String>,
    },
    /// The annuaire is read again, as was asked.
    Reloading,
    /// An order to stop was seen: what is under way is finished first.
    Stopping,
    /// The disk or the ledger failed: the process ends, and the next start finishes the work.
    Failed {
        /// What was tried, on what, why it failed.
        #[serde(serialize_with = "english")]
        why: Msg,
    },
    /// A flow was decided.
    Flow {
        /// Its id.
        flow: String,
        /// Who dropped it.
        partner: String,
        /// Its name, made visible.
        name: String,
        /// Its size in bytes.
        size: u64,
        /// `accepted`, `refused`…
        outcome: &'static str,
        /// The rules it broke, errors only.
        rules: Vec<&'static str>,
    },
    /// A batch is committed and published.
    Batch {
        /// What it did.
        #[serde(flatten)]
        tally: Tally,
        /// Files it sent to partners.
        outbound: u64,
        /// Microseconds that the barrier took.
        barrier_us: u64,
        /// Microseconds that the ledger's commit took.
        commit_us: u64,
        /// Microseconds from the first decision to the last publication.
        batch_us: u64,
    },
    /// A person did something to a pièce.
    Acted {
        /// The pièce.
        piece: String,
        /// The structure for which.
        by: String,
        /// The status that it has now.
        status: String,
    },
    /// A delay was over, and the pièce moved on.
    Delay {
        /// The pièce.
        piece: String,
        /// The status that it has now.
        status: String,
    },
    /// A held flow went back to work.
    Requeued {
        /// The held one.
        flow: String,
        /// What it is now.
        new: String,
        /// What became of it.
        outcome: String,
    },
    /// Reports were published again.
    Replayed {
        /// Of which flow.
        flow: String,
        /// How many.
        reports: usize,
    },
    /// Something in `in/` is not taken.
    Stray {
        /// Where.
        path: String,
        /// Why.
        #[serde(serialize_with = "english")]
        why: Msg,
    },
    /// Something that is no file was in guichet's own directory: it is in hold now.
    SetAside {
        /// Where it was.
        path: String,
    },
    /// The delay of a pièce is over, and its bytes are not there to be handed on: it waits.
    BytesMissing {
        /// The pièce.
        piece: String,
        /// What the system said.
        why: String,
    },
    /// A partner's directory cannot be made or opened: something else stands in its place.
    NoDirectory {
        /// Whose.
        partner: String,
        /// The system's answer.
        why: String,
    },
    /// A file or directory of the spool has an owner or rights that do harm.
    WrongRights {
        /// Which.
        path: String,
        /// What is wrong.
        #[serde(serialize_with = "english")]
        why: Msg,
        /// The command that mends it.
        fix: String,
    },
    /// An outbound name is taken by something that is not ours.
    NameTaken {
        /// Whose directory.
        partner: String,
        /// The tray.
        tray: String,
        /// The name.
        name: String,
    },
    /// What could not be published is published now.
    NameFree {
        /// Whose directory.
        partner: String,
        /// The tray.
        tray: String,
        /// The name.
        name: String,
    },
    /// The disk is nearly full: nothing more is claimed.
    DiskReserve {
        /// Bytes free.
        free: u64,
        /// Inodes free.
        inodes: u64,
        /// Bytes that stay free.
        reserve: u64,
    },
    /// There is room on the disk again.
    DiskRoom {
        /// Bytes free.
        free: u64,
    },
    /// The ledger's write-ahead log grows: somebody reads the ledger without end.
    LedgerWal {
        /// Its size in bytes.
        bytes: u64,
    },
    /// The clock is behind what the ledger has recorded: recorded times stand still until it is there again.
    ClockBehind {
        /// By how many seconds.
        seconds: u64,
    },
    /// A new annuaire is in force.
    AnnuaireLoaded {
        /// Structures in it.
        structures: usize,
    },
    /// The annuaire's files changed and have faults: the old one stays.
    AnnuaireRefused {
        /// The faults.
        problems: Vec<String>,
    },
    /// The kernel's hints are not to be had: the timed scan does alone.
    NoHints {
        /// The system's answer.
        why: String,
    },
    /// Commands cannot be handed to this daemon.
    NoRequests {
        /// The system's answer.
        why: String,
    },
    /// Metrics can be had at an address.
    MetricsServed {
        /// Which.
        address: String,
    },
    /// Metrics cannot be written or served.
    NoMetrics {
        /// What was tried, and the system's answer.
        why: String,
    },
    /// Work ends.
    Closed,
}

impl Event {
    /// Its kind.
    pub fn kind(&self) -> &'static Kind {
        match self {
            Event::Opened { .. } => &OPENED,
            Event::Ready => &READY,
            Event::Recovered { .. } => &RECOVERED,
            Event::Restored { .. } => &RESTORED,
            Event::Reloading => &RELOADING,
            Event::Stopping => &STOPPING,
            Event::Closed => &CLOSED,
            Event::Failed { .. } => &FAILED,
            Event::Flow { .. } => &FLOW,
            Event::Batch { .. } => &BATCH,
            Event::Acted { .. } => &ACTED,
            Event::Delay { .. } => &DELAY,
            Event::Requeued { .. } => &REQUEUED,
            Event::Replayed { .. } => &REPLAYED,
            Event::Stray { .. } => &STRAY,
            Event::SetAside { .. } => &SET_ASIDE,
            Event::BytesMissing { .. } => &BYTES_MISSING,
            Event::NoDirectory { .. } => &NO_DIRECTORY,
            Event::WrongRights { .. } => &WRONG_RIGHTS,
            Event::NameTaken { .. } => &NAME_TAKEN,
            Event::NameFree { .. } => &NAME_FREE,
            Event::DiskReserve { .. } => &DISK_RESERVE,
            Event::DiskRoom { .. } => &DISK_ROOM,
            Event::LedgerWal { .. } => &LEDGER_WAL,
            Event::ClockBehind { .. } => &CLOCK_BEHIND,
            Event::AnnuaireLoaded { .. } => &ANNUAIRE_LOADED,
            Event::AnnuaireRefused { .. } => &ANNUAIRE_REFUSED,
            Event::NoHints { .. } => &NO_HINTS,
            Event::NoRequests { .. } => &NO_REQUESTS,
            Event::MetricsServed { .. } => &METRICS_SERVED,
            Event::NoMetrics { .. } => &NO_METRICS,
        }
    }

    /// How much it asks for attention.
    pub fn level(&self) -> Level {
        match self {
            Event::Flow { outcome, .. } if *outcome != HELD => Level::Info,
            _ => self.kind().level,
        }
    }

    /// One line for a log.
    pub fn says(&self) -> Msg {
        match self {
            Event::Opened { spool } => msg!("guichet ouvert sur {spool}", "guichet open on {spool}"),
            Event::Recovered { published, judged, filed } => {
                msg!("reprise après un arrêt brutal : ", "recovered from an abrupt end: ")
                    + listed(&[
                        (
                            *published as u64,
                            ["fichier publié", "fichiers publiés"],
                            ["file published", "files published"],
                        ),
                        (*judged as u64, ["flux rejugé", "flux rejugés"], ["flow judged again", "flows judged again"]),
                        (*filed as u64, ["classé", "classés"], ["filed"; 2]),
                    ])
            }
            Event::Ready => msg!("guichet au travail", "guichet at work"),
            Event::Reloading => msg!("relecture de l'annuaire demandée", "asked to read the annuaire again"),
            Event::Stopping => msg!("arrêt demandé : le lot en cours s'achève", "asked to stop: the batch is finished"),
            Event::Failed { why } => {
                msg!("arrêt sur une panne : ", "ended by a failure: ")
                    + why.clone()
                    + msg!(" ; le prochain démarrage achève le travail", "; the next start finishes the work")
            }
            Event::Restored { again, count, kept } => {
                let (fr, en) = match kept.as_slice() {
                    [] => (String::new(), String::new()),
                    kept => {
                        let list = kept.join(" ");
                        (
                            format!(" ; {list} : sans nom de partenaire, déposez-les à nouveau vous-même"),
                            format!("; {list}: without a partner's name, deposit them again yourself"),
                        )
                    }
                };
                msg!("registre remis en place : ", "ledger put back: ")
                    + counted(
                        *again,
                        ["dépôt qu'il ne connaît pas est rejugé", "dépôts qu'il ne connaît pas sont rejugés"],
                        ["deposit unknown to it is judged again", "deposits unknown to it are judged again"],
                    )
                    + msg!(
                        ", les numéros d'envoi reprennent après {count}{fr}",
                        ", numbers of what is sent go on after {count}{en}"
                    )
            }
            Event::Flow { flow, partner, name, outcome, rules, .. } => {
                let rules = if rules.is_empty() { String::new() } else { format!(" [{}]", rules.join(" ")) };
                Msg::same(format!("{flow} {partner} {name} {outcome}{rules}"))
            }
            Event::Batch { tally, outbound, barrier_us, commit_us, batch_us } => {
                msg!("lot : ", "batch: ")
                    + listed(&[
                        (tally.flows, ["flux"; 2], ["flow", "flows"]),
                        (tally.acts, ["acte", "actes"], ["act", "acts"]),
                        (tally.delays, ["délai", "délais"], ["delay", "delays"]),
                        (*outbound, ["fichier sortant", "fichiers sortants"], ["outbound file", "outbound files"]),
                    ])
                    + msg!(
                        " en {batch_us} µs (écriture forcée {barrier_us}, validation {commit_us})",
                        " in {batch_us} µs (barrier {barrier_us}, commit {commit_us})"
                    )
            }
            Event::Acted { piece, by, status } => {
                msg!("{piece} : acte de {by}, {status}", "{piece}: acted on by {by}, {status}")
            }
            Event::Delay { piece, status } => {
                msg!("{piece} : son délai est passé, {status}", "{piece}: its delay is over, {status}")
            }
            Event::Requeued { flow, new, outcome } => {
                msg!("{flow} remis au travail : {new} {outcome}", "{flow} back to work: {new} {outcome}")
            }
            Event::Replayed { flow, reports } => {
                let fr = ["compte rendu publié à nouveau", "comptes rendus publiés à nouveau"];
                msg!("{flow} : ", "{flow}: ")
                    + counted(*reports, fr, ["report published again", "reports published again"])
            }
            Event::Stray { path, why } => Msg::new(
                format!("{path} : laissé en place, {}", why.fr),
                format!("{path}: left where it is, {}", why.en),
            ),
            Event::SetAside { path } => msg!(
                "{path} n'est pas un dépôt : un partenaire l'a mis à la place d'un fichier ; c'est maintenant dans hold/",
                "{path} is no deposit: a partner put it in the place of a file; it is in hold/ now"
            ),
            Event::BytesMissing { piece, why } => msg!(
                "{piece} : son délai est passé, mais ses octets ne sont pas dans archive/ ({why}) ; remettez-les (`guichet verify`)",
                "{piece}: its delay is over, but its bytes are not in archive/ ({why}); put them back (`guichet verify`)"
            ),
            Event::NoDirectory { partner, why } => msg!(
                "répertoire de {partner} inutilisable ({why}) : ses fichiers attendent ; remettez le répertoire en place",
                "a directory of {partner}'s cannot be used ({why}): its files wait; put the directory back"
            ),
            Event::NameTaken { partner, tray, name } => msg!(
                "out/{partner}/{tray}/{name} ne peut pas être publié : un autre fichier ou répertoire occupe la place ; retirez-le",
                "out/{partner}/{tray}/{name} cannot be published: another file or directory is in its place; remove that"
            ),
            Event::WrongRights { path, why, fix } => {
                Msg::new(format!("{path} : {} ; lancez : {fix}", why.fr), format!("{path}: {}; run: {fix}", why.en))
            }
            Event::NameFree { partner, tray, name } => msg!(
                "out/{partner}/{tray}/{name} est publié : la place est libre",
                "out/{partner}/{tray}/{name} is published: its place is free"
            ),
            Event::DiskRoom { free } => msg!(
                "de nouveau de la place ({free} octets libres) : la prise reprend",
                "room on the disk again ({free} bytes free): files are taken again"
            ),
            Event::LedgerWal { bytes } => msg!(
                "le journal du registre (guichet.db-wal) a {bytes} octets : un programme lit le registre sans fin ; trouvez-le (`fuser guichet.db`)",
                "the ledger's write-ahead log (guichet.db-wal) has {bytes} bytes: some program reads the ledger without end; find it (`fuser guichet.db`)"
            ),
            Event::ClockBehind { seconds } => msg!(
                "l'horloge retarde de {seconds} s sur le registre, dont le temps n'avance plus ; réglez l'horloge",
                "the clock is {seconds} s behind the ledger, whose time stands still; set the clock"
            ),
            Event::DiskReserve { free, reserve, .. } if free < reserve => msg!(
                "disque presque plein ({free} octets libres, réserve {reserve}) : plus rien n'est pris ; libérez de la place",
                "disk nearly full ({free} bytes free, reserve {reserve}): nothing more is taken; free some room"
            ),
            Event::DiskReserve { inodes, .. } => msg!(
                "disque presque plein ({inodes} inodes libres) : plus rien n'est pris ; supprimez des fichiers",
                "disk nearly full ({inodes} inodes free): nothing more is taken; delete some files"
            ),
            Event::AnnuaireLoaded { structures } => {
                msg!("annuaire chargé : ", "annuaire loaded: ")
                    + counted(*structures, ["structure", "structures"], ["structure", "structures"])
            }
            Event::AnnuaireRefused { problems } => {
                let list = problems.join(" | ");
                msg!(
                    "annuaire modifié mais fautif, l'ancien reste : {list}",
                    "annuaire changed but faulty, the old one stays: {list}"
                )
            }
            Event::NoHints { why } => {
                msg!(
                    "pas d'événements du noyau ({why}) : relecture périodique seule",
                    "no kernel events ({why}): timed scan alone"
                )
            }
            Event::NoRequests { why } => msg!(
                "les commandes ne peuvent pas être confiées à ce guichet ({why}) : arrêtez-le pour `replay` et `requeue`",
                "commands cannot be handed to this guichet ({why}): stop it for `replay` and `requeue`"
            ),
            Event::MetricsServed { address } => {
                msg!("métriques sur http://{address}/metrics", "metrics at http://{address}/metrics")
            }
            Event::NoMetrics { why } => msg!("pas de métriques : {why}", "no metrics: {why}"),
            Event::Closed => msg!("guichet fermé", "guichet closed"),
        }
    }
}

/// Where events go.
pub trait Listener: Send + Sync {
    /// Takes one.
    fn hear(&self, at: Instant, event: &Event);

    /// Work goes on: called wherever it makes a step, by any thread. It must cost next to nothing.
    fn beat(&self, _at: Instant) {}
}

/// A listener that forgets.
#[derive(Debug)]
pub struct Deaf;

impl Listener for Deaf {
    fn hear(&self, _at: Instant, _event: &Event) {}
}

/// Several listeners; each hears everything, in this order.
pub struct Ears(pub Vec<Arc<dyn Listener>>);

impl Listener for Ears {
    fn hear(&self, at: Instant, event: &Event) {
        self.0.iter().for_each(|ear| ear.hear(at, event));
    }

    fn beat(&self, at: Instant) {
        self.0.iter().for_each(|ear| ear.beat(at));
    }
}

/// A listener that writes a line an event on standard error.
#[derive(Debug)]
pub struct Log {
    /// In which language.
    pub lang: Lang,
    /// Events below it are not written.
    pub least: Level,
    /// How.
    pub shape: Shape,
    /// Standard error is systemd's journal, which has the time, and reads `<6>` at the beginning of a line as a level.
    pub journal: bool,
}

/// Several counts, one after the other.
fn listed(counts: &[(u64, [&str; 2], [&str; 2])]) -> Msg {
    let each = counts.iter().map(|(n, fr, en)| counted(*n, *fr, *en));
    each.reduce(|all, next| all + Msg::same(", ") + next).unwrap_or_default()
}

/// What a line of JSON holds.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    level: Level,
    #[serde(flatten)]
    event: &'a Event,
    says: &'a str,
}

impl Log {
    /// The line of an event. Nothing that comes from outside can end it, or move a terminal's cursor.
    pub fn line(&self, at: Instant, event: &Event) -> String {
        let (says, level) = (event.says(), event.level());
        let (says, (word, number)) = (says.get(self.lang), level.word());
        let mut line = if self.journal { format!("<{number}>") } else { String::new() };
        // Writing into a string cannot fail.
        let _ = match self.shape {
            Shape::Text if self.journal => write!(line, "{word} {}", Shown(says)),
            Shape::Text => write!(line, "{} {word} {}", at.rfc3339(), Shown(says)),
            Shape::Json => {
                line.push_str(&json(&Line { at: at.rfc3339(), level, event, says }));
                Ok(())
            }
        };
        line.push('\n');
        line
    }
}

impl Listener for Log {
    fn hear(&self, at: Instant, event: &Event) {
        if event.level() >= self.least {
            // A log that cannot be written must not stop the counter.
            let _ = std::io::stderr().lock().write_all(self.line(at, event).as_bytes());
        }
    }
}

/// Whether standard error is the journal that systemd names in `JOURNAL_STREAM`: device and inode.
pub fn is_journal(stream: &str) -> bool {
    let stderr = std::io::stderr();
    let Ok(stat) = rustix::fs::fstat(stderr.as_fd()) else { return false };
    stream == format!("{}:{}", stat.st_dev, stat.st_ino)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::is_hidden;
    use std::collections::BTreeSet;

    /// One of each.
    #[rustfmt::skip]
    fn samples() -> Vec<Event> {
        let x = || "x\u{9b}\n".to_owned();
        vec![
            Event::Opened { spool: x() }, Event::Ready, Event::Recovered { published: 1, judged: 2, filed: 3 },
            Event::Restored { again: 1, count: 2, kept: vec![x()] }, Event::Reloading, Event::Stopping, Event::Closed, Event::Failed { why: Msg::same(x()) },
            Event::Flow { flow: x(), partner: x(), name: x(), size: 1, outcome: HELD, rules: vec!["X-01"] },
            Event::Batch { tally: Tally::default(), outbound: 1, barrier_us: 1, commit_us: 1, batch_us: 1 },
            Event::Acted { piece: x(), by: x(), status: x() }, Event::Delay { piece: x(), status: x() },
            Event::Requeued { flow: x(), new: x(), outcome: x() }, Event::Replayed { flow: x(), reports: 1 },
            Event::Stray { path: x(), why: Msg::same(x()) }, Event::SetAside { path: x() }, Event::BytesMissing { piece: x(), why: x() },
            Event::NoDirectory { partner: x(), why: x() }, Event::WrongRights { path: x(), why: Msg::same(x()), fix: x() },
            Event::NameTaken { partner: x(), tray: x(), name: x() }, Event::NameFree { partner: x(), tray: x(), name: x() },
            Event::DiskReserve { free: 1, inodes: 1, reserve: 2 }, Event::DiskRoom { free: 3 }, Event::LedgerWal { bytes: 1 },
            Event::ClockBehind { seconds: 1 }, Event::AnnuaireLoaded { structures: 1 }, Event::AnnuaireRefused { problems: vec![x()] },
            Event::NoHints { why: x() }, Event::NoRequests { why: x() }, Event::MetricsServed { address: x() }, Event::NoMetrics { why: x() },
        ]
    }

    #[test]
    fn every_kind_has_the_name_of_its_event() {
        let mut seen = BTreeSet::new();
        for event in samples() {
            let json = serde_json::to_value(&event).expect("events are plain data");
            assert_eq!(json["event"], event.kind().name);
            assert_eq!(event.level(), event.kind().level, "{event:?}");
            seen.insert(event.kind().name);
        }
        assert!(
            KINDS.iter().all(|kind| seen.contains(kind.name)) && seen.len() == KINDS.len(),
            "a kind without a sample"
        );
    }

    #[test]
    fn every_event_is_one_line_in_both_languages_and_forms() {
        for event in samples() {
            for (lang, shape) in [(Lang::Fr, Shape::Text), (Lang::En, Shape::Text), (Lang::Fr, Shape::Json)] {
                for journal in [false, true] {
                    let log = Log { lang, least: Level::Debug, shape, journal };
                    let line = log.line(Instant(0), &event);
                    let (text, end) = line.split_at(line.len() - 1);
                    assert!(end == "\n" && !text.chars().any(is_hidden), "{line:?}");
                    assert_eq!(text.starts_with('<'), journal);
                    let json = text.trim_start_matches(|c| "<01234567>".contains(c));
                    assert!(shape == Shape::Text || serde_json::from_str::<serde_json::Value>(json).is_ok(), "{line}");
                }
            }
        }
    }

    #[test]
    fn a_flow_that_is_not_held_is_ordinary_work() {
        let (flow, partner, name) = (String::new(), String::new(), String::new());
        let flow = Event::Flow { flow, partner, name, size: 0, outcome: "refused", rules: Vec::new() };
        assert_eq!(flow.level(), Level::Info);
    }
}
