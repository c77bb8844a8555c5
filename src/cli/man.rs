//! `guichet man`: the manual page, on standard output (`guichet man | man -l -`), or all of them in a directory.

use super::failure::Failure;
use super::{Exit, Outcome, Session, definition};
use crate::error::{Problem, nearest};
use crate::msg;
use crate::text::{Shown, Text, t};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {
    /// The page of this command
    #[arg(conflicts_with = "dir")]
    command: Option<String>,
    /// Write the page of every command into this directory (`guichet-run.1`…), over earlier ones
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let mut whole = definition(session.lang);
    whole.build();
    if let Some(dir) = &args.dir {
        std::fs::create_dir_all(dir).map_err(|e| Failure::Problems(vec![Problem::io(dir, MAKE, &e)]))?;
        return all(&whole, dir);
    }
    let page = match &args.command {
        None => whole.clone(),
        Some(name) => whole.find_subcommand(name).cloned().ok_or_else(|| unknown(name, &whole))?,
    };
    session.out.write_all(&text(page)?)?;
    Ok(Exit::Fine)
}

const MAKE: Text = t("créer ce répertoire", "make this directory");
const WRITE: Text = t("écrire ce fichier", "write this file");

fn text(page: clap::Command) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    Ok(text)
}

/// Writes the page of a command and of each below it.
fn all(page: &clap::Command, dir: &Path) -> Outcome {
    let name = page.get_display_name().unwrap_or_else(|| page.get_name()).to_owned();
    let file = dir.join(format!("{name}.1"));
    let below: Vec<&clap::Command> = page.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
    std::fs::write(&file, text(page.clone())?).map_err(|e| Failure::Problems(vec![Problem::io(&file, WRITE, &e)]))?;
    below.into_iter().try_for_each(|sub| all(sub, dir).map(drop))?;
    Ok(Exit::Fine)
}

fn unknown(name: &str, whole: &clap::Command) -> Failure {
    let near = nearest(name, whole.get_subcommands().map(clap::Command::get_name)).unwrap_or("batch");
    let name = Shown(name);
    Failure::new(
        msg!("il n'y a pas de commande {name}", "there is no command {name}"),
        msg!("essayez `guichet man {near}`", "try `guichet man {near}`"),
    )
}
