//! Taking: a file is read, renamed into `work/`, and is guichet's from then on.

use super::restore::origin_of;
use super::scan::{Candidate, Stamp};
use super::{FlowId, Spool, SpoolError, escape, verb};
use crate::spool::crash;
use crate::text::Shown;
use crate::trade::Mode;
use rustix::fs::{AtFlags, FileType, Mode as Perm, OFlags, RenameFlags};
use rustix::io::Errno;
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// A candidate, opened and read: its bytes may still turn out to be unfinished, and nothing has moved yet.
#[derive(Debug)]
pub struct Opened {
    candidate: Candidate,
    file: File,
    stamp: Stamp,
    /// The bytes; `None` for a file over the limit, which is not read.
    bytes: Option<Vec<u8>>,
    limit: u64,
}

/// A file that is guichet's: it lies in `work/<mode>/<partner>/` under its flow id.
#[derive(Debug)]
pub struct Claim {
    /// The identity of the deposit.
    pub id: FlowId,
    /// The mode of the directory it was dropped in.
    pub mode: Mode,
    /// The partner who dropped it.
    pub partner: Arc<str>,
    /// The name it was dropped under.
    pub name: OsString,
    /// Its size in bytes.
    pub size: u64,
    /// The same name as part of ours.
    pub(super) escaped: String,
    /// Members of the archive that lie beside the copy, by their entry.
    pub(super) members: Vec<usize>,
    /// Files that came along with a form, by their place among those that it names.
    pub(super) along: Vec<usize>,
    /// Whether guichet's copy is an archive of a form and its files.
    pub(super) packed: bool,
}

/// Why a candidate was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// It is gone, or no longer the file that was looked at: the next scan looks again.
    #[error("it changed while it was looked at")]
    Changed,
    /// Something that is no file of a deposit had taken its place, and could not go back there: it lies in hold, under
    /// this name.
    #[error("{0} had taken its place")]
    Aside(String),
    /// The partner's file or directory does not let us: the file stays where it is.
    #[error("{0}")]
    Denied(std::io::Error),
    /// The disk failed.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// Bytes of a file's name at most.
const MOST: usize = 255;

impl Opened {
    /// The bytes, once; `None` for a file over the limit.
    pub fn take_bytes(&mut self) -> Option<Vec<u8>> {
        self.bytes.take()
    }

    /// What was read.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// A file that was not read: a handle on it, at its beginning, and its size.
    ///
    /// # Errors
    /// What the system said.
    pub fn unread(&self) -> std::io::Result<(File, u64)> {
        use std::io::Seek;
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok((file, self.stamp.size))
    }

    /// The candidate it was.
    pub fn candidate(&self) -> &Candidate {
        &self.candidate
    }
}

impl Claim {
    /// The name as dropped, made visible.
    pub fn shown_name(&self) -> String {
        Shown(&self.name.to_string_lossy()).to_string()
    }

    /// Its directory in `work/`.
    pub(super) fn work_dir(&self) -> String {
        format!("work/{}/{}", self.mode, self.partner)
    }

    /// The partner's own file in `work/`.
    pub(super) fn original(&self) -> String {
        format!("{}/{}~{}", self.work_dir(), self.id, self.escaped)
    }

    /// Guichet's copy in `work/`.
    pub(super) fn copy(&self) -> String {
        format!("{}/{}.copy", self.work_dir(), self.id)
    }

    /// A member of the archive, beside the copy until it is delivered.
    pub(super) fn member(&self, entry: usize) -> String {
        format!("{}/{}.{entry}{MEMBER}", self.work_dir(), self.id)
    }

    /// Guichet's copy of it, or the member of it that lies beside: its path below the root.
    pub fn own(&self, entry: Option<usize>) -> String {
        entry.map_or_else(|| self.copy(), |entry| self.member(entry))
    }

    /// Forgets members that do not lie beside the copy any more.
    pub fn forget(&mut self, gone: &HashSet<usize>) {
        self.members.retain(|entry| !gone.contains(entry));
    }

    /// Whether its name may have been cut: then the full one lies beside it.
    pub(super) fn is_cut(&self) -> bool {
        self.escaped.len() + 3 > super::name::LONGEST
    }

    /// The full name, where it had to be cut.
    pub(super) fn sidecar(&self) -> String {
        format!("{}/{}.name", self.work_dir(), self.id)
    }

    /// The file's last name: in the archive of a day, or in hold. It says whose it is, for a ledger that does not know.
    pub fn filed(&self, below: &str) -> String {
        let packed = if self.packed { ".tar" } else { "" };
        let begins = format!("{}~{}", self.id, origin_of(self.mode, &self.partner));
        let room = MOST.saturating_sub(begins.len() + packed.len());
        let name = &self.escaped[..self.escaped.len().min(room)]; // ASCII
        format!("{below}/{begins}{name}{packed}")
    }

    /// A claim that an earlier run made, from its name in `work/`.
    pub(super) fn found(id: FlowId, mode: Mode, partner: Arc<str>, name: OsString, size: u64) -> Claim {
        let (escaped, _) = escape(&name);
        let (members, along, packed) = (Vec::new(), Vec::new(), false);
        Claim { id, mode, partner, name, size, escaped, members, along, packed }
    }
}

/// How the name of a member ends.
pub(super) const MEMBER: &str = ".member";

impl Spool {
    /// Opens a candidate without following links and reads it, unless it is larger than `limit` bytes.
    ///
    /// # Errors
    /// [`ClaimError::Changed`] when it is not what the scan saw any more.
    pub fn open_candidate(&self, candidate: Candidate, limit: u64) -> Result<Opened, ClaimError> {
        // O_NONBLOCK: a FIFO that took the file's place must not hold us up.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = match rustix::fs::openat(&*candidate.dir, candidate.name.as_os_str(), flags, Perm::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Err(ClaimError::Changed),
            Err(e) => return Err(ClaimError::Denied(e.into())),
        };
        let stamp = plain(&fd).ok_or(ClaimError::Changed)?;
        if !stamp.same_content(&candidate.stamp) {
            return Err(ClaimError::Changed);
        }
        let mut file = File::from(fd);
        let bytes =
            if stamp.size > limit { None } else { Some(read(&mut file, stamp.size).map_err(ClaimError::Denied)?) };
        Ok(Opened { candidate, file, stamp, bytes, limit })
    }

    /// Takes an opened file: from here on it is the deposit `id`. What was read is what was taken: where the bytes
    /// changed in between, they are read again from the file that now is ours.
    ///
    /// # Errors
    /// [`ClaimError::Changed`] when the name led to another file, which is put back; where that cannot be, it is taken
    /// as it is, or lies aside if it is no plain one.
    pub fn claim(&self, opened: &mut Opened, id: FlowId) -> Result<Claim, ClaimError> {
        let c = &opened.candidate;
        let (_, cut) = escape(&c.name);
        let (mode, partner, name) = (c.mode, c.partner.clone(), c.name.clone());
        let mut claim = Claim::found(id, mode, partner, name, opened.stamp.size);
        if cut {
            // Beside the claim before it: a claim is never without its full name.
            self.keep_name(&claim)?;
            crash::point("name kept");
        }
        let to = claim.original();
        let (work, taken_as) = self.place(&to)?;
        let moved = rustix::fs::renameat_with(&*c.dir, c.name.as_os_str(), &*work, taken_as, RenameFlags::NOREPLACE);
        if let Err(e) = moved {
            if cut {
                self.remove(&claim.sidecar())?;
            }
            return match e {
                Errno::NOENT => Err(ClaimError::Changed),
                e => Err(ClaimError::Denied(e.into())),
            };
        }
        self.touched(&claim.work_dir());
        crash::point("claimed");
        let taken = rustix::fs::statat(&*work, taken_as, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|e| SpoolError::io(verb::LOOK_AT, &to, e))?;
        let is_plain = FileType::from_raw_mode(taken.st_mode) == FileType::RegularFile && taken.st_nlink == 1;
        let is_other = taken.st_ino != opened.stamp.ino;
        if (is_other || !is_plain) && self.give_back(c, &claim, is_plain)? {
            return Err(ClaimError::Changed);
        }
        let now = Stamp::of(&taken);
        if is_other {
            match self.open_file(&to) {
                Ok(file) => opened.file = file,
                Err(SpoolError::Io { source, .. }) if source.kind() == ErrorKind::PermissionDenied => {
                    return Err(self.lay_aside(&claim)?);
                }
                Err(e) => return Err(e.into()),
            }
        }
        if !now.same_content(&opened.stamp) {
            // It grew after it was read, or is another: as it is now, if it still is within the limit.
            let within = now.size <= opened.limit && (is_other || opened.bytes.is_some());
            opened.bytes = if within { read_again(&mut opened.file, now.size).ok() } else { None };
            opened.stamp = now;
        }
        claim.size = opened.bytes.as_ref().map_or(now.size, |b| b.len() as u64);
        Ok(claim)
    }

    /// What was claimed is not what was opened: back where it was. Says whether it is there; a plain file whose old
    /// place is taken by now is its partner's all the same, and stays.
    fn give_back(&self, c: &Candidate, claim: &Claim, is_plain: bool) -> Result<bool, ClaimError> {
        let back = rustix::fs::renameat_with(
            &self.root_fd,
            claim.original().as_str(),
            &*c.dir,
            c.name.as_os_str(),
            RenameFlags::NOREPLACE,
        );
        match back {
            Ok(()) if claim.is_cut() => self.remove(&claim.sidecar())?,
            Ok(()) => {}
            Err(_) if is_plain => return Ok(false),
            // A link, or no file at all.
            Err(_) => return Err(self.lay_aside(claim)?),
        }
        Ok(true)
    }

    /// What was claimed can be no deposit, and cannot go back: an operator looks, and nobody waits for it.
    fn lay_aside(&self, claim: &Claim) -> Result<ClaimError, SpoolError> {
        self.set_aside(&claim.original())?;
        if claim.is_cut() {
            self.remove(&claim.sidecar())?;
        }
        Ok(ClaimError::Aside(claim.original()))
    }
}

/// The stamp of an open file, if it is a plain one that has no other name.
pub(super) fn plain(fd: &OwnedFd) -> Option<Stamp> {
    let stat = rustix::fs::fstat(fd).ok()?;
    let good = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_nlink == 1;
    good.then(|| Stamp::of(&stat))
}

fn read_again(file: &mut File, size: u64) -> std::io::Result<Vec<u8>> {
    use std::io::Seek;
    file.rewind()?;
    read(file, size)
}

fn read(file: &mut File, size: u64) -> std::io::Result<Vec<u8>> {
    // One byte more than the size: a file that grows is noticed, and reading it ends all the same.
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).saturating_add(1));
    file.take(size.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
