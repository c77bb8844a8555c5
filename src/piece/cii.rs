//! UN/CEFACT `CrossIndustryInvoice` D16B to model, as EN 16931-3-3 binds it, with what Chorus Pro reads in it.
//! Each table holds the paths below one branch of the document.

use super::amount::day_cii;
use super::read::{Element, Reader, Row, first};
use super::ubl::last;
use super::{
    Account, AllowanceCharge, Attachment, Line, Note, Party, PaymentMeans, Period, Preceding, Reference, VatBreakdown,
};
use std::sync::LazyLock;

pub(super) const RSM: &str = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100";
const RAM: &str = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100";
const UDT: &str = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100";
const QDT: &str = "urn:un:unece:uncefact:data:standard:QualifiedDataType:100";

pub(super) static READER: LazyLock<Reader> = LazyLock::new(|| {
    let branches = [
        ("", DOCUMENT),
        ("SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement", AGREEMENT),
        ("SupplyChainTradeTransaction/ApplicableHeaderTradeDelivery", DELIVERY),
        ("SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement", SETTLEMENT),
        ("SupplyChainTradeTransaction/IncludedSupplyChainTradeLineItem", LINES),
    ];
    Reader::new(&branches, namespace)
});

/// Without a prefix, the steps below the root are rsm and all others ram.
fn namespace(prefix: Option<&str>, depth: usize, _last: bool) -> &'static str {
    match prefix {
        Some("udt") => UDT,
        Some("qdt") => QDT,
        Some(_) => unreachable!("the tables use two prefixes"),
        None if depth == 1 => RSM,
        None => RAM,
    }
}

super::read::groups! {
    // the group that is open, or the one of its kind
    line: Line = |p| last(&mut p.lines);
    vat: VatBreakdown = |p| last(&mut p.vat);
    means: PaymentMeans = |p| last(&mut p.payment_means);
    account: Account = |p| means(p).account.get_or_insert_default();
    charge: AllowanceCharge = |p| last(&mut p.allowances_charges);
    line_charge: AllowanceCharge = |p| last(&mut line(p).allowances_charges);
    attachment: Attachment = |p| last(&mut p.attachments);
    valideur: Party = |p| p.valideur.get_or_insert_default();
    payee: Party = |p| p.payee.get_or_insert_default();
    representative: Party = |p| p.tax_representative.get_or_insert_default();
    period: Period = |p| p.delivery.period.get_or_insert_default();
    line_period: Period = |p| line(p).period.get_or_insert_default();
}

/// `ReferenceTypeCode` says which contract it is, wherever it stands; `TypeCode` where that is absent.
fn contract_kind<'d>(contract: &mut Reference<'d>, e: Element<'d>) {
    contract.kind = e.val().or(contract.kind);
}

/// The scheme of a line's object stands beside it, in the same reference.
fn object_scheme<'d>(line: &mut Line<'d>, e: Element<'d>) {
    if let Some(object) = &mut line.object
        && e.doc.parent(object.id.at) == e.doc.parent(e.at)
    {
        object.scheme = object.scheme.or(e.val().map(|v| v.text));
    }
}

/// `schemeID` says which registration it is: VA the VAT identifier, FC the fiscal number.
fn tax_id<'d>(party: &mut Party<'d>, e: Element<'d>) {
    let vat = e.attribute("schemeID").is_none_or(|scheme| scheme == "VA");
    first(if vat { &mut party.vat_id } else { &mut party.tax_id }, e.val());
}

#[rustfmt::skip]
static DOCUMENT: &[Row] = &[
    ("ExchangedDocumentContext/BusinessProcessSpecifiedDocumentContextParameter/ID", |p, e| first(&mut p.process, e.val())),                  // BT-23
    ("ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID",       |p, e| first(&mut p.specification, e.val())),            // BT-24
    ("ExchangedDocument/ID",                                                         |p, e| first(&mut p.number, e.val())),                   // BT-1
    ("ExchangedDocument/TypeCode",                                                   |p, e| first(&mut p.type_code, e.val())),                // BT-3
    ("ExchangedDocument/IssueDateTime/udt:DateTimeString",                           |p, e| first(&mut p.issued, e.day(day_cii))),            // BT-2
    ("ExchangedDocument/IncludedNote",                                               |p, _| p.notes.push(Note::default())),                   // BG-1
    ("ExchangedDocument/IncludedNote/SubjectCode",                                   |p, e| first(&mut last(&mut p.notes).subject, e.val())), // BT-21
    ("ExchangedDocument/IncludedNote/Content",                                       |p, e| first(&mut last(&mut p.notes).text, e.val())),    // BT-22
];

#[rustfmt::skip]
static AGREEMENT: &[Row] = &[
    ("BuyerReference",                                                                                       |p, e| first(&mut p.buyer_reference, e.val())),                                     // BT-10
    ("SellerTradeParty",                                                                                     |p, e| first(&mut p.seller.at, Some(e.at))),                                        // BG-4
    ("SellerTradeParty/ID",                                                                                  |p, e| p.seller.ids.extend(e.id())),                                                // BT-29, BT-46, BT-60, BT-71
    ("SellerTradeParty/GlobalID",                                                                            |p, e| p.seller.ids.extend(e.id())),                                                // BT-29, BT-46, BT-60
    ("SellerTradeParty/Name",                                                                                |p, e| first(&mut p.seller.name, e.val())),                                         // BT-27, BT-44, BT-59, BT-62
    ("SellerTradeParty/SpecifiedLegalOrganization/ID",                                                       |p, e| first(&mut p.seller.legal_id, e.id())),                                      // BT-30, BT-47, BT-61
    ("SellerTradeParty/SpecifiedLegalOrganization/TradingBusinessName",                                      |p, e| first(&mut p.seller.trading_name, e.val())),                                 // BT-28, BT-45
    ("SellerTradeParty/Description",                                                                         |p, e| first(&mut p.seller.legal_form, e.val())),                                   // BT-33
    ("SellerTradeParty/DefinedTradeContact",                                                                 |p, e| first(&mut p.seller.contact.at, Some(e.at))),                                // BG-6, BG-9
    ("SellerTradeParty/DefinedTradeContact/PersonName",                                                      |p, e| first(&mut p.seller.contact.name, e.val())),                                 // BT-41, BT-56
    ("SellerTradeParty/DefinedTradeContact/DepartmentName",                                                  |p, e| first(&mut p.seller.contact.name, e.val())),                                 // BT-41, BT-56
    ("SellerTradeParty/DefinedTradeContact/TelephoneUniversalCommunication/CompleteNumber",                  |p, e| first(&mut p.seller.contact.phone, e.val())),                                // BT-42, BT-57
    ("SellerTradeParty/DefinedTradeContact/EmailURIUniversalCommunication/URIID",                            |p, e| first(&mut p.seller.contact.email, e.val())),                                // BT-43, BT-58
    ("SellerTradeParty/PostalTradeAddress",                                                                  |p, e| first(&mut p.seller.address.at, Some(e.at))),                                // BG-5, BG-8, BG-12, BG-15
    ("SellerTradeParty/PostalTradeAddress/PostcodeCode",                                                     |p, e| first(&mut p.seller.address.postcode, e.val())),                             // BT-38, BT-53
    ("SellerTradeParty/PostalTradeAddress/LineOne",                                                          |p, e| first(&mut p.seller.address.line1, e.val())),                                // BT-35, BT-50
    ("SellerTradeParty/PostalTradeAddress/LineTwo",                                                          |p, e| first(&mut p.seller.address.line2, e.val())),                                // BT-36, BT-51
    ("SellerTradeParty/PostalTradeAddress/LineThree",                                                        |p, e| first(&mut p.seller.address.line3, e.val())),                                // BT-162, BT-163
    ("SellerTradeParty/PostalTradeAddress/CityName",                                                         |p, e| first(&mut p.seller.address.city, e.val())),                                 // BT-37, BT-52
    ("SellerTradeParty/PostalTradeAddress/CountryID",                                                        |p, e| first(&mut p.seller.address.country, e.val())),                              // BT-40, BT-55
    ("SellerTradeParty/PostalTradeAddress/CountrySubDivisionName",                                           |p, e| first(&mut p.seller.address.subdivision, e.val())),                          // BT-39, BT-54
    ("SellerTradeParty/URIUniversalCommunication/URIID",                                                     |p, e| first(&mut p.seller.endpoint, e.id())),                                      // BT-34, BT-49
    ("SellerTradeParty/SpecifiedTaxRegistration/ID",                                                         |p, e| tax_id(&mut p.seller, e)),                                                   // BT-31, BT-32, BT-48, BT-63
    ("BuyerTradeParty",                                                                                      |p, e| first(&mut p.buyer.at, Some(e.at))),                                         // BG-7
    ("BuyerTradeParty/ID",                                                                                   |p, e| p.buyer.ids.extend(e.id())),                                                 // BT-29, BT-46, BT-60, BT-71
    ("BuyerTradeParty/GlobalID",                                                                             |p, e| p.buyer.ids.extend(e.id())),                                                 // BT-29, BT-46, BT-60
    ("BuyerTradeParty/Name",                                                                                 |p, e| first(&mut p.buyer.name, e.val())),                                          // BT-27, BT-44, BT-59, BT-62
    ("BuyerTradeParty/SpecifiedLegalOrganization/ID",                                                        |p, e| first(&mut p.buyer.legal_id, e.id())),                                       // BT-30, BT-47, BT-61
    ("BuyerTradeParty/SpecifiedLegalOrganization/TradingBusinessName",                                       |p, e| first(&mut p.buyer.trading_name, e.val())),                                  // BT-28, BT-45
    ("BuyerTradeParty/Description",                                                                          |p, e| first(&mut p.buyer.legal_form, e.val())),                                    // BT-33
    ("BuyerTradeParty/DefinedTradeContact",                                                                  |p, e| first(&mut p.buyer.contact.at, Some(e.at))),                                 // BG-6, BG-9
    ("BuyerTradeParty/DefinedTradeContact/PersonName",                                                       |p, e| first(&mut p.buyer.contact.name, e.val())),                                  // BT-41, BT-56
    ("BuyerTradeParty/DefinedTradeContact/DepartmentName",                                                   |p, e| first(&mut p.buyer.contact.name, e.val())),                                  // BT-41, BT-56
    ("BuyerTradeParty/DefinedTradeContact/TelephoneUniversalCommunication/CompleteNumber",                   |p, e| first(&mut p.buyer.contact.phone, e.val())),                                 // BT-42, BT-57
    ("BuyerTradeParty/DefinedTradeContact/EmailURIUniversalCommunication/URIID",                             |p, e| first(&mut p.buyer.contact.email, e.val())),                                 // BT-43, BT-58
    ("BuyerTradeParty/PostalTradeAddress",                                                                   |p, e| first(&mut p.buyer.address.at, Some(e.at))),                                 // BG-5, BG-8, BG-12, BG-15
    ("BuyerTradeParty/PostalTradeAddress/PostcodeCode",                                                      |p, e| first(&mut p.buyer.address.postcode, e.val())),                              // BT-38, BT-53
    ("BuyerTradeParty/PostalTradeAddress/LineOne",                                                           |p, e| first(&mut p.buyer.address.line1, e.val())),                                 // BT-35, BT-50
    ("BuyerTradeParty/PostalTradeAddress/LineTwo",                                                           |p, e| first(&mut p.buyer.address.line2, e.val())),                                 // BT-36, BT-51
    ("BuyerTradeParty/PostalTradeAddress/LineThree",                                                         |p, e| first(&mut p.buyer.address.line3, e.val())),                                 // BT-162, BT-163
    ("BuyerTradeParty/PostalTradeAddress/CityName",                                                          |p, e| first(&mut p.buyer.address.city, e.val())),                                  // BT-37, BT-52
    ("BuyerTradeParty/PostalTradeAddress/CountryID",                                                         |p, e| first(&mut p.buyer.address.country, e.val())),                               // BT-40, BT-55
    ("BuyerTradeParty/PostalTradeAddress/CountrySubDivisionName",                                            |p, e| first(&mut p.buyer.address.subdivision, e.val())),                           // BT-39, BT-54
    ("BuyerTradeParty/URIUniversalCommunication/URIID",                                                      |p, e| first(&mut p.buyer.endpoint, e.id())),                                       // BT-34, BT-49
    ("BuyerTradeParty/SpecifiedTaxRegistration/ID",                                                          |p, e| tax_id(&mut p.buyer, e)),                                                    // BT-31, BT-32, BT-48, BT-63
    ("SellerTaxRepresentativeTradeParty",                                                                    |p, e| first(&mut representative(p).at, Some(e.at))),                               // BG-11
    ("SellerTaxRepresentativeTradeParty/ID",                                                                 |p, e| representative(p).ids.extend(e.id())),                                       // BT-29, BT-46, BT-60, BT-71
    ("SellerTaxRepresentativeTradeParty/GlobalID",                                                           |p, e| representative(p).ids.extend(e.id())),                                       // BT-29, BT-46, BT-60
    ("SellerTaxRepresentativeTradeParty/Name",                                                               |p, e| first(&mut representative(p).name, e.val())),                                // BT-27, BT-44, BT-59, BT-62
    ("SellerTaxRepresentativeTradeParty/SpecifiedLegalOrganization/ID",                                      |p, e| first(&mut representative(p).legal_id, e.id())),                             // BT-30, BT-47, BT-61
    ("SellerTaxRepresentativeTradeParty/SpecifiedLegalOrganization/TradingBusinessName",                     |p, e| first(&mut representative(p).trading_name, e.val())),                        // BT-28, BT-45
    ("SellerTaxRepresentativeTradeParty/Description",                                                        |p, e| first(&mut representative(p).legal_form, e.val())),                          // BT-33
    ("SellerTaxRepresentativeTradeParty/DefinedTradeContact",                                                |p, e| first(&mut representative(p).contact.at, Some(e.at))),                       // BG-6, BG-9
    ("SellerTaxRepresentativeTradeParty/DefinedTradeContact/PersonName",                                     |p, e| first(&mut representative(p).contact.name, e.val())),                        // BT-41, BT-56
    ("SellerTaxRepresentativeTradeParty/DefinedTradeContact/DepartmentName",                                 |p, e| first(&mut representative(p).contact.name, e.val())),                        // BT-41, BT-56
    ("SellerTaxRepresentativeTradeParty/DefinedTradeContact/TelephoneUniversalCommunication/CompleteNumber", |p, e| first(&mut representative(p).contact.phone, e.val())),                       // BT-42, BT-57
    ("SellerTaxRepresentativeTradeParty/DefinedTradeContact/EmailURIUniversalCommunication/URIID",           |p, e| first(&mut representative(p).contact.email, e.val())),                       // BT-43, BT-58
    ("SellerTaxRepresentativeTradeParty/PostalTradeAddress",                                                 |p, e| first(&mut representative(p).address.at, Some(e.at))),                       // BG-5, BG-8, BG-12, BG-15
    ("SellerTaxRepresentativeTradeParty/PostalTradeAddress/PostcodeCode",                                    |p, e| first(&mut representative(p).address.postcode, e.val())),                    // BT-38, BT-53
    ("SellerTaxRepresentativeTradeParty/PostalTradeAddress/LineOne",                                         |p, e| first(&mut representative(p).address.line1, e.val())),                       // BT-35, BT-50
    ("SellerTaxRepresentativeTradeParty/PostalTradeAddress/LineTwo",                                         |p, e| first(&mut representative(p).address.line2, e.val())),                       // BT-36, BT-51
    ("SellerTaxRepresentativeTradeParty/PostalTradeAddress/LineThree",                                       |p, e| first(&mut representative(p).address.line3, e.val())),                       // BT-162, BT-163
    ("SellerTaxRepresentativeTradeParty/PostalTradeAddress/CityName",                                        |p, e| first(&mut representative(p).address.city, e.val())),                        // BT-37, BT-52
    ("SellerTaxRepresentativeTradeParty/PostalTradeAddress/CountryID",                                       |p, e| first(&mut representative(p).address.country, e.val())),                     // BT-40, BT-55
    ("SellerTaxRepresentativeTradeParty/PostalTradeAddress/CountrySubDivisionName",                          |p, e| first(&mut representative(p).address.subdivision, e.val())),                 // BT-39, BT-54
    ("SellerTaxRepresentativeTradeParty/URIUniversalCommunication/URIID",                                    |p, e| first(&mut representative(p).endpoint, e.id())),                             // BT-34, BT-49
    ("SellerTaxRepresentativeTradeParty/SpecifiedTaxRegistration/ID",                                        |p, e| tax_id(representative(p), e)),                                          // BT-31, BT-32, BT-48, BT-63
    ("SellerOrderReferencedDocument/IssuerAssignedID",                                                       |p, e| first(&mut p.sales_order, e.val())),                                         // BT-14
    ("BuyerOrderReferencedDocument/IssuerAssignedID",                                                        |p, e| first(&mut p.order, e.val())),                                               // BT-13
    ("ContractReferencedDocument",                                                                           |p, _| p.contracts.push(Reference::default())),                                     // BT-12
    ("ContractReferencedDocument/IssuerAssignedID",                                                          |p, e| first(&mut last(&mut p.contracts).id, e.val())),                             // BT-12
    ("ContractReferencedDocument/ReferenceTypeCode",                                                         |p, e| contract_kind(last(&mut p.contracts), e)),
    ("ContractReferencedDocument/TypeCode",                                                                  |p, e| first(&mut last(&mut p.contracts).kind, e.val())),
    ("AdditionalReferencedDocument",                                                                         |p, e| p.attachments.push(Attachment { at: Some(e.at), ..Attachment::default() })), // BG-24, BT-17, BT-18
    ("AdditionalReferencedDocument/IssuerAssignedID",                                                        |p, e| first(&mut attachment(p).id, e.val())),                                      // BT-122
    ("AdditionalReferencedDocument/URIID",                                                                   |p, e| first(&mut attachment(p).location, e.val())),                                // BT-124
    ("AdditionalReferencedDocument/TypeCode",                                                                |p, e| first(&mut attachment(p).type_code, e.val())),
    ("AdditionalReferencedDocument/Name",                                                                    |p, e| first(&mut attachment(p).description, e.val())),                             // BT-123
    ("AdditionalReferencedDocument/ReferenceTypeCode",                                                       |p, e| first(&mut attachment(p).scheme, e.val())),                                  // BT-18-1
    ("AdditionalReferencedDocument/AttachmentBinaryObject",                                                  |p, e| attachment(p).embed(e)),                                                     // BT-125
    ("SpecifiedProcuringProject/ID",                                                                         |p, e| first(&mut p.project, e.val())),                                             // BT-11
];

#[rustfmt::skip]
static DELIVERY: &[Row] = &[
    ("ShipToTradeParty/ID",                                                  |p, e| first(&mut p.delivery.location, e.id())),             // BT-71
    ("ShipToTradeParty/GlobalID",                                            |p, e| first(&mut p.delivery.location, e.id())),             // BT-71
    ("ShipToTradeParty/Name",                                                |p, e| first(&mut p.delivery.name, e.val())),                // BT-70
    ("ShipToTradeParty/PostalTradeAddress",                                  |p, e| first(&mut p.delivery.address.at, Some(e.at))),       // BG-5, BG-8, BG-12, BG-15
    ("ShipToTradeParty/PostalTradeAddress/PostcodeCode",                     |p, e| first(&mut p.delivery.address.postcode, e.val())),    // BT-38, BT-53
    ("ShipToTradeParty/PostalTradeAddress/LineOne",                          |p, e| first(&mut p.delivery.address.line1, e.val())),       // BT-35, BT-50
    ("ShipToTradeParty/PostalTradeAddress/LineTwo",                          |p, e| first(&mut p.delivery.address.line2, e.val())),       // BT-36, BT-51
    ("ShipToTradeParty/PostalTradeAddress/LineThree",                        |p, e| first(&mut p.delivery.address.line3, e.val())),       // BT-162, BT-163
    ("ShipToTradeParty/PostalTradeAddress/CityName",                         |p, e| first(&mut p.delivery.address.city, e.val())),        // BT-37, BT-52
    ("ShipToTradeParty/PostalTradeAddress/CountryID",                        |p, e| first(&mut p.delivery.address.country, e.val())),     // BT-40, BT-55
    ("ShipToTradeParty/PostalTradeAddress/CountrySubDivisionName",           |p, e| first(&mut p.delivery.address.subdivision, e.val())), // BT-39, BT-54
    ("ActualDeliverySupplyChainEvent/OccurrenceDateTime/udt:DateTimeString", |p, e| first(&mut p.delivery.date, e.day(day_cii))),         // BT-72
    ("DespatchAdviceReferencedDocument/IssuerAssignedID",                    |p, e| first(&mut p.despatch_advice, e.val())),              // BT-16
    ("ReceivingAdviceReferencedDocument/IssuerAssignedID",                   |p, e| first(&mut p.receiving_advice, e.val())),             // BT-15
];

#[rustfmt::skip]
static SETTLEMENT: &[Row] = &[
    ("CreditorReferenceID",                                                                        |p, e| first(&mut p.creditor_id, e.id())),                                                           // BT-90
    ("PaymentReference",                                                                           |p, e| first(&mut p.remittance, e.val())),                                                          // BT-83
    ("TaxCurrencyCode",                                                                            |p, e| first(&mut p.tax_currency, e.val())),                                                         // BT-6
    ("InvoiceCurrencyCode",                                                                        |p, e| first(&mut p.currency, e.val())),                                                             // BT-5
    ("InvoiceIssuerReference",                                                                     |p, e| first(&mut p.seller_service, e.val())),                                                       // supplier's service
    ("InvoiceeTradeParty",                                                                         |p, e| first(&mut valideur(p).at, Some(e.at))),                                                      // valideur block
    ("InvoiceeTradeParty/ID",                                                                      |p, e| valideur(p).ids.extend(e.id())),                                                              // BT-29, BT-46, BT-60, BT-71
    ("InvoiceeTradeParty/GlobalID",                                                                |p, e| valideur(p).ids.extend(e.id())),                                                              // BT-29, BT-46, BT-60
    ("InvoiceeTradeParty/Name",                                                                    |p, e| first(&mut valideur(p).name, e.val())),                                                       // BT-27, BT-44, BT-59, BT-62
    ("InvoiceeTradeParty/SpecifiedLegalOrganization/ID",                                           |p, e| first(&mut valideur(p).legal_id, e.id())),                                                    // BT-30, BT-47, BT-61
    ("InvoiceeTradeParty/SpecifiedLegalOrganization/TradingBusinessName",                          |p, e| first(&mut valideur(p).trading_name, e.val())),                                               // BT-28, BT-45
    ("PayeeTradeParty",                                                                            |p, e| first(&mut payee(p).at, Some(e.at))),                                                         // BG-10
    ("PayeeTradeParty/ID",                                                                         |p, e| payee(p).ids.extend(e.id())),                                                                 // BT-29, BT-46, BT-60, BT-71
    ("PayeeTradeParty/GlobalID",                                                                   |p, e| payee(p).ids.extend(e.id())),                                                                 // BT-29, BT-46, BT-60
    ("PayeeTradeParty/Name",                                                                       |p, e| first(&mut payee(p).name, e.val())),                                                          // BT-27, BT-44, BT-59, BT-62
    ("PayeeTradeParty/SpecifiedLegalOrganization/ID",                                              |p, e| first(&mut payee(p).legal_id, e.id())),                                                       // BT-30, BT-47, BT-61
    ("PayeeTradeParty/SpecifiedLegalOrganization/TradingBusinessName",                             |p, e| first(&mut payee(p).trading_name, e.val())),                                                  // BT-28, BT-45
    ("SpecifiedTradeSettlementPaymentMeans",                                                       |p, e| p.payment_means.push(PaymentMeans { at: Some(e.at), ..PaymentMeans::default() })),            // BG-16
    ("SpecifiedTradeSettlementPaymentMeans/TypeCode",                                              |p, e| first(&mut means(p).code, e.val())),                                                          // BT-81
    ("SpecifiedTradeSettlementPaymentMeans/Information",                                           |p, e| first(&mut means(p).text, e.val())),                                                          // BT-82
    ("SpecifiedTradeSettlementPaymentMeans/ApplicableTradeSettlementFinancialCard/ID",             |p, e| first(&mut means(p).card, e.val())),                                                          // BT-87
    ("SpecifiedTradeSettlementPaymentMeans/ApplicableTradeSettlementFinancialCard/CardholderName", |p, e| first(&mut means(p).card_holder, e.val())),                                                   // BT-88
    ("SpecifiedTradeSettlementPaymentMeans/PayerPartyDebtorFinancialAccount/IBANID",               |p, e| first(&mut means(p).debited, e.val())),                                                       // BT-91
    ("SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/IBANID",             |p, e| first(&mut account(p).id, e.val())),                                                          // BT-84
    ("SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/ProprietaryID",      |p, e| first(&mut account(p).proprietary, e.val())),                                                 // BT-84
    ("SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/AccountName",        |p, e| first(&mut account(p).name, e.val())),                                                        // BT-85
    ("SpecifiedTradeSettlementPaymentMeans/PayeeSpecifiedCreditorFinancialInstitution/BICID",      |p, e| first(&mut account(p).bic, e.val())),                                                         // BT-86
    ("ApplicableTradeTax",                                                                         |p, e| p.vat.push(VatBreakdown { at: Some(e.at), ..VatBreakdown::default() })),                      // BG-23
    ("ApplicableTradeTax/CalculatedAmount",                                                        |p, e| first(&mut vat(p).amount, e.number())),                                                       // BT-117
    ("ApplicableTradeTax/ExemptionReason",                                                         |p, e| first(&mut vat(p).exemption, e.val())),                                                       // BT-120
    ("ApplicableTradeTax/BasisAmount",                                                             |p, e| first(&mut vat(p).base, e.number())),                                                         // BT-116
    ("ApplicableTradeTax/CategoryCode",                                                            |p, e| first(&mut vat(p).category, e.val())),                                                        // BT-118
    ("ApplicableTradeTax/ExemptionReasonCode",                                                     |p, e| first(&mut vat(p).exemption_code, e.val())),                                                  // BT-121
    ("ApplicableTradeTax/TaxPointDate/udt:DateString",                                             |p, e| first(&mut p.tax_point, e.day(day_cii))),                                                     // BT-7
    ("ApplicableTradeTax/DueDateTypeCode",                                                         |p, e| first(&mut p.tax_point_code, e.val())),                                                       // BT-8
    ("ApplicableTradeTax/RateApplicablePercent",                                                   |p, e| first(&mut vat(p).rate, e.number())),                                                         // BT-119
    ("BillingSpecifiedPeriod",                                                                     |p, e| first(&mut period(p).at, Some(e.at))),                                                        // BG-14
    ("BillingSpecifiedPeriod/StartDateTime/udt:DateTimeString",                                    |p, e| first(&mut period(p).starts, e.day(day_cii))),                                                // BT-73
    ("BillingSpecifiedPeriod/EndDateTime/udt:DateTimeString",                                      |p, e| first(&mut period(p).ends, e.day(day_cii))),                                                  // BT-74
    ("SpecifiedTradeAllowanceCharge",                                                              |p, e| p.allowances_charges.push(AllowanceCharge { at: Some(e.at), ..AllowanceCharge::default() })), // BG-20, BG-21
    ("SpecifiedTradeAllowanceCharge/ChargeIndicator/udt:Indicator",                                |p, e| first(&mut charge(p).charge, e.val())),
    ("SpecifiedTradeAllowanceCharge/CalculationPercent",                                           |p, e| first(&mut charge(p).percent, e.number())),                                                   // BT-94, BT-101
    ("SpecifiedTradeAllowanceCharge/BasisAmount",                                                  |p, e| first(&mut charge(p).base, e.number())),                                                      // BT-93, BT-100
    ("SpecifiedTradeAllowanceCharge/ActualAmount",                                                 |p, e| first(&mut charge(p).amount, e.number())),                                                    // BT-92, BT-99
    ("SpecifiedTradeAllowanceCharge/ReasonCode",                                                   |p, e| first(&mut charge(p).reason_code, e.val())),                                                  // BT-98, BT-105
    ("SpecifiedTradeAllowanceCharge/Reason",                                                       |p, e| first(&mut charge(p).reason, e.val())),                                                       // BT-97, BT-104
    ("SpecifiedTradeAllowanceCharge/CategoryTradeTax/CategoryCode",                                |p, e| first(&mut charge(p).vat_category, e.val())),                                                 // BT-95, BT-102
    ("SpecifiedTradeAllowanceCharge/CategoryTradeTax/RateApplicablePercent",                       |p, e| first(&mut charge(p).vat_rate, e.number())),                                                  // BT-96, BT-103
    ("SpecifiedTradePaymentTerms/Description",                                                     |p, e| first(&mut p.payment_terms, e.val())),                                                        // BT-20
    ("SpecifiedTradePaymentTerms/DueDateDateTime/udt:DateTimeString",                              |p, e| first(&mut p.due_date, e.day(day_cii))),                                                      // BT-9
    ("SpecifiedTradePaymentTerms/DirectDebitMandateID",                                            |p, e| first(&mut p.mandate, e.val())),                                                             // BT-89
    ("SpecifiedTradeSettlementHeaderMonetarySummation",                                            |p, e| first(&mut p.totals.at, Some(e.at))),                                                         // BG-22
    ("SpecifiedTradeSettlementHeaderMonetarySummation/LineTotalAmount",                            |p, e| first(&mut p.totals.line_net, e.number())),                                                   // BT-106
    ("SpecifiedTradeSettlementHeaderMonetarySummation/ChargeTotalAmount",                          |p, e| first(&mut p.totals.charges, e.number())),                                                    // BT-108
    ("SpecifiedTradeSettlementHeaderMonetarySummation/AllowanceTotalAmount",                       |p, e| first(&mut p.totals.allowances, e.number())),                                                 // BT-107
    ("SpecifiedTradeSettlementHeaderMonetarySummation/TaxBasisTotalAmount",                        |p, e| first(&mut p.totals.net, e.number())),                                                        // BT-109
    ("SpecifiedTradeSettlementHeaderMonetarySummation/RoundingAmount",                             |p, e| first(&mut p.totals.rounding, e.number())),                                                   // BT-114
    ("SpecifiedTradeSettlementHeaderMonetarySummation/GrandTotalAmount",                           |p, e| first(&mut p.totals.gross, e.number())),                                                      // BT-112
    ("SpecifiedTradeSettlementHeaderMonetarySummation/TotalPrepaidAmount",                         |p, e| first(&mut p.totals.prepaid, e.number())),                                                    // BT-113
    ("SpecifiedTradeSettlementHeaderMonetarySummation/DuePayableAmount",                           |p, e| first(&mut p.totals.due, e.number())),                                                        // BT-115
    ("SpecifiedTradeSettlementHeaderMonetarySummation/TaxTotalAmount",                             |p, e| p.totals.vat.extend(e.number())),                                                             // BT-110, BT-111
    ("InvoiceReferencedDocument",                                                                  |p, _| p.preceding.push(Preceding::default())),                                                      // BG-3
    ("InvoiceReferencedDocument/IssuerAssignedID",                                                 |p, e| first(&mut last(&mut p.preceding).number, e.val())),                                          // BT-25
    ("InvoiceReferencedDocument/FormattedIssueDateTime/qdt:DateTimeString",                        |p, e| first(&mut last(&mut p.preceding).issued, e.day(day_cii))),                                   // BT-26
    ("ReceivableSpecifiedTradeAccountingAccount/ID",                                               |p, e| first(&mut p.buyer_accounting, e.val())),                                                     // BT-19
];

#[rustfmt::skip]
static LINES: &[Row] = &[
    ("",                                                                                                 |p, e| p.lines.push(Line { at: Some(e.at), ..Line::default() })),                                          // BG-25
    ("AssociatedDocumentLineDocument/LineID",                                                            |p, e| first(&mut line(p).id, e.val())),                                                                   // BT-126
    ("AssociatedDocumentLineDocument/IncludedNote/Content",                                              |p, e| first(&mut line(p).note, e.val())),                                                                 // BT-127
    ("SpecifiedTradeProduct/GlobalID",                                                                   |p, e| first(&mut line(p).standard_id, e.id())),                                                           // BT-157
    ("SpecifiedTradeProduct/SellerAssignedID",                                                           |p, e| first(&mut line(p).seller_id, e.val())),                                                            // BT-155
    ("SpecifiedTradeProduct/BuyerAssignedID",                                                            |p, e| first(&mut line(p).buyer_id, e.val())),                                                             // BT-156
    ("SpecifiedTradeProduct/Name",                                                                       |p, e| first(&mut line(p).name, e.val())),                                                                 // BT-153
    ("SpecifiedTradeProduct/Description",                                                                |p, e| first(&mut line(p).description, e.val())),                                                          // BT-154
    ("SpecifiedTradeProduct/ApplicableProductCharacteristic",                                            |p, _| line(p).attributes.push((None, None))),                                                             // BG-32
    ("SpecifiedTradeProduct/ApplicableProductCharacteristic/Description",                                |p, e| first(&mut last(&mut line(p).attributes).0, e.val())),                                              // BT-160
    ("SpecifiedTradeProduct/ApplicableProductCharacteristic/Value",                                      |p, e| first(&mut last(&mut line(p).attributes).1, e.val())),                                              // BT-161
    ("SpecifiedTradeProduct/DesignatedProductClassification/ClassCode",                                  |p, e| line(p).classifications.extend(e.listed())),                                                        // BT-158
    ("SpecifiedTradeProduct/OriginTradeCountry/ID",                                                      |p, e| first(&mut line(p).origin, e.val())),                                                               // BT-159
    ("SpecifiedLineTradeAgreement/BuyerOrderReferencedDocument/LineID",                                  |p, e| first(&mut line(p).order_line, e.val())),                                                           // BT-132
    ("SpecifiedLineTradeAgreement/GrossPriceProductTradePrice/ChargeAmount",                             |p, e| first(&mut line(p).gross_price, e.number())),                                                       // BT-148
    ("SpecifiedLineTradeAgreement/GrossPriceProductTradePrice/AppliedTradeAllowanceCharge/ActualAmount", |p, e| first(&mut line(p).discount, e.number())),                                                          // BT-147
    ("SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount",                               |p, e| first(&mut line(p).net_price, e.number())),                                                         // BT-146
    ("SpecifiedLineTradeAgreement/NetPriceProductTradePrice/BasisQuantity",                              |p, e| first(&mut line(p).base_quantity, e.number())),                                                     // BT-149, BT-150
    ("SpecifiedLineTradeDelivery/BilledQuantity",                                                        |p, e| first(&mut line(p).quantity, e.number())),                                                          // BT-129, BT-130
    ("SpecifiedLineTradeSettlement/ApplicableTradeTax/CategoryCode",                                     |p, e| first(&mut line(p).vat_category, e.val())),                                                         // BT-151
    ("SpecifiedLineTradeSettlement/ApplicableTradeTax/RateApplicablePercent",                            |p, e| first(&mut line(p).vat_rate, e.number())),                                                          // BT-152
    ("SpecifiedLineTradeSettlement/BillingSpecifiedPeriod",                                              |p, e| first(&mut line_period(p).at, Some(e.at))),                                                         // BG-26
    ("SpecifiedLineTradeSettlement/BillingSpecifiedPeriod/StartDateTime/udt:DateTimeString",             |p, e| first(&mut line_period(p).starts, e.day(day_cii))),                                                 // BT-134
    ("SpecifiedLineTradeSettlement/BillingSpecifiedPeriod/EndDateTime/udt:DateTimeString",               |p, e| first(&mut line_period(p).ends, e.day(day_cii))),                                                   // BT-135
    ("SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge",                                       |p, e| line(p).allowances_charges.push(AllowanceCharge { at: Some(e.at), ..AllowanceCharge::default() })), // BG-27, BG-28
    ("SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge/ChargeIndicator/udt:Indicator",         |p, e| first(&mut line_charge(p).charge, e.val())),
    ("SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge/CalculationPercent",                    |p, e| first(&mut line_charge(p).percent, e.number())),                                                    // BT-138, BT-143
    ("SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge/BasisAmount",                           |p, e| first(&mut line_charge(p).base, e.number())),                                                       // BT-137, BT-142
    ("SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge/ActualAmount",                          |p, e| first(&mut line_charge(p).amount, e.number())),                                                     // BT-136, BT-141
    ("SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge/ReasonCode",                            |p, e| first(&mut line_charge(p).reason_code, e.val())),                                                   // BT-140, BT-145
    ("SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge/Reason",                                |p, e| first(&mut line_charge(p).reason, e.val())),                                                        // BT-139, BT-144
    ("SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",       |p, e| first(&mut line(p).net, e.number())),                                                               // BT-131
    ("SpecifiedLineTradeSettlement/AdditionalReferencedDocument/IssuerAssignedID",                       |p, e| first(&mut line(p).object, e.id())),                                                                // BT-128
    ("SpecifiedLineTradeSettlement/AdditionalReferencedDocument/ReferenceTypeCode",                      |p, e| object_scheme(line(p), e)),                                                                         // BT-128
    ("SpecifiedLineTradeSettlement/ReceivableSpecifiedTradeAccountingAccount/ID",                        |p, e| first(&mut line(p).accounting, e.val())),                                                           // BT-133
];
