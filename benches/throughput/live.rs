//! The daemon: how soon one flow is answered, how many it answers a second, and whether one partner's thousands hold up
//! another's one.

use crate::spread;
use crate::world::{Load, Piece, World, flow, name, wait};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ends with the measure.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn daemon(world: &World, program: &Path) -> Daemon {
    let log = fs::File::create(world.0.join("log")).unwrap();
    let daemon = Daemon(world.command(program, &["run"]).stderr(log).spawn().unwrap());
    wait(30, || world.0.join("spool/in/edi/p000").is_dir());
    std::thread::sleep(Duration::from_millis(500));
    daemon
}

/// At rest: one flow at a time, written or renamed into place; a chain, A4 then A15 then A19, each dropped when the
/// statuses of the one before are there. Then under load.
pub fn run(program: &Path, dir: &Path) {
    for settle in ["1s", "0s"] {
        let world = World::new(dir.join(format!("run-{settle}")), 1, &format!("[spool]\nsettle = \"{settle}\"\n"));
        let _daemon = daemon(&world, program);
        for (how, renamed) in [("written", false), ("renamed into place", true)] {
            let each = |i| latency(&world, "p000", &format!("{}{i}", &how[..4]), renamed);
            let mut ms: Vec<f64> = (0..60).map(each).collect();
            println!("run, settle {settle}, a flow {how}, ms to its report: {}", percentiles(&mut ms));
        }
        let mut ms: Vec<f64> = (0..30).map(|i| chain(&world, i)).collect();
        println!("run, settle {settle}, a chain A4 A15 A19 renamed into place, ms: {}", spread(&mut ms));
    }
    for partners in [1, 100] {
        loaded(program, dir, partners);
    }
}

/// From a drop at rest to the report of it, in milliseconds.
fn latency(world: &World, partner: &str, number: &str, renamed: bool) -> f64 {
    at_rest();
    to_report(world, partner, number, renamed)
}

/// The same, at once.
fn to_report(world: &World, partner: &str, number: &str, renamed: bool) -> f64 {
    let before = world.count(partner, "comptes-rendus");
    let path = world.0.join("spool/in/edi").join(partner).join(number);
    let text = Piece::new("A4", number.to_owned()).xml();
    let started = if renamed {
        let part = path.with_extension("part");
        fs::write(&part, text).unwrap();
        let started = Instant::now();
        fs::rename(part, path).unwrap();
        started
    } else {
        let started = Instant::now();
        fs::write(path, text).unwrap();
        started
    };
    wait(60, || world.count(partner, "comptes-rendus") > before);
    started.elapsed().as_secs_f64() * 1000.0
}

/// Waits until what came before is over.
fn at_rest() {
    std::thread::sleep(Duration::from_millis(50));
}

/// A4 by the contractor, A15 by the MOE, A19 by the MOA: from the first drop to the last status flow.
fn chain(world: &World, i: usize) -> f64 {
    let started = Instant::now();
    let steps = [("A4", "p000", "C", None), ("A15", "gamma", "D", Some("C")), ("A19", "delta", "E", Some("D"))];
    for (cadre, partner, letter, cites) in steps {
        let before = world.count(partner, "statuts");
        let number = format!("{letter}{i}");
        let cites = cites.map(|c| format!("{c}{i}"));
        world.put("portail", partner, &number, Piece { cites, ..Piece::new(cadre, number.clone()) }.xml().as_bytes());
        wait(60, || world.count(partner, "statuts") > before);
    }
    started.elapsed().as_secs_f64() * 1000.0
}

/// Flows are dropped as fast as they can be, each renamed into place; from the first drop to the last status flow.
fn loaded(program: &Path, dir: &Path, partners: usize) {
    let load = Load { partners, ..Load::of(5_000) };
    let flows: Vec<Vec<u8>> = (0..load.flows).map(|i| flow(&load, i)).collect();
    let world = World::new(dir.join(format!("loaded-{partners}")), partners, "");
    let _daemon = daemon(&world, program);
    let started = Instant::now();
    for (i, bytes) in flows.iter().enumerate() {
        world.put("edi", &name(i % partners), &format!("F{i:06}"), bytes);
    }
    let dropped = started.elapsed().as_secs_f64();
    // Each pièce is delivered; the status flow of its batch is published after it.
    wait(600, || world.count("gamma", "pieces") == load.flows);
    let rate = load.flows as f64 / started.elapsed().as_secs_f64();
    println!(
        "run, {} flows of 10 KB from {partners} partners, dropped in {dropped:.1} s: {rate:.0} durable flows/s",
        load.flows
    );
}

/// One partner drops 100,000 files at once, all ready when the daemon sees the first; then another drops one. From
/// that to its report, and how many batches were done meanwhile, its own with them; before it the same without the
/// first partner.
pub fn flood(program: &Path, dir: &Path) {
    const FLOOD: usize = 100_000;
    let world = World::new(dir.join("flood"), 2, "[log]\nlevel = \"debug\"\n");
    {
        let _daemon = daemon(&world, program);
        let mut ms: Vec<f64> = (0..50).map(|i| latency(&world, "p001", &format!("alone{i}"), true)).collect();
        println!("flood, the one partner alone, ms to its report: {}", percentiles(&mut ms));
    }
    // Small ones, refused: what takes time is that there are so many.
    let started = Instant::now();
    for i in 0..FLOOD {
        world.put("edi", "p000", &format!("F{i:06}"), format!("<Facture n=\"{i}\"/>\n").as_bytes());
    }
    println!("flood, {FLOOD} files dropped in {:.1} s", started.elapsed().as_secs_f64());
    let _daemon = daemon(&world, program);
    wait(60, || world.count("p000", "comptes-rendus") > 500);
    let batches = || {
        let mut log = String::new();
        fs::File::open(world.0.join("log")).unwrap().read_to_string(&mut log).unwrap();
        log.matches(" barrier ").count() + log.matches("(barrier ").count()
    };
    let (mut ms, mut between) = (Vec::new(), Vec::new());
    for i in 0..30 {
        at_rest();
        let before = batches();
        ms.push(to_report(&world, "p001", &format!("flooded{i}"), true));
        between.push((batches() - before) as f64);
    }
    let left = fs::read_dir(world.0.join("spool/in/edi/p000")).unwrap().count();
    println!("flood, the one partner beside it, ms to its report: {}", percentiles(&mut ms));
    println!("flood, batches until then: {}; {left} files of the flood were left", percentiles(&mut between));
}

/// The most memory that a command ever had, in KiB, and what it said.
pub fn peak(mut command: Command) -> (u64, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let (status, mut peak) = (format!("/proc/{}/status", child.id()), 0);
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(kib.unwrap_or_default());
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    (peak, said.trim().to_owned())
}

fn percentiles(v: &mut [f64]) -> String {
    v.sort_by(f64::total_cmp);
    let at = |p: usize| v[(v.len() * p / 100).min(v.len() - 1)];
    format!("p50 {:.1}  p95 {:.1}  p99 {:.1}  max {:.1}", at(50), at(95), at(99), v[v.len() - 1])
}
