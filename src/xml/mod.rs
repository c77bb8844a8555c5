//! The one pass over bytes: a document becomes a [`Doc`], a flat tree with a position for every node, within limits.
//! No DTD, one root, nothing after it; whatever is refused says where.
//!
//! [`scan`] knows what XML is made of, [`parse`] makes the tree and checks both ends and everything between, [`names`]
//! gives each name a number. No byte is copied where the document says what it means in its own words.

mod names;
mod parse;
mod place;
mod scan;
mod string;
mod vocabulary;

pub use parse::{XmlError, XmlErrorKind};
pub use place::Place;
pub use vocabulary::Vocabulary;

use std::sync::OnceLock;

/// A node of a [`Doc`]; only good for the document it came from. Nodes are numbered in document order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

/// The number of an element's or attribute's name in its document: names that are equal have the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NameId(u32);

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
    names: Vec<Name>,
    /// URIs; the first two namespaces are known without: none, and that of `xml:`.
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

    /// The local part of an element's name.
    pub fn local(&self, node: NodeId) -> &str {
        self.local_of(&self.names[self.node(node).name.0 as usize])
    }

    /// The namespace of an element's name; empty for none.
    pub fn namespace(&self, node: NodeId) -> &str {
        self.namespace_of(self.node(node).name)
    }

    /// Every name that occurs, by its number: namespace and local part.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(|n| (self.uri(n.namespace), self.local_of(n)))
    }

    /// The number of a name, as an index into what [`Doc::names`] gives.
    pub fn name_index(&self, name: NameId) -> usize {
        name.0 as usize
    }

    /// The text directly inside an element, before its first child; empty for none. Not trimmed.
    pub fn text(&self, node: NodeId) -> &str {
        self.span(self.node(node).text)
    }

    /// The value of an attribute without namespace.
    pub fn attribute(&self, node: NodeId, local: &str) -> Option<&str> {
        self.attributes_of(node).iter().find(|a| self.is_plain(a.name, local)).map(|a| self.span(a.value))
    }

    /// The attributes of an element: namespace, local name and value.
    pub fn attributes(&self, node: NodeId) -> impl Iterator<Item = (&str, &str, &str)> {
        self.attributes_of(node)
            .iter()
            .map(|a| (self.namespace_of(a.name), self.local_of(&self.names[a.name.0 as usize]), self.span(a.value)))
    }

    fn is_plain(&self, name: NameId, local: &str) -> bool {
        let name = &self.names[name.0 as usize];
        name.namespace == 0 && self.local_of(name) == local
    }

    fn namespace_of(&self, name: NameId) -> &str {
        self.uri(self.names[name.0 as usize].namespace)
    }

    fn uri(&self, namespace: u32) -> &str {
        match namespace {
            0 => "",
            1 => XML,
            n => self.span(self.namespaces[n as usize - 2]),
        }
    }

    fn local_of(&self, name: &Name) -> &str {
        &self.source[name.start as usize..(name.start + name.len) as usize]
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
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}
