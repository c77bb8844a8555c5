//! `guichet stock`, the *tableau de bord*: pièces by cadre and state, since when, how many late.

use super::failure::Failure;
use super::search::ROLES;
use super::{Exit, Outcome, Session};
use crate::annuaire::Annuaire;
use crate::ledger::{Criteria, LedgerError, LedgerReader, StockRow, Today};
use crate::lifecycle::Statut;
use crate::msg;
use crate::render::{Column, Format, Listing, Side, cell};
use crate::text::{Lang, Text, counted, t};
use chrono::NaiveDate;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

#[derive(clap::Args)]
pub struct Args {
    /// Only pièces of which this structure is an actor
    #[arg(long, value_name = "ID")]
    structure: Option<String>,
    /// With --structure: the role that it has; alone: pièces that this role must act on
    #[arg(long, value_parser = ROLES)]
    role: Option<String>,
}

/// One cadre in one state.
#[derive(Serialize)]
struct Row {
    cadre: Option<String>,
    status: String,
    label: String,
    pieces: u64,
    oldest: String,
    days: i64,
    piece: String,
    overdue: u64,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let day = session.world.clock.now().day();
    let found = match LedgerReader::open(&config.ledger.path) {
        Ok(ledger) => {
            let annuaire = annuaire(&config.annuaire, session);
            let whose = Criteria { structure: args.structure.clone(), role: args.role.clone(), ..Criteria::default() };
            super::criteria::pieces(&whose, Some(&ledger), &config.annuaire)?;
            let payment = |number: &str, moa: &str| annuaire.payment_days(number, moa);
            let longest_payment = annuaire.marches().iter().filter_map(|m| m.payment_days).max();
            ledger.stock(&whose, &Today { day, delays: &config.delays, payment: &payment, longest_payment })?
        }
        Err(e @ LedgerError::Absent(_)) => {
            Failure::from(e).remark(session.lang);
            Vec::new()
        }
        Err(e) => return Err(e.into()),
    };
    let (format, lang, out) = (session.format, session.lang, &mut session.out);
    let rows: Vec<Row> = found.into_iter().map(|row| Row::of(row, day, lang)).collect();
    let mut listing = Listing::new(&COLUMNS, format, lang, out)?.giving_way(&["piece"]);
    rows.iter().try_for_each(|row| listing.row(row))?;
    listing.end()?;
    if format == Format::Table && !rows.is_empty() {
        let (pieces, overdue) = rows.iter().fold((0, 0), |(n, late), row| (n + row.pieces, late + row.overdue));
        let pieces = counted(pieces, ["pièce", "pièces"], ["pièce", "pièces"]);
        let total = msg!("{}, dont {overdue} en retard", "{}, {overdue} of them overdue", pieces.get(lang));
        writeln!(out, "\n{}", total.get(lang))?;
    }
    Ok(Exit::Fine)
}

/// The annuaire, for what its sheets say of payment. One that does not load keeps nobody from reading.
fn annuaire(dir: &Path, session: &Session) -> Annuaire {
    Annuaire::load(dir).map(|loaded| loaded.annuaire).unwrap_or_else(|_| {
        session.remark(&msg!(
            "l'annuaire ne se charge pas : les délais de paiement des marchés sont ignorés (`guichet annuaire check`)",
            "the annuaire does not load: what marchés say of days to pay is left out (`guichet annuaire check`)"
        ));
        Annuaire::default()
    })
}

impl Row {
    fn of(row: StockRow, today: NaiveDate, lang: Lang) -> Row {
        let label = row.status.parse::<Statut>().map_or(row.status.as_str(), |s| s.label_in(lang)).to_owned();
        let days = today.signed_duration_since(row.oldest.day()).num_days();
        let StockRow { cadre, status, pieces, oldest, piece, overdue } = row;
        Row { cadre, status, label, pieces, oldest: oldest.rfc3339(), days, piece, overdue }
    }
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 8] = [
    // key          title in a table                                     value
    left("cadre",    Some(t("cadre", "cadre")),                          |r, _| cell(&r.cadre)),
    left("status",   Some(t("statut", "status")),                        |r, _| r.status.clone()),
    left("label",    None,                                               |r, _| r.label.clone()),
    right("pieces",  Some(t("pièces", "pièces")),                        |r, _| r.pieces.to_string()),
    left("oldest",   Some(t("depuis le", "since")),                      |r, _| r.oldest.clone()),
    right("days",    Some(t("jours", "days")),                           |r, _| r.days.to_string()),
    left("piece",    Some(t("la plus ancienne", "oldest")),              |r, _| r.piece.clone()),
    right("overdue", Some(t("en retard", "overdue")),                    |r, _| r.overdue.to_string()),
];

type Cell = fn(&Row, Lang) -> String;

const fn left(key: &'static str, title: Option<Text>, cell: Cell) -> Column<Row> {
    Column { key, title, side: Side::Left, cell, csv: None }
}

const fn right(key: &'static str, title: Option<Text>, cell: Cell) -> Column<Row> {
    Column { key, title, side: Side::Right, cell, csv: None }
}
