//! Whoever changes the past by hand is found out: each change to a row, on a ledger of its own.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{World, a4, citing, text};
use std::fs;

fn world() -> World {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.drop_file("portail", "beta", "G", &citing("A15", "N-2", "N-1"));
    w.drop_file("edi", "alpha", "H", &a4("N-3"));
    w.drop_file("edi", "alpha", "I", b"<a/>");
    assert_eq!(w.batch()["accepted"], 3);
    w
}

#[test]
fn every_change_by_hand_is_noticed() {
    let w = world();
    assert!(w.run(&["verify"]).status.success());
    let pristine = w.path("pristine.db");
    let ledger = rusqlite::Connection::open(w.path("spool/guichet.db")).unwrap();
    ledger.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(ledger);
    fs::copy(w.path("spool/guichet.db"), &pristine).unwrap();
    let changes = [
        "UPDATE piece SET number = 'X' WHERE number = 'N-3'",
        "UPDATE piece SET ttc = '1.00'",
        "UPDATE piece SET supplier_key = '1'",
        "UPDATE piece SET supplier_type = 2",
        "UPDATE piece SET live = 0",
        "UPDATE piece SET status = 'DEPOSEE'",
        "UPDATE piece SET status_at = 1",
        "UPDATE piece SET holder = '1' WHERE holder IS NOT NULL",
        "UPDATE piece SET holder_role = 'moa' WHERE holder_role = 'moe'",
        "UPDATE piece SET moe = '1' WHERE number = 'N-3'",
        "UPDATE piece SET dossier = NULL WHERE number = 'N-3'",
        "UPDATE piece SET dossier = (SELECT dossier FROM piece WHERE number = 'N-3') WHERE number = 'N-2'",
        "UPDATE dossier SET number = 'X'",
        "UPDATE dossier SET supplier = 'X'",
        "UPDATE link SET kind = 'replaces'",
        "DELETE FROM link",
        "UPDATE flow SET outcome = 'accepted'",
        "UPDATE flow SET findings = '[]'",
        "UPDATE flow SET name = x'58'",
        "UPDATE event SET status = 'REFUSEE_CONTROLE' WHERE n = 2",
        "UPDATE event SET by = 'X' WHERE n = 2",
        "UPDATE event SET at = at + 1",
        "DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)",
        "UPDATE outbox SET bytes = x'58' WHERE bytes IS NOT NULL",
        "UPDATE outbox SET sha256 = zeroblob(32) WHERE bytes IS NULL",
        "DELETE FROM outbox WHERE tray = 'comptes-rendus'",
        "UPDATE sequence SET next = next - 1",
        "DELETE FROM sequence",
    ];
    for change in changes {
        for name in ["guichet.db-wal", "guichet.db-shm"] {
            let _ = fs::remove_file(w.path("spool").join(name));
        }
        fs::copy(&pristine, w.path("spool/guichet.db")).unwrap();
        let ledger = rusqlite::Connection::open(w.path("spool/guichet.db")).unwrap();
        ledger.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        let triggers: Vec<String> = ledger
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        triggers.iter().for_each(|t| ledger.execute_batch(&format!("DROP TRIGGER {t}")).unwrap());
        let changed = ledger.execute(change, []).unwrap();
        assert!(changed > 0, "{change} changes nothing");
        drop(ledger);
        let out = w.run(&["verify"]);
        assert_eq!(out.status.code(), Some(1), "not noticed: {change}\n{}", text(&out.stdout));
    }
}
