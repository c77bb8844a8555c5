//! docs/lifecycle.md: the statuses, THE table of acts and the diagram, made from the tables.

use super::acts::{ACTS, By, Row, Then};
use super::{FOLLOWS, Holding, Statut, after, holding};
use crate::trade::{Cadre, Role};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The whole document, Markdown, both languages.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Life cycle\n\n\
         Made from the tables of `src/lifecycle`; a test checks that it is fresh.\n\n\
         ## Statuses\n\n\
         `ComplementStatut` is the code, `IdStatut` the number. A status without a number is never sent.\n\n\
         | code | number | statut | status | who has the pièce then |\n|---|---|---|---|---|\n",
    );
    for status in Statut::ALL {
        let number = status.number().map_or_else(|| "–".to_owned(), |n| format!("{n:02}"));
        let who = match holding(*status) {
            Holding::Nobody => "–",
            Holding::Role(role) => role.label().en,
            Holding::Depositor => "whoever deposited it",
        };
        let label = status.label();
        let _ = writeln!(out, "| `{status}` | {number} | {} | {} | {who} |", label.fr, label.en);
    }
    out.push_str(
        "\n## Acts\n\n\
         Who may do what, when, and what follows; an act that no row allows changes nothing. A flow asks for an act by \
         the status that it gives. Where several motifs are possible one must be given; *says why*: a comment must \
         be.\n\n\
         | act | who | cadres | from | motifs | says why | may set | gives | then | source |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in &ACTS {
        let _ = writeln!(out, "{}", line(row));
    }
    out.push_str(
        "\n*the clock*: `[delays]`, calendar days in Paris. *on*: to the second valideur, if there is one and the first \
         was asked, else to the MOE. *back*: to whom it was made available before. *deck*: the training deck on works \
         invoices; *published*: API codes and rules of Chorus Pro, CCAG Travaux; *ours*: docs/decisions.md.\n\n\
         ## Diagram\n\n\
         Arrows without a name are what deposits cause: routing, association by a later pièce, and the release of what \
         a refused pièce had taken.\n\n```mermaid\nstateDiagram-v2\n",
    );
    let mut arrows: BTreeSet<(usize, usize, String)> = BTreeSet::new();
    let place = |status: Statut| Statut::ALL.iter().position(|s| *s == status).unwrap_or(usize::MAX);
    for (from, to) in FOLLOWS {
        match from {
            None => to.iter().for_each(|to| {
                let _ = writeln!(out, "    [*] --> {to}");
            }),
            Some(from) => arrows.extend(to.iter().map(|to| (place(*from), place(*to), String::new()))),
        }
    }
    for row in &ACTS {
        let name = format!(" : {} ({})", row.act, who(row.by));
        arrows.extend(row.from.iter().map(|from| (place(*from), place(row.becomes), name.clone())));
        arrows.extend(after(row).iter().map(|to| (place(row.becomes), place(*to), String::new())));
    }
    for (from, to, name) in arrows {
        let _ = writeln!(out, "    {} --> {}{name}", Statut::ALL[from], Statut::ALL[to]);
    }
    for status in Statut::ALL.iter().filter(|status| is_end(**status)) {
        let _ = writeln!(out, "    {status} --> [*]");
    }
    out.push_str("```\n");
    out
}

/// Whether nothing can follow.
fn is_end(status: Statut) -> bool {
    Statut::ALL.iter().all(|to| !super::may_follow(Some(status), *to))
}

fn line(row: &Row) -> String {
    let list = |words: Vec<&str>| if words.is_empty() { "–".to_owned() } else { words.join(", ") };
    let codes = |all: &[Statut]| all.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(", ");
    let cadres = match row.cadres {
        [] => "all".to_owned(),
        some => list(some.iter().map(|cadre: &Cadre| cadre.code()).collect()),
    };
    let then = match row.then {
        Then::Stays => "–",
        Then::Onward => "on",
        Then::Back => "back",
    };
    format!(
        "| {} | {} | {cadres} | {} | {} | {} | {} | `{}` | {then} | {} |",
        row.act,
        who(row.by),
        codes(row.from),
        list(row.motifs.iter().map(|m| m.word()).collect()),
        if row.comment { "yes" } else { "–" },
        list(row.sets.iter().map(|d| d.word()).collect()),
        row.becomes,
        row.source.label()
    )
}

fn who(by: By) -> &'static str {
    match by {
        By::Role(Role::Moe) => "MOE",
        By::Role(Role::Moa) => "MOA",
        By::Role(role) => role.name(),
        By::Depositor => "depositor",
        By::Clock => "the clock",
    }
}
