//! What is looked for must be something that there can be: a slip in a criterion is told, and does not look like an
//! empty ledger.

use super::failure::Failure;
use crate::annuaire::Annuaire;
use crate::error::{nearest, shown};
use crate::ledger::{Criteria, FlowCriteria, LedgerReader};
use crate::msg;
use crate::text::{Msg, Text, t};
use crate::trade::Cadre;
use chrono::NaiveDate;
use std::path::Path;

/// A value that some pièces may have: its option, what it is, the ledger's criterion.
struct Word<'c> {
    option: &'static str,
    what: Text,
    value: &'c str,
    alone: Criteria,
}

/// Refuses days of which the last is before the first.
pub fn days(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<(), Failure> {
    match (from, to) {
        (Some(from), Some(to)) if to < from => Err(Failure::new(
            msg!("--from {from} vient après --to {to}", "--from {from} is after --to {to}"),
            msg!("échangez les deux jours", "swap the two days"),
        )),
        _ => Ok(()),
    }
}

/// Refuses a SIREN that is none.
pub fn siren(siren: Option<&str>) -> Result<(), Failure> {
    match siren {
        Some(siren) if siren.len() != 9 || !siren.bytes().all(|b| b.is_ascii_digit()) => {
            let siren = shown(siren);
            Err(Failure::new(
                msg!("--siren : « {siren} » n'est pas un SIREN", "--siren: \"{siren}\" is no SIREN"),
                msg!("donnez les neuf premiers chiffres d'un SIRET", "give the first nine digits of a SIRET"),
            ))
        }
        _ => Ok(()),
    }
}

/// Refuses what neither any pièce has nor anybody knows: a cadre, a type, a structure, a partner.
pub fn pieces(criteria: &Criteria, ledger: Option<&LedgerReader>, annuaire: &Path) -> Result<(), Failure> {
    for word in words(criteria) {
        let mut found = false;
        if let Some(ledger) = ledger {
            ledger.search(&word.alone, &mut |_| {
                found = true;
                false
            })?;
        }
        if !found {
            word.must_be_known(annuaire)?;
        }
    }
    Ok(())
}

/// The same of a list of flows.
pub fn flows(criteria: &FlowCriteria, ledger: Option<&LedgerReader>, annuaire: &Path) -> Result<(), Failure> {
    let Some(partner) = &criteria.partner else { return Ok(()) };
    let alone = FlowCriteria { partner: Some(partner.clone()), limit: Some(1), ..FlowCriteria::default() };
    let mut found = false;
    if let Some(ledger) = ledger {
        ledger.flows(&alone, &mut |_| {
            found = true;
            false
        })?;
    }
    if found {
        return Ok(());
    }
    Word { option: "--partner", what: PARTNER, value: partner, alone: Criteria::default() }.must_be_known(annuaire)
}

/// Names that a message lists at most.
const MOST: usize = 12;
const PARTNER: Text = t("un partenaire", "a partner");
const STRUCTURE: Text = t("une structure", "a structure");

/// Sets one criterion.
type Set = fn(&mut Criteria, Option<String>);

fn words(criteria: &Criteria) -> Vec<Word<'_>> {
    let limit = Some(1);
    let one = |set: Set, value: &str| {
        let mut alone = Criteria { limit, ..Criteria::default() };
        set(&mut alone, Some(value.to_owned()));
        alone
    };
    #[rustfmt::skip]
    let all: [(&'static str, Text, &Option<String>, Set); 5] = [
        ("--cadre",        t("un cadre", "a cadre"),                              &criteria.cadre,        |c, v| c.cadre = v),
        ("--type",         t("un type de document", "a type of document"),        &criteria.type_code,    |c, v| c.type_code = v),
        ("--structure",    STRUCTURE,                                             &criteria.structure,    |c, v| c.structure = v),
        ("--destinataire", STRUCTURE,                                             &criteria.destinataire, |c, v| c.destinataire = v),
        ("--partner",      PARTNER,                                               &criteria.partner,      |c, v| c.partner = v),
    ];
    all.into_iter()
        .filter_map(|(option, what, value, set)| {
            let value = value.as_deref()?;
            Some(Word { option, what, value, alone: one(set, value) })
        })
        .collect()
}

impl Word<'_> {
    /// It may be that no pièce has it yet.
    fn must_be_known(&self, annuaire: &Path) -> Result<(), Failure> {
        match self.option {
            "--cadre" => {
                let all = Cadre::ALL.map(|cadre| cadre.to_string());
                let list = all.join(" ");
                if all.iter().any(|code| code == self.value) {
                    return Ok(());
                }
                Err(self.unknown(
                    all.iter().map(String::as_str),
                    &msg!("les cadres de travaux sont : {list}", "the cadres of works are: {list}"),
                ))
            }
            "--type" => {
                if self.value.len() == 3 && self.value.bytes().all(|b| b.is_ascii_digit()) {
                    return Ok(());
                }
                Err(self.unknown(
                    [].into_iter(),
                    &msg!(
                        "donnez un code de trois chiffres : 380 (facture), 381 (avoir)…",
                        "give a code of three digits: 380 (invoice), 381 (credit note)…"
                    ),
                ))
            }
            option => {
                // One that does not load keeps nobody from reading.
                let Ok(loaded) = Annuaire::load(annuaire) else { return Ok(()) };
                let annuaire = loaded.annuaire;
                let names: Vec<&str> = if option == "--partner" {
                    annuaire.partners().iter().map(|partner| &*partner.name).collect()
                } else {
                    annuaire.structures().iter().map(|structure| structure.id.as_str()).collect()
                };
                if names.contains(&self.value) {
                    return Ok(());
                }
                let help = if option == "--partner" {
                    let some =
                        names.iter().take(MOST).map(|name| shown(name).to_string()).collect::<Vec<_>>().join(", ");
                    let more = if names.len() > MOST { ", …" } else { "" };
                    msg!("annuaire/partners.toml a {some}{more}", "annuaire/partners.toml has {some}{more}")
                } else {
                    msg!(
                        "`guichet annuaire show` les cherche, aussi par nom",
                        "`guichet annuaire show` looks for them, by name too"
                    )
                };
                Err(self.unknown(names.into_iter(), &help))
            }
        }
    }

    fn unknown<'n>(&self, known: impl Iterator<Item = &'n str>, help: &Msg) -> Failure {
        let (option, value) = (self.option, shown(self.value));
        let message = Msg::new(
            format!("{option} : « {value} » n'est pas {} que l'on connaisse ici", self.what.fr),
            format!("{option}: \"{value}\" is not {} known here", self.what.en),
        );
        let help = match nearest(self.value, known) {
            Some(near) => {
                let near = shown(near);
                msg!("peut-être {near} ; ", "perhaps {near}; ") + help.clone()
            }
            None => help.clone(),
        };
        Failure::new(message, help)
    }
}
