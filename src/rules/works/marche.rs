//! The marché that a pièce is billed under: whether it is registered, and what its sheet allows. Whoever has no part
//! in a marché is told nothing of it, not even whether there is one.

use super::actors::{Others, Sheet, has_part, sells};
use super::{at_cadre, depositor, is_association, is_foreign, is_told};
use crate::annuaire::{Groupement, Marche};
use crate::msg;
use crate::rules::{Case, Finding, Findings, Rule, Severity};
use crate::text::{Msg, Shown};
use crate::trade::{Cadre, Role};

/// Whether a slip that is told already may have kept the right sheet away: what it would give is not missing.
pub(super) fn awaits_sheet(case: &Case<'_, '_>) -> bool {
    let a = &case.actors;
    let unsure = |actor: Option<super::Actor<'_>>| actor.is_none_or(|actor| is_told(case, actor));
    let is_away = match a.sheet {
        Sheet::Several | Sheet::Unregistered(Others::Seen) => true,
        // To whoever is refused by T-13, a marché that it cannot see and one that is not there are the same.
        Sheet::Unregistered(Others::None) => is_foreign(case) && a.depositor.is_some(),
        Sheet::Unregistered(Others::Hidden) => !is_foreign(case) || a.depositor.is_some(),
        Sheet::Found(_) | Sheet::None => false,
    };
    is_away || unsure(a.buyer) || (case.piece.marche().is_none() && unsure(a.seller))
}

/// Whether the depositing partner may see who is who in a marché. A marché in which it has no part is only found where
/// an earlier pièce leads to it, of which the partner knows.
pub(super) fn may_see(case: &Case<'_, '_>, marche: &Marche) -> bool {
    has_part(case.context, marche)
}

/// The same of the sheet that was used; where none was, there is nothing to hide.
pub(crate) fn may_see_sheet(case: &Case<'_, '_>) -> bool {
    case.actors.marche().is_none_or(|marche| may_see(case, marche))
}

pub(super) fn registered(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let Some(cited) = case.piece.marche().filter(|_| case.actors.buyer.is_some_and(|b| !is_told(case, b))) else {
        return;
    };
    let number = Shown(cited.text).to_string();
    let told = |message| rule.finding(message).at(Some(case.piece.place(cited.at))).found(cited.text);
    let finding = match case.actors.sheet {
        Sheet::Found(_) | Sheet::None => return,
        // A stranger to every marché of this buyer: T-13 or T-30 tells it.
        Sheet::Unregistered(Others::Hidden) => return,
        Sheet::Unregistered(Others::None) if is_foreign(case) => return,
        Sheet::Several => told(msg!(
            "plusieurs MOA dont ce destinataire paie les marchés ont un marché {number}",
            "several MOAs whose marchés this destinataire pays have a marché {number}"
        ))
        .help(msg!("désignez la MOA comme acheteur, par son SIRET", "name the MOA as the buyer, by its SIRET")),
        Sheet::Unregistered(others) => {
            let finding = told(msg!(
                "le marché {number} n'est pas enregistré chez ce destinataire",
                "the marché {number} is not registered with this buyer"
            ));
            if others == Others::None { finding.warn() } else { finding }
        }
    };
    found.push(finding);
}

pub(super) fn in_time(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let (Some(marche), Some(issued)) = (case.actors.marche(), case.piece.issued) else { return };
    let Some(day) = issued.value.filter(|_| may_see(case, marche)) else { return };
    let early = marche.starts.is_some_and(|s| day < s);
    let late = marche.ends.is_some_and(|e| day > e);
    if early || late {
        let number = &marche.number;
        let edge = |d: Option<chrono::NaiveDate>| d.map_or_else(|| "…".to_owned(), |d| d.to_string());
        let (starts, ends) = (edge(marche.starts), edge(marche.ends));
        let finding = rule.finding(msg!(
            "la pièce est émise hors des dates du marché {number}",
            "the pièce is issued outside the dates of the marché {number}"
        ));
        // What is under way goes on to its end: the final account comes after the last day.
        let severity = if late && is_association(case) { Severity::Warning } else { rule.severity };
        found.push(
            Finding { severity, ..finding }
                .at(Some(case.piece.place(issued.raw.at)))
                .found(issued.raw.text)
                .expected(msg!("du {starts} au {ends}", "from {starts} to {ends}")),
        );
    }
}

pub(super) fn cadre_used(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    if let (Some(marche), Some(cadre)) = (case.actors.marche(), case.actors.cadre)
        && !marche.uses(cadre)
        && may_see(case, marche)
    {
        let number = &marche.number;
        let used = marche.cadres.iter().map(|c| c.code()).collect::<Vec<_>>().join(" ");
        found.push(
            rule.finding(msg!(
                "le marché {number} n'utilise pas le cadre {cadre}",
                "the marché {number} does not use the cadre {cadre}"
            ))
            .at(at_cadre(case))
            .found(cadre.code())
            .expected(Msg::same(used)),
        );
    }
}

pub(super) fn not_solidaire(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let solidaire = case.actors.marche().filter(|m| m.groupement == Some(Groupement::Solidaire));
    if let (Some(marche), Some(cadre @ (Cadre::A13 | Cadre::A14))) = (solidaire, case.actors.cadre)
        && may_see(case, marche)
    {
        let number = &marche.number;
        found.push(
            rule.finding(msg!(
                "le groupement du marché {number} est solidaire : un cotraitant n'y dépose pas",
                "the groupement of the marché {number} is solidaire: a cotraitant deposits nothing"
            ))
            .at(at_cadre(case))
            .found(cadre.code())
            .expected(msg!("A4 ou A7, déposé par le mandataire", "A4 or A7, deposited by the mandataire")),
        );
    }
}

pub(super) fn has_role(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let a = &case.actors;
    found.extend(stranger(rule, case));
    if let (Some(marche), Some(cadre), Some(seller)) = (a.marche(), a.cadre, a.seller)
        && !sells(marche, cadre, seller.id)
        && !is_told(case, seller)
    {
        let (number, id, depositor) = (&marche.number, seller.id, depositor(cadre));
        found.push(
            rule.finding(msg!(
                "{id} n'a pas, dans le marché {number}, le rôle que le cadre {cadre} suppose",
                "{id} has not, in the marché {number}, the role that the cadre {cadre} supposes"
            ))
            .at(seller.at.map(|at| case.piece.place(at)))
            .found(id)
            .expected(match depositor {
                Role::Fournisseur => msg!("le titulaire ou le mandataire", "the titulaire or the mandataire"),
                Role::SousTraitant | Role::Cotraitant => Msg::from(depositor.label()),
                _ => msg!("une entreprise du marché", "a company of the marché"),
            }),
        );
    }
}

/// Whoever deposits under a marché of a buyer in none of whose marchés it has a part is told the same whether there is
/// such a marché or not.
fn stranger(rule: &'static Rule, case: &Case<'_, '_>) -> Option<Finding> {
    let cited = case.piece.marche()?;
    let is_hidden = matches!(case.actors.sheet, Sheet::Unregistered(Others::Hidden));
    if !is_hidden || is_foreign(case) || case.actors.buyer.is_none_or(|buyer| is_told(case, buyer)) {
        return None;
    }
    let number = Shown(cited.text).to_string();
    let finding = rule.finding(msg!(
        "aucune de vos structures n'a de rôle dans un marché {number} de ce destinataire",
        "none of your structures has a role in a marché {number} of this buyer"
    ));
    Some(finding.at(Some(case.piece.place(cited.at))).found(cited.text))
}
