//! PDF: finds the invoice that one carries (Factur-X, ZUGFeRD, XRechnung in a PDF/A-3), and nothing else of it.
//!
//! Whatever the bytes are, the work, the memory and what is unpacked are bounded by the size of the file and by limits:
//! only what leads from the end of the file to the embedded file is read.

mod objects;
mod values;

use super::archive::Limits;
use memchr::memmem;
use objects::File;
use std::collections::HashSet;
use values::{Dict, Value, text};

/// The names under which invoices are embedded, by the standards: in small letters.
pub const NAMES: [&str; 3] = ["factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml"];

/// The bytes at the end of a file in which its last line is looked for, as readers of PDF do.
const TAIL: usize = 1024;
/// Nodes of the tree of embedded files at most.
const NODES: usize = 10_000;
/// Names of embedded files that are told at most.
const TOLD: usize = 10;

/// An embedded invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// Its name, as the PDF writes it.
    pub name: String,
    /// Its bytes, unpacked.
    pub bytes: Vec<u8>,
}

/// Why a PDF gives no invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PdfError {
    /// It does not end as a PDF does.
    Cut,
    /// What must be there cannot be found or unpacked.
    Damaged,
    /// It is encrypted, with a password or without.
    Encrypted,
    /// No invoice is embedded.
    Nothing {
        /// The names of what is, the first few.
        others: Vec<String>,
    },
    /// Several invoices are, and they are not the same.
    Several {
        /// Their names.
        names: Vec<String>,
    },
    /// It unpacks to more than it may.
    Bomb {
        /// Bytes that it may unpack to.
        limit: u64,
    },
    /// It takes more work to read than any honest file of its size.
    Tangled,
    /// The embedded file is packed by a method that is not read.
    Method {
        /// The filter's name.
        filter: String,
    },
}

/// Whether bytes end as a PDF does.
pub fn ends(bytes: &[u8]) -> bool {
    memmem::find(&bytes[bytes.len().saturating_sub(TAIL)..], b"%%EOF").is_some()
}

/// Finds the invoice that a PDF carries: through the tree of embedded files, and through the associated files.
///
/// # Errors
/// Why there is none, or none that can be taken.
pub fn invoice(bytes: &[u8], limits: &Limits) -> Result<Embedded, PdfError> {
    if !ends(bytes) {
        return Err(PdfError::Cut);
    }
    let most = Limits { unpacked: limits.member, ..*limits }.unpacked_of(bytes.len() as u64);
    let (mut file, catalogue) = File::open(bytes, most)?;
    let mut found = Attached::default();
    tree(&mut file, &catalogue, &mut found)?;
    for value in file.array(&catalogue, "AF")?.iter() {
        found.add(&mut file, None, value)?;
    }
    let Some((name, stream)) = found.invoices.first() else {
        return Err(PdfError::Nothing { others: found.others });
    };
    let bytes = file.stream(*stream)?.ok_or(PdfError::Damaged)?;
    for (_, other) in &found.invoices[1..] {
        // The same invoice under the names of two versions of the standard is one invoice.
        if file.stream(*other)?.as_ref() != Some(&bytes) {
            let names = found.invoices.into_iter().map(|(name, _)| name).take(TOLD);
            return Err(PdfError::Several { names: names.collect() });
        }
    }
    Ok(Embedded { name: name.clone(), bytes })
}

/// Goes through the name tree of embedded files (7.7.4, 7.9.6).
fn tree(file: &mut File<'_>, catalogue: &Dict, found: &mut Attached) -> Result<(), PdfError> {
    let Some(names) = catalogue.get("Names").cloned() else { return Ok(()) };
    let Some(names) = file.dict(&names)? else { return Ok(()) };
    let Some(root) = names.get("EmbeddedFiles").cloned() else { return Ok(()) };
    let (mut open, mut seen) = (vec![root], HashSet::new());
    while let Some(node) = open.pop() {
        if let Value::Ref(number) = node
            && !seen.insert(number)
        {
            continue; // a tree that leads back to itself
        }
        if seen.len() + open.len() > NODES {
            return Err(PdfError::Tangled);
        }
        let Some(node) = file.dict(&node)? else { continue };
        for pair in file.array(&node, "Names")?.chunks_exact(2) {
            found.add(file, Some(&pair[0]), &pair[1])?;
        }
        open.extend(file.array(&node, "Kids")?.iter().rev().cloned());
    }
    Ok(())
}

/// What is embedded in a PDF.
#[derive(Default)]
struct Attached {
    /// Name and stream of each invoice.
    invoices: Vec<(String, u32)>,
    /// Names of other files.
    others: Vec<String>,
    seen: HashSet<u32>,
}

impl Attached {
    /// Looks at a file specification (7.11.3), with the key that led to it.
    fn add(&mut self, file: &mut File<'_>, key: Option<&Value>, value: &Value) -> Result<(), PdfError> {
        let Some(spec) = file.dict(value)? else { return Ok(()) };
        let Some(embedded) = spec.get("EF").cloned() else { return Ok(()) };
        let Some(embedded) = file.dict(&embedded)? else { return Ok(()) };
        let stream = ["UF", "F", "Unix", "DOS", "Mac"].iter().find_map(|name| embedded.get(name));
        let Some(Value::Ref(stream)) = stream else { return Ok(()) };
        if !self.seen.insert(*stream) {
            return Ok(());
        }
        let mut names = Vec::new();
        for value in ["UF", "F"].iter().filter_map(|name| spec.get(name)).chain(key) {
            if let Value::Text(name) = file.resolve(value)? {
                names.push(text(&name));
            }
        }
        match names.iter().map(|name| last(name)).find(|name| is_invoice(name)) {
            Some(name) => self.invoices.push((name.to_owned(), *stream)),
            None if self.others.len() < TOLD => self.others.extend(names.into_iter().next()),
            None => {}
        }
        Ok(())
    }
}

/// The last part of a path.
fn last(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn is_invoice(name: &str) -> bool {
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { entries: 10, member: 100_000, unpacked: 100_000, ratio: 10 };

    #[test]
    fn names_are_known_in_any_letters_and_behind_any_path() {
        for name in ["factur-x.xml", "ZUGFeRD-invoice.xml", "C:\\x\\Factur-X.XML", "a/xrechnung.xml"] {
            assert!(is_invoice(last(name)), "{name}");
        }
        assert!(!is_invoice(last("facture.xml")) && !is_invoice(last("factur-x.xml/")));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(words in proptest::collection::vec(0..WORDS.len(), 0..60), noise: Vec<u8>) {
            let mut bytes = b"%PDF-1.7\n".to_vec();
            for (n, word) in words.iter().enumerate() {
                bytes.extend_from_slice(WORDS[*word]);
                bytes.extend(noise.get(n..n + usize::from(n % 7 == 0)).unwrap_or_default());
            }
            bytes.extend_from_slice(b"\n%%EOF");
            let _ = invoice(&bytes, &LIMITS);
        }
    }

    /// What a PDF is made of, in any order.
    #[rustfmt::skip]
    const WORDS: &[&[u8]] = &[
        b"1 0 obj ", b"2 0 obj ", b"3 0 obj ", b" endobj\n", b"<<", b">>", b"[", b"]", b"/Root 1 0 R", b"/Pages 2 0 R", b"/Names 1 0 R",
        b"/EmbeddedFiles 2 0 R", b"/Kids[1 0 R 2 0 R]", b"/Names[(factur-x.xml) 2 0 R]", b"/EF<</F 3 0 R>>", b"/AF[2 0 R]", b"/Length 3",
        b"/Length 3 0 R", b" stream\n", b"\nendstream ", b"/Filter/FlateDecode", b"/Type/ObjStm", b"/Type/XRef", b"/First 4", b"/N 2",
        b"/W[1 2 1]", b"/W[8 8 8]", b"/Index[0 4294967295]", b"/Size 5", b"/Prev 9", b"/XRefStm 9", b"xref\n0 2\n", b"xref\n0 4294967295\n",
        b"0000000009 00000 n \n", b"trailer", b"startxref 9 ", b"startxref\n9999999999999999999 ", b"(", b")", b"1 0 R ", b"/Catalog", b"%",
    ];
}
