//! A daemon that ends with the test that started it.

use super::world::World;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Daemon(pub Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Daemon {
    /// Starts one, and waits until it listens for requests.
    pub fn listening(w: &World) -> Daemon {
        let daemon = Daemon(w.guichet(&["run"]).stderr(Stdio::null()).spawn().unwrap());
        within(30, || w.path("spool/guichet.sock").exists());
        daemon
    }

    /// Sends it a signal, by its name: `-TERM`.
    pub fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap().success());
    }
}

/// Waits until something is so, a minute at most.
pub fn wait(done: impl FnMut() -> bool) {
    within(60, done);
}

/// Waits until something is so, so many seconds at most.
pub fn within(seconds: u64, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(seconds);
    while !done() {
        assert!(Instant::now() < until, "it never happened");
        std::thread::sleep(Duration::from_millis(10));
    }
}
