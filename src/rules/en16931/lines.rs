//! Lines: identifier, quantity, price, item.

use super::bind::*;
use super::view::At;
use super::{Ask::*, Row, Told, both, broken, cii, double, each, missing, ubl};
use crate::msg;
use std::cmp::Ordering;

#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    // id               group            UBL                                              CII
    both("BR-21",       &LINE,           Says(&[&LINE_ID])),
    both("BR-22",       &LINE,           Has(&[&QUANTITY])),
    both("BR-23",       &LINE,           Has(&[&UNIT])),
    both("BR-24",       &LINE,           Has(&[&LINE_NET])),
    both("BR-25",       &LINE,           Says(&[&ITEM_NAME])),
    both("BR-26",       &LINE,           Has(&[&PRICE])),
    both("BR-27",       &LINE,           Check(net_price, &[&PRICE])),                                                        // without a price it is broken too
    both("BR-28",       &LINE,           Check(gross_price, &[&GROSS_PRICE])),
    each("BR-54",       &PROPERTY,       Check(property, &[&PROPERTY_NAME, &PROPERTY_VALUE]),                                 Check(property, &[&PROPERTY_NAME, &PROPERTY_VALUE])),
    ubl("BR-64",        &STANDARD_ID_AT, Has(&[&STANDARD_SCHEME])),                                                // UBL: an empty one will do
    cii("BR-64",        &STANDARD_ID_AT, Check(standard_scheme, &[&STANDARD_SCHEME])),
    ubl("BR-65",        &CLASS_AT,       Has(&[&CLASS_LIST])),
    cii("BR-65",        &CLASS_AT,       Check(class_list, &[&CLASS_LIST])),
    both("BR-CO-04",    &LINE,           Has(&[&LINE_VAT])),
];

/// The tests compare as doubles, and one price that is not negative is enough.
fn not_negative(at: At<'_, '_>, price: &Term) -> Told {
    let mut fault = None;
    let holds = at.any(price, |p| match double::value(p.text()) {
        Some(value) if !value.is_nan() => double::compare(p.text(), 0).is_some_and(Ordering::is_ge),
        _ => {
            fault = Some(super::Fault::NoNumber(p.node));
            true
        }
    });
    match (fault, holds) {
        (Some(fault), _) => Err(fault.into()),
        (None, true) => Ok(()),
        (None, false) => {
            let first = at.first(price);
            let found = first.map_or("", |p| p.text());
            Err(broken(msg!("ce prix est négatif", "this price is negative")).at(first).found(found).expected(msg!(
                "0 ou plus ; un retour se dit par la quantité",
                "0 or more; a return is said by the quantity"
            )))
        }
    }
}

fn net_price(at: At<'_, '_>) -> Told {
    if at.has(&PRICE) { not_negative(at, &PRICE) } else { Err(missing(at, &[&PRICE])) }
}

fn gross_price(at: At<'_, '_>) -> Told {
    if at.has(&GROSS_PRICE) { not_negative(at, &GROSS_PRICE) } else { Ok(()) }
}

fn property(at: At<'_, '_>) -> Told {
    for term in [&PROPERTY_NAME, &PROPERTY_VALUE] {
        if !at.has(term) {
            return Err(missing(at, &[term]));
        }
    }
    Ok(())
}

fn standard_scheme(at: At<'_, '_>) -> Told {
    let wanted = at.has(&STANDARD_ID);
    if !wanted || at.says(&STANDARD_SCHEME)? { Ok(()) } else { Err(missing(at, &[&STANDARD_SCHEME])) }
}

fn class_list(at: At<'_, '_>) -> Told {
    let wanted = at.has(&CLASS);
    if !wanted || at.says(&CLASS_LIST)? { Ok(()) } else { Err(missing(at, &[&CLASS_LIST])) }
}
