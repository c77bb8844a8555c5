//! `annuaire show`: a structure, the sheet of a marché, a partner; what is near where there is none.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::json_schema::assert_valid_json;
use common::world::{MOA, MOE, OTHER, TITULAIRE, World, text};
use serde_json::{Value, json};
use std::fs;

/// The world with services, a groupement, and the same number at another MOA.
fn world() -> World {
    let w = World::new();
    fs::write(
        w.path("annuaire/services.csv"),
        format!(
            "siret,code,name,active,engagement_required\n{MOA},TRX,Direction des travaux,true,true\n\
             {MOA},OLD,Ancien service,false,false\n"
        ),
    )
    .unwrap();
    fs::write(
        w.path("annuaire/marches.toml"),
        format!(
            "[[marche]]\nnumber = \"M-1\"\nname = \"Pont de Valbrune\"\nmoa = \"{MOA}\"\nmoa_service = \"TRX\"\n\
             moe = \"{MOE}\"\ntitulaire = \"{TITULAIRE}\"\ngroupement = \"conjoint\"\ncotraitants = [\"{OTHER}\"]\n\
             sous_traitants = [{{ id = \"{MOE}\", of = \"{OTHER}\" }}]\nstarts = 2026-01-01\nends = 2027-12-31\n\
             payment_days = 50\ncadres = [\"A13\", \"A15\"]\nengagement = \"E-9\"\n\n\
             [[marche]]\nnumber = \"M-1\"\nmoa = \"{OTHER}\"\ntitulaire = \"{TITULAIRE}\"\n\n\
             [[marche]]\nnumber = \"alpha\"\nmoa = \"{MOA}\"\ntitulaire = \"{OTHER}\"\n"
        ),
    )
    .unwrap();
    w
}

fn shown(w: &World, id: &str) -> Vec<Value> {
    let out = w.run(&["annuaire", "show", id, "--format", "json"]);
    assert!(out.status.success(), "{id}: {}", text(&out.stderr));
    let lines = text(&out.stdout);
    lines.lines().for_each(|line| assert_valid_json("annuaire", line));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_structure_is_shown_with_its_services_its_partners_and_its_marches() {
    let w = world();
    let found = shown(&w, MOA);
    assert_eq!(found.len(), 1);
    let moa = &found[0];
    assert_eq!(
        (&moa["kind"], &moa["name"], &moa["id_type"]),
        (&json!("structure"), &json!("Commune de Valbrune"), &json!(1))
    );
    assert_eq!(moa["partners"], json!(["gamma"]));
    assert_eq!(
        moa["services"][1],
        json!({"code": "TRX", "name": "Direction des travaux", "active": true, "engagement_required": true})
    );
    assert_eq!(
        moa["marches"][0],
        json!({"number": "M-1", "name": "Pont de Valbrune", "moa": MOA, "roles": ["moa", "destinataire"]})
    );
    let roles = |id: &str| {
        shown(&w, id)[0]["marches"].as_array().unwrap().iter().map(|m| m["roles"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(roles(TITULAIRE), [json!(["titulaire"]), json!(["titulaire"])]);
    assert_eq!(roles(MOE), [json!(["moe", "sous-traitant"])]);
    assert_eq!(roles(OTHER), [json!(["cotraitant"]), json!(["moa", "destinataire"]), json!(["titulaire"])]);
    let table = text(&w.run(&["annuaire", "show", MOA, "--lang", "fr"]).stdout);
    for part in [
        "Commune de Valbrune",
        "Services\nOLD  Ancien service",
        "fermé",
        "Marchés\nM-1",
        "MOA, destinataire",
        "gamma",
        "SIRET",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let csv = text(&w.run(&["annuaire", "show", MOA, "--format", "csv"]).stdout);
    let expected = format!(
        "kind;id;code;name;role;active;service_required;engagement_required;either_required\r\n\
         structure;{MOA};;Commune de Valbrune;;true;false;false;false\r\n\
         service;{MOA};OLD;Ancien service;;false;;false;\r\nservice;{MOA};TRX;Direction des travaux;;true;;true;\r\n\
         partner;;;gamma;;;;;\r\nmarche;{MOA};M-1;Pont de Valbrune;moa destinataire;;;;\r\n\
         marche;{MOA};alpha;;moa destinataire;;;;\r\n"
    );
    assert_eq!(csv, expected);
}

#[test]
fn a_marche_is_shown_once_for_each_moa_that_has_its_number() {
    let w = world();
    let found = shown(&w, "M-1");
    assert_eq!(found.len(), 2);
    let sheet = &found[0];
    for (key, value) in [
        ("kind", json!("marche")),
        ("name", json!("Pont de Valbrune")),
        ("starts", json!("2026-01-01")),
        ("ends", json!("2027-12-31")),
        ("groupement", json!("conjoint")),
        ("payment_days", json!(50)),
        ("cadres", json!(["A13", "A15"])),
        ("engagement", json!("E-9")),
    ] {
        assert_eq!(sheet[key], value, "{key}");
    }
    let who = |key: &str| sheet["actors"].as_array().unwrap().iter().map(|a| a[key].clone()).collect::<Vec<_>>();
    assert_eq!(who("role"), ["moa", "moe", "destinataire", "titulaire", "cotraitant", "sous-traitant"]);
    assert_eq!(who("id"), [MOA, MOE, MOA, TITULAIRE, OTHER, MOE]);
    assert_eq!(who("service")[..2], [json!("TRX"), Value::Null]);
    assert_eq!(who("service_name")[0], "Direction des travaux");
    assert_eq!(who("of")[5], OTHER);
    assert_eq!((&found[1]["payment_days"], found[1]["cadres"].as_array().unwrap().len()), (&Value::Null, 18));
    let table = text(&w.run(&["annuaire", "show", "M-1", "--lang", "fr"]).stdout);
    for part in [
        "50 jours",
        "30 jours (délai général)",
        "tous",
        "Acteurs\nMOA",
        "service TRX (Direction des travaux)",
        "2027-12-31",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let csv = text(&w.run(&["annuaire", "show", "M-1", "--format", "csv"]).stdout);
    assert!(csv.contains(&format!("\r\nactor;{MOA};TRX;Commune de Valbrune;moa;;;;\r\n")), "{csv}");
}

#[test]
fn a_partner_is_shown_and_whatever_else_has_its_name() {
    let w = world();
    let beta = shown(&w, "beta");
    let expected = json!({"kind": "partner", "name": "beta", "app_code": "BET001", "modes": ["edi", "portail"], "naming": "free",
        "lang": "fr", "structures": [{"id": MOE, "name": "Atelier des Ponts"}]});
    assert_eq!(beta, [expected]);
    let kinds: Vec<Value> = shown(&w, "alpha").iter().map(|e| e["kind"].clone()).collect();
    assert_eq!(kinds, ["marche", "partner"]);
    let table = text(&w.run(&["annuaire", "show", "beta", "--lang", "fr"]).stdout);
    assert!(table.contains("Agit pour\n91100002400016  Atelier des Ponts\n") && table.contains("français"), "{table}");
}

#[test]
fn what_is_not_there_is_told_with_what_is_near() {
    let w = world();
    #[rustfmt::skip]
    let cases = [
        ("M-2",               "M-1"),
        ("91100003200010",    MOA),
        ("gama",              "gamma"),
        ("Commune de Valbrun", "91100003200019 (Commune de Valbrune)"),
        ("valbrune",          "91100003200019 (Commune de Valbrune)"),
        ("nothing like it",   "identifier of a structure"),
    ];
    for (id, near) in cases {
        let out = w.run(&["annuaire", "show", id]);
        assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()), "{id}");
        assert!(text(&out.stderr).contains(near), "{id}: {}", text(&out.stderr));
    }
    assert_eq!(w.run(&["annuaire", "show"]).status.code(), Some(2));
}
