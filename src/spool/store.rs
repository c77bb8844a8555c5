//! Keeping: guichet's own copy, what goes out, the barrier, and the file's last place.

use super::along::ALONG;
use super::claim::{Claim, MEMBER};
use super::crash::Mutant;
use super::scan::list;
use super::{FlowId, PARTNERS, PRIVATE, STAGE, Spool, SpoolError, Tray, crash, exists, open_below, unescape, verb};
use crate::config::Barrier;
use crate::trade::Mode;
use rustix::fs::{AtFlags, FileType, Mode as Perm, OFlags, RenameFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::Arc;

/// A deposit that was decided: its file is, or soon will be, in its last place.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// Its id.
    pub flow: &'a str,
    /// The mode of the directory it was dropped in.
    pub mode: &'a str,
    /// Who dropped it.
    pub partner: &'a str,
    /// Its last place, below the root.
    pub filed: &'a str,
}

/// What an earlier run left in `work/`.
#[derive(Debug)]
pub struct Left {
    /// The deposit.
    pub claim: Claim,
    /// Whether the partner's file is still there.
    pub original: bool,
    /// Whether guichet's copy is there.
    pub copy: bool,
}

impl Left {
    /// Where its bytes are: the partner's file, or guichet's copy where that is all that is left.
    pub fn place(&self) -> String {
        if self.original { self.claim.original() } else { self.claim.copy() }
    }
}

/// Whether an error speaks of the directory that a file is published in, not of the disk.
fn is_of_the_tray(e: Errno) -> bool {
    #[rustfmt::skip]
    let of_it = [
        Errno::EXIST, Errno::ACCESS, Errno::PERM, Errno::NOTDIR, Errno::ISDIR, Errno::ROFS, Errno::XDEV, Errno::LOOP,
        Errno::DQUOT,
    ];
    of_it.contains(&e)
}

/// What lies in `work/` of one deposit.
#[derive(Default)]
struct Found {
    /// The partner's file, by its name in ours.
    escaped: Option<String>,
    copy: bool,
    sidecar: bool,
    members: Vec<usize>,
    along: Vec<usize>,
}

/// How the name of a file ends that a request brings, until it is a deposit.
const BROUGHT: &str = ".brought";

/// The number in `.12.member`.
fn numbered(rest: &str, ending: &str) -> Option<usize> {
    rest.strip_prefix('.')?.strip_suffix(ending)?.parse().ok()
}

/// What became of an outbound file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staged {
    /// It is visible now.
    Published,
    /// It was visible before, and perhaps already taken: never written again.
    Gone,
    /// Its name is taken by something that is not ours: it waits.
    Taken,
}

/// A partner's tray, and where files wait for it.
type Way = (OwnedFd, Arc<OwnedFd>);

impl Spool {
    /// Writes guichet's copy of a claimed file: what is judged, hashed, archived and delivered.
    ///
    /// # Errors
    /// What the system said.
    pub fn copy(&self, claim: &Claim, bytes: &[u8]) -> Result<(), SpoolError> {
        self.write(&claim.copy(), bytes)?;
        crash::point("copied");
        Ok(())
    }

    /// Writes guichet's copy of a claimed file that is too large for memory, `most` bytes at most; gives its SHA-256
    /// and a handle on it, at its beginning.
    ///
    /// # Errors
    /// What the system said.
    pub fn copy_large(&self, claim: &mut Claim, from: File, most: u64) -> Result<([u8; 32], File), SpoolError> {
        use sha2::Digest;
        use std::io::{Read, Seek};
        let path = claim.copy();
        let on = |e: std::io::Error| SpoolError::io(verb::WRITE, &path, e);
        let mut to = self.create(&path)?;
        let (mut from, mut hash, mut size) = (from.take(most), sha2::Sha256::new(), 0);
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = from.read(&mut buffer).map_err(on)?;
            if read == 0 {
                break;
            }
            size += read as u64;
            hash.update(&buffer[..read]);
            to.write_all(&buffer[..read]).map_err(on)?;
            crash::point("part copied");
        }
        claim.size = size;
        to.rewind().map_err(on)?;
        self.touched(&path);
        crash::point("copied");
        Ok((hash.finalize().into(), to))
    }

    /// A deposit of which only guichet's copy is left (the ledger was put back to an earlier state): the copy takes the
    /// original's place, so that it is never written over.
    ///
    /// # Errors
    /// What the system said.
    pub fn with_original(&self, mut left: Left) -> Result<Left, SpoolError> {
        if !left.original {
            let (from, to) = (left.claim.copy(), left.claim.original());
            let ((from_dir, from_name), (to_dir, to_name)) = (self.place(&from)?, self.place(&to)?);
            rustix::fs::renameat_with(&*from_dir, from_name, &*to_dir, to_name, RenameFlags::NOREPLACE)
                .map_err(|e| SpoolError::io(verb::FILE, &from, e))?;
            left.original = true;
        }
        Ok(left)
    }

    /// A handle on the file of a deposit that an earlier run claimed and did not decide; the claim then has its size.
    ///
    /// # Errors
    /// What the system said.
    pub fn open_left(&self, left: &mut Left) -> Result<File, SpoolError> {
        let path = left.claim.original();
        let file = self.open_file(&path)?;
        left.claim.size = file.metadata().map_err(|e| SpoolError::io(verb::LOOK_AT, &path, e))?.len();
        Ok(file)
    }

    /// Makes the directories in `work/` that a partner's claims go through.
    ///
    /// # Errors
    /// What the system said.
    pub fn make_work_dirs(&self, partner: &str) -> Result<(), SpoolError> {
        for mode in Mode::ALL {
            self.make_dir(&format!("work/{mode}/{partner}"), PRIVATE)?;
        }
        Ok(())
    }

    /// Stages an outbound file under its final name.
    ///
    /// # Errors
    /// What the system said.
    pub fn stage(&self, partner: &str, name: &str, bytes: &[u8]) -> Result<(), SpoolError> {
        self.write(&format!("{STAGE}/{partner}/{name}"), bytes)?;
        crash::point("staged");
        Ok(())
    }

    /// Writes a member of an archive beside guichet's copy: what is delivered where its pièce goes.
    ///
    /// # Errors
    /// What the system said.
    pub fn extract(&self, claim: &mut Claim, entry: usize, bytes: &[u8]) -> Result<(), SpoolError> {
        claim.members.push(entry);
        self.write(&claim.member(entry), bytes)?;
        crash::point("member written");
        Ok(())
    }

    /// Stages a pièce: a second name for a file of guichet's in `work/`, no second copy of its bytes; where it `is_last`,
    /// nobody needs it there any more, and it goes.
    ///
    /// # Errors
    /// What the system said.
    pub fn stage_own(&self, partner: &str, name: &str, own: &str, is_last: bool) -> Result<(), SpoolError> {
        let to = format!("{STAGE}/{partner}/{name}");
        let ((from_dir, from), (to_dir, to_name)) = (self.place(own)?, self.place(&to)?);
        let stage = || match is_last {
            true => rustix::fs::renameat_with(&*from_dir, from, &*to_dir, to_name, RenameFlags::NOREPLACE),
            false => rustix::fs::linkat(&*from_dir, from, &*to_dir, to_name, AtFlags::empty()),
        };
        match stage() {
            // Left by a batch that was never committed.
            Err(Errno::EXIST) => {
                self.remove(&to)?;
                stage()
            }
            done => done,
        }
        .map_err(|e| SpoolError::io(verb::STAGE, &to, e))?;
        self.touched(&format!("{STAGE}/{partner}"));
        if is_last {
            // What was written there is found by this name from now on.
            self.touched(&to);
        }
        crash::point("piece staged");
        Ok(())
    }

    /// Does early what [`Spool::barrier`] will not have to do any more. Another barrier follows, whatever this says.
    ///
    /// # Errors
    /// As of a barrier: the system tells once of what it could not write, here or there.
    pub fn begin_barrier(&self) -> Result<(), SpoolError> {
        if self.barrier == Barrier::Syncfs && !crash::follows(Mutant::NoBarrier) {
            self.sync_all()?;
        }
        Ok(())
    }

    fn sync_all(&self) -> Result<(), SpoolError> {
        rustix::fs::syncfs(&self.root_fd).map_err(|e| SpoolError::io(verb::SYNC, self.root.display(), e))
    }

    /// The barrier: everything written, linked and renamed so far is durable when this returns.
    ///
    /// # Errors
    /// An error here leaves unknown what is durable: the process must end, and recovery finish.
    pub fn barrier(&self) -> Result<(), SpoolError> {
        crash::point("before the barrier");
        if crash::follows(Mutant::NoBarrier) {
            return Ok(());
        }
        match self.barrier {
            Barrier::Syncfs => self.sync_all()?,
            Barrier::Fsync => {
                let touched = std::mem::take(&mut *self.touched.lock().expect("no holder of this lock panics"));
                for path in touched {
                    match open_below(&self.root_fd, &path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC) {
                        Ok(fd) => rustix::fs::fsync(&fd).map_err(|e| SpoolError::io(verb::SYNC, &path, e))?,
                        Err(Errno::NOENT) => {} // moved on since; the directory it went to is in the list
                        // A tray that a partner swapped: what is in it now is not ours to make durable.
                        Err(e) if path.starts_with("out/") && is_of_the_tray(e) => {}
                        Err(e) => return Err(SpoolError::io(verb::SYNC, &path, e)),
                    }
                }
            }
        }
        crash::point("after the barrier");
        Ok(())
    }

    /// Publishes staged files, in their order: one rename each, never onto another file. The trays are opened anew each
    /// time, for a partner may have put another directory in a tray's place. Gives what became of each.
    ///
    /// # Errors
    /// What the system said of guichet's own directories; what is wrong with a tray is [`Staged::Taken`].
    pub fn publish<'f>(
        &self,
        files: impl Iterator<Item = (&'f str, Tray, &'f str)>,
    ) -> Result<Vec<Staged>, SpoolError> {
        let mut trays: HashMap<(&str, Tray), Option<Way>> = HashMap::new();
        let mut became = Vec::new();
        for (partner, tray, name) in files {
            let path = || format!("out/{partner}/{}", tray.name());
            let dirs = match trays.entry((partner, tray)) {
                Entry::Occupied(dirs) => dirs.into_mut(),
                Entry::Vacant(place) => {
                    let stage = self.own(&format!("{STAGE}/{partner}"))?;
                    place.insert(self.tray(&path()).map(|tray| (tray, stage)))
                }
            };
            let Some((to, from)) = dirs else {
                became.push(Staged::Taken);
                continue;
            };
            crash::point("before a publish");
            let staged = match rustix::fs::renameat_with(&**from, name, &*to, name, RenameFlags::NOREPLACE) {
                Ok(()) => Staged::Published,
                Err(Errno::NOENT) => Staged::Gone,
                // What is wrong with one partner's tray is no reason to stop the others.
                Err(e) if is_of_the_tray(e) => Staged::Taken,
                Err(e) => return Err(SpoolError::io(verb::PUBLISH, format!("{}/{name}", path()), e)),
            };
            // Once it is there: the barrier of the next batch may come in between, and must not take it for done.
            self.touched(&path());
            crash::point("after a publish");
            became.push(staged);
        }
        Ok(became)
    }

    /// A tray, made again where it was removed; nothing where something else stands in its place.
    fn tray(&self, path: &str) -> Option<OwnedFd> {
        self.dir(path).or_else(|_| self.make_dir(path, PARTNERS).and_then(|()| self.dir(path))).ok()
    }

    /// Files a decided deposit: the partner's file goes, guichet's copy takes its last name `filed`. A deposit that was
    /// never copied (over the limit) goes there itself. Done twice, it changes nothing.
    ///
    /// # Errors
    /// What the system said.
    pub fn file_away(&self, claim: &Claim, filed: &str, copied: bool) -> Result<(), SpoolError> {
        for entry in &claim.members {
            self.remove(&claim.member(*entry))?;
        }
        let from = if copied {
            self.remove(&claim.original())?;
            crash::point("original dropped");
            self.leave_along(claim, true)?;
            claim.copy()
        } else {
            self.leave_along(claim, false)?;
            // A limit may have been lowered since an earlier run copied it.
            self.remove(&claim.copy())?;
            claim.original()
        };
        let ((from_dir, from), (to_dir, to)) = (self.place(&from)?, self.place(filed)?);
        match rustix::fs::renameat_with(&*from_dir, from, &*to_dir, to, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::NOENT) if exists(&to_dir, to) => {}
            Err(e) => return Err(SpoolError::io(verb::FILE, filed, e)),
        }
        self.touched(filed.rsplit_once('/').map_or(filed, |(dir, _)| dir));
        crash::point("filed");
        if claim.is_cut() {
            self.remove(&claim.sidecar())?;
        }
        Ok(())
    }

    /// Whether an outbound file is still in its tray.
    pub fn is_published(&self, partner: &str, tray: Tray, name: &str) -> bool {
        self.dir(&format!("out/{partner}/{}", tray.name())).is_ok_and(|dir| exists(&dir, name))
    }

    /// Whether a held flow's file is still where it was filed.
    pub fn is_held_file(&self, filed: &str) -> bool {
        self.place(filed).is_ok_and(|(dir, name)| exists(&dir, name))
    }

    /// The bytes of a held flow's file, `most` at most.
    ///
    /// # Errors
    /// What the system said.
    pub fn read_held(&self, filed: &str, most: u64) -> Result<Vec<u8>, SpoolError> {
        use std::io::Read;
        let mut bytes = Vec::new();
        let mut file = self.open_file(filed)?.take(most.saturating_add(1));
        file.read_to_end(&mut bytes).map_err(|e| SpoolError::io(verb::READ, filed, e))?;
        Ok(bytes)
    }

    /// Takes a held file back to work under a new id: one rename, its full name beside it first where that is cut.
    ///
    /// # Errors
    /// What the system said.
    pub fn unhold(
        &self,
        filed: &str,
        id: FlowId,
        mode: Mode,
        partner: &str,
        name: OsString,
    ) -> Result<Claim, SpoolError> {
        let size = self.size(filed)?;
        let claim = Claim::found(id, mode, partner.into(), name, size);
        if claim.is_cut() {
            self.keep_name(&claim)?;
        }
        let to = claim.original();
        let ((from_dir, from), (to_dir, to_name)) = (self.place(filed)?, self.place(&to)?);
        rustix::fs::renameat_with(&*from_dir, from, &*to_dir, to_name, RenameFlags::NOREPLACE)
            .map_err(|e| SpoolError::io(verb::REQUEUE, filed, e))?;
        self.touched("hold");
        self.touched(&claim.work_dir());
        Ok(claim)
    }

    /// Brings a deposit that a request hands in: its bytes are in `work/`, durable, before it is one.
    ///
    /// # Errors
    /// What the system said.
    pub fn bring(
        &self,
        id: FlowId,
        mode: Mode,
        partner: &str,
        name: OsString,
        mut from: impl std::io::Read,
    ) -> Result<Claim, SpoolError> {
        let mut claim = Claim::found(id, mode, partner.into(), name, 0);
        let path = format!("{}/{}{BROUGHT}", claim.work_dir(), claim.id);
        let mut file = self.create(&path)?;
        claim.size = std::io::copy(&mut from, &mut file).map_err(|e| SpoolError::io(verb::WRITE, &path, e))?;
        self.touched(&path);
        crash::point("brought");
        self.barrier()?;
        if claim.is_cut() {
            self.keep_name(&claim)?;
        }
        let to = claim.original();
        let ((from_dir, from), (to_dir, to_name)) = (self.place(&path)?, self.place(&to)?);
        rustix::fs::renameat_with(&*from_dir, from, &*to_dir, to_name, RenameFlags::NOREPLACE)
            .map_err(|e| SpoolError::io(verb::FILE, &path, e))?;
        self.touched(&claim.work_dir());
        crash::point("claimed");
        Ok(claim)
    }

    /// The size of one of guichet's files, in bytes.
    fn size(&self, path: &str) -> Result<u64, SpoolError> {
        let stat = rustix::fs::statat(&self.root_fd, path, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|e| SpoolError::io(verb::LOOK_AT, path, e))?;
        Ok(u64::try_from(stat.st_size).unwrap_or(0))
    }

    /// What earlier runs left in `work/`, in order of their ids; and what was no file of a deposit, put aside into
    /// hold.
    ///
    /// # Errors
    /// What the system said.
    pub fn left(&self) -> Result<(Vec<Left>, Vec<String>), SpoolError> {
        let (mut left, mut aside) = (Vec::new(), Vec::new());
        for mode in Mode::ALL {
            let above = format!("work/{mode}");
            let Ok(dir) = self.dir(&above) else { continue };
            for (partner, kind) in list(&dir).map_err(|e| SpoolError::io(verb::READ, &above, e))? {
                if let (Some(partner), FileType::Directory) = (partner.to_str(), kind) {
                    self.left_by(mode, partner, &mut left, &mut aside)?;
                }
            }
        }
        left.sort_by(|a: &Left, b| a.claim.id.cmp(&b.claim.id));
        Ok((left, aside))
    }

    /// Puts something that is no file of a deposit out of the way: into hold, under its own name.
    ///
    /// # Errors
    /// What the system said.
    pub(super) fn set_aside(&self, path: &str) -> Result<(), SpoolError> {
        let ((from_dir, from), to_dir) = (self.place(path)?, self.own("hold")?);
        rustix::fs::renameat_with(&*from_dir, from, &*to_dir, from, RenameFlags::NOREPLACE)
            .map_err(|e| SpoolError::io(verb::FILE, path, e))
    }

    fn left_by(
        &self,
        mode: Mode,
        partner: &str,
        left: &mut Vec<Left>,
        aside: &mut Vec<String>,
    ) -> Result<(), SpoolError> {
        let above = format!("work/{mode}/{partner}");
        let dir = self.dir(&above)?;
        let mut found: std::collections::BTreeMap<FlowId, Found> = Default::default();
        for (name, kind) in list(&dir).map_err(|e| SpoolError::io(verb::READ, &above, e))? {
            let Some(name) = name.to_str() else { continue };
            let Some(id) = name.get(..18).and_then(FlowId::parse) else { continue };
            if kind != FileType::RegularFile {
                // A partner put it in the place of a file while that was claimed.
                let path = format!("{above}/{name}");
                self.set_aside(&path)?;
                aside.push(path);
                continue;
            }
            let entry = found.entry(id).or_default();
            match &name[18..] {
                ".copy" => entry.copy = true,
                ".name" => entry.sidecar = true,
                // Brought by a request that ended before it was a deposit.
                BROUGHT => self.remove(&format!("{above}/{name}"))?,
                rest => match (numbered(rest, MEMBER), numbered(rest, ALONG)) {
                    (Some(member), _) => entry.members.push(member),
                    (_, Some(along)) => entry.along.push(along),
                    _ => entry.escaped = rest.strip_prefix('~').map(str::to_owned).or(entry.escaped.take()),
                },
            }
        }
        for (id, Found { escaped, copy, sidecar, members, along }) in found {
            let path = format!("{above}/{id}.name");
            let full = if sidecar { Some(OsString::from_vec(self.read(&path)?)) } else { None };
            if escaped.is_none() && !copy {
                for member in members {
                    self.remove(&format!("{above}/{id}.{member}{MEMBER}"))?;
                }
                for n in along {
                    let path = format!("{above}/{id}.{n}{ALONG}");
                    self.set_aside(&path)?;
                    aside.push(path);
                }
                self.remove(&path)?; // a name whose claim never happened
                continue;
            }
            let original = escaped.is_some();
            let name = full.unwrap_or_else(|| unescape(escaped.as_deref().unwrap_or_default()));
            let from = match &escaped {
                Some(e) => format!("{above}/{id}~{e}"),
                None => format!("{above}/{id}.copy"),
            };
            let size = self.size(&from)?;
            let mut claim = Claim::found(id, mode, partner.into(), name, size);
            if let Some(escaped) = escaped {
                claim.escaped = escaped;
            }
            (claim.members, claim.along) = (members, along);
            left.push(Left { claim, original, copy });
        }
        Ok(())
    }

    /// Every staged file: partner and name.
    ///
    /// # Errors
    /// What the system said.
    pub fn staged(&self) -> Result<Vec<(String, String)>, SpoolError> {
        let stage = self.dir(STAGE)?;
        let mut staged = Vec::new();
        for (partner, _) in list(&stage).map_err(|e| SpoolError::io(verb::READ, STAGE, e))? {
            let Some(partner) = partner.to_str() else { continue };
            let above = format!("{STAGE}/{partner}");
            let dir = self.dir(&above)?;
            for (name, _) in list(&dir).map_err(|e| SpoolError::io(verb::READ, &above, e))? {
                if let Some(name) = name.to_str() {
                    staged.push((partner.to_owned(), name.to_owned()));
                }
            }
        }
        Ok(staged)
    }

    /// A wrong order of steps, for the tests: what is staged goes out of the way, and comes back after the commit.
    #[cfg(feature = "faults")]
    pub fn hide_stage(&self, hide: bool) -> Result<(), SpoolError> {
        let (from, to) = if hide { (STAGE, "work/.late") } else { ("work/.late", STAGE) };
        let _ = std::fs::remove_dir_all(self.root.join(to)); // an earlier run's
        rustix::fs::renameat(&self.root_fd, from, &self.root_fd, to).map_err(|e| SpoolError::io(verb::STAGE, to, e))
    }

    /// Removes a staged file that no committed batch knows.
    ///
    /// # Errors
    /// What the system said.
    pub fn unstage(&self, partner: &str, name: &str) -> Result<(), SpoolError> {
        crash::point("unstaged");
        self.remove(&format!("{STAGE}/{partner}/{name}"))
    }

    /// Writes the full name of a claim beside it, durably: the rename that follows may survive a power cut, and must not
    /// do so without the name.
    pub(super) fn keep_name(&self, claim: &Claim) -> Result<(), SpoolError> {
        let path = claim.sidecar();
        self.write(&path, claim.name.as_bytes())?;
        let on = |e: io::Error| SpoolError::io(verb::SYNC, &path, e);
        self.open_file(&path)?.sync_all().map_err(on)?;
        let (dir, _) = self.place(&path)?;
        rustix::fs::fsync(&*dir).map_err(|e| on(e.into()))
    }

    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), SpoolError> {
        let mut file = self.create(path)?;
        let mut rest = bytes;
        if cfg!(feature = "faults") {
            // Two halves, so that a kill test can end between them.
            let (first, second) = bytes.split_at(bytes.len() / 2);
            file.write_all(first).map_err(|e| SpoolError::io(verb::WRITE, path, e))?;
            crash::point("half written");
            rest = second;
        }
        file.write_all(rest).map_err(|e| SpoolError::io(verb::WRITE, path, e))?;
        self.touched(path);
        Ok(())
    }

    /// Makes a file of guichet's, empty, and notes its directory for the barrier. Whoever has written it notes the file:
    /// a barrier of the batch before may come in between, and must not take it for written.
    pub(super) fn create(&self, path: &str) -> Result<File, SpoolError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let perm = Perm::RUSR | Perm::WUSR | Perm::RGRP | Perm::ROTH;
        let (dir, name) = self.place(path)?;
        let fd = rustix::fs::openat(&*dir, name, flags, perm).map_err(|e| SpoolError::io(verb::CREATE, path, e))?;
        if let Some((above, _)) = path.rsplit_once('/') {
            self.touched(above);
        }
        Ok(File::from(fd))
    }

    /// The bytes of guichet's copy of a claimed file, or of the member of it that lies beside.
    ///
    /// # Errors
    /// What the system said.
    pub fn read_own(&self, claim: &Claim, entry: Option<usize>) -> Result<Vec<u8>, SpoolError> {
        self.read(&claim.own(entry))
    }

    /// Opens the file of a decided deposit, in its last place or, until it is filed there, in `work/`.
    ///
    /// # Errors
    /// What the system said of its last place.
    pub fn open_kept(&self, kept: &Kept<'_>) -> Result<File, SpoolError> {
        let Kept { flow, mode, partner, filed } = kept;
        let copy = format!("work/{mode}/{partner}/{flow}.copy");
        // It may be filed away between two looks: whoever files needs no ledger and does not wait.
        self.open_file(filed).or_else(|_| self.open_file(&copy)).or_else(|_| self.open_file(filed))
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, SpoolError> {
        use std::io::Read;
        let mut bytes = Vec::new();
        let size = self.size(path)?;
        // One who still has the file open may make it grow for ever.
        let mut file = self.open_file(path)?.take(size);
        file.read_to_end(&mut bytes).map_err(|e| SpoolError::io(verb::READ, path, e))?;
        Ok(bytes)
    }

    /// Opens a file to read it; whatever took its place cannot hold us up.
    pub(super) fn open_file(&self, path: &str) -> Result<File, SpoolError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = open_below(&self.root_fd, path, flags).map_err(|e| SpoolError::io(verb::OPEN, path, e))?;
        Ok(File::from(fd))
    }

    pub(super) fn remove(&self, path: &str) -> Result<(), SpoolError> {
        let (dir, name) = self.place(path)?;
        match rustix::fs::unlinkat(&*dir, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(SpoolError::io(verb::REMOVE, path, e)),
        }
    }

    /// Remembers a path for the barrier, where it is one `fsync` a file.
    pub(super) fn touched(&self, path: &str) {
        if self.barrier == Barrier::Fsync {
            self.touched.lock().expect("no holder of this lock panics").insert(path.to_owned());
        }
    }
}
