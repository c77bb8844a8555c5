//! Promises 1 and 2: killed at any instant, nothing is lost and nothing comes twice; the next start finishes the work.
//! A small run is killed at each of its crash points in turn, then started again; every other time it is killed once
//! more while it recovers. Partners take what they see in between.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::acts::{flow, unit};
use common::build::{form, page};
use common::pdf::Pdf;
use common::world::{MOA, MOE, TITULAIRE, World, a4, citing, invoice, text};
use std::os::unix::process::ExitStatusExt;

/// A run with every kind of answer: accepted, refused, duplicate, the same number twice, held, a name that must be cut.
fn small_run() -> World {
    let mut w = World::with(
        "[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n[batch]\nflows = 4\n[delays]\nmoe = \"0d\"\n",
    );
    w.drop_file("edi", "alpha", "one.xml", &a4("N-1"));
    w.drop_file("edi", "alpha", "two.xml", &a4("N-2"));
    w.drop_file("edi", "delta", "number taken.xml", &[&a4("N-1")[..], b"\n"].concat());
    w.drop_file("edi", "alpha", "one again.xml", &a4("N-1"));
    w.drop_file("edi", "beta", "refused.xml", &invoice("A15", "N-3", TITULAIRE));
    w.drop_file("edi", "gamma", "cut short.xml", b"<Invoice><ID>");
    w.drop_file("edi", "alpha", &"n".repeat(255), &a4("N-4"));
    w.drop_file("edi", "delta", "lot", &common::archive::tgz(&[("a", &a4("N-5")), ("b", b"<b>"), ("c", &a4("N-6"))]));
    // A chain, the later pièce dropped before the earlier one.
    w.drop_file("portail", "beta", "a state", &citing("A15", "N-8", "N-7"));
    w.drop_file("portail", "alpha", "its draft", &a4("N-7"));
    // Forms with their files: one whole, whose name must be cut, one that misses a file and is refused.
    let long = format!("{}.depot.xml", "f".repeat(240));
    let (paper, whole) = (Pdf::new(&[]).bytes(), form(&page("A4", "F-1"), "f.pdf", &["plan.txt"]));
    w.drop_set("portail", "alpha", &[(&long, &whole), ("plan.txt", b"a plan"), ("f.pdf", &paper)]);
    let lame = form(&page("A4", "F-2"), "g.pdf", &["gone.txt"]);
    w.drop_set("portail", "alpha", &[("g.depot.xml", &lame), ("g.pdf", &[&paper[..], b"\n"].concat())]);
    // Acts, one of which cannot be done, and the answer to one of them; the clock does the rest (no days at all).
    let suspended = unit(TITULAIRE, "N-2", "SUSPENDUE", "AUTRE: métré ?", MOE);
    w.drop_file("edi", "beta", "acts", &flow(&[suspended, unit(TITULAIRE, "N-9", "SUSPENDUE", "AUTRE: non", MOE)]));
    w
}

/// A pièce whose MOE is the wrong one, as its depositor must say; the right one waits.
fn wrong_moe() -> World {
    let mut w = World::with("[spool]\nsettle = \"0s\"\n");
    let path = w.path("annuaire/marches.toml");
    let sheet = std::fs::read_to_string(&path).unwrap().replace(&format!("moe = \"{MOE}\"\n"), "");
    std::fs::write(path, sheet).unwrap();
    w.drop_file("edi", "alpha", "one.xml", &a4("N-1"));
    let act = unit(TITULAIRE, "N-1", "ERREUR_FOURNISSEUR_SUR_MOE", "MAUVAISE_MOE", MOE);
    w.drop_file("edi", "beta", "act", &flow(&[act]));
    w.batch();
    w.take_all();
    w
}

/// How many crash points a whole run passes.
fn points(w: &World) -> u64 {
    let log = w.path("points");
    let out = w.guichet(&["batch"]).env("GUICHET_KILL_LOG", &log).output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    std::fs::read_to_string(log).unwrap().lines().count() as u64
}

fn killed_at(w: &World, n: u64) -> bool {
    let out = w.guichet(&["batch"]).env("GUICHET_KILL_AT", n.to_string()).output().unwrap();
    match out.status.signal() {
        Some(9) => true,
        _ => {
            assert!(out.status.success(), "at {n}: {}", text(&out.stderr));
            false
        }
    }
}

#[test]
fn killed_at_every_point_nothing_is_lost_and_nothing_comes_twice() {
    let w = small_run();
    let all = points(&w);
    assert_eq!(w.violations(true), Vec::<String>::new(), "a whole run");
    assert!(all > 80, "{all} crash points are too few to prove anything");
    let mut kills = 0;
    for n in 1..=all {
        let mut w = small_run();
        kills += u64::from(killed_at(&w, n));
        assert_eq!(w.violations(false), Vec::<String>::new(), "killed at {n}");
        if n % 3 != 0 {
            w.take_all();
        }
        if n % 2 == 0 {
            kills += u64::from(killed_at(&w, 1 + n % 17));
            assert_eq!(w.violations(false), Vec::<String>::new(), "killed at {n}, then in recovery");
            w.take_all();
        }
        w.batch();
        assert_eq!(w.violations(true), Vec::<String>::new(), "killed at {n}, then finished");
        let before = w.ledger().query_row("SELECT count(*) FROM event", [], |r| r.get::<_, i64>(0)).unwrap();
        w.batch();
        let after = w.ledger().query_row("SELECT count(*) FROM event", [], |r| r.get::<_, i64>(0)).unwrap();
        assert_eq!(before, after, "killed at {n}: another run changed something");
    }
    assert!(kills >= all, "{kills} kills at {all} points");
}

#[test]
fn an_act_by_command_is_done_whole_or_not_at_all() {
    let set = format!("moe={MOA}");
    let act = ["act", &format!("{TITULAIRE}/N-1"), "correct", "--as", TITULAIRE, "--set", &set];
    let w = wrong_moe();
    let log = w.path("points");
    let out = w.guichet(&act).env("GUICHET_KILL_LOG", &log).output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    let all = std::fs::read_to_string(log).unwrap().lines().count() as u64;
    assert!(all > 10, "{all} crash points");
    assert_eq!(w.violations(true), Vec::<String>::new());
    for n in 1..=all {
        let mut w = wrong_moe();
        let out = w.guichet(&act).env("GUICHET_KILL_AT", n.to_string()).output().unwrap();
        assert_eq!(out.status.signal(), Some(9), "at {n}: {}", text(&out.stderr));
        assert_eq!(w.violations(false), Vec::<String>::new(), "killed at {n}");
        w.take_all();
        w.batch();
        let status: String = w.ledger().query_row("SELECT status FROM piece", [], |r| r.get(0)).unwrap();
        if status != "MISE_A_DISPOSITION_MOE" {
            assert_eq!(status, "ERREUR_FOURNISSEUR_SUR_MOE", "killed at {n}");
            let out = w.run(&act);
            assert!(out.status.success(), "killed at {n}, then asked again: {}", text(&out.stderr));
        }
        assert_eq!(w.violations(true), Vec::<String>::new(), "killed at {n}, then finished");
        let copies = "SELECT count(*) FROM outbox WHERE partner = 'gamma' AND tray = 'pieces'";
        assert_eq!(w.ledger().query_row(copies, [], |r| r.get::<_, i64>(0)).unwrap(), 1, "killed at {n}");
    }
}
