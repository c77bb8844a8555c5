//! `guichet prune`: retention. Says what is at its end and old enough, by year; removes it with `--yes`.

use super::failure::Failure;
use super::{Exit, Outcome, Session, ask};
use crate::clock::Instant;
use crate::config::Age;
use crate::error::shown;
use crate::ledger::{LedgerReader, Prunable, Statuses};
use crate::msg;
use crate::render::{Column, Listing, Side};
use crate::request::{Answer, Request};
use crate::text::{Lang, Msg, Text, counted, t};
use chrono::Datelike;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

#[derive(clap::Args)]
pub struct Args {
    /// Only what came to its end so long ago: 10y, 3650d
    #[arg(long, value_name = "AGE")]
    older_than: String,
    /// Do it; without, it is only said what would be pruned
    #[arg(long)]
    yes: bool,
}

/// What is pruned of a year, that of the deposit.
#[derive(Default, Serialize)]
struct Row {
    year: i32,
    dossiers: u64,
    pieces: u64,
    flows: u64,
    statuses: u64,
    bytes: u64,
}

/// Flows of one request: others come in turn.
const PORTION: usize = 500;

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let age: Age = args.older_than.parse().map_err(|_| no_age(&args.older_than))?;
    let before = age.before(session.world.clock.now());
    let config = session.config()?.config;
    let (mut flows, mut statuses) = LedgerReader::open(&config.ledger.path)?.prunable(before)?;
    if args.yes {
        let mut pruned = HashSet::new();
        for portion in flows.chunks(PORTION) {
            let flows = portion.iter().map(|p| p.flow.clone()).collect();
            let request = Request::Prune { before: before.0, flows };
            match ask::carry_out(&request, config.clone(), session)? {
                Answer::Pruned { flows, .. } => pruned.extend(flows),
                other => return super::replay::refused(other),
            }
        }
        // What moved on since it was looked for stays.
        flows.retain(|p| pruned.contains(&p.flow));
        let (mut emptied, mut left) = (0, !statuses.is_empty());
        while left {
            let request = Request::Prune { before: before.0, flows: Vec::new() };
            match ask::carry_out(&request, config.clone(), session)? {
                Answer::Pruned { statuses, .. } => (emptied, left) = (emptied + statuses, statuses > 0),
                other => return super::replay::refused(other),
            }
        }
        statuses.truncate(emptied);
    }
    let rows = by_year(&flows, &statuses);
    let mut listing = Listing::new(&COLUMNS, session.format, session.lang, &mut session.out)?;
    rows.values().try_for_each(|row| listing.row(row))?;
    listing.end()?;
    session.remark(&summary(&rows, before, args.yes));
    Ok(Exit::Fine)
}

fn by_year(flows: &[Prunable], statuses: &[Statuses]) -> BTreeMap<i32, Row> {
    let (mut rows, mut seen) = (BTreeMap::<i32, Row>::new(), HashSet::new());
    let year = |at: Instant| at.day().year();
    for p in flows {
        let row = rows.entry(year(p.at)).or_default();
        // A dossier counts in the year of its first deposit.
        row.dossiers += p.dossiers.iter().filter(|d| seen.insert(d.as_str())).count() as u64;
        row.pieces += p.pieces;
        row.flows += 1;
        row.bytes += p.bytes;
    }
    for s in statuses {
        let row = rows.entry(year(s.at)).or_default();
        row.statuses += 1;
        row.bytes += s.bytes;
    }
    rows.iter_mut().for_each(|(year, row)| row.year = *year);
    rows
}

fn summary(rows: &BTreeMap<i32, Row>, before: Instant, done: bool) -> Msg {
    let sum = |of: fn(&Row) -> u64| rows.values().map(of).sum::<u64>();
    let (flows, pieces) = (
        counted(sum(|r| r.flows), ["flux", "flux"], ["flow", "flows"]),
        counted(sum(|r| r.pieces), ["pièce", "pièces"], ["pièce", "pièces"]),
    );
    let day = before.day();
    let fr = format!("{} et {}, finis avant le {day}", flows.fr, pieces.fr);
    let en = format!("{} and {}, ended before {day}", flows.en, pieces.en);
    match (done, rows.is_empty()) {
        (_, true) => msg!("rien n'est fini avant le {day}", "nothing ended before {day}"),
        (true, _) => Msg::new(format!("épurés : {fr}"), format!("pruned: {en}")),
        (false, _) => Msg::new(
            format!("rien n'est changé ; avec --yes seraient épurés : {fr}"),
            format!("nothing is changed; with --yes these would be pruned: {en}"),
        ),
    }
}

fn no_age(given: &str) -> Failure {
    let given = shown(given);
    Failure::new(
        msg!("« {given} » n'est pas une ancienneté", "\"{given}\" is no age"),
        msg!("écrivez par exemple --older-than 10y, ou 3650d", "write for instance --older-than 10y, or 3650d"),
    )
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 6] = [
    // key              title                                                         value
    column("year",      t("année", "year"),                                           |r, _| r.year.to_string()),
    column("dossiers",  t("dossiers", "dossiers"),                                    |r, _| r.dossiers.to_string()),
    column("pieces",    t("pièces", "pièces"),                                        |r, _| r.pieces.to_string()),
    column("flows",     t("flux", "flows"),                                           |r, _| r.flows.to_string()),
    column("statuses",  t("flux de statuts", "status flows"),                         |r, _| r.statuses.to_string()),
    column("bytes",     t("octets", "bytes"),                                         |r, _| r.bytes.to_string()),
];

const fn column(key: &'static str, title: Text, cell: fn(&Row, Lang) -> String) -> Column<Row> {
    Column { key, title: Some(title), side: Side::Right, cell, csv: None }
}
