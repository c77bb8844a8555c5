//! Documents a second on one thread: guichet's `judge` (decode, parse, model, all its rules and the route) and the
//! crate `en16931-formats`' `receive` (parse, model, the rules of EN 16931), in turn on the same documents. With all layers
//! the two do not judge the same rules: the figure says what a document costs, not which is the better judge. With
//! `--layer en16931` guichet judges by EN 16931 alone, and each document. `--sizes` prints instead how the time grows with
//! lines, VAT groups, allowances and attachments, each ten times as many as the row before.

mod sizes;

use guichet::config::{Config, En16931};
use guichet::judge::judge;
use guichet::rules::{Context, Layer};
use guichet::trade::Mode;
use std::time::{Duration, Instant};

/// How often each is measured, and for how long.
const RUNS: usize = 151;
const RUN: Duration = Duration::from_millis(25);

fn main() {
    let (flags, dirs): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|a| a.starts_with("--") || a == "en16931");
    let only = flags.iter().any(|f| f == "en16931" || f == "--layer=en16931");
    let mut config = Config::default();
    let layers: &[Layer] = if only { &[Layer::En16931] } else { &Layer::ALL };
    if only {
        config.rules.en16931 = En16931::Always;
    }
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).expect("a day");
    let context = Context { config: &config, annuaire: None, mode: Mode::Edi, partner: None, today, layers, associated: None };
    let ours = |d: &[u8]| judge(d.to_vec(), &context).findings.len();
    if flags.iter().any(|f| f == "--sizes") {
        return sizes::table(&ours);
    }
    let files = dirs.iter().flat_map(|d| walkdir::WalkDir::new(d).sort_by_file_name()).filter_map(Result::ok);
    let mut documents: Vec<Vec<u8>> = files
        .filter(|e| e.file_type().is_file())
        .filter_map(|e| std::fs::read(e.path()).ok())
        .filter(|b| guichet::flux::sniff(b) == guichet::flux::Kind::Xml)
        .collect();
    documents.sort_by_key(Vec::len);
    let Some(median) = documents.get(documents.len() / 2).map(Vec::len) else {
        eprintln!("usage: guichet-peer [--layer en16931] DIR… | [--layer en16931] --sizes");
        std::process::exit(2);
    };
    let bytes: usize = documents.iter().map(Vec::len).sum();
    let policy = en16931_formats::Policy::default();
    let theirs = |d: &[u8]| en16931_formats::receive(d, &policy).reasons.len();
    let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // Many short runs: whatever else the machine does in between hits both alike.
    for _ in 0..RUNS {
        let (x, y) = (rate(&documents, &ours), rate(&documents, &theirs));
        a.push(x);
        b.push(y);
        ratios.push(x / y);
    }
    println!("{} documents, median {median} bytes, one thread, {RUNS} runs in turn", documents.len());
    let mean = bytes as f64 / documents.len() as f64;
    let megabytes = a.iter().map(|rate| rate * mean / 1e6).collect();
    for (name, mut v) in [
        ("guichet, documents/s", a),
        ("guichet, MB/s", megabytes),
        ("en16931-formats, documents/s", b),
        ("ratio", ratios),
    ] {
        v.sort_by(f64::total_cmp);
        let [low, median, high] = [1, 2, 3].map(|quarter| v[v.len() * quarter / 4]);
        println!("{name:<30} median {median:>9.1}, a half from {low:>9.1} to {high:>9.1}");
    }
}

fn rate(documents: &[Vec<u8>], work: &dyn Fn(&[u8]) -> usize) -> f64 {
    let (started, mut done) = (Instant::now(), 0u32);
    while started.elapsed() < RUN {
        for d in documents {
            std::hint::black_box(work(d));
        }
        done += u32::try_from(documents.len()).expect("some hundred documents");
    }
    f64::from(done) / started.elapsed().as_secs_f64()
}
