//! What a deposit shows: the récapitulatif before it, the verdict after it.

use super::compose::said;
use super::drafts::parsed;
use super::{Deposited, Parcel};
use crate::annuaire::Annuaire;
use crate::cli::Session;
use crate::cli::failure::{Failure, say};
use crate::config::Config;
use crate::error::shown;
use crate::judge::JudgedFlow;
use crate::lifecycle::Statut;
use crate::msg;
use crate::piece::depot;
use crate::render::{Column, Diagnostics, Format, Grid, Listing, Side, cell};
use crate::rules::Finding;
use crate::text::{Lang, Text, same, t};
use std::io::IsTerminal;

/// Shows what is to be handed in, on standard error: every field, where it comes from, the files, and what is found in
/// advance.
pub fn recap(parcel: &Parcel, flow: &JudgedFlow, config: &Config, annuaire: &Annuaire, session: &Session) {
    let lang = session.lang;
    let mut grid = Grid::new(vec![Side::Left; 3], None);
    let from = parcel.from.as_deref().unwrap_or_default();
    let doc = parsed(&parcel.form);
    let given: Vec<(&str, &str)> = doc.iter().flat_map(depot::entries).collect();
    let of_invoice = said(&parcel.files[0].1, config);
    let mut lines = Vec::new();
    for (field, label) in LABELS {
        let mut value_of = |value: &str, whence: String| {
            let name = annuaire.structure(value).map(|s| format!("{value} {}", s.name));
            lines.push(vec![label.get(lang).to_owned(), shown(name.as_deref().unwrap_or(value)), whence]);
        };
        let mut filled = false;
        for (_, value) in given.iter().filter(|(name, _)| *name == field) {
            filled = true;
            let taken_over = parcel.taken_over.contains(&field);
            let whence = msg!("repris de {from}, à confirmer", "taken from {from}, to be confirmed");
            value_of(value, if taken_over { whence.get(lang).to_owned() } else { String::new() });
        }
        if let Some((_, value)) = of_invoice.iter().find(|(name, _)| name == field).filter(|_| !filled) {
            value_of(value, t("dit par la facture", "said by the invoice").get(lang).to_owned());
        }
    }
    for (n, (name, bytes)) in parcel.files.iter().enumerate() {
        let label = if n == 0 { t("fichier principal", "main file") } else { t("pièce jointe", "attachment") };
        let size = msg!("{} octets", "{} bytes", bytes.len());
        lines.push(vec![label.get(lang).to_owned(), shown(name), size.get(lang).to_owned()]);
    }
    let (by, partner) = (&parcel.by, &parcel.partner);
    let title =
        msg!("À déposer pour {by}, par {partner} (portail)", "To be handed in for {by}, by {partner} (portail)");
    say(title.get(lang));
    let mut text = Vec::new();
    for line in lines {
        // Memory takes what is written.
        let _ = grid.line(line, &mut text);
    }
    let _ = grid.flush(&mut text);
    say(String::from_utf8_lossy(&text).trim_end());
    findings(parcel, flow, session);
}

/// What is found before it is handed in.
fn findings(parcel: &Parcel, flow: &JudgedFlow, session: &Session) {
    let colour = std::io::stderr().is_terminal() && session.out.colour;
    let diagnostics = Diagnostics { lang: session.lang, colour };
    let mut found: Vec<&Finding> = flow.findings.iter().collect();
    let mut text = diagnostics.of(&parcel.name, None, &flow.findings);
    for document in &flow.documents {
        let judged = &document.judged;
        let main = parcel.files.first().map_or("", |(name, _)| name.as_str());
        let file = judged.embedded.as_ref().map_or_else(|| main.to_owned(), |inside| format!("{main}!{inside}"));
        let form = judged.form.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
        text += &diagnostics.with_form(&file, judged.text.as_deref(), form, &judged.findings);
        found.extend(&judged.findings);
    }
    if !text.is_empty() {
        say(&format!("\n{}", text.trim_end()));
    }
    let refused = found.iter().any(|finding| finding.is_error());
    let verdict = if refused {
        msg!("Jugée d'avance : elle sera refusée", "Judged in advance: it will be refused")
    } else {
        msg!(
            "Jugée d'avance : rien ne s'y oppose ; l'unicité et les pièces associées se jugent au dépôt",
            "Judged in advance: nothing is against it; uniqueness and associated pièces are judged once it is handed in"
        )
    };
    say(&format!("\n{}", verdict.get(session.lang)));
}

/// Says what became of it.
pub fn verdict(deposited: &Deposited, session: &mut Session) -> Result<(), Failure> {
    let (lang, format) = (session.lang, session.format);
    let mut listing = Listing::new(&COLUMNS, format, lang, &mut session.out)?;
    listing.row(deposited)?;
    listing.end()?;
    if format == Format::Table {
        let name = deposited.name.clone();
        for finding in &deposited.findings {
            finding.tell(&name, lang, &mut session.out)?;
        }
    }
    if let Some(piece) = deposited.piece.as_ref().filter(|_| deposited.state != "refused") {
        session.remark(&msg!(
            "`guichet certificat {piece}` en donne le certificat de dépôt",
            "`guichet certificat {piece}` gives its certificate of deposit"
        ));
    }
    Ok(())
}

fn status(code: &Option<String>, lang: Lang) -> String {
    let label = |code: &String| {
        code.parse::<Statut>().map_or_else(|_| code.clone(), |status| status.label().get(lang).to_owned())
    };
    code.as_ref().map(label).unwrap_or_default()
}

#[rustfmt::skip]
static COLUMNS: [Column<Deposited>; 9] = [
    column("flow",    t("flux", "flow"),            |r, _| r.flow.clone()),
    column("state",   t("état", "state"),           |r, _| r.state.clone()),
    column("first",   t("répète", "repeats"),       |r, _| cell(&r.first)),
    column("piece",   t("pièce", "pièce"),          |r, _| cell(&r.piece)),
    column("cadre",   t("cadre", "cadre"),          |r, _| cell(&r.cadre)),
    column("number",  t("numéro", "number"),        |r, _| cell(&r.number)),
    column("status",  t("statut", "status"),        |r, lang| status(&r.status, lang)).in_csv(|r| cell(&r.status)),
    column("as",      t("déposant", "depositor"),   |r, _| r.by.clone()),
    column("partner", t("partenaire", "partner"),   |r, _| r.partner.clone()),
];

const fn column(key: &'static str, title: Text, cell: fn(&Deposited, Lang) -> String) -> Column<Deposited> {
    Column { key, title: Some(title), side: Side::Left, cell, csv: None }
}

/// The fields of the form as people call them, in the order in which they are shown.
#[rustfmt::skip]
static LABELS: [(&str, Text); 26] = [
    ("cadre",                same("cadre")),
    ("type",                 same("type")),
    ("numero",               t("numéro", "number")),
    ("date",                 t("date d'émission", "issue date")),
    ("devise",               t("devise", "currency")),
    ("ht",                   t("montant HT", "amount without VAT")),
    ("tva",                  t("TVA", "VAT")),
    ("ttc",                  t("montant TTC", "amount with VAT")),
    ("net-a-payer",          t("net à payer", "amount due")),
    ("fournisseur",          t("fournisseur", "supplier")),
    ("fournisseur-type",     t("type d'identifiant du fournisseur", "the supplier's type of identifier")),
    ("fournisseur-nom",      t("nom du fournisseur", "the supplier's name")),
    ("fournisseur-service",  t("service du fournisseur", "the supplier's service")),
    ("destinataire",         same("destinataire")),
    ("destinataire-service", t("service du destinataire", "the destinataire's service")),
    ("moe",                  same("MOE")),
    ("moe-service",          t("service de la MOE", "the MOE's service")),
    ("moa",                  same("MOA")),
    ("moa-service",          t("service de la MOA", "the MOA's service")),
    ("valideur1",            t("premier valideur", "first valideur")),
    ("valideur1-type",       t("type d'identifiant du premier valideur", "the first valideur's type of identifier")),
    ("valideur2",            t("second valideur", "second valideur")),
    ("valideur2-type",       t("type d'identifiant du second valideur", "the second valideur's type of identifier")),
    ("engagement",           same("engagement")),
    ("marche",               same("marché")),
    ("piece-anterieure",     t("pièce associée", "associated pièce")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_may_be_set_is_shown() {
        assert!(LABELS.iter().map(|(field, _)| *field).eq(super::super::page::keys()));
    }
}
