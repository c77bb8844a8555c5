//! The totals of the document, and what they are the sum of.

use super::bind::*;
use super::sums::Total;
use super::view::At;
use super::{Ask::*, Broken, Fault, Row, Told, both, broken, cii, each, missing, ubl};
use crate::msg;
use crate::piece::amount::round;
use crate::text::Msg;
use crate::xml::trim;
use rust_decimal::Decimal;

#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    // id               group       UBL                            CII
    both("BR-12",       &TOTALS,    Has(&[&LINES_TOTAL])),
    both("BR-13",       &TOTALS,    Has(&[&NET_TOTAL])),
    both("BR-14",       &TOTALS,    Has(&[&GROSS_TOTAL])),
    both("BR-15",       &TOTALS,    Has(&[&DUE])),
    each("BR-CO-10",    &TOTALS,    Check(lines_total, &[&LINES_TOTAL]),            Check(lines_total_cii, &[&LINES_TOTAL])),   // CII: adds doubles, then rounds
    each("BR-CO-11",    &TOTALS,    Check(allowances_total, &[&ALLOWANCES_TOTAL]),       Check(allowances_total, &[&ALLOWANCES_TOTAL])),  // CII: adds and rounds doubles
    each("BR-CO-12",    &TOTALS,    Check(charges_total, &[&CHARGES_TOTAL]),          Check(charges_total, &[&CHARGES_TOTAL])),
    both("BR-CO-13",    &TOTALS,    Check(net_total, &[&NET_TOTAL, &LINES_TOTAL, &ALLOWANCES_TOTAL, &CHARGES_TOTAL])),
    ubl("BR-CO-14",     &VAT_TOTAL, Check(tax_total, &[&TAX_TOTAL, &SUBTOTAL_TAXES])),                                        // UBL: of each TaxTotal that has subtotals
    cii("BR-CO-14",     &VAT_TOTAL, Check(tax_total_cii, &[&OWN])),                                    // CII: of the total in the invoice currency
    both("BR-CO-15",    &DOCUMENT,  Check(gross_total, &[&VAT_TOTALS, &DOCUMENT_TOTALS])),
    both("BR-CO-16",    &TOTALS,    Check(due, &[&DUE, &GROSS_TOTAL, &PREPAID, &ROUNDING])),
    ubl("BR-CO-18",     &DOCUMENT,  Has(&[&BREAKDOWNS])),
    cii("BR-CO-18",     &LINE,      Check(has_breakdown, &[])),                                    // CII: asked by each line
];

/// A total that is not what it should be: what is written, what was counted, and from what.
fn differs(at: At<'_, '_>, term: &Term, expected: Decimal, how: &str) -> Box<Broken> {
    let Some(stated) = at.first(term) else { return missing(at, &[term]).expected(counted(expected, how)) };
    let (id, found) = (term.id, crate::error::shown(trim(stated.text())));
    broken(msg!("{id} est {found}, le calcul donne {expected}", "{id} is {found}, the calculation gives {expected}"))
        .at(Some(stated))
        .found(stated.text())
        .expected(counted(expected, how))
}

/// `3.00 = 1.00 [1] + 2.00 [2]`.
fn counted(expected: Decimal, how: &str) -> Msg {
    if how.is_empty() {
        return msg!("{expected} : il n'y a rien à additionner", "{expected}: there is nothing to add up");
    }
    Msg::same(format!("{expected} = {how}"))
}

fn checked(value: Option<Decimal>, at: At<'_, '_>) -> Result<Decimal, Fault> {
    value.ok_or(Fault::TooLarge(at.node))
}

fn lines_total(at: At<'_, '_>) -> Told {
    let stated = at.decimal(&LINES_TOTAL)?;
    let sum = round(at.view.sums().lines.sum?, 2);
    if stated == Some(sum) { Ok(()) } else { Err(differs(at, &LINES_TOTAL, sum, &at.view.sums().lines.told(at.view))) }
}

fn lines_total_cii(at: At<'_, '_>) -> Told {
    let stated = at.decimal(&LINES_TOTAL)?;
    // The lines beside the settlement that the totals are in.
    let known = &TABLES.known;
    let around = at.parent().and_then(|p| p.parent()).unwrap_or(at);
    let root = at.view.doc.root();
    let is_usual = around.name() == known.transaction && around.parent().is_some_and(|p| p.node == root);
    let mut other = Total::default();
    if !is_usual {
        around.each(&LINES_BESIDE, |net| other.add(net));
    }
    let total = if is_usual { &at.view.sums().lines } else { &other };
    let sum = match total.double.in_cents() {
        Some(sum) => sum,
        None => round(total.sum?, 2),
    };
    if stated == Some(sum) { Ok(()) } else { Err(differs(at, &LINES_TOTAL, sum, &total.told(at.view))) }
}

fn allowances_total(at: At<'_, '_>) -> Told {
    let sums = at.view.sums();
    sum_of(at, &ALLOWANCES_TOTAL, &sums.allowances, sums.allowance_elements, false)
}

fn charges_total(at: At<'_, '_>) -> Told {
    let sums = at.view.sums();
    sum_of(at, &CHARGES_TOTAL, &sums.charges, sums.charge_elements, true)
}

/// A total of the document's allowances or charges; where there are none, it need not be there.
fn sum_of(at: At<'_, '_>, term: &Term, total: &Total, elements: usize, charge: bool) -> Told {
    if !at.view.ubl {
        return sum_of_cii(at, term, total, elements);
    }
    // UBL asks it of what stands beside the totals, wherever they are.
    let beside = at.parent().filter(|p| p.node != at.view.doc.root()).map(|around| charges_of(around, charge));
    let (total, elements) = beside.as_ref().map_or((total, elements), |(total, elements)| (total, *elements));
    if elements == 0 && !at.has(term) {
        return Ok(());
    }
    let stated = at.decimal(term)?;
    let sum = round(total.sum?, 2);
    if stated == Some(sum) { Ok(()) } else { Err(differs(at, term, sum, &total.told(at.view))) }
}

fn sum_of_cii(at: At<'_, '_>, term: &Term, total: &Total, elements: usize) -> Told {
    if elements == 0 && !at.has(term) {
        return Ok(());
    }
    let mut fault = None;
    let holds = at.any(term, |stated| match total.double.equals_in_cents(stated.text()) {
        Some(same) => same,
        None => {
            fault = Some(Fault::NoNumber(stated.node));
            true
        }
    });
    match (fault, holds) {
        (Some(fault), _) => Err(total.sum.err().unwrap_or(fault).into()),
        (None, true) => Ok(()),
        (None, false) => Err(differs(at, term, round(total.sum?, 2), &total.told(at.view))),
    }
}

/// The allowances, or charges, that stand in an element, and how many they are.
fn charges_of(around: At<'_, '_>, charge: bool) -> (Total, usize) {
    let (mut total, mut elements) = (Total::default(), 0);
    around.each(&DOCUMENT_CHARGES, |one| {
        if one.any(&INDICATOR, |i| i.boolean() == Some(charge)) {
            elements += 1;
            one.each(&AMOUNT, |amount| total.add(amount));
        }
    });
    (total, elements)
}

/// BT-109 = BT-106 − BT-107 + BT-108, each of the latter if it is there.
fn net_total(at: At<'_, '_>) -> Told {
    let one = |term| if at.view.ubl { at.decimal(term) } else { at.first_decimal(term) };
    let (charges, allowances) = (at.has(&CHARGES_TOTAL), at.has(&ALLOWANCES_TOTAL));
    let (stated, Some(lines)) = (one(&NET_TOTAL)?, one(&LINES_TOTAL)?) else {
        return Err(missing(at, &[&LINES_TOTAL]));
    };
    let less = if allowances { one(&ALLOWANCES_TOTAL)?.unwrap_or_default() } else { Decimal::ZERO };
    let more = if charges { one(&CHARGES_TOTAL)?.unwrap_or_default() } else { Decimal::ZERO };
    let sum = checked(lines.checked_sub(less).and_then(|sum| sum.checked_add(more)), at)?;
    // UBL compares without rounding where there is nothing to add.
    let sum = if at.view.ubl && !charges && !allowances { sum } else { round(sum, 2) };
    if stated == Some(sum) {
        return Ok(());
    }
    let less = if allowances { format!(" - BT-107 {less}") } else { String::new() };
    let more = if charges { format!(" + BT-108 {more}") } else { String::new() };
    Err(differs(at, &NET_TOTAL, sum, &format!("BT-106 {lines}{less}{more}")))
}

fn tax_total(at: At<'_, '_>) -> Told {
    if !at.has(&SUBTOTALS) {
        return Ok(());
    }
    let mut total = Total::default();
    at.each(&SUBTOTAL_TAXES, |tax| total.add(tax));
    let sum = round(total.sum?, 2);
    if at.decimal(&TAX_TOTAL)? == Some(sum) {
        return Ok(());
    }
    Err(differs(at, &TAX_TOTAL, sum, &total.told(at.view)))
}

fn tax_total_cii(at: At<'_, '_>) -> Told {
    let header = &at.view.sums().header;
    if !header.is_currency(at, at.attribute("currencyID")) {
        return Ok(());
    }
    let total = &header.taxes;
    match total.double.equals_in_cents(at.text()) {
        Some(true) => Ok(()),
        Some(false) => {
            let (sum, found) = (round(total.sum?, 2), trim(at.text()));
            Err(broken(msg!(
                "BT-110 est {found}, le calcul donne {sum}",
                "BT-110 is {found}, the calculation gives {sum}"
            ))
            .found(at.text())
            .expected(counted(sum, &total.told(at.view))))
        }
        None => Err(total.sum.err().unwrap_or(Fault::NoNumber(at.node)).into()),
    }
}

/// BT-112 = BT-109 + BT-110, the VAT total in the invoice currency, of which there is one.
fn gross_total(at: At<'_, '_>) -> Told {
    let mut currencies = Vec::new();
    at.each(&CURRENCY, |currency| currencies.push(currency.text()));
    for currency in currencies {
        gross_in(at, currency)?;
    }
    Ok(())
}

fn gross_in(at: At<'_, '_>, currency: &str) -> Told {
    let (mut totals, mut tax) = (0, None);
    at.each(&VAT_TOTALS, |total| {
        if total.attribute("currencyID") == Some(currency) {
            totals += 1;
            tax = tax.or(Some(total));
        }
    });
    let of = at.first(&DOCUMENT_TOTALS);
    let one = |term| of.map_or(Ok(None), |of| if at.view.ubl { of.decimal(term) } else { of.first_decimal(term) });
    let shown = crate::error::shown(currency);
    let no_single = |totals: usize| {
        let message = if totals == 0 {
            msg!("aucun total de TVA n'est en {shown}", "no VAT total is in {shown}")
        } else {
            msg!("{totals} totaux de TVA sont en {shown}", "{totals} VAT totals are in {shown}")
        };
        broken(message)
            .at(tax.or(of))
            .found(totals.to_string())
            .expected(msg!("un seul dont currencyID est {shown}", "one whose currencyID is {shown}"))
    };
    let same = |gross: Option<Decimal>, net: Option<Decimal>| gross.is_some() && gross == net;
    if totals != 1 {
        // CII: without VAT the two totals are the same.
        let holds = !at.view.ubl && same(one(&GROSS_TOTAL)?, one(&NET_TOTAL)?);
        return if holds { Ok(()) } else { Err(no_single(totals)) };
    }
    let (gross, net) = (one(&GROSS_TOTAL)?, one(&NET_TOTAL)?);
    if !at.view.ubl && same(gross, net) {
        return Ok(());
    }
    let vat = tax.map(|t| t.number()).transpose()?.unwrap_or_default();
    let sum = round(checked(net.unwrap_or_default().checked_add(vat), at)?, 2);
    if net.is_some() && gross == Some(sum) {
        return Ok(());
    }
    Err(match (of, net) {
        (Some(of), Some(net)) => differs(of, &GROSS_TOTAL, sum, &format!("BT-109 {net} + BT-110 {vat}")),
        (Some(of), None) => missing(of, &[&NET_TOTAL]),
        (None, _) => missing(at, &[&DOCUMENT_TOTALS]),
    })
}

/// BT-115 = BT-112 − BT-113 + BT-114, each of the latter if it is there.
fn due(at: At<'_, '_>) -> Told {
    let one = |term| if at.view.ubl { at.decimal(term) } else { at.first_decimal(term) };
    let (prepaid, rounding) = (at.has(&PREPAID), at.has(&ROUNDING));
    let (stated, gross) = (one(&DUE)?, one(&GROSS_TOTAL)?);
    let paid = if prepaid { one(&PREPAID)?.unwrap_or_default() } else { Decimal::ZERO };
    let rounded = if rounding { one(&ROUNDING)?.unwrap_or_default() } else { Decimal::ZERO };
    let rest = checked(gross.unwrap_or_default().checked_sub(paid), at)?;
    // UBL rounds each side to cents, where there is something to subtract from it; CII rounds nothing.
    let cents = |value: Decimal, so: bool| if at.view.ubl && so { round(value, 2) } else { value };
    let holds = gross.is_some()
        && stated.is_some_and(|s| s.checked_sub(rounded).is_some_and(|s| cents(s, rounding) == cents(rest, prepaid)));
    if holds {
        return Ok(());
    }
    let sum = checked(cents(rest, prepaid).checked_add(rounded), at)?;
    let Some(gross) = gross else { return Err(missing(at, &[&GROSS_TOTAL])) };
    let mut how = format!("BT-112 {gross}");
    if prepaid {
        how += &format!(" - BT-113 {paid}");
    }
    if rounding {
        how += &format!(" + BT-114 {rounded}");
    }
    Err(differs(at, &DUE, sum, &how))
}

fn has_breakdown(at: At<'_, '_>) -> Told {
    if at.view.sums().header.has_breakdown { Ok(()) } else { Err(missing(at, &[&BREAKDOWNS])) }
}
