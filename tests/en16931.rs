//! EN 16931: the project's own fragments, each of which keeps or breaks the rule it is named after; and, where the official
//! unit tests are beside the project, every one of their expectations.
#![allow(clippy::unwrap_used, missing_docs)]

use guichet::config::{Config, En16931};
use guichet::judge::{Judged, judge};
use guichet::rules::{Context, Layer, Severity, en16931};
use guichet::trade::Mode;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn judged(text: &str) -> Judged {
    let mut config = Config::default();
    config.rules.en16931 = En16931::Always;
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let context = Context {
        config: &config,
        annuaire: None,
        mode: Mode::Edi,
        partner: None,
        today,
        layers: &[Layer::En16931],
        associated: None,
    };
    judge(text.as_bytes().to_vec(), &context)
}

/// The rules that a document breaks; warnings of the official set behind a `~`.
fn broken(text: &str) -> BTreeSet<String> {
    let told = judged(text).findings.into_iter().map(|f| {
        let mark = if f.severity == Severity::Warning { "~" } else { "" };
        format!("{mark}{}", f.rule)
    });
    told.collect()
}

fn breaks(broken: &BTreeSet<String>, id: &str) -> bool {
    broken.contains(id) || broken.contains(&format!("~{id}"))
}

#[test]
fn every_fragment_keeps_or_breaks_its_rule() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for fragment in en16931::fragments() {
        let found = broken(&fragment.document());
        if breaks(&found, fragment.id) == fragment.passes {
            wrong.push(format!("{} {} pass={}: {found:?}", fragment.id, fragment.syntax, fragment.passes));
        }
        seen.insert((fragment.id, fragment.syntax, fragment.passes));
    }
    assert!(wrong.is_empty(), "{} of {} fragments:\n{}", wrong.len(), seen.len(), wrong.join("\n"));
}

/// Rules that no document breaks: what they say is for people to see, or an earlier rule takes their elements.
const NEVER: [&str; 7] = ["BR-CO-05", "BR-CO-06", "BR-CO-07", "BR-CO-08", "CII-DT-010", "CII-DT-011", "CII-DT-012"];

#[test]
fn every_rule_has_its_words_and_its_fragments() {
    let mut of: BTreeSet<(&str, bool)> = BTreeSet::new();
    for fragment in en16931::fragments() {
        of.insert((fragment.id, fragment.passes));
    }
    // Ours, and the warnings that are more than an element that is not wanted.
    let own = ["EN-01", "EN-02"];
    let tested = |r: &&guichet::rules::Rule| r.severity == Severity::Error && !own.contains(&r.id);
    for rule in en16931::RULES.iter().filter(tested) {
        assert!(of.contains(&(rule.id, true)), "{}: nothing keeps it", rule.id);
        assert!(of.contains(&(rule.id, false)) != NEVER.contains(&rule.id), "{}: nothing breaks it", rule.id);
        assert!(!en16931::paths(rule.id).concat().is_empty(), "{}: it looks nowhere", rule.id);
    }
    let standard = en16931::RULES.iter().filter(|r| r.id.starts_with("BR-")).count();
    assert_eq!(standard, 223, "rules of the standard");
    assert!(guichet::rules::VERSION.ends_with(&format!("en16931-{}", en16931::ARTEFACTS)));
}

/// An element or attribute that is not in the subset is told as a warning, where the rule says.
#[test]
fn what_the_subset_has_not_is_a_warning() {
    let mut seen = 0;
    for rule in en16931::RULES.iter().filter(|r| en16931::is_of_subset(r.id)) {
        let paths = en16931::paths(rule.id);
        for (cii, path) in paths.iter().enumerate().flat_map(|(n, paths)| paths.iter().map(move |p| (n == 1, p))) {
            let Some(document) = document_with(path, cii) else { continue };
            let found = broken(&document);
            assert!(found.contains(&format!("~{}", rule.id)), "{} at {path}: {found:?}\n{document}", rule.id);
            seen += 1;
        }
    }
    assert!(seen > 1_100, "{seen}");
}

/// A document with an element at the end of a path; none where the path ends in what only a check of its own looks at.
fn document_with(path: &str, cii: bool) -> Option<String> {
    let (path, attribute) = path.split_once('@').map_or((path, None), |(path, name)| (path, Some(name)));
    let mut xml = String::new();
    let steps: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).map(|s| s.split('|').next().unwrap()).collect();
    if steps.iter().any(|s| s.contains(['[', '~'])) {
        return None;
    }
    let any = if cii { "ram:" } else { "cac:" };
    let steps: Vec<String> = steps.iter().map(|s| s.replace("*:*", any).replace('*', "Some")).collect();
    let last = steps.len().saturating_sub(1);
    for (n, step) in steps.iter().enumerate() {
        let attribute = attribute.filter(|_| n == last).map(|a| format!(" {a}=\"x\"")).unwrap_or_default();
        xml += &format!("<{step}{attribute}>");
    }
    steps.iter().rev().for_each(|step| xml += &format!("</{step}>"));
    let root = if cii { "rsm:CrossIndustryInvoice" } else { "Invoice" };
    let on_root = attribute.filter(|_| steps.is_empty()).map(|a| format!(" {a}=\"x\"")).unwrap_or_default();
    let fragment = en16931::Fragment {
        id: "",
        syntax: if cii { "cii" } else { "ubl" },
        passes: false,
        note: "",
        xml: format!("<{root}{on_root}>{xml}</{root}>").leak(),
    };
    Some(fragment.document())
}

/// A document that declares EN 16931, and breaks it.
fn declared(setting: En16931) -> Vec<(bool, String)> {
    let mut config = Config::default();
    config.rules.en16931 = setting;
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let layers = &Layer::ALL;
    let context =
        Context { config: &config, annuaire: None, mode: Mode::Edi, partner: None, today, layers, associated: None };
    let fragment = en16931::fragments().find(|f| f.id == "BR-01" && f.syntax == "ubl" && f.passes).unwrap();
    let findings = judge(fragment.document().into_bytes(), &context).findings;
    let own = findings.into_iter().filter(|f| f.layer == Layer::En16931);
    own.map(|f| (f.is_error(), f.rule.to_owned())).collect()
}

#[test]
fn who_declares_it_is_advised_or_bound_or_left_alone() {
    let (advised, bound) = (declared(En16931::Advise), declared(En16931::Enforce));
    assert!(!advised.is_empty() && advised.iter().all(|(error, _)| !error), "{advised:?}");
    assert!(bound.iter().any(|(error, _)| *error), "{bound:?}");
    assert_eq!(advised.iter().map(|f| &f.1).collect::<Vec<_>>(), bound.iter().map(|f| &f.1).collect::<Vec<_>>());
    assert!(declared(En16931::Never).is_empty());
}

/// A finding tells the numbers: what is written, what comes out, and from what.
#[test]
fn a_sum_is_told_with_what_it_is_made_of() {
    let fragment = en16931::fragments().find(|f| f.id == "BR-CO-10" && f.syntax == "ubl" && !f.passes).unwrap();
    let found = judged(&fragment.document()).findings.into_iter().find(|f| f.rule == "BR-CO-10").unwrap();
    assert_eq!(found.found.as_deref(), Some("18840.00"));
    assert_eq!(found.expected.unwrap().en, "18480.00 = 12360.00 [1] + 6120.00 [2]");
    let place = found.place.unwrap();
    assert_eq!((place.path.as_str(), place.line), ("/Invoice/cac:LegalMonetaryTotal/cbc:LineExtensionAmount", 3));
}

/// What the official stylesheet ends at is answered: values that are no numbers, no days, no booleans, and repeated ones.
#[test]
fn values_that_are_not_what_their_type_says_are_answered() {
    let of = |id: &str, from: &str, to: &str| {
        let fragment = en16931::fragments().find(|f| f.id == id && f.syntax == "ubl" && f.passes).unwrap();
        let document = fragment.document();
        assert!(document.contains(from), "{id}: {document}");
        judged(&document.replacen(from, to, 1)).findings
    };
    let told = |findings: &[guichet::rules::Finding], id: &str, found: &str| {
        assert!(findings.iter().any(|f| f.rule == id && f.found.as_deref() == Some(found)), "{id}: {findings:?}");
    };
    for value in ["abc", "1,5", "1e2", "", "99999999999999999999999999999999999999"] {
        let findings = of("BR-CO-10", ">12360.00<", &format!(">{value}<"));
        assert!(findings.iter().any(|f| f.rule == "BR-CO-10" && f.is_error()), "{value}: {findings:?}");
    }
    told(&of("BR-CO-10", ">12360.00<", ">abc<"), "BR-CO-10", "abc");
    told(&of("BR-31", ">false<", ">no<"), "EN-01", "no");
}

/// A fragment as a whole document: the namespaces declared.
fn document(syntax: &'static str, xml: &str) -> String {
    let xml = xml.to_owned().leak();
    en16931::Fragment { id: "", syntax, passes: false, note: "", xml }.document()
}

/// In a CII document: what stands in the settlement of a transaction that stands in these elements.
fn settled(around: &str, inside: &str) -> String {
    let open: String = around.split('/').map(|name| format!("<{name}>")).collect();
    let close: String = around.rsplit('/').map(|name| format!("</{name}>")).collect();
    document("cii", &format!("<rsm:CrossIndustryInvoice>{open}{inside}{close}</rsm:CrossIndustryInvoice>"))
}

/// The tests look from where an element stands, which may be elsewhere than the standard puts it.
#[test]
fn what_stands_elsewhere_is_judged_from_there() {
    let charge = "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>\
        <cbc:Amount>5</cbc:Amount></cac:AllowanceCharge>";
    let totals = "<cac:LegalMonetaryTotal><cbc:ChargeTotalAmount>5</cbc:ChargeTotalAmount></cac:LegalMonetaryTotal>";
    let beside = broken(&document("ubl", &format!("<Invoice>{charge}{totals}</Invoice>")));
    let apart = broken(&document("ubl", &format!("<Invoice>{charge}<cac:Price>{totals}</cac:Price></Invoice>")));
    let within = broken(&document("ubl", &format!("<Invoice><cac:Price>{charge}{totals}</cac:Price></Invoice>")));
    assert!(!breaks(&beside, "BR-CO-12") && breaks(&apart, "BR-CO-12") && !breaks(&within, "BR-CO-12"));

    let both = charge.replace("<cbc:Amount>", "<cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount>");
    let found = broken(&document("ubl", &format!("<Invoice>{both}</Invoice>")));
    assert!(breaks(&found, "BR-33") && !breaks(&found, "BR-38"), "an allowance first: {found:?}");

    let tax = |code: &str| {
        format!(
            "<ram:ApplicableTradeTax><ram:CalculatedAmount>9</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>\
             <ram:CategoryCode>{code}</ram:CategoryCode></ram:ApplicableTradeTax>"
        )
    };
    let (usual, other) = (
        "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement",
        "ram:Description/ram:ApplicableHeaderTradeSettlement",
    );
    // A breakdown outside a transaction is of no family, so none takes it from the rules of all.
    for (code, id, of_transaction) in [("K", "BR-IC-12", true), ("O", "BR-CO-17", false)] {
        let (in_place, elsewhere) = (broken(&settled(usual, &tax(code))), broken(&settled(other, &tax(code))));
        assert_eq!(breaks(&in_place, id), of_transaction, "{id} {in_place:?}");
        assert_eq!(breaks(&elsewhere, id), !of_transaction, "{id} {elsewhere:?}");
    }
    let line = "<ram:IncludedSupplyChainTradeLineItem/>";
    let nested = "ram:Some/rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement";
    assert!(!breaks(&broken(&settled(nested, &format!("{}{line}", tax("S")))), "BR-CO-18"));
    assert!(breaks(&broken(&settled(nested, line)), "BR-CO-18"));
}

/// An attribute that one of two elements has is given once; a rate that one category has twice is not.
#[test]
fn what_is_given_once_is_counted_where_it_is() {
    let class = |second: &str| {
        settled(
            "ram:DesignatedProductClassification",
            &format!("<ram:ClassCode listID=\"STI\">1</ram:ClassCode><ram:ClassCode{second}>2</ram:ClassCode>"),
        )
    };
    assert!(!breaks(&broken(&class("")), "BR-65") && breaks(&broken(&class(" listID=\"STI\"")), "BR-65"));

    let fragment = en16931::fragments().find(|f| f.id == "BR-S-08" && f.syntax == "ubl" && f.passes).unwrap();
    let document = fragment.document();
    let line = document.find("<cac:InvoiceLine>").unwrap();
    let rate = document[line..].find("<cbc:Percent>").unwrap() + line;
    let twice = format!("{}<cbc:Percent>20</cbc:Percent>{}", &document[..rate], &document[rate..]);
    let found = judged(&twice).findings.into_iter().find(|f| f.rule == "BR-S-08").unwrap();
    assert_eq!(found.help.en, "keep one of them");
}

/// Zeros at the end of a number are no digits of it; a number of too many digits is said to have them.
#[test]
fn a_number_has_the_digits_that_count() {
    let fragment = en16931::fragments().find(|f| f.id == "BR-CO-10" && f.syntax == "ubl" && f.passes).unwrap();
    let with = |value: &str| judged(&fragment.document().replacen(">12360.00<", &format!(">{value}<"), 1)).findings;
    for value in [format!("12360.{}", "0".repeat(60)), format!("{}12360", "0".repeat(60))] {
        assert!(with(&value).iter().all(|f| f.rule != "BR-CO-10"), "{value}");
    }
    // CII: where the totals with and without VAT are the same, nothing counts with the VAT.
    let totals = |gross: &str| {
        let inside = format!(
            "<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode><ram:SpecifiedTradeSettlementHeaderMonetarySummation>\
             <ram:TaxBasisTotalAmount>9</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID=\"EUR\">0e0\
             </ram:TaxTotalAmount><ram:GrandTotalAmount>{gross}</ram:GrandTotalAmount>\
             </ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        );
        broken(&settled("rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement", &inside))
    };
    assert!(!breaks(&totals("9"), "BR-CO-15") && breaks(&totals("8"), "BR-CO-15"));
    let found = with(&"9".repeat(40)).into_iter().find(|f| f.rule == "BR-CO-10").unwrap();
    assert_eq!(found.expected.unwrap().en, "28 digits at most");
}

/// Whatever is found: where, what is wrong, what to do, in both languages; no term without its name.
#[test]
fn every_finding_says_where_what_and_what_to_do() {
    let mut told = 0;
    for found in en16931::fragments().flat_map(|f| judged(&f.document()).findings) {
        let texts = [&found.message, &found.help].into_iter().chain(&found.expected);
        for text in texts.flat_map(|t| [&t.fr, &t.en]) {
            assert!(!text.is_empty() && text.trim() == text && !text.contains("  "), "{found:?}");
            assert!(!text.ends_with('.') && !text.contains(" = 0 %"), "{found:?}");
        }
        assert!(found.place.is_some(), "{found:?}");
        let family = found.rule.starts_with("BR-") && (found.rule.ends_with("-08") || found.rule.ends_with("-09"));
        let numbers = family || found.rule.starts_with("BR-CO-1");
        assert!(!numbers || found.expected.is_some(), "{found:?}");
        told += 1;
    }
    assert!(told > 5_000, "{told}");
}

/// A sum of a category is told with the lines that it is made of, and a category where it is said.
#[test]
fn the_vat_breakdown_is_told_with_its_lines() {
    let of = |id: &str| {
        let fragment = en16931::fragments().find(|f| f.id == id && f.syntax == "ubl" && !f.passes).unwrap();
        judged(&fragment.document()).findings.into_iter().find(|f| f.rule == id).unwrap()
    };
    let base = of("BR-S-08").expected.unwrap().en;
    assert!(base.contains(" [1]") && base.contains("charges") && base.ends_with(" %"), "{base}");
    let category = of("BR-AE-01");
    assert_eq!(category.found.as_deref(), Some("AE"));
    assert!(category.place.unwrap().path.ends_with("/cbc:ID"));
    let identifier = of("BR-O-02");
    assert!(identifier.found.is_some() && identifier.place.unwrap().path.ends_with("/cbc:CompanyID"));
}

/// What may be there once, thousands of times, against another: the square of it is not worked through.
#[test]
fn a_document_that_repeats_without_end_is_told_so() {
    let many = |n: usize| {
        let currencies = "<cbc:TaxCurrencyCode>USD</cbc:TaxCurrencyCode>".repeat(n);
        let total = "<cac:TaxTotal><cbc:TaxAmount currencyID=\"EUR\">1</cbc:TaxAmount></cac:TaxTotal>".repeat(n);
        let root = "<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\" \
            xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\" \
            xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\">";
        judged(&format!("{root}{currencies}{total}</Invoice>")).findings
    };
    assert!(many(200).iter().any(|f| f.rule == "BR-53") && many(200).iter().all(|f| f.rule != "EN-02"));
    let findings = many(20_000);
    let ids: Vec<&str> = findings.iter().map(|f| f.rule).collect();
    assert!(ids == ["EN-02"] && findings[0].is_error(), "{ids:?}");
}

fn corpus() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/en16931");
    if dir.is_dir() {
        return Some(dir);
    }
    println!("skipped: {} is absent", dir.display());
    None
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

/// The official unit tests: each a document inside a test set, and what is expected of one rule.
#[test]
fn every_expectation_of_the_official_unit_tests_is_met() {
    let Some(dir) = corpus() else { return };
    let (mut met, mut total, mut sets, mut expectations, mut wrong) = (0, 0, 0, 0, Vec::new());
    for file in ["unit-ubl-invoice", "unit-ubl-creditnote", "unit-cii"].iter().flat_map(|d| files(&dir.join(d))) {
        let text = std::fs::read_to_string(&file).unwrap();
        let set = roxmltree::Document::parse(&text).unwrap();
        sets += 1;
        let tests = set.root_element().children().filter(|n| n.has_tag_name((NS, "test")));
        for (number, test) in (1..).zip(tests) {
            let document = test.children().find(|n| n.is_element() && n.tag_name().namespace() != Some(NS)).unwrap();
            let found = broken(&whole(document, &text));
            let before = wrong.len();
            for expected in test.children().filter(|n| n.has_tag_name((NS, "assert"))).flat_map(|a| a.children()) {
                let (Some(id), name) = (expected.text(), expected.tag_name().name()) else { continue };
                let holds = match name {
                    "success" => !breaks(&found, id),
                    "error" | "fatal" => found.contains(id),
                    "warning" => found.contains(&format!("~{id}")),
                    _ => continue,
                };
                expectations += 1;
                if !holds {
                    wrong.push(format!("{} test {number}: {name} {id}, found {found:?}", file.display()));
                }
            }
            total += 1;
            met += usize::from(wrong.len() == before);
        }
    }
    println!("{met} of {total} tests of {sets} test sets are met, {expectations} expectations");
    assert!(wrong.is_empty(), "{met} of {total}:\n{}", wrong.join("\n"));
    assert_eq!((met, total), (1_140, 1_140));
}

const NS: &str = "http://difi.no/xsd/vefa/validator/1.0";

/// An element of a test set as a document of its own: with the namespaces that are declared around it.
fn whole(element: roxmltree::Node<'_, '_>, text: &str) -> String {
    let source = &text[element.range()];
    let declared: String = element
        .namespaces()
        .filter(|n| n.name() != Some("xml"))
        .map(|n| (n.name().map_or("xmlns".to_owned(), |p| format!("xmlns:{p}")), n.uri()))
        .filter(|(name, _)| !source[..source.find('>').unwrap()].contains(&format!("{name}=")))
        .map(|(name, uri)| format!(" {name}=\"{uri}\""))
        .collect();
    let end = source.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap();
    format!("{}{declared}{}", &source[..end], &source[end..])
}
