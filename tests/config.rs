//! `guichet.toml` (contract §1): every key optional, unknown keys are errors, all of them told at once with file, line
//! and what to do.
#![allow(clippy::unwrap_used)]

use guichet::config::*;
use guichet::error::Problem;
use guichet::text::Lang;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn load(text: &str) -> Result<Config, Vec<Problem>> {
    load_bytes(text.as_bytes())
}

fn load_bytes(bytes: &[u8]) -> Result<Config, Vec<Problem>> {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("guichet.toml");
    std::fs::write(&path, bytes).unwrap();
    Config::load(&path).map_err(|ConfigError(problems)| {
        assert!(problems.iter().all(|p| *p.at.file == *path));
        problems
    })
}

/// Line and message of each problem.
fn told(text: &str, lang: Lang) -> Vec<String> {
    let problems = load(text).expect_err(text);
    problems.iter().map(|p| format!("{}: {}", p.at.line.unwrap_or(0), p.message.get(lang))).collect()
}

/// The only problem: line, message and help in English.
fn one(text: &str) -> (u32, String, String) {
    let problems = load(text).expect_err(text);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let p = problems.into_iter().next().unwrap();
    assert!(!p.message.fr.is_empty() && !p.help.fr.is_empty() && p.message.fr != p.message.en);
    (p.at.line.unwrap(), p.message.en, p.help.en)
}

#[test]
fn an_empty_file_means_the_defaults_of_the_contract() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("guichet.toml");
    std::fs::write(&path, "").unwrap();
    let config = Config::load(&path).unwrap();
    assert_eq!(config, Config::at(temp.path()));
    // The contract's page, figure by figure.
    let s = Duration::from_secs;
    let day = 86_400;
    assert_eq!(config.platform.app_code, "GUI001");
    assert_eq!(config.spool.root, temp.path().join("spool"));
    assert_eq!((config.spool.settle, config.spool.rescan, config.spool.incomplete_after), (s(1), s(3), s(600)));
    assert_eq!(
        (config.spool.watch, config.ledger.barrier, config.rules.en16931),
        (Watch::Events, Barrier::Syncfs, En16931::Advise)
    );
    assert_eq!(config.ledger.path, temp.path().join("spool/guichet.db"));
    assert_eq!((config.batch.flows, config.batch.bytes, config.batch.wait), (100, 8 << 20, Duration::from_millis(20)));
    let l = &config.limits;
    assert_eq!((l.file, l.flow, l.pieces, l.entries, l.ratio), (64 << 20, 1 << 30, 500, 1100, 100));
    assert_eq!((l.nodes, l.depth, l.attributes), (2_000_000, 64, 64));
    assert_eq!((l.attachment, l.attachments, l.reserve), (10 << 20, 120 << 20, 256 << 20));
    let d = &config.delays;
    assert_eq!([d.valideur, d.moe, d.dg, d.tacite, d.paiement], [15, 7, 30, 10, 30].map(|n| s(n * day)));
    assert_eq!((config.log.format, config.log.level), (Shape::Text, None));
    assert_eq!((&config.metrics.file, config.metrics.listen), (&None, None), "off by default");
    assert_eq!(config.annuaire, temp.path().join("annuaire"));
    assert_eq!(config.interfaces.inbound["FSO1116A"], Announces::CiiMixed);
    assert_eq!(config.interfaces.statuts, "FEN1201A");
}

#[test]
fn every_key_goes_to_its_place() {
    let text = r#"
[platform]
app_code = "ABC123"
name = "Guichet de Trifouilly"
siret = "11000201100044"
[spool]
root = "s"
settle = "2s"
rescan = "500ms"
incomplete_after = "0s"
watch = "poll"
[ledger]
path = "/var/l.db"
barrier = "fsync"
[batch]
flows = 7
bytes = 4096
wait = "1 h"
[limits]
file = "1MiB"
flow = "2 MiB"
pieces = 11
entries = 12
ratio = 13
nodes = 14
depth = 15
attributes = 16
attachment = "3kib"
attachments = "4KB"
reserve = 0
[rules]
en16931 = "never"
[delays]
valideur = "1d"
moe = "2d"
dg = "3d"
tacite = "0d"
paiement = "48h"
[interfaces]
report_ubl = "AAA0001A"
report_cii = "AAA0002A"
report_facturx = "AAA0003A"
report_cppstatut = "AAA0004A"
report_unknown = "AAA0005A"
statuts = "AAA0006A"
[log]
format = "json"
level = "alert"
[metrics]
file = "figures.prom"
listen = "[::1]:9464"
[interfaces.inbound]
FSO1100A = "none"
FSO1201A = "cppstatut"
FSO1106A = "cii-mixed"
"#;
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("guichet.toml");
    std::fs::write(&path, text).unwrap();
    let day = |n: u64| Duration::from_secs(86_400 * n);
    let inbound = [
        ("FSO1106A", Announces::CiiMixed),
        ("FSO1110A", Announces::UblMixed),
        ("FSO1116A", Announces::CiiMixed),
        ("FSO1117A", Announces::FacturX),
        ("FSO1201A", Announces::Cppstatut),
    ];
    let expected = Config {
        platform: Platform {
            app_code: "ABC123".into(),
            name: "Guichet de Trifouilly".into(),
            siret: Some("11000201100044".into()),
        },
        spool: Spool {
            root: temp.path().join("s"),
            settle: Duration::from_secs(2),
            rescan: Duration::from_millis(500),
            incomplete_after: Duration::ZERO,
            watch: Watch::Poll,
        },
        ledger: Ledger { path: PathBuf::from("/var/l.db"), barrier: Barrier::Fsync },
        batch: Batch { flows: 7, bytes: 4096, wait: Duration::from_secs(3600) },
        limits: Limits {
            file: 1 << 20,
            flow: 2 << 20,
            pieces: 11,
            entries: 12,
            ratio: 13,
            nodes: 14,
            depth: 15,
            attributes: 16,
            attachment: 3072,
            attachments: 4000,
            reserve: 0,
        },
        rules: Rules { en16931: En16931::Never },
        delays: Delays { valideur: day(1), moe: day(2), dg: day(3), tacite: day(0), paiement: day(2) },
        interfaces: Interfaces {
            inbound: inbound.into_iter().map(|(code, a)| (code.to_owned(), a)).collect::<BTreeMap<_, _>>(),
            report_ubl: "AAA0001A".into(),
            report_cii: "AAA0002A".into(),
            report_facturx: "AAA0003A".into(),
            report_cppstatut: "AAA0004A".into(),
            report_unknown: "AAA0005A".into(),
            statuts: "AAA0006A".into(),
        },
        log: Log { format: Shape::Json, level: Some(Level::Alert) },
        metrics: Metrics { file: Some(temp.path().join("figures.prom")), listen: Some("[::1]:9464".parse().unwrap()) },
        annuaire: temp.path().join("annuaire"),
    };
    assert_eq!(Config::load(&path).unwrap(), expected);
}

#[test]
fn the_ledger_follows_the_spool() {
    assert_eq!(load("[spool]\nroot = \"/srv/s\"\n").unwrap().ledger.path, Path::new("/srv/s/guichet.db"));
}

#[test]
fn enforce_and_the_other_words_are_known() {
    let config = load("rules.en16931 = \"enforce\"\nspool.watch = \"events\"\nledger.barrier = \"syncfs\"\n").unwrap();
    assert_eq!(config.rules.en16931, En16931::Enforce);
}

#[test]
fn unknown_keys_and_tables_are_errors_that_guess() {
    assert_eq!(
        one("\n[spool]\nsetle = \"1s\"\n"),
        (3, "unknown key \"setle\" in [spool]".into(), "did you mean \"settle\"?".into())
    );
    assert_eq!(one("[spol]\n"), (1, "unknown key or table \"spol\"".into(), "did you mean \"spool\"?".into()));
    let (line, message, help) = one("[rules]\nzzzzzz = 1\n");
    assert_eq!(
        (line, message.as_str(), help.as_str()),
        (2, "unknown key \"zzzzzz\" in [rules]", "known here: en16931")
    );
    assert_eq!(one("settle = \"1s\"\n"), (1, "\"settle\" is in no table".into(), "put this line under [spool]".into()));
    assert_eq!(one("annuaire = \"elsewhere\"\n").1, "unknown key or table \"annuaire\"");
    assert_eq!(one("spool = 3\n").1, "spool = 3: expected a table");
}

#[test]
fn values_that_are_none_say_what_to_write() {
    #[rustfmt::skip]
    let cases = [
        // text                                     message in English
        ("[spool]\nsettle = 2",                     "spool.settle = 2: expected a duration of ten years at most"),
        ("[spool]\nsettle = \"2\"",                 "spool.settle = \"2\": expected a duration of ten years at most"),
        ("[spool]\nrescan = \"1.5s\"",              "spool.rescan = \"1.5s\": expected a duration of ten years at most"),
        ("[spool]\nrescan = \"9999999d\"",          "spool.rescan = \"9999999d\": expected a duration of ten years at most"),
        ("[spool]\nwatch = \"inotify\"",            "spool.watch = \"inotify\": expected one of the known words"),
        ("[spool]\nroot = \"\"",                    "spool.root = \"\": expected a text of one line, not empty"),
        ("[ledger]\nbarrier = true",                "ledger.barrier = true: expected one of the known words"),
        ("[batch]\nflows = 0",                      "batch.flows = 0: expected a whole number, from 1 to 100000"),
        ("[batch]\nflows = -1",                     "batch.flows = -1: expected a whole number, from 1 to 100000"),
        ("[batch]\nflows = \"7\"",                  "batch.flows = \"7\": expected a whole number, from 1 to 100000"),
        ("[batch]\nbytes = \"8 parsecs\"",          "batch.bytes = \"8 parsecs\": expected a size, from 1 to 68719476736 bytes"),
        ("[limits]\nfile = 0",                      "limits.file = 0: expected a size, from 1024 to 2147483648 bytes"),
        ("[limits]\ndepth = 64.0",                  "limits.depth = 64.0: expected a whole number, from 1 to 10000"),
        ("[rules]\nen16931 = \"Advise\"",           "rules.en16931 = \"Advise\": expected one of the known words"),
        ("[delays]\nmoe = \"12h\"",                 "delays.moe = \"12h\": expected a delay in whole days, of ten years at most"),
        ("[platform]\napp_code = \"gui001\"",       "platform.app_code = \"gui001\": expected six characters of A-Z and 0-9"),
        ("[platform]\nsiret = 11000201100044",      "platform.siret = 11000201100044: expected a SIRET of 14 digits, as text"),
        ("[platform]\nname = \"a\\u001bb\"",        "platform.name = \"a\\u001bb\": expected a text of one line, not empty"),
        ("[log]\nformat = \"xml\"",                 "log.format = \"xml\": expected one of the known words"),
        ("[log]\nlevel = \"loud\"",                 "log.level = \"loud\": expected one of the known words"),
        ("[metrics]\nfile = \"\"",                  "metrics.file = \"\": expected a text of one line, not empty"),
        ("[metrics]\nlisten = \"0.0.0.0:9464\"",    "metrics.listen = \"0.0.0.0:9464\": expected an address of this machine alone (nothing there protects the figures) and a port"),
        ("[metrics]\nlisten = \"192.0.2.1:80\"",    "metrics.listen = \"192.0.2.1:80\": expected an address of this machine alone (nothing there protects the figures) and a port"),
        ("[metrics]\nlisten = \"localhost:9464\"",  "metrics.listen = \"localhost:9464\": expected an address of this machine alone (nothing there protects the figures) and a port"),
        ("[metrics]\nlisten = 9464",                "metrics.listen = 9464: expected an address of this machine alone (nothing there protects the figures) and a port"),
        ("[interfaces]\nstatuts = \"FEN\"",         "interfaces.statuts = \"FEN\": expected an interface code"),
        ("[interfaces]\ninbound = [\"FSO1100A\"]",  "interfaces.inbound = [\"FSO1100A\"]: expected a table of codes"),
        ("[interfaces.inbound]\nFSO1100A = \"x\"",  "interfaces.inbound.FSO1100A = \"x\": expected one of the known words"),
        ("[interfaces.inbound]\nFSO = \"ubl\"",     "interfaces.inbound.FSO = \"ubl\": expected an interface code"),
    ];
    for (text, message) in cases {
        let (line, found, help) = one(text);
        assert_eq!((line, found.as_str()), (2, message));
        assert!(!help.is_empty());
    }
}

#[test]
fn everything_wrong_is_told_at_once_in_the_order_of_lines() {
    let text = "[spool]\nwatch = 1\n\n[batch]\nflows = 0\nbites = 1\n[delays]\nmoe = 7\n";
    #[rustfmt::skip]
    assert_eq!(told(text, Lang::Fr), [
        "2: spool.watch = 1 : il faut l'un des mots prévus",
        "5: batch.flows = 0 : il faut un entier, de 1 à 100000",
        "6: clé inconnue dans [batch] : « bites »",
        "8: delays.moe = 7 : il faut un délai en jours entiers, de dix ans au plus",
    ]);
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let (line, message, help) = one("[spool]\nsettle = \"1s\"\nsettle = \"2s\"\n");
    assert_eq!((line, message.as_str()), (3, "this is not TOML: a key written twice"));
    assert_eq!(help, "keep one of them");
    #[rustfmt::skip]
    let slips = [
        ("[spool]\nsettle = 1s",           "2: ce n'est pas du TOML : valeur absente ou sans guillemets"),
        ("[spool]\nroot = \"C:\\spool\"",  "2: ce n'est pas du TOML : « \\ » devant un caractère imprévu"),
        ("[spool]\nroot = \"s\n",          "2: ce n'est pas du TOML : guillemets qui ne se ferment pas"),
        ("[spool]\nroot\n",               "2: ce n'est pas du TOML : clé sans valeur"),
        ("[spool\n",                      "1: ce n'est pas du TOML : crochet qui ne se ferme pas"),
        ("[batch]\nflows = 1,\n",         "2: ce n'est pas du TOML : texte en trop après la valeur"),
        ("[batch]\nflows = 007\n",        "2: ce n'est pas du TOML : nombre qui commence par zéro"),
    ];
    for (text, slip) in slips {
        assert_eq!(told(text, Lang::Fr), [slip]);
    }
    // All of them at once; what has no words of ours is told in the parser's.
    let all = told("[spool]\nsettle = 1s\nx = 1__0\ny\n", Lang::En);
    let places: Vec<&str> = all.iter().map(|l| &l[..2]).collect();
    assert_eq!(places, ["2:", "3:", "4:"]);
    assert!(all[1].starts_with("3: this is not TOML: "), "{}", all[1]);
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_line() {
    let problems = load_bytes(b"[platform]\nname = \"D\xe9p\xf4t\"\n").unwrap_err();
    assert_eq!((problems[0].at.line, problems[0].message.en.as_str()), (Some(2), "the text is not UTF-8"));
    assert_eq!(load_bytes(b"\xef\xbb\xbf[batch]\r\nflows = 3\r\n").unwrap().batch.flows, 3);
    let problems = load_bytes(&vec![b'#'; (1 << 20) + 1]).unwrap_err();
    assert_eq!(problems[0].message.en, "the file is larger than 1048576 bytes");
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let temp = tempfile::tempdir().unwrap();
    let ConfigError(problems) = Config::find(Some(&temp.path().join("none.toml"))).unwrap_err();
    assert_eq!(problems[0].message.en, "cannot read this file: it does not exist");
    assert_eq!(problems[0].message.fr, "impossible de lire ce fichier : il n'existe pas");
    let ConfigError(problems) = Config::load(temp.path()).unwrap_err();
    assert_eq!(problems[0].message.en, "it is not a regular file");
    // Without a name, nothing in the working directory of the tests: the defaults hold.
    assert_eq!(Config::find(None).unwrap(), Found { config: Config::default(), file: None });
    let path = temp.path().join("guichet.toml");
    std::fs::write(&path, "[batch]\nflows = 9\n").unwrap();
    let found = Config::find(Some(&path)).unwrap();
    assert_eq!((found.config.batch.flows, found.file), (9, Some(path)));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = load_bytes(&bytes);
    }

    #[test]
    fn no_text_near_toml_makes_it_panic(text in r#"(\[?\[(spool|batch|interfaces\.inbound|é)\]?\]?\n|(settle|flows|root|FSO1100A|x) ?= ?("[^\n]{0,12}"?|[0-9]{1,30}|\{a=1\}|\[\]|1979-05-27)\n?){0,8}"#) {
        let _ = load(&text);
    }
}
