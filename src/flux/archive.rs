//! Archives: gzip'd tar, bare tar and zip, opened member by member within limits. Nothing is ever written under a name
//! that an archive gives; what is odd about one member is told of it alone, what is wrong with the archive of all.

use super::{Kind, sniff};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Read, Seek};
use std::rc::Rc;
use zip::ZipReadOptions;
use zip::read::{Config, ZipFileEntry};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

/// Limits of one archive (contract §1, `[limits]`).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries at most, whatever they are.
    pub entries: usize,
    /// Bytes of one member at most.
    pub member: u64,
    /// Bytes of all members at most.
    pub unpacked: u64,
    /// Unpacked to packed at most.
    pub ratio: u64,
}

/// No limits: for an archive that was opened within limits before, and has not changed since.
pub const UNLIMITED: Limits = Limits { entries: usize::MAX, member: u64::MAX, unpacked: u64::MAX, ratio: u64::MAX };

/// Small archives of text that repeats itself pass, whatever their ratio.
const RATIO_FLOOR: u64 = 8 << 20;

/// Bytes that a tar may spend on describing one member: its name, its attributes, the map of its holes.
const HEADERS: u64 = 1 << 20;

impl Limits {
    /// Bytes that an archive of this size may unpack to.
    pub(super) fn unpacked_of(&self, packed: u64) -> u64 {
        self.unpacked.min(packed.saturating_mul(self.ratio).max(RATIO_FLOOR))
    }
}

/// A member of an archive.
#[derive(Debug)]
pub struct Member {
    /// Its place among the archive's entries, from 0.
    pub entry: usize,
    /// Its name, as bytes.
    pub name: Vec<u8>,
    /// What is in it.
    pub content: Content,
}

/// What a member holds.
#[derive(Debug)]
pub enum Content {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// It cannot be taken.
    Odd(Odd),
}

/// Why one member cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Odd {
    /// Its name leads out of the archive.
    Leaves,
    /// A link, device or FIFO.
    NotAFile,
    /// It is larger than a document may be.
    Large {
        /// Its size.
        size: u64,
    },
    /// It is locked by a password.
    Encrypted,
    /// It is packed by a method that is not read, or its bytes are damaged.
    Unreadable {
        /// The reader's answer.
        why: String,
    },
}

/// Why an archive cannot be taken at all.
#[derive(Debug)]
pub enum Fault<E> {
    /// It is cut short or damaged.
    Broken {
        /// The reader's answer.
        why: String,
    },
    /// Too many entries.
    Entries,
    /// It unpacks to more than it may.
    Bomb {
        /// Bytes that it may unpack to.
        limit: u64,
    },
    /// Two members have one name.
    Twice {
        /// The name.
        name: String,
    },
    /// A gzip of something that is no tar.
    NotATar(Kind),
    /// Whoever took the members failed.
    Taking(E),
}

/// Opens an archive and gives its members in order; directories are passed over.
///
/// # Errors
/// What is wrong with the archive as a whole: some members may have been given by then.
pub fn each<R: Read + Seek, E>(
    kind: Kind,
    reader: R,
    size: u64,
    limits: &Limits,
    mut take: impl FnMut(Member) -> Result<(), E>,
) -> Result<(), Fault<E>> {
    let unpacked = limits.unpacked_of(size);
    let mut seen = Seen { names: HashSet::new(), entries: 0, limits: *limits, unpacked, left: unpacked };
    match kind {
        Kind::Zip => zip(reader, &mut seen, &mut take),
        Kind::Gzip => gzip(reader, &mut seen, &mut take),
        _ => tar(reader, &mut seen, &mut take).map(drop),
    }
}

/// The bytes of one member.
///
/// # Errors
/// The archive's fault, or nothing where it has no such member that can be taken.
pub fn member<R: Read + Seek>(
    kind: Kind,
    reader: R,
    size: u64,
    limits: &Limits,
    entry: usize,
) -> Result<Option<Vec<u8>>, Fault<()>> {
    let mut found = None;
    let done = each(kind, reader, size, limits, |member| match member.content {
        Content::Bytes(bytes) if member.entry == entry => {
            found = Some(bytes);
            Err(()) // no need to go on
        }
        _ => Ok(()),
    });
    match done {
        Ok(()) | Err(Fault::Taking(())) => Ok(found),
        Err(fault) => Err(fault),
    }
}

/// Whether an archive's bytes end where its format ends; one that breaks a limit has no need to.
pub fn is_whole<R: Read + Seek>(kind: Kind, reader: R, size: u64, limits: &Limits) -> bool {
    let opened = each(kind, reader, size, limits, |_| Ok::<(), ()>(()));
    !matches!(opened, Err(Fault::Broken { .. }))
}

/// What an archive has shown so far.
struct Seen {
    /// Hashes of the members' names: a name may be long.
    names: HashSet<[u8; 32]>,
    entries: usize,
    limits: Limits,
    /// Bytes that all of it may unpack to.
    unpacked: u64,
    /// Bytes of these that a zip may still unpack to.
    left: u64,
}

impl Seen {
    /// Counts an entry; gives its number.
    fn entry<E>(&mut self) -> Result<usize, Fault<E>> {
        self.entries += 1;
        if self.entries > self.limits.entries { Err(Fault::Entries) } else { Ok(self.entries - 1) }
    }

    /// Notes the name of a member.
    fn name<E>(&mut self, name: &[u8]) -> Result<(), Fault<E>> {
        if self.names.insert(Sha256::digest(plain(name)).into()) {
            return Ok(());
        }
        Err(Fault::Twice { name: String::from_utf8_lossy(name).into_owned() })
    }

    /// The bytes of a zip's member, where they end within the limit. What was unpacked counts even where the member
    /// cannot be taken: many entries may lead to the same damaged bytes. One that unpacks to less or more than the
    /// directory says is damaged, whatever its checksum: other programs would see other bytes.
    fn unpack<E>(&mut self, file: impl Read, stated: u64) -> Result<Content, Fault<E>> {
        let most = self.limits.member;
        let mut bytes = Vec::new();
        let read = file.take(most.min(self.left).saturating_add(1)).read_to_end(&mut bytes);
        let size = bytes.len() as u64;
        self.left = self.left.checked_sub(size).ok_or(Fault::Bomb { limit: self.unpacked })?;
        Ok(match read {
            Ok(_) if size > most => Content::Odd(Odd::Large { size }),
            Ok(_) if size != stated => {
                Content::Odd(Odd::Unreadable { why: format!("{size} bytes, and the directory says {stated}") })
            }
            Ok(_) => Content::Bytes(bytes),
            Err(e) => Content::Odd(Odd::Unreadable { why: e.to_string() }),
        })
    }
}

/// A name without the `./` that some tars put before it.
pub fn plain(mut name: &[u8]) -> &[u8] {
    while let Some(rest) = name.strip_prefix(b"./") {
        name = rest;
    }
    name
}

/// Whether a name would lead out of the directory that an archive is unpacked in.
pub fn leaves(name: &[u8]) -> bool {
    let absolute = name.first().is_some_and(|b| matches!(b, b'/' | b'\\')) || name.get(1) == Some(&b':');
    absolute || name.contains(&0) || name.split(|b| matches!(b, b'/' | b'\\')).any(|part| part == b"..")
}

fn zip<R: Read + Seek, E>(
    reader: R,
    seen: &mut Seen,
    take: &mut impl FnMut(Member) -> Result<(), E>,
) -> Result<(), Fault<E>> {
    let fault = |e: ZipError| Fault::Broken { why: e.to_string() };
    // One entry at a time: an index of all would be in memory before they are counted, and keep one of two with one
    // name.
    let mut archive = ZipIterable::try_new(reader, Config::default()).map_err(fault)?;
    if archive.len() > seen.limits.entries {
        return Err(Fault::Entries);
    }
    let files = archive.files().map_err(fault)?;
    while let Some(file) = files.next() {
        let file = file.map_err(fault)?;
        let entry = seen.entry()?;
        if file.is_dir() {
            continue;
        }
        let (name, stated) = (file.name_raw().to_vec(), file.size());
        seen.name(&name)?;
        let content = match odd_in_zip(&file, &seen.limits) {
            Some(odd) => Content::Odd(odd),
            None => match file.with_reader(files.reader_mut(), ZipReadOptions::default()) {
                Ok(unpacked) => seen.unpack(unpacked, stated)?,
                Err(e) => Content::Odd(of_zip(&e)),
            },
        };
        take(Member { entry, name, content }).map_err(Fault::Taking)?;
    }
    Ok(())
}

/// The part of a Unix mode that says what a file is, and the plain one; zero where the archiver said nothing.
const KIND_OF_FILE: u32 = 0o170_000;
const PLAIN_FILE: u32 = 0o100_000;

/// What the directory of a zip says against a member.
fn odd_in_zip(file: &ZipFileEntry<'_>, limits: &Limits) -> Option<Odd> {
    if leaves(file.name_raw()) {
        Some(Odd::Leaves)
    } else if file.unix_mode().is_some_and(|mode| !matches!(mode & KIND_OF_FILE, 0 | PLAIN_FILE)) {
        Some(Odd::NotAFile)
    } else if file.encrypted() {
        Some(Odd::Encrypted)
    } else if file.size() > limits.member {
        Some(Odd::Large { size: file.size() })
    } else {
        None
    }
}

fn of_zip(e: &ZipError) -> Odd {
    match e {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Odd::Encrypted,
        e => Odd::Unreadable { why: e.to_string() },
    }
}

fn gzip<R: Read, E>(
    reader: R,
    seen: &mut Seen,
    take: &mut impl FnMut(Member) -> Result<(), E>,
) -> Result<(), Fault<E>> {
    let spent = Rc::new(Cell::new(false));
    let unpacked = Bounded { inner: MultiGzDecoder::new(reader), left: seen.unpacked, spent: spent.clone() };
    let limit = seen.unpacked;
    let bomb = |fault| if spent.get() { Fault::Bomb { limit } } else { fault };
    let mut inner = Peeked::new(unpacked).map_err(|e| bomb(broken(e)))?;
    if let Some(kind) = inner.not_a_tar() {
        return Err(Fault::NotATar(kind));
    }
    inner = tar(inner, seen, take).map_err(&bomb)?;
    // The checksum comes last: what follows the tar must be read too.
    io::copy(&mut inner, &mut io::sink()).map_err(|e| bomb(broken(e)))?;
    Ok(())
}

fn broken<E>(e: io::Error) -> Fault<E> {
    Fault::Broken { why: e.to_string() }
}

fn tar<R: Read, E>(reader: R, seen: &mut Seen, take: &mut impl FnMut(Member) -> Result<(), E>) -> Result<R, Fault<E>> {
    let left = Rc::new(Cell::new(HEADERS));
    let mut archive = tar::Archive::new(Allowed { inner: reader, left: left.clone() });
    for file in archive.entries().map_err(broken)? {
        let mut file = file.map_err(broken)?;
        // Of one with holes, size says what it would be without them.
        let sparse = file.header().entry_type().is_gnu_sparse();
        let stored = if sparse { file.header().entry_size().map_err(broken)? } else { file.size() };
        left.set(stored.saturating_add(HEADERS));
        let entry = seen.entry()?;
        let kind = file.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        let name = file.path_bytes().into_owned();
        seen.name(&name)?;
        let (size, most) = (file.size(), seen.limits.member);
        let content = if leaves(&name) {
            Content::Odd(Odd::Leaves)
        } else if !(kind.is_file() || kind.is_contiguous()) {
            Content::Odd(Odd::NotAFile)
        } else if size > most {
            Content::Odd(Odd::Large { size })
        } else {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(broken)?;
            if (bytes.len() as u64) < size {
                return Err(broken(io::ErrorKind::UnexpectedEof.into()));
            }
            Content::Bytes(bytes)
        };
        take(Member { entry, name, content }).map_err(Fault::Taking)?;
    }
    Ok(archive.into_inner().inner)
}

/// A reader that gives as much as it is allowed. What describes a tar's member is read into memory before anybody sees
/// the member, so it must not be as long as a member may be.
struct Allowed<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Allowed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 && !buffer.is_empty() {
            return Err(io::Error::other("what describes a member is too long"));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..most])?;
        self.left.set(left - read as u64);
        Ok(read)
    }
}

/// A reader that gives so many bytes and then says that it is spent.
struct Bounded<R> {
    inner: R,
    left: u64,
    spent: Rc<Cell<bool>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let mut one = [0];
            if self.inner.read(&mut one)? == 0 {
                return Ok(0);
            }
            self.spent.set(true);
            return Err(io::Error::other("it unpacks to more than it may"));
        }
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// A reader whose first bytes were looked at.
struct Peeked<R> {
    first: io::Cursor<Vec<u8>>,
    rest: R,
}

/// Bytes of a tar's header.
const BLOCK: u64 = 512;

impl<R: Read> Peeked<R> {
    fn new(mut rest: R) -> io::Result<Peeked<R>> {
        let mut first = Vec::new();
        (&mut rest).take(BLOCK).read_to_end(&mut first)?;
        Ok(Peeked { first: io::Cursor::new(first), rest })
    }

    /// What it is, if it does not begin as a tar does; an empty one is a block of zeros.
    fn not_a_tar(&self) -> Option<Kind> {
        let first = self.first.get_ref();
        let Ok(block) = <&[u8; BLOCK as usize]>::try_from(first.as_slice()) else { return Some(sniff(first)) };
        let header = tar::Header::from_byte_slice(block);
        let sum: u32 =
            block.iter().enumerate().map(|(i, b)| if (148..156).contains(&i) { 32 } else { u32::from(*b) }).sum();
        let is_tar = block.iter().all(|b| *b == 0) || header.cksum().is_ok_and(|stated| stated == sum);
        (!is_tar).then(|| sniff(first))
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.first.read(buffer)? {
            0 => self.rest.read(buffer),
            read => Ok(read),
        }
    }
}

/// Names of files that travel beside pièces and are none: signatures, stylesheets, what one system's archiver adds.
pub fn is_companion(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    let last = lower.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let ending = [&b".p7s"[..], b".sig", b".asc", b".xsl", b".xslt", b".xades"].iter().any(|end| last.ends_with(end));
    ending || last == b".ds_store" || last == b"thumbs.db" || last.starts_with(b"._") || lower.starts_with(b"__macosx/")
}

/// Namespaces of documents that travel beside pièces and are none: signatures, stylesheets.
pub const COMPANIONS: [&str; 4] = [
    "http://www.w3.org/2000/09/xmldsig#",
    "http://uri.etsi.org/01903/v1.3.2#",
    "http://uri.etsi.org/02918/v1.2.1#",
    "http://www.w3.org/1999/XSL/Transform",
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_are_known() {
        for name in ["../a", "a/../../b", "/etc/passwd", "\\a", "..\\a", "C:\\a", "a\0b", "..", "a/.."] {
            assert!(leaves(name.as_bytes()), "{name}");
        }
        for name in ["a.xml", "./a/b.xml", "a..b", "..a", "é.xml", "a/b:c"] {
            assert!(!leaves(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn companions_are_known_by_their_names() {
        for name in ["a.P7S", "dir/style.xsl", "__MACOSX/a.xml", "dir/._a.xml", ".DS_Store"] {
            assert!(is_companion(name.as_bytes()), "{name}");
        }
        assert!(!is_companion(b"a.xml") && !is_companion(b"p7s"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes: Vec<u8>, kind in 0..3) {
            let (kind, start): (Kind, &[u8]) =
                [(Kind::Zip, &b"PK\x03\x04"[..]), (Kind::Gzip, b"\x1f\x8b\x08\0"), (Kind::Tar, b"")][kind as usize];
            bytes.splice(0..0, start.iter().copied());
            let limits = Limits { entries: 10, member: 1000, unpacked: 10_000, ratio: 10 };
            let _ = is_whole(kind, io::Cursor::new(&bytes), bytes.len() as u64, &limits);
        }
    }
}
