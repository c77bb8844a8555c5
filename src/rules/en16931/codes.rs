//! Codes are of their lists.

use super::lists::*;
use super::view::At;
use super::{Broken, Told, broken};
use crate::msg;
use crate::xml::trim;

/// A rule about a code: where codes of its kind stand, and the list.
pub struct Code {
    /// `BR-CL-01`.
    pub id: &'static str,
    /// Where in UBL; several with `, `.
    pub ubl: &'static str,
    /// Where in CII.
    pub cii: &'static str,
    /// The attribute that is the code; none: the text.
    pub attribute: Option<&'static str>,
    /// What the list is called.
    name: &'static str,
    /// What a code must be, for each syntax.
    lists: [&'static List; 2],
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// Just as it is written.
    Exact,
    /// White space around it does not count.
    Trimmed,
    /// Small letters are as good.
    AnyCase,
    /// Also SEPA, for the seller and the payee (UBL).
    OrSepa,
    /// CII: what another rule asks is left to it.
    Unless(fn(At<'_, '_>) -> bool),
}

use Kind::{AnyCase, Exact, OrSepa, Trimmed, Unless};

const fn code(
    id: &'static str,
    attribute: Option<&'static str>,
    name: &'static str,
    lists: [&'static List; 2],
    kind: Kind,
    paths: [&'static str; 2],
) -> Code {
    let [ubl, cii] = paths;
    Code { id, ubl, cii, attribute, name, lists, kind }
}

const SCHEME: Option<&str> = Some("schemeID");
const CURRENCY: Option<&str> = Some("currencyID");

#[rustfmt::skip]
pub static CODES: &[Code] = &[
    //    id          attribute          list                 UBL, CII                               kind      UBL | CII
    code("BR-CL-01", None,              "UNTDID 1001",       [&INVOICE_TYPES, &TYPES],              Trimmed,  ["cbc:InvoiceTypeCode", "rsm:ExchangedDocument/ram:TypeCode"]),
    code("BR-CL-01", None,              "UNTDID 1001",       [&CREDIT_NOTE_TYPES, &TYPES],          Trimmed,  ["cbc:CreditNoteTypeCode", ""]),
    code("BR-CL-03", CURRENCY,          "ISO 4217",          [&CURRENCIES, &CURRENCIES],            Trimmed,  ["cbc:Amount, cbc:BaseAmount, cbc:PriceAmount, cbc:TaxAmount, cbc:TaxableAmount, cbc:LineExtensionAmount, cbc:TaxExclusiveAmount, cbc:TaxInclusiveAmount, cbc:AllowanceTotalAmount, cbc:ChargeTotalAmount, cbc:PrepaidAmount, cbc:PayableRoundingAmount, cbc:PayableAmount", "ram:TaxTotalAmount[@currencyID]"]),
    code("BR-CL-04", None,              "ISO 4217",          [&CURRENCIES, &CURRENCIES],            Trimmed,  ["cbc:DocumentCurrencyCode", "ram:InvoiceCurrencyCode"]),
    code("BR-CL-05", None,              "ISO 4217",          [&CURRENCIES, &CURRENCIES],            Trimmed,  ["cbc:TaxCurrencyCode", "ram:TaxCurrencyCode"]),
    code("BR-CL-06", None,              "UNTDID 2005 / 2475", [&TAX_POINTS_UBL, &TAX_POINTS_CII],   Trimmed,  ["cac:InvoicePeriod/cbc:DescriptionCode", "ram:DueDateTypeCode"]),
    code("BR-CL-07", SCHEME,            "UNTDID 1153",       [&OBJECTS, &OBJECTS],                  Trimmed,  ["cac:AdditionalDocumentReference[cbc:DocumentTypeCode=130]/cbc:ID[@schemeID], cac:DocumentReference[cbc:DocumentTypeCode=130]/cbc:ID[@schemeID]", ""]),
    code("BR-CL-07", None,              "UNTDID 1153",       [&OBJECTS, &OBJECTS],                  Trimmed,  ["", "ram:ReferenceTypeCode"]),
    code("BR-CL-08", None,              "UNTDID 4451",       [&SUBJECTS_UBL, &SUBJECTS_CII],        Trimmed,  ["", "ram:SubjectCode"]),
    code("BR-CL-10", SCHEME,            "ISO/IEC 6523",      [&SCHEMES, &SCHEMES],                  OrSepa,   ["cac:PartyIdentification/cbc:ID[@schemeID]", ""]),
    code("BR-CL-10", SCHEME,            "ISO/IEC 6523",      [&SCHEMES, &SCHEMES],                  Unless(is_item_or_place), ["", "ram:GlobalID[@schemeID]"]),
    code("BR-CL-11", SCHEME,            "ISO/IEC 6523",      [&SCHEMES, &SCHEMES],                  Trimmed,  ["cac:PartyLegalEntity/cbc:CompanyID[@schemeID]", ""]),
    code("BR-CL-11", SCHEME,            "ISO/IEC 6523",      [&SCHEMES, &SCHEMES],                  Unless(is_registration), ["", "ram:ID[@schemeID]"]),
    code("BR-CL-13", Some("listID"),    "UNTDID 7143",       [&ITEM_LISTS, &ITEM_LISTS],            Trimmed,  ["cac:CommodityClassification/cbc:ItemClassificationCode[@listID]", "ram:ClassCode[@listID]"]),
    code("BR-CL-14", None,              "ISO 3166-1",        [&COUNTRIES_UBL, &COUNTRIES_CII],      Trimmed,  ["cac:Country/cbc:IdentificationCode", "ram:CountryID"]),
    code("BR-CL-15", None,              "ISO 3166-1",        [&COUNTRIES_UBL, &COUNTRIES_CII],      Trimmed,  ["cac:OriginCountry/cbc:IdentificationCode", ""]),
    code("BR-CL-15", None,              "ISO 3166-1",        [&COUNTRIES_UBL, &COUNTRIES_CII],      Unless(has_scheme), ["", "ram:OriginTradeCountry/ram:ID"]),
    code("BR-CL-16", None,              "UNTDID 4461",       [&PAYMENT_MEANS, &PAYMENT_MEANS],      Trimmed,  ["cac:PaymentMeans/cbc:PaymentMeansCode", "ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode"]),
    code("BR-CL-17", None,              "UNTDID 5305",       [&VAT_CATEGORIES, &VAT_CATEGORIES],    Trimmed,  ["cac:TaxCategory/cbc:ID", "ram:CategoryTradeTax/ram:CategoryCode"]),
    code("BR-CL-18", None,              "UNTDID 5305",       [&VAT_CATEGORIES, &VAT_CATEGORIES],    Trimmed,  ["cac:ClassifiedTaxCategory/cbc:ID", "ram:ApplicableTradeTax/ram:CategoryCode"]),
    code("BR-CL-19", None,              "UNTDID 5189",       [&ALLOWANCES, &ALLOWANCES],            Trimmed,  ["cac:AllowanceCharge[allowance]/cbc:AllowanceChargeReasonCode", "ram:SpecifiedTradeAllowanceCharge[allowance]/ram:ReasonCode"]),
    code("BR-CL-20", None,              "UNTDID 7161",       [&CHARGES, &CHARGES],                  Trimmed,  ["cac:AllowanceCharge[charge]/cbc:AllowanceChargeReasonCode", "ram:SpecifiedTradeAllowanceCharge[charge]/ram:ReasonCode"]),
    code("BR-CL-21", SCHEME,            "ISO/IEC 6523",      [&SCHEMES, &SCHEMES],                  Trimmed,  ["cac:StandardItemIdentification/cbc:ID[@schemeID]", "ram:SpecifiedTradeProduct/ram:GlobalID[@schemeID]"]),
    code("BR-CL-22", None,              "VATEX",             [&EXEMPTIONS, &EXEMPTIONS],            AnyCase,  ["cbc:TaxExemptionReasonCode", "ram:ExemptionReasonCode"]),
    code("BR-CL-23", Some("unitCode"),  "UN/ECE Rec 20/21",  [&UNITS, &UNITS],                      Trimmed,  ["cbc:InvoicedQuantity[@unitCode], cbc:BaseQuantity[@unitCode], cbc:CreditedQuantity[@unitCode]", "ram:BasisQuantity[@unitCode], ram:BilledQuantity[@unitCode]"]),
    code("BR-CL-24", Some("mimeCode"),  "MIME",              [&MIMES, &MIMES],                      Exact,    ["cbc:EmbeddedDocumentBinaryObject[@mimeCode]", "ram:AttachmentBinaryObject[@mimeCode]"]),
    code("BR-CL-25", SCHEME,            "EAS",               [&ADDRESSES, &ADDRESSES],              Trimmed,  ["cbc:EndpointID[@schemeID]", "ram:URIUniversalCommunication/ram:URIID[@schemeID]"]),
    code("BR-CL-26", SCHEME,            "ISO/IEC 6523",      [&SCHEMES, &SCHEMES],                  Trimmed,  ["cac:DeliveryLocation/cbc:ID[@schemeID]", "ram:ApplicableHeaderTradeDelivery/ram:ShipToTradeParty/ram:GlobalID[@schemeID]"]),
];

fn is_item_or_place(at: At<'_, '_>) -> bool {
    let known = &super::TABLES.known;
    at.is_in(known.product) || at.is_in(known.ship_to)
}

fn is_registration(at: At<'_, '_>) -> bool {
    at.is_in(super::TABLES.known.registration)
}

/// BR-CL-11 takes any identifier that has a scheme.
fn has_scheme(at: At<'_, '_>) -> bool {
    at.attribute("schemeID").is_some()
}

impl Code {
    /// Whether the code of this element is of its list.
    pub fn ask(&self, at: At<'_, '_>) -> Told {
        if let Unless(other) = self.kind
            && other(at)
        {
            return Ok(());
        }
        let raw = self.attribute.map_or_else(|| at.text(), |name| at.attribute(name).unwrap_or(""));
        let code = if matches!(self.kind, Exact) { raw } else { trim(raw) };
        let list = self.lists[usize::from(!at.view.ubl)];
        let known = list.has(code)
            || matches!(self.kind, AnyCase) && list.has(&code.to_uppercase())
            || matches!(self.kind, OrSepa) && code == "SEPA" && is_creditor(at);
        if known {
            return Ok(());
        }
        let broken = unknown(self.name).found(raw);
        Err(match self.attribute {
            Some(name) if at.attribute(name).is_some() => broken.attribute(name),
            _ => broken,
        })
    }
}

fn is_creditor(at: At<'_, '_>) -> bool {
    let known = &super::TABLES.known;
    at.is_in(known.supplier) || at.is_in(known.payee)
}

/// A code that is none.
pub fn unknown(list: &str) -> Box<Broken> {
    broken(msg!("ce code n'est pas de la liste {list}", "this code is not in the list {list}"))
        .expected(msg!("un code de {list}", "a code of {list}"))
}

/// Whether a few characters are part of a list that is written in one piece, a space between and around its codes.
pub fn is_part_of(list: &List, part: &str) -> bool {
    list.has(part)
        || (!part.is_ascii() || part.len() < 3) && is_within(list, part)
        || part.contains(' ') && is_within(list, part)
}

fn is_within(list: &List, part: &str) -> bool {
    format!(" {} ", list.codes.join(" ")).contains(part)
}
