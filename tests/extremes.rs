//! Promise 5 at its edges: the largest, deepest and most crowded deposits that anybody can make, what each is told, what
//! it costs in memory, and that a pièce dropped beside it is answered in the same run.
//!
//! Memory is counted by the kernel (`VmHWM`), of a daemon that has answered nothing else: unlike time it is the same on
//! every machine. docs/operations.md states the bounds, docs/measures.md the figures.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::archive::{gz, tar_raw, tgz, zip_of_one, zipped};
use common::daemon::{Daemon, within};
use common::world::{World, a4, text};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

const QUICK: &str = "[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n";
const MIB: u64 = 1 << 20;
/// What a daemon has in memory that answered one small deposit, and room for what differs between systems.
const REST: u64 = 40 * MIB;

/// What became of a deposit.
struct Answer {
    w: World,
    /// What its partner was told.
    report: String,
    /// Bytes that the daemon had in memory at most.
    peak: u64,
}

impl Answer {
    fn rules(&self) -> Vec<&str> {
        self.report.split("<CodeErreur>").skip(1).map(|s| s.split('<').next().unwrap()).collect()
    }

    /// Where it lies now.
    fn lies_in(&self, place: &str) -> bool {
        let dropped = self.w.dropped[0].sha.clone();
        let root = self.w.path("spool").join(place);
        self.w.files(&format!("spool/{place}")).iter().any(|file| {
            let bytes = fs::read(root.join(file)).unwrap();
            common::world::sha256(&bytes) == dropped
        })
    }
}

/// Starts a daemon on a world in which something waits, drops an ordinary pièce beside it, and looks once both are
/// answered.
fn answer(mut w: World) -> Answer {
    w.drop_file("edi", "alpha", "ordinary.xml", &a4("ORDINARY"));
    let mut daemon = Daemon::listening(&w);
    let told = || w.files("spool/out").iter().filter(|file| file.contains("/comptes-rendus/")).count();
    within(300, || told() == w.dropped.len());
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.0.id())).unwrap();
    daemon.signal("-TERM");
    assert!(daemon.0.wait().unwrap().success());
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    let peak = 1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
    assert!(w.tray("beta", "pieces").contains(&a4("ORDINARY")), "others are served");
    let report = text(&w.tray("delta", "comptes-rendus").concat());
    Answer { w, report, peak }
}

/// The same of a file with these bytes.
fn answered(what: &str, bytes: &[u8]) -> Answer {
    let mut w = World::in_memory(QUICK);
    w.drop_file("edi", "delta", "lot", bytes);
    let found = answer(w);
    println!("{what}: {} MiB, {:?}, memory {} MiB", bytes.len() as u64 / MIB, found.rules(), found.peak / MIB);
    assert_eq!(found.w.violations(true), Vec::<String>::new(), "{what}");
    found
}

/// A UBL invoice with this between its root's start tag and the rest.
fn with_inside(inside: &str) -> Vec<u8> {
    text(&a4("N-1")).replacen("<cbc:ProfileID>", &format!("{inside}<cbc:ProfileID>"), 1).into_bytes()
}

/// A UBL invoice with this in the start tag of its root.
fn with_attributes(attributes: &str) -> Vec<u8> {
    text(&a4("N-1")).replacen("<Invoice ", &format!("<Invoice {attributes} "), 1).into_bytes()
}

fn numbered(n: usize, each: impl Fn(&mut String, usize)) -> String {
    let mut all = String::new();
    (0..n).for_each(|i| each(&mut all, i));
    all
}

/// What guichet makes of a document in an annuaire that knows its marché.
fn judged(bytes: Vec<u8>) -> guichet::judge::Judged {
    let config = guichet::config::Config::default();
    let context = guichet::judge::Context {
        config: &config,
        annuaire: None,
        mode: guichet::trade::Mode::Edi,
        partner: None,
        today: chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap(),
        layers: &guichet::rules::Layer::ALL,
        associated: None,
    };
    guichet::judge::judge(bytes, &context)
}

const MILLION: usize = 1_000_000;

/// What a case says: what it is, its bytes, the rules that its partner is told.
type Case = (&'static str, Vec<u8>, &'static [&'static str]);

/// What a document of so many bytes may cost, read and judged.
fn most(bytes: usize) -> u64 {
    16 * bytes as u64 + REST
}

/// Each is told these rules, lies there, and costs no more memory than a document may.
fn all(place: &str, cases: impl IntoIterator<Item = Case>) {
    for (what, bytes, rules) in cases {
        let found = answered(what, &bytes);
        assert_eq!(found.rules(), rules, "{what}");
        assert!(found.report.len() < 1 << 20, "{what}: {} bytes of report", found.report.len());
        assert!(found.lies_in(place), "{what}");
        assert!(found.peak <= most(bytes.len()), "{what}: {} bytes of memory", found.peak);
    }
}

#[test]
fn a_million_of_anything_is_refused_with_the_limit() {
    let deep = [&"<a>".repeat(MILLION)[..], &"</a>".repeat(MILLION)].concat();
    let attributes = numbered(MILLION, |s, i| write!(s, " a{i}=''").unwrap());
    let declared = numbered(MILLION, |s, i| write!(s, " xmlns:n{i}='u'").unwrap());
    let nested = numbered(MILLION, |s, i| write!(s, "<a xmlns:n{i}='u'>").unwrap());
    #[rustfmt::skip]
    let cases: [Case; 5] = [
        ("levels",                      with_inside(&deep),                       &["X-10"]),
        ("declarations, one a level",   with_inside(&nested),                     &["X-10"]),
        ("attributes of one element",   with_attributes(&attributes),             &["X-12"]),
        ("declarations of one element", with_attributes(&declared),               &["X-12"]),
        ("elements, three million",     with_inside(&"<a/>".repeat(3 * MILLION)), &["X-11"]),
    ];
    all("archive", cases);
}

/// Whatever fills a document: as large as is read with `GUICHET_EXTREMES=62`, smaller where nobody asked.
#[test]
fn a_document_costs_a_few_times_its_size_whatever_fills_it() {
    let size = std::env::var("GUICHET_EXTREMES").map_or(2, |mib| mib.parse().unwrap()) << 20;
    let fill = |unit: &str| with_inside(&unit.repeat(size / unit.len()));
    let long = "x".repeat(size);
    let some = |each: fn(&mut String, usize)| {
        let mut all = String::with_capacity(size + 1000);
        (0..19 * MILLION / 10).take_while(|i| (each(&mut all, *i), all.len() < size).1).count();
        with_inside(&all)
    };
    let instead = |from: &str, to: &str| text(&a4("N-1")).replacen(from, to, 1).into_bytes();
    let line = "<cac:InvoiceLine><cbc:ID/><cbc:LineExtensionAmount>x</cbc:LineExtensionAmount></cac:InvoiceLine>";
    // Three elements a line: at 62 MiB they would be more than two million.
    let lines = |size: usize| format!("{}</Invoice>", line.repeat(size / line.len()));
    let wide = text(&with_inside(&"工".repeat(size / 2 - 8_000))).replacen("UTF-8", "UTF-16", 1);
    let wide = format!("\u{feff}{wide}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    #[rustfmt::skip]
    let cases: Vec<Case> = vec![
        ("a text",                    with_inside(&format!("<a>{long}</a>")),                                      &[]),
        ("a text in UTF-16",          wide,                                                                        &[]),
        ("a comment",                 with_inside(&format!("<!--{long}-->")),                                      &[]),
        ("CDATA",                     with_inside(&format!("<a><![CDATA[{long}]]></a>")),                          &[]),
        ("a number of a pièce",       instead("N-1", &long),                                                       &["G1.05"]),
        ("a name",                    with_inside(&format!("<{long}/>")),                                          &[]),
        ("a name never closed",       with_inside(&format!("<{long}></b>")),                                       &["X-04"]),
        ("a prefix of nothing",       with_inside(&format!("<{long}:a/>")),                                        &["X-04"]),
        ("an entity of nothing",      with_inside(&format!("&{long};")),                                           &["X-08"]),
        ("a number in &#",            with_inside(&format!("&#{};", "1".repeat(size))),                            &["X-09"]),
        ("a tag that does not end",   with_inside(&format!("<a b='{long}")),                                       &["X-05"]),
        ("less-than signs",           fill("<"),                                                                   &["X-04"]),
        ("references",                fill("&amp;"),                                                               &[]),
        ("elements",                  some(|s, _| s.push_str("<a/>")),                                             &[]),
        ("names",                     some(|s, i| write!(s, "<aaaaaaaaa{i}/>").unwrap()),                          &[]),
        ("namespaces",                some(|s, i| write!(s, "<x:a xmlns:x='u{i}' x:b{i}=''/>").unwrap()),          &[]),
        ("attributes",                some(|s, i| *s += &format!("<a{}/>", numbered(60, |s, j| write!(s, " a{}=''", 60 * i + j).unwrap()))), &[]),
        ("comments after the root",   [&a4("N-1")[..], &b"<!-- -->".repeat(size / 8)].concat(),                    &[]),
        ("lines with a fault",        instead("</Invoice>", &lines(size.min(56 << 20))),                           &["L-08"; 1001]),
    ];
    for (what, bytes, rules) in cases {
        let found = answered(what, &bytes);
        assert_eq!(found.rules(), rules, "{what}");
        assert!(found.report.len() < 1 << 20, "{what}: {} bytes of report", found.report.len());
        assert!(found.peak <= most(bytes.len()), "{what}: {} bytes of memory", found.peak);
    }
}

/// Whatever stands anywhere in an invoice, it is told by its beginning: each text, attribute and name in turn.
#[test]
fn a_long_word_is_told_by_its_beginning() {
    let long = "Z".repeat(40_000);
    let declared = "<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID><cbc:ProfileID>";
    let ubl = text(&a4("N-1")).replacen("<cbc:ProfileID>", declared, 1);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/a04-cii/in/edi/entreprises/PDM-2026-05");
    let mut tried = 0;
    for whole in [ubl, fs::read_to_string(sample).unwrap()] {
        let mut places = HashSet::new();
        for (open, close) in [('>', '<'), ('"', '"'), ('<', '>'), ('<', ' '), (':', '>'), (':', ' ')] {
            for (from, _) in whole.match_indices(open) {
                let length = whole[from + 1..].find(close).unwrap_or(0);
                let word = &whole[from + 1..from + 1 + length];
                if !word.is_empty() && !word.contains(['<', '>', '"', '/', '\n']) {
                    places.insert((from + 1, from + 1 + length));
                }
            }
        }
        for (from, to) in places {
            let word = &whole[from..to];
            // An element's name is changed at both of its ends.
            let changed = if whole.contains(&format!("</{word}>")) {
                whole
                    .replace(&format!("<{word}"), &format!("<{long}"))
                    .replace(&format!("</{word}>"), &format!("</{long}>"))
            } else {
                format!("{}{long}{}", &whole[..from], &whole[to..])
            };
            let told = judged(changed.into_bytes());
            let longest = told.findings.iter().map(|finding| format!("{finding:?}").len()).max().unwrap_or(0);
            assert!(longest < 12_000, "{word}: {longest} bytes of one finding");
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}

/// As many as there are processors are in memory at once, however many are dropped.
#[test]
fn many_large_documents_at_once_cost_what_a_few_cost() {
    let (size, files) = (8 << 20, 24);
    let mut w = World::in_memory(QUICK);
    for n in 1..files {
        let piece = text(&a4(&format!("N-{n}"))).replacen(
            "<cbc:ProfileID>",
            &format!("<a>{}</a><cbc:ProfileID>", "x".repeat(size)),
            1,
        );
        w.drop_file("edi", "gamma", &format!("F{n}"), piece.as_bytes());
    }
    w.drop_file("edi", "delta", "lot", &with_inside(&"x".repeat(size)));
    let found = answer(w);
    println!("memory {} MiB", found.peak / MIB);
    let at_once = std::thread::available_parallelism().unwrap().get() as u64;
    assert!(found.peak <= 2 * (at_once + 1) * size as u64 + REST, "{} bytes of memory", found.peak);
}

/// No entity is ever declared here, so none unfolds, and nothing is fetched: the declaration itself is refused.
#[test]
fn entities_of_whatever_kind_are_refused_unread() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    fs::write(&secret, "SECRET-OF-THE-HOUSE").unwrap();
    let secret = secret.display();
    let laughs = numbered(30, |s, i| write!(s, "<!ENTITY l{} \"{}\">", i + 1, format!("&l{i};").repeat(10)).unwrap());
    let doctype = |inside: &str, used: &str| {
        let whole = text(&a4("N-1")).replacen("?>", &format!("?><!DOCTYPE Invoice {inside}>"), 1);
        whole.replacen("N-1", used, 1).into_bytes()
    };
    let quadratic = doctype(&format!("[<!ENTITY a \"{}\">]", "x".repeat(MILLION)), &"&a;".repeat(MILLION / 4));
    #[rustfmt::skip]
    let cases: [Case; 11] = [
        ("a billion laughs",              doctype(&format!("[<!ENTITY l0 \"lol\">{laughs}]"), "&l30;"),                               &["X-07"]),
        ("quadratic blow-up",             quadratic,                                                                                  &["X-07"]),
        ("an external entity",            doctype(&format!("[<!ENTITY x SYSTEM \"file://{secret}\">]"), "&x;"),                       &["X-07"]),
        ("an external subset",            doctype(&format!("SYSTEM \"file://{secret}\""), "N-1"),                                     &["X-07"]),
        ("a public one",                  doctype("PUBLIC \"-//X\" \"http://127.0.0.1:9/x.dtd\"", "N-1"),                             &["X-07"]),
        ("a parameter entity",            doctype(&format!("[<!ENTITY % p SYSTEM \"file://{secret}\"> %p;]"), "N-1"),                 &["X-07"]),
        ("parameter entities that unfold", doctype("[<!ENTITY % a \"<!ENTITY &#37; b '%a;%a;'>\"> %a; %b;]", "N-1"),                  &["X-07"]),
        ("an entity of itself",           doctype("[<!ENTITY a \"&a;\">]", "&a;"),                                                    &["X-07"]),
        ("in small letters",              text(&doctype("[<!ENTITY a 'b'>]", "&a;")).replace("DOCTYPE", "doctype").into_bytes(),      &["X-07"]),
        ("an entity nobody declared",     text(&a4("N-1")).replacen("N-1", "&x;", 1).into_bytes(),                                    &["X-08"]),
        ("XInclude is a name like another", with_inside(&format!("<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file://{secret}' parse='text'/>")), &[]),
    ];
    for (what, bytes, rules) in cases {
        let found = answered(what, &bytes);
        assert_eq!(found.rules(), rules, "{what}");
        assert!(found.peak <= most(bytes.len()), "{what}: {} bytes of memory", found.peak);
        let all = found.w.files("spool/out").into_iter().map(|f| fs::read(found.w.path("spool/out").join(f)).unwrap());
        assert!(!text(&all.collect::<Vec<_>>().concat()).contains("SECRET"), "{what}");
    }
}

/// A file of this size that takes no room on the disk, with this at its beginning.
fn hollow(w: &mut World, beginning: &[u8], size: u64) {
    let path = w.path("spool/in/edi/delta/lot");
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(beginning).unwrap();
    file.set_len(size).unwrap();
    drop(file);
    // What it holds is a hole: to hash it would be to read it.
    w.note_drop("edi", "delta", "lot".as_ref(), beginning);
}

#[test]
fn what_is_too_large_is_held_without_being_read() {
    let gib = 1 << 30;
    let piece = with_inside("<a>");
    #[rustfmt::skip]
    let cases: [(&str, &[u8], u64, &str); 6] = [
        ("a byte more than a document may have", &piece,           (64 << 20) + 1, "X-13"),
        ("a text node of a gigabyte",            &piece,           gib,            "X-13"),
        ("a text node of a terabyte",            &piece,           gib << 10,      "X-13"),
        ("a PDF of a gigabyte",                  b"%PDF-1.7",      gib,            "X-13"),
        ("a gigabyte of nothing",                b"",              gib,            "X-13"),
        ("an archive over its own limit",        b"PK\x03\x04",    gib + 1,        "X-13"),
    ];
    for (what, beginning, size, rule) in cases {
        let mut w = World::new();
        hollow(&mut w, beginning, size);
        let found = answer(w);
        println!("{what}: memory {} MiB", found.peak / MIB);
        assert_eq!(found.rules(), [rule], "{what}");
        assert!(
            found.report.contains("<IdStatut>93</IdStatut>") && found.report.contains("limite"),
            "{}",
            found.report
        );
        assert!(found.peak <= REST, "{what}: {} bytes of memory", found.peak);
        let held = found.w.files("spool/hold");
        assert_eq!(held.len(), 1, "{what}");
        assert_eq!(fs::metadata(found.w.path("spool/hold").join(&held[0])).unwrap().len(), size, "{what}");
        assert!(found.w.files("spool/work").is_empty(), "{what}");
    }
}

/// A member of a tar as its header says, whatever it holds.
fn member(kind: u8, name: &[u8], size: [u8; 12], holds: &[u8], more: impl Fn(&mut tar::GnuHeader)) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    let raw = header.as_gnu_mut().unwrap();
    raw.name[..name.len()].copy_from_slice(name);
    (raw.size, raw.typeflag) = (size, [kind]);
    more(raw);
    header.set_cksum();
    let padding = vec![0; holds.len().next_multiple_of(512) - holds.len()];
    [&header.as_bytes()[..], holds, &padding].concat()
}

/// A size as a tar writes it.
fn octal(size: usize) -> [u8; 12] {
    format!("{size:011o}\0").into_bytes().try_into().unwrap()
}

/// A pièce as a member, and the end of a tar.
fn and_a_piece(before: &[u8]) -> Vec<u8> {
    let piece = a4("N-1");
    [before, &member(b'0', b"a.xml", octal(piece.len()), &piece, |_| ()), &[0; 1024]].concat()
}

/// A tar whose members are holes: each stores a block and says that it has so many bytes.
fn holes(members: usize, size: u64) -> Vec<u8> {
    let each = |n: usize| {
        member(b'S', format!("{n}").as_bytes(), octal(512), &[b' '; 512], |raw| {
            raw.sparse[0].set_offset(size - 512);
            raw.sparse[0].set_length(512);
            raw.set_real_size(size);
        })
    };
    [(0..members).flat_map(each).collect(), vec![0; 1024]].concat()
}

#[test]
fn bombs_are_put_out_before_they_cost_memory() {
    let mut zeros = member(b'0', b"zeros.xml", octal(8 << 30 >> 1), b"", |_| ());
    zeros = gz(&zeros);
    let part = gz(&vec![0; 64 << 20]);
    (0..64).for_each(|_| zeros.extend(&part));
    let large = vec![b' '; 60 << 20];
    let names: Vec<String> = (0..20).map(|n| format!("{n}.xml")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &large[..])).collect();
    let nested = (0..20).fold(tgz(&[("a.xml", &a4("N-2"))]), |inner, _| zipped(&[("a.zip", &inner)]));
    #[rustfmt::skip]
    let cases: [Case; 7] = [
        ("4 GB of zeros in a tar.gz",            zeros,                                     &["X-23"]),
        ("twenty members of 60 MB in a zip",     zipped(&many),                             &["X-23"]),
        ("60,000 entries that lead to 60 MB",    zip_of_one(&large, 60_000),                &["X-21"]),
        ("1,000 of them",                        zip_of_one(&large, 1_000),                 &["X-23"]),
        // A member with holes is no plain file: it is not unpacked at all.
        ("a hole of 60 MB in a tar",             holes(1, 60 << 20),                        &["X-28"]),
        ("a thousand of them in a tar.gz",       gz(&holes(1_000, 60 << 20)),               &["X-22"]),
        ("zips in one another",                  nested,                                    &["L-02"]),
    ];
    for (what, bytes, rules) in cases {
        let found = answered(what, &bytes);
        assert_eq!(found.rules(), rules, "{what}");
        assert!(found.lies_in("archive"), "{what}");
        // A member is at most as large as a document, and is unpacked before anybody knows what it is.
        let most = bytes.len() as u64 + 3 * (64 << 20) + REST;
        assert!(found.peak <= most, "{what}: {} bytes of memory", found.peak);
    }
}

#[test]
fn an_archive_that_lies_of_its_sizes_is_found_out() {
    let piece = a4("N-1");
    // Where the numbers of the local header and of the directory stand.
    let zip = |local: usize, entry: usize, value: &[u8]| {
        let mut zip = zipped(&[("b.xml", &a4("N-2")), ("a.xml", &piece)]);
        let (l, e) = (0, zip.windows(4).position(|w| w == b"PK\x01\x02").unwrap());
        zip[l + local..l + local + value.len()].copy_from_slice(value);
        zip[e + entry..e + entry + value.len()].copy_from_slice(value);
        zip
    };
    let end = |at: usize, value: &[u8]| {
        let mut zip = zipped(&[("a.xml", &piece)]);
        let e = zip.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap();
        zip[e + at..e + at + value.len()].copy_from_slice(value);
        zip
    };
    let tar = |size: [u8; 12]| and_a_piece(&member(b'0', b"b.xml", size, b"<a/>", |_| ()));
    let pax = |says: &str| {
        let record = format!("{} {says}\n", says.len() + 2 + (says.len() + 4).to_string().len());
        let record = record.into_bytes();
        let described = member(b'x', b"pax", octal(record.len()), &record, |_| ());
        and_a_piece(&[described, member(b'0', b"b.xml", octal(4), b"<a/>", |_| ())].concat())
    };
    let huge = [0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let other_length = |mut gz: Vec<u8>| {
        let at = gz.len() - 4;
        gz[at..].copy_from_slice(&[0xff; 4]);
        gz
    };
    #[rustfmt::skip]
    let cases: [Case; 17] = [
        ("a zip, less than there is",               zip(22, 24, &[1, 0, 0, 0]),                    &["X-30"]),
        ("a zip, more than there is",               zip(22, 24, &[0xff, 0xff, 0xff, 0]),           &["X-30"]),
        ("a zip, more than may be",                 zip(22, 24, &[0xfe, 0xff, 0xff, 0xff]),        &["X-29"]),
        ("a zip, packed to less",                   zip(18, 20, &[1, 0, 0, 0]),                    &["X-30"]),
        ("a zip of no entries that has some",       end(8, &[0, 0, 0, 0]),                         &["X-25"]),
        ("a zip of more entries than it has",       end(8, &[9, 0, 9, 0]),                         &["X-20"]),
        ("a zip whose directory is elsewhere",      end(16, &[0xff, 0xff, 0xff, 0x7f]),            &["X-20"]),
        // What is packed says where it ends, and length and checksum of what is unpacked are right.
        ("a zip, packed to more than there is",     zip(18, 20, &[0xff, 0xff, 0xff, 0x7f]),        &[]),
        ("a zip whose directory is larger than it", end(12, &[0xff, 0xff, 0xff, 0x7f]),            &[]),
        ("a tar, more than there is",               tar(octal(1 << 20)),                           &["X-20"]),
        ("a tar, more than any disk has",           tar(huge),                                     &["X-20"]),
        ("a tar, less than nothing",                tar([0xff; 12]),                               &["X-20"]),
        ("a tar, no number",                        tar(*b"9z9z9z9z9z9\0"),                        &["X-20"]),
        ("a tar, more by its attributes",           pax("size=99999999999"),                       &["X-20"]),
        ("a tar, the largest number",               pax("size=18446744073709551615"),              &["X-20"]),
        ("a hole larger than any disk",             holes(1, u64::MAX >> 1),                       &["X-28"]),
        ("a gzip that says another length",         other_length(tgz(&[("a.xml", &piece)])),       &["X-20"]),
    ];
    for (what, bytes, rules) in cases {
        let found = answered(what, &bytes);
        assert_eq!(found.rules(), rules, "{what}: {}", found.report);
        // X-20 may be a transfer that broke: an operator's.
        assert!(found.lies_in(if rules == ["X-20"] { "hold" } else { "archive" }), "{what}");
        assert!(found.peak <= REST, "{what}: {} bytes of memory", found.peak);
    }
}

#[test]
fn no_name_in_an_archive_leads_anywhere() {
    let piece = a4("N-2");
    #[rustfmt::skip]
    let names: [&[u8]; 14] = [
        b"../../../../../../tmp/guichet-was-here", b"/tmp/guichet-was-here", b"a/../../b.xml", b"..", b"a/..", b"..\\b.xml",
        b"\\tmp\\guichet-was-here", b"\\\\host\\share\\b.xml", b"C:\\b.xml", b"C:/b.xml", b"c:b.xml", b"//host/b.xml",
        b"./../b.xml", b"a\\..\\..\\b.xml",
    ];
    for name in names {
        let shown = String::from_utf8_lossy(name).into_owned();
        for bytes in [
            gz(&tar_raw(&[(name, &piece), (b"a.xml", &a4("N-1"))])),
            zipped(&[(&shown, &piece), ("a.xml", &a4("N-1"))]),
        ] {
            let found = answered(&shown, &bytes);
            assert_eq!(found.rules(), ["X-27"], "{shown}: {}", found.report);
            assert!(found.w.tray("beta", "pieces").contains(&a4("N-1")), "{shown}: the other member is taken");
            let w = &found.w;
            let beside: Vec<String> =
                fs::read_dir(w.dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
            assert_eq!(beside.len(), 3, "{shown}: nothing is written beside the spool: {beside:?}");
            assert!(!Path::new("/tmp/guichet-was-here").exists());
        }
    }
    // A name that ends at a NUL for one program and goes on for another.
    let mut zip = zipped(&[("b.xml!evil", &piece), ("a.xml", &a4("N-1"))]);
    let places: Vec<usize> = zip.windows(10).enumerate().filter(|(_, w)| w == b"b.xml!evil").map(|(i, _)| i).collect();
    places.iter().for_each(|at| zip[at + 5] = 0);
    let record = b"21 path=b.xml\0evil.x\n";
    let described = member(b'x', b"pax", octal(record.len()), record, |_| ());
    let tar = and_a_piece(&[described, member(b'0', b"b.xml", octal(piece.len()), &piece, |_| ())].concat());
    for bytes in [zip, gz(&tar)] {
        let found = answered("NUL", &bytes);
        assert_eq!(found.rules(), ["X-27"], "{}", found.report);
    }
}

#[test]
fn whatever_is_no_file_in_a_tar_costs_the_other_members_nothing() {
    // Hard link, symbolic link, character and block device, FIFO; kinds that nobody knows.
    for kind in *b"12346DVMZ" {
        let odd = member(kind, b"odd", octal(0), b"", |raw| {
            raw.linkname[..11].copy_from_slice(b"/etc/passwd");
            (raw.dev_major, raw.dev_minor) = (*b"0000001\0", *b"0000003\0");
        });
        let found = answered(&format!("kind {}", char::from(kind)), &gz(&and_a_piece(&odd)));
        assert_eq!(found.rules(), ["X-28"], "{}: {}", char::from(kind), found.report);
        assert!(found.w.tray("beta", "pieces").contains(&a4("N-1")), "{}", char::from(kind));
    }
}
