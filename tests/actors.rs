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
    associating(build, annuaire, partner, None)
}

/// Judged once the earlier pièce is known.
fn associating(build: &Build, annuaire: &Annuaire, partner: &str, earlier: Option<&Facts>) -> Judged {
    let context = Context {
        config: &Config::default(),
        annuaire: Some(annuaire),
        mode: Mode::Portail,
        partner: Some(annuaire.partner(partner).unwrap()),
        today: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
        layers: &Layer::ALL,
        associated: earlier,
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
    found(Cadre::A4, &a, |b| b.block = Some(("XX", MOE.into())), &["L-12"]);
    found(Cadre::A10, &a, |b| b.block = Some(("", "9110000240001".into())), &["L-12"]);
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

/// The buyer's other marché, in which the stranger has no part either.
fn another() -> String {
    format!(
        "[[marche]]\nnumber = \"M-0\"\nmoa = \"{MOA}\"\ndestinataire = \"{DESTINATAIRE}\"\ntitulaire = \"{TITULAIRE}\"\n"
    )
}

/// Annuaires that differ in what M-1 is, the first in that there is none.
fn with_m1_or_without() -> Vec<Annuaire> {
    let sheet = |moe: &str, titulaire: &str, more: &str| {
        format!("[[marche]]\nnumber = \"M-1\"\nmoa = \"{MOA}\"\nmoe = \"{moe}\"\ntitulaire = \"{titulaire}\"\n{more}\n")
    };
    let sous = |of: &str| format!("sous_traitants = [{{ id = \"{SOUS_TRAITANT}\", of = \"{of}\" }}]");
    let group = format!("groupement = \"solidaire\"\ncotraitants = [\"{COTRAITANT}\"]\n{}", sous(COTRAITANT));
    let sheets = [
        String::new(),
        sheet(MOE, TITULAIRE, &sous(TITULAIRE)),
        sheet(MOA, TITULAIRE, &group),
        sheet(MOE, COTRAITANT, "cadres = [\"A7\"]\nstarts = 2026-05-01"),
        sheet(MOE, SOUS_SOUS, &format!("destinataire = \"{DESTINATAIRE}\"\nengagement = \"E\"")),
    ];
    let with = |sheet: &String| {
        annuaire(|name, text| match name {
            "marches.toml" => another() + sheet,
            "structures.csv" => text.replace("Trésorerie de Valbrune,true,false", "Trésorerie de Valbrune,false,true"),
            _ => text,
        })
    };
    sheets.iter().map(with).collect()
}

/// Everything that a stranger could try: each cadre, as whom, to whom, naming whom.
fn tries(format: Format) -> Vec<Build> {
    let mut tries = Vec::new();
    for cadre in [Cadre::A4, Cadre::A10, Cadre::A13, Cadre::A15, Cadre::A19] {
        for seller in [TITULAIRE, COTRAITANT, SOUS_TRAITANT, STRANGER] {
            for buyer in [MOA, DESTINATAIRE] {
                for block in [None, siret(MOE), siret(TITULAIRE), siret(STRANGER)] {
                    for marche in [None, some("M-1")] {
                        tries.push(Build::of(format, cadre).with(|b| {
                            (b.seller, b.buyer, b.block, b.marche) =
                                (siret(seller), siret(buyer), block.clone(), marche.clone());
                        }));
                    }
                }
            }
        }
    }
    tries
}

#[test]
fn a_stranger_is_told_the_same_whether_a_marché_exists_or_not() {
    let annuaires = with_m1_or_without();
    let nothing = annuaire(|name, text| if name == "marches.toml" { String::new() } else { text });
    for format in BOTH {
        for build in tries(format) {
            let told = |annuaire: &Annuaire| {
                let j = judged_by(&build, annuaire, "stranger");
                (ids(&j), j.findings, j.facts)
            };
            let unregistered = told(&annuaires[0]);
            for annuaire in &annuaires[1..] {
                assert_eq!(told(annuaire), unregistered, "{build:#?}");
            }
            // To whoever deposits for another it is not even told whether the buyer has any.
            if unregistered.0.contains(&"T-13".to_owned()) && build.buyer == siret(MOA) {
                assert_eq!(told(&nothing), unregistered, "{build:#?}");
            }
            assert!(unregistered.1.iter().any(guichet::rules::Finding::is_error), "{build:#?}");
        }
    }
}

/// A number that the stranger cannot see and one that nobody has; and a marché with a part for it, which it may see.
#[test]
fn a_partner_sees_the_marchés_in_which_it_has_a_part() {
    let own = annuaire(|name, text| match name {
        "marches.toml" => {
            let sheet = |number: &str, titulaire: &str| {
                format!(
                    "[[marche]]\nnumber = \"{number}\"\nmoa = \"{MOA}\"\nmoe = \"{MOE}\"\ntitulaire = \"{titulaire}\"\n"
                )
            };
            sheet("M-1", TITULAIRE) + &sheet("M-7", STRANGER)
        }
        _ => text,
    });
    let told = |number: &str| {
        let build = Build::new(Format::Ubl).with(|b| (b.seller, b.marche) = (siret(STRANGER), some(number)));
        ids(&judged_by(&build, &own, "stranger")).into_iter().filter(|id| id != "T-12").collect::<Vec<_>>()
    };
    assert_eq!(told("M-7"), Vec::<String>::new());
    assert_eq!((told("M-1"), told("M-9")), (vec!["T-23".to_owned()], vec!["T-23".to_owned()]));
}

/// The earlier pièce leads its MOE to the marché; another MOE has come since, who is not named to it.
#[test]
fn whoever_was_replaced_in_the_sheet_is_refused_without_being_told_by_whom() {
    let own = |text: &str| Some(text.to_owned());
    let earlier = Facts {
        cadre: own("A4"),
        number: own("F-0"),
        supplier_type: Some(1),
        supplier_id: own(TITULAIRE),
        destinataire: own(MOA),
        moa: own(MOA),
        moe: own(STRANGER),
        marche: own("M-1"),
        marche_moa: own(MOA),
        ..Facts::default()
    };
    for format in BOTH {
        let build = Build::of(format, Cadre::A15).with(|b| (b.marche, b.earlier) = (None, some("F-0")));
        let j = associating(&build, &plain(), "stranger", Some(&earlier));
        assert_eq!(ids(&j), ["T-12", "T-22"]);
        assert!(!format!("{:?} {:?}", j.findings, j.facts).contains(MOE), "{:#?}", j.findings);
        assert!(j.route.is_none());
    }
}

#[test]
fn a_valideur_finds_the_marché_in_which_it_validates_this_seller() {
    // In both COTRAITANT has a sous-traitant; of SOUS_TRAITANT it is the company in the second alone.
    let two = annuaire(|name, text| match name {
        "marches.toml" => {
            let of = |who: &str| format!("{{ id = \"{SOUS_TRAITANT}\", of = \"{who}\" }}");
            let second = text.replace("M-1", "M-2").replace(&of(TITULAIRE), &of(COTRAITANT));
            assert!(second.contains(&of(COTRAITANT)));
            text + &second
        }
        _ => text,
    });
    let marche = |block: &str| {
        let j = found(Cadre::A10, &two, |b| (b.marche, b.block) = (None, siret(block)), &[]);
        (j.facts.marche.unwrap(), j.facts.valideur2)
    };
    assert_eq!(marche(TITULAIRE), ("M-1".to_owned(), None));
    assert_eq!(marche(COTRAITANT), ("M-2".to_owned(), some(TITULAIRE)));
    // A cotraitant's valideur is the lead: a company that merely has a sous-traitant there is none.
    let j = found(Cadre::A13, &plain(), |b| (b.marche, b.block) = (None, siret(TITULAIRE)), &[]);
    assert_eq!(j.facts.marche.as_deref(), Some("M-1"));
    found(Cadre::A13, &plain(), |b| (b.marche, b.block) = (None, siret(MOE)), &["T-21"]);
}

#[test]
fn the_role_that_a_seller_lacks_is_named() {
    let a = plain();
    let lacks = |cadre: Cadre, seller: &str| {
        let j = judged_by(&Build::of(Format::Ubl, cadre).with(|b| b.seller = siret(seller)), &a, "all");
        j.findings.into_iter().find(|f| f.rule == "T-30").and_then(|f| f.expected).unwrap().en
    };
    for cadre in [Cadre::A4, Cadre::A5, Cadre::A6, Cadre::A7, Cadre::A8, Cadre::A22, Cadre::A23] {
        assert_eq!(lacks(cadre, COTRAITANT), "the titulaire or the mandataire", "{cadre}");
    }
    assert_eq!(lacks(Cadre::A10, COTRAITANT), "subcontractor (sous-traitant)");
    assert_eq!(lacks(Cadre::A13, TITULAIRE), "joint contractor (cotraitant)");
    assert_eq!(lacks(Cadre::A15, STRANGER), "a company of the marché");
}

#[test]
fn a_stranger_to_a_marché_learns_nothing_of_its_sheet() {
    let a = rich();
    for format in BOTH {
        let build = Build::new(format).with(|b| b.seller = siret(STRANGER));
        let j = judged_by(&build.clone().with(|b| b.block = siret(STRANGER)), &a, "stranger");
        assert_eq!(ids(&j), ["T-12", "T-30"]);
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
