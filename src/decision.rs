//! What a judged deposit makes true, given what is true already. Pure: the ledger is seen through [`View`], inside the
//! batch's own transaction, so that each deposit sees what the earlier ones of the same batch made true.

use crate::clock::Instant;
use crate::judge::{Facts, Fate, Judged};
use crate::lifecycle::Statut;
use crate::rules::{Finding, chorus, works};
use crate::spool::FlowId;
use crate::trade::Role;
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
        let id = facts.supplier_id.as_deref()?;
        let kind = facts.supplier_type?;
        let siren = (kind == 1 && id.len() == 14).then(|| id.get(..9)).flatten();
        Some(Uniqueness {
            supplier: siren.map_or_else(|| format!("{kind}:{id}"), str::to_owned),
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
}

/// What became of a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It made a pièce.
    Accepted,
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
            Outcome::Refused => "refused",
            Outcome::Held => "held",
            Outcome::Duplicate => "duplicate",
        }
    }
}

/// What a deposit makes true.
#[derive(Debug)]
pub struct Decision {
    /// What became of it.
    pub outcome: Outcome,
    /// Of a duplicate: the deposit that it repeats.
    pub first: Option<String>,
    /// Everything that was found, the ledger's findings included.
    pub findings: Vec<Finding>,
    /// The pièce that it makes, accepted or refused.
    pub piece: Option<Decided>,
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
}

/// One event, and who is told.
#[derive(Debug)]
pub struct Happening {
    /// The status that the pièce has from now on.
    pub status: Statut,
    /// Who caused it: a structure; none: guichet.
    pub by: Option<String>,
    /// Who is told.
    pub told: Told,
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

/// Decides one deposit.
///
/// # Errors
/// The view's.
pub fn decide<V: View>(
    id: &FlowId,
    partner: &str,
    sha256: Option<&[u8; 32]>,
    judged: &mut Judged,
    view: &V,
) -> Result<Decision, V::Error> {
    let mut findings = std::mem::take(&mut judged.findings);
    if judged.fate == Fate::Hold {
        return Ok(Decision { outcome: Outcome::Held, first: None, findings, piece: None });
    }
    if let Some(sha256) = sha256
        && let Some(first) = view.first_deposit(partner, sha256)?
    {
        let finding = works::duplicate(&first.flow, first.piece.as_deref(), first.at);
        let first = Some(first.flow);
        return Ok(Decision { outcome: Outcome::Duplicate, first, findings: vec![finding], piece: None });
    }
    if judged.fate == Fate::Unreadable {
        return Ok(Decision { outcome: Outcome::Refused, first: None, findings, piece: None });
    }
    let facts = &judged.facts;
    if let Some(key) = Uniqueness::of(facts)
        && let Some(other) = view.live_piece(&key)?
    {
        let shown = (other.partner == partner).then_some(other.id.as_str());
        findings.push(chorus::not_unique(&key.number, &key.year, shown));
    }
    let refused = findings.iter().any(Finding::is_error);
    let piece = match &judged.route {
        Some(route) if !refused => Decided {
            id: id.piece(1),
            live: true,
            holder: Some(route.holder.clone()),
            readers: std::iter::once(&route.holder).chain(&route.copies).map(|(_, who)| who.clone()).collect(),
            events: accepted(route, facts),
        },
        _ => Decided { id: id.piece(1), live: false, holder: None, readers: Vec::new(), events: refused_events() },
    };
    let outcome = if refused || judged.route.is_none() { Outcome::Refused } else { Outcome::Accepted };
    Ok(Decision { outcome, first: None, findings, piece: Some(piece) })
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
        Happening { status: Statut::Brouillon, by: Some(depositor.clone()), told: Told::Nobody },
        Happening { status: Statut::Deposee, by: Some(depositor), told: Told::PartnersOf(told) },
        Happening { status: route.arrival, by: None, told: Told::PartnersOf(told_arrival) },
    ]
}

/// Brouillon, and refused at the control: told to who deposited, alone.
fn refused_events() -> Vec<Happening> {
    vec![
        Happening { status: Statut::Brouillon, by: None, told: Told::Nobody },
        Happening { status: Statut::RefuseeControle, by: None, told: Told::Depositing },
    ]
}
