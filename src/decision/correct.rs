//! Corrections: what a depositor may set after a refusal for routing data, and whether the new value can be right.

use super::Changes;
use super::act::datum;
use crate::annuaire::{Annuaire, Marche};
use crate::facts::Facts;
use crate::lifecycle::acts::{Act, Datum, Row};
use crate::msg;
use crate::rules::{Finding, works};
use crate::text::{Msg, Shown};
use crate::trade::{Cadre, Role};

/// What the pièce says after a correction, and what changed; an act that corrects nothing changes nothing.
///
/// # Errors
/// Everything that is wrong with what is set.
pub(super) fn corrected(
    row: &Row,
    set: &[(Datum, String)],
    facts: &Facts,
    annuaire: &Annuaire,
) -> Result<(Facts, Changes), Vec<Finding>> {
    let mut after = facts.clone();
    let admitted = || Msg::same(row.sets.iter().map(|d| d.word()).collect::<Vec<_>>().join(", "));
    let mut wrong = Vec::new();
    for (what, value) in set {
        if !row.sets.contains(what) {
            let act = row.act;
            wrong.push(
                works::of("T-47")
                    .finding(msg!("{act} ne change pas « {what} » ici", "{act} does not change \"{what}\" here"))
                    .found(format!("{what}={value}"))
                    .expected(admitted()),
            );
            continue;
        }
        let value = Some(value.trim()).filter(|v| !v.is_empty()).map(str::to_owned);
        match what {
            Datum::Siret => {
                after.destinataire_name =
                    value.as_deref().and_then(|id| annuaire.structure(id)).map(|s| s.name.clone());
                after.destinataire = value;
            }
            Datum::Service => after.service = value,
            Datum::Engagement => after.engagement = value,
            Datum::Valideur1 => after.valideur1 = value,
            Datum::Valideur2 => after.valideur2 = value,
            // The service was that of the other structure.
            Datum::Moe => (after.moe, after.moe_service) = (value, None),
            Datum::Moa => (after.moa, after.moa_service) = (value, None),
        }
    }
    if row.act != Act::Correct {
        return if wrong.is_empty() { Ok((after, Changes::new())) } else { Err(wrong) };
    }
    let sheet = sheet(facts, annuaire);
    // The actor who said that it is the wrong one; of an address there is none.
    let required = row.sets.first().filter(|d| **d != Datum::Siret).copied();
    let registered = required.and_then(|what| registered(what, facts, sheet?));
    if let (Some(what), Some(id)) = (required, registered)
        && !set.iter().any(|(d, _)| *d == what)
    {
        match what {
            Datum::Moe => after.moe = Some(id.to_owned()),
            Datum::Moa => after.moa = Some(id.to_owned()),
            Datum::Valideur1 => after.valideur1 = Some(id.to_owned()),
            _ => after.valideur2 = Some(id.to_owned()),
        }
    }
    // Another first valideur may call for another second one.
    if row.sets.contains(&Datum::Valideur1) && !set.iter().any(|(d, _)| *d == Datum::Valideur2) {
        // Without a sheet it is whom the form named, unless that one validates first now.
        after.valideur2 = match sheet {
            Some(_) => second(&after, sheet),
            None => after.valideur2.take().filter(|second| Some(second) != after.valideur1.as_ref()),
        };
    }
    let mut changes = Changes::new();
    for what in Datum::ALL {
        let (was, is) = (datum(facts, *what), datum(&after, *what));
        if was != is {
            changes.insert(what.word().to_owned(), [was.map(str::to_owned), is.map(str::to_owned)]);
        }
    }
    // That actor must change, unless the sheet says that it is the right one; of an address, something must.
    let missing = match required {
        Some(what) => {
            let is = datum(&after, what);
            is.is_none() || !changes.contains_key(what.word()) && is != registered
        }
        None => changes.is_empty() || after.destinataire.is_none(),
    };
    if missing && wrong.is_empty() {
        let was = required.and_then(|what| datum(facts, what)).unwrap_or("–");
        wrong.push(
            works::of("T-47")
                .finding(msg!(
                    "la correction ne change rien à ce qui était faux",
                    "the correction does not change what was wrong"
                ))
                .found(was)
                .expected(admitted()),
        );
    }
    for (word, [_, is]) in &changes {
        if let (Ok(what), Some(value)) = (word.parse::<Datum>(), is) {
            wrong.extend(value_of(what, value, &after, annuaire, sheet));
        }
    }
    if row.sets.contains(&Datum::Siret) {
        wrong.extend(works::address(annuaire, &after));
    }
    if wrong.is_empty() { Ok((after, changes)) } else { Err(wrong) }
}

/// The registered sheet that the pièce was judged by.
fn sheet<'a>(facts: &Facts, annuaire: &'a Annuaire) -> Option<&'a Marche> {
    let moa = facts.marche_moa.as_deref()?;
    annuaire.marches_numbered(facts.marche.as_deref()?).find(|m| m.moa == moa)
}

/// Who has this role by the sheet, where it says so of one structure.
fn registered<'a>(what: Datum, facts: &Facts, marche: &'a Marche) -> Option<&'a str> {
    let of_sub = facts.cadre.as_deref() == Some(Cadre::A10.code());
    match what {
        Datum::Moe => marche.moe.as_deref(),
        Datum::Moa => Some(&marche.moa),
        Datum::Valideur1 if of_sub => {
            let mut of = marche.sous_traitants.iter().filter(|s| Some(&*s.id) == facts.supplier_id.as_deref());
            of.next().map(|s| &*s.of).filter(|_| of.next().is_none())
        }
        Datum::Valideur1 | Datum::Valideur2 => Some(marche.lead()),
        Datum::Siret | Datum::Service | Datum::Engagement => None,
    }
}

/// The second valideur, by the sheet: the lead, where a sous-traitant's company is another.
fn second(facts: &Facts, sheet: Option<&Marche>) -> Option<String> {
    let (marche, first) = (sheet?, facts.valideur1.as_deref()?);
    let is_sub = facts.cadre.as_deref() == Some(Cadre::A10.code());
    (is_sub && first != marche.lead()).then(|| marche.lead().to_owned())
}

/// What is wrong with a structure in its new role.
fn value_of(what: Datum, value: &str, after: &Facts, annuaire: &Annuaire, sheet: Option<&Marche>) -> Vec<Finding> {
    let role = match what {
        Datum::Service | Datum::Engagement => return Vec::new(), // works::address looks at them
        Datum::Siret => Role::Destinataire,
        Datum::Valideur1 => Role::Valideur1,
        Datum::Valideur2 => Role::Valideur2,
        Datum::Moe => Role::Moe,
        Datum::Moa => Role::Moa,
    };
    let mut wrong: Vec<Finding> = works::structure(annuaire, value, role).into_iter().collect();
    let seller = after.supplier_id.as_deref() == Some(value);
    if matches!(role, Role::Valideur1 | Role::Valideur2) && seller {
        wrong.push(works::oneself(works::of("T-28"), value));
    }
    if let Some(marche) = sheet.filter(|m| !fits(role, value, after, m)) {
        let (number, label) = (Shown(&marche.number).to_string(), role.label());
        let (fr, en) = (label.fr, label.en);
        wrong.push(
            works::of("T-22")
                .finding(msg!(
                    "{value} n'est pas, dans le marché {number}, l'acteur : {fr}",
                    "{value} is not, in the marché {number}, the actor: {en}"
                ))
                .found(value),
        );
    }
    wrong
}

/// Whether the sheet has this structure in this role, for this seller.
fn fits(role: Role, value: &str, facts: &Facts, marche: &Marche) -> bool {
    let seller = facts.supplier_id.as_deref().unwrap_or_default();
    match role {
        Role::Valideur1 if facts.cadre.as_deref() == Some(Cadre::A10.code()) => {
            marche.sous_traitants.iter().any(|s| s.id == seller && s.of == value)
        }
        Role::Valideur1 | Role::Valideur2 => marche.lead() == value,
        Role::Moe => marche.moe.as_deref().is_none_or(|moe| moe == value),
        _ => marche.has_role(role, value),
    }
}
