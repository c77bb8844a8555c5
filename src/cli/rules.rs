//! `guichet rules`: the catalogue, or one rule in full.

use super::check::LayerArg;
use super::failure::Failure;
use super::{Exit, Outcome, Session};
use crate::error::shown;
use crate::msg;
use crate::render::{Column, Format, Listing, Out, Side};
use crate::rules::catalogue::{all, find, markdown, nearest_id};
use crate::rules::{Rule, Severity};
use crate::text::{Lang, Text, t};
use serde::Serialize;
use std::io::Write;

#[derive(clap::Args)]
pub struct Args {
    /// One rule, in full
    id: Option<String>,
    /// Only the rules of this layer (may be repeated)
    #[arg(long, value_name = "LAYER")]
    layer: Vec<LayerArg>,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let (lang, format, out) = (session.lang, session.format, &mut session.out);
    let chosen: Vec<&Rule> = match &args.id {
        Some(id) => vec![find(id).ok_or_else(|| unknown(id))?],
        None if args.layer.is_empty() => all().collect(),
        None => all().filter(|rule| args.layer.iter().any(|layer| layer.layer() == rule.layer)).collect(),
    };
    match (&args.id, format) {
        (Some(_), Format::Table | Format::Markdown) => chosen.iter().try_for_each(|rule| whole(rule, lang, out))?,
        (None, Format::Markdown) => out.write_all(markdown().as_bytes())?,
        _ => {
            let mut listing = Listing::new(&COLUMNS, format, lang, out)?;
            for rule in chosen {
                listing.row(&Row::of(rule, lang))?;
            }
            listing.end()?;
        }
    }
    Ok(Exit::Fine)
}

fn unknown(id: &str) -> Failure {
    let near = nearest_id(id);
    let id = shown(id);
    let help = match near {
        Some(near) => msg!("vouliez-vous dire {near} ?", "did you mean {near}?"),
        None => msg!("`guichet rules` les liste toutes", "`guichet rules` lists them all"),
    };
    Failure::new(msg!("il n'y a pas de règle {id}", "there is no rule {id}"), help)
}

#[derive(Serialize)]
struct Row {
    rule: &'static str,
    layer: &'static str,
    severity: Severity,
    bt: &'static [&'static str],
    says: &'static str,
    why: &'static str,
    source: &'static str,
    example: &'static str,
    help: &'static str,
}

impl Row {
    fn of(rule: &Rule, lang: Lang) -> Row {
        Row {
            rule: rule.id,
            layer: rule.layer.name(),
            severity: rule.severity,
            bt: rule.terms,
            says: rule.says.get(lang),
            why: rule.why.get(lang),
            source: rule.source,
            example: rule.example.get(lang),
            help: rule.mend.get(lang),
        }
    }
}

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 9] = [
    // key         title                                   value
    column("rule",     Some(t("règle", "rule")),           |r, _| r.rule.to_owned()),
    column("layer",    Some(t("couche", "layer")),         |r, _| r.layer.to_owned()),
    column("severity", Some(t("gravité", "severity")),     |r, lang| severity(r.severity).get(lang).to_owned()).in_csv(|r| severity(r.severity).en.to_owned()),
    column("bt",       Some(t("termes", "terms")),         |r, _| r.bt.join(" ")),
    column("says",     Some(t("énoncé", "says")),          |r, _| r.says.to_owned()),
    column("why",      None,                               |r, _| r.why.to_owned()),
    column("source",   None,                               |r, _| r.source.to_owned()),
    column("example",  None,                               |r, _| r.example.to_owned()),
    column("help",     None,                               |r, _| r.help.to_owned()),
];

const fn column(key: &'static str, title: Option<Text>, cell: fn(&Row, Lang) -> String) -> Column<Row> {
    Column { key, title, side: Side::Left, cell, csv: None }
}

/// The word for a severity in a table; JSON has the contract's.
pub fn severity(severity: Severity) -> Text {
    match severity {
        Severity::Error => t("erreur", "error"),
        Severity::Warning => t("avertissement", "warning"),
    }
}

/// One rule, for a person who wants to know why and what to do.
fn whole(rule: &Rule, lang: Lang, out: &mut Out) -> std::io::Result<()> {
    let title = out.bold(rule.id);
    let severity = severity(rule.severity).get(lang);
    let terms = if rule.terms.is_empty() { String::new() } else { format!(" · {}", rule.terms.join(" ")) };
    writeln!(out, "{title} · {} · {severity}{terms}\n{}\n", rule.layer.name(), rule.says.get(lang))?;
    #[rustfmt::skip]
    let parts = [
        (t("pourquoi", "why"),                rule.why.get(lang)),
        (t("source", "source"),               rule.source),
        (t("exemple fautif", "wrong example"), rule.example.get(lang)),
        (t("remède", "remedy"),               rule.mend.get(lang)),
    ];
    for (title, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
        let title = out.bold(title.get(lang));
        writeln!(out, "{title}")?;
        text.lines().try_for_each(|line| writeln!(out, "  {line}"))?;
    }
    Ok(())
}
