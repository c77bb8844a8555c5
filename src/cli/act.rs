//! `guichet act`: something is done to a pièce, by the same code and with the same checks as a life-cycle flow.

use super::failure::Failure;
use super::{Exit, Outcome, Session, ask, piece};
use crate::error::reason;
use crate::ledger::LedgerReader;
use crate::lifecycle::Statut;
use crate::lifecycle::acts::{self, Datum};
use crate::render::{Column, Format, Listing, Side};
use crate::request::{Act, Answer, Request, Told};
use crate::text::{Lang, Msg, Shown, Text, json, t};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The id that guichet shows (p-…), or SUPPLIER/NUMBER
    #[arg(value_name = "PIECE")]
    piece: String,
    /// What is done
    #[arg(value_name = "ACT", value_parser = words())]
    act: String,
    /// The structure that acts
    #[arg(long = "as", value_name = "ID")]
    by: String,
    /// Why, as a code: of a refusal, a suspension, a rejection
    #[arg(long, value_name = "MOTIF")]
    motif: Option<String>,
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Of a correction: siret, service, engagement, valideur1, valideur2, moe, moa
    #[arg(long, value_name = "KEY=VALUE", value_parser = datum)]
    set: Vec<(Datum, String)>,
    /// Of a completion: a file to add to the pièce
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

/// The acts that a person may ask for, by their words.
fn words() -> clap::builder::PossibleValuesParser {
    acts::Act::ALL.iter().filter(|act| **act != acts::Act::Silence).map(|act| act.word()).into()
}

fn datum(text: &str) -> Result<(Datum, String), String> {
    let known = || Datum::ALL.iter().map(|d| d.word()).collect::<Vec<_>>().join(", ");
    let (key, value) = text.split_once('=').ok_or_else(|| format!("KEY=VALUE; KEY: {}", known()))?;
    let datum = key.trim().parse::<Datum>().map_err(|_| format!("KEY: {}", known()))?;
    Ok((datum, value.to_owned()))
}

/// What became of it.
#[derive(Serialize)]
struct Done {
    piece: String,
    act: String,
    done: bool,
    status: String,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    rule: String,
    message: String,
    found: Option<String>,
    expected: Option<String>,
    help: String,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let row = piece::find(&LedgerReader::open(&config.ledger.path)?, &args.piece)?;
    piece::pruned(&row)?;
    let mut attach = Vec::new();
    for path in &args.attach {
        attach.push(path.canonicalize().map_err(|e| cannot_read(path, &e))?);
    }
    let request = Act {
        piece: row.piece.clone(),
        act: args.act.clone(),
        by: args.by.clone(),
        motif: args.motif.clone(),
        comment: args.comment.clone(),
        set: args.set.iter().map(|(key, value)| (key.word().to_owned(), value.clone())).collect(),
        attach,
    };
    let (status, told) = match ask::carry_out(&Request::Act(request), config, session)? {
        Answer::Acted { status } => (status, Vec::new()),
        Answer::Refused { findings } => (row.status, findings),
        Answer::No { message, help } => return Err(Failure::new(message, help)),
        _ => (row.status, Vec::new()), // no answer to an act
    };
    let (lang, done) = (session.lang, told.is_empty());
    let findings = told.iter().map(|told| Finding::of(told, lang)).collect();
    let done = Done { piece: row.piece, act: args.act.clone(), done, status, findings };
    match session.format {
        Format::Json => {
            writeln!(session.out, "{}", json(&done))?;
        }
        _ => {
            let mut listing = Listing::new(&COLUMNS, session.format, lang, &mut session.out)?;
            listing.row(&done)?;
            listing.end()?;
            told.iter().for_each(|told| session.remark(&says(told)));
        }
    }
    Ok(if done.done { Exit::Fine } else { Exit::Wrong })
}

impl Finding {
    fn of(told: &Told, lang: Lang) -> Finding {
        let text = |msg: &Msg| msg.get(lang).to_owned();
        Finding {
            rule: told.rule.clone(),
            message: text(&told.message),
            found: told.found.clone(),
            expected: told.expected.as_ref().map(text),
            help: text(&told.help),
        }
    }
}

/// A finding as a person reads it: what is wrong, what is there and should be, what to do.
pub fn says(told: &Told) -> Msg {
    let say = |lang: Lang, [found, expected, help, colon]: [&str; 4]| {
        let mut lines = vec![format!("{}{colon}{}", told.rule, told.message.get(lang))];
        let mut line = |label: &str, text: &str| {
            if !text.is_empty() {
                lines.push(format!("  {label}{colon}{}", Shown(text)));
            }
        };
        line(found, told.found.as_deref().unwrap_or_default());
        line(expected, told.expected.as_ref().map_or("", |expected| expected.get(lang)));
        line(help, told.help.get(lang));
        lines.join("\n")
    };
    Msg::new(
        say(Lang::Fr, ["trouvé", "attendu", "que faire", " : "]),
        say(Lang::En, ["found", "expected", "help", ": "]),
    )
}

fn cannot_read(path: &std::path::Path, error: &std::io::Error) -> Failure {
    let (path, (why, help)) = (Shown(&path.to_string_lossy()).to_string(), reason(error));
    let message =
        Msg::new(format!("impossible de lire {path} : {}", why.fr), format!("cannot read {path}: {}", why.en));
    Failure::new(message, help.into())
}

#[rustfmt::skip]
static COLUMNS: [Column<Done>; 4] = [
    column("piece",  t("pièce", "pièce"),     |r, _| r.piece.clone()),
    column("act",    t("acte", "act"),        |r, lang| label(&r.act, lang)).in_csv(|r| r.act.clone()),
    column("done",   t("fait", "done"),       |r, lang| match (r.done, lang) {
        (true, Lang::Fr) => "oui".to_owned(),
        (true, Lang::En) => "yes".to_owned(),
        (false, Lang::Fr) => "non".to_owned(),
        (false, Lang::En) => "no".to_owned(),
    }).in_csv(|r| r.done.to_string()),
    column("status", t("statut", "status"),   |r, lang| status(&r.status, lang)).in_csv(|r| r.status.clone()),
];

fn label(act: &str, lang: Lang) -> String {
    act.parse::<acts::Act>().map_or_else(|_| act.to_owned(), |act| act.label().get(lang).to_owned())
}

fn status(code: &str, lang: Lang) -> String {
    code.parse::<Statut>().map_or_else(|_| code.to_owned(), |s| s.label().get(lang).to_owned())
}

const fn column(key: &'static str, title: Text, cell: fn(&Done, Lang) -> String) -> Column<Done> {
    Column { key, title: Some(title), side: Side::Left, cell, csv: None }
}
