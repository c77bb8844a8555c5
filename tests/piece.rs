//! Terms that do not stand where one would look for them: what the model has of them, in UBL and in CII.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::build::{Build, Format};
use guichet::piece::{Id, Piece, Val, read};
use guichet::xml::{Doc, Limits};

/// Reads a document into which something is put before a place that occurs once.
fn with<T>(format: Format, before: &str, inserted: &str, look: impl Fn(&Piece<'_>) -> T) -> T {
    let text = String::from_utf8(Build::new(format).bytes()).unwrap();
    assert_eq!(text.matches(before).count(), 1, "{before} in {text}");
    let limits = Limits { nodes: 10_000, depth: 100, attributes: 100 };
    let doc = Doc::parse(text.replace(before, &format!("{inserted}{before}")), &limits).unwrap();
    look(&read(&doc).unwrap())
}

fn text(val: Option<Val<'_>>) -> Option<String> {
    val.map(|v| v.text.to_owned())
}

fn id(id: Option<Id<'_>>) -> Option<(String, Option<String>)> {
    id.map(|i| (i.id.text.to_owned(), i.scheme.map(str::to_owned)))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn what_cii_says_of_all_payment_means_is_the_firsts() {
    let reference = "<ram:PaymentReference>V-1</ram:PaymentReference>";
    let mandate = "<ram:SpecifiedTradePaymentTerms><ram:DirectDebitMandateID>D-1</ram:DirectDebitMandateID></ram:SpecifiedTradePaymentTerms>";
    let settlement = "<ram:InvoiceCurrencyCode>";
    let of = |p: &Piece<'_>| p.payment_means.iter().map(|m| (text(m.remittance), text(m.mandate))).collect::<Vec<_>>();
    let found = with(Format::Cii, settlement, &format!("{reference}{mandate}"), of);
    assert_eq!(found, [(some("V-1"), some("D-1"))]);
    let none = Build::new(Format::Cii).with(|b| b.means.clear()).bytes();
    let none = String::from_utf8(none).unwrap().replace(settlement, &format!("{reference}{mandate}{settlement}"));
    let doc = Doc::parse(none, &Limits { nodes: 10_000, depth: 100, attributes: 100 }).unwrap();
    assert_eq!(of(&read(&doc).unwrap()), [], "they make no payment means");
}

#[test]
fn a_creditor_identifier_is_no_identifier_of_the_party() {
    let sepa = "<cac:PartyIdentification><cbc:ID schemeID=\"SEPA\">FR12ZZZ123456</cbc:ID></cac:PartyIdentification>";
    let look = |p: &Piece<'_>| (id(p.creditor_id), p.seller.ids.len(), p.payee.as_ref().map(|payee| payee.ids.len()));
    let creditor = Some(("FR12ZZZ123456".to_owned(), some("SEPA")));
    let seller = "<cac:PartyLegalEntity><cbc:RegistrationName>Vendeur";
    assert_eq!(with(Format::Ubl, seller, sepa, look), (creditor.clone(), 1, None));
    let own = "<cac:PartyIdentification><cbc:ID>77</cbc:ID></cac:PartyIdentification>";
    let payee = format!("<cac:PayeeParty>{own}{sepa}</cac:PayeeParty>");
    assert_eq!(with(Format::Ubl, "<cac:PaymentMeans>", &payee, look), (creditor, 1, Some(1)));
}

#[test]
fn some_supporting_documents_are_none() {
    let document = |code: &str| {
        format!(
            "<cac:AdditionalDocumentReference><cbc:ID schemeID=\"ABT\">R-1</cbc:ID><cbc:DocumentTypeCode>{code}</cbc:DocumentTypeCode></cac:AdditionalDocumentReference>"
        )
    };
    let look = |p: &Piece<'_>| (text(p.project), id(p.invoiced_object), p.attachments.len());
    let before = "<cac:AccountingSupplierParty>";
    assert_eq!(with(Format::UblCredit, before, &document("50"), look), (some("R-1"), None, 0));
    assert_eq!(with(Format::Ubl, before, &document("50"), look), (None, None, 1));
    let object = Some(("R-1".to_owned(), some("ABT")));
    for format in [Format::Ubl, Format::UblCredit] {
        assert_eq!(with(format, before, &document("130"), look), (None, object.clone(), 0));
    }
}

#[test]
fn a_lines_object_has_its_scheme_in_cii_too() {
    let reference = |id: &str, scheme: &str| {
        format!(
            "<ram:AdditionalReferencedDocument><ram:IssuerAssignedID>{id}</ram:IssuerAssignedID>{scheme}</ram:AdditionalReferencedDocument>"
        )
    };
    let scheme = "<ram:ReferenceTypeCode>ABT</ram:ReferenceTypeCode>";
    let look = |p: &Piece<'_>| p.lines.last().map(|line| id(line.object));
    let line = |inner: String| {
        format!(
            "<ram:IncludedSupplyChainTradeLineItem><ram:SpecifiedLineTradeSettlement>{inner}</ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>"
        )
    };
    let found = |inner: String| with(Format::Cii, "<ram:ApplicableHeaderTradeAgreement>", &line(inner), look).unwrap();
    assert_eq!(found(reference("O-1", scheme)), Some(("O-1".to_owned(), some("ABT"))));
    // The scheme of another reference is not this one's.
    assert_eq!(found(reference("O-1", "") + &reference("O-2", scheme)), Some(("O-1".to_owned(), None)));
}

#[test]
fn a_vat_identifier_says_so_in_any_case() {
    let tax = |scheme: &str| {
        format!(
            "<cac:PartyTaxScheme><cbc:CompanyID>FR40303265045</cbc:CompanyID><cac:TaxScheme><cbc:ID>{scheme}</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
        )
    };
    let seller = "<cac:PartyLegalEntity><cbc:RegistrationName>Vendeur";
    let look = |p: &Piece<'_>| (text(p.seller.vat_id), text(p.seller.tax_id));
    for scheme in ["VAT", "vat"] {
        assert_eq!(with(Format::Ubl, seller, &tax(scheme), look), (some("FR40303265045"), None), "{scheme}");
    }
    assert_eq!(with(Format::Ubl, seller, &tax("LOC"), look), (None, some("FR40303265045")));
}

#[test]
fn the_kind_of_a_cii_contract_is_its_reference_type() {
    let contract = |kinds: &str| {
        format!(
            "<ram:ContractReferencedDocument><ram:IssuerAssignedID>C-1</ram:IssuerAssignedID>{kinds}</ram:ContractReferencedDocument>"
        )
    };
    let marche = |kinds: &str| {
        let text = String::from_utf8(Build::new(Format::Cii).with(|b| b.marche = None).bytes()).unwrap();
        let before = "</ram:ApplicableHeaderTradeAgreement>";
        let text = text.replace(before, &format!("{}{before}", contract(kinds)));
        let doc = Doc::parse(text, &Limits { nodes: 10_000, depth: 100, attributes: 100 }).unwrap();
        let piece = read(&doc).unwrap();
        self::text(piece.marche())
    };
    let (kind, reference) = ("<ram:TypeCode>315</ram:TypeCode>", "<ram:ReferenceTypeCode>BC</ram:ReferenceTypeCode>");
    assert_eq!(marche(&format!("{kind}{reference}")), some("C-1"));
    assert_eq!(marche(&format!("{reference}{kind}")), some("C-1"));
    assert_eq!(marche(kind), None);
}
