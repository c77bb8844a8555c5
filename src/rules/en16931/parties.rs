//! Seller, buyer, payee, tax representative, place of delivery.

use super::bind::*;
use super::view::At;
use super::{Ask::*, Broken, Row, Told, both, broken, cii, each, lists, missing, ubl};
use crate::msg;
use crate::text::Msg;

#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    // id               group               UBL                                                       CII
    both("BR-06",       &DOCUMENT,          Says(&[&SELLER_NAME])),
    both("BR-07",       &DOCUMENT,          Says(&[&BUYER_NAME])),
    both("BR-08",       &DOCUMENT,          Has(&[&SELLER_ADDRESS])),
    both("BR-09",       &SELLER_ADDRESS_AT, Says(&[&SELLER_COUNTRY])),                                                    // CII: asked of the document, with or without an address
    both("BR-10",       &DOCUMENT,          Has(&[&BUYER_ADDRESS])),
    both("BR-11",       &BUYER_ADDRESS_AT,  Says(&[&BUYER_COUNTRY])),
    each("BR-17",       &PAYEE,             Check(payee, &[&NAME, &PAYEE_ID]),                                             Check(payee, &[&NAME, &PAYEE_ID])),
    both("BR-18",       &REPRESENTATIVE,    Says(&[&REPRESENTATIVE_NAME])),
    both("BR-19",       &REPRESENTATIVE,    Has(&[&REPRESENTATIVE_ADDRESS])),
    both("BR-20",       &REPRESENTATIVE_AT, Says(&[&REPRESENTATIVE_COUNTRY])),                                            // CII: asked of the representative, with or without an address
    each("BR-56",       &REPRESENTATIVE,    Has(&[&REPRESENTATIVE_VAT]),                              Says(&[&REPRESENTATIVE_VAT])),
    each("BR-57",       &DELIVERY,          Has(&[&COUNTRY]),                                         Check(delivery_country, &[&COUNTRY])),
    ubl("BR-62",        &SELLER_ENDPOINT,   Has(&[&OWN_SCHEME])),                                                         // UBL: an empty one will do
    cii("BR-62",        &SELLER_ENDPOINT,   Check(seller_scheme, &[&SELLER_URI])),                                                        // CII: of the first address
    ubl("BR-63",        &BUYER_ENDPOINT,    Has(&[&OWN_SCHEME])),
    cii("BR-63",        &BUYER_ENDPOINT,    Check(buyer_scheme, &[&BUYER_URI])),
    each("BR-CO-26",    &SELLER,            Check(identified, &[&PARTY_IDS, &PARTY_LEGAL_ID, &PARTY_VAT]),                                        Has(&[&PARTY_IDS, &PARTY_GLOBAL_IDS, &PARTY_LEGAL_ID, &PARTY_VAT])),
    each("BR-CO-09",    &VAT_ID_AT,         Check(prefix_ubl, &[&VAT_ID]),                                        Check(prefix_cii, &[&VAT_ID])),
];

/// A payee is another than the seller: by its name and by its identifiers, which the tests compare as texts.
fn payee(at: At<'_, '_>) -> Told {
    let Some(name) = at.first(&NAME) else { return Err(missing(at, &[&NAME])) };
    // In UBL the seller stands beside the payee, in CII beside what the payee stands in.
    let around = if at.view.ubl { at.parent() } else { at.parent().and_then(|p| p.parent()) };
    let Some(around) = around else { return Ok(()) };
    for (own, theirs) in [(&NAME, &PARTY_NAMES), (&PAYEE_ID, &PARTY_IDS), (&PAYEE_LEGAL_ID, &PARTY_LEGAL_ID)] {
        let same = |seller: At<'_, '_>| seller.any(theirs, |its| at.any(own, |mine| mine.text() == its.text()));
        if around.any(&SUPPLIER, same) {
            let at = at.first(own).unwrap_or(name);
            return Err(broken(msg!("le bénéficiaire est le vendeur", "the payee is the seller"))
                .at(Some(at))
                .found(at.text())
                .expected(msg!(
                    "un autre que le vendeur, ou pas de bénéficiaire",
                    "another than the seller, or no payee"
                )));
        }
    }
    Ok(())
}

fn delivery_country(at: At<'_, '_>) -> Told {
    if !at.has(&DELIVERY_ADDRESS) || at.says(&COUNTRY)? { Ok(()) } else { Err(missing(at, &[&COUNTRY])) }
}

fn seller_scheme(at: At<'_, '_>) -> Told {
    uri_scheme(at, &SELLER_URI)
}

fn buyer_scheme(at: At<'_, '_>) -> Told {
    uri_scheme(at, &BUYER_URI)
}

fn uri_scheme(at: At<'_, '_>, uri: &Term) -> Told {
    let Some(first) = at.first(uri) else { return Ok(()) };
    if first.says(&URI_SCHEME)? { Ok(()) } else { Err(missing(first, &[&URI_SCHEME])) }
}

/// UBL: an identifier that is a creditor's for SEPA identifies nobody.
fn identified(at: At<'_, '_>) -> Told {
    let own = at.any(&PARTY_IDS, |id| id.attribute("schemeID") != Some("SEPA"));
    if own || at.has(&PARTY_VAT) || at.has(&PARTY_LEGAL_ID) {
        return Ok(());
    }
    Err(missing(at, &[&PARTY_IDS, &PARTY_LEGAL_ID, &PARTY_VAT]))
}

/// UBL: the first two characters are part of the list written in one piece, so none and a single letter will do.
fn prefix_ubl(at: At<'_, '_>) -> Told {
    let id = at.string(&VAT_ID)?;
    let prefix: String = id.chars().take(2).collect();
    if super::codes::is_part_of(&lists::VAT_PREFIXES_UBL, &prefix) { Ok(()) } else { Err(no_prefix(at.first(&VAT_ID))) }
}

fn prefix_cii(at: At<'_, '_>) -> Told {
    let prefix: String = at.text().chars().take(2).collect();
    if lists::VAT_PREFIXES_CII.has(&prefix) { Ok(()) } else { Err(no_prefix(Some(at))) }
}

fn no_prefix(at: Option<At<'_, '_>>) -> Box<Broken> {
    let found = at.map_or("", |at| at.text());
    broken(msg!(
        "cet identifiant de TVA ne commence pas par un code de pays",
        "this VAT identifier does not begin with a country code"
    ))
    .at(at)
    .found(found)
    .expected(Msg::new("FR…, DE…, EL… (ISO 3166-1 alpha-2)", "FR…, DE…, EL… (ISO 3166-1 alpha-2)"))
}
