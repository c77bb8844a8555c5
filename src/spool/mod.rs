//! The directories that partners see and the ones that only guichet sees, and every change made to them.
//!
//! A state is a directory and a move is a rename; everything is on one file system. Nothing here knows what is in a
//! file. All access goes through directory handles that were opened without following links, so that no name a
//! partner chooses leads out of the spool.
//!
//! The invariants (contract §1): the bytes of a deposit are in exactly one of `in`, `work`, `archive` and `hold`; a
//! name in `out` appears once, complete, and is never written again.

mod along;
mod claim;
pub mod crash;
mod name;
mod restore;
pub mod rights;
mod scan;
mod store;

pub use claim::{Claim, ClaimError, Opened};
pub use name::{FlowId, FlowIds, escape, unescape};
pub use restore::{Filed, Mark, remembered};
pub use scan::{Candidate, Directory, Look, MovedIn, Note, Scanner, Stamp, Stray, is_in_progress};
pub use store::{Kept, Left, Staged};

use crate::clock::Instant;
use crate::config::Barrier;
use crate::error::reason;
use crate::text::{Msg, Text};
use crate::trade::Mode;
use along::GoingBack;
use rustix::fs::{AtFlags, FlockOperation, Mode as Perm, OFlags, StatVfs, Timespec, Timestamps};
use rustix::io::Errno;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// The three directories of a partner below `out/<partner>/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tray {
    /// Integration reports of what the partner dropped.
    ComptesRendus,
    /// Life-cycle flows for the structures that the partner acts for.
    Statuts,
    /// Pièces made available to those structures.
    Pieces,
}

impl Tray {
    /// Every tray.
    pub const ALL: [Tray; 3] = [Tray::ComptesRendus, Tray::Statuts, Tray::Pieces];

    /// The directory's name.
    pub const fn name(self) -> &'static str {
        match self {
            Tray::ComptesRendus => "comptes-rendus",
            Tray::Statuts => "statuts",
            Tray::Pieces => "pieces",
        }
    }

    /// The tray of this name.
    pub fn of_name(name: &str) -> Option<Tray> {
        Tray::ALL.into_iter().find(|t| t.name() == name)
    }
}

/// What went wrong with the disk: what was tried, on what, why.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// A system call failed.
    #[error("cannot {} {path}: {source}", tried.en)]
    Io {
        /// The verb, in the infinitive.
        tried: Text,
        /// Path below the spool, made visible.
        path: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Somebody else owns, or may change, what must be guichet's alone.
    #[error("{}: {}\n  hint: {}", .0.path, .0.why.en, .0.fix)]
    Rights(Box<rights::Wrong>),
    /// Another guichet holds the lock.
    #[error("another guichet holds this spool ({0})")]
    Locked(String),
    /// A directory of the spool is on another file system: a rename could not move a file there.
    #[error(
        "{path} is on another file system than the spool\n  hint: everything below {root} must be on one file system"
    )]
    OtherFileSystem {
        /// The directory.
        path: String,
        /// The spool's root.
        root: String,
    },
}

impl SpoolError {
    /// What went wrong, in the user's language where a system call failed.
    pub fn says(&self) -> Msg {
        let SpoolError::Io { tried, path, source } = self else { return Msg::same(self.to_string()) };
        let (why, _) = reason(source);
        Msg::new(
            format!("impossible de {} {path} : {}", tried.fr, why.fr),
            format!("cannot {} {path}: {}", tried.en, why.en),
        )
    }
}

/// What a system call was to do.
#[rustfmt::skip]
mod verb {
    use crate::text::{Text, t};

    pub const CREATE:    Text = t("créer",           "create");
    pub const OPEN:      Text = t("ouvrir",          "open");
    pub const LOOK_AT:   Text = t("examiner",        "look at");
    pub const LOCK:      Text = t("verrouiller",     "lock");
    pub const STAGE:     Text = t("préparer",        "stage");
    pub const SYNC:      Text = t("rendre durable",  "sync");
    pub const PUBLISH:   Text = t("publier",         "publish");
    pub const FILE:      Text = t("archiver",        "file");
    pub const READ:      Text = t("lire",            "read");
    pub const WRITE:     Text = t("écrire",          "write");
    pub const REMOVE:    Text = t("supprimer",       "remove");
    pub const REQUEUE:   Text = t("remettre au travail", "bring back to work");
}

impl SpoolError {
    fn io(tried: Text, path: impl fmt::Display, errno: impl Into<std::io::Error>) -> SpoolError {
        let path = crate::text::Shown(&path.to_string()).to_string();
        SpoolError::Io { tried, path, source: errno.into() }
    }
}

/// The spool, opened and locked: there is one at a time.
#[derive(Debug)]
pub struct Spool {
    root: PathBuf,
    root_fd: OwnedFd,
    barrier: Barrier,
    /// What the next barrier must cover, where that is one `fsync` a file.
    touched: Mutex<BTreeSet<String>>,
    /// Guichet's own directories (0700), open: nobody else can put another in their place.
    own: Mutex<HashMap<String, Arc<OwnedFd>>>,
    /// The file that remembers where the ledger is, once it was written.
    mark: Mutex<Option<std::fs::File>>,
    /// Claimed files that go back into `in` once their names are free there.
    going_back: Mutex<Vec<GoingBack>>,
    /// Keeps the `flock`; released when the process ends, however it ends. Its time says when work last went on.
    lock: OwnedFd,
    /// When that was last noted, in milliseconds.
    beaten: AtomicI64,
}

const DIR: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A directory of guichet's own.
const PRIVATE: Perm = Perm::RWXU;
/// A partner's own: for nobody else until an administrator says who the partner is.
const PARTNERS: Perm = Perm::RWXU.union(Perm::RGRP).union(Perm::XGRP);
/// A directory that partners may enter.
const SHARED: Perm = Perm::RWXU.union(Perm::RGRP).union(Perm::XGRP).union(Perm::ROTH).union(Perm::XOTH);

/// Free inodes below which nothing more is claimed: a batch of 100 flows makes some hundreds of files.
pub const INODE_RESERVE: u64 = 2_000;

/// The lock file below the root.
pub const LOCK: &str = "guichet.lock";

/// Where outbound files wait under their final name until their batch is committed.
const STAGE: &str = "out/.stage";

impl Spool {
    /// Takes the lock, makes the directories that are missing, and checks that all is on one file system.
    ///
    /// # Errors
    /// [`SpoolError::Locked`] when another process holds the spool; otherwise what the system said.
    pub fn open(root: &Path, barrier: Barrier) -> Result<Spool, SpoolError> {
        std::fs::create_dir_all(root).map_err(|e| SpoolError::io(verb::CREATE, root.display(), e))?;
        raise_open_files();
        // The root itself may be a link that the administrator made; nothing below it may.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root_fd =
            rustix::fs::open(root, flags, Perm::empty()).map_err(|e| SpoolError::io(verb::OPEN, root.display(), e))?;
        if let Some(wrong) = rights::refused(root) {
            return Err(SpoolError::Rights(Box::new(wrong)));
        }
        let lock = take_lock(root, &root_fd)?;
        let spool = Spool {
            root: root.to_path_buf(),
            root_fd,
            barrier,
            touched: Mutex::default(),
            own: Mutex::default(),
            mark: Mutex::default(),
            going_back: Mutex::default(),
            lock,
            beaten: AtomicI64::new(0),
        };
        for (dir, perm) in [("in", SHARED), ("out", SHARED), ("work", PRIVATE), ("archive", PRIVATE), ("hold", PRIVATE)]
        {
            spool.make_dir(dir, perm)?;
        }
        spool.make_dir(STAGE, PRIVATE)?;
        for mode in Mode::ALL {
            spool.make_dir(&format!("in/{mode}"), SHARED)?;
        }
        Ok(spool)
    }

    /// Makes the directories of a partner: one to drop into for each of its modes, three to poll.
    ///
    /// # Errors
    /// What the system said.
    pub fn welcome(&self, partner: &str, modes: &[Mode]) -> Result<(), SpoolError> {
        for mode in modes {
            self.make_dir(&format!("in/{mode}/{partner}"), PARTNERS)?;
        }
        self.make_dir(&format!("out/{partner}"), PARTNERS)?;
        for tray in Tray::ALL {
            self.make_dir(&format!("out/{partner}/{}", tray.name()), PARTNERS)?;
        }
        self.make_dir(&format!("{STAGE}/{partner}"), PRIVATE)
    }

    /// Whether deposits were answered here: something lies in the archive or in hold.
    ///
    /// # Errors
    /// What the system said.
    pub fn has_filed(&self) -> Result<bool, SpoolError> {
        for dir in ["archive", "hold"] {
            let handle = self.dir(dir)?;
            if !scan::list(&handle).map_err(|e| SpoolError::io(verb::READ, dir, e))?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Notes that work goes on, at most once a second: the time of the lock is what `status` looks at.
    pub fn beat(&self, now: Instant) {
        let last = self.beaten.load(Ordering::Relaxed);
        if now.0.abs_diff(last) >= 1000
            && self.beaten.compare_exchange(last, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            let at = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
            // A disk that cannot take it is told elsewhere.
            let _ = rustix::fs::futimens(&self.lock, &Timestamps { last_access: at, last_modification: at });
        }
    }

    /// The root, for messages.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Bytes and inodes that an unprivileged user can still have.
    ///
    /// # Errors
    /// What the system said.
    pub fn free(&self) -> Result<(u64, u64), SpoolError> {
        let s = rustix::fs::fstatvfs(&self.root_fd);
        s.map(|s| room(&s)).map_err(|e| SpoolError::io(verb::LOOK_AT, self.root.display(), e))
    }

    /// Opens a directory below the root without following a link anywhere on the way.
    fn dir(&self, path: &str) -> Result<OwnedFd, SpoolError> {
        open_below(&self.root_fd, path, DIR).map_err(|e| SpoolError::io(verb::OPEN, path, e))
    }

    /// One of guichet's own directories: opened once, made where it is missing.
    fn own(&self, path: &str) -> Result<Arc<OwnedFd>, SpoolError> {
        if let Some(dir) = self.own.lock().expect("no holder of this lock panics").get(path) {
            return Ok(dir.clone());
        }
        self.make_dir(path, PRIVATE)?;
        let dir = Arc::new(self.dir(path)?);
        self.own.lock().expect("no holder of this lock panics").insert(path.to_owned(), dir.clone());
        Ok(dir)
    }

    /// Splits a path below the root into one of guichet's own directories and a name in it.
    fn place<'p>(&self, path: &'p str) -> Result<(Arc<OwnedFd>, &'p str), SpoolError> {
        let (dir, name) = path.rsplit_once('/').expect("no file of guichet's lies in the root itself");
        Ok((self.own(dir)?, name))
    }

    /// Makes a directory, parents included; one that is there is checked to be one, on the same file system.
    fn make_dir(&self, path: &str, perm: Perm) -> Result<(), SpoolError> {
        let mut upto = String::new();
        for part in path.split('/') {
            if !upto.is_empty() {
                upto.push('/');
            }
            upto.push_str(part);
            match rustix::fs::mkdirat(&self.root_fd, &upto, perm) {
                Ok(()) => {
                    // The new name is in the directory above it.
                    self.touched(upto.rsplit_once('/').map_or(".", |(above, _)| above));
                }
                Err(Errno::EXIST) => {}
                Err(e) => return Err(SpoolError::io(verb::CREATE, &upto, e)),
            }
        }
        let dir = self.dir(path)?;
        let (here, root) = (stat_dev(&dir), stat_dev(&self.root_fd));
        if here.is_some() && here != root {
            return Err(SpoolError::OtherFileSystem { path: path.to_owned(), root: self.root.display().to_string() });
        }
        Ok(())
    }
}

fn stat_dev(fd: &OwnedFd) -> Option<u64> {
    rustix::fs::fstat(fd).ok().map(|s| s.st_dev)
}

/// `openat` part by part with `O_NOFOLLOW`: what `openat2(RESOLVE_NO_SYMLINKS)` does, on every kernel.
fn open_below(root: &OwnedFd, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut parts = path.split('/').peekable();
    let mut here: Option<OwnedFd> = None;
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let flags = if last { flags } else { DIR };
        let next = rustix::fs::openat(here.as_ref().unwrap_or(root), part, flags, Perm::empty())?;
        here = Some(next);
    }
    here.ok_or(Errno::INVAL)
}

/// Some thousand partners are some thousand directories: as many open files as the system lets us have.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it is not to be had, the usual number does for most.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// A lock for something outside the spool, a ledger elsewhere: two spools must not share it. Given back when dropped.
///
/// # Errors
/// [`SpoolError::Locked`] when another process holds it; otherwise what the system said.
pub fn lock_beside(path: &Path) -> Result<OwnedFd, SpoolError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    take_lock_at(rustix::fs::CWD, Path::new(&name), Path::new(&name))
}

fn take_lock(root: &Path, root_fd: &OwnedFd) -> Result<OwnedFd, SpoolError> {
    take_lock_at(root_fd, Path::new(LOCK), root)
}

fn take_lock_at(dir: impl AsFd, name: &Path, root: &Path) -> Result<OwnedFd, SpoolError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let lock = rustix::fs::openat(dir, name, flags, Perm::RUSR | Perm::WUSR)
        .map_err(|e| SpoolError::io(verb::OPEN, root.join(name).display(), e))?;
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(Errno::WOULDBLOCK) => Err(SpoolError::Locked(root.display().to_string())),
        Err(e) => Err(SpoolError::io(verb::LOCK, root.join(name).display(), e)),
    }
}

/// Whether a file that was published in a partner's tray is there no more: the partner took it. None: it cannot be
/// seen.
pub fn taken(root: &Path, partner: &str, tray: Tray, name: &str) -> Option<bool> {
    let tray = root.join("out").join(partner).join(tray.name());
    // Where it is staged is looked at first: it goes from there to the tray, never back.
    let here = is_there(&root.join(STAGE).join(partner).join(name))? || is_there(&tray.join(name))?;
    // A tray that is not there is no sign of a partner's.
    (here || tray.is_dir()).then_some(!here)
}

/// Whether a file is there; none: it cannot be seen.
fn is_there(path: &Path) -> Option<bool> {
    match path.symlink_metadata() {
        Ok(_) => Some(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Some(false),
        Err(_) => None,
    }
}

/// Bytes and inodes that an unprivileged user can still have below a directory; none: it cannot be looked at.
pub fn free(root: &Path) -> Option<(u64, u64)> {
    rustix::fs::statvfs(root).ok().map(|s| room(&s))
}

fn room(s: &StatVfs) -> (u64, u64) {
    // A file system without a table of inodes (btrfs) says it has none at all.
    let inodes = if s.f_files == 0 { u64::MAX } else { s.f_favail };
    (s.f_bavail.saturating_mul(s.f_frsize), inodes)
}

/// When whoever holds, or last held, this spool last said that work went on.
pub fn last_beat(root: &Path) -> Option<Instant> {
    let changed = root.join(LOCK).metadata().ok()?.modified().ok()?;
    let ms = changed.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?.as_millis();
    i64::try_from(ms).ok().map(Instant)
}

/// Whether some guichet holds the lock of this spool now. Takes nothing.
pub fn is_held(root: &Path) -> bool {
    let Ok(lock) = rustix::fs::open(root.join(LOCK), OFlags::RDONLY | OFlags::CLOEXEC, Perm::empty()) else {
        return false;
    };
    // A shared lock, given back at once: two who ask at the same time do not hide each other.
    rustix::fs::flock(&lock, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
}

/// Whether a name exists in a directory, links not followed.
fn exists(dir: &OwnedFd, name: &str) -> bool {
    rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
}
