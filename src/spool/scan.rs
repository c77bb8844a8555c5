//! Looking: which files are there, which of them have stopped changing, and what is no file to take.

use super::{DIR, Spool, SpoolError, exists, verb};
use crate::clock::Instant;
use crate::text::Shown;
use crate::trade::Mode;
use rustix::fs::{AtFlags, FileType, Stat};
use std::collections::{HashMap, HashSet};
use std::ffi::{CString, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What tells whether a file was touched between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub(super) ino: u64,
    pub(super) size: u64,
    mtime: (i64, i64),
    pub(super) ctime: (i64, i64),
}

impl Stamp {
    /// That of whatever is there now, if anything is.
    pub fn at(path: &Path) -> Option<Stamp> {
        rustix::fs::lstat(path).ok().map(|stat| Stamp::of(&stat))
    }

    pub(super) fn of(s: &Stat) -> Stamp {
        // The fields' widths differ between targets.
        #[allow(clippy::unnecessary_cast)]
        Stamp {
            ino: s.st_ino,
            size: u64::try_from(s.st_size).unwrap_or(0),
            mtime: (s.st_mtime as i64, s.st_mtime_nsec as i64),
            ctime: (s.st_ctime as i64, s.st_ctime_nsec as i64),
        }
    }

    /// The same bytes, as far as can be told: a rename changes ctime, and nothing else.
    pub(super) fn same_content(&self, other: &Stamp) -> bool {
        (self.ino, self.size, self.mtime) == (other.ino, other.size, other.mtime)
    }

    /// How long ago the kernel last saw a change; `None` when the clock says that this is yet to come.
    pub(super) fn age(&self, now: Instant) -> Option<Duration> {
        let at = self.ctime.0.saturating_mul(1000).saturating_add(self.ctime.1 / 1_000_000);
        u64::try_from(now.0.saturating_sub(at)).ok().map(Duration::from_millis)
    }
}

/// A file that has stopped changing and may be taken.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The mode of the directory it lies in.
    pub mode: Mode,
    /// The partner of the directory it lies in.
    pub partner: Arc<str>,
    /// Its name there, as bytes.
    pub name: OsString,
    /// Its size when looked at, in bytes.
    pub size: u64,
    /// For how long it has not changed.
    pub quiet: Duration,
    pub(super) dir: Arc<OwnedFd>,
    pub(super) stamp: Stamp,
}

/// Something in `in/` that is not taken: it stays where it is and is told once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stray {
    /// A directory of nobody's: its name is no partner's.
    UnknownPartner {
        /// `in/edi/nobody`.
        path: String,
    },
    /// A link, FIFO, device, socket or directory.
    NotAFile {
        /// `in/edi/partner/name`, made visible.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// A file with another name elsewhere: whoever holds that name could change it.
    Linked {
        /// `in/edi/partner/name`, made visible.
        path: String,
    },
    /// A directory that could not be read.
    Unreadable {
        /// The directory.
        path: String,
        /// The system's answer.
        why: String,
    },
}

/// What one scan saw.
#[derive(Debug, Default)]
pub struct Look {
    /// Files to take, one partner after the other in turn, each partner's in order of change, then of name. Another
    /// partner is first in each look.
    pub ready: Vec<Candidate>,
    /// Files that may still change.
    pub waiting: usize,
    /// What is not taken and was not told yet.
    pub strays: Vec<Stray>,
    /// Some directory held more than one scan takes.
    pub more: bool,
    /// When the first of the waiting files may be ready.
    pub soonest: Option<Duration>,
}

type Key = (Mode, Arc<str>, OsString);

/// A directory of `in/`, by its mode and its partner.
pub type Directory = (Mode, Arc<str>);

/// Files that the kernel saw renamed into place, as they were then: whole from the start.
#[derive(Debug, Default)]
pub struct MovedIn(HashMap<Directory, HashMap<OsString, Stamp>>);

/// So many are remembered of one directory, whatever the others hold; more are looked at twice.
const MOST_MOVED_IN: usize = 20_000;

impl MovedIn {
    /// One more.
    pub fn add(&mut self, directory: Directory, name: OsString, stamp: Stamp) {
        let files = self.0.entry(directory).or_default();
        if files.len() < MOST_MOVED_IN || files.contains_key(&name) {
            files.insert(name, stamp);
        }
    }

    fn is(&self, (mode, partner, name): &Key, stamp: &Stamp) -> bool {
        self.0.get(&(*mode, partner.clone())).is_some_and(|files| files.get(name) == Some(stamp))
    }
}

/// A file, as the last look saw it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    stamp: Stamp,
    /// Since when it has not changed, by the clock that never jumps.
    since: Duration,
    /// It was renamed into place: whole from the start.
    is_whole: bool,
}

/// What a look sees on its way, besides what it gives.
#[derive(Default)]
struct Sight {
    seen: HashMap<Key, Seen>,
    strays: Vec<Stray>,
    /// Directories that hold more than was looked at.
    cut: HashSet<Directory>,
    look: Look,
}

/// Remembers what it saw, so that a file is taken only when two looks agree.
#[derive(Debug)]
pub struct Scanner {
    settle: Duration,
    incomplete_after: Duration,
    /// Candidates that one directory may give to one scan.
    per_directory: usize,
    per_edi_directory: usize,
    seen: HashMap<Key, Seen>,
    /// What no look has seen since.
    moved_in: MovedIn,
    /// The directory that came first in the last look.
    first: Option<Directory>,
    /// Files whose bytes did not end where their format ends, as they were then.
    unfinished: HashMap<Key, Stamp>,
    told: HashSet<Stray>,
    /// What was read in files, as they were then.
    noted: HashMap<Key, (Stamp, Note)>,
}

/// What was read in a file: the files that it names, if it names any.
pub type Note = Option<Arc<[String]>>;

impl Scanner {
    /// A scanner that calls a file finished after `settle` without change, and an unfinished one after
    /// `incomplete_after`.
    pub fn new(settle: Duration, incomplete_after: Duration, per_directory: usize) -> Scanner {
        Scanner {
            settle,
            incomplete_after,
            per_directory,
            per_edi_directory: per_directory,
            seen: HashMap::new(),
            moved_in: MovedIn::default(),
            first: None,
            unfinished: HashMap::new(),
            told: HashSet::new(),
            noted: HashMap::new(),
        }
    }

    /// One look at every directory of `in/`. `now` is the clock that stamps files, `uptime` one that never jumps.
    ///
    /// # Errors
    /// Only for `in/` itself; what is wrong with one partner's directory is a [`Stray`].
    pub fn look(
        &mut self,
        spool: &Spool,
        known: &dyn Fn(&str) -> bool,
        now: Instant,
        uptime: Duration,
    ) -> Result<Look, SpoolError> {
        let mut sight = Sight::default();
        let mut queues = Vec::new();
        for mode in Mode::ALL {
            let above = format!("in/{mode}");
            let dir = spool.dir(&above)?;
            for (name, kind) in list(&dir).map_err(|e| SpoolError::io(verb::READ, &above, e))? {
                let path = format!("{above}/{}", Shown(&name.to_string_lossy()));
                match name.to_str() {
                    Some(partner) if kind == FileType::Directory && known(partner) => {
                        match self.partner(spool, mode, partner, now, uptime, &mut sight) {
                            Ok(queue) => queues.push(((mode, partner.into()), queue)),
                            Err(e) => sight.strays.push(Stray::Unreadable { path, why: e.to_string() }),
                        }
                    }
                    _ if kind == FileType::Directory => sight.strays.push(Stray::UnknownPartner { path }),
                    _ => sight.strays.push(Stray::NotAFile { path, what: "a file outside any partner's directory" }),
                }
            }
        }
        let Sight { seen, strays, cut, mut look } = sight;
        self.seen = seen;
        self.unfinished.retain(|k, _| self.seen.contains_key(k));
        self.noted.retain(|k, (stamp, _)| self.seen.get(k).is_some_and(|seen| seen.stamp == *stamp));
        self.moved_in.0.retain(|directory, files| {
            // What a look did not reach the next one may.
            let (mode, partner) = directory;
            let is_cut = cut.contains(directory);
            if is_cut {
                files.retain(|name, _| !self.seen.contains_key(&(*mode, partner.clone(), name.clone())));
            }
            is_cut
        });
        look.strays = strays.iter().filter(|s| !self.told.contains(*s)).cloned().collect();
        self.told = strays.into_iter().collect();
        queues.retain(|(_, queue)| !queue.is_empty());
        queues.sort_by(|(one, _), (other, _)| one.cmp(other));
        // Another one is first each time: a turn may end before everybody was served.
        let is_past = |directory: &Directory| self.first.as_ref().is_some_and(|first| directory <= first);
        let next = queues.partition_point(|(directory, _)| is_past(directory));
        queues.rotate_left(next);
        self.first = queues.first().map(|(directory, _)| directory.clone());
        look.ready = in_turn(queues.into_iter().map(|(_, queue)| queue).collect());
        Ok(look)
    }

    /// From now on a directory of EDI gives so many candidates to one look: no more are taken before the next one. In
    /// the others a form must see the files that it names.
    pub fn look_at_most(&mut self, per_edi_directory: usize) {
        self.per_edi_directory = per_edi_directory;
    }

    /// Says which files were renamed into place: if they are still what they were then, the next look need not see them
    /// twice.
    pub fn moved_in(&mut self, more: MovedIn) {
        for (directory, files) in more.0 {
            files.into_iter().for_each(|(name, stamp)| self.moved_in.add(directory.clone(), name, stamp));
        }
    }

    /// A file beside a candidate as the last look saw it, ready or not.
    pub fn beside(&self, form: &Candidate, name: &str, now: Instant, uptime: Duration) -> Option<Candidate> {
        let (mode, partner) = (form.mode, form.partner.clone());
        let (key, dir) = ((mode, partner.clone(), OsString::from(name)), form.dir.clone());
        let Seen { stamp, since, .. } = *self.seen.get(&key)?;
        let quiet = uptime.saturating_sub(since).max(stamp.age(now).unwrap_or_default());
        Some(Candidate { mode, partner, name: key.2, size: stamp.size, quiet, dir, stamp })
    }

    /// What was noted of a file, if it has not changed since.
    pub fn noted(&self, c: &Candidate) -> Option<Note> {
        let key = (c.mode, c.partner.clone(), c.name.clone());
        self.noted.get(&key).filter(|(stamp, _)| *stamp == c.stamp).map(|(_, note)| note.clone())
    }

    /// Notes what was read in a file: while it does not change it need not be read again.
    pub fn note(&mut self, c: &Candidate, note: Note) {
        self.noted.insert((c.mode, c.partner.clone(), c.name.clone()), (c.stamp, note));
    }

    /// Whether a file has not changed for long enough.
    pub fn is_settled(&self, c: &Candidate) -> bool {
        c.quiet >= self.settle
    }

    /// Says that a candidate's bytes do not end where its format ends: it is given again when it has changed, or when
    /// it has not for too long.
    pub fn unfinished(&mut self, c: &Candidate) {
        self.unfinished.insert((c.mode, c.partner.clone(), c.name.clone()), c.stamp);
    }

    fn partner(
        &self,
        spool: &Spool,
        mode: Mode,
        partner: &str,
        now: Instant,
        uptime: Duration,
        sight: &mut Sight,
    ) -> Result<Vec<Candidate>, SpoolError> {
        let Sight { seen, strays, cut, look } = sight;
        let above = format!("in/{mode}/{partner}");
        let dir = Arc::new(spool.dir(&above)?);
        let partner: Arc<str> = partner.into();
        let most = if mode == Mode::Edi { self.per_edi_directory } else { self.per_directory };
        let mut queue = Vec::new();
        let unread = |e| SpoolError::io(verb::READ, &above, e);
        for entry in entries(&dir).map_err(unread)? {
            let (name, _) = entry.map_err(unread)?;
            if is_in_progress(name.as_bytes()) {
                continue;
            }
            let Ok(stat) = rustix::fs::statat(&*dir, name.as_os_str(), AtFlags::SYMLINK_NOFOLLOW) else {
                continue; // gone since it was listed
            };
            let path = || format!("{above}/{}", Shown(&name.to_string_lossy()));
            if let Some(what) = not_a_file(&stat) {
                strays.push(Stray::NotAFile { path: path(), what });
                continue;
            }
            if stat.st_nlink != 1 {
                strays.push(Stray::Linked { path: path() });
                continue;
            }
            if queue.len() == self.per_directory {
                look.more = true;
                cut.insert((mode, partner));
                break;
            }
            let stamp = Stamp::of(&stat);
            let key = (mode, partner.clone(), name);
            let before = self.seen.get(&key).filter(|before| before.stamp == stamp);
            let since = before.map_or(uptime, |before| before.since);
            let is_whole = before.is_some_and(|before| before.is_whole) || self.moved_in.is(&key, &stamp);
            // The age of ctime may stand for the first look: the kernel sets it at each write, nobody else can.
            let quiet = (uptime - since).max(stamp.age(now).unwrap_or_default());
            let held_back = self.unfinished.get(&key) == Some(&stamp) && quiet < self.incomplete_after;
            let settled = quiet >= self.settle || is_whole;
            if settled && !held_back {
                let (size, dir, name) = (stamp.size, dir.clone(), key.2.clone());
                queue.push(Candidate { mode, partner: partner.clone(), name, size, quiet, dir, stamp });
            } else {
                look.waiting += 1;
                let due = if held_back { self.incomplete_after } else { self.settle }.saturating_sub(quiet);
                look.soonest = Some(look.soonest.map_or(due, |soonest| soonest.min(due)));
            }
            seen.insert(key, Seen { stamp, since, is_whole });
        }
        queue.sort_by(|a, b| (a.stamp.ctime, &a.name).cmp(&(b.stamp.ctime, &b.name)));
        // The oldest of what was looked at.
        look.more |= queue.len() > most;
        queue.truncate(most);
        Ok(queue)
    }
}

impl Candidate {
    /// The order of a batch: by change, then by name.
    pub fn order(&self) -> (i64, i64, &OsString) {
        (self.stamp.ctime.0, self.stamp.ctime.1, &self.name)
    }

    /// The directory that it lies in.
    pub fn directory(&self) -> Directory {
        (self.mode, self.partner.clone())
    }

    /// Where it lies, made visible.
    pub fn path(&self) -> String {
        format!("in/{}/{}/{}", self.mode, self.partner, Shown(&self.name.to_string_lossy()))
    }

    /// Whether the name is still there.
    pub fn is_there(&self) -> bool {
        CString::new(self.name.as_bytes()).is_ok_and(|n| n.to_str().map_or(true, |n| exists(&self.dir, n)))
    }
}

/// Names of files that their producer says are not finished.
pub fn is_in_progress(name: &[u8]) -> bool {
    name.starts_with(b".") || [&b".part"[..], b".tmp", b".filepart", b".writing"].iter().any(|end| name.ends_with(end))
}

pub(super) fn not_a_file(stat: &Stat) -> Option<&'static str> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => None,
        FileType::Symlink => Some("a symbolic link"),
        FileType::Directory => Some("a directory"),
        FileType::Fifo => Some("a FIFO"),
        FileType::Socket => Some("a socket"),
        _ => Some("a device"),
    }
}

/// The entries of a directory, in the order of the file system.
pub(super) fn list(dir: &OwnedFd) -> Result<Vec<(OsString, FileType)>, rustix::io::Errno> {
    entries(dir)?.collect()
}

/// The same one by one: a directory may hold far more than is looked at.
fn entries(
    dir: &OwnedFd,
) -> Result<impl Iterator<Item = Result<(OsString, FileType), rustix::io::Errno>>, rustix::io::Errno> {
    // A handle of its own: reading moves a cursor that others who share the handle would see.
    let own = rustix::fs::openat(dir, ".", DIR, rustix::fs::Mode::empty())?;
    let entry = move |entry: Result<rustix::fs::DirEntry, rustix::io::Errno>| {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => return Some(Err(e)),
        };
        let name = entry.file_name().to_bytes();
        let kind = match entry.file_type() {
            _ if name == b"." || name == b".." => return None,
            FileType::Unknown => rustix::fs::statat(dir, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)
                .map_or(FileType::Unknown, |s| FileType::from_raw_mode(s.st_mode)),
            kind => kind,
        };
        Some(Ok((OsString::from_vec(name.to_vec()), kind)))
    };
    Ok(rustix::fs::Dir::new(own)?.filter_map(entry))
}

/// One of each queue in turn, so that no partner waits for another's thousands.
fn in_turn(queues: Vec<Vec<Candidate>>) -> Vec<Candidate> {
    let mut out = Vec::with_capacity(queues.iter().map(Vec::len).sum());
    let mut queues: Vec<_> = queues.into_iter().map(Vec::into_iter).collect();
    while !queues.is_empty() {
        queues.retain_mut(|q| match q.next() {
            Some(c) => {
                out.push(c);
                true
            }
            None => false,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Barrier;

    const SETTLE: Duration = Duration::from_secs(3_600);

    /// A spool with so many files of one partner, and a scanner that takes so many of them in one look.
    fn world(files: usize, per_directory: usize) -> (tempfile::TempDir, Spool, Scanner) {
        let dir = tempfile::tempdir().expect("a directory");
        let spool = Spool::open(dir.path(), Barrier::Syncfs).expect("a spool");
        spool.welcome("one", &[Mode::Edi]).expect("a partner");
        for n in 0..files {
            std::fs::write(path(&dir, n), "<Invoice/>").expect("a file");
        }
        (dir, spool, Scanner::new(SETTLE, SETTLE, per_directory))
    }

    fn name(n: usize) -> String {
        format!("f{n:03}")
    }

    fn path(dir: &tempfile::TempDir, n: usize) -> std::path::PathBuf {
        dir.path().join("in/edi/one").join(name(n))
    }

    /// The names of one look.
    fn look(scanner: &mut Scanner, spool: &Spool) -> Vec<String> {
        let look = scanner.look(spool, &|_| true, crate::clock::Instant(0), Duration::ZERO).expect("a look");
        look.ready.iter().map(|c| c.name.to_string_lossy().into_owned()).collect()
    }

    /// Says that these files of one partner were renamed into place, as they are now.
    fn moved_in(scanner: &mut Scanner, dir: &tempfile::TempDir, files: impl Iterator<Item = usize>) {
        let mut moved = MovedIn::default();
        for n in files {
            moved.add((Mode::Edi, "one".into()), name(n).into(), Stamp::at(&path(dir, n)).expect("a file"));
        }
        scanner.moved_in(moved);
    }

    #[test]
    fn a_file_that_was_renamed_into_place_is_whole_until_it_changes() {
        let (dir, spool, mut scanner) = world(1, 10);
        assert!(look(&mut scanner, &spool).is_empty(), "it may still change");
        moved_in(&mut scanner, &dir, 0..1);
        assert_eq!(look(&mut scanner, &spool), [name(0)]);
        assert_eq!(look(&mut scanner, &spool), [name(0)], "it was not taken, and waits for nothing");
        std::fs::write(path(&dir, 0), "<Invoice>").expect("a change");
        assert!(look(&mut scanner, &spool).is_empty(), "whoever changes it may go on");
    }

    #[test]
    fn one_that_changed_before_it_was_looked_at_may_go_on_changing() {
        let (dir, spool, mut scanner) = world(1, 10);
        moved_in(&mut scanner, &dir, 0..1);
        std::fs::write(path(&dir, 0), "half of it").expect("a change");
        assert!(look(&mut scanner, &spool).is_empty());
    }

    #[test]
    fn those_that_one_look_does_not_reach_are_whole_in_the_next() {
        for in_turns in [false, true] {
            let (dir, spool, mut scanner) = world(50, if in_turns { 100 } else { 20 });
            if in_turns {
                scanner.look_at_most(20);
            }
            moved_in(&mut scanner, &dir, 0..50);
            let mut sizes = Vec::new();
            while sizes.len() < 4 {
                let ready = look(&mut scanner, &spool);
                for name in &ready {
                    std::fs::remove_file(dir.path().join("in/edi/one").join(name)).expect("it is there");
                }
                sizes.push(ready.len());
            }
            assert_eq!(sizes, [20, 20, 10, 0], "in turns: {in_turns}");
        }
    }

    #[test]
    fn no_partner_takes_the_room_of_another() {
        let (dir, spool, mut scanner) = world(1, 10);
        let other: Directory = (Mode::Portail, "other".into());
        let (stamp, mut moved) = (Stamp::at(&path(&dir, 0)).expect("a file"), MovedIn::default());
        (0..2 * MOST_MOVED_IN).for_each(|n| moved.add(other.clone(), format!("gone {n}").into(), stamp));
        assert_eq!(moved.0.values().map(HashMap::len).sum::<usize>(), MOST_MOVED_IN);
        scanner.moved_in(moved);
        moved_in(&mut scanner, &dir, 0..1);
        assert_eq!(look(&mut scanner, &spool), [name(0)]);
        assert!(scanner.moved_in.0.is_empty(), "what was seen, or is not there, is forgotten");
    }

    #[test]
    fn each_partner_is_first_in_turn() {
        let dir = tempfile::tempdir().expect("a directory");
        let spool = Spool::open(dir.path(), Barrier::Syncfs).expect("a spool");
        let drop = |partner: &str| {
            std::fs::write(dir.path().join("in/edi").join(partner).join("f"), "<Invoice/>").expect("a file");
        };
        for partner in ["a", "b", "c"] {
            spool.welcome(partner, &[Mode::Edi]).expect("a partner");
            drop(partner);
        }
        let mut scanner = Scanner::new(Duration::ZERO, SETTLE, 10);
        let mut firsts = String::new();
        for n in 0..7 {
            let look = scanner.look(&spool, &|_| true, crate::clock::Instant(0), Duration::ZERO).expect("a look");
            firsts += &look.ready[0].partner;
            // One of them has files now and then only.
            match n {
                2 => std::fs::remove_file(dir.path().join("in/edi/a/f")).expect("it is there"),
                4 => drop("a"),
                _ => {}
            }
        }
        assert_eq!(firsts, "abcbcab");
    }
}
