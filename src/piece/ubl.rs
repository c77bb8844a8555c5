//! UBL 2.1 `Invoice` and `CreditNote` to model, as EN 16931-3-2 binds them, with Chorus Pro's own elements.

use super::amount::day_ubl;
use super::read::{Element, Reader, Row, first};
use super::{
    AllowanceCharge, Attachment, Delivery, Id, Line, Note, Party, PaymentMeans, Period, Preceding, Reference, Totals,
    VatBreakdown,
};
use std::sync::LazyLock;

pub(super) const INVOICE: &str = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2";
pub(super) const CREDIT_NOTE: &str = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2";
const CBC: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";
const CAC: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
const EXT: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2";
const AIFE: &str = "urn:AIFE:Facture:Extension";

pub(super) static INVOICE_READER: LazyLock<Reader> = LazyLock::new(|| {
    Reader::new(&[("", COMMON), ("", PARTIES), ("", INVOICE_ONLY), ("InvoiceLine", INVOICE_LINE)], namespace)
});
pub(super) static CREDIT_NOTE_READER: LazyLock<Reader> = LazyLock::new(|| {
    Reader::new(&[("", COMMON), ("", PARTIES), ("", CREDIT_NOTE_ONLY), ("CreditNoteLine", CREDIT_NOTE_LINE)], namespace)
});

/// Without a prefix, the last step is a basic component and the others are aggregates.
fn namespace(prefix: Option<&str>, _depth: usize, last: bool) -> &'static str {
    match prefix {
        Some("cac") => CAC,
        Some("ext") => EXT,
        Some("aife") => AIFE,
        Some(_) => unreachable!("the tables use three prefixes"),
        None if last => CBC,
        None => CAC,
    }
}

super::read::groups! {
    // the group that is open, or the one of its kind
    line: Line = |p| last(&mut p.lines);
    vat: VatBreakdown = |p| last(&mut p.vat);
    means: PaymentMeans = |p| last(&mut p.payment_means);
    charge: AllowanceCharge = |p| last(&mut p.allowances_charges);
    line_charge: AllowanceCharge = |p| last(&mut line(p).allowances_charges);
    attachment: Attachment = |p| last(&mut p.attachments);
    contract: Reference = |p| last(&mut p.contracts);
    preceding: Preceding = |p| last(&mut p.preceding);
    valideur: Party = |p| p.valideur.get_or_insert_default();
    buyers_valideur: Party = |p| p.buyers_valideur.get_or_insert_default();
    payee: Party = |p| p.payee.get_or_insert_default();
    representative: Party = |p| p.tax_representative.get_or_insert_default();
    delivery: Delivery = |p| &mut p.delivery;
    totals: Totals = |p| &mut p.totals;
}

pub(super) fn last<T: Default>(group: &mut Vec<T>) -> &mut T {
    if group.is_empty() {
        group.push(T::default());
    }
    let at = group.len() - 1;
    &mut group[at]
}

/// An identifier of whoever is paid: with the scheme SEPA it is BT-90, what the bank knows the creditor by, and none of
/// the party's own.
fn creditor_or_id<'d>(creditor: &mut Option<Id<'d>>, party: &mut Party<'d>, e: Element<'d>) {
    match e.id() {
        Some(id) if id.scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("SEPA")) => first(creditor, Some(id)),
        id => party.ids.extend(id),
    }
}

#[rustfmt::skip]
static COMMON: &[Row] = &[
    // path                                                     term
    ("ProfileID",                                               |p, e| first(&mut p.process, e.val())),                       // BT-23
    ("ext:UBLExtensions/ext:UBLExtension/ext:ExtensionContent/aife:FactureExtension/aife:CategoryCode",
                                                                |p, e| first(&mut p.process_extension, e.val())),             // BT-23, AIFE
    ("CustomizationID",                                         |p, e| first(&mut p.specification, e.val())),                 // BT-24
    ("ID",                                                      |p, e| first(&mut p.number, e.val())),                        // BT-1
    ("IssueDate",                                               |p, e| first(&mut p.issued, e.day(day_ubl))),                 // BT-2
    ("DueDate",                                                 |p, e| first(&mut p.due_date, e.day(day_ubl))),               // BT-9
    ("DocumentCurrencyCode",                                    |p, e| first(&mut p.currency, e.val())),                      // BT-5
    ("TaxCurrencyCode",                                         |p, e| first(&mut p.tax_currency, e.val())),                  // BT-6
    ("TaxPointDate",                                            |p, e| first(&mut p.tax_point, e.day(day_ubl))),              // BT-7
    ("cac:InvoicePeriod",                                       |p, e| first(&mut delivery(p).period, Some(Period { at: Some(e.at), ..Period::default() }))), // BG-14
    ("InvoicePeriod/StartDate",                                 |p, e| first(&mut delivery(p).period.get_or_insert_default().starts, e.day(day_ubl))), // BT-73
    ("InvoicePeriod/EndDate",                                   |p, e| first(&mut delivery(p).period.get_or_insert_default().ends, e.day(day_ubl))), // BT-74
    ("InvoicePeriod/DescriptionCode",                           |p, e| first(&mut p.tax_point_code, e.val())),                // BT-8
    ("BuyerReference",                                          |p, e| first(&mut p.buyer_reference, e.val())),               // BT-10
    ("ProjectReference/ID",                                     |p, e| first(&mut p.project, e.val())),                       // BT-11
    ("cac:ContractDocumentReference",                           |p, _| p.contracts.push(Reference::default())),               // BT-12
    ("ContractDocumentReference/ID",                            |p, e| first(&mut contract(p).id, e.val())),
    ("ContractDocumentReference/DocumentTypeCode",              |p, e| first(&mut contract(p).kind, e.val())),
    ("ContractDocumentReference/DocumentType",                  |p, e| first(&mut contract(p).kind, e.val())),
    ("OrderReference/ID",                                       |p, e| first(&mut p.order, e.val())),                         // BT-13
    ("OrderReference/SalesOrderID",                             |p, e| first(&mut p.sales_order, e.val())),                   // BT-14
    ("ReceiptDocumentReference/ID",                             |p, e| first(&mut p.receiving_advice, e.val())),              // BT-15
    ("DespatchDocumentReference/ID",                            |p, e| first(&mut p.despatch_advice, e.val())),               // BT-16
    ("OriginatorDocumentReference/ID",                          |p, e| first(&mut p.tender, e.val())),                        // BT-17
    ("AccountingCost",                                          |p, e| first(&mut p.buyer_accounting, e.val())),              // BT-19
    ("PaymentTerms/Note",                                       |p, e| first(&mut p.payment_terms, e.val())),                 // BT-20
    ("Note",                                                    |p, e| p.notes.push(Note { subject: None, text: e.val() })),  // BT-22
    ("cac:BillingReference",                                    |p, _| p.preceding.push(Preceding::default())),               // BG-3
    ("BillingReference/InvoiceDocumentReference/ID",            |p, e| first(&mut preceding(p).number, e.val())),             // BT-25
    ("BillingReference/InvoiceDocumentReference/IssueDate",     |p, e| first(&mut preceding(p).issued, e.day(day_ubl))),      // BT-26
    ("cac:AdditionalDocumentReference",                         |p, e| p.attachments.push(Attachment { at: Some(e.at), ..Attachment::default() })), // BG-24
    ("AdditionalDocumentReference/ID",                          |p, e| { first(&mut attachment(p).id, e.val()); first(&mut attachment(p).scheme, e.attribute_val("schemeID")); }), // BT-122, BT-18
    ("AdditionalDocumentReference/DocumentTypeCode",            |p, e| first(&mut attachment(p).type_code, e.val())),
    ("AdditionalDocumentReference/DocumentDescription",         |p, e| first(&mut attachment(p).description, e.val())),       // BT-123
    ("AdditionalDocumentReference/Attachment/ExternalReference/URI", |p, e| first(&mut attachment(p).location, e.val())),     // BT-124
    ("AdditionalDocumentReference/Attachment/EmbeddedDocumentBinaryObject", |p, e| attachment(p).embed(e)),                   // BT-125
    ("Delivery/ActualDeliveryDate",                             |p, e| first(&mut delivery(p).date, e.day(day_ubl))),         // BT-72
    ("Delivery/DeliveryLocation/ID",                            |p, e| first(&mut delivery(p).location, e.id())),             // BT-71
    ("Delivery/DeliveryParty/PartyName/Name",                   |p, e| first(&mut delivery(p).name, e.val())),                // BT-70
    ("Delivery/DeliveryLocation/cac:Address",                   |p, e| first(&mut delivery(p).address.at, Some(e.at))),       // BG-15
    ("Delivery/DeliveryLocation/Address/StreetName",            |p, e| first(&mut delivery(p).address.line1, e.val())),       // BT-75
    ("Delivery/DeliveryLocation/Address/AdditionalStreetName",  |p, e| first(&mut delivery(p).address.line2, e.val())),       // BT-76
    ("Delivery/DeliveryLocation/Address/AddressLine/Line",      |p, e| first(&mut delivery(p).address.line3, e.val())),       // BT-165
    ("Delivery/DeliveryLocation/Address/CityName",              |p, e| first(&mut delivery(p).address.city, e.val())),        // BT-77
    ("Delivery/DeliveryLocation/Address/PostalZone",            |p, e| first(&mut delivery(p).address.postcode, e.val())),    // BT-78
    ("Delivery/DeliveryLocation/Address/CountrySubentity",      |p, e| first(&mut delivery(p).address.subdivision, e.val())), // BT-79
    ("Delivery/DeliveryLocation/Address/Country/IdentificationCode", |p, e| first(&mut delivery(p).address.country, e.val())), // BT-80
    ("cac:PaymentMeans",                                        |p, e| p.payment_means.push(PaymentMeans { at: Some(e.at), ..PaymentMeans::default() })), // BG-16
    ("PaymentMeans/PaymentMeansCode",                           |p, e| { first(&mut means(p).code, e.val()); first(&mut means(p).text, e.attribute_val("name")); }), // BT-81, BT-82
    ("PaymentMeans/PaymentDueDate",                             |p, e| first(&mut p.due_date, e.day(day_ubl))),               // BT-9, credit note
    ("PaymentMeans/PaymentID",                                  |p, e| first(&mut means(p).remittance, e.val())),             // BT-83
    ("PaymentMeans/PayeeFinancialAccount/ID",                   |p, e| first(&mut means(p).account.get_or_insert_default().id, e.val())),   // BT-84
    ("PaymentMeans/PayeeFinancialAccount/Name",                 |p, e| first(&mut means(p).account.get_or_insert_default().name, e.val())), // BT-85
    ("PaymentMeans/PayeeFinancialAccount/FinancialInstitutionBranch/ID", |p, e| first(&mut means(p).account.get_or_insert_default().bic, e.val())), // BT-86
    ("PaymentMeans/CardAccount/PrimaryAccountNumberID",         |p, e| first(&mut means(p).card, e.val())),                   // BT-87
    ("PaymentMeans/CardAccount/HolderName",                     |p, e| first(&mut means(p).card_holder, e.val())),            // BT-88
    ("PaymentMeans/PaymentMandate/ID",                          |p, e| first(&mut means(p).mandate, e.val())),                // BT-89
    ("PaymentMeans/PaymentMandate/PayerFinancialAccount/ID",    |p, e| first(&mut means(p).debited, e.val())),                // BT-91
    ("cac:AllowanceCharge",                                     |p, e| p.allowances_charges.push(AllowanceCharge { at: Some(e.at), ..AllowanceCharge::default() })), // BG-20, BG-21
    ("AllowanceCharge/ChargeIndicator",                         |p, e| first(&mut charge(p).charge, e.val())),
    ("AllowanceCharge/Amount",                                  |p, e| first(&mut charge(p).amount, e.number())),             // BT-92, BT-99
    ("AllowanceCharge/BaseAmount",                              |p, e| first(&mut charge(p).base, e.number())),               // BT-93, BT-100
    ("AllowanceCharge/MultiplierFactorNumeric",                 |p, e| first(&mut charge(p).percent, e.number())),            // BT-94, BT-101
    ("AllowanceCharge/TaxCategory/ID",                          |p, e| first(&mut charge(p).vat_category, e.val())),          // BT-95, BT-102
    ("AllowanceCharge/TaxCategory/Percent",                     |p, e| first(&mut charge(p).vat_rate, e.number())),           // BT-96, BT-103
    ("AllowanceCharge/AllowanceChargeReason",                   |p, e| first(&mut charge(p).reason, e.val())),                // BT-97, BT-104
    ("AllowanceCharge/AllowanceChargeReasonCode",               |p, e| first(&mut charge(p).reason_code, e.val())),           // BT-98, BT-105
    ("cac:LegalMonetaryTotal",                                  |p, e| first(&mut totals(p).at, Some(e.at))),                 // BG-22
    ("LegalMonetaryTotal/LineExtensionAmount",                  |p, e| first(&mut totals(p).line_net, e.number())),           // BT-106
    ("LegalMonetaryTotal/AllowanceTotalAmount",                 |p, e| first(&mut totals(p).allowances, e.number())),         // BT-107
    ("LegalMonetaryTotal/ChargeTotalAmount",                    |p, e| first(&mut totals(p).charges, e.number())),            // BT-108
    ("LegalMonetaryTotal/TaxExclusiveAmount",                   |p, e| first(&mut totals(p).net, e.number())),                // BT-109
    ("TaxTotal/TaxAmount",                                      |p, e| totals(p).vat.extend(e.number())),                     // BT-110, BT-111
    ("LegalMonetaryTotal/TaxInclusiveAmount",                   |p, e| first(&mut totals(p).gross, e.number())),              // BT-112
    ("LegalMonetaryTotal/PrepaidAmount",                        |p, e| first(&mut totals(p).prepaid, e.number())),            // BT-113
    ("LegalMonetaryTotal/PayableRoundingAmount",                |p, e| first(&mut totals(p).rounding, e.number())),           // BT-114
    ("LegalMonetaryTotal/PayableAmount",                        |p, e| first(&mut totals(p).due, e.number())),                // BT-115
    ("TaxTotal/cac:TaxSubtotal",                                |p, e| p.vat.push(VatBreakdown { at: Some(e.at), ..VatBreakdown::default() })), // BG-23
    ("TaxTotal/TaxSubtotal/TaxableAmount",                      |p, e| first(&mut vat(p).base, e.number())),                  // BT-116
    ("TaxTotal/TaxSubtotal/TaxAmount",                          |p, e| first(&mut vat(p).amount, e.number())),                // BT-117
    ("TaxTotal/TaxSubtotal/TaxCategory/ID",                     |p, e| first(&mut vat(p).category, e.val())),                 // BT-118
    ("TaxTotal/TaxSubtotal/TaxCategory/Percent",                |p, e| first(&mut vat(p).rate, e.number())),                  // BT-119
    ("TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReason",     |p, e| first(&mut vat(p).exemption, e.val())),                // BT-120
    ("TaxTotal/TaxSubtotal/TaxCategory/TaxExemptionReasonCode", |p, e| first(&mut vat(p).exemption_code, e.val())),           // BT-121
];

#[rustfmt::skip]
static INVOICE_ONLY: &[Row] = &[
    ("InvoiceTypeCode",                                         |p, e| first(&mut p.type_code, e.val())),                     // BT-3
];

#[rustfmt::skip]
static CREDIT_NOTE_ONLY: &[Row] = &[
    ("CreditNoteTypeCode",                                      |p, e| first(&mut p.type_code, e.val())),                     // BT-3
];

/// A tax identifier is the VAT one where its scheme says so (the scheme comes after it).
fn tax_id<'d>(party: &mut Party<'d>, e: Element<'d>) {
    let scheme = e.doc.parent(e.at).and_then(|p| e.doc.children(p).find(|c| e.doc.local(*c) == "TaxScheme"));
    let id = scheme.and_then(|s| e.doc.children(s).find(|c| e.doc.local(*c) == "ID"));
    let vat = id.is_some_and(|id| crate::xml::trim(e.doc.text(id)).eq_ignore_ascii_case("VAT"));
    first(if vat { &mut party.vat_id } else { &mut party.tax_id }, e.val());
}

#[rustfmt::skip]
static PARTIES: &[Row] = &[
    // BG-4, seller
    ("AccountingSupplierParty/cac:Party",                                                          |p, e| first(&mut p.seller.at, Some(e.at))),                                           // BG-4
    ("AccountingSupplierParty/Party/PartyIdentification/ID",                                       |p, e| creditor_or_id(&mut p.creditor_id, &mut p.seller, e)),                            // BT-29, BT-90
    ("AccountingSupplierParty/Party/cac:PostalAddress",                                            |p, e| first(&mut p.seller.address.at, Some(e.at))),                                   // BG-5, BG-8
    ("AccountingSupplierParty/Party/cac:Contact",                                                  |p, e| first(&mut p.seller.contact.at, Some(e.at))),                                   // BG-6, BG-9
    ("AccountingSupplierParty/Party/EndpointID",                                                   |p, e| first(&mut p.seller.endpoint, e.id())),                                         // BT-34, BT-49
    ("AccountingSupplierParty/Party/PartyName/Name",                                               |p, e| first(&mut p.seller.trading_name, e.val())),                                    // BT-28, BT-45
    ("AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName",                            |p, e| first(&mut p.seller.name, e.val())),                                            // BT-27, BT-44
    ("AccountingSupplierParty/Party/PartyLegalEntity/CompanyID",                                   |p, e| first(&mut p.seller.legal_id, e.id())),                                         // BT-30, BT-47
    ("AccountingSupplierParty/Party/PartyLegalEntity/CompanyLegalForm",                            |p, e| first(&mut p.seller.legal_form, e.val())),                                      // BT-33
    ("AccountingSupplierParty/Party/PostalAddress/StreetName",                                     |p, e| first(&mut p.seller.address.line1, e.val())),                                   // BT-35, BT-50
    ("AccountingSupplierParty/Party/PostalAddress/AdditionalStreetName",                           |p, e| first(&mut p.seller.address.line2, e.val())),                                   // BT-36, BT-51
    ("AccountingSupplierParty/Party/PostalAddress/AddressLine/Line",                               |p, e| first(&mut p.seller.address.line3, e.val())),                                   // BT-162, BT-163
    ("AccountingSupplierParty/Party/PostalAddress/CityName",                                       |p, e| first(&mut p.seller.address.city, e.val())),                                    // BT-37, BT-52
    ("AccountingSupplierParty/Party/PostalAddress/PostalZone",                                     |p, e| first(&mut p.seller.address.postcode, e.val())),                                // BT-38, BT-53
    ("AccountingSupplierParty/Party/PostalAddress/CountrySubentity",                               |p, e| first(&mut p.seller.address.subdivision, e.val())),                             // BT-39, BT-54
    ("AccountingSupplierParty/Party/PostalAddress/Country/IdentificationCode",                     |p, e| first(&mut p.seller.address.country, e.val())),                                 // BT-40, BT-55
    ("AccountingSupplierParty/Party/Contact/Name",                                                 |p, e| first(&mut p.seller.contact.name, e.val())),                                    // BT-41, BT-56
    ("AccountingSupplierParty/Party/Contact/Telephone",                                            |p, e| first(&mut p.seller.contact.phone, e.val())),                                   // BT-42, BT-57
    ("AccountingSupplierParty/Party/Contact/ElectronicMail",                                       |p, e| first(&mut p.seller.contact.email, e.val())),                                   // BT-43, BT-58
    ("AccountingSupplierParty/Party/PartyTaxScheme/CompanyID",                                     |p, e| tax_id(&mut p.seller, e)),                                                      // BT-31, BT-32, BT-48
    ("AccountingSupplierParty/Party/Contact/ID",                                                   |p, e| first(&mut p.seller_service, e.val())),                                         // supplier's service
    // BG-7, buyer
    ("AccountingCustomerParty/cac:Party",                                                          |p, e| first(&mut p.buyer.at, Some(e.at))),                                            // BG-7
    ("AccountingCustomerParty/Party/PartyIdentification/ID",                                       |p, e| p.buyer.ids.extend(e.id())),                                                    // BT-29, BT-46
    ("AccountingCustomerParty/Party/cac:PostalAddress",                                            |p, e| first(&mut p.buyer.address.at, Some(e.at))),                                    // BG-5, BG-8
    ("AccountingCustomerParty/Party/cac:Contact",                                                  |p, e| first(&mut p.buyer.contact.at, Some(e.at))),                                    // BG-6, BG-9
    ("AccountingCustomerParty/Party/EndpointID",                                                   |p, e| first(&mut p.buyer.endpoint, e.id())),                                          // BT-34, BT-49
    ("AccountingCustomerParty/Party/PartyName/Name",                                               |p, e| first(&mut p.buyer.trading_name, e.val())),                                     // BT-28, BT-45
    ("AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName",                            |p, e| first(&mut p.buyer.name, e.val())),                                             // BT-27, BT-44
    ("AccountingCustomerParty/Party/PartyLegalEntity/CompanyID",                                   |p, e| first(&mut p.buyer.legal_id, e.id())),                                          // BT-30, BT-47
    ("AccountingCustomerParty/Party/PartyLegalEntity/CompanyLegalForm",                            |p, e| first(&mut p.buyer.legal_form, e.val())),                                       // BT-33
    ("AccountingCustomerParty/Party/PostalAddress/StreetName",                                     |p, e| first(&mut p.buyer.address.line1, e.val())),                                    // BT-35, BT-50
    ("AccountingCustomerParty/Party/PostalAddress/AdditionalStreetName",                           |p, e| first(&mut p.buyer.address.line2, e.val())),                                    // BT-36, BT-51
    ("AccountingCustomerParty/Party/PostalAddress/AddressLine/Line",                               |p, e| first(&mut p.buyer.address.line3, e.val())),                                    // BT-162, BT-163
    ("AccountingCustomerParty/Party/PostalAddress/CityName",                                       |p, e| first(&mut p.buyer.address.city, e.val())),                                     // BT-37, BT-52
    ("AccountingCustomerParty/Party/PostalAddress/PostalZone",                                     |p, e| first(&mut p.buyer.address.postcode, e.val())),                                 // BT-38, BT-53
    ("AccountingCustomerParty/Party/PostalAddress/CountrySubentity",                               |p, e| first(&mut p.buyer.address.subdivision, e.val())),                              // BT-39, BT-54
    ("AccountingCustomerParty/Party/PostalAddress/Country/IdentificationCode",                     |p, e| first(&mut p.buyer.address.country, e.val())),                                  // BT-40, BT-55
    ("AccountingCustomerParty/Party/Contact/Name",                                                 |p, e| first(&mut p.buyer.contact.name, e.val())),                                     // BT-41, BT-56
    ("AccountingCustomerParty/Party/Contact/Telephone",                                            |p, e| first(&mut p.buyer.contact.phone, e.val())),                                    // BT-42, BT-57
    ("AccountingCustomerParty/Party/Contact/ElectronicMail",                                       |p, e| first(&mut p.buyer.contact.email, e.val())),                                    // BT-43, BT-58
    ("AccountingCustomerParty/Party/PartyTaxScheme/CompanyID",                                     |p, e| tax_id(&mut p.buyer, e)),                                                       // BT-31, BT-32, BT-48
    ("AccountingCustomerParty/AccountingContact/ID",                                               |p, e| first(&mut p.buyer_service, e.val())),                                          // recipient's service
    // valideur block: AIFE's place, then CTC-FR's
    ("AccountingSupplierParty/Party/cac:AgentParty",                                               |p, e| first(&mut valideur(p).at, Some(e.at))),
    ("AccountingSupplierParty/Party/AgentParty/PartyIdentification/ID",                            |p, e| valideur(p).ids.extend(e.id())),
    ("AccountingSupplierParty/Party/AgentParty/PartyName/Name",                                    |p, e| first(&mut valideur(p).trading_name, e.val())),
    ("AccountingSupplierParty/Party/AgentParty/PartyLegalEntity/RegistrationName",                 |p, e| first(&mut valideur(p).name, e.val())),
    ("AccountingSupplierParty/Party/AgentParty/PartyLegalEntity/CompanyID",                        |p, e| first(&mut valideur(p).legal_id, e.id())),
    ("AccountingCustomerParty/Party/ServiceProviderParty/cac:Party",                               |p, e| first(&mut buyers_valideur(p).at, Some(e.at))),
    ("AccountingCustomerParty/Party/ServiceProviderParty/Party/PartyIdentification/ID",            |p, e| buyers_valideur(p).ids.extend(e.id())),
    ("AccountingCustomerParty/Party/ServiceProviderParty/Party/PartyName/Name",                    |p, e| first(&mut buyers_valideur(p).trading_name, e.val())),
    ("AccountingCustomerParty/Party/ServiceProviderParty/Party/PartyLegalEntity/RegistrationName", |p, e| first(&mut buyers_valideur(p).name, e.val())),
    ("AccountingCustomerParty/Party/ServiceProviderParty/Party/PartyLegalEntity/CompanyID",        |p, e| first(&mut buyers_valideur(p).legal_id, e.id())),
    // BG-10, payee
    ("cac:PayeeParty",                                                                             |p, e| first(&mut payee(p).at, Some(e.at))),                                           // BG-10
    ("PayeeParty/PartyIdentification/ID",                                                          |p, e| creditor_or_id(&mut p.creditor_id, p.payee.get_or_insert_default(), e)),          // BT-60, BT-90
    ("PayeeParty/PartyName/Name",                                                                  |p, e| first(&mut payee(p).name, e.val())),                                            // BT-59
    ("PayeeParty/PartyLegalEntity/CompanyID",                                                      |p, e| first(&mut payee(p).legal_id, e.id())),                                         // BT-61
    // BG-11, tax representative
    ("cac:TaxRepresentativeParty",                                                                 |p, e| first(&mut representative(p).at, Some(e.at))),                                  // BG-11
    ("TaxRepresentativeParty/PartyName/Name",                                                      |p, e| first(&mut representative(p).name, e.val())),                                   // BT-62
    ("TaxRepresentativeParty/PartyTaxScheme/CompanyID",                                            |p, e| first(&mut representative(p).vat_id, e.val())),                                 // BT-63
    ("TaxRepresentativeParty/cac:PostalAddress",                                                   |p, e| first(&mut representative(p).address.at, Some(e.at))),                          // BG-12
    ("TaxRepresentativeParty/PostalAddress/StreetName",                                            |p, e| first(&mut representative(p).address.line1, e.val())),                          // BT-64
    ("TaxRepresentativeParty/PostalAddress/AdditionalStreetName",                                  |p, e| first(&mut representative(p).address.line2, e.val())),                          // BT-65
    ("TaxRepresentativeParty/PostalAddress/AddressLine/Line",                                      |p, e| first(&mut representative(p).address.line3, e.val())),                          // BT-164
    ("TaxRepresentativeParty/PostalAddress/CityName",                                              |p, e| first(&mut representative(p).address.city, e.val())),                           // BT-66
    ("TaxRepresentativeParty/PostalAddress/PostalZone",                                            |p, e| first(&mut representative(p).address.postcode, e.val())),                       // BT-67
    ("TaxRepresentativeParty/PostalAddress/CountrySubentity",                                      |p, e| first(&mut representative(p).address.subdivision, e.val())),                    // BT-68
    ("TaxRepresentativeParty/PostalAddress/Country/IdentificationCode",                            |p, e| first(&mut representative(p).address.country, e.val())),                        // BT-69
];

#[rustfmt::skip]
static INVOICE_LINE: &[Row] = &[
    ("",                                                 |p, e| p.lines.push(Line { at: Some(e.at), ..Line::default() })),                                          // BG-25
    ("ID",                                                  |p, e| first(&mut line(p).id, e.val())),                                                                   // BT-126
    ("Note",                                                |p, e| first(&mut line(p).note, e.val())),                                                                 // BT-127
    ("DocumentReference/ID",                                |p, e| first(&mut line(p).object, e.id())),                                                                // BT-128
    ("InvoicedQuantity",                                    |p, e| first(&mut line(p).quantity, e.number())),                                                          // BT-129, BT-130
    ("LineExtensionAmount",                                 |p, e| first(&mut line(p).net, e.number())),                                                               // BT-131
    ("OrderLineReference/LineID",                           |p, e| first(&mut line(p).order_line, e.val())),                                                           // BT-132
    ("AccountingCost",                                      |p, e| first(&mut line(p).accounting, e.val())),                                                           // BT-133
    ("cac:InvoicePeriod",                                   |p, e| first(&mut line(p).period, Some(Period { at: Some(e.at), ..Period::default() }))),                  // BG-26
    ("InvoicePeriod/StartDate",                             |p, e| first(&mut line(p).period.get_or_insert_default().starts, e.day(day_ubl))),                         // BT-134
    ("InvoicePeriod/EndDate",                               |p, e| first(&mut line(p).period.get_or_insert_default().ends, e.day(day_ubl))),                           // BT-135
    ("cac:AllowanceCharge",                                 |p, e| line(p).allowances_charges.push(AllowanceCharge { at: Some(e.at), ..AllowanceCharge::default() })), // BG-27, BG-28
    ("AllowanceCharge/ChargeIndicator",                     |p, e| first(&mut line_charge(p).charge, e.val())),
    ("AllowanceCharge/Amount",                              |p, e| first(&mut line_charge(p).amount, e.number())),                                                     // BT-136, BT-141
    ("AllowanceCharge/BaseAmount",                          |p, e| first(&mut line_charge(p).base, e.number())),                                                       // BT-137, BT-142
    ("AllowanceCharge/MultiplierFactorNumeric",             |p, e| first(&mut line_charge(p).percent, e.number())),                                                    // BT-138, BT-143
    ("AllowanceCharge/AllowanceChargeReason",               |p, e| first(&mut line_charge(p).reason, e.val())),                                                        // BT-139, BT-144
    ("AllowanceCharge/AllowanceChargeReasonCode",           |p, e| first(&mut line_charge(p).reason_code, e.val())),                                                   // BT-140, BT-145
    ("Price/PriceAmount",                                   |p, e| first(&mut line(p).net_price, e.number())),                                                         // BT-146
    ("Price/AllowanceCharge/Amount",                        |p, e| first(&mut line(p).discount, e.number())),                                                          // BT-147
    ("Price/AllowanceCharge/BaseAmount",                    |p, e| first(&mut line(p).gross_price, e.number())),                                                       // BT-148
    ("Price/BaseQuantity",                                  |p, e| first(&mut line(p).base_quantity, e.number())),                                                     // BT-149, BT-150
    ("Item/ClassifiedTaxCategory/ID",                       |p, e| first(&mut line(p).vat_category, e.val())),                                                         // BT-151
    ("Item/ClassifiedTaxCategory/Percent",                  |p, e| first(&mut line(p).vat_rate, e.number())),                                                          // BT-152
    ("Item/Name",                                           |p, e| first(&mut line(p).name, e.val())),                                                                 // BT-153
    ("Item/Description",                                    |p, e| first(&mut line(p).description, e.val())),                                                          // BT-154
    ("Item/SellersItemIdentification/ID",                   |p, e| first(&mut line(p).seller_id, e.val())),                                                            // BT-155
    ("Item/BuyersItemIdentification/ID",                    |p, e| first(&mut line(p).buyer_id, e.val())),                                                             // BT-156
    ("Item/StandardItemIdentification/ID",                  |p, e| first(&mut line(p).standard_id, e.id())),                                                           // BT-157
    ("Item/CommodityClassification/ItemClassificationCode", |p, e| line(p).classifications.extend(e.listed())),                                                        // BT-158
    ("Item/OriginCountry/IdentificationCode",               |p, e| first(&mut line(p).origin, e.val())),                                                               // BT-159
    ("Item/cac:AdditionalItemProperty",                     |p, _| line(p).attributes.push((None, None))),                                                             // BG-32
    ("Item/AdditionalItemProperty/Name",                    |p, e| first(&mut last(&mut line(p).attributes).0, e.val())),                                              // BT-160
    ("Item/AdditionalItemProperty/Value",                   |p, e| first(&mut last(&mut line(p).attributes).1, e.val())),                                              // BT-161
];

#[rustfmt::skip]
static CREDIT_NOTE_LINE: &[Row] = &[
    ("",                                                 |p, e| p.lines.push(Line { at: Some(e.at), ..Line::default() })),                                          // BG-25
    ("ID",                                                  |p, e| first(&mut line(p).id, e.val())),                                                                   // BT-126
    ("Note",                                                |p, e| first(&mut line(p).note, e.val())),                                                                 // BT-127
    ("DocumentReference/ID",                                |p, e| first(&mut line(p).object, e.id())),                                                                // BT-128
    ("CreditedQuantity",                                    |p, e| first(&mut line(p).quantity, e.number())),                                                          // BT-129, BT-130
    ("LineExtensionAmount",                                 |p, e| first(&mut line(p).net, e.number())),                                                               // BT-131
    ("OrderLineReference/LineID",                           |p, e| first(&mut line(p).order_line, e.val())),                                                           // BT-132
    ("AccountingCost",                                      |p, e| first(&mut line(p).accounting, e.val())),                                                           // BT-133
    ("cac:InvoicePeriod",                                   |p, e| first(&mut line(p).period, Some(Period { at: Some(e.at), ..Period::default() }))),                  // BG-26
    ("InvoicePeriod/StartDate",                             |p, e| first(&mut line(p).period.get_or_insert_default().starts, e.day(day_ubl))),                         // BT-134
    ("InvoicePeriod/EndDate",                               |p, e| first(&mut line(p).period.get_or_insert_default().ends, e.day(day_ubl))),                           // BT-135
    ("cac:AllowanceCharge",                                 |p, e| line(p).allowances_charges.push(AllowanceCharge { at: Some(e.at), ..AllowanceCharge::default() })), // BG-27, BG-28
    ("AllowanceCharge/ChargeIndicator",                     |p, e| first(&mut line_charge(p).charge, e.val())),
    ("AllowanceCharge/Amount",                              |p, e| first(&mut line_charge(p).amount, e.number())),                                                     // BT-136, BT-141
    ("AllowanceCharge/BaseAmount",                          |p, e| first(&mut line_charge(p).base, e.number())),                                                       // BT-137, BT-142
    ("AllowanceCharge/MultiplierFactorNumeric",             |p, e| first(&mut line_charge(p).percent, e.number())),                                                    // BT-138, BT-143
    ("AllowanceCharge/AllowanceChargeReason",               |p, e| first(&mut line_charge(p).reason, e.val())),                                                        // BT-139, BT-144
    ("AllowanceCharge/AllowanceChargeReasonCode",           |p, e| first(&mut line_charge(p).reason_code, e.val())),                                                   // BT-140, BT-145
    ("Price/PriceAmount",                                   |p, e| first(&mut line(p).net_price, e.number())),                                                         // BT-146
    ("Price/AllowanceCharge/Amount",                        |p, e| first(&mut line(p).discount, e.number())),                                                          // BT-147
    ("Price/AllowanceCharge/BaseAmount",                    |p, e| first(&mut line(p).gross_price, e.number())),                                                       // BT-148
    ("Price/BaseQuantity",                                  |p, e| first(&mut line(p).base_quantity, e.number())),                                                     // BT-149, BT-150
    ("Item/ClassifiedTaxCategory/ID",                       |p, e| first(&mut line(p).vat_category, e.val())),                                                         // BT-151
    ("Item/ClassifiedTaxCategory/Percent",                  |p, e| first(&mut line(p).vat_rate, e.number())),                                                          // BT-152
    ("Item/Name",                                           |p, e| first(&mut line(p).name, e.val())),                                                                 // BT-153
    ("Item/Description",                                    |p, e| first(&mut line(p).description, e.val())),                                                          // BT-154
    ("Item/SellersItemIdentification/ID",                   |p, e| first(&mut line(p).seller_id, e.val())),                                                            // BT-155
    ("Item/BuyersItemIdentification/ID",                    |p, e| first(&mut line(p).buyer_id, e.val())),                                                             // BT-156
    ("Item/StandardItemIdentification/ID",                  |p, e| first(&mut line(p).standard_id, e.id())),                                                           // BT-157
    ("Item/CommodityClassification/ItemClassificationCode", |p, e| line(p).classifications.extend(e.listed())),                                                        // BT-158
    ("Item/OriginCountry/IdentificationCode",               |p, e| first(&mut line(p).origin, e.val())),                                                               // BT-159
    ("Item/cac:AdditionalItemProperty",                     |p, _| line(p).attributes.push((None, None))),                                                             // BG-32
    ("Item/AdditionalItemProperty/Name",                    |p, e| first(&mut last(&mut line(p).attributes).0, e.val())),                                              // BT-160
    ("Item/AdditionalItemProperty/Value",                   |p, e| first(&mut last(&mut line(p).attributes).1, e.val())),                                              // BT-161
];
