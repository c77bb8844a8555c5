//! `guichet annuaire check` and `load`: does the directory load, and what is in it?

use super::failure::Failure;
use super::{Exit, Outcome, Session, counter};
use crate::annuaire::Annuaire;
use crate::config::Config;
use crate::msg;
use crate::render::{Column, Format, Grid, Listing, Side};
use crate::spool::{self, Spool, SpoolError};
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
    /// Check, then make the directories of new partners; a running guichet takes a good annuaire over by itself
    Load,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let annuaire = counter::annuaire(&config.annuaire, session)?;
    if matches!(args.act, Act::Load) {
        load(&config, &annuaire, session)?;
    }
    tell(&annuaire, session)?;
    Ok(Exit::Fine)
}

/// Makes the partners' directories. Where a guichet is at work, it does so itself at its next look.
fn load(config: &Config, annuaire: &Annuaire, session: &Session) -> Result<(), Failure> {
    let spool = match Spool::open(&config.spool.root, config.ledger.barrier) {
        Ok(spool) => spool,
        Err(SpoolError::Locked(_)) => {
            wait_for_the_daemon(config, annuaire, session);
            return Ok(());
        }
        Err(e) => return Err(e.into()),
    };
    for partner in annuaire.partners() {
        spool.welcome(&partner.name, &partner.modes)?;
    }
    Ok(())
}

/// A running guichet notices the change at its next look; done when every partner has its directories.
fn wait_for_the_daemon(config: &Config, annuaire: &Annuaire, session: &Session) {
    let patience = config.spool.rescan * 2 + std::time::Duration::from_secs(2);
    let until = std::time::Instant::now() + patience;
    let ready = || {
        annuaire.partners().iter().all(|p| config.spool.root.join("out").join(&p.name).is_dir())
            || !spool::is_held(&config.spool.root)
    };
    while !ready() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    session.remark(&msg!(
        "un guichet est au travail : il reprend cet annuaire à son prochain passage",
        "a guichet is at work: it takes this annuaire over at its next look"
    ));
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
    Column { key, title: Some(title), side: Side::Right, cell }
}
