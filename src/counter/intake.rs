//! Taking and judging: what needs no ledger, on every core at once.

use super::desk::{Consequences, Published};
use super::gather::Lot;
use crate::annuaire::{Annuaire, Partner};
use crate::clock::Clock;
use crate::config::Config;
use crate::event::{Event, Listener, Tally};
use crate::facts::Facts;
use crate::flux::{self, Kind, archive};
use crate::judge::{Context, Fate, Form, Judged, JudgedFlow, Judges, Set, judge, judge_archive, judge_set, names_of};
use crate::ledger::{Hash, Pending};
use crate::piece::depot::{is_called, is_plain_name};
use crate::rules::{Finding, Layer, safe, works};
use crate::spool::{Candidate, Claim, ClaimError, FlowIds, Left, Opened, Spool, SpoolError, Tray};
use crate::trade::Mode;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Cursor, ErrorKind, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
    /// A form, and the files that it names: they came along.
    Form(Vec<u8>, Vec<String>),
    /// Over the limit of a document: an archive, perhaps.
    Large(File),
    Unread,
    /// It cannot be read; the system's answer.
    Denied(String),
}

/// A form that an earlier run claimed.
enum LeftForm {
    /// What it is read from now.
    Taken(Body),
    /// A file beside it is still being written; the files that it names.
    Waits(Vec<String>),
}

/// Bytes that show what a file is.
const HEAD: u64 = 512;

/// What became of one candidate.
pub(super) enum Take {
    Taken(Box<Taken>),
    /// Its bytes do not end yet.
    Unfinished(Candidate),
    /// A form whose files do not all end yet, with how many files wait.
    Waiting(usize),
    /// It is gone or another file by now.
    Changed,
    /// It cannot be read or moved: it stays where it is.
    Denied(Candidate, String),
}

impl Intake {
    pub fn tell(&self, event: &Event) {
        self.listener.hear(self.clock.now(), event);
    }

    /// Says that work goes on: to whoever watches over the process, and by the lock's time to `status`.
    pub fn beat(&self) {
        let now = self.clock.now();
        self.listener.beat(now);
        self.spool.beat(now);
    }

    /// Every partner's directories: its modes, its name.
    pub fn directories(&self) -> Vec<(&str, &[Mode])> {
        self.annuaire.partners().iter().map(|p| (p.name.as_str(), p.modes.as_slice())).collect()
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

    /// What follows from a commit: what was staged is published, all is told, and the deposits are filed away. Gives
    /// what became of each file, for the ledger's next transaction.
    pub fn conclude(&self, done: Consequences) -> Result<Published, SpoolError> {
        let Consequences { pending, filed, events, tally, begun, barrier, commit } = done;
        let Some(begun) = begun else { return Ok(Vec::new()) };
        let outbound = pending.len() as u64;
        let published = self.publish(pending)?;
        events.iter().for_each(|event| self.tell(event));
        let (micros, took) = (|took: Duration| u64::try_from(took.as_micros()).unwrap_or(u64::MAX), begun.elapsed());
        self.tell(&Event::Batch {
            tally: Tally { elapsed_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX), ..tally },
            outbound,
            barrier_us: micros(barrier),
            commit_us: micros(commit),
            batch_us: micros(took),
        });
        self.beat();
        self.file(filed)?;
        Ok(published)
    }

    /// Makes staged files visible, in their order.
    pub fn publish(&self, pending: Vec<Pending>) -> Result<Published, SpoolError> {
        let files = pending.iter().map(|p| {
            let tray = Tray::of_name(&p.tray).expect("the schema allows the three trays only");
            (p.partner.as_str(), tray, p.name.as_str())
        });
        let became = self.spool.publish(files)?;
        Ok(pending.into_iter().zip(became).collect())
    }

    /// Files decided deposits away; done twice, it changes nothing.
    fn file(&self, filings: Vec<Filing>) -> Result<(), SpoolError> {
        for Filing { claim, filed, copied } in filings {
            self.beat();
            self.spool.file_away(&claim, &filed, copied)?;
        }
        Ok(())
    }

    /// Takes and judges a batch while another is written, and begins to make it durable: the barrier will have less to
    /// wait for.
    pub fn take_ahead(&self, lots: Vec<Lot>) -> Result<Vec<Take>, SpoolError> {
        let taken = self.take(lots)?;
        self.spool.begin_barrier()?;
        Ok(taken)
    }

    /// Takes and judges a batch on every core, in order.
    pub fn take(&self, lots: Vec<Lot>) -> Result<Vec<Take>, SpoolError> {
        let total = lots.len();
        if total <= 2 || self.threads == 1 {
            return lots.into_iter().map(|lot| self.take_one(lot)).collect();
        }
        let queue: Vec<_> = lots.into_iter().map(|lot| Mutex::new(Some(lot))).collect();
        let next = AtomicUsize::new(0);
        let (send, receive) = sync_channel(total);
        std::thread::scope(|scope| {
            for _ in 0..self.threads.min(total) {
                let (send, queue, next) = (send.clone(), &queue, &next);
                scope.spawn(move || {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(cell) = queue.get(index) else { return };
                        let lot = cell.lock().expect("no holder of this lock panics").take();
                        let take = self.take_one(lot.expect("each cell is emptied once"));
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

    fn take_one(&self, Lot { candidate, beside }: Lot) -> Result<Take, SpoolError> {
        self.beat();
        let is_late = candidate.quiet >= self.config.spool.incomplete_after;
        let mut opened = match self.spool.open_candidate(candidate.clone(), self.config.limits.document()) {
            Ok(opened) => opened,
            Err(ClaimError::Denied(why)) => return Ok(Take::Denied(candidate, why.to_string())),
            Err(ClaimError::Changed | ClaimError::Aside(_)) => return Ok(Take::Changed),
            Err(ClaimError::Spool(e)) => return Err(e),
        };
        let awaits_form = || beside.is_none() && self.awaits_form(&opened);
        if !is_late && (!self.is_finished(&opened) || awaits_form()) {
            return Ok(Take::Unfinished(opened.candidate().clone()));
        }
        if let Some(beside) = beside.as_ref().filter(|_| !is_late)
            && !beside.values().all(|c| self.is_whole(c))
        {
            return Ok(Take::Waiting(1 + beside.len()));
        }
        self.claim_opened(&mut opened, beside.as_ref())
    }

    /// Whether a file beside a form ends where its format ends.
    fn is_whole(&self, c: &Candidate) -> bool {
        let opened = self.spool.open_candidate(c.clone(), self.config.limits.document());
        opened.is_ok_and(|opened| self.is_finished(&opened))
    }

    /// Whether a file can be no deposit by itself, and may be one that a form names: it waits for that. Where a fault
    /// of ours keeps that from being known, it does not wait: judging it tells.
    fn awaits_form(&self, opened: &Opened) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.may_await_form(opened))).unwrap_or(false)
    }

    fn may_await_form(&self, opened: &Opened) -> bool {
        let limits = self.config.limits.archive();
        match opened.bytes() {
            _ if opened.candidate().mode == Mode::Edi => false,
            None => !opened.unread().is_ok_and(|(mut file, size)| self.large(&mut file, size).is_some()),
            Some(bytes) => match flux::sniff(bytes) {
                Kind::Pdf => flux::pdf::invoice(bytes, &limits).is_err(),
                Kind::Zip => flux::is_office(bytes),
                Kind::Unknown => true,
                Kind::Empty | Kind::Xml | Kind::Gzip | Kind::Tar => false,
            },
        }
    }

    /// Whether a file ends where its format ends. What cannot be looked at is claimed, and told.
    fn is_finished(&self, opened: &Opened) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.seems_finished(opened))).unwrap_or(true)
    }

    fn seems_finished(&self, opened: &Opened) -> bool {
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

    fn claim_opened(
        &self,
        opened: &mut Opened,
        beside: Option<&HashMap<String, Candidate>>,
    ) -> Result<Take, SpoolError> {
        let id = self.ids.next(self.clock.now());
        let mut claim = match self.spool.claim(opened, id) {
            Ok(claim) => claim,
            Err(ClaimError::Changed) => return Ok(Take::Changed),
            Err(ClaimError::Aside(path)) => {
                self.tell(&Event::SetAside { path });
                return Ok(Take::Changed);
            }
            Err(ClaimError::Denied(why)) => return Ok(Take::Denied(opened.candidate().clone(), why.to_string())),
            Err(ClaimError::Spool(e)) => return Err(e),
        };
        let body = match opened.take_bytes() {
            Some(bytes) if beside.is_some() => {
                let names = self.names_in(&claim, &bytes).unwrap_or_default();
                self.take_along(&mut claim, &names, |name| beside?.get(name).cloned())?;
                Body::Form(bytes, names)
            }
            Some(bytes) => Body::Bytes(bytes),
            None => opened.unread().map_or(Body::Unread, |(file, _)| Body::Large(file)),
        };
        self.judge_claim(claim, body).map(|t| Take::Taken(Box::new(t)))
    }

    /// Judges again what an earlier run claimed and did not decide, under the same id. None: it is a form of which a
    /// file is still being written, and went back into `in` to wait for that.
    pub fn take_left(&self, left: Left) -> Result<Option<Taken>, SpoolError> {
        self.welcome_one(&left.claim.partner, &[])?;
        let mut left = self.spool.with_original(left)?;
        let body = match self.spool.open_left(&mut left) {
            Ok(mut file) if left.claim.size <= self.config.limits.document() => {
                // One who still has the file open may make it grow for ever.
                let mut bytes = Vec::new();
                match Read::by_ref(&mut file).take(left.claim.size).read_to_end(&mut bytes) {
                    Ok(_) => match self.left_form(&mut left.claim, bytes)? {
                        LeftForm::Taken(body) => body,
                        LeftForm::Waits(names) => return self.spool.put_back(left.claim, names).map(|()| None),
                    },
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
        self.judge_claim(left.claim, body).map(Some)
    }

    /// The files that a claimed file names, if it is a form.
    fn names_in(&self, claim: &Claim, bytes: &[u8]) -> Option<Vec<String>> {
        let is_edi = claim.mode == Mode::Edi;
        names_of(&claim.name.to_string_lossy(), bytes, &self.config.limits.xml()).filter(|_| !is_edi)
    }

    /// Takes the files along that a form names, as many as a deposit may have; what it took already is not looked for.
    fn take_along(
        &self,
        claim: &mut Claim,
        names: &[String],
        beside: impl Fn(&str) -> Option<Candidate>,
    ) -> Result<(), SpoolError> {
        let mut left = self.config.limits.flow;
        let taken: HashSet<usize> = claim.has_along().iter().copied().collect();
        for (n, name) in self.named(names).filter(|(n, _)| !taken.contains(n)) {
            // What is too large for any deposit is one of its own, and told so.
            if let Some(candidate) = beside(name).filter(|c| c.size <= left)
                && self.spool.claim_along(claim, &candidate, n)?
            {
                left -= candidate.size;
            }
        }
        Ok(())
    }

    /// A file that an earlier run claimed: where it is a form, the files that it names are taken along now.
    fn left_form(&self, claim: &mut Claim, bytes: Vec<u8>) -> Result<LeftForm, SpoolError> {
        let names = self.names_in(claim, &bytes);
        // Its copy was put in its place: then all is in that.
        let is_packed = flux::sniff(&bytes).is_archive();
        if is_packed || names.is_none() && claim.has_along().is_empty() {
            return Ok(LeftForm::Taken(Body::Bytes(bytes)));
        }
        let names = names.unwrap_or_default();
        let (mode, partner, now) = (claim.mode, claim.partner.clone(), self.clock.now());
        let beside: HashMap<&str, Candidate> = self
            .named(&names)
            .filter(|(n, _)| !claim.has_along().contains(n))
            .filter_map(|(_, name)| Some((name, self.spool.beside(mode, &partner, name, now)?)))
            .collect();
        if beside.values().any(|c| self.is_being_written(c)) {
            return Ok(LeftForm::Waits(names));
        }
        self.take_along(claim, &names, |name| beside.get(name).cloned())?;
        Ok(LeftForm::Taken(Body::Form(bytes, names)))
    }

    /// Whether a file of this form beside it is still being written: nothing of it is to be taken now.
    pub fn waits_for_others(&self, mode: Mode, partner: &str, name: &str, form: &[u8]) -> bool {
        let (partner, now) = (Arc::from(partner), self.clock.now());
        let names = names_of(name, form, &self.config.limits.xml()).filter(|_| mode != Mode::Edi).unwrap_or_default();
        self.named(&names)
            .filter_map(|(_, name)| self.spool.beside(mode, &partner, name, now))
            .any(|c| self.is_being_written(&c))
    }

    /// Whether a file may still change: it changed a moment ago, or its bytes do not end and it has not waited too
    /// long.
    fn is_being_written(&self, c: &Candidate) -> bool {
        let spool = &self.config.spool;
        c.quiet < spool.settle || c.quiet < spool.incomplete_after && !self.is_whole(c)
    }

    /// Of the names in a form, those of files that may be beside it, as many as a deposit may have.
    fn named<'n>(&self, names: &'n [String]) -> impl Iterator<Item = (usize, &'n str)> + use<'n> {
        let most = self.config.limits.entries.saturating_sub(1);
        // Of more than may be, none: the form is refused for that.
        let names = if names.len() > most { &[] } else { names };
        names.iter().map(String::as_str).enumerate().filter(|(_, name)| is_plain_name(name))
    }

    /// Copies, hashes and judges a claimed file.
    fn judge_claim(&self, mut claim: Claim, body: Body) -> Result<Taken, SpoolError> {
        let (sha256, kind, body) = match body {
            Body::Form(form, names) => {
                let (sha256, copy) = self.spool.copy_packed(&mut claim, &form, &names, self.config.limits.flow)?;
                (sha256, Kind::Tar, Body::Large(copy))
            }
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
        if claim.mode != Mode::Edi && kind == Kind::Tar && is_called(&claim.name.to_string_lossy()) {
            claim.mark_packed();
        }
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
            Body::Form(..) | Body::Unread | Body::Denied(_) => {
                Ok(held(safe::oversize(size, self.config.limits.document())))
            }
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
                self.beat();
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
            Take::Waiting(files) => sorted.waiting += files,
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
    /// Files of forms that wait.
    pub waiting: usize,
    /// With the system's answer.
    pub denied: Vec<(Candidate, String)>,
}
