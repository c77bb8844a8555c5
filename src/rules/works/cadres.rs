//! THE matrix: which cadre may be deposited how. 18 cadres × 3 modes × 2 kinds of deposit, transcribed from the
//! training deck of Chorus Pro on works invoices; `Oui`: allowed; `Non`: this mode refuses it; `Na`: it has no
//! meaning. The deck speaks of PDF in the portal and service modes; XML there is held to the same cells.

use crate::text::{Text, t};
use crate::trade::{Cadre, Mode, Role};
use Cell::{Na, Non, Oui};

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Allowed.
    Oui,
    /// This mode refuses it.
    Non,
    /// It has no meaning for this cadre.
    Na,
}

/// A kind of deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// *Dépôt initial*.
    Initial,
    /// From a pièce that is already here.
    Association,
}

/// One row: a cadre, who deposits it, its cells (initial and association in each mode), its label.
#[derive(Debug)]
pub struct Row {
    /// The cadre.
    pub cadre: Cadre,
    /// Who deposits it.
    pub depositor: Role,
    /// By mode, in the order of [`Mode::ALL`]: initial, association.
    pub cells: [(Cell, Cell); 3],
    /// What it is.
    pub label: Text,
}

/// THE matrix.
#[rustfmt::skip]
pub static MATRIX: [Row; 18] = [
    //                                     EDI          portail      service
    //  cadre       depositor              init. assoc. init. assoc. init. assoc.  label of the deck, and ours
    row(Cadre::A4, Role::Fournisseur,   [(Oui, Na), (Oui, Na), (Oui, Na)],          "Dépôt par un fournisseur d'un projet de décompte mensuel",                                           "Draft monthly statement, by a contractor"),
    row(Cadre::A5, Role::Fournisseur,   [(Non, Na), (Oui, Na), (Oui, Na)],          "Dépôt par un fournisseur d'un état d'acompte",                                                       "Payment statement, by a contractor"),
    row(Cadre::A6, Role::Fournisseur,   [(Oui, Non), (Oui, Non), (Oui, Non)],       "Pièce de facturation de travaux transmise au service financier",                                     "Works document sent straight to the finance department"),
    row(Cadre::A7, Role::Fournisseur,   [(Oui, Na), (Oui, Na), (Oui, Na)],          "Dépôt par un fournisseur d'un projet de décompte final",                                             "Draft final statement, by a contractor"),
    row(Cadre::A8, Role::Fournisseur,   [(Oui, Non), (Oui, Oui), (Oui, Oui)],       "Dépôt par un fournisseur d'un décompte général et définitif",                                        "General and final account, by a contractor"),
    row(Cadre::A10, Role::SousTraitant,  [(Oui, Na), (Oui, Na), (Oui, Na)],          "Dépôt par un sous-traitant d'une demande de paiement dans le cadre des marchés de travaux",          "Payment demand, by a subcontractor"),
    row(Cadre::A13, Role::Cotraitant,    [(Oui, Na), (Oui, Na), (Oui, Na)],          "Dépôt par un cotraitant d'un projet de décompte mensuel",                                            "Draft monthly statement, by a joint contractor"),
    row(Cadre::A14, Role::Cotraitant,    [(Oui, Na), (Oui, Na), (Oui, Na)],          "Dépôt par un cotraitant d'un projet de décompte final",                                              "Draft final statement, by a joint contractor"),
    row(Cadre::A15, Role::Moe,           [(Non, Non), (Oui, Oui), (Oui, Oui)],       "Dépôt par une MOE d'un état d'acompte",                                                              "Payment statement, by a MOE"),
    row(Cadre::A16, Role::Moe,           [(Non, Non), (Oui, Na), (Oui, Na)],         "Dépôt par une MOE d'un état d'acompte validé",                                                       "Validated payment statement, by a MOE"),
    row(Cadre::A17, Role::Moe,           [(Non, Non), (Oui, Oui), (Oui, Oui)],       "Dépôt par une MOE d'un projet de décompte général",                                                  "Draft general account, by a MOE"),
    row(Cadre::A18, Role::Moe,           [(Non, Non), (Oui, Na), (Oui, Na)],         "Dépôt par une MOE d'un décompte général",                                                            "General account, by a MOE"),
    row(Cadre::A19, Role::Moa,           [(Non, Non), (Oui, Oui), (Oui, Oui)],       "Dépôt par une MOA d'un état d'acompte validé",                                                       "Validated payment statement, by a MOA"),
    row(Cadre::A20, Role::Moa,           [(Non, Non), (Oui, Oui), (Oui, Oui)],       "Dépôt par une MOA d'un décompte général",                                                            "General account, by a MOA"),
    row(Cadre::A22, Role::Fournisseur,   [(Oui, Non), (Oui, Oui), (Oui, Oui)],       "Dépôt par un fournisseur d'un projet de décompte général dans le cadre d'une procédure tacite",      "Draft general account, tacit procedure, by a contractor"),
    row(Cadre::A23, Role::Fournisseur,   [(Na, Non), (Na, Oui), (Na, Oui)],          "Dépôt par un fournisseur d'un décompte général et définitif tacite",                                 "Tacit general and final account, by a contractor"),
    row(Cadre::A24, Role::Moe,           [(Non, Non), (Oui, Oui), (Oui, Oui)],       "Dépôt par une MOE d'un décompte général et définitif tacite",                                        "Tacit general and final account, by a MOE"),
    row(Cadre::A25, Role::Moa,           [(Na, Non), (Na, Oui), (Na, Oui)],          "Dépôt par une MOA d'un décompte général et définitif dans le cadre d'une procédure tacite",          "General and final account, tacit procedure, by a MOA"),
];

const fn row(cadre: Cadre, depositor: Role, cells: [(Cell, Cell); 3], fr: &'static str, en: &'static str) -> Row {
    Row { cadre, depositor, cells, label: t(fr, en) }
}

/// The row of a cadre.
pub fn of(cadre: Cadre) -> &'static Row {
    MATRIX.iter().find(|r| r.cadre == cadre).expect("the matrix has a row for each cadre")
}

impl Row {
    /// The cell for a mode and a kind of deposit.
    pub fn cell(&self, mode: Mode, kind: Kind) -> Cell {
        let column = Mode::ALL.iter().position(|m| *m == mode).expect("the matrix has columns for each mode");
        let (initial, association) = self.cells[column];
        match kind {
            Kind::Initial => initial,
            Kind::Association => association,
        }
    }

    /// The modes in which a kind of deposit is allowed.
    pub fn modes(&self, kind: Kind) -> impl Iterator<Item = Mode> + '_ {
        Mode::ALL.into_iter().filter(move |m| self.cell(*m, kind) == Oui)
    }
}

/// A cadre as a flow writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A works cadre.
    Works(Cadre),
    /// A cadre of Chorus Pro's that is not works.
    Other,
    /// A11, which was withdrawn.
    Withdrawn,
    /// No cadre at all.
    Unknown,
}

/// Cadres of Chorus Pro that are not works.
const OTHERS: [&str; 6] = ["A1", "A2", "A3", "A9", "A12", "A21"];

/// Says what a written cadre is.
pub fn named(code: &str) -> Named {
    match code.parse() {
        Ok(cadre) => Named::Works(cadre),
        Err(_) if OTHERS.contains(&code) => Named::Other,
        Err(_) if code == "A11" => Named::Withdrawn,
        Err(_) => Named::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_the_cadres_in_order() {
        assert!(MATRIX.iter().map(|r| r.cadre).eq(Cadre::ALL));
    }

    #[test]
    fn a_name_is_one_of_four_kinds() {
        assert_eq!(named("A10"), Named::Works(Cadre::A10));
        assert_eq!(
            (named("A1"), named("A11"), named("A99"), named("a4")),
            (Named::Other, Named::Withdrawn, Named::Unknown, Named::Unknown)
        );
    }
}
