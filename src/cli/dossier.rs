//! `guichet dossier`: all pièces of a payment cycle, each with its trail; on paper, so to speak, with `--export`.

mod export;
mod page;

use super::failure::Failure;
use super::piece::{TRAIL, Whole, kind, pruned};
use super::{Exit, Outcome, Session, search};
use crate::error::shown;
use crate::ledger::{DossierRow, LedgerReader, LinkRow};
use crate::msg;
use crate::piece::amount::decimal;
use crate::render::{Format, Grid, Listing, Out, Side, cell};
use crate::text::{Lang, Text, counted, json, t};
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// Its number, or SUPPLIER/NUMBER
    #[arg(value_name = "NUMBER")]
    number: String,
    /// Write the originals, the trail (CSV, JSON) and a page that sums up into this ZIP file; never overwrites
    #[arg(long, value_name = "FILE.zip")]
    export: Option<PathBuf>,
}

/// A dossier as the contract gives it.
#[derive(Serialize)]
pub struct Dossier {
    dossier: String,
    marche: Option<String>,
    pieces: Vec<Whole>,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let ledger = LedgerReader::open(&config.ledger.path)?;
    let found = find(&ledger, &args.number)?;
    let pieces = ledger.pieces_of(&found)?.into_iter().map(|row| Whole::of(row, &ledger, session.lang));
    let pieces = pieces.collect::<Result<Vec<_>, _>>()?;
    let marche = pieces.iter().find_map(|p| p.row.marche.clone());
    let dossier = Dossier { dossier: found.name, marche, pieces };
    if let Some(path) = &args.export {
        pieces_are_whole(&dossier)?;
        export::write(&dossier, path, &ledger, &config.spool.root, session.lang)?;
        let n = counted(dossier.pieces.len() as u64, ["pièce", "pièces"], ["pièce", "pièces"]);
        let path = shown(&path.display().to_string());
        session.remark(&msg!(
            "{}, avec originaux et histoire, dans {path}",
            "{}, with originals and trail, in {path}",
            n.fr
        ));
        return Ok(Exit::Fine);
    }
    let (lang, out) = (session.lang, &mut session.out);
    match session.format {
        Format::Json => {
            writeln!(out, "{}", json(&dossier))?;
        }
        Format::Csv => {
            let mut listing = Listing::new(&search::COLUMNS, session.format, lang, out)?;
            dossier.pieces.iter().try_for_each(|piece| listing.row(&piece.row))?;
            listing.end()?;
        }
        Format::Table | Format::Markdown => dossier.tell(lang, out)?,
    }
    search::tell_pruned(dossier.pieces.iter().filter(|p| p.pruned.is_some()).count() as u64, session);
    Ok(Exit::Fine)
}

/// A dossier is exported with all its originals, or not at all.
fn pieces_are_whole(dossier: &Dossier) -> Result<(), Failure> {
    dossier.pieces.iter().try_for_each(|whole| pruned(&whole.row))
}

/// The dossier that is meant.
fn find(ledger: &LedgerReader, name: &str) -> Result<DossierRow, Failure> {
    let mut found = ledger.dossiers(name)?;
    match found.len() {
        0 => Err(unknown(name)),
        1 => Ok(found.remove(0)),
        _ => Err(ambiguous(name, &found)),
    }
}

fn unknown(name: &str) -> Failure {
    let name = shown(name);
    Failure::new(
        msg!("il n'y a pas de dossier {name}", "there is no dossier {name}"),
        msg!(
            "donnez le numéro de la pièce qui l'a ouvert, ou FOURNISSEUR/NUMÉRO ; `guichet piece` dit celui d'une pièce",
            "give the number of the pièce that opened it, or SUPPLIER/NUMBER; `guichet piece` says which a pièce has"
        ),
    )
}

fn ambiguous(name: &str, found: &[DossierRow]) -> Failure {
    let (name, n) = (shown(name), found.len());
    let listed = |d: &DossierRow| format!("{} ({}/{})", d.id, shown(&d.supplier), shown(&d.number));
    let list = found.iter().map(listed).collect::<Vec<_>>().join(", ");
    Failure::new(
        msg!("{n} dossiers portent {name} : {list}", "{n} dossiers are {name}: {list}"),
        msg!("donnez FOURNISSEUR/NUMÉRO, ou l'identifiant (d-…)", "give SUPPLIER/NUMBER, or the id (d-…)"),
    )
}

impl Dossier {
    /// Its name and its marché, in a line.
    fn title(&self, lang: Lang) -> String {
        let marche =
            self.marche.as_ref().map(|_| format!(" · {} {}", t("marché", "marché").get(lang), cell(&self.marche)));
        let name = cell(&Some(self.dossier.clone()));
        let pieces = counted(self.pieces.len(), ["pièce", "pièces"], ["pièce", "pièces"]);
        format!("{} {name}{} · {}", DOSSIER.get(lang), marche.unwrap_or_default(), pieces.get(lang))
    }

    /// What people read: a heading, then each pièce with its dated trail.
    fn tell(&self, lang: Lang, out: &mut Out) -> io::Result<()> {
        let title = out.bold(&self.title(lang));
        writeln!(out, "{title}")?;
        for piece in &self.pieces {
            let head = out.bold(&heading(piece, lang));
            writeln!(out, "\n{head}")?;
            for link in &piece.links {
                writeln!(out, "  {} {}", kind(link).get(lang), self.linked(link))?;
            }
            let mut grid = Grid::new(vec![Side::Left; TRAIL.len() + 1], out.columns);
            for step in &piece.trail {
                let [at, label, by, motif, comment] = step.cells();
                grid.line(vec![String::new(), at, label, by, motif, comment], out)?;
            }
            grid.flush(out)?;
        }
        out.flush()
    }

    /// A linked pièce: how it is called, and its amount where this one takes it.
    fn linked(&self, link: &LinkRow) -> String {
        let amount = link.ttc.as_ref().filter(|_| takes(link));
        let amount = amount.map(|_| format!(" · {}", cell(&link.ttc))).unwrap_or_default();
        format!("{}{amount}", self.called(&link.piece))
    }

    /// How a pièce of this dossier is called: by its cadre and number; one of another dossier by its id.
    fn called(&self, id: &str) -> String {
        let own = self.pieces.iter().find(|p| p.row.piece == id);
        own.map_or_else(|| id.to_owned(), |p| format!("{} {}", cell(&p.row.cadre), cell(&p.row.number)))
    }
}

const DOSSIER: Text = t("Dossier", "Dossier");

/// Whether a link is to an earlier pièce.
fn takes(link: &LinkRow) -> bool {
    matches!(link.kind.as_str(), "associates" | "replaces")
}

/// A pièce in a line: what it is, who sells, how much, where it is found. Where it takes one earlier pièce and says
/// another amount, that of the earlier one stands behind.
pub fn heading(piece: &Whole, lang: Lang) -> String {
    let row = &piece.row;
    let amount = row.ttc.as_ref().map(|_| format!("{} {}", cell(&row.ttc), cell(&row.currency)));
    let mut taken = piece.links.iter().filter(|link| takes(link));
    let changed = match (taken.next(), taken.next()) {
        (Some(one), None) if one.ttc.is_some() && !same(&one.ttc, &row.ttc) => {
            format!(" ({} {})", t("au lieu de", "instead of").get(lang), cell(&one.ttc))
        }
        _ => String::new(),
    };
    let parts = [
        format!("{} {}", cell(&row.cadre), cell(&row.number)),
        cell(&row.issued),
        cell(&row.supplier.name),
        amount.map(|amount| amount + &changed).unwrap_or_default(),
        row.piece.clone(),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Whether two amounts are the same, however they are written.
fn same(one: &Option<String>, other: &Option<String>) -> bool {
    let amount = |text: &Option<String>| text.as_deref().and_then(decimal);
    amount(one) == amount(other)
}
