//! The single writer: what was judged is decided, staged, made durable, committed, published and filed.

use super::intake::{Intake, Taken};
use super::{CounterError, Tally};
use crate::clock::Instant;
use crate::decision::{Decided, Decision, Outcome, Told, decide};
use crate::event::Event;
use crate::ledger::{Entry, Hash, Ledger, NewEvent, NewFlow, NewPiece, Outbound, Pending};
use crate::retour::{self, Addressee, Envelope, Report};
use crate::rules::{self, Finding};
use crate::spool::{Claim, Staged, Tray};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

/// The single writer at work.
pub(super) struct Desk<'a> {
    pub ledger: &'a mut Ledger,
    pub published: &'a mut Vec<i64>,
    pub blocked: &'a mut HashSet<i64>,
    pub latest: &'a mut Instant,
    pub tally: &'a mut Tally,
    pub intake: &'a Intake,
}

/// What a batch will publish and file once it is committed.
#[derive(Default)]
struct Consequences {
    pending: Vec<Pending>,
    filed: Vec<(Claim, String, bool)>,
    events: Vec<Event>,
    tally: Tally,
}

impl Desk<'_> {
    /// One group commit. Nothing is visible to anyone before the commit, and everything is durable before it.
    pub fn batch(&mut self, taken: Vec<Taken>) -> Result<(), CounterError> {
        if taken.is_empty() {
            return Ok(());
        }
        let now = self.intake.clock.now().max(*self.latest);
        *self.latest = now;
        let done = self.commit(taken, now)?;
        self.published.clear();
        self.publish(done.pending)?;
        for (claim, filed, copied) in done.filed {
            self.intake.spool.file_away(&claim, &filed, copied)?;
        }
        add(self.tally, &done.tally);
        for event in &done.events {
            self.intake.tell(event);
        }
        Ok(())
    }

    /// Records a batch and stages what goes out; the barrier stands between the last write and the commit.
    fn commit(&mut self, taken: Vec<Taken>, now: Instant) -> Result<Consequences, CounterError> {
        let mut entry = self.ledger.begin()?;
        entry.published(self.published)?;
        let (done, statuses) = (Consequences::default(), Statuses::new());
        let mut writing = Writing { intake: self.intake, entry, now, done, statuses };
        for t in taken {
            writing.deposit(t)?;
        }
        writing.status_flows()?;
        self.intake.spool.barrier()?;
        writing.entry.commit()?;
        Ok(writing.done)
    }

    /// Makes staged files visible. A name that is taken waits, and holds up nobody else.
    pub fn publish(&mut self, pending: Vec<Pending>) -> Result<(), CounterError> {
        let files = pending.iter().map(|p| {
            let tray = Tray::of_name(&p.tray).expect("the schema allows the three trays only");
            (p.partner.as_str(), tray, p.name.as_str())
        });
        let (published, blocked, intake) = (&mut *self.published, &mut *self.blocked, self.intake);
        intake.spool.publish(files, &mut |i, staged| match staged {
            Staged::Published | Staged::Gone => {
                blocked.remove(&pending[i].id);
                published.push(pending[i].id);
            }
            Staged::Taken if blocked.insert(pending[i].id) => {
                let Pending { partner, tray, name, .. } = pending[i].clone();
                intake.tell(&Event::NameTaken { partner, tray, name });
            }
            Staged::Taken => {}
        })?;
        Ok(())
    }
}

fn add(to: &mut Tally, more: &Tally) {
    to.flows += more.flows;
    to.pieces += more.pieces;
    to.accepted += more.accepted;
    to.refused += more.refused;
    to.duplicates += more.duplicates;
    to.held += more.held;
}

/// Status units by partner, in order of events.
type Statuses = BTreeMap<String, Vec<Arc<retour::StatusUnit>>>;

/// One batch on its way into the ledger.
struct Writing<'a, 'l> {
    intake: &'a Intake,
    entry: Entry<'l>,
    now: Instant,
    done: Consequences,
    statuses: Statuses,
}

impl Writing<'_, '_> {
    /// Decides one deposit and records it, with everything that will go out because of it.
    fn deposit(&mut self, mut taken: Taken) -> Result<(), CounterError> {
        let Taken { claim, sha256, judged } = &mut taken;
        let decision = decide(&claim.id, &claim.partner, sha256.as_ref(), judged, &self.entry)?;
        let below = match decision.outcome {
            Outcome::Held => "hold".to_owned(),
            _ => format!("archive/{}", self.now.day_path()),
        };
        let filed = claim.filed(&below);
        self.entry.flow(&NewFlow {
            id: claim.id.as_str(),
            mode: claim.mode.name(),
            partner: &claim.partner,
            name: claim.name.as_bytes(),
            size: claim.size,
            sha256: *sha256,
            syntax: judged.syntax,
            outcome: decision.outcome.name(),
            first: decision.first.as_deref(),
            decided_at: self.now,
            filed: &filed,
            findings: &findings_json(&decision.findings),
            rules: rules::VERSION,
        })?;
        self.report(&taken, &decision)?;
        if let Some(piece) = &decision.piece {
            self.piece(&taken, piece)?;
        }
        self.count(&taken, &decision);
        let copied = taken.sha256.is_some();
        self.done.filed.push((taken.claim, filed, copied));
        Ok(())
    }

    /// Records a pièce and its events, stages its bytes for those who receive it, and notes who is told.
    fn piece(&mut self, taken: &Taken, piece: &Decided) -> Result<(), CounterError> {
        let (claim, facts) = (&taken.claim, &taken.judged.facts);
        let last = piece.events.last().expect("a pièce has events").status;
        let covered = self.entry.piece(&NewPiece {
            id: &piece.id,
            flow: claim.id.as_str(),
            facts,
            mode: claim.mode.name(),
            partner: &claim.partner,
            deposited_at: self.now,
            holder: piece.holder.as_ref().map(|(role, who)| (role.name(), who.as_str())),
            live: piece.live,
            status: last.code(),
        })?;
        for (n, happening) in (1..).zip(&piece.events) {
            self.entry.event(&NewEvent {
                subject: &piece.id,
                n,
                status: happening.status.code(),
                at: self.now,
                by: happening.by.as_deref(),
                motif: None,
                comment: None,
                facts: (n == 1).then_some(covered),
            })?;
            let cause = retour::Cause { by: happening.by.as_deref(), ..retour::Cause::default() };
            let from = &self.intake.config.platform;
            let unit = retour::StatusUnit::new(facts, happening.status, self.now, &cause, from);
            if let Some(unit) = unit.map(Arc::new) {
                for partner in self.partners_told(&happening.told, &claim.partner) {
                    self.statuses.entry(partner).or_default().push(unit.clone());
                }
            }
        }
        let readers = self.partners_of(&piece.readers);
        for partner in readers {
            let sequence = self.entry.sequence(&partner)?;
            let name = retour::piece_name(sequence, &piece.id, "xml");
            self.intake.spool.stage_piece(&partner, &name, claim)?;
            let sha256 = taken.sha256.expect("a pièce was read, and hashed");
            self.outbound(
                Some(claim.id.as_str()),
                Some(&piece.id),
                &partner,
                Tray::Pieces,
                sequence,
                &name,
                sha256,
                None,
            )?;
        }
        Ok(())
    }

    /// Renders and stages the integration report of a flow.
    fn report(&mut self, taken: &Taken, decision: &Decision) -> Result<(), CounterError> {
        let (claim, config) = (&taken.claim, &self.intake.config);
        let partner = self.intake.annuaire.partner(&claim.partner);
        let naming = partner.map(|p| p.naming).unwrap_or_default();
        let sequence = self.entry.sequence(&claim.partner)?;
        let syntax = taken.judged.syntax;
        let interface = retour::report_interface(&config.interfaces, naming, claim.name.as_bytes(), syntax);
        let name = retour::flow_name(&interface, &config.platform.app_code, sequence);
        let to = Addressee::new(&claim.partner, partner);
        let envelope = Envelope { name: &name, at: self.now, from: &config.platform, to };
        let report = Report {
            flow: claim.id.as_str(),
            file: &claim.name.to_string_lossy(),
            outcome: decision.outcome,
            first: decision.first.as_deref(),
            piece: decision.piece.as_ref().map(|p| p.id.as_str()),
            number: taken.judged.facts.number.as_deref(),
            findings: &decision.findings,
        };
        let bytes = retour::report(&envelope, &report);
        self.intake.spool.stage(&claim.partner, &name, &bytes)?;
        let sha256 = Sha256::digest(&bytes).into();
        let flow = Some(claim.id.as_str());
        self.outbound(flow, None, &claim.partner, Tray::ComptesRendus, sequence, &name, sha256, Some(&bytes))
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
            self.intake.spool.stage(&partner, &name, &bytes)?;
            let sha256 = Sha256::digest(&bytes).into();
            self.outbound(None, None, &partner, Tray::Statuts, sequence, &name, sha256, Some(&bytes))?;
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // one row of the outbox
    fn outbound(
        &mut self,
        flow: Option<&str>,
        piece: Option<&str>,
        partner: &str,
        tray: Tray,
        sequence: i64,
        name: &str,
        sha256: Hash,
        bytes: Option<&[u8]>,
    ) -> Result<(), CounterError> {
        let (tray, renderer, at) = (tray.name(), retour::RENDERER, self.now);
        let row = Outbound { flow, piece, partner, tray, sequence, name, sha256, bytes, renderer, at };
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

    fn partners_of(&self, structures: &[String]) -> Vec<String> {
        let annuaire = &self.intake.annuaire;
        let partners = structures.iter().flat_map(|s| annuaire.partners_of(s)).map(|p| p.name.clone());
        partners.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    fn count(&mut self, taken: &Taken, decision: &Decision) {
        let tally = &mut self.done.tally;
        tally.flows += 1;
        tally.pieces += u64::from(decision.piece.is_some());
        match decision.outcome {
            Outcome::Accepted => tally.accepted += 1,
            Outcome::Refused => tally.refused += 1,
            Outcome::Held => tally.held += 1,
            Outcome::Duplicate => tally.duplicates += 1,
        }
        self.done.events.push(Event::Flow {
            flow: taken.claim.id.to_string(),
            partner: taken.claim.partner.to_string(),
            name: taken.claim.shown_name(),
            outcome: decision.outcome.name(),
            rules: decision.findings.iter().filter(|f| f.is_error()).map(|f| f.rule).collect(),
        });
    }
}

/// Findings as the ledger keeps them: both languages, nothing cut.
fn findings_json(findings: &[Finding]) -> String {
    if findings.is_empty() {
        "[]".to_owned()
    } else {
        serde_json::to_string(findings).expect("findings are plain data")
    }
}
