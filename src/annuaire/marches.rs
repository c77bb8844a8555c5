//! `marches.toml`: the sheets of the marchés, and who is who in them.

use super::load::Desk;
use crate::config::tree::{Given, Table, Wanted};
use crate::error::{Problem, shown};
use crate::msg;
use crate::text::t;
use crate::trade::{Cadre, Role};
use chrono::NaiveDate;
use std::collections::HashMap;
use toml::de::DeValue;

/// How the companies of a marché are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groupement {
    /// Each for its own part: each deposits.
    Conjoint,
    /// Each for the whole: the mandataire deposits alone.
    Solidaire,
}

/// A sous-traitant and the company it works for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SousTraitant {
    /// The sous-traitant.
    pub id: String,
    /// The titulaire, mandataire or cotraitant that it works for.
    pub of: String,
}

/// A `[[marche]]` of `marches.toml`: the sheet of one contract. Its number is unique per MOA only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marche {
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: Option<String>,
    /// The owner.
    pub moa: String,
    /// The owner's service.
    pub moa_service: Option<String>,
    /// The engineer.
    pub moe: Option<String>,
    /// The engineer's service.
    pub moe_service: Option<String>,
    /// Who pays: the MOA unless the file says otherwise.
    pub destinataire: String,
    /// Its service.
    pub destinataire_service: Option<String>,
    /// The contractor.
    pub titulaire: String,
    /// How the companies are bound, if there are several.
    pub groupement: Option<Groupement>,
    /// The lead of the groupement, if there is one.
    pub mandataire: Option<String>,
    /// The joint contractors.
    pub cotraitants: Vec<String>,
    /// The subcontractors.
    pub sous_traitants: Vec<SousTraitant>,
    /// The engagement.
    pub engagement: Option<String>,
    /// Days to pay, where not the general ones.
    pub payment_days: Option<u32>,
    /// First day.
    pub starts: Option<NaiveDate>,
    /// Last day.
    pub ends: Option<NaiveDate>,
    /// Cadres in use; empty: all.
    pub cadres: Vec<Cadre>,
}

impl Marche {
    /// The company that leads: the mandataire, else the titulaire.
    pub fn lead(&self) -> &str {
        self.mandataire.as_deref().unwrap_or(&self.titulaire)
    }

    /// The companies that do the work: titulaire, mandataire, cotraitants, sous-traitants. One may come twice.
    pub fn companies(&self) -> impl Iterator<Item = &str> {
        let first = [Some(&self.titulaire), self.mandataire.as_ref()].into_iter().flatten();
        let all = first.chain(&self.cotraitants).chain(self.sous_traitants.iter().map(|s| &s.id));
        all.map(String::as_str)
    }

    /// Every actor of the sheet with the role it is named in. A structure comes once a role.
    pub fn actors(&self) -> impl Iterator<Item = (Role, &str)> {
        let one = |role, id| std::iter::once((role, id));
        let lead = self.mandataire.as_ref().filter(|m| **m != self.titulaire);
        one(Role::Moa, self.moa.as_str())
            .chain(self.moe.as_deref().map(|id| (Role::Moe, id)))
            .chain(one(Role::Destinataire, self.destinataire.as_str()))
            .chain(one(Role::Fournisseur, self.titulaire.as_str()))
            .chain(lead.map(|id| (Role::Fournisseur, id.as_str())))
            .chain(self.cotraitants.iter().map(|id| (Role::Cotraitant, id.as_str())))
            .chain(self.sous_traitants.iter().map(|s| (Role::SousTraitant, s.id.as_str())))
    }

    /// Whether a structure has a role here. The fournisseur is the titulaire or the mandataire; a first valideur is one
    /// of these or a company that has a sous-traitant; a second one is the company that leads.
    pub fn has_role(&self, role: Role, id: &str) -> bool {
        let fournisseur = || self.titulaire == id || self.mandataire.as_deref() == Some(id);
        match role {
            Role::Fournisseur => fournisseur(),
            Role::SousTraitant => self.sous_traitants.iter().any(|s| s.id == id),
            Role::Cotraitant => self.cotraitants.iter().any(|c| c == id),
            Role::Valideur1 => fournisseur() || self.sous_traitants.iter().any(|s| s.of == id),
            Role::Valideur2 => self.lead() == id,
            Role::Moe => self.moe.as_deref() == Some(id),
            Role::Moa => self.moa == id,
            Role::Destinataire => self.destinataire == id,
        }
    }

    /// Whether a cadre is in use here.
    pub fn uses(&self, cadre: Cadre) -> bool {
        self.cadres.is_empty() || self.cadres.contains(&cadre)
    }
}

#[rustfmt::skip]
static KEYS: &[&str] = &[
    "number", "name", "moa", "moa_service", "moe", "moe_service", "destinataire", "titulaire", "groupement", "mandataire",
    "cotraitants", "sous_traitants", "destinataire_service", "engagement", "payment_days", "starts", "ends", "cadres",
];

/// A year of patience is more than any contract grants.
const MOST_PAYMENT_DAYS: u64 = 366;

/// Reads every `[[marche]]`.
pub(super) fn read(tables: &[Table<'_>], desk: &mut Desk<'_>) -> Vec<Marche> {
    let mut first: HashMap<(String, String), usize> = HashMap::new();
    let mut marches = Vec::with_capacity(tables.len());
    for table in tables {
        let marche = one(*table, desk);
        consistent(*table, &marche, desk);
        let seen = *first.entry((marche.moa.clone(), marche.number.clone())).or_insert(table.start);
        if seen != table.start && !marche.number.is_empty() && !marche.moa.is_empty() {
            let (number, moa, seen) = (shown(&marche.number), shown(&marche.moa), table.source.line(seen));
            desk.problems.push(table.source.problem(
                table.start,
                msg!(
                    "le marché {number} de {moa} est déjà à la ligne {seen}",
                    "marché {number} of {moa} is already on line {seen}"
                ),
                msg!(
                    "un numéro ne sert qu'une fois par MOA : corrigez-le, ou réunissez les deux fiches",
                    "a number serves once a MOA: mend it, or join the two sheets"
                ),
            ));
        }
        marches.push(marche);
    }
    marches
}

fn one(table: Table<'_>, desk: &mut Desk<'_>) -> Marche {
    table.only(KEYS, desk.problems);
    let moa = desk.required_structure(table, "moa");
    let destinataire = desk.structure(table, "destinataire").unwrap_or_else(|| moa.clone());
    let moe = desk.structure(table, "moe");
    Marche {
        number: desk.required_text(table, "number"),
        name: desk.text(table, "name"),
        moa_service: desk.service(table, "moa_service", Some(&moa)),
        moe_service: desk.service(table, "moe_service", moe.as_deref()),
        destinataire_service: desk.service(table, "destinataire_service", Some(&destinataire)),
        moa,
        moe,
        destinataire,
        titulaire: desk.required_structure(table, "titulaire"),
        groupement: desk.word(
            table,
            "groupement",
            &[("conjoint", Groupement::Conjoint), ("solidaire", Groupement::Solidaire)],
        ),
        mandataire: desk.structure(table, "mandataire"),
        cotraitants: desk.structures(table, "cotraitants"),
        sous_traitants: sous_traitants(table, desk),
        engagement: desk.text(table, "engagement"),
        payment_days: payment_days(table, desk),
        starts: date(table, "starts", desk),
        ends: date(table, "ends", desk),
        cadres: cadres(table, desk),
    }
}

fn sous_traitants(table: Table<'_>, desk: &mut Desk<'_>) -> Vec<SousTraitant> {
    let wanted = || {
        Wanted::new(
            t("une liste de sous-traitants", "a list of sous-traitants"),
            t(
                "écrivez : sous_traitants = [{ id = \"…\", of = \"…\" }]",
                "write: sous_traitants = [{ id = \"…\", of = \"…\" }]",
            ),
        )
    };
    let mut found: Vec<SousTraitant> = Vec::new();
    for given in desk.list(table, "sous_traitants", wanted) {
        let Some(inner) = given.table() else {
            desk.problems.push(given.wrong(wanted()));
            continue;
        };
        inner.only(&["id", "of"], desk.problems);
        let one = SousTraitant { id: desk.required_structure(inner, "id"), of: desk.required_structure(inner, "of") };
        if found.contains(&one) && !one.id.is_empty() {
            desk.problems.push(given.twice(&one.id));
        }
        found.push(one);
    }
    found
}

fn payment_days(table: Table<'_>, desk: &mut Desk<'_>) -> Option<u32> {
    let given = table.get("payment_days")?;
    let days = given.integer().filter(|days| *days <= MOST_PAYMENT_DAYS).and_then(|days| u32::try_from(days).ok());
    if days.is_none() {
        desk.problems.push(given.wrong(Wanted {
            what: msg!(
                "un nombre de jours, de 0 à {MOST_PAYMENT_DAYS}",
                "a number of days, from 0 to {MOST_PAYMENT_DAYS}"
            ),
            help: msg!(
                "écrivez un nombre sans guillemets : payment_days = 30",
                "write a number without quotes: payment_days = 30"
            ),
        }));
    }
    days
}

/// A TOML date, or the same as a string.
fn date(table: Table<'_>, key: &str, desk: &mut Desk<'_>) -> Option<NaiveDate> {
    let given = table.get(key)?;
    let date = match given.value {
        DeValue::Datetime(toml::value::Datetime { date: Some(d), time: None, offset: None }) => {
            NaiveDate::from_ymd_opt(d.year.into(), d.month.into(), d.day.into())
        }
        DeValue::String(text) if text.len() == 10 => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(),
        _ => None,
    };
    if date.is_none() {
        desk.problems.push(given.wrong(Wanted::new(
            t("une date", "a date"),
            t("écrivez l'année, le mois et le jour : 2017-01-31", "write year, month and day: 2017-01-31"),
        )));
    }
    date
}

fn cadres(table: Table<'_>, desk: &mut Desk<'_>) -> Vec<Cadre> {
    let words: Vec<(&str, Cadre)> = Cadre::ALL.into_iter().map(|c| (c.code(), c)).collect();
    let found = desk.words(table, "cadres", &words);
    if let Some(given) = table.get("cadres").filter(|g| g.value.as_array().is_some_and(|a| a.is_empty())) {
        desk.problems.push(given.problem(
            msg!("« cadres » est une liste vide", "\"cadres\" is an empty list"),
            msg!(
                "ôtez la clé si tous les cadres servent, sinon nommez-les : [\"A4\", \"A15\"]",
                "remove the key if all cadres are in use, else name them: [\"A4\", \"A15\"]"
            ),
        ));
    }
    found
}

/// What the values say of one another.
fn consistent(table: Table<'_>, marche: &Marche, desk: &mut Desk<'_>) {
    let place = |key: &str| table.get(key);
    if let (Some(starts), Some(ends), Some(at)) = (marche.starts, marche.ends, place("ends"))
        && ends < starts
    {
        desk.problems.push(at.problem(
            msg!(
                "le marché finit le {ends}, avant de commencer le {starts}",
                "the marché ends on {ends}, before it starts on {starts}"
            ),
            msg!("corrigez « starts » ou « ends »", "mend \"starts\" or \"ends\""),
        ));
    }
    if let Some(at) = place("cotraitants")
        && marche.cotraitants.iter().any(|c| c == marche.lead())
    {
        let lead = shown(marche.lead());
        desk.problems.push(at.problem(
            msg!(
                "{lead} mène le groupement et figure parmi les cotraitants",
                "{lead} leads the groupement and is among the cotraitants"
            ),
            msg!(
                "les cotraitants sont les autres entreprises : ôtez-la de la liste",
                "the cotraitants are the other companies: take it off the list"
            ),
        ));
    }
    // Who the cotraitants are is not known where their list is none, which was told.
    let companies_known = place("cotraitants").is_none_or(|given| given.value.as_array().is_some());
    for (given, one) in members(place("sous_traitants").filter(|_| companies_known)).zip(&marche.sous_traitants) {
        desk.problems.extend(subcontract(given, one, marche));
    }
    match (marche.groupement, marche.cotraitants.is_empty()) {
        (None, false) => desk.warn(
            place("cotraitants"),
            msg!(
                "des cotraitants, mais « groupement » n'est pas dit : il est pris pour conjoint",
                "cotraitants, but \"groupement\" is not said: it is taken for conjoint"
            ),
            msg!(
                "ajoutez : groupement = \"conjoint\" ou \"solidaire\"",
                "add: groupement = \"conjoint\" or \"solidaire\""
            ),
        ),
        (Some(Groupement::Conjoint), true) => desk.warn(
            place("groupement"),
            msg!(
                "un groupement conjoint sans cotraitant : personne d'autre ne pourra déposer",
                "a groupement conjoint without cotraitants: nobody else will be able to deposit"
            ),
            msg!("ajoutez les cotraitants, ou ôtez « groupement »", "add the cotraitants, or remove \"groupement\""),
        ),
        _ => {}
    }
}

/// The members of a list that was read already.
fn members(list: Option<Given<'_>>) -> impl Iterator<Item = Given<'_>> {
    let nothing = || Wanted::new(t("", ""), t("", ""));
    list.and_then(|given| given.list(nothing()).ok()).unwrap_or_default().into_iter().filter(|g| g.table().is_some())
}

fn subcontract(given: Given<'_>, one: &SousTraitant, marche: &Marche) -> Option<Problem> {
    let (id, of) = (shown(&one.id), shown(&one.of));
    if one.id.is_empty() || one.of.is_empty() {
        None
    } else if one.id == one.of {
        Some(given.problem(
            msg!("{id} est son propre sous-traitant", "{id} is its own sous-traitant"),
            msg!("« of » nomme l'entreprise qui sous-traite", "\"of\" names the company that it works for"),
        ))
    } else if one.of == marche.titulaire
        || marche.mandataire.as_ref() == Some(&one.of)
        || marche.cotraitants.contains(&one.of)
    {
        None
    } else {
        Some(given.problem(
            msg!(
                "{id} sous-traite pour {of}, qui n'est pas une entreprise de ce marché",
                "{id} works for {of}, which is no company of this marché"
            ),
            msg!(
                "« of » est le titulaire, le mandataire ou un cotraitant",
                "\"of\" is the titulaire, the mandataire or a cotraitant"
            ),
        ))
    }
}
