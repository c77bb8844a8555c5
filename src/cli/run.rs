//! `guichet run`: the daemon.

use super::{Exit, Outcome, Session, counter};
use crate::daemon::{self, Orders};
use crate::event::{Level, Log};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::Arc;

#[derive(clap::Args)]
pub struct Args {}

pub fn run(_: &Args, session: &mut Session) -> Outcome {
    let config = session.config()?.config;
    let orders = Orders::default();
    // Before the lock is taken: a signal that comes early must not end the process half-way.
    for (signal, flag) in [(SIGTERM, &orders.stop), (SIGINT, &orders.stop), (SIGHUP, &orders.reload)] {
        counter::on_signal(signal, flag)?;
    }
    let annuaire = config.annuaire.clone();
    let log = Arc::new(Log { lang: session.lang, least: Level::Info });
    let mut counter = counter::open(config, log, session)?;
    daemon::run(&mut counter, &annuaire, session.lang, &orders)?;
    Ok(Exit::Fine)
}
