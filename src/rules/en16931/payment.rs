//! How the invoice is paid.

use super::bind::*;
use super::view::At;
use super::{Ask::*, Row, Told, both, broken, cii, missing, ubl};
use crate::msg;
use crate::xml::trim;

#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    both("BR-49", &PAYMENT,  Has(&[&MEANS])),
    both("BR-50", &TRANSFER, Says(&[&ACCOUNT, &ACCOUNT_OTHER])),
    both("BR-51", &CARD,     Check(short_card, &[&CARD_NUMBER])),                        // UBL: a warning
    ubl("BR-61",  &PAYMENT,  Check(transfer_has_account, &[&MEANS, &MEANS_ACCOUNT])),
    cii("BR-61",  &TRANSFER, Has(&[&ACCOUNT, &ACCOUNT_OTHER])),
];

/// Not the whole number of a card.
fn short_card(at: At<'_, '_>) -> Told {
    let text = at.string(&CARD_NUMBER)?;
    let length = text.split_ascii_whitespace().map(|word| word.chars().count() + 1).sum::<usize>().saturating_sub(1);
    if length <= 10 {
        return Ok(());
    }
    // What nobody should see is not told once more.
    Err(broken(msg!("ce numéro de carte a {length} caractères", "this card number has {length} characters"))
        .at(at.first(&CARD_NUMBER))
        .found("…")
        .expected(msg!("10 au plus : les 4 à 6 derniers chiffres", "10 at most: the last 4 to 6 digits")))
}

fn transfer_has_account(at: At<'_, '_>) -> Told {
    let means = trim(at.string(&MEANS)?);
    if !matches!(means, "30" | "58") || at.has(&MEANS_ACCOUNT) {
        return Ok(());
    }
    Err(missing(at, &[&MEANS_ACCOUNT]))
}
