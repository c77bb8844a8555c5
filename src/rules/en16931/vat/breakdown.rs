//! What the families ask of a VAT breakdown: its base (08), its tax (09), its exemption reason (10).

use super::super::bind::*;
use super::super::sums::{CATEGORIES, Parts, category};
use super::super::view::At;
use super::super::{Broken, Fault, Tell, Told, broken, double, missing};
use super::{
    K, L, M, O, PROFILES, Profile, S, Z, alone, category_of, compares, is_in_transaction, product, so, tax_due,
};
use super::{taker, wrong_tax};
use crate::msg;
use crate::piece::amount::round;
use crate::text::Msg;
use crate::xml::trim;
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// 08 to 10 of a breakdown.
pub(super) fn breakdown(at: At<'_, '_>, tell: &mut Tell<'_>) {
    if at.view.ubl {
        if let Some(number) = category_of(at) {
            of_category(at, tell, number);
        }
        return;
    }
    if let Some(number) = taker(at) {
        of_category(at, tell, number);
    }
    let meant = Pred::Vat.holds(at) && is_in_transaction(at);
    let mut numbers: Vec<usize> = Vec::new();
    at.each(&CATEGORY, |code| numbers.extend(category(code.text()).filter(|n| !matches!(*n, L | M | O))));
    numbers.into_iter().filter(|n| meant || matches!(*n, S | Z)).for_each(|number| of_category(at, tell, number));
}

fn of_category(at: At<'_, '_>, tell: &mut Tell<'_>, number: usize) {
    let profile = &PROFILES[number];
    // In UBL the category is an element of the breakdown, in CII it is the breakdown.
    let Some(of) = (if at.view.ubl { at.parent() } else { Some(at) }) else { return };
    tell.of(profile.ids[7], taxable(at, of, number));
    tell.of(profile.ids[8], tax(at, of, profile, number));
    let given = at.has(&EXEMPTION) || at.has(&EXEMPTION_CODE);
    if given != profile.reason {
        tell.of(profile.ids[9], Err(wrong_reason(at, profile)));
    }
    if at.view.ubl {
        return;
    }
    if number == K {
        let settlement = at.parent().unwrap_or(at);
        let (root, header) = (at.view.root(), &at.view.sums().header);
        let dated = header.delivered || settlement.has(&PERIODS_START) || settlement.has(&PERIODS_END);
        tell.of("BR-IC-11", so(Ok(dated), || missing(root, &[&DELIVERED, &PERIODS])));
        tell.of("BR-IC-12", so(Ok(header.delivery_country), || missing(root, &[&DELIVERY_COUNTRY])));
    }
    if number == O {
        let others = &at.view.sums().said.not_o;
        let (taxes, charges) = (others.line > 0, others.charge > 0);
        alone(at, tell, [taxes, taxes, charges, charges]);
    }
}

fn wrong_reason(at: At<'_, '_>, profile: &Profile) -> Box<Broken> {
    if profile.reason {
        return missing(at, &[&EXEMPTION, &EXEMPTION_CODE]);
    }
    let given = at.first(&EXEMPTION).or(at.first(&EXEMPTION_CODE));
    broken(msg!(
        "un motif d'exonération est donné, et la catégorie n'en a pas",
        "an exemption reason is given, and the category has none"
    ))
    .at(given)
    .found(given.map_or("", |g| g.text()))
    .expected(msg!("aucun motif", "no reason"))
}

/// Lines and charges less allowances, each sum in cents where CII rounds.
fn base(parts: &Parts, credit: bool, cents: bool, at: At<'_, '_>) -> Result<Decimal, Fault> {
    let lines = if credit { &parts.credit_lines } else { &parts.lines };
    let of = |sum: Result<Decimal, Fault>| sum.map(|sum| if cents { round(sum, 2) } else { sum });
    let (lines, charges, allowances) = (of(lines.sum)?, of(parts.charges.sum)?, of(parts.allowances.sum)?);
    let sum = lines.checked_add(charges).and_then(|sum| sum.checked_sub(allowances));
    sum.ok_or(Fault::TooLarge(at.node))
}

/// 08: the taxable amount.
fn taxable(at: At<'_, '_>, of: At<'_, '_>, number: usize) -> Told {
    if at.view.ubl { taxable_ubl(at, of, number) } else { taxable_cii(at, number) }
}

fn taxable_ubl(at: At<'_, '_>, of: At<'_, '_>, number: usize) -> Told {
    let (sums, known, none) = (at.view.sums(), &TABLES.known, Parts::default());
    let by_rate = PROFILES[number].by_rate;
    let rate = if by_rate { at.decimal(&RATE)? } else { Option::None };
    let parts = match rate {
        Some(rate) => {
            sums.fault(number)?;
            sums.at_rate(number, rate).unwrap_or(&none)
        }
        Option::None if by_rate => return Ok(()),
        Option::None => &sums.of[number],
    };
    let stated = of.one(&TAXABLE)?;
    let value = stated.map(|s| s.number()).transpose()?;
    // S is asked of lines of this category and rate; the others of any lines.
    let has = |name, own: usize| match (number, rate) {
        (S, Some(rate)) => own > 0 || sums.is_charged(S, rate),
        _ => at.view.named(name).next().is_some(),
    };
    let sides = [
        (false, has(known.invoice_line, parts.lines.elements)),
        (true, has(known.credit_line, parts.credit_lines.elements)),
    ];
    for (credit, has) in sides {
        let base = base(parts, credit, false, at)?;
        let near = match (stated, by_rate) {
            (Some(stated), true) => double::within_one_exactly(stated.text(), base).unwrap_or(false),
            _ => value == Some(base),
        };
        if has && near {
            return Ok(());
        }
    }
    let credit = at.view.named(known.credit_line).next().is_some();
    Err(wrong_base(of, base(parts, credit, false, at)?, parts, credit, rate))
}

fn taxable_cii(at: At<'_, '_>, number: usize) -> Told {
    let sums = at.view.sums();
    // The tests of L and M take the rate from where there is none, so they always hold.
    if matches!(number, L | M) {
        return Ok(());
    }
    if number != S {
        let parts = &sums.of[number];
        let base = base(parts, false, true, at)?;
        let holds = if number == O {
            any_equals(at, base)?
        } else {
            let stated = at.one(&TAXABLE)?;
            stated.map_or(Ok(false), |s| double::within_one(s.text(), base).ok_or(Fault::NoNumber(s.node)))?
        };
        return if holds { Ok(()) } else { Err(wrong_base(at, base, parts, false, Option::None)) };
    }
    let mut rates = Vec::new();
    at.try_each(&RATE, |rate| rate.number().map(|rate| rates.push(rate)))?;
    for rate in rates {
        sums.fault(number)?;
        let none = Parts::default();
        let parts = sums.at_rate(number, rate).unwrap_or(&none);
        let base = base(parts, false, true, at)?;
        if !any_equals(at, base)? {
            return Err(wrong_base(at, base, parts, false, Some(rate)));
        }
    }
    Ok(())
}

fn any_equals(at: At<'_, '_>, base: Decimal) -> Result<bool, Fault> {
    let mut fault = Option::None;
    let holds = at.any(&TAXABLE, |stated| match double::equals(stated.text(), base) {
        Some(same) => same,
        Option::None => {
            fault = Some(Fault::NoNumber(stated.node));
            true
        }
    });
    fault.map_or(Ok(holds), Err)
}

fn wrong_base(of: At<'_, '_>, base: Decimal, parts: &Parts, credit: bool, rate: Option<Decimal>) -> Box<Broken> {
    let lines = if credit { &parts.credit_lines } else { &parts.lines };
    let [lines, charges, allowances] = [lines, &parts.charges, &parts.allowances].map(|total| {
        let (sum, told) = (total.sum.unwrap_or_default().to_string(), total.told(of.view));
        if told.is_empty() || told == sum { sum } else { format!("{sum} ({told})") }
    });
    let at_rate = rate.map(|rate| format!(", {} %", rate.normalize())).unwrap_or_default();
    let expected = msg!(
        "{base} = lignes {lines} + majorations {charges} - remises {allowances}{at_rate}",
        "{base} = lines {lines} + charges {charges} - allowances {allowances}{at_rate}"
    );
    let Some(stated) = of.first(&TAXABLE) else { return missing(of, &[&TAXABLE]).expected(expected) };
    let found = crate::error::shown(trim(stated.text()));
    broken(msg!("BT-116 est {found}, le calcul donne {base}", "BT-116 is {found}, the calculation gives {base}"))
        .at(Some(stated))
        .found(stated.text())
        .expected(expected)
}

/// 09: the tax.
fn tax(at: At<'_, '_>, of: At<'_, '_>, profile: &Profile, number: usize) -> Told {
    if !profile.by_rate {
        let holds =
            if at.view.ubl { of.decimal(&TAX)? == Some(Decimal::ZERO) } else { compares(at, &TAX, Ordering::is_eq)? };
        if holds {
            return Ok(());
        }
        let Some(stated) = of.first(&TAX) else { return Err(missing(of, &[&TAX])) };
        let family = CATEGORIES[number];
        return Err(broken(msg!("la catégorie {family} n'a pas de TVA", "the category {family} has no VAT"))
            .at(Some(stated))
            .found(stated.text())
            .expected(Msg::same("0")));
    }
    // CII asks it of S alone, and rounds to the unit before it divides.
    if !at.view.ubl && number != S {
        return Ok(());
    }
    let (tax, base) = (of.decimal(&TAX)?, of.decimal(&TAXABLE)?);
    let rate = at.one(&RATE)?;
    let holds = match (tax, base, rate) {
        (Some(tax), Some(base), Some(rate)) if at.view.ubl => {
            (tax.abs() - tax_due(base, rate.number()?, at)?).abs() < Decimal::ONE
        }
        (Some(tax), Some(base), Some(rate)) => {
            double::tax_near(tax, base, rate.text()).ok_or(Fault::NoNumber(rate.node))?
        }
        _ => false,
    };
    if holds {
        return Ok(());
    }
    let (Some(base), Some(rate)) = (base, rate) else {
        let lacks = if base.is_none() { &TAXABLE } else { &BREAKDOWN_RATE };
        return Err(missing(of, &[lacks]));
    };
    let rate = rate.number()?;
    let due = tax_due(base, rate, at)?;
    Err(wrong_tax(of, tax, due, product(due, base, rate)))
}
