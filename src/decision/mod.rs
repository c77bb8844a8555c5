//! What a judged deposit makes true, given what is true already. Pure: the ledger is seen through [`View`], inside the
//! batch's own transaction, so that each deposit sees what the earlier ones of the same batch made true.

pub mod act;
mod correct;

use crate::association::{self, Deposit, Earlier};
use crate::clock::Instant;
use crate::config::Delays;
use crate::judge::{Cited, Facts, Fate, Judged, JudgedFlow};
use crate::lifecycle::acts::{Datum, Motif};
use crate::lifecycle::{self, Holding, Statut};
use crate::rules::works::names::NamedFlow;
use crate::rules::{Finding, chorus, works};
use crate::trade::{Cadre, Role};
pub use act::OtherTakers;
use chrono::Datelike;

/// What must be unique among pièces not refused (G1.42).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uniqueness {
    /// SIREN of a SIRET, else type and whole identifier.
    pub supplier: String,
    /// BT-1.
    pub number: String,
    /// Year of BT-2.
    pub year: String,
}

impl Uniqueness {
    /// What a pièce claims, when it says enough to claim it.
    pub fn of(facts: &Facts) -> Option<Uniqueness> {
        Some(Uniqueness {
            supplier: facts.supplier_key()?,
            number: facts.number.clone()?,
            year: format!("{:04}", facts.issued?.year()),
        })
    }
}

/// An earlier deposit of the same bytes by the same partner that made a pièce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstDeposit {
    /// Its flow.
    pub flow: String,
    /// When it was decided.
    pub at: Instant,
    /// Its pièce.
    pub piece: Option<String>,
}

/// A pièce not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePiece {
    /// Its id.
    pub id: String,
    /// Who deposited it: others are not told that it exists.
    pub partner: String,
}

/// What the ledger says, as far as a decision asks.
pub trait View {
    /// Why it could not say.
    type Error;

    /// The first deposit of the same bytes by this partner that made a pièce.
    ///
    /// # Errors
    /// The ledger's.
    fn first_deposit(&self, partner: &str, sha256: &[u8; 32]) -> Result<Option<FirstDeposit>, Self::Error>;

    /// The pièce not refused that has this supplier, number and year.
    ///
    /// # Errors
    /// The ledger's.
    fn live_piece(&self, key: &Uniqueness) -> Result<Option<LivePiece>, Self::Error>;

    /// The pièces that have this number, of this supplier or of this marché (its number), in order of deposit.
    ///
    /// # Errors
    /// The ledger's.
    fn numbered(&self, number: &str, supplier: Option<&str>, marche: Option<&str>)
    -> Result<Vec<Earlier>, Self::Error>;

    /// The flow of this name that the same partner deposited before: one that was integrated where there is one, else
    /// the last.
    ///
    /// # Errors
    /// The ledger's.
    fn named(&self, partner: &str, name: &[u8]) -> Result<Option<NamedFlow>, Self::Error>;

    /// The statuses that a pièce has had, in order.
    ///
    /// # Errors
    /// The ledger's.
    fn trail(&self, piece: &str) -> Result<Vec<Passed>, Self::Error>;

    /// The pièce of this id.
    ///
    /// # Errors
    /// The ledger's.
    fn by_id(&self, id: &str) -> Result<Option<Earlier>, Self::Error>;

    /// The pièces of this number whose supplier has one of these keys, in order of deposit.
    ///
    /// # Errors
    /// The ledger's.
    fn of_number(&self, number: &str, suppliers: &[String]) -> Result<Vec<Earlier>, Self::Error>;

    /// The pièces that a pièce took, each with who else takes it and is not refused.
    ///
    /// # Errors
    /// The ledger's.
    fn taken_by(&self, piece: &str) -> Result<Vec<(Earlier, OtherTakers)>, Self::Error>;
}

/// A status that a pièce has had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The status.
    pub status: Statut,
    /// The structure that caused it; none: guichet.
    pub by: Option<String>,
    /// The structures that a correction replaced then: they had the pièce before.
    pub replaced: Vec<String>,
}

impl Passed {
    /// From what the ledger keeps of an event.
    pub fn new(status: Statut, by: Option<String>, changes: Option<&str>) -> Passed {
        let changes: Changes = changes.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        Passed { status, by, replaced: replaced(status, &changes) }
    }
}

/// Whom a correction that leads to this status replaced, of those who had the pièce. A second valideur that goes with
/// the first one had not yet had it.
fn replaced(status: Statut, changes: &Changes) -> Vec<String> {
    let had = |datum: &str| match datum {
        "service" | "engagement" => false,
        "valideur2" => status != Statut::AValider1,
        _ => true,
    };
    changes.iter().filter(|(datum, _)| had(datum)).filter_map(|(_, [was, _])| was.clone()).collect()
}

/// What the routing data of a pièce are at its deposit: from nothing to what they are.
pub fn initial(facts: &Facts) -> Changes {
    let each = Datum::ALL.iter().map(|what| {
        let is = act::datum(facts, *what).map(str::to_owned);
        (what.word().to_owned(), [None, is])
    });
    each.collect()
}

/// What a correction changed: of each datum what was and what is.
pub type Changes = std::collections::BTreeMap<String, [Option<String>; 2]>;

/// What became of a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// All its pièces are accepted.
    Accepted,
    /// Some of its pièces are accepted.
    Partial,
    /// It broke a rule.
    Refused,
    /// An operator must look.
    Held,
    /// It repeats a deposit that made a pièce, and changes nothing.
    Duplicate,
}

impl Outcome {
    /// Its name in JSON and SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Partial => "partial",
            Outcome::Refused => "refused",
            Outcome::Held => "held",
            Outcome::Duplicate => "duplicate",
        }
    }
}

/// A deposit that makes no pièce at all.
#[derive(Debug)]
pub struct Closed {
    /// What became of it.
    pub outcome: Outcome,
    /// Of a duplicate: the deposit that it repeats.
    pub first: Option<String>,
    /// Of a duplicate: the finding that says so, and nothing else.
    pub finding: Option<Finding>,
}

/// A document, decided.
#[derive(Debug)]
pub struct Decision {
    /// The pièce that it makes, accepted or refused; none where no pièce could be read.
    pub piece: Option<Decided>,
    /// What it does to the pièces that it associates.
    pub taken: Vec<Taken>,
}

/// An earlier pièce that a deposit associates.
#[derive(Debug)]
pub struct Taken {
    /// Its id.
    pub id: String,
    /// What it says: its status is told with it.
    pub facts: Facts,
    /// What happens to it.
    pub event: Happening,
}

/// The dossier of an accepted pièce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dossier {
    /// It opens one; its number is the pièce's.
    Opens,
    /// It joins this one, into which the others merge.
    Joins {
        /// The dossier of the first pièce that it associates.
        dossier: String,
        /// The dossiers of the others.
        merged: Vec<String>,
    },
    /// An A10 belongs to none.
    None,
}

/// A pièce as it enters the ledger.
#[derive(Debug)]
pub struct Decided {
    /// Its id.
    pub id: String,
    /// Whether its number is taken from now on.
    pub live: bool,
    /// Who must act on it.
    pub holder: Option<(Role, String)>,
    /// Who gets its bytes: the holder, and those who get a copy.
    pub readers: Vec<String>,
    /// What happens to it, in order.
    pub events: Vec<Happening>,
    /// Its dossier.
    pub dossier: Dossier,
}

/// One event, and who is told.
#[derive(Debug)]
pub struct Happening {
    /// The status that the pièce has from now on.
    pub status: Statut,
    /// Who caused it: a structure; none: guichet.
    pub by: Option<String>,
    /// Why, as a code.
    pub motif: Option<Motif>,
    /// Why, in words.
    pub comment: Option<String>,
    /// Who is told.
    pub told: Told,
}

impl Happening {
    /// What needs no words.
    fn of(status: Statut, by: Option<String>, told: Told) -> Happening {
        Happening { status, by, motif: None, comment: None, told }
    }
}

/// Who is told of an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// Nobody: it stays in the trail.
    Nobody,
    /// The partner who deposited, alone.
    Depositing,
    /// Every partner of these structures, once each.
    PartnersOf(Vec<String>),
}

/// What a decision depends on beside the deposit and the ledger.
pub struct Around<'a> {
    /// The partner who deposits.
    pub partner: &'a str,
    /// Whether that partner acts for a structure.
    pub acts_for: &'a dyn Fn(&str) -> bool,
    /// The moment of the decision.
    pub now: Instant,
    /// The delays in force.
    pub delays: &'a Delays,
    /// Judges the document again, now that the pièce that it associates is known; what keeps it from that is a finding.
    pub again: &'a dyn Fn(&Facts) -> Result<Judged, Box<Finding>>,
}

/// Whether a deposit is closed before its documents are looked at: held, repeated, or nothing in it can be read.
///
/// # Errors
/// The view's.
pub fn closed<V: View>(
    partner: &str,
    sha256: Option<&[u8; 32]>,
    flow: &JudgedFlow,
    view: &V,
) -> Result<Option<Closed>, V::Error> {
    if flow.fate == Fate::Hold {
        return Ok(Some(Closed { outcome: Outcome::Held, first: None, finding: None }));
    }
    if let Some(sha256) = sha256
        && let Some(first) = view.first_deposit(partner, sha256)?
    {
        let finding = Some(works::duplicate(&first.flow, first.piece.as_deref(), first.at));
        return Ok(Some(Closed { outcome: Outcome::Duplicate, first: Some(first.flow), finding }));
    }
    let refused = flow.fate == Fate::Unreadable;
    Ok(refused.then_some(Closed { outcome: Outcome::Refused, first: None, finding: None }))
}

/// Decides one document of a deposit; what the ledger finds is added to its findings. `id` is that of the pièce that it
/// makes; `refused`: its flow as a whole is refused.
///
/// # Errors
/// The view's.
pub fn decide<V: View>(
    id: String,
    judged: &mut Judged,
    refused: bool,
    around: &Around<'_>,
    view: &V,
) -> Result<Decision, V::Error> {
    if judged.fate != Fate::Piece {
        return Ok(Decision { piece: None, taken: Vec::new() });
    }
    let found = if judged.cites.is_empty() { Vec::new() } else { associate(judged, around, view)? };
    if let Some(key) = Uniqueness::of(&judged.facts).filter(|_| may_ask(&judged.facts, around))
        && let Some(other) = view.live_piece(&key)?
    {
        let shown = (other.partner == around.partner).then_some(other.id.as_str());
        judged.findings.push(chorus::not_unique(&key.number, &key.year, shown));
    }
    let refused = refused || judged.refused();
    let Some(route) = judged.route.as_ref().filter(|_| !refused) else {
        let events = refused_events();
        let dossier = Dossier::None;
        let piece = Decided { id, live: false, holder: None, readers: Vec::new(), events, dossier };
        return Ok(Decision { piece: Some(piece), taken: Vec::new() });
    };
    let depositor = &route.depositor.1;
    let taken = found.iter().map(|e| take(e, route.cadre, depositor, view)).collect::<Result<_, _>>()?;
    let piece = Decided {
        id,
        live: true,
        holder: Some(route.holder.clone()),
        readers: std::iter::once(&route.holder).chain(&route.copies).map(|(_, who)| who.clone()).collect(),
        events: accepted(route, &judged.facts),
        dossier: dossier(route.cadre, &found),
    };
    Ok(Decision { piece: Some(piece), taken })
}

/// Whether the partner may learn which numbers a supplier has used: it acts for the depositor; for the supplier, where
/// nobody knows who deposits. To all others, whom another rule refuses, G1.42 says nothing.
fn may_ask(facts: &Facts, around: &Around<'_>) -> bool {
    let cadre = facts.cadre.as_deref().and_then(|c| c.parse::<Cadre>().ok());
    let depositor = cadre.and_then(|cadre| facts.who(works::depositor(cadre)));
    depositor.or(facts.supplier_id.as_deref()).is_some_and(|id| (around.acts_for)(id))
}

/// Finds the pièces that a deposit associates, judges it again by what they say, and checks who takes them and when.
/// What is wrong goes to the findings; the pièces are given back in the order in which they are cited.
fn associate<V: View>(judged: &mut Judged, around: &Around<'_>, view: &V) -> Result<Vec<Earlier>, V::Error> {
    let Some(cadre) = judged.facts.cadre.as_deref().and_then(|c| c.parse::<Cadre>().ok()) else {
        return Ok(Vec::new());
    };
    if judged.cites.len() > MOST_CITED {
        judged.findings.push(association::too_many(judged.cites.len(), MOST_CITED));
        return Ok(Vec::new());
    }
    let (mut found, mut findings): (Vec<(Cited, Earlier)>, Vec<Finding>) = (Vec::new(), Vec::new());
    let deposit = Deposit { facts: &judged.facts, cadre, acts_for: around.acts_for, partner: around.partner };
    for cited in &judged.cites {
        let Some(number) = cited.number.as_deref() else {
            findings.push(association::numberless(cited));
            continue;
        };
        let (supplier, marche) = (judged.facts.supplier_key(), judged.facts.marche.as_deref());
        let numbered = view.numbered(number, supplier.as_deref(), marche)?;
        match deposit.find(cited, &numbered) {
            Ok(earlier) if found.iter().any(|(_, other)| other.id == earlier.id) => {
                findings.push(association::repeated(cited, false));
            }
            Ok(earlier) => found.push((cited.clone(), earlier.clone())),
            Err(_) if cites_itself(cited, &judged.facts) => findings.push(association::repeated(cited, true)),
            Err(finding) => findings.push(*finding),
        }
    }
    // One that is refused already needs no other actors.
    if let Some((_, first)) = found.first().filter(|_| !judged.refused()) {
        match (around.again)(&first.facts) {
            Ok(again) => *judged = Judged { cites: std::mem::take(&mut judged.cites), ..again },
            Err(finding) => findings.push(*finding),
        }
    }
    let deposit = Deposit { facts: &judged.facts, cadre, acts_for: around.acts_for, partner: around.partner };
    for (n, (cited, earlier)) in found.iter().enumerate() {
        if let Some(depositor) = judged.facts.who(works::depositor(cadre))
            && let Err(finding) = deposit.entitled(cited, earlier, depositor)
        {
            findings.push(*finding);
        }
        findings.extend(deposit.too_early(cited, earlier, around.now, around.delays));
        if n > 0 {
            findings.extend(association::disagrees(cited, earlier, &judged.facts));
        }
    }
    judged.findings.extend(findings);
    Ok(found.into_iter().map(|(_, earlier)| earlier).collect())
}

/// Earlier pièces that one pièce may cite: as many as a flow may bring.
pub const MOST_CITED: usize = 500;

fn cites_itself(cited: &Cited, facts: &Facts) -> bool {
    cited.number == facts.number && (cited.issued.is_none() || cited.issued == facts.issued)
}

/// What happens to an earlier pièce that a deposit takes: told to everyone who had to do with it.
fn take<V: View>(earlier: &Earlier, cadre: Cadre, depositor: &str, view: &V) -> Result<Taken, V::Error> {
    let before = earlier.facts.cadre.as_deref().and_then(|c| c.parse().ok());
    let row = before.and_then(|before| association::of(cadre, before)).expect("what was found is in the table");
    let told = concerned(&earlier.facts, &view.trail(&earlier.id)?);
    let event = Happening::of(row.becomes, Some(depositor.to_owned()), Told::PartnersOf(told));
    Ok(Taken { id: earlier.id.clone(), facts: earlier.facts.clone(), event })
}

/// Whom a further event of a pièce concerns: its depositor, its seller, whoever has or had it, and who got a copy.
pub fn concerned(facts: &Facts, trail: &[Passed]) -> Vec<String> {
    let depositor = trail.iter().filter(|p| p.status == Statut::Deposee).filter_map(|p| p.by.clone());
    let holders = trail.iter().filter_map(|p| holder(p.status, facts)).map(|(_, who)| who);
    let before = trail.iter().flat_map(|p| p.replaced.iter().map(String::as_str));
    let cadre = facts.cadre.as_deref().and_then(|c| c.parse().ok());
    let copies =
        cadre.map_or(&[][..], |cadre| crate::routing::of(cadre).copy).iter().filter_map(|role| facts.who(*role));
    let seller = facts.supplier_id.as_deref();
    depositor.chain(holders.chain(before).chain(copies).chain(seller).map(str::to_owned)).collect()
}

/// Who has a pièce in this status: the role and the structure.
pub fn holder(status: Statut, facts: &Facts) -> Option<(Role, &str)> {
    let role = match lifecycle::holding(status) {
        Holding::Nobody => return None,
        Holding::Role(role) => role,
        Holding::Depositor => works::depositor(facts.cadre.as_deref()?.parse().ok()?),
    };
    facts.who(role).map(|who| (role, who))
}

/// The dossier of an accepted pièce: that of the first pièce that it associates, else its own.
fn dossier(cadre: Cadre, found: &[Earlier]) -> Dossier {
    let mut dossiers: Vec<String> = Vec::new();
    for dossier in found.iter().filter_map(|e| e.dossier.clone()) {
        if !dossiers.contains(&dossier) {
            dossiers.push(dossier);
        }
    }
    if cadre == Cadre::A10 {
        Dossier::None
    } else if dossiers.is_empty() {
        Dossier::Opens
    } else {
        let merged = dossiers.split_off(1);
        Dossier::Joins { dossier: dossiers.remove(0), merged }
    }
}

/// What became of a deposit, from what became of its documents.
pub fn outcome(accepted: usize, documents: usize) -> Outcome {
    match accepted {
        0 => Outcome::Refused,
        n if n == documents => Outcome::Accepted,
        _ => Outcome::Partial,
    }
}

/// Brouillon, déposée, and on to whoever receives it first.
fn accepted(route: &crate::judge::Route, facts: &Facts) -> Vec<Happening> {
    let depositor = route.depositor.1.clone();
    let mut told = vec![depositor.clone()];
    told.extend(facts.supplier_id.clone());
    let mut told_arrival = told.clone();
    told_arrival.push(route.holder.1.clone());
    told_arrival.extend(route.copies.iter().map(|(_, who)| who.clone()));
    vec![
        Happening::of(Statut::Brouillon, Some(depositor.clone()), Told::Nobody),
        Happening::of(Statut::Deposee, Some(depositor), Told::PartnersOf(told)),
        Happening::of(route.arrival, None, Told::PartnersOf(told_arrival)),
    ]
}

/// Brouillon, and refused at the control: told to who deposited, alone.
fn refused_events() -> Vec<Happening> {
    vec![
        Happening::of(Statut::Brouillon, None, Told::Nobody),
        Happening::of(Statut::RefuseeControle, None, Told::Depositing),
    ]
}
