//! `guichet run`: the daemon.

use super::counter::{self, For};
use super::{Exit, Outcome, Session};
use crate::daemon::{self, Orders};
use crate::event::Event;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

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
    let mut at_work = counter::open(config, &For::Ever, session)?;
    let done = daemon::run(&mut at_work.counter, &annuaire, session.lang, &orders);
    done.inspect_err(|e| at_work.counter.tell(&Event::Failed { why: e.says() }))?;
    Ok(Exit::Fine)
}
