//! The exit codes of contract §2: 0 done, 1 something was refused or is wrong, 2 could not work, 75 another guichet
//! holds this spool. Scripts branch on them, so each is held from outside.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{OTHER, World, a4, invoice, text};
use std::fs;
use std::process::Output;

fn code(out: &Output) -> i32 {
    out.status.code().unwrap()
}

#[test]
fn usage_errors_exit_with_2_and_say_nothing_on_stdout() {
    let w = World::new();
    #[rustfmt::skip]
    let cases: &[&[&str]] = &[
        &[],                                          // no command at all
        &["frobnicate"],                              // no such command
        &["search", "--frobnicate"],                  // no such option
        &["search", "--from", "31/12/2026"],          // no date
        &["search", "--limit", "-1"],
        &["search", "--mode", "pigeon"],
        &["search", "--role", "king"],
        &["search", "--status", "GONE"],
        &["search", "--format", "xml"],
        &["status", "--lang", "de"],
        &["annuaire"],                                // load or check?
        &["completions", "cmd"],
        &["deposit"],                                 // what?
        &["deposit", "f.pdf", "--cadre", "A4"],       // for whom?
        &["deposit", "f.pdf", "--as", "1", "--set", "n=1"],
        &["deposit", "--drafts", "--send", "d"],
    ];
    for args in cases {
        let out = w.run(args);
        assert_eq!(code(&out), 2, "{args:?}: {}", text(&out.stderr));
        assert_eq!(text(&out.stdout), "", "{args:?}");
        assert_ne!(text(&out.stderr), "", "{args:?} says why");
    }
}

#[test]
fn usage_errors_are_told_in_the_language_of_the_user() {
    let w = World::new();
    #[rustfmt::skip]
    let cases: &[(&[&str], &[&str])] = &[
        (&["serach"],                            &["la commande « serach » n'existe pas", "peut-être : ", "search"]),
        (&["search", "--frobnicate"],            &["« --frobnicate » n'existe pas ici"]),
        (&["search", "--from", "31/12/2026"],    &["« 31/12/2026 »", "un jour est attendu, comme 2026-11-02"]),
        (&["search", "--limit", "x"],            &["« x » n'est pas une valeur de « --limit <N> » : un nombre entier"]),
        (&["search", "--mode", "pigeon"],        &["« pigeon »", "possibles : edi, portail, service"]),
        (&["search", "--mode"],                  &["demande une valeur"]),
        (&["search", "--mode", "edi", "--mode", "edi"], &["donné deux fois"]),
        (&["act"],                               &["il manque :\n  --as <ID>\n  <PIECE>\n  <ACT>", "Usage : guichet act"]),
        (&["annuaire"],                          &["Usage"]),
        (&["piece", "a", "b"],                   &["« b » n'existe pas ici"]),
    ];
    for (args, said) in cases {
        let args: Vec<&str> = args.iter().copied().chain(["--lang", "fr"]).collect();
        let out = w.run(&args);
        let stderr = text(&out.stderr);
        assert_eq!(code(&out), 2, "{args:?}: {stderr}");
        said.iter().for_each(|part| assert!(stderr.contains(part), "{args:?}: {part} is not in\n{stderr}"));
        let english = ["error:", "For more information", "invalid", "required", "unexpected", "Usage:"];
        english.iter().for_each(|word| assert!(!stderr.contains(word), "{args:?}: {word} in\n{stderr}"));
    }
}

#[test]
fn every_command_of_the_contract_is_there() {
    let w = World::new();
    let all = "init demo run batch check rules annuaire flows flow deposit search synthese piece dossier act certificat \
               stock replay requeue verify status backup prune completions man";
    for name in all.split_whitespace() {
        assert_eq!(code(&w.run(&[name, "--help"])), 0, "{name}");
    }
    for name in ["backup", "prune"] {
        assert_eq!(code(&w.run(&[name])), 2, "{name}: nothing was said of what, or how old");
    }
}

#[test]
fn what_was_asked_for_exits_with_0() {
    let w = World::new();
    for args in [&["--help"][..], &["--version"], &["help", "search"], &["annuaire", "check"], &["status"], &["search"]]
    {
        assert_eq!(code(&w.run(args)), 0, "{args:?}");
    }
}

#[test]
fn a_configuration_that_is_not_there_or_wrong_exits_with_2() {
    let w = World::new();
    let out = w.run(&["-c", "nowhere.toml", "status"]);
    assert_eq!(code(&out), 2);
    assert!(text(&out.stderr).contains("nowhere.toml"), "{}", text(&out.stderr));

    fs::write(w.path("guichet.toml"), "[spool]\nsetle = \"1s\"\n").unwrap();
    let out = w.run(&["status"]);
    let said = text(&out.stderr);
    assert_eq!(code(&out), 2);
    assert!(said.contains("guichet.toml:2") && said.contains("settle"), "where, and what was meant: {said}");
    // The variable stands for the option, and the option wins over it.
    fs::write(w.path("good.toml"), "").unwrap();
    assert_eq!(code(&w.guichet(&["status"]).env("GUICHET_CONFIG", "good.toml").output().unwrap()), 0);
    assert_eq!(
        code(&w.guichet(&["-c", "good.toml", "status"]).env("GUICHET_CONFIG", "guichet.toml").output().unwrap()),
        0
    );
}

#[test]
fn an_annuaire_that_does_not_load_exits_with_2_and_names_the_line() {
    let w = World::new();
    let path = w.path("annuaire/structures.csv");
    let bad = format!("{}91100005700016,1,Sans Etat,perhaps,false,false,false\n", fs::read_to_string(&path).unwrap());
    fs::write(&path, bad).unwrap();
    for args in [["annuaire", "check"], ["annuaire", "load"]] {
        let out = w.run(&args);
        assert_eq!((code(&out), text(&out.stdout)), (2, String::new()), "{args:?}");
        assert!(text(&out.stderr).contains("structures.csv:6"), "{}", text(&out.stderr));
    }
}

#[test]
fn an_annuaire_with_warnings_exits_with_0() {
    let w = World::new();
    let path = w.path("annuaire/structures.csv");
    // A SIRET whose Luhn key fails: those of the test structures of Chorus Pro do too.
    let odd = format!("{}91100005700017,1,Faux Luhn,true,false,false,false\n", fs::read_to_string(&path).unwrap());
    fs::write(&path, odd).unwrap();
    let out = w.run(&["annuaire", "load", "--format", "json"]);
    assert_eq!(code(&out), 0, "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("structures.csv:6"), "the warning is told: {}", text(&out.stderr));
    let counts: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(counts["structures"], 5);
}

#[test]
fn a_refusal_makes_a_strict_batch_exit_with_1_and_no_other() {
    // The seller is one whom partner alpha does not act for: refused whatever else holds.
    for (args, expected) in [(&["batch"][..], 0), (&["batch", "--strict"], 1)] {
        let mut w = World::new();
        w.drop_file("edi", "alpha", "F", &invoice("A4", "N-1", OTHER));
        let out = w.run(args);
        assert_eq!(code(&out), expected, "{args:?}: {}", text(&out.stderr));
    }
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    assert_eq!(code(&w.run(&["batch", "--strict"])), 0, "nothing was refused");
}

#[test]
fn a_held_spool_makes_writers_exit_with_75_and_readers_go_on() {
    let w = World::new();
    assert_eq!(code(&w.run(&["batch"])), 0);
    let lock = fs::File::options().write(true).create(true).truncate(false).open(w.path("spool/guichet.lock")).unwrap();
    lock.lock().unwrap();
    for args in [["batch"], ["run"]] {
        let out = w.run(&args);
        assert_eq!((code(&out), text(&out.stdout)), (75, String::new()), "{args:?}: {}", text(&out.stderr));
    }
    for args in [["search"], ["verify"], ["status"], ["stock"]] {
        assert_eq!(code(&w.run(&args)), 0, "{args:?} reads, so it never locks");
    }
    drop(lock);
    assert_eq!(code(&w.run(&["batch"])), 0, "free again");
}

#[test]
fn verify_exits_with_1_when_an_archived_original_is_gone() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.batch();
    let sound = w.run(&["verify"]);
    assert_eq!((code(&sound), text(&sound.stdout)), (0, String::new()), "{}", text(&sound.stderr));
    let archived = w.files("spool/archive");
    let original = archived.iter().find(|f| !f.ends_with(".name")).unwrap();
    fs::remove_file(w.path("spool/archive").join(original)).unwrap();
    let out = w.run(&["verify", "--format", "json"]);
    assert_eq!(code(&out), 1, "{}", text(&out.stderr));
    let first = text(&out.stdout).lines().next().unwrap().to_owned();
    let problem: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert!(problem["problem"].is_string(), "{problem}");
}
