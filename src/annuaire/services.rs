//! `services.csv`: the services of structures.

use super::sheet::{self, Row};
use super::structures::Structures;
use crate::config::tree::Source;
use crate::error::{Problems, shown};
use crate::msg;

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

pub(super) static COLUMNS: [&str; 5] = ["siret", "code", "name", "active", "engagement_required"];

/// Reads the file: the services in the order of structures and codes.
pub(super) fn read(
    source: &Source,
    structures: Option<&Structures>,
    problems: &mut Problems,
    warnings: &mut Problems,
) -> Vec<Service> {
    let mut found: Vec<(usize, Service)> = Vec::new();
    sheet::read(source, &COLUMNS, problems, |row, problems| {
        check(&row, structures, problems, warnings);
        let [siret, code, name] = [0, 1, 2].map(|column| row.cell(column).to_owned());
        let (active, engagement_required) = (row.flag(3, problems), row.flag(4, problems));
        found.push((row.start, Service { siret, code, name, active, engagement_required }));
    });
    found.sort_by(|(_, a), (_, b)| (&a.siret, &a.code).cmp(&(&b.siret, &b.code)));
    twins(source, &found, problems);
    found.into_iter().map(|(_, service)| service).collect()
}

/// What is wrong or odd about the structure and the code of a row.
fn check(row: &Row<'_>, structures: Option<&Structures>, problems: &mut Problems, warnings: &mut Problems) {
    let (siret, code) = (row.cell(0), row.cell(1));
    if structures.is_some_and(|s| !s.by_id.contains_key(siret)) {
        let siret = shown(siret);
        problems.push(row.problem(
            msg!(
                "la structure « {siret} » de ce service est inconnue",
                "the structure \"{siret}\" of this service is unknown"
            ),
            msg!(
                "ajoutez-la à structures.csv, ou corrigez la colonne « siret »",
                "add it to structures.csv, or mend the column \"siret\""
            ),
        ));
    }
    if code.is_empty() {
        problems.push(row.problem(
            msg!("la case « code » est vide", "the cell \"code\" is empty"),
            msg!("donnez le code du service, ou supprimez la ligne", "give the service's code, or remove the row"),
        ));
    } else if !is_code(code) {
        let code = shown(code);
        warnings.push(row.problem(
            msg!(
                "aucune pièce ne pourra citer le code service « {code} »",
                "no pièce will be able to cite the service code \"{code}\""
            ),
            msg!(
                "un code a 100 caractères au plus : lettres, chiffres, espace, « - » et « _ »",
                "a code has at most 100 characters: letters, digits, space, \"-\" and \"_\""
            ),
        ));
    }
}

/// Services that are there twice; they stand beside one another.
fn twins(source: &Source, sorted: &[(usize, Service)], problems: &mut Problems) {
    for pair in sorted.windows(2) {
        let [(first, a), (second, b)] = pair else { continue };
        if (&a.siret, &a.code) == (&b.siret, &b.code) && !a.code.is_empty() {
            let (siret, code, first) = (shown(&a.siret), shown(&a.code), source.line(*first));
            problems.push(source.problem(
                *second,
                msg!(
                    "le service {code} de {siret} est déjà à la ligne {first}",
                    "service {code} of {siret} is already on line {first}"
                ),
                msg!("gardez une seule des deux lignes", "keep one of the two lines"),
            ));
        }
    }
}

/// At most 100 letters, digits, spaces, `-` and `_`.
fn is_code(code: &str) -> bool {
    code.chars().count() <= 100 && code.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
}
