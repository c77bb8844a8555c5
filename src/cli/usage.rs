//! Usage errors in French: what clap found, said again. In English clap says it itself.

use crate::text::Shown;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;
use std::fmt::Write;

/// The same error with what was given made visible: a name that a shell filled in may be a partner's.
pub fn shown(mut error: clap::Error) -> clap::Error {
    let visible = |text: &String| Shown(text).to_string();
    let given = error.context().filter_map(|(kind, value)| match value {
        ContextValue::String(text) => Some((kind, ContextValue::String(visible(text)))),
        ContextValue::Strings(texts) => Some((kind, ContextValue::Strings(texts.iter().map(visible).collect()))),
        _ => None,
    });
    let given: Vec<_> = given.collect();
    given.into_iter().for_each(|(kind, value)| drop(error.insert(kind, value)));
    error
}

/// A usage error in French; none where it is no error (help, version) or of a kind that clap alone knows.
pub fn in_french(error: &clap::Error) -> Option<String> {
    let of = |kind| error.get(kind).map(several).unwrap_or_default();
    let first = |kind| of(kind).into_iter().next().unwrap_or_default();
    let (argument, value) = (first(ContextKind::InvalidArg), first(ContextKind::InvalidValue));
    let mut says = match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => format!("« {argument} » demande une valeur"),
        ErrorKind::InvalidValue => format!("« {value} » n'est pas une valeur de « {argument} »"),
        ErrorKind::ValueValidation => {
            let why = error.source().map(why).unwrap_or_default();
            format!("« {value} » n'est pas une valeur de « {argument} »{why}")
        }
        ErrorKind::UnknownArgument => format!("l'option ou l'argument « {argument} » n'existe pas ici"),
        ErrorKind::InvalidSubcommand => {
            format!("la commande « {} » n'existe pas", first(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand => "il manque une commande".to_owned(),
        ErrorKind::MissingRequiredArgument => {
            let missing: Vec<String> = of(ContextKind::InvalidArg).iter().map(|arg| format!("\n  {arg}")).collect();
            format!("il manque :{}", missing.concat())
        }
        ErrorKind::ArgumentConflict => {
            let other = of(ContextKind::PriorArg).join(", ");
            if other == argument || other.is_empty() {
                format!("« {argument} » est donné deux fois")
            } else {
                format!("« {argument} » ne va pas avec « {other} »")
            }
        }
        ErrorKind::TooManyValues => format!("« {argument} » a une valeur de trop : « {value} »"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("« {argument} » n'a pas le nombre de valeurs qu'il demande")
        }
        ErrorKind::NoEquals => format!("« {argument} » demande « = » avant sa valeur"),
        ErrorKind::InvalidUtf8 => "un argument n'est pas en UTF-8".to_owned(),
        _ => return None,
    };
    let valid = [of(ContextKind::ValidValue), of(ContextKind::ValidSubcommand)].concat();
    if !valid.is_empty() {
        let _ = write!(says, "\n  possibles : {}", valid.join(", "));
    }
    let near =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue].map(of).concat();
    if !near.is_empty() {
        let _ = write!(says, "\n  peut-être : {}", near.join(", "));
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        let usage = usage.to_string();
        let usage = usage.strip_prefix("Usage:").map_or(usage.as_str(), str::trim_start);
        let _ = write!(says, "\n\nUsage : {usage}");
    }
    Some(format!("erreur : {says}\n\nPour en savoir plus, essayez « --help »."))
}

/// Why a value is none, where we know better than whoever read it.
fn why(source: &(dyn Error + 'static)) -> String {
    let says = if source.is::<std::num::ParseIntError>() {
        "un nombre entier est attendu".to_owned()
    } else if source.is::<chrono::ParseError>() {
        "un jour est attendu, comme 2026-11-02".to_owned()
    } else {
        source.to_string()
    };
    format!(" : {says}")
}

fn several(value: &ContextValue) -> Vec<String> {
    match value {
        ContextValue::String(text) => vec![text.clone()],
        ContextValue::Strings(texts) => texts.clone(),
        ContextValue::StyledStr(text) => vec![text.to_string()],
        ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect(),
        ContextValue::Number(n) => vec![n.to_string()],
        _ => Vec::new(),
    }
}
