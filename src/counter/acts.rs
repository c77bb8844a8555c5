//! Acts: a pièce that is here moves on, because a flow, a command or the clock says so. The single writer's other half:
//! decided, recorded and told as deposits are, in the same batch; whoever receives the pièce then receives its bytes.

use super::CounterError;
use super::desk::{Of, Writing};
use crate::asked::{Asked, Done};
use crate::decision::act::{self, Asking, Deed, holder_after};
use crate::decision::{Happening, Taken, View};
use crate::event::Event;
use crate::flux;
use crate::flux::archive::{self, Content};
use crate::judge::{self, Judged};
use crate::ledger::{Hash, Move, Source, Supplement};
use crate::lifecycle::acts::Datum;
use crate::msg;
use crate::piece::attached;
use crate::piece::depot::ENDING;
use crate::retour;
use crate::rules::{Finding, works};
use crate::spool::{Claim, Kept, Tray};
use crate::trade::Mode;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};

/// A file of a pièce: which part of it, its name as written, its bytes.
struct Part {
    /// None: the pièce itself.
    part: Option<String>,
    name: String,
    bytes: Vec<u8>,
}

/// An archive whose pièces are handed on.
pub(super) struct Opened {
    flow: String,
    /// Its members by their entries, as far as there is room.
    members: HashMap<usize, Vec<u8>>,
    /// Whether a deposit form is among them.
    forms: bool,
}

/// Bytes of members that are kept while their archive is open.
const KEPT: usize = 64 << 20;

impl Writing<'_, '_> {
    /// Does the acts of a life-cycle flow, one after another; what is wrong with one costs the others nothing. How many
    /// are done.
    pub fn acts(&mut self, claim: &Claim, judged: &mut Judged) -> Result<usize, CounterError> {
        let (annuaire, limits) = (&self.intake.annuaire, &self.intake.config.limits);
        let asking = Asking { partner: Some(&claim.partner), annuaire, limits };
        let mut count = 0;
        for unit in &mut judged.acts {
            let Some(asked) = &unit.asked else { continue };
            match self.act(asked, &asking, Some(claim))? {
                Ok(done) => {
                    unit.done = Some(done);
                    count += 1;
                }
                Err(findings) => {
                    let start = judged.findings.len();
                    judged.findings.extend(findings);
                    unit.findings = start..judged.findings.len();
                }
            }
        }
        Ok(count)
    }

    /// Decides one act and records what it makes true; `via`: the deposit that brings it.
    pub fn act(
        &mut self,
        asked: &Asked,
        asking: &Asking<'_>,
        via: Option<&Claim>,
    ) -> Result<Result<Done, Vec<Finding>>, CounterError> {
        let deed = match act::act(asked, asking, &self.entry)? {
            Ok(deed) => deed,
            Err(findings) => return Ok(Err(findings)),
        };
        let supplements = asked.attached.iter().map(|file| {
            let sha256 = Sha256::digest(&file.bytes).into();
            Supplement { name: file.name.clone(), sha256, bytes: file.bytes.clone() }
        });
        let done = Done { piece: deed.piece.id.clone(), status: deed.status() };
        match self.record(&deed, via, &supplements.collect::<Vec<_>>())? {
            Ok(()) => Ok(Ok(done)),
            Err(finding) => Ok(Err(vec![finding.at(asked.place.clone())])),
        }
    }

    /// Does what the clock does to these pièces; gives those that cannot move on, for their bytes are not
    /// there, with why.
    pub fn silences(&mut self, pieces: &[String]) -> Result<Vec<(String, String)>, CounterError> {
        let mut stuck = Vec::new();
        for id in pieces {
            let Some(piece) = self.entry.by_id(id)? else { continue };
            let Some(deed) = act::silence(piece, &self.entry)? else { continue };
            match self.record(&deed, None, &[])? {
                Ok(()) => {
                    self.done.tally.delays += 1;
                    let status = deed.status().code().to_owned();
                    self.done.events.push(Event::Delay { piece: id.clone(), status });
                }
                Err(finding) => stuck.push((id.clone(), finding.found.unwrap_or_default())),
            }
        }
        Ok(stuck)
    }

    /// Records a deed, tells it, and gives the pièce's bytes to whoever has it now. Where they cannot be had, nothing
    /// is changed and a finding says so.
    pub fn record(
        &mut self,
        deed: &Deed,
        via: Option<&Claim>,
        supplements: &[Supplement],
    ) -> Result<Result<(), Finding>, CounterError> {
        let Deed { piece, facts, events, changes, released } = deed;
        let arrives = deed.status().is_arrival();
        let holder = holder_after(deed.status(), facts);
        let readers =
            holder.filter(|_| arrives).map(|(_, who)| self.partners_of(&[who.to_owned()])).unwrap_or_default();
        let had = self.entry.delivered(&piece.id)?;
        let parts =
            if readers.iter().any(|reader| !had.iter().any(|(partner, part)| partner == reader && part.is_none())) {
                match self.parts(&piece.id, via)? {
                    Ok(parts) => parts,
                    Err(finding) => return Ok(Err(finding)),
                }
            } else {
                Vec::new()
            };
        for (what, [_, is]) in changes {
            let what = what.parse().expect("changes are of data that have a name");
            self.entry.correct(&piece.id, what, is.as_deref())?;
        }
        if changes.contains_key(Datum::Siret.word()) {
            self.entry.rename(&piece.id, facts.destinataire_name.as_deref())?;
        }
        let json = (!changes.is_empty()).then(|| serde_json::to_string(changes).expect("changes are plain data"));
        for (n, happening) in events.iter().enumerate() {
            let first = n == 0;
            let Happening { status, by, motif, comment, .. } = happening;
            self.entry.moves(&Move {
                by: by.as_deref(),
                motif: motif.map(|m| m.word()),
                comment: comment.as_deref(),
                via: via.filter(|_| first).map(|claim| claim.id.as_str()),
                changes: json.as_deref().filter(|_| first),
                supplements: if first { supplements } else { &[] },
                holder: holder_after(*status, facts),
                ..Move::of(&piece.id, *status, self.now)
            })?;
            self.tell(facts, happening, &piece.partner);
        }
        for Taken { id, facts, event } in released {
            let Happening { status, comment, .. } = event;
            let holder = holder_after(*status, facts);
            self.entry.moves(&Move { comment: comment.as_deref(), holder, ..Move::of(id, *status, self.now) })?;
            self.tell(facts, event, &piece.partner);
        }
        let added = self.entry.supplements(&piece.id)?;
        let parts: Vec<Part> = parts.into_iter().chain(added.into_iter().map(Part::from)).collect();
        let flow = self.entry.source(&piece.id)?.flow;
        for partner in &readers {
            let lacks = |part: &&Part| !had.iter().any(|(had, which)| had == partner && *which == part.part);
            for part in parts.iter().filter(lacks) {
                self.part(partner, &piece.id, &flow, part)?;
            }
        }
        Ok(Ok(()))
    }

    /// Stages a file of a pièce for a partner.
    fn part(&mut self, partner: &str, piece: &str, flow: &str, part: &Part) -> Result<(), CounterError> {
        let sequence = self.entry.sequence(partner)?;
        let name = match &part.part {
            None => retour::piece_name(sequence, piece, &part.name),
            Some(_) => retour::attachment_name(sequence, piece, &part.name),
        };
        self.staging.stage(partner, &name, part.bytes.clone());
        let of = Of { flow: Some(flow), piece: Some(piece), part: part.part.as_deref() };
        self.outbound(of, partner, Tray::Pieces, sequence, &name, Sha256::digest(&part.bytes).into(), None)
    }

    /// The pièce as it was deposited, every file that it embeds and every one that came with its form; or what keeps us
    /// from having them.
    fn parts(&mut self, piece: &str, via: Option<&Claim>) -> Result<Result<Vec<Part>, Finding>, CounterError> {
        let source = self.entry.source(piece)?;
        let original = match via.filter(|claim| claim.id.as_str() == source.flow) {
            // It came with the acts: its file is still being worked on.
            Some(claim) => self.intake.spool.read_own(claim, source.entry).map_err(|e| e.to_string()),
            None => self.original(&source),
        };
        let bytes = match original {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Err(missing(piece, &why))),
        };
        let mut parts = Vec::new();
        let extension = flux::sniff(&bytes).extension().to_owned();
        attached::each(bytes.clone(), |n, name, bytes| {
            parts.push(Part { part: Some(format!("embedded {n}")), name: name.to_owned(), bytes });
            Ok::<(), CounterError>(())
        })?;
        parts.insert(0, Part { part: None, name: extension, bytes });
        // EDI has no forms.
        let forms = match source.entry {
            Some(_) if source.mode != Mode::Edi.name() => self.open(&source).map(|opened| opened.forms),
            _ => Ok(false),
        };
        let forms = match forms {
            Ok(forms) => forms,
            Err(why) => return Ok(Err(missing(piece, &why))),
        };
        if let Some(entry) = source.entry.filter(|_| forms) {
            match self.beside(&source, entry, via) {
                Ok(beside) => parts.extend(beside),
                Err(why) => return Ok(Err(missing(piece, &why))),
            }
        }
        Ok(Ok(parts))
    }

    /// The files that came along with the form of a pièce, if it has one.
    fn beside(&self, source: &Source, entry: usize, via: Option<&Claim>) -> Result<Vec<Part>, String> {
        let xml = self.intake.config.limits.xml();
        let found = match via.filter(|claim| claim.id.as_str() == source.flow) {
            Some(claim) => {
                let bytes = self.intake.spool.read_own(claim, None).map_err(|e| e.to_string())?;
                judge::came_along(flux::sniff(&bytes), Cursor::new(&bytes), bytes.len() as u64, entry, &xml)
            }
            None => {
                let mut file = self.open_kept(source)?;
                let told = |e: std::io::Error| e.to_string();
                let mut head = Vec::new();
                Read::by_ref(&mut file).take(512).read_to_end(&mut head).and_then(|_| file.rewind()).map_err(told)?;
                same_file(&mut file, source.sha256)?;
                let size = file.metadata().map_err(told)?.len();
                judge::came_along(flux::sniff(&head), BufReader::new(file), size, entry, &xml)
            }
        };
        let part = |(a, bytes): (judge::Attached, Vec<u8>)| Part {
            part: Some(format!("entry {}", a.entry)),
            name: a.name,
            bytes,
        };
        Ok(found.into_iter().map(part).collect())
    }

    /// The file of a deposit, where it is kept now.
    fn open_kept(&self, source: &Source) -> Result<File, String> {
        let kept = Kept {
            flow: &source.flow,
            mode: &source.mode,
            partner: &source.partner,
            filed: source.filed.as_deref().unwrap_or_default(),
        };
        self.intake.spool.open_kept(&kept).map_err(|e| e.to_string())
    }

    /// The archive of a deposit, opened once for all the pièces of it that are handed on one after another.
    fn open(&mut self, source: &Source) -> Result<&Opened, String> {
        if self.opened.as_ref().is_none_or(|opened| opened.flow != source.flow) {
            let mut file = self.open_kept(source)?;
            let told = |e: std::io::Error| e.to_string();
            let mut head = Vec::new();
            Read::by_ref(&mut file).take(512).read_to_end(&mut head).and_then(|_| file.rewind()).map_err(told)?;
            same_file(&mut file, source.sha256)?;
            let size = file.metadata().map_err(told)?.len();
            let mut opened = Opened { flow: source.flow.clone(), members: HashMap::new(), forms: false };
            let mut room = KEPT;
            let read = archive::each(flux::sniff(&head), BufReader::new(file), size, &archive::UNLIMITED, |member| {
                opened.forms |= member.name.ends_with(ENDING.as_bytes());
                if let Content::Bytes(bytes) = member.content
                    && let Some(left) = room.checked_sub(bytes.len())
                {
                    room = left;
                    opened.members.insert(member.entry, bytes);
                }
                Ok::<(), ()>(())
            });
            read.map_err(|_| "the archive has changed".to_owned())?;
            self.opened = Some(opened);
        }
        self.opened.as_ref().ok_or_else(String::new)
    }

    /// The bytes of a pièce from the file of its deposit, if they are what they were.
    fn original(&mut self, source: &Source) -> Result<Vec<u8>, String> {
        let told = |e: std::io::Error| e.to_string();
        let Some(entry) = source.entry else {
            let mut bytes = Vec::new();
            self.open_kept(source)?.read_to_end(&mut bytes).map_err(told)?;
            return same(bytes, source.sha256);
        };
        if let Some(bytes) = self.open(source)?.members.get(&entry) {
            return same(bytes.clone(), source.delivered);
        }
        let file = &mut self.open_kept(source)?;
        let mut head = Vec::new();
        Read::by_ref(file).take(512).read_to_end(&mut head).and_then(|_| file.rewind()).map_err(told)?;
        if source.delivered.is_none() {
            same_file(file, source.sha256)?;
        }
        let size = file.metadata().map_err(told)?.len();
        let member = archive::member(flux::sniff(&head), BufReader::new(file), size, &archive::UNLIMITED, entry);
        let bytes = member.ok().flatten().ok_or_else(|| "the archive has changed".to_owned())?;
        same(bytes, source.delivered)
    }
}

impl From<(i64, i64, Supplement)> for Part {
    fn from((event, n, s): (i64, i64, Supplement)) -> Part {
        Part { part: Some(format!("supplement {event} {n}")), name: s.name, bytes: s.bytes }
    }
}

fn same(bytes: Vec<u8>, sha256: Option<Hash>) -> Result<Vec<u8>, String> {
    let is = <Hash>::from(Sha256::digest(&bytes));
    if sha256.is_none_or(|sha256| sha256 == is) { Ok(bytes) } else { Err("its bytes have changed".to_owned()) }
}

fn same_file(file: &mut File, sha256: Option<Hash>) -> Result<(), String> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    let told = |e: std::io::Error| e.to_string();
    loop {
        match file.read(&mut buffer).map_err(told)? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    file.rewind().map_err(told)?;
    let is = <Hash>::from(hash.finalize());
    if sha256.is_none_or(|sha256| sha256 == is) { Ok(()) } else { Err("its bytes have changed".to_owned()) }
}

fn missing(piece: &str, why: &str) -> Finding {
    works::of("T-49")
        .finding(msg!(
            "les octets de {piece} ne sont plus à leur place ({why})",
            "the bytes of {piece} are not in their place any more ({why})"
        ))
        .found(why)
}
