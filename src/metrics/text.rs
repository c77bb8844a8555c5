//! Prometheus's text format, version 0.0.4: written, and of our own pages read again.

use super::{BUCKETS, FAMILIES, Series, State, Took, Type};
use crate::clock::Instant;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The end of a page: whoever reads it again knows that it is whole.
const END: &str = "# the end\n";

/// A moment in seconds since 1970, to the millisecond.
pub(super) fn seconds(at: Instant) -> String {
    format!("{}.{:03}", at.0.div_euclid(1000), at.0.rem_euclid(1000))
}

/// Writes a page: each family that has figures, with its help and type. Writing into a string cannot fail.
pub(super) fn page(state: &State, gauges: &BTreeMap<Series, String>) -> String {
    let mut page = String::with_capacity(16 << 10);
    for family in FAMILIES {
        let mut lines = String::new();
        let name = family.name;
        match family.is {
            Type::Counter => {
                for ((_, labels), n) in state.counters.iter().filter(|((of, _), _)| *of == name) {
                    let _ = writeln!(lines, "{name}{labels} {n}");
                }
            }
            Type::Gauge => {
                for ((_, labels), value) in gauges.iter().filter(|((of, _), _)| *of == name) {
                    let _ = writeln!(lines, "{name}{labels} {value}");
                }
            }
            Type::Histogram => {
                let Some(took) = state.histograms.get(name) else { continue };
                for ((_, end), n) in BUCKETS.iter().zip(took.upto) {
                    let _ = writeln!(lines, "{name}_bucket{{le=\"{end}\"}} {n}");
                }
                let Took { count, micros, .. } = took;
                let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
                let _ = writeln!(lines, "{name}_bucket{{le=\"+Inf\"}} {count}");
                let _ = writeln!(lines, "{name}_sum {seconds}.{rest:06}\n{name}_count {count}");
            }
        }
        if !lines.is_empty() {
            let is = match family.is {
                Type::Counter => "counter",
                Type::Gauge => "gauge",
                Type::Histogram => "histogram",
            };
            let _ = write!(page, "# HELP {name} {}\n# TYPE {name} {is}\n{lines}", family.help);
        }
    }
    page.push_str(END);
    page
}

/// The counters and histograms of a page that we wrote; nothing where one line of them is not as we write it.
pub(super) fn counted(page: &str) -> Option<State> {
    let mut state = State::default();
    for line in page.strip_suffix(END)?.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = series.split_at(series.find('{').unwrap_or(series.len()));
        let of = |name: &str, is: Type| FAMILIES.iter().find(|f| f.is == is && f.name == name).map(|f| f.name);
        if let Some(name) = of(name, Type::Counter) {
            state.counters.insert((name, labels.to_owned()), value.parse().ok()?);
            continue;
        }
        let part = ["_bucket", "_sum", "_count"].into_iter().find_map(|part| {
            let name = of(name.strip_suffix(part)?, Type::Histogram)?;
            Some((name, part))
        });
        if let Some((name, part)) = part {
            let took = state.histograms.entry(name).or_default();
            match part {
                "_sum" => took.micros = micros(value)?,
                "_count" => took.count = value.parse().ok()?,
                _ if labels == "{le=\"+Inf\"}" => {}
                _ => {
                    let end = labels.strip_prefix("{le=\"")?.strip_suffix("\"}")?;
                    // Buckets of another version would not add up with ours.
                    let n = BUCKETS.iter().position(|(_, written)| *written == end)?;
                    took.upto[n] = value.parse().ok()?;
                }
            }
        }
    }
    let grows = |took: &Took| took.upto.is_sorted() && took.upto.iter().all(|n| *n <= took.count);
    state.histograms.values().all(grows).then_some(state)
}

/// Microseconds of `12.000345`.
fn micros(value: &str) -> Option<u64> {
    let (seconds, rest) = value.split_once('.')?;
    let rest = rest.parse::<u64>().ok().filter(|_| rest.len() == 6)?;
    seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(rest)
}
