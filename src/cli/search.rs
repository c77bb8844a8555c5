//! `guichet search`: pièces that meet every criterion, in order of deposit.

use super::failure::Failure;
use super::{Exit, Outcome, Session};
use crate::error::{nearest, shown};
use crate::ledger::{Criteria, LedgerError, LedgerReader, PieceRow};
use crate::lifecycle::Statut;
use crate::msg;
use crate::render::{Column, Listing, Side, cell};
use crate::text::{Lang, Msg, Text, counted, t};
use chrono::NaiveDate;

#[derive(clap::Args)]
pub struct Args {
    /// With --structure: the role that it has; alone: pièces that this role must act on
    #[arg(long, value_parser = ROLES)]
    role: Option<String>,
    /// A structure that is an actor of the pièce
    #[arg(long, value_name = "ID")]
    structure: Option<String>,
    /// Cadre de facturation (A4, A10…)
    #[arg(long)]
    cadre: Option<String>,
    /// Type of document (380, 381…)
    #[arg(long = "type", value_name = "CODE")]
    kind: Option<String>,
    /// Status (MISE_A_DISPOSITION_MOE…)
    #[arg(long)]
    status: Option<String>,
    /// Number of the marché
    #[arg(long, value_name = "NUMBER")]
    marche: Option<String>,
    /// Number of the dossier, or SUPPLIER/NUMBER
    #[arg(long, value_name = "NUMBER")]
    dossier: Option<String>,
    /// Number of the pièce
    #[arg(long)]
    number: Option<String>,
    /// The destinataire's identifier
    #[arg(long, value_name = "ID")]
    destinataire: Option<String>,
    /// First nine digits of the destinataire's SIRET
    #[arg(long)]
    siren: Option<String>,
    /// The destinataire's service
    #[arg(long, value_name = "CODE")]
    service: Option<String>,
    /// Issued on this day or later (2026-01-31)
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Issued on this day or earlier
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// How it was handed in
    #[arg(long, value_parser = ["edi", "portail", "service"])]
    mode: Option<String>,
    /// Who handed it in
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Only pièces deposited after this one (p-…)
    #[arg(long, value_name = "PIECE")]
    after: Option<String>,
}

/// The roles that an option takes.
#[rustfmt::skip]
pub const ROLES: [&str; 8] =
    ["fournisseur", "sous-traitant", "cotraitant", "valideur1", "valideur2", "moe", "moa", "destinataire"];

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    super::criteria::days(args.from, args.to)?;
    super::criteria::siren(args.siren.as_deref())?;
    let criteria = criteria(args)?;
    let config = session.config()?.config;
    let ledger = match LedgerReader::open(&config.ledger.path) {
        Ok(ledger) => Some(ledger),
        Err(e @ LedgerError::Absent(_)) => {
            // Nothing was handed in yet: an empty answer, and a hint for whoever is in the wrong directory.
            Failure::from(e).remark(session.lang);
            None
        }
        Err(e) => return Err(e.into()),
    };
    if let (Some(ledger), Some(after)) = (&ledger, &criteria.after)
        && ledger.piece(after)?.is_none()
    {
        return Err(unknown_after(after));
    }
    super::criteria::pieces(&criteria, ledger.as_ref(), &config.annuaire)?;
    let listing = Listing::new(&COLUMNS, session.format, session.lang, &mut session.out)?;
    let mut listing = listing.giving_way(&GIVES_WAY);
    let (mut written, mut pruned) = (Ok(()), 0);
    if let Some(ledger) = ledger {
        ledger.search(&criteria, &mut |row| {
            written = listing.row(&row);
            pruned += u64::from(row.pruned.is_some());
            written.is_ok()
        })?;
    }
    written?;
    listing.end()?;
    tell_pruned(pruned, session);
    Ok(Exit::Fine)
}

/// Says of how many pièces that were listed nothing is left but what names them.
pub fn tell_pruned(n: u64, session: &Session) {
    if n > 0 {
        let n = counted(n, ["pièce épurée", "pièces épurées"], ["pièce was pruned", "pièces were pruned"]);
        session.remark(&Msg::new(
            format!("{} : il n'en reste que ce qui la nomme et ses états", n.fr),
            format!("{}: only what names it and its statuses are left", n.en),
        ));
    }
}

fn criteria(args: &Args) -> Result<Criteria, Failure> {
    if let Some(status) = &args.status
        && status.parse::<Statut>().is_err()
    {
        return Err(unknown_status(status));
    }
    let day = |day: &Option<NaiveDate>| day.map(|d| d.format("%Y-%m-%d").to_string());
    let text = Option::<String>::clone;
    Ok(Criteria {
        role: text(&args.role),
        structure: text(&args.structure),
        cadre: text(&args.cadre),
        type_code: text(&args.kind),
        status: text(&args.status),
        marche: text(&args.marche),
        dossier: text(&args.dossier),
        number: text(&args.number),
        destinataire: text(&args.destinataire),
        siren: text(&args.siren),
        service: text(&args.service),
        from: day(&args.from),
        to: day(&args.to),
        mode: text(&args.mode),
        partner: text(&args.partner),
        limit: args.limit,
        after: text(&args.after),
    })
}

fn unknown_status(status: &str) -> Failure {
    let near = nearest(status, Statut::ALL.iter().map(|s| s.code())).unwrap_or("DEPOSEE");
    let status = shown(status);
    Failure::new(
        msg!("« {status} » n'est pas un statut", "\"{status}\" is no status"),
        msg!("par exemple --status {near}", "for instance --status {near}"),
    )
}

/// There is no pièce that a page could come after.
pub fn unknown_after(after: &str) -> Failure {
    let after = shown(after);
    Failure::new(
        msg!("--after : il n'y a pas de pièce {after}", "--after: there is no pièce {after}"),
        msg!(
            "donnez l'identifiant (p-…) de la dernière pièce reçue",
            "give the id (p-…) of the last pièce that you have"
        ),
    )
}

#[rustfmt::skip]
pub static COLUMNS: [Column<PieceRow>; 31] = [
    // key             title in a table                                   value
    left("piece",          Some(t("pièce", "pièce")),                     |p, _| p.piece.clone()),
    left("cadre",          Some(t("cadre", "cadre")),                     |p, _| cell(&p.cadre)),
    left("type",           None,                                          |p, _| cell(&p.type_code)),
    left("number",         Some(t("numéro", "number")),                   |p, _| cell(&p.number)),
    left("issued",         Some(t("émise le", "issued")),                 |p, _| cell(&p.issued)),
    left("supplier_type",  None,                                          |p, _| cell(&p.supplier.kind)),
    left("supplier",       Some(t("fournisseur", "supplier")),            |p, _| cell(&p.supplier.id)),
    left("supplier_name",  None,                                          |p, _| cell(&p.supplier.name)),
    left("destinataire",   Some(t("destinataire", "destinataire")),       |p, _| cell(&p.destinataire)),
    left("moe",            None,                                          |p, _| cell(&p.moe)),
    left("moa",            None,                                          |p, _| cell(&p.moa)),
    left("valideur1",      None,                                          |p, _| cell(&p.valideur1)),
    left("valideur2",      None,                                          |p, _| cell(&p.valideur2)),
    left("service",        None,                                          |p, _| cell(&p.service)),
    left("moe_service",    None,                                          |p, _| cell(&p.moe_service)),
    left("moa_service",    None,                                          |p, _| cell(&p.moa_service)),
    left("seller_service", None,                                          |p, _| cell(&p.seller_service)),
    left("engagement",     None,                                          |p, _| cell(&p.engagement)),
    left("marche",         Some(t("marché", "marché")),                   |p, _| cell(&p.marche)),
    left("dossier",        None,                                          |p, _| cell(&p.dossier)),
    left("ht",             None,                                          |p, _| cell(&p.ht)),
    left("vat",            None,                                          |p, _| cell(&p.vat)),
    right("ttc",           Some(t("TTC", "incl. VAT")),                   |p, _| cell(&p.ttc)),
    left("due",            None,                                          |p, _| cell(&p.due)),
    left("currency",       Some(t("devise", "currency")),                 |p, _| cell(&p.currency)),
    left("mode",           None,                                          |p, _| p.mode.clone()),
    left("partner",        None,                                          |p, _| p.partner.clone()),
    left("flow",           None,                                          |p, _| p.flow.clone()),
    left("deposited",      None,                                          |p, _| p.deposited_at.clone()),
    left("status",         Some(t("statut", "status")),                   |p, _| p.status.clone()),
    left("status_at",      Some(t("depuis", "since")),                    |p, _| p.status_at.clone()),
];

/// What a narrow terminal does without; the id, the number and the status are always there.
const GIVES_WAY: [&str; 7] = ["currency", "destinataire", "supplier", "status_at", "issued", "ttc", "marche"];

type Cell = fn(&PieceRow, Lang) -> String;

const fn left(key: &'static str, title: Option<Text>, cell: Cell) -> Column<PieceRow> {
    Column { key, title, side: Side::Left, cell, csv: None }
}

const fn right(key: &'static str, title: Option<Text>, cell: Cell) -> Column<PieceRow> {
    Column { key, title, side: Side::Right, cell, csv: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roles_of_the_option_are_those_of_the_trade() {
        use crate::trade::Mode;
        use crate::trade::Role::*;
        let all = [Fournisseur, SousTraitant, Cotraitant, Valideur1, Valideur2, Moe, Moa, Destinataire];
        assert_eq!(ROLES, all.map(|role| role.name()));
        assert_eq!(Mode::ALL.map(Mode::name), ["edi", "portail", "service"]);
    }
}
