//! `guichet batch`: the counter once, for cron.

use super::counter::{self, For};
use super::{Exit, Outcome, Session};
use crate::counter::Tally;
use crate::event::Event;
use crate::render::{Column, Format, Grid, Listing, Out, Side};
use crate::text::{Lang, Text, t};
use std::io::Write;

#[derive(clap::Args)]
pub struct Args {
    /// Exit with 1 if anything was refused
    #[arg(long)]
    strict: bool,
    /// The ledger is a backup that was put back: judge again the deposits that it does not know, under new outbound numbers
    #[arg(long)]
    restored: bool,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let what_for = if args.restored { For::Restored } else { For::Once };
    let mut at_work = counter::open(config, &what_for, session)?;
    let done = crate::batch::run(&mut at_work.counter);
    let tally = done.inspect_err(|e| at_work.counter.tell(&Event::Failed { why: e.says() }))?;
    drop(at_work);
    tell(&tally, session.format, session.lang, &mut session.out)?;
    let wrong = tally.refused + tally.acts_refused + tally.held > 0;
    Ok(if args.strict && wrong { Exit::Wrong } else { Exit::Fine })
}

/// Prints a tally: a line a count, those that are zero and seldom otherwise left out.
pub fn tell(tally: &Tally, format: Format, lang: Lang, out: &mut Out) -> std::io::Result<()> {
    if format != Format::Table {
        let mut listing = Listing::new(&COLUMNS, format, lang, out)?;
        listing.row(tally)?;
        return listing.end();
    }
    let mut grid = Grid::new(vec![Side::Left, Side::Right], out.columns);
    for (n, column) in COLUMNS.iter().enumerate() {
        let Some(title) = column.title else { continue };
        let value = (column.cell)(tally, lang);
        if n < ALWAYS || value != "0" {
            grid.line(vec![title.get(lang).to_owned(), value], out)?;
        }
    }
    grid.flush(out)?;
    out.flush()
}

/// The first columns are shown even when they are zero.
const ALWAYS: usize = 4;

#[rustfmt::skip]
static COLUMNS: [Column<Tally>; 11] = [
    // key            title                                                       value
    column("flows",        Some(t("flux traités", "flows answered")),             |y, _| y.flows.to_string()),
    column("pieces",       Some(t("pièces lues", "pièces read")),                 |y, _| y.pieces.to_string()),
    column("accepted",     Some(t("acceptées", "accepted")),                      |y, _| y.accepted.to_string()),
    column("refused",      Some(t("refusées", "refused")),                        |y, _| y.refused.to_string()),
    column("duplicates",   Some(t("doublons", "duplicates")),                     |y, _| y.duplicates.to_string()),
    column("acts",         Some(t("actes", "acts")),                              |y, _| y.acts.to_string()),
    column("acts_refused", Some(t("actes refusés", "acts refused")),              |y, _| y.acts_refused.to_string()),
    column("delays",       Some(t("délais échus", "delays fallen due")),          |y, _| y.delays.to_string()),
    column("held",         Some(t("mis de côté (hold/)", "held (hold/)")),        |y, _| y.held.to_string()),
    column("waiting",      Some(t("inachevés, laissés dans in/", "unfinished, left in in/")), |y, _| y.waiting.to_string()),
    column("elapsed_ms",   Some(t("durée (ms)", "elapsed (ms)")),                 |y, _| y.elapsed_ms.to_string()),
];

const fn column(key: &'static str, title: Option<Text>, cell: fn(&Tally, Lang) -> String) -> Column<Tally> {
    Column { key, title, side: Side::Right, cell, csv: None }
}
