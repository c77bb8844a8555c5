//! One batch through the whole house: taken and judged in parallel, decided one after another, staged, made durable,
//! committed, published, filed. The order of these steps is the promise that nothing is lost and nothing comes twice;
//! ARCHITECTURE.md says why each stands where it does.

mod acts;
mod desk;
mod gather;
mod intake;
mod log;
mod order;
mod prune;
mod requests;
mod restore;
mod staging;
mod turn;

use crate::alerts::{self, Alert};
use crate::annuaire::Annuaire;
use crate::association::{Deposit, Earlier};
use crate::clock::{Clock, Instant};
use crate::config::Config;
use crate::decision::MOST_CITED;
pub use crate::event::Tally;
use crate::event::{Event, Listener};
use crate::judge::Document;
use crate::ledger::{self, Ledger, LedgerError};
use crate::msg;
#[cfg(feature = "faults")]
use crate::spool::crash::{self, Mutant};
use crate::spool::{Candidate, FlowIds, INODE_RESERVE, Look, MovedIn, Scanner, Spool, SpoolError, Stray, rights};
use crate::text::Msg;
use desk::{Consequences, Desk};
use gather::Lot;
use intake::{Intake, Sorted, Take, Taken, sort};
use log::Log;
use order::{ActsFor, Here};
use std::collections::{HashMap, HashSet};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
pub use turn::Others;
use turn::{Ahead, Limits};

/// Why the counter cannot work.
#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    /// The disk.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Deposits were answered here, and the ledger that knows them is not there.
    #[error("there are answered deposits in the spool and no ledger at {0}")]
    LedgerLost(std::path::PathBuf),
    /// The ledger is another than the one that this spool was last served with: it was put back from a backup.
    #[error("the ledger {path} ends at event {ends}, and is not the one that this spool was served with")]
    PutBack {
        /// The ledger.
        path: std::path::PathBuf,
        /// Its last event.
        ends: i64,
        /// The last event that the spool remembers; 0: it remembers none, and has files that the ledger does not know.
        remembered: i64,
    },
}

impl CounterError {
    /// What went wrong, in the user's language where it is the disk or the ledger.
    pub fn says(&self) -> Msg {
        match self {
            CounterError::Spool(e) => e.says(),
            CounterError::Ledger(e) => e.says(),
            other => Msg::same(other.to_string()),
        }
    }
}

/// What one call of [`Counter::process`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Some deposit was taken.
    pub worked: bool,
    /// Candidates are left for the next turn.
    pub left: bool,
}

/// The counter, open: the spool is locked, the ledger is open, and what an earlier run left is finished.
pub struct Counter {
    intake: Arc<Intake>,
    scanner: Scanner,
    ledger: Ledger,
    /// Rows of the outbox that are published and not yet marked so.
    published: Vec<i64>,
    /// Rows of the outbox that cannot be published: something is in their place.
    blocked: HashSet<i64>,
    /// Files that cannot be taken, and were told.
    denied: HashSet<String>,
    /// Pièces that a delay cannot move on, for their bytes are not in their place; when they were last looked at.
    stuck: HashMap<String, std::time::Instant>,
    /// Those of them that were told.
    missing: HashSet<String>,
    /// Taken and judged, and waiting for a pièce that they cite and that nobody has brought yet.
    deferred: Vec<Taken>,
    /// The latest instant that was recorded: time in the ledger never runs backwards.
    latest: Instant,
    /// The clock is behind that by too much, and this was told.
    behind: bool,
    /// Held where the ledger is not in the spool, whose own lock does otherwise.
    _ledger_lock: Option<OwnedFd>,
    /// How long one call of [`Counter::process`] may go on while others may be waiting.
    turn: Option<std::time::Duration>,
    /// How long the last look took.
    looked: std::time::Duration,
    /// For whom a turn ends with the batches that are under way.
    others: Arc<Others>,
    /// When the first of the deferred began to wait.
    deferred_since: Option<std::time::Instant>,
    started: std::time::Instant,
    reserve_told: bool,
    wal_told: bool,
    tally: Tally,
}

impl Counter {
    /// Opens the spool and the ledger, and finishes what an earlier run left.
    ///
    /// # Errors
    /// [`SpoolError::Locked`] when another guichet works here; [`CounterError::PutBack`] where the ledger was put back
    /// from a backup; otherwise what the disk or SQLite said.
    pub fn open(
        config: Config,
        annuaire: Arc<Annuaire>,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Listener>,
        seed: u64,
    ) -> Result<Counter, CounterError> {
        Counter::open_with(config, annuaire, clock, listener, seed, false)
    }

    /// The same with a ledger that was put back from a backup, which someone says is meant: deposits that it does not
    /// know are judged again under their ids, and what is sent gets numbers that never were another file's.
    ///
    /// # Errors
    /// As [`Counter::open`], but for [`CounterError::PutBack`].
    pub fn open_restored(
        config: Config,
        annuaire: Arc<Annuaire>,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Listener>,
        seed: u64,
    ) -> Result<Counter, CounterError> {
        Counter::open_with(config, annuaire, clock, listener, seed, true)
    }

    fn open_with(
        config: Config,
        annuaire: Arc<Annuaire>,
        clock: Arc<dyn Clock>,
        listener: Arc<dyn Listener>,
        seed: u64,
        is_restored: bool,
    ) -> Result<Counter, CounterError> {
        let spool = Spool::open(&config.spool.root, config.ledger.barrier)?;
        listener.hear(clock.now(), &Event::Opened { spool: spool.root().display().to_string() });
        if !config.ledger.path.exists() && spool.has_filed()? {
            return Err(CounterError::LedgerLost(config.ledger.path));
        }
        let elsewhere = !is_within(&config.ledger.path, spool.root());
        let ledger_lock = elsewhere.then(|| crate::spool::lock_beside(&config.ledger.path)).transpose()?;
        // Without room the ledger may not open, and SQLite does not say why.
        let reserve_told = is_short(&spool, &config, &*clock, &*listener, false)?;
        let ledger = Ledger::open(&config.ledger.path)?;
        let latest = ledger.latest()?;
        let put_back = restore::put_back(&spool, &ledger, latest)?;
        if let (Some(remembered), false) = (put_back, is_restored) {
            return Err(CounterError::PutBack { path: config.ledger.path, ends: ledger.end().seq, remembered });
        }
        let scanner = Scanner::new(config.spool.settle, config.spool.incomplete_after, SCAN);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let ids = FlowIds::seeded(seed);
        let intake = Arc::new(Intake { config, annuaire, spool, clock, listener, ids, threads });
        intake.welcome()?;
        for wrong in rights::look(&intake.config.spool.root, &intake.config.ledger.path, &intake.directories()) {
            let rights::Wrong { path, why, fix, .. } = wrong;
            intake.tell(&Event::WrongRights { path, why, fix });
        }
        let mut counter = Counter {
            intake,
            scanner,
            ledger,
            published: Vec::new(),
            blocked: HashSet::new(),
            denied: HashSet::new(),
            stuck: HashMap::new(),
            missing: HashSet::new(),
            deferred: Vec::new(),
            latest,
            behind: false,
            _ledger_lock: ledger_lock,
            turn: None,
            looked: std::time::Duration::ZERO,
            others: Arc::default(),
            deferred_since: None,
            started: std::time::Instant::now(),
            wal_told: false,
            reserve_told,
            tally: Tally::default(),
        };
        // Whoever says so knows more than the disk: of a machine that was lost nothing is left to notice it by.
        if is_restored {
            counter.take_over()?;
        } else {
            counter.remember()?;
        }
        counter.recover()?;
        Ok(counter)
    }

    /// Puts another annuaire in force, from the next batch on.
    ///
    /// # Errors
    /// When a new partner's directories cannot be made.
    pub fn reload(&mut self, annuaire: Arc<Annuaire>) -> Result<(), CounterError> {
        Arc::get_mut(&mut self.intake).expect("nobody takes or files between two batches").annuaire = annuaire;
        self.intake.welcome()?;
        Ok(())
    }

    /// The annuaire in force.
    pub fn annuaire(&self) -> &Arc<Annuaire> {
        &self.intake.annuaire
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.intake.config
    }

    /// Tells an event.
    pub fn tell(&self, event: &Event) {
        self.intake.tell(event);
    }

    /// Says that work goes on.
    pub fn beat(&self) {
        self.intake.beat();
    }

    /// What was done since the start.
    pub fn tally(&self) -> Tally {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Tally { elapsed_ms: elapsed, ..self.tally }
    }

    /// Says which files were renamed into place.
    pub fn moved_in(&mut self, files: MovedIn) {
        self.scanner.moved_in(files);
    }

    /// Looks at every inbound directory.
    ///
    /// # Errors
    /// What the system said of `in/` itself.
    pub fn look(&mut self) -> Result<Look, CounterError> {
        let begun = std::time::Instant::now();
        self.others.look();
        self.intake.spool.put_all_back()?;
        let annuaire = self.intake.annuaire.clone();
        let known = |name: &str| annuaire.partner(name).is_some();
        let now = self.intake.clock.now();
        let look = self.scanner.look(&self.intake.spool, &known, now, self.started.elapsed())?;
        for stray in &look.strays {
            self.tell(&stray_event(stray));
        }
        self.tally.waiting = look.waiting as u64;
        self.looked = begun.elapsed();
        Ok(look)
    }

    /// From now on [`Counter::process`] goes on for so long at most, and less where `others` wait: so may a signal.
    pub fn work_in_turns(&mut self, turn: std::time::Duration, others: Arc<Others>) {
        (self.turn, self.others) = (Some(turn), others);
        self.scanner.look_at_most(SCAN_IN_TURN);
    }

    /// For how long some deposit has waited for a pièce that it cites.
    pub fn deferred_for(&self) -> std::time::Duration {
        self.deferred_since.map_or(std::time::Duration::ZERO, |since| since.elapsed())
    }

    /// Counts what is left in `in/`, whatever keeps it there.
    ///
    /// # Errors
    /// What the system said of `in/` itself.
    pub fn count_waiting(&mut self) -> Result<(), CounterError> {
        let look = self.look()?;
        self.tally.waiting = (look.waiting + look.ready.len()) as u64;
        Ok(())
    }

    /// Processes candidates in their order, batch after batch: the next batch is taken and judged while one commits.
    /// Deposits that cite a pièce not known yet wait for [`Counter::decide_deferred`]. Once the turn is over the rest
    /// is left where it is.
    ///
    /// # Errors
    /// What the disk or SQLite said; the process must then end, and recovery finish.
    pub fn process(&mut self, candidates: Vec<Candidate>) -> Result<Turn, CounterError> {
        let before = self.tally.flows + self.deferred.len() as u64;
        let left = self.process_in_turn(candidates)?;
        Ok(Turn { worked: self.tally.flows + self.deferred.len() as u64 > before, left })
    }

    /// Says whether something is left for the next turn.
    fn process_in_turn(&mut self, candidates: Vec<Candidate>) -> Result<bool, CounterError> {
        if candidates.is_empty() || self.is_disk_full()? {
            self.tally.waiting += candidates.len() as u64;
            return Ok(false);
        }
        let limits = self.turn.map(|turn| Limits::of(turn, self.looked));
        let (lots, waiting) = self.gather(candidates);
        self.tally.waiting += waiting as u64;
        let batches = batches(lots, &self.intake.config.batch);
        if let [_] = &batches[..] {
            let taken = batches.into_iter().flatten().collect();
            let ready = self.ready(self.intake.take(taken)?)?;
            self.finish(ready)?;
            return Ok(false);
        }
        // Taking, judging, publishing and filing need no ledger: they go on beside the one who writes and waits for the
        // disk, batch after batch.
        let intake = self.intake.clone();
        std::thread::scope(|scope| {
            let ((to_take, lots), (to_give, takes)) = (channel::<Vec<Lot>>(), channel());
            let ((to_conclude, committed), (to_note, published)) = (sync_channel::<Consequences>(1), channel());
            let (mut log, beside) = Log::of(&self.ledger);
            scope.spawn(|| pass_on(lots, to_give, |lots| intake.take_ahead(lots)));
            scope.spawn(|| pass_on(committed, to_note, |done| intake.conclude(done)));
            scope.spawn(|| beside.work());
            let mut ahead = Ahead::of(batches, limits, &self.others, to_take);
            ahead.go_on(self)?;
            while ahead.is_under_way() {
                let taken = takes.recv().expect("taking does not panic: judging is caught")?;
                ahead.received(self)?;
                let ready = self.ready(taken)?;
                for each in published.try_iter() {
                    self.desk().note(each?);
                }
                let done = self.desk().batch(ready)?;
                if to_conclude.send(done).is_err() {
                    break; // by an error, which is received below
                }
                log.shorten(&self.ledger)?;
            }
            drop((to_conclude, log));
            for each in published {
                self.desk().note(each?);
            }
            Ok(ahead.is_over())
        })
    }

    /// Decides one batch, and does what follows from it.
    fn finish(&mut self, ready: Vec<Taken>) -> Result<(), CounterError> {
        let mut desk = self.desk();
        let done = desk.batch(ready)?;
        desk.conclude(done)
    }

    /// What can be decided now, each deposit after those that it cites; those that cite a pièce which neither the
    /// ledger has nor this batch brings are deferred, and whatever cites them.
    fn ready(&mut self, taken: Vec<Take>) -> Result<Vec<Taken>, CounterError> {
        let annuaire = self.intake.annuaire.clone();
        let acts_for = |partner: &str, structure: &str| annuaire.acts_for(partner, structure);
        let taken = order::by_citation(self.set_aside(sort(taken)).taken, &acts_for);
        if taken.iter().all(|t| order::cites(&t.flow.documents).next().is_none()) {
            return Ok(taken);
        }
        let (mut here, mut missing) = (Here::default(), Vec::with_capacity(taken.len()));
        for t in &taken {
            let is_missing = self.is_missing(t, &here, &acts_for)?;
            missing.push(is_missing);
            if !is_missing {
                here.add(t);
            }
        }
        let (deferred, ready) = taken.into_iter().zip(missing).partition::<Vec<_>, _>(|(_, is_missing)| *is_missing);
        if !deferred.is_empty() {
            self.deferred_since.get_or_insert_with(std::time::Instant::now);
        }
        self.deferred.extend(deferred.into_iter().map(|(t, _)| t));
        Ok(ready.into_iter().map(|(t, _)| t).collect())
    }

    /// Whether a deposit cites a pièce that the ledger has not and that nobody brings: neither it nor those `here`.
    fn is_missing(&self, taken: &Taken, here: &Here<'_>, acts_for: ActsFor<'_>) -> Result<bool, CounterError> {
        let own: Vec<&str> = order::numbers(&taken.flow.documents).collect();
        let partner: &str = &taken.claim.partner;
        for asked in taken.flow.documents.iter().flat_map(order::acts) {
            let Some(number) = asked.piece.number() else { continue };
            if own.contains(&number) || here.bring(number, taken, acts_for) {
                continue;
            }
            let knows =
                |piece: &Earlier| piece.partner == partner || piece.facts.actors().any(|id| acts_for(partner, id));
            let numbered = self.ledger.of_number(number, &asked.piece.supplier_keys())?;
            if !numbered.iter().any(|piece| asked.piece.fits(&piece.id, &piece.facts) && knows(piece)) {
                return Ok(true);
            }
        }
        for Document { judged, .. } in &taken.flow.documents {
            let facts = &judged.facts;
            let Some(cadre) = facts.cadre.as_deref().and_then(|c| c.parse().ok()) else { continue };
            let deposit = Deposit { facts, cadre, acts_for: &|structure| acts_for(partner, structure), partner };
            let supplier = facts.supplier_key();
            for cited in judged.cites.iter().take(MOST_CITED) {
                let Some(number) = cited.number.as_deref() else { continue };
                if own.contains(&number) || here.bring(number, taken, acts_for) {
                    continue;
                }
                let numbered = self.ledger.numbered(number, supplier.as_deref(), facts.marche.as_deref())?;
                if !deposit.is_here(cited, &numbered) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Decides what waited for a pièce that it cites: nobody else will bring it now.
    ///
    /// # Errors
    /// What the disk or SQLite said; the process must then end, and recovery finish.
    pub fn decide_deferred(&mut self) -> Result<(), CounterError> {
        let deferred = std::mem::take(&mut self.deferred);
        self.deferred_since = None;
        self.decide_all(deferred)
    }

    /// Decides deposits batch after batch, each after those that it cites.
    fn decide_all(&mut self, taken: Vec<Taken>) -> Result<(), CounterError> {
        let limit = self.intake.config.batch.flows.max(1);
        let annuaire = self.intake.annuaire.clone();
        let acts_for = |partner: &str, structure: &str| annuaire.acts_for(partner, structure);
        let mut rest = order::by_citation(taken, &acts_for).into_iter().peekable();
        while rest.peek().is_some() {
            let batch = rest.by_ref().take(limit).collect();
            self.finish(batch)?;
        }
        Ok(())
    }

    /// Does what time does: pièces whose delay is over move on, a batch of them, or all. One whose bytes are not in
    /// their place is told once, and looked at again in a while.
    ///
    /// # Errors
    /// What the disk or SQLite said; the process must then end, and recovery finish.
    pub fn delays(&mut self, all: bool) -> Result<(), CounterError> {
        let most = self.intake.config.batch.flows.max(1);
        loop {
            let (today, delays) = (self.intake.clock.now().max(self.latest).day(), &self.intake.config.delays);
            let before = |alert: Alert| alerts::over_before(today, alert.days(delays, None));
            let (valideur, moe) = (before(Alert::Valideur), before(Alert::Moe));
            let mut over = self.ledger.overdue(valideur, moe, most + self.stuck.len())?;
            self.stuck.retain(|_, looked| looked.elapsed() < AGAIN);
            over.retain(|id| !self.stuck.contains_key(id));
            over.truncate(most);
            if over.is_empty() || self.is_disk_full()? {
                return Ok(());
            }
            let stuck = self.desk().group_commit(|writing| writing.silences(&over))?;
            for (piece, why) in stuck {
                self.stuck.insert(piece.clone(), std::time::Instant::now());
                if self.missing.insert(piece.clone()) {
                    self.tell(&Event::BytesMissing { piece, why });
                }
            }
            if !all {
                return Ok(());
            }
        }
    }

    /// Remembers the files that are not finished, and tells of those that cannot be taken, once each.
    fn set_aside(&mut self, sorted: Sorted) -> Sorted {
        for c in &sorted.unfinished {
            self.scanner.unfinished(c);
        }
        for (c, why) in &sorted.denied {
            let path = c.path();
            if self.denied.insert(path.clone()) {
                let why = msg!(
                    "impossible de le prendre : {why} ; corrigez ses droits",
                    "it cannot be taken: {why}; mend its permissions"
                );
                self.tell(&Event::Stray { path, why });
            }
        }
        self.tally.waiting += (sorted.unfinished.len() + sorted.denied.len() + sorted.waiting) as u64;
        sorted
    }

    /// Tries again what could not be published, and marks what is published; called when there is nothing else to do.
    ///
    /// # Errors
    /// What the disk or SQLite said.
    pub fn settle(&mut self) -> Result<(), CounterError> {
        if !self.blocked.is_empty() {
            let waiting = self.ledger.unpublished()?.into_iter().filter(|p| self.blocked.contains(&p.id)).collect();
            self.desk().publish(waiting)?;
        }
        if self.published.is_empty() {
            return Ok(self.ledger.rest()?);
        }
        // A row that says "published" must not outlive the rename it speaks of.
        self.intake.spool.barrier()?;
        let mut entry = self.ledger.begin()?;
        entry.published(&self.published)?;
        entry.commit()?;
        self.published.clear();
        self.ledger.rest()?;
        self.weigh_wal();
        Ok(())
    }

    /// Tells of a write-ahead log that grows, once each time it begins.
    fn weigh_wal(&mut self) {
        let bytes = ledger::wal_bytes(&self.intake.config.ledger.path);
        let grows = bytes > ledger::WAL_MOST;
        if grows && !self.wal_told {
            self.tell(&Event::LedgerWal { bytes });
        }
        self.wal_told = grows;
    }

    fn desk(&mut self) -> Desk<'_> {
        Desk {
            ledger: &mut self.ledger,
            published: &mut self.published,
            blocked: &mut self.blocked,
            latest: &mut self.latest,
            behind: &mut self.behind,
            tally: &mut self.tally,
            intake: &self.intake,
        }
    }

    /// Finishes what an earlier run left. Running it twice changes nothing.
    fn recover(&mut self) -> Result<(), CounterError> {
        let pending = self.ledger.unpublished()?;
        let published = pending.len();
        #[cfg(feature = "faults")]
        if crash::follows(Mutant::Rewrite) {
            self.write_again(&pending)?;
        }
        // What went out before a power cut may not have been durable there: the renames that follow make it so.
        self.desk().publish(pending)?;
        self.remove_unknown_stage()?;
        self.finish_requeues()?;
        self.finish_pruning()?;
        let (mut filed, mut again) = (0, Vec::new());
        let (left, aside) = self.intake.spool.left()?;
        for path in aside {
            self.tell(&Event::SetAside { path });
        }
        for left in left {
            match self.ledger.filed(left.claim.id.as_str())? {
                Some((place, copied)) => {
                    self.intake.spool.file_away(&left.claim, &place, copied)?;
                    filed += 1;
                }
                None => again.push(left),
            }
        }
        let judged = again.len();
        let again =
            again.into_iter().filter_map(|left| self.intake.take_left(left).transpose()).collect::<Result<_, _>>()?;
        self.decide_all(again)?;
        self.settle()?;
        if published + filed + judged > 0 {
            self.tell(&Event::Recovered { published, judged, filed });
        }
        Ok(())
    }

    /// A wrong protocol, for the tests: what is neither staged nor in its tray is written anew.
    #[cfg(feature = "faults")]
    fn write_again(&self, pending: &[crate::ledger::Pending]) -> Result<(), CounterError> {
        let (spool, staged) = (&self.intake.spool, self.intake.spool.staged()?);
        for p in pending {
            let tray = crate::spool::Tray::of_name(&p.tray).expect("the schema allows the three trays only");
            let is_there =
                staged.contains(&(p.partner.clone(), p.name.clone())) || spool.is_published(&p.partner, tray, &p.name);
            if let Some(bytes) = self.ledger.rendered(p.id)?.filter(|_| !is_there) {
                spool.stage(&p.partner, &p.name, &bytes)?;
            }
        }
        Ok(())
    }

    /// Staged files without a row are of a batch that was never committed: they will be rendered again. One whose row
    /// is marked as published went back by a power cut: it is published again.
    fn remove_unknown_stage(&mut self) -> Result<(), CounterError> {
        let waiting: HashSet<i64> = self.ledger.unpublished()?.into_iter().map(|p| p.id).collect();
        let mut again = Vec::new();
        for (partner, name) in self.intake.spool.staged()? {
            match self.ledger.sent(&partner, &name)? {
                None => self.intake.spool.unstage(&partner, &name)?,
                Some(pending) if !waiting.contains(&pending.id) => again.push(pending),
                Some(_) => {}
            }
        }
        self.desk().publish(again)
    }

    /// Whether so little room is left that nothing more may be claimed; told once each time it begins.
    fn is_disk_full(&mut self) -> Result<bool, CounterError> {
        let Intake { spool, config, clock, listener, .. } = &*self.intake;
        self.reserve_told = is_short(spool, config, &**clock, &**listener, self.reserve_told)?;
        Ok(self.reserve_told)
    }
}

/// Works on what comes in until there is no more, or nobody wants it, or something went wrong: that is said last.
fn pass_on<I, O, E>(from: Receiver<I>, to: Sender<Result<O, E>>, work: impl Fn(I) -> Result<O, E>) {
    for each in from {
        let done = work(each);
        let failed = done.is_err();
        if to.send(done).is_err() || failed {
            return;
        }
    }
}

/// Whether less room is left than the reserve; told where that begins, and where it ends.
fn is_short(
    spool: &Spool,
    config: &Config,
    clock: &dyn Clock,
    listener: &dyn Listener,
    told: bool,
) -> Result<bool, SpoolError> {
    let (free, inodes) = spool.free()?;
    let reserve = config.limits.reserve;
    let is_short = free < reserve || inodes < INODE_RESERVE;
    match (told, is_short) {
        (false, true) => listener.hear(clock.now(), &Event::DiskReserve { free, inodes, reserve }),
        (true, false) => listener.hear(clock.now(), &Event::DiskRoom { free }),
        _ => {}
    }
    Ok(is_short)
}

/// Whether a file lies directly in a directory, whatever the paths are called by.
fn is_within(file: &Path, dir: &Path) -> bool {
    let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (parent.canonicalize(), dir.canonicalize()) {
        (Ok(parent), Ok(dir)) => parent == dir,
        _ => false,
    }
}

/// After how long a pièce that a delay cannot move on is looked at again.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(60);
/// Candidates that one directory gives to one scan.
const SCAN: usize = 10_000;
/// The same where there are turns: no turn takes more.
const SCAN_IN_TURN: usize = 2_000;
fn stray_event(stray: &Stray) -> Event {
    let (path, why) = match stray {
        Stray::UnknownPartner { path } => {
            (path, msg!("aucun partenaire de ce nom dans partners.toml", "no partner of this name in partners.toml"))
        }
        Stray::NotAFile { path, what } => (path, msg!("ce n'est pas un fichier ordinaire ({what})", "it is {what}")),
        Stray::Linked { path } => (
            path,
            msg!(
                "ce fichier a un autre nom ailleurs (lien physique) ; déposez une copie",
                "the file has another name elsewhere (hard link); drop a copy"
            ),
        ),
        Stray::Unreadable { path, why } => (path, msg!("illisible : {why}", "cannot be read: {why}")),
    };
    Event::Stray { path: path.clone(), why }
}

/// Cuts what is to be taken into batches: so many flows or so many bytes, whichever is first.
fn batches(lots: Vec<Lot>, limit: &crate::config::Batch) -> Vec<Vec<Lot>> {
    let mut batches: Vec<Vec<Lot>> = Vec::new();
    let mut bytes = u64::MAX;
    for c in lots {
        let size = c.size();
        let full = batches.last().is_none_or(|b| b.len() >= limit.flows.max(1));
        if full || bytes.saturating_add(size) > limit.bytes {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes = bytes.saturating_add(size);
        if let Some(batch) = batches.last_mut() {
            batch.push(c);
        }
    }
    batches
}
