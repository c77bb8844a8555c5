//! `check` and `rules` from outside: the keys of contract §3, the order given, what a file that cannot be read changes,
//! that nothing is deposited, and what a person sees.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{World, a4, sha256, text};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::{Output, Stdio};

/// A world with one file that every rule accepts and one whose number has not the form allowed.
fn world() -> World {
    let w = World::new();
    fs::write(w.path("good.xml"), a4("N-1")).unwrap();
    fs::write(w.path("bad.xml"), a4("FACTURE N°1")).unwrap();
    w
}

fn told(out: &Output) -> Vec<Value> {
    text(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn files(out: &Output) -> Vec<String> {
    told(out).iter().map(|v| v["file"].as_str().unwrap().to_owned()).collect()
}

fn sorted_keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_verdict_has_the_keys_of_the_contract() {
    let w = world();
    let out = w.run(&["check", "--format", "json", "good.xml", "bad.xml"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let verdicts = told(&out);
    for verdict in &verdicts {
        let keys = ["cadre", "file", "findings", "number", "sha256", "syntax", "verdict"];
        assert_eq!(sorted_keys(verdict), keys);
    }
    let (good, bad) = (&verdicts[0], &verdicts[1]);
    assert_eq!(good["sha256"], sha256(&a4("N-1")));
    #[rustfmt::skip]
    let facts = [("file", "good.xml"), ("syntax", "ubl-invoice"), ("cadre", "A4"), ("number", "N-1"), ("verdict", "accepted")];
    for (key, value) in facts {
        assert_eq!(good[key], value, "{key}");
    }
    assert_eq!((&bad["verdict"], &bad["number"]), (&"refused".into(), &"FACTURE N°1".into()));
    let findings = bad["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{bad}");
    #[rustfmt::skip]
    let keys = ["bt", "column", "expected", "found", "help", "layer", "line", "message", "path", "rule", "severity"];
    assert_eq!(sorted_keys(&findings[0]), keys);
    #[rustfmt::skip]
    let facts = [("rule", "G1.05"), ("layer", "chorus"), ("severity", "error"), ("found", "FACTURE N°1")];
    for (key, value) in facts {
        assert_eq!(findings[0][key], value, "{key}");
    }
    assert_eq!((&findings[0]["bt"], &findings[0]["line"]), (&serde_json::json!(["BT-1"]), &6.into()));
    assert!(findings[0]["path"].as_str().unwrap().ends_with("/cbc:ID"), "{}", findings[0]["path"]);
}

#[test]
fn files_come_in_the_order_given_and_directories_by_name() {
    let w = World::new();
    // Long and short ones mixed, so that judging on several threads would finish them in another order.
    let long = a4(&"x".repeat(2_000_000));
    for n in 0..60 {
        let path = w.path(&format!("many/{n:02}.xml"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, if n % 7 == 0 { &long[..] } else { b"<a>" }).unwrap();
    }
    let sorted: Vec<String> = (0..60).map(|n| format!("many/{n:02}.xml")).collect();
    assert_eq!(files(&w.run(&["check", "--format", "json", "many"])), sorted);
    let given: Vec<&str> = sorted.iter().rev().map(String::as_str).collect();
    assert_eq!(files(&w.run(&[&["check", "--format", "json"], &given[..]].concat())), given);
}

#[test]
fn a_list_is_read_from_a_file_or_from_standard_input() {
    let w = world();
    let list = "bad.xml\ngood.xml\n";
    fs::write(w.path("list"), list).unwrap();
    assert_eq!(files(&w.run(&["check", "--format", "json", "--files-from", "list"])), ["bad.xml", "good.xml"]);
    let mut command = w.guichet(&["check", "--format", "json", "--files-from", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
    assert_eq!(files(&child.wait_with_output().unwrap()), ["bad.xml", "good.xml"]);
}

#[test]
fn a_link_is_followed_when_named_and_not_inside_a_directory() {
    let w = world();
    fs::create_dir(w.path("d")).unwrap();
    fs::copy(w.path("good.xml"), w.path("d/a.xml")).unwrap();
    symlink("../bad.xml", w.path("d/link.xml")).unwrap();
    assert_eq!(files(&w.run(&["check", "--format", "json", "d"])), ["d/a.xml"]);
    assert_eq!(files(&w.run(&["check", "--format", "json", "d/link.xml"])), ["d/link.xml"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_others_are_judged() {
    let w = world();
    for (given, code) in
        [(&["good.xml"][..], 0), (&["bad.xml", "good.xml"], 1), (&["bad.xml", "gone.xml", "good.xml"], 2)]
    {
        let out = w.run(&[&["check", "--format", "json"], given].concat());
        assert_eq!(out.status.code(), Some(code), "{given:?}");
        let there: Vec<&str> = given.iter().copied().filter(|f| *f != "gone.xml").collect();
        assert_eq!(files(&out), there);
        assert_eq!(text(&out.stderr).contains("gone.xml"), given.contains(&"gone.xml"));
    }
}

#[test]
fn nothing_is_deposited_and_what_is_left_out_is_said() {
    let w = world();
    let before = w.files("");
    let out = w.run(&["check", "good.xml"]);
    assert_eq!((out.status.code(), w.files("")), (Some(0), before), "check writes nothing, no ledger either");
    assert!(text(&out.stderr).contains("uniqueness"), "{}", text(&out.stderr));
    assert!(!text(&out.stderr).contains("annuaire"), "there is one: {}", text(&out.stderr));

    let bare = tempfile::tempdir().unwrap();
    let out = w.guichet(&["check"]).arg(w.path("good.xml")).current_dir(bare.path()).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stdout));
    assert!(text(&out.stderr).contains("annuaire"), "what needs it was left out: {}", text(&out.stderr));
}

#[test]
fn only_the_layers_asked_for_are_judged() {
    let w = world();
    assert_eq!(w.run(&["check", "--layer", "safe", "--layer", "legible", "bad.xml"]).status.code(), Some(0));
    assert_eq!(w.run(&["check", "--layer", "chorus", "bad.xml"]).status.code(), Some(1));
    for args in [&["check", "--en16931", "good.xml"][..], &["check", "--layer", "en16931", "good.xml"]] {
        let out = w.run(args);
        assert_eq!(out.status.code(), Some(1), "{args:?}");
        assert!(text(&out.stdout).contains("[BR-01]"), "{}", text(&out.stdout));
    }
}

#[test]
fn a_finding_looks_like_a_compilers_in_both_languages() {
    let w = world();
    let shown = |lang| text(&w.run(&["check", "--lang", lang, "bad.xml"]).stdout);
    let caret = "\
6 |   <cbc:ID>FACTURE N°1</cbc:ID>
  |           ^^^^^^^^^^^";
    for (lang, words) in [
        ("fr", ["erreur[G1.05]: ", "= trouvé : FACTURE N°1", "= attendu : ", "= remède : "]),
        ("en", ["error[G1.05]: ", "= found: FACTURE N°1", "= expected: ", "= help: "]),
    ] {
        let shown = shown(lang);
        assert!(shown.contains(" --> bad.xml:6:"), "{shown}");
        assert!(shown.contains(caret), "{shown}");
        for word in words {
            assert!(shown.contains(word), "{word}: {shown}");
        }
    }
}

#[test]
fn a_line_of_megabytes_is_cut_around_the_place() {
    let w = World::new();
    fs::write(w.path("long.xml"), format!("<a><b>{}</c></a>", "A".repeat(3_000_000))).unwrap();
    let out = w.run(&["check", "long.xml"]);
    assert_eq!(out.status.code(), Some(1));
    let shown = text(&out.stdout);
    assert!(shown.contains("</c></a>"), "the place itself is shown: {shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 200), "no line is longer than a screen");
}

#[test]
fn a_rule_is_explained_and_a_slip_is_hinted_at() {
    let w = World::new();
    let out = w.run(&["rules", "--format", "json"]);
    let all = told(&out);
    assert!(all.len() > 40, "{} rules", all.len());
    // Of EN 16931, which has hundreds made alike, a few.
    let (many, few): (Vec<_>, Vec<_>) = all.iter().partition(|r| r["layer"] == "en16931");
    for rule in few.into_iter().chain(many.into_iter().step_by(50)) {
        let id = rule["rule"].as_str().unwrap();
        let out = w.run(&["rules", id]);
        assert!(out.status.success() && text(&out.stdout).starts_with(id), "{id}");
    }
    let works = told(&w.run(&["rules", "--layer", "works", "--format", "json"]));
    assert!(!works.is_empty() && works.len() < all.len() && works.iter().all(|r| r["layer"] == "works"));
    for (slip, meant) in [("G1.5", "G1.05"), ("g1.05x", "G1.05"), ("T01", "T-01")] {
        let out = w.run(&["rules", slip]);
        assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()), "{slip}");
        assert!(text(&out.stderr).contains(meant), "{slip}: {}", text(&out.stderr));
    }
}

#[test]
fn status_says_what_is_wrong_and_piece_where_the_reasons_are() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &common::world::invoice("A15", "N-1", common::world::TITULAIRE));
    w.batch();
    assert!(w.run(&["status"]).status.success());
    std::fs::write(w.path("spool/in/edi/alpha/later.part"), "half").unwrap();
    let out = text(&w.run(&["status", "--format", "json"]).stdout);
    let health: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(health["inbound"], 0, "what is being written is no backlog");
    let found = text(&w.run(&["search", "--format", "json"]).stdout);
    let piece: serde_json::Value = serde_json::from_str(found.lines().next().unwrap()).unwrap();
    let out = w.run(&["piece", piece["piece"].as_str().unwrap()]);
    assert!(text(&out.stderr).contains(&format!("guichet flow {}", piece["flow"].as_str().unwrap())));
    std::fs::write(w.path("annuaire/partners.toml"), "[[partner]]\nname = 1\n").unwrap();
    let out = w.run(&["status"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("annuaire check") || text(&out.stdout).contains("annuaire check"));
}

#[test]
fn what_cannot_be_read_is_refused_by_whichever_layer() {
    let w = World::new();
    std::fs::write(w.path("cut.xml"), "<Invoice").unwrap();
    std::fs::write(w.path("noise"), b"\x00\x01").unwrap();
    for (file, layer) in [("cut.xml", "works"), ("noise", "chorus"), ("/dev/null", "legible")] {
        let out = w.run(&["check", file, "--layer", layer, "--format", "json"]);
        assert_eq!(out.status.code(), Some(1), "{file}: {}", text(&out.stdout));
        assert!(text(&out.stdout).contains("\"rule\":\"X-"), "{file}");
    }
}

#[test]
fn where_there_is_no_counter_nothing_is_in_order() {
    let empty = tempfile::tempdir().unwrap();
    let mut command = World::new().guichet(&["verify"]);
    let out = command.current_dir(empty.path()).output().unwrap();
    assert_eq!(out.status.code(), Some(1), "{}{}", text(&out.stdout), text(&out.stderr));
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    for name in ["guichet.db", "guichet.db-wal", "guichet.db-shm"] {
        let _ = std::fs::remove_file(w.path("spool").join(name));
    }
    assert_eq!(w.run(&["status"]).status.code(), Some(1), "a ledger that is lost is said");
}
