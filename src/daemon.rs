//! The counter forever: the same loop as `batch`, woken by the kernel's hints and by the clock.
//!
//! A hint only wakes the scan, early. Everything holds without hints: events overflow, network file systems have none,
//! and a directory may fill before it is watched.

use crate::annuaire::{Annuaire, Fingerprint};
use crate::config::Watch;
use crate::counter::{Counter, CounterError, Others};
use crate::event::Event;
use crate::request::Requests;
use crate::spool::{Directory, MovedIn, Stamp, is_in_progress};
use crate::text::Lang;
use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// What the outside asks of a running daemon.
#[derive(Debug, Default)]
pub struct Orders {
    /// Finish the batch and stop (SIGTERM, SIGINT).
    pub stop: Arc<AtomicBool>,
    /// Read the annuaire again (SIGHUP).
    pub reload: Arc<AtomicBool>,
}

/// How long an order may go unnoticed.
const ATTENTION: Duration = Duration::from_millis(200);
/// The shortest pause between two looks that find nothing, however short the rescan is.
const BREATH: Duration = Duration::from_millis(5);

/// How long one turn of deposits lasts before partners are looked at anew, and orders.
const TURN: Duration = Duration::from_millis(250);
/// How long a deposit waits for a pièce that it cites while others keep the counter busy.
const DEFERRED: Duration = Duration::from_secs(5);

/// How long delays wait at most while others keep the counter busy.
const DELAYS: Duration = Duration::from_secs(3_600);
/// How long the annuaire must have lain unchanged before it is read again: half a file may well be a whole annuaire.
const WRITING: Duration = Duration::from_secs(1);

/// What the annuaire's files were when they were last looked at, and since when.
#[derive(Clone)]
struct Written {
    state: Fingerprint,
    at: Instant,
}

impl Written {
    fn now(annuaire: &Path) -> Written {
        Written { state: Annuaire::fingerprint(annuaire), at: Instant::now() }
    }
}

/// Works until told to stop.
///
/// # Errors
/// What the disk or the ledger said: the process must end, and the next start finishes the work.
pub fn run(counter: &mut Counter, annuaire: &Path, lang: Lang, orders: &Orders) -> Result<(), CounterError> {
    let others = Arc::new(Others::default());
    counter.work_in_turns(TURN, others.clone());
    let (wake, woken) = sync_channel(1);
    let hints = Arc::new(Hints { moved: Mutex::default(), wake: wake.clone(), others });
    let mut watch = Watching::new(counter, hints.clone());
    watch.renew(counter);
    let asked = Requests::listen(&counter.config().spool.root, move || {
        let _ = wake.try_send(());
    });
    if let Err(e) = &asked {
        counter.tell(&Event::NoRequests { why: e.to_string() });
    }
    counter.tell(&Event::Ready);
    let mut delays = Instant::now();
    let mut read = Written::now(annuaire);
    let mut written = read.clone();
    while !orders.stop.load(Ordering::SeqCst) {
        counter.beat();
        watch.renew(counter);
        let look = counter.look()?;
        let mut pause = look.soonest.unwrap_or(Duration::MAX).min(counter.config().spool.rescan).max(BREATH);
        if written.state != read.state {
            pause = pause.min(WRITING);
        }
        let turn = counter.process(look.ready)?;
        let busy = turn.worked && (look.more || turn.left);
        if busy {
            pause = Duration::ZERO; // there is more of the same; other partners come in turn
        }
        if !busy && !turn.left || counter.deferred_for() > DEFERRED {
            counter.decide_deferred()?;
        }
        // What was dropped in time goes before the delay that would overtake it; but not for ever.
        if !busy && !turn.left || delays.elapsed() > DELAYS {
            counter.delays(false)?;
            delays = Instant::now();
        }
        if let Ok(asked) = &asked {
            let more = asked.answer(|request| counter.carry_out(request))?;
            if more {
                pause = Duration::ZERO;
            }
        }
        if pause > Duration::ZERO {
            counter.settle()?;
        }
        // A busy counter has its next batch without waiting for more.
        let window = if busy { Duration::ZERO } else { counter.config().batch.wait };
        rest(counter, &woken, pause, window, orders);
        counter.moved_in(hints.take());
        let now = Written::now(annuaire);
        if now.state != written.state {
            written = now;
        }
        let told = orders.reload.swap(false, Ordering::SeqCst);
        if told || written.state != read.state && written.at.elapsed() >= WRITING {
            read = written.clone();
            if told {
                counter.tell(&Event::Reloading);
            }
            reload(counter, annuaire, lang)?;
        }
    }
    counter.tell(&Event::Stopping);
    counter.decide_deferred()?;
    counter.settle()?;
    counter.tell(&Event::Closed);
    Ok(())
}

/// Loads the annuaire; a faulty one changes nothing.
fn reload(counter: &mut Counter, dir: &Path, lang: Lang) -> Result<(), CounterError> {
    match Annuaire::load(dir) {
        Ok(loaded) => {
            counter.reload(Arc::new(loaded.annuaire))?;
            let structures = counter.annuaire().structures().len();
            counter.tell(&Event::AnnuaireLoaded { structures });
        }
        Err(problems) => {
            let problems = problems.iter().map(|p| format!("{}: {}", p.at, p.message.get(lang))).collect();
            counter.tell(&Event::AnnuaireRefused { problems });
        }
    }
    Ok(())
}

/// What the kernel hints at.
struct Hints {
    /// What was renamed into place since the last look.
    moved: Mutex<MovedIn>,
    wake: SyncSender<()>,
    others: Arc<Others>,
}

impl Hints {
    /// Below `root`, which is absolute, something has changed.
    fn hear(&self, root: &Path, event: &notify::Event) {
        let kind = &event.kind;
        // A file that is still being written is nothing yet that somebody waits for.
        for path in event.paths.iter().filter(|_| is_whole(kind)) {
            let Some((directory, name)) = below(root, path) else { continue };
            if is_in_progress(name.as_bytes()) {
                continue;
            }
            self.others.hear(directory.clone());
            // Whoever writes into it from now on changes its stamp.
            if let Some(stamp) = is_move(kind).then(|| Stamp::at(path)).flatten() {
                self.moved().add(directory, name, stamp);
            }
        }
        self.wake();
    }

    /// Full of one hint it says as much as with two.
    fn wake(&self) {
        let _ = self.wake.try_send(());
    }

    fn take(&self) -> MovedIn {
        std::mem::take(&mut self.moved())
    }

    fn moved(&self) -> MutexGuard<'_, MovedIn> {
        self.moved.lock().expect("no holder of this lock panics")
    }
}

/// Waits for a hint, an order or the end of the pause. After a hint the batch's window stays open, for files that come
/// together.
fn rest(counter: &Counter, woken: &Receiver<()>, pause: Duration, window: Duration, orders: &Orders) {
    let is_ordered = || orders.stop.load(Ordering::SeqCst) || orders.reload.load(Ordering::SeqCst);
    let left = |until: Instant| until.saturating_duration_since(Instant::now());
    let until = Instant::now() + pause;
    loop {
        if is_ordered() {
            return;
        }
        counter.beat();
        let left = left(until);
        match woken.recv_timeout(left.min(ATTENTION)) {
            Ok(()) => break,
            Err(_) if left <= ATTENTION => return,
            Err(_) => {} // in time: whoever could wake it lives as long as this loop
        }
    }
    let closes = Instant::now() + window;
    while !is_ordered() && !left(closes).is_zero() {
        counter.beat();
        std::thread::sleep(left(closes).min(ATTENTION));
    }
    // Whatever woke it until now is seen in the round that follows.
    let _ = woken.try_recv();
}

/// The kernel's hints: one watch a partner's directory, none below it.
struct Watching {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

impl Watching {
    fn new(counter: &Counter, hints: Arc<Hints>) -> Watching {
        if counter.config().spool.watch == Watch::Poll {
            return Watching { watcher: None, watched: BTreeSet::new() };
        }
        // Events name absolute paths, whatever the paths that are watched.
        let root = counter.config().spool.root.join("in");
        let root = std::path::absolute(&root).unwrap_or(root);
        let made = notify::recommended_watcher(move |event: notify::Result<notify::Event>| match event {
            Ok(event) if is_change(&event.kind) => hints.hear(&root, &event),
            Ok(_) => {}
            Err(_) => hints.wake(),
        });
        match made {
            Ok(watcher) => Watching { watcher: Some(watcher), watched: BTreeSet::new() },
            Err(e) => {
                counter.tell(&Event::NoHints { why: e.to_string() });
                Watching { watcher: None, watched: BTreeSet::new() }
            }
        }
    }

    /// Watches the directories that are new since the last time.
    fn renew(&mut self, counter: &Counter) {
        let Some(watcher) = &mut self.watcher else { return };
        let root = counter.config().spool.root.join("in");
        let wanted: BTreeSet<PathBuf> = counter
            .annuaire()
            .partners()
            .iter()
            .flat_map(|p| p.modes.iter().map(|m| root.join(m.name()).join(&p.name)))
            .collect();
        for gone in self.watched.difference(&wanted) {
            let _ = watcher.unwatch(gone);
        }
        let mut watched: BTreeSet<PathBuf> = self.watched.intersection(&wanted).cloned().collect();
        for dir in wanted.difference(&self.watched) {
            match watcher.watch(dir, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    watched.insert(dir.clone());
                }
                Err(e) => {
                    counter.tell(&Event::NoHints { why: e.to_string() });
                    watched.insert(dir.clone()); // told once
                }
            }
        }
        self.watched = watched;
    }
}

/// Reading a directory is an event too, and none that should wake a scan.
fn is_change(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Remove(_) => false,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => false,
        _ => true,
    }
}

/// Somebody has finished a file.
fn is_whole(kind: &EventKind) -> bool {
    is_move(kind) || matches!(kind, EventKind::Access(AccessKind::Close(AccessMode::Write)))
}

fn is_move(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Modify(ModifyKind::Name(RenameMode::To)))
}

/// The directory and the name of a path below `in/`.
fn below(root: &Path, path: &Path) -> Option<(Directory, OsString)> {
    let mut parts = path.strip_prefix(root).ok()?.iter();
    let mode = parts.next()?.to_str()?.parse().ok()?;
    let partner = parts.next()?.to_str()?.into();
    let name = parts.next()?.to_os_string();
    Some(((mode, partner), name))
}
