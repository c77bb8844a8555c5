//! Attachments (BG-24): by rule, in linear time.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::build::{Build, Format};
use common::pdf::facturx;
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
    assert!(broken(with(Format::Cii, &many), &Config::default()).is_empty());
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
