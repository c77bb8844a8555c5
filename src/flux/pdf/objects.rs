//! The objects of a PDF (ISO 32000, 7.5): found by its tables or, where these are of no use, by looking for them;
//! unpacked within a budget. Nothing is read that nobody asks for.

use super::PdfError;
use super::values::{Dict, Reader, Value};
use flate2::bufread::ZlibDecoder;
use memchr::memmem;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::rc::Rc;

/// Values that are made of one file at most.
const VALUES: usize = 2_000_000;
/// Objects that are looked for at most.
const OBJECTS: usize = 2_000_000;
/// Tables that lead to one another at most.
const TABLES: usize = 1_000;
/// References that lead to one another at most.
const CHAIN: usize = 16;
/// Dictionaries that are tried as the one that leads to all others.
const TRAILERS: usize = 64;
/// How often the bytes of a file may be gone through in all, and how many more for a small one.
const ROUNDS: usize = 16;
const ROUNDS_FLOOR: usize = 64 << 20;

/// A result, or nothing where something is damaged; an error ends all reading.
type Found<T> = Result<Option<T>, PdfError>;

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At this offset.
    At(usize),
    /// In the stream that is this object.
    In(u32),
}

/// A run of entries that say where objects are.
enum Section {
    /// Entries of twenty bytes in the file.
    Table { first: u32, count: u32, at: usize },
    /// Entries of these widths, unpacked.
    Stream { first: u32, count: u32, at: usize, widths: [usize; 3], bytes: Rc<[u8]> },
}

/// An object, with the place of its bytes where it is a stream.
pub struct Object {
    pub value: Value,
    stream: Option<usize>,
}

/// A PDF, opened.
pub struct File<'b> {
    bytes: &'b [u8],
    /// The newest first.
    sections: Vec<Section>,
    /// Where objects were found by looking for them.
    scanned: Option<HashMap<u32, Place>>,
    /// Object streams, unpacked.
    unpacked: HashMap<u32, Rc<[u8]>>,
    trailer: Dict,
    values: usize,
    work: usize,
    /// Bytes that may be unpacked in all, and how many of these are left.
    limit: u64,
    left: u64,
    /// Objects that are being read because another one needs them.
    nested: usize,
}

impl<'b> File<'b> {
    /// Opens a file; `limit` is how many bytes it may unpack to.
    ///
    /// # Errors
    /// It is encrypted, or has no catalogue that can be found.
    pub fn open(bytes: &'b [u8], limit: u64) -> Result<(File<'b>, Dict), PdfError> {
        let work = bytes.len().saturating_mul(ROUNDS).saturating_add(ROUNDS_FLOOR);
        let (sections, unpacked, trailer) = Default::default();
        let mut file = File {
            bytes,
            sections,
            scanned: None,
            unpacked,
            trailer,
            values: VALUES,
            work,
            limit,
            left: limit,
            nested: 0,
        };
        if file.follow()?
            && let Some(catalogue) = file.catalogue()?
        {
            return Ok((file, catalogue));
        }
        file.scan()?;
        let catalogue = file.catalogue()?.ok_or(PdfError::Damaged)?;
        Ok((file, catalogue))
    }

    fn catalogue(&mut self) -> Found<Dict> {
        if self.trailer.get("Encrypt").is_some_and(|v| *v != Value::Other) {
            return Err(PdfError::Encrypted);
        }
        let Some(root) = self.trailer.get("Root").cloned() else { return Ok(None) };
        let root = self.dict(&root)?;
        Ok(root.filter(|root| root.get("Pages").is_some() || root.get("Names").is_some()))
    }

    /// What a value stands for, through references.
    pub fn resolve(&mut self, value: &Value) -> Result<Value, PdfError> {
        let mut value = value.clone();
        for _ in 0..CHAIN {
            let Value::Ref(number) = value else { return Ok(value) };
            value = self.object(number)?.map_or(Value::Other, |object| object.value);
        }
        Ok(Value::Other)
    }

    /// The dictionary that a value stands for.
    pub fn dict(&mut self, value: &Value) -> Found<Dict> {
        Ok(match self.resolve(value)? {
            Value::Dict(dict) => Some(dict),
            _ => None,
        })
    }

    /// The values in the array that a value of a dictionary stands for; none where there is no such array.
    pub fn array(&mut self, dict: &Dict, name: &str) -> Result<Rc<[Value]>, PdfError> {
        let Some(value) = dict.get(name).cloned() else { return Ok(Rc::default()) };
        Ok(match self.resolve(&value)? {
            Value::Array(values) => values,
            _ => Rc::default(),
        })
    }

    /// The bytes of the stream that is this object, unpacked.
    pub fn stream(&mut self, number: u32) -> Found<Vec<u8>> {
        match self.object(number)? {
            Some(Object { value: Value::Dict(dict), stream: Some(at) }) => self.unpack(&dict, at),
            _ => Ok(None),
        }
    }

    /// An object by its number. One that is not where the tables say makes guichet look for all of them.
    fn object(&mut self, number: u32) -> Found<Object> {
        if self.nested >= CHAIN {
            return Ok(None);
        }
        self.nested += 1;
        let found = self.object_nested(number);
        self.nested -= 1;
        found
    }

    fn object_nested(&mut self, number: u32) -> Found<Object> {
        let Some(place) = self.place(number)? else { return Ok(None) };
        let found = self.object_at(number, place)?;
        if found.is_some() || self.scanned.is_some() {
            return Ok(found);
        }
        self.scan()?;
        match self.place(number)? {
            Some(place) => self.object_at(number, place),
            None => Ok(None),
        }
    }

    fn object_at(&mut self, number: u32, place: Place) -> Found<Object> {
        match place {
            Place::At(at) => {
                self.read(at, |r| {
                    if r.head()? != number {
                        return None;
                    }
                    let value = r.value()?;
                    Some((value, r.word(b"stream").then_some(r.at)))
                })
                .map(|found| found.map(|(value, stream)| Object { value, stream: stream.and_then(|at| self.line(at)) }))
            }
            Place::In(stream) => {
                let Some((bytes, first)) = self.object_stream(stream)? else { return Ok(None) };
                let Some(offset) = self.heads(&bytes, first)?.into_iter().find(|(n, _)| *n == number) else {
                    return Ok(None);
                };
                let value = self.read_in(&bytes, first.saturating_add(offset.1), Reader::value)?;
                Ok(value.map(|value| Object { value, stream: None }))
            }
        }
    }

    /// Where a stream's bytes begin: behind the end of the line that says `stream`.
    fn line(&self, at: usize) -> Option<usize> {
        match self.bytes.get(at..)? {
            [b'\r', b'\n', ..] => Some(at + 2),
            [b'\n' | b'\r', ..] => Some(at + 1),
            _ => None,
        }
    }

    /// Reads from the file; what is read counts.
    fn read<T>(&mut self, at: usize, take: impl FnOnce(&mut Reader<'b>) -> Option<T>) -> Found<T> {
        self.read_in(self.bytes, at, take)
    }

    fn read_in<'s, T>(
        &mut self,
        bytes: &'s [u8],
        at: usize,
        take: impl FnOnce(&mut Reader<'s>) -> Option<T>,
    ) -> Found<T> {
        let mut reader = Reader::new(bytes, at, self.values);
        let taken = take(&mut reader);
        self.values = reader.left;
        self.spend(reader.at.saturating_sub(at) + 1)?;
        if self.values == 0 { Err(PdfError::Tangled) } else { Ok(taken) }
    }

    fn spend(&mut self, steps: usize) -> Result<(), PdfError> {
        self.work = self.work.checked_sub(steps).ok_or(PdfError::Tangled)?;
        Ok(())
    }

    /// Where an object is, by what was found or by the newest entry that speaks of it.
    fn place(&mut self, number: u32) -> Found<Place> {
        if let Some(scanned) = &self.scanned {
            return Ok(scanned.get(&number).copied());
        }
        self.spend(self.sections.len() + 1)?;
        let entry = |first: u32, count: u32| number.checked_sub(first).filter(|n| *n < count).map(|n| n as usize);
        for section in &self.sections {
            match section {
                Section::Table { first, count, at } => {
                    if let Some(n) = entry(*first, *count) {
                        return Ok(self.bytes.get(at + n * 20..at + n * 20 + 18).and_then(in_table));
                    }
                }
                Section::Stream { first, count, at, widths, bytes } => {
                    if let Some(n) = entry(*first, *count) {
                        let wide: usize = widths.iter().sum();
                        let from = at.saturating_add(n.saturating_mul(wide));
                        let entry = bytes.get(from..from.saturating_add(wide));
                        return Ok(entry.and_then(|entry| in_stream(entry, *widths)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Follows the tables from the end of the file; whether that led anywhere.
    fn follow(&mut self) -> Result<bool, PdfError> {
        let Some(at) = memmem::rfind(self.bytes, b"startxref") else { return Ok(false) };
        let start = self.read(at + b"startxref".len(), Reader::int)?;
        let (mut next, mut seen) = (start.and_then(|at| usize::try_from(at).ok()), HashSet::new());
        if next.is_none() {
            return Ok(false);
        }
        while let Some(at) = next {
            if seen.len() == TABLES || !seen.insert(at) {
                return Ok(false);
            }
            let Some(trailer) = self.section(at)? else { return Ok(false) };
            next = offset(&trailer, "Prev");
            if self.trailer.get("Root").is_none() {
                self.trailer = trailer;
            }
        }
        Ok(true)
    }

    /// Reads a table; gives its trailer.
    fn section(&mut self, at: usize) -> Found<Dict> {
        if !self.read(at, |r| Some(r.word(b"xref")))?.unwrap_or_default() {
            return self.section_stream(at);
        }
        let size = self.bytes.len();
        let read = self.read(at, |r| {
            r.word(b"xref");
            let mut runs = Vec::new();
            while !r.word(b"trailer") {
                let (first, count) = (u32::try_from(r.int()?).ok()?, u32::try_from(r.int()?).ok()?);
                r.skip();
                r.left = r.left.checked_sub(1)?;
                runs.push(Section::Table { first, count, at: r.at });
                r.at = r.at.checked_add((count as usize).checked_mul(20)?).filter(|at| *at <= size)?;
            }
            Some((runs, r.dict()?))
        })?;
        let Some((runs, trailer)) = read else { return Ok(None) };
        // What a table hides from old readers stands in a stream beside it.
        if let Some(hidden) = offset(&trailer, "XRefStm")
            && self.section_stream(hidden)?.is_none()
        {
            return Ok(None);
        }
        self.sections.extend(runs);
        Ok(Some(trailer))
    }

    fn section_stream(&mut self, at: usize) -> Found<Dict> {
        let read = self.read(at, |r| {
            r.head()?;
            let dict = r.dict()?;
            r.word(b"stream").then_some((dict, r.at))
        })?;
        let Some((dict, at)) = read else { return Ok(None) };
        let Some(at) = self.line(at) else { return Ok(None) };
        let numbers = |values: &[Value]| values.iter().map(|v| int(v).and_then(|n| u32::try_from(n).ok())).collect();
        let (widths, index) = (self.array(&dict, "W")?, self.array(&dict, "Index")?);
        let widths: Option<Vec<u32>> = numbers(&widths);
        let Some(Ok(widths)) = widths.map(|w| <[u32; 3]>::try_from(w).map(|w| w.map(|w| w as usize))) else {
            return Ok(None);
        };
        let size = dict.get("Size").and_then(int).and_then(|n| u32::try_from(n).ok());
        let index: Option<Vec<u32>> = if index.is_empty() { size.map(|n| vec![0, n]) } else { numbers(&index) };
        let Some(index) = index.filter(|_| widths.iter().all(|w| *w <= 8)) else { return Ok(None) };
        let Some(bytes) = self.unpack(&dict, at)? else { return Ok(None) };
        let (bytes, mut at): (Rc<[u8]>, usize) = (bytes.into(), 0);
        for run in index.chunks_exact(2) {
            let (first, count) = (run[0], run[1]);
            self.sections.push(Section::Stream { first, count, at, widths, bytes: bytes.clone() });
            at = at.saturating_add((count as usize).saturating_mul(widths.iter().sum()));
        }
        Ok(Some(dict))
    }

    /// An object stream, unpacked, and where its first object is.
    fn object_stream(&mut self, number: u32) -> Found<(Rc<[u8]>, usize)> {
        let Some(Place::At(at)) = self.place(number)? else { return Ok(None) };
        let Some(object) = self.object_at(number, Place::At(at))? else { return Ok(None) };
        let (Value::Dict(dict), Some(at)) = (object.value, object.stream) else { return Ok(None) };
        let Some(first) = offset(&dict, "First") else { return Ok(None) };
        if let Some(bytes) = self.unpacked.get(&number) {
            return Ok(Some((bytes.clone(), first)));
        }
        let Some(bytes) = self.unpack(&dict, at)? else { return Ok(None) };
        let bytes: Rc<[u8]> = bytes.into();
        self.unpacked.insert(number, bytes.clone());
        Ok(Some((bytes, first)))
    }

    /// The numbers of the objects in a stream, and where each is.
    fn heads(&mut self, bytes: &[u8], first: usize) -> Result<Vec<(u32, usize)>, PdfError> {
        let mut heads = Vec::new();
        let head = &bytes[..first.min(bytes.len())];
        self.read_in(head, 0, |r| {
            while let (Some(number), Some(at)) = (r.int(), r.int()) {
                r.left = r.left.checked_sub(1)?;
                heads.push((u32::try_from(number).ok()?, usize::try_from(at).ok()?));
            }
            Some(())
        })?;
        Ok(heads)
    }

    /// Looks for every object, since the tables are of no use: the last of each number counts.
    fn scan(&mut self) -> Result<(), PdfError> {
        let bytes = self.bytes;
        let (mut found, mut starts) = (HashMap::new(), Vec::new());
        self.spend(bytes.len().saturating_mul(4))?;
        for at in memmem::find_iter(bytes, b"obj") {
            if let Some((number, start)) = before_obj(bytes, at) {
                if starts.len() == OBJECTS {
                    return Err(PdfError::Tangled);
                }
                starts.push((start, number));
                found.insert(number, Place::At(start));
            }
        }
        self.scanned = Some(found);
        let around = |mark: &[u8]| -> Vec<u32> {
            let marks = memmem::find_iter(bytes, mark);
            let mut numbers: Vec<u32> = marks
                .filter_map(|at| starts[..starts.partition_point(|(start, _)| *start < at)].last())
                .map(|(_, number)| *number)
                .collect();
            numbers.dedup();
            numbers
        };
        for stream in around(b"/ObjStm") {
            let Some((bytes, first)) = self.object_stream(stream)? else { continue };
            for (number, _) in self.heads(&bytes, first)? {
                let scanned = self.scanned.get_or_insert_default();
                scanned.entry(number).or_insert(Place::In(stream));
            }
        }
        self.trailer = Dict::default();
        for at in memmem::rfind_iter(bytes, b"trailer").take(TRAILERS) {
            let trailer = self.read(at + b"trailer".len(), Reader::dict)?;
            if self.leads(trailer) {
                return Ok(());
            }
        }
        for number in around(b"/XRef").into_iter().rev().take(TRAILERS) {
            let trailer = self.dict(&Value::Ref(number))?;
            if self.leads(trailer) {
                return Ok(());
            }
        }
        if let Some(number) = around(b"/Catalog").pop() {
            self.trailer = Dict::of("Root", Value::Ref(number));
        }
        Ok(())
    }

    /// Keeps a trailer that leads to a catalogue.
    fn leads(&mut self, trailer: Option<Dict>) -> bool {
        let trailer = trailer.filter(|t| t.get("Root").is_some());
        let leads = trailer.is_some();
        self.trailer = trailer.unwrap_or_default();
        leads
    }

    /// The bytes of a stream, unpacked by its filters.
    fn unpack(&mut self, dict: &Dict, start: usize) -> Found<Vec<u8>> {
        let Some(packed) = self.packed(dict, start)? else { return Ok(None) };
        if dict.get("F").is_some() {
            return Ok(None); // its bytes are in another file
        }
        let filters = self.listed(dict, "Filter")?;
        let parms = self.listed(dict, "DecodeParms")?;
        let mut bytes = Cow::Borrowed(packed);
        for (n, filter) in filters.iter().enumerate() {
            let Value::Name(name) = filter else { return Ok(None) };
            let parms = match parms.get(n) {
                Some(value) => self.dict(value)?.unwrap_or_default(),
                None => Dict::default(),
            };
            let made = match &**name {
                b"FlateDecode" | b"Fl" => match self.inflate(&bytes)? {
                    Some(made) => self.predicted(made, &parms)?,
                    None => None,
                },
                b"ASCIIHexDecode" | b"AHx" => Some(ascii_hex(&bytes)),
                b"ASCII85Decode" | b"A85" => ascii_85(&bytes),
                other => return Err(PdfError::Method { filter: String::from_utf8_lossy(other).into_owned() }),
            };
            let Some(made) = made else { return Ok(None) };
            if filters.len() > 1 || !matches!(&**name, b"FlateDecode" | b"Fl") {
                self.took(made.len())?;
            }
            bytes = Cow::Owned(made);
        }
        if filters.is_empty() {
            self.took(bytes.len())?;
        }
        Ok(Some(bytes.into_owned()))
    }

    /// A value that may stand alone or in an array, as a list.
    fn listed(&mut self, dict: &Dict, name: &str) -> Result<Vec<Value>, PdfError> {
        let Some(value) = dict.get(name).cloned() else { return Ok(Vec::new()) };
        Ok(match self.resolve(&value)? {
            Value::Other => Vec::new(),
            Value::Array(values) if values.len() > CHAIN => return Err(PdfError::Tangled),
            Value::Array(values) => values.iter().map(|v| self.resolve(v)).collect::<Result<_, _>>()?,
            one => vec![one],
        })
    }

    /// The bytes of a stream as they stand: as many as it says, or up to its end where that is wrong.
    fn packed(&mut self, dict: &Dict, start: usize) -> Found<&'b [u8]> {
        let length = match dict.get("Length").cloned() {
            Some(length) => int(&self.resolve(&length)?).and_then(|n| usize::try_from(n).ok()),
            None => None,
        };
        let bytes = self.bytes;
        if let Some(end) = length.and_then(|n| start.checked_add(n)).filter(|end| *end <= bytes.len())
            && self.read(end, |r| Some(r.word(b"endstream")))? == Some(true)
        {
            return Ok(Some(&bytes[start..end]));
        }
        let Some(length) = memmem::find(&bytes[start..], b"endstream") else {
            self.spend(bytes.len() - start)?;
            return Ok(None);
        };
        self.spend(length)?;
        let stream = &bytes[start..start + length];
        let stream = stream.strip_suffix(b"\n").unwrap_or(stream);
        Ok(Some(stream.strip_suffix(b"\r").unwrap_or(stream)))
    }

    /// Counts bytes that were made.
    fn took(&mut self, bytes: usize) -> Result<(), PdfError> {
        self.left = self.left.checked_sub(bytes as u64).ok_or(PdfError::Bomb { limit: self.limit })?;
        Ok(())
    }

    fn inflate(&mut self, packed: &[u8]) -> Found<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = ZlibDecoder::new(packed).take(self.left.saturating_add(1)).read_to_end(&mut bytes);
        self.took(bytes.len())?;
        Ok(read.is_ok().then_some(bytes))
    }

    /// Undoes what was done to rows before they were packed (7.4.4.4).
    fn predicted(&self, bytes: Vec<u8>, parms: &Dict) -> Found<Vec<u8>> {
        let number = |name: &str, default: usize| match parms.get(name) {
            Some(value) => int(value).and_then(|n| usize::try_from(n).ok()).filter(|n| (1..1 << 24).contains(n)),
            None => Some(default),
        };
        match number("Predictor", 1) {
            Some(1) => return Ok(Some(bytes)),
            Some(10..) => {}
            _ => return Err(PdfError::Method { filter: "Predictor".to_owned() }),
        }
        let (colors, bits, columns) = (number("Colors", 1), number("BitsPerComponent", 8), number("Columns", 1));
        let (Some(colors), Some(bits), Some(columns)) = (colors, bits, columns) else { return Ok(None) };
        let Some(row) = colors.checked_mul(bits).and_then(|n| n.checked_mul(columns)).map(|n| n.div_ceil(8)) else {
            return Ok(None);
        };
        Ok(rows(&bytes, row, (colors * bits).div_ceil(8)))
    }
}

/// An entry of a table: ten digits, five digits, a letter.
fn in_table(entry: &[u8]) -> Option<Place> {
    let offset = std::str::from_utf8(entry.get(..10)?).ok()?.trim_start().parse().ok()?;
    (entry.get(17) == Some(&b'n') && offset > 0).then_some(Place::At(offset))
}

/// An entry of a stream: what it is, and two numbers.
fn in_stream(entry: &[u8], widths: [usize; 3]) -> Option<Place> {
    let (kind, rest) = entry.split_at_checked(widths[0])?;
    let (one, _) = rest.split_at_checked(widths[1])?;
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
    match if kind.is_empty() { 1 } else { number(kind) } {
        1 => usize::try_from(number(one)).ok().map(Place::At),
        2 => u32::try_from(number(one)).ok().map(Place::In),
        _ => None,
    }
}

fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

/// An offset that a dictionary gives.
fn offset(dict: &Dict, name: &str) -> Option<usize> {
    dict.get(name).and_then(int).and_then(|n| usize::try_from(n).ok())
}

/// The number of the object that `obj` at this place begins, and where it does.
fn before_obj(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let digits = |end: usize| {
        let start = bytes[end.saturating_sub(11)..end].iter().rev().take_while(|b| b.is_ascii_digit()).count();
        (1..=10).contains(&start).then(|| end - start)
    };
    let spaces = |end: usize| end - bytes[..end].iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
    let generation = digits(spaces(at))?;
    let end = spaces(generation);
    if end == generation {
        return None;
    }
    let start = digits(end)?;
    let number = std::str::from_utf8(&bytes[start..end]).ok()?.parse().ok()?;
    Some((number, start))
}

/// Rows of so many bytes, each with a filter of PNG's before it.
fn rows(bytes: &[u8], row: usize, step: usize) -> Option<Vec<u8>> {
    let mut made: Vec<u8> = Vec::with_capacity(bytes.len());
    for packed in bytes.chunks(row + 1) {
        let (filter, packed) = packed.split_first()?;
        let here = made.len();
        for (n, byte) in packed.iter().enumerate() {
            let left = if n >= step { made[here + n - step] } else { 0 };
            let up = if here >= row { made[here + n - row] } else { 0 };
            let corner = if n >= step && here >= row { made[here + n - row - step] } else { 0 };
            let guess = match filter {
                0 => 0,
                1 => left,
                2 => up,
                3 => left.midpoint(up),
                4 => paeth(left, up, corner),
                _ => return None,
            };
            made.push(byte.wrapping_add(guess));
        }
    }
    Some(made)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    [left, up, corner].into_iter().min_by_key(|b| (guess - i16::from(*b)).abs()).unwrap_or_default()
}

fn ascii_hex(bytes: &[u8]) -> Vec<u8> {
    let digits = bytes.iter().take_while(|b| **b != b'>').filter_map(|b| char::from(*b).to_digit(16));
    let digits: Vec<u8> = digits.filter_map(|d| u8::try_from(d).ok()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or_default()).collect()
}

fn ascii_85(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut made, mut group) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(5));
    for byte in bytes.iter().take_while(|b| **b != b'~').filter(|b| !b.is_ascii_whitespace() && **b != 0) {
        match byte {
            b'z' if group.is_empty() => made.extend([0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            _ => return None,
        }
        if group.len() == 5 {
            made.extend(&four(&group)?);
            group.clear();
        }
    }
    let odd = group.len();
    if odd > 0 {
        group.resize(5, 84);
        made.extend(&four(&group)?[..odd - 1]);
    }
    Some(made)
}

fn four(group: &[u8]) -> Option<[u8; 4]> {
    let number = group.iter().fold(0_u64, |n, digit| n * 85 + u64::from(*digit));
    u32::try_from(number).ok().map(u32::to_be_bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_undone() {
        assert_eq!(ascii_hex(b"66 4f\n5>ff"), b"fOP");
        assert_eq!(ascii_85(b"87cURD]i,\"Ebo7~>").unwrap(), b"Hello World!"[..11]);
        assert_eq!(ascii_85(b"z!!").unwrap(), [0, 0, 0, 0, 0]);
        assert_eq!(ascii_85(b"v"), None);
        // Two rows of three: the first as it is, the second told as what it adds to the first.
        assert_eq!(rows(&[0, 1, 2, 3, 2, 1, 1, 1], 3, 1).unwrap(), [1, 2, 3, 2, 3, 4]);
        assert_eq!(rows(&[1, 1, 1, 1, 4, 1, 1, 1], 3, 1).unwrap(), [1, 2, 3, 2, 3, 4]);
        assert_eq!(rows(&[9, 1], 1, 1), None);
    }

    #[test]
    fn objects_are_known_by_the_numbers_before_them() {
        assert_eq!(before_obj(b"x 12 0 obj", 7), Some((12, 2)));
        assert_eq!(before_obj(b"12 0obj", 4), Some((12, 0)));
        for (bytes, at) in [(&b"endobj"[..], 3), (b"120 obj", 4), (b"obj", 0), (b"12345678901 0 obj", 14)] {
            assert_eq!(before_obj(bytes, at), None, "{bytes:?}");
        }
    }
}
