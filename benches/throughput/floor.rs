//! The floor: exactly the files, links, renames and commits that a `batch` of accepted flows makes, and nothing else.
//! No byte is judged, no row is looked up; a row of each table is written, without the indexes of searches. What guichet
//! does beside its writer is done beside it here: taking ahead, staging, publishing and filing.

use crate::processor_ms;
use crate::world::{Load, Piece, flow, name, still};
use rusqlite::{Connection, Transaction, params};
use rustix::fs::{AtFlags, CWD, RenameFlags};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::time::Instant;

/// Flows and bytes of a group commit, as `[batch]` has them.
const BATCH: usize = 100;
const BYTES: usize = 8 << 20;
/// A report and a status flow of one unit, in bytes.
const REPORT: usize = 1_000;
const UNIT: usize = 640;

/// Where it works, and on what.
struct Floor<'a> {
    dir: &'a Path,
    load: &'a Load,
    /// What each flow holds, and each pièce of an archive.
    flow: Vec<u8>,
    piece: Vec<u8>,
    root: File,
}

/// From where to where a file is published.
type Rename = (PathBuf, PathBuf);

/// A file to stage.
struct Stage {
    what: What,
    to: PathBuf,
}

enum What {
    Bytes(Vec<u8>),
    /// A second name of a file in `work`.
    Link(PathBuf),
    /// That file itself.
    Move(PathBuf),
}

/// Durable pièces a second, and the processor time in milliseconds.
pub fn rate(dir: &Path, load: &Load) -> (f64, f64) {
    let mut trays: Vec<String> =
        ["in", "work", "stage/gamma", "statuts/gamma", "pieces", "archive/2026/11/02"].map(str::to_owned).into();
    for partner in (0..load.partners).map(name) {
        trays.extend(["stage", "reports", "statuts"].map(|tray| format!("{tray}/{partner}")));
    }
    trays.iter().for_each(|tray| fs::create_dir_all(dir.join(tray)).unwrap());
    let piece = Piece { lines: load.lines, ..Piece::new("A4", "N-1".to_owned()) }.xml().into_bytes();
    let floor = Floor { dir, load, flow: flow(load, 0), piece, root: File::open(dir).unwrap() };
    (0..load.flows).for_each(|i| fs::write(dir.join("in").join(file_name(i)), &floor.flow).unwrap());
    let mut ledger = Connection::open(dir.join("floor.db")).unwrap();
    ledger.pragma_update(None, "journal_mode", "WAL").unwrap();
    ledger.pragma_update(None, "synchronous", "FULL").unwrap();
    ledger.execute_batch(TABLES).unwrap();
    still();
    let (started, (before, _)) = (Instant::now(), processor_ms());
    floor.run(&mut ledger);
    (load.pieces() as f64 / started.elapsed().as_secs_f64(), processor_ms().0 - before)
}

const TABLES: &str = "
    CREATE TABLE flow (id TEXT PRIMARY KEY, name TEXT, sha BLOB, findings TEXT) STRICT;
    CREATE TABLE piece (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, flow TEXT, facts TEXT) STRICT;
    CREATE TABLE event (seq INTEGER PRIMARY KEY, subject TEXT, status TEXT, hash BLOB) STRICT;
    CREATE TABLE outbox (id INTEGER PRIMARY KEY, flow TEXT, name TEXT, sha BLOB, bytes BLOB) STRICT;";

fn file_name(i: usize) -> String {
    format!("F{i:06}")
}

fn rename(from: &Path, to: &Path) {
    rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).unwrap();
}

fn create(path: &Path, bytes: &[u8]) {
    File::create(path).unwrap().write_all(bytes).unwrap();
}

impl Floor<'_> {
    fn run(&self, ledger: &mut Connection) {
        let size = BATCH.min(BYTES / self.flow.len()).max(1);
        let batches = (0..self.load.flows).step_by(size).map(|from| from..self.load.flows.min(from + size));
        std::thread::scope(|scope| {
            // One is taken while another waits for the writer.
            let (to_take, batches_taken) = sync_channel(0);
            scope.spawn(move || batches.for_each(|batch| to_take.send(self.take(batch)).unwrap()));
            let (to_conclude, committed) = sync_channel::<(Vec<usize>, Vec<Rename>)>(1);
            scope.spawn(move || {
                for (batch, published) in committed {
                    published.iter().for_each(|(from, to)| rename(from, to));
                    self.file(&batch);
                }
            });
            for batch in batches_taken {
                let published = self.commit(ledger, &batch);
                to_conclude.send((batch, published)).unwrap();
            }
        });
    }

    fn original(&self, i: usize) -> PathBuf {
        self.dir.join("work").join(format!("{i:018}~{}", file_name(i)))
    }

    fn copy(&self, i: usize) -> PathBuf {
        self.dir.join("work").join(format!("{i:018}.copy"))
    }

    fn member(&self, i: usize, n: usize) -> PathBuf {
        self.dir.join("work").join(format!("{i:018}.{n}.member"))
    }

    /// Claims: the partner's file is renamed, and written again as guichet's own; of an archive each pièce as well.
    fn take(&self, flows: std::ops::Range<usize>) -> Vec<usize> {
        let claim = |i: usize| {
            let original = self.original(i);
            rename(&self.dir.join("in").join(file_name(i)), &original);
            assert_eq!(fs::symlink_metadata(&original).unwrap().nlink(), 1);
            create(&self.copy(i), &self.flow);
            if self.load.each > 1 {
                (0..self.load.each).for_each(|n| create(&self.member(i, n), &self.piece));
            }
            i
        };
        flows.map(claim).collect()
    }

    /// Stages a report for each flow, a second name for each pièce, and the status flows of those who are told; barrier,
    /// commit. Gives what is to be published.
    fn commit(&self, ledger: &mut Connection, batch: &[usize]) -> Vec<Rename> {
        let entry = ledger.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
        let published = std::thread::scope(|scope| {
            let (to_stage, staged) = channel::<Stage>();
            scope.spawn(move || {
                for Stage { what, to } in staged {
                    match what {
                        What::Bytes(bytes) => create(&to, &bytes),
                        What::Link(own) => fs::hard_link(own, &to).unwrap(),
                        What::Move(own) => rename(&own, &to),
                    }
                }
            });
            self.write(&entry, batch, &to_stage)
        });
        rustix::fs::syncfs(&self.root).unwrap();
        entry.commit().unwrap();
        published
    }

    /// The rows of a batch, and what goes out.
    fn write(&self, entry: &Transaction<'_>, batch: &[usize], to_stage: &Sender<Stage>) -> Vec<Rename> {
        let write = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
            entry.prepare_cached(sql).unwrap().execute(values).unwrap();
        };
        let outbox = "INSERT INTO outbox (flow, name, sha, bytes) VALUES (?, ?, ?, ?)";
        let sha = [7_u8; 32].as_slice();
        let mut published = Vec::with_capacity(batch.len() * 2 + 2);
        let mut stage = |what: What, partner: &str, tray: String, name: &str| {
            let staged = self.dir.join("stage").join(partner).join(name);
            to_stage.send(Stage { what, to: staged.clone() }).unwrap();
            published.push((staged, self.dir.join(tray).join(name)));
        };
        let mut units: BTreeMap<String, usize> = BTreeMap::new();
        for &i in batch {
            let (id, partner) = (format!("f-{i:016}"), name(i % self.load.partners));
            write("INSERT INTO flow VALUES (?, ?, ?, '[]')", params![id, file_name(i), sha]);
            for n in 0..self.load.each {
                let (piece, name) = (format!("p-{i:016}-{n}"), format!("P{i:06}-{n}"));
                write("INSERT INTO piece (id, flow, facts) VALUES (?, ?, ?)", params![piece, id, "f".repeat(300)]);
                for status in ["BROUILLON", "DEPOSEE", "MISE_A_DISPOSITION_MOE"] {
                    write("INSERT INTO event (subject, status, hash) VALUES (?, ?, ?)", params![piece, status, sha]);
                }
                write(outbox, params![id, name, sha, None::<Vec<u8>>]);
                let of_archive = self.load.each > 1;
                let what = if of_archive { What::Move(self.member(i, n)) } else { What::Link(self.copy(i)) };
                stage(what, "gamma", "pieces".to_owned(), &name);
            }
            *units.entry(partner.clone()).or_default() += 2 * self.load.each;
            *units.entry("gamma".to_owned()).or_default() += self.load.each;
            write("INSERT INTO event (subject, status, hash) VALUES (?, ?, ?)", params![id, "accepted", sha]);
            let (report, name) = (vec![b'r'; REPORT], format!("R{i:06}"));
            write(outbox, params![id, name, sha, report]);
            stage(What::Bytes(report), &partner, format!("reports/{partner}"), &name);
        }
        for (partner, units) in units {
            let (bytes, name) = (vec![b's'; UNIT * units], format!("S{:06}-{partner}", batch[0]));
            write(outbox, params![None::<String>, name, sha, bytes]);
            stage(What::Bytes(bytes), &partner, format!("statuts/{partner}"), &name);
        }
        published
    }

    /// Drops the partner's file, and gives the copy its last place.
    fn file(&self, batch: &[usize]) {
        let remove = |path: PathBuf| rustix::fs::unlinkat(CWD, &path, AtFlags::empty()).unwrap();
        for &i in batch {
            remove(self.original(i));
            rename(&self.copy(i), &self.dir.join("archive/2026/11/02").join(format!("{i:018}~{}", file_name(i))));
        }
    }
}
