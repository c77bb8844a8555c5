//! `synthese`: what awaits a structure, in which role, with which acts, until when; what of its own was refused; what it
//! leaves out when asked.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::house::House;
use common::json_schema::assert_valid_json;
use common::world::{MOA, MOE, OTHER, TITULAIRE, World, a4, citing, invoice, text};
use guichet::alerts::over_before;
use guichet::clock::Instant;
use guichet::ledger::{Awaited, LedgerReader};
use guichet::trade::Role;
use serde_json::{Value, json};
use std::fs;

/// The world, in which every partner may use the portal.
fn world(config: &str) -> World {
    let w = World::with(&format!("[spool]\nsettle = \"0s\"\n{config}"));
    change(&w, "partners.toml", |toml| toml.replace("modes = [\"edi\"]", "modes = [\"edi\", \"portail\"]"));
    w
}

fn change(w: &World, name: &str, change: impl Fn(String) -> String) {
    let path = w.path(&format!("annuaire/{name}"));
    fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
}

fn put(w: &mut World, partner: &str, bytes: &[u8]) -> Value {
    let n = w.dropped.len();
    w.drop_file("portail", partner, &format!("F{n}"), bytes);
    w.batch()
}

/// A pièce whose total is wrong: refused at the control.
fn wrong(cadre: &str, number: &str) -> Vec<u8> {
    let right = text(&invoice(cadre, number, TITULAIRE));
    right.replace(">120.00</cbc:PayableAmount>", ">121.00</cbc:PayableAmount>").into_bytes()
}

fn act(w: &World, number: &str, args: &[&str]) {
    let out = w.run(&[&["act", &format!("{TITULAIRE}/{number}")], args].concat());
    assert_eq!(out.status.code(), Some(0), "{number} {args:?}: {}{}", text(&out.stdout), text(&out.stderr));
}

fn rows(w: &World, structure: &str, args: &[&str]) -> Vec<Value> {
    let out = w.run(&[&["synthese", "--structure", structure, "--format", "json"], args].concat());
    assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    let lines = text(&out.stdout);
    lines.lines().for_each(|line| assert_valid_json("synthese", line));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn numbers(w: &World, structure: &str, args: &[&str]) -> Vec<String> {
    rows(w, structure, args).iter().map(|row| row["number"].as_str().unwrap().to_owned()).collect()
}

/// Number, role and acts.
fn told(w: &World, structure: &str) -> Vec<(String, String, String)> {
    let one = |row: &Value| {
        let acts = row["acts"].as_array().unwrap().iter().map(|act| act.as_str().unwrap());
        let of = |key: &str| row[key].as_str().unwrap().to_owned();
        (of("number"), of("role"), acts.collect::<Vec<_>>().join(" "))
    };
    rows(w, structure, &[]).iter().map(one).collect()
}

fn row(number: &str, role: &str, acts: &str) -> (String, String, String) {
    (number.to_owned(), role.to_owned(), acts.to_owned())
}

#[test]
fn each_sees_what_it_holds_and_what_it_may_do_as_the_piece_goes_round() {
    let mut w = world("");
    assert_eq!(put(&mut w, "alpha", &a4("N-1"))["accepted"], 1);
    assert_eq!(told(&w, MOE), [row("N-1", "moe", "refuse suspend")]);
    assert_eq!((told(&w, TITULAIRE), told(&w, MOA)), (vec![], vec![]));

    act(&w, "N-1", &["suspend", "--as", MOE, "--motif", "AUTRE", "--comment", "le métré"]);
    assert_eq!((told(&w, TITULAIRE), told(&w, MOE)), (vec![row("N-1", "fournisseur", "complete")], vec![]));
    act(&w, "N-1", &["complete", "--as", TITULAIRE, "--comment", "voici"]);
    assert_eq!((told(&w, TITULAIRE), told(&w, MOE)), (vec![], vec![row("N-1", "moe", "refuse suspend")]));
    act(&w, "N-1", &["refuse", "--as", MOE, "--motif", "MAUVAISE_MOE"]);
    assert_eq!((told(&w, TITULAIRE), told(&w, MOE)), (vec![row("N-1", "fournisseur", "correct")], vec![]));
}

#[test]
fn a_refused_piece_is_shown_to_whoever_deposited_it_and_to_nobody_else() {
    let mut w = world("");
    put(&mut w, "alpha", &wrong("A4", "N-1"));
    put(&mut w, "alpha", &a4("N-2"));
    put(&mut w, "beta", &citing("A15", "E-1", "N-2"));
    act(&w, "E-1", &["refuse", "--as", MOA, "--motif", "AUTRE", "--comment", "non"]);
    put(&mut w, "alpha", &wrong("A1", "N-3"));
    assert_eq!(told(&w, TITULAIRE), [row("N-1", "fournisseur", ""), row("N-3", "fournisseur", "")]);
    // What the A15 had taken is the MOE's again; the A15 itself was the MOE's, whoever sells.
    assert_eq!(told(&w, MOE), [row("N-2", "moe", "refuse suspend"), row("E-1", "moe", "")]);
    assert_eq!(told(&w, MOA), []);
    assert_eq!(numbers(&w, TITULAIRE, &["--role", "fournisseur"]), ["N-1", "N-3"]);
    assert_eq!(numbers(&w, TITULAIRE, &["--role", "moe"]), [""; 0]);
    assert_eq!(numbers(&w, MOE, &["--role", "moe"]), ["N-2", "E-1"]);
    assert_eq!(numbers(&w, MOE, &["--role", "valideur1"]), [""; 0]);
    let all = rows(&w, MOE, &[]);
    assert_eq!(
        (&all[1]["status"], &all[1]["alert"], &all[1]["overdue"]),
        (&json!("REFUSEE_MOA"), &Value::Null, &Value::Null)
    );
}

#[test]
fn a_structure_with_several_roles_sees_all_or_one_of_them() {
    let mut w = world("");
    // The MOA is the destinataire too.
    put(&mut w, "alpha", &invoice("A6", "P-1", TITULAIRE));
    put(&mut w, "alpha", &invoice("A5", "P-2", TITULAIRE));
    put(&mut w, "alpha", &invoice("A6", "P-3", TITULAIRE));
    let pays = "take-into-account suspend recycle reject service-done mandate hand-over account pay";
    let all = [
        row("P-1", "destinataire", pays),
        row("P-2", "moa", "take-into-account refuse suspend"),
        row("P-3", "destinataire", pays),
    ];
    assert_eq!(told(&w, MOA), all, "in order of deposit");
    assert_eq!(numbers(&w, MOA, &["--role", "moa"]), ["P-2"]);
    assert_eq!(numbers(&w, MOA, &["--role", "destinataire"]), ["P-1", "P-3"]);
    act(&w, "P-1", &["mandate", "--as", MOA]);
    assert_eq!(told(&w, MOA)[0], row("P-1", "destinataire", "hand-over account pay"));
}

#[test]
fn the_alert_says_what_is_awaited_until_when_and_whether_it_is_late() {
    let mut w = world("[delays]\npaiement = \"40d\"\n");
    put(&mut w, "alpha", &a4("N-1"));
    put(&mut w, "alpha", &invoice("A6", "P-1", TITULAIRE));
    let after = |row: &Value, days: u64| {
        let since = chrono::DateTime::parse_from_rfc3339(row["status_at"].as_str().unwrap()).unwrap().date_naive();
        json!((since + chrono::Days::new(days)).to_string())
    };
    let of = |row: &Value| ["alert", "last_day", "overdue"].map(|key| row[key].clone());
    let draft = rows(&w, MOE, &[]).remove(0);
    assert_eq!(of(&draft), [json!("moe"), after(&draft, 7), json!(false)]);
    let payable = rows(&w, MOA, &[]).remove(0);
    assert_eq!(of(&payable), [json!("paiement"), after(&payable, 40), json!(false)]);
    // The sheet of the marché wins.
    change(&w, "marches.toml", |toml| toml + "payment_days = 50\n");
    let payable = rows(&w, MOA, &[]).remove(0);
    assert_eq!(of(&payable), [json!("paiement"), after(&payable, 50), json!(false)]);
    change(&w, "marches.toml", |toml| toml.replace("payment_days = 50", "payment_days = 0"));
    assert_eq!(rows(&w, MOA, &[])[0]["overdue"], true);
    let table = text(&w.run(&["synthese", "--structure", MOA, "--lang", "fr"]).stdout);
    assert!(table.contains(" paiement, en retard\n"), "{table}");
}

#[test]
fn rejected_ones_are_hidden_after_ten_days_and_none_that_awaits() {
    let w = world("");
    // Commands ask the system's clock: the house's stands before it.
    let ago = |days: i64| Instant(chrono::Utc::now().timestamp_millis() - days * 86_400_000).rfc3339();
    let mut h = House::open(w.dir.path(), &ago(13));
    h.drop_file("edi", "alpha", "F1", &wrong("A4", "N-1"));
    h.drop_file("edi", "alpha", "F2", &a4("N-2"));
    h.batch();
    h.wait_until(&ago(2));
    h.drop_file("edi", "alpha", "F3", &wrong("A4", "N-3"));
    h.batch();
    drop(h);
    assert_eq!(numbers(&w, TITULAIRE, &[]), ["N-1", "N-3"]);
    assert_eq!(numbers(&w, TITULAIRE, &["--hide-rejected"]), ["N-3"]);
    let late = rows(&w, MOE, &["--hide-rejected"]);
    assert_eq!((late.len(), &late[0]["number"], &late[0]["overdue"]), (1, &json!("N-2"), &json!(true)));
}

#[test]
fn ten_days_are_calendar_days_in_paris() {
    let w = world("");
    // Half an hour past midnight in Paris is the day before in UTC.
    let mut h = House::open(w.dir.path(), "2026-11-03T00:30:00+01:00");
    h.drop_file("edi", "alpha", "F1", &wrong("A4", "N-1"));
    h.batch();
    let ledger = LedgerReader::open(&w.path("spool/guichet.db")).unwrap();
    let shown = |day: &str| {
        let refused_since = Some(over_before(day.parse().unwrap(), 10));
        let of = Awaited { structure: TITULAIRE, role: None, after: None, refused_since, wanted: &|_| true };
        let mut rows = 0;
        ledger
            .synthese(&of, &mut |_| {
                rows += 1;
                true
            })
            .unwrap();
        rows
    };
    assert_eq!((shown("2026-11-03"), shown("2026-11-13"), shown("2026-11-14")), (1, 1, 0));
}

fn delivered(w: &World, args: &[&str]) -> Vec<(String, Value)> {
    rows(w, MOE, args).iter().map(|r| (r["number"].as_str().unwrap().to_owned(), r["delivered"].clone())).collect()
}

#[test]
fn what_a_partner_took_is_known_and_may_be_hidden() {
    let mut w = world("");
    change(&w, "partners.toml", |toml| {
        toml + &format!(
            "[[partner]]\nname = \"zeta\"\napp_code = \"ZET001\"\nstructures = [\"{MOE}\"]\nmodes = [\"edi\"]\n\n\
             [[partner]]\nname = \"eta\"\napp_code = \"ETA001\"\nstructures = [\"{MOA}\"]\nmodes = [\"edi\"]\n"
        )
    });
    let attachment = "<cac:AdditionalDocumentReference><cbc:ID>J</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject \
                      mimeCode=\"application/pdf\" filename=\"plan.pdf\">Zm9v</cbc:EmbeddedDocumentBinaryObject>\
                      </cac:Attachment></cac:AdditionalDocumentReference>\n  <cac:AccountingSupplierParty>";
    let with = text(&a4("N-1")).replacen("<cac:AccountingSupplierParty>", attachment, 1);
    put(&mut w, "alpha", with.as_bytes());
    put(&mut w, "alpha", &a4("N-2"));
    let both = |one: bool, other: bool| vec![("N-1".to_owned(), json!(one)), ("N-2".to_owned(), json!(other))];
    assert_eq!(delivered(&w, &[]), both(false, false));

    let take = |w: &World, partner: &str, which: &dyn Fn(&str) -> bool| {
        let dir = format!("spool/out/{partner}/pieces");
        let names: Vec<String> = w.files(&dir).into_iter().filter(|name| which(name)).collect();
        assert_eq!(names.len(), 1, "{names:?}");
        fs::remove_file(w.path(&dir).join(&names[0])).unwrap();
    };
    let first = rows(&w, MOE, &[])[0]["piece"].as_str().unwrap().to_owned();
    let of_first = |name: &str| name.contains(&first);
    take(&w, "zeta", &|name| of_first(name) && name.ends_with("plan.pdf"));
    assert_eq!(delivered(&w, &[]), both(false, false), "an attachment is not the pièce");
    take(&w, "zeta", &|name| of_first(name) && !name.ends_with("plan.pdf"));
    assert_eq!(delivered(&w, &[]), both(true, false), "one of the partners took it");
    assert_eq!(delivered(&w, &["--hide-delivered"]), both(true, false)[1..]);
    assert_eq!(
        delivered(&w, &["--hide-delivered", "--limit", "1"]),
        both(true, false)[1..],
        "a page is of what is shown"
    );

    // Whom a partner acts for no more, it says nothing of.
    change(&w, "partners.toml", |toml| toml.replacen("name = \"zeta\"", "name = \"theta\"", 1));
    assert_eq!(delivered(&w, &[]), both(false, false));
    // A tray that is not there says nothing either.
    fs::rename(w.path("spool/out/beta/pieces"), w.path("spool/elsewhere")).unwrap();
    assert!(rows(&w, MOE, &["--hide-delivered"]).iter().all(|row| row["delivered"].is_null()));
}

#[test]
fn pages_taken_one_after_another_are_the_whole() {
    let mut w = world("");
    change(&w, "marches.toml", |toml| toml.replace(&format!("moe = \"{MOE}\""), &format!("moe = \"{TITULAIRE}\"")));
    for n in 0..9 {
        let number = format!("N-{n}");
        let own = text(&a4(&number)).replace(MOE, TITULAIRE).into_bytes();
        put(&mut w, "alpha", &if n % 3 == 0 { wrong("A4", &number) } else { own });
    }
    let whole = rows(&w, TITULAIRE, &[]);
    let of = |rows: &[Value]| rows.iter().map(|r| r["number"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(of(&whole), (0..9).map(|n| format!("N-{n}")).collect::<Vec<_>>(), "held and refused, by deposit");
    let (mut pages, mut after) = (Vec::new(), None::<String>);
    while pages.len() <= whole.len() {
        let mut args = vec!["--limit", "2"];
        args.extend(after.iter().flat_map(|id| ["--after", id.as_str()]));
        let page = rows(&w, TITULAIRE, &args);
        let Some(last) = page.last() else { break };
        after = Some(last["piece"].as_str().unwrap().to_owned());
        pages.extend(page);
    }
    assert_eq!(pages, whole);
    assert_eq!(rows(&w, TITULAIRE, &["--limit", "0"]), [Value::Null; 0]);
}

#[test]
fn csv_is_exact_and_a_table_has_what_the_portal_shows() {
    let mut w = world("");
    put(&mut w, "alpha", &a4("N-1"));
    let run = |args: &[&str]| text(&w.run(&[&["synthese", "--structure", MOE], args].concat()).stdout);
    let (csv, search) = (run(&["--format", "csv"]), text(&w.run(&["search", "--format", "csv"]).stdout));
    let lines = |csv: &str| csv.split("\r\n").map(str::to_owned).collect::<Vec<_>>();
    let (ours, theirs) = (lines(&csv), lines(&search));
    assert_eq!(ours[0], format!("{};label;role;acts;alert;last_day;overdue;delivered", theirs[0]));
    let last = rows(&w, MOE, &[])[0]["last_day"].as_str().unwrap().to_owned();
    assert_eq!(ours[1], format!("{};Made available to the MOE;moe;refuse suspend;moe;{last};false;false", theirs[1]));
    assert_eq!((ours.len(), ours[2].as_str()), (3, ""));

    let table = run(&["--lang", "fr"]);
    for part in [
        "pièce",
        "numéro",
        "marché",
        "HT",
        "destinataire",
        "fournisseur",
        "MOE",
        "MOA",
        "déposée le",
        "statut",
        "depuis le",
        "engagement",
        "rôle",
        "actes possibles",
        "attendu",
        "N-1",
        "M-1",
        "100.00",
        MOE,
        MOA,
        TITULAIRE,
        "MISE_A_DISPOSITION_MOE",
        "refuse suspend",
        &format!("{last} réponse de la MOE\n"),
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
}

#[test]
fn what_is_not_there_is_told() {
    let mut w = world("");
    let run = |w: &World, args: &[&str]| {
        let out = w.run(&[&["synthese"], args].concat());
        (out.status.code().unwrap(), text(&out.stdout), text(&out.stderr))
    };
    let (code, out, says) = run(&w, &["--structure", MOE]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(says.contains("no ledger yet"), "{says}");
    put(&mut w, "alpha", &a4("N-1"));
    let (code, out, says) = run(&w, &["--structure", OTHER]);
    assert_eq!((code, out.as_str(), says.as_str()), (0, "", format!("nothing awaits {OTHER}\n").as_str()));
    let near = format!("{}7", &MOE[..13]);
    for (args, part) in [
        (&["--structure", &near][..], format!("{MOE} (Atelier des Ponts)").as_str()),
        (&["--structure", "nobody"], "annuaire show"),
        (&["--structure", MOE, "--after", "p-nowhere"], "p-nowhere"),
        (&["--structure", MOE, "--role", "king"], "king"),
        (&["--role", "moe"], "--structure"),
    ] {
        let (code, out, says) = run(&w, args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(says.contains(part), "{args:?}: {says}");
    }
    // A broken annuaire keeps nobody from reading.
    change(&w, "marches.toml", |_| "[[marche]\n".to_owned());
    assert_eq!(delivered(&w, &["--hide-delivered"]), [("N-1".to_owned(), Value::Null)]);
    assert!(run(&w, &["--structure", MOE]).2.contains("annuaire check"));
}

#[test]
fn nothing_that_is_held_is_sorted_and_nothing_is_scanned() {
    let mut w = world("");
    put(&mut w, "alpha", &a4("N-1"));
    let ledger = LedgerReader::open(&w.path("spool/guichet.db")).unwrap();
    let plan = |role: Option<Role>, since: Option<Instant>| {
        let of = Awaited { structure: MOE, role, after: None, refused_since: since, wanted: &|_| true };
        let plan = ledger.synthese_plan(&of).unwrap();
        println!("{}\n", plan.join("\n"));
        plan
    };
    let held = "SEARCH piece USING COVERING INDEX piece_holder (holder=? AND holder_role=? AND rowid>?)";
    for since in [None, Some(Instant(1))] {
        let all = plan(None, since);
        assert_eq!(all.iter().filter(|step| *step == held).count(), Role::ALL.len(), "{all:?}");
        assert_eq!(
            all.iter().filter(|step| step.contains("INDEX piece_refused (<expr>=? AND status_at>?)")).count(),
            1
        );
        assert!(!all.iter().any(|step| step.contains("SCAN")), "{all:?}");
        // Refused ones alone are sorted: they are few, and the last days' are together.
        assert_eq!(all.iter().filter(|step| step.contains("TEMP B-TREE")).count(), 1, "{all:?}");
    }
    assert_eq!(plan(Some(Role::Valideur1), None), [held]);
}

#[test]
fn amounts_that_were_changed_stand_beside_the_earlier_ones() {
    let mut w = world("");
    put(&mut w, "alpha", &a4("N-1"));
    let less = text(&citing("A15", "E-1", "N-1")).replace("100.00", "90.00").replace("20.00", "18.00");
    let less = less.replace("118.00", "108.00");
    assert_eq!(put(&mut w, "beta", less.as_bytes())["accepted"], 1, "{}", text(&w.run(&["flows"]).stdout));
    assert_eq!(put(&mut w, "gamma", &citing("A19", "V-1", "E-1"))["accepted"], 1);
    let piece = |number: &str, format: &str| {
        text(&w.run(&["piece", &format!("{TITULAIRE}/{number}"), "--lang", "fr", "--format", format]).stdout)
    };
    let links: Value = serde_json::from_str(&piece("E-1", "json")).unwrap();
    let amounts: Vec<_> =
        links["links"].as_array().unwrap().iter().map(|l| (l["ttc"].clone(), l["due"].clone())).collect();
    assert_eq!(amounts, [(json!("120.00"), json!("120.00")), (json!("120.00"), json!("120.00"))]);
    let table = piece("E-1", "table");
    let line = |begins: &str| {
        let line = table.lines().find(|line| line.starts_with(begins)).unwrap_or_else(|| panic!("{begins}: {table}"));
        line.split_whitespace().rev().take(5).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(line("elle-même"), ["108.00", "108.00", "90.00", "E-1", "A15"]);
    assert_eq!(line("associe "), ["120.00", "120.00", "100.00", "N-1", "A4"]);
    assert_eq!(line("associée par"), ["120.00", "120.00", "100.00", "V-1", "A19"]);

    let dossier = text(&w.run(&["dossier", "N-1", "--lang", "fr"]).stdout);
    for part in [
        " · 120.00 EUR · p-",
        " · 108.00 EUR (au lieu de 120.00) · ",
        " · 120.00 EUR (au lieu de 108.00) · ",
        "  associe A4 N-1 · 120.00\n",
        "  associe A15 E-1 · 108.00\n",
        "  associée par A15 E-1\n",
    ] {
        assert!(dossier.contains(part), "{part}: {dossier}");
    }
}
