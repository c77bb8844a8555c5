//! The terms and groups of EN 16931, and where the two syntaxes carry them: rules speak of terms, this table binds them.
//!
//! A path leads from the element of the group to the term. `a|b` is either name, `[VAT]` means of the VAT scheme,
//! `[@a]` and `[@a=v]` an attribute, `[charge]` and `[allowance]` what its indicator says, `[name=v]` a child's text.
//! The prefixes are the usual ones; an empty path: this syntax has it not, or elsewhere.

use super::view::Name;
use crate::text::{Text, t};
use crate::xml;
use std::sync::{LazyLock, OnceLock};

/// A business term or group, as it stands below the element of the group that a rule looks at.
pub struct Term {
    /// `BT-131`, `BG-5`.
    pub id: &'static str,
    /// What it is called.
    pub says: Text,
    /// Its path in UBL.
    pub ubl: &'static str,
    /// Its path in CII.
    pub cii: &'static str,
    ready: OnceLock<[Path; 2]>,
}

/// The elements that rules are asked of: one for each time that the group is there.
pub struct Group {
    /// `BG-25`; empty for the document itself.
    pub id: &'static str,
    /// What it is called.
    pub says: Text,
    /// Where it stands in UBL: paths from any element, or from the root where they begin with `/`; several with `, `.
    pub ubl: &'static str,
    /// Where it stands in CII.
    pub cii: &'static str,
}

/// A path, made ready.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// From element to element.
    pub steps: &'static [Step],
    /// The attribute at its end.
    pub attribute: Option<&'static str>,
}

/// A step of a path: one of two names, and what else must be so.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// A name.
    pub name: Name,
    /// The other name, or the same.
    pub other: Name,
    /// What else.
    pub pred: Option<&'static Pred>,
}

impl Step {
    /// The names that it may be.
    pub fn names(&self) -> Vec<Name> {
        if self.name == self.other { vec![self.name] } else { vec![self.name, self.other] }
    }
}

/// What else must be so of an element.
#[derive(Debug)]
pub enum Pred {
    /// Its scheme or type is VAT.
    Vat,
    /// It has this attribute.
    Attribute(&'static str),
    /// It has this attribute with this value.
    AttributeIs(&'static str, &'static str),
    /// Its indicator says charge, or allowance.
    Charge(bool),
    /// Its indicator is written so: `true` or `false`, not `1` or `0`.
    SaysCharge(&'static str),
    /// Its name is of this prefix (`*`: any) and ends so.
    Ending(&'static str, &'static str),
    /// A child of this name has this text.
    Says(Name, &'static str),
    /// The same, white space around it left out.
    SaysTrimmed(Name, &'static str),
}

/// The name `*`.
pub const ANY: Name = Name::MAX;

impl Term {
    const fn new(id: &'static str, says: Text, ubl: &'static str, cii: &'static str) -> Term {
        Term { id, says, ubl, cii, ready: OnceLock::new() }
    }

    /// The path in one of the two.
    pub fn path(&self, ubl: bool) -> &Path {
        &self.ready.get_or_init(|| [Path::empty(), Path::empty()])[usize::from(!ubl)]
    }

    /// The path as it is written.
    pub fn written(&self, ubl: bool) -> &'static str {
        if ubl { self.ubl } else { self.cii }
    }
}

impl Group {
    /// Where it stands in one of the two.
    pub fn written(&self, ubl: bool) -> &'static str {
        if ubl { self.ubl } else { self.cii }
    }
}

/// A step to a name that no element has.
static NO_STEP: [Step; 1] = [Step { name: Name::MAX - 1, other: Name::MAX - 1, pred: None }];

impl Path {
    /// Moves the steps of paths together, in their order: who walks one will soon walk the next. Tables are made once
    /// and stay.
    pub fn gather<'p>(paths: impl Iterator<Item = &'p mut Path>) {
        let paths: Vec<&mut Path> = paths.collect();
        let together: Vec<Step> = paths.iter().flat_map(|path| path.steps).copied().collect();
        let mut rest: &'static [Step] = together.leak();
        for path in paths {
            (path.steps, rest) = rest.split_at(path.steps.len());
        }
    }

    /// Nowhere: no step is to the name 0 of a table.
    fn empty() -> Path {
        Path { steps: &NO_STEP, attribute: None }
    }
}

macro_rules! terms {
    ($($name:ident, $id:literal, $fr:literal, $en:literal, $ubl:literal, $cii:literal;)*) => {
        $(#[doc = concat!($id, ": ", $en)] pub static $name: Term = Term::new($id, t($fr, $en), $ubl, $cii);)*
        /// Every term.
        static TERMS: &[&Term] = &[$(&$name),*];
    };
}

macro_rules! groups {
    ($($name:ident, $id:literal, $fr:literal, $en:literal, $ubl:literal, $cii:literal;)*) => {
        $(#[doc = concat!($id, ": ", $en)]
        pub static $name: Group = Group { id: $id, says: t($fr, $en), ubl: $ubl, cii: $cii };)*
    };
}

#[rustfmt::skip]
groups! {
    // name              id       French, English                                                       UBL                                                                      CII
    DOCUMENT,            "",      "la facture", "the invoice",                                          "/*",                                                                    "/*";
    NOTE,                "BG-1",  "la note", "the note",                                                "/*/cbc:Note",                                                           "ram:SubjectCode";
    PRECEDING,           "BG-3",  "la facture antérieure", "the preceding invoice",                     "cac:BillingReference",                                                  "/*/rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:InvoiceReferencedDocument";
    SELLER,              "BG-4",  "le vendeur", "the seller",                                           "cac:AccountingSupplierParty",                                           "ram:SellerTradeParty";
    SELLER_ENDPOINT,     "BG-4",  "l'adresse électronique du vendeur", "the seller's electronic address", "cac:AccountingSupplierParty/cac:Party/cbc:EndpointID",                 "/*";
    SELLER_ADDRESS_AT,   "BG-5",  "l'adresse du vendeur", "the seller's address",                       "cac:AccountingSupplierParty/cac:Party/cac:PostalAddress",               "/*";
    BUYER_ENDPOINT,      "BG-7",  "l'adresse électronique de l'acheteur", "the buyer's electronic address", "cac:AccountingCustomerParty/cac:Party/cbc:EndpointID",              "/*";
    BUYER_ADDRESS_AT,    "BG-8",  "l'adresse de l'acheteur", "the buyer's address",                     "cac:AccountingCustomerParty/cac:Party/cac:PostalAddress",               "/*";
    PAYEE,               "BG-10", "le bénéficiaire", "the payee",                                       "cac:PayeeParty",                                                        "ram:PayeeTradeParty";
    REPRESENTATIVE,      "BG-11", "le représentant fiscal", "the tax representative",                   "cac:TaxRepresentativeParty",                                            "ram:SellerTaxRepresentativeTradeParty";
    REPRESENTATIVE_AT,   "BG-12", "l'adresse du représentant fiscal", "the tax representative's address", "cac:TaxRepresentativeParty/cac:PostalAddress",                        "ram:SellerTaxRepresentativeTradeParty";
    PERIOD,              "BG-14", "la période de facturation", "the invoicing period",                  "cac:InvoicePeriod",                                                     "ram:ApplicableHeaderTradeSettlement/ram:BillingSpecifiedPeriod";
    DELIVERY,            "BG-15", "l'adresse de livraison", "the deliver-to address",                   "cac:Delivery/cac:DeliveryLocation/cac:Address",                         "/*/rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeDelivery";
    PAYMENT,             "BG-16", "les instructions de paiement", "the payment instructions",           "cac:PaymentMeans",                                                      "ram:SpecifiedTradeSettlementPaymentMeans";
    TRANSFER,            "BG-17", "le virement", "the credit transfer",                                 "cac:PaymentMeans[cbc:PaymentMeansCode=30]/cac:PayeeFinancialAccount, cac:PaymentMeans[cbc:PaymentMeansCode=58]/cac:PayeeFinancialAccount", "ram:SpecifiedTradeSettlementPaymentMeans[ram:TypeCode=30]/ram:PayeePartyCreditorFinancialAccount, ram:SpecifiedTradeSettlementPaymentMeans[ram:TypeCode=58]/ram:PayeePartyCreditorFinancialAccount";
    CARD,                "BG-18", "la carte de paiement", "the payment card",                           "cac:PaymentMeans/cac:CardAccount/cbc:PrimaryAccountNumberID",           "ram:ApplicableTradeSettlementFinancialCard";
    ALLOWANCE,           "BG-20", "la remise du document", "the document allowance",                    "/*/cac:AllowanceCharge[allowance]",                                     "ram:ApplicableHeaderTradeSettlement/ram:SpecifiedTradeAllowanceCharge[says allowance]";
    CHARGE,              "BG-21", "la majoration du document", "the document charge",                       "/*/cac:AllowanceCharge[charge]",                                        "ram:ApplicableHeaderTradeSettlement/ram:SpecifiedTradeAllowanceCharge[says charge]";
    TOTALS,              "BG-22", "les totaux", "the totals",                                           "cac:LegalMonetaryTotal",                                                "ram:SpecifiedTradeSettlementHeaderMonetarySummation";
    VAT_TOTAL,           "BG-22", "le total de la TVA", "the VAT total",                                "/*/cac:TaxTotal",                                                       "ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:TaxTotalAmount";
    BREAKDOWN,           "BG-23", "la ventilation de la TVA", "the VAT breakdown",                      "cac:TaxTotal/cac:TaxSubtotal",                                          "ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax";
    ATTACHED,            "BG-24", "le document joint", "the supporting document",                       "cac:AdditionalDocumentReference",                                       "ram:AdditionalReferencedDocument";
    LINE,                "BG-25", "la ligne", "the line",                                               "cac:InvoiceLine, cac:CreditNoteLine",                                   "ram:IncludedSupplyChainTradeLineItem";
    LINE_PERIOD,         "BG-26", "la période de la ligne", "the line's period",                        "cac:InvoiceLine/cac:InvoicePeriod, cac:CreditNoteLine/cac:InvoicePeriod", "ram:SpecifiedLineTradeSettlement/ram:BillingSpecifiedPeriod";
    LINE_ALLOWANCE,      "BG-27", "la remise de la ligne", "the line's allowance",                      "cac:InvoiceLine/cac:AllowanceCharge[allowance], cac:CreditNoteLine/cac:AllowanceCharge[allowance]", "ram:SpecifiedLineTradeSettlement/ram:SpecifiedTradeAllowanceCharge[says allowance]";
    LINE_CHARGE,         "BG-28", "la majoration de la ligne", "the line's charge",                         "cac:InvoiceLine/cac:AllowanceCharge[charge], cac:CreditNoteLine/cac:AllowanceCharge[charge]", "ram:SpecifiedLineTradeSettlement/ram:SpecifiedTradeAllowanceCharge[says charge]";
    STANDARD_ID_AT,      "BG-31", "l'identifiant normalisé de l'article", "the item's standard identifier", "cac:InvoiceLine/cac:Item/cac:StandardItemIdentification/cbc:ID, cac:CreditNoteLine/cac:Item/cac:StandardItemIdentification/cbc:ID", "ram:IncludedSupplyChainTradeLineItem";
    CLASS_AT,            "BG-31", "la classe de l'article", "the item's class",                         "cac:InvoiceLine/cac:Item/cac:CommodityClassification/cbc:ItemClassificationCode, cac:CreditNoteLine/cac:Item/cac:CommodityClassification/cbc:ItemClassificationCode", "ram:DesignatedProductClassification";
    PROPERTY,            "BG-32", "la caractéristique de l'article", "the item's attribute",            "cac:AdditionalItemProperty",                                            "ram:ApplicableProductCharacteristic";
    VAT_ID_AT,           "BG-4",  "l'identifiant de TVA", "the VAT identifier",                         "cac:PartyTaxScheme[VAT]",                                               "ram:SpecifiedTaxRegistration/ram:ID[@schemeID=VA]";
    LINE_CATEGORY,       "BG-30", "la TVA de la ligne", "the line's VAT",                               "cac:InvoiceLine/cac:Item/cac:ClassifiedTaxCategory[VAT], cac:CreditNoteLine/cac:Item/cac:ClassifiedTaxCategory[VAT]", "rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem/ram:SpecifiedLineTradeSettlement/ram:ApplicableTradeTax[VAT]";
    ALLOWANCE_CATEGORY,  "BG-20", "la TVA de la remise", "the allowance's VAT",                         "cac:AllowanceCharge[allowance]/cac:TaxCategory[VAT]",                   "ram:SpecifiedTradeAllowanceCharge[allowance]/ram:CategoryTradeTax[VAT]";
    CHARGE_CATEGORY,     "BG-21", "la TVA de la majoration", "the charge's VAT",                               "cac:AllowanceCharge[charge]/cac:TaxCategory[VAT]",                      "ram:SpecifiedTradeAllowanceCharge[charge]/ram:CategoryTradeTax[VAT]";
    BREAKDOWN_CATEGORY,  "BG-23", "la catégorie de TVA", "the VAT category",                            "/*/cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory[VAT]",                  "ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax";
}

#[rustfmt::skip]
terms! {
    // name              id         French, English                                                          UBL                                                                        CII
    OWN,                 "",        "la valeur", "the value",                                                 ".",                                                                       ".";
    OWN_SCHEME,          "",        "le type d'identifiant", "the scheme identifier",                         "./@schemeID",                                                             "./@schemeID";
    // the document
    NUMBER,              "BT-1",    "numéro de facture", "invoice number",                                    "cbc:ID",                                                                  "rsm:ExchangedDocument/ram:ID";
    ISSUED,              "BT-2",    "date d'émission", "issue date",                                          "cbc:IssueDate",                                                           "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString[@format=102]";
    TYPE,                "BT-3",    "type de facture", "invoice type code",                                   "cbc:InvoiceTypeCode",                                                     "rsm:ExchangedDocument/ram:TypeCode";
    TYPE_CREDIT,         "BT-3",    "type d'avoir", "credit note type code",                                  "cbc:CreditNoteTypeCode",                                                  "";
    CURRENCY,            "BT-5",    "devise de la facture", "invoice currency code",                          "cbc:DocumentCurrencyCode",                                                "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:InvoiceCurrencyCode";
    TAX_CURRENCY,        "BT-6",    "devise de comptabilisation de la TVA", "VAT accounting currency code",   "cbc:TaxCurrencyCode",                                                     "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:TaxCurrencyCode";
    TAX_POINT,           "BT-7",    "date d'exigibilité de la TVA", "VAT point date",                         "cbc:TaxPointDate",                                                        "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:TaxPointDate";
    TAX_POINT_CODE,      "BT-8",    "code d'exigibilité de la TVA", "VAT point date code",                    "cac:InvoicePeriod/cbc:DescriptionCode",                                   "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:DueDateTypeCode";
    SPECIFICATION,       "BT-24",   "identifiant de la spécification", "specification identifier",            "cbc:CustomizationID",                                                     "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID";
    SELLER_NAME,         "BT-27",   "nom du vendeur", "seller name",                                          "cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName", "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement/ram:SellerTradeParty/ram:Name";
    SELLER_ADDRESS,      "BG-5",    "adresse postale du vendeur", "seller postal address",                    "cac:AccountingSupplierParty/cac:Party/cac:PostalAddress",                 "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement/ram:SellerTradeParty/ram:PostalTradeAddress";
    SELLER_COUNTRY,      "BT-40",   "pays du vendeur", "seller country code",                                 "cac:Country/cbc:IdentificationCode",                                      "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement/ram:SellerTradeParty/ram:PostalTradeAddress/ram:CountryID";
    SELLER_URI,          "BT-34",   "adresse électronique du vendeur", "seller electronic address",           "cac:AccountingSupplierParty/cac:Party/cbc:EndpointID",                    "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement/ram:SellerTradeParty/ram:URIUniversalCommunication";
    BUYER_NAME,          "BT-44",   "nom de l'acheteur", "buyer name",                                        "cac:AccountingCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName", "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement/ram:BuyerTradeParty/ram:Name";
    BUYER_ADDRESS,       "BG-8",    "adresse postale de l'acheteur", "buyer postal address",                  "cac:AccountingCustomerParty/cac:Party/cac:PostalAddress",                 "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement/ram:BuyerTradeParty/ram:PostalTradeAddress";
    BUYER_COUNTRY,       "BT-55",   "pays de l'acheteur", "buyer country code",                               "cac:Country/cbc:IdentificationCode",                                      "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement/ram:BuyerTradeParty/ram:PostalTradeAddress/ram:CountryID";
    BUYER_URI,           "BT-49",   "adresse électronique de l'acheteur", "buyer electronic address",         "cac:AccountingCustomerParty/cac:Party/cbc:EndpointID",                    "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement/ram:BuyerTradeParty/ram:URIUniversalCommunication";
    URI_SCHEME,          "BT-34-1", "type d'adresse électronique", "electronic address scheme",               "",                                                                        "ram:URIID/@schemeID";
    DOCUMENT_LINES,      "BG-25",   "ligne de facture", "invoice line",                                       "cac:InvoiceLine|cac:CreditNoteLine",                                      "rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem";
    INVOICE_LINES,       "BG-25",   "ligne de facture", "invoice line",                                       "cac:InvoiceLine",                                                         "rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem";
    CREDIT_LINES,        "BG-25",   "ligne d'avoir", "credit note line",                                      "cac:CreditNoteLine",                                                      "";
    DOCUMENT_CHARGES,    "BG-20",   "remise ou majoration du document", "document allowance or charge",            "cac:AllowanceCharge",                                                     "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:SpecifiedTradeAllowanceCharge";
    BREAKDOWNS,          "BG-23",   "ventilation de la TVA", "VAT breakdown",                                 "cac:TaxTotal/cac:TaxSubtotal",                                            "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax";
    BREAKDOWN_TAXES,     "BT-117",  "montant de TVA de la catégorie", "VAT category tax amount",              "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount",                              "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:CalculatedAmount";
    DOCUMENT_TOTALS,     "BG-22",   "totaux du document", "document totals",                                  "cac:LegalMonetaryTotal",                                                  "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:SpecifiedTradeSettlementHeaderMonetarySummation";
    VAT_TOTALS,          "BT-110",  "total de la TVA", "invoice total VAT amount",                            "cac:TaxTotal/cbc:TaxAmount",                                              "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:TaxTotalAmount";
    DELIVERED,           "BT-72",   "date de livraison", "actual delivery date",                              "cac:Delivery/cbc:ActualDeliveryDate",                                     "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeDelivery/ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime/udt:DateTimeString";
    DELIVERY_COUNTRY,    "BT-80",   "pays de livraison", "deliver-to country code",                           "cac:Delivery/cac:DeliveryLocation/cac:Address/cac:Country/cbc:IdentificationCode", "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeDelivery/ram:ShipToTradeParty/ram:PostalTradeAddress/ram:CountryID";
    PERIODS,             "BG-14",   "période de facturation", "invoicing period",                             "cac:InvoicePeriod",                                                       "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/ram:BillingSpecifiedPeriod";
    PERIODS_START,       "BT-73",   "début de la période", "period start date",                               "",                                                                        "ram:BillingSpecifiedPeriod/ram:StartDateTime";
    PERIODS_END,         "BT-74",   "fin de la période", "period end date",                                   "",                                                                        "ram:BillingSpecifiedPeriod/ram:EndDateTime";
    // parties
    NAME,                "BT-59",   "nom", "name",                                                            "cac:PartyName/cbc:Name",                                                  "ram:Name";
    REPRESENTATIVE_NAME, "BT-62",   "nom du représentant fiscal", "tax representative name",                  "cac:PartyName/cbc:Name",                                                  "ram:Name";
    REPRESENTATIVE_ADDRESS, "BG-12", "adresse du représentant fiscal", "tax representative postal address",   "cac:PostalAddress",                                                       "ram:PostalTradeAddress";
    REPRESENTATIVE_COUNTRY, "BT-69", "pays du représentant fiscal", "tax representative country code",        "cac:Country/cbc:IdentificationCode",                                      "ram:PostalTradeAddress/ram:CountryID";
    REPRESENTATIVE_VAT,  "BT-63",   "identifiant de TVA du représentant fiscal", "tax representative VAT identifier", "cac:PartyTaxScheme[VAT]/cbc:CompanyID",                            "ram:SpecifiedTaxRegistration/ram:ID[@schemeID=VA]";
    PARTY_NAMES,         "BT-28",   "nom commercial du vendeur", "seller trading name",                       "cac:Party/cac:PartyName/cbc:Name",                                        "ram:Name";
    PARTY_IDS,           "BT-29",   "identifiant du vendeur", "seller identifier",                            "cac:Party/cac:PartyIdentification/cbc:ID",                                "ram:ID";
    PARTY_GLOBAL_IDS,    "BT-29",   "identifiant du vendeur", "seller identifier",                            "",                                                                        "ram:GlobalID";
    PARTY_LEGAL_ID,      "BT-30",   "identifiant légal du vendeur", "seller legal registration identifier",   "cac:Party/cac:PartyLegalEntity/cbc:CompanyID",                            "ram:SpecifiedLegalOrganization/ram:ID";
    PARTY_VAT,           "BT-31",   "identifiant de TVA du vendeur", "seller VAT identifier",                 "cac:Party/cac:PartyTaxScheme[VAT]/cbc:CompanyID",                         "ram:SpecifiedTaxRegistration/ram:ID[@schemeID=VA]";
    PARTY_TAX,           "BT-32",   "identifiant fiscal du vendeur", "seller tax registration identifier",    "cac:Party/cac:PartyTaxScheme/cbc:CompanyID",                              "ram:SpecifiedTaxRegistration/ram:ID[@schemeID=FC]";
    PAYEE_ID,            "BT-60",   "identifiant du bénéficiaire", "payee identifier",                        "cac:PartyIdentification/cbc:ID",                                          "ram:ID";
    PAYEE_LEGAL_ID,      "BT-61",   "identifiant légal du bénéficiaire", "payee legal registration identifier", "",                                                                      "ram:SpecifiedLegalOrganization/ram:ID";
    SUPPLIER,            "BG-4",    "vendeur", "seller",                                                      "cac:AccountingSupplierParty",                                             "ram:ApplicableHeaderTradeAgreement/ram:SellerTradeParty";
    COUNTRY,             "BT-80",   "pays de livraison", "deliver-to country code",                           "cac:Country/cbc:IdentificationCode",                                      "ram:ShipToTradeParty/ram:PostalTradeAddress/ram:CountryID";
    DELIVERY_ADDRESS,    "BG-15",   "adresse de livraison", "deliver-to address",                             "",                                                                        "ram:ShipToTradeParty/ram:PostalTradeAddress";
    VAT_ID,              "BT-31",   "identifiant de TVA", "VAT identifier",                                   "cbc:CompanyID",                                                           ".";
    // periods, notes, references
    START,               "BT-73",   "début de la période", "period start date",                               "cbc:StartDate",                                                           "ram:StartDateTime";
    END,                 "BT-74",   "fin de la période", "period end date",                                   "cbc:EndDate",                                                             "ram:EndDateTime";
    START_DAY,           "BT-73",   "début de la période", "period start date",                               "cbc:StartDate",                                                           "ram:StartDateTime/udt:DateTimeString[@format=102]";
    END_DAY,             "BT-74",   "fin de la période", "period end date",                                   "cbc:EndDate",                                                             "ram:EndDateTime/udt:DateTimeString[@format=102]";
    PERIOD_CODE,         "BT-8",    "code d'exigibilité de la TVA", "VAT point date code",                    "cbc:DescriptionCode",                                                     "";
    PRECEDING_ID,        "BT-25",   "numéro de la facture antérieure", "preceding invoice reference",         "cac:InvoiceDocumentReference/cbc:ID",                                     "ram:IssuerAssignedID";
    ATTACHED_ID,         "BT-122",  "référence du document joint", "supporting document reference",           "cbc:ID",                                                                  "ram:IssuerAssignedID";
    // payment
    MEANS,               "BT-81",   "moyen de paiement", "payment means type code",                           "cbc:PaymentMeansCode",                                                    "ram:TypeCode";
    ACCOUNT,             "BT-84",   "compte à créditer", "payment account identifier",                        "cbc:ID",                                                                  "ram:IBANID";
    ACCOUNT_OTHER,       "BT-84",   "compte à créditer", "payment account identifier",                        "",                                                                        "ram:ProprietaryID";
    MEANS_ACCOUNT,       "BT-84",   "compte à créditer", "payment account identifier",                        "cac:PayeeFinancialAccount/cbc:ID",                                        "";
    CARD_NUMBER,         "BT-87",   "numéro de carte", "payment card primary account number",                 ".",                                                                       "ram:ID";
    // allowances and charges
    INDICATOR,           "",        "indicateur de majoration", "charge indicator",                                "cbc:ChargeIndicator",                                                     "ram:ChargeIndicator/udt:Indicator";
    AMOUNT,              "BT-92",   "montant", "amount",                                                      "cbc:Amount",                                                              "ram:ActualAmount";
    BASE,                "BT-93",   "montant de base", "base amount",                                         "cbc:BaseAmount",                                                          "ram:BasisAmount";
    REASON,              "BT-97",   "motif", "reason",                                                        "cbc:AllowanceChargeReason",                                               "ram:Reason";
    REASON_CODE,         "BT-98",   "code du motif", "reason code",                                           "cbc:AllowanceChargeReasonCode",                                           "ram:ReasonCode";
    CHARGE_VAT,          "BT-95",   "catégorie de TVA", "VAT category code",                                  "cac:TaxCategory[VAT]/cbc:ID",                                             "ram:CategoryTradeTax[VAT]/ram:CategoryCode";
    CHARGE_CATEGORIES,   "BT-95",   "catégorie de TVA", "VAT category code",                                  "cac:TaxCategory/cbc:ID",                                                  "ram:CategoryTradeTax/ram:CategoryCode";
    CHARGE_RATES,        "BT-96",   "taux de TVA", "VAT rate",                                                "cac:TaxCategory/cbc:Percent",                                             "ram:CategoryTradeTax/ram:RateApplicablePercent";
    // totals
    LINES_TOTAL,         "BT-106",  "somme des montants nets de ligne", "sum of line net amounts",            "cbc:LineExtensionAmount",                                                 "ram:LineTotalAmount";
    ALLOWANCES_TOTAL,    "BT-107",  "somme des remises", "sum of allowances",                                 "cbc:AllowanceTotalAmount",                                                "ram:AllowanceTotalAmount";
    CHARGES_TOTAL,       "BT-108",  "somme des majorations", "sum of charges",                                      "cbc:ChargeTotalAmount",                                                   "ram:ChargeTotalAmount";
    NET_TOTAL,           "BT-109",  "total hors TVA", "total without VAT",                                    "cbc:TaxExclusiveAmount",                                                  "ram:TaxBasisTotalAmount";
    TAX_TOTAL,           "BT-110",  "total de la TVA", "total VAT",                                           "cbc:TaxAmount",                                                           "ram:TaxTotalAmount";
    GROSS_TOTAL,         "BT-112",  "total TTC", "total with VAT",                                            "cbc:TaxInclusiveAmount",                                                  "ram:GrandTotalAmount";
    PREPAID,             "BT-113",  "montant déjà payé", "paid amount",                                       "cbc:PrepaidAmount",                                                       "ram:TotalPrepaidAmount";
    ROUNDING,            "BT-114",  "arrondi", "rounding amount",                                             "cbc:PayableRoundingAmount",                                               "ram:RoundingAmount";
    DUE,                 "BT-115",  "montant à payer", "amount due for payment",                              "cbc:PayableAmount",                                                       "ram:DuePayableAmount";
    SUBTOTALS,           "BG-23",   "ventilation de la TVA", "VAT breakdown",                                 "cac:TaxSubtotal",                                                         "";
    SUBTOTAL_TAXES,      "BT-117",  "montant de TVA de la catégorie", "VAT category tax amount",              "cac:TaxSubtotal/cbc:TaxAmount",                                           "";
    // VAT
    TAXABLE,             "BT-116",  "base d'imposition de la catégorie", "VAT category taxable amount",       "cbc:TaxableAmount",                                                       "ram:BasisAmount";
    TAX,                 "BT-117",  "montant de TVA de la catégorie", "VAT category tax amount",              "cbc:TaxAmount",                                                           "ram:CalculatedAmount";
    BREAKDOWN_CODE,      "BT-118",  "catégorie de TVA", "VAT category code",                                  "cac:TaxCategory[VAT]/cbc:ID",                                             "ram:CategoryCode";
    BREAKDOWN_RATE,      "BT-119",  "taux de TVA", "VAT category rate",                                       "cac:TaxCategory[VAT]/cbc:Percent",                                        "ram:RateApplicablePercent";
    CATEGORY,            "BT-151",  "catégorie de TVA", "VAT category code",                                  "cbc:ID",                                                                  "ram:CategoryCode";
    RATE,                "BT-152",  "taux de TVA", "VAT rate",                                                "cbc:Percent",                                                             "ram:RateApplicablePercent";
    EXEMPTION,           "BT-120",  "motif d'exonération", "VAT exemption reason text",                       "cbc:TaxExemptionReason",                                                  "ram:ExemptionReason";
    EXEMPTION_CODE,      "BT-121",  "code du motif d'exonération", "VAT exemption reason code",               "cbc:TaxExemptionReasonCode",                                              "ram:ExemptionReasonCode";
    SCHEME,              "",        "régime de taxe", "tax scheme",                                           "cac:TaxScheme/cbc:ID",                                                    "";
    TAX_TYPE,            "",        "type de taxe", "tax type",                                               "",                                                                        "ram:TypeCode";
    // of the syntaxes alone
    REFERENCE_TYPE,      "",        "type de référence", "reference type",                                    "cbc:DocumentTypeCode",                                                    "";
    REFERENCE_SCHEME,    "",        "type d'identifiant", "scheme identifier",                                "cbc:ID/@schemeID",                                                        "";
    UBL_VERSION,         "",        "version d'UBL", "UBL version",                                           "cbc:UBLVersionID",                                                        "";
    SELLER_SCHEMES,      "",        "régimes de taxe du vendeur", "seller tax schemes",                       "cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme",                "";
    BUYER_SCHEMES,       "",        "régimes de taxe de l'acheteur", "buyer tax schemes",                     "cac:AccountingCustomerParty/cac:Party/cac:PartyTaxScheme",                "";
    TAX_SCHEME,          "",        "régime de taxe", "tax scheme",                                           "cac:TaxScheme",                                                           "";
    SCHEME_ID,           "",        "identifiant", "identifier",                                              "cbc:ID",                                                                  "";
    SCHEME_COMPANY,      "",        "identifiant fiscal", "tax identifier",                                   "cbc:CompanyID",                                                           "";
    REGISTERED,          "BT-27",   "nom du vendeur", "seller name",                                          "cac:Party/cac:PartyLegalEntity/cbc:RegistrationName",                     "";
    PAYEE_COMPANY,       "BT-61",   "identifiant légal du bénéficiaire", "payee legal registration identifier", "cac:PartyLegalEntity/cbc:CompanyID",                                    "";
    DISCOUNT_INDICATOR,  "",        "indicateur de la remise", "discount indicator",                          "",                                                                        "ram:GrossPriceProductTradePrice/ram:AppliedTradeAllowanceCharge/ram:ChargeIndicator";
    DISCOUNT,            "BT-147",  "remise sur le prix", "price discount",                                   "",                                                                        "ram:GrossPriceProductTradePrice/ram:AppliedTradeAllowanceCharge/ram:ActualAmount";
    INDICATOR_ITSELF,    "",        "indicateur", "indicator",                                                "",                                                                        "udt:Indicator";
    PAYMENT_REFERENCE,   "BT-83",   "référence de paiement", "remittance information",                        "",                                                                        "ram:PaymentReference";
    DUE_CODE,            "BT-8",    "code d'exigibilité de la TVA", "VAT point date code",                    "",                                                                        "ram:DueDateTypeCode";
    MEANS_BELOW,         "BG-16",   "instructions de paiement", "payment instructions",                       "",                                                                        "ram:SpecifiedTradeSettlementPaymentMeans";
    MEANS_IBAN,          "BT-84",   "compte à créditer", "payment account identifier",                        "",                                                                        "ram:PayeePartyCreditorFinancialAccount/ram:IBANID";
    MEANS_OTHER,         "BT-84",   "compte à créditer", "payment account identifier",                        "",                                                                        "ram:PayeePartyCreditorFinancialAccount/ram:ProprietaryID";
    MEANS_TEXT,          "BT-82",   "texte du moyen de paiement", "payment means text",                       "",                                                                        "ram:Information";
    // lines
    LINE_ID,             "BT-126",  "identifiant de la ligne", "line identifier",                             "cbc:ID",                                                                  "ram:AssociatedDocumentLineDocument/ram:LineID";
    QUANTITY,            "BT-129",  "quantité facturée", "invoiced quantity",                                 "cbc:InvoicedQuantity|cbc:CreditedQuantity",                               "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity";
    UNIT,                "BT-130",  "unité de mesure", "unit of measure code",                                "cbc:InvoicedQuantity|cbc:CreditedQuantity/@unitCode",                     "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity/@unitCode";
    LINE_NET,            "BT-131",  "montant net de la ligne", "line net amount",                             "cbc:LineExtensionAmount",                                                 "ram:SpecifiedLineTradeSettlement/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount";
    SETTLED_NET,         "BT-131",  "montant net de la ligne", "line net amount",                             "",                                                                        "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount";
    LINES_BESIDE,        "BT-131",  "montant net de la ligne", "line net amount",                             "",                                                                        "ram:IncludedSupplyChainTradeLineItem/ram:SpecifiedLineTradeSettlement/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount";
    SETTLEMENTS,         "BG-30",   "règlement de la ligne", "line settlement",                               "",                                                                        "ram:SpecifiedLineTradeSettlement";
    PRICE,               "BT-146",  "prix net", "net price",                                                  "cac:Price/cbc:PriceAmount",                                               "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount";
    GROSS_PRICE,         "BT-148",  "prix brut", "gross price",                                               "cac:Price/cac:AllowanceCharge/cbc:BaseAmount",                            "ram:SpecifiedLineTradeAgreement/ram:GrossPriceProductTradePrice/ram:ChargeAmount";
    LINE_VAT,            "BT-151",  "catégorie de TVA de la ligne", "line VAT category code",                 "cac:Item/cac:ClassifiedTaxCategory[VAT]/cbc:ID",                          "ram:SpecifiedLineTradeSettlement/ram:ApplicableTradeTax[VAT]/ram:CategoryCode";
    LINE_CATEGORIES,     "BT-151",  "catégorie de TVA de la ligne", "line VAT category code",                 "cac:Item/cac:ClassifiedTaxCategory/cbc:ID",                               "ram:ApplicableTradeTax/ram:CategoryCode";
    LINE_RATES,          "BT-152",  "taux de TVA de la ligne", "line VAT rate",                               "cac:Item/cac:ClassifiedTaxCategory/cbc:Percent",                          "ram:ApplicableTradeTax/ram:RateApplicablePercent";
    ITEM_NAME,           "BT-153",  "désignation de l'article", "item name",                                  "cac:Item/cbc:Name",                                                       "ram:SpecifiedTradeProduct/ram:Name";
    STANDARD_ID,         "BT-157",  "identifiant normalisé de l'article", "item standard identifier",         ".",                                                                       "ram:SpecifiedTradeProduct/ram:GlobalID";
    STANDARD_SCHEME,     "BT-157-1", "type de l'identifiant normalisé", "item standard identifier scheme",    "./@schemeID",                                                             "ram:SpecifiedTradeProduct/ram:GlobalID/@schemeID";
    CLASS,               "BT-158",  "classe de l'article", "item classification identifier",                  ".",                                                                       "ram:ClassCode";
    CLASS_LIST,          "BT-158-1", "liste des classes d'articles", "item classification scheme",            "./@listID",                                                               "ram:ClassCode/@listID";
    PROPERTY_NAME,       "BT-160",  "nom de la caractéristique", "item attribute name",                       "cbc:Name",                                                                "ram:Description";
    PROPERTY_VALUE,      "BT-161",  "valeur de la caractéristique", "item attribute value",                   "cbc:Value",                                                               "ram:Value";
}

macro_rules! known {
    ($($field:ident: $written:literal),* $(,)?) => {
        /// Names that rules look for wherever they are.
        pub struct Known {
            $(#[doc = $written] pub $field: Name,)*
        }

        impl Known {
            fn new() -> Known {
                Known { $($field: number($written)),* }
            }

            fn all(&self) -> Vec<Name> {
                vec![$(self.$field),*]
            }
        }
    };
}

known! {
    // UBL
    tax_category: "cac:TaxCategory",
    classified: "cac:ClassifiedTaxCategory",
    allowance_charge: "cac:AllowanceCharge",
    subtotal: "cac:TaxSubtotal",
    tax_total: "cac:TaxTotal",
    invoice_line: "cac:InvoiceLine",
    credit_line: "cac:CreditNoteLine",
    supplier: "cac:AccountingSupplierParty",
    customer: "cac:AccountingCustomerParty",
    payee: "cac:PayeeParty",
    representative: "cac:TaxRepresentativeParty",
    country: "cbc:IdentificationCode",
    price: "cac:Price",
    payment_id: "cbc:PaymentID",
    means_code: "cbc:PaymentMeansCode",
    // CII
    trade_tax: "ram:ApplicableTradeTax",
    category_tax: "ram:CategoryTradeTax",
    category_code: "ram:CategoryCode",
    country_id: "ram:CountryID",
    header_settlement: "ram:ApplicableHeaderTradeSettlement",
    line_settlement: "ram:SpecifiedLineTradeSettlement",
    trade_line: "ram:IncludedSupplyChainTradeLineItem",
    transaction: "rsm:SupplyChainTradeTransaction",
    agreement: "ram:ApplicableHeaderTradeAgreement",
    seller: "ram:SellerTradeParty",
    buyer: "ram:BuyerTradeParty",
    seller_representative: "ram:SellerTaxRepresentativeTradeParty",
    product: "ram:SpecifiedTradeProduct",
    ship_to: "ram:ShipToTradeParty",
    registration: "ram:SpecifiedTaxRegistration",
    additional_document: "ram:AdditionalReferencedDocument",
    preceding_document: "ram:InvoiceReferencedDocument",
    tax_point_date: "ram:TaxPointDate",
    due_date_code: "ram:DueDateTypeCode",
    identification: "cac:PartyIdentification",
    line_document: "ram:AssociatedDocumentLineDocument",
    vat_total: "ram:TaxTotalAmount",
    uri: "ram:URIID",
    type_code: "ram:TypeCode",
    trade_name: "ram:Name",
    attachment: "ram:AttachmentBinaryObject",
    reference_type: "ram:ReferenceTypeCode",
    formatted_day: "ram:FormattedIssueDateTime",
    basis: "ram:BasisAmount",
    exemption: "ram:ExemptionReason",
    exemption_code: "ram:ExemptionReasonCode",
    payment_means: "ram:SpecifiedTradeSettlementPaymentMeans",
}

/// Names and paths, made ready.
pub struct Tables {
    /// Names that rules look for wherever they are.
    pub known: Known,
    /// The place of each name among those known.
    places: Vec<Option<u8>>,
    /// Every section of rules by what it looks at.
    pub sites: super::Sites,
}

#[rustfmt::skip]
static NAMESPACES: [(&str, &str); 10] = [
    ("cbc", "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"),
    ("cac", "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"),
    ("ext", "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"),
    ("ubl", "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"),
    ("cn",  "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"),
    ("rsm", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"),
    ("ram", "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"),
    ("udt", "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"),
    ("qdt", "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"),
    ("",    "-"),
];

/// Made once.
pub static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut paths: Vec<[Path; 2]> = TERMS.iter().map(|t| [Path::new(t.ubl), Path::new(t.cii)]).collect();
    Path::gather(paths.iter_mut().map(|[ubl, _]| ubl));
    Path::gather(paths.iter_mut().map(|[_, cii]| cii));
    for (term, paths) in TERMS.iter().zip(paths) {
        term.ready.set(paths).expect("a term is made ready once");
    }
    let known = Known::new();
    let sites = super::Sites::ready();
    let mut places = vec![None; xml::known_names().count() + 1];
    for (place, name) in (0..).zip(known.all()) {
        places[usize::from(name)] = Some(place);
    }
    Tables { known, places, sites }
});

impl Tables {
    /// How many names have a number; one more, for those that have none.
    pub fn names(&self) -> usize {
        self.places.len()
    }

    /// How many names are known.
    pub fn listed(&self) -> usize {
        self.places.iter().flatten().count()
    }

    /// The place of a name among those known.
    pub fn place(&self, name: Name) -> Option<usize> {
        self.places[usize::from(name)].map(usize::from)
    }
}

/// The namespace that a prefix stands for.
pub fn namespace(prefix: &str) -> &'static str {
    NAMESPACES.iter().find(|(p, _)| *p == prefix).map_or("", |(_, uri)| uri)
}

/// What tables are made of stays for as long as the program runs.
fn kept(pred: Pred) -> &'static Pred {
    Box::leak(Box::new(pred))
}

/// The number of a name as tables write it.
pub fn number(written: &'static str) -> Name {
    if written == "*" {
        return ANY;
    }
    let (prefix, local) = written.split_once(':').expect("names in tables have a prefix");
    let uri = namespace(prefix);
    assert!(!uri.is_empty(), "{prefix} is a usual prefix");
    xml::number(uri, local)
}

impl Path {
    /// A path below an element: none of it where it is empty, the element itself where it is `.`.
    pub fn new(written: &'static str) -> Path {
        if written.is_empty() {
            return Path::empty();
        }
        let (mut path, mut attribute) = (Vec::new(), None);
        for part in steps(written) {
            match part.strip_prefix('@') {
                Some(name) => attribute = Some(name),
                None if part == "." => {}
                None => path.push(Step::new(part)),
            }
        }
        Path { steps: path.leak(), attribute }
    }
}

impl Step {
    fn new(written: &'static str) -> Step {
        let (names, pred) = match written.split_once('[') {
            None => (written, None),
            Some((names, rest)) => (names, Some(Pred::new(rest.strip_suffix(']').expect("a bracket that ends")))),
        };
        if let Some((prefix, ending)) = names.split_once(":*") {
            return Step { name: ANY, other: ANY, pred: Some(kept(Pred::Ending(prefix, ending))) };
        }
        let pred = pred.map(kept);
        let (name, other) = names.split_once('|').unwrap_or((names, names));
        Step { name: number(name), other: number(other), pred }
    }
}

impl Pred {
    fn new(written: &'static str) -> Pred {
        match (written, written.strip_prefix('@'), written.split_once('=')) {
            ("VAT", ..) => Pred::Vat,
            ("charge", ..) => Pred::Charge(true),
            ("allowance", ..) => Pred::Charge(false),
            ("says charge", ..) => Pred::SaysCharge("true"),
            ("says allowance", ..) => Pred::SaysCharge("false"),
            (_, Some(attribute), None) => Pred::Attribute(attribute),
            (_, Some(attribute), Some((_, value))) => {
                Pred::AttributeIs(attribute.split_once('=').map_or(attribute, |(a, _)| a), value)
            }
            (_, None, None) if written.contains('~') => {
                let (name, value) = written.split_once('~').expect("a name and a value");
                Pred::SaysTrimmed(number(name), value)
            }
            (_, None, Some((name, value))) => Pred::Says(number(name), value),
            (other, None, None) => panic!("{other} is no predicate"),
        }
    }
}

/// The parts of a path: `/` between them, but not in brackets.
fn steps(written: &'static str) -> impl Iterator<Item = &'static str> {
    let mut inside = false;
    let split = move |c: char| {
        inside = if c == '[' { true } else { inside && c != ']' };
        c == '/' && !inside
    };
    written.split(split).filter(|part| !part.is_empty())
}
