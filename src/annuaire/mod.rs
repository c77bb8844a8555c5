//! The directory: structures, services, marchés, partners. Loaded whole or not at all; never changed after.

use crate::text::Lang;
use crate::trade::{Cadre, Mode};
use chrono::NaiveDate;
use std::collections::HashMap;

/// One load of the four files.
#[derive(Debug, Default)]
pub struct Annuaire {
    structures: HashMap<Box<str>, Structure>,
    services: HashMap<(Box<str>, Box<str>), Service>,
    marches: Vec<Marche>,
    partners: Vec<Partner>,
}

/// A row of `structures.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// Its identifier: a SIRET (14 digits) where `id_type` is 1.
    pub id: String,
    /// 1 SIRET, 2 EU VAT number, 3 outside EU, 4 RIDET, 5 TAHITI, 6 being registered, 7 person.
    pub id_type: u8,
    /// Raison sociale.
    pub name: String,
    /// Whether it may be named in a pièce.
    pub active: bool,
    /// Whether it asks for a service code.
    pub service_required: bool,
    /// Whether it asks for an engagement.
    pub engagement_required: bool,
    /// Whether it asks for one of the two.
    pub either_required: bool,
}

/// A row of `services.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The structure it belongs to.
    pub siret: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether it may be named.
    pub active: bool,
    /// Whether it asks for an engagement.
    pub engagement_required: bool,
}

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

/// How a partner names its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Naming {
    /// As it likes.
    #[default]
    Free,
    /// By Chorus Pro's rule, strictly.
    Chorus,
}

/// A `[[partner]]` of `partners.toml`: who drops files and polls answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The name of its directories.
    pub name: String,
    /// Six of A–Z and 0–9.
    pub app_code: String,
    /// The structures it acts for.
    pub structures: Vec<String>,
    /// The modes it may use.
    pub modes: Vec<Mode>,
    /// How it names its files.
    pub naming: Naming,
    /// The language of its reports.
    pub lang: Lang,
}

impl Annuaire {
    /// The structure with this identifier.
    pub fn structure(&self, id: &str) -> Option<&Structure> {
        self.structures.get(id)
    }

    /// The service of a structure.
    pub fn service(&self, siret: &str, code: &str) -> Option<&Service> {
        self.services.get(&(siret.into(), code.into()))
    }

    /// Every marché, in the order of the file.
    pub fn marches(&self) -> &[Marche] {
        &self.marches
    }

    /// Every partner, in the order of the file.
    pub fn partners(&self) -> &[Partner] {
        &self.partners
    }

    /// The partner of this name.
    pub fn partner(&self, name: &str) -> Option<&Partner> {
        self.partners.iter().find(|p| p.name == name)
    }

    /// The partners that act for a structure: each of them is told what concerns it.
    pub fn partners_of<'a>(&'a self, structure: &'a str) -> impl Iterator<Item = &'a Partner> {
        self.partners.iter().filter(move |p| p.structures.iter().any(|s| s == structure))
    }
}
