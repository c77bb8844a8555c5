//! Staging beside the writer: the files that a batch sends are made while its rows are written. All of them are there
//! before the barrier.

use crate::spool::{Spool, SpoolError};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// A file that goes out.
struct Outgoing {
    partner: String,
    name: String,
    what: What,
}

/// What it holds.
enum What {
    /// What was rendered.
    Bytes(Vec<u8>),
    /// A second name of a file of guichet's in `work/`.
    Link(String),
    /// That file itself, which nobody needs there any more.
    Move(String),
}

/// Files, and bytes of them, that are handed over at once: to wake whoever makes them costs more than some of them.
const HANDFUL: usize = 64;
const HANDFUL_BYTES: usize = 1 << 20;
/// Handfuls that wait at most: a writer that is faster waits too, so that memory is bounded by a few documents.
const WAITING: usize = 2;

/// The writer's end.
pub(super) struct Staging {
    handful: Vec<Outgoing>,
    /// Of the handful.
    bytes: usize,
    to: SyncSender<Vec<Outgoing>>,
}

/// The end of whoever makes the files.
pub(super) struct Stager(Receiver<Vec<Outgoing>>);

impl Staging {
    /// Both ends.
    pub fn new() -> (Staging, Stager) {
        let (to, from) = sync_channel(WAITING);
        (Staging { handful: Vec::new(), bytes: 0, to }, Stager(from))
    }

    /// Has a file made of what was rendered.
    pub fn stage(&mut self, partner: &str, name: &str, bytes: Vec<u8>) {
        self.bytes += bytes.len();
        self.hand(partner, name, What::Bytes(bytes));
    }

    /// Has a file of guichet's in `work/` staged: a second name for it or, where this is its last use, the file itself.
    pub fn stage_own(&mut self, partner: &str, name: &str, own: String, is_last: bool) {
        self.hand(partner, name, if is_last { What::Move(own) } else { What::Link(own) });
    }

    fn hand(&mut self, partner: &str, name: &str, what: What) {
        self.handful.push(Outgoing { partner: partner.to_owned(), name: name.to_owned(), what });
        if self.handful.len() >= HANDFUL || self.bytes >= HANDFUL_BYTES {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        self.bytes = 0;
        // Where nobody takes it any more, the stager has ended by an error, which whoever waits for it gets.
        let _ = self.to.send(std::mem::take(&mut self.handful));
    }

    /// Hands over what is left; there is no more.
    pub fn end(mut self) {
        self.hand_over();
    }
}

impl Stager {
    /// Makes the files until there are no more.
    pub fn work(self, spool: &Spool) -> Result<(), SpoolError> {
        self.0.into_iter().flatten().try_for_each(|Outgoing { partner, name, what }| match what {
            What::Bytes(bytes) => spool.stage(&partner, &name, &bytes),
            What::Link(own) => spool.stage_own(&partner, &name, &own, false),
            What::Move(own) => spool.stage_own(&partner, &name, &own, true),
        })
    }
}
