//! Doubles, where the official tests of CII compute in them: XPath takes an untyped value for a double wherever it
//! meets a number. The verdict then depends on how a double rounds (a sum of amounts of three decimals, a tolerance met
//! to the cent), so this redoes it, to tell whether a test holds; no amount of a pièce is ever held in one.
#![allow(clippy::float_arithmetic)]

use crate::xml::trim;
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// A sum as XPath's `sum` adds untyped values; none where one of them is no number.
#[derive(Clone, Copy, Debug)]
pub struct Sum(Option<f64>);

impl Default for Sum {
    fn default() -> Sum {
        Sum(Some(0.0))
    }
}

impl Sum {
    /// Adds one.
    pub fn add(&mut self, text: &str) {
        self.0 = self.0.zip(value(text)).map(|(sum, more)| sum + more);
    }

    /// Rounded to cents as `round(x * 10 * 10) div 100`, compared with a text.
    pub fn equals_in_cents(self, text: &str) -> Option<bool> {
        let (sum, text) = (self.0?, value(text)?);
        Some(round(sum * 10.0 * 10.0) / 100.0 == text)
    }

    /// Rounded to cents as `round(xs:decimal(x) * 100) div 100`: the sum is a double, the rounding is decimal.
    pub fn in_cents(self) -> Option<Decimal> {
        // So far from the half of a cent that no digit further on can matter.
        let (cents, whole) = (self.0? * 100.0, (self.0? * 100.0).round());
        if whole.abs() < EXACT && (cents - whole).abs() < 0.4 {
            #[allow(clippy::cast_possible_truncation)] // a whole number below 2^53
            return Some(Decimal::new(whole as i64, 2));
        }
        self.in_cents_by_digits()
    }

    /// The same, by every digit that the double has.
    fn in_cents_by_digits(self) -> Option<Decimal> {
        let digits = format!("{:.80}", self.0?);
        let (magnitude, negative) = digits.strip_prefix('-').map_or((&*digits, false), |rest| (rest, true));
        let (cents, rest) = magnitude.split_at_checked(magnitude.find('.')? + 3)?;
        let cents = Decimal::from_str_exact(cents).ok()?;
        let half = format!("5{}", "0".repeat(rest.len() - 1));
        let up = match rest.cmp(&half) {
            Ordering::Less => false,
            Ordering::Equal => !negative,
            Ordering::Greater => true,
        };
        let cents = if up { cents.checked_add(Decimal::new(1, 2))? } else { cents };
        Some(if negative { -cents } else { cents })
    }
}

/// The value of a text as an xs:double.
pub fn value(text: &str) -> Option<f64> {
    let text = trim(text);
    match text {
        "INF" => return Some(f64::INFINITY),
        "-INF" => return Some(f64::NEG_INFINITY),
        "NaN" => return Some(f64::NAN),
        _ => {}
    }
    let good = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if good { text.parse().ok() } else { None }
}

/// Whole numbers below this are all doubles, and a hundredth of them is known to more than a hundredth of a cent.
const EXACT: f64 = 1e12;

fn of(decimal: Decimal) -> f64 {
    // Both exact, so that the division rounds once, as reading the text does.
    if let (Ok(mantissa), Some(power)) = (i32::try_from(decimal.mantissa()), POWERS.get(decimal.scale() as usize)) {
        return f64::from(mantissa) / power;
    }
    decimal.to_string().parse().expect("a decimal is a number")
}

/// Powers of ten, as many as amounts and rates have decimals.
const POWERS: [f64; 10] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// XPath's `round`: half up.
fn round(value: f64) -> f64 {
    let floor = value.floor();
    if value - floor >= 0.5 { floor + 1.0 } else { floor }
}

/// How a text compares with a whole number; none where it is no number.
pub fn compare(text: &str, with: u8) -> Option<Ordering> {
    value(text)?.partial_cmp(&f64::from(with))
}

/// Whether a text is this decimal, both as doubles.
pub fn equals(text: &str, with: Decimal) -> Option<bool> {
    Some(value(text)? == of(with))
}

/// Whether a text lies less than one from a decimal, all as doubles.
pub fn within_one(text: &str, of_decimal: Decimal) -> Option<bool> {
    let (text, with) = (value(text)?, of(of_decimal));
    Some(text - 1.0 < with && text + 1.0 > with)
}

/// The same, where the text less (and plus) one is made a decimal again, of every digit that the double has.
pub fn within_one_exactly(text: &str, with: Decimal) -> Option<bool> {
    let text = value(text)?;
    Some(exactly(text - 1.0, with) == Ordering::Less && exactly(text + 1.0, with) == Ordering::Greater)
}

/// A double compared with a decimal by its exact value.
fn exactly(double: f64, with: Decimal) -> Ordering {
    let near = of(with);
    match double.partial_cmp(&near) {
        Some(Ordering::Equal) => {
            // The nearest double of both: the digits decide.
            let digits = |s: String| s.trim_start_matches('-').trim_start_matches('0').to_owned();
            let point = if with.scale() == 0 { "." } else { "" };
            let zeros = "0".repeat(80 - with.scale() as usize);
            let (a, b) = (digits(format!("{double:.80}")), digits(format!("{with}{point}{zeros}")));
            let by_size = a.find('.').cmp(&b.find('.')).then(a.cmp(&b));
            if double < 0.0 { by_size.reverse() } else { by_size }
        }
        other => other.unwrap_or(Ordering::Equal),
    }
}

/// BR-S-09 of CII: whether a tax lies less than one from base × rate / 100, rounded to the unit before the division.
pub fn tax_near(tax: Decimal, base: Decimal, rate: &str) -> Option<bool> {
    let due = round(of(base.abs()) * value(rate)?) / 100.0;
    let (less, more) = (tax.abs() - Decimal::ONE, tax.abs() + Decimal::ONE);
    Some(of(less) < due && of(more) > due)
}

/// Whether a text has no more than two decimals: `. = round(. * 100) div 100`.
pub fn is_in_cents(text: &str) -> Option<bool> {
    let text = value(text)?;
    Some(text == round(text * 100.0) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amounts as documents have them, and the halves of a cent.
    fn values() -> impl Iterator<Item = f64> {
        let some = (0..4_000_i32)
            .map(|n| f64::from(n.wrapping_mul(1_103_515_245)) / [1.0, 100.0, 1000.0, 7.0][n as usize % 4]);
        some.chain([0.0, 0.005, -0.005, 1.005, 2.675, -2.675, 1e15, -1e15, 123_456_789_012.345])
    }

    #[test]
    fn cents_are_those_of_every_digit() {
        for value in values() {
            assert_eq!(Sum(Some(value)).in_cents(), Sum(Some(value)).in_cents_by_digits(), "{value}");
        }
    }

    #[test]
    fn a_decimal_is_the_double_that_its_text_is() {
        for (n, value) in values().enumerate() {
            let decimal = Decimal::from_str_exact(&format!("{value:.*}", n % 8)).expect("a number");
            assert_eq!(of(decimal), decimal.to_string().parse::<f64>().expect("a number"), "{decimal}");
        }
    }
}
