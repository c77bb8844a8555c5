//! Names: the identity of a deposit, and a partner's file name as part of one of ours.

use crate::clock::Instant;
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::atomic::{AtomicU64, Ordering};

/// The identity of a deposit, given when its file is claimed: `f-` and 16 characters that sort by time.
/// After a crash the same file is the same deposit; the same bytes dropped again later are another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(String);

impl FlowId {
    /// The id as a partner sees it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id read back from a name or the ledger, if it has the form of one.
    pub fn parse(id: &str) -> Option<FlowId> {
        let tail = id.strip_prefix("f-")?;
        let good = tail.len() == 16 && tail.bytes().all(|b| ALPHABET.contains(&b));
        good.then(|| FlowId(id.to_owned()))
    }

    /// The id of the `n`-th pièce of this deposit, from 1: derived, so that a crash cannot change it.
    pub fn piece(&self, n: usize) -> String {
        let tail = &self.0[2..];
        if n == 1 { format!("p-{tail}") } else { format!("p-{tail}-{n}") }
    }
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Digits and letters without those that look alike (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Gives ids: 50 bits of milliseconds, then 30 bits that begin at a seed and count on.
#[derive(Debug)]
pub struct FlowIds(AtomicU64);

impl FlowIds {
    /// Ids whose tail begins at `seed`.
    pub fn seeded(seed: u64) -> FlowIds {
        FlowIds(AtomicU64::new(seed))
    }

    /// The next id.
    pub fn next(&self, now: Instant) -> FlowId {
        let tail = self.0.fetch_add(1, Ordering::Relaxed) & 0x3fff_ffff;
        let time = now.0.cast_unsigned() & 0x3_ffff_ffff_ffff;
        let bits = (u128::from(time) << 30) | u128::from(tail);
        let mut id = String::from("f-");
        for i in (0..16).rev() {
            id.push(char::from(ALPHABET[((bits >> (5 * i)) & 31) as usize]));
        }
        FlowId(id)
    }
}

/// How much of a partner's file name goes into one of ours: with the id and a suffix it stays below 255 bytes.
pub(super) const LONGEST: usize = 200;

/// A partner's file name with everything but harmless ASCII as `%XX`, cut at 200 bytes. `true`: it was cut.
pub fn escape(name: &OsStr) -> (String, bool) {
    let mut out = String::new();
    for &b in name.as_bytes() {
        let plain = b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+' | b'=' | b',' | b'@');
        let more = if plain { 1 } else { 3 };
        if out.len() + more > LONGEST {
            return (out, true);
        }
        if plain {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    (out, false)
}

/// The name that [`escape`] wrote, where it was not cut.
pub fn unescape(escaped: &str) -> OsString {
    let bytes = escaped.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| escaped.get(i + 1..i + 3)).flatten();
        if let Some(b) = hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            out.push(b);
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    OsString::from_vec(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_differ() {
        let ids = FlowIds::seeded(7);
        let a = ids.next(Instant(1_000));
        let b = ids.next(Instant(1_000));
        let c = ids.next(Instant(1_001));
        assert!(a < b && b < c, "{a} {b} {c}");
        assert_eq!(FlowId::parse(a.as_str()).unwrap(), a);
        assert_eq!(a.piece(1), a.as_str().replace("f-", "p-"));
        assert!(a.piece(2).ends_with("-2"));
        assert!(FlowId::parse("f-../../etc/passwd").is_none());
    }

    #[test]
    fn the_tail_wraps_without_touching_the_time() {
        let ids = FlowIds::seeded(0x3fff_ffff);
        let a = ids.next(Instant(5));
        let b = ids.next(Instant(5));
        assert_eq!(a.as_str()[2..12], b.as_str()[2..12]);
        assert_ne!(a, b);
    }

    proptest::proptest! {
        #[test]
        fn escaping_is_harmless_and_reversible(bytes: Vec<u8>) {
            let name = OsString::from_vec(bytes);
            let (escaped, cut) = escape(&name);
            assert!(escaped.len() <= LONGEST);
            assert!(!escaped.contains('/') && !escaped.contains('~') && escaped.is_ascii());
            if !cut { assert_eq!(unescape(&escaped), name); }
        }
    }
}
