//! Decimals and days as the formats write them, and rounding as the standard does it.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

/// How many digits a decimal has, before and after its point, signs and leading zeros left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Digits before the point.
    pub integer: usize,
    /// Digits after it, trailing zeros included.
    pub fraction: usize,
}

/// The shape of an xs:decimal: an optional sign, digits with at most one point, nothing else. `None`: it is none
/// (`1,000.00`, `1e3`, `NaN`).
pub fn shape(text: &str) -> Option<Shape> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (integer, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let good = integer.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    (good && integer.len() + fraction.len() > 0)
        .then(|| Shape { integer: integer.trim_start_matches('0').len(), fraction: fraction.len() })
}

/// The value of an xs:decimal. `None` where it is none, or has more digits than can be held (28).
pub fn decimal(text: &str) -> Option<Decimal> {
    short(text).or_else(|| long(text))
}

/// The same, however many digits it has.
fn long(text: &str) -> Option<Decimal> {
    let shape = shape(text)?;
    if shape.integer + shape.fraction > 28 {
        return None;
    }
    let plain = text.strip_prefix('+').unwrap_or(text);
    let value = if plain.starts_with('.') || plain.starts_with("-.") {
        Decimal::from_str_exact(&plain.replacen('.', "0.", 1))
    } else {
        Decimal::from_str_exact(plain.strip_suffix('.').unwrap_or(plain))
    };
    let value = value.ok()?;
    Some(if value.is_zero() { value.abs() } else { value })
}

/// The value of one whose digits an `i64` can hold, as nearly all are. `None`: it has more of them, or is none.
fn short(text: &str) -> Option<Decimal> {
    let (is_negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let (mut value, mut fraction, mut count) = (0_i64, None, 0_usize);
    if digits.len() > 18 {
        return None;
    }
    for (left, byte) in (0..digits.len()).rev().zip(digits) {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + i64::from(byte - b'0');
                count += 1;
            }
            b'.' if fraction.is_none() => fraction = Some(left),
            _ => return None,
        }
    }
    let scale = u32::try_from(fraction.unwrap_or(0)).ok()?;
    (count > 0).then(|| Decimal::new(if is_negative { -value } else { value }, scale))
}

/// Rounds half up, towards plus infinity, as XPath's `round` does.
pub fn round(value: Decimal, places: u32) -> Decimal {
    let strategy = if value.is_sign_negative() {
        RoundingStrategy::MidpointTowardZero
    } else {
        RoundingStrategy::MidpointAwayFromZero
    };
    value.round_dp_with_strategy(places, strategy)
}

/// An xs:date, with or without a time zone: `2026-03-31`, `2026-03-31+01:00`, `2026-03-31Z`.
pub fn day_ubl(text: &str) -> Option<NaiveDate> {
    let (day, zone) = text.split_at_checked(10)?;
    let good_zone = match zone.as_bytes() {
        b"" | b"Z" => true,
        [b'+' | b'-', h @ .., b':', m1, m2] => h.len() == 2 && [h[0], h[1], *m1, *m2].iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = day.as_bytes() else { return None };
    good_zone.then(|| of_digits(&[*y1, *y2, *y3, *y4, *m1, *m2, *d1, *d2])).flatten()
}

/// A day in UN/CEFACT format 102: `20260331`.
pub fn day_cii(text: &str) -> Option<NaiveDate> {
    of_digits(text.as_bytes().try_into().ok()?)
}

fn of_digits(digits: &[u8; 8]) -> Option<NaiveDate> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |part: &[u8]| part.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'));
    NaiveDate::from_ymd_opt(i32::try_from(number(&digits[..4])).ok()?, number(&digits[4..6]), number(&digits[6..]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lexical_form_of_a_decimal_is_a_number() {
        for (text, value) in
            [("1", "1"), ("+1.50", "1.50"), (".5", "0.5"), ("-.5", "-0.5"), ("1.", "1"), ("-0", "0"), ("007", "7")]
        {
            assert_eq!(decimal(text).unwrap().to_string(), value, "{text}");
        }
        for text in ["", ".", "+", "1,000.00", "1e3", "NaN", "1_000", "0x1", " 1", "1.2.3", "--1", "INF", "١"] {
            assert_eq!(decimal(text), None, "{text}");
            assert_eq!(shape(text), None, "{text}");
        }
        // Long or short, the value is the same, and so are its sign and the digits after its point.
        for text in ["0", "-0.00", "12.340", "+1.", "-.50", "000123.4500", "99999999999999999", "-9999999999999999.9"] {
            let (short, long) = (short(text).unwrap(), long(text).unwrap());
            let parts = |value: Decimal| (value.mantissa(), value.scale(), value.is_sign_negative());
            assert_eq!(parts(short), parts(long), "{text}");
        }
        assert_eq!((short(&"9".repeat(19)), decimal(&"9".repeat(19)).is_some()), (None, true));
        assert_eq!(decimal(&"9".repeat(40)), None);
        assert_eq!(shape(&"9".repeat(40)), Some(Shape { integer: 40, fraction: 0 }));
        assert_eq!(shape("000.10"), Some(Shape { integer: 0, fraction: 2 }));
    }

    #[test]
    fn rounding_is_half_up() {
        for (from, to) in
            [("0.125", "0.13"), ("0.135", "0.14"), ("-0.125", "-0.12"), ("-0.126", "-0.13"), ("2.5", "2.50")]
        {
            assert_eq!(round(decimal(from).unwrap(), 2), decimal(to).unwrap(), "{from}");
        }
    }

    #[test]
    fn days_are_days() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 31);
        for text in ["2026-03-31", "2026-03-31Z", "2026-03-31+01:00", "2026-03-31-11:30"] {
            assert_eq!(day_ubl(text), day, "{text}");
        }
        assert_eq!(day_cii("20260331"), day);
        for text in
            ["2026-02-31", "2026-3-1", "20260331", "2026-03-31T00:00:00", "2026-03-31+1:00", "26-03-31", "é026-03-31"]
        {
            assert_eq!(day_ubl(text), None, "{text}");
        }
        for text in ["20260231", "2026-03-31", "2026033", "202603311", "+2603311"] {
            assert_eq!(day_cii(text), None, "{text}");
        }
    }
}
