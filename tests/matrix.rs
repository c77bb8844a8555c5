//! The matrix, cell by cell, through the judge: 18 cadres × 3 modes × 2 kinds of deposit; and held against an
//! independent transcription of its source where that lies beside the project.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{MOA, MOE, OTHER, TITULAIRE, invoice, shared};
use guichet::annuaire::Annuaire;
use guichet::config::Config;
use guichet::judge::{Judged, judge};
use guichet::routing;
use guichet::rules::works::cadres::{self, Cell, Kind};
use guichet::rules::{Context, Layer};
use guichet::trade::{Cadre, Mode};

/// One world for all cadres: the seller is titulaire of M-1, sous-traitant in M-ST, cotraitant in M-CO.
fn annuaire() -> Annuaire {
    let structure = |id: &str| format!("{id},1,Structure {id},true,false,false,false\n");
    let structures = format!(
        "id,id_type,name,active,service_required,engagement_required,either_required\n{}{}{}{}",
        structure(TITULAIRE),
        structure(MOE),
        structure(MOA),
        structure(OTHER)
    );
    let sheet = |number: &str, rest: &str| {
        format!("[[marche]]\nnumber = \"{number}\"\nmoa = \"{MOA}\"\nmoe = \"{MOE}\"\n{rest}\n")
    };
    let marches = [
        sheet("M-1", &format!("titulaire = \"{TITULAIRE}\"")),
        sheet(
            "M-ST",
            &format!("titulaire = \"{OTHER}\"\nsous_traitants = [{{ id = \"{TITULAIRE}\", of = \"{OTHER}\" }}]"),
        ),
        sheet(
            "M-CO",
            &format!(
                "titulaire = \"{OTHER}\"\ngroupement = \"conjoint\"\nmandataire = \"{OTHER}\"\ncotraitants = [\"{TITULAIRE}\"]"
            ),
        ),
    ];
    let partners = format!(
        "[[partner]]\nname = \"all\"\napp_code = \"ALL001\"\nstructures = [\"{TITULAIRE}\", \"{MOE}\", \"{MOA}\"]\nmodes = [\"edi\", \"portail\", \"service\"]\n"
    );
    Annuaire::from_texts([&structures, "siret,code,name,active,engagement_required\n", &marches.concat(), &partners])
        .unwrap()
        .0
}

fn judged(cadre: Cadre, mode: Mode, cites: bool) -> Judged {
    let (annuaire, config) = (annuaire(), Config::default());
    let mut text = String::from_utf8(invoice(cadre.code(), "N-1", TITULAIRE)).unwrap();
    let agent =
        text.find("<cac:AgentParty>").unwrap()..text.find("</cac:AgentParty>").unwrap() + "</cac:AgentParty>".len();
    match cadre {
        Cadre::A10 => text = text.replace("<cbc:ID>M-1<", "<cbc:ID>M-ST<"),
        Cadre::A13 | Cadre::A14 => text = text.replace("<cbc:ID>M-1<", "<cbc:ID>M-CO<"),
        _ => {}
    }
    if matches!(cadre, Cadre::A10 | Cadre::A13 | Cadre::A14) {
        text.replace_range(agent, ""); // the block would name the valideur: the sheet does
    }
    if cites {
        let reference = "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>N-0</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>";
        text = text.replace("<cac:ContractDocumentReference>", &format!("{reference}<cac:ContractDocumentReference>"));
    }
    let partner = annuaire.partner("all");
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let context = Context {
        config: &config,
        annuaire: Some(&annuaire),
        mode,
        partner,
        today,
        layers: &Layer::ALL,
        associated: None,
    };
    judge(text.into_bytes(), &context)
}

fn ids(judged: &Judged) -> Vec<&'static str> {
    judged.findings.iter().map(|f| f.rule).collect()
}

#[test]
fn every_initial_cell_is_obeyed() {
    for row in &cadres::MATRIX {
        for mode in Mode::ALL {
            let judged = judged(row.cadre, mode, false);
            let expected: &[&str] = match row.cell(mode, Kind::Initial) {
                Cell::Oui => &[],
                Cell::Non => &["T-02"],
                Cell::Na => &["T-03"],
            };
            // The tacit procedure alone, with nothing to take: told, and accepted.
            let told = judged.findings.iter().filter(|f| f.is_error()).map(|f| f.rule).collect::<Vec<_>>();
            assert_eq!(told, expected, "{} {mode}: {:#?}", row.cadre, judged.findings);
            let alone = matches!(row.cadre, Cadre::A22 | Cadre::A24);
            assert_eq!(ids(&judged).contains(&"T-35"), alone, "{} {mode}", row.cadre);
            let route = judged.route.as_ref().map(|r| (r.cadre, r.arrival, r.holder.0, r.depositor.0));
            let way = routing::of(row.cadre);
            let meant = expected.is_empty().then_some((row.cadre, way.arrival, way.to, row.depositor));
            assert_eq!(route, meant, "{} {mode}", row.cadre);
        }
    }
}

#[test]
fn every_association_cell_is_obeyed() {
    for row in &cadres::MATRIX {
        for mode in Mode::ALL {
            let judged = judged(row.cadre, mode, true);
            let initial = row.cell(mode, Kind::Initial);
            let mut expected: Vec<&str> = match row.cell(mode, Kind::Association) {
                Cell::Oui => vec![],
                Cell::Non => vec!["T-04"],
                Cell::Na => vec!["T-05"],
            };
            if row.cell(mode, Kind::Association) == Cell::Na {
                expected.extend(match initial {
                    Cell::Oui => None,
                    Cell::Non => Some("T-02"),
                    Cell::Na => Some("T-03"),
                });
            }
            let mut found = ids(&judged);
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{} {mode}", row.cadre);
            // An association is never taken for an initial deposit; a mere citation stays one.
            assert_eq!(!judged.cites.is_empty(), expected.is_empty(), "{} {mode}", row.cadre);
            assert_eq!(judged.route.is_some(), expected.is_empty() || expected == ["T-05"], "{} {mode}", row.cadre);
        }
    }
}

#[test]
fn the_matrix_is_its_source() {
    let Some(path) = shared("reference/cadres.tsv") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let mut rows = 0;
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let of = |name: &str| cells[columns.iter().position(|c| *c == name).unwrap()];
        let row = cadres::of(of("cadre").parse().unwrap());
        assert_eq!(row.depositor.name(), of("depositor"), "{}", row.cadre);
        assert_eq!(row.label.fr, of("label_fr"), "{}", row.cadre);
        for mode in Mode::ALL {
            for (kind, name) in [(Kind::Initial, "initial"), (Kind::Association, "association")] {
                let cell = match of(&format!("{mode}_{name}")) {
                    "oui" => Cell::Oui,
                    "non" => Cell::Non,
                    "na" => Cell::Na,
                    other => panic!("{other}"),
                };
                assert_eq!(row.cell(mode, kind), cell, "{} {mode} {name}", row.cadre);
            }
        }
        rows += 1;
    }
    assert_eq!(rows, 18);
}
