//! What someone asks to be done to a pièce: by a command, or by a life-cycle flow (CPPStatut), whose reader this is. A
//! status in such a flow asks for the act that causes it.

use crate::facts::{self, Facts};
use crate::lifecycle::Statut;
use crate::lifecycle::acts::{Act, Datum, Motif};
use crate::rules::{Finding, Place, legible};
use crate::text::Shown;
use crate::xml::{Doc, NodeId, trim};
use chrono::NaiveDate;
use std::ops::Range;

/// An act, asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// On which pièce.
    pub piece: Which,
    /// What.
    pub what: What,
    /// Why, as a code, as written.
    pub motif: Option<String>,
    /// Why, in words.
    pub comment: Option<String>,
    /// Who says that it acts: a structure.
    pub by: Option<String>,
    /// What is corrected.
    pub set: Vec<(Datum, String)>,
    /// What is added to the pièce.
    pub attached: Vec<Attached>,
    /// Where it is asked; none: by a command.
    pub place: Option<Place>,
}

impl Asked {
    /// How a sentence calls it: what, and on which pièce.
    pub fn shown(&self) -> String {
        format!("{} {}", self.what.shown(), self.piece.shown())
    }
}

/// A file that is added to a pièce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Which pièce is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// By guichet's own id.
    Id(String),
    /// By its supplier and its number.
    Numbered {
        /// 1 to 7, where it is said.
        kind: Option<u8>,
        /// The supplier's identifier.
        supplier: String,
        /// Its number.
        number: String,
        /// Its date, where it is said.
        issued: Option<NaiveDate>,
    },
}

impl Which {
    /// How a sentence calls it.
    pub fn shown(&self) -> String {
        match self {
            Which::Id(id) => Shown(id).to_string(),
            Which::Numbered { supplier, number, .. } => format!("{}/{}", Shown(supplier), Shown(number)),
        }
    }

    /// Whether a pièce is the one that is meant; what either does not say does not count.
    pub fn fits(&self, id: &str, facts: &Facts) -> bool {
        match self {
            Which::Id(own) => own == id,
            Which::Numbered { kind, supplier, number, issued } => {
                facts.number.as_ref() == Some(number)
                    && facts.supplier_id.as_ref() == Some(supplier)
                    && kind.is_none_or(|kind| facts.supplier_type.is_none_or(|own| own == kind))
                    && issued.is_none_or(|day| facts.issued.is_none_or(|own| own == day))
            }
        }
    }

    /// The keys that its supplier may have in the ledger ([`Facts::supplier_key`]); empty where it is called by its id.
    pub fn supplier_keys(&self) -> Vec<String> {
        match self {
            Which::Id(_) => Vec::new(),
            Which::Numbered { kind, supplier, .. } => {
                let kinds = kind.map_or(1..=7, |kind| kind..=kind);
                kinds.map(|kind| facts::supplier_key(kind, supplier)).collect()
            }
        }
    }

    /// The number that it is called by.
    pub fn number(&self) -> Option<&str> {
        match self {
            Which::Id(_) => None,
            Which::Numbered { number, .. } => Some(number),
        }
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An act by its own word.
    Act(Act),
    /// The act that causes this status.
    Status(Statut),
    /// The act that causes the status of this number, whichever it is here.
    Number(u8),
}

impl What {
    /// How a sentence calls it.
    pub fn shown(self) -> String {
        match self {
            What::Act(act) => act.word().to_owned(),
            What::Status(status) => status.code().to_owned(),
            What::Number(number) => format!("IdStatut {number:02}"),
        }
    }
}

/// One unit of a life-cycle flow: the act that it asks for, or what it lacks.
#[derive(Debug)]
pub struct Unit {
    /// The act; none: it cannot be read.
    pub asked: Option<Asked>,
    /// What was found of it, among the findings of its document.
    pub findings: Range<usize>,
    /// What was done; none: nothing.
    pub done: Option<Done>,
}

/// An act that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The pièce.
    pub piece: String,
    /// The status that it has now.
    pub status: Statut,
}

/// Reads the acts of a life-cycle flow, in order; what cannot be read of one is a finding and costs the others nothing.
///
/// # Errors
/// It asks for no act at all.
pub fn read(doc: &Doc) -> Result<(Vec<Unit>, Vec<Finding>), Box<Finding>> {
    let root = doc.root();
    if let Some(report) = child(doc, root, "CPPFluxStatuts") {
        return Err(Box::new(legible::report_not_acts(doc.place(report))));
    }
    let lists = doc.children(root).filter(|n| doc.local(*n) == "CPPFactureStatuts");
    let all = lists.flat_map(|list| doc.children(list)).filter(|n| doc.local(*n) == "CPPFactureStatutUnitaire");
    let (mut units, mut findings) = (Vec::new(), Vec::new());
    for node in all {
        let start = findings.len();
        let asked = match one(doc, node) {
            Ok(asked) => Some(asked),
            Err(lacking) => {
                findings.extend(lacking);
                None
            }
        };
        units.push(Unit { asked, findings: start..findings.len(), done: None });
    }
    if units.is_empty() {
        return Err(Box::new(legible::no_acts(doc.place(root))));
    }
    Ok((units, findings))
}

/// One unit; or everything that it lacks.
fn one(doc: &Doc, unit: NodeId) -> Result<Asked, Vec<Finding>> {
    let mut lacking = Vec::new();
    let data = child(doc, unit, "DonneesStatut");
    let text = |parent: Option<NodeId>, name: &str| {
        parent.and_then(|parent| child(doc, parent, name)).map(|n| trim(doc.text(n))).filter(|t| !t.is_empty())
    };
    let seller = child(doc, unit, "Fournisseur");
    let mut need = |found: Option<&str>, name: &'static str| {
        match found {
            None => lacking.push(legible::act_lacks(name, doc.place(unit))),
            // Each finding and the report show it: what is longer is no identifier or number of anybody's.
            Some(text) if text.chars().nth(LONGEST).is_some() => {
                lacking.push(legible::act_long(name, text, LONGEST, doc.place(unit)));
            }
            Some(_) => {}
        }
        found.unwrap_or_default().to_owned()
    };
    let supplier = need(text(seller, "Identifiant"), "Fournisseur/Identifiant");
    let number = need(text(data, "IdFacture"), "DonneesStatut/IdFacture");
    let kind = text(seller, "TypeIdentifiant").and_then(|t| t.parse().ok());
    let (code, id) = (text(data, "ComplementStatut"), text(data, "IdStatut"));
    let what = match (code, id) {
        (None, None) => {
            need(None, "DonneesStatut/IdStatut");
            None
        }
        (Some(code), _) => code.parse().ok().map(What::Status),
        (None, Some(id)) => id.parse().ok().filter(|n| is_number(*n)).map(What::Number),
    };
    if let (None, Some(word)) = (what, code.or(id)) {
        lacking.push(legible::no_status(word, doc.place(data.unwrap_or(unit))));
    }
    let issued = text(data, "DateFacture");
    let day = issued.and_then(|d| d.get(..10).and_then(|d| d.parse().ok()));
    if let (Some(wrong), None) = (issued, day) {
        lacking.push(legible::act_date(wrong, doc.place(data.unwrap_or(unit))));
    }
    let Some(what) = what.filter(|_| lacking.is_empty()) else { return Err(lacking) };
    let (motif, comment) = text(data, "Commentaire").map_or((None, None), worded);
    let by = data.and_then(|d| child(doc, d, "Producteur")).and_then(|p| doc.attribute(p, "Id"));
    Ok(Asked {
        piece: Which::Numbered { kind, supplier, number, issued: day },
        what,
        motif,
        comment,
        by: by.map(trim).filter(|id| !id.is_empty()).map(str::to_owned),
        set: Vec::new(),
        attached: Vec::new(),
        place: Some(doc.place(unit)),
    })
}

/// Whether a number is that of a status: of one that guichet sends, or of one that is known and never asked for.
fn is_number(number: u8) -> bool {
    const NEVER_SENT: [u8; 6] = [2, 22, 34, 35, 39, 40];
    NEVER_SENT.contains(&number) || Statut::ALL.iter().any(|status| status.number() == Some(number))
}

/// Characters of a supplier's identifier or of a pièce's number at most, in an act.
const LONGEST: usize = 100;

fn child(doc: &Doc, parent: NodeId, name: &str) -> Option<NodeId> {
    doc.children(parent).find(|n| doc.local(*n) == name)
}

/// `MOTIF: comment`, or either of them. A motif is one that is known, or looks like one: capitals, digits, underscores.
fn worded(text: &str) -> (Option<String>, Option<String>) {
    let capitals = |word: &str| word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let is_motif = |word: &str| word.parse::<Motif>().is_ok() || word.contains('_') && capitals(word);
    let (motif, rest) = match text.split_once(':') {
        Some((motif, rest)) if is_motif(trim(motif)) => (Some(trim(motif)), trim(rest)),
        None if is_motif(text) => (Some(text), ""),
        _ => (None, text),
    };
    let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    (motif.and_then(own), own(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_may_begin_with_its_motif() {
        let own = |text: &str| Some(text.to_owned());
        for (text, motif, comment) in [
            ("AUTRE: il manque le métré", own("AUTRE"), own("il manque le métré")),
            ("MAUVAISE_MOE", own("MAUVAISE_MOE"), None),
            ("MAUVAISE_MOE :", own("MAUVAISE_MOE"), None),
            ("Voir : le métré", None, own("Voir : le métré")),
            ("RAS", None, own("RAS")),
            ("PJ1: le métré", None, own("PJ1: le métré")),
            ("PARCE_QUE: non", own("PARCE_QUE"), own("non")),
            ("à 12:30", None, own("à 12:30")),
        ] {
            assert_eq!(worded(text), (motif, comment), "{text}");
        }
    }
}
