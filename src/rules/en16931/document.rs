//! The document itself: what identifies it, its notes, periods, references and attachments.

use super::bind::*;
use super::view::At;
use super::{Ask::*, Row, Told, both, broken, cii, each, missing, ubl};
use crate::msg;
use crate::xml::trim;

#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    // id               group         UBL                                  CII
    both("BR-01",       &DOCUMENT,    Says(&[&SPECIFICATION])),
    both("BR-02",       &DOCUMENT,    Says(&[&NUMBER])),
    both("BR-03",       &DOCUMENT,    Says(&[&ISSUED])),                                              // CII: only where @format is 102
    both("BR-04",       &DOCUMENT,    Says(&[&TYPE, &TYPE_CREDIT])),
    both("BR-05",       &DOCUMENT,    Says(&[&CURRENCY])),
    both("BR-16",       &DOCUMENT,    Check(has_lines, &[&DOCUMENT_LINES])),
    each("BR-29",       &PERIOD,      Check(document_in_order, &[&START, &END]),                     Check(in_order_as_text, &[&START, &END])),
    each("BR-30",       &LINE_PERIOD, Check(in_order, &[&START, &END]),                     Check(in_order_as_text, &[&START, &END])),
    both("BR-52",       &ATTACHED,    Says(&[&ATTACHED_ID])),
    each("BR-55",       &PRECEDING,   Has(&[&PRECEDING_ID]),               Says(&[&PRECEDING_ID])),
    ubl("BR-53",        &DOCUMENT,    Check(tax_currency_has_total, &[&TAX_CURRENCY, &VAT_TOTALS])),
    cii("BR-53",        &TOTALS,      Check(tax_currency_has_total_cii, &[&TAX_TOTAL])),                             // CII: and is not the invoice currency
    ubl("BR-CO-03",     &DOCUMENT,    Check(one_tax_point, &[&TAX_POINT, &TAX_POINT_CODE])),
    cii("BR-CO-03",     &BREAKDOWN,   Check(one_tax_point_cii, &[])),                                      // CII: asked by each breakdown, of the whole document
    each("BR-CO-19",    &PERIOD,      Check(period_has_something, &[&START, &END, &PERIOD_CODE]),         Has(&[&START, &END])),     // UBL: a VAT point date code will do
    both("BR-CO-20",    &LINE_PERIOD, Has(&[&START, &END])),
    ubl("BR-CL-08",     &NOTE,        Check(subject, &[&OWN])),
];

/// CII: a line anywhere will do.
fn has_lines(at: At<'_, '_>) -> Told {
    let known = &TABLES.known;
    let has = at.has(&DOCUMENT_LINES) || !at.view.ubl && at.view.named(known.trade_line).next().is_some();
    if has { Ok(()) } else { Err(missing(at, &[&DOCUMENT_LINES])) }
}

/// UBL: the document's period is none of a line's, which BR-30 and BR-CO-20 ask.
fn is_of_line(at: At<'_, '_>) -> bool {
    let known = &TABLES.known;
    at.view.ubl && at.parent().is_some_and(|p| p.name() == known.invoice_line || p.name() == known.credit_line)
}

/// The document's period: a line's is asked by BR-30.
fn document_in_order(at: At<'_, '_>) -> Told {
    if is_of_line(at) { Ok(()) } else { in_order(at) }
}

fn in_order(at: At<'_, '_>) -> Told {
    let (Some(start), Some(end)) = (at.one(&START)?, at.one(&END)?) else { return Ok(()) };
    if end.day()? >= start.day()? { Ok(()) } else { Err(out_of_order(start, end)) }
}

/// CII compares the texts of days in format 102; a period whose end has another format is out of order.
fn in_order_as_text(at: At<'_, '_>) -> Told {
    let (Some(start), Some(end)) = (at.first(&START), at.first(&END)) else { return Ok(()) };
    let mut starts = Vec::new();
    at.each(&START_DAY, |day| starts.push(day.text()));
    let holds = at.any(&END_DAY, |end| starts.iter().take_while(|_| at.view.look()).any(|start| end.text() >= *start));
    if holds {
        Ok(())
    } else {
        match (at.first(&START_DAY), at.first(&END_DAY)) {
            (Some(start), Some(end)) => Err(out_of_order(start, end)),
            (None, _) => Err(no_day(start)),
            (_, None) => Err(no_day(end)),
        }
    }
}

/// CII: a day in no format that can be compared.
fn no_day(at: At<'_, '_>) -> Box<super::Broken> {
    let mut broken = broken(msg!("ce jour n'est pas au format 102", "this day is not in format 102"))
        .at(Some(at))
        .found(trim(at.text()))
        .expected(msg!("AAAAMMJJ, avec format=\"102\"", "YYYYMMDD, with format=\"102\""));
    broken.help = Some(msg!(
        "donnez DateTimeString avec format=\"102\", huit chiffres, par exemple 20260331",
        "give DateTimeString with format=\"102\", eight digits, for instance 20260331"
    ));
    broken
}

fn out_of_order(start: At<'_, '_>, end: At<'_, '_>) -> Box<super::Broken> {
    let (start, shown) = (trim(start.text()), trim(end.text()));
    broken(msg!("la période finit avant d'avoir commencé", "the period ends before it begins"))
        .at(Some(end))
        .found(shown)
        .expected(msg!("{start} ou plus tard", "{start} or later"))
}

fn period_has_something(at: At<'_, '_>) -> Told {
    if is_of_line(at) || at.has(&START) || at.has(&END) || at.has(&PERIOD_CODE) {
        return Ok(());
    }
    Err(missing(at, &[&START, &END, &PERIOD_CODE]))
}

fn tax_currency_has_total(at: At<'_, '_>) -> Told {
    let mut lacks = None;
    at.each(&TAX_CURRENCY, |currency| {
        // Any VAT total of the document, wherever it is.
        let named = |total: At<'_, '_>| total.any(&TAX_TOTAL, |t| t.attribute("currencyID") == Some(currency.text()));
        if !at.view.named(TABLES.known.tax_total).any(named) {
            lacks = Some(currency);
        }
    });
    lacks.map_or(Ok(()), |currency| Err(no_total_in(currency)))
}

fn no_total_in(currency: At<'_, '_>) -> Box<super::Broken> {
    let code = currency.text();
    let code = crate::error::shown(code);
    broken(msg!(
        "aucun total de TVA n'est en {code}, la devise de comptabilisation",
        "no VAT total is in {code}, the accounting currency"
    ))
    .at(Some(currency))
    .expected(msg!("un total de TVA dont currencyID est {code}", "a VAT total whose currencyID is {code}"))
}

fn tax_currency_has_total_cii(at: At<'_, '_>) -> Told {
    let root = at.view.root();
    let Some(first) = root.first(&TAX_CURRENCY) else { return Ok(()) };
    let has = at.any(&TAX_TOTAL, |total| {
        let Some(currency) = total.attribute("currencyID") else { return false };
        root.any(&TAX_CURRENCY, |tax| tax.text() == currency)
    });
    if !has {
        return Err(no_total_in(first));
    }
    let same = root.any(&TAX_CURRENCY, |tax| root.any(&CURRENCY, |currency| tax.text() == currency.text()));
    if !same {
        return Ok(());
    }
    Err(broken(msg!(
        "la devise de comptabilisation est celle de la facture",
        "the accounting currency is that of the invoice"
    ))
    .at(Some(first))
    .found(first.text())
    .expected(msg!("une autre devise, ou pas de TaxCurrencyCode", "another currency, or no TaxCurrencyCode")))
}

fn one_tax_point(at: At<'_, '_>) -> Told {
    match (at.first(&TAX_POINT), at.first(&TAX_POINT_CODE)) {
        (Some(_), Some(code)) => Err(both_tax_points(code)),
        _ => Ok(()),
    }
}

fn one_tax_point_cii(at: At<'_, '_>) -> Told {
    if super::vat::is_taken(at) {
        return Ok(());
    }
    let known = &TABLES.known;
    let first = |name| at.view.named(name).next();
    match (first(known.tax_point_date), first(known.due_date_code)) {
        (Some(_), Some(code)) => Err(both_tax_points(code)),
        _ => Ok(()),
    }
}

fn both_tax_points(code: At<'_, '_>) -> Box<super::Broken> {
    broken(msg!(
        "la date et le code d'exigibilité de la TVA sont donnés tous deux",
        "VAT point date and VAT point date code are both given"
    ))
    .at(Some(code))
    .expected(msg!("l'un ou l'autre", "one or the other"))
}

/// UBL writes a note's subject into its text: `#AAI#…`. What stands between the first two `#`, if it has three characters,
/// is part of the list written in one piece: the test looks for no word.
fn subject(at: At<'_, '_>) -> Told {
    let after = at.text().split_once('#').map_or("", |(_, rest)| rest);
    let Some((code, _)) = after.split_once('#') else { return Ok(()) };
    if code.chars().count() != 3 || super::codes::is_part_of(&super::lists::SUBJECTS_UBL, code) {
        return Ok(());
    }
    Err(super::codes::unknown("UNTDID 4451").at(Some(at)).found(code))
}
