//! Hands the command line and what only the system knows (time, chance, environment) to the library.

use guichet::cli::World;
use guichet::clock::SystemClock;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{self, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let typed = std::env::args_os().next().map(PathBuf::from);
    let world = World {
        clock: Arc::new(SystemClock),
        // The only random number: flow ids made by two guichets in the same millisecond must differ.
        seed: RandomState::new().build_hasher().finish(),
        variable: |name| std::env::var_os(name).filter(|value| !value.is_empty()),
        program: typed.filter(|name| name.components().count() > 1).and_then(|name| path::absolute(name).ok()),
    };
    guichet::cli::main(std::env::args_os(), world)
}
