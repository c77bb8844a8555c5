//! THE table of acts: in which statuses, on which cadres, who may do what, with which motifs, and what follows. Whatever
//! a flow, a command or the clock asks is looked up here; `may_follow`, the catalogue of possible acts and
//! docs/lifecycle.md are made from it.

use super::Statut;
use crate::text::{Text, t};
use crate::trade::{Cadre, Role, UnknownWord};
use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($(#[$doc:meta])* $type:ident: $($name:ident, $word:literal, $fr:literal, $en:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // the table's labels say what each is
        pub enum $type { $($name),* }

        impl $type {
            /// Every one, in the order of the table.
            pub const ALL: &[$type] = &[$($type::$name),*];

            /// Its word, in commands, flows, JSON and SQL.
            pub const fn word(self) -> &'static str {
                match self { $($type::$name => $word),* }
            }

            /// What a person reads.
            pub const fn label(self) -> Text {
                match self { $($type::$name => t($fr, $en)),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;
            fn from_str(word: &str) -> Result<$type, UnknownWord> {
                $type::ALL.iter().copied().find(|x| x.word() == word).ok_or(UnknownWord)
            }
        }
    };
}

#[rustfmt::skip]
words! {
    /// What someone does to a pièce; the last one is what the clock does.
    Act:
    // name          word                  label
    Validate,        "validate",           "valider",                       "validate";
    Refuse,          "refuse",             "refuser",                       "refuse";
    TakeIntoAccount, "take-into-account",  "prendre en compte",             "take into account";
    Suspend,         "suspend",            "suspendre",                     "suspend";
    Complete,        "complete",           "compléter",                     "complete";
    Recycle,         "recycle",            "mettre à recycler",             "ask to be recycled";
    Correct,         "correct",            "corriger les données d'acheminement", "correct the routing data";
    Reject,          "reject",             "rejeter",                       "reject";
    ServiceDone,     "service-done",       "constater le service fait",     "certify the service done";
    Mandate,         "mandate",            "mandater",                      "order the payment";
    HandOver,        "hand-over",          "mettre à disposition du comptable", "hand over to the accountant";
    Account,         "account",            "comptabiliser",                 "book";
    Pay,             "pay",                "mettre en paiement",            "put into payment";
    Silence,         "silence",            "laisser passer le délai",       "let the delay pass";
}

#[rustfmt::skip]
words! {
    /// Why someone refuses, suspends or rejects. Source: the motifs that Chorus Pro publishes for works.
    Motif:
    // name          word                label
    MauvaisValideur, "MAUVAIS_VALIDEUR", "mauvais valideur",                           "wrong valideur";
    MauvaiseMoe,     "MAUVAISE_MOE",     "mauvaise MOE",                               "wrong MOE";
    MauvaiseMoa,     "MAUVAISE_MOA",     "mauvaise MOA",                               "wrong MOA";
    RefFacTravaux,   "REF_FAC_TRAVAUX",  "refus d'une facture de travaux",             "refusal of a works invoice";
    Autre,           "AUTRE",            "autre motif",                                "another reason";
    ErreurMontant,   "ERREUR_MONTANT",   "erreur de montant (n'est plus un motif)",    "wrong amount (no ground any more)";
}

#[rustfmt::skip]
words! {
    /// A routing datum that a depositor may correct, as `--set` names it.
    Datum:
    // name     word          label
    Siret,      "siret",      "SIRET du destinataire",    "SIRET of the destinataire";
    Service,    "service",    "service du destinataire",  "service of the destinataire";
    Engagement, "engagement", "engagement",               "engagement";
    Valideur1,  "valideur1",  "premier valideur",         "first valideur";
    Valideur2,  "valideur2",  "second valideur",          "second valideur";
    Moe,        "moe",        "MOE",                      "MOE";
    Moa,        "moa",        "MOA",                      "MOA";
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The pièce's structure in a role.
    Role(Role),
    /// Whoever deposited the pièce.
    Depositor,
    /// Nobody: time.
    Clock,
}

/// What happens right after the status that an act gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing: the pièce waits, or is at its end.
    Stays,
    /// It goes on: to the second valideur, if there is one and the first was asked, else to the MOE.
    Onward,
    /// It goes back to whom it was made available before.
    Back,
}

/// One row: an act.
#[derive(Debug)]
pub struct Row {
    /// The act.
    pub act: Act,
    /// Who may.
    pub by: By,
    /// On which cadres; empty: on all that can be in such a status.
    pub cadres: &'static [Cadre],
    /// From which statuses.
    pub from: &'static [Statut],
    /// With which motifs; empty: none is asked for.
    pub motifs: &'static [Motif],
    /// Whether it must say why in words.
    pub comment: bool,
    /// What may be set; only a correction sets something, and at least one of these.
    pub sets: &'static [Datum],
    /// The status that the pièce has then.
    pub becomes: Statut,
    /// And right after.
    pub then: Then,
    /// Where this comes from.
    pub source: Source,
}

/// How sure a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The training deck on works invoices.
    Deck,
    /// Published elsewhere: API codes, rules of Chorus Pro, CCAG Travaux.
    Published,
    /// This project's reading, where nothing public says.
    Ours,
}

impl Source {
    /// What the documents say.
    pub const fn label(self) -> &'static str {
        match self {
            Source::Deck => "deck",
            Source::Published => "published",
            Source::Ours => "ours",
        }
    }
}

use Act::*;
use Cadre::{A4, A5, A10, A13, A15, A17, A18, A20, A22, A24};
use Motif::{Autre, MauvaisValideur, MauvaiseMoa, MauvaiseMoe, RefFacTravaux};
use Role::{Destinataire, Fournisseur, Moa, Moe, Valideur1, Valideur2};
use Source::{Deck, Ours, Published};
use Statut as S;
use Then::{Back, Onward, Stays};

const AT_1: &[S] = &[S::AValider1];
const AT_2: &[S] = &[S::AValider2];
const AT_MOE: &[S] = &[S::MiseADispositionMoe, S::AbsenceValidationMoe];
const AT_MOA: &[S] = &[S::MiseADispositionMoa, S::PriseEnCompteMoa];
const AT_PAYER: &[S] = &[S::MiseADisposition, S::PriseEnCompteDestinataire];
const OTHER: &[Motif] = &[Autre];
const OTHERS: &[Motif] = &[Autre, RefFacTravaux];
const NO: &[Motif] = &[];
const ALL: &[Cadre] = &[];

const PAY_1: &[S] = AT_PAYER;
const PAY_2: &[S] = &[S::MiseADisposition, S::PriseEnCompteDestinataire, S::ServiceFait];
const PAY_3: &[S] = &[S::MiseADisposition, S::PriseEnCompteDestinataire, S::ServiceFait, S::Mandatee];
const PAY_4: &[S] =
    &[S::MiseADisposition, S::PriseEnCompteDestinataire, S::ServiceFait, S::Mandatee, S::MiseADispositionComptable];
const PAY_5: &[S] = &[
    S::MiseADisposition,
    S::PriseEnCompteDestinataire,
    S::ServiceFait,
    S::Mandatee,
    S::MiseADispositionComptable,
    S::Comptabilisee,
];

const fn by(role: Role) -> By {
    By::Role(role)
}
const DEP: By = By::Depositor;
const CLOCK: By = By::Clock;

// Sources: statuses and who causes them, the deck's status table and the codes of Chorus Pro's API; motifs, published;
// delays, the law on sous-traitance and the CCAG Travaux 2021; the rest is this project's reading (docs/decisions.md).
/// THE table of acts.
#[rustfmt::skip]
pub static ACTS: [Row; 35] = [
    //  act              who               cadres                     from                          motifs              says why  becomes                          then    source
    row(Validate,        by(Valideur1),    ALL,                       AT_1,                         NO,                 false,    S::Validee1,                     Onward, Deck),
    row(Refuse,          by(Valideur1),    ALL,                       AT_1,                         OTHER,              true,     S::Refusee1,                     Stays,  Deck),
    row(Refuse,          by(Valideur1),    ALL,                       AT_1,                         &[MauvaisValideur], false,    S::ErreurFournisseurSurValideur, Stays,  Deck),
    row(Silence,         CLOCK,            ALL,                       AT_1,                         NO,                 false,    S::AbsenceValidation1HorsDelai,  Onward, Deck),
    row(Validate,        by(Valideur2),    ALL,                       AT_2,                         NO,                 false,    S::Validee2,                     Onward, Deck),
    row(Refuse,          by(Valideur2),    ALL,                       AT_2,                         OTHER,              true,     S::Refusee2,                     Stays,  Deck),
    row(Refuse,          by(Valideur2),    ALL,                       AT_2,                         &[MauvaisValideur], false,    S::ErreurCotraitantSurValideur,  Stays,  Deck),
    row(Silence,         CLOCK,            ALL,                       AT_2,                         NO,                 false,    S::AbsenceValidation2HorsDelai,  Onward, Deck),
    row(TakeIntoAccount, by(Moe),          &[A10],                    AT_MOE,                       NO,                 false,    S::PriseEnCompteMoe,             Stays,  Deck),
    row(Refuse,          by(Moe),          ALL,                       AT_MOE,                       OTHERS,             true,     S::RefuseeMoe,                   Stays,  Deck),
    row(Refuse,          by(Moe),          ALL,                       AT_MOE,                       &[MauvaiseMoe],     false,    S::ErreurFournisseurSurMoe,      Stays,  Deck),
    row(Suspend,         by(Moe),          ALL,                       AT_MOE,                       OTHER,              true,     S::Suspendue,                    Stays,  Published),
    row(Silence,         CLOCK,            &[A4, A13],                &[S::MiseADispositionMoe],    NO,                 false,    S::AbsenceValidationMoe,         Stays,  Published),
    row(TakeIntoAccount, by(Moa),          ALL,                       &[S::MiseADispositionMoa],    NO,                 false,    S::PriseEnCompteMoa,             Stays,  Published),
    row(Refuse,          by(Moa),          ALL,                       AT_MOA,                       OTHERS,             true,     S::RefuseeMoa,                   Stays,  Deck),
    row(Refuse,          by(Moa),          &[A15, A17, A24],          AT_MOA,                       &[MauvaiseMoa],     false,    S::ErreurMoeSurMoa,              Stays,  Deck),
    row(Refuse,          by(Moa),          &[A5, A22],                AT_MOA,                       &[MauvaiseMoa],     false,    S::ErreurFournisseurSurMoa,      Stays,  Deck),
    row(Suspend,         by(Moa),          ALL,                       AT_MOA,                       OTHER,              true,     S::Suspendue,                    Stays,  Published),
    row(Refuse,          by(Fournisseur),  &[A18, A20],               &[S::MiseADispositionFournisseur], OTHERS,        true,     S::RefuseeFournisseur,           Stays,  Deck),
    row(TakeIntoAccount, by(Destinataire), ALL,                       &[S::MiseADisposition],       NO,                 false,    S::PriseEnCompteDestinataire,    Stays,  Published),
    row(Suspend,         by(Destinataire), ALL,                       AT_PAYER,                     OTHER,              true,     S::Suspendue,                    Stays,  Published),
    row(Recycle,         by(Destinataire), ALL,                       AT_PAYER,                     NO,                 true,     S::ARecycler,                    Stays,  Published),
    row(Reject,          by(Destinataire), ALL,                       AT_PAYER,                     OTHERS,             true,     S::Rejetee,                      Stays,  Published),
    row(ServiceDone,     by(Destinataire), ALL,                       PAY_1,                        NO,                 false,    S::ServiceFait,                  Stays,  Published),
    row(Mandate,         by(Destinataire), ALL,                       PAY_2,                        NO,                 false,    S::Mandatee,                     Stays,  Published),
    row(HandOver,        by(Destinataire), ALL,                       PAY_3,                        NO,                 false,    S::MiseADispositionComptable,    Stays,  Published),
    row(Account,         by(Destinataire), ALL,                       PAY_4,                        NO,                 false,    S::Comptabilisee,                Stays,  Published),
    row(Pay,             by(Destinataire), ALL,                       PAY_5,                        NO,                 false,    S::MiseEnPaiement,               Stays,  Published),
    row(Complete,        DEP,              ALL,                       &[S::Suspendue],              NO,                 false,    S::Completee,                    Back,   Published),
    sets(&[S::ErreurFournisseurSurValideur],       &[Datum::Valideur1, Datum::Valideur2],                    S::AValider1,             Deck),
    sets(&[S::ErreurCotraitantSurValideur],        &[Datum::Valideur2],                                      S::AValider2,             Deck),
    sets(&[S::ErreurFournisseurSurMoe],            &[Datum::Moe],                                            S::MiseADispositionMoe,   Deck),
    sets(&[S::ErreurMoeSurMoa],                    &[Datum::Moa],                                            S::MiseADispositionMoa,   Deck),
    sets(&[S::ErreurFournisseurSurMoa],            &[Datum::Moa],                                            S::MiseADispositionMoa,   Ours),
    sets(&[S::ARecycler],                          &[Datum::Siret, Datum::Service, Datum::Engagement],       S::MiseADisposition,      Published),
];

#[allow(clippy::too_many_arguments)] // a row of the table
const fn row(
    act: Act,
    by: By,
    cadres: &'static [Cadre],
    from: &'static [S],
    motifs: &'static [Motif],
    comment: bool,
    becomes: S,
    then: Then,
    source: Source,
) -> Row {
    Row { act, by, cadres, from, motifs, comment, sets: &[], becomes, then, source }
}

/// A correction by the depositor: from where, of what, to where.
const fn sets(from: &'static [S], sets: &'static [Datum], becomes: S, source: Source) -> Row {
    Row { act: Correct, by: DEP, cadres: ALL, from, motifs: NO, comment: false, sets, becomes, then: Stays, source }
}

impl Row {
    /// Whether it is possible in a status, on a cadre.
    pub fn fits(&self, status: S, cadre: Cadre) -> bool {
        self.from.contains(&status) && (self.cadres.is_empty() || self.cadres.contains(&cadre))
    }
}

/// The acts that are possible in a status, on a cadre, those of the clock included.
pub fn possible(status: S, cadre: Cadre) -> impl Iterator<Item = &'static Row> {
    ACTS.iter().filter(move |row| row.fits(status, cadre))
}
