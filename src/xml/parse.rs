//! From text to tree.

use super::place::Lines;
use super::{Attribute, Doc, Limits, NONE, Name, NameId, Node, Place, Span};
use foldhash::{HashMap, HashMapExt};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::ops::Range;
use std::sync::OnceLock;

/// Why a text is no document that guichet reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlError {
    /// What is wrong.
    pub kind: XmlErrorKind,
    /// Where.
    pub place: Place,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XmlErrorKind {
    /// There is no element in it.
    NoRoot,
    /// It ends before this element does.
    Truncated {
        /// The innermost element that is open.
        open: String,
        /// The line on which it was opened.
        line: u32,
    },
    /// An end tag that is not the one of the element that is open.
    MismatchedEnd {
        /// The element that is open.
        open: String,
        /// The end tag.
        found: String,
    },
    /// Something after the root element, or text before it.
    OutsideRoot,
    /// A document type declaration.
    Doctype,
    /// A reference to an entity that XML itself does not define.
    UndeclaredEntity(String),
    /// A prefix that stands for no namespace.
    UndeclaredPrefix(String),
    /// An attribute that is there twice.
    DuplicateAttribute(String),
    /// A character that XML forbids, as itself or by reference.
    ForbiddenCharacter(u32),
    /// More elements inside one another than the limit.
    TooDeep(u32),
    /// More elements than the limit.
    TooManyNodes(u32),
    /// More attributes of one element, or more namespaces in force, than the limit.
    TooManyAttributes(u32),
    /// Anything else that is not well-formed, in the words of whoever found it.
    Malformed(String),
}

/// Namespace declarations in force at once.
const NAMESPACES: usize = 256;
const XML: &str = "http://www.w3.org/XML/1998/namespace";

impl Doc {
    /// Reads a document.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place, and the text as it was given.
    pub fn parse(source: String, limits: &Limits) -> Result<Doc, (Box<XmlError>, String)> {
        let built = Builder::new(&source, limits).build();
        match built {
            Ok(b) => {
                let Builder { side, nodes, attributes, names, namespaces, .. } = b;
                let (lines, indexes) = (OnceLock::new(), OnceLock::new());
                Ok(Doc { side, nodes, attributes, names, namespaces, lines, indexes, source })
            }
            Err((kind, offset)) => {
                let (line, column) = Lines::of(&source).place(&source, offset);
                let place = Place { line, column, path: String::new(), span: (offset, 0), form: false };
                Err((Box::new(XmlError { kind, place }), source))
            }
        }
    }
}

type Fault = (XmlErrorKind, usize);

struct Builder<'s> {
    source: &'s str,
    limits: &'s Limits,
    side: String,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    names: Vec<Name>,
    namespaces: Vec<Box<str>>,
    /// Elements that are open.
    open: Vec<Open<'s>>,
    /// Namespaces in force: prefix and number.
    bindings: Vec<(&'s str, u32)>,
    /// Counts changes of the namespaces in force; the number names a set of them.
    scope: u32,
    scopes: u32,
    /// Names as written, in a scope. An attribute without prefix has no namespace, so it is another name.
    written: HashMap<(u32, bool, &'s str), NameId>,
    known: HashMap<(u32, &'s str), NameId>,
    numbered: HashMap<String, u32>,
}

struct Open<'s> {
    node: u32,
    name: &'s str,
    bindings: usize,
    scope: u32,
    has_child: bool,
}

impl<'s> Builder<'s> {
    fn new(source: &'s str, limits: &'s Limits) -> Builder<'s> {
        let guess = source.len() / 64;
        Builder {
            source,
            limits,
            side: String::new(),
            nodes: Vec::with_capacity(guess.min(1 << 16)),
            attributes: Vec::with_capacity(32),
            names: Vec::with_capacity(128),
            namespaces: vec!["".into(), XML.into()],
            open: Vec::with_capacity(16),
            bindings: vec![("", 0), ("xml", 1)],
            scope: 0,
            scopes: 0,
            written: HashMap::with_capacity(128),
            known: HashMap::with_capacity(128),
            numbered: [(String::new(), 0), (XML.to_owned(), 1)].into_iter().collect(),
        }
    }

    fn build(mut self) -> Result<Builder<'s>, Fault> {
        forbidden(self.source)?;
        if u32::try_from(self.source.len()).is_err() {
            return Err((XmlErrorKind::Malformed("larger than 4 GiB".to_owned()), 0));
        }
        let mut reader = Reader::from_str(self.source);
        let config = reader.config_mut();
        config.check_comments = true;
        config.check_end_names = false; // checked here, so that the message can say which element is open
        config.allow_unmatched_ends = true;
        loop {
            let start = offset(&reader);
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(e) => return Err(self.syntax(&e, start, offset_of_error(&reader))),
            };
            let end = offset(&reader);
            match event {
                Event::Start(tag) => self.start(&tag, start, end, false)?,
                Event::Empty(tag) => self.start(&tag, start, end, true)?,
                Event::End(_) => self.end(start, end)?,
                Event::Text(_) => self.text(start, end)?,
                Event::CData(_) => self.cdata(start, end)?,
                Event::GeneralRef(reference) => self.reference(&reference, start)?,
                Event::Comment(_) => {}
                Event::PI(_) => self.instruction(start)?,
                Event::Decl(_) if start == 0 => self.declaration(end)?,
                Event::Decl(_) => return Err((XmlErrorKind::OutsideRoot, start)),
                Event::DocType(_) => return Err((XmlErrorKind::Doctype, start)),
                Event::Eof => break,
            }
        }
        self.whole()
    }

    /// Both ends: a root, closed.
    fn whole(self) -> Result<Builder<'s>, Fault> {
        if let Some(open) = self.open.last() {
            return Err((self.truncated(open), self.source.len()));
        }
        if self.nodes.is_empty() {
            return Err((XmlErrorKind::NoRoot, self.source.len()));
        }
        Ok(self)
    }

    fn truncated(&self, open: &Open<'_>) -> XmlErrorKind {
        let at = self.nodes[open.node as usize].start as usize;
        let line = memchr::memchr_iter(b'\n', &self.source.as_bytes()[..at]).count() + 1;
        XmlErrorKind::Truncated { open: open.name.to_owned(), line: u32::try_from(line).unwrap_or(u32::MAX) }
    }

    /// A token that does not end is a truncated document where nothing follows; anything else is malformed.
    fn syntax(&self, error: &quick_xml::Error, start: usize, at: usize) -> Fault {
        if matches!(error, quick_xml::Error::Syntax(_)) {
            if let Some(open) = self.open.last() {
                return (self.truncated(open), self.source.len());
            }
            if self.nodes.is_empty() {
                return (XmlErrorKind::Truncated { open: String::new(), line: 1 }, self.source.len());
            }
        }
        (XmlErrorKind::Malformed(error.to_string()), at.max(start).min(self.source.len()))
    }

    fn start(&mut self, tag: &BytesStart<'_>, start: usize, end: usize, empty: bool) -> Result<(), Fault> {
        if self.open.is_empty() && !self.nodes.is_empty() {
            return Err((XmlErrorKind::OutsideRoot, start));
        }
        if self.nodes.len() >= self.limits.nodes as usize {
            return Err((XmlErrorKind::TooManyNodes(self.limits.nodes), start));
        }
        if self.open.len() >= self.limits.depth as usize {
            return Err((XmlErrorKind::TooDeep(self.limits.depth), start));
        }
        let length = tag.name().as_ref().len();
        let name = &self.source[start + 1..start + 1 + length];
        let (bindings, scope) = (self.bindings.len(), self.scope);
        let inside = start + 1 + length..end - if empty { 2 } else { 1 };
        let attributes = self.attributes(inside)?;
        let name_id = self.name(name, start + 1, false)?;
        let node = int(self.nodes.len());
        let parent = self.open.last().map_or(NONE, |open| open.node);
        if let Some(open) = self.open.last_mut() {
            open.has_child = true;
        }
        self.nodes.push(Node {
            name: name_id,
            parent,
            after: node + 1,
            start: int(start),
            tag: int(end - start),
            text: Span::default(),
            attributes,
        });
        if empty {
            self.bindings.truncate(bindings);
            self.scope = scope;
        } else {
            self.open.push(Open { node, name, bindings, scope, has_child: false });
        }
        Ok(())
    }

    fn end(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        let found = self.source[start + 2..end - 1].trim_end_matches([' ', '\t', '\n', '\r']);
        let Some(open) = self.open.pop() else {
            return Err((XmlErrorKind::OutsideRoot, start));
        };
        if open.name != found {
            let (open, found) = (open.name.to_owned(), found.to_owned());
            return Err((XmlErrorKind::MismatchedEnd { open, found }, start));
        }
        self.nodes[open.node as usize].after = int(self.nodes.len());
        self.bindings.truncate(open.bindings);
        self.scope = open.scope;
        Ok(())
    }

    fn text(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        let source = self.source;
        let text = &source[start..end];
        if let Some(at) = memchr::memmem::find(text.as_bytes(), b"]]>") {
            return Err((XmlErrorKind::Malformed("']]>' in text".to_owned()), start + at));
        }
        if self.open.is_empty() {
            let blank = super::trim(text).is_empty();
            return if blank { Ok(()) } else { Err((XmlErrorKind::OutsideRoot, start)) };
        }
        if memchr::memchr(b'\r', text.as_bytes()).is_some() {
            let plain = text.replace("\r\n", "\n").replace('\r', "\n");
            self.append(&plain);
        } else {
            self.append_span(start, end);
        }
        Ok(())
    }

    fn cdata(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        if self.open.is_empty() {
            return Err((XmlErrorKind::OutsideRoot, start));
        }
        let text = &self.source[start + "<![CDATA[".len()..end - "]]>".len()];
        let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
        self.append(&text);
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>, start: usize) -> Result<(), Fault> {
        if self.open.is_empty() {
            return Err((XmlErrorKind::OutsideRoot, start));
        }
        let c = resolve(reference).map_err(|kind| (kind, start))?;
        self.append(c.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`: these three, in this order, the first one mandatory.
    fn declaration(&self, end: usize) -> Result<(), Fault> {
        let malformed = |at| (XmlErrorKind::Malformed("the XML declaration".to_owned()), at);
        let mut at = "<?xml".len();
        let mut expected = ["version", "encoding", "standalone"].into_iter();
        let mut first = true;
        while let Some(found) = next_attribute(self.source, &mut at, end - "?>".len())? {
            let value = &self.source[found.value];
            let known = expected.find(|name| *name == found.name).ok_or_else(|| malformed(found.start))?;
            let good = match known {
                "version" => {
                    value.strip_prefix("1.").is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit()) && !v.is_empty())
                }
                "encoding" => {
                    value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
                        && !value.is_empty()
                }
                _ => matches!(value, "yes" | "no"),
            };
            if !good || (first && known != "version") {
                return Err(malformed(found.start));
            }
            first = false;
        }
        if first { Err(malformed(0)) } else { Ok(()) }
    }

    fn instruction(&self, start: usize) -> Result<(), Fault> {
        let target = self.source[start + 2..].split([' ', '\t', '\n', '\r', '?']).next().unwrap_or_default();
        if is_name(target) && !target.eq_ignore_ascii_case("xml") {
            return Ok(());
        }
        Err((XmlErrorKind::Malformed(format!("processing instruction '{target}'")), start))
    }

    /// Adds a piece of the source to the open element's text. Text after a child is white space in data formats; what
    /// is not is no datum of ours.
    fn append_span(&mut self, start: usize, end: usize) {
        let open = self.open.last().expect("callers check that an element is open");
        if open.has_child {
            return;
        }
        let text = &mut self.nodes[open.node as usize].text;
        if text.len == 0 {
            *text = Span { start: int(start), len: int(end - start), side: false };
        } else {
            let source = self.source;
            self.append(&source[start..end]);
        }
    }

    /// Adds other text to the open element's text, which moves to the side.
    fn append(&mut self, more: &str) {
        let open = self.open.last().expect("callers check that an element is open");
        if open.has_child {
            return;
        }
        let text = &mut self.nodes[open.node as usize].text;
        if !text.side {
            let before = &self.source[text.start as usize..(text.start + text.len) as usize];
            *text = Span { start: int(self.side.len()), len: text.len, side: true };
            self.side.push_str(before);
        }
        // No other element's text came between: it has no child yet.
        self.side.push_str(more);
        text.len += int(more.len());
    }

    /// Reads a start tag's attributes, namespaces first: a prefix may be used before it is declared.
    fn attributes(&mut self, inside: Range<usize>) -> Result<(u32, u32), Fault> {
        let from = int(self.attributes.len());
        if inside.is_empty() {
            return Ok((from, from));
        }
        let mut plain: Vec<(&'s str, Range<usize>, usize)> = Vec::new();
        let outer = self.bindings.len();
        let mut count = 0;
        let mut at = inside.start;
        while let Some(found) = next_attribute(self.source, &mut at, inside.end)? {
            count += 1;
            if count > self.limits.attributes {
                return Err((XmlErrorKind::TooManyAttributes(self.limits.attributes), found.start));
            }
            let prefix = match found.name {
                "xmlns" => Some(""),
                name => name.strip_prefix("xmlns:"),
            };
            match prefix {
                Some(prefix) => self.declare(prefix, found.value, found.start, outer)?,
                None => plain.push((found.name, found.value, found.start)),
            }
        }
        for (name, value, start) in plain {
            let name_id = self.name(name, start, true)?;
            let twice = self.attributes[from as usize..].iter().any(|a| a.name == name_id);
            if twice {
                return Err((XmlErrorKind::DuplicateAttribute(name.to_owned()), start));
            }
            let value = self.attribute_value(value)?;
            self.attributes.push(Attribute { name: name_id, value, start: int(start) });
        }
        Ok((from, int(self.attributes.len())))
    }

    /// Puts a namespace in force; the bindings from `outer` on are of the same start tag.
    fn declare(&mut self, prefix: &'s str, value: Range<usize>, start: usize, outer: usize) -> Result<(), Fault> {
        if self.bindings.len() >= NAMESPACES {
            return Err((XmlErrorKind::TooManyAttributes(int(NAMESPACES)), start));
        }
        let value = self.attribute_value(value)?;
        let uri = if value.side {
            self.side[value.start as usize..].to_owned()
        } else {
            self.source[value.start as usize..(value.start + value.len) as usize].to_owned()
        };
        let reserved = prefix == "xmlns" || (prefix == "xml") != (uri == XML) || (!prefix.is_empty() && uri.is_empty());
        if reserved {
            return Err((XmlErrorKind::Malformed(format!("namespace declaration xmlns:{prefix}='{uri}'")), start));
        }
        if self.bindings[outer..].iter().any(|(p, _)| *p == prefix) {
            return Err((XmlErrorKind::DuplicateAttribute(format!("xmlns:{prefix}")), start));
        }
        let number = match self.numbered.get(&uri) {
            Some(number) => *number,
            None => {
                let number = int(self.namespaces.len());
                self.namespaces.push(uri.clone().into());
                self.numbered.insert(uri, number);
                number
            }
        };
        self.bindings.push((prefix, number));
        self.scopes += 1;
        self.scope = self.scopes;
        Ok(())
    }

    fn attribute_value(&mut self, value: Range<usize>) -> Result<Span, Fault> {
        let raw = &self.source[value.clone()];
        let special = raw.bytes().any(|b| matches!(b, b'&' | b'\t' | b'\n' | b'\r'));
        if !special {
            return Ok(Span { start: int(value.start), len: int(raw.len()), side: false });
        }
        let start = self.side.len();
        let mut rest = raw;
        while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
            self.side.push_str(&rest[..at]);
            let offset = value.start + (raw.len() - rest.len()) + at;
            rest = &rest[at..];
            if let Some(reference) = rest.strip_prefix('&') {
                let end = reference.find(';').ok_or((XmlErrorKind::Malformed("'&' alone".to_owned()), offset))?;
                self.side.push(resolve(&reference[..end]).map_err(|kind| (kind, offset))?);
                rest = &reference[end + 1..];
            } else {
                self.side.push(' ');
                rest = rest.strip_prefix("\r\n").unwrap_or(&rest[1..]);
            }
        }
        self.side.push_str(rest);
        Ok(Span { start: int(start), len: int(self.side.len() - start), side: true })
    }

    /// The number of a name as written here.
    fn name(&mut self, written: &'s str, at: usize, attribute: bool) -> Result<NameId, Fault> {
        if let Some(id) = self.written.get(&(self.scope, attribute, written)) {
            return Ok(*id);
        }
        let (prefix, local) = match written.split_once(':') {
            Some((prefix, local)) => (prefix, local),
            None => ("", written),
        };
        if !is_name(local)
            || local.contains(':')
            || (!prefix.is_empty() && !is_name(prefix))
            || written.starts_with(':')
        {
            return Err((XmlErrorKind::Malformed(format!("'{written}' is no name")), at));
        }
        let namespace = if attribute && prefix.is_empty() {
            0
        } else {
            let bound = self.bindings.iter().rev().find(|(p, _)| *p == prefix);
            bound.map(|(_, n)| *n).ok_or_else(|| (XmlErrorKind::UndeclaredPrefix(prefix.to_owned()), at))?
        };
        let id = match self.known.get(&(namespace, local)) {
            Some(id) => *id,
            None => {
                let id = NameId(int(self.names.len()));
                self.names.push(Name { namespace, local: local.into() });
                self.known.insert((namespace, local), id);
                id
            }
        };
        self.written.insert((self.scope, attribute, written), id);
        Ok(id)
    }
}

/// An attribute as written.
struct Written<'s> {
    name: &'s str,
    value: Range<usize>,
    start: usize,
}

/// The next attribute of a start tag between `at` and `end`.
fn next_attribute<'s>(source: &'s str, at: &mut usize, end: usize) -> Result<Option<Written<'s>>, Fault> {
    let malformed = |what: &str, at: usize| (XmlErrorKind::Malformed(what.to_owned()), at);
    let rest = &source[*at..end];
    let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
    if trimmed.is_empty() {
        return Ok(None);
    }
    if trimmed.len() == rest.len() {
        return Err(malformed("no space before an attribute", *at));
    }
    let start = end - trimmed.len();
    let name_end =
        trimmed.find(['=', ' ', '\t', '\n', '\r']).ok_or_else(|| malformed("an attribute without value", start))?;
    let name = &trimmed[..name_end];
    let after = trimmed[name_end..].trim_start_matches([' ', '\t', '\n', '\r']);
    let after = after.strip_prefix('=').ok_or_else(|| malformed("an attribute without value", start))?;
    let after = after.trim_start_matches([' ', '\t', '\n', '\r']);
    let quote = after
        .bytes()
        .next()
        .filter(|b| matches!(b, b'"' | b'\''))
        .ok_or_else(|| malformed("an attribute value without quotes", start))?;
    let from = end - after.len() + 1;
    let length = memchr::memchr(quote, &source.as_bytes()[from..end])
        .ok_or_else(|| malformed("an attribute value that does not end", start))?;
    let value = from..from + length;
    if let Some(lt) = memchr::memchr(b'<', source[value.clone()].as_bytes()) {
        return Err(malformed("'<' in an attribute value", from + lt));
    }
    *at = value.end + 1;
    Ok(Some(Written { name, value, start }))
}

/// The character that a reference stands for: one of XML's five, or a number.
pub(super) fn resolve(name: &str) -> Result<char, XmlErrorKind> {
    let number = match name {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        _ => name.strip_prefix('#').ok_or_else(|| XmlErrorKind::UndeclaredEntity(name.to_owned()))?,
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    let good = !digits.is_empty() && digits.bytes().all(|b| char::from(b).is_digit(radix));
    if !good {
        return Err(XmlErrorKind::Malformed(format!("the reference '&{name};'")));
    }
    let code = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
    char::from_u32(code).filter(|c| is_char(*c)).ok_or(XmlErrorKind::ForbiddenCharacter(code))
}

/// Whether XML 1.0 allows a character.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// Whether XML allows a name, colons apart.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start)
        && chars.all(|c| {
            is_name_start(c)
                || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
        })
}

fn is_name_start(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// Characters that may stand nowhere.
fn forbidden(source: &str) -> Result<(), Fault> {
    let bytes = source.as_bytes();
    // Most documents have none: a pass that the compiler can do many bytes at a time finds out.
    let controls = bytes.iter().fold(false, |any, &b| any | ((b < 0x20) & (b != 9) & (b != 10) & (b != 13)));
    let last = controls.then(|| bytes.iter().position(|&b| b < 0x20 && !matches!(b, 9 | 10 | 13))).flatten();
    if let Some(at) = last {
        return Err((XmlErrorKind::ForbiddenCharacter(u32::from(bytes[at])), at));
    }
    for at in memchr::memmem::find_iter(bytes, b"\xef\xbf") {
        if let Some(last @ (0xbe | 0xbf)) = bytes.get(at + 2) {
            return Err((XmlErrorKind::ForbiddenCharacter(0xff40 + u32::from(*last)), at));
        }
    }
    Ok(())
}

fn offset(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn offset_of_error(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.error_position()).unwrap_or(usize::MAX)
}

/// Offsets and counts fit: the source is shorter than 4 GiB, and every count is at most its length.
fn int(n: usize) -> u32 {
    u32::try_from(n).expect("the source is shorter than 4 GiB")
}
