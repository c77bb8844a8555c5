//! The names of a document, each with a number.

use super::scan::{self, eight, int};
use super::{Name, NameId};
use foldhash::{HashMap, HashMapExt};

/// A name, or a part of one, as it stands in the source.
#[derive(Clone, Copy, Default)]
pub(super) struct Word {
    start: u32,
    len: u32,
    /// Its first and its last bytes, up to eight: all there is to compare in a word of sixteen.
    ends: (u64, u64),
}

impl Word {
    #[inline]
    pub fn new(bytes: &[u8], start: usize, end: usize) -> Word {
        if start == end {
            return Word::default();
        }
        let cut = 8 * (8 - (end - start).min(8));
        // What stands before and after a short word is shifted out.
        let ends = match (eight(bytes, start), end.checked_sub(8).and_then(|at| eight(bytes, at))) {
            (Some(first), Some(last)) => (first << cut, last >> cut),
            _ => at_the_edge(&bytes[start..end], cut),
        };
        Word { start: int(start), len: int(end - start), ends }
    }

    #[inline]
    pub fn is(&self, other: &Word, bytes: &[u8]) -> bool {
        let middle = self.len.saturating_sub(16) as usize;
        self.ends == other.ends
            && self.len == other.len
            && (middle == 0 || scan::same(bytes, self.start as usize + 8, other.start as usize + 8, middle))
    }

    /// Whether its length and its ends are those of another.
    #[inline]
    pub fn looks_like(&self, other: &Word) -> bool {
        self.ends == other.ends && self.len == other.len
    }

    /// A number below 2 to the power of `bits` that its ends, its length and something else choose.
    #[inline]
    pub fn place(&self, more: u32, bits: u32) -> usize {
        let mixed = self.ends.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.ends.1.rotate_left(32) ^ u64::from(self.len);
        ((mixed ^ u64::from(more)).wrapping_mul(0xd6e8_feb8_6659_fd93) >> (64 - bits)) as usize
    }
}

/// The ends of a word at one of the document's ends.
#[cold]
fn at_the_edge(word: &[u8], cut: usize) -> (u64, u64) {
    let (n, mut first, mut last) = (word.len().min(8), [0; 8], [0; 8]);
    first[..n].copy_from_slice(&word[..n]);
    last[8 - n..].copy_from_slice(&word[word.len() - n..]);
    (u64::from_le_bytes(first) << cut, u64::from_le_bytes(last) >> cut)
}

/// Names by how they were written lately, and by what they are.
///
/// Places are chosen by a few bytes, so that somebody can make names that fall on the same ones. They gain the way
/// through `others` for them, and what that costs is bounded by a name's length.
pub(super) struct Names<'s> {
    source: &'s str,
    /// Every name, by number.
    pub all: Vec<Name>,
    /// The same, their local parts.
    words: Vec<Word>,
    /// Names as written, in one of two places each.
    recent: Vec<Recent>,
    /// The first name that fell on each place.
    firsts: Vec<NameId>,
    /// Those that found theirs taken.
    others: HashMap<(u32, &'s str), NameId>,
}

/// A name as written, where one set of namespaces is in force.
#[derive(Clone, Copy, Default)]
struct Recent {
    scope: u32,
    id: NameId,
    word: Word,
}

/// Places, as powers of two: an invoice has some fifty names.
const RECENT: u32 = 7;
const FIRSTS: u32 = 8;
/// No name.
const NONE: NameId = NameId(u32::MAX);

impl<'s> Names<'s> {
    pub fn new(source: &'s str) -> Names<'s> {
        Names {
            source,
            all: Vec::with_capacity(64),
            words: Vec::with_capacity(64),
            recent: vec![Recent::default(); 1 << RECENT],
            firsts: vec![NONE; 1 << FIRSTS],
            others: HashMap::new(),
        }
    }

    /// The number of a name that was written so lately in the same scope, from 1.
    #[inline]
    pub fn recent(&self, word: &Word, scope: u32) -> Option<NameId> {
        let place = word.place(scope, RECENT);
        let is = |r: &Recent| r.scope == scope && r.word.is(word, self.source.as_bytes());
        [place, place ^ 1].into_iter().map(|place| &self.recent[place]).find(|r| is(r)).map(|r| r.id)
    }

    /// The number of a name whose local part begins at an offset.
    pub fn number(&mut self, written: &Word, scope: u32, namespace: u32, local: usize) -> NameId {
        let end = (written.start + written.len) as usize;
        let bytes = self.source.as_bytes();
        let word = Word::new(bytes, local, end);
        let first = &mut self.firsts[word.place(namespace, FIRSTS)];
        let new = NameId(int(self.all.len()));
        let id = if *first == NONE {
            *first = new;
            new
        } else if self.all[first.0 as usize].namespace == namespace && self.words[first.0 as usize].is(&word, bytes) {
            *first
        } else {
            *self.others.entry((namespace, &self.source[local..end])).or_insert(new)
        };
        if id == new {
            self.all.push(Name { namespace, start: word.start, len: word.len });
            self.words.push(word);
        }
        let place = written.place(scope, RECENT);
        self.recent[place ^ 1] = self.recent[place];
        self.recent[place] = Recent { scope, id, word: *written };
        id
    }
}
