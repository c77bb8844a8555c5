//! The directory: structures, services, marchés, partners. Loaded whole or not at all; never changed after.
//!
//! [`Annuaire::load`] reads the four files and tells everything wrong with them at once; [`Fingerprint`] says cheaply
//! whether they changed since.

mod load;
mod marches;
mod partners;
mod services;
mod sheet;
mod structures;

pub use load::{Fingerprint, Loaded};
pub use marches::{Groupement, Marche, SousTraitant};
pub use partners::{Naming, Partner};
pub use services::Service;
pub use structures::{Structure, siret_checks};

use std::collections::HashMap;
use structures::Structures;

/// One load of the four files.
#[derive(Debug, Default)]
pub struct Annuaire {
    structures: Vec<Structure>,
    /// Sorted by structure, then code.
    services: Vec<Service>,
    marches: Vec<Marche>,
    partners: Vec<Partner>,

    structure_by_id: HashMap<Box<str>, u32>,
    marches_by_number: HashMap<Box<str>, Vec<u32>>,
    marches_by_buyer: HashMap<Box<str>, Vec<u32>>,
    marches_by_structure: HashMap<Box<str>, Vec<u32>>,
    partner_by_name: HashMap<Box<str>, u32>,
    partners_by_structure: HashMap<Box<str>, Vec<u32>>,
}

impl Annuaire {
    /// Puts the four lists together. Whoever calls it has checked them: ids are unique and known.
    fn assemble(
        structures: Structures,
        services: Vec<Service>,
        marches: Vec<Marche>,
        partners: Vec<Partner>,
    ) -> Annuaire {
        let mut annuaire = Annuaire { services, structure_by_id: structures.by_id, ..Annuaire::default() };
        annuaire.structures = structures.list;
        for (n, marche) in (0..).zip(&marches) {
            note(&mut annuaire.marches_by_number, &marche.number, n);
            for buyer in [&marche.moa, &marche.destinataire] {
                note(&mut annuaire.marches_by_buyer, buyer, n);
            }
            for (_, id) in marche.actors() {
                note(&mut annuaire.marches_by_structure, id, n);
            }
        }
        for (n, partner) in (0..).zip(&partners) {
            annuaire.partner_by_name.insert(partner.name.as_str().into(), n);
            for structure in &partner.structures {
                note(&mut annuaire.partners_by_structure, structure, n);
            }
        }
        Annuaire { marches, partners, ..annuaire }
    }

    /// The structure with this identifier.
    pub fn structure(&self, id: &str) -> Option<&Structure> {
        self.structure_by_id.get(id).map(|n| &self.structures[*n as usize])
    }

    /// Every structure, in the order of the file.
    pub fn structures(&self) -> &[Structure] {
        &self.structures
    }

    /// The service of a structure.
    pub fn service(&self, siret: &str, code: &str) -> Option<&Service> {
        let key = |s: &Service| (s.siret.as_str(), s.code.as_str()).cmp(&(siret, code));
        self.services.binary_search_by(key).ok().map(|n| &self.services[n])
    }

    /// The services of a structure, in the order of their codes.
    pub fn services_of(&self, siret: &str) -> &[Service] {
        let start = self.services.partition_point(|s| s.siret.as_str() < siret);
        let count = self.services[start..].partition_point(|s| s.siret == siret);
        &self.services[start..start + count]
    }

    /// Every service, in the order of structures and codes.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// Every marché, in the order of the file.
    pub fn marches(&self) -> &[Marche] {
        &self.marches
    }

    /// The marchés of this number: at most one a MOA.
    pub fn marches_numbered<'a>(&'a self, number: &str) -> impl Iterator<Item = &'a Marche> + use<'a> {
        noted(&self.marches_by_number, number).map(|n| &self.marches[*n as usize])
    }

    /// What the sheet of a marché says of its days to pay.
    pub fn payment_days(&self, number: &str, moa: &str) -> Option<u32> {
        self.marches_numbered(number).find(|m| m.moa == moa)?.payment_days
    }

    /// Whether a marché is registered of which this structure is the MOA or the destinataire.
    pub fn has_marches_of_buyer(&self, buyer: &str) -> bool {
        self.marches_by_buyer.contains_key(buyer)
    }

    /// The marchés in which a structure has any role, in the order of the file.
    pub fn marches_of<'a>(&'a self, structure: &str) -> impl Iterator<Item = &'a Marche> + use<'a> {
        noted(&self.marches_by_structure, structure).map(|n| &self.marches[*n as usize])
    }

    /// Every partner, in the order of the file.
    pub fn partners(&self) -> &[Partner] {
        &self.partners
    }

    /// The partner of this name.
    pub fn partner(&self, name: &str) -> Option<&Partner> {
        self.partner_by_name.get(name).map(|n| &self.partners[*n as usize])
    }

    /// The partners that act for a structure: each of them is told what concerns it.
    pub fn partners_of<'a>(&'a self, structure: &str) -> impl Iterator<Item = &'a Partner> + use<'a> {
        noted(&self.partners_by_structure, structure).map(|n| &self.partners[*n as usize])
    }

    /// Whether the partner of this name acts for a structure. Quicker than the partner's own list where that is long.
    pub fn acts_for(&self, partner: &str, structure: &str) -> bool {
        self.partners_of(structure).any(|p| p.name == partner)
    }
}

/// Notes `n` under a key, once: numbers come in ascending order.
fn note(index: &mut HashMap<Box<str>, Vec<u32>>, key: &str, n: u32) {
    match index.get_mut(key) {
        Some(list) if list.last() == Some(&n) => {}
        Some(list) => list.push(n),
        None => drop(index.insert(key.into(), vec![n])),
    }
}

fn noted<'a>(index: &'a HashMap<Box<str>, Vec<u32>>, key: &str) -> impl Iterator<Item = &'a u32> + use<'a> {
    index.get(key).map_or(&[][..], Vec::as_slice).iter()
}
