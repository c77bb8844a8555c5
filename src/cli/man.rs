//! `guichet man`: the manual page, on standard output (`guichet man | man -l -`).

use super::failure::Failure;
use super::{Exit, Outcome, Session, definition};
use crate::error::nearest;
use crate::msg;
use crate::text::Shown;
use std::io::Write;

#[derive(clap::Args)]
pub struct Args {
    /// The page of this command
    command: Option<String>,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    let mut whole = definition(session.lang);
    whole.build();
    let page = match &args.command {
        None => whole.clone(),
        Some(name) => whole.find_subcommand(name).cloned().ok_or_else(|| unknown(name, &whole))?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    session.out.write_all(&text)?;
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
