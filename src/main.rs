//! Hands the command line and what only the system knows (time, chance, environment) to the library.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    // The only random number: flow ids made by two guichets in the same millisecond must differ.
    let seed = RandomState::new().build_hasher().finish();
    let world = guichet::cli::World {
        clock: Arc::new(guichet::clock::SystemClock),
        seed,
        variable: |name| std::env::var(name).ok().filter(|value| !value.is_empty()),
    };
    guichet::cli::main(std::env::args_os(), world)
}
