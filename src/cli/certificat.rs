//! `guichet certificat`: the certificate of deposit of a pièce, or where it was refused at the control the attestation
//! that it was received and refused. The same certificate gives the same bytes: nothing in it says when it was asked for.

mod page;

use super::failure::Failure;
use super::original::original;
use super::output::{self, cannot};
use super::{Exit, Outcome, Session, piece};
use crate::annuaire::Annuaire;
use crate::config::Platform;
use crate::error::shown;
use crate::ledger::{LedgerReader, PieceRow, Sealed, Supplier, Vouched};
use crate::lifecycle::Statut;
use crate::msg;
use crate::render::{Column, Format, Listing, Side, cell, pdf};
use crate::rules::works::cadres;
use crate::text::{Lang, hex, json};
use crate::trade::{Cadre, Role};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {
    /// The id that guichet shows (p-…), or SUPPLIER/NUMBER
    #[arg(value_name = "PIECE")]
    id: String,
    /// Write the certificate into this PDF file; never overwrites
    #[arg(short = 'o', long, value_name = "FILE.pdf")]
    pdf: Option<PathBuf>,
}

/// Everything that it says.
#[derive(Serialize)]
struct Certificat {
    /// Of a deposit, or of a refusal.
    kind: Kind,
    issuer: Issuer,
    piece: String,
    cadre: Option<String>,
    #[serde(rename = "type")]
    type_code: Option<String>,
    number: Option<String>,
    issued: Option<String>,
    supplier: Supplier,
    destinataire: Option<String>,
    marche: Option<String>,
    dossier: Option<String>,
    ht: Option<String>,
    vat: Option<String>,
    ttc: Option<String>,
    due: Option<String>,
    currency: Option<String>,
    depositor: Depositor,
    partner: String,
    mode: String,
    flow: String,
    file: String,
    member: Option<String>,
    deposited: String,
    sha256: Option<String>,
    flow_sha256: Option<String>,
    rules: String,
    first: Event,
    last: Event,
    status: String,
    label: String,
    status_at: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Deposit,
    Refusal,
}

/// The counter that received it.
#[derive(Serialize)]
struct Issuer {
    name: String,
    siret: Option<String>,
}

/// Who deposited it: nothing where the cadre does not say, or nobody has that role.
#[derive(Default, Serialize)]
struct Depositor {
    role: Option<&'static str>,
    id: Option<String>,
    name: Option<String>,
}

/// An event, and the ledger's hash of it and of everything before it.
#[derive(Serialize)]
struct Event {
    seq: i64,
    status: String,
    at: String,
    hash: String,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let ledger = LedgerReader::open(&config.ledger.path)?;
    let row = piece::find(&ledger, &args.id)?;
    piece::pruned(&row)?;
    // Names are a convenience: where the annuaire does not load, there are fewer.
    let annuaire = Annuaire::load(&config.annuaire).map(|loaded| loaded.annuaire).unwrap_or_default();
    let certificat = Certificat::of(row, &ledger, &annuaire, &config.platform, &config.spool.root, session.lang)?;
    if certificat.sha256.is_none() {
        session.remark(&msg!(
            "les octets du dépôt ne sont plus là : leur empreinte manque (`guichet verify`)",
            "the bytes of the deposit are not there any more: their hash is missing (`guichet verify`)"
        ));
    }
    if let Some(path) = &args.pdf {
        let bytes = pdf(&page::leaf(&certificat, session.lang));
        output::create(path, |mut file| {
            let written = file.write_all(&bytes).and_then(|()| file.sync_all());
            written.map_err(|e| cannot(path, &e))
        })?;
        let path = shown(&path.display().to_string());
        session.remark(&match certificat.kind {
            Kind::Deposit => msg!("certificat de dépôt dans {path}", "certificate of deposit in {path}"),
            Kind::Refusal => msg!("attestation de refus dans {path}", "attestation of refusal in {path}"),
        });
        return Ok(Exit::Fine);
    }
    let (format, lang, out) = (session.format, session.lang, &mut session.out);
    match format {
        Format::Json => {
            writeln!(out, "{}", json(&certificat))?;
        }
        Format::Csv => {
            let mut listing = Listing::new(&COLUMNS, format, lang, out)?;
            listing.row(&certificat)?;
            listing.end()?;
        }
        Format::Table | Format::Markdown => out.write_all(page::leaf(&certificat, lang).text().as_bytes())?,
    }
    if certificat.kind == Kind::Refusal {
        let flow = &certificat.flow;
        session.remark(&msg!("pourquoi : `guichet flow {flow}`", "why: `guichet flow {flow}`"));
    }
    Ok(Exit::Fine)
}

impl Certificat {
    fn of(
        row: PieceRow,
        ledger: &LedgerReader,
        annuaire: &Annuaire,
        platform: &Platform,
        spool: &Path,
        lang: Lang,
    ) -> Result<Certificat, Failure> {
        let flow = ledger.flow(&row.flow)?;
        let vouched = ledger.vouched(&row.piece)?;
        let (Some(flow), Some(vouched)) = (flow, vouched) else { return Err(piece::unknown(&row.piece)) };
        let refused = row.status == Statut::RefuseeControle.code();
        let label = row.status.parse::<Statut>().map_or(row.status.as_str(), |s| s.label_in(lang)).to_owned();
        let sha256 = match vouched.original.entry {
            None => flow.sha256.clone(),
            Some(_) => of_member(&row.piece, &vouched, ledger, spool),
        };
        Ok(Certificat {
            kind: if refused { Kind::Refusal } else { Kind::Deposit },
            issuer: Issuer { name: platform.name.clone(), siret: platform.siret.clone() },
            depositor: depositor(&row, vouched.depositor, annuaire),
            piece: row.piece,
            cadre: row.cadre,
            type_code: row.type_code,
            number: row.number,
            issued: row.issued,
            supplier: row.supplier,
            destinataire: row.destinataire,
            marche: row.marche,
            dossier: row.dossier,
            ht: row.ht,
            vat: row.vat,
            ttc: row.ttc,
            due: row.due,
            currency: row.currency,
            partner: row.partner,
            mode: row.mode,
            flow: row.flow,
            file: flow.name,
            member: vouched.member,
            deposited: row.deposited_at,
            sha256,
            flow_sha256: flow.sha256,
            rules: flow.rules,
            first: vouched.first.into(),
            last: vouched.last.into(),
            status: row.status,
            label,
            status_at: row.status_at,
        })
    }
}

/// The hash of a member of an archive: of what was delivered, else of what the archive has.
fn of_member(piece: &str, vouched: &Vouched, ledger: &LedgerReader, spool: &Path) -> Option<String> {
    let delivered = vouched.original.delivered.map(|hash| hex(&hash));
    delivered.or_else(|| original(ledger, spool, piece).ok().map(|bytes| hex(&Sha256::digest(bytes))))
}

/// Who deposited it, by the cadre; of a refused one, who would have.
fn depositor(row: &PieceRow, by: Option<String>, annuaire: &Annuaire) -> Depositor {
    let role = row.cadre.as_deref().and_then(|c| c.parse::<Cadre>().ok()).map(|cadre| cadres::of(cadre).depositor);
    let named = match role {
        Some(Role::Moe) => &row.moe,
        Some(Role::Moa) => &row.moa,
        Some(_) => &row.supplier.id,
        None => &None,
    };
    let Some(id) = by.or_else(|| named.clone()) else { return Depositor::default() };
    let seller = row.supplier.name.clone().filter(|_| row.supplier.id.as_ref() == Some(&id));
    let name = seller.or_else(|| annuaire.structure(&id).map(|s| s.name.clone()));
    Depositor { role: role.map(Role::name), id: Some(id), name }
}

impl From<Sealed> for Event {
    fn from(event: Sealed) -> Event {
        Event { seq: event.seq, status: event.status, at: event.at.rfc3339(), hash: hex(&event.hash) }
    }
}

#[rustfmt::skip]
static COLUMNS: [Column<Certificat>; 38] = [
    column("kind",            |c, _| match c.kind { Kind::Deposit => "deposit", Kind::Refusal => "refusal" }.to_owned()),
    column("issuer",          |c, _| c.issuer.name.clone()),
    column("issuer_siret",    |c, _| cell(&c.issuer.siret)),
    column("piece",           |c, _| c.piece.clone()),
    column("cadre",           |c, _| cell(&c.cadre)),
    column("type",            |c, _| cell(&c.type_code)),
    column("number",          |c, _| cell(&c.number)),
    column("issued",          |c, _| cell(&c.issued)),
    column("supplier_type",   |c, _| cell(&c.supplier.kind)),
    column("supplier",        |c, _| cell(&c.supplier.id)),
    column("supplier_name",   |c, _| cell(&c.supplier.name)),
    column("destinataire",    |c, _| cell(&c.destinataire)),
    column("marche",          |c, _| cell(&c.marche)),
    column("dossier",         |c, _| cell(&c.dossier)),
    column("ht",              |c, _| cell(&c.ht)),
    column("vat",             |c, _| cell(&c.vat)),
    column("ttc",             |c, _| cell(&c.ttc)),
    column("due",             |c, _| cell(&c.due)),
    column("currency",        |c, _| cell(&c.currency)),
    column("depositor_role",  |c, _| c.depositor.role.unwrap_or_default().to_owned()),
    column("depositor",       |c, _| cell(&c.depositor.id)),
    column("depositor_name",  |c, _| cell(&c.depositor.name)),
    column("partner",         |c, _| c.partner.clone()),
    column("mode",            |c, _| c.mode.clone()),
    column("flow",            |c, _| c.flow.clone()),
    column("file",            |c, _| c.file.clone()),
    column("member",          |c, _| cell(&c.member)),
    column("deposited",       |c, _| c.deposited.clone()),
    column("sha256",          |c, _| cell(&c.sha256)),
    column("flow_sha256",     |c, _| cell(&c.flow_sha256)),
    column("rules",           |c, _| c.rules.clone()),
    column("first_seq",       |c, _| c.first.seq.to_string()),
    column("first_hash",      |c, _| c.first.hash.clone()),
    column("last_seq",        |c, _| c.last.seq.to_string()),
    column("last_hash",       |c, _| c.last.hash.clone()),
    column("status",          |c, _| c.status.clone()),
    column("label",           |c, _| c.label.clone()),
    column("status_at",       |c, _| c.status_at.clone()),
];

const fn column(key: &'static str, cell: fn(&Certificat, Lang) -> String) -> Column<Certificat> {
    Column { key, title: None, side: Side::Left, cell, csv: None }
}
