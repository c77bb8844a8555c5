//! The form of the code itself: modules know only the ones before them, SQL stands in the ledger, time and randomness
//! enter in one place, and nothing is left unsaid.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

/// The way of a pièce: a module may import those before it.
#[rustfmt::skip]
const ORDER: [&str; 34] = [
    "text", "trade", "clock", "error", "flux", "xml", "config", "annuaire", "init", "event", "spool", "piece", "lifecycle",
    "routing", "facts", "alerts", "rules", "asked", "judge", "association", "decision", "ledger", "retour", "request", "counter", "batch", "daemon", "status", "metrics", "systemd", "render", "cli",
    "main", "lib",
];

fn sources() -> Vec<(PathBuf, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(&src)
        .into_iter()
        .map(Result::unwrap)
        .filter(|e| e.path().extension().is_some_and(|x| x == "rs"));
    files
        .map(|e| {
            let below = e.path().strip_prefix(&src).unwrap().to_path_buf();
            let first = below.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
            (below, first, std::fs::read_to_string(e.path()).unwrap())
        })
        .collect()
}

/// The code without its tests and comments.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_module_knows_only_the_ones_before_it() {
    let rank = |name: &str| ORDER.iter().position(|m| *m == name);
    for (path, module, text) in sources() {
        let Some(own) = rank(&module) else { panic!("{path:?}: where does {module} stand in the order?") };
        for part in code(&text).split("crate::").skip(1) {
            let names: Vec<String> = match part.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap().split(',').map(|s| s.trim().to_owned()).collect(),
                None => vec![part.to_owned()],
            };
            for name in names {
                let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if let Some(other) = rank(&name) {
                    assert!(other <= own, "{path:?} ({module}) imports {name}, which comes after it");
                }
            }
        }
    }
}

#[test]
fn sql_stands_in_the_ledger_alone() {
    for (path, module, text) in sources() {
        let says = ["SELECT ", "INSERT INTO", "PRAGMA ", "rusqlite"].iter().find(|w| code(&text).contains(**w));
        assert!(module == "ledger" || says.is_none(), "{path:?} speaks SQL: {says:?}");
    }
}

#[test]
fn time_and_the_environment_enter_at_the_top() {
    for (path, module, text) in sources() {
        let code = code(&text);
        let time = code.contains("Utc::now") || code.contains("Local::now") || code.contains("SystemTime::now");
        assert!(!time || matches!(module.as_str(), "clock" | "cli"), "{path:?} asks what time it is");
        let asks = code.contains("env::var");
        assert!(
            !asks || matches!(module.as_str(), "cli" | "main" | "render") || path.ends_with("spool/crash.rs"),
            "{path:?} asks the environment"
        );
    }
}

#[test]
fn nothing_is_put_off() {
    for (path, _, text) in sources() {
        for word in ["todo!", "unimplemented!", "FIXME", "XXX:", "STUB"] {
            assert!(!text.contains(word), "{path:?}: {word}");
        }
        assert!(text.starts_with("//!"), "{path:?} says what it is for in its first line");
        // Tables and sentences are as long as they are.
        let table = text.contains("#[rustfmt::skip]");
        let long = text.lines().find(|l| l.chars().count() > 120 && !l.contains('"'));
        assert!(table || long.is_none(), "{path:?}: a long line: {long:?}");
        assert!(text.lines().count() <= 800, "{path:?} is too long to have one subject");
    }
}

#[test]
fn schemas_and_documents_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "docs/glossary.md",
        "docs/decisions.md",
        "docs/operations.md",
        "docs/rules.md",
        "Cargo.lock",
        "LICENSE-MIT",
        "LICENSE-APACHE",
    ] {
        assert!(root.join(file).metadata().is_ok_and(|m| m.len() > 200), "{file}");
    }
}
