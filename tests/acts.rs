//! Acts: what structures do to pièces, by life-cycle flow, by command, by the clock; and what becomes of acts that the
//! table does not allow. Whole lives are in tests/simulation.rs.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::acts::{flow, unit};
use common::archive::tgz;
use common::house::House;
use common::world::{MOA, MOE, OTHER, TITULAIRE, World, a4, citing, invoice, sha256, text};
use guichet::request::{Act, Answer};
use std::fs;

const NEW_MOE: &str = "91100009000014";
const NOON: &str = "2026-11-02T12:00:00+01:00";

/// The world, in which OTHER is a sous-traitant of TITULAIRE's, everyone may use every mode, and another MOE waits.
fn world(config: &str) -> World {
    let w = World::with(&format!("[spool]\nsettle = \"0s\"\n{config}"));
    let change = |name: &str, change: &dyn Fn(String) -> String| {
        let path = w.path(&format!("annuaire/{name}"));
        fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
    };
    change("structures.csv", &|csv| {
        csv + &format!(
            "{NEW_MOE},1,Seconde Maîtrise,true,false,false,false\n92010003900014,1,Close,false,false,false,false\n"
        )
    });
    change("services.csv", &|csv| csv + &format!("{MOA},TRAVAUX,Travaux,true,false\n{MOA},CLOS,Fermé,false,false\n"));
    change("marches.toml", &|toml| {
        toml + &format!("sous_traitants = [{{ id = \"{OTHER}\", of = \"{TITULAIRE}\" }}]\n")
    });
    change("partners.toml", &|toml| {
        let more = format!(
            "[[partner]]\nname = \"epsilon\"\napp_code = \"EPS001\"\nstructures = [\"{NEW_MOE}\"]\nmodes = [\"edi\"]\nlang = \"en\"\n"
        );
        (toml + &more).replace("modes = [\"edi\"]", "modes = [\"edi\", \"portail\"]").replace("lang = \"en\"", "")
    });
    w
}

/// The same, where the marché's sheet names no MOE: a flow may name any.
fn world_without_moe() -> World {
    let w = world("");
    let path = w.path("annuaire/marches.toml");
    let sheet = fs::read_to_string(&path).unwrap().replace(&format!("moe = \"{MOE}\"\n"), "");
    fs::write(path, sheet).unwrap();
    w
}

fn house(w: &World) -> House {
    House::open(w.dir.path(), NOON)
}

fn one(number: &str, status: &str, comment: &str, by: &str) -> Vec<u8> {
    flow(&[unit(TITULAIRE, number, status, comment, by)])
}

/// Whether the pièce of this number has moved: status and holder.
fn state(h: &House, number: &str) -> (String, Option<String>) {
    let sql = "SELECT status, holder FROM piece WHERE number = ? ORDER BY seq DESC LIMIT 1";
    h.ledger().query_row(sql, [number], |r| Ok((r.get(0)?, r.get(1)?))).unwrap()
}

fn id(h: &House, number: &str) -> String {
    let sql = "SELECT id FROM piece WHERE number = ? ORDER BY seq DESC LIMIT 1";
    h.ledger().query_row(sql, [number], |r| r.get(0)).unwrap()
}

fn statuses(h: &House, number: &str) -> Vec<String> {
    let ledger = h.ledger();
    let mut s = ledger.prepare("SELECT status FROM event WHERE subject = ? ORDER BY n").unwrap();
    s.query_map([id(h, number)], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Everything that the ledger says of pièces, to see that nothing has changed.
fn dump(h: &House) -> Vec<String> {
    let ledger = h.ledger();
    let mut all = Vec::new();
    for sql in [
        "SELECT id || status || status_at || coalesce(holder, '') || live || coalesce(moe, '') FROM piece ORDER BY id",
        "SELECT subject || n || status FROM event WHERE subject LIKE 'p-%' ORDER BY seq",
    ] {
        let mut s = ledger.prepare(sql).unwrap();
        all.extend(s.query_map([], |r| r.get::<_, String>(0)).unwrap().map(Result::unwrap));
    }
    all
}

/// An act by command.
fn act(piece: &str, act: &str, by: &str) -> Act {
    let (piece, act, by) = (piece.to_owned(), act.to_owned(), by.to_owned());
    Act { piece, act, by, motif: None, comment: None, set: Vec::new(), attach: Vec::new() }
}

fn set(mut act: Act, key: &str, value: &str) -> Act {
    act.set.push((key.to_owned(), value.to_owned()));
    act
}

/// The rules that an answer tells; none: it is done.
fn refused(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::Acted { .. } => Vec::new(),
        Answer::Refused { findings } => findings.iter().map(|f| f.rule.clone()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_act_that_is_not_allowed_changes_nothing_and_says_what_is_possible() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.batch();
    let before = dump(&h);
    #[rustfmt::skip]
    let cases: &[(&str, &str, Vec<u8>, &str, &str)] = &[
        // who drops it, what           the flow                                                       rule    says
        ("beta",  "unknown pièce",      one("N-9", "REFUSEE_MOE", "AUTRE: non", MOE),                  "T-40", "N-9"),
        ("epsilon", "stranger",         one("N-1", "REFUSEE_MOE", "AUTRE: non", NEW_MOE),              "T-40", "N-1"),
        ("beta",  "not now",            one("N-1", "VALIDEE_1", "", MOE),                              "T-42", "MISE_A_DISPOSITION_MOE"),
        ("gamma", "not theirs",         one("N-1", "REFUSEE_MOE", "AUTRE: non", MOA),                  "T-43", "MOE"),
        ("alpha", "wrong partner",      one("N-1", "REFUSEE_MOE", "AUTRE: non", MOE),                  "T-43", "MOE"),
        ("alpha", "wrong partner, no producer", one("N-1", "REFUSEE_MOE", "AUTRE: non", "GUI001"),     "T-43", "MOE"),
        ("beta",  "no comment",         one("N-1", "REFUSEE_MOE", "AUTRE", MOE),                       "T-45", "commentaire"),
        ("beta",  "motif unknown",      one("N-1", "REFUSEE_MOE", "PARCE_QUE: non", MOE),              "T-44", "REF_FAC_TRAVAUX"),
        ("beta",  "another's motif",    one("N-1", "REFUSEE_MOE", "MAUVAISE_MOA: non", MOE),           "T-44", "AUTRE"),
        ("beta",  "the motif of another status", one("N-1", "REFUSEE_MOE", "MAUVAISE_MOE: non", MOE),   "T-44", "ERREUR_FOURNISSEUR_SUR_MOE"),
        ("beta",  "amount",             one("N-1", "REFUSEE_MOE", "ERREUR_MONTANT: 5 € de trop", MOE), "T-46", "A15"),
        ("beta",  "no act",             one("N-1", "DEPOSEE", "", MOE),                                "T-48", "DEPOSEE"),
        ("beta",  "a delay's",          one("N-1", "ABSENCE_VALIDATION_MOE_DELAI_REGLEMENTAIRE", "", MOE), "T-48", "guichet"),
        ("beta",  "a long comment",     one("N-1", "REFUSEE_MOE", &format!("AUTRE: {}", "x".repeat(1 << 20)), MOE), "T-45", "2000 au plus"),
        ("beta",  "a status that is none", one("N-1", "PEUT_ETRE", "", MOE),                           "L-04", "PEUT_ETRE"),
        ("beta",  "a number that is no status's", text(&one("N-1", "99", "", MOE)).replace("<ComplementStatut>99</ComplementStatut>", "").replace(">00<", ">99<").into_bytes(), "L-04", "99"),
        ("beta",  "no number",          one("", "REFUSEE_MOE", "AUTRE: non", MOE),                     "L-04", "IdFacture"),
        ("beta",  "nothing asked",      flow(&[]),                                                     "L-04", "CPPFactureStatuts"),
    ];
    for (n, (partner, what, bytes, rule, says)) in cases.iter().enumerate() {
        let name = format!("act-{n}");
        h.drop_file("edi", partner, &name, bytes);
        let tally = h.batch();
        let told = h.told(&name);
        assert_eq!(
            (told.outcome.as_str(), told.errors),
            ("refused", vec![(*rule).to_owned()]),
            "{what}: {}",
            told.findings
        );
        assert!(told.findings.contains(says), "{what} says {says}: {}", told.findings);
        assert!(told.findings.contains("\"help\""), "{what}");
        let unread = what == &"nothing asked";
        assert_eq!((tally.acts, tally.acts_refused + tally.refused), (0, n as u64 + 1), "{what}");
        assert_eq!(tally.refused, u64::from(unread), "{what}");
        assert_eq!(dump(&h), before, "{what} changes nothing");
    }
    // A stranger learns nothing: neither what is possible, nor that the pièce is there.
    assert!(!h.told("act-1").findings.contains("MISE_A_DISPOSITION"));
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn what_is_possible_is_told_with_who_may_do_it() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("edi", "beta", "act", &one("N-1", "MANDATEE", "", MOE));
    h.batch();
    let told = h.told("act").findings;
    assert!(told.contains("maîtrise d'œuvre (MOE) : refuse, suspend"), "{told}");
    assert!(!told.contains("silence"), "the clock's acts are nobody's to do: {told}");
}

#[test]
fn the_acts_of_one_flow_are_done_in_order_and_each_for_itself() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("edi", "alpha", "F2", &a4("N-2"));
    h.batch();
    let units = [
        unit(TITULAIRE, "N-1", "COMPLETEE", "trop tôt", TITULAIRE), // in the wrong order
        unit(TITULAIRE, "N-1", "SUSPENDUE", "AUTRE: il manque le métré", MOE),
        unit(TITULAIRE, "N-2", "REFUSEE_MOE", "AUTRE: en double", MOE),
        unit(TITULAIRE, "N-2", "REFUSEE_MOE", "AUTRE: encore", MOE), // twice
    ];
    h.drop_file("edi", "beta", "lot", &flow(&units));
    let tally = h.batch();
    assert_eq!((tally.flows, tally.pieces, tally.accepted, tally.acts, tally.acts_refused), (3, 2, 2, 2, 2));
    let told = h.told("lot");
    assert_eq!((told.outcome.as_str(), told.errors), ("partial", vec!["T-42".to_owned()]), "{}", told.findings);
    assert_eq!(state(&h, "N-1"), ("SUSPENDUE".to_owned(), Some(TITULAIRE.to_owned())));
    assert_eq!(state(&h, "N-2"), ("REFUSEE_MOE".to_owned(), None));
    let report = text(&w.tray("beta", "comptes-rendus").concat());
    assert!(report.contains("<IdStatut>96</IdStatut>") && report.contains("partial 2/4"), "{report}");
    assert!(report.contains("2 actes faits sur 4") && report.contains("SUSPENDUE"), "{report}");
    // The depositor completes it; it goes back to whom it was with.
    h.drop_file("edi", "alpha", "suite", &one("N-1", "COMPLETEE", "voici le métré", TITULAIRE));
    assert_eq!(h.batch().acts, 3);
    let all = statuses(&h, "N-1");
    assert_eq!(all[all.len() - 3..], ["SUSPENDUE", "COMPLETEE", "MISE_A_DISPOSITION_MOE"]);
    assert_eq!(state(&h, "N-1").1.as_deref(), Some(MOE));
    // Motif and comment reach everyone in the status flow.
    let told = text(&w.tray("alpha", "statuts").concat());
    assert!(told.contains("AUTRE: il manque le métré") && told.contains("AUTRE: en double"), "{told}");
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn the_same_flow_twice_is_a_duplicate() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("edi", "beta", "act", &one("N-1", "SUSPENDUE", "AUTRE: métré ?", MOE));
    assert_eq!(h.batch().acts, 1);
    let before = dump(&h);
    h.drop_file("edi", "beta", "again", &one("N-1", "SUSPENDUE", "AUTRE: métré ?", MOE));
    let tally = h.batch();
    assert_eq!((tally.duplicates, tally.acts, tally.acts_refused), (1, 1, 0));
    assert_eq!(h.told("again").errors, ["T-10"]);
    assert_eq!(dump(&h), before);
    // One that was refused is judged anew: the pièce may have come since.
    h.drop_file("edi", "beta", "early", &one("N-5", "SUSPENDUE", "AUTRE: métré ?", MOE));
    h.batch();
    h.drop_file("edi", "alpha", "F5", &a4("N-5"));
    h.drop_file("edi", "beta", "late", &one("N-5", "SUSPENDUE", "AUTRE: métré ?", MOE));
    h.batch();
    assert_eq!((h.told("early").outcome.as_str(), h.told("late").outcome.as_str()), ("refused", "accepted"));
}

#[test]
fn an_act_comes_after_the_pièce_that_it_names_however_they_come() {
    for config in ["", "[batch]\nflows = 1\n"] {
        let w = world(config);
        let mut h = house(&w);
        h.drop_file("edi", "beta", "1-act", &one("N-1", "SUSPENDUE", "AUTRE: métré ?", MOE));
        h.drop_file("edi", "alpha", "2-a4", &a4("N-1"));
        assert_eq!(h.batch().acts, 1, "{:?}", h.told("1-act"));
    }
    // In one archive too, with a pièce of the same partner.
    let w = world("");
    let mut h = house(&w);
    let acts = flow(&[unit(TITULAIRE, "N-1", "COMPLETEE", "pièce jointe", TITULAIRE)]);
    let wrong = one("N-2", "VALIDEE_1", "", TITULAIRE);
    let lot = tgz(&[("a.xml", &acts), ("b.xml", &a4("N-1")), ("c.xml", &a4("N-2")), ("d.xml", &wrong)]);
    h.drop_file("edi", "alpha", "lot", &lot);
    let tally = h.batch();
    assert_eq!((tally.pieces, tally.accepted, tally.acts, tally.acts_refused, tally.refused), (2, 2, 0, 2, 0));
    let told = h.told("lot");
    assert_eq!((told.outcome.as_str(), told.errors), ("partial", vec!["T-42".to_owned()]), "{}", told.findings);
    let report = text(&w.tray("alpha", "comptes-rendus").concat());
    assert!(report.contains("lot!d.xml") && report.contains("partial 2/4"), "{report}");
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn an_ambiguous_number_needs_a_date() {
    let w = world("");
    let mut h = house(&w);
    let older = text(&a4("N-1")).replace("2026-03-31", "2025-12-31");
    h.drop_file("edi", "alpha", "F1", older.as_bytes());
    h.drop_file("edi", "alpha", "F2", &a4("N-1"));
    h.drop_file("edi", "beta", "act", &one("N-1", "SUSPENDUE", "AUTRE: métré ?", MOE));
    h.batch();
    let told = h.told("act");
    assert_eq!(told.errors, ["T-41"]);
    assert!(told.findings.contains("2025-12-31") && told.findings.contains("2026-03-31"), "{}", told.findings);
    let dated = text(&one("N-1", "SUSPENDUE", "AUTRE: métré ?", MOE))
        .replace("</IdFacture>", "</IdFacture><DateFacture>2025-12-31</DateFacture>");
    h.drop_file("edi", "beta", "dated", dated.as_bytes());
    assert_eq!(h.batch().acts, 1, "{:?}", h.told("dated"));
    let moved: String =
        h.ledger().query_row("SELECT issued FROM piece WHERE status = 'SUSPENDUE'", [], |r| r.get(0)).unwrap();
    assert_eq!(moved, "2025-12-31");
}

#[test]
fn a_refused_pièce_frees_its_number_and_what_it_took() {
    let w = world("");
    let mut h = house(&w);
    let moe = |xml: Vec<u8>| text(&xml).into_bytes();
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("portail", "beta", "F2", &moe(citing("A15", "E-1", "N-1")));
    h.batch();
    assert_eq!(
        (h.told("F2").outcome.as_str(), state(&h, "N-1").0.as_str()),
        ("accepted", "ASSOCIEE"),
        "{:?}",
        h.told("F2")
    );
    h.drop_file("edi", "gamma", "act", &one("E-1", "REFUSEE_MOA", "AUTRE: révision fausse", MOA));
    assert_eq!(h.batch().acts, 1, "{:?}", h.told("act"));
    assert_eq!(state(&h, "E-1"), ("REFUSEE_MOA".to_owned(), None));
    assert_eq!(state(&h, "N-1"), ("MISE_A_DISPOSITION_MOE".to_owned(), Some(MOE.to_owned())), "free again");
    // The chain begins again, under the same number.
    let again = text(&citing("A15", "E-1", "N-1"))
        .replace("100.00", "90.00")
        .replace("120.00", "108.00")
        .replace("20.00<", "18.00<");
    h.drop_file("portail", "beta", "F3", again.as_bytes());
    h.batch();
    assert_eq!(h.told("F3").outcome, "accepted", "{:?}", h.told("F3"));
    assert_eq!((state(&h, "N-1").0.as_str(), state(&h, "E-1").0.as_str()), ("ASSOCIEE", "MISE_A_DISPOSITION_MOA"));
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn a_wrong_moe_is_corrected_by_the_depositor_and_the_right_one_gets_the_bytes() {
    let w = world_without_moe();
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("edi", "beta", "act", &one("N-1", "ERREUR_FOURNISSEUR_SUR_MOE", "MAUVAISE_MOE: pas notre marché", MOE));
    h.batch();
    assert_eq!(state(&h, "N-1"), ("ERREUR_FOURNISSEUR_SUR_MOE".to_owned(), Some(TITULAIRE.to_owned())));
    let (piece, before) = (id(&h, "N-1"), dump(&h));
    #[rustfmt::skip]
    let wrong: [(Act, &[&str]); 8] = [
        (act(&piece, "correct", TITULAIRE),                               &["T-47"]),
        (set(act(&piece, "correct", TITULAIRE), "moe", MOE),              &["T-47"]),
        (set(act(&piece, "correct", TITULAIRE), "moa", NEW_MOE),          &["T-47"]),
        (set(act(&piece, "correct", TITULAIRE), "moe", "12345678901234"), &["T-14"]),
        (set(act(&piece, "correct", TITULAIRE), "moe", "92010003900014"), &["T-15"]),
        (set(act(&piece, "correct", TITULAIRE), "moe", "11000201100044"), &["T-14"]),
        (set(act(&piece, "correct", OTHER), "moe", NEW_MOE),              &["T-43"]),
        (set(act(&piece, "complete", TITULAIRE), "moe", NEW_MOE),         &["T-42"]),
    ];
    for (asked, rules) in wrong {
        assert_eq!(refused(&h.act(asked.clone())), rules, "{asked:?}");
        assert_eq!(dump(&h), before, "{asked:?}");
    }
    assert_eq!(w.tray("epsilon", "pieces").len(), 0);
    let done = h.act(set(act(&piece, "correct", TITULAIRE), "moe", NEW_MOE));
    assert_eq!(done, Answer::Acted { status: "MISE_A_DISPOSITION_MOE".to_owned() });
    assert_eq!(state(&h, "N-1"), ("MISE_A_DISPOSITION_MOE".to_owned(), Some(NEW_MOE.to_owned())));
    assert_eq!(w.tray("epsilon", "pieces").iter().map(|b| sha256(b)).collect::<Vec<_>>(), [sha256(&a4("N-1"))]);
    // Whoever had it is told that it is gone on; whoever has it was never told of what came before.
    assert!(text(&w.tray("beta", "statuts").concat()).matches("MISE_A_DISPOSITION_MOE").count() == 2);
    assert!(!text(&w.tray("epsilon", "statuts").concat()).contains("ERREUR_FOURNISSEUR_SUR_MOE"));
    // The new MOE acts, the old one no more.
    assert_eq!(
        refused(&h.act(Act { comment: Some("non".into()), motif: Some("AUTRE".into()), ..act(&piece, "refuse", MOE) })),
        ["T-43"]
    );
    assert_eq!(
        refused(&h.act(Act {
            comment: Some("non".into()),
            motif: Some("AUTRE".into()),
            ..act(&piece, "refuse", NEW_MOE)
        })),
        Vec::<String>::new()
    );
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn the_original_must_be_there_to_be_handed_on() {
    let w = world_without_moe();
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("edi", "beta", "act", &one("N-1", "ERREUR_FOURNISSEUR_SUR_MOE", "MAUVAISE_MOE", MOE));
    h.batch();
    let piece = id(&h, "N-1");
    let filed: String =
        h.ledger().query_row("SELECT filed FROM flow WHERE name = 'F1'", [], |r| r.get(0)).unwrap_or_else(|_| {
            h.ledger().query_row("SELECT filed FROM flow WHERE CAST(name AS TEXT) = 'F1'", [], |r| r.get(0)).unwrap()
        });
    let (path, aside) = (w.path("spool").join(&filed), w.path("aside"));
    fs::rename(&path, &aside).unwrap();
    let before = dump(&h);
    let asked = set(act(&piece, "correct", TITULAIRE), "moe", NEW_MOE);
    assert_eq!(refused(&h.act(asked.clone())), ["T-49"]);
    assert_eq!(dump(&h), before);
    // One that was altered is none.
    fs::write(&path, a4("N-2")).unwrap();
    assert_eq!(refused(&h.act(asked.clone())), ["T-49"]);
    fs::rename(&aside, &path).unwrap();
    assert_eq!(refused(&h.act(asked)), Vec::<String>::new());
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn a_pièce_of_an_archive_is_handed_on_by_itself() {
    let w = world_without_moe();
    let mut h = house(&w);
    let lot = tgz(&[("a.xml", &a4("N-1")), ("b.xml", &a4("N-2"))]);
    h.drop_file("edi", "alpha", "lot", &lot);
    h.drop_file("edi", "beta", "act", &one("N-2", "ERREUR_FOURNISSEUR_SUR_MOE", "MAUVAISE_MOE", MOE));
    h.batch();
    let piece = id(&h, "N-2");
    assert_eq!(refused(&h.act(set(act(&piece, "correct", TITULAIRE), "moe", NEW_MOE))), Vec::<String>::new());
    assert_eq!(w.tray("epsilon", "pieces"), [a4("N-2")]);
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn what_completes_a_pièce_reaches_whoever_has_it_then_and_later() {
    let w = world_without_moe();
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("edi", "beta", "act", &one("N-1", "SUSPENDUE", "AUTRE: métré ?", MOE));
    h.batch();
    let piece = id(&h, "N-1");
    let file = |name: &str, bytes: &[u8]| {
        let path = w.path(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let (metre, empty, exe) = (file("metre.pdf", b"12 m3"), file("vide.pdf", b""), file("macro.exe", b"MZ"));
    let complete = |paths: &[&std::path::PathBuf]| Act {
        attach: paths.iter().map(|p| (*p).clone()).collect(),
        ..act(&piece, "complete", TITULAIRE)
    };
    let before = dump(&h);
    assert_eq!(refused(&h.act(complete(&[]))), ["T-45"], "neither comment nor file");
    assert_eq!(refused(&h.act(complete(&[&empty]))), ["C-09"]);
    assert_eq!(refused(&h.act(complete(&[&exe]))), ["C-08"]);
    assert_eq!(dump(&h), before);
    assert_eq!(refused(&h.act(complete(&[&metre]))), Vec::<String>::new());
    assert_eq!(
        w.tray("beta", "pieces"),
        [a4("N-1"), b"12 m3".to_vec()],
        "the MOE gets what was added, and no second copy"
    );
    // Sent on to another MOE, it takes the supplement along.
    assert_eq!(
        refused(&h.act(Act { motif: Some("MAUVAISE_MOE".into()), ..act(&piece, "refuse", MOE) })),
        Vec::<String>::new()
    );
    assert_eq!(refused(&h.act(set(act(&piece, "correct", TITULAIRE), "moe", NEW_MOE))), Vec::<String>::new());
    assert_eq!(w.tray("epsilon", "pieces"), [a4("N-1"), b"12 m3".to_vec()]);
    assert_eq!(h.problems(), Vec::<String>::new());
    // Only a completion adds something.
    let refuse = Act {
        motif: Some("AUTRE".into()),
        comment: Some("non".into()),
        attach: vec![metre],
        ..act(&piece, "refuse", NEW_MOE)
    };
    assert_eq!(refused(&h.act(refuse)), ["T-45"]);
    // What was added cannot be changed unseen.
    h.ledger().execute_batch("DROP TRIGGER supplement_fixed; UPDATE supplement SET bytes = x'00'").unwrap();
    assert!(!h.problems().is_empty());
}

#[test]
fn payment_goes_forward_only() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("portail", "beta", "F2", &citing("A15", "E-1", "N-1"));
    h.drop_file("portail", "gamma", "F3", &citing("A19", "V-1", "E-1"));
    h.batch();
    assert_eq!(state(&h, "V-1"), ("MISE_A_DISPOSITION".to_owned(), Some(MOA.to_owned())), "{:?}", h.told("F3"));
    #[rustfmt::skip]
    let acts = [
        ("PRISE_EN_COMPTE_DESTINATAIRE", true), ("SERVICE_FAIT", true), ("PRISE_EN_COMPTE_DESTINATAIRE", false),
        ("MANDATEE", true), ("SERVICE_FAIT", false), ("MISE_EN_PAIEMENT", true), ("COMPTABILISEE", false), ("MISE_EN_PAIEMENT", false),
    ];
    for (n, (status, good)) in acts.iter().enumerate() {
        let name = format!("pay-{n}");
        h.drop_file("edi", "gamma", &name, &one("V-1", status, &format!("{n}"), MOA));
        h.batch();
        let told = h.told(&name);
        assert_eq!(told.outcome == "accepted", *good, "{status}: {}", told.findings);
    }
    assert_eq!(state(&h, "V-1"), ("MISE_EN_PAIEMENT".to_owned(), None));
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn recycling_changes_the_address_and_nothing_else() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("portail", "beta", "F2", &citing("A15", "E-1", "N-1"));
    h.drop_file("portail", "gamma", "F3", &citing("A19", "V-1", "E-1"));
    h.drop_file("edi", "gamma", "act", &one("V-1", "A_RECYCLER", "le service a changé", MOA));
    h.batch();
    assert_eq!(state(&h, "V-1"), ("A_RECYCLER".to_owned(), Some(MOA.to_owned())), "{:?}", h.told("act"));
    let piece = id(&h, "V-1");
    assert_eq!(refused(&h.act(set(act(&piece, "correct", MOA), "service", "NULLE_PART"))), ["T-17"]);
    assert_eq!(refused(&h.act(set(act(&piece, "correct", MOA), "service", "CLOS"))), ["T-18"]);
    assert_eq!(refused(&h.act(set(act(&piece, "correct", MOA), "moe", NEW_MOE))), ["T-47"]);
    assert_eq!(refused(&h.act(set(act(&piece, "correct", MOA), "siret", ""))), ["T-47"]);
    let right = set(set(act(&piece, "correct", MOA), "service", "TRAVAUX"), "engagement", "E-2026-7");
    assert_eq!(refused(&h.act(right)), Vec::<String>::new());
    let row = h.piece(&piece);
    assert_eq!((row.service.as_deref(), row.engagement.as_deref()), (Some("TRAVAUX"), Some("E-2026-7")));
    assert_eq!(state(&h, "V-1").0, "MISE_A_DISPOSITION");
    assert_eq!(h.problems(), Vec::<String>::new());
    // Whoever changes what was corrected is found out.
    h.ledger().execute("UPDATE piece SET service = 'CLOS' WHERE id = ?", [&piece]).unwrap();
    assert!(!h.problems().is_empty());
}

/// An A10 of the sous-traitant's, which TITULAIRE validates.
fn a10(number: &str) -> Vec<u8> {
    text(&invoice("A10", number, OTHER))
        .replace(
            &format!("<cac:AgentParty><cac:PartyIdentification><cbc:ID schemeName=\"1\">{MOE}"),
            &format!("<cac:AgentParty><cac:PartyIdentification><cbc:ID schemeName=\"1\">{TITULAIRE}"),
        )
        .into_bytes()
}

#[test]
fn a_silent_valideur_is_passed_over_after_fifteen_days_in_paris() {
    // Deposited on the eve of the change to winter time; the sixteenth day begins at midnight, Paris time.
    for (deposit, eve, day) in [
        ("2026-10-24T23:59:59+02:00", "2026-11-08T23:59:59+01:00", "2026-11-09T00:00:00+01:00"),
        ("2026-03-27T00:00:00+01:00", "2026-04-11T23:59:59+02:00", "2026-04-12T00:00:00+02:00"),
    ] {
        let w = world("");
        let mut h = House::open(w.dir.path(), deposit);
        let bytes = text(&a10("ST-1")).replace("2026-03-31", "2026-03-01").into_bytes();
        h.drop_file("edi", "delta", "F1", &bytes);
        h.batch();
        assert_eq!(state(&h, "ST-1"), ("A_VALIDER_1".to_owned(), Some(TITULAIRE.to_owned())), "{:?}", h.told("F1"));
        h.wait_until(eve);
        assert_eq!(h.batch().delays, 0, "{deposit}");
        h.wait_until(day);
        assert_eq!(h.batch().delays, 1, "{deposit}");
        let all = statuses(&h, "ST-1");
        assert_eq!(all[all.len() - 2..], ["ABSENCE_VALIDATION_1_HORS_DELAI", "MISE_A_DISPOSITION_MOE"]);
        assert_eq!(state(&h, "ST-1").1.as_deref(), Some(MOE));
        assert_eq!(w.tray("beta", "pieces"), [bytes], "the MOE has it now");
        // Too late.
        h.drop_file("edi", "delta", "act", &flow(&[unit(OTHER, "ST-1", "VALIDEE_1", "", TITULAIRE)]));
        h.batch();
        assert_eq!(h.told("act").errors, ["T-42"]);
        assert_eq!(h.problems(), Vec::<String>::new());
    }
}

#[test]
fn an_act_that_was_dropped_in_time_goes_before_the_delay() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "delta", "F1", &a10("ST-1"));
    h.batch();
    h.wait_until("2026-12-24T12:00:00+01:00");
    h.drop_file("edi", "delta", "act", &flow(&[unit(OTHER, "ST-1", "VALIDEE_1", "", TITULAIRE)]));
    let tally = h.batch();
    assert_eq!((tally.acts, tally.delays), (1, 0), "{:?}", h.told("act"));
    assert!(statuses(&h, "ST-1").contains(&"VALIDEE_1".to_owned()));
}

#[test]
fn a_delay_waits_for_bytes_that_are_not_there_and_costs_the_others_nothing() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "delta", "F1", &a10("ST-1"));
    h.drop_file("edi", "delta", "F2", &a10("ST-2"));
    h.batch();
    let sql = "SELECT filed FROM flow WHERE CAST(name AS TEXT) = 'F1'";
    let filed = w.path("spool").join(h.ledger().query_row(sql, [], |r| r.get::<_, String>(0)).unwrap());
    fs::rename(&filed, w.path("aside")).unwrap();
    h.wait_until("2026-12-24T12:00:00+01:00");
    assert_eq!(h.batch().delays, 1);
    assert_eq!((state(&h, "ST-1").0.as_str(), state(&h, "ST-2").0.as_str()), ("A_VALIDER_1", "MISE_A_DISPOSITION_MOE"));
    fs::rename(w.path("aside"), &filed).unwrap();
    drop(h);
    let mut h = House::open(w.dir.path(), "2026-12-24T13:00:00+01:00");
    assert_eq!(h.batch().delays, 1);
    assert_eq!(state(&h, "ST-1").0, "MISE_A_DISPOSITION_MOE");
}

#[test]
fn acts_may_be_more_than_a_flow_may_bring() {
    let w = world("[limits]\npieces = 3\n");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    let units: Vec<String> = (0..4).map(|_| unit(TITULAIRE, "N-1", "SUSPENDUE", "AUTRE: x", MOE)).collect();
    h.drop_file("edi", "beta", "many", &flow(&units));
    h.batch();
    assert_eq!(h.told("many").errors, ["X-22"], "{:?}", h.told("many"));
    assert_eq!(state(&h, "N-1").0, "MISE_A_DISPOSITION_MOE");
}

#[test]
fn a_report_is_no_act_and_a_pdf_brings_none() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.batch();
    let report = w.tray("alpha", "comptes-rendus").remove(0);
    h.drop_file("edi", "alpha", "report", &report);
    h.batch();
    let told = h.told("report");
    assert_eq!((told.outcome.as_str(), told.errors), ("refused", vec!["L-04".to_owned()]), "{}", told.findings);
    // A status flow of ours, sent back as it is, asks for what only guichet does.
    let statuts = w.tray("alpha", "statuts").remove(0);
    h.drop_file("edi", "alpha", "echo", &statuts);
    h.batch();
    assert_eq!(h.told("echo").errors, ["T-42", "T-48"], "{}", h.told("echo").findings);
    let pdf = common::pdf::Pdf::new(&[("factur-x.xml", &one("N-1", "SUSPENDUE", "AUTRE: x", MOE))]).bytes();
    h.drop_file("edi", "beta", "acts.pdf", &pdf);
    h.batch();
    assert_eq!(h.told("acts.pdf").errors, ["L-04"], "{}", h.told("acts.pdf").findings);
    assert_eq!(state(&h, "N-1").0, "MISE_A_DISPOSITION_MOE");
}

#[test]
fn by_command() {
    let mut w = world("");
    w.drop_file("edi", "alpha", "F1", &a4("N-1"));
    w.batch();
    let piece = format!("{TITULAIRE}/N-1");
    let run = |args: &[&str]| {
        let out = w.run(&[&["act", &piece], args].concat());
        (out.status.code(), text(&out.stdout), text(&out.stderr))
    };
    let (code, _, err) = run(&["approve", "--as", MOE]);
    assert_eq!(code, Some(2));
    assert!(err.contains("take-into-account") && !err.contains("silence"), "{err}");
    let (code, _, err) = run(&["correct", "--as", MOE, "--set", "amount=3"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("engagement"), "{err}");
    let (code, out, err) = run(&["refuse", "--as", MOE]);
    assert_eq!(code, Some(1), "the motif is missing");
    assert!(out.contains("no") && err.contains("T-44") && err.contains("AUTRE"), "{out}{err}");
    let (code, out, _) = run(&["refuse", "--as", MOE, "--motif", "ERREUR_MONTANT", "--format", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &answer["done"], &answer["findings"][0]["rule"]),
        (Some(1), &false.into(), &"T-46".into()),
        "redirected"
    );
    let (code, ..) = run(&["refuse", "--as", MOA, "--motif", "AUTRE", "--comment", "non"]);
    assert_eq!(code, Some(1), "not theirs");
    let (code, out, err) = run(&["suspend", "--as", MOE, "--comment", "métré ?"]);
    assert_eq!(code, Some(0), "{out}{err}");
    let (code, _, err) = run(&["complete", "--as", TITULAIRE, "--attach", "nowhere.pdf"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("nowhere.pdf"), "{err}");
    assert_eq!(w.run(&["act", "p-0000000000000000", "pay", "--as", MOA]).status.code(), Some(2));
    // By the daemon at work it is the same.
    let mut daemon = w.guichet(&["run"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !w.path("spool/guichet.sock").exists() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    fs::write(w.path("metre.csv"), "12;m3\n").unwrap();
    let (code, out, err) = run(&["complete", "--as", TITULAIRE, "--attach", "metre.csv", "--format", "json"]);
    let pid = rustix::process::Pid::from_child(&daemon);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    daemon.wait().unwrap();
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    assert_eq!((code, &answer["status"]), (Some(0), &"MISE_A_DISPOSITION_MOE".into()), "{err}");
    assert_eq!(w.tray("beta", "pieces").last().unwrap(), b"12;m3\n");
    assert_eq!(w.violations(true), Vec::<String>::new());
}

#[test]
fn a_clock_that_is_set_back_moves_nothing_early_and_no_event_back() {
    let w = world("");
    let mut h = House::open(w.dir.path(), "2026-11-20T12:00:00+01:00");
    h.drop_file("edi", "delta", "F1", &a10("ST-1"));
    h.batch();
    drop(h);
    // Three weeks back: whatever happens now happens when the ledger last knew the time.
    let mut h = House::open(w.dir.path(), "2026-11-01T12:00:00+01:00");
    let acts = [unit(OTHER, "ST-1", "VALIDEE_1", "", TITULAIRE)];
    assert_eq!(h.batch().delays, 0);
    h.drop_file("edi", "delta", "F2", &a10("ST-2"));
    h.drop_file("edi", "delta", "act", &flow(&acts));
    assert_eq!(h.batch().acts, 1, "{:?}", h.told("act"));
    let back = "SELECT count(*) FROM event e JOIN event f ON f.seq = e.seq + 1 WHERE f.at < e.at";
    assert_eq!(h.ledger().query_row(back, [], |r| r.get::<_, i64>(0)).unwrap(), 0);
    assert_eq!(h.problems(), Vec::<String>::new());
    drop(h);
    // And once it is right again the delay is counted from there.
    let mut h = House::open(w.dir.path(), "2026-12-05T23:59:59+01:00");
    assert_eq!(h.batch().delays, 0);
    h.wait_until("2026-12-06T00:00:00+01:00");
    assert_eq!(h.batch().delays, 1);
    assert_eq!(state(&h, "ST-2").0, "MISE_A_DISPOSITION_MOE");
}

#[test]
fn a_marché_that_is_closed_or_changed_leaves_pièces_under_way_with_who_has_them() {
    let w = world("");
    let mut h = house(&w);
    for (name, number) in [("F1", "N-1"), ("F2", "N-2")] {
        h.drop_file("edi", "alpha", name, &a4(number));
    }
    h.batch();
    drop(h);
    let path = w.path("annuaire/marches.toml");
    let sheet = fs::read_to_string(&path).unwrap();
    // Another MOE from now on, and the marché is over.
    let changed = sheet.replace(&format!("moe = \"{MOE}\"\n"), &format!("moe = \"{NEW_MOE}\"\nends = 2026-06-30\n"));
    assert_ne!(changed, sheet);
    fs::write(&path, &changed).unwrap();
    let mut h = House::open(w.dir.path(), "2026-11-03T12:00:00+01:00");
    h.drop_file("edi", "beta", "act", &one("N-1", "REFUSEE_MOE", "AUTRE: en double", MOE));
    h.drop_file("edi", "beta", "wrong", &one("N-2", "ERREUR_FOURNISSEUR_SUR_MOE", "MAUVAISE_MOE", MOE));
    assert_eq!(h.batch().acts, 2, "{:?} {:?}", h.told("act"), h.told("wrong"));
    // What is corrected is judged by the sheet as it is now.
    let piece = id(&h, "N-2");
    assert_eq!(refused(&h.act(set(act(&piece, "correct", TITULAIRE), "moe", MOA))), ["T-22"]);
    assert_eq!(refused(&h.act(set(act(&piece, "correct", TITULAIRE), "moe", NEW_MOE))), Vec::<String>::new());
    assert_eq!(state(&h, "N-2"), ("MISE_A_DISPOSITION_MOE".to_owned(), Some(NEW_MOE.to_owned())));
    drop(h);
    // Even without a sheet they go on.
    fs::write(&path, "").unwrap();
    let mut h = House::open(w.dir.path(), "2026-11-20T12:00:00+01:00");
    assert_eq!(h.batch().delays, 1, "the MOE's seven days");
    h.drop_file("edi", "epsilon", "last", &one("N-2", "SUSPENDUE", "AUTRE: métré ?", NEW_MOE));
    assert_eq!(h.batch().acts, 1, "{:?}", h.told("last"));
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn what_an_act_says_is_bounded() {
    let w = world("[limits]\npieces = 5\n");
    let mut h = house(&w);
    // A number that is none: quoted, cut, and told a few times only.
    let long = "\u{202e}".repeat(80_000);
    h.drop_file("edi", "beta", "long", &flow(&[unit(TITULAIRE, &long, "SUSPENDUE", "AUTRE: x", MOE)]));
    h.batch();
    let told = h.told("long");
    assert_eq!((told.outcome.as_str(), &told.errors), ("refused", &vec!["L-04".to_owned()]));
    assert!(told.findings.len() < 20_000, "{}", told.findings.len());
    // So many acts a flow, however many documents they come in.
    let acts = flow(&vec![unit(TITULAIRE, "N-1", "SUSPENDUE", "AUTRE: x", MOE); 3]);
    h.drop_file("edi", "beta", "lot", &tgz(&[("a.xml", &acts), ("b.xml", &acts)]));
    h.batch();
    assert_eq!(h.told("lot").errors, ["X-22"], "{:?}", h.told("lot"));
}

#[test]
fn a_comment_in_capitals_is_no_motif() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "delta", "F1", &a10("ST-1"));
    h.drop_file("edi", "delta", "act", &flow(&[unit(OTHER, "ST-1", "VALIDEE_1", "CONFORME", TITULAIRE)]));
    assert_eq!(h.batch().acts, 1, "{:?}", h.told("act"));
    let said = "SELECT comment FROM event WHERE status = 'VALIDEE_1'";
    assert_eq!(h.ledger().query_row(said, [], |r| r.get::<_, String>(0)).unwrap(), "CONFORME");
}

#[test]
fn a_refusal_by_flow_gives_its_motif_too() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("edi", "beta", "act", &one("N-1", "REFUSEE_MOE", "montant faux, voir courrier", MOE));
    h.batch();
    assert_eq!(h.told("act").errors, ["T-44"]);
    assert_eq!(state(&h, "N-1").0, "MISE_A_DISPOSITION_MOE");
}

#[test]
fn whoever_changes_the_routing_of_a_pièce_is_found_out() {
    for (datum, value) in
        [("moe", NEW_MOE), ("moa", OTHER), ("destinataire", OTHER), ("service", "X"), ("valideur2", OTHER)]
    {
        let w = world("");
        let mut h = house(&w);
        h.drop_file("edi", "alpha", "F1", &a4("N-1"));
        h.drop_file("edi", "beta", "act", &one("N-1", "SUSPENDUE", "AUTRE: métré ?", MOE));
        h.batch();
        assert_eq!(h.problems(), Vec::<String>::new());
        h.ledger().execute(&format!("UPDATE piece SET {datum} = ?"), [value]).unwrap();
        assert!(!h.problems().is_empty(), "{datum}");
    }
}

#[test]
fn a_mistaken_refusal_goes_back_where_the_sheet_says_it_belongs() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("edi", "beta", "act", &one("N-1", "ERREUR_FOURNISSEUR_SUR_MOE", "MAUVAISE_MOE", MOE));
    h.batch();
    let piece = id(&h, "N-1");
    assert_eq!(refused(&h.act(set(act(&piece, "correct", TITULAIRE), "moe", NEW_MOE))), ["T-22"]);
    assert_eq!(refused(&h.act(act(&piece, "correct", TITULAIRE))), Vec::<String>::new());
    assert_eq!(state(&h, "N-1"), ("MISE_A_DISPOSITION_MOE".to_owned(), Some(MOE.to_owned())));
    assert_eq!(w.tray("beta", "pieces").len(), 1, "it has the bytes already");
    assert_eq!(h.problems(), Vec::<String>::new());
}

#[test]
fn what_is_no_file_cannot_hold_the_counter_up() {
    let w = world("");
    let mut h = house(&w);
    h.drop_file("edi", "alpha", "F1", &a4("N-1"));
    h.drop_file("edi", "beta", "act", &one("N-1", "SUSPENDUE", "AUTRE: métré ?", MOE));
    h.batch();
    let fifo = w.path("fifo.pdf");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let asked = Act { attach: vec![fifo], ..act(&id(&h, "N-1"), "complete", TITULAIRE) };
    assert!(matches!(h.act(asked), Answer::No { .. }));
}
