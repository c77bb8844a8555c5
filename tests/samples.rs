//! The samples: each case's flows, judged as if dropped today, give exactly what its expected.toml says; together they
//! show every cadre refused, and accepted where a dépôt initial can bring it.
#![allow(clippy::unwrap_used, missing_docs)]

use guichet::annuaire::Annuaire;
use guichet::config::Config;
use guichet::flux;
use guichet::judge::{Fate, Judged, Judges, Set, judge, judge_archive, judge_set};
use guichet::piece::depot::Presence;
use guichet::rules::{Context, Finding, Layer, Severity};
use guichet::trade::{Cadre, Mode};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    says: Says,
    file: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    fr: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    path: String,
    /// Of a deposit form: the files that it names.
    #[serde(default)]
    with: Vec<String>,
    verdict: String,
    errors: Vec<String>,
    warnings: Vec<String>,
    status: Option<String>,
    holder: Option<String>,
    holder_id: Option<String>,
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn cases() -> Vec<(PathBuf, Expected)> {
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(samples()).unwrap().map(|e| e.unwrap().path()).collect();
    dirs.sort();
    // The chains have a harness of their own, tests/chains.rs; the archives below.
    let is_chain = |d: &Path| d.file_name().is_some_and(|n| n.to_string_lossy().starts_with("chaine-"));
    dirs.retain(|d| {
        d.is_dir()
            && !d.ends_with("annuaire")
            && !d.ends_with("archive")
            && !d.ends_with("archive-formulaire")
            && !d.ends_with("en16931")
            && !is_chain(d)
    });
    dirs.into_iter()
        .map(|dir| {
            let text = std::fs::read_to_string(dir.join("expected.toml")).unwrap_or_else(|e| panic!("{dir:?}: {e}"));
            let expected = toml::from_str(&text).unwrap_or_else(|e| panic!("{dir:?}: {e}"));
            (dir, expected)
        })
        .collect()
}

fn judge_sample(annuaire: &Annuaire, config: &Config, dir: &Path, path: &str, with: &[String]) -> Judged {
    let mut parts = path.split('/').skip(1);
    let mode: Mode = parts.next().unwrap().parse().unwrap();
    let partner = annuaire.partner(parts.next().unwrap()).unwrap();
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let context = Context {
        config,
        annuaire: Some(annuaire),
        mode,
        partner: Some(partner),
        today,
        layers: &Layer::ALL,
        associated: None,
    };
    let bytes = std::fs::read(dir.join(path)).unwrap();
    if with.is_empty() {
        return judge(bytes, &context);
    }
    let beside = |name: &String| std::fs::read(dir.join(path).with_file_name(name)).unwrap();
    let name = path.rsplit('/').next().unwrap().to_owned();
    let main = Some(beside(&with[0]));
    let here = |name: &String| (name.clone(), Presence::Here(beside(name).len() as u64));
    judge_set(Set { name, form: bytes, main, beside: with.iter().map(here).collect() }, &context)
}

fn ids(judged: &Judged, severity: Severity) -> Vec<String> {
    let ids: BTreeSet<&str> = judged.findings.iter().filter(|f| f.severity == severity).map(|f| f.rule).collect();
    ids.into_iter().map(str::to_owned).collect()
}

fn verdict(judged: &Judged) -> &'static str {
    match judged.fate {
        Fate::Hold => "held",
        _ if judged.refused() => "refused",
        _ => "accepted",
    }
}

#[test]
fn every_sample_gives_what_its_case_says() {
    let annuaire = Annuaire::load(&samples().join("annuaire")).unwrap();
    assert!(annuaire.warnings.is_empty(), "{:?}", annuaire.warnings);
    let (annuaire, config) = (annuaire.annuaire, Config::default());
    let mut wrong = Vec::new();
    let (mut accepted, mut refused, mut syntaxes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (dir, expected) in cases() {
        let case = dir.file_name().unwrap().to_string_lossy().into_owned();
        assert!(!expected.says.fr.is_empty() && !expected.says.en.is_empty(), "{case}");
        let beside = |f: &File, name: &String| Path::new(&f.path).with_file_name(name).to_string_lossy().into_owned();
        let along = expected.file.iter().flat_map(|f| f.with.iter().map(move |name| beside(f, name)));
        let named: BTreeSet<String> = expected.file.iter().map(|f| f.path.clone()).chain(along).collect();
        for file in
            walkdir::WalkDir::new(dir.join("in")).into_iter().map(Result::unwrap).filter(|e| e.file_type().is_file())
        {
            let path = file.path().strip_prefix(&dir).unwrap().to_string_lossy().into_owned();
            assert!(named.contains(&path), "{case}: {path} is in no [[file]]");
        }
        for file in &expected.file {
            let judged = judge_sample(&annuaire, &config, &dir, &file.path, &file.with);
            let found = (verdict(&judged), ids(&judged, Severity::Error), ids(&judged, Severity::Warning));
            let route = judged.route.as_ref();
            let went = route.map(|r| (r.arrival.code().to_owned(), r.holder.0.name().to_owned(), r.holder.1.clone()));
            let meant =
                file.status.clone().zip(file.holder.clone()).zip(file.holder_id.clone()).map(|((a, b), c)| (a, b, c));
            if (found.0, &found.1, &found.2) != (file.verdict.as_str(), &file.errors, &file.warnings) || went != meant {
                let says: Vec<&Finding> = judged.findings.iter().collect();
                wrong.push(format!(
                    "{case}: found {found:?} {went:?}\n  expected {} {:?} {:?} {meant:?}\n  {says:#?}",
                    file.verdict, file.errors, file.warnings
                ));
            }
            if let Some(cadre) = judged.facts.cadre.as_deref().and_then(|c| c.parse::<Cadre>().ok()) {
                syntaxes.insert(judged.syntax);
                if found.0 == "accepted" { &mut accepted } else { &mut refused }.insert(cadre);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let initial: BTreeSet<Cadre> = Cadre::ALL.into_iter().filter(|c| !matches!(c, Cadre::A23 | Cadre::A25)).collect();
    assert_eq!(accepted, initial, "each cadre that a dépôt initial can bring is accepted once");
    assert_eq!(refused, Cadre::ALL.into_iter().collect(), "each cadre is refused once");
    assert_eq!(syntaxes, BTreeSet::from(["cii", "depot", "facturx", "ubl-credit-note", "ubl-invoice"]));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Archive {
    says: Says,
    member: Vec<Member>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    path: String,
    verdict: String,
    errors: Vec<String>,
}

#[test]
fn archives_give_what_their_cases_say_of_each_member() {
    archive("archive", Mode::Edi);
    archive("archive-formulaire", Mode::Portail);
}

fn archive(case: &str, mode: Mode) {
    let annuaire = Annuaire::load(&samples().join("annuaire")).unwrap().annuaire;
    let (dir, config) = (samples().join(case), Config::default());
    let expected: Archive = toml::from_str(&std::fs::read_to_string(dir.join("expected.toml")).unwrap()).unwrap();
    assert!(!expected.says.fr.is_empty() && !expected.says.en.is_empty());
    let (file, _) = expected.member[0].path.split_once('!').unwrap();
    let bytes = std::fs::read(dir.join(file)).unwrap();
    let context = Context {
        config: &config,
        annuaire: Some(&annuaire),
        mode,
        partner: annuaire.partner("entreprises"),
        today: chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap(),
        layers: &Layer::ALL,
        associated: None,
    };
    let size = bytes.len() as u64;
    let flow =
        judge_archive(flux::sniff(&bytes), std::io::Cursor::new(bytes), size, &context, Judges::PLAIN, |_, _| {
            Ok::<(), ()>(())
        });
    let found: Vec<(String, String, Vec<String>)> = flow
        .unwrap()
        .documents
        .iter()
        .map(|d| {
            let path = format!("{file}!{}", d.member.as_ref().unwrap().name);
            (path, verdict(&d.judged).to_owned(), ids(&d.judged, Severity::Error))
        })
        .collect();
    let meant: Vec<_> = expected.member.into_iter().map(|m| (m.path, m.verdict, m.errors)).collect();
    assert_eq!(found, meant);
}
