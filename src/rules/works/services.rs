//! Where inside the destinataire a pièce goes: its service, and the engagement that it is paid from.

use super::marche::{awaits_sheet, may_see_sheet};
use super::of;
use crate::annuaire::{Annuaire, Structure};
use crate::error::shown;
use crate::facts::Facts;
use crate::msg;
use crate::rules::{Case, Finding, Findings, Place, Rule, chorus};

/// The destinataire's structure with the service and the engagement that the pièce gives it.
struct Addressed<'a> {
    structure: &'a Structure,
    /// How a sentence calls it.
    name: &'a str,
    service: Option<&'a str>,
    engagement: Option<&'a str>,
}

fn addressed<'a>(case: &'a Case<'_, '_>) -> Option<Addressed<'a>> {
    let actor = case.actors.destinataire.or(case.actors.buyer)?;
    let structure = case.context.annuaire?.structure(actor.id)?;
    let services = case.actors.services(case.piece);
    let name = if actor.at.is_some() || may_see_sheet(case) { actor.id } else { "destinataire" };
    Some(Addressed { structure, name, service: services.destinataire, engagement: services.engagement })
}

/// The same, where what is not given is missing: the sheet of another marché would not give it.
fn addressed_whole<'a>(case: &'a Case<'_, '_>) -> Option<Addressed<'a>> {
    addressed(case).filter(|_| !awaits_sheet(case))
}

/// Where a missing service or engagement would stand.
fn at_buyer(case: &Case<'_, '_>) -> Option<Place> {
    let p = case.piece;
    Some(p.place(p.buyer.at.unwrap_or(p.root())))
}

pub(super) fn service_given(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    if let Some(Addressed { structure, name: id, service: None, .. }) = addressed_whole(case)
        && structure.service_required
    {
        found.push(asks_service(rule, id).at(at_buyer(case)));
    }
}

/// A service code that is given, the structure it is a service of, and what the annuaire has of it.
struct Serving<'a> {
    code: &'a str,
    structure: &'a Structure,
    /// How a sentence calls the structure.
    name: &'a str,
    service: Option<&'a crate::annuaire::Service>,
}

/// The destinataire's service; and the one that the flow gives its buyer where another structure pays.
fn services<'a>(case: &'a Case<'_, '_>) -> impl Iterator<Item = Serving<'a>> {
    let pays = addressed(case).and_then(|to| Some((to.structure, to.name, to.service?)));
    let buyer = case.actors.buyer.filter(|buyer| case.actors.destinataire.is_some_and(|d| d.id != buyer.id));
    let buys = buyer.and_then(|buyer| {
        let structure = case.context.annuaire?.structure(buyer.id)?;
        Some((structure, buyer.id, case.piece.buyer_service?.text))
    });
    [pays, buys].into_iter().flatten().filter_map(|(structure, name, code)| {
        let service = case.context.annuaire?.service(&structure.id, code);
        Some(Serving { code, structure, name, service })
    })
}

/// A service code as it may be told: the sheet's own to those in it.
fn told_code<'a>(case: &Case<'_, '_>, code: &'a str) -> &'a str {
    let of_form = case.piece.form.iter().flat_map(|form| form.services());
    let of_flow = case.piece.buyer_service.into_iter().chain(of_form).any(|s| s.text == code);
    if of_flow || may_see_sheet(case) { code } else { "–" }
}

fn at_service(case: &Case<'_, '_>) -> Option<Place> {
    case.piece.buyer_service.map(|s| case.piece.place(s.at)).or_else(|| at_buyer(case))
}

pub(super) fn service_known(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    for Serving { code, structure, name: id, .. } in services(case).filter(|s| s.service.is_none()) {
        // A structure without services in the annuaire says nothing of its codes.
        let says = case.context.annuaire.is_some_and(|a| !a.services_of(&structure.id).is_empty());
        // Codes that are none are told already.
        if chorus::is_service_code(code) && (says || structure.service_required) {
            let code = shown(told_code(case, code));
            found.push(has_no_service(rule, id, &code).at(at_service(case)));
        }
    }
}

pub(super) fn service_active(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    for Serving { code, .. } in services(case).filter(|s| s.service.is_some_and(|s| !s.active)) {
        found.push(inactive(rule, told_code(case, code)).at(at_service(case)));
    }
}

pub(super) fn engagement_given(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let Some(Addressed { structure, name: id, engagement: None, .. }) = addressed_whole(case) else { return };
    let asking =
        services(case).find(|s| s.structure.id == structure.id && s.service.is_some_and(|s| s.engagement_required));
    let finding = match asking {
        _ if structure.engagement_required => asks_engagement(rule, id).at(at_buyer(case)),
        Some(Serving { code, .. }) => {
            service_asks_engagement(rule, id, &shown(told_code(case, code))).at(at_service(case))
        }
        None => return,
    };
    found.push(finding);
}

pub(super) fn either_given(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    if let Some(Addressed { structure, name: id, service: None, engagement: None }) = addressed_whole(case)
        && structure.either_required
        && !structure.service_required
        && !structure.engagement_required
    {
        found.push(asks_either(rule, id).at(at_buyer(case)));
    }
}

/// What is wrong with the address that a pièce would have after a correction.
pub fn address(annuaire: &Annuaire, facts: &Facts) -> Vec<Finding> {
    let Some(structure) = facts.destinataire.as_deref().and_then(|id| annuaire.structure(id)) else {
        return Vec::new(); // told of the structure itself
    };
    let (id, code, engagement) = (&*structure.id, facts.service.as_deref(), facts.engagement.as_deref());
    let service = code.and_then(|code| annuaire.service(id, code));
    let says = structure.service_required || !annuaire.services_of(id).is_empty();
    let mut found = Vec::new();
    match (code, service) {
        (None, _) if structure.service_required => found.push(asks_service(of("T-16"), id)),
        (None, _) if structure.either_required && !structure.engagement_required && engagement.is_none() => {
            found.push(asks_either(of("T-20"), id));
        }
        (Some(code), None) if says => found.push(has_no_service(of("T-17"), id, &shown(code))),
        (Some(code), Some(service)) if !service.active => found.push(inactive(of("T-18"), code)),
        _ => {}
    }
    match (service, code) {
        _ if engagement.is_some() => {}
        _ if structure.engagement_required => found.push(asks_engagement(of("T-19"), id)),
        (Some(service), Some(code)) if service.engagement_required => {
            found.push(service_asks_engagement(of("T-19"), id, &shown(code)));
        }
        _ => {}
    }
    found
}

fn asks_service(rule: &'static Rule, id: &str) -> Finding {
    rule.finding(msg!("{id} exige un code service", "{id} asks for a service code"))
}

fn has_no_service(rule: &'static Rule, id: &str, code: &str) -> Finding {
    rule.finding(msg!("{id} n'a pas de service {code}", "{id} has no service {code}")).found(code)
}

fn inactive(rule: &'static Rule, code: &str) -> Finding {
    rule.finding(msg!("le service {code} n'est plus actif", "the service {code} is no longer active")).found(code)
}

fn asks_engagement(rule: &'static Rule, id: &str) -> Finding {
    rule.finding(msg!("{id} exige un numéro d'engagement", "{id} asks for an engagement"))
}

fn service_asks_engagement(rule: &'static Rule, id: &str, code: &str) -> Finding {
    rule.finding(msg!(
        "le service {code} de {id} exige un numéro d'engagement",
        "the service {code} of {id} asks for an engagement"
    ))
}

fn asks_either(rule: &'static Rule, id: &str) -> Finding {
    rule.finding(msg!("{id} exige un code service ou un engagement", "{id} asks for a service code or an engagement"))
}
