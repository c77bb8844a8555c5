//! Durable flows a second, latency, isolation and memory: made with the program itself, as an administrator would.
//!
//! ```text
//! cargo build --release
//! cargo bench --bench throughput -- target/release/guichet DIR WHAT… [--flows N] [--pairs N] [--ledger FILE]
//! ```
//!
//! PROGRAM is a release build from another target directory; DIR is on the file system that is measured, a fresh one if
//! possible. WHAT is one or more of:
//!
//! - `batch`: N (5,000) flows of 10 KB and the floor (floor.rs) on the same disk, one after the other, five pairs
//! - `table`: the same by size, pièces a flow and partners, three pairs a row; with `--ledger`, beside a ledger that is
//!   not empty (benches/million.rs makes them; it is copied), which may be given several times
//! - `acts`: acts on pièces, one a flow and 500 a flow
//! - `run`: the daemon at rest, one flow at a time, and a chain; then under load (live.rs)
//! - `flood`: one partner drops 100,000 files, another one (live.rs)
//! - `memory`: the peak of one large document, of a batch of 5,000 flows, of an archive
#![allow(clippy::unwrap_used, clippy::float_arithmetic)]

mod floor;
mod live;
mod world;

use std::fs;
use std::path::{Path, PathBuf};
use world::{Load, MOE, World, act, acts, seller};

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let mut option = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.remove(at);
        Some(args.remove(at))
    };
    let flows = option("--flows").map_or(5_000, |n| n.parse().unwrap());
    let pairs = option("--pairs").map_or(5, |n| n.parse().unwrap());
    let ledgers: Vec<PathBuf> = std::iter::from_fn(|| option("--ledger").map(PathBuf::from)).collect();
    let [program, dir, what @ ..] = &args[..] else {
        eprintln!("usage: throughput PROGRAM DIR WHAT… [--flows N] [--pairs N] [--ledger FILE]…");
        std::process::exit(2);
    };
    let bench = Bench { program: fs::canonicalize(program).unwrap(), dir: PathBuf::from(dir), pairs };
    for what in what {
        match what.as_str() {
            "batch" => bench.row("flows of 10 KB", &Load::of(flows), None),
            "table" => bench.table(&ledgers),
            "acts" => bench.acts(flows),
            "run" => live::run(&bench.program, &bench.dir),
            "flood" => live::flood(&bench.program, &bench.dir),
            "memory" => bench.memory(),
            other => panic!("{other} is nothing that can be measured"),
        }
    }
}

struct Bench {
    program: PathBuf,
    dir: PathBuf,
    pairs: usize,
}

impl Bench {
    /// One load, and the floor of the same, in turn.
    fn row(&self, what: &str, load: &Load, ledger: Option<&Path>) {
        let (mut rates, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let (mut costs, mut floor_costs) = (Vec::new(), Vec::new());
        let each = |ms: f64| ms * 1000.0 / load.pieces() as f64;
        for i in 0..self.pairs {
            let place = |kind: &str| self.dir.join(format!("{}-{kind}-{i}", what.replace(' ', "-")));
            let (rate, ms) = self.batch(place("batch"), load, ledger);
            rates.push(rate);
            costs.push(each(ms));
            let (rate, ms) = floor::rate(&place("floor"), load);
            floors.push(rate);
            floor_costs.push(each(ms));
            ratios.push(100.0 * rates[i] / floors[i]);
            println!("  {what}, run {i}: {:.0} of {:.0}, {:.0} %", rates[i], floors[i], ratios[i]);
        }
        println!("{what}, {load:?}");
        println!("  pièces/s: {}", spread(&mut rates));
        println!("  floor:    {}", spread(&mut floors));
        println!("  percent:  {}", spread(&mut ratios));
        println!("  processor time, µs a pièce: {}", spread(&mut costs));
        println!("  of the floor, µs a pièce:   {}", spread(&mut floor_costs));
    }

    /// Pièces a second, and the processor time in milliseconds.
    fn batch(&self, dir: PathBuf, load: &Load, ledger: Option<&Path>) -> (f64, f64) {
        // Of a ledger that was filled long ago every delay is over; that is not what is measured.
        let world = World::new(dir, load.partners, "[delays]\nvalideur = \"3650d\"\nmoe = \"3650d\"\n");
        if let Some(ledger) = ledger {
            fs::create_dir_all(world.0.join("spool")).unwrap();
            fs::copy(ledger, world.0.join("spool/guichet.db")).unwrap();
            // What it was made with had no spool: that its files were sent long ago is noted first, as after a crash.
            assert!(world.command(&self.program, &["batch"]).output().unwrap().status.success());
        }
        world.fill(load);
        world.batch(&self.program, "accepted", load.pieces())
    }

    #[rustfmt::skip]
    fn table(&self, ledgers: &[PathBuf]) {
        let of = Load::of;
        let rows = [
            ("10 KB",                          of(5_000)),
            ("300 KB",                         Load { lines: 365, ..of(1_000) }),
            ("10 KB from 100 partners",        Load { partners: 100, ..of(5_000) }),
            ("300 KB from 100 partners",       Load { partners: 100, lines: 365, ..of(1_000) }),
            ("archives of 500",                Load { each: 500, ..of(10) }),
            ("archives of 500, 100 partners",  Load { each: 500, partners: 100, ..of(10) }),
        ];
        if ledgers.is_empty() {
            rows.iter().for_each(|(what, load)| self.row(what, load, None));
        }
        for ledger in ledgers {
            let name = ledger.file_stem().unwrap().to_string_lossy().into_owned();
            self.row(&format!("10 KB beside {name}"), &of(5_000), Some(ledger));
        }
    }

    fn acts(&self, flows: usize) {
        let world = World::new(self.dir.join("acts"), 1, "");
        let load = Load::of(flows);
        world.fill(&load);
        world.batch(&self.program, "accepted", flows);
        for i in 0..flows {
            let one = acts(&[act(&format!("N-{i}"), "SUSPENDUE", "AUTRE: métré ?", MOE)]);
            world.put("edi", "gamma", &format!("S{i:06}"), one.as_bytes());
        }
        println!("{flows} flows of one act: {:.0} acts/s", world.batch(&self.program, "acts", flows).0);
        let answers: Vec<String> =
            (0..flows).map(|i| act(&format!("N-{i}"), "COMPLETEE", "voici", &seller(0))).collect();
        for (n, some) in answers.chunks(500).enumerate() {
            world.put("edi", "p000", &format!("C{n:06}"), acts(some).as_bytes());
        }
        println!("flows of 500 acts: {:.0} acts/s", world.batch(&self.program, "acts", flows).0);
    }

    /// The most that one batch ever had in memory, in MiB.
    #[rustfmt::skip]
    fn memory(&self) {
        let of = Load::of;
        let rows = [
            ("nothing",                  of(0)),
            ("a document of 64 MB",      Load { lines: 77_000, ..of(1) }),
            ("5,000 flows of 10 KB",     of(5_000)),
            ("1,000 flows of 300 KB",    Load { lines: 365, ..of(1_000) }),
            ("an archive of 500",        Load { each: 500, ..of(1) }),
        ];
        for (what, load) in rows {
            let world = World::new(self.dir.join(format!("memory-{}", what.replace(' ', "-"))), 1, "");
            let size = world.fill(&load);
            world::still();
            let (peak, tally) = live::peak(world.command(&self.program, &["batch", "--format", "json"]));
            println!("{what} ({size} bytes the last): peak {:.1} MiB; {tally}", peak as f64 / 1024.0);
        }
    }
}

/// Processor time of this process and of its children that ended, in milliseconds.
pub fn processor_ms() -> (f64, f64) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks: Vec<f64> = after.split_whitespace().skip(11).take(4).filter_map(|t| t.parse().ok()).collect();
    let ms = |n: usize| (ticks.get(n).unwrap_or(&0.0) + ticks.get(n + 1).unwrap_or(&0.0)) * 10.0; // of a hundredth each
    (ms(0), ms(2))
}

/// Least, median and most.
pub fn spread(v: &mut [f64]) -> String {
    v.sort_by(f64::total_cmp);
    format!("min {:.1}  median {:.1}  max {:.1}", v[0], v[v.len() / 2], v[v.len() - 1])
}
