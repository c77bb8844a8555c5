//! Every rule, in the order of the layers: what `guichet rules` prints and docs/rules.md is made from.

use super::{Layer, Rule, Severity, chorus, en16931, legible, safe, works};
use crate::error::nearest;
use crate::text::{Lang, Text};
use std::fmt::Write;

/// The rules of a layer, in order.
pub fn of_layer(layer: Layer) -> Box<dyn Iterator<Item = &'static Rule>> {
    match layer {
        Layer::Safe => Box::new(safe::RULES.iter().copied()),
        Layer::Legible => Box::new(legible::RULES.iter()),
        Layer::Chorus => Box::new(chorus::RULES.iter()),
        Layer::Works => Box::new(works::RULES.iter()),
        Layer::En16931 => Box::new(en16931::RULES.iter()),
    }
}

/// Every rule.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    Layer::ALL.into_iter().flat_map(of_layer)
}

/// The rule of this id, in capitals or not.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|r| r.id.eq_ignore_ascii_case(id))
}

/// The id that someone may have meant.
pub fn nearest_id(id: &str) -> Option<&'static str> {
    nearest(&id.to_ascii_uppercase(), all().map(|r| r.id))
}

fn is_of_subset(rule: &Rule) -> bool {
    rule.layer == Layer::En16931 && en16931::is_of_subset(rule.id)
}

/// docs/rules.md.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Rules\n\nMade by `guichet rules --format markdown`; a test and CI check that it is fresh.\n\n\
         A finding with the severity *error* refuses the pièce, a *warning* is told and no more.\n",
    );
    for layer in Layer::ALL {
        let _ = write!(out, "\n## Layer {}\n", layer.name());
        if of_layer(layer).next().is_none() {
            out.push_str("\nNo rules yet.\n");
        }
        let (subset, rules): (Vec<_>, Vec<_>) = of_layer(layer).partition(|rule| is_of_subset(rule));
        for rule in rules {
            let severity = if rule.severity == Severity::Error { "error" } else { "warning" };
            let terms = if rule.terms.is_empty() { "–".to_owned() } else { rule.terms.join(", ") };
            let _ = write!(out, "\n### {}\n\n{} · {severity} · {terms}\n\n", rule.id, rule.source);
            for lang in [Lang::Fr, Lang::En] {
                let (says, why, mend) = (rule.says.get(lang), rule.why.get(lang), rule.mend.get(lang));
                let (because, then) = match lang {
                    Lang::Fr => ("Pourquoi :", "Remède :"),
                    Lang::En => ("Why:", "Remedy:"),
                };
                let _ = write!(out, "**{says}**\\\n{because} {why}. {then} {mend}.\n\n");
            }
            let Text { fr, en } = rule.example;
            let other = if fr == en { String::new() } else { format!("\n{en}") };
            // The fragments of EN 16931 are in samples/en16931; `guichet rules <id>` prints them.
            let fr = fr.split("\n✗ ").next().and_then(|fr| fr.split("\n✓ ").next()).unwrap_or(fr);
            let _ = writeln!(out, "```text\n{fr}{other}\n```");
        }
        if !subset.is_empty() {
            out.push_str("\n### Not in the subset\n\nWarnings: what EN 16931 does not use of its syntaxes.\n\n| rule | where |\n|---|---|\n");
        }
        for rule in subset {
            let _ = writeln!(out, "| {} | `{}` |", rule.id, rule.example.fr.replace('|', "\\|").replace('\n', " "));
        }
    }
    out
}
