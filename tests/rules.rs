//! Each rule is broken by a document and kept by the one it was made from; the catalogue is whole, and every rule in it
//! is seen broken here or by a sample.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{MOA, MOE, OTHER, TITULAIRE, World, a4, invoice, shared, text};
use guichet::annuaire::Annuaire;
use guichet::config::Config;
use guichet::judge::{Fate, Judged, judge};
use guichet::rules::{Context, Layer, Severity, catalogue};
use guichet::trade::Mode;
use std::collections::BTreeSet;
use std::path::Path;

fn annuaire() -> Annuaire {
    let structure = |id: &str| format!("{id},1,Structure {id},true,false,false,false\n");
    let structures = format!(
        "id,id_type,name,active,service_required,engagement_required,either_required\n{}{}{}{}",
        structure(TITULAIRE),
        structure(MOE),
        structure(MOA),
        structure(OTHER)
    );
    let marches =
        format!("[[marche]]\nnumber = \"M-1\"\nmoa = \"{MOA}\"\nmoe = \"{MOE}\"\ntitulaire = \"{TITULAIRE}\"\n");
    let partners = format!(
        "[[partner]]\nname = \"alpha\"\napp_code = \"ALP001\"\nstructures = [\"{TITULAIRE}\"]\nmodes = [\"edi\"]\n\n[[partner]]\nname = \"stranger\"\napp_code = \"STR001\"\nstructures = [\"{OTHER}\"]\nmodes = [\"edi\"]\n"
    );
    Annuaire::from_texts([&structures, "siret,code,name,active,engagement_required\n", &marches, &partners]).unwrap().0
}

fn judged_by(bytes: Vec<u8>, partner: Option<&str>, config: &Config) -> Judged {
    let annuaire = annuaire();
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let partner = partner.map(|p| annuaire.partner(p).unwrap());
    let context = Context {
        config,
        annuaire: Some(&annuaire),
        mode: Mode::Edi,
        partner,
        today,
        layers: &Layer::ALL,
        associated: None,
    };
    judge(bytes, &context)
}

fn judged(bytes: Vec<u8>) -> Judged {
    judged_by(bytes, Some("alpha"), &Config::default())
}

/// The CII twin of the world's A4.
fn cii() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/refus-sans-cadre/in/edi/entreprises/X-SANS");
    let text = std::fs::read_to_string(path).unwrap();
    let pairs: Vec<String> = text.split("schemeID=\"1\">").skip(1).map(|s| s[..14].to_owned()).collect();
    let context = "<rsm:ExchangedDocumentContext>\n    <ram:BusinessProcessSpecifiedDocumentContextParameter><ram:ID>A4</ram:ID></ram:BusinessProcessSpecifiedDocumentContextParameter>";
    text.replace(&pairs[0], TITULAIRE)
        .replace(&pairs[1], MOA)
        .replace(&pairs[2], MOE)
        .replace("M-2026-01", "M-1")
        .replace("<rsm:ExchangedDocumentContext>", context)
}

/// What is replaced, by what, and the rules that are then broken: errors, and warnings behind a `~`.
type Case = (&'static str, &'static str, &'static [&'static str]);

#[rustfmt::skip]
static UBL: &[Case] = &[
    // X
    ("<cbc:ID>1</cbc:ID>",                          "<cbc:ID>&nope;</cbc:ID>",                             &["X-08"]),
    ("<cbc:ID>1</cbc:ID>",                          "<cbc:ID>&#0;</cbc:ID>",                               &["X-09"]),
    ("</Invoice>",                                  "</Invoice><x/>",                                      &["X-06"]),
    ("<Invoice ",                                   "<!DOCTYPE Invoice SYSTEM \"file:///etc/passwd\"><Invoice ", &["X-07"]),
    ("</cbc:ProfileID>",                            "</cbc:profileID>",                                    &["X-04"]),
    ("<cbc:ProfileID>",                             "<zzz:ProfileID>",                                     &["X-04"]),
    // L
    ("schema:xsd:Invoice-2",                        "schema:xsd:Invoice-3",                                &["L-01"]),
    ("<cbc:ID>N-1</cbc:ID>",                        "",                                                    &["L-06"]),
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID>  </cbc:ID>",                                 &["L-06"]),
    ("<cbc:IssueDate>2026-03-31</cbc:IssueDate>",   "",                                                    &["L-07"]),
    ("2026-03-31",                                  "2026-02-31",                                          &["L-07"]),
    ("2026-03-31",                                  "20260331",                                            &["L-07"]),
    (">120.00</cbc:PayableAmount>",                 ">1,120.00</cbc:PayableAmount>",                       &["L-08"]),
    (">120.00</cbc:PayableAmount>",                 ">1e3</cbc:PayableAmount>",                            &["L-08"]),
    (">120.00</cbc:PayableAmount>",                 ">NaN</cbc:PayableAmount>",                            &["L-08"]),
    ("<cbc:PriceAmount currencyID=\"EUR\">100.00<", "<cbc:PriceAmount currencyID=\"EUR\">cent<",           &["L-08"]),
    ("<cac:PartyIdentification><cbc:ID schemeName=\"1\">91100001600012</cbc:ID></cac:PartyIdentification>", "", &["L-09"]),
    ("schemeName=\"1\">91100001600012",             "schemeName=\"XX\">91100001600012",                    &["L-09"]),
    ("<cac:PartyIdentification><cbc:ID schemeName=\"1\">91100003200019</cbc:ID></cac:PartyIdentification>", "", &["L-10"]),
    ("schemeName=\"1\">91100003200019",             "schemeName=\"4\">91100003200019",                     &["L-10"]),
    ("schemeName=\"1\">91100002400016",             "schemeName=\"XX\">91100002400016",                    &["L-12"]),
    (" schemeName=\"1\">91100002400016",            ">9110000240001",                                      &["L-12"]),
    (" schemeName=\"1\">91100002400016",            ">91100002400016",                                     &[]),
    ("schemeName=\"1\">91100001600012",             "schemeID=\"XX\" schemeName=\"1\">91100001600012",     &[]),
    ("schemeName=\"1\">91100001600012",             "schemeID=\"1\" schemeName=\"XX\">91100001600012",     &[]),
    // C and the official ids
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID>N°1</cbc:ID>",                                &["G1.05"]),
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID>N  1</cbc:ID>",                               &["G1.05"]),
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID>123456789012345678901</cbc:ID>",              &["G1.05"]),
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID>+N_/1-</cbc:ID>",                             &[]),
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID> N-1</cbc:ID>",                               &["G1.05"]),
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID>N-1 </cbc:ID>",                               &["G1.05"]),
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID>&#32;N-1</cbc:ID>",                           &["G1.05"]),
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID>\n    N-1 \n  </cbc:ID>",                     &["G1.05"]),
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID>\n    N-1\n  </cbc:ID>",                      &[]),
    ("<cbc:ID>N-1</cbc:ID>",                        "<cbc:ID>\r\n\tN-1\r\n</cbc:ID>",                     &[]),
    ("2026-03-31",                                  "2026-11-03",                                          &["G1.07"]),
    ("2026-03-31",                                  "2026-11-02",                                          &[]),
    (">120.00</cbc:PayableAmount>",                 ">120.000</cbc:PayableAmount>",                        &["G1.14"]),
    (">120.00</cbc:PayableAmount>",                 ">0000000000000000000000000120.00</cbc:PayableAmount>", &[]),
    (">120.00</cbc:PayableAmount>",                 ">+120.0</cbc:PayableAmount>",                         &[]),
    ("<cbc:PriceAmount currencyID=\"EUR\">100.00<", "<cbc:PriceAmount currencyID=\"EUR\">100.0000001<",    &["G1.14"]),
    ("<cbc:PriceAmount currencyID=\"EUR\">100.00<", "<cbc:PriceAmount currencyID=\"EUR\">100.000001<",     &[]),
    (">30</cbc:PaymentMeansCode>",                  ">ZZZ</cbc:PaymentMeansCode>",                         &["S2.05"]),
    (">30</cbc:PaymentMeansCode>",                  ">48</cbc:PaymentMeansCode>",                          &[]),
    ("<cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>", "",                                                &["S2.05"]),
    ("<cbc:ID>FR7630001007941234567890185</cbc:ID>", "",                                                   &["S2.05"]),
    (">FR7630001007941234567890185<",               ">123<",                                               &["S2.05"]),
    (">FR7630001007941234567890185<",               ">fr76 3000 1007 9412 3456 7890 185<",                 &[]),
    (">FR7630001007941234567890185<",               ">FR7630001007941234567890186<",                       &["~S2.05"]),
    (">FR7630001007941234567890185<",               ">FR76-30001007941234567890185<",                      &["S2.05"]),
    ("<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", "",                                       &[]),
    ("<cbc:TaxAmount currencyID=\"EUR\">20.00</cbc:TaxAmount>", "<cbc:TaxAmount currencyID=\"USD\">20.00</cbc:TaxAmount>", &["~C-04"]),
    ("<cac:TaxTotal>", "<cac:TaxTotal><cbc:TaxAmount currencyID=\"USD\">23.00</cbc:TaxAmount></cac:TaxTotal><cac:TaxTotal>", &[]),
    ("<cbc:TaxAmount currencyID=\"EUR\">20.00</cbc:TaxAmount>", "<cbc:TaxAmount>20.00</cbc:TaxAmount>",    &[]),
    ("<cbc:TaxAmount currencyID=\"EUR\">20.00</cbc:TaxAmount>", "<cbc:TaxAmount>20.00</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxAmount currencyID=\"EUR\">19.00</cbc:TaxAmount></cac:TaxSubtotal>", &["~C-14"]),
    ("<cac:TaxTotal>", "<cac:TaxTotal><cbc:TaxAmount currencyID=\"USD\">23.00</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxAmount currencyID=\"USD\">23.00</cbc:TaxAmount></cac:TaxSubtotal></cac:TaxTotal><cac:TaxTotal>", &[]), // of another currency
    ("<cbc:TaxExclusiveAmount currencyID=\"EUR\">100.00</cbc:TaxExclusiveAmount>", "",                     &["C-02"]),
    ("<cbc:PayableAmount currencyID=\"EUR\">120.00</cbc:PayableAmount>", "",                               &["C-03"]),
    ("<cac:TaxTotal><cbc:TaxAmount currencyID=\"EUR\">20.00</cbc:TaxAmount></cac:TaxTotal>", "",           &["~C-04"]),
    ("<cbc:TaxInclusiveAmount currencyID=\"EUR\">120.00</cbc:TaxInclusiveAmount>", "",                     &[]),
    (">120.00</cbc:TaxInclusiveAmount>",            ">121.00</cbc:TaxInclusiveAmount>",                    &["C-10", "C-11"]),
    (">120.00</cbc:PayableAmount>",                 ">119.99</cbc:PayableAmount>",                         &["C-11"]),
    ("<cbc:PayableAmount currencyID=\"EUR\">120.00", "<cbc:PrepaidAmount currencyID=\"EUR\">20.00</cbc:PrepaidAmount><cbc:PayableAmount currencyID=\"EUR\">100.00", &[]),
    ("<cbc:PayableAmount currencyID=\"EUR\">120.00", "<cbc:PayableRoundingAmount currencyID=\"EUR\">-0.40</cbc:PayableRoundingAmount><cbc:PayableAmount currencyID=\"EUR\">119.60", &[]),
    ("<cbc:LineExtensionAmount currencyID=\"EUR\">100.00</cbc:LineExtensionAmount>\n    <cbc:TaxE", "<cbc:LineExtensionAmount currencyID=\"EUR\">90.00</cbc:LineExtensionAmount>\n    <cbc:TaxE", &["C-12", "~C-13"]),
    (">20.00</cbc:TaxAmount>",                      ">20.00</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxAmount currencyID=\"EUR\">19.00</cbc:TaxAmount></cac:TaxSubtotal>", &["~C-14"]),
    ("schemeName=\"1\">91100003200019",             "schemeName=\"1\">9110000320001",                      &["C-05"]),
    ("schemeName=\"1\">91100002400016",             "schemeName=\"1\">91100002400017",                     &["~C-06", "T-14", "T-22"]),
    ("<cac:ContractDocumentReference>",             "<cbc:BuyerReference>a#b</cbc:BuyerReference><cac:ContractDocumentReference>", &["C-07"]),
    ("<cac:ContractDocumentReference>",             "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject filename=\"a.pdf\">Zm9v\nYm8=</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference><cac:ContractDocumentReference>", &[]),
    ("<cac:ContractDocumentReference>",             "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject filename=\"a.pdf\">Zm9v-m8=</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference><cac:ContractDocumentReference>", &["C-15"]),
    ("<cac:ContractDocumentReference>",             "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject filename=\"a.pdf\">Zm9vYm8</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference><cac:ContractDocumentReference>", &["C-15"]),
    ("<cac:ContractDocumentReference>",             "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject filename=\"a.exe\">Zm9v</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference><cac:ContractDocumentReference>", &["C-08"]),
    ("<cac:ContractDocumentReference>",             "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject filename=\"a.pdf\"/></cac:Attachment></cac:AdditionalDocumentReference><cac:ContractDocumentReference>", &["C-09"]),
    ("<cbc:IssueDate>2026",                         "<cbc:ID>OTHER</cbc:ID><cbc:IssueDate>2026",           &["L-13"]),
    ("</cac:LegalMonetaryTotal>",                   "<cbc:PayableAmount currencyID=\"EUR\">1.00</cbc:PayableAmount></cac:LegalMonetaryTotal>", &["L-13"]),
    ("</cac:LegalMonetaryTotal>",                   "<cbc:PayableAmount currencyID=\"EUR\"> 120.00 </cbc:PayableAmount></cac:LegalMonetaryTotal>", &[]),
    ("<cac:PaymentMeans>",                          "<cac:AccountingSupplierParty><cac:Party/></cac:AccountingSupplierParty><cac:PaymentMeans>", &["L-13"]),
    // T
    ("<cbc:ProfileID>A4</cbc:ProfileID>",           "",                                                    &["T-01"]),
    ("<cbc:ProfileID>A4<",                          "<cbc:ProfileID>a4<",                                  &["T-01"]),
    ("schemeName=\"1\">91100002400016",             "schemeName=\"1\">91100004000012",                     &["T-22"]),
    ("<cbc:ID>M-1</cbc:ID>",                        "<cbc:ID>M-2</cbc:ID>",                                &["T-23"]),
];

#[rustfmt::skip]
static CII: &[Case] = &[
    ("<ram:ID>X-SANS</ram:ID>",                     "",                                                    &["L-06"]),
    (">20260430<",                                  ">20260231<",                                          &["L-07"]),
    (" format=\"102\">20260430<",                   ">20260430<",                                          &[]),
    (">12000.00</ram:DuePayableAmount>",            ">12 000.00</ram:DuePayableAmount>",                   &["L-08"]),
    (">12000.00</ram:DuePayableAmount>",            ">-0</ram:DuePayableAmount>",                          &["C-11"]),
    (">12000.00</ram:DuePayableAmount>",            ">1111111111111111111111111111111111111111</ram:DuePayableAmount>", &["G1.14"]),
    ("<ram:SpecifiedLegalOrganization><ram:ID schemeID=\"1\">91100001600012</ram:ID></ram:SpecifiedLegalOrganization>", "", &["L-09"]),
    ("<ram:IBANID>FR7630001007941234567890185</ram:IBANID>", "",                                           &["S2.05"]),
    ("<ram:IBANID>FR7630001007941234567890185</ram:IBANID>", "<ram:ProprietaryID>FR7630001007941234567890185</ram:ProprietaryID>", &["S2.05"]),
    ("<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", "",                                         &[]),
    ("<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", "<ram:PaymentReference>V-1</ram:PaymentReference><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", &[]),
    ("<ram:ReferenceTypeCode>BC</ram:ReferenceTypeCode>", "",                                              &[]),
    ("<ram:ReferenceTypeCode>BC</ram:ReferenceTypeCode>", "<ram:TypeCode>Devis</ram:TypeCode><ram:ReferenceTypeCode>BC</ram:ReferenceTypeCode>", &[]),
    ("</ram:ApplicableHeaderTradeAgreement>",       "<ram:AdditionalReferencedDocument><ram:IssuerAssignedID>a.pdf</ram:IssuerAssignedID><ram:AttachmentBinaryObject>Zm9v</ram:AttachmentBinaryObject></ram:AdditionalReferencedDocument></ram:ApplicableHeaderTradeAgreement>", &[]),
    ("</ram:ApplicableHeaderTradeAgreement>",       "<ram:AdditionalReferencedDocument><ram:IssuerAssignedID>a.pdf</ram:IssuerAssignedID><ram:AttachmentBinaryObject>Zm9vZ=</ram:AttachmentBinaryObject></ram:AdditionalReferencedDocument></ram:ApplicableHeaderTradeAgreement>", &["C-15"]),
    ("<ram:IssuerAssignedID>M-1<",                  "<ram:IssuerAssignedID>M-9<",                          &["T-23"]),
    ("schemeID=\"1\">91100002400016",               "schemeID=\"1\">11000201100044",                       &["T-14", "T-22", "T-26"]),
];

fn broken(j: &Judged) -> BTreeSet<String> {
    j.findings
        .iter()
        .map(|f| if f.severity == Severity::Error { f.rule.to_owned() } else { format!("~{}", f.rule) })
        .collect()
}

fn hold(base: &str, cases: &[Case], seen: &mut BTreeSet<String>) {
    assert_eq!(broken(&judged(base.as_bytes().to_vec())), BTreeSet::new(), "the document that the cases are made from");
    for (from, to, expected) in cases {
        assert_eq!(base.matches(from).count(), 1, "{from}");
        let j = judged(base.replace(from, to).into_bytes());
        let found = broken(&j);
        assert_eq!(found, expected.iter().map(|s| (*s).to_owned()).collect(), "{from} → {to}\n{:#?}", j.findings);
        assert_eq!(j.route.is_some(), !j.refused(), "{from} → {to}");
        for f in &j.findings {
            let helped = [&f.message, &f.help].iter().all(|m| !m.fr.is_empty() && !m.en.is_empty());
            assert!(helped, "{} says what and what to do in both languages", f.rule);
            assert!(f.place.is_some() || f.rule.starts_with("X-"), "{} says where", f.rule);
        }
        seen.extend(found.into_iter().map(|id| id.trim_start_matches('~').to_owned()));
    }
}

#[test]
fn each_rule_is_broken_by_what_it_forbids_and_by_nothing_else() {
    let mut seen = BTreeSet::new();
    hold(&String::from_utf8(a4("N-1")).unwrap(), UBL, &mut seen);
    hold(&cii(), CII, &mut seen);
    for id in ["X-08", "L-10", "C-14", "T-22"] {
        assert!(seen.contains(id), "{id}");
    }
}

/// Numbers of 28 digits can be held; their sums cannot always.
#[test]
fn amounts_whose_sums_cannot_be_held_are_told_and_harm_nothing() {
    let huge = "9".repeat(28);
    let line = |n: usize| {
        format!(
            "<cac:InvoiceLine><cbc:ID>{n}</cbc:ID><cbc:LineExtensionAmount currencyID=\"EUR\">{huge}</cbc:LineExtensionAmount></cac:InvoiceLine>"
        )
    };
    let base = String::from_utf8(a4("N-1")).unwrap();
    let lines = base.replace("</Invoice>", &format!("{}</Invoice>", (0..12).map(line).collect::<String>()));
    let rows = format!("<cac:TaxSubtotal><cbc:TaxAmount currencyID=\"EUR\">{huge}</cbc:TaxAmount></cac:TaxSubtotal>")
        .repeat(12);
    let breakdown = base.replace("</cbc:TaxAmount></cac:TaxTotal>", &format!("</cbc:TaxAmount>{rows}</cac:TaxTotal>"));
    let signed = base.replace(">100.00</cbc:TaxExclusiveAmount>", &format!(">-7{huge}</cbc:TaxExclusiveAmount>"));
    let every = base.replace(">100.00<", &format!(">{huge}<")).replace(">20.00<", &format!(">{huge}<"));
    let no_vat = format!("<cac:TaxTotal><cbc:TaxAmount currencyID=\"EUR\">{huge}</cbc:TaxAmount></cac:TaxTotal>");
    let derived = every.replace(&no_vat, "").replace(">120.00</cbc:TaxInc", &format!(">-{huge}</cbc:TaxInc"));
    for text in [lines, breakdown, signed, every, derived] {
        assert_ne!(text, base);
        let j = judged(text.into_bytes());
        assert!(broken(&j).contains("G1.14"), "{:#?}", j.findings);
    }
}

#[test]
fn limits_and_kinds_are_told() {
    let tight = |f: &dyn Fn(&mut Config)| {
        let mut config = Config::default();
        f(&mut config);
        broken(&judged_by(a4("N-1"), Some("alpha"), &config)).into_iter().next().unwrap_or_default()
    };
    assert_eq!(tight(&|c| c.limits.depth = 3), "X-10");
    assert_eq!(tight(&|c| c.limits.nodes = 9), "X-11");
    assert_eq!(tight(&|c| c.limits.attributes = 2), "X-12");
    #[rustfmt::skip]
    let kinds: [(&[u8], &str, Fate); 9] = [
        (b"",                              "X-01", Fate::Hold),
        (b"\x00\x01\x02\x03",              "X-02", Fate::Hold),
        (b"<a>\xe9</a>",                   "X-03", Fate::Unreadable),
        (b"<Invoice><a>",                  "X-05", Fate::Hold),
        (b"\x1f\x8b\x08 a gzip of something", "L-02", Fate::Hold),
        (b"%PDF-1.7\n1 0 obj<<",           "X-05", Fate::Hold),
        (b"%PDF-1.7\n%%EOF",               "X-31", Fate::Hold),
        (b"<CPPStatut/>",                  "L-04", Fate::Unreadable),
        (b"<Depot xmlns='urn:x'/>",        "L-01", Fate::Unreadable),
    ];
    for (bytes, rule, fate) in kinds {
        let j = judged(bytes.to_vec());
        assert_eq!((j.findings[0].rule, j.fate, j.refused()), (rule, fate, true), "{bytes:?}");
    }
}

#[test]
fn a_conflict_is_told_only_to_those_who_are_in_the_sheet() {
    let wrong = String::from_utf8(a4("N-1")).unwrap().replace(MOE, OTHER);
    let conflict = |partner: &str| {
        let j = judged_by(wrong.clone().into_bytes(), Some(partner), &Config::default());
        j.findings.into_iter().find(|f| f.rule == "T-22")
    };
    assert_eq!(conflict("alpha").and_then(|f| f.expected).map(|m| m.fr).as_deref(), Some(MOE));
    assert_eq!(conflict("stranger"), None);
}

/// The cadre that the pièce would have decides who deposits; where there is none, the seller does.
#[test]
fn a_stranger_does_not_learn_which_numbers_a_supplier_has_used() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    let told = |w: &mut World, partner: &str, bytes: Vec<u8>| {
        w.drop_file("edi", partner, "F", &bytes);
        w.batch();
        let reports = w.tray(partner, "comptes-rendus");
        w.take_all();
        let all: String = reports.iter().map(|r| text(r)).collect();
        all.split("<CodeErreur>").skip(1).map(|s| s.split('<').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for cadre in ["A4", "A15", "A1"] {
        let [used, free] = ["N-1", "N-9"].map(|number| told(&mut w, "gamma", invoice(cadre, number, TITULAIRE)));
        assert_eq!(used, free, "{cadre}");
        assert!(!used.contains(&"G1.42".to_owned()), "{cadre}");
    }
    assert_eq!(told(&mut w, "delta", [&a4("N-1")[..], b"<!-- mine -->"].concat()), ["G1.42"]);
}

#[test]
fn the_only_currency_of_a_document_is_its_own() {
    let without =
        String::from_utf8(a4("N-1")).unwrap().replace("<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", "");
    let currency = |text: &str| judged(text.as_bytes().to_vec()).facts.currency;
    assert_eq!(currency(&without).as_deref(), Some("EUR"));
    let amount = "<cbc:Amount currencyID=\"USD\">1.00</cbc:Amount>";
    let charge =
        format!("<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>{amount}</cac:AllowanceCharge>");
    for (before, inserted) in [
        ("<cac:TaxTotal>", charge.clone()),
        ("<cac:Item>", charge.clone()),
        ("</cac:Price>", format!("<cac:AllowanceCharge>{amount}</cac:AllowanceCharge>")),
    ] {
        let other = without.replace(before, &format!("{inserted}{before}"));
        assert_ne!(other, without);
        assert_eq!(currency(&other), None, "{inserted} {before}");
        assert!(broken(&judged(other.into_bytes())).contains("C-01"));
    }
}

#[test]
fn the_valideur_is_read_from_either_block() {
    let text = String::from_utf8(a4("N-1")).unwrap();
    let agent = format!(
        "<cac:AgentParty><cac:PartyIdentification><cbc:ID schemeName=\"1\">{MOE}</cbc:ID></cac:PartyIdentification></cac:AgentParty>"
    );
    let buyer = format!("<cac:PartyIdentification><cbc:ID schemeName=\"1\">{MOA}</cbc:ID></cac:PartyIdentification>");
    let block = |id: &str| {
        format!(
            "{buyer}<cac:ServiceProviderParty><cac:Party><cac:PartyIdentification><cbc:ID schemeID=\"0009\">{id}</cbc:ID></cac:PartyIdentification></cac:Party></cac:ServiceProviderParty>"
        )
    };
    assert!(text.contains(&agent) && text.contains(&buyer));
    let conflict = |text: String| {
        let j = judged(text.into_bytes());
        j.findings.iter().find(|f| f.rule == "T-22").map(|f| f.found.clone().unwrap())
    };
    let both = |id: &str| text.replace(&buyer, &block(id));
    // The buyer's block alone, then beside the seller's: that one comes first, unless it names nobody.
    assert_eq!(conflict(both(OTHER).replace(&agent, "")).as_deref(), Some(OTHER));
    assert_eq!(conflict(both(OTHER)), None);
    assert_eq!(conflict(both(MOE).replace(&agent, &agent.replace(MOE, OTHER))).as_deref(), Some(OTHER));
    let nobody = "<cac:AgentParty><cac:PartyName><cbc:Name>Atelier</cbc:Name></cac:PartyName></cac:AgentParty>";
    assert_eq!(conflict(both(OTHER).replace(&agent, nobody)).as_deref(), Some(OTHER));
}

/// The total VAT in a second currency is not the pièce's: what follows from the totals is.
#[test]
fn the_total_vat_is_the_one_in_the_documents_currency() {
    let text = String::from_utf8(a4("N-1")).unwrap();
    let own = "<cac:TaxTotal><cbc:TaxAmount currencyID=\"EUR\">20.00</cbc:TaxAmount></cac:TaxTotal>";
    let other = "<cac:TaxTotal><cbc:TaxAmount currencyID=\"USD\">23.00</cbc:TaxAmount></cac:TaxTotal>";
    for totals in [format!("{other}{own}"), format!("{own}{other}"), other.to_owned()] {
        let j = judged(text.replace(own, &totals).into_bytes());
        assert_eq!(j.facts.vat.map(|v| v.to_string()).as_deref(), Some("20.00"), "{totals}");
        assert!(!j.refused());
    }
}

#[test]
fn everything_is_told_at_once_and_nothing_twice() {
    let bad =
        String::from_utf8(a4("N-1")).unwrap().replace("2026-03-31", "demain").replace("<cbc:ID>N-1<", "<cbc:ID>N°1<");
    let bad = bad.replace(">120.00</cbc:PayableAmount>", ">cher</cbc:PayableAmount>").replace(">30<", ">99<");
    let j = judged(bad.into_bytes());
    let ids: Vec<&str> = j.findings.iter().map(|f| f.rule).collect();
    assert_eq!(ids, ["L-07", "L-08", "G1.05", "S2.05"], "in the order of layers, one each");
}

#[test]
fn the_catalogue_is_whole_and_its_document_is_fresh() {
    let mut ids = BTreeSet::new();
    for rule in catalogue::all() {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        for text in [rule.says, rule.why, rule.example, rule.mend] {
            assert!(!text.fr.is_empty() && !text.en.is_empty() && !text.fr.ends_with('.'), "{}", rule.id);
        }
        assert!(!rule.source.is_empty(), "{}", rule.id);
        assert_eq!(catalogue::find(&rule.id.to_lowercase()).map(|r| r.id), Some(rule.id));
    }
    assert_eq!(catalogue::nearest_id("G1.5"), Some("G1.05"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    if std::env::var_os("GUICHET_BLESS").is_some() {
        std::fs::write(&file, catalogue::markdown()).unwrap();
    }
    let (written, made) = (std::fs::read_to_string(file).unwrap(), catalogue::markdown());
    let stale = made.lines().zip(written.lines()).find(|(made, written)| made != written);
    assert!(stale.is_none() && made == written, "run with GUICHET_BLESS=1 to write it: {stale:?}");
}

#[test]
fn every_rule_is_seen_broken_somewhere() {
    let mut seen: BTreeSet<String> =
        UBL.iter().chain(CII).flat_map(|c| c.2).map(|s| s.trim_start_matches('~').to_owned()).collect();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for dir in std::fs::read_dir(samples).unwrap().map(Result::unwrap) {
        if let Ok(text) = std::fs::read_to_string(dir.path().join("expected.toml")) {
            let ids = text.lines().filter(|l| l.starts_with("errors") || l.starts_with("warnings"));
            seen.extend(ids.flat_map(|l| l.split('"').skip(1).step_by(2)).map(str::to_owned));
        }
    }
    seen.extend((20..=30).map(|n| format!("X-{n}"))); // in tests/archives.rs
    seen.extend(["L-05", "L-15", "L-16", "L-17", "L-18"].map(str::to_owned)); // in tests/depot.rs
    seen.extend(["X-31", "X-32", "X-33", "X-34", "L-14"].map(str::to_owned)); // in tests/pdf.rs
    // Seen in the tests above, in tests/drops.rs, tests/names.rs, tests/association.rs, or made by the machine alone.
    for elsewhere in ["T-29", "T-31", "T-32", "T-33", "T-34", "T-36"] {
        seen.insert(elsewhere.to_owned());
    }
    for elsewhere in [
        "X-10", "X-11", "X-12", "X-13", "X-14", "X-15", "X-16", "L-02", "L-04", "G1.42", "T-10", "T-11", "T-37",
        "T-38", "T-39",
    ] {
        seen.insert(elsewhere.to_owned());
    }
    seen.extend((40..=49).map(|n| format!("T-{n}"))); // in tests/acts.rs
    // Those of EN 16931 are broken in tests/en16931.rs.
    let own = catalogue::all().filter(|r| r.layer != Layer::En16931);
    let unseen: Vec<&str> = own.map(|r| r.id).filter(|id| !seen.contains(*id)).collect();
    assert_eq!(unseen, Vec::<&str>::new());
}

#[test]
fn the_official_samples_are_judged_as_they_deserve() {
    let Some(dir) = shared("corpus/chorus-pro") else { return };
    let structure = |id: &str| format!("{id},1,Structure {id},true,false,false,false\n");
    let (seller, buyer, third) = ("81034732800017", "53514650090018", "24590041000292");
    let structures = format!(
        "id,id_type,name,active,service_required,engagement_required,either_required\n{}{}{}{}",
        structure(seller),
        structure(buyer),
        structure(third),
        structure(MOE)
    );
    let marches = format!(
        "[[marche]]\nnumber = \"A\"\nmoa = \"{buyer}\"\nmoe = \"{third}\"\ntitulaire = \"{seller}\"\n\n\
         [[marche]]\nnumber = \"B\"\nmoa = \"{buyer}\"\nmoe = \"{MOE}\"\ntitulaire = \"{third}\"\nsous_traitants = [{{ id = \"{seller}\", of = \"{third}\" }}]\n"
    );
    let partners =
        format!("[[partner]]\nname = \"p\"\napp_code = \"PPP001\"\nstructures = [\"{seller}\"]\nmodes = [\"edi\"]\n");
    let annuaire =
        Annuaire::from_texts([&structures, "siret,code,name,active,engagement_required\n", &marches, &partners])
            .unwrap()
            .0;
    let (config, today) = (Config::default(), chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap());
    let partner = annuaire.partner("p");
    let context = Context {
        config: &config,
        annuaire: Some(&annuaire),
        mode: Mode::Edi,
        partner,
        today,
        layers: &Layer::ALL,
        associated: None,
    };
    /// Sample, the rules it breaks, the status and holder it comes to.
    type Deserved<'a> = (&'a str, &'a [&'a str], Option<(&'a str, &'a str)>);
    #[rustfmt::skip]
    let expected: [Deserved; 6] = [
        ("P74", &[],                  Some(("MISE_A_DISPOSITION_MOE", third))),
        ("P76", &[],                  Some(("A_VALIDER_1", third))),
        ("P01", &["T-01"],            None),
        ("P40", &["T-01", "T-14"],    None), // the State is in no annuaire of ours
        ("P42", &["T-01", "T-23"],    None), // its marché is not registered
        ("P92", &["T-01"],            None),
    ];
    for (name, rules, route) in expected {
        let j = judge(std::fs::read(dir.join(format!("FSO1116A_{name}.xml"))).unwrap(), &context);
        let ids: Vec<&str> = j.findings.iter().map(|f| f.rule).collect();
        assert_eq!(ids, rules, "{name}: {:#?}", j.findings);
        assert_eq!(j.route.as_ref().map(|r| (r.arrival.code(), r.holder.1.as_str())), route, "{name}");
    }
}
