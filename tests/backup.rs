//! Backup and restore: a copy is whole while a daemon works; a ledger that was put back is noticed, and no name that was
//! ever sent is given to other bytes.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::daemon::{Daemon, wait};
use common::world::{MOE, TITULAIRE, World, a4, citing, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;

/// What `backup` says of a copy, which passes the audit.
fn backup(w: &World, name: &str) -> Value {
    let out = w.run(&["backup", name, "--format", "json"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let audit = w.run(&["verify", "--backup", name]);
    assert!(audit.status.success(), "{}{}", text(&audit.stdout), text(&audit.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Puts a copy in the ledger's place, as the documentation says.
fn restore(w: &World, name: &str) {
    for beside in ["guichet.db-wal", "guichet.db-shm"] {
        let _ = fs::remove_file(w.path("spool").join(beside));
    }
    fs::copy(w.path(name), w.path("spool/guichet.db")).unwrap();
}

fn flows(w: &World) -> i64 {
    w.ledger().query_row("SELECT count(*) FROM flow", [], |r| r.get(0)).unwrap()
}

/// Every outbound name that was ever seen has one content; gives how many there are.
fn one_content_a_name(w: &World) -> usize {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, sha) in &w.taken {
        let first = seen.entry(name).or_insert(sha);
        assert_eq!(first, sha, "{name} came with other bytes");
    }
    seen.len()
}

#[test]
fn a_copy_is_whole_while_a_daemon_works() {
    let mut w = World::new();
    let daemon = Daemon::listening(&w);
    for n in 0..30 {
        w.drop_file("edi", "alpha", &format!("F{n}"), &a4(&format!("N-{n}")));
        if n % 6 == 5 {
            let told = backup(&w, &format!("copy-{n}.db"));
            let copy = rusqlite::Connection::open(w.path(&format!("copy-{n}.db"))).unwrap();
            let count = |sql: &str| copy.query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
            assert_eq!(told["flows"], count("SELECT count(*) FROM flow"));
            assert_eq!(told["pieces"], count("SELECT count(*) FROM piece"));
            assert_eq!(told["events"], count("SELECT count(*) FROM event"));
            let sql = "SELECT lower(hex(hash)) FROM event ORDER BY seq DESC LIMIT 1";
            let hash: Option<String> =
                rusqlite::OptionalExtension::optional(copy.query_row(sql, [], |r| r.get(0))).unwrap();
            assert_eq!(told["hash"], hash.map_or(Value::Null, Value::String));
        }
    }
    wait(|| w.path("spool/guichet.db").exists() && flows(&w) == 30);
    let told = backup(&w, "last.db");
    assert_eq!((&told["flows"], &told["pieces"], &told["problems"]), (&30.into(), &30.into(), &0.into()));
    assert_eq!(w.path("last.db").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let beside: Vec<String> = w.files("").into_iter().filter(|f| f.starts_with("last.db")).collect();
    assert_eq!(beside, ["last.db"], "one file, and nothing left of the way to it");
    drop(daemon);
}

#[test]
fn a_copy_replaces_nothing_and_stays_out_of_the_spool() {
    let mut w = World::new();
    let out = w.run(&["backup", "early.db"]);
    assert_eq!(out.status.code(), Some(2), "there is no ledger yet");
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    fs::write(w.path("there.db"), "mine").unwrap();
    std::os::unix::fs::symlink(w.path("spool/out/alpha"), w.path("way")).unwrap();
    for (to, why) in [
        ("there.db", "another name"),
        ("spool/in/edi/alpha/copy", "in/"),
        ("spool/in/copy", "in/"),
        ("spool/out/alpha/statuts/copy", "out/"),
        ("way/copy", "out/"),
        ("spool/archive/copy", "archive/"),
        ("nowhere/copy", "cannot write"),
    ] {
        let before = w.files("");
        let out = w.run(&["backup", to]);
        assert_eq!(out.status.code(), Some(2), "{to}");
        assert!(text(&out.stderr).contains(why), "{to}: {}", text(&out.stderr));
        let after = w.files("");
        assert_eq!(after.iter().filter(|f| !before.contains(f)).count(), 0, "{to}: {after:?}");
    }
    assert_eq!(fs::read(w.path("there.db")).unwrap(), b"mine");
    // A ledger that someone changed is copied as it is, and that is said.
    let ledger = w.ledger();
    ledger.execute_batch("DROP TRIGGER event_fixed; UPDATE event SET at = at + 1 WHERE seq = 2").unwrap();
    drop(ledger);
    let out = w.run(&["backup", "wrong.db"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("event 2"), "{}", text(&out.stderr));
    assert_eq!(w.run(&["verify", "--backup", "wrong.db"]).status.code(), Some(1));
    assert_eq!(w.run(&["verify", "--backup", "none.db"]).status.code(), Some(2));
}

/// A world with a backup `old.db`, and deposits and acts since; everything sent was taken.
fn world_with_a_past(w: &mut World) {
    w.drop_file("edi", "alpha", "F1", &a4("N-1"));
    w.drop_file("edi", "alpha", "bad", b"<a/>");
    assert_eq!(w.batch()["accepted"], 1);
    w.take_all();
    backup(w, "old.db");
    w.drop_file("portail", "beta", "a state", &citing("A15", "N-2", "N-1"));
    w.drop_file("edi", "alpha", "F3", &a4("N-3"));
    w.drop_file("edi", "delta", "F4", &a4("N-4"));
    w.drop_file("edi", "gamma", "empty", b"");
    w.batch();
    let refused =
        w.run(&["act", &format!("{TITULAIRE}/N-3"), "refuse", "--as", MOE, "--motif", "AUTRE", "--comment", "non"]);
    assert!(refused.status.success(), "{}", text(&refused.stderr));
    w.take_all();
}

#[test]
fn an_older_ledger_is_refused_until_someone_says_that_it_is_meant() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n");
    world_with_a_past(&mut w);
    let sent = one_content_a_name(&w);
    restore(&w, "old.db");
    let before = w.files("spool");
    for command in [&["batch"][..], &["run"], &["replay", "f-0000000000000000"], &["annuaire", "load"]] {
        let out = w.run(command);
        assert_eq!(out.status.code(), Some(2), "{command:?}");
        assert!(text(&out.stderr).contains("guichet batch --restored"), "{}", text(&out.stderr));
    }
    let after: Vec<String> = w.files("spool").into_iter().filter(|f| !f.contains("guichet.db-")).collect();
    assert_eq!(after, before, "nothing was touched");
    let out = w.run(&["batch", "--restored", "--format", "json"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("4 deposits"), "{}", text(&out.stderr));
    let tally: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&tally["flows"], &tally["accepted"], &tally["held"]), (&4.into(), &3.into(), &1.into()));
    w.take_all();
    // What was deposited since is there again, under its id; what people did since is not.
    let states = text(&w.run(&["search", "--format", "csv"]).stdout);
    assert!(states.contains("N-2") && states.contains("N-4"), "{states}");
    assert!(!states.contains("REFUSEE_MOE"), "the act was in the lost ledger alone: {states}");
    assert!(one_content_a_name(&w) > sent, "what was done again was sent under names of its own");
    let count = w.files("spool/archive").len() + w.files("spool/hold").len();
    assert_eq!(count, 6, "every deposit is where it was");
    // The ledger goes on: an ordinary batch, the audit, another deposit.
    w.drop_file("edi", "alpha", "F5", &a4("N-5"));
    assert_eq!(w.batch()["accepted"], 1);
    w.take_all();
    one_content_a_name(&w);
    let out = w.run(&["verify"]);
    assert!(out.status.success(), "{}", text(&out.stdout));
    // The same old backup once more: the numbers go on from the second life, not from the first.
    restore(&w, "old.db");
    assert_eq!(w.run(&["batch"]).status.code(), Some(2));
    let out = w.run(&["batch", "--restored"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    w.take_all();
    one_content_a_name(&w);
    assert!(w.run(&["verify"]).status.success());
}

#[test]
fn on_a_new_machine_numbers_go_on_as_well() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F1", &a4("N-1"));
    w.batch();
    backup(&w, "old.db");
    let kept = w.path("kept");
    fs::rename(w.path("spool/archive"), &kept).unwrap();
    fs::create_dir(w.path("spool/archive")).unwrap();
    w.drop_file("edi", "alpha", "F2", &a4("N-2"));
    w.batch();
    w.take_all();
    // The machine is lost after the backup: nothing but that, and the files of then, is left.
    fs::remove_dir_all(w.path("spool")).unwrap();
    fs::create_dir_all(w.path("spool/in/edi/alpha")).unwrap();
    fs::rename(&kept, w.path("spool/archive")).unwrap();
    restore(&w, "old.db");
    assert!(w.run(&["batch", "--restored"]).status.success());
    w.drop_file("edi", "alpha", "F3", &a4("N-3"));
    assert_eq!(w.batch()["accepted"], 1);
    w.take_all();
    one_content_a_name(&w);
    assert!(w.run(&["verify"]).status.success());
}

#[test]
fn without_its_mark_a_spool_still_knows_its_files() {
    let mut w = World::new();
    world_with_a_past(&mut w);
    fs::remove_file(w.path("spool/guichet.mark")).unwrap();
    assert!(w.run(&["batch"]).status.success(), "a ledger that knows every file is the right one");
    fs::remove_file(w.path("spool/guichet.mark")).unwrap();
    restore(&w, "old.db");
    let out = w.run(&["batch"]);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    assert!(w.run(&["batch", "--restored"]).status.success());
    w.take_all();
    one_content_a_name(&w);
    assert!(w.run(&["verify"]).status.success());
}

#[test]
fn a_partner_yet_to_come_gets_no_number_of_the_lost_ledger() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F1", b"<z/>");
    w.batch();
    backup(&w, "old.db");
    w.drop_file("edi", "delta", "F2", b"<a/>");
    w.batch();
    w.take_all();
    restore(&w, "old.db");
    let known = "SELECT group_concat(partner) FROM sequence";
    assert_eq!(w.ledger().query_row(known, [], |r| r.get::<_, String>(0)).unwrap(), "alpha");
    // In the second life gamma comes before delta.
    w.drop_file("edi", "gamma", "F3", b"<b/>");
    for archived in w.files("spool/archive").into_iter().filter(|f| f.contains("~delta~")) {
        fs::rename(w.path("spool/archive").join(archived), w.path("aside")).unwrap();
    }
    assert!(w.run(&["batch", "--restored"]).status.success());
    w.take_all();
    let number = |path: &str| path[path.len() - 15..].to_owned();
    let mut numbers = BTreeMap::new();
    for (path, _) in w.taken.iter().filter(|(path, _)| path.contains("/comptes-rendus/")) {
        let partner = path.split('/').next().unwrap().to_owned();
        assert_eq!(numbers.insert(number(path), partner), None, "{path}: the number was another's");
    }
    assert_eq!(numbers.len(), 3, "{numbers:?}");
}

#[test]
fn what_was_requeued_or_pruned_since_the_backup_is_so_again() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\n[limits]\nfile = \"1KiB\"\n");
    w.drop_file("edi", "alpha", "large", &a4("N-1"));
    w.drop_file("edi", "alpha", "bad", b"<a/>");
    assert_eq!(w.batch()["held"], 1);
    backup(&w, "old.db");
    fs::write(w.path("guichet.toml"), "[spool]\nsettle = \"0s\"\n").unwrap();
    let held = "SELECT id FROM flow WHERE outcome = 'held'";
    let held: String = w.ledger().query_row(held, [], |r| r.get(0)).unwrap();
    assert!(w.run(&["requeue", &held]).status.success());
    let out = w.run(&["prune", "--older-than", "0d", "--yes"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    w.take_all();
    restore(&w, "old.db");
    assert!(
        text(&w.run(&["status"]).stderr).contains("put back") || text(&w.run(&["status"]).stdout).contains("put back")
    );
    let out = w.run(&["batch", "--restored"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let states = text(&w.run(&["flows", "--format", "csv"]).stdout);
    assert!(states.contains("requeued") && states.contains("accepted"), "{states}");
    // The file of the refused flow was pruned; the audit says that it is missing, until it is pruned again.
    let out = w.run(&["verify", "--format", "json"]);
    assert_eq!(text(&out.stdout).lines().count(), 1, "{}", text(&out.stdout));
    assert!(w.run(&["prune", "--older-than", "0d", "--yes"]).status.success());
    let out = w.run(&["verify"]);
    assert!(out.status.success(), "{}", text(&out.stdout));
    w.take_all();
    one_content_a_name(&w);
}

#[test]
fn a_restore_killed_at_any_point_is_finished() {
    let restored = ["batch", "--restored"];
    let past = || {
        let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n");
        world_with_a_past(&mut w);
        restore(&w, "old.db");
        w
    };
    let w = past();
    let log = w.path("points");
    assert!(w.guichet(&restored).env("GUICHET_KILL_LOG", &log).output().unwrap().status.success());
    let points = fs::read_to_string(&log).unwrap();
    assert!(points.contains("taken back"), "{points}");
    let all = points.lines().count();
    // Those of taking back and of the ledger's word each, and every twentieth of what is a recovery as any other.
    let own = points.lines().take_while(|l| !l.ends_with("remembered")).count().max(12);
    for n in (1..=own).chain((own + 1..=all).step_by(20)) {
        let mut w = past();
        let out = w.guichet(&restored).env("GUICHET_KILL_AT", n.to_string()).output().unwrap();
        assert_eq!(out.status.signal(), Some(9), "at {n}: {}", text(&out.stderr));
        w.take_all();
        // Either it must be said again, or it is over and the rest is recovery.
        let out = w.run(&["batch"]);
        if !out.status.success() {
            assert!(text(&out.stderr).contains("--restored"), "killed at {n}: {}", text(&out.stderr));
            let out = w.run(&restored);
            assert!(out.status.success(), "killed at {n}: {}", text(&out.stderr));
        }
        w.take_all();
        one_content_a_name(&w);
        assert_eq!(flows(&w), 6, "killed at {n}");
        let out = w.run(&["verify"]);
        assert!(out.status.success(), "killed at {n}: {}", text(&out.stdout));
        assert_eq!(w.files("spool/work"), Vec::<String>::new(), "killed at {n}");
    }
}

#[test]
fn the_log_of_the_ledger_is_short_when_there_is_nothing_to_do() {
    const BOUND: u64 = 4 << 20;
    let mut w = World::new();
    w.drop_file("edi", "alpha", "first", &a4("N-0"));
    w.batch();
    let length = || w.path("spool/guichet.db-wal").metadata().map_or(0, |m| m.len());
    let daemon = Daemon::listening(&w);
    // Somebody reads for long: the log can only grow.
    let reader = w.ledger();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT count(*) FROM event", [], |r| r.get::<_, i64>(0)).unwrap();
    let mut n = 0;
    while length() <= BOUND {
        n += 40;
        assert!(n < 10_000, "the log never grows: {}", length());
        for i in n - 40..n {
            let path = w.path(&format!("spool/in/edi/alpha/F{i}"));
            fs::write(path, a4(&format!("N-{}", i + 1))).unwrap();
        }
        wait(|| w.files("spool/in/edi/alpha").is_empty());
    }
    wait(|| flows(&w) == n + 1);
    assert!(length() > BOUND, "nobody took it away from whoever reads");
    drop(reader);
    wait(|| length() < BOUND);
    drop(daemon);
}
