//! Hostile input, by chance: every reader is given the samples changed in a thousand ways, and must answer each. A
//! reader that panics is caught in guichet and holds its file (`X-14`): here that fails.
//!
//! The seeds are the project's samples. Here some thousand changes are made, the same ones each time; for a long run:
//! `GUICHET_FUZZ=1000 cargo test --release --test fuzz -- --nocapture` makes a thousand times as many, others each time
//! that `GUICHET_FUZZ_SEED` is another.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use chrono::NaiveDate;
use common::archive::{gz, tar, zipped};
use common::dice::Dice;
use common::pdf::facturx;
use guichet::annuaire::Annuaire;
use guichet::config::{Config, En16931};
use guichet::flux::{self, Kind};
use guichet::judge::{Fate, Judges, judge, judge_archive};
use guichet::rules::{Context, Layer};
use guichet::trade::Mode;
use std::io::Cursor;
use std::path::{Path, PathBuf};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn times(n: usize) -> usize {
    n * std::env::var("GUICHET_FUZZ").ok().map_or(1, |times| times.parse().unwrap())
}

fn dice(target: u64) -> Dice {
    let seed: u64 = std::env::var("GUICHET_FUZZ_SEED").ok().map_or(0, |seed| seed.parse().unwrap());
    Dice::new(seed << 8 | target)
}

/// Every sample of these kinds, the smaller ones: what is changed in them is more likely to matter.
fn seeds(kinds: &[Kind]) -> Vec<Vec<u8>> {
    let files = walkdir::WalkDir::new(samples()).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = files.filter(|e| e.file_type().is_file() && e.metadata().unwrap().len() < 60_000);
    let all = files.map(|e| std::fs::read(e.path()).unwrap());
    all.filter(|bytes| kinds.contains(&flux::sniff(bytes))).collect()
}

/// Pieces that mean something to one reader or another.
#[rustfmt::skip]
const WORDS: &[&[u8]] = &[
    b"<", b">", b"/>", b"</", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x?>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&amp;", b"&#0;", b"&#x10FFFF;", b"&",
    b" xmlns=''", b" xmlns:a='b'", b" a='1'", b"\"", b"'", b"=", b"\0", b"\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"\xe2\x80\xae",
    b"-1", b"0", b"99999999999999999999999999999999", b"1e309", b"NaN", b"0.000000000000000000000000000001", b"2026-02-30", b"9999-12-31", b"EURO", b"380",
    b"obj", b"endobj", b"stream\r\n", b"endstream", b"xref", b"trailer", b"startxref", b"%%EOF", b"/Length 99999999999", b"/EmbeddedFiles", b"<<", b"[[[[", b"1 0 R",
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"ustar", b"../../x", b"/etc/passwd", b"\x1f\x8b", b"\xff\xff\xff\xff", b"77777777777",
    b"[[", b"]]", b"[spool]", b"true", b",,", b";", b"\n\n", b"\"\"\"", b"{", b"}", b"#", b"\\u0000",
];

/// A seed, changed in one to four places.
fn changed(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.one(seeds).clone();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let to = (at + dice.below(40)).min(bytes.len());
        match dice.below(9) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..to)),
            2 => drop(bytes.splice(at..at, bytes[at..to].to_vec())),
            3 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            4 if at < bytes.len() => bytes[at] = dice.next().to_le_bytes()[0],
            5 => {
                // A part of another seed.
                let other = dice.one(seeds);
                let from = dice.below(other.len() + 1);
                let part = other[from..(from + dice.below(200)).min(other.len())].to_vec();
                drop(bytes.splice(at..to, part));
            }
            6 => {
                // The same over and over.
                let word = dice.one(WORDS).repeat(1 + dice.below(300));
                drop(bytes.splice(at..at, word));
            }
            _ => drop(bytes.splice(at..to, dice.one(WORDS).to_vec())),
        }
    }
    bytes
}

/// What may stand where a value does.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "", " ", "0", "-1", "1.005", "1e3", "+1", "NaN", "99999999999999999999999999999999", "0.0000000000000000000000000001", "abc", "2026-02-30", "20260230",
    "9999-12-31", "EURO", "EUR", "S", "O", "AE", "A4", "A15", "A19", "380", "381", "&amp;", "&#x10FFFF;", "<![CDATA[<x>]]>", "<!-- -->1", "é\u{202e}", "DEPOSEE",
];

/// A seed that stays well-formed, mostly: values are changed, elements go, come twice, or stand elsewhere.
fn rewritten(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(dice.one::<Vec<u8>>(seeds)).into_owned();
    for _ in 0..=dice.below(5) {
        let tags: Vec<usize> = text.match_indices('<').map(|(at, _)| at).collect();
        let Some(at) = (!tags.is_empty()).then(|| *dice.one(&tags)) else { break };
        let Some(element) = element_at(&text, at) else { continue };
        let whole = text[element.clone()].to_owned();
        let value: &str = dice.one::<&str>(VALUES);
        match dice.below(6) {
            0 => text.replace_range(element, ""),
            1 => text.insert_str(element.end, &whole),
            2 => {
                text.replace_range(element, "");
                let places: Vec<usize> = text.match_indices("</").map(|(at, _)| at).collect();
                if !places.is_empty() {
                    text.insert_str(*dice.one(&places), &whole);
                }
            }
            3 => {
                let quotes: Vec<usize> = whole.match_indices('"').map(|(at, _)| at).collect();
                if let [first, second, ..] = quotes[..] {
                    text.replace_range(
                        element.start + first + 1..element.start + second,
                        value.trim_start_matches('<'),
                    );
                }
            }
            _ => {
                if let (Some(open), Some(close)) = (whole.find('>'), whole.find("</")) {
                    text.replace_range(element.start + open + 1..element.start + close, value);
                }
            }
        }
    }
    text.into_bytes()
}

/// The element whose start tag begins at an offset, if it is not the outermost.
fn element_at(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let name: &str = text[at + 1..].split([' ', '>', '/', '\n', '\r', '\t']).next().filter(|name| !name.is_empty())?;
    let tag = at + text[at..].find('>')?;
    if text[..tag].ends_with('/') {
        return Some(at..tag + 1);
    }
    let end = format!("</{name}>");
    let end = tag + text[tag..].find(&end)? + end.len();
    (end < text.trim_end().len()).then_some(at..end)
}

/// Judges in one mode after the other, by every layer.
fn each_mode(n: usize, mut act: impl FnMut(&Context<'_>)) {
    let annuaire = Annuaire::load(&samples().join("annuaire")).unwrap().annuaire;
    let mut config = Config::default();
    config.rules.en16931 = En16931::Always;
    let today = NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let partner = annuaire.partners().first();
    let mode = [Mode::Edi, Mode::Portail, Mode::Service][n % 3];
    let (config, annuaire) = (&config, Some(&annuaire));
    act(&Context { config, annuaire, mode, partner, today, layers: &Layer::ALL, associated: None });
}

/// Judges documents: none may be a fault of guichet's, each is told the same twice.
fn judges(kinds: &[Kind], target: u64, most: usize) {
    let (seeds, mut dice) = (seeds(kinds), dice(target));
    assert!(seeds.len() > 2, "{} seeds", seeds.len());
    let (mut read, mut told, all) = (0, 0, times(most));
    for mode in 0..3 {
        each_mode(mode, |context| {
            for _ in 0..all / 3 {
                let bytes = changed_in_kind(kinds, &seeds, &mut dice);
                let judged = judge(bytes.clone(), context);
                let fault = judged.findings.iter().any(|finding| finding.rule == "X-14");
                assert!(!fault, "a fault of guichet's: {}", keep(&bytes));
                read += usize::from(judged.fate == Fate::Piece);
                told += judged.findings.len();
                if told % 16 == 0 {
                    assert_eq!(judge(bytes.clone(), context).findings, judged.findings, "{}", keep(&bytes));
                }
            }
        });
    }
    println!("{kinds:?}: {} seeds, {all} documents, of {read} a pièce was read, {told} findings", seeds.len());
    assert!(
        (all / 10..all * 9 / 10).contains(&read),
        "{read} of {all} were read: the changes change too little, or too much"
    );
}

/// Half of them changed byte by byte, half of them so that more of guichet looks at them.
fn changed_in_kind(kinds: &[Kind], seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    match kinds {
        _ if dice.often(50) => changed(seeds, dice),
        [Kind::Pdf] => {
            let cii = std::fs::read(samples().join("a04-cii/in/edi/entreprises/PDM-2026-05")).unwrap();
            facturx(&rewritten(&[cii], dice))
        }
        _ => rewritten(seeds, dice),
    }
}

/// Keeps what failed, to be looked at.
fn keep(bytes: &[u8]) -> String {
    let path = std::env::temp_dir().join(format!("guichet-fuzz-{}", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

#[test]
fn documents_and_flows_of_acts_are_answered_whatever_they_are() {
    judges(&[Kind::Xml], 1, 12_000);
}

#[test]
fn pdfs_are_answered_whatever_they_are() {
    judges(&[Kind::Pdf], 2, 3_000);
}

#[test]
fn archives_are_answered_whatever_they_are() {
    let documents: Vec<Vec<u8>> = seeds(&[Kind::Xml]).into_iter().filter(|seed| seed.len() < 8_000).take(6).collect();
    let members: Vec<(&str, &[u8])> =
        ["a.xml", "b", "../c", "d.xml"].into_iter().zip(documents.iter().map(|d| &d[..])).collect();
    let plain = [tar(&members), zipped(&members), gz(&tar(&members)), tar(&[]), zipped(&[]), gz(b"<a/>")];
    let mut dice = dice(3);
    let mut whole = 0;
    for n in 0..times(3_000) {
        // Of an archive that is compressed as a whole also what is in it.
        let mut bytes = changed(&plain, &mut dice);
        if dice.often(20) {
            bytes = gz(&changed(&plain[..1], &mut dice));
        }
        let kind = flux::sniff(&bytes);
        if !matches!(kind, Kind::Tar | Kind::Zip | Kind::Gzip) {
            continue;
        }
        each_mode(n, |context| {
            let size = bytes.len() as u64;
            let open = || {
                let taking = |_: usize, _: &[u8]| Ok::<(), ()>(());
                judge_archive(kind, Cursor::new(&bytes), size, context, Judges::PLAIN, taking).unwrap()
            };
            let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(open));
            let flow = opened.unwrap_or_else(|_| panic!("a fault of guichet's: {}", keep(&bytes)));
            let found = flow.findings.iter().chain(flow.documents.iter().flat_map(|d| &d.judged.findings));
            assert!(!found.into_iter().any(|f| f.rule == "X-14"), "a fault of guichet's: {}", keep(&bytes));
        });
        whole += 1;
    }
    assert!(whole > times(1_000), "{whole} were archives");
}

#[test]
fn a_configuration_is_read_or_told_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("guichet.toml");
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("spool/guichet.toml");
    // With its keys not commented out, and as it is.
    let text = std::fs::read_to_string(template).unwrap();
    let seeds = [text.replace("\n# ", "\n").into_bytes(), text.replace("\n#", "\n").into_bytes(), text.into_bytes()];
    let (mut dice, mut wrong) = (dice(4), 0);
    for _ in 0..times(4_000) {
        let bytes = changed(&seeds, &mut dice);
        std::fs::write(&path, &bytes).unwrap();
        let read = std::panic::catch_unwind(|| Config::load(&path));
        match read.unwrap_or_else(|_| panic!("a fault of guichet's: {}", keep(&bytes))) {
            Ok(_) => {}
            Err(e) => {
                assert!(!e.0.is_empty(), "it says what is wrong: {}", keep(&bytes));
                wrong += 1;
            }
        }
    }
    assert!(wrong > times(1_000), "{wrong} were wrong");
}

#[test]
fn an_annuaire_is_loaded_or_told_what_is_wrong() {
    let dir = samples().join("annuaire");
    let read = |name: &str| std::fs::read(dir.join(name)).unwrap();
    let files = ["structures.csv", "services.csv", "marches.toml", "partners.toml"].map(read);
    let (mut dice, mut wrong) = (dice(5), 0);
    for _ in 0..times(4_000) {
        let mut texts = files.clone();
        let which = dice.below(4);
        texts[which] = changed(&files[which..=which], &mut dice);
        let texts = texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let load = || Annuaire::from_texts([&texts[0], &texts[1], &texts[2], &texts[3]]);
        let loaded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(load));
        match loaded.unwrap_or_else(|_| panic!("a fault of guichet's: {}", keep(texts[which].as_bytes()))) {
            Ok(_) => {}
            Err(problems) => {
                assert!(!problems.is_empty(), "it says what is wrong: {}", keep(texts[which].as_bytes()));
                wrong += 1;
            }
        }
    }
    assert!(wrong > times(500), "{wrong} were wrong");
}
