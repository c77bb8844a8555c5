//! From text to tree.

use super::known::KNOWN;
use super::names::{Names, Prefix};
use super::place::Lines;
use super::scan::{self, Fault, Seen, Written, int};
use super::vocabulary::namespace_number;
use super::{Attribute, Doc, Limits, NONE, NameId, Node, Place, Span, XML};
use foldhash::{HashMap, HashMapExt};
use std::borrow::Cow;
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

/// The numbers of no namespace, and of that of `xml:`.
const NO_NAMESPACE: u32 = 0;
const XML_NAMESPACE: u32 = 1;
/// Namespace declarations in force at once.
const NAMESPACES: usize = 256;
/// The namespace of `xmlns` itself, which nobody declares.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

impl Doc {
    /// Reads a document.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place, and the text as it was given.
    pub fn parse(source: String, limits: &Limits) -> Result<Doc, (Box<XmlError>, String)> {
        let built = scan::survey(&source).and_then(|seen| Builder::new(&source, limits, seen).build());
        match built {
            Ok(b) => {
                let Builder { side, nodes, attributes, names: Names { own: names, .. }, namespaces, .. } = b;
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

struct Builder<'s> {
    source: &'s str,
    limits: &'s Limits,
    seen: Seen,
    side: String,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    names: Names<'s>,
    /// URIs that no table speaks of; their numbers come after those of [`KNOWN`].
    namespaces: Vec<Span>,
    numbered: HashMap<Cow<'s, str>, u32>,
    /// Elements that are open.
    open: Vec<Open>,
    /// Namespaces in force: prefix and number.
    bindings: Vec<(Prefix, u32)>,
    /// The attributes of one start tag, namespaces apart.
    plain: Vec<Written<'s>>,
}

struct Open {
    node: u32,
    /// Length of its name, which stands after the `<`.
    name: u32,
    bindings: u32,
}

impl<'s> Builder<'s> {
    fn new(source: &'s str, limits: &'s Limits, seen: Seen) -> Builder<'s> {
        Builder {
            source,
            limits,
            seen,
            side: String::new(),
            nodes: Vec::with_capacity((source.len() / 48).min(1 << 16)),
            attributes: Vec::with_capacity((source.len() / 128).min(1 << 16)),
            names: Names::new(source),
            namespaces: Vec::new(),
            numbered: HashMap::new(),
            open: Vec::with_capacity(16),
            bindings: Vec::with_capacity(16),
            plain: Vec::with_capacity(8),
        }
    }

    fn build(mut self) -> Result<Builder<'s>, Fault> {
        if u32::try_from(self.source.len()).is_err() {
            return Err((XmlErrorKind::Malformed("larger than 4 GiB".to_owned()), 0));
        }
        self.bindings.push((Prefix::default(), NO_NAMESPACE));
        let bytes = self.source.as_bytes();
        let mut at = 0;
        loop {
            let text = at;
            at = scan::next(bytes, at, b'<');
            if at > text {
                self.text(text, at)?;
            }
            if at == bytes.len() {
                return self.whole();
            }
            at = match bytes.get(at + 1) {
                Some(b'/') => self.end(at)?,
                Some(b'!') => self.bang(at)?,
                Some(b'?') => self.question(at)?,
                _ => self.start(at)?,
            };
        }
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

    fn truncated(&self, open: &Open) -> XmlErrorKind {
        let at = self.nodes[open.node as usize].start as usize;
        let line = memchr::memchr_iter(b'\n', &self.source.as_bytes()[..at]).count() + 1;
        XmlErrorKind::Truncated { open: self.name_of(open).to_owned(), line: u32::try_from(line).unwrap_or(u32::MAX) }
    }

    /// The name of an open element, as written.
    fn name_of(&self, open: &Open) -> &'s str {
        let start = self.nodes[open.node as usize].start as usize + 1;
        &self.source[start..start + open.name as usize]
    }

    /// A token that does not end, or is none, is a truncated document; after the root element it is malformed.
    #[cold]
    fn unfinished(&self, what: &str, start: usize) -> Fault {
        if let Some(open) = self.open.last() {
            return (self.truncated(open), self.source.len());
        }
        if self.nodes.is_empty() {
            return (XmlErrorKind::Truncated { open: String::new(), line: 1 }, self.source.len());
        }
        (XmlErrorKind::Malformed(format!("{what} does not end")), start)
    }

    /// A start tag; the offset after it.
    fn start(&mut self, start: usize) -> Result<usize, Fault> {
        let bytes = self.source.as_bytes();
        let scan::TagName { end, colon } = scan::TagName::at(bytes, start + 1);
        let mut name = start + 1..end;
        // Most have a name and nothing else.
        let (end, empty) = match &bytes[name.end..] {
            [b'>', ..] => (name.end + 1, false),
            [b'/', b'>', ..] => (name.end + 2, true),
            _ => {
                let end = scan::tag_end(bytes, start).ok_or_else(|| self.unfinished("a tag", start))?;
                (end, bytes[end - 2] == b'/')
            }
        };
        let inside_end = end - if empty { 2 } else { 1 };
        if self.open.is_empty() && !self.nodes.is_empty() {
            return Err((XmlErrorKind::OutsideRoot, start));
        }
        if self.nodes.len() >= self.limits.nodes as usize {
            return Err((XmlErrorKind::TooManyNodes(self.limits.nodes), start));
        }
        if self.open.len() >= self.limits.depth as usize {
            return Err((XmlErrorKind::TooDeep(self.limits.depth), start));
        }
        let bindings = self.bindings.len();
        let from = int(self.attributes.len());
        if name.end < inside_end {
            // Whatever stands there, white space ends a name: what is no name of one is said of all of it.
            name.end += bytes[name.end..inside_end].iter().take_while(|b| !scan::is_space(**b)).count();
            self.attributes(name.end..inside_end)?;
        }
        let name_id = self.name(name.clone(), colon, false)?;
        let node = int(self.nodes.len());
        let leaf = if empty { Some((Span::default(), end)) } else { self.leaf(name.clone(), end) };
        self.nodes.push(Node {
            name: name_id,
            parent: self.open.last().map_or(NONE, |open| open.node),
            after: node + 1,
            start: int(start),
            tag: int(end - start),
            text: leaf.map_or_else(Span::default, |(text, _)| text),
            attributes: (from, int(self.attributes.len())),
        });
        match leaf {
            Some((_, after)) => {
                self.bindings.truncate(bindings);
                Ok(after)
            }
            None => {
                self.open.push(Open { node, name: int(name.len()), bindings: int(bindings) });
                Ok(end)
            }
        }
    }

    /// Most elements are this: text that means itself, from `start`, and the end tag of the name. The text, and the
    /// offset after the tag.
    #[inline]
    fn leaf(&self, name: Range<usize>, start: usize) -> Option<(Span, usize)> {
        let bytes = self.source.as_bytes();
        let end = scan::next(bytes, start, b'<');
        let Seen { references, returns, brackets } = self.seen;
        let is_plain =
            !(references | returns | brackets) || memchr::memchr3(b'&', b'\r', b']', &bytes[start..end]).is_none();
        let after = end + 2 + name.len();
        let is_end = bytes.get(end + 1) == Some(&b'/')
            && bytes.get(after) == Some(&b'>')
            && scan::same((bytes, name.start), (bytes, end + 2), name.len());
        let text = Span { start: int(start), len: int(end - start), side: false };
        (is_plain && is_end).then_some((if end == start { Span::default() } else { text }, after + 1))
    }

    /// An end tag; the offset after it.
    fn end(&mut self, start: usize) -> Result<usize, Fault> {
        let bytes = self.source.as_bytes();
        let after = self.open.last().and_then(|open| {
            let (name, len) = (self.nodes[open.node as usize].start as usize + 1, open.name as usize);
            let end = start + 2 + len;
            (bytes.get(end) == Some(&b'>') && scan::same((bytes, name), (bytes, start + 2), len)).then_some(end + 1)
        });
        let end = match after {
            Some(end) => end,
            None => self.other_end(start)?,
        };
        if let Some(open) = self.open.pop() {
            self.nodes[open.node as usize].after = int(self.nodes.len());
            self.bindings.truncate(open.bindings as usize);
        }
        Ok(end)
    }

    /// An end tag that is not written as most are: it has white space in it, or is wrong.
    #[cold]
    fn other_end(&self, start: usize) -> Result<usize, Fault> {
        let end = scan::tag_end(self.source.as_bytes(), start).ok_or_else(|| self.unfinished("an end tag", start))?;
        let Some(open) = self.open.last() else {
            return Err((XmlErrorKind::OutsideRoot, start));
        };
        let (open, found) = (self.name_of(open), &self.source[start + 2..end - 1]);
        let found = found.trim_end_matches([' ', '\t', '\n', '\r']);
        if open != found {
            let (open, found) = (open.to_owned(), found.to_owned());
            return Err((XmlErrorKind::MismatchedEnd { open, found }, start));
        }
        Ok(end)
    }

    /// What begins with `<!`; the offset after it.
    fn bang(&mut self, start: usize) -> Result<usize, Fault> {
        let bytes = self.source.as_bytes();
        let rest = &bytes[start..];
        if rest.starts_with(b"<!--") {
            let end = scan::after(bytes, start + 4, "--").ok_or_else(|| self.unfinished("a comment", start))?;
            if bytes.get(end) == Some(&b'>') {
                return Ok(end + 1);
            }
            // One that does not end at all is cut short rather than wrong.
            scan::after(bytes, end - 1, "-->").ok_or_else(|| self.unfinished("a comment", start))?;
            return Err((XmlErrorKind::Malformed("'--' in a comment".to_owned()), end - 2));
        }
        if rest.starts_with(b"<![CDATA[") {
            let text = start + "<![CDATA[".len();
            let end = scan::after(bytes, text, "]]>").ok_or_else(|| self.unfinished("a CDATA section", start))?;
            self.cdata(start, text..end - "]]>".len())?;
            return Ok(end);
        }
        // Whatever is in it, it is refused.
        if rest.len() >= 9 && rest[..9].eq_ignore_ascii_case(b"<!DOCTYPE") && scan::next(rest, 0, b'>') < rest.len() {
            return Err((XmlErrorKind::Doctype, start));
        }
        Err(self.unfinished("a '<!'", start))
    }

    /// A processing instruction, or the declaration of XML; the offset after it.
    fn question(&self, start: usize) -> Result<usize, Fault> {
        let bytes = self.source.as_bytes();
        let end = scan::after(bytes, start + 1, "?>").filter(|end| *end > start + 3);
        let end = end.ok_or_else(|| self.unfinished("a processing instruction", start))?;
        let inside = &bytes[start + 2..end - 2];
        match inside.strip_prefix(b"xml") {
            Some([] | [b' ' | b'\t' | b'\n' | b'\r', ..]) if start == 0 => self.declaration(end)?,
            Some([] | [b' ' | b'\t' | b'\n' | b'\r', ..]) => return Err((XmlErrorKind::OutsideRoot, start)),
            _ => self.instruction(start)?,
        }
        Ok(end)
    }

    /// The text between two tags.
    fn text(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        let Seen { references, returns, brackets } = self.seen;
        match self.open.last() {
            Some(open) if !(references | returns | brackets) => {
                if !self.has_child(open) {
                    self.append_span(start, end);
                }
                Ok(())
            }
            _ => self.pieces(start, end),
        }
    }

    /// Text and references, one after another.
    fn pieces(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        let mut at = start;
        while at < end {
            let reference =
                if self.seen.references { scan::next(&self.source.as_bytes()[..end], at, b'&') } else { end };
            if reference > at {
                self.piece(at, reference)?;
            }
            at = if reference < end { self.reference(reference, end)? } else { end };
        }
        Ok(())
    }

    /// Text without references.
    fn piece(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        let text = &self.source[start..end];
        if self.seen.brackets
            && let Some(after) = scan::after(text.as_bytes(), 0, "]]>")
        {
            return Err((XmlErrorKind::Malformed("']]>' in text".to_owned()), start + after - 3));
        }
        if self.open.is_empty() {
            let blank = super::trim(text).is_empty();
            return if blank { Ok(()) } else { Err((XmlErrorKind::OutsideRoot, start)) };
        }
        if self.seen.returns && text.contains('\r') {
            self.append(&scan::with_line_feeds(text));
        } else {
            self.append_span(start, end);
        }
        Ok(())
    }

    fn cdata(&mut self, start: usize, text: Range<usize>) -> Result<(), Fault> {
        if self.open.is_empty() {
            return Err((XmlErrorKind::OutsideRoot, start));
        }
        let text = &self.source[text];
        self.append(&scan::with_line_feeds(text));
        Ok(())
    }

    /// A reference in text that ends at `end`; the offset after it.
    fn reference(&mut self, start: usize, end: usize) -> Result<usize, Fault> {
        let bytes = &self.source.as_bytes()[..end];
        let after = match memchr::memchr2(b';', b'&', &bytes[start + 1..]) {
            Some(n) if bytes[start + 1 + n] == b';' => start + 1 + n + 1,
            // What was cut in the middle of a reference is not finished yet.
            None if end == self.source.len() && !self.open.is_empty() => {
                let open = &self.open[self.open.len() - 1];
                return Err((self.truncated(open), end));
            }
            _ => return Err((XmlErrorKind::Malformed("'&' alone".to_owned()), start)),
        };
        if self.open.is_empty() {
            return Err((XmlErrorKind::OutsideRoot, start));
        }
        let c = scan::resolve(&self.source[start + 1..after - 1]).map_err(|kind| (kind, start))?;
        self.append(c.encode_utf8(&mut [0; 4]));
        Ok(after)
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`: these three, in this order, the first one mandatory.
    fn declaration(&self, end: usize) -> Result<(), Fault> {
        let malformed = |at| (XmlErrorKind::Malformed("the XML declaration".to_owned()), at);
        let mut at = "<?xml".len();
        let mut expected = ["version", "encoding", "standalone"].into_iter();
        let mut first = true;
        while let Some(found) = scan::next_attribute(self.source, &mut at, end - "?>".len())? {
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
        if scan::is_name(target) && !target.eq_ignore_ascii_case("xml") {
            return Ok(());
        }
        Err((XmlErrorKind::Malformed(format!("processing instruction '{target}'")), start))
    }

    /// Whether the innermost open element has an element in it. Text after one is white space in data formats; what is
    /// not is no datum of ours.
    fn has_child(&self, open: &Open) -> bool {
        self.nodes.len() > open.node as usize + 1
    }

    /// Adds a piece of the source to the open element's text.
    #[inline]
    fn append_span(&mut self, start: usize, end: usize) {
        let open = self.open.last().expect("callers check that an element is open");
        if self.has_child(open) {
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
        if self.has_child(open) {
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
    fn attributes(&mut self, inside: Range<usize>) -> Result<(), Fault> {
        let from = self.attributes.len();
        let mut plain = std::mem::take(&mut self.plain);
        let outer = self.bindings.len();
        let mut count = 0;
        let mut at = inside.start;
        while let Some(found) = scan::next_attribute(self.source, &mut at, inside.end)? {
            count += 1;
            if count > self.limits.attributes {
                return Err((XmlErrorKind::TooManyAttributes(self.limits.attributes), found.start));
            }
            match found.name.strip_prefix("xmlns") {
                Some(rest) if rest.is_empty() || rest.starts_with(':') => self.declare(found, outer)?,
                _ => plain.push(found),
            }
        }
        for Written { name, value, is_plain, start } in plain.drain(..) {
            let at = start..start + name.len();
            let name_id = self.name(at.clone(), scan::colon_between(self.source.as_bytes(), at.start, at.end), true)?;
            let twice = self.attributes[from..].iter().any(|a| a.name == name_id);
            if twice {
                return Err((XmlErrorKind::DuplicateAttribute(name.to_owned()), start));
            }
            let value = self.attribute_value(value, is_plain)?;
            self.attributes.push(Attribute { name: name_id, value, start: int(start) });
        }
        self.plain = plain;
        Ok(())
    }

    /// Puts a namespace in force; the bindings from `outer` on are of the same start tag.
    fn declare(&mut self, found: Written<'s>, outer: usize) -> Result<(), Fault> {
        let Written { name, value, is_plain, start } = found;
        // `xml` is in force without being among them.
        if self.bindings.len() + 1 >= NAMESPACES {
            return Err((XmlErrorKind::TooManyAttributes(int(NAMESPACES)), start));
        }
        let prefix = name["xmlns".len()..].strip_prefix(':');
        let value = self.attribute_value(value, is_plain)?;
        let (from, to) = (value.start as usize, (value.start + value.len) as usize);
        let (source, bytes) = (self.source, self.source.as_bytes());
        let uri =
            if value.side { Cow::Owned(self.side[from..to].to_owned()) } else { Cow::Borrowed(&source[from..to]) };
        let reserved = prefix == Some("xmlns") || (prefix == Some("xml")) != (uri == XML) || uri == XMLNS;
        if reserved || prefix.is_some_and(|prefix| uri.is_empty() || !scan::is_name(prefix)) {
            return Err((XmlErrorKind::Malformed(format!("namespace declaration {name}='{uri}'")), start));
        }
        let end = start + name.len();
        let word = Prefix::new(bytes, end - prefix.map_or(0, str::len), end);
        if self.bindings[outer..].iter().any(|(p, _)| p.is(&word, bytes)) {
            return Err((XmlErrorKind::DuplicateAttribute(name.to_owned()), start));
        }
        let namespaces = &mut self.namespaces;
        let number = namespace_number(&uri).unwrap_or_else(|| {
            *self.numbered.entry(uri).or_insert_with(|| {
                namespaces.push(value);
                int(KNOWN.len() + namespaces.len() - 1)
            })
        });
        self.bindings.push((word, number));
        Ok(())
    }

    fn attribute_value(&mut self, value: Range<usize>, is_plain: bool) -> Result<Span, Fault> {
        if is_plain {
            return Ok(Span { start: int(value.start), len: int(value.len()), side: false });
        }
        let raw = &self.source[value.clone()];
        let start = self.side.len();
        let mut rest = raw;
        while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
            self.side.push_str(&rest[..at]);
            let offset = value.start + (raw.len() - rest.len()) + at;
            rest = &rest[at..];
            if let Some(reference) = rest.strip_prefix('&') {
                let end = reference.find(';').ok_or((XmlErrorKind::Malformed("'&' alone".to_owned()), offset))?;
                self.side.push(scan::resolve(&reference[..end]).map_err(|kind| (kind, offset))?);
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
    #[inline]
    fn name(&mut self, at: Range<usize>, colon: Option<usize>, attribute: bool) -> Result<NameId, Fault> {
        let (start, end) = (at.start, at.end);
        let namespace = match colon {
            // An attribute without prefix has no namespace whichever are in force.
            None if attribute => Some(NO_NAMESPACE),
            // What begins with a colon is no name.
            Some(colon) if colon == start => None,
            _ => self.namespace(start, colon.unwrap_or(start)),
        };
        let local = colon.map_or(start, |colon| colon + 1);
        // What tables speak of is a name.
        match namespace.and_then(|namespace| self.names.known(namespace, local, end)) {
            Some(id) => Ok(id),
            None => self.own_name(start..end, colon, namespace),
        }
    }

    /// The namespace that a prefix stands for, by its ends.
    #[inline]
    fn namespace(&self, start: usize, end: usize) -> Option<u32> {
        let bytes = self.source.as_bytes();
        let prefix = Prefix::new(bytes, start, end);
        self.bindings.iter().rev().find(|(p, _)| p.is(&prefix, bytes)).map(|(_, namespace)| *namespace)
    }

    /// The number of a name that no table speaks of, if it is one.
    fn own_name(&mut self, at: Range<usize>, colon: Option<usize>, of: Option<u32>) -> Result<NameId, Fault> {
        let (written, start, end) = (&self.source[at.clone()], at.start, at.end);
        let prefix = colon.map_or("", |colon| &self.source[start..colon]);
        let local = colon.map_or(written, |colon| &self.source[colon + 1..end]);
        let namespace = if prefix == "xml" { Some(XML_NAMESPACE) } else { of };
        // What follows another colon is no name either. A prefix that was declared is one.
        let prefix_is_name = match colon {
            None => true,
            Some(_) => namespace.is_some() && !prefix.is_empty() || scan::is_name(prefix),
        };
        if !prefix_is_name || !scan::is_name(local) {
            return Err((XmlErrorKind::Malformed(format!("'{written}' is no name")), start));
        }
        match namespace {
            Some(namespace) => Ok(self.names.own(namespace, end - local.len(), end)),
            None => Err((XmlErrorKind::UndeclaredPrefix(prefix.to_owned()), start)),
        }
    }
}
