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
