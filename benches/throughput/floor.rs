//! The floor: exactly the files, links, renames and commits that a `batch` of accepted flows makes, and nothing else.
//! No byte is judged, no row is looked up; a row of each table is written, without the indexes of searches. Taking the
//! next batch and filing the last one away go on beside the commit, as they do in guichet.

use rusqlite::{Connection, params};
use rustix::fs::{AtFlags, CWD, RenameFlags};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Flows of a group commit, as `[batch] flows` has it.
const BATCH: usize = 100;
/// A report and a status flow of one unit, in bytes.
const REPORT: usize = 1_500;
const UNIT: usize = 900;

/// Durable flows a second; `flow` is what each of them holds.
pub fn rate(dir: &Path, flows: usize, flow: &[u8]) -> f64 {
    let trays = ["in", "work", "stage/alpha", "stage/gamma", "reports", "statuses", "pieces", "archive/2026/11/02"];
    trays.iter().for_each(|tray| fs::create_dir_all(dir.join(tray)).unwrap());
    (0..flows).for_each(|i| fs::write(dir.join("in").join(name(i)), flow).unwrap());
    let mut ledger = Connection::open(dir.join("floor.db")).unwrap();
    ledger.pragma_update(None, "journal_mode", "WAL").unwrap();
    ledger.pragma_update(None, "synchronous", "FULL").unwrap();
    ledger.execute_batch(TABLES).unwrap();
    let root = File::open(dir).unwrap();
    super::still();
    let started = Instant::now();
    let (mut taken, mut filing): (Vec<usize>, Vec<usize>) = (take(dir, 0..flows.min(BATCH), flow), Vec::new());
    while !taken.is_empty() {
        let next = taken[taken.len() - 1] + 1;
        let batch = std::mem::take(&mut taken);
        let done = std::mem::take(&mut filing);
        taken = std::thread::scope(|scope| {
            let ahead = scope.spawn(|| take(dir, next..flows.min(next + BATCH), flow));
            let filed = scope.spawn(|| file(dir, &done));
            commit(dir, &mut ledger, &root, &batch);
            filed.join().unwrap();
            ahead.join().unwrap()
        });
        filing = batch;
    }
    file(dir, &filing);
    flows as f64 / started.elapsed().as_secs_f64()
}

const TABLES: &str = "
    CREATE TABLE flow (id TEXT PRIMARY KEY, name TEXT, sha BLOB, findings TEXT) STRICT;
    CREATE TABLE piece (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, flow TEXT, facts TEXT) STRICT;
    CREATE TABLE event (seq INTEGER PRIMARY KEY, subject TEXT, status TEXT, hash BLOB) STRICT;
    CREATE TABLE outbox (id INTEGER PRIMARY KEY, flow TEXT, name TEXT, sha BLOB, bytes BLOB) STRICT;";

fn name(i: usize) -> String {
    format!("F{i:06}")
}

fn paths(dir: &Path, i: usize) -> (PathBuf, PathBuf) {
    (dir.join("work").join(format!("{i:018}~{}", name(i))), dir.join("work").join(format!("{i:018}.copy")))
}

fn rename(from: &Path, to: &Path) {
    rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).unwrap();
}

/// Claims: the partner's file is renamed, and written again as guichet's own.
fn take(dir: &Path, flows: std::ops::Range<usize>, flow: &[u8]) -> Vec<usize> {
    let claim = |i: usize| {
        let (original, copy) = paths(dir, i);
        rename(&dir.join("in").join(name(i)), &original);
        assert_eq!(fs::symlink_metadata(&original).unwrap().nlink(), 1);
        File::create(&copy).unwrap().write_all(flow).unwrap();
        i
    };
    flows.map(claim).collect()
}

/// Stages a report and a link to the pièce for each flow, and the status flows of two partners; barrier, commit,
/// publish.
fn commit(dir: &Path, ledger: &mut Connection, root: &File, batch: &[usize]) {
    let (report, units) = (vec![b'r'; REPORT], vec![b's'; UNIT * batch.len()]);
    let entry = ledger.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let write = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        entry.prepare_cached(sql).unwrap().execute(values).unwrap();
    };
    let outbox = "INSERT INTO outbox (flow, name, sha, bytes) VALUES (?, ?, ?, ?)";
    let mut published = Vec::with_capacity(batch.len() * 2 + 2);
    for &i in batch {
        let (id, sha) = (format!("f-{i:016}"), [7_u8; 32].as_slice());
        write("INSERT INTO flow VALUES (?, ?, ?, '[]')", params![id, name(i), sha]);
        write(
            "INSERT INTO piece (id, flow, facts) VALUES (?, ?, ?)",
            params![format!("p-{i:016}"), id, "f".repeat(300)],
        );
        for status in ["DEPOSEE", "EN_COURS_DE_CONTROLE", "MISE_A_DISPOSITION_MOE"] {
            write("INSERT INTO event (subject, status, hash) VALUES (?, ?, ?)", params![id, status, sha]);
        }
        let (staged, linked) = (dir.join(format!("stage/alpha/R{i:06}")), dir.join(format!("stage/gamma/P{i:06}")));
        File::create(&staged).unwrap().write_all(&report).unwrap();
        fs::hard_link(paths(dir, i).1, &linked).unwrap();
        write(outbox, params![id, format!("R{i:06}"), sha, report]);
        write(outbox, params![id, format!("P{i:06}"), sha, None::<Vec<u8>>]);
        published.push((staged, dir.join(format!("reports/R{i:06}"))));
        published.push((linked, dir.join(format!("pieces/P{i:06}"))));
    }
    for partner in ["alpha", "gamma"] {
        let name = format!("S{:06}-{partner}", batch[0]);
        let staged = dir.join("stage").join(partner).join(&name);
        File::create(&staged).unwrap().write_all(&units).unwrap();
        write(outbox, params![None::<String>, name, [7_u8; 32].as_slice(), units]);
        published.push((staged, dir.join("statuses").join(&name)));
    }
    rustix::fs::syncfs(root).unwrap();
    entry.commit().unwrap();
    published.iter().for_each(|(from, to)| rename(from, to));
}

/// Drops the partner's file and gives the copy its last place.
fn file(dir: &Path, batch: &[usize]) {
    for &i in batch {
        let (original, copy) = paths(dir, i);
        rustix::fs::unlinkat(CWD, &original, AtFlags::empty()).unwrap();
        rename(&copy, &dir.join("archive/2026/11/02").join(format!("{i:018}~{}", name(i))));
    }
}
