//! Standard output carries data only; a closed pipe is no error; no escape sequence leaves a process whose output is no
//! terminal; messages are in the language asked for.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::world::{World, a4, text};
use std::process::{Command, Stdio};

#[test]
fn json_is_one_object_a_line_and_nothing_else() {
    let mut w = World::new();
    for n in 1..=3 {
        w.drop_file("edi", "alpha", &format!("F{n}"), &a4(&format!("N-{n}")));
    }
    for args in [&["batch", "--format", "json"][..], &["search", "--format", "json"], &["status", "--format", "json"]] {
        let out = w.run(args);
        assert!(!out.stdout.is_empty(), "{args:?}");
        for line in text(&out.stdout).lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(value.is_object(), "{args:?}: {line}");
        }
    }
}

#[test]
fn csv_has_one_header_and_every_row_its_width() {
    let mut w = World::new();
    for n in 1..=3 {
        w.drop_file("edi", "alpha", &format!("F{n}"), &a4(&format!("N-{n}")));
    }
    w.batch();
    let out = w.run(&["search", "--format", "csv"]);
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').flexible(false).from_reader(&out.stdout[..]);
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let at = header.iter().position(|h| h == "number").unwrap();
    assert_eq!(rows.iter().map(|r| &r[at]).collect::<Vec<_>>(), ["N-1", "N-2", "N-3"]);
    // A listing of nothing still says what its columns are.
    let none = w.run(&["search", "--number", "nobody", "--format", "csv"]);
    assert_eq!(text(&none.stdout).lines().count(), 1);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut w = World::new();
    for n in 1..=20 {
        w.drop_file("edi", "alpha", &format!("F{n}"), &a4(&format!("N-{n}")));
    }
    w.batch();
    let cases = [
        &["search", "--format", "json"][..],
        &["search"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
        &["status"],
    ];
    for args in cases {
        // The reading end is shut before the process is even started: its first write fails, whatever its size.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let out = w.guichet(args).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{args:?}: {}", text(&out.stderr));
        assert_eq!(text(&out.stderr), "", "{args:?}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let w = World::new();
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    for args in [["man"], ["status"]] {
        let out = w.guichet(&args).stdout(full.try_clone().unwrap()).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{args:?}: what was asked for did not arrive");
    }
}

#[test]
fn no_escape_sequence_leaves_for_what_is_no_terminal() {
    let mut w = World::new();
    // A file name and a number with sequences of their own; the second is what XML 1.0 lets through.
    w.drop_file("edi", "alpha", "F\u{1b}[31m", &a4("N-1"));
    w.drop_file("edi", "alpha", "G", &a4("N\u{9b}31m"));
    w.batch();
    let table = text(&w.run(&["search", "--status", "REFUSEE_CONTROLE"]).stdout);
    assert!(table.contains("u{9b}31m"), "the number is listed, made harmless: {table}");
    for args in [&["search"][..], &["search", "--format", "csv"], &["status"], &["--help"], &["batch"], &["verify"]] {
        for colour in [None, Some(("NO_COLOR", "1"))] {
            let out = w.guichet(args).envs(colour).output().unwrap();
            let all = text(&[out.stdout, out.stderr].concat());
            assert!(!all.contains(['\u{1b}', '\u{9b}']), "{args:?} {colour:?}: {all:?}");
        }
    }
}

#[test]
fn csv_is_data_in_whichever_language() {
    let mut w = World::new();
    w.drop_file("edi", "alpha", "F", &a4("N-1"));
    w.drop_file("edi", "alpha", "G", &a4("N-2"));
    w.batch();
    let flow: String = w.ledger().query_row("SELECT min(id) FROM flow", [], |r| r.get(0)).unwrap();
    let pieces: Vec<String> = {
        let ledger = w.ledger();
        let mut statement = ledger.prepare("SELECT id FROM piece ORDER BY id").unwrap();
        statement.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let same = |args: &[&str], in_french: &str, in_english: &str| {
        let csv = |lang: &str, args: &[&str]| {
            let out = w.guichet(args).args(["--format", "csv", "--lang", lang]).output().unwrap();
            text(&out.stdout)
        };
        let (fr, en) = (csv("fr", args), csv("en", args));
        let header = |csv: &str| csv.lines().next().unwrap().to_owned();
        assert_eq!(header(&fr), header(&en), "{args:?}");
        assert!(fr.contains(in_french) && en.contains(in_english), "{args:?}: {fr}{en}");
        (fr, en)
    };
    let (fr, en) = same(&["status"], "false;", "false;");
    assert_eq!(fr.lines().nth(1).unwrap().split(';').next(), en.lines().nth(1).unwrap().split(';').next());
    let (fr, en) = same(&["replay", &flow], ";false", ";false");
    assert_eq!(fr, en);
    // Each is done once, in one of the languages.
    let act = |piece: &str, lang: &str| {
        let args = ["act", piece, "refuse", "--as", common::world::MOE, "--motif", "AUTRE", "--comment", "non"];
        let out = w.guichet(&args).args(["--format", "csv", "--lang", lang]).output().unwrap();
        text(&out.stdout).replace(piece, "")
    };
    let fr = act(&pieces[0], "fr");
    assert!(fr.ends_with(";refuse;true;REFUSEE_MOE\r\n"), "{fr}");
    assert_eq!(fr, act(&pieces[1], "en"));
    // Sentences are for people, and in their language.
    same(&["rules"], ";error;", ";error;");
}

/// Options, variables, and what must be heard.
type Case = (&'static [&'static str], &'static [(&'static str, &'static str)], &'static str);

/// What a command says on standard error with these variables and no others that choose a language.
fn said(w: &World, args: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command: Command = w.guichet(args);
    for name in ["GUICHET_LANG", "LC_ALL", "LC_MESSAGES", "LANG"] {
        command.env_remove(name);
    }
    text(&command.envs(variables.iter().copied()).output().unwrap().stderr)
}

#[test]
fn the_option_beats_the_variable_and_the_variable_the_locale() {
    let w = World::new();
    let (fr, en) = ("il n'y a pas", "there is no");
    #[rustfmt::skip]
    let cases: &[Case] = &[
        // options                          variables                                                   heard
        (&["piece", "p-x"],                 &[],                                                        en),
        (&["piece", "p-x"],                 &[("LANG", "fr_FR.UTF-8")],                                 fr),
        (&["piece", "p-x"],                 &[("LANG", "fr_FR.UTF-8"), ("LC_MESSAGES", "en_GB.UTF-8")], en),
        (&["piece", "p-x"],                 &[("LC_MESSAGES", "en_GB.UTF-8"), ("LC_ALL", "fr_CA")],     fr),
        (&["piece", "p-x"],                 &[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "")],                 fr),
        (&["piece", "p-x"],                 &[("LANG", "de_DE.UTF-8")],                                 en),
        (&["piece", "p-x"],                 &[("GUICHET_LANG", "fr"), ("LC_ALL", "en_GB.UTF-8")],       fr),
        (&["piece", "p-x", "--lang", "en"], &[("GUICHET_LANG", "fr")],                                  en),
        (&["--lang", "fr", "piece", "p-x"], &[("GUICHET_LANG", "en")],                                  fr),
    ];
    w.batch();
    for (args, variables, heard) in cases {
        let said = said(&w, args, variables);
        assert!(said.contains(heard), "{args:?} {variables:?}: {said}");
    }
    assert!(
        said(&w, &["status"], &[("GUICHET_LANG", "de")]).contains("GUICHET_LANG"),
        "a language that is none is told"
    );
    assert_eq!(said(&w, &["status"], &[("GUICHET_LANG", ""), ("GUICHET_CONFIG", "")]), "", "empty is as not set");
}
