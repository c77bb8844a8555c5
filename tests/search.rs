//! Which index leads each search, as SQLite itself says; and that whatever leads, the pièces are the same, in order of
//! deposit, page by page.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{MOA, MOE, OTHER, TITULAIRE, World, a4, invoice, text};
use guichet::ledger::{Criteria, LedgerReader, PieceRow};

/// Forty pièces: days of two months, two sellers, cadres, types, modes and partners, accepted and refused.
fn world() -> World {
    let mut w = World::new();
    for n in 0..40 {
        let day = format!("2026-0{}-{:02}", 2 + n % 2, 1 + (n * 7) % 28);
        let (seller, mode, partner) = match n % 5 {
            0 => (OTHER, "edi", "delta"),
            1 => (TITULAIRE, "portail", "alpha"),
            2 => (OTHER, "edi", "alpha"),
            _ => (TITULAIRE, "edi", "alpha"),
        };
        let cadre = if n % 7 == 0 { "A5" } else { "A4" };
        let kind = if n % 9 == 0 { "381" } else { "380" };
        let bytes = text(&invoice(cadre, &format!("N-{n}"), seller))
            .replace("2026-03-31", &day)
            .replace(">380<", &format!(">{kind}<"));
        w.drop_file(mode, partner, &format!("F{n:02}"), bytes.as_bytes());
    }
    w.batch();
    w
}

fn ledger(w: &World) -> LedgerReader {
    LedgerReader::open(&w.path("spool/guichet.db")).unwrap()
}

type Set = fn(&mut Criteria);
type Holds = fn(&PieceRow) -> bool;

/// Every criterion: how it is asked for, which index leads, whether what is found must be sorted, what it means.
#[rustfmt::skip]
const CRITERIA: [(&str, Set, &str, bool, Holds); 20] = [
    // criterion      asked for                                                leads                 sorted holds
    ("cadre",         |c| c.cadre = text_of("A4"),                             "piece_cadre",        false, |p| p.cadre.as_deref() == Some("A4")),
    ("type",          |c| c.type_code = text_of("381"),                        "piece_type",         false, |p| p.type_code.as_deref() == Some("381")),
    ("status",        |c| c.status = text_of("MISE_A_DISPOSITION_MOE"),        "piece_status",       false, |p| p.status == "MISE_A_DISPOSITION_MOE"),
    ("marche",        |c| c.marche = text_of("M-1"),                           "piece_marche",       true,  |p| p.marche.as_deref() == Some("M-1")),
    ("dossier",       |c| c.dossier = text_of("N-3"),                          "piece_dossier",      false, |p| p.dossier.as_deref() == Some("N-3")),
    ("number",        |c| c.number = text_of("N-4"),                           "piece_number",       true,  |p| p.number.as_deref() == Some("N-4")),
    ("destinataire",  |c| c.destinataire = text_of(MOA),                       "piece_destinataire", false, |p| p.destinataire.as_deref() == Some(MOA)),
    ("siren",         |c| c.siren = Some(MOA[..9].to_owned()),                 "piece_destinataire", true,  |p| p.destinataire.as_ref().is_some_and(|d| d[..9] == MOA[..9])),
    ("service",       |c| c.service = text_of("S"),                            "piece_service",      false, |p| p.service.as_deref() == Some("S")),
    ("from",          |c| c.from = text_of("2026-02-20"),                      "piece_issued",       true,  |p| p.issued.as_deref() >= Some("2026-02-20")),
    ("to",            |c| c.to = text_of("2026-03-10"),                        "piece_issued",       true,  |p| p.issued.as_deref() <= Some("2026-03-10")),
    ("from and to",   |c| { c.from = text_of("2026-02-10"); c.to = text_of("2026-03-03") }, "piece_issued", true, |p| (Some("2026-02-10")..=Some("2026-03-03")).contains(&p.issued.as_deref())),
    ("mode",          |c| c.mode = text_of("portail"),                         "piece_mode",         false, |p| p.mode == "portail"),
    ("partner",       |c| c.partner = text_of("alpha"),                        "piece_partner",      false, |p| p.partner == "alpha"),
    ("structure",     |c| c.structure = text_of(MOE),                          "piece_moe",          false, |p| p.moe.as_deref() == Some(MOE)),
    ("role alone",    |c| c.role = text_of("moe"),                             "piece_holder_role",  false, |p| p.status == "MISE_A_DISPOSITION_MOE"),
    ("fournisseur",   |c| { c.role = text_of("fournisseur"); c.structure = text_of(OTHER) },     "piece_supplier",     false, |p| p.supplier.id.as_deref() == Some(OTHER)),
    ("moa",           |c| { c.role = text_of("moa"); c.structure = text_of(MOA) },               "piece_moa",          false, |p| p.moa.as_deref() == Some(MOA)),
    ("valideur1",     |c| { c.role = text_of("valideur1"); c.structure = text_of(MOA) },         "piece_valideur1",    false, |p| p.valideur1.as_deref() == Some(MOA)),
    ("valideur2",     |c| { c.role = text_of("valideur2"); c.structure = text_of(MOA) },         "piece_valideur2",    false, |p| p.valideur2.as_deref() == Some(MOA)),
];

fn text_of(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn found(ledger: &LedgerReader, criteria: &Criteria) -> Vec<PieceRow> {
    let mut rows = Vec::new();
    ledger
        .search(criteria, &mut |row| {
            rows.push(row);
            true
        })
        .unwrap();
    rows
}

#[test]
fn each_criterion_is_led_by_its_index_and_nothing_is_sorted_that_need_not_be() {
    let w = world();
    for (what, ask, index, sorted, _) in CRITERIA {
        let mut criteria = Criteria { limit: Some(50), ..Criteria::default() };
        ask(&mut criteria);
        let plan = ledger(&w).plan(&criteria).unwrap().join("\n");
        println!("{what}\n{plan}\n");
        assert!(plan.contains(&format!("INDEX {index} (")), "{what}: {plan}");
        assert!(!plan.contains("SCAN piece"), "{what}: {plan}");
        assert_eq!(plan.contains("TEMP B-TREE"), sorted, "{what}: {plan}");
    }
    // Without a criterion the table itself is in order; nearly every pièce is an invoice, and comes by EDI.
    let (usual, edi) = (text_of("380"), text_of("edi"));
    let (usual, edi) =
        (Criteria { type_code: usual, ..Criteria::default() }, Criteria { mode: edi, ..Criteria::default() });
    for criteria in [Criteria::default(), usual, edi] {
        let plan = ledger(&w).plan(&criteria).unwrap().join("\n");
        assert_eq!(plan, "SEARCH piece USING INTEGER PRIMARY KEY (rowid>?)");
    }
}

#[test]
fn a_plentiful_range_is_taken_value_by_value() {
    let w = world();
    let ledger = ledger(&w).plentiful_from(0);
    for (what, ask, index, _, _) in CRITERIA.iter().filter(|(what, ..)| ["from", "to", "siren"].contains(what)) {
        let mut criteria = Criteria { limit: Some(5), ..Criteria::default() };
        ask(&mut criteria);
        let plan = ledger.plan(&criteria).unwrap().join("\n");
        println!("{what}\n{plan}\n");
        assert!(plan.contains("RECURSIVE STEP") && plan.contains("SEARCH piece USING INTEGER PRIMARY KEY"), "{plan}");
        assert!(plan.contains(&format!("INDEX {index} (")) && !plan.contains("SCAN piece"), "{what}: {plan}");
    }
}

#[test]
fn of_several_criteria_the_one_with_the_fewest_pieces_leads() {
    let w = world();
    let lead = |ask: &dyn Fn(&mut Criteria)| {
        let mut criteria = Criteria { limit: Some(50), ..Criteria::default() };
        ask(&mut criteria);
        ledger(&w).plan(&criteria).unwrap().join("\n")
    };
    let rare = lead(&|c| (c.mode, c.partner) = (text_of("edi"), text_of("delta")));
    assert!(rare.contains("piece_partner"), "{rare}");
    let rare = lead(&|c| (c.mode, c.partner) = (text_of("portail"), text_of("alpha")));
    assert!(rare.contains("piece_mode"), "{rare}");
    let rare = lead(&|c| (c.structure, c.number) = (text_of(MOA), text_of("N-3")));
    assert!(rare.contains("piece_number"), "{rare}");
    // A structure may be any of six actors: six indexes, merged in order.
    let merged = lead(&|c| c.structure = text_of(MOA));
    assert!(merged.contains("MERGE (UNION)") && !merged.contains("TEMP B-TREE"), "{merged}");
    // Where all are plentiful, the table.
    let (cadre, partner) = (text_of("A4"), text_of("alpha"));
    let criteria = Criteria { cadre, partner, limit: Some(5), ..Criteria::default() };
    let dense = ledger(&w).plentiful_from(10).plan(&criteria).unwrap().join("\n");
    assert!(dense.contains("INTEGER PRIMARY KEY"), "{dense}");
}

#[test]
fn whatever_leads_the_pieces_are_the_same_and_in_order() {
    let w = world();
    let all = found(&ledger(&w), &Criteria::default());
    assert_eq!(all.len(), 40);
    for plentiful in [0, 3, 20_000] {
        let ledger = ledger(&w).plentiful_from(plentiful);
        for (n, (one, ask_one, _, _, holds_one)) in CRITERIA.iter().enumerate() {
            for (other, ask_other, _, _, holds_other) in &CRITERIA[n..] {
                if [one, other].iter().filter(|w| ["from", "to", "from and to"].contains(w)).count() > 1
                    || [one, other].iter().filter(|w| ROLES.contains(w)).count() > 1 && one != other
                {
                    continue; // one option cannot be given twice
                }
                let mut criteria = Criteria::default();
                ask_one(&mut criteria);
                ask_other(&mut criteria);
                let meant: Vec<&PieceRow> = all.iter().filter(|p| holds_one(p) && holds_other(p)).collect();
                for limit in [None, Some(1), Some(7)] {
                    for after in [None, Some(20)] {
                        criteria.limit = limit;
                        criteria.after = after.map(|n: usize| all[n].piece.clone());
                        let rest = meant.iter().filter(|p| after.is_none_or(|n| p.piece > all[n].piece));
                        let expected: Vec<&str> =
                            rest.take(limit.map_or(usize::MAX, |n| n as usize)).map(|p| p.piece.as_str()).collect();
                        let rows = found(&ledger, &criteria);
                        let got: Vec<&str> = rows.iter().map(|p| p.piece.as_str()).collect();
                        assert_eq!(got, expected, "{one} and {other}, {limit:?} after {after:?}, from {plentiful}");
                    }
                }
            }
        }
    }
}

const ROLES: [&str; 6] = ["structure", "role alone", "fournisseur", "moa", "valideur1", "valideur2"];

#[test]
fn a_piece_by_supplier_and_number_is_looked_up_by_its_number() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F1", &a4("N/1"));
    w.batch();
    let found = ledger(&w).pieces_numbered(TITULAIRE, "N/1").unwrap();
    assert_eq!(found.len(), 1);
    let by_name = w.run(&["piece", &format!("{TITULAIRE}/N/1"), "--format", "json"]);
    assert!(text(&by_name.stdout).contains(&found[0].piece), "{}", text(&by_name.stderr));
}

#[test]
fn csv_is_what_a_french_spreadsheet_reads() {
    let mut w = World::new();
    let bytes = text(&a4("N-1")).replace("Terrassements du Vallon", "=Vallon; \"&amp; fils\"");
    w.drop_file("edi", "alpha", "F1", bytes.as_bytes());
    w.batch();
    let out = w.run(&["search", "--format", "csv"]).stdout;
    let plain = text(&out);
    assert!(
        plain.starts_with("piece;cadre;type;number;") && !plain.replace("\r\n", "").contains(['\r', '\n']),
        "{plain}"
    );
    assert_eq!(plain.matches("\r\n").count(), 2, "a header and a row, each ended: {plain}");
    // What begins with `=` stays what it is: whoever reads the file by program wants the exact name.
    assert!(plain.contains(";\"=Vallon; \"\"& fils\"\"\";"), "{plain}");
    let marked = w.run(&["search", "--format", "csv", "--bom"]).stdout;
    assert_eq!(marked, [b"\xef\xbb\xbf", &out[..]].concat());
    for args in [&["search", "--bom"][..], &["flows", "--bom", "--format", "json"]] {
        let refused = w.run(args);
        assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(2), String::new()), "{args:?}");
        assert!(text(&refused.stderr).contains("--format csv"), "{}", text(&refused.stderr));
    }
    let unknown = w.run(&["search", "--format", "csv", "--bom", "--status", "X"]);
    assert_eq!((unknown.status.code(), text(&unknown.stdout)), (Some(2), String::new()), "no mark without data");
}

#[test]
fn a_criterion_that_nothing_can_meet_is_told_with_what_there_is() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    #[rustfmt::skip]
    let cases: [(&[&str], &str); 15] = [
        (&["search", "--cadre", "A99"],                                "the cadres of works are: A4 A5"),
        (&["search", "--cadre", "A"],                                  "perhaps A4"),
        (&["search", "--cadre", "a4"],                                 "perhaps A4"),
        (&["search", "--type", "facture"],                             "three digits"),
        (&["search", "--siren", "12345"],                              "no SIREN"),
        (&["search", "--siren", "12345678X"],                          "nine digits"),
        (&["search", "--partner", "alfa"],                             "perhaps alpha"),
        (&["search", "--partner", "zzz"],                              "has alpha, beta, gamma, delta"),
        (&["search", "--structure", "91100002400017"],                 "perhaps 91100002400016"),
        (&["search", "--destinataire", "nobody"],                      "annuaire show"),
        (&["search", "--from", "2026-03-01", "--to", "2026-02-01"],    "is after"),
        (&["search", "--status", "MISE_A_DISPO"],                "no status"),
        (&["stock", "--structure", "nobody"],                          "annuaire show"),
        (&["flows", "--partner", "ALPHA"],                             "perhaps alpha"),
        (&["flows", "--from", "2026-03-01", "--to", "2026-02-01"],     "swap the two"),
    ];
    for (args, says) in cases {
        let out = w.run(args);
        let told = text(&out.stderr);
        assert_eq!((out.status.code(), out.stdout.len()), (Some(2), 0), "{args:?}: {told}");
        assert!(told.contains(says), "{args:?}: {told}");
    }
    // What there may be, and is not, is an empty answer.
    for args in [
        &["search", "--cadre", "A25"][..],
        &["search", "--type", "381"],
        &["search", "--partner", "beta"],
        &["search", "--structure", OTHER],
        &["search", "--number", "N-9"],
        &["stock", "--structure", OTHER],
        &["flows", "--partner", "beta"],
    ] {
        let out = w.run(args);
        assert_eq!((out.status.code(), text(&out.stdout).as_str()), (Some(0), ""), "{args:?}: {}", text(&out.stderr));
    }
    // A partner that left the annuaire has its pièces still.
    let partners = std::fs::read_to_string(w.path("annuaire/partners.toml")).unwrap();
    std::fs::write(w.path("annuaire/partners.toml"), partners.replace("\"alpha\"", "\"omega\"")).unwrap();
    assert!(text(&w.run(&["search", "--partner", "alpha"]).stdout).contains("N-1"));
    assert!(text(&w.run(&["flows", "--partner", "alpha"]).stdout).contains("alpha"));
}
