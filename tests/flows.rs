//! `flows` and `flow`: what came in, what became of it, how many are in each state, what was sent back.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{OTHER, World, a4, invoice, text};
use guichet::ledger::{FlowCriteria, LedgerReader};
use serde_json::{Value, json};

/// An accepted flow, its duplicate, a refused one, a held one, and another partner's; a batch each.
fn world() -> World {
    let mut w = World::new();
    let name = "F\u{1b}4";
    let drops: [(&str, &str, Vec<u8>); 5] = [
        ("alpha", "F1", a4("N-1")),
        ("alpha", "F2", a4("N-1")),
        ("alpha", "F3", invoice("A4", "N-2", OTHER)),
        ("alpha", name, b"noise".to_vec()),
        ("delta", "F5", a4("N-5")),
    ];
    for (partner, name, bytes) in drops {
        w.drop_file("edi", partner, name, &bytes);
        w.batch();
    }
    w
}

fn rows(w: &World, args: &[&str]) -> Vec<Value> {
    let out = w.run(&[&["flows", "--format", "json"], args].concat());
    assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    text(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(w: &World, args: &[&str]) -> Vec<String> {
    rows(w, args).iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_row_says_what_became_of_a_flow() {
    let w = world();
    let all = rows(&w, &[]);
    let told = |n: usize| ["name", "partner", "state", "pieces", "accepted", "errors"].map(|key| all[n][key].clone());
    assert_eq!(told(0), [json!("F1"), json!("alpha"), json!("accepted"), json!(1), json!(1), json!(0)]);
    assert_eq!(told(1)[..5], [json!("F2"), json!("alpha"), json!("duplicate"), json!(0), json!(0)]);
    assert_eq!(told(2)[..5], [json!("F3"), json!("alpha"), json!("refused"), json!(1), json!(0)]);
    assert_eq!(told(3)[..5], [json!("F\\u{1b}4"), json!("alpha"), json!("held"), json!(0), json!(0)]);
    assert_eq!(all[1]["first"], all[0]["flow"]);
    assert!(all[2]["errors"].as_u64() > Some(0) && all[3]["errors"].as_u64() > Some(0));
    let (received, decided) = (all[0]["received"].as_str().unwrap(), all[0]["decided"].as_str().unwrap());
    assert!(received <= decided && received[..10] == decided[..10], "{received} {decided}");
    // The report is in the partner's tray under this name.
    for row in &all {
        let (partner, report) = (row["partner"].as_str().unwrap(), row["report"].as_str().unwrap());
        assert!(w.path(&format!("spool/out/{partner}/comptes-rendus/{report}")).exists(), "{report}");
    }
}

#[test]
fn criteria_hold_together_and_pages_are_the_whole() {
    let w = world();
    let today = rows(&w, &[])[0]["decided"].as_str().unwrap()[..10].to_owned();
    #[rustfmt::skip]
    let cases: &[(&[&str], &[&str])] = &[
        (&[],                                               &["F1", "F2", "F3", "F\\u{1b}4", "F5"]),
        (&["--partner", "alpha"],                           &["F1", "F2", "F3", "F\\u{1b}4"]),
        (&["--partner", "gamma"],                           &[]),
        (&["--state", "accepted"],                          &["F1", "F5"]),
        (&["--state", "accepted", "--partner", "delta"],    &["F5"]),
        (&["--state", "requeued"],                          &[]),
        (&["--from", &today],                               &["F1", "F2", "F3", "F\\u{1b}4", "F5"]),
        (&["--to", &today, "--state", "held"],              &["F\\u{1b}4"]),
        (&["--to", "2020-12-31"],                           &[]),
        (&["--from", "2099-01-01"],                         &[]),
        (&["--limit", "2"],                                 &["F1", "F2"]),
        (&["--limit", "0"],                                 &[]),
    ];
    for (args, expected) in cases {
        assert_eq!(names(&w, args), *expected, "{args:?}");
    }
    let mut pages = Vec::new();
    while let Some(last) = {
        let after: Vec<&str> =
            pages.last().map(|row: &Value| vec!["--after", row["flow"].as_str().unwrap()]).unwrap_or_default();
        let page = rows(&w, &[&["--limit", "2"], &after[..]].concat());
        pages.extend(page.iter().cloned());
        page.into_iter().next_back()
    } {
        assert_eq!(pages.last(), Some(&last));
    }
    assert_eq!(pages, rows(&w, &[]));
    assert_eq!(w.run(&["flows", "--after", "f-nowhere"]).status.code(), Some(2));
    assert_eq!(w.run(&["flows", "--state", "lost"]).status.code(), Some(2));
}

#[test]
fn states_are_counted_whatever_the_page() {
    let w = world();
    let table = text(&w.run(&["flows", "--limit", "1"]).stdout);
    assert!(table.ends_with("\n\naccepted 2 · refused 1 · held 1 · duplicate 1\n"), "{table}");
    let csv = text(&w.run(&["flows", "--counts", "--format", "csv", "--partner", "alpha"]).stdout);
    assert_eq!(csv, "state;flows\r\naccepted;1\r\npartial;0\r\nrefused;1\r\nheld;1\r\nduplicate;1\r\nrequeued;0\r\n");
    assert_eq!(w.run(&["flows", "--counts", "--limit", "1"]).status.code(), Some(2), "a count has no pages");
    // Data in other formats is rows only.
    assert_eq!(text(&w.run(&["flows", "--format", "csv"]).stdout).lines().count(), 6);
}

#[test]
fn a_flow_is_shown_with_its_findings_its_pieces_and_what_was_sent_back() {
    let w = world();
    let all = rows(&w, &[]);
    let one = |n: usize, lang: &str| {
        let id = all[n]["flow"].as_str().unwrap();
        let out = w.run(&["flow", id, "--format", "json", "--lang", lang]);
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let accepted = one(0, "en");
    let sent: Vec<(&str, &str)> = accepted["sent"].as_array().unwrap().iter().map(to_whom).collect();
    assert_eq!(sent[..1], [("beta", "pieces")], "{sent:?}");
    assert!(sent.contains(&("alpha", "comptes-rendus")), "{sent:?}");
    assert_eq!(accepted["documents"][0]["number"], "N-1");
    assert_eq!(accepted["trail"][0]["status"], "accepted");
    let (english, french) = (one(2, "en"), one(2, "fr"));
    assert_eq!(english["documents"][0]["status"], "REFUSEE_CONTROLE");
    assert_eq!(english["findings"][0]["rule"], french["findings"][0]["rule"]);
    assert_ne!(english["findings"][0]["message"], french["findings"][0]["message"]);
    assert!(english["findings"][0]["line"].is_u64(), "{english}");
    let table = text(&w.run(&["flow", all[2]["flow"].as_str().unwrap(), "--lang", "fr"]).stdout);
    let rule = french["findings"][0]["rule"].as_str().unwrap();
    for part in
        ["Constats", &format!("erreur[{rule}]"), "= aide : ", "Renvoyé", "comptes-rendus", "refusée au contrôle"]
    {
        assert!(table.contains(part), "{part}: {table}");
    }
    let unknown = w.run(&["flow", "f-nowhere"]);
    assert_eq!((unknown.status.code(), text(&unknown.stdout)), (Some(2), String::new()));
    assert!(text(&unknown.stderr).contains("guichet flows"), "{}", text(&unknown.stderr));
}

fn to_whom(sent: &Value) -> (&str, &str) {
    (sent["partner"].as_str().unwrap(), sent["tray"].as_str().unwrap())
}

#[test]
fn a_later_event_changes_the_state() {
    let w = world();
    let held = rows(&w, &["--state", "held"])[0]["flow"].as_str().unwrap().to_owned();
    let ledger = rusqlite::Connection::open(w.path("spool/guichet.db")).unwrap();
    ledger
        .execute(
            "INSERT INTO event (subject, n, status, at, by, hash) VALUES (?, 2, 'requeued', 1793608200000, 'ops', x'00')",
            [&held],
        )
        .unwrap();
    assert_eq!(names(&w, &["--state", "held"]), Vec::<String>::new());
    assert_eq!(names(&w, &["--state", "requeued", "--partner", "alpha"]), ["F\\u{1b}4"]);
    assert_eq!(rows(&w, &[])[3]["state"], "requeued");
    let table = text(&w.run(&["flows", "--partner", "alpha"]).stdout);
    assert!(table.ends_with("accepted 1 · refused 1 · duplicate 1 · requeued 1\n"), "{table}");
    let told = text(&w.run(&["flow", &held]).stdout);
    assert!(told.contains("Trail") && told.contains("ops"), "{told}");
}

#[test]
fn a_page_of_flows_is_read_from_an_index_in_order() {
    let w = world();
    let ledger = LedgerReader::open(&w.path("spool/guichet.db")).unwrap();
    let some = |s: &str| Some(s.to_owned());
    let from = Some(guichet::clock::Instant(0));
    #[rustfmt::skip]
    let cases = [
        ("flow_outcome", FlowCriteria { ..FlowCriteria::default() }),
        ("flow_outcome", FlowCriteria { state: some("held"), from, ..FlowCriteria::default() }),
        ("flow_partner", FlowCriteria { partner: some("alpha"), ..FlowCriteria::default() }),
        ("flow_partner", FlowCriteria { partner: some("alpha"), state: some("refused"), from, ..FlowCriteria::default() }),
    ];
    for (index, criteria) in cases {
        let plan = ledger.flows_plan(&criteria).unwrap().join("\n");
        println!("{plan}\n");
        assert!(plan.contains(index) && !plan.contains("SCAN flow") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}
