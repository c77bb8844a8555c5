//! What a person asks: replayed reports keep their names and bytes, a held flow goes back to work as another; by the
//! command itself, or by the daemon at work; killed at any point, nothing is lost.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::daemon::{Daemon, within};
use common::world::{World, a4, text};
use serde_json::Value;
use std::process::Stdio;

fn flow(w: &World) -> String {
    w.ledger().query_row("SELECT id FROM flow ORDER BY id LIMIT 1", [], |r| r.get(0)).unwrap()
}

fn asked(w: &World, args: &[&str]) -> Value {
    let out = w.guichet(args).args(["--format", "json"]).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{args:?}: {}", text(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// A world with one flow, held because it was over a limit that has been raised since.
fn held_world() -> World {
    let mut w = World::with("[spool]\nsettle = \"0s\"\n[limits]\nfile = \"1KiB\"\n");
    let name = "n".repeat(250);
    w.drop_file("edi", "alpha", &name, &a4("N-1"));
    assert_eq!(w.batch()["held"], 1);
    std::fs::write(w.path("guichet.toml"), "[spool]\nsettle = \"0s\"\n").unwrap();
    w
}

#[test]
fn a_report_that_was_taken_comes_again_with_its_name_and_bytes() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    let flow = flow(&w);
    let before = (w.files("spool/out/alpha/comptes-rendus"), w.tray("alpha", "comptes-rendus"));
    assert_eq!(asked(&w, &["replay", &flow])["published"], false, "the partner has not taken it yet");
    let there = w.path("spool/out/alpha/comptes-rendus").join(&before.0[0]);
    for by_daemon in [false, true] {
        std::fs::remove_file(&there).unwrap();
        let daemon = by_daemon.then(|| Daemon::listening(&w));
        let told = asked(&w, &["replay", &flow]);
        assert_eq!((&told["published"], &told["name"]), (&true.into(), &before.0[0].as_str().into()));
        assert_eq!((w.files("spool/out/alpha/comptes-rendus"), w.tray("alpha", "comptes-rendus")), before);
        drop(daemon);
    }
    assert_eq!(w.violations(true), Vec::<String>::new());
    assert!(w.run(&["verify"]).status.success());
}

#[test]
fn a_held_flow_goes_back_to_work_as_another() {
    for by_daemon in [false, true] {
        let w = held_world();
        let held = flow(&w);
        let daemon = by_daemon.then(|| Daemon::listening(&w));
        let told = asked(&w, &["requeue", &held]);
        assert_eq!((&told["held"], &told["state"]), (&held.as_str().into(), &"accepted".into()));
        assert_ne!(told["flow"], held.as_str());
        let again = w.run(&["requeue", &held]);
        assert_eq!(again.status.code(), Some(2), "only once");
        assert!(text(&again.stderr).contains("not in hold"), "{}", text(&again.stderr));
        drop(daemon);
        assert!(w.files("spool/hold").is_empty());
        assert_eq!(w.tray("beta", "pieces"), [a4("N-1")]);
        let name: Vec<u8> =
            w.ledger().query_row("SELECT name FROM flow WHERE outcome = 'accepted'", [], |r| r.get(0)).unwrap();
        assert_eq!(name, "n".repeat(250).as_bytes(), "its name is whole");
        let out = w.run(&["verify"]);
        assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
    }
}

#[test]
fn what_is_not_there_is_said() {
    let w = held_world();
    for args in [["requeue", "f-nothing"], ["replay", "../../etc"]] {
        let out = w.run(&args);
        assert_eq!(out.status.code(), Some(2));
        assert!(text(&out.stderr).contains("guichet flows"), "{}", text(&out.stderr));
    }
}

#[test]
fn a_requeue_killed_at_any_point_is_finished_by_the_next_start() {
    let w = held_world();
    let log = w.path("points");
    let out = w.guichet(&["requeue", &flow(&w)]).env("GUICHET_KILL_LOG", &log).output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    let points = std::fs::read_to_string(log).unwrap().lines().count();
    assert!(points > 15, "{points} crash points are too few to prove anything");
    for n in 1..=points {
        let w = held_world();
        let held = flow(&w);
        w.guichet(&["requeue", &held]).env("GUICHET_KILL_AT", n.to_string()).output().unwrap();
        w.batch();
        // Killed before the ledger said so, it never happened: it is asked again.
        let state: i64 = w.ledger().query_row("SELECT count(*) FROM flow", [], |r| r.get(0)).unwrap();
        if state == 1 {
            asked(&w, &["requeue", &held]);
        }
        assert_eq!(w.tray("beta", "pieces"), [a4("N-1")], "killed at {n}");
        let out = w.run(&["verify"]);
        assert!(out.status.success(), "killed at {n}: {}{}", text(&out.stdout), text(&out.stderr));
        assert!(w.files("spool/work").is_empty() && w.files("spool/hold").is_empty(), "killed at {n}");
    }
}

#[test]
fn a_loaded_annuaire_is_in_force_at_once() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\nrescan = \"1h\"\nwatch = \"poll\"\n");
    let daemon = Daemon::listening(&w);
    let path = w.path("annuaire/partners.toml");
    let partners = std::fs::read_to_string(&path).unwrap();
    let more = "[[partner]]\nname = \"epsilon\"\napp_code = \"EPS001\"\nstructures = []\nmodes = [\"edi\"]\n";
    let more = more.replace("[]", &format!("[\"{}\"]", common::world::TITULAIRE));
    std::fs::write(&path, partners + &more).unwrap();
    let out = w.run(&["annuaire", "load"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(w.path("spool/in/edi/epsilon").is_dir() && w.path("spool/out/epsilon/statuts").is_dir());
    drop(daemon);
    w.drop_file("edi", "epsilon", "F", &a4("N-1"));
    assert_eq!(w.batch()["accepted"], 1);
}

#[test]
fn however_many_ask_at_once_each_is_answered() {
    // All of them wait when the first is answered.
    let w = World::with("[spool]\nrescan = \"1h\"\nwatch = \"poll\"\n[batch]\nwait = \"3s\"\n");
    let daemon = Daemon::listening(&w);
    let ask = || Daemon(w.guichet(&["requeue", "f-unknown"]).stderr(Stdio::null()).spawn().unwrap());
    let asking: Vec<Daemon> = (0..20).map(|_| ask()).collect();
    for mut one in asking {
        within(60, || one.0.try_wait().unwrap().is_some());
        assert_eq!(one.0.wait().unwrap().code(), Some(2), "there is no such flow");
    }
    drop(daemon);
}

#[test]
fn a_file_renamed_into_place_is_taken_at_once() {
    let mut w = World::with("[spool]\nsettle = \"1h\"\nrescan = \"1h\"\n");
    let daemon = Daemon::listening(&w);
    w.drop_file("edi", "alpha", "F.part", &a4("N-1"));
    let part = w.path("spool/in/edi/alpha/F.part");
    std::fs::rename(&part, part.with_extension("xml")).unwrap();
    within(30, || w.tray("beta", "pieces").len() == 1);
    drop(daemon);
}
