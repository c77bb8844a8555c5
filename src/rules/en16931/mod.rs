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
use bind::{Group, Names, Path, Pred, Step, TABLES, Term};
use foldhash::{HashMap, HashMapExt};
use register::Severity;
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

/// What is asked of an element, made ready.
enum Ready {
    /// A row of terms.
    Row(Ask),
    /// Codes: which attribute, or the text, and the list.
    Code(&'static codes::Code),
    /// It should not be there, or not have this attribute.
    Unwanted(Option<&'static str>),
    /// So many at the end of this path.
    Count(Path, usize, usize),
    /// At the end of this path, one.
    Has(Path),
    /// Not one at the end of each of these.
    NotBoth(Path, Path),
    /// Where there is one at the end of this path, that.
    If(Path, Box<Ready>),
}

/// Rows that ask something of the same elements.
struct Site {
    patterns: Vec<(Vec<Step>, bool)>,
    asks: Vec<(u16, Ready)>,
}

/// Every row, by the elements that it looks at.
#[derive(Default)]
pub struct Sites {
    /// For UBL and for CII.
    by_syntax: [Index; 2],
}

#[derive(Default)]
struct Index {
    sites: Vec<Site>,
    /// By the last name of a pattern: the name before it (0: any), and the sites.
    by_name: Vec<ByParent>,
    /// Of any element whose name ends so.
    by_ending: Vec<(&'static str, &'static str, Vec<u16>)>,
    /// Of the root.
    of_root: Vec<u16>,
    /// Sites by what is written of where they are.
    known: HashMap<&'static str, u16>,
}

/// Sites of a name, by the name before it in their patterns.
#[derive(Default)]
struct ByParent {
    parents: Vec<Name>,
    sites: Vec<Vec<u16>>,
}

impl Sites {
    /// Makes every table ready.
    pub fn of(names: &mut Names) -> Sites {
        let mut sites = Sites::default();
        let ids: HashMap<&str, u16> = (0..).zip(register::ids()).map(|(n, id)| (*id, n)).collect();
        let number = |id: &str| *ids.get(id).unwrap_or_else(|| panic!("{id} is registered"));
        for row in register::rows() {
            for (index, asked) in [row.ubl, row.cii].into_iter().enumerate() {
                if let Some((group, ask)) = asked {
                    sites.by_syntax[index].add(names, group.written(index == 0), number(row.id), Ready::Row(ask));
                }
            }
        }
        for code in codes::CODES {
            for (index, path) in [code.ubl, code.cii].into_iter().enumerate().filter(|(_, path)| !path.is_empty()) {
                sites.by_syntax[index].add(names, path, number(code.id), Ready::Code(code));
            }
        }
        for (index, sections) in [syntax::UBL, syntax::CII].into_iter().enumerate() {
            for (section, row) in sections.iter().flat_map(|s| s.rows.iter().map(move |row| (s, row))) {
                let (to, id) = (&mut sites.by_syntax[index], number(row.id));
                if let syntax::Form::Lacks(path) = row.form {
                    to.unwanted(names, section.at, path, id);
                } else if let Some(ready) = Ready::of(names, &row.form) {
                    to.add(names, section.at, id, ready);
                }
            }
        }
        for (index, rows) in [subset_ubl::UBL, subset_cii::CII].into_iter().enumerate() {
            for (id, path) in rows {
                sites.by_syntax[index].unwanted(names, path, "", number(id));
            }
        }
        sites
    }
}

impl Index {
    /// An element, or an attribute, that is not wanted, below each of these.
    fn unwanted(&mut self, names: &mut Names, at: &'static str, path: &'static str, id: u16) {
        let whole: String = at.split(", ").map(|p| format!("{p}/{path}")).collect::<Vec<_>>().join(", ");
        let whole: &'static str = whole.trim_end_matches('/').to_owned().leak();
        let mut attribute = None;
        let elements: Vec<&'static str> = whole
            .split(", ")
            .map(|p| match p.rsplit_once("/@") {
                Some((element, name)) => {
                    attribute = Some(name);
                    element
                }
                None => p.trim_end_matches('/'),
            })
            .collect();
        self.add(names, elements.join(", ").leak(), id, Ready::Unwanted(attribute));
    }

    fn add(&mut self, names: &mut Names, written: &'static str, id: u16, ready: Ready) {
        // Rows that look at the same elements share a site.
        if let Some(site) = self.known.get(written) {
            self.sites[usize::from(*site)].asks.push((id, ready));
            return;
        }
        let number = u16::try_from(self.sites.len()).expect("some thousand sites");
        let mut patterns = Vec::new();
        for pattern in written.split(", ") {
            let mut steps = names.path(pattern.strip_prefix('/').unwrap_or(pattern)).steps;
            let last = steps.last_mut().expect("a pattern has a step");
            let (name, other) = (last.name, last.other);
            let pred = matches!(last.pred, Pred::Ending(..));
            let parents = match steps.len().checked_sub(2).map(|before| &steps[before]) {
                Some(before) if !pred && before.name != bind::ANY => [before.name, before.other],
                _ => [0, 0],
            };
            let last = &steps[steps.len() - 1];
            let to = if let Pred::Ending(prefix, ending) = last.pred {
                let found = self.by_ending.iter().position(|(p, e, _)| (*p, *e) == (prefix, ending));
                let at = found.unwrap_or_else(|| {
                    self.by_ending.push((prefix, ending, Vec::new()));
                    self.by_ending.len() - 1
                });
                &mut self.by_ending[at].2
            } else if name == bind::ANY {
                &mut self.of_root
            } else {
                for name in [name, other] {
                    parents.into_iter().for_each(|parent| self.of_name(name, parent, number));
                }
                patterns.push((steps, pattern.starts_with('/')));
                continue;
            };
            if to.last() != Some(&number) {
                to.push(number);
            }
            patterns.push((steps, pattern.starts_with('/')));
        }
        self.known.insert(written, number);
        self.sites.push(Site { patterns, asks: vec![(id, ready)] });
    }
}

impl Index {
    fn of_name(&mut self, name: Name, parent: Name, site: u16) {
        let most = usize::from(name) + 1;
        if self.by_name.len() < most {
            self.by_name.resize_with(most, ByParent::default);
        }
        let ByParent { parents, sites } = &mut self.by_name[usize::from(name)];
        let at = parents.iter().position(|p| *p == parent).unwrap_or_else(|| {
            parents.push(parent);
            sites.push(Vec::new());
            parents.len() - 1
        });
        let sites = &mut sites[at];
        if sites.last() != Some(&site) {
            sites.push(site);
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
    let index = &TABLES.sites.by_syntax[usize::from(!is_ubl)];
    let numbers = view::numbers(doc);
    let view = View::new(doc, is_ubl, &numbers);
    let mut found = Found { list: Vec::new(), counts: HashMap::new(), manner };
    let endings = index.endings(doc);
    for at in doc.nodes().map(|node| view.root().to(node)) {
        let name: Name = at.name();
        if let Some(ByParent { parents, sites }) =
            index.by_name.get(usize::from(name)).filter(|b| !b.parents.is_empty())
        {
            let parent = at.parent().map_or(0, |p| p.name());
            for (_, sites) in parents.iter().zip(sites).filter(|(p, _)| **p == parent || **p == 0) {
                sites.iter().for_each(|site| index.sites[usize::from(*site)].ask(at, &mut found));
            }
        }
        for site in endings[doc.name_index(doc.name(at.node))] {
            index.sites[usize::from(*site)].ask(at, &mut found);
        }
    }
    for site in &index.of_root {
        index.sites[usize::from(*site)].ask(view.root(), &mut found);
    }
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

impl Index {
    /// For each name of a document the sites that look at its ending.
    fn endings(&self, doc: &Doc) -> Vec<&[u16]> {
        let of = |(namespace, local): (&str, &str)| {
            // Few names end so; most are told by their last letter.
            if !matches!(local.as_bytes().last(), Some(b't' | b'r' | b'D' | b'y' | b'x')) {
                return &[][..];
            }
            let fits = |prefix: &str, ending: &str| {
                local.ends_with(ending) && (prefix == "*" || bind::namespace(prefix) == namespace)
            };
            self.by_ending.iter().find(|(p, e, _)| fits(p, e)).map_or(&[][..], |(_, _, sites)| sites)
        };
        doc.names().map(of).collect()
    }
}

impl Site {
    fn ask(&self, at: At<'_, '_>, found: &mut Found) {
        if !self.patterns.iter().any(|(steps, absolute)| at.matches(steps, *absolute)) {
            return;
        }
        for (rule, ready) in &self.asks {
            if let Ready::Row(Ask::Family(family)) = ready {
                let out = &mut |id: &'static str, broken: Box<Broken>| found.tell(register::number(id), at, *broken);
                family(at, &mut Tell { out });
            } else if let Err(broken) = ready.ask(at) {
                found.tell(*rule, at, *broken);
            }
        }
    }
}

impl Ready {
    /// What a rule of a syntax asks; none where it asks nothing of its elements.
    fn of(names: &mut Names, form: &syntax::Form) -> Option<Ready> {
        Some(match form {
            syntax::Form::Most(most, path) => Ready::Count(names.path(path), 0, *most),
            syntax::Form::Just(path) => Ready::Count(names.path(path), 1, 1),
            syntax::Form::Has(path) => Ready::Has(names.path(path)),
            syntax::Form::NotBoth(one, other) => Ready::NotBoth(names.path(one), names.path(other)),
            syntax::Form::If(path, form) => Ready::If(names.path(path), Box::new(Ready::of(names, form)?)),
            syntax::Form::Check(check) => Ready::Row(Ask::Check(*check, &[])),
            syntax::Form::Lacks(_) | syntax::Form::Never => return None,
        })
    }

    fn ask(&self, at: At<'_, '_>) -> Told {
        match self {
            Ready::Row(ask) => ask.of(at),
            Ready::Code(code) => code.ask(at),
            Ready::Unwanted(None) => Err(broken(msg!(
                "cet élément n'est pas du sous-ensemble d'EN 16931",
                "this element is not in the subset of EN 16931"
            ))),
            Ready::Unwanted(Some(name)) if at.attribute(name).is_none() => Ok(()),
            Ready::Unwanted(Some(name)) => Err(broken(msg!(
                "l'attribut {name} n'est pas du sous-ensemble d'EN 16931",
                "the attribute {name} is not in the subset of EN 16931"
            ))
            .attribute(name)),
            Ready::Count(path, least, most) => {
                let (mut count, mut over) = (0, None);
                at.each_of(path, |one| {
                    count += 1;
                    if count == most + 1 {
                        over = Some(one);
                    }
                });
                if (*least..=*most).contains(&count) {
                    return Ok(());
                }
                let message = if count < *least {
                    msg!("il en manque", "there are too few")
                } else {
                    msg!("il y en a trop", "there are too many")
                };
                let expected =
                    if least == most { msg!("{most}", "{most}") } else { msg!("{most} au plus", "{most} at most") };
                Err(broken(message).at(over).found(count.to_string()).expected(expected))
            }
            Ready::Has(path) if first_of(at, path).is_some() => Ok(()),
            Ready::Has(_) => Err(broken(msg!("il manque un élément", "an element is missing"))),
            Ready::NotBoth(one, other) => match (first_of(at, one), first_of(at, other)) {
                (Some(_), Some(second)) => Err(broken(msg!("les deux sont donnés", "both are given"))
                    .at(Some(second))
                    .expected(msg!("l'un ou l'autre", "one or the other"))),
                _ => Ok(()),
            },
            Ready::If(path, ready) => first_of(at, path).map_or(Ok(()), |_| ready.ask(at)),
        }
    }
}

fn first_of<'v, 'd>(at: At<'v, 'd>, path: &Path) -> Option<At<'v, 'd>> {
    let mut first = None;
    at.each_of(path, |one| first = first.or(Some(one)));
    first
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
