//! What the tests of durability need: crash points, places where a kill test ends the process, and mutants, wrong
//! orders of steps that those tests must notice. They exist with the feature `faults` alone, which a release build has
//! not.

/// A wrong protocol: `GUICHET_MUTANT` names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// `no-barrier`: nothing is made durable before the commit.
    NoBarrier,
    /// `normal`: SQLite's `synchronous=NORMAL`, which does not wait for the disk at a commit.
    Normal,
    /// `late-stage`: what goes out is staged after the commit that speaks of it.
    LateStage,
    /// `rewrite`: recovery writes an outbound file again that is not where it was put.
    Rewrite,
}

/// Counts a crash point; with `GUICHET_KILL_AT=n` in the environment the `n`-th one ends the process by SIGKILL, with
/// `GUICHET_KILL_AT=NAME:n` the `n`-th one of that name (threads pass theirs in any order), and with
/// `GUICHET_KILL_LOG=FILE` each one leaves its name there.
#[cfg(feature = "faults")]
pub fn point(name: &str) {
    use std::io::Write;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSED: AtomicU64 = AtomicU64::new(0);
    static OF_NAME: AtomicU64 = AtomicU64::new(0);
    /// Of which name, if of one; the how-manyth.
    static KILL_AT: LazyLock<Option<(Option<String>, u64)>> = LazyLock::new(|| {
        let at = std::env::var("GUICHET_KILL_AT").ok()?;
        match at.rsplit_once(':') {
            Some((name, n)) => Some((Some(name.to_owned()), n.parse().ok()?)),
            None => Some((None, at.parse().ok()?)),
        }
    });
    static LOG: LazyLock<Option<std::ffi::OsString>> = LazyLock::new(|| std::env::var_os("GUICHET_KILL_LOG"));
    let passed = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
    if let Some(path) = LOG.as_ref()
        && let Ok(mut log) = std::fs::OpenOptions::new().create(true).append(true).open(path)
    {
        let _ = log.write_all(format!("{passed} {name}\n").as_bytes());
    }
    let is_it = match &*KILL_AT {
        Some((None, n)) => passed == *n,
        Some((Some(of), n)) => of == name && OF_NAME.fetch_add(1, Ordering::SeqCst) + 1 == *n,
        None => false,
    };
    if is_it {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park(); // SIGKILL is on its way; nothing after the point may happen
        }
    }
}

/// Nothing: this build has no crash points.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn point(_name: &str) {}

/// Whether this process is to follow this wrong protocol.
#[cfg(feature = "faults")]
pub fn follows(mutant: Mutant) -> bool {
    use std::sync::LazyLock;
    static MUTANT: LazyLock<Option<Mutant>> = LazyLock::new(|| match std::env::var("GUICHET_MUTANT").ok()?.as_str() {
        "no-barrier" => Some(Mutant::NoBarrier),
        "normal" => Some(Mutant::Normal),
        "late-stage" => Some(Mutant::LateStage),
        "rewrite" => Some(Mutant::Rewrite),
        other => panic!("no mutant is called {other}"),
    });
    *MUTANT == Some(mutant)
}

/// Never: this build knows one protocol.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn follows(_mutant: Mutant) -> bool {
    false
}
