//! The rules of CII itself.

use super::Form::{Check, Has, If, Just, Lacks, LacksUnless, Most, Never, NotBoth};
use super::{Section, attribute_unwanted, boolean, child, fatal, one_of, told, unwanted, warn};
use crate::msg;
use crate::rules::en16931::bind::*;
use crate::rules::en16931::view::{At, Name};
use crate::rules::en16931::{Told, broken};
use crate::text::Msg;
use crate::xml::trim;

#[rustfmt::skip]
pub static CII: &[Section] = &[
    Section { at: "/*/rsm:ExchangedDocumentContext", rows: &[
        warn("CII-SR-003",  Most(1, "ram:BusinessProcessSpecifiedDocumentContextParameter")),
        fatal("CII-SR-009", Just("ram:GuidelineSpecifiedDocumentContextParameter")),
        fatal("CII-SR-010", Just("ram:GuidelineSpecifiedDocumentContextParameter/ram:ID")),
    ] },
    Section { at: "/*/rsm:ExchangedDocument", rows: &[
        fatal("CII-SR-014", Just("ram:TypeCode")),
    ] },
    Section { at: "/*/rsm:ExchangedDocument/ram:IncludedNote", rows: &[
        warn("CII-SR-030",  Most(1, "ram:Content")),
    ] },
    Section { at: "/*/rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem/ram:AssociatedDocumentLineDocument", rows: &[
        warn("CII-SR-039",  Most(1, "ram:IncludedNote")),
        warn("CII-SR-040",  Most(1, "ram:IncludedNote/ram:Content")),
    ] },
    Section { at: "/*/rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem/ram:SpecifiedTradeProduct", rows: &[
        fatal("CII-SR-046", If("ram:GlobalID", &Has("ram:GlobalID/@schemeID"))),
        fatal("CII-SR-090", If("ram:OriginTradeCountry", &Just("ram:OriginTradeCountry/ram:ID"))),
    ] },
    Section { at: "/*/rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem/ram:SpecifiedTradeProduct/ram:ApplicableProductCharacteristic", rows: &[
        fatal("CII-SR-069", Just("ram:Description")),
        fatal("CII-SR-072", Just("ram:Value")),
    ] },
    Section { at: "/*/rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem/ram:SpecifiedLineTradeAgreement", rows: &[
        fatal("CII-SR-439", Just("ram:NetPriceProductTradePrice/ram:ChargeAmount")),
        warn("CII-SR-119",  Check(discount)),
        fatal("CII-SR-441", Most(1, "ram:NetPriceProductTradePrice/ram:ChargeAmount")),
    ] },
    Section { at: "ram:SpecifiedTradeAllowanceCharge", rows: &[
        fatal("CII-SR-463", Has("ram:ChargeIndicator")),
        fatal("CII-SR-471", Most(1, "ram:RateApplicablePercent")),
        fatal("CII-SR-472", Most(1, "ram:CategoryTradeTax")),
        fatal("CII-SR-473", Most(1, "ram:ActualAmount")),
    ] },
    Section { at: "ram:GrossPriceProductTradePrice/ram:AppliedTradeAllowanceCharge", rows: &[
        fatal("CII-SR-440", Most(1, "ram:ActualAmount")),
    ] },
    Section { at: "/*/rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem/ram:SpecifiedLineTradeSettlement", rows: &[
        warn("CII-SR-454",  Just("ram:ApplicableTradeTax")),
        warn("CII-SR-474",  Most(1, "ram:AdditionalReferencedDocument[ram:TypeCode~130]")),
    ] },
    Section { at: "/*/rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement", rows: &[
        warn("CII-SR-450",  NotBoth("ram:BuyerTradeParty/ram:ID", "ram:BuyerTradeParty/ram:GlobalID")),
        fatal("CII-SR-455", Most(1, "ram:SellerTradeParty/ram:DefinedTradeContact")),
        fatal("CII-SR-456", Most(1, "ram:BuyerTradeParty/ram:DefinedTradeContact")),
        warn("CII-SR-457",  Most(1, "ram:AdditionalReferencedDocument[ram:TypeCode=50]")),
        warn("CII-SR-458",  Most(1, "ram:AdditionalReferencedDocument[ram:TypeCode=130]")),
        fatal("CII-SR-459", Most(1, "ram:SellerTradeParty/ram:URIUniversalCommunication")),
        fatal("CII-SR-460", Most(1, "ram:BuyerTradeParty/ram:URIUniversalCommunication")),
        warn("CII-SR-465",  NotBoth("ram:SellerTradeParty/ram:DefinedTradeContact/ram:PersonName", "ram:SellerTradeParty/ram:DefinedTradeContact/ram:DepartmentName")),
        warn("CII-SR-466",  NotBoth("ram:BuyerTradeParty/ram:DefinedTradeContact/ram:PersonName", "ram:BuyerTradeParty/ram:DefinedTradeContact/ram:DepartmentName")),
        warn("CII-SR-475",  Most(1, "ram:AdditionalReferencedDocument[ram:TypeCode~916]/ram:Name")),
        warn("CII-SR-476",  Most(1, "ram:AdditionalReferencedDocument[ram:TypeCode~916]/ram:AttachmentBinaryObject")),
    ] },
    Section { at: "/*/rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeDelivery", rows: &[
        warn("CII-SR-449",  NotBoth("ram:ShipToTradeParty/ram:ID", "ram:ShipToTradeParty/ram:GlobalID")),
    ] },
    Section { at: "/*/rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement", rows: &[
        warn("CII-SR-451",  NotBoth("ram:PayeeTradeParty/ram:ID", "ram:PayeeTradeParty/ram:GlobalID")),
        warn("CII-SR-452",  Most(1, "ram:SpecifiedTradePaymentTerms")),
        warn("CII-SR-453",  Most(1, "ram:SpecifiedTradePaymentTerms/ram:Description")),
        fatal("CII-SR-461", Most(1, "ram:ApplicableTradeTax/ram:TaxPointDate")),
        fatal("CII-SR-462", Check(one_due_code)),
        fatal("CII-SR-470", Check(transfers_have_accounts)),
    ] },
    Section { at: "/*/rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:SpecifiedTradeSettlementHeaderMonetarySummation", rows: &[
        fatal("CII-SR-477", Most(1, "ram:LineTotalAmount")),
        fatal("CII-SR-478", Most(1, "ram:ChargeTotalAmount")),
        fatal("CII-SR-479", Most(1, "ram:AllowanceTotalAmount")),
        fatal("CII-SR-480", Most(1, "ram:TaxBasisTotalAmount")),
        fatal("CII-SR-481", Most(1, "ram:RoundingAmount")),
        fatal("CII-SR-482", Most(1, "ram:GrandTotalAmount")),
        fatal("CII-SR-483", Most(1, "ram:InformationAmount")),
        fatal("CII-SR-484", Most(1, "ram:TotalPrepaidAmount")),
        fatal("CII-SR-485", Most(1, "ram:TotalDiscountAmount")),
        fatal("CII-SR-486", Most(1, "ram:TotalAllowanceChargeAmount")),
        fatal("CII-SR-487", Most(1, "ram:DuePayableAmount")),
        fatal("CII-SR-488", Most(1, "ram:RetailValueExcludingTaxInformationAmount")),
        fatal("CII-SR-489", Most(1, "ram:TotalDepositFeeInformationAmount")),
        fatal("CII-SR-490", Most(1, "ram:ProductValueExcludingTobaccoTaxInformationAmount")),
        fatal("CII-SR-491", Most(1, "ram:TotalRetailValueInformationAmount")),
        fatal("CII-SR-492", Most(1, "ram:GrossLineTotalAmount")),
        fatal("CII-SR-493", Most(1, "ram:NetLineTotalAmount")),
        fatal("CII-SR-494", Most(1, "ram:NetIncludingTaxesLineTotalAmount")),
    ] },
    Section { at: "/*", rows: &[
        fatal("CII-DT-013", Lacks("@languageID")),
        fatal("CII-DT-014", Lacks("@languageLocaleID")),
        fatal("CII-SR-467", Check(one_means_cii)),
        fatal("CII-SR-468", Check(one_means_text)),
        fatal("CII-SR-469", Check(one_reference)),
    ] },
    Section { at: "/*/rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID, /*/rsm:ExchangedDocument/ram:ID, /*/rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem/ram:AssociatedDocumentLineDocument/ram:LineID, /*/rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem/ram:SpecifiedTradeProduct/ram:SellerAssignedID", rows: &[
        fatal("CII-DT-001", Lacks("@schemeName")),
        fatal("CII-DT-002", Lacks("@schemeAgencyName")),
        fatal("CII-DT-003", Lacks("@schemeDataURI")),
        fatal("CII-DT-004", Lacks("@schemeURI")),
        fatal("CII-DT-005", Lacks("@schemeID")),
        fatal("CII-DT-006", Lacks("@schemeAgencyID")),
        fatal("CII-DT-007", Lacks("@schemeVersionID")),
    ] },
    Section { at: "ram:*ID", rows: &[
        fatal("CII-DT-101", LacksUnless("@schemeName", is_plain)),
        fatal("CII-DT-102", LacksUnless("@schemeAgencyName", is_plain)),
        fatal("CII-DT-103", LacksUnless("@schemeDataURI", is_plain)),
        fatal("CII-DT-104", LacksUnless("@schemeURI", is_plain)),
    ] },
    Section { at: "ram:TypeCode", rows: &[
        fatal("CII-DT-008", Lacks("@name")),
        fatal("CII-DT-009", Lacks("@listURI")),
    ] },
    Section { at: "/*/rsm:ExchangedDocument/ram:TypeCode", rows: &[
        fatal("CII-DT-010", Never),
        fatal("CII-DT-011", Never),
        fatal("CII-DT-012", Never),
    ] },
    Section { at: "ram:*ReferencedDocument", rows: &[
        fatal("CII-DT-015", Check(uri_of_attachment)),
        fatal("CII-DT-016", Lacks("ram:StatusCode")),
        fatal("CII-DT-017", Lacks("ram:CopyIndicator")),
        fatal("CII-DT-018", Check(type_of_reference)),
        fatal("CII-DT-019", Lacks("ram:GlobalID")),
        fatal("CII-DT-020", Lacks("ram:RevisionID")),
        fatal("CII-DT-021", Check(name_of_attachment)),
        fatal("CII-DT-022", Check(file_of_attachment)),
        fatal("CII-DT-023", Lacks("ram:Information")),
        fatal("CII-DT-024", Check(scheme_of_object)),
        fatal("CII-DT-025", Lacks("ram:SectionName")),
        fatal("CII-DT-026", Lacks("ram:PreviousRevisionID")),
        fatal("CII-DT-027", Check(day_of_preceding)),
        fatal("CII-DT-028", Lacks("ram:EffectiveSpecifiedPeriod")),
        fatal("CII-DT-029", Lacks("ram:IssuerTradeParty")),
        fatal("CII-DT-030", Lacks("ram:AttachedSpecifiedBinaryFile")),
    ] },
    Section { at: "ram:*Amount", rows: &[
        fatal("CII-DT-031", LacksUnless("@currencyID", is_vat_total)),
        fatal("CII-DT-032", LacksUnless("@currencyCodeListVersionID", is_vat_total)),
    ] },
    Section { at: "ram:*Quantity", rows: &[
        fatal("CII-DT-033", Check(unit)),
        fatal("CII-DT-034", Lacks("@unitCodeListID")),
        fatal("CII-DT-035", Lacks("@unitCodeListAgencyID")),
        fatal("CII-DT-036", Lacks("@unitCodeListAgencyName")),
    ] },
    Section { at: "ram:*TradeTax", rows: &[
        fatal("CII-DT-037", Check(tax_type)),
        warn("CII-DT-041",  Check(header_only_base)),
        warn("CII-DT-052",  Check(reason_code)),
        warn("CII-DT-098",  Check(reason_text)),
        warn("CII-DT-054",  Check(header_only_point)),
        warn("CII-DT-058",  Check(header_only_code)),
    ] },
    Section { at: "ram:BillingSpecifiedPeriod", rows: &[
        fatal("CII-DT-068", Lacks("ram:StartDateTime/udt:DateTime")),
        fatal("CII-DT-069", Lacks("ram:DurationMeasure")),
        fatal("CII-DT-070", Lacks("ram:InclusiveIndicator")),
        fatal("CII-DT-071", Lacks("ram:Description")),
        fatal("CII-DT-072", Lacks("ram:EndDateTime/udt:DateTime")),
        fatal("CII-DT-073", Lacks("ram:CompleteDateTime")),
        fatal("CII-DT-074", Lacks("ram:OpenIndicator")),
        fatal("CII-DT-075", Lacks("ram:SeasonCode")),
        fatal("CII-DT-076", Lacks("ram:ID")),
        fatal("CII-DT-077", Lacks("ram:Name")),
        fatal("CII-DT-078", Lacks("ram:SequenceNumeric")),
        fatal("CII-DT-079", Lacks("ram:StartDateFlexibilityCode")),
        fatal("CII-DT-080", Lacks("ram:ContinuousIndicator")),
        fatal("CII-DT-081", Lacks("ram:PurposeCode")),
    ] },
    Section { at: "ram:PostalTradeAddress", rows: &[
        fatal("CII-DT-082", Lacks("ram:ID")),
        fatal("CII-DT-083", Lacks("ram:PostOfficeBox")),
        fatal("CII-DT-084", Lacks("ram:BuildingName")),
        fatal("CII-DT-086", Lacks("ram:LineFour")),
        fatal("CII-DT-087", Lacks("ram:LineFive")),
        fatal("CII-DT-088", Lacks("ram:StreetName")),
        fatal("CII-DT-089", Lacks("ram:CitySubDivisionName")),
        fatal("CII-DT-090", Lacks("ram:CountryName")),
        fatal("CII-DT-091", Lacks("ram:CountrySubDivisionID")),
        fatal("CII-DT-092", Lacks("ram:AttentionOf")),
        fatal("CII-DT-093", Lacks("ram:CareOf")),
        fatal("CII-DT-094", Lacks("ram:BuildingNumber")),
        fatal("CII-DT-095", Lacks("ram:DepartmentName")),
        fatal("CII-DT-096", Lacks("ram:AdditionalStreetName")),
    ] },
    Section { at: "udt:DateTimeString[@format=102]", rows: &[
        fatal("CII-DT-097", Check(day)),
    ] },
    Section { at: "/*", rows: &[
        fatal("EN-02",      Never), // ours: what bounds the cost of all others
    ] },
    Section { at: "ram:ApplicableHeaderTradeSettlement/ram:SpecifiedTradeAllowanceCharge/ram:ChargeIndicator/udt:Indicator", rows: &[
        fatal("EN-01",      Check(boolean)), // ours: the official stylesheet ends there
    ] },
];

fn discount(at: At<'_, '_>) -> Told {
    let (any, amount) = (at.has(&DISCOUNT_INDICATOR), at.has(&DISCOUNT));
    let is_discount = at.any(&DISCOUNT_INDICATOR, |i| i.any(&INDICATOR_ITSELF, |i| i.boolean() == Some(false)));
    told(is_discount && amount || !any && !amount, || {
        broken(msg!(
            "une remise sur le prix brut a un indicateur faux et un montant",
            "a discount on the gross price has a false indicator and an amount"
        ))
    })
}

fn one_reference(at: At<'_, '_>) -> Told {
    let (mut count, mut second) = (0, None);
    for settlement in at.view.named(TABLES.known.header_settlement) {
        settlement.each(&PAYMENT_REFERENCE, |one| {
            count += 1;
            second = if count == 2 { Some(one) } else { second };
        });
    }
    told(count <= 1, || {
        broken(msg!("il y en a trop", "there are too many"))
            .at(second)
            .found(count.to_string())
            .expected(msg!("1 au plus", "1 at most"))
    })
}

fn one_due_code(at: At<'_, '_>) -> Told {
    let mut all = Vec::new();
    for tax in at.view.named(TABLES.known.trade_tax) {
        tax.each(&DUE_CODE, |code| all.push(code));
    }
    one_of(&all, |a, b| a == b)
}

fn transfers_have_accounts(at: At<'_, '_>) -> Told {
    let mut lacks = None;
    at.each(&MEANS_BELOW, |means| {
        let code = means.first(&MEANS).map_or("", |c| trim(c.text()));
        if matches!(code, "30" | "58") && !means.has(&MEANS_IBAN) && !means.has(&MEANS_OTHER) {
            lacks = lacks.or(Some(means));
        }
    });
    told(lacks.is_none(), || {
        broken(msg!("ce virement n'a pas de compte", "this transfer has no account"))
            .at(lacks)
            .expected(Msg::same("BT-84"))
    })
}

fn every_means<'v, 'd>(at: At<'v, 'd>, term: &Term) -> Vec<At<'v, 'd>> {
    let mut all = Vec::new();
    for means in at.view.named(TABLES.known.payment_means) {
        means.each(term, |one| all.push(one));
    }
    all
}

fn one_means_cii(at: At<'_, '_>) -> Told {
    one_of(&every_means(at, &MEANS), normalized)
}

fn one_means_text(at: At<'_, '_>) -> Told {
    one_of(&every_means(at, &MEANS_TEXT), normalized)
}

fn normalized(a: &str, b: &str) -> bool {
    a.split_ascii_whitespace().eq(b.split_ascii_whitespace())
}

/// The official set asks other identifiers of four elements (CII-DT-001 to 007), and these of all others.
fn is_plain(at: At<'_, '_>) -> bool {
    let root = at.view.root();
    let is = |term: &Term| root.any(term, |one| one.node == at.node);
    let doc = at.view.doc;
    match doc.local(at.node) {
        "ID" => is(&SPECIFICATION) || is(&NUMBER),
        "LineID" | "SellerAssignedID" => {
            // Below a line, which is below the transaction: three and four steps from the root.
            let line = at.parent().and_then(|p| p.parent()).filter(|line| line.name() == TABLES.known.trade_line);
            let own = if doc.local(at.node) == "LineID" { TABLES.known.line_document } else { TABLES.known.product };
            line.is_some_and(|line| line.parent().is_some_and(|t| t.name() == TABLES.known.transaction))
                && at.parent().is_some_and(|p| p.name() == own)
        }
        _ => false,
    }
}

/// A currency stands at the VAT totals alone.
fn is_vat_total(at: At<'_, '_>) -> bool {
    at.name() == TABLES.known.vat_total
}

/// What only an additional document of one of these types has.
fn only_of(at: At<'_, '_>, name: Name, types: &[&str]) -> Told {
    let known = &TABLES.known;
    let is_of = at.name() == known.additional_document && at.any(&TAX_TYPE, |code| types.contains(&code.text()));
    if is_of {
        Ok(())
    } else {
        unwanted(child(at, name), || msg!("seulement avec TypeCode {types:?}", "with TypeCode {types:?} only"))
    }
}

fn uri_of_attachment(at: At<'_, '_>) -> Told {
    only_of(at, TABLES.known.uri, &["916"])
}

fn type_of_reference(at: At<'_, '_>) -> Told {
    only_of(at, TABLES.known.type_code, &["50", "130", "916"])
}

fn name_of_attachment(at: At<'_, '_>) -> Told {
    only_of(at, TABLES.known.trade_name, &["916"])
}

fn file_of_attachment(at: At<'_, '_>) -> Told {
    only_of(at, TABLES.known.attachment, &["916"])
}

fn scheme_of_object(at: At<'_, '_>) -> Told {
    only_of(at, TABLES.known.reference_type, &["130"])
}

fn day_of_preceding(at: At<'_, '_>) -> Told {
    if at.name() == TABLES.known.preceding_document {
        return Ok(());
    }
    unwanted(child(at, TABLES.known.formatted_day), || {
        msg!("seulement pour une facture antérieure", "of a preceding invoice only")
    })
}

/// A unit may stand at any quantity, if some line's quantity has one.
fn unit(at: At<'_, '_>) -> Told {
    if at.attribute("unitCode").is_none() || at.view.sums().header.has_unit {
        Ok(())
    } else {
        attribute_unwanted(at, "unitCode")
    }
}

fn tax_type(at: At<'_, '_>) -> Told {
    let Some(first) = at.first(&TAX_TYPE) else { return Ok(()) };
    told(at.any(&TAX_TYPE, |code| code.text() == "VAT"), || {
        broken(msg!("ce type de taxe n'est pas VAT", "this type of tax is not VAT"))
            .at(Some(first))
            .found(first.text())
            .expected(Msg::same("VAT"))
    })
}

fn header_only(at: At<'_, '_>, name: Name) -> Told {
    if at.is_in(TABLES.known.header_settlement) {
        return Ok(());
    }
    unwanted(child(at, name), || msg!("seulement dans la ventilation de la TVA", "in the VAT breakdown only"))
}

fn header_only_base(at: At<'_, '_>) -> Told {
    header_only(at, TABLES.known.basis)
}

fn header_only_point(at: At<'_, '_>) -> Told {
    header_only(at, TABLES.known.tax_point_date)
}

fn header_only_code(at: At<'_, '_>) -> Told {
    header_only(at, TABLES.known.due_date_code)
}

fn trade_tax_only(at: At<'_, '_>, name: Name) -> Told {
    if at.name() == TABLES.known.trade_tax {
        return Ok(());
    }
    unwanted(child(at, name), || msg!("seulement dans la ventilation de la TVA", "in the VAT breakdown only"))
}

fn reason_code(at: At<'_, '_>) -> Told {
    trade_tax_only(at, TABLES.known.exemption_code)
}

fn reason_text(at: At<'_, '_>) -> Told {
    trade_tax_only(at, TABLES.known.exemption)
}

/// Eight digits that may be a day: the month to 12, the day to 31.
fn day(at: At<'_, '_>) -> Told {
    let text = trim(at.text());
    let number = |part: &str| part.parse::<u8>().unwrap_or(0);
    let holds = text.len() == 8
        && text.bytes().all(|b| b.is_ascii_digit())
        && (1..=12).contains(&number(&text[4..6]))
        && (1..=31).contains(&number(&text[6..]));
    told(holds, || {
        broken(msg!("cette date n'est pas au format 102", "this date is not in format 102"))
            .found(at.text())
            .expected(msg!("AAAAMMJJ", "YYYYMMDD"))
    })
}
