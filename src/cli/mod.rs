//! The command line: one file a command. Options, help, man page and completions come from the one definition here;
//! what a command prints on standard output is data, everything else goes to standard error.

mod act;
mod annuaire;
mod ask;
mod backup;
mod batch;
mod certificat;
mod check;
mod completions;
mod counter;
mod criteria;
mod demo;
mod deposit;
mod dossier;
mod failure;
mod flow;
mod flows;
mod help;
mod init;
mod man;
mod original;
mod output;
mod piece;
mod prune;
mod replay;
mod requeue;
mod rules;
mod run;
mod search;
mod status;
mod stock;
mod synthese;
mod usage;
mod verify;

use crate::clock::Clock;
use crate::config::{Config, Found};
use crate::render::{Format, Out};
use crate::text::{Lang, Msg};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use failure::Failure;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// What only the outermost layer may ask the system for.
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub seed: u64,
    /// An environment variable, if it is set and not empty.
    pub variable: fn(&str) -> Option<OsString>,
    /// Where this program is, when it was called by a path: the user's shell does not find it by its name.
    pub program: Option<PathBuf>,
}

/// The heading of options that every command takes.
const COMMON: &str = "Common options";

/// Judges, routes and answers the invoices of French public works
#[derive(Parser)]
#[command(name = "guichet", version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    /// The configuration; else $GUICHET_CONFIG, else ./guichet.toml, else the defaults
    #[arg(short, long, global = true, help_heading = COMMON, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Language of messages; else $GUICHET_LANG, else that of the locale
    #[arg(long, global = true, help_heading = COMMON, value_name = "LANG")]
    lang: Option<LangArg>,
    /// How a listing is written
    #[arg(long, global = true, help_heading = COMMON, value_name = "FORMAT")]
    format: Option<Format>,
    /// Begin CSV with a byte order mark, for spreadsheets that take UTF-8 for something else without
    #[arg(long, global = true, help_heading = COMMON)]
    bom: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the tree of a counter, with commented templates; never overwrites
    Init(init::Args),
    /// A complete example: an annuaire, some flows, what came out, what to try next
    Demo(demo::Args),
    /// Watch the spool, process what comes, until told to stop
    Run(run::Args),
    /// Process what is there, once
    Batch(batch::Args),
    /// Judge files without depositing them
    Check(check::Args),
    /// The catalogue of rules, or one rule in full
    Rules(rules::Args),
    /// The directory: structures, services, marchés, partners
    Annuaire(annuaire::Args),
    /// Hand a pièce in, as on the portal: a form is filled in, shown, judged in advance, then handed in
    Deposit(Box<deposit::Args>),
    /// List pièces that meet every criterion, refused ones included, in order of deposit
    Search(Box<search::Args>),
    /// One pièce with its trail
    Piece(piece::Args),
    /// The certificate of deposit of a pièce: who, what, when, its hashes; text, or a page of PDF
    Certificat(certificat::Args),
    /// A whole dossier: its pièces, each with its trail
    Dossier(dossier::Args),
    /// Do something to a pièce: validate, refuse, complete, correct, pay…
    Act(act::Args),
    /// What awaits a structure: pièces that it holds, the acts that it may do, until when; its own that were refused
    Synthese(synthese::Args),
    /// Tableau de bord: pièces by cadre and state, since when, how many overdue
    Stock(stock::Args),
    /// List flows: what came in, what became of it, how many are in each state
    Flows(flows::Args),
    /// One flow with its findings and what was sent back
    Flow(flow::Args),
    /// Publish a flow's reports again: same names, same bytes
    Replay(replay::Args),
    /// Bring a held flow back to work, as a new flow
    Requeue(requeue::Args),
    /// Audit the ledger and the spool
    Verify(verify::Args),
    /// Is it alive, how far behind, what is wrong
    Status(status::Args),
    /// Copy the ledger, while a daemon is at work or not
    Backup(backup::Args),
    /// Retention: empty what came to its end long ago of what it says
    Prune(prune::Args),
    /// Completions for a shell
    Completions(completions::Args),
    /// The manual page
    Man(man::Args),
}

#[derive(Clone, Copy, ValueEnum)]
enum LangArg {
    /// French
    Fr,
    /// English
    En,
}

/// What became of a command that could work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Done.
    Fine = 0,
    /// Done, and something was refused or is wrong.
    Wrong = 1,
}

type Outcome = Result<Exit, Failure>;

/// What every command has.
struct Session {
    lang: Lang,
    format: Format,
    config: Option<PathBuf>,
    world: World,
    out: Out,
}

impl Session {
    /// The configuration in force.
    fn config(&self) -> Result<Found, Failure> {
        Config::find(self.config.as_deref()).map_err(|e| Failure::Problems(e.0))
    }

    /// A remark on standard error, in the user's language.
    fn remark(&self, says: &Msg) {
        failure::say(says.get(self.lang));
    }
}

/// Runs a command line; returns the exit code of the contract.
pub fn main(arguments: impl IntoIterator<Item = OsString>, world: World) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let lang = language(&arguments, &world);
    let parsed = definition(lang).try_get_matches_from(arguments).and_then(|found| Cli::from_arg_matches(&found));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(e) => {
            let e = usage::shown(e);
            match usage::in_french(&e).filter(|_| lang == Lang::Fr) {
                Some(says) => failure::say(&says),
                // Help on a closed pipe is no error.
                None => drop(e.print()),
            }
            return ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2));
        }
    };
    let format = cli.format.unwrap_or_default();
    let variable = world.variable;
    let config = cli.config.or_else(|| variable("GUICHET_CONFIG").map(PathBuf::from));
    let mut session = Session { lang, format, config, world, out: Out::standard(cli.bom) };
    let outcome = match variable("GUICHET_LANG").filter(|_| cli.lang.is_none()).as_ref().map(known) {
        Some(None) => Err(failure::no_language()),
        _ if cli.bom && format != Format::Csv => Err(failure::byte_order_mark()),
        _ => dispatch(cli.command, &mut session),
    };
    let outcome =
        outcome.and_then(|exit| std::io::Write::flush(&mut session.out).map(|()| exit).map_err(Failure::from));
    match outcome {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => failure.tell(lang),
    }
}

fn dispatch(command: Command, session: &mut Session) -> Outcome {
    if session.format == Format::Markdown && !matches!(command, Command::Rules(_)) {
        return Err(failure::markdown());
    }
    match command {
        Command::Init(args) => init::run(&args, session),
        Command::Demo(args) => demo::run(&args, session),
        Command::Run(args) => run::run(&args, session),
        Command::Batch(args) => batch::run(&args, session),
        Command::Check(args) => check::run(&args, session),
        Command::Rules(args) => rules::run(&args, session),
        Command::Annuaire(args) => annuaire::run(&args, session),
        Command::Deposit(args) => deposit::run(&args, session),
        Command::Search(args) => search::run(&args, session),
        Command::Piece(args) => piece::run(&args, session),
        Command::Certificat(args) => certificat::run(&args, session),
        Command::Dossier(args) => dossier::run(&args, session),
        Command::Synthese(args) => synthese::run(&args, session),
        Command::Stock(args) => stock::run(&args, session),
        Command::Flows(args) => flows::run(&args, session),
        Command::Flow(args) => flow::run(&args, session),
        Command::Replay(args) => replay::run(&args, session),
        Command::Act(args) => act::run(&args, session),
        Command::Requeue(args) => requeue::run(&args, session),
        Command::Verify(args) => verify::run(&args, session),
        Command::Status(args) => status::run(&args, session),
        Command::Backup(args) => backup::run(&args, session),
        Command::Prune(args) => prune::run(&args, session),
        Command::Completions(args) => completions::run(&args, session),
        Command::Man(args) => man::run(&args, session),
    }
}

/// The definition of the whole command line, its help in a language.
fn definition(lang: Lang) -> clap::Command {
    help::in_language(lang, Cli::command())
}

/// The language: the option, else the variable, else the locale. Looked for before the rest is read, since help and
/// usage errors come in it too; whether its value is one is checked with the rest.
fn language(arguments: &[OsString], world: &World) -> Lang {
    let mut words = arguments.iter().skip(1).filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    let option = words.find_map(|word| match word.split_once('=') {
        Some(("--lang", lang)) => Some(lang.to_owned()),
        _ if word == "--lang" => Some(String::new()),
        _ => None,
    });
    let option = option.map(|lang| if lang.is_empty() { words.next().unwrap_or_default().to_owned() } else { lang });
    let chosen = option.map(OsString::from).or_else(|| (world.variable)("GUICHET_LANG"));
    chosen.as_ref().and_then(known).unwrap_or_else(|| locale(world))
}

fn known(name: &OsString) -> Option<Lang> {
    match name.to_str() {
        Some("fr") => Some(Lang::Fr),
        Some("en") => Some(Lang::En),
        _ => None,
    }
}

/// The language of the locale: the first of the three variables that is set decides, as for every program.
fn locale(world: &World) -> Lang {
    let name = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(world.variable);
    name.map_or(Lang::En, |name| Lang::of_locale(&name.to_string_lossy()))
}
