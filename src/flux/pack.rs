//! Packing: files of one deposit in one archive of guichet's own. The same files in the same order are the same bytes.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A tar being written: no time, owner or right in it depends on who packs, or when.
pub struct Packer<W: Write>(tar::Builder<W>);

impl<W: Write> Packer<W> {
    /// An archive that is written to `to`.
    pub fn new(to: W) -> Packer<W> {
        Packer(tar::Builder::new(to))
    }

    /// Adds a file: exactly `size` bytes of what is read. Whoever still has the file open may cut it or make it grow:
    /// what is missing is zeros then, and what is too much is left out.
    ///
    /// # Errors
    /// What reading or writing said.
    pub fn add(&mut self, name: &[u8], size: u64, from: impl Read) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_mtime(0);
        let path = Path::new(OsStr::from_bytes(name));
        self.0.append_data(&mut header, path, from.chain(io::repeat(0)).take(size))
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// What writing said.
    pub fn finish(self) -> io::Result<W> {
        self.0.into_inner()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::flux::archive::{Content, Limits, each};
    use crate::flux::{Kind, sniff};

    #[test]
    fn what_is_packed_comes_out_again() {
        let long = "n".repeat(200);
        let pack = || {
            let mut packer = Packer::new(Vec::new());
            packer.add("é.depot.xml".as_bytes(), 4, &b"<a/>"[..]).unwrap();
            packer.add(long.as_bytes(), 3, &b"abcdef"[..]).unwrap();
            packer.add(b"\xff", 3, &b"a"[..]).unwrap();
            packer.finish().unwrap()
        };
        let bytes = pack();
        assert_eq!((sniff(&bytes), &bytes), (Kind::Tar, &pack()));
        let limits = Limits { entries: 10, member: 1000, unpacked: 10_000, ratio: 10 };
        let mut seen = Vec::new();
        each(Kind::Tar, io::Cursor::new(&bytes), bytes.len() as u64, &limits, |m| {
            let Content::Bytes(bytes) = m.content else { panic!("{:?}", m.content) };
            seen.push((m.entry, m.name, bytes));
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(
            seen,
            [
                (0, "é.depot.xml".as_bytes().to_vec(), b"<a/>".to_vec()),
                (1, long.into_bytes(), b"abc".to_vec()),
                (2, b"\xff".to_vec(), b"a\0\0".to_vec())
            ]
        );
    }
}
