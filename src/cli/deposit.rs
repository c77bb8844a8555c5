//! `guichet deposit`: a pièce is handed in from the command line, as on the portal's screen: the form is filled in from
//! what is given, from the pièce that it follows and from the invoice itself, shown, judged in advance, then handed in.

mod compose;
mod drafts;
mod page;
mod tell;

use super::failure::Failure;
use super::flow::Found;
use super::{Exit, Outcome, Session, ask, counter};
use crate::annuaire::Annuaire;
use crate::config::Config;
use crate::facts::Facts;
use crate::flux::Kind;
use crate::flux::pack::Packer;
use crate::judge::{Document, JudgedFlow, Judges, judge_archive};
use crate::ledger::LedgerReader;
use crate::lifecycle::Statut;
use crate::msg;
use crate::request::{self, Answer, Request};
use crate::rules::{Context, Layer};
use crate::text::Msg;
use crate::trade::{Cadre, Mode};
use drafts::Drafts;
use serde::Serialize;
use std::convert::Infallible;
use std::io::{self, BufRead, Cursor, IsTerminal, Write};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The main file: a UBL or CII invoice, a Factur-X, or a plain PDF
    #[arg(value_name = "FILE", required_unless_present_any = ["drafts", "send", "delete"])]
    file: Option<PathBuf>,
    /// Cadre de facturation (A4, A10…); else the invoice's, else what follows --from
    #[arg(long)]
    cadre: Option<String>,
    /// The structure that deposits
    #[arg(long = "as", value_name = "ID", required_unless_present_any = ["drafts", "send", "delete"])]
    by: Option<String>,
    /// The partner to deposit for, where several act for the structure
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
    /// The pièce that this one follows and associates: number, actors and amounts are taken from it
    #[arg(long, value_name = "PIECE")]
    from: Option<String>,
    /// A field of the form (may be repeated); an empty value leaves the field out
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Another file to hand in with it (may be repeated)
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// Keep it as a draft, and hand nothing in
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    draft: Option<String>,
    /// List the drafts
    #[arg(long, conflicts_with_all = ["file", "draft", "send", "delete"])]
    drafts: bool,
    /// Hand a draft in
    #[arg(long, value_name = "NAME", conflicts_with_all = ["file", "draft", "delete", "cadre", "from", "set", "attach"])]
    send: Option<String>,
    /// Delete a draft
    #[arg(long, value_name = "NAME", conflicts_with_all = ["file", "draft"])]
    delete: Option<String>,
    /// Hand it in without asking
    #[arg(long)]
    yes: bool,
}

/// What is to be handed in: a form and the files that it names.
pub struct Parcel {
    /// The structure that deposits.
    by: String,
    /// The partner that it is deposited for.
    partner: String,
    /// The pièce that it follows.
    from: Option<String>,
    /// The name of the form's file.
    name: String,
    form: Vec<u8>,
    /// The other files, the main one first.
    files: Vec<(String, Vec<u8>)>,
    /// Fields that were taken over from the pièce that it follows: they are to be confirmed.
    taken_over: Vec<&'static str>,
}

impl Parcel {
    /// The archive that it is handed in as: the same form and files are the same bytes.
    fn packed(&self) -> Vec<u8> {
        let mut packer = Packer::new(Vec::new());
        let own = (&self.name, &self.form);
        for (name, bytes) in std::iter::once(own).chain(self.files.iter().map(|(name, bytes)| (name, bytes))) {
            packer.add(name.as_bytes(), bytes.len() as u64, &bytes[..]).expect("memory takes what is written");
        }
        packer.finish().expect("memory takes what is written")
    }
}

/// What became of it.
#[derive(Serialize)]
pub struct Deposited {
    flow: String,
    state: String,
    /// The name that the form was handed in under.
    name: String,
    /// Of a duplicate: the flow that it repeats.
    first: Option<String>,
    piece: Option<String>,
    cadre: Option<String>,
    number: Option<String>,
    status: Option<String>,
    #[serde(rename = "as")]
    by: String,
    partner: String,
    findings: Vec<Found>,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let found = session.config()?;
    let drafts = Drafts::beside(found.file.as_deref());
    if args.drafts {
        return drafts.list(session);
    }
    if let Some(name) = &args.delete {
        drafts.delete(name)?;
        session.remark(&msg!("le brouillon {name} est supprimé", "the draft {name} is deleted"));
        return Ok(Exit::Fine);
    }
    let config = found.config;
    let annuaire = counter::annuaire(&config.annuaire, session)?;
    let parcel = match &args.send {
        Some(name) => of_draft(drafts.read(name)?, args)?,
        None => compose::compose(args, &config, &annuaire, session)?,
    };
    let bytes = parcel.packed();
    let earlier = match &parcel.from {
        Some(from) => LedgerReader::open(&config.ledger.path)?.facts(from)?,
        None => None,
    };
    let flow = judged(&bytes, &parcel, earlier.as_ref(), &config, &annuaire, session);
    if let Some(document) = flow.documents.first() {
        depositor_is(&parcel.by, document)?;
    }
    tell::recap(&parcel, &flow, &config, &annuaire, session);
    if let Some(name) = &args.draft {
        let kept = drafts.keep(name, &parcel)?;
        writeln!(session.out, "{kept}")?;
        session.remark(&msg!(
            "gardé en brouillon ; rien n'est déposé ; `guichet deposit --send {kept}` le dépose",
            "kept as a draft; nothing is handed in; `guichet deposit --send {kept}` hands it in"
        ));
        return Ok(Exit::Fine);
    }
    if !args.yes && !confirmed(session)? {
        session.remark(&msg!("rien n'est déposé", "nothing is handed in"));
        return Ok(Exit::Fine);
    }
    let ledger = config.ledger.path.clone();
    let answer = drafts.while_there(&bytes, |file| {
        let (partner, name) = (parcel.partner.clone(), parcel.name.clone());
        ask::carry_out(&Request::Deposit(request::Deposit { partner, name, file }), config, session)
    })?;
    let (flow, state) = match answer {
        Answer::Deposited { flow, outcome } => (flow, outcome),
        other => return super::replay::refused(other),
    };
    let deposited = deposited(parcel, flow, state, &LedgerReader::open(&ledger)?, session)?;
    let is_in = matches!(deposited.state.as_str(), "accepted" | "duplicate");
    if let Some(name) = args.send.as_ref().filter(|_| is_in) {
        drafts.delete(name)?;
    }
    tell::verdict(&deposited, session)?;
    // What is here already is well; what was refused since is not, and is not handed in again by being sent again.
    let status = deposited.status.as_deref().and_then(|code| code.parse::<Statut>().ok());
    Ok(if is_in && !status.is_some_and(Statut::is_refusal) { Exit::Fine } else { Exit::Wrong })
}

/// A draft says for whom it is: what is given beside it must be the same.
fn of_draft(parcel: Parcel, args: &Args) -> Result<Parcel, Failure> {
    let kept = [(&args.by, &parcel.by, "--as"), (&args.partner, &parcel.partner, "--partner")];
    for (given, is, option) in kept {
        if given.as_ref().is_some_and(|given| given != is) {
            return Err(Failure::new(
                msg!("ce brouillon est gardé avec {option} {is}", "this draft is kept with {option} {is}"),
                msg!("ôtez {option}, ou gardez un autre brouillon", "leave {option} out, or keep another draft"),
            ));
        }
    }
    Ok(parcel)
}

/// Judges in advance what will be judged once it is handed in; what needs the ledger is left to that.
fn judged(
    bytes: &[u8],
    parcel: &Parcel,
    earlier: Option<&Facts>,
    config: &Config,
    annuaire: &Annuaire,
    session: &Session,
) -> JudgedFlow {
    let context = Context {
        config,
        annuaire: Some(annuaire),
        mode: Mode::Portail,
        partner: annuaire.partner(&parcel.partner),
        today: session.world.clock.now().day(),
        layers: &Layer::ALL,
        associated: earlier,
    };
    let (size, cursor) = (bytes.len() as u64, Cursor::new(bytes));
    let Ok(flow) =
        judge_archive(Kind::Tar, cursor, size, &context, Judges::WITH_TEXTS, |_, _| Ok::<(), Infallible>(()));
    flow
}

/// Whoever deposits is the one that the cadre says.
fn depositor_is(by: &str, document: &Document) -> Result<(), Failure> {
    let facts = &document.judged.facts;
    let Some(cadre) = facts.cadre.as_deref().and_then(|c| c.parse::<Cadre>().ok()) else { return Ok(()) };
    let role = crate::rules::works::cadres::of(cadre).depositor;
    let Some(who) = facts.who(role).filter(|who| *who != by) else { return Ok(()) };
    let (fr, en) = (role.label().fr, role.label().en);
    Err(Failure::new(
        Msg::new(
            format!("{by} ne dépose pas ce {cadre} : son déposant ({fr}) est {who}"),
            format!("{by} does not deposit this {cadre}: its depositor ({en}) is {who}"),
        ),
        Msg::new(
            format!("donnez `--as {who}`, ou corrigez cet acteur ({fr}) avec --set"),
            format!("give `--as {who}`, or mend this actor ({en}) with --set"),
        ),
    ))
}

/// Asks on the terminal; without one nobody can answer.
fn confirmed(session: &Session) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::new(
            msg!(
                "pas de terminal où demander confirmation : rien n'est déposé",
                "no terminal to ask for confirmation on: nothing is handed in"
            ),
            msg!(
                "--yes dépose sans demander, --draft garde un brouillon",
                "--yes hands it in without asking, --draft keeps a draft"
            ),
        ));
    }
    let question = msg!("Déposer ? [o/N] ", "Hand it in? [y/N] ");
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{}", question.get(session.lang)).and_then(|()| stderr.flush());
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "o" | "oui" | "y" | "yes"))
}

/// What the ledger says of it now.
fn deposited(
    parcel: Parcel,
    flow: String,
    state: String,
    ledger: &LedgerReader,
    session: &Session,
) -> Result<Deposited, Failure> {
    let first = ledger.flow(&flow)?.and_then(|row| row.first);
    // Of a duplicate, the pièce is the first's.
    let brought = ledger.brought(first.as_ref().unwrap_or(&flow))?.into_iter().next();
    let findings = ledger.findings(&flow)?.into_iter().map(|kept| Found::of(kept, session.lang)).collect();
    let (piece, cadre, number, status) = match brought {
        Some(brought) => (Some(brought.piece), brought.cadre, brought.number, Some(brought.status)),
        None => (None, None, None, None),
    };
    let Parcel { by, partner, name, .. } = parcel;
    Ok(Deposited { flow, state, name, first, piece, cadre, number, status, by, partner, findings })
}
