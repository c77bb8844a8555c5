//! `guichet.toml`: every key optional, unknown keys are errors. Paths are relative to the file.

use std::path::PathBuf;
use std::time::Duration;

/// The whole configuration; [`Config::default`] is what an empty file means.
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
    /// Where `annuaire/` is.
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
