//! Why a command could not work, and how it is told: exit code 2, or 75 when another guichet holds the spool. A closed
//! pipe is no failure: whoever read had enough.

use crate::counter::CounterError;
use crate::error::{Problem, reason};
use crate::ledger::LedgerError;
use crate::msg;
use crate::spool::SpoolError;
use crate::spool::rights::Wrong;
use crate::text::{Lang, Msg, Shown};
use std::io::{self, Write};
use std::process::ExitCode;

/// Why a command could not work.
#[derive(Debug)]
pub enum Failure {
    /// The reader of standard output is gone.
    Closed,
    /// Everything was told already.
    Told,
    /// Files that a person writes are wrong.
    Problems(Vec<Problem>),
    /// Anything else.
    Said(Box<Said>),
}

/// What went wrong, what to do, which exit code.
#[derive(Debug)]
pub struct Said {
    message: Msg,
    help: Option<Msg>,
    code: u8,
}

/// Could not work: usage, configuration, input or output.
const COULD_NOT: u8 = 2;
/// Another guichet holds this spool (`EX_TEMPFAIL`).
const BUSY: u8 = 75;

impl Failure {
    /// Something is wrong; `help` says what to do.
    pub fn new(message: Msg, help: Msg) -> Failure {
        Failure::Said(Box::new(Said { message, help: Some(help), code: COULD_NOT }))
    }

    fn with(message: Msg, help: Option<Msg>, code: u8) -> Failure {
        Failure::Said(Box::new(Said { message, help, code }))
    }

    /// Tells it as a remark, where the command goes on.
    pub fn remark(&self, lang: Lang) {
        if let Failure::Said(said) = self {
            say(said.message.get(lang));
            if let Some(help) = &said.help {
                tell_help(help, lang);
            }
        }
    }

    /// Tells it on standard error; returns the exit code.
    pub fn tell(&self, lang: Lang) -> ExitCode {
        match self {
            Failure::Closed => ExitCode::SUCCESS,
            Failure::Told => ExitCode::from(COULD_NOT),
            Failure::Problems(problems) => {
                tell_problems(problems, lang, "");
                ExitCode::from(COULD_NOT)
            }
            Failure::Said(said) => {
                let word = msg!("erreur", "error");
                let colon = msg!(" : ", ": ");
                say(&format!("{}{}{}", word.get(lang), colon.get(lang), said.message.get(lang)));
                if let Some(help) = &said.help {
                    tell_help(help, lang);
                }
                ExitCode::from(said.code)
            }
        }
    }
}

/// Writes a line on standard error. Nobody can be told when that fails.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Tells each problem as a compiler does: where, what, and what to do below it.
pub fn tell_problems(problems: &[Problem], lang: Lang, label: &str) {
    for problem in problems {
        say(&format!("{}: {label}{}", problem.at, problem.message.get(lang)));
        tell_help(&problem.help, lang);
    }
}

/// What to do, on a line of its own.
fn tell_help(help: &Msg, lang: Lang) {
    say(&format!("    {}", help.get(lang)));
}

/// The variable holds something else.
pub fn no_language() -> Failure {
    Failure::new(
        msg!("GUICHET_LANG ne nomme pas une langue", "GUICHET_LANG names no language"),
        msg!("`fr` ou `en`", "`fr` or `en`"),
    )
}

/// `--format markdown` where there is none.
pub fn markdown() -> Failure {
    Failure::new(
        msg!("seule la commande `rules` s'écrit en Markdown", "only `rules` is written as Markdown"),
        msg!("choisissez `--format table`, `json` ou `csv`", "choose `--format table`, `json` or `csv`"),
    )
}

/// `--bom` where there is no CSV.
pub fn byte_order_mark() -> Failure {
    Failure::new(
        msg!("--bom ne va qu'avec --format csv", "--bom goes with --format csv only"),
        msg!("ajoutez `--format csv`, ou ôtez `--bom`", "add `--format csv`, or leave `--bom` out"),
    )
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::Closed;
        }
        let (why, help) = reason(&error);
        let message = Msg::new(
            format!("impossible d'écrire sur la sortie : {}", why.fr),
            format!("cannot write to the output: {}", why.en),
        );
        Failure::with(message, Some(help.into()), COULD_NOT)
    }
}

impl From<CounterError> for Failure {
    fn from(error: CounterError) -> Failure {
        match error {
            CounterError::Spool(e) => e.into(),
            CounterError::Ledger(e) => e.into(),
            CounterError::PutBack { path, ends, remembered } => put_back(&path.display().to_string(), ends, remembered),
            CounterError::LedgerLost(path) => {
                let path = path.display().to_string();
                let path = Shown(&path);
                Failure::new(
                    msg!(
                        "des dépôts ont été traités ici, et leur registre ({path}) n'est pas là",
                        "deposits were answered here, and their ledger ({path}) is not there"
                    ),
                    msg!(
                        "remettez le registre, ou vérifiez [ledger] path ; pour repartir de rien, videz archive/ et hold/",
                        "put the ledger back, or check [ledger] path; to begin anew, empty archive/ and hold/"
                    ),
                )
            }
        }
    }
}

/// The ledger was put back from a backup, or is another spool's.
fn put_back(path: &str, ends: i64, remembered: i64) -> Failure {
    let path = Shown(path);
    let message = match remembered {
        0 => msg!(
            "le registre {path} s'arrête à l'événement {ends} et ne connaît pas des dépôts qui sont dans archive/ ou hold/",
            "the ledger {path} ends at event {ends} and does not know deposits that are in archive/ or hold/"
        ),
        _ => msg!(
            "le registre {path} s'arrête à l'événement {ends} et n'est pas celui de ce spool, qui se souvient de l'événement {remembered}",
            "the ledger {path} ends at event {ends} and is not this spool's, which remembers event {remembered}"
        ),
    };
    let help = msg!(
        "une sauvegarde remise en place ? `guichet batch --restored` rejuge ce qu'elle ne connaît pas, sous de nouveaux numéros ; sinon remettez le bon registre",
        "a backup that was put back? `guichet batch --restored` judges again what it does not know, under new numbers; else put the right ledger back"
    );
    Failure::new(message, help)
}

impl From<SpoolError> for Failure {
    fn from(error: SpoolError) -> Failure {
        match error {
            SpoolError::Locked(root) => {
                let root = Shown(&root);
                Failure::with(
                    msg!("un autre guichet tient ce spool ({root})", "another guichet holds this spool ({root})"),
                    Some(msg!(
                        "attendez qu'il finisse, ou arrêtez-le ; `guichet status` dit où il en est",
                        "wait until it is done, or stop it; `guichet status` says how far it is"
                    )),
                    BUSY,
                )
            }
            SpoolError::Io { ref source, .. } => {
                let (_, help) = reason(source);
                Failure::with(error.says(), Some(help.into()), COULD_NOT)
            }
            SpoolError::Rights(wrong) => {
                let Wrong { path, why, fix, .. } = *wrong;
                let message = Msg::new(format!("{path} : {}", why.fr), format!("{path}: {}", why.en));
                Failure::new(message, msg!("lancez : {fix}", "run: {fix}"))
            }
            SpoolError::OtherFileSystem { path, root } => {
                let (path, root) = (Shown(&path), Shown(&root));
                Failure::new(
                    msg!(
                        "{path} est sur un autre système de fichiers que le spool",
                        "{path} is on another file system than the spool"
                    ),
                    msg!(
                        "tout ce qui est sous {root} doit être sur un seul système de fichiers",
                        "everything below {root} must be on one file system"
                    ),
                )
            }
        }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Failure {
        match error {
            LedgerError::Absent(path) => {
                let path = path.display().to_string();
                let path = Shown(&path);
                Failure::new(
                    msg!("il n'y a pas encore de registre ({path})", "there is no ledger yet ({path})"),
                    msg!(
                        "`guichet batch` ou `guichet run` le crée avec le premier flux",
                        "`guichet batch` or `guichet run` makes it with the first flow"
                    ),
                )
            }
            LedgerError::NotOurs(path) => {
                let path = path.display().to_string();
                let path = Shown(&path);
                Failure::new(
                    msg!("{path} n'est pas un registre de guichet", "{path} is no ledger of guichet's"),
                    msg!("vérifiez [ledger] path dans guichet.toml", "check [ledger] path in guichet.toml"),
                )
            }
            LedgerError::OtherVersion { path, found } => {
                let path = path.display().to_string();
                let path = Shown(&path);
                Failure::new(
                    msg!(
                        "{path} est d'une autre version de guichet (schéma {found})",
                        "{path} was made by another version of guichet (schema {found})"
                    ),
                    msg!(
                        "plus ancien, `guichet batch` ou `guichet run` le met à jour ; plus récent, installez un guichet plus récent",
                        "an older one is brought up to date by `guichet batch` or `guichet run`; a newer one needs a newer guichet"
                    ),
                )
            }
            LedgerError::Sqlite { .. } => Failure::new(
                error.says(),
                msg!(
                    "vérifiez le disque et les droits ; `guichet status` répond sans le registre",
                    "check the disk and the permissions; `guichet status` answers without the ledger"
                ),
            ),
        }
    }
}
