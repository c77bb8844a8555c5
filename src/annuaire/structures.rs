//! `structures.csv`: who may be named in a pièce.

use super::sheet::{self, Row};
use crate::config::keys::is_siret;
use crate::config::tree::Source;
use crate::error::{Problem, Problems, shown};
use crate::msg;
use crate::text::counted;
use std::collections::HashMap;

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

pub(super) static COLUMNS: [&str; 7] =
    ["id", "id_type", "name", "active", "service_required", "engagement_required", "either_required"];

/// SIRETs with a wrong key that are told one by one; test structures all have one.
const MOST_KEYS: usize = 5;

/// Every structure, and where each is in the list.
#[derive(Default)]
pub(super) struct Structures {
    pub list: Vec<Structure>,
    pub by_id: HashMap<Box<str>, u32>,
}

/// Reads the file. A row with an error is kept, so that nobody who names it is told that it is unknown; `None` where
/// the header is wrong and nobody knows who is known.
pub(super) fn read(source: &Source, problems: &mut Problems, warnings: &mut Problems) -> Option<Structures> {
    let mut structures = Structures::default();
    let mut starts: Vec<usize> = Vec::new();
    let mut odd_keys: Vec<Problem> = Vec::new();
    let mut more_odd_keys = 0_usize;
    let whole = sheet::read(source, &COLUMNS, problems, |row, problems| {
        let structure = one(&row, problems);
        if structure.id_type == 1 && !siret_checks(&structure.id) && is_siret(&structure.id) {
            if odd_keys.len() < MOST_KEYS { odd_keys.push(odd_key(&row)) } else { more_odd_keys += 1 }
        }
        if structure.name.is_empty() {
            let id = shown(&structure.id);
            warnings.push(row.problem(
                msg!("la structure {id} n'a pas de nom", "structure {id} has no name"),
                msg!("remplissez la colonne « name »", "fill the column \"name\""),
            ));
        }
        let n = u32::try_from(structures.list.len()).expect("a file of half a gigabyte has fewer rows");
        match structures.by_id.get(structure.id.as_str()) {
            _ if structure.id.is_empty() => {}
            Some(first) => problems.push(twice(&row, source.line(starts[*first as usize]))),
            None => {
                structures.by_id.insert(structure.id.as_str().into(), n);
                structures.list.push(structure);
                starts.push(row.start);
            }
        }
    });
    odd_keys.into_iter().for_each(|p| warnings.push(p));
    if more_odd_keys > 0 {
        warnings.push(Problem::of(
            &source.path,
            msg!("la clé de ", "the check digit of ")
                + counted(more_odd_keys, ["autre SIRET", "autres SIRET"], ["more SIRET", "more SIRETs"])
                + msg!(" est fausse", " is wrong"),
            msg!("sans conséquence pour des structures de test", "of no consequence for test structures"),
        ));
    }
    whole.then_some(structures)
}

fn one(row: &Row<'_>, problems: &mut Problems) -> Structure {
    let id_type = match row.cell(1).as_bytes() {
        [digit @ b'1'..=b'7'] => digit - b'0',
        _ => {
            let found = shown(row.cell(1));
            problems.push(row.problem(
                msg!("id_type = « {found} » : il faut un chiffre de 1 à 7", "id_type = \"{found}\": expected a digit from 1 to 7"),
                msg!(
                    "1 SIRET, 2 TVA intracommunautaire, 3 hors UE, 4 RIDET, 5 TAHITI, 6 en cours d'immatriculation, 7 particulier",
                    "1 SIRET, 2 EU VAT number, 3 outside EU, 4 RIDET, 5 TAHITI, 6 being registered, 7 person"
                ),
            ));
            0
        }
    };
    check_id(row, id_type, problems);
    Structure {
        id: row.cell(0).to_owned(),
        id_type,
        name: row.cell(2).to_owned(),
        active: row.flag(3, problems),
        service_required: row.flag(4, problems),
        engagement_required: row.flag(5, problems),
        either_required: row.flag(6, problems),
    }
}

fn check_id(row: &Row<'_>, id_type: u8, problems: &mut Problems) {
    let id = shown(row.cell(0));
    if row.cell(0).is_empty() {
        problems.push(row.problem(
            msg!("la case « id » est vide", "the cell \"id\" is empty"),
            msg!(
                "donnez l'identifiant de la structure, ou supprimez la ligne",
                "give the structure's identifier, or remove the row"
            ),
        ));
    } else if id_type == 1 && !is_siret(row.cell(0)) {
        problems.push(row.problem(
            msg!("id = « {id} » : un SIRET a 14 chiffres", "id = \"{id}\": a SIRET has 14 digits"),
            msg!(
                "écrivez 14 chiffres sans espaces ; dans un tableur, mettez la colonne au format texte",
                "write 14 digits without spaces; in a spreadsheet, give the column the text format"
            ),
        ));
    }
}

fn twice(row: &Row<'_>, first: u32) -> Problem {
    let id = shown(row.cell(0));
    row.problem(
        msg!("la structure {id} est déjà à la ligne {first}", "structure {id} is already on line {first}"),
        msg!("gardez une seule des deux lignes", "keep one of the two lines"),
    )
}

fn odd_key(row: &Row<'_>) -> Problem {
    let id = shown(row.cell(0));
    row.problem(
        msg!("la clé du SIRET {id} est fausse", "the check digit of SIRET {id} is wrong"),
        msg!(
            "vérifiez le numéro ; sans conséquence pour une structure de test",
            "check the number; of no consequence for a test structure"
        ),
    )
}

/// Whether a SIRET's check digit is right (Luhn; the establishments of La Poste may instead have a sum of digits that
/// is a multiple of 5). A wrong one is only ever a warning.
pub fn siret_checks(siret: &str) -> bool {
    if !is_siret(siret) {
        return false;
    }
    let digits = || siret.bytes().rev().map(|b| u32::from(b - b'0'));
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let luhn: u32 = digits().enumerate().map(|(i, d)| if i % 2 == 1 { doubled(d) } else { d }).sum();
    luhn.is_multiple_of(10) || (siret.starts_with("356000000") && digits().sum::<u32>().is_multiple_of(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_luhn_s_but_for_la_poste() {
        // The State, La Poste's seat, and an establishment of La Poste that only its own rule accepts.
        assert!(siret_checks("11000201100044"));
        assert!(siret_checks("35600000000048"));
        assert!(siret_checks("35600000000001"));
        assert!(!siret_checks("11000201100045"));
        assert!(!siret_checks("1100020110004"));
        assert!(!siret_checks("1100020110004A"));
    }
}
