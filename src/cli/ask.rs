//! What `replay`, `requeue` and `annuaire load` share: the request is carried out here if the spool is free, else
//! handed to the daemon at work.

use super::Session;
use super::counter::{self, For};
use super::failure::Failure;
use crate::config::Config;
use crate::msg;
use crate::request::{Answer, Request, ask};
use crate::spool::{self, SpoolError};
use std::time::{Duration, Instant};

/// How long a busy spool is waited for: a `batch` that ends leaves it free.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// Has a request carried out; returns once its consequences are committed and published.
pub fn carry_out(request: &Request, config: Config, session: &Session) -> Result<Answer, Failure> {
    let root = config.spool.root.clone();
    let until = Instant::now() + PATIENCE;
    loop {
        if !spool::is_held(&root) {
            return Ok(counter::open(config, &For::Once, session)?.counter.carry_out(request)?);
        }
        match ask(&root, request) {
            Ok(answer) => return Ok(answer),
            // It took the request and ended before it answered: recovery knows whether it was done.
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Err(ended()),
            Err(_) if Instant::now() < until => std::thread::sleep(PAUSE),
            Err(_) => return Err(SpoolError::Locked(root.display().to_string()).into()),
        }
    }
}

fn ended() -> Failure {
    Failure::new(
        msg!("le guichet au travail s'est arrêté avant de répondre", "the guichet at work ended before it answered"),
        msg!("voyez son journal, relancez-le, puis redemandez", "see its log, start it again, then ask again"),
    )
}
