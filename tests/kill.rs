//! Promises 1 and 2: killed at any instant, nothing is lost and nothing comes twice; the next start finishes the work.
//!
//! Small runs are killed at each of their crash points in turn and started again, and are killed again while they
//! recover; partners take what they see in between. Then a daemon and batches are killed one after another while
//! partners drop and take. `GUICHET_KILL=all` in the environment kills many more recoveries, and goes on for longer; what was hit is then printed (`cargo test --test kill -- --nocapture`).
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::acts::{flow, unit};
use common::build::{form, page};
use common::dice::Dice;
use common::disk::stand_between;
use common::pdf::Pdf;
use common::world::{MOA, MOE, TITULAIRE, World, a4, citing, sha256, text};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CONFIG: &str =
    "[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n[batch]\nflows = 4\n[delays]\nmoe = \"0d\"\n";

/// A run with every kind of answer: accepted, refused, duplicate, the same number twice, held, a name that must be cut.
fn small_run() -> World {
    let mut w = World::in_memory(CONFIG);
    w.drop_one_of_each();
    w.drop_file("edi", "delta", "number taken.xml", &[&a4("N-1")[..], b"\n"].concat());
    // Forms with their files: one whole, whose name must be cut, one that misses a file and is refused.
    let long = format!("{}.depot.xml", "f".repeat(240));
    let (paper, whole) = (Pdf::new(&[]).bytes(), form(&page("A4", "F-1"), "f.pdf", &["plan.txt"]));
    w.drop_set("portail", "alpha", &[(&long, &whole), ("plan.txt", b"a plan"), ("f.pdf", &paper)]);
    let lame = form(&page("A4", "F-2"), "g.pdf", &["gone.txt"]);
    w.drop_set("portail", "alpha", &[("g.depot.xml", &lame), ("g.pdf", &[&paper[..], b"\n"].concat())]);
    // Acts, one of which cannot be done, and the answer to one of them; the clock does the rest (no days at all).
    let suspended = unit(TITULAIRE, "N-2", "SUSPENDUE", "AUTRE: métré ?", MOE);
    w.drop_file("edi", "beta", "acts", &flow(&[suspended, unit(TITULAIRE, "N-9", "SUSPENDUE", "AUTRE: non", MOE)]));
    w
}

/// A pièce whose MOE is the wrong one, as its depositor must say; the right one waits.
fn wrong_moe() -> World {
    let mut w = World::in_memory("[spool]\nsettle = \"0s\"\n");
    let path = w.path("annuaire/marches.toml");
    let sheet = fs::read_to_string(&path).unwrap().replace(&format!("moe = \"{MOE}\"\n"), "");
    fs::write(path, sheet).unwrap();
    w.drop_file("edi", "alpha", "one.xml", &a4("N-1"));
    let act = unit(TITULAIRE, "N-1", "ERREUR_FOURNISSEUR_SUR_MOE", "MAUVAISE_MOE", MOE);
    w.drop_file("edi", "beta", "act", &flow(&[act]));
    w.batch();
    w.take_all();
    w
}

/// A held flow, which is brought back to work, and a report that is asked for again.
fn held() -> World {
    let mut w = World::in_memory(CONFIG);
    w.drop_file("edi", "gamma", "cut short.xml", b"<Invoice><ID>");
    w.batch();
    w.take_all();
    w
}

/// Whether the whole matrix is asked for.
fn all_of_it() -> bool {
    std::env::var("GUICHET_KILL").is_ok_and(|which| which == "all")
}

/// What a siege came to.
#[derive(Default)]
struct Siege {
    /// How often each crash point ended a process.
    kills: BTreeMap<String, usize>,
    runs: usize,
    violations: Vec<String>,
    mutant: Option<&'static str>,
}

impl Siege {
    fn of(mutant: Option<&'static str>) -> Siege {
        Siege { mutant, ..Siege::default() }
    }

    fn command(&self, w: &World, args: &[&str]) -> Command {
        let mut command = w.guichet(args);
        if let Some(mutant) = self.mutant {
            command.env("GUICHET_MUTANT", mutant);
        }
        command.env("GUICHET_KILL_LOG", w.path("points"));
        let _ = fs::remove_file(w.path("points"));
        command
    }

    /// The names of the crash points that a command passes.
    fn points(&mut self, w: &World, args: &[&str]) -> Vec<String> {
        let out = self.command(w, args).output().unwrap();
        assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
        self.runs += 1;
        passed(w)
    }

    /// Runs a command that ends at the `n`-th crash point it comes to; false: it came to its end.
    fn killed_at(&mut self, w: &World, args: &[&str], n: impl ToString) -> bool {
        let n = n.to_string();
        let out = self.command(w, args).env("GUICHET_KILL_AT", &n).output().unwrap();
        self.runs += 1;
        match out.status.signal() {
            Some(9) => {
                self.count(passed(w).last().unwrap());
                true
            }
            _ => {
                self.check(out.status.success(), || format!("{args:?} at {n}: {}", text(&out.stderr)));
                false
            }
        }
    }

    fn count(&mut self, point: &str) {
        *self.kills.entry(point.to_owned()).or_default() += 1;
    }

    fn check(&mut self, holds: bool, says: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(says());
        }
    }

    fn look(&mut self, w: &World, finished: bool, when: &str) {
        self.violations.extend(w.violations(finished).into_iter().map(|wrong| format!("{when}: {wrong}")));
    }

    /// Finishes what is left, and looks whether all is as promised and stays so.
    fn finish(&mut self, w: &mut World, outside: &common::checker::State, twice: bool, when: &str) {
        w.take_all();
        let out = self.command(w, &["batch"]).output().unwrap();
        self.check(out.status.success(), || format!("{when}: {}", text(&out.stderr)));
        self.runs += 1;
        self.look(w, true, &format!("{when}, then finished"));
        let _ = fs::remove_file(w.path("points"));
        let now = w.outside();
        self.check(now == *outside, || format!("{when}: beside the spool {:?}", differences(outside, &now)));
        if !twice {
            return;
        }
        let state = w.state();
        let out = self.command(w, &["batch"]).output().unwrap();
        self.check(out.status.success(), || format!("{when}, again: {}", text(&out.stderr)));
        self.runs += 1;
        let after = w.state();
        self.check(after == state, || format!("{when}: another run changed {:?}", differences(&state, &after)));
    }

    fn kills(&self) -> usize {
        self.kills.values().sum()
    }

    fn told(&self, what: &str) {
        println!(
            "{what}: {} runs, {} kills at {} kinds of points, {} violations",
            self.runs,
            self.kills(),
            self.kills.len(),
            self.violations.len()
        );
        if all_of_it() {
            self.kills.iter().for_each(|(point, n)| println!("  {n:5} {point}"));
        }
    }
}

/// The crash points that the last command passed.
fn passed(w: &World) -> Vec<String> {
    let log = fs::read_to_string(w.path("points")).unwrap_or_default();
    log.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
}

fn differences(a: &common::checker::State, b: &common::checker::State) -> Vec<String> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().filter(|name| a.get(*name) != b.get(*name)).cloned().collect()
}

/// Kills a command at each of its crash points; each recovery, or every other one, is killed again.
fn besieged(siege: &mut Siege, new: &dyn Fn() -> World, args: &dyn Fn(&World) -> Vec<String>) -> usize {
    let w = new();
    let outside = w.outside();
    let own = args(&w);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let all = siege.points(&w, &own).len();
    siege.look(&w, true, "a whole run");
    for n in 1..=all {
        // In recovery: at no point, or at one that is another each time; or at every seventh, which also are others each
        // time.
        let mut again = if n % 2 == 0 && !all_of_it() { 1 + n % 17 } else { 0 };
        loop {
            let mut w = new();
            let own = args(&w);
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            let when = format!("{own:?} killed at {n}");
            let killed = siege.killed_at(&w, &own, n);
            siege.check(killed, || format!("{when}: it was not"));
            siege.look(&w, false, &when);
            if n % 3 != 0 {
                w.take_all();
            }
            let when = format!("{when}, in recovery at {again}");
            let more = again == 0 || siege.killed_at(&w, &["batch"], again);
            if again > 0 {
                siege.look(&w, false, &when);
            }
            siege.finish(&mut w, &outside, n % 4 == 0, &when);
            if !more || !all_of_it() {
                break; // its recovery has no more points
            }
            again = if again == 0 { 1 + n % 7 } else { again + 7 };
        }
    }
    all
}

#[test]
fn killed_at_every_point_nothing_is_lost_and_nothing_comes_twice() {
    let mut siege = Siege::default();
    let all = besieged(&mut siege, &small_run, &|_| vec!["batch".into()]);
    siege.told("batch");
    assert!(all > 80, "{all} crash points are too few to prove anything");
    assert_eq!(siege.violations, Vec::<String>::new());
    assert!(siege.kills() >= all, "{} kills at {all} points", siege.kills());
}

#[test]
fn an_act_by_command_is_done_whole_or_not_at_all() {
    let set = format!("moe={MOA}");
    let act = ["act", &format!("{TITULAIRE}/N-1"), "correct", "--as", TITULAIRE, "--set", &set];
    let w = wrong_moe();
    let mut siege = Siege::default();
    let all = siege.points(&w, &act).len();
    assert!(all > 10, "{all} crash points");
    siege.look(&w, true, "a whole run");
    for n in 1..=all {
        let mut w = wrong_moe();
        assert!(siege.killed_at(&w, &act, n), "at {n}");
        siege.look(&w, false, &format!("killed at {n}"));
        w.take_all();
        w.batch();
        let status: String = w.ledger().query_row("SELECT status FROM piece", [], |r| r.get(0)).unwrap();
        if status != "MISE_A_DISPOSITION_MOE" {
            assert_eq!(status, "ERREUR_FOURNISSEUR_SUR_MOE", "killed at {n}");
            let out = w.run(&act);
            assert!(out.status.success(), "killed at {n}, then asked again: {}", text(&out.stderr));
        }
        siege.look(&w, true, &format!("killed at {n}, then finished"));
        let copies = "SELECT count(*) FROM outbox WHERE partner = 'gamma' AND tray = 'pieces'";
        assert_eq!(w.ledger().query_row(copies, [], |r| r.get::<_, i64>(0)).unwrap(), 1, "killed at {n}");
    }
    siege.told("act");
    assert_eq!(siege.violations, Vec::<String>::new());
}

#[test]
fn a_held_flow_comes_back_to_work_once() {
    let mut siege = Siege::default();
    let flow = |w: &World| w.ledger().query_row("SELECT id FROM flow", [], |r| r.get::<_, String>(0)).unwrap();
    let all = besieged(&mut siege, &held, &|w| vec!["requeue".into(), flow(w)]);
    siege.told("requeue");
    assert!(all > 10, "{all} crash points");
    assert_eq!(siege.violations, Vec::<String>::new());
}

#[test]
fn killed_between_any_two_changes_of_the_disk_nothing_is_lost() {
    let mut siege = Siege::default();
    let outside = small_run().outside();
    // Crash points stand between guichet's own steps; here SQLite's are among them, and each of a step's own.
    let (mut n, stride) = if all_of_it() { (1, 1) } else { (7, 53) };
    loop {
        let mut w = small_run();
        fs::create_dir_all(w.path("spool")).unwrap();
        let mut command = siege.command(&w, &["batch"]);
        let out = stand_between(&mut command, &w).env("DISK_FAIL", format!("any:*:{n}:0")).output().unwrap();
        siege.runs += 1;
        if out.status.signal() != Some(9) {
            assert!(out.status.success(), "at {n}: {}", text(&out.stderr));
            break;
        }
        siege.count("a change of the disk");
        let when = format!("killed before change {n}");
        siege.look(&w, false, &when);
        siege.finish(&mut w, &outside, true, &when);
        n += stride;
    }
    siege.told("between any two changes");
    assert_eq!(siege.violations, Vec::<String>::new());
    assert!(n > 700, "{n} changes are too few to prove anything");
}

/// What a partner of the open siege still has to drop.
type Sets = Vec<(&'static str, &'static str, Vec<(String, Vec<u8>)>)>;

/// Things to drop, in a chance order; what belongs together stays so, the form last.
fn to_drop(dice: &mut Dice) -> Sets {
    let paper = Pdf::new(&[]).bytes();
    let one = |name: &str, bytes: Vec<u8>| vec![(name.to_owned(), bytes)];
    let mut sets: Sets = Vec::new();
    for n in 0..10 {
        sets.push(("edi", ["alpha", "delta"][n % 2], one(&format!("p {n}.xml"), a4(&format!("N-{n}")))));
    }
    sets.push(("edi", "alpha", one("again.xml", a4("N-0"))));
    sets.push(("edi", "gamma", one("noise", b"<b/>".to_vec())));
    sets.push(("edi", "delta", one("lot", common::archive::tgz(&[("a", &a4("L-1")), ("b", &a4("L-2"))]))));
    sets.push(("portail", "beta", one("a state", citing("A15", "S-1", "N-3"))));
    let acts = [unit(TITULAIRE, "N-2", "SUSPENDUE", "AUTRE: métré ?", MOE)];
    sets.push(("edi", "beta", one("acts", flow(&acts))));
    for n in 0..2 {
        let (pdf, plan) = (format!("{n}.pdf"), format!("{n}.txt"));
        let set = form(&page("A4", &format!("F-{n}")), &pdf, &[&plan]);
        let paper = [&paper[..], format!("%{n}\n").as_bytes()].concat();
        let files = vec![(pdf, paper), (plan, format!("plan {n}").into()), (format!("{n}.depot.xml"), set)];
        sets.push(("portail", "alpha", files));
    }
    for i in (1..sets.len()).rev() {
        sets.swap(i, dice.below(i + 1));
    }
    sets
}

/// A partner polls while guichet is at work: takes some of what it sees, and looks that it is committed.
fn take_some(w: &mut World, dice: &mut Dice, siege: &mut Siege) {
    for (path, sha) in w.visible() {
        if dice.below(3) > 0 {
            continue;
        }
        let (partner, name) = (path.split('/').next().unwrap(), path.rsplit('/').next().unwrap());
        let known = w.look().and_then(|ledger| {
            let sql = "SELECT lower(hex(sha256)) FROM outbox WHERE partner = ? AND name = ?";
            ledger.query_row(sql, [partner, name], |r| r.get::<_, String>(0)).ok()
        });
        siege.check(known.as_ref() == Some(&sha), || format!("{path} was visible before its commit: {known:?}"));
        let at = w.path("spool/out").join(&path);
        let is = sha256(&fs::read(&at).unwrap());
        siege.check(is == sha, || format!("{path} was written while it was visible"));
        fs::remove_file(at).unwrap();
        w.taken.push((path, sha));
    }
}

fn ended(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_some()
}

/// Life after life is cut short, by a crash point or by chance, while partners drop and take.
fn open_siege(siege: &mut Siege, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut w = World::in_memory(
        "[spool]\nsettle = \"0s\"\nrescan = \"10ms\"\nincomplete_after = \"1h\"\n[batch]\nflows = 3\n[delays]\nmoe = \"0d\"\n",
    );
    let outside = w.outside();
    let mut sets = to_drop(&mut dice);
    let mut lives = 0;
    while !sets.is_empty() || lives < 8 {
        lives += 1;
        let args: &[&str] = if dice.below(3) == 0 { &["batch"] } else { &["run"] };
        // Many lives end early, in recovery; some go on until partners have nothing more to do.
        let most = *dice.one(&[6, 40, 160]);
        let n = 1 + dice.below(most);
        let mut command = siege.command(&w, args);
        let mut child =
            command.env("GUICHET_KILL_AT", n.to_string()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_millis(150 + 50 * dice.below(8) as u64);
        while !ended(&mut child) && Instant::now() < until {
            if dice.below(3) == 0
                && let Some((mode, partner, files)) = sets.pop()
            {
                w.along += files.len() - 1;
                files.iter().for_each(|(name, bytes)| w.move_in(mode, partner, name, bytes));
            }
            take_some(&mut w, &mut dice, siege);
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        siege.runs += 1;
        if status.signal() == Some(9) {
            let points = passed(&w);
            siege.count(if points.len() == n { &points[n - 1] } else { "no point" });
        }
        let when = format!("seed {seed}, life {lives}, {args:?} killed at {n}");
        siege.check(status.signal() == Some(9) || status.success(), || format!("{when}: {status}"));
        siege.look(&w, false, &when);
    }
    siege.finish(&mut w, &outside, true, &format!("seed {seed}"));
}

#[test]
fn life_after_life_is_killed_while_partners_drop_and_take() {
    let mut siege = Siege::default();
    for seed in 1..=if all_of_it() { 60 } else { 5 } {
        open_siege(&mut siege, seed);
    }
    siege.told("an open siege");
    assert_eq!(siege.violations, Vec::<String>::new());
    assert!(siege.kills() > 20, "{} kills", siege.kills());
}

/// The kinds of faults that a mutant shows when a small run is killed at some of its points.
fn faults_of(mutant: &'static str) -> Vec<String> {
    let mut siege = Siege::of(Some(mutant));
    let outside = small_run().outside();
    // The points around the first commits are where the order of steps matters.
    for name in ["after the commit", "before a publish", "after a publish"] {
        for n in 1..=4 {
            let mut w = small_run();
            let at = format!("{name}:{n}");
            let killed = siege.killed_at(&w, &["batch"], &at);
            assert!(killed, "{mutant}: nothing is passed at {at}");
            siege.look(&w, false, mutant);
            siege.finish(&mut w, &outside, false, mutant);
        }
    }
    siege.told(mutant);
    siege.violations
}

#[test]
fn what_is_staged_after_the_commit_is_found_missing() {
    let faults = faults_of("late-stage");
    assert!(faults.iter().any(|fault| fault.contains("was never delivered")), "{faults:?}");
}

#[test]
fn what_recovery_writes_anew_is_found_twice() {
    let faults = faults_of("rewrite");
    assert!(faults.iter().any(|fault| fault.contains("was delivered 2 times")), "{faults:?}");
}
