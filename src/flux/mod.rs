//! What is it? Known from the bytes, never from the name: which kind of file, in which encoding, and whether it ends
//! where its format ends.

pub mod archive;
pub mod pack;
pub mod pdf;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memmem;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No bytes at all, or white space only.
    Empty,
    /// Text that begins as XML does.
    Xml,
    /// PDF.
    Pdf,
    /// gzip, usually of a tar.
    Gzip,
    /// A bare tar.
    Tar,
    /// zip.
    Zip,
    /// Anything else.
    Unknown,
}

impl Kind {
    /// Its name in findings.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Empty => "0 bytes",
            Kind::Xml => "XML",
            Kind::Pdf => "PDF",
            Kind::Gzip => "gzip",
            Kind::Tar => "tar",
            Kind::Zip => "zip",
            Kind::Unknown => "?",
        }
    }

    /// The extension of a pièce's file: what can be one is XML or PDF.
    pub const fn extension(self) -> &'static str {
        if matches!(self, Kind::Pdf) { "pdf" } else { "xml" }
    }

    /// Whether it is opened member by member.
    pub const fn is_archive(self) -> bool {
        matches!(self, Kind::Gzip | Kind::Tar | Kind::Zip)
    }
}

/// Says what bytes are.
pub fn sniff(bytes: &[u8]) -> Kind {
    #[rustfmt::skip]
    let magic: [(&[u8], usize, Kind); 5] = [
        (b"%PDF-",     0,   Kind::Pdf),
        (b"\x1f\x8b",  0,   Kind::Gzip),
        (b"PK\x03\x04", 0,  Kind::Zip),
        (b"PK\x05\x06", 0,  Kind::Zip), // an empty one
        (b"ustar",     257, Kind::Tar),
    ];
    for (mark, at, kind) in magic {
        if bytes.get(at..at + mark.len()) == Some(mark) {
            return kind;
        }
    }
    let (encoding, start) = encoding_of(bytes);
    let mut units = units(&bytes[start..], encoding).skip_while(|u| matches!(u, 9 | 10 | 13 | 32));
    match units.next() {
        None => Kind::Empty,
        Some(0x3c) => Kind::Xml,
        Some(_) => Kind::Unknown,
    }
}

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The encoding that they were read in.
    pub encoding: String,
    /// The first byte that makes no sense in it; `None`: the encoding itself is unknown.
    pub offset: Option<usize>,
}

/// Turns the bytes of an XML document into text without byte order mark: by the mark, else by the XML declaration, else
/// UTF-8.
///
/// # Errors
/// An encoding that nobody knows, or bytes that make no sense in theirs; nothing is ever replaced.
pub fn decode(bytes: Vec<u8>) -> Result<String, DecodeError> {
    let (mut encoding, start) = encoding_of(&bytes);
    if start == 0
        && encoding == UTF_8
        && let Some(label) = declared(&bytes)
    {
        let known = Encoding::for_label_no_replacement(label);
        let name = || String::from_utf8_lossy(label).into_owned();
        encoding = known.ok_or_else(|| DecodeError { encoding: name(), offset: None })?;
        if encoding == UTF_16LE || encoding == UTF_16BE {
            encoding = UTF_8; // the declaration itself was read byte by byte: it is wrong
        }
    }
    if encoding == UTF_8 {
        let mut bytes = bytes;
        bytes.drain(..start);
        return String::from_utf8(bytes).map_err(|e| DecodeError {
            encoding: "UTF-8".to_owned(),
            offset: Some(e.utf8_error().valid_up_to() + start),
        });
    }
    match encoding.decode_without_bom_handling_and_without_replacement(&bytes[start..]) {
        Some(text) => Ok(text.into_owned()),
        None => Err(DecodeError {
            encoding: encoding.name().to_owned(),
            offset: Some(first_wrong(encoding, &bytes, start)),
        }),
    }
}

/// Whether a zip is a document of an office program, and no archive of pièces: `docx`, `xlsx`, `odt`.
pub fn is_office(zip: &[u8]) -> bool {
    // Its directory of names is not packed; the names of these formats' first parts are theirs alone.
    zip.get(30..).is_some_and(|rest| rest.starts_with(b"mimetype"))
        || memmem::find(zip, b"[Content_Types].xml").is_some()
}

/// Whether the bytes end where their format ends; what has no end of its own always does.
pub fn looks_finished(bytes: &[u8], limits: &archive::Limits) -> bool {
    match sniff(bytes) {
        Kind::Empty => false,
        Kind::Xml => xml_ends(bytes),
        Kind::Pdf => pdf::ends(bytes),
        // A tar ends with two blocks of zeros.
        Kind::Tar if !bytes.ends_with(&[0; 1024]) => false,
        kind @ (Kind::Gzip | Kind::Zip | Kind::Tar) => {
            archive::is_whole(kind, std::io::Cursor::new(bytes), bytes.len() as u64, limits)
        }
        Kind::Unknown => true,
    }
}

/// The encoding that a byte order mark or the first characters show, and the length of the mark.
fn encoding_of(bytes: &[u8]) -> (&'static Encoding, usize) {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => (UTF_8, 3),
        [0xff, 0xfe, ..] => (UTF_16LE, 2),
        [0xfe, 0xff, ..] => (UTF_16BE, 2),
        [b'<', 0, ..] => (UTF_16LE, 0),
        [0, b'<', ..] => (UTF_16BE, 0),
        _ => (UTF_8, 0),
    }
}

/// Bytes, or pairs of them.
fn units<'b>(bytes: &'b [u8], encoding: &'static Encoding) -> impl Iterator<Item = u16> + 'b {
    let wide = encoding == UTF_16LE || encoding == UTF_16BE;
    bytes.chunks(if wide { 2 } else { 1 }).map(move |unit| match unit {
        [low, high] if encoding == UTF_16LE => u16::from_le_bytes([*low, *high]),
        [high, low] => u16::from_be_bytes([*high, *low]),
        [byte] => u16::from(*byte),
        _ => 0,
    })
}

/// The encoding that an XML declaration names.
fn declared(bytes: &[u8]) -> Option<&[u8]> {
    let end = memmem::find(&bytes[..bytes.len().min(512)], b"?>")?;
    let declaration = bytes.get(..end).filter(|d| d.starts_with(b"<?xml"))?;
    let after = &declaration[memmem::find(declaration, b"encoding")? + b"encoding".len()..];
    let quote = after.iter().position(|b| matches!(b, b'"' | b'\''))?;
    let value = &after[quote + 1..];
    let end = value.iter().position(|b| *b == after[quote])?;
    Some(&value[..end])
}

/// Where decoding fails first: the longest part that decodes ends there.
fn first_wrong(encoding: &'static Encoding, bytes: &[u8], start: usize) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len() * 3 + 16);
    let (_, read) = decoder.decode_to_string_without_replacement(&bytes[start..], &mut text, true);
    start + read.saturating_sub(1)
}

/// Whether the last markup closes the first element. A document cut exactly behind an inner element of the root's name
/// passes, and is refused when it is read.
fn xml_ends(bytes: &[u8]) -> bool {
    let (encoding, start) = encoding_of(bytes);
    if encoding == UTF_8 {
        return text_ends(&bytes[start..]);
    }
    // Both ends are ASCII in every document that is XML at all; what is not becomes a character that closes nothing.
    let narrow: Vec<u8> = units(&bytes[start..], encoding).map(|u| u8::try_from(u).unwrap_or(b'?')).collect();
    text_ends(&narrow)
}

fn text_ends(bytes: &[u8]) -> bool {
    let Some(root) = root_name(bytes) else { return false };
    let mut end = bytes.trim_ascii_end();
    // Comments and instructions may stand after the root.
    loop {
        let opener: &[u8] = match end {
            [.., b'-', b'-', b'>'] => b"<!--",
            [.., b'?', b'>'] => b"<?",
            _ => break,
        };
        match memmem::rfind(end, opener) {
            Some(at) if at > 0 => end = end[..at].trim_ascii_end(),
            _ => return false,
        }
    }
    let Some(body) = end.strip_suffix(b">") else { return false };
    let Some(open) = memchr::memrchr(b'<', body) else { return false };
    match &body[open + 1..] {
        [b'/', name @ ..] => name.trim_ascii_end() == root,
        // The root is empty: the only tag there is.
        tag => tag.ends_with(b"/") && tag.strip_prefix(root).is_some_and(|rest| !rest.is_empty()),
    }
}

/// The first element's name as written.
fn root_name(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'<', &bytes[at..])?;
        let rest = &bytes[at..];
        at += match rest {
            [b'<', b'!', b'-', b'-', ..] => memmem::find(rest, b"-->")? + 3,
            [b'<', b'?' | b'!', ..] => memchr::memchr(b'>', rest)? + 1,
            _ => {
                let end = rest[1..].iter().position(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b'>' | b'/'))?;
                return Some(&rest[1..=end]);
            }
        };
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const LIMITS: archive::Limits = archive::Limits { entries: 10, member: 1000, unpacked: 10_000, ratio: 10 };

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn kinds_are_known_from_the_bytes() {
        #[rustfmt::skip]
        let cases: [(&[u8], Kind); 9] = [
            (b"", Kind::Empty),               (b" \n\t", Kind::Empty),         (b"\xef\xbb\xbf", Kind::Empty),
            (b"  <a/>", Kind::Xml),           (b"\xef\xbb\xbf<a/>", Kind::Xml), (b"%PDF-1.7", Kind::Pdf),
            (b"\x1f\x8b\x08", Kind::Gzip),    (b"PK\x03\x04", Kind::Zip),      (b"\x00\x01<a/>", Kind::Unknown),
        ];
        for (bytes, kind) in cases {
            assert_eq!(sniff(bytes), kind, "{bytes:?}");
        }
        assert_eq!(sniff(&utf16("<a/>", false)), Kind::Xml);
        assert_eq!(sniff(&utf16("\u{feff}\n<a/>", true)), Kind::Xml);
    }

    #[test]
    fn every_encoding_becomes_the_same_text() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>".to_vec();
        assert!(decode(latin).unwrap().ends_with("<a>é</a>"));
        for big in [false, true] {
            assert_eq!(decode(utf16("\u{feff}<a>é</a>", big)).unwrap(), "<a>é</a>");
            assert_eq!(decode(utf16("<a>é</a>", big)).unwrap(), "<a>é</a>");
        }
        assert_eq!(decode("\u{feff}<a>é</a>".into()).unwrap(), "<a>é</a>");
    }

    #[test]
    fn nothing_is_replaced() {
        let e = decode(b"<a>\xe9</a>".to_vec()).unwrap_err();
        assert_eq!((e.encoding.as_str(), e.offset), ("UTF-8", Some(3)));
        let e = decode(b"<?xml version='1.0' encoding='klingon'?><a/>".to_vec()).unwrap_err();
        assert_eq!((e.encoding.as_str(), e.offset), ("klingon", None));
        let mut odd = utf16("\u{feff}<a/>", false);
        odd.push(b'x');
        assert!(decode(odd).is_err());
    }

    #[test]
    fn an_end_is_seen() {
        for whole in [
            "<a/>",
            "<a b='/>'/>",
            "<a></a>\n",
            "<?xml version='1.0'?><!-- <b> --><a><b/></a><!-- end --> <?p i?>",
            "<a ></a >",
            "<n:a xmlns:n='x'>t</n:a>",
        ] {
            assert!(looks_finished(whole.as_bytes(), &LIMITS), "{whole}");
            assert!(looks_finished(&utf16(&format!("\u{feff}{whole}"), false), &LIMITS), "{whole}");
        }
        for cut in
            ["", "<", "<a", "<a>", "<a><b></b>", "<a><b/>", "<a>text", "<a></a", "<!-- only -->", "<a><!-- </a> -->"]
        {
            assert!(!looks_finished(cut.as_bytes(), &LIMITS), "{cut}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = (sniff(&bytes), looks_finished(&bytes, &LIMITS), decode(bytes));
        }
    }
}
