//! `guichet replay`: a flow's reports again, same names, same bytes.

use super::failure::Failure;
use super::{Exit, Outcome, Session, ask};
use crate::render::{Column, Listing, Side};
use crate::request::{Answer, Replayed, Request};
use crate::text::{Lang, Text, t};

#[derive(clap::Args)]
pub struct Args {
    /// The flow (f-…)
    #[arg(value_name = "FLOW")]
    flow: String,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let reports = match ask::carry_out(&Request::Replay { flow: args.flow.clone() }, config, session)? {
        Answer::Replayed(reports) => reports,
        other => return refused(other),
    };
    let mut listing = Listing::new(&COLUMNS, session.format, session.lang, &mut session.out)?;
    for report in &reports {
        listing.row(report)?;
    }
    listing.end()?;
    Ok(Exit::Fine)
}

/// What was asked cannot be done.
pub fn refused(answer: Answer) -> Outcome {
    match answer {
        Answer::No { message, help } => Err(Failure::new(message, help)),
        _ => Ok(Exit::Fine),
    }
}

#[rustfmt::skip]
static COLUMNS: [Column<Replayed>; 3] = [
    column("partner",   t("partenaire", "partner"),       |r, _| r.partner.clone()),
    column("name",      t("compte rendu", "report"),      |r, _| r.name.clone()),
    column("published", t("publié à nouveau", "published again"), |r, lang| match (r.published, lang) {
        (true, Lang::Fr) => "oui".to_owned(),
        (true, Lang::En) => "yes".to_owned(),
        (false, Lang::Fr) => "non, il est encore là".to_owned(),
        (false, Lang::En) => "no, it is still there".to_owned(),
    }).in_csv(|r| r.published.to_string()),
];

const fn column(key: &'static str, title: Text, cell: fn(&Replayed, Lang) -> String) -> Column<Replayed> {
    Column { key, title: Some(title), side: Side::Left, cell, csv: None }
}
