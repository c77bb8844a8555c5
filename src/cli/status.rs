//! `guichet status`: is it alive, how far behind, what is wrong?

use super::{Exit, Outcome, Session};
use crate::render::{Column, Format, Grid, Listing, Side};
use crate::status::{Health, look};
use crate::text::{Lang, Text, t};
use serde::Serialize;
use std::io::Write;

#[derive(clap::Args)]
pub struct Args {}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    health: Health,
    problems: Vec<String>,
}

pub fn run(_: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let health = look(&config, &*session.world.clock);
    let problems: Vec<String> = health.problems.iter().map(|p| p.get(session.lang).to_owned()).collect();
    let exit = if problems.is_empty() { Exit::Fine } else { Exit::Wrong };
    tell(&Row { health, problems }, session)?;
    Ok(exit)
}

fn tell(row: &Row, session: &mut Session) -> std::io::Result<()> {
    let (lang, out) = (session.lang, &mut session.out);
    if session.format != Format::Table {
        let mut listing = Listing::new(&COLUMNS, session.format, lang, out)?;
        listing.row(row)?;
        return listing.end();
    }
    let mut grid = Grid::new(vec![Side::Left, Side::Left], out.columns);
    for column in &COLUMNS {
        if let Some(title) = column.title {
            grid.line(vec![title.get(lang).to_owned(), (column.cell)(row, lang)], out)?;
        }
    }
    grid.flush(out)?;
    let label = t("anomalie : ", "problem: ").get(lang);
    row.problems.iter().try_for_each(|problem| writeln!(out, "{label}{problem}"))
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 11] = [
    column("alive",       Some(t("au travail", "at work")),                       |r, lang| yes_no(r.health.alive, lang)),
    column("inbound",     Some(t("fichiers dans in/", "files in in/")),           |r, _| r.health.inbound.to_string()),
    column("oldest_s",    Some(t("le plus ancien (s)", "oldest (s)")),            |r, _| number(r.health.oldest_s)),
    column("in_work",     Some(t("fichiers dans work/", "files in work/")),       |r, _| r.health.in_work.to_string()),
    column("held",        Some(t("fichiers dans hold/", "files in hold/")),       |r, _| r.health.held.to_string()),
    column("free",        Some(t("octets libres", "bytes free")),                 |r, _| number(r.health.free)),
    column("flows",       Some(t("flux", "flows")),                               |r, _| number(r.health.flows)),
    column("pieces",      Some(t("pièces", "pièces")),                            |r, _| number(r.health.pieces)),
    column("unpublished", Some(t("sorties non publiées", "outbound unpublished")), |r, _| number(r.health.unpublished)),
    column("last_flow",   Some(t("dernier événement", "last event")),             |r, _| r.health.last_flow.clone().unwrap_or_else(|| "-".to_owned())),
    column("problems",    None,                                                   |r, _| r.problems.join(" | ")),
];

const fn column(key: &'static str, title: Option<Text>, cell: fn(&Row, Lang) -> String) -> Column<Row> {
    Column { key, title, side: Side::Left, cell }
}

/// As a person says it.
pub fn yes_no(yes: bool, lang: Lang) -> String {
    let word = if yes { t("oui", "yes") } else { t("non", "no") };
    word.get(lang).to_owned()
}

fn number(n: Option<u64>) -> String {
    n.map_or_else(|| "-".to_owned(), |n| n.to_string())
}
