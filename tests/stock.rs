//! `stock`: how many pièces in each state, since when, how many late; the same whichever way it is counted.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use chrono::NaiveDate;
use common::house::instant;
use common::json_schema::assert_valid_json;
use common::world::{MOA, MOE, OTHER, TITULAIRE, World, a4, invoice, text};
use guichet::alerts::{Dates, alert};
use guichet::config::{Config, Delays};
use guichet::decision::Dossier;
use guichet::facts::Facts;
use guichet::ledger::{Criteria, Ledger, LedgerReader, Move, NewEvent, NewFlow, NewPiece, StockRow, Today};
use guichet::lifecycle::Statut::{self, *};
use serde_json::{Value, json};
use std::fs;

/// Two statements, and one that was refused.
fn world(config: &str) -> World {
    let mut w = World::with(&format!("[spool]\nsettle = \"0s\"\n{config}"));
    for (n, bytes) in [a4("N-1"), a4("N-2"), invoice("A4", "N-3", OTHER)].iter().enumerate() {
        w.drop_file("edi", "alpha", &format!("F{n}"), bytes);
        w.batch();
    }
    w
}

fn rows(w: &World, args: &[&str]) -> Vec<Value> {
    let out = w.run(&[&["stock", "--format", "json"], args].concat());
    assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    let lines = text(&out.stdout);
    lines.lines().for_each(|line| assert_valid_json("stock", line));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_row_says_how_many_since_when_and_which_one() {
    let w = world("");
    let all = rows(&w, &[]);
    let of = |key: &str| all.iter().map(|row| row[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("cadre"), ["A4", "A4"]);
    assert_eq!(of("status"), ["REFUSEE_CONTROLE", "MISE_A_DISPOSITION_MOE"], "in the order of the life cycle");
    assert_eq!((of("pieces"), of("overdue")), (vec![json!(1), json!(2)], vec![json!(0), json!(0)]));
    let first: Value =
        serde_json::from_slice(&w.run(&["piece", &format!("{TITULAIRE}/N-1"), "--format", "json"]).stdout).unwrap();
    assert_eq!((&all[1]["piece"], &all[1]["oldest"]), (&first["piece"], &first["status_at"]));
    assert!(all[1]["days"].as_i64().unwrap() <= 1);

    let csv = text(&w.run(&["stock", "--format", "csv"]).stdout);
    assert!(csv.starts_with("cadre;status;label;pieces;oldest;days;piece;overdue\r\nA4;REFUSEE_CONTROLE;"), "{csv}");
    let table = text(&w.run(&["stock", "--lang", "fr"]).stdout);
    assert!(table.ends_with("\n\n3 pièces, dont 0 en retard\n"), "{table}");
    assert!(table.starts_with("cadre  statut") && table.contains("depuis le"), "{table}");
}

#[test]
fn a_structure_and_a_role_narrow_it_as_they_narrow_a_search() {
    let w = world("");
    let counts = |args: &[&str]| rows(&w, args).iter().map(|row| row["pieces"].as_u64().unwrap()).collect::<Vec<_>>();
    #[rustfmt::skip]
    let cases: &[(&[&str], &[u64])] = &[
        (&["--structure", TITULAIRE],                         &[2]),
        (&["--structure", OTHER],                             &[1]),
        (&["--structure", MOA],                               &[1, 2]),
        (&["--structure", MOE, "--role", "moe"],              &[1, 2]),
        (&["--structure", MOE, "--role", "moa"],              &[]),
        (&["--role", "moe"],                                  &[2]),
        (&["--role", "destinataire"],                         &[]),
    ];
    for (args, expected) in cases {
        assert_eq!(counts(args), *expected, "{args:?}");
    }
    assert_eq!(w.run(&["stock", "--role", "king"]).status.code(), Some(2));
    let empty = w.run(&["stock", "--role", "moa"]);
    assert_eq!((empty.status.code(), text(&empty.stdout)), (Some(0), String::new()), "nothing, not even a total");
}

#[test]
fn a_delay_of_no_days_is_over_at_once() {
    let late = |config: &str| rows(&world(config), &[]).iter().map(|r| r["overdue"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(late("[delays]\nmoe = \"0d\"\n"), 2);
    assert_eq!(late("[delays]\nmoe = \"1d\"\n"), 0);
}

#[test]
fn nothing_yet_or_a_broken_annuaire_keeps_nobody_from_reading() {
    let out = World::new().run(&["stock"]);
    assert_eq!((out.status.code(), text(&out.stdout)), (Some(0), String::new()));
    assert!(text(&out.stderr).contains("no ledger yet"), "{}", text(&out.stderr));
    let w = world("");
    fs::write(w.path("annuaire/marches.toml"), "[[marche]\n").unwrap();
    assert_eq!(rows(&w, &[]).len(), 2);
    assert!(text(&w.run(&["stock"]).stderr).contains("annuaire check"));
}

/// A ledger in which pièces are in any state, since any day.
struct Synthetic {
    dir: tempfile::TempDir,
    ledger: Ledger,
    n: usize,
}

impl Synthetic {
    fn new() -> Synthetic {
        let dir = tempfile::TempDir::new().unwrap();
        let ledger = Ledger::open(&dir.path().join("guichet.db")).unwrap();
        Synthetic { dir, ledger, n: 0 }
    }

    fn reader(&self) -> LedgerReader {
        LedgerReader::open(&self.dir.path().join("guichet.db")).unwrap()
    }

    /// A pièce with what happened to it: days of 2026 (09:00 in Paris) and statuses; gives its dossier.
    fn put(&mut self, cadre: &str, marche: &str, joins: Option<&str>, trail: &[(&str, Statut)]) -> String {
        self.n += 1;
        let (flow, piece) = (format!("f-{:016}", self.n), format!("p-{:016}", self.n));
        let at = |day: &str| {
            let date: NaiveDate = format!("2026-{day}").parse().unwrap();
            guichet::clock::Instant(guichet::clock::Instant::start_of(date).0 + 9 * 3_600_000)
        };
        let some = |s: &str| Some(s.to_owned());
        let facts = Facts {
            cadre: some(cadre),
            number: Some(format!("N-{}", self.n)),
            supplier_type: Some(1),
            supplier_id: some(TITULAIRE),
            moa: some(MOA),
            moe: some(MOE),
            destinataire: some(MOA),
            marche: some(marche),
            marche_moa: some(MOA),
            ..Facts::default()
        };
        let dossier = match joins {
            _ if cadre == "A10" => Dossier::None,
            Some(dossier) => Dossier::Joins { dossier: dossier.to_owned(), merged: Vec::new() },
            None => Dossier::Opens,
        };
        let (first, begin) = (trail[0].1, at(trail[0].0));
        let mut entry = self.ledger.begin().unwrap();
        entry
            .flow(&NewFlow {
                id: &flow,
                mode: "edi",
                partner: "alpha",
                name: b"F",
                size: 1,
                sha256: None,
                syntax: "cii",
                outcome: "accepted",
                first: None,
                decided_at: begin,
                filed: "archive/x",
                findings: "[]",
                rules: "1",
            })
            .unwrap();
        let covered = entry
            .piece(&NewPiece {
                id: &piece,
                flow: &flow,
                member: None,
                facts: &facts,
                mode: "edi",
                partner: "alpha",
                deposited_at: begin,
                holder: None,
                live: true,
                status: first.code(),
                dossier: &dossier,
                links: &[],
            })
            .unwrap();
        entry.event(&NewEvent { facts: Some(covered), ..NewEvent::of(&piece, 1, first.code(), begin) }).unwrap();
        for (day, status) in &trail[1..] {
            entry.moves(&Move::of(&piece, *status, at(day))).unwrap();
        }
        entry.commit().unwrap();
        joins.map_or_else(|| piece.replacen("p-", "d-", 1), str::to_owned)
    }
}

/// What is late on a day: cadres and statuses with how many. M-60 has sixty days to pay, M-0 none.
fn late(s: &Synthetic, day: &str) -> Vec<(String, String, u64)> {
    let delays = Config::default().delays;
    let payment = |number: &str, moa: &str| {
        assert_eq!(moa, MOA);
        number.strip_prefix("M-").and_then(|days| days.parse().ok())
    };
    let today = Today { day: day.parse().unwrap(), delays: &delays, payment: &payment, longest_payment: Some(60) };
    let reader = s.reader();
    let whole = reader.stock(&Criteria::default(), &today).unwrap();
    let of_moa = Criteria { structure: Some(MOA.to_owned()), ..Criteria::default() };
    assert_eq!(whole, reader.stock(&of_moa, &today).unwrap(), "counted one by one, on {day}");
    assert_eq!(whole.iter().map(|r| r.overdue).sum::<u64>(), one_by_one(&reader, &today), "on {day}");
    let is_late = |r: StockRow| (r.overdue > 0).then(|| (r.cadre.unwrap(), r.status, r.overdue));
    whole.into_iter().filter_map(is_late).collect()
}

/// The same by what a pièce says of itself.
fn one_by_one(reader: &LedgerReader, today: &Today<'_>) -> u64 {
    let (mut late, delays): (u64, &Delays) = (0, today.delays);
    reader
        .search(&Criteria::default(), &mut |row| {
            let dates: Option<Dates> = reader.dates(&row.piece).unwrap();
            let (cadre, status) = (row.cadre.unwrap().parse().unwrap(), row.status.parse().unwrap());
            let payment = row.marche.as_deref().and_then(|marche| (today.payment)(marche, MOA));
            let due = dates.and_then(|dates| alert(cadre, status, &dates, delays, payment));
            late += u64::from(due.is_some_and(|due| due.is_over(today.day)));
            true
        })
        .unwrap();
    late
}

#[test]
#[rustfmt::skip]
fn each_delay_counts_from_its_own_event() {
    let mut s = Synthetic::new();
    let here = Synthetic::put;
    // A sous-traitant's demand: the valideur has fifteen days; then the payment runs from the agreement or the silence.
    here(&mut s, "A10", "x", None, &[("03-02", Deposee), ("03-02", AValider1)]);
    here(&mut s, "A10", "x", None, &[("03-02", Deposee), ("03-05", AbsenceValidation1HorsDelai), ("03-05", MiseADispositionMoe),
                                     ("04-01", Suspendue), ("04-02", MiseADispositionMoe)]);
    // A month: the draft reaches the MOE on 2 March, the A19 the destinataire on the 20th.
    let month = here(&mut s, "A4", "x", None, &[("03-01", Deposee), ("03-02", MiseADispositionMoe), ("03-10", Associee)]);
    here(&mut s, "A19", "x", Some(&month), &[("03-20", Deposee), ("03-20", MiseADisposition), ("03-25", Mandatee)]);
    // The same, with sixty days in the sheet; with none.
    let month = here(&mut s, "A13", "M-60", None, &[("03-01", Deposee), ("03-02", MiseADispositionMoe), ("03-10", Associee)]);
    here(&mut s, "A19", "M-60", Some(&month), &[("03-20", Deposee), ("03-20", PriseEnCompteDestinataire)]);
    // An A19 without a draft, recycled to another destinataire.
    here(&mut s, "A19", "x", None, &[("03-01", Deposee), ("03-01", MiseADisposition), ("03-08", ARecycler), ("03-10", MiseADisposition)]);
    // A final account, suspended for a while: the delay is that of its receipt.
    here(&mut s, "A8", "x", None, &[("03-03", Deposee), ("03-03", MiseADisposition), ("03-05", Suspendue), ("03-20", MiseADisposition)]);
    here(&mut s, "A8", "x", None, &[("03-03", Deposee), ("03-03", MiseADisposition), ("03-05", MiseEnPaiement)]);
    // A final draft that was taken, and one that was answered.
    here(&mut s, "A7", "x", None, &[("03-04", Deposee), ("03-04", MiseADispositionMoe), ("03-20", Associee)]);
    let answered = here(&mut s, "A7", "x", None, &[("03-04", Deposee), ("03-20", Associee)]);
    here(&mut s, "A20", "x", Some(&answered), &[("03-20", Deposee), ("03-20", MiseADispositionFournisseur)]);
    // The MOE has seven days on a monthly draft; what is over stays late.
    here(&mut s, "A4", "x", None, &[("03-20", Deposee), ("03-20", MiseADispositionMoe)]);
    here(&mut s, "A4", "x", None, &[("03-05", Deposee), ("03-05", MiseADispositionMoe), ("03-13", AbsenceValidationMoe)]);

    let first_late = |cadre: &str, status: Statut, n: u64| {
        let days = (0..120).map(|n| "2026-03-01".parse::<NaiveDate>().unwrap() + chrono::Days::new(n));
        let mut late_on = days.filter(|day| {
            late(&s, &day.to_string()).iter().any(|(c, st, k)| c == cadre && *st == status.code() && *k >= n)
        });
        late_on.next().map(|day| day.to_string())
    };
    let cases = [
        // cadre status                       how many  the first day on which so many are late
        ("A10", AValider1,                     1, Some("2026-03-18")),
        ("A10", MiseADispositionMoe,           1, Some("2026-04-05")),
        ("A19", Mandatee,                      1, Some("2026-04-02")),
        ("A19", PriseEnCompteDestinataire,     1, Some("2026-05-02")),
        ("A19", MiseADisposition,              1, Some("2026-04-10")),
        ("A8",  MiseADisposition,              1, Some("2026-04-03")),
        ("A8",  MiseEnPaiement,                1, None),
        ("A7",  Associee,                      1, Some("2026-04-04")),
        ("A7",  Associee,                      2, None),
        ("A20", MiseADispositionFournisseur,   1, Some("2026-04-20")),
        ("A4",  MiseADispositionMoe,           1, Some("2026-03-28")),
        ("A4",  AbsenceValidationMoe,          1, Some("2026-03-13")),
        ("A4",  Associee,                      1, None),
    ];
    for (cadre, status, n, expected) in cases {
        assert_eq!(first_late(cadre, status, n).as_deref(), expected, "{n} {cadre} {status}");
    }
}

#[test]
fn the_oldest_is_the_one_that_has_been_there_longest() {
    let mut s = Synthetic::new();
    s.put("A4", "x", None, &[("03-01", Deposee), ("03-09", MiseADispositionMoe)]);
    s.put("A4", "x", None, &[("03-02", Deposee), ("03-05", MiseADispositionMoe)]);
    s.put("A4", "x", None, &[("03-03", Deposee), ("03-05", MiseADispositionMoe)]);
    let delays = Config::default().delays;
    let day = "2026-03-06".parse().unwrap();
    let today = Today { day, delays: &delays, payment: &|_, _| None, longest_payment: None };
    let row = s.reader().stock(&Criteria::default(), &today).unwrap().remove(0);
    assert_eq!((row.pieces, row.piece.as_str()), (3, "p-0000000000000002"));
    assert_eq!(row.oldest, instant("2026-03-05T09:00:00+01:00"));
}

#[test]
fn the_stock_is_counted_in_one_index() {
    let w = world("");
    let plan = LedgerReader::open(&w.path("spool/guichet.db")).unwrap().stock_plan().unwrap();
    println!("{}", plan.join("\n"));
    let counts: Vec<&String> = plan.iter().filter(|step| step.contains("piece")).collect();
    assert!(counts[0].contains("COVERING INDEX piece_stock"), "{plan:?}");
    assert!(counts.iter().all(|step| step.contains("piece_stock")), "{plan:?}");
    assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
}
