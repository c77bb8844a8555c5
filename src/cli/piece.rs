//! `guichet piece`: one pièce with its trail.

use super::failure::Failure;
use super::search;
use super::{Exit, Outcome, Session};
use crate::error::shown;
use crate::ledger::{LedgerReader, PieceRow, TrailRow};
use crate::lifecycle::Statut;
use crate::msg;
use crate::render::{Format, Grid, Listing, Side, cell};
use crate::text::{Lang, Text, t};
use serde::Serialize;
use std::io::Write;

#[derive(clap::Args)]
pub struct Args {
    /// The id that guichet shows (p-…), or SUPPLIER/NUMBER
    #[arg(value_name = "PIECE")]
    id: String,
}

/// A pièce as the contract gives it: its row, what happened to it, what it is linked with.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    row: PieceRow,
    trail: Vec<Step>,
    links: [(); 0],
}

#[derive(Serialize)]
struct Step {
    status: String,
    label: String,
    at: String,
    by: Option<String>,
    motif: Option<String>,
    comment: Option<String>,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let ledger = LedgerReader::open(&config.ledger.path)?;
    let row = find(&ledger, &args.id)?;
    let trail = ledger.trail(&row.piece)?.into_iter().map(|step| Step::of(step, session.lang)).collect();
    let (lang, out) = (session.lang, &mut session.out);
    match session.format {
        Format::Json => {
            serde_json::to_writer(&mut *out, &Whole { row, trail, links: [] }).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
        Format::Csv => {
            let mut listing = Listing::new(&search::COLUMNS, session.format, lang, out)?;
            listing.row(&row)?;
            listing.end()?;
        }
        Format::Table | Format::Markdown => tell(&row, &trail, session)?,
    }
    Ok(Exit::Fine)
}

/// The pièce that is meant.
fn find(ledger: &LedgerReader, id: &str) -> Result<PieceRow, Failure> {
    if let Some(row) = ledger.piece(id)? {
        return Ok(row);
    }
    let Some((supplier, number)) = id.split_once('/') else { return Err(unknown(id)) };
    let mut found = ledger.pieces_numbered(supplier, number)?;
    match found.len() {
        0 => Err(unknown(id)),
        1 => Ok(found.remove(0)),
        _ => Err(ambiguous(id, &found)),
    }
}

fn unknown(id: &str) -> Failure {
    let id = shown(id);
    Failure::new(
        msg!("il n'y a pas de pièce {id}", "there is no pièce {id}"),
        msg!(
            "donnez son identifiant (p-…) ou FOURNISSEUR/NUMÉRO ; `guichet search` les liste",
            "give its id (p-…) or SUPPLIER/NUMBER; `guichet search` lists them"
        ),
    )
}

fn ambiguous(id: &str, found: &[PieceRow]) -> Failure {
    let (id, n) = (shown(id), found.len());
    let listed = |p: &PieceRow| format!("{} ({} {})", p.piece, cell(&p.issued), p.status);
    let list = found.iter().map(listed).collect::<Vec<_>>().join(", ");
    Failure::new(
        msg!("{n} pièces portent {id} : {list}", "{n} pièces are {id}: {list}"),
        msg!("donnez l'identifiant de l'une d'elles", "give the id of one of them"),
    )
}

impl Step {
    fn of(row: TrailRow, lang: Lang) -> Step {
        let label =
            row.status.parse::<Statut>().map_or_else(|_| row.status.clone(), |s| s.label().get(lang).to_owned());
        Step { label, status: row.status, at: row.at.rfc3339(), by: row.by, motif: row.motif, comment: row.comment }
    }
}

/// What people read: every datum that is there, then the trail.
fn tell(row: &PieceRow, trail: &[Step], session: &mut Session) -> std::io::Result<()> {
    let (lang, out) = (session.lang, &mut session.out);
    let mut grid = Grid::new(vec![Side::Left, Side::Left], out.columns);
    for (column, title) in search::COLUMNS.iter().zip(TITLES) {
        let value = (column.cell)(row, lang);
        if !value.is_empty() {
            grid.line(vec![title.get(lang).to_owned(), value], out)?;
        }
    }
    grid.flush(out)?;
    writeln!(out)?;
    let titles =
        [t("quand", "when"), t("statut", "status"), t("par", "by"), t("motif", "motif"), t("commentaire", "comment")];
    let mut grid = Grid::new(vec![Side::Left; titles.len()], out.columns);
    grid.line(titles.iter().map(|title| out.bold(title.get(lang))).collect(), out)?;
    for step in trail {
        let by = if step.by.is_some() { cell(&step.by) } else { "guichet".to_owned() };
        grid.line(vec![step.at.clone(), step.label.clone(), by, cell(&step.motif), cell(&step.comment)], out)?;
    }
    grid.flush(out)
}

#[rustfmt::skip]
static TITLES: [Text; 31] = [
    // as the columns of a search
    t("pièce", "pièce"),                       t("cadre", "cadre"),                   t("type", "type"),
    t("numéro", "number"),                     t("émise le", "issued"),               t("type d'identifiant", "kind of id"),
    t("fournisseur", "supplier"),              t("nom", "name"),                      t("destinataire", "destinataire"),
    t("MOE", "MOE"),                           t("MOA", "MOA"),                       t("premier valideur", "first valideur"),
    t("second valideur", "second valideur"),   t("service", "service"),               t("service de la MOE", "MOE's service"),
    t("service de la MOA", "MOA's service"),   t("service du fournisseur", "supplier's service"),
    t("engagement", "engagement"),             t("marché", "marché"),                 t("dossier", "dossier"),
    t("HT", "excl. VAT"),                      t("TVA", "VAT"),                       t("TTC", "incl. VAT"),
    t("à payer", "due"),                       t("devise", "currency"),               t("mode", "mode"),
    t("partenaire", "partner"),                t("flux", "flow"),                     t("déposée", "deposited"),
    t("statut", "status"),                     t("depuis", "since"),
];
