//! `guichet piece`: one pièce with its trail.

use super::failure::Failure;
use super::search;
use super::{Exit, Outcome, Session};
use crate::clock::Instant;
use crate::decision::Changes;
use crate::error::shown;
use crate::ledger::{LedgerReader, LinkRow, PieceRow, TrailRow};
use crate::lifecycle::Statut;
use crate::msg;
use crate::render::{Format, Grid, Listing, Out, Side, cell};
use crate::text::{Lang, Shown, Text, json, t};
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
pub struct Whole {
    #[serde(flatten)]
    pub row: PieceRow,
    pub trail: Vec<Step>,
    pub links: Vec<LinkRow>,
    /// When it was emptied of what it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pruned: Option<String>,
}

#[derive(Serialize)]
pub struct Step {
    pub status: String,
    pub label: String,
    pub at: String,
    pub by: Option<String>,
    pub motif: Option<String>,
    pub comment: Option<String>,
    /// Of a correction: of each datum what was and what is.
    #[serde(skip_serializing_if = "Changes::is_empty")]
    pub changes: Changes,
    /// Of a completion: the files that it added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let ledger = LedgerReader::open(&config.ledger.path)?;
    let row = find(&ledger, &args.id)?;
    let whole = Whole::of(row, &ledger, session.lang)?;
    let (lang, out) = (session.lang, &mut session.out);
    match session.format {
        Format::Json => {
            writeln!(out, "{}", json(&whole))?;
        }
        Format::Csv => {
            let mut listing = Listing::new(&search::COLUMNS, session.format, lang, out)?;
            listing.row(&whole.row)?;
            listing.end()?;
        }
        Format::Table | Format::Markdown => tell(&whole, &ledger, session)?,
    }
    Ok(Exit::Fine)
}

/// The pièce that is meant.
pub fn find(ledger: &LedgerReader, id: &str) -> Result<PieceRow, Failure> {
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

/// There is no such pièce.
pub fn unknown(id: &str) -> Failure {
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

/// What is asked of a pièce needs what it said, and that was pruned.
pub fn pruned(row: &PieceRow) -> Result<(), Failure> {
    let Some(at) = row.pruned else { return Ok(()) };
    let (id, day) = (&row.piece, at.day());
    Err(Failure::new(
        msg!("la pièce {id} a été épurée le {day}", "the pièce {id} was pruned on {day}"),
        msg!(
            "ses octets et ce qu'elle disait n'existent plus ; `guichet piece {id}` dit ce qui en reste",
            "its bytes and what it said are no more; `guichet piece {id}` says what is left of it"
        ),
    ))
}

impl Whole {
    /// What the ledger knows of a pièce, its trail in a language.
    pub fn of(row: PieceRow, ledger: &LedgerReader, lang: Lang) -> Result<Whole, Failure> {
        let trail = ledger.trail(&row.piece)?.into_iter().map(|step| Step::of(step, lang)).collect();
        let links = ledger.links(&row.piece)?;
        let pruned = row.pruned.map(Instant::rfc3339);
        Ok(Whole { row, trail, links, pruned })
    }
}

impl Step {
    /// An event as it is shown, its label in a language.
    pub fn of(row: TrailRow, lang: Lang) -> Step {
        let label =
            row.status.parse::<Statut>().map_or_else(|_| row.status.clone(), |s| s.label().get(lang).to_owned());
        let TrailRow { status, at, by, motif, comment, changes, added } = row;
        Step { label, status, at: at.rfc3339(), by, motif, comment, changes, added }
    }

    /// What is said of it: the comment, what was corrected, what was added.
    pub fn words(&self) -> String {
        let shown = |value: &Option<String>| value.as_deref().map_or_else(|| "–".to_owned(), |v| Shown(v).to_string());
        let changes = self.changes.iter().map(|(what, [was, is])| format!("{what}: {} → {}", shown(was), shown(is)));
        let added = self.added.iter().map(|name| format!("+ {}", Shown(name)));
        let comment = self.comment.iter().map(|c| Shown(c).to_string());
        comment.chain(changes).chain(added).collect::<Vec<_>>().join(" ; ")
    }

    /// What a table shows of it; what nobody caused, guichet did.
    pub fn cells(&self) -> [String; 5] {
        let by = if self.by.is_some() { cell(&self.by) } else { "guichet".to_owned() };
        [self.at.clone(), self.label.clone(), by, cell(&self.motif), self.words()]
    }
}

/// What people read: every datum that is there, the trail, then the links.
fn tell(whole: &Whole, ledger: &LedgerReader, session: &mut Session) -> Result<(), Failure> {
    let (lang, out, row) = (session.lang, &mut session.out, &whole.row);
    let mut grid = Grid::new(vec![Side::Left, Side::Left], out.columns);
    for (column, title) in search::COLUMNS.iter().zip(TITLES) {
        let value = (column.cell)(row, lang);
        if !value.is_empty() {
            grid.line(vec![title.get(lang).to_owned(), value], out)?;
        }
    }
    grid.flush(out)?;
    writeln!(out)?;
    let mut grid = Grid::new(vec![Side::Left; TRAIL.len()], out.columns);
    grid.line(TRAIL.iter().map(|title| out.bold(title.get(lang))).collect(), out)?;
    for step in &whole.trail {
        grid.line(step.cells().into(), out)?;
    }
    grid.flush(out)?;
    if !whole.links.is_empty() {
        writeln!(out)?;
        links(whole, ledger, lang, out)?;
    }
    if let Some(at) = row.pruned {
        let day = at.day();
        session.remark(&msg!(
            "épurée le {day} : il n'en reste que ce qui la nomme, ses états et leurs dates",
            "pruned on {day}: what names it is left, its statuses and their dates"
        ));
    }
    if row.status == Statut::RefuseeControle.code() {
        let flow = &row.flow;
        session.remark(&msg!("pourquoi : `guichet flow {flow}`", "why: `guichet flow {flow}`"));
    }
    Ok(())
}

/// The titles of [`Step::cells`].
#[rustfmt::skip]
pub const TRAIL: [Text; 5] =
    [t("quand", "when"), t("statut", "status"), t("par", "by"), t("motif", "motif"), t("commentaire", "comment")];

/// The pièces that one is linked with, a line each, with their amounts below its own: a MOE or a MOA that finds an
/// amount wrong puts another in its own pièce.
fn links(whole: &Whole, ledger: &LedgerReader, lang: Lang, out: &mut Out) -> Result<(), Failure> {
    let sides = [[Side::Left; 4].as_slice(), &[Side::Right; 3]].concat();
    let mut grid = Grid::new(sides, out.columns);
    let line = |kind: &Text, row: &PieceRow| {
        let texts = [&row.cadre, &row.number, &row.ht, &row.ttc, &row.due].map(cell);
        [kind.get(lang).to_owned(), row.piece.clone()].into_iter().chain(texts).collect::<Vec<_>>()
    };
    grid.line(LINKS.iter().map(|title| out.bold(title.get(lang))).collect(), out)?;
    grid.line(line(&t("elle-même", "itself"), &whole.row), out)?;
    for link in &whole.links {
        if let Some(other) = ledger.piece(&link.piece)? {
            grid.line(line(&kind(link), &other), out)?;
        }
    }
    Ok(grid.flush(out)?)
}

#[rustfmt::skip]
const LINKS: [Text; 7] = [
    t("lien", "link"), t("pièce", "pièce"), t("cadre", "cadre"), t("numéro", "number"), t("HT", "excl. VAT"),
    t("TTC", "incl. VAT"), t("à payer", "due"),
];

/// How a person reads the kind of a link.
pub fn kind(link: &LinkRow) -> Text {
    match link.kind.as_str() {
        "associates" => t("associe", "associates"),
        "replaces" => t("remplace", "replaces"),
        _ => t("associée par", "associated by"),
    }
}

#[rustfmt::skip]
pub static TITLES: [Text; 31] = [
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
