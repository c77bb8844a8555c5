//! The statuses of a pièce, and which may follow which: two tables here, of statuses and of what deposits cause, and THE
//! table of [`acts`].

pub mod acts;
pub mod document;

use crate::text::{Lang, Text, t};
use crate::trade::{Role, UnknownWord};
use acts::{ACTS, Then};
use std::fmt;
use std::str::FromStr;

macro_rules! statuts {
    ($($name:ident, $code:literal, $number:expr, $fr:literal, $en:literal;)*) => {
        /// The status of a pièce (*statut*): the codes of Chorus Pro.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // the table's labels say what each is
        pub enum Statut { $($name),* }

        impl Statut {
            /// Every status, in the order of the table.
            pub const ALL: &[Statut] = &[$(Statut::$name),*];

            /// Its code, in the ledger, in JSON and as `ComplementStatut`.
            pub const fn code(self) -> &'static str {
                match self { $(Statut::$name => $code),* }
            }

            /// Its number in a life-cycle flow (`IdStatut`); none for what is never sent.
            pub const fn number(self) -> Option<u8> {
                match self { $(Statut::$name => $number),* }
            }

            /// What a person reads.
            pub const fn label(self) -> Text {
                match self { $(Statut::$name => t($fr, $en)),* }
            }
        }
    };
}

// Source: codes of the Chorus Pro API; labels of its training deck on works invoices, where it has them; numbers of the
// life-cycle flow. REFUSEE_CONTROLE is a code of ours for what Chorus Pro numbers 37.
#[rustfmt::skip]
statuts! {
    // name                                 code                                           n°        label
    Brouillon,                              "BROUILLON",                                   None,     "Brouillon",                                                                    "Draft";
    RefuseeControle,                        "REFUSEE_CONTROLE",                            Some(37), "Non conforme, non intégrée (refusée au contrôle)",                                            "Not conform, not taken in (refused at the control)";
    Deposee,                                "DEPOSEE",                                     Some(1),  "Déposée",                                                                      "Deposited";
    AValider1,                              "A_VALIDER_1",                                 Some(23), "Mise à disposition du premier valideur",                                       "Made available to the first valideur";
    Validee1,                               "VALIDEE_1",                                   Some(13), "Validée par le premier valideur",                                              "Validated by the first valideur";
    Refusee1,                               "REFUSEE_1",                                   Some(14), "Refusée par le premier valideur pour autre motif",                             "Refused by the first valideur for another reason";
    ErreurFournisseurSurValideur,           "ERREUR_FOURNISSEUR_SUR_VALIDEUR",             Some(24), "Refusée par le premier valideur pour erreur dans les données d'acheminement",  "Refused by the first valideur for wrong routing data";
    AbsenceValidation1HorsDelai,            "ABSENCE_VALIDATION_1_HORS_DELAI",             Some(15), "Validation 1 hors délai",                                                      "Validation 1 out of time";
    AValider2,                              "A_VALIDER_2",                                 Some(25), "Mise à disposition du second valideur",                                        "Made available to the second valideur";
    Validee2,                               "VALIDEE_2",                                   Some(16), "Validée par le second valideur",                                               "Validated by the second valideur";
    Refusee2,                               "REFUSEE_2",                                   Some(17), "Refusée par le second valideur pour autre motif",                              "Refused by the second valideur for another reason";
    ErreurCotraitantSurValideur,            "ERREUR_COTRAITANT_SUR_VALIDEUR",              Some(26), "Refusée par le second valideur pour erreur dans les données d'acheminement",   "Refused by the second valideur for wrong routing data";
    AbsenceValidation2HorsDelai,            "ABSENCE_VALIDATION_2_HORS_DELAI",             Some(18), "Validation 2 hors délai",                                                      "Validation 2 out of time";
    MiseADispositionMoe,                    "MISE_A_DISPOSITION_MOE",                      Some(27), "Mise à disposition MOE",                                                       "Made available to the MOE";
    AbsenceValidationMoe,                   "ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE",  Some(27), "Délai MOE dépassé",                                                            "MOE out of time";
    PriseEnCompteMoe,                       "PRISE_EN_COMPTE_MOE",                         Some(29), "Prise en compte MOE",                                                          "Taken into account by the MOE";
    RefuseeMoe,                             "REFUSEE_MOE",                                 Some(19), "Refusée par la MOE pour autre motif",                                          "Refused by the MOE for another reason";
    ErreurFournisseurSurMoe,                "ERREUR_FOURNISSEUR_SUR_MOE",                  Some(28), "Refusée par la MOE pour erreur dans les données d'acheminement",               "Refused by the MOE for wrong routing data";
    MiseADispositionMoa,                    "MISE_A_DISPOSITION_MOA",                      Some(30), "Mise à disposition MOA",                                                       "Made available to the MOA";
    PriseEnCompteMoa,                       "PRISE_EN_COMPTE_MOA",                         Some(38), "Prise en compte par la MOA",                                                   "Taken into account by the MOA";
    RefuseeMoa,                             "REFUSEE_MOA",                                 Some(32), "Refusée par la MOA pour autre motif",                                          "Refused by the MOA for another reason";
    ErreurMoeSurMoa,                        "ERREUR_MOE_SUR_MOA",                          Some(31), "Refusée par la MOA pour erreur dans les données d'acheminement",               "Refused by the MOA for wrong routing data";
    ErreurFournisseurSurMoa,                "ERREUR_FOURNISSEUR_SUR_MOA",                  Some(31), "Refusée par la MOA pour erreur dans les données d'acheminement",               "Refused by the MOA for wrong routing data";
    MiseADispositionFournisseur,            "MISE_A_DISPOSITION_FOURNISSEUR",              Some(33), "Mise à disposition du fournisseur",                                            "Made available to the contractor";
    RefuseeFournisseur,                     "REFUSEE_FOURNISSEUR",                         Some(20), "Refusée par le fournisseur pour autre motif",                                  "Refused by the contractor for another reason";
    Associee,                               "ASSOCIEE",                                    Some(21), "Associée",                                                                     "Associated";
    RemplaceeParA22,                        "REMPLACEE_PAR_A22",                           Some(21), "Remplacée par A22",                                                            "Replaced by an A22";
    MiseADisposition,                       "MISE_A_DISPOSITION",                          Some(3),  "Mise à disposition du destinataire",                                           "Made available to the destinataire";
    PriseEnCompteDestinataire,              "PRISE_EN_COMPTE_DESTINATAIRE",                Some(36), "Prise en compte par le destinataire",                                          "Taken into account by the destinataire";
    Suspendue,                              "SUSPENDUE",                                   Some(6),  "Suspendue",                                                                    "Suspended";
    Completee,                              "COMPLETEE",                                   Some(12), "Complétée, mise à disposition",                                                "Completed, made available";
    ARecycler,                              "A_RECYCLER",                                  Some(4),  "À recycler (erreur dans les données d'acheminement)",                          "To be recycled (wrong routing data)";
    Rejetee,                                "REJETEE",                                     Some(5),  "Rejetée pour autre motif",                                                     "Rejected for another reason";
    ServiceFait,                            "SERVICE_FAIT",                                Some(7),  "Service fait",                                                                 "Service done";
    Mandatee,                               "MANDATEE",                                    Some(8),  "Mandatée",                                                                     "Payment ordered";
    MiseADispositionComptable,              "MISE_A_DISPOSITION_COMPTABLE",                Some(9),  "Mise à disposition du comptable",                                              "Made available to the accountant";
    Comptabilisee,                          "COMPTABILISEE",                               Some(10), "Comptabilisée",                                                                "Booked";
    MiseEnPaiement,                         "MISE_EN_PAIEMENT",                            Some(11), "Mise en paiement",                                                             "Put into payment";
}

impl Statut {
    /// What a person reads, in one language.
    pub const fn label_in(self, lang: Lang) -> &'static str {
        self.label().get(lang)
    }
}

impl fmt::Display for Statut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Statut {
    type Err = UnknownWord;
    fn from_str(word: &str) -> Result<Statut, UnknownWord> {
        Statut::ALL.iter().copied().find(|s| s.code() == word).ok_or(UnknownWord)
    }
}

/// Which status may follow which, beside what the acts cause; `None` is before the first. Deposits cause the first ones,
/// and later pièces take earlier ones; where such a later one is refused, what it took is free again.
#[rustfmt::skip]
static FOLLOWS: &[(Option<Statut>, &[Statut])] = &[
    // after                                    may come
    (None,                                      &[Statut::Brouillon]),
    (Some(Statut::Brouillon),                   &[Statut::Deposee, Statut::RefuseeControle]),
    (Some(Statut::Deposee),                     &[Statut::AValider1, Statut::MiseADispositionMoe, Statut::MiseADispositionMoa,
                                                  Statut::MiseADispositionFournisseur, Statut::MiseADisposition]),
    (Some(Statut::MiseADispositionMoe),         &[Statut::Associee, Statut::RemplaceeParA22]),
    (Some(Statut::AbsenceValidationMoe),        &[Statut::Associee, Statut::RemplaceeParA22]),
    (Some(Statut::MiseADispositionMoa),         &[Statut::Associee, Statut::RemplaceeParA22]),
    (Some(Statut::PriseEnCompteMoa),            &[Statut::Associee, Statut::RemplaceeParA22]),
    (Some(Statut::MiseADispositionFournisseur), &[Statut::Associee]),
    (Some(Statut::Associee),                    &[Statut::RemplaceeParA22, Statut::MiseADispositionMoe,
                                                  Statut::MiseADispositionMoa, Statut::MiseADispositionFournisseur]),
    (Some(Statut::RemplaceeParA22),             &[Statut::Associee, Statut::MiseADispositionMoe,
                                                  Statut::MiseADispositionMoa]),
];

/// Who has a pièce in this status: who must act, or may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Nobody: it passes through, waits for nobody, or is at its end.
    Nobody,
    /// Its structure in a role.
    Role(Role),
    /// Whoever deposited it.
    Depositor,
}

/// Who has a pièce that has just got this status.
pub fn holding(status: Statut) -> Holding {
    match status {
        Statut::AValider1 => Holding::Role(Role::Valideur1),
        Statut::AValider2 => Holding::Role(Role::Valideur2),
        Statut::MiseADispositionMoe | Statut::AbsenceValidationMoe => Holding::Role(Role::Moe),
        Statut::MiseADispositionMoa | Statut::PriseEnCompteMoa => Holding::Role(Role::Moa),
        Statut::MiseADispositionFournisseur => Holding::Role(Role::Fournisseur),
        Statut::MiseADisposition
        | Statut::PriseEnCompteDestinataire
        | Statut::ServiceFait
        | Statut::Mandatee
        | Statut::MiseADispositionComptable
        | Statut::Comptabilisee => Holding::Role(Role::Destinataire),
        Statut::ErreurFournisseurSurValideur
        | Statut::ErreurCotraitantSurValideur
        | Statut::ErreurFournisseurSurMoe
        | Statut::ErreurMoeSurMoa
        | Statut::ErreurFournisseurSurMoa
        | Statut::Suspendue
        | Statut::ARecycler => Holding::Depositor,
        _ => Holding::Nobody,
    }
}

impl Statut {
    /// Whether a pièce is made available by it: its bytes go to whoever has it then.
    pub const fn is_arrival(self) -> bool {
        matches!(
            self,
            Statut::AValider1
                | Statut::AValider2
                | Statut::MiseADispositionMoe
                | Statut::MiseADispositionMoa
                | Statut::MiseADispositionFournisseur
                | Statut::MiseADisposition
        )
    }

    /// Whether a pièce that was accepted is refused by it for good: its number is free again, and so is what it took.
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Statut::Refusee1
                | Statut::Refusee2
                | Statut::RefuseeMoe
                | Statut::RefuseeMoa
                | Statut::RefuseeFournisseur
                | Statut::Rejetee
        )
    }

    /// Whether it is an end: nothing may follow by the tables, or a later pièce has taken it and goes on in its place.
    pub fn is_end(self) -> bool {
        self.is_taken() || !Statut::ALL.iter().any(|next| may_follow(Some(self), *next))
    }

    /// Whether a later pièce has taken it.
    pub const fn is_taken(self) -> bool {
        matches!(self, Statut::Associee | Statut::RemplaceeParA22)
    }
}

/// Where a pièce may go right after an act.
fn after(row: &acts::Row) -> &'static [Statut] {
    match (row.then, row.becomes) {
        (Then::Stays, _) => &[],
        (Then::Back, _) => &[Statut::MiseADispositionMoe, Statut::MiseADispositionMoa, Statut::MiseADisposition],
        (Then::Onward, Statut::Validee1 | Statut::AbsenceValidation1HorsDelai) => {
            &[Statut::AValider2, Statut::MiseADispositionMoe]
        }
        (Then::Onward, _) => &[Statut::MiseADispositionMoe],
    }
}

/// Whether a pièce may go from one status to another.
pub fn may_follow(from: Option<Statut>, to: Statut) -> bool {
    let by_deposits = || FOLLOWS.iter().any(|(after, next)| *after == from && next.contains(&to));
    let by_acts = |from: Statut| {
        ACTS.iter()
            .any(|row| row.becomes == to && row.from.contains(&from) || row.becomes == from && after(row).contains(&to))
    };
    by_deposits() || from.is_some_and(by_acts)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_fit_the_format() {
        for (i, s) in Statut::ALL.iter().enumerate() {
            assert_eq!(s.code().parse(), Ok(*s));
            assert!(s.code().len() <= 42, "{s}");
            assert!(Statut::ALL[..i].iter().all(|other| other.code() != s.code()), "{s}");
        }
    }

    #[test]
    fn the_ends_are_those_of_the_tables() {
        let ends: Vec<&str> = Statut::ALL.iter().filter(|s| s.is_end()).map(|s| s.code()).collect();
        let expected = [
            "REFUSEE_CONTROLE",
            "REFUSEE_1",
            "REFUSEE_2",
            "PRISE_EN_COMPTE_MOE",
            "REFUSEE_MOE",
            "REFUSEE_MOA",
            "REFUSEE_FOURNISSEUR",
            "ASSOCIEE",
            "REMPLACEE_PAR_A22",
            "REJETEE",
            "MISE_EN_PAIEMENT",
        ];
        assert_eq!(ends, expected);
    }

    #[test]
    fn nothing_skips_the_draft_and_nothing_returns() {
        assert!(may_follow(None, Statut::Brouillon));
        assert!(!may_follow(None, Statut::Deposee));
        assert!(!may_follow(Some(Statut::RefuseeControle), Statut::Deposee));
        assert!(!may_follow(Some(Statut::MiseADispositionMoe), Statut::Deposee));
    }
}
