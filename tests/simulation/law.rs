//! The law as the simulation knows it: who has a pièce in which status, what may follow what, who may do what and what
//! comes of it. Written from the description of the trade, in statuses' own codes; nothing here is taken from the
//! product, for the product is held against it.

use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

/// Who someone is to a pièce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Seller,
    V1,
    V2,
    Moe,
    Moa,
    Dest,
    /// Whoever deposited it: by its cadre the seller, the MOE or the MOA.
    Depositor,
}
use Who::{Depositor, Dest, Moa, Moe, Seller, V1, V2};

/// Where a pièce of a cadre arrives, who deposits it, who gets a copy.
#[rustfmt::skip]
pub const ROUTES: &[(&str, Who, &str, Option<Who>)] = &[
    // cadre  deposited by  arrives as                        copy
    ("A4",    Seller,       "MISE_A_DISPOSITION_MOE",         None),
    ("A5",    Seller,       "MISE_A_DISPOSITION_MOA",         None),
    ("A6",    Seller,       "MISE_A_DISPOSITION",             None),
    ("A7",    Seller,       "MISE_A_DISPOSITION_MOE",         None),
    ("A8",    Seller,       "MISE_A_DISPOSITION",             None),
    ("A10",   Seller,       "A_VALIDER_1",                    None),
    ("A13",   Seller,       "A_VALIDER_1",                    None),
    ("A14",   Seller,       "A_VALIDER_1",                    None),
    ("A15",   Moe,          "MISE_A_DISPOSITION_MOA",         None),
    ("A16",   Moe,          "MISE_A_DISPOSITION",             None),
    ("A17",   Moe,          "MISE_A_DISPOSITION_MOA",         None),
    ("A18",   Moe,          "MISE_A_DISPOSITION_FOURNISSEUR", None),
    ("A19",   Moa,          "MISE_A_DISPOSITION",             None),
    ("A20",   Moa,          "MISE_A_DISPOSITION_FOURNISSEUR", None),
    ("A22",   Seller,       "MISE_A_DISPOSITION_MOA",         Some(Moe)),
    ("A23",   Seller,       "MISE_A_DISPOSITION",             None),
    ("A24",   Moe,          "MISE_A_DISPOSITION_MOA",         None),
    ("A25",   Moa,          "MISE_A_DISPOSITION",             None),
];

/// Who has a pièce in a status; in all others nobody has it.
#[rustfmt::skip]
const HOLDERS: &[(&str, Who)] = &[
    ("A_VALIDER_1", V1), ("A_VALIDER_2", V2),
    ("MISE_A_DISPOSITION_MOE", Moe), ("ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE", Moe),
    ("MISE_A_DISPOSITION_MOA", Moa), ("PRISE_EN_COMPTE_MOA", Moa),
    ("MISE_A_DISPOSITION_FOURNISSEUR", Seller),
    ("MISE_A_DISPOSITION", Dest), ("PRISE_EN_COMPTE_DESTINATAIRE", Dest), ("SERVICE_FAIT", Dest), ("MANDATEE", Dest),
    ("MISE_A_DISPOSITION_COMPTABLE", Dest), ("COMPTABILISEE", Dest),
    ("ERREUR_FOURNISSEUR_SUR_VALIDEUR", Depositor), ("ERREUR_COTRAITANT_SUR_VALIDEUR", Depositor),
    ("ERREUR_FOURNISSEUR_SUR_MOE", Depositor), ("ERREUR_MOE_SUR_MOA", Depositor), ("ERREUR_FOURNISSEUR_SUR_MOA", Depositor),
    ("SUSPENDUE", Depositor), ("A_RECYCLER", Depositor),
];

/// What may follow what.
#[rustfmt::skip]
const LEGAL: &[(&str, &[&str])] = &[
    ("", &["BROUILLON"]),
    ("BROUILLON", &["DEPOSEE", "REFUSEE_CONTROLE"]),
    ("DEPOSEE", &["A_VALIDER_1", "MISE_A_DISPOSITION_MOE", "MISE_A_DISPOSITION_MOA", "MISE_A_DISPOSITION_FOURNISSEUR", "MISE_A_DISPOSITION"]),
    ("A_VALIDER_1", &["VALIDEE_1", "REFUSEE_1", "ERREUR_FOURNISSEUR_SUR_VALIDEUR", "ABSENCE_VALIDATION_1_HORS_DELAI"]),
    ("VALIDEE_1", &["A_VALIDER_2", "MISE_A_DISPOSITION_MOE"]),
    ("ABSENCE_VALIDATION_1_HORS_DELAI", &["A_VALIDER_2", "MISE_A_DISPOSITION_MOE"]),
    ("ERREUR_FOURNISSEUR_SUR_VALIDEUR", &["A_VALIDER_1"]),
    ("A_VALIDER_2", &["VALIDEE_2", "REFUSEE_2", "ERREUR_COTRAITANT_SUR_VALIDEUR", "ABSENCE_VALIDATION_2_HORS_DELAI"]),
    ("VALIDEE_2", &["MISE_A_DISPOSITION_MOE"]),
    ("ABSENCE_VALIDATION_2_HORS_DELAI", &["MISE_A_DISPOSITION_MOE"]),
    ("ERREUR_COTRAITANT_SUR_VALIDEUR", &["A_VALIDER_2"]),
    ("MISE_A_DISPOSITION_MOE", &["ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE", "PRISE_EN_COMPTE_MOE", "REFUSEE_MOE", "ERREUR_FOURNISSEUR_SUR_MOE", "SUSPENDUE", "ASSOCIEE", "REMPLACEE_PAR_A22"]),
    ("ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE", &["PRISE_EN_COMPTE_MOE", "REFUSEE_MOE", "ERREUR_FOURNISSEUR_SUR_MOE", "SUSPENDUE", "ASSOCIEE", "REMPLACEE_PAR_A22"]),
    ("ERREUR_FOURNISSEUR_SUR_MOE", &["MISE_A_DISPOSITION_MOE"]),
    ("MISE_A_DISPOSITION_MOA", &["PRISE_EN_COMPTE_MOA", "REFUSEE_MOA", "ERREUR_MOE_SUR_MOA", "ERREUR_FOURNISSEUR_SUR_MOA", "SUSPENDUE", "ASSOCIEE", "REMPLACEE_PAR_A22"]),
    ("PRISE_EN_COMPTE_MOA", &["REFUSEE_MOA", "ERREUR_MOE_SUR_MOA", "ERREUR_FOURNISSEUR_SUR_MOA", "SUSPENDUE", "ASSOCIEE", "REMPLACEE_PAR_A22"]),
    ("ERREUR_MOE_SUR_MOA", &["MISE_A_DISPOSITION_MOA"]),
    ("ERREUR_FOURNISSEUR_SUR_MOA", &["MISE_A_DISPOSITION_MOA"]),
    ("MISE_A_DISPOSITION_FOURNISSEUR", &["REFUSEE_FOURNISSEUR", "ASSOCIEE"]),
    ("ASSOCIEE", &["REMPLACEE_PAR_A22", "MISE_A_DISPOSITION_MOE", "MISE_A_DISPOSITION_MOA", "MISE_A_DISPOSITION_FOURNISSEUR"]),
    ("REMPLACEE_PAR_A22", &["ASSOCIEE", "MISE_A_DISPOSITION_MOE", "MISE_A_DISPOSITION_MOA"]),
    ("SUSPENDUE", &["COMPLETEE"]),
    ("COMPLETEE", &["MISE_A_DISPOSITION_MOE", "MISE_A_DISPOSITION_MOA", "MISE_A_DISPOSITION"]),
    ("MISE_A_DISPOSITION", &["PRISE_EN_COMPTE_DESTINATAIRE", "SUSPENDUE", "A_RECYCLER", "REJETEE", "SERVICE_FAIT", "MANDATEE", "MISE_A_DISPOSITION_COMPTABLE", "COMPTABILISEE", "MISE_EN_PAIEMENT"]),
    ("PRISE_EN_COMPTE_DESTINATAIRE", &["SUSPENDUE", "A_RECYCLER", "REJETEE", "SERVICE_FAIT", "MANDATEE", "MISE_A_DISPOSITION_COMPTABLE", "COMPTABILISEE", "MISE_EN_PAIEMENT"]),
    ("A_RECYCLER", &["MISE_A_DISPOSITION"]),
    ("SERVICE_FAIT", &["MANDATEE", "MISE_A_DISPOSITION_COMPTABLE", "COMPTABILISEE", "MISE_EN_PAIEMENT"]),
    ("MANDATEE", &["MISE_A_DISPOSITION_COMPTABLE", "COMPTABILISEE", "MISE_EN_PAIEMENT"]),
    ("MISE_A_DISPOSITION_COMPTABLE", &["COMPTABILISEE", "MISE_EN_PAIEMENT"]),
    ("COMPTABILISEE", &["MISE_EN_PAIEMENT"]),
];

/// Numbers of the statuses that someone causes, as a life-cycle flow has them.
#[rustfmt::skip]
const NUMBERS: &[(&str, u8)] = &[
    ("DEPOSEE", 1), ("MISE_A_DISPOSITION", 3), ("A_RECYCLER", 4), ("REJETEE", 5), ("SUSPENDUE", 6), ("SERVICE_FAIT", 7),
    ("MANDATEE", 8), ("MISE_A_DISPOSITION_COMPTABLE", 9), ("COMPTABILISEE", 10), ("MISE_EN_PAIEMENT", 11), ("COMPLETEE", 12),
    ("VALIDEE_1", 13), ("REFUSEE_1", 14), ("ABSENCE_VALIDATION_1_HORS_DELAI", 15), ("VALIDEE_2", 16), ("REFUSEE_2", 17),
    ("ABSENCE_VALIDATION_2_HORS_DELAI", 18), ("REFUSEE_MOE", 19), ("REFUSEE_FOURNISSEUR", 20), ("ASSOCIEE", 21),
    ("REMPLACEE_PAR_A22", 21), ("A_VALIDER_1", 23), ("ERREUR_FOURNISSEUR_SUR_VALIDEUR", 24), ("A_VALIDER_2", 25),
    ("ERREUR_COTRAITANT_SUR_VALIDEUR", 26), ("MISE_A_DISPOSITION_MOE", 27), ("ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE", 27),
    ("ERREUR_FOURNISSEUR_SUR_MOE", 28), ("PRISE_EN_COMPTE_MOE", 29), ("MISE_A_DISPOSITION_MOA", 30), ("ERREUR_MOE_SUR_MOA", 31),
    ("ERREUR_FOURNISSEUR_SUR_MOA", 31), ("REFUSEE_MOA", 32), ("MISE_A_DISPOSITION_FOURNISSEUR", 33),
    ("PRISE_EN_COMPTE_DESTINATAIRE", 36), ("REFUSEE_CONTROLE", 37), ("PRISE_EN_COMPTE_MOA", 38),
];

pub fn number(status: &str) -> u8 {
    NUMBERS.iter().find(|(s, _)| *s == status).unwrap_or_else(|| panic!("{status} is never sent")).1
}

pub fn is_legal(from: &str, to: &str) -> bool {
    LEGAL.iter().any(|(s, next)| *s == from && next.contains(&to))
}

/// Every status that there is.
pub fn statuses() -> BTreeSet<&'static str> {
    LEGAL.iter().flat_map(|(_, next)| next.iter().copied()).collect()
}

pub fn holder(status: &str) -> Option<Who> {
    HOLDERS.iter().find(|(s, _)| *s == status).map(|(_, who)| *who)
}

pub fn route(cadre: &str) -> &'static (&'static str, Who, &'static str, Option<Who>) {
    ROUTES.iter().find(|(c, ..)| *c == cadre).unwrap()
}

/// The statuses by which a pièce is made available: its bytes go to whoever has it then.
pub fn is_arrival(status: &str) -> bool {
    status.starts_with("A_VALIDER_")
        || ["MISE_A_DISPOSITION", "MISE_A_DISPOSITION_MOE", "MISE_A_DISPOSITION_MOA", "MISE_A_DISPOSITION_FOURNISSEUR"]
            .contains(&status)
}

/// The refusals that end a pièce that was accepted: its number is free, and so is what it took.
#[rustfmt::skip]
pub fn is_end(status: &str) -> bool {
    ["REFUSEE_1", "REFUSEE_2", "REFUSEE_MOE", "REFUSEE_MOA", "REFUSEE_FOURNISSEUR", "REJETEE"].contains(&status)
}

/// What comes right after the status that an act gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Rests,
    /// To the second valideur where there is one, else to the MOE.
    NextValideur,
    ToMoe,
    /// To where it was made available last.
    Back,
}

/// One thing that someone may do.
#[derive(Debug)]
pub struct Law {
    pub act: &'static str,
    pub who: Who,
    /// Empty: all.
    pub cadres: &'static [&'static str],
    pub from: &'static [&'static str],
    pub motifs: &'static [&'static str],
    pub must_say: bool,
    pub to: &'static str,
    pub then: Then,
    /// Of a correction: what may be set; the first must be.
    pub sets: &'static [&'static str],
}

const AT_MOE: &[&str] = &["MISE_A_DISPOSITION_MOE", "ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE"];
const AT_MOA: &[&str] = &["MISE_A_DISPOSITION_MOA", "PRISE_EN_COMPTE_MOA"];
const AT_DEST: &[&str] = &["MISE_A_DISPOSITION", "PRISE_EN_COMPTE_DESTINATAIRE"];
const END: &[&str] = &["AUTRE", "REF_FAC_TRAVAUX"];
#[rustfmt::skip]
const STEPS: &[&str] =
    &["MISE_A_DISPOSITION", "PRISE_EN_COMPTE_DESTINATAIRE", "SERVICE_FAIT", "MANDATEE", "MISE_A_DISPOSITION_COMPTABLE", "COMPTABILISEE"];

#[rustfmt::skip]
pub static ACTS: &[Law] = &[
    may(V1,        "validate",          &[],                    &["A_VALIDER_1"],                    &[],                   false, "VALIDEE_1",                       Then::NextValideur),
    may(V1,        "refuse",            &[],                    &["A_VALIDER_1"],                    &["AUTRE"],            true,  "REFUSEE_1",                       Then::Rests),
    may(V1,        "refuse",            &[],                    &["A_VALIDER_1"],                    &["MAUVAIS_VALIDEUR"], false, "ERREUR_FOURNISSEUR_SUR_VALIDEUR", Then::Rests),
    may(V2,        "validate",          &[],                    &["A_VALIDER_2"],                    &[],                   false, "VALIDEE_2",                       Then::ToMoe),
    may(V2,        "refuse",            &[],                    &["A_VALIDER_2"],                    &["AUTRE"],            true,  "REFUSEE_2",                       Then::Rests),
    may(V2,        "refuse",            &[],                    &["A_VALIDER_2"],                    &["MAUVAIS_VALIDEUR"], false, "ERREUR_COTRAITANT_SUR_VALIDEUR",  Then::Rests),
    may(Moe,       "take-into-account", &["A10"],               AT_MOE,                              &[],                   false, "PRISE_EN_COMPTE_MOE",             Then::Rests),
    may(Moe,       "refuse",            &[],                    AT_MOE,                              END,                   true,  "REFUSEE_MOE",                     Then::Rests),
    may(Moe,       "refuse",            &[],                    AT_MOE,                              &["MAUVAISE_MOE"],     false, "ERREUR_FOURNISSEUR_SUR_MOE",      Then::Rests),
    may(Moe,       "suspend",           &[],                    AT_MOE,                              &["AUTRE"],            true,  "SUSPENDUE",                       Then::Rests),
    may(Moa,       "take-into-account", &[],                    &["MISE_A_DISPOSITION_MOA"],         &[],                   false, "PRISE_EN_COMPTE_MOA",             Then::Rests),
    may(Moa,       "refuse",            &[],                    AT_MOA,                              END,                   true,  "REFUSEE_MOA",                     Then::Rests),
    may(Moa,       "refuse",            &["A15", "A17", "A24"], AT_MOA,                              &["MAUVAISE_MOA"],     false, "ERREUR_MOE_SUR_MOA",              Then::Rests),
    may(Moa,       "refuse",            &["A5", "A22"],         AT_MOA,                              &["MAUVAISE_MOA"],     false, "ERREUR_FOURNISSEUR_SUR_MOA",      Then::Rests),
    may(Moa,       "suspend",           &[],                    AT_MOA,                              &["AUTRE"],            true,  "SUSPENDUE",                       Then::Rests),
    may(Seller,    "refuse",            &["A18", "A20"],        &["MISE_A_DISPOSITION_FOURNISSEUR"], END,                   true,  "REFUSEE_FOURNISSEUR",             Then::Rests),
    may(Dest,      "take-into-account", &[],                    &["MISE_A_DISPOSITION"],             &[],                   false, "PRISE_EN_COMPTE_DESTINATAIRE",    Then::Rests),
    may(Dest,      "suspend",           &[],                    AT_DEST,                             &["AUTRE"],            true,  "SUSPENDUE",                       Then::Rests),
    may(Dest,      "recycle",           &[],                    AT_DEST,                             &[],                   true,  "A_RECYCLER",                      Then::Rests),
    may(Dest,      "reject",            &[],                    AT_DEST,                             END,                   true,  "REJETEE",                         Then::Rests),
    may(Dest,      "service-done",      &[],                    STEPS.split_at(2).0,                 &[],                   false, "SERVICE_FAIT",                    Then::Rests),
    may(Dest,      "mandate",           &[],                    STEPS.split_at(3).0,                 &[],                   false, "MANDATEE",                        Then::Rests),
    may(Dest,      "hand-over",         &[],                    STEPS.split_at(4).0,                 &[],                   false, "MISE_A_DISPOSITION_COMPTABLE",    Then::Rests),
    may(Dest,      "account",           &[],                    STEPS.split_at(5).0,                 &[],                   false, "COMPTABILISEE",                   Then::Rests),
    may(Dest,      "pay",               &[],                    STEPS,                               &[],                   false, "MISE_EN_PAIEMENT",                Then::Rests),
    may(Depositor, "complete",          &[],                    &["SUSPENDUE"],                      &[],                   false, "COMPLETEE",                       Then::Back),
    corrects(&["ERREUR_FOURNISSEUR_SUR_VALIDEUR"], &["valideur1", "valideur2"],        "A_VALIDER_1"),
    corrects(&["ERREUR_COTRAITANT_SUR_VALIDEUR"],  &["valideur2"],                     "A_VALIDER_2"),
    corrects(&["ERREUR_FOURNISSEUR_SUR_MOE"],      &["moe"],                           "MISE_A_DISPOSITION_MOE"),
    corrects(&["ERREUR_MOE_SUR_MOA"],              &["moa"],                           "MISE_A_DISPOSITION_MOA"),
    corrects(&["ERREUR_FOURNISSEUR_SUR_MOA"],      &["moa"],                           "MISE_A_DISPOSITION_MOA"),
    corrects(&["A_RECYCLER"],                      &["siret", "service", "engagement"], "MISE_A_DISPOSITION"),
];

#[allow(clippy::too_many_arguments)] // a row of the table
const fn may(
    who: Who,
    act: &'static str,
    cadres: &'static [&'static str],
    from: &'static [&'static str],
    motifs: &'static [&'static str],
    must_say: bool,
    to: &'static str,
    then: Then,
) -> Law {
    Law { act, who, cadres, from, motifs, must_say, to, then, sets: &[] }
}

const fn corrects(from: &'static [&'static str], sets: &'static [&'static str], to: &'static str) -> Law {
    Law { act: "correct", who: Depositor, cadres: &[], from, motifs: &[], must_say: false, to, then: Then::Rests, sets }
}

/// The sheet of a marché, as far as routing asks; one that is not registered has only names in its pièces.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    pub number: String,
    pub registered: bool,
    pub moa: String,
    pub dest: String,
    pub moe: Option<String>,
    pub titulaire: String,
    pub lead: String,
    pub cotraitants: Vec<String>,
    pub subs: Vec<(String, String)>,
    pub solidaire: bool,
    pub service: Option<String>,
    pub engagement: Option<String>,
}

impl Sheet {
    /// The valideurs of a pièce: a sous-traitant's company and then the lead, a cotraitant's lead.
    pub fn valideurs(&self, cadre: &str, named: Option<&str>) -> (Option<String>, Option<String>) {
        match cadre {
            "A10" => {
                let first = named.unwrap().to_owned();
                let second = (self.registered && first != self.lead).then(|| self.lead.clone());
                (Some(first), second)
            }
            "A13" | "A14" => (Some(named.unwrap_or(&self.lead).to_owned()), None),
            _ => (None, None),
        }
    }

    /// Who this actor is by the sheet, where it says so of one structure.
    fn names(&self, datum: &str, piece: &Piece) -> Option<&str> {
        let mut of = self.subs.iter().filter(|(sub, _)| *sub == piece.seller).map(|(_, of)| of.as_str());
        match datum {
            _ if !self.registered => None,
            "valideur1" if piece.cadre == "A10" => of.next().filter(|_| of.next().is_none()),
            "valideur1" | "valideur2" => Some(&self.lead),
            "moe" => self.moe.as_deref(),
            "moa" => Some(&self.moa),
            _ => None,
        }
    }

    /// Whether this structure can be who a correction says it is.
    fn admits(&self, datum: &str, value: &str, piece: &Piece) -> bool {
        if !self.registered {
            return true;
        }
        match datum {
            "valideur1" if piece.cadre == "A10" => self.subs.iter().any(|(s, of)| *s == piece.seller && of == value),
            "valideur1" | "valideur2" => self.lead == value,
            "moe" => self.moe.as_deref().is_none_or(|moe| moe == value),
            "moa" => self.moa == value,
            "siret" => self.dest == value,
            _ => true,
        }
    }
}

/// A pièce as the law sees it.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    /// The ledger's name for it, once it is known.
    pub id: String,
    /// The file that brings it, and the member of that.
    pub file: (String, Option<String>),
    pub partner: String,
    pub mode: &'static str,
    pub cadre: &'static str,
    pub number: String,
    pub issued: String,
    pub seller: String,
    pub moe: Option<String>,
    pub moa: Option<String>,
    pub dest: String,
    pub v1: Option<String>,
    pub v2: Option<String>,
    pub service: Option<String>,
    pub engagement: Option<String>,
    /// Which of the sheets.
    pub marche: usize,
    pub status: &'static str,
    pub since: NaiveDate,
    pub deposited: NaiveDate,
    pub trail: Vec<&'static str>,
    /// Everyone who has or had it, or got a copy.
    pub had: BTreeSet<String>,
    pub takes: Vec<usize>,
    pub dossier: Option<usize>,
    /// Its own bytes, and every file that belongs to it: the end of its name, and its bytes.
    pub parts: Vec<(String, Vec<u8>)>,
    /// Of each partner how many of these it has.
    pub given: BTreeMap<String, BTreeSet<usize>>,
}

impl Piece {
    pub fn who(&self, who: Who) -> Option<&str> {
        match who {
            Seller => Some(&self.seller),
            V1 => self.v1.as_deref(),
            V2 => self.v2.as_deref(),
            Moe => self.moe.as_deref(),
            Moa => self.moa.as_deref(),
            Dest => Some(&self.dest),
            Depositor => self.who(route(self.cadre).1),
        }
    }

    pub fn holder(&self) -> Option<&str> {
        holder(self.status).and_then(|who| self.who(who))
    }

    pub fn is_live(&self) -> bool {
        self.status != "REFUSEE_CONTROLE" && !is_end(self.status)
    }

    fn last_arrival(&self) -> &'static str {
        self.trail.iter().rev().find(|s| is_arrival(s)).unwrap()
    }

    /// A datum that a correction may set.
    pub fn datum(&self, datum: &str) -> Option<&str> {
        match datum {
            "siret" => Some(&self.dest),
            "service" => self.service.as_deref(),
            "engagement" => self.engagement.as_deref(),
            "valideur1" => self.v1.as_deref(),
            "valideur2" => self.v2.as_deref(),
            "moe" => self.moe.as_deref(),
            _ => self.moa.as_deref(),
        }
    }

    fn set(&mut self, datum: &str, value: Option<String>) {
        match datum {
            "siret" => self.dest = value.unwrap_or_default(),
            "service" => self.service = value,
            "engagement" => self.engagement = value,
            "valideur1" => self.v1 = value,
            "valideur2" => self.v2 = value,
            "moe" => self.moe = value,
            _ => self.moa = value,
        }
    }
}

/// What is asked: by its own word, by a status, or by a status's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Act(&'static str),
    Status(&'static str),
    Number(u8),
}

/// An act as someone asks for it.
#[derive(Clone, Debug)]
pub struct Ask {
    pub what: What,
    /// The partner whose flow it comes in; none: a command.
    pub partner: Option<String>,
    /// The structure that it names.
    pub by: Option<String>,
    pub motif: Option<String>,
    pub comment: Option<String>,
    pub set: Vec<(&'static str, String)>,
    pub attach: Vec<(String, Vec<u8>)>,
}

/// An event that must come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub piece: usize,
    pub status: &'static str,
    pub by: Option<String>,
    pub motif: Option<String>,
    /// None: whatever it says.
    pub comment: Option<Option<String>>,
    /// The partners that must be told.
    pub told: BTreeSet<String>,
    /// Who pays, as they are told.
    pub debtor: String,
}

/// Everything that is true, as the law has it.
#[derive(Default)]
pub struct Book {
    pub pieces: Vec<Piece>,
    pub sheets: Vec<Sheet>,
    /// Partners and the structures that they act for.
    pub partners: Vec<(String, Vec<String>)>,
    /// Structures that are known, and their active services; those without any take whatever code.
    pub structures: BTreeMap<String, Vec<String>>,
    /// What must have happened since the last look, in order for each pièce.
    pub expected: Vec<Expected>,
    /// What must have been delivered since: partner, pièce, part.
    pub gifts: BTreeSet<(String, usize, usize)>,
    dossiers: usize,
}

/// Days that a valideur, and the MOE of a monthly draft, have.
const VALIDEUR_DAYS: u64 = 15;
const MOE_DAYS: u64 = 7;

impl Book {
    pub fn acts_for(&self, partner: &str, structure: &str) -> bool {
        self.partners.iter().any(|(name, all)| name == partner && all.iter().any(|s| s == structure))
    }

    pub fn partners_of<'a>(&self, structures: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        let structures: BTreeSet<&str> = structures.into_iter().collect();
        let acts = |all: &Vec<String>| all.iter().any(|s| structures.contains(s.as_str()));
        self.partners.iter().filter(|(_, all)| acts(all)).map(|(name, _)| name.clone()).collect()
    }

    fn happens(
        &mut self,
        piece: usize,
        status: &'static str,
        by: Option<&str>,
        motif: Option<&str>,
        comment: Option<Option<String>>,
        today: NaiveDate,
    ) {
        let p = &mut self.pieces[piece];
        p.trail.push(status);
        (p.status, p.since) = (status, today);
        let holder = p.holder().map(str::to_owned);
        p.had.extend(holder.clone());
        if is_arrival(status)
            && p.trail.len() == 3
            && let Some(copy) = route(p.cadre).3.and_then(|who| p.who(who)).map(str::to_owned)
        {
            p.had.insert(copy.clone());
            self.give(piece, &copy);
        }
        if is_arrival(status) {
            let holder = holder.unwrap_or_else(|| panic!("nobody has it in {status}"));
            self.give(piece, &holder);
        }
        let p = &self.pieces[piece];
        let told = match status {
            "BROUILLON" => BTreeSet::new(),
            "REFUSEE_CONTROLE" => BTreeSet::from([p.partner.clone()]),
            _ => {
                let depositor = p.who(Depositor).unwrap();
                self.partners_of(p.had.iter().map(String::as_str).chain([depositor, p.seller.as_str()]))
            }
        };
        let (by, motif, debtor) = (by.map(str::to_owned), motif.map(str::to_owned), p.dest.clone());
        self.expected.push(Expected { piece, status, by, motif, comment, told, debtor });
    }

    /// Whoever gets a pièce gets what it has not yet of it.
    fn give(&mut self, piece: usize, structure: &str) {
        let parts = self.pieces[piece].parts.len();
        for partner in self.partners_of([structure]) {
            let given = self.pieces[piece].given.entry(partner.clone()).or_default();
            let new: Vec<usize> = (0..parts).filter(|n| given.insert(*n)).collect();
            self.gifts.extend(new.into_iter().map(|n| (partner.clone(), piece, n)));
        }
    }

    /// A deposit that must be accepted, and takes earlier pièces.
    pub fn deposit(&mut self, mut piece: Piece, takes: &[usize], today: NaiveDate) -> usize {
        let n = self.pieces.len();
        (piece.since, piece.deposited) = (today, today);
        piece.takes = takes.to_vec();
        if piece.cadre != "A10" {
            self.dossiers += 1;
            let own = takes.first().map_or(self.dossiers, |first| self.pieces[*first].dossier.unwrap());
            let all: Vec<usize> = takes.iter().filter_map(|t| self.pieces[*t].dossier).collect();
            for p in self.pieces.iter_mut().filter(|p| p.dossier.is_some_and(|d| all.contains(&d))) {
                p.dossier = Some(own);
            }
            piece.dossier = Some(own);
        }
        let depositor = piece.who(Depositor).unwrap().to_owned();
        let (cadre, arrival) = (piece.cadre, route(piece.cadre).2);
        self.pieces.push(piece);
        self.happens(n, "BROUILLON", Some(&depositor), None, Some(None), today);
        self.happens(n, "DEPOSEE", Some(&depositor), None, Some(None), today);
        self.happens(n, arrival, None, None, Some(None), today);
        for taken in takes {
            let status = match (cadre, self.pieces[*taken].cadre) {
                ("A22", _) => "REMPLACEE_PAR_A22",
                _ => "ASSOCIEE",
            };
            self.happens(*taken, status, Some(&depositor), None, Some(None), today);
        }
        n
    }

    /// A deposit that must be refused: it changes nothing, and only whoever deposited is told.
    pub fn refused(&mut self, mut piece: Piece, today: NaiveDate) -> usize {
        let n = self.pieces.len();
        (piece.since, piece.deposited) = (today, today);
        self.pieces.push(piece);
        self.happens(n, "BROUILLON", None, None, Some(None), today);
        self.happens(n, "REFUSEE_CONTROLE", None, None, Some(None), today);
        n
    }

    /// The acts that are possible on a pièce now.
    pub fn possible(&self, piece: usize) -> impl Iterator<Item = &'static Law> {
        let (status, cadre) = (self.pieces[piece].status, self.pieces[piece].cadre);
        ACTS.iter().filter(move |l| l.from.contains(&status) && (l.cadres.is_empty() || l.cadres.contains(&cadre)))
    }

    /// Whether a partner may know that there is such a pièce.
    pub fn knows(&self, partner: &str, piece: usize) -> bool {
        let p = &self.pieces[piece];
        let actors = [Seller, V1, V2, Moe, Moa, Dest].into_iter().filter_map(|who| p.who(who));
        partner == p.partner || actors.chain(p.had.iter().map(String::as_str)).any(|s| self.acts_for(partner, s))
    }

    /// Which law an act is by, and what it makes true; or the rule that it breaks.
    fn judge(&self, piece: usize, ask: &Ask) -> Result<(&'static Law, Option<String>, Piece), &'static str> {
        if ask.partner.as_ref().is_some_and(|partner| !self.knows(partner, piece)) {
            return Err("T-40");
        }
        let p = &self.pieces[piece];
        let wanted = |l: &Law| match ask.what {
            What::Act(act) => l.act == act,
            What::Status(status) => l.to == status,
            What::Number(n) => number_of(l.to) == Some(n),
        };
        if !ACTS.iter().any(wanted) {
            return Err("T-48");
        }
        let laws: Vec<&'static Law> = self.possible(piece).filter(|l| wanted(l)).collect();
        let Some(first) = laws.first() else { return Err("T-42") };
        let actor = p.who(first.who).unwrap();
        let named = ask.by.as_deref().filter(|id| ask.partner.is_none() || self.structures.contains_key(*id));
        if named.is_some_and(|by| by != actor) || ask.partner.as_ref().is_some_and(|pa| !self.acts_for(pa, actor)) {
            return Err("T-43");
        }
        if ask.motif.as_deref() == Some("ERREUR_MONTANT") {
            return Err("T-46");
        }
        let all: Vec<&str> = laws.iter().flat_map(|l| l.motifs.iter().copied()).collect();
        let (law, motif) = match (ask.motif.as_deref(), &laws[..]) {
            (None, [law]) if law.motifs.len() < 2 => (*law, law.motifs.first().copied()),
            (None, _) => return Err("T-44"),
            (Some(given), [law]) if all.is_empty() => {
                let known = ["MAUVAIS_VALIDEUR", "MAUVAISE_MOE", "MAUVAISE_MOA"].iter().chain(END).any(|m| *m == given);
                if !known {
                    return Err("T-44");
                }
                (*law, Some(given))
            }
            (Some(given), _) => match laws.iter().find(|l| l.motifs.contains(&given)) {
                Some(law) => (*law, Some(given)),
                None => return Err("T-44"),
            },
        };
        let says = ask.comment.as_deref().filter(|c| !c.trim().is_empty());
        let mute = law.must_say && says.is_none();
        let nothing = law.act == "complete" && says.is_none() && ask.attach.is_empty();
        let long = says.is_some_and(|c| c.chars().count() > 2_000);
        if mute || nothing || long || law.act != "complete" && !ask.attach.is_empty() {
            return Err("T-45");
        }
        let after = self.corrected(law, piece, &ask.set)?;
        Ok((law, motif.map(str::to_owned), after))
    }

    fn corrected(&self, law: &Law, piece: usize, set: &[(&'static str, String)]) -> Result<Piece, &'static str> {
        let (before, sheet) = (&self.pieces[piece], &self.sheets[self.pieces[piece].marche]);
        let mut after = before.clone();
        for (datum, value) in set {
            if !law.sets.contains(datum) {
                return Err("T-47");
            }
            after.set(datum, Some(value.trim().to_owned()).filter(|v| !v.is_empty()));
        }
        if law.act != "correct" {
            return Ok(after);
        }
        let first = law.sets[0];
        let named = sheet.names(first, before).map(str::to_owned);
        if named.is_some() && !set.iter().any(|(d, _)| *d == first) {
            after.set(first, named.clone());
        }
        if sheet.registered && law.sets.contains(&"valideur1") && !set.iter().any(|(d, _)| *d == "valideur2") {
            after.v2 = sheet.valideurs(before.cadre, after.v1.as_deref()).1;
        }
        let all = ["siret", "service", "engagement", "valideur1", "valideur2", "moe", "moa"];
        let changed: Vec<&str> = all.into_iter().filter(|d| before.datum(d) != after.datum(d)).collect();
        let right =
            after.datum(first).is_some() && (changed.contains(&first) || after.datum(first) == named.as_deref());
        if first == "siret" && changed.is_empty() || first != "siret" && !right {
            return Err("T-47");
        }
        for datum in changed {
            let Some(value) = after.datum(datum) else { continue };
            if ["service", "engagement"].contains(&datum) {
                continue;
            }
            let oneself = datum.starts_with("valideur") && value == before.seller;
            if !self.structures.contains_key(value) || oneself || !sheet.admits(datum, value, before) {
                return Err("T-*");
            }
        }
        if first == "siret" {
            let services = self.structures.get(&after.dest).map_or(&[][..], |s| s);
            if after.dest.is_empty() {
                return Err("T-47");
            }
            if after.service.as_ref().is_some_and(|s| !services.is_empty() && !services.contains(s)) {
                return Err("T-*");
            }
        }
        Ok(after)
    }

    /// What comes of an act; or the rule that it breaks, `T-*` where several may say so.
    pub fn act(&mut self, piece: usize, ask: &Ask, today: NaiveDate) -> Result<(), &'static str> {
        let (law, motif, after) = self.judge(piece, ask)?;
        let actor = self.pieces[piece].who(law.who).unwrap().to_owned();
        self.pieces[piece] = after;
        self.pieces[piece].parts.extend(ask.attach.iter().cloned());
        self.happens(piece, law.to, Some(&actor), motif.as_deref(), Some(ask.comment.clone()), today);
        let p = &self.pieces[piece];
        let next = match law.then {
            Then::Rests => None,
            Then::NextValideur if p.v2.is_some() => Some("A_VALIDER_2"),
            Then::NextValideur | Then::ToMoe => Some("MISE_A_DISPOSITION_MOE"),
            Then::Back => Some(p.last_arrival()),
        };
        if let Some(next) = next {
            self.happens(piece, next, None, None, Some(None), today);
        }
        if is_end(law.to) {
            self.free(piece, today);
        }
        Ok(())
    }

    /// What a refused pièce had taken is free again, unless another one has it.
    fn free(&mut self, refused: usize, today: NaiveDate) {
        for taken in self.pieces[refused].takes.clone() {
            let others = self.pieces.iter().filter(|p| p.is_live() && p.takes.contains(&taken));
            let (replaced, associated) = others.fold((false, false), |(r, a), p| match p.cadre {
                "A22" => (true, a),
                _ => (r, true),
            });
            let status = self.pieces[taken].status;
            let back = match (replaced, associated) {
                (true, _) => "REMPLACEE_PAR_A22",
                (false, true) => "ASSOCIEE",
                _ => self.pieces[taken].last_arrival(),
            };
            if back != status {
                self.happens(taken, back, None, None, None, today);
            }
        }
    }

    /// What time does: the pièces whose delay is over.
    pub fn clock(&mut self, today: NaiveDate) {
        for n in 0..self.pieces.len() {
            let p = &self.pieces[n];
            let (days, status, next) = match (p.status, p.cadre) {
                ("A_VALIDER_1", _) => (
                    VALIDEUR_DAYS,
                    "ABSENCE_VALIDATION_1_HORS_DELAI",
                    Some(if p.v2.is_some() { "A_VALIDER_2" } else { "MISE_A_DISPOSITION_MOE" }),
                ),
                ("A_VALIDER_2", _) => {
                    (VALIDEUR_DAYS, "ABSENCE_VALIDATION_2_HORS_DELAI", Some("MISE_A_DISPOSITION_MOE"))
                }
                ("MISE_A_DISPOSITION_MOE", "A4" | "A13") => {
                    (MOE_DAYS, "ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE", None)
                }
                _ => continue,
            };
            if today > p.since.checked_add_days(Days::new(days)).unwrap() {
                self.happens(n, status, None, None, Some(None), today);
                if let Some(next) = next {
                    self.happens(n, next, None, None, Some(None), today);
                }
            }
        }
    }
}

fn number_of(status: &str) -> Option<u8> {
    NUMBERS.iter().find(|(s, _)| *s == status).map(|(_, n)| *n)
}
