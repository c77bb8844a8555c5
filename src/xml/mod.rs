//! The one pass over bytes: a document becomes a [`Doc`], a flat tree with a position for every node, within limits.
//! No DTD, one root, nothing after it; whatever is refused says where.
//!
//! [`scan`] knows what XML is made of, [`parse`] makes the tree and checks both ends and everything between, [`names`]
//! gives each name a number, which for names that tables speak of ([`known`]) is the same in every document. No byte is
//! copied where the document says what it means in its own words.

mod known;
mod names;
mod parse;
mod place;
mod scan;
mod string;
mod vocabulary;
mod ways;

pub use parse::{XmlError, XmlErrorKind};
pub use place::Place;
pub use vocabulary::{Known, known_names, number};
pub use ways::Ways;

use known::KNOWN;
use std::sync::OnceLock;
use vocabulary::VOCABULARY;

/// A node of a [`Doc`]; only good for the document it came from. Nodes are numbered in document order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

/// The number of an element's or attribute's name in its document: names that are equal have the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameId(u32);

impl NameId {
    /// Numbers of a document's own names begin here; below are those of names that tables speak of.
    const OWN: u32 = 1 << 16;

    fn known(number: Known) -> NameId {
        NameId(u32::from(number))
    }

    fn own(number: u32) -> NameId {
        NameId(NameId::OWN + number)
    }
}

/// Limits of one document (contract §1, `[limits]`).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Elements at most.
    pub nodes: u32,
    /// Elements inside one another at most.
    pub depth: u32,
    /// Attributes of one element at most, namespace declarations included.
    pub attributes: u32,
}

/// A document, read.
#[derive(Debug)]
pub struct Doc {
    source: String,
    /// Text that does not stand in the source as it is meant: references resolved, pieces joined.
    side: String,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    /// Names of its own: that no table speaks of.
    names: Vec<Name>,
    /// URIs that no table speaks of.
    namespaces: Vec<Span>,
    lines: OnceLock<place::Lines>,
    indexes: OnceLock<Vec<u32>>,
}

/// Some bytes of the source, or of the side text.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    len: u32,
    side: bool,
}

#[derive(Debug)]
struct Node {
    name: NameId,
    parent: u32,
    /// The next node that is not inside this one; the number of nodes where there is none.
    after: u32,
    /// Offset of `<`.
    start: u32,
    /// Length of the start tag.
    tag: u32,
    text: Span,
    attributes: (u32, u32),
}

#[derive(Debug)]
struct Attribute {
    name: NameId,
    value: Span,
    /// Offset of its name.
    start: u32,
}

/// A name that no table speaks of.
#[derive(Debug)]
struct Name {
    namespace: u32,
    /// The local part, in the source.
    start: u32,
    len: u32,
}

/// The namespace that the prefix `xml` stands for.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// No parent.
const NONE: u32 = u32::MAX;

impl Doc {
    /// The decoded text (UTF-8, no byte order mark).
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The decoded text, where the document is not needed any more.
    pub fn into_source(self) -> String {
        self.source
    }

    /// The root element.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// Every element, in document order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(NONE)).map(NodeId)
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: a document has a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The element that an element is in; `None` for the root.
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        let parent = self.node(node).parent;
        (parent != NONE).then_some(NodeId(parent))
    }

    /// The number of the element after the last one inside an element.
    pub fn after(&self, node: NodeId) -> u32 {
        self.node(node).after
    }

    /// The elements directly inside an element, in order.
    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.node(node).after;
        let mut next = node.0 + 1;
        std::iter::from_fn(move || {
            let here = next;
            (here < end).then(|| {
                next = self.nodes[here as usize].after;
                NodeId(here)
            })
        })
    }

    /// The name of an element.
    pub fn name(&self, node: NodeId) -> NameId {
        self.node(node).name
    }

    /// The number of an element's name, if some table speaks of it; else 0.
    #[inline]
    pub fn known(&self, node: NodeId) -> Known {
        Known::try_from(self.node(node).name.0).unwrap_or(0)
    }

    /// The local part of an element's name.
    pub fn local(&self, node: NodeId) -> &str {
        self.local_of(self.node(node).name)
    }

    /// The namespace of an element's name; empty for none.
    pub fn namespace(&self, node: NodeId) -> &str {
        self.namespace_of(self.node(node).name)
    }

    /// Whether some element has an attribute of this name, which is one that tables speak of.
    pub fn has_attribute(&self, name: Known) -> bool {
        self.attributes.iter().any(|a| a.name == NameId::known(name))
    }

    /// The text directly inside an element, before its first child; empty for none. Not trimmed.
    pub fn text(&self, node: NodeId) -> &str {
        self.span(self.node(node).text)
    }

    /// The value of an attribute without namespace.
    #[inline]
    pub fn attribute(&self, node: NodeId, local: &str) -> Option<&str> {
        self.attributes_of(node).iter().find(|a| self.is_plain(a.name, local)).map(|a| self.span(a.value))
    }

    /// The attributes of an element: namespace, local name and value.
    pub fn attributes(&self, node: NodeId) -> impl Iterator<Item = (&str, &str, &str)> {
        self.attributes_of(node).iter().map(|a| (self.namespace_of(a.name), self.local_of(a.name), self.span(a.value)))
    }

    /// Whether an element has attributes, declarations of namespaces apart.
    #[inline]
    pub fn has_attributes(&self, node: NodeId) -> bool {
        let (from, to) = self.node(node).attributes;
        from < to
    }

    fn is_plain(&self, name: NameId, local: &str) -> bool {
        let (namespace, known) = self.name_of(name);
        namespace == 0 && known == local
    }

    fn namespace_of(&self, name: NameId) -> &str {
        let number = self.name_of(name).0 as usize;
        KNOWN.get(number).map_or_else(|| self.span(self.namespaces[number - KNOWN.len()]), |(uri, _)| uri)
    }

    fn local_of(&self, name: NameId) -> &str {
        self.name_of(name).1
    }

    /// Namespace number and local part of a name.
    fn name_of(&self, name: NameId) -> (u32, &str) {
        match Known::try_from(name.0) {
            Ok(number) => VOCABULARY.name(number),
            Err(_) => {
                let name = &self.names[(name.0 - NameId::OWN) as usize];
                (name.namespace, &self.source[name.start as usize..(name.start + name.len) as usize])
            }
        }
    }

    fn attributes_of(&self, node: NodeId) -> &[Attribute] {
        let (from, to) = self.node(node).attributes;
        &self.attributes[from as usize..to as usize]
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0 as usize]
    }

    fn span(&self, span: Span) -> &str {
        let (start, end) = (span.start as usize, (span.start + span.len) as usize);
        if span.side { &self.side[start..end] } else { &self.source[start..end] }
    }
}

/// White space, as XML has it.
#[inline]
pub fn trim(text: &str) -> &str {
    match text.as_bytes() {
        // Most have none.
        [first, .., last] if *first > b' ' && *last > b' ' => text,
        _ => text.trim_matches([' ', '\t', '\n', '\r']),
    }
}
