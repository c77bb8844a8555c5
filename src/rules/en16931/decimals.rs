//! Amounts have two decimals at most. The tests count the characters after the point, white space too.

use super::bind::*;
use super::view::At;
use super::{Ask::*, Row, Told, both, broken, cii, double, each, ubl};
use crate::msg;

#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    // id                group            UBL                            CII
    each("BR-DEC-01",    &ALLOWANCE,      Decimals(&AMOUNT),             FirstDecimals(&AMOUNT)),
    both("BR-DEC-02",    &ALLOWANCE,      Decimals(&BASE)),
    each("BR-DEC-05",    &CHARGE,         Decimals(&AMOUNT),             FirstDecimals(&AMOUNT)),
    both("BR-DEC-06",    &CHARGE,         Decimals(&BASE)),
    both("BR-DEC-09",    &TOTALS,         Decimals(&LINES_TOTAL)),
    both("BR-DEC-10",    &TOTALS,         Decimals(&ALLOWANCES_TOTAL)),
    both("BR-DEC-11",    &TOTALS,         Decimals(&CHARGES_TOTAL)),
    both("BR-DEC-12",    &TOTALS,         Decimals(&NET_TOTAL)),
    each("BR-DEC-13",    &TOTALS,         Nothing,                       Check(vat_total, &[&TAX_TOTAL])),              // UBL: compares with a child of the amount, so it always holds
    both("BR-DEC-14",    &TOTALS,         Decimals(&GROSS_TOTAL)),
    each("BR-DEC-15",    &TOTALS,         Nothing,                       Check(vat_total_accounting, &[&TAX_TOTAL])),
    both("BR-DEC-16",    &TOTALS,         Decimals(&PREPAID)),
    both("BR-DEC-17",    &TOTALS,         Decimals(&ROUNDING)),
    both("BR-DEC-18",    &TOTALS,         Decimals(&DUE)),
    ubl("BR-DEC-19",     &BREAKDOWN,      Decimals(&TAXABLE)),
    cii("BR-DEC-19",     &BREAKDOWN,      Check(taxable, &[&TAXABLE])),
    ubl("BR-DEC-20",     &BREAKDOWN,      Decimals(&TAX)),
    cii("BR-DEC-20",     &BREAKDOWN,      Check(tax, &[&TAX])),
    both("BR-DEC-23",    &LINE,           Decimals(&LINE_NET)),
    each("BR-DEC-24",    &LINE_ALLOWANCE, Decimals(&AMOUNT),             FirstDecimals(&AMOUNT)),
    both("BR-DEC-25",    &LINE_ALLOWANCE, Decimals(&BASE)),
    each("BR-DEC-27",    &LINE_CHARGE,    Decimals(&AMOUNT),             FirstDecimals(&AMOUNT)),
    both("BR-DEC-28",    &LINE_CHARGE,    Decimals(&BASE)),
];

/// Whether an amount has two characters at most after its first point.
pub fn two(at: Option<At<'_, '_>>, term: &Term) -> Told {
    let Some(at) = at else { return Ok(()) };
    let text = at.text();
    let Some(point) = memchr::memchr(b'.', text.as_bytes()) else { return Ok(()) };
    let after = &text[point + 1..];
    if after.len() <= 2 || after.chars().count() <= 2 {
        return Ok(());
    }
    let decimals = after.chars().count();
    let message = match term.id {
        "" => msg!(
            "ce montant a {decimals} caractères après le point",
            "this amount has {decimals} characters after its point"
        ),
        id => msg!("{id} a {decimals} caractères après le point", "{id} has {decimals} characters after its point"),
    };
    Err(broken(message).at(Some(at)).found(text).expected(msg!("deux décimales au plus", "two decimals at most")))
}

/// CII: the breakdowns that no family of BR-AF, BR-AG or BR-O takes.
fn taxable(at: At<'_, '_>) -> Told {
    if super::vat::is_taken(at) { Ok(()) } else { two(at.one(&TAXABLE)?, &TAXABLE) }
}

fn tax(at: At<'_, '_>) -> Told {
    if super::vat::is_taken(at) { Ok(()) } else { two(at.one(&TAX)?, &TAX) }
}

/// CII: one VAT total that has two decimals, or is in no invoice currency, is enough.
fn vat_total(at: At<'_, '_>) -> Told {
    in_cents(at, |total| !at.view.sums().header.is_currency(at, total.attribute("currencyID")))
}

/// CII: one VAT total in the accounting currency that has two decimals is enough; without such a currency nothing is asked.
fn vat_total_accounting(at: At<'_, '_>) -> Told {
    let root = at.view.root();
    if !root.has(&TAX_CURRENCY) || !at.has(&TAX_TOTAL) {
        return Ok(());
    }
    let named = |total: At<'_, '_>| root.any(&TAX_CURRENCY, |c| total.attribute("currencyID") == Some(c.text()));
    let holds = at.any(&TAX_TOTAL, |total| named(total) && double::is_in_cents(total.text()).unwrap_or(false));
    if holds { Ok(()) } else { Err(not_in_cents(at)) }
}

fn in_cents(at: At<'_, '_>, is_other: impl Fn(At<'_, '_>) -> bool) -> Told {
    let holds = !at.has(&TAX_TOTAL)
        || at.any(&TAX_TOTAL, |total| is_other(total) || double::is_in_cents(total.text()).unwrap_or(false));
    if holds { Ok(()) } else { Err(not_in_cents(at)) }
}

fn not_in_cents(at: At<'_, '_>) -> Box<super::Broken> {
    let first = at.first(&TAX_TOTAL);
    broken(msg!(
        "aucun total de TVA dans cette devise n'a deux décimales au plus",
        "no VAT total in this currency has two decimals at most"
    ))
    .at(first)
    .found(first.map_or("", |t| t.text()))
    .expected(msg!("deux décimales au plus", "two decimals at most"))
}
