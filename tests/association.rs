//! Associations: in which order deposits are decided, who wins, who is told, which dossier, when, and what nobody learns.
//! The chains from cadre to cadre are in samples/chaine-*, run by tests/chains.rs.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::house::House;
use common::world::{MOE, TITULAIRE, World, invoice, text};
use std::fs;

const STRANGER: &str = "91100009000014";

/// The world, in which the MOA and a stranger to the marché deposit by the portal too.
fn world(config: &str) -> World {
    let w = World::with(&format!("[spool]\nsettle = \"0s\"\n{config}"));
    let change = |name: &str, change: &dyn Fn(String) -> String| {
        let path = w.path(&format!("annuaire/{name}"));
        fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
    };
    change("structures.csv", &|csv| csv + &format!("{STRANGER},1,Étranger au marché,true,false,false,false\n"));
    change("partners.toml", &|toml| {
        let stranger = format!(
            "[[partner]]\nname = \"epsilon\"\napp_code = \"EPS001\"\nstructures = [\"{STRANGER}\"]\nmodes = [\"edi\"]\n"
        );
        (toml + &stranger).replace("modes = [\"edi\"]", "modes = [\"edi\", \"portail\"]")
    });
    w
}

fn house(w: &World, at: &str) -> House {
    House::open(w.dir.path(), at)
}

/// A pièce of TITULAIRE's that cites others: numbers, each with a date or without.
fn citing(cadre: &str, number: &str, cited: &[&str]) -> Vec<u8> {
    let references: String = cited
        .iter()
        .map(|c| {
            let (number, day) = c.split_once('@').map_or((*c, None), |(n, d)| (n, Some(d)));
            let day = day.map(|d| format!("<cbc:IssueDate>{d}</cbc:IssueDate>")).unwrap_or_default();
            format!(
                "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{number}</cbc:ID>{day}\
                 </cac:InvoiceDocumentReference></cac:BillingReference>\n"
            )
        })
        .collect();
    let plain = text(&invoice(cadre, number, TITULAIRE));
    plain
        .replace("<cac:ContractDocumentReference>", &format!("{references}<cac:ContractDocumentReference>"))
        .into_bytes()
}

fn status(h: &House, number: &str) -> String {
    let sql = "SELECT status FROM piece WHERE number = ? ORDER BY seq DESC LIMIT 1";
    h.ledger().query_row(sql, [number], |r| r.get(0)).unwrap()
}

/// Files' names in the order in which they were decided.
fn decided(h: &House) -> Vec<String> {
    let ledger = h.ledger();
    let mut names = ledger.prepare("SELECT CAST(name AS TEXT) FROM flow ORDER BY rowid").unwrap();
    names.query_map([], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

const NOON: &str = "2026-11-02T12:00:00+01:00";

#[test]
fn whoever_cites_is_decided_after_whom_it_cites_however_they_come() {
    for config in ["", "[batch]\nflows = 2\n", "[batch]\nflows = 1\n"] {
        let w = world(config);
        let mut h = house(&w, NOON);
        h.drop_file("portail", "gamma", "1-A19", &citing("A19", "V-1", &["E-1"]));
        h.drop_file("portail", "alpha", "2-A4", &citing("A4", "P-2", &[]));
        h.drop_file("portail", "beta", "3-A15", &citing("A15", "E-1", &["P-1"]));
        h.drop_file("portail", "alpha", "4-A4", &citing("A4", "P-3", &[]));
        h.drop_file("portail", "alpha", "5-A4", &citing("A4", "P-1", &[]));
        let tally = h.batch();
        assert_eq!((tally.flows, tally.accepted), (5, 5), "{config}: {:?}", h.told("3-A15"));
        let at = |name: &str| decided(&h).iter().position(|n| n == name).unwrap();
        assert!(at("5-A4") < at("3-A15") && at("3-A15") < at("1-A19") && at("2-A4") < at("4-A4"), "{:?}", decided(&h));
        let all = ["P-1", "E-1", "V-1"].map(|n| status(&h, n));
        assert_eq!(all, ["ASSOCIEE", "ASSOCIEE", "MISE_A_DISPOSITION"], "{config}");
        assert_eq!(h.problems(), Vec::<String>::new());
    }
}

#[test]
fn a_refused_pièce_is_awaited_until_the_mended_one_comes() {
    let w = world("[batch]\nflows = 1\n");
    let mut h = house(&w, NOON);
    let bad = text(&citing("A4", "P-1", &[])).replace(">120.00</cbc:PayableAmount>", ">121.00</cbc:PayableAmount>");
    h.drop_file("portail", "alpha", "bad", bad.as_bytes());
    h.batch();
    h.drop_file("portail", "beta", "1-A15", &citing("A15", "E-1", &["P-1"]));
    h.drop_file("portail", "alpha", "2-A4", &citing("A4", "P-1", &[]));
    assert_eq!(h.batch().accepted, 2, "{:?}", h.told("1-A15"));
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn a_seller_is_told_why_its_own_refused_pièce_is_not_taken() {
    let w = world("");
    let mut h = house(&w, NOON);
    let bad = text(&citing("A7", "P-1", &[])).replace(">120.00</cbc:PayableAmount>", ">121.00</cbc:PayableAmount>");
    h.drop_file("portail", "alpha", "bad", bad.as_bytes());
    h.batch();
    h.drop_file("portail", "alpha", "A22", &citing("A22", "T-1", &["P-1"]));
    h.batch();
    let told = h.told("A22");
    assert_eq!(told.errors, ["T-29"]);
    assert!(told.findings.contains("a été refusée au contrôle"), "{}", told.findings);
}

#[test]
fn fifty_references_are_all_taken_or_none() {
    let w = world("");
    let mut h = house(&w, NOON);
    let numbers: Vec<String> = (1..=50).map(|n| format!("P-{n:02}")).collect();
    for n in &numbers {
        h.drop_file("portail", "alpha", n, &citing("A4", n, &[]));
    }
    assert_eq!(h.batch().accepted, 50);
    let mut cited: Vec<&str> = numbers.iter().map(String::as_str).collect();
    cited.push("P-51");
    h.drop_file("portail", "beta", "one too many", &citing("A15", "E-1", &cited));
    h.batch();
    assert_eq!(h.told("one too many").errors, ["T-29"]);
    assert_eq!(status(&h, "P-01"), "MISE_A_DISPOSITION_MOE", "a refused deposit takes nothing");
    cited.pop();
    h.drop_file("portail", "beta", "fifty", &citing("A15", "E-1", &cited));
    h.batch();
    assert_eq!(h.told("fifty").outcome, "accepted", "{:?}", h.told("fifty"));
    let count = |sql: &str| h.ledger().query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM piece WHERE status = 'ASSOCIEE'"), 50);
    assert_eq!(count("SELECT count(DISTINCT dossier) FROM piece WHERE live = 1"), 1, "fifty dossiers became one");
    assert_eq!(count("SELECT count(*) FROM dossier WHERE merged IS NOT NULL"), 49);
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn of_two_that_want_one_pièce_the_first_wins_and_the_other_is_told_which() {
    let w = world("");
    let mut h = house(&w, NOON);
    h.drop_file("portail", "alpha", "1-A4", &citing("A4", "P-1", &[]));
    h.drop_file("portail", "beta", "2-A15", &citing("A15", "E-1", &["P-1"]));
    h.drop_file("portail", "beta", "3-A15", &citing("A15", "E-2", &["P-1"]));
    h.batch();
    assert_eq!(h.told("2-A15").outcome, "accepted");
    let (told, winner) = (h.told("3-A15"), "SELECT id FROM piece WHERE number = 'E-1'");
    let winner: String = h.ledger().query_row(winner, [], |r| r.get(0)).unwrap();
    assert_eq!((told.outcome.as_str(), &told.errors[..]), ("refused", &["T-29".to_owned()][..]));
    assert!(told.findings.contains(&format!("is already associated by {winner}")), "{}", told.findings);
    // The loser's number is free again.
    h.drop_file("portail", "alpha", "4-A4", &citing("A4", "P-2", &[]));
    h.drop_file("portail", "beta", "5-A15", &citing("A15", "E-2", &["P-2"]));
    h.batch();
    assert_eq!(h.told("5-A15").outcome, "accepted");
    assert_eq!(h.problems(), Vec::<String>::new());
}

/// What a partner is told, in order: number and status of each event.
fn told(w: &World, partner: &str) -> Vec<String> {
    let flows = w.tray(partner, "statuts");
    let all: String = flows.iter().map(|f| text(f)).collect();
    let part =
        |unit: &str, name: &str| unit.split(&format!("<{name}>")).nth(1).unwrap().split('<').next().unwrap().to_owned();
    let units = all.split("<CPPFactureStatutUnitaire ").skip(1);
    units.map(|u| format!("{} {}", part(u, "IdFacture"), part(u, "ComplementStatut"))).collect()
}

#[test]
fn everyone_who_had_to_do_with_a_pièce_is_told_once_and_in_order() {
    let w = world("");
    let mut h = house(&w, NOON);
    h.drop_file("portail", "alpha", "A4", &citing("A4", "P-1", &[]));
    h.batch();
    h.drop_file("portail", "beta", "A15", &citing("A15", "E-1", &["P-1"]));
    h.batch();
    let seller =
        ["P-1 DEPOSEE", "P-1 MISE_A_DISPOSITION_MOE", "E-1 DEPOSEE", "E-1 MISE_A_DISPOSITION_MOA", "P-1 ASSOCIEE"];
    assert_eq!(told(&w, "alpha"), seller, "depositor and seller");
    assert_eq!(told(&w, "delta"), seller, "another partner of the seller's");
    assert_eq!(told(&w, "beta"), seller[1..], "the MOE, from the moment it held the pièce");
    assert_eq!(told(&w, "gamma"), ["E-1 MISE_A_DISPOSITION_MOA"], "the MOA had nothing to do with the A4");
    h.drop_file("portail", "gamma", "A19", &citing("A19", "V-1", &["E-1"]));
    h.batch();
    let more = ["V-1 DEPOSEE", "V-1 MISE_A_DISPOSITION", "E-1 ASSOCIEE"];
    assert_eq!(told(&w, "alpha")[5..], more);
    assert_eq!(told(&w, "beta")[4..], ["E-1 ASSOCIEE"], "the depositor of the A15");
    assert_eq!(told(&w, "gamma")[1..], more);
    assert!(told(&w, "epsilon").is_empty(), "a stranger to all of it");
}

#[test]
fn the_pieces_of_a_chain_are_in_one_dossier_and_dossiers_merge() {
    let w = world("");
    let mut h = house(&w, NOON);
    for n in ["P-1", "P-2"] {
        h.drop_file("portail", "alpha", n, &citing("A4", n, &[]));
    }
    h.batch();
    let search = |number: &str| -> Vec<(String, String)> {
        let out = text(&w.run(&["search", "--dossier", number, "--format", "json"]).stdout);
        let rows = out.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap());
        rows.map(|r| (r["number"].as_str().unwrap().to_owned(), r["dossier"].as_str().unwrap().to_owned())).collect()
    };
    let of = |number: &str, dossier: &str| (number.to_owned(), dossier.to_owned());
    assert_eq!(search("P-2"), [of("P-2", "P-2")]);
    h.drop_file("portail", "beta", "A15", &citing("A15", "E-1", &["P-2", "P-1"]));
    h.batch();
    assert_eq!(search("P-2"), [of("P-1", "P-2"), of("P-2", "P-2"), of("E-1", "P-2")], "that of the first one cited");
    // The other number leads there.
    let merged = "SELECT m.number FROM dossier d JOIN dossier m ON m.id = d.merged WHERE d.number = 'P-1'";
    assert_eq!(h.ledger().query_row(merged, [], |r| r.get::<_, String>(0)).unwrap(), "P-2");
    h.drop_file("portail", "gamma", "A19", &citing("A19", "V-1", &["E-1"]));
    h.batch();
    assert_eq!(search("P-2").len(), 4);
    assert_eq!(h.problems(), Vec::<String>::new());
}

/// An A22 at one moment, an A23 at two more: the first too early, the second not.
fn tacit(config: &str, a22: &str, early: Option<&str>, late: &str) {
    let w = world(config);
    let mut h = house(&w, a22);
    h.drop_file("portail", "alpha", "A22", &citing("A22", "T-1", &[]));
    h.batch();
    assert_eq!(h.told("A22").warnings, ["T-35"]);
    if let Some(early) = early {
        h.wait_until(early);
        h.drop_file("portail", "alpha", "early", &citing("A23", "D-1", &["T-1"]));
        h.batch();
        assert_eq!(h.told("early").errors, ["T-34"], "{early}");
        assert!(h.told("early").findings.contains(&late[..10]), "the first day is told: {}", h.told("early").findings);
    }
    h.wait_until(late);
    h.drop_file("portail", "alpha", "late", &citing("A23", "D-1", &["T-1"]));
    h.batch();
    assert_eq!(h.told("late").outcome, "accepted", "{late}: {}", h.told("late").findings);
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn ten_full_days_end_at_midnight_in_paris_summer_and_winter() {
    #[rustfmt::skip]
    let cases = [
        // the A22                     one second before              the end of day 10
        ("2026-06-01T00:00:00+02:00", "2026-06-11T23:59:59+02:00", "2026-06-12T00:00:00+02:00"),
        ("2026-06-01T23:59:59+02:00", "2026-06-11T23:59:59+02:00", "2026-06-12T00:00:00+02:00"),
        ("2026-10-20T00:30:00+02:00", "2026-10-30T23:59:59+01:00", "2026-10-31T00:00:00+01:00"),
        ("2026-10-15T23:30:00+02:00", "2026-10-25T23:59:59+01:00", "2026-10-26T00:00:00+01:00"),
        ("2026-10-14T23:30:00+02:00", "2026-10-24T23:59:59+02:00", "2026-10-25T00:00:00+02:00"),
        ("2027-03-20T23:30:00+01:00", "2027-03-30T23:59:59+02:00", "2027-03-31T00:00:00+02:00"),
        ("2026-12-25T12:00:00+01:00", "2027-01-04T23:59:59+01:00", "2027-01-05T00:00:00+01:00"),
    ];
    for (a22, early, late) in cases {
        tacit("", a22, Some(early), late);
    }
    tacit("[delays]\ntacite = \"0d\"\n", NOON, None, NOON);
    tacit("[delays]\ntacite = \"1d\"\n", NOON, Some("2026-11-03T23:59:59+01:00"), "2026-11-04T00:00:00+01:00");
}

/// What a stranger is told, who cites `P-1` in several ways, where it exists and where it does not.
fn strangers_view(exists: bool) -> (Vec<String>, Vec<String>) {
    let w = world("");
    let mut h = house(&w, NOON);
    if exists {
        h.drop_file("portail", "alpha", "P-1", &citing("A4", "P-1", &[]));
        h.drop_file("portail", "alpha", "P-2", &citing("A4", "P-2", &[]));
        h.batch();
        h.drop_file("portail", "beta", "E-1", &citing("A15", "E-1", &["P-2"]));
        h.batch();
    }
    let a15 = |number: &str, cited: &str| text(&citing("A15", number, &[cited]));
    let own_moe = |a15: String| a15.replace(MOE, STRANGER);
    let no_marche = |a15: String| {
        let (from, to) = ("<cac:ContractDocumentReference>", "</cac:ContractDocumentReference>");
        let (before, rest) = a15.split_once(from).unwrap();
        format!("{before}{}", rest.split_once(to).unwrap().1)
    };
    let no_moe = |a15: String| {
        let (before, rest) = a15.split_once("<cac:AgentParty>").unwrap();
        format!("{before}{}", rest.split_once("</cac:AgentParty>").unwrap().1)
    };
    let files = [
        a15("X-1", "P-1"),
        a15("X-2", "P-2"),
        own_moe(a15("X-3", "P-1")),
        own_moe(no_marche(a15("X-4", "P-1"))),
        no_moe(no_marche(a15("X-5", "P-1"))),
        no_moe(a15("X-6", "P-1@2026-03-31")),
        text(&citing("A22", "X-7", &["P-1"])),
        text(&citing("A19", "X-8", &["E-1"])),
        text(&citing("A4", "X-9", &[])),
    ];
    for (n, bytes) in files.iter().enumerate() {
        h.drop_file("portail", "epsilon", &format!("{n}"), bytes.as_bytes());
    }
    if exists {
        // One comes in the same batch.
        h.drop_file("portail", "alpha", "P-3", &citing("A4", "P-3", &[]));
    }
    h.drop_file("portail", "epsilon", "9", &citing("A15", "X-10", &["P-3"]));
    h.drop_file("portail", "epsilon", "91", &citing("A4", "X-11", &[]));
    h.batch();
    let order: Vec<String> = decided(&h).into_iter().filter(|n| n.starts_with(|c: char| c.is_ascii_digit())).collect();
    let findings = order.iter().map(|name| h.told(name).findings).collect();
    (order, findings)
}

#[test]
fn a_stranger_learns_nothing_from_citing() {
    let (there, not_there) = (strangers_view(true), strangers_view(false));
    assert_eq!(there.0, not_there.0, "nor from the order of its answers");
    for (name, (one, other)) in there.0.iter().zip(there.1.iter().zip(&not_there.1)) {
        assert_eq!(one, other, "{name}");
    }
}
