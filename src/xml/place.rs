//! Where in a document: line, column, path.

use super::{Doc, NodeId};
use foldhash::{HashMap, HashMapExt};

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
    /// Whether the document is the deposit form that came with the pièce: the path then begins with its name.
    #[serde(skip)]
    pub form: bool,
}

/// The prefixes that everybody uses.
#[rustfmt::skip]
static PREFIXES: &[(&str, &str)] = &[
    // namespace                                                                          prefix
    ("urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",              "cbc"),
    ("urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",          "cac"),
    ("urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2",          "ext"),
    ("urn:AIFE:Facture:Extension",                                                        "aife"),
    ("urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",                      "rsm"),
    ("urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100", "ram"),
    ("urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",                       "udt"),
    ("urn:un:unece:uncefact:data:standard:QualifiedDataType:100",                         "qdt"),
];

impl Doc {
    /// The place of an element's value: its text; its start tag where it has none, or where the text is not written as
    /// it is meant (references, CDATA).
    pub fn place(&self, node: NodeId) -> Place {
        let n = self.node(node);
        let text = super::trim(self.text(node));
        let span = if text.is_empty() || n.text.side {
            (n.start as usize, n.tag as usize)
        } else {
            (text.as_ptr().addr() - self.source.as_ptr().addr(), text.len())
        };
        let (line, column) = self.line_and_column(span.0);
        Place { line, column, path: self.path(node), span, form: false }
    }

    /// The place of an attribute without namespace; that of the element where there is none.
    pub fn attribute_place(&self, node: NodeId, local: &str) -> Place {
        let Some(a) = self.attributes_of(node).iter().find(|a| self.is_plain(a.name, local)) else {
            return self.place(node);
        };
        let (line, column) = self.line_and_column(a.start as usize);
        let end =
            if a.value.side { a.start as usize + local.len() } else { (a.value.start + a.value.len) as usize + 1 };
        let span = (a.start as usize, end - a.start as usize);
        Place { line, column, path: format!("{}/@{local}", self.path(node)), span, form: false }
    }

    /// The place of an offset into the source.
    pub fn place_at(&self, offset: usize) -> Place {
        let (line, column) = self.line_and_column(offset);
        Place { line, column, path: String::new(), span: (offset, 0), form: false }
    }

    /// `/Invoice/cac:InvoiceLine[2]/cbc:ID`.
    pub fn path(&self, node: NodeId) -> String {
        let mut steps = vec![node];
        while let Some(parent) = self.parent(steps[steps.len() - 1]) {
            steps.push(parent);
        }
        let mut path = String::new();
        for &step in steps.iter().rev() {
            path.push('/');
            let namespace = self.namespace(step);
            if let Some((_, prefix)) = PREFIXES.iter().find(|(ns, _)| *ns == namespace) {
                path.push_str(prefix);
                path.push(':');
            }
            path.push_str(shown(self.local(step)));
            let index = self.indexes()[step.0 as usize];
            if index > 0 {
                path.push_str(&format!("[{index}]"));
            }
        }
        path
    }

    /// For each node its index among the siblings of its name, from 1; 0 where there is no other.
    fn indexes(&self) -> &[u32] {
        self.indexes.get_or_init(|| {
            let mut indexes = vec![0; self.nodes.len()];
            let mut last: HashMap<(u32, super::NameId), (u32, u32)> = HashMap::new();
            for (i, node) in (0..).zip(&self.nodes) {
                let (count, first) = last.entry((node.parent, node.name)).or_insert((0, i));
                *count += 1;
                if *count == 2 {
                    indexes[*first as usize] = 1;
                }
                if *count > 1 {
                    indexes[i as usize] = *count;
                }
            }
            indexes
        })
    }

    fn line_and_column(&self, offset: usize) -> (u32, u32) {
        self.lines.get_or_init(|| Lines::of(&self.source)).place(&self.source, offset)
    }
}

/// A name as a path tells it: a thousand findings may tell one that is as long as the document.
fn shown(name: &str) -> &str {
    name.char_indices().nth(LONGEST_NAME).map_or(name, |(end, _)| &name[..end])
}

/// Characters of a name in a path; the standards' longest has half as many.
const LONGEST_NAME: usize = 120;

/// Where lines begin, and how many characters come before every few kilobytes: a place costs the same wherever it is,
/// also in a document of one long line.
#[derive(Debug)]
pub(super) struct Lines {
    starts: Vec<u32>,
    /// Characters before each block.
    characters: Vec<u32>,
}

/// Bytes of a block.
const BLOCK: usize = 4096;

impl Lines {
    pub fn of(source: &str) -> Lines {
        let bytes = source.as_bytes();
        let breaks = memchr::memchr_iter(b'\n', bytes);
        let starts = std::iter::once(0).chain(breaks.map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX))).collect();
        let mut before = 0;
        let characters = bytes
            .chunks(BLOCK)
            .map(|block| {
                let here = before;
                before += characters_in(block);
                here
            })
            .collect();
        Lines { starts, characters }
    }

    /// Line and column of an offset, from 1.
    pub fn place(&self, source: &str, offset: usize) -> (u32, u32) {
        let offset = offset.min(source.len());
        let line = self.starts.partition_point(|start| *start as usize <= offset);
        let start = self.starts[line - 1] as usize;
        let column = self.characters_before(source, offset) - self.characters_before(source, start) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), column)
    }

    fn characters_before(&self, source: &str, offset: usize) -> u32 {
        let block = (offset / BLOCK).min(self.characters.len().saturating_sub(1));
        self.characters.get(block).map_or(0, |before| before + characters_in(&source.as_bytes()[block * BLOCK..offset]))
    }
}

/// Characters that begin in some bytes of UTF-8.
fn characters_in(bytes: &[u8]) -> u32 {
    let first = bytes.iter().filter(|b| (**b).cast_signed() >= -0x40).count();
    u32::try_from(first).unwrap_or(u32::MAX)
}
