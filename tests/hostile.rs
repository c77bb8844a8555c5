//! Promise 5 where it is hardest: what a partner can do to its own files and directories while they are worked on, and
//! what a document can do by what is wrong with it, stops nobody, and is told.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::build::{form, page};
use common::world::{World, a4, text};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs a batch that is killed at the first crash point of this name.
fn killed_at(w: &World, point: &str) {
    let log = w.path("points");
    let copy = World::with("[spool]\nsettle = \"0s\"\n");
    for file in w.files("spool/in") {
        let to = copy.path("spool/in").join(&file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(w.path("spool/in").join(&file), to).unwrap();
    }
    copy.guichet(&["batch"]).env("GUICHET_KILL_LOG", &log).output().unwrap();
    let points = fs::read_to_string(&log).unwrap();
    let line = points.lines().find(|l| l.ends_with(point)).unwrap();
    let n = line.split(' ').next().unwrap();
    let out = w.guichet(&["batch"]).env("GUICHET_KILL_AT", n).output().unwrap();
    assert_eq!(out.status.code(), None, "killed at {point}: {}", text(&out.stderr));
}

/// The next start answers everything, and all holds together.
fn finishes(w: &mut World) -> String {
    w.drop_file("edi", "alpha", "ordinary.xml", &a4("ORDINARY"));
    let out = w.run(&["batch"]);
    let told = text(&out.stderr);
    assert!(out.status.success(), "{told}");
    assert!(text(&w.run(&["search", "--number", "ORDINARY"]).stdout).contains("MISE_A_DISPOSITION_MOE"));
    told
}

#[test]
fn what_is_no_file_in_work_is_put_aside() {
    let mut w = World::new();
    w.batch();
    let work = w.path("spool/work/edi/alpha");
    symlink("/etc/passwd", work.join("f-0000000000000001~link")).unwrap();
    fs::create_dir(work.join("f-0000000000000002~dir")).unwrap();
    let fifo = work.join("f-0000000000000003~fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let told = finishes(&mut w);
    assert_eq!(told.matches("it is in hold/ now").count(), 3, "{told}");
    assert_eq!(fs::read_dir(&work).unwrap().count(), 0);
    assert_eq!(fs::read_dir(w.path("spool/hold")).unwrap().count(), 3);
}

#[test]
fn a_tray_that_is_no_directory_stops_nobody_even_in_recovery() {
    for barrier in ["syncfs", "fsync"] {
        let mut w = World::with(&format!("[spool]\nsettle = \"0s\"\n[ledger]\nbarrier = \"{barrier}\"\n"));
        w.drop_file("edi", "delta", "F", &a4("N-1"));
        killed_at(&w, "claimed");
        let tray = w.path("spool/out/delta/comptes-rendus");
        let _ = fs::remove_dir_all(&tray);
        fs::create_dir_all(tray.parent().unwrap()).unwrap();
        fs::write(&tray, "mine").unwrap();
        let told = finishes(&mut w);
        assert!(told.contains("delta"), "{barrier}: {told}");
        assert!(text(&w.run(&["search", "--number", "N-1"]).stdout).contains("MISE_A_DISPOSITION_MOE"));
        fs::remove_file(&tray).unwrap();
        w.batch();
        assert_eq!(w.tray("delta", "comptes-rendus").len(), 1, "{barrier}: the report comes once there is a place");
        assert_eq!(w.violations(true), Vec::<String>::new());
    }
}

#[test]
fn a_limit_lowered_after_a_crash_loses_nothing() {
    let mut w = World::new();
    w.drop_file("edi", "delta", "F", &a4("N-1"));
    killed_at(&w, "copied");
    fs::write(w.path("guichet.toml"), "[spool]\nsettle = \"0s\"\n[limits]\nfile = \"2KiB\"\n").unwrap();
    let out = w.run(&["batch"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(w.violations(true), Vec::<String>::new());
    assert!(w.files("spool/work").is_empty());
    assert_eq!(w.files("spool/hold").len(), 1);
}

#[test]
fn a_copy_that_is_all_that_is_left_is_not_written_over() {
    let mut w = World::new();
    w.drop_file("edi", "delta", "F", &a4("N-1"));
    killed_at(&w, "copied");
    let work = w.path("spool/work/edi/delta");
    let original =
        fs::read_dir(&work).unwrap().map(|e| e.unwrap().path()).find(|p| !p.to_string_lossy().ends_with(".copy"));
    fs::remove_file(original.unwrap()).unwrap();
    w.dropped[0].name.clear(); // its name went with it
    // Killed again in the middle of the work: the bytes are still there.
    w.guichet(&["batch"]).env("GUICHET_KILL_AT", "1").output().unwrap();
    finishes(&mut w);
    assert_eq!(w.violations(true), Vec::<String>::new());
    assert_eq!(w.tray("beta", "pieces").len(), 2);
}

#[test]
fn a_document_with_endless_faults_is_answered_in_finite_words() {
    let mut w = World::new();
    let line =
        "<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:LineExtensionAmount>x</cbc:LineExtensionAmount></cac:InvoiceLine>";
    let number = "N".repeat(100_000);
    let bytes = text(&a4(&number)).replace("</Invoice>", &format!("{}</Invoice>", line.repeat(5_000)));
    w.drop_file("edi", "delta", "F", bytes.as_bytes());
    finishes(&mut w);
    let report = text(&w.tray("delta", "comptes-rendus").concat());
    assert!(report.contains("autres fois la même règle"), "what is left out is counted");
    assert!(report.len() < 4 << 20, "{} bytes of report", report.len());
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn a_held_file_that_is_gone_is_said_and_nothing_is_recorded() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n");
    w.drop_file("edi", "delta", "F", b"noise");
    w.batch();
    let flow: String = w.ledger().query_row("SELECT id FROM flow", [], |r| r.get(0)).unwrap();
    let held = w.path("spool/hold").join(&w.files("spool/hold")[0]);
    fs::rename(&held, w.path("elsewhere")).unwrap();
    let out = w.run(&["requeue", &flow]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("not there any more"), "{}", text(&out.stderr));
    assert!(!w.run(&["verify"]).status.success(), "the loss is seen");
    fs::rename(w.path("elsewhere"), &held).unwrap();
    assert!(w.run(&["requeue", &flow]).status.success());
    assert!(w.run(&["verify"]).status.success());
}

#[test]
fn a_ledger_that_is_lost_is_not_replaced_by_an_empty_one() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    for name in ["guichet.db", "guichet.db-wal", "guichet.db-shm"] {
        let _ = fs::remove_file(w.path("spool").join(name));
    }
    let out = w.run(&["batch"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("put the ledger back"), "{}", text(&out.stderr));
    assert!(!w.path("spool/guichet.db").exists());
}

#[test]
fn two_spools_do_not_share_a_ledger() {
    let one = World::new();
    let ledger = one.path("ledger.db");
    let config = format!("[spool]\nsettle = \"0s\"\n[ledger]\npath = \"{}\"\n", ledger.display());
    fs::write(one.path("guichet.toml"), &config).unwrap();
    let other = World::with(&config);
    let mut daemon = one.guichet(&["run"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !one.path("spool/guichet.sock").exists() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let out = other.run(&["batch"]);
    let _ = (daemon.kill(), daemon.wait());
    assert_eq!(out.status.code(), Some(75), "{}", text(&out.stderr));
    assert!(other.run(&["batch"]).status.success(), "once it is free");
}

#[test]
fn time_in_the_ledger_does_not_run_backwards() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    // As if the clock had been an hour ahead.
    let ledger = rusqlite::Connection::open(w.path("spool/guichet.db")).unwrap();
    ledger.execute_batch("DROP TRIGGER event_fixed; UPDATE event SET at = at + 3600000").unwrap();
    let last: i64 = ledger.query_row("SELECT max(at) FROM event", [], |r| r.get(0)).unwrap();
    w.drop_file("edi", "alpha", "G", &a4("N-2"));
    w.drop_file("edi", "alpha", "H", &a4("N-3"));
    let told = text(&w.run(&["batch"]).stderr);
    assert_eq!(told.matches("s behind the ledger").count(), 1, "told once: {told}");
    let next: i64 =
        ledger.query_row("SELECT min(decided_at) FROM flow WHERE name = CAST('G' AS BLOB)", [], |r| r.get(0)).unwrap();
    assert!(next >= last);
}

#[test]
fn one_long_line_costs_no_more_than_many() {
    // Places are found by blocks, not from the line's beginning: the same document, in one line and in many.
    let line =
        "<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:LineExtensionAmount>x</cbc:LineExtensionAmount></cac:InvoiceLine>\n";
    let many = text(&a4("N-1")).replace("</Invoice>", &format!("{}</Invoice>", line.repeat(900)));
    let w = World::new();
    fs::write(w.path("many.xml"), &many).unwrap();
    fs::write(w.path("one.xml"), many.replace('\n', " ")).unwrap();
    let places = |name: &str| -> Vec<(u64, u64)> {
        let out = w.run(&["check", name, "--format", "json"]);
        let line: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        let findings = line["findings"].as_array().unwrap().clone();
        findings.iter().filter_map(|f| Some((f["line"].as_u64()?, f["column"].as_u64()?))).collect()
    };
    let (many_places, one_places) = (places("many.xml"), places("one.xml"));
    assert_eq!(many_places.len(), one_places.len());
    let offsets: Vec<usize> = many
        .split('\n')
        .scan(0, |at, l| {
            let here = *at;
            *at += l.chars().count() + 1;
            Some(here)
        })
        .collect();
    for ((line, column), (one, at)) in many_places.iter().zip(&one_places) {
        assert_eq!((*one, *at), (1, offsets[usize::try_from(*line).unwrap() - 1] as u64 + column));
    }
}

#[test]
fn the_spools_own_directories_are_nobody_elses() {
    let w = World::new();
    w.batch();
    for dir in ["work", "archive", "hold", "out/.stage"] {
        let mode = fs::metadata(w.path("spool").join(dir)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{dir}");
    }
}

/// What no output may have: whatever moves a cursor, changes a colour, forges a line or the order of one, or is no UTF-8.
/// Written out here, so that it is not guichet's own list that is asked.
fn harmful(c: char) -> bool {
    let controls = c != '\n' && c.is_control();
    let order = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let unseen = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}');
    controls || order || unseen || ('\u{e0000}'..='\u{e007f}').contains(&c)
}

/// What a partner may call things.
const NAMES: [&[u8]; 9] = [
    b"F\x1b[31m\x1b]0;title\x07\x1b[2J",
    b"two\nlines\r\n2026-01-01T00:00:00+01:00 ALERT forged",
    "right-to-left \u{202e}lmx.\u{202c} \u{2066}\u{61c}\u{200f}".as_bytes(),
    "C1 \u{9b}31m\u{85}\u{7f}".as_bytes(),
    "unseen \u{200b}\u{ad}\u{feff}\u{e0041}\u{2028}".as_bytes(),
    b"latin \xe9 and more \xff\xfe\xc0\x80",
    b"cut \xf0\x9f",
    b"=cmd|' -C calc'!A0;\"quoted\";'\t",
    b"%s%n${HOME}`id`$(id)<b>&amp;<b>]]>",
];

#[test]
fn no_name_and_no_value_does_anything_to_whoever_reads_of_it() {
    let mut w = World::with(
        "[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n[metrics]\nfile = \"metrics\"\n[log]\nlevel = \"debug\"\n",
    );
    for (n, name) in NAMES.into_iter().enumerate() {
        let raw = OsStr::from_bytes(name);
        let inside = w.path("spool/in/edi/alpha").join(raw);
        // What XML lets through stands in the pièce too, where people read it.
        let said = text(name).chars().filter(|c| *c >= ' ' && !"<&\"".contains(*c)).collect::<String>();
        let piece = text(&a4(&format!("N-{n}"))).replace("Terrassements du Vallon", &said);
        let bytes = match n % 3 {
            0 => piece.into_bytes(),
            1 => piece.replace(&format!("N-{n}"), &said).into_bytes(),
            _ => common::archive::gz(&common::archive::tar_raw(&[(name, &a4(&format!("M-{n}"))), (b"b", b"<b>")])),
        };
        fs::write(&inside, &bytes).unwrap();
        w.note_drop("edi", "alpha", raw, &bytes);
        // What is held, what is nobody's, and what is no file.
        fs::write(w.path("spool/in/edi/gamma").join(raw), [&b"\x00\x01noise"[..], name].concat()).unwrap();
        w.note_drop("edi", "gamma", raw, &[&b"\x00\x01noise"[..], name].concat());
        fs::create_dir(w.path("spool/in/edi/beta").join(raw)).unwrap();
        fs::create_dir(w.path("spool/in/edi").join(raw)).unwrap();
        fs::write(w.dir.path().join(raw), [&b"<b>"[..], name].concat()).unwrap();
    }
    let mut seen = Vec::new();
    let mut look = |what: String, bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap_or_else(|e| panic!("{what}: {e}"));
        let found = text.lines().find(|line| line.contains(harmful));
        assert!(found.is_none(), "{what}: {found:?}");
        seen.push(text);
    };
    for format in ["table", "json", "csv"] {
        for lang in ["fr", "en"] {
            if seen_nothing(&w) {
                let out = w.guichet(&["batch", "--format", format]).env("GUICHET_LANG", lang).output().unwrap();
                look("batch".to_owned(), &[out.stdout, out.stderr].concat());
            }
            let column = |sql: &str| -> Vec<String> {
                let ledger = w.ledger();
                let mut statement = ledger.prepare(sql).unwrap();
                let rows = statement.query_map([], |r| r.get(0)).unwrap();
                rows.map(Result::unwrap).collect()
            };
            let mut commands: Vec<Vec<String>> =
                ["status", "flows", "flows --state held", "search", "stock", "verify", "batch"]
                    .iter()
                    .map(|line| line.split(' ').map(str::to_owned).collect())
                    .collect();
            let with = |command: &str, arguments: Vec<String>| -> Vec<Vec<String>> {
                arguments.into_iter().map(|a| command.split(' ').map(str::to_owned).chain([a]).collect()).collect()
            };
            commands.extend(with("flow", column("SELECT id FROM flow")));
            commands.extend(with("piece", column("SELECT id FROM piece")));
            commands.extend(with("certificat", column("SELECT id FROM piece")));
            commands.extend(with("dossier", column("SELECT DISTINCT number FROM dossier")));
            commands.extend(with("synthese --structure", vec![common::world::TITULAIRE.to_owned()]));
            commands.extend(with("replay", column("SELECT id FROM flow LIMIT 3")));
            for command in commands {
                let out = w
                    .guichet(&[])
                    .args(&command)
                    .args(["--format", format])
                    .env("GUICHET_LANG", lang)
                    .output()
                    .unwrap();
                look(format!("{command:?} {format} {lang}"), &out.stdout);
                look(format!("{command:?} {format} {lang}, on stderr"), &out.stderr);
            }
            for name in NAMES {
                for command in [
                    "check",
                    "flow",
                    "piece",
                    "certificat",
                    "dossier",
                    "requeue",
                    "replay",
                    "annuaire show",
                    "search --number",
                    "search --status",
                    "flows --after",
                    "rules",
                    "synthese --structure",
                    "backup",
                    "act",
                ] {
                    let mut child = w.guichet(&[]);
                    child.args(command.split(' ')).arg(OsStr::from_bytes(name));
                    if command == "act" {
                        child.arg(OsStr::from_bytes(name)).arg("--as").arg(OsStr::from_bytes(name));
                    }
                    let out = child.args(["--format", format]).env("GUICHET_LANG", lang).output().unwrap();
                    look(format!("{command} {name:?} {format} {lang}"), &out.stdout);
                    look(format!("{command} {name:?} {format} {lang}, on stderr"), &out.stderr);
                }
            }
        }
    }
    for file in w.files("spool/out") {
        // The pièces are the partner's own bytes.
        if !file.contains("/pieces/") {
            look(file.clone(), &fs::read(w.path("spool/out").join(&file)).unwrap());
        }
    }
    look("metrics".to_owned(), &fs::read(w.path("metrics")).unwrap());
    assert!(seen.iter().any(|text| text.contains("u{202e}")) && seen.iter().any(|text| text.contains("\\u202e")));
    assert_eq!(w.violations(true), Vec::<String>::new());
}

/// Whether nothing was decided yet.
fn seen_nothing(w: &World) -> bool {
    !w.path("spool/guichet.db").exists()
}

#[test]
fn a_file_that_is_swapped_again_and_again_never_leads_elsewhere() {
    let mut w = World::new();
    let secret = w.path("secret.xml");
    fs::write(&secret, a4("SECRET")).unwrap();
    let dir = w.path("spool/in/edi/delta");
    let stop = AtomicBool::new(false);
    // Files, links to a secret, second names of it, FIFOs and directories take one another's place under the same names.
    let swap = || {
        let mut n = 0_u64;
        while !stop.load(Ordering::Relaxed) {
            n += 1;
            let (name, other) = (dir.join(format!("F{}.xml", n % 7)), w.path(&format!("spare-{n}")));
            match n % 5 {
                0 => symlink(&secret, &other).unwrap(),
                1 => fs::hard_link(&secret, &other).unwrap(),
                2 => fs::create_dir(&other).unwrap(),
                3 => rustix::fs::mknodat(rustix::fs::CWD, &other, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap(),
                _ => fs::write(&other, a4(&format!("N-{n}"))).unwrap(),
            }
            // In one step where there is something, and whatever it is.
            let exchanged = rustix::fs::renameat_with(
                rustix::fs::CWD,
                &other,
                rustix::fs::CWD,
                &name,
                rustix::fs::RenameFlags::EXCHANGE,
            );
            if exchanged.is_err() {
                let _ = fs::rename(&other, &name);
            }
            let _ = fs::remove_file(&other).or_else(|_| fs::remove_dir(&other));
        }
        n
    };
    let (mut answered, mut batches, mut swaps) = (0, 0_u64, 0);
    std::thread::scope(|scope| {
        let swapping = scope.spawn(swap);
        // Forty, and as many as it takes until one of the swapped files is a pièce too.
        while batches < 40 || answered <= batches && batches < 400 {
            let n = batches;
            batches += 1;
            fs::write(w.path(&format!("spool/in/edi/alpha/G{n}")), a4(&format!("G-{n}"))).unwrap();
            let out = w.run(&["batch", "--format", "json"]);
            assert!(out.status.success(), "{}", text(&out.stderr));
            let tally: serde_json::Value = serde_json::from_str(text(&out.stdout).lines().last().unwrap()).unwrap();
            answered += tally["accepted"].as_u64().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        swaps = swapping.join().unwrap();
    });
    println!("{swaps} swaps, {answered} pièces accepted");
    assert!(swaps > 100 && answered > batches, "{swaps} swaps, {answered} accepted in {batches} batches");
    let others: i64 = w
        .ledger()
        .query_row("SELECT count(*) FROM piece WHERE number LIKE 'G-%' AND status <> 'REFUSEE_CONTROLE'", [], |r| {
            r.get(0)
        })
        .unwrap();
    assert_eq!(u64::try_from(others).unwrap(), batches, "each of the other partner's is answered in its own batch");
    // What took a claimed file's place and cannot go back lies in hold as it is: a second name is no copy.
    let of_secret = fs::metadata(&secret).unwrap().ino();
    for below in ["spool/archive", "spool/hold", "spool/out", "spool/work"] {
        for file in w.files(below) {
            let path = w.path(below).join(&file);
            let is_set_aside = below == "spool/hold" && fs::metadata(&path).unwrap().ino() == of_secret;
            assert!(is_set_aside || !text(&fs::read(&path).unwrap()).contains("SECRET"), "{below}/{file}");
        }
    }
    assert_eq!(fs::read(&secret).unwrap(), a4("SECRET"));
    // An operator has looked at what was laid aside.
    for file in w.files("spool/hold") {
        let path = w.path("spool/hold").join(&file);
        if fs::metadata(&path).unwrap().ino() == of_secret {
            fs::remove_file(path).unwrap();
        }
    }
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir(&dir).unwrap();
    w.dropped.clear();
    finishes(&mut w);
    let verified = w.run(&["verify"]);
    assert!(verified.status.success(), "{}{}", text(&verified.stdout), text(&verified.stderr));
}

#[test]
fn a_file_that_grows_without_end_after_it_came_along_is_laid_aside() {
    let w = World::with("[limits]\nflow = \"1MiB\"\nfile = \"512KiB\"\n[spool]\nsettle = \"0s\"\n");
    w.batch();
    // As it is when one who still has the file open made it larger than a deposit may be while the form was claimed.
    let work = w.path("spool/work/portail/alpha");
    fs::create_dir_all(&work).unwrap();
    let form = form(&page("A4", "F-1"), "gone.pdf", &["plan.txt"]);
    fs::write(work.join("f-01hzzzzzzzzzzzz0~f.depot.xml"), form).unwrap();
    let grown = fs::File::create(work.join("f-01hzzzzzzzzzzzz0.1.along")).unwrap();
    grown.set_len(2 << 20).unwrap();
    let out = w.run(&["batch", "--format", "json"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(w.files("spool/hold"), ["f-01hzzzzzzzzzzzz0.1.along"]);
    assert_eq!(w.tray("alpha", "comptes-rendus").len(), 1, "the form is answered");
    assert_eq!(w.files("spool/work"), Vec::<String>::new());
}

#[test]
fn what_sqlite_refuses_is_told_in_whole_sentences_in_both_languages() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    for name in ["guichet.db-wal", "guichet.db-shm"] {
        let _ = fs::remove_file(w.path("spool").join(name));
    }
    fs::write(w.path("spool/guichet.db"), "no database".repeat(1000)).unwrap();
    for (lang, says) in
        [("fr", "le registre n'a pas pu s'ouvrir en lecture : "), ("en", "failed to open for reading: ")]
    {
        let out = w.guichet(&["search"]).env("GUICHET_LANG", lang).output().unwrap();
        let told = text(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{told}");
        assert!(told.contains(says) && !told.contains('«'), "{told}");
    }
}
