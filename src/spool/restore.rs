//! What the spool remembers beside the ledger, so that a ledger that was put back from a backup is noticed, and the way
//! back of deposits that such a ledger does not know.

use super::scan::list;
use super::{FlowId, PRIVATE, Spool, SpoolError, crash, escape, verb};
use crate::trade::Mode;
use rustix::fs::{FileType, Mode as Perm, OFlags, RenameFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

/// Where the ledger was when this spool was last served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The last event.
    pub seq: i64,
    /// Its hash.
    pub hash: [u8; 32],
    /// The highest count in a number of what was sent.
    pub count: i64,
}

/// The file below the root.
const MARK: &str = "guichet.mark";
/// Its one line: two numbers and a hash, all of a fixed length, so that it is written over in place.
const LINE: usize = 20 + 1 + 64 + 1 + 20 + 1;

/// A deposit in its last place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Its id.
    pub id: FlowId,
    /// Its place below the root.
    pub path: String,
}

impl Spool {
    /// Remembers where the ledger is. Durable with the next barrier: until then the mark lags behind, which is no harm.
    ///
    /// # Errors
    /// What the system said.
    pub fn remember(&self, mark: &Mark) -> Result<(), SpoolError> {
        let line = format!("{:020} {} {:020}\n", mark.seq, crate::text::hex(&mark.hash), mark.count);
        let mut file = self.mark.lock().expect("no holder of this lock panics");
        if file.is_none() {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let fd = rustix::fs::openat(&self.root_fd, MARK, flags, Perm::RUSR | Perm::WUSR)
                .map_err(|e| SpoolError::io(verb::CREATE, MARK, e))?;
            self.touched(".");
            *file = Some(File::from(fd));
        }
        let file = file.as_ref().expect("it was just opened");
        file.write_all_at(line.as_bytes(), 0).map_err(|e| SpoolError::io(verb::WRITE, MARK, e))?;
        self.touched(MARK);
        Ok(())
    }

    /// Where the ledger was; none: nothing was served here yet, or nobody remembers.
    ///
    /// # Errors
    /// What the system said.
    pub fn remembered(&self) -> Result<Option<Mark>, SpoolError> {
        remembered_in(&self.root_fd)
    }

    /// Deposits in hold, and in the archive of this day (`2026/11/02`) or a later one, in order of their ids.
    ///
    /// # Errors
    /// What the system said.
    pub fn filed_since(&self, day: &str) -> Result<Vec<Filed>, SpoolError> {
        let mut found = Vec::new();
        self.filed_in("hold", &mut found)?;
        let mut days = vec![String::new()];
        for _ in 0..3 {
            let mut below = Vec::new();
            for above in days {
                for (name, kind) in self.names_in(&format!("archive{above}"))? {
                    let part = format!("{above}/{name}");
                    // As far as it goes: a month of an earlier year is earlier too.
                    let is_earlier = day.get(..part.len() - 1).is_some_and(|day| &part[1..] < day);
                    if kind == FileType::Directory && !is_earlier {
                        below.push(part);
                    }
                }
            }
            days = below;
        }
        for day in days {
            self.filed_in(&format!("archive{day}"), &mut found)?;
        }
        found.sort_by(|a: &Filed, b| a.id.cmp(&b.id));
        Ok(found)
    }

    fn filed_in(&self, dir: &str, found: &mut Vec<Filed>) -> Result<(), SpoolError> {
        for (name, kind) in self.names_in(dir)? {
            let id = name.split_once('~').and_then(|(id, _)| FlowId::parse(id));
            if let (Some(id), FileType::RegularFile) = (id, kind) {
                found.push(Filed { id, path: format!("{dir}/{name}") });
            }
        }
        Ok(())
    }

    fn names_in(&self, dir: &str) -> Result<Vec<(String, FileType)>, SpoolError> {
        let handle = self.dir(dir)?;
        let all = list(&handle).map_err(|e| SpoolError::io(verb::READ, dir, e))?;
        Ok(all.into_iter().filter_map(|(name, kind)| Some((name.to_str()?.to_owned(), kind))).collect())
    }

    /// Takes a filed deposit back to work, under its own id: whoever opens the counter next judges it again. `false`:
    /// its name does not say whose it is, it stays.
    ///
    /// # Errors
    /// What the system said.
    pub fn take_back(&self, filed: &Filed) -> Result<bool, SpoolError> {
        let Some((mode, partner, name)) = origin(&filed.path) else { return Ok(false) };
        let dir = format!("work/{mode}/{partner}");
        self.make_dir(&dir, PRIVATE)?;
        let to = format!("{dir}/{}~{name}", filed.id);
        let ((from_dir, from), (to_dir, to_name)) = (self.place(&filed.path)?, self.place(&to)?);
        rustix::fs::renameat_with(&*from_dir, from, &*to_dir, to_name, RenameFlags::NOREPLACE)
            .map_err(|e| SpoolError::io(verb::REQUEUE, &filed.path, e))?;
        self.touched(filed.path.rsplit_once('/').map_or("hold", |(dir, _)| dir));
        self.touched(&dir);
        crash::point("taken back");
        Ok(true)
    }

    /// The hash of a file of guichet's, and its size in bytes.
    ///
    /// # Errors
    /// What the system said.
    pub fn hash(&self, path: &str) -> Result<([u8; 32], u64), SpoolError> {
        use sha2::Digest;
        use std::io::Read;
        let (mut file, mut hash, mut size) = (self.open_file(path)?, sha2::Sha256::new(), 0);
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer).map_err(|e| SpoolError::io(verb::READ, path, e))? {
                0 => return Ok((hash.finalize().into(), size)),
                n => {
                    size += n as u64;
                    hash.update(&buffer[..n]);
                }
            }
        }
    }

    /// Removes the file of a pruned flow from its last place; one that is gone is none the less gone.
    ///
    /// # Errors
    /// What the system said.
    pub fn remove_filed(&self, filed: &str) -> Result<(), SpoolError> {
        let (dir, name) = filed.rsplit_once('/').unwrap_or_default();
        if !["archive", "hold"].contains(&filed.split('/').next().unwrap_or_default()) {
            return Ok(()); // a ledger that was written by hand does not lead elsewhere
        }
        // Not by `own`, which would make the directory again and keep it open.
        match self.dir(dir) {
            Ok(handle) => match rustix::fs::unlinkat(&handle, name, rustix::fs::AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(e) => return Err(SpoolError::io(verb::REMOVE, filed, e)),
            },
            Err(SpoolError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
        self.touched(dir);
        crash::point("file of a pruned flow removed");
        Ok(())
    }
}

/// Where the ledger of a spool was, for whoever takes no lock; none: nobody remembers, or it cannot be read.
pub fn remembered(root: &std::path::Path) -> Option<Mark> {
    let root = rustix::fs::open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Perm::empty()).ok()?;
    remembered_in(&root).ok()?
}

fn remembered_in(root: &OwnedFd) -> Result<Option<Mark>, SpoolError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(root, MARK, flags, Perm::empty()) {
        Ok(fd) => File::from(fd),
        Err(Errno::NOENT) => return Ok(None),
        Err(e) => return Err(SpoolError::io(verb::OPEN, MARK, e)),
    };
    let mut line = [0; LINE];
    Ok(file.read_exact_at(&mut line, 0).ok().and_then(|()| read_mark(&line)))
}

fn read_mark(line: &[u8]) -> Option<Mark> {
    let mut words = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.split(' ');
    let (seq, hash, count) = (words.next()?.parse().ok()?, words.next()?, words.next()?.parse().ok()?);
    let byte = |at: usize| hash.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let bytes: Vec<u8> = (0..64).step_by(2).map_while(byte).collect();
    Some(Mark { seq, hash: bytes.try_into().ok()?, count })
}

/// The beginning of a filed deposit's name after its id: its mode and its partner; nothing where that is too long.
pub(super) fn origin_of(mode: Mode, partner: &str) -> String {
    match escape(OsStr::new(partner)) {
        (escaped, false) if escaped.len() <= LONGEST_PARTNER => format!("{mode}~{escaped}~"),
        _ => String::new(),
    }
}

/// How much of a filed deposit's name its partner's may be: beside the rest it stays below 255 bytes.
const LONGEST_PARTNER: usize = 100;

/// Mode, partner and escaped name of a filed deposit, where its name says so.
fn origin(path: &str) -> Option<(Mode, String, String)> {
    let mut parts = path.rsplit_once('/')?.1.split('~').skip(1);
    let (mode, partner, name) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    let partner = super::unescape(partner).into_string().ok()?;
    if parts.next().is_some() || partner.is_empty() || partner.starts_with('.') || partner.contains('/') {
        return None;
    }
    // Guichet's archive of a form and its files is a form again.
    let name =
        name.strip_suffix(".tar").filter(|form| form.to_ascii_lowercase().ends_with(".depot.xml")).unwrap_or(name);
    Some((mode, partner, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filed_name_says_whose_it_is() {
        let read = |name: &str| origin(&format!("archive/2026/11/02/f-01m8d08w507xrzxd~{name}"));
        let is = |partner: &str, name: &str| Some((Mode::Edi, partner.to_owned(), name.to_owned()));
        assert_eq!(read("edi~alpha~a.xml"), is("alpha", "a.xml"));
        assert_eq!(read(&format!("{}a.xml", origin_of(Mode::Edi, "Éts ~1"))), is("Éts ~1", "a.xml"));
        assert_eq!(read("edi~alpha~f.depot.xml.tar"), is("alpha", "f.depot.xml"));
        assert_eq!(read("edi~alpha~lot.tar"), is("alpha", "lot.tar"));
        for bad in ["a.xml", "fax~alpha~a.xml", "edi~..~a.xml", "edi~%2Fetc~a.xml", "edi~~a", "edi~a~b~c"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(origin_of(Mode::Edi, &"é".repeat(64)), "");
    }
}
