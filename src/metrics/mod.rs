//! The figures of a counter in Prometheus's text format. What happens is counted from the same events that make the log
//! ([`Metrics`] is a listener); what is, is looked at as `status` does. [`Watch`] writes them to a file and serves them.
//!
//! Counters go on from the file, so that a counter run by cron has counters too: the file is all that is left of it.

mod serve;
mod text;
mod watch;

pub use watch::Watch;

use crate::clock::Instant;
use crate::event::{Event, KINDS, Listener};
use crate::lifecycle::Statut;
use crate::rules;
use crate::status::{Health, Trouble};
use crate::trade::Mode;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

/// What a family of figures is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How many took how long.
    Histogram,
}

/// Figures of one name.
#[derive(Debug)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub is: Type,
    /// What a person reads.
    pub help: &'static str,
}

use Type::{Counter, Gauge, Histogram};

const fn family(name: &'static str, is: Type, help: &'static str) -> Family {
    Family { name, is, help }
}

#[rustfmt::skip]
/// Every family, in the order in which they are written.
pub static FAMILIES: &[Family] = &[
    //     name                                   type       help
    family(BUILD,                                 Gauge,     "Always 1; the labels say which program and which rules are at work."),
    family(FLOWS,                                 Counter,   "Flows decided, by outcome."),
    family(JUDGED,                                Counter,   "Pièces judged, by outcome; a refused flow without a readable pièce counts as one."),
    family(ACTS,                                  Counter,   "Acts asked for by flow or command, by outcome; refused ones of flows only."),
    family(DELAYS,                                Counter,   "Delays that fell due and moved a pièce on."),
    family(OUTBOUND,                              Counter,   "Files sent to partners: reports, life-cycle flows, pièces."),
    family(EVENTS,                                Counter,   "Events by name, as in the log."),
    family(BATCH,                                 Histogram, "Seconds from the first decision of a batch to its last publication."),
    family(BARRIER,                               Histogram, "Seconds that the barrier of a batch took: files on the disk."),
    family(COMMIT,                                Histogram, "Seconds that the commit of a batch took: the ledger on the disk."),
    family("guichet_last_batch_timestamp_seconds", Gauge,    "When the last batch was published, in seconds since 1970."),
    family("guichet_last_step_timestamp_seconds", Gauge,     "When work last went on, in seconds since 1970: a daemon makes a step every second."),
    family("guichet_looked_timestamp_seconds",    Gauge,     "When the figures below were taken, in seconds since 1970."),
    family("guichet_pieces",                      Gauge,     "Pièces in the ledger, by status."),
    family("guichet_queue_files",                 Gauge,     "Files that wait in in/, by mode."),
    family("guichet_queue_directories",           Gauge,     "Partners' directories in which files wait, by mode."),
    family("guichet_queue_oldest_seconds",        Gauge,     "Seconds since the oldest of the waiting files last changed; 0 where none waits."),
    family("guichet_work_files",                  Gauge,     "Files in work/: claimed, not filed yet."),
    family("guichet_hold_files",                  Gauge,     "Files in hold/: an operator must look."),
    family("guichet_unpublished_files",           Gauge,     "Outbound files committed and not marked as published."),
    family("guichet_disk_free_bytes",             Gauge,     "Bytes free on the spool's file system."),
    family("guichet_disk_free_inodes",            Gauge,     "Inodes free on the spool's file system."),
    family("guichet_disk_reserve_bytes",          Gauge,     "Bytes that stay free: below, nothing more is taken."),
    family("guichet_ledger_bytes",                Gauge,     "Bytes of the ledger."),
    family("guichet_ledger_wal_bytes",            Gauge,     "Bytes of the ledger's write-ahead log."),
    family("guichet_problem",                     Gauge,     "1 for each problem that status tells now, else 0."),
];

const BUILD: &str = "guichet_build_info";
const FLOWS: &str = "guichet_flows_total";
const JUDGED: &str = "guichet_pieces_judged_total";
const ACTS: &str = "guichet_acts_total";
const DELAYS: &str = "guichet_delays_total";
const OUTBOUND: &str = "guichet_outbound_files_total";
const EVENTS: &str = "guichet_events_total";
const BATCH: &str = "guichet_batch_duration_seconds";
const BARRIER: &str = "guichet_barrier_duration_seconds";
const COMMIT: &str = "guichet_commit_duration_seconds";

/// Upper ends of the histograms' buckets, in microseconds, and as they are written.
#[rustfmt::skip]
static BUCKETS: [(u64, &str); 15] = [
    (1_000, "0.001"), (2_500, "0.0025"), (5_000, "0.005"), (10_000, "0.01"), (25_000, "0.025"), (50_000, "0.05"),
    (100_000, "0.1"), (250_000, "0.25"), (500_000, "0.5"), (1_000_000, "1"), (2_500_000, "2.5"), (5_000_000, "5"),
    (10_000_000, "10"), (30_000_000, "30"), (60_000_000, "60"),
];

/// A figure's family, and its labels as they are written: `{outcome="held"}`.
type Series = (&'static str, String);

/// How many took how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Took {
    /// How many took so long at most.
    upto: [u64; BUCKETS.len()],
    count: u64,
    micros: u64,
}

impl Took {
    fn add(&mut self, micros: u64) {
        for (n, (most, _)) in self.upto.iter_mut().zip(BUCKETS) {
            *n += u64::from(micros <= most);
        }
        self.count += 1;
        self.micros = self.micros.saturating_add(micros);
    }
}

/// The figures. Any number of threads may hear, look and read.
#[derive(Debug)]
pub struct Metrics {
    state: Mutex<State>,
    last_step: AtomicI64,
}

#[derive(Debug, Default)]
struct State {
    counters: BTreeMap<Series, u64>,
    histograms: BTreeMap<&'static str, Took>,
    /// What was last seen, as it is written.
    gauges: BTreeMap<Series, String>,
    last_batch: Option<Instant>,
}

fn label(name: &str, value: &str) -> String {
    // Every value is a word of ours: nothing in it needs an escape.
    format!("{{{name}=\"{value}\"}}")
}

impl Default for Metrics {
    /// Everything is there from the start, at zero: what is not there cannot be watched.
    fn default() -> Metrics {
        let mut state = State::default();
        let mut put = |family, labels| _ = state.counters.insert((family, labels), 0);
        for outcome in ["accepted", "partial", "refused", "held", "duplicate"] {
            put(FLOWS, label("outcome", outcome));
        }
        for outcome in ["accepted", "refused"] {
            put(JUDGED, label("outcome", outcome));
        }
        for outcome in ["done", "refused"] {
            put(ACTS, label("outcome", outcome));
        }
        for family in [DELAYS, OUTBOUND] {
            put(family, String::new());
        }
        for kind in KINDS {
            put(EVENTS, label("event", kind.name));
        }
        for family in [BATCH, BARRIER, COMMIT] {
            state.histograms.insert(family, Took::default());
        }
        Metrics { state: Mutex::new(state), last_step: AtomicI64::new(0) }
    }
}

impl State {
    fn count(&mut self, family: &'static str, labels: String, more: u64) {
        *self.counters.entry((family, labels)).or_default() += more;
    }

    fn took(&mut self, family: &'static str, micros: u64) {
        self.histograms.entry(family).or_default().add(micros);
    }
}

impl Listener for Metrics {
    fn hear(&self, at: Instant, event: &Event) {
        let mut state = self.state.lock().expect("no holder of this lock panics");
        state.count(EVENTS, label("event", event.kind().name), 1);
        match event {
            Event::Flow { outcome, .. } => state.count(FLOWS, label("outcome", outcome), 1),
            Event::Acted { .. } => state.count(ACTS, label("outcome", "done"), 1),
            Event::Batch { tally, outbound, barrier_us, commit_us, batch_us } => {
                state.count(JUDGED, label("outcome", "accepted"), tally.accepted);
                state.count(JUDGED, label("outcome", "refused"), tally.refused);
                state.count(ACTS, label("outcome", "done"), tally.acts);
                state.count(ACTS, label("outcome", "refused"), tally.acts_refused);
                state.count(DELAYS, String::new(), tally.delays);
                state.count(OUTBOUND, String::new(), *outbound);
                state.took(BATCH, *batch_us);
                state.took(BARRIER, *barrier_us);
                state.took(COMMIT, *commit_us);
                state.last_batch = Some(at);
            }
            _ => {}
        }
    }

    fn beat(&self, at: Instant) {
        self.last_step.store(at.0, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Takes in what `status` sees, and how many pièces have each status; none: the ledger cannot be read.
    pub fn look(&self, at: Instant, health: &Health, pieces: Option<&BTreeMap<String, u64>>) {
        let mut gauges: BTreeMap<Series, String> = BTreeMap::new();
        let mut put = |family, labels, value: String| _ = gauges.insert((family, labels), value);
        let mut one = |family, value: Option<u64>| {
            if let Some(value) = value {
                put(family, String::new(), value.to_string());
            }
        };
        one("guichet_queue_oldest_seconds", Some(health.oldest_s.unwrap_or(0)));
        one("guichet_work_files", Some(health.in_work));
        one("guichet_hold_files", Some(health.held));
        one("guichet_unpublished_files", health.unpublished);
        one("guichet_disk_free_bytes", health.free);
        one("guichet_disk_free_inodes", health.inodes);
        one("guichet_disk_reserve_bytes", Some(health.reserve));
        one("guichet_ledger_bytes", Some(health.ledger));
        one("guichet_ledger_wal_bytes", Some(health.wal));
        put("guichet_looked_timestamp_seconds", String::new(), text::seconds(at));
        for mode in Mode::ALL {
            let queue = health.queues.iter().find(|queue| queue.mode == mode.name());
            let (files, directories) = queue.map_or((0, 0), |queue| (queue.files, queue.directories));
            put("guichet_queue_files", label("mode", mode.name()), files.to_string());
            put("guichet_queue_directories", label("mode", mode.name()), directories.to_string());
        }
        for trouble in Trouble::ALL {
            let is = health.problems.iter().any(|p| p.trouble == trouble);
            put("guichet_problem", label("problem", trouble.name()), u8::from(is).to_string());
        }
        for status in pieces.iter().flat_map(|_| Statut::ALL) {
            let n = pieces.and_then(|pieces| pieces.get(status.code())).copied().unwrap_or(0);
            put("guichet_pieces", label("status", status.code()), n.to_string());
        }
        self.state.lock().expect("no holder of this lock panics").gauges = gauges;
    }

    /// The page.
    pub fn page(&self) -> String {
        let state = self.state.lock().expect("no holder of this lock panics");
        let mut gauges = state.gauges.clone();
        let build = format!("{{version=\"{}\",rules=\"{}\"}}", env!("CARGO_PKG_VERSION"), rules::VERSION);
        gauges.insert((BUILD, build), "1".to_owned());
        if let Some(at) = state.last_batch {
            gauges.insert(("guichet_last_batch_timestamp_seconds", String::new()), text::seconds(at));
        }
        if let at @ 1.. = self.last_step.load(Ordering::Relaxed) {
            gauges.insert(("guichet_last_step_timestamp_seconds", String::new()), text::seconds(Instant(at)));
        }
        text::page(&state, &gauges)
    }

    /// Goes on from a page that an earlier run wrote: its counters are added to what was counted since. One that is not
    /// whole, or not ours, is as none.
    pub fn go_on(&self, page: &str) {
        if let Some(before) = text::counted(page) {
            let mut state = self.state.lock().expect("no holder of this lock panics");
            for (series, n) in before.counters {
                // What is counted no more is forgotten.
                if let Some(now) = state.counters.get_mut(&series) {
                    *now = now.saturating_add(n);
                }
            }
            for (family, took) in before.histograms {
                let now = state.histograms.entry(family).or_default();
                now.upto.iter_mut().zip(took.upto).for_each(|(now, n)| *now = now.saturating_add(n));
                now.count = now.count.saturating_add(took.count);
                now.micros = now.micros.saturating_add(took.micros);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::event::Tally;

    fn heard(flows: u64) -> Metrics {
        let metrics = Metrics::default();
        for _ in 0..flows {
            let rules = vec!["T-02"];
            let (flow, partner, name) = ("f-1".to_owned(), "alpha".to_owned(), "F".to_owned());
            metrics.hear(Instant(0), &Event::Flow { flow, partner, name, size: 1, outcome: "refused", rules });
        }
        let tally = Tally { flows, refused: flows, ..Tally::default() };
        let batch = Event::Batch { tally, outbound: 2, barrier_us: 1_000, commit_us: 1_001, batch_us: 70_000_000 };
        metrics.hear(Instant(1_500), &batch);
        metrics
    }

    #[test]
    fn a_bucket_holds_its_upper_end_and_the_last_has_none() {
        let page = heard(1).page();
        for line in [
            "guichet_barrier_duration_seconds_bucket{le=\"0.001\"} 1",
            "guichet_commit_duration_seconds_bucket{le=\"0.001\"} 0",
            "guichet_commit_duration_seconds_bucket{le=\"0.0025\"} 1",
            "guichet_batch_duration_seconds_bucket{le=\"60\"} 0",
            "guichet_batch_duration_seconds_bucket{le=\"+Inf\"} 1",
            "guichet_batch_duration_seconds_sum 70.000000",
            "guichet_last_batch_timestamp_seconds 1.500",
        ] {
            assert!(page.lines().any(|l| l == line), "{line}:\n{page}");
        }
    }

    #[test]
    fn counters_go_on_where_an_earlier_run_left_them() {
        let before = heard(3).page();
        let now = heard(2);
        now.go_on(&before);
        let (page, whole) = (now.page(), heard(5).page());
        for line in whole.lines().filter(|l| l.starts_with("guichet_flows") || l.starts_with("guichet_pieces_judged")) {
            assert!(page.lines().any(|l| l == line), "{line}:\n{page}");
        }
        assert!(page.contains("guichet_barrier_duration_seconds_bucket{le=\"0.001\"} 2\n"), "{page}");
        assert!(page.contains("guichet_barrier_duration_seconds_sum 0.002000\n"), "{page}");
        assert!(page.contains("guichet_outbound_files_total 4\n"), "{page}");
    }

    #[test]
    fn a_page_that_is_not_whole_is_as_none() {
        let (whole, fresh) = (heard(3).page(), heard(2).page());
        let cut = &whole[..whole.len() / 2];
        let wrong =
            whole.replace("guichet_flows_total{outcome=\"refused\"} 3", "guichet_flows_total{outcome=\"refused\"} -3");
        let falls = whole.replace("_bucket{le=\"0.001\"} 1", "_bucket{le=\"0.001\"} 9");
        for page in ["", "noise", "\u{0}", cut, &wrong, &falls] {
            let metrics = heard(2);
            metrics.go_on(page);
            assert_eq!(metrics.page(), fresh, "{page:.80}");
        }
    }
}
