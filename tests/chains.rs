//! The chains: each folder `samples/chaine-*` is dropped into a counter step by step, with the clock where the step says;
//! every flow is answered as its expected.toml says, and in the end every pièce is where it should be.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::house::House;
use guichet::trade::Cadre;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    says: Says,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    fr: String,
    en: String,
}

/// What is dropped at one moment, in this order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: String,
    file: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    path: String,
    /// What became of the flow.
    outcome: String,
    errors: Vec<String>,
    warnings: Vec<String>,
    /// Where its pièce is when all is done; of acts there is none.
    status: Option<String>,
    holder: Option<String>,
    dossier: Option<String>,
    /// `associates 01-F`, `replaces 01-F`, `associated_by 02-F`: the other's file.
    #[serde(default)]
    links: Vec<String>,
}

impl File {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }
}

/// A pièce at the end.
#[derive(Debug, PartialEq, Eq)]
struct End {
    status: String,
    holder: Option<String>,
    dossier: Option<String>,
    links: Vec<String>,
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn chains() -> Vec<PathBuf> {
    let dirs = std::fs::read_dir(samples()).unwrap().map(|e| e.unwrap().path());
    let mut dirs: Vec<PathBuf> =
        dirs.filter(|d| d.file_name().unwrap().to_string_lossy().starts_with("chaine-")).collect();
    dirs.sort();
    dirs
}

/// A counter with the samples' annuaire.
fn open(at: &str) -> (tempfile::TempDir, House) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("guichet.toml"), "[spool]\nsettle = \"0s\"\n").unwrap();
    std::fs::create_dir(dir.path().join("annuaire")).unwrap();
    for file in std::fs::read_dir(samples().join("annuaire")).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), dir.path().join("annuaire").join(file.file_name())).unwrap();
    }
    let house = House::open(dir.path(), at);
    (dir, house)
}

/// The pièce that a file made.
fn end(house: &House, file: &str) -> End {
    let ledger = house.ledger();
    let (id, status, holder): (String, String, Option<String>) = ledger
        .query_row(
            "SELECT p.id, p.status, p.holder FROM piece p JOIN flow f ON f.id = p.flow WHERE f.name = ?",
            [file.as_bytes()],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )
        .unwrap_or_else(|e| panic!("{file}: {e}"));
    let links = ledger
        .prepare(
            "SELECT l.kind || ' ' || CAST(f.name AS TEXT) FROM link l JOIN piece p ON p.id = l.earlier
             JOIN flow f ON f.id = p.flow WHERE l.piece = ?1
             UNION ALL SELECT 'associated_by ' || CAST(f.name AS TEXT) FROM link l JOIN piece p ON p.id = l.piece
             JOIN flow f ON f.id = p.flow WHERE l.earlier = ?1 ORDER BY 1",
        )
        .unwrap()
        .query_map([&id], |r| r.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    End { status, holder, dossier: house.piece(&id).dossier, links }
}

/// Runs a chain and says what is not as expected.
fn run(dir: &Path, expected: &Expected) -> Vec<String> {
    let (_kept, mut house) = open(&expected.step[0].at);
    let mut wrong = Vec::new();
    for step in &expected.step {
        house.wait_until(&step.at);
        for file in &step.file {
            let parts: Vec<&str> = file.path.split('/').collect();
            let [_, mode, partner, name] = parts[..] else { panic!("{}", file.path) };
            house.drop_file(mode, partner, name, &std::fs::read(dir.join(&file.path)).unwrap());
        }
        house.batch();
        for file in &step.file {
            let told = house.told(file.name());
            let found = (&told.outcome, &told.errors, &told.warnings);
            if found != (&file.outcome, &file.errors, &file.warnings) {
                wrong.push(format!("{}: {found:?}\n{}", file.path, told.findings));
            }
        }
    }
    for file in expected.step.iter().flat_map(|s| &s.file) {
        let mut links = file.links.clone();
        links.sort();
        let Some(status) = file.status.clone() else { continue };
        let (holder, dossier) = (file.holder.clone(), file.dossier.clone());
        let (found, meant) = (end(&house, file.name()), End { status, holder, dossier, links });
        if found != meant {
            wrong.push(format!("{}: {found:#?}\nexpected {meant:#?}", file.path));
        }
    }
    wrong.extend(house.problems());
    wrong
}

#[test]
fn every_chain_goes_where_its_case_says() {
    let mut wrong = Vec::new();
    let (mut cadres, mut syntaxes) = (BTreeSet::new(), BTreeSet::new());
    for dir in chains() {
        let case = dir.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(dir.join("expected.toml")).unwrap();
        let expected: Expected = toml::from_str(&text).unwrap_or_else(|e| panic!("{case}: {e}"));
        assert!(!expected.says.fr.is_empty() && !expected.says.en.is_empty(), "{case}");
        let named: BTreeSet<&str> = expected.step.iter().flat_map(|s| &s.file).map(|f| f.path.as_str()).collect();
        for file in walkdir::WalkDir::new(dir.join("in")).into_iter().map(Result::unwrap) {
            let path = file.path().strip_prefix(&dir).unwrap().to_string_lossy().into_owned();
            assert!(file.file_type().is_dir() || named.contains(path.as_str()), "{case}: {path} is in no step");
        }
        wrong.extend(run(&dir, &expected).into_iter().map(|w| format!("{case}: {w}")));
        for file in expected.step.iter().flat_map(|s| &s.file).filter(|f| f.outcome == "accepted") {
            let text = std::fs::read_to_string(dir.join(&file.path)).unwrap();
            syntaxes.insert(text.contains("CrossIndustryInvoice"));
            let cadre = Cadre::ALL.into_iter().find(|c| text.contains(&format!("ID>{c}</")));
            cadres.extend(cadre.filter(|_| file.links.iter().any(|l| !l.starts_with("associated_by"))));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    use Cadre::{A8, A15, A17, A19, A20, A22, A23, A24, A25};
    let taking = BTreeSet::from([A8, A15, A17, A19, A20, A22, A23, A24, A25]);
    assert_eq!(cadres, taking, "each cadre that associates does so in some chain");
    assert_eq!(syntaxes.len(), 2, "in UBL and in CII");
}
