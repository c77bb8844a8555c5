//! Layer *en16931*: the business rules of EN 16931, with the verdict of the official artefacts, rule for rule.
//!
//! A rule is said once, of terms and groups that [`bind`] binds to both syntaxes; a row says what is asked of which
//! group (most rows are of a few kinds, see [`Ask`]). The official *test* of a rule is the authority, not its sentence:
//! where the test of one syntax does something else, a row or a line beside it says so. One pass over the document
//! finds, for each element, the rows that ask something of it; what several rules count is counted once ([`sums`]).

mod allowances;
mod bind;
mod codes;
mod decimals;
mod document;
mod double;
mod fragments;
mod lines;
mod lists;
mod parties;
mod payment;
mod register;
mod sites;
mod subset_cii;
mod subset_ubl;
mod sums;
mod syntax;
mod texts;
mod totals;
mod vat;
mod view;

pub use fragments::{Fragment, fragments};
pub use register::{RULES, is_of_subset, paths};

use super::{Context, Finding, Findings, MOST_OF_RULE};
use crate::config::En16931;
use crate::msg;
use crate::piece::{Piece, Syntax};
use crate::text::{Msg, Shown, Text};
use crate::xml::{Doc, NodeId};
use bind::{Group, TABLES, Term};
use foldhash::{HashMap, HashMapExt};
use register::Severity;
pub use sites::Sites;
pub use texts::Words;
use view::{At, Fault, Name, View};

/// The version of the official artefacts that these rules follow.
pub const ARTEFACTS: &str = "1.3.16";

/// What a document says of itself that declares EN 16931 (BT-24).
const DECLARED: &str = "urn:cen.eu:en16931:2017";

/// What a row asks of an element of its group.
#[derive(Clone, Copy)]
pub enum Ask {
    /// One of these is there, be it empty.
    Has(&'static [&'static Term]),
    /// One of these says something.
    Says(&'static [&'static Term]),
    /// It has two decimals at most.
    Decimals(&'static Term),
    /// Its first has two decimals at most.
    FirstDecimals(&'static Term),
    /// Something of its own, of these terms.
    Check(fn(At<'_, '_>) -> Told, &'static [&'static Term]),
    /// Some rules of the family of a VAT category, which it tells by name.
    Family(fn(At<'_, '_>, &mut Tell<'_>)),
    /// Nothing: the official test always holds.
    Nothing,
}

/// A rule, and what it asks of which group in UBL and in CII.
pub struct Row {
    /// `BR-CO-10`.
    pub id: &'static str,
    /// In UBL.
    pub ubl: Option<(&'static Group, Ask)>,
    /// In CII.
    pub cii: Option<(&'static Group, Ask)>,
}

/// A row that asks the same in both syntaxes.
pub const fn both(id: &'static str, group: &'static Group, ask: Ask) -> Row {
    Row { id, ubl: Some((group, ask)), cii: Some((group, ask)) }
}

/// A row whose tests differ.
pub const fn each(id: &'static str, group: &'static Group, ubl: Ask, cii: Ask) -> Row {
    Row { id, ubl: Some((group, ubl)), cii: Some((group, cii)) }
}

/// A row of UBL alone.
pub const fn ubl(id: &'static str, group: &'static Group, ask: Ask) -> Row {
    Row { id, ubl: Some((group, ask)), cii: None }
}

/// A row of CII alone.
pub const fn cii(id: &'static str, group: &'static Group, ask: Ask) -> Row {
    Row { id, ubl: None, cii: Some((group, ask)) }
}

/// Whether a rule holds, and if not, what is wrong.
pub type Told = Result<(), Box<Broken>>;

/// What is wrong.
#[derive(Debug, Default)]
pub struct Broken {
    at: Option<NodeId>,
    attribute: Option<&'static str>,
    message: Msg,
    found: Option<String>,
    expected: Option<Msg>,
    /// What to do, where that is another thing than what the rule says.
    help: Option<Msg>,
}

/// A rule that does not hold.
pub fn broken(message: Msg) -> Box<Broken> {
    Box::new(Broken { message, ..Broken::default() })
}

impl Broken {
    /// Where; else the element that was asked.
    pub fn at(mut self: Box<Broken>, at: Option<At<'_, '_>>) -> Box<Broken> {
        self.at = at.map(|at| at.node).or(self.at);
        self
    }

    /// At which attribute.
    pub fn attribute(mut self: Box<Broken>, name: &'static str) -> Box<Broken> {
        self.attribute = Some(name);
        self
    }

    /// What stands there.
    pub fn found(mut self: Box<Broken>, found: impl Into<String>) -> Box<Broken> {
        self.found = Some(found.into());
        self
    }

    /// What should.
    pub fn expected(mut self: Box<Broken>, expected: Msg) -> Box<Broken> {
        self.expected = Some(expected);
        self
    }
}

impl From<Fault> for Box<Broken> {
    fn from(fault: Fault) -> Box<Broken> {
        let (message, expected, help, at) = match fault {
            Fault::Repeated(at) => (
                msg!("donné deux fois, là où il n'y en a qu'un", "given twice, where there is one"),
                msg!("une seule fois", "once"),
                msg!("n'en gardez qu'un", "keep one of them"),
                at,
            ),
            Fault::NoNumber(at) => (
                msg!(
                    "la règle compte avec cette valeur, qui n'est pas un nombre",
                    "the rule counts with this value, which is no number"
                ),
                msg!("un nombre décimal, comme 1234.50", "a decimal number, like 1234.50"),
                msg!(
                    "écrivez des chiffres et un point, sans espace, virgule, exposant ni devise",
                    "write digits and a point, without spaces, commas, exponent or currency"
                ),
                at,
            ),
            Fault::NoDay(at) => (
                msg!(
                    "la règle compare cette date, qui n'est pas un jour du calendrier",
                    "the rule compares this date, which is no day of the calendar"
                ),
                msg!("un jour comme 2026-03-31", "a day like 2026-03-31"),
                msg!("écrivez un jour du calendrier : AAAA-MM-JJ", "write a day of the calendar: YYYY-MM-DD"),
                at,
            ),
            Fault::TooLarge(at) => (
                msg!(
                    "la règle compte avec cette valeur, et le calcul a trop de chiffres",
                    "the rule counts with this value, and the calculation has too many digits"
                ),
                msg!("28 chiffres au plus", "28 digits at most"),
                msg!("donnez moins de chiffres", "give fewer digits"),
                at,
            ),
        };
        let mut broken = broken(message).expected(expected);
        broken.at = Some(at);
        broken.help = Some(help);
        // The value itself, which is told where the document is at hand.
        broken.found = Some(String::new());
        broken
    }
}

/// Where the rows of VAT families tell what is broken, by the name of the rule.
pub struct Tell<'t> {
    out: &'t mut dyn FnMut(&'static str, Box<Broken>),
}

impl Tell<'_> {
    /// Tells what came of a rule.
    pub fn of(&mut self, id: &'static str, told: Told) {
        if let Err(broken) = told {
            (self.out)(id, broken);
        }
    }
}

/// How findings are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Errors,
    Warnings,
}

/// Judges a pièce by EN 16931, if it is to be judged so: where it declares it, or where someone asks for it.
pub fn judge(piece: &Piece<'_>, context: &Context<'_>, findings: &mut Findings) {
    let declared = || piece.specification.is_some_and(|s| s.text.starts_with(DECLARED));
    let manner = match context.config.rules.en16931 {
        En16931::Always => Manner::Errors,
        En16931::Enforce if declared() => Manner::Errors,
        En16931::Advise if declared() => Manner::Warnings,
        _ => return,
    };
    judge_document(piece.doc, piece.syntax != Syntax::Cii, manner, findings);
}

/// What was found: of each rule so many as are told, and how many there were.
struct Found {
    list: Vec<(u16, Finding)>,
    counts: HashMap<u16, usize>,
    manner: Manner,
}

impl Found {
    fn tell(&mut self, rule: u16, at: At<'_, '_>, broken: Broken) {
        let count = self.counts.entry(rule).or_insert(0);
        *count += 1;
        if *count > MOST_OF_RULE {
            return;
        }
        let rule_of = register::told(rule);
        let doc = at.view.doc;
        let node = broken.at.unwrap_or(at.node);
        let place = broken.attribute.map_or_else(|| doc.place(node), |name| doc.attribute_place(node, name));
        let mut finding = rule_of.finding(broken.message).at(Some(place));
        if let Some(found) = broken.found {
            let found = if found.is_empty() { at.to(node).text().to_owned() } else { found };
            finding = finding.found(Shown(&found).to_string());
        }
        finding.expected = broken.expected;
        if let Some(help) = broken.help {
            finding = finding.help(help);
        }
        let fatal = register::severity(rule, at.view.ubl) == Severity::Fatal;
        if self.manner == Manner::Warnings || !fatal {
            finding = finding.warn();
        }
        self.list.push((rule, finding));
    }
}

fn judge_document(doc: &Doc, is_ubl: bool, manner: Manner, findings: &mut Findings) {
    let view = View::new(doc, is_ubl);
    let mut found = Found { list: Vec::new(), counts: HashMap::new(), manner };
    TABLES.sites.ask(&view, &mut found);
    if is_ubl {
        syntax::attributes(&view, &mut |id, at, broken| found.tell(register::number(id), at, *broken));
    }
    if !view.is_whole() {
        found.list.clear();
        found.counts.clear();
        let root = view.root();
        let message = msg!(
            "ce document répète tant d'éléments que ses règles n'ont pu être jugées",
            "this document repeats so many elements that its rules could not be judged"
        );
        found.tell(register::number("EN-02"), root, *broken(message));
    }
    // In the order of the catalogue; of one rule, in that of the document.
    found.list.sort_by_key(|(rule, _)| *rule);
    let mut list = found.list.into_iter().peekable();
    while let Some((rule, finding)) = list.next() {
        findings.push(finding);
        if list.peek().is_none_or(|(next, _)| *next != rule) {
            findings.unseen(found.counts[&rule].saturating_sub(MOST_OF_RULE));
            findings.end_of(register::told(rule));
        }
    }
}

impl Ask {
    fn of(&self, at: At<'_, '_>) -> Told {
        match self {
            Ask::Has(terms) if terms.iter().any(|term| at.has(term)) => Ok(()),
            Ask::Has(terms) => Err(missing(at, terms)),
            Ask::Says(terms) => {
                for term in *terms {
                    if at.says(term)? {
                        return Ok(());
                    }
                }
                Err(missing(at, terms))
            }
            Ask::Decimals(term) => decimals::two(at.one(term)?, term),
            Ask::FirstDecimals(term) => decimals::two(at.first(term), term),
            Ask::Check(check, _) => check(at),
            Ask::Family(_) | Ask::Nothing => Ok(()),
        }
    }
}

/// A term that should be there.
pub fn missing(at: At<'_, '_>, terms: &[&Term]) -> Box<Broken> {
    let written: Vec<&str> = terms.iter().map(|t| t.written(at.view.ubl)).filter(|w| !matches!(*w, "" | ".")).collect();
    let term = terms[0];
    let (id, Text { fr, en }) = (term.id, term.says);
    let empty = terms.iter().find_map(|t| at.first(t));
    let message = if empty.is_some_and(|e| e.node != at.node) {
        msg!("{id} est vide : {fr}", "{id} is empty: {en}")
    } else if id.is_empty() {
        msg!("il manque : {fr}", "missing: {en}")
    } else {
        msg!("{id} manque : {fr}", "{id} is missing: {en}")
    };
    let broken = broken(message).at(empty);
    if written.is_empty() { broken } else { broken.expected(Msg::same(written.join(" | ").replace("./", ""))) }
}
