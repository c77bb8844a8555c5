//! `guichet status`: is it alive, how far behind, what is wrong?

use super::{Exit, Outcome, Session};
use crate::render::{Column, Format, Grid, Listing, Side};
use crate::status::{Health, Problem, look};
use crate::text::{Lang, Shown, Text, t};
use serde::Serialize;
use std::io::Write;

#[derive(clap::Args)]
pub struct Args {}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    health: Health,
    problems: Vec<Said>,
}

/// Something that is wrong, or wants a look.
#[derive(Serialize)]
struct Said {
    problem: &'static str,
    /// `wrong` or `look`.
    level: &'static str,
    message: String,
}

pub fn run(_: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let health = look(&config, &*session.world.clock);
    let wrong = health.problems.iter().any(|p| p.trouble.is_wrong());
    let said = |p: &Problem| Said {
        problem: p.trouble.name(),
        level: if p.trouble.is_wrong() { "wrong" } else { "look" },
        message: p.says.get(session.lang).to_owned(),
    };
    let problems = health.problems.iter().map(said).collect();
    let exit = if wrong { Exit::Wrong } else { Exit::Fine };
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
    let (wrong, look) = (t("anomalie : ", "problem: ").get(lang), t("à voir : ", "to look at: ").get(lang));
    row.problems.iter().try_for_each(|said| {
        let label = if said.level == "wrong" { wrong } else { look };
        writeln!(out, "{label}{}", Shown(&said.message))
    })
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 18] = [
    column("alive",       Some(t("au travail", "at work")),                       |r, lang| yes_no(r.health.alive, lang)).in_csv(|r| r.health.alive.to_string()),
    column("last_loop",   Some(t("dernier pas", "last step")),                    |r, _| text(r.health.last_loop.as_deref())),
    column("inbound",     Some(t("fichiers dans in/", "files in in/")),           |r, _| r.health.inbound.to_string()),
    column("oldest_s",    Some(t("le plus ancien (s)", "oldest (s)")),            |r, _| number(r.health.oldest_s)),
    column("queues",      Some(t("par mode", "by mode")),                         |r, _| queues(&r.health)),
    column("behind",      Some(t("les plus en retard", "furthest behind")),       |r, _| behind(&r.health)),
    column("in_work",     Some(t("fichiers dans work/", "files in work/")),       |r, _| r.health.in_work.to_string()),
    column("held",        Some(t("fichiers dans hold/", "files in hold/")),       |r, _| r.health.held.to_string()),
    column("free",        Some(t("octets libres", "bytes free")),                 |r, _| number(r.health.free)),
    column("inodes",      Some(t("inodes libres", "inodes free")),                |r, _| number(r.health.inodes)),
    column("reserve",     Some(t("réserve (octets)", "reserve (bytes)")),         |r, _| r.health.reserve.to_string()),
    column("ledger",      Some(t("registre (octets)", "ledger (bytes)")),         |r, _| r.health.ledger.to_string()),
    column("wal",         Some(t("son journal (octets)", "its log (bytes)")),     |r, _| r.health.wal.to_string()),
    column("flows",       Some(t("flux", "flows")),                               |r, _| number(r.health.flows)),
    column("pieces",      Some(t("pièces", "pièces")),                            |r, _| number(r.health.pieces)),
    column("unpublished", Some(t("sorties non publiées", "outbound unpublished")), |r, _| number(r.health.unpublished)),
    column("last_flow",   Some(t("dernier événement", "last event")),             |r, _| text(r.health.last_flow.as_deref())),
    column("problems",    None,                                                   |r, _| problems(r)),
];

fn queues(health: &Health) -> String {
    let each = health.queues.iter().map(|queue| format!("{} {}", queue.mode, queue.files));
    each.collect::<Vec<_>>().join(", ")
}

fn behind(health: &Health) -> String {
    let each = health.behind.iter().map(|b| format!("{} {} ({} s)", b.directory, b.files, b.oldest_s));
    text(Some(each.collect::<Vec<_>>().join(", ")).as_deref().filter(|all| !all.is_empty()))
}

fn problems(row: &Row) -> String {
    row.problems.iter().map(|said| &*said.message).collect::<Vec<_>>().join(" | ")
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}

const fn column(key: &'static str, title: Option<Text>, cell: fn(&Row, Lang) -> String) -> Column<Row> {
    Column { key, title, side: Side::Left, cell, csv: None }
}

/// As a person says it.
pub fn yes_no(yes: bool, lang: Lang) -> String {
    let word = if yes { t("oui", "yes") } else { t("non", "no") };
    word.get(lang).to_owned()
}

fn number(n: Option<u64>) -> String {
    n.map_or_else(|| "-".to_owned(), |n| n.to_string())
}
