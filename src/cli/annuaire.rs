//! `guichet annuaire check` and `load`: does the directory load, and how much is in it? `show`: what is known of one.

mod show;

use super::replay::refused;
use super::{Exit, Outcome, Session, ask, counter};
use crate::annuaire::Annuaire;
use crate::render::{Column, Format, Grid, Listing, Side};
use crate::request::{Answer, Request};
use crate::text::{Lang, Text, t};
use serde::Serialize;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Say what is wrong with the directory files, and change nothing
    Check,
    /// Check, then put it in force: make new partners' directories, hand it to a running guichet
    Load,
    /// A structure, the sheet of a marché, or a partner
    Show {
        /// Identifier of a structure, number of a marché, or name of a partner
        #[arg(value_name = "ID")]
        id: String,
    },
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    if let Act::Show { id } = &args.act {
        return show::run(id, session);
    }
    let config = session.config()?.config;
    let annuaire = counter::annuaire(&config.annuaire, session)?;
    if matches!(args.act, Act::Load) {
        // Whoever holds the spool makes the new partners' directories; a daemon judges by it from then on.
        match ask::carry_out(&Request::Annuaire, config, session)? {
            Answer::Loaded => {}
            other => return refused(other),
        }
    }
    tell(&annuaire, session)?;
    Ok(Exit::Fine)
}

#[derive(Serialize)]
struct Counts {
    structures: usize,
    services: usize,
    marches: usize,
    partners: usize,
}

fn tell(annuaire: &Annuaire, session: &mut Session) -> std::io::Result<()> {
    let counts = Counts {
        structures: annuaire.structures().len(),
        services: annuaire.services().len(),
        marches: annuaire.marches().len(),
        partners: annuaire.partners().len(),
    };
    let (lang, out) = (session.lang, &mut session.out);
    if session.format != Format::Table {
        let mut listing = Listing::new(&COLUMNS, session.format, lang, out)?;
        listing.row(&counts)?;
        return listing.end();
    }
    let mut grid = Grid::new(vec![Side::Left, Side::Right], out.columns);
    for column in &COLUMNS {
        let title = column.title.map(|title| title.get(lang).to_owned()).unwrap_or_default();
        grid.line(vec![title, (column.cell)(&counts, lang)], out)?;
    }
    grid.flush(out)
}

#[rustfmt::skip]
static COLUMNS: [Column<Counts>; 4] = [
    column("structures", t("structures", "structures"),   |c, _| c.structures.to_string()),
    column("services",   t("services", "services"),       |c, _| c.services.to_string()),
    column("marches",    t("marchés", "marchés"),         |c, _| c.marches.to_string()),
    column("partners",   t("partenaires", "partners"),    |c, _| c.partners.to_string()),
];

const fn column(key: &'static str, title: Text, cell: fn(&Counts, Lang) -> String) -> Column<Counts> {
    Column { key, title: Some(title), side: Side::Right, cell, csv: None }
}
