//! A listing in the format asked for: its columns are said once, rows go out one at a time.

use super::table::{Grid, Side};
use super::{Format, Out, csv_writer};
use crate::text::{Lang, Text, json};
use serde::Serialize;
use std::io::{self, Write};

/// A column of a listing.
pub struct Column<T> {
    /// Its name in CSV.
    pub key: &'static str,
    /// Its title in a table; none: CSV only.
    pub title: Option<Text>,
    /// Where its texts stand.
    pub side: Side,
    /// What a row shows there.
    pub cell: fn(&T, Lang) -> String,
    /// What CSV has there, where a table shows a word of the reader's language: the code, or `true` and `false`.
    pub csv: Option<fn(&T) -> String>,
}

impl<T> Column<T> {
    /// The same with this in CSV.
    #[must_use]
    pub const fn in_csv(self, csv: fn(&T) -> String) -> Column<T> {
        Column { csv: Some(csv), ..self }
    }

    /// A row's field in CSV.
    pub fn field(&self, row: &T, lang: Lang) -> String {
        self.csv.map_or_else(|| (self.cell)(row, lang), |csv| csv(row))
    }
}

/// A listing under way. JSON is the row's own serialization, so that its keys are those of the contract.
pub struct Listing<'a, T: 'static> {
    columns: &'static [Column<T>],
    lang: Lang,
    shape: Shape<'a>,
}

enum Shape<'a> {
    Table(Grid, &'a mut Out),
    Json(&'a mut Out),
    Csv(Box<csv::Writer<&'a mut Out>>),
}

impl<'a, T: Serialize> Listing<'a, T> {
    /// Begins a listing: CSV has its header even if nothing follows, a table only with its first row.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(columns: &'static [Column<T>], format: Format, lang: Lang, out: &'a mut Out) -> io::Result<Self> {
        let shape = match format {
            Format::Json => Shape::Json(out),
            Format::Csv => {
                let mut csv = csv_writer(out);
                csv.write_record(columns.iter().map(|c| c.key))?;
                Shape::Csv(Box::new(csv))
            }
            Format::Table | Format::Markdown => {
                let sides = columns.iter().filter(|c| c.title.is_some()).map(|c| c.side).collect();
                Shape::Table(Grid::new(sides, out.columns), out)
            }
        };
        Ok(Listing { columns, lang, shape })
    }

    /// Columns that a table leaves out where the terminal has no room for all, by their keys, the first of them first.
    #[must_use]
    pub fn giving_way(mut self, keys: &[&str]) -> Self {
        let place = |key: &&str| self.columns.iter().filter(|c| c.title.is_some()).position(|c| c.key == *key);
        let columns = keys.iter().filter_map(place).collect();
        if let Shape::Table(grid, out) = self.shape {
            self.shape = Shape::Table(grid.giving_way(columns), out);
        }
        self
    }

    /// Writes a row.
    ///
    /// # Errors
    /// The writer's.
    pub fn row(&mut self, row: &T) -> io::Result<()> {
        let lang = self.lang;
        match &mut self.shape {
            Shape::Json(out) => {
                writeln!(out, "{}", json(row))
            }
            Shape::Csv(csv) => Ok(csv.write_record(self.columns.iter().map(|c| c.field(row, lang)))?),
            Shape::Table(grid, out) => {
                let titled = self.columns.iter().filter_map(|c| c.title.map(|title| (c, title)));
                if grid.is_empty() {
                    let titles = titled.clone().map(|(_, title)| out.bold(title.get(lang))).collect();
                    grid.line(titles, &mut **out)?;
                }
                grid.line(titled.map(|(c, _)| (c.cell)(row, lang)).collect(), &mut **out)
            }
        }
    }

    /// Ends the listing.
    ///
    /// # Errors
    /// The writer's.
    pub fn end(self) -> io::Result<()> {
        match self.shape {
            Shape::Json(out) => out.flush(),
            Shape::Csv(mut csv) => csv.flush(),
            Shape::Table(mut grid, out) => {
                grid.flush(&mut *out)?;
                out.flush()
            }
        }
    }
}
