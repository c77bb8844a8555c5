//! Where names lead: from one state of a walk over a document to the next. What tables of paths become.

use super::Known;

/// For each state, where each name leads from there.
///
/// Names and what follows of one state lie together, each at a place that the name chooses, or the next free one: the
/// elements in an element are asked for one after another.
#[derive(Default)]
pub struct Ways {
    table: Vec<(Known, u16)>,
    rows: Vec<Row>,
}

/// The places of a state in the table: one more than the mask, a power of two, half of them free at least.
#[derive(Clone, Copy)]
struct Row {
    from: u32,
    mask: u16,
}

impl Ways {
    /// Makes them ready, given by state.
    ///
    /// # Panics
    /// Where there are more than some ten thousand.
    pub fn new<S: IntoIterator<Item = (Known, u16)>>(states: impl IntoIterator<Item = S>) -> Ways {
        let mut ways = Ways::default();
        for state in states {
            let next: Vec<(Known, u16)> = state.into_iter().collect();
            let places = (next.len() * 2).next_power_of_two();
            let mask = u16::try_from(places - 1).expect("some hundred names");
            let row = Row { from: super::scan::int(ways.table.len()), mask };
            ways.table.resize(ways.table.len() + places, (0, 0));
            for (name, to) in next {
                let mut place = row.place(name);
                while ways.table[place].0 != 0 {
                    place = row.after(place);
                }
                ways.table[place] = (name, to);
            }
            ways.rows.push(row);
        }
        ways
    }

    /// Where a name leads from a state; nowhere where it was not said, and where the name has no number.
    #[inline]
    pub fn next(&self, state: u16, name: Known) -> Option<u16> {
        let row = self.rows[usize::from(state)];
        let mut place = row.place(name);
        loop {
            match self.table[place] {
                (0, _) => return None,
                (found, next) if found == name => return Some(next),
                _ => place = row.after(place),
            }
        }
    }
}

impl Row {
    #[inline]
    fn place(self, name: Known) -> usize {
        self.from as usize + usize::from(name.wrapping_mul(0x9e37) >> 4 & self.mask)
    }

    #[inline]
    fn after(self, place: usize) -> usize {
        self.from as usize + ((place - self.from as usize + 1) & usize::from(self.mask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_that_was_said_is_found_and_no_other() {
        let led = |state: u16, name: Known| (name.wrapping_mul(state) % 3 == 1).then_some(state * 7 + name);
        let names = |state: u16| (1..400).filter_map(move |name| led(state, name).map(|to| (name, to)));
        let ways = Ways::new((0..60).map(names));
        let mut found = 0;
        for (state, name) in (0..60).flat_map(|state| (0..420).map(move |name| (state, name))) {
            let expected = led(state, name).filter(|_| (1..400).contains(&name));
            assert_eq!(ways.next(state, name), expected, "{name} from {state}");
            found += usize::from(expected.is_some());
        }
        assert!(found > 5_000, "{found}");
    }
}
