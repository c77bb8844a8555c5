//! `check`, `rules` and `demo` from outside (contract §2 and §3): verdicts, diagnostics, order, streams, exit codes.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{World, a4, invoice, sha256, text};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

const REFUSED: &str = "F\u{e9}vrier";

/// A world with a good file, one with a wrong number and one that is no document.
fn world() -> World {
    let w = World::new();
    fs::write(w.path("good.xml"), a4("N-1")).unwrap();
    fs::write(w.path("wrong.xml"), a4(REFUSED)).unwrap();
    fs::write(w.path("noise"), b"\x00\x01\x02").unwrap();
    w
}

fn lines(out: &Output) -> Vec<Value> {
    text(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn with_input(w: &World, args: &[&str], input: &[u8]) -> Output {
    let mut command = w.guichet(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_good_file_exits_with_0_a_refused_one_with_1_an_unreadable_one_with_2() {
    let w = world();
    for (files, code) in [(&["good.xml"][..], 0), (&["good.xml", "wrong.xml"], 1), (&["nowhere", "wrong.xml"], 2)] {
        let out = w.run(&[&["check"], files].concat());
        assert_eq!(out.status.code(), Some(code), "{files:?}: {}", text(&out.stderr));
    }
    let out = w.run(&["check", "nowhere", "wrong.xml", "--format", "json"]);
    assert_eq!(lines(&out).len(), 1, "the other file is judged all the same");
    assert!(text(&out.stderr).contains("nowhere: cannot read this file"), "{}", text(&out.stderr));
    assert_eq!(w.run(&["check"]).status.code(), Some(2));
}

#[test]
fn json_has_the_keys_of_the_contract_in_their_order() {
    let w = world();
    let out = w.run(&["check", "wrong.xml", "noise", "--format", "json"]);
    let keys = |value: &str| -> Vec<String> {
        let first = |c: &str| c.split('"').nth(1).unwrap_or_default().to_owned();
        value
            .split(",\"")
            .enumerate()
            .map(|(n, c)| first(&if n == 0 { c.to_owned() } else { format!("\"{c}") }))
            .collect()
    };
    let all = text(&out.stdout);
    let (head, findings) = all.lines().next().unwrap().split_once("\"findings\":[").unwrap();
    assert_eq!(keys(head.trim_end_matches(',')), ["file", "sha256", "syntax", "cadre", "number", "verdict"]);
    let finding: Value =
        serde_json::from_str(findings.split("}").next().map(|f| format!("{f}}}")).unwrap().as_str()).unwrap();
    #[rustfmt::skip]
    let expected = ["rule", "layer", "severity", "bt", "line", "column", "path", "message", "found", "expected", "help"];
    let mut sorted = expected.map(str::to_owned).to_vec();
    sorted.sort();
    assert_eq!(finding.as_object().unwrap().keys().cloned().collect::<Vec<_>>(), sorted);
    let lines = lines(&out);
    assert_eq!((&lines[0]["file"], &lines[0]["verdict"]), (&"wrong.xml".into(), &"refused".into()));
    assert_eq!((&lines[0]["cadre"], &lines[0]["number"]), (&"A4".into(), &REFUSED.into()));
    assert_eq!(lines[0]["sha256"], sha256(&a4(REFUSED)));
    let finding = &lines[0]["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["layer"], &finding["severity"]),
        (&"G1.05".into(), &"chorus".into(), &"error".into())
    );
    assert_eq!((&finding["line"], &finding["path"]), (&6.into(), &"/Invoice/cbc:ID".into()));
    assert_eq!((&lines[1]["syntax"], &lines[1]["cadre"]), (&"unknown".into(), &Value::Null));
}

#[test]
fn a_diagnostic_shows_the_line_and_a_caret_in_both_languages() {
    let w = world();
    let english = text(&w.run(&["check", "wrong.xml"]).stdout);
    let wanted = format!("  |\n6 |   <cbc:ID>{REFUSED}</cbc:ID>\n  |           ^^^^^^^\n  |\n  = found: {REFUSED}\n");
    assert!(english.starts_with("error[G1.05]: "), "{english}");
    assert!(english.contains(" --> wrong.xml:6:11\n"), "{english}");
    assert!(english.contains(&wanted) && english.contains("\n  = help: "), "{english}");
    let french = text(&w.run(&["--lang", "fr", "check", "wrong.xml"]).stdout);
    assert!(french.starts_with("erreur[G1.05]: ") && french.contains("\n  = remède : "), "{french}");
    assert!(text(&w.run(&["check", "good.xml"]).stdout).is_empty(), "there is nothing to say of a good file");
}

#[test]
fn files_are_told_in_the_order_given_however_many() {
    let w = world();
    let names: Vec<String> = (0..200).map(|n| format!("many/{:03}.xml", 199 - n)).collect();
    fs::create_dir(w.path("many")).unwrap();
    for (n, name) in names.iter().enumerate() {
        // The first ones are the longest to judge.
        let pad = " ".repeat(if n < 5 { 2_000_000 } else { 1 });
        fs::write(w.path(name), [&a4("N-1")[..], pad.as_bytes()].concat()).unwrap();
    }
    let told = |out: &Output| lines(out).iter().map(|l| l["file"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let out = with_input(&w, &["check", "--files-from", "-", "--format", "json"], names.join("\n").as_bytes());
    assert_eq!(told(&out), names);
    fs::write(w.path("list"), format!("{}\n\n{}\n", names[3], names[1])).unwrap();
    let out = w.run(&["check", "good.xml", "--files-from", "list", "--format", "json"]);
    assert_eq!(told(&out), ["good.xml", &names[3], &names[1]]);
    let mut sorted = names;
    sorted.sort();
    fs::write(w.path("many/.hidden"), "").unwrap();
    assert_eq!(told(&w.run(&["check", "many", "--format", "json"])), sorted, "a directory's files come by name");
}

#[test]
fn layers_and_modes_choose_what_is_judged() {
    let w = world();
    assert_eq!(w.run(&["check", "wrong.xml", "--layer", "safe", "--layer", "works"]).status.code(), Some(0));
    assert_eq!(w.run(&["check", "wrong.xml", "--layer", "chorus"]).status.code(), Some(1));
    // Asked for by name, EN 16931 judges any document, by errors; else only those that declare it, by warnings.
    for (asked, layers) in [(&["--en16931"][..], 5), (&["--layer", "en16931"], 1)] {
        let out = w.run(&[&["check", "good.xml", "--format", "json"], asked].concat());
        assert_eq!(out.status.code(), Some(1));
        let found = text(&out.stdout);
        assert!(found.contains("\"rule\":\"BR-01\",\"layer\":\"en16931\",\"severity\":\"error\""), "{layers}: {found}");
    }
    assert!(!text(&w.run(&["check", "good.xml", "--format", "json"]).stdout).contains("en16931"));
    assert_eq!(w.run(&["check", "good.xml", "--mode", "post"]).status.code(), Some(2));
    assert_eq!(w.run(&["check", "good.xml", "--mode", "portail"]).status.code(), Some(0));
}

#[test]
fn what_is_left_out_is_said() {
    let w = world();
    let with = text(&w.run(&["check", "good.xml"]).stderr);
    assert!(with.contains("1 document judged, 0 refused") && with.contains("uniqueness"), "{with}");
    assert!(!with.contains("depends on the annuaire"), "{with}");
    let bare = tempfile::tempdir().unwrap();
    fs::write(bare.path().join("good.xml"), a4("N-1")).unwrap();
    let out = w.guichet(&["check", "good.xml"]).current_dir(bare.path()).output().unwrap();
    assert!(text(&out.stderr).contains("depends on the annuaire"), "{}", text(&out.stderr));
    assert_eq!(fs::read_dir(bare.path()).unwrap().count(), 1, "check makes nothing");
    assert!(!w.path("spool/guichet.db").exists());
}

#[test]
fn csv_has_one_row_a_finding_and_one_for_a_file_without_any() {
    let w = world();
    let out = text(&w.run(&["check", "good.xml", "wrong.xml", "noise", "--format", "csv"]).stdout);
    let rows: Vec<csv::StringRecord> =
        csv::ReaderBuilder::new().delimiter(b';').from_reader(out.as_bytes()).records().map(Result::unwrap).collect();
    let files: Vec<&str> = rows.iter().map(|r| &r[0]).collect();
    assert_eq!(files, ["good.xml", "wrong.xml", "noise"]);
    assert_eq!((&rows[0][5], &rows[0][6]), ("accepted", ""));
    assert_eq!(rows[0][1], common::world::sha256(&fs::read(w.path("good.xml")).unwrap()));
    assert!(out.starts_with("file;sha256;syntax;cadre;number;verdict;rule;"), "{out}");
}

#[test]
fn escapes_in_names_and_values_never_reach_a_terminal() {
    let w = world();
    let name = "\u{1b}[31mred.xml";
    fs::write(w.path(name), invoice("A4", "N\u{9b}31m", common::world::TITULAIRE)).unwrap();
    for format in ["table", "csv"] {
        let out = w.run(&["check", name, "nowhere\u{1b}", "--format", format]);
        let all = [out.stdout, out.stderr].concat();
        assert!(!all.contains(&0x1b) && !text(&all).contains('\u{9b}'), "{format}: {}", text(&all));
    }
}

#[test]
fn a_closed_pipe_ends_check_in_silence() {
    let w = world();
    let list = "wrong.xml\n".repeat(5000);
    fs::write(w.path("list"), list).unwrap();
    let mut child = w.guichet(&["check", "--files-from", "list"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), String::new()));
}

#[test]
fn the_catalogue_is_listed_and_one_rule_told_in_full() {
    let w = world();
    let all = lines(&w.run(&["rules", "--format", "json"]));
    assert!(all.len() > 20 && all.iter().all(|r| !r["says"].as_str().unwrap().is_empty()));
    let works = lines(&w.run(&["rules", "--layer", "works", "--format", "json"]));
    assert!(!works.is_empty() && works.len() < all.len() && works.iter().all(|r| r["layer"] == "works"));
    let one = text(&w.run(&["rules", "t-01"]).stdout);
    assert!(one.starts_with("T-01 · works · error") && one.contains("\nwhy\n") && one.contains("\nremedy\n"), "{one}");
    let unknown = w.run(&["rules", "G1.5"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean G1.05?"), "{}", text(&unknown.stderr));
    assert!(text(&w.run(&["rules", "--format", "markdown"]).stdout).starts_with("# Rules"));
    assert_eq!(w.run(&["status", "--format", "markdown"]).status.code(), Some(2));
}

#[test]
fn the_demo_shows_pièces_refusals_and_outbound_files() {
    let w = world();
    let out = w.run(&["demo"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let told = text(&out.stdout);
    for part in [
        "A dossier, from the draft to the service that pays\nPDM-PONT-06  A4",
        "Made available to the destinataire, Direction des finances du Haut-Causse",
        "A24",
        "Made available to the MOE",
        "T-01",
        "comptes-rendus",
        "guichet piece p-",
        "guichet search --dossier PDM-PONT-06",
        "cd guichet-demo",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let verify = w.guichet(&["verify"]).current_dir(w.path("guichet-demo")).output().unwrap();
    assert!(verify.status.success(), "{}", text(&verify.stdout));
    let again = w.run(&["demo"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("this directory is not empty"), "{}", text(&again.stderr));
    let french = text(&w.run(&["--lang", "fr", "demo", "autre"]).stdout);
    assert!(french.contains("À essayer") && french.contains("Mise à disposition"), "{french}");
}
