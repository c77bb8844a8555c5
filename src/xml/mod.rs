//! The one pass over bytes: a document becomes a [`Doc`], a flat tree with a position for every node, within limits.
//! No DTD, one root, nothing after it; whatever is refused says where.

/// A node of a [`Doc`]; only good for the document it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

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

/// Where in a document.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// `/Invoice/cbc:ID`: prefixes are the usual ones whatever the document calls them, the root of UBL has none,
    /// a repeated element has its index from 1 (`ram:IncludedSupplyChainTradeLineItem[3]`), an attribute an `@`.
    pub path: String,
    /// Byte offset and length of what to underline in the decoded document; length 0: a point.
    #[serde(skip)]
    pub span: (usize, usize),
}

/// A document, read.
#[derive(Debug)]
pub struct Doc {
    source: String,
}

impl Doc {
    /// The decoded text (UTF-8, no byte order mark).
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The place of a node: its start tag's line and column, its path, and its text (or start tag) to underline.
    pub fn place(&self, _node: NodeId) -> Place {
        Place { line: 1, column: 1, path: String::new(), span: (0, 0) }
    }
}
