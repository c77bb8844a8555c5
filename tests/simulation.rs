//! Whole marchés, simulated: every actor deposits, validates, refuses, corrects, completes, pays and keeps silent as the
//! dice say, month after month, until the final accounts are paid. After each batch everything that the counter says and
//! sends is held against a book of laws that the tests keep for themselves (`simulation/law.rs`).
//!
//! `SIMULATION_MONTHS` and `SIMULATION_TOWNS` make it longer and wider; `SIMULATION_SEED` another one.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "simulation/chance.rs"]
mod chance;
mod common;
#[path = "simulation/law.rs"]
mod law;
#[path = "simulation/story.rs"]
mod story;
#[path = "simulation/town.rs"]
mod town;
#[path = "simulation/watch.rs"]
mod watch;

use std::collections::BTreeSet;
use std::time::Instant;
use story::Story;

fn asked(name: &str, else_: u64) -> u64 {
    std::env::var(name).map_or(else_, |n| n.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A directory in memory where there is one: how fast the disk is, other tests measure.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[test]
fn whole_marches_live_by_the_law() {
    let dir = directory();
    let (months, towns) = (asked("SIMULATION_MONTHS", 24), asked("SIMULATION_TOWNS", 3));
    let mut story = Story::new(dir.path(), usize::try_from(towns).unwrap(), asked("SIMULATION_SEED", 1));
    let start = Instant::now();
    story.run(u32::try_from(months).unwrap());
    let (pieces, ms) = (story.book.pieces.len() as u128, start.elapsed().as_millis().max(1));
    println!(
        "simulation: {pieces} pièces, {} events, {} told, {} files delivered, in {ms} ms: {} pièces/s",
        story.watch.events,
        story.watch.told,
        story.watch.delivered,
        pieces * 1_000 / ms
    );
    println!("simulation: {:?}", story.counts);
    if months >= 24 {
        let seen = story.book.pieces.iter().flat_map(|p| p.trail.iter().copied()).collect::<BTreeSet<_>>();
        let missing: Vec<&str> = law::statuses().difference(&seen).copied().collect();
        assert!(missing.is_empty(), "nothing ever was {missing:?}");
    }
}
