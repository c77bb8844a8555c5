//! Aligned columns. Widths come from what is known when the first line must go out; later lines that are wider push
//! their neighbours rather than be cut. Only a terminal cuts.

use std::io::{self, Write};

/// On which side of its column a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Amounts, counts.
    Right,
}

/// Lines of cells that share their columns.
pub struct Grid {
    sides: Vec<Side>,
    widths: Vec<usize>,
    /// Columns of the terminal.
    room: Option<usize>,
    waiting: Vec<Vec<String>>,
    started: bool,
    /// Columns that are left out where there is no room, the first of them first.
    gives_way: Vec<usize>,
    hidden: Vec<bool>,
}

/// Lines that are looked at before widths are fixed.
const LOOK: usize = 500;
const GAP: usize = 2;
/// A column is not squeezed below this.
const LEAST: usize = 8;

impl Grid {
    /// An empty grid; `room`: columns of the terminal, none where nothing must be cut.
    pub fn new(sides: Vec<Side>, room: Option<usize>) -> Grid {
        let (widths, hidden) = (vec![0; sides.len()], vec![false; sides.len()]);
        Grid { sides, widths, room, waiting: Vec::new(), started: false, gives_way: Vec::new(), hidden }
    }

    /// Columns that are rather left out than that others are cut, in that order.
    #[must_use]
    pub fn giving_way(mut self, columns: Vec<usize>) -> Grid {
        self.gives_way = columns;
        self
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        !self.started && self.waiting.is_empty()
    }

    /// Adds a line; it may be written at once.
    ///
    /// # Errors
    /// The writer's.
    pub fn line(&mut self, cells: Vec<String>, out: &mut dyn Write) -> io::Result<()> {
        if self.started {
            return self.write(&cells, out);
        }
        for (n, cell) in cells.iter().enumerate() {
            self.widths[n] = self.widths[n].max(width(cell));
        }
        self.waiting.push(cells);
        if self.waiting.len() >= LOOK { self.flush(out) } else { Ok(()) }
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// The writer's.
    pub fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.started {
            self.fit();
            self.started = true;
        }
        std::mem::take(&mut self.waiting).iter().try_for_each(|cells| self.write(cells, out))
    }

    /// Columns that a line takes.
    fn total(&self) -> usize {
        let shown = self.widths.iter().zip(&self.hidden).filter(|(_, hidden)| !**hidden).map(|(width, _)| *width);
        let (sum, count) = shown.fold((0, 0), |(sum, count), width| (sum + width, count + 1));
        sum + GAP * usize::saturating_sub(count, 1)
    }

    /// Leaves columns out, then takes from the widest, until the line fits. The first column says what a line is about:
    /// it is whole as long as any other can give.
    fn fit(&mut self) {
        let Some(room) = self.room else { return };
        for column in std::mem::take(&mut self.gives_way) {
            if self.total() <= room {
                return;
            }
            self.hidden[column] = true;
        }
        while self.total() > room {
            let shown = self.widths.iter_mut().zip(&self.hidden).skip(1).filter(|(_, hidden)| !**hidden);
            match shown.map(|(width, _)| width).max_by_key(|w| **w) {
                Some(w) if *w > LEAST => *w -= 1,
                _ => match self.widths.first_mut() {
                    Some(first) if *first > LEAST => *first -= 1,
                    _ => return,
                },
            }
        }
    }

    fn write(&self, cells: &[String], out: &mut dyn Write) -> io::Result<()> {
        let mut line = String::new();
        for (n, cell) in cells.iter().enumerate().filter(|(n, _)| !self.hidden[*n]) {
            let cell = if self.room.is_some() { cut(cell, self.widths[n]) } else { cell.clone() };
            let pad = " ".repeat(self.widths[n].saturating_sub(width(&cell)));
            let gap = if n == 0 { "" } else { "  " };
            line.push_str(gap);
            match self.sides[n] {
                Side::Left => line.extend([&*cell, &*pad]),
                Side::Right => line.extend([&*pad, &*cell]),
            }
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// Columns that a text takes: characters, without the escape sequences that we put in ourselves and without combining
/// marks; wide scripts count double.
pub fn width(text: &str) -> usize {
    let mut escape = false;
    text.chars()
        .map(|c| match c {
            '\u{1b}' => {
                escape = true;
                0
            }
            _ if escape => {
                escape = c != 'm';
                0
            }
            '\u{300}'..='\u{36f}' => 0,
            '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 2,
            '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}' => 2,
            _ => 1,
        })
        .sum()
}

/// The beginning of a text that fits, with an ellipsis where something is missing.
fn cut(text: &str, room: usize) -> String {
    if width(text) <= room || text.contains('\u{1b}') {
        return text.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 0);
    for c in text.chars() {
        let next = width(c.encode_utf8(&mut [0; 4]));
        if used + next >= room {
            break;
        }
        kept.push(c);
        used += next;
    }
    kept.push('…');
    kept
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn drawn(room: Option<usize>, lines: &[[&str; 2]]) -> String {
        let mut grid = Grid::new(vec![Side::Left, Side::Right], room);
        let mut out = Vec::new();
        for line in lines {
            grid.line(line.map(str::to_owned).to_vec(), &mut out).unwrap();
        }
        grid.flush(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_aligned_each_on_its_side() {
        assert_eq!(drawn(None, &[["a", "1.00"], ["Métropole", "100.00"]]), "a            1.00\nMétropole  100.00\n");
    }

    #[test]
    fn a_terminal_cuts_the_widest_column_and_says_so() {
        let long = "x".repeat(60);
        assert_eq!(drawn(Some(20), &[[&long, "1.00"]]), "xxxxxxxxxxxxx…  1.00\n");
        assert!(drawn(None, &[[&long, "1.00"]]).contains(&long));
    }

    #[test]
    fn columns_give_way_before_the_first_is_cut() {
        let sides = vec![Side::Left; 4];
        let mut out = Vec::new();
        let mut grid = Grid::new(sides, Some(40)).giving_way(vec![2, 1]);
        let cells = ["p-0123456789abcdef", "91100001600012", "EUR", "MISE_A_DISPOSITION_MOE"];
        grid.line(cells.map(str::to_owned).to_vec(), &mut out).unwrap();
        grid.flush(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "p-0123456789abcdef  MISE_A_DISPOSITION_…\n");
    }

    #[test]
    fn what_shows_is_counted() {
        assert_eq!((width("é"), width("e\u{301}"), width("工事"), width("\u{1b}[1mab\u{1b}[0m")), (1, 1, 4, 2));
    }
}
