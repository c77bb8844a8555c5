//! Taking and judging: what needs no ledger, on every core at once.

use crate::annuaire::{Annuaire, Partner};
use crate::clock::Clock;
use crate::config::Config;
use crate::event::{Event, Listener};
use crate::facts::Facts;
use crate::flux::{self, Kind, archive};
use crate::judge::{Context, Fate, Form, Judged, JudgedFlow, Judges, Set, judge, judge_archive, judge_set};
use crate::ledger::Hash;
use crate::rules::{Finding, Layer, safe, works};
use crate::spool::{Candidate, Claim, ClaimError, FlowIds, Left, Opened, Spool, SpoolError};
use crate::trade::Mode;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, Cursor, ErrorKind, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// A decided deposit whose file is to be filed away.
pub(super) struct Filing {
    pub claim: Claim,
    /// Its last place.
    pub filed: String,
    /// Whether guichet made a copy of it.
    pub copied: bool,
}

/// What a deposit is read from.
enum Body {
    Bytes(Vec<u8>),
    /// Over the limit of a document: an archive, perhaps.
    Large(File),
    Unread,
    /// It cannot be read; the system's answer.
    Denied(String),
}

/// Bytes that show what a file is.
const HEAD: u64 = 512;

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
        self.annuaire.partners().iter().try_for_each(|partner| self.welcome_one(&partner.name, &partner.modes))
    }

    fn welcome_one(&self, partner: &str, modes: &[Mode]) -> Result<(), SpoolError> {
        self.spool.make_work_dirs(partner)?;
        match self.spool.welcome(partner, modes) {
            Err(e @ SpoolError::Io { .. }) => {
                self.tell(&Event::NoDirectory { partner: partner.to_owned(), why: e.to_string() });
                Ok(())
            }
            other => other,
        }
    }

    /// Files decided deposits away; done twice, it changes nothing.
    pub fn file(&self, filings: Vec<Filing>) -> Result<(), SpoolError> {
        for Filing { claim, filed, copied } in filings {
            self.spool.file_away(&claim, &filed, copied)?;
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
        let mut opened = match self.spool.open_candidate(candidate.clone(), self.config.limits.document()) {
            Ok(opened) => opened,
            Err(ClaimError::Denied(why)) => return Ok(Take::Denied(candidate, why.to_string())),
            Err(ClaimError::Changed) => return Ok(Take::Changed),
            Err(ClaimError::Spool(e)) => return Err(e),
        };
        if quiet < self.config.spool.incomplete_after && !self.is_finished(&opened) {
            return Ok(Take::Unfinished(opened.candidate().clone()));
        }
        self.claim_opened(&mut opened)
    }

    /// Whether a file ends where its format ends. What cannot be looked at is claimed, and told.
    fn is_finished(&self, opened: &Opened) -> bool {
        let limits = self.config.limits.archive();
        match opened.bytes() {
            Some(bytes) => flux::looks_finished(bytes, &limits),
            None => opened.unread().is_ok_and(|(mut file, size)| match self.large(&mut file, size) {
                Some(kind) => archive::is_whole(kind, file, size, &limits),
                None => true,
            }),
        }
    }

    /// What a file over the limit of a document is, if it is an archive within the limit of a flow; it is then at its
    /// beginning.
    fn large(&self, file: &mut File, size: u64) -> Option<Kind> {
        let mut head = Vec::new();
        let read = Read::by_ref(file).take(HEAD).read_to_end(&mut head).and_then(|_| file.rewind());
        let kind = flux::sniff(&head);
        (read.is_ok() && kind.is_archive() && size <= self.config.limits.flow).then_some(kind)
    }

    fn claim_opened(&self, opened: &mut Opened) -> Result<Take, SpoolError> {
        let id = self.ids.next(self.clock.now());
        let claim = match self.spool.claim(opened, id) {
            Ok(claim) => claim,
            Err(ClaimError::Changed) => return Ok(Take::Changed),
            Err(ClaimError::Denied(why)) => return Ok(Take::Denied(opened.candidate().clone(), why.to_string())),
            Err(ClaimError::Spool(e)) => return Err(e),
        };
        let body = match opened.take_bytes() {
            Some(bytes) => Body::Bytes(bytes),
            None => opened.unread().map_or(Body::Unread, |(file, _)| Body::Large(file)),
        };
        self.judge_claim(claim, body).map(|t| Take::Taken(Box::new(t)))
    }

    /// Judges again what an earlier run claimed and did not decide, under the same id.
    pub fn take_left(&self, left: Left) -> Result<Taken, SpoolError> {
        self.welcome_one(&left.claim.partner, &[])?;
        let mut left = self.spool.with_original(left)?;
        let body = match self.spool.open_left(&mut left) {
            Ok(mut file) if left.claim.size <= self.config.limits.document() => {
                // One who still has the file open may make it grow for ever.
                let mut bytes = Vec::new();
                match Read::by_ref(&mut file).take(left.claim.size).read_to_end(&mut bytes) {
                    Ok(_) => Body::Bytes(bytes),
                    Err(e) => Body::Denied(e.to_string()),
                }
            }
            Ok(file) => Body::Large(file),
            // Its owner may have changed its rights since it was claimed.
            Err(SpoolError::Io { source, .. }) if source.kind() == ErrorKind::PermissionDenied => {
                Body::Denied(source.to_string())
            }
            Err(e) => return Err(e),
        };
        self.judge_claim(left.claim, body)
    }

    /// Copies, hashes and judges a claimed file.
    fn judge_claim(&self, mut claim: Claim, body: Body) -> Result<Taken, SpoolError> {
        let (sha256, kind, body) = match body {
            Body::Bytes(bytes) => {
                self.spool.copy(&claim, &bytes)?;
                (Sha256::digest(&bytes).into(), flux::sniff(&bytes), Body::Bytes(bytes))
            }
            Body::Large(mut file) => {
                let Some(kind) = self.large(&mut file, claim.size) else { return Ok(self.oversize(claim)) };
                let (sha256, copy) = self.spool.copy_large(&mut claim, file, self.config.limits.flow)?;
                (sha256, kind, Body::Large(copy))
            }
            Body::Unread => return Ok(self.oversize(claim)),
            Body::Denied(why) => {
                return Ok(Taken { claim, sha256: None, flow: held(safe::denied(&why)) });
            }
        };
        let flow = match self.annuaire.partner(&claim.partner) {
            None => held(works::unknown_partner(&claim.partner)),
            Some(partner) => self.judge(kind, body, &mut claim, partner)?,
        };
        Ok(Taken { claim, sha256: Some(sha256), flow })
    }

    /// A file that is too large to be read.
    fn oversize(&self, claim: Claim) -> Taken {
        let finding = safe::oversize(claim.size, self.config.limits.document());
        Taken { claim, sha256: None, flow: held(finding) }
    }

    fn judge(&self, kind: Kind, body: Body, claim: &mut Claim, partner: &Partner) -> Result<JudgedFlow, SpoolError> {
        let context = self.context(claim.mode, partner, None);
        let size = claim.size;
        match body {
            Body::Bytes(bytes) if kind.is_archive() => {
                self.judge_archive(kind, Cursor::new(bytes), size, &context, claim)
            }
            Body::Large(file) => self.judge_archive(kind, BufReader::new(file), size, &context, claim),
            Body::Bytes(bytes) => Ok(JudgedFlow::of(judge(bytes, &context))),
            Body::Unread | Body::Denied(_) => Ok(held(safe::oversize(size, self.config.limits.document()))),
        }
    }

    /// Judges an archive; the members whose pièces may be accepted are written beside the copy.
    fn judge_archive<R: Read + Seek>(
        &self,
        kind: Kind,
        reader: R,
        size: u64,
        context: &Context<'_>,
        claim: &mut Claim,
    ) -> Result<JudgedFlow, SpoolError> {
        // A fault in reading an archive holds the one flow and harms no other.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            judge_archive(kind, reader, size, context, Judges::PLAIN, |entry, bytes| {
                self.spool.extract(claim, entry, bytes)
            })
        }));
        opened.unwrap_or_else(|_| Ok(held(safe::internal_fault())))
    }

    /// Judges a document again, now that the pièce that it associates is known: from guichet's own copy, so that
    /// nothing is held in memory for whoever waits.
    pub fn judge_again(
        &self,
        claim: &Claim,
        entry: Option<usize>,
        form: Option<&Form>,
        earlier: &Facts,
    ) -> Result<Judged, Box<Finding>> {
        let partner = self.annuaire.partner(&claim.partner);
        let partner = partner.ok_or_else(|| Box::new(works::unknown_partner(&claim.partner)))?;
        let read = |entry| self.spool.read_own(claim, entry).map_err(|e| Box::new(safe::denied(&e.to_string())));
        let context = self.context(claim.mode, partner, Some(earlier));
        let Some(Form { entry, name, main, beside, .. }) = form else { return Ok(judge(read(entry)?, &context)) };
        let main = main.map(|main| read(Some(main))).transpose()?;
        let set = Set { name: name.clone(), form: read(Some(*entry))?, main, beside: beside.clone() };
        Ok(judge_set(set, &context))
    }

    fn context<'a>(&'a self, mode: Mode, partner: &'a Partner, associated: Option<&'a Facts>) -> Context<'a> {
        Context {
            config: &self.config,
            annuaire: Some(&self.annuaire),
            mode,
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
