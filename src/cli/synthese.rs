//! `guichet synthese`: what awaits a structure, what it can do, until when; and what of its own was refused.

use super::failure::Failure;
use super::search::{self, ROLES};
use super::{Exit, Outcome, Session};
use crate::alerts::{self, Due};
use crate::annuaire::Annuaire;
use crate::config::Delays;
use crate::decision::act::possible;
use crate::error::{nearest, shown};
use crate::facts::Facts;
use crate::ledger::{Awaited, Delivery, LedgerError, LedgerReader, PieceRow, SyntheseRow};
use crate::lifecycle::Statut;
use crate::msg;
use crate::render::{Column, Format, Listing, Out, Side, cell, csv_writer};
use crate::spool::{Tray, taken};
use crate::text::{Lang, Text, t};
use chrono::NaiveDate;
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {
    /// The structure
    #[arg(long, value_name = "ID")]
    structure: String,
    /// Only what it holds, or deposited, in this role
    #[arg(long, value_parser = ROLES)]
    role: Option<String>,
    /// Leave out what was refused more than ten days ago
    #[arg(long)]
    hide_rejected: bool,
    /// Leave out what a partner of the structure was sent and took
    #[arg(long)]
    hide_delivered: bool,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Only pièces deposited after this one (p-…)
    #[arg(long, value_name = "PIECE")]
    after: Option<String>,
}

/// Days for which a refused pièce is shown whatever is asked.
const RECENT: u64 = 10;

/// A pièce that awaits the structure, or a refused one of its own.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    piece: PieceRow,
    label: String,
    role: &'static str,
    acts: Vec<&'static str>,
    alert: Option<&'static str>,
    last_day: Option<NaiveDate>,
    overdue: Option<bool>,
    delivered: Option<bool>,
    /// The alert as a table calls it.
    #[serde(skip)]
    awaited: Option<Text>,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let annuaire = annuaire(&config.annuaire, &args.structure, session)?;
    let ledger = match LedgerReader::open(&config.ledger.path) {
        Ok(ledger) => ledger,
        Err(e @ LedgerError::Absent(_)) => {
            // Nothing was handed in yet: an empty answer, and a hint for whoever is in the wrong directory.
            Failure::from(e).remark(session.lang);
            Page::new(session.format, session.lang, &mut session.out)?.end()?;
            return Ok(Exit::Fine);
        }
        Err(e) => return Err(e.into()),
    };
    if let Some(after) = &args.after
        && ledger.piece(after)?.is_none()
    {
        return Err(search::unknown_after(after));
    }
    let of = Synthese {
        today: session.world.clock.now().day(),
        trays: Trays::of(&args.structure, annuaire.as_ref(), config.spool.root),
        args,
        ledger,
        annuaire,
        delays: config.delays,
        lang: session.lang,
    };
    let mut page = Page::new(session.format, session.lang, &mut session.out)?;
    let rows = of.fill(&mut page)?;
    page.end()?;
    if rows == 0 {
        let id = shown(&args.structure);
        session.remark(&msg!("rien n'attend {id}", "nothing awaits {id}"));
    }
    Ok(Exit::Fine)
}

/// The annuaire, in which the structure must be. One that does not load keeps nobody from reading.
fn annuaire(dir: &Path, structure: &str, session: &Session) -> Result<Option<Annuaire>, Failure> {
    let Ok(loaded) = Annuaire::load(dir) else {
        session.remark(&msg!(
            "l'annuaire ne se charge pas : les délais de paiement des marchés sont ignorés, ce qui a été remis est inconnu \
             (`guichet annuaire check`)",
            "the annuaire does not load: what marchés say of days to pay is left out, what was delivered is unknown \
             (`guichet annuaire check`)"
        ));
        return Ok(None);
    };
    match loaded.annuaire.structure(structure) {
        Some(_) => Ok(Some(loaded.annuaire)),
        None => Err(unknown(structure, &loaded.annuaire)),
    }
}

fn unknown(id: &str, annuaire: &Annuaire) -> Failure {
    let near = nearest(id, annuaire.structures().iter().map(|s| s.id.as_str()));
    let near = near.and_then(|near| annuaire.structure(near));
    let help = match near {
        Some(near) => {
            let (near, name) = (shown(&near.id), shown(&near.name));
            msg!("l'annuaire a {near} ({name})", "the annuaire has {near} ({name})")
        }
        None => msg!(
            "donnez l'identifiant d'une structure de annuaire/structures.csv ; `guichet annuaire show` cherche par nom",
            "give the id of a structure in annuaire/structures.csv; `guichet annuaire show` looks for names"
        ),
    };
    let id = shown(id);
    Failure::new(msg!("il n'y a pas de structure {id} dans l'annuaire", "the annuaire has no structure {id}"), help)
}

/// A synthèse, asked for.
struct Synthese<'a> {
    args: &'a Args,
    ledger: LedgerReader,
    annuaire: Option<Annuaire>,
    trays: Trays,
    delays: Delays,
    today: NaiveDate,
    lang: Lang,
}

impl Synthese<'_> {
    /// Writes what it has; how many rows.
    fn fill(&self, page: &mut Page<'_>) -> Result<u64, Failure> {
        let args = self.args;
        let of = Awaited {
            structure: &args.structure,
            role: args.role.as_deref().and_then(|role| role.parse().ok()),
            after: args.after.as_deref(),
            refused_since: args.hide_rejected.then(|| alerts::over_before(self.today, RECENT)),
            wanted: &|sent| !args.hide_delivered || self.trays.delivered(sent) != Some(true),
        };
        let limit = args.limit.unwrap_or(u64::MAX);
        let (mut rows, mut written) = (0, Ok(()));
        if limit > 0 {
            self.ledger.synthese(&of, &mut |found| {
                written = self.row(found).and_then(|row| Ok(page.row(&row)?));
                rows += 1;
                written.is_ok() && rows < limit
            })?;
        }
        written.map(|()| rows)
    }

    fn row(&self, found: SyntheseRow) -> Result<Row, Failure> {
        let due = self.due(&found)?;
        let SyntheseRow { piece, role, delivered, .. } = found;
        let label = piece.status.parse::<Statut>().map_or(piece.status.as_str(), |s| s.label_in(self.lang)).to_owned();
        Ok(Row {
            acts: acts(&piece, &self.args.structure),
            label,
            piece,
            role: role.name(),
            alert: due.map(|due| due.alert.name()),
            awaited: due.map(|due| due.alert.label()),
            last_day: due.map(|due| due.last),
            overdue: due.map(|due| due.is_over(self.today)),
            delivered: self.trays.delivered(&delivered),
        })
    }

    /// What is waited for, and until when.
    fn due(&self, found: &SyntheseRow) -> Result<Option<Due>, Failure> {
        let piece = &found.piece;
        let cadre = piece.cadre.as_deref().and_then(|cadre| cadre.parse().ok());
        let Some((cadre, status)) = cadre.zip(piece.status.parse().ok()) else { return Ok(None) };
        let Some(dates) = self.ledger.dates(&piece.piece)? else { return Ok(None) };
        let sheet = piece.marche.as_ref().zip(found.marche_moa.as_ref()).zip(self.annuaire.as_ref());
        let payment = sheet.and_then(|((number, moa), annuaire)| annuaire.payment_days(number, moa));
        Ok(alerts::alert(cadre, status, &dates, &self.delays, payment))
    }
}

/// The acts that a structure may do now, each once, in the order of the table.
fn acts(piece: &PieceRow, structure: &str) -> Vec<&'static str> {
    let Ok(status) = piece.status.parse() else { return Vec::new() };
    let facts = Facts {
        cadre: piece.cadre.clone(),
        supplier_id: piece.supplier.id.clone(),
        destinataire: piece.destinataire.clone(),
        moe: piece.moe.clone(),
        moa: piece.moa.clone(),
        valideur1: piece.valideur1.clone(),
        valideur2: piece.valideur2.clone(),
        ..Facts::default()
    };
    let mut words = Vec::new();
    for (row, ..) in possible(status, &facts).filter(|(.., who)| *who == structure) {
        if !words.contains(&row.act.word()) {
            words.push(row.act.word());
        }
    }
    words
}

/// What the structure's partners were sent, and whether they took it: a partner that polls deletes the file.
struct Trays {
    /// The partners; none: unknown.
    partners: Option<Vec<String>>,
    /// The spool.
    root: PathBuf,
}

impl Trays {
    fn of(structure: &str, annuaire: Option<&Annuaire>, root: PathBuf) -> Trays {
        let names = |a: &Annuaire| a.partners_of(structure).map(|p| p.name.clone()).collect();
        Trays { partners: annuaire.map(names), root }
    }

    /// Whether one of the partners took the pièce; none: it cannot be seen.
    fn delivered(&self, sent: &[Delivery]) -> Option<bool> {
        let partners = self.partners.as_ref()?;
        let taken: Vec<Option<bool>> = sent
            .iter()
            .filter(|d| partners.contains(&d.partner))
            .map(|d| taken(&self.root, &d.partner, Tray::Pieces, &d.name))
            .collect();
        if taken.contains(&Some(true)) {
            return Some(true);
        }
        taken.iter().all(Option::is_some).then_some(false)
    }
}

/// The listing: a table has columns of its own, CSV those of a search and more.
enum Page<'a> {
    Listing(Listing<'a, Row>),
    Csv(Box<csv::Writer<&'a mut Out>>, Lang),
}

impl<'a> Page<'a> {
    fn new(format: Format, lang: Lang, out: &'a mut Out) -> io::Result<Page<'a>> {
        if format != Format::Csv {
            return Ok(Page::Listing(Listing::new(&COLUMNS, format, lang, out)?.giving_way(&GIVES_WAY)));
        }
        let mut csv = csv_writer(out);
        csv.write_record(search::COLUMNS.iter().map(|c| c.key).chain(MORE.map(|(key, _)| key)))?;
        Ok(Page::Csv(Box::new(csv), lang))
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        match self {
            Page::Listing(listing) => listing.row(row),
            Page::Csv(csv, lang) => {
                let found = search::COLUMNS.iter().map(|c| (c.cell)(&row.piece, *lang));
                Ok(csv.write_record(found.chain(MORE.map(|(_, cell)| cell(row))))?)
            }
        }
    }

    fn end(self) -> io::Result<()> {
        match self {
            Page::Listing(listing) => listing.end(),
            Page::Csv(mut csv, _) => csv.flush(),
        }
    }
}

fn or_empty<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map(T::to_string).unwrap_or_default()
}

type CsvCell = fn(&Row) -> String;

/// What CSV has after the columns of a search.
#[rustfmt::skip]
static MORE: [(&str, CsvCell); 7] = [
    ("label",     |r| r.label.clone()),
    ("role",      |r| r.role.to_owned()),
    ("acts",      |r| r.acts.join(" ")),
    ("alert",     |r| or_empty(&r.alert)),
    ("last_day",  |r| or_empty(&r.last_day)),
    ("overdue",   |r| or_empty(&r.overdue)),
    ("delivered", |r| or_empty(&r.delivered)),
];

#[rustfmt::skip]
static COLUMNS: [Column<Row>; 16] = [
    // key           title                                       value
    left("piece",        t("pièce", "pièce"),                    |r, _| r.piece.piece.clone()),
    left("cadre",        t("cadre", "cadre"),                    |r, _| cell(&r.piece.cadre)),
    left("number",       t("numéro", "number"),                  |r, _| cell(&r.piece.number)),
    left("marche",       t("marché", "marché"),                  |r, _| cell(&r.piece.marche)),
    right("ht",          t("HT", "excl. VAT"),                   |r, _| cell(&r.piece.ht)),
    left("destinataire", t("destinataire", "destinataire"),      |r, _| cell(&r.piece.destinataire)),
    left("supplier",     t("fournisseur", "supplier"),           |r, _| cell(&r.piece.supplier.id)),
    left("moe",          t("MOE", "MOE"),                        |r, _| cell(&r.piece.moe)),
    left("moa",          t("MOA", "MOA"),                        |r, _| cell(&r.piece.moa)),
    left("deposited",    t("déposée le", "deposited"),           |r, _| day(&r.piece.deposited_at)),
    left("status",       t("statut", "status"),                  |r, _| r.piece.status.clone()),
    left("status_at",    t("depuis le", "since"),                |r, _| day(&r.piece.status_at)),
    left("engagement",   t("engagement", "engagement"),          |r, _| cell(&r.piece.engagement)),
    left("role",         t("rôle", "role"),                      |r, _| r.role.to_owned()),
    left("acts",         t("actes possibles", "possible acts"),  |r, _| r.acts.join(" ")),
    left("last_day",     t("attendu", "awaited"),                awaited),
];

/// What a narrow terminal does without; the id, the number, the status, the acts and what is awaited are always there.
#[rustfmt::skip]
const GIVES_WAY: [&str; 11] = [
    "engagement", "destinataire", "moa", "moe", "supplier", "deposited", "role", "status_at", "ht", "marche", "cadre",
];

/// The day of a time in RFC 3339.
fn day(time: &str) -> String {
    time.get(..10).unwrap_or(time).to_owned()
}

/// What is waited for, until when, and whether that is over.
fn awaited(row: &Row, lang: Lang) -> String {
    let Some((what, last)) = row.awaited.zip(row.last_day) else { return String::new() };
    let over = if row.overdue == Some(true) { OVERDUE.get(lang) } else { "" };
    format!("{last} {}{over}", what.get(lang))
}

const OVERDUE: Text = t(", en retard", ", overdue");

type Cell = fn(&Row, Lang) -> String;

const fn left(key: &'static str, title: Text, cell: Cell) -> Column<Row> {
    Column { key, title: Some(title), side: Side::Left, cell, csv: None }
}

const fn right(key: &'static str, title: Text, cell: Cell) -> Column<Row> {
    Column { key, title: Some(title), side: Side::Right, cell, csv: None }
}
