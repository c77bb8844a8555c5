//! Promise 5: whatever is dropped, the flow gets a clear answer or stays where it is, and no other flow is harmed.
//! Every world here also holds an ordinary flow, which must be accepted all the same.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{MOE, World, a4, text};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

/// Runs a batch; the ordinary flow must be accepted whatever else was there.
fn batch_with_an_ordinary_flow(w: &mut World) -> serde_json::Value {
    w.drop_file("edi", "alpha", "ordinary.xml", &a4("ORDINARY"));
    let tally = w.batch();
    let found = w.run(&["search", "--number", "ORDINARY", "--format", "json"]);
    let line: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(line["status"], "MISE_A_DISPOSITION_MOE");
    assert_eq!(w.violations(true), Vec::<String>::new());
    tally
}

/// The rules that a partner's reports name, in order.
fn rules_told(w: &World, partner: &str) -> Vec<String> {
    let reports = w.tray(partner, "comptes-rendus");
    let all = reports.iter().map(|r| text(r)).collect::<String>();
    all.split("<CodeErreur>").skip(1).map(|s| s.split('<').next().unwrap().to_owned()).collect()
}

#[test]
fn an_accepted_pièce_reaches_the_partner_of_its_recipient_byte_for_byte() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F1", &a4("N-1"));
    let tally = w.batch();
    assert_eq!((&tally["flows"], &tally["accepted"], &tally["refused"]), (&1.into(), &1.into(), &0.into()));
    assert_eq!(w.tray("beta", "pieces"), [a4("N-1")], "the MOE's partner gets the pièce");
    assert!(w.tray("gamma", "pieces").is_empty(), "nobody else does");
    let told: Vec<String> = w.tray("beta", "statuts").iter().map(|s| text(s)).collect();
    assert!(told.len() == 1 && told[0].contains("MISE_A_DISPOSITION_MOE"), "{told:?}");
    assert!(!told[0].contains("DEPOSEE"), "the MOE is told from the moment it holds the pièce");
    let told = text(&w.tray("alpha", "statuts")[0]);
    assert!(told.find("DEPOSEE").unwrap() < told.find("MISE_A_DISPOSITION_MOE").unwrap());
    assert!(text(&w.tray("alpha", "comptes-rendus")[0]).contains("<IdStatut>90</IdStatut>"));
    assert!(w.tray("gamma", "statuts").is_empty(), "the MOA is not concerned yet");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn an_unknown_partners_directory_is_left_and_told_once() {
    let mut w = World::new();
    let path = w.path("spool/in/edi/nobody");
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("F"), a4("N-1")).unwrap();
    w.drop_file("edi", "alpha", "ordinary.xml", &a4("ORDINARY"));
    let out = w.run(&["batch"]);
    assert_eq!(text(&out.stderr).matches("in/edi/nobody").count(), 1, "{}", text(&out.stderr));
    assert!(path.join("F").exists());
    assert!(!w.path("spool/out/nobody").exists());
}

#[test]
fn a_mode_that_the_partner_may_not_use_is_refused() {
    let mut w = World::new();
    w.drop_file("portail", "gamma", "F", &a4("N-1"));
    let tally = batch_with_an_ordinary_flow(&mut w);
    assert_eq!(tally["refused"], 1);
    assert!(rules_told(&w, "gamma").contains(&"T-12".to_owned()), "{:?}", rules_told(&w, "gamma"));
}

#[test]
fn what_is_no_document_is_held_and_reported() {
    for bytes in
        [&b""[..], b"\x00\x01\x02binary\xff\xfe noise", b"%PDF-1.7 no form %%EOF", b"PK\x03\x04 a zip, some of it"]
    {
        let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n");
        w.drop_file("edi", "alpha", "F", bytes);
        let tally = batch_with_an_ordinary_flow(&mut w);
        assert_eq!((&tally["held"], &tally["flows"]), (&1.into(), &2.into()), "{bytes:?}");
        assert_eq!(w.files("spool/hold").len(), 1);
        assert!(text(&w.tray("alpha", "comptes-rendus").concat()).contains("<IdStatut>93</IdStatut>"));
    }
}

#[test]
fn a_truncated_document_waits_and_is_then_held() {
    let cut = &a4("N-1")[..900];
    let mut w = World::new();
    fs::write(w.path("spool/in/edi/alpha/F"), cut).unwrap();
    w.dropped.clear();
    let tally = w.batch();
    assert_eq!((&tally["flows"], &tally["waiting"]), (&0.into(), &1.into()), "it is not refused while it may grow");
    assert!(w.path("spool/in/edi/alpha/F").exists());
    fs::write(w.path("spool/in/edi/alpha/F"), a4("N-1")).unwrap();
    assert_eq!(w.batch()["accepted"], 1, "whole at last");

    let mut w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n");
    w.drop_file("edi", "alpha", "F", cut);
    let tally = batch_with_an_ordinary_flow(&mut w);
    assert_eq!(tally["held"], 1);
}

#[test]
fn an_oversize_file_is_held_unread() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\n[limits]\nfile = \"10KiB\"\n");
    let big = [&a4("N-1")[..], &vec![b' '; 20_000]].concat();
    w.drop_file("edi", "alpha", "F", &big);
    let tally = batch_with_an_ordinary_flow(&mut w);
    assert_eq!(tally["held"], 1);
    assert_eq!(w.files("spool/hold").len(), 1);
    let hash: Option<Vec<u8>> =
        w.ledger().query_row("SELECT sha256 FROM flow WHERE outcome = 'held'", [], |r| r.get(0)).unwrap();
    assert_eq!(hash, None);
}

#[test]
fn any_name_is_taken_and_shown_harmless() {
    let mut w = World::new();
    let names = ["n".repeat(255), "a\nb\u{1b}[31m.xml".to_owned(), "%2F..%2F".to_owned(), "é~ü".to_owned()];
    for (i, name) in names.iter().enumerate() {
        w.drop_file("edi", "alpha", name, &a4(&format!("N-{i}")));
    }
    let raw = std::ffi::OsStr::from_bytes(b"latin1-\xe9\xff");
    fs::write(w.path("spool/in/edi/alpha").join(raw), a4("N-RAW")).unwrap();
    w.note_drop("edi", "alpha", raw, &a4("N-RAW"));
    let tally = batch_with_an_ordinary_flow(&mut w);
    assert_eq!(tally["accepted"], 6);
    let stored: Vec<Vec<u8>> = w
        .ledger()
        .prepare("SELECT name FROM flow")
        .unwrap()
        .query_map([], |r| r.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for name in names.iter().map(String::as_bytes).chain([raw.as_bytes()]) {
        assert!(stored.iter().any(|s| s == name), "the ledger keeps {name:?} whole");
    }
    for report in w.tray("alpha", "comptes-rendus") {
        assert!(!report.contains(&0x1b), "no escape reaches a report");
    }
}

#[test]
fn links_fifos_directories_and_second_names_stay_where_they_are() {
    let mut w = World::new();
    let dir = w.path("spool/in/edi/alpha");
    let secret = w.path("secret.xml");
    fs::write(&secret, a4("SECRET")).unwrap();
    symlink(&secret, dir.join("link.xml")).unwrap();
    fs::create_dir(dir.join("directory")).unwrap();
    fs::hard_link(&secret, dir.join("second-name.xml")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(dir.join("fifo")).status().unwrap().success());
    w.drop_file("edi", "alpha", "ordinary.xml", &a4("ORDINARY"));
    let out = w.run(&["batch", "--format", "json"]);
    let tally: serde_json::Value = serde_json::from_str(text(&out.stdout).lines().last().unwrap()).unwrap();
    assert_eq!((&tally["flows"], &tally["accepted"]), (&1.into(), &1.into()));
    for name in ["link.xml", "directory", "second-name.xml", "fifo"] {
        assert!(dir.join(name).symlink_metadata().is_ok(), "{name} is still there");
        let told = format!("in/edi/alpha/{name}:");
        assert_eq!(text(&out.stderr).matches(&told).count(), 1, "{name} is told once: {}", text(&out.stderr));
    }
}

#[test]
fn a_file_in_progress_is_left_alone() {
    let mut w = World::new();
    for name in [".hidden", "F.part", "F.tmp", "F.filepart", "F.writing"] {
        fs::write(w.path("spool/in/edi/alpha").join(name), a4("N-1")).unwrap();
    }
    w.drop_file("edi", "alpha", "ordinary.xml", &a4("ORDINARY"));
    assert_eq!(w.batch()["flows"], 1);
}

#[test]
fn the_same_bytes_again_are_a_duplicate_that_names_the_first() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "first.xml", &a4("N-1"));
    w.batch();
    w.drop_file("edi", "alpha", "second.xml", &a4("N-1"));
    let tally = batch_with_an_ordinary_flow(&mut w);
    assert_eq!((&tally["duplicates"], &tally["refused"]), (&1.into(), &0.into()));
    let first: String =
        w.ledger().query_row("SELECT id FROM flow WHERE name = CAST('first.xml' AS BLOB)", [], |r| r.get(0)).unwrap();
    let reports = text(&w.tray("alpha", "comptes-rendus").concat());
    assert!(reports.contains("<CodeErreur>T-10</CodeErreur>") && reports.contains(&first), "{reports}");
    assert_eq!(w.tray("beta", "pieces").len(), 2, "the second delivers nothing");
}

#[test]
fn the_same_bytes_after_a_refusal_are_judged_anew() {
    let mut w = World::new();
    let sheet = fs::read_to_string(w.path("annuaire/structures.csv")).unwrap();
    let inactive =
        sheet.replace(&format!("{MOE},1,Atelier des Ponts,true"), &format!("{MOE},1,Atelier des Ponts,false"));
    fs::write(w.path("annuaire/structures.csv"), inactive).unwrap();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    assert_eq!(w.batch()["refused"], 1);
    fs::write(w.path("annuaire/structures.csv"), sheet).unwrap();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    let tally = w.batch();
    assert_eq!((&tally["accepted"], &tally["duplicates"]), (&1.into(), &0.into()));
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn the_same_number_by_two_partners_is_refused_without_saying_whose_it_is() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    let id: String = w.ledger().query_row("SELECT id FROM piece", [], |r| r.get(0)).unwrap();
    w.drop_file("edi", "delta", "F", &[&a4("N-1")[..], b"<!-- other bytes -->"].concat());
    w.drop_file("edi", "alpha", "F", &[&a4("N-1")[..], b"<!-- mine again -->"].concat());
    let tally = batch_with_an_ordinary_flow(&mut w);
    assert_eq!(tally["refused"], 2);
    assert_eq!(rules_told(&w, "delta"), ["G1.42"]);
    assert!(!text(&w.tray("delta", "comptes-rendus").concat()).contains(&id), "another partner's pièce is not named");
    assert!(text(&w.tray("alpha", "comptes-rendus").concat()).contains(&id), "one's own is");
}

#[test]
fn two_flows_of_one_batch_cannot_have_the_same_number() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F1", &a4("N-1"));
    w.drop_file("edi", "delta", "F2", &[&a4("N-1")[..], b"\n"].concat());
    let tally = w.batch();
    assert_eq!((&tally["accepted"], &tally["refused"]), (&1.into(), &1.into()));
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn a_taken_outbound_name_waits_and_holds_up_nobody() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F1", &a4("N-1"));
    w.batch();
    // Somebody puts a file where the next report will go.
    let names = w.files("spool/out/alpha/comptes-rendus");
    // The report, the status flow, and then this one.
    let last: u64 = names[0][26..].parse().unwrap();
    let next = format!("{}{:015}", &names[0][..26], last + 2);
    let squatter = w.path("spool/out/alpha/comptes-rendus").join(&next);
    fs::write(&squatter, "mine").unwrap();
    w.drop_file("edi", "alpha", "F2", &a4("N-2"));
    w.drop_file("edi", "gamma", "F3", b"<x/>");
    let out = w.run(&["batch"]);
    assert!(out.status.success() && text(&out.stderr).contains(&next), "{}", text(&out.stderr));
    assert_eq!(fs::read(&squatter).unwrap(), b"mine", "nothing is overwritten");
    assert_eq!(w.tray("gamma", "comptes-rendus").len(), 1, "others got theirs");
    assert_eq!(w.tray("beta", "pieces").len(), 2);
    fs::remove_file(&squatter).unwrap();
    w.batch();
    assert!(text(&fs::read(&squatter).unwrap()).contains("CPPStatut"), "published as soon as the name is free");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn a_second_guichet_is_told_that_the_spool_is_taken() {
    let w = World::new();
    let mut daemon = w.guichet(&["run"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !guichet::spool::is_held(&w.path("spool")) && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let out = w.run(&["batch"]);
    rustix::process::kill_process(rustix::process::Pid::from_child(&daemon), rustix::process::Signal::TERM).unwrap();
    assert_eq!(daemon.wait().unwrap().code(), Some(0), "SIGTERM ends it well");
    assert_eq!(out.status.code(), Some(75), "{}", text(&out.stderr));
}

#[test]
fn verify_notices_what_was_changed_behind_its_back() {
    let changes: [(&str, &str); 5] = [
        ("DROP TRIGGER event_fixed; UPDATE event SET at = at + 1 WHERE seq = 2", "event 2"),
        ("DROP TRIGGER event_kept; DELETE FROM event WHERE seq = 3", "event 3"),
        ("UPDATE piece SET ttc = '1.00'", "its row was changed"),
        ("UPDATE piece SET status = 'MISE_EN_PAIEMENT'", "has not the status of its last event"),
        ("DROP TRIGGER outbox_fixed; UPDATE outbox SET bytes = x'00' WHERE bytes IS NOT NULL", "was changed"),
    ];
    for (sql, says) in changes {
        let mut w = World::new();
        w.drop_file("edi", "alpha", "F", &a4("N-1"));
        w.batch();
        w.ledger().execute_batch(sql).unwrap();
        let out = w.run(&["verify"]);
        assert_eq!(out.status.code(), Some(1), "{sql}");
        assert!(text(&out.stdout).contains(says), "{sql}: {}", text(&out.stdout));
    }
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    let archived = w.files("spool/archive").pop().unwrap();
    fs::write(w.path("spool/archive").join(&archived), "other bytes").unwrap();
    assert_eq!(w.run(&["verify"]).status.code(), Some(1));
    fs::remove_file(w.path("spool/archive").join(&archived)).unwrap();
    assert_eq!(w.run(&["verify"]).status.code(), Some(1));
}

#[test]
fn nobody_else_is_told() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    assert!(w.tray("gamma", "statuts").is_empty() && w.tray("gamma", "pieces").is_empty());
    // delta acts for the seller as well: told of its pièce, without its bytes.
    assert_eq!((w.tray("delta", "statuts").len(), w.tray("delta", "pieces").len()), (1, 0));
}

#[test]
fn a_tray_that_is_gone_is_made_again_and_one_that_was_replaced_waits() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F1", &a4("N-1"));
    w.batch();
    w.take_all();
    let elsewhere = w.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let tray = w.path("spool/out/beta/pieces");
    fs::remove_dir(&tray).unwrap();
    symlink(&elsewhere, &tray).unwrap();
    fs::remove_dir(w.path("spool/out/alpha/statuts")).unwrap();
    w.drop_file("edi", "alpha", "F2", &a4("N-2"));
    let out = w.run(&["batch"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("pieces"), "the operator is told: {}", text(&out.stderr));
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0, "nothing leaves the spool");
    assert_eq!(w.tray("alpha", "statuts").len(), 1, "a tray that was removed is made again");
    fs::remove_file(&tray).unwrap();
    w.batch();
    assert_eq!(w.tray("beta", "pieces"), [a4("N-2")], "what waited comes once the place is free");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn the_daemon_answers_by_events_by_polling_and_takes_a_new_annuaire() {
    for watch in ["events", "poll"] {
        let mut w = World::with(&format!("[spool]\nsettle = \"50ms\"\nrescan = \"20ms\"\nwatch = \"{watch}\"\n"));
        let log = fs::File::create(w.path("log")).unwrap();
        let mut daemon = w.guichet(&["run"]).stderr(log).spawn().unwrap();
        let pid = rustix::process::Pid::from_child(&daemon);
        let signal = |signal| rustix::process::kill_process(pid, signal).unwrap();
        let until = |what: &dyn Fn() -> bool| {
            let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
            while !what() && std::time::Instant::now() < limit {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            what()
        };
        w.drop_file("edi", "alpha", "F1", &a4("N-1"));
        assert!(until(&|| w.tray("beta", "pieces").len() == 1), "{watch}: a file that is written");
        // Renamed into place, from a name that is in progress.
        let (part, whole) = (w.path("spool/in/edi/alpha/F2.part"), w.path("spool/in/edi/alpha/F2"));
        fs::write(&part, a4("N-2")).unwrap();
        fs::rename(&part, &whole).unwrap();
        w.note_drop("edi", "alpha", "F2".as_ref(), &a4("N-2"));
        assert!(until(&|| w.tray("beta", "pieces").len() == 2), "{watch}: a file that is renamed into place");
        // A new partner: its directories are made, and what it drops is answered.
        let partners = fs::read_to_string(w.path("annuaire/partners.toml")).unwrap();
        let one = format!(
            "[[partner]]\nname = \"late\"\napp_code = \"LAT001\"\nstructures = [\"{MOE}\"]\nmodes = [\"edi\"]\n"
        );
        fs::write(w.path("annuaire/partners.toml"), format!("{partners}\n{one}")).unwrap();
        assert!(until(&|| w.path("spool/in/edi/late").is_dir()), "{watch}: the annuaire is read again");
        w.drop_file("edi", "late", "F3", b"<x/>");
        assert!(until(&|| w.tray("late", "comptes-rendus").len() == 1), "{watch}: the new partner is answered");
        // SIGHUP: it is read again though nothing changed.
        let heard = || fs::read_to_string(w.path("log")).unwrap().matches("annuaire").count();
        let before = heard();
        signal(rustix::process::Signal::HUP);
        assert!(until(&|| heard() > before), "{watch}: SIGHUP");
        // An annuaire that is half written is not read; a faulty one changes nothing.
        fs::write(w.path("annuaire/partners.toml"), "").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(100));
        fs::write(w.path("annuaire/partners.toml"), "[[partner]]\n").unwrap();
        w.drop_file("edi", "alpha", "F4", &a4("N-4"));
        assert!(until(&|| w.tray("beta", "pieces").len() == 3), "{watch}: the old annuaire stays");
        fs::write(w.path("annuaire/partners.toml"), format!("{partners}\n{one}")).unwrap();
        signal(rustix::process::Signal::TERM);
        assert_eq!(daemon.wait().unwrap().code(), Some(0), "{watch}");
        assert_eq!(w.violations(true), Vec::<String>::new(), "{watch}");
    }
}

#[test]
fn the_barrier_may_be_one_fsync_a_file() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\n[ledger]\nbarrier = \"fsync\"\n");
    for i in 0..5 {
        w.drop_file("edi", "alpha", &format!("F{i}"), &a4(&format!("N-{i}")));
    }
    assert_eq!(w.batch()["accepted"], 5);
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn the_ledger_is_guichets_own() {
    use std::os::unix::fs::PermissionsExt;
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F1", &a4("N-1"));
    w.batch();
    for name in ["guichet.db", "guichet.lock"] {
        let mode = fs::metadata(w.path("spool").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} is for nobody else");
    }
}

#[test]
fn a_batch_takes_what_ripens_while_it_works() {
    let mut w = World::with("[spool]\nsettle = \"500ms\"\n");
    for n in 0..600 {
        w.drop_file("edi", "alpha", &format!("F{n}"), &a4(&format!("N-{n}")));
    }
    std::thread::sleep(std::time::Duration::from_millis(450));
    w.drop_file("edi", "delta", "late", &a4("LATE"));
    let tally = w.batch();
    assert_eq!((&tally["accepted"], &tally["waiting"]), (&601.into(), &0.into()));
}
