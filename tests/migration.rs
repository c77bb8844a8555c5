//! A ledger of an earlier version is brought up to date by whoever opens it to write, all of it or nothing.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{World, a4, text};
use rusqlite::Connection;

fn old_world(ledger: &str) -> World {
    let w = World::new();
    Connection::open(w.path("spool/guichet.db")).unwrap().execute_batch(ledger).unwrap();
    w
}

const VERSION_1: &str = include_str!("fixtures/ledger-1.sql");
const VERSION_2: &str = include_str!("fixtures/ledger-2.sql");
const VERSION_3: &str = include_str!("fixtures/ledger-3.sql");

/// The tables, columns, indexes and triggers of a ledger, however their text is laid out.
fn shape(w: &World) -> Vec<String> {
    let ledger = Connection::open(w.path("spool/guichet.db")).unwrap();
    let sql = "SELECT s.type || ' ' || s.name || coalesce(' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\", '')
               FROM sqlite_schema s LEFT JOIN pragma_table_info(s.name) c ORDER BY 1";
    let mut shape = ledger.prepare(sql).unwrap();
    shape.query_map([], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_reader_says_who_brings_it_up_to_date() {
    for version in [VERSION_1, VERSION_2, VERSION_3] {
        let out = old_world(version).run(&["search"]);
        assert_eq!(out.status.code(), Some(2));
        assert!(text(&out.stderr).contains("guichet batch"), "{}", text(&out.stderr));
    }
}

#[test]
fn what_was_deposited_before_has_a_dossier_and_its_hashes_stand() {
    let mut w = old_world(VERSION_1);
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    assert_eq!(w.batch()["accepted"], 1);
    let found = text(&w.run(&["search", "--format", "json"]).stdout);
    let rows: Vec<serde_json::Value> = found.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let dossiers: Vec<_> = rows.iter().map(|r| (r["number"].as_str().unwrap(), r["dossier"].as_str())).collect();
    let expected = [
        ("PDM-2026-04", Some("PDM-2026-04")),
        ("EA-F-01", Some("EA-F-01")),
        ("DP-ST-01", None),
        ("X-TTC", None),
        ("N-1", Some("N-1")),
    ];
    assert_eq!(dossiers, expected);
    // The old deposits' files are not in this world's archive; all else must hold together.
    let out = text(&w.run(&["verify", "--format", "json"]).stdout);
    let wrong: Vec<&str> = out.lines().filter(|l| !l.contains("\"conservation\"")).collect();
    assert_eq!(wrong, Vec::<&str>::new());
    assert_eq!(out.lines().count(), 5, "one file missing for each old deposit: {out}");
}

#[test]
fn what_later_versions_had_stands_and_goes_on() {
    for version in [VERSION_2, VERSION_3] {
        let mut w = old_world(version);
        w.drop_file("edi", "alpha", "F", &a4("N-1"));
        assert_eq!(w.batch()["accepted"], 1);
        let out = text(&w.run(&["verify", "--format", "json"]).stdout);
        let wrong: Vec<&str> = out.lines().filter(|l| !l.contains("\"conservation\"")).collect();
        assert_eq!(wrong, Vec::<&str>::new());
        assert_eq!(out.lines().count(), 3, "one file missing for each old deposit: {out}");
    }
}

#[test]
fn what_an_earlier_version_paid_long_ago_can_be_pruned_and_copied() {
    let w = old_world(VERSION_3);
    w.batch();
    let pruned = text(&w.run(&["prune", "--older-than", "0d", "--yes", "--format", "json"]).stdout);
    let pruned: serde_json::Value = serde_json::from_str(&pruned).unwrap();
    assert_eq!(
        (&pruned["pieces"], &pruned["flows"]),
        (&1.into(), &2.into()),
        "the paid one, and the empty file: {pruned}"
    );
    let says = text(&w.run(&["search", "--status", "MISE_EN_PAIEMENT", "--format", "json"]).stdout);
    let row: serde_json::Value = serde_json::from_str(&says).unwrap();
    assert_eq!((&row["number"], &row["ttc"]), (&"SF-01".into(), &serde_json::Value::Null));
    let supplement = "SELECT name, length(bytes) FROM supplement";
    let left = w.ledger().query_row(supplement, [], |r| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?))).unwrap();
    assert_eq!(left, (String::new(), 0), "what was added went too");
    let copy = w.path("copy.db");
    let copy = copy.to_str().unwrap();
    assert!(w.run(&["backup", copy]).status.success());
    assert!(w.run(&["verify", "--backup", copy]).status.success());
}

#[test]
fn an_old_ledger_ends_in_the_shape_of_a_new_one() {
    let shape_of = |w: World| {
        w.batch();
        shape(&w)
    };
    let new = shape_of(World::new());
    for version in [VERSION_1, VERSION_2, VERSION_3] {
        assert_eq!(shape_of(old_world(version)), new);
    }
}
