//! Whoever changes the past by hand is found out: each change to a row, on a ledger of its own.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::acts::{flow, unit};
use common::world::{MOE, TITULAIRE, World, a4, citing, text};
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

/// The same, and a pièce that was refused and pruned.
fn pruned_world() -> World {
    let mut w = world();
    w.drop_file("edi", "beta", "acts", &flow(&[unit(TITULAIRE, "N-3", "REFUSEE_MOE", "AUTRE: non", MOE)]));
    assert_eq!(w.batch()["acts"], 1);
    assert!(w.run(&["prune", "--older-than", "0d", "--yes"]).status.success());
    w
}

#[test]
fn every_change_by_hand_is_noticed() {
    let w = world();
    noticed(
        &w,
        &[
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
        ],
    );
}

/// Of what was pruned nothing can be changed, brought back or made up.
#[test]
fn every_change_of_what_was_pruned_is_noticed() {
    let w = pruned_world();
    let pruned = "(SELECT id FROM piece WHERE number = 'N-3')";
    let flow = "(SELECT flow FROM piece WHERE number = 'N-3')";
    let of = |sql: &str| sql.replace("PIECE", pruned).replace("FLOW", flow);
    let changes = [
        "UPDATE piece SET number = 'X' WHERE id = PIECE",
        "UPDATE piece SET issued = '2020-01-01' WHERE id = PIECE",
        "UPDATE piece SET ttc = '1.00' WHERE id = PIECE",
        "UPDATE piece SET supplier_name = 'X' WHERE id = PIECE",
        "UPDATE piece SET moe = '1' WHERE id = PIECE",
        "UPDATE piece SET status = 'MISE_EN_PAIEMENT' WHERE id = PIECE",
        "UPDATE piece SET partner = 'beta' WHERE id = PIECE",
        "UPDATE piece SET dossier = NULL WHERE id = PIECE",
        "UPDATE event SET at = at - 1 WHERE subject = PIECE AND n = 2",
        "UPDATE event SET comment = 'X' WHERE subject = PIECE AND n = 2",
        "UPDATE event SET by = 'X' WHERE subject = PIECE AND n = 1",
        "UPDATE event SET facts = zeroblob(32) WHERE subject = PIECE AND n = 1",
        "UPDATE event SET hash = zeroblob(32) WHERE subject = PIECE AND n = 2",
        "UPDATE event SET status = 'REFUSEE_MOA' WHERE subject = PIECE AND status = 'REFUSEE_MOE'",
        "DELETE FROM event WHERE subject = PIECE AND n = (SELECT max(n) FROM event WHERE subject = PIECE)",
        "UPDATE flow SET sha256 = zeroblob(32) WHERE id = FLOW",
        "UPDATE flow SET name = x'58' WHERE id = FLOW",
        "UPDATE flow SET filed = 'archive/x' WHERE id = FLOW",
        "UPDATE flow SET findings = '[1]' WHERE id = FLOW",
        "UPDATE outbox SET bytes = x'58' WHERE flow = FLOW AND bytes IS NOT NULL",
        "UPDATE outbox SET sha256 = zeroblob(32) WHERE flow = FLOW",
        "UPDATE outbox SET name = name || 'X' WHERE flow = FLOW",
        "DELETE FROM outbox WHERE flow = FLOW AND piece IS NOT NULL",
        "UPDATE event SET facts = zeroblob(32) WHERE status = 'pruned' AND subject = FLOW",
        "UPDATE event SET status = 'requeued' WHERE status = 'pruned' AND subject = FLOW",
        "DELETE FROM event WHERE status = 'pruned' AND subject = FLOW",
        "DELETE FROM piece WHERE id = PIECE",
        "UPDATE event SET comment = '99999999999999' WHERE subject = 'ledger'",
        "UPDATE event SET status = 'closed' WHERE subject = 'ledger'",
        // Emptied by hand: nobody says that it was pruned.
        "UPDATE outbox SET bytes = x'' WHERE flow = (SELECT flow FROM piece WHERE number = 'N-1') AND bytes IS NOT NULL",
        "UPDATE event SET by = NULL WHERE subject = (SELECT id FROM piece WHERE number = 'N-1')",
        "UPDATE piece SET supplier_name = NULL WHERE number = 'N-1'",
    ];
    let changes: Vec<String> = changes.iter().map(|sql| of(sql)).collect();
    noticed(&w, &changes.iter().map(String::as_str).collect::<Vec<_>>());
    // A file that should be gone and is not is noticed too.
    let w = pruned_world();
    fs::write(w.path("spool/archive/back"), b"x").unwrap();
    assert_eq!(w.run(&["verify"]).status.code(), Some(1));
}

fn noticed(w: &World, changes: &[&str]) {
    assert!(w.run(&["verify"]).status.success());
    let pristine = w.path("pristine.db");
    let ledger = rusqlite::Connection::open(w.path("spool/guichet.db")).unwrap();
    ledger.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(ledger);
    fs::copy(w.path("spool/guichet.db"), &pristine).unwrap();
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
