//! What a command asks of whoever holds the spool: the daemon, through a socket beside the lock, or the command itself
//! where the lock is free. Both carry a request out by the same code, the counter's.
//!
//! The socket is guichet's own (mode 0600), there while a daemon is at work. A request and its answer are a line of
//! JSON each; the answer comes once the consequences are committed and published.

use crate::text::Msg;
use rustix::fs::{Mode as Perm, OFlags};
use serde::{Deserialize, Serialize};
use std::fs::Permissions;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Something that changes what is true, asked by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Request {
    /// Publish a flow's reports again.
    Replay {
        /// The flow.
        flow: String,
    },
    /// Bring a held flow back to work.
    Requeue {
        /// The flow.
        flow: String,
    },
    /// Take the annuaire's files over now.
    Annuaire,
    /// Do something to a pièce.
    Act(Act),
    /// Take a deposit in, as the portal does.
    Deposit(Deposit),
    /// Prune flows that are at their end.
    Prune {
        /// Only what ended before this moment, in milliseconds.
        before: i64,
        /// The flows; none: life-cycle flows that were sent.
        flows: Vec<String>,
    },
}

/// A deposit that a person hands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// The partner that it is handed in for.
    pub partner: String,
    /// What it is called: the name of its form.
    pub name: String,
    /// An archive of the form and its files, by a path that does not depend on where one stands.
    pub file: PathBuf,
}

/// An act, asked by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The pièce, by its id.
    pub piece: String,
    /// The act.
    pub act: String,
    /// The structure that acts.
    pub by: String,
    /// Why, as a code.
    pub motif: Option<String>,
    /// Why, in words.
    pub comment: Option<String>,
    /// What is corrected: name and value of each datum.
    pub set: Vec<(String, String)>,
    /// Files to add to the pièce, by paths that do not depend on where one stands.
    pub attach: Vec<PathBuf>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// A flow's reports: what became of each.
    Replayed(Vec<Replayed>),
    /// A held flow is another flow now.
    Requeued {
        /// The new flow.
        flow: String,
        /// What became of it.
        outcome: String,
    },
    /// The annuaire is in force.
    Loaded,
    /// The act is done.
    Acted {
        /// The pièce's status now, a code.
        status: String,
    },
    /// A deposit was decided.
    Deposited {
        /// The flow that it is.
        flow: String,
        /// What became of it.
        outcome: String,
    },
    /// What was pruned.
    Pruned {
        /// The flows that were.
        flows: Vec<String>,
        /// How many life-cycle flows.
        statuses: usize,
    },
    /// The act is refused, and nothing is changed.
    Refused {
        /// Everything that is wrong with it.
        findings: Vec<Told>,
    },
    /// It cannot be done, and nothing is changed.
    No {
        /// Why.
        message: Msg,
        /// What to do.
        help: Msg,
    },
}

/// A finding, as it crosses the socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The rule.
    pub rule: String,
    /// What is wrong.
    pub message: Msg,
    /// What stands there.
    pub found: Option<String>,
    /// What should.
    pub expected: Option<Msg>,
    /// What to do.
    pub help: Msg,
}

/// A report that was asked for again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// The partner.
    pub partner: String,
    /// Its name, as before.
    pub name: String,
    /// False: it is still there, the partner has not taken it.
    pub published: bool,
}

/// The socket below the spool's root.
const SOCKET: &str = "guichet.sock";
/// Bytes of a request at most.
const LONGEST: u64 = 4 << 20;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// Requests answered between two looks at the spool.
const TURN: usize = 8;
/// Requests that may wait.
const QUEUE: usize = 64;

/// Requests as a daemon receives them.
#[derive(Debug)]
pub struct Requests {
    waiting: Receiver<(Request, UnixStream)>,
    path: PathBuf,
}

impl Requests {
    /// Listens beside the lock, which the caller holds; `wake` is called when something was asked.
    ///
    /// # Errors
    /// What the system said: the daemon works without.
    pub fn listen(root: &Path, wake: impl Fn() + Send + 'static) -> io::Result<Requests> {
        let path = root.join(SOCKET);
        match std::fs::symlink_metadata(&path) {
            // Left by a daemon that was killed: nobody else holds the lock.
            Ok(left) if left.file_type().is_socket() => std::fs::remove_file(&path)?,
            Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => {}
        }
        let (_root, short) = short(root)?;
        let listener = UnixListener::bind(short)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let (send, waiting) = sync_channel(QUEUE);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                receive(stream, &send, &wake);
            }
        });
        Ok(Requests { waiting, path })
    }

    /// Answers what was asked since the last time; says whether more may wait.
    ///
    /// # Errors
    /// What `carry_out` said: whoever asked gets no answer then.
    pub fn answer<E>(&self, mut carry_out: impl FnMut(&Request) -> Result<Answer, E>) -> Result<bool, E> {
        // So many at a time: deposits come in turn.
        let mut answered = 0;
        for (request, mut stream) in self.waiting.try_iter().take(TURN) {
            let answer = carry_out(&request)?;
            // Whoever asked may be gone; it is done all the same.
            let _ = write_line(&mut stream, &answer);
            answered += 1;
        }
        Ok(answered == TURN)
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn receive(stream: UnixStream, send: &SyncSender<(Request, UnixStream)>, wake: &impl Fn()) {
    let _ = (stream.set_read_timeout(Some(PATIENCE)), stream.set_write_timeout(Some(PATIENCE)));
    let mut line = String::new();
    let read = BufReader::new((&stream).take(LONGEST)).read_line(&mut line);
    if let (Ok(1..), Ok(request)) = (read, serde_json::from_str(&line))
        && send.try_send((request, stream)).is_ok()
    {
        wake();
    }
}

fn write_line(stream: &mut UnixStream, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    stream.write_all(&line)
}

/// Asks the daemon at work on a spool.
///
/// # Errors
/// No daemon listens, or it ended before it answered.
pub fn ask(root: &Path, request: &Request) -> io::Result<Answer> {
    let (_root, short) = short(root)?;
    let mut stream = UnixStream::connect(short)?;
    write_line(&mut stream, request)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    serde_json::from_str(&line).map_err(|_| io::ErrorKind::UnexpectedEof.into())
}

/// A socket's path has 107 bytes at most: this one goes through a handle of its directory, which must stay open.
fn short(root: &Path) -> io::Result<(OwnedFd, PathBuf)> {
    let dir = rustix::fs::open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Perm::empty())?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", dir.as_raw_fd()));
    Ok((dir, path))
}
