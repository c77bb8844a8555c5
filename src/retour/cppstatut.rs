//! CPPStatut, the format that EDI partners of Chorus Pro already read (`schemas/cppstatut.xsd` is its shape): an
//! envelope, then either what became of one flow or what happened to pièces.

use super::Addressee;
use super::markup::{Markup, length};
use crate::clock::Instant;
use crate::config::Platform;
use crate::decision::Outcome;
use crate::judge::Facts;
use crate::lifecycle::Statut;
use crate::msg;
use crate::rules::{Finding, Severity};
use crate::text::{Lang, Msg, Shown, Text, counted, t};
use chrono::{Datelike, NaiveDate};
use std::sync::Arc;

/// Who sends a flow to whom, when, under which name.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The outbound flow's own name, which is its id.
    pub name: &'a str,
    /// When it was rendered: the batch's instant.
    pub at: Instant,
    /// Who sends it.
    pub from: &'a Platform,
    /// Whom it is for.
    pub to: Addressee<'a>,
}

/// What became of a deposit.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The deposit's flow id.
    pub flow: &'a str,
    /// Its file's name as it was dropped.
    pub file: &'a str,
    /// What became of it.
    pub outcome: Outcome,
    /// Of a duplicate: the flow that it repeats.
    pub first: Option<&'a str>,
    /// What was found of the file as a whole.
    pub findings: &'a [Finding],
    /// Its documents and acts: one of a plain file, the members of an archive, each act of a life-cycle flow.
    pub documents: &'a [Reported<'a>],
}

/// What became of a document of a deposit, or of one act in it.
#[derive(Clone, Debug)]
pub struct Reported<'a> {
    /// Its name in the archive.
    pub member: Option<&'a str>,
    /// The name of the XML embedded in it, where it is a PDF.
    pub embedded: Option<&'a str>,
    /// Of an act: what it asks for, on which pièce.
    pub act: Option<String>,
    /// The pièce that it made, accepted or refused; of an act, the pièce that has moved.
    pub piece: Option<&'a str>,
    /// That pièce's number as it is written.
    pub number: Option<&'a str>,
    /// Whether it is accepted, or done.
    pub accepted: bool,
    /// Everything that was found, errors and warnings.
    pub findings: &'a [Finding],
}

/// Who caused an event, and why.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cause<'a> {
    /// The structure that acted; none: guichet.
    pub by: Option<&'a str>,
    /// Why, as a code.
    pub motif: Option<&'a str>,
    /// Why, in words.
    pub comment: Option<&'a str>,
}

/// One event of a pièce, rendered once for all whom it is told to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusUnit(String);

impl StatusUnit {
    /// Renders an event. `None`: the status is never sent, or the pièce lacks what the format demands: the supplier's
    /// type, identifier and name, a debtor of 14 characters, a number. The integration report then tells alone.
    pub fn new(facts: &Facts, status: Statut, at: Instant, cause: &Cause<'_>, from: &Platform) -> Option<StatusUnit> {
        let number = status.number()?;
        let kind = facts.supplier_type.filter(|kind| (1..=7).contains(kind))?;
        let (supplier, name) = (present(&facts.supplier_id)?, present(&facts.supplier_name)?);
        let debtor = present(&facts.destinataire).filter(|siret| length(siret) == SIRET)?;
        let invoice = present(&facts.number)?;

        let mut m = Markup::default();
        m.open("Fournisseur");
        m.text("TypeIdentifiant", &kind.to_string());
        m.text("Identifiant", supplier);
        m.text("RaisonSociale", name);
        m.close("Fournisseur");
        m.open("Debiteur");
        m.text("TypeIdentifiant", "1");
        m.text("Identifiant", debtor);
        m.text_if("Nom", present(&facts.destinataire_name));
        // A longer code is no Chorus Pro service; cut, it might be another's.
        m.text_if("CodeService", present(&facts.service).filter(|code| length(code) <= LONGEST_SERVICE));
        m.close("Debiteur");
        m.open("DonneesStatut");
        m.text("IdStatut", &format!("{number:02}"));
        m.text("ComplementStatut", status.code());
        m.text_if("Commentaire", cause.says().as_deref());
        m.text("Horodatage", &at.rfc3339());
        m.empty_with("Producteur", "Id", cause.by.unwrap_or_else(|| signature(from)));
        m.text("IdFacture", invoice);
        m.text_if("DateFacture", facts.issued.and_then(xs_date).as_deref());
        m.close("DonneesStatut");
        Some(StatusUnit(m.finish()))
    }
}

impl Cause<'_> {
    /// `MOTIF: comment`, or the one of them that there is.
    fn says(&self) -> Option<String> {
        match (self.motif, self.comment) {
            (Some(motif), Some(comment)) => Some(format!("{motif}: {comment}")),
            (one, other) => one.or(other).map(str::to_owned),
        }
    }
}

/// Characters of a debtor's identifier: a SIRET's.
const SIRET: usize = 14;
/// Characters of a service's code at most.
const LONGEST_SERVICE: usize = 100;

fn present(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.trim().is_empty())
}

/// By what the platform signs what it causes itself: its SIRET, as structures do, else its application code.
fn signature(platform: &Platform) -> &str {
    platform.siret.as_deref().unwrap_or(&platform.app_code)
}

/// A day as XML Schema writes it; years that have not four digits are left out rather than written wrongly.
fn xs_date(day: NaiveDate) -> Option<String> {
    (1..=9999).contains(&day.year()).then(|| day.format("%Y-%m-%d").to_string())
}

/// A life-cycle flow: everything that one partner is told of one batch, in order of events.
pub fn statuses(envelope: &Envelope<'_>, units: &[Arc<StatusUnit>]) -> Vec<u8> {
    let mut m = begin(envelope);
    m.open_with("CPPFactureStatuts", "compteur", units.len());
    for (n, unit) in (1..).zip(units) {
        m.open_with("CPPFactureStatutUnitaire", "NumOrdre", n);
        m.raw(&unit.0);
        m.close("CPPFactureStatutUnitaire");
    }
    m.close("CPPFactureStatuts");
    end(m)
}

/// The integration report of a deposit: whether it was integrated, and everything that was found, warnings too.
pub fn report(envelope: &Envelope<'_>, report: &Report<'_>) -> Vec<u8> {
    let lang = envelope.to.lang;
    let mut m = begin(envelope);
    m.open_with("CPPFluxStatuts", "compteur", 1);
    m.open_with("CPPFluxStatutUnitaire", "NumOrdre", 1);
    m.open("DonneesStatut");
    m.text("IdStatut", result(report.outcome));
    m.text("ComplementStatut", &complement(report));
    m.text("Commentaire", &comment(report, lang));
    m.text("Horodatage", &envelope.at.rfc3339());
    m.text("IdFlux", report.flow);
    let of_file = report.findings.iter().map(|finding| (None, finding));
    let of_documents = report.documents.iter().flat_map(|d| d.findings.iter().map(move |finding| (Some(d), finding)));
    let lines: Vec<(Option<&Reported<'_>>, &Finding)> = of_file.chain(of_documents).collect();
    if !lines.is_empty() {
        m.open_with("Details", "NbLignesErreur", lines.len());
        for (n, (document, finding)) in (1..).zip(lines) {
            m.open_with("LigneErreurDetail", "IdLigne", n);
            m.text("NatureErreur", finding.layer.name());
            m.text("CodeErreur", finding.rule);
            m.text("LibelleErreur", finding.message.get(lang));
            m.text("DescriptionErreur", &describe(report, document, finding, lang));
            m.close("LigneErreurDetail");
        }
        m.close("Details");
    }
    m.close("DonneesStatut");
    m.close("CPPFluxStatutUnitaire");
    m.close("CPPFluxStatuts");
    end(m)
}

/// 90: all of it is integrated; 96: a part; 93: nothing.
fn result(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "90",
        Outcome::Partial => "96",
        Outcome::Refused | Outcome::Held | Outcome::Duplicate => "93",
    }
}

/// What became of it in a word, then the pièce, or how many of them, or of a duplicate the first flow: `accepted p-…`,
/// `partial 3/4`. Within 40 characters.
fn complement(report: &Report<'_>) -> String {
    let word = report.outcome.name();
    let more = match report.documents {
        [only] if only.member.is_none() => only.piece.map(str::to_owned),
        [] => report.first.map(str::to_owned),
        all => Some(format!("{}/{}", all.iter().filter(|d| d.accepted).count(), all.len())),
    };
    let both = more.map(|more| format!("{word} {more}"));
    both.filter(|both| length(both) <= LONGEST_COMPLEMENT).unwrap_or_else(|| word.to_owned())
}

/// Characters of a complement at most, in a report.
const LONGEST_COMPLEMENT: usize = 40;

/// The file as it was dropped, and what became of it; of an archive, a line for each member.
fn comment(report: &Report<'_>, lang: Lang) -> String {
    let file = Shown(report.file);
    let (n, of) = (report.documents.iter().filter(|d| d.accepted).count(), report.documents.len());
    let acts = report.documents.iter().filter(|d| d.act.is_some()).count();
    let named = msg!("fichier « {file} » : ", "file \"{file}\": ");
    let pieces = |n| counted(n, ["pièce acceptée", "pièces acceptées"], ["pièce accepted", "pièces accepted"]);
    let done = |n| counted(n, ["acte fait", "actes faits"], ["act done", "acts done"]);
    let says = match report.outcome {
        Outcome::Accepted if acts == 1 && of == 1 => {
            msg!("fichier « {file} » : acte fait", "file \"{file}\": act done")
        }
        Outcome::Accepted if acts == of => {
            msg!("fichier « {file} » : {of} actes, tous faits", "file \"{file}\": {of} acts, all done")
        }
        Outcome::Accepted if acts > 0 => {
            named + pieces(of - acts) + Msg::same(", ") + done(acts) + msg!(", rien de refusé", ", nothing refused")
        }
        Outcome::Accepted if report.documents.iter().any(|d| d.member.is_some()) => {
            let all = ["pièce, acceptée", "pièces, toutes acceptées"];
            named + counted(n, all, ["pièce, accepted", "pièces, all accepted"])
        }
        Outcome::Accepted => msg!("fichier « {file} » : pièce acceptée", "file \"{file}\": pièce accepted"),
        Outcome::Partial => {
            let taken = if acts == of {
                done(n)
            } else if acts > 0 {
                let both = ["pièce ou acte intégré", "pièces et actes intégrés"];
                counted(n, both, ["pièce or act integrated", "pièces and acts integrated"])
            } else {
                pieces(n)
            };
            named
                + taken
                + msg!(
                    " sur {of} ; corrigez le reste et déposez-le à nouveau, seul",
                    " of {of}; mend the rest and drop it again, alone"
                )
        }
        Outcome::Refused => msg!(
            "fichier « {file} » : refusé, rien n'est intégré ; corrigez-le et déposez-le à nouveau",
            "file \"{file}\": refused, nothing is integrated; mend it and drop it again"
        ),
        Outcome::Held => msg!(
            "fichier « {file} » : rien n'est intégré ; il est gardé pour un opérateur",
            "file \"{file}\": nothing is integrated; it is kept for an operator"
        ),
        Outcome::Duplicate => {
            let first = report.first.unwrap_or_default();
            msg!(
                "fichier « {file} » : déjà déposé, flux {first} ; rien n'est changé",
                "file \"{file}\": dropped before, flow {first}; nothing is changed"
            )
        }
    };
    let mut lines = vec![says.get(lang).to_owned()];
    for document in report.documents {
        let piece = document.piece.unwrap_or("–");
        let inside = document.member.map(|member| format!("!{}", Shown(member)));
        let says = match (&document.act, inside) {
            (Some(act), inside) => {
                let (inside, act) = (inside.unwrap_or_default(), Shown(act));
                match document.accepted {
                    true => msg!("{file}{inside} : {act} : fait, {piece}", "{file}{inside}: {act}: done, {piece}"),
                    false => msg!("{file}{inside} : {act} : refusé", "{file}{inside}: {act}: refused"),
                }
            }
            (None, Some(inside)) => {
                let number = document.number.map(|n| format!(" ({})", Shown(n))).unwrap_or_default();
                match document.accepted {
                    true => {
                        msg!("{file}{inside} : acceptée, {piece}{number}", "{file}{inside}: accepted, {piece}{number}")
                    }
                    false => msg!("{file}{inside} : refusée{number}", "{file}{inside}: refused{number}"),
                }
            }
            (None, None) => continue,
        };
        lines.push(says.get(lang).to_owned());
    }
    lines.join("\n")
}

#[rustfmt::skip] // what a line of a finding begins with
mod label {
    use super::{Text, t};
    pub const SEVERITY: Text = t("gravité",   "severity");
    pub const ERROR:    Text = t("erreur",    "error");
    pub const WARNING:  Text = t("avertissement, ne refuse pas la pièce", "warning, does not refuse the pièce");
    pub const FILE:     Text = t("fichier",   "file");
    pub const PIECE:    Text = t("pièce",     "pièce");
    pub const PLACE:    Text = t("endroit",   "place");
    pub const LINE:     Text = t("ligne",     "line");
    pub const COLUMN:   Text = t("colonne",   "column");
    pub const FOUND:    Text = t("trouvé",    "found");
    pub const EXPECTED: Text = t("attendu",   "expected");
    pub const HELP:     Text = t("que faire", "help");
}

/// How serious, where, what stands there, what should, what to do: a line each, nothing cut. What comes from outside is
/// shown on its own line whatever it holds, so that it cannot pass for another.
fn describe(report: &Report<'_>, document: Option<&Reported<'_>>, finding: &Finding, lang: Lang) -> String {
    let severity = match finding.severity {
        Severity::Error => label::ERROR,
        Severity::Warning => label::WARNING,
    };
    let place = finding.place.as_ref().map(|place| {
        let (line, column) = (label::LINE.get(lang), label::COLUMN.get(lang));
        let path = if place.path.is_empty() { String::new() } else { format!(", {}", place.path) };
        format!("{line} {}, {column} {}{path}", place.line, place.column)
    });
    let inside = document.into_iter().flat_map(|d| [d.member, d.embedded]).flatten();
    let file = inside.fold(report.file.to_owned(), |file, part| format!("{file}!{part}"));
    #[rustfmt::skip]
    let lines = [
        (label::SEVERITY, Some(severity.get(lang))),
        (label::FILE,     Some(&file)),
        (label::PIECE,    document.and_then(|d| d.number)),
        (label::PLACE,    place.as_deref()),
        (label::FOUND,    finding.found.as_deref()),
        (label::EXPECTED, finding.expected.as_ref().map(|m| m.get(lang))),
        (label::HELP,     Some(finding.help.get(lang))),
    ];
    let colon = match lang {
        Lang::Fr => " : ",
        Lang::En => ": ",
    };
    let lines = lines.iter().filter_map(|(label, text)| text.map(|text| (label, text)));
    let lines = lines.filter(|(_, text)| !text.is_empty());
    lines.map(|(label, text)| format!("{}{colon}{}", label.get(lang), Shown(text))).collect::<Vec<_>>().join("\n")
}

/// The envelope: when and under which id (DtPrd, IdFlx), for whom and by whom.
fn begin(envelope: &Envelope<'_>) -> Markup {
    let mut m = Markup::default();
    m.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    m.open_with("CPPStatut", "Version", VERSION);
    m.open("Enveloppe");
    m.open_with("EnveloppeUnitaire", "NumOrdre", 1);
    m.open("Parametres");
    for (n, code, value) in [("0001", "DtPrd", &*envelope.at.rfc3339()), ("0002", "IdFlx", envelope.name)] {
        m.open_with("ParametreIndiv", "NumOrdre", n);
        m.text("Code", code);
        m.text("Valeurparametre", value);
        m.close("ParametreIndiv");
    }
    m.close("Parametres");
    m.open("Partenaires");
    for (element, id, name) in [
        ("Recepteur", envelope.to.app_code, envelope.to.name),
        ("Emetteur", &*envelope.from.app_code, &*envelope.from.name),
    ] {
        m.open(element);
        m.text("Id", id);
        m.text_if("Libelle", Some(name));
        m.close(element);
    }
    m.close("Partenaires");
    m.close("EnveloppeUnitaire");
    m.close("Enveloppe");
    m
}

/// The version of the format.
const VERSION: &str = "1.19";

fn end(mut m: Markup) -> Vec<u8> {
    m.close("CPPStatut");
    m.finish().into_bytes()
}
