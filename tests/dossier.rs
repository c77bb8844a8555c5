//! `dossier`: by its number, by supplier and number, by the number of one that was merged; what `--export` writes.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::json_schema::assert_valid_json;
use common::world::{OTHER, TITULAIRE, World, a4, invoice, sha256, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;

/// A pièce of the same seller that takes earlier ones.
fn citing(cadre: &str, number: &str, earlier: &[&str]) -> Vec<u8> {
    let cites: String = earlier
        .iter()
        .map(|n| format!("<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{n}</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>"))
        .collect();
    text(&invoice(cadre, number, TITULAIRE))
        .replace("<cac:ContractDocumentReference>", &format!("{cites}<cac:ContractDocumentReference>"))
        .into_bytes()
}

/// Two statements that one A15 takes together, an A19 over it; a dossier of its own.
fn world() -> World {
    let mut w = World::new();
    let path = w.path("annuaire/partners.toml");
    let partners = fs::read_to_string(&path).unwrap().replace("modes = [\"edi\"]", "modes = [\"edi\", \"portail\"]");
    fs::write(&path, partners).unwrap();
    let drops: [(&str, &str, &str, Vec<u8>); 5] = [
        ("edi", "alpha", "F1", a4("N-1")),
        ("edi", "alpha", "F2", a4("N/2")),
        ("portail", "beta", "F3", citing("A15", "N-3", &["N-1", "N/2"])),
        ("portail", "gamma", "F4", citing("A19", "N-4", &["N-3"])),
        ("edi", "alpha", "F5", a4("N-5")),
    ];
    for (mode, partner, name, bytes) in drops {
        w.drop_file(mode, partner, name, &bytes);
        let tally = w.batch();
        assert_eq!(tally["accepted"], 1, "{name}: {}", text(&w.run(&["flows"]).stdout));
    }
    w
}

fn dossier(w: &World, name: &str) -> Value {
    let out = w.run(&["dossier", name, "--format", "json"]);
    assert!(out.status.success(), "{name}: {}", text(&out.stderr));
    assert_valid_json("dossier", &text(&out.stdout));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn a_dossier_is_shown_whole_under_each_of_its_names() {
    let w = world();
    let whole = dossier(&w, "N-1");
    assert_eq!((&whole["dossier"], &whole["marche"]), (&json!("N-1"), &json!("M-1")));
    let of = |key: &str| whole["pieces"].as_array().unwrap().iter().map(|p| p[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("number"), ["N-1", "N/2", "N-3", "N-4"]);
    assert_eq!(of("status"), ["ASSOCIEE", "ASSOCIEE", "ASSOCIEE", "MISE_A_DISPOSITION"]);
    for name in ["N/2", &format!("{TITULAIRE}/N-1"), &format!("{TITULAIRE}/N/2")] {
        assert_eq!(dossier(&w, name), whole, "{name}: a number that was merged leads to the same");
    }
    assert_eq!(dossier(&w, "N-5")["pieces"].as_array().unwrap().len(), 1);
    let by = |name: &str| text(&w.run(&["search", "--dossier", name, "--format", "csv"]).stdout);
    assert_eq!(by("N/2"), by("N-1"));
    assert_eq!(by(&format!("{TITULAIRE}/N/2")), by("N-1"));
    assert_eq!(by("N-1").lines().count(), 5);
    let csv = text(&w.run(&["dossier", "N-1", "--format", "csv"]).stdout);
    assert_eq!(csv, by("N-1"), "a row a pièce");
}

#[test]
fn links_are_shown_both_ways() {
    let w = world();
    let whole = dossier(&w, "N-1");
    let id = |n: usize| whole["pieces"][n]["piece"].as_str().unwrap();
    let links = |n: usize| whole["pieces"][n]["links"].clone();
    assert_eq!(links(0), json!([{"kind": "associated_by", "piece": id(2), "ttc": "120.00", "due": "120.00"}]));
    assert_eq!(
        links(2),
        json!([{"kind": "associates", "piece": id(0), "ttc": "120.00", "due": "120.00"},
               {"kind": "associates", "piece": id(1), "ttc": "120.00", "due": "120.00"},
               {"kind": "associated_by", "piece": id(3), "ttc": "120.00", "due": "120.00"}])
    );
    let piece: Value = serde_json::from_slice(&w.run(&["piece", id(2), "--format", "json"]).stdout).unwrap();
    assert_eq!(piece, whole["pieces"][2], "the same as `piece` gives");
    let table = text(&w.run(&["piece", id(2), "--lang", "fr"]).stdout);
    assert!(table.contains("associe") && table.contains("associée par") && table.contains(id(3)), "{table}");
}

#[test]
fn a_table_tells_each_piece_with_its_dated_trail() {
    let w = world();
    let table = text(&w.run(&["dossier", "N-1", "--lang", "fr"]).stdout);
    assert!(table.starts_with("Dossier N-1 · marché M-1 · 4 pièces\n"), "{table}");
    for part in [
        "A4 N-1 · 2026-03-31",
        "A15 N-3 · ",
        "  associe A4 N/2 · 120.00\n",
        "  associée par A19 N-4\n",
        "Associée",
        "120.00 EUR",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
}

#[test]
fn what_is_not_there_or_is_ambiguous_is_told() {
    let mut w = world();
    for name in ["N-3", "nowhere", "N", &format!("{OTHER}/N-1")] {
        let out = w.run(&["dossier", name]);
        assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()), "{name}");
    }
    // The same number in another year opens another dossier of the same supplier.
    w.drop_file("edi", "alpha", "G1", text(&a4("N-1")).replace("2026-03-31", "2025-03-31").as_bytes());
    w.batch();
    let out = w.run(&["dossier", "N-1"]);
    assert_eq!(out.status.code(), Some(2));
    let told = text(&out.stderr);
    assert!(told.contains("2 dossiers are N-1") && told.matches(&format!("{TITULAIRE}/N-1")).count() == 2, "{told}");
    let ids: Vec<&str> = told.split([' ', ',']).filter(|word| word.starts_with("d-") && word.len() > 8).collect();
    let lengths = ids.iter().map(|id| dossier(&w, id)["pieces"].as_array().unwrap().len()).collect::<Vec<_>>();
    assert_eq!(lengths, [4, 1], "each by its id: {told}");
}

fn unzipped(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let read = |n| {
        let mut entry = zip.by_index(n).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.name().unwrap().into_owned(), bytes)
    };
    let n = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap().len();
    (0..n).map(read).collect()
}

#[test]
fn an_export_holds_the_originals_the_trail_and_a_page() {
    let w = world();
    let out = w.run(&["dossier", "N/2", "--export", "d.zip", "--lang", "fr"]);
    assert_eq!((out.status.code(), text(&out.stdout)), (Some(0), String::new()), "{}", text(&out.stderr));
    let bytes = fs::read(w.path("d.zip")).unwrap();
    let files = unzipped(&bytes);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    #[rustfmt::skip]
    assert_eq!(names, [
        "dossier.json", "index.html", "pieces/001-A4-N-1.xml", "pieces/002-A4-N_2.xml", "pieces/003-A15-N-3.xml",
        "pieces/004-A19-N-4.xml", "trail.csv",
    ]);
    assert_eq!(files["pieces/001-A4-N-1.xml"], a4("N-1"), "byte for byte");
    assert_eq!(files["pieces/003-A15-N-3.xml"], citing("A15", "N-3", &["N-1", "N/2"]));
    let json = w.run(&["dossier", "N-1", "--format", "json", "--lang", "fr"]).stdout;
    assert_eq!(files["dossier.json"], json, "what the command gives");
    let csv = text(&files["trail.csv"]);
    assert!(csv.starts_with("\u{feff}piece;cadre;number;status;label;at;by;motif;comment\r\n"), "{csv}");
    let events: usize =
        dossier(&w, "N-1")["pieces"].as_array().unwrap().iter().map(|p| p["trail"].as_array().unwrap().len()).sum();
    assert_eq!(csv.matches("\r\n").count(), events + 1);
    let page = text(&files["index.html"]);
    for part in ["<html lang=\"fr\">", "Dossier N-1 · marché M-1", "href=\"pieces/002-A4-N_2.xml\"", "Associée", "N/2"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script") && !page.contains("http"), "nothing from elsewhere");

    // The same again gives the same bytes; what is there is never overwritten.
    w.run(&["dossier", "N-1", "--export", "e.zip", "--lang", "fr"]);
    assert_eq!(sha256(&fs::read(w.path("e.zip")).unwrap()), sha256(&bytes));
    let again = w.run(&["dossier", "N-5", "--export", "d.zip"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("d.zip"), "{}", text(&again.stderr));
    assert_eq!(fs::read(w.path("d.zip")).unwrap(), bytes);
}

#[test]
fn nothing_from_outside_is_markup_in_the_page() {
    let mut w = World::new();
    let bytes = text(&a4("N-1")).replace("Terrassements du Vallon", "&lt;script&gt;alert('x')&lt;/script&gt;");
    w.drop_file("edi", "alpha", "F1", bytes.as_bytes());
    w.batch();
    w.run(&["dossier", "N-1", "--export", "d.zip"]);
    let page = text(&unzipped(&fs::read(w.path("d.zip")).unwrap())["index.html"]);
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)") && !page.contains("<script"), "{page}");
}

#[test]
fn an_original_that_changed_or_is_gone_is_not_exported() {
    let w = world();
    let archived = w.files("spool/archive");
    let first = w.path("spool/archive").join(archived.iter().find(|f| f.ends_with("F1")).unwrap());
    let right = fs::read(&first).unwrap();
    fs::write(&first, b"other bytes").unwrap();
    let changed = w.run(&["dossier", "N-1", "--export", "d.zip"]);
    assert_eq!(changed.status.code(), Some(2));
    assert!(text(&changed.stderr).contains("guichet verify"), "{}", text(&changed.stderr));
    fs::remove_file(&first).unwrap();
    assert_eq!(w.run(&["dossier", "N-1", "--export", "d.zip"]).status.code(), Some(2));
    let left = fs::read_dir(w.dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.contains("zip")).count(), 0, "nothing half done is left");
    fs::write(&first, right).unwrap();
    assert_eq!(w.run(&["dossier", "N-1", "--export", "d.zip"]).status.code(), Some(0));
    let nowhere = w.run(&["dossier", "N-1", "--export", "nowhere/d.zip"]);
    assert_eq!(nowhere.status.code(), Some(2), "{}", text(&nowhere.stderr));
}
