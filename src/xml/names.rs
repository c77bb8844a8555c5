//! The names of a document, each with a number: that of the tables, or one of its own.

use super::scan::{self, eight, int};
use super::vocabulary::{VOCABULARY, Vocabulary};
use super::{Name, NameId};
use foldhash::{HashMap, HashMapExt};

/// A name, or a part of one, as it stands in some bytes.
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

    /// It, of the text that it stands in.
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start as usize..(self.start + self.len) as usize]
    }

    /// Whether it is the same as another, each with the bytes that it stands in.
    #[inline]
    pub fn is(&self, bytes: &[u8], other: &Word, others: &[u8]) -> bool {
        let middle = self.len.saturating_sub(16) as usize;
        self.ends == other.ends
            && self.len == other.len
            && (middle == 0 || scan::same((bytes, self.start as usize + 8), (others, other.start as usize + 8), middle))
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

/// A prefix, as it stands in the source.
#[derive(Clone, Copy, Default)]
pub(super) struct Prefix {
    start: u32,
    len: u32,
    /// Its first bytes, up to eight: all there is to compare in most.
    first: u64,
}

impl Prefix {
    #[inline]
    pub fn new(bytes: &[u8], start: usize, end: usize) -> Prefix {
        let len = end - start;
        let first = match eight(bytes, start) {
            _ if len == 0 => 0,
            // What stands after a short one is shifted out.
            Some(first) => first << (8 * (8 - len.min(8))),
            None => at_the_edge(&bytes[start..end], 8 * (8 - len.min(8))).0,
        };
        Prefix { start: int(start), len: int(len), first }
    }

    /// Whether it is the same as another of the same source.
    #[inline]
    pub fn is(&self, other: &Prefix, bytes: &[u8]) -> bool {
        let rest = self.len.saturating_sub(8) as usize;
        self.first == other.first
            && self.len == other.len
            && (rest == 0 || scan::same((bytes, self.start as usize + 8), (bytes, other.start as usize + 8), rest))
    }
}

/// The names of a document that is being read.
///
/// Places of its own names are chosen by a few bytes, so that somebody can make names that fall on the same ones. They
/// gain the way through `others` for them, and what that costs is bounded by a name's length.
pub(super) struct Names<'s> {
    source: &'s str,
    known: &'static Vocabulary,
    /// Every name of its own, by number.
    pub own: Vec<Name>,
    /// The same, their local parts.
    words: Vec<Word>,
    /// The first name that fell on each place; none before there is one.
    firsts: Vec<u32>,
    /// Those that found theirs taken.
    others: HashMap<(u32, &'s str), u32>,
}

/// Places, as a power of two.
const FIRSTS: u32 = 8;
/// No name.
const NONE: u32 = u32::MAX;

impl<'s> Names<'s> {
    pub fn new(source: &'s str) -> Names<'s> {
        let (own, words, firsts) = Default::default();
        Names { source, known: &VOCABULARY, own, words, firsts, others: HashMap::new() }
    }

    /// A name that tables speak of.
    #[inline]
    pub fn known(&self, namespace: u32, local: usize, end: usize) -> Option<NameId> {
        let bytes = self.source.as_bytes();
        let number = self.known.find(namespace, &Word::new(bytes, local, end), bytes);
        (number != 0).then(|| NameId::known(number))
    }

    /// Any other name.
    pub fn own(&mut self, namespace: u32, local: usize, end: usize) -> NameId {
        let bytes = self.source.as_bytes();
        let word = Word::new(bytes, local, end);
        if self.firsts.is_empty() {
            self.firsts = vec![NONE; 1 << FIRSTS];
        }
        let first = &mut self.firsts[word.place(namespace, FIRSTS)];
        let new = int(self.own.len());
        let is = |n: u32| self.own[n as usize].namespace == namespace && self.words[n as usize].is(bytes, &word, bytes);
        let number = match *first {
            NONE => {
                *first = new;
                new
            }
            first if is(first) => first,
            _ => *self.others.entry((namespace, &self.source[local..end])).or_insert(new),
        };
        if number == new {
            self.own.push(Name { namespace, start: word.start, len: word.len });
            self.words.push(word);
        }
        NameId::own(number)
    }
}
