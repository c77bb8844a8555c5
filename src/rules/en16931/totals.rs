//! The totals of the document, and what they are the sum of.

use super::bind::*;
use super::sums::Total;
use super::view::At;
use super::{Ask::*, Broken, Fault, Row, Told, both, broken, cii, each, missing, ubl};
use crate::msg;
use crate::piece::amount::round;
use crate::text::{Msg, Shown};
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

/// A total that is not what it should be: what is written, and what was counted, and from what.
fn differs(at: At<'_, '_>, term: &Term, expected: Decimal, how: &str) -> Box<Broken> {
    let Some(stated) = at.first(term) else {
        let broken = missing(at, &[term]);
        return broken.expected(Msg::same(format!("{expected} = {how}")));
    };
    let (id, found) = (term.id, crate::error::shown(trim(stated.text())));
    broken(msg!("{id} est {found}, le calcul donne {expected}", "{id} is {found}, the calculation gives {expected}"))
        .at(Some(stated))
        .found(stated.text())
        .expected(Msg::same(format!("{expected} = {how}")))
}

/// `1.00 + 2.00 + … (12)`.
fn added(amounts: &[&str]) -> String {
    const TOLD: usize = 6;
    let first = amounts.iter().take(TOLD).map(|a| Shown(a).to_string()).collect::<Vec<_>>().join(" + ");
    match amounts.len() {
        0 => "0".to_owned(),
        n if n > TOLD => format!("{first} + … ({n})"),
        _ => first,
    }
}

fn checked(value: Option<Decimal>, at: At<'_, '_>) -> Result<Decimal, Fault> {
    value.ok_or(Fault::TooLarge(at.node))
}

/// The lines' net amounts, with the line each is from.
fn line_amounts(at: At<'_, '_>) -> Vec<String> {
    let mut amounts = Vec::new();
    at.view.root().each(&DOCUMENT_LINES, |line| {
        let id = line.first(&LINE_ID).map_or("?", |id| trim(id.text()));
        line.each(&LINE_NET, |net| amounts.push(format!("{} [{id}]", trim(net.text()))));
    });
    amounts
}

fn explained(amounts: &[String]) -> String {
    added(&amounts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn lines_total(at: At<'_, '_>) -> Told {
    let stated = at.decimal(&LINES_TOTAL)?;
    let sum = round(at.view.sums().lines.sum?, 2);
    if stated == Some(sum) { Ok(()) } else { Err(differs(at, &LINES_TOTAL, sum, &explained(&line_amounts(at)))) }
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
    if stated == Some(sum) { Ok(()) } else { Err(differs(at, &LINES_TOTAL, sum, &explained(&line_amounts(at)))) }
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
    if elements == 0 && !at.has(term) {
        return Ok(());
    }
    let holds = if at.view.ubl {
        at.decimal(term)? == Some(round(total.sum?, 2))
    } else {
        let mut fault = None;
        let holds = at.any(term, |stated| match total.double.equals_in_cents(stated.text()) {
            Some(same) => same,
            None => {
                fault = Some(Fault::NoNumber(stated.node));
                true
            }
        });
        if let Some(fault) = fault {
            return Err(total.sum.err().unwrap_or(fault).into());
        }
        holds
    };
    if holds {
        return Ok(());
    }
    let mut amounts = Vec::new();
    at.view.root().each(&DOCUMENT_CHARGES, |c| {
        if c.any(&INDICATOR, |i| i.boolean() == Some(charge)) {
            amounts.extend(c.first(&AMOUNT).map(|amount| trim(amount.text())));
        }
    });
    Err(differs(at, term, round(total.sum?, 2), &added(&amounts)))
}

/// BT-109 = BT-106 − BT-107 + BT-108, each of the latter if it is there.
fn net_total(at: At<'_, '_>) -> Told {
    let one = |term| if at.view.ubl { at.decimal(term) } else { at.first_decimal(term) };
    let (charges, allowances) = (at.has(&CHARGES_TOTAL), at.has(&ALLOWANCES_TOTAL));
    let (stated, lines) = (one(&NET_TOTAL)?, one(&LINES_TOTAL)?);
    let mut sum = lines.unwrap_or_default();
    let mut how = lines.map_or("BT-106".to_owned(), |l| l.to_string());
    if allowances {
        let amount = one(&ALLOWANCES_TOTAL)?.unwrap_or_default();
        sum = checked(sum.checked_sub(amount), at)?;
        how += &format!(" - {amount}");
    }
    if charges {
        let amount = one(&CHARGES_TOTAL)?.unwrap_or_default();
        sum = checked(sum.checked_add(amount), at)?;
        how += &format!(" + {amount}");
    }
    // UBL compares without rounding where there is nothing to add.
    let sum = if at.view.ubl && !charges && !allowances { sum } else { round(sum, 2) };
    if lines.is_some() && stated == Some(sum) {
        return Ok(());
    }
    Err(differs(at, &NET_TOTAL, sum, &format!("BT-106 - BT-107 + BT-108 = {how}")))
}

fn tax_total(at: At<'_, '_>) -> Told {
    if !at.has(&SUBTOTALS) {
        return Ok(());
    }
    let (mut total, mut amounts) = (Total::default(), Vec::new());
    at.each(&SUBTOTAL_TAXES, |tax| total.add(tax));
    let sum = round(total.sum?, 2);
    if at.decimal(&TAX_TOTAL)? == Some(sum) {
        return Ok(());
    }
    at.each(&SUBTOTAL_TAXES, |tax| amounts.push(trim(tax.text())));
    Err(differs(at, &TAX_TOTAL, sum, &added(&amounts)))
}

fn tax_total_cii(at: At<'_, '_>) -> Told {
    let header = &at.view.sums().header;
    if !header.is_currency(at, at.attribute("currencyID")) {
        return Ok(());
    }
    let (root, total) = (at.view.root(), &header.taxes);
    match total.double.equals_in_cents(at.text()) {
        Some(true) => Ok(()),
        Some(false) => {
            let mut amounts = Vec::new();
            root.each(&BREAKDOWN_TAXES, |tax| amounts.push(trim(tax.text())));
            let (sum, found) = (round(total.sum?, 2), trim(at.text()));
            Err(broken(msg!(
                "BT-110 est {found}, le calcul donne {sum}",
                "BT-110 is {found}, the calculation gives {sum}"
            ))
            .found(at.text())
            .expected(Msg::same(format!("{sum} = {}", added(&amounts)))))
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
        broken(msg!("{totals} totaux de TVA sont en {shown}", "{totals} VAT totals are in {shown}"))
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
    let vat = tax.map(|t| t.number()).transpose()?.unwrap_or_default();
    let sum = round(checked(net.unwrap_or_default().checked_add(vat), at)?, 2);
    let holds = net.is_some() && gross == Some(sum) || !at.view.ubl && same(gross, net);
    if holds {
        return Ok(());
    }
    let how = format!("BT-109 + BT-110 = {} + {vat}", net.map_or("BT-109".to_owned(), |n| n.to_string()));
    Err(match of {
        Some(of) => differs(of, &GROSS_TOTAL, sum, &how),
        None => missing(at, &[&DOCUMENT_TOTALS]),
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
    let mut how = format!("BT-112 - BT-113 + BT-114 = {}", gross.map_or("BT-112".to_owned(), |g| g.to_string()));
    if prepaid {
        how += &format!(" - {paid}");
    }
    if rounding {
        how += &format!(" + {rounded}");
    }
    Err(differs(at, &DUE, sum, &how))
}

fn has_breakdown(at: At<'_, '_>) -> Told {
    if at.view.sums().header.has_breakdown { Ok(()) } else { Err(missing(at, &[&BREAKDOWNS])) }
}
