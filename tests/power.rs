//! Promise 2 where the power is cut, the disk fails, or it is full. To end a process loses nothing that it wrote, so it
//! cannot show a barrier that is missing: here what a run does to the disk is written down, and any moment of it is built
//! again as it may look after a cut (`tests/common/disk.rs`).
//!
//! `GUICHET_KILL=all` in the environment cuts many more times; `-- --nocapture` prints how often.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::acts::{flow, unit};
use common::build::{form, page};
use common::dice::Dice;
use common::disk::{Recording, record, stand_between};
use common::pdf::Pdf;
use common::world::{MOE, TITULAIRE, World, a4, text};
use std::fs;
use std::process::Command;

/// Whether many more cuts are asked for.
fn all_of_it() -> bool {
    std::env::var("GUICHET_KILL").is_ok_and(|which| which == "all")
}

fn run_of_all_kinds(barrier: &str) -> World {
    let mut w = World::in_memory(&format!(
        "[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n[batch]\nflows = 3\n[delays]\nmoe = \"0d\"\n\
         [ledger]\nbarrier = \"{barrier}\"\n"
    ));
    w.drop_one_of_each();
    let (paper, whole) = (Pdf::new(&[]).bytes(), form(&page("A4", "F-1"), "f.pdf", &["plan.txt"]));
    w.drop_set("portail", "alpha", &[("f.depot.xml", &whole), ("plan.txt", b"a plan"), ("f.pdf", &paper)]);
    w.drop_file("edi", "beta", "acts", &flow(&[unit(TITULAIRE, "N-2", "SUSPENDUE", "AUTRE: métré ?", MOE)]));
    w
}

/// Cuts that were made, and what was wrong after them.
#[derive(Default)]
struct Cuts {
    cuts: usize,
    moments: usize,
    syncs: usize,
    violations: Vec<String>,
    mutant: Option<&'static str>,
}

impl Cuts {
    fn command(&self, w: &World, args: &[&str]) -> Command {
        let mut command = w.guichet(args);
        if let Some(mutant) = self.mutant {
            command.env("GUICHET_MUTANT", mutant);
        }
        command
    }

    /// Writes down what a command does.
    fn record(&mut self, w: &World, args: &[&str]) -> Recording {
        let command = self.command(w, args);
        self.record_all(w, &mut [command])
    }

    fn record_all(&mut self, w: &World, commands: &mut [Command]) -> Recording {
        let recording = record(w, commands);
        self.moments += recording.moments().len();
        self.syncs += recording.syncs();
        recording
    }

    /// Cuts the power in a recording `n` times, and looks what the next start makes of it; some of those starts are cut
    /// as well.
    fn cut(&mut self, w: &World, recording: &Recording, n: usize, dice: &mut Dice, what: &str) {
        for i in 0..n {
            let k = some(recording, dice);
            let (twin, left) = recording.cut(w, k, dice);
            let what = format!("{what}, cut {i}, before change {k}");
            self.cuts += 1;
            if i % 8 == 7 && self.mutant.is_none() {
                let recovery = self.record(&twin, &["batch"]);
                let k = some(&recovery, dice);
                let (cut, _) = recovery.cut(&twin, k, dice);
                self.cuts += 1;
                self.look(&cut, &left, &format!("{what}, and before change {k} of recovery"), false);
            } else {
                self.look(&twin, &left, &what, i % 4 == 0);
            }
        }
    }

    /// Starts guichet where the power was cut, and looks whether all is as promised.
    fn look(&mut self, w: &World, left: &[(String, String)], what: &str, twice: bool) {
        let out = self.command(w, &["batch"]).output().unwrap();
        if !out.status.success() {
            self.violations.push(format!("{what}: {}", text(&out.stderr)));
            return;
        }
        let mut wrong = w.violations(true);
        for (path, sha) in left {
            // Seen, and not taken: it is known, with these bytes.
            let sql = "SELECT lower(hex(sha256)) FROM outbox WHERE partner || '/' || tray || '/' || name = ?";
            let known = w.look().unwrap().query_row(sql, [path], |r| r.get::<_, String>(0));
            if known.as_ref() != Ok(sha) {
                wrong.push(format!("{path} was visible before its commit was durable"));
            }
        }
        if twice {
            let state = w.state();
            w.batch();
            if w.state() != state {
                wrong.push("another run changed something".to_owned());
            }
        }
        self.violations.extend(wrong.into_iter().map(|wrong| format!("{what}: {wrong}")));
    }

    fn told(&self, what: &str) {
        println!(
            "{what}: {} changes and syncs, {} of them syncs; {} cuts, {} violations",
            self.moments,
            self.syncs,
            self.cuts,
            self.violations.len()
        );
    }
}

/// Some moment of a recording.
fn some(recording: &Recording, dice: &mut Dice) -> usize {
    recording.moments().start + dice.below(recording.moments().len())
}

#[test]
fn whatever_a_power_cut_leaves_the_next_start_finishes() {
    for (barrier, seed) in [("syncfs", 1), ("fsync", 2)] {
        let (mut cuts, mut dice) = (Cuts::default(), Dice::new(seed));
        let w = run_of_all_kinds(barrier);
        // The world before the run is the one that is cut: the run itself goes on in a twin.
        let twin = w.twin();
        copy(&w, &twin);
        let recording = cuts.record(&twin, &["batch"]);
        assert_eq!(twin.violations(true), Vec::<String>::new());
        assert!(recording.moments().len() > 300, "{:?}: too few to prove anything", recording.moments());
        cuts.cut(&w, &recording, if all_of_it() { 1_500 } else { 40 }, &mut dice, barrier);
        cuts.told(barrier);
        assert_eq!(cuts.violations, Vec::<String>::new());
    }
}

#[test]
fn a_long_name_is_not_lost_with_the_power() {
    let mut w = World::in_memory("[spool]\nsettle = \"0s\"\n");
    w.drop_file("edi", "alpha", &"n".repeat(255), &a4("N-1"));
    let twin = w.twin();
    copy(&w, &twin);
    let (mut cuts, mut dice) = (Cuts::default(), Dice::new(3));
    let recording = cuts.record(&twin, &["batch"]);
    // Each moment from its claim to the first barrier: until then nothing that guichet wrote need be there.
    for k in recording.claim()..=recording.barrier() {
        for _ in 0..3 {
            let (twin, left) = recording.cut(&w, k, &mut dice);
            cuts.cuts += 1;
            cuts.look(&twin, &left, &format!("before change {k}"), false);
        }
    }
    cuts.told("a long name");
    assert_eq!(cuts.violations, Vec::<String>::new());
}

fn copy(from: &World, to: &World) {
    let done = Command::new("cp").arg("-a").arg(from.path("spool")).arg(to.path("spool")).status().unwrap();
    assert!(done.success());
}

/// What the system says of a disk that is broken.
const EIO: i32 = 5;

#[test]
fn a_commit_that_was_not_durable_is_not_told_before_it_is() {
    let w = run_of_all_kinds("syncfs");
    let (mut cuts, mut dice) = (Cuts::default(), Dice::new(5));
    // Each ends in the middle of a commit: what SQLite wrote can be read, and may not be on the disk. Then the power goes
    // while the next start is at work.
    for n in 2..=4 {
        for errno in [0, EIO] {
            let twin = w.twin();
            copy(&w, &twin);
            let mut first = cuts.command(&twin, &["batch"]);
            first.env("DISK_FAIL", format!("fsync:-wal:{n}:{errno}"));
            let second = cuts.command(&twin, &["batch"]);
            let recording = cuts.record_all(&twin, &mut [first, second]);
            let n_cuts = if all_of_it() { 200 } else { 12 };
            cuts.cut(&w, &recording, n_cuts, &mut dice, &format!("sync {n} of the WAL, {errno}"));
        }
    }
    cuts.told("after a commit that was cut short");
    assert_eq!(cuts.violations, Vec::<String>::new());
}

#[test]
fn what_a_killed_run_left_need_not_be_durable_for_the_next_to_go_on() {
    for barrier in ["syncfs", "fsync"] {
        let w = run_of_all_kinds(barrier);
        let (mut cuts, mut dice) = (Cuts::default(), Dice::new(7));
        for _ in 0..if all_of_it() { 60 } else { 4 } {
            let n = 100 + dice.below(800);
            let twin = w.twin();
            copy(&w, &twin);
            let mut first = cuts.command(&twin, &["batch"]);
            first.env("DISK_FAIL", format!("any:*:{n}:0"));
            let second = cuts.command(&twin, &["batch"]);
            let recording = cuts.record_all(&twin, &mut [first, second]);
            let what = format!("{barrier}, killed before change {n}");
            cuts.cut(&w, &recording, if all_of_it() { 25 } else { 7 }, &mut dice, &what);
        }
        cuts.told(&format!("{barrier}, after a kill"));
        assert_eq!(cuts.violations, Vec::<String>::new());
    }
}

/// What the checker says of a mutant after power cuts.
fn faults_of(mutant: &'static str) -> String {
    let (mut cuts, mut dice) = (Cuts { mutant: Some(mutant), ..Cuts::default() }, Dice::new(4));
    let w = run_of_all_kinds("syncfs");
    let twin = w.twin();
    copy(&w, &twin);
    let recording = cuts.record(&twin, &["batch"]);
    while cuts.violations.is_empty() && cuts.cuts < 200 {
        cuts.cut(&w, &recording, 1, &mut dice, mutant);
    }
    cuts.told(mutant);
    cuts.violations.join("\n")
}

#[test]
fn a_barrier_that_is_missing_is_found() {
    assert_ne!(faults_of("no-barrier"), "");
}

#[test]
fn a_commit_that_does_not_wait_for_the_disk_is_found() {
    assert_ne!(faults_of("normal"), "");
}

#[test]
fn what_a_person_asked_for_survives_a_power_cut() {
    let mut w = run_of_all_kinds("syncfs");
    w.batch();
    w.take_all();
    let held: String = w.ledger().query_row("SELECT id FROM flow WHERE outcome = 'held'", [], |r| r.get(0)).unwrap();
    let (mut cuts, mut dice) = (Cuts::default(), Dice::new(6));
    let piece = format!("{TITULAIRE}/N-5");
    let refusal = ["act", &piece, "refuse", "--as", MOE, "--motif", "AUTRE", "--comment", "métré"];
    for args in [&["requeue", &held][..], &refusal] {
        let twin = w.twin();
        copy(&w, &twin);
        let recording = cuts.record(&twin, args);
        assert_eq!(twin.violations(true), Vec::<String>::new(), "{args:?}");
        cuts.cut(&w, &recording, if all_of_it() { 300 } else { 12 }, &mut dice, args[0]);
    }
    cuts.told("requeue and act");
    assert_eq!(cuts.violations, Vec::<String>::new());
}

/// What the system says of a disk that is full.
const ENOSPC: i32 = 28;

/// Runs a batch on a disk that fails so; it ends with an error that says so, and the next one finishes.
fn fails_and_is_finished(barrier: &str, fail: &str, errno: i32, says: &str) {
    let mut w = run_of_all_kinds(barrier);
    let mut command = w.guichet(&["batch"]);
    let out = stand_between(&mut command, &w).env("DISK_FAIL", format!("{fail}:{errno}")).output().unwrap();
    let told = text(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{fail}: {told}");
    let system = std::io::Error::from_raw_os_error(errno).to_string();
    let system = system.split(" (").next().unwrap().to_lowercase();
    let told_why = told.to_lowercase().contains(&system)
        || ["disk I/O error", "disk is full", "unable to open database"].iter().any(|why| told.contains(why));
    assert!(told.lines().any(|line| line.starts_with("error: ")) && told.contains(says) && told_why, "{fail}: {told}");
    assert!(told.contains("disk"), "{fail}: it says what to look at: {told}");
    assert_eq!(w.violations(false), Vec::<String>::new(), "{fail}");
    w.take_all();
    w.batch();
    assert_eq!(w.violations(true), Vec::<String>::new(), "{fail}, then finished");
}

#[test]
fn a_disk_that_fails_ends_the_process_and_loses_nothing() {
    for (barrier, fail, says) in [
        ("syncfs", "syncfs:*:1", "cannot sync"),
        ("syncfs", "syncfs:*:3", "cannot sync"),
        ("syncfs", "syncfs:*:6", "cannot sync"),
        ("fsync", "fsync:.copy:1", "cannot sync"),
        ("fsync", "fsync:work/edi/alpha:2", "cannot sync"),
        ("fsync", "fsync:comptes-rendus:1", "cannot sync"),
        ("syncfs", "fsync:.name:1", "cannot sync"),
        ("syncfs", "fsync:-wal:2", "the ledger failed to"),
        ("syncfs", "fsync:-wal:4", "the ledger failed to"),
        ("syncfs", "write:-wal:40", "the ledger failed to"),
    ] {
        fails_and_is_finished(barrier, fail, EIO, says);
    }
}

#[test]
fn a_disk_that_is_full_loses_nothing() {
    for fail in ["write:.copy:1", "write:.copy:7", "create:.copy:3", "link:.xml:1", "write:.member:2", "create:*:60"] {
        fails_and_is_finished("syncfs", fail, ENOSPC, "cannot ");
    }
    for fail in ["write:-wal:30", "write:guichet.db:1", "create:-wal:1"] {
        fails_and_is_finished("syncfs", fail, ENOSPC, "the ledger failed to");
    }
}

/// Waits until something is so.
fn until(what: impl Fn() -> String, is_so: impl Fn() -> bool) {
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !is_so() {
        assert!(std::time::Instant::now() < limit, "{}", what());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn while_room_is_short_nothing_is_claimed_what_was_begun_is_finished_and_it_is_said() {
    for lacks in ["bytes", "inodes"] {
        let mut w = World::in_memory("[spool]\nsettle = \"0s\"\nrescan = \"20ms\"\n");
        w.drop_file("edi", "alpha", "F1", &a4("N-1"));
        // Ended once its one deposit is committed, and nothing of it is visible.
        let points = w.twin();
        copy(&w, &points);
        let log = points.path("points");
        assert!(points.guichet(&["batch"]).env("GUICHET_KILL_LOG", &log).status().unwrap().success());
        let passed = fs::read_to_string(log).unwrap();
        let n = 1 + passed.lines().position(|line| line.ends_with("after the commit")).unwrap();
        w.guichet(&["batch"]).env("GUICHET_KILL_AT", n.to_string()).output().unwrap();
        assert!(w.visible().is_empty());
        let full = w.path("full");
        fs::write(&full, lacks).unwrap();
        w.drop_file("edi", "alpha", "F2", &a4("N-2"));
        let mut command = w.guichet(&["run"]);
        let log = fs::File::create(w.path("log")).unwrap();
        let mut daemon = stand_between(&mut command, &w).env("DISK_FULL", &full).stderr(log).spawn().unwrap();
        let said = || fs::read_to_string(w.path("log")).unwrap();
        until(|| format!("{lacks}: the reserve was not told: {}", said()), || said().contains("nearly full"));
        until(
            || format!("{lacks}: what was begun is finished: {}", said()),
            || w.tray("beta", "pieces") == [a4("N-1")],
        );
        assert_eq!(w.files("spool/in"), ["edi/alpha/F2"], "{lacks}: nothing is claimed: {}", said());
        assert!(daemon.try_wait().unwrap().is_none(), "{lacks}: it goes on: {}", said());
        fs::remove_file(&full).unwrap();
        until(|| format!("{lacks}: there is room again: {}", said()), || w.tray("beta", "pieces").len() == 2);
        let pid = rustix::process::Pid::from_child(&daemon);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert_eq!(daemon.wait().unwrap().code(), Some(0));
        assert_eq!(said().matches("nearly full").count(), 1, "{lacks}: it is told once: {}", said());
        assert_eq!(w.violations(true), Vec::<String>::new());
    }
}

#[test]
fn a_disk_with_no_room_at_all_is_told_by_status() {
    let mut w = World::in_memory("[spool]\nsettle = \"0s\"\n");
    w.drop_file("edi", "alpha", "F1", &a4("N-1"));
    w.batch();
    let full = w.path("full");
    fs::write(&full, "all").unwrap();
    w.drop_file("edi", "alpha", "F2", &a4("N-2"));
    let on_it = |args: &[&str]| {
        let mut command = w.guichet(args);
        stand_between(&mut command, &w).env("DISK_FULL", &full).output().unwrap()
    };
    let out = on_it(&["batch"]);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("disk nearly full (0 bytes free"), "{}", text(&out.stderr));
    let out = on_it(&["status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&status["inbound"], &status["free"]), (&1.into(), &0.into()), "{}", text(&out.stderr));
    assert_eq!(w.files("spool/in"), ["edi/alpha/F2"]);
    fs::remove_file(&full).unwrap();
    assert_eq!(w.batch()["accepted"], 1);
    assert_eq!(w.violations(true), Vec::<String>::new());
}

/// What the system says of a disk that may only be read.
const EROFS: i32 = 30;

#[test]
fn a_spool_that_may_only_be_read_is_said_and_left_as_it_is() {
    let mut w = World::in_memory("[spool]\nsettle = \"0s\"\n");
    w.drop_file("edi", "alpha", "F1", &a4("N-1"));
    w.batch();
    w.drop_file("edi", "alpha", "F2", &a4("N-2"));
    let state = w.state();
    for args in ["batch", "run"] {
        let mut command = w.guichet(&[args]);
        let out = stand_between(&mut command, &w).env("DISK_FAIL", format!("any:*:1:{EROFS}")).output().unwrap();
        let told = text(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{args}: {told}");
        assert!(told.contains("guichet.lock: the file system is read-only"), "{args}: {told}");
        assert_eq!(w.state(), state, "{args}");
    }
    for beside in ["guichet.db-wal", "guichet.db-shm"] {
        let _ = fs::remove_file(w.path("spool").join(beside));
    }
    // Whoever reads the ledger must be able to share memory beside it; who needs no ledger goes on.
    for (args, code, says) in [("status", 1, "files in in/"), ("search", 2, "`guichet status` answers without")] {
        let mut command = w.guichet(&[args]);
        let out = stand_between(&mut command, &w).env("DISK_FAIL", format!("any:*:1:{EROFS}")).output().unwrap();
        let told = [text(&out.stdout), text(&out.stderr)].concat();
        assert!(out.status.code() == Some(code) && told.contains(says), "{args}: {:?} {told}", out.status);
    }
    assert_eq!(w.batch()["accepted"], 1);
    assert_eq!(w.violations(true), Vec::<String>::new());
}
