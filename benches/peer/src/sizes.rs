//! How long one document takes, by how much of something it has.

use std::fmt::Write;
use std::time::Instant;

/// What a document has so many of.
struct Size {
    name: &'static str,
    counts: [usize; 3],
    make: fn(usize) -> String,
}

static SIZES: [Size; 6] = [
    Size { name: "lines, UBL", counts: [100, 1_000, 10_000], make: |n| ubl(n, 1, 0, 0) },
    Size { name: "lines, CII", counts: [100, 1_000, 10_000], make: |n| cii(n, 1) },
    Size { name: "VAT groups, UBL", counts: [50, 500, 5_000], make: |n| ubl(n, n, 0, 0) },
    Size { name: "VAT groups, CII", counts: [50, 500, 5_000], make: |n| cii(n, n) },
    Size { name: "allowances, UBL", counts: [50, 500, 5_000], make: |n| ubl(10, 1, n, 0) },
    Size { name: "attachments of 60 kB, UBL", counts: [1, 10, 100], make: |n| ubl(10, 1, 0, n) },
];

/// Prints the table; of each document the best of five runs.
pub fn table(work: &dyn Fn(&[u8]) -> usize) {
    println!("{:<28} {:>8} {:>10} {:>9} {:>10} {:>8}", "one document, one thread", "so many", "bytes", "findings", "ms", "× before");
    for Size { name, counts, make } in &SIZES {
        let mut before = None;
        for count in counts {
            let document = make(*count).into_bytes();
            let run = |_| {
                let started = Instant::now();
                let found = work(&document);
                (started.elapsed().as_secs_f64() * 1e3, found)
            };
            let (best, found) = (0..5).map(run).fold((f64::INFINITY, 0), |(best, _), (ms, found)| (best.min(ms), found));
            let times = before.map_or("".to_owned(), |b: f64| format!("{:.1}", best / b));
            println!("{name:<28} {count:>8} {:>10} {found:>9} {best:>10.2} {times:>8}", document.len());
            before = Some(best);
        }
    }
}

/// Rates that are all different, of at most four decimals.
fn rate(n: usize) -> String {
    format!("{}.{:04}", 1 + n / 10_000, n % 10_000)
}

fn ubl(lines: usize, groups: usize, allowances: usize, attachments: usize) -> String {
    let mut x = String::from(
        "<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\" \
         xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\" \
         xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\">\
         <cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID><cbc:ID>1</cbc:ID><cbc:IssueDate>2026-03-31</cbc:IssueDate>\
         <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>",
    );
    for n in 0..attachments {
        let _ = write!(x, "<cac:AdditionalDocumentReference><cbc:ID>{n}</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject \
            mimeCode=\"application/pdf\" filename=\"{n}.pdf\">{}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>", "QUJD".repeat(15_000));
    }
    let vat = |tag: &str, n: usize| {
        format!("<cac:{tag}><cbc:ID>S</cbc:ID><cbc:Percent>{}</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:{tag}>", rate(n))
    };
    for _ in 0..allowances {
        x += "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:AllowanceChargeReason>r</cbc:AllowanceChargeReason><cbc:Amount currencyID=\"EUR\">0.01</cbc:Amount>";
        x += &vat("TaxCategory", 0);
        x += "</cac:AllowanceCharge>";
    }
    x += "<cac:TaxTotal><cbc:TaxAmount currencyID=\"EUR\">0.00</cbc:TaxAmount>";
    for n in 0..groups {
        x += "<cac:TaxSubtotal><cbc:TaxableAmount currencyID=\"EUR\">1.00</cbc:TaxableAmount><cbc:TaxAmount currencyID=\"EUR\">0.00</cbc:TaxAmount>";
        x += &vat("TaxCategory", n);
        x += "</cac:TaxSubtotal>";
    }
    x += "</cac:TaxTotal><cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID=\"EUR\">1.00</cbc:LineExtensionAmount></cac:LegalMonetaryTotal>";
    for n in 0..lines {
        let _ = write!(x, "<cac:InvoiceLine><cbc:ID>{n}</cbc:ID><cbc:InvoicedQuantity unitCode=\"C62\">1</cbc:InvoicedQuantity>\
            <cbc:LineExtensionAmount currencyID=\"EUR\">1.00</cbc:LineExtensionAmount><cac:Item><cbc:Description>Fourniture et pose, lot {n}</cbc:Description>\
            <cbc:Name>Travaux</cbc:Name>{}</cac:Item><cac:Price><cbc:PriceAmount currencyID=\"EUR\">1.00</cbc:PriceAmount></cac:Price></cac:InvoiceLine>",
            vat("ClassifiedTaxCategory", n % groups));
    }
    x + "</Invoice>"
}

fn cii(lines: usize, groups: usize) -> String {
    let mut x = String::from(
        "<rsm:CrossIndustryInvoice xmlns:rsm=\"urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100\" \
         xmlns:ram=\"urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100\" \
         xmlns:udt=\"urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100\"><rsm:ExchangedDocument><ram:ID>1</ram:ID></rsm:ExchangedDocument>\
         <rsm:SupplyChainTradeTransaction>",
    );
    for n in 0..lines {
        let _ = write!(x, "<ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument><ram:LineID>{n}</ram:LineID></ram:AssociatedDocumentLineDocument>\
            <ram:SpecifiedTradeProduct><ram:Name>Travaux</ram:Name></ram:SpecifiedTradeProduct><ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice>\
            <ram:ChargeAmount>1.00</ram:ChargeAmount><ram:BasisQuantity unitCode=\"C62\">1</ram:BasisQuantity></ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>\
            <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode=\"C62\">1</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>\
            <ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode>\
            <ram:RateApplicablePercent>{}</ram:RateApplicablePercent></ram:ApplicableTradeTax><ram:SpecifiedTradeSettlementLineMonetarySummation>\
            <ram:LineTotalAmount>1.00</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>",
            rate(n % groups));
    }
    x += "<ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty><ram:SpecifiedTaxRegistration><ram:ID schemeID=\"VA\">FR00000000000</ram:ID>\
        </ram:SpecifiedTaxRegistration></ram:SellerTradeParty></ram:ApplicableHeaderTradeAgreement>";
    x += "<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>";
    for n in 0..groups {
        let _ = write!(x, "<ram:ApplicableTradeTax><ram:CalculatedAmount>0.00</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode><ram:BasisAmount>1.00</ram:BasisAmount>\
            <ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>{}</ram:RateApplicablePercent></ram:ApplicableTradeTax>", rate(n));
    }
    x + "<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:LineTotalAmount>1.00</ram:LineTotalAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>\
        </ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"
}
