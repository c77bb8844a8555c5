//! Keeping the ledger's write-ahead log short while one batch follows another: most of it is brought in beside the
//! writer.

use crate::ledger::{Bringer, Ledger, LedgerError};
use std::sync::mpsc::{Receiver, Sender, channel};

/// The writer's end.
pub(super) struct Log {
    to_bring: Sender<()>,
    brought: Receiver<Result<(), LedgerError>>,
    /// It was asked for, and is not done yet.
    is_under_way: bool,
}

/// The end of whoever brings it in.
pub(super) struct Beside {
    asked: Receiver<()>,
    to_say: Sender<Result<(), LedgerError>>,
    bringer: Bringer,
}

impl Log {
    /// Both ends.
    pub fn of(ledger: &Ledger) -> (Log, Beside) {
        let ((to_bring, asked), (to_say, brought)) = (channel(), channel());
        (Log { to_bring, brought, is_under_way: false }, Beside { asked, to_say, bringer: ledger.bringer() })
    }

    /// After a commit: has the log brought in once it is long, and then makes an end of it.
    pub fn shorten(&mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        if self.is_under_way {
            let Ok(brought) = self.brought.try_recv() else { return Ok(()) };
            self.is_under_way = false;
            brought?;
            return ledger.bring_in();
        }
        if ledger.is_log_long()? {
            self.is_under_way = self.to_bring.send(()).is_ok();
        }
        Ok(())
    }
}

impl Beside {
    /// Brings it in whenever that is asked for, until nobody asks any more.
    pub fn work(self) {
        super::pass_on(self.asked, self.to_say, |()| self.bringer.bring_in());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::ledger::NewEvent;

    #[test]
    fn a_log_that_is_long_is_short_again_two_batches_later() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut ledger = Ledger::open(&dir.path().join("guichet.db")).expect("a ledger");
        // The other thread, in step with this one.
        let (mut log, Beside { asked, to_say, bringer }) = Log::of(&ledger);
        let text = "é".repeat(200_000);
        let (mut long, mut times) = (0, 0);
        for n in 1..=110 {
            let mut entry = ledger.begin().expect("a batch");
            let event = NewEvent { comment: Some(&text), ..NewEvent::of("f-1", n, "accepted", Instant(n)) };
            entry.event(&event).expect("an event");
            // In the midst of a batch: what that appends is left to the writer.
            if asked.try_recv().is_ok() {
                times += 1;
                to_say.send(bringer.bring_in()).expect("heard");
            }
            entry.commit().expect("a commit");
            log.shorten(&ledger).expect("shortened");
            long = if ledger.is_log_long().expect("an answer") { long + 1 } else { 0 };
            assert!(long <= 2, "long for {long} batches at the {n}th");
        }
        assert_eq!(times, 3, "a batch is some hundred pages");
    }
}
