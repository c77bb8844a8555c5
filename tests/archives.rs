//! Archives: each pièce in one stands alone, what is odd about a member is told of it alone, and nothing that an archive
//! does harms anybody.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::archive::{gz, tar, tar_raw, tgz, zip_of_one, zipped};
use common::world::{MOE, TITULAIRE, World, a4, citing, invoice, shared, text};
use serde_json::Value;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

/// A world in which nothing is waited for.
fn world() -> World {
    World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n")
}

/// What a batch makes of one file, with the report that the partner gets; an ordinary flow beside it is accepted, and
/// all that was promised holds.
fn dropped(bytes: &[u8]) -> (World, Value, String) {
    let mut w = world();
    let (tally, report) = drop_into(&mut w, bytes);
    (w, tally, report)
}

fn drop_into(w: &mut World, bytes: &[u8]) -> (Value, String) {
    w.drop_file("edi", "delta", "lot", bytes);
    w.drop_file("edi", "alpha", "ordinary.xml", &a4("ORDINARY"));
    let tally = w.batch();
    let found = w.run(&["search", "--number", "ORDINARY", "--format", "json"]);
    assert_eq!(serde_json::from_slice::<Value>(&found.stdout).unwrap()["status"], "MISE_A_DISPOSITION_MOE");
    assert_eq!(w.violations(true), Vec::<String>::new());
    let audit = w.run(&["verify"]);
    assert!(audit.status.success(), "{}", text(&audit.stdout));
    let report = text(&w.tray("delta", "comptes-rendus").concat());
    (tally, report)
}

fn rules(report: &str) -> Vec<&str> {
    report.split("<CodeErreur>").skip(1).map(|s| s.split('<').next().unwrap()).collect()
}

#[test]
fn each_pièce_of_an_archive_stands_alone() {
    let (one, two) = (a4("N-1"), a4("N-2"));
    for bytes in [
        tgz(&[("a.xml", &one), ("dir/b.xml", &two), ("wrong.xml", b"<Invoice><a></b></Invoice>")]),
        tar(&[("a.xml", &one), ("dir/b.xml", &two), ("wrong.xml", b"<Invoice><a></b></Invoice>")]),
        zipped(&[("a.xml", &one), ("dir/b.xml", &two), ("wrong.xml", b"<Invoice><a></b></Invoice>")]),
    ] {
        let (w, tally, report) = dropped(&bytes);
        assert_eq!((&tally["flows"], &tally["accepted"], &tally["refused"]), (&2.into(), &3.into(), &1.into()));
        assert!(report.contains("<IdStatut>96</IdStatut>") && report.contains("partial 2/3"), "{report}");
        assert!(report.contains("lot!wrong.xml") && report.contains("lot!dir/b.xml : acceptée"), "{report}");
        assert_eq!(rules(&report), ["X-04"]);
        let mut pieces = w.tray("beta", "pieces");
        pieces.sort();
        let mut expected = vec![a4("ORDINARY"), one.clone(), two.clone()];
        expected.sort();
        assert_eq!(pieces, expected, "the MOE gets each pièce byte for byte");
        assert_eq!(w.files("spool/archive").len(), 2);
    }
}

#[test]
fn a_whole_archive_is_integrated_whole_and_once() {
    let pieces: Vec<Vec<u8>> = (0..500).map(|n| a4(&format!("N-{n}"))).collect();
    let names: Vec<String> = (0..500).map(|n| format!("{n}.xml")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().zip(&pieces).map(|(n, p)| (n.as_str(), p.as_slice())).collect();
    let bytes = tgz(&members);
    let (mut w, tally, report) = dropped(&bytes);
    assert_eq!(tally["accepted"], 501);
    assert!(report.contains("<IdStatut>90</IdStatut>") && rules(&report).is_empty());
    assert_eq!(w.tray("beta", "pieces").len(), 501);
    w.drop_file("edi", "delta", "again", &bytes);
    let tally = w.batch();
    assert_eq!((&tally["duplicates"], &tally["accepted"]), (&1.into(), &0.into()));
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn more_pièces_than_a_flow_may_bring_are_refused_together() {
    let names: Vec<String> = (0..501).map(|n| format!("{n}.xml")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &b"<a/>"[..])).collect();
    let (w, tally, report) = dropped(&tgz(&members));
    assert_eq!((rules(&report), &tally["refused"]), (vec!["X-22"], &1.into()));
    assert!(w.files("spool/hold").is_empty());
}

#[test]
fn signatures_and_stylesheets_travel_along() {
    let signature = br#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>"#;
    let style = br#"<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"/>"#;
    let (_, tally, report) = dropped(&tgz(&[
        ("a.xml", &a4("N-1")),
        ("a.xml.p7s", b"\x30\x82\x01"),
        ("signature.xml", signature),
        ("style.xml", style),
        ("__MACOSX/._a.xml", b"noise"),
    ]));
    assert_eq!((&tally["accepted"], &tally["refused"]), (&2.into(), &0.into()), "{report}");
    assert!(report.contains("<IdStatut>90</IdStatut>"), "{report}");
}

#[test]
fn an_odd_member_costs_the_others_nothing() {
    let inner = tgz(&[("b.xml", &a4("N-2"))]);
    let cases: [(&str, &[u8], &str); 8] = [
        ("../a.xml", &a4("N-2"), "X-27"),
        ("/etc/passwd", &a4("N-2"), "X-27"),
        ("dir\\..\\a.xml", &a4("N-2"), "X-27"),
        ("inner.tar.gz", &inner, "L-02"),
        ("empty.xml", b"", "X-01"),
        ("noise.xml", b"\x00\x01noise", "X-02"),
        ("paper.pdf", b"%PDF-1.7 %%EOF", "X-31"),
        ("latin1-\u{e9}", b"<a/>", "L-01"),
    ];
    for (name, bytes, rule) in cases {
        let (_, tally, report) = dropped(&tgz(&[("a.xml", &a4("N-1")), (name, bytes)]));
        assert_eq!((&tally["accepted"], &tally["held"]), (&2.into(), &0.into()), "{name}: {report}");
        assert_eq!(rules(&report), [rule], "{name}");
        assert!(report.contains("<IdStatut>96</IdStatut>"), "{name}");
    }
}

#[test]
fn links_and_devices_hold_no_pièce() {
    let kinds = [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Char, tar::EntryType::Fifo];
    for kind in kinds {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_path("link.xml").unwrap();
        header.set_link_name("/etc/passwd").unwrap();
        header.set_cksum();
        tar.append(&header, &b""[..]).unwrap();
        let mut header = tar::Header::new_gnu();
        let piece = a4("N-1");
        header.set_size(piece.len() as u64);
        tar.append_data(&mut header, "a.xml", &piece[..]).unwrap();
        let (_, tally, report) = dropped(&gz(&tar.into_inner().unwrap()));
        assert_eq!((rules(&report), &tally["accepted"]), (vec!["X-28"], &2.into()), "{kind:?}");
    }
}

#[test]
fn a_member_of_a_zip_that_is_damaged_costs_the_others_nothing() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, number) in [("a.xml", "N-1"), ("b.xml", "DAMAGED")] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(&a4(number)).unwrap();
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    let at = bytes.windows(7).position(|w| w == b"DAMAGED").unwrap();
    bytes[at] = b'X';
    let (_, tally, report) = dropped(&bytes);
    assert_eq!((rules(&report), &tally["accepted"]), (vec!["X-30"], &2.into()), "{report}");
}

#[test]
fn what_is_wrong_with_all_of_it_integrates_nothing() {
    let whole = tgz(&[("a.xml", &a4("N-1")), ("b.xml", &a4("N-2"))]);
    let mut damaged = whole.clone();
    let last = damaged.len() - 6;
    damaged[last] ^= 0xff; // the checksum
    let many: Vec<String> = (0..100_000).map(|n| format!("{n}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|n| (n.as_str(), &b""[..])).collect();
    let cut_zip = zipped(&[("a.xml", &a4("N-1"))]);
    #[rustfmt::skip]
    let cases: [(&str, Vec<u8>, &str, &str); 10] = [
        ("empty tar",         tgz(&[]),                                             "X-25", "refused"),
        ("empty zip",         zipped(&[]),                                          "X-25", "refused"),
        ("companions alone",  tgz(&[("a.p7s", b"x")]),                              "X-25", "refused"),
        ("twice",             tgz(&[("a.xml", &a4("N-1")), ("./a.xml", &a4("N-2"))]), "X-24", "refused"),
        ("gzip of an XML",    gz(&a4("N-1")),                                       "X-26", "refused"),
        ("100,000 entries",   tgz(&many),                                           "X-21", "refused"),
        ("a zip of 60,000",   zip_of_one(b"", 60_000),                              "X-21", "refused"),
        ("cut",               whole[..whole.len() / 2].to_vec(),                    "X-20", "held"),
        ("checksum",          damaged,                                              "X-20", "held"),
        ("cut zip",           cut_zip[..cut_zip.len() - 30].to_vec(),               "X-20", "held"),
    ];
    for (what, bytes, rule, count) in cases {
        let (w, tally, report) = dropped(&bytes);
        assert_eq!((rules(&report), &tally[count]), (vec![rule], &1.into()), "{what}: {tally}");
        assert_eq!(tally["accepted"], 1, "{what}: the ordinary flow alone");
        assert!(report.contains("<IdStatut>93</IdStatut>"), "{what}");
        assert_eq!(w.files("spool/hold").len(), usize::from(count == "held"), "{what}");
    }
}

#[test]
fn two_members_of_a_zip_with_one_name_are_seen() {
    // The two names have one length: one is written over the other's, in both of its places.
    let mut bytes = zipped(&[("a.xml", &a4("N-1")), ("b.xml", &a4("N-2"))]);
    let places: Vec<usize> = bytes.windows(5).enumerate().filter(|(_, w)| w == b"b.xml").map(|(i, _)| i).collect();
    assert_eq!(places.len(), 2);
    places.iter().for_each(|at| bytes[*at] = b'a');
    let (_, _, report) = dropped(&bytes);
    assert_eq!(rules(&report), ["X-24"]);
}

#[test]
fn a_bomb_is_put_out() {
    // 10 GB of zeros in a tar of 10 MB: a gzip may have many parts, and this one repeats the same.
    let mut header = tar::Header::new_gnu();
    header.set_size(10 << 30);
    header.set_path("zeros.xml").unwrap();
    header.set_cksum();
    let mut bomb = gz(header.as_bytes());
    let zeros = gz(&vec![0; 64 << 20]);
    (0..160).for_each(|_| bomb.extend(&zeros));
    let (_, tally, report) = dropped(&bomb);
    assert_eq!((rules(&report), &tally["refused"]), (vec!["X-23"], &1.into()), "{} bytes", bomb.len());

    let many: Vec<(String, Vec<u8>)> = (0..20).map(|n| (format!("{n}.xml"), vec![b' '; 4 << 20])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    let (_, tally, report) = dropped(&zipped(&many));
    assert_eq!((rules(&report), &tally["refused"]), (vec!["X-23"], &1.into()), "80 MB from 80 KB");

    // What is unpacked in vain counts too: a thousand entries that lead to the same damaged bytes.
    let (_, tally, report) = dropped(&zip_of_one(&vec![0; 4 << 20], 1000));
    assert_eq!((rules(&report), &tally["refused"]), (vec!["X-23"], &1.into()), "4 GB from 4 KB");
}

#[test]
fn a_name_of_any_length_is_told_by_its_beginning() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, bytes).unwrap();
    };
    let long = "&".repeat(20_000);
    // Each of the many findings of each member names it.
    for n in 0..100 {
        add(&format!("{n}{long}"), br#"<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>"#);
    }
    add(&format!("good{long}"), &a4("N-1"));
    let (_, tally, report) = dropped(&gz(&tar.into_inner().unwrap()));
    assert_eq!((&tally["accepted"], &tally["refused"]), (&2.into(), &100.into()));
    assert!(report.contains("… (20004)") && report.len() < 8 << 20, "{} bytes of report", report.len());
}

#[test]
fn what_describes_a_member_is_bounded() {
    for kind in [tar::EntryType::GNULongName, tar::EntryType::GNULongLink, tar::EntryType::XHeader] {
        let mut tar = tar::Builder::new(Vec::new());
        let described = vec![b'a'; 2 << 20];
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(described.len() as u64);
        header.set_cksum();
        tar.append(&header, &described[..]).unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        tar.append_data(&mut header, "a.xml", &b""[..]).unwrap();
        let bytes = tar.into_inner().unwrap();
        for bytes in [gz(&bytes), bytes] {
            let (_, tally, report) = dropped(&bytes);
            assert_eq!((rules(&report), &tally["held"]), (vec!["X-20"], &1.into()), "{kind:?}: {report}");
        }
    }
}

#[test]
fn a_large_member_that_is_passed_over_costs_the_others_nothing() {
    // Also the one after it: what is allowed for describing members is counted anew for each.
    let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n[limits]\nfile = \"2MiB\"\n");
    let large = vec![b' '; 3 << 20];
    let (tally, report) = drop_into(&mut w, &tgz(&[("large.xml", &large), ("a.xml", &a4("N-1"))]));
    assert_eq!((rules(&report), &tally["accepted"]), (vec!["X-29"], &2.into()), "{report}");
}

#[test]
fn names_in_any_encoding_are_shown_and_taken() {
    let one = a4("N-1");
    let mut zip = zipped(&[("factur-.xml", &one)]);
    let places: Vec<usize> = zip.windows(7).enumerate().filter(|(_, w)| *w == b"factur-").map(|(i, _)| i).collect();
    assert_eq!(places.len(), 2);
    places.iter().for_each(|at| zip[at + 6] = 0xe9);
    for bytes in [gz(&tar_raw(&[(b"factur\xe9.xml", &one)])), zip] {
        let (_, tally, report) = dropped(&bytes);
        assert_eq!(tally["accepted"], 2, "{report}");
        assert!(report.contains("lot!factur\u{fffd}.xml"), "{report}");
    }
}

#[test]
fn members_of_a_zip_that_cannot_be_read_cost_the_others_nothing() {
    type Change = fn(&mut [u8], usize, usize);
    // By where the local header and the entry of the directory begin.
    #[rustfmt::skip]
    let cases: [(&str, Change, &str); 3] = [
        ("encrypted", |zip, local, entry| { zip[local + 6] |= 1; zip[entry + 8] |= 1; },       "X-30"),
        ("bzip2",     |zip, local, entry| { zip[local + 8] = 12; zip[entry + 10] = 12; },      "X-30"),
        ("a FIFO",    |zip, _, entry| { zip[entry + 5] = 3; zip[entry + 41] = 0x10; },         "X-28"),
    ];
    for (what, change, rule) in cases {
        let mut zip = zipped(&[("a.xml", &a4("N-1")), ("b.xml", &a4("N-2"))]);
        let last = |mark: &[u8]| zip.windows(4).rposition(|w| w == mark).unwrap();
        let (local, entry) = (last(b"PK\x03\x04"), last(b"PK\x01\x02"));
        change(&mut zip, local, entry);
        let (_, tally, report) = dropped(&zip);
        assert_eq!((rules(&report), &tally["accepted"]), (vec![rule], &2.into()), "{what}: {report}");
        assert!(report.contains("lot!b.xml : refusée"), "{what}: {report}");
    }
}

#[test]
fn a_pièce_is_decided_after_the_one_of_the_same_archive_that_it_cites() {
    let mut w = world();
    let partners = w.path("annuaire/partners.toml");
    let both = format!("structures = [\"{TITULAIRE}\", \"{MOE}\"]");
    let changed =
        std::fs::read_to_string(&partners).unwrap().replacen(&format!("structures = [\"{TITULAIRE}\"]"), &both, 1);
    std::fs::write(&partners, changed).unwrap();
    w.drop_file(
        "portail",
        "alpha",
        "lot",
        &tgz(&[("state.xml", &citing("A15", "N-2", "N-1")), ("draft.xml", &a4("N-1"))]),
    );
    let tally = w.batch();
    let report = text(&w.tray("alpha", "comptes-rendus").concat());
    assert_eq!((&tally["accepted"], &tally["refused"]), (&2.into(), &0.into()), "{report}");
    let status = |number: &str| {
        let found = w.run(&["search", "--number", number, "--format", "json"]);
        serde_json::from_slice::<Value>(&found.stdout).unwrap()["status"].clone()
    };
    assert_eq!(status("N-1"), "ASSOCIEE", "{report}");
    assert_ne!(status("N-2"), "ASSOCIEE");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn a_truncated_archive_waits() {
    let mut w = World::new();
    let whole = tgz(&[("a.xml", &a4("N-1"))]);
    for cut in [&whole[..whole.len() - 4], &tar(&[("a.xml", &a4("N-1"))])[..1024], &zipped(&[("a", b"<a/>")])[..60]] {
        std::fs::write(w.path("spool/in/edi/alpha/lot"), cut).unwrap();
        let tally = w.batch();
        assert_eq!((&tally["flows"], &tally["waiting"]), (&0.into(), &1.into()));
    }
    std::fs::remove_file(w.path("spool/in/edi/alpha/lot")).unwrap();
    w.drop_file("edi", "alpha", "lot", &whole);
    assert_eq!(w.batch()["accepted"], 1);
}

#[test]
fn an_archive_over_the_limit_of_a_document_is_opened_from_the_disk() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\n[limits]\nfile = \"8KiB\"\n");
    let noise: Vec<u8> = (0..20_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let big = tgz(&[("a.xml", &a4("N-1")), ("noise.p7s", &noise[..7000]), ("more.p7s", &noise[7000..14_000])]);
    assert!(big.len() > 8 << 10);
    let (tally, report) = drop_into(&mut w, &big);
    assert_eq!(tally["accepted"], 2, "{report}");
    let large = tgz(&[("a.xml", &a4("N-2")), ("b.xml", &[&a4("N-3")[..], &[b' '; 9000]].concat())]);
    let check = w.path("large.tar.gz");
    std::fs::write(&check, large).unwrap();
    let out = w.guichet(&["check", "--format", "json"]).arg(&check).output().unwrap();
    let lines: Vec<Value> = text(&out.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((out.status.code(), lines.len()), (Some(1), 2));
    assert_eq!(lines[1]["findings"][0]["rule"], "X-29");
}

#[test]
fn check_names_each_member() {
    let w = World::new();
    let path = w.path("lot.tar.gz");
    std::fs::write(&path, tgz(&[("a.xml", &a4("N-1")), ("b.xml", &invoice("A1", "N-2", common::world::TITULAIRE))]))
        .unwrap();
    let out = w.run(&["check", "lot.tar.gz", "--format", "json"]);
    let lines: Vec<Value> = text(&out.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let told: Vec<(&str, &str)> =
        lines.iter().map(|l| (l["file"].as_str().unwrap(), l["verdict"].as_str().unwrap())).collect();
    assert_eq!(told, [("lot.tar.gz!a.xml", "accepted"), ("lot.tar.gz!b.xml", "refused")]);
    assert_eq!(lines[0]["sha256"], common::world::sha256(&a4("N-1")));
    let out = text(&w.run(&["check", "lot.tar.gz"]).stdout);
    assert!(out.contains("lot.tar.gz!b.xml:") && out.contains("<cbc:ProfileID>A1</cbc:ProfileID>"), "{out}");
}

#[test]
fn pièces_of_one_archive_know_each_other() {
    let twice = tgz(&[("a.xml", &a4("N-1")), ("b.xml", &[&a4("N-1")[..], b"\n"].concat())]);
    let (_, tally, report) = dropped(&twice);
    assert_eq!((rules(&report), &tally["accepted"]), (vec!["G1.42"], &2.into()));
}

#[test]
fn verify_knows_what_was_delivered_of_an_archive() {
    let (w, _, _) = dropped(&tgz(&[("a.xml", &a4("N-1")), ("b.xml", &a4("N-2"))]));
    let ledger = rusqlite::Connection::open(w.path("spool/guichet.db")).unwrap();
    // Two rows of the outbox change places: somebody got the wrong pièce.
    ledger.execute_batch("DROP TRIGGER outbox_fixed").unwrap();
    let change = "UPDATE outbox SET piece = (SELECT id FROM piece WHERE number = ?1)
                  WHERE piece = (SELECT id FROM piece WHERE number = ?2)";
    assert_eq!(ledger.execute(change, ["N-2", "N-1"]).unwrap(), 1);
    let out = w.run(&["verify"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stdout).contains("is not the pièce that was deposited"), "{}", text(&out.stdout));
}

#[test]
fn the_official_archive_is_told_of_each_of_its_pièces() {
    let Some(dir) = shared("corpus/chorus-pro") else { return };
    let archives = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    let archive = archives.into_iter().find(|p| p.to_string_lossy().contains("P100")).unwrap();
    let (_, tally, report) = dropped(&std::fs::read(archive).unwrap());
    assert_eq!(tally["held"], 0);
    assert!(report.contains("<IdStatut>93</IdStatut>") && rules(&report).contains(&"T-01"), "{report}");
}
