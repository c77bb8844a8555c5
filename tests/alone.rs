//! One guichet a spool: whoever comes second is told so (75), touches nothing, and costs no deposit anything.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{World, a4, text};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

fn started(w: &World) -> Child {
    let daemon = w.guichet(&["run"]).stderr(Stdio::null()).spawn().unwrap();
    until("it is at work", || w.path("spool/guichet.sock").exists());
    daemon
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < limit, "{what}: it never was");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn stopped(mut daemon: Child) {
    let pid = rustix::process::Pid::from_child(&daemon);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(daemon.wait().unwrap().code(), Some(0), "it ends well");
}

#[test]
fn a_second_daemon_ends_and_changes_nothing() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\nrescan = \"20ms\"\n");
    let daemon = started(&w);
    w.move_in("edi", "alpha", "F1", &a4("N-1"));
    let reports = |w: &World| w.files("spool/out/alpha/comptes-rendus").len();
    until("the first is answered", || reports(&w) == 1);
    let out = w.run(&["run"]);
    assert_eq!(out.status.code(), Some(75), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("another guichet"), "{}", text(&out.stderr));
    // The one at work has its lock, its socket and its ledger still.
    w.move_in("edi", "alpha", "F2", &a4("N-2"));
    until("the second is answered", || reports(&w) == 2);
    let flow: String = w.look().unwrap().query_row("SELECT min(id) FROM flow", [], |r| r.get(0)).unwrap();
    let out = w.run(&["replay", &flow]);
    assert!(out.status.success(), "it is still asked by its socket: {}", text(&out.stderr));
    stopped(daemon);
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn a_batch_by_cron_leaves_the_work_to_the_daemon() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\nrescan = \"20ms\"\n");
    let daemon = started(&w);
    for n in 0..12 {
        w.move_in("edi", "alpha", &format!("F{n}"), &a4(&format!("N-{n}")));
        let out = w.run(&["batch"]);
        assert_eq!(out.status.code(), Some(75), "{}", text(&out.stderr));
    }
    until("all are answered", || w.files("spool/out/alpha/comptes-rendus").len() == 12);
    stopped(daemon);
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn of_batches_that_start_at_once_one_works_and_the_others_are_told() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\n");
    for n in 0..40 {
        w.drop_file("edi", "alpha", &format!("F{n}"), &a4(&format!("N-{n}")));
    }
    let start = || w.guichet(&["batch"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let batches: Vec<Child> = (0..5).map(|_| start()).collect();
    let codes: Vec<Option<i32>> = batches.into_iter().map(|mut child| child.wait().unwrap().code()).collect();
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 75))), "{codes:?}");
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert_eq!(w.violations(true), Vec::<String>::new());
}
