//! `guichet requeue`: a held flow back to work, as a new flow.

use super::replay::refused;
use super::{Exit, Outcome, Session, ask};
use crate::render::{Column, Listing, Side};
use crate::request::{Answer, Request};
use crate::text::{Lang, Text, t};
use serde::Serialize;

#[derive(clap::Args)]
pub struct Args {
    /// The held flow (f-…)
    #[arg(value_name = "FLOW")]
    flow: String,
}

#[derive(Serialize)]
struct Row {
    held: String,
    flow: String,
    state: String,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let held = args.flow.clone();
    let row = match ask::carry_out(&Request::Requeue { flow: held.clone() }, config, session)? {
        Answer::Requeued { flow, outcome } => Row { held, flow, state: outcome },
        other => return refused(other),
    };
    let mut listing = Listing::new(&COLUMNS, session.format, session.lang, &mut session.out)?;
    listing.row(&row)?;
    listing.end()?;
    Ok(Exit::Fine)
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 3] = [
    column("held",  t("mis de côté", "held"),   |r, _| r.held.clone()),
    column("flow",  t("nouveau flux", "new flow"), |r, _| r.flow.clone()),
    column("state", t("état", "state"),         |r, _| r.state.clone()),
];

const fn column(key: &'static str, title: Text, cell: fn(&Row, Lang) -> String) -> Column<Row> {
    Column { key, title: Some(title), side: Side::Left, cell, csv: None }
}
