//! What an operator sees of a counter: a log that nothing from outside can forge, figures that agree with the ledger, a
//! status that answers whatever is broken, and a page that says what each of their words means.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::daemon::{Daemon, wait};
use common::json_schema::assert_valid_json;
use common::world::{MOE, World, a4, text};
use guichet::event::{KINDS, Level};
use guichet::metrics::{FAMILIES, Type};
use guichet::status::Trouble;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const QUICK: &str = "[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n";

/// Starts a daemon; its log goes to a file.
fn start(w: &World) -> Daemon {
    let log = fs::File::create(w.path("log")).unwrap();
    let daemon = Daemon(w.guichet(&["run"]).stderr(log).spawn().unwrap());
    wait(|| log_of(w).contains("guichet at work"));
    daemon
}

/// Asks it to stop, and waits until it did.
fn stop(mut daemon: Daemon) {
    daemon.signal("-TERM");
    assert!(daemon.0.wait().unwrap().success());
}

fn log_of(w: &World) -> String {
    text(&fs::read(w.path("log")).unwrap_or_default())
}

/// One deposit of each outcome, and an act.
fn drop_every_outcome(w: &mut World) {
    w.drop_file("edi", "alpha", "accepted", &a4("N-1"));
    w.drop_file("edi", "alpha", "refused", &a4("N 1 "));
    w.drop_file("edi", "alpha", "duplicate", &a4("N-1"));
    w.drop_file("edi", "alpha", "held", b"noise");
    let (mut tar, whole) = (tar::Builder::new(Vec::new()), [a4("N-2"), a4(" N-3")]);
    for (n, bytes) in whole.iter().enumerate() {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, format!("{n}.xml"), &bytes[..]).unwrap();
    }
    w.drop_file("edi", "alpha", "partial.tar", &tar.into_inner().unwrap());
}

// The log.

#[test]
fn nothing_from_outside_can_forge_a_line_of_the_log() {
    for format in ["text", "json"] {
        let mut w = World::with(&format!("{QUICK}[log]\nformat = \"{format}\"\nlevel = \"debug\"\n"));
        w.drop_file(
            "edi",
            "alpha",
            "F\u{1b}[31m\n2026-01-01T00:00:00+01:00 ALERT \u{202e}x\u{9b}31m\u{7f}",
            &a4("N-1"),
        );
        fs::create_dir(w.path("spool/in/edi/alpha/\u{1b}]0;x\u{7}")).unwrap();
        let out = w.run(&["batch"]);
        let log = text(&out.stderr);
        let hidden = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
        assert!(out.status.success() && !log.contains(hidden), "{format}: {log:?}");
        let mut events = Vec::new();
        for line in log.lines() {
            if format == "json" {
                let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
                assert!(line["at"].is_string() && line["level"].is_string() && line["says"].is_string(), "{line}");
                events.push(line["event"].as_str().unwrap().to_owned());
            } else {
                let mut words = line.split(' ');
                chrono::DateTime::parse_from_rfc3339(words.next().unwrap()).unwrap_or_else(|e| panic!("{e}: {line}"));
                assert!(["debug", "info", "warn", "ALERT"].contains(&words.next().unwrap()), "{line}");
            }
        }
        if format == "json" {
            for event in ["opened", "stray", "flow", "batch"] {
                assert!(events.iter().any(|e| e == event), "{event}: {events:?}");
            }
        }
    }
}

#[test]
fn a_line_of_json_has_the_fields_of_its_event() {
    let mut w = World::with(&format!("{QUICK}[log]\nformat = \"json\"\nlevel = \"debug\"\n"));
    drop_every_outcome(&mut w);
    let out = w.run(&["batch"]);
    let lines: Vec<Value> = text(&out.stderr).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let of = |event: &str| lines.iter().filter(|l| l["event"] == event).cloned().collect::<Vec<_>>();
    let flows: BTreeMap<String, Value> =
        of("flow").into_iter().map(|f| (f["outcome"].as_str().unwrap().to_owned(), f)).collect();
    let outcomes: Vec<&str> = flows.keys().map(String::as_str).collect();
    assert_eq!(outcomes, ["accepted", "duplicate", "held", "partial", "refused"]);
    assert_eq!((&flows["accepted"]["level"], &flows["held"]["level"]), (&"info".into(), &"warning".into()));
    assert_eq!((&flows["held"]["size"], &flows["held"]["partner"]), (&5.into(), &"alpha".into()));
    assert!(flows["refused"]["rules"].as_array().unwrap().iter().any(|rule| rule == "G1.05"), "{}", flows["refused"]);
    let batches = of("batch");
    assert_eq!(batches.iter().map(|b| b["flows"].as_u64().unwrap()).sum::<u64>(), 5);
    assert!(batches.iter().all(|b| b["barrier_us"].is_u64() && b["commit_us"].is_u64()), "{batches:?}");
}

#[test]
fn the_level_says_what_is_left_out() {
    // Each with the least level of what it must write.
    for (level, held, opened) in
        [("auto", true, false), ("info", true, true), ("warning", true, false), ("alert", false, false)]
    {
        let mut w = World::with(&format!("{QUICK}[log]\nlevel = \"{level}\"\n"));
        w.drop_file("edi", "alpha", "F", b"noise");
        let log = text(&w.run(&["batch"]).stderr);
        assert_eq!((log.contains(" held "), log.contains("guichet open on")), (held, opened), "{level}: {log}");
    }
}

#[test]
fn the_journal_has_the_time_already() {
    let mut w = World::with(QUICK);
    w.drop_file("edi", "alpha", "F", b"noise");
    let log = fs::File::create(w.path("log")).unwrap();
    let stat = log.metadata().unwrap();
    let stream = format!("{}:{}", stat.dev(), stat.ino());
    let run = |w: &World, stream: &str| {
        let log = fs::File::create(w.path("log")).unwrap();
        assert!(w.guichet(&["batch"]).env("JOURNAL_STREAM", stream).stderr(log).status().unwrap().success());
        log_of(w)
    };
    let told = run(&w, &stream);
    assert!(told.starts_with("<4>warn f-") && told.lines().count() == 1, "{told}");
    // The variable of somebody else's standard error.
    w.drop_file("edi", "alpha", "G", b"noise");
    let told = run(&w, "1:2");
    assert!(told.starts_with("20") && told.contains(" warn f-"), "{told}");
}

#[test]
fn a_name_that_is_taken_is_told_once_and_so_is_that_it_is_free() {
    let mut w = World::with(&format!("{QUICK}rescan = \"50ms\"\n"));
    let daemon = start(&w);
    let tray = w.path("spool/out/alpha/comptes-rendus");
    fs::remove_dir(&tray).unwrap();
    fs::write(&tray, "mine").unwrap();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    wait(|| log_of(&w).contains("cannot be published"));
    fs::remove_file(&tray).unwrap();
    wait(|| log_of(&w).contains("is published: its place is free"));
    stop(daemon);
    let log = log_of(&w);
    assert_eq!((log.matches("cannot be published").count(), log.matches("place is free").count()), (1, 1), "{log}");
    assert_eq!(w.tray("alpha", "comptes-rendus").len(), 1);
    assert_eq!(w.violations(true), Vec::<String>::new());
}

// The figures.

/// A figure: its name, its labels in their order, its value.
type Sample = (String, Vec<(String, String)>, String);

/// Reads a page strictly: help and type before the figures of a family, each once; names, labels and values as the
/// format has them; buckets that grow and end in all.
fn read_page(page: &str) -> BTreeMap<String, (String, Vec<Sample>)> {
    assert!(page.ends_with('\n'), "the last line has no end");
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let mut families: BTreeMap<String, (String, Vec<Sample>)> = BTreeMap::new();
    let (mut helped, mut now): (BTreeSet<String>, String) = (BTreeSet::new(), String::new());
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, says) = help.split_once(' ').unwrap();
            assert!(is_name(name) && !says.is_empty() && helped.insert(name.to_owned()), "{line}");
            now = name.to_owned();
        } else if let Some(is) = line.strip_prefix("# TYPE ") {
            let (name, is) = is.split_once(' ').unwrap();
            assert!(name == now && ["counter", "gauge", "histogram"].contains(&is), "{line}");
            assert!(families.insert(name.to_owned(), (is.to_owned(), Vec::new())).is_none(), "{line}");
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_at(series.find('{').unwrap_or(series.len()));
            let mut read = Vec::new();
            if !labels.is_empty() {
                for label in labels.strip_prefix('{').unwrap().strip_suffix('}').unwrap().split(',') {
                    let (key, value) = label.split_once('=').unwrap();
                    let value = value.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
                    assert!(is_name(key) && !value.contains(['"', '\\', '\n']), "{line}");
                    read.push((key.to_owned(), value.to_owned()));
                }
            }
            assert!(value.parse::<f64>().is_ok_and(|v| v.is_finite() && v >= 0.0), "{line}");
            let (is, samples) = families.get_mut(&now).unwrap_or_else(|| panic!("no type before {line}"));
            let part = name.strip_prefix(&*now).unwrap_or_else(|| panic!("{line} is among {now}"));
            match &**is {
                "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&part), "{line}"),
                "counter" => assert!(part.is_empty() && now.ends_with("_total"), "{line}"),
                _ => assert!(part.is_empty() && !now.ends_with("_total"), "{line}"),
            }
            let sample = (name.to_owned(), read, value.to_owned());
            assert!(!samples.iter().any(|s| (&s.0, &s.1) == (&sample.0, &sample.1)), "twice: {line}");
            samples.push(sample);
        }
    }
    for (name, (_, samples)) in families.iter().filter(|(_, (is, _))| is == "histogram") {
        let buckets: Vec<u64> =
            samples.iter().filter(|s| s.0.ends_with("_bucket")).map(|s| s.2.parse().unwrap()).collect();
        let count = samples.iter().find(|s| s.0.ends_with("_count")).unwrap();
        assert!(buckets.is_sorted() && buckets.last() == Some(&count.2.parse().unwrap()), "{name}: {samples:?}");
        assert!(samples.iter().any(|s| s.1 == [("le".to_owned(), "+Inf".to_owned())]), "{name}");
    }
    families
}

/// The figures of a family by the value of its only label; none: "".
fn figures(page: &str, family: &str) -> BTreeMap<String, u64> {
    let families = read_page(page);
    let (_, samples) = families.get(family).unwrap_or_else(|| panic!("no {family} in {page}"));
    let value = |s: &Sample| s.1.first().map(|(_, value)| value.clone()).unwrap_or_default();
    samples.iter().map(|s| (value(s), s.2.parse().unwrap())).collect()
}

fn one(page: &str, family: &str) -> u64 {
    figures(page, family)[""]
}

fn in_ledger(w: &World, sql: &str) -> BTreeMap<String, u64> {
    let ledger = w.ledger();
    let mut statement = ledger.prepare(sql).unwrap();
    let rows = statement.query_map([], |r| Ok((r.get(0)?, u64::try_from(r.get::<_, i64>(1)?).unwrap()))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Holds a page against the ledger.
fn agrees(w: &World, page: &str) {
    let present = |all: BTreeMap<String, u64>| all.into_iter().filter(|(_, n)| *n > 0).collect::<BTreeMap<_, _>>();
    let flows = in_ledger(w, "SELECT outcome, count(*) FROM flow GROUP BY outcome");
    assert_eq!(present(figures(page, "guichet_flows_total")), flows);
    let pieces = in_ledger(w, "SELECT status, count(*) FROM piece GROUP BY status");
    assert_eq!(present(figures(page, "guichet_pieces")), pieces);
    let sent = in_ledger(w, "SELECT '', count(*) FROM outbox");
    assert_eq!(figures(page, "guichet_outbound_files_total"), sent);
    let events = figures(page, "guichet_events_total");
    assert_eq!(events["flow"], flows.values().sum::<u64>());
    assert_eq!(events["batch"], one_of(page, "guichet_commit_duration_seconds", "_count"));
    assert_eq!(one(page, "guichet_hold_files"), w.files("spool/hold").len() as u64);
    assert_eq!(figures(page, "guichet_queue_files").values().sum::<u64>(), w.files("spool/in").len() as u64);
}

fn one_of(page: &str, family: &str, part: &str) -> u64 {
    let (_, samples) = &read_page(page)[family];
    samples.iter().find(|s| s.0 == format!("{family}{part}")).unwrap().2.parse().unwrap()
}

#[test]
fn the_figures_of_a_batch_are_those_of_the_ledger_and_go_on_with_the_next() {
    let mut w = World::with(&format!("{QUICK}[metrics]\nfile = \"figures.prom\"\n"));
    drop_every_outcome(&mut w);
    w.batch();
    let read = |w: &World| fs::read_to_string(w.path("figures.prom")).unwrap();
    let page = read(&w);
    agrees(&w, &page);
    assert_eq!(figures(&page, "guichet_flows_total").values().copied().collect::<Vec<_>>(), [1, 1, 1, 1, 1]);
    assert_eq!(figures(&page, "guichet_pieces_judged_total")["accepted"], 2);
    assert_eq!(figures(&page, "guichet_problem").values().sum::<u64>(), 1, "held, and nothing else: {page}");
    // The next run of cron's, an act by command, and what is left in in/.
    let piece: String = w.ledger().query_row("SELECT id FROM piece WHERE number = 'N-1'", [], |r| r.get(0)).unwrap();
    let act = w.run(&["act", &piece, "refuse", "--as", MOE, "--motif", "AUTRE", "--comment", "non"]);
    assert!(act.status.success(), "{}", text(&act.stderr));
    drop_every_outcome(&mut w);
    fs::create_dir_all(w.path("spool/in/edi/nobody")).unwrap();
    fs::write(w.path("spool/in/edi/nobody/F"), "x").unwrap();
    w.batch();
    let page = read(&w);
    agrees(&w, &page);
    assert_eq!(figures(&page, "guichet_acts_total")["done"], 1, "acts by command are acts: {page}");
    assert_eq!(figures(&page, "guichet_queue_files")["edi"], 1);
    assert_eq!(figures(&page, "guichet_flows_total").values().sum::<u64>(), 10);
    assert_eq!(fs::metadata(w.path("figures.prom")).unwrap().permissions().mode() & 0o777, 0o644);
    assert!(!w.path("figures.prom.tmp").exists());
}

#[test]
fn a_file_that_cannot_be_written_stops_nobody_and_is_told_once() {
    let mut w = World::with(&format!("{QUICK}[metrics]\nfile = \"nowhere/figures.prom\"\n"));
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    let out = w.run(&["batch"]);
    assert!(out.status.success());
    assert_eq!(text(&out.stderr).matches("no metrics: ").count(), 1, "{}", text(&out.stderr));
}

/// What a daemon answers to some bytes.
fn asked(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn page_at(address: &str) -> String {
    let answer = asked(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"), "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
    body.to_owned()
}

#[test]
fn a_daemon_serves_its_figures_to_whoever_asks_properly() {
    let mut w = World::with(&format!(
        "{QUICK}rescan = \"100ms\"\n[metrics]\nfile = \"figures.prom\"\nlisten = \"127.0.0.1:0\"\n"
    ));
    let daemon = start(&w);
    wait(|| log_of(&w).contains("metrics at http://"));
    let log = log_of(&w);
    let address = log.split("http://").nth(1).unwrap().split("/metrics").next().unwrap().to_owned();
    // Connections that say nothing, half of something, or too much: they hold up nobody.
    let mut idle: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(&address).unwrap()).collect();
    for stream in &mut idle[..5] {
        stream.write_all(b"GET /met").unwrap();
    }
    drop_every_outcome(&mut w);
    wait(|| figures(&page_at(&address), "guichet_flows_total").values().sum::<u64>() == 5);
    // What is looked at comes a little later than what is counted.
    wait(|| {
        let page = page_at(&address);
        figures(&page, "guichet_pieces").values().sum::<u64>() == 4 && one(&page, "guichet_hold_files") == 1
    });
    agrees(&w, &page_at(&address));
    for (request, answer) in [
        ("GET / HTTP/1.1\r\n\r\n", "404"),
        ("GET /metrics/x HTTP/1.1\r\n\r\n", "404"),
        ("GET /metrics?a=b HTTP/1.0\r\nAccept: */*\r\n\r\n", "200"),
        ("POST /metrics HTTP/1.1\r\n\r\n", "405"),
        ("\u{0}\r\n\r\n", "400"),
        ("GET /metrics\r\n\r\n", "400"),
    ] {
        let told = asked(&address, request);
        assert_eq!(told.split(' ').nth(1), Some(answer), "{request:?}: {told}");
    }
    assert!(asked(&address, &format!("GET /{} HTTP/1.1\r\n", "x".repeat(100_000))).len() < 1000);
    drop(idle);
    stop(daemon);
    let page = fs::read_to_string(w.path("figures.prom")).unwrap();
    agrees(&w, &page);
    assert_eq!(figures(&page, "guichet_events_total")["closed"], 1, "the last word is in the file");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn a_port_that_is_taken_costs_the_figures_alone() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut w =
        World::with(&format!("{QUICK}rescan = \"100ms\"\n[metrics]\nlisten = \"{}\"\n", taken.local_addr().unwrap()));
    let daemon = start(&w);
    wait(|| log_of(&w).contains("no metrics: 127.0.0.1:"));
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    wait(|| !w.tray("alpha", "comptes-rendus").is_empty());
    stop(daemon);
}

// The status.

fn status(w: &World) -> (i32, Value) {
    let out = w.run(&["status", "--format", "json"]);
    assert_valid_json("status", &text(&out.stdout));
    (out.status.code().unwrap(), serde_json::from_slice(&out.stdout).unwrap())
}

fn problems(status: &Value) -> Vec<String> {
    status["problems"].as_array().unwrap().iter().map(|p| p["problem"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn status_says_how_far_behind_and_who() {
    let mut w = World::with("[spool]\nsettle = \"1h\"\n");
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.drop_file("edi", "alpha", "G", &a4("N-2"));
    w.drop_file("portail", "beta", "H", &a4("N-3"));
    let old = std::time::SystemTime::now() - Duration::from_secs(1000);
    fs::File::options().write(true).open(w.path("spool/in/portail/beta/H")).unwrap().set_modified(old).unwrap();
    let (code, s) = status(&w);
    assert_eq!((code, &s["alive"], &s["inbound"], &s["last_loop"]), (0, &false.into(), &3.into(), &Value::Null), "{s}");
    let queue = |n: usize| (s["queues"][n]["mode"].as_str().unwrap(), s["queues"][n]["files"].as_u64().unwrap());
    assert_eq!([queue(0), queue(1), queue(2)], [("edi", 2), ("portail", 1), ("service", 0)]);
    assert_eq!(s["behind"][0]["directory"], "portail/beta");
    assert!(s["oldest_s"].as_u64().unwrap() >= 1000 && s["behind"][0]["oldest_s"] == s["oldest_s"], "{s}");
    // Nobody takes them for hours.
    let old = std::time::SystemTime::now() - Duration::from_secs(5000);
    fs::File::options().write(true).open(w.path("spool/in/portail/beta/H")).unwrap().set_modified(old).unwrap();
    let (code, s) = status(&w);
    assert_eq!((code, problems(&s)), (1, vec!["late".to_owned()]));
}

#[test]
fn a_held_flow_is_to_be_looked_at_and_hides_nothing() {
    let mut w = World::with(QUICK);
    w.drop_file("edi", "alpha", "F", b"noise");
    w.batch();
    let (code, s) = status(&w);
    assert_eq!((code, problems(&s), &s["problems"][0]["level"]), (0, vec!["held".to_owned()], &"look".into()));
    assert!(text(&w.run(&["status"]).stdout).contains("to look at: 1 file in hold/"));
}

#[test]
fn status_answers_whatever_is_broken() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\n[limits]\nreserve = \"1000000GiB\"\n");
    assert_eq!(problems(&status(&w).1), ["disk"]);
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    let out = w.run(&["batch"]);
    assert!(
        text(&out.stderr).contains("disk nearly full") && w.files("spool/archive").is_empty(),
        "{}",
        text(&out.stderr)
    );
    fs::write(w.path("guichet.toml"), "[spool]\nsettle = \"0s\"\n").unwrap();
    w.batch();
    assert_eq!(status(&w).0, 0);
    fs::write(w.path("annuaire/partners.toml"), "x").unwrap();
    assert_eq!((status(&w).0, problems(&status(&w).1)), (1, vec!["annuaire".to_owned()]));
    fs::rename(w.path("spool/guichet.db"), w.path("away")).unwrap();
    assert_eq!(problems(&status(&w).1), ["ledger_lost", "annuaire"]);
    fs::write(w.path("spool/guichet.db"), "this is no ledger at all, and long enough to be looked at").unwrap();
    fs::set_permissions(w.path("spool/guichet.db"), fs::Permissions::from_mode(0o600)).unwrap();
    let (code, s) = status(&w);
    assert_eq!(
        (code, problems(&s), &s["flows"]),
        (1, vec!["ledger_unreadable".to_owned(), "annuaire".to_owned()], &Value::Null)
    );
    // A write-ahead log that never ends: as large, without its bytes.
    fs::rename(w.path("away"), w.path("spool/guichet.db")).unwrap();
    fs::File::create(w.path("spool/guichet.db-wal")).unwrap().set_len(300 << 20).unwrap();
    fs::set_permissions(w.path("spool/guichet.db-wal"), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(problems(&status(&w).1).contains(&"ledger_wal".to_owned()));
    fs::remove_dir_all(w.path("spool")).unwrap();
    assert_eq!(problems(&status(&w).1), ["no_spool"]);
}

#[test]
fn whoever_holds_the_spool_and_makes_no_step_is_stuck() {
    let w = World::new();
    w.batch();
    let lock = fs::File::options().write(true).open(w.path("spool/guichet.lock")).unwrap();
    let made = lock.metadata().unwrap().modified().unwrap();
    assert!(made.elapsed().unwrap() < Duration::from_secs(300), "a batch makes steps");
    lock.lock().unwrap();
    assert_eq!(problems(&status(&w).1), Vec::<String>::new());
    lock.set_modified(std::time::SystemTime::now() - Duration::from_secs(500)).unwrap();
    let (code, s) = status(&w);
    assert_eq!((code, problems(&s), &s["alive"]), (1, vec!["stuck".to_owned()], &true.into()));
}

#[test]
fn a_daemon_makes_steps_though_nothing_happens() {
    let w = World::new();
    let daemon = start(&w);
    let lock = fs::File::options().write(true).open(w.path("spool/guichet.lock")).unwrap();
    let old = std::time::SystemTime::now() - Duration::from_secs(500);
    lock.set_modified(old).unwrap();
    wait(|| lock.metadata().unwrap().modified().unwrap() > old + Duration::from_secs(400));
    // A partner's directory that is removed under its feet.
    fs::remove_dir_all(w.path("spool/out/gamma/statuts")).unwrap();
    let (code, s) = status(&w);
    assert_eq!((code, problems(&s)), (1, vec!["directory_missing".to_owned()]), "{s}");
    stop(daemon);
}

// Owners and rights.

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn rights_that_do_harm_are_told_with_the_command_that_mends_them() {
    #[rustfmt::skip]
    let cases = [
        // path               rights  harm is               what mends it
        ("work",              0o755,  "told",               "chmod 0700"),
        ("archive",           0o750,  "told",               "chmod 0700"),
        ("hold",              0o770,  "refused",            "chmod 0700"),
        ("out/.stage",        0o707,  "refused",            "chmod 0700"),
        ("guichet.db",        0o644,  "told",               "chmod 0600"),
        ("in/edi",            0o775,  "told",               "chmod go-w"),
        ("out",               0o777,  "refused",            "chmod go-w"),
        ("in/edi/alpha",      0o755,  "told",               "chmod o-rwx"),
        ("out/beta/pieces",   0o775,  "told",               "chmod o-rwx"),
    ];
    for (path, mode, harm, fix) in cases {
        let w = World::new();
        w.batch();
        assert_eq!(status(&w).0, 0, "{path}: all is well before");
        let path = w.path("spool").join(path);
        chmod(&path, mode);
        let (code, s) = status(&w);
        assert_eq!((code, problems(&s)), (1, vec!["rights".to_owned()]), "{path:?}: {s}");
        let fix = format!("{fix} {}", path.display());
        assert!(s["problems"][0]["message"].as_str().unwrap().ends_with(&fix), "{s}");
        let out = w.run(&["batch"]);
        let told = text(&out.stderr);
        assert_eq!(told.matches(&fix).count(), 1, "{path:?}: {told}");
        assert_eq!(out.status.code(), Some(if harm == "refused" { 2 } else { 0 }), "{path:?}: {told}");
        // The command does mend it.
        assert!(std::process::Command::new("sh").args(["-c", &fix]).status().unwrap().success());
        assert_eq!(status(&w).0, 0, "{path:?} is mended");
        assert_eq!(text(&w.run(&["batch"]).stderr), "", "{path:?}");
    }
}

#[test]
fn another_owner_is_refused_before_anything_is_made() {
    let w = World::new();
    w.batch();
    if std::os::unix::fs::chown(w.path("spool/work"), Some(54_321), None).is_err() {
        eprintln!("skipped: only root gives directories away");
        return;
    }
    fs::remove_file(w.path("spool/guichet.lock")).unwrap();
    let out = w.run(&["batch"]);
    let told = text(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{told}");
    assert!(told.contains("belongs to user 54321") && told.contains("chown -R 0 "), "{told}");
    assert!(!w.path("spool/guichet.lock").exists(), "nothing of the wrong owner's was made");
}

#[test]
fn nothing_is_wrong_with_what_the_demo_makes() {
    let w = World::new();
    let out = w.run(&["demo", "d"]);
    assert!(out.status.success() && out.stderr.is_empty(), "{}", text(&out.stderr));
    let out = w.guichet(&["status"]).current_dir(w.path("d")).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stdout));
}

// The manual.

#[test]
fn there_is_a_page_for_every_command() {
    let w = World::new();
    let out = w.run(&["man", "--dir", "man/man1"]);
    assert!(out.status.success() && out.stdout.is_empty(), "{}", text(&out.stderr));
    let pages = w.files("man/man1");
    let help = text(&w.run(&["--help"]).stdout);
    let commands = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
    let names = commands
        .lines()
        .filter_map(|l| l.strip_prefix("  ")?.split(' ').next())
        .filter(|n| !n.is_empty() && *n != "help");
    let mut n = 0;
    for name in names {
        let page = format!("guichet-{name}.1");
        assert!(pages.contains(&page), "{page} is not in {pages:?}");
        let written = fs::read_to_string(w.path("man/man1").join(&page)).unwrap();
        assert!(written.contains(&format!(".TH guichet-{name} 1")) && written.contains("SYNOPSIS"), "{written:.300}");
        n += 1;
    }
    assert!(n > 20 && pages.contains(&"guichet.1".to_owned()) && pages.contains(&"guichet-annuaire-show.1".to_owned()));
    fs::write(w.path("plain"), "").unwrap();
    let out = w.run(&["man", "--dir", "plain"]);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
}

#[test]
fn the_operators_page_says_what_every_word_means() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
    // The other tables have other words.
    let page = page.split("## What to watch").nth(1).unwrap().split("## Capacity").next().unwrap().to_owned();
    let row = |name: &str| {
        let rows: Vec<&str> = page.lines().filter(|l| l.starts_with(&format!("| `{name}` |"))).collect();
        assert_eq!(rows.len(), 1, "docs/operations.md must have one row for `{name}`: {rows:?}");
        let cells: Vec<String> = rows[0].trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{rows:?}");
        cells
    };
    for kind in KINDS {
        let level = match kind.level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Alert => "alert",
        };
        let told = row(kind.name);
        assert!(told[1].ends_with(level), "{}: {level}, not {}", kind.name, told[1]);
    }
    for trouble in Trouble::ALL {
        row(&format!("status: {}", trouble.name()));
    }
    for family in FAMILIES {
        let is = match family.is {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        };
        assert_eq!(row(family.name)[1], is, "{}", family.name);
    }
    // Nothing is explained that there is not.
    let known: BTreeSet<String> = (KINDS.iter().map(|k| k.name.to_owned()))
        .chain(Trouble::ALL.iter().map(|t| format!("status: {}", t.name())))
        .chain(FAMILIES.iter().map(|f| f.name.to_owned()))
        .collect();
    for line in page.lines().filter_map(|l| l.strip_prefix("| `")) {
        let name = line.split('`').next().unwrap();
        assert!(known.contains(name), "docs/operations.md explains `{name}`, which is no word of guichet's");
    }
}

#[test]
fn every_kind_of_problem_is_in_the_schema() {
    let schema = common::json_schema::schema("status");
    let listed = schema["properties"]["problems"]["items"]["properties"]["problem"]["enum"].as_array().unwrap().clone();
    assert_eq!(listed, Trouble::ALL.map(|t| Value::from(t.name())));
}

#[test]
fn a_daemon_that_is_left_alone_writes_nothing_but_that_it_is_there() {
    let w = World::new();
    let out = w.guichet(&["run"]).stderr(Stdio::piped()).spawn().map(Daemon);
    let mut daemon = out.unwrap();
    wait(|| w.path("spool/guichet.sock").exists());
    let pid = daemon.0.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let mut log = String::new();
    daemon.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let said: Vec<&str> = log.lines().map(|l| l.split_once(' ').unwrap().1).collect();
    assert!(said[0].starts_with("info guichet open on "), "{log}");
    assert_eq!(said[said.len() - 1], "info guichet closed", "{log}");
    assert!(said.iter().all(|line| line.starts_with("info ")), "{log}");
}
