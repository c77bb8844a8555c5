//! The values that a PDF is written in (ISO 32000, 7.2 and 7.3), as far as looking for an embedded file needs them.

use std::rc::Rc;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, or something that nobody here looks at: a truth, a number with a point.
    Other,
    /// A whole number.
    Int(i64),
    /// A name, `#xx` resolved.
    Name(Rc<[u8]>),
    /// A string, its escapes resolved.
    Text(Rc<[u8]>),
    /// Values in order.
    Array(Rc<[Value]>),
    /// Values by name.
    Dict(Dict),
    /// An object elsewhere, by its number.
    Ref(u32),
}

/// Values by name; of a name that is there twice the last counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dict(Rc<[(Rc<[u8]>, Value)]>);

impl Dict {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(key, _)| **key == *name.as_bytes()).map(|(_, value)| value)
    }

    /// A dictionary of one value.
    pub fn of(name: &str, value: Value) -> Dict {
        Dict([(name.as_bytes().into(), value)].into())
    }
}

/// Values inside one another at most.
const DEEP: usize = 64;

/// Reads values from bytes, from a place onwards.
pub struct Reader<'b> {
    bytes: &'b [u8],
    /// Where it is.
    pub at: usize,
    /// Values that it may still make.
    pub left: usize,
}

/// White space (7.2.3).
fn is_space(b: u8) -> bool {
    matches!(b, 0 | 9 | 10 | 12 | 13 | 32)
}

/// What ends a name, a number or a word without being part of it.
fn is_end(b: u8) -> bool {
    is_space(b) || matches!(b, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

impl<'b> Reader<'b> {
    /// Reads from `at` onwards and makes `left` values at most.
    pub fn new(bytes: &'b [u8], at: usize, left: usize) -> Reader<'b> {
        Reader { bytes, at, left }
    }

    fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Passes over white space and comments.
    pub fn skip(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.iter().position(|b| !is_space(*b)).unwrap_or(rest.len());
            let rest = self.rest();
            if rest.first() != Some(&b'%') {
                return;
            }
            self.at += memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        }
    }

    /// Takes this word, where it comes next.
    pub fn word(&mut self, word: &[u8]) -> bool {
        self.skip();
        let is_next = self.rest().strip_prefix(word).is_some_and(|after| after.first().is_none_or(|b| is_end(*b)));
        if is_next {
            self.at += word.len();
        }
        is_next
    }

    /// Takes a whole number, where one comes next.
    pub fn int(&mut self) -> Option<i64> {
        self.skip();
        let token = self.token();
        let number = std::str::from_utf8(token).ok()?.parse().ok()?;
        self.at += token.len();
        Some(number)
    }

    /// Takes `number generation obj`.
    pub fn head(&mut self) -> Option<u32> {
        let number = u32::try_from(self.int()?).ok()?;
        self.int()?;
        self.word(b"obj").then_some(number)
    }

    fn token(&self) -> &'b [u8] {
        let rest = self.rest();
        &rest[..rest.iter().position(|b| is_end(*b)).unwrap_or(rest.len())]
    }

    /// Takes a value; nothing where none comes next, or too many did.
    pub fn value(&mut self) -> Option<Value> {
        self.value_in(0)
    }

    /// Takes a dictionary.
    pub fn dict(&mut self) -> Option<Dict> {
        match self.value()? {
            Value::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    fn value_in(&mut self, depth: usize) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        if depth > DEEP {
            return None;
        }
        self.skip();
        match self.rest() {
            [b'<', b'<', ..] => self.dict_in(depth),
            [b'<', ..] => self.hex(),
            [b'[', ..] => self.array_in(depth),
            [b'(', ..] => self.literal(),
            [b'/', ..] => Some(Value::Name(self.name()?)),
            _ => self.plain(),
        }
    }

    fn dict_in(&mut self, depth: usize) -> Option<Value> {
        self.at += 2;
        let mut entries = Vec::new();
        loop {
            self.skip();
            if self.rest().starts_with(b">>") {
                self.at += 2;
                return Some(Value::Dict(Dict(entries.into())));
            }
            let name = self.name()?;
            entries.push((name, self.value_in(depth + 1)?));
        }
    }

    fn array_in(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.skip();
            if self.rest().first() == Some(&b']') {
                self.at += 1;
                return Some(Value::Array(values.into()));
            }
            values.push(self.value_in(depth + 1)?);
        }
    }

    fn name(&mut self) -> Option<Rc<[u8]>> {
        if self.rest().first() != Some(&b'/') {
            return None;
        }
        self.at += 1;
        let token = self.token();
        self.at += token.len();
        if !token.contains(&b'#') {
            return Some(token.into());
        }
        let (mut name, mut rest) = (Vec::with_capacity(token.len()), token);
        while let Some((first, after)) = rest.split_first() {
            let escaped = rest.get(1..3).filter(|_| *first == b'#').and_then(hex_pair);
            name.push(escaped.unwrap_or(*first));
            rest = if escaped.is_some() { &rest[3..] } else { after };
        }
        Some(name.into())
    }

    /// `<…>`, two digits a byte.
    fn hex(&mut self) -> Option<Value> {
        let rest = self.rest();
        let end = memchr::memchr(b'>', rest)?;
        self.at += end + 1;
        let mut digits: Vec<u8> = rest[1..end].iter().copied().filter(u8::is_ascii_hexdigit).collect();
        if digits.len() % 2 == 1 {
            digits.push(b'0');
        }
        Some(Value::Text(digits.chunks(2).filter_map(hex_pair).collect()))
    }

    /// `(…)`, with pairs of parentheses and escapes in it.
    fn literal(&mut self) -> Option<Value> {
        let (mut text, mut open) = (Vec::new(), 0_usize);
        let mut bytes = self.rest().iter().enumerate().peekable();
        while let Some((i, byte)) = bytes.next() {
            match byte {
                b'(' => {
                    open += 1;
                    if open == 1 {
                        continue;
                    }
                }
                b')' => {
                    open -= 1;
                    if open == 0 {
                        self.at += i + 1;
                        return Some(Value::Text(text.into()));
                    }
                }
                b'\\' => {
                    let (_, escaped) = bytes.next()?;
                    let octal = |b: &u8| matches!(b, b'0'..=b'7');
                    match escaped {
                        b'n' => text.push(b'\n'),
                        b'r' => text.push(b'\r'),
                        b't' => text.push(b'\t'),
                        b'b' => text.push(8),
                        b'f' => text.push(12),
                        b'\n' => {}
                        b'\r' => drop(bytes.next_if(|(_, b)| **b == b'\n')),
                        digit if octal(digit) => {
                            let mut code = u32::from(digit - b'0');
                            for _ in 0..2 {
                                let Some((_, digit)) = bytes.next_if(|(_, b)| octal(b)) else { break };
                                code = code * 8 + u32::from(digit - b'0');
                            }
                            text.push(code.to_le_bytes()[0]);
                        }
                        other => text.push(*other),
                    }
                    continue;
                }
                _ => {}
            }
            text.push(*byte);
        }
        None
    }

    /// A number, a reference or a word.
    fn plain(&mut self) -> Option<Value> {
        if let Some(number) = self.int() {
            let after = self.at;
            if let Ok(number) = u32::try_from(number)
                && self.int().is_some()
                && self.word(b"R")
            {
                return Some(Value::Ref(number));
            }
            self.at = after;
            return Some(Value::Int(number));
        }
        let token = self.token();
        let is_number =
            !token.is_empty() && token.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
        if is_number || matches!(token, b"true" | b"false" | b"null") {
            self.at += token.len();
            return Some(Value::Other);
        }
        None
    }
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    }
}

/// A text string (7.9.2.2): UTF-16 or UTF-8 with a mark, else the encoding of PDF, of which ASCII is enough for the
/// names that are looked for.
pub fn text(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => encoding_rs::UTF_16BE.decode_without_bom_handling(rest).0.into_owned(),
        [0xff, 0xfe, rest @ ..] => encoding_rs::UTF_16LE.decode_without_bom_handling(rest).0.into_owned(),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Value> {
        Reader::new(text.as_bytes(), 0, 1000).value()
    }

    fn string(bytes: &[u8]) -> Option<Value> {
        Some(Value::Text(bytes.into()))
    }

    #[test]
    fn values_are_read_as_the_standard_writes_them() {
        assert_eq!(read("(a\\(b(c)\\)\\\r\nd\\101\\7)"), string(b"a(b(c))dA\x07"));
        assert_eq!(read("<66 61 4>"), string(b"fa@"));
        assert_eq!(read("/A#42#4x"), Some(Value::Name(b"AB#4x"[..].into())));
        let dict = Reader::new(b"<</A 1 0 R/B[1 2 -3 .5 true]%x>>\n/C<</D null>>/A 7>>", 0, 100).dict().unwrap();
        assert_eq!(dict.get("A"), Some(&Value::Int(7)));
        let Some(Value::Array(list)) = dict.get("B") else { panic!("{dict:?}") };
        assert_eq!(list[..], [Value::Int(1), Value::Int(2), Value::Int(-3), Value::Other, Value::Other]);
        assert_eq!(read("12 0 R"), Some(Value::Ref(12)));
        assert_eq!(read("12 0 Rx"), Some(Value::Int(12)));
        for wrong in ["", "<<", "<</A", "[1 2", "(a", "<61", "endobj", ")", "<</A 1 2>>"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(read(&"[".repeat(100_000)), None);
        assert_eq!(Reader::new(&b"[0 0 0 0 0]"[..], 0, 4).value(), None);
    }

    #[test]
    fn names_of_files_are_texts() {
        assert_eq!(text(b"factur-x.xml"), "factur-x.xml");
        assert_eq!(text(b"\xfe\xff\0a\0b"), "ab");
        assert_eq!(text(b"\xef\xbb\xbf\xc3\xa9"), "é");
    }
}
