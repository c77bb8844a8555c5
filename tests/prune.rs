//! Retention: what is at its end and old enough is emptied, and nothing else; the chain still holds; killed at any point,
//! the next start goes on.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::acts::{flow, unit};
use common::archive::tgz;
use common::daemon::Daemon;
use common::house::House;
use common::world::{MOE, TITULAIRE, World, a4, citing, text};
use guichet::clock::Instant;
use guichet::ledger::LedgerReader;
use guichet::request::{Answer, Request};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;

/// Words that only what was pruned has.
const SECRETS: [&str; 3] = ["Vallon secret", "motif secret", "nom-secret"];

fn secret(number: &str) -> Vec<u8> {
    text(&a4(number)).replace("Terrassements du Vallon", "Vallon secret").into_bytes()
}

fn refuse(number: &str, comment: &str) -> Vec<u8> {
    flow(&[unit(TITULAIRE, number, "REFUSEE_MOE", &format!("AUTRE: {comment}"), MOE)])
}

/// Everything that retention meets. At their end: a pièce that its MOE refused, by a flow of acts, a refused flow, a
/// duplicate, an empty file in hold. Under way: a pièce with its MOE, and one that another took and that waits.
fn world() -> World {
    let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n");
    w.drop_file("edi", "alpha", "nom-secret", &secret("N-1"));
    w.drop_file("edi", "alpha", "again", &secret("N-1"));
    w.drop_file("edi", "alpha", "under way", &a4("N-2"));
    w.drop_file("edi", "alpha", "taken", &a4("N-3"));
    w.drop_file("portail", "beta", "taker", &citing("A15", "N-4", "N-3"));
    w.drop_file("edi", "gamma", "bad", b"<a/>");
    w.drop_file("edi", "gamma", "empty", b"");
    let tally = w.batch();
    assert_eq!(
        (&tally["accepted"], &tally["duplicates"], &tally["held"]),
        (&4.into(), &1.into(), &1.into()),
        "{tally}"
    );
    w.drop_file("edi", "beta", "acts", &refuse("N-1", "motif secret"));
    assert_eq!(w.batch()["acts"], 1);
    w.take_all();
    w
}

fn json(w: &World, args: &[&str]) -> Vec<Value> {
    let out = w.guichet(args).args(["--format", "json"]).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{args:?}: {}", text(&out.stderr));
    text(&out.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn flow_named(w: &World, name: &str) -> String {
    w.ledger().query_row("SELECT id FROM flow WHERE name = ?", [name.as_bytes()], |r| r.get(0)).unwrap()
}

/// Whether any of guichet's files still says one of the words.
fn says(w: &World, words: &[&str]) -> Vec<String> {
    let found = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    w.files("spool")
        .into_iter()
        .filter(|f| f.starts_with("archive/") || f.starts_with("hold/") || f.starts_with("guichet.db"))
        .filter(|f| {
            let bytes = fs::read(w.path("spool").join(f)).unwrap();
            words.iter().any(|word| found(&bytes, word) || f.contains(word))
        })
        .collect()
}

fn verified(w: &World) -> String {
    let out = w.run(&["verify"]);
    assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
    text(&out.stderr)
}

#[test]
fn what_is_over_goes_and_nothing_under_way() {
    for by_daemon in [false, true] {
        let w = world();
        assert!(!says(&w, &SECRETS).is_empty());
        let (first, bad) = (flow_named(&w, "nom-secret"), flow_named(&w, "bad"));
        let before = w.files("spool");
        let told = json(&w, &["prune", "--older-than", "0d"]);
        assert_eq!(w.files("spool"), before, "a dry run changes nothing");
        assert_eq!(told.len(), 1, "one year: {told:?}");
        let counts = |row: &Value| ["dossiers", "pieces", "flows"].map(|key| row[key].as_u64().unwrap());
        // The refused pièce, its duplicate, the acts, the refused flow, the empty file.
        assert_eq!(counts(&told[0]), [1, 1, 5]);
        let daemon = by_daemon.then(|| Daemon::listening(&w));
        let done = json(&w, &["prune", "--older-than", "0d", "--yes"]);
        assert_eq!(done, told, "what was said is what was done");
        assert_eq!(json(&w, &["prune", "--older-than", "0d", "--yes"]), Vec::<Value>::new(), "once is enough");
        assert_eq!(says(&w, &SECRETS), Vec::<String>::new(), "nothing says it any more, nor does the ledger's log");
        drop(daemon);
        w.batch();
        assert!(verified(&w).contains("5 flows pruned"));
        assert_eq!(w.files("spool/archive").len(), 3, "those under way: {:?}", w.files("spool/archive"));
        assert_eq!(w.files("spool/hold").len(), 0);
        // What is under way says everything still.
        for number in ["N-2", "N-3", "N-4"] {
            let row = &json(&w, &["search", "--number", number])[0];
            assert_eq!((&row["ttc"], &row["moe"]), (&"120.00".into(), &MOE.into()), "{number}");
        }
        tells(&w, &first, &bad);
    }
}

/// Each command says what was pruned, and what is left.
fn tells(w: &World, first: &str, bad: &str) {
    let out = w.run(&["search", "--number", "N-1", "--format", "json"]);
    let row: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(text(&out.stderr).contains("1 pièce was pruned"), "{}", text(&out.stderr));
    let kept = ["piece", "cadre", "number", "issued", "status", "partner", "flow", "dossier"];
    assert!(kept.iter().all(|key| row[key].is_string()), "{row}");
    let gone = ["ht", "vat", "ttc", "due", "currency", "moe", "moa", "destinataire", "marche", "engagement"];
    assert!(gone.iter().all(|key| row[key].is_null()) && row["supplier"]["name"].is_null(), "{row}");
    assert_eq!(row["supplier"]["id"], TITULAIRE);
    let id = row["piece"].as_str().unwrap();
    let piece = &json(w, &["piece", &format!("{TITULAIRE}/N-1")])[0];
    assert!(piece["pruned"].is_string(), "{piece}");
    let trail: Vec<&str> = piece["trail"].as_array().unwrap().iter().map(|e| e["status"].as_str().unwrap()).collect();
    assert_eq!(trail.last(), Some(&"REFUSEE_MOE"), "its statuses stay");
    assert!(text(&w.run(&["piece", id]).stderr).contains("pruned on"));
    let dossier = w.run(&["dossier", "N-1"]);
    assert!(dossier.status.success() && text(&dossier.stderr).contains("pruned"), "{}", text(&dossier.stderr));
    let flow = &json(w, &["flow", first])[0];
    assert!(flow["pruned"].is_string() && flow["filed"].is_null(), "{flow}");
    assert_eq!((&flow["state"], &flow["name"]), (&"accepted".into(), &"".into()));
    assert_eq!(json(w, &["flows", "--state", "refused"]).len(), 1, "states are what was decided");
    let act = ["act", id, "refuse", "--as", MOE, "--motif", "AUTRE", "--comment", "x"];
    for args in
        [&["replay", first][..], &["replay", bad], &["certificat", id], &["dossier", "N-1", "--export", "x.zip"], &act]
    {
        let out = w.run(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        assert!(text(&out.stderr).contains("pruned"), "{args:?}: {}", text(&out.stderr));
    }
    let held = json(w, &["flows", "--state", "held"])[0]["flow"].as_str().unwrap().to_owned();
    let out = w.run(&["requeue", &held]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("pruned"), "{}", text(&out.stderr));
}

#[test]
fn what_was_pruned_is_still_recognized() {
    let mut w = world();
    json(&w, &["prune", "--older-than", "0d", "--yes"]);
    // T-10: the same bytes from the same partner.
    w.drop_file("edi", "alpha", "third time", &secret("N-1"));
    let tally = w.batch();
    assert_eq!((&tally["duplicates"], &tally["pieces"]), (&1.into(), &0.into()), "{tally}");
    // A pruned pièce cannot be taken: to whoever cites it, it is not there.
    w.drop_file("portail", "beta", "late", &citing("A15", "N-9", "N-1"));
    let tally = w.batch();
    assert_eq!(tally["refused"], 1, "{tally}");
    // Its number was free, for it was refused; it may be used again.
    w.drop_file("edi", "alpha", "mended", &a4("N-1"));
    assert_eq!(w.batch()["accepted"], 1);
    verified(&w);
}

/// Issued before the clock of [`Years`] begins.
fn early(number: &str) -> Vec<u8> {
    text(&a4(number)).replace("2026-03-31", "2016-02-29").into_bytes()
}

/// A house whose clock goes on by years.
struct Years {
    w: World,
    h: House,
}

impl Years {
    fn new() -> Years {
        let w = World::new();
        let h = House::open(w.dir.path(), "2016-03-01T12:00:00+01:00");
        Years { w, h }
    }

    fn drop_file(&self, mode: &str, partner: &str, name: &str, bytes: &[u8]) {
        self.h.drop_file(mode, partner, name, bytes);
    }

    /// What may be pruned: the names of the flows, sorted.
    fn prunable(&self, before: &str) -> Vec<String> {
        let ledger = LedgerReader::open(&self.w.path("spool/guichet.db")).unwrap();
        let (flows, _) = ledger.prunable(common::house::instant(before)).unwrap();
        let name = |flow: &str| {
            let sql = "SELECT CAST(name AS TEXT) FROM flow WHERE id = ?";
            self.h.ledger().query_row(sql, [flow], |r| r.get(0)).unwrap()
        };
        let mut names: Vec<String> = flows.iter().map(|p| name(&p.flow)).collect();
        names.sort();
        names
    }
}

#[test]
fn age_counts_from_the_last_event_of_the_whole_dossier() {
    let mut y = Years::new();
    y.drop_file("edi", "alpha", "one", &early("N-1"));
    y.drop_file("edi", "alpha", "bad", b"<a/>");
    // An archive with a pièce that ends early and one that ends late.
    y.drop_file("edi", "alpha", "lot", &tgz(&[("a", &early("N-2")), ("b", &early("N-3"))]));
    assert_eq!(y.h.batch().accepted, 3);
    y.h.wait_until("2017-03-01T12:00:00+01:00");
    y.drop_file(
        "edi",
        "beta",
        "no",
        &flow(&[
            unit(TITULAIRE, "N-1", "REFUSEE_MOE", "AUTRE: x", MOE),
            unit(TITULAIRE, "N-2", "REFUSEE_MOE", "AUTRE: x", MOE),
        ]),
    );
    y.h.batch();
    y.h.wait_until("2020-03-01T12:00:00+01:00");
    assert_eq!(y.prunable("2016-03-01T12:00:00+01:00"), Vec::<String>::new(), "nothing is older than itself");
    assert_eq!(y.prunable("2017-03-01T12:00:00+01:00"), ["bad"], "an end counts, not the deposit");
    // The archive stays: N-3 goes on. The refusals are of pièces at their end.
    assert_eq!(y.prunable("2020-01-01T12:00:00+01:00"), ["bad", "no", "one"]);
    y.drop_file("edi", "beta", "no more", &refuse("N-3", "x"));
    y.h.batch();
    y.h.wait_until("2026-03-01T12:00:00+01:00");
    assert_eq!(y.prunable("2020-01-01T12:00:00+01:00"), ["bad", "no", "one"]);
    assert_eq!(y.prunable("2021-01-01T12:00:00+01:00"), ["bad", "lot", "no", "no more", "one"]);
    assert_eq!(y.h.problems(), Vec::<String>::new());
}

#[test]
fn what_moved_on_since_the_dry_run_stays() {
    let mut y = Years::new();
    y.drop_file("edi", "alpha", "one", &early("N-1"));
    y.drop_file("edi", "beta", "no", &refuse("N-1", "x"));
    let tally = y.h.batch();
    assert_eq!((tally.accepted, tally.acts), (1, 1));
    y.h.wait_until("2026-03-01T12:00:00+01:00");
    y.drop_file("edi", "alpha", "two", &early("N-2"));
    y.h.batch();
    let flows: Vec<String> =
        y.h.ledger()
            .prepare("SELECT id FROM flow ORDER BY rowid")
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
    let ask = |before: Instant| Request::Prune { before: before.0, flows: flows.clone() };
    let nothing = y.h.carry_out(&ask(common::house::instant("2016-01-01T12:00:00+01:00")));
    assert_eq!(nothing, Answer::Pruned { flows: Vec::new(), statuses: 0 }, "whoever asks for more than may be");
    let now = y.h.now();
    let some = y.h.carry_out(&ask(now));
    assert_eq!(some, Answer::Pruned { flows: flows[..2].to_vec(), statuses: 0 }, "not the one under way");
    let statuses = |h: &House| {
        let sql = "SELECT count(*) FROM outbox WHERE tray = 'statuts' AND bytes = x''";
        h.ledger().query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(statuses(&y.h), 0);
    y.h.carry_out(&Request::Prune { before: common::house::instant("2020-01-01T12:00:00+01:00").0, flows: Vec::new() });
    let old = "SELECT count(*) FROM outbox WHERE tray = 'statuts' AND at < 1577880000000";
    let old: i64 = y.h.ledger().query_row(old, [], |r| r.get(0)).unwrap();
    assert!(old > 0 && statuses(&y.h) == old, "life-cycle flows go by their age");
    assert_eq!(y.h.problems(), Vec::<String>::new());
}

#[test]
fn killed_at_any_point_it_goes_on() {
    let prune = ["prune", "--older-than", "0d", "--yes"];
    let w = world();
    let log = w.path("points");
    let out = w.guichet(&prune).env("GUICHET_KILL_LOG", &log).output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    let points = fs::read_to_string(log).unwrap();
    assert_eq!(points.matches("file of a pruned flow removed").count(), 5, "{points}");
    let left = |w: &World| {
        let of = |sql: &str| w.ledger().query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
        BTreeMap::from([
            ("pruned", of("SELECT count(*) FROM event WHERE status = 'pruned' AND subject <> 'ledger'")),
            ("files", w.files("spool/archive").len() as i64 + w.files("spool/hold").len() as i64),
            ("pruning", of("SELECT count(*) FROM pruning")),
            ("statuses", of("SELECT count(*) FROM outbox WHERE tray = 'statuts' AND bytes <> x''")),
        ])
    };
    let whole = left(&w);
    assert_eq!(whole, BTreeMap::from([("pruned", 5), ("files", 3), ("pruning", 0), ("statuses", 0)]));
    for n in 1..=points.lines().count() {
        let w = world();
        let out = w.guichet(&prune).env("GUICHET_KILL_AT", n.to_string()).output().unwrap();
        assert_eq!(out.status.signal(), Some(9), "at {n}: {}", text(&out.stderr));
        verified(&w);
        // Any start finishes what was begun; what was not is still there to be pruned.
        w.batch();
        verified(&w);
        let now = left(&w);
        assert_eq!((now["pruning"], now["files"]), (0, 8 - now["pruned"]), "killed at {n}");
        assert!(w.run(&prune).status.success());
        assert_eq!(left(&w), whole, "killed at {n}");
        verified(&w);
        assert_eq!(says(&w, &SECRETS), Vec::<String>::new(), "killed at {n}");
    }
}

#[test]
fn an_age_is_asked_for() {
    let w = world();
    for (args, why) in [
        (&["prune"][..], "--older-than"),
        (&["prune", "--older-than", "10"], "10y"),
        (&["prune", "--older-than", "-1d"], ""),
        (&["prune", "--older-than", "ten years", "--yes"], "10y"),
    ] {
        let out = w.run(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        assert!(text(&out.stderr).contains(why), "{}", text(&out.stderr));
    }
    for age in ["1d", "1y", "10y", "3650d"] {
        let out = w.run(&["prune", "--older-than", age, "--yes"]);
        assert!(out.status.success() && out.stdout.is_empty(), "{age}: {}", text(&out.stdout));
        assert!(text(&out.stderr).contains("nothing ended before"), "{}", text(&out.stderr));
    }
}
