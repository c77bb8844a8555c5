//! `guichet check`: judges without depositing. Files are judged on every core and told in the order given; how many are
//! in memory at once is bounded.

mod files;
mod queue;
mod set;
mod tell;

use super::counter;
use super::failure::{Failure, tell_problems};
use super::{Exit, Outcome, Session};
use crate::annuaire::Annuaire;
use crate::config::{Config, En16931, Found};
use crate::error::Problem;
use crate::judge::Context;
use crate::msg;
use crate::rules::Layer;
use crate::text::{Lang, Msg, counted};
use crate::trade::Mode;
use files::Files;
use std::io::Write;
use std::path::PathBuf;
use tell::{Report, Teller};

#[derive(clap::Args)]
pub struct Args {
    /// Files, or directories with all the files in them; `-`: standard input
    #[arg(value_name = "FILE|DIR", required_unless_present = "files_from")]
    files: Vec<PathBuf>,
    /// Also the files named in this list, one a line (`-`: standard input)
    #[arg(long, value_name = "LIST")]
    files_from: Option<PathBuf>,
    /// As if handed in this way
    #[arg(long, value_enum, default_value_t = ModeArg::Edi)]
    mode: ModeArg,
    /// Judge by this layer only (may be repeated)
    #[arg(long, value_name = "LAYER")]
    layer: Vec<LayerArg>,
    /// Also judge any document by EN 16931
    #[arg(long)]
    en16931: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ModeArg {
    /// Files exchanged between machines
    Edi,
    /// The portal's screens
    Portail,
    /// The portal's API
    Service,
}

/// A layer of rules.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LayerArg {
    /// Well-formed and within limits
    Safe,
    /// Known, and readable enough to be routed
    Legible,
    /// What Chorus Pro asks of every pièce
    Chorus,
    /// Matrix, actors, annuaire, marché
    Works,
    /// EN 16931, on any document
    #[value(name = "en16931")]
    En16931,
}

impl LayerArg {
    /// The layer.
    pub fn layer(self) -> Layer {
        match self {
            LayerArg::Safe => Layer::Safe,
            LayerArg::Legible => Layer::Legible,
            LayerArg::Chorus => Layer::Chorus,
            LayerArg::Works => Layer::Works,
            LayerArg::En16931 => Layer::En16931,
        }
    }
}

/// What was judged so far.
#[derive(Default)]
struct Tally {
    judged: u64,
    refused: u64,
    errors: u64,
    warnings: u64,
    unreadable: u64,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let mut found = session.config()?;
    let annuaire = directory(&found, session)?;
    let mut layers = layers(&args.layer);
    // Who names the layer means every document, also one that does not declare it.
    if args.en16931 || args.layer.contains(&LayerArg::En16931) {
        found.config.rules.en16931 = En16931::Always;
        if !layers.contains(&Layer::En16931) {
            layers.push(Layer::En16931);
        }
    }
    let context = Context {
        config: &found.config,
        annuaire: annuaire.as_ref(),
        mode: mode(args.mode),
        partner: None,
        today: session.world.clock.now().day(),
        layers: &layers,
        associated: None,
    };
    let mut files = Files::new(args.files.clone(), args.files_from.as_deref())?;
    if context.mode != Mode::Edi {
        files = files.with_forms(found.config.limits.xml());
    }
    let teller = Teller::new(&context, session);
    teller.header(&mut session.out)?;
    let mut tally = Tally::default();
    let (lang, out) = (session.lang, &mut session.out);
    queue::in_order(files, |file| teller.judge(file), |report| heed(report, &mut tally, lang, out))?;
    out.flush()?;
    summary(&tally, &layers, annuaire.is_some(), session);
    match tally {
        Tally { unreadable: 1.., .. } => Err(Failure::Told),
        Tally { refused: 1.., .. } => Ok(Exit::Wrong),
        _ => Ok(Exit::Fine),
    }
}

/// Takes in one file's report, in order.
fn heed(report: Result<Report, Problem>, tally: &mut Tally, lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
    match report {
        Ok(report) => {
            tally.judged += report.documents;
            tally.refused += report.refused;
            tally.errors += report.errors;
            tally.warnings += report.warnings;
            out.write_all(report.text.as_bytes())
        }
        Err(problem) => {
            tally.unreadable += 1;
            // So that both streams, shown together, keep the order.
            out.flush()?;
            tell_problems(&[problem], lang, "");
            Ok(())
        }
    }
}

/// The annuaire of the configuration; without a configuration, the one beside us if there is one.
fn directory(found: &Found, session: &Session) -> Result<Option<Annuaire>, Failure> {
    let Config { annuaire, .. } = &found.config;
    if found.file.is_none() && !annuaire.is_dir() {
        return Ok(None);
    }
    counter::annuaire(annuaire, session).map(Some)
}

fn layers(chosen: &[LayerArg]) -> Vec<Layer> {
    let asked = |layer: &Layer| chosen.is_empty() || chosen.iter().any(|c| c.layer() == *layer);
    Layer::ALL.into_iter().filter(asked).collect()
}

fn mode(mode: ModeArg) -> Mode {
    match mode {
        ModeArg::Edi => Mode::Edi,
        ModeArg::Portail => Mode::Portail,
        ModeArg::Service => Mode::Service,
    }
}

/// On standard error: how many, and what was left out.
fn summary(tally: &Tally, layers: &[Layer], annuaire: bool, session: &Session) {
    #[rustfmt::skip]
    let parts = [
        // how many         singular and plural, French                       English             told even if none
        (tally.judged,     ["document jugé", "documents jugés"],             ["document judged", "documents judged"], true),
        (tally.refused,    ["refusé", "refusés"],                            ["refused"; 2],     true),
        (tally.errors,     ["erreur", "erreurs"],                            ["error", "errors"], false),
        (tally.warnings,   ["avertissement", "avertissements"],              ["warning", "warnings"], false),
        (tally.unreadable, ["illisible", "illisibles"],                      ["unreadable"; 2],  false),
    ];
    let told = parts.into_iter().filter(|(n, .., always)| *always || *n > 0);
    let told: Vec<Msg> = told.map(|(n, fr, en, _)| counted(n, fr, en)).collect();
    let joined = |lang| told.iter().map(|part| part.get(lang)).collect::<Vec<_>>().join(", ");
    session.remark(&Msg::new(joined(Lang::Fr), joined(Lang::En)));
    if layers.contains(&Layer::Chorus) || layers.contains(&Layer::Works) {
        session.remark(&msg!(
            "laissés de côté, faute de registre : l'unicité, les pièces associées, le droit du déposant",
            "left out, for want of a ledger: uniqueness, associated pièces, the depositor's right"
        ));
    }
    if !annuaire && layers.contains(&Layer::Works) {
        session.remark(&msg!(
            "laissé de côté : ce qui dépend de l'annuaire, faute de guichet.toml ; nommez-le avec -c",
            "left out: what depends on the annuaire, for want of a guichet.toml; name it with -c"
        ));
    }
}
