//! The thread that looks, writes the file and serves the page: nothing of it is done by whoever works.

use super::Metrics;
use super::serve::Server;
use crate::clock::Clock;
use crate::config::Config;
use crate::event::{Event, Listener};
use crate::ledger::LedgerReader;
use crate::status::Observer;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two looks, at least.
const OFTEN: Duration = Duration::from_secs(3);
/// Looks may take one part in so many of the time: counting a million pièces takes a while.
const SHARE: u32 = 20;
/// How long an order to stop may go unnoticed.
const ATTENTION: Duration = Duration::from_millis(200);
/// Bytes of a page that is gone on from, at most.
const LONGEST: u64 = 1 << 20;

/// The thread, until it is dropped: it then looks and writes once more. Whoever has it holds the spool.
#[derive(Debug)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread works with.
struct Watcher {
    config: Config,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    listener: Arc<dyn Listener>,
    observer: Observer,
    server: Option<Server>,
    /// The file cannot be written, and this was told.
    told: bool,
}

impl Watch {
    /// Goes on from the file, if there is one, and begins to look; `listen`: whether the page is served too.
    pub fn start(
        config: &Config,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Listener>,
        listen: bool,
    ) -> Watch {
        let (config, observer) = (config.clone(), Observer::default());
        let mut watcher = Watcher { config, metrics, clock, listener, observer, server: None, told: false };
        if let Some(page) = watcher.config.metrics.file.as_deref().and_then(read) {
            watcher.metrics.go_on(&page);
        }
        if listen {
            watcher.listen();
        }
        let stop = Arc::new(AtomicBool::new(false));
        let over = stop.clone();
        let thread = std::thread::spawn(move || watcher.run(&over));
        Watch { stop, thread: Some(thread) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // Its figures are all that a fault of it costs.
            let _ = thread.join();
        }
    }
}

impl Watcher {
    fn listen(&mut self) {
        let Some(at) = self.config.metrics.listen else { return };
        match Server::at(at).and_then(|server| Ok((server.address()?, server))) {
            Ok((address, server)) => {
                self.server = Some(server);
                self.tell(&Event::MetricsServed { address: address.to_string() });
            }
            Err(e) => self.tell(&Event::NoMetrics { why: format!("{at}: {e}") }),
        }
    }

    fn run(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::SeqCst) {
            let begun = Instant::now();
            self.look();
            let next = Instant::now() + OFTEN.max(begun.elapsed() * SHARE);
            while !stop.load(Ordering::SeqCst) && Instant::now() < next {
                match &mut self.server {
                    Some(server) => server.serve(ATTENTION, &|| self.metrics.page()),
                    None => std::thread::sleep(ATTENTION),
                }
            }
        }
        self.look();
    }

    /// Looks at the spool and the ledger, and writes the file.
    fn look(&mut self) {
        let health = self.observer.look(&self.config, &*self.clock);
        let pieces = LedgerReader::open(&self.config.ledger.path).and_then(|ledger| ledger.statuses());
        let pieces: Option<BTreeMap<String, u64>> = pieces.ok();
        self.metrics.look(self.clock.now(), &health, pieces.as_ref());
        let Some(file) = self.config.metrics.file.clone() else { return };
        match write(&file, &self.metrics.page()) {
            Ok(()) => self.told = false,
            Err(_) if self.told => {}
            Err(e) => {
                self.told = true;
                self.tell(&Event::NoMetrics { why: format!("{}: {e}", file.display()) });
            }
        }
    }

    fn tell(&self, event: &Event) {
        self.listener.hear(self.clock.now(), event);
    }
}

/// The page of an earlier run; none: there is none, or it is no page of ours.
fn read(file: &Path) -> Option<String> {
    let mut page = String::new();
    let opened = std::fs::File::open(file).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
    opened.take(LONGEST).read_to_string(&mut page).ok()?;
    Some(page)
}

/// Replaces the file: whoever reads sees the old page or the new one, whole. Anyone may read it: it holds figures only.
fn write(file: &Path, page: &str) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".tmp");
    let name = Path::new(&name);
    // A link or a directory in its place is not written through.
    match std::fs::remove_file(name) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut new = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(name)?;
    let done = new
        .set_permissions(std::fs::Permissions::from_mode(0o644))
        .and_then(|()| new.write_all(page.as_bytes()))
        .and_then(|()| std::fs::rename(name, file));
    done.inspect_err(|_| _ = std::fs::remove_file(name))
}
