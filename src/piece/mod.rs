//! The semantic model: one [`Piece`], in the terms of EN 16931, that three readers fill: UBL, CII, and
//! the deposit form.
//! Nobody after them sees XML. Every value keeps the node it came from, so that a finding can point at it.
//!
//! Text is trimmed of XML white space; an element that is empty after trimming is absent. Numbers, dates and
//! amounts keep their raw text beside what it means, so that a rule can say what it found.

pub mod amount;
pub mod attached;
pub mod base64;
mod cii;
pub mod depot;
mod read;
mod terms;
mod ubl;

pub use terms::{Actor, NotAPiece, read};

use crate::xml::{Doc, NodeId};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// What a document is, by its root element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// UBL 2.1 `Invoice`.
    UblInvoice,
    /// UBL 2.1 `CreditNote`.
    UblCreditNote,
    /// UN/CEFACT `CrossIndustryInvoice` D16B.
    Cii,
    /// A deposit form that says everything itself.
    Depot,
}

impl Syntax {
    /// Its name in JSON and SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Syntax::UblInvoice => "ubl-invoice",
            Syntax::UblCreditNote => "ubl-credit-note",
            Syntax::Cii => "cii",
            Syntax::Depot => "depot",
        }
    }
}

/// A text with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Val<'d> {
    /// The text, trimmed, never empty.
    pub text: &'d str,
    /// The element or attribute owner that carries it.
    pub at: NodeId,
}

/// A decimal with its place. `value` is `None` when the text is no xs:decimal, or has more digits than can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'d> {
    /// What was written.
    pub raw: Val<'d>,
    /// What it means.
    pub value: Option<Decimal>,
    /// `@currencyID` (amounts) or `@unitCode` (quantities) where it stands.
    pub unit: Option<&'d str>,
}

/// A calendar day with its place. `value` is `None` when the text is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day<'d> {
    /// What was written.
    pub raw: Val<'d>,
    /// What it means.
    pub value: Option<NaiveDate>,
}

/// An identifier with its scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'d> {
    /// The identifier itself.
    pub id: Val<'d>,
    /// `@schemeID`, else `@schemeName`.
    pub scheme: Option<&'d str>,
    /// `@schemeName`, where both are given.
    pub scheme_name: Option<&'d str>,
}

/// One pièce: an invoice, a credit note, a décompte. Field comments give the business term (BT) or group (BG).
#[derive(Clone, Debug)]
pub struct Piece<'d> {
    /// The document it was read from; resolves [`NodeId`]s into places.
    pub doc: &'d Doc,
    /// The carrier.
    pub syntax: Syntax,

    /// BT-23, the cadre: `ProfileID` or the CII business process.
    pub process: Option<Val<'d>>,
    /// The cadre again, where AIFE's UBL extension carries it (`FactureExtension/CategoryCode`).
    pub process_extension: Option<Val<'d>>,
    /// BT-24, specification.
    pub specification: Option<Val<'d>>,
    /// BT-1, number.
    pub number: Option<Val<'d>>,
    /// BT-3, type code.
    pub type_code: Option<Val<'d>>,
    /// BT-2, issue date.
    pub issued: Option<Day<'d>>,
    /// BT-5, document currency; see [`Piece::document_currency`].
    pub currency: Option<Val<'d>>,
    /// The `currencyID` of every amount, where BT-5 is absent and they all say the same.
    only_currency: Option<&'d str>,
    /// BT-6, VAT accounting currency.
    pub tax_currency: Option<Val<'d>>,
    /// BT-7, VAT point date.
    pub tax_point: Option<Day<'d>>,
    /// BT-8, VAT point date code.
    pub tax_point_code: Option<Val<'d>>,
    /// BT-9, payment due date.
    pub due_date: Option<Day<'d>>,
    /// BT-10, buyer reference.
    pub buyer_reference: Option<Val<'d>>,
    /// BT-11, project reference.
    pub project: Option<Val<'d>>,
    /// BT-12 and other contract references, in document order; see [`Piece::marche`] and [`Piece::engagement`].
    pub contracts: Vec<Reference<'d>>,
    /// BT-13, purchase order reference.
    pub order: Option<Val<'d>>,
    /// BT-14, sales order reference.
    pub sales_order: Option<Val<'d>>,
    /// BT-15, receiving advice reference.
    pub receiving_advice: Option<Val<'d>>,
    /// BT-16, despatch advice reference.
    pub despatch_advice: Option<Val<'d>>,
    /// BT-17, tender or lot reference.
    pub tender: Option<Val<'d>>,
    /// BT-18, invoiced object identifier.
    pub invoiced_object: Option<Id<'d>>,
    /// BT-19, buyer accounting reference.
    pub buyer_accounting: Option<Val<'d>>,
    /// BT-20, payment terms.
    pub payment_terms: Option<Val<'d>>,
    /// BG-1, notes.
    pub notes: Vec<Note<'d>>,
    /// BG-3, earlier pièces; a block without number and date is left out of it.
    pub preceding: Vec<Preceding<'d>>,

    /// BG-4, seller: the company whose work is billed.
    pub seller: Party<'d>,
    /// BG-7, buyer: destinataire or MOA.
    pub buyer: Party<'d>,
    /// The valideur block: CII `InvoiceeTradeParty`; UBL seller's `AgentParty`, else buyer's `ServiceProviderParty`.
    pub valideur: Option<Party<'d>>,
    /// UBL buyer's `ServiceProviderParty` while the document is read; see [`Piece::valideur`].
    buyers_valideur: Option<Party<'d>>,
    /// BG-10, payee.
    pub payee: Option<Party<'d>>,
    /// BG-11, seller's tax representative.
    pub tax_representative: Option<Party<'d>>,
    /// BG-13 to BG-15, delivery.
    pub delivery: Delivery<'d>,
    /// The recipient's service: UBL `AccountingCustomerParty/AccountingContact/ID`, else BT-10 (both syntaxes).
    pub buyer_service: Option<Val<'d>>,
    /// The supplier's service: CII `InvoiceIssuerReference`, UBL seller `Contact/ID`.
    pub seller_service: Option<Val<'d>>,

    /// BG-16, payment instructions, one an element.
    pub payment_means: Vec<PaymentMeans<'d>>,
    /// CII BT-83, which stands beside the payment means: it belongs to the first, where there is one.
    remittance: Option<Val<'d>>,
    /// CII BT-89, likewise.
    mandate: Option<Val<'d>>,
    /// BT-90, bank assigned creditor identifier.
    pub creditor_id: Option<Id<'d>>,
    /// BG-20 and BG-21, document level allowances and charges.
    pub allowances_charges: Vec<AllowanceCharge<'d>>,
    /// BG-22, totals.
    pub totals: Totals<'d>,
    /// BG-23, VAT breakdown.
    pub vat: Vec<VatBreakdown<'d>>,
    /// BG-24, supporting documents.
    pub attachments: Vec<Attachment<'d>>,
    /// BG-25, lines.
    pub lines: Vec<Line<'d>>,
    /// The deposit form that it came with.
    pub form: Option<depot::Form<'d>>,
}

/// A reference to a contract, with the code that says which kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference<'d> {
    /// The number of the contract.
    pub id: Option<Val<'d>>,
    /// CII `ReferenceTypeCode`, UBL `DocumentTypeCode` or `DocumentType`.
    pub kind: Option<Val<'d>>,
}

/// BG-1, a note.
#[derive(Clone, Copy, Debug, Default)]
pub struct Note<'d> {
    /// BT-21, subject code.
    pub subject: Option<Val<'d>>,
    /// BT-22, text.
    pub text: Option<Val<'d>>,
}

/// BG-3, a reference to an earlier pièce.
#[derive(Clone, Copy, Debug, Default)]
pub struct Preceding<'d> {
    /// BT-25, its number.
    pub number: Option<Val<'d>>,
    /// BT-26, its date.
    pub issued: Option<Day<'d>>,
    /// Its seller, where a deposit form says so.
    pub seller: Option<Val<'d>>,
}

/// A party: BG-4, BG-7, BG-10, BG-11 or the valideur.
#[derive(Clone, Debug, Default)]
pub struct Party<'d> {
    /// The element, where there is one.
    pub at: Option<NodeId>,
    /// BT-29, BT-46, BT-60: identifiers (UBL `PartyIdentification/ID`, CII `ID` and `GlobalID`).
    pub ids: Vec<Id<'d>>,
    /// BT-30, BT-47, BT-61: legal registration (UBL `PartyLegalEntity/CompanyID`, CII `SpecifiedLegalOrganization/ID`).
    pub legal_id: Option<Id<'d>>,
    /// BT-27, BT-44, BT-59, BT-62: name.
    pub name: Option<Val<'d>>,
    /// BT-28, BT-45: trading name.
    pub trading_name: Option<Val<'d>>,
    /// BT-31, BT-48, BT-63: VAT identifier.
    pub vat_id: Option<Val<'d>>,
    /// BT-32: tax registration.
    pub tax_id: Option<Val<'d>>,
    /// BT-33: additional legal information.
    pub legal_form: Option<Val<'d>>,
    /// BT-34, BT-49: electronic address.
    pub endpoint: Option<Id<'d>>,
    /// BG-5, BG-8, BG-12: postal address.
    pub address: Address<'d>,
    /// BG-6, BG-9: contact.
    pub contact: Contact<'d>,
}

/// A postal address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Address<'d> {
    /// The element, where there is one.
    pub at: Option<NodeId>,
    /// BT-35, BT-50, BT-64, BT-75.
    pub line1: Option<Val<'d>>,
    /// BT-36, BT-51, BT-65, BT-76.
    pub line2: Option<Val<'d>>,
    /// BT-162 to BT-165.
    pub line3: Option<Val<'d>>,
    /// BT-37, BT-52, BT-66, BT-77.
    pub city: Option<Val<'d>>,
    /// BT-38, BT-53, BT-67, BT-78.
    pub postcode: Option<Val<'d>>,
    /// BT-39, BT-54, BT-68, BT-79.
    pub subdivision: Option<Val<'d>>,
    /// BT-40, BT-55, BT-69, BT-80.
    pub country: Option<Val<'d>>,
}

/// A contact.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contact<'d> {
    /// The element, where there is one.
    pub at: Option<NodeId>,
    /// BT-41, BT-56.
    pub name: Option<Val<'d>>,
    /// BT-42, BT-57.
    pub phone: Option<Val<'d>>,
    /// BT-43, BT-58.
    pub email: Option<Val<'d>>,
}

/// BG-13 to BG-15, delivery and invoicing period.
#[derive(Clone, Debug, Default)]
pub struct Delivery<'d> {
    /// BT-70, name of the place.
    pub name: Option<Val<'d>>,
    /// BT-71, location identifier.
    pub location: Option<Id<'d>>,
    /// BT-72, date.
    pub date: Option<Day<'d>>,
    /// BG-15, address.
    pub address: Address<'d>,
    /// BG-14: BT-73 and BT-74.
    pub period: Option<Period<'d>>,
}

/// BG-14 or BG-26, a period.
#[derive(Clone, Copy, Debug, Default)]
pub struct Period<'d> {
    /// The element, where there is one.
    pub at: Option<NodeId>,
    /// BT-73, BT-134.
    pub starts: Option<Day<'d>>,
    /// BT-74, BT-135.
    pub ends: Option<Day<'d>>,
}

/// BG-16, one payment means.
#[derive(Clone, Debug, Default)]
pub struct PaymentMeans<'d> {
    /// The element, where there is one.
    pub at: Option<NodeId>,
    /// BT-81, code.
    pub code: Option<Val<'d>>,
    /// BT-82, text.
    pub text: Option<Val<'d>>,
    /// BT-83, remittance information.
    pub remittance: Option<Val<'d>>,
    /// BG-17, credit transfer.
    pub account: Option<Account<'d>>,
    /// BT-87, card number.
    pub card: Option<Val<'d>>,
    /// BT-88, card holder.
    pub card_holder: Option<Val<'d>>,
    /// BT-89, mandate.
    pub mandate: Option<Val<'d>>,
    /// BT-91, debited account.
    pub debited: Option<Val<'d>>,
}

/// BG-17, an account to pay to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account<'d> {
    /// BT-84, IBAN or other account number; see [`Account::iban`].
    pub id: Option<Val<'d>>,
    /// BT-84, where CII says that it is no IBAN (`ProprietaryID`).
    pub proprietary: Option<Val<'d>>,
    /// BT-85, account name.
    pub name: Option<Val<'d>>,
    /// BT-86, BIC.
    pub bic: Option<Val<'d>>,
}

impl<'d> Account<'d> {
    /// What stands where an IBAN does: UBL has one place for every account number, CII another one for what is no IBAN.
    pub fn iban(&self) -> Option<Val<'d>> {
        self.id.filter(|id| self.proprietary.is_none_or(|other| other.at != id.at))
    }
}

/// BG-20, BG-21, BG-27, BG-28: an allowance or a charge.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowanceCharge<'d> {
    /// The element.
    pub at: Option<NodeId>,
    /// `ChargeIndicator`: `true` for a charge; the raw value where it is neither word.
    pub charge: Option<Val<'d>>,
    /// BT-92, BT-99, BT-136, BT-141.
    pub amount: Option<Number<'d>>,
    /// BT-93, BT-100, BT-137, BT-142.
    pub base: Option<Number<'d>>,
    /// BT-94, BT-101, BT-138, BT-143.
    pub percent: Option<Number<'d>>,
    /// BT-95, BT-102.
    pub vat_category: Option<Val<'d>>,
    /// BT-96, BT-103.
    pub vat_rate: Option<Number<'d>>,
    /// BT-97, BT-104, BT-139, BT-144.
    pub reason: Option<Val<'d>>,
    /// BT-98, BT-105, BT-140, BT-145.
    pub reason_code: Option<Val<'d>>,
}

impl AllowanceCharge<'_> {
    /// Whether it adds to the total.
    pub fn is_charge(&self) -> bool {
        self.charge.is_some_and(|c| matches!(c.text, "true" | "1"))
    }
}

/// BG-22, totals.
#[derive(Clone, Debug, Default)]
pub struct Totals<'d> {
    /// The element, where there is one.
    pub at: Option<NodeId>,
    /// BT-106, Σ line net amounts.
    pub line_net: Option<Number<'d>>,
    /// BT-107, Σ allowances.
    pub allowances: Option<Number<'d>>,
    /// BT-108, Σ charges.
    pub charges: Option<Number<'d>>,
    /// BT-109, total without VAT (HT).
    pub net: Option<Number<'d>>,
    /// BT-110 and BT-111, total VAT, one a currency, in document order.
    pub vat: Vec<Number<'d>>,
    /// BT-112, total with VAT (TTC).
    pub gross: Option<Number<'d>>,
    /// BT-113, paid amount.
    pub prepaid: Option<Number<'d>>,
    /// BT-114, rounding.
    pub rounding: Option<Number<'d>>,
    /// BT-115, amount due (net à payer).
    pub due: Option<Number<'d>>,
}

/// BG-23, one row of the VAT breakdown.
#[derive(Clone, Copy, Debug, Default)]
pub struct VatBreakdown<'d> {
    /// The element.
    pub at: Option<NodeId>,
    /// BT-116, taxable amount.
    pub base: Option<Number<'d>>,
    /// BT-117, tax amount.
    pub amount: Option<Number<'d>>,
    /// BT-118, category code.
    pub category: Option<Val<'d>>,
    /// BT-119, rate in percent.
    pub rate: Option<Number<'d>>,
    /// BT-120, exemption reason.
    pub exemption: Option<Val<'d>>,
    /// BT-121, exemption reason code.
    pub exemption_code: Option<Val<'d>>,
}

/// BG-24, a supporting document.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attachment<'d> {
    /// The element.
    pub at: Option<NodeId>,
    /// BT-122, reference.
    pub id: Option<Val<'d>>,
    /// CII `TypeCode` or UBL `DocumentTypeCode`: 130 is BT-18, 50 is BT-17 in CII and BT-11 in a UBL credit note.
    pub type_code: Option<Val<'d>>,
    /// CII `ReferenceTypeCode`, UBL `ID/@schemeID`: BT-18-1, scheme of BT-18.
    pub scheme: Option<Val<'d>>,
    /// BT-123, description (CII `Name`).
    pub description: Option<Val<'d>>,
    /// BT-124, external location.
    pub location: Option<Val<'d>>,
    /// BT-125, the embedded object, base64 as written; `Some` with empty text where the element is empty.
    pub content: Option<Val<'d>>,
    /// BT-125-1, MIME code.
    pub mime: Option<&'d str>,
    /// BT-125-2, file name.
    pub filename: Option<&'d str>,
}

/// BG-25, an invoice line.
#[derive(Clone, Debug, Default)]
pub struct Line<'d> {
    /// The element.
    pub at: Option<NodeId>,
    /// BT-126, identifier.
    pub id: Option<Val<'d>>,
    /// BT-127, note.
    pub note: Option<Val<'d>>,
    /// BT-128, object identifier.
    pub object: Option<Id<'d>>,
    /// BT-129 with its unit BT-130, quantity.
    pub quantity: Option<Number<'d>>,
    /// BT-131, net amount.
    pub net: Option<Number<'d>>,
    /// BT-132, order line reference.
    pub order_line: Option<Val<'d>>,
    /// BT-133, accounting reference.
    pub accounting: Option<Val<'d>>,
    /// BG-26, period.
    pub period: Option<Period<'d>>,
    /// BG-27 and BG-28, allowances and charges.
    pub allowances_charges: Vec<AllowanceCharge<'d>>,
    /// BT-146, item net price.
    pub net_price: Option<Number<'d>>,
    /// BT-147, price discount.
    pub discount: Option<Number<'d>>,
    /// BT-148, item gross price.
    pub gross_price: Option<Number<'d>>,
    /// BT-149 with its unit BT-150, base quantity.
    pub base_quantity: Option<Number<'d>>,
    /// BT-151, VAT category.
    pub vat_category: Option<Val<'d>>,
    /// BT-152, VAT rate.
    pub vat_rate: Option<Number<'d>>,
    /// BT-153, item name.
    pub name: Option<Val<'d>>,
    /// BT-154, item description.
    pub description: Option<Val<'d>>,
    /// BT-155, seller's identifier of the item.
    pub seller_id: Option<Val<'d>>,
    /// BT-156, buyer's identifier of the item.
    pub buyer_id: Option<Val<'d>>,
    /// BT-157, standard identifier of the item.
    pub standard_id: Option<Id<'d>>,
    /// BT-158, classifications.
    pub classifications: Vec<Id<'d>>,
    /// BT-159, country of origin.
    pub origin: Option<Val<'d>>,
    /// BG-32, attributes: BT-160 and BT-161.
    pub attributes: Vec<(Option<Val<'d>>, Option<Val<'d>>)>,
}
