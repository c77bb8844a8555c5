//! Deposit forms: a form with the files that it names makes one pièce, in an archive or loose; form and invoice must
//! agree; whatever is missing, late or too much is answered, and nothing is lost.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::archive::{tar, tgz, zipped};
use common::build::{form, page};
use common::pdf::Pdf;
use common::world::{MOA, MOE, OTHER, TITULAIRE, World, a4, sha256, text};
use serde_json::Value;

/// A world in which nothing is waited for.
fn world() -> World {
    World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n")
}

fn rules(report: &str) -> Vec<&str> {
    report.split("<CodeErreur>").skip(1).map(|s| s.split('<').next().unwrap()).collect()
}

fn paper() -> Vec<u8> {
    Pdf::new(&[]).bytes()
}

/// The names of what a partner finds among its pièces, without the sequence and the pièce, in order.
fn pieces(w: &World, partner: &str) -> Vec<String> {
    let names = w.files(&format!("spool/out/{partner}/pieces"));
    let tail = |n: &String| n.split_once("_p-").unwrap().1.split_once(['_', '.']).unwrap().1.to_owned();
    names.iter().map(tail).collect()
}

/// What a batch makes of an archive that alpha drops in the portal.
fn archived(bytes: &[u8]) -> (World, Value, String) {
    let mut w = world();
    w.drop_file("portail", "alpha", "lot", bytes);
    let tally = w.batch();
    assert_eq!(w.violations(true), Vec::<String>::new());
    let report = text(&w.tray("alpha", "comptes-rendus").concat());
    (w, tally, report)
}

#[test]
fn a_form_in_an_archive_makes_one_pièce_of_its_files() {
    let (page, pdf, plan) = (page("A4", "F-1"), paper(), b"a plan".to_vec());
    let form = form(&page, "situation.pdf", &["plan.txt"]);
    let members: [(&str, &[u8]); 4] =
        [("d/plan.txt", &plan), ("d/f.depot.xml", &form), ("d/situation.pdf", &pdf), ("other.xml", &a4("N-1"))];
    let mut turned = members;
    turned.reverse();
    for bytes in [tgz(&members), tar(&turned), zipped(&members)] {
        let (w, tally, report) = archived(&bytes);
        assert_eq!(
            (&tally["flows"], &tally["accepted"], &tally["refused"]),
            (&1.into(), &2.into(), &0.into()),
            "{report}"
        );
        assert!(report.contains("lot!d/situation.pdf : acceptée"), "{report}");
        let mut names = pieces(&w, "beta");
        names.sort();
        assert_eq!(names, ["pdf", "plan.txt", "xml"]);
        let delivered: Vec<String> = w.tray("beta", "pieces").iter().map(|b| sha256(b)).collect();
        assert!([&pdf, &plan].iter().all(|b| delivered.contains(&sha256(b))), "byte for byte");
        let found = w.run(&["search", "--number", "F-1", "--format", "json"]);
        let row: Value = serde_json::from_slice(&found.stdout).unwrap();
        assert_eq!((&row["cadre"], &row["moe"], &row["moa"]), (&"A4".into(), &MOE.into(), &MOA.into()));
        assert_eq!((&row["ttc"], &row["supplier"]["id"]), (&"120.00".into(), &TITULAIRE.into()));
    }
}

#[test]
fn what_the_invoice_says_the_form_need_not() {
    let (xml, carrier) = (a4("N-1"), Pdf::new(&[("factur-x.xml", &a4("N-1"))]).bytes());
    for (name, main, extension) in [("a.xml", &xml, "xml"), ("a.pdf", &carrier, "pdf")] {
        let form = form(&[("moe", MOE), ("destinataire", MOA)], name, &[]);
        let (w, tally, report) = archived(&tgz(&[("f.depot.xml", &form), (name, main)]));
        assert_eq!((&tally["accepted"], rules(&report).len()), (&1.into(), 0), "{report}");
        assert_eq!(pieces(&w, "beta"), [extension]);
        assert_eq!(&w.tray("beta", "pieces")[0], main);
    }
}

/// What a form says against the world's A4 of 100.00 and 20.00.
#[test]
fn form_and_invoice_must_agree() {
    #[rustfmt::skip]
    let cases: [(&str, &str, &str, &str); 14] = [
        // field             what the form says   the invoice          rules
        ("cadre",            "A7",                "A4",                "L-17"),
        ("type",             "381",               "380",               "L-17"),
        ("numero",           "N-2",               "N-1",               "L-17"),
        ("date",             "2026-03-30",        "2026-03-31",        "L-17"),
        ("devise",           "USD",               "EUR",               "L-17"),
        ("ht",               "100.01",            "100.00",            "L-17"),
        ("tva",              "20.01",             "20.00",             "L-17"),
        ("ttc",              "121.00",            "120.00",            "L-17"),
        ("net-a-payer",      "121",               "120.00",            "L-17"),
        ("fournisseur",      OTHER,               TITULAIRE,           "L-17"),
        ("moe",              OTHER,               MOE,                 "L-17"),
        ("destinataire",     OTHER,               MOA,                 "L-17"),
        ("marche",           "M-2",               "M-1",               "L-17"),
        ("ht",               "100",               "100.00",            ""),
    ];
    for (field, says, other, rule) in cases {
        let form = form(&[(field, says)], "a.xml", &[]);
        let (_, _, report) = archived(&tgz(&[("f.depot.xml", &form), ("a.xml", &a4("N-1"))]));
        let told = rules(&report);
        assert_eq!(told.contains(&"L-17"), !rule.is_empty(), "{field}: {told:?}");
        if !rule.is_empty() {
            assert!(report.contains(&format!("le formulaire dit {says}, la facture {other}")), "{field}: {report}");
            assert!(report.contains(&format!("f.depot.xml!/Depot/{field}")), "{field}: {report}");
            assert!(report.contains("/Invoice/"), "{field}: both places: {report}");
        }
    }
}

#[test]
fn every_rule_speaks_of_a_form() {
    let change = |field: &'static str, says: &'static str| {
        let mut page = page("A4", "F-1");
        page.retain(|(name, _)| *name != field);
        if !says.is_empty() {
            page.push((field, says));
        }
        page
    };
    #[rustfmt::skip]
    let cases: [(&str, &str, &[&str]); 22] = [
        // field                    what it says          rules
        ("numero",                  "",                   &["L-06"]),
        ("numero",                  "N°1",                &["G1.05"]),
        ("date",                    "2026-02-31",         &["L-07"]),
        ("ht",                      "1,0",                &["L-08"]),
        ("ht",                      "",                   &["C-02"]),
        ("ttc",                     "121.00",             &["C-10", "C-11"]),
        ("fournisseur",             "",                   &["L-09"]),
        ("fournisseur-type",        "9",                  &["L-09"]),
        ("moa",                     "",                   &["L-10"]),
        ("moe",                     "9110000240001",      &["C-05"]),
        ("moe",                     OTHER,                &["T-22"]),
        ("moe",                     "",                   &[]),
        ("moa",                     OTHER,                &["T-23"]),
        ("destinataire",            OTHER,                &["T-22"]),
        ("moe-service",             "A#1",                &["C-07"]),
        ("piece-anterieure",        "N-0",                &["T-05"]),
        ("cadre",                   "A99",                &["T-01"]),
        ("marche",                  "M-9",                &["T-23"]),
        ("maitre-oeuvre",           MOE,                  &["L-16"]),
        ("devise",                  "",                   &["C-01"]),
        ("valideur1",               TITULAIRE,            &["T-28"]),
        ("tva",                     "",                   &["C-04"]),
    ];
    for (field, says, expected) in cases {
        let form = form(&change(field, says), "a.pdf", &[]);
        let (_, tally, report) = archived(&tgz(&[("f.depot.xml", &form), ("a.pdf", &paper())]));
        let mut told = rules(&report);
        told.dedup();
        assert_eq!(told, expected, "{field} {says}: {report}");
        // Told, no more: a total VAT that follows from the others, a buyer that has no marchés.
        let accepted = expected.is_empty() || field == "tva" || says == OTHER && field == "moa";
        assert_eq!(tally["accepted"], u64::from(accepted), "{field} {says}: {report}");
    }
}

#[test]
fn the_files_of_a_form_are_there_or_told() {
    let (page, pdf) = (page("A4", "F-1"), paper());
    let of = |principal: &str, attachments: &[&str]| form(&page, principal, attachments);
    let big = vec![b'x'; 11 << 20];
    type Beside<'a> = Vec<(&'a str, &'a [u8])>;
    #[rustfmt::skip]
    let cases: [(&str, Vec<u8>, Beside<'_>, &[&str]); 9] = [
        // what                     form                                   beside it                            rules
        ("no main file",            of("a.pdf", &[]),                      vec![],                              &["L-05"]),
        ("none named",              of("", &[]),                           vec![],                              &["L-05"]),
        ("no attachment",           of("a.pdf", &["b.txt"]),               vec![("a.pdf", &pdf)],               &["L-05"]),
        ("a path",                  of("a.pdf", &["../b.txt"]),            vec![("a.pdf", &pdf), ("b.txt", b"b")], &["L-05", "X-02"]),
        ("paper is a drawing",      of("a.txt", &[]),                      vec![("a.txt", b"drawn")],           &["L-05"]),
        ("empty",                   of("a.pdf", &["b.txt"]),               vec![("a.pdf", &pdf), ("b.txt", b"")], &["C-09"]),
        ("a program",               of("a.pdf", &["b.exe"]),               vec![("a.pdf", &pdf), ("b.exe", b"MZ")], &["C-08"]),
        ("too large",               of("a.pdf", &["b.txt"]),               vec![("a.pdf", &pdf), ("b.txt", &big)], &["C-09"]),
        ("cut",                     of("a.pdf", &[]),                      vec![("a.pdf", &pdf[..pdf.len() - 9])], &["X-05"]),
    ];
    for (what, form, beside, expected) in cases {
        let members: Vec<(&str, &[u8])> = std::iter::once(("f.depot.xml", &form[..])).chain(beside).collect();
        let (w, tally, report) = archived(&tar(&members));
        assert_eq!(rules(&report), expected, "{what}: {report}");
        assert_eq!(tally["accepted"], 0, "{what}");
        assert!(pieces(&w, "beta").is_empty(), "{what}");
    }
}

#[test]
fn two_forms_do_not_share_a_file() {
    let (one, two) = (form(&page("A4", "F-1"), "a.pdf", &[]), form(&page("A4", "F-2"), "a.pdf", &[]));
    let (_, tally, report) = archived(&tgz(&[("1.depot.xml", &one), ("2.depot.xml", &two), ("a.pdf", &paper())]));
    assert_eq!((&tally["accepted"], rules(&report)), (&1.into(), vec!["L-05"]), "{report}");
}

#[test]
fn edi_has_no_forms() {
    let form = form(&page("A4", "F-1"), "a.pdf", &[]);
    let mut w = world();
    w.drop_file("edi", "alpha", "f.depot.xml", &form);
    w.drop_file("edi", "alpha", "lot", &tgz(&[("f.depot.xml", &form), ("a.pdf", &paper())]));
    let tally = w.batch();
    assert_eq!((&tally["accepted"], &tally["held"]), (&0.into(), &0.into()));
    assert_eq!(w.violations(true), Vec::<String>::new());
    let reports = text(&w.tray("alpha", "comptes-rendus").concat());
    let mut told = rules(&reports);
    told.sort_unstable();
    assert_eq!(told, ["L-03", "L-15", "L-15"]);
}
