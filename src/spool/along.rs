//! What comes along: the files that a deposit form names are taken after it, lie in `work/` beside it, and become one
//! archive with it, which is guichet's copy.

use super::claim::plain;
use super::scan::{Candidate, Stamp, not_a_file};
use super::{Claim, Spool, SpoolError, crash, verb};
use crate::clock::Instant;
use crate::flux::archive;
use crate::flux::pack::Packer;
use crate::trade::Mode;
use rustix::fs::{AtFlags, FileType, Mode as Perm, OFlags, RenameFlags};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

/// How the name of a file that came along ends.
pub(super) const ALONG: &str = ".along";
/// What a form is called in its archive, where its own name would lead out of it.
const FORM: &str = "formulaire.depot.xml";

/// A claimed form on its way back.
#[derive(Debug)]
pub(super) struct GoingBack {
    claim: Claim,
    /// The files that it names.
    names: Vec<String>,
}

impl Claim {
    /// A file that came along with a form: the `n`-th that it names, from 0.
    pub(super) fn along(&self, n: usize) -> String {
        format!("{}/{}.{n}{ALONG}", self.work_dir(), self.id)
    }

    /// Which of the files that its form names came along so far.
    pub fn has_along(&self) -> &[usize] {
        &self.along
    }

    /// Says that guichet's copy is an archive of a form and its files; its last name then shows it.
    pub fn mark_packed(&mut self) {
        self.packed = true;
    }
}

impl Spool {
    /// A file in a partner's directory, as it is now; none: nothing is there that can be taken.
    pub fn beside(&self, mode: Mode, partner: &Arc<str>, name: &str, now: Instant) -> Option<Candidate> {
        let partner = partner.clone();
        let dir = Arc::new(self.dir(&format!("in/{mode}/{partner}")).ok()?);
        let stat = rustix::fs::statat(&*dir, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        if not_a_file(&stat).is_some() || stat.st_nlink != 1 {
            return None;
        }
        let stamp = Stamp::of(&stat);
        let quiet = stamp.age(now).unwrap_or_default();
        Some(Candidate { mode, partner, name: name.into(), size: stamp.size, quiet, dir, stamp })
    }

    /// Puts a form that an earlier run claimed back where it was dropped, and the files that came along before it: it
    /// waits there for the others. Never onto another file: while a name is taken, what is left of it stays in `work`,
    /// and the next look tries again.
    ///
    /// # Errors
    /// What the system said of guichet's own directories.
    pub fn put_back(&self, claim: Claim, names: Vec<String>) -> Result<(), SpoolError> {
        // What was made of it is made again: the bytes are in the partner's own files.
        self.remove(&claim.copy())?;
        for entry in &claim.members {
            self.remove(&claim.member(*entry))?;
        }
        self.going_back.lock().expect("no holder of this lock panics").push(GoingBack { claim, names });
        self.put_all_back()
    }

    /// Tries again to put back what waits for its names.
    ///
    /// # Errors
    /// What the system said of guichet's own directories.
    pub fn put_all_back(&self) -> Result<(), SpoolError> {
        let mut going = self.going_back.lock().expect("no holder of this lock panics");
        for mut back in std::mem::take(&mut *going) {
            if !self.goes_back(&mut back)? {
                going.push(back);
            }
        }
        Ok(())
    }

    /// Moves one back, file by file, the form last: until then recovery finds it whole. Says whether all of it went.
    fn goes_back(&self, back: &mut GoingBack) -> Result<bool, SpoolError> {
        let GoingBack { claim, names } = back;
        let to = format!("in/{}/{}", claim.mode, claim.partner);
        let Ok(dir) = self.dir(&to) else { return Ok(false) };
        let go = |from: &str, name: &OsStr| {
            let (work, taken_as) = self.place(from)?;
            let gone = rustix::fs::renameat_with(&*work, taken_as, &dir, name, RenameFlags::NOREPLACE).is_ok();
            crash::point("put back");
            Ok::<bool, SpoolError>(gone)
        };
        while let Some(n) = claim.along.last().copied() {
            // A name that the form has not is no name to go back under.
            let Some(name) = names.get(n) else { return Ok(false) };
            if !go(&claim.along(n), OsStr::new(name))? {
                return Ok(false);
            }
            claim.along.pop();
        }
        if !go(&claim.original(), &claim.name)? {
            return Ok(false);
        }
        if claim.is_cut() {
            self.remove(&claim.sidecar())?;
        }
        self.touched(&claim.work_dir());
        self.touched(&to);
        Ok(true)
    }

    /// Takes a file along with a claimed form, as the `n`-th that it names. False: it is gone, is another file by now,
    /// or cannot be read, and stays where it is.
    ///
    /// # Errors
    /// What the system said of guichet's own directories.
    pub fn claim_along(&self, claim: &mut Claim, c: &Candidate, n: usize) -> Result<bool, SpoolError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(fd) = rustix::fs::openat(&*c.dir, c.name.as_os_str(), flags, Perm::empty()) else { return Ok(false) };
        let Some(stamp) = plain(&fd).filter(|stamp| stamp.same_content(&c.stamp)) else { return Ok(false) };
        let to = claim.along(n);
        let (work, taken_as) = self.place(&to)?;
        if rustix::fs::renameat_with(&*c.dir, c.name.as_os_str(), &*work, taken_as, RenameFlags::NOREPLACE).is_err() {
            return Ok(false);
        }
        self.touched(&claim.work_dir());
        crash::point("claimed along");
        let taken = rustix::fs::statat(&*work, taken_as, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|e| SpoolError::io(verb::LOOK_AT, &to, e))?;
        let is_file = FileType::from_raw_mode(taken.st_mode) == FileType::RegularFile;
        if !is_file || taken.st_ino != stamp.ino || taken.st_nlink != 1 {
            // Another was put in its place: back where it was, or aside where that is taken by now.
            let name = c.name.as_os_str();
            if rustix::fs::renameat_with(&*work, taken_as, &*c.dir, name, RenameFlags::NOREPLACE).is_err() {
                self.set_aside(&to)?;
            }
            return Ok(false);
        }
        claim.along.push(n);
        Ok(true)
    }

    /// Writes guichet's copy of a form and of the files that came along, of `limit` bytes in all at most, under the
    /// names that the form gives them: one archive. A file that is too large for that, or cannot be read, is laid
    /// aside. Gives the archive's SHA-256 and a handle on it, at its beginning.
    ///
    /// # Errors
    /// What the system said.
    pub fn copy_packed(
        &self,
        claim: &mut Claim,
        form: &[u8],
        names: &[String],
        limit: u64,
    ) -> Result<([u8; 32], File), SpoolError> {
        let path = claim.copy();
        let on = |e: io::Error| SpoolError::io(verb::WRITE, &path, e);
        let hashed = Hashed { to: BufWriter::new(self.create(&path)?), hash: Sha256::new(), size: 0 };
        let mut packer = Packer::new(hashed);
        let own = Some(claim.name.as_bytes()).filter(|name| !archive::leaves(name)).unwrap_or(FORM.as_bytes());
        packer.add(own, form.len() as u64, form).map_err(on)?;
        crash::point("part copied");
        claim.along.sort_unstable();
        let (mut left_out, mut left) = (Vec::new(), limit);
        for n in claim.along.clone() {
            let file = match self.open_file(&claim.along(n)) {
                Ok(file) => file,
                // Its owner may have changed its rights since it was taken.
                Err(SpoolError::Io { source, .. }) if source.kind() == ErrorKind::PermissionDenied => {
                    left_out.push(n);
                    continue;
                }
                Err(e) => return Err(e),
            };
            let size = file.metadata().map_err(on)?.len();
            // One who still has it open may make it as large as they like.
            let Some(rest) = left.checked_sub(size) else {
                left_out.push(n);
                continue;
            };
            left = rest;
            // A form that was changed after it was taken may not name it any more.
            let name = names.get(n).cloned().unwrap_or_else(|| format!("fichier-{n}"));
            packer.add(OsStr::new(&name).as_bytes(), size, file).map_err(on)?;
            crash::point("part copied");
        }
        let Hashed { to, hash, size } = packer.finish().map_err(on)?;
        let mut copy = to.into_inner().map_err(|e| on(e.into_error()))?;
        copy.rewind().map_err(on)?;
        self.touched(&path);
        for n in left_out {
            self.set_aside(&claim.along(n))?;
            claim.along.retain(|other| *other != n);
        }
        (claim.size, claim.packed) = (size, true);
        crash::point("copied");
        Ok((hash.finalize().into(), copy))
    }

    /// The files that came along go: `kept` in guichet's copy, or else out of the way, into hold.
    pub(super) fn leave_along(&self, claim: &Claim, kept: bool) -> Result<(), SpoolError> {
        for n in &claim.along {
            let path = claim.along(*n);
            if kept {
                self.remove(&path)?;
                crash::point("dropped along");
            } else {
                self.set_aside(&path)?;
            }
        }
        Ok(())
    }
}

/// What is written, hashed and counted.
struct Hashed<W> {
    to: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
