//! What a person asks of the counter: the same code whether the daemon or the command itself does it.

use super::{Counter, CounterError};
use crate::asked::{Asked, Attached, What, Which};
use crate::clock::Instant;
use crate::decision::act::Asking;
use crate::error::reason;
use crate::event::Event;
use crate::ledger::{Held, Report};
use crate::msg;
use crate::piece::depot;
use crate::request::{Act, Answer, Deposit, Replayed, Request, Told};
use crate::rules::Finding;
use crate::spool::{FlowId, Left, Tray, crash};
use crate::text::{Msg, Shown};
use crate::trade::Mode;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

impl Counter {
    /// Carries out a request; what it changes is committed and published when this returns.
    ///
    /// # Errors
    /// What the disk or SQLite said; the process must then end, and recovery finish.
    pub fn carry_out(&mut self, request: &Request) -> Result<Answer, CounterError> {
        let answer = match request {
            Request::Replay { flow } => self.replay(flow)?,
            Request::Requeue { flow } => self.requeue(flow)?,
            Request::Annuaire => self.take_annuaire_over()?,
            Request::Act(act) => self.act(act)?,
            Request::Deposit(deposit) => self.deposit(deposit)?,
            Request::Prune { before, flows } => self.prune(Instant(*before), flows)?,
        };
        self.settle()?;
        Ok(answer)
    }

    /// Publishes the reports of a flow again: same names, same bytes. One that the partner has not taken yet is left.
    fn replay(&mut self, flow: &str) -> Result<Answer, CounterError> {
        if self.ledger.filed(flow)?.is_none() {
            return Ok(unknown(flow));
        }
        if let Some(at) = self.ledger.pruned(flow)? {
            return Ok(pruned(flow, at));
        }
        let reports = self.ledger.reports(flow)?;
        let spool = &self.intake.spool;
        let is_there = |r: &Report| spool.is_published(&r.pending.partner, Tray::ComptesRendus, &r.pending.name);
        let (there, gone): (Vec<Report>, Vec<Report>) = reports.into_iter().partition(is_there);
        let told = |r: &Report, published| {
            let (partner, name) = (r.pending.partner.clone(), r.pending.name.clone());
            Replayed { partner, name, published }
        };
        let all = there.iter().map(|r| told(r, false)).chain(gone.iter().map(|r| told(r, true))).collect();
        let mut entry = self.ledger.begin()?;
        for report in &gone {
            entry.unpublished(report.pending.id)?;
            spool.stage(&report.pending.partner, &report.pending.name, &report.bytes)?;
        }
        spool.barrier()?;
        entry.commit()?;
        self.tell(&Event::Replayed { flow: flow.to_owned(), reports: gone.len() });
        self.desk().publish(gone.into_iter().map(|r| r.pending).collect())?;
        Ok(Answer::Replayed(all))
    }

    /// Brings a held flow back to work, as a new flow. The ledger says so first: a crash in between is finished by
    /// recovery.
    fn requeue(&mut self, flow: &str) -> Result<Answer, CounterError> {
        let Some(held) = self.ledger.held(flow)? else {
            return Ok(match (self.ledger.filed(flow)?, self.ledger.pruned(flow)?) {
                (None, _) => unknown(flow),
                (_, Some(at)) => pruned(flow, at),
                _ => no_longer_held(flow),
            });
        };
        if !self.intake.spool.is_held_file(&held.filed) {
            return Ok(gone(&held.filed));
        }
        if self.waits_for_others(&held) {
            return Ok(being_written(flow));
        }
        let now = self.intake.clock.now().max(self.latest);
        let id = self.intake.ids.next(now);
        let mut entry = self.ledger.begin()?;
        entry.requeued(flow, id.as_str(), now)?;
        entry.commit()?;
        self.remember()?;
        let left = self.unhold(&held, id)?;
        // What began to be written since goes with it when it is whole.
        let Some(taken) = self.intake.take_left(left)? else { return Ok(being_written(flow)) };
        let id = taken.claim.id.to_string();
        self.decide_all(vec![taken])?;
        let outcome = self.ledger.outcome(&id)?.unwrap_or_default();
        self.tell(&Event::Requeued { flow: flow.to_owned(), new: id.clone(), outcome: outcome.clone() });
        Ok(Answer::Requeued { flow: id, outcome })
    }

    /// Whether a held file is a form of which a file is still being written.
    fn waits_for_others(&self, held: &Held) -> bool {
        let name = String::from_utf8_lossy(&held.name);
        if !depot::is_called(&name) {
            return false;
        }
        let (spool, mode) = (&self.intake.spool, held.mode.parse().expect("the schema allows the three modes only"));
        let form = spool.read_held(&held.filed, depot::LONGEST as u64);
        form.is_ok_and(|form| self.intake.waits_for_others(mode, &held.partner, &name, &form))
    }

    fn unhold(&self, held: &Held, id: FlowId) -> Result<Left, CounterError> {
        let mode = held.mode.parse().expect("the schema allows the three modes only");
        let name = OsString::from_vec(held.name.clone());
        self.intake.spool.make_work_dirs(&held.partner)?;
        let claim = self.intake.spool.unhold(&held.filed, id, mode, &held.partner, name)?;
        crash::point("out of hold");
        Ok(Left { claim, original: true, copy: false })
    }

    /// Requeued flows whose file is still in hold: an earlier run was cut short between the two.
    pub(super) fn finish_requeues(&mut self) -> Result<(), CounterError> {
        for (held, new) in self.ledger.requeues_under_way()? {
            // One that must wait is finished at another start.
            if self.intake.spool.is_held_file(&held.filed) && !self.waits_for_others(&held) {
                let Some(id) = FlowId::parse(&new) else { continue }; // `verify` tells of it
                self.unhold(&held, id)?;
            }
        }
        Ok(())
    }

    /// Does an act that a person asks for. Whoever may ask this may act for every structure.
    fn act(&mut self, act: &Act) -> Result<Answer, CounterError> {
        if self.is_disk_full()? {
            return Ok(disk_full());
        }
        let asked = match asked(act, self.intake.config.limits.attachments) {
            Ok(asked) => asked,
            Err(answer) => return Ok(*answer),
        };
        let done = self.desk().group_commit(|writing| {
            let (annuaire, limits) = (&writing.intake.annuaire, &writing.intake.config.limits);
            writing.act(&asked, &Asking { partner: None, annuaire, limits }, None)
        })?;
        Ok(match done {
            Ok(done) => {
                let (status, by) = (done.status.code().to_owned(), Shown(&act.by).to_string());
                self.tell(&Event::Acted { piece: done.piece, by, status: status.clone() });
                Answer::Acted { status }
            }
            Err(findings) => Answer::Refused { findings: findings.into_iter().map(Told::from).collect() },
        })
    }

    /// Takes a deposit in that a person hands in for a partner, as one that was dropped in the portal.
    fn deposit(&mut self, deposit: &Deposit) -> Result<Answer, CounterError> {
        if self.is_disk_full()? {
            return Ok(disk_full());
        }
        let partner = self.intake.annuaire.partner(&deposit.partner);
        if !partner.is_some_and(|partner| partner.modes.contains(&Mode::Portail)) {
            return Ok(no_portal(&deposit.partner));
        }
        let limits = &self.intake.config.limits;
        let most = limits.flow.min(limits.document().saturating_add(limits.attachments).saturating_add(ROOM));
        let shown = Shown(&deposit.file.to_string_lossy()).to_string();
        let bytes = match read_up_to(&deposit.file, most) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(too_large(&shown, most)),
            Err(e) => return Ok(cannot_read(&shown, &e)),
        };
        let id = self.intake.ids.next(self.intake.clock.now().max(self.latest));
        self.intake.spool.make_work_dirs(&deposit.partner)?;
        let name = OsString::from(&deposit.name);
        let claim = self.intake.spool.bring(id, Mode::Portail, &deposit.partner, name, &bytes[..])?;
        let taken = self.intake.take_left(Left { claim, original: true, copy: false })?;
        // What is handed in is an archive, or else its form names files that come to the portal: as if it was dropped.
        let Some(taken) = taken else { return Ok(being_written(&deposit.name)) };
        let flow = taken.claim.id.to_string();
        self.decide_all(vec![taken])?;
        let outcome = self.ledger.outcome(&flow)?.unwrap_or_default();
        Ok(Answer::Deposited { flow, outcome })
    }

    fn take_annuaire_over(&mut self) -> Result<Answer, CounterError> {
        match crate::annuaire::Annuaire::load(&self.intake.config.annuaire) {
            Ok(loaded) => {
                self.reload(std::sync::Arc::new(loaded.annuaire))?;
                Ok(Answer::Loaded)
            }
            Err(problems) => Ok(Answer::No {
                message: problems.first().map(|p| p.message.clone()).unwrap_or_default(),
                help: msg!("`guichet annuaire check` dit tout", "`guichet annuaire check` says everything"),
            }),
        }
    }
}

/// The act as the decision takes it; its attachments are read now, `most` bytes of them at most.
fn asked(act: &Act, most: u64) -> Result<Asked, Box<Answer>> {
    let no = |message, help| Box::new(Answer::No { message, help });
    let unknown = |word: &str| {
        let word = Shown(word);
        no(
            msg!("« {word} » n'est pas un mot que ce guichet connaît", "\"{word}\" is no word that this guichet knows"),
            msg!("le guichet au travail est d'une autre version ?", "is the guichet at work another version?"),
        )
    };
    let what = What::Act(act.act.parse().map_err(|_| unknown(&act.act))?);
    let mut set = Vec::new();
    for (key, value) in &act.set {
        set.push((key.parse().map_err(|_| unknown(key))?, value.clone()));
    }
    let (mut attached, mut left) = (Vec::new(), most);
    for path in &act.attach {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let shown = Shown(&path.to_string_lossy()).to_string();
        let bytes = read_up_to(path, left).map_err(|e| Box::new(cannot_read(&shown, &e)))?;
        let Some(bytes) = bytes else { return Err(Box::new(too_large(&shown, most))) };
        left -= bytes.len() as u64;
        attached.push(Attached { name, bytes });
    }
    let (piece, by) = (Which::Id(act.piece.clone()), Some(act.by.clone()));
    let (motif, comment) = (act.motif.clone(), act.comment.clone());
    Ok(Asked { piece, what, motif, comment, by, set, attached, place: None })
}

/// Bytes that an archive of a form may have beside its main file and its attachments.
const ROOM: u64 = 4 << 20;

fn disk_full() -> Answer {
    Answer::No {
        message: msg!("le disque est plein", "the disk is full"),
        help: msg!("faites de la place, puis recommencez", "make room, then try again"),
    }
}

fn cannot_read(shown: &str, error: &std::io::Error) -> Answer {
    let (why, help) = reason(error);
    let message =
        Msg::new(format!("impossible de lire {shown} : {}", why.fr), format!("cannot read {shown}: {}", why.en));
    Answer::No { message, help: help.into() }
}

fn too_large(shown: &str, most: u64) -> Answer {
    Answer::No {
        message: msg!(
            "{shown} : trop lourd, {most} octets au plus en tout",
            "{shown}: too large, {most} bytes at most in all"
        ),
        help: msg!("allégez les pièces jointes", "lighten the attachments"),
    }
}

fn no_portal(partner: &str) -> Answer {
    let partner = Shown(partner);
    Answer::No {
        message: msg!("le partenaire {partner} n'a pas le portail", "the partner {partner} has not the portal"),
        help: msg!("donnez-lui le mode portail dans partners.toml", "give it the mode portail in partners.toml"),
    }
}

/// The bytes of a plain file; none: there are more.
fn read_up_to(path: &Path, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    // A FIFO must not hold us up.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

impl From<Finding> for Told {
    fn from(finding: Finding) -> Told {
        let Finding { rule, message, found, expected, help, .. } = finding;
        Told { rule: rule.to_owned(), message, found, expected, help }
    }
}

fn unknown(flow: &str) -> Answer {
    let flow = Shown(flow);
    Answer::No {
        message: msg!("il n'y a pas de flux {flow}", "there is no flow {flow}"),
        help: msg!("`guichet flows` les liste", "`guichet flows` lists them"),
    }
}

/// Nothing is left of a flow that could be sent or judged.
fn pruned(flow: &str, at: Instant) -> Answer {
    let (flow, day) = (Shown(flow), at.day());
    Answer::No {
        message: msg!("le flux {flow} a été épuré le {day}", "the flow {flow} was pruned on {day}"),
        help: msg!(
            "ses octets et ses comptes rendus n'existent plus ; `guichet flow {flow}` dit ce qui en reste",
            "its bytes and its reports are no more; `guichet flow {flow}` says what is left of it"
        ),
    }
}

fn gone(filed: &str) -> Answer {
    let filed = Shown(filed);
    Answer::No {
        message: msg!("{filed} n'est plus là", "{filed} is not there any more"),
        help: msg!(
            "remettez le fichier à sa place ; `guichet verify` dit ce qui manque",
            "put the file back; `guichet verify` says what is missing"
        ),
    }
}

fn being_written(what: &str) -> Answer {
    let what = Shown(what);
    Answer::No {
        message: msg!(
            "{what} est un formulaire dont un fichier, dans in/, est encore en cours d'écriture",
            "{what} is a form of which a file, in in/, is still being written"
        ),
        help: msg!("recommencez quand ce fichier est entier", "try again once this file is whole"),
    }
}

fn no_longer_held(flow: &str) -> Answer {
    Answer::No {
        message: msg!("le flux {flow} n'est pas dans hold/", "the flow {flow} is not in hold/"),
        help: msg!(
            "seul un flux mis de côté se remet au travail ; `guichet flows --state held` les liste",
            "only a held flow goes back to work; `guichet flows --state held` lists them"
        ),
    }
}
