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

/// Counts a crash point; with `GUICHET_KILL_AT=n` in the environment the `n`-th one ends the process by SIGKILL, and
/// with `GUICHET_KILL_LOG=FILE` each one leaves its name there.
#[cfg(feature = "faults")]
pub fn point(name: &str) {
    use std::io::Write;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSED: AtomicU64 = AtomicU64::new(0);
    static KILL_AT: LazyLock<Option<u64>> =
        LazyLock::new(|| std::env::var("GUICHET_KILL_AT").ok().and_then(|n| n.parse().ok()));
    static LOG: LazyLock<Option<std::ffi::OsString>> = LazyLock::new(|| std::env::var_os("GUICHET_KILL_LOG"));
    let passed = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
    if let Some(path) = LOG.as_ref()
        && let Ok(mut log) = std::fs::OpenOptions::new().create(true).append(true).open(path)
    {
        let _ = log.write_all(format!("{passed} {name}\n").as_bytes());
    }
    if *KILL_AT == Some(passed) {
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
