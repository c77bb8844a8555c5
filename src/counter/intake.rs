//! Taking and judging: what needs no ledger, on every core at once.

use crate::annuaire::{Annuaire, Partner};
use crate::clock::Clock;
use crate::config::Config;
use crate::event::{Event, Listener};
use crate::facts::Facts;
use crate::flux;
use crate::judge::{Context, Fate, Judged, JudgedFlow, judge, judge_again};
use crate::ledger::Hash;
use crate::rules::{Finding, Layer, safe, works};
use crate::spool::{Candidate, Claim, ClaimError, FlowIds, Left, Opened, Spool, SpoolError};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

/// The part that needs no ledger: any number of threads may use it at once.
pub(super) struct Intake {
    pub config: Config,
    pub annuaire: Arc<Annuaire>,
    pub spool: Spool,
    pub clock: Arc<dyn Clock>,
    pub listener: Arc<dyn Listener>,
    pub ids: FlowIds,
    pub threads: usize,
}

/// A file, taken and judged.
pub(super) struct Taken {
    pub claim: Claim,
    pub sha256: Option<Hash>,
    pub flow: JudgedFlow,
}

/// What became of one candidate.
pub(super) enum Take {
    Taken(Box<Taken>),
    /// Its bytes do not end yet.
    Unfinished(Candidate),
    /// It is gone or another file by now.
    Changed,
    /// It cannot be read or moved: it stays where it is.
    Denied(Candidate, String),
}

impl Intake {
    pub fn tell(&self, event: &Event) {
        self.listener.hear(self.clock.now(), event);
    }

    /// Makes every partner's directories. What stands in the place of one of them is that partner's trouble alone.
    pub fn welcome(&self) -> Result<(), SpoolError> {
        for partner in self.annuaire.partners() {
            self.spool.make_work_dirs(&partner.name)?;
            match self.spool.welcome(&partner.name, &partner.modes) {
                Err(e @ SpoolError::Io { .. }) => {
                    self.tell(&Event::NoDirectory { partner: partner.name.clone(), why: e.to_string() });
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Takes and judges a batch on every core, in order.
    pub fn take(&self, candidates: Vec<Candidate>) -> Result<Vec<Take>, SpoolError> {
        let total = candidates.len();
        if total <= 2 || self.threads == 1 {
            return candidates.into_iter().map(|c| self.take_one(c)).collect();
        }
        let queue: Vec<_> = candidates.into_iter().map(|c| Mutex::new(Some(c))).collect();
        let next = AtomicUsize::new(0);
        let (send, receive) = sync_channel(total);
        std::thread::scope(|scope| {
            for _ in 0..self.threads.min(total) {
                let (send, queue, next) = (send.clone(), &queue, &next);
                scope.spawn(move || {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(cell) = queue.get(index) else { return };
                        let candidate = cell.lock().expect("no holder of this lock panics").take();
                        let take = self.take_one(candidate.expect("each cell is emptied once"));
                        if send.send((index, take)).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        drop(send);
        let mut takes: Vec<(usize, Result<Take, SpoolError>)> = receive.into_iter().collect();
        takes.sort_by_key(|(index, _)| *index);
        takes.into_iter().map(|(_, take)| take).collect()
    }

    fn take_one(&self, candidate: Candidate) -> Result<Take, SpoolError> {
        let quiet = candidate.quiet;
        let mut opened = match self.spool.open_candidate(candidate.clone(), self.config.limits.file) {
            Ok(opened) => opened,
            Err(ClaimError::Denied(why)) => return Ok(Take::Denied(candidate, why.to_string())),
            Err(ClaimError::Changed) => return Ok(Take::Changed),
            Err(ClaimError::Spool(e)) => return Err(e),
        };
        if let Some(bytes) = opened.bytes()
            && quiet < self.config.spool.incomplete_after
            && !flux::looks_finished(bytes)
        {
            return Ok(Take::Unfinished(opened.candidate().clone()));
        }
        self.claim_opened(&mut opened)
    }

    fn claim_opened(&self, opened: &mut Opened) -> Result<Take, SpoolError> {
        let id = self.ids.next(self.clock.now());
        let claim = match self.spool.claim(opened, id) {
            Ok(claim) => claim,
            Err(ClaimError::Changed) => return Ok(Take::Changed),
            Err(ClaimError::Denied(why)) => return Ok(Take::Denied(opened.candidate().clone(), why.to_string())),
            Err(ClaimError::Spool(e)) => return Err(e),
        };
        self.judge_claim(claim, opened.take_bytes()).map(|t| Take::Taken(Box::new(t)))
    }

    /// Judges again what an earlier run claimed and did not decide, under the same id.
    pub fn take_left(&self, left: Left) -> Result<Taken, SpoolError> {
        self.spool.make_work_dirs(&left.claim.partner)?;
        self.spool.welcome(&left.claim.partner, &[])?;
        let bytes = if left.claim.size > self.config.limits.file { None } else { Some(self.spool.read_left(&left)?) };
        self.judge_claim(left.claim, bytes)
    }

    /// Copies, hashes and judges a claimed file.
    fn judge_claim(&self, claim: Claim, bytes: Option<Vec<u8>>) -> Result<Taken, SpoolError> {
        let partner = self.annuaire.partner(&claim.partner);
        let Some(bytes) = bytes else {
            let finding = safe::oversize(claim.size, self.config.limits.file);
            return Ok(Taken { claim, sha256: None, flow: held(finding) });
        };
        self.spool.copy(&claim, &bytes)?;
        let sha256 = Some(Sha256::digest(&bytes).into());
        let flow = match partner {
            None => held(works::unknown_partner(&claim.partner)),
            Some(partner) => self.judge(bytes, &claim, partner),
        };
        Ok(Taken { claim, sha256, flow })
    }

    fn judge(&self, bytes: Vec<u8>, claim: &Claim, partner: &Partner) -> JudgedFlow {
        JudgedFlow::of(judge(bytes, &self.context(claim, partner, None)))
    }

    /// Judges a document again, now that the pièce that it associates is known.
    pub fn judge_again(&self, text: String, claim: &Claim, earlier: &Facts) -> Judged {
        let partner = self.annuaire.partner(&claim.partner);
        let partner = partner.expect("a document of an unknown partner is not judged, and makes no pièce");
        judge_again(text, &self.context(claim, partner, Some(earlier)))
    }

    fn context<'a>(&'a self, claim: &Claim, partner: &'a Partner, associated: Option<&'a Facts>) -> Context<'a> {
        Context {
            config: &self.config,
            annuaire: Some(&self.annuaire),
            mode: claim.mode,
            partner: Some(partner),
            today: self.clock.now().day(),
            layers: &Layer::ALL,
            associated,
        }
    }
}

/// A judgement of a file that nobody could read.
fn held(finding: Finding) -> JudgedFlow {
    JudgedFlow::unread("unknown", Fate::Hold, vec![finding])
}

/// Parts what was taken from what is not finished.
pub(super) fn sort(takes: Vec<Take>) -> Sorted {
    let mut sorted = Sorted::default();
    for take in takes {
        match take {
            Take::Taken(t) => sorted.taken.push(*t),
            Take::Unfinished(c) => sorted.unfinished.push(c),
            Take::Denied(c, why) => sorted.denied.push((c, why)),
            Take::Changed => {}
        }
    }
    sorted
}

/// A batch, sorted by what became of each candidate.
#[derive(Default)]
pub(super) struct Sorted {
    pub taken: Vec<Taken>,
    pub unfinished: Vec<Candidate>,
    /// With the system's answer.
    pub denied: Vec<(Candidate, String)>,
}
