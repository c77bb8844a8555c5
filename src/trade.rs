//! The trade's few closed lists: modes, cadres, roles. Each is one table; the words are the trade's.

use crate::text::{Text, t};
use std::fmt;
use std::str::FromStr;

/// How a flow is handed in (*mode d'émission*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Files exchanged between machines.
    Edi,
    /// The portal's own screens.
    Portail,
    /// The portal's API.
    Service,
}

impl Mode {
    /// Every mode, in the order of the matrix's columns.
    pub const ALL: [Mode; 3] = [Mode::Edi, Mode::Portail, Mode::Service];

    /// Its name in paths, configuration, JSON and SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Edi => "edi",
            Mode::Portail => "portail",
            Mode::Service => "service",
        }
    }
}

/// Who someone is in a marché (*acteur*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The company whose work is billed: titulaire or mandataire.
    Fournisseur,
    /// Subcontractor with direct payment.
    SousTraitant,
    /// Joint contractor that is not the mandataire.
    Cotraitant,
    /// First validator of a pièce.
    Valideur1,
    /// Second validator of a pièce.
    Valideur2,
    /// Maîtrise d'œuvre.
    Moe,
    /// Maîtrise d'ouvrage.
    Moa,
    /// The finance department that pays.
    Destinataire,
}

impl Role {
    /// Every role.
    #[rustfmt::skip]
    pub const ALL: [Role; 8] = [
        Role::Fournisseur, Role::SousTraitant, Role::Cotraitant, Role::Valideur1, Role::Valideur2, Role::Moe, Role::Moa,
        Role::Destinataire,
    ];

    /// Its name in JSON, SQL and options.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Fournisseur => "fournisseur",
            Role::SousTraitant => "sous-traitant",
            Role::Cotraitant => "cotraitant",
            Role::Valideur1 => "valideur1",
            Role::Valideur2 => "valideur2",
            Role::Moe => "moe",
            Role::Moa => "moa",
            Role::Destinataire => "destinataire",
        }
    }

    /// How a sentence calls it.
    pub const fn label(self) -> Text {
        match self {
            Role::Fournisseur => t("fournisseur", "contractor (fournisseur)"),
            Role::SousTraitant => t("sous-traitant", "subcontractor (sous-traitant)"),
            Role::Cotraitant => t("cotraitant", "joint contractor (cotraitant)"),
            Role::Valideur1 => t("premier valideur", "first valideur"),
            Role::Valideur2 => t("second valideur", "second valideur"),
            Role::Moe => t("maîtrise d'œuvre (MOE)", "maîtrise d'œuvre (MOE)"),
            Role::Moa => t("maîtrise d'ouvrage (MOA)", "maîtrise d'ouvrage (MOA)"),
            Role::Destinataire => t("destinataire (service financier)", "destinataire (finance department)"),
        }
    }
}

/// A *cadre de facturation* of works: what a pièce is and who deposits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // the matrix in rules::works::cadres says what each of them is
pub enum Cadre {
    A4,
    A5,
    A6,
    A7,
    A8,
    A10,
    A13,
    A14,
    A15,
    A16,
    A17,
    A18,
    A19,
    A20,
    A22,
    A23,
    A24,
    A25,
}

impl Cadre {
    /// The 18 works cadres, in order.
    #[rustfmt::skip]
    pub const ALL: [Cadre; 18] = [
        Cadre::A4, Cadre::A5, Cadre::A6, Cadre::A7, Cadre::A8, Cadre::A10, Cadre::A13, Cadre::A14, Cadre::A15,
        Cadre::A16, Cadre::A17, Cadre::A18, Cadre::A19, Cadre::A20, Cadre::A22, Cadre::A23, Cadre::A24, Cadre::A25,
    ];

    /// Its code: `A4` … `A25`.
    pub const fn code(self) -> &'static str {
        match self {
            Cadre::A4 => "A4",
            Cadre::A5 => "A5",
            Cadre::A6 => "A6",
            Cadre::A7 => "A7",
            Cadre::A8 => "A8",
            Cadre::A10 => "A10",
            Cadre::A13 => "A13",
            Cadre::A14 => "A14",
            Cadre::A15 => "A15",
            Cadre::A16 => "A16",
            Cadre::A17 => "A17",
            Cadre::A18 => "A18",
            Cadre::A19 => "A19",
            Cadre::A20 => "A20",
            Cadre::A22 => "A22",
            Cadre::A23 => "A23",
            Cadre::A24 => "A24",
            Cadre::A25 => "A25",
        }
    }
}

macro_rules! by_name {
    ($($type:ty, $name:ident;)*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.$name())
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;
            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                Self::ALL.into_iter().find(|x| x.$name() == word).ok_or(UnknownWord)
            }
        }
    )*};
}
by_name! { Mode, name; Role, name; Cadre, code; }

/// A word that is none of a closed list's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown word")]
pub struct UnknownWord;
