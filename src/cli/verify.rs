//! `guichet verify`: the audit of ledger and spool.

use super::{Exit, Outcome, Session};
use crate::config::Config;
use crate::ledger::{LedgerError, LedgerReader, verify, verify_ledger};
use crate::msg;
use crate::render::{Column, Listing, Side};
use crate::spool;
use crate::text::{Msg, Shown, counted, t};
use serde::Serialize;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// Audit this backup of the ledger, by itself, instead of the ledger and the spool
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
}

#[derive(Serialize)]
struct Row {
    about: &'static str,
    problem: String,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    // Asked before the ledger is read: what a guichet at work does meanwhile is not a problem.
    let at_work = spool::is_held(&config.spool.root);
    let (problems, seen) = match LedgerReader::open(args.backup.as_ref().unwrap_or(&config.ledger.path)) {
        Ok(ledger) => {
            let found = match args.backup {
                Some(_) => verify_ledger(&ledger)?,
                None => verify(&ledger, &config.spool.root, at_work)?,
            };
            let stock = ledger.stocktake()?;
            let (flows, pieces) = (
                counted(stock.flows, ["flux"; 2], ["flow", "flows"]),
                counted(stock.pieces, ["pièce", "pièces"], ["pièce", "pièces"]),
            );
            let (mut fr, mut en) =
                (format!("{} et {}", flows.fr, pieces.fr), format!("{} and {}", flows.en, pieces.en));
            if let n @ 1.. = ledger.pruned_flows()? {
                let pruned = counted(n, ["flux épuré", "flux épurés"], ["flow pruned", "flows pruned"]);
                fr += &format!(", dont {}", pruned.fr);
                en += &format!(", {}", pruned.en);
            }
            let seen = Msg::new(fr, en);
            (found.into_iter().map(|p| (p.about, p.says)).collect(), seen)
        }
        Err(LedgerError::Absent(_)) if args.backup.is_none() => without_ledger(&config),
        Err(e) => return Err(e.into()),
    };
    let mut listing = Listing::new(&COLUMNS, session.format, session.lang, &mut session.out)?;
    for (about, says) in &problems {
        listing.row(&Row { about, problem: says.get(session.lang).to_owned() })?;
    }
    listing.end()?;
    let n = problems.len();
    let verdict = match n {
        0 => msg!("tout est en ordre", "all is well"),
        _ => counted(n, ["anomalie", "anomalies"], ["problem", "problems"]),
    };
    session.remark(&Msg::new(format!("{} : {}", seen.fr, verdict.fr), format!("{}: {}", seen.en, verdict.en)));
    Ok(if n == 0 { Exit::Fine } else { Exit::Wrong })
}

/// No ledger is right only where nothing was ever answered.
fn without_ledger(config: &Config) -> (Vec<(&'static str, Msg)>, Msg) {
    let mut problems = Vec::new();
    let root = &config.spool.root;
    if !root.is_dir() {
        let root = root.display();
        let says = msg!(
            "{root} n'existe pas : il n'y a pas de guichet ici",
            "{root} does not exist: there is no guichet here"
        );
        problems.push(("file", says));
    }
    for dir in ["archive", "hold"] {
        let below = walkdir::WalkDir::new(config.spool.root.join(dir)).into_iter().filter_map(Result::ok);
        let files = below.filter(|e| e.file_type().is_file()).count();
        if files > 0 {
            let says = counted(files, ["fichier", "fichiers"], ["file", "files"])
                + msg!(
                    " dans {dir}/ et pas de registre : il a été perdu ou déplacé",
                    " in {dir}/ and no ledger: it was lost or moved"
                );
            problems.push(("file", says));
        }
    }
    (problems, msg!("pas encore de registre", "no ledger yet"))
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 2] = [
    Column { key: "about",   title: Some(t("objet", "about")),      side: Side::Left, cell: |r, _| r.about.to_owned(), csv: None },
    Column { key: "problem", title: Some(t("anomalie", "problem")), side: Side::Left, cell: |r, _| Shown(&r.problem).to_string(), csv: None },
];
