//! The rules of UBL itself.

use super::Form::{Check, Has, Just, Lacks, Most, Never};
use super::{Section, attribute_unwanted, boolean, fatal, one_of, told, unwanted, warn};
use crate::msg;
use crate::rules::en16931::bind::*;
use crate::rules::en16931::subset_ubl::ATTRIBUTES;
use crate::rules::en16931::view::{At, Name, View};
use crate::rules::en16931::{Broken, Told, broken};
use crate::text::Msg;
use crate::xml;
use std::sync::LazyLock;

#[rustfmt::skip]
pub static UBL: &[Section] = &[
    Section { at: "cac:PostalAddress, cac:Address", rows: &[
        fatal("UBL-SR-51",  Most(1, "cac:AddressLine")),
    ] },
    Section { at: "cac:AccountingSupplierParty/cac:Party", rows: &[
        fatal("UBL-SR-42",  Most(2, "cac:PartyTaxScheme")),
    ] },
    Section { at: "cac:AdditionalDocumentReference", rows: &[
        fatal("UBL-SR-33",  Most(1, "cbc:DocumentDescription")),
        fatal("UBL-SR-43",  Check(object_or_plain)),
    ] },
    Section { at: "*:*Amount", rows: &[
        fatal("UBL-DT-01",  Check(two_decimals)),
    ] },
    Section { at: "*:*BinaryObject", rows: &[
        fatal("UBL-DT-06",  Has("@mimeCode")),
        fatal("UBL-DT-07",  Has("@filename")),
    ] },
    Section { at: "cac:Delivery", rows: &[
        fatal("UBL-SR-25",  Most(1, "cac:DeliveryParty/cac:PartyName/cbc:Name")),
    ] },
    Section { at: "cac:AllowanceCharge[allowance]", rows: &[
        fatal("UBL-SR-30",  Most(1, "cbc:AllowanceChargeReason")),
    ] },
    Section { at: "cac:AllowanceCharge[charge]", rows: &[
        fatal("UBL-SR-31",  Most(1, "cbc:AllowanceChargeReason")),
    ] },
    Section { at: "cac:PartyTaxScheme", rows: &[
        fatal("UBL-SR-53",  Has("cac:TaxScheme/cbc:ID")),
        fatal("UBL-SR-53",  Has("cbc:CompanyID")),
    ] },
    Section { at: "/*", rows: &[
        warn("UBL-CR-002",  Check(version)),
        fatal("UBL-SR-01",  Most(1, "cac:ContractDocumentReference/cbc:ID")),
        fatal("UBL-SR-02",  Most(1, "cac:ReceiptDocumentReference/cbc:ID")),
        fatal("UBL-SR-03",  Most(1, "cac:DespatchDocumentReference/cbc:ID")),
        fatal("UBL-SR-04",  Most(1, "cac:AdditionalDocumentReference[cbc:DocumentTypeCode=130]/cbc:ID")),
        fatal("UBL-SR-05",  Most(1, "cac:PaymentTerms/cbc:Note")),
        fatal("UBL-SR-08",  Most(1, "cac:InvoicePeriod")),
        fatal("UBL-SR-09",  Most(1, "cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName")),
        fatal("UBL-SR-10",  Most(1, "cac:AccountingSupplierParty/cac:Party/cac:PartyName/cbc:Name")),
        fatal("UBL-SR-11",  Most(1, "cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID")),
        fatal("UBL-SR-12",  Check(seller_vat_once)),
        fatal("UBL-SR-13",  Check(seller_tax_once)),
        fatal("UBL-SR-14",  Most(1, "cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyLegalForm")),
        fatal("UBL-SR-15",  Most(1, "cac:AccountingCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName")),
        fatal("UBL-SR-16",  Most(1, "cac:AccountingCustomerParty/cac:Party/cac:PartyIdentification/cbc:ID")),
        fatal("UBL-SR-17",  Most(1, "cac:AccountingCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID")),
        fatal("UBL-SR-18",  Check(buyer_vat_once)),
        fatal("UBL-SR-24",  Most(1, "cac:Delivery")),
        fatal("UBL-SR-29",  Check(creditor_once)),
        fatal("UBL-SR-39",  Most(1, "cac:ProjectReference/cbc:ID")),
        fatal("UBL-SR-40",  Most(1, "cac:AccountingCustomerParty/cac:Party/cac:PartyName/cbc:Name")),
        fatal("UBL-SR-44",  Check(one_payment_id)),
        fatal("UBL-SR-45",  Most(1, "cac:PaymentMeans/cbc:PaymentDueDate")),
        fatal("UBL-SR-46",  Most(1, "cac:PaymentMeans/cbc:PaymentMeansCode/@name")),
        fatal("UBL-SR-47",  Check(one_means)),
        fatal("UBL-SR-49",  Most(1, "cac:InvoicePeriod/cbc:DescriptionCode")),
        fatal("UBL-SR-54",  Most(1, "cac:PaymentMeans/cac:CardAccount")),
        fatal("UBL-SR-55",  Most(1, "cac:PaymentMeans/cac:PaymentMandate")),
        fatal("UBL-SR-56",  Most(1, "cac:OriginatorDocumentReference/cbc:ID")),
    ] },
    Section { at: "cac:InvoiceLine, cac:CreditNoteLine", rows: &[
        fatal("UBL-SR-34",  Most(1, "cbc:Note")),
        fatal("UBL-SR-35",  Most(1, "cac:OrderLineReference/cbc:LineID")),
        fatal("UBL-SR-36",  Most(1, "cac:InvoicePeriod")),
        fatal("UBL-SR-37",  Most(1, "cac:Price/cac:AllowanceCharge/cbc:Amount")),
        fatal("UBL-SR-48",  Just("cac:Item/cac:ClassifiedTaxCategory")),
        fatal("UBL-SR-50",  Most(1, "cac:Item/cbc:Description")),
        fatal("UBL-SR-52",  Most(1, "cac:DocumentReference")),
    ] },
    Section { at: "cac:PayeeParty", rows: &[
        fatal("UBL-SR-19",  Check(payee_name)),
        fatal("UBL-SR-20",  Check(payee_id)),
        fatal("UBL-SR-21",  Check(payee_legal)),
    ] },
    Section { at: "cac:PaymentMeans", rows: &[
        fatal("UBL-SR-26",  Most(1, "cbc:PaymentID")),
        fatal("UBL-SR-27",  Most(1, "cbc:PaymentMeansCode")),
        fatal("UBL-SR-28",  Most(1, "cac:PaymentMandate/cbc:ID")),
    ] },
    Section { at: "cac:BillingReference", rows: &[
        fatal("UBL-SR-06",  Most(1, "cac:InvoiceDocumentReference")),
        fatal("UBL-SR-07",  Has("cac:InvoiceDocumentReference/cbc:ID")),
    ] },
    Section { at: "cac:TaxRepresentativeParty", rows: &[
        fatal("UBL-SR-22",  Most(1, "cac:PartyName/cbc:Name")),
        fatal("UBL-SR-23",  Most(1, "cac:PartyTaxScheme/cbc:CompanyID")),
    ] },
    Section { at: "cac:TaxSubtotal", rows: &[
        fatal("UBL-SR-32",  Most(1, "cac:TaxCategory/cbc:TaxExemptionReason")),
    ] },
    Section { at: "cac:AdditionalDocumentReference[cbc:DocumentTypeCode=130]", rows: &[
        fatal("UBL-CR-666", Lacks("cac:Attachment")),
        fatal("UBL-CR-673", Lacks("cbc:DocumentDescription")),
    ] },
    Section { at: "cac:AdditionalDocumentReference/cbc:ID", rows: &[
        warn("UBL-CR-665",  Check(scheme_of_no_object)),
    ] },
    Section { at: "/*/cac:PaymentMeans/cbc:PaymentDueDate", rows: &[
        warn("UBL-CR-412",  Check(due_date_of_credit_note)),
    ] },
    Section { at: "cac:AllowanceCharge/cbc:ChargeIndicator", rows: &[
        fatal("EN-01",      Check(boolean)), // ours: the official stylesheet ends there
    ] },
    Section { at: "/*", rows: &[
        fatal("EN-02",      Never), // ours: what bounds the cost of all others
        warn("UBL-DT-18",   Never), // found with the other attributes
    ] },
];

/// An object's identifier (130, or 50 of a credit note) may have a scheme and a type; another reference has neither.
fn object_or_plain(at: At<'_, '_>) -> Told {
    let kind = |code: &str| at.any(&REFERENCE_TYPE, |c| c.text() == code);
    let is_credit = at.view.doc.local(at.view.doc.root()) == "CreditNote";
    let plain = !at.has(&REFERENCE_SCHEME) && !at.has(&REFERENCE_TYPE);
    told(plain || kind("130") || is_credit && kind("50"), || {
        broken(msg!(
            "ce type de référence n'est pas de ceux d'EN 16931",
            "this type of reference is none of EN 16931's"
        ))
        .at(at.first(&REFERENCE_TYPE))
        .found(at.first(&REFERENCE_TYPE).map_or("", |c| c.text()))
        .expected(msg!(
            "130 (objet facturé), ou ni type ni schemeID",
            "130 (invoiced object), or neither type nor schemeID"
        ))
    })
}

/// Prices, and the allowances of a price, may have more.
fn two_decimals(at: At<'_, '_>) -> Told {
    let known = &TABLES.known;
    let of_price = at.view.doc.local(at.node).ends_with("PriceAmount") || {
        let around = std::iter::successors(at.parent(), |at| at.parent());
        around
            .into_iter()
            .any(|a| a.name() == known.allowance_charge && a.parent().is_some_and(|p| p.name() == known.price))
    };
    if of_price { Ok(()) } else { crate::rules::en16931::decimals::two(Some(at), &OWN) }
}

fn version(at: At<'_, '_>) -> Told {
    let Some(first) = at.first(&UBL_VERSION) else { return Ok(()) };
    told(at.any(&UBL_VERSION, |v| v.text() == "2.1"), || {
        broken(msg!("cette version d'UBL n'est pas 2.1", "this version of UBL is not 2.1"))
            .at(Some(first))
            .found(first.text())
            .expected(Msg::same("2.1"))
    })
}

/// A scheme is an invoiced object's (130).
fn scheme_of_no_object(at: At<'_, '_>) -> Told {
    let object = at.parent().is_none_or(|p| p.has(&REFERENCE_TYPE) && !p.any(&REFERENCE_TYPE, |c| c.text() != "130"));
    if object { Ok(()) } else { attribute_unwanted(at, "schemeID") }
}

fn due_date_of_credit_note(at: At<'_, '_>) -> Told {
    if at.view.doc.local(at.view.doc.root()) == "CreditNote" {
        return Ok(());
    }
    unwanted(Some(at), || msg!("la date d'échéance de la facture (DueDate)", "the invoice's due date (DueDate)"))
}

fn schemes_once(at: At<'_, '_>, schemes: &Term, vat: bool) -> Told {
    let (mut count, mut second) = (0, None);
    at.each(schemes, |scheme| {
        let (mut is_vat, mut is_other) = (false, false);
        scheme.each(&TAX_SCHEME, |s| {
            // Without an identifier it is another scheme.
            let mut ids = 0;
            s.each(&SCHEME_ID, |id| {
                ids += 1;
                if id.text().eq_ignore_ascii_case("VAT") { is_vat = true } else { is_other = true }
            });
            is_other |= ids == 0;
        });
        if if vat { is_vat } else { is_other } {
            scheme.each(&SCHEME_COMPANY, |id| {
                count += 1;
                second = if count == 2 { Some(id) } else { second };
            });
        }
    });
    told(count <= 1, || {
        broken(msg!("il y en a trop", "there are too many"))
            .at(second)
            .found(count.to_string())
            .expected(msg!("1 au plus", "1 at most"))
    })
}

fn seller_vat_once(at: At<'_, '_>) -> Told {
    schemes_once(at, &SELLER_SCHEMES, true)
}

fn seller_tax_once(at: At<'_, '_>) -> Told {
    schemes_once(at, &SELLER_SCHEMES, false)
}

fn buyer_vat_once(at: At<'_, '_>) -> Told {
    schemes_once(at, &BUYER_SCHEMES, true)
}

fn creditor_once(at: At<'_, '_>) -> Told {
    let (mut count, mut second) = (0, None);
    for party in at.view.named(TABLES.known.identification) {
        party.each(&SCHEME_ID, |id| {
            if id.attribute("schemeID").is_some_and(|s| s.eq_ignore_ascii_case("SEPA")) {
                count += 1;
                second = if count == 2 { Some(id) } else { second };
            }
        });
    }
    told(count <= 1, || {
        broken(msg!("il y a deux identifiants de créancier", "there are two creditor identifiers"))
            .at(second)
            .found(count.to_string())
    })
}

fn one_payment_id(at: At<'_, '_>) -> Told {
    let all: Vec<At<'_, '_>> = at.view.named(TABLES.known.payment_id).collect();
    one_of(&all, |a, b| a == b)
}

fn one_means(at: At<'_, '_>) -> Told {
    let all: Vec<At<'_, '_>> = at.view.named(TABLES.known.means_code).collect();
    one_of(&all, |a, b| a == b)
}

/// The payee has another name than the seller; the tests ask it beside each of the three counts.
fn other_name(at: At<'_, '_>) -> Told {
    let differs = at.parent().is_some_and(|around| {
        around
            .any(&SUPPLIER, |seller| seller.any(&REGISTERED, |theirs| at.any(&NAME, |own| own.text() != theirs.text())))
    });
    told(differs, || {
        broken(msg!(
            "le bénéficiaire n'a pas un autre nom que le vendeur",
            "the payee has no other name than the seller"
        ))
        .at(at.first(&NAME))
    })
}

fn once(at: At<'_, '_>, term: &Term, counts: impl Fn(At<'_, '_>) -> bool) -> Told {
    let (mut count, mut second) = (0, None);
    at.each(term, |one| {
        if counts(one) {
            count += 1;
            second = if count == 2 { Some(one) } else { second };
        }
    });
    told(count <= 1, || {
        broken(msg!("il y en a trop", "there are too many"))
            .at(second)
            .found(count.to_string())
            .expected(msg!("1 au plus", "1 at most"))
    })
}

fn payee_name(at: At<'_, '_>) -> Told {
    once(at, &NAME, |_| true).and_then(|()| other_name(at))
}

fn payee_id(at: At<'_, '_>) -> Told {
    let other = |id: At<'_, '_>| id.attribute("schemeID").is_none_or(|s| !s.eq_ignore_ascii_case("SEPA"));
    once(at, &PAYEE_ID, other).and_then(|()| other_name(at))
}

fn payee_legal(at: At<'_, '_>) -> Told {
    once(at, &PAYEE_COMPANY, |_| true).and_then(|()| other_name(at))
}

/// Attributes that no element of UBL should have: rule, name, and the name's number.
static UNWANTED: LazyLock<Vec<(&str, &str, Name)>> = LazyLock::new(|| {
    let all = ATTRIBUTES.iter().copied().chain([("UBL-DT-18", "name")]);
    all.map(|(id, name)| (id, name, xml::number("", name))).collect()
});

/// Tells of them. Most documents have none of these names, and then nothing is looked at.
pub fn attributes(view: &View<'_>, tell: &mut dyn FnMut(&'static str, At<'_, '_>, Box<Broken>)) {
    let there: Vec<_> = UNWANTED.iter().filter(|(.., number)| view.doc.has_attribute(*number)).collect();
    if there.is_empty() {
        return;
    }
    for at in view.doc.nodes().map(|node| view.root().to(node)) {
        for (id, name, _) in &there {
            let allowed = *name == "name" && at.name() == TABLES.known.means_code;
            if !allowed && at.attribute(name).is_some() {
                let message = msg!(
                    "l'attribut {name} n'est pas du sous-ensemble d'EN 16931",
                    "the attribute {name} is not in the subset of EN 16931"
                );
                tell(id, at, broken(message).attribute(name));
            }
        }
    }
}
