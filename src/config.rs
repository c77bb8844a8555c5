//! `guichet.toml`: every key optional, unknown keys are errors. Paths are relative to the file. Which keys there are and
//! what each takes is the table [`keys`]; the defaults are [`Config::at`].

mod age;
pub(crate) mod keys;
pub(crate) mod tree;

use crate::error::Problem;
pub use age::Age;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the file where none is given.
pub const FILE: &str = "guichet.toml";

/// The whole configuration; [`Config::default`] is what an empty file means in the working directory.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Who signs the outbound flows.
    pub platform: Platform,
    /// The directories partners see.
    pub spool: Spool,
    /// The ledger.
    pub ledger: Ledger,
    /// When a group commit closes.
    pub batch: Batch,
    /// What is too much.
    pub limits: Limits,
    /// Which rules.
    pub rules: Rules,
    /// How long each actor has.
    pub delays: Delays,
    /// Codes of Chorus Pro's file names, in and out.
    pub interfaces: Interfaces,
    /// What is written on standard error.
    pub log: Log,
    /// Where its figures can be had.
    pub metrics: Metrics,
    /// Where `annuaire/` is: always beside the configuration file.
    pub annuaire: PathBuf,
}

/// `[platform]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Platform {
    /// Six of A–Z and 0–9: the application code in outbound names.
    pub app_code: String,
    /// Its name in outbound flows.
    pub name: String,
    /// Its SIRET, if it has one.
    pub siret: Option<String>,
}

/// How new files are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// The kernel's events are hints, the timed rescan is the truth.
    Events,
    /// The timed rescan alone.
    Poll,
}

/// `[spool]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spool {
    /// `in`, `out`, `work`, `archive` and `hold` are below it.
    pub root: PathBuf,
    /// How long a file must be unchanged to be finished.
    pub settle: Duration,
    /// Between two timed scans.
    pub rescan: Duration,
    /// After this long without growth an unfinished file is taken as it is.
    pub incomplete_after: Duration,
    /// How new files are noticed.
    pub watch: Watch,
}

/// How a batch becomes durable before its commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// One `syncfs` for all.
    Syncfs,
    /// One `fsync` a file and directory: for a file system with busy neighbours.
    Fsync,
}

/// `[ledger]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// The SQLite file.
    pub path: PathBuf,
    /// How a batch becomes durable before its commit.
    pub barrier: Barrier,
}

/// `[batch]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Flows at most.
    pub flows: usize,
    /// Bytes at most.
    pub bytes: u64,
    /// Waiting for more at most.
    pub wait: Duration,
}

/// `[limits]`; sizes in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// One document.
    pub file: u64,
    /// One deposited file.
    pub flow: u64,
    /// Pièces a flow.
    pub pieces: usize,
    /// Entries of an archive.
    pub entries: usize,
    /// Unpacked to packed.
    pub ratio: u64,
    /// Elements of a document.
    pub nodes: u32,
    /// Elements inside one another.
    pub depth: u32,
    /// Attributes of an element.
    pub attributes: u32,
    /// One attachment, decoded.
    pub attachment: u64,
    /// All attachments of a flow, decoded.
    pub attachments: u64,
    /// Free disk below which nothing more is claimed.
    pub reserve: u64,
}

impl Limits {
    /// One document, which is no larger than a whole flow may be.
    pub fn document(&self) -> u64 {
        self.file.min(self.flow)
    }

    /// The part of them that an archive's reader needs.
    pub fn archive(&self) -> crate::flux::archive::Limits {
        crate::flux::archive::Limits {
            entries: self.entries,
            member: self.document(),
            unpacked: self.flow,
            ratio: self.ratio,
        }
    }

    /// The part of them that a document's reader needs.
    pub fn xml(&self) -> crate::xml::Limits {
        crate::xml::Limits { nodes: self.nodes, depth: self.depth, attributes: self.attributes }
    }
}

/// What becomes of EN 16931 findings on a document that declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum En16931 {
    /// Warnings.
    Advise,
    /// Errors.
    Enforce,
    /// None.
    Never,
    /// Errors, on any document: what `check --en16931` asks for; no configuration does.
    Always,
}

/// `[rules]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// What becomes of EN 16931 findings.
    pub en16931: En16931,
}

/// `[delays]`, in days.
#[derive(Clone, Debug, PartialEq)]
pub struct Delays {
    /// A valideur's.
    pub valideur: Duration,
    /// The MOE's on a monthly draft.
    pub moe: Duration,
    /// The MOA's to notify the décompte général.
    pub dg: Duration,
    /// Between an A22 and what may follow it.
    pub tacite: Duration,
    /// Payment.
    pub paiement: Duration,
}

/// What an inbound interface code announces (formats: file names in EDI).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announces {
    /// UBL, alone.
    Ubl,
    /// CII 16B, alone.
    Cii,
    /// UBL with what travels beside it.
    UblMixed,
    /// CII 16B with what travels beside it.
    CiiMixed,
    /// Factur-X.
    FacturX,
    /// A life-cycle flow.
    Cppstatut,
}

/// `[interfaces]`: codes of Chorus Pro's file names. Each is three letters, four digits, a letter or digit.
#[derive(Clone, Debug, PartialEq)]
pub struct Interfaces {
    /// Inbound codes and what each announces; a code that is not here is unknown.
    pub inbound: BTreeMap<String, Announces>,
    /// The integration report of a UBL flow.
    pub report_ubl: String,
    /// The integration report of a CII flow.
    pub report_cii: String,
    /// The integration report of a Factur-X flow.
    pub report_facturx: String,
    /// The integration report of a life-cycle flow.
    pub report_cppstatut: String,
    /// The integration report of a flow in which nothing was detected.
    pub report_unknown: String,
    /// The life-cycle flows that guichet sends.
    pub statuts: String,
}

#[rustfmt::skip]
static INBOUND: &[(&str, Announces)] = &[
    // code       announces               source: formats, file names in EDI
    ("FSO1100A", Announces::Ubl),
    ("FSO1106A", Announces::Cii),
    ("FSO1110A", Announces::UblMixed),
    ("FSO1116A", Announces::CiiMixed),
    ("FSO1117A", Announces::FacturX),
    ("FSO1201A", Announces::Cppstatut), // guichet: no code for acts is public; 1201 is that of its reports
];

/// How much an event asks for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Of interest to whoever measures or searches.
    Debug,
    /// Ordinary work.
    Info,
    /// Someone should look.
    Warning,
    /// Something does not work.
    Alert,
}

/// How an event is written in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line for people.
    Text,
    /// An object of JSON.
    Json,
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// How an event is written.
    pub format: Shape,
    /// Events below it are not; none: as the command has it, which is ordinary work for a daemon, and what is wrong
    /// for all others.
    pub level: Option<Level>,
}

/// `[metrics]`: Prometheus's text format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// A file that is replaced every few seconds.
    pub file: Option<PathBuf>,
    /// A loopback address that the daemon answers at.
    pub listen: Option<SocketAddr>,
}

const MS: fn(u64) -> Duration = Duration::from_millis;
const DAYS: fn(u64) -> Duration = |n| Duration::from_secs(n * 86_400);
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

impl Default for Config {
    fn default() -> Config {
        Config::at(Path::new(""))
    }
}

impl Config {
    /// The defaults, with paths relative to a directory.
    #[rustfmt::skip]
    pub fn at(dir: &Path) -> Config {
        Config {
            platform: Platform { app_code: "GUI001".into(), name: "guichet".into(), siret: None },
            spool: Spool {
                root: dir.join("spool"), settle: MS(1000), rescan: MS(3000), incomplete_after: MS(600_000), watch: Watch::Events,
            },
            ledger: Ledger { path: dir.join("spool/guichet.db"), barrier: Barrier::Syncfs },
            batch: Batch { flows: 100, bytes: 8 * MIB, wait: MS(20) },
            limits: Limits {
                file: 64 * MIB, flow: GIB, pieces: 500, entries: 1100, ratio: 100, nodes: 2_000_000, depth: 64, attributes: 64,
                attachment: 10 * MIB, attachments: 120 * MIB, reserve: 256 * MIB,
            },
            rules: Rules { en16931: En16931::Advise },
            delays: Delays { valideur: DAYS(15), moe: DAYS(7), dg: DAYS(30), tacite: DAYS(10), paiement: DAYS(30) },
            interfaces: Interfaces {
                inbound: INBOUND.iter().map(|(code, announces)| ((*code).to_owned(), *announces)).collect(),
                report_ubl: "CSO1100A".into(), report_cii: "CSO1106A".into(), report_facturx: "CSO1117A".into(),
                report_cppstatut: "CSO1201A".into(), report_unknown: "CSO0000A".into(), statuts: "FEN1201A".into(),
            },
            log: Log { format: Shape::Text, level: None },
            metrics: Metrics::default(),
            annuaire: dir.join("annuaire"),
        }
    }

    /// Reads a configuration file. Everything wrong in it is told at once.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        keys::load(path).map_err(ConfigError)
    }

    /// The configuration that a command works with: the file named, which must be there; else `./guichet.toml`; else
    /// the defaults in the working directory.
    pub fn find(explicit: Option<&Path>) -> Result<Found, ConfigError> {
        let path = explicit.unwrap_or(Path::new(FILE));
        if explicit.is_none() && !path.try_exists().unwrap_or(true) {
            return Ok(Found { config: Config::default(), file: None });
        }
        Ok(Found { config: Config::load(path)?, file: Some(path.to_owned()) })
    }
}

/// A configuration, and the file it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What to work with.
    pub config: Config,
    /// `None` where there was no file and the defaults hold.
    pub file: Option<PathBuf>,
}

/// Everything wrong with a configuration file; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(pub Vec<Problem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(i, problem)| {
            let new_line = if i == 0 { "" } else { "\n" };
            write!(f, "{new_line}{problem}")
        })
    }
}
