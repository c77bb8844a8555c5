//! Text as the base fonts of PDF have it: WinAnsi, and how wide each sign is in Helvetica.

use encoding_rs::WINDOWS_1252;

/// What stands for a sign that the base fonts do not have.
pub const NO_SIGN: u8 = b'?';
/// An ellipsis.
pub const ELLIPSIS: u8 = 0x85;

/// A text in WinAnsi, and whether every sign of it is there. Letters that are written as a letter and its accent are put
/// together; spaces and dashes of other widths are the usual ones.
pub fn encoded(text: &str) -> (Vec<u8>, bool) {
    let (mut bytes, mut whole) = (Vec::with_capacity(text.len()), true);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        let together = signs.peek().and_then(|accent| composed(sign, *accent));
        let sign = together.unwrap_or(sign);
        if together.is_some() {
            signs.next();
        }
        let sign = SAME.iter().find(|(other, _)| *other == sign).map_or(sign, |(_, usual)| *usual);
        let mut utf8 = [0; 4];
        let (byte, _, missing) = WINDOWS_1252.encode(sign.encode_utf8(&mut utf8));
        match *byte {
            [byte] if !missing && byte >= b' ' => bytes.push(byte),
            _ => {
                bytes.push(NO_SIGN);
                whole = false;
            }
        }
    }
    (bytes, whole)
}

fn composed(letter: char, accent: char) -> Option<char> {
    let (_, letters, with) = COMPOSED.iter().find(|(mark, ..)| *mark == accent)?;
    letters.chars().zip(with.chars()).find(|(plain, _)| *plain == letter).map(|(_, with)| with)
}

#[rustfmt::skip] // accents that follow their letter, as some systems write names of files
static COMPOSED: [(char, &str, &str); 8] = [
    //  accent     letters         with it
    ('\u{300}', "AEIOUaeiou",   "ÀÈÌÒÙàèìòù"),
    ('\u{301}', "AEIOUYaeiouy", "ÁÉÍÓÚÝáéíóúý"),
    ('\u{302}', "AEIOUaeiou",   "ÂÊÎÔÛâêîôû"),
    ('\u{303}', "ANOano",       "ÃÑÕãñõ"),
    ('\u{308}', "AEIOUYaeiouy", "ÄËÏÖÜŸäëïöüÿ"),
    ('\u{30a}', "Aa",           "Åå"),
    ('\u{30c}', "SZsz",         "ŠŽšž"),
    ('\u{327}', "Cc",           "Çç"),
];

/// Spaces and dashes that look alike.
static SAME: [(char, char); 6] =
    [('\u{2009}', ' '), ('\u{202f}', ' '), ('\u{2007}', ' '), ('\u{2010}', '-'), ('\u{2011}', '-'), ('\u{2212}', '-')];

/// How wide a sign is in Helvetica, in thousandths of the size.
pub fn helvetica(sign: u8) -> usize {
    usize::from(*WIDTHS.get(usize::from(sign).wrapping_sub(32)).unwrap_or(&0))
}

// Source: the metrics that Adobe published for the base fonts.
/// From the space on.
#[rustfmt::skip]
static WIDTHS: [u16; 224] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, //   !"#$%&'()*+,-./
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, // 0 to ?
   1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, // @ to O
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, // P to _
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, // ` to o
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 350, // p to ~
    556, 350, 222, 556, 333,1000, 556, 556, 333,1000, 667, 333,1000, 350, 611, 350, // € to Ž
    350, 222, 222, 333, 333, 350, 556,1000, 333,1000, 500, 333, 944, 350, 500, 667, // ‘ to Ÿ
    278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333, // no-break space to ¯
    400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611, // ° to ¿
    667, 667, 667, 667, 667, 667,1000, 722, 667, 667, 667, 667, 278, 278, 278, 278, // À to Ï
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611, // Ð to ß
    556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278, // à to ï
    556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500, // ð to ÿ
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_is_written_right_and_what_is_not_there_is_told() {
        let cases: [(&str, &[u8], bool); 7] = [
            ("Éàç œ€", &[0xc9, 0xe0, 0xe7, b' ', 0x9c, 0x80], true),
            ("E\u{301}a\u{300}c\u{327}", &[0xc9, 0xe0, 0xe7], true),
            ("1\u{202f}000\u{a0}−5", &[b'1', b' ', b'0', b'0', b'0', 0xa0, b'-', b'5'], true),
            ("« … »", &[0xab, b' ', 0x85, b' ', 0xbb], true),
            ("Łódź", &[b'?', 0xf3, b'd', b'?'], false),
            ("x\u{301}", b"x?", false),
            ("\u{7}工", b"??", false),
        ];
        for (text, bytes, whole) in cases {
            assert_eq!(encoded(text), (bytes.to_vec(), whole), "{text}");
        }
    }

    #[test]
    fn an_accent_does_not_change_the_width_of_a_letter() {
        let of = |text: &str| encoded(text).0.iter().map(|sign| helvetica(*sign)).collect::<Vec<_>>();
        assert_eq!(of("ÀÉÎÕÜÇàéêùçñÿ"), of("AEIOUCaeeucny"));
        assert_eq!((of("A"), of("i"), of(" "), of("@")), (vec![667], vec![222], vec![278], vec![1015]));
    }
}
