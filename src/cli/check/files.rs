//! Which files: those named, those below the directories named, those of a list. Found one at a time.

use super::set;
use crate::cli::failure::Failure;
use crate::error::Problem;
use crate::flux::{self, Kind};
use crate::msg;
use crate::text::t;
use crate::xml;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Standard input, where a file is named.
pub const STDIN: &str = "-";

/// A file to judge, or why it cannot be found.
pub type Named = Result<PathBuf, Problem>;

type Walk = walkdir::FilterEntry<walkdir::IntoIter, fn(&DirEntry) -> bool>;

/// Files in the order given; a directory's in the order of their names,
/// hidden ones left out.
pub struct Files {
    named: std::vec::IntoIter<PathBuf>,
    list: Option<(PathBuf, Box<dyn BufRead + Send>)>,
    walk: Option<Walk>,
    /// Where there are forms: the files that those of a directory name, for the last directory that was walked.
    forms: Option<(xml::Limits, PathBuf, HashSet<OsString>)>,
}

impl Files {
    /// Those named, then those of the list.
    pub fn new(named: Vec<PathBuf>, list: Option<&Path>) -> Result<Files, Failure> {
        let list = list.map(|path| open(path).map(|reader| (path.to_path_buf(), reader))).transpose()?;
        Ok(Files { named: named.into_iter(), list, walk: None, forms: None })
    }

    /// The same; a file of a directory that a deposit form beside it names is judged with that, and not by itself.
    pub fn with_forms(self, limits: xml::Limits) -> Files {
        Files { forms: Some((limits, PathBuf::new(), HashSet::new())), ..self }
    }

    /// Whether a file that was found comes with a form beside it.
    fn comes_with_form(&mut self, path: &Path) -> bool {
        let Some((limits, of, names)) = &mut self.forms else { return false };
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return false };
        if dir != of {
            (*of, *names) = (dir.to_owned(), set::named_in(dir, limits));
        }
        names.contains(name)
    }

    /// The next name that was given.
    fn next_named(&mut self) -> Option<Named> {
        if let Some(path) = self.named.next() {
            return Some(Ok(path));
        }
        let (path, reader) = self.list.as_mut()?;
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) => {
                    let name = line.strip_suffix(b"\n").unwrap_or(&line);
                    if !name.is_empty() {
                        return Some(Ok(OsString::from_vec(name.to_vec()).into()));
                    }
                }
                Err(e) => {
                    let problem = Problem::io(path, t("lire cette liste", "read this list"), &e);
                    self.list = None;
                    return Some(Err(problem));
                }
            }
        }
    }
}

fn open(list: &Path) -> Result<Box<dyn BufRead + Send>, Failure> {
    if list == Path::new(STDIN) {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    match File::open(list) {
        Ok(file) => Ok(Box::new(BufReader::new(file))),
        Err(e) => Err(Failure::Problems(vec![Problem::io(list, t("lire cette liste", "read this list"), &e)])),
    }
}

impl Iterator for Files {
    type Item = Named;

    fn next(&mut self) -> Option<Named> {
        loop {
            if let Some(walk) = &mut self.walk {
                match walk.next() {
                    None => self.walk = None,
                    Some(Ok(entry)) if entry.file_type().is_file() => {
                        let path = entry.into_path();
                        if !self.comes_with_form(&path) {
                            return Some(Ok(path));
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(e)) => return Some(Err(unwalkable(&e))),
                }
                continue;
            }
            match self.next_named()? {
                Ok(path) if path.is_dir() => {
                    self.walk = Some(WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(is_shown));
                }
                named => return Some(named),
            }
        }
    }
}

fn is_shown(entry: &DirEntry) -> bool {
    entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn unwalkable(e: &walkdir::Error) -> Problem {
    let path = e.path().unwrap_or(Path::new("?"));
    let error = e.io_error().map_or_else(|| io::Error::other(e.to_string()), |e| e.kind().into());
    Problem::io(path, t("parcourir ce répertoire", "walk this directory"), &error)
}

fn unreadable(path: &Path, e: &io::Error) -> Problem {
    let problem = Problem::io(path, t("lire ce fichier", "read this file"), e);
    if e.kind() != io::ErrorKind::NotFound {
        return problem;
    }
    Problem { help: msg!("vérifiez le chemin", "check the path"), ..problem }
}

/// The bytes of a file, or its size where that is more than `most`.
pub fn read(path: &Path, most: u64) -> Result<Result<Vec<u8>, u64>, Problem> {
    let io = |e: io::Error| unreadable(path, &e);
    let mut bytes = Vec::new();
    if path == Path::new(STDIN) {
        io::stdin().lock().take(most + 1).read_to_end(&mut bytes).map_err(io)?;
    } else {
        let file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        if size > most {
            return Ok(Err(size));
        }
        bytes.reserve_exact(usize::try_from(size).unwrap_or(0));
        file.take(most + 1).read_to_end(&mut bytes).map_err(io)?;
    }
    let size = bytes.len() as u64;
    Ok(if size > most { Err(size) } else { Ok(bytes) })
}

/// An archive that is too large for memory.
pub struct Large {
    pub kind: Kind,
    pub sha256: [u8; 32],
    pub reader: BufReader<File>,
}

/// A file over the limit of a document, if it is an archive of at most `most` bytes.
pub fn large_archive(path: &Path, most: u64) -> Result<Option<Large>, Problem> {
    let io = |e: io::Error| unreadable(path, &e);
    if path == Path::new(STDIN) {
        return Ok(None);
    }
    let mut file = File::open(path).map_err(io)?;
    let mut head = Vec::new();
    Read::by_ref(&mut file).take(512).read_to_end(&mut head).map_err(io)?;
    let kind = flux::sniff(&head);
    if !kind.is_archive() || file.metadata().map_err(io)?.len() > most {
        return Ok(None);
    }
    let mut hash = Sha256::new();
    file.rewind().map_err(io)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(io)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    file.rewind().map_err(io)?;
    Ok(Some(Large { kind, sha256: hash.finalize().into(), reader: BufReader::new(file) }))
}
