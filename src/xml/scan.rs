//! What XML is made of: characters, names, tags, attributes, references. Everything here looks at bytes of a document
//! that was decoded before, so that an offset beside an ASCII character is one between characters.

use super::XmlErrorKind;
use std::borrow::Cow;
use std::ops::Range;
use wide::u8x32;

/// What is wrong, and the offset where.
pub(super) type Fault = (XmlErrorKind, usize);

/// What occurs anywhere in a document. Most have nothing of this, so that no piece of text needs a second look.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// `&`
    pub references: bool,
    /// A carriage return.
    pub returns: bool,
    /// `]`
    pub brackets: bool,
}

/// Looks for characters that may stand nowhere, and for those that make work.
pub(super) fn survey(source: &str) -> Result<Seen, Fault> {
    let bytes = source.as_bytes();
    // No branch in the loop: the compiler does many bytes at a time.
    let controls = bytes.iter().fold(false, |any, &b| any | ((b < 0x20) & (b != 9) & (b != 10) & (b != 13)));
    if controls && let Some(at) = bytes.iter().position(|&b| b < 0x20 && !matches!(b, 9 | 10 | 13)) {
        return Err((XmlErrorKind::ForbiddenCharacter(u32::from(bytes[at])), at));
    }
    let seen = |b| memchr::memchr(b, bytes).is_some();
    if seen(0xef) {
        for at in memchr::memmem::find_iter(bytes, b"\xef\xbf") {
            if let Some(last @ (0xbe | 0xbf)) = bytes.get(at + 2) {
                return Err((XmlErrorKind::ForbiddenCharacter(0xff40 + u32::from(*last)), at));
            }
        }
    }
    Ok(Seen { references: seen(b'&'), returns: seen(b'\r'), brackets: seen(b']') })
}

/// One in each of eight bytes, and each one's highest bit.
const ONES: u64 = u64::MAX / 0xff;
const HIGHEST: u64 = ONES << 7;

/// The eight bytes at `at`, the first one lowest.
#[inline]
pub(super) fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|eight| u64::from_le_bytes(*eight))
}

/// Which of eight bytes are `b`: the lowest bit that is set tells of the first one, others may be wrong.
#[inline]
fn equal(eight: u64, b: u8) -> u64 {
    below(eight ^ (ONES * u64::from(b)), 1)
}

/// Which of eight bytes are below `b`, likewise.
#[inline]
fn below(eight: u64, b: u8) -> u64 {
    eight.wrapping_sub(ONES * u64::from(b)) & !eight & HIGHEST
}

/// The thirty-two bytes at `at`; none where there are fewer.
#[inline]
fn block(bytes: &[u8], at: usize) -> Option<u8x32> {
    bytes.get(at..)?.first_chunk().map(|block| u8x32::new(*block))
}

/// Which of thirty-two bytes are `b`.
#[inline]
fn is(block: u8x32, b: u8) -> u8x32 {
    block.simd_eq(u8x32::splat(b))
}

/// The offset of the first `needle` from `at` on; the end where there is none.
#[inline]
pub(super) fn next(bytes: &[u8], mut at: usize, needle: u8) -> usize {
    // What stands between tags is mostly a few bytes long: a search that is made for more comes later.
    for _ in 0..2 {
        let Some(found) = block(bytes, at).map(|block| is(block, needle).to_bitmask()) else { break };
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += 32;
    }
    memchr::memchr(needle, &bytes[at..]).map_or(bytes.len(), |found| at + found)
}

/// The offset after the first `mark` from `at` on.
pub(super) fn after(bytes: &[u8], at: usize, mark: &str) -> Option<usize> {
    memchr::memmem::find(&bytes[at..], mark.as_bytes()).map(|found| at + found + mark.len())
}

/// The offset after the `>` of a tag that begins at `at`: one in quotes does not count.
pub(super) fn tag_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut quote = None;
    for found in memchr::memchr3_iter(b'>', b'"', b'\'', &bytes[at..]) {
        let b = bytes[at + found];
        match quote {
            None if b == b'>' => return Some(at + found + 1),
            None => quote = Some(b),
            Some(q) if q == b => quote = None,
            Some(_) => {}
        }
    }
    None
}

/// White space, as XML has it.
#[inline]
pub(super) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

/// The first offset from `at` to `end` where there is no white space.
#[inline]
fn skip_spaces(bytes: &[u8], at: usize, end: usize) -> usize {
    bytes[at..end].iter().position(|b| !is_space(*b)).map_or(end, |n| at + n)
}

/// An attribute as written.
pub(super) struct Written<'s> {
    pub name: &'s str,
    pub value: Range<usize>,
    /// Whether the value means what is written.
    pub is_plain: bool,
    /// Offset of its name.
    pub start: usize,
}

/// The next attribute of a start tag between `at` and `end`.
pub(super) fn next_attribute<'s>(source: &'s str, at: &mut usize, end: usize) -> Result<Option<Written<'s>>, Fault> {
    let malformed = |what: &str, at: usize| (XmlErrorKind::Malformed(what.to_owned()), at);
    let bytes = source.as_bytes();
    let start = skip_spaces(bytes, *at, end);
    if start == end {
        return Ok(None);
    }
    if start == *at {
        return Err(malformed("no space before an attribute", start));
    }
    let bare = || malformed("an attribute without value", start);
    let name_end = bytes[start..end].iter().position(|b| *b == b'=' || is_space(*b)).ok_or_else(bare)? + start;
    let equals = skip_spaces(bytes, name_end, end);
    if equals == end || bytes[equals] != b'=' {
        return Err(bare());
    }
    let open = skip_spaces(bytes, equals + 1, end);
    if open == end || !matches!(bytes[open], b'"' | b'\'') {
        return Err(malformed("an attribute value without quotes", start));
    }
    let close = next(&bytes[..end], open + 1, bytes[open]);
    if close == end {
        return Err(malformed("an attribute value that does not end", start));
    }
    let is_plain = !has_special(&bytes[open + 1..close]);
    if !is_plain && let Some(lt) = bytes[open + 1..close].iter().position(|b| *b == b'<') {
        return Err(malformed("'<' in an attribute value", open + 1 + lt));
    }
    *at = close + 1;
    Ok(Some(Written { name: &source[start..name_end], value: open + 1..close, is_plain, start }))
}

/// Whether there is something in an attribute value that does not mean itself, or may not be there: `<`, `&`, and
/// control characters, which are white space.
#[inline]
fn has_special(value: &[u8]) -> bool {
    let is_special = |b: &u8| *b < 0x20 || matches!(b, b'<' | b'&');
    let (eights, rest) = value.as_chunks();
    let special = |bytes: &[u8; 8]| {
        let eight = u64::from_le_bytes(*bytes);
        below(eight, 0x20) | equal(eight, b'<') | equal(eight, b'&')
    };
    eights.iter().any(|eight| special(eight) != 0) || rest.iter().any(is_special)
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
pub(super) fn is_name(name: &str) -> bool {
    if let [first, rest @ ..] = name.as_bytes()
        && PLAIN[usize::from(*first)] == 2
        && rest.iter().all(|b| PLAIN[usize::from(*b)] != 0)
    {
        return true;
    }
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start)
        && chars.all(|c| {
            is_name_start(c)
                || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
        })
}

/// Bytes of which ordinary names are made: 2 for those that a name may begin with, 1 for others.
static PLAIN: [u8; 256] = {
    let mut plain = [0; 256];
    let mut b = 0_u8;
    while b < 0x80 {
        plain[b as usize] = match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => 2,
            b'0'..=b'9' | b'-' | b'.' => 1,
            _ => 0,
        };
        b += 1;
    }
    plain
};

fn is_name_start(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// The name of a tag, from `at` on.
pub(super) struct TagName {
    /// The first offset of what may end it: white space, `/`, `>`, a quote, or another byte that no name has in it.
    /// (Not of all such bytes: a name is looked at as a whole where it is new.)
    pub end: usize,
    /// The first colon in it.
    pub colon: Option<usize>,
}

impl TagName {
    #[inline]
    pub fn at(bytes: &[u8], start: usize) -> TagName {
        let (mut at, mut colon) = (start, None);
        while let Some(block) = block(bytes, at) {
            let below_minus = block.min(u8x32::splat(b'-' - 1)).simd_eq(block);
            let found = (below_minus | is(block, b'/') | is(block, b'>')).to_bitmask();
            // Those before the end.
            let colons = is(block, b':').to_bitmask() & (found & found.wrapping_neg()).wrapping_sub(1);
            if colon.is_none() && colons != 0 {
                colon = Some(at + colons.trailing_zeros() as usize);
            }
            if found != 0 {
                return TagName { end: at + found.trailing_zeros() as usize, colon };
            }
            at += 32;
        }
        let end = bytes[at..].iter().position(|b| *b < b'-' || matches!(b, b'/' | b'>'));
        let end = end.map_or(bytes.len(), |n| at + n);
        TagName { end, colon: colon_between(bytes, start, end) }
    }
}

/// The first colon from `at` to `end`.
#[inline]
pub(super) fn colon_between(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    bytes[at..end].iter().position(|b| *b == b':').map(|n| at + n)
}

/// Whether the same `len` bytes stand at two places, each in bytes of its own.
#[inline]
pub(super) fn same((ones, one): (&[u8], usize), (others, other): (&[u8], usize), len: usize) -> bool {
    match (block(ones, one), block(others, other)) {
        // What follows does not count.
        (Some(a), Some(b)) if len < 32 => a.simd_eq(b).to_bitmask() | u32::MAX << len == u32::MAX,
        _ => ones.get(one..one + len).is_some_and(|a| others.get(other..other + len) == Some(a)),
    }
}

/// Text with the ends of lines that XML has them be.
pub(super) fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// Offsets and counts fit: the source is shorter than 4 GiB, and every count is at most its length.
#[inline]
pub(super) fn int(n: usize) -> u32 {
    u32::try_from(n).expect("the source is shorter than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty-two bytes at a time find what one at a time finds, wherever it is and whatever comes before and after.
    #[test]
    fn what_is_found_is_where_it_is() {
        let made_of = b"ab:cdefg-hijklmno.pqrs>tuvwxyz/ \n<\xc3\xa9";
        let mut seed = 7_u64;
        let mut random = move |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % below
        };
        for n in 0..4_000 {
            // Of few kinds of bytes in some, so that what is looked for is far away.
            let kinds = if n % 2 == 0 { made_of.len() } else { 10 };
            let bytes: Vec<u8> = (0..n % 150).map(|_| made_of[random(kinds)]).collect();
            let at = random(bytes.len() + 1);
            let first =
                |from: usize, is: &dyn Fn(u8) -> bool| bytes[from..].iter().position(|b| is(*b)).map(|n| from + n);
            assert_eq!(next(&bytes, at, b'<'), first(at, &|b| b == b'<').unwrap_or(bytes.len()));
            let name = TagName::at(&bytes, at);
            let end = first(at, &|b| b < b'-' || b == b'/' || b == b'>').unwrap_or(bytes.len());
            assert_eq!((name.end, name.colon), (end, first(at, &|b| b == b':').filter(|colon| *colon < end)));
            let mut others: Vec<u8> = bytes[at..].to_vec();
            let len = random(others.len() + 1);
            if n % 3 > 0 && !others.is_empty() {
                let other = random(others.len());
                others[other] ^= 1;
            }
            assert_eq!(same((&bytes, at), (&others, 0), len), bytes[at..at + len] == others[..len]);
            assert!(!same((&bytes, at), (&others, 0), others.len() + 1));
        }
    }
}
