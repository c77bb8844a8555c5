//! What systemd is told by a daemon, over a real socket; that a long batch is alive as long as it makes steps; and the
//! files that install it, held against what guichet itself asks for.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::daemon::Daemon;
use common::world::{World, a4, text};
use guichet::annuaire::Annuaire;
use guichet::clock::{Instant, SystemClock};
use guichet::config::Config;
use guichet::counter::Counter;
use guichet::event::{Event, Listener};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A manager: what it hears, message by message.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    fn new(socket: UnixDatagram) -> Manager {
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Manager { socket, heard: Vec::new() }
    }

    /// Listens until a message has this line; gives the message.
    fn hears(&mut self, line: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let n = self.socket.recv(&mut buffer).unwrap_or_else(|e| panic!("no {line}: {e}; {:?}", self.heard));
            let message = text(&buffer[..n]);
            self.heard.push(message.clone());
            if message.lines().any(|l| l.starts_with(line)) {
                return message;
            }
        }
    }
}

fn start(w: &World, variables: &[(&str, &str)]) -> Daemon {
    let mut command = w.guichet(&["run"]);
    command.env_remove("WATCHDOG_USEC").env_remove("WATCHDOG_PID").stderr(Stdio::null());
    Daemon(command.envs(variables.iter().copied()).spawn().unwrap())
}

#[test]
fn a_daemon_says_when_it_is_ready_reloads_stops_and_that_it_goes_round() {
    let mut w = World::new();
    let path = w.path("notify");
    let mut manager = Manager::new(UnixDatagram::bind(&path).unwrap());
    let daemon = start(&w, &[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "100000")]);
    manager.hears("READY=1");
    // It goes round though nothing comes, again and again.
    for _ in 0..3 {
        manager.hears("WATCHDOG=1");
    }
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    let status = manager.hears("STATUS=at work, 1 flow since");
    assert!(!status.contains("READY"), "{status}");
    daemon.signal("-HUP");
    let reloading = manager.hears("RELOADING=1");
    let usec = reloading.lines().find_map(|l| l.strip_prefix("MONOTONIC_USEC=")).unwrap();
    assert!(usec.parse::<u64>().unwrap() > 0, "{reloading}");
    manager.hears("READY=1");
    daemon.signal("-TERM");
    manager.hears("STOPPING=1");
    let at = |line: &str| manager.heard.iter().position(|m| m.lines().any(|l| l == line)).unwrap();
    assert!(at("READY=1") < at("RELOADING=1") && at("RELOADING=1") < at("STOPPING=1"));
    assert_eq!(manager.heard.iter().filter(|m| m.contains("READY=1")).count(), 2, "{:?}", manager.heard);
}

#[test]
fn an_abstract_socket_is_found_and_another_s_watchdog_is_left_alone() {
    let w = World::new();
    let name = format!("guichet-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let mut manager = Manager::new(UnixDatagram::bind_addr(&address).unwrap());
    let socket = format!("@{name}");
    let daemon = start(&w, &[("NOTIFY_SOCKET", &socket), ("WATCHDOG_USEC", "1000"), ("WATCHDOG_PID", "1")]);
    manager.hears("READY=1");
    daemon.signal("-TERM");
    manager.hears("STOPPING=1");
    assert!(!manager.heard.iter().any(|m| m.contains("WATCHDOG")), "{:?}", manager.heard);
}

#[test]
fn a_socket_that_cannot_be_is_told_and_one_that_nobody_reads_stops_nobody() {
    let mut w = World::new();
    let out = w.guichet(&["run"]).env("NOTIFY_SOCKET", "notify").output().unwrap();
    let told = text(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{told}");
    assert!(told.contains("NOTIFY_SOCKET names no socket: notify"), "{told}");
    // A queue that is full: work goes on.
    let path = w.path("full");
    let socket = UnixDatagram::bind(&path).unwrap();
    let daemon = start(&w, &[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "2")]);
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    let until = std::time::Instant::now() + Duration::from_secs(60);
    while w.tray("alpha", "comptes-rendus").is_empty() {
        assert!(std::time::Instant::now() < until, "the work stopped");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop((daemon, socket));
}

/// Counts the beats, and how many came before each batch was told.
#[derive(Default)]
struct Pulse {
    beats: AtomicUsize,
    at_batch: Mutex<Vec<usize>>,
}

impl Listener for Pulse {
    fn hear(&self, _: Instant, event: &Event) {
        if let Event::Batch { .. } = event {
            self.at_batch.lock().unwrap().push(self.beats.load(Ordering::SeqCst));
        }
    }

    fn beat(&self, _: Instant) {
        self.beats.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn each_step_of_a_long_batch_is_heard_and_nothing_else_is() {
    let mut w = World::with("[spool]\nsettle = \"0s\"\n[batch]\nflows = 1000\n");
    for n in 0..40 {
        w.drop_file("edi", "alpha", &format!("F{n}"), &a4(&format!("N-{n}")));
    }
    let config = Config::load(&w.path("guichet.toml")).unwrap();
    let annuaire = Arc::new(Annuaire::load(&config.annuaire).unwrap().annuaire);
    let pulse = Arc::new(Pulse::default());
    let mut counter = Counter::open(config, annuaire, Arc::new(SystemClock), pulse.clone(), 1).unwrap();
    let before = pulse.beats.load(Ordering::SeqCst);
    guichet::batch::run(&mut counter).unwrap();
    let at_batch = pulse.at_batch.lock().unwrap().clone();
    assert_eq!(at_batch.len(), 1, "one batch");
    assert!(at_batch[0] - before >= 80, "40 files judged, 40 deposits decided, {} beats", at_batch[0] - before);
    // Nothing beats by itself: a counter that hangs is silent.
    let after = pulse.beats.load(Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(pulse.beats.load(Ordering::SeqCst), after);
}

// The files that install it.

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/systemd").join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Sections, and each key's values in order.
fn unit(name: &str) -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
    let mut sections: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    let mut now = String::new();
    for line in file(name).lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            now = section.to_owned();
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{name}: {line}"));
        assert!(key.bytes().all(|b| b.is_ascii_alphanumeric()) && !now.is_empty(), "{name}: {line}");
        sections.entry(now.clone()).or_default().entry(key.to_owned()).or_default().push(value.to_owned());
    }
    sections
}

#[test]
fn the_services_run_what_there_is_and_are_shut_in() {
    for (name, is, command) in [("guichet.service", "notify", "run"), ("guichet-batch.service", "oneshot", "batch")] {
        let service = &unit(name)["Service"];
        let one = |key: &str| match &service.get(key).unwrap_or_else(|| panic!("{name}: no {key}"))[..] {
            [value] => value.clone(),
            more => panic!("{name}: {key} {more:?}"),
        };
        #[rustfmt::skip]
        let wanted = [
            ("Type", is), ("User", "guichet"), ("Group", "guichet"), ("ProtectSystem", "strict"), ("ReadWritePaths", "/var/lib/guichet"),
            ("NoNewPrivileges", "yes"), ("CapabilityBoundingSet", ""), ("ProtectHome", "yes"), ("PrivateTmp", "yes"), ("PrivateDevices", "yes"),
            ("RestrictSUIDSGID", "yes"), ("MemoryDenyWriteExecute", "yes"), ("RestrictNamespaces", "yes"), ("LockPersonality", "yes"),
            // Files in a tray must be readable for the partner who may enter it.
            ("UMask", "0022"),
        ];
        for (key, value) in wanted {
            assert_eq!(one(key), value, "{name}: {key}");
        }
        let words: Vec<String> = one("ExecStart").split(' ').map(str::to_owned).collect();
        assert_eq!(words[0], "/usr/bin/guichet");
        assert_eq!(words[words.len() - 1], command, "{name}");
        // The command line is one, whatever it then does.
        let out =
            World::new().guichet(&words[1..].iter().map(String::as_str).collect::<Vec<_>>()).arg("--help").output();
        assert!(out.unwrap().status.success(), "{words:?}");
    }
    let daemon = &unit("guichet.service")["Service"];
    assert!(daemon.contains_key("WatchdogSec") && daemon["NotifyAccess"] == ["main"]);
    assert!(daemon["ExecReload"][0].contains("-HUP $MAINPID"), "{daemon:?}");
    assert_eq!(daemon["RestrictAddressFamilies"], ["AF_UNIX AF_INET AF_INET6"], "metrics, and the socket of commands");
    assert_eq!(unit("guichet-batch.service")["Service"]["SuccessExitStatus"], ["75"], "a daemon at work is no failure");
    assert!(unit("guichet-batch.timer")["Timer"].contains_key("OnCalendar"));
}

#[test]
fn systemd_finds_nothing_wrong_with_them() {
    let temp = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for name in ["guichet.service", "guichet-batch.service", "guichet-batch.timer"] {
        let path = temp.path().join(name);
        fs::write(&path, file(name).replace("/usr/bin/guichet", env!("CARGO_BIN_EXE_guichet"))).unwrap();
        files.push(path);
    }
    let Ok(out) = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&files).output() else {
        eprintln!("skipped: there is no systemd-analyze here");
        return;
    };
    let told = text(&[out.stdout, out.stderr].concat());
    let ours: Vec<&str> = told.lines().filter(|l| l.contains(temp.path().to_str().unwrap())).collect();
    assert!(out.status.success() && ours.is_empty(), "{told}");
}

#[test]
fn the_directories_that_they_make_are_as_guichet_wants_them() {
    let w = World::new();
    fs::remove_dir_all(w.path("spool")).unwrap();
    let mut made = BTreeSet::new();
    for line in file("tmpfiles.d/guichet.conf").lines().filter(|l| !l.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [what, path, mode, user, _, age] = words[..] else { panic!("{line}") };
        assert!((what, age) == ("d", "-"), "{line}");
        let Some(below) = path.strip_prefix("/var/lib/guichet/spool") else { continue };
        assert_eq!(user, "guichet", "{line}");
        let path = PathBuf::from(format!("{}{below}", w.path("spool").display()));
        fs::DirBuilder::new().create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(u32::from_str_radix(mode, 8).unwrap())).unwrap();
        made.insert(below.trim_start_matches('/').to_owned());
    }
    for dir in ["work", "archive", "hold", "in/edi", "in/portail", "in/service", "out"] {
        assert!(made.contains(dir), "{dir} is not in tmpfiles.d");
    }
    let out = w.run(&["batch"]);
    assert!(out.status.success() && out.stderr.is_empty(), "{}", text(&out.stderr));
    assert_eq!(w.run(&["status"]).status.code(), Some(0));
    // The user is the services' own.
    let users = file("sysusers.d/guichet.conf");
    let user = users.lines().find(|l| l.starts_with("u ")).unwrap().split_whitespace().nth(1).unwrap();
    assert_eq!(unit("guichet.service")["Service"]["User"], [user]);
}
