//! Attachments (BG-24): by rule, in linear time.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::archive::tgz;
use common::build::{Build, Format};
use common::pdf::facturx;
use common::world::{World, a4, text};
use guichet::config::Config;
use guichet::judge::{Judged, judge};
use guichet::piece::attached;
use guichet::rules::{Context, Layer};
use guichet::trade::Mode;
use std::convert::Infallible;

fn judged(bytes: Vec<u8>, config: &Config) -> Judged {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let (annuaire, partner, associated, mode) = (None, None, None, Mode::Edi);
    judge(bytes, &Context { config, annuaire, mode, partner, today, layers: &[Layer::Chorus], associated })
}

fn with(format: Format, attachments: &[(&str, &str)]) -> Vec<u8> {
    let attachments = attachments.iter().map(|(n, b)| (Some((*n).to_owned()), (*b).to_owned())).collect();
    Build { attachments, ..Build::new(format) }.bytes()
}

fn broken(bytes: Vec<u8>, config: &Config) -> Vec<&'static str> {
    let all = judged(bytes, config).findings.into_iter().map(|f| f.rule);
    all.filter(|r| ["C-08", "C-09", "C-15"].contains(r)).collect()
}

#[test]
fn each_attachment_is_judged_by_its_name_size_and_encoding() {
    let long = format!("{}.pdf", "x".repeat(46));
    let fits = format!("{}.pdf", "é".repeat(46));
    #[rustfmt::skip]
    let cases: [(&str, &str, &[&str]); 12] = [
        // name            content       rules
        ("plan.pdf",       "Zm9v",       &[]),
        ("PLAN.PDF",       "Zm9v\n YmFy", &[]),
        (&fits,            "Zg==",       &[]),
        ("a.tar.gz",       "Zg==",       &[]),
        (&format!("x{long}"), "Zg==",    &["C-08"]),
        ("macro.exe",      "Zg==",       &["C-08"]),
        ("plan",           "Zg==",       &["C-08"]),
        ("plan.",          "Zg==",       &["C-08"]),
        ("",               "Zg==",       &["C-08"]),
        ("plan.pdf",       "",           &["C-09"]),
        ("plan.pdf",       "Zm9v*",      &["C-15"]),
        ("plan.pdf",       "Zm9",        &["C-15"]),
    ];
    for format in [Format::Ubl, Format::Cii] {
        for (name, content, rules) in &cases {
            assert_eq!(broken(with(format, &[(name, content)]), &Config::default()), *rules, "{name} {content}");
        }
    }
}

#[test]
fn sizes_are_those_of_the_files() {
    let mut config = Config::default();
    (config.limits.attachment, config.limits.attachments) = (9, 16);
    let of = |sizes: &[usize]| {
        let contents: Vec<String> = sizes.iter().map(|n| "AAAA".repeat(n / 3) + ["", "AA==", "AAA="][n % 3]).collect();
        let all: Vec<(&str, &str)> = contents.iter().map(|c| ("a.pdf", c.as_str())).collect();
        broken(with(Format::Ubl, &all), &config)
    };
    assert_eq!(of(&[8]), [""; 0], "less than the limit of one");
    assert_eq!(of(&[9]), ["C-09"]);
    assert_eq!(of(&[8, 8]), [""; 0], "the limit of all");
    assert_eq!(of(&[8, 8, 1]), ["C-09"]);
    assert_eq!(of(&[9, 9]), ["C-09", "C-09", "C-09"], "each, and all of them");
}

#[test]
fn files_come_out_in_order_of_xml_and_of_a_pdf() {
    let files = [("plan.pdf", "JVBERi0="), ("métré.xlsx", "UEsD\nBA=="), ("plan.pdf", "Zm9v")];
    let expected: [(usize, &str, &[u8]); 3] =
        [(1, "plan.pdf", b"%PDF-"), (2, "métré.xlsx", b"PK\x03\x04"), (3, "plan.pdf", b"foo")];
    for format in [Format::Ubl, Format::Cii] {
        let xml = with(format, &files);
        for document in [facturx(&xml), xml] {
            let mut found = Vec::new();
            let Ok(()) = attached::each(document, |n, name, bytes| {
                found.push((n, name.to_owned(), bytes));
                Ok::<(), Infallible>(())
            });
            let found: Vec<(usize, &str, &[u8])> =
                found.iter().map(|(n, name, b)| (*n, name.as_str(), &b[..])).collect();
            assert_eq!(found, expected);
        }
    }
    for nothing in [&b""[..], b"%PDF-1.7\n%%EOF", b"<a/>", b"\xff\xfe"] {
        let Ok(()) =
            attached::each(nothing.to_vec(), |_, _, _| -> Result<(), Infallible> { panic!("nothing is in it") });
    }
}

/// Thirty megabytes, and twenty thousand small ones.
#[test]
fn many_and_heavy_attachments_take_linear_time() {
    let heavy = "QUJD".repeat(3 << 20);
    let started = std::time::Instant::now();
    assert_eq!(broken(with(Format::Ubl, &[("a.pdf", &heavy), ("b.pdf", &heavy[1..])]), &Config::default()).len(), 1);
    let many = vec![("a.pdf", "Zm9v"); 20_000];
    assert_eq!(broken(with(Format::Cii, &many), &Config::default()), ["C-09"], "too many for one pièce");
    let mut config = Config::default();
    config.limits.entries = 20_000;
    assert!(broken(with(Format::Cii, &many), &config).is_empty());
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed()); // quadratic, it would be hours
}

/// An A4 that the world accepts, with files in it.
fn a4_with(number: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let files: String = files
        .iter()
        .map(|(name, content)| {
            format!(
                "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment>\
                 <cbc:EmbeddedDocumentBinaryObject mimeCode=\"application/pdf\" filename=\"{name}\">{content}</cbc:EmbeddedDocumentBinaryObject>\
                 </cac:Attachment></cac:AdditionalDocumentReference>"
            )
        })
        .collect();
    let before = "<cac:AccountingSupplierParty>";
    text(&a4(number)).replace(before, &format!("{files}{before}")).into_bytes()
}

#[test]
fn each_file_goes_beside_the_pièce_to_whoever_receives_it() {
    let files = [("../plan.pdf", "JVBERi0="), ("métré.xlsx", "UEsDBA==")];
    let (plain, packed) = (a4_with("N-1", &files), facturx(&a4_with("N-2", &files)));
    let archive = tgz(&[
        ("a.xml", &a4_with("N-3", &files)),
        ("b.xml", &a4("N-4")),
        ("c.pdf", &facturx(&a4_with("N-5", &files[..1]))),
    ]);
    let mut w = World::new();
    w.drop_file("edi", "alpha", "plain", &plain);
    w.drop_file("edi", "alpha", "packed", &packed);
    w.drop_file("edi", "alpha", "archive", &archive);
    assert_eq!(w.batch()["accepted"], 5);
    assert_eq!(w.violations(true), Vec::<String>::new());
    let names: Vec<String> = w.files("spool/out/beta/pieces");
    let after_id = |name: &String| name[16..].split_once(['_', '.']).unwrap().1.to_owned();
    let told: Vec<String> = names.iter().map(after_id).collect();
    let [one, two] = ["_plan.pdf", "métré.xlsx"];
    assert_eq!(told.len(), 12, "{names:?}");
    for (what, n) in [(one, 4), (two, 3), ("xml", 3), ("pdf", 2)] {
        assert_eq!(told.iter().filter(|t| t.trim_start_matches('.') == what).count(), n, "{what}: {names:?}");
    }
    for (name, bytes) in names.iter().zip(w.tray("beta", "pieces")) {
        let meant: Option<&[u8]> = match name {
            name if name.ends_with(one) => Some(b"%PDF-"),
            name if name.ends_with(two) => Some(b"PK\x03\x04"),
            _ => None,
        };
        assert!(meant.is_none_or(|meant| meant == bytes), "{name}");
    }
    // A pièce, then its files: the same id, sequences that follow.
    let first = names.iter().position(|n| n.ends_with(one)).unwrap();
    assert_eq!(names[first - 1][16..34], names[first][16..34]);
    assert!(
        !w.files("spool/out").iter().any(|f| f.starts_with("gamma") && f.contains("plan")),
        "the MOA has not got it yet"
    );

    // The original is the pièce's own bytes, not those of a file beside it.
    let exported = w.run(&["dossier", "N-1", "--export", "d.zip"]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));

    // The audit opens the deposits again.
    let ledger = rusqlite::Connection::open(w.path("spool/guichet.db")).unwrap();
    ledger.execute_batch("DROP TRIGGER outbox_fixed").unwrap();
    for part in ["embedded 2", "embedded 9"] {
        let changed = ledger.execute("UPDATE outbox SET part = ?1 WHERE part = 'embedded 1'", [part]).unwrap();
        assert_eq!(changed, 4);
        let out = w.run(&["verify"]);
        assert_eq!(out.status.code(), Some(1));
        assert_eq!(
            text(&out.stdout).matches("is not the file that came with the pièce").count(),
            4,
            "{}",
            text(&out.stdout)
        );
        ledger.execute("UPDATE outbox SET part = 'embedded 1' WHERE name LIKE '%plan.pdf'", []).unwrap();
    }
    assert!(w.run(&["verify"]).status.success());
}
