//! What `batch`, `run` and `demo` share: an annuaire that loads and a counter that opens.

use super::Session;
use super::failure::{Failure, tell_problems};
use crate::annuaire::Annuaire;
use crate::config::Config;
use crate::counter::Counter;
use crate::event::Listener;
use crate::msg;
use crate::text::Msg;
use std::path::Path;
use std::sync::Arc;

/// Loads the annuaire and says what is odd about it.
pub fn annuaire(dir: &Path, session: &Session) -> Result<Annuaire, Failure> {
    let loaded = Annuaire::load(dir).map_err(Failure::Problems)?;
    let label = msg!("attention : ", "warning: ");
    tell_problems(&loaded.warnings, session.lang, label.get(session.lang));
    Ok(loaded.annuaire)
}

/// Opens the counter; what an earlier run left is then finished.
pub fn open(config: Config, listener: Arc<dyn Listener>, session: &Session) -> Result<Counter, Failure> {
    let annuaire = Arc::new(annuaire(&config.annuaire, session)?);
    let (clock, seed) = (session.world.clock.clone(), session.world.seed);
    Ok(Counter::open(config, annuaire, clock, listener, seed)?)
}

/// The same with a ledger that was put back from a backup.
pub fn open_restored(config: Config, listener: Arc<dyn Listener>, session: &Session) -> Result<Counter, Failure> {
    let annuaire = Arc::new(annuaire(&config.annuaire, session)?);
    let (clock, seed) = (session.world.clock.clone(), session.world.seed);
    Ok(Counter::open_restored(config, annuaire, clock, listener, seed)?)
}

/// How many of a thing, whose singular and plural are given: `3 flux`, `1 flow`.
pub fn counted(n: u64, fr: [&str; 2], en: [&str; 2]) -> Msg {
    // French counts none in the singular, English in the plural.
    let (fr, en) = (fr[usize::from(n > 1)], en[usize::from(n != 1)]);
    msg!("{n} {fr}", "{n} {en}")
}

/// Registers a flag that a signal sets.
pub fn on_signal(signal: i32, flag: &Arc<std::sync::atomic::AtomicBool>) -> Result<(), Failure> {
    let registered = signal_hook::flag::register(signal, flag.clone());
    registered.map(drop).map_err(|e| {
        Failure::new(
            msg!(
                "le système refuse d'annoncer le signal {signal} : {e}",
                "the system will not report signal {signal}: {e}"
            ),
            msg!("relancez guichet", "start guichet again"),
        )
    })
}
