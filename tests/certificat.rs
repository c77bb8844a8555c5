//! `certificat`: what it vouches for is what the ledger and the bytes say; as text, JSON, and a page of PDF.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::archive::tgz;
use common::json_schema::assert_valid_json;
use common::world::{MOA, MOE, OTHER, TITULAIRE, World, a4, citing, invoice, sha256, text};
use serde_json::{Value, json};
use std::fs;
use std::process::Output;

/// An accepted pièce and a refused one.
fn world() -> World {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "facture é.xml", &a4("N-1"));
    w.drop_file("edi", "alpha", "F2", &invoice("A4", "N-2", OTHER));
    w.batch();
    w
}

fn run(w: &World, args: &[&str]) -> Output {
    let out = w.run(&[&["certificat"], args].concat());
    assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    out
}

fn certificat(w: &World, piece: &str) -> Value {
    let line = text(&run(w, &[piece, "--format", "json"]).stdout);
    assert_valid_json("certificat", &line);
    serde_json::from_str(&line).unwrap()
}

fn named(number: &str) -> String {
    format!("{TITULAIRE}/{number}")
}

/// The places and hashes of the events of a pièce, as the ledger has them.
fn hashes(w: &World, piece: &Value) -> Vec<(i64, String)> {
    let ledger = w.ledger();
    let mut events = ledger.prepare("SELECT seq, lower(hex(hash)) FROM event WHERE subject = ? ORDER BY n").unwrap();
    let rows = events.query_map([piece.as_str().unwrap()], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn it_says_who_what_when_and_vouches_for_the_bytes() {
    let w = world();
    let c = certificat(&w, &named("N-1"));
    let piece: Value = serde_json::from_slice(&w.run(&["piece", &named("N-1"), "--format", "json"]).stdout).unwrap();
    for key in [
        "piece",
        "cadre",
        "type",
        "number",
        "issued",
        "supplier",
        "destinataire",
        "marche",
        "dossier",
        "ht",
        "vat",
        "ttc",
        "due",
        "currency",
        "partner",
        "mode",
        "flow",
        "deposited",
        "status",
        "status_at",
    ] {
        assert_eq!(c[key], piece[key], "{key}");
    }
    let who = json!({"role": "fournisseur", "id": TITULAIRE, "name": "Terrassements du Vallon"});
    assert_eq!((&c["kind"], &c["depositor"]), (&json!("deposit"), &who));
    assert_eq!((&c["file"], &c["member"]), (&json!("facture é.xml"), &Value::Null));
    assert_eq!((&c["sha256"], &c["flow_sha256"]), (&json!(sha256(&a4("N-1"))), &json!(sha256(&a4("N-1")))));
    let events = hashes(&w, &c["piece"]);
    assert_eq!((&c["first"]["seq"], &c["first"]["hash"]), (&json!(events[0].0), &json!(events[0].1)));
    assert_eq!((&c["last"]["seq"], &c["last"]["hash"]), (&json!(events[2].0), &json!(events[2].1)));
    assert_eq!((&c["first"]["status"], &c["last"]["status"]), (&json!("BROUILLON"), &c["status"]));
    let flow = w.run(&["flow", c["flow"].as_str().unwrap(), "--format", "json"]);
    assert_eq!(c["rules"], serde_json::from_slice::<Value>(&flow.stdout).unwrap()["rules"]);
    assert_eq!(c, certificat(&w, c["piece"].as_str().unwrap()), "by either name");
}

#[test]
fn as_text_it_fits_eighty_columns_in_both_languages() {
    let w = world();
    let c = certificat(&w, &named("N-1"));
    for (lang, parts) in [
        (
            "fr",
            [
                "Certificat de dépôt\n",
                "déposant",
                "statut actuel",
                "SHA-256 de la pièce",
                "empreinte au registre",
                "Mise à disposition MOE",
            ],
        ),
        (
            "en",
            [
                "Certificate of deposit\n",
                "depositor",
                "current status",
                "SHA-256 of the pièce",
                "ledger hash",
                "Made available to the MOE",
            ],
        ),
    ] {
        let told = text(&run(&w, &[&named("N-1"), "--lang", lang]).stdout);
        for part in parts {
            assert!(told.contains(part), "{part}: {told}");
        }
        for value in [
            &c["piece"],
            &c["flow"],
            &c["sha256"],
            &c["first"]["hash"],
            &c["last"]["hash"],
            &c["deposited"],
            &c["rules"],
        ] {
            assert!(told.contains(value.as_str().unwrap()), "{value}: {told}");
        }
        assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    }
}

#[test]
fn a_refused_piece_has_an_attestation_that_says_so() {
    let w = world();
    let id = text(&w.run(&["search", "--number", "N-2", "--format", "csv"]).stdout);
    let id = id.lines().nth(1).unwrap().split(';').next().unwrap().to_owned();
    let c = certificat(&w, &id);
    assert_eq!(
        (&c["kind"], &c["status"], &c["dossier"]),
        (&json!("refusal"), &json!("REFUSEE_CONTROLE"), &Value::Null)
    );
    assert_eq!(c["depositor"]["id"], OTHER, "who would have deposited it");
    for (lang, title, says) in [
        ("fr", "Attestation de réception et de refus\n", "REFUSÉE au contrôle"),
        ("en", "Attestation of receipt and refusal\n", "REFUSED at the control"),
    ] {
        let out = run(&w, &[&id, "--lang", lang]);
        let told = text(&out.stdout);
        assert!(told.starts_with(title) && told.contains(says) && !told.starts_with("Certifica"), "{told}");
        assert!(text(&out.stderr).contains(&format!("guichet flow {}", c["flow"].as_str().unwrap())));
    }
}

#[test]
fn the_last_event_moves_on_and_the_first_stays() {
    let mut w = world();
    let before = certificat(&w, &named("N-1"));
    w.drop_file("portail", "beta", "F3", &citing("A15", "N-3", "N-1"));
    w.batch();
    let after = certificat(&w, &named("N-1"));
    assert_eq!((&after["status"], &after["last"]["status"]), (&json!("ASSOCIEE"), &json!("ASSOCIEE")));
    assert_eq!((&after["first"], &after["sha256"]), (&before["first"], &before["sha256"]));
    assert_ne!(after["last"]["hash"], before["last"]["hash"]);
    // The name of a MOE is the annuaire's: no pièce writes it.
    let a15 = certificat(&w, &named("N-3"));
    assert_eq!(a15["depositor"], json!({"role": "moe", "id": MOE, "name": "Atelier des Ponts"}));
    fs::write(w.path("annuaire/structures.csv"), "id\n").unwrap();
    assert_eq!(certificat(&w, &named("N-3"))["depositor"]["name"], Value::Null, "a broken annuaire costs names only");
}

#[test]
fn a_member_of_an_archive_has_its_own_hash() {
    let mut w = World::new();
    let (good, bad) = (a4("N-1"), invoice("A4", "N-2", OTHER));
    let archive = tgz(&[("a.xml", &good), ("dossier/b.xml", &bad)]);
    w.drop_file("edi", "alpha", "lot.tar.gz", &archive);
    w.batch();
    let c = certificat(&w, &named("N-1"));
    assert_eq!((&c["file"], &c["member"]), (&json!("lot.tar.gz"), &json!("a.xml")));
    assert_eq!((&c["sha256"], &c["flow_sha256"]), (&json!(sha256(&good)), &json!(sha256(&archive))));
    let told = text(&run(&w, &[&named("N-1"), "--lang", "fr"]).stdout);
    assert!(told.contains("SHA-256 de l'archive") && told.contains(&sha256(&archive)), "{told}");
    // What was delivered to nobody is read from the archive; where that is gone, the hash is missing, and said to be.
    let refused = format!("{OTHER}/N-2");
    assert_eq!(certificat(&w, &refused)["sha256"], sha256(&bad));
    fs::remove_dir_all(w.path("spool/archive")).unwrap();
    assert_eq!(certificat(&w, &refused)["sha256"], Value::Null);
    assert!(text(&run(&w, &[&refused]).stderr).contains("guichet verify"));
    assert_eq!(certificat(&w, &named("N-1")), c);
}

/// The texts that a page shows, in its own encoding.
fn shown(pdf: &[u8]) -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    let mut rest = pdf;
    while let Some(end) = rest.windows(3).position(|w| w == b" Tj") {
        let line = &rest[..end];
        let begin = line.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        texts.push(unescaped(&line[begin..]));
        rest = &rest[end + 3..];
    }
    texts
}

/// A string of PDF: in parentheses, or hexadecimal.
fn unescaped(string: &[u8]) -> Vec<u8> {
    if let [b'<', hex @ .., b'>'] = string {
        let pairs = std::str::from_utf8(hex).unwrap();
        return (0..pairs.len() / 2).map(|n| u8::from_str_radix(&pairs[2 * n..2 * n + 2], 16).unwrap()).collect();
    }
    let inner = string.strip_prefix(b"(").and_then(|s| s.strip_suffix(b")")).unwrap();
    let (mut bytes, mut escape) = (Vec::new(), false);
    for byte in inner {
        match (escape, byte) {
            (false, b'\\') => escape = true,
            _ => {
                bytes.push(*byte);
                escape = false;
            }
        }
    }
    bytes
}

#[test]
fn the_pdf_is_one_page_with_the_same_bytes_each_time() {
    let w = world();
    let out = run(&w, &[&named("N-1"), "-o", "c.pdf", "--lang", "fr"]);
    assert_eq!(text(&out.stdout), "", "data goes into the file");
    assert!(text(&out.stderr).contains("certificat de dépôt dans c.pdf"), "{}", text(&out.stderr));
    let bytes = fs::read(w.path("c.pdf")).unwrap();
    let page = text(&bytes);
    assert!(page.starts_with("%PDF-1.7") && page.contains("/Count 1") && page.contains("/WinAnsiEncoding"));
    assert!(!page.contains("Date"), "no day of today");
    let texts = shown(&bytes);
    let has = |text: &[u8]| texts.iter().any(|t| t.windows(text.len()).any(|w| w == text));
    let c = certificat(&w, &named("N-1"));
    for value in [&c["piece"], &c["sha256"], &c["first"]["hash"], &c["last"]["hash"], &c["flow"], &c["deposited"]] {
        assert!(has(value.as_str().unwrap().as_bytes()), "{value}");
    }
    assert!(
        has(b"Certificat de d\xe9p\xf4t") && has(b"pi\xe8ce") && has(b"facture \xe9.xml") && has(b"net \xe0 payer")
    );
    run(&w, &[&named("N-1"), "--pdf", "d.pdf", "--lang", "fr"]);
    assert_eq!(fs::read(w.path("d.pdf")).unwrap(), bytes);
}

#[test]
fn a_file_that_is_there_is_never_overwritten() {
    let w = world();
    fs::write(w.path("c.pdf"), "mine").unwrap();
    let out = w.run(&["certificat", &named("N-1"), "-o", "c.pdf"]);
    assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()));
    assert!(text(&out.stderr).contains("c.pdf"), "{}", text(&out.stderr));
    assert_eq!(fs::read(w.path("c.pdf")).unwrap(), b"mine");
    assert_eq!(w.run(&["certificat", &named("N-1"), "-o", "nowhere/c.pdf"]).status.code(), Some(2));
    let left = fs::read_dir(w.dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.contains("pdf")).count(), 1, "nothing half done is left");
}

#[test]
fn long_names_and_odd_ones_are_written() {
    let mut w = World::new();
    let name = format!("Société &quot;Œuvre&quot; (d'Équipement) \\ {}", "de la Vallée ".repeat(14));
    let bytes = text(&a4("N-1")).replace("Terrassements du Vallon", &name);
    w.drop_file("edi", "alpha", "F\u{1b}1", bytes.as_bytes());
    assert_eq!(w.batch()["accepted"], 1);
    run(&w, &[&named("N-1"), "-o", "c.pdf"]);
    let texts = shown(&fs::read(w.path("c.pdf")).unwrap());
    assert!(
        texts.iter().any(|t| t.starts_with(b"Soci\xe9t\xe9 \"\x8cuvre\" (d'\xc9quipement) \\ de la Vall\xe9e")),
        "{texts:?}"
    );
    assert!(texts.iter().any(|t| t == b"F\\u{1b}1"), "nothing moves a cursor, not even on paper");
    let told = text(&run(&w, &[&named("N-1")]).stdout);
    assert!(!told.contains('\u{1b}') && told.lines().all(|line| line.chars().count() <= 80), "{told}");
}

#[test]
fn csv_is_a_row_and_what_is_not_there_exits_with_2() {
    let w = world();
    let csv = text(&run(&w, &[&named("N-1"), "--format", "csv"]).stdout);
    let (head, row) = csv.split_once("\r\n").unwrap();
    assert!(head.starts_with("kind;issuer;issuer_siret;piece;") && row.starts_with("deposit;"), "{csv}");
    assert_eq!(head.split(';').count(), row.trim_end().split(';').count());
    assert!(row.contains(&format!(";{MOA};M-1;N-1;")), "{csv}");
    for id in ["p-nowhere", "N-1", &format!("{TITULAIRE}/N-9")] {
        let out = w.run(&["certificat", id]);
        assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()), "{id}");
        assert!(text(&out.stderr).contains("guichet search"), "{}", text(&out.stderr));
    }
}
