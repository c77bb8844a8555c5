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
        if says.is_empty() && matches!(field, "numero" | "ht" | "devise") {
            let remedy = format!("renseignez dans le formulaire : &lt;{field}&gt;");
            assert!(report.contains(&remedy), "{field}: in the words of the form: {report}");
        }
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
    let cases: [(&str, Vec<u8>, Beside<'_>, &[&str]); 10] = [
        // what                     form                                   beside it                            rules
        ("no main file",            of("a.pdf", &[]),                      vec![],                              &["L-05"]),
        ("none named",              of("", &[]),                           vec![],                              &["L-05"]),
        ("no attachment",           of("a.pdf", &["b.txt"]),               vec![("a.pdf", &pdf)],               &["L-05"]),
        ("a path",                  of("a.pdf", &["../b.txt"]),            vec![("a.pdf", &pdf), ("b.txt", b"b")], &["L-05", "L-18"]),
        ("paper is a drawing",      of("a.txt", &[]),                      vec![("a.txt", b"drawn")],           &["L-05"]),
        ("empty",                   of("a.pdf", &["b.txt"]),               vec![("a.pdf", &pdf), ("b.txt", b"")], &["C-09"]),
        ("a program",               of("a.pdf", &["b.exe"]),               vec![("a.pdf", &pdf), ("b.exe", b"MZ")], &["C-08"]),
        ("too large",               of("a.pdf", &["b.txt"]),               vec![("a.pdf", &pdf), ("b.txt", &big)], &["C-09"]),
        ("main and attached",       of("a.pdf", &["a.pdf"]),               vec![("a.pdf", &pdf)],               &["L-16"]),
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

/// Drops alpha's files in the portal, nothing of them answered yet.
fn loose(w: &mut World, files: &[(&str, &[u8])]) {
    w.drop_set("portail", "alpha", files);
}

#[test]
fn a_form_takes_the_files_beside_it() {
    let (page, pdf) = (page("A4", "F-1"), paper());
    let form = form(&page, "situation.pdf", &["plan.txt", "détail.csv"]);
    let files: [(&str, &[u8]); 4] =
        [("f.depot.xml", &form), ("situation.pdf", &pdf), ("plan.txt", b"a plan"), ("détail.csv", b"a;b")];
    let mut hashes = Vec::new();
    for turned in [false, true] {
        let mut files = files;
        if turned {
            files.reverse();
        }
        let barrier = if turned { "fsync" } else { "syncfs" };
        let waits = "[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n[ledger]\n";
        let mut w = World::with(&format!("{waits}barrier = \"{barrier}\"\n"));
        loose(&mut w, &files);
        w.drop_file("portail", "alpha", "other.xml", &a4("N-1"));
        let tally = w.batch();
        assert_eq!(w.violations(true), Vec::<String>::new());
        assert_eq!((&tally["flows"], &tally["accepted"], &tally["waiting"]), (&2.into(), &2.into(), &0.into()));
        let mut names = pieces(&w, "beta");
        names.sort();
        assert_eq!(names, ["d_tail.csv", "pdf", "plan.txt", "xml"].map(|n| n.replace("d_tail", "détail")));
        let row: (String, String, Vec<u8>) = w
            .ledger()
            .query_row("SELECT name, filed, sha256 FROM flow WHERE syntax = 'depot'", [], |r| {
                Ok((text(&r.get::<_, Vec<u8>>(0)?), r.get(1)?, r.get(2)?))
            })
            .unwrap();
        assert_eq!(row.0, "f.depot.xml");
        assert!(row.1.ends_with("~f.depot.xml.tar"), "{}", row.1);
        hashes.push(row.2);
        // The original of the pièce is its own file, and the audit opens the archive.
        assert!(w.run(&["dossier", "F-1", "--export", "d.zip"]).status.success());
        let ledger = w.ledger();
        ledger.execute_batch("DROP TRIGGER outbox_fixed").unwrap();
        ledger.execute("UPDATE outbox SET part = 'entry 1' WHERE part = 'entry 2'", []).unwrap();
        let out = text(&w.run(&["verify"]).stdout);
        assert_eq!(out.matches("is not the file that came with the pièce").count(), 1, "{out}");
    }
    assert_eq!(hashes[0], hashes[1], "the same files are the same bytes");
}

#[test]
fn the_same_set_again_is_a_duplicate() {
    let (form, pdf) = (form(&page("A4", "F-1"), "a.pdf", &[]), paper());
    let mut w = world();
    for n in 0..2 {
        loose(&mut w, &[("f.depot.xml", &form), ("a.pdf", &pdf)]);
        let tally = w.batch();
        assert_eq!((&tally["accepted"], &tally["duplicates"]), (&(1 - n).into(), &n.into()));
    }
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn form_and_files_wait_for_each_other() {
    let waits = "[spool]\nsettle = \"0s\"\nincomplete_after = \"1h\"\n";
    let (form, pdf) = (form(&page("A4", "F-1"), "a.pdf", &["b.docx", "c.bin"]), paper());
    let office = zipped(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<a/>")]);
    let files: [(&str, &[u8]); 4] =
        [("c.bin", b"\x01\x02"), ("a.pdf", &pdf), ("b.docx", &office), ("f.depot.xml", &form)];
    for last in 0..files.len() {
        let mut w = World::with(waits);
        for (n, (name, bytes)) in files.iter().enumerate() {
            if n != last {
                w.drop_file("portail", "alpha", name, bytes);
                let tally = w.batch();
                assert_eq!(tally["flows"], 0, "{name}: {tally}");
            }
        }
        let tally = w.batch();
        assert_eq!((&tally["flows"], &tally["waiting"]), (&0.into(), &3.into()), "all but {}", files[last].0);
        // Not finished yet is not there yet.
        if files[last].0 == "a.pdf" {
            let path = w.path("spool/in/portail/alpha/a.pdf");
            std::fs::write(&path, &pdf[..pdf.len() - 9]).unwrap();
            assert_eq!(w.batch()["waiting"], 4);
        }
        w.drop_file("portail", "alpha", files[last].0, files[last].1);
        w.along = 3;
        let tally = w.batch();
        // The type of one file is none that Chorus Pro takes: that is for the rules, not for the wait.
        assert_eq!((&tally["flows"], &tally["refused"], &tally["waiting"]), (&1.into(), &1.into(), &0.into()));
        assert_eq!(rules(&text(&w.tray("alpha", "comptes-rendus").concat())), ["C-08"]);
        assert_eq!(w.violations(true), Vec::<String>::new());
    }
}

#[test]
fn what_waited_too_long_is_answered_alone() {
    let (of, pdf) = (form(&page("A4", "F-1"), "a.pdf", &["b.txt"]), paper());
    type Files<'a> = &'a [(&'a str, &'a [u8])];
    #[rustfmt::skip]
    let cases: [(&str, Files<'_>, &[&str]); 6] = [
        // what                     files                                             rules
        ("a form alone",            &[("f.depot.xml", &of)],                          &["L-05", "L-05"]),
        ("an attachment missing",   &[("f.depot.xml", &of), ("a.pdf", &pdf)],         &["L-05"]),
        ("the main file missing",   &[("f.depot.xml", &of), ("b.txt", b"b")],         &["L-05"]),
        ("a PDF alone",             &[("a.pdf", &pdf)],                               &["L-03"]),
        ("no pièce at all",         &[("plan.bin", b"\x01\x02")],                     &["L-18"]),
        ("a form with a DOCTYPE",   &[("f.depot.xml", b"<!DOCTYPE a><Depot xmlns=\"urn:guichet:depot:1\"/>")], &["X-07"]),
    ];
    for (what, files, expected) in cases {
        let mut w = world();
        loose(&mut w, files);
        let tally = w.batch();
        let reports = text(&w.tray("alpha", "comptes-rendus").concat());
        assert_eq!(
            (rules(&reports), &tally["accepted"], &tally["flows"]),
            (expected.to_vec(), &0.into(), &1.into()),
            "{what}: {reports}"
        );
        assert_eq!(w.violations(true), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn a_form_names_nothing_outside_its_directory() {
    let secret = "../../edi/alpha/secret.txt";
    let path = |w: &World| w.path("spool/in/edi/alpha/secret.txt").to_string_lossy().into_owned();
    let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n[limits]\nfile = \"1KiB\"\n");
    std::fs::write(w.path("secret.txt"), "s").unwrap();
    let absolute = path(&w);
    std::os::unix::fs::symlink(w.path("secret.txt"), w.path("link.txt")).unwrap();
    let form = form(&page("A4", "F-1"), "a.pdf", &[secret, &absolute, "..", "g.depot.xml", "link.txt", "b\\c.txt"]);
    loose(&mut w, &[("f.depot.xml", &form), ("a.pdf", &paper())]);
    let link = w.path("spool/in/portail/alpha/link.txt");
    std::os::unix::fs::symlink(w.path("secret.txt"), &link).unwrap();
    let tally = w.batch();
    let reports = text(&w.tray("alpha", "comptes-rendus").concat());
    assert_eq!((rules(&reports), &tally["flows"]), (vec!["L-05"; 6], &1.into()), "{reports}");
    assert!(link.symlink_metadata().is_ok(), "a link stays where it is");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn of_two_loose_forms_the_first_has_the_file() {
    let (one, two) = (form(&page("A4", "F-1"), "a.pdf", &["b.txt", "b.txt"]), form(&page("A4", "F-2"), "a.pdf", &[]));
    let mut w = world();
    loose(&mut w, &[("1.depot.xml", &one), ("a.pdf", &paper()), ("b.txt", b"b")]);
    loose(&mut w, &[("2.depot.xml", &two)]);
    let tally = w.batch();
    let reports = text(&w.tray("alpha", "comptes-rendus").concat());
    assert_eq!(
        (&tally["accepted"], &tally["refused"], rules(&reports)),
        (&1.into(), &1.into(), vec!["L-05"]),
        "{reports}"
    );
    assert_eq!(w.violations(true), Vec::<String>::new());
    assert_eq!(pieces(&w, "beta"), ["pdf", "b.txt"], "named twice, delivered once");
}

#[test]
fn odd_files_beside_a_form() {
    let bomb = {
        let inside = "<a>".to_owned() + &"x".repeat(20 << 20) + "</a>";
        Pdf::new(&[("factur-x.xml", inside.as_bytes())]).bytes()
    };
    let two = Pdf::new(&[("factur-x.xml", &a4("F-1")), ("zugferd-invoice.xml", &a4("F-2"))]).bytes();
    let locked = Pdf { trailer: "/Encrypt << /Filter /Standard >>", ..Pdf::new(&[]) }.bytes();
    let huge = [paper(), vec![b' '; 5 << 20]].concat();
    let whole = paper();
    let long = format!("<?xml version=\"1.0\"?>\n<!-- {} -->", "x".repeat(2 << 20));
    #[rustfmt::skip]
    let cases: [(&str, &[u8], &[&str]); 6] = [
        ("encrypted",  &locked,                   &["X-32"]),
        ("two XML",    &two,                      &["L-14"]),
        ("a bomb",     &bomb,                     &["X-33"]),
        ("huge",       &huge,                     &["L-05"]),
        ("cut",        &whole[..whole.len() - 9], &["X-05"]),
        ("empty",      b"",                       &["X-01"]),
    ];
    for (what, main, expected) in cases {
        let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n[limits]\nfile = \"4MiB\"\n");
        let of = form(&page("A4", "F-1"), "a.pdf", &[]);
        loose(&mut w, &[("f.depot.xml", &of), ("a.pdf", main)]);
        w.drop_file("portail", "alpha", "other.xml", &a4("N-1"));
        let tally = w.batch();
        let reports = text(&w.tray("alpha", "comptes-rendus").concat());
        assert_eq!((&tally["accepted"], &tally["flows"]), (&1.into(), &2.into()), "{what}: {reports}");
        assert_eq!(rules(&reports), expected, "{what}: {reports}");
        assert_eq!(w.violations(true), Vec::<String>::new(), "{what}");
    }
    // A form of 2 MB is none: it is told, and its file waits for nobody.
    let mut w = world();
    let of = text(&form(&page("A4", "F-1"), "a.pdf", &[])).replacen("?>", &format!("?>{}", &long[21..]), 1);
    w.drop_file("portail", "alpha", "f.depot.xml", of.as_bytes());
    w.drop_file("portail", "alpha", "a.pdf", &paper());
    assert_eq!(w.batch()["accepted"], 0);
    let reports = text(&w.tray("alpha", "comptes-rendus").concat());
    let mut told = rules(&reports);
    told.sort_unstable();
    assert_eq!(told, ["L-03", "L-05"], "{reports}");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn whoever_the_pièce_goes_to_later_has_its_files_too() {
    let mut w = world();
    let edit = |name: &str, from: &str, to: &str| {
        let path = w.path(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
    };
    let sheet = format!("titulaire = \"{TITULAIRE}\"\n");
    edit(
        "annuaire/marches.toml",
        &sheet,
        &format!("{sheet}sous_traitants = [{{ id = \"{OTHER}\", of = \"{TITULAIRE}\" }}]\n"),
    );
    let delta = "name = \"delta\"\napp_code = \"DEL001\"\nstructures = [\"91100004000012\", \"91100001600012\"]\nmodes = [\"edi\"]";
    edit("annuaire/partners.toml", delta, &delta.replace("[\"edi\"]", "[\"edi\", \"portail\"]"));
    let mut fields = page("A10", "D-1");
    fields.retain(|(name, _)| !name.starts_with("fournisseur"));
    fields.extend([("fournisseur", OTHER), ("fournisseur-nom", "Enrobés de la Plaine"), ("valideur1", TITULAIRE)]);
    let form = form(&fields, "d.pdf", &["plan.txt", "note.txt"]);
    w.drop_set(
        "portail",
        "delta",
        &[("d.depot.xml", &form), ("d.pdf", &paper()), ("plan.txt", b"a plan"), ("note.txt", b"n")],
    );
    assert_eq!(w.batch()["accepted"], 1, "{}", text(&w.tray("delta", "comptes-rendus").concat()));
    assert_eq!((pieces(&w, "alpha").len(), pieces(&w, "beta").len()), (3, 0));
    let piece: String = w.ledger().query_row("SELECT id FROM piece", [], |r| r.get(0)).unwrap();
    let out = w.run(&["act", &piece, "validate", "--as", TITULAIRE]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(pieces(&w, "beta"), ["pdf", "plan.txt", "note.txt"]);
    assert_eq!(w.tray("beta", "pieces"), [paper(), b"a plan".to_vec(), b"n".to_vec()]);
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn check_judges_a_form_with_its_files_once() {
    let w = world();
    let (page, dir) = (page("A4", "F-1"), w.path("to-check"));
    std::fs::create_dir(&dir).unwrap();
    for (name, bytes) in
        [("f.depot.xml", form(&page, "a.pdf", &["plan.txt"])), ("a.pdf", paper()), ("plan.txt", b"x".to_vec())]
    {
        std::fs::write(dir.join(name), bytes).unwrap();
    }
    let judged = |args: &[&str]| {
        let out = w.run(&[&["check", "--format", "json"], args].concat());
        let lines: Vec<Value> = text(&out.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        (out.status.code(), lines)
    };
    let (code, lines) = judged(&["--mode", "portail", "to-check"]);
    assert_eq!((code, lines.len()), (Some(0), 1), "{lines:?}");
    assert_eq!((&lines[0]["syntax"], &lines[0]["verdict"]), (&"depot".into(), &"accepted".into()));
    // By EDI each is by itself; and whoever names a file has that one judged.
    assert_eq!(judged(&["to-check"]).1.len(), 3);
    for (mode, helps) in [("portail", true), ("edi", false)] {
        let found = &judged(&["--mode", mode, "to-check/a.pdf"]).1[0]["findings"][0];
        assert_eq!(found["rule"], "L-03");
        assert_eq!(found["help"].to_string().contains("depot.xml"), helps, "by EDI a form would be refused: {found}");
    }
    // What is wrong is shown in the form.
    std::fs::remove_file(dir.join("plan.txt")).unwrap();
    let out = w.run(&["check", "--mode", "portail", "to-check"]);
    assert!(text(&out.stdout).contains("<piece-jointe>plan.txt</piece-jointe>"), "{}", text(&out.stdout));
}

#[test]
fn a_daemon_waits_for_what_comes_late() {
    struct Daemon(std::process::Child);
    impl Drop for Daemon {
        fn drop(&mut self) {
            let _ = (self.0.kill(), self.0.wait());
        }
    }
    let mut w = World::with("[spool]\nsettle = \"0s\"\nrescan = \"50ms\"\nincomplete_after = \"2s\"\n");
    let daemon = Daemon(w.guichet(&["run"]).stderr(std::process::Stdio::null()).spawn().unwrap());
    let reports = |w: &World, n: usize| {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while w.files("spool/out/alpha/comptes-rendus").len() < n {
            assert!(std::time::Instant::now() < until, "report {n} never came");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    let (late, lame) = (form(&page("A4", "F-1"), "a.pdf", &[]), form(&page("A4", "F-2"), "gone.pdf", &[]));
    w.drop_file("portail", "alpha", "f.depot.xml", &late);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(w.files("spool/out/alpha/comptes-rendus").is_empty(), "it waits");
    w.drop_file("portail", "alpha", "a.pdf", &paper());
    w.along = 1;
    reports(&w, 1);
    assert_eq!(pieces(&w, "beta"), ["pdf"]);
    // What never comes is told once the form has waited long enough.
    w.drop_file("portail", "alpha", "g.depot.xml", &lame);
    reports(&w, 2);
    drop(daemon);
    w.batch();
    assert_eq!(w.violations(true), Vec::<String>::new());
    assert_eq!(rules(&text(&w.tray("alpha", "comptes-rendus").concat())), ["L-05"]);
}

#[test]
fn a_form_of_too_many_files_is_refused_at_once() {
    let names: Vec<String> = (0..20_000).map(|n| format!("plan-{n}.dwg")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let waits = "[spool]\nsettle = \"0s\"\nincomplete_after = \"1h\"\n";
    let mut w = World::with(waits);
    w.drop_file("portail", "alpha", "f.depot.xml", &form(&page("A4", "F-1"), "gone.pdf", &names));
    // One more than may be, and as many as may be: that one waits.
    w.drop_file("portail", "alpha", "g.depot.xml", &form(&page("A4", "F-2"), "gone.pdf", &names[..1099]));
    w.drop_file("portail", "alpha", "h.depot.xml", &form(&page("A4", "F-3"), "gone.pdf", &names[..1098]));
    w.drop_file("edi", "delta", "other.xml", &a4("N-1"));
    let tally = w.batch();
    assert_eq!((&tally["flows"], &tally["refused"], &tally["waiting"]), (&3.into(), &2.into(), &1.into()));
    assert_eq!(rules(&text(&w.tray("alpha", "comptes-rendus").concat())), ["L-16", "L-16"]);
    w.along = 1; // no deposit yet
    assert_eq!(w.violations(true), Vec::<String>::new());
}

/// Alpha's form `f.depot.xml` with `a.pdf` and `b.csv`, and a batch that is killed at the first point of this name.
fn killed_at(point: &str, pdf: &[u8]) -> World {
    let of = form(&page("A4", "F-1"), "a.pdf", &["b.csv"]);
    let new = || {
        let mut w = World::with("[spool]\nsettle = \"1s\"\nincomplete_after = \"1h\"\n");
        w.drop_file("portail", "alpha", "f.depot.xml", &of);
        w.drop_file("portail", "alpha", "a.pdf", pdf);
        std::fs::write(w.path("spool/in/portail/alpha/b.csv"), "early").unwrap();
        w
    };
    let w = new();
    let log = w.path("points");
    assert!(w.guichet(&["batch"]).env("GUICHET_KILL_LOG", &log).output().unwrap().status.success());
    let points = std::fs::read_to_string(log).unwrap();
    let n = 1 + points.lines().position(|line| line.ends_with(point)).unwrap();
    let mut w = new();
    w.guichet(&["batch"]).env("GUICHET_KILL_AT", n.to_string()).output().unwrap();
    w.along = 2;
    assert!(w.files("spool/work/portail/alpha").iter().any(|name| name.ends_with("~f.depot.xml")), "{point}");
    w
}

/// Recovers, and looks at nothing: there is no such flow.
fn recover(w: &World) {
    w.run(&["requeue", "f-0000000000000000"]);
}

#[test]
fn recovery_takes_no_file_that_is_being_written() {
    let pdf = paper();
    for point in ["claimed", "claimed along"] {
        // The partner writes its table anew when guichet ends.
        let mut w = killed_at(point, &pdf);
        let table = w.path("spool/in/portail/alpha/b.csv");
        std::fs::write(&table, "first half;").unwrap();
        // Ended on its way back, at each point of that: the next start goes on.
        for n in 1..=2 {
            w.guichet(&["requeue", "f-0000000000000000"]).env("GUICHET_KILL_AT", n.to_string()).output().unwrap();
            let places = [w.files("spool/work"), w.files("spool/in/portail/alpha")].concat();
            assert_eq!(places.len(), 3, "{point}: each file is in one place: {places:?}");
        }
        recover(&w);
        assert!(w.files("spool/work").is_empty(), "{point}: {:?}", w.files("spool/work"));
        assert_eq!(w.files("spool/in/portail/alpha"), ["a.pdf", "b.csv", "f.depot.xml"], "{point}");
        w.drop_file("portail", "alpha", "b.csv", b"first half;second half");
        let tally = w.batch();
        assert_eq!((&tally["flows"], &tally["accepted"]), (&1.into(), &1.into()), "{point}: {tally}");
        assert_eq!(w.violations(true), Vec::<String>::new(), "{point}");
        assert_eq!(w.tray("beta", "pieces")[1], b"first half;second half", "{point}");
    }
    // A PDF that is cut waits, however long ago that was.
    let mut w = killed_at("claimed", &pdf);
    let path = w.path("spool/in/portail/alpha/a.pdf");
    std::fs::write(&path, &pdf[..pdf.len() - 9]).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    recover(&w);
    assert_eq!(w.files("spool/in/portail/alpha"), ["a.pdf", "b.csv", "f.depot.xml"]);
    assert_eq!(w.batch()["waiting"], 3);
    std::fs::write(&path, &pdf).unwrap();
    assert_eq!(w.batch()["accepted"], 1);
    w.note_drop("portail", "alpha", "b.csv".as_ref(), b"early");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn a_form_goes_back_onto_no_other() {
    let mut w = killed_at("claimed", &paper());
    let other = form(&page("A4", "F-2"), "c.pdf", &[]);
    w.drop_file("portail", "alpha", "b.csv", b"whole");
    w.drop_file("portail", "alpha", "f.depot.xml", &other);
    w.drop_file("portail", "alpha", "c.pdf", &[&paper()[..], b"\n"].concat());
    w.along += 1;
    recover(&w);
    assert_eq!(w.files("spool/work").len(), 1, "its name is taken");
    assert_eq!(w.violations(false), Vec::<String>::new());
    // Once the other is taken, it goes back, or is taken at once where its files are whole by now.
    w.batch();
    w.batch();
    assert_eq!(w.ledger().query_row("SELECT count(*) FROM piece", [], |r| r.get::<_, i64>(0)).unwrap(), 2);
    assert_eq!(w.violations(true), Vec::<String>::new());
}
