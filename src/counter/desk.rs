//! The single writer: what was judged is decided, staged, made durable, committed, published and filed.

use super::acts::Opened;
use super::intake::{Filing, Intake, Taken};
use super::order;
use super::staging::Staging;
use super::{CounterError, Tally};
use crate::asked::{Asked, Unit};
use crate::clock::Instant;
use crate::decision::{self, Around, Closed, Decided, Decision, Happening, Outcome, Told, View};
use crate::event::Event;
use crate::facts::Facts;
use crate::judge::{Document, Fate, Form, Judged, Member};
use crate::ledger::{Entry, Hash, Ledger, Move, NewEvent, NewFlow, NewPiece, Outbound, Pending};
use crate::lifecycle::Statut;
use crate::lifecycle::acts::Motif;
use crate::piece::attached;
use crate::retour::{self, Addressee, Envelope, Report, Reported};
use crate::rules::works::names::{self, Content};
use crate::rules::{self, Finding};
#[cfg(feature = "faults")]
use crate::spool::crash::Mutant;
use crate::spool::{Claim, Staged, Tray, crash};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Duration;

/// The single writer at work.
pub(super) struct Desk<'a> {
    pub ledger: &'a mut Ledger,
    pub published: &'a mut Vec<i64>,
    pub blocked: &'a mut HashSet<i64>,
    pub latest: &'a mut Instant,
    /// Whether the clock is behind that by too much, and this was told.
    pub behind: &'a mut bool,
    pub tally: &'a mut Tally,
    pub intake: &'a Intake,
}

/// What is to be published, told and filed once it is committed: by whoever has the time, for it needs no ledger.
#[derive(Default)]
pub(super) struct Consequences {
    pub pending: Vec<Pending>,
    pub filed: Vec<Filing>,
    pub events: Vec<Event>,
    pub tally: Tally,
    /// When the batch was begun; none: there was none.
    pub begun: Option<std::time::Instant>,
    pub barrier: Duration,
    pub commit: Duration,
}

/// What became of files that were to be published.
pub(super) type Published = Vec<(Pending, Staged)>;

/// By how much the clock may be behind the ledger before that is told: clocks are set by some seconds now and then.
const BEHIND: i64 = 60_000;

impl Desk<'_> {
    /// Decides a batch of deposits. Gives what follows from it, once it is committed.
    pub fn batch(&mut self, taken: Vec<Taken>) -> Result<Consequences, CounterError> {
        if taken.is_empty() {
            return Ok(Consequences::default());
        }
        let write = |writing: &mut Writing<'_, '_>| taken.into_iter().try_for_each(|t| writing.deposit(t));
        let ((), done) = self.commit(write)?;
        Ok(done)
    }

    /// One group commit and all that follows from it, at once.
    pub fn group_commit<T>(
        &mut self,
        write: impl FnOnce(&mut Writing<'_, '_>) -> Result<T, CounterError>,
    ) -> Result<T, CounterError> {
        let (answer, done) = self.commit(write)?;
        self.conclude(done)?;
        Ok(answer)
    }

    /// Does what follows from a batch that is committed.
    pub fn conclude(&mut self, done: Consequences) -> Result<(), CounterError> {
        let published = self.intake.conclude(done)?;
        self.note(published);
        Ok(())
    }

    /// The time that is recorded: it never runs backwards, and where that holds it up, this is told once.
    fn now(&mut self) -> Instant {
        let clock = self.intake.clock.now();
        let behind = self.latest.0.saturating_sub(clock.0);
        if behind > BEHIND && !*self.behind {
            self.intake.tell(&Event::ClockBehind { seconds: behind.unsigned_abs() / 1000 });
        }
        *self.behind = behind > BEHIND;
        *self.latest = clock.max(*self.latest);
        *self.latest
    }

    /// One group commit: `write` records what becomes true, in order, and what goes out is staged beside it; the
    /// barrier stands between the last of both and the commit. Nothing is visible to anyone before the commit, and
    /// everything is durable before it.
    fn commit<T>(
        &mut self,
        write: impl FnOnce(&mut Writing<'_, '_>) -> Result<T, CounterError>,
    ) -> Result<(T, Consequences), CounterError> {
        let begun = std::time::Instant::now();
        let (now, intake) = (self.now(), self.intake);
        let mut entry = self.ledger.begin()?;
        entry.published(self.published)?;
        let (answer, entry, mut done) = std::thread::scope(|scope| {
            let (staging, stager) = Staging::new();
            let stager = scope.spawn(|| stager.work(&intake.spool));
            let (done, statuses) = (Consequences::default(), Statuses::new());
            let mut writing =
                Writing { intake, entry, staging, now, done, statuses, opened: None, moved: HashSet::new() };
            let answer = write(&mut writing)?;
            writing.status_flows()?;
            let Writing { entry, staging, done, .. } = writing;
            staging.end();
            stager.join().expect("staging does not panic")?;
            Ok::<_, CounterError>((answer, entry, done))
        })?;
        let before = std::time::Instant::now();
        intake.spool.barrier()?;
        let durable = std::time::Instant::now();
        #[cfg(feature = "faults")]
        let hidden = crash::follows(Mutant::LateStage);
        #[cfg(feature = "faults")]
        if hidden {
            intake.spool.hide_stage(true)?;
        }
        entry.commit()?;
        #[cfg(feature = "faults")]
        if hidden {
            intake.spool.hide_stage(false)?;
        }
        (done.begun, done.barrier, done.commit) = (Some(begun), durable - before, durable.elapsed());
        intake.spool.remember(&self.ledger.end())?;
        crash::point("remembered");
        self.published.clear();
        add(self.tally, &done.tally);
        Ok((answer, done))
    }

    /// Makes staged files visible. A name that is taken waits, and holds up nobody else.
    pub fn publish(&mut self, pending: Vec<Pending>) -> Result<(), CounterError> {
        let published = self.intake.publish(pending)?;
        self.note(published);
        Ok(())
    }

    /// Notes what was published, and what could not be: the next transaction says so.
    pub fn note(&mut self, published: Published) {
        for (Pending { id, partner, tray, name }, staged) in published {
            match staged {
                Staged::Published | Staged::Gone => {
                    if self.blocked.remove(&id) {
                        self.intake.tell(&Event::NameFree { partner, tray, name });
                    }
                    self.published.push(id);
                }
                Staged::Taken if self.blocked.insert(id) => {
                    self.intake.tell(&Event::NameTaken { partner, tray, name });
                }
                Staged::Taken => {}
            }
        }
    }
}

fn add(to: &mut Tally, more: &Tally) {
    to.flows += more.flows;
    to.pieces += more.pieces;
    to.accepted += more.accepted;
    to.refused += more.refused;
    to.duplicates += more.duplicates;
    to.held += more.held;
    to.acts += more.acts;
    to.acts_refused += more.acts_refused;
    to.delays += more.delays;
}

/// Status units by partner, in order of events.
type Statuses = BTreeMap<String, Vec<Arc<retour::StatusUnit>>>;

/// One batch on its way into the ledger.
pub(super) struct Writing<'a, 'l> {
    pub intake: &'a Intake,
    pub entry: Entry<'l>,
    pub staging: Staging,
    pub now: Instant,
    pub done: Consequences,
    statuses: Statuses,
    /// The archive that was opened last to hand pièces of it on.
    pub opened: Option<Opened>,
    /// Members of the deposit at hand that lie beside its copy no more: they went out.
    moved: HashSet<usize>,
}

impl Writing<'_, '_> {
    /// Decides one deposit and records it, with everything that will go out because of it.
    fn deposit(&mut self, mut taken: Taken) -> Result<(), CounterError> {
        let Taken { claim, sha256, flow } = &taken;
        let closed = decision::closed(&claim.partner, sha256.as_ref(), flow, &self.entry)?;
        let mut documents = std::mem::take(&mut taken.flow.documents);
        if closed.as_ref().is_none_or(|c| c.outcome != Outcome::Duplicate) {
            let found = self.name(&taken, &documents)?;
            taken.flow.findings.extend(found);
        }
        let refused = taken.flow.findings.iter().any(Finding::is_error);
        let Closed { outcome, first, finding } = match closed {
            Some(closed) => {
                documents.clear();
                closed
            }
            None => {
                let accepted = self.documents(&taken, &mut documents, refused)?;
                let outcome = decision::outcome(accepted, documents.iter().map(Document::units).sum());
                Closed { outcome, first: None, finding: None }
            }
        };
        if let Some(finding) = finding {
            taken.flow.findings = vec![finding];
        }
        let answer = Answer { outcome, first, documents, refused };
        self.flow(&taken, &answer)?;
        self.report(&taken, &answer)?;
        self.count(&taken, &answer);
        self.intake.beat();
        taken.claim.forget(&std::mem::take(&mut self.moved));
        let filed = taken.claim.filed(&self.below(outcome));
        let copied = taken.sha256.is_some();
        self.done.filed.push(Filing { claim: taken.claim, filed, copied });
        Ok(())
    }

    /// What is wrong with the name of a deposit, of a partner whose names are judged.
    fn name(&self, taken: &Taken, documents: &[Document]) -> Result<Vec<Finding>, CounterError> {
        let (Taken { claim, flow, .. }, name) = (taken, taken.claim.name.as_bytes());
        let Some(partner) = self.intake.annuaire.partner(&claim.partner) else { return Ok(Vec::new()) };
        if !names::is_strict(claim.mode, partner) {
            return Ok(Vec::new());
        }
        let mut syntaxes: Vec<&str> = documents.iter().map(|d| d.judged.syntax).collect();
        if syntaxes.is_empty() {
            syntaxes.push(flow.syntax);
        }
        let archive = documents.len() > 1 || documents.iter().any(|d| d.member.is_some());
        let content = Content { syntaxes, archive };
        let mut found = names::judge(name, claim.mode, partner, &self.intake.config.interfaces, &content);
        // A sequence is taken by a name that is one.
        if !found.iter().any(names::is_malformed)
            && let Some(earlier) = self.entry.named(&claim.partner, name)?
        {
            found.push(names::used(name, &earlier));
        }
        Ok(found)
    }

    /// Decides and records the documents of a deposit, those that cite others of it after them; how many pièces are
    /// accepted and acts done.
    fn documents(&mut self, taken: &Taken, documents: &mut [Document], refused: bool) -> Result<usize, CounterError> {
        let (intake, now) = (self.intake, self.now);
        let partner = taken.claim.partner.clone();
        let acts_for = |structure: &str| intake.annuaire.acts_for(&partner, structure);
        let delays = &intake.config.delays;
        let mut accepted = 0;
        // A form and an act may still ask for a member that was staged.
        let once = documents.iter().all(|d| d.form.is_none() && d.judged.fate != Fate::Acts);
        for n in order::of_documents(documents) {
            let Document { member, form, judged } = &mut documents[n];
            if judged.fate == Fate::Acts && !refused {
                accepted += self.acts(&taken.claim, judged)?;
                continue;
            }
            let id = taken.claim.id.piece(n + 1);
            let entry = member.as_ref().map(|m| m.entry);
            let again = |earlier: &Facts| intake.judge_again(&taken.claim, entry, form.as_ref(), earlier);
            let around = Around { partner: &partner, acts_for: &acts_for, now, delays, again: &again };
            let decision = decision::decide(id, judged, refused, &around, &self.entry)?;
            if let Some(piece) = &decision.piece {
                accepted += usize::from(piece.live);
                self.piece(taken, member.as_ref(), judged, &decision, piece, once)?;
                if let Some(form) = form.as_ref().filter(|_| piece.live) {
                    self.came_along(&taken.claim, form, piece)?;
                }
            }
        }
        Ok(accepted)
    }

    /// Where the file of a deposit goes.
    fn below(&self, outcome: Outcome) -> String {
        match outcome {
            Outcome::Held => "hold".to_owned(),
            _ => format!("archive/{}", self.now.day_path()),
        }
    }

    /// Records a flow.
    fn flow(&mut self, taken: &Taken, answer: &Answer) -> Result<(), CounterError> {
        let (claim, flow) = (&taken.claim, &taken.flow);
        self.entry.flow(&NewFlow {
            id: claim.id.as_str(),
            mode: claim.mode.name(),
            partner: &claim.partner,
            name: claim.name.as_bytes(),
            size: claim.size,
            sha256: taken.sha256,
            syntax: flow.syntax,
            outcome: answer.outcome.name(),
            first: answer.first.as_deref(),
            decided_at: self.now,
            filed: &claim.filed(&self.below(answer.outcome)),
            findings: &findings_json(&flow.findings, &answer.documents),
            rules: rules::VERSION,
        })?;
        Ok(())
    }

    /// Records a pièce and its events, stages its bytes for those who receive it, and notes who is told; then the same
    /// of the pièces that it takes. `once`: nobody else asks for its bytes in this batch.
    fn piece(
        &mut self,
        taken: &Taken,
        member: Option<&Member>,
        judged: &Judged,
        decision: &Decision,
        piece: &Decided,
        once: bool,
    ) -> Result<(), CounterError> {
        let (claim, facts) = (&taken.claim, &judged.facts);
        let last = piece.events.last().expect("a pièce has events").status;
        let replaces = |status| status == Statut::RemplaceeParA22;
        let links: Vec<_> = decision.taken.iter().map(|t| (t.id.clone(), replaces(t.event.status))).collect();
        let covered = self.entry.piece(&NewPiece {
            id: &piece.id,
            flow: claim.id.as_str(),
            member,
            facts,
            mode: claim.mode.name(),
            partner: &claim.partner,
            deposited_at: self.now,
            holder: piece.holder.as_ref().map(|(role, who)| (role.name(), who.as_str())),
            live: piece.live,
            status: last.code(),
            dossier: &piece.dossier,
            links: &links,
        })?;
        let routing = serde_json::to_string(&decision::initial(facts)).expect("data are plain");
        for (n, happening) in (1..).zip(&piece.events) {
            let event = NewEvent::of(&piece.id, n, happening.status.code(), self.now);
            let (by, facts_hash) = (happening.by.as_deref(), (n == 1).then_some(covered));
            let changes = (n == 1).then_some(&*routing);
            self.entry.event(&NewEvent { by, facts: facts_hash, changes, ..event })?;
            self.tell(facts, happening, &claim.partner);
        }
        for earlier in &decision.taken {
            let Happening { status, by, .. } = &earlier.event;
            self.entry.moves(&Move { by: by.as_deref(), ..Move::of(&earlier.id, *status, self.now) })?;
            self.tell(&earlier.facts, &earlier.event, &claim.partner);
        }
        let (partners, entry) = (self.partners_of(&piece.readers), member.map(|m| m.entry));
        let moves = entry.is_some() && once && judged.attachments == 0;
        for (n, partner) in (1..).zip(&partners) {
            let sequence = self.entry.sequence(partner)?;
            let name = retour::piece_name(sequence, &piece.id, judged.extension());
            let is_last = moves && n == partners.len();
            self.staging.stage_own(partner, &name, claim.own(entry), is_last);
            self.moved.extend(entry.filter(|_| is_last));
            let sha256 = member.map_or(taken.sha256, |m| Some(m.sha256)).expect("a pièce was read, and hashed");
            let of = Of { flow: Some(claim.id.as_str()), piece: Some(&piece.id), part: None };
            self.outbound(of, partner, Tray::Pieces, sequence, &name, sha256, None)?;
        }
        if judged.attachments > 0 && !partners.is_empty() {
            self.attachments(claim, entry, &piece.id, &partners)?;
        }
        Ok(())
    }

    /// Stages the files that came with a deposit form beside its pièce, under names of their own.
    fn came_along(&mut self, claim: &Claim, form: &Form, piece: &Decided) -> Result<(), CounterError> {
        let partners = self.partners_of(&piece.readers);
        for file in &form.attachments {
            let part = format!("entry {}", file.entry);
            for partner in &partners {
                let sequence = self.entry.sequence(partner)?;
                let name = retour::attachment_name(sequence, &piece.id, &file.name);
                self.staging.stage_own(partner, &name, claim.own(Some(file.entry)), false);
                let of = Of { flow: Some(claim.id.as_str()), piece: Some(&piece.id), part: Some(&part) };
                self.outbound(of, partner, Tray::Pieces, sequence, &name, file.sha256, None)?;
            }
        }
        Ok(())
    }

    /// Stages the files that a pièce embeds, each beside it.
    fn attachments(
        &mut self,
        claim: &Claim,
        entry: Option<usize>,
        piece: &str,
        partners: &[String],
    ) -> Result<(), CounterError> {
        let document = self.intake.spool.read_own(claim, entry)?;
        attached::each(document, |n, name, bytes| {
            let (sha256, part) = (Sha256::digest(&bytes).into(), format!("embedded {n}"));
            for partner in partners {
                let sequence = self.entry.sequence(partner)?;
                let name = retour::attachment_name(sequence, piece, name);
                self.staging.stage(partner, &name, bytes.clone());
                let of = Of { flow: Some(claim.id.as_str()), piece: Some(piece), part: Some(&part) };
                self.outbound(of, partner, Tray::Pieces, sequence, &name, sha256, None)?;
            }
            Ok(())
        })
    }

    /// Notes an event for every partner that is told of it.
    pub fn tell(&mut self, facts: &Facts, happening: &Happening, depositing: &str) {
        let Happening { by, motif, comment, .. } = happening;
        let motif = motif.map(Motif::word);
        let cause = retour::Cause { by: by.as_deref(), motif, comment: comment.as_deref() };
        let unit = retour::StatusUnit::new(facts, happening.status, self.now, &cause, &self.intake.config.platform);
        if let Some(unit) = unit.map(Arc::new) {
            for partner in self.partners_told(&happening.told, depositing) {
                self.statuses.entry(partner).or_default().push(unit.clone());
            }
        }
    }

    /// Renders and stages the integration report of a flow.
    fn report(&mut self, taken: &Taken, answer: &Answer) -> Result<(), CounterError> {
        let (claim, config) = (&taken.claim, &self.intake.config);
        let partner = self.intake.annuaire.partner(&claim.partner);
        let naming = partner.map(|p| p.naming).unwrap_or_default();
        let sequence = self.entry.sequence(&claim.partner)?;
        let syntax = taken.flow.syntax;
        let interface = retour::report_interface(&config.interfaces, naming, claim.name.as_bytes(), syntax);
        let name = retour::flow_name(&interface, &config.platform.app_code, sequence);
        let to = Addressee::new(&claim.partner, partner);
        let envelope = Envelope { name: &name, at: self.now, from: &config.platform, to };
        let ids: Vec<String> = (1..=answer.documents.len()).map(|n| claim.id.piece(n)).collect();
        let documents: Vec<Reported<'_>> =
            answer.documents.iter().zip(&ids).flat_map(|(d, id)| reported(d, id, answer.accepts(d))).collect();
        let report = Report {
            flow: claim.id.as_str(),
            file: &claim.name.to_string_lossy(),
            outcome: answer.outcome,
            first: answer.first.as_deref(),
            findings: &taken.flow.findings,
            documents: &documents,
        };
        let bytes = retour::report(&envelope, &report);
        let sha256 = Sha256::digest(&bytes).into();
        let of = Of { flow: Some(claim.id.as_str()), ..Of::default() };
        self.outbound(of, &claim.partner, Tray::ComptesRendus, sequence, &name, sha256, Some(&bytes))?;
        self.staging.stage(&claim.partner, &name, bytes);
        Ok(())
    }

    /// Renders and stages one life-cycle flow a partner, with everything that it is told of this batch.
    fn status_flows(&mut self) -> Result<(), CounterError> {
        for (partner, units) in std::mem::take(&mut self.statuses) {
            let config = &self.intake.config;
            let sequence = self.entry.sequence(&partner)?;
            let name = retour::flow_name(&config.interfaces.statuts, &config.platform.app_code, sequence);
            let to = Addressee::new(&partner, self.intake.annuaire.partner(&partner));
            let envelope = Envelope { name: &name, at: self.now, from: &config.platform, to };
            let bytes = retour::statuses(&envelope, &units);
            let sha256 = Sha256::digest(&bytes).into();
            self.outbound(Of::default(), &partner, Tray::Statuts, sequence, &name, sha256, Some(&bytes))?;
            self.staging.stage(&partner, &name, bytes);
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // one row of the outbox
    pub fn outbound(
        &mut self,
        of: Of<'_>,
        partner: &str,
        tray: Tray,
        sequence: i64,
        name: &str,
        sha256: Hash,
        bytes: Option<&[u8]>,
    ) -> Result<(), CounterError> {
        let (tray, renderer, at) = (tray.name(), retour::RENDERER, self.now);
        let Of { flow, piece, part } = of;
        let row = Outbound { flow, piece, partner, tray, sequence, name, sha256, bytes, renderer, at, part };
        self.done.pending.push(self.entry.outbound(&row)?);
        Ok(())
    }

    /// The partners that are told of an event, each once, in order of their names.
    fn partners_told(&self, told: &Told, depositing: &str) -> Vec<String> {
        match told {
            Told::Nobody => Vec::new(),
            Told::Depositing => vec![depositing.to_owned()],
            Told::PartnersOf(structures) => self.partners_of(structures),
        }
    }

    pub fn partners_of(&self, structures: &[String]) -> Vec<String> {
        let annuaire = &self.intake.annuaire;
        let partners = structures.iter().flat_map(|s| annuaire.partners_of(s)).map(|p| p.name.clone());
        partners.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    fn count(&mut self, taken: &Taken, answer: &Answer) {
        let tally = &mut self.done.tally;
        tally.flows += 1;
        let accepted = answer.documents.iter().filter(|d| answer.accepts(d)).count() as u64;
        tally.pieces += answer.documents.iter().filter(|d| d.judged.fate == Fate::Piece).count() as u64;
        tally.accepted += accepted;
        let acts = || answer.documents.iter().flat_map(|d| &d.judged.acts);
        let done = acts().filter(|unit| unit.done.is_some()).count() as u64;
        tally.acts += done;
        tally.acts_refused += acts().count() as u64 - done;
        match answer.outcome {
            Outcome::Accepted | Outcome::Partial | Outcome::Refused => {
                // A flow in which nothing could be read counts as one.
                let documents = answer.documents.iter().filter(|d| d.judged.fate != Fate::Acts).count() as u64;
                tally.refused += documents.max(u64::from(answer.documents.is_empty())) - accepted;
            }
            Outcome::Held => tally.held += 1,
            Outcome::Duplicate => tally.duplicates += 1,
        }
        let mut rules: Vec<&str> =
            all_findings(&taken.flow.findings, &answer.documents).filter(|f| f.is_error()).map(|f| f.rule).collect();
        rules.dedup();
        self.done.events.push(Event::Flow {
            flow: taken.claim.id.to_string(),
            partner: taken.claim.partner.to_string(),
            name: taken.claim.shown_name(),
            size: taken.claim.size,
            outcome: answer.outcome.name(),
            rules,
        });
    }
}

/// What an outbound file is of: the flow that it answers or comes from, the pièce, and which part of that.
#[derive(Clone, Copy, Default)]
pub(super) struct Of<'a> {
    pub flow: Option<&'a str>,
    pub piece: Option<&'a str>,
    pub part: Option<&'a str>,
}

/// What became of a deposit, and of its documents.
struct Answer {
    outcome: Outcome,
    first: Option<String>,
    documents: Vec<Document>,
    /// Whether the flow as a whole is refused, whatever its documents are.
    refused: bool,
}

impl Answer {
    fn accepts(&self, document: &Document) -> bool {
        !self.refused && document.accepted()
    }
}

/// What became of a document: of its pièce, or of each of its acts.
fn reported<'a>(document: &'a Document, id: &'a str, accepted: bool) -> Vec<Reported<'a>> {
    let Document { member, judged, .. } = document;
    let member = member.as_ref().map(|m| m.name.as_str());
    if judged.fate == Fate::Acts {
        let of_act = |unit: &'a Unit| Reported {
            member,
            embedded: None,
            act: Some(unit.asked.as_ref().map_or_else(|| "–".to_owned(), Asked::shown)),
            piece: unit.done.as_ref().map(|done| done.piece.as_str()),
            number: unit.asked.as_ref().and_then(|asked| asked.piece.number()),
            accepted: unit.done.is_some(),
            findings: &judged.findings[unit.findings.clone()],
        };
        return judged.acts.iter().map(of_act).collect();
    }
    vec![Reported {
        member,
        embedded: judged.embedded.as_deref(),
        act: None,
        piece: (judged.fate == Fate::Piece).then_some(id),
        number: judged.facts.number.as_deref(),
        accepted,
        findings: &judged.findings,
    }]
}

fn all_findings<'a>(flow: &'a [Finding], documents: &'a [Document]) -> impl Iterator<Item = &'a Finding> {
    flow.iter().chain(documents.iter().flat_map(|d| &d.judged.findings))
}

/// A finding as the ledger keeps it: both languages, nothing cut, and of an archive or a PDF what in it it is about.
#[derive(serde::Serialize)]
struct Kept<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    #[serde(flatten)]
    finding: &'a Finding,
}

fn findings_json(flow: &[Finding], documents: &[Document]) -> String {
    let of_flow = flow.iter().map(|finding| Kept { member: None, finding });
    let of_documents = documents.iter().flat_map(|d| {
        let member = d.inside();
        d.judged.findings.iter().map(move |finding| Kept { member: member.clone(), finding })
    });
    let kept: Vec<Kept<'_>> = of_flow.chain(of_documents).collect();
    serde_json::to_string(&kept).expect("findings are plain data")
}
