//! PDF: the invoice that one carries is judged as if it came alone, and no PDF harms anybody.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::archive::{tgz, zipped};
use common::pdf::{Layout, Pdf, Ways, facturx, zlib};
use common::world::{MOE, World, a4, shared, text};
use guichet::config::Config;
use guichet::flux::archive::Limits;
use guichet::flux::pdf::{Embedded, PdfError, invoice};
use guichet::judge::{Fate, Judged, judge};
use guichet::rules::{Context, Layer};
use guichet::trade::Mode;
use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::path::Path;

const LIMITS: Limits = Limits { entries: 10, member: 64 << 20, unpacked: 1 << 30, ratio: 100 };

/// The pièce of the sample `a04-cii` under another number.
fn sample_xml() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/a04-cii/in/edi/entreprises/PDM-2026-05");
    fs::read_to_string(path).unwrap().replace("PDM-2026-05", "PDM-2026-08").into_bytes()
}

fn judged(bytes: &[u8]) -> Judged {
    judged_within(bytes, &Config::default())
}

fn judged_within(bytes: &[u8], config: &Config) -> Judged {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let (annuaire, partner, associated, mode) = (None, None, None, Mode::Edi);
    judge(bytes.to_vec(), &Context { config, annuaire, mode, partner, today, layers: &Layer::ALL, associated })
}

/// What a batch makes of one file, with the report that the partner gets; all that was promised holds.
fn dropped(mode: &str, name: &str, bytes: &[u8]) -> (World, Value, String) {
    let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n");
    let partners = w.path("annuaire/partners.toml");
    let all = fs::read_to_string(&partners)
        .unwrap()
        .replace("modes = [\"edi\", \"portail\"]", "modes = [\"edi\", \"portail\", \"service\"]");
    fs::write(&partners, all).unwrap();
    w.drop_file(mode, "alpha", name, bytes);
    let tally = w.batch();
    assert_eq!(w.violations(true), Vec::<String>::new());
    let report = text(&w.tray("alpha", "comptes-rendus").concat());
    (w, tally, report)
}

fn rules(report: &str) -> Vec<&str> {
    report.split("<CodeErreur>").skip(1).map(|s| s.split('<').next().unwrap()).collect()
}

fn files_of(w: &World, partner: &str, tray: &str) -> Vec<String> {
    w.files(&format!("spool/out/{partner}/{tray}"))
}

#[test]
fn the_invoice_is_found_however_the_pdf_is_made() {
    let (xml, other) = (a4("N-1"), b"not an invoice".to_vec());
    for name in ["factur-x.xml", "Factur-X.XML", "zugferd-invoice.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml"] {
        for layout in Layout::ALL {
            for ways in [Ways::Both, Ways::Kids, Ways::Associated] {
                for filter in [Some("FlateDecode"), None] {
                    let files = [("notes.txt", &other[..]), (name, &xml[..])];
                    let bytes = Pdf { layout, ways, filter, ..Pdf::new(&files) }.bytes();
                    let found = invoice(&bytes, &LIMITS);
                    let expected = Embedded { name: name.to_owned(), bytes: xml.clone() };
                    assert_eq!(found, Ok(expected), "{name} {layout:?} {ways:?} {filter:?}");
                }
            }
        }
    }
}

#[test]
fn a_later_version_of_an_object_counts() {
    let mut bytes = facturx(b"<old/>");
    let previous = text(&bytes).rsplit("startxref\n").next().unwrap().lines().next().unwrap().to_owned();
    let at = bytes.len();
    bytes.extend(b"5 0 obj\n<< /Length 6 0 R >>\nstream\n<new/>\nendstream\nendobj\n");
    let length = bytes.len();
    bytes.extend(b"6 0 obj 6 endobj\n");
    let table = bytes.len();
    bytes.extend(
        format!(
            "xref\n5 2\n{at:010} 00000 n \n{length:010} 00000 n \ntrailer\n<< /Size 7 /Root 1 0 R /Prev {previous} >>\nstartxref\n{table}\n%%EOF"
        )
        .into_bytes(),
    );
    assert_eq!(invoice(&bytes, &LIMITS).unwrap().bytes, b"<new/>");
    // A chain that leads back to itself is no chain.
    let circle = text(&bytes[table..]).replace(&format!("/Prev {previous}"), &format!("/Prev {table}"));
    let bytes = [&bytes[..table], circle.as_bytes()].concat();
    assert_eq!(invoice(&bytes, &LIMITS).unwrap().bytes, b"<new/>", "found by looking for it");
}

#[test]
fn what_is_wrong_with_a_pdf_is_told_by_its_name() {
    let (xml, plain) = (a4("N-1"), Pdf::new(&[("factur-x.xml", &a4("N-1")[..])]));
    let both = Pdf::new(&[("factur-x.xml", &xml[..]), ("ZUGFeRD-invoice.xml", &a4("N-2")[..])]);
    let same = Pdf::new(&[("factur-x.xml", &xml[..]), ("ZUGFeRD-invoice.xml", &xml[..])]);
    assert_eq!(invoice(&same.bytes(), &LIMITS).map(|found| found.bytes), Ok(xml.clone()), "one under two names");
    let others = Pdf::new(&[("facture.xml", &xml[..]), ("plan.dwg", b"x")]);
    let encrypted = Pdf { trailer: "/Encrypt << /Filter /Standard /V 4 >>", ..plain.clone() };
    let encrypted_stream = Pdf { layout: Layout::Streams, ..encrypted.clone() };
    let method = Pdf { filter: Some("LZWDecode"), ..plain.clone() };
    let whole = plain.bytes();
    let damaged = {
        let at = whole.len() / 2;
        [&whole[..at - 40], &[b'x'; 80][..], &whole[at + 40..]].concat()
    };
    #[rustfmt::skip]
    let cases: [(&str, Vec<u8>, &str, Fate, &str); 10] = [
        ("two invoices",        both.bytes(),                          "L-14", Fate::Unreadable, "factur-x.xml, ZUGFeRD-invoice.xml"),
        ("no files",            Pdf::new(&[]).bytes(),                 "L-03", Fate::Unreadable, ""),
        ("other files",         others.bytes(),                        "L-03", Fate::Unreadable, "facture.xml, plan.dwg"),
        ("encrypted",           encrypted.bytes(),                     "X-32", Fate::Unreadable, ""),
        ("encrypted, streams",  encrypted_stream.bytes(),              "X-32", Fate::Unreadable, ""),
        ("another method",      method.bytes(),                        "X-34", Fate::Unreadable, "LZWDecode"),
        ("cut",                 whole[..whole.len() - 10].to_vec(),    "X-05", Fate::Hold,       ""),
        ("cut in the middle",   whole[..whole.len() / 2].to_vec(),     "X-05", Fate::Hold,       ""),
        ("damaged",             damaged,                               "X-31", Fate::Hold,       ""),
        ("nothing in it",       b"%PDF-1.7\n%%EOF".to_vec(),           "X-31", Fate::Hold,       ""),
    ];
    for (what, bytes, rule, fate, found) in cases {
        let j = judged(&bytes);
        let told: Vec<&str> = j.findings.iter().map(|f| f.rule).collect();
        assert_eq!((told, j.fate, j.refused()), (vec![rule], fate, true), "{what}");
        assert_eq!(j.findings[0].found.as_deref().unwrap_or_default(), found, "{what}");
    }
}

#[test]
fn a_bomb_is_refused_wherever_it_is() {
    let zeros = vec![b' '; 200 << 20];
    let packed = zlib(&zeros);
    assert!(packed.len() < 1 << 20);
    let bomb = Pdf { filter: Some("FlateDecode"), ..Pdf::new(&[("factur-x.xml", &zeros[..])]) }.bytes();
    let twice = Pdf { filter: None, ..Pdf::new(&[("factur-x.xml", &zlib(&packed)[..])]) }.bytes();
    let from = b"/Type /EmbeddedFile /Subtype /text#2Fxml ";
    let at = twice.windows(from.len()).position(|w| w == from).unwrap();
    let mut chained = twice;
    chained.splice(at..at + from.len(), b"/Filter [/FlateDecode/FlateDecode]       ".iter().copied());
    // The object that leads to everything, in a stream that unpacks to more than the file may.
    let mut stream = format!("1 0 {}", " ".repeat(10)).into_bytes();
    stream.extend(&zeros);
    let stream = zlib(&stream);
    let head = format!("4 0 obj<</Type/ObjStm/N 1/First 14/Filter/FlateDecode/Length {}>>stream\n", stream.len());
    let hidden =
        [b"%PDF-1.7\n", head.as_bytes(), &stream, b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"].concat();
    for (what, bytes) in [("the XML", bomb), ("filters", chained), ("an object stream", hidden)] {
        let started = std::time::Instant::now();
        let found = invoice(&bytes, &LIMITS);
        assert!(matches!(found, Err(PdfError::Bomb { limit }) if limit <= LIMITS.member), "{what}");
        assert!(started.elapsed().as_secs() < 20, "{what}");
        assert_eq!(judged(&bytes).findings[0].rule, "X-33", "{what}");
    }
    // What is small may repeat itself, and what is large may not be too large.
    let mut config = Config::default();
    config.limits.file = 1 << 20;
    let spaces = [&a4("N-1")[..], &vec![b' '; 900 << 10]].concat();
    assert_eq!(judged_within(&facturx(&spaces), &config).fate, Fate::Piece);
    let spaces = [&a4("N-1")[..], &vec![b' '; 1100 << 10]].concat();
    assert_eq!(judged_within(&facturx(&spaces), &config).findings[0].rule, "X-33");
}

/// Each is a few megabytes; none may take longer than reading a file of its size a few times.
#[test]
fn no_pdf_takes_long() {
    let wrap = |body: Vec<u8>| [b"%PDF-1.7\n", &body[..], b"\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"].concat();
    let numbered = |n: usize, each: &dyn Fn(usize) -> String| (1..=n).map(each).collect::<String>().into_bytes();
    #[rustfmt::skip]
    let cases: [(&str, Vec<u8>); 8] = [
        ("streams without end",   numbered(100_000, &|n| format!("{n} 0 obj<</Type/ObjStm/N 1/First 3>>stream\n"))),
        ("one object, often",     b"1 0 obj ".repeat(500_000)),
        ("brackets",              b"[".repeat(4 << 20)),
        ("tables in a circle",    numbered(50_000, &|n| format!("xref\n0 0\ntrailer<</Prev {}>>\n", n * 30))),
        ("a chain of references", numbered(200_000, &|n| format!("{n} 0 obj {} 0 R endobj\n", n + 1))),
        ("a wide array",          [&b"1 0 obj<</Pages 1 0 R/AF["[..], &b"2 0 R ".repeat(600_000), b"]>>endobj 2 0 obj<</EF<<>>>>endobj"].concat()),
        ("a deep tree",           [&b"1 0 obj<</Pages 1 0 R/Names<</EmbeddedFiles 2 0 R>>>>endobj\n"[..], &numbered(100_000, &|n| format!("{} 0 obj<</Kids[{} 0 R {} 0 R]>>endobj\n", n + 1, 2 * n, 2 * n + 1))].concat()),
        ("spaces",                [&b"1 0 obj"[..], &b" ".repeat(4 << 20), b"obj obj obj"].concat()),
    ];
    for (what, body) in cases {
        let bytes = wrap(body);
        let started = std::time::Instant::now();
        let found = invoice(&bytes, &LIMITS);
        assert!(started.elapsed().as_secs() < 120, "{what}: {:?}", started.elapsed()); // quadratic, it would be hours
        assert!(found.is_err(), "{what}");
    }
}

#[test]
fn a_factur_x_goes_the_way_of_its_xml_in_every_mode() {
    for mode in ["edi", "portail", "service"] {
        let bytes = facturx(&a4("N-1"));
        let (w, tally, report) = dropped(mode, "facture.pdf", &bytes);
        assert_eq!((&tally["accepted"], &tally["refused"]), (&1.into(), &0.into()), "{mode}: {report}");
        let reports = files_of(&w, "alpha", "comptes-rendus");
        assert!(reports[0].starts_with("CSO1117A_"), "{reports:?}");
        let delivered = files_of(&w, "beta", "pieces");
        assert!(delivered.len() == 1 && delivered[0].ends_with(".pdf"), "{delivered:?}");
        assert_eq!(w.tray("beta", "pieces"), std::slice::from_ref(&bytes), "the MOE gets the PDF, byte for byte");
        let found: Value = serde_json::from_slice(&w.run(&["search", "--format", "json"]).stdout).unwrap();
        assert_eq!((&found["number"], &found["status"]), (&"N-1".into(), &"MISE_A_DISPOSITION_MOE".into()));
        let flow: Value = serde_json::from_slice(&w.run(&["flows", "--format", "json"]).stdout).unwrap();
        assert_eq!(flow["syntax"], "facturx");
        let out = w.run(&["dossier", "N-1", "--export", "d.zip"]);
        assert!(out.status.success(), "{}", text(&out.stderr));
        let mut zip = zip::ZipArchive::new(fs::File::open(w.path("d.zip")).unwrap()).unwrap();
        let mut original = Vec::new();
        std::io::Read::read_to_end(&mut zip.by_name("pieces/001-A4-N-1.pdf").unwrap(), &mut original).unwrap();
        assert_eq!(original, bytes);
        let mut page = String::new();
        std::io::Read::read_to_string(&mut zip.by_name("index.html").unwrap(), &mut page).unwrap();
        assert!(page.contains("href=\"pieces/001-A4-N-1.pdf\""));
    }
}

#[test]
fn what_is_wrong_is_told_in_its_place_in_the_xml() {
    let wrong = text(&a4("N-1")).replace(">120.00</cbc:PayableAmount>", ">119.00</cbc:PayableAmount>").into_bytes();
    let (w, tally, report) = dropped("edi", "facture.pdf", &facturx(&wrong));
    assert_eq!((rules(&report), &tally["refused"]), (vec!["C-11"], &1.into()));
    assert!(report.contains("facture.pdf!factur-x.xml"), "{report}");
    let flow: Value = serde_json::from_slice(&w.run(&["flows", "--format", "json"]).stdout).unwrap();
    let told = text(&w.run(&["flow", flow["flow"].as_str().unwrap()]).stdout);
    assert!(told.contains("!factur-x.xml:"), "{told}");

    fs::write(w.path("x.pdf"), facturx(&wrong)).unwrap();
    let out = text(&w.run(&["check", "x.pdf"]).stdout);
    assert!(
        out.contains(" --> x.pdf!factur-x.xml:") && out.contains("^^^") && out.contains(">119.00</cbc:Pay"),
        "{out}"
    );
    let line: Value = serde_json::from_slice(&w.run(&["check", "x.pdf", "--format", "json"]).stdout).unwrap();
    assert_eq!((&line["file"], &line["syntax"]), (&"x.pdf".into(), &"facturx".into()));
    assert_eq!(line["findings"][0]["rule"], "C-11");
    assert!(line["findings"][0]["line"].as_u64().is_some_and(|n| n > 10), "{line}");

    // XML of which no pièce can be read is the sender's to mend.
    for (xml, rule) in [(&b"<Invoice><a>"[..], "X-05"), (b"", "X-01"), (b"\x00\x01", "X-02"), (b"<Facture/>", "L-01")] {
        let (_, tally, report) = dropped("edi", "facture.pdf", &facturx(xml));
        assert_eq!((rules(&report), &tally["refused"], &tally["held"]), (vec![rule], &1.into(), &0.into()));
        assert!(report.contains("factur-x.xml"), "{report}");
    }
}

#[test]
fn a_pdf_is_judged_in_an_archive_too() {
    let (one, two) =
        (facturx(&a4("N-1")), Pdf { layout: Layout::Streams, ..Pdf::new(&[("factur-x.xml", &a4("N-2")[..])]) }.bytes());
    let members: [(&str, &[u8]); 4] =
        [("a.pdf", &one), ("dir/b.pdf", &two), ("c.xml", &a4("N-3")), ("scan.pdf", &Pdf::new(&[]).bytes())];
    for bytes in [tgz(&members), zipped(&members)] {
        let (w, tally, report) = dropped("edi", "lot", &bytes);
        assert_eq!((&tally["accepted"], rules(&report)), (&3.into(), vec!["L-03"]), "{report}");
        let names = files_of(&w, "beta", "pieces");
        let endings: Vec<&str> = names.iter().map(|n| n.rsplit('.').next().unwrap()).collect();
        assert_eq!(endings, ["pdf", "pdf", "xml"]);
        assert_eq!(w.tray("beta", "pieces"), [one.clone(), two.clone(), a4("N-3")]);
        fs::write(w.path("lot.zip"), &bytes).unwrap();
        let wrong = text(&w.run(&["check", "lot.zip", "--format", "json"]).stdout);
        assert!(wrong.contains("\"lot.zip!dir/b.pdf\""), "{wrong}");
    }
}

#[test]
fn a_pdf_that_does_not_end_waits_and_is_then_held() {
    let w = World::new();
    let whole = facturx(&a4("N-1"));
    fs::write(w.path("spool/in/edi/alpha/F"), &whole[..whole.len() - 7]).unwrap();
    let tally = w.batch();
    assert_eq!((&tally["flows"], &tally["waiting"]), (&0.into(), &1.into()));
    fs::write(w.path("spool/in/edi/alpha/F"), &whole).unwrap();
    assert_eq!(w.batch()["accepted"], 1, "whole at last");
    let (w, tally, report) = dropped("edi", "F", &whole[..whole.len() - 7]);
    assert_eq!((rules(&report), &tally["held"]), (vec!["X-05"], &1.into()));
    assert_eq!(w.files("spool/hold").len(), 1);
}

/// Three hundred megabytes that take no place on the disk.
#[test]
fn a_pdf_over_the_limit_is_held_unread() {
    let w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n");
    let path = w.path("spool/in/edi/alpha/large.pdf");
    let mut file = fs::File::create(path).unwrap();
    std::io::Write::write_all(&mut file, b"%PDF-1.7\n").unwrap();
    file.set_len(300 << 20).unwrap();
    drop(file);
    assert_eq!(w.batch()["held"], 1);
    assert_eq!(rules(&text(&w.tray("alpha", "comptes-rendus").concat())), ["X-13"]);
}

#[test]
fn the_sample_is_what_is_made_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("samples/a04-facturx/in/edi/entreprises/PDM-2026-08.pdf");
    if std::env::var_os("GUICHET_BLESS").is_some() {
        let pdf = Pdf { layout: Layout::Streams, ..Pdf::new(&[("factur-x.xml", &sample_xml()[..])]) };
        fs::write(&path, pdf.bytes()).unwrap();
    }
    // Other versions of zlib may pack it otherwise.
    let found = invoice(&fs::read(path).unwrap(), &LIMITS).unwrap();
    assert_eq!((found.name.as_str(), found.bytes), ("factur-x.xml", sample_xml()));
}

#[test]
fn the_xml_of_the_official_samples_comes_out_whole() {
    let Some(dir) = shared("corpus/chorus-pro") else { return };
    for name in ["FSO1117A_EN16931_P01.pdf", "FSO1117A_EN16931_P92.pdf"] {
        let bytes = fs::read(dir.join(name)).unwrap();
        let found = invoice(&bytes, &LIMITS).unwrap();
        assert_eq!(found.name, "factur-x.xml");
        assert!(found.bytes.trim_ascii_end().ends_with(b"CrossIndustryInvoice>") && found.bytes.len() > 200_000);
        let j = judged(&bytes);
        assert_eq!((j.syntax, j.fate, j.extension()), ("facturx", Fate::Piece, "pdf"));
        assert!(j.facts.number.is_some() && j.findings.iter().any(|f| f.rule == "T-01"), "{:#?}", j.findings);
    }
}

fn pdfs() -> impl Strategy<Value = Vec<u8>> {
    let layouts = prop::sample::select(&Layout::ALL[..]);
    let ways = prop::sample::select(&[Ways::Both, Ways::Kids, Ways::Associated][..]);
    (layouts, ways, any::<bool>()).prop_map(|(layout, ways, packed)| {
        let filter = packed.then_some("FlateDecode");
        Pdf { layout, ways, filter, ..Pdf::new(&[("factur-x.xml", MOE.as_bytes())]) }.bytes()
    })
}

proptest! {
    #[test]
    fn no_change_to_a_pdf_makes_it_panic(
        pdf in pdfs(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
        pasted in any::<prop::sample::Index>(),
        kind in 0..3,
    ) {
        let mut bytes = pdf.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let (cut, pasted) = (cut.index(bytes.len()), pasted.index(bytes.len()));
        match kind {
            0 => {}
            1 => drop(bytes.drain(cut.min(pasted)..cut.max(pasted))),
            _ => bytes.splice(cut..cut, pdf[pasted..].iter().copied()).for_each(drop),
        }
        bytes.extend(b"\n%%EOF");
        if let Ok(found) = invoice(&bytes, &LIMITS) {
            prop_assert!(found.bytes.len() <= bytes.len() * 2 + 1000);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = invoice(&[b"%PDF-1.7", &bytes[..], b"%%EOF"].concat(), &LIMITS);
    }
}
