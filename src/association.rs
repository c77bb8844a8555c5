//! Which earlier pièces a deposit associates: one table of what each cadre may take, from whom, in which status, and
//! the search that walks it. Pure: the ledger gives the pièces that have the number cited.
//!
//! A reference that fits none is answered with every near miss that the depositing partner may know of, and why it does
//! not fit.

use crate::clock::Instant;
use crate::config::Delays;
use crate::facts::Facts;
use crate::judge::Cited;
use crate::lifecycle::Statut;
use crate::msg;
use crate::rules::{Finding, works};
use crate::text::{Msg, Shown, counted};
use crate::trade::{Cadre, Role};
use std::time::Duration;

/// Who may take the earlier pièce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// The structure that holds it.
    Holder,
    /// The contractor whose pièce it is: it takes it back.
    Seller,
    /// The marché's MOE.
    Moe,
}

/// Whose earlier pièces a cadre may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sellers {
    /// The same seller's.
    Same,
    /// Any seller's of the same marché.
    Any,
}

/// One row: a cadre takes another.
#[derive(Debug)]
pub struct Row {
    /// The cadre of the deposit.
    pub later: Cadre,
    /// The cadre of the pièce that it takes.
    pub earlier: Cadre,
    /// Who may.
    pub right: Right,
    /// Whose.
    pub sellers: Sellers,
    /// In which statuses the earlier pièce can be taken.
    pub from: &'static [Statut],
    /// The status that it has then.
    pub becomes: Statut,
}

use Cadre::{A4, A5, A7, A8, A13, A14, A15, A17, A18, A19, A20, A22, A23, A24, A25};
use Right::{Holder, Moe, Seller};
use Sellers::{Any, Same};
use Statut::{Associee, RemplaceeParA22};

const AT_MOE: &[Statut] = &[Statut::MiseADispositionMoe, Statut::AbsenceValidationMoe];
const AT_MOA: &[Statut] = &[Statut::MiseADispositionMoa, Statut::PriseEnCompteMoa];
const AT_FOURNISSEUR: &[Statut] = &[Statut::MiseADispositionFournisseur];
/// The tacit procedure takes an A7 back even from the A17 that associates it.
const EVEN_TAKEN: &[Statut] = &[Statut::MiseADispositionMoe, Statut::AbsenceValidationMoe, Statut::Associee];

// Source: the deck's screens for the act of associating; who, whose and from which status are this project's reading
// (docs/decisions.md).
/// THE table of associations.
#[rustfmt::skip]
pub static ASSOCIATIONS: [Row; 16] = [
    //  later takes  who may  whose from            which becomes
    row(A8,   A20,   Holder,  Same, AT_FOURNISSEUR, Associee),
    row(A8,   A18,   Holder,  Same, AT_FOURNISSEUR, Associee),
    row(A15,  A4,    Holder,  Same, AT_MOE,         Associee),
    row(A15,  A13,   Holder,  Any,  AT_MOE,         Associee),
    row(A17,  A7,    Holder,  Same, AT_MOE,         Associee),
    row(A17,  A14,   Holder,  Any,  AT_MOE,         Associee),
    row(A19,  A15,   Holder,  Same, AT_MOA,         Associee),
    row(A19,  A5,    Holder,  Same, AT_MOA,         Associee),
    row(A20,  A17,   Holder,  Same, AT_MOA,         Associee),
    row(A20,  A22,   Holder,  Same, AT_MOA,         Associee),
    row(A22,  A7,    Seller,  Same, EVEN_TAKEN,     RemplaceeParA22),
    row(A22,  A17,   Seller,  Same, AT_MOA,         RemplaceeParA22),
    row(A23,  A22,   Seller,  Same, AT_MOA,         Associee),
    row(A24,  A22,   Moe,     Same, AT_MOA,         Associee),
    row(A25,  A22,   Holder,  Same, AT_MOA,         Associee),
    row(A25,  A24,   Holder,  Same, AT_MOA,         Associee),
];

const fn row(
    later: Cadre,
    earlier: Cadre,
    right: Right,
    sellers: Sellers,
    from: &'static [Statut],
    becomes: Statut,
) -> Row {
    Row { later, earlier, right, sellers, from, becomes }
}

/// The row of a pair of cadres, where the first may take the second.
pub fn of(later: Cadre, earlier: Cadre) -> Option<&'static Row> {
    ASSOCIATIONS.iter().find(|r| r.later == later && r.earlier == earlier)
}

/// A pièce of the ledger that has the number cited.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// Its id.
    pub id: String,
    /// What it says.
    pub facts: Facts,
    /// Its status.
    pub status: Statut,
    /// Who holds it.
    pub holder: Option<String>,
    /// When it was deposited.
    pub deposited_at: Instant,
    /// The partner who deposited it.
    pub partner: String,
    /// Its dossier, inside.
    pub dossier: Option<String>,
    /// The pièce that took it, if one did.
    pub taken_by: Option<String>,
}

/// Whoever deposits, and when: what a search depends on beside the pièces.
pub struct Deposit<'a> {
    /// What the deposit says.
    pub facts: &'a Facts,
    /// Its cadre.
    pub cadre: Cadre,
    /// Whether the depositing partner acts for a structure.
    pub acts_for: &'a dyn Fn(&str) -> bool,
    /// The depositing partner.
    pub partner: &'a str,
}

/// Why a pièce that has the number cited is not the one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Miss {
    OtherCadre,
    OtherDate,
    OtherMarche,
    OtherSeller,
    Refused,
    Taken,
    NotNow,
}

impl Deposit<'_> {
    /// The one earlier pièce that a reference means, among those that have its number. One that the depositing partner
    /// may not know of is not there for it: what it is told is what it would be told without that pièce.
    ///
    /// # Errors
    /// The finding that says why there is none, or that there are several.
    pub fn find<'e>(&self, cited: &Cited, numbered: &'e [Earlier]) -> Result<&'e Earlier, Box<Finding>> {
        let known = numbered.iter().filter(|e| self.knows(&e.partner, &e.facts));
        let judged: Vec<(&Earlier, Option<Miss>)> = known.map(|e| (e, self.miss(cited, e))).collect();
        let fits: Vec<&Earlier> = judged.iter().filter(|(_, miss)| miss.is_none()).map(|(e, _)| *e).collect();
        match fits[..] {
            [one] => Ok(one),
            [] => {
                let near = judged.iter().filter_map(|(e, miss)| Some((*e, miss.as_ref()?)));
                Err(Box::new(self.none(cited, near)))
            }
            _ => Err(Box::new(several(cited, &fits))),
        }
    }

    /// Whether the pièce that a reference means is here, be it taken or elsewhere by now. One that was refused, or that
    /// merely has the number, may still be followed by the one that is meant.
    pub fn is_here(&self, cited: &Cited, numbered: &[Earlier]) -> bool {
        numbered.iter().filter(|e| self.knows(&e.partner, &e.facts)).any(|e| {
            let miss = self.miss(cited, e);
            matches!(miss, None | Some(Miss::Taken | Miss::NotNow))
        })
    }

    /// Whether the depositing partner may know of a pièce: it deposited it, or acts for one of its actors, or for
    /// another establishment of the company that sells.
    pub fn knows(&self, partner: &str, facts: &Facts) -> bool {
        let sells = self.facts.supplier_id.as_deref().is_some_and(self.acts_for);
        partner == self.partner
            || facts.actors().any(|id| (self.acts_for)(id))
            || (sells && facts.supplier_key() == self.facts.supplier_key())
    }

    fn miss(&self, cited: &Cited, earlier: &Earlier) -> Option<Miss> {
        let row = earlier.facts.cadre.as_deref().and_then(|c| c.parse().ok()).and_then(|c| of(self.cadre, c));
        let Some(row) = row else { return Some(Miss::OtherCadre) };
        if cited.issued.is_some_and(|day| earlier.facts.issued.is_some_and(|other| day != other)) {
            return Some(Miss::OtherDate);
        }
        if !self.same_marche(&earlier.facts) {
            return Some(Miss::OtherMarche);
        }
        if row.sellers == Same && self.facts.supplier_key() != earlier.facts.supplier_key() {
            return Some(Miss::OtherSeller);
        }
        if earlier.status == Statut::RefuseeControle {
            return Some(Miss::Refused);
        }
        if row.from.contains(&earlier.status) {
            return None;
        }
        let taken = matches!(earlier.status, Statut::Associee | Statut::RemplaceeParA22);
        Some(if taken { Miss::Taken } else { Miss::NotNow })
    }

    /// Whether two pièces are of one marché. A deposit that cites none is of the earlier pièce's, where the seller is
    /// the same; numbers that are not registered are compared with who owns or pays.
    fn same_marche(&self, earlier: &Facts) -> bool {
        let ours = self.facts;
        if ours.marche.is_none() {
            return ours.supplier_key() == earlier.supplier_key();
        }
        if ours.marche != earlier.marche {
            return false;
        }
        if let (Some(moa), Some(other)) = (&ours.marche_moa, &earlier.marche_moa) {
            return moa == other;
        }
        let buyers = |f: &Facts| [f.moa.clone(), f.destinataire.clone()];
        buyers(ours).iter().flatten().any(|id| buyers(earlier).iter().flatten().any(|other| id == other))
    }

    /// Whether the depositor may take this pièce.
    ///
    /// # Errors
    /// The finding that says who may.
    pub fn entitled(&self, cited: &Cited, earlier: &Earlier, depositor: &str) -> Result<(), Box<Finding>> {
        let cadre = earlier.facts.cadre.as_deref().and_then(|c| c.parse().ok());
        let Some(row) = cadre.and_then(|c| of(self.cadre, c)) else { return Ok(()) };
        let (may, who) = match row.right {
            Right::Holder => (earlier.holder.as_deref(), msg!("l'acteur qui la détient", "the actor who holds it")),
            // Of one company the seat may take what an agency deposited.
            Right::Seller if self.facts.supplier_key() == earlier.facts.supplier_key() => return Ok(()),
            Right::Seller => (earlier.facts.supplier_id.as_deref(), msg!("son fournisseur", "its contractor")),
            Right::Moe => (earlier.facts.moe.as_deref(), msg!("la MOE du marché", "the marché's MOE")),
        };
        if may == Some(depositor) {
            return Ok(());
        }
        let (number, who_fr, who_en) = (shown(cited), &who.fr, &who.en);
        let finding = works::of("T-32")
            .finding(msg!(
                "{depositor} ne peut pas associer {number} : seul le peut {who_fr}",
                "{depositor} may not associate {number}: only {who_en} may"
            ))
            .at(cited.place.clone())
            .found(depositor);
        Err(Box::new(match may {
            Some(id) => finding.expected(Msg::same(id)),
            None => finding,
        }))
    }

    /// The delays of the tacit procedure, which look at the pièces that the deposit associates alone.
    pub fn too_early(&self, cited: &Cited, earlier: &Earlier, now: Instant, delays: &Delays) -> Option<Finding> {
        let before = earlier.facts.cadre.as_deref()?.parse::<Cadre>().ok()?;
        let (rule, delay) = match (self.cadre, before) {
            (A22, A7) => ("T-33", delays.dg),
            (A23 | A24 | A25, A22) => ("T-34", delays.tacite),
            _ => return None,
        };
        let days = days(delay);
        let since = earlier.deposited_at.day();
        // The day after the event is the first one; the last one must be over, in Paris.
        let last = since.checked_add_days(chrono::Days::new(days))?;
        if days == 0 || now.day() > last {
            return None;
        }
        let (cadre, number, id) = (self.cadre, shown(cited), &earlier.id);
        let first = last.succ_opt()?;
        Some(
            works::of(rule)
                .finding(
                    msg!(
                        "trop tôt pour cet {cadre} : {before} {number} ({id}) a été déposé le {since}, le délai est de ",
                        "too early for this {cadre}: {before} {number} ({id}) was deposited on {since}, the delay is "
                    ) + counted(days, ["jour", "jours"], ["day", "days"]),
                )
                .at(cited.place.clone())
                .found(now.day().to_string())
                .expected(msg!("le {first} au plus tôt", "{first} at the earliest")),
        )
    }

    /// Nothing fits: what was looked for, and why each near miss is not it.
    fn none<'e>(&self, cited: &Cited, near: impl Iterator<Item = (&'e Earlier, &'e Miss)>) -> Finding {
        let takes: Vec<&str> = crate::routing::of(self.cadre).associates.iter().map(|c| c.code()).collect();
        let (takes, number) = (takes.join(", "), shown(cited));
        let near: Vec<Msg> = near.take(NEAR_MISSES).map(|(e, miss)| self.why(e, miss)).collect();
        let marche = self.facts.marche.as_deref().map(|m| Shown(m).to_string());
        let (of_fr, of_en) = match &marche {
            Some(m) => (format!(" du marché {m}"), format!(" of the marché {m}")),
            None => (" de ce fournisseur".to_owned(), " of this supplier".to_owned()),
        };
        let finding = works::of("T-29")
            .finding(msg!("aucune pièce à associer ne porte {number}", "no pièce to associate is numbered {number}"))
            .at(cited.place.clone())
            .found(number)
            .expected(msg!("une pièce en {takes}{of_fr}", "a pièce in {takes}{of_en}"));
        if near.is_empty() {
            return finding;
        }
        let joined = |of: fn(&Msg) -> &str| near.iter().map(of).collect::<Vec<_>>().join(" ; ");
        finding.help(Msg::new(joined(|m| &m.fr), joined(|m| &m.en)))
    }

    /// Why one that has the number is not it.
    fn why(&self, e: &Earlier, miss: &Miss) -> Msg {
        let (id, status) = (&e.id, e.status);
        let shown = |text: &Option<String>| text.as_deref().map_or_else(|| "–".to_owned(), |t| Shown(t).to_string());
        match miss {
            Miss::OtherCadre => {
                let (cadre, ours) = (shown(&e.facts.cadre), self.cadre);
                msg!(
                    "{id} est un {cadre}, qu'un {ours} n'associe pas",
                    "{id} is an {cadre}, which an {ours} does not associate"
                )
            }
            Miss::OtherDate => {
                let day = e.facts.issued.map(|d| d.to_string()).unwrap_or_default();
                msg!("{id} est du {day}", "{id} is of {day}")
            }
            Miss::OtherMarche => {
                let marche = shown(&e.facts.marche);
                if e.facts.marche == self.facts.marche {
                    // A number is a MOA's own.
                    msg!("{id} est du marché {marche} d'une autre MOA", "{id} is of another MOA's marché {marche}")
                } else {
                    msg!("{id} est du marché {marche}", "{id} is of the marché {marche}")
                }
            }
            Miss::OtherSeller => {
                let seller = shown(&e.facts.supplier_id);
                msg!("{id} est d'un autre fournisseur, {seller}", "{id} is of another supplier, {seller}")
            }
            Miss::Refused => msg!(
                "{id} a été refusée au contrôle : déposez-la à nouveau, corrigée",
                "{id} was refused at the control: deposit it again, mended"
            ),
            Miss::Taken => {
                let by = shown(&e.taken_by);
                msg!("{id} est déjà associée par {by}", "{id} is already associated by {by}")
            }
            Miss::NotNow => {
                let (fr, en) = (status.label().fr, status.label().en);
                msg!(
                    "{id} n'est pas à la disposition de l'acteur qui l'associerait (état : {fr})",
                    "{id} is not with the actor who would associate it (status: {en})"
                )
            }
        }
    }
}

/// Near misses told at most.
const NEAR_MISSES: usize = 10;

fn several(cited: &Cited, fits: &[&Earlier]) -> Finding {
    let number = shown(cited);
    let fits: Vec<String> = fits
        .iter()
        .take(NEAR_MISSES)
        .map(|e| {
            let issued = e.facts.issued.map(|d| d.to_string()).unwrap_or_default();
            let supplier = e.facts.supplier_id.as_deref().unwrap_or_default();
            format!("{} ({} {issued}, {supplier})", e.id, e.facts.cadre.as_deref().unwrap_or_default())
        })
        .collect();
    let list = fits.join(", ");
    works::of("T-31")
        .finding(msg!(
            "plusieurs pièces à associer portent {number}",
            "several pièces to associate are numbered {number}"
        ))
        .at(cited.place.clone())
        .found(number)
        .expected(msg!("une seule de : {list}", "one of: {list}"))
}

/// A reference without a number.
pub fn numberless(cited: &Cited) -> Finding {
    works::of("T-29")
        .finding(msg!("la référence ne donne pas de numéro", "the reference gives no number"))
        .at(cited.place.clone())
}

/// A reference that leads to a pièce that another one names already, or to the deposit itself.
pub fn repeated(cited: &Cited, itself: bool) -> Finding {
    let number = shown(cited);
    let message = if itself {
        msg!("la pièce {number} se cite elle-même", "the pièce {number} cites itself")
    } else {
        msg!("{number} est cité deux fois", "{number} is cited twice")
    };
    works::of("T-36").finding(message).at(cited.place.clone()).found(number)
}

/// More references than one pièce may have.
pub fn too_many(cited: usize, most: usize) -> Finding {
    works::of("T-36")
        .finding(
            msg!("la pièce en cite ", "the pièce cites ") + counted(cited, ["autre", "autres"], ["other", "others"]),
        )
        .found(cited.to_string())
        .expected(msg!("{most} au plus", "{most} at most"))
}

/// An actor that a further earlier pièce has otherwise than the deposit.
pub fn disagrees(cited: &Cited, earlier: &Earlier, ours: &Facts) -> Option<Finding> {
    let roles = [Role::Moe, Role::Moa, Role::Destinataire].into_iter();
    let role = roles.into_iter().find(|role| {
        let (one, other) = (ours.who(*role), earlier.facts.who(*role));
        one.is_some() && other.is_some() && one != other
    })?;
    let (number, label) = (shown(cited), role.label());
    let finding = works::of("T-22")
        .finding(Msg::new(
            format!("{number} n'a pas le même acteur que cette pièce : {}", label.fr),
            format!("{number} has not the same actor as this pièce: {}", label.en),
        ))
        .at(cited.place.clone());
    Some(
        finding
            .found(earlier.facts.who(role).unwrap_or_default())
            .expected(Msg::same(ours.who(role).unwrap_or_default())),
    )
}

fn shown(cited: &Cited) -> String {
    Shown(cited.number.as_deref().unwrap_or_default()).to_string()
}

fn days(delay: Duration) -> u64 {
    delay.as_secs() / 86_400
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::lifecycle::may_follow;
    use crate::routing;

    #[test]
    fn the_rows_are_those_of_the_routes_and_each_step_is_legal() {
        for cadre in Cadre::ALL {
            let rows: Vec<Cadre> = ASSOCIATIONS.iter().filter(|r| r.later == cadre).map(|r| r.earlier).collect();
            assert_eq!(rows, routing::of(cadre).associates, "{cadre}");
        }
        for row in &ASSOCIATIONS {
            assert!(!row.from.is_empty());
            for from in row.from {
                assert!(may_follow(Some(*from), row.becomes), "{} {} {from}", row.later, row.earlier);
            }
            let arrival = routing::of(row.earlier).arrival;
            let first = arrival == Statut::AValider1 || row.from.contains(&arrival);
            assert!(first, "an {} can be taken as it arrives", row.earlier);
        }
    }
}
