//! `guichet flow`: one flow, what was found in it, the pièces that it brought, what was sent back.

use super::failure::Failure;
use super::piece::{Step, TRAIL};
use super::{Exit, Outcome, Session, flows};
use crate::error::shown;
use crate::ledger::{Brought, FlowRow, Kept, LedgerReader, Sent};
use crate::msg;
use crate::render::{Format, Grid, Listing, Out, Side, cell};
use crate::rules::Severity;
use crate::text::{Lang, Shown, Text, json, t};
use serde::Serialize;
use std::io::{self, Write};

#[derive(clap::Args)]
pub struct Args {
    /// The id of the flow (f-…)
    #[arg(value_name = "FLOW")]
    id: String,
}

/// A flow with everything that the ledger knows of it.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    row: FlowRow,
    findings: Vec<Found>,
    documents: Vec<Brought>,
    sent: Vec<Sent>,
    trail: Vec<Step>,
}

/// A finding in the session's language, its keys those of `check`.
#[derive(Serialize)]
pub struct Found {
    member: Option<String>,
    rule: String,
    layer: String,
    severity: Severity,
    bt: Vec<String>,
    line: Option<u32>,
    column: Option<u32>,
    path: Option<String>,
    message: String,
    found: Option<String>,
    expected: Option<String>,
    help: String,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let ledger = LedgerReader::open(&config.ledger.path)?;
    let row = ledger.flow(&args.id)?.ok_or_else(|| unknown(&args.id))?;
    let (lang, out) = (session.lang, &mut session.out);
    if session.format == Format::Csv {
        let mut listing = Listing::new(&flows::COLUMNS, session.format, lang, out)?;
        listing.row(&row)?;
        listing.end()?;
        return Ok(Exit::Fine);
    }
    let whole = Whole::of(row, &ledger, lang)?;
    if session.format == Format::Json {
        writeln!(out, "{}", json(&whole))?;
    } else {
        whole.tell(lang, out)?;
    }
    Ok(Exit::Fine)
}

fn unknown(id: &str) -> Failure {
    let id = shown(id);
    Failure::new(
        msg!("il n'y a pas de flux {id}", "there is no flow {id}"),
        msg!(
            "donnez son identifiant (f-…) ; `guichet flows` les liste",
            "give its id (f-…); `guichet flows` lists them"
        ),
    )
}

impl Found {
    /// A finding of the ledger, in a language.
    pub fn of(kept: Kept, lang: Lang) -> Found {
        let (line, column, path) = kept
            .place
            .map(|at| (at.line, at.column, at.path))
            .map_or((None, None, None), |(line, column, path)| (Some(line), Some(column), Some(path)));
        Found {
            member: kept.member,
            rule: kept.rule,
            layer: kept.layer,
            severity: kept.severity,
            bt: kept.terms,
            line,
            column,
            path,
            message: kept.message.get(lang).to_owned(),
            found: kept.found,
            expected: kept.expected.map(|e| e.get(lang).to_owned()),
            help: kept.help.get(lang).to_owned(),
        }
    }

    /// As `check` tells it, without the source.
    pub fn tell(&self, file: &str, lang: Lang, out: &mut Out) -> io::Result<()> {
        let severity = super::rules::severity(self.severity).get(lang);
        let head = out.bold(&format!("{severity}[{}]", self.rule));
        writeln!(out, "{head}: {}", Shown(&self.message))?;
        let member = self.member.as_ref().map(|m| format!("!{}", Shown(m))).unwrap_or_default();
        let place = self.line.zip(self.column).map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        let path = self.path.as_ref().map(|p| format!("  {}", Shown(p))).unwrap_or_default();
        writeln!(out, " --> {file}{member}{place}{path}")?;
        #[rustfmt::skip]
        let parts = [
            (t("trouvé :", "found:"), self.found.as_ref()), (t("attendu :", "expected:"), self.expected.as_ref()),
            (t("aide :", "help:"), Some(&self.help)),
        ];
        for (title, text) in parts {
            if let Some(text) = text {
                writeln!(out, "  = {} {}", title.get(lang), Shown(text))?;
            }
        }
        Ok(())
    }
}

impl Whole {
    fn of(row: FlowRow, ledger: &LedgerReader, lang: Lang) -> Result<Whole, Failure> {
        let findings = ledger.findings(&row.flow)?.into_iter().map(|kept| Found::of(kept, lang)).collect();
        let (documents, sent) = (ledger.brought(&row.flow)?, ledger.sent(&row.flow)?);
        let trail = ledger.trail(&row.flow)?.into_iter().map(|step| Step::of(step, lang)).collect();
        Ok(Whole { row, findings, documents, sent, trail })
    }

    /// What people read: every datum that is there, then each part that is not empty under its title.
    fn tell(&self, lang: Lang, out: &mut Out) -> io::Result<()> {
        let mut grid = Grid::new(vec![Side::Left, Side::Left], out.columns);
        for (column, title) in flows::COLUMNS.iter().zip(TITLES) {
            let value = (column.cell)(&self.row, lang);
            if !value.is_empty() {
                grid.line(vec![title.get(lang).to_owned(), value], out)?;
            }
        }
        grid.flush(out)?;
        for (n, finding) in self.findings.iter().enumerate() {
            if n == 0 {
                title(t("Constats", "Findings"), lang, out)?;
            }
            finding.tell(&self.row.name, lang, out)?;
        }
        let documents = self.documents.iter().map(|d| {
            let status = status_label(&d.status, lang);
            vec![d.piece.clone(), cell(&d.cadre), cell(&d.number), status, cell(&d.member)]
        });
        part(t("Pièces", "Pièces"), documents.collect(), lang, out)?;
        let sent = self.sent.iter().map(|s| vec![s.at.clone(), s.partner.clone(), s.tray.clone(), s.name.clone()]);
        part(t("Renvoyé", "Sent back"), sent.collect(), lang, out)?;
        let mut trail: Vec<Vec<String>> = self.trail.iter().map(|step| step.cells().into()).collect();
        // The decision is in the row already; what came after it is told.
        if trail.len() > 1 {
            trail.insert(0, TRAIL.iter().map(|title| out.bold(title.get(lang))).collect());
            part(t("Histoire", "Trail"), trail, lang, out)?;
        }
        Ok(())
    }
}

fn status_label(status: &str, lang: Lang) -> String {
    status.parse::<crate::lifecycle::Statut>().map_or_else(|_| status.to_owned(), |s| s.label().get(lang).to_owned())
}

fn title(title: Text, lang: Lang, out: &mut Out) -> io::Result<()> {
    let title = out.bold(title.get(lang));
    writeln!(out, "\n{title}")
}

/// A part of what is told, under its title; nothing where there is nothing.
pub fn part(name: Text, lines: Vec<Vec<String>>, lang: Lang, out: &mut Out) -> io::Result<()> {
    let Some(first) = lines.first() else { return Ok(()) };
    title(name, lang, out)?;
    let mut grid = Grid::new(vec![Side::Left; first.len()], out.columns);
    for line in lines {
        grid.line(line, out)?;
    }
    grid.flush(out)
}

#[rustfmt::skip]
static TITLES: [Text; 19] = [
    // as the columns of `flows`
    t("flux", "flow"),               t("partenaire", "partner"),      t("mode", "mode"),
    t("nom", "name"),                t("état", "state"),              t("syntaxe", "syntax"),
    t("octets", "bytes"),            t("SHA-256", "SHA-256"),         t("reçu", "received"),
    t("traité", "decided"),          t("pièces lues", "pièces read"), t("acceptées", "accepted"),
    t("erreurs", "errors"),          t("avertissements", "warnings"), t("répète", "repeats"),
    t("compte rendu", "report"),     t("classé sous", "filed under"), t("version des règles", "version of the rules"),
    t("épuré le", "pruned"),
];
