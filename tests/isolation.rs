//! Promise 4: a partner never sees another's data, nor in a message whether it exists; it acts on nothing but what its
//! structures hold.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::acts::{flow, unit};
use common::archive::tgz;
use common::world::{MOA, MOE, OTHER, TITULAIRE, World, a4, citing, invoice, text};
use std::collections::BTreeMap;
use std::fs;

const STRANGER: &str = "92010002100012";

/// A world in which epsilon acts for a structure that has no part in the marché.
fn world() -> World {
    let w = World::with("[spool]\nsettle = \"0s\"\nincomplete_after = \"0s\"\n");
    let add = |name: &str, more: &str| {
        let path = w.path("annuaire").join(name);
        fs::write(&path, fs::read_to_string(&path).unwrap() + more).unwrap();
    };
    add("structures.csv", &format!("{STRANGER},1,Un Étranger,true,false,false,false\n"));
    add(
        "partners.toml",
        &format!(
            "[[partner]]\nname = \"epsilon\"\napp_code = \"EPS001\"\nstructures = [\"{STRANGER}\"]\nmodes = [\"edi\", \"portail\"]\n"
        ),
    );
    w
}

/// The acts that a flow may ask for, by their status.
const ACTS: [&str; 12] = [
    "VALIDEE_1",
    "REFUSEE_MOE",
    "REFUSEE_MOA",
    "PRISE_EN_COMPTE_MOE",
    "SUSPENDUE",
    "COMPLETEE",
    "A_RECYCLER",
    "REJETEE",
    "SERVICE_FAIT",
    "MANDATEE",
    "MISE_A_DISPOSITION_COMPTABLE",
    "MISE_EN_PAIEMENT",
];

/// A flow that asks for every act on a pièce, in everybody's name.
fn every_act(seller: &str, number: &str) -> Vec<u8> {
    let by = [TITULAIRE, MOE, MOA, OTHER, STRANGER, "GUI001"];
    let units = by.iter().flat_map(|by| ACTS.iter().map(|act| unit(seller, number, act, "AUTRE: non", by)));
    flow(&units.collect::<Vec<_>>())
}

/// What a stranger finds in its trays, by name, where others have pièces and where they have none: what is drawn by
/// chance or says when is left out, and so is its lane, which says how many partners were answered before.
fn seen_by_a_stranger(others: bool) -> BTreeMap<String, String> {
    let mut w = world();
    if others {
        w.drop_file("edi", "alpha", "same-name.xml", &a4("N-1"));
        w.drop_file("edi", "alpha", "F2", &a4("N-2"));
        w.batch();
        w.drop_file("portail", "beta", "E", &citing("A15", "E-1", "N-2"));
        w.drop_file("edi", "alpha", "refused", &a4("N 3 "));
        w.batch();
    }
    let id = "p-01m8e9pams75599x"; // of its form; nobody's
    let own = invoice("A4", "N-1", STRANGER);
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("acts", every_act(TITULAIRE, "N-1")),
        ("acts on a refused one", every_act(TITULAIRE, "N 3 ")),
        ("acts by id", every_act(TITULAIRE, id)),
        ("acts as the seller", every_act(STRANGER, "N-1")),
        ("same-name.xml", a4("N-1")),
        ("another's number", [&a4("N-1")[..], b"<!-- -->"].concat()),
        ("a new number of another's", a4("N-9")),
        ("its own, the same number", own.clone()),
        ("its own, without the marché", text(&own).replace("M-1", "M-9").into_bytes()),
        ("citing", citing("A15", "X-1", "N-2")),
        ("citing what was taken", citing("A15", "X-2", "E-1")),
        ("an archive", tgz(&[("same-name.xml", &a4("N-1")), ("b", &own), ("c", &citing("A19", "X-3", "E-1"))])),
        ("noise", b"\x00noise".to_vec()),
    ];
    for (name, bytes) in files {
        w.drop_file("edi", "epsilon", name, &bytes);
    }
    if others {
        w.drop_file("edi", "alpha", "beside", &a4("N-7"));
    }
    w.batch();
    w.batch();
    let root = w.path("spool/out/epsilon");
    w.files("spool/out/epsilon")
        .into_iter()
        .map(|file| (lane_masked(&file), masked(&text(&fs::read(root.join(&file)).unwrap()))))
        .collect()
}

/// A name without the five digits of its partner's lane.
fn lane_masked(name: &str) -> String {
    let at = name.len() - 15;
    format!("{}LANE{}", &name[..at], &name[at + 5..])
}

/// A text without ids, times and lanes.
fn masked(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        if line.contains("Horodatage") || line.contains("T") && line.contains("<Valeurparametre>20") {
            line = "time".to_owned();
        }
        for mark in ["f-", "p-"] {
            while let Some(at) = line.find(mark).filter(|at| {
                let id: Vec<char> = line[at + 2..].chars().take(16).collect();
                id.len() == 16 && id.iter().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            }) {
                line.replace_range(at..at + 18, "ID");
            }
        }
        if let Some(at) = line.find("_GUI001_GUI001") {
            let from = at + "_GUI001_GUI001".len();
            let end = from + line[from..].chars().take_while(char::is_ascii_digit).count();
            line.replace_range(end - 15..end - 10, "LANE");
        }
        lines.push(line);
    }
    lines.join("\n")
}

#[test]
fn a_stranger_is_told_the_same_whether_others_have_anything_or_not() {
    let (there, not_there) = (seen_by_a_stranger(true), seen_by_a_stranger(false));
    assert!(there.len() >= 13, "{:?}", there.keys());
    assert_eq!(
        there.keys().collect::<Vec<_>>(),
        not_there.keys().collect::<Vec<_>>(),
        "as many files, of the same kinds"
    );
    for (name, told) in &there {
        assert_eq!(told, &not_there[name], "{name}");
    }
}

#[test]
fn nobody_acts_on_what_its_structures_do_not_hold() {
    let mut w = world();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    let piece = |w: &World| -> (String, String, i64) {
        let sql = "SELECT status, coalesce(holder, ''), (SELECT count(*) FROM event WHERE subject = piece.id) FROM piece WHERE number = 'N-1'";
        w.ledger().query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap()
    };
    let before = piece(&w);
    assert_eq!((before.0.as_str(), before.1.as_str()), ("MISE_A_DISPOSITION_MOE", MOE));
    for partner in ["alpha", "gamma", "delta", "epsilon"] {
        w.drop_file("edi", partner, "acts", &every_act(TITULAIRE, "N-1"));
        let tally = w.batch();
        assert_eq!((&tally["acts"], &tally["acts_refused"]), (&0.into(), &72.into()), "{partner}");
        assert_eq!(piece(&w), before, "{partner}");
    }
    // Whoever holds it may.
    w.drop_file("edi", "beta", "act", &flow(&[unit(TITULAIRE, "N-1", "REFUSEE_MOE", "AUTRE: non", MOE)]));
    assert_eq!(w.batch()["acts"], 1);
    assert_eq!(piece(&w).0, "REFUSEE_MOE");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

/// Whatever was sent to a partner speaks of pièces that it deposited, or in which one of its structures has a part.
#[test]
fn trays_hold_what_is_the_partners_and_nothing_else() {
    let mut w = world();
    w.drop_one_of_each();
    w.drop_file("edi", "alpha", "for-all.xml", &a4("SECRET-A"));
    w.drop_file("edi", "gamma", "noise", b"\x00noise");
    w.drop_file("edi", "epsilon", "own", &invoice("A4", "SECRET-E", STRANGER));
    w.drop_file("edi", "delta", "of-delta", &[&a4("SECRET-D")[..], b"<!-- d -->"].concat());
    w.batch();
    w.drop_file("edi", "beta", "act", &flow(&[unit(TITULAIRE, "SECRET-A", "REFUSEE_MOE", "AUTRE: SECRET-WORD", MOE)]));
    w.batch();
    #[rustfmt::skip]
    let cases: [(&str, &[&str], &[&str]); 5] = [
        // partner   sees                                     does not
        ("alpha",   &["SECRET-A", "SECRET-WORD", "SECRET-D"], &["SECRET-E"]),
        ("beta",    &["SECRET-A", "SECRET-D"],                &["SECRET-E"]),
        ("gamma",   &[],                                      &["SECRET-A", "SECRET-D", "SECRET-E", "SECRET-WORD"]),
        ("delta",   &["SECRET-A", "SECRET-D"],                &["SECRET-E"]),
        ("epsilon", &["SECRET-E"],                            &["SECRET-A", "SECRET-D", "SECRET-WORD"]),
    ];
    for (partner, sees, not) in cases {
        let below = format!("spool/out/{partner}");
        let all: String =
            w.files(&below).iter().map(|f| f.clone() + &text(&fs::read(w.path(&below).join(f)).unwrap())).collect();
        for word in sees {
            assert!(all.contains(word), "{partner} is told of {word}");
        }
        for word in not {
            assert!(!all.contains(word), "{partner} is told of {word}");
        }
    }
    // A directory of trays is there for partners that the annuaire has, and for no one else.
    let mut dirs: Vec<String> =
        fs::read_dir(w.path("spool/out")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    dirs.sort();
    assert_eq!(dirs, [".stage", "alpha", "beta", "delta", "epsilon", "gamma"]);
}
