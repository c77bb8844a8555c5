//! A disk whose power can be cut: what a process changed on it is written down, call by call, and then any moment of it
//! is built again as it may look after a cut. What was synced is there; of the rest anything may be, or not.
//!
//! Two models. In the first all names have one journal: their changes are kept up to some moment, and a sync of anything
//! keeps all before it. In the second each directory has a journal of its own: what is kept of one says nothing of
//! another, a file that moves joins the two, and only a sync of a directory, or of everything, makes its names durable. In
//! both, bytes that were written and not synced may be there, or in part, or as zeros, or not at all.

use super::dice::Dice;
use super::world::{World, sha256, text};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Dir,
    File(usize),
}

/// Names below the root.
type Tree = BTreeMap<String, Node>;

/// One change of what is on the disk, or of what is safe there.
#[derive(Debug)]
enum Op {
    /// Names that go, and names that come, all at once.
    Names {
        gone: Vec<String>,
        come: Vec<(String, Node)>,
    },
    Write {
        file: usize,
        at: usize,
        bytes: Vec<u8>,
    },
    Resize {
        file: usize,
        size: usize,
    },
    SyncFile(usize),
    SyncDir(String),
    SyncAll,
}

/// What a command did to a disk.
pub struct Recording {
    /// What was there before, all of it durable.
    before: Tree,
    /// What was in each file that is met, before.
    files: Vec<Vec<u8>>,
    ops: Vec<Op>,
    /// Where the last command begins.
    last: usize,
}

/// The shim, compiled once.
pub fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disk/shim.c");
        let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
        let made = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-Wall", "-o"]).args([&to, &source]).output();
        let made = made.expect("a C compiler is there");
        assert!(made.status.success(), "{}", text(&made.stderr));
        to
    })
}

/// Puts the shim between a command and the spool of a world.
pub fn stand_between<'c>(command: &'c mut Command, w: &World) -> &'c mut Command {
    let root = w.path("spool").canonicalize().unwrap();
    command.env("LD_PRELOAD", shim()).env("DISK_ROOT", root)
}

/// Runs commands one after another, however each but the last ends, and writes down what they do to the spool.
pub fn record(w: &World, commands: &mut [Command]) -> Recording {
    let root = w.path("spool").canonicalize().unwrap();
    let mut recording = Recording { before: Tree::new(), files: Vec::new(), ops: Vec::new(), last: 0 };
    let mut inodes: BTreeMap<u64, Node> = BTreeMap::new();
    let mut dirs: BTreeMap<u64, String> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(&root) {
        use std::os::unix::fs::MetadataExt;
        let entry = entry.unwrap();
        let (meta, name) = (entry.metadata().unwrap(), below(&root, &entry.path().to_string_lossy()));
        let node = if meta.is_dir() {
            dirs.insert(meta.ino(), name.clone());
            Node::Dir
        } else if meta.is_file() {
            *inodes.entry(meta.ino()).or_insert_with(|| {
                recording.files.push(fs::read(entry.path()).unwrap());
                Node::File(recording.files.len() - 1)
            })
        } else {
            continue;
        };
        if !name.is_empty() {
            recording.before.insert(name, node);
        }
    }
    let log = w.path("disk.log");
    let (mut live, mut last) = (recording.before.clone(), None);
    for command in commands {
        let out = stand_between(command, w).env("DISK_LOG", &log).output().unwrap();
        let bytes = fs::read(&log).unwrap();
        fs::remove_file(&log).unwrap();
        recording.last = recording.ops.len();
        recording.read(&root, &bytes, &mut live, &mut inodes, &mut dirs);
        last = Some(out);
    }
    let out = last.unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    recording
}

fn below(root: &Path, path: &str) -> String {
    let path = path.strip_prefix(&*root.to_string_lossy()).unwrap();
    path.trim_start_matches('/').trim_end_matches('/').to_owned()
}

fn above(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(above, _)| above)
}

impl Recording {
    fn read(
        &mut self,
        root: &Path,
        log: &[u8],
        live: &mut Tree,
        inodes: &mut BTreeMap<u64, Node>,
        dirs: &mut BTreeMap<u64, String>,
    ) {
        let mut rest = log;
        while !rest.is_empty() {
            let end = rest.iter().position(|b| *b == b'\n').unwrap();
            let line = text(&rest[..end]);
            rest = &rest[end + 1..];
            let fields: Vec<&str> = line.split('\t').collect();
            let number = |i: usize| fields[i].parse::<u64>().unwrap();
            let file = |inodes: &BTreeMap<u64, Node>| match inodes.get(&number(1)) {
                Some(Node::File(file)) => *file,
                other => panic!("{line}: {other:?}"),
            };
            let op = match fields[0] {
                "C" => {
                    self.files.push(Vec::new());
                    let node = Node::File(self.files.len() - 1);
                    inodes.insert(number(1), node);
                    dirs.remove(&number(1));
                    Op::Names { gone: vec![], come: vec![(below(root, fields[2]), node)] }
                }
                "D" => {
                    dirs.insert(number(1), below(root, fields[2]));
                    Op::Names { gone: vec![], come: vec![(below(root, fields[2]), Node::Dir)] }
                }
                "L" => Op::Names { gone: vec![], come: vec![(below(root, fields[2]), inodes[&number(1)])] },
                "R" => {
                    let from = below(root, fields[1]);
                    let Some(node @ Node::File(_)) = live.get(&from).copied() else {
                        panic!("{line}: no file of ours")
                    };
                    Op::Names { gone: vec![from], come: vec![(below(root, fields[2]), node)] }
                }
                "U" => Op::Names { gone: vec![below(root, fields[1])], come: vec![] },
                "T" => Op::Resize { file: file(inodes), size: number(2) as usize },
                "W" => {
                    let len = number(3) as usize;
                    let bytes = rest[..len].to_vec();
                    rest = &rest[len..];
                    Op::Write { file: file(inodes), at: number(2) as usize, bytes }
                }
                "F" => match dirs.get(&number(1)) {
                    Some(dir) => Op::SyncDir(dir.clone()),
                    None => Op::SyncFile(file(inodes)),
                },
                "S" => Op::SyncAll,
                other => panic!("{other}: no such record"),
            };
            if let Op::Names { gone, come } = &op {
                rename(gone, come, live);
            }
            self.ops.push(op);
        }
    }

    /// The moments at which the power may go while the last command is at work.
    pub fn moments(&self) -> Range<usize> {
        self.last..self.ops.len() + 1
    }

    /// The first change that takes something out of `in/`.
    pub fn claim(&self) -> usize {
        let taken = |op: &Op| matches!(op, Op::Names { gone, .. } if gone.iter().any(|name| name.starts_with("in/")));
        self.ops.iter().position(taken).unwrap()
    }

    /// The first time that everything is made durable.
    pub fn barrier(&self) -> usize {
        self.ops.iter().position(|op| matches!(op, Op::SyncAll)).unwrap()
    }

    /// How many times something was made durable.
    pub fn syncs(&self) -> usize {
        self.ops.iter().filter(|op| matches!(op, Op::SyncFile(_) | Op::SyncDir(_) | Op::SyncAll)).count()
    }

    /// The world as it may look where the power went before the `k`-th change: a twin of `w` with this spool. Partners
    /// took some of what they could see until then. Also says what was visible and not taken.
    pub fn cut(&self, w: &World, k: usize, dice: &mut Dice) -> (World, Vec<(String, String)>) {
        let mut twin = w.twin();
        let (mut live, mut files) = (self.before.clone(), self.files.clone());
        for op in &self.ops[..k] {
            change(op, &mut live, &mut files);
        }
        let (mut tree, kept) = self.survives(k, dice);
        let mut left = Vec::new();
        for (name, node) in &live {
            let (Some(path), Node::File(file)) = (name.strip_prefix("out/"), node) else { continue };
            if path.starts_with(".stage/") {
                continue;
            }
            let seen = (path.to_owned(), sha256(&files[*file]));
            if dice.often(50) {
                left.push(seen);
                continue;
            }
            twin.again.push(seen.0.clone());
            twin.taken.push(seen);
            // To take it is a change of a name too, and no more durable than others.
            if dice.often(50) && tree.get(name) == Some(node) {
                tree.remove(name);
            }
        }
        put(&tree, &kept, &twin.path("spool"));
        (twin, left)
    }

    /// Names and bytes that are there after a cut.
    fn survives(&self, k: usize, dice: &mut Dice) -> (Tree, Vec<Vec<u8>>) {
        let ops = &self.ops[..k];
        let safe = durable(ops);
        let percent = *dice.one(&[0, 20, 50, 80, 100]);
        let last = ops.iter().rposition(|op| matches!(op, Op::SyncAll | Op::SyncFile(_) | Op::SyncDir(_))).unwrap_or(0);
        // One journal for all names, or each directory by itself.
        let journal = dice.often(50).then(|| last + dice.below(k - last + 1));
        let mut stopped: BTreeSet<&str> = BTreeSet::new();
        // Of each file: how what was written and not synced is kept.
        let ways: Vec<usize> = self.files.iter().map(|_| dice.below(5)).collect();
        let (mut tree, mut files) = (self.before.clone(), self.files.clone());
        let mut lost: Vec<bool> = vec![false; files.len()];
        for (i, op) in ops.iter().enumerate() {
            let stays = match op {
                Op::Names { .. } => {
                    let stays = match journal {
                        Some(until) => i < until,
                        None => {
                            let goes_on = dirs_of(op).iter().all(|dir| !stopped.contains(dir));
                            safe[i] || goes_on && dice.often(percent)
                        }
                    };
                    if !stays {
                        stopped.extend(dirs_of(op).into_iter().chain(made_by(op)));
                    }
                    stays
                }
                Op::Write { file, .. } | Op::Resize { file, .. } => {
                    let stays = safe[i]
                        || match ways[*file] {
                            0 => false,
                            1 => true,
                            2 => !lost[*file] && dice.often(80), // up to some write
                            _ => dice.often(50),
                        };
                    lost[*file] |= !stays;
                    // The size may have been kept where the bytes were not.
                    if !stays && ways[*file] == 4 {
                        grow(op, &mut files);
                    }
                    stays
                }
                _ => false,
            };
            if stays {
                change(op, &mut tree, &mut files);
            }
        }
        (tree, files)
    }
}

/// The directories whose names an operation changes.
fn dirs_of(op: &Op) -> Vec<&str> {
    match op {
        Op::Names { gone, come } => gone.iter().chain(come.iter().map(|(name, _)| name)).map(|n| above(n)).collect(),
        _ => Vec::new(),
    }
}

/// The directory that an operation makes.
fn made_by(op: &Op) -> Option<&str> {
    match op {
        Op::Names { come, .. } => come.iter().find(|(_, node)| *node == Node::Dir).map(|(name, _)| name.as_str()),
        _ => None,
    }
}

/// Which operations are durable at the end, each directory by itself: with a change of a name those before it in the
/// same directories, and the directory it is in.
fn durable(ops: &[Op]) -> Vec<bool> {
    let (mut all, mut files, mut dirs) = (false, BTreeSet::new(), BTreeSet::new());
    let mut safe = vec![false; ops.len()];
    for (i, op) in ops.iter().enumerate().rev() {
        match op {
            Op::SyncAll => all = true,
            Op::SyncFile(file) => drop(files.insert(*file)),
            Op::SyncDir(dir) => drop(dirs.insert(dir.as_str())),
            Op::Write { file, .. } | Op::Resize { file, .. } => safe[i] = all || files.contains(file),
            Op::Names { .. } => {
                let of = dirs_of(op);
                safe[i] = all || of.iter().copied().chain(made_by(op)).any(|dir| dirs.contains(dir));
                if safe[i] {
                    dirs.extend(of);
                }
            }
        }
    }
    safe
}

/// Does what a change does.
fn change(op: &Op, tree: &mut Tree, files: &mut [Vec<u8>]) {
    match op {
        Op::Names { gone, come } => {
            rename(gone, come, tree);
        }
        Op::Write { file, at, bytes } => {
            grow(op, files);
            files[*file][*at..at + bytes.len()].copy_from_slice(bytes);
        }
        Op::Resize { file, size } => files[*file].resize(*size, 0),
        Op::SyncFile(_) | Op::SyncDir(_) | Op::SyncAll => {}
    }
}

fn rename(gone: &[String], come: &[(String, Node)], tree: &mut Tree) {
    for name in gone {
        tree.remove(name);
    }
    tree.extend(come.iter().cloned());
}

fn grow(op: &Op, files: &mut [Vec<u8>]) {
    if let Op::Write { file, at, bytes } = op
        && files[*file].len() < at + bytes.len()
    {
        files[*file].resize(at + bytes.len(), 0);
    }
}

/// Puts a tree on a real disk. A name whose directory was lost is lost with it; what shares memory (`-shm`) never was on
/// the disk.
fn put(tree: &Tree, files: &[Vec<u8>], root: &Path) {
    fs::create_dir_all(root).unwrap();
    let mut first: BTreeMap<usize, PathBuf> = BTreeMap::new();
    for (name, node) in tree.iter().filter(|(name, _)| !name.ends_with("-shm")) {
        let path = root.join(name);
        if !path.parent().unwrap().is_dir() {
            continue;
        }
        match node {
            Node::Dir => fs::create_dir(path).unwrap(),
            Node::File(file) => match first.get(file) {
                Some(other) => fs::hard_link(other, path).unwrap(),
                None => {
                    fs::write(&path, &files[*file]).unwrap();
                    first.insert(*file, path);
                }
            },
        }
    }
}
