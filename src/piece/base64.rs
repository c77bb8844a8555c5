//! Base64, as XML Schema has it (`xs:base64Binary`): digits in fours, white space anywhere, `=` at the end.

/// Why a text is no base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A character that is none of its own, or `=` before the end; its place among the characters, from 1.
    Character(char, usize),
    /// So many digits and `=`, which is no multiple of four.
    Length(u64),
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

/// No branch a byte: attachments are most of a heavy document.
fn is_digit(b: u8) -> bool {
    (b.wrapping_sub(b'0') < 10) | ((b | 0x20).wrapping_sub(b'a') < 26) | (b == b'+') | (b == b'/')
}

/// How many bytes of a text are of a kind: sums that fit one byte, so that many are counted at once.
fn count(text: &str, is: impl Fn(u8) -> bool) -> u64 {
    let chunks = text.as_bytes().chunks(usize::from(u8::MAX));
    chunks.map(|chunk| u64::from(chunk.iter().fold(0_u8, |n, b| n + u8::from(is(*b))))).sum()
}

/// The size of what a text stands for, in bytes, counted without decoding it.
pub fn size(text: &str) -> u64 {
    count(text, is_digit) * 3 / 4
}

/// What is wrong with a text; an empty one is base64 of nothing.
pub fn fault(text: &str) -> Option<Fault> {
    let body = text.trim_end_matches([' ', '\t', '\r', '\n', '=']);
    let (digits, known) = (count(text, is_digit), count(body, |b| is_digit(b) | is_space(b)));
    if known < body.len() as u64 {
        let own = |c: char| u8::try_from(c).is_ok_and(|b| is_digit(b) || is_space(b));
        let wrong = body.chars().enumerate().find(|(_, c)| !own(*c));
        return wrong.map(|(n, c)| Fault::Character(c, n + 1));
    }
    let pads = count(&text[body.len()..], |b| b == b'=');
    (pads > 2 || !(digits + pads).is_multiple_of(4)).then_some(Fault::Length(digits + pads))
}

/// The bytes that a text stands for; what is no digit is passed over.
pub fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held).to_le_bytes()[0]);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_sized_judged_and_decoded() {
        #[rustfmt::skip]
        let good: [(&str, &[u8]); 6] = [
            ("", b""), ("Zg==", b"f"), ("Zm8=", b"fo"), ("Zm9v", b"foo"), ("Zm9v\r\n YmFy", b"foobar"), ("+/+/", b"\xfb\xff\xbf"),
        ];
        for (text, bytes) in good {
            assert_eq!((fault(text), size(text), decode(text)), (None, bytes.len() as u64, bytes.to_vec()), "{text}");
        }
        #[rustfmt::skip]
        let bad = [
            ("Zm9v!", Fault::Character('!', 5)), ("Zé==", Fault::Character('é', 2)), ("Zg==Zg==", Fault::Character('=', 3)),
            ("Zm9vY", Fault::Length(5)), ("Zg=", Fault::Length(3)), ("Z===", Fault::Length(4)), ("====", Fault::Length(4)),
        ];
        for (text, wrong) in bad {
            assert_eq!(fault(text), Some(wrong), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_counted_is_what_is_decoded(text in "[A-Za-z0-9+/= \n]{0,40}") {
            if fault(&text).is_none() {
                proptest::prop_assert_eq!(decode(&text).len() as u64, size(&text));
            }
        }
    }
}
