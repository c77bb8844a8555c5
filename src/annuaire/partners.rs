//! `partners.toml`: who drops files and polls answers.

use super::load::Desk;
use crate::config::keys::{app_code_wanted, is_app_code};
use crate::config::tree::Table;
use crate::error::shown;
use crate::msg;
use crate::text::{Lang, Msg};
use crate::trade::Mode;
use std::collections::HashMap;

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

static KEYS: &[&str] = &["name", "app_code", "structures", "modes", "naming", "lang"];

/// A name with every escape still fits in a file name beside a flow id.
const LONGEST_NAME: usize = 64;

/// Reads every `[[partner]]`.
pub(super) fn read(tables: &[Table<'_>], desk: &mut Desk<'_>) -> Vec<Partner> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut partners = Vec::with_capacity(tables.len());
    for table in tables {
        let partner = one(*table, desk);
        // A share of another system may not tell capitals from small letters.
        let seen = *first.entry(partner.name.to_lowercase()).or_insert(table.start);
        if let Some(given) = table.get("name").filter(|_| seen != table.start && !partner.name.is_empty()) {
            let (name, seen) = (shown(&partner.name), table.source.line(seen));
            desk.problems.push(given.problem(
                msg!(
                    "le partenaire « {name} » est déjà à la ligne {seen}",
                    "the partner \"{name}\" is already on line {seen}"
                ),
                msg!(
                    "un nom ne sert qu'une fois, majuscules et minuscules confondues",
                    "a name serves once, capitals and small letters being the same"
                ),
            ));
        }
        partners.push(partner);
    }
    partners
}

fn one(table: Table<'_>, desk: &mut Desk<'_>) -> Partner {
    table.only(KEYS, desk.problems);
    let modes: Vec<(&str, Mode)> = Mode::ALL.into_iter().map(|mode| (mode.name(), mode)).collect();
    let partner = Partner {
        name: name(table, desk),
        app_code: app_code(table, desk),
        structures: desk.structures(table, "structures"),
        modes: desk.words(table, "modes", &modes),
        naming: desk.word(table, "naming", &[("free", Naming::Free), ("chorus", Naming::Chorus)]).unwrap_or_default(),
        lang: desk.word(table, "lang", &[("fr", Lang::Fr), ("en", Lang::En)]).unwrap_or_default(),
    };
    for key in ["structures", "modes"] {
        let given = table.required(key, desk.problems);
        if let Some(given) = given.filter(|g| g.value.as_array().is_some_and(|list| list.is_empty())) {
            desk.problems.push(given.problem(
                msg!(
                    "« {key} » est une liste vide : ce partenaire ne pourrait rien déposer",
                    "\"{key}\" is an empty list: this partner could deposit nothing"
                ),
                msg!("complétez la liste, ou ôtez le partenaire", "fill the list, or remove the partner"),
            ));
        }
    }
    partner
}

fn app_code(table: Table<'_>, desk: &mut Desk<'_>) -> String {
    let Some(given) = table.required("app_code", desk.problems) else { return String::new() };
    let code = given.value.as_str().unwrap_or_default();
    if !is_app_code(code) {
        desk.problems.push(given.wrong(app_code_wanted()));
    }
    code.to_owned()
}

/// A name is a directory's: it must not lead elsewhere, hide, or need escapes to be shown.
fn name(table: Table<'_>, desk: &mut Desk<'_>) -> String {
    let name = desk.required_text(table, "name");
    let why = if name.starts_with(['.', '-']) {
        msg!("il commence par un point ou un tiret", "it begins with a dot or a dash")
    } else if name.contains(['/', '\\']) {
        msg!("il contient une barre oblique", "it contains a slash")
    } else if name.chars().count() > LONGEST_NAME || name.len() > 3 * LONGEST_NAME {
        msg!("il dépasse {LONGEST_NAME} caractères", "it is longer than {LONGEST_NAME} characters")
    } else if crate::text::Shown(&name).to_string() != name {
        msg!("il contient des caractères invisibles", "it contains invisible characters")
    } else {
        return name;
    };
    let (Msg { fr, en }, given) = (why, table.get("name"));
    desk.problems.extend(given.map(|given| {
        let name = shown(&name);
        given.problem(
            msg!("« {name} » ne peut pas nommer un répertoire : {fr}", "\"{name}\" cannot name a directory: {en}"),
            msg!(
                "prenez des lettres, des chiffres et des tirets : \"btp-services\"",
                "take letters, digits and dashes: \"btp-services\""
            ),
        )
    }));
    name
}
