//! `guichet backup`: a consistent copy of the ledger, while a daemon is at work. Reads only, takes no lock.

use super::failure::Failure;
use super::output::{self, cannot};
use super::{Exit, Outcome, Session};
use crate::error::shown;
use crate::ledger::{Copied, LedgerReader, verify_ledger};
use crate::msg;
use crate::render::{Column, Listing, Side, cell};
use crate::text::{Lang, Msg, Shown, Text, counted, t};
use serde::Serialize;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {
    /// Where the copy goes: a file that is not there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Row {
    file: String,
    #[serde(flatten)]
    holds: Copied,
    problems: usize,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let to = &args.file;
    if to.to_str().is_none() || to.file_name().is_none() {
        return Err(cannot(to, &std::io::ErrorKind::InvalidInput.into()));
    }
    let dir = to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Some(own) = own_directory(dir, &config.spool.root) {
        return Err(inside(to, own));
    }
    let ledger = LedgerReader::open(&config.ledger.path)?;
    let mut made = None;
    output::create_at(to, |file, part| {
        file.set_permissions(Permissions::from_mode(0o600)).map_err(|e| cannot(part, &e))?;
        ledger.copy_to(part)?;
        file.sync_all().map_err(|e| cannot(part, &e))?;
        let copy = LedgerReader::open(part)?;
        made = Some((copy.holds()?, verify_ledger(&copy)?));
        Ok(())
    })?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|e| cannot(dir, &e))?;
    let (holds, problems) = made.expect("it was just made");
    let row = Row { file: to.display().to_string(), holds, problems: problems.len() };
    let mut listing = Listing::new(&COLUMNS, session.format, session.lang, &mut session.out)?;
    listing.row(&row)?;
    listing.end()?;
    for problem in &problems {
        session.remark(&problem.says);
    }
    if problems.is_empty() {
        return Ok(Exit::Fine);
    }
    let n = counted(row.problems, ["anomalie", "anomalies"], ["problem", "problems"]);
    session.remark(&Msg::new(
        format!("la copie est celle d'un registre qui a {} ; `guichet verify` dit tout", n.fr),
        format!("the copy is one of a ledger that has {}; `guichet verify` says everything", n.en),
    ));
    Ok(Exit::Wrong)
}

/// Which of the spool's directories a directory is, or lies in: a copy there would be taken for a deposit, or be in a
/// partner's reach.
fn own_directory(dir: &Path, root: &Path) -> Option<&'static str> {
    let dir = dir.canonicalize().ok()?;
    let below = |own: &&&str| root.join(own).canonicalize().is_ok_and(|own| dir.starts_with(own));
    ["in", "out", "work", "archive", "hold"].iter().find(below).copied()
}

fn inside(to: &Path, own: &str) -> Failure {
    let to = shown(&to.display().to_string());
    Failure::new(
        msg!("{to} est dans {own}/, qui est du spool", "{to} is in {own}/, which is the spool's"),
        msg!(
            "écrivez la sauvegarde ailleurs, de préférence sur un autre disque",
            "write the backup elsewhere, on another disk for preference"
        ),
    )
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 6] = [
    // key             title                                          value
    left("file",       Some(t("sauvegarde", "backup")),               |r, _| Shown(&r.file).to_string()),
    right("flows",     Some(t("flux", "flows")),                      |r, _| r.holds.flows.to_string()),
    right("pieces",    Some(t("pièces", "pièces")),                   |r, _| r.holds.pieces.to_string()),
    right("events",    Some(t("événements", "events")),               |r, _| r.holds.events.to_string()),
    left("hash",       Some(t("dernière empreinte", "last hash")),    |r, _| cell(&r.holds.hash)),
    right("problems",  None,                                          |r, _| r.problems.to_string()),
];

type Cell = fn(&Row, Lang) -> String;

const fn left(key: &'static str, title: Option<Text>, cell: Cell) -> Column<Row> {
    Column { key, title, side: Side::Left, cell, csv: None }
}

const fn right(key: &'static str, title: Option<Text>, cell: Cell) -> Column<Row> {
    Column { key, title, side: Side::Right, cell, csv: None }
}
