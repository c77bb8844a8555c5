//! `search` and `piece`: the keys of contract §3 in their order, criteria that are exact and all hold, the pages, and
//! the two ways to name a pièce.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{MOA, MOE, OTHER, TITULAIRE, World, a4, invoice, text};
use serde_json::Value;

#[rustfmt::skip] // contract §3
const KEYS: [&str; 29] = [
    "piece", "cadre", "type", "number", "issued", "supplier", "destinataire", "moe", "moa", "valideur1", "valideur2",
    "service", "moe_service", "moa_service", "seller_service", "engagement", "marche", "dossier", "ht", "vat", "ttc",
    "due", "currency", "mode", "partner", "flow", "deposited", "status", "status_at",
];

/// Three accepted pièces and a refused one, deposited in the order of their numbers.
fn world() -> World {
    let mut w = World::new();
    for (n, bytes) in [a4("N-1"), a4("N-2"), a4("N-3"), invoice("A4", "N-4", OTHER)].iter().enumerate() {
        w.drop_file("edi", "alpha", &format!("F{n}"), bytes);
        w.batch();
    }
    w
}

fn rows(w: &World, args: &[&str]) -> Vec<Value> {
    let out = w.run(&[&["search", "--format", "json"], args].concat());
    assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    text(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn numbers(w: &World, args: &[&str]) -> Vec<String> {
    rows(w, args).iter().map(|row| row["number"].as_str().unwrap().to_owned()).collect()
}

/// Keys at the outer level, as they stand in the text: a parsed object does not keep their order.
fn keys(line: &str) -> Vec<String> {
    let (mut keys, mut depth, mut from) = (Vec::new(), 0, None);
    let (mut escaped, mut last) = (false, String::new());
    for (at, c) in line.char_indices() {
        match (from, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(start), '"') => (last, from) = (line[start..at].to_owned(), None),
            (None, '"') => from = Some(at + 1),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth -= 1,
            (None, ':') if depth == 1 => keys.push(std::mem::take(&mut last)),
            _ => {}
        }
    }
    keys
}

#[test]
fn a_row_has_the_keys_of_the_contract_in_their_order() {
    let w = world();
    let out = text(&w.run(&["search", "--format", "json"]).stdout);
    assert_eq!(out.lines().count(), 4);
    for line in out.lines() {
        assert_eq!(keys(line), KEYS, "{line}");
    }
    let row: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(row["supplier"], serde_json::json!({"type": "1", "id": TITULAIRE, "name": "Terrassements du Vallon"}));
    #[rustfmt::skip]
    let told = [
        ("cadre", "A4"), ("type", "380"), ("number", "N-1"), ("issued", "2026-03-31"), ("moe", MOE), ("moa", MOA), ("destinataire", MOA),
        ("marche", "M-1"), ("dossier", "N-1"), ("ht", "100.00"), ("vat", "20.00"), ("ttc", "120.00"), ("due", "120.00"), ("currency", "EUR"),
        ("mode", "edi"), ("partner", "alpha"), ("status", "MISE_A_DISPOSITION_MOE"),
    ];
    for (key, value) in told {
        assert_eq!(row[key], value, "{key}");
    }
    for key in ["valideur1", "valideur2", "service", "engagement"] {
        assert_eq!(row[key], Value::Null, "{key}");
    }
    assert!(row["piece"].as_str().unwrap().starts_with("p-") && row["flow"].as_str().unwrap().starts_with("f-"));
    for key in ["deposited", "status_at"] {
        let time = chrono::DateTime::parse_from_rfc3339(row[key].as_str().unwrap()).unwrap();
        assert!(matches!(time.offset().local_minus_utc(), 3600 | 7200), "{key} is a time of Paris: {time}");
    }
}

#[test]
fn every_criterion_is_exact_and_all_hold() {
    let w = world();
    let all = ["N-1", "N-2", "N-3", "N-4"];
    let siren = &MOA[..9];
    #[rustfmt::skip]
    let cases: &[(&[&str], &[&str])] = &[
        // criteria                                                 numbers, in order of deposit
        (&[],                                                       &all),
        (&["--number", "N-2"],                                      &["N-2"]),
        (&["--number", "N-"],                                       &[]),      // no prefix
        (&["--number", "n-2"],                                      &[]),      // no other case
        (&["--number", "%"],                                        &[]),      // no pattern
        (&["--cadre", "A4"],                                        &all),
        (&["--cadre", "A5"],                                        &[]),
        (&["--type", "380"],                                        &all),
        (&["--type", "381"],                                        &[]),
        (&["--status", "MISE_A_DISPOSITION_MOE"],                   &all[..3]),
        (&["--status", "REFUSEE_CONTROLE"],                         &["N-4"]),
        (&["--structure", OTHER],                                   &["N-4"]),
        (&["--structure", OTHER, "--role", "moe"],                  &[]),
        (&["--structure", TITULAIRE, "--role", "fournisseur"],      &all[..3]),
        (&["--marche", "M-1", "--status", "REFUSEE_CONTROLE"],      &["N-4"]),
        (&["--marche", "M-2"],                                      &[]),
        (&["--destinataire", MOA],                                  &all),
        (&["--destinataire", MOE],                                  &[]),
        (&["--siren", siren],                                       &all),
        (&["--siren", "911000099"],                                 &[]),
        (&["--from", "2026-03-31", "--to", "2026-03-31"],           &all),
        (&["--from", "2026-04-01"],                                 &[]),
        (&["--to", "2026-03-30"],                                   &[]),
        (&["--mode", "edi"],                                        &all),
        (&["--mode", "portail"],                                    &[]),
        (&["--partner", "alpha"],                                   &all),
        (&["--partner", "beta"],                                    &[]),
        (&["--limit", "2"],                                         &all[..2]),
        (&["--limit", "0"],                                         &[]),
    ];
    for (args, expected) in cases {
        assert_eq!(numbers(&w, args), *expected, "{args:?}");
    }
}

#[test]
fn pages_taken_one_after_another_are_the_whole_list() {
    let w = world();
    let whole: Vec<Value> = rows(&w, &[]);
    let (mut pages, mut lengths, mut after) = (Vec::new(), Vec::new(), None::<String>);
    loop {
        let mut args = vec!["--limit", "3"];
        args.extend(after.iter().flat_map(|id| ["--after", id.as_str()]));
        let page = rows(&w, &args);
        let Some(last) = page.last() else { break };
        lengths.push(page.len());
        after = Some(last["piece"].as_str().unwrap().to_owned());
        pages.extend(page);
    }
    assert_eq!((lengths, pages), (vec![3, 1], whole));
    assert_eq!(w.run(&["search", "--after", "p-nowhere"]).status.code(), Some(2), "a page after nothing is a mistake");
}

#[test]
fn a_piece_is_named_by_its_id_or_by_supplier_and_number() {
    let w = world();
    let row = rows(&w, &["--number", "N-2"]).remove(0);
    let id = row["piece"].as_str().unwrap();
    let by = |name: &str| text(&w.run(&["piece", name, "--format", "json"]).stdout);
    let line = by(id);
    assert_eq!(line, by(&format!("{TITULAIRE}/N-2")));
    assert_eq!(keys(&line), [&KEYS[..], &["trail", "links"]].concat());
    let piece: Value = serde_json::from_str(&line).unwrap();
    for key in KEYS {
        assert_eq!(piece[key], row[key], "{key}");
    }
    let trail = piece["trail"].as_array().unwrap();
    let statuses: Vec<&str> = trail.iter().map(|step| step["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["BROUILLON", "DEPOSEE", "MISE_A_DISPOSITION_MOE"]);
    for step in trail {
        let mut keys: Vec<&String> = step.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["at", "by", "comment", "label", "motif", "status"]);
        assert!(!step["label"].as_str().unwrap().is_empty());
    }
    assert_eq!(piece["links"], serde_json::json!([]));
    let table = text(&w.run(&["piece", id, "--lang", "fr"]).stdout);
    assert!(table.contains(id) && table.contains("Mise à disposition MOE"), "{table}");
}

#[test]
fn the_live_one_is_meant_and_two_live_ones_are_listed() {
    let mut w = World::new();
    // Refused (deposited by a partner who does not act for its seller), then accepted: only the second is live.
    w.drop_file("edi", "beta", "F1", &a4("N-1"));
    w.batch();
    w.drop_file("edi", "alpha", "F2", &a4("N-1"));
    w.batch();
    let name = format!("{TITULAIRE}/N-1");
    let piece: Value = serde_json::from_slice(&w.run(&["piece", &name, "--format", "json"]).stdout).unwrap();
    assert_eq!(piece["status"], "MISE_A_DISPOSITION_MOE");

    // The same number in another year is another pièce (G1.42): now the name is ambiguous.
    let earlier = text(&a4("N-1")).replace("2026-03-31", "2025-03-31");
    w.drop_file("edi", "alpha", "F3", earlier.as_bytes());
    w.batch();
    let out = w.run(&["piece", &name]);
    assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()));
    let live = rows(&w, &["--number", "N-1", "--status", "MISE_A_DISPOSITION_MOE"]);
    assert_eq!(live.len(), 2);
    for row in live {
        let id = row["piece"].as_str().unwrap();
        assert!(text(&out.stderr).contains(id), "{id} is listed: {}", text(&out.stderr));
    }
}

#[test]
fn what_is_not_there_exits_with_2_and_says_how_to_find_it() {
    let w = world();
    for name in ["p-nowhere", "N-1", "/", "11111111100000/N-1"] {
        let out = w.run(&["piece", name]);
        assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()), "{name}");
        assert!(text(&out.stderr).contains("guichet search"), "{name}: {}", text(&out.stderr));
    }
}
