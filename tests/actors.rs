//! Who is who in a pièce, what the sheet of its marché adds, who is told of it, and that one slip is told once.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use chrono::NaiveDate;
use common::build::{
    BOTH, Build, COTRAITANT, DESTINATAIRE, Format, MOA, MOE, SOUS_SOUS, SOUS_TRAITANT, STRANGER, TITULAIRE, annuaire,
    plain,
};
use guichet::annuaire::Annuaire;
use guichet::config::Config;
use guichet::judge::{Facts, Judged, judge};
use guichet::rules::{Context, Layer, Severity};
use guichet::trade::{Cadre, Mode};

fn judged_by(build: &Build, annuaire: &Annuaire, partner: &str) -> Judged {
    let context = Context {
        config: &Config::default(),
        annuaire: Some(annuaire),
        mode: Mode::Portail,
        partner: Some(annuaire.partner(partner).unwrap()),
        today: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
        layers: &Layer::ALL,
        associated: None,
    };
    judge(build.bytes(), &context)
}

/// Rules, a warning behind a `~`.
fn ids(judged: &Judged) -> Vec<String> {
    let id =
        |f: &guichet::rules::Finding| format!("{}{}", if f.severity == Severity::Warning { "~" } else { "" }, f.rule);
    judged.findings.iter().map(id).collect()
}

/// What is found in UBL and in CII alike.
#[track_caller]
fn found(cadre: Cadre, annuaire: &Annuaire, change: impl Fn(&mut Build), wanted: &[&str]) -> Judged {
    let [ubl, cii] = BOTH.map(|format| judged_by(&Build::of(format, cadre).with(&change), annuaire, "all"));
    assert_eq!(ids(&ubl), wanted, "UBL: {:#?}", ubl.findings);
    assert_eq!(ids(&cii), wanted, "CII: {:#?}", cii.findings);
    assert_eq!((ubl.route.is_some(), cii.route.is_some()), (!ubl.refused(), !cii.refused()));
    ubl
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn siret(id: &str) -> Option<(&'static str, String)> {
    Some(("1", id.to_owned()))
}

fn actors(f: &Facts) -> [Option<&str>; 5] {
    [&f.valideur1, &f.valideur2, &f.moe, &f.moa, &f.destinataire].map(Option::as_deref)
}

#[test]
fn the_sheet_names_whom_the_flow_does_not() {
    let a = plain();
    let j = found(Cadre::A10, &a, |_| {}, &[]);
    assert_eq!(actors(&j.facts), [Some(TITULAIRE), None, Some(MOE), Some(MOA), Some(MOA)]);
    // The sous-traitant of a cotraitant is validated by that one, then by the mandataire.
    let j = found(Cadre::A10, &a, |b| b.seller = siret(SOUS_SOUS), &[]);
    assert_eq!(actors(&j.facts), [Some(COTRAITANT), Some(TITULAIRE), Some(MOE), Some(MOA), Some(MOA)]);
    let j = found(Cadre::A13, &a, |_| {}, &[]);
    assert_eq!(actors(&j.facts), [Some(TITULAIRE), None, Some(MOE), Some(MOA), Some(MOA)]);
    // Without a number, the actors find the only marché in which all of them have their role.
    let j = found(Cadre::A4, &a, |b| b.marche = None, &[]);
    assert_eq!(j.facts.marche.as_deref(), Some("M-1"));
    // With nothing to find it by, what only a sheet could say is missing.
    let alone = annuaire(|name, text| if name == "marches.toml" { String::new() } else { text });
    found(Cadre::A4, &alone, |b| b.marche = None, &["T-21"]);
    found(Cadre::A10, &alone, |b| b.marche = None, &["T-21", "T-21"]);
    let j = found(Cadre::A4, &alone, |b| (b.marche, b.block) = (None, siret(MOE)), &[]);
    assert_eq!(actors(&j.facts), [None, None, Some(MOE), Some(MOA), Some(MOA)]);
}

#[test]
fn whoever_is_named_by_the_sheet_alone_must_be_active_too() {
    let closed = |id: &'static str| {
        annuaire(move |name, text| {
            let close = |l: &str| if l.starts_with(id) { l.replace(",true,", ",false,") } else { l.to_owned() };
            if name == "structures.csv" { text.lines().map(close).collect::<Vec<_>>().join("\n") } else { text }
        })
    };
    let j = found(Cadre::A4, &closed(MOE), |_| {}, &["T-15"]);
    assert_eq!(j.findings[0].found.as_deref(), Some(MOE));
    found(Cadre::A10, &closed(TITULAIRE), |_| {}, &["T-15"]);
    found(Cadre::A6, &closed(MOE), |_| {}, &[]); // an A6 does not need it
    found(Cadre::A6, &closed(MOE), |b| b.block = siret(MOE), &["T-15"]);
    found(Cadre::A4, &closed(MOA), |_| {}, &["T-15"]); // MOA and destinataire are one: told once
}

#[test]
fn a_number_that_two_moas_use_is_not_guessed() {
    let twice = annuaire(|name, text| {
        let marche = |moa: &str, moe: &str| {
            format!(
                "[[marche]]\nnumber = \"M-5\"\nmoa = \"{moa}\"\nmoe = \"{moe}\"\ndestinataire = \"{DESTINATAIRE}\"\ntitulaire = \"{TITULAIRE}\"\n"
            )
        };
        if name == "marches.toml" { text + &marche(STRANGER, STRANGER) + &marche(MOA, MOE) } else { text }
    });
    let cite = |b: &mut Build, buyer: &str| (b.marche, b.buyer) = (some("M-5"), siret(buyer));
    found(Cadre::A4, &twice, |b| cite(b, DESTINATAIRE), &["T-23"]);
    let j = found(Cadre::A4, &twice, |b| cite(b, MOA), &[]);
    assert_eq!(actors(&j.facts), [None, None, Some(MOE), Some(MOA), Some(DESTINATAIRE)]);
    // The MOE that the flow names tells which.
    let j = found(Cadre::A4, &twice, |b| (cite(b, DESTINATAIRE), b.block = siret(MOE)).1, &[]);
    assert_eq!(j.facts.moa.as_deref(), Some(MOA));
}

#[test]
fn a_sous_traitant_of_two_companies_says_for_which_it_worked() {
    let both = annuaire(|name, text| {
        let own = format!("{{ id = \"{SOUS_TRAITANT}\", of = \"{TITULAIRE}\" }}");
        let other = format!("{own}, {{ id = \"{SOUS_TRAITANT}\", of = \"{COTRAITANT}\" }}");
        if name == "marches.toml" { text.replace(&own, &other) } else { text }
    });
    found(Cadre::A10, &both, |_| {}, &["T-21"]);
    let j = found(Cadre::A10, &both, |b| b.block = siret(COTRAITANT), &[]);
    assert_eq!(actors(&j.facts)[..2], [Some(COTRAITANT), Some(TITULAIRE)]);
    let j = found(Cadre::A10, &both, |b| b.block = siret(TITULAIRE), &[]);
    assert_eq!(actors(&j.facts)[..2], [Some(TITULAIRE), None]);
    found(Cadre::A10, &both, |b| b.block = siret(STRANGER), &["T-22"]);
    found(Cadre::A10, &both, |b| b.block = siret(SOUS_TRAITANT), &["T-22", "T-28"]);
}

#[test]
fn one_slip_is_told_once() {
    let strict = annuaire(|name, text| match name {
        "structures.csv" => text.replace("Commune de Valbrune,true,false,false", "Commune de Valbrune,true,true,true"),
        _ => text,
    });
    found(Cadre::A4, &strict, |_| {}, &["T-16", "T-19"]);
    // Another marché's sheet would say who the MOE is, and which service and engagement: only the number is wrong.
    found(Cadre::A4, &strict, |b| b.marche = some("M-9"), &["T-23"]);
    found(Cadre::A10, &strict, |b| b.marche = some("M-9"), &["T-23"]);
    let a = plain();
    // A SIRET that cannot be one is in no annuaire, a service code that cannot be one is at no structure.
    found(Cadre::A4, &a, |b| b.block = siret("911 000 024"), &["C-05"]);
    found(Cadre::A4, &a, |b| b.seller = siret("911"), &["C-05"]);
    found(Cadre::A4, &a, |b| b.seller = Some(("0002", "911000016".into())), &["L-09"]);
    found(Cadre::A4, &a, |b| b.buyer = siret("911"), &["C-05"]);
    found(Cadre::A10, &a, |b| b.buyer = None, &["L-10"]);
    found(Cadre::A10, &a, |b| (b.seller, b.marche) = (None, None), &["L-09"]);
    found(Cadre::A4, &a, |b| b.service = some("A/B"), &["C-07"]);
    found(Cadre::A4, &a, |b| b.service = some("NOPE"), &["T-17"]);
    found(Cadre::A4, &a, |b| b.service = some("CLOS"), &["T-18"]);
    found(Cadre::A4, &a, |b| b.service = some("ENG"), &["T-19"]);
    found(Cadre::A4, &a, |b| (b.service, b.engagement) = (some("ENG"), some("E-1")), &[]);
}

/// A marché with everything that its sheet can say, and that a stranger cites.
fn rich() -> Annuaire {
    annuaire(|name, text| match name {
        "marches.toml" => format!(
            "[[marche]]\nnumber = \"M-1\"\nmoa = \"{MOA}\"\nmoe = \"{MOE}\"\ntitulaire = \"{TITULAIRE}\"\ndestinataire = \"{DESTINATAIRE}\"\n\
             destinataire_service = \"SECRET\"\nmoa_service = \"CLOS\"\nengagement = \"E-SECRET\"\ncadres = [\"A7\"]\nstarts = 2026-05-01\n"
        ),
        "services.csv" => text + &format!("{DESTINATAIRE},SECRET,Secret,false,false\n"),
        "structures.csv" => text.replace("Trésorerie de Valbrune,true,false", "Trésorerie de Valbrune,false,true"),
        _ => text,
    })
}

#[test]
fn a_stranger_to_a_marché_learns_nothing_of_its_sheet() {
    let a = rich();
    for format in BOTH {
        let build = Build::new(format).with(|b| b.seller = siret(STRANGER));
        let j = judged_by(&build.clone().with(|b| b.block = siret(STRANGER)), &a, "stranger");
        assert!(ids(&j).contains(&"T-30".to_owned()) && ids(&j).contains(&"T-22".to_owned()), "{:?}", ids(&j));
        let told = format!("{:?} {:?}", j.findings, j.facts);
        for secret in [MOE, DESTINATAIRE, TITULAIRE, "SECRET", "2026-05-01", "A7"] {
            assert!(!told.contains(secret), "{secret}: {:#?}\n{:#?}", j.findings, j.facts);
        }
        assert_eq!(j.facts.destinataire.as_deref(), Some(MOA), "as the flow says");
        assert_eq!(j.facts.supplier_name.as_deref(), Some("Vendeur"));
        // Whoever is in it is told.
        let j = judged_by(&Build::new(format), &a, "all");
        assert_eq!(ids(&j), ["T-15", "T-18", "T-24", "T-25"]);
        assert_eq!(j.findings[0].found.as_deref(), Some(DESTINATAIRE));
        assert_eq!(j.facts.destinataire.as_deref(), Some(DESTINATAIRE));
    }
}

#[test]
fn a_credit_note_may_cite_the_invoice_that_it_corrects() {
    let a = plain();
    for cadre in [Cadre::A4, Cadre::A6, Cadre::A8] {
        let build = Build::of(Format::UblCredit, cadre).with(|b| b.earlier = some("F-0"));
        assert_eq!(ids(&judged_by(&build, &a, "all")), Vec::<String>::new(), "{cadre}");
    }
    let cii = Build::of(Format::Cii, Cadre::A4).with(|b| (b.earlier, b.type_code) = (some("F-0"), "381"));
    assert_eq!(ids(&judged_by(&cii, &a, "all")), Vec::<String>::new());
}
