//! The rules of the syntaxes themselves: how often an element may be there, and what the data types may carry. Those that
//! the artefacts call fatal, and the warnings that are more than an element that is not wanted (see the subset's tables).
//!
//! `at` is where the elements stand that are asked: a path from any element, or from the root; several with `, `.

use super::bind::*;
use super::view::At;
use super::{Broken, Told, View, broken};
use crate::msg;
use crate::xml::trim;

/// Rules that are asked of the same elements.
pub struct Section {
    /// Where they stand.
    pub at: &'static str,
    /// The rules.
    pub rows: &'static [SyntaxRow],
}

/// A rule.
pub struct SyntaxRow {
    /// `UBL-SR-01`.
    pub id: &'static str,
    /// Whether it makes the document invalid.
    pub fatal: bool,
    /// What it asks.
    pub form: Form,
}

/// What a rule asks.
#[derive(Clone, Copy)]
pub enum Form {
    /// This is not there.
    Lacks(&'static str),
    /// This is there so many times at most.
    Most(usize, &'static str),
    /// This is there once.
    Just(&'static str),
    /// This is there.
    Has(&'static str),
    /// Not both of these are there.
    NotBoth(&'static str, &'static str),
    /// Where this is there, so is what the form asks.
    If(&'static str, &'static Form),
    /// Something of its own.
    Check(fn(At<'_, '_>) -> Told),
    /// Nothing: in the official set an earlier rule takes its elements.
    Never,
}

use Form::{Check, Has, If, Just, Lacks, Most, Never, NotBoth};

impl Form {
    /// Where it looks, below its section.
    pub fn path(&self) -> Option<&'static str> {
        match self {
            Lacks(path) | Most(_, path) | Just(path) | Has(path) | NotBoth(path, _) => Some(path),
            If(_, form) => form.path(),
            Check(_) | Never => None,
        }
    }
}

const fn fatal(id: &'static str, form: Form) -> SyntaxRow {
    SyntaxRow { id, fatal: true, form }
}

const fn warn(id: &'static str, form: Form) -> SyntaxRow {
    SyntaxRow { id, fatal: false, form }
}

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
        warn("UBL-DT-18",   Never), // found with the other attributes
    ] },
];

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
        fatal("CII-DT-101", Check(no_scheme_name)),
        fatal("CII-DT-102", Check(no_agency_name)),
        fatal("CII-DT-103", Check(no_data_uri)),
        fatal("CII-DT-104", Check(no_scheme_uri)),
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
        fatal("CII-DT-031", Check(no_currency)),
        fatal("CII-DT-032", Check(no_currency_version)),
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
    Section { at: "ram:ApplicableHeaderTradeSettlement/ram:SpecifiedTradeAllowanceCharge/ram:ChargeIndicator/udt:Indicator", rows: &[
        fatal("EN-01",      Check(boolean)), // ours: the official stylesheet ends there
    ] },
];

fn told(holds: bool, else_broken: impl FnOnce() -> Box<Broken>) -> Told {
    if holds { Ok(()) } else { Err(else_broken()) }
}

fn boolean(at: At<'_, '_>) -> Told {
    told(at.boolean().is_some(), || {
        broken(msg!("cet indicateur n'est ni vrai ni faux", "this indicator is neither true nor false"))
            .found(at.text())
            .expected(msg!("true ou false", "true or false"))
    })
}

/// An element that is given where it should not be.
fn unwanted(at: Option<At<'_, '_>>, expected: crate::text::Msg) -> Told {
    let Some(at) = at else { return Ok(()) };
    Err(broken(msg!("cet élément ne va pas ici", "this element does not belong here")).at(Some(at)).expected(expected))
}

fn one_of(values: &[At<'_, '_>], same: impl Fn(&str, &str) -> bool) -> Told {
    let Some((first, rest)) = values.split_first() else { return Ok(()) };
    let Some(other) = rest.iter().find(|other| !same(first.text(), other.text())) else { return Ok(()) };
    let first = crate::error::shown(trim(first.text()));
    Err(broken(msg!("il y en a deux, et ils diffèrent", "there are two, and they differ"))
        .at(Some(*other))
        .found(other.text())
        .expected(msg!("{first}, comme le premier", "{first}, like the first")))
}

/// The first child of an element with this name.
fn child<'v, 'd>(at: At<'v, 'd>, name: super::Name) -> Option<At<'v, 'd>> {
    at.view.doc.children(at.node).map(|node| at.to(node)).find(|c| c.name() == name)
}

fn attribute_unwanted(at: At<'_, '_>, name: &'static str) -> Told {
    told(at.attribute(name).is_none(), || {
        broken(msg!("l'attribut {name} ne va pas ici", "the attribute {name} does not belong here")).attribute(name)
    })
}

// UBL

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
    if of_price { Ok(()) } else { super::decimals::two(Some(at), &super::bind::OWN) }
}

fn version(at: At<'_, '_>) -> Told {
    let Some(first) = at.first(&UBL_VERSION) else { return Ok(()) };
    told(at.any(&UBL_VERSION, |v| v.text() == "2.1"), || {
        broken(msg!("cette version d'UBL n'est pas 2.1", "this version of UBL is not 2.1"))
            .at(Some(first))
            .found(first.text())
            .expected(crate::text::Msg::same("2.1"))
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
    unwanted(Some(at), msg!("la date d'échéance de la facture (DueDate)", "the invoice's due date (DueDate)"))
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

/// Attributes that no element of UBL should have. Most documents have none of these names, and then nothing is looked at.
pub fn attributes(view: &View<'_>, tell: &mut dyn FnMut(&'static str, At<'_, '_>, Box<Broken>)) {
    let mut wanted: Vec<(&'static str, &'static str)> = Vec::new();
    for (namespace, local) in view.doc.names().filter(|(namespace, _)| namespace.is_empty()) {
        debug_assert!(namespace.is_empty());
        wanted.extend(super::subset_ubl::ATTRIBUTES.iter().filter(|(_, name)| *name == local));
        if local == "name" {
            wanted.push(("UBL-DT-18", "name"));
        }
    }
    if wanted.is_empty() {
        return;
    }
    for at in view.doc.nodes().map(|node| view.root().to(node)) {
        for (id, name) in &wanted {
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

// CII

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
            .expected(crate::text::Msg::same("BT-84"))
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

fn plain_lacks(at: At<'_, '_>, name: &'static str) -> Told {
    if at.attribute(name).is_none() || is_plain(at) { Ok(()) } else { attribute_unwanted(at, name) }
}

fn no_scheme_name(at: At<'_, '_>) -> Told {
    plain_lacks(at, "schemeName")
}

fn no_agency_name(at: At<'_, '_>) -> Told {
    plain_lacks(at, "schemeAgencyName")
}

fn no_data_uri(at: At<'_, '_>) -> Told {
    plain_lacks(at, "schemeDataURI")
}

fn no_scheme_uri(at: At<'_, '_>) -> Told {
    plain_lacks(at, "schemeURI")
}

/// A currency stands at the VAT totals alone.
fn no_currency(at: At<'_, '_>) -> Told {
    if at.name() == TABLES.known.vat_total { Ok(()) } else { attribute_unwanted(at, "currencyID") }
}

fn no_currency_version(at: At<'_, '_>) -> Told {
    if at.name() == TABLES.known.vat_total { Ok(()) } else { attribute_unwanted(at, "currencyCodeListVersionID") }
}

/// What only an additional document of one of these types has.
fn only_of(at: At<'_, '_>, name: super::Name, types: &[&str]) -> Told {
    let known = &TABLES.known;
    let is_of = at.name() == known.additional_document && at.any(&TAX_TYPE, |code| types.contains(&code.text()));
    if is_of {
        Ok(())
    } else {
        unwanted(child(at, name), msg!("seulement avec TypeCode {types:?}", "with TypeCode {types:?} only"))
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
    unwanted(
        child(at, TABLES.known.formatted_day),
        msg!("seulement pour une facture antérieure", "of a preceding invoice only"),
    )
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
            .expected(crate::text::Msg::same("VAT"))
    })
}

fn header_only(at: At<'_, '_>, name: super::Name) -> Told {
    if at.is_in(TABLES.known.header_settlement) {
        return Ok(());
    }
    unwanted(child(at, name), msg!("seulement dans la ventilation de la TVA", "in the VAT breakdown only"))
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

fn trade_tax_only(at: At<'_, '_>, name: super::Name) -> Told {
    if at.name() == TABLES.known.trade_tax {
        return Ok(());
    }
    unwanted(child(at, name), msg!("seulement dans la ventilation de la TVA", "in the VAT breakdown only"))
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
