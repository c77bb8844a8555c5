//! Turns: while one partner has many files, another's few wait for no more than the batch under way. What is taken
//! ahead of the writer, and when it is enough.

use super::gather::Lot;
use super::{Counter, CounterError};
use crate::spool::Directory;
use std::collections::{HashMap, HashSet};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Who drops files while a turn goes on, and has nothing left in it: for them the turn ends.
#[derive(Debug, Default)]
pub struct Others(Mutex<Drops>);

#[derive(Debug, Default)]
struct Drops {
    /// Who has files in this turn that are not taken yet, and how many.
    left: HashMap<Directory, usize>,
    /// Who dropped a file since the last look began.
    heard: HashSet<Directory>,
    /// One of these has nothing left in this turn.
    is_waited_for: bool,
}

impl Others {
    /// Somebody has finished a file.
    pub fn hear(&self, directory: Directory) {
        let mut drops = self.drops();
        drops.is_waited_for |= !drops.left.contains_key(&directory);
        drops.heard.insert(directory);
    }

    /// A look begins: it sees what was dropped until now.
    pub(super) fn look(&self) {
        *self.drops() = Drops::default();
    }

    /// A turn begins, with files of these directories. What was dropped during the look may not have been seen by it.
    fn serve(&self, files: impl Iterator<Item = Directory>) {
        let mut drops = self.drops();
        for directory in files {
            *drops.left.entry(directory).or_default() += 1;
        }
        drops.is_waited_for = drops.heard.iter().any(|directory| !drops.left.contains_key(directory));
    }

    /// Files of these are taken now. Whoever has dropped more meanwhile, and has none left, waits like the others.
    fn take(&self, files: impl Iterator<Item = Directory>) {
        let drops = &mut *self.drops();
        for directory in files {
            let left = drops.left.get_mut(&directory).map_or(0, |left| {
                *left -= 1;
                *left
            });
            if left == 0 {
                drops.left.remove(&directory);
                drops.is_waited_for |= drops.heard.contains(&directory);
            }
        }
    }

    fn is_waited_for(&self) -> bool {
        self.drops().is_waited_for
    }

    fn drops(&self) -> MutexGuard<'_, Drops> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

/// How long a turn may be.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// From then on it ends for others.
    least: Instant,
    /// When it is over.
    most: Instant,
}

/// A turn that ends early is so many times as long as the look before it at least: looks on somebody's behalf cost the
/// others a third of the time at most.
const LOOKS: u32 = 2;

impl Limits {
    /// Of a turn that begins now, lasts for so long, and follows a look that took so long.
    pub fn of(turn: Duration, looked: Duration) -> Limits {
        let now = Instant::now();
        Limits { least: now + (looked * LOOKS).min(turn), most: now + turn }
    }
}

/// Batches that are taken ahead of the one that is written.
pub(super) struct Ahead {
    batches: std::vec::IntoIter<Vec<Lot>>,
    /// If there are turns.
    limits: Option<Limits>,
    /// Handed over, and not received yet.
    under_way: usize,
    /// Something was handed over in this turn: a turn takes one batch at least, whoever stirs and however long it was
    /// until now.
    has_begun: bool,
    /// The turn is over, and something is left.
    is_over: bool,
    to_take: Sender<Vec<Lot>>,
}

/// How many they are at most: one is taken while another waits for the writer.
const AHEAD: usize = 2;

impl Ahead {
    /// The batches of a turn that begins now, and whoever takes them.
    pub fn of(batches: Vec<Vec<Lot>>, limits: Option<Limits>, others: &Others, to_take: Sender<Vec<Lot>>) -> Ahead {
        others.serve(batches.iter().flatten().map(|lot| lot.candidate.directory()));
        Ahead { batches: batches.into_iter(), limits, under_way: 0, has_begun: false, is_over: false, to_take }
    }

    /// Something was handed over, and is not received yet.
    pub fn is_under_way(&self) -> bool {
        self.under_way > 0
    }

    /// One of them was received: the next ones are taken.
    pub fn received(&mut self, counter: &mut Counter) -> Result<(), CounterError> {
        self.under_way -= 1;
        self.go_on(counter)
    }

    /// Has the next batches taken, unless the turn is over or the disk full: then the rest stays where it is.
    pub fn go_on(&mut self, counter: &mut Counter) -> Result<(), CounterError> {
        // Where others may come, no more is under way than keeps the writer busy.
        let most = if self.limits.is_some() { 1 } else { AHEAD };
        while self.under_way < most && self.batches.len() > 0 {
            let now = Instant::now();
            let is_over = |limits: Limits| now >= limits.most || now >= limits.least && counter.others.is_waited_for();
            self.is_over = self.has_begun && self.limits.is_some_and(is_over);
            if self.is_over || counter.is_disk_full()? {
                counter.tally.waiting += self.batches.by_ref().map(|b| b.len() as u64).sum::<u64>();
            } else if let Some(next) = self.batches.next() {
                self.under_way += 1;
                self.has_begun = true;
                counter.others.take(next.iter().map(|lot| lot.candidate.directory()));
                let _ = self.to_take.send(next); // whoever takes them ends last
            }
        }
        Ok(())
    }

    /// Whether the turn ended before its batches.
    pub fn is_over(&self) -> bool {
        self.is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::Mode;
    use std::sync::Arc;

    const FLOOD: (Mode, &str) = (Mode::Edi, "flood");
    const ONE: (Mode, &str) = (Mode::Edi, "one");

    /// A turn of so many files of each.
    fn turn(others: &Others, files: &[((Mode, &str), usize)]) {
        let each = |&((mode, partner), n): &((Mode, &str), usize)| std::iter::repeat_n((mode, Arc::from(partner)), n);
        others.serve(files.iter().flat_map(each));
    }

    fn hear(others: &Others, (mode, partner): (Mode, &str)) {
        others.hear((mode, partner.into()));
    }

    fn take(others: &Others, (mode, partner): (Mode, &str), n: usize) {
        others.take(std::iter::repeat_n((mode, Arc::from(partner)), n));
    }

    #[test]
    fn whoever_has_files_left_in_the_turn_is_served_by_it() {
        let others = Others::default();
        others.look();
        turn(&others, &[(FLOOD, 3), (ONE, 1)]);
        hear(&others, FLOOD);
        hear(&others, ONE);
        take(&others, FLOOD, 2);
        assert!(!others.is_waited_for());
    }

    #[test]
    fn whoever_has_none_in_it_is_waited_for_until_the_next_look() {
        let others = Others::default();
        others.look();
        turn(&others, &[(FLOOD, 3)]);
        hear(&others, (Mode::Portail, FLOOD.1));
        assert!(others.is_waited_for(), "another mode's directory is another one");
        others.look();
        turn(&others, &[(FLOOD, 3), ((Mode::Portail, FLOOD.1), 1)]);
        assert!(!others.is_waited_for());
    }

    #[test]
    fn whoever_had_one_in_it_and_drops_another_is_waited_for() {
        let others = Others::default();
        others.look();
        turn(&others, &[(FLOOD, 3), (ONE, 1)]);
        take(&others, ONE, 1);
        assert!(!others.is_waited_for());
        hear(&others, ONE);
        assert!(others.is_waited_for());
    }

    #[test]
    fn whoever_dropped_another_before_the_first_was_taken_is_waited_for_then() {
        let others = Others::default();
        others.look();
        turn(&others, &[(FLOOD, 3), (ONE, 2)]);
        hear(&others, ONE);
        take(&others, ONE, 1);
        assert!(!others.is_waited_for());
        take(&others, ONE, 1);
        assert!(others.is_waited_for());
    }

    #[test]
    fn what_was_dropped_during_the_look_is_waited_for_unless_it_was_seen() {
        for (seen, is_waited_for) in [(0, true), (1, false)] {
            let others = Others::default();
            others.look();
            hear(&others, ONE);
            turn(&others, &[(FLOOD, 3), (ONE, seen)]);
            assert_eq!(others.is_waited_for(), is_waited_for);
        }
    }

    #[test]
    fn a_turn_that_ends_early_is_twice_as_long_as_its_look_and_no_longer_than_a_turn() {
        let ms = Duration::from_millis;
        for (looked, least) in [(0, 0), (20, 40), (200, 250)] {
            let limits = Limits::of(ms(250), ms(looked));
            assert_eq!(limits.most - limits.least, ms(250 - least), "a look of {looked} ms");
        }
    }
}
