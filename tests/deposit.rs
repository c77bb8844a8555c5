//! `guichet deposit`: what the portal's screen does, from the command line: the form is filled in, shown, judged in
//! advance, kept or handed in; by the command itself or by the daemon at work; killed at any point, nothing comes twice.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::daemon::Daemon;
use common::json_schema::assert_valid_json;
use common::pdf::{Pdf, facturx};
use common::world::{MOA, MOE, TITULAIRE, World, a4, text};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::{Output, Stdio};

/// What an A4 says that no invoice says for it.
const SET: [&str; 10] = [
    "--set",
    "numero=PDM-1",
    "--set",
    "ht=100.00",
    "--set",
    "tva=20.00",
    "--set",
    "marche=M-1",
    "--set",
    "moa=91100003200019",
];

/// A world with a plain PDF, a plan, an invoice and a Factur-X beside its configuration.
fn world() -> World {
    let w = World::new();
    std::fs::write(w.path("f.pdf"), Pdf::new(&[]).bytes()).unwrap();
    std::fs::write(w.path("plan.txt"), "a plan").unwrap();
    std::fs::write(w.path("a4.xml"), a4("N-1")).unwrap();
    std::fs::write(w.path("fx.pdf"), facturx(&a4("N-2"))).unwrap();
    w
}

fn deposit(w: &World, args: &[&str]) -> Output {
    w.guichet(&[&["deposit"], args].concat()).stdin(Stdio::null()).output().unwrap()
}

/// What an accepted deposit says.
fn accepted(w: &World, args: &[&str]) -> Value {
    let out = deposit(w, &[args, &["--yes", "--format", "json"]].concat());
    assert_eq!(out.status.code(), Some(0), "{args:?}: {}{}", text(&out.stdout), text(&out.stderr));
    assert_valid_json("deposit", &text(&out.stdout));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn first_a4(w: &World) -> Value {
    accepted(w, &[&["f.pdf", "--cadre", "A4", "--as", TITULAIRE, "--attach", "plan.txt"][..], &SET].concat())
}

fn flows(w: &World) -> i64 {
    w.ledger().query_row("SELECT count(*) FROM flow", [], |r| r.get(0)).unwrap()
}

#[test]
fn a_plain_pdf_is_handed_in_with_its_form() {
    let w = world();
    let told = first_a4(&w);
    assert_eq!((&told["state"], &told["cadre"], &told["number"]), (&"accepted".into(), &"A4".into(), &"PDM-1".into()));
    assert_eq!((&told["status"], &told["partner"]), (&"MISE_A_DISPOSITION_MOE".into(), &"alpha".into()));
    // It is published when the command returns, and the report with it.
    assert_eq!(w.tray("alpha", "comptes-rendus").len(), 1);
    let pieces = w.files("spool/out/beta/pieces");
    assert!(pieces.len() == 2 && pieces[0].ends_with(".pdf") && pieces[1].ends_with("plan.txt"), "{pieces:?}");
    let piece = told["piece"].as_str().unwrap();
    let row: Value = serde_json::from_slice(&w.run(&["piece", piece, "--format", "json"]).stdout).unwrap();
    assert_eq!((&row["ttc"], &row["due"], &row["mode"]), (&"120.00".into(), &"120.00".into(), &"portail".into()));
    assert_eq!(row["supplier"]["name"], "Terrassements du Vallon", "the annuaire's");
    assert!(w.run(&["certificat", piece]).status.success());
    assert!(w.run(&["verify"]).status.success());
    assert!(w.files("spool/work").is_empty());
    assert!(!w.path("brouillons").exists(), "nothing is left beside the configuration");
}

#[test]
fn an_invoice_says_the_form_itself() {
    let w = world();
    for (file, number) in [("a4.xml", "N-1"), ("fx.pdf", "N-2")] {
        let told = accepted(&w, &[file, "--as", TITULAIRE]);
        assert_eq!((&told["cadre"], &told["number"]), (&"A4".into(), &number.into()));
    }
    // What it says and what is set must agree.
    let out = deposit(&w, &["a4.xml", "--as", TITULAIRE, "--set", "ht=99.00", "--yes", "--format", "json"]);
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((out.status.code(), &told["state"]), (Some(1), &"refused".into()));
    assert!(told["findings"].as_array().unwrap().iter().any(|f| f["rule"] == "L-17"), "{told}");
}

#[test]
fn the_next_pièce_of_the_chain_is_filled_in() {
    let w = world();
    let before = first_a4(&w);
    let a4 = before["piece"].as_str().unwrap();
    // The MOE brings the amounts down.
    let told = accepted(&w, &["f.pdf", "--as", MOE, "--from", a4, "--set", "ht=90.00", "--set", "tva=18.00"]);
    assert_eq!((&told["cadre"], &told["number"], &told["partner"]), (&"A15".into(), &"EA-1".into(), &"beta".into()));
    let piece = told["piece"].as_str().unwrap();
    let row: Value = serde_json::from_slice(&w.run(&["piece", piece, "--format", "json"]).stdout).unwrap();
    assert_eq!((&row["ht"], &row["ttc"], &row["due"]), (&"90.00".into(), &"108.00".into(), &"108.00".into()));
    assert_eq!((&row["moa"], &row["marche"]), (&MOA.into(), &"M-1".into()));
    assert_eq!(row["links"][0]["piece"], a4);
    let taken: Value = serde_json::from_slice(&w.run(&["piece", a4, "--format", "json"]).stdout).unwrap();
    assert_eq!(taken["status"], "ASSOCIEE");
    // It is taken: another is refused, under another number, and changes nothing.
    let out = deposit(&w, &["f.pdf", "--as", MOE, "--from", a4, "--yes", "--format", "json"]);
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((out.status.code(), &told["state"], &told["number"]), (Some(1), &"refused".into(), &"EA-1-2".into()));
    // What cannot follow is said with what can.
    for (args, says) in [
        (&["f.pdf", "--as", MOA, "--partner", "gamma", "--from", a4, "--cadre", "A19"][..], "no partner deposits"),
        (&["f.pdf", "--as", MOE, "--from", a4, "--cadre", "A17"], "--cadre: A15"),
        (&["f.pdf", "--as", MOE, "--from", "p-nothing", "--cadre", "A17"], "there is no pièce"),
    ] {
        let out = deposit(&w, args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        assert!(text(&out.stderr).contains(says), "{args:?}: {}", text(&out.stderr));
    }
}

#[test]
fn what_is_to_be_handed_in_is_shown_and_asked() {
    let w = world();
    let all = [&["f.pdf", "--cadre", "A4", "--as", TITULAIRE][..], &SET].concat();
    let out = deposit(&w, &all);
    let said = text(&out.stderr);
    assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()), "{said}");
    for part in
        ["PDM-1", "120.00", "Terrassements du Vallon", "main file", "nothing is against it", "no terminal", "--yes"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!w.path("spool/guichet.db").exists(), "nothing happened");
    // In advance everything is said at once, in place.
    let out = deposit(&w, &["f.pdf", "--cadre", "A4", "--as", TITULAIRE, "--set", "numero=N°1", "--set", "ht=1,5"]);
    let said = text(&out.stderr);
    for part in ["G1.05", "L-08", "L-10", "<numero>N°1</numero>", "it will be refused"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // In French too.
    let out = w.guichet(&[&["deposit"], &all[..]].concat()).env("GUICHET_LANG", "fr").stdin(Stdio::null()).output();
    let said = text(&out.unwrap().stderr);
    assert!(said.contains("fichier principal") && said.contains("pas de terminal"), "{said}");
    // What was taken over from another pièce is to be confirmed.
    let a4 = first_a4(&w);
    let out = deposit(&w, &["f.pdf", "--as", MOE, "--from", a4["piece"].as_str().unwrap()]);
    assert!(text(&out.stderr).contains("to be confirmed"), "{}", text(&out.stderr));
}

#[test]
fn drafts_are_kept_listed_sent_and_deleted() {
    let w = world();
    let all = [&["f.pdf", "--cadre", "A4", "--as", TITULAIRE, "--attach", "plan.txt"][..], &SET].concat();
    let kept = deposit(&w, &[&all[..], &["--draft"]].concat());
    assert_eq!((kept.status.code(), text(&kept.stdout)), (Some(0), "PDM-1\n".to_owned()), "{}", text(&kept.stderr));
    assert_eq!(text(&deposit(&w, &[&all[..], &["--draft"]].concat()).stdout), "PDM-1-2\n");
    assert_eq!(text(&deposit(&w, &[&all[..], &["--draft", "april"]].concat()).stdout), "april\n");
    let out = deposit(&w, &[&all[..], &["--draft", "april"]].concat());
    assert!(out.status.code() == Some(2) && text(&out.stderr).contains("already"), "{}", text(&out.stderr));
    let others_may = |below: &str| w.path(below).metadata().unwrap().permissions().mode() & 0o077;
    for below in ["", "/april", "/april/f.pdf", "/april/PDM-1.depot.xml", "/april/brouillon.toml"] {
        assert_eq!(others_may(&format!("brouillons{below}")), 0, "{below}: nobody else's to read");
    }
    assert_eq!(w.files("brouillons/april"), ["PDM-1.depot.xml", "brouillon.toml", "f.pdf", "plan.txt"]);
    assert!(!w.path("spool/guichet.db").exists(), "nothing is handed in");
    let listed = deposit(&w, &["--drafts", "--format", "json"]);
    text(&listed.stdout).lines().for_each(|row| assert_valid_json("draft", row));
    let rows: Vec<Value> = text(&listed.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rows.iter().map(|r| r["draft"].as_str().unwrap()).collect::<Vec<_>>(), ["PDM-1", "PDM-1-2", "april"]);
    assert_eq!(
        (&rows[2]["cadre"], &rows[2]["as"], &rows[2]["files"][1]),
        (&"A4".into(), &TITULAIRE.into(), &"plan.txt".into())
    );
    // A draft is what it was, whatever became of the files that it was made of.
    std::fs::remove_file(w.path("plan.txt")).unwrap();
    let told = accepted(&w, &["--send", "april"]);
    assert_eq!(told["state"], "accepted");
    assert!(!w.path("brouillons/april").exists(), "it is handed in");
    // The same again is a duplicate, which names the first.
    let told = accepted(&w, &["--send", "PDM-1"]);
    assert_eq!(
        (&told["state"], told["first"].is_string(), told["piece"].is_string()),
        (&"duplicate".into(), true, true)
    );
    let out = deposit(&w, &["--send", "PDM-1-2", "--as", MOE]);
    assert!(out.status.code() == Some(2) && text(&out.stderr).contains("--as"), "{}", text(&out.stderr));
    assert_eq!(deposit(&w, &["--delete", "PDM-1-2"]).status.code(), Some(0));
    assert!(!w.path("brouillons").exists(), "the last takes the directory with it");
    assert_eq!(text(&deposit(&w, &["--drafts"]).stdout), "");
    for args in [["--send", "april"], ["--delete", "../spool"], ["--delete", "."], ["--send", "nothing"]] {
        let out = deposit(&w, &args);
        assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()), "{args:?}");
    }
    assert!(w.path("spool").is_dir());
    assert_eq!(flows(&w), 2);
    assert!(w.run(&["verify"]).status.success());
}

#[test]
fn a_refused_draft_stays() {
    let w = world();
    let out = deposit(&w, &["f.pdf", "--cadre", "A4", "--as", TITULAIRE, "--draft", "bad"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let out = deposit(&w, &["--send", "bad", "--yes"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stdout).contains("refused") && text(&out.stdout).contains("L-06"), "{}", text(&out.stdout));
    assert!(w.path("brouillons/bad").is_dir());
}

#[test]
fn whoever_deposits_is_who_may() {
    let w = world();
    #[rustfmt::skip]
    let cases: [(&[&str], &str); 9] = [
        (&["f.pdf", "--cadre", "A4", "--as", MOA],                                   "no partner deposits"),
        (&["f.pdf", "--cadre", "A4", "--as", "123"],                                 "no partner deposits"),
        (&["f.pdf", "--cadre", "A4", "--as", TITULAIRE, "--partner", "beta"],        "--partner: alpha"),
        (&["a4.xml", "--as", MOE],                                                   "its depositor"),
        (&["f.pdf", "--as", TITULAIRE],                                              "give --cadre"),
        (&["f.pdf", "--cadre", "A4", "--as", TITULAIRE, "--set", "numéro=1"],        "perhaps numero"),
        (&["f.pdf", "--cadre", "A4", "--as", TITULAIRE, "--set", "principal=x.pdf"], "FILE"),
        (&["gone.pdf", "--cadre", "A4", "--as", TITULAIRE],                          "gone.pdf"),
        (&["f.pdf", "--cadre", "A4", "--as", TITULAIRE, "--attach", "./f.pdf"],      "two files"),
    ];
    for (args, says) in cases {
        let out = deposit(&w, &[args, &["--yes"]].concat());
        assert_eq!((out.status.code(), text(&out.stdout)), (Some(2), String::new()), "{args:?}");
        assert!(text(&out.stderr).contains(says), "{args:?}: {}", text(&out.stderr));
    }
    assert!(!w.path("spool/guichet.db").exists());
    // Every key is named where one is unknown.
    let out = deposit(&w, &["f.pdf", "--cadre", "A4", "--as", TITULAIRE, "--set", "x=1"]);
    assert!(text(&out.stderr).contains("net-a-payer") && text(&out.stderr).contains("valideur2-type"));
}

#[test]
fn a_daemon_at_work_takes_it_in() {
    let w = world();
    let _daemon = Daemon::listening(&w);
    let told = first_a4(&w);
    assert_eq!(told["state"], "accepted");
    assert_eq!(w.files("spool/out/beta/pieces").len(), 2, "published when the command returns");
}

#[test]
fn killed_at_any_point_it_is_handed_in_once() {
    let args =
        [&["deposit", "f.pdf", "--cadre", "A4", "--as", TITULAIRE, "--attach", "plan.txt", "--yes"][..], &SET].concat();
    let w = world();
    let log = w.path("points");
    let out = w.guichet(&args).env("GUICHET_KILL_LOG", &log).output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    let points = std::fs::read_to_string(log).unwrap().lines().count();
    assert!(points > 15, "{points} crash points are too few to prove anything");
    for n in 1..=points {
        let w = world();
        w.guichet(&args).env("GUICHET_KILL_AT", n.to_string()).output().unwrap();
        for name in w.files("brouillons") {
            let mode = w.path("brouillons").join(&name).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}: nobody else's to read");
        }
        w.batch();
        let before = flows(&w);
        assert!(before <= 1, "killed at {n}");
        // Whoever asks again is told what became of it.
        let told = first_a4(&w);
        assert_eq!(told["state"], if before == 1 { "duplicate" } else { "accepted" }, "killed at {n}");
        assert_eq!(w.tray("beta", "pieces").len(), 2, "killed at {n}");
        let out = w.run(&["verify"]);
        assert!(out.status.success(), "killed at {n}: {}{}", text(&out.stdout), text(&out.stderr));
        assert!(w.files("spool/work").is_empty(), "killed at {n}");
    }
}
