//! What systemd is told: ready, reloading, stopping, how far, and that the work goes on (`sd_notify(3)`). The watchdog
//! hears of every step of the work and of nothing else: a loop that no longer goes round is ended.

use crate::clock::Instant;
use crate::event::{Event, Listener};
use crate::text::counted;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Mutex;
use std::time::Duration;

/// The connection to whoever started us.
#[derive(Debug)]
pub struct Notifier {
    socket: UnixDatagram,
    to: SocketAddr,
    /// How often it wants to hear that the work goes on, twice as often as it must.
    watchdog: Option<Duration>,
    told: Mutex<Told>,
}

/// What was told, and what is to be told.
#[derive(Debug)]
struct Told {
    beat: Option<std::time::Instant>,
    status: Option<std::time::Instant>,
    flows: u64,
    is_new: bool,
}

/// Between two statuses.
const STATUS: Duration = Duration::from_secs(1);

impl Notifier {
    /// From `NOTIFY_SOCKET` (a path, or `@` and an abstract name), `WATCHDOG_USEC`, and `WATCHDOG_PID`, which says
    /// whose watchdog it is.
    ///
    /// # Errors
    /// A socket that cannot be: too long a path, neither a path nor abstract.
    pub fn new(socket: &OsStr, usec: Option<&OsStr>, pid: Option<&OsStr>) -> io::Result<Notifier> {
        let to = match socket.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            [b'/', ..] => SocketAddr::from_pathname(socket)?,
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        };
        let own = std::process::id().to_string();
        let is_ours = pid.is_none_or(|pid| pid == own.as_str());
        let usec = usec.and_then(OsStr::to_str).and_then(|usec| usec.parse::<u64>().ok());
        let watchdog = usec.filter(|usec| is_ours && *usec > 0).map(|usec| Duration::from_micros(usec / 2));
        let socket = UnixDatagram::unbound()?;
        // A manager that does not read must not hold the counter up.
        socket.set_nonblocking(true)?;
        let told = Told { beat: None, status: None, flows: 0, is_new: false };
        Ok(Notifier { socket, to, watchdog, told: Mutex::new(told) })
    }

    fn send(&self, message: &str) {
        // Whoever does not hear it ends us in time; there is nobody else to tell.
        let _ = self.socket.send_to_addr(message.as_bytes(), &self.to);
    }
}

impl Listener for Notifier {
    fn hear(&self, _: Instant, event: &Event) {
        match event {
            Event::Ready => self.send("READY=1\nSTATUS=at work"),
            Event::Reloading => {
                let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
                let usec = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
                self.send(&format!("RELOADING=1\nMONOTONIC_USEC={usec}"));
            }
            Event::AnnuaireLoaded { .. } | Event::AnnuaireRefused { .. } => self.send("READY=1"),
            Event::Stopping => self.send("STOPPING=1\nSTATUS=finishing the batch"),
            Event::Failed { why } => self.send(&format!("STATUS={}", why.en.replace('\n', " "))),
            Event::Batch { tally, .. } => {
                let mut told = self.told.lock().expect("no holder of this lock panics");
                told.flows += tally.flows;
                told.is_new = true;
            }
            _ => {}
        }
    }

    fn beat(&self, at: Instant) {
        let mut told = self.told.lock().expect("no holder of this lock panics");
        if let Some(every) = self.watchdog
            && told.beat.is_none_or(|last| last.elapsed() >= every)
        {
            told.beat = Some(std::time::Instant::now());
            self.send("WATCHDOG=1");
        }
        if told.is_new && told.status.is_none_or(|last| last.elapsed() >= STATUS) {
            told.status = Some(std::time::Instant::now());
            told.is_new = false;
            let flows = counted(told.flows, ["flux"; 2], ["flow", "flows"]).en;
            self.send(&format!("STATUS=at work, {flows} since the start, the last batch {}", at.rfc3339()));
        }
    }
}
