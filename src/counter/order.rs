//! Which deposit is decided after which: one that cites a pièce comes after the one that brings it. Everything else
//! keeps its order.

use super::intake::Taken;
use crate::asked::Asked;
use crate::judge::Document;
use std::collections::{HashMap, HashSet};

/// Whether a partner acts for a structure.
pub(super) type ActsFor<'a> = &'a dyn Fn(&str, &str) -> bool;

/// Deposits in an order in which none comes before one that it cites; a circle keeps its order. What a partner cites
/// and may not know of moves nothing: neither its own deposits, which would tell it, nor another's.
pub(super) fn by_citation(taken: Vec<Taken>, acts_for: ActsFor<'_>) -> Vec<Taken> {
    if taken.iter().all(|t| cites(&t.flow.documents).next().is_none()) {
        return taken;
    }
    let order = sorted(
        taken.len(),
        |n| numbers(&taken[n].flow.documents),
        |n| cites(&taken[n].flow.documents),
        |n, other| knows(&taken[n], &taken[other], acts_for),
    );
    let mut cells: Vec<Option<Taken>> = taken.into_iter().map(Some).collect();
    order.into_iter().filter_map(|n| cells[n].take()).collect()
}

/// Whether the partner of one deposit may know of another: it is its own, or it acts for one of its actors.
fn knows(one: &Taken, other: &Taken, acts_for: ActsFor<'_>) -> bool {
    let partner = &one.claim.partner;
    let mut actors = other.flow.documents.iter().flat_map(|d| d.judged.facts.actors());
    *partner == other.claim.partner || actors.any(|id| acts_for(partner, id))
}

/// Deposits that come in this batch, by the numbers of their pièces.
#[derive(Default)]
pub(super) struct Here<'t>(HashMap<&'t str, Vec<&'t Taken>>);

impl<'t> Here<'t> {
    pub fn add(&mut self, taken: &'t Taken) {
        for number in numbers(&taken.flow.documents) {
            self.0.entry(number).or_default().push(taken);
        }
    }

    /// Whether one of them brings a number that another deposit cites.
    pub fn bring(&self, number: &str, to: &Taken, acts_for: ActsFor<'_>) -> bool {
        self.0.get(number).into_iter().flatten().any(|other| knows(to, other, acts_for))
    }
}

/// The documents of one deposit in such an order.
pub(super) fn of_documents(documents: &[Document]) -> Vec<usize> {
    let one = |n: usize| &documents[n..=n];
    sorted(documents.len(), |n| numbers(one(n)), |n| cites(one(n)), |_, _| true)
}

/// The numbers of some documents.
pub(super) fn numbers(documents: &[Document]) -> impl Iterator<Item = &str> {
    documents.iter().filter_map(|d| d.judged.facts.number.as_deref())
}

/// The numbers that some documents cite: of earlier pièces, and of those that acts are done to.
pub(super) fn cites(documents: &[Document]) -> impl Iterator<Item = &str> {
    documents.iter().flat_map(|d| {
        let earlier = d.judged.cites.iter().filter_map(|c| c.number.as_deref());
        earlier.chain(acts(d).filter_map(|asked| asked.piece.number()))
    })
}

/// The acts that a document asks for.
pub(super) fn acts(document: &Document) -> impl Iterator<Item = &Asked> {
    document.judged.acts.iter().filter_map(|unit| unit.asked.as_ref())
}

/// The items from 0, each after those that have a number which it cites and of which it `knows`.
fn sorted<'a, N, C>(
    items: usize,
    numbers: impl Fn(usize) -> N,
    cites: impl Fn(usize) -> C,
    knows: impl Fn(usize, usize) -> bool,
) -> Vec<usize>
where
    N: Iterator<Item = &'a str>,
    C: Iterator<Item = &'a str>,
{
    let mut bringing: HashMap<&str, Vec<usize>> = HashMap::new();
    for n in 0..items {
        for number in numbers(n) {
            let all = bringing.entry(number).or_default();
            if all.last() != Some(&n) {
                all.push(n); // an archive may bring one number many times
            }
        }
    }
    let mut state = vec![State::Waiting; items];
    let mut order = Vec::with_capacity(items);
    for n in 0..items {
        // Depth first, without recursion: a chain may be as long as a batch.
        let mut stack = vec![n];
        while let Some(&here) = stack.last() {
            match state[here] {
                State::Placed => {
                    stack.pop();
                }
                State::Entered => {
                    state[here] = State::Placed;
                    order.push(here);
                    stack.pop();
                }
                State::Waiting => {
                    state[here] = State::Entered;
                    // Each number once: a flow may cite one many times.
                    let mut seen = HashSet::new();
                    let cited = cites(here).filter(|number| seen.insert(*number));
                    let bring = cited.filter_map(|number| bringing.get(number)).flatten().copied();
                    let waits = |other: &usize| state[*other] == State::Waiting && knows(here, *other);
                    let before: Vec<usize> = bring.filter(waits).collect();
                    stack.extend(before.into_iter().rev());
                }
            }
        }
    }
    order
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Entered,
    Placed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(items: &[(&str, &[&str])]) -> Vec<usize> {
        sorted(items.len(), |n| std::iter::once(items[n].0), |n| items[n].1.iter().copied(), |_, _| true)
    }

    #[test]
    fn whoever_cites_comes_after() {
        assert_eq!(order(&[("a", &[]), ("b", &[])]), [0, 1], "nothing cited, nothing moved");
        assert_eq!(order(&[("c", &["b"]), ("b", &["a"]), ("a", &[])]), [2, 1, 0]);
        assert_eq!(order(&[("d", &["a", "c"]), ("a", &[]), ("b", &[]), ("c", &["b"])]), [1, 2, 3, 0]);
        assert_eq!(order(&[("a", &["z"])]), [0], "what is not here changes nothing");
    }

    #[test]
    fn what_one_may_not_know_moves_nothing() {
        let (cites, numbers) = ([&["c"][..], &[], &[]], ["a", "b", "c"]);
        let order =
            |knows: bool| sorted(3, |n| std::iter::once(numbers[n]), |n| cites[n].iter().copied(), move |_, _| knows);
        assert_eq!(order(true), [2, 0, 1]);
        assert_eq!(order(false), [0, 1, 2]);
    }

    #[test]
    fn a_circle_loses_nobody() {
        let mut all = order(&[("a", &["b"]), ("b", &["a"]), ("c", &["c"])]);
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let names: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
        let items = names.len();
        let of = |n: usize| names.get(n).map(String::as_str).into_iter();
        let order = sorted(items, of, |n| of(n + 1), |_, _| true);
        assert!(order.iter().copied().eq((0..items).rev()));
    }
}
