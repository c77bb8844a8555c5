//! What came out of the demo, and what to try next.

use super::Shown;
use crate::cli::Session;
use crate::counter::Tally;
use crate::event::Event;
use crate::ledger::PieceRow;
use crate::lifecycle::{self, Holding, Statut};
use crate::msg;
use crate::render::{Grid, Out, Side, cell};
use crate::rules::catalogue;
use crate::rules::works::cadres;
use crate::spool::Tray;
use crate::text::{Lang, Msg, Text, counted, t};
use crate::trade::Role;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything, for a person who sees guichet for the first time.
pub fn all(shown: &Shown, dir: &Path, tally: &Tally, took: Duration, session: &mut Session) -> io::Result<()> {
    let (lang, out) = (session.lang, &mut session.out);
    let (flows, ms) = (tally.flows, took.as_millis());
    let here = dir.display().to_string();
    let here = crate::text::Shown(&here);
    say(
        out,
        lang,
        &(counted(flows, ["flux déposé", "flux déposés"], ["flow dropped", "flows dropped"])
            + msg!(" dans {here} ; réponses en {ms} ms", " in {here}, answered in {ms} ms")),
    )?;
    title(
        out,
        lang,
        t("Un dossier, du projet au service qui paie", "A dossier, from the draft to the service that pays"),
    )?;
    dossier(shown, lang, out)?;
    title(out, lang, t("Pièces", "Pièces"))?;
    pieces(shown, lang, out)?;
    title(out, lang, t("Refus", "Refused"))?;
    refusals(shown, lang, out)?;
    title(out, lang, t("Ce que les partenaires relèvent", "What the partners collect"))?;
    outbound(shown, lang, out)?;
    title(out, lang, t("À essayer", "Try next"))?;
    next(shown, dir, session.world.program.as_deref(), lang, out)?;
    out.flush()
}

fn say(out: &mut Out, lang: Lang, says: &Msg) -> io::Result<()> {
    writeln!(out, "{}", says.get(lang))
}

fn title(out: &mut Out, lang: Lang, title: Text) -> io::Result<()> {
    let title = out.bold(title.get(lang));
    writeln!(out, "\n{title}")
}

/// The pièces of one dossier in order of deposit: what each is, the statuses that it had, and who caused each or
/// received the pièce by it.
fn dossier(shown: &Shown, lang: Lang, out: &mut Out) -> io::Result<()> {
    for (piece, trail) in &shown.dossier {
        let cadre = piece.cadre.as_deref().and_then(|c| c.parse().ok());
        let what = cadre.map_or("", |cadre| cadres::of(cadre).label.get(lang));
        writeln!(out, "{}  {}  {what}", cell(&piece.number), cell(&piece.cadre))?;
        for step in trail {
            let status = step.status.parse::<Statut>().map_or(step.status.as_str(), |s| s.label().get(lang));
            let holder = step.status.parse().ok().map(lifecycle::holding).and_then(|holding| match holding {
                Holding::Role(role) => in_role(piece, role),
                Holding::Depositor | Holding::Nobody => None,
            });
            let who = name(shown, step.by.as_deref().or(holder));
            writeln!(out, "  {status}, {who}")?;
        }
    }
    Ok(())
}

fn pieces(shown: &Shown, lang: Lang, out: &mut Out) -> io::Result<()> {
    let mut grid = Grid::new(vec![Side::Left; 5], out.columns);
    let titles = [
        t("numéro", "number"),
        t("cadre", "cadre"),
        t("fournisseur", "supplier"),
        t("statut", "status"),
        t("chez", "with"),
    ];
    grid.line(titles.map(|title| title.get(lang).to_owned()).to_vec(), out)?;
    for piece in &shown.pieces {
        let status = piece.status.parse::<Statut>().map_or(piece.status.as_str(), |s| s.label().get(lang));
        let supplier = name(shown, piece.supplier.id.as_deref());
        grid.line(
            vec![cell(&piece.number), cell(&piece.cadre), supplier, status.to_owned(), holder(shown, piece, lang)],
            out,
        )?;
    }
    grid.flush(out)
}

/// Who must act on a pièce now: the structure's name, and as what.
fn holder(shown: &Shown, piece: &PieceRow, lang: Lang) -> String {
    let Some(role) = shown.holders.get(&piece.piece) else { return "-".to_owned() };
    format!("{}, {}", name(shown, in_role(piece, *role)), role.label().get(lang))
}

/// The structure that has a role in a pièce.
fn in_role(piece: &PieceRow, role: Role) -> Option<&str> {
    let id = match role {
        Role::Moe => &piece.moe,
        Role::Moa => &piece.moa,
        Role::Valideur1 => &piece.valideur1,
        Role::Valideur2 => &piece.valideur2,
        Role::Destinataire => &piece.destinataire,
        Role::Fournisseur | Role::SousTraitant | Role::Cotraitant => &piece.supplier.id,
    };
    id.as_deref()
}

fn name(shown: &Shown, id: Option<&str>) -> String {
    let Some(id) = id else { return String::new() };
    let known = shown.annuaire.structure(id).map_or(id, |s| s.name.as_str());
    crate::text::Shown(known).to_string()
}

fn refusals(shown: &Shown, lang: Lang, out: &mut Out) -> io::Result<()> {
    for event in &shown.flows {
        let Event::Flow { name, outcome, rules, .. } = event else { continue };
        if *outcome == "accepted" {
            continue;
        }
        let held =
            if *outcome == "held" { t(" (mis de côté dans hold/)", " (held, in hold/)").get(lang) } else { "" };
        writeln!(out, "{name}{held}")?;
        for id in rules {
            let says = catalogue::find(id).map_or("", |rule| rule.says.get(lang));
            writeln!(out, "  {id:<6} {says}")?;
        }
    }
    Ok(())
}

/// How many files wait in each tray, and where.
fn outbound(shown: &Shown, lang: Lang, out: &mut Out) -> io::Result<()> {
    let mut grid = Grid::new(vec![Side::Right, Side::Left, Side::Left], out.columns);
    for partner in shown.annuaire.partners() {
        for tray in Tray::ALL {
            let dir = shown.config.spool.root.join("out").join(&partner.name).join(tray.name());
            let files = std::fs::read_dir(&dir).map_or(0, Iterator::count);
            if files > 0 {
                let what = match tray {
                    Tray::ComptesRendus => t("comptes rendus d'intégration", "integration reports"),
                    Tray::Statuts => t("flux de cycle de vie", "life-cycle flows"),
                    Tray::Pieces => t("pièces, octet pour octet", "pièces, byte for byte"),
                };
                let dir = dir.display().to_string();
                let dir = crate::text::Shown(&dir).to_string();
                grid.line(vec![files.to_string(), what.get(lang).to_owned(), dir], out)?;
            }
        }
    }
    grid.flush(out)
}

/// Commands to type, each with what it shows.
fn next(shown: &Shown, dir: &Path, program: Option<&Path>, lang: Lang, out: &mut Out) -> io::Result<()> {
    let mut steps: Vec<(String, Text)> = Vec::new();
    if let Some(program) = program {
        steps.push((format!("alias guichet={}", quoted(program)), t("pour ce terminal", "for this terminal")));
    }
    steps.push((format!("cd {}", quoted(dir)), t("tout est là", "everything is there")));
    if let Some(piece) = shown.pieces.first() {
        steps.push((format!("guichet piece {}", piece.piece), t("une pièce et son histoire", "a pièce and its trail")));
    }
    let dossier = format!("guichet search --dossier {}", super::showcase::DOSSIER);
    steps.push((dossier, t("un dossier, pièce par pièce", "a dossier, pièce by pièce")));
    if let Some((flow, rule)) = worst(shown) {
        steps.push((
            format!("guichet rules {rule}"),
            t("une règle, et comment la suivre", "a rule, and how to keep it"),
        ));
        if let Some(file) = filed(shown, flow) {
            let shows = t("un refus, montré comme par un compilateur", "a refusal, shown as a compiler does");
            steps.push((format!("guichet check {}", quoted(&file)), shows));
        }
    }
    let daemon = t("le démon : déposez d'autres fichiers dans spool/in/", "the daemon: drop more files in spool/in/");
    steps.push(("guichet run".to_owned(), daemon));
    steps.iter().try_for_each(|(command, why)| writeln!(out, "  # {}\n  {command}", why.get(lang)))
}

/// The refused flow that broke the most rules, and the first of them.
fn worst(shown: &Shown) -> Option<(&str, &str)> {
    let refused = shown.flows.iter().filter_map(|event| match event {
        Event::Flow { flow, outcome: "refused", rules, .. } => Some((flow, rules)),
        _ => None,
    });
    let (flow, rules) = refused.max_by_key(|(_, rules)| rules.len())?;
    rules.first().map(|rule| (flow.as_str(), *rule))
}

/// Where a flow was filed, below the demo's directory.
fn filed(shown: &Shown, flow: &str) -> Option<PathBuf> {
    let root = &shown.config.spool.root;
    let below = walkdir::WalkDir::new(root.join("archive")).into_iter().filter_map(Result::ok);
    let mut files = below.filter(|e| e.file_name().to_string_lossy().starts_with(flow));
    files.next()?.path().strip_prefix(root.parent()?).ok().map(Path::to_path_buf)
}

/// A path as a shell takes it.
fn quoted(dir: &Path) -> String {
    let text = dir.display().to_string();
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    if plain && !text.is_empty() {
        text
    } else {
        format!("'{}'", crate::text::Shown(&text).to_string().replace('\'', "'\\''"))
    }
}
