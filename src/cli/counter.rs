//! What `batch`, `run` and `demo` share: an annuaire that loads and a counter that opens.

use super::Session;
use super::failure::{Failure, tell_problems};
use crate::annuaire::Annuaire;
use crate::config::{self, Config};
use crate::counter::Counter;
use crate::event::{Ears, Level, Listener, Log, is_journal};
use crate::metrics::{Metrics, Watch};
use crate::msg;
use crate::systemd::Notifier;
use crate::text::Shown;
use std::path::Path;
use std::sync::Arc;

/// Loads the annuaire and says what is odd about it.
pub fn annuaire(dir: &Path, session: &Session) -> Result<Annuaire, Failure> {
    let loaded = Annuaire::load(dir).map_err(Failure::Problems)?;
    let label = msg!("attention : ", "warning: ");
    tell_problems(&loaded.warnings, session.lang, label.get(session.lang));
    Ok(loaded.annuaire)
}

/// A counter at work, and who watches it.
pub struct AtWork {
    // Dropped first: the last figures are written while the spool is still held.
    _watch: Option<Watch>,
    pub counter: Counter,
}

/// What a counter is opened for.
pub enum For {
    /// One command: what is wrong is logged.
    Once,
    /// The same with a ledger that was put back from a backup.
    Restored,
    /// A daemon: it also logs what goes well, serves its figures, and tells systemd.
    Ever,
}

/// Opens the counter; what an earlier run left is then finished.
pub fn open(config: Config, what_for: &For, session: &Session) -> Result<AtWork, Failure> {
    let annuaire = Arc::new(annuaire(&config.annuaire, session)?);
    let (clock, seed) = (session.world.clock.clone(), session.world.seed);
    let is_daemon = matches!(what_for, For::Ever);
    let least = if is_daemon { Level::Info } else { Level::Warning };
    let mut ears: Vec<Arc<dyn Listener>> = vec![Arc::new(log(session, &config.log, least))];
    if is_daemon {
        ears.extend(notifier(session)?.map(|notifier| Arc::new(notifier) as Arc<dyn Listener>));
    }
    let listens = is_daemon && config.metrics.listen.is_some();
    let metrics = (listens || config.metrics.file.is_some()).then(|| Arc::new(Metrics::default()));
    ears.extend(metrics.clone().map(|metrics| metrics as Arc<dyn Listener>));
    let ears: Arc<dyn Listener> = Arc::new(Ears(ears));
    let counter = match what_for {
        For::Restored => Counter::open_restored(config, annuaire, clock.clone(), ears.clone(), seed)?,
        For::Once | For::Ever => Counter::open(config, annuaire, clock.clone(), ears.clone(), seed)?,
    };
    // Only now is the file of figures ours.
    let watch = metrics.map(|metrics| Watch::start(counter.config(), metrics, clock, ears, listens));
    Ok(AtWork { _watch: watch, counter })
}

/// The log, as the configuration and whoever reads it want it.
pub fn log(session: &Session, config: &config::Log, least: Level) -> Log {
    let journal = (session.world.variable)("JOURNAL_STREAM");
    let journal = journal.and_then(|stream| stream.into_string().ok()).is_some_and(|stream| is_journal(&stream));
    Log { lang: session.lang, least: config.level.unwrap_or(least), shape: config.format, journal }
}

/// The connection to systemd, where that started us and wants to be told.
fn notifier(session: &Session) -> Result<Option<Notifier>, Failure> {
    let variable = session.world.variable;
    let Some(socket) = variable("NOTIFY_SOCKET") else { return Ok(None) };
    let (usec, pid) = (variable("WATCHDOG_USEC"), variable("WATCHDOG_PID"));
    Notifier::new(&socket, usec.as_deref(), pid.as_deref()).map(Some).map_err(|e| {
        let socket = socket.to_string_lossy().into_owned();
        let socket = Shown(&socket);
        Failure::new(
            msg!(
                "NOTIFY_SOCKET ne nomme pas une socket : {socket} ({e})",
                "NOTIFY_SOCKET names no socket: {socket} ({e})"
            ),
            msg!("laissez systemd poser cette variable, ou ôtez-la", "leave this variable to systemd, or unset it"),
        )
    })
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
