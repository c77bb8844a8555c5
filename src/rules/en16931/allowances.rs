//! Allowances and charges, of the document and of its lines.
//!
//! CII's tests know an allowance by an indicator that is written `false` and a charge by `true`; UBL's also by `0` and `1`.

use super::bind::*;
use super::{Ask::*, Row, both};

#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    both("BR-31",    &ALLOWANCE,      Has(&[&AMOUNT])),
    both("BR-32",    &ALLOWANCE,      Has(&[&CHARGE_VAT])),
    both("BR-33",    &ALLOWANCE,      Has(&[&REASON, &REASON_CODE])),
    both("BR-36",    &CHARGE,         Has(&[&AMOUNT])),
    both("BR-37",    &CHARGE,         Has(&[&CHARGE_VAT])),
    both("BR-38",    &CHARGE,         Has(&[&REASON, &REASON_CODE])),
    both("BR-41",    &LINE_ALLOWANCE, Has(&[&AMOUNT])),
    both("BR-42",    &LINE_ALLOWANCE, Has(&[&REASON, &REASON_CODE])),
    both("BR-43",    &LINE_CHARGE,    Has(&[&AMOUNT])),
    both("BR-44",    &LINE_CHARGE,    Has(&[&REASON, &REASON_CODE])),
    both("BR-CO-05", &ALLOWANCE,      Nothing),                         // that code and text mean the same is for people to see
    both("BR-CO-06", &CHARGE,         Nothing),
    both("BR-CO-07", &LINE_ALLOWANCE, Nothing),
    both("BR-CO-08", &LINE_CHARGE,    Nothing),
    both("BR-CO-21", &ALLOWANCE,      Has(&[&REASON, &REASON_CODE])),
    both("BR-CO-22", &CHARGE,         Has(&[&REASON, &REASON_CODE])),
    both("BR-CO-23", &LINE_ALLOWANCE, Has(&[&REASON, &REASON_CODE])),
    both("BR-CO-24", &LINE_CHARGE,    Has(&[&REASON, &REASON_CODE])),
];
