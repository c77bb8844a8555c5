//! EDI names: of a partner who follows Chorus Pro's rule every part of a file's name is judged, at once, together with
//! what the file holds; names of other partners never are.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::build::{Build, Format};
use common::world::{MOE, World, a4, text};
use std::fs;

const GOOD: &str = "FSO1100A_ALP001_ALP0011100000000000000001";

/// A world in which alpha names its files by Chorus Pro's rule, and beta does not.
fn strict() -> World {
    strict_with("")
}

fn strict_with(config: &str) -> World {
    let w = World::with(&format!("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n{config}"));
    let path = w.path("annuaire/partners.toml");
    let partners = fs::read_to_string(&path).unwrap();
    fs::write(path, partners.replacen("app_code = \"ALP001\"", "app_code = \"ALP001\"\nnaming = \"chorus\"", 1))
        .unwrap();
    w
}

/// What the last report to alpha says: the result, and each finding's rule, what was found and what was expected.
fn report(w: &World) -> (String, Vec<(String, String, String)>) {
    let report = text(w.tray("alpha", "comptes-rendus").last().unwrap());
    let between = |text: &str, from: &str, to: &str| -> Option<String> {
        Some(
            text.split_once(from)?
                .1
                .split(to)
                .next()?
                .replace("&quot;", "\"")
                .replace("&gt;", ">")
                .replace("&lt;", "<"),
        )
    };
    let result = between(&report, "<IdStatut>", "<").unwrap();
    let lines = report.split("<LigneErreurDetail").skip(1).map(|line| {
        let what = between(line, "<DescriptionErreur>", "<").unwrap_or_default();
        let part = |name: &str| between(&what, name, "\n").map(|t| t.trim().to_owned()).unwrap_or_default();
        (between(line, "<CodeErreur>", "<").unwrap(), part("trouvé :"), part("attendu :"))
    });
    (result, lines.collect())
}

/// Drops one file of alpha's and says what came of it: the result, and the rules told.
fn drop_one(w: &mut World, name: &str, bytes: &[u8]) -> (String, Vec<String>) {
    w.drop_file("edi", "alpha", name, bytes);
    w.batch();
    assert_eq!(w.violations(true), Vec::<String>::new(), "{name}");
    let (result, lines) = report(w);
    (result, lines.into_iter().map(|(rule, _, _)| rule).collect())
}

fn accepted() -> (String, Vec<String>) {
    ("90".to_owned(), Vec::new())
}

fn refused(rules: &[&str]) -> (String, Vec<String>) {
    ("93".to_owned(), rules.iter().map(|r| (*r).to_owned()).collect())
}

fn cii(number: &str) -> Vec<u8> {
    let block = Some(("1", MOE.to_owned()));
    Build::new(Format::Cii).with(|b| (b.number, b.block) = (Some(number.to_owned()), block)).bytes()
}

#[test]
fn a_good_name_is_taken_and_answered_on_its_interface() {
    let mut w = strict();
    assert_eq!(drop_one(&mut w, GOOD, &a4("N-1")), accepted());
    assert_eq!(drop_one(&mut w, "FSO1116A_ALP001_ALP0011116000000000000002", &cii("N-2")), accepted());
    let reports = w.files("spool/out/alpha/comptes-rendus");
    assert!(reports[0].starts_with("CSO1100A_GUI001_GUI0011100") && reports[0].len() == 41, "{reports:?}");
    assert!(reports[1].starts_with("CSO1116A_GUI001_GUI0011116") && reports[1].len() == 41, "{reports:?}");
}

#[test]
fn each_part_that_is_wrong_is_told_with_what_stands_there() {
    #[rustfmt::skip]
    let cases: &[(&str, &[(&str, &str)])] = &[
        // name                                           found                     expected
        ("fso1100a_alp001_alp0011100000000000000001",     &[("fso1100a_alp001_alp0011100000000000000001", GOOD)]),
        ("FSO1100A_ALP001_ALP0011100000000000000001.xml", &[(".xml",                "aucune extension")]),
        ("FSO1100A_BET001_ALP0011100000000000000001",     &[("BET001",              "ALP001")]),
        ("FSO1100A_ALP001_BET0011100000000000000001",     &[("BET001",              "ALP001")]),
        ("FSO9999A_ALP001_ALP0019999000000000000001",     &[("FSO9999A",            "un de : FSO1100A, FSO1106A, FSO1110A, FSO1116A, FSO1117A, FSO1201A")]),
        ("FSO1100A_ALP001_ALP0011106000000000000001",     &[("1106",                "1100")]),
        ("FSO1100A_ALP001_ALP001110000000000000001",      &[("00000000000001",      "15 chiffres, et non 14")]),
        ("FSO1100A_ALP001_ALP00111000000000000000001",    &[("0000000000000001",    "15 chiffres, et non 16")]),
        ("FSO1100A_ALP001_ALP00111000000000000000é1",     &[("0000000000000é1",     "15 chiffres")]),
        ("F1.xml",                                        &[(".xml",                "aucune extension"),
                                                            ("F1",                  "un de : FSO1100A, FSO1106A, FSO1110A, FSO1116A, FSO1117A, FSO1201A"),
                                                            ("F1",                  "<interface>_ALP001_ALP001<quatre chiffres de l'interface><séquence de 15 chiffres>")]),
        ("FSO1100A_BET001_GAM0011106A",                   &[("BET001",              "ALP001"),
                                                            ("GAM001",              "ALP001"),
                                                            ("1106",                "1100"),
                                                            ("A",                   "15 chiffres, et non 1")]),
    ];
    for (n, (name, expected)) in cases.iter().enumerate() {
        let mut w = strict();
        w.drop_file("edi", "alpha", name, &a4(&format!("N-{n}")));
        let tally = w.batch();
        assert_eq!((&tally["accepted"], &tally["refused"]), (&0.into(), &1.into()), "{name}");
        let (result, lines) = report(&w);
        let found: Vec<(&str, &str)> = lines.iter().map(|(_, f, e)| (f.as_str(), e.as_str())).collect();
        assert!(result == "93" && lines.iter().all(|(rule, _, _)| rule == "T-37"), "{name}: {lines:?}");
        assert_eq!(found, *expected, "{name}");
        assert!(w.files("spool/out/beta").is_empty(), "{name}: nobody else hears of it");
        assert_eq!(w.violations(true), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_name_and_the_content_must_agree() {
    #[rustfmt::skip]
    let cases = [
        ("FSO1106A_ALP001_ALP0011106000000000000001", a4("N-1"),  refused(&["T-38"])),
        ("FSO1116A_ALP001_ALP0011116000000000000001", a4("N-1"),  refused(&["T-38"])),
        ("FSO1117A_ALP001_ALP0011117000000000000001", a4("N-1"),  refused(&["T-38"])),
        ("FSO1100A_ALP001_ALP0011100000000000000001", cii("N-1"), refused(&["T-38"])),
        ("FSO1110A_ALP001_ALP0011110000000000000001", cii("N-1"), refused(&["T-38"])),
        ("FSO1110A_ALP001_ALP0011110000000000000001", a4("N-1"),  accepted()),
        ("FSO1106A_ALP001_ALP0011106000000000000001", cii("N-1"), accepted()),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(drop_one(&mut strict(), name, &bytes), expected, "{name}");
    }
}

#[test]
fn the_codes_are_the_configurations() {
    let mut w = strict_with("[interfaces.inbound]\nFSO2204A = \"ubl\"\nFSO1100A = \"none\"\n");
    assert_eq!(drop_one(&mut w, "FSO2204A_ALP001_ALP0012204000000000000001", &a4("N-1")), accepted());
    assert_eq!(drop_one(&mut w, GOOD, &a4("N-2")), refused(&["T-37"]));
}

#[test]
fn a_sequence_serves_once() {
    let mut w = strict();
    assert_eq!(drop_one(&mut w, GOOD, &a4("N-1")), accepted());
    assert_eq!(drop_one(&mut w, GOOD, &a4("N-2")), refused(&["T-39"]));
    assert_eq!(drop_one(&mut w, GOOD, &a4("N-1")), refused(&["T-10"]), "the same bytes are a repetition, no more");
    assert_eq!(drop_one(&mut w, GOOD, &a4("N-3")), refused(&["T-39"]), "what followed frees nothing");
    assert_eq!(drop_one(&mut w, "FSO1100A_ALP001_ALP0011100000000000000002", &a4("N-2")), accepted());
}

#[test]
fn what_was_refused_or_held_may_be_sent_again_under_its_name() {
    let mut w = strict();
    let bad = text(&a4("N-1")).replace(">120.00</cbc:PayableAmount>", ">121.00</cbc:PayableAmount>");
    assert_eq!(drop_one(&mut w, GOOD, bad.as_bytes()), refused(&["C-11"]));
    assert_eq!(drop_one(&mut w, GOOD, b"noise").0, "93");
    assert_eq!(w.files("spool/hold").len(), 1);
    let (result, rules) = drop_one(&mut w, GOOD, &a4("N-1"));
    assert_eq!((result.as_str(), rules), ("90", vec!["T-39".to_owned()]), "told, and integrated");
}

#[test]
fn a_flow_that_goes_back_to_work_has_its_own_name() {
    let mut w = strict();
    w.drop_file("edi", "alpha", GOOD, b"noise");
    w.batch();
    let flow: String = w.ledger().query_row("SELECT id FROM flow", [], |r| r.get(0)).unwrap();
    assert!(w.run(&["requeue", &flow]).status.success());
    let (_, lines) = report(&w);
    assert!(lines.iter().all(|(rule, _, _)| rule != "T-39"), "{lines:?}");
}

#[test]
fn everything_else_that_is_wrong_is_told_along() {
    let mut w = strict();
    let bad = text(&a4("N-1")).replace(">120.00</cbc:PayableAmount>", ">121.00</cbc:PayableAmount>");
    let bad = bad.replace("<cbc:ProfileID>A4<", "<cbc:ProfileID>A99<");
    let (result, mut rules) = drop_one(&mut w, "FSO1106A_BET001_ALP0011106000000000000001.xml", bad.as_bytes());
    rules.sort();
    assert_eq!((result.as_str(), rules), ("93", ["C-11", "T-01", "T-37", "T-37", "T-38"].map(str::to_owned).to_vec()));
    let (_, rules) = drop_one(&mut w, "F1", b"noise");
    assert!(rules.contains(&"T-37".to_owned()), "what cannot be read has a name too: {rules:?}");
    // The pièce is in the ledger as refused, and told as such.
    let status: String = w.ledger().query_row("SELECT status FROM piece", [], |r| r.get(0)).unwrap();
    assert_eq!(status, "REFUSEE_CONTROLE");
}

#[test]
fn a_good_pièce_under_a_wrong_name_is_refused_whole_and_frees_its_number() {
    let mut w = strict();
    assert_eq!(drop_one(&mut w, "N-1.xml", &a4("N-1")).0, "93");
    let told = text(&w.tray("alpha", "statuts").concat());
    assert!(told.contains("REFUSEE_CONTROLE") && !told.contains("DEPOSEE"), "{told}");
    assert_eq!(drop_one(&mut w, GOOD, &a4("N-1")), accepted(), "the same bytes, well named");
}

#[test]
fn names_of_other_partners_and_of_other_modes_are_not_judged() {
    let mut w = strict();
    for (mode, partner, number) in [("edi", "delta", "N-1"), ("portail", "alpha", "N-2")] {
        w.drop_file(mode, partner, "n'importe quoi.xml", &a4(number));
    }
    assert_eq!(w.batch()["accepted"], 2);
    w.drop_file("edi", "delta", "n'importe quoi.xml", &a4("N-3"));
    w.drop_file("edi", "delta", GOOD, &a4("N-4"));
    assert_eq!(w.batch()["accepted"], 2, "another partner's name, twice the same name: no matter");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn no_two_partners_get_one_name_and_each_sees_its_own_numbers_alone() {
    let mut w = strict();
    w.drop_file("edi", "delta", "F", &a4("N-1"));
    w.batch();
    w.drop_file("edi", "alpha", GOOD, &a4("N-2"));
    w.batch();
    let mut names: Vec<String> = Vec::new();
    for partner in ["alpha", "beta", "delta"] {
        let all = w.files(&format!("spool/out/{partner}"));
        let all = all.iter().map(|path| path.rsplit('/').next().unwrap().to_owned());
        let mut numbers: Vec<u64> = Vec::new();
        for name in all {
            let digits = name.split("_p-").next().unwrap();
            numbers.push(digits[digits.len() - 15..].parse().unwrap());
            names.push(name);
        }
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|two| two[0] + 1 == two[1]), "{partner}: {numbers:?}");
        assert_eq!(numbers[0] % 10_000_000_000, 1, "{partner}: {numbers:?}");
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
}
