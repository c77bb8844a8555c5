//! `guichet flows`: what came in, what became of it, how many are in each state.

use super::failure::Failure;
use super::{Exit, Outcome, Session};
use crate::clock::Instant;
use crate::error::shown;
use crate::ledger::{FlowCriteria, FlowRow, LedgerError, LedgerReader, StateCount, States};
use crate::msg;
use crate::render::{Column, Format, Listing, Side, cell};
use crate::text::{Lang, Text, t};
use chrono::NaiveDate;
use std::io::Write;

#[derive(clap::Args)]
pub struct Args {
    /// Who dropped it
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
    /// Its state
    #[arg(long, value_parser = States::ALL)]
    state: Option<String>,
    /// Decided on this day or later (2026-01-31)
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Decided on this day or earlier
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Only flows decided after this one (f-…)
    #[arg(long, value_name = "FLOW")]
    after: Option<String>,
    /// How many flows are in each state, instead of the flows
    #[arg(long, conflicts_with_all = ["limit", "after"])]
    counts: bool,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    super::criteria::days(args.from, args.to)?;
    let criteria = criteria(args);
    let config = session.config()?.config;
    let ledger = match LedgerReader::open(&config.ledger.path) {
        Ok(ledger) => Some(ledger),
        Err(e @ LedgerError::Absent(_)) => {
            Failure::from(e).remark(session.lang);
            None
        }
        Err(e) => return Err(e.into()),
    };
    super::criteria::flows(&criteria, ledger.as_ref(), &config.annuaire)?;
    if args.counts {
        return counts(ledger.as_ref(), &criteria, session);
    }
    if let (Some(ledger), Some(after)) = (&ledger, &criteria.after)
        && ledger.flow(after)?.is_none()
    {
        return Err(unknown_after(after));
    }
    let (format, lang, out) = (session.format, session.lang, &mut session.out);
    let mut listing = Listing::new(&COLUMNS, format, lang, out)?.giving_way(&GIVES_WAY);
    let (mut written, mut any) = (Ok(()), false);
    if let Some(ledger) = &ledger {
        ledger.flows(&criteria, &mut |row| {
            any = true;
            written = listing.row(&row);
            written.is_ok()
        })?;
    }
    written?;
    listing.end()?;
    if let (Format::Table, Some(ledger), true) = (format, &ledger, any) {
        let counted = ledger.states(&criteria)?.into_iter().filter(|count| count.flows > 0);
        let counted: Vec<String> = counted.map(|count| format!("{} {}", count.state, count.flows)).collect();
        writeln!(out, "\n{}", counted.join(" · "))?;
    }
    Ok(Exit::Fine)
}

fn criteria(args: &Args) -> FlowCriteria {
    FlowCriteria {
        partner: args.partner.clone(),
        state: args.state.clone(),
        from: args.from.map(Instant::start_of),
        before: args.to.and_then(|day| day.succ_opt()).map(Instant::start_of),
        limit: args.limit,
        after: args.after.clone(),
    }
}

fn counts(ledger: Option<&LedgerReader>, criteria: &FlowCriteria, session: &mut Session) -> Outcome {
    let counted = ledger.map_or_else(|| Ok(Vec::new()), |ledger| ledger.states(criteria))?;
    let mut listing = Listing::new(&COUNTS, session.format, session.lang, &mut session.out)?;
    counted.iter().try_for_each(|count| listing.row(count))?;
    listing.end()?;
    Ok(Exit::Fine)
}

fn unknown_after(after: &str) -> Failure {
    let after = shown(after);
    Failure::new(
        msg!("--after : il n'y a pas de flux {after}", "--after: there is no flow {after}"),
        msg!("donnez l'identifiant (f-…) du dernier flux reçu", "give the id (f-…) of the last flow that you have"),
    )
}

/// What a narrow terminal does without.
const GIVES_WAY: [&str; 5] = ["report", "warnings", "mode", "accepted", "decided"];

#[rustfmt::skip]
pub static COLUMNS: [Column<FlowRow>; 19] = [
    // key          title in a table                           value
    left("flow",      Some(t("flux", "flow")),                 |f, _| f.flow.clone()),
    left("partner",   Some(t("partenaire", "partner")),        |f, _| f.partner.clone()),
    left("mode",      Some(t("mode", "mode")),                 |f, _| f.mode.clone()),
    left("name",      Some(t("nom", "name")),                  |f, _| f.name.clone()),
    left("state",     Some(t("état", "state")),                |f, _| f.state.clone()),
    left("syntax",    None,                                    |f, _| f.syntax.clone()),
    right("size",     None,                                    |f, _| f.size.to_string()),
    left("sha256",    None,                                    |f, _| cell(&f.sha256)),
    left("received",  None,                                    |f, _| f.received.clone()),
    left("decided",   Some(t("traité le", "decided")),         |f, _| f.decided.clone()),
    right("pieces",   Some(t("pièces", "pièces")),             |f, _| f.pieces.to_string()),
    right("accepted", Some(t("acceptées", "accepted")),        |f, _| f.accepted.to_string()),
    right("errors",   Some(t("erreurs", "errors")),            |f, _| f.errors.to_string()),
    right("warnings", Some(t("avertissements", "warnings")),   |f, _| f.warnings.to_string()),
    left("first",     None,                                    |f, _| cell(&f.first)),
    left("report",    Some(t("compte rendu", "report")),       |f, _| cell(&f.report)),
    left("filed",     None,                                    |f, _| cell(&f.filed)),
    left("rules",     None,                                    |f, _| f.rules.clone()),
    left("pruned",    None,                                    |f, _| cell(&f.pruned)),
];

#[rustfmt::skip]
static COUNTS: [Column<StateCount>; 2] = [
    Column { key: "state", title: Some(t("état", "state")), side: Side::Left,  cell: |c, _| c.state.to_owned(), csv: None },
    Column { key: "flows", title: Some(t("flux", "flows")), side: Side::Right, cell: |c, _| c.flows.to_string(), csv: None },
];

type Cell = fn(&FlowRow, Lang) -> String;

const fn left(key: &'static str, title: Option<Text>, cell: Cell) -> Column<FlowRow> {
    Column { key, title, side: Side::Left, cell, csv: None }
}

const fn right(key: &'static str, title: Option<Text>, cell: Cell) -> Column<FlowRow> {
    Column { key, title, side: Side::Right, cell, csv: None }
}
