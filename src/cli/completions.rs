//! `guichet completions`: for a shell, on standard output.

use super::{Exit, Outcome, Session, definition};
use clap_complete::Shell;
use std::io::Write;

#[derive(clap::Args)]
pub struct Args {
    /// For which shell
    shell: Shell,
}

pub fn run(args: &Args, session: &mut Session) -> Outcome {
    // Into memory first: the generator panics when a pipe closes.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut definition(session.lang), "guichet", &mut script);
    session.out.write_all(&script)?;
    Ok(Exit::Fine)
}
