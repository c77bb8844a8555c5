//! `guichet demo`: some marchés, their actors and what they hand in; one batch; what came out.

mod showcase;
mod tell;

use super::failure::Failure;
use super::{Exit, Outcome, Session, counter};
use crate::annuaire::Annuaire;
use crate::clock::Instant;
use crate::config::Config;
use crate::counter::Counter;
use crate::error::Problem;
use crate::event::{Event, Level, Listener, Log};
use crate::init::{InitError, init};
use crate::ledger::{Criteria, LedgerReader, PieceRow, TrailRow};
use crate::msg;
use crate::render::{Format, Listing};
use crate::text::t;
use crate::trade::Role;
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

#[derive(clap::Args)]
pub struct Args {
    /// Where; it must not hold anything yet
    #[arg(default_value = "guichet-demo")]
    dir: PathBuf,
}

/// What the demo has to tell.
struct Shown {
    pieces: Vec<PieceRow>,
    /// One dossier, each of its pièces with its trail.
    dossier: Vec<(PieceRow, Vec<TrailRow>)>,
    /// Of each pièce that somebody must act on: the role.
    holders: HashMap<String, Role>,
    /// What was not accepted.
    flows: Vec<Event>,
    annuaire: Arc<Annuaire>,
    config: Config,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let started = std::time::Instant::now();
    prepare(&args.dir)?;
    let config = Config::load(&args.dir.join(crate::config::FILE)).map_err(|e| Failure::Problems(e.0))?;
    let annuaire = Arc::new(Annuaire::load(&config.annuaire).map_err(Failure::Problems)?.annuaire);
    let ear = Arc::new(Ear { log: counter::log(session, &config.log, Level::Alert), flows: Mutex::default() });
    let world = &session.world;
    let mut counter = Counter::open(config.clone(), annuaire.clone(), world.clock.clone(), ear.clone(), world.seed)?;
    let tally = crate::batch::run(&mut counter)?;
    drop(counter);
    let ledger = LedgerReader::open(&config.ledger.path)?;
    let flows = std::mem::take(&mut *ear.flows.lock().expect("no listener panics"));
    let pieces = pieces(&ledger, Criteria::default())?;
    let (dossier, holders) = (dossier(&ledger)?, holders(&ledger)?);
    let shown = Shown { pieces, dossier, holders, flows, annuaire, config };
    if session.format == Format::Table {
        tell::all(&shown, &args.dir, &tally, started.elapsed(), session)?;
    } else {
        let mut listing = Listing::new(&super::search::COLUMNS, session.format, session.lang, &mut session.out)?;
        shown.pieces.iter().try_for_each(|piece| listing.row(piece))?;
        listing.end()?;
    }
    Ok(Exit::Fine)
}

/// Makes the tree, the annuaire and the deposits.
fn prepare(dir: &Path) -> Result<(), Failure> {
    let problem = |message, help| Err(Failure::Problems(vec![Problem::of(dir, message, help)]));
    match fs::read_dir(dir).map(|mut entries| entries.next().is_none()) {
        Ok(true) => {}
        Ok(false) => {
            return problem(
                msg!("ce répertoire n'est pas vide", "this directory is not empty"),
                msg!("nommez-en un autre : `guichet demo AUTRE`", "name another one: `guichet demo OTHER`"),
            );
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => {
            return Err(Failure::Problems(vec![Problem::io(dir, t("lire ce répertoire", "read this directory"), &e)]));
        }
    }
    put(dir, crate::config::FILE, showcase::CONFIG)?;
    for (name, bytes) in showcase::ANNUAIRE {
        put(dir, &format!("annuaire/{name}"), bytes)?;
    }
    init(dir).map_err(|InitError(problem)| Failure::Problems(vec![problem]))?;
    for deposit in showcase::DEPOSITS {
        put(dir, &format!("spool/in/{}/{}/{}", deposit.mode.name(), deposit.partner, deposit.name), deposit.bytes)?;
    }
    Ok(())
}

fn put(dir: &Path, below: &str, text: &[u8]) -> Result<(), Failure> {
    let path = dir.join(below);
    // A partner's directory is for nobody else, as it is where guichet makes it.
    let make = |dir: &Path| fs::DirBuilder::new().recursive(true).mode(0o750).create(dir);
    let made = path.parent().map_or(Ok(()), make).and_then(|()| fs::write(&path, text));
    made.map_err(|e| Failure::Problems(vec![Problem::io(&path, t("écrire ce fichier", "write this file"), &e)]))
}

/// The pièces of one dossier, each with its trail.
fn dossier(ledger: &LedgerReader) -> Result<Vec<(PieceRow, Vec<TrailRow>)>, Failure> {
    let number = Some(showcase::DOSSIER.to_owned());
    let pieces = pieces(ledger, Criteria { dossier: number, ..Criteria::default() })?;
    let with_trail = |piece: PieceRow| {
        let trail = ledger.trail(&piece.piece)?;
        Ok((piece, trail))
    };
    pieces.into_iter().map(with_trail).collect()
}

fn pieces(ledger: &LedgerReader, criteria: Criteria) -> Result<Vec<PieceRow>, Failure> {
    let mut all = Vec::new();
    ledger.search(&criteria, &mut |row| {
        all.push(row);
        true
    })?;
    Ok(all)
}

/// Who must act on each pièce.
fn holders(ledger: &LedgerReader) -> Result<HashMap<String, Role>, Failure> {
    let mut holders = HashMap::new();
    for role in [Role::Moe, Role::Moa, Role::Valideur1, Role::Valideur2, Role::Destinataire, Role::Fournisseur] {
        let criteria = Criteria { role: Some(role.name().to_owned()), ..Criteria::default() };
        ledger.search(&criteria, &mut |row| {
            holders.insert(row.piece, role);
            true
        })?;
    }
    Ok(holders)
}

/// Logs what is wrong, and keeps what became of each flow.
struct Ear {
    log: Log,
    flows: Mutex<Vec<Event>>,
}

impl Listener for Ear {
    fn hear(&self, at: Instant, event: &Event) {
        self.log.hear(at, event);
        if let Event::Flow { .. } = event {
            self.flows.lock().expect("no listener panics").push(event.clone());
        }
    }
}
