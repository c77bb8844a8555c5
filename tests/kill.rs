//! Promises 1 and 2: killed at any instant, nothing is lost and nothing comes twice; the next start finishes the work.
//! A small run is killed at each of its crash points in turn, then started again; every other time it is killed once
//! more while it recovers. Partners take what they see in between.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::build::{form, page};
use common::pdf::Pdf;
use common::world::{World, a4, citing, invoice, text};
use std::os::unix::process::ExitStatusExt;

/// A run with every kind of answer: accepted, refused, duplicate, the same number twice, held, a name that must be cut.
fn small_run() -> World {
    let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n[batch]\nflows = 4\n");
    w.drop_file("edi", "alpha", "one.xml", &a4("N-1"));
    w.drop_file("edi", "alpha", "two.xml", &a4("N-2"));
    w.drop_file("edi", "delta", "number taken.xml", &[&a4("N-1")[..], b"\n"].concat());
    w.drop_file("edi", "alpha", "one again.xml", &a4("N-1"));
    w.drop_file("edi", "beta", "refused.xml", &invoice("A15", "N-3", common::world::TITULAIRE));
    w.drop_file("edi", "gamma", "cut short.xml", b"<Invoice><ID>");
    w.drop_file("edi", "alpha", &"n".repeat(255), &a4("N-4"));
    w.drop_file("edi", "delta", "lot", &common::archive::tgz(&[("a", &a4("N-5")), ("b", b"<b>"), ("c", &a4("N-6"))]));
    // A chain, the later pièce dropped before the earlier one.
    w.drop_file("portail", "beta", "a state", &citing("A15", "N-8", "N-7"));
    w.drop_file("portail", "alpha", "its draft", &a4("N-7"));
    // Forms with their files: one whole, one that misses a file and is refused.
    let (paper, whole) = (Pdf::new(&[]).bytes(), form(&page("A4", "F-1"), "f.pdf", &["plan.txt"]));
    w.drop_set("portail", "alpha", &[("f.depot.xml", &whole), ("plan.txt", b"a plan"), ("f.pdf", &paper)]);
    let lame = form(&page("A4", "F-2"), "g.pdf", &["gone.txt"]);
    w.drop_set("portail", "alpha", &[("g.depot.xml", &lame), ("g.pdf", &[&paper[..], b"\n"].concat())]);
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
