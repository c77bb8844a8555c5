//! The names of a document, each with a number.

use super::scan::int;
use super::{Name, NameId};
use foldhash::{HashMap, HashMapExt};

/// Names by what they are, and those met last by how they were written.
pub(super) struct Names<'s> {
    source: &'s str,
    /// Every name, by number.
    pub all: Vec<Name>,
    known: HashMap<(u32, &'s str), NameId>,
    /// A name as written is looked for in two places, which its bytes choose. Whoever makes names that fall on the same
    /// places gains the way through `known` for them: what this costs is bounded by a name's length.
    recent: Vec<Recent>,
}

/// A name as written, where one scope of namespaces is in force.
#[derive(Clone, Copy)]
struct Recent {
    scope: u32,
    len: u32,
    /// The first and the last bytes, up to eight.
    ends: (u64, u64),
    /// Offset of the name.
    start: u32,
    id: NameId,
}

/// Names remembered as written: a power of two, twice what an invoice has.
const PLACES: usize = 128;

/// A name as written in the source: what tells it from others, and where it is remembered.
pub(super) struct Key {
    scope: u32,
    start: usize,
    len: usize,
    ends: (u64, u64),
    place: usize,
}

impl<'s> Names<'s> {
    pub fn new(source: &'s str) -> Names<'s> {
        let none = Recent { scope: 0, len: 0, ends: (0, 0), start: 0, id: NameId(0) };
        Names {
            source,
            all: Vec::with_capacity(64),
            known: HashMap::with_capacity(100),
            recent: vec![none; PLACES],
        }
    }

    /// What a name is looked for by. The scope is one of namespaces and, apart from those, one of names that need none.
    #[inline]
    pub fn key(&self, start: usize, end: usize, scope: u32) -> Key {
        let bytes = self.source.as_bytes();
        let len = end - start;
        let ends = ends(bytes, start, end);
        let mixed = ends.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ends.1.rotate_left(32) ^ (len as u64);
        let mixed = (mixed ^ u64::from(scope)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        Key { scope, start, len, ends, place: (mixed >> 57) as usize }
    }

    /// The number of a name that was met lately.
    #[inline]
    pub fn recent(&self, key: &Key) -> Option<NameId> {
        for place in [key.place, key.place ^ 1] {
            let r = &self.recent[place];
            if r.ends == key.ends && r.len as usize == key.len && r.scope == key.scope && key.len > 0 {
                let bytes = self.source.as_bytes();
                let (one, other) = (r.start as usize, key.start);
                let middle = key.len.saturating_sub(8);
                if middle <= 8 || bytes[one + 8..one + middle] == bytes[other + 8..other + middle] {
                    return Some(r.id);
                }
            }
        }
        None
    }

    /// The number of a name, and it is remembered as written here.
    pub fn number(&mut self, key: &Key, namespace: u32, local: &'s str) -> NameId {
        let end = int(key.start + key.len);
        let all = &mut self.all;
        let id = *self.known.entry((namespace, local)).or_insert_with(|| {
            let len = int(local.len());
            all.push(Name { namespace, start: end - len, len });
            NameId(int(all.len()) - 1)
        });
        self.recent[key.place ^ 1] = self.recent[key.place];
        self.recent[key.place] =
            Recent { scope: key.scope, len: int(key.len), ends: key.ends, start: int(key.start), id };
        id
    }
}

/// The first and the last eight bytes of a name, or as many as it has.
#[inline]
fn ends(bytes: &[u8], start: usize, end: usize) -> (u64, u64) {
    let eight = |from: usize| bytes.get(from..from + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let cut = 8 * (8 - (end - start).clamp(1, 8));
    // What stands before and after a short name is shifted out.
    match (eight(start), end.checked_sub(8).and_then(eight)) {
        (Some(first), Some(last)) => (first << cut, last >> cut),
        _ => at_the_edge(&bytes[start..end], cut),
    }
}

/// The same, for a name at one of the document's ends.
fn at_the_edge(name: &[u8], cut: usize) -> (u64, u64) {
    let (n, mut first, mut last) = (name.len().min(8), [0; 8], [0; 8]);
    first[..n].copy_from_slice(&name[..n]);
    last[8 - n..].copy_from_slice(&name[name.len() - n..]);
    (u64::from_le_bytes(first) << cut, u64::from_le_bytes(last) >> cut)
}
